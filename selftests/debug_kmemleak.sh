#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Promise, on a kernel with kmemleak: it sees goalloc's objects.  What the tests before
# this one left behind is nothing; objects that a client holds are not taken for leaks;
# objects that it leaks are reported, small and large; and once freed no more is said.

cd "$(dirname "$0")" || exit 1
# shellcheck source=selftests/lib.sh
. ./lib.sh
report=/sys/kernel/debug/kmemleak
age=6		# s: kmemleak judges no object that is younger than five

# An object is reported when two scans find no pointer to it and it did not change.
scan()
{
	sleep $age
	echo scan >$report
	sleep $age
	echo scan >$report
}

# leaks [SIZE]: how many reports name goalloc, or a module that is gone (an address
# without a name); of them only objects of so many bytes.
leaks()
{
	awk -v size="${1-}" '
		function end() { n += ours && (size == "" || bytes == size) }
		/^unreferenced object/ { end(); ours = 0; bytes = $5 + 0 }
		/\[goalloc|^    0x[0-9a-f]+$/ { ours = 1 }
		END { end(); print n + 0 }' "$report"
}

none()
{
	scan
	[ "$(leaks)" -eq 0 ] || { sed 's/^/# /' "$report"; false; }
}

# reported SIZE OBJECTS LEAST: a stale word anywhere that looks like a pointer into an
# object hides it, and the larger it is the more of them there are.
reported()
{
	echo "# $(leaks "$1") of $2 objects of $1 bytes are reported"
	[ "$(leaks "$1")" -ge "$3" ] && [ "$(leaks "$1")" -le "$2" ]
}

# not_reported SIZE...
not_reported()
{
	scan
	for size; do
		[ "$(leaks "$size")" -eq 0 ] || { sed 's/^/# /' "$report"; return 1; }
	done
}

[ -e $report ] || skip_all 'needs kmemleak'

plan 7
check "the tests before left nothing behind" none
insmod ./goalloc.ko || exit 1
insmod ./goalloc_leak.ko leak=1 sizes=100,1100,40000,72 counts=50,50,20,50 noscan=0,1,0,0 || exit 1
check "what a client holds is no leak" none
rmmod goalloc_leak
scan
check "small objects that it leaks are reported" reported 100 50 25
check "objects without pointers as well" reported 1100 50 25
check "large objects as well" reported 40000 20 1
check "objects of a size that the compiler knew as well" reported 72 50 25
echo clear >"$report"
rmmod goalloc
insmod ./goalloc.ko
# Of other sizes: of those that were leaked before, more may come to light.
insmod ./goalloc_leak.ko sizes=200,1500,50000 counts=50,50,20 noscan=0,1,0 || exit 1
rmmod goalloc_leak
check "objects that it frees are not" not_reported 200 1500 50000
rmmod goalloc || failed=1
exit $failed
