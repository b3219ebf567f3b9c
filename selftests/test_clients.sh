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

# results KIND: of what it printed, what does not differ from run to run.
results()
{
	grep -vE 'Duration|Average|Traversal|encountered resize|retried|goalloc' "$said.$1"
}

# client NAME PARAMETERS: three results.
client()
{
	name=$1
	shift
	check "$name: passes on kmalloc" run plain "$name" "$@"
	check "$name: passes on goalloc" run dropin "$name" "$@"
	[ "$(results plain | grep -cE "$passed")" -gt 0 ] || complain 'nothing passed on kmalloc'
	results dropin | grep -E 'goalloc: |BUG|[Ff]ailed:|[Tt]est failed' >"$said" && complain "$(cat "$said")"
	results plain >"$said.want"
	results dropin >"$said.have"
	cmp -s "$said.want" "$said.have" || complain "$(diff "$said.want" "$said.have" | sed 's/^/# /')"
	sed 's/^/# /' "$said.have"
	verdict "$name: on both it says the same"
}

freed()
{
	echo "# $(value Mallocs) allocations"
	[ "$(value Mallocs)" -gt "$1" ] && is Frees "$(value Mallocs)" && is HeapObjects 0
}

[ -d "$clients" ] || skip_all 'needs the modules of scripts/build-client.sh'
unload || exit 1
said=$(mktemp)
trap 'rm -f "$said" "$said".*' EXIT

plan 6
insmod "$mods/goalloc.ko" || exit 1
passed='^test .*: passed$|[0-9] threads, 0 failed, .* returns 0$'
client rhashtable runs=1 parm_entries=20000 tcount=4
check 'rhashtable: what it allocated was freed' freed 20
check 'no bad free was reported' is BadFrees 0
check 'goalloc unloads' rmmod goalloc
exit $failed
