#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# build-modules.sh SERIES|KDIR [TARGET...]: build for Debian's stock kernel of SERIES,
# or against KDIR: goalloc and the client modules, unless TARGETs say what else.
# Prints the directory that holds goalloc/ and selftests/ (or kunit/) with the modules.

. "$(dirname "$0")/lib.sh"

kdir=${1?usage: build-modules.sh SERIES|KDIR [TARGET...]}
shift
[ $# -gt 0 ] || set -- selftests
case $kdir in
/*) ;;
*) kdir=$("$top/scripts/fetch-kernel.sh" headers "$kdir") ;;
esac
release=$(sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' "$kdir/include/generated/utsrelease.h")

# A user-mode kernel has an architecture of its own.
arch=
! grep -qs '^CONFIG_UML=y' "$kdir/.config" || arch=um

one_at_a_time "modules-$release"
step "Building goalloc for Linux $release"
for target; do
	quietly "$logs/modules-$release-$target.log" make -C "$top" -j "$jobs" KDIR="$kdir" \
		${arch:+ARCH="$arch"} "$target" ||
		die "the modules do not build"
done
echo "$top/build/$release"
