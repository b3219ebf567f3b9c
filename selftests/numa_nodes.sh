#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Promise: goalloc_alloc_node() gives memory of the node it is asked for, in every size;
# for a node without memory it goes where the kernel goes; and per node, the pages of
# /proc/goalloc/arenas are what the kernel's free memory of that node lost.
#
# The guest must have several nodes, one of them without memory; with fewer than three
# that have memory this fails.
#
# GUEST: --cpus 4,sockets=4 --memory 768M --qemu "-object memory-backend-ram,id=m0,size=256M -object memory-backend-ram,id=m1,size=256M -object memory-backend-ram,id=m2,size=256M -numa node,nodeid=0,cpus=0,memdev=m0 -numa node,nodeid=1,cpus=1,memdev=m1 -numa node,nodeid=2,cpus=2,memdev=m2 -numa node,nodeid=3,cpus=3"

cd "$(dirname "$0")" || exit 1
# shellcheck source=selftests/lib.sh
. ./lib.sh
nodes=/sys/devices/system/node

# free_kb NODE: what the kernel has free there.
free_kb() { awk '$3 == "MemFree:" { print $4 }' "$nodes/node$1/meminfo"; }

# drawn_kb NODE: what goalloc holds there.
drawn_kb() { awk -v n="$1" '$2 == n { kb += ($4 + $5) * 8 } END { print kb + 0 }' "$proc/arenas"; }

# What the nodes hold is what all hold.
sum_of_nodes()
{
	sum=$(awk 'NR > 1 { kb += ($4 + $5) * 8 } END { print kb + 0 }' "$proc/arenas")
	echo "# all nodes hold $sum KiB, stats says $(($(value Drawn) / 1024)) KiB"
	[ "$sum" -eq $(($(value Drawn) / 1024)) ]
}

# hold NODE: 16 MiB of small and large objects there come from there.  The kernel's
# figure includes what others took or gave back meanwhile: 4 MiB are allowed.
hold()
{
	echo 1 >"$proc/scavenge"
	goalloc_before=$(drawn_kb "$1") kernel_before=$(free_kb "$1")
	insmod ./goalloc_numa.ko hold="$1" || return
	goalloc_more=$(($(drawn_kb "$1") - goalloc_before))
	kernel_less=$((kernel_before - $(free_kb "$1")))
	echo "# node $1: goalloc holds $goalloc_more KiB more, the kernel has $kernel_less KiB less free"
	sum_of_nodes && [ "$goalloc_more" -ge 16384 ] && [ "$goalloc_more" -le 24576 ] &&
		[ $((kernel_less - goalloc_more)) -le 4096 ] &&
		[ $((goalloc_more - kernel_less)) -le 4096 ]
	result=$?
	rmmod goalloc_numa
	return "$result"
}

# far NODE: seven eighths of what is free there come from there, however small the blocks
# are that are left; freed by a CPU of another node they go back there, so that
# the same again draws next to nothing new.
far()
{
	echo 1 >"$proc/scavenge"
	cpu=$((($1 + 1) % 4)) mb=$(($(free_kb "$1") * 7 / 8 / 1024))
	[ ! -e "$nodes/node$1/cpu$cpu" ] || return
	insmod ./goalloc_numa.ko hold="$1" hold_mb="$mb" || return
	taskset $((1 << cpu)) rmmod goalloc_numa || return
	drawn=$(value PagesDrawn)
	insmod ./goalloc_numa.ko hold="$1" hold_mb="$mb" || return
	drawn=$(($(value PagesDrawn) - drawn))
	echo "# node $1: $mb MiB freed by CPU $cpu and allocated again: $drawn pages of 8 KiB are drawn"
	rmmod goalloc_numa && [ "$drawn" -le 128 ]
}

# 16 MiB asked of a node without memory: not a block for each object.
bounded()
{
	insmod ./goalloc_numa.ko hold="$1" || return
	echo "# node $1 has no memory: $(($(value Drawn) / 1024)) KiB are drawn for 16384 KiB"
	[ "$(value Drawn)" -le $((24 << 20)) ]
	result=$?
	rmmod goalloc_numa
	return "$result"
}

# shellcheck disable=SC2016 # the shell below expands it
with_memory=$(sed 's/,/ /g; s/\([0-9]*\)-\([0-9]*\)/$(seq -s " " \1 \2)/g' $nodes/has_memory)
with_memory=$(eval "echo $with_memory")
online=$(find $nodes -maxdepth 1 -name 'node[0-9]*' | sed 's/.*node//' | sort -n)
without=$(for node in $online; do
	case " $with_memory " in *" $node "*) ;; *) echo "$node" ;; esac
done)
echo "# nodes with memory: $with_memory; without: $without"

echo "KTAP version 1"
# shellcheck disable=SC2086 # lists of numbers
plan=$(set -- $with_memory $with_memory $without; echo $((7 + $#)))
echo "1..$plan"
# shellcheck disable=SC2086
check "there are several nodes with memory" test "$(set -- $with_memory; echo $#)" -ge 3
check "there is a node without memory" test -n "$without"
insmod ./goalloc.ko scavenge_interval_ms=60000 || exit 1
check "each node serves every size" insmod ./goalloc_numa.ko
dmesg | sed -n 's/.*\(goalloc_numa: .*\)/# \1/p'
rmmod goalloc_numa
for node in $with_memory; do
	check "node $node: the figures agree" hold "$node"
	check "node $node: what another node's CPU frees comes back" far "$node"
done
for node in $without; do
	echo 1 >"$proc/scavenge"
	check "node $node: spans are shared" bounded "$node"
done
check "nothing is in use afterwards" is HeapObjects 0
echo 1 >"$proc/scavenge"
check "every page is back" is Drawn 0
check "the sums are exact" sums
check "goalloc unloads" rmmod goalloc
exit "$failed"
