#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# build-uml.sh SERIES: a user-mode kernel (ARCH=um, SMP) from Debian's source of
# SERIES, which runs kernel code at this machine's own speed without KVM.  Prints
# its build directory, good as KDIR= with ARCH=um, with the kernel in linux.
#
# Built once for each source, compiler and configuration.  Patches are applied to it, in a
# copy of the source, that make it take what x86_64 takes: without them each local_irq_save()
# is two system calls, each per-CPU counter has one around it, and each barrier is a fence.

. "$(dirname "$0")/lib.sh"

series=${1?usage: build-uml.sh SERIES}
fragment=$top/scripts/configs/uml.config
patches=$(echo "$top"/scripts/configs/uml-*.patch)

source=$("$top/scripts/fetch-kernel.sh" source "$series")
one_at_a_time "build-$series-uml"
# shellcheck disable=SC2086 # a list
key=$(cat "$fragment" $patches "$source/Makefile" "$source/debian/changelog" 2>/dev/null |
	{ cat; gcc -v 2>&1; } | sha256sum | cut -c 1-12)
build=$cache/built-$series-uml-$key
if [ -e "$build/.complete" ]; then
	echo "$build"
	exit 0
fi

step "Building user-mode Linux $series: minutes, once"
find "$cache" -maxdepth 1 -name "built-$series-uml-*" ! -path "$build" -exec rm -rf {} +
mkdir -p "$build"
log=$logs/build-$series-uml.log

# Links: patch replaces a file, and does not write into it.
patched=$cache/source-$series-uml
rm -rf "$patched"
cp -al "$source" "$patched"
for patch in $patches; do
	quietly "$log" patch -d "$patched" -p1 -i "$patch" || die "the patch $patch does not apply"
done

# uml TARGET...: make it.
uml()
{
	quietly "$log" make -C "$patched" O="$build" ARCH=um -j "$jobs" "$@"
}

uml defconfig || die "could not configure the kernel"
{ cat "$fragment"; echo 'CONFIG_LOCALVERSION="-uml"'; } >>"$build/.config"
uml olddefconfig || die "could not configure the kernel"
refused=$(grep '^CONFIG_.*=' "$fragment" | grep -vxFf "$build/.config" | tr '\n' ' ') || :
[ -z "$refused" ] || die "the configuration of Linux $series does not accept $refused"
uml linux modules || die "the kernel does not build"
touch "$build/.complete"
echo "$build"
