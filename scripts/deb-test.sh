#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# deb-test.sh: the Debian packages in a Debian 12 of its own, a chroot that debootstrap
# makes in build/deb: apt installs them, DKMS builds goalloc for Debian's 6.1, a client is
# built with what the package brings, the module that DKMS built is loaded in QEMU by
# that client, the tools read a snapshot, and apt removes all without a trace.  Prints
# KTAP.  Needs root.

. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib.sh
. "$top/selftests/lib.sh"

"$top/scripts/install-tools.sh" deb debtest module boot
debs=$("$top/scripts/deb.sh")
image=$("$top/scripts/fetch-kernel.sh" image 6.1)
release=$(sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' \
	"$("$top/scripts/fetch-kernel.sh" headers 6.1)/include/generated/utsrelease.h")
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$top/dkms.conf")
root=$top/build/deb/debian
log=$logs/deb-test.log

# within COMMAND...: in the chroot.
within() { chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@" >>"$log" 2>&1 </dev/null; }

built() { find "$root/lib/modules/$release" -name 'goalloc.ko*' | grep -q .; }

build_client()
{
	mkdir -p "$root/client"
	cp "$top/selftests/goalloc_example.c" "$root/client/"
	printf 'obj-m := goalloc_example.o\nccflags-y := -I/usr/src/goalloc/include\n' >"$root/client/Kbuild"
	within make -C "/lib/modules/$release/build" M=/client \
		"KBUILD_EXTRA_SYMBOLS=/usr/src/goalloc/build/$release/Module.symvers" modules
}

loads()
{
	cp "$(find "$root/lib/modules/$release" -name goalloc.ko)" "$root/client/"
	"$top/scripts/mkinitrd.sh" "$top/build/deb.cpio.gz" \
		"insmod goalloc.ko && insmod goalloc_example.ko && rmmod goalloc_example && rmmod goalloc" \
		"$root/client/goalloc.ko" "$root/client/goalloc_example.ko" || return
	"$top/scripts/boot-qemu.sh" --quiet deb "$image" "$top/build/deb.cpio.gz"
}

tools_work()
{
	within goallocstat --dir /busy && within goalloctop -b -n 1 --dir /busy &&
		within goalloc-report /busy -o /busy.html && [ -s "$root/busy.html" ] &&
		[ -e "$root/usr/share/man/man8/goalloc-report.8.gz" ] &&
		[ -e "$root/usr/share/man/man8/goallocstat.8.gz" ] &&
		[ -e "$root/usr/share/man/man8/goalloctop.8.gz" ]
}

gone()
{
	! built || return
	for left in usr/sbin/goallocstat usr/sbin/goalloc-report usr/share/goalloc-tools \
		usr/share/man/man8/goalloctop.8.gz usr/share/man/man4/goalloc.4.gz \
		"usr/src/goalloc-$version" usr/src/goalloc var/lib/dkms/goalloc; do
		# a link that leads nowhere is left too
		[ ! -e "$root/$left" ] && [ ! -L "$root/$left" ] || return
	done
}

: >"$log"
trap 'umount "$root/proc" 2>/dev/null || :' EXIT
step "Making a Debian 12 with dkms and the headers of $release"
quietly "$logs/debootstrap.log" debootstrap --variant=minbase bookworm "$root" http://deb.debian.org/debian
echo "deb http://security.debian.org/debian-security bookworm-security main" >>"$root/etc/apt/sources.list"
mount -t proc proc "$root/proc"
quietly "$logs/deb-apt.log" chroot "$root" env DEBIAN_FRONTEND=noninteractive sh -c \
	"apt-get update && apt-get install -y --no-install-recommends dkms linux-headers-$release"
rm -f "$root"/*.deb
# shellcheck disable=SC2086 # paths in build/
cp $debs "$root/"
cp -r "$top/selftests/snapshots/busy" "$root/"

step "The package"
plan 8
check "apt installs them" within sh -c 'apt-get install -y --no-install-recommends /*.deb'
check "DKMS built goalloc for $release" built
check "dkms status says installed" within sh -c "dkms status goalloc/$version | grep -q '$release.*installed'"
check "a client builds with its headers and Module.symvers" build_client
check "the module and the client load on Debian's kernel" loads
check "the tools are there, with their manuals" tools_work
check "apt removes them" within apt-get purge -y goalloc-dkms goalloc-tools
check "nothing is left" gone
[ "$failed" -eq 0 ] || note "(the log: $log)"
exit $failed
