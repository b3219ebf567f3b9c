# SPDX-License-Identifier: GPL-2.0
# Sourced by the tests clients_*.sh: code of the kernel, unchanged, on goalloc by its
# drop-in.  Its own tests, or what is done with it, print what they print without, none
# of them fails, every allocation was goalloc's to free, and all of them were freed when
# the module is gone.  scripts/build-client.sh builds the modules.
# shellcheck shell=sh disable=SC2154 # lib.sh sets $mods

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
clients=$mods/clients
watchdog=/proc/sys/kernel/watchdog_thresh

# chatter: lines that differ from run to run; a test may know others.
chatter='goalloc: loaded'

# use: what to do with the client that is loaded; a test may define another.
use() { :; }

# run KIND CLIENT PARAMETERS: load, use and unload; what was printed, by the kernel and
# by the use, is left in $said.KIND, and the heaps it had in $said.heaps.
run()
{
	kind=$1 client=$2
	shift 2
	dmesg -c >/dev/null
	: >"$said.use"
	status=1
	if insmod "$clients/$kind/$client.ko" "$@"; then
		use >"$said.use" 2>&1 && status=0
		awk -v module="$(echo "$client" | tr - _)" 'NR == 1 || $2 == module' \
			$proc/heaps >"$said.heaps"
		rmmod "$client" || status=1
	fi
	dmesg | sed 's/^\[[^]]*\] \(\[[^]]*\] \)\?//' | cat - "$said.use" >"$said.$kind"
	[ $status -eq 0 ] || sed 's/^/# /' "$said.$kind"
	return $status
}

# results KIND: of what it printed, what does not differ from run to run.  (The test of
# rhashtable counts entries twice when the table is resized meanwhile, and says so.)  What
# the kernel says of its clocks on a slow machine is no result.
results()
{
	awk -v chatter="$chatter" '/Traversal/ { moved = !/table-jumps=0/ }
		/Total count mismatch/ && moved { next }
		/^(hrtimer|clocksource|tsc|workqueue|perf|sched|sched_clock): |^TSC / || $0 ~ chatter { next }
		!/Duration|Average|Traversal|encountered resize|retried/' "$said.$1"
}

# client NAME PASSED ALLOCATIONS PARAMETERS: its tests, which print a line like PASSED
# (or load, and print nothing) and ask goalloc for at least so many objects.  Seven results.
client()
{
	name=$1 passed=$2 least=$3
	shift 3
	check "$name: passes on kmalloc" run plain "$name" "$@"
	before=$(value Mallocs)
	check "$name: passes on goalloc" run dropin "$name" "$@"
	results plain >"$said.want"
	results dropin >"$said.have"
	sed 's/^/# /' "$said.have"
	[ -z "$passed" ] || grep -qE "$passed" "$said.want" || complain 'on kmalloc nothing passed'
	! grep -E 'goalloc: |BUG|[Tt]est failed' "$said.have" || complain 'on goalloc something failed'
	cmp -s "$said.want" "$said.have" || complain "$(diff "$said.want" "$said.have" | sed 's/^/# /')"
	verdict "$name: on both it says the same"
	echo "# $(($(value Mallocs) - before)) allocations"
	sed 's/^/# /; s/  */ /g' "$said.heaps"
	check "$name: had heaps of its own" [ "$(wc -l <"$said.heaps")" -gt 1 ]
	check "$name: its memory was goalloc's" [ $(($(value Mallocs) - before)) -ge "$least" ]
	check "$name: and is free" is HeapObjects 0
	check "$name: as many frees as allocations" is Frees "$(value Mallocs)"
}

# begin CLIENTS: load goalloc, and what these need of the stock kernel.  Three results
# more, with end.
begin()
{
	[ -d "$clients" ] || skip_all 'needs the modules of scripts/build-client.sh'
	unload || exit 1
	said=$(mktemp)
	trap 'rm -f "$said" "$said".*; echo "$patience" >$watchdog' EXIT
	# Some tests keep a CPU for half a minute where it is emulated.
	patience=$(cat $watchdog)
	echo 60 >$watchdog
	plan $((7 * $# + 3))
	for client; do
		for module in "$clients/stock/$client"/*.ko; do
			loaded=$(basename "$module" .ko | sed 's/^[0-9]*-//; s/-/_/g')
			[ ! -e "$module" ] || [ -e "/sys/module/$loaded" ] || insmod "$module" || exit 1
		done
	done
	insmod "$mods/goalloc.ko" || exit 1
}

end()
{
	check 'no bad free was reported' is BadFrees 0
	check 'the kernel was given none of it to free' is LostReferences 0
	check 'goalloc unloads' rmmod goalloc
	exit $failed
}
