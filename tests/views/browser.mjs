// SPDX-License-Identifier: MIT
//
// Drives a headless Chromium over two pipes, by the DevTools protocol: open a file, run
// something in the page, press keys, move the mouse, take pictures. Nothing but node.

import {spawn} from "node:child_process";
import {mkdtempSync, rmSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join, resolve} from "node:path";

// How long a page may take to do what is asked of it, in ms: the machine may be busy.
const PATIENCE = 60000;

export class Browser {
	static async start() {
		const browser = new Browser();
		browser.folder = mkdtempSync(join(tmpdir(), "trapline-browser-"));
		// A sandbox of its own needs rights that root in a container does not have; what it
		// opens is ours.
		browser.process = spawn(process.env.CHROMIUM || "chromium", ["--headless=new", "--no-sandbox", "--disable-gpu",
			"--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run", "--disable-background-networking",
			"--disable-component-update", "--disable-extensions", "--force-color-profile=srgb", "--font-render-hinting=none",
			`--user-data-dir=${browser.folder}`, "--remote-debugging-pipe", "about:blank"],
		{stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"]});
		browser.calls = new Map();
		browser.listeners = [];
		browser.next = 1;
		browser.log = "";
		browser.process.stderr.on("data", (data) => { browser.log = (browser.log + data).slice(-4000); });
		browser.ended = new Promise((done) => browser.process.on("exit", done));
		browser.process.on("error", (error) => browser.fail(new Error(`cannot start Chromium: ${error.message}`)));
		browser.process.on("exit", (code) => browser.fail(new Error(`Chromium ended with status ${code}: ${browser.log}`)));
		let text = "";
		browser.process.stdio[4].setEncoding("utf8").on("data", (data) => {
			text += data;
			for (let end; (end = text.indexOf("\0")) >= 0; text = text.slice(end + 1))
				browser.receive(JSON.parse(text.slice(0, end)));
		});
		browser.process.stdio[3].on("error", () => {});
		return browser;
	}

	fail(error) {
		for (const call of this.calls.values())
			call.reject(error);
		this.calls.clear();
	}

	receive(message) {
		const call = this.calls.get(message.id);
		if (call) {
			this.calls.delete(message.id);
			if (message.error)
				call.reject(new Error(`${call.method}: ${message.error.message}`));
			else
				call.resolve(message.result);
		} else {
			this.listeners.forEach((listener) => listener(message));
		}
	}

	send(method, params = {}, sessionId = undefined) {
		const id = this.next++;
		return new Promise((done, reject) => {
			const timer = setTimeout(() => { this.calls.delete(id); reject(new Error(`${method}: no answer in ${PATIENCE / 1000} s`)); }, PATIENCE);
			const end = (f) => (value) => { clearTimeout(timer); f(value); };
			this.calls.set(id, {method, resolve: end(done), reject: end(reject)});
			this.process.stdio[3].write(`${JSON.stringify({id, method, params, sessionId})}\0`);
		});
	}

	async open(path, options = {}) {
		const {targetId} = await this.send("Target.createTarget", {url: "about:blank"});
		const {sessionId} = await this.send("Target.attachToTarget", {targetId, flatten: true});
		const page = new Page(this, sessionId, targetId);
		await page.begin(options);
		await page.load(path);
		return page;
	}

	async end() {
		this.send("Browser.close").catch(() => {});
		const killer = setTimeout(() => this.process.kill("SIGKILL"), 5000);
		await this.ended;
		clearTimeout(killer);
		rmSync(this.folder, {recursive: true, force: true, maxRetries: 5});
	}
}

class Page {
	constructor(browser, session, target) {
		this.browser = browser;
		this.session = session;
		this.target = target;
		this.errors = []; // what the page complained of: exceptions, and what its policy refused
		this.requests = []; // what it asked for
		browser.listeners.push((message) => {
			if (message.sessionId !== session)
				return;
			const {method, params} = message;
			if (method === "Runtime.exceptionThrown")
				this.errors.push(params.exceptionDetails.exception?.description || params.exceptionDetails.text);
			else if (method === "Log.entryAdded" && params.entry.level === "error")
				this.errors.push(params.entry.text);
			else if (method === "Network.requestWillBeSent")
				this.requests.push(params.request.url);
		});
	}

	send(method, params) {
		return this.browser.send(method, params, this.session);
	}

	async begin({width = 1280, height = 900, theme = "light", scale = 1, media = ""}) {
		for (const domain of ["Page", "Runtime", "Log", "Network", "DOM"])
			await this.send(`${domain}.enable`);
		// What is in the background is not painted.
		await this.send("Page.bringToFront");
		await this.resize(width, height, scale);
		await this.emulate(theme, media);
	}

	// The one that was opened before it is in front again.
	close() {
		return this.browser.send("Target.closeTarget", {targetId: this.target});
	}

	resize(width, height, scale = 1) {
		return this.send("Emulation.setDeviceMetricsOverride", {width, height, deviceScaleFactor: scale, mobile: false});
	}

	emulate(theme, media = "") {
		return this.send("Emulation.setEmulatedMedia", {media, features: [{name: "prefers-color-scheme", value: theme}]});
	}

	async load(path) {
		const loaded = new Promise((done) => {
			this.browser.listeners.push((m) => m.sessionId === this.session && m.method === "Page.loadEventFired" && done());
		});
		await this.send("Page.navigate", {url: `file://${resolve(path)}`});
		await loaded;
	}

	// The value of an expression in the page.
	async run(expression) {
		const answer = await this.send("Runtime.evaluate", {expression, returnByValue: true, awaitPromise: true, allowUnsafeEvalBlockedByCSP: false});
		if (answer.exceptionDetails)
			throw new Error(`${expression}: ${answer.exceptionDetails.exception?.description || answer.exceptionDetails.text}`);
		return answer.result.value;
	}

	// Waits until an expression is true.
	async until(expression) {
		for (const end = Date.now() + PATIENCE; Date.now() < end;) {
			if (await this.run(expression))
				return;
			await new Promise((done) => setTimeout(done, 50));
		}
		throw new Error(`never came true: ${expression}`);
	}

	// Frames are drawn only where somebody looks; a picture is a look.
	settle() {
		return this.send("Page.captureScreenshot", {format: "png"});
	}

	async key(key, modifiers = 0) {
		const codes = {Enter: 13, Escape: 27, Tab: 9, ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40, Home: 36, End: 35, " ": 32};
		const text = key.length === 1 ? key : key === "Enter" ? "\r" : undefined;
		const event = {key, modifiers, windowsVirtualKeyCode: codes[key] ?? key.toUpperCase().charCodeAt(0), text};
		await this.send("Input.dispatchKeyEvent", {type: text ? "keyDown" : "rawKeyDown", ...event});
		await this.send("Input.dispatchKeyEvent", {type: "keyUp", ...event});
	}

	async type(text) {
		for (const c of text)
			await this.key(c);
	}

	mouse(type, x, y, more = {}) {
		return this.send("Input.dispatchMouseEvent", {type, x, y, button: "left", ...more});
	}

	async drag(x1, y1, x2, y2) {
		await this.mouse("mouseMoved", x1, y1, {button: "none"});
		await this.mouse("mousePressed", x1, y1, {clickCount: 1, buttons: 1});
		for (let i = 1; i <= 4; i++)
			await this.mouse("mouseMoved", x1 + ((x2 - x1) * i) / 4, y1 + ((y2 - y1) * i) / 4, {buttons: 1});
		await this.mouse("mouseReleased", x2, y2, {clickCount: 1});
	}

	async click(x, y) {
		await this.mouse("mousePressed", x, y, {clickCount: 1, buttons: 1});
		await this.mouse("mouseReleased", x, y, {clickCount: 1});
	}

	// The box of the first element of a selector, in the window.
	box(selector) {
		return this.run(`(() => { const e = document.querySelector(${JSON.stringify(selector)});
			e.scrollIntoView({block: "center", behavior: "instant"}); const b = e.getBoundingClientRect();
			return {x: b.x, y: b.y, width: b.width, height: b.height}; })()`);
	}

	// A picture of the window, or of the whole page.
	async picture(path, {full = false} = {}) {
		if (full) {
			const height = await this.run("document.documentElement.scrollHeight");
			const width = await this.run("innerWidth");
			await this.resize(width, height, await this.run("devicePixelRatio"));
			await this.settle();
			await new Promise((done) => setTimeout(done, 300));
		}
		const {data} = await this.send("Page.captureScreenshot", {format: "png"});
		writeFileSync(path, Buffer.from(data, "base64"));
	}

	async pdf(path) {
		const {data} = await this.send("Page.printToPDF", {printBackground: true, preferCSSPageSize: true});
		writeFileSync(path, Buffer.from(data, "base64"));
	}
}
