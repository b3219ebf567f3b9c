#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# check-layers.sh: the layers of the module as built for the stock kernel have no
# upward call.  See layers.sh, which says how it looks.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

built=$("$top/scripts/build-modules.sh" 6.1 modules) || exit 1
exec "$top/scripts/layers.sh" "$built/goalloc"
