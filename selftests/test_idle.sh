#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# An idle goalloc holds little: after insmod nothing is drawn for objects, and all
# that it holds, metadata included, is at most 256 KiB on a machine with two CPUs.

mods=${GOALLOC_MODULES:-$(dirname "$0")}
limit=$((256 * 1024))
per_cpu=$((16 * 1024))		# each further CPU has a cache of its own
status=0

value()
{
	awk -F': ' -v name="$1" '$1 == name { print $2 }' /proc/goalloc/stats
}

[ "$(id -u)" -eq 0 ] || { echo '1..0 # SKIP needs root'; exit 4; }
! grep -q '^goalloc ' /proc/modules || rmmod goalloc || exit 1

echo 'KTAP version 1'
echo '1..3'

if insmod "$mods/goalloc.ko" && [ -r /proc/goalloc/stats ]; then
	echo 'ok 1 - goalloc loads'
else
	echo 'not ok 1 - goalloc loads'
	exit 1
fi

drawn=$(value Drawn)
metadata=$(value Metadata)
sum=$(awk -F': ' '/^(MSpan|MCache|GC|Other)Sys: / { n += $2 } END { print n }' /proc/goalloc/stats)
# Caches are made for every CPU that may come, not only for those that are here.
cpus=$(tail -n +2 /proc/goalloc/mcache | wc -l)
[ "$cpus" -le 2 ] || limit=$((limit + (cpus - 2) * per_cpu))

if [ "$((drawn + metadata))" -le "$limit" ] && [ "$metadata" -gt 0 ]; then
	echo "ok 2 - $drawn + $metadata bytes are held, at most $limit"
else
	echo "not ok 2 - $drawn + $metadata bytes are held, at most $limit"
	status=1
fi
if [ "$drawn" -eq 0 ] && [ "$metadata" -eq "$sum" ]; then
	echo 'ok 3 - no pages are drawn, and Metadata is the sum of its parts'
else
	echo "not ok 3 - no pages are drawn, and Metadata is the sum of its parts: $drawn, $sum"
	status=1
fi
rmmod goalloc || status=1
exit $status
