#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# layers.sh [-v] DIR: shows which component of goalloc uses which, and checks
# that none uses one above it.  DIR holds the .o files of a build of goalloc/.
#
# Symbols that one object file needs and another defines are the arrows of the
# graph, so calls and data both count, inlined code too.  Calls through a
# function pointer do not: that is how a completion goes upward.
#
# The report is KTAP: the graph in comments (-v: with the symbols), then what
# was checked.  Exit status 1 if anything failed.

# A layer may use any layer that stands after it.
layers='module proc profile dropin_cache named mstats scavenge dropin_devm dropin dropin_heap string owner rcu kv stack region bulk
	cache realloc malloc heap tiny mcache_free mcache mcentral mheap mpagecache mpagealloc arena mem limit'

# Every layer may use the helpers.  After the colon: what a helper may use.
# (debug and mprof ask what span an address lies in: span_of() is inline and reads the
# map of arena.)
helpers='
fixalloc: mem
sizeclasses:
sampling:
mprof: sampling arena mem
fault:
trace:
kmemleak: arena
debug: sizeclasses arena mem trace
'

# Built only for a kernel that has what they need.
optional='fault kmemleak'

# What each kind of file may include of goalloc's own headers.
includes='
*.c: dropin.h front.h internal.h limit.h mstats.h window.h compat.h sizeclasses.h
dropin.h: internal.h
front.h: internal.h
mstats.h: internal.h
internal.h: cache.h compat.h fault.h mcache.h mprof.h mspan.h sizeclasses.h
cache.h: mspan.h sizeclasses.h
window.h: mcache.h spare.h
spare.h: mcache.h
mcache.h: mprof.h mspan.h
mprof.h: compat.h mspan.h
mspan.h: sizeclasses.h
sizeclasses.h:
fault.h:
limit.h:
compat.h:
'

# Kernel functions that only one component may call.
owner='mem'
owned='^_*(alloc|free|split|get_free|get_zeroed)_pages?(_[a-z]+)*$'

usage()
{
	echo "usage: layers.sh [-v] DIR" >&2
	exit 2
}

verbose=0
while getopts v opt; do
	case $opt in
	v) verbose=1 ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
if [ $# -ne 1 ] || [ ! -d "$1" ]; then
	usage
fi
objdir=$1
srcdir=$(cd "$(dirname "$0")/../goalloc" && pwd) || exit 1

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

count=0
failed=0

# check NAME COMMAND...: the command prints what is wrong, and nothing if all is
# right.
check()
{
	title=$1
	shift
	count=$((count + 1))
	if "$@" >"$tmp/log" 2>&1 && [ ! -s "$tmp/log" ]; then
		echo "ok $count - $title"
	else
		failed=$((failed + 1))
		sed 's/^/# /' "$tmp/log"
		echo "not ok $count - $title"
	fi
}

# The components that DIR has an object of.  goalloc.o is all of them together, and
# an object without a source is left over from another revision.
components()
{
	for obj in "$objdir"/*.o; do
		name=$(basename "$obj" .o)
		case $name in
		'*' | goalloc | *.mod) ;;
		*) [ ! -f "$srcdir/$name.c" ] || echo "$name" ;;
		esac
	done
}

# "component type symbol" for every global symbol.
list_symbols()
{
	while read -r name; do
		"${NM:-nm}" -gP "$objdir/$name.o" | awk -v name="$name" '{ print name, $2, $1 }'
	done
}

# "user definer symbol" for every symbol that crosses components.
list_arrows()
{
	awk '
		$2 == "U" || $2 == "w" { need[$1 " " $3] = 1; next }
		{ definer[$3] = $1 }
		END {
			for (key in need) {
				split(key, part, " ")
				if (part[2] in definer)
					print part[1], definer[part[2]], part[2]
			}
		}' "$tmp/symbols" | sort
}

print_layers()
{
	rank=0
	echo "# layers, from the top:"
	for layer in $layers; do
		rank=$((rank + 1))
		echo "#   $rank $layer"
	done
	echo "# helpers, and what they may use:"
	echo "$helpers" | sed -n 's/^./#   &/p'
}

# One line a component, or with -v one line an arrow.
print_graph()
{
	echo "# who uses whom:"
	awk -v verbose="$verbose" -v layers="$layers" '
		{
			if (!(($1, $2) in symbols))
				uses[$1] = uses[$1] " " $2
			symbols[$1, $2] = symbols[$1, $2] " " $3
		}
		function show(user,	n, to, i) {
			if (!(user in uses))
				return
			if (!verbose)
				print "#   " user " ->" uses[user]
			n = verbose ? split(uses[user], to, " ") : 0
			for (i = 1; i <= n; i++)
				print "#   " user " -> " to[i] ":" symbols[user, to[i]]
			delete uses[user]
		}
		END {
			n = split(layers, layer, " ")
			for (i = 1; i <= n; i++)
				show(layer[i])
			for (user in uses)
				show(user)
		}' "$tmp/arrows"
}

# A component without an object, or without a place in the tables above, would
# escape the other checks.
all_known()
{
	for src in "$srcdir"/*.c; do
		name=$(basename "$src" .c)
		case $name in
		*.mod) continue ;;
		esac
		case " $optional " in *" $name "*) continue ;; esac
		grep -qx "$name" "$tmp/components" || echo "$name has no object in $objdir"
	done
	while read -r name; do
		echo "$helpers" | grep -q "^$name:" && continue
		for layer in $layers; do
			[ "$layer" = "$name" ] && continue 2
		done
		echo "$name has no place among the layers"
	done <"$tmp/components"
}

no_upward()
{
	awk -v layers="$layers" -v helpers="$helpers" '
		BEGIN {
			n = split(layers, name, /[ \t\n]+/)
			for (i = 1; i <= n; i++)
				rank[name[i]] = i
			n = split(helpers, line, "\n")
			for (i = 1; i <= n; i++) {
				m = split(line[i], word, /:? +|:/)
				if (m)
					helper[word[1]] = 1
				for (j = 2; j <= m; j++)
					may[word[1], word[j]] = 1
			}
		}
		$1 in helper {
			if (!(($1, $2) in may))
				print "helper " $1 " -> " $2 ": " $3
			next
		}
		$1 in rank && $2 in rank && rank[$2] < rank[$1] {
			print "upward: " $1 " -> " $2 ": " $3
		}' "$tmp/arrows"
}

no_cycle()
{
	awk '{ print $1, $2 }' "$tmp/arrows" | tsort >"$tmp/order"
}

only_owner_calls()
{
	awk -v owner="$owner" -v owned="$owned" '
		$2 == "U" && $3 ~ owned && $1 != owner { print $1 " calls " $3 }
		$2 == "U" && $3 ~ owned && $1 == owner { found = 1 }
		END { if (!found) print owner " calls none of " owned }' "$tmp/symbols"
}

# What a source file may include, from the table.
may_include()
{
	case $1 in
	*.c) key='\*\.c' ;;
	*) key=$1 ;;
	esac
	echo "$includes" | sed -n "s/^$key://p"
}

only_private_headers()
{
	for src in "$srcdir"/*.[ch]; do
		name=$(basename "$src")
		case $name in
		*.mod.c) continue ;;
		esac
		allowed=" $(may_include "$name") "
		sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' "$src" |
		while read -r header; do
			case $allowed in
			*" $header "*) ;;
			*) echo "$name includes $header" ;;
			esac
		done
	done
}

echo "KTAP version 1"
echo "1..5"
components >"$tmp/components"
list_symbols <"$tmp/components" >"$tmp/symbols"
list_arrows >"$tmp/arrows"
print_layers
print_graph
check "no upward call" no_upward
check "no cycle" no_cycle
check "every component is built and has a place" all_known
check "only $owner calls the page allocator of the kernel" only_owner_calls
check "no include but what the layers share" only_private_headers

[ "$failed" -eq 0 ]
