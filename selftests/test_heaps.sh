#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A module's heaps are seen, by name and module, with what they hold, and go with it;
# one in which objects live is reported and stays without a module, and its objects can
# still be freed.  Destroying a heap says what lived in it, and a heap or an object that
# is not what the caller says is reported and left alone.  An object cache is such a heap,
# with the size of its objects.  While heaps come and go on
# all CPUs, and CPUs themselves, /proc/goalloc/heaps can be read and is right.
#
# HEAPS_SECONDS says how long that goes on (10).

# shellcheck disable=SC2016 # $1, $2 ... are awk's

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

# rows HEAP: everything of it but its name; "objects bytes held mallocs frees limit
# refused size" behind the module's.
rows() { awk -v heap="$1" '$1 == heap { $1 = ""; print substr($0, 2) }' $proc/heaps; }

# total COLUMN: over all heaps.
total() { awk "NR > 1 { n += \$$1 } END { printf \"%d\\n\", n }" $proc/heaps; }

# Rows by themselves, and against stats.
check_heaps()
{
	bad=$(awk 'NR > 1 && (NF != 10 || $3 != $6 - $7 || $4 > $5)' $proc/heaps)
	[ -z "$bad" ] || complain "a row of heaps that cannot be: $bad"
	same 'the objects of all heaps' "$(total 3)" "$(value HeapObjects)"
	same 'the bytes of all heaps' "$(total 4)" "$(value Alloc)"
	same 'what all heaps hold' "$(total 5)" "$(value Ready)"
}

fresh()
{
	unload || complain 'cannot be unloaded'
	insmod "$mods/goalloc.ko" || exit 1
}

# heaps ARG...: load the client.  (busybox's insmod tries twice and fails if both do.)
heaps() { insmod "$mods/goalloc_heaps.ko" "$@" || complain "the client fails, see the log: $*"; }

# addresses: of what the client holds, as its parameter wants them.
addresses() { awk '/^goalloc_heaps: held: / { printf "%s%s", comma, $3; comma = "," }' "$log"; }

# heap_line TIMES REGEXP: of what goalloc said of the defined heap.
heap_line() { count "$1" "^goalloc: heap heaps_defined$2\$"; }

needs goalloc_heaps goalloc_badinput
unload || exit 1
log=$(mktemp)
trap 'rm -f "$log" "$log.all"' EXIT

# What the client holds in the heap that it defines: 5 * 64, 2 * 1152, 3 blocks of 16, 106496.
holds='11 109168 131072 11 0 0 0 0'

plan 14

fresh
same 'the rows' "$(sed 1d $proc/heaps | awk '{ print $1, $2, $3 }')" 'default - 0'
heaps
same 'the defined heap' "$(rows heaps_defined)" "goalloc_heaps $holds"
same 'the created heap' "$(rows heaps-created)" 'goalloc_heaps 64 65536 65536 64 0 65536 1 0'
same 'the rows' "$(sed 1d $proc/heaps | wc -l)" 3
check_heaps
verdict 'a row for each heap: its module, objects, bytes, memory, limit, what was refused'

rmmod goalloc_heaps || complain 'the client cannot be unloaded'
same 'the rows' "$(sed 1d $proc/heaps | awk '{ print $1, $2, $3 }')" 'default - 0'
echo 1 >$proc/scavenge
same Drawn "$(value Drawn)" 0
sums || complain 'the sums are not exact'
save_log
count 0 '^goalloc: (heap|bad|leak)'
verdict 'heaps go with their module, in silence if nothing lives in them'

fresh
heaps leak=1
rmmod goalloc_heaps || complain 'the client cannot be unloaded'
save_log
heap_line 1 ': 5 objects, 320 bytes, size class 6 scan, still live'
heap_line 1 ': 2 objects, 2304 bytes, size class 33 noscan, still live'
heap_line 1 ': 3 objects, 48 bytes, size class 2 tiny, still live'
heap_line 1 ': 1 objects, 106496 bytes, size class 0 scan, still live'
stays='its module is unloaded, and the heap stays'
heap_line 1 " of goalloc_heaps: 11 objects, 109168 bytes still live: $stays"
count 5 '^goalloc: (heap|bad|leak)'
same 'the heap' "$(rows heaps_defined)" "- $holds"
same 'the rows' "$(sed 1d $proc/heaps | wc -l)" 2
check_heaps
verdict 'a heap whose module leaves objects is reported, and stays'

leaked=$(addresses)
heaps
same 'the heaps' "$(rows heaps_defined)" "- $holds
goalloc_heaps $holds"
rmmod goalloc_heaps
same 'the heap' "$(rows heaps_defined)" "- $holds"
verdict 'the module can come again, and has its heap again'

heaps case=free "free=$leaked"
same 'the heap' "$(rows heaps_defined | cut -d' ' -f1-3,5-)" '- 0 0 11 11 0 0 0'
same BadFrees "$(value BadFrees)" 0
rmmod goalloc_heaps
echo 1 >$proc/scavenge
same Drawn "$(value Drawn)" 0
check_heaps
verdict 'what it left can be freed by address'

fresh
heaps case=cache
same 'the cache' "$(rows heaps-cache)" 'goalloc_heaps 5 1000 8192 5 0 0 0 200'
check_heaps
sums || complain 'the sums are not exact'
rmmod goalloc_heaps
same 'the rows' "$(sed 1d $proc/heaps | wc -l)" 1
save_log
count 0 '^goalloc: (cache|heap|bad|leak)'
verdict 'an object cache has a row with its size, and goes with its module'

heaps case=cache leak=1
rmmod goalloc_heaps
save_log
stays='its module is unloaded, and the cache stays'
count 1 "^goalloc: cache heaps-cache of goalloc_heaps: 5 objects, 1000 bytes still live: $stays\$"
same 'the cache' "$(rows heaps-cache)" '- 5 1000 8192 5 0 0 0 200'
heaps case=free "free=$(addresses | cut -d, -f6-)"
rmmod goalloc_heaps
same 'the cache' "$(rows heaps-cache | cut -d' ' -f1-3,5-)" '- 0 0 5 5 0 0 200'
same BadFrees "$(value BadFrees)" 0
check_heaps
verdict 'one whose module leaves objects stays, and they can be freed by address'

fresh
heaps case=cache leak=1
rmmod goalloc_heaps
rmmod goalloc || complain 'cannot be unloaded'
save_log
kept='in 1 spans: their pages are kept for their users'
count 1 "^goalloc: leak: 5 objects, 1000 bytes, cache heaps-cache, $kept\$"
count 1 '^goalloc: leak'
verdict 'what lives in one when goalloc is unloaded is a leak of it'

fresh
heaps case=destroy
save_log
verdict 'destroying and freeing to the wrong heap return what they should'

count 2 '^goalloc: heap heaps-destroyed: 7 objects, 448 bytes, size class 6 scan, still live$'
count 2 '^goalloc: heap heaps-destroyed: 1 objects, 40960 bytes, size class 0 scan, still live$'
sum='heap heaps-destroyed of goalloc_heaps: 8 objects, 41408 bytes still live'
count 1 "^goalloc: $sum: the heap stays\$"
count 1 "^goalloc: $sum: freed with the heap\$"
count 6 '^goalloc: heap '
count 2 '^goalloc: bad goalloc_heap_destroy\(.*\): no heap, or destroyed before; the caller is:$'
count 2 '^goalloc: bad goalloc_heap_free\(.*\): wrong heap$'
count 1 '^goalloc: bad goalloc_heap_realloc\(.*\): wrong heap$'
count 3 '^goalloc:   the object belongs to another heap$'
count 1 '^goalloc: bad goalloc_size\(.*\): freed span memory$'
count 6 '^goalloc: bad '
same BadFrees "$(value BadFrees)" 4
verdict 'each is reported, once'

insmod "$mods/goalloc_badinput.ko" case=churn || complain 'allocations after it are wrong'
rmmod goalloc_badinput
rmmod goalloc_heaps
same HeapObjects "$(value HeapObjects)" 0
same 'the rows' "$(sed 1d $proc/heaps | wc -l)" 1
sums || complain 'the sums are not exact'
verdict 'goalloc works as ever after it'

# What one reading says of a heap must fit together, whatever goes on.
reader()
{
	while :; do
		awk 'NR > 1 && (NF != 10 || $3 != ($6 > $7 ? $6 - $7 : 0) || $5 % 8192 || n[$1]++) ||
			NR == 2 && $1 != "default"' $proc/heaps
		cat $proc/spans >/dev/null || echo 'spans cannot be read'
		echo 1 >$proc/scavenge
	done
}

hotplug()
{
	while :; do
		for cpu in /sys/devices/system/cpu/cpu[1-9]; do
			echo 0 >"$cpu/online"
			echo 1 >"$cpu/online"
		done
		sleep 0.1
	done
}

fresh
rows=$(mktemp)
reader >"$rows" &
reader=$!
hotplug 2>/dev/null &
hotplug=$!
heaps case=stress "seconds=${HEAPS_SECONDS:-10}"
kill $hotplug
wait $hotplug 2>/dev/null
for cpu in /sys/devices/system/cpu/cpu[1-9]; do
	echo 1 >"$cpu/online" 2>/dev/null
done
rmmod goalloc_heaps
verdict 'heaps come and go on all CPUs: contents stay intact, and none is found in use'

# The reader looks at a module's name while the module goes.
for _ in 1 2 3 4 5; do
	heaps
	rmmod goalloc_heaps || complain 'the client cannot be unloaded'
done
kill $reader
wait $reader 2>/dev/null
[ ! -s "$rows" ] || complain "rows of heaps that cannot be: $(head -n 3 "$rows")"
rm -f "$rows"
same 'the rows' "$(sed 1d $proc/heaps | wc -l)" 1
same HeapObjects "$(value HeapObjects)" 0
same BadFrees "$(value BadFrees)" 0
echo 1 >$proc/scavenge
same Drawn "$(value Drawn)" 0
sums || complain 'the sums are not exact'
verdict 'meanwhile every row was right; afterwards nothing is left'

fresh
heaps leak=1
rmmod goalloc_heaps
rmmod goalloc || complain 'cannot be unloaded'
save_log
kept='in [0-9]+ spans: their pages are kept for their users'
count 1 "^goalloc: leak: 5 objects, 320 bytes, size class 6 scan, $kept\$"
count 1 "^goalloc: leak: 2 objects, 2304 bytes, size class 33 noscan, $kept\$"
count 1 "^goalloc: leak: 3 objects, 48 bytes, size class 2 tiny, $kept\$"
count 1 "^goalloc: leak: 1 objects, 106496 bytes, size class 0 scan, $kept\$"
count 4 '^goalloc: leak'
count 1 '^goalloc: unloaded'
verdict 'what lives in a heap without a module when goalloc is unloaded is a leak'

exit $failed
