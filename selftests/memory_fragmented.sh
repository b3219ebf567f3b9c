#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Promise: when only 8-KiB blocks of memory are free, goalloc serves small objects from
# them, gives NULL for large ones, and loses nothing.
#
# GUEST: --memory 256M

cd "$(dirname "$0")" || exit 1
# shellcheck source=selftests/lib.sh
. ./lib.sh

fragment() { insmod ./goalloc_memory.ko what=fragment && rmmod goalloc_memory; }
no_kill() { ! dmesg | grep -E 'Out of memory|Killed process|invoked oom-killer'; }

plan 6
insmod ./goalloc.ko scavenge_interval_ms=60000 || exit 1
check "small objects are served, large ones are NULL" fragment
dmesg | sed -n 's/.*\(goalloc_memory: .*\)/# \1/p'
check "nobody was killed" no_kill
check "nothing is in use afterwards" is HeapObjects 0
echo 1 >"$proc/scavenge"
check "every page is back" is Drawn 0
check "the sums are exact" sums
check "goalloc unloads" rmmod goalloc
exit "$failed"
