#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Bad input is caught and reported, and nothing is lost by it.
#
# Each case runs on a freshly loaded goalloc.  goalloc_badinput.ko hands the bad
# input in and checks what is returned, what lies around it, and the next 10,000
# allocations.  This script checks what goalloc says: for each bad call there is
# one report with the title, the reason, what is known of the address, the context,
# that nothing was changed, and a stack that names the caller; and that the calls
# are counted, the books balance, and all pages go back.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

# run_cases 'CASE...': on a new goalloc, with a scavenge between two of them and at
# the end.  Leaves the log in $log, what went wrong in $why, and the number of bad calls
# in $calls.
run_cases()
{
	why=
	calls=0
	: >"$log"
	if ! { unload && insmod "$mods/goalloc.ko" scavenge_interval_ms=60000 &&
		insmod "$mods/goalloc_badinput.ko" case=none; }; then
		complain 'goalloc and goalloc_badinput cannot be loaded'
		return
	fi
	for case in $1; do
		echo 1 >/proc/goalloc/scavenge
		echo "$case" >/sys/module/goalloc_badinput/parameters/case ||
			complain "what follows $case is wrong, see the kernel log"
	done
	counted=$(value BadFrees)
	same HeapObjects "$(value HeapObjects)" 0
	grep -q 'off by' /proc/goalloc/stats && complain "$(grep 'off by' /proc/goalloc/stats)"
	echo 1 >/proc/goalloc/scavenge
	same 'Drawn after scavenge' "$(value Drawn)" 0
	unload || complain 'cannot be unloaded'
	save_log
	calls=$(awk '/^goalloc_badinput: end .* bad calls: / { n += $4 } END { print n + 0 }' "$log")
	same BadFrees "$counted" "$calls"
	count 0 '^goalloc: leak:'
	count 0 '^goalloc_badinput: FAILED'
}

# Every function that takes a pointer was handed it and named in title and stack.
count_reports()
{
	count "$1" "^goalloc: bad goalloc_(free|free_sensitive|size|realloc)\\([^)]+\\)+: $2\$"
	count "$1" '^goalloc: bad '
	fifth=$(($1 / 5))
	for function in free_sensitive size realloc; do
		count $fifth "^goalloc: bad goalloc_$function\\([^)]+\\)+: $2\$"
	done
	count $((2 * fifth)) "^goalloc: bad goalloc_free\\([^)]+\\)+: $2\$"
	for function in free free_sensitive size realloc realloc_to_0; do
		count $fifth "^ badinput_$function\\+0x[0-9a-f/x]+ \\[goalloc_badinput\\]\$"
	done
}

# reports TEXT 'CASE...' CALLS TITLE REASON DETAIL CONTEXT [DETAIL2]: CALLS bad calls
# are made, and each is reported so; all but TEXT and CASE are regular expressions.
reports()
{
	run_cases "$2"
	same 'the number of bad calls' "$calls" "$3"
	count_reports "$3" "$4"
	count "$3" "^goalloc:   $5\$"
	[ -z "$6" ] || count "$3" "^goalloc:   $6\$"
	[ -z "${8-}" ] || count "$3" "^goalloc:   $8\$"
	count "$3" "^goalloc:   by .*/[0-9]+ $7; nothing was changed; the caller is:\$"
	verdict "$1"
}

# says TEXT CASE TIMES REGEXP: no bad call; goalloc says just that, so often.
says()
{
	run_cases "$2"
	same 'the number of bad calls' "$calls" 0
	count "$3" "^goalloc: $4"
	count "$3" '^goalloc: [^lus]'	# all but "loaded", "unloaded" and "scavenge"
	verdict "$1"
}

needs goalloc_badinput
[ "$(nproc)" -ge 2 ] || skip_all 'needs two CPUs'

log=$(mktemp)
trap 'rm -f "$log" "$log.all"' EXIT

plan 40

double='the object is free already \(double free\)'
interior='the address is inside an object, not its start \(interior pointer\)'
retired='the page holds no object: all were freed \(double free\), or none ever was'
foreign='not memory from goalloc \(foreign pointer\)'
no_object='no object lies there'
task='on CPU [0-9]+ in task context'
zero='0 bytes into object [0-9]+'
somewhere='[0-9]+ bytes into object [0-9]+'

# span CLASS KIND BYTES OBJECTS: what is said of a span.
span()
{
	echo "span [^ ]+-[^ ]+, size class $1 $2, $3 bytes an object, $4 objects, [a-z]+"
}

mixed="($(span 6 scan 64 128)|$(span 33 scan 1152 7)|$(span 67 scan 32768 1))"
noscan="($(span 2 noscan 16 512)|$(span 3 noscan 24 341)|$(span 6 noscan 64 128))"
tiny=$(span '[0-9]+' tiny 16 512)

run_cases churn
same 'the number of bad calls' "$calls" 0
count 0 '^goalloc: bad'
verdict 'without bad input there is no report'

reports 'double free, same CPU' double_same_cpu \
	15 'double free' "$double" "$mixed" 'on CPU 0 in task context' "$zero"
reports 'double free, noscan' double_noscan \
	15 'double free' "$double" "$noscan" "$task" "$zero"
reports 'double free of a tiny object' double_tiny \
	15 'double free' "$double" "$tiny" 'on CPU 0 in task context' "$somewhere"
reports 'double free of a large object that the CPU keeps' double_large \
	15 'double free' "$double" "$(span 0 scan '[0-9]+' 1)" "$task" "$zero"
reports 'double free, by the owner, then by another CPU' double_owner_then_other \
	15 'double free' "$double" "$mixed" 'on CPU 1 in task context' "$zero"
reports 'double free, by another CPU, then by the owner' double_other_then_owner \
	15 'double free' "$double" "$mixed" 'on CPU 0 in task context' "$zero"
reports 'double free, twice by another CPU' double_other_twice \
	15 'double free' "$double" "$mixed" 'on CPU 1 in task context' "$zero"
reports 'double free of a tiny object by another CPU' double_tiny_other \
	15 'double free' "$double" "$tiny" 'on CPU 1 in task context' "$somewhere"
reports 'double free of an object above 1 MiB by another CPU' double_huge_other \
	15 'freed span memory' "$retired" '' 'on CPU 1 in task context'
reports 'double free after the span was retired and its pages given back' \
	'retired_free retired_again' 15 'freed span memory' "$retired" '' "$task"

reports 'interior pointer, small object' interior_small \
	15 'interior pointer' "$interior" "$(span 6 scan 64 128)" "$task" \
	'(1|8|63) bytes into object [0-9]+'
reports 'interior pointer, large object' interior_large \
	15 'interior pointer' "$interior" "$(span 0 scan 40960 1)" "$task" \
	'(8|8192|40959) bytes into object 0'
reports 'interior pointer, tiny object' interior_tiny \
	15 'interior pointer' "$interior" "$tiny" "$task" "$somewhere"
reports 'pointer behind the last object of a span' tail \
	15 'interior pointer' "$no_object" "$(span 5 scan 48 170)" "$task" \
	'(8160|8168|8191) bytes into the span, behind its last object'

reports 'from softirq context' softirq \
	5 'double free' "$double" "$(span 6 scan 64 128)" 'on CPU [0-9]+ in softirq context'
reports 'from hardirq context' hardirq \
	5 'double free' "$double" "$(span 6 scan 64 128)" 'on CPU [0-9]+ in hardirq context'

if grep -qw apic /proc/cpuinfo; then
	reports 'from NMI context' nmi \
		5 'double free' "$double" "$(span 6 scan 64 128)" 'on CPU 0 in NMI context' "$zero"
	reports 'foreign pointer from NMI context' nmi_foreign \
		5 'foreign pointer' "$foreign" 'it is .*' 'on CPU 0 in NMI context'
else
	for what in 'from NMI context' 'foreign pointer from NMI context'; do
		number=$((number + 1))
		echo "ok $number - $what # SKIP no local APIC that could send NMIs"
	done
fi

reports 'pointer from kmalloc()' kmalloc 10 'foreign pointer' "$foreign" \
	'it is memory that goalloc does not hold: if it came from kmalloc\(\), use kfree\(\)' "$task"
# It may share an arena's window with goalloc's pages.
reports 'pointer from kmalloc(), beside memory of goalloc' kmalloc_small \
	10 '(foreign pointer|freed span memory)' "($foreign|$retired)" '' "$task"
reports 'pointer from vmalloc()' vmalloc 10 'foreign pointer' "$foreign" \
	'it is a vmalloc address: if it came from vmalloc\(\), use vfree\(\)' "$task"
reports 'pointer to the stack' stack 10 'foreign pointer' "$foreign" \
	"it is on this task's stack" "$task"
reports "pointer to a module's data" module_data 10 'foreign pointer' "$foreign" \
	'it is .*' "$task"
reports 'user space address' user 15 'foreign pointer' "$foreign" \
	'it is a user space address' "$task"
reports 'non-canonical address' noncanonical 15 'foreign pointer' "$foreign" \
	'it is not the address of any memory' "$task"
reports 'address in the NULL page' null_page 15 'foreign pointer' "$foreign" \
	'it is an address in the NULL page' "$task"
reports 'error pointer' error_pointer 15 'foreign pointer' "$foreign" \
	'it is an error pointer' "$task"
reports 'hole in the direct map, and behind the end of memory' hole \
	15 'foreign pointer' "$foreign" 'it is not the address of any memory' "$task"

says 'NULL, ZERO_SIZE_PTR and size 0 are fine' good_null 0 '.*(NULL|bad)'
says 'SIZE_MAX and overflowing arrays: NULL, no report' size_max 0 '.*(request|bad)'
says 'above 4 MiB: NULL, one warning' too_large \
	1 'request of 4194305 bytes is above the limit of 4194304: NULL returned$'
first=$(grep -E '^goalloc: request|from here on goalloc may warn' "$log" | head -n 1)
why=
same 'the first line' "$first" 'goalloc_badinput: from here on goalloc may warn, once'
verdict 'above 4 MiB with __GFP_NOWARN: NULL, no warning'
says '__GFP_HIGHMEM: served, one warning' highmem \
	1 '__GFP_HIGHMEM ignored, as kmalloc\(\) would: fix the caller$'
says '__GFP_DMA32: served, one warning' dma32 \
	1 '__GFP_DMA32 ignored, as kmalloc\(\) would: fix the caller$'
says '__GFP_DMA: NULL, one warning' dma \
	1 '__GFP_DMA refused: goalloc has no DMA zone; use kmalloc\(\), or dma_alloc_coherent\(\)$'
says 'a node that there is not: NULL, no report' bad_node 0 '.*bad'

why=
# The limit is 20 reports in 5 seconds: after that the next one says what was left out.
insmod "$mods/goalloc.ko" && insmod "$mods/goalloc_badinput.ko" case=flood
same BadFrees "$(value BadFrees)" 100
save_log
count 20 '^goalloc: bad goalloc_[a-z_]+\([^)]+\)+: double free$'
count 20 'nothing was changed; the caller is:$'
verdict 'a hundred bad calls: all counted, twenty reported'

why=
sleep 5.1
echo softirq >/sys/module/goalloc_badinput/parameters/case
same BadFrees "$(value BadFrees)" 105
unload
save_log
count 25 '^goalloc: bad goalloc_[a-z_]+\([^)]+\)+: double free$'
count 1 'debug_bad_free: 80 callbacks suppressed'
verdict 'five seconds later reports come again, and say how many were left out'

# All cases on one goalloc, one after the other: what one leaves must not hurt the next.
why=
{ insmod "$mods/goalloc.ko" && insmod "$mods/goalloc_badinput.ko"; } ||
	complain 'a case failed, see the kernel log'
same 'HeapObjects' "$(value HeapObjects)" 0
unload
save_log
count 0 '^goalloc: leak:'
count 0 '^goalloc_badinput: FAILED'
verdict 'all cases one after the other on one goalloc'

exit $failed
