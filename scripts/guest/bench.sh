#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# bench.sh WORKLOADS PARAMETER...: in the guest, run goalloc_bench for each of the
# WORKLOADS (with commas between) and say what it found.  Each has goalloc to itself,
# freshly loaded, with the parameters that $load has.

workloads=$(echo "$1" | tr , ' ')
shift
status=0
for workload in $workloads; do
	# shellcheck disable=SC2086 # a list
	insmod goalloc.ko ${load-} || exit
	insmod goalloc_bench.ko run="$workload" "$@" || status=1
	dmesg -c | sed -n 's/.*goalloc_bench: //p'
	sed -n 's/^BadFrees: /badfrees /p' /proc/goalloc/stats
	rmmod goalloc_bench
	rmmod goalloc || status=1
done
exit $status
