#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Promise: goalloc_alloc(64) and goalloc_free() take fewer instructions than
# kmalloc(64) and kfree(), on the same stock kernel, in the same run.
#
# Counted by QEMU, with zeroing off and on (init_on_alloc): see goalloc_pair.c.
# host_pair.sh [SERIES]: on Debian's kernel of that series, 6.1 unless told.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"

series=${1:-6.1}
kernel=$("$top/scripts/fetch-kernel.sh" image "$series")
built=$("$top/scripts/build-modules.sh" "$series")
initrd=$top/build/pair-$series.cpio.gz
number=0
failed=0

"$top/scripts/mkinitrd.sh" "$initrd" "insmod goalloc.ko && insmod goalloc_pair.ko; s=\$?
	dmesg | sed -n 's/.*goalloc_pair: /# /p'; exit \$s" \
	"$built/goalloc/goalloc.ko" "$built/selftests/goalloc_pair.ko"

echo "KTAP version 1"
echo "1..2"
for init in 0 1; do
	number=$((number + 1))
	what="the 64-byte pair takes fewer instructions than kmalloc's (init_on_alloc=$init)"
	if "$top/scripts/boot-qemu.sh" --icount --append "init_on_alloc=$init" \
		"pair-$series-$init" "$kernel" "$initrd"; then
		echo "ok $number - $what"
	else
		echo "not ok $number - $what"
		failed=1
	fi
done
exit $failed
