#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# trace-workload.sh MODULE...: what the guest of `trace-record record` does while
# every kmalloc() is traced: modules, files, a disk, processes and the network, none
# of it special.  Runs on busybox, in /goalloc of an initramfs of mkinitrd.sh.

set -eu

# All are loaded; most stay to the end, as in life.
load_modules()
{
	mkdir -p /lib
	ln -s /goalloc/modules /lib/modules
	depmod
	for module; do
		modprobe "$module" || echo "trace-workload.sh: $module does not load"
	done
	for module in xfs vxlan dm-crypt fuse; do
		rmmod $module
	done
}

# A tree of small files and links, written, read, and all but the last removed.
tree()
{
	for round in 1 2 3 4 5 6; do
		mkdir -p "$1/$round"
		for i in $(seq 300); do
			echo "$round $i" >"$1/$round/$i"
			ln -s "$i" "$1/$round/link-$i"
		done
		sync
		find "$1" -type f -exec cat {} + >/dev/null
		ls -lR "$1" >/dev/null
		[ $round -eq 6 ] || rm -rf "${1:?}/$round"
	done
}

# A file system on the disk, whose completions come in interrupts, one on a loop
# device, and one over another.
files()
{
	mkdir -p /disk /loop /both
	mke2fs /dev/vda >/dev/null 2>&1
	mount -t ext4 /dev/vda /disk
	tree /disk/tree
	dd if=/dev/urandom of=/disk/image bs=64k count=256 2>/dev/null
	mke2fs -F /disk/image >/dev/null 2>&1
	mount -o loop -t ext4 /disk/image /loop
	cp -R /disk/tree/6 /loop/
	mkdir -p /disk/upper /disk/work
	mount -t overlay -o lowerdir=/loop,upperdir=/disk/upper,workdir=/disk/work overlay /both
	rm /both/6/1*
	ls -lR /both /disk >/dev/null
	umount /both
	umount /loop
	dd if=/dev/vda of=/dev/null bs=4k count=4000 iflag=direct 2>/dev/null
}

# Short pipelines, with some long-lived processes beside them.
processes()
{
	sleepers=
	for i in $(seq 60); do
		sleep 1000 &
		sleepers="$sleepers $!"
	done
	for i in $(seq 800); do
		sh -c 'cat /proc/self/maps /proc/meminfo /proc/self/status | sort | wc -l' >/dev/null
	done
	ps -o pid,args >/dev/null
	find /proc /sys -type f >/dev/null 2>&1 || :
	find /sys/class /sys/module -type f -name '[a-m]*' -exec cat {} + >/dev/null 2>&1 || :
	# shellcheck disable=SC2086 # a list
	kill $sleepers
}

# Datagrams over a local socket, queries over netlink, a file system in memory.
services()
{
	syslogd -O /messages
	for i in $(seq 200); do
		logger "message $i"
		ip route show table all >/dev/null
		ip addr show >/dev/null
	done
	mkdir -p /memory
	mount -t tmpfs tmpfs /memory
	cp -R /disk/tree /memory/
	umount /memory
	killall syslogd
}

# TCP and ping over the loopback device.
loopback()
{
	ip link set lo up
	mkdir -p /www
	dd if=/dev/zero of=/www/large bs=64k count=32 2>/dev/null
	echo hello >/www/small
	httpd -p 127.0.0.1:80 -h /www
	for i in $(seq 500); do
		wget -q -O /dev/null http://127.0.0.1/small
	done
	for i in $(seq 12); do
		wget -q -O /dev/null http://127.0.0.1/large &
	done
	ping -q -c 100 -A 127.0.0.1 >/dev/null
	wait
	killall httpd
}

# Containers' networks: namespaces, each joined to a bridge by a pair of devices, and
# pings from one to all.
namespaces()
{
	ip link add containers type bridge
	ip addr add 10.9.0.1/24 dev containers
	ip link set containers up
	for i in 2 3 4 5 6 7 8 9; do
		unshare -n sleep 1000 &
		sleep 0.2
		# busybox leaves the name of the peer to the kernel: veth0
		ip link add container$i type veth
		ip link set container$i master containers up
		ip link set veth0 netns $!
		nsenter -t $! -n sh -c "ip addr add 10.9.0.$i/24 dev veth0; ip link set veth0 up"
	done
	for i in 2 3 4 5 6 7 8 9; do
		ping -q -c 20 -A 10.9.0.$i >/dev/null
	done
	for i in 2 3 4 5 6 7 8 9; do
		ip link del container$i
	done
}

load_modules "$@"
processes &
processes=$!
files
services
( loopback )
( namespaces )
wait $processes
