// SPDX-License-Identifier: GPL-2.0
// What all parts use: elements, numbers as people read them, colours as the page has them.

const PAGE = 8192;
const SVG = "http://www.w3.org/2000/svg";	// a name, which nothing loads

function fill(node, attributes, children) {
	for (const [name, value] of Object.entries(attributes || {})) {
		if (name.startsWith("on"))
			node.addEventListener(name.slice(2), value);
		else if (value !== null && value !== undefined && value !== false)
			node.setAttribute(name, value === true ? "" : value);
	}
	node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
	return node;
}

const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
const body = (id) => document.querySelector(`#${id} .body`);

function size(bytes) {
	const units = ["B", "KiB", "MiB", "GiB", "TiB"];
	let value = bytes, unit = 0;
	while (Math.abs(value) >= 1000 && unit < 4) {
		value /= 1024;
		unit++;
	}
	if (!unit)
		return `${bytes} B`;
	const large = Math.abs(value);
	return `${value.toFixed(large < 9.995 ? 2 : large < 99.95 ? 1 : 0)} ${units[unit]}`;
}

const grouped = (n) => n.toLocaleString("en-US");
const share = (part, whole) => whole ? 100 * part / whole : 0;
const percent = (part, whole) => `${share(part, whole).toFixed(0)} %`;
const finely = (part, whole) => `${share(part, whole).toFixed(1)} %`;
const several = (n, one, many) => `${grouped(n)} ${n === 1 ? one : many || one + "s"}`;
const sum = (list, of) => list.reduce((total, item) => total + of(item), 0);
const v = (name) => `var(--${name})`;

// The colour as numbers: a canvas does not know the page's names.
const probe = el("span", { hidden: true });
document.body.append(probe);
function rgb(name) {
	probe.style.color = v(name);
	return getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number);
}
const css = (name) => `rgb(${rgb(name).join(",")})`;

function swatch(color) {
	return el("span", { class: "swatch", style: `background:${v(color)}`, "aria-hidden": "true" });
}

// segments(label, choices, chosen, choose): buttons of which one is pressed.
function segments(label, choices, chosen, choose) {
	const show = (value) => {
		for (const button of buttons)
			button.setAttribute("aria-pressed", String(button.dataset.value === value));
	};
	const buttons = choices.map(([value, text]) => el("button", { type: "button", "data-value": value, onclick: () => {
		show(value);
		choose(value);
	} }, text));
	show(chosen);
	return el("div", { class: "segments", role: "group", "aria-label": label }, buttons);
}

// pressed(place, name, press, first): a part of a chart that is a button.  Tab comes to the
// first one, the arrow keys go to its neighbours, Enter and space press it.
function pressed(place, name, press, first) {
	const key = (event) => {
		const hits = [...event.target.parentNode.querySelectorAll(".hit")], at = hits.indexOf(event.target);
		const to = { ArrowRight: hits[at + 1], ArrowLeft: hits[at - 1], Home: hits[0], End: hits.at(-1) }[event.key];
		if (to) {
			event.target.setAttribute("tabindex", "-1");
			to.setAttribute("tabindex", "0");
			to.focus();
		} else if (event.key === "Enter" || event.key === " ") {
			press();
		} else {
			return;
		}
		event.preventDefault();
	};
	return svg("rect", { class: "hit", tabindex: first ? "0" : "-1", role: "button", "aria-label": name, ...place,
		onclick: press, onkeydown: key }, svg("title", null, name));
}

// definitions(pairs): a list of terms and what they are; a pair without a value is left out.
function definitions(pairs) {
	return el("dl", null, pairs.filter((pair) => pair && pair[1] !== null && pair[1] !== undefined)
		.map(([term, value]) => [el("dt", null, term), el("dd", null, String(value))]));
}

function when(shot) {
	return shot.time ? new Date(shot.time * 1000).toLocaleTimeString("en-GB") : "";
}
