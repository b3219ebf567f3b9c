#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Promise: when memory runs out, goalloc's idle pages go back through the shrinker before
# the OOM killer kills; an allocation that may fail gives NULL, nothing is lost by it,
# and when memory is freed goalloc serves again.
#
# GUEST: --memory 256M

cd "$(dirname "$0")" || exit 1
# shellcheck source=selftests/lib.sh
. ./lib.sh

meminfo() { awk -v name="$1:" '$1 == name { print $2 }' /proc/meminfo; }

# Three quarters of what is available lie idle in goalloc.
make_idle()
{
	available=$(meminfo MemAvailable)
	insmod ./goalloc_memory.ko what=idle mb=$((available * 3 / 4 / 1024)) &&
		rmmod goalloc_memory || return
	idle=$(value Drawn)
	echo "# $available KiB are available; goalloc holds $idle bytes idle"
	[ "$idle" -ge $((available * 1024 / 2)) ]
}

# User space then needs half of what was available: more than is free.
need_memory()
{
	mkdir -p /tmp/memory && mount -t tmpfs -o size=100% none /tmp/memory || return
	echo "# $(meminfo MemFree) KiB are free, user space writes $((available / 2)) KiB"
	dd if=/dev/zero of=/tmp/memory/file bs=1024 count=$((available / 2)) 2>/dev/null
	result=$?
	echo "# $(($(value ScavengedPressure) * 8192)) bytes were given back under pressure"
	umount /tmp/memory
	return "$result"
}

# pressure PAGES: so many came through the shrinker.
pressure() { [ "$(value ScavengedPressure)" -gt "$1" ]; }

# exhaust PARAMETERS
exhaust() { insmod ./goalloc_memory.ko what=exhaust "$@" && rmmod goalloc_memory; }

plan 15
insmod ./goalloc.ko scavenge_interval_ms=60000 || exit 1
check "goalloc holds idle pages" make_idle
check "user space gets what it needs" need_memory
check "8 MiB at least came through the shrinker" pressure 1024
check "nobody was killed" no_kill
check "NULL comes cleanly, and service comes back" exhaust
check "with GFP_ATOMIC too" exhaust atomic=1
dmesg | sed -n 's/.*\(goalloc_memory: .*\)/# \1/p'
check "the sums are exact then too" sums
echo 1 >"$proc/scavenge"
# All idle pages now lie in spans that nobody looked at since they became empty.
before=$(value ScavengedPressure)
check "NULL comes cleanly for objects of 1 KiB" exhaust largest=1024
check "user space gets what it needs after that" need_memory
check "8 MiB more came through the shrinker" pressure $((before + 1024))
check "nobody was killed then either" no_kill
check "nothing is in use afterwards" is HeapObjects 0
echo 1 >"$proc/scavenge"
check "every page is back" is Drawn 0
check "the sums are exact" sums
check "goalloc unloads" rmmod goalloc
exit "$failed"
