#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# build-client.sh SERIES: build the clients of selftests/clients for Debian's stock
# kernel of SERIES, out of the source of that kernel, without and with goalloc's drop-in.
# Prints the directory that holds clients/plain/ and clients/dropin/ with the modules.

. "$(dirname "$0")/lib.sh"

series=${1?usage: build-client.sh SERIES}
KSOURCE=$("$top/scripts/fetch-kernel.sh" source "$series")
export KSOURCE
exec "$top/scripts/build-modules.sh" "$series" clients
