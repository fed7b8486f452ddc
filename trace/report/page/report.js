// SPDX-License-Identifier: MIT
//
// `trapline report --format html`: the sections, from the profile's JSON and the view.
"use strict";

const perSecond = (n, ns) => (ns ? `${TL.short(n / (ns / 1e9))} a second` : "");
const sumOf = (list, f) => list.reduce((n, x) => n + (f(x) || 0), 0);

const cards = () => {
	const t = R.profile.totals, ns = R.profile.duration_ns, shares = R.vcpus.map(R.shares);
	const all = sumOf(shares, (s) => s.all);
	const lost = t.lost === null ? TL.card("Lost", "unknown", "events carry no count") : t.lost
		? TL.card("Lost", TL.count(t.lost), "exits without an event", "bad")
		: TL.card("Lost", "0", t.kernel_exits === null ? "by the events' own count" : "three counts agree", "good");
	return TL.el("div.cards", {}, TL.card("Exits", TL.count(t.exits), perSecond(t.exits, ns)),
		TL.card("Recorded", TL.time(ns), `${R.vcpus.length} vCPU${R.vcpus.length === 1 ? "" : "s"}`),
		TL.card("In the guest", TL.percent(sumOf(shares, (s) => s.guest), all) || "?", "of the vCPUs' time"),
		TL.card("Handling exits", TL.percent(sumOf(shares, (s) => s.handled), all) || "?", TL.time(sumOf(shares, (s) => s.handled))),
		TL.card("To user space", TL.count(t.userspace_exits), TL.percent(t.userspace_exits, t.exits) + " of the exits"), lost);
};

// Where each vCPU's time went.
const vcpus = () => {
	const parts = [["guest", "in the guest", "--guest"], ["handled", "handling exits", "--c1"], ["idle", "idle", "--idle"], ["delayed", "without a CPU", "--c3"]];
	const split = (v) => {
		const s = R.shares(v);
		return TL.el("div.split", {role: "img", "aria-label": parts.map(([k, text]) => `${text} ${TL.percent(s[k], s.all)}`).join(", ")},
			parts.map(([k, text, color]) => TL.el("i", {title: `${text}: ${TL.time(s[k])}`, style: {width: `${s.all ? (100 * s[k]) / s.all : 0}%`, background: `var(${color})`}})));
	};
	const columns = [
		{key: "id", title: "vCPU", value: (v) => v.id, show: (v) => `vCPU ${v.id}`},
		{title: "Where its time went", wide: true, value: (v) => { const s = R.shares(v); return s.all ? s.handled / s.all : 0; }, show: split},
		...parts.map(([k, text, color]) => ({title: text, num: true, value: (v) => { const s = R.shares(v); return s.all ? s[k] / s.all : 0; },
			show: (v) => { const s = R.shares(v); return [TL.el("span.dot", {style: {background: `var(${color})`}}), TL.percent(s[k], s.all)]; }})),
		{title: "Exits", num: true, value: (v) => v.exits, show: (v) => TL.count(v.exits)},
		{title: "To user space", num: true, value: (v) => v.userspace_exits, show: (v) => TL.count(v.userspace_exits)},
		{title: "EL2 alone", num: true, help: "Exits that EL2 handled by itself", value: (v) => sumOf(Object.values(v.kernel.fixups || {}), (n) => n),
			show: (v) => (v.kernel.fixups ? TL.count(sumOf(Object.values(v.kernel.fixups), (n) => n)) : "?")},
	];
	return TL.section("vcpus", "vCPUs", "vCPUs", [], TL.table({caption: "vCPUs", rows: R.vcpus, columns, first: 32}));
};

// Details of all vCPUs as one, or of each: a row is what one handler did about one kind.
const rowsOf = (details) => {
	const rows = new Map();
	for (const d of details) {
		const key = `${d.class} ${d.name} ${d.handler}`;
		if (!rows.has(key))
			rows.set(key, []);
		rows.get(key).push(d);
	}
	return [...rows.values()].map((list) => {
		const [d] = list, total = sumOf(list, (x) => x.ns.total), timed = sumOf(list, (x) => x.timed);
		const max = list.reduce((m, x) => Math.max(m, x.ns.max), 0);
		const hists = list.length > 1 ? R.addHists(list.map((x) => x.hist)) : null;
		const from = new Map();
		for (const x of list)
			for (const place of x.from) {
				const old = from.get(place.pc);
				from.set(place.pc, old ? {...old, exits: old.exits + place.exits} : place);
			}
		return {name: d.name, class: d.class, handler: d.handler, exits: sumOf(list, (x) => x.exits), total, timed, max,
			average: timed ? total / timed : 0, p50: hists ? R.percentile(hists, 50, max) : d.ns.p50, p99: hists ? R.percentile(hists, 99, max) : d.ns.p99,
			places: [...from.values()].sort((a, b) => b.exits - a.exits)};
	});
};

const place = (p) => (p.symbol ? `${p.symbol}+${TL.hex(p.offset)}` : p.pc === "0x0" ? "elsewhere" : p.pc) + (p.line ? ` (${p.line.split("/").pop()})` : "");

const details = () => {
	const filter = TL.filter("Filter the table"), body = TL.el("div");
	let vcpu = "", kind = "", handler = "";
	const draw = () => {
		const rows = rowsOf(R.details.filter((d) => (vcpu === "" || d.vcpu === +vcpu) && (kind === "" || d.class === kind) && (handler === "" || d.handler === handler)));
		const all = sumOf(R.vcpus.filter((v) => vcpu === "" || v.id === +vcpu), (v) => v.exits);
		const time = (key, title) => ({key, title, num: true, value: (r) => r[key], text: () => "", show: (r) => (r.timed ? TL.time(r[key]) : "\u2013")});
		const columns = [
			{key: "name", title: "What for", show: (r) => [R.dot(r.class), r.name]},
			{key: "exits", title: "Exits", num: true, sort: "descending", text: () => "", show: (r) => TL.count(r.exits)},
			{title: "Share", value: (r) => r.exits, text: () => "", show: (r) => TL.el("span.share", {}, TL.percent(r.exits, all),
				TL.el("span.bar", {"aria-hidden": "true"}, TL.el("i", {style: {width: `${(100 * r.exits) / all}%`, background: `var(${R.class(r.class).variable})`}})))},
			time("total", "Total"), time("average", "Average"), time("p50", "p50"), time("p99", "p99"), time("max", "Max"),
			{key: "handler", title: "By", text: (r) => (r.handler === "user" ? "VMM" : "kernel"), show: (r) => (r.handler === "user" ? TL.el("span.pill.warn", {}, "VMM") : "kernel")},
			{key: "class", title: "Class"},
			{title: "Mostly from", value: (r) => (r.places[0] ? place(r.places[0]) : ""), text: (r) => r.places.map(place).join(" "),
				show: (r) => (r.places[0] ? TL.el("span.from", {}, TL.el("span.muted", {}, `${Math.round((100 * r.places[0].exits) / r.exits)}\u202f%`), " ", TL.el("code", {title: r.places.map((p) => `${TL.count(p.exits)}  ${place(p)}`).join("\n")}, place(r.places[0]))) : "")},
		];
		body.replaceChildren(TL.table({caption: "What the exits were for", rows, columns, filter, first: 20,
			onrow: (row) => { R.showTimes(row); document.getElementById("times").scrollIntoView(); }}));
	};
	const controls = [filter, TL.select("Class", [["", "all classes"], ...R.classes.map((c) => [c.name, c.name])], "", (v) => { kind = v; draw(); }),
		TL.select("Handled by", [["", "kernel and VMM"], ["kernel", "kernel"], ["user", "VMM"]], "", (v) => { handler = v; draw(); })];
	if (R.vcpus.length > 1)
		controls.splice(1, 0, TL.select("vCPU", [["", "all vCPUs"], ...R.vcpus.map((v) => [v.id, `vCPU ${v.id}`])], "", (v) => { vcpu = v; draw(); }));
	draw();
	return TL.section("details", "What the exits were for", "Exits", controls, body,
		TL.el("p.note.no-print", {}, "A row's times are shown below when it is clicked or Enter is pressed. Percentiles of several vCPUs together are within 12 %."));
};

const bursts = () => {
	const rows = R.vcpus.flatMap((v) => [["longest", v.longest_burst], ["costliest", v.costliest_burst]].filter(([, b]) => b && b.exits > 1)
		.map(([kind, b]) => ({vcpu: v.id, kind, ...b})));
	const symbol = (b) => {
		const p = R.details.flatMap((d) => d.from).find((f) => f.pc === b.pc);
		return p ? place(p) : b.pc;
	};
	if (!rows.length)
		return [];
	return TL.section("bursts", "Bursts: exits of one kind in a row", "Bursts", [], TL.table({caption: "Bursts", rows, first: 16, columns: [
		{key: "vcpu", title: "vCPU", show: (r) => `vCPU ${r.vcpu}`}, {key: "kind", title: "Which"},
		{key: "what", title: "What for", value: (r) => r.what || R.class(r.class).text, show: (r) => [R.dot(r.class), r.what || R.class(r.class).text]},
		{key: "exits", title: "In a row", num: true, sort: "descending", show: (r) => TL.count(r.exits)},
		{key: "ns", title: "Time", num: true, show: (r) => TL.time(r.ns)},
		{key: "pc", title: "From", show: (r) => TL.el("code", {}, symbol(r))}]}));
};

const advice = () => TL.section("advice", "Advice", "Advice", [], R.profile.advice.length
	? R.profile.advice.map((a) => {
		const rule = R.view.rules[a.rule] || {why: "", what: "", reference: ""};
		return TL.el("article.advice", {}, TL.el("h3", {}, TL.el("code", {}, a.rule), " ", a.title),
			TL.el("p", {}, TL.el("span.pill.warn", {}, `${TL.count(a.exits)} exits`), " ", TL.percent(a.share, 100), `, ${TL.time(a.ns)}`),
			TL.el("p", {}, TL.el("b", {}, "What to do. "), rule.what),
			TL.el("details", {}, TL.el("summary", {}, "Why"), TL.el("p", {}, rule.why), TL.el("p.note", {}, rule.reference)));
	}) : TL.el("p.empty", {}, "No rule applies: nothing there is too much of. \u2018trapline advice\u2019 lists all rules."));

// The proof that nothing is missing.
const proof = () => {
	const t = R.profile.totals, known = (n) => (n === null ? "\u2013" : TL.count(n));
	const row = (name, x, kernel) => TL.el("tr", {}, TL.el("th", {scope: "row"}, name), [kernel, x.last_count, x.exits].map((n) => TL.el("td.num", {}, known(n))),
		TL.el("td.num", {}, x.lost === null ? "\u2013" : TL.el(`span.pill.${x.lost ? "bad" : "good"}`, {}, TL.count(x.lost))));
	const lines = [...R.vcpus.map((v) => row(`vCPU ${v.id}`, v, v.kernel_exits)), ...(R.vcpus.length > 1 ? [row("all", t, t.kernel_exits)] : [])];
	return TL.section("proof", "Reconciliation: is any exit missing?", "Proof", [], TL.el("div.scroll", {}, TL.el("table.narrow", {"aria-label": "Reconciliation"},
		TL.el("thead", {}, TL.el("tr", {}, ["", "KVM statistics", "last count", "exits seen", "lost"].map((c, i) => TL.el(`th${i ? ".num" : ""}`, {scope: "col"}, c)))),
		TL.el("tbody", {}, lines))), R.view.verdict.split("\n").filter((l) => l.trim()).map((l) => TL.el("p", {}, l.trim())));
};

const made = () => {
	const m = R.view.made, bytes = `${(m.bytes / 2 ** 20).toFixed(1)}\u202fMiB`;
	const part = [m.from && `from ${TL.time(m.from)}`, m.to && `to ${TL.time(m.to)}`, m.vcpu >= 0 && `only vCPU ${m.vcpu}`].filter(Boolean).join(", ");
	const damage = [m.truncated && "the file ends before it says", m.damaged && `${TL.count(m.damaged)} damaged pages left out`,
		m.undecoded && `${TL.count(m.undecoded)} events that could not be read`, !m.complete && "its recorder was stopped before the end"].filter(Boolean).join("; ");
	const rows = [["Page", TL.el("code", {}, m.command)], ["Program", `trapline ${m.version}`], ["Recording", TL.el("code", {}, m.path)],
		["Recorded by", m.recorded_by ? TL.el("code", {}, m.recorded_by) : null], ["Recorder", m.recorder],
		["Host", [m.host, m.kernel].filter(Boolean).join(", ")], ["Events", `${TL.count(m.events)}, ${bytes}`],
		["VM", m.pid ? `of process ${m.pid}${m.vms > 1 ? `; ${m.vms} VMs are in the recording` : ""}` : null], ["Part", part], ["Ended by", m.ended_by], ["Damage", damage],
		["System counter", m.counter_hz ? `${+(m.counter_hz / 1e6).toFixed(3)}\u202fMHz` : "unknown: times are those of the events"], ["Kernel", R.profile.exit_counts ? "with the series of kernel/: exits are numbered" : "stock: exits are not numbered"]];
	return TL.section("made", "How it was made", "Made", [], TL.el("dl.made", {}, rows.filter(([, v]) => v).map(([k, v]) => [TL.el("dt", {}, k), TL.el("dd", {}, v)])));
};

R.read();
const heading = TL.el("div", {}, TL.el("h1", {}, document.title),
	TL.el("p.lead", {}, `${TL.count(R.profile.totals.exits)} exits of ${R.vcpus.length} vCPU${R.vcpus.length === 1 ? "" : "s"} in ${TL.time(R.profile.duration_ns)}. Host: ${R.view.made.kernel || "unknown"}`));
TL.frame(heading, cards(), R.timeline(), details(), R.times(), R.flame(), vcpus(), R.memory(), bursts(), advice(), proof(), made(),
	TL.el("footer", {}, `Made by trapline ${R.view.made.version}. Keys: / filters, t changes the theme, Tab and arrows go everywhere.`));
