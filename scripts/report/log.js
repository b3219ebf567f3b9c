// SPDX-License-Identifier: GPL-2.0
// The reports of bad frees, and what the files say of themselves.

function report(one) {
	const place = one.stack[0] ? `${one.stack[0][0]}${one.stack[0][1] ? ` [${one.stack[0][1]}]` : ""}` : "";
	return el("details", null, el("summary", null,
		el("span", { class: "when" }, one.time === null ? "" : `${one.time.toFixed(3)} s`),
		el("strong", null, one.title),
		el("span", { class: "code" }, `${one.op}()`),
		el("span", { class: "code" }, place)),
	el("div", { class: "inside" },
		definitionsInline([["why", one.reason], ...one.details.map((text) => ["", text]), ["address", one.pointer],
			["by", one.whole ? `${one.task}, process ${one.pid}, on CPU ${one.cpu}, in ${one.context} context` : "the report is cut off"]]),
		el("pre", null, one.stack.map(([name, module], depth) => `${depth ? "from " : "in   "}${name}${module ? ` [${module}]` : ""}`).join("\n"))));
}

function definitionsInline(pairs) {
	return pairs.filter(([, text]) => text).map(([term, text]) => el("div", null, term ? el("span", { class: "meta" }, `${term}: `) : "", text));
}

function showLog(data, shot) {
	const counted = shot.stats.BadFrees, place = body("log"), log = data.log;
	if (!log) {
		place.replaceChildren(el("p", { class: "meta" }, `${counted ? `stats counts ${several(counted, "bad free")}, but` : "stats counts none;"} ${data.noLog}. Give the kernel log with --dmesg.`));
		return;
	}
	const titles = new Map();
	for (const one of log)
		titles.set(one.title, (titles.get(one.title) || 0) + 1);
	const kinds = [...titles].map(([title, n]) => `${n} × ${title}`).join(", ");
	place.replaceChildren(el("p", { class: "lead" }, log.length ?
		`${several(log.length, "report")} in the log (${kinds}); stats counts ${several(counted, "bad free")}` +
		`${counted === log.length ? "." : ": the log has at most 20 in 5 seconds, and what is older may be gone."} Each was refused, and changed nothing.` :
		`The log has no report; stats counts ${several(counted, "bad free")}.`),
	el("div", { class: "reports" }, log.map(report)));
}

function showFiles(shot) {
	const missing = Object.entries(shot.missing);
	const off = shot.checks.filter(([, result]) => result !== "ok").length;
	body("files").replaceChildren(
		el("p", { class: "lead" }, off ? `${off} of ${shot.checks.length} sums do not hold. A sum may be off while memory is allocated; one that stays off is a bug in goalloc.` :
			`All ${shot.checks.length} sums of stats hold.`),
		el("ul", { class: "checks" }, shot.checks.map(([claim, result]) => el("li", null,
			el("span", { class: result === "ok" ? "meta" : "off" }, result === "ok" ? "✓ " : "✗ "), claim, result === "ok" ? "" : `: ${result}`))),
		...(shot.notes.length ? [el("h3", { style: "margin-top:1.2rem" }, "What does not agree"),
			el("ul", { class: "checks", id: "notes" }, shot.notes.map((note) => el("li", null, note)))] : []),
		...(missing.length ? [el("h3", { style: "margin-top:1.2rem" }, "Not read"),
			el("ul", { class: "checks" }, missing.map(([name, why]) => el("li", null, el("code", null, name), `: ${why}`)))] : []),
		el("details", { class: "note" }, el("summary", null, "Every number of stats"), table("stats", [
			{ title: "name", text: true, value: ([name]) => name, show: ([name]) => name },
			{ title: "value", value: ([, value]) => value },
		], Object.entries(shot.stats))));
}
