// SPDX-License-Identifier: GPL-2.0
// Tables that are sorted by a press on a column's name, again for the other way.

// table(label, columns, rows, options)
//
//	columns	{ title, value: row => what it is sorted by, show: row => text or a node,
//		  text: it is no number, name: it may be long }
//	options	sort, the number of the column; mark: (row, tr) when a row is made
function table(label, columns, rows, options = {}) {
	const tbody = el("tbody");
	const heads = columns.map((column, number) => el("th", {
		scope: "col", class: column.text && "text",
	}, column.value ? el("button", { type: "button", onclick: () => sort(number) }, column.title) :
		el("span", { class: "meta" }, column.title)));
	let sorted = -1, down = true;

	function cell(column, row) {
		const shown = column.show ? column.show(row) : grouped(column.value(row));
		return el("td", { class: column.name ? "text name" : column.text && "text" }, shown);
	}

	function sort(number) {
		const column = columns[number];
		down = number === sorted ? !down : !column.text;
		sorted = number;
		heads.forEach((head, other) => other === number ?
			head.setAttribute("aria-sort", down ? "descending" : "ascending") :
			head.removeAttribute("aria-sort"));
		const order = rows.map((row) => [column.value(row), row]);
		order.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0) * (down ? -1 : 1));
		tbody.replaceChildren(...order.map(([, row]) => {
			const tr = el("tr", null, columns.map((one) => cell(one, row)));
			if (options.mark)
				options.mark(row, tr);
			return tr;
		}));
	}

	const box = el("div", { class: "table", tabindex: "0", role: "region", "aria-label": label },
		el("table", null, el("caption", { class: "hidden" }, label),
			el("thead", null, el("tr", null, heads)), tbody));
	if (options.sort === undefined)
		tbody.append(...rows.map((row) => el("tr", null, columns.map((one) => cell(one, row)))));
	else
		sort(options.sort);
	return box;
}

// bar(parts, whole): a row's bytes beside those of the largest one; parts are [colour, bytes].
function bar(parts, whole) {
	return el("span", { class: "bar", "aria-hidden": "true" }, parts.filter(([, n]) => n > 0).map(([color, n]) =>
		el("span", { style: `width:${share(n, whole)}%;background:${v(color)}` })));
}
