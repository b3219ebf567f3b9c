#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# check-model.sh [full]: model-check the span state protocol with spin.
#
# The protocol must hold, and each defect that scripts/model/mspan.pml can be
# built with must be found: a checker that finds nothing proves nothing.  The
# search is exhaustive either way; "full" gives the processes more to do (9 GB
# of states, and five minutes).  Prints KTAP.

set -eu

model=$(cd "$(dirname "$0")" && pwd)/model/mspan.pml
bounds="-DALLOCS=2 -DDRAINS=2"
[ "${1-}" = full ] && bounds="-DALLOCS=3 -DDRAINS=3"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

if [ "$(id -u)" -eq 0 ] && ! { command -v spin && command -v cc; } >/dev/null; then
	apt-get install -y --no-install-recommends spin gcc libc6-dev >/dev/null 2>&1 || :
fi
if ! command -v spin >/dev/null; then
	echo "1..1"
	echo "not ok 1 - spin is not installed: on Debian, apt-get install spin"
	exit 1
fi

# Run the checker built with defect $1; leaves its output in ./out.  The last one shows
# only when the owner allocates an object three times.
check()
{
	[ "$1" -lt 8 ] || bounds="-DALLOCS=3 -DDRAINS=1"
	# shellcheck disable=SC2086 # bounds are words
	spin -DBREAK="$1" $bounds -a "$model" >spin.log 2>&1 &&
		cc -O2 -w -DSAFETY -DCOLLAPSE -DMEMLIM=12000 -o pan pan.c &&
		./pan -m500000 >out 2>&1
}

n=0
failed=0
result()
{
	n=$((n + 1))
	echo "$1 $n - $2"
	[ "$1" = ok ] || failed=1
}

echo "KTAP version 1"
echo "1..11"
check 0 || :
states=$(awk '/ states, stored/ { printf "%d", $1 }' out)	# from 10^8 on it is 1.23e+08
if grep -q 'errors: 0$' out && ! grep -q 'max search depth too small\|out of memory' out; then
	result ok "no object is lost or handed out twice ($states states)"
else
	cat out spin.log
	result "not ok" "no object is lost or handed out twice"
fi
for defect in 1 2 3 4 5 6 7 8 9 10; do
	what=$(sed -n "s/^ \*	$defect  *//p" "$model")
	check "$defect" || :
	found=$(sed -n 's/.*assertion violated *\(.*\) (at depth.*/\1/p' out | head -n 1)
	if [ -n "$found" ]; then
		result ok "found: $what: violates $found"
	else
		result "not ok" "not found: $what"
	fi
done
exit $failed
