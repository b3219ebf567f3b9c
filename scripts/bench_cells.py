# SPDX-License-Identifier: GPL-2.0
"""What goalloc_bench found, as cells, and the targets that they are held against.

A cell is one workload at one size on one kernel with one engine: what goalloc,
kmalloc and a kmem_cache took, and goalloc's ratio to kmalloc.  Of workloads of several
CPUs a cell also knows what they take by themselves, with an allocator that does nothing.
"""

import statistics

ALLOCATORS = ("goalloc", "kmalloc", "kmem_cache")


class Cell:
    """@values: per allocator, what each round found."""

    def __init__(self, bench, kernel, engine, size, unit):
        self.bench, self.kernel, self.engine = bench, kernel, engine
        self.size, self.unit = size, unit
        self.values = {}

    def value(self, allocator):
        found = self.values.get(allocator)
        return statistics.median(found) if found else None

    @property
    def ratio(self):
        ours, theirs = self.value("goalloc"), self.value("kmalloc")
        return ours / theirs if ours is not None and theirs else None

    @property
    def spread(self):
        """The lowest and the highest ratio of a round, if there were several."""
        ours, theirs = self.values.get("goalloc", []), self.values.get("kmalloc", [])
        ratios = [a / b for a, b in zip(ours, theirs) if b]
        return (min(ratios), max(ratios)) if len(ratios) > 1 else None

    @property
    def fastest(self):
        """The ratio of the fastest rounds: what other work on the machine disturbs least."""
        ours, theirs = self.values.get("goalloc", []), self.values.get("kmalloc", [])
        return min(ours) / min(theirs) if ours and theirs and min(theirs) else None

    def json(self):
        out = {"bench": self.bench, "kernel": self.kernel, "engine": self.engine,
               "size": self.size, "unit": self.unit}
        out.update({a: None if self.value(a) is None else round(self.value(a), 2)
                    for a in ALLOCATORS})
        out["ratio"] = None if self.ratio is None else round(self.ratio, 4)
        if self.spread:
            out["spread"] = [round(r, 4) for r in self.spread]
            out["fastest"] = None if self.fastest is None else round(self.fastest, 4)
        if self.value("nothing") is not None:
            out["nothing"] = round(self.value("nothing"), 2)
        return out

    def __str__(self):
        return f"{self.bench} {self.size} on {self.kernel}, {self.engine}"


def read_results(cells, text, kernel, engine):
    """Add what a run said to @cells, keyed as they are printed."""
    for line in text.splitlines():
        word = line.split()
        if len(word) != 6 or word[0] != "result":
            continue
        bench, size, unit, allocator, value = word[1:]
        key = (bench, kernel, engine, int(size), unit)
        cell = cells.setdefault(key, Cell(*key))
        cell.values.setdefault(allocator, []).append(float(value))


class Target:
    """A bound on a figure.

    @figures: cells -> [(figure, where it was found)]
    """

    def __init__(self, title, limit, figures):
        self.title, self.limit, self.figures = title, limit, figures

    def judge(self, cells):
        """(worst figure, where, how many there are, how many miss); None: not measured."""
        found = self.figures(list(cells.values()))
        if not found:
            return None
        worst = max(found, key=lambda f: f[0])
        return worst[0], worst[1], len(found), sum(f[0] > self.limit for f in found)


def ratios(benches, engine, kernels=None, low=0, high=1 << 40, exact=False):
    """The ratios of all cells of @benches (a prefix or several), as a Target wants them."""
    if isinstance(benches, str):
        benches = (benches,)

    def figures(cells):
        return [(c.ratio, str(c)) for c in cells
                if (c.bench in benches if exact else c.bench.startswith(benches))
                and c.engine == engine and low <= c.size <= high
                and (not kernels or c.kernel in kernels) and c.ratio is not None]
    return figures


def pairs(engine, kernels=None, low=0, high=1 << 40):
    """The ratios of the hot pairs from the default heap."""
    return ratios(("pair", "pair-constant"), engine, kernels, low, high, exact=True)


def against_cache(bench, kernels=None):
    """goalloc's cost by that of a kmem_cache of the same size."""
    def figures(cells):
        return [(c.value("goalloc") / c.value("kmem_cache"), str(c)) for c in cells
                if c.bench == bench and (not kernels or c.kernel in kernels)
                and c.value("goalloc") is not None and c.value("kmem_cache")]
    return figures


def growth(bench, small, large):
    """What goalloc's cost grows by from size @small to @large, on each kernel."""
    def figures(cells):
        cost = {(c.kernel, c.engine, c.size): c.value("goalloc") for c in cells
                if c.bench == bench}
        return [(cost[k, e, large] / v, f"{bench} {small} -> {large} on {k}, {e}")
                for (k, e, s), v in cost.items()
                if s == small and cost.get((k, e, large)) and v]
    return figures


def goalloc_value(bench):
    """goalloc's own value, whatever kmalloc's is."""
    def figures(cells):
        return [(c.value("goalloc"), str(c)) for c in cells if c.bench.startswith(bench)
                and c.value("goalloc") is not None]
    return figures


def kept(bench):
    """Per cent of what goalloc held at the peak."""
    def figures(cells):
        peak = {(c.bench.removeprefix("footprint"), c.kernel): c.value("goalloc")
                for c in cells if c.bench.startswith("footprint-")}
        return [(c.value("goalloc") * 100 / peak[c.bench.removeprefix(bench), c.kernel], str(c))
                for c in cells if c.bench.startswith(bench)]
    return figures


COUNTED = "instructions"
NATIVE = "native"
KIB = 1024

TARGETS = [
    Target("hot pair to 8 KiB, 7.3, instructions", 0.45,
           pairs(COUNTED, ["7.3"], 0, 8 * KIB)),
    Target("hot pair to 8 KiB, 7.3, instructions (stretch)", 0.33,
           pairs(COUNTED, ["7.3"], 0, 8 * KIB)),
    Target("hot pair to 8 KiB, 6.1 and 6.12, instructions", 0.75,
           pairs(COUNTED, ["6.1", "6.12"], 0, 8 * KIB)),
    Target("hot pair 8193 .. 32768, instructions", 0.08,
           pairs(COUNTED, None, 8193, 32 * KIB)),
    Target("hot pair 32769 .. 1 MiB, instructions", 0.25,
           pairs(COUNTED, None, 32769, KIB * KIB)),
    Target("hot pair to 8 KiB, native", 0.40, pairs(NATIVE, None, 0, 8 * KIB)),
    Target("batch of 4000, alloc, to 8 KiB, 7.3, instructions", 0.60,
           ratios("batch-alloc", COUNTED, ["7.3"])),
    Target("batch of 4000, free, to 8 KiB, 7.3, instructions", 0.60,
           ratios("batch-free", COUNTED, ["7.3"])),
    Target("object cache, pair, by kmem_cache's, instructions", 0.5,
           against_cache("pair-cache")),
    Target("object cache, alloc of 64 at once, by kmem_cache's", 0.5,
           against_cache("bulk-cache-alloc")),
    Target("object cache, free of 64 at once, by kmem_cache's", 0.5,
           against_cache("bulk-cache-free")),
    Target("producer and consumer, 2 CPUs, native", 0.70, ratios("ring", NATIVE)),
    Target("larson, mstress, xmalloc, 2 CPUs, native", 0.60,
           ratios(("larson-2", "mstress-2", "xmalloc-2"), NATIVE)),
    Target("cost an operation, 10^3 -> 10^7 live", 1.3, growth("live", 1000, 10 ** 7)),
    Target("cost a span, heap of 64 MiB -> 16 GiB", 2.0, growth("heap", 64, 16384)),
    Target("footprint, uniform 1 .. 32 KiB, filled", 0.80,
           ratios("footprint-uniform", "bytes", exact=True)),
    Target("footprint, uniform 1 .. 32 KiB, churned", 0.80,
           ratios("footprint-uniform-churned", "bytes")),
    Target("internal waste, traces", 0.25, ratios("waste-trace", "bytes")),
    Target("footprint, traces", 0.95, ratios("footprint-trace", "bytes")),
    Target("metadata at 1 GiB live, per cent", 1.5, goalloc_value("metadata-")),
    Target("kept 10 s after all is freed, per cent", 1.0, kept("kept-10s")),
    Target("kept on demand beyond metadata, bytes", 0.0, goalloc_value("kept-demand-")),
]
