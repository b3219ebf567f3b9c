# SPDX-License-Identifier: GPL-2.0
# Every goalloc_ function that is exported, or is inline in a header, has a
# kernel-doc comment with Context:, and with Return: unless it returns nothing.
# Reads goalloc/*.c, include/linux/goalloc.h and goalloc_cache.h; exit status 1 if one has not.

/^\/\*\*/ { name = context = returns = "" }
/^ \* goalloc_[a-z_]+\(\) - / { name = $2; sub(/\(\)/, "", name); documented[name] = 1 }
/^ \* Context: / { has_context[name] = 1 }
/^ \* Return: / { has_return[name] = 1 }
/^void goalloc_[a-z_]+\(/ { split($2, part, "("); nothing[part[1]] = 1 }
/^EXPORT_SYMBOL_GPL\(goalloc_/ { split($0, part, /[()]/); public[part[2]] = 1 }
/^(static (__always_)?inline .*[ *]|void \*)goalloc_[a-z_]+\(.*[^;]$/ && FILENAME ~ /goalloc(_cache)?\.h$/ {
	match($0, /goalloc_[a-z_]+\(/)
	public[substr($0, RSTART, RLENGTH - 1)] = 1
}
END {
	for (name in public) {
		found++
		if (!documented[name])
			bad[name " has no kernel-doc"]
		else if (!has_context[name])
			bad[name " has no Context:"]
		else if (!has_return[name] && !nothing[name])
			bad[name " has no Return:"]
	}
	for (what in bad) {
		print what
		failed = 1
	}
	if (found < 8)
		print "only " found + 0 " public functions found"
	exit failed || found < 8
}
