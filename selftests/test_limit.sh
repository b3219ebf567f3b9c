#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# memory_limit: clients that take all they get leave goalloc at the limit, with objects of
# any size and from every context; what they free serves again.  A client that was
# told drops its cache, so that another is served.  A limit set below what is in use fails
# new draws and harms nothing; what is no limit is refused with a message.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
mib=$((1024 * 1024))
parameter=/sys/module/goalloc/parameters/memory_limit

# use PARAMETER...: a client that comes and goes.
use() { insmod "$mods/goalloc_memory.ko" "$@" && rmmod goalloc_memory; }

# watch: print the most that is held, until the file $log.stop is there.
watch()
{
	most=0
	while [ ! -e "$log.stop" ]; do
		now=$(value LimitHeld)
		[ "$now" -le "$most" ] || most=$now
		samples=$((samples + 1))
		echo "$most $samples" >"$log.most"
	done
}

# exhaust LIMIT PARAMETER...: take all there is, and stay within it meanwhile.
exhaust()
{
	limit=$1
	shift
	rm -f "$log.stop" "$log.most"
	samples=0
	watch &
	use what=exhaust "$@" || complain 'no NULL, or no service after it'
	: >"$log.stop"
	wait $!
	read -r most samples <"$log.most"
	echo "# $most bytes were held at most, in $samples samples; $limit may be"
	[ "$most" -le "$limit" ] || complain "$most bytes were held"
	[ "$most" -ge $((limit * 3 / 4)) ] || complain "only $most bytes were held"
}

# refused VALUE: not taken for a limit, with a message, and nothing is changed.
refused()
{
	before=$(cat $parameter)
	messages=$(dmesg | grep -c 'memory_limit: not 0, nor a number of bytes')
	! echo "$1" 2>/dev/null >$parameter || complain "'$1' was taken"
	same "after '$1' the limit" "$(cat $parameter)" "$before"
	[ "$(dmesg | grep -c 'memory_limit: not 0, nor a number of bytes')" -gt "$messages" ] ||
		complain "no message for '$1'"
}

needs goalloc_memory goalloc_leak
unload || exit 1
log=$(mktemp)
trap 'rm -f "$log" "$log".*' EXIT

plan 8

insmod "$mods/goalloc.ko" memory_limit=$((32 * mib)) || complain 'not loaded'
same 'MemoryLimit' "$(value MemoryLimit)" $((32 * mib))
exhaust $((32 * mib))
[ "$(value LimitRefused)" -gt 0 ] || complain 'nothing was refused'
same 'LimitPassed' "$(value LimitPassed)" 0
same 'DrawsFailed' "$(value DrawsFailed)" 0
verdict 'under a limit of 32 MiB clients get NULL, and service when they have freed'

exhaust $((34 * mib)) atomic=1
[ "$(value LimitPassed)" -gt 0 ] || complain 'none was let through'
verdict 'atomic allocations have a sixteenth more'

echo 1 >$proc/scavenge	# the end of that crossing
sleep 1
insmod "$mods/goalloc_memory.ko" what=cache mb=24 || complain 'no room for a cache of 24 MiB'
insmod "$mods/goalloc_leak.ko" sizes=1048576,100 counts=20,10000 ||
	complain 'no room for 20 MiB beside a cache that can be dropped'
same 'objects in use' "$(value HeapObjects)" 10020
[ "$(value LimitHeld)" -le $((32 * mib)) ] || complain "$(value LimitHeld) bytes are held"
for _ in $(seq 20); do	# the scavenger gives the rest of the cache back by and by
	save_log
	! grep -q 'goalloc_memory: below the limit again' "$log" || break
	sleep 0.5
done
count 1 'goalloc_memory: the limit is met, [0-9]+ bytes are to be freed: the cache is dropped'
count 1 'goalloc_memory: below the limit again'
rmmod goalloc_leak
rmmod goalloc_memory || complain 'the client cannot be unloaded'
[ "$(value LimitCrossed)" -gt 0 ] || complain 'no crossing was counted'
verdict 'a client drops its cache when it is told, and another is served'

insmod "$mods/goalloc_leak.ko" sizes=65536 counts=320 || complain 'no room for 20 MiB'
echo $((8 * mib)) >$parameter || complain 'the limit cannot be lowered'
! insmod "$mods/goalloc_memory.ko" what=idle mb=1 2>/dev/null || complain 'a draw above the limit'
same 'objects in use' "$(value HeapObjects)" 320
echo $((64 * mib)) >$parameter || complain 'the limit cannot be raised'
use what=idle mb=16 || complain 'no service under a higher limit'
rmmod goalloc_leak
verdict 'a limit below what is in use fails new draws, a higher one serves again'

refused -1
refused ten
refused 8191
refused 64M
refused 9223372036854775808
refused ''
same 'the limit' "$(value MemoryLimit)" $((64 * mib))
verdict 'what is no limit is refused with a message, and changes nothing'

echo 0 >$parameter || complain 'the limit cannot be taken away'
use what=idle mb=96 || complain 'no service'
verdict 'without a limit there is none'

check 'the sums are right' sums
echo 1 >$proc/scavenge
check 'and what counts is their sum' \
	is LimitHeld $(($(value Drawn) + $(value Metadata)))
unload || exit 1
exit $failed
