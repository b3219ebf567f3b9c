#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Promise: every object of the recorded traces is served and stays intact, in the
# recorded order too; what was allocated was freed; after a scavenge no page is held
# and the machine's free memory is back but for goalloc's metadata; a damaged trace is
# refused with a message and nothing is left behind.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
traces=$(dirname "$0")/traces
noise=1024	# KiB: memory in use moves a little by itself

# replay ARGS: load, which replays, and unload.
replay()
{
	insmod "$mods/goalloc_replay.ko" "$@" && rmmod goalloc_replay
}

replay_all()
{
	for trace in "$traces"/*.gotrace; do
		replay trace="$trace" "$@" || return
	done
}

balanced() { [ "$(value Mallocs)" -gt 0 ] && [ "$(value Mallocs)" -eq "$(value Frees)" ]; }

all_back()
{
	echo 1 >"$proc/scavenge"
	[ "$(value Drawn)" -eq 0 ]
}

memory_back()
{
	now=$(free_memory)
	metadata=$(($(value Metadata) / 1024))
	echo "# $before KiB were free, $now KiB are, $metadata KiB of metadata"
	[ $((before - now)) -le $((metadata + noise)) ]
}

refused()
{
	dmesg -c >/dev/null
	dd if="$trace" of=/tmp/cut.gotrace bs=1000 count=100 2>/dev/null
	! insmod "$mods/goalloc_replay.ko" trace=/tmp/cut.gotrace 2>/dev/null || return
	dmesg | grep 'goalloc_replay: .*cut.gotrace'
}

plan 7
insmod "$mods/goalloc.ko" || exit 1
replay_all noscan=1 || failed=1		# what the kernel keeps after a first load
before=$(free_memory)
check "every object of the traces is served and stays intact" replay_all
dmesg | sed -n 's/.*\(goalloc_replay: .*\)/# \1/p' | tail -n 10
check "what was allocated was freed" balanced
check "after a scavenge no page is held" all_back
check "and the machine's free memory is back" memory_back
check "a damaged trace is refused with a message" refused
check "and nothing of it is in use" [ "$(value HeapObjects)" -eq 0 ]
check "goalloc unloads" rmmod goalloc
exit $failed
