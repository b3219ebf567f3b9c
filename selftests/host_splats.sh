#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Promise: what the kernel complains of fails a cell of the matrix; goalloc's own reports, a
# warning that a test provokes and a known mistake of the kernel's do not.

splats=$(dirname "$0")/../scripts/splats.awk
log=$(mktemp)
trap 'rm -f "$log"' EXIT
number=0
failed=0

# verdict STATUS WHAT: what is made of the log on standard input, 0 clean or 1.
verdict()
{
	number=$((number + 1))
	awk -f "$splats" >/dev/null
	if [ $? -eq "$1" ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		failed=1
	fi
}

# dying TASK...: a CPU goes, and these are still on it.
dying()
{
	cat <<-LOG
	[   95.465906] Dying CPU not properly vacated!
	[   95.466554] WARNING: CPU: 2 PID: 32 at kernel/sched/core.c:8328 sched_cpu_dying+0x93/0x230
	[   95.509278] ---[ end trace 0000000000000000 ]---
	LOG
	[ $# -gt 0 ] || return
	echo '[   95.509704] CPU2 enqueued tasks (2 total):'
	printf '[   95.510124] \tpid: 32, name: %s\n' "$@"
}

echo 'KTAP version 1'
echo '1..10'
verdict 0 'a report of a bad free' <<'LOG'
[    1.000000] goalloc: loading out-of-tree module taints kernel.
[    1.100000] goalloc: BUG: double free of ffff888003c00010
LOG
verdict 1 'a warning' <<'LOG'
[    1.000000] WARNING: CPU: 0 PID: 1 at mm/page_alloc.c:4553 __alloc_pages+0x1/0x2
LOG
verdict 1 'a stall' <<'LOG'
[   65.000000] rcu: INFO: rcu_sched detected stalls on CPUs/tasks:
LOG
verdict 0 'a warning that a test provokes' <<'LOG'
[    1.000000] goalloc-test: splat expected
[    1.000000] WARNING: CPU: 0 PID: 1 at mm/page_alloc.c:4553 __alloc_pages+0x1/0x2
[    1.000000] goalloc-test: no splat expected
LOG
verdict 0 'a data race in the kernel' <<'LOG'
[    1.000000] BUG: KCSAN: data-race in do_exit / schedule
[    1.000000] ==================================================================
LOG
verdict 1 'a data race in goalloc' <<'LOG'
[    1.000000] BUG: KCSAN: data-race in goalloc_free / schedule
[    1.000000]  goalloc_free+0x10/0x20 [goalloc]
[    1.000000] ==================================================================
LOG
dying migration/2 >"$log"
verdict 0 'a CPU goes, and no task is left on it' <"$log"
dying migration/2 stress_task/2 >"$log"
verdict 1 'a CPU goes, and a task is left on it' <"$log"
dying >"$log"
verdict 1 'a CPU goes, and nothing says what is left on it' <"$log"
{ dying stress_task/2 migration/2; dying migration/2; } >"$log"
verdict 1 'two CPUs go, and a task is left on the first' <"$log"
exit $failed
