// SPDX-License-Identifier: MIT
//
// usage: node paint.mjs FILE: prints after how many ms a page is first painted.

import {Browser} from "./browser.mjs";

const browser = await Browser.start();
try {
	const page = await browser.open(process.argv[2]);
	await page.settle();
	await page.until("performance.getEntriesByName('first-contentful-paint').length");
	const [ms, sections] = await page.run("[performance.getEntriesByName('first-contentful-paint')[0].startTime, document.querySelectorAll('section').length]");
	if (!sections)
		throw new Error("the page is empty");
	console.log(Math.ceil(ms));
} finally {
	await browser.end();
}
