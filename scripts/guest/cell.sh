#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In the guest of `make test`: the suites run when their module is loaded and
# report on the console.  Before that, what needs the fault injection of a kernel that
# has KUnit.

./run_tests.sh ./fault_*.sh || failed=1
insmod goalloc.ko || exit 1
echo "goalloc-test: kunit begins" >/dev/kmsg
insmod goalloc_kunit.ko || exit 1
echo "goalloc-test: kunit ends" >/dev/kmsg
rmmod goalloc_kunit && rmmod goalloc && exit "${failed-0}"
