// SPDX-License-Identifier: GPL-2.0
// The page map.  A canvas as large as the window onto it is drawn anew when it is scrolled: the
// pages that are seen, one pixel each, into an image, which is then drawn enlarged.  So the
// cost is that of the window, whatever the heap's size.  A strip beside it has the whole heap.

const ZOOMS = [2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 20];
const VIEW = 460, GUTTER = 44, STRIP = 40, GAPS_FROM = 6;

class PageMap {
	constructor(data, place) {
		this.data = data;
		this.way = "occupancy";
		this.hover = this.chosen = -1;
		this.canvas = el("canvas", { "aria-hidden": "true" });
		this.spacer = el("div");
		this.scroll = el("div", { class: "map-scroll", tabindex: "0", role: "application",
			"aria-label": "Page map. Arrow keys: the next page; with Shift: the next span; Page Up and Down, Home, End; plus and minus: zoom; s: next sparse span; e: next span without an object",
			"aria-describedby": "map-details" }, this.canvas, this.spacer);
		this.strip = el("canvas", { class: "map-strip", "aria-hidden": "true", title: "The whole heap" });
		this.details = el("div", { class: "details", id: "map-details", "aria-live": "polite" });
		this.legend = el("ul", { class: "legend" });
		this.tools = el("div", { class: "controls" });
		this.table = el("div");
		this.view = el("div", { class: "map-view" }, this.scroll, this.strip);
		place.replaceChildren(this.tools, el("div", { class: "map" }, el("div", null, this.view, this.legend), this.details), this.table);
		this.listen();
	}

	listen() {
		this.scroll.addEventListener("scroll", () => this.redraw());
		this.scroll.addEventListener("keydown", (event) => this.key(event));
		this.scroll.addEventListener("focus", () => this.runs && this.chosen < 0 && this.choose(this.topPage()));
		this.canvas.addEventListener("pointermove", (event) => this.point(event, false));
		this.canvas.addEventListener("pointerleave", () => { this.hover = -1; this.describe(); this.redraw(); });
		this.canvas.addEventListener("click", (event) => this.point(event, true));
		const drag = (event) => event.buttons && this.scrollTo(event.offsetY / this.strip.clientHeight);
		this.strip.addEventListener("pointerdown", drag);
		this.strip.addEventListener("pointermove", drag);
		new ResizeObserver(() => this.runs && this.layout(this.cell)).observe(this.scroll.parentNode.parentNode);
	}

	async show(number) {
		const shot = this.shot = this.data.snapshots[number];
		this.runs = null;
		this.hover = this.chosen = -1;
		this.view.hidden = this.legend.hidden = this.table.hidden = !shot.map;
		if (!shot.map) {
			this.tools.replaceChildren();
			this.details.replaceChildren(el("p", null, `No map: pagemap: ${shot.missing.pagemap || "not read"}. Copy it as root.`));
			return;
		}
		const runs = await PageRuns.load(shot, number);
		if (this.shot !== shot)
			return;			// another one was chosen meanwhile
		this.runs = runs;
		this.layout(0);
		this.controls();
		this.colour();
		this.describe();
		this.arenas();
	}

	// --- where things are

	// layout(cell): so many pixels a page, 0 for what shows the whole heap, if it can.
	layout(cell) {
		const room = Math.max(64, this.scroll.parentNode.parentNode.clientWidth - STRIP - 22 - GUTTER);
		const columns = (size) => Math.min(ARENA, 2 ** Math.floor(Math.log2(room / size)));
		const rows = (size) => Math.ceil(this.runs.pages / columns(size));
		if (!cell)
			cell = ZOOMS.findLast((size) => rows(size) * size <= VIEW && columns(size) >= 32) || (this.runs.pages > 40000 ? ZOOMS[0] : 6);
		this.cell = cell;
		this.columns = columns(cell);
		this.rows = rows(cell);
		this.height = Math.round(Math.max(cell, Math.min(VIEW, this.rows * cell)));
		this.width = GUTTER + this.columns * cell + 1;
		this.scroll.style.flexBasis = `${this.width}px`;
		this.scroll.style.height = `${this.height}px`;
		this.spacer.style.height = `${Math.max(0, this.rows * cell - this.height)}px`;
		this.strip.hidden = this.rows * cell <= this.height;
		for (const [canvas, width] of [[this.canvas, this.width], [this.strip, STRIP]]) {
			canvas.style.width = `${width}px`;
			canvas.style.height = `${this.height}px`;
			canvas.width = width * devicePixelRatio;
			canvas.height = this.height * devicePixelRatio;
		}
		this.redraw();
	}

	zoom(step) {
		const next = ZOOMS[ZOOMS.indexOf(this.cell) + step];
		if (!next || !this.runs)
			return;
		const page = this.chosen >= 0 ? this.chosen : this.topPage();
		this.layout(next);
		this.reveal(page, true);
	}

	topPage() { return Math.min(this.runs.pages - 1, Math.floor(this.scroll.scrollTop / this.cell) * this.columns); }
	scrollTo(part) { this.scroll.scrollTop = part * this.rows * this.cell - this.height / 2; }

	reveal(page, middle) {
		const top = Math.floor(page / this.columns) * this.cell;
		if (middle || top < this.scroll.scrollTop || top + this.cell > this.scroll.scrollTop + this.height)
			this.scroll.scrollTop = top - this.height / 2;
		this.redraw();
	}

	pageAt(event) {
		const column = Math.floor((event.offsetX - GUTTER) / this.cell);
		const row = Math.floor((event.offsetY + this.scroll.scrollTop) / this.cell);
		const page = row * this.columns + column;
		return column >= 0 && column < this.columns && page < this.runs.pages ? page : -1;
	}

	// --- drawing

	redraw() {
		if (!this.frame && this.runs)
			this.frame = requestAnimationFrame(() => { this.frame = 0; this.runs && this.draw(); });
	}

	colour() {
		this.colors = WAYS[this.way].keys.map(([name]) => {
			const [r, g, b] = rgb(name);
			return 0xff000000 | b << 16 | g << 8 | r;
		});
		this.ink = css("ink");
		this.soft = css("soft");
		this.ground = css("page");
		this.line = css("arena");
		this.drawLegend();
		this.drawStrip();
		this.redraw();
	}

	draw() {
		const context = this.canvas.getContext("2d"), { runs, cell, columns } = this;
		const top = this.scroll.scrollTop, first = Math.floor(top / cell);
		const rows = Math.min(this.rows - first, Math.ceil(this.height / cell) + 1);
		const from = first * columns, to = Math.min(runs.pages, from + rows * columns);
		context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
		context.clearRect(0, 0, this.width, this.height);
		if (to > from) {
			context.imageSmoothingEnabled = false;
			context.drawImage(this.image(from, to, rows), GUTTER, first * cell - top, columns * cell, rows * cell);
			if (cell >= GAPS_FROM)
				this.drawGaps(context, from, to, top);
			this.drawArenas(context, first, rows, top);
			this.outline(context, this.chosen, top, 2);
			this.outline(context, this.hover, top, 1);
		}
		this.drawStripWindow(top);
		this.drawn = true;
	}

	image(from, to, rows) {
		const { runs, columns } = this, { index } = WAYS[this.way];
		const canvas = new OffscreenCanvas(columns, rows), context = canvas.getContext("2d");
		const image = context.createImageData(columns, rows), pixels = new Uint32Array(image.data.buffer);
		for (let page = from, run = runs.find(from); page < to; run++) {
			const end = Math.min(to, runs.start[run + 1]);
			pixels.fill(this.colors[index(runs, run)], page - from, end - from);
			page = end;
		}
		context.putImageData(image, 0, 0);
		return canvas;
	}

	// A line between pages, but not inside a span, and below each row.
	drawGaps(context, from, to, top) {
		const { runs, cell, columns } = this;
		context.fillStyle = this.ground;
		for (let page = from, run = runs.find(from); page < to; run++) {
			const end = Math.min(to, runs.start[run + 1]);
			const step = runs.kind[run] < READY ? 1 : end - page;
			for (let at = page + step; at <= end; at += step)
				context.fillRect(GUTTER + (((at - 1) % columns) + 1) * cell - 1, Math.floor((at - 1) / columns) * cell - top, 1, cell);
			page = end;
		}
		for (let row = Math.floor(from / columns); row * columns < to; row++)
			context.fillRect(GUTTER, (row + 1) * cell - 1 - top, columns * cell, 1);
	}

	// The number of each arena, where there is room, and a line above it.
	drawArenas(context, first, rows, top) {
		const tall = ARENA / this.columns * this.cell, every = Math.max(1, Math.ceil(16 / tall));
		const begin = Math.floor(first * this.columns / ARENA);
		context.font = "10px sans-serif";
		context.textAlign = "right";
		context.textBaseline = "top";
		for (let arena = begin; arena * ARENA < (first + rows) * this.columns && arena < this.runs.arenas.length; arena++) {
			if (arena % every)
				continue;
			const y = arena * tall - top;
			context.fillStyle = this.soft;
			context.fillText(grouped(arena), GUTTER - 8, y + 1);
			if (arena && tall >= 16) {
				context.fillStyle = this.line;
				context.fillRect(GUTTER - 6, y - 1, this.columns * this.cell + 6, 1);
			}
		}
	}

	outline(context, page, top, width) {
		if (page < 0)
			return;
		const run = this.runs.find(page), { cell, columns } = this;
		let [from, to] = [page, page + 1];
		if (this.runs.kind[run] >= READY)
			[from, to] = [this.runs.start[run], this.runs.start[run + 1]];
		context.strokeStyle = this.ink;
		context.lineWidth = width;
		for (let at = from; at < to;) {		// a rectangle in each row
			const end = Math.min(to, (Math.floor(at / columns) + 1) * columns);
			context.strokeRect(GUTTER + (at % columns) * cell - .5, Math.floor(at / columns) * cell - top - .5, (end - at) * cell, cell);
			at = end;
		}
	}

	drawStrip() {
		const { runs, height } = this, many = runs.arenas.length;
		this.whole = new OffscreenCanvas(STRIP, Math.max(1, height));
		const context = this.whole.getContext("2d");
		for (let y = 0; y < height; y++) {
			const from = Math.floor(y * many / height), to = Math.max(from + 1, Math.floor((y + 1) * many / height));
			let x = 0;
			for (const [pages, color] of [[runs.used, "live"], [runs.unused, "free"], [runs.idle, "idle"], [null, "reserved"]]) {
				let n = 0;
				for (let arena = from; pages && arena < to; arena++)
					n += pages[arena];
				const wide = pages ? STRIP * n / ((to - from) * ARENA) : STRIP - x;
				context.fillStyle = css(color);
				context.fillRect(x, y, wide, 1);
				x += wide;
			}
		}
	}

	drawStripWindow(top) {
		if (this.strip.hidden)
			return;
		const context = this.strip.getContext("2d"), all = this.rows * this.cell;
		context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
		if (this.whole.height !== this.height)
			this.drawStrip();
		context.drawImage(this.whole, 0, 0);
		context.strokeStyle = this.ink;
		context.lineWidth = 2;
		context.strokeRect(1, Math.min(this.height - 4, this.height * top / all) + 1, STRIP - 2, Math.max(3, this.height * this.height / all - 2));
	}

	drawLegend() {
		const { runs } = this, { keys, index } = WAYS[this.way], pages = keys.map(() => 0);
		for (let run = 0; run < runs.n; run++)
			pages[index(runs, run)] += runs.count[run];
		this.legend.replaceChildren(...keys.map(([color, text], i) => pages[i] ?
			el("li", null, swatch(color), text, " ", el("b", null, size(pages[i] * PAGE))) : null).filter(Boolean));
	}

	// --- using it

	controls() {
		const { runs } = this;
		const jump = (text, is) => el("button", { type: "button", class: "plain", disabled: runs.next(0, is) < 0,
			onclick: () => this.jump(is) }, text);
		this.tools.replaceChildren(
			el("span", { class: "label" }, "Colour by"),
			segments("Colour by", [["occupancy", "Occupancy"], ["class", "Size class"], ["state", "State"]], this.way,
				(way) => { this.way = way; this.colour(); }),
			el("span", { class: "label" }, "Zoom"),
			el("div", { class: "segments" },
				el("button", { type: "button", "aria-label": "Zoom out", onclick: () => this.zoom(-1) }, "−"),
				el("button", { type: "button", "aria-label": "Zoom in", onclick: () => this.zoom(1) }, "+")),
			jump("Next sparse span", (run) => runs.isSparse(run)),
			jump("Next empty span", (run) => runs.isEmpty(run)));
	}

	jump(is) {
		const run = this.runs.next(this.chosen < 0 ? this.runs.n - 1 : this.runs.find(this.chosen), is);
		if (run >= 0)
			this.choose(this.runs.start[run]);
	}

	point(event, choose) {
		if (!this.runs)
			return;
		const page = this.pageAt(event);
		if (choose && page >= 0)
			this.choose(page);
		else if (page !== this.hover) {
			this.hover = page;
			this.describe();
			this.redraw();
		}
	}

	choose(page) {
		if (!this.runs || !this.runs.pages)
			return;
		this.hover = -1;
		this.chosen = Math.max(0, Math.min(this.runs.pages - 1, page));
		this.reveal(this.chosen);
		this.describe();
	}

	key(event) {
		if (!this.runs || event.ctrlKey || event.metaKey || event.altKey)
			return;
		const { runs, columns } = this, at = Math.max(this.chosen, 0), run = runs.find(at);
		const screen = columns * Math.max(1, Math.floor(this.height / this.cell) - 1);
		const to = event.shiftKey && event.key === "ArrowRight" ? runs.start[Math.min(run + 1, runs.n - 1)] :
			event.shiftKey && event.key === "ArrowLeft" ? runs.start[Math.max(run - 1, 0)] :
			{ ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + columns, ArrowUp: at - columns,
				PageDown: at + screen, PageUp: at - screen, Home: 0, End: runs.pages - 1 }[event.key];
		if (to !== undefined)
			this.choose(to);
		else if (event.key === "+" || event.key === "-")
			this.zoom(event.key === "+" ? 1 : -1);
		else if (event.key === "s")
			this.jump((one) => runs.isSparse(one));
		else if (event.key === "e")
			this.jump((one) => runs.isEmpty(one));
		else
			return;
		event.preventDefault();
	}

	describe() {
		const page = this.hover >= 0 ? this.hover : this.chosen, { runs } = this;
		if (!runs || page < 0) {
			this.details.replaceChildren(el("h3", null, "No page chosen"),
				el("p", null, runs ? `${several(runs.pages, "page")} in ${several(runs.arenas.length, "arena")}, ${several(runs.n, "run")}. Numbers at the left are arenas.` : ""));
			return;
		}
		const run = runs.find(page), pages = runs.count[run], span = runs.kind[run] >= READY;
		const [state, kind] = this.data.kinds[runs.kind[run]].split(" ");
		const row = this.shot.classes.find((one) => one.class === runs.clas[run] && (!kind || one.kind === kind));
		const large = runs.clas[run] === 0, cache = runs.isCache(run);
		const title = !span ? `${state[0].toUpperCase()}${state.slice(1)} page` : cache ? "Span of an object cache" :
			large ? "Large object" : runs.isSpan(run) ? `Span of class ${runs.clas[run]}` : "Span that is being unmade";
		this.details.replaceChildren(el("h3", null, title), definitions([
			["Address", `0x${runs.address(page).toString(16)}`],
			["Page", grouped(runs.address(page) / PAGE)],
			["Arena", `${Math.floor(page / ARENA)}, page ${page % ARENA}`],
			[span ? "Span" : "Run", `${several(pages, "page")}, ${size(pages * PAGE)}`],
			row && !large && ["Object", `${grouped(row.size)} B, ${row.kind}`],
			span && runs.inuse[run] !== NO_COUNT && ["In use", runs.total[run] ? `${runs.inuse[run]} of ${runs.total[run]}, ${percent(runs.inuse[run], runs.total[run])}` : runs.inuse[run]],
			kind && ["State", state],
			kind && ["CPU", runs.cpu[run] >= 0 ? runs.cpu[run] : "none"],
			runs.node[run] !== NO_NODE && ["Node", runs.node[run]],
		]), el("p", null, this.advice(run)));
	}

	advice(run) {
		const { runs } = this, kind = runs.kind[run];
		if (kind === RESERVED)
			return "The kernel has it; goalloc keeps the address.";
		if (kind < READY)
			return "Goes back by itself, or by writing scavenge.";
		if (runs.isEmpty(run))
			return "Goes back by writing scavenge.";
		return runs.isSparse(run) ? `${several(runs.inuse[run], "object")} of it ${runs.inuse[run] === 1 ? "keeps" : "keep"} all of the span.` : "";
	}

	// For who cannot see the map.
	arenas() {
		const { runs } = this;
		const place = el("div");
		const open = () => place.firstChild || place.append(table("Arenas", [
			{ title: "arena", value: (arena) => arena },
			{ title: "address", value: (arena) => runs.arenas[arena], show: (arena) => el("code", null, `0x${(runs.arenas[arena] * ARENA * PAGE).toString(16)}`) },
			{ title: "in objects", value: (arena) => runs.used[arena], show: (arena) => size(Math.round(runs.used[arena] * PAGE)) },
			{ title: "free in spans", value: (arena) => runs.unused[arena], show: (arena) => size(Math.round(runs.unused[arena] * PAGE)) },
			{ title: "idle", value: (arena) => runs.idle[arena], show: (arena) => size(runs.idle[arena] * PAGE) },
		], runs.arenas.map((_, arena) => arena), { sort: 0 }));
		this.table.replaceChildren(el("details", { class: "note", ontoggle: open }, el("summary", null, "The arenas as a table"), place));
	}
}
