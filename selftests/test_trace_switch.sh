#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Promise: events may be enabled and disabled at any time, while every CPU allocates and
# frees in every context: contents stay intact, and the sums are exact.
#
# GUEST: --one-thread
# Enabling an event changes an instruction of the fast path while others run it.  The kernel
# knows how.  QEMU does not always, when it emulates each CPU in a thread of its own: a CPU
# may keep the translation of the breakpoint that stood there for a moment.  Its commit
# deba78709ae8, "accel/tcg: Always lock pages before translation" (8.1), made that rarer; 10.0
# was seen to do it as well.  By turns it cannot.
#
# TRACE_SECONDS says how long the stress lasts (10).

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
tracing=/sys/kernel/tracing
events=$tracing/events/goalloc
running=$(mktemp)
trap 'rm -f "$running"' EXIT

needs goalloc_stress
[ -d $tracing/events ] || mount -t tracefs tracefs $tracing 2>/dev/null ||
	skip_all 'the kernel has no tracefs'
unload || exit 1
plan 2

insmod "$mods/goalloc.ko" || exit 1
(
	times=0
	while [ -e "$running" ]; do
		for value in 1 0; do
			for event in alloc free; do
				echo $value >$events/goalloc_$event/enable
			done
		done
		times=$((times + 1))
	done
	echo "# enabled and disabled $times times"
	[ $times -ge 3 ]
) &
switcher=$!
insmod "$mods/goalloc_stress.ko" seconds="${TRACE_SECONDS:-10}" || complain 'the stress fails'
rm "$running"
wait $switcher || complain 'hardly ever switched'
rmmod goalloc_stress
same 'failures of the stress' "$(dmesg | grep -c 'goalloc_stress: FAIL')" 0
verdict 'events are enabled and disabled under load: contents stay intact'
same 'what is left' "$(value HeapObjects)" 0
sums || complain 'the sums are not exact'
unload || complain 'goalloc cannot be unloaded'
verdict 'nothing is left, and the sums are exact'
exit $failed
