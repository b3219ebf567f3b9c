#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In the guest of `make test`: the suites run when their module is loaded and
# report on the console.

insmod goalloc.ko || exit 1
echo "goalloc-test: kunit begins" >/dev/kmsg
insmod goalloc_kunit.ko || exit 1
echo "goalloc-test: kunit ends" >/dev/kmsg
rmmod goalloc_kunit && rmmod goalloc
