#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# goallocstat and goalloctop on the live /proc/goalloc/ say what its files say, to root and
# to who may not read all of them; without the module they say so and end with 1.
# host_tools.sh has the rest.

# shellcheck disable=SC2016 # $1, $2 ... are awk's

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
tools=${GOALLOC_TOOLS:-$mods}

# ends_with_1 PATTERN COMMAND...: and says one line, which matches.
ends_with_1()
{
	pattern=$1
	shift
	"$@" >/dev/null 2>"$tmp/err"
	same "the status of $*" $? 1
	same 'the lines' "$(wc -l <"$tmp/err")" 1
	grep -q "$pattern" "$tmp/err" || complain "$* says: $(cat "$tmp/err")"
}

# json LIST NAME: the rows of a list, in a column: the values of a member.
json()
{
	sed -n "/^  \"$1\": \\[/,/\\]/s/.*\"$2\": \"\\{0,1\\}\\([^,\"}]*\\).*/\\1/p" "$tmp/json"
}

# column FILE NUMBER
column() { awk -v n="$2" 'NR > 1 { print $n }' "$proc/$1"; }

as_nobody() { su -s /bin/sh nobody -c "$1" 2>&1; }

needs goalloc_heaps goalloc_leak
for program in goallocstat goalloctop; do
	[ -x "$tools/$program" ] || skip_all "needs $program"
done
unload || exit 1
tmp=$(mktemp -d)
users=/etc/passwd made_users=
trap 'rm -rf "$tmp" $made_users' EXIT

plan 7

ends_with_1 '^goallocstat: no /proc/goalloc: the module goalloc is not loaded$' "$tools/goallocstat"
ends_with_1 '^goallocstat: no /proc/goalloc: ' "$tools/goallocstat" --json
ends_with_1 '^goalloctop: no /proc/goalloc: ' "$tools/goalloctop" -b -n 1
verdict 'without the module: one line and status 1'

# The scavenger comes too seldom to move pages between two readings.
insmod "$mods/goalloc.ko" scavenge_interval_ms=60000 || exit 1
"$tools/goallocstat" >"$tmp/text" || complain 'an empty goalloc cannot be shown'
grep -q '^Checks: all 6 hold$' "$tmp/text" || complain "it says: $(grep -A 5 ^Checks "$tmp/text")"
insmod "$mods/goalloc_heaps.ko" || complain 'no heaps'
insmod "$mods/goalloc_leak.ko" sizes=64,1100,40000 counts=1000,33,5 noscan=0,1,0 || complain 'no objects'

"$tools/goallocstat" --json >"$tmp/json" || complain 'no JSON'
grep -v '^Check' "$proc/stats" | while IFS=': ' read -r name value; do
	grep -q "^  \"stats\": .*\"$name\": ${value}[,}]" "$tmp/json" || echo "$name is not $value"
done >"$tmp/missing"
[ ! -s "$tmp/missing" ] || complain "$(cat "$tmp/missing")"
same 'the values' "$(grep -o '"[A-Za-z]*": [0-9]' "$tmp/json" | grep -c '^"[A-Z]')" \
	"$(grep -vc '^Check' "$proc/stats")"
same 'the checks' "$(json checks claim)" "$(sed -n 's/^Check \(.*\): ok$/\1/p' "$proc/stats")"
verdict 'stats: every value and every check'

same 'the names' "$(json heaps heap)" "$(column heaps 1)"
same 'the modules' "$(json heaps module)" "$(column heaps 2)"
same 'the objects' "$(json heaps objects)" "$(column heaps 3)"
same 'the live bytes' "$(json heaps live_bytes)" "$(column heaps 4)"
same 'the held bytes' "$(json heaps held_bytes)" "$(column heaps 5)"
same 'the limits' "$(json heaps limit_bytes)" "$(column heaps 8)"
same 'what was refused' "$(json heaps refused)" "$(column heaps 9)"
verdict 'heaps: every row'

same 'the classes' "$(json classes class | sed '/^0$/d')" "$(column sizeclasses 1 | sed '/^0$/d')"
for name in spans:6 inuse:7 free:8 mallocs:9 frees:10 refills:11 central:12; do
	same "${name%:*}" "$(json classes "${name%:*}" | awk '{ n += $1 } END { print n }')" \
		"$(column sizeclasses "${name#*:}" | awk '{ n += $1 } END { print n }')"
done
same 'the held bytes' "$(json classes held_bytes | awk '{ n += $1 } END { print n }')" "$(value Ready)"
same 'the live bytes' "$(json classes live_bytes | awk '{ n += $1 } END { print n }')" "$(value Alloc)"
same 'the CPUs' "$(json cpus refills)" "$(column mcache 6)"
same 'the arenas' "$(json arenas ready_pages)" "$(column arenas 5)"
"$tools/goallocstat" --prometheus >"$tmp/prometheus" || complain 'no metrics'
same 'the states' "$(awk '/^goalloc_memory_bytes/ { n += $2 } END { print n }' "$tmp/prometheus")" \
	$(($(value Drawn) + $(value Metadata)))
verdict 'sizeclasses, mcache, arenas: rows and sums; they add up to stats'

if [ ! -e $users ]; then
	chmod go+rx /
	mkdir -p /etc
	echo 'nobody:x:65534:65534:nobody:/:/bin/sh' >$users
	made_users=$users
fi
cp "$tools/goallocstat" "$tools/goalloctop" "$tmp" && chmod 755 "$tmp" "$tmp"/goalloc*
as_nobody "$tmp/goallocstat" >"$tmp/text" || complain "goallocstat: $(cat "$tmp/text")"
grep -q 'mcache cannot be read' "$tmp/text" || complain 'it does not say what cannot be read'
grep -q '^    heaps_defined  *11 ' "$tmp/text" || complain 'it does not show the heaps'
as_nobody "$tmp/goalloctop -b -n 1" >"$tmp/text" || complain "goalloctop: $(cat "$tmp/text")"
grep -q '^heaps_defined  *goalloc_heaps  *11 ' "$tmp/text" || complain 'goalloctop does not show the heaps'
verdict 'who is not root sees all but what CPUs cache'

{ sleep 1; insmod "$mods/goalloc_leak.ko" 2>/dev/null; rmmod goalloc_leak; } &
"$tools/goallocstat" --watch 3 --count 1 >"$tmp/text" || complain "--watch: $(cat "$tmp/text")"
wait
awk 'NR == 2 && $6 > 0 { found = 1 } END { exit !found }' "$tmp/text" || complain "no frees: $(cat "$tmp/text")"
verdict 'rates: what a client frees is seen'

rmmod goalloc_heaps
{ sleep 2; rmmod goalloc; } &
ends_with_1 '^goalloctop: ' "$tools/goalloctop" -b -d 0.2
wait
! grep -q '^goalloc ' /proc/modules || complain 'goalloc cannot be unloaded'
verdict 'goalloc can be unloaded meanwhile'
exit $failed
