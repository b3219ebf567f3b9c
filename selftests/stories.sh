# SPDX-License-Identifier: GPL-2.0
# Sourced by what replays the stories of Documentation/observability.rst: test_stories.sh in
# the guest, host_stories.sh on this machine, and scripts/stories.sh, which writes them.
# shellcheck shell=sh
#
# A story is what lies between its ".. story NAME ARGUMENT..." and the next such line.
# Of what is indented there "$ COMMAND" is carried out, "--- EVENT" is given to happen(),
# and the rest is what the command before it said.

# story NAME <DOCUMENT: that story.
story() { awk -v name="$1" '/^\.\. story / { on = $3 == name } on'; }

# arguments NAME <DOCUMENT: what stands behind its name where it begins.
arguments() { sed -n "/^\\.\\. story $1 *[^ ]*=/s/^\\.\\. story $1 *//p"; }

# replay <STORY: the story, with the commands carried out, here, and what they say now.
replay()
{
	said=$(mktemp)
	while IFS= read -r line; do
		case $line in
		'    $ '*)
			printf '%s\n' "$line"
			command=${line#*\$ }
			while [ "${command%\\}" != "$command" ] && IFS= read -r line; do
				printf '%s\n' "$line"
				command=${command%\\}$line
			done
			eval "$command" >"$said" 2>&1 </dev/null
			wait
			sed -n '/./s/^/    /p' "$said"
			;;
		'    --- '*)
			printf '%s\n' "$line"
			happen "${line#*--- }" || echo "    FAILED"
			;;
		'    '*) ;;
		*) printf '%s\n' "$line" ;;
		esac
	done
	rm -f "$said"
}

# alike <STORY: without what differs from machine to machine: addresses, offsets, times,
# rates, what goalloc's own data take, and the width of columns.
alike()
{
	sed -e 's/^\( *\)\(\[[^]]*\] *\)\{1,2\}goalloc:/\1[TIME] goalloc:/' \
		-e 's/+0x[0-9a-f]*\/0x[0-9a-f]*/+OFFSET/' \
		-e 's/\[ffff[0-9a-f]*\]/[ADDRESS]/' \
		-e 's/^ *[0-9]* *\([0-9]*\) ready /    PAGE \1 ready /' \
		-e '/ | /s/[0-9][0-9.]*[kKMG]\?/N/g' \
		-e 's/^\( *\(idle\|metadata\|in all\) \) *[0-9.]* [KMiB]* *[0-9,]* /\1 N /' \
		-e 's/[0-9.]* %/N %/' \
		-e 's/  */ /g; s/ $//'
}

# same_story NAME DOCUMENT REPLAYED: or complain of the first lines that differ.
same_story()
{
	story "$1" <"$2" | alike >"$3.want"
	story "$1" <"$3" | alike >"$3.got"
	[ -s "$3.want" ] || complain "there is no story $1"
	cmp -s "$3.want" "$3.got" || complain "it goes otherwise:
$(diff -U 0 "$3.want" "$3.got" | grep '^[-+] ' | head -n 12 | sed 's/^/#	/')"
}
