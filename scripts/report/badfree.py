# SPDX-License-Identifier: GPL-2.0
"""The reports of bad frees in a kernel log: goalloc/debug.c writes them.

    goalloc: bad goalloc_free(00000000b0a6ef52): double free
    goalloc:   the object is free already (double free)
    goalloc:   span ...-..., size class 6 scan, 64 bytes an object, 128 objects, owned
    goalloc:   of heap NAME                       (of a module's)
    goalloc:   0 bytes into object 5
    goalloc:   by insmod/123 on CPU 0 in task context; nothing was changed; the caller is:
    and the stack, as dump_stack() prints it

What a line begins with depends on who kept the log: nothing, a time stamp, a date, a host.
"""
import re

STAMP = re.compile(r"\[ *(\d{1,12}\.\d{1,9})\]")
TITLE = re.compile(r"goalloc: bad (goalloc_\w+)\((\S+?)\): (.*)")
LINE = re.compile(r"(?:^|[\s\]>])goalloc: (  )?(.*)")
BY = re.compile(r"by (.*)/(\d{1,10}) on CPU (\d{1,10}) in (\w+) context; .*")
FRAME = re.compile(r"(?:^|[\s\]>])(\? )?(?:\[<\w+>\] )?([^\s:]+?)\+0x[0-9a-f]+/0x[0-9a-f]+"
                   r"(?: \[(\w+)[^]]*\])?$")
# What may stand between frames: the context that follows, and x86's registers.
BETWEEN = re.compile(r"<[/A-Z]\w*>$|(?:^|[\s\]>])(?:RIP|Code|RSP|RAX|RDX|RBP|R10|R13): ")
END = re.compile(r"</TASK>$|---\[ (?:end|cut here)")
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
    """Is @line of the report's stack, or before it?"""
    match = FRAME.search(line)
    if match and not match[1] and match[2] not in PRINTS and match[3] != OWN:
        report["stack"].append([match[2], match[3] or ""])
    report["lines"] += 1
    report["begun"] = report["begun"] or match is not None
    if END.search(line) or report["lines"] > AFTER:
        return False
    return match or not report["begun"] or BETWEEN.search(line)


def parse(text):
    """Each report, in the log's order: a dictionary."""
    reports, now = [], None
    for line in text.split("\n"):
        line = line.rstrip()
        title, own = TITLE.search(line), LINE.search(line)
        if title:
            stamp = STAMP.search(line[:title.start()])
            now = {"time": float(stamp[1]) if stamp else None, "op": title[1],
                   "pointer": title[2], "title": title[3], "reason": "", "details": [],
                   "stack": [], "lines": 0, "begun": False}
            reports.append(now)
        elif now is None:
            continue
        elif own and own[1]:
            detail(now, own[2].strip())
        elif own or not frame(now, line):
            now = None
    return [finished(report) for report in reports]


def finished(report):
    """A report without who did it was cut off."""
    report["whole"] = "task" in report
    del report["lines"], report["begun"]
    return report
