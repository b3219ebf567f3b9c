#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# stories.sh: write the output of the stories in Documentation/observability.rst anew, as they
# go on Debian's Linux 6.1, to be looked at; and the profiles in selftests/stories/ that
# one of them is continued with on this machine.

. "$(dirname "$0")/lib.sh"

document=$top/Documentation/observability.rst
kept=$top/selftests/stories
"$top/scripts/install-tools.sh" module boot tools
modules=$("$top/scripts/build-modules.sh" 6.1)
image=$("$top/scripts/fetch-kernel.sh" image 6.1)
quietly "$logs/tools.log" make -C "$top/tools" O="$top/build/tools-static" STATIC=1 all
"$top/scripts/mkinitrd.sh" "$top/build/stories.cpio.gz" 'sh test_stories.sh --write' \
	"$top"/selftests/*.sh "$document" "$modules/goalloc/goalloc.ko" \
	"$modules/selftests/goalloc_story.ko" "$top/build/tools-static/goallocstat"
step "The stories, on Linux 6.1"
"$top/scripts/boot-qemu.sh" --cpus 4 --timeout 300 --quiet stories "$image" "$top/build/stories.cpio.gz"

# part NAME: of what the guest printed.
part() { awk -v name="$1" '/^=== / { on = $2 == name; next } on' "$logs/stories.out"; }

mkdir -p "$kept"
for file in first second kallsyms; do
	part "$file" >"$kept/$file"
done
part document >"$document"
"$top/selftests/host_stories.sh" --write
