#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# make test: everything that checks goalloc.  The last line is "N passed, N failed".
#
# test.sh [PART...]: only those parts:
#
#	kunit		the KUnit suites, on a kernel built for them, read by the
#			kernel's own kunit.py
#	selftests	selftests/test_*.sh, on the stock kernel
#	host		selftests/host_*.sh and scripts/check-*.sh, on this machine
#
# A crash, a hang, a kernel splat and a result that never came are failures.

. "$(dirname "$0")/lib.sh"

series=6.1
passed=0 failed=0 skipped=0
[ $# -gt 0 ] || set -- kunit selftests host

# tally PASSED FAILED SKIPPED
tally()
{
	note "$1 passed, $2 failed${3:+, $3 skipped}"
	passed=$((passed + $1))
	failed=$((failed + $2))
	skipped=$((skipped + ${3:-0}))
}

# failure WHAT: a failure that no test reported itself.
failure()
{
	note "FAILED: $*"
	failed=$((failed + 1))
}

# build_modules KDIR TARGET
build_modules()
{
	step "Building the modules for $(basename "$1")"
	quietly "$logs/modules-$2.log" make -C "$top" -j "$jobs" KDIR="$1" "$2"
}

# release_of KDIR: what uname -r will say there.
release_of()
{
	sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' "$1/include/generated/utsrelease.h"
}

# boot NAME CPUS SECONDS KERNEL COMMAND FILE...: counts a crash, hang or splat as a failure.
boot()
{
	name=$1 cpus=$2 seconds=$3 kernel=$4
	shift 4
	"$top/scripts/mkinitrd.sh" "$top/build/$name.cpio.gz" "$@"
	status=0
	"$top/scripts/boot-qemu.sh" --cpus "$cpus" --timeout "$seconds" --quiet \
		"$name" "$kernel" "$top/build/$name.cpio.gz" || status=$?
	case $status in
	2) failure "$name: the kernel complained" ;;
	3) failure "$name: the guest died or hung" ;;
	esac
}

# --- KUnit

# kunit_results: the console's KTAP, as one document.
kunit_results()
{
	sed -n '/goalloc-test: kunit begins/,/goalloc-test: kunit ends/p' "$logs/kunit.console" |
		sed 's/^\[ *[0-9]*\.[0-9]*\] //; /^goalloc-test:/d' >"$logs/kunit.body"
	echo "KTAP version 1"
	echo "1..$(grep -c '^ *# Subtest: ' "$logs/kunit.body")"
	cat "$logs/kunit.body"
	rm -f "$logs/kunit.body"
}

# count WORD: how many kunit.py counted as WORD in its last line.
count()
{
	printf '%s\n' "$summary" | sed -n "s/.*$1: \([0-9]*\).*/\1/p" | grep . || echo 0
}

run_kunit()
{
	"$top/scripts/install-tools.sh" kernel boot
	kdir=$("$top/scripts/build-kernel.sh" $series kunit "$top/kunit/.kunitconfig" "$top/scripts/vm.config")
	build_modules "$kdir" kunit || { failure "kunit: the modules do not build"; return; }

	step "Running the KUnit suites on 4 CPUs"
	built=$top/build/$(release_of "$kdir")
	boot kunit 4 600 "$kdir/arch/x86/boot/bzImage" 'sh kunit.sh' "$top/scripts/guest/kunit.sh" \
		"$built/goalloc/goalloc.ko" "$built/kunit/goalloc_kunit.ko"
	grep -q '^goalloc-verdict: 0' "$logs/kunit.out" || { cat "$logs/kunit.out" >&2; failure "kunit: a module does not load or unload"; }

	kunit_results >"$logs/kunit.ktap"
	source=$("$top/scripts/fetch-kernel.sh" source $series)
	python3 "$source/tools/testing/kunit/kunit.py" parse "$logs/kunit.ktap" >"$logs/kunit.log" || :
	cat "$logs/kunit.log"
	summary=$(grep 'Testing complete' "$logs/kunit.log" | tail -n 1)
	tally "$(count passed)" $(($(count failed) + $(count crashed) + $(count errors))) "$(count skipped)"
	[ "$(count passed)" -gt 0 ] || failure "kunit: no results"
}

# --- tests that speak KTAP through run_tests.sh

# tally_ktap NAME FILE: from its last line, or, when it ended early, line by line.
tally_ktap()
{
	totals=$(grep '^# Totals:' "$2" | tail -n 1)
	if [ -n "$totals" ]; then
		# shellcheck disable=SC2046 # three numbers
		tally $(printf '%s\n' "$totals" | sed 's/.*pass:\([0-9]*\) fail:\([0-9]*\).* skip:\([0-9]*\).*/\1 \2 \3/')
	else
		tally "$(grep -c '^ *ok ' "$2")" "$(grep -c '^ *not ok ' "$2")"
		failure "$1: ended early"
	fi
}

run_selftests()
{
	"$top/scripts/install-tools.sh" module boot
	kdir=$("$top/scripts/fetch-kernel.sh" headers $series)
	kernel=$("$top/scripts/fetch-kernel.sh" image $series)
	build_modules "$kdir" selftests || { failure "selftests: the modules do not build"; return; }

	step "Running the selftests on the stock kernel, 4 CPUs"
	built=$top/build/$(release_of "$kdir")
	boot selftests 4 1200 "$kernel" 'GOALLOC_GUEST=1 ./run_tests.sh ./test_*.sh' \
		"$top"/selftests/*.sh "$top/selftests/traces" "$built"/goalloc/*.ko "$built"/selftests/*.ko
	cat "$logs/selftests.out"
	tally_ktap selftests "$logs/selftests.out"
}

run_host()
{
	step "Running the checks on this machine"
	"$top/selftests/run_tests.sh" "$top"/selftests/host_*.sh $(ls "$top"/scripts/check-*.sh 2>/dev/null) |
		tee "$logs/host.out"
	tally_ktap host "$logs/host.out"
}

for part; do
	case $part in
	kunit | selftests | host) "run_$part" ;;
	*) die "test.sh: kunit, selftests or host, not $part" ;;
	esac
done

[ "$skipped" -eq 0 ] || echo "$skipped skipped: they are marked SKIP above"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
