#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# fetch-deb.sh [--arch ARCH] SUITE DIRECTORY PATTERN...: unpack Debian packages of any
# suite, of this machine's architecture or another (as Debian names it).
#
# A PATTERN is an extended regular expression for the whole name of a package.
# Of several that match, the last in version order of the names is taken.
# The packages are unpacked under DIRECTORY, not installed.
#
# apt does the work, signatures included, with lists and a cache of its own, so
# that the machine's apt knows nothing of it.  The mirror is the one that the
# machine uses, or GOALLOC_MIRROR.

. "$(dirname "$0")/lib.sh"

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
arch=
if [ "${1-}" = --arch ]; then
	arch=$2
	shift 2
fi
suite=$1
into=$2
shift 2

command -v apt-get >/dev/null || die "fetching a kernel needs apt-get, which this system has not"
[ -r "$keyring" ] || die "$keyring is missing: install debian-archive-keyring"

# machine_mirror [-security]: the mirror the machine's apt uses for its own suite.
machine_mirror()
{
	# shellcheck disable=SC1091
	. /etc/os-release
	[ "$ID" = debian ] || return 0
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' |
		awk -v suite="$VERSION_CODENAME$1" '$2 == suite && $3 == "main" { print $1; exit }'
}

sources()
{
	mirror=${GOALLOC_MIRROR:-$(machine_mirror '')}
	[ -n "$mirror" ] || die "no Debian mirror in this machine's apt sources: set GOALLOC_MIRROR"
	echo "deb [signed-by=$keyring] $mirror $suite main"
	security=$(machine_mirror -security)
	case $suite in
	*-*) ;;
	*) [ -z "$security" ] || echo "deb [signed-by=$keyring] $security $suite-security main" ;;
	esac
}

apt=$cache/apt/$suite${arch:+-$arch}
one_at_a_time "apt-${apt##*/}"
mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$into"
sources >"$apt/sources.list"
: >"$apt/status"

# private COMMAND...: an apt command that sees only the suite.
private()
{
	command=$1
	shift
	"$command" ${arch:+-o APT::Architecture="$arch" -o APT::Architectures="$arch"} \
		-o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State::Lists="$apt/lists" -o Dir::State::Status="$apt/status" \
		-o Dir::Cache="$apt" -o APT::Sandbox::User=root -o Acquire::Languages=none \
		-o Acquire::Retries=3 -o APT::Update::Error-Mode=any "$@"
}

# The lists are fetched anew once they are an hour old.
if [ -z "$(find "$apt/updated" -mmin -60 2>/dev/null)" ]; then
	quietly "$logs/apt.log" private apt-get update || die "apt-get update failed for $suite"
	touch "$apt/updated"
fi

names=
for pattern; do
	name=$(private apt-cache pkgnames | grep -xE -- "$pattern" | sort -V | tail -n 1)
	[ -n "$name" ] || die "$suite has no package $pattern"
	names="$names $name"
done

# shellcheck disable=SC2086 # a list of packages
( cd "$apt/archives" && quietly "$logs/apt.log" private apt-get download $names ) ||
	die "could not download$names"
for deb in "$apt"/archives/*.deb; do
	dpkg-deb -x "$deb" "$into"
	rm -f "$deb"
done
