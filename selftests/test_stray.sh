#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A put_page() or kfree() that hits an object of goalloc does not free memory under
# its user.  The object stays as it is through 10,000 further allocations and can be
# freed; when its pages are given back, goalloc reports the reference that is missing
# and counts it, and the page goes back once.

mods=${GOALLOC_MODULES:-$(dirname "$0")}
number=0
failed=0

value()
{
	awk -F': ' -v name="$1" '$1 == name { print $2 }' /proc/goalloc/stats
}

unload()
{
	for module in goalloc_badinput goalloc; do
		! grep -q "^$module " /proc/modules || rmmod "$module" || return
	done
}

# count REGEXP: lines of the kernel log since goalloc was last loaded.
count()
{
	dmesg | awk '/goalloc: loaded:/ { n = 0 } $0 ~ regexp { n++ } END { print n + 0 }' regexp="$1"
}

# is WHAT VALUE WANTED
is()
{
	[ "$2" = "$3" ] || why="$why
# $1 is $2 instead of $3"
}

verdict()
{
	number=$((number + 1))
	if [ -z "$why" ]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1$why"
		failed=1
	fi
}

# stray CASE: what goalloc_badinput checks, then give the pages back.
stray()
{
	why=
	unload && insmod "$mods/goalloc.ko" scavenge_interval_ms=60000 || why='
# goalloc cannot be loaded'
	insmod "$mods/goalloc_badinput.ko" "case=$1" || why="$why
# the object or what follows is wrong, see the kernel log"
	is 'HeapObjects' "$(value HeapObjects)" 0
	echo 1 >/proc/goalloc/scavenge
	is 'Drawn after scavenge' "$(value Drawn)" 0
	is 'PagesReturned' "$(value PagesReturned)" "$(value PagesDrawn)"
	is 'BadFrees' "$(value BadFrees)" 0
	lost=$(value LostReferences)
	is 'the number of reports' \
		"$(count 'goalloc: lost page reference: page [^ ]* has 1 of the 2 references')" "$lost"
	is 'the number of advices' \
		"$(count 'kfree.. or put_page.. hit memory that came from goalloc_alloc')" "$lost"
	echo churn >/sys/module/goalloc_badinput/parameters/case || why="$why
# allocations after the page was given back are wrong, see the kernel log"
	echo 1 >/proc/goalloc/scavenge
	is 'LostReferences after more work' "$(value LostReferences)" "$lost"
	unload || why="$why
# cannot be unloaded"
	is 'the number of leaks' "$(count 'goalloc: leak:')" 0
}

[ "$(id -u)" -eq 0 ] || { echo '1..0 # SKIP needs root'; exit 4; }
[ -e "$mods/goalloc_badinput.ko" ] || { echo '1..0 # SKIP needs goalloc_badinput.ko'; exit 4; }

echo 'KTAP version 1'
echo '1..4'

stray churn
is LostReferences "$lost" 0
verdict 'without a stray free no reference is lost'

stray stray_put_page
is LostReferences "$lost" 1
verdict 'put_page() of a small object'

stray stray_put_page_large
is LostReferences "$lost" 1
verdict 'put_page() of a large object'

# The kernel warns, too: of a kfree() of what it did not allocate.  Up to 6.x it then
# drops a reference; later kernels leave the page alone.
echo 'goalloc-test: splat expected' >/dev/kmsg
stray stray_kfree
echo 'goalloc-test: no splat expected' >/dev/kmsg
case $(uname -r) in
6.*)	is LostReferences "$lost" 1 ;;
*)	[ "$lost" -le 1 ] || is LostReferences "$lost" '0 or 1' ;;
esac
verdict 'kfree() of a small object'

exit $failed
