#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# make test-all: the test matrix, one cell after the other, then a table of the
# results.  The last line is "N passed, N failed".
#
# test-all.sh [--budget MINUTES] [--except CELL]... [CELL...]: these cells (all).
# TESTS in the environment are the only ones of them that run, and no KUnit.
# Without time left a cell does not start: it is listed as not run, and counts as
# nothing.  scripts/cells.sh says what the cells are; build/logs/CELL.* is what they
# said.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/cells.sh"

start=$(date +%s)
budget='' except=' ' only=${TESTS-}
while :; do
	case ${1-} in
	--budget) budget=$2; shift ;;
	--except) except="$except$2 "; shift ;;
	-*) die "test-all.sh: no such option: $1" ;;
	*) break ;;
	esac
	shift
done

# shellcheck disable=SC2086 # a list of words
[ $# -gt 0 ] || set -- $cells
wanted=
for cell; do
	describe "$cell"
	case $except in
	*" $cell "*) continue ;;
	esac
	wanted="$wanted $cell"
	[ "$arch" = x86 ] || foreign=$arch
done
# shellcheck disable=SC2086
set -- $wanted

# What failed and what the test said of it, and what was not tested; all of it is in
# the logs.
show()
{
	awk '
		/^ *not ok |\[FAILED\]/ { printf "%s%s\n", said, $0; said = ""; bad = 1; next }
		/# SKIP|\[SKIPPED\]|^# .*(exit status|missing|timed out)/ { print; next }
		/^ *(ok|KTAP) / { said = ""; bad = 0; next }
		/^ *# / { if (bad) print; else said = said $0 "\n" }' >&2
}

format='%-12s %-12s %6s %6s %7s %6s %6s\n'
table=$logs/table
# shellcheck disable=SC2059 # the format
row() { printf "$format" "$@" >>"$table"; }

: >"$table"
row CELL RESULT PASSED FAILED SKIPPED BUILD RUN
"$top/scripts/install-tools.sh" module boot kernel ${foreign:+"$foreign"}

number=0 late=0 all_passed=0 all_failed=0 all_skipped=0
for cell; do
	number=$((number + 1))
	if [ -n "$budget" ] && [ $(($(date +%s) - start)) -ge $((budget * 60)) ]; then
		echo "$cell" | awk '{ printf "%-12s not run: no time left\n", $1 }' >>"$table"
		late=$((late + 1))
		continue
	fi
	describe "$cell"
	# shellcheck disable=SC2154 # set by describe
	step "[$number/$#] $cell: $about"
	passed=0 failed=0 skipped=0
	run_cell "$cell" || failure "$cell: could not run to its end"
	result=passed
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ] || result=FAILED
	# shellcheck disable=SC2154 # set by run_cell
	row "$cell" "$result" "$passed" "$failed" "$skipped" "$build_seconds" "$run_seconds"
	all_passed=$((all_passed + passed))
	all_failed=$((all_failed + failed))
	all_skipped=$((all_skipped + skipped))
done

echo
cat "$table"
echo "BUILD (kernel and modules) and RUN in seconds; $(($(date +%s) - start)) s in all"
[ "$all_skipped" -eq 0 ] || echo "$all_skipped skipped: marked SKIP in build/logs"
[ "$late" -eq 0 ] || echo "$late of $# cells not run: no time left"
echo "$all_passed passed, $all_failed failed"
[ "$all_failed" -eq 0 ] && [ "$all_passed" -gt 0 ]
