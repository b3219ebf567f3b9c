#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A put_page() or kfree() that hits an object of goalloc does not free memory under
# its user.  The object stays as it is through 10,000 further allocations and can be
# freed; when its pages are given back, goalloc reports the reference that is missing
# and counts it, and the page goes back once.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

# logged REGEXP: lines of the kernel log since goalloc was last loaded.
logged()
{
	dmesg | awk '/goalloc: loaded:/ { n = 0 } $0 ~ regexp { n++ } END { print n + 0 }' regexp="$1"
}

# stray CASE: what goalloc_badinput checks, then give the pages back.
stray()
{
	why=
	{ unload && insmod "$mods/goalloc.ko" scavenge_interval_ms=60000; } ||
		complain 'goalloc cannot be loaded'
	insmod "$mods/goalloc_badinput.ko" "case=$1" ||
		complain 'the object or what follows is wrong, see the kernel log'
	same 'HeapObjects' "$(value HeapObjects)" 0
	echo 1 >/proc/goalloc/scavenge
	same 'Drawn after scavenge' "$(value Drawn)" 0
	same 'PagesReturned' "$(value PagesReturned)" "$(value PagesDrawn)"
	same 'BadFrees' "$(value BadFrees)" 0
	lost=$(value LostReferences)
	same 'the number of reports' \
		"$(logged 'goalloc: lost page reference: page [^ ]* has 1 of the 2 references')" "$lost"
	same 'the number of advices' \
		"$(logged 'kfree.. or put_page.. hit memory that came from goalloc_alloc')" "$lost"
	echo churn >/sys/module/goalloc_badinput/parameters/case ||
		complain 'allocations after the page was given back are wrong, see the kernel log'
	echo 1 >/proc/goalloc/scavenge
	same 'LostReferences after more work' "$(value LostReferences)" "$lost"
	unload || complain 'cannot be unloaded'
	same 'the number of leaks' "$(logged 'goalloc: leak:')" 0
}

needs goalloc_badinput

plan 4

stray churn
same LostReferences "$lost" 0
verdict 'without a stray free no reference is lost'

stray stray_put_page
same LostReferences "$lost" 1
verdict 'put_page() of a small object'

stray stray_put_page_large
same LostReferences "$lost" 1
verdict 'put_page() of a large object'

# The kernel warns, too: of a kfree() of what it did not allocate.  Up to 6.x it then
# drops a reference; later kernels leave the page alone.
echo 'goalloc-test: splat expected' >/dev/kmsg
stray stray_kfree
echo 'goalloc-test: no splat expected' >/dev/kmsg
case $(uname -r) in
6.*)	same LostReferences "$lost" 1 ;;
*)	[ "$lost" -le 1 ] || same LostReferences "$lost" '0 or 1' ;;
esac
verdict 'kfree() of a small object'

exit $failed
