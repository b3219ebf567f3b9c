// SPDX-License-Identifier: GPL-2.0
// Memory by layer: a bar of the snapshot that is shown, and for a series its course, in which
// a press chooses the snapshot.  The table has the same numbers.

const LAYERS = {
	live: ["In objects", "allocated and not freed"],
	windows: ["Free, in CPUs’ caches", "ready for the next allocations of their CPU"],
	free: ["Free, in other spans", "of a class, for that class alone; and the spans’ ends"],
	cached: ["Idle, in CPUs’ page caches", "pages for the next spans of their CPU"],
	idle: ["Idle, in the page heap", "goes back by itself within seconds, or by writing scavenge"],
	metadata: ["Metadata", "spans, caches and maps"],
};
const CHART = { height: 240, left: 62, right: 8, top: 10, bottom: 24 };

const layerBytes = (shot, name) => {
	const found = shot.layers.find(([layer]) => layer === name);
	return found ? found[1] : 0;
};
const total = (shot) => sum(shot.layers, ([, bytes]) => bytes);

// ticks(most): round numbers of bytes from 0 on, four or five of them.
function ticks(most) {
	let step = 2 ** Math.ceil(Math.log2(Math.max(most, 4) / 4));
	if (most / step < 2.5)
		step /= 2;
	return Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
}

function memoryBar(shot) {
	const all = total(shot);
	return el("div", { class: "stack", role: "img", "aria-label": shot.layers.map(([name, bytes]) =>
		`${LAYERS[name][0]}: ${size(bytes)}`).join(", ") }, shot.layers.filter(([, bytes]) => bytes).map(([name, bytes]) =>
		el("span", { title: `${LAYERS[name][0]}: ${size(bytes)}, ${finely(bytes, all)}`,
			style: `flex:${bytes} 0 0;background:${v(name)}` })));
}

function memoryTable(shot, first) {
	const all = total(shot);
	const row = (color, title, bytes, before, about) => el("tr", null,
		el("th", { class: "text", scope: "row" }, color && swatch(color), title),
		el("td", null, size(bytes)), el("td", null, grouped(bytes)), el("td", null, finely(bytes, all)),
		first && el("td", null, (bytes < before ? "−" : "+") + size(Math.abs(bytes - before))),
		el("td", { class: "text meta" }, about));
	return el("div", { class: "table", style: "border:0;max-height:none", tabindex: "0", role: "region", "aria-label": "Memory by layer" },
		el("table", { class: "keys" }, el("caption", { class: "hidden" }, `Memory by layer, ${shot.name}`),
			el("thead", null, el("tr", null, ["", "", "bytes", "share"].map((title) =>
				el("th", { class: title ? "meta" : "text" }, title)),
			first && el("th", { class: "meta" }, `since ${first.name}`), el("th", { class: "text" }, ""))),
			el("tbody", null, shot.layers.map(([name, bytes]) =>
				row(name, LAYERS[name][0], bytes, first && layerBytes(first, name), LAYERS[name][1])),
			row(null, "In all", all, first && total(first), ""))));
}

// Where each snapshot stands: by its time if all have one, else one beside the other.
function positions(shots, width) {
	const { left, right } = CHART;
	const times = shots.map((shot) => shot.time);
	const timed = times.every((time, i) => time && (!i || time > times[i - 1]));
	const from = timed ? times[0] : 0, to = timed ? times.at(-1) : shots.length - 1;
	return shots.map((_, i) => left + (width - left - right) * ((timed ? times[i] : i) - from) / (to - from));
}

function memoryChart(shots, chosen, choose) {
	const width = Math.max(280, body("memory").clientWidth), { height, left, right, top, bottom } = CHART;
	const most = Math.max(...shots.map(total)) || 1;
	const x = positions(shots, width), y = (bytes) => height - bottom - (height - top - bottom) * bytes / most;
	const names = Object.keys(LAYERS).filter((name) => shots.some((shot) => layerBytes(shot, name)));
	const chart = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "group",
		"aria-label": `Memory by layer over ${shots.length} snapshots; the table below it has the numbers` });
	for (const bytes of ticks(most))
		chart.append(svg("line", { class: "grid", x1: left, x2: width - right, y1: y(bytes), y2: y(bytes) }),
			svg("text", { x: left - 8, y: y(bytes) + 4, "text-anchor": "end" }, bytes ? size(bytes) : "0"));
	const floor = shots.map(() => 0);
	for (const name of names) {
		const below = floor.map((bytes, i) => `${x[i]},${y(bytes)}`).reverse();
		shots.forEach((shot, i) => { floor[i] += layerBytes(shot, name); });
		const above = floor.map((bytes, i) => `${x[i]},${y(bytes)}`);
		chart.append(svg("polygon", { points: [...above, ...below].join(" "), style: `fill:${v(name)};stroke:${v("page")};stroke-width:1` }));
	}
	chart.append(svg("line", { class: "cursor", x1: x[chosen], x2: x[chosen], y1: top, y2: height - bottom }));
	let free = 0;
	shots.forEach((shot, i) => {
		const from = i ? (x[i - 1] + x[i]) / 2 : x[0], to = i < shots.length - 1 ? (x[i] + x[i + 1]) / 2 : x[i];
		chart.append(pressed({ x: from, width: Math.max(to - from, 1), y: top, height: height - top - bottom },
			`${shot.name}: ${size(total(shot))}`, () => {
				choose(i);		// which draws the chart anew
				body("memory").querySelectorAll(".hit")[i].focus({ preventScroll: true });
			}, i === chosen));
		if (x[i] >= free || i === chosen) {
			chart.append(svg("text", { x: x[i], y: height - 6, "text-anchor": i === 0 ? "start" : i === shots.length - 1 ? "end" : "middle",
				style: i === chosen && `font-weight:700;fill:${v("ink")}` }, shot.name));
			free = x[i] + 8 + 7 * shot.name.length;
		}
	});
	return chart;
}

function seriesTable(shots, chosen) {
	return el("details", { class: "note" }, el("summary", null, "The numbers of all snapshots"),
		table("Memory of each snapshot", [
			{ title: "snapshot", text: true, value: (shot) => shot.name, show: (shot) => shot.name },
			{ title: "time", text: true, value: (shot) => shot.time || 0, show: when },
			...Object.keys(LAYERS).map((name) => ({ title: LAYERS[name][0], value: (shot) => layerBytes(shot, name),
				show: (shot) => size(layerBytes(shot, name)) })),
			{ title: "in all", value: total, show: (shot) => size(total(shot)) },
			{ title: "objects", value: (shot) => shot.stats.HeapObjects },
		], shots, { mark: (shot, tr) => tr.classList.toggle("marked", shot === shots[chosen]) }));
}

function showMemory(data, chosen, choose) {
	const shots = data.snapshots, shot = shots[chosen], many = shots.length > 1;
	body("memory").replaceChildren(
		...(many ? [memoryChart(shots, chosen, choose), el("div", { style: "height:1rem" })] : []),
		memoryBar(shot), memoryTable(shot, many && chosen ? shots[0] : null),
		...(many ? [seriesTable(shots, chosen)] : []));
}
