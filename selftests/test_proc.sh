#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# /proc/goalloc/ says what goalloc holds, and its files agree with each other and with
# what a client is known to hold: by objects, by bytes, by spans, by arenas.  Who may
# not see addresses does not.  A write to scavenge gives back all that is not in use.

# shellcheck disable=SC2016 # $1, $2 ... are awk's

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

skip()
{
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
	why=
}

# sum FILE COLUMN [CONDITION]: of a table, without its heading.
sum()
{
	awk "NR > 1 ${3:+&& ($3)} { n += \$$2 } END { printf \"%d\\n\", n }" $proc/"$1"
}

# Every identity that stats prints must hold.
check_stats()
{
	checks=$(grep -c '^Check .*: ok$' $proc/stats)
	[ "$checks" -ge 6 ] || complain "only $checks checks are ok"
	bad=$(grep '^Check ' $proc/stats | grep -v ': ok$')
	[ -z "$bad" ] || complain "$bad"
	same HeapObjects "$(value HeapObjects)" $(($(value Mallocs) - $(value Frees)))
	same HeapAlloc "$(value HeapAlloc)" "$(value Alloc)"
	same Drawn "$(value Drawn)" $(($(value Prepared) + $(value Ready)))
	same HeapInuse "$(value HeapInuse)" "$(value Ready)"
	same HeapReleased "$(value HeapReleased)" "$(value Reserved)"
	same HeapIdle "$(value HeapIdle)" $(($(value Prepared) + $(value Reserved)))
}

# Rows of sizeclasses: by themselves, and against stats.
check_sizeclasses()
{
	bad=$(awk 'NR == 1 { next }
		$7 != $9 - $10 { print "inuse is not mallocs - frees: " $0 }
		$1 > 0 && $7 + $8 < $6 * $5 { print "inuse + free is less than spans * objects: " $0 }
		$1 == 0 && $7 + $8 != $6 { print "inuse + free is not the spans of large objects: " $0 }
		$1 > 0 && (($7 + $8) * $3 + $13) % 8192 { print "waste is not what objects leave: " $0 }
		$1 > 0 && int($4 / $3) != $5 { print "objects do not fill the span: " $0 }
		{ n = 0; for (i = 14; i <= 23; i++) n += $i }
		n != $6 { print "tenths are not all spans: " $0 }
		{
			few = $14 + $15
			most = ($7 + $8) * $3 + $13 - ($6 - few) * $4	# all, less the others
			if (most < few * $4)
				most = few * $4
		}
		$1 > 0 && $24 > most { print "more nearly empty than there are: " $0 }' \
		$proc/sizeclasses)
	[ -z "$bad" ] || complain "$bad"
	same 'mallocs of all classes' "$(sum sizeclasses 9 '$2 != "tiny"')" \
		$(($(value Mallocs) - $(value TinyMallocs)))
	same 'frees of all classes' "$(sum sizeclasses 10 '$2 != "tiny"')" \
		$(($(value Frees) - $(value TinyFrees)))
	same 'bytes in use of all classes' "$(sum sizeclasses '7 * $3')" \
		$(($(value Alloc) - $(value LargeAlloc)))
	same 'refills of all CPUs' "$(sum mcache 6)" "$(sum sizeclasses 11)"
}

# Spans against stats and sizeclasses.
check_spans()
{
	same 'pages of all spans' $(($(sum spans 2) * 8192)) "$(value Ready)"
	same 'objects in use in all spans' "$(sum spans 8 '$4 != "tiny"')" \
		"$(sum sizeclasses 7 '$2 != "tiny"')"
	same 'tiny blocks in use in all spans' "$(sum spans 8 '$4 == "tiny"')" \
		"$(sum sizeclasses 7 '$2 == "tiny"')"
	same 'the number of spans' "$(sum spans '2 / $2')" "$(sum sizeclasses 6)"
	same 'differences by class' "$({ sed 1d $proc/spans; echo; sed 1d $proc/sizeclasses; } | awk '
		/^$/ { classes = 1; next }
		!classes {
			n = $4 == "tiny" ? $4 : $3 " " $4
			spans[n]++; inuse[n] += $8; bytes[n] += $2 * 8192
			next
		}
		{
			n = $2 == "tiny" ? $2 : $1 " " $2
			if (spans[n] + 0 != $6 || inuse[n] + 0 != $7)
				print n ": " spans[n] + 0 " " inuse[n] + 0 " and " $6 " " $7
			if ($1 && bytes[n] + 0 != ($7 + $8) * $3 + $13)
				print n ": " bytes[n] + 0 " bytes and " ($7 + $8) * $3 + $13
		}')" ''
	bad=$(awk 'NR > 1 && ($8 > $9 || $5 !~ /^(owned|full|queued|partial)$/ ||
		($5 == "owned") != ($6 >= 0) && $5 != "owned" || $5 == "full" && $8 != $9)' $proc/spans)
	[ -z "$bad" ] || complain "a row of spans that cannot be: $bad"
}

# Arenas against stats, and each against its 512 pages.
check_arenas()
{
	same 'reserved pages of all arenas' $(($(sum arenas 3) * 8192)) "$(value Reserved)"
	same 'prepared pages of all arenas' $(($(sum arenas 4) * 8192)) "$(value Prepared)"
	same 'ready pages of all arenas' $(($(sum arenas 5) * 8192)) "$(value Ready)"
	bad=$(awk 'NR > 1 && ($3 + $4 + $5 != 512 || $6 > $4)' $proc/arenas)
	[ -z "$bad" ] || complain "a row of arenas that cannot be: $bad"
}

# The page map against arenas and spans, and its rows one after the other.
check_pagemap()
{
	same 'reserved pages' "$(sum pagemap 2 '$3 == "reserved"')" "$(sum arenas 3)"
	same 'prepared pages' "$(sum pagemap 2 '$3 == "prepared" || $3 == "cached"')" "$(sum arenas 4)"
	same 'ready pages' "$(sum pagemap 2 '$3 == "ready"')" "$(sum arenas 5)"
	same 'spans of the page map' "$(awk 'NR > 1 && $3 == "ready" { print $2, $4, $5 }' $proc/pagemap)" \
		"$(awk 'NR > 1 { print $2, $3, $8 }' $proc/spans)"
	bad=$(awk 'NR == 1 { next }
		$1 != next_page && $1 % 512 { print "a hole or an overlap: " $0 }
		$3 != "ready" && ($4 $5 != "--" || $3 == last && $1 % 512) { print "not one run: " $0 }
		{ next_page = $1 + $2; last = $3 }' $proc/pagemap)
	[ -z "$bad" ] || complain "$bad"
}

# What each layer counted.
check_layers()
{
	same Refills "$(value Refills)" "$(sum mcache 6)"
	same PageCacheHits "$(value PageCacheHits)" "$(sum mcache 8)"
	same PageCacheMisses "$(value PageCacheMisses)" "$(sum mcache 9)"
	[ "$(value SpansMade)" -ge "$(sum sizeclasses 6)" ] || complain 'more spans than were made'
	[ "$(value SpansGiven)" -ge "$(value CentralHits)" ] || complain 'a hit without a span'
	[ "$(value Draws)" -le "$(value PagesDrawn)" ] || complain 'a draw without a page'
	[ "$(value LargestFree)" -ge $((8192 * $(awk 'NR > 1 && $6 > n { n = $6 } END { print n + 0 }' \
		$proc/arenas))) ] || complain 'a run in an arena is longer than the longest'
}

check_all()
{
	check_stats
	check_layers
	check_pagemap
	check_sizeclasses
	check_spans
	check_arenas
}

# Spans lie apart, are as long as they say, and lie in arenas.  Needs addresses.
check_addresses()
{
	last=0
	while read -r pages count _; do
		start=$((0x${pages%-*}))
		end=$((0x${pages#*-}))
		[ $start -lt 0 ] || complain "span $pages is not in the kernel's half"
		[ $((end - start)) -eq $((count * 8192)) ] || complain "span $pages is not $count pages"
		[ $last -eq 0 ] || [ $start -ge $last ] || complain "span $pages overlaps another"
		arena=$(printf %x $((start & ~0x3fffff)))
		grep -q "^$arena " $proc/arenas || complain "span $pages lies in no arena"
		last=$end
	done <<-END
	$(sed 1d $proc/spans)
	END
}

# as_nobody COMMAND: run by a user who may nothing.
as_nobody()
{
	su -s /bin/sh nobody -c "$1" 2>/dev/null
}

needs goalloc_leak goalloc_badinput
unload || exit 1
sysctl=/proc/sys/kernel/kptr_restrict
restrict=$(cat $sysctl 2>/dev/null)
made_users=
trap '[ -z "$restrict" ] || echo "$restrict" >$sysctl; rm -f $made_users' EXIT

plan 19

# The scavenger comes too seldom to move pages while they are counted.
insmod "$mods/goalloc.ko" scavenge_interval_ms=60000 || exit 1

same 'the list of files' "$(cd $proc && echo *)" \
	'arenas callers heap_profile heaps mcache pagemap profile_rate scavenge sizeclasses spans stats version'
for file in stats:444 sizeclasses:444 heaps:444 spans:400 arenas:400 mcache:400 pagemap:400 scavenge:200 \
	version:444 callers:400 heap_profile:400 profile_rate:600; do
	same "mode and owner of ${file%:*}" "$(stat -c %a:%u:%g $proc/"${file%:*}")" "${file#*:}:0:0"
done
same 'the versions' "$(awk 'NF == 2 && $2 > 0 { print $1 }' $proc/version | sort | tr '\n' ' ')" \
	'arenas callers heap_profile heaps mcache pagemap sizeclasses spans stats '
verdict 'all files are there, addresses and owners for root alone'

# The guest of "make test" has no users, and a root directory for none.
users=/etc/passwd
if [ ! -e $users ]; then
	chmod go+rx /
	mkdir -p /etc
	echo 'nobody:x:65534:65534:nobody:/:/bin/sh' >$users
	made_users=$users
fi
if [ "$(as_nobody 'id -u')" = 65534 ]; then
	[ -n "$(as_nobody "cat $proc/stats")" ] || complain 'stats cannot be read'
	[ -n "$(as_nobody "cat $proc/sizeclasses")" ] || complain 'sizeclasses cannot be read'
	[ -n "$(as_nobody "cat $proc/heaps")" ] || complain 'heaps cannot be read'
	for file in spans arenas mcache pagemap scavenge callers heap_profile profile_rate; do
		as_nobody "cat $proc/$file >/dev/null" && complain "$file can be read"
	done
	as_nobody "echo 1 >$proc/scavenge" && complain 'scavenge can be written'
	verdict 'others read stats, sizeclasses and heaps and nothing else'
else
	skip 'others read stats, sizeclasses and heaps and nothing else' 'no user nobody'
fi

check_all
same 'the rows of spans' "$(wc -l <$proc/spans)" 1
same 'the rows of sizeclasses' "$(wc -l <$proc/sizeclasses)" 1
same 'the rows of arenas' "$(wc -l <$proc/arenas)" 1
verdict 'an empty goalloc: tables are empty, all checks are ok'

# What a client holds: 1000 + 7 + 433 + 3 small, 5 + 2 large, 40 tiny alone in their blocks.
insmod "$mods/goalloc_leak.ko" sizes=64,64,1100,32768,40000,100000,15 \
	counts=1000,7,433,3,5,2,40 noscan=0,1,0,0,0,1,1
small=$((1000 * 64 + 7 * 64 + 433 * 1152 + 3 * 32768))
large=$((5 * 40960 + 2 * 106496))
same HeapObjects "$(value HeapObjects)" 1490
same TinyMallocs "$(value TinyMallocs)" 40
same LargeAlloc "$(value LargeAlloc)" $large
same Alloc "$(value Alloc)" $((small + large + 40 * 16))
same TotalAlloc "$(value TotalAlloc)" "$(value Alloc)"
verdict 'stats: objects and bytes are those that a client holds'

for row in 6:scan:64:1000 6:noscan:64:7 33:scan:1152:433 67:scan:32768:3 0:scan:0:5 0:noscan:0:2 \
	2:tiny:16:40; do
	wanted=$(echo "$row" | tr : ' ')
	same "$wanted" "$(awk -v class="${wanted%% *}" -v row="$wanted" \
		'$1 " " $2 " " $3 " " $7 == row' $proc/sizeclasses | wc -l)" 1
done
same 'the rows in use' "$(awk 'NR > 1 && $7 > 0' $proc/sizeclasses | wc -l)" 7
verdict 'sizeclasses: the rows are those of what a client holds'

check_stats
verdict 'stats: sums and checks, with objects'
check_sizeclasses
verdict 'sizeclasses: the columns add up, and agree with stats'
check_spans
verdict 'spans: pages and objects agree with stats, class by class with sizeclasses'
check_arenas
verdict 'arenas: pages by state agree with stats'
check_pagemap
verdict 'pagemap: every page of every arena, as arenas and spans have it'
check_layers
verdict 'stats: what each layer counted'

for file in spans arenas pagemap; do
	rows=$(dd if=$proc/$file bs=64k 2>/dev/null | md5sum)
	for size in 16 100 200 1000; do
		same "$file in reads of $size bytes" "$(dd if=$proc/$file bs=$size 2>/dev/null | md5sum)" "$rows"
	done
done
verdict 'spans, arenas and pagemap: the same rows whatever the size of the reads'

same 'the rows' "$(sed 1d $proc/mcache | wc -l)" "$(awk -F- '{ print $NF + 1 }' \
	/sys/devices/system/cpu/possible)"
same 'the CPUs online' "$(awk '$2 == "yes"' $proc/mcache | wc -l)" "$(nproc)"
bad=$(awk 'NR > 1 && ($1 != NR - 2 || $7 > 64)' $proc/mcache)
[ -z "$bad" ] || complain "a row of mcache that cannot be: $bad"
same 'CPUs that hold something' "$(awk 'NR > 1 && $3 > 0 && $4 > 0 && $5 > 0' $proc/mcache |
	wc -l | sed 's/[1-9][0-9]*/some/')" some
verdict 'mcache: a row for each CPU'

hidden='kptr_restrict=2: no addresses, not even for root'
ranges='spans: address ranges lie apart, in arenas, and are as long as their pages'
if [ -n "$restrict" ]; then
	echo 2 >$sysctl
	for file in spans arenas; do
		! sed 1d $proc/$file | grep -qvE '^0+(-0+)? ' || complain "$file shows addresses"
	done
	verdict "$hidden"

	echo 1 >$sysctl
	check_addresses
	verdict "$ranges"
	echo "$restrict" >$sysctl
else
	skip "$hidden" 'the kernel has no sysctls'
	skip "$ranges" 'the kernel has no sysctls'
fi

echo 1 >$proc/scavenge
check_all
same Prepared "$(value Prepared)" 0
same HeapObjects "$(value HeapObjects)" 1490
same 'CPUs that hold spans' "$(awk 'NR > 1 && $3 > 0' $proc/mcache | wc -l)" 0
same ScavengedDemand "$(value ScavengedDemand)" "$(value PagesReturned)"
same 'spans without an object' "$(awk '$3 == "ready" && $5 == 0' $proc/pagemap | wc -l)" 0
verdict 'scavenge with objects in use: all that is idle goes back, they stay'

# Readers and scavengers while allocations run; whatever they see, nothing breaks.
insmod "$mods/goalloc_badinput.ko" case=none || complain 'goalloc_badinput cannot be loaded'
(
	for case in churn double_large good_null churn; do
		echo $case >/sys/module/goalloc_badinput/parameters/case || exit
	done
) &
worker=$!
reads=0
while kill -0 $worker 2>/dev/null; do
	for file in stats sizeclasses heaps spans arenas mcache pagemap; do
		[ "$(wc -l <$proc/$file)" -ge 1 ] || complain "$file is empty"
	done
	echo 1 >$proc/scavenge
	reads=$((reads + 1))
done
wait $worker || complain 'allocations under the eyes of readers are wrong'
[ $reads -ge 2 ] || complain "only $reads readings under load"
same HeapObjects "$(value HeapObjects)" 1490
check_all
rmmod goalloc_badinput
verdict 'reading and scavenging under load: allocations stay right, sums are exact after it'

rmmod goalloc_leak
check_all
echo 1 >$proc/scavenge
check_all
same HeapObjects "$(value HeapObjects)" 0
same Drawn "$(value Drawn)" 0
same Alloc "$(value Alloc)" 0
same LargeAlloc "$(value LargeAlloc)" 0
same PagesReturned "$(value PagesReturned)" "$(value PagesDrawn)"
same 'the rows of spans' "$(wc -l <$proc/spans)" 1
verdict 'scavenge without objects: all is given back'

# An open file does not keep goalloc, nor outlive it with a stale look at it.
exec 3<$proc/stats 4<$proc/spans
rmmod goalloc || complain 'cannot be unloaded while a file is open'
cat <&3 >/dev/null 2>&1 && complain 'stats can be read after goalloc is gone'
cat <&4 >/dev/null 2>&1 && complain 'spans can be read after goalloc is gone'
exec 3<&- 4<&-
[ ! -e $proc ] || complain "$proc is still there"
verdict 'open files end with goalloc'

exit $failed
