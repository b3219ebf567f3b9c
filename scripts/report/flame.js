// SPDX-License-Identifier: GPL-2.0
// The flame graph: a button for each box, so that it is used as everything else on a page.
// A press makes a box as wide as the page; what calls it stays above it.

const ROW = 21, THINNEST = 0.001;
const AMOUNTS = { "inuse_space": 4, "inuse_objects": 3, "alloc_space": 2, "alloc_objects": 1 };
const [FUNCTION, CALLEES] = [0, 5];

class Flame {
	constructor(data, place) {
		this.names = data.names;
		this.noSymbols = data.noSymbols;
		this.of = "inuse";
		this.unit = "space";
		this.frames = el("div", { class: "frames", role: "group", "aria-label": "Flame graph. Arrow keys move, Enter widens, Escape shows all" });
		this.details = el("div", { class: "details", "aria-live": "polite" });
		this.search = el("input", { type: "search", placeholder: "Find a function or module", "aria-label": "Find a function or module", oninput: () => this.find() });
		this.found = el("span", { class: "label", role: "status" });
		this.legend = el("ul", { class: "legend" });
		this.none = el("p", { class: "meta" });
		this.controls = el("div", { class: "controls" },
			segments("What is shown", [["inuse", "Live"], ["alloc", "Ever allocated"]], this.of, (of) => { this.of = of; this.draw(); }),
			segments("Counted in", [["space", "Bytes"], ["objects", "Objects"]], this.unit, (unit) => { this.unit = unit; this.draw(); }),
			this.search, this.reset = el("button", { type: "button", class: "plain", onclick: () => this.zoom([]) }, "Show all"), this.found);
		this.view = el("div", { class: "flame" }, el("div", null, this.frames, this.legend), this.details);
		place.replaceChildren(this.none, this.controls, this.view);
		this.frames.addEventListener("keydown", (event) => this.key(event));
	}

	show(shot) {
		this.profile = shot.profile;
		const has = Boolean(shot.profile);
		this.none.hidden = has && !this.noSymbols;
		this.controls.hidden = this.view.hidden = !has;
		this.none.textContent = has ? `Addresses instead of functions: ${this.noSymbols}.` :
			`No heap profile: ${shot.missing.heap_profile || "it was off; write 524288 to /proc/goalloc/profile_rate"}.`;
		this.path = [];
		if (has)
			this.draw();
	}

	// --- drawing

	amount(node) { return node[AMOUNTS[`${this.of}_${this.unit}`]]; }
	text(amount) { return this.unit === "space" ? size(amount) : several(amount, "object"); }
	name(node) { return this.names.functions[node[FUNCTION]][0]; }
	module(node) { return this.names.modules[this.names.functions[node[FUNCTION]][1]]; }
	color(node) {
		const module = this.names.functions[node[FUNCTION]][1];
		return this.module(node) === "kernel" ? "module-0" : `module-${1 + (module - 1 + 6) % 6}`;
	}

	zoom(path) {
		this.path = path;
		this.draw();
		this.current(this.boxes.find((box) => box.node === (path.at(-1) || this.profile.tree)), true);
	}

	draw() {
		const root = this.profile.tree;
		this.boxes = [];
		this.all = this.amount(root);
		this.path = this.path.filter((node) => this.amount(node));
		const above = [root, ...this.path];
		above.slice(0, -1).forEach((node, depth) => this.box(node, depth, 0, 1, above.slice(1, depth + 1)));
		this.place(above.at(-1), above.length - 1, 0, 1, this.path);
		this.frames.style.height = `${(1 + Math.max(...this.boxes.map((box) => box.depth))) * ROW}px`;
		this.frames.replaceChildren(...this.boxes.map((box) => box.button));
		this.reset.disabled = !this.path.length;
		this.drawLegend();
		this.current(this.boxes[this.path.length] || this.boxes[0]);
		this.find();
	}

	place(node, depth, left, width, path) {
		this.box(node, depth, left, width, path);
		for (const callee of node[CALLEES]) {
			const wide = width * this.amount(callee) / this.amount(node);
			if (wide >= THINNEST)
				this.place(callee, depth + 1, left, wide, [...path, callee]);
			left += wide || 0;
		}
	}

	box(node, depth, left, width, path) {
		const box = { node, depth, left, width, path };
		box.button = el("button", { type: "button", tabindex: "-1",
			style: `left:${100 * left}%;width:max(${100 * width}% - 1px, 1px);top:${depth * ROW}px;background:${v(this.color(node))}`,
			"aria-label": `${this.name(node)}, ${this.text(this.amount(node))}, ${percent(this.amount(node), this.all)}`,
			onclick: () => this.zoom(path), onfocus: () => this.current(box),
			onpointerenter: () => this.describe(box), onpointerleave: () => this.describe(this.now) },
		width > .02 ? this.name(node) : "");
		this.boxes.push(box);
	}

	drawLegend() {
		const modules = new Map();
		for (const box of this.boxes)
			if (box.node !== this.profile.tree)
				modules.set(this.module(box.node), this.color(box.node));
		this.legend.replaceChildren(...[...modules].map(([module, color]) => el("li", null, swatch(color), module)));
	}

	// --- using it

	current(box, focus) {
		if (this.now) {
			this.now.button.tabIndex = -1;
			this.now.button.removeAttribute("aria-current");
		}
		this.now = box;
		box.button.tabIndex = 0;
		box.button.setAttribute("aria-current", "true");
		if (focus)
			box.button.focus({ preventScroll: true });
		this.describe(box);
	}

	describe(box) {
		const { node } = box, root = this.profile.tree;
		const of = (n) => `${percent(node[n], root[n])}`;
		const self = this.amount(node) - sum(node[CALLEES], (callee) => this.amount(callee));
		this.details.replaceChildren(el("h3", { class: "code" }, this.name(node)), definitions([
			node !== root && ["Module", this.module(node)],
			["Live", `${size(node[4])}, ${of(4)}`],
			["Live objects", `${grouped(node[3])}, ${of(3)}`],
			["Ever allocated", `${size(node[2])}, ${of(2)}`],
			["Objects ever", `${grouped(node[1])}, ${of(1)}`],
			node !== root && node[CALLEES].length && self > 0 && ["By itself", this.text(self)],
		]), el("p", null, node === root ? (this.profile.rate > 1 ? `One sample in ${size(this.profile.rate)}, scaled up.` : "Every object is in it.") :
			node[CALLEES].length ? "" : "This code called goalloc."));
	}

	key(event) {
		const { now, boxes } = this;
		const row = boxes.filter((box) => box.depth === now.depth).sort((a, b) => a.left - b.left);
		const to = {
			ArrowRight: () => row[row.indexOf(now) + 1],
			ArrowLeft: () => row[row.indexOf(now) - 1],
			ArrowDown: () => boxes.filter((box) => box.depth === now.depth + 1 && box.left >= now.left - 1e-9 && box.left < now.left + now.width)
				.sort((a, b) => b.width - a.width)[0],
			ArrowUp: () => boxes.find((box) => box.depth === now.depth - 1 && box.left <= now.left + 1e-9 && box.left + box.width > now.left),
			Home: () => boxes[0],
		}[event.key];
		if (event.key === "Escape")
			this.zoom([]);
		else if (to)
			this.current(to() || now, true);
		else
			return;
		event.preventDefault();
	}

	find() {
		const text = this.search.value.trim().toLowerCase();
		const is = (node) => Boolean(text) && (this.name(node).toLowerCase().includes(text) || this.module(node).toLowerCase().includes(text));
		const bytes = (node) => is(node) ? this.amount(node) : sum(node[CALLEES], bytes);
		this.frames.classList.toggle("searching", Boolean(text));
		for (const box of this.boxes)
			box.button.classList.toggle("found", is(box.node));
		const found = text ? sum(this.profile.tree[CALLEES], bytes) : 0;
		this.found.textContent = text ? `${this.text(found)} found, ${percent(found, this.all)}` : "";
	}
}
