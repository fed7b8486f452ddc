// SPDX-License-Identifier: MIT
//
// The page of `trapline diff --format html`: the whole of both, every kind of exit in a table
// that sorts and filters, and the budget. The data is that of --format json.
"use strict";
const D = TL.data("diff");
const PER = D.per || "none";

const FIGURES = [["run", "run time", true], ["vcpus", "vCPUs"], ["exits", "exits"], ["user", "to user space"],
	["fixups", "handled at EL2"], ["lost", "lost"], ["guest", "in the guest", true], ["time", "handling exits", true],
	["idle", "idle (WFx)", true]];

const showCount = (n, per = PER) => (n === null ? "\u2013" : per === "total" ? `${n.toFixed(2)}\u202f%` :
	per === "second" ? `${n.toFixed(1)}/s` : Number.isInteger(n) ? TL.count(n) : n.toFixed(1));
const showTime = (n, per = PER) => (n === null ? "\u2013" : per === "total" ? `${n.toFixed(2)}\u202f%` : TL.time(n));
const signed = (n, show, per) => (n === 0 ? "" : `${n < 0 ? "\u2212" : "+"}${show(Math.abs(n), per)}`);
const relative = (a, b) => (a ? `${b < a ? "\u2212" : "+"}${Math.abs(100 * (b / a - 1)).toFixed(1)}\u202f%` : "");
const name = (text) => TL.el("span.mono", {}, text);

// The whole is not divided by its total, nor the run time by itself.
const figures = () => {
	const rows = FIGURES.map(([key, text, time], at) => ({at, text, time, ...D.figures[key], per: PER === "second" && key !== "run" && key !== "vcpus" ? "second" : "none"}))
		.filter((row) => row.a !== null || row.b !== null);
	const show = (row, n) => (row.time ? showTime(n, "none") + (row.per === "second" && n !== null ? "/s" : "") : showCount(n, row.per));
	const change = (row) => (row.a === null || row.b === null ? null : row.b - row.a);
	return TL.section("whole", "The whole", "The whole", [], TL.table({caption: "The whole", rows, columns: [
		{key: "text", title: PER === "second" ? "For each second of run time" : "Figure", value: (row) => row.at, text: (row) => row.text},
		{key: "a", title: "A", num: true, text: (row) => show(row, row.a)},
		{key: "b", title: "B", num: true, text: (row) => show(row, row.b)},
		{key: "change", title: "Change", num: true, value: change, text: (row) => (change(row) ? signed(change(row), (n) => show(row, n)) : "")},
		{key: "relative", title: "%", num: true, value: (row) => (row.a ? row.b / row.a : 0), text: (row) => (change(row) ? relative(row.a, row.b) : "")},
	]}));
};

const bar = (change, most) => {
	const width = most ? 50 * Math.sqrt(Math.abs(change) / most) : 0;
	return TL.el("span.change", {"aria-hidden": true}, TL.el(`i.${change > 0 ? "more" : "fewer"}`, {style: {width: `${width}%`}}));
};

const kinds = () => {
	const rows = D.rows.map((row) => ({...row, by: row.handler === "user" ? "VMM" : row.handler || "",
		news: row.a ? row.b ? "" : "gone" : "new",
		exits: (row.b ? row.b.exits_per : 0) - (row.a ? row.a.exits_per : 0),
		ns: (row.b ? row.b.ns_per : 0) - (row.a ? row.a.ns_per : 0)}));
	const most = Math.max(0, ...rows.map((row) => Math.abs(row.exits)));
	const filter = TL.filter("Filter the kinds of exits");
	const body = TL.el("div");
	let which = D.changed ? "differ" : "all";
	const keep = {differ: (row) => row.differs, exits: (row) => row.differs && row.exits !== 0, new: (row) => row.news === "new",
		gone: (row) => row.news === "gone", all: () => true};
	const exits = (side) => ({key: side, title: side.toUpperCase(), num: true, help: "exits", value: (row) => (row[side] ? row[side].exits_per : -1),
		text: (row) => showCount(row[side] ? row[side].exits_per : null)});
	const time = (side) => ({key: `${side}_ns`, title: `${side.toUpperCase()}, time`, num: true, help: "time to handle them, in total", value: (row) => (row[side] ? row[side].ns_per : -1),
		text: (row) => showTime(row[side] ? row[side].ns_per : null)});
	const table = TL.table({caption: "Kinds of exits", rows, filter, first: 40, keep: (row) => keep[which](row), columns: [
		{key: "what", title: D.by === "class" ? "Class" : "Kind", wide: true, show: (row) => name(row.what)},
		{key: "class", title: "Class", show: (row) => name(row.class)},
		...(D.by === "class" ? [] : [{key: "by", title: "By"}]),
		{key: "news", title: "", show: (row) => (row.news ? TL.el(`span.pill.${row.news === "new" ? "bad" : "good"}`, {}, row.news) : "")},
		exits("a"), exits("b"),
		{key: "exits", title: "Change", num: true, sort: "descending", value: (row) => Math.abs(row.exits),
			text: (row) => signed(row.exits, showCount), show: (row) => [signed(row.exits, showCount), bar(row.exits, most)]},
		time("a"), time("b"),
		{key: "ns", title: "Change, time", num: true, value: (row) => Math.abs(row.ns), text: (row) => signed(row.ns, showTime)},
	]});
	const choice = TL.choice("Which", [["differ", "That differ"], ["exits", "In exits"], ["new", "New"], ["gone", "Gone"], ["all", "All"]], which, (value) => {
		which = value;
		table.update();
	});
	body.append(table);
	return TL.section("kinds", D.by === "class" ? "Classes of exits" : "Kinds of exits", "Kinds", [choice, filter], body);
};

const budget = () => {
	const verdicts = {kept: ["good", "kept"], exceeded: ["bad", "exceeded"], unknown: ["warn", "not known"]};
	const show = (row, n) => (n === null ? "\u2013" : row.unit === "ns" ? TL.time(n) : row.unit === "ns/exit" ? `${TL.time(n)} each` :
		showCount(n, row.unit === "exits/s" ? "second" : "none"));
	return TL.section("budget", `Budget ${D.budget.file}`, "Budget", [], TL.table({caption: "Budget", rows: D.budget.lines, first: 200, columns: [
		{key: "line", title: "Line", num: true},
		{key: "text", title: "Limit", wide: true, show: (row) => name(row.text)},
		{key: "verdict", title: "Verdict", show: (row) => TL.el(`span.pill.${verdicts[row.verdict][0]}`, {}, verdicts[row.verdict][1])},
		{key: "value", title: "B has", num: true, text: (row) => show(row, row.value)},
		{key: "limit", title: "Allowed", num: true, text: (row) => show(row, row.limit)},
	]}));
};

const cards = () => {
	const list = [];
	if (D.rows) {
		const {exits, run} = D.figures;
		list.push(TL.card("Exits", signed(exits.b - exits.a, showCount) || "same", `${showCount(exits.a, PER === "second" ? PER : "none")} \u2192 ${showCount(exits.b, PER === "second" ? PER : "none")}`, exits.b > exits.a ? "bad" : exits.b < exits.a ? "good" : ""));
		if (run.a !== null && run.b !== null)
			list.push(TL.card("Run time", relative(run.a, run.b) || "same", `${TL.time(run.a)} \u2192 ${TL.time(run.b)}`));
		list.push(TL.card("Differ", TL.count(D.changed), `of ${TL.count(D.rows.length)}, ${TL.count(D.recounted)} in exits`),
			TL.card("New", TL.count(D.appeared), "only in B"), TL.card("Gone", TL.count(D.vanished), "only in A"));
	}
	if (D.budget)
		list.push(TL.card("Budget", D.budget.exceeded ? `${TL.count(D.budget.exceeded)} not kept` : "kept", `${TL.count(D.budget.lines.length)} limits`, D.budget.exceeded ? "bad" : "good"));
	return TL.el("div.cards", {}, list);
};

TL.frame(TL.el("h1", {}, D.rows ? "Two profiles" : "A profile and its budget"),
	TL.el("p.lead", {}, D.rows ? ["A ", name(D.a), ", B ", name(D.b)] : ["B ", name(D.b)]),
	cards(), D.budget ? [budget()] : [], D.rows ? [figures(), kinds()] : []);
