#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The size classes against everything that is known about them: what the
# generator would write, the published 66-class table, a real Go program, and
# arithmetic.  Runs on the build host, needs no kernel module, and prints KTAP.
#
# Go comes from Debian's golang-go, installed when it is missing.  Without Go the
# comparison with it fails; it is not skipped.

here=$(cd "$(dirname "$0")" && pwd) || exit 1
top=$(dirname "$here")
mksizeclasses=$top/scripts/mksizeclasses
fixture=$here/sizeclasses-66.txt

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

planned=11
count=0
failed=0

# result STATUS NAME: a test's outcome; what it wrote to $tmp/log if it failed.
result()
{
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count - $2"
	else
		failed=$((failed + 1))
		sed 's/^/# /' "$tmp/log"
		echo "not ok $count - $2"
	fi
}

# check NAME COMMAND...: a test that is one command.
check()
{
	title=$1
	shift
	"$@" >"$tmp/log" 2>&1
	result $? "$title"
}

# --- the generator

checked_in_as_generated()
{
	"$mksizeclasses" --check
}

# A check that cannot fail would be worth nothing.
check_sees_an_edit()
{
	"$mksizeclasses" -o "$tmp/edited" &&
	"$mksizeclasses" --check -o "$tmp/edited" || return 1
	sed -i 's/0x0aaaaaab/0x0aaaaaac/' "$tmp/edited/goalloc/sizeclasses.c"
	! "$mksizeclasses" --check -o "$tmp/edited" >"$tmp/diff" || return 1
	grep 0x0aaaaaac "$tmp/diff"
}

# --- the published table

# The columns that the fixture has, one blank between them.
columns()
{
	awk 'NR > 1 { print $1, $2, $3, $4, $5, $6 }' "$@"
}

table66_is_fixture()
{
	columns "$fixture" >"$tmp/want"
	"$mksizeclasses" --classes=66 --table | columns >"$tmp/got"
	[ "$(wc -l <"$tmp/want")" -eq 66 ] && diff "$tmp/want" "$tmp/got"
}

# The current table is the older one with 24 bytes as class 3, which halves what
# 32 bytes waste and moves the others up by one.
table67_is_fixture_and_24()
{
	columns "$fixture" | awk '
		$1 == 3 { print "3 24 8192 341 8 29.24%"; $6 = "21.88%" }
		$1 >= 3 { $1++ }
		{ print }' >"$tmp/want"
	"$mksizeclasses" --table | columns >"$tmp/got"
	[ "$(wc -l <"$tmp/want")" -eq 67 ] && diff "$tmp/want" "$tmp/got"
}

# Alignment follows from the size; the fixture has no such column.
table_shows_alignment()
{
	"$mksizeclasses" --table | awk '
		NR > 1 {
			for (align = 1; $2 % (2 * align) == 0 && align < 8192; align *= 2)
				;
			if ($7 != align) {
				print "size " $2 ": " $7 ", not " align
				bad = 1
			}
		}
		END { exit bad || NR != 68 }'
}

# --- a real Go program

run_go()
{
	"$top/scripts/install-tools.sh" go || return 1
	export GOTOOLCHAIN=local GOFLAGS='' GO111MODULE=off
	export GOCACHE="$tmp/gocache" GOPATH="$tmp/gopath"
	go run "$here/bysize.go" >"$tmp/bysize"
}

# Says so once when the Go program showed nothing, instead of every class.
have_bysize()
{
	[ -s "$tmp/bysize" ] && return
	echo "the Go program did not run"
	return 1
}

# "class size" for every class, 0 first, as goalloc has it.
classes()
{
	echo 0 0
	"$mksizeclasses" --table | awk 'NR > 1 { print $1, $2 }'
}

go_bysize_is_table()
{
	have_bysize || return 1
	awk '$1 == "size" { print $2, $3 }' "$tmp/bysize" >"$tmp/got"
	classes | head -n 61 >"$tmp/want"
	diff "$tmp/want" "$tmp/got"
}

# Each request must be counted in the first class that holds it, and each class
# that BySize shows must have been hit.
go_mallocs_rise_in_class()
{
	have_bysize || return 1
	classes >"$tmp/want"
	awk '
		NR == FNR { size[$1] = $2; next }
		$1 == "malloc" {
			if ($2 > size[$3] || $2 <= size[$3 - 1]) {
				print $2 " bytes were counted in class " $3
				bad = 1
			}
			hit[$3] = 1
		}
		END {
			for (class = 1; class <= 60; class++)
				if (!hit[class]) {
					print "class " class " was not tried"
					bad = 1
				}
			exit bad
		}' "$tmp/want" "$tmp/bysize"
}

go_rounding_is_table()
{
	have_bysize || return 1
	awk '$1 == "round" { print $2, $3, $4 }' "$tmp/bysize" >"$tmp/got"
	classes | awk 'NR > 1 { print prev + 1, $2, $2 } { prev = $2 }' >"$tmp/want"
	[ "$(wc -l <"$tmp/want")" -eq 67 ] && diff "$tmp/want" "$tmp/got"
}

# --- the C tables

# Just enough of the kernel's headers, and of compat.h, for what is generated, which is
# copied beside it.
write_stubs()
{
	mkdir -p "$tmp/include/linux" && cp "$top"/goalloc/sizeclasses.[ch] "$tmp/" || return 1
	echo "#define EXPORT_SYMBOL_FOR_KUNIT(sym)" >"$tmp/compat.h"
	cat >"$tmp/include/linux/types.h" <<-'STUB'
		#include <stddef.h>
		#include <stdint.h>
		typedef uint8_t u8;
		typedef uint16_t u16;
		typedef uint32_t u32;
		typedef uint64_t u64;
	STUB
	cp "$top"/include/linux/goalloc_classes.h "$tmp/include/linux/" || return 1
	: >"$tmp/include/linux/compiler.h"
	cat >"$tmp/include/linux/build_bug.h" <<-'STUB'
		#define static_assert(expr) _Static_assert(expr, #expr)
	STUB
	cat >"$tmp/include/linux/bits.h" <<-'STUB'
		#define BIT(nr) (1UL << (nr))
	STUB
}

write_c_test()
{
	cat >"$tmp/test.c" <<-'TEST'
		#include <stdio.h>
		#include "sizeclasses.h"
		#include <linux/goalloc_classes.h>

		static int bad;

		#define EXPECT(cond, sc, arg)						\
			do {								\
				if (!(cond)) {						\
					printf("class %u, %lu: not %s\n",		\
					       sc, (unsigned long)(arg), #cond);	\
					bad = 1;					\
				}							\
			} while (0)

		static void every_size(void)
		{
			for (size_t size = 1; size <= GOALLOC_MAX_SMALL_SIZE; size++) {
				unsigned int sc = goalloc_size_class(size);

				EXPECT(sc >= 1 && sc < GOALLOC_NUM_SIZE_CLASSES, sc, size);
				if (bad)
					return;
				EXPECT(goalloc_size_classes[sc].size >= size, sc, size);
				EXPECT(goalloc_size_classes[sc - 1].size < size, sc, size);
				EXPECT(__goalloc_class(size) == sc, sc, size);
			}
		}

		static void every_offset(unsigned int sc)
		{
			const struct goalloc_size_class *c = &goalloc_size_classes[sc];

			for (u32 off = 0; off < c->npages * GOALLOC_PAGE_SIZE; off++) {
				u64 product = off * (u64)c->div_mul;

				EXPECT(product >> 32 == off / c->size, sc, off);
				EXPECT(((u32)product < c->div_mul) == !(off % c->size), sc, off);
			}
		}

		static void every_object(unsigned int sc)
		{
			const struct goalloc_size_class *c = &goalloc_size_classes[sc];
			size_t span = c->npages * GOALLOC_PAGE_SIZE;

			EXPECT(c->nelems == span / c->size, sc, c->nelems);
			if (c->size & (c->size - 1)) {
				EXPECT(c->align_pages == 1, sc, c->align_pages);
				return;
			}
			for (size_t off = 0; off < span; off += c->size) {
				size_t addr = c->align_pages * GOALLOC_PAGE_SIZE + off;

				EXPECT(addr % c->size == 0, sc, off);
			}
		}

		int main(int argc, char **argv)
		{
			const struct goalloc_size_class *c = goalloc_size_classes;

			(void)argv;
			EXPECT(!c->size && !c->div_mul && !c->nelems && !c->npages, 0, 0);
			for (unsigned int sc = 1; sc < GOALLOC_NUM_SIZE_CLASSES; sc++) {
				c++;
				if (argc > 1)
					printf("%u %u %lu %u\n", sc, c->size,
					       c->npages * GOALLOC_PAGE_SIZE, c->nelems);
				every_offset(sc);
				every_object(sc);
			}
			every_size();
			return bad;
		}
	TEST
}

compile_c_test()
{
	write_stubs && write_c_test || return 1
	"${HOSTCC:-cc}" -std=gnu11 -O2 -Wall -Wextra -Werror -I"$tmp/include" \
		-o "$tmp/test" "$tmp/test.c" "$tmp/sizeclasses.c"
}

c_rows_are_table()
{
	"$mksizeclasses" --table | awk 'NR > 1 { print $1, $2, $3, $4 }' >"$tmp/want"
	"$tmp/test" rows >"$tmp/got" || return 1
	diff "$tmp/want" "$tmp/got"
}

c_tables_are_exact()
{
	"$tmp/test"
}

echo "KTAP version 1"
echo "1..$planned"
check "checked-in files are as generated" checked_in_as_generated
check "--check sees an edited file" check_sees_an_edit
check "66-class table is the published one" table66_is_fixture
check "67-class table is that and 24 bytes" table67_is_fixture_and_24
check "alignment column follows from the sizes" table_shows_alignment
check "Go program runs" run_go
check "Go's BySize has the same sizes, class by class" go_bysize_is_table
check "Go counts mallocs in the same classes" go_mallocs_rise_in_class
check "Go rounds every small size the same" go_rounding_is_table
compile_c_test >"$tmp/log" 2>&1 && c_rows_are_table >"$tmp/log" 2>&1
result $? "C table has the same rows"
check "C lookups and divisions are right for every size and offset" c_tables_are_exact

[ "$failed" -eq 0 ] && [ "$count" -eq "$planned" ]
