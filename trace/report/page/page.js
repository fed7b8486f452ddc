// SPDX-License-Identifier: MIT
//
// What every page shares: elements, numbers as people read them, the two themes, the frame.
// Text only ever becomes text nodes: what is shown comes out of recordings of strangers.
"use strict";
const TL = {};

// The data that the program put into the page.
TL.data = (id) => JSON.parse(document.getElementById(id).textContent);

// TL.el("td", {class: "num", onclick: f}, child...): children are elements or text.
TL.el = (tag, props, ...children) => {
	const [name, ...classes] = tag.split(".");
	const e = document.createElement(name);
	if (classes.length)
		e.className = classes.join(" ");
	for (const [key, value] of Object.entries(props || {})) {
		if (key.startsWith("on"))
			e.addEventListener(key.slice(2), value);
		else if (key === "style")
			Object.assign(e.style, value);
		else if (value !== null && value !== undefined && value !== false)
			e.setAttribute(key, value === true ? "" : value);
	}
	e.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined));
	return e;
};

TL.count = (n) => (n === null || n === undefined ? "?" : Math.round(n).toLocaleString("en-US").replaceAll(",", "\u202f"));

// Three digits and a unit, of ns.
TL.time = (ns) => {
	if (ns === null || ns === undefined)
		return "?";
	for (const [unit, size] of [["s", 1e9], ["ms", 1e6], ["µs", 1e3]])
		if (Math.abs(ns) >= size * 0.9995)
			return `${three(ns / size)}\u202f${unit}`;
	return `${Math.round(ns)}\u202fns`;
};
// The same with as many digits as a step of `step` ns needs, and a unit that suits `most`.
TL.timeIn = (ns, step, most = ns) => {
	const [unit, size] = [["s", 1e9], ["ms", 1e6], ["µs", 1e3], ["ns", 1]].find(([, s]) => Math.abs(most) >= s * 0.9995) || ["ns", 1];
	const digits = Math.min(Math.max(Math.ceil(-Math.log10(step / size) - 1e-9), 0), 9);
	return ns === 0 ? "0" : `${(ns / size).toFixed(digits)}\u202f${unit}`;
};
const three = (x) => (Math.abs(x) >= 99.95 ? Math.round(x).toString() : x.toPrecision(3));

TL.percent = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(1)}\u202f%` : "");
// Few characters, for axes: 1200000 is 1.2M.
TL.short = (n) => {
	for (const [unit, size] of [["G", 1e9], ["M", 1e6], ["k", 1e3]])
		if (Math.abs(n) >= size)
			return `${+(n / size).toPrecision(3)}${unit}`;
	return `${+n.toPrecision(3)}`;
};
TL.hex = (n) => `0x${n.toString(16)}`;

// A value of the style sheet, as it is in the theme of now: canvases need it.
TL.css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// Called whenever colours or sizes change.
const redraws = [];
TL.onRedraw = (f) => redraws.push(f);
TL.redraw = () => redraws.forEach((f) => f());

// The theme: what the system has, until it is chosen here. A file's storage may be locked.
const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");
let chosen = null;
try {
	chosen = localStorage.getItem("trapline-theme");
} catch { /* it is remembered only as long as the page is open */ }
const applyTheme = () => {
	root.dataset.theme = chosen || (system.matches ? "dark" : "light");
};
applyTheme();
system.addEventListener("change", () => { applyTheme(); TL.redraw(); });
TL.setTheme = (theme) => {
	chosen = theme;
	try {
		localStorage.setItem("trapline-theme", theme);
	} catch { /* as above */ }
	applyTheme();
	TL.redraw();
};
// Paper is white, whatever the screen is.
addEventListener("beforeprint", () => { root.dataset.theme = "light"; TL.redraw(); });
addEventListener("afterprint", () => { applyTheme(); TL.redraw(); });

// A row of buttons of which one is chosen: [[value, text]...].
TL.choice = (label, options, value, change) => {
	const buttons = options.map(([v, text]) => TL.el("button", {type: "button", "aria-pressed": String(v === value), "data-value": v,
		onclick: () => {
			buttons.forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.value === String(v))));
			change(v);
		}}, text));
	return TL.el("span.choice", {role: "group", "aria-label": label}, buttons);
};

// A labelled list to choose from: [[value, text]...].
TL.select = (label, options, value, change) => {
	const select = TL.el("select", {"aria-label": label, onchange: () => change(select.value)},
		options.map(([v, text]) => TL.el("option", {value: v, selected: String(v) === String(value)}, text)));
	return select;
};

const sections = [];
// A section with a heading, controls beside it, and an entry in the navigation.
TL.section = (id, title, short, controls, ...content) => {
	const section = TL.el("section", {id, "aria-labelledby": `${id}-title`},
		TL.el("div.head", {}, TL.el("h2", {id: `${id}-title`}, title), TL.el("span.grow"), controls || []), content);
	sections.push([id, short]);
	return section;
};

TL.card = (label, value, sub, kind) => TL.el(`div.card${kind ? "." + kind : ""}`, {},
	TL.el("div.label", {}, label), TL.el("div.value", {}, value), TL.el("div.sub", {}, sub || "\u00a0"));

// The page's frame, after its sections were made.
TL.frame = (...content) => {
	const theme = TL.el("button.icon", {type: "button", title: "Light or dark (t)", "aria-label": "Light or dark",
		onclick: () => TL.setTheme(root.dataset.theme === "dark" ? "light" : "dark")}, "\u25d0");
	const main = document.getElementById("page");
	document.body.prepend(TL.el("a.skip", {href: "#page"}, "To the content"),
		TL.el("header.top", {}, TL.el("span.brand", {}, "trapline"),
			TL.el("nav", {"aria-label": "Parts of the page"}, sections.map(([id, short]) => TL.el("a", {href: `#${id}`}, short))),
			theme));
	main.append(...content.flat());
};
addEventListener("keydown", (event) => {
	if (event.key === "t" && !event.ctrlKey && !event.metaKey && !event.altKey && !/INPUT|SELECT|TEXTAREA/.test(event.target.tagName))
		TL.setTheme(root.dataset.theme === "dark" ? "light" : "dark");
});
