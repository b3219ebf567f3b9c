#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# build-client.sh SERIES: build the clients of selftests/clients for Debian's stock
# kernel of SERIES, out of the source of that kernel, without and with goalloc's drop-in.
# Prints the directory that holds clients/plain/ and clients/dropin/ with the modules, and
# clients/stock/CLIENT/ with those of the stock kernel that CLIENT needs, in their order,
# and what else it does.

. "$(dirname "$0")/lib.sh"

series=${1?usage: build-client.sh SERIES}
"$top/scripts/install-tools.sh" clients
KSOURCE=$("$top/scripts/fetch-kernel.sh" source "$series")
export KSOURCE
image=$("$top/scripts/fetch-kernel.sh" image "$series")
stock=${image%/*}/lib/modules
built=$("$top/scripts/build-modules.sh" "$series" clients)

# needed MODULE: files of the stock kernel, each behind those that it needs itself.
needed()
{
	names=$(/sbin/modinfo -F depends "$1") || die "modinfo does not read $1"
	for name in $(echo "$names" | tr , ' '); do
		# A file may have - where the module has _.
		file=$(find "$stock/" -name "$(echo "$name" | tr _- '??').ko*")
		[ -n "$file" ] || die "Linux $series has no module $name"
		(needed "$file") || exit
		echo "$file"
	done
}

rm -rf "$built/clients/stock"
for client in "$built"/clients/plain/*.ko; do
	directory=$built/clients/stock/$(basename "$client" .ko)
	mkdir -p "$directory"
	(needed "$client") >"$built/clients/needed" || die "what $client needs is not known"
	awk '!seen[$0]++ { print NR + 10, $0 }' "$built/clients/needed" | while read -r number file; do
		copy=$directory/$number-$(basename "${file%.xz}")
		case $file in
		*.xz) xz -dc "$file" >"$copy" ;;
		*) cp "$file" "$copy" ;;
		esac
	done
done

# WireGuard is told its peers by a program, which brings its C library.
tools=$cache/wireguard-tools
[ -x "$tools/usr/bin/wg" ] ||
	"$top/scripts/fetch-deb.sh" bookworm "$tools" wireguard-tools libc6
cp -L "$tools/usr/bin/wg" "$tools"/lib/x86_64-linux-gnu/libc.so.6 \
	"$tools/lib64/ld-linux-x86-64.so.2" "$built/clients/stock/wireguard/"
echo "$built"
