// SPDX-License-Identifier: MIT
//
// A table that sorts by any column (a button in its head, so by keyboard as well) and shows
// only rows in which all words of the filter are. Long ones begin with their first rows.
"use strict";

// columns: {key, title, num, wide, show(row), value(row), text(row), sort: "descending"}:
//   `value` sorts, `text` is what the filter looks in (default: the value), `show` returns what
//   the cell has (default: the text).
// options: {caption, rows, columns, filter: element or null, first: rows at first,
//   onrow(row) (makes rows clickable), rowLabel(row), onchange(rows)}
TL.table = (options) => {
	const {columns, rows} = options;
	const value = (c, row) => (c.value ? c.value(row) : row[c.key]);
	const text = (c, row) => String(c.text ? c.text(row) : value(c, row) ?? "");
	const haystacks = rows.map((row) => columns.map((c) => text(c, row)).join("\n").toLowerCase());
	let by = columns.find((c) => c.sort) || columns[0];
	let down = (by.sort || "ascending") === "descending";
	let limit = options.first || 25;
	const body = TL.el("tbody");
	const more = TL.el("button.no-print", {type: "button", onclick: () => { limit = Infinity; update(); }});
	const status = TL.el("span.note", {role: "status"});

	const compare = (a, b) => {
		const x = value(by, a), y = value(by, b);
		const order = typeof x === "number" || typeof y === "number" ? (x ?? -1) - (y ?? -1) : String(x).localeCompare(String(y));
		return down ? -order : order;
	};
	const heads = columns.map((c) => TL.el(`th${c.num ? ".num" : ""}${c.wide ? ".wide" : ""}`, {scope: "col", title: c.help},
		TL.el("button", {type: "button", onclick: () => {
			down = by === c ? !down : Boolean(c.num);
			by = c;
			update();
		}}, c.title)));
	const cell = (c, row, first) => TL.el(`${first ? "th" : "td"}${c.num ? ".num" : ""}${c.wide ? ".wide" : ""}`,
		first ? {scope: "row"} : {}, c.show ? c.show(row) : text(c, row));
	const line = (row) => {
		const tr = TL.el("tr", {}, columns.map((c, i) => cell(c, row, i === 0)));
		if (options.onrow) {
			tr.tabIndex = 0;
			tr.className = "action";
			tr.addEventListener("click", () => options.onrow(row));
			tr.addEventListener("keydown", (event) => {
				if (event.target === tr && (event.key === "Enter" || event.key === " ")) {
					event.preventDefault();
					options.onrow(row);
				}
			});
		}
		return tr;
	};
	const update = () => {
		const words = (options.filter ? options.filter.value : "").toLowerCase().split(/\s+/).filter(Boolean);
		const found = rows.filter((row, i) => words.every((w) => haystacks[i].includes(w)) && (!options.keep || options.keep(row)));
		found.sort(compare);
		heads.forEach((th, i) => {
			if (columns[i] === by)
				th.setAttribute("aria-sort", down ? "descending" : "ascending");
			else
				th.removeAttribute("aria-sort");
		});
		body.replaceChildren(...found.slice(0, limit).map(line));
		if (!found.length)
			body.append(TL.el("tr", {}, TL.el("td.empty", {colspan: columns.length}, "Nothing matches.")));
		more.hidden = found.length <= limit;
		more.textContent = `Show all ${TL.count(found.length)}`;
		status.textContent = found.length === rows.length ? `${TL.count(rows.length)} rows` : `${TL.count(found.length)} of ${TL.count(rows.length)} rows`;
		if (options.onchange)
			options.onchange(found);
	};
	if (options.filter)
		options.filter.addEventListener("input", update);
	update();
	const element = TL.el("div", {}, TL.el("div.scroll", {}, TL.el("table", {"aria-label": options.caption},
		TL.el("thead", {}, TL.el("tr", {}, heads)), body)), TL.el("p", {}, status, " ", more));
	element.update = update;
	return element;
};

// A search field for a table; "/" goes to the first one of the page.
TL.filter = (label) => TL.el("input", {type: "search", placeholder: "Filter: words", "aria-label": label, spellcheck: "false"});
addEventListener("keydown", (event) => {
	const field = document.querySelector("input[type=search]");
	if (event.key === "/" && field && !/INPUT|SELECT|TEXTAREA/.test(event.target.tagName)) {
		event.preventDefault();
		field.focus();
	}
});
