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
# magic, crc32, header bytes, body bytes, events, slots, CPUs, unseen, lost, release
HEADER = struct.Struct("<8sIIQIIIIQ64s")
CRC_FROM = 12           # the crc covers all that follows it
RECENT = 16             # the last allocations, which a free names by their age

CONTEXTS = ("task", "softirq", "hardirq", "NMI")
GFP_KINDS = ("KERNEL", "KERNEL_ACCOUNT", "NOFS", "NOIO", "ATOMIC", "NOWAIT")
SLEEPING_KINDS = GFP_KINDS[:4]  # never outside of task context

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
                             self.slots.count, cpus, unseen, lost, release.encode()[:63])
        covered = header[CRC_FROM:] + self.body
        return MAGIC + struct.pack("<I", zlib.crc32(covered)) + covered


class Reader:
    """Decodes a trace; iterate over it for the events."""

    def __init__(self, data):
        if len(data) < HEADER.size or data[:len(MAGIC)] != MAGIC:
            raise TraceError("not a trace: it does not begin with " + MAGIC.decode())
        (_, crc, header_bytes, body_bytes, self.events, self.nslots, self.cpus,
         self.unseen, self.lost, release) = HEADER.unpack_from(data)
        if header_bytes < HEADER.size or len(data) != header_bytes + body_bytes:
            raise TraceError(f"truncated: {len(data)} bytes, the header says "
                             f"{header_bytes + body_bytes}")
        if zlib.crc32(data[CRC_FROM:]) != crc:
            raise TraceError("damaged: the checksum is wrong")
        self.release = release.rstrip(b"\0").decode(errors="replace")
        self._data = data
        self._at = header_bytes

    def _number(self):
        value = shift = 0
        while True:
            byte = self._data[self._at]
            self._at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def __iter__(self):
        slots = Slots()
        cpu = 0
        for _ in range(self.events):
            op = self._data[self._at]
            self._at += 1
            if op & OTHER_CPU:
                cpu = self._number()
            context = op >> CONTEXT_SHIFT & 3
            if op & ALLOC:
                yield Event(True, cpu, context, slots.take(), self._number(),
                            op >> GFP_SHIFT & 7, bool(op & ZERO))
            else:
                age = op >> AGE_SHIFT
                slot = slots.aged(age) if age else self._number()
                slots.free.append(slot)
                yield Event(False, cpu, context, slot)
