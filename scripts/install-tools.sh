#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# install-tools.sh GROUP...: have the programs that a job needs.
#
#	module	building modules against headers
#	boot	booting a kernel in QEMU
#	kernel	building a kernel and reading its KUnit results
#	mutate	the mutants of mutate
#	clients	what the drop-in's clients need of the stock kernel
#	check	the static checks of check.sh
#	docs	the documentation as HTML
#	tools	building goallocstat and goalloctop
#	terminal	using the latter
#	browser		opening what goalloc-report writes
#	go	Go itself, which tests compare with
#	deb	building the Debian package
#	debtest	installing it in a chroot
#	arm64	the same for GOALLOC_ARCH=arm64, beside the others
#
# What is missing is installed through apt, as root or with sudo.  Where there
# is no apt, says what to install.

. "$(dirname "$0")/lib.sh"

# WHAT PACKAGE: a program, or a file by its path (which may be a pattern).
tools_module='
gcc gcc
make make
pahole pahole
/usr/lib*/*/libelf.so.1 libelf1
'
tools_boot='
qemu-system-x86_64 qemu-system-x86
cpio cpio
gzip gzip
'
tools_kernel='
gcc gcc
make make
flex flex
bison bison
bc bc
patch patch
perl perl
python3 python3
xz xz-utils
/usr/include/stdio.h libc6-dev
/usr/include/libelf.h libelf-dev
'
tools_mutate='
rsync rsync
'
tools_clients='
/sbin/modinfo kmod
xz xz-utils
'
tools_check='
git git
sparse sparse
cppcheck cppcheck
spatch coccinelle
shellcheck shellcheck
pyflakes3 pyflakes3
codespell codespell
sphinx-build python3-sphinx
spin spin
'

tools_docs='
sphinx-build python3-sphinx
'

tools_terminal='
tmux tmux
'

tools_browser='
chromium chromium
/usr/share/fonts/truetype/liberation*/LiberationSans-Regular.ttf fonts-liberation
'

tools_go='
go golang-go
'

tools_tools='
gcc gcc
make make
/usr/include/stdio.h libc6-dev
/usr/include/ncurses.h libncurses-dev
'

tools_deb='
dpkg-buildpackage dpkg-dev
dh debhelper
dh_dkms dh-dkms
cpio cpio
git git
'

tools_debtest='
debootstrap debootstrap
'

tools_arm64='
aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu
qemu-system-aarch64 qemu-system-arm
'

# shellcheck disable=SC2086 # a pattern is to be expanded
have()
{
	case $1 in
	/*) ls -d $1 >/dev/null 2>&1 ;;
	*) command -v "$1" >/dev/null 2>&1 ;;
	esac
}

missing_packages()
{
	echo "$1" | while read -r what package; do
		[ -z "$what" ] || have "$what" || echo "$package"
	done
}

wanted=
for group; do
	case $group in
	module) wanted=$wanted$tools_module ;;
	boot) wanted=$wanted$tools_boot ;;
	kernel) wanted=$wanted$tools_kernel ;;
	mutate) wanted=$wanted$tools_mutate ;;
	clients) wanted=$wanted$tools_clients ;;
	check) wanted=$wanted$tools_check ;;
	docs) wanted=$wanted$tools_docs ;;
	tools) wanted=$wanted$tools_tools ;;
	terminal) wanted=$wanted$tools_terminal ;;
	browser) wanted=$wanted$tools_browser ;;
	go) wanted=$wanted$tools_go ;;
	deb) wanted=$wanted$tools_deb ;;
	debtest) wanted=$wanted$tools_debtest ;;
	arm64) wanted=$wanted$tools_arm64 ;;
	*) die "install-tools.sh: no such group: $group" ;;
	esac
done

missing=$(missing_packages "$wanted" | sort -u | tr '\n' ' ')
[ -n "$missing" ] || exit 0

command -v apt-get >/dev/null || die "please install, by their Debian names: $missing"
sudo=
if [ "$(id -u)" -ne 0 ]; then
	sudo=sudo
	command -v sudo >/dev/null || die "not root and no sudo; as root: apt-get install $missing"
fi

step "Installing ${missing% }"
# A broken third-party source fails the update and is none of our business.
$sudo apt-get -qq update >"$logs/apt.log" 2>&1 || :
# shellcheck disable=SC2086 # a list of packages
quietly "$logs/apt.log" $sudo env DEBIAN_FRONTEND=noninteractive \
	apt-get -qq -y -o DPkg::Lock::Timeout=600 --no-install-recommends install $missing ||
	die "apt-get could not install: $missing"
missing=$(missing_packages "$wanted" | sort -u | tr '\n' ' ')
[ -z "$missing" ] || die "still missing after installing: $missing"
