#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The kernel's resizable hash table, objagg and parman on goalloc: see clients.sh.

# shellcheck source=selftests/clients.sh
. "$(dirname "$0")/clients.sh"

begin client_rhashtable client_objagg client_parman
client client_rhashtable '[0-9] threads, 0 failed, .* returns 0$' 20 \
	runs=1 parm_entries=20000 tcount=4
client client_objagg '' 50
client client_parman 'Priority array check successful' 5
end
