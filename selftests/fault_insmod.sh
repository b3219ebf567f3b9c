#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Promise: insmod, with the n-th thing that goalloc needs while it is loaded refused,
# fails with ENOMEM, says so and leaves nothing behind; for each n, until it loads.
#
# Needs a kernel with fault injection (Documentation/fault-injection.rst).

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

most=100
said=$(mktemp)
trap 'rm -f "$said"' EXIT

# nothing_left: of goalloc.
nothing_left()
{
	! grep -q '^goalloc ' /proc/modules || complain 'the module is there'
	for path in $proc /sys/module/goalloc /sys/kernel/debug/fail_goalloc_*; do
		[ ! -e "$path" ] || complain "$path is there"
	done
	! grep -q goalloc /sys/devices/system/cpu/hotplug/states ||
		complain 'a hotplug state is there'
}

messages()
{
	dmesg | grep -c 'goalloc: not loaded: error -12$'
}

needs goalloc
[ -e /proc/self/make-it-fail ] || skip_all 'needs fault injection'
unload || exit 1

echo 'KTAP version 1'
n=1
before=$(messages)
while [ $n -le $most ] &&
      ! insmod "$mods/goalloc.ko" profile_rate=1 fail_goalloc_meta=$n,100,0,1 2>"$said"; do
	nothing_left
	[ "$(messages)" -gt "$before" ] || complain 'no message'
	grep -qi 'out of memory\|cannot allocate memory' "$said" || complain "$(cat "$said")"
	verdict "with its draw $n refused goalloc fails to load and leaves nothing"
	[ "$failed" -eq 0 ] || exit 1
	n=$((n + 1))
	before=$(messages)
done
[ $n -gt 10 ] || complain 'too few draws: they are not counted'
rmmod goalloc || complain 'it was not loaded, or cannot be unloaded'
nothing_left
verdict 'with no draw refused it loads and unloads'
echo "1..$number"
exit $failed
