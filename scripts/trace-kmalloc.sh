#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# trace-kmalloc.sh COMMAND [ARGUMENT...]: every kmalloc() and kfree() of the running
# kernel while COMMAND runs, as text on standard output for trace-record.
#
# Needs root and a kernel with the kmem trace events: any distribution's has them.
# Runs on busybox alone, so that it can run in an initramfs.
#
# A trace instance of its own leaves other users of tracing alone.  Its clock is a
# counter that all CPUs share, so that the order of the events is exact: kfree()
# is traced before the memory is free, kmalloc() when it has been taken.  Nothing
# is read while the recording runs, so that it does not record itself; what does not
# fit in the ring buffers is counted and said at the end.
#
# GOALLOC_TRACE_MB is the memory for the ring buffers; by default a quarter of
# what is available, at most 512.

set -eu

die() { echo "trace-kmalloc.sh: $*" >&2; exit 1; }

[ $# -gt 0 ] || die "no command; usage: trace-kmalloc.sh COMMAND [ARGUMENT...]"
[ "$(id -u)" -eq 0 ] || die "tracing the kernel needs root"

tracefs=/sys/kernel/tracing
[ -d $tracefs/instances ] || mount -t tracefs tracefs $tracefs 2>/dev/null || :
[ -d $tracefs/instances ] || die "no $tracefs: this kernel has no trace events"

instance=$tracefs/instances/goalloc-$$
mkdir "$instance" || die "could not make a trace instance"

# The kernel may still be letting go of the files: try for a while.
cleanup()
{
	echo 0 >"$instance/tracing_on"
	echo 0 >"$instance/events/kmem/enable"
	for _ in 1 2 3 4 5; do
		rmdir "$instance" 2>/dev/null && return
		sleep 1
	done
	echo "trace-kmalloc.sh: could not remove $instance" >&2
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

cpus=$(find "$instance/per_cpu" -maxdepth 1 -name 'cpu[0-9]*' | wc -l)
quarter=$(awk '/^MemAvailable/ { mb = int($2 / 4096); print (mb > 512 ? 512 : mb) }' /proc/meminfo)
echo $((${GOALLOC_TRACE_MB:-$quarter} * 1024 / cpus)) >"$instance/buffer_size_kb" ||
	die "no memory for the ring buffers; set GOALLOC_TRACE_MB"

cd "$instance"
echo 0 >tracing_on
echo counter >trace_clock
echo 0 >options/hash-ptr
echo 0 >options/overwrite
echo 1 >options/irq-info
echo 'ptr > 16' >events/kmem/kfree/filter	# neither NULL nor ZERO_SIZE_PTR
for event in kmalloc kmalloc_node kfree; do
	[ ! -d events/kmem/$event ] || echo 1 >events/kmem/$event/enable
done
cd "$OLDPWD"

status=0
echo 1 >"$instance/tracing_on"
"$@" >&2 || status=$?
echo 0 >"$instance/tracing_on"
[ "$status" -eq 0 ] || die "$1 failed with status $status: no trace"

echo "# release: $(uname -r)"
echo "# cpus: $(nproc)"
cat "$instance/trace"
# Some kernels (6.1) lose the flags' names when they print addresses as they are.
# There the allocations follow once more: clock and flags are right, the addresses
# hashed.
if grep -m 1 -q 'kmalloc: .* gfp_flags= ' "$instance/trace"; then
	echo 1 >"$instance/options/hash-ptr"
	echo "# again: for the flags"
	grep 'kmalloc' "$instance/trace"
fi
echo "# lost: $(cat "$instance"/per_cpu/cpu*/stats |
	awk '/^(overrun|dropped events|commit overrun):/ { lost += $NF } END { print lost + 0 }')"
