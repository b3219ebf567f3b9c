#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# goalloc-report over snapshots of /proc/goalloc (snapshots/README): its numbers are those
# of the files; it names nothing outside itself; what is cut off, damaged, missing or of
# another version is refused in one line, or said in the report; and in a real browser it is
# used with the mouse and with the keyboard, by day and by night, and a heap of 16 GiB is
# drawn in less than 3 s.
#
# host_report.sh --write: make the screenshots of the documentation anew.

# shellcheck disable=SC2086 # lists of arguments

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"
# shellcheck source=selftests/lib.sh
. "$top/selftests/lib.sh"
set +eu

snapshots=$top/selftests/snapshots
report=$top/scripts/goalloc-report
against=$top/selftests/host_report.py
browser=$top/selftests/host_report_browser.py
pages=$top/build/report
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
export LC_ALL=C.UTF-8 TZ=UTC
chmod 755 "$tmp"

# says COMMAND...: complain of what it says if it fails; its remarks are shown.
says()
{
	if "$@" >"$tmp/said" 2>&1; then
		grep '^# ' "$tmp/said"
	else
		complain "$(head -n 12 "$tmp/said" | sed 's/^# //; 2,$s/^/# /')"
	fi
}

# refused STATUS PATTERN ARGUMENT...: the report ends so, with one line that matches, and
# writes nothing.
refused()
{
	wanted=$1 pattern=$2
	shift 2
	rm -f "$tmp/none.html"
	"$report" -o "$tmp/none.html" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	status=$?
	if [ $status -ne "$wanted" ] || ! tail -n 1 "$tmp/err" | grep -q -- "$pattern" || [ -e "$tmp/none.html" ] ||
		{ [ "$wanted" -eq 1 ] && [ "$(wc -l <"$tmp/err")" -ne 1 ]; }; then
		complain "$*: status $status, said: $(head -c 300 "$tmp/err")"
	fi
}

# copy: $dir is a copy of a snapshot with all files, to be changed.
copy()
{
	dir=$tmp/copy
	rm -rf "$dir"
	cp -r "$snapshots/load/5" "$dir"
}

make_pages()
{
	mkdir -p "$pages"
	"$report" "$snapshots/load" -o "$pages/series.html" && "$report" "$snapshots/busy" -o "$pages/old.html" || return
	# goalloc loaded and not used: tables without a row
	rm -rf "$tmp/idle"
	cp -r "$snapshots/idle" "$tmp/idle"
	for file in spans arenas pagemap; do
		head -n 1 "$snapshots/load/5/$file" >"$tmp/idle/$file"
	done
	"$report" "$tmp/idle" -o "$pages/idle.html"
}

if [ "${1-}" = --write ]; then
	make_pages && "$browser" --pictures "$pages" "$top/Documentation"
	exit
fi

plan $((12 + $("$browser" --names | wc -l)))

says make_pages
says "$against" numbers "$pages/series.html" "$snapshots"/load/[1-5]
says "$against" numbers "$pages/old.html" "$snapshots/busy"
says "$against" numbers "$pages/idle.html" "$tmp/idle"
says "$against" symbols
copy
rm "$dir/callers"
says "$report" "$dir" --kallsyms "$snapshots/load/kallsyms" -o "$tmp/none.html"
grep -q 'the largest holder is run_batch \[goalloc_replay\], with 6.77 MiB' "$tmp/none.html" || complain 'without callers the profile is not asked'
copy
echo 'LimitRefused: 5000' >>"$dir/stats"
says "$report" "$dir" -o "$tmp/none.html"
same 'what needs a look' "$(grep -o '<li>[^/]*</strong> draws of pages' "$tmp/none.html")" '<li><strong>5,000</strong> draws of pages'
verdict 'its numbers are those of the files'

# Heaps of modules that are gone, which may share a name: what is there twice has not grown,
# nor what has lost its module; what has grown by a MiB has.
rm -rf "$tmp/heaps"
mkdir "$tmp/heaps"
cp -r "$snapshots/load/1" "$tmp/heaps/1"
for heap in 'sessions - 4800000' 'sessions - 48' 'lost lost 3000000' 'kept kept 1000'; do
	printf '%s %s 1 %s 4808704 9 8 0 0 0\n' $heap
done >>"$tmp/heaps/1/heaps"
cp -r "$tmp/heaps/1" "$tmp/heaps/2"
sed -i 's/^lost lost/lost -/' "$tmp/heaps/2/heaps"
cp -r "$tmp/heaps/2" "$tmp/heaps/3"
sed -i 's/^kept kept 1 1000/kept kept 1 1049576/; s/^lost .*//; /^$/d' "$tmp/heaps/3/heaps"
says "$report" "$tmp/heaps" -o "$tmp/heaps.html"
same 'the growth' "$(grep -o 'Most has grown.*MiB' "$tmp/heaps.html")" 'Most has grown since 1: <strong>heap kept of kept</strong>, by 1.00 MiB'
same 'the growth of each' "$(grep -o '"growth":\(null\|[^]]*0,null[^]]*\)' "$tmp/heaps.html" | sed 's/.*,0,null/0,null/' | tr '\n' ' ')" \
	'"growth":null 0,null,0,0 0,null,1048576 '
verdict 'the growth of heaps that share a name, or have lost their module'

# nobody PATTERN: the report of $dir names no function, says why, and advises to write the
# rate, which forgets the profile, if there is none.
nobody()
{
	says "$report" "$dir" -o "$tmp/none.html"
	same "the sentences that match $1" "$(grep -c "<p>$1" "$tmp/none.html") $(grep -o "\"noCallers\":\"$1" "$tmp/none.html" | wc -l)" '1 1'
	case $1 in
	No*) ;;
	*) ! grep -q 'No heap profile is on\|profile_rate, or 1' "$tmp/none.html" || complain "it advises to begin a profile: $1" ;;
	esac
}

copy
rm "$dir/callers"
nobody 'The heap profile is on, but its functions have no names (no kallsyms was given; callers: not in this snapshot)\.'
sed -i 's/^heap profile: .*/heap profile: 0: 0 [0: 0] @ heap_v2\/16384/; /^[0-9]/d' "$dir/heap_profile"
nobody 'The heap profile is on, and nothing lives that it sampled\.'
sed -i 's/16384/0/' "$dir/heap_profile"
nobody 'No heap profile is on: .*  Write 524288 to '
rm "$dir/heap_profile"
nobody 'Which functions is not known (callers: not in this snapshot; heap_profile: not in this snapshot)\.'
copy
sed -i '3,$d' "$dir/callers"
nobody 'The heap profile is on, and nothing lives that it sampled\.'
sed -i '1s/.*/# profile_rate 0: off/' "$dir/callers"
nobody 'No heap profile is on: .*  Write 524288 to '
verdict 'where no function is named it says why'

for page in "$pages/series.html" "$pages/old.html" "$pages/idle.html"; do
	says "$against" alone "$page"
done
verdict 'it names nothing outside itself'

says "$against" log "$pages/series.html" "$snapshots/load/dmesg"
sed '/goalloc:   by /,$d' "$snapshots/load/dmesg" >"$tmp/dmesg"
says "$report" "$snapshots/load/5" --dmesg "$tmp/dmesg" -o "$tmp/log.html"
grep -q '"whole":false' "$tmp/log.html" || complain 'it does not say that a report is cut off'
sed "s/^\\[ *[0-9]*\./[$(printf %0400d 0 | tr 0 9)./; s/\/[0-9]* on CPU/\/$(printf %05000d 0 | tr 0 9) on CPU/" \
	"$snapshots/load/dmesg" >"$tmp/dmesg"
says "$report" "$snapshots/load/5" --dmesg "$tmp/dmesg" -o "$tmp/log.html"
! grep -q '"time":Infinity' "$tmp/log.html" || complain 'a time that is none'
sed 's/^\[\( *[0-9.]*\)\] /<3>[\1] [ T1234] /' "$snapshots/load/dmesg" >"$tmp/dmesg"
says "$report" "$snapshots/load/5" --dmesg "$tmp/dmesg" -o "$tmp/log.html"
says "$against" log "$tmp/log.html" "$tmp/dmesg"

# log_of FILE: the reports of the log in a page, without the time of each.
log_of() { grep -o '"log":.*,"noLog"' "$1" | sed 's/"time":[0-9.a-z]*//g'; }

# same_log WHAT SED...: changed so, the log has the same reports.
same_log()
{
	what=$1
	shift
	sed "$@" "$snapshots/load/dmesg" >"$tmp/dmesg"
	says "$report" "$snapshots/load/5" --dmesg "$tmp/dmesg" -o "$tmp/log.html"
	log_of "$tmp/log.html" | cmp -s - "$tmp/wanted" || complain "the reports differ: $what"
}

log_of "$pages/series.html" >"$tmp/wanted"
same_log 'without stamps' 's/^\[[^]]*\] //'
same_log 'dmesg -T' 's/^\[[^]]*\]/[Sun Nov 22 01:40:02 2026]/'
same_log 'dmesg -x' 's/^/kern  :err   : /'
same_log 'dmesg --time-format iso' 's/^\[[^]]*\]/2026-11-22T01:40:02,293371+00:00/'
same_log 'journalctl -k' 's/^\[[^]]*\]/Nov 22 01:40:02 host kernel:/'
same_log 'kern.log' 's/^/2026-11-22T01:40:02.293371+00:00 host kernel: /'
grep -q '"time":23.293371' "$tmp/log.html" || complain 'the time in kern.log is lost'
same_log 'without the end of a stack, and a warning behind it' -e '/<TASK>/d; /RIP: /,/R13: /d' \
	-e 's/^\(\[[^]]*\] \) <.TASK>/\1------------[ cut here ]------------\n\1WARNING: CPU: 0\n\1 strange+0x1\/0x2/'
same_log 'without the end of a stack, and another stack behind it' \
	's/^\(\[[^]]*\] \) <.TASK>/\1CPU: 0 PID: 1 Comm: strange\n\1Call trace:\n\1 strange+0x1\/0x2/'
same_log 'with registers and another context in the stack' \
	's/^\(\[[^]]*\] \) bad_pointer+.*/&\n\1RIP: 0010:strange+0x1\/0x2\n\1RSP: 0018:0 EFLAGS: 00000246\n\1 <\/IRQ>\n\1 <TASK>/'
sed '/goalloc:   by /,/<.TASK>/d; $a Call Trace:\n strange+0x1/0x2' "$snapshots/load/dmesg" >"$tmp/dmesg"
sed -i '$i ------------[ cut here ]------------' "$tmp/dmesg"
says "$report" "$snapshots/load/5" --dmesg "$tmp/dmesg" -o "$tmp/log.html"
! grep -q strange "$tmp/log.html" || complain 'a report that is cut off has the stack of something else'
verdict 'the reports of bad frees are those of the log, whoever kept it'

says "$against" truncations "$snapshots/load/5"
verdict 'each truncation is refused in one line, or noted in the report'

says "$against" damages "$snapshots/load/5" 1000
verdict 'random damage gives a report or one line, and never a traceback'

refused 1 "^goalloc-report: $tmp/none: no such directory\$" "$tmp/none"
mkdir "$tmp/empty"
refused 1 "^goalloc-report: $tmp/empty: no snapshot: " "$tmp/empty"
[ -e /proc/goalloc ] || refused 1 'the module goalloc is not loaded$'
for file in stats sizeclasses heaps; do
	copy
	rm "$dir/$file"
	[ $file = stats ] || refused 1 "/$file: No such file or directory\$" "$dir"
	mkdir "$dir/$file"
	refused 1 "/$file: Is a directory\$" "$dir"
done
for file in version stats sizeclasses heaps spans arenas pagemap mcache callers heap_profile time; do
	copy
	: >"$dir/$file"
	refused 1 "/$file\(:1\)\?: \(empty\|not a heap profile\)\$" "$dir"
done
copy
sed -i '0,/ready/s//reddy/' "$dir/pagemap"
refused 1 '/pagemap:[0-9]*: damaged: no state is called "reddy"$' "$dir"
copy
sed -i '9d' "$dir/pagemap"
refused 1 '/pagemap:9: damaged: .*does not follow' "$dir"
copy
sed -i '5s/[0-9]\{3\}/1e3/' "$dir/sizeclasses"
refused 1 '/sizeclasses:5: damaged: .* is "[0-9e]*", not a number$' "$dir"
copy
sed -i '3s/$/ 1 2/' "$dir/heaps"
refused 1 '/heaps:3: damaged: 12 words where there are 10 columns$' "$dir"
copy
sed -i 's/heap_v2/heap_v3/' "$dir/heap_profile"
refused 1 '/heap_profile:1: a heap profile of another version' "$dir"
refused 1 'kallsyms: not a list\|no symbols of code' "$snapshots/load/5" --kallsyms "$snapshots/load/5/stats"
refused 1 "$tmp/none: No such file" "$snapshots/load/5" --dmesg "$tmp/none"
# A number has 64 bits, and of those a page map has room for less.
long=$(printf %05000d 0 | tr 0 9)
for digits in 18446744073709551616 "$(printf %.400s "$long")" "$long"; do
	copy
	sed -i "s/^Alloc: .*/Alloc: $digits/" "$dir/stats"
	refused 1 '/stats:1: damaged: Alloc is "[0-9]\{1,24\}", not a number$' "$dir"
	sed -i "1s/.*/Alloc: 1/; \$ a Other: $digits" "$dir/stats"
	refused 1 '/stats:[0-9]*: damaged: Other is "[0-9]\{1,24\}", not a number$' "$dir"
	copy
	sed -i "s/^stats 1/stats $digits/" "$dir/version"
	refused 1 '/version:[0-9]*: damaged: not the name of a file and its version$' "$dir"
	copy
	sed -i "3s/[0-9][0-9]*/$digits/" "$dir/heaps"
	refused 1 '/heaps:3: damaged: .* is "[0-9]\{1,24\}", not a number$' "$dir"
	copy
	sed -i "3s/[0-9][0-9]*/$digits/" "$dir/callers"
	refused 1 '/callers:3: damaged: ' "$dir"
	sed -i "1s/[0-9][0-9]*/$digits/" "$dir/callers"
	refused 1 '/callers:1: damaged: ' "$dir"
	copy
	sed -i "3s/[0-9][0-9]*/$digits/" "$dir/heap_profile"
	refused 1 '/heap_profile:3: damaged: ' "$dir"
	sed -i "1s/heap_v2.*/heap_v2\/$digits/" "$dir/heap_profile"
	refused 1 '/heap_profile:1: damaged: ' "$dir"
done
for frames in 0x0 0x1ffffffffffffffff "$(printf '0x1%.0s ' $(seq 65))"; do
	copy
	sed -i "3s/@.*/@ ${frames% }/" "$dir/heap_profile"
	refused 1 '/heap_profile:3: truncated, or no line of a heap profile$' "$dir"
done
copy
rm "$dir/spans"
awk 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "objects") at = i } NR == 2 { $at = 70000 } { print }' \
	"$snapshots/load/5/sizeclasses" >"$dir/sizeclasses"
refused 1 '/sizeclasses:2: damaged: objects is 70000: out of range$' "$dir"
for time in nan inf -inf 1e999 x; do
	copy
	echo $time >"$dir/time"
	refused 1 '/time:1: damaged: not seconds since 1970$' "$dir"
done
copy
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
	cp -r "$top/scripts/goalloc-report" "$top/scripts/report" "$tmp/"
	chmod -R a+rX "$tmp/report" "$dir"
	chmod 400 "$dir/pagemap"
	setpriv --reuid 65534 --clear-groups "$tmp/goalloc-report" "$dir" -o - >"$tmp/out" 2>"$tmp/err"
	same 'the status without rights' $? 1
	grep -q '/pagemap: Permission denied$' "$tmp/err" || complain "without rights: $(cat "$tmp/err")"
fi
verdict 'what is missing or wrong is refused in one line, with status 1'

copy
sed -i 's/^pagemap 1/pagemap 2/' "$dir/version"
refused 1 '/version:6: pagemap has format 2, and only 1 is known$' "$dir"
for file in stats sizeclasses heaps spans arenas pagemap mcache callers; do
	copy
	sed -i "1i # goalloc $file 2" "$dir/$file"
	refused 1 "/$file:1: format 2, and only 1 is known\$" "$dir"
	sed -i '1s/2$/1/' "$dir/$file"
	says "$report" "$dir" -o "$tmp/none.html"
done
rm -rf "$tmp/more"
mkdir "$tmp/more"
dir=$tmp/more/5
cp -r "$snapshots/load/5" "$dir"
for file in sizeclasses heaps spans arenas pagemap mcache; do
	awk '{ print $0, NR == 1 ? "last" : -1 }' "$snapshots/load/5/$file" >"$dir/$file"
done
echo 'Other: of 7 sorts' >>"$dir/stats"
for pair in "want:$snapshots/load/5" "got:$dir"; do
	page=${pair%%:*}
	"$report" "${pair#*:}" --kallsyms "$snapshots/load/kallsyms" --dmesg "$snapshots/load/dmesg" -o "$tmp/$page.html"
	says "$against" numbers "$tmp/$page.html" "$snapshots/load/5"
	sed "s|${pair#*:} · made 20[0-9: -]*|DIR|" "$tmp/$page.html" >"$tmp/$page"
done
same 'the lines with the directory' "$(grep -c '>DIR<' "$tmp/want" "$tmp/got" | sed 's/.*://' | tr '\n' ' ')" '1 1 '
cmp "$tmp/want" "$tmp/got" || complain 'with new columns the page is another one'
verdict 'another version is refused; lines and columns that are added change nothing'

refused 2 'give both or none' --every 1 "$snapshots/busy"
refused 2 'of one DIR' --save "$tmp/x" "$snapshots/busy" "$snapshots/idle"
for arguments in --none '--every 0 --count 1' '--every x --count 1' '--every 1 --count 0' '--every 1 --count 1.5' '--order size' -o; do
	refused 2 . "$snapshots/busy" $arguments
done
# unwritten FILE: no report can be written there; one line says so.
unwritten()
{
	"$report" "$snapshots/busy" -o "$1" 2>"$tmp/err"
	same "the status for $1" $? 1
	same "the lines said for $1" "$(wc -l <"$tmp/err") $(grep -c "^goalloc-report: $1: [A-Z][a-z ]*\$" "$tmp/err")" '1 1'
}

unwritten /dev/full
[ -c /dev/full ] || complain '/dev/full is no device any more'
unwritten - >/dev/full
unwritten "$tmp/none/x.html"
byte=$(printf '\377')
mkdir "$tmp/odd"
cp -r "$snapshots/busy" "$tmp/odd/$byte"
"$report" "$tmp/odd/$byte" --title "a $byte" -o "$tmp/odd/x.html" 2>"$tmp/err" || complain "a byte that is no text: $(tail -n 1 "$tmp/err")"
grep -q '<title>a .udcff</title>' "$tmp/odd/x.html" || complain 'a byte that is no text is not in the title'
"$report" "$tmp/odd/$byte" -o - >"$tmp/odd/y.html" 2>"$tmp/err" || complain "a byte that is no text: $(tail -n 1 "$tmp/err")"
says "$against" interrupted "$snapshots/busy"
verdict 'usage errors end with status 2, a report that cannot be written with 1'

# A series of what changes, and the same report of what was kept of it.
ln -sfn "$snapshots/load/3" "$tmp/now"
{ sleep 1; ln -sfn "$snapshots/load/5" "$tmp/now"; } &
says "$report" "$tmp/now" --every 1.5 --count 2 --save "$tmp/kept" -o "$tmp/taken.html"
wait
for pair in 1:3 2:5; do
	for file in stats pagemap heap_profile; do
		cmp -s "$tmp/kept/0000${pair%:*}/$file" "$snapshots/load/${pair#*:}/$file" || complain "$file of ${pair%:*} was not kept"
	done
done
says "$report" "$tmp/kept" -o "$tmp/kept.html"
says "$against" numbers "$tmp/kept.html" "$tmp/kept/00001" "$tmp/kept/00002"
same_page()
{
	for page in taken kept; do
		sed 's/ · made 20[0-9: -]*//' "$tmp/$page.html" >"$tmp/$page.page"
	done
	cmp "$tmp/taken.page" "$tmp/kept.page" || complain "of what was kept there is another report"
}
same_page
refused 1 "kept: it has snapshots already: " "$snapshots/busy" --save "$tmp/kept"
refused 1 "00002: it has snapshots already: " "$snapshots/busy" --every 0.1 --count 2 --save "$tmp/kept/00002"
same 'the snapshots taken' "$(grep -o '<div class="answer"' "$tmp/taken.html" | wc -l)" 2
same 'the growth' "$(grep -c 'Most has grown since' "$tmp/taken.html")" 1
# With the symbols and the log, given or beside the snapshot, and for nobody else.
umask 022
for how in "$snapshots/load/5" "$tmp/alone --kallsyms $snapshots/load/kallsyms --dmesg $snapshots/load/dmesg"; do
	rm -rf "$tmp/alone" "$tmp/new"
	cp -r "$snapshots/load/5" "$tmp/alone"
	says "$report" $how --save "$tmp/new" -o "$tmp/taken.html"
	says "$report" "$tmp/new" -o "$tmp/kept.html"
	same_page
	for file in kallsyms dmesg; do
		cmp -s "$tmp/new/$file" "$snapshots/load/$file" || complain "$file was not kept"
	done
	says "$against" log "$tmp/kept.html" "$snapshots/load/dmesg"
	same 'what others may read' "$(find "$tmp/new" -perm /077 | wc -l) of $(find "$tmp/new" | wc -l)" "0 of $(($(find "$snapshots/load/5" | wc -l) + 3))"
	same 'the rights to the page' "$(stat -c %a "$tmp/taken.html")" 644
done
refused 1 "none: No such file" "$snapshots/busy" --save "$tmp/new2" --kallsyms "$tmp/none"
cp -r "$snapshots/busy" "$tmp/kept/0000"
touch -d 2030-01-01 "$tmp/kept/0000/stats"
"$report" "$tmp/kept" --order time -o "$tmp/order.html"
same 'the last one by time' "$(grep -o '"name":"0[0-9]*"' "$tmp/order.html" | tail -n 1)" '"name":"0000"'
verdict '--every, --count, --save and --order: a series, and the same of what was kept'

for option in $("$report" --help | grep -o -- '--[a-z]*' | sort -u); do
	grep -qF -- "\\-\\-${option#--}" "$top/scripts/report/goalloc-report.8" || complain "not in the manual: $option"
done
if command -v mandoc >/dev/null; then
	says mandoc -Tlint "$top/scripts/report/goalloc-report.8"
elif command -v man >/dev/null; then
	! man --warnings -E UTF-8 -l -Tutf8 -Z "$top/scripts/report/goalloc-report.8" 2>&1 >/dev/null |
		grep -v "can't set the locale" || complain 'the manual has warnings'
fi
"$top/scripts/install-tools.sh" tools
make -C "$top/tools" O="$top/build/tools" DESTDIR="$tmp/root" install >"$tmp/log" 2>&1 || complain "$(tail -n 5 "$tmp/log")"
says "$tmp/root/usr/local/sbin/goalloc-report" "$snapshots/load" -o "$tmp/installed.html"
says "$against" numbers "$tmp/installed.html" "$snapshots"/load/[1-5]
verdict 'all options are in the manual; it runs where it is installed'

# --- in a browser

("$top/scripts/install-tools.sh" browser) >"$tmp/log" 2>&1
if python3 -B -c 'import sys; sys.path.insert(0, sys.argv[1]); import browser; sys.exit(not browser.find())' "$top/selftests"; then
	cp -r "$snapshots/load/5" "$tmp/big" && rm "$tmp/big/spans" "$tmp/big/arenas"
	"$against" big "$tmp/big"
	begin=$(date +%s)
	"$report" "$tmp/big" --kallsyms "$snapshots/load/kallsyms" -o "$pages/big.html" || complain 'no page of 16 GiB'
	echo "# its page took $(($(date +%s) - begin)) s to make and has $(wc -c <"$pages/big.html") bytes"
	"$browser" "$pages" "$logs" >"$tmp/results" 2>&1 || complain "$(tail -n 3 "$tmp/results")"
	while read -r line; do
		case $line in
		'ok '*) verdict "${line#ok }" ;;
		'not ok '*) complain 'see above'; verdict "${line#not ok }" ;;
		*) printf '%s\n' "$line" ;;
		esac
	done <"$tmp/results"
else
	"$browser" --names >"$tmp/names"
	while read -r name; do
		number=$((number + 1))
		echo "ok $number - $name # SKIP no chromium"
	done <"$tmp/names"
fi
exit $failed
