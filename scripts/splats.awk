# SPDX-License-Identifier: GPL-2.0
# Prints what a kernel log has of the kernel's own complaints and exits 1 if it has
# any.  goalloc's reports are not among them.  A test that provokes one writes
# "goalloc-test: splat expected" to /dev/kmsg before, "goalloc-test: no splat
# expected" after.
#
# A data race (KCSAN) counts when a function of goalloc or of its tests is in it: the
# kernel has races of its own.  It is printed whole.
#
# Linux 6.12 counts the server of fair tasks among the tasks of a CPU (7.3 does not), and warns
# "Dying CPU not properly vacated!" when a CPU goes with nothing on it but a queued server.
# What was there is listed behind: the warning counts unless each list has no task but the
# one that takes the CPU down.

function end_of_race()
{
	if (race ~ /\[goalloc/) {
		printf "%s", race
		found = 1
	}
	race = ""
}

/goalloc-test: splat expected/		{ expected = 1 }
/goalloc-test: no splat expected/	{ expected = 0 }
expected				{ next }

{
	line = $0
	sub(/^\[ *[0-9]+\.[0-9]+\] /, "", line)
}

line ~ /^BUG: KCSAN: /			{ end_of_race(); race = line "\n"; next }
race && line ~ /^=====/			{ end_of_race(); next }
race					{ race = race line "\n" }

line ~ /WARNING: .* sched_cpu_dying\+/	{ dying = dying line "\n"; unlisted++; next }
line ~ /^CPU[0-9]+ enqueued tasks /	{ dying = dying line "\n"; unlisted--; listed = 1; next }
listed && line ~ /^\tpid: [0-9]+, name: /	{
	dying = dying line "\n"
	left += line !~ /, name: migration\/[0-9]+$/
	next
}

line ~ /^goalloc[a-z_]*: /		{ next }	# goalloc's own report
line ~ /^ *(#|ok |not ok )/		{ next }	# KTAP

line ~ /BUG:|WARNING: |Oops|KASAN:|KCSAN:|KMSAN:|UBSAN:|general protection|kernel BUG at/ ||
line ~ /INFO: (possible|suspicious|task|rcu|trying)|soft lockup|self-detected stall/ ||
line ~ /Kernel panic|unable to handle|Bad page state|scheduling while atomic|stack guard page/ {
	print
	found = 1
}

END {
	end_of_race()
	if (left || unlisted) {
		printf "%s", dying
		found = 1
	}
	exit found
}
