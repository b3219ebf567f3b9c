#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# boot-qemu.sh [OPTION...] NAME KERNEL INITRD: boot an initramfs of mkinitrd.sh in
# QEMU and say how it went.
#
#	--cpus N	virtual CPUs (2)
#	--memory SIZE	as QEMU has it (1G)
#	--timeout S	seconds until it counts as hung (300)
#	--append ARGS	more for the kernel's command line
#	--qemu ARGS	more for QEMU's command line
#	--one-thread	emulate all CPUs by turns
#	--icount	count instructions: 1 ns of guest time is one; one CPU
#	--quiet		do not repeat the command's output on standard output
#
# build/logs/NAME.out is what the command said, build/logs/NAME.console what the
# kernel said.  Exit status: 0 the command succeeded, 1 it failed, 2 the kernel
# complained (see splats.awk), 3 the guest died or hung before the verdict.
#
# A guest whose first process has not begun after GOALLOC_BOOT_LIMIT seconds (300), or finds
# the machine unfit (guest/init), is booted again.
#
# KVM is used where it works; GOALLOC_ACCEL=tcg or =kvm decides otherwise.
# GOALLOC_ARCH says which machine (lib.sh); another than this one's is emulated.

. "$(dirname "$0")/lib.sh"

cpus=2 memory=1G limit=300 append='' qemu='' icount='' say=cat thread=multi
while :; do
	case ${1-} in
	--cpus) cpus=$2; shift ;;
	--memory) memory=$2; shift ;;
	--timeout) limit=$2; shift ;;
	--append) append=$2; shift ;;
	--qemu) qemu=$2; shift ;;
	--one-thread) thread=single ;;
	--icount) icount=1 ;;
	--quiet) say='cat >/dev/null' ;;
	-*) die "boot-qemu.sh: no such option: $1" ;;
	*) break ;;
	esac
	shift
done
name=${1?usage: boot-qemu.sh [OPTION...] NAME KERNEL INITRD}
kernel=${2?usage: boot-qemu.sh [OPTION...] NAME KERNEL INITRD}
initrd=${3?usage: boot-qemu.sh [OPTION...] NAME KERNEL INITRD}

# A /dev/kvm alone proves nothing: it may be there without the CPU's help.
kvm_works()
{
	grep -qwE 'vmx|svm' /proc/cpuinfo && [ -w /dev/kvm ] && echo quit |
		timeout 10 qemu-system-x86_64 -M q35 -accel kvm -nodefaults -display none -S \
			-monitor stdio >/dev/null 2>&1
}

emulator=qemu-system-x86_64 kernel_tty=ttyS0 command_tty=ttyS1 command_serial='-serial stdio'
accel=${GOALLOC_ACCEL:-$(kvm_works && echo kvm || echo tcg)}
if [ "$GOALLOC_ARCH" = arm64 ]; then
	# It has one serial port: the other is a PCI card.
	emulator=qemu-system-aarch64 kernel_tty=ttyAMA0 command_tty=ttyS0
	command_serial='-chardev stdio,id=said -device pci-serial,chardev=said'
	machine="-M virt,gic-version=3 -accel tcg,thread=$thread -cpu neoverse-n1"
elif [ -n "$icount" ]; then
	cpus=1
	# The same from boot to boot: the clock that the guest starts at, and what it takes for random.
	machine='-M q35 -accel tcg,thread=single -cpu max -icount shift=0,sleep=off'
	machine="$machine -seed 1 -rtc base=2026-01-01,clock=vm"
elif [ "$accel" = kvm ]; then
	machine='-M q35 -accel kvm -cpu host'
else
	machine="-M q35 -accel tcg,thread=$thread -cpu max"
fi
if [ "$GOALLOC_ARCH" != arm64 ] && [ "$accel" != kvm ]; then
	newer=$("$top/scripts/fetch-qemu.sh")
	PATH=${newer:+$newer:}$PATH
fi

out=$logs/$name.out
console=$logs/$name.console
pid=$logs/$name.pid

# watch_boot: end the guest if its first process does not begin in time.
watch_boot()
{
	left=${GOALLOC_BOOT_LIMIT:-300}
	while [ "$left" -gt 0 ]; do
		sleep 5
		left=$((left - 5))
		! grep -q '^goalloc-init' "$out" || return 0
	done
	kill "$(cat "$pid")"
}

# boot: once.
# shellcheck disable=SC2086 # $machine, $command_serial and $qemu are lists of arguments
boot()
{
	rm -f "$out" "$console" "$pid"
	watch_boot </dev/null >/dev/null 2>&1 9>&- &
	watch=$!
	{
		timeout --foreground -k 5 "$limit" "$emulator" $machine -smp "$cpus" \
			-m "$memory" -nodefaults -display none -no-reboot \
			-serial "file:$console.raw" $command_serial \
			-kernel "$kernel" -initrd "$initrd" -pidfile "$pid" \
			-append "console=$kernel_tty goalloc_tty=$command_tty oops=panic panic=-1 printk.devkmsg=on log_buf_len=4M $append" \
			$qemu </dev/null || echo "goalloc-qemu: $?"
	} | tee "$out" | grep --line-buffered -av '^goalloc-' | eval "$say"
	kill "$watch" 2>/dev/null || :
	tr -d '\r' <"$console.raw" >"$console"
	rm -f "$console.raw"
}

# A guest that ends before its first process begins with the command has seen nothing of goalloc.
for try in 1 2 3; do
	boot
	! grep -q '^goalloc-init' "$out" || break
	unfit=$(sed -n 's/^goalloc-unfit: //p' "$out")
	note "$name: ${unfit:-the kernel did not boot} (boot $try of 3)"
	cp "$console" "$console.unbooted"
done

! grep -q '^goalloc-qemu: 124' "$out" || note "$name: the guest was stopped after $limit s"
judge "$name"
