#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Promise: who follows a story of Documentation/observability.rst sees what it says.  Each of
# its commands is carried out, while goalloc_story.c does what the story tells of, and
# what the commands say is compared with the document.
#
# test_stories.sh --write: print the document with what they say now; then what
# host_stories.sh needs.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/stories.sh
. "$(dirname "$0")/stories.sh"

here=$(cd "$(dirname "$0")" && pwd)
tools=${GOALLOC_TOOLS:-$here}
document=$here/observability.rst
stories='leak fragmentation waste hot idle'
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# happen EVENT: goalloc_story does that, now, or during the next command.
happen()
{
	run=/sys/module/goalloc_story/parameters/run
	case $1 in
	*', while this runs') { sleep 1; echo "${1%%,*}" >$run; } & ;;
	*) echo "$1" >$run ;;
	esac
}

# tell NAME: the story, as it goes now, from a goalloc that was just loaded.
tell()
{
	unload || return
	# shellcheck disable=SC2046 # parameters
	insmod "$mods/goalloc.ko" $(arguments "$1" <"$document") && insmod "$mods/goalloc_story.ko" || return
	cd "$tmp" || return
	story "$1" <"$document" >"$tmp/$1"
	replay <"$tmp/$1" >"$tmp/$1.told"
	cd "$here" || return
	unload
}

# The symbols that the addresses of the profiles lie in.
symbols_needed()
{
	{
		cat /tmp/first /tmp/second | grep -o '0x[0-9a-f]*' | sed 's/^0x//; s/$/ ~/'
		grep -i ' [tw] ' /tmp/kallsyms
	} | sort | awk '$2 == "~" { if (symbol != "") print symbol; symbol = ""; next } { symbol = $0 }'
}

write()
{
	echo '=== document'
	awk -v tmp="$tmp" '
		!/^\.\. story / { if (!told) print; next }
		{
			print
			told = 0
			file = tmp "/" $3 ".told"
			if (!(file in begun) && (getline line <file) <= 0)
				next
			begun[file] = told = 1
			while ((getline line <file) > 0 && line !~ /^\.\. story /)
				print line
		}' "$document"
	for file in first second; do
		echo "=== $file"
		cat /tmp/$file
	done
	echo '=== kallsyms'
	symbols_needed
	echo '=== end'
}

[ -e "$document" ] || skip_all 'needs observability.rst'
[ -e /sys/kernel/tracing/events ] || skip_all 'needs tracefs'
needs goalloc_story
[ -x "$tools/goallocstat" ] || skip_all 'needs goallocstat'
taskset -p 1 $$ >/dev/null || skip_all 'needs taskset'
PATH=$PATH:$tools

if [ "${1-}" = --write ]; then
	for name in $stories; do
		tell "$name" || exit
	done
	write
	exit
fi

# shellcheck disable=SC2086 # a list
set -- $stories
plan $#
for name; do
	tell "$name" || complain 'it does not come to its end'
	same_story "$name" "$document" "$tmp/$name.told"
	verdict "the story of $name: its commands say what is written"
done
exit $failed
