#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Promise: the story of observability.rst that goes on with goalloc-pprof and Go, on this
# machine, goes as it is written.  stories/ has the files that it begins with, as
# test_stories.sh had them in a guest.
#
# host_stories.sh --write: write what the commands say into the document (scripts/stories.sh).

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=selftests/lib.sh
. "$here/lib.sh"
# shellcheck source=selftests/stories.sh
. "$here/stories.sh"

document=$here/../Documentation/observability.rst
("$here/../scripts/install-tools.sh" go) >/dev/null 2>&1
command -v go >/dev/null || skip_all 'needs golang-go'
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export PATH="$here/../scripts:$PATH" HOME="$tmp" PPROF_TMPDIR="$tmp" LC_ALL=C

cp "$here"/stories/* "$tmp"
cd "$tmp" || exit 1
story pprof <"$document" >begun
replay <begun >story.told
if [ "${1-}" = --write ]; then
	awk '!/^\.\. story / { if (!told) print; next }
		{
			told = $3 == "pprof"
			while (told && (getline line <"story.told") > 0)
				print line
		}
		!told' "$document" >written
	cat written >"$document"
	exit
fi
plan 1
same_story pprof "$document" story.told
verdict 'the story of the leak, with goalloc-pprof and go tool pprof'
exit $failed
