# SPDX-License-Identifier: GPL-2.0
# Sourced after lib.sh by the scripts that run tests in QEMU.  A cell of the test
# matrix is a kernel, a machine, and what runs there; run_cell runs one.  Whoever
# sources this defines show(), a filter for what the tests printed.
# shellcheck shell=sh
# shellcheck disable=SC2154 # lib.sh sets $top and $logs
#
# A crash, a hang, a kernel splat and a result that never came are failures.

# All cells, in order of value for their time.  The first two are what `make test` runs.
# shellcheck disable=SC2034
cells="kunit-6.1 stock-6.1 stock-7.3 clients-7.3 debug stock-6.12 numa memory kunit-7.3 clients-6.1
	kcsan rt kunit-6.12 clients-6.12 arm64"

only=''

# describe CELL: what it is.
#
#	series		of the kernel
#	kernel		stock, or the NAME for build-kernel.sh
#	fragments	of scripts/configs, beside kunit/.kunitconfig and vm
#	tests		patterns of selftests/; KUnit runs on every kernel that has it
#	stress		seconds of the stress test
#	limit		seconds until the guest counts as hung
#	machine		options for boot-qemu.sh
#	arch		GOALLOC_ARCH
#	guest		variables of the environment in the guest
#	about		for people
#
# $only has the tests that are wanted alone.  Who wants them for longer has STRESS_SECONDS or
# SUMS_READS in the environment.
describe()
{
	kernel=kunit fragments=fault tests='test_stress.sh fault_*.sh' stress=20 limit=900 machine='' arch=x86
	guest=''
	case $1 in
	stock-6.1 | stock-6.12 | stock-7.3)
		series=${1#*-} kernel=stock tests='test_*.sh' stress=60 limit=1200
		about="the selftests on Debian's Linux $series" ;;
	kunit-6.1 | kunit-6.12 | kunit-7.3)
		series=${1#*-} tests='fault_*.sh' limit=600
		about="the KUnit suites on Linux $series" ;;
	clients-6.1 | clients-6.12 | clients-7.3)
		series=${1#*-} kernel=stock tests='clients_*.sh'
		about="the drop-in's clients on Debian's Linux $series" ;;
	debug)
		series=6.12 kernel=debug fragments="fault debug"
		# test_heaps.sh leaks, to see it reported: after what kmemleak is asked.
		tests='test_stress.sh test_replay.sh fault_*.sh debug_*.sh test_heaps.sh'
		about="Linux $series with KASAN, lockdep, UBSAN and kmemleak" ;;
	kcsan)
		series=7.3 kernel=kcsan fragments=kcsan tests=test_stress.sh
		about="Linux $series with the data race detector" ;;
	rt)
		series=7.3 kernel=rt fragments="fault rt"
		about="Linux $series with PREEMPT_RT and lockdep" ;;
	numa)
		series=6.12 tests='test_stress.sh numa_*.sh'
		machine=$numa_machine
		about="Linux $series on four NUMA nodes, one of them without memory" ;;
	memory)
		series=6.12 kernel=stock tests='memory_*.sh'
		about="Debian's Linux $series with little memory" ;;
	arm64)
		series=7.3 kernel=arm64 fragments="fault arm64" arch=arm64
		about="Linux $series for arm64" ;;
	*)
		die "no such cell: $1; there are $cells" ;;
	esac
	tests=${only:-$tests}
	if [ -n "${STRESS_SECONDS-}${SUMS_READS-}" ]; then
		stress=${STRESS_SECONDS:-$stress} limit=3600
		guest="GOALLOC_TEST_TIMEOUT=$limit${SUMS_READS:+ SUMS_READS=$SUMS_READS}"
	fi
}

numa_machine='--cpus 4,sockets=4 --memory 1G --qemu "
	-object memory-backend-ram,id=m0,size=384M -numa node,nodeid=0,cpus=0,memdev=m0
	-object memory-backend-ram,id=m1,size=384M -numa node,nodeid=1,cpus=1,memdev=m1
	-object memory-backend-ram,id=m2,size=256M -numa node,nodeid=2,cpus=2,memdev=m2
	-numa node,nodeid=3,cpus=3"'

# --- results

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

# tally_ktap NAME FILE: what run_tests.sh printed, from its last line, or, when it
# ended early, line by line.
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

# kunit_ktap NAME MODULE: what the console has of its suites, as one KTAP document.
# The plan is the number of suites that the module has; some kernels print one too.
kunit_ktap()
{
	echo "KTAP version 1"
	size -A "$2" | awk '$1 == ".kunit_test_suites" { print "1.." $2 / 8 }'
	sed -n '/goalloc-test: kunit begins/,/goalloc-test: kunit ends/p' "$logs/$1.console" |
		sed 's/^\[ *[0-9]*\.[0-9]*\] //; /^goalloc-test:/d; /^KTAP /d; /^1\.\.[0-9]/d'
}

# tally_kunit NAME MODULE: read by the kernel's own kunit.py.
tally_kunit()
{
	kunit_ktap "$1" "$2" >"$logs/$1.ktap"
	source=$("$top/scripts/fetch-kernel.sh" source "$series") || return
	python3 "$source/tools/testing/kunit/kunit.py" parse "$logs/$1.ktap" >"$logs/$1.kunit" || :
	show <"$logs/$1.kunit"
	for result in passed failed crashed errors skipped; do
		count=$(sed -n "/Testing complete/s/.*$result: \([0-9]*\).*/\1/p" "$logs/$1.kunit")
		eval "kunit_$result=${count:-0}"
	done
	# shellcheck disable=SC2154 # set by eval
	tally "$kunit_passed" $((kunit_failed + kunit_crashed + kunit_errors)) "$kunit_skipped"
	[ "$kunit_passed" -gt 0 ]
}

# --- a cell

# boot NAME OPTIONS KUNIT TESTS: the cell's kernel, with the options for boot-qemu.sh.
# There the module KUNIT is loaded, if not empty, and the tests run.
boot()
{
	name=$1 options=$2 suites=$3 list=$4
	step "$name: booting for ${suites:+KUnit}${list:+ $list}"
	set -- "$top/scripts/guest/cell.sh" "$top"/selftests/*.sh "$top/selftests/traces" "$modules"/goalloc/*.ko
	[ -z "$suites" ] || set -- "$@" "$suites"
	[ -z "$list" ] || set -- "$@" "$modules"/selftests/*.ko
	case $list in
	*clients_*) set -- "$@" "$modules/clients" ;;
	*test_tools* | *test_sums* | *test_stories*)
		set -- "$@" "$top"/build/tools-static/goallocstat "$top"/build/tools-static/goalloctop \
			"$top"/build/tools-static/consistent ;;
	esac
	case $list in
	*test_stories*) set -- "$@" "$top"/Documentation/observability.rst ;;
	esac
	"$top/scripts/mkinitrd.sh" "$top/build/$name.cpio.gz" \
		"STRESS_SECONDS=$stress $guest sh cell.sh $(echo "$list" | sed 's|[^ ]\{1,\}|./&|g')" "$@" || return

	status=0
	eval "set -- $options"
	# From 7.3 on a kernel runs the suites of a module only when told so.
	"$top/scripts/boot-qemu.sh" --cpus 4 --timeout "$limit" --quiet --append kunit.autorun=1 "$@" \
		"$name" "$image" "$top/build/$name.cpio.gz" || status=$?
	case $status in
	2) failure "$name: the kernel complained" ;;
	3) failure "$name: the guest died or hung" ;;
	esac
	[ -s "$logs/$name.console" ] || return

	! grep '^goalloc-kcsan:' "$logs/$name.out" >&2 || failure "$name: the data race detector was off"
	if [ -n "$suites" ]; then
		! grep -q '^goalloc-kunit:' "$logs/$name.out" ||
			failure "$name: a module does not load or unload, see $logs/$name.console"
		tally_kunit "$name" "$suites" || return
	fi
	if [ -n "$list" ]; then
		grep -v '^goalloc-' "$logs/$name.out" | show
		tally_ktap "$name" "$logs/$name.out"
	fi
}

# build_tools: the programs of tools/ for a guest that has no libraries.
build_tools()
{
	"$top/scripts/install-tools.sh" tools
	quietly "$logs/tools.log" make -C "$top/tools" O="$top/build/tools-static" STATIC=1 all consistent
}

# build: the kernel and the modules of the cell that was described.
build()
{
	if [ "$kernel" = stock ]; then
		image=$("$top/scripts/fetch-kernel.sh" image "$series") || return
		modules=$("$top/scripts/build-modules.sh" "$series") || return
		case $tests in
		clients_*) "$top/scripts/build-client.sh" "$series" >/dev/null ;;
		test_*) build_tools ;;
		esac
		return
	fi
	set -- "$top/kunit/.kunitconfig" "$top/scripts/configs/vm.config"
	for fragment in $fragments; do
		set -- "$@" "$top/scripts/configs/$fragment.config"
	done
	kdir=$("$top/scripts/build-kernel.sh" "$series" "$kernel" "$@") || return
	image=$kdir/goalloc-image
	modules=$("$top/scripts/build-modules.sh" "$kdir" kunit ${tests:+selftests}) || return
}

# run_cell CELL: adds its results to $passed, $failed and $skipped, and leaves the
# seconds that it took in $build_seconds and $run_seconds.
run_cell()
{
	describe "$1"
	export GOALLOC_ARCH="$arch"
	build_seconds=$(date +%s) run_seconds=0
	built=0
	build || built=$?
	build_seconds=$(($(date +%s) - build_seconds))
	[ "$built" -eq 0 ] || return
	run_seconds=$(date +%s)
	ran=0
	run_guests "$1" || ran=$?
	run_seconds=$(($(date +%s) - run_seconds))
	return $ran
}

# run_guests CELL: one guest for KUnit and the tests, and one for each test that has
# options for boot-qemu.sh in a line "# GUEST: ...".
run_guests()
{
	together='' alone='' kunit=''
	[ "$kernel" = stock ] || [ -n "$only" ] || kunit=$modules/kunit/goalloc_kunit.ko
	for pattern in $tests; do
		found=$(cd "$top/selftests" && find . -maxdepth 1 -name "$pattern" | sed 's|^./||' | sort)
		[ -n "$found" ] || failure "$1: there is no selftests/$pattern"
		for test in $found; do
			if grep -q '^# GUEST: ' "$top/selftests/$test"; then
				alone="$alone $test"
			else
				together="$together $test"
			fi
		done
	done
	unfinished=0
	[ -z "$kunit$together" ] || boot "$1" "$machine" "$kunit" "${together# }" || unfinished=1
	for test in $alone; do
		boot "$1-${test%.sh}" "$machine $(sed -n 's/^# GUEST: //p' "$top/selftests/$test")" '' "$test" ||
			unfinished=1
	done
	return $unfinished
}
