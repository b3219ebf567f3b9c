#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# fetch-kernel.sh WHAT SERIES: Debian's kernel of a series (6.1, 6.12, 7.3), from
# the cache or, the first time, from Debian.  Prints where it is:
#
#	headers	a directory to build modules against (KDIR) for the stock kernel
#	image	the stock kernel, a vmlinuz; its modules are beside it, see below
#	source	the kernel's source, patched as Debian does
#
# Nothing is installed: $cache/stock-SERIES/ holds the unpacked packages as they
# would lie under /.  Remove it to fetch a newer kernel.

. "$(dirname "$0")/lib.sh"

what=${1?usage: fetch-kernel.sh headers|image|source SERIES}
series=${2?usage: fetch-kernel.sh headers|image|source SERIES}
case $series in
6.1) suite=bookworm ;;
6.12) suite=bookworm-backports ;;
7.*) suite=trixie-backports ;;
*) die "no Debian suite is known for Linux $series: there are 6.1, 6.12 and 7.3" ;;
esac
[ "$(uname -m)" = x86_64 ] || die "stock kernels are fetched for x86_64 only"

flavour=cloud-amd64
stock=$cache/stock-$series
source=$cache/source-$series

# escape TEXT: as a regular expression that matches only TEXT.
escape()
{
	printf '%s' "$1" | sed 's/[.+]/\\&/g'
}

# own_libc DIRECTORY: programs built for a newer Debian than this one (the headers
# of trixie, on bookworm) run on their own C library.
own_libc()
{
	find "$1/usr/lib" -name 'objtool*' -type f -exec {} --help \; 2>&1 |
		grep -q GLIBC_ || return 0
	"$top/scripts/fetch-deb.sh" "${suite%-backports}" "$1/libc" \
		libc6 'libelf1(t64)?' 'zlib1g' 'libzstd1' 'libssl3(t64)?'
	find "$1/usr/lib" -type f -perm -u+x | while read -r program; do
		[ "$(head -c 4 "$program" | tail -c 3)" = ELF ] || continue
		mv "$program" "$program.elf"
		cat >"$program" <<-EOF
			#!/bin/sh
			lib=$stock/libc/usr/lib/x86_64-linux-gnu
			exec "\$lib/ld-linux-x86-64.so.2" --library-path "\$lib" --argv0 "\$0" "\$0.elf" "\$@"
		EOF
		chmod +x "$program"
	done
}

fetch_headers()
{
	step "Fetching the headers of Linux $series ($suite)"
	unpack=$stock.new
	rm -rf "$unpack" "$stock"
	"$top/scripts/fetch-deb.sh" "$suite" "$unpack" \
		"linux-headers-$(escape "$series")\..*-$flavour"
	release=$(cd "$unpack/usr/src" && echo linux-headers-*-$flavour)
	release=${release#linux-headers-}
	base=$(escape "${release%-"$flavour"}")
	"$top/scripts/fetch-deb.sh" "$suite" "$unpack" \
		"linux-headers-$base-common" "linux-kbuild-($base|$(escape "$series"))"
	own_libc "$unpack"
	# Unpacked headers look for each other in /usr/src.
	grep -rlI --include=Makefile -e /usr/src/ "$unpack/usr/src/linux-headers-$release" |
		xargs -r sed -i "s|/usr/src/|$stock/usr/src/|g"
	ln -s "usr/src/linux-headers-$release" "$unpack/headers"
	echo "$release" >"$unpack/release"
	mv "$unpack" "$stock"
}

find_vmlinuz()
{
	( cd "$stock" && find boot/ "usr/lib/modules/$release/" "lib/modules/$release/" -maxdepth 1 \
		-name 'vmlinuz*' 2>/dev/null | head -n 1 )
}

fetch_image()
{
	[ -e "$stock/release" ] || fetch_headers
	release=$(cat "$stock/release")
	step "Fetching the stock kernel $release ($suite)"
	name=$(escape "$release")
	# From 7.3 on linux-image is empty: the kernel and its modules are packages of their
	# own, the kernel's unsigned as long as the archive has no other.
	"$top/scripts/fetch-deb.sh" "$suite" "$stock" "linux-(image|binary-unsigned)-$name"
	[ -n "$(find_vmlinuz)" ] ||
		"$top/scripts/fetch-deb.sh" "$suite" "$stock" "linux-binary(-unsigned)?-$name"
	if [ ! -d "$stock/lib/modules" ]; then
		"$top/scripts/fetch-deb.sh" "$suite" "$stock" "linux-modules-$name"
		ln -sfn usr/lib "$stock/lib"
	fi
	image=$(find_vmlinuz)
	[ -n "$image" ] || die "the package of Linux $release holds no vmlinuz"
	ln -sfn "$image" "$stock/vmlinuz"
}

fetch_source()
{
	step "Fetching the source of Linux $series ($suite)"
	unpack=$source.new
	rm -rf "$unpack" "$source"
	"$top/scripts/fetch-deb.sh" "$suite" "$unpack/deb" "linux-source-$(escape "$series")"
	note "unpacking 1.4 GB of it"
	tar -xf "$unpack"/deb/usr/src/linux-source-*.tar.xz -C "$unpack" --strip-components=1
	rm -rf "$unpack/deb"
	mv "$unpack" "$source"
}

one_at_a_time "fetch-$series"
case $what in
headers) [ -e "$stock/headers" ] || fetch_headers; echo "$stock/headers" ;;
image) [ -e "$stock/vmlinuz" ] || fetch_image; echo "$stock/vmlinuz" ;;
source) [ -e "$source" ] || fetch_source; echo "$source" ;;
*) die "fetch-kernel.sh: headers, image or source, not $what" ;;
esac
