#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The null_blk driver on goalloc, with its blocks in memory: 64 MiB are read as they were
# written.  See clients.sh.

# shellcheck source=selftests/clients.sh
. "$(dirname "$0")/clients.sh"

use()
{
	dd if=/dev/urandom of="$said.blocks" bs=1M count=64 2>/dev/null &&
		dd if="$said.blocks" of=/dev/nullb0 bs=1M conv=fsync 2>/dev/null &&
		echo 3 >/proc/sys/vm/drop_caches &&
		cmp -n $((64 << 20)) "$said.blocks" /dev/nullb0
}

begin null_blk
client null_blk 'disk nullb0 created' 16384 gb=1 memory_backed=1
end
