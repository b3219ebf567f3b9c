#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# An idle goalloc holds little: after insmod nothing is drawn for objects, and all
# that it holds, metadata included, is at most 256 KiB on a machine with two CPUs.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
limit=$((256 * 1024))
per_cpu=$((16 * 1024))		# each further CPU has a cache of its own

needs
unload || exit 1
plan 3

check 'goalloc loads' insmod "$mods/goalloc.ko"
[ "$failed" -eq 0 ] || exit 1

drawn=$(value Drawn)
metadata=$(value Metadata)
sum=$(awk -F': ' '/^(MSpan|MCache|GC|Other)Sys: / { n += $2 } END { print n }' $proc/stats)
# Caches are made for every CPU that may come, not only for those that are here.
cpus=$(tail -n +2 $proc/mcache | wc -l)
[ "$cpus" -le 2 ] || limit=$((limit + (cpus - 2) * per_cpu))

[ "$metadata" -gt 0 ] || complain 'Metadata is not above 0'
[ "$((drawn + metadata))" -le "$limit" ] || complain 'it is more'
verdict "$drawn + $metadata bytes are held, at most $limit"

same Drawn "$drawn" 0
same Metadata "$metadata" "$sum"
verdict 'no pages are drawn, and Metadata is the sum of its parts'

rmmod goalloc || failed=1
exit $failed
