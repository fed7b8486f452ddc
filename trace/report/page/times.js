// SPDX-License-Identifier: MIT
//
// How long handling took: a histogram whose bars are quarters of powers of two of time, of
// all exits, a class or a kind, stacked by class.
"use strict";

class Times {
	constructor() {
		this.what = "";
		this.vcpu = "";
		this.log = false;
		this.place = TL.el("div.chart", {id: "times-chart", role: "img"});
		this.summary = TL.el("p.row", {id: "times-summary", role: "status"});
		this.tip = TL.el("div.tip", {hidden: true});
		new ResizeObserver(() => this.draw()).observe(this.place);
	}

	// Idle exits end when there is work: only who asks sees them.
	rows() {
		const [kind, name] = [this.what.slice(0, 1), this.what.slice(1)];
		return R.details.filter((d) => (this.vcpu === "" || d.vcpu === +this.vcpu) && d.hist &&
			(kind === "" ? d.class !== "WFx" : kind === "c" ? d.class === name : `${d.class} ${d.name}` === name));
	}

	// For each class, how many in each quarter from `first` up to `end`.
	stack(rows) {
		const classes = R.classes.filter((c) => rows.some((d) => d.class === c.name));
		const sums = classes.map((c) => R.addHists(rows.filter((d) => d.class === c.name).map((d) => d.hist)));
		const all = sums.flat().map(([i]) => i);
		const first = all.reduce((a, b) => Math.min(a, b), Infinity), end = all.reduce((a, b) => Math.max(a, b), 0) + 1;
		return {classes, first, end, counts: sums.map((sum) => {
			const counts = new Array(end - first).fill(0);
			sum.forEach(([i, n]) => { counts[i - first] = n; });
			return counts;
		})};
	}

	options(width, stack, marks) {
		const axis = {stroke: TL.css("--soft"), grid: {stroke: TL.css("--grid"), width: 1}, ticks: {stroke: TL.css("--grid"), width: 1, size: 4}, font: "11px system-ui, sans-serif"};
		// The axis begins at a power of ten, and 0 has no logarithm.
		const low = 10 ** Math.floor(Math.log10(Math.max(R.quarter(stack.first), 1)));
		const high = 10 ** Math.ceil(Math.log10(R.quarter(stack.end)));
		return {
			width, height: 250, legend: {show: false}, padding: [22, 26, 0, 0],
			cursor: {points: {show: false}, y: false, drag: {x: false, y: false}},
			scales: {x: {time: false, distr: 3, range: () => [low, high]},
				y: this.log ? {distr: 3, range: (u, min, max) => [0.7, 10 ** Math.ceil(Math.log10(Math.max(max, 2)))]}
					: {range: (u, min, max) => [0, max * 1.06]}},
			axes: [{...axis, size: 30, values: (u, splits) => splits.map((v) => (Number.isInteger(Math.log10(v)) ? TL.timeIn(v, v) : ""))},
				{...axis, size: 50, space: 30, values: (u, splits) => splits.map((v) => (v === null || (this.log && !Number.isInteger(Math.log10(v))) ? "" : TL.short(v)))}],
			series: [{}, ...stack.classes.map((c) => ({label: c.name, fill: TL.css(c.variable), width: 0,
				paths: uPlot.paths.stepped({align: 1}), points: {show: false}}))],
			hooks: {draw: [(u) => this.mark(u, marks)], setCursor: [(u) => this.point(u, stack)]},
		};
	}

	// Lines where the percentiles are.
	mark(u, marks) {
		const c = u.ctx, dpr = devicePixelRatio || 1;
		c.save();
		c.font = `${11 * dpr}px system-ui, sans-serif`;
		c.textAlign = "center";
		let free = -Infinity;
		for (const [name, ns] of marks) {
			const x = Math.round(u.valToPos(ns, "x", true));
			c.strokeStyle = c.fillStyle = TL.css("--ink");
			c.globalAlpha = 0.75;
			c.setLineDash([4 * dpr, 3 * dpr]);
			c.beginPath();
			c.moveTo(x, u.bbox.top);
			c.lineTo(x, u.bbox.top + u.bbox.height);
			c.stroke();
			const text = `${name} ${TL.time(ns)}`, half = c.measureText(text).width / 2;
			const at = Math.min(Math.max(x, u.bbox.left + half), u.bbox.left + u.bbox.width - half);
			if (at - half > free) {
				c.fillText(text, at, u.bbox.top - 7 * dpr);
				free = at + half + 6 * dpr;
			}
		}
		c.restore();
	}

	point(u, stack) {
		this.tip.hidden = true;
		if (u.cursor.left === undefined || u.cursor.left < 0)
			return;
		const ns = u.posToVal(u.cursor.left, "x");
		let i = stack.first;
		while (i < stack.end && R.quarter(i + 1) <= ns)
			i++;
		if (i >= stack.end || ns < R.quarter(stack.first))
			return;
		const lines = stack.classes.map((c, k) => [c, stack.counts[k][i - stack.first]]).filter(([, n]) => n);
		this.tip.replaceChildren(TL.el("div.tip-head", {}, `${TL.time(R.quarter(i))} to ${TL.time(R.quarter(i + 1))}`),
			...lines.map(([c, n]) => TL.el("div.tip-line", {}, TL.el("span", {}, R.dot(c.name), c.name), TL.el("span", {}, TL.count(n)))));
		this.tip.hidden = !lines.length;
		this.tip.style.left = `${Math.min(u.cursor.left + 14, Math.max(0, u.over.clientWidth - 200))}px`;
	}

	draw() {
		const width = Math.floor(this.place.clientWidth), rows = this.rows();
		if (width < 50)
			return;
		if (this.plot)
			this.plot.destroy();
		this.plot = null;
		if (!rows.length) {
			this.summary.textContent = "No exit of these has a time.";
			return;
		}
		const stack = this.stack(rows), max = rows.reduce((m, d) => Math.max(m, d.ns.max), 0);
		const all = R.addHists(rows.map((d) => d.hist));
		// One row has its exact percentiles; of several, they are within a quarter.
		const percentile = (p, key) => (rows.length === 1 ? rows[0].ns[key] : R.percentile(all, p, max));
		const p50 = percentile(50, "p50"), p99 = percentile(99, "p99");
		const timed = rows.reduce((n, d) => n + d.timed, 0), total = rows.reduce((n, d) => n + d.ns.total, 0);
		const xs = [], bars = stack.classes.map(() => []);
		for (let i = stack.first; i <= stack.end; i++) {
			xs.push(Math.max(R.quarter(i), 1));
			let below = 0;
			for (let k = bars.length - 1; k >= 0; k--) {
				below += stack.counts[k][i - stack.first] || 0;
				bars[k].push(below || (this.log ? null : 0));
			}
		}
		this.plot = new uPlot(this.options(width, stack, [["p50", p50], ["p99", p99], ["max", max]]), [xs, ...bars], this.place);
		this.plot.over.append(this.tip);
		const text = `${TL.count(timed)} exits, average ${TL.time(total / timed)}, p50 ${TL.time(p50)}, p99 ${TL.time(p99)}, max ${TL.time(max)}`;
		this.summary.textContent = text;
		this.place.setAttribute("aria-label", `Histogram of handling times: ${text}`);
	}
}

R.times = () => {
	const t = new Times();
	const kinds = [...new Map(R.details.map((d) => [`${d.class} ${d.name}`, d])).entries()].slice(0, 200);
	const list = [["", "all but idle"], ...R.classes.map((c) => [`c${c.name}`, `class ${c.name}`]), ...kinds.map(([key, d]) => [`d${key}`, `${d.name}`])];
	const what = TL.select("Exits of", list, "", (v) => { t.what = v; t.draw(); });
	const controls = [what];
	if (R.vcpus.length > 1)
		controls.push(TL.select("vCPU", [["", "all vCPUs"], ...R.vcpus.map((v) => [v.id, `vCPU ${v.id}`])], "", (v) => { t.vcpu = v; t.draw(); }));
	controls.push(TL.choice("Scale of counts", [["linear", "Linear"], ["log", "Log"]], "linear", (v) => { t.log = v === "log"; t.draw(); }));
	// For the table: shows what a row is about.
	R.showTimes = (row) => {
		const key = `d${row.class} ${row.name}`;
		if (!list.some(([v]) => v === key))
			what.append(TL.el("option", {value: key}, row.name));
		what.value = key;
		t.what = key;
		t.draw();
	};
	TL.onRedraw(() => t.draw());
	return TL.section("times", "How long handling took", "Times", controls, t.place, t.summary);
};
