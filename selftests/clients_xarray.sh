#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The kernel's XArray on goalloc, with the object cache of its nodes: see clients.sh.

# shellcheck source=selftests/clients.sh
. "$(dirname "$0")/clients.sh"

begin client_xarray
client client_xarray 'XArray: ([0-9]+) of \1 tests passed' 10000
end
