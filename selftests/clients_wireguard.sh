#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The WireGuard driver on goalloc: its self-tests, and two interfaces, one of them in a
# network namespace of its own, that speak with each other through their tunnel.  See
# clients.sh.

# shellcheck source=selftests/clients.sh
. "$(dirname "$0")/clients.sh"

wg() { "$clients/stock/wireguard/ld-linux-x86-64.so.2" --library-path "$clients/stock/wireguard" \
	"$clients/stock/wireguard/wg" "$@"; }

# interface NUMBER OTHER: wgNUMBER, with port NUMBER and OTHER's as its peer.
interface()
{
	ip link add "wg$1" type wireguard &&
		wg set "wg$1" listen-port "$1" private-key "$said.key$1" \
			peer "$(wg pubkey <"$said.key$2")" endpoint "127.0.0.1:$2" \
			allowed-ips "10.0.0.$2/32"
}

there() { nsenter -n -t "$away" "$@"; }

tunnel()
{
	interface 41 42 && interface 42 41 && ip link set wg42 netns "$away" &&
		ip addr add 10.0.0.41/24 dev wg41 && ip link set wg41 up &&
		there ip addr add 10.0.0.42/24 dev wg42 && there ip link set wg42 up &&
		ping -c 3 -W 10 10.0.0.42 >"$said.ping" && grep -o '^3 packets.*' "$said.ping" || return
	# It would hang up at the end of its input: this has none.
	rm -f "$said.endless"
	mkfifo "$said.endless"
	there nc -l -p 1 <>"$said.endless" >"$said.arrived" &
	listener=$!
	head -c 1000000 /dev/urandom >"$said.sent"
	sleep 1
	nc -w 20 10.0.0.42 1 <"$said.sent" && wait "$listener" && cmp "$said.sent" "$said.arrived"
}

use()
{
	ip link set lo up
	wg genkey >"$said.key41" && wg genkey >"$said.key42"
	unshare -n sleep 100 &
	away=$!
	sleep 1
	tunnel
	status=$?
	ip link del wg41
	there ip link del wg42
	kill "$away"
	return "$status"
}

umask 077
chatter='wg4[12]: '
begin wireguard
# All that is said is printed: how much of it the kernel holds back differs from run to run.
echo 0 >/proc/sys/net/core/message_cost
client wireguard 'allowedips self-tests: pass' 300
end
