#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# make run: a stock kernel in QEMU loads goalloc, which serves a recorded trace of
# kmalloc calls and shows what it holds.
#
# run.sh [SERIES]: Debian's kernel of that series, 6.1 unless told.

. "$(dirname "$0")/lib.sh"

series=${1:-6.1}
initrd=$top/build/run-$series.cpio.gz

"$top/scripts/install-tools.sh" module boot
kernel=$("$top/scripts/fetch-kernel.sh" image "$series")
modules=$("$top/scripts/build-modules.sh" "$series")
"$top/scripts/mkinitrd.sh" "$initrd" 'sh show.sh' "$top/scripts/guest/show.sh" \
	"$top/selftests/traces" "$modules"/goalloc/*.ko "$modules"/selftests/*.ko

step "Booting it in QEMU (the kernel's own messages: build/logs/run.console)"
if "$top/scripts/boot-qemu.sh" --cpus 2 --timeout 180 run "$kernel" "$initrd"; then
	printf '\nPASS: loaded, used, emptied and unloaded on a stock kernel.\n'
else
	printf '\nFAIL: see above, build/logs/run.out and build/logs/run.console.\n'
	exit 1
fi
