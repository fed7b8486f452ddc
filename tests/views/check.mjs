// SPDX-License-Identifier: MIT
//
// Checks of a page: each prints a line of TAP, and none stops those behind it.

let failed = 0;

export const check = async (name, test) => {
	try {
		await test();
		console.log(`ok - ${name}`);
	} catch (error) {
		failed++;
		console.log(`not ok - ${name}: ${String(error.message).replaceAll("\n", " ")}`);
	}
};

export const is = (what, value, expected) => {
	if (value !== expected)
		throw new Error(`${what} is ${JSON.stringify(value)}, not ${JSON.stringify(expected)}`);
};

// The exit status that they come to.
export const status = () => (failed ? 1 : 0);
