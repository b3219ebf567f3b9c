# SPDX-License-Identifier: GPL-2.0
# Sourced by the tests of this directory, which run beside goalloc's modules: asking
# /proc/goalloc, loading and unloading, and results in KTAP.
# shellcheck shell=sh disable=SC2034,SC2154 # what is set here is used by the tests, $log set by them
#
# A test says "plan N", then either "check WHAT COMMAND..." for each result, or
# collects complaints with "same", "count" and "complain" and ends each result
# with "verdict WHAT".  It ends with "exit $failed".

mods=${GOALLOC_MODULES:-$(dirname "$0")}
proc=/proc/goalloc
number=0
failed=0
why=

plan()
{
	echo 'KTAP version 1'
	echo "1..$1"
}

# needs MODULE...: or the whole test is skipped.
needs()
{
	[ "$(id -u)" -eq 0 ] || skip_all 'needs root'
	for module; do
		[ -e "$mods/$module.ko" ] || skip_all "needs $module.ko"
	done
}

skip_all()
{
	echo "1..0 # SKIP $1"
	exit 4
}

# check WHAT COMMAND...: a result, good if the command succeeds.
check()
{
	number=$((number + 1))
	what=$1
	shift
	if "$@"; then
		echo "ok $number - $what"
	else
		echo "not ok $number - $what"
		failed=1
	fi
}

# value NAME: of that line of stats.
value() { sed -n "s/^$1: //p" "$proc/stats"; }

# is NAME VALUE: a line of stats says so.
is() { [ "$(value "$1")" = "$2" ] || { grep "^$1:" "$proc/stats"; false; }; }

# sums: every identity that stats prints holds.  They need not while pages are on
# their way back in the background, which takes a few seconds at most.
sums()
{
	for try in 1 2 3 4 5; do
		checks=$(grep '^Check' "$proc/stats")
		[ "$(echo "$checks" | grep -c ': ok$')" -ge 6 ] &&
			! echo "$checks" | grep -qv ': ok$' && return
		[ "$try" = 5 ] || sleep 1
	done
	echo "$checks" | grep -v ': ok$'
	return 1
}

# no_kill: the OOM killer was not called since boot.
no_kill() { ! dmesg | grep -E 'Out of memory|Killed process|invoked oom-killer'; }

# complain TEXT: what is wrong with the result to come.
complain()
{
	why="$why
# $1"
}

# same WHAT VALUE WANTED
same() { [ "$2" = "$3" ] || complain "$1 is $2 instead of $3"; }

# verdict WHAT: a result, good if nobody complained since the last one.
verdict()
{
	number=$((number + 1))
	if [ -z "$why" ]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1$why"
		failed=1
	fi
	why=
}

# unload: goalloc and its clients, whichever are loaded.
unload()
{
	for module in goalloc_badinput goalloc_leak goalloc_heaps goalloc_story goalloc; do
		! grep -q "^$module " /proc/modules || rmmod "$module" || return
	done
}

# save_log: leave the kernel log since goalloc was last loaded in $log, without time
# stamps.
save_log()
{
	dmesg >"$log.all"
	tail -n "+$(grep -n 'goalloc: loaded:' "$log.all" | tail -n 1 | cut -d: -f1)" "$log.all" |
		sed 's/^\[[^]]*\] \(\[[^]]*\] \)\?//' >"$log"
}

# count TIMES REGEXP: exactly so many lines of the log match.
count()
{
	found=$(grep -cE -- "$2" "$log")
	[ "$found" -eq "$1" ] || complain "$found lines instead of $1 match: $2"
}

# free_memory: KiB that nobody uses: MemFree, and what waits in the zones' per-CPU
# lists, which can be as much again.
free_memory()
{
	echo 3 >/proc/sys/vm/drop_caches
	awk '$1 == "MemFree:" { n += $2 }
		$1 == "count:" { n += $2 * page / 1024 }
		END { printf "%d\n", n }' \
		page="$(getconf PAGESIZE 2>/dev/null || echo 4096)" /proc/meminfo /proc/zoneinfo
}
