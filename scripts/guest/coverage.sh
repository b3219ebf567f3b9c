#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# coverage.sh: in the guest of `make coverage`.  Runs all tests, then prints the
# counters of goalloc's lines as a tar archive in base64.  The kernel keeps those of
# modules that are gone.

sh cell.sh ./fault_*.sh
for test in ./test_*.sh; do
	GOALLOC_GUEST=1 STRESS_SECONDS=10 ./run_tests.sh "$test"
	# What a test leaves behind when it fails is not the next one's concern.
	awk '/^goalloc_/ { print $1 }' /proc/modules | xargs -r rmmod
	! grep -q '^goalloc ' /proc/modules || rmmod goalloc
done

cd /sys/kernel/debug/gcov || exit 1
# The files say that they are empty: read them out first.
mkdir /tmp/gcda
find . -path '*/goalloc/*.gcda' | while read -r file; do
	cat "$file" >"/tmp/gcda/${file##*/}"
done
echo "goalloc-gcda: begins"
tar -C /tmp/gcda -c -z -f - . | base64
echo "goalloc-gcda: ends"
