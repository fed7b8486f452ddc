// SPDX-License-Identifier: MIT
//
// usage: node pictures.mjs PAGE FOLDER: the pictures of the HTML report in the documents.

import {join} from "node:path";
import {Browser} from "./browser.mjs";

const [, , file, folder] = process.argv;
const browser = await Browser.start();
try {
	for (const theme of ["light", "dark"]) {
		const page = await browser.open(file, {width: 1240, height: 900, theme});
		await page.settle();
		if (theme === "light") {
			// Where the second vCPU starts.
			await page.run("document.querySelector('#timeline .choice button[data-value=time]').click()");
			await page.run("R.timelineOf.zoom(27e6, 47e6)");
		} else {
			await page.box("#flame");
			await page.run("document.querySelector('#times').scrollIntoView({behavior: 'instant'})");
		}
		await page.settle();
		await page.picture(join(folder, `report-${theme}.png`));
		await page.close();
	}
} finally {
	await browser.end();
}
