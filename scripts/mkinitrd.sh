#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# mkinitrd.sh IMAGE COMMAND FILE...: an initramfs that runs COMMAND and powers off.
#
# busybox is all there is beside the FILEs (or directories), which lie in /goalloc,
# where COMMAND runs.  For the machine that GOALLOC_ARCH says (lib.sh).

. "$(dirname "$0")/lib.sh"

image=${1?usage: mkinitrd.sh IMAGE COMMAND FILE...}
command=${2?usage: mkinitrd.sh IMAGE COMMAND FILE...}
shift 2

# Debian's static busybox, unpacked: installing it would remove the other one.
case $GOALLOC_ARCH in
x86) arch='' busybox=$cache/busybox ;;
*) arch=$GOALLOC_ARCH busybox=$cache/busybox-$GOALLOC_ARCH ;;
esac
if [ ! -x "$busybox/bin/busybox" ]; then
	step "Fetching busybox"
	"$top/scripts/fetch-deb.sh" ${arch:+--arch "$arch"} bookworm "$busybox" busybox-static
fi

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/sys" "$root/tmp" "$root/goalloc"
cp "$busybox/bin/busybox" "$root/bin/"
ln -s busybox "$root/bin/sh"
cp "$top/scripts/guest/init" "$root/init"
chmod +x "$root/init"
printf '%s\n' "$command" >"$root/command"
[ $# -eq 0 ] || cp -RL "$@" "$root/goalloc/"
mkdir -p "$(dirname "$image")"
# The same files are the same image: no boot is like another otherwise.
find "$root" -exec touch -hd @0 {} +
(cd "$root" && find . | LC_ALL=C sort |
	cpio --quiet -o -H newc -R 0:0 --reproducible | gzip -1n) >"$image"
