// SPDX-License-Identifier: GPL-2.0
// What is shown of which snapshot, in which colours.

const data = JSON.parse(document.getElementById("data").textContent);
const dark = matchMedia("(prefers-color-scheme: dark)");
const map = new PageMap(data, body("map"));
const flame = new Flame(data, body("flame"));
const picker = document.getElementById("shots");

// The choice is kept, where the browser keeps anything for a file.
const remember = {
	get: () => { try { return localStorage.getItem("goalloc-theme"); } catch { return null; } },
	set: (value) => { try { localStorage.setItem("goalloc-theme", value); } catch { /* it is for now only */ } },
};

function theme(value) {
	if (value === "auto")
		delete document.documentElement.dataset.theme;
	else
		document.documentElement.dataset.theme = value;
	if (map.runs)
		map.colour();
}

let shown;

function show(chosen) {
	const shot = data.snapshots[shown = chosen];
	for (const answer of document.querySelectorAll(".answer"))
		answer.hidden = Number(answer.dataset.shot) !== chosen;
	showMemory(data, chosen, show);
	showClasses(shot);
	showHolders(data, chosen);
	flame.show(shot);
	showLog(data, shot);
	showFiles(shot);
	for (const option of picker.querySelectorAll("option"))
		option.selected = Number(option.value) === chosen;
	return map.show(chosen);
}

const kept = remember.get() || "auto";
document.getElementById("theme").append(...segments("Colours of the page", [["auto", "Auto"], ["light", "Light"], ["dark", "Dark"]], kept,
	(value) => { remember.set(value); theme(value); }).children);
theme(kept);
// Charts are drawn for a width, so that their letters keep their size.
function charts() {
	showMemory(data, shown, show);
	showClasses(data.snapshots[shown]);
}

let width = innerWidth;
addEventListener("resize", () => {
	if (width !== innerWidth) {
		width = innerWidth;
		charts();
	}
});
dark.addEventListener("change", () => theme(document.documentElement.dataset.theme || "auto"));
addEventListener("beforeprint", () => map.runs && (map.colour(), map.draw()));
addEventListener("afterprint", () => map.runs && map.colour());

if (data.snapshots.length > 1)
	picker.append(el("label", { for: "shot" }, "Snapshot"), el("select", { id: "shot", onchange: (event) => show(Number(event.target.value)) },
		data.snapshots.map((shot, i) => el("option", { value: i }, shot.name))));

// When all is drawn the time since the page was asked for is left for who measures it.
show(data.snapshots.length - 1).then(() => requestAnimationFrame(() => requestAnimationFrame(() => {
	document.documentElement.dataset.drawn = performance.now().toFixed(0);
})));
