// SPDX-License-Identifier: MIT
//
// usage: node report.mjs PAGE HOSTILE
// What the page of `trapline report --format html` shows, and what it does when somebody
// drags, types and clicks, in a headless Chromium. PAGE: of a recording of 20,000 exits that
// bench/recording made; HOSTILE: the same with names that mean no good. A line of TAP each.

import {Browser} from "./browser.mjs";
import {check, is, status} from "./check.mjs";

const [, , file, hostile] = process.argv;
const EXITS = 20000;

const holds = (what, value) => {
	if (!value)
		throw new Error(`not so: ${what}`);
};
const number = (text) => +text.replace(/[^0-9]/g, "");

const browser = await Browser.start();
const page = await browser.open(file);
await page.settle();
const text = (selector) => page.run(`document.querySelector(${JSON.stringify(selector)}).textContent`);
const texts = (selector) => page.run(`[...document.querySelectorAll(${JSON.stringify(selector)})].map((e) => e.textContent)`);
const shownExits = async () => number((await text("#timeline-window")).match(/: (.*) exits/)[1]);
const press = (selector) => page.run(`document.querySelector(${JSON.stringify(selector)}).click()`);

await check("the page has every part, asks for nothing, and complains of nothing", async () => {
	is("sections", (await page.run("[...document.querySelectorAll('section')].map((s) => s.id)")).join(" "),
		"timeline details times flame vcpus memory bursts advice proof made");
	is("requests", page.requests.filter((url) => !url.startsWith("file:")).length, 0);
	is("requests in all", page.requests.length, 1);
	is("errors", page.errors.join("; "), "");
});

await check("its policy lets no other script run, and nothing be fetched", async () => {
	const other = await browser.open(file);
	is("done", await other.run(`(async () => {
		const script = document.createElement("script");
		script.textContent = "window.intruder = 1";
		document.body.append(script);
		const got = await fetch("data:text/plain,x").then(() => "fetched", () => "refused");
		let evaluated = "evaluated";
		try { eval("1"); } catch { evaluated = "refused"; }
		return [typeof window.intruder, got, evaluated].join(" ");
	})()`), "undefined refused refused");
	await other.close();
});

await check("cards tell the figures of the profile", async () => {
	const values = await texts(".card .value");
	is("exits", number(values[0]), EXITS);
	is("lost", values[5], "0");
});

await check("the timeline draws each vCPU, in the classes' colours", async () => {
	is("charts", await page.run("document.querySelectorAll('#timeline .lane canvas').length"), 2);
	is("exits", await shownExits(), EXITS);
	const colours = await page.run(`(() => {
		const canvas = document.querySelector("#timeline .lane canvas"), data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
		const seen = new Map();
		for (let i = 0; i < data.length; i += 4)
			if (data[i + 3] === 255) {
				const c = data[i] << 16 | data[i + 1] << 8 | data[i + 2];
				seen.set(c, (seen.get(c) || 0) + 1);
			}
		return R.classes.map((c) => seen.get(parseInt(TL.css(c.variable).slice(1), 16)) || 0);
	})()`);
	holds(`each class has its colour somewhere: ${colours}`, colours.every((n) => n > 100));
});

await check("the mouse zooms, and a double click shows all again", async () => {
	const box = await page.box("#timeline .lane .u-over"), y = box.y + box.height / 2;
	await page.drag(box.x + box.width * 0.25, y, box.x + box.width * 0.5, y);
	await page.until("R.timelineOf.from > 0");
	const exits = await shownExits();
	holds(`a quarter of the exits: ${exits}`, exits > EXITS * 0.22 && exits < EXITS * 0.28);
	is("x axes", await page.run("new Set(R.timelineOf.charts.map((c) => c.plot.scales.x.min + ' ' + c.plot.scales.x.max)).size"), 1);
	await page.click(box.x + 50, y);
	await page.mouse("mousePressed", box.x + 50, y, {clickCount: 2});
	await page.mouse("mouseReleased", box.x + 50, y, {clickCount: 2});
	await page.until("R.timelineOf.from === 0 && R.timelineOf.to === R.timelineOf.end");
	is("exits", await shownExits(), EXITS);
});

await check("so do keys and buttons; a window far in still adds up", async () => {
	await page.run("document.querySelector('#timeline .chart').focus()");
	await page.key("+");
	await page.key("+");
	const exits = await shownExits();
	holds(`a quarter of the exits: ${exits}`, exits > EXITS * 0.22 && exits < EXITS * 0.28);
	const before = await page.run("R.timelineOf.from");
	await page.key("ArrowRight");
	holds("it moved", await page.run("R.timelineOf.from") > before);
	for (let i = 0; i < 30; i++)
		await page.key("+");
	is("bins", await page.run("Math.round((R.timelineOf.to - R.timelineOf.from) / R.timelineOf.width)"), 4);
	holds("few exits", await shownExits() < 200);
	await page.key("Escape");
	is("exits", await shownExits(), EXITS);
	await press("#timeline .tools button[aria-label='Zoom in']");
	holds("half of the exits", await shownExits() < EXITS * 0.6);
	await press("#timeline .tools button:last-child");
	is("exits", await shownExits(), EXITS);
});

await check("time instead of exits, and classes out of sight", async () => {
	await press("#timeline .choice button[data-value=time]");
	const most = "Math.max(...R.timelineOf.charts[0].table.slice(1).flat())";
	const all = await page.run(most);
	holds(`percent: ${all}`, all > 10 && all <= 100.001);
	await press("#timeline .key");
	is("pressed", await page.run("document.querySelector('#timeline .key').getAttribute('aria-pressed')"), "false");
	holds("less without it", await page.run(most) < all);
	await press("#timeline .key");
	await press("#timeline .choice button[data-value=exits]");
});

await check("the pointer tells what it is at", async () => {
	const box = await page.box("#timeline .lane .u-over");
	await page.mouse("mouseMoved", box.x + box.width / 2, box.y + 40, {button: "none"});
	await page.mouse("mouseMoved", box.x + box.width / 2 + 5, box.y + 40, {button: "none"});
	await page.until("document.querySelector('#timeline .tip:not([hidden])')");
	holds("classes in it", (await text("#timeline .tip:not([hidden])")).includes("SYS64"));
});

await check("the table filters by words", async () => {
	is("rows", await page.run("document.querySelectorAll('#details tbody tr').length"), 8);
	await page.run("document.querySelector('#details input').focus()");
	await page.type("uart write");
	is("rows", (await texts("#details tbody tr th")).join(), "pl011 UARTDR write");
	is("status", await text("#details [role=status]"), "1 of 8 rows");
	await page.type("zzz");
	is("none", await text("#details tbody"), "Nothing matches.");
	await page.run("(() => { const i = document.querySelector('#details input'); i.value = ''; i.dispatchEvent(new Event('input')); })()");
	is("sum", (await texts("#details tbody tr td:nth-child(2)")).reduce((n, t) => n + number(t), 0), EXITS);
});

await check("the table sorts by any column, by keyboard as well", async () => {
	is("at first", await text("#details th[aria-sort=descending]"), "Exits");
	await page.run("[...document.querySelectorAll('#details thead button')].find((b) => b.textContent === 'p99').focus()");
	await page.key("Enter");
	is("now", await text("#details th[aria-sort=descending]"), "p99");
	await page.key(" ");
	is("again", await text("#details th[aria-sort=ascending]"), "p99");
	is("names", await page.run(`(() => {
		[...document.querySelectorAll("#details thead button")].find((b) => b.textContent === "What for").click();
		const names = [...document.querySelectorAll("#details tbody th")].map((e) => e.textContent);
		return names.join() === [...names].sort((a, b) => a.localeCompare(b)).join();
	})()`), true);
});

await check("one vCPU, one class, one handler", async () => {
	const choose = (label, value) => page.run(`(() => { const s = document.querySelector('#details select[aria-label="${label}"]');
		s.value = "${value}"; s.dispatchEvent(new Event("change")); })()`);
	await choose("vCPU", "1");
	is("exits of vCPU 1", (await texts("#details tbody tr td:nth-child(2)")).reduce((n, t) => n + number(t), 0), EXITS / 2);
	await choose("Class", "DABT_LOW");
	is("rows", (await texts("#details tbody tr")).length, 3);
	await choose("Handled by", "user");
	is("none", await text("#details tbody"), "Nothing matches.");
	for (const label of ["vCPU", "Class", "Handled by"])
		await choose(label, "");
});

await check("histograms: all, a row of the table, logarithms", async () => {
	holds("all but idle", number((await text("#times-summary")).split(" exits")[0]) < EXITS);
	is("chart", await page.run("document.querySelectorAll('#times canvas').length"), 1);
	await page.run("[...document.querySelectorAll('#details tbody tr')].find((r) => r.textContent.startsWith('PSCI VERSION')).focus()");
	await page.key("Enter");
	is("chosen", await page.run("document.querySelector('#times select').selectedOptions[0].textContent"), "PSCI VERSION");
	const summary = await text("#times-summary"), row = await page.run("R.details.filter((d) => d.name === 'PSCI VERSION').reduce((n, d) => n + d.timed, 0)");
	is("exits", number(summary.split(" exits")[0]), row);
	is("said aloud", await page.run("document.querySelector('#times-chart').getAttribute('aria-label')"), `Histogram of handling times: ${summary}`);
	await press("#times .choice button[data-value=log]");
	is("chart", await page.run("document.querySelectorAll('#times canvas').length"), 1);
});

await check("percentiles that the page adds up are near to those of each vCPU", async () => {
	is("far off", await page.run(`R.details.filter((d) => {
		const q = R.addHists([d.hist]);
		return [["p50", 50], ["p99", 99]].some(([key, p]) => Math.abs(R.percentile(q, p, d.ns.max) - d.ns[key]) > 0.13 * d.ns[key] + 8);
	}).map((d) => d.name).join()`), "");
});

await check("the flame graph adds up, zooms by mouse and key, and finds", async () => {
	const boxes = await page.run("[...document.querySelectorAll('.box')].map((b) => [b.path.length, b.offsetWidth])");
	const width = await page.run("document.querySelector('.flame').clientWidth");
	for (const depth of [0, 1, 2]) {
		const sum = boxes.filter(([d]) => d === depth).reduce((n, [, w]) => n + w + 1, 0);
		holds(`row ${depth} is as wide as all: ${sum} of ${width}`, Math.abs(sum - width) < 12);
	}
	await page.run("[...document.querySelectorAll('.box')].find((b) => b.path.join() === 'vCPU 1,SYS64').click()");
	is("full width", await page.run("[...document.querySelectorAll('.box')].find((b) => b.path.join() === 'vCPU 1,SYS64').offsetWidth"), width - 1);
	is("focus", await page.run("document.activeElement.path.join()"), "vCPU 1,SYS64");
	await page.key("ArrowDown");
	is("focus", await page.run("document.activeElement.path.length"), 3);
	await page.key("ArrowUp");
	await page.key("Escape");
	is("focus", await page.run("document.activeElement.path.join()"), "vCPU 1");
	await press("#flame .head > button");
	await page.run("document.querySelector('#flame input[type=search]').focus()");
	await page.type("uartdr");
	is("found", await page.run("document.querySelectorAll('.box.match').length"), 2);
	const before = await page.run("R.flameOf.root.count");
	await press("#flame input[type=checkbox]");
	holds("idle adds to it", await page.run("R.flameOf.root.count") > before);
	await press("#flame .choice button[data-value=ns]");
	holds("time", (await text(".flame-status")).startsWith("all exits: "));
});

await check("the memory map has its devices' heat", async () => {
	is("regions", (await texts("#memory .region th")).join(), "pl011,ram");
	const cells = await texts("#memory .region:first-child .cell");
	is("registers", cells.length, 2);
	holds(`UARTDR is written, UARTFR read: ${cells}`, /^UARTDR [0-9.k]+w$/.test(cells[0]) && /^UARTFR [0-9.k]+r$/.test(cells[1]));
	holds("heat", await page.run("getComputedStyle(document.querySelector('#memory .cell')).backgroundColor") !== "rgba(0, 0, 0, 0)");
});

await check("bursts, reconciliation and how it was made are told", async () => {
	holds("bursts", (await texts("#bursts tbody tr")).length >= 2);
	is("seen", (await texts("#proof tbody tr:last-child td")).map(number).slice(1).join(), `${EXITS},${EXITS},0`);
	const made = await text("#made dl");
	holds(`command in ${made}`, made.includes("trapline report --format html"));
	holds("host", made.includes("made by bench/recording"));
});

await check("light and dark, by the system and by choice", async () => {
	const background = () => page.run("getComputedStyle(document.body).backgroundColor");
	const light = await background();
	await page.emulate("dark");
	await page.until("document.documentElement.dataset.theme === 'dark'");
	const dark = await background();
	holds("another background", light !== dark);
	is("charts are of the theme", await page.run("R.timelineOf.charts[0].theme"), "dark");
	await page.run("document.activeElement.blur()");
	await page.key("t");
	is("chosen", await background(), light);
	await page.key("t");
	await page.emulate("light");
	is("stays chosen", await background(), dark);
	await page.key("t");
});

await check("the keyboard comes to every control, and its place is seen", async () => {
	await page.run("document.querySelector('.skip').focus()");
	const seen = new Set([await page.run("document.activeElement.className")]);
	for (let i = 0; i < 160; i++) {
		await page.key("Tab");
		seen.add(await page.run(`(() => { const e = document.activeElement, s = getComputedStyle(e);
			return e === document.body ? "end" : s.outlineStyle === "none" ? "unseen " + e.outerHTML.slice(0, 80)
				: e.closest("section")?.id || (e.closest("header") ? "header" : e.className); })()`));
		if (seen.has("end"))
			break;
	}
	is("without a mark", [...seen].filter((s) => s.startsWith("unseen")).join(), "");
	for (const part of ["skip", "header", "timeline", "details", "times", "flame", "bursts"])
		holds(`the focus was in ${part}: ${[...seen]}`, seen.has(part));
});

await check("a narrow window scrolls in one direction", async () => {
	await page.resize(400, 800);
	await page.settle();
	is("beyond", await page.run("document.documentElement.scrollWidth - innerWidth"), 0);
	await page.until("R.timelineOf.charts[0].plot.width < 400");
	await page.resize(1280, 900);
});

await check("printed, there is all but what paper cannot do", async () => {
	await page.emulate("dark", "print");
	await page.run("dispatchEvent(new Event('beforeprint'))");
	is("navigation", await page.run("getComputedStyle(document.querySelector('header.top')).display"), "none");
	is("fields", await page.run("[...document.querySelectorAll('select, input')].filter((e) => getComputedStyle(e).display !== 'none').length"), 0);
	is("paper", await page.run("getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)");
	holds("flame graph", await page.run("document.querySelector('.box').offsetWidth") > 100);
	await page.run("dispatchEvent(new Event('afterprint'))");
	await page.emulate("light");
});

await check("nothing was complained of on the way", async () => is("errors", page.errors.join("; "), ""));

await check("names of strangers are shown, and do nothing", async () => {
	const other = await browser.open(hostile);
	await other.settle();
	const names = await other.run("document.body.innerText");
	for (const name of ["</script><script>", "<img src=x", "\"onload='"])
		holds(`${name} is read as it is`, names.includes(name));
	is("elements of theirs", await other.run("document.querySelectorAll('main img, main script, main b[id]').length"), 0);
	is("done by them", await other.run("typeof window.evil"), "undefined");
	is("requests", other.requests.length, 1);
	is("errors", other.errors.join("; "), "");
});

await browser.end();
process.exitCode = status();
