#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# make test: everything that checks goalloc.  The last line is "N passed, N failed".
#
# test.sh PART...: only those parts:
#
#	kunit		the KUnit suites, on a kernel built for them, read by the
#			kernel's own kunit.py
#	selftests	selftests/test_*.sh, on the stock kernel
#	host		selftests/host_*.sh and scripts/check-*.sh, on this machine,
#			meanwhile
#
# A crash, a hang, a kernel splat and a result that never came are failures.

. "$(dirname "$0")/lib.sh"

series=6.1
passed=0 failed=0 skipped=0
[ $# -gt 0 ] || set -- kunit selftests host

# tally PASSED FAILED SKIPPED
tally()
{
	note "$1 passed, $2 failed, $3 skipped"
	passed=$((passed + $1))
	failed=$((failed + $2))
	skipped=$((skipped + $3))
}

# failure WHAT: a failure that no test reported itself.
failure()
{
	note "FAILED: $*"
	failed=$((failed + 1))
}

# boot NAME SECONDS KERNEL COMMAND FILE...: on 4 CPUs.  Says whether there is output
# to read; a crash, a hang and a splat count as one failure each.
boot()
{
	name=$1 seconds=$2 kernel=$3
	shift 3
	"$top/scripts/mkinitrd.sh" "$top/build/$name.cpio.gz" "$@" || return
	status=0
	"$top/scripts/boot-qemu.sh" --cpus 4 --timeout "$seconds" --quiet \
		"$name" "$kernel" "$top/build/$name.cpio.gz" || status=$?
	case $status in
	2) failure "$name: the kernel complained" ;;
	3) failure "$name: the guest died or hung" ;;
	esac
	[ -s "$logs/$name.console" ]
}

# --- KUnit

# kunit_ktap MODULE: what the console has of its suites, as one KTAP document.
# The plan is the number of suites that the module has.
kunit_ktap()
{
	echo "KTAP version 1"
	size -A "$1" | awk '$1 == ".kunit_test_suites" { print "1.." $2 / 8 }'
	sed -n '/goalloc-test: kunit begins/,/goalloc-test: kunit ends/p' "$logs/kunit.console" |
		sed 's/^\[ *[0-9]*\.[0-9]*\] //; /^goalloc-test:/d'
}

# count WORD: how many results kunit.py called that.
count()
{
	grep 'Testing complete' "$logs/kunit.log" | sed -n "s/.*$1: \([0-9]*\).*/\1/p" | grep . || echo 0
}

run_kunit()
{
	kdir=$("$top/scripts/build-kernel.sh" $series kunit \
		"$top/kunit/.kunitconfig" "$top/scripts/configs/vm.config" \
		"$top/scripts/configs/fault.config") || return
	modules=$("$top/scripts/build-modules.sh" "$kdir" kunit) || return

	step "Running the KUnit suites"
	boot kunit 600 "$kdir/arch/x86/boot/bzImage" 'sh kunit.sh' "$top/scripts/guest/kunit.sh" \
		"$top/selftests/run_tests.sh" "$top"/selftests/fault_*.sh \
		"$modules/goalloc/goalloc.ko" "$modules/kunit/goalloc_kunit.ko" || return
	grep -v '^goalloc-' "$logs/kunit.out" >&2 || :
	[ "$status" -ne 1 ] || failure "kunit: a module does not load or unload"
	tally_ktap fault "$logs/kunit.out"

	kunit_ktap "$modules/kunit/goalloc_kunit.ko" >"$logs/kunit.ktap"
	source=$("$top/scripts/fetch-kernel.sh" source $series) || return
	python3 "$source/tools/testing/kunit/kunit.py" parse "$logs/kunit.ktap" >"$logs/kunit.log" || :
	cat "$logs/kunit.log"
	tally "$(count passed)" $(($(count failed) + $(count crashed) + $(count errors))) "$(count skipped)"
	[ "$(count passed)" -gt 0 ]
}

# --- tests that speak KTAP through run_tests.sh

# tally_ktap NAME FILE: from its last line, or, when it ended early, line by line.
tally_ktap()
{
	totals=$(sed -n 's/^# Totals: pass:\([0-9]*\) fail:\([0-9]*\) .* skip:\([0-9]*\) .*/\1 \2 \3/p' "$2")
	if [ -n "$totals" ]; then
		# shellcheck disable=SC2086 # three numbers
		tally $totals
	else
		tally "$(grep -c '^ *ok ' "$2")" "$(grep -c '^ *not ok ' "$2")" 0
		failure "$1: ended early"
	fi
}

run_selftests()
{
	kernel=$("$top/scripts/fetch-kernel.sh" image $series) || return
	modules=$("$top/scripts/build-modules.sh" $series) || return

	step "Running the selftests on the stock kernel"
	boot selftests 1200 "$kernel" 'GOALLOC_GUEST=1 ./run_tests.sh ./test_*.sh' \
		"$top"/selftests/*.sh "$top/selftests/traces" \
		"$modules"/goalloc/*.ko "$modules"/selftests/*.ko || return
	grep -v '^goalloc-' "$logs/selftests.out"
	tally_ktap selftests "$logs/selftests.out"
}

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
