#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A module parameter that is out of range keeps goalloc from being loaded, with a
# message and with nothing left behind; one in range is taken and takes effect.
# With panic_on_bad_free a bad free panics: goalloc_panic.c stops the kernel's panic().

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

messages()
{
	dmesg | grep -cE -- "$1"
}

# refused PARAMETERS REGEXP: insmod fails and the kernel log says why.
refused()
{
	why=
	before=$(messages "$2")
	# shellcheck disable=SC2086 # a list
	! insmod "$mods/goalloc.ko" $1 2>/dev/null || complain 'it was loaded'
	[ "$(messages "$2")" -gt "$before" ] || complain "no message like '$2'"
	! grep -q '^goalloc ' /proc/modules || complain "it is in /proc/modules"
	[ ! -e /proc/goalloc ] || complain "/proc/goalloc is there"
	[ ! -e /sys/module/goalloc ] || complain "/sys/module/goalloc is there"
	unload
	verdict "$1 is refused with a message"
}

# accepted PARAMETERS: it is loaded, shows them, and works.
accepted()
{
	why=
	# shellcheck disable=SC2086 # a list
	insmod "$mods/goalloc.ko" $1 || complain 'it was not loaded'
	for parameter in $1; do
		file=/sys/module/goalloc/parameters/${parameter%%=*}
		[ "$(cat "$file")" = "${parameter#*=}" ] || complain "$file is $(cat "$file")"
	done
	insmod "$mods/goalloc_leak.ko" sizes=100,50000 counts=100,10 || complain "cannot allocate"
	[ "$(value HeapObjects)" = 110 ] || complain "$(value HeapObjects) objects instead of 110"
	rmmod goalloc_leak || complain "cannot unload the client"
	[ "$(value HeapObjects)" = 0 ] || complain "$(value HeapObjects) objects instead of 0"
}

needs goalloc_leak
unload || exit 1

plan 20

range='goalloc: parameter'
refused scavenge_retain=101 "$range scavenge_retain=101 is out of range: 0..100"
refused scavenge_retain=4294967295 "$range scavenge_retain=4294967295 is out of range: 0..100"
refused scavenge_interval_ms=0 "$range scavenge_interval_ms=0 is out of range: 10..60000"
refused scavenge_interval_ms=9 "$range scavenge_interval_ms=9 is out of range: 10..60000"
refused scavenge_interval_ms=60001 "$range scavenge_interval_ms=60001 is out of range: 10..60000"
refused 'scavenge_retain=10 scavenge_interval_ms=4294967295' \
	"$range scavenge_interval_ms=4294967295 is out of range: 10..60000"
refused profile_rate=1073741825 "$range profile_rate=1073741825 is out of range: 0..1073741824"
range='goalloc: memory_limit: not 0, nor a number of bytes from 8192 to 9223372036854775807'
refused memory_limit=8191 "$range"
refused memory_limit=64M "$range"
# These the kernel itself finds.
refused scavenge_retain=-1 "goalloc: .-1' invalid for parameter .scavenge_retain'"
refused scavenge_interval_ms=ten "goalloc: .ten' invalid for parameter .scavenge_interval_ms'"
refused scavenge_interval_ms=4294967296 \
	"goalloc: .4294967296' (too large|invalid) for parameter .scavenge_interval_ms'"
refused panic_on_bad_free=perhaps "goalloc: .perhaps' invalid for parameter .panic_on_bad_free'"

accepted ''
for default in scavenge_retain:10:444 scavenge_interval_ms:1000:444 panic_on_bad_free:N:644 profile_rate:0:444 memory_limit:0:644; do
	file=/sys/module/goalloc/parameters/${default%%:*}
	[ "$(cat "$file"):$(stat -c %a "$file")" = "${default#*:}" ] || complain "$file"
done
unload || complain "cannot be unloaded"
verdict 'without parameters: the defaults, and who may change them'

accepted 'scavenge_retain=0 scavenge_interval_ms=10'
for try in 1 2 3 4 5 6 7 8 9 10; do
	[ "$(value Drawn)" -ne 0 ] || break
	sleep 1
done
[ "$(value Drawn)" -eq 0 ] || complain "$(value Drawn) bytes still drawn after $try seconds"
unload || complain "cannot be unloaded"
verdict 'scavenge_retain=0 scavenge_interval_ms=10: soon everything is given back'

accepted 'scavenge_retain=100 scavenge_interval_ms=60000'
sleep 2
[ "$(value Drawn)" -ne 0 ] || complain "nothing is drawn any more"
unload || complain "cannot be unloaded"
verdict 'scavenge_retain=100 scavenge_interval_ms=60000: nothing is given back so soon'

accepted 'scavenge_retain=100 scavenge_interval_ms=10'
unload || complain "cannot be unloaded"
verdict 'scavenge_retain=100 scavenge_interval_ms=10'

accepted 'scavenge_retain=0 scavenge_interval_ms=60000'
unload || complain "cannot be unloaded"
verdict 'scavenge_retain=0 scavenge_interval_ms=60000'

accepted 'panic_on_bad_free=N'
unload || complain "cannot be unloaded"
verdict 'panic_on_bad_free=N'

why=
insmod "$mods/goalloc.ko" panic_on_bad_free=1 || complain 'it was not loaded'
if insmod "$mods/goalloc_panic.ko"; then
	[ "$(messages 'goalloc_panic: panic.. was called')" -eq 1 ] || complain 'it did not panic'
else
	complain 'it did not panic, see the kernel log'
fi
rmmod goalloc_panic
unload || complain "cannot be unloaded"
verdict 'panic_on_bad_free=1: a bad free panics'

exit $failed
