# SPDX-License-Identifier: GPL-2.0
"""Reading copies of the files of /proc/goalloc, which may be cut off or damaged.

What is wrong is said in one line that names the file and, where there is one, the line:
Bad.  A file ends with a newline; a table has a line of names and as many words in each row.
Names that are not known are of a newer kernel, and skipped.
"""
import os

CHUNK = 1 << 16     # rows that are taken apart at a time: a page map may have two million
KNOWN = 1           # the version of each file's format
DIGITS = 20         # of a number of 64 bits, at most
SHOWN = 24          # characters of a word that is no number


class Bad(Exception):
    """What is wrong with an input, in one line."""


def number(word):
    """A number of 64 bits, or None."""
    value = int(word) if word.isdecimal() and len(word) <= DIGITS else None
    return None if value is None or value >> 64 else value


def read_text(path):
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read()
    except OSError as err:
        raise Bad(f"{path}: {err.strerror}") from err


def ended_lines(path):
    """The lines of a file of which the last one has its end, if there is any."""
    lines = read_text(path).split("\n")
    if lines.pop():
        raise Bad(f"{path}:{len(lines) + 1}: truncated: the last line has no end")
    return lines


def whole_lines(path):
    """The lines of a file that has its end."""
    lines = ended_lines(path)
    if not lines:
        raise Bad(f"{path}: empty")
    return lines


def check_heading(path, name, lines):
    """A first line "# goalloc NAME VERSION", which a kernel may add, is taken off."""
    if not lines[0].startswith("# goalloc "):
        return 0
    words = lines.pop(0).split()
    if words[2:3] != [name] or len(words) != 4:
        raise Bad(f"{path}:1: damaged: this is not the first line of {name}")
    if words[3] != str(KNOWN):
        raise Bad(f"{path}:1: format {words[3]}, and only {KNOWN} is known")
    return 1


def read_versions(path):
    """What version says of each file."""
    versions = {}
    for row, line in enumerate(whole_lines(path), 1):
        words = line.split()
        if len(words) < 2 or number(words[1]) is None:
            raise Bad(f"{path}:{row}: damaged: not the name of a file and its version")
        versions[words[0]] = number(words[1])
        if versions[words[0]] != KNOWN:
            raise Bad(f"{path}:{row}: {words[0]} has format {words[1]}, "
                      f"and only {KNOWN} is known")
    return versions


class Table:
    """The columns of a file, each a list: of numbers, unless it is one of @texts.

    A "-" among numbers is -1, in those of @dashed.
    """
    def __init__(self, path, names, texts=(), dashed=()):
        self.path = path
        self.columns = {name: [] for name in names}
        lines = whole_lines(path)
        self.first = 2 + check_heading(path, os.path.basename(path), lines)
        if not lines:
            raise Bad(f"{path}: truncated: no line of names")
        self.names = lines.pop(0).split()
        self.texts, self.dashed = texts, dashed
        for name in self.columns:
            if name not in self.names:
                raise Bad(f'{path}:{self.first - 1}: damaged: no column "{name}"')
        for at in range(0, len(lines), CHUNK):
            self.add(lines[at:at + CHUNK], at)
        self.rows = len(lines)

    def __getitem__(self, name):
        return self.columns[name]

    def row_dicts(self):
        names = list(self.columns)
        return [dict(zip(names, row)) for row in zip(*self.columns.values())]

    def add(self, lines, at):
        rows = [line.split() for line in lines]
        width = len(self.names)
        for number, row in enumerate(rows, at):
            if len(row) != width:
                self.damaged(number, f"{len(row)} words where there are {width} columns")
        for words, name in zip(zip(*rows), self.names):
            if name in self.texts and name in self.columns:
                self.columns[name] += words
            elif name in self.columns:
                self.columns[name] += self.numbers(words, name, at)

    def numbers(self, words, name, at):
        if "".join(words).isdecimal() and len(max(words, key=len)) < DIGITS:
            return map(int, words)
        out = []
        for row, word in enumerate(words, at):
            sign = name in ("node", "cpu") and word == "-1"
            if word == "-" and name in self.dashed or sign:
                out.append(-1)
            elif number(word) is not None:
                out.append(number(word))
            else:
                self.damaged(row, f'{name} is "{word[:SHOWN]}", not a number')
        return out

    def damaged(self, row, why):
        raise Bad(f"{self.path}:{self.first + row}: damaged: {why}")
