// SPDX-License-Identifier: MIT
//
// usage: node diff.mjs PAGE BUDGET
// What the page of `trapline diff --format html` shows, in a headless Chromium. PAGE: two
// recordings, the second with devices of another name, and a budget of which one limit is not
// kept; BUDGET: one alone, and a budget that is kept. A line of TAP each.

import {Browser} from "./browser.mjs";
import {check, is, status} from "./check.mjs";

const [, , file, budget] = process.argv;

const browser = await Browser.start();
const page = await browser.open(file);
await page.settle();
const texts = (selector, on = page) => on.run(`[...document.querySelectorAll(${JSON.stringify(selector)})].map((e) => e.textContent)`);
const choose = (which) => page.run(`document.querySelector("#kinds button[data-value=${which}]").click()`);
const data = JSON.parse(await page.run("document.getElementById('diff').textContent"));

await check("the page of two has every part, and complains of nothing", async () => {
	is("sections", (await page.run("[...document.querySelectorAll('section')].map((s) => s.id)")).join(" "), "budget whole kinds");
	is("requests", page.requests.length, 1);
	is("errors", page.errors.join("; "), "");
	is("names that became elements", await page.run("typeof window.evil"), "undefined");
});

await check("cards and the whole tell the figures of the JSON", async () => {
	const values = await texts(".card .value");
	is("exits", values[0], "same");
	is("differ", values[2], String(data.changed));
	is("new", values[3], String(data.appeared));
	is("gone", values[4], String(data.vanished));
	is("budget", values[5], "1 not kept");
	is("first row", (await texts("#whole tbody tr:first-child th"))[0], "run time");
	is("rows", (await texts("#whole tbody tr")).length, Object.values(data.figures).filter((f) => f.a !== null || f.b !== null).length);
});

await check("the table shows what differs, what is new, what is gone, or all", async () => {
	const rows = async () => (await texts("#kinds tbody tr")).length;
	is("that differ", await rows(), data.changed);
	await choose("new");
	is("new", await rows(), data.appeared);
	is("pills", (await texts("#kinds .pill")).every((t) => t === "new"), true);
	await choose("gone");
	is("gone", await rows(), data.vanished);
	await choose("all");
	is("all", await rows(), Math.min(40, data.rows.length));
});

await check("the table filters by words, and sorts", async () => {
	await page.run(`(() => { const f = document.querySelector("#kinds input"); f.value = "evil dabt"; f.dispatchEvent(new Event("input")); })()`);
	const found = await texts("#kinds tbody tr");
	is("found", found.length, data.rows.filter((r) => r.what.includes("evil") && r.class.startsWith("DABT")).length);
	await page.run(`(() => { const f = document.querySelector("#kinds input"); f.value = ""; f.dispatchEvent(new Event("input")); })()`);
	await page.run("document.querySelector('#kinds th button').click()");
	const names = await texts("#kinds tbody th");
	is("sorted", names.join("|"), [...names].sort((a, b) => a.localeCompare(b)).join("|"));
});

await check("the budget has a verdict for each line", async () => {
	is("verdicts", (await texts("#budget .pill")).join(" "), data.budget.lines.map((l) => l.verdict).join(" "));
});

await check("a budget alone is a page, too", async () => {
	const other = await browser.open(budget);
	await other.settle();
	is("sections", (await other.run("[...document.querySelectorAll('section')].map((s) => s.id)")).join(" "), "budget");
	is("card", (await texts(".card .value", other)).join(" "), "kept");
	is("errors", other.errors.join("; "), "");
	await other.close();
});

await browser.close();
process.exit(status());
