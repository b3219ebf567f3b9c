#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In the guest of `make run`: load goalloc, replay a recorded trace, show what it
# holds at the trace's peak, give everything back, unload.

failed=0
say()     { printf '%s\n' "$*"; }
heading() { printf '\n%s\n\n' "$*"; }
fail()    { say "FAILED: $*"; failed=1; }

# replay_said PATTERN [LINES]: print what the replay said since last time, or only the
# lines that match LINES; one must match PATTERN.
replay_said()
{
	dmesg -c | sed -n 's/^\[[^]]*\] goalloc_replay: //p' >/tmp/replay
	grep "${2-}" /tmp/replay | sed 's/^/  /'
	grep -q "$1" /tmp/replay || fail "the replay did not pass"
}

# value NAME: a value of /proc/goalloc/stats.
value()
{
	sed -n "s/^$1: //p" /proc/goalloc/stats
}

# holds: one line on what goalloc has now.
holds()
{
	printf '  %-28s %9d   %s\n' \
		"objects in use" "$(value HeapObjects)" "allocated and not yet freed" \
		"KiB in objects" $(($(value HeapAlloc) / 1024)) "their bytes, rounded up to their size classes" \
		"KiB drawn from the kernel" $(($(value Drawn) / 1024)) "pages that hold spans of objects or wait for some" \
		"KiB of metadata" $(($(value Metadata) / 1024)) "spans, caches, maps: never inside the objects' pages"
}

# identities: the sums that must hold, checked by goalloc itself.
identities()
{
	held=$(grep -c '^Check .*: ok$' /proc/goalloc/stats)
	grep '^Check ' /proc/goalloc/stats | grep -v ': ok$' && fail "a sum in /proc/goalloc/stats is wrong"
	say "  $held of $(grep -c '^Check ' /proc/goalloc/stats) sums in /proc/goalloc/stats are right."
}

say "Linux $(uname -r), $(nproc) CPUs, $(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo) MiB, in QEMU."

heading "1. insmod goalloc.ko: loaded and idle, it holds"
insmod goalloc.ko || { fail "goalloc.ko does not load: $(dmesg | tail -n 3)"; exit 1; }
holds

for trace in traces/*.gotrace; do break; done
heading "2. insmod goalloc_replay.ko: what a stock kernel once asked of kmalloc, asked of goalloc"
dmesg -c >/dev/null
insmod goalloc_replay.ko trace="/goalloc/$trace" hold=1 || fail "goalloc_replay.ko does not load"
replay_said '^PASS'

heading "3. At the peak of the trace goalloc holds (/proc/goalloc/stats)"
holds
identities

heading "4. The size classes with the most bytes in use (/proc/goalloc/sizeclasses)"
say "  An object is as large as its class; a span is the run of pages that a class is cut from."
say "  Class 0 is everything above 32 KiB: one object a span, in whole pages."
{
	head -n 1 /proc/goalloc/sizeclasses
	sed 1d /proc/goalloc/sizeclasses | awk '{ print $1 ? $3 * $7 : 1e15, $0 }' | sort -rn | head -n 10 | cut -d ' ' -f 2-
} | awk '{ printf "  %5s %-7s %9s %9s %8s %7s %8s %8s\n", $1, $2, $3, $4, $5, $6, $7, $8 }'

heading "5. Each CPU's cache, which most calls are served from without a lock (/proc/goalloc/mcache)"
sed 's/^/  /' /proc/goalloc/mcache

heading "6. The first spans of all (/proc/goalloc/spans)"
say "  Every run of pages that holds objects: its class, whose it is, how full it is."
head -n 6 /proc/goalloc/spans | sed 's/^/  /'

heading "7. rmmod goalloc_replay: the rest of the trace, then every object is freed"
rmmod goalloc_replay || fail "goalloc_replay.ko does not unload"
replay_said '^PASS$' '^events\|^allocations\|^frees\|^failures\|PASS\|FAIL'
say
say "  goalloc keeps idle pages for the next burst:"
holds
[ "$(value HeapObjects)" -eq 0 ] || fail "objects are still in use"
[ "$(value Mallocs)" -eq "$(value Frees)" ] || fail "$(value Mallocs) allocated, $(value Frees) freed"

heading "8. echo 1 > /proc/goalloc/scavenge: give all idle pages back at once"
echo 1 >/proc/goalloc/scavenge || fail "cannot scavenge"
holds
identities
[ "$(value Drawn)" -eq 0 ] || fail "pages were not given back"

heading "9. rmmod goalloc"
rmmod goalloc || fail "goalloc.ko does not unload"
dmesg | grep -i 'goalloc: .*leak' && fail "goalloc reports leaks"
say "  unloaded"
exit $failed
