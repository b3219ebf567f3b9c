# SPDX-License-Identifier: GPL-2.0
"""A screenshot as a small PNG: 256 colours, the commonest; each other one is its nearest.

For 8 bits a channel with or without alpha, not interlaced, as browsers write them.
"""
import collections
import struct
import zlib

MAGIC = b"\x89PNG\r\n\x1a\n"
COLOURS = 256
COARSE = 0xf8f8f8       # colours that differ by less share a nearest one


def chunks(data):
    at = len(MAGIC)
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at + 8:at + 8 + size]
        at += size + 12


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def predicted(left, above, corner):
    guess = left + above - corner
    return min((abs(guess - left), 0, left), (abs(guess - above), 1, above), (abs(guess - corner), 2, corner))[2]


def unfilter(kind, line, above, step):
    """A line's bytes as they were before the encoder put differences there."""
    if kind == 2:
        return bytearray((x + y) & 0xff for x, y in zip(line, above))
    for i in range(len(line) if kind else 0):
        left = line[i - step] if i >= step else 0
        if kind == 1:
            line[i] = (line[i] + left) & 0xff
        elif kind == 3:
            line[i] = (line[i] + (left + above[i]) // 2) & 0xff
        else:
            line[i] = (line[i] + predicted(left, above[i], above[i - step] if i >= step else 0)) & 0xff
    return line


def pixels(data):
    """Width, and the lines, each a list of 0xrrggbb."""
    found = collections.defaultdict(bytes)
    for kind, content in chunks(data):
        found[kind] += content
    width, height, bits, form, _, _, laced = struct.unpack(">IIBBBBB", found[b"IHDR"])
    if bits != 8 or form not in (2, 6) or laced:
        raise ValueError("not such a PNG")
    step = 3 if form == 2 else 4
    raw, lines, above = zlib.decompress(found[b"IDAT"]), [], bytearray(width * step)
    for row in range(height):
        at = row * (width * step + 1)
        above = unfilter(raw[at], bytearray(raw[at + 1:at + 1 + width * step]), above, step)
        lines.append([r << 16 | g << 8 | b for r, g, b in zip(above[0::step], above[1::step], above[2::step])])
    return width, lines


def distance(a, b):
    return sum(((a >> shift & 0xff) - (b >> shift & 0xff)) ** 2 for shift in (0, 8, 16))


def shrink(data):
    width, lines = pixels(data)
    counted = collections.Counter()
    for line in lines:
        counted.update(line)
    # of colours that are nearly the same the commonest alone
    chosen, near = [], set()
    for colour, _ in counted.most_common():
        if colour & COARSE not in near and len(chosen) < COLOURS:
            near.add(colour & COARSE)
            chosen.append(colour)
    nearest = {colour: min(range(len(chosen)), key=lambda i: distance(colour, chosen[i])) for colour in counted}
    raw = b"".join(b"\0" + bytes(nearest[colour] for colour in line) for line in lines)
    palette = b"".join(struct.pack(">I", colour)[1:] for colour in chosen)
    return (MAGIC + chunk(b"IHDR", struct.pack(">IIBBBBB", width, len(lines), 8, 3, 0, 0, 0)) +
            chunk(b"PLTE", palette) + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))
