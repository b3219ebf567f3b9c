#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# trace-workload.sh: what the guest of `trace-record record` does while every
# kmalloc() is traced: modules, files, a disk, processes and the network, none of
# it special.  Runs in /goalloc of an initramfs of mkinitrd.sh.

set -eu

# Modules, with what they depend on; most stay to the end, as in life.
modules()
{
	for module in virtio_blk virtio-rng loop veth bridge nf_tables xt_conntrack ip_tables \
		      dm-mod dm-crypt overlay fuse squashfs xfs tun vxlan crc32_generic; do
		modprobe "$module"
	done
	for module in xfs vxlan dm-crypt fuse; do
		modprobe -r "$module"
	done
}

# A file system on the disk, whose completions come in interrupts, and one on a
# loop device.
files()
{
	mke2fs /dev/vda >/dev/null 2>&1
	mkdir -p /disk /loop
	mount -t ext4 /dev/vda /disk
	for round in 1 2 3; do
		mkdir -p /disk/tree/$round
		tar -cf - -C /sys/class . 2>/dev/null | tar -xf - -C /disk/tree/$round 2>/dev/null || :
		for i in $(seq 150); do
			echo "$round $i" >/disk/tree/$round/$i
			setfattr=/disk/tree/$round/$i
			ln -s "$setfattr" /disk/tree/$round/link-$i
		done
		sync
		find /disk/tree -type f -exec cat {} + >/dev/null
		[ $round -eq 3 ] || rm -rf /disk/tree/$round
	done
	dd if=/dev/urandom of=/disk/image bs=64k count=256 2>/dev/null
	mke2fs -F /disk/image >/dev/null 2>&1
	mount -o loop -t ext4 /disk/image /loop
	cp -R /disk/tree/3 /loop/
	umount /loop
}

processes()
{
	for i in $(seq 120); do
		sh -c 'cat /proc/self/maps /proc/meminfo /proc/self/status | sort | wc -l' >/dev/null
	done
	find /proc /sys -type f -maxdepth 4 2>/dev/null | wc -l >/dev/null
}

# TCP, UDP and ping over the loopback device, and through a network namespace.
network()
{
	ip link set lo up
	mkdir -p /www
	dd if=/dev/zero of=/www/large bs=64k count=32 2>/dev/null
	echo hello >/www/small
	httpd -p 127.0.0.1:80 -h /www
	for i in $(seq 60); do
		wget -q -O /dev/null http://127.0.0.1/small
	done
	for i in 1 2 3 4; do
		wget -q -O /dev/null http://127.0.0.1/large &
	done
	ping -q -c 50 -A 127.0.0.1 >/dev/null
	wait

	ip link add left type veth peer name right
	ip addr add 10.9.0.1/24 dev left
	unshare -n sleep 4 &
	sleep 1
	ip link set right netns $!
	nsenter -t $! -n sh -c 'ip addr add 10.9.0.2/24 dev right; ip link set right up'
	ip link set left up
	ping -q -c 50 -A 10.9.0.2 >/dev/null || :
	wait
	killall httpd
}

modules
files
processes &
network
wait
