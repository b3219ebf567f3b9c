#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# run_tests.sh TEST...: run test programs and print KTAP.  Exit status 1 if any failed.
#
# A test either prints KTAP itself, plan first, or lets its exit status speak:
# 0 pass, 4 skip, anything else fail.  The last line counts every result as
# kselftest does; planned results that never came count as failures.

limit=${GOALLOC_TEST_TIMEOUT:-600}

[ -e "${1-}" ] || { echo "run_tests.sh: no such test: ${1-}" >&2; exit 1; }

echo "KTAP version 1"
echo "1..$#"

for test; do
	echo "@@begin ${test##*/}"
	# In the guest, let the kernel's log tell which test it was.
	[ -z "${GOALLOC_GUEST-}" ] || echo "goalloc-test: ${test##*/}" >/dev/kmsg
	timeout "$limit" "$test" 2>&1 </dev/null
	printf '\n@@end %s\n' $?
done | awk -v tests=$# '
# Results go one level in, under a header of their own; what else a test says
# becomes a comment.
function header() {
	if (!nested)
		printf "    KTAP version 1\n    # Subtest: %s\n", name
	nested = 1
}
function result(good, directive) {
	number++
	printf "%s %d - %s%s\n", good ? "ok" : "not ok", number, name, directive
	fflush()
}

/^@@begin / {
	name = $2
	nested = planned = pass = fail = skip = 0
	next
}
/^@@end / {
	status = $2
	missing = planned - pass - fail - skip
	if (status == 124 || status == 143)
		print "# " name ": timed out"
	else if (status != 0 && status != 4)
		print "# " name ": exit status " status
	if (nested && missing > 0) {
		print "# " name ": " missing " planned results are missing"
		fail += missing
	}
	if (!pass && !fail && !skip) {
		pass = status == 0
		skip = status == 4
		fail = !pass && !skip
	} else if (status != 0 && status != 4 && !fail) {
		fail = 1
	}
	result(!fail, skip && !pass && !fail ? " # SKIP" : "")
	passes += pass; fails += fail; skips += skip
	next
}

/^KTAP version|^TAP version/ { header(); next }
/^1\.\.[0-9]+/ { header(); planned = substr($1, 4) + 0; print "    " $0; next }
/^(ok|not ok) / {
	header()
	if (/# SKIP/)
		skip++
	else if (/^ok/)
		pass++
	else
		fail++
	print "    " $0
	fflush()
	next
}
/^$/ { next }
{ print "    " (/^#/ ? "" : "# ") $0; fflush() }

END {
	if (number < tests) {
		print "# " tests - number " of " tests " tests did not run to their end"
		fails += tests - number
	}
	printf "# Totals: pass:%d fail:%d xfail:0 xpass:0 skip:%d error:0\n", passes, fails, skips
	exit fails > 0
}'
