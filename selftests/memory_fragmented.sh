#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Promise: when all free memory lies in single blocks of 8 KiB, goalloc serves objects
# up to 8 KiB from them, metadata included, and refuses larger ones with NULL; when it
# lies in single pages of 4 KiB it refuses; and afterwards it works as before and
# everything goes back.
#
# GUEST: --memory 256M

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

# fragmented WHAT PARAMETERS: insmod does it all, and says how it went.
fragmented()
{
	what=$1
	shift
	insmod "$mods/goalloc_fragmented.ko" "$@" || complain 'the client says why in the kernel log'
	[ ! -e /sys/module/goalloc_fragmented ] || rmmod goalloc_fragmented
	echo 1 >$proc/scavenge
	same HeapObjects "$(value HeapObjects)" 0
	same Drawn "$(value Drawn)" 0
	sums || complain 'the sums are wrong'
	verdict "$what"
	dmesg | sed -n 's/.*\(goalloc_fragmented: .*free in.*\)/# \1/p' | tail -n 1
}

needs goalloc_fragmented
unload || exit 1
plan 19

# What is missing to 100 per cent: spans' tails, metadata, and what the kernel keeps.
cases='64:85 512:85 1024:85 1408:75 4096:85 6144:60 8192:85'
insmod "$mods/goalloc.ko" scavenge_interval_ms=60000 || exit 1
echo 3 >/proc/sys/vm/drop_caches
for order in 1 0; do
	for case in $cases; do
		fragmented "8-KiB blocks free, taken by order $order: ${case%:*} bytes are served" \
			order=$order keep=8 size="${case%:*}" least="${case#*:}"
	done
	fragmented "8-KiB blocks free, taken by order $order: 16384 bytes are NULL" \
		order=$order keep=8 size=16384 least=0
done
fragmented '4-KiB pages free: 64 bytes are NULL' order=0 keep=4 size=64 least=0
check 'nobody was killed' no_kill
check 'goalloc unloads' unload
exit $failed
