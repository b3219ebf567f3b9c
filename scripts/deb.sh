#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# deb.sh: build goalloc-dkms_VERSION_all.deb and goalloc-tools_VERSION_ARCH.deb in
# build/deb, and print their paths.
#
# The former has the sources for DKMS, the headers for clients and a man page; the latter
# goallocstat and goalloctop, for this machine, and goalloc-report.  Their version is that of dkms.conf.

. "$(dirname "$0")/lib.sh"

"$top/scripts/install-tools.sh" deb tools
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$top/dkms.conf")
work=$top/build/deb/goalloc-$version
rm -rf "$top/build/deb"
mkdir -p "$work"
cd "$top"
# No link to what a build left in the tree: the files that git has, or would have.
git ls-files --cached --others --exclude-standard -- Kbuild COPYING README.md dkms.conf \
	goalloc include tools scripts/dkms-symvers scripts/goalloc-report scripts/report | cpio -pdm --quiet "$work"
cp -r scripts/debian "$work/debian"
mv "$work/debian/goalloc.4" "$work/"
sed -i "s/\$(VERSION)/$version/" "$work/debian/rules"
cat >"$work/debian/changelog" <<END
goalloc ($version) unstable; urgency=medium

  * goalloc $version.

 -- The goalloc authors <goalloc@localhost>  $(date -R -d "@$(git log -1 --format=%ct)")
END
step "Building the packages goalloc-dkms and goalloc-tools $version"
cd "$work"
quietly "$logs/deb.log" env DEB_BUILD_OPTIONS=noautodbgsym dpkg-buildpackage -us -uc -b
ls "$top"/build/deb/goalloc-dkms_*.deb "$top"/build/deb/goalloc-tools_*.deb
