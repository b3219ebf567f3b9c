#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# boot-uml.sh NAME KDIR INITRD SECONDS: boot an initramfs of mkinitrd.sh on the
# user-mode kernel of build-uml.sh, with two CPUs, and repeat what its command said.
#
# Output, logs and exit status are boot-qemu.sh's: build/logs/NAME.out is what the
# command said, build/logs/NAME.console what the kernel said; 0 the command succeeded,
# 1 it failed, 2 the kernel complained, 3 it died or hung before the verdict.

. "$(dirname "$0")/lib.sh"

name=${1?usage: boot-uml.sh NAME KDIR INITRD SECONDS}
kdir=${2?usage: boot-uml.sh NAME KDIR INITRD SECONDS}
initrd=${3?usage: boot-uml.sh NAME KDIR INITRD SECONDS}
limit=${4?usage: boot-uml.sh NAME KDIR INITRD SECONDS}
out=$logs/$name.out
console=$logs/$name.console

# Two CPUs need seccomp=on.  The command's terminal is standard output, the kernel's
# console standard error.
timeout --foreground -k 5 "$limit" "$kdir/linux" mem=1G ncpus=2 seccomp=on initrd="$initrd" \
	con=null con0=null,fd:2 ssl=null ssl1=null,fd:1 goalloc_tty=ttyS1 \
	oops=panic panic=-1 printk.devkmsg=on log_buf_len=4M loglevel=4 \
	</dev/null 2>"$console.raw" | tr -d '\r' >"$out" || :
tr -d '\r' <"$console.raw" >"$console"
rm -f "$console.raw"
grep -av '^goalloc-' "$out" || :

judge "$name"
