# SPDX-License-Identifier: GPL-2.0
# bench.sh PARAMETER...: in the guest, run goalloc_bench with these parameters and say
# what it found.
insmod goalloc.ko || exit
insmod goalloc_bench.ko "$@"
status=$?
dmesg | sed -n 's/.*goalloc_bench: //p'
grep . /proc/goalloc/stats | sed -n 's/^BadFrees: /badfrees /p'
exit $status
