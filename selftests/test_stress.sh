#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Promise: with every CPU allocating, and freeing its own and the others' objects of
# all sizes from task, softirq, hardirq and NMI context, while CPUs come and go,
# readers read and the scavenger scavenges, contents stay intact, the sums are exact,
# and every page goes back.  And again, after a reload, with another seed.
# In NMI there are 100,000 frees and allocation attempts at least.
#
# STRESS_SECONDS says how long (60), STRESS_SEED where the random numbers begin.

cd "$(dirname "$0")" || exit 1
# shellcheck source=selftests/lib.sh
. ./lib.sh

readers()
{
	while :; do
		for file in stats sizeclasses spans arenas mcache; do
			cat $proc/$file >/dev/null || echo "cannot read $file"
		done
		echo 1 >$proc/scavenge
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

# round SECONDS SEED PARAMETER...: load goalloc, stress it, look, unload it.
round()
{
	length=$1 first=$2
	shift 2
	insmod ./goalloc.ko || exit 1
	readers &
	readers=$!
	hotplug &
	hotplug=$!
	dmesg -c >/dev/null
	check "contents stay intact for $length s" \
		insmod ./goalloc_stress.ko seconds="$length" seed="$first" "$@"
	kill $readers $hotplug
	for cpu in /sys/devices/system/cpu/cpu[1-9]; do
		echo 1 >"$cpu/online" 2>/dev/null
	done
	sleep 1
	dmesg | sed -n 's/.*\(goalloc_stress: .*\)/# \1/p'
	check "nothing is in use afterwards" is HeapObjects 0
	check "no bad free was seen" is BadFrees 0
	check "the sums are exact" sums
	echo 1 >$proc/scavenge
	check "every page is back" is Drawn 0
	check "the sums are still exact" sums
	rmmod goalloc_stress
	check "goalloc unloads" rmmod goalloc
}

plan 14
seconds=${STRESS_SECONDS:-60}
seed=${STRESS_SEED:-$(date +%s)}
round $((seconds * 5 / 6)) "$seed" nmi_min=100000
round $((seconds / 6)) $((seed + 1))
exit "$failed"
