#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The WireGuard driver on goalloc: its self-tests, and an interface that comes and goes.
# See clients.sh.

# shellcheck source=selftests/clients.sh
. "$(dirname "$0")/clients.sh"

use()
{
	ip link add wg0 type wireguard && ip link set wg0 up &&
		ip link show wg0 | sed 's/^[0-9]*: //' && ip link del wg0
}

begin wireguard
client wireguard 'allowedips self-tests: pass' 300
end
