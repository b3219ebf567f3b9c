// SPDX-License-Identifier: GPL-2.0
// Size classes: a bar each, of what its spans hold, and the rows of sizeclasses beside it.

const BARS = { height: 380, left: 56, top: 20, bottom: 40 };

const wasteOf = (row) => Math.max(0, row.held - row.live - row.waste);
const className = (row) => row.class ? `${row.class}` : "large";

// Of each class, its kinds together: bytes in use, free, and at the ends of the spans.
function classSums(rows) {
	const sums = new Map();
	for (const row of rows) {
		const one = sums.get(row.class) || { class: row.class, size: row.size, live: 0, free: 0, tail: 0 };
		one.live += row.live;
		one.free += wasteOf(row);
		one.tail += row.waste;
		sums.set(row.class, one);
	}
	return [...sums.values()].filter((one) => one.live + one.free + one.tail)
		.sort((a, b) => (a.class || 99) - (b.class || 99));
}

// The scale is that of the largest class but one far above the others, which is cut off.
function scale(sums) {
	const [first = 1, second = first] = sums.map((one) => one.live + one.free + one.tail).sort((a, b) => b - a);
	return first > 2 * second ? 1.15 * second : first;
}

function classChart(sums, width, press) {
	const { height, left, top, bottom } = BARS, floor = height - bottom;
	const most = scale(sums), step = (width - left) / sums.length;
	const y = (bytes) => floor - (floor - top) * Math.min(bytes, most) / most;
	const chart = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": "Bytes held by size class; the table has the numbers" });
	for (const bytes of ticks(most))
		chart.append(svg("line", { class: "grid", x1: left, x2: width, y1: y(bytes), y2: y(bytes) }),
			svg("text", { x: left - 8, y: y(bytes) + 4, "text-anchor": "end" }, bytes ? size(bytes) : "0"));
	let free = 0;
	sums.forEach((one, i) => {
		const x = left + i * step, held = one.live + one.free + one.tail;
		let base = 0;
		for (const [name, bytes] of [["live", one.live], ["free", one.free], ["metadata", one.tail]]) {
			if (bytes)
				chart.append(svg("rect", { x: x + step * .1, width: step * .8, y: y(base + bytes), height: y(base) - y(base + bytes), style: `fill:${v(name)}` }));
			base += bytes;
		}
		if (held > most)
			chart.append(svg("line", { x1: x, x2: x + step, y1: top + 12, y2: top + 5, style: `stroke:${v("page")};stroke-width:3` }),
				svg("text", { x: Math.min(x + step, width), y: top - 7, "text-anchor": "end", style: `fill:${v("ink")};font-weight:600` }, size(held)));
		chart.append(pressed({ x, width: step, y: top, height: floor - top },
			`Class ${className(one)}${one.class ? `, ${grouped(one.size)} B` : ""}: ${size(one.live)} in use, ${size(one.free)} free, ${size(one.tail)} at the spans’ ends`, () => press(one.class), !i));
		const text = one.class ? one.size < 1024 ? `${one.size}` : `${+(one.size / 1024).toFixed(1)}K` : ">32K";
		const wide = 6 * text.length + 6, middle = Math.min(x + step / 2, width - wide / 2);
		const last = sums.at(-1) !== one && !sums.at(-1).class ? width - 40 : width;
		if (middle - wide / 2 >= free && middle + wide / 2 <= last) {
			chart.append(svg("text", { x: middle, y: floor + 14, "text-anchor": "middle" }, text));
			free = middle + wide / 2;
		}
	});
	chart.append(svg("text", { x: left + (width - left) / 2, y: height - 4, "text-anchor": "middle" }, "bytes an object"));
	return chart;
}

// Ten cells, from nearly empty spans to full ones; the darker, the more spans.
function fullness(row) {
	const most = Math.max(...row.deciles);
	return el("span", { class: "fullness", role: "img", title: row.deciles.map((n, i) => `${10 * i} %: ${n}`).join(", "),
		"aria-label": `spans by tenths of fullness: ${row.deciles.join(" ")}` }, row.deciles.map((n, i) =>
		el("i", { style: n && `background:${v(i ? "live" : "free")};opacity:${.25 + .75 * n / most}` })));
}

function classTable(rows) {
	const bytes = (title, value) => ({ title, value, show: (row) => size(value(row)) });
	const number = (title, name) => ({ title, value: (row) => row[name] });
	const filled = rows.some((row) => row.deciles);
	return table("Size classes", [
		{ title: "class", value: (row) => row.class || 99, show: className },
		{ title: "object", value: (row) => row.size || 1e9, show: (row) => row.class ? `${grouped(row.size)} B` : "> 32 KiB" },
		{ title: "kind", text: true, value: (row) => row.kind, show: (row) => row.kind },
		bytes("held", (row) => row.held), bytes("in use", (row) => row.live), bytes("free", wasteOf),
		{ title: "used", value: (row) => share(row.live, row.held), show: (row) => percent(row.live, row.held) },
		...(filled ? [{ title: "spans, empty → full", text: true, show: fullness }, bytes("sparse", (row) => row.sparse)] : []),
		number("spans", "spans"), number("objects", "inuse"), number("free objects", "free"), bytes("ends", (row) => row.waste),
		number("mallocs", "mallocs"), number("frees", "frees"), number("refills", "refills"), number("central", "central"),
	], rows, { sort: 3, mark: (row, tr) => { tr.dataset.class = row.class; } });
}

function showClasses(shot) {
	const beside = classTable(shot.classes);
	const press = (number) => {
		for (const tr of beside.querySelectorAll("tbody tr"))
			tr.classList.toggle("marked", Number(tr.dataset.class) === number);
		const first = beside.querySelector("tr.marked");
		if (first)
			beside.scrollTop = first.offsetTop - 60;
	};
	const sums = classSums(shot.classes), place = body("classes");
	const width = Math.max(280, place.clientWidth > 900 ? (place.clientWidth - 32) * 5 / 12 : place.clientWidth);
	place.replaceChildren(sums.length ? el("div", { class: "pair" },
		el("div", null, classChart(sums, width, press), el("ul", { class: "legend" },
			[["live", "in use"], ["free", "free"], ["metadata", "at the ends of spans"]].map(([color, text]) => el("li", null, swatch(color), text)))),
		beside) : el("p", { class: "meta" }, "No class has a span, or ever had an object."),
	el("p", { class: "note" }, "Much free in a class: a burst is over, and one object in each span keeps it. Such objects belong into a heap of their own."));
}
