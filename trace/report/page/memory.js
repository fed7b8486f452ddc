// SPDX-License-Identifier: MIT
//
// The guest's memory map, in the order of addresses: what each region was accessed for, and
// how often, as heat.
"use strict";

const CELLS = 24; // of a region

R.memory = () => {
	const regions = R.view.regions.map(([name, base, size]) => ({name, base, size, rows: []}));
	const nowhere = new Map(); // pages without a device
	for (const d of R.details) {
		if (!d.place)
			continue;
		let region = d.place === "ram" ? regions.find((r) => r.name === "ram")
			: regions.find((r) => d.address >= r.base && d.address < r.base + r.size);
		if (!region) {
			const base = d.place === "ram" ? 0 : d.address - (d.address % 4096), name = d.place === "ram" ? "ram" : "no device";
			region = nowhere.get(`${name} ${base}`) || {name, base, size: d.place === "ram" ? 0 : 4096, rows: []};
			nowhere.set(`${name} ${base}`, region);
		}
		region.rows.push(d);
	}
	const all = [...regions, ...nowhere.values()].sort((a, b) => a.base - b.base);
	if (!all.length)
		return [];
	for (const r of all) {
		const sum = (f) => r.rows.reduce((n, d) => n + f(d), 0);
		Object.assign(r, {exits: sum((d) => d.exits), ns: sum((d) => d.ns.total), vmm: sum((d) => (d.handler === "user" ? d.exits : 0)),
			reads: sum((d) => (d.place === "r" ? d.exits : 0)), writes: sum((d) => (d.place === "w" ? d.exits : 0))});
	}
	const most = all.reduce((n, r) => Math.max(n, r.exits), 1), mostCell = R.details.reduce((n, d) => (d.place ? Math.max(n, d.exits) : n), 1);
	// On a scale of logarithms: one exit is seen, and ten thousand are no wall.
	const heat = (n, top) => (n ? 0.1 + 0.75 * (Math.log1p(n) / Math.log1p(top)) : 0);
	const cells = (r) => {
		const kinds = new Map();
		for (const d of r.rows) {
			const name = (d.name.startsWith(`${r.name} `) ? d.name.slice(r.name.length + 1) : d.name).replace(/,? (read|write)$/, "");
			const cell = kinds.get(name) || {name, address: d.address, exits: 0, reads: 0, writes: 0, ns: 0};
			cell.exits += d.exits;
			cell.reads += d.place === "r" ? d.exits : 0;
			cell.writes += d.place === "w" ? d.exits : 0;
			cell.ns += d.ns.total;
			kinds.set(name, cell);
		}
		// Of many, those with most exits.
		const list = [...kinds.values()].sort((a, b) => b.exits - a.exits).slice(0, CELLS).sort((a, b) => a.address - b.address || b.exits - a.exits);
		return list.map((c) => TL.el("span.cell", {title: `${r.name} ${c.name}: ${TL.count(c.reads)} reads, ${TL.count(c.writes)} writes, ${TL.time(c.ns)}`,
			style: {background: `rgba(var(--heat), ${heat(c.exits, mostCell).toFixed(3)})`}}, c.name,
		[[c.reads, "r"], [c.writes, "w"], [c.exits - c.reads - c.writes, ""]].filter(([n]) => n).map(([n, way]) => [" ", TL.el("b", {}, TL.short(n)), way])))
			.concat(kinds.size > CELLS ? TL.el("span.muted", {}, `and ${kinds.size - CELLS} with fewer exits`) : []);
	};
	const bytes = (n) => {
		for (const [unit, size] of [["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 1024]])
			if (n >= size)
				return `${+(n / size).toFixed(1)}\u202f${unit}`;
		return n ? `${n}\u202fB` : "";
	};
	const line = (r) => TL.el("tr.region", {},
		TL.el("td.heat", {style: {background: `rgba(var(--heat), ${heat(r.exits, most).toFixed(3)})`}}),
		TL.el("th", {scope: "row"}, TL.el("b", {}, r.name)), TL.el("td.mono", {}, TL.hex(r.base)), TL.el("td.num.muted", {}, bytes(r.size)),
		TL.el("td.num", {}, TL.count(r.exits)), TL.el("td.num", {}, r.name === "ram" ? "" : TL.count(r.reads)), TL.el("td.num", {}, r.name === "ram" ? "" : TL.count(r.writes)),
		TL.el("td.num", {}, TL.count(r.vmm)), TL.el("td.num", {}, TL.time(r.ns)), TL.el("td.wide.cells", {}, cells(r)));
	// Devices that nothing touched say little, and there can be dozens.
	const used = all.filter((r) => r.exits || r.name === "ram"), unused = all.filter((r) => !used.includes(r));
	const titles = [["", ""], ["Region"], ["From"], ["Size", "num"], ["Exits", "num"], ["Reads", "num"], ["Writes", "num"], ["By the VMM", "num"], ["Time", "num"], ["Accesses (r reads, w writes), in the order of addresses"]];
	return TL.section("memory", "Memory map", "Memory", [],
		TL.el("div.scroll", {}, TL.el("table.map", {"aria-label": "Memory map"},
			TL.el("thead", {}, TL.el("tr", {}, titles.map(([t, kind]) => TL.el(`th${kind ? "." + kind : ""}`, {scope: "col"}, t)))),
			TL.el("tbody", {}, used.map(line)))),
		unused.length ? TL.el("details", {}, TL.el("summary", {}, `${unused.length} regions without an exit`),
			TL.el("p.note.wide", {}, unused.map((r) => `${r.name} ${TL.hex(r.base)}`).join(", "))) : null);
};
