# SPDX-License-Identifier: GPL-2.0
"""The first lines of a report: which code holds the memory, in what shape, and what would
give it back?  Sentences, in which **this** is set apart."""
import re

KIB = 1024


def size(n):
    """Bytes, as goallocstat prints them."""
    value, unit = float(n), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if value < 1000 or unit == "TiB":
            break
        value /= KIB
    if unit == "B":
        return f"{n} B"
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f} {unit}"


def percent(part, whole):
    return f"{100 * part / whole:.0f} %" if whole else "0 %"


def count(n, one, many=None):
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def class_name(row):
    if not row["class"]:
        return "objects above 32 KiB"
    return f"class {row['class']} ({row['size']:,} B {row['kind']})"


def code_name(caller):
    """What %pS printed, for a sentence."""
    match = re.fullmatch(r"(\S+?)\+0x[0-9a-f]+/0x[0-9a-f]+(?: \[(\S+)\])?", caller)
    if not match:
        return caller
    return f"{match[1]}()" + (f" of {match[2]}" if match[2] else "")


def heap_name(heap):
    kind = "cache" if heap["size"] else "heap"
    of = "" if heap["module"] == "-" else f" of {heap['module']}"
    return f"{kind} {heap['heap']}{of}"


def headline(snapshot):
    stats = snapshot.stats
    if not stats["Drawn"]:
        return f"goalloc holds nothing but {size(stats['Metadata'])} of metadata."
    return (f"**{size(stats['Drawn'])}** drawn from the kernel, "
            f"**{percent(stats['Alloc'], stats['Drawn'])}** of it live.")


def summary(snapshot, holders):
    """Of each of the three answers the first, in one sentence."""
    parts = []
    if snapshot.reclaimable():
        parts.append(f"{size(snapshot.reclaimable())} would go back by writing scavenge")
    if holders:
        parts.append(f"the largest holder is {code_name(holders[0]['caller'])}, with "
                     f"{size(holders[0]['bytes'])}")
    elif snapshot.stats["Ready"]:
        heap = max(snapshot.heaps, key=lambda heap: heap["held"])
        parts.append(f"the largest holder is {heap_name(heap)}, with {size(heap['held'])}")
    text = "; ".join(parts)
    return text[:1].upper() + text[1:] + "." if text else ""


# --- who holds it

def nobody(snapshot, why_no_symbols):
    """Why no function is named."""
    rate, missing = snapshot.rate(), snapshot.missing
    if rate == 0:
        return ("No heap profile is on: it would name the functions.  Write 524288 to "
                "/proc/goalloc/profile_rate, or 1 for every object.")
    if rate is None:
        return (f"Which functions is not known (callers: {missing['callers']}; heap_profile: "
                f"{missing['heap_profile']}).  These files name them while a heap profile is on.")
    if not snapshot.callers and any(bucket.live for bucket in snapshot.profile[1]):
        return (f"The heap profile is on, but its functions have no names ({why_no_symbols}; "
                f"callers: {missing['callers']}).")
    return "The heap profile is on, and nothing lives that it sampled."


def who(snapshot, holders, first, why_no_symbols):
    out = []
    known = sum(row["bytes"] for row in holders)
    for row in holders[:2]:
        out.append(f"**{code_name(row['caller'])}** holds {size(row['bytes'])} in "
                   f"{count(row['objects'], 'object')}: {percent(row['bytes'], known)} of what the "
                   "heap profile knows.")
    held = sum(heap["held"] for heap in snapshot.heaps)
    for heap in sorted(snapshot.heaps, key=lambda heap: -heap["held"])[:1 if holders else 3]:
        if heap["held"]:
            out.append(f"By heap: **{heap_name(heap)}**, {size(heap['held'])} "
                       f"({percent(heap['held'], held)} of all spans) for {size(heap['bytes'])} in "
                       f"{count(heap['objects'], 'object')}.")
    if first is not snapshot and first is not None:
        out += grown(snapshot, first)
    if not holders:
        out.append(nobody(snapshot, why_no_symbols))
    return out


def by_name(heaps):
    """Their bytes; heaps of modules that were unloaded may share a name."""
    out = {}
    for heap in heaps:
        key = heap["module"], heap["heap"]
        out[key] = out.get(key, 0) + heap["bytes"]
    return out


def growth(snapshot, first):
    """Bytes that each heap has grown by since @first.

    Those of one name and module are counted together, at the first of them; the others have
    None.  A heap whose module was unloaded since has the same name and "-" for the module.
    """
    before, now, out = by_name(first.heaps), by_name(snapshot.heaps), []
    for module, heap in set(before) - set(now):
        before["-", heap] = before.get(("-", heap), 0) + before[module, heap]
    for heap in snapshot.heaps:
        key = heap["module"], heap["heap"]
        out.append(now.pop(key) - before.get(key, 0) if key in now else None)
    return out


def grown(snapshot, first):
    most, heap = max(((n, heap) for n, heap in zip(growth(snapshot, first), snapshot.heaps)
                      if n is not None), key=lambda pair: pair[0])
    if most > 0:
        yield (f"Most has grown since {first.name}: **{heap_name(heap)}**, by {size(most)} of "
               "live objects.")


# --- in what shape

def shape(snapshot):
    stats, out = snapshot.stats, []
    free = max(stats["Ready"] - stats["Alloc"], 0)
    if free:
        wasted = max(snapshot.classes, key=lambda row: row["held"] - row["live"], default=None)
        text = (f"**{size(free)}** is free inside spans ({percent(free, stats['Drawn'])} of what "
                "is drawn)")
        if wasted and wasted["held"] > wasted["live"]:
            text += (f", most of it in {class_name(wasted)}: "
                     f"{size(wasted['held'] - wasted['live'])}")
        out.append(text + ".")
    found = snapshot.shape
    if found and found["sparse"]:
        out.append(f"{count(found['sparse'], 'span')} are less than an eighth used: "
                   f"**{count(found['sparse_objects'], 'object')}** keep "
                   f"{size(found['sparse_bytes'])}.")
    elif found and stats["Ready"]:
        out.append("No span is less than an eighth used.")
    elif sum(row.get("sparse", 0) for row in snapshot.classes):
        out.append(f"{size(sum(row['sparse'] for row in snapshot.classes))} are in spans that are "
                   "less than an eighth used.")
    if stats["Prepared"]:
        text = f"**{size(stats['Prepared'])}** is idle, in no span"
        if "LargestFree" in stats:
            text += f"; the longest free run has {size(stats['LargestFree'])}"
        out.append(text + ".")
    out.append(f"Metadata takes {size(stats['Metadata'])}, beside what is drawn.")
    return out


# --- what would give it back

def back(snapshot, holders):
    stats, found, out = snapshot.stats, snapshot.shape, []
    if snapshot.reclaimable():
        text = f"**{size(snapshot.reclaimable())}** by writing /proc/goalloc/scavenge: "
        text += f"{size(stats['Prepared'])} idle"
        if found and found["empty"]:
            text += (f" and {size(found['empty_bytes'])} in "
                     f"{count(found['empty'], 'span')} without an object")
        out.append(text + ".")
    else:
        out.append("Nothing by writing scavenge: no page is idle, no span is without objects.")
    if found and found["sparse"]:
        out.append(f"{size(found['sparse_bytes'])} more when the "
                   f"{count(found['sparse_objects'], 'object')} in sparse spans are freed; "
                   "objects that live long belong into a heap of their own.")
    if stats["Alloc"]:
        text = f"The other {size(stats['Alloc'])} is live: only its owners can free it"
        if holders:
            text += f", {code_name(holders[0]['caller'])} before all"
        out.append(text + ".")
    return out


# --- what needs a look

def alarms(snapshot):
    stats, out = snapshot.stats, []
    for name, text in (("BadFrees", "bad frees were caught: see the log below"),
                       ("LostReferences", "pages were hit by a stray kfree() or put_page()"),
                       ("DrawsFailed", "draws of pages failed: callers saw NULL"),
                       ("LimitRefused", "draws of pages were refused: memory_limit was met")):
        if stats.get(name):
            out.append(f"**{stats[name]:,}** {text}.")
    for heap in snapshot.heaps:
        if heap["refused"]:
            out.append(f"**{count(heap['refused'], 'allocation')}** refused by "
                       f"{heap_name(heap)}: its limit of {size(heap['limit'])} is met.")
    off = [claim for claim, result in snapshot.checks if result != "ok"]
    if off:
        out.append(f"**{len(off)}** of {len(snapshot.checks)} sums do not hold ({off[0]}): "
                   "a bug if that stays when nothing allocates.")
    return out


def answers(snapshot, holders, first, why_no_symbols):
    return {"headline": headline(snapshot), "summary": summary(snapshot, holders),
            "who": who(snapshot, holders, first, why_no_symbols), "shape": shape(snapshot),
            "back": back(snapshot, holders), "alarms": alarms(snapshot)}
