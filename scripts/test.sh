#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# make test: everything that checks goalloc.  The last line is "N passed, N failed".
#
# test.sh PART...: only those parts:
#
#	kunit		the cell kunit-6.1 of the test matrix: the KUnit suites, on a
#			kernel built for them, read by the kernel's own kunit.py
#	selftests	the cell stock-6.1: selftests/test_*.sh, on the stock kernel
#	host		selftests/host_*.sh and scripts/check-*.sh, on this machine,
#			meanwhile

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/cells.sh"

passed=0 failed=0 skipped=0
[ $# -gt 0 ] || set -- kunit selftests host

show() { cat; }
run_kunit() { run_cell kunit-6.1; }
run_selftests() { run_cell stock-6.1; }

# The host's checks need one CPU: they run beside the others and are reported last.
start_host()
{
	"$top/selftests/run_tests.sh" "$top"/selftests/host_*.sh "$top"/scripts/check-*.sh \
		>"$logs/host.out" 2>&1 &
	host=$!
	trap 'kill "$host" 2>/dev/null || :' EXIT
}

run_host()
{
	step "The checks on this machine"
	wait "$host" || :
	cat "$logs/host.out"
	tally_ktap host "$logs/host.out"
}

"$top/scripts/install-tools.sh" module boot kernel

for part; do
	case $part in
	kunit | selftests) ;;
	host) start_host ;;
	*) die "test.sh: kunit, selftests or host, not $part" ;;
	esac
done
for part; do
	"run_$part" || failure "$part: could not run to its end"
done

[ "$skipped" -eq 0 ] || echo "$skipped skipped: marked SKIP above"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
