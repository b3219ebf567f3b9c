// SPDX-License-Identifier: GPL-2.0
// Who holds it: the code that allocated what lives, by the heap profile, and the heaps.

// The function is what one looks for; where in it, and in which module, comes after it.
function callerName(row) {
	const found = row.caller.match(/^(\S+?)(\+0x[0-9a-f]+\/0x[0-9a-f]+)?(?: \[(\S+)\])?$/);
	return found ? [found[1], el("span", { class: "meta" }, `${found[2] || ""}${found[3] ? ` of ${found[3]}` : ""}`)] : row.caller;
}

function callersPart(shot) {
	const known = sum(shot.callers, (row) => row.bytes), most = Math.max(1, ...shot.callers.map((row) => row.bytes));
	const parts = [el("h3", null, "By the code that allocated it")];
	if (!shot.callers.length) {
		parts.push(el("p", { class: "meta" }, shot.noCallers));
		return el("div", null, parts);
	}
	parts.push(table("Callers", [
		{ title: "code", text: true, name: true, value: (row) => row.caller, show: callerName },
		{ title: "live", value: (row) => row.bytes, show: (row) => size(row.bytes) },
		{ title: "share", value: (row) => row.bytes, show: (row) => finely(row.bytes, known) },
		{ title: "objects", value: (row) => row.objects },
		{ title: "mean", value: (row) => row.bytes / (row.objects || 1), show: (row) => size(Math.round(row.bytes / (row.objects || 1))) },
		{ title: "", text: true, show: (row) => bar([["live", row.bytes]], most) },
	], shot.callers, { sort: 1 }));
	if (shot.about)
		parts.push(el("p", { class: "note" }, `${shot.about}. Bytes as asked for, not rounded up to a class.`));
	return el("div", null, parts);
}

function heapsPart(shot) {
	const most = Math.max(1, ...shot.heaps.map((heap) => heap.held));
	const grown = new Map(shot.growth ? shot.heaps.map((heap, i) => [heap, shot.growth[i]]) : []);
	const growth = (bytes) => bytes === null ? "–" : (bytes < 0 ? "−" : "+") + size(Math.abs(bytes));
	const waste = (heap) => Math.max(0, heap.held - heap.bytes);
	return el("div", null, el("h3", null, "By heap and object cache"), table("Heaps", [
		{ title: "heap", text: true, name: true, value: (heap) => heap.heap, show: (heap) => heap.heap },
		{ title: "module", text: true, value: (heap) => heap.module, show: (heap) => heap.module },
		{ title: "held", value: (heap) => heap.held, show: (heap) => size(heap.held) },
		{ title: "live", value: (heap) => heap.bytes, show: (heap) => size(heap.bytes) },
		...(shot.growth ? [{ title: "growth", value: (heap) => grown.get(heap) || 0, show: (heap) => growth(grown.get(heap)) }] : []),
		{ title: "used", value: (heap) => share(heap.bytes, heap.held), show: (heap) => heap.held ? percent(heap.bytes, heap.held) : "–" },
		{ title: "objects", value: (heap) => heap.objects },
		{ title: "", text: true, show: (heap) => bar([["live", heap.bytes], ["free", waste(heap)]], most) },
		{ title: "limit", value: (heap) => heap.limit, show: (heap) => heap.limit ? size(heap.limit) : "–" },
		{ title: "refused", value: (heap) => heap.refused, show: (heap) => heap.refused ? el("span", { class: "off" }, grouped(heap.refused)) : "0" },
		{ title: "object", value: (heap) => heap.size, show: (heap) => heap.size ? `${grouped(heap.size)} B` : "–" },
		{ title: "mallocs", value: (heap) => heap.mallocs }, { title: "frees", value: (heap) => heap.frees },
	], shot.heaps, { sort: 2 }));
}

function showHolders(data, chosen) {
	const shot = data.snapshots[chosen];
	body("holders").replaceChildren(el("div", { class: "pair even" },
		callersPart(shot), heapsPart(shot)));
}
