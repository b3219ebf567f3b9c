#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In the guest of `make test`: the suites run when their module is loaded and
# report on the console.
#
# Before that, where the kernel has fault injection: insmod with the n-th draw of
# metadata failing, for each n until it loads.  It must say why, return an error and
# leave nothing behind.

# nothing_left: goalloc is gone, whatever it had made before it failed.
nothing_left()
{
	! grep -q '^goalloc ' /proc/modules &&
	[ ! -e /proc/goalloc ] && [ ! -e /sys/module/goalloc ] &&
	! ls -d /sys/kernel/debug/fail_goalloc_* 2>/dev/null &&
	! grep goalloc /sys/devices/system/cpu/hotplug/states
}

# failing_insmods: from the first draw to the last.
failing_insmods()
{
	n=1
	while ! insmod goalloc.ko fail_goalloc_meta=$n,100,0,1 2>/tmp/insmod; do
		if ! dmesg | tail -n 3 | grep -q 'goalloc: not loaded: error -12$' ||
		   ! grep -q 'Cannot allocate memory\|[Oo]ut of memory' /tmp/insmod ||
		   ! nothing_left; then
			echo "insmod with the draw $n of metadata failing: $(cat /tmp/insmod)"
			return 1
		fi
		n=$((n + 1))
		[ $n -lt 100 ] || return 1
	done
	rmmod goalloc && nothing_left || return 1
	echo "insmod fails cleanly at each of its $((n - 1)) draws of metadata"
	[ $n -gt 10 ]
}

[ ! -e /proc/self/make-it-fail ] || failing_insmods || failed=1
insmod goalloc.ko || exit 1
echo "goalloc-test: kunit begins" >/dev/kmsg
insmod goalloc_kunit.ko || exit 1
echo "goalloc-test: kunit ends" >/dev/kmsg
rmmod goalloc_kunit && rmmod goalloc && exit "${failed-0}"
