// SPDX-License-Identifier: MIT
//
// The report's data as its parts want it: details with what the profile's JSON leaves out,
// classes with a colour each, and rows of the timeline as numbers.
"use strict";
const R = {};

R.read = () => {
	const profile = TL.data("profile"), view = TL.data("view");
	R.profile = profile;
	R.view = view;
	// In the order of the profile's details (docs/profile-schema.md).
	R.details = profile.details.map((d, i) => {
		const [place, address, hist, functions] = view.rows[i] || ["", 0, null, []];
		return {...d, place, address, hist, functions, name: d.what || view.classes[d.class] || d.class};
	});
	R.vcpus = profile.vcpus;
	R.classes = classes();
};

// Classes with most exits first; idle is not work, so it comes last and is grey.
const classes = () => {
	const sums = new Map();
	for (const vcpu of R.vcpus)
		for (const c of vcpu.classes) {
			const sum = sums.get(c.name) || {name: c.name, text: R.view.classes[c.name] || "", exits: 0, ns: 0};
			sum.exits += c.count;
			sum.ns += c.ns.total;
			sums.set(c.name, sum);
		}
	const fixed = {SYS64: 0, DABT_LOW: 1, IRQ: 2, HVC64: 3, SMC64: 4, IABT_LOW: 5};
	const free = [6, 7, 8, 9, 10, 11];
	const list = [...sums.values()].sort((a, b) => (a.name === "WFx") - (b.name === "WFx") || b.exits - a.exits);
	for (const c of list) {
		c.idle = c.name === "WFx";
		c.variable = c.idle ? "--idle" : `--c${fixed[c.name] ?? free.shift() ?? 11}`;
	}
	return list;
};
R.class = (name) => R.classes.find((c) => c.name === name) || {name, text: "", variable: "--c11"};
R.dot = (name) => TL.el("span.dot", {style: {background: `var(${R.class(name).variable})`}, "aria-hidden": "true"});

// Bounds of the quarters of a histogram, in ns (trace/profile/hist.h).
R.quarter = (i) => (i < 4 ? 8 * i : (4 + (i % 4)) * 2 ** (Math.floor(i / 4) + 2));

// Adds histograms up: [first, counts...] each, or null.
R.addHists = (hists) => {
	const sum = new Map();
	for (const hist of hists)
		if (hist)
			hist.slice(1).forEach((n, i) => sum.set(hist[0] + i, (sum.get(hist[0] + i) || 0) + n));
	return [...sum].filter(([, n]) => n).sort((a, b) => a[0] - b[0]);
};
// A percentile of such a sum, by a line through the quarter that it is in.
R.percentile = (quarters, percent, max) => {
	const all = quarters.reduce((sum, [, n]) => sum + n, 0);
	let left = (all * percent) / 100;
	for (const [i, n] of quarters) {
		if (left <= n)
			return Math.min(R.quarter(i) + ((R.quarter(i + 1) - R.quarter(i)) * left) / n, max);
		left -= n;
	}
	return max;
};

// A row of the timeline (trace/report/html_timeline.c), as sums of all bins before each.
R.decode = (text, bins) => {
	const bytes = atob(text);
	const exits = new Float64Array(bins + 1), ns = new Float64Array(bins + 1);
	let at = 0;
	const number = () => {
		let value = 0, scale = 1, byte;
		do {
			byte = bytes.charCodeAt(at++);
			value += (byte & 127) * scale;
			scale *= 128;
		} while (byte & 128);
		return value;
	};
	for (let bin = 0; at < bytes.length; bin++) {
		bin += number();
		exits[bin + 1] = number();
		ns[bin + 1] = number();
	}
	for (let i = 0; i < bins; i++) {
		exits[i + 1] += exits[i];
		ns[i + 1] += ns[i];
	}
	return {exits, ns};
};

// Where a vCPU's time went, in ns. Waiting for a CPU is neither handling nor idle.
R.shares = (vcpu) => {
	let idle = vcpu.idle_ns || 0, handled = 0, idleDelayed = 0;
	for (const c of vcpu.classes)
		if (c.name !== "WFx")
			handled += c.ns.total;
	for (const d of R.details)
		if (d.vcpu === vcpu.id && d.class === "WFx")
			idleDelayed += d.delayed_ns;
	const delayed = vcpu.delayed_ns || 0;
	const known = vcpu.delayed_ns !== null && idleDelayed <= idle && idleDelayed <= delayed && delayed - idleDelayed <= handled;
	if (known) {
		idle -= idleDelayed;
		handled -= delayed - idleDelayed;
	}
	return {guest: vcpu.guest_ns || 0, handled, idle, delayed: known ? delayed : 0,
		all: (vcpu.guest_ns || 0) + handled + idle + (known ? delayed : 0)};
};
