#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Promise: goalloc's events are there while it is loaded, and gone with it; while they are
# enabled each allocation and each free is a line, as many as /proc/goalloc/stats counts,
# from every context; each address is allocated and freed in turn; the fields say what
# was asked for and what was given, by whom.
#
# GUEST: --one-thread
# Events are switched here: test_trace_switch.sh says what QEMU makes of that otherwise.
#
# TRACE_SECONDS says how long the stress lasts (5).

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
traces=$(dirname "$0")/traces
tracing=/sys/kernel/tracing
events=$tracing/events/goalloc
names='alloc bad_free free grow refill scavenge span_alloc span_free'
text=/tmp/goalloc-trace.$$
trap 'rm -f $text' EXIT

watch()
{
	echo >$tracing/trace
	mallocs=$(value Mallocs) frees=$(value Frees)
	echo 1 >$events/enable
}

# unwatch: what was traced meanwhile is left in $text, what was counted in $mallocs and
# $frees.  (Addresses in modules have names as long as these are loaded.)
unwatch()
{
	echo 0 >$events/enable
	cat $tracing/trace >$text
	mallocs=$(($(value Mallocs) - mallocs)) frees=$(($(value Frees) - frees))
}

# lines EVENT [REGEXP]: of the trace, without the time and who it was.
lines() { sed -n "s/.*: goalloc_$1: //p" $text | grep -E -- "${2-}"; }

# written: events that went into the buffers, and those that found no room there.
written() { awk '/^(entries|overrun|commit overrun|dropped events):/ { n += $NF } END { print n }' \
	$tracing/per_cpu/cpu*/stats; }

# turns: addresses that are not allocated and freed in turn.
turns()
{
	sed -n 's/.*: goalloc_\(alloc\|free\): .*ptr=\([^ ]*\).*/\1 \2/p' $text | awk '
		$1 == "alloc" && live[$2]++ { print "allocated twice: " $2; bad++ }
		$1 == "free" && !live[$2]-- { print "freed twice: " $2; bad++ }
		bad > 5 { exit }
		END { if (!NR) print "nothing" }'
}

needs goalloc_example goalloc_replay goalloc_badinput goalloc_stress
[ -d $tracing/events ] || mount -t tracefs tracefs $tracing 2>/dev/null ||
	skip_all 'the kernel has no tracefs'
unload || exit 1
plan 9

[ ! -e $events ] || complain "$events is there before goalloc"
insmod "$mods/goalloc.ko" || exit 1
same 'the list of events' "$(cd $events && echo goalloc_* | sed 's/goalloc_//g')" "$names"
verdict 'the events come with goalloc'

echo 16384 >$tracing/buffer_size_kb
echo counter >$tracing/trace_clock	# the order of events, of all CPUs
watch
insmod "$mods/goalloc_example.ko" || complain 'goalloc_example cannot be loaded'
rmmod goalloc_example
unwatch
lines alloc | sed 's/^/# /'
same 'lines of allocations' "$(lines alloc | wc -l)" 4
same 'lines of frees' "$(lines free | wc -l)" 4
for fields in 'req=1096 bytes_alloc=1152 gfp_flags=GFP_KERNEL' \
	'req=6 bytes_alloc=6 gfp_flags=GFP_KERNEL\|__GFP_ZERO' \
	'req=80 bytes_alloc=80 gfp_flags=GFP_KERNEL\|__GFP_ZERO' \
	'req=8000 bytes_alloc=8192 gfp_flags=GFP_KERNEL'; do
	same "an allocation $fields" "$(lines alloc "bytes_$fields heap=default node=0" | wc -l)" 1
done
same 'its addresses' "$(turns)" ''
verdict 'what a client allocates and frees, with bytes, flags, heap and node'

[ "$(lines refill 'class=[0-9]+ size=[0-9]+ objects=[0-9]+' | wc -l)" -ge 3 ] || complain 'no refill'
[ "$(lines span_alloc 'base=[0-9a-f]+ pages=[0-9]+ class=[0-9]+' | wc -l)" -ge 3 ] || complain 'no span'
[ "$(lines grow 'bytes=[0-9]+ node=0' | wc -l)" -ge 1 ] || complain 'no growth'
same 'bytes drawn' "$(lines grow | awk -F'[ =]' '{ n += $2 } END { print n }')" \
	$(($(value PagesDrawn) * 8192))
insmod "$mods/goalloc_badinput.ko" case=none || complain 'goalloc_badinput cannot be loaded'
watch
echo 1 >$proc/scavenge
echo double_same_cpu >/sys/module/goalloc_badinput/parameters/case
unwatch
same 'pages given back' "$(lines scavenge 'why=demand' | sed 's/pages=\([0-9]*\) .*/\1/')" \
	"$(value ScavengedDemand)"
[ "$(lines span_free | wc -l)" -ge 3 ] || complain 'no span was unmade'
same 'bad frees' "$(lines bad_free 'op=[a-z_]+ reason=double free' | wc -l)" "$(value BadFrees)"
[ "$(value BadFrees)" -ge 3 ] || complain 'no bad free'
verdict 'refills, spans, growth, the scavenger and bad frees are told of'

sed -n 's/.*: \(goalloc_alloc: \)/# \1/p' $text | head -n 2
same 'lines of allocations' "$(lines alloc | wc -l)" "$mallocs"
same 'lines of frees' "$(lines free | wc -l)" "$frees"
same 'call sites elsewhere' "$(lines '\(alloc\|free\)' |
	grep -cvE 'call_site=[a-z_.0-9]+\+0x[0-9a-f]+/0x[0-9a-f]+ \[goalloc_badinput\] ptr=')" 0
same 'its addresses' "$(turns)" ''
rmmod goalloc_badinput
verdict 'call sites are those of the client'

watch
insmod "$mods/goalloc_replay.ko" trace="$traces/debian-6.1-cloud.gotrace" noscan=1 ||
	complain 'goalloc_replay cannot be loaded'
rmmod goalloc_replay
unwatch
echo "# $mallocs allocations, $frees frees"
[ "$mallocs" -gt 100000 ] || complain "only $mallocs allocations"
same 'lines of allocations' "$(lines alloc | wc -l)" "$mallocs"
same 'lines of frees' "$(lines free | wc -l)" "$frees"
verdict 'a replayed trace: a line for each allocation and each free'
same 'its addresses' "$(turns)" ''
verdict 'a replayed trace: each address is allocated and freed in turn'

# Only counted: there is no room for so many lines.
for event in alloc free; do
	echo 1 >$events/goalloc_$event/enable
	echo >$tracing/trace
	before=$(value Mallocs)
	insmod "$mods/goalloc_stress.ko" seconds="${TRACE_SECONDS:-5}" || complain 'the stress fails'
	rmmod goalloc_stress
	echo 0 >$events/goalloc_$event/enable
	same 'what is left' "$(value HeapObjects)" 0
	same "events in all contexts" "$(written)" $(($(value Mallocs) - before))
	echo "# $(written) events"
	verdict "stress: as many events $event as objects, from every context and CPU"
done

echo 1 >$events/enable
rmmod goalloc || complain 'cannot be unloaded while its events are enabled'
[ ! -e $events ] || complain "$events is still there"
echo local >$tracing/trace_clock
echo >$tracing/trace
echo 1408 >$tracing/buffer_size_kb
verdict 'the events go with goalloc'

exit $failed
