#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The heap profile says what a client is known to hold, byte for byte at rate 1, in
# heap_profile and in callers; a rate that is no rate is refused; a new rate begins anew.
# Under stress, from every context, NMI included, no record is left behind, and a sampled
# object is freed like any other.
#
# STRESS_SECONDS says how long (60), of which this takes a part.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

heap=$proc/heap_profile
rate=$proc/profile_rate

# heading RATE LIVE BYTES OBJECTS BYTES: the first line of the profile.
heading()
{
	same 'the first line' "$(head -n 1 $heap)" "heap profile: $2: $3 [$4: $5] @ heap_v2/$1"
}

# The lines of the profile add up to the first one.
adds_up()
{
	same 'what is wrong with the sums' "$(awk '
		{ line = $0; gsub(/[^0-9]+/, " ") }
		NR == 1 { for (i = 1; i <= 4; i++) sum[i] = $i }
		NR > 1 && line ~ /^[0-9]/ { for (i = 1; i <= 4; i++) sum[i] -= $i }
		END { for (i = 1; i <= 4; i++) if (sum[i]) print "column " i " by " sum[i] }' $heap)" ''
	same 'the last line' "$(tail -n 1 $heap)" MAPPED_LIBRARIES:
}

# refused TEXT: it is not taken for a rate, with a message, and nothing is changed.
refused()
{
	before=$(dmesg | grep -c 'goalloc: profile_rate: not a number from 0 to 1073741824')
	{ echo "$1" >$rate; } 2>/dev/null && complain "'$1' was taken for a rate"
	same "messages about '$1'" \
		$(($(dmesg | grep -c 'goalloc: profile_rate: not a number from 0 to 1073741824') - before)) 1
	same "the rate after '$1'" "$(cat $rate)" 1
}

fails() { dmesg | grep -c 'goalloc_stress: FAIL'; }

# stress RATE SECONDS: with the profile on; afterwards nothing is in use, and no record left.
stress()
{
	insmod "$mods/goalloc.ko" profile_rate="$1" || return
	before=$(fails)
	insmod "$mods/goalloc_stress.ko" seconds="$2" seed="$1" || complain 'the stress failed'
	same 'failures' "$(fails)" "$before"
	same HeapObjects "$(value HeapObjects)" 0
	same BadFrees "$(value BadFrees)" 0
	sums >/dev/null || complain 'the sums of stats are wrong'
	same 'the sampled objects that live' "$(sed -n '1s/^heap profile: \(.*\) \[.*/\1/p' $heap)" '0: 0'
	objects=$(sed -n '1s/.*\[\([0-9]*\):.*/\1/p' $heap)
	[ "$objects" -gt 1000 ] || complain "only $objects objects were sampled"
	adds_up
	sed -n 's/^# lost: /# rate '"$1"': '"$objects"' sampled, lost: /p' $heap
	rmmod goalloc_stress
	echo 1 >$proc/scavenge
	same Drawn "$(value Drawn)" 0
	rmmod goalloc || complain 'goalloc does not unload'
	verdict "stress at rate $1: nothing breaks, no record is left behind"
}

needs goalloc_leak goalloc_stress
unload || exit 1

plan 9

insmod "$mods/goalloc.ko" profile_rate=1 || exit 1
heading 1 0 0 0 0
same 'the rate' "$(cat $rate)" 1
same 'the lines of callers' "$(wc -l <$proc/callers)" 2
verdict 'without clients the profile is empty'

# 10 + 7 + 5 objects, and 40 tiny ones.
insmod "$mods/goalloc_leak.ko" sizes=64,1100,40000,15 counts=10,7,5,40 noscan=0,0,0,1
bytes=$((10 * 64 + 7 * 1100 + 5 * 40000 + 40 * 15))
heading 1 62 $bytes 62 $bytes
adds_up
for row in 10:640 7:7700 5:200000 40:600; do
	n=${row%:*} b=${row#*:}
	same "the lines of $n objects, $b bytes" "$(grep -cE "^$n: $b \[$n: $b\] @( 0x[0-9a-f]+)+$" $heap)" 1
done
verdict 'heap_profile: what a client holds, by size, with stacks'

same 'the heading of callers' "$(head -n 1 $proc/callers)" '# profile_rate 1: every object, 62 live, 0 lost'
same 'what callers shows of it' "$(awk 'NR > 2 && /\[goalloc_leak\]$/ { b += $1; n += $2 }
	END { print b, n }' $proc/callers)" "$bytes 62"
same 'the rows of callers' "$(sed 1,2d $proc/callers | wc -l)" 2
same 'others in callers' "$(sed 1,2d $proc/callers | grep -vc '\[goalloc_leak\]$')" 0
same 'callers, sorted' "$(sed 1,2d $proc/callers | sort -rn)" "$(sed 1,2d $proc/callers)"
verdict 'callers: the same bytes and objects, by the function that allocated them'

# class:kind:bytes.  The tiny ones stand in the row of their blocks, with the bytes they asked for.
for row in 6:scan:640 33:scan:7700 0:scan:200000 2:tiny:600; do
	wanted=$(echo "$row" | tr : ' ')
	same "$wanted requested" "$(awk '$7 > 0 { print $1, $2, $NF }' $proc/sizeclasses | grep -cx "$wanted")" 1
done
verdict 'sizeclasses: the bytes that were requested'

refused -1
refused ten
refused 1073741825
refused 1e6
refused ''
heading 1 62 $bytes 62 $bytes
verdict 'what is no rate is refused, and the profile goes on'

rmmod goalloc_leak
heading 1 0 0 62 $bytes
same 'the lines of callers' "$(wc -l <$proc/callers)" 2
verdict 'what was freed does not live, and was there'

echo 0 >$rate
heading 0 0 0 0 0
insmod "$mods/goalloc_leak.ko" sizes=64 counts=10000
heading 0 0 0 0 0
same 'the heading of callers' "$(head -n 1 $proc/callers)" '# profile_rate 0: off'
same 'bytes requested' "$(awk 'NR > 1 { n += $NF } END { print n + 0 }' $proc/sizeclasses)" 0
rmmod goalloc_leak
echo 1024 >$rate
insmod "$mods/goalloc_leak.ko" sizes=64 counts=100000
held=$(awk 'NR > 2 { b += $1 } END { printf "%d\n", b }' $proc/callers)
same "whether $held bytes are 6400000 or nearly so" \
	$((held > 5800000 && held < 7000000)) 1
same 'bytes requested, all that were given' "$(awk '$1 == 6 { print $NF }' $proc/sizeclasses)" 6400000
rmmod goalloc_leak
unload || complain 'goalloc does not unload'
verdict 'rate 0 ends the profile; a new one estimates'

seconds=$((${STRESS_SECONDS:-60} / 6 + 2))
stress 4096 $seconds
stress 1 $seconds
exit $failed
