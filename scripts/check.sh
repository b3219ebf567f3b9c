#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# make check: the static checks, each with no finding, and the layers and the model.
# Prints KTAP, one result a check, with what was found below it.
#
# check.sh CHECK...: only those.  check.sh --write symbols: write what is compared.

. "$(dirname "$0")/lib.sh"

all="checkpatch build_6.1 build_6.12 build_7.3 kernel_doc public_doc cppcheck coccinelle
shellcheck python spelling docs tested mutants symbols layers model"
write=
[ "${1-}" != --write ] || { write=1; shift; }
# shellcheck disable=SC2086 # a list
[ $# -gt 0 ] || set -- $all
number=0
failed=0
symbols=Documentation/symbols.txt

"$top/scripts/install-tools.sh" module kernel check
cd "$top"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
source61=$("$top/scripts/fetch-kernel.sh" source 6.1)
source73=$("$top/scripts/fetch-kernel.sh" source 7.3)

# list PATTERN...: files that git has, or would.
list() { git ls-files --cached --others --exclude-standard -- "$@"; }

# nothing_found COMMAND...: it succeeds and says nothing.
nothing_found()
{
	"$@" >"$work/found" 2>&1 && [ ! -s "$work/found" ] && return
	cat "$work/found"
	return 1
}

shell_scripts()
{
	list | while read -r file; do
		case $(head -n 1 "$file" 2>/dev/null | tr -d '\0') in
		'#!/bin/sh'*) echo "$file" ;;
		esac
	done
}

# checkpatch's types that do not apply:
# LINUX_VERSION_CODE, CONSTANT_COMPARISON: compat headers are there for versions,
#	and checkpatch takes KERNEL_VERSION() for a constant's name
# MACRO_ARG_REUSE: there a macro's argument may be a name
# OPEN_ENDED_LINE, PARENTHESIS_ALIGNMENT: tracepoints are laid out as the kernel's own
# Scripts are not given to it: it knows C, and takes "mount -t proc proc" for a
# repeated word; shellcheck and python's own tools look at them.
# checkpatch_says OPTION... FILE...: its findings.
checkpatch_says()
{
	nothing_found perl "$source73/scripts/checkpatch.pl" --no-tree --strict --terse \
		--show-types "$@"
}

# shellcheck disable=SC2046 # lists
checkpatch()
{
	checkpatch_says -f $(list '*.c' '*.h' | grep -v 'compat\.h$\|^include/trace/') &&
		checkpatch_says --ignore OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT \
			-f $(list 'include/trace/*.h') &&
		checkpatch_says --ignore LINUX_VERSION_CODE,CONSTANT_COMPARISON,MACRO_ARG_REUSE \
			-f $(list '*compat.h')
}

# "bad constant expression" is no finding: MODULE_INFO() of 7.3 asserts on
# __builtin_strlen(), which sparse cannot evaluate, and gcc does.
# "too long token expansion" is none either: sparse gives up on the kernel's macros that
# name gfp flags in a tracepoint.
# build SERIES: W=1 and sparse, with the clients and the suites.  A stock kernel has
# no KUnit: that its functions are missing at the end is no finding.  Findings are
# lines that name a file of ours: those in the kernel's headers are not ours to fix.
build()
{
	kdir=$("$top/scripts/fetch-kernel.sh" headers "$1") || return
	# Newer kernels ask this script whether sparse knows __typeof_unqual__, which a
	# macro makes it know; Debian's headers leave the script out.
	for valid in "$kdir"/../linux-headers-*-common/scripts; do
		cp "$source73/scripts/checker-valid.sh" "$valid/"
	done
	rm -rf "$top/build/check/$1"
	make KDIR="$kdir" BUILD="$top/build/check/$1" W=1 C=2 \
		CHECK='sparse -D__typeof_unqual__=__typeof__' CF='-D__CHECK_ENDIAN__ -Wbitwise -Wcontext' CONFIG_KUNIT=m GOALLOC_KUNIT=m \
		KCFLAGS=-DCONFIG_KUNIT_MODULE=1 KBUILD_MODPOST_WARN=1 selftests >"$work/build" 2>&1 || {
		tail -n 25 "$work/build"
		return 1
	}
	# no stock kernel has fault injection or kmemleak; selftests/clients/ is another build
	list 'goalloc/*.c' 'selftests/*.c' 'kunit/*.c' |
		grep -v '^goalloc/fault.c\|^goalloc/kmemleak.c\|^selftests/clients/' >"$work/files"
	while read -r file; do
		grep -q "^  CHECK .*$file\$" "$work/build" || echo "sparse did not see $file"
	done <"$work/files" >"$work/unseen"
	[ ! -s "$work/unseen" ] || { cat "$work/unseen"; return 1; }
	# modpost names ten such functions and counts the rest, so look at each
	find "$top/build/check/$1" -name '*.ko' -exec nm -u {} + | awk '
		FILENAME != "-" { known[$2] = 1; next }
		$1 == "U" && !($2 in known) && $2 !~ /^_*kunit_/ { print "nobody exports " $2 }' \
		"$kdir/Module.symvers" "$top/build/check/$1/Module.symvers" - >"$work/unresolved"
	[ ! -s "$work/unresolved" ] || { cat "$work/unresolved"; return 1; }
	! grep -E '(warning|error|WARNING|ERROR):' "$work/build" |
		grep -E '^[^ ]*(goalloc|kunit|selftests)/|modpost' | grep -v 'modpost: .*["'\'']_*kunit_\|modpost: suppressed .* unresolved symbol\|error: bad constant expression\|error: too long token expansion'
}

kernel_doc()
{
	nothing_found perl "$source61/scripts/kernel-doc" -none -Werror \
		goalloc/*.[ch] include/linux/*.h &&
	nothing_found python3 "$source73/tools/docs/kernel-doc" -none -Werror -Wall \
		goalloc/*.[ch] include/linux/*.h
}

public_doc()
{
	awk -f scripts/static/kernel-doc.awk goalloc/*.c include/linux/goalloc.h \
		include/linux/goalloc_cache.h
}

# arithOperationsOnVoidPointer: GNU C has it, and the kernel uses it.
# ctunullpointer: cppcheck does not see that a run is filled only when one is kept.
run_cppcheck()
{
	nothing_found cppcheck -q --enable=warning,performance,portability --std=c11 \
		--error-exitcode=1 -D__KERNEL__ -DCONFIG_64BIT \
		--library=scripts/static/cppcheck.cfg --suppress=arithOperationsOnVoidPointer \
		--suppress=ctunullpointer -I include -I goalloc goalloc kunit selftests &&
		nothing_found cppcheck -q --enable=warning,performance,portability --std=c11 \
			--error-exitcode=1 --library=scripts/static/cppcheck.cfg tools
}

# The kernel's semantic patches that fit a module without devices: those of devices
# and buses have nothing to look at, and kmalloc_objs and badzero cannot run here (no
# report mode; OCaml).
coccinelle()
{
	for rule in api/alloc/alloc_cast api/err_cast api/kfree_mismatch api/kvmalloc \
		api/memdup api/string_choices free/ifnullfree free/kfree free/kfreeaddr \
		iterators/itnull iterators/list_entry_update iterators/use_after_iter \
		locks/double_lock locks/flags locks/mini_lock misc/badty misc/boolconv \
		misc/cond_no_effect misc/doubleinit misc/ifcol misc/noderef \
		misc/returnvar misc/semicolon null/deref_null tests/doublebitand; do
		echo "$source73/scripts/coccinelle/$rule.cocci"
	done >"$work/rules"
	# shellcheck disable=SC2016 # expanded by the sh that xargs starts
	xargs -P "$jobs" -I{} sh -c '
		options=$(sed -n "s,^// *Options: *,,p" "$1")
		spatch -D report --very-quiet --no-show-diff --cocci-file "$1" $options \
			goalloc/*.c selftests/*.c kunit/*.c 2>"$2/err.$$" ||
			{ echo "$1: spatch failed"; cat "$2/err.$$"; }' - {} "$work" \
		<"$work/rules" >"$work/cocci" || return
	[ ! -s "$work/cocci" ] || { cat "$work/cocci"; return 1; }
}

# SC2317: functions that check() calls by name look unreachable.
# shellcheck disable=SC2046 # lists
run_shellcheck() { nothing_found shellcheck -x -e SC2317 $(shell_scripts) selftests/lib.sh scripts/lib.sh; }

python_scripts() { list | xargs grep -lI '^#!.*python3'; list '*.py'; }

# shellcheck disable=SC2046 # lists
python()
{
	PYTHONPYCACHEPREFIX=$work nothing_found python3 -m py_compile $(python_scripts) &&
		nothing_found pyflakes3 $(python_scripts)
}

# Each mutant is a change of the sources as they are.
mutants() { scripts/mutate --list >/dev/null; }

# shellcheck disable=SC2046 # a list
spelling() { nothing_found codespell $(list | grep -v '\.gotrace$'); }

# Exported functions, and inline ones of the headers; not what macros stand before.
public_functions()
{
	{
		sed -n 's/^EXPORT_SYMBOL_GPL(\(.*\));.*/\1/p' goalloc/*.c
		sed -n 's/^\(static .*[ *]\|void \*\|struct .*\*\|int \)\?\(goalloc_[a-z_]*\)(.*/\2/p' \
			include/linux/*.h
	} | grep -vE '^__|_slow$|_(create|default)_args$' | LC_ALL=C sort -u
}

# called_in NAME FILE...: does a file use it, by its name or by the kernel's that it stands for?
called_in()
{
	name=$1
	shift
	grep -qwE "$name|${name#goalloc_dropin_}" "$@"
}

# Each is called by a test of kunit/.  Those that no client calls (of selftests/, or the
# drop-in, which calls goalloc for its own) are named: nothing but a test vouches for them.
tested()
{
	public_functions >"$work/public"
	[ "$(wc -l <"$work/public")" -gt 100 ] || { echo 'no functions found'; return 1; }
	: >"$work/only"
	while read -r name; do
		called_in "$name" kunit/*.c || echo "no test calls $name()"
		case $name in
		goalloc_dropin_* | goalloc_module_*) continue ;;	# the clients' kmalloc() and so on
		esac
		called_in "$name" selftests/*.c selftests/bench/*.c goalloc/dropin*.c ||
			echo "$name()" >>"$work/only"
	done <"$work/public" >"$work/untested"
	remark="called by tests alone: $(xargs echo <"$work/only")"
	nothing_found cat "$work/untested"
}

# A row a symbol that goalloc.ko needs: how each stock kernel exports it.
symbol_table()
{
	for s in 6.1 6.12 7.3; do
		built=$("$top/scripts/build-modules.sh" "$s" modules) || return
		kdir=$("$top/scripts/fetch-kernel.sh" headers "$s") || return
		nm -u "$built/goalloc/goalloc.ko" | awk -v s="$s" '
			NR == FNR { how[$2] = $4 == "EXPORT_SYMBOL_GPL" ? "G" : "E"; next }
			{ print $2, s, ($2 in how ? how[$2] : "MISSING") }' "$kdir/Module.symvers" -
	done >"$work/needed"
	echo "# What goalloc.ko needs of Debian's kernels.  E: EXPORT_SYMBOL, G: EXPORT_SYMBOL_GPL,"
	echo "# -: not needed.  Written by: scripts/check.sh --write symbols"
	printf '%-36s %5s %5s %5s\n' '# symbol' 6.1 6.12 7.3
	awk '{ how[$1, $2] = $3; all[$1] }
		function of(n, s) { return (n, s) in how ? how[n, s] : "-" }
		END { for (n in all)
			printf "%-36s %5s %5s %5s\n", n, of(n, "6.1"), of(n, "6.12"), of(n, "7.3") }' \
		"$work/needed" | LC_ALL=C sort
}

symbols()
{
	symbol_table >"$work/symbols" || return
	! grep MISSING "$work/symbols" || return
	[ "$(wc -l <"$work/symbols")" -gt 40 ] || { echo 'no symbols found'; return 1; }
	[ -z "$write" ] || cp "$work/symbols" "$symbols"
	diff -u "$symbols" "$work/symbols"
}

echo 'KTAP version 1'
echo "1..$#"
for check; do
	number=$((number + 1))
	case $check in
	build_*) set_what="W=1 and sparse, Linux ${check#build_}"; run="build ${check#build_}" ;;
	cppcheck | shellcheck) set_what=$check; run=run_$check ;;
	layers | model) set_what=$check; run=scripts/check-$check.sh ;;
	docs) set_what=$check; run=scripts/docs.sh ;;
	*) set_what=$check; run=$check ;;
	esac
	status=ok remark=
	$run >"$work/out" 2>&1 || status='not ok'
	echo "$status $number - $set_what"
	[ -z "$remark" ] || echo "# $remark" | fold -s -w 100 | sed '2,$s/^/#	/'
	[ "$status" = ok ] || { sed 's/^/# /' "$work/out"; failed=$((failed + 1)); }
done
echo "$((number - failed)) passed, $failed failed"
[ "$failed" -eq 0 ]
