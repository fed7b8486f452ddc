// SPDX-License-Identifier: MIT
//
// Exits over time: a chart for each vCPU, stacked by class, all with one window of time that
// is dragged, keyed or typed. However many events there are, a bar of the chart is a
// difference of two sums.
"use strict";

const BAR = 3; // pixels of a bar, at least

class Timeline {
	constructor(timeline, vcpus, classes) {
		this.width = timeline.width;
		this.bins = Math.max(timeline.bins, 1);
		this.rows = new Map(); // by vCPU and class
		for (const [vcpu, name, text] of timeline.rows)
			this.rows.set(`${vcpu} ${name}`, R.decode(text, timeline.bins));
		this.vcpus = vcpus;
		this.classes = classes;
		this.end = this.bins * this.width;
		this.from = 0;
		this.to = this.end;
		this.metric = "exits";
		this.hidden = new Set();
		this.charts = [];
		this.sync = uPlot.sync("time");
	}

	// Exits and ns of a row in bins [a, b).
	sum(vcpu, name, a, b) {
		const row = this.rows.get(`${vcpu} ${name}`);
		return row ? {exits: row.exits[b] - row.exits[a], ns: row.ns[b] - row.ns[a]} : {exits: 0, ns: 0};
	}

	// The window in whole bins.
	window() {
		const a = Math.min(Math.max(Math.floor(this.from / this.width), 0), this.bins - 1);
		return [a, Math.max(a + 1, Math.min(Math.ceil(this.to / this.width), this.bins))];
	}

	// What a chart draws of a vCPU, in so many pixels: the bars' bounds, and the sums of the
	// classes from the last up to each.
	data(vcpu, pixels) {
		const [a, b] = this.window();
		const step = Math.max(1, Math.ceil((b - a) / Math.max(1, Math.floor(pixels / BAR))));
		const xs = [], bars = this.classes.map(() => []);
		for (let at = a; at < b; at += step) {
			const end = Math.min(at + step, b);
			xs.push(at * this.width);
			let below = 0;
			for (let i = this.classes.length - 1; i >= 0; i--) {
				const name = this.classes[i].name;
				if (!this.hidden.has(name)) {
					const sum = this.sum(vcpu, name, at, end);
					below += this.metric === "exits" ? sum.exits : (100 * sum.ns) / ((end - at) * this.width);
				}
				bars[i].push(below);
			}
		}
		xs.push(b * this.width);
		bars.forEach((bar) => bar.push(bar[bar.length - 1]));
		return {table: [xs, ...bars], step};
	}

	// Sets the window, at least four bins of it.
	zoom(from, to) {
		const least = Math.min(4 * this.width, this.end);
		const length = Math.min(Math.max(to - from, least), this.end);
		this.from = Math.min(Math.max(from, 0), this.end - length);
		this.to = this.from + length;
		this.draw();
	}

	// By `factor` around a time, or the middle.
	scale(factor, around = (this.from + this.to) / 2) {
		this.zoom(around - (around - this.from) * factor, around + (this.to - around) * factor);
	}

	shift(part) {
		const by = (this.to - this.from) * part;
		this.zoom(this.from + by, this.to + by);
	}

	draw() {
		this.charts.forEach((chart) => chart.draw());
		this.overview.draw();
		this.legend();
	}

	key(event) {
		const keys = {
			ArrowLeft: () => this.shift(-0.2), ArrowRight: () => this.shift(0.2),
			"+": () => this.scale(0.5), "=": () => this.scale(0.5), "-": () => this.scale(2),
			Home: () => this.zoom(0, this.to - this.from), End: () => this.zoom(this.end, 2 * this.end - this.from),
			Escape: () => this.zoom(0, this.end), 0: () => this.zoom(0, this.end),
		};
		const act = keys[event.key];
		if (!act || event.ctrlKey || event.metaKey || event.altKey)
			return;
		event.preventDefault();
		act();
	}

	// What there is in the window, by class; its buttons hide and show.
	legend() {
		const [a, b] = this.window();
		const length = (b - a) * this.width * this.vcpus.length;
		const sums = this.classes.map((c) => {
			const sum = {exits: 0, ns: 0};
			for (const vcpu of this.vcpus) {
				const part = this.sum(vcpu.id, c.name, a, b);
				sum.exits += part.exits;
				sum.ns += part.ns;
			}
			return sum;
		});
		const all = sums.reduce((n, s) => n + s.exits, 0);
		const step = (this.to - this.from) / 100;
		this.status.textContent = `${TL.timeIn(this.from, step)} to ${TL.timeIn(this.to, step)}: ${TL.count(all)} exits in ${TL.time(this.to - this.from)}`;
		this.reset.disabled = this.from === 0 && this.to === this.end;
		this.buttons.forEach((button, i) => {
			button.lastChild.textContent = `${TL.count(sums[i].exits)} · ${TL.percent(sums[i].ns, length)}`;
		});
	}
}

// A chart of one vCPU, made when it first comes into view.
class TimelineChart {
	constructor(timeline, vcpu) {
		this.timeline = timeline;
		this.vcpu = vcpu;
		this.place = TL.el("div.chart", {tabindex: 0, role: "group",
			"aria-label": `Exits of vCPU ${vcpu.id} over time. Arrow keys move, plus and minus zoom, Escape shows all.`,
			onkeydown: (event) => timeline.key(event),
			onwheel: (event) => this.wheel(event)});
		this.element = TL.el("div.lane", {}, TL.el("div.lane-name", {}, `vCPU ${vcpu.id}`), this.place);
		this.tip = TL.el("div.tip", {hidden: true});
		this.seen = false;
		new IntersectionObserver(([entry], observer) => {
			if (!entry.isIntersecting)
				return;
			observer.disconnect();
			this.seen = true;
			this.draw();
			new ResizeObserver(() => this.draw()).observe(this.place);
		}, {rootMargin: "400px"}).observe(this.element);
	}

	// With Ctrl, as pages scroll without.
	wheel(event) {
		if (!event.ctrlKey || !this.plot)
			return;
		event.preventDefault();
		const x = event.clientX - this.plot.over.getBoundingClientRect().left;
		this.timeline.scale(event.deltaY > 0 ? 1.25 : 0.8, this.plot.posToVal(x, "x"));
	}

	options(width) {
		const t = this.timeline, ink = TL.css("--soft"), grid = TL.css("--grid");
		const stepped = uPlot.paths.stepped({align: 1});
		const axis = {stroke: ink, grid: {stroke: grid, width: 1}, ticks: {stroke: grid, width: 1, size: 4}, font: "11px system-ui, sans-serif"};
		return {
			width, height: 132, legend: {show: false}, padding: [8, 18, 0, 0],
			cursor: {sync: {key: t.sync.key}, points: {show: false}, y: false,
				drag: {x: true, y: false, setScale: false},
				bind: {dblclick: () => () => t.zoom(0, t.end)}},
			scales: {x: {time: false, range: () => [t.from, t.to]},
				y: {range: (u, min, max) => (t.metric === "exits" ? [0, Math.max(max * 1.06, 1)] : [0, 100])}},
			axes: [{...axis, size: 30, space: 90, values: (u, splits, i, space, step) => splits.map((v) => TL.timeIn(v, step, splits[splits.length - 1]))},
				{...axis, size: 46, space: 26, values: (u, splits) => splits.map((v) => (t.metric === "exits" ? (Number.isInteger(v) ? TL.short(v) : "") : `${v} %`))}],
			series: [{}, ...t.classes.map((c) => ({label: c.name, fill: TL.css(c.variable), width: 0, paths: stepped, points: {show: false}}))],
			hooks: {
				drawClear: [(u) => this.gaps(u)],
				setSelect: [(u) => {
					if (u.select.width < 3)
						return;
					const from = u.posToVal(u.select.left, "x"), to = u.posToVal(u.select.left + u.select.width, "x");
					u.setSelect({left: 0, width: 0, top: 0, height: 0}, false);
					t.zoom(from, to);
				}],
				setCursor: [(u) => this.point(u)],
			},
		};
	}

	// Where exits are missing.
	gaps(u) {
		u.ctx.fillStyle = TL.css("--bad-bg");
		for (const gap of this.vcpu.gaps) {
			const from = Math.max(u.valToPos(gap.from ?? 0, "x", true), u.bbox.left);
			const to = Math.min(u.valToPos(gap.to, "x", true), u.bbox.left + u.bbox.width);
			if (to > u.bbox.left && from < u.bbox.left + u.bbox.width)
				u.ctx.fillRect(from, u.bbox.top, Math.max(to - from, 2), u.bbox.height);
		}
	}

	draw() {
		const width = Math.floor(this.place.clientWidth);
		if (!this.seen || width < 50)
			return;
		const t = this.timeline, {table, step} = t.data(this.vcpu.id, width - 66);
		this.step = step;
		this.table = table;
		// Colours are of the theme, so a new theme is a new chart.
		if (this.plot && this.theme === document.documentElement.dataset.theme) {
			if (this.plot.width !== width)
				this.plot.setSize({width, height: this.plot.height});
			this.plot.setData(table);
			return;
		}
		if (this.plot)
			this.plot.destroy();
		this.theme = document.documentElement.dataset.theme;
		this.plot = new uPlot(this.options(width), table, this.place);
		this.plot.over.append(this.tip);
	}

	// Tells what is under the pointer.
	point(u) {
		const t = this.timeline, index = u.cursor.left >= 0 && u.cursor.event ? u.posToIdx(u.cursor.left) : null;
		this.tip.hidden = true;
		if (index === null || index === undefined || !u.over.matches(":hover"))
			return;
		// posToIdx finds the nearest: what is wanted is the bar that it is in.
		const x = u.posToVal(u.cursor.left, "x");
		const at = this.table[0][index] > x && index ? index - 1 : Math.min(index, this.table[0].length - 2);
		const a = Math.round(this.table[0][at] / t.width), b = Math.min(a + this.step, t.bins);
		const lines = t.classes.map((c) => ({c, sum: t.sum(this.vcpu.id, c.name, a, b)})).filter(({sum}) => sum.exits || sum.ns);
		this.tip.replaceChildren(TL.el("div.tip-head", {}, `at ${TL.timeIn(a * t.width, (t.to - t.from) / 200)}, ${TL.time((b - a) * t.width)} long`),
			...lines.map(({c, sum}) => TL.el("div.tip-line", {}, TL.el("span", {}, R.dot(c.name), c.name), TL.el("span", {}, TL.count(sum.exits)),
				TL.el("span.muted", {}, TL.time(sum.ns)))));
		if (!lines.length)
			this.tip.append(TL.el("div.muted", {}, "no exit: in the guest"));
		this.tip.hidden = false;
		const room = u.over.clientWidth - this.tip.offsetWidth - 12;
		this.tip.style.left = `${u.cursor.left + 14 > room ? Math.max(0, u.cursor.left - this.tip.offsetWidth - 14) : u.cursor.left + 14}px`;
	}
}

// The whole recording, all vCPUs together, with the window in it; a click goes there.
class TimelineOverview {
	constructor(timeline) {
		this.timeline = timeline;
		this.canvas = TL.el("canvas.overview", {"aria-hidden": "true", onpointerdown: (e) => this.move(e),
			onpointermove: (e) => e.buttons && this.move(e)});
		new ResizeObserver(() => this.draw()).observe(this.canvas);
	}

	move(event) {
		const t = this.timeline, box = this.canvas.getBoundingClientRect();
		const at = ((event.clientX - box.left) / box.width) * t.end, half = (t.to - t.from) / 2;
		this.canvas.setPointerCapture(event.pointerId);
		t.zoom(at - half, at + half);
	}

	draw() {
		const t = this.timeline, dpr = devicePixelRatio || 1;
		const width = Math.round(this.canvas.clientWidth * dpr), height = Math.round(this.canvas.clientHeight * dpr);
		if (!width)
			return;
		this.canvas.width = width;
		this.canvas.height = height;
		const c = this.canvas.getContext("2d"), sums = new Float64Array(width);
		for (const row of t.rows.values())
			for (let x = 0; x < width; x++) {
				const a = Math.floor((x * t.bins) / width), b = Math.max(a + 1, Math.floor(((x + 1) * t.bins) / width));
				sums[x] += (row.exits[Math.min(b, t.bins)] - row.exits[a]) / (b - a);
			}
		const most = sums.reduce((a, b) => Math.max(a, b), 0) || 1;
		c.fillStyle = TL.css("--faint");
		// Roots, so that what is rare is seen beside bursts.
		sums.forEach((n, x) => c.fillRect(x, height, 1, -height * Math.sqrt(n / most)));
		const from = (t.from / t.end) * width, to = Math.max((t.to / t.end) * width, from + 2 * dpr);
		c.fillStyle = TL.css("--bg");
		c.globalAlpha = 0.72;
		c.fillRect(0, 0, from, height);
		c.fillRect(to, 0, width - to, height);
		c.globalAlpha = 1;
		c.strokeStyle = TL.css("--accent");
		c.lineWidth = 1.5 * dpr;
		c.strokeRect(from + dpr, dpr, Math.max(to - from - 2 * dpr, 1), height - 2 * dpr);
	}
}

R.timeline = () => {
	const t = new Timeline(R.view.timeline, R.vcpus, R.classes);
	if (!t.rows.size)
		return TL.section("timeline", "Exits over time", "Timeline", [], TL.el("p.empty", {}, "There is no exit with a time."));
	t.charts = t.vcpus.map((vcpu) => new TimelineChart(t, vcpu));
	t.overview = new TimelineOverview(t);
	t.status = TL.el("span.note", {id: "timeline-window", role: "status", "aria-live": "polite"});
	const button = (text, label, act) => TL.el("button.icon", {type: "button", "aria-label": label, title: label, onclick: act}, text);
	t.reset = TL.el("button", {type: "button", onclick: () => t.zoom(0, t.end)}, "All");
	t.buttons = t.classes.map((c) => TL.el("button.key", {type: "button", "aria-pressed": "true", title: `${c.name}: exits in the window, and their share of the vCPUs' time. Click to hide or show.`,
		onclick: (event) => {
			if (!t.hidden.delete(c.name))
				t.hidden.add(c.name);
			event.currentTarget.setAttribute("aria-pressed", String(!t.hidden.has(c.name)));
			t.draw();
		}}, R.dot(c.name), TL.el("b", {}, c.name), " ", TL.el("span.muted", {}, c.text), TL.el("span.key-sum", {}, "")));
	const controls = [
		TL.choice("What the charts show", [["exits", "Exits"], ["time", "Time"]], t.metric, (v) => { t.metric = v; t.draw(); }),
		TL.el("span.tools", {}, button("\u2190", "Earlier", () => t.shift(-0.5)), button("\u2192", "Later", () => t.shift(0.5)),
			button("+", "Zoom in", () => t.scale(0.5)), button("\u2212", "Zoom out", () => t.scale(2)), t.reset)];
	TL.onRedraw(() => t.draw());
	t.legend();
	R.timelineOf = t;
	return TL.section("timeline", "Exits over time", "Timeline", controls,
		TL.el("div.keys", {role: "group", "aria-label": "Classes"}, t.buttons), t.overview.canvas,
		t.charts.map((chart) => chart.element),
		TL.el("p.row", {}, t.status, TL.el("span.note.no-print", {}, "Drag to zoom, double click for all; arrows, + and \u2212 where a chart has the focus.")));
};
