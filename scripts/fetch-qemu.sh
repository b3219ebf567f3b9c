#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# fetch-qemu.sh: a newer QEMU, where the installed one is known to fail.  Prints a directory
# to put in front of PATH, or nothing if the installed one will do.
#
# Before 8.0 the flags after a cmpxchg16b have bits that no flag has; an interrupt
# that comes right behind it pushes them, and its return faults.  Stock 6.12 meets
# that within seconds under load.  Before 8.1 a CPU with a thread of its own now and then
# runs an instruction that the kernel has replaced (commit deba78709ae8): when static branches
# and tracepoints are switched, the guest dies of an int3, or hangs.  10.0 does so more rarely.
#
# Debian 12 has 7.2, and 10.0 in its backports, which is unpacked beside the kernels, not
# installed.

. "$(dirname "$0")/lib.sh"

version=$(qemu-system-x86_64 --version |
	sed -n 's/.* version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | awk '{ print 100 * $1 + $2 }')
[ "${version:-0}" -lt 801 ] || exit 0

one_at_a_time fetch-qemu
qemu=$cache/qemu
if [ ! -e "$qemu/bin/qemu-system-x86_64" ]; then
	step "Fetching a newer QEMU"
	rm -rf "$qemu"
	"$top/scripts/fetch-deb.sh" bookworm-backports "$qemu" \
		qemu-system-x86 qemu-system-data seabios
	mkdir -p "$qemu/bin"
	cat >"$qemu/bin/qemu-system-x86_64" <<-EOT
		#!/bin/sh
		exec "$qemu/usr/bin/qemu-system-x86_64" -L "$qemu/usr/share/seabios" \\
			-L "$qemu/usr/share/qemu" "\$@"
	EOT
	chmod +x "$qemu/bin/qemu-system-x86_64"
fi
echo "$qemu/bin"
