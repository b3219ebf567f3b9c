# SPDX-License-Identifier: GPL-2.0
"""The reports of bad frees in a kernel log: goalloc/debug.c writes them.

    goalloc: bad goalloc_free(00000000b0a6ef52): double free
    goalloc:   the object is free already (double free)
    goalloc:   span ...-..., size class 6 scan, 64 bytes an object, 128 objects, owned
    goalloc:   of heap NAME                       (of a module's)
    goalloc:   0 bytes into object 5
    goalloc:   by insmod/123 on CPU 0 in task context; nothing was changed; the caller is:
    and the stack, as dump_stack() prints it
"""
import re

from report.files import read_text

STAMP = re.compile(r"^(?:<\d+>)?(?:\[ *(\d{1,12}\.\d{1,9})\])? ?(?:\[ *[TC]\d+\])? ?")
TITLE = re.compile(r"goalloc: bad (goalloc_\w+)\((\S+?)\): (.*)")
BY = re.compile(r"by (.*)/(\d{1,10}) on CPU (\d{1,10}) in (\w+) context; .*")
FRAME = re.compile(r" *(\? )?(?:\[<\w+>\] )?(\S+?)\+0x[0-9a-f]+/0x[0-9a-f]+(?: \[(\w+)[^]]*\])?$")
OWN = "goalloc"             # frames of its own, and what prints the stack, say nothing
PRINTS = ("dump_stack", "dump_stack_lvl", "show_stack", "dump_backtrace")
AFTER = 200                 # lines that a stack takes at most


def detail(report, text):
    """A line of what goalloc knows."""
    by = BY.fullmatch(text)
    if by:
        report.update(task=by[1], pid=int(by[2]), cpu=int(by[3]), context=by[4])
    elif not report["reason"]:
        report["reason"] = text
    else:
        report["details"].append(text)


def frame(report, line):
    match = FRAME.fullmatch(line.rstrip())
    if match and not match[1] and match[2] not in PRINTS and match[3] != OWN:
        report["stack"].append([match[2], match[3] or ""])


def ends(report, line):
    """Is @line the last one of the report's stack?"""
    report["lines"] += 1
    return report["lines"] > AFTER or line.strip() == "</TASK>" or line.startswith("---[ end")


def parse(text):
    """Each report, in the log's order: a dictionary."""
    reports, now = [], None
    for line in text.split("\n"):
        stamp = STAMP.match(line)
        line = line[stamp.end():]
        title = TITLE.fullmatch(line.rstrip())
        if title:
            now = {"time": float(stamp[1]) if stamp[1] else None, "op": title[1],
                   "pointer": title[2], "title": title[3], "reason": "", "details": [],
                   "stack": [], "lines": 0}
            reports.append(now)
        elif now is None:
            continue
        elif line.startswith("goalloc:   "):
            detail(now, line.strip()[len("goalloc:"):].strip())
        elif line.startswith("goalloc: "):
            now = None
        else:
            frame(now, line)
            if ends(now, line):
                now = None
    return [finished(report) for report in reports]


def finished(report):
    """A report without who did it was cut off."""
    report["whole"] = "task" in report
    del report["lines"]
    return report


def read(path):
    return parse(read_text(path))
