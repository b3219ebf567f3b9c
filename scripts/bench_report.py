# SPDX-License-Identifier: GPL-2.0
"""The report of make bench: tables for the terminal and for the documentation."""

import os

import bench_plot
from bench_cells import TARGETS


def figure(value):
    if value is None:
        return "-"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.1f}"


def cell_text(cell):
    """goalloc / kmalloc / kmem_cache = ratio"""
    if cell is None:
        return ""
    numbers = "/".join(figure(cell.value(a)) for a in ("goalloc", "kmalloc", "kmem_cache"))
    if cell.ratio is None:
        return numbers
    mark = " !" if cell.ratio > 1.0 else ""
    return f"{numbers} = {cell.ratio:.2f}{mark}"


def table_of(cells, bench):
    """Rows of text: a heading, then a row a size; a column for each kernel and engine."""
    of = [c for c in cells.values() if c.bench == bench]
    columns = sorted({(c.engine, c.kernel) for c in of},
                     key=lambda c: (c[0], [int(n) for n in c[1].split(".")]))
    by_place = {(c.size, c.engine, c.kernel): c for c in of}
    rows = [["size"] + [f"{k} {e}" for e, k in columns]]
    for size in sorted({c.size for c in of}):
        rows.append([str(size)] + [cell_text(by_place.get((size, *c))) for c in columns])
    return rows


def aligned(rows):
    widths = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]
    return ["  ".join(t.rjust(w) for t, w in zip(r, widths)).rstrip() for r in rows]


def benches(cells):
    """In the order in which they were found."""
    return list(dict.fromkeys(c.bench for c in cells.values()))


def units(cells, bench):
    return ", ".join(dict.fromkeys(c.unit for c in cells.values() if c.bench == bench))


def target_rows(cells):
    rows = [["target", "limit", "worst", "missed", "", "worst at"]]
    for t in TARGETS:
        found = t.judge(cells)
        if found is None:
            rows.append([t.title, f"{t.limit:g}", "-", "-", "NOT MEASURED", ""])
            continue
        worst, where, number, missed = found
        rows.append([t.title, f"{t.limit:g}", f"{worst:.3f}", f"{missed} of {number}",
                     "MISSED" if missed else "met", where])
    return rows


def above_one(cells):
    return [c for c in cells.values() if c.ratio is not None and c.ratio > 1.0]


def above_lines(cells):
    """The cells above 1.0, a line for each workload, kernel and engine."""
    groups = {}
    for c in above_one(cells):
        groups.setdefault((c.bench, c.kernel, c.engine), []).append(c)
    return [f"{b} on {k}, {e}: " + ", ".join(f"{c.size} ({c.ratio:.2f})" for c in of)
            for (b, k, e), of in groups.items()]


def spread_lines(cells):
    """How far the rounds of the native runs lie apart, at the widest of each workload."""
    lines = []
    for bench in benches(cells):
        of = [c for c in cells.values() if c.bench == bench and c.spread and c.ratio]
        if of:
            c = max(of, key=lambda c: c.spread[1] - c.spread[0])
            lines.append(f"{c}: ratio {c.ratio:.2f}, of single rounds {c.spread[0]:.2f} .. "
                         f"{c.spread[1]:.2f}, of the fastest {c.fastest or 0:.2f}")
    return lines


def floor_rows(cells):
    """What the workloads of several CPUs take by themselves, and with an allocator."""
    rows = [["workload", "size", "nothing", "goalloc", "kmalloc", "lowest ratio"]]
    for c in cells.values():
        least = c.value("nothing")
        if least is not None and c.ratio is not None:
            rows.append([c.bench, str(c.size), figure(least), figure(c.value("goalloc")),
                         figure(c.value("kmalloc")), f"{least / c.value('kmalloc'):.2f}"])
    return rows


FLOOR = "What workloads of several CPUs take by themselves (ns)"


def left_aligned(rows):
    widths = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]
    return ["  ".join(t.ljust(w) for t, w in zip(r, widths)).rstrip() for r in rows]


def print_tables(cells):
    print("goalloc / kmalloc / kmem_cache of that size = goalloc's ratio to kmalloc")
    for bench in benches(cells):
        print(f"\n{bench} ({units(cells, bench)})\n")
        print("\n".join(aligned(table_of(cells, bench))))
    if spread_lines(cells):
        print("\nWidest spread of each native workload\n")
        print("\n".join(spread_lines(cells)))
    if len(floor_rows(cells)) > 1:
        print(f"\n{FLOOR}\n")
        print("\n".join(left_aligned(floor_rows(cells))))
    print("\nTargets\n")
    print("\n".join(left_aligned(target_rows(cells))))
    worse = above_one(cells)
    print(f"\n{len(worse)} of {len(cells)} cells above 1.0")
    for c in worse:
        print(f"  {c.ratio:.2f}  {c}")


# --- Documentation

def rst_table(rows):
    """A simple table of reStructuredText; empty cells in the first column do not occur."""
    widths = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]
    rule = "  ".join("=" * max(w, 1) for w in widths)
    lines = ["  ".join((t or "\\").ljust(max(w, 1)) for t, w in zip(r, widths)).rstrip()
             for r in rows]
    return [rule, lines[0], rule, *lines[1:], rule]


def write_document(cells, where):
    lines = [".. SPDX-License-Identifier: GPL-2.0", ".. Written by scripts/bench --document.", "",
             "Targets", "-------", "", *rst_table(target_rows(cells)), ""]
    above = above_lines(cells)
    title = f"Cells above 1.0: {len(above_one(cells))} of {len(cells)}"
    lines += [title, "-" * len(title), ""] + [f"* {line}" for line in above] + [""]
    for bench in benches(cells):
        title = f"{bench} ({units(cells, bench)})"
        lines += [title, "-" * len(title), "", *rst_table(table_of(cells, bench)), ""]
    if spread_lines(cells):
        lines += ["Spread of the native workloads, at its widest",
                  "---------------------------------------------", ""]
        lines += [f"* {line}" for line in spread_lines(cells)] + [""]
    if len(floor_rows(cells)) > 1:
        lines += [FLOOR, "-" * len(FLOOR), "", *rst_table(floor_rows(cells)), ""]
    with open(os.path.join(where, "performance-tables.rst"), "w", encoding="utf-8") as out:
        out.write("\n".join(lines))
    bench_plot.write_plots(cells, where)
