#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Promise: insmod, with the n-th thing that goalloc needs while it is loaded refused,
# fails with ENOMEM, says so and leaves nothing behind; for each n, until it loads.
#
# Needs a kernel with fault injection (Documentation/fault-injection.rst).

mods=${GOALLOC_MODULES:-$(dirname "$0")}
most=100
failed=0

result()
{
	if [ -z "$why" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1:$why"
		failed=1
	fi
}

# What is left of goalloc, in words.
remains()
{
	! grep -q '^goalloc ' /proc/modules || echo ' the module'
	for path in /proc/goalloc /sys/module/goalloc /sys/kernel/debug/fail_goalloc_*; do
		[ ! -e "$path" ] || echo " $path"
	done
	! grep -q goalloc /sys/devices/system/cpu/hotplug/states || echo ' a hotplug state'
}

messages()
{
	dmesg | grep -c 'goalloc: not loaded: error -12$'
}

[ "$(id -u)" -eq 0 ] || { echo '1..0 # SKIP needs root'; exit 4; }
[ -e /proc/self/make-it-fail ] || { echo '1..0 # SKIP needs fault injection'; exit 4; }
! grep -q '^goalloc ' /proc/modules || rmmod goalloc || exit 1

echo 'KTAP version 1'
n=1
before=$(messages)
while ! insmod "$mods/goalloc.ko" fail_goalloc_meta=$n,100,0,1 2>/tmp/insmod; do
	why=$(remains)
	[ "$(messages)" -gt "$before" ] || why="$why no message"
	grep -qi 'out of memory\|cannot allocate memory' /tmp/insmod || why="$why $(cat /tmp/insmod)"
	result "with its draw $n refused goalloc fails to load and leaves nothing"
	[ -z "$why" ] || exit 1
	n=$((n + 1))
	before=$(messages)
	[ $n -le $most ] || break
done
why=
[ $n -le $most ] || why=' it never loads'
[ $n -gt 10 ] || why=' too few draws: they are not counted'
rmmod goalloc || why="$why cannot be unloaded"
why="$why$(remains)"
result 'with no draw refused it loads and unloads'
echo "1..$n"
exit $failed
