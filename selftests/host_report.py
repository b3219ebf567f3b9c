#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What goalloc-report writes, against the files that it was made from.

host_report.py numbers HTML DIR...    the values of the files, in the order of the snapshots
host_report.py alone HTML             the page names nothing outside itself
host_report.py truncations DIR        each truncation of each file is refused or noted
host_report.py damages DIR N          N random damages: a report, or one line
host_report.py interrupted DIR        SIGINT ends a series with one line, a failure leaves no file
host_report.py symbols                which function an address is said to lie in
host_report.py log HTML DMESG         the reports of bad frees, counted in the log
host_report.py big DIR                write the page map of a heap of 16 GiB

The files are read here in the simplest way.  Prints what is wrong; exit status 1 if anything is.
"""
import base64
import json
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib

sys.dont_write_bytecode = True
SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scripts")
sys.path.insert(0, SCRIPTS)
from report import page
from report.files import Bad
from report.heapprofile import Symbol, Symbols, parse_kallsyms
from report.snapshot import Snapshot

PAGE = 8192
LINE = re.compile(r"\S+?(:\d+)?: .+")
problems = []


def complain(text):
    if len(problems) < 20:
        problems.append(text)


def same(what, got, wanted):
    if got != wanted:
        complain(f"{what} is {got} instead of {wanted}")


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def table(directory, name):
    head, *rows = [line.split() for line in read(directory, name).splitlines()]
    return [dict(zip(head, [int(w) if w.isdigit() else w for w in row])) for row in rows]


def embedded(html):
    """The data of a report, and its maps by the number of their snapshots."""
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S)[1])
    maps = dict(re.findall(r'id="map-(\d+)">([^<]*)</script>', html))
    return data, {int(number): text for number, text in maps.items()}


# --- the numbers

def check_map(shot, text, directory, kinds):
    rows = table(directory, "pagemap")
    raw = zlib.decompress(base64.b64decode(text))
    n = len(rows)
    same("the runs", shot["map"]["runs"], n)
    same("the packed bytes", len(raw), 11 * n)
    at, columns = 0, []
    for form, width in ("H", 2), ("H", 2), ("H", 2), ("B", 1), ("B", 1), ("h", 2), ("B", 1):
        columns.append(struct.unpack_from(f"<{n}{form}", raw, at))
        at += width * n
    number = [65535 if row["inuse"] == "-" else row["inuse"] for row in rows]
    same("the pages", columns[0], tuple(row["count"] for row in rows))
    same("the objects in use", columns[1], tuple(number))
    same("the classes", columns[3], tuple(255 if row["class"] == "-" else row["class"] for row in rows))
    states = [kinds[kind].split()[0] for kind in columns[4]]
    same("the states", ["ready" if s in ("owned", "full", "queued", "partial") else s for s in states],
         [row["state"] for row in rows])
    arenas = [first + i for first, many in shot["map"]["arenas"] for i in range(many)]
    same("the arenas", arenas, [row["page"] // 512 for row in rows if row["page"] % 512 == 0])
    if os.path.exists(os.path.join(directory, "spans")):
        spans = table(directory, "spans")
        mine = [(c, k, t) for c, k, t, cl in zip(columns[0], columns[4], columns[2], columns[3]) if cl != 255]
        if len(spans) == len(mine):
            same("the spans", mine, [(s["count"], kinds.index(f"{s['state']} {s['kind']}"), s["total"]) for s in spans])
        else:
            print(f"# {directory}: {len(mine)} spans in pagemap, {len(spans)} in spans")


def check_shot(shot, directory):
    stats = dict(line.split(": ", 1) for line in read(directory, "stats").splitlines())
    numbers = {name: int(value) for name, value in stats.items() if value.isdigit()}
    same("stats", shot["stats"], numbers)
    same("the checks", dict(shot["checks"]), {n[6:]: v for n, v in stats.items() if n.startswith("Check ")})
    layers = dict(shot["layers"])
    same("all layers", sum(layers.values()), numbers["Drawn"] + numbers["Metadata"])
    same("live", layers["live"], numbers["Alloc"])
    if "cached" in layers:
        cpus = table(directory, "mcache")
        same("idle in page caches", layers["cached"], min(PAGE * sum(c["pages"] for c in cpus), numbers["Prepared"]))
    same("heaps", shot["heaps"], table(directory, "heaps"))
    classes = [{k: v for k, v in row.items() if not k.endswith("%")} for row in table(directory, "sizeclasses")]
    same("sizeclasses", [{k: v for k, v in row.items() if k not in ("deciles", "live", "held")} for row in shot["classes"]], classes)
    same("held by the classes", [row["held"] for row in shot["classes"] if row["class"]],
         [row["spans"] * row["span"] for row in classes if row["class"]])
    give = numbers["Prepared"]
    if shot["map"]:
        give += PAGE * sum(row["count"] for row in table(directory, "pagemap") if row["inuse"] == 0)
    same("what scavenge gives", shot["reclaimable"], give)


def size(n):
    """As in the report, in another way: three digits."""
    for unit, bits in (("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)):
        if n >= 1000 << (bits - 10):
            value = n / (1 << bits)
            return f"{value:.2f} {unit}" if value < 9.995 else f"{value:.1f} {unit}" if value < 99.95 else f"{value:.0f} {unit}"
    return f"{n} B"


def check_answer(html, number, shot):
    text = re.search(rf'<div class="answer" data-shot="{number}"( hidden)?>(.*?)\n', html + "\n", re.S)
    words = re.sub(r"<[^>]*>", "", text[2])
    stats = shot["stats"]
    wanted = [f"{size(stats['Metadata'])}"]
    if stats["Drawn"]:
        wanted += [f"{size(stats['Drawn'])} drawn from the kernel, {100 * stats['Alloc'] / stats['Drawn']:.0f} % of it live"]
    if shot["reclaimable"]:
        wanted += [f"{size(shot['reclaimable'])} would go back by writing scavenge"]
    if shot["callers"]:
        wanted += [f"with {size(max(row['bytes'] for row in shot['callers']))}"]
    if stats["BadFrees"]:
        wanted += [f"{stats['BadFrees']:,} bad frees were caught"]
    for part in wanted:
        if part not in words:
            complain(f"the answer of snapshot {number} does not say: {part}")


def check_profile(shot, directory):
    """The tree adds up; at its leaves and roots is what the file has, scaled."""
    lines = re.findall(r"^(\d+): (\d+) \[(\d+): (\d+)\] @(.*)$", read(directory, "heap_profile"), re.M)
    rate = int(re.search(r"heap_v2/(\d+)", read(directory, "heap_profile"))[1])
    total = [0, 0, 0, 0]
    for live, live_bytes, objects, size_of, _ in lines:
        for at, n, b in ((2, int(live), int(live_bytes)), (0, int(objects), int(size_of))):
            if n and b:
                scale = 1 if rate <= 1 else 1 / (1 - 2.718281828459045 ** (-b / n / rate))
                total[at] += n * scale
                total[at + 1] += b * scale
    tree = shot["profile"]["tree"]
    for got, want in zip(tree[1:5], total):
        if abs(got - want) > 2 * len(lines) + want * 1e-6:
            complain(f"the flame graph has {got} where the profile has {want:.0f}")

    def inside(node):
        for i in range(1, 5):
            if sum(callee[i] for callee in node[5]) > node[i]:
                complain("a box of the flame graph is smaller than those below it")
        for callee in node[5]:
            inside(callee)
    inside(tree)


def numbers(html_path, *directories):
    html = read(html_path)
    data, maps = embedded(html)
    same("the snapshots", [shot["name"] for shot in data["snapshots"]], [os.path.basename(d) for d in directories])
    for number, (shot, directory) in enumerate(zip(data["snapshots"], directories)):
        check_shot(shot, directory)
        check_answer(html, number, shot)
        same("whether there is a map", number in maps, os.path.exists(os.path.join(directory, "pagemap")))
        if number in maps:
            check_map(shot, maps[number], directory, data["kinds"])
        if shot["profile"]:
            check_profile(shot, directory)
        if os.path.exists(os.path.join(directory, "callers")):
            rows = [line.split(None, 2) for line in read(directory, "callers").splitlines()[2:]]
            same("callers", [[str(r["bytes"]), str(r["objects"]), r["caller"]] for r in shot["callers"]], rows)


def alone(html_path):
    html = read(html_path).replace('"http://www.w3.org/2000/svg"', "")
    for pattern in (r"https?:", r"\burl\(", r"@import", r"\b(?:src|action|data)\s*=\s*[\"'](?!shot)", r"\bimport\s*[({\"']",
                    r"fetch\(", r"XMLHttpRequest", r"href=\"(?!#|data:,)", r"//[a-z0-9.-]+\.[a-z]{2,}/"):
        for found in re.finditer(pattern, re.sub(r'<script type="application/[^>]*>[^<]*</script>', "", html)):
            complain(f"outside the page: {html[max(0, found.start() - 30):found.end() + 40]!r}")
    if "default-src 'none'" not in html:
        complain("there is no policy that forbids to load anything")


# --- what is cut off or damaged

def attempt(directory, kallsyms):
    """The notes of the report, or None and the line that refuses it."""
    try:
        snapshot = Snapshot(directory)
        symbols = Symbols(parse_kallsyms(kallsyms)) if kallsyms else None
        html = page.build([snapshot], symbols, "", None, "none", "")
    except Bad as err:
        if "\n" in str(err) or not LINE.fullmatch(str(err)):
            complain(f"not one line that names the file: {err!r}")
        if not str(err).startswith(directory):
            complain(f"it does not name the file: {err}")
        return None, str(err)
    embedded(html)
    return snapshot.notes, ""


def truncations(directory):
    copy = os.path.join(tempfile.mkdtemp(), "copy")
    shutil.copytree(directory, copy)
    whole, said = attempt(copy, None)
    if whole is None:
        complain(f"the whole snapshot is refused: {said}")
    refused = noted = 0
    for name in sorted(set(os.listdir(directory)) - {"time", "kallsyms", "dmesg"}):
        with open(os.path.join(directory, name), "rb") as file:
            text = file.read()
        ends = [at + 1 for at, byte in enumerate(text) if byte == 10][:-1]
        # within a line a few, at each end of a line all: that is where a table looks whole
        within = sorted(random.sample(range(1, len(text)), min(60, len(text) - 1)))
        ends = ends if len(ends) < 150 else ends[:20] + random.sample(ends, 100) + ends[-20:]
        for at in sorted({0, *within, *ends, len(text) - 1}):
            with open(os.path.join(copy, name), "wb") as file:
                file.write(text[:at])
            notes, said = attempt(copy, None)
            if notes is None:
                refused += 1
                if f"/{name}" not in said:
                    complain(f"{name} cut off at {at}: {said}")
            elif len(notes) > len(whole) or name == "version":
                noted += 1
            else:
                complain(f"{name} cut off at {at} of {len(text)}: nobody notices")
        with open(os.path.join(copy, name), "wb") as file:
            file.write(text)
    print(f"# {refused} truncations refused, {noted} noted")
    truncated_symbols(copy, os.path.join(os.path.dirname(os.path.abspath(directory)), "kallsyms"))
    shutil.rmtree(os.path.dirname(copy))


def truncated_symbols(directory, kallsyms):
    """Within a line it is refused, in one line; between two, a function that is lost has no name, but one in the last one's page."""
    path = os.path.join(directory, "kallsyms")
    calls = {frame - 1 for bucket in Snapshot(directory).profile[1] for frame in bucket.frames}
    known = Symbols(parse_kallsyms(kallsyms))
    text = read(kallsyms)
    for at in range(1, len(text)):
        with open(path, "w", encoding="ascii") as file:
            file.write(text[:at])
        try:
            left = Symbols(parse_kallsyms(path))
        except Bad as err:
            if text[at - 1] == "\n" or not re.fullmatch(rf"{re.escape(path)}:\d+: truncated: .*", str(err)):
                complain(f"kallsyms cut off at {at}: {err}")
            continue
        if text[at - 1] != "\n":
            complain(f"kallsyms cut off at {at}: nobody notices")
        for call in calls:
            found, want = left.find(call), known.find(call)
            if found.name not in (want.name, f"{call:#x}") and found.address >> 12 != call >> 12:
                complain(f"kallsyms cut off at {at}: {want.name} is {found.name}")
    os.unlink(path)


def damages(directory, times):
    seed = random.randrange(1 << 32)
    print(f"# seed {seed}")
    rng = random.Random(seed)
    copy = os.path.join(tempfile.mkdtemp(), "copy")
    shutil.copytree(directory, copy)
    names = sorted(os.listdir(directory))
    refused = 0
    for _ in range(int(times)):
        name = rng.choice(names)
        with open(os.path.join(directory, name), "rb") as file:
            text = bytearray(file.read())
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(len(text) + 1)
            text[at:at + rng.choice((0, 1, 1, 8))] = rng.choice((b"", b"-", b"x", b"9", b" ", b"\n", b"\0", b"\xff", b"99999999999999999999", b"9" * 400, b"9" * 5000))
        with open(os.path.join(copy, name), "wb") as file:
            file.write(text)
        try:
            refused += attempt(copy, None)[0] is None
        except Exception as err:        # whatever it is, a user would see a traceback
            complain(f"seed {seed}: {name}: {type(err).__name__}: {err}")
        shutil.copyfile(os.path.join(directory, name), os.path.join(copy, name))
    print(f"# {refused} of {times} damages refused")
    shutil.rmtree(os.path.dirname(copy))


def interrupted(directory):
    with tempfile.TemporaryDirectory() as place:
        out, kept = os.path.join(place, "out"), os.path.join(place, "kept")
        command = [os.path.join(SCRIPTS, "goalloc-report"), directory, "--every", "600", "--count", "2", "--save", kept, "-o", out]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True,
                              preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)) as process:
            while process.poll() is None and not os.path.exists(os.path.join(kept, "00001", "time")):
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            said = process.communicate()[1]
        same("what it says when interrupted", said, "goalloc-report: interrupted: there is no report\n")
        same("its status", process.returncode, 1)
        same("what it leaves", os.listdir(place), ["kept"])
        try:
            page.write(out, None)       # something that cannot be written
        except TypeError:
            pass
        same("what a failure leaves", os.listdir(place), ["kept"])


# --- symbols

def symbols():
    """Code that is gone is nobody's, and not that of the module before it."""
    known = Symbols([Symbol(0x1000, "first", "kernel"), Symbol(0x8ff0, "second", "kernel"), Symbol(0xa000, "one", "a"),
                     Symbol(0xaff0, "two", "a"), Symbol(0xbff0, "last", "a"), Symbol(0xe000, "other", "b")])
    for address, name in ((0xfff, "0xfff"), (0x1000, "first"), (0x7000, "first"), (0x8fff, "second"), (0x9800, "0x9800"),
                          (0xa010, "one"), (0xb001, "two"), (0xbfff, "last"), (0xc015, "0xc015"), (0xe001, "other"), (0xf001, "0xf001")):
        same(f"the function at {address:#x}", known.find(address).name, name)
    for address in 0xfff, 0x9800, 0xc015:
        same("the module of what is gone", known.find(address).module, "(unknown)")
    # the kernel's code ends with _etext; its init functions are behind that
    known = Symbols([Symbol(0x1000, "first", "kernel"), Symbol(0x8ff0, "second", "kernel"), Symbol(0x9c00, "_etext", "kernel"),
                     Symbol(0x20000, "init", "kernel"), Symbol(0xa0000, "one", "a")])
    for address, name in ((0x8ff0, "second"), (0x9800, "second"), (0x9bff, "second"), (0x9c00, "0x9c00"), (0x10000, "0x10000"),
                          (0x20001, "init"), (0x21001, "0x21001"), (0x80000, "0x80000"), (0xa0001, "one")):
        same(f"with _etext the function at {address:#x}", known.find(address).name, name)
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "kallsyms")
        with open(path, "w", encoding="ascii") as file:
            file.write("ffffffff81000000 T _text\nffffffff82001000 T __irqentry_text_end\nffffffff82001000 D _etext\n"
                       "ffffffffc0400000 t there\t[client]\n")
        known = Symbols(parse_kallsyms(path))
    for address, name in ((0xffffffff82000fff, "_text"), (0xffffffffc0201010, "0xffffffffc0201010"), (0xffffffffc0400010, "there")):
        same(f"by kallsyms the function at {address:#x}", known.find(address).name, name)


# --- the log

def log(html_path, dmesg):
    reports = embedded(read(html_path))[0]["log"]
    text = read(dmesg)
    titles = re.findall(r"goalloc: bad (goalloc_\w+)\((\w+)\): (.*)", text)
    same("the reports", [(r["op"], r["pointer"], r["title"]) for r in reports], titles)
    who = re.findall(r"goalloc:   by (.*)/(\d+) on CPU (\d+) in (\w+) context", text)
    same("who did it", [(r["task"], str(r["pid"]), str(r["cpu"]), r["context"]) for r in reports if r["whole"]], who)
    for one in reports:
        if one["whole"] and not (one["stack"] and one["reason"]):
            complain(f"a report without a stack or a reason: {one}")
        if any(module == "goalloc" for _, module in one["stack"]):
            complain("goalloc's own functions are in a stack")
    if not titles:
        complain("the log has no report")


# --- a large heap

def big(directory):
    rng = random.Random(16)
    objects = {row["class"]: (row["span"] // PAGE, row["objects"]) for row in table(directory, "sizeclasses") if row["class"]}
    single = [number for number, (pages, _) in objects.items() if pages == 1]
    runs = 0
    with open(os.path.join(directory, "pagemap"), "w", encoding="ascii") as file:
        file.write("%10s %5s %-8s %5s %6s\n" % ("page", "count", "state", "class", "inuse"))
        for arena in range(4096):
            at, end = arena * 512, arena * 512 + 512
            while at < end:
                pages, clas, chance = 1, rng.choice(single), rng.random()
                if chance < .02:
                    pages, state = min(end - at, rng.randrange(1, 40)), rng.choice(("reserved", "prepared", "cached"))
                    row = (at, pages, state, "-", "-")
                else:
                    most = objects[clas][1]
                    row = (at, 1, "ready", clas, most if chance < .6 else rng.randrange(most + 1))
                file.write("%10d %5d %-8s %5s %6s\n" % row)
                at += pages
                runs += 1
    print(f"# {runs} runs of pages in 16 GiB")


def main():
    command, *arguments = sys.argv[1:]
    {"numbers": numbers, "alone": alone, "truncations": truncations, "damages": damages, "log": log, "big": big,
     "symbols": symbols, "interrupted": interrupted}[command](*arguments)
    for problem in problems:
        print(f"# {problem[:400]}")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
