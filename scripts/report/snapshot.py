# SPDX-License-Identifier: GPL-2.0
"""A snapshot: a directory with copies of the files of /proc/goalloc, or that itself.

stats, sizeclasses and heaps must be there.  The others may be missing, and less is shown.
What is there and cannot be read is an error, but root's files of /proc/goalloc, for others
than root.  kallsyms and dmesg may lie beside the files, or in the directory above.

The files are read one after the other while goalloc is used, so they need not agree; and a
table that is cut off between two rows looks whole.  What does not add up is said in notes; lost rows
that hold nothing change no sum.
"""
import math
import os
import re
import subprocess

from report import badfree, pagemap
from report.files import (SHOWN, Bad, Table, check_heading, number, read_text, read_versions,
                          whole_lines)
from report.heapprofile import (UNKNOWN, Symbols, call_tree, parse_kallsyms, parse_profile,
                                values)

PROC = "/proc/goalloc"
SYMBOLS = "/proc/kallsyms"
FILES = ["version", "stats", "sizeclasses", "heaps", "spans", "arenas", "pagemap", "mcache",
         "callers", "heap_profile"]
CHECKS_MIN = 6      # that format 1 has at least
NEEDED = ["Alloc", "Mallocs", "Frees", "HeapObjects", "LargeAlloc", "Reserved", "Prepared",
          "Ready", "Drawn", "Metadata", "DrawsFailed", "LostReferences", "BadFrees"]
CLASS_COLUMNS = ["class", "kind", "size", "span", "objects", "spans", "inuse", "free", "mallocs",
                 "frees", "refills", "central", "waste"]
DECILES = [f"{n}0%" for n in range(10)]
HEAP_COLUMNS = ["heap", "module", "objects", "bytes", "held", "mallocs", "frees", "limit",
                "refused", "size"]
CPU_COLUMNS = ["cpu", "spans", "objects", "bytes", "refills", "pages", "pagehits", "pagemisses"]
CALLERS = re.compile(r"# (profile_rate (\d+): .+)")
ARENA_COLUMNS = ["node", "reserved", "prepared", "ready", "longest"]


def read_time(path):
    """When it was taken, in seconds since 1970: goalloc-report --save writes that."""
    try:
        seconds = float(whole_lines(path)[0])
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds):
        raise Bad(f"{path}:1: damaged: not seconds since 1970")
    return seconds


class Snapshot:
    """What the files say; self.missing: why a file was not read."""
    def __init__(self, directory):
        self.directory = directory
        self.name = os.path.basename(os.path.normpath(directory))
        self.live = os.path.normpath(directory) == PROC
        self.missing, self.notes = {}, []
        if not os.path.isdir(directory):
            raise Bad(f"no {PROC}: the module goalloc is not loaded" if self.live else
                      f"{directory}: no such directory")
        self.optional("version", read_versions)
        self.read_stats(self.path("stats"))
        self.classes = self.read_classes(self.path("sizeclasses"))
        self.heaps = Table(self.path("heaps"), HEAP_COLUMNS, texts=("heap", "module")).row_dicts()
        if not self.heaps:
            raise Bad(f"{self.path('heaps')}: truncated: no row")
        self.large()
        self.cpus = self.optional("mcache", lambda path: Table(path, CPU_COLUMNS).row_dicts())
        self.arenas = self.optional("arenas", lambda path: Table(path, ARENA_COLUMNS).row_dicts())
        self.callers = self.optional("callers", self.read_callers)
        self.profile = self.optional("heap_profile", parse_profile)
        self.runs = self.optional("pagemap", self.read_runs)
        self.shape = self.runs.shape() if self.runs else None
        self.time = self.optional("time", read_time)
        self.missing.pop("time", None)
        self.notes += list(self.disagreements())
        self.map = self.runs.packed() if self.runs else None
        self.runs = None        # of a large heap a series would need all memory

    def path(self, name):
        return os.path.join(self.directory, name)

    def optional(self, name, read):
        path = self.path(name)
        if not os.path.exists(path):
            self.missing[name] = "not in this snapshot"
        elif self.live and not os.access(path, os.R_OK):
            self.missing[name] = "root alone may read it"
        else:
            return read(path)
        return None

    # --- the files

    def read_stats(self, path):
        lines = whole_lines(path)
        first = 1 + check_heading(path, "stats", lines)
        self.stats, self.checks = {}, []
        for at, line in enumerate(lines, first):
            name, colon, value = line.partition(": ")
            if not colon:
                continue
            if name.startswith("Check "):
                self.checks.append([name[len("Check "):], value])
            elif number(value) is not None:
                if name in self.stats:
                    raise Bad(f'{path}:{at}: damaged: a second number "{name}"')
                self.stats[name] = number(value)
            elif name in NEEDED or value.isdecimal():
                raise Bad(f'{path}:{at}: damaged: {name} is "{value[:SHOWN]}", not a number')
        for name in NEEDED:
            if name not in self.stats:
                raise Bad(f'{path}:{first + len(lines)}: truncated or damaged: no number "{name}"')
        if len(self.checks) < CHECKS_MIN:
            raise Bad(f"{path}:{first + len(lines)}: truncated: {len(self.checks)} lines of "
                      f"checks, not {CHECKS_MIN}")

    @staticmethod
    def read_classes(path):
        """Rows, with what their spans hold, and the spans by fullness if the file has it."""
        with_fill = CLASS_COLUMNS + DECILES + ["sparse"]
        try:
            table = Table(path, with_fill, texts=("kind",))
        except Bad as err:
            if 'no column "' not in str(err):
                raise
            table = Table(path, CLASS_COLUMNS, texts=("kind",))
        rows = table.row_dicts()
        for at, row in enumerate(rows):
            if row["objects"] >= pagemap.NO_COUNT:
                table.damaged(at, f"objects is {row['objects']}: out of range")
            deciles = [row.pop(name) for name in DECILES if name in row]
            row["deciles"] = deciles or None
            row["live"] = row["inuse"] * row["size"]
            row["held"] = (row["inuse"] + row["free"]) * row["size"] + row["waste"]
        return rows

    @staticmethod
    def read_callers(path):
        lines = whole_lines(path)
        first = 1 + check_heading(path, "callers", lines)
        about = CALLERS.fullmatch(lines[0]) if lines else None
        if not about or number(about[2]) is None:
            raise Bad(f"{path}:{first}: damaged: not the first line of callers")
        if len(lines) < 2 or lines[1].split() != ["bytes", "objects", "caller"]:
            raise Bad(f"{path}:{first + 1}: truncated or damaged: no line of names")
        rows = []
        for at, line in enumerate(lines[2:], first + 2):
            words = line.split(None, 2)
            size, objects = [number(word) for word in words[:2]] if len(words) == 3 else (None, None)
            if size is None or objects is None:
                raise Bad(f"{path}:{at}: damaged: not bytes, objects and a caller")
            rows.append({"caller": words[2], "bytes": size, "objects": objects})
        return {"about": about[1], "rate": number(about[2]), "rows": rows}

    def read_runs(self, path):
        runs = pagemap.Runs(path)
        if self.optional("spans", lambda spans: self.join(runs, spans)) is None:
            self.notes.append("spans is missing: the map shows no CPU, node or state of spans.")
        runs.guess_totals({row["class"]: row["size"] for row in self.classes if row["class"]})
        return runs

    def join(self, runs, path):
        missing = runs.join(path)
        if missing:
            self.notes.append(f"{missing} spans of pagemap have no row in spans: goalloc was used "
                              "between the two, or spans is cut off.")
        return True

    # --- what follows from them

    def large(self):
        """Large objects have no size in sizeclasses: what no class and no cache holds."""
        small = sum(row["held"] for row in self.classes)
        small += sum(heap["held"] for heap in self.heaps if heap["size"])
        rows = [row for row in self.classes if not row["class"]]
        held = max(self.stats["Ready"] - small, self.stats["LargeAlloc"]) if rows else 0
        spans = sum(row["spans"] for row in rows)
        inuse = sum(row["inuse"] for row in rows)
        for row in rows:            # by their share: only their sum is known
            row["held"] = held * row["spans"] // spans if spans else 0
            row["live"] = self.stats["LargeAlloc"] * row["inuse"] // inuse if inuse else 0

    def layers(self):
        """What goalloc has of the machine's memory, from the objects down to the page heap."""
        stats = self.stats
        free = max(stats["Ready"] - stats["Alloc"], 0)
        idle = stats["Prepared"]
        if self.cpus is None:
            return [["live", stats["Alloc"]], ["free", free], ["idle", idle],
                    ["metadata", stats["Metadata"]]]
        windows = min(sum(cpu["bytes"] for cpu in self.cpus), free)
        cached = min(sum(cpu["pages"] for cpu in self.cpus) * pagemap.PAGE, idle)
        return [["live", stats["Alloc"]], ["windows", windows], ["free", free - windows],
                ["cached", cached], ["idle", idle - cached], ["metadata", stats["Metadata"]]]

    def reclaimable(self):
        """Bytes that go back when something is written to scavenge, at most."""
        return self.stats["Prepared"] + (self.shape["empty_bytes"] if self.shape else 0)

    def disagreements(self):
        """What does not add up over the files."""
        stats, caches = self.stats, [heap for heap in self.heaps if heap["size"]]
        arenas = (stats["Reserved"] + stats["Drawn"]) // (pagemap.ARENA_PAGES * pagemap.PAGE)
        sums = [("sizeclasses: objects in use, with those of caches",
                 sum(row["inuse"] for row in self.classes) + sum(h["objects"] for h in caches),
                 stats["HeapObjects"]),
                ("heaps: objects in use", sum(heap["objects"] for heap in self.heaps),
                 stats["HeapObjects"])]
        if self.runs:
            sums += [("pagemap: pages of spans",
                      sum(n for n, k in zip(self.runs.count, self.runs.kind) if k >= 3),
                      stats["Ready"] // pagemap.PAGE),
                     ("pagemap: arenas", len(self.runs.arenas()), arenas)]
        if self.arenas is not None:
            sums.append(("arenas", len(self.arenas), arenas))
        if self.cpus is not None and "PageCacheHits" in stats:
            sums.append(("mcache: page cache hits", sum(cpu["pagehits"] for cpu in self.cpus),
                         stats["PageCacheHits"]))
        if self.callers and self.profile:
            known = {b.frames[0] if b.frames else 0 for b in self.profile[1] if b.live}
            sums.append(("callers: places", len(self.callers["rows"]), len(known)))
        for what, have, want in sums:
            if have != want:
                yield (f"{what}: {have:,}, where {want:,} would agree with the other files: goalloc "
                       "was used while they were read, or one is cut off.")

    def rate(self):
        """That of the heap profile, 0 if it is off, or None: no file was read that says it."""
        return self.callers["rate"] if self.callers else self.profile[0] if self.profile else None

    def tree(self, symbols):
        """The call tree of the profile, in the form of the report, or None."""
        if not self.profile:
            return None
        rate, buckets = self.profile
        return {"rate": rate, "tree": call_tree(buckets, symbols or Symbols([]), rate)}

    def holders(self, symbols):
        """Who holds most, by the code that allocated it: rows as those of callers."""
        if self.callers:
            return self.callers["rows"]
        if not self.profile or not symbols:
            return []
        rows = {}
        rate, buckets = self.profile
        for bucket in buckets:
            symbol = symbols.find(bucket.frames[0] - 1) if bucket.frames else None
            name = UNKNOWN if symbol is None else symbol.name + (
                f" [{symbol.module}]" if symbol.module != "kernel" else "")
            _, _, objects, size = values(bucket, rate)
            row = rows.setdefault(name, {"caller": name, "bytes": 0, "objects": 0})
            row["objects"] += objects
            row["bytes"] += size
        return sorted((row for row in rows.values() if row["objects"]),
                      key=lambda row: -row["bytes"])


# --- beside the snapshots

def below(directory):
    """The snapshots that a directory is, or has."""
    if os.path.exists(os.path.join(directory, "stats")):
        return [directory]
    try:
        paths = [os.path.join(directory, name) for name in sorted(os.listdir(directory))]
    except OSError as err:
        raise Bad(f"{directory}: {err.strerror}") from err
    return [path for path in paths if os.path.exists(os.path.join(path, "stats"))]


def find(arguments):
    """The snapshots that the arguments name: each is one, or has some below it."""
    found = []
    for directory in arguments:
        if not os.path.isdir(directory):
            found.append(directory)
            continue
        snapshots = below(directory)
        if not snapshots:
            raise Bad(f"{directory}: no snapshot: no stats in it, nor in a directory below it")
        found += snapshots
    return found


def beside(directories, name):
    """The file of that name in the last snapshot, or above it."""
    last = directories[-1]
    for path in (os.path.join(last, name), os.path.join(os.path.dirname(os.path.abspath(last)), name)):
        if os.path.isfile(path):
            return path
    return None


def find_symbols(path, directories, live):
    """Symbols, or None and why there are none."""
    if path:
        return Symbols(parse_kallsyms(path)), ""
    path = SYMBOLS if live else beside(directories, "kallsyms")
    if not path:
        return None, "no kallsyms was given"
    try:
        return Symbols(parse_kallsyms(path)), ""
    except Bad as err:
        if live:
            return None, str(err)
        raise


def read_log(path, directories, live):
    """The kernel log, or None and why there is none."""
    if live and not path:
        try:
            done = subprocess.run(["dmesg"], capture_output=True, check=False, text=True,
                                  errors="replace")
        except OSError as err:
            return None, f"dmesg: {err.strerror}"
        if done.returncode:
            return None, (done.stderr.strip().split("\n")[-1] or "dmesg failed")
        return done.stdout, ""
    path = path or beside(directories, "dmesg")
    return (read_text(path), "") if path else (None, "no kernel log was given")


def find_log(path, directories, live):
    """The reports of bad frees, or None and why there are none."""
    text, why = read_log(path, directories, live)
    return (None, why) if text is None else (badfree.parse(text), "")
