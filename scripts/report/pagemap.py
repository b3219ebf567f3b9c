# SPDX-License-Identifier: GPL-2.0
"""The page map, packed so that a browser can draw two million pages at once.

A row of pagemap is a run: pages that are alike.  What a span is beside that comes from
spans, which has the same spans in the same order; while goalloc is used the two differ here
and there, and a span without its row there has as many objects as its class's shortest.

Packed, a run is a number in each of these arrays, little-endian, one after the other:

    count u16, inuse u16, total u16, class u8, kind u8, cpu i16, node u8

kind is the index in KINDS; total is 0 where it is not known, inuse 65535, cpu -1 and node
255.  Arenas are 512 pages each, without the space between them.
"""
import array
import base64
import itertools
import sys
import zlib

from report.files import Bad, Table

ARENA_PAGES = 512
PAGE = 8192
# State of a run that is no span, or of a span, and whether it holds no pointers and so on:
# runs first, then each state of a span with each kind of one.
RUNS = ["reserved", "prepared", "cached", "ready"]
SPAN_STATES = ["owned", "full", "queued", "partial"]
SPAN_KINDS = ["scan", "noscan", "tiny", "cache"]
KINDS = RUNS + [f"{state} {kind}" for state in SPAN_STATES for kind in SPAN_KINDS]
NO_CLASS, NO_COUNT, NO_NODE = 255, 65535, 255
LOOK_AHEAD = 64     # rows, to find where the two files go on alike
SPARSE = 8          # a span is sparse with less than an eighth of its objects in use


class Runs:
    """The columns of pagemap, checked, with those of spans beside them."""
    def __init__(self, path):
        table = Table(path, ["page", "count", "state", "class", "inuse"], texts=("state",),
                      dashed=("class", "inuse"))
        self.page, self.count = table["page"], table["count"]
        self.clas, self.inuse = table["class"], table["inuse"]
        self.rows = table.rows
        self.check(table)
        self.kind = [RUNS.index(state) for state in table["state"]] if self.rows else []
        self.total = [0] * self.rows
        self.cpu, self.node = [-1] * self.rows, [NO_NODE] * self.rows

    def check(self, table):
        """Arenas of 512 pages, without a hole; what the packed form has room for."""
        for state in set(table["state"]):
            if state not in RUNS:
                table.damaged(table["state"].index(state), f'no state is called "{state}"')
        inside = 0
        after = None
        for row, (page, count) in enumerate(zip(self.page, self.count)):
            if page != after if inside else page % ARENA_PAGES:
                table.damaged(row, f"page {page} does not follow the row before")
            if not 0 < count <= ARENA_PAGES - inside:
                table.damaged(row, f"{count} pages do not fit into the arena")
            inside = (inside + count) % ARENA_PAGES
            after = page + count
        if inside:
            raise Bad(f"{table.path}:{table.first + self.rows - 1}: truncated: "
                      f"an arena has {ARENA_PAGES} pages, the last one only {inside}")
        for column, most in ((self.clas, NO_CLASS - 1), (self.inuse, NO_COUNT - 1)):
            if column and max(column) > most:
                table.damaged(next(i for i, n in enumerate(column) if n > most), "out of range")

    def arenas(self):
        """The number of each arena's first page / 512."""
        return [page // ARENA_PAGES for page in self.page if page % ARENA_PAGES == 0]

    def pages(self):
        return sum(self.count)

    def is_span(self, row):
        return self.clas[row] >= 0

    def join(self, path):
        """Add what spans says.  Returns how many spans of pagemap have no row there."""
        table = Table(path, ["count", "class", "kind", "state", "cpu", "node", "inuse", "total"],
                      texts=("kind", "state"))
        keys = list(zip(table["count"], table["class"]))
        kinds = {}
        for row, pair in enumerate(zip(table["state"], table["kind"])):
            if pair not in kinds:
                if " ".join(pair) not in KINDS:
                    table.damaged(row, f'no span is "{" ".join(pair)}"')
                kinds[pair] = KINDS.index(" ".join(pair))
        spans = list(zip(table["state"], table["kind"], table["cpu"], table["node"],
                         table["total"]))
        if table.rows and max(table["total"]) >= NO_COUNT:
            table.damaged(table["total"].index(max(table["total"])), "out of range")
        at = missing = 0
        for row, key in enumerate(zip(self.count, self.clas)):
            if key[1] < 0:
                continue
            if at >= table.rows or keys[at] != key:
                there = keys[at:at + LOOK_AHEAD]
                if key not in there:
                    missing += 1
                    continue
                at += there.index(key)
            state, kind, self.cpu[row], self.node[row], self.total[row] = spans[at]
            self.kind[row] = kinds[state, kind]
            at += 1
        return missing

    def guess_totals(self, sizes):
        """Objects of the spans that have no number of their own; @sizes: theirs, by class."""
        ready = RUNS.index("ready")
        for row, clas in enumerate(self.clas):
            if clas >= 0 and self.kind[row] == ready and not self.total[row]:
                size = sizes.get(clas, 0)
                self.total[row] = min(self.count[row] * PAGE // size, NO_COUNT) if size else 0

    def shape(self):
        """Spans that are wholly free, and those that are sparse: how many, bytes, objects."""
        empty = sparse = empty_pages = sparse_pages = sparse_objects = 0
        for count, clas, inuse, total in zip(self.count, self.clas, self.inuse, self.total):
            if clas < 0:
                continue
            if not inuse:
                empty += 1
                empty_pages += count
            elif inuse * SPARSE < total:
                sparse += 1
                sparse_pages += count
                sparse_objects += inuse
        return {"empty": empty, "empty_bytes": empty_pages * PAGE, "sparse": sparse,
                "sparse_bytes": sparse_pages * PAGE, "sparse_objects": sparse_objects}

    def packed(self):
        return {"runs": self.rows, "arenas": sequences(self.arenas()), "text": self.pack()}

    def pack(self):
        columns = [array.array("H", self.count),
                   array.array("H", [n if n >= 0 else NO_COUNT for n in self.inuse]),
                   array.array("H", self.total),
                   array.array("B", [n if n >= 0 else NO_CLASS for n in self.clas]),
                   array.array("B", self.kind),
                   array.array("h", [min(n, 32767) for n in self.cpu]),
                   array.array("B", [min(n, NO_NODE) if n >= 0 else NO_NODE for n in self.node])]
        if sys.byteorder == "big":
            for column in columns:
                column.byteswap()
        data = zlib.compress(b"".join(column.tobytes() for column in columns), 6)
        return base64.b64encode(data).decode()


def sequences(numbers):
    """[first, length] of each run of numbers that follow one another."""
    out = []
    for _, group in itertools.groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        members = [number for _, number in group]
        out.append([members[0], len(members)])
    return out
