#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Promise: with every CPU allocating, and freeing its own and the others' objects of
# all sizes from task, softirq, hardirq and NMI context, while CPUs come and go,
# readers read and the scavenger scavenges, contents stay intact, the sums are exact,
# and every page goes back.  And again, after a reload, with another seed.
#
# STRESS_SECONDS says how long (60), STRESS_SEED where the random numbers begin.

cd "$(dirname "$0")" || exit 1
# shellcheck source=selftests/lib.sh
. ./lib.sh

readers()
{
	while :; do
		for file in stats sizeclasses heaps spans arenas mcache pagemap heap_profile callers; do
			cat "$proc"/$file >/dev/null || echo "cannot read $file"
		done
		echo 1 >"$proc"/scavenge
		sleep 0.2
	done
}

hotplug()
{
	while :; do
		for cpu in /sys/devices/system/cpu/cpu[1-9]; do
			echo 0 >"$cpu/online"
			sleep 0.5
			echo 1 >"$cpu/online"
			sleep 0.5
		done
	done
}

fails() { dmesg | grep -c 'goalloc_stress: FAIL'; }

# stress ARG...: busybox's insmod tries a second time when the module refuses to
# load, so that its status alone would hide a failure.
stress()
{
	before=$(fails)
	insmod ./goalloc_stress.ko "$@" && [ "$(fails)" -eq "$before" ]
}

# round NAME SECONDS SEED
round()
{
	insmod ./goalloc.ko || exit 1
	readers &
	readers=$!
	hotplug &
	hotplug=$!
	check "$1: contents stay intact" stress seconds="$2" seed="$3"
	kill $readers $hotplug
	for cpu in /sys/devices/system/cpu/cpu[1-9]; do
		echo 1 >"$cpu/online" 2>/dev/null
	done
	sleep 1
	check "$1: nothing is in use afterwards" is HeapObjects 0
	check "$1: no bad free was seen" is BadFrees 0
	check "$1: the sums are exact" sums
	echo 1 >"$proc"/scavenge
	check "$1: every page is back" is Drawn 0
	check "$1: the sums are still exact" sums
	rmmod goalloc_stress
	check "$1: goalloc unloads" rmmod goalloc
}

seconds=${STRESS_SECONDS:-60}
[ "$seconds" -ge 2 ] || seconds=2
second=$(((seconds + 5) / 6))
seed=${STRESS_SEED:-$(awk 'BEGIN { srand(); print 1 + int(rand() * 1000000000) }')}

plan 14
round first $((seconds - second)) "$seed"
round second $second $((seed + 1))
dmesg | sed -n 's/.*\(goalloc_stress: .*\)/# \1/p'
exit $failed
