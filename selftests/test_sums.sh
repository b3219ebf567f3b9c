#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Promise: each reading of each file of /proc/goalloc/ is whole and agrees with itself, and
# nothing that was counted becomes less, while every CPU allocates and frees in every
# context and the heap profile is on.
#
# SUMS_READS says how often each file is read (100).

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
reads=${SUMS_READS:-100}
program=${GOALLOC_TOOLS:-$mods}/consistent

needs goalloc_stress
[ -x "$program" ] || skip_all 'needs consistent'
unload || exit 1

plan 10

sysctl=/proc/sys/kernel/kptr_restrict
restrict=$(cat $sysctl)
echo 1 >$sysctl		# root sees addresses as they are
# Samples are rare: there is a line for each stack and size.
insmod "$mods/goalloc.ko" profile_rate=16777216 || exit 1

# Few objects: there is much to read of many.
running=$(mktemp)
trap 'rm -f "$running"; echo "$restrict" >$sysctl' EXIT
(
	while [ -e "$running" ] && insmod "$mods/goalloc_stress.ko" seconds=5 nslots=512; do
		rmmod goalloc_stress
	done
) 2>/dev/null &
load=$!
until [ "$(value Mallocs)" -gt 1000 ]; do
	sleep 0.1
done
"$program" $proc "$reads" || failed=1
number=9
rm "$running"
wait $load
dmesg | grep 'goalloc_stress: FAIL' && complain 'the stress failed'
same 'objects that are left' "$(value HeapObjects)" 0
sums || complain 'the sums are wrong'
unload || complain 'goalloc cannot be unloaded'
verdict 'the load was right all the while, and the sums are exact after it'
exit $failed
