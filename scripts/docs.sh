#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# make docs: build/docs/html, the documentation as HTML.  A warning of Sphinx is an error.
#
# It is Documentation/, and a page of all public functions that the kernel's own
# kernel-doc makes of the comments in goalloc/ and include/linux/.

. "$(dirname "$0")/lib.sh"

"$top/scripts/install-tools.sh" docs kernel
kernel_doc=$("$top/scripts/fetch-kernel.sh" source 6.1)/scripts/kernel-doc
source=$top/build/docs/source
html=$top/build/docs/html
rm -rf "$top/build/docs"
mkdir -p "$source"
cp "$top"/Documentation/*.rst "$top"/Documentation/*.svg "$top"/Documentation/*.png "$top"/Documentation/conf.py "$source/"
# shellcheck disable=SC2016 # a backquote of reStructuredText
sed -i 's|<\([a-z-]*\)\.rst>`_|<\1.html>`_|g' "$source"/*.rst

# functions HEADING OPTIONS FILE...: what they document of the interface.
functions()
{
	printf '%s\n%s\n\n' "$1" "$(echo "$1" | sed 's/./=/g')"
	shift
	perl "$kernel_doc" -rst "$@" 2>/dev/null | sed 's/^\(\.\. c:function:: \)__malloc /\1/'
}

cd "$top"
{
	printf '.. SPDX-License-Identifier: GPL-2.0\n\n'
	printf '%s\n' =================== 'The public functions' ===================
	printf '\nOf <linux/goalloc.h> and the headers beside it, as their comments say.\n\n'
	functions 'Functions of the module' -export goalloc/*.c
	functions 'Functions, macros and structs of the headers' include/linux/*.h
} | sed 's/^===================$/====================/' >"$source/functions.rst"
step "Building the documentation"
quietly "$logs/docs.log" sphinx-build -q -W --keep-going -b html "$source" "$html"
note "open $html/index.html"
