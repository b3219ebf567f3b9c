#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# coverage.sh: which lines of goalloc/ the KUnit suites and the selftests execute.
#
# Builds goalloc with gcov's counters in build/coverage/, runs all tests that work on
# the KUnit kernel in QEMU, and prints for each file the lines that have code, those
# executed, and the share.  build/coverage/uncovered lists the others, and
# build/coverage/*.gcov has each line with its count.
#
# COVERAGE_LEAST: exit status 1 below that many per cent in all (95).

. "$(dirname "$0")/lib.sh"

least=${COVERAGE_LEAST:-95}
work=$top/build/coverage
series=6.1

"$top/scripts/install-tools.sh" module boot kernel
kdir=$("$top/scripts/build-kernel.sh" $series kunit \
	"$top/kunit/.kunitconfig" "$top/scripts/configs/vm.config" \
	"$top/scripts/configs/fault.config")

step "Building goalloc with counters"
mkdir -p "$work"
for target in kunit selftests; do
	quietly "$logs/coverage-$target.log" make -C "$top" -j "$jobs" KDIR="$kdir" \
		BUILD="$work/built" GOALLOC_GCOV=y "$target" || die "the modules do not build"
done

step "Running the tests"
"$top/scripts/mkinitrd.sh" "$top/build/coverage.cpio.gz" 'sh coverage.sh' \
	"$top"/scripts/guest/coverage.sh "$top"/scripts/guest/cell.sh \
	"$top"/selftests/*.sh "$top/selftests/traces" \
	"$work"/built/goalloc/*.ko "$work"/built/kunit/*.ko "$work"/built/selftests/*.ko
"$top/scripts/boot-qemu.sh" --cpus 4 --timeout 1500 --quiet --append numa=fake=2 coverage \
	"$kdir/arch/x86/boot/bzImage" "$top/build/coverage.cpio.gz" ||
	note "status $?, see $logs/coverage.console"
# A promise that this kernel, or one slowed down by counters, does not let us check.
sed -n 's/^\[[^]]*\] //; s/^ *not ok /    not ok /p' "$logs/coverage.out" "$logs/coverage.console" >&2

rm -rf "$work/gcda" "$work"/*.gcov
mkdir "$work/gcda"
sed -n '/^goalloc-gcda: begins/,/^goalloc-gcda: ends/p' "$logs/coverage.out" | sed '/^goalloc-/d' |
	base64 -d | tar -C "$work/gcda" -x -z -f - || die "the guest gave no counters"
cp "$work"/built/goalloc/*.gcno "$work/gcda/"

# All objects at once: gcov then adds up what a header's lines did in each.
(cd "$work" && gcov gcda/*.gcda >gcov.log 2>&1) || die "gcov failed, see $work/gcov.log"

for file in "$work"/*.gcov; do
	grep -q '0:Source:.*/built/goalloc/' "$file" || rm "$file"
done

# "count: line: text", where "#####" is a line that was never executed and "-" one
# without code.
: >"$work/uncovered"
awk -F: -v list="$work/uncovered" -v least="$least" '
	/^ *-: +0:Source:/ {
		name = $NF
		sub(".*/built/", "", name)
		names[++n] = name
	}
	{
		text = $0
		sub(/^[^:]*:[^:]*:/, "", text)
		gsub(/ /, "", $1)
		gsub(/ /, "", $2)
	}
	$2 == 0 || $1 == "-" { next }
	{ lines[name]++ }
	$1 ~ /^(#####|=====)/ {
		print name ":" $2 ":" text >list
		next
	}
	{ hit[name]++ }
	END {
		printf "%-28s %8s %8s %8s\n", "file", "lines", "executed", "share"
		for (i = 1; i <= n; i++) {
			name = names[i]
			if (!lines[name])
				continue
			printf "%-28s %8d %8d %7.1f%%\n", name, lines[name], hit[name], 100 * hit[name] / lines[name]
			all += lines[name]
			done += hit[name]
		}
		if (!all)
			exit 1
		printf "%-28s %8d %8d %7.1f%%\n", "goalloc/", all, done, 100 * done / all
		exit 100 * done < least * all
	}' "$work"/*.gcov
