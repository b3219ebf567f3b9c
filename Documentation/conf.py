# SPDX-License-Identifier: GPL-2.0
"""How Sphinx builds the HTML of this directory; see scripts/docs.sh."""
project = "goalloc"
copyright = "the goalloc authors, GPL-2.0"	# pylint: disable=redefined-builtin
root_doc = "index"
exclude_patterns = ["performance-tables.rst"]
html_theme = "alabaster"
html_theme_options = {"page_width": "1100px", "sidebar_width": "230px"}
html_sidebars = {"**": ["about.html", "navigation.html", "searchbox.html"]}
html_show_sourcelink = False
# The kernel's attributes in declarations.
c_id_attributes = ["__malloc", "__must_check", "__user", "__percpu"]
