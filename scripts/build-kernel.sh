#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# build-kernel.sh SERIES NAME FRAGMENT...: a kernel from Debian's source of SERIES,
# configured by the fragments over allnoconfig.  Prints its build directory, good as
# KDIR=, with the kernel in its file goalloc-image.  A later fragment may unset what
# an earlier one set.
#
# Built once for each source, compiler and configuration.  NAME tells kernels of
# different purpose apart: it ends their release string.

. "$(dirname "$0")/lib.sh"

series=${1?usage: build-kernel.sh SERIES NAME FRAGMENT...}
name=${2?usage: build-kernel.sh SERIES NAME FRAGMENT...}
shift 2

source=$("$top/scripts/fetch-kernel.sh" source "$series")
one_at_a_time "build-$series-$name"
key=$(cat "$@" "$source/Makefile" "$source/debian/changelog" 2>/dev/null |
	{ cat; "${CROSS_COMPILE-}gcc" -v 2>&1; } | sha256sum | cut -c 1-12)
build=$cache/built-$series-$name-$key
case $GOALLOC_ARCH in
x86) image=arch/x86/boot/bzImage ;;
arm64) image=arch/arm64/boot/Image ;;
esac
if [ -e "$build/.complete" ]; then
	ln -sfn "$image" "$build/goalloc-image"
	echo "$build"
	exit 0
fi

step "Building Linux $series for $name: minutes, once"
find "$cache" -maxdepth 1 -name "built-$series-$name-*" ! -path "$build" -exec rm -rf {} +
mkdir -p "$build"
{ cat "$@"; echo "CONFIG_LOCALVERSION=\"-$name\""; } >"$build/fragments"
log=$logs/build-$series-$name.log

KCONFIG_ALLCONFIG=$build/fragments \
	quietly "$log" make -C "$source" O="$build" allnoconfig || die "could not configure the kernel"
refused=$(sed 's/^# \(CONFIG_[A-Z0-9_]*\) is not set$/\1=n/' "$build/fragments" |
	awk -F= '/^CONFIG_/ { last[$1] = $0 } END { for (s in last) if (last[s] != s "=n") print last[s] }' |
	grep -vxFf "$build/.config" | tr '\n' ' ') || :
[ -z "$refused" ] || die "the configuration of Linux $series does not accept $refused"
quietly "$log" make -C "$source" O="$build" -j "$jobs" "${image##*/}" modules || die "the kernel does not build"
ln -sfn "$image" "$build/goalloc-image"
touch "$build/.complete"
echo "$build"
