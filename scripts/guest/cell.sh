#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# cell.sh [TEST...]: what runs in the guest of a cell of the test matrix.  First the
# KUnit suites, if their module is there: they run when it is loaded and report on
# the console.  Then the tests, which report here.

kunit()
{
	insmod goalloc.ko || return
	echo "goalloc-test: kunit begins" >/dev/kmsg
	insmod goalloc_kunit.ko || return
	echo "goalloc-test: kunit ends" >/dev/kmsg
	rmmod goalloc_kunit && rmmod goalloc
}

# The data race detector, where there is one, does not watch until told.
[ ! -e /sys/kernel/debug/kcsan ] || echo on >/sys/kernel/debug/kcsan

[ ! -e goalloc_kunit.ko ] || kunit || echo "goalloc-kunit: a module does not load or unload"
[ $# -eq 0 ] || GOALLOC_GUEST=1 ./run_tests.sh "$@"
status=$?
[ ! -e /sys/kernel/debug/kcsan ] || grep '^setup_watchpoints: [1-9]' /sys/kernel/debug/kcsan ||
	echo "goalloc-kcsan: nothing was watched"
exit $status
