#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A client that leaks is reported when goalloc is unloaded: for each span class the
# number of objects and their bytes, and no other class.  The pages of the leaked
# objects are kept from everybody: what lies in them stays, while memory is filled,
# while goalloc is loaded again and works as ever.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
noise=2048	# KiB: memory in use moves by itself, on Linux 7.3 by more than 1 MiB
# A client's objects: 10 MiB of each of the three paths, so that a leak stands out.
held='sizes=64,40000,8 counts=160000,250,500000 noscan=0,0,1'

# leaks OBJECTS BYTES CLASS KIND: just one report of this class, saying this.
leaks()
{
	count 1 "^goalloc: leak: [0-9]+ objects, [0-9]+ bytes, size class $3 $4, in"
	kept='their pages are kept for their users'
	count 1 "^goalloc: leak: $1 objects, $2 bytes, size class $3 $4, in [0-9]+ spans: $kept\$"
}

needs goalloc_leak goalloc_badinput
unload || exit 1
log=$(mktemp)
fill=$(mktemp)
trap 'rm -f "$log" "$log.all" "$fill"' EXIT

plan 9

# The kernel keeps some memory after its first load of a module: have that behind us.
insmod "$mods/goalloc.ko"
# shellcheck disable=SC2086 # three parameters
insmod "$mods/goalloc_leak.ko" $held
unload

# A client that frees everything leaks nothing.
before=$(free_memory)
insmod "$mods/goalloc.ko"
# shellcheck disable=SC2086 # three parameters
insmod "$mods/goalloc_leak.ko" $held
unload || complain 'cannot be unloaded'
save_log
count 0 '^goalloc: leak'
count 1 '^goalloc: unloaded'
missing=$((before - $(free_memory)))
echo "# $missing KiB fewer are free"
[ "$missing" -le "$noise" ] || complain "$missing KiB are gone"
verdict 'nothing leaked, nothing reported, nothing kept'

before=$(free_memory)
insmod "$mods/goalloc.ko"
insmod "$mods/goalloc_leak.ko" leak=1 sizes=64,64,1100,32768,40000,1048576,100000,15 \
	counts=1000,7,33,3,5,16,2,40 noscan=0,1,0,0,0,0,1,1
# Something that was freed must not be counted.
insmod "$mods/goalloc_badinput.ko" case=churn || complain 'allocations beside them are wrong'
objects=$(value HeapObjects)
[ "$objects" = 1106 ] || complain "$objects objects are in use instead of 1106"
rmmod goalloc_badinput
rmmod goalloc_leak
rmmod goalloc || complain 'cannot be unloaded'
save_log
verdict 'a client leaks, and both can be unloaded'

leaks 1000 64000 6 scan
leaks 7 448 6 noscan
leaks 33 38016 33 scan
leaks 3 98304 67 scan
verdict 'small objects are reported'

leaks 21 $((5 * 40960 + 16 * 1048576)) 0 scan
leaks 2 $((2 * 106496)) 0 noscan
verdict 'large objects are reported'

leaks 40 640 '[0-9]+' tiny
verdict 'tiny objects are reported'

count 7 '^goalloc: leak'
verdict 'no other class is reported'

missing=$((before - $(free_memory)))
leaked=$(((64000 + 448 + 38016 + 98304 + 5 * 40960 + 16 * 1048576 + 2 * 106496 + 640) / 1024))
[ "$missing" -ge $((leaked - noise)) ] || complain "only $missing KiB of $leaked are kept"
[ "$missing" -le $((leaked + noise)) ] || complain "$missing KiB are gone, $leaked were leaked"
verdict 'their pages are kept, and no others'

# Fill half of the free memory, load goalloc again, use it, and look at what was leaked.
megabytes=$(($(free_memory) / 2048))
[ "$megabytes" -le 512 ] || megabytes=512
dd if=/dev/zero of="$fill" bs=1M count="$megabytes" 2>/dev/null
sizes=$(awk '/^goalloc_leak: held: / { printf "%s,", $6 }' "$log")
addresses=$(awk '/^goalloc_leak: held: / { printf "%s,", $9 }' "$log")
insmod "$mods/goalloc.ko" || complain 'cannot be loaded again'
insmod "$mods/goalloc_badinput.ko" case=churn || complain 'allocations are wrong'
echo 1 >/proc/goalloc/scavenge
[ "$(value Drawn)" = 0 ] || complain "$(value Drawn) bytes are drawn after the scavenge"
insmod "$mods/goalloc_leak.ko" "verify=${addresses%,}" "sizes=${sizes%,}" ||
	complain 'a leaked object was touched, see the kernel log'
rm -f "$fill"
unload || complain 'cannot be unloaded'
save_log
count 8 '^goalloc_leak: the object of [0-9]+ bytes at 0x[0-9a-f]+ is intact$'
count 0 '^goalloc: leak'
verdict 'goalloc works again afterwards, and what was leaked is intact'

# Several tiny objects share a block of 16 bytes; each is an object.
insmod "$mods/goalloc.ko"
insmod "$mods/goalloc_leak.ko" leak=1 sizes=8 counts=24 noscan=1
rmmod goalloc_leak
rmmod goalloc || complain 'cannot be unloaded'
save_log
count 1 '^goalloc: leak: 24 objects, [0-9]+ bytes, size class [0-9]+ tiny, in [0-9]+ spans'
verdict 'tiny objects that share blocks are counted one by one'

exit $failed
