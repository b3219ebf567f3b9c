# SPDX-License-Identifier: GPL-2.0
"""One HTML file of snapshots: the template with the styles, the scripts and the data in it.

The data is JSON in a script element that no browser runs; each page map is one of its own,
because it is unpacked only when it is shown.  The policy in the template's head forbids the
page to load anything.
"""
import html
import json
import os
import re
import time

from report import pagemap
from report.answer import answers, growth, nobody
from report.files import Bad

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPTS = ["util.js", "table.js", "memory.js", "mapdata.js", "map.js", "classes.js",
           "holders.js", "flame.js", "log.js", "main.js"]


class Names:
    """Numbers for functions and for modules, in the order in which they come."""
    def __init__(self):
        self.functions, self.modules = {}, {}

    def function(self, name, module):
        number = self.modules.setdefault(module, len(self.modules))
        return self.functions.setdefault((name, number), len(self.functions))

    def data(self):
        return {"functions": list(self.functions), "modules": list(self.modules)}


def tree_data(node, function, names):
    """[function, amounts..., callees], the largest first."""
    callees = sorted(node.callees.items(), key=lambda item: (-item[1].values[3], item[0]))
    return [function, *node.values,
            [tree_data(child, names.function(*key), names) for key, child in callees]]


def snapshot_data(snapshot, holders, symbols, why_no_symbols, names):
    data = {"name": snapshot.name, "time": snapshot.time, "stats": snapshot.stats,
            "checks": snapshot.checks, "layers": snapshot.layers(), "classes": snapshot.classes,
            "heaps": snapshot.heaps, "cpus": snapshot.cpus, "arenas": snapshot.arenas,
            "shape": snapshot.shape, "reclaimable": snapshot.reclaimable(),
            "callers": holders, "missing": snapshot.missing,
            "noCallers": "" if holders else nobody(snapshot, why_no_symbols),
            "about": snapshot.callers["about"] if snapshot.callers else "",
            "notes": snapshot.notes, "profile": None, "map": None}
    profile = snapshot.tree(symbols)
    if profile and profile["rate"]:
        tree = tree_data(profile["tree"], names.function("all", "kernel"), names)
        data["profile"] = {"rate": profile["rate"], "tree": tree}
    if snapshot.map:
        data["map"] = {name: snapshot.map[name] for name in ("runs", "arenas")}
    return data


def to_json(data):
    """JSON that may stand in a script element."""
    return json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


# --- the answer, which is there without a script

def marked(text):
    return re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html.escape(text))


def sentences(heading, texts):
    if not texts:
        return ""
    return (f"<div><h3>{heading}</h3>" + "".join(f"<p>{marked(text)}</p>" for text in texts) +
            "</div>")


def answer_html(answer, number, shown):
    alarms = "".join(f"<li>{marked(text)}</li>" for text in answer["alarms"])
    return (f'<div class="answer" data-shot="{number}"{"" if shown else " hidden"}>'
            f'<p class="headline">{marked(answer["headline"])}</p>'
            f'<p class="summary">{marked(answer["summary"])}</p>'
            '<div class="columns">' + sentences("Which code holds it", answer["who"]) +
            sentences("In what shape", answer["shape"]) +
            sentences("What would give it back", answer["back"]) + "</div>" +
            (f'<ul class="alarms" aria-label="What needs a look">{alarms}</ul>' if alarms else "") +
            "</div>")


# --- the file

def part(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return file.read()


def build(snapshots, symbols, why_no_symbols, log, why_no_log, title):
    """The page, as a string.  @snapshots are in the order of their time."""
    names, answered, maps = Names(), [], []
    data = {"snapshots": [], "kinds": pagemap.KINDS, "log": log, "noLog": why_no_log,
            "noSymbols": why_no_symbols}
    for number, snapshot in enumerate(snapshots):
        holders = snapshot.holders(symbols)
        shot = snapshot_data(snapshot, holders, symbols, why_no_symbols, names)
        shot["growth"] = growth(snapshot, snapshots[0]) if number else None
        data["snapshots"].append(shot)
        answer = answers(snapshot, holders, snapshots[0], why_no_symbols)
        answered.append(answer_html(answer, number, number == len(snapshots) - 1))
        if snapshot.map:
            maps.append(f'<script type="application/octet-stream" id="map-{number}">'
                        f"{snapshot.map['text']}</script>")
    data["names"] = names.data()
    made = time.strftime("%Y-%m-%d %H:%M", time.localtime())
    of = snapshots[-1].directory if len(snapshots) == 1 else (
        f"{len(snapshots)} snapshots, {snapshots[0].name} to {snapshots[-1].name}")
    parts = {"TITLE": html.escape(title or "goalloc report"), "STYLE": part("report.css"),
             "META": html.escape(f"{of} · made {made}"), "ANSWERS": "\n".join(answered),
             "DATA": to_json(data), "MAPS": "\n".join(maps),
             "SCRIPT": "\n".join(part(name) for name in SCRIPTS)}
    return re.sub(r"@@([A-Z]+)@@", lambda match: parts[match[1]], part("template.html"))


def write(path, text):
    """All of it or nothing of it: a file that was there is replaced at the end, but not a
    device or a link."""
    plain = os.path.isfile(path) and not os.path.islink(path)
    new = path + ".new" if plain or not os.path.lexists(path) else path
    try:
        with open(new, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        if new != path:
            os.replace(new, path)
    except OSError as err:
        raise Bad(f"{path}: {err.strerror}") from err
    finally:
        if new != path and os.path.exists(new):
            os.unlink(new)
