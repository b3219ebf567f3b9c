#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# build-uml.sh SERIES: a user-mode kernel (ARCH=um, SMP) from Debian's source of
# SERIES, which runs kernel code at this machine's own speed without KVM.  Prints
# its build directory, good as KDIR= with ARCH=um, with the kernel in linux.
#
# Built once for each source, compiler and configuration.  One patch is applied to it,
# in a copy of the source: without it each local_irq_save() is two system calls.

. "$(dirname "$0")/lib.sh"

series=${1?usage: build-uml.sh SERIES}
fragment=$top/scripts/configs/uml.config
patch=$top/scripts/configs/uml-ipi.patch

source=$("$top/scripts/fetch-kernel.sh" source "$series")
one_at_a_time "build-$series-uml"
key=$(cat "$fragment" "$patch" "$source/Makefile" "$source/debian/changelog" 2>/dev/null |
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
quietly "$log" patch -d "$patched" -p1 -i "$patch" || die "the patch does not apply"

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
