#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Code of the kernel, unchanged, on goalloc by its drop-in: the kernel's own tests of it
# print what they print without, none of them fails, every allocation was goalloc's to
# free, and all of them were freed when the module is gone.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
clients=$mods/clients

# run KIND CLIENT PARAMETERS: load and unload; what it printed is left in $said.KIND.
run()
{
	kind=$1 client=$2
	shift 2
	dmesg -c >/dev/null
	insmod "$clients/$kind/client_$client.ko" "$@" && rmmod "client_$client" || return
	dmesg | sed 's/^\[[^]]*\] \(\[[^]]*\] \)\?//' >"$said.$kind"
}

# results KIND: of what it printed, what does not differ from run to run.  (The test of
# rhashtable counts entries twice when the table is resized meanwhile, and says so.)
results()
{
	awk '/Traversal/ { moved = !/table-jumps=0/ }
		/Total count mismatch/ && moved { next }
		!/Duration|Average|Traversal|encountered resize|retried|goalloc: loaded/' "$said.$1"
}

# client NAME PASSED ALLOCATIONS PARAMETERS: its tests, which print a line like PASSED
# (or load, and print nothing) and ask goalloc for at least so many objects.
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
	check "$name: its memory was goalloc's" [ $(($(value Mallocs) - before)) -ge "$least" ]
	check "$name: and is free" is HeapObjects 0
}

[ -d "$clients" ] || skip_all 'needs the modules of scripts/build-client.sh'
unload || exit 1
said=$(mktemp)
trap 'rm -f "$said" "$said".*' EXIT

plan 18
insmod "$mods/goalloc.ko" || exit 1
client rhashtable '[0-9] threads, 0 failed, .* returns 0$' 20 runs=1 parm_entries=20000 tcount=4
client objagg '' 50
client parman 'Priority array check successful' 5
check 'as many frees as allocations' is Frees "$(value Mallocs)"
check 'no bad free was reported' is BadFrees 0
check 'goalloc unloads' rmmod goalloc
exit $failed
