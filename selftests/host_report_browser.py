#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""goalloc-report's page in a real browser, as it is used.

host_report_browser.py [--pictures] PAGES PICTURES

PAGES has series.html (of snapshots/load), old.html (of a snapshot without a page map and
without a profile), idle.html (of a goalloc that holds nothing) and big.html (a heap of 16 GiB).  Prints "ok WHAT" or "not ok WHAT" for
each result, with # lines that say why, and leaves screenshots in PICTURES: with --pictures
nothing but these.  "--names" prints what the results are.
"""
import os
import sys
import time

sys.dont_write_bytecode = True
from browser import Browser, find
from smallpng import shrink

LIMIT_MS = 3000         # for the page of 16 GiB, until it is drawn
TEXT = 4.5              # the least contrast of text (WCAG AA)
ENTER, ESCAPE, TAB = 13, 27, 9

# Letters against what they stand on, as WCAG counts it; and the layers beside each other.
CONTRAST = """(() => {
	const probe = document.body.appendChild(document.createElement("i"));
	const channel = (c) => (c /= 255) <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
	const light = (name) => {
		probe.style.color = `var(--${name})`;
		const [r, g, b] = getComputedStyle(probe).color.match(/[\\d.]+/g).map(Number).map(channel);
		return .2126 * r + .7152 * g + .0722 * b;
	};
	const ratio = (a, b) => { const [x, y] = [light(a), light(b)]; return (Math.max(x, y) + .05) / (Math.min(x, y) + .05); };
	const out = [["ink", "page"], ["soft", "page"], ["accent", "page"], ["alarm", "page"], ["ink", "panel"], ["soft", "panel"],
		["alarm", "panel"], ...[0, 1, 2, 3, 4, 5, 6].map((i) => ["ink", `module-${i}`])].map(([a, b]) => [`${a} on ${b}`, ratio(a, b)]);
	probe.remove();
	return out;
})()"""


class Test:
    def __init__(self, browser, pages, pictures):
        self.browser, self.pages, self.pictures = browser, pages, pictures
        self.why = []

    def same(self, what, got, wanted):
        if got != wanted:
            self.why.append(f"{what} is {got!r} instead of {wanted!r}")

    def holds(self, what, good):
        if not good:
            self.why.append(what)

    def page(self, name, **how):
        return self.browser.open(os.path.join(self.pages, f"{name}.html"), **how)

    def run(self, script):
        return self.browser.run(script)

    def text(self, selector):
        return self.run(f"document.querySelector({selector!r}).innerText")

    def quiet(self):
        said = self.browser.said()
        self.holds(f"the page said {said[:3]}", not said)
        self.browser.events.clear()

    def centre(self, selector):
        """Where an element is, once it is in the window."""
        self.run(f"document.querySelector({selector!r}).scrollIntoView({{block: 'center', behavior: 'instant'}})")
        time.sleep(0.2)
        return self.run(f"(() => {{ const r = document.querySelector({selector!r}).getBoundingClientRect();"
                        " return [r.left, r.top, r.width, r.height]; })()")

    # --- the results

    def opens(self):
        "opens in light and in dark, without an error, asking for nothing, with contrast"
        for dark in (False, True):
            self.page("series", dark=dark)
            ground = self.run("getComputedStyle(document.body).backgroundColor")
            self.same("whether the page is dark", sum(map(int, ground[4:-1].split(","))) < 200, dark)
            for what, ratio in self.run(CONTRAST):
                self.holds(f"{what} has a contrast of {ratio:.2f}", ratio >= TEXT)
            self.holds("a section is empty", self.run(
                "[...document.querySelectorAll('section .body')].every((one) => one.innerText.length > 30)"))
            self.quiet()
        self.run("document.querySelector('#theme [data-value=light]').click()")
        self.same("the page after the switch", self.run("getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)")
        pressed = "[...document.querySelectorAll('#theme button')].filter((one) => one.ariaPressed === 'true').map((one) => one.dataset.value).join()"
        self.same("the button that is pressed", self.run(pressed), "light")
        self.run("document.querySelector('#theme [data-value=auto]').click()")
        self.same("the button that is pressed then", self.run(pressed), "auto")

    def map_click(self):
        "a click on a page of the map says what it is, and another one something else"
        self.page("series")
        self.same("the details at first", self.text("#map-details h3"), "No page chosen")
        left, top, _, height = self.centre(".map-scroll")
        seen = set()
        for x, y in ((48, 4), (260, height * .46), (400, height - 8)):
            self.browser.click(left + x, top + y)
            seen.add(self.text("#map-details"))
        self.same("different details", len(seen), 3)
        self.holds(f"no address in {seen}", all("Address" in one and "0x" in one for one in seen))
        self.browser.click(left + 48, top + 4)
        self.holds("the first page is not in arena 0", "0, page 0" in self.text("#map-details"))
        before = self.run("document.querySelector('.map-scroll canvas').toDataURL().length")
        self.run("document.querySelector('#map [data-value=class]').click()")
        time.sleep(0.2)
        self.holds("the colours do not change", self.run("document.querySelector('.map-scroll canvas').toDataURL().length") != before)
        self.run("[...document.querySelectorAll('#map .plain')].find((one) => one.innerText === 'Next sparse span').click()")
        used = self.text("#map-details").split("In use\n")[1].split("\n")[0]
        self.holds(f"the next sparse span has {used}", int(used.rstrip(" %").split()[-1]) <= 12)
        self.quiet()

    def map_keys(self):
        "the map is used with the keyboard alone"
        self.page("series")
        self.run("document.querySelector('.map-scroll').focus()")
        steps = []
        for name, shift in (("Home", 0), ("ArrowRight", 0), ("ArrowDown", 0), ("ArrowRight", 1), ("End", 0), ("PageUp", 0), ("s", 0), ("e", 0)):
            self.browser.key(name, text=name if len(name) == 1 else None, shift=bool(shift))
            steps.append(self.text("#map-details"))
        self.holds("a key changes nothing", len(set(steps)) == len(steps))
        self.holds("e does not find an empty span", "\n0 of " in steps[-1])
        wide = self.run("document.querySelector('.map-scroll canvas').width")
        self.browser.key("+", text="+")
        time.sleep(0.2)
        self.holds("+ does not zoom", self.run("document.querySelector('.map-scroll canvas').width") != wide)
        self.browser.key("Tab", TAB)
        self.holds("Tab does not leave the map", self.run("!document.activeElement.matches('.map-scroll')"))
        self.quiet()

    def flame_use(self):
        "the flame graph: click, keys, search; bytes and objects, live and all"
        self.page("series")
        left, top, width, _ = self.centre(".frames")
        self.same("the details at first", self.text("#flame .details h3"), "all")
        self.browser.click(left + width / 2, top + 31)
        name = self.text("#flame .details h3")
        self.holds("a click on a box changes nothing", name != "all")
        self.holds("a click does not widen the box", self.run(
            f"[...document.querySelectorAll('.frames button')].find((b) => b.innerText === {name!r}).offsetWidth") > width - 3)
        names = []
        for key in ("ArrowDown", "ArrowDown", "ArrowUp", "Home"):
            self.browser.key(key)
            names.append(self.text("#flame .details h3"))
        self.same("up from below", names[2], names[0])
        self.same("home", names[3], "all")
        self.browser.key("ArrowDown")
        self.browser.key("Enter", ENTER, "\r")
        self.holds("Enter does not widen", self.run("!document.querySelector('#flame .plain').disabled"))
        self.browser.key("Escape", ESCAPE)
        self.holds("Escape does not show all", self.run("document.querySelector('#flame .plain').disabled"))
        live = self.text("#flame .frames")
        for value in ("alloc", "objects"):
            self.run(f"document.querySelector('#flame [data-value={value}]').click()")
        self.holds("objects ever allocated look like bytes that live", self.text("#flame .frames") != live)
        self.run("(() => { const one = document.querySelector('#flame input'); one.value = 'null_blk'; one.dispatchEvent(new Event('input')); })()")
        self.holds("nothing is found", "found, " in self.text("#flame [role=status]") and self.run("document.querySelectorAll('.frames .found').length") > 0)
        self.quiet()

    def tables(self):
        "tables sort by a press on a column, and all is reached with the keyboard"
        self.page("series")
        script = "[...document.querySelectorAll('#holders table')[0].querySelectorAll('tbody tr')].map((tr) => tr.cells[0].innerText)"
        first = self.run(script)
        self.run("document.querySelectorAll('#holders th button')[3].click()")
        self.holds("the order does not change", self.run(script) != first)
        self.same("what sorts", self.run("document.querySelector('#holders th[aria-sort]').innerText.split(' ')[0]"), "objects")
        reached, charts, last = set(), set(), None
        self.run("document.querySelector('h1').scrollIntoView(); document.activeElement.blur()")
        for _ in range(120):
            self.browser.key("Tab", TAB)
            last = self.run("(() => { const one = document.activeElement, part = one.closest('section, header, nav'); return part ? part.id || part.className : ''; })()")
            reached.add(last)
            if self.run("document.activeElement.matches('.hit')"):
                charts.add(last)
        self.holds(f"with Tab one comes only to {sorted(reached)}", {"top", "contents", "memory", "map", "classes", "holders", "flame", "log", "files"} <= reached)
        self.same("the charts that one comes to with Tab", charts, {"memory", "classes"})
        self.holds("a control has no name", not self.run(
            "[...document.querySelectorAll('button, input, select, [tabindex=\"0\"]')].filter((one) => !one.textContent.trim() && !one.getAttribute('aria-label') && !one.labels?.length).length"))
        self.quiet()

    def series(self):
        "another snapshot of a series is chosen, and everything is of it"
        self.page("series")
        parts = ("#answer .answer:not([hidden])", "#memory .keys", "#map .body", "#classes", "#holders", "#flame .body", "#files")
        last = [self.text(part) for part in parts]
        for value in (0, 2):
            self.run(f"(() => {{ const one = document.querySelector('#shot'); one.value = '{value}'; one.dispatchEvent(new Event('change')); }})()")
            time.sleep(0.5)
            for part, before in zip(parts, last):
                self.holds(f"{part} is still of the last snapshot", self.text(part) != before)
        seen = "[...document.querySelectorAll('.map-view, #map .legend, #map details')].map((one) => one.checkVisibility())"
        self.same("what is seen of a map", self.run(seen), [True, True, True])
        # A frame that is to be drawn then finds no map any more.
        self.run("document.querySelector('.map-scroll').dispatchEvent(new Event('scroll')); "
                 "(() => { const one = document.querySelector('#shot'); one.value = '0'; one.dispatchEvent(new Event('change')); })()")
        self.same("what is seen of the map of another snapshot", self.run(seen), [False, False, False])
        _, top, _, _ = self.centre("#memory svg")
        x = self.run("(() => { const r = document.querySelectorAll('#memory .hit')[0].getBoundingClientRect(); return r.left + r.width / 2; })()")
        self.browser.click(x, top + 60)
        self.same("the snapshot after a click on the chart", self.run("document.querySelector('#shot').value"), "0")
        self.run("document.querySelector('#memory .hit[tabindex=\"0\"]').focus()")
        for key, code, text, wanted in (("ArrowRight", 39, None, "0"), ("Enter", ENTER, "\r", "1"), ("ArrowRight", 39, None, "1"), (" ", 32, " ", "2"),
                                        ("End", 35, None, "2"), ("Enter", ENTER, "\r", "4")):
            self.browser.key(key, code, text)
            self.same(f"the snapshot after {key!r} on the chart", self.run("document.querySelector('#shot').value"), wanted)
        marked = "[...document.querySelectorAll('#classes tr.marked')].map((tr) => tr.dataset.class)[0]"
        self.run("document.querySelector('#classes .hit[tabindex=\"0\"]').focus()")
        seen = [self.run(marked)]
        for key, code, text in (("Enter", ENTER, "\r"), ("ArrowRight", 39, None), ("Enter", ENTER, "\r"), ("ArrowLeft", 37, None), (" ", 32, " ")):
            self.browser.key(key, code, text)
            if text:
                seen.append(self.run(marked))
        self.holds(f"the classes that Enter and space mark are {seen}", seen[0] is None and seen[1] and seen[2] and seen[1] == seen[3] != seen[2])
        self.quiet()

    def others(self):
        "without root's files, a profile or any page it says so; a phone and paper are wide enough"
        self.page("old")
        self.holds("it does not say that pagemap is missing", "pagemap" in self.text("#map .body"))
        self.holds("it does not say that there is no profile", "No heap profile" in self.text("#flame .body"))
        self.same("the controls of a flame graph that is none", self.run("document.querySelector('#flame .controls').checkVisibility()"), False)
        self.run("document.querySelector('.map-scroll').focus(); document.querySelector('.map-scroll').dispatchEvent(new Event('focus'))")
        self.holds("it does not say any more that pagemap is missing", "pagemap" in self.text("#map .body"))
        self.quiet()
        self.holds("it does not say why no function is named", "Which functions is not known" in self.text("#holders .body"))
        self.page("idle")
        self.holds("it does not say that nothing is held", "holds nothing" in self.text("#answer"))
        self.run("document.querySelector('.map-scroll').focus()")
        for key in ("End", "ArrowLeft", "s", "+"):
            self.browser.key(key, text=key if len(key) == 1 else None)
        self.quiet()
        for width in (1280, 390, 320):
            self.page("series", width=width, height=800)
            self.holds(f"at {width} pixels something is wider", self.run("document.documentElement.scrollWidth") <= width)
        self.browser.call("Emulation.setEmulatedMedia", media="print", features=[])
        self.page_pdf()
        self.browser.call("Emulation.setEmulatedMedia", media="", features=[])
        self.quiet()

    def page_pdf(self):
        data = self.browser.call("Page.printToPDF", printBackground=True)["data"]
        self.holds("nothing is printed", len(data) > 20000)

    def big(self):
        "a heap of 16 GiB is drawn in less than 3 s"
        took = self.page("big")
        loaded = self.run("performance.getEntriesByType('navigation')[0].loadEventEnd")
        print(f"# 16 GiB: loaded after {loaded:.0f} ms, drawn after {took:.0f} ms", flush=True)
        self.holds(f"it took {took:.0f} ms", took < LIMIT_MS)
        self.run("document.querySelector('.map-scroll').focus()")
        begin = time.monotonic()
        for key in ("End", "PageUp", "Home"):
            self.browser.key(key)
        self.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        print(f"# from its end to its beginning: {1000 * (time.monotonic() - begin):.0f} ms")
        self.holds("the last page is not in arena 4095", self.browser.key("End") or "4095, page 511" in self.text("#map-details"))
        self.quiet()

    def screenshots(self):
        "screenshots are made, of the upper half in light, of the lower one in dark"
        for name, dark, first, last in (("light", False, "header", "#classes"), ("dark", True, "#classes", "#log")):
            self.page("series", height=4000, dark=dark)	# what is outside of the window is not drawn
            path = os.path.join(self.pictures, f"report-{name}.png")
            self.picture(path, first, last)
            self.holds(f"{path} is small", os.path.getsize(path) > 20000)
            self.holds(f"{path} has {os.path.getsize(path)} bytes", os.path.getsize(path) < 200000)
        self.quiet()

    def picture(self, path, first, last):
        """Of what is between two elements, with a sparse span and the widest module's box chosen."""
        self.run("[...document.querySelectorAll('#map .plain')].find((one) => one.innerText === 'Next sparse span').click()")
        self.run("[...document.querySelectorAll('.frames button')].find((one) => one.innerText === 'run_batch').dispatchEvent(new PointerEvent('pointerenter'))")
        self.run("document.querySelector('nav').style.position = 'static'; scrollTo({ top: 0, behavior: 'instant' })")
        time.sleep(0.3)
        begin, end = (self.run(f"document.querySelector('{part}').getBoundingClientRect().top + scrollY") - 24 for part in (first, last))
        self.browser.screenshot(path, {"x": 0, "y": max(begin, 0), "width": 1280, "height": end - max(begin, 0)})
        with open(path, "rb") as file:
            small = shrink(file.read())
        with open(path, "wb") as file:
            file.write(small)


RESULTS = [Test.opens, Test.map_click, Test.map_keys, Test.flame_use, Test.tables, Test.series, Test.others, Test.big, Test.screenshots]


def main():
    if sys.argv[1:] == ["--names"]:
        print("\n".join(result.__doc__ for result in RESULTS))
        return
    results = RESULTS
    if sys.argv[1] == "--pictures":
        del sys.argv[1]
        results = [Test.screenshots]
    browser = Browser(find())
    try:
        for result in results:
            test = Test(browser, *sys.argv[1:3])
            try:
                result(test)
            except (RuntimeError, IndexError, ValueError) as err:
                test.why.append(str(err))
                browser.events.clear()
            for why in test.why[:5]:
                print(f"# {why[:400]}")
            print(f"{'not ok' if test.why else 'ok'} {result.__doc__}", flush=True)
    finally:
        browser.close()


if __name__ == "__main__":
    main()
