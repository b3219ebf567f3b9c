#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# goallocstat and goalloctop over snapshots of /proc/goalloc (snapshots/README): the text
# for people is as checked in; JSON and Prometheus's format are read by parsers of their
# own, and have the values of the files; what is added to a file does no harm; what is
# missing, cut off, damaged or of another version is refused in one line; goalloctop can be
# used in a terminal of any size, outlives its files, and leaves the terminal as it was.
#
# host_tools.sh --write: write the expected texts anew, to be looked at.

# shellcheck disable=SC2016,SC2086 # $1, $2 ... are awk's; lists of arguments

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"
# shellcheck source=selftests/lib.sh
. "$top/selftests/lib.sh"
set +eu

snapshots=$top/selftests/snapshots
compare=$top/selftests/host_tools.py
built=$top/build/tools
stat=$built/goallocstat
tmp=$(mktemp -d)
screen="tmux -L goalloc-tools-$$ -f /dev/null"
trap '$screen kill-server 2>/dev/null; rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
export LC_ALL=C.UTF-8

skip()
{
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
	why=
}

# differs FILE FILE: complain of the first lines that do.
differs()
{
	cmp -s "$1" "$2" || complain "$(diff "$1" "$2" | head -n 6 | sed 's/^/# /')"
}

# refused PATTERN COMMAND...: it ends with status 1 and one line that matches on
# standard error, and writes nothing else.
refused()
{
	pattern=$1
	shift
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	status=$?
	if [ $status -ne 1 ] || [ "$(wc -l <"$tmp/err")" -ne 1 ] || [ -s "$tmp/out" ] ||
		! grep -q "$pattern" "$tmp/err"; then
		complain "$*: status $status, $(wc -l <"$tmp/out") lines, said: $(head -c 300 "$tmp/err")"
	fi
}

# copy NAME: $dir is a copy of a snapshot to be changed.
copy()
{
	dir=$tmp/copy
	rm -rf "$dir"
	cp -r "$snapshots/$1" "$dir"
}

# --- goallocstat

# The time in goalloctop's first line does not repeat.
texts()
{
	"$stat" --dir "$snapshots/$1"
	printf '\n--- goalloctop --batch\n'
	"$built/goalloctop" -b -n 1 --dir "$snapshots/$1" | sed '1s/[0-9:]\{8\}/HH:MM:SS/'
	printf '\n--- goalloctop --batch --classes --sort waste --ascii\n'
	"$built/goalloctop" -b -n 1 -c -s waste --ascii --dir "$snapshots/$1" | sed 1d | head -n 24
}

if [ "${1-}" = --write ]; then
	make --no-print-directory -C "$top/tools" O="$built" >&2
	for name in busy idle; do
		texts "$name" >"$snapshots/$name.txt"
	done
	exit
fi

plan 22

"$top/scripts/install-tools.sh" tools terminal
make -C "$top/tools" O="$built" CFLAGS='-O2 -g -Werror' >"$tmp/log" 2>&1 || complain "$(tail -n 5 "$tmp/log")"
[ -x "$built/goalloctop" ] || complain 'there is no goalloctop'
sanitized=$top/build/tools-sanitized
flags='-O1 -g -Werror -fsanitize=address,undefined -fno-sanitize-recover=all'
make -C "$top/tools" O="$sanitized" CFLAGS="$flags" all garbage >"$tmp/log" 2>&1 ||
	complain "$(tail -n 5 "$tmp/log")"
verdict 'both programs build without a warning'

for name in busy idle; do
	texts "$name" >"$tmp/text" 2>&1
	differs "$snapshots/$name.txt" "$tmp/text"
	[ "$(wc -L <"$tmp/text")" -le 80 ] || complain "a line of $name is longer than 80 columns"
done
verdict 'for people: as expected, in 80 columns'

for name in busy idle after; do
	"$stat" --json --dir "$snapshots/$name" >"$tmp/json" || complain 'no JSON'
	python3 -m json.tool "$tmp/json" >"$tmp/out" 2>&1 || complain "$(cat "$tmp/out")"
	"$compare" json "$tmp/json" "$snapshots/$name" >"$tmp/out" 2>&1 || complain "$(cat "$tmp/out")"
done
verdict 'JSON: valid, with the values of the files'

for name in busy idle after; do
	"$stat" --prometheus --dir "$snapshots/$name" >"$tmp/prometheus" || complain 'no metrics'
	"$compare" prometheus "$tmp/prometheus" "$snapshots/$name" >"$tmp/out" 2>&1 || complain "$(cat "$tmp/out")"
done
verdict "Prometheus: by the format's rules, with the values of the files"

# Names with what has a meaning in JSON and in labels; two heaps of one name.
copy busy
sed -i 's/^heaps_defined  /say-"\\n"-so    /; s/^heaps-created  /heaps-cache    /' "$dir/heaps"
sed -i '/^heaps-cache/s/goalloc_heaps/-            /' "$dir/heaps"
for form in json prometheus; do
	"$stat" --$form --dir "$dir" >"$tmp/$form" || complain "no $form"
	"$compare" $form "$tmp/$form" "$dir" >"$tmp/out" 2>&1 || complain "$(cat "$tmp/out")"
done
same 'the heaps of that name in metrics' "$(grep -c 'heap_objects{heap="heaps-cache"' "$tmp/prometheus")" 1
verdict 'names are quoted; heaps of one name are one in metrics'

# memory_limit: the snapshots are of before there was one, and read nevertheless.
copy busy
sed -i '/^BadFrees/a MemoryLimit: 16777216\nLimitCrossed: 2\nLimitRefused: 5\nLimitPassed: 3\nScavengedLimit: 1024' \
	"$dir/stats"
for form in json prometheus; do
	"$stat" --$form --dir "$dir" >"$tmp/$form" || complain "no $form"
	"$compare" $form "$tmp/$form" "$dir" >"$tmp/out" 2>&1 || complain "$(cat "$tmp/out")"
done
"$stat" --dir "$dir" | grep -i limit | grep -v 'used  *limit refused$\|its limit is met' >"$tmp/got"
cat >"$tmp/want" <<'END'
  memory_limit      16.0 MiB        16,777,216   76.9 %  of it is held
  scavenged for the limit              1,024  pages
  memory_limit met                         2  times
  refused by the limit                     5  draws
  let pass the limit                       3  draws
  ! memory_limit was met 2 times: 5 draws refused
END
differs "$tmp/want" "$tmp/got"
"$built/goalloctop" -b -n 1 --dir "$dir" | grep -q '^! memory_limit was met 2 times: 5 draws refused' ||
	complain 'goalloctop does not say that the limit was met'
verdict 'memory_limit: in every form, and what it refused'

# requested, likewise: 57 of each 64 bytes, and of large objects as if the profile were on for some.
copy busy
awk 'NR == 1 { print $0, "requested"; next }
	$1 == 0 && $7 { print $0, 3000000; next }
	{ print $0, $3 == 64 || $3 == 1152 ? $7 * $3 * 57 / 64 : 0 }' "$snapshots/busy/sizeclasses" >"$dir/sizeclasses"
for form in json prometheus; do
	"$stat" --$form --dir "$dir" >"$tmp/$form" || complain "no $form"
	"$compare" $form "$tmp/$form" "$dir" >"$tmp/out" 2>&1 || complain "$(cat "$tmp/out")"
done
"$stat" --dir "$dir" | grep 'asked for' >"$tmp/got"
awk 'FILENAME ~ /stats$/ { if ($1 == "LargeAlloc:") live += $2; next }
	FNR > 1 && $NF { n += $NF; live += $1 ? $7 * $3 : 0 }
	END { printf "%d %.1f\n", n, 100 * n / live }' "$dir/sizeclasses" "$dir/stats" >"$tmp/want"
same 'what was asked for' "$(awk '{ gsub(",", ""); print $5, $6 }' "$tmp/got")" "$(cat "$tmp/want")"
grep -q '%  of 4.48 MiB that were sampled$' "$tmp/got" || complain "$(cat "$tmp/got")"
verdict 'what was asked for: in every form, once the heap profile is on'

copy busy
rm "$dir/mcache" "$dir/arenas"
"$stat" --json --dir "$dir" >"$tmp/json" || complain 'no JSON without what root may read'
"$compare" json "$tmp/json" "$dir" >"$tmp/out" 2>&1 || complain "$(cat "$tmp/out")"
"$stat" --dir "$dir" | grep -q '^  (mcache cannot be read' || complain 'it does not say what is missing'
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
	copy busy
	chmod 755 "$tmp"
	chmod 400 "$dir/mcache" "$dir/arenas"
	cp "$stat" "$tmp/stat"
	as_nobody="setpriv --reuid 65534 --clear-groups $tmp/stat --dir $dir"
	$as_nobody | grep -q '^  (mcache cannot be read' || complain 'nobody is shown nothing'
	chmod 400 "$dir/stats"
	refused 'stats: Permission denied$' $as_nobody
fi
verdict "without root's files the rest is shown"

copy busy
for file in sizeclasses heaps mcache arenas; do
	awk -v f="$file" 'NR == 1 { print "# goalloc " f " 1" }
		{ $3 = $3 " " (NR == 1 ? "new" : "x" NR); $1 = $1; print $0, NR == 1 ? "last" : -1 }' \
		"$snapshots/busy/$file" >"$dir/$file"
done
awk 'NR == 1 { print "# goalloc stats 1" } { print } NR == 3 { print "Other: of 7 sorts"; print "# no value"; print "A heading" }' \
	"$snapshots/busy/stats" >"$dir/stats"
"$stat" --all --dir "$snapshots/busy" >"$tmp/want"
"$stat" --all --dir "$dir" >"$tmp/got" 2>&1
differs "$tmp/want" "$tmp/got"
verdict 'columns, lines and versions that are added change nothing'

for file in stats sizeclasses heaps mcache arenas; do
	copy busy
	sed -i "1i # goalloc $file 2" "$dir/$file"
	refused "/$file: format 2, and only 1 is known" "$stat" --dir "$dir"
	sed -i '1s/.*/# goalloc other 1/' "$dir/$file"
	refused 'is not the first line of' "$stat" --dir "$dir"
done
verdict 'another version of a file is refused'

# --- what is wrong

[ -e /proc/goalloc ] || refused 'the module goalloc is not loaded$' "$stat"
refused "$tmp/none: No such file or directory\$" "$stat" --dir "$tmp/none"
for file in stats sizeclasses heaps; do
	copy busy
	rm "$dir/$file"
	refused "/$file: No such file or directory\$" "$stat" --dir "$dir"
	mkdir "$dir/$file"
	refused "/$file: Is a directory\$" "$stat" --dir "$dir"
	rmdir "$dir/$file"
	: >"$dir/$file"
	refused "/$file: empty\$" "$stat" --dir "$dir"
	head -c 300 "$snapshots/busy/$file" >"$dir/$file"
	refused "/$file: truncated" "$stat" --dir "$dir"
done
copy busy
sed -i '5s/[0-9]\{3\}/1e3/' "$dir/sizeclasses"
refused '/sizeclasses:5: damaged: .* not a number' "$stat" --dir "$dir"
copy busy
sed -i 's/^heap  /HEAP  /' "$dir/heaps"
refused '/heaps: no column "heap"' "$stat" --dir "$dir"
copy busy
sed -i '/^BadFrees/d' "$dir/stats"
refused '/stats: .* no number "BadFrees"' "$stat" --dir "$dir"
copy busy
sed -i '$d' "$dir/stats"
refused '/stats: truncated: 5 lines of checks' "$stat" --dir "$dir"
for form in '' --json --prometheus --help --version; do
	"$stat" $form --dir "$snapshots/busy" >/dev/full 2>"$tmp/err"
	same "the status of $form with a full disk" $? 1
	grep -q '^goallocstat: standard output: No space left on device$' "$tmp/err" || complain "full disk: $(cat "$tmp/err")"
done
verdict 'goallocstat: one line and status 1, whatever is wrong'

for arguments in --none -x extra '-w 0' '-w -1' '-w nan' '-w 1s' '-w 1e9' '-n 3' '-w 1 -n 0' '-w 1 -n 2.5' '-j -p' '-w 1 -j' --dir; do
	refused . "$stat" $arguments
done
for arguments in --none -x extra '-d 0' '-d x' '-n 0' '-n -1' '-s size' '-b --dir /none' -s --dir=/none; do
	refused . "$built/goalloctop" $arguments
done
refused 'not a terminal: use --batch$' "$built/goalloctop" --dir "$snapshots/busy"
"$built/goalloctop" -b -n 1 --dir "$snapshots/busy" >/dev/full 2>"$tmp/err"
same 'the status with a full disk' $? 1
verdict 'options that are wrong are refused'

mkdir "$tmp/garbage"
"$sanitized/garbage" "$snapshots/busy" "$tmp/garbage" >/dev/null 2>"$tmp/err" || complain "$(tail -n 12 "$tmp/err")"
echo "# $(tail -n 1 "$tmp/err")"
copy busy
for program in "goallocstat" "goallocstat -j" "goallocstat -p" "goalloctop -b -n 1"; do
	for bytes in 1 100 445 800; do
		head -c $bytes "$snapshots/busy/heaps" | tr ' ' '\377' >"$dir/heaps"
		refused heaps "$sanitized"/$program --dir "$dir"
	done
done
verdict 'no truncation and no damage makes them crash (ASAN, UBSAN)'

# --- over time

# eventually FIRST SECOND THIRD COMMAND: the snapshot changes between two readings, if the
# machine is not too busy; so it has three tries, and complains of the last in $tmp/said.
eventually()
{
	first=$snapshots/$1 second=$snapshots/$2 third=$snapshots/$3
	shift 3
	for _ in 1 2 3; do
		ln -sfn "$first" "$tmp/now"
		{ sleep 0.5; ln -sfn "$second" "$tmp/now"; sleep 2; ln -sfn "$third" "$tmp/now"; } &
		! "$@" >"$tmp/said" 2>&1 || { wait; return; }
		wait
	done
	complain "$(cat "$tmp/said")"
}

diff=$(awk '$1 == "Mallocs:" { print $2 - n; n = $2 }' "$snapshots/busy/stats" "$snapshots/after/stats" | tail -n 1)

# The first line is at least two seconds after the first reading, and not ten.
rates()
{
	"$stat" --watch 2 --count 2 --dir "$tmp/now" >"$tmp/watch" || return
	cat "$tmp/watch"
	awk -v diff="$diff" 'NR == 2 { good = $1 == "172K" && $5 <= diff / 2 && $5 > diff / 10 }
		NR == 3 && ($1 != "0" || $5 != "-" || $6 != "-") { good = 0 }
		END { exit !good || NR != 3 }' "$tmp/watch"
}

eventually busy after idle rates
verdict 'goallocstat --watch: rates, and none when goalloc was loaded anew'

changes()
{
	"$built/goalloctop" -b -d 2 -n 2 --dir "$tmp/now" >"$tmp/batch" || return
	cat "$tmp/batch"
	[ "$(grep -c ^goalloctop "$tmp/batch")" -eq 2 ] && grep -q '^live   172K   -7.0M .*█▁*$' "$tmp/batch" &&
		grep -q '^held    16M   +4.0M ' "$tmp/batch" && grep -q '^default .* -7.0M  *[1-9]' "$tmp/batch" &&
		grep -q '^a second: [1-9]' "$tmp/batch"
}

eventually busy after idle changes

# What was not there is growth from nothing.
grows()
{
	"$built/goalloctop" -b -d 2 -n 2 -s growth --dir "$tmp/now" >"$tmp/batch" || return
	cat "$tmp/batch"
	grep -q '^Most has grown heap default: +7.0M in [2-9] s$' "$tmp/batch" &&
		tail -n 4 "$tmp/batch" | awk '{ print $1, $7 }' | tr '\n' ' ' |
		grep -q '^default +7.0M heaps_defined +107K heaps-created +64K heaps-cache +1.0K $'
}

eventually idle busy busy grows
for sort in held:3 live:4 waste:5 objects:2; do
	"$built/goalloctop" -b -n 1 -c --ascii -s "${sort%:*}" --dir "$snapshots/busy" | sed '1,/ CLASS /d' |
		awk '{ print $1, $2 }' | head -n 3 >>"$tmp/order"
done
"$built/goalloctop" -b -n 1 -s name --dir "$snapshots/busy" | tail -n 4 | cut -d' ' -f1 >>"$tmp/order"
same 'what sorts first' "$(tr '\n' ',' <"$tmp/order")" \
	'0 large,6 noscan,44 scan,0 large,44 scan,38 scan,6 noscan,0 large,33 scan,2 scan,3 scan,1 scan,default,heaps-cache,heaps-created,heaps_defined,'
verdict 'goalloctop --batch: changes, growth, rates, and the order asked for'

# A sum may be off once; it is an alarm if it is off by the same again.
copy busy
sed -i 's/^\(Check Ready.*\): ok/\1: off by -9 (1, 10)/' "$dir/stats"
"$stat" --dir "$dir" >"$tmp/text" || complain 'a sum that is off is shown'
grep -q '^Checks: 1 of 6 are off' "$tmp/text" || complain 'it does not count what is off'
grep -q '^  ! Ready = pages of all spans: off by -9' "$tmp/text" || complain 'it does not say what is off'
"$built/goalloctop" -b -d 0.1 -n 2 --dir "$dir" >"$tmp/batch"
same 'the alarms' "$(grep -n '^! Ready = pages of all spans: off by -9' "$tmp/batch" | cut -d: -f1)" 26
sed -i '/refused/s/ 1      0$/ 0      0/; s/ 1      0$/ 0      0/' "$dir/heaps"
"$built/goalloctop" -b -n 1 --dir "$dir" | grep -q ', 1 of 6 checks off for now$' || complain 'it says that all hold'
verdict 'a sum that is off is said, and is an alarm when it stays'

# --- in a terminal

# shows PATTERN: wait until the screen does.
shows()
{
	for _ in $(seq 40); do
		$screen capture-pane -p >"$tmp/screen"
		! grep -q -- "$1" "$tmp/screen" || return 0
		sleep 0.5
	done
	complain "the screen does not show: $1
$(sed 's/^/# /' "$tmp/screen")"
}

keys() { $screen send-keys "$@"; }

if command -v tmux >/dev/null; then
	ln -sfn "$snapshots/busy" "$tmp/now"
	$screen new-session -d -x 80 -y 24 'PS1=ready: sh'
	shows ready:
	keys "stty -a >$tmp/before; $built/goalloctop -d 0.2 --dir $tmp/now" Enter
	shows '^heaps-cache '
	sed '/^--- .*--classes/,$d' "$snapshots/busy.txt" | sed -n '/^live/,/^heaps-cache/p' >"$tmp/want"
	sed -n '/^live/,/^heaps-cache/p' "$tmp/screen" | sed 's/[▁█ ]*$//; s/^a second.*/(rates come with the second reading)/' >"$tmp/got"
	sed -i 's/[▁█ ]*$//' "$tmp/want"
	differs "$tmp/want" "$tmp/got"
	same 'the lines' "$(wc -l <"$tmp/screen")" 24
	verdict 'in 80x24: what the batch mode prints'

	keys t
	shows 'classes by held, 1-13 of 65'
	keys w
	shows 'WASTE\*'
	keys j j
	shows 'classes by waste, 3-15 of 65'
	keys NPage
	shows 'classes by waste, 15-27 of 65'
	keys NPage NPage NPage NPage NPage
	shows 'classes by waste, 53-65 of 65'
	keys '?'
	shows '^w  *sort by waste'
	keys '?' h t
	shows 'heaps by held, 1-4 of 4'
	verdict 'keys: rows, sorting, moving, help'

	$screen resize-window -x 50 -y 12
	shows '^a second'
	same 'the lines' "$(wc -l <"$tmp/screen")" 12
	[ "$(wc -L <"$tmp/screen")" -le 50 ] || complain 'a line is longer than 50 columns'
	$screen resize-window -x 12 -y 3
	shows '^held'
	$screen resize-window -x 130 -y 40
	shows '^heaps_defined  *goalloc_heaps  *11   128K   107K    21K      +0        0$'
	same 'the columns' "$(wc -L <"$tmp/screen")" 130
	$screen resize-window -x 80 -y 24
	rm "$tmp/now"
	shows '! .*/now: No such file or directory'
	ln -s "$snapshots/after" "$tmp/now"
	shows '! 15 bad frees'
	verdict 'goes on when resized, and when its files vanish and appear again'

	keys q
	shows 'ready:$'
	for key in q C-c; do		# at once, and not after the delay
		keys "clear; $built/goalloctop -d 600 --dir $tmp/now" Enter
		shows '! 15 bad frees'
		keys $key
		shows 'ready:$'
		keys "stty -a >$tmp/after; clear; echo cleared" Enter
		shows '^cleared'
		differs "$tmp/before" "$tmp/after"
	done
	keys "TERM=none $built/goalloctop --dir $tmp/now 2>$tmp/err; echo ended with \$?" Enter
	shows '^ended with 1'
	grep -q "the terminal's type is not known: TERM=none" "$tmp/err" || complain "TERM=none: $(cat "$tmp/err")"
	verdict 'q and ^C leave the terminal as it was'
else
	skip 'in 80x24: what the batch mode prints' 'no tmux'
	skip 'keys: rows, sorting, moving, help' 'no tmux'
	skip 'goes on when resized, and when its files vanish and appear again' 'no tmux'
	skip 'q and ^C leave the terminal as it was' 'no tmux'
fi

# --- around them

make -C "$top/tools" O="$tmp/o" NCURSES_LIBS=-lnone DESTDIR="$tmp/root" install >"$tmp/log" 2>&1 ||
	complain "$(tail -n 5 "$tmp/log")"
grep -q 'goalloctop is not built: it needs ncurses' "$tmp/log" || complain 'it does not say what is missing'
same 'what is installed' "$(cd "$tmp/root" && find . -path '*/goalloc-tools/report' -prune -o ! -type d -print | sort | tr '\n' ' ')" \
	'./usr/local/sbin/goalloc-report ./usr/local/sbin/goallocstat ./usr/local/share/goalloc-tools/goalloc-report ./usr/local/share/man/man8/goalloc-report.8 ./usr/local/share/man/man8/goallocstat.8 '
make -C "$top/tools" O="$built" DESTDIR="$tmp/root" PREFIX=/usr install >"$tmp/log" 2>&1 || complain "$(cat "$tmp/log")"
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$top/dkms.conf")
for program in goallocstat goalloctop; do
	same "the version of $program" "$("$tmp/root/usr/sbin/$program" --version)" "$program $version"
done
for program in goallocstat goalloctop; do
	"$built/$program" --help | grep -o -- '--[a-z]*' | sort -u | while read -r option; do
		grep -qF -- "\\-\\-${option#--}" "$top/tools/$program.8" || echo "$option of $program"
	done
done >"$tmp/undocumented"
[ ! -s "$tmp/undocumented" ] || complain "not in the manual: $(cat "$tmp/undocumented")"
verdict 'without ncurses goallocstat is built alone; both install, with all options in the manual'

if command -v mandoc >/dev/null || command -v man >/dev/null; then
	for page in "$top"/tools/*.8; do
		! command -v mandoc >/dev/null || mandoc -Tlint "$page"
		! command -v man >/dev/null || man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null |
			grep -v "can't set the locale"
	done >"$tmp/lint" 2>&1
	[ ! -s "$tmp/lint" ] || complain "$(cat "$tmp/lint")"
	verdict 'the manual pages are clean'
else
	skip 'the manual pages are clean' 'neither mandoc nor man'
fi
exit $failed
