#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Promise: goalloc-pprof makes of a heap profile what it says: a profile.proto with the
# symbols and the un-sampled counts, which "go tool pprof" opens where Go is installed,
# and a flame graph.  What is no profile, truncated or of another version is refused with
# one line and exit status 1.
#
# profile-heap.txt and profile-kallsyms.txt are the example; its numbers are worked out
# by hand below.

here=$(cd "$(dirname "$0")" && pwd) || exit 1
heap=$here/profile-heap.txt
kallsyms=$here/profile-kallsyms.txt
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
number=0
failed=0

pprof() { "$here/../scripts/goalloc-pprof" --kallsyms "$kallsyms" "$@"; }

# check WHAT COMMAND...: a result; what it says is shown if it fails.
check()
{
	number=$((number + 1))
	what=$1
	shift
	if "$@" >"$tmp/log" 2>&1; then
		echo "ok $number - $what"
	else
		sed 's/^/# /' "$tmp/log"
		echo "not ok $number - $what"
		failed=1
	fi
}

skip()
{
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}

# decode FILE: the profile as text, read by the definition of the format and nothing else.
decode()
{
	python3 - "$1" <<-'PYTHON'
	import gzip, sys

	def fields(data):
	    at = 0
	    def varint():
	        nonlocal at
	        value = shift = 0
	        while True:
	            byte = data[at]
	            at += 1
	            value |= (byte & 0x7f) << shift
	            shift += 7
	            if byte < 0x80:
	                return value
	    while at < len(data):
	        key = varint()
	        value = varint()
	        if key & 7 == 2:
	            at += value
	            value = data[at - value:at]
	        yield key >> 3, value

	def numbers(data):
	    # as a field that has the number, for each of them
	    out, value, shift = [], 0, 0
	    for byte in data:
	        value |= (byte & 0x7f) << shift
	        shift += 7
	        if byte < 0x80:
	            out.append(value)
	            value = shift = 0
	    return out

	top = list(fields(gzip.open(sys.argv[1]).read()))
	strings = [value.decode() for field, value in top if field == 6]
	functions = {dict(fields(v))[1]: strings[dict(fields(v))[2]] for f, v in top if f == 5}
	modules = {dict(fields(v))[1]: strings[dict(fields(v))[5]] for f, v in top if f == 3}
	locations = {}
	for field, value in top:
	    if field == 4:
	        loc = dict(fields(value))
	        name = functions[dict(fields(loc[4]))[1]]
	        locations[loc[1]] = f"{modules[loc[2]]}:{name}@{loc.get(3, 0):x}"
	for field, value in top:
	    if field in (1, 11):
	        kind = dict(fields(value))
	        print("type" if field == 1 else "period", strings[kind[1]], strings[kind[2]])
	    elif field == 2:
	        sample = dict(fields(value))
	        label = dict(fields(sample[3]))
	        print("sample", *numbers(sample[2]), *(locations[n] for n in numbers(sample[1])),
	              f"{strings[label[1]]}={label[3]}")
	    elif field == 12:
	        print("rate", value)
	    elif field == 14:
	        print("default", strings[value])
	print("first string", repr(strings[0]))
	PYTHON
}

# 64 bytes at a rate of 524288: each stands for 8192.5; 524288 bytes: for 1.58198; 1000
# bytes: for 524.788.  Integers are rounded down, as Go does.
proto_is_right()
{
	pprof -o "$tmp/heap.pb.gz" "$heap" || return
	decode "$tmp/heap.pb.gz" >"$tmp/got" || return
	diff - "$tmp/got" <<-'END'
	type alloc_objects count
	type alloc_space bytes
	type inuse_objects count
	type inuse_space bytes
	sample 32770 2097280 16385 1048640 client:make_small@ffffffffc020100f client:make_many@ffffffffc0201117 kernel:do_work@ffffffff8100013f bytes=64
	sample 1 829411 1 829411 client:make_large@ffffffffc0202003 kernel:do_work@ffffffff8100013f bytes=524288
	sample 524 524788 0 0 kernel:(unknown)@0 bytes=1000
	period space bytes
	rate 524288
	default inuse_space
	first string ''
	END
}

# With a rate of 1 nothing is scaled.
rate_1_is_exact()
{
	sed 's,/524288,/1,' "$heap" >"$tmp/exact" && pprof -o "$tmp/exact.pb.gz" "$tmp/exact" || return
	decode "$tmp/exact.pb.gz" >"$tmp/got"
	grep '^sample 4 256 2 128 ' "$tmp/got" && grep '^sample 1 1000 0 0 ' "$tmp/got"
}

flame_is_right()
{
	pprof --flame "$tmp/heap.svg" "$heap" || return
	python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$tmp/heap.svg" ||
		return
	grep '<title>all: 1878051 (100.0 %)</title>' "$tmp/heap.svg" &&
		grep '<title>make_small: 1048640 (55.8 %)</title>' "$tmp/heap.svg" &&
		grep '<title>make_large: 829411 (44.2 %)</title>' "$tmp/heap.svg" &&
		! grep -E '<script|xlink|href|unknown' "$tmp/heap.svg"
}

# refused REGEXP FILE [OPTION...]: with one line on standard error, and nothing written.
refused()
{
	regexp=$1 file=$2
	shift 2
	status=0
	pprof "$@" -o "$tmp/refused" "$file" >"$tmp/out" 2>"$tmp/err" || status=$?
	cat "$tmp/out" "$tmp/err"
	[ "$status" -eq 1 ] && [ ! -s "$tmp/out" ] && [ ! -e "$tmp/refused" ] &&
		[ "$(wc -l <"$tmp/err")" -eq 1 ] && grep -qE "^goalloc-pprof: .*$regexp" "$tmp/err"
}

# Wherever the file is cut, but behind its last line.
truncated_is_refused()
{
	bytes=$(wc -c <"$heap")
	cut=1
	while [ "$cut" -lt "$bytes" ]; do
		head -c "$cut" "$heap" >"$tmp/cut"
		line=$(($(wc -l <"$tmp/cut") + 1))
		if [ "$cut" -lt 13 ]; then
			refused 'not a heap profile' "$tmp/cut"
		else
			refused "(cut:$line: truncated|cut:1: )" "$tmp/cut"
		fi || { echo "cut at $cut"; return 1; }
		cut=$((cut + 7))
	done
	sed 4d "$heap" >"$tmp/cut"
	refused 'cut:1: .*add up' "$tmp/cut"
}

other_versions_are_refused()
{
	sed 's/heap_v2/heap_v3/' "$heap" >"$tmp/version"
	refused 'version:1: a heap profile of another version: heap_v3/524288' "$tmp/version"
}

nonsense_is_refused()
{
	refused 'not a heap profile' "$kallsyms" &&
		refused 'not a heap profile' /dev/null &&
		refused 'No such file' "$tmp/absent" || return
	sed '3s/0x/zz/' "$heap" >"$tmp/damaged"
	refused 'damaged:3: ' "$tmp/damaged" || return
	sed 's/^[0-9a-f]*/0000000000000000/' "$kallsyms" >"$tmp/hidden"
	refused 'hidden: the addresses are hidden' "$heap" --kallsyms "$tmp/hidden" &&
		refused 'no symbols' "$heap" --kallsyms /dev/null || return
	for frames in 0x0 0x1ffffffffffffffffffffff "$(printf '0x1%.0s ' $(seq 2000))"; do
		sed "3s/@.*/@ ${frames% }/" "$heap" >"$tmp/frames"
		refused 'frames:3: truncated, or no line' "$tmp/frames" || return
	done
	for digits in 18446744073709551616 "$(printf %05000d 0 | tr 0 9)"; do
		sed "3s/128/$digits/" "$heap" >"$tmp/large"
		refused 'large:3: damaged: ' "$tmp/large" || return
		sed "1s/524288$/$digits/" "$heap" >"$tmp/large"
		refused 'large:1: damaged: ' "$tmp/large" || return
	done
	head -c 150 "$kallsyms" >"$tmp/short"
	refused 'short:6: truncated: ' "$heap" --kallsyms "$tmp/short"
}

go_pprof()
{
	PPROF_TMPDIR=$tmp HOME=$tmp go tool pprof -symbolize=none "$@" 2>/dev/null
}

go_opens_it()
{
	go_pprof -raw "$tmp/heap.pb.gz" >"$tmp/got" || return
	cat "$tmp/got"
	grep -q 'alloc_objects/count alloc_space/bytes inuse_objects/count inuse_space/bytes' "$tmp/got" &&
		go_pprof -top -unit=B "$tmp/heap.pb.gz" >"$tmp/top" || return
	cat "$tmp/top"
	grep -qE '^ *1048640B .* make_small$' "$tmp/top" && grep -qE ' 1878051B .* do_work$' "$tmp/top"
}

# Go un-samples the kernel's file by itself: the same numbers.  (It drops what has no stack.)
go_agrees()
{
	go_pprof -raw "$heap" | sed -n '/^Samples/,/^Locations/s/^ *\([0-9 ]*\):.*/\1/p' |
		awk '{ print $1, $2, $3, $4 }' | sort >"$tmp/text"
	decode "$tmp/heap.pb.gz" | awk '/^sample/ && !/unknown/ { print $2, $3, $4, $5 }' |
		sort >"$tmp/proto"
	[ "$(wc -l <"$tmp/text")" -eq 2 ] && diff "$tmp/text" "$tmp/proto"
}

# While it waits for the profile.
interrupt_is_told()
{
	mkfifo "$tmp/fifo"
	timeout -s INT 2 "$here/../scripts/goalloc-pprof" -o "$tmp/none" "$tmp/fifo" 2>"$tmp/said"
	[ "$(cat "$tmp/said")" = 'goalloc-pprof: interrupted' ] && [ ! -e "$tmp/none" ]
}

echo 'KTAP version 1'
echo '1..10'
check 'profile.proto: types, scaled values, symbols, modules' proto_is_right
check 'at rate 1 nothing is scaled' rate_1_is_exact
check 'flame graph: well formed, by itself, with the sums' flame_is_right
check 'a truncated profile is refused' truncated_is_refused
check 'another version is refused' other_versions_are_refused
check 'what is no profile is refused' nonsense_is_refused
("$here/../scripts/install-tools.sh" go) >"$tmp/log" 2>&1
if command -v go >/dev/null; then
	check 'go tool pprof opens it' go_opens_it
	check 'go tool pprof scales the text in the same way' go_agrees
else
	skip 'go tool pprof opens it' 'needs golang-go'
	skip 'go tool pprof scales the text in the same way' 'needs golang-go'
fi
check 'interrupted, it says so in a line' interrupt_is_told
check '--help says what it does' pprof --help
exit $failed
