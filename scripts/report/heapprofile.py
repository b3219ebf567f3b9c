# SPDX-License-Identifier: GPL-2.0
"""The heap profile: what was sampled, the functions that it names, and what it stands for.

What was sampled is scaled up as pprof does it: an object of n bytes stands for
1 / (1 - exp(-n / rate)).  For goalloc-pprof and goalloc-report.
"""
import bisect
import collections
import math
import re

from report.files import Bad, ended_lines, number, read_text

HEADER = re.compile(r"heap profile: (\d+): (\d+) \[(\d+): (\d+)\] @ (\S+)")
VERSION = re.compile(r"heap_v2/(\d+)")
# The kernel has 32 frames at most.  None is 0; an address has 64 bits.
SAMPLE = re.compile(r"(\d+): (\d+) \[(\d+): (\d+)\] @((?: 0x[1-9a-f][0-9a-f]{0,15}){0,64})")
END = "MAPPED_LIBRARIES:"
TYPES = [("alloc_objects", "count"), ("alloc_space", "bytes"),
         ("inuse_objects", "count"), ("inuse_space", "bytes")]
UNKNOWN = "(unknown)"
PAGE_SHIFT = 12     # a module's parts begin with a page
TEXT_END = "_etext"     # where the kernel's code ends, but for what runs at boot

# What was allocated from one stack, of one size: the sampled counts, in the order of
# the file, and the frames, the innermost first.
Bucket = collections.namedtuple("Bucket", "live live_bytes objects bytes frames")
Symbol = collections.namedtuple("Symbol", "address name module")


def parse_header(path, line):
    """The rate, and the sums of the lines that follow."""
    match = HEADER.fullmatch(line)
    if not match:
        raise Bad(f"{path}:1: truncated" if line.startswith("heap profile:") else
                  f"{path}: not a heap profile")
    version = VERSION.fullmatch(match[5])
    if not version:
        raise Bad(f"{path}:1: a heap profile of another version: {match[5]}, not heap_v2/RATE")
    numbers = [number(word) for word in (version[1], *match.groups()[:4])]
    if None in numbers:
        raise Bad(f"{path}:1: damaged: a number has more than 64 bits")
    return numbers[0], numbers[1:]


def parse_profile(path):
    """The rate, and the buckets."""
    lines = read_text(path).split("\n")
    rate, sums = parse_header(path, lines[0])
    buckets = []
    for at, line in enumerate(lines[1:], 2):
        if line == END and at < len(lines):
            break
        if not line and at < len(lines) or line.startswith("#"):
            continue
        match = SAMPLE.fullmatch(line)
        if not match or at == len(lines):
            raise Bad(f"{path}:{at}: truncated, or no line of a heap profile")
        frames = tuple(int(frame, 16) for frame in match[5].split())
        bucket = Bucket(*(number(word) for word in match.groups()[:4]), frames)
        if None in bucket or max(values(bucket, rate)) >> 63:
            raise Bad(f"{path}:{at}: damaged: it stands for more than 64 bits can count")
        buckets.append(bucket)
    else:
        raise Bad(f"{path}:{len(lines)}: truncated: this is the last line")
    if [sum(column) for column in list(zip(*buckets))[:4] or [()] * 4] != sums:
        raise Bad(f"{path}:1: the lines that follow do not add up to this one: some are missing")
    return rate, buckets


def parse_kallsyms(path):
    """The symbols of code, and where the kernel's ends, by address."""
    symbols = []
    for line in ended_lines(path):
        words = line.split()
        if len(words) < 3 or words[1] not in "tTwW" and words[2] != TEXT_END:
            continue
        module = words[3].strip("[]") if len(words) > 3 else "kernel"
        try:
            symbols.append(Symbol(int(words[0], 16), words[2], module))
        except ValueError as err:
            raise Bad(f"{path}: not a list of the kernel's symbols") from err
    if not symbols:
        raise Bad(f"{path}: no symbols of code in it")
    if not any(symbol.address for symbol in symbols):
        raise Bad(f"{path}: the addresses are hidden: read it as root, with kptr_restrict below 2")
    return sorted(symbols)


class Symbols:
    """Which function an address lies in.

    kallsyms has no sizes.  What lies in a page behind the one in which the last function of a
    module, or of the kernel, begins is nobody's: most likely code of a module that is gone.
    The kernel's code goes on to _etext, if that is among the symbols, and ends there.
    """
    def __init__(self, symbols):
        self.symbols = symbols
        self.addresses = [symbol.address for symbol in symbols]
        self.text_end = max((symbol.address for symbol in symbols
                             if symbol.name == TEXT_END and symbol.module == "kernel"), default=0)

    def find(self, address):
        index = bisect.bisect_right(self.addresses, address) - 1
        if index < 0 or not self.reaches(index, address):
            return Symbol(address, f"{address:#x}", UNKNOWN)
        return self.symbols[index]

    def reaches(self, index, address):
        """May the code that begins with that symbol, the last one below, have @address?"""
        found = self.symbols[index]
        if found.module == "kernel" and found.address <= self.text_end:
            return address < self.text_end
        last = index + 1 == len(self.symbols) or self.symbols[index + 1].module != found.module
        return not last or address >> PAGE_SHIFT == found.address >> PAGE_SHIFT


def scaled(objects, size, rate):
    """Objects and bytes that the sampled ones stand for."""
    if not objects or not size:
        return 0, 0
    scale = 1 if rate <= 1 else 1 / -math.expm1(-size / objects / rate)
    return int(objects * scale), int(size * scale)


def values(bucket, rate):
    """In the order of TYPES."""
    return (*scaled(bucket.objects, bucket.bytes, rate),
            *scaled(bucket.live, bucket.live_bytes, rate))


class Node:
    """A function, called by those below: of each of TYPES what was allocated there."""
    def __init__(self):
        self.values = [0] * len(TYPES)
        self.callees = {}

    def add(self, path, amounts):
        """@path: pairs of a function's name and its module, the outermost first."""
        self.values = [a + b for a, b in zip(self.values, amounts)]
        if path:
            self.callees.setdefault(path[0], Node()).add(path[1:], amounts)

    def depth(self, kind):
        return 1 + max((node.depth(kind) for node in self.callees.values() if node.values[kind]),
                       default=0)


def call_tree(buckets, symbols, rate):
    root = Node()
    for bucket in buckets:
        # a frame is where a call returns to: the call is before that
        found = [symbols.find(frame - 1) for frame in reversed(bucket.frames)]
        root.add([(symbol.name, symbol.module) for symbol in found] or [(UNKNOWN, "kernel")],
                 values(bucket, rate))
    return root
