#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What goallocstat writes, against the files that it was made from.

host_tools.py json FILE DIR         goallocstat --json: the values of DIR's files
host_tools.py prometheus FILE DIR   --prometheus: the text format's rules, and the values

The files are read here in the simplest way, by position.  Prints what is wrong;
exit status 1 if anything is.
"""

import json
import os
import re
import sys

PAGE = 8192
problems = []


def complain(text):
    problems.append(text)


def same(what, got, wanted):
    if got != wanted:
        complain(f"{what} is {got} instead of {wanted}")


def table(directory, name):
    """The rows of a file, each a dictionary."""
    with open(os.path.join(directory, name)) as file:
        head, *rows = [line.split() for line in file if not line.startswith("#")]
    return [dict(zip(head, [int(w) if w.isdigit() else w for w in row])) for row in rows]


def stats(directory):
    values, checks = {}, {}
    with open(os.path.join(directory, "stats")) as file:
        for line in file:
            name, value = line.rstrip("\n").split(": ")
            if name.startswith("Check "):
                checks[name[6:]] = value
            else:
                values[name] = int(value)
    return values, checks


def classes_of(directory, values):
    """Rows by class and kind, with live and held bytes; large objects are one row."""
    rows, caches = {}, sum(h["held"] for h in table(directory, "heaps") if h["size"])
    small = sum(c["spans"] * c["span"] for c in table(directory, "sizeclasses"))
    for row in table(directory, "sizeclasses"):
        key = (row["class"], row["kind"]) if row["class"] else (0, "large")
        row.setdefault("requested", 0)
        if key in rows:
            for name in ("spans", "inuse", "free", "mallocs", "frees", "refills", "central",
                         "requested"):
                rows[key][name] += row[name]
        else:
            rows[key] = dict(row, kind=key[1])
    for (number, _), row in rows.items():
        row["live"] = row["inuse"] * row["size"] if number else values["LargeAlloc"]
        row["held"] = row["spans"] * row["span"]
        if not number and row["spans"]:
            row["held"] = max(values["Ready"] - small - caches, values["LargeAlloc"])
    return rows


def states(values):
    return {
        "live": values["Alloc"],
        "free_in_spans": max(values["Ready"] - values["Alloc"], 0),
        "idle": values["Prepared"],
        "metadata": values["Metadata"],
    }


def check_json(text, directory):
    got = json.loads(text)
    values, checks = stats(directory)
    same("the version", got["goallocstat"], 1)
    same("stats", got["stats"], values)
    same("checks", {c["claim"]: c["result"] for c in got["checks"]}, checks)
    for check in got["checks"]:
        same(f"ok of {check['claim']}", check["ok"], check["result"] == "ok")
    memory = {f"{name}_bytes": value for name, value in states(values).items()}
    memory["total_bytes"] = sum(memory.values())
    same("memory", got["memory"], memory)

    wanted = classes_of(directory, values)
    same("the classes", [(c["class"], c["kind"]) for c in got["classes"]], list(wanted))
    names = {"size": "size_bytes", "span": "span_bytes", "objects": "objects_per_span",
             "waste": "tail_bytes", "requested": "requested_bytes", "live": "live_bytes", "held": "held_bytes"}
    for row in got["classes"]:
        for name, value in wanted[row["class"], row["kind"]].items():
            same(f"{name} of class {row['class']} {row['kind']}", row[names.get(name, name)], value)
        same("waste_bytes", row["waste_bytes"], max(row["held_bytes"] - row["live_bytes"], 0))

    names = {"bytes": "live_bytes", "held": "held_bytes", "limit": "limit_bytes",
             "size": "size_bytes"}
    heaps = table(directory, "heaps")
    for row in heaps:
        row["waste_bytes"] = max(row["held"] - row["bytes"], 0)
    same("heaps", got["heaps"], [{names.get(n, n): v for n, v in row.items()} for row in heaps])

    names = {"objects": "cached_objects", "bytes": "cached_bytes", "pagehits": "page_hits",
             "pagemisses": "page_misses"}
    if os.path.exists(os.path.join(directory, "mcache")):
        same("cpus", got["cpus"],
             [{names.get(n, n): v for n, v in row.items()} for row in table(directory, "mcache")])
        same("arenas", len(got["arenas"]), len(table(directory, "arenas")))
    else:
        same("cpus", got["cpus"], None)
        same("arenas", got["arenas"], None)


NAME = r"[a-zA-Z_][a-zA-Z0-9_]*"
SAMPLE = re.compile(rf'({NAME})(?:\{{((?:{NAME}="(?:[^"\\\n]|\\[\\"n])*",?)*)\}})? (\d+)')
LABEL = re.compile(rf'({NAME})="((?:[^"\\\n]|\\[\\"n])*)"')


def parse_prometheus(text):
    """{(name, labels): value}; complains about all that the format forbids."""
    samples, kinds, current, helped = {}, {}, None, None
    if not text.endswith("\n"):
        complain("the last line has no end")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            helped = line.split(" ", 3)[2]
            if helped in kinds or len(line.split(" ", 3)) < 4:
                complain(f"a second HELP, or an empty one: {line}")
            continue
        if line.startswith("# TYPE "):
            _, _, current, kind = line.split(" ")
            same("the metric of TYPE", current, helped)
            kinds[current] = kind
            if not re.fullmatch(f"goalloc_{NAME}", current) or kind not in ("gauge", "counter"):
                complain(f"not a metric of ours: {line}")
            if (kind == "counter") != current.endswith("_total"):
                complain(f"counters, and nothing else, end in _total: {line}")
            if re.search("page|kib|mib|kilo", current.replace("page_cache", "")):
                complain(f"not a base unit: {line}")
            continue
        match = SAMPLE.fullmatch(line)
        if not match:
            complain(f"not a sample: {line}")
            continue
        name, labels, value = match.groups()
        same("the metric of a sample", name, current)
        key = name, tuple(LABEL.findall(labels or ""))
        if key in samples:
            complain(f"twice: {line}")
        samples[key] = int(value)
    return samples


def check_prometheus(text, directory):
    samples = parse_prometheus(text)
    values, checks = stats(directory)
    wanted = {("goalloc_memory_bytes", (("state", s),)): v for s, v in states(values).items()}
    for reason in ("background", "pressure", "demand", "limit"):
        wanted["goalloc_scavenged_bytes_total", (("reason", reason),)] = \
            values.get("Scavenged" + reason.title(), 0) * PAGE
    for name, value in {
            "objects": values["HeapObjects"], "large_live_bytes": values["LargeAlloc"],
            "allocations_total": values["Mallocs"], "frees_total": values["Frees"],
            "allocated_bytes_total": values["TotalAlloc"],
            "drawn_bytes_total": values["PagesDrawn"] * PAGE,
            "returned_bytes_total": values["PagesReturned"] * PAGE,
            "draws_failed_total": values["DrawsFailed"],
            "lost_references_total": values["LostReferences"],
            "memory_limit_bytes": values.get("MemoryLimit", 0),
            "limit_crossed_total": values.get("LimitCrossed", 0),
            "limit_refused_total": values.get("LimitRefused", 0),
            "limit_passed_total": values.get("LimitPassed", 0),
            "bad_frees_total": values["BadFrees"], "checks": len(checks),
            "checks_failed": sum(c != "ok" for c in checks.values())}.items():
        wanted["goalloc_" + name, ()] = value
    for row in classes_of(directory, values).values():
        labels = tuple((n, str(row[n])) for n in ("class", "kind", "size"))
        for name, column in {
                "spans": "spans", "objects": "inuse", "free_objects": "free",
                "live_bytes": "live", "held_bytes": "held", "tail_bytes": "waste",
                "requested_bytes": "requested",
                "allocations_total": "mallocs", "frees_total": "frees",
                "refills_total": "refills", "central_visits_total": "central"}.items():
            wanted["goalloc_class_" + name, labels] = row[column]
    for row in table(directory, "heaps"):
        labels = tuple((n, row[n].replace("\\", "\\\\").replace('"', '\\"'))
                       for n in ("heap", "module"))
        for name, column in {
                "objects": "objects", "live_bytes": "bytes", "held_bytes": "held",
                "limit_bytes": "limit", "allocations_total": "mallocs",
                "frees_total": "frees", "refused_total": "refused"}.items():
            key = "goalloc_heap_" + name, labels
            wanted[key] = wanted.get(key, 0) + row[column]
    if os.path.exists(os.path.join(directory, "mcache")):
        for row in table(directory, "mcache"):
            for name, column in {"cached_bytes": "bytes", "refills_total": "refills",
                                 "page_cache_hits_total": "pagehits",
                                 "page_cache_misses_total": "pagemisses"}.items():
                wanted["goalloc_cpu_" + name, (("cpu", str(row["cpu"])),)] = row[column]
    for key in sorted(set(samples) | set(wanted)):
        same(str(key), samples.get(key), wanted.get(key))


def main():
    what, name, directory = sys.argv[1:]
    with open(name) as file:
        text = file.read()
    {"json": check_json, "prometheus": check_prometheus}[what](text, directory)
    print("\n".join(problems[:20]))
    sys.exit(bool(problems))


main()
