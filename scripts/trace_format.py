# SPDX-License-Identifier: GPL-2.0
"""The compact trace format: what Documentation/trace-format.rst describes.

A Writer takes allocations and frees by address and turns addresses into slots.
A Reader gives the events back.  selftests/goalloc_replay.c reads the same bytes
in the kernel.
"""

import struct
import zlib
from typing import NamedTuple

MAGIC = b"GOTRACE1"
# magic, crc32, header bytes, body bytes, events, slots, CPUs, lost, unseen, release
HEADER = struct.Struct("<8sIIQIIIIQ64s")
CRC_FROM = 12           # the crc covers all that follows it
RECENT = 16             # the last allocations, which a free names by their age
MAX_SIZE = 1 << 31      # kmalloc() itself ends at 4 MiB

CONTEXTS = ("task", "softirq", "hardirq", "NMI")
GFP_KINDS = ("KERNEL", "KERNEL_ACCOUNT", "NOFS", "NOIO", "ATOMIC", "NOWAIT")

ALLOC = 1 << 0
CONTEXT_SHIFT = 1
OTHER_CPU = 1 << 3
GFP_SHIFT = 4
ZERO = 1 << 7
AGE_SHIFT = 4

assert HEADER.size == 112


class TraceError(Exception):
    """A file that is not a trace, or is damaged; the text says how."""


class Event(NamedTuple):
    """One event.  Of a free only alloc, cpu, context and slot mean something."""

    alloc: bool
    cpu: int
    context: int
    slot: int
    size: int = 0
    gfp: int = 0
    zero: bool = False


class Slots:
    """Numbers for live objects: the number freed last is taken first."""

    def __init__(self):
        self.count = 0
        self.free = []
        self.recent = [0] * RECENT
        self.allocs = 0

    def take(self):
        """A slot for the next allocation."""
        if self.free:
            slot = self.free.pop()
        else:
            slot = self.count
            self.count += 1
        self.recent[self.allocs % RECENT] = slot
        self.allocs += 1
        return slot

    def age(self, slot):
        """How many allocations ago the slot was taken, or 0 for long ago."""
        for age in range(1, min(RECENT, self.allocs + 1)):
            if self.recent[(self.allocs - age) % RECENT] == slot:
                return age
        return 0

    def aged(self, age):
        """The slot that was taken so many allocations ago."""
        return self.recent[(self.allocs - age) % RECENT]


def leb128(value):
    """An unsigned number in groups of 7 bits, the lowest first."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return out


class Writer:
    """Encodes events in the order they happened."""

    def __init__(self):
        self.body = bytearray()
        self.slots = Slots()
        self.events = 0
        self.cpu = 0

    def _put(self, op, cpu, context):
        op |= context << CONTEXT_SHIFT
        if cpu != self.cpu:
            self.body.append(op | OTHER_CPU)
            self.body += leb128(cpu)
            self.cpu = cpu
        else:
            self.body.append(op)
        self.events += 1

    def alloc(self, cpu, context, size, gfp, zero):
        """Add an allocation and return its slot."""
        self._put(ALLOC | gfp << GFP_SHIFT | (ZERO if zero else 0), cpu, context)
        self.body += leb128(size)
        return self.slots.take()

    def release(self, cpu, context, slot):
        """Add a free."""
        age = self.slots.age(slot)
        self._put(age << AGE_SHIFT, cpu, context)
        if not age:
            self.body += leb128(slot)
        self.slots.free.append(slot)

    def contents(self, release, cpus, lost, unseen):
        """The bytes of the file."""
        header = HEADER.pack(MAGIC, 0, HEADER.size, len(self.body), self.events,
                             self.slots.count, cpus, 0, lost << 32 | unseen,
                             release.encode()[:63])
        crc = zlib.crc32(self.body, zlib.crc32(header[CRC_FROM:]))
        return MAGIC + struct.pack("<I", crc) + header[CRC_FROM:] + self.body
