# SPDX-License-Identifier: GPL-2.0
"""Plots of what make bench found, as SVG, with nothing but text."""

import math
import os

COLOURS = {"goalloc": "#00758f", "kmalloc": "#c0392b", "kmem_cache": "#888888"}
WIDTH, HEIGHT = 720, 320
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 40, 60


def human(size):
    if size >= 1 << 20 and size % (1 << 20) == 0:
        return f"{size >> 20}Mi"
    if size >= 1 << 10 and size % (1 << 10) == 0:
        return f"{size >> 10}Ki"
    return str(size)


def text(x, y, words, anchor="middle", extra=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" '
            f'font-family="sans-serif" font-size="11"{extra}>{words}</text>')


def decades(low, high):
    """Powers of ten that enclose both."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    return [10.0 ** n for n in range(first, max(last, first + 1) + 1)]


def line_plot(title, unit, sizes, series):
    """@series: name -> value for each of @sizes, or None.  The y axis is logarithmic."""
    known = [v for values in series.values() for v in values if v]
    marks = decades(min(known), max(known))
    low, high = math.log10(marks[0]), math.log10(marks[-1])
    plot_width, plot_height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x_of(n):
        return LEFT + plot_width * (n + 0.5) / len(sizes)

    def y_of(value):
        return TOP + plot_height * (1 - (math.log10(value) - low) / (high - low))

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
           f'viewBox="0 0 {WIDTH} {HEIGHT}">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
           text(WIDTH / 2, 18, title, extra=' font-weight="bold"')]
    for mark in marks:
        y = y_of(mark)
        out.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" '
                   f'stroke="#dddddd"/>')
        out.append(text(LEFT - 6, y + 4, f"{mark:g}", "end"))
    out.append(text(LEFT, TOP - 8, unit, "start"))
    for n, size in enumerate(sizes):
        x, y = x_of(n), HEIGHT - BOTTOM + 14
        out.append(text(x, y, human(size), "end", f' transform="rotate(-45 {x:.1f} {y:.1f})"'))
    for row, (name, values) in enumerate(series.items()):
        points = [(x_of(n), y_of(v)) for n, v in enumerate(values) if v]
        colour = COLOURS.get(name, "#000000")
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>'
                for x, y in points]
        out.append(text(WIDTH - RIGHT - 80 * (len(series) - row), TOP - 8, name, "start",
                        f' fill="{colour}"'))
    out.append("</svg>")
    return "\n".join(out) + "\n"


PLOTS = [
    # file, workload, kernel, engine, title
    ("pair-7.3", "pair", "7.3", "instructions", "One allocation and its free, Linux 7.3"),
    ("pair-6.1", "pair", "6.1", "instructions", "One allocation and its free, Linux 6.1"),
    ("pair-native", "pair", "7.3", "native", "One allocation and its free, Linux 7.3, native"),
    ("batch-alloc-7.3", "batch-alloc-shuffled", "7.3", "instructions",
     "An allocation of 4000, Linux 7.3"),
    ("batch-free-7.3", "batch-free-shuffled", "7.3", "instructions",
     "A free of 4000, shuffled, Linux 7.3"),
    ("live-7.3", "live", "7.3", "instructions", "A random replacement, by live objects, Linux 7.3"),
    ("heap-7.3", "heap", "7.3", "instructions", "A random span, by heap size in MiB, Linux 7.3"),
]


def write_plots(cells, where):
    for name, bench, kernel, engine, title in PLOTS:
        of = sorted((c for c in cells.values() if c.bench == bench and c.kernel == kernel
                     and c.engine == engine), key=lambda c: c.size)
        if not of:
            continue
        series = {a: [c.value(a) for c in of] for a in COLOURS}
        series = {a: v for a, v in series.items() if any(v)}
        path = os.path.join(where, f"performance-{name}.svg")
        with open(path, "w", encoding="utf-8") as out:
            out.write(line_plot(title, of[0].unit, [c.size for c in of], series))
