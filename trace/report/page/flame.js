// SPDX-License-Identifier: MIT
//
// A flame graph of vCPU, class, what an exit was for, and function of the guest. The root is
// on top, so that labels are where one begins to read. Boxes are elements: they have a focus
// and a name, can be searched and printed; what is too narrow to see is left out.
"use strict";

const FLAME_ROW = 22; // pixels
const FLAME_LEAST = 1.5;

class Flame {
	constructor() {
		this.metric = "count";
		this.idle = false;
		this.words = [];
		this.place = TL.el("div.flame", {role: "group", "aria-label": "Flame graph. Arrow keys move, Enter zooms in, Escape zooms out.",
			onkeydown: (event) => this.key(event)});
		this.status = TL.el("p.note.flame-status", {role: "status"});
		this.path = [];
		this.build();
		new ResizeObserver(() => this.draw()).observe(this.place);
	}

	build() {
		const node = (name, color) => ({name, color, count: 0, ns: 0, children: new Map()});
		const child = (parent, name, color) => {
			if (!parent.children.has(name))
				parent.children.set(name, node(name, color));
			return parent.children.get(name);
		};
		this.root = node("all exits", "--track");
		for (const d of R.details) {
			if (!this.idle && d.class === "WFx")
				continue;
			const color = R.class(d.class).variable;
			const vcpu = child(this.root, `vCPU ${d.vcpu}`, "--guest"), kind = child(vcpu, d.class, color);
			const what = child(kind, `${d.name}${d.handler === "user" ? " (VMM)" : ""}`, color);
			for (const [name, count, ns] of d.functions) {
				const leaf = child(what, name, color);
				for (const n of [this.root, vcpu, kind, what, leaf]) {
					n.count += count;
					n.ns += ns;
				}
			}
		}
	}

	// The node that fills the width, and those above it.
	chain() {
		const chain = [this.root];
		for (const name of this.path) {
			const next = chain[chain.length - 1].children.get(name);
			if (!next)
				break;
			chain.push(next);
		}
		return chain;
	}

	value(node) {
		return this.metric === "count" ? node.count : node.ns;
	}

	text(node) {
		const value = this.metric === "count" ? `${TL.count(node.count)} exits` : TL.time(node.ns);
		return `${node.name}: ${value}, ${TL.percent(this.value(node), this.value(this.root))}`;
	}

	matches(node) {
		const name = node.name.toLowerCase();
		return this.words.length > 0 && this.words.every((w) => name.includes(w));
	}

	box(node, path, left, width, depth) {
		const label = this.text(node);
		const e = TL.el("button.box", {type: "button", tabindex: -1, "aria-label": label, title: label,
			onclick: () => this.zoom(path), onfocus: () => { this.status.textContent = label; },
			onpointerenter: () => { this.status.textContent = label; },
			style: {left: `${left}px`, width: `${Math.max(width - 1, 1)}px`, top: `${depth * FLAME_ROW}px`,
				background: `color-mix(in srgb, var(${node.color}) ${[100, 70, 86, 64, 42][Math.min(path.length, 4)]}%, var(--card))`}},
			width > 26 ? node.name : "");
		if (this.words.length)
			e.classList.add(this.matches(node) ? "match" : "dim");
		e.path = path;
		this.place.append(e);
		return e;
	}

	draw() {
		const width = this.place.clientWidth;
		if (width < 50)
			return;
		const chain = this.chain();
		this.path = this.path.slice(0, chain.length - 1);
		this.place.replaceChildren();
		chain.forEach((node, i) => this.box(node, this.path.slice(0, i), 0, width, i));
		let deepest = chain.length;
		const below = (node, path, left, scale, depth) => {
			const children = [...node.children.values()].sort((a, b) => this.value(b) - this.value(a));
			for (const c of children) {
				const w = this.value(c) * scale;
				if (w < FLAME_LEAST)
					break;
				const sub = [...path, c.name];
				this.box(c, sub, left, w, depth);
				deepest = Math.max(deepest, depth + 1);
				below(c, sub, left, scale, depth + 1);
				left += w;
			}
		};
		const top = chain[chain.length - 1];
		if (this.value(top))
			below(top, this.path, 0, width / this.value(top), chain.length);
		this.place.style.height = `${Math.max(deepest, 2) * FLAME_ROW}px`;
		this.place.children[chain.length - 1].tabIndex = 0;
		this.status.textContent = this.text(top);
	}

	zoom(path, focus = true) {
		this.path = path;
		this.draw();
		const top = this.place.children[path.length];
		if (focus && top)
			top.focus();
	}

	// By keyboard: to the box beside, above or below.
	key(event) {
		const boxes = [...this.place.children], now = document.activeElement;
		if (!boxes.includes(now))
			return;
		const box = (e) => ({left: e.offsetLeft, right: e.offsetLeft + e.offsetWidth, top: e.offsetTop});
		const me = box(now);
		const row = (by) => boxes.filter((e) => e.offsetTop === me.top + by * FLAME_ROW);
		const nearest = {
			ArrowRight: () => row(0).find((e) => e.offsetLeft > me.left),
			ArrowLeft: () => row(0).reverse().find((e) => e.offsetLeft < me.left),
			ArrowDown: () => row(1).find((e) => box(e).left >= me.left && box(e).left < me.right),
			ArrowUp: () => row(-1).find((e) => box(e).left <= me.left && box(e).right > me.left),
		}[event.key];
		if (event.key === "Escape") {
			this.zoom(this.path.slice(0, -1));
		} else if (nearest) {
			const to = nearest();
			if (to) {
				now.tabIndex = -1;
				to.tabIndex = 0;
				to.focus();
			}
		} else {
			return;
		}
		event.preventDefault();
	}
}

R.flame = () => {
	const f = new Flame();
	const search = TL.el("input", {type: "search", placeholder: "Find: words", "aria-label": "Find in the flame graph", spellcheck: "false",
		oninput: () => { f.words = search.value.toLowerCase().split(/\s+/).filter(Boolean); f.draw(); }});
	const idle = TL.el("input", {type: "checkbox", onchange: () => { f.idle = idle.checked; f.build(); f.draw(); }});
	const controls = [search, TL.el("label", {}, idle, "idle"),
		TL.choice("Width of boxes", [["count", "Exits"], ["ns", "Time"]], f.metric, (v) => { f.metric = v; f.draw(); }),
		TL.el("button", {type: "button", onclick: () => f.zoom([], false)}, "All")];
	if (!R.classes.some((c) => c.idle))
		controls.splice(1, 1);
	R.flameOf = f;
	return TL.section("flame", "Where they came from", "Flame graph", controls,
		TL.el("p.note", {}, "vCPU, class, what for, function of the guest. Click or Enter zooms."), f.place, f.status);
};
