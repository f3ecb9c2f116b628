// SPDX-License-Identifier: Apache-2.0
// What the browser tests share: TAP, the programs under test, Chromium, and what no page may do anywhere: ask a
// third party, break its own policy, or complain.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

export const source = process.env.MITOME_SOURCE;
export const build = process.env.MITOME_BUILD;
export const shots = join(build, "browser", "shots");
mkdirSync(shots, { recursive: true });

const PATIENCE_MS = 20000;

// ---- TAP ----

let count = 0;
let bad = 0;

const lines = (text) => String(text).split("\n").map((line) => `# ${line}`).join("\n");

export function skip(reason) {
        console.log(`1..0 # SKIP ${reason}`);
        process.exit(77);
}

export async function check(name, work) {
        count++;
        try {
                await work();
                console.log(`ok ${count} - ${name}`);
        } catch (error) {
                bad++;
                console.log(`not ok ${count} - ${name}\n${lines(error.stack ?? error)}`);
        }
}

export function must(condition, what) {
        if (!condition)
                throw new Error(what);
}

export function same(got, wanted, what = "") {
        must(got === wanted, `${what} got ${JSON.stringify(got)}, wanted ${JSON.stringify(wanted)}`);
}

// ---- what is started and ended ----

const endings = [];

export function atEnd(work) {
        endings.unshift(work);
}

export async function finish() {
        for (const work of endings.splice(0))
                await Promise.resolve(work()).catch((error) => console.log(lines(error)));
        console.log(`1..${count}`);
        process.exit(bad ? 1 : 0);
}

for (const signal of ["SIGINT", "SIGTERM"])
        process.on(signal, finish);
process.on("unhandledRejection", async (error) => {
        bad++;
        console.log(`Bail out! ${error?.message ?? error}`);
        await finish();
});

export function folder() {
        const path = mkdtempSync(join(tmpdir(), "mitome-browser-"));
        atEnd(() => rmSync(path, { recursive: true, force: true }));
        return path;
}

// A program of this project that says on a line of its own, when it is ready, what matches `ready`.
export async function start(path, args, ready) {
        const program = join(build, path);
        if (!existsSync(program))
                skip(`${path} was not built`);
        const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], cwd: build });
        let heard = "";
        let ended = false;
        const gone = new Promise((resolve) => child.once("exit", () => resolve((ended = true))));
        const stop = async () => {
                if (!ended)
                        child.kill("SIGTERM");
                const late = setTimeout(() => child.kill("SIGKILL"), 10000);
                await gone;
                clearTimeout(late);
        };
        atEnd(stop);
        for (const stream of [child.stdout, child.stderr])
                stream.on("data", (bytes) => (heard += bytes));
        const match = await until(() => heard.match(ready) ?? ended, 120000, `${path} to be ready`);
        must(match !== true, `${path} ended: ${heard}`);
        return { match, child, stop, said: () => heard };
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export async function until(work, patience = PATIENCE_MS, what = "it") {
        for (const end = Date.now() + patience; Date.now() < end; await pause(50)) {
                const result = await work();
                if (result)
                        return result;
        }
        throw new Error(`waited in vain for ${what}`);
}

// The portal. Passkeys of the browser's own, which nobody vouches for, are taken at a lower level.
export async function startPortal(args = []) {
        const portal = await start("examples/portal",
                ["--folder", join(folder(), "portal"), "--listen", "127.0.0.1:0", ...args],
                /listens on (http\S+)/);
        return { ...portal, origin: portal.match[1] };
}

// ---- Chromium ----

// What a page did that it may not do; emptied when it is read. `expected`: complaints of the browser's own about
// answers that a test wants (a refusal's status).
class Watch {
        constructor(own) {
                this.own = own;
                this.found = [];
                this.expected = [];
        }

        note(text) {
                if (!this.expected.some((one) => text.includes(one)))
                        this.found.push(text);
        }

        see(page) {
                page.on("console", (message) => {
                        if (message.type() === "error" || message.type() === "warning")
                                this.note(`console: ${message.text()}`);
                });
                page.on("pageerror", (error) => this.note(`error: ${error.message}`));
                page.on("request", (request) => {
                        const { protocol, origin } = new URL(request.url());
                        if (!["data:", "blob:", "chrome-extension:"].includes(protocol) && !this.own.includes(origin))
                                this.note(`third party: ${request.url()}`);
                });
        }

        take() {
                return this.found.splice(0);
        }

        clean() {
                const found = this.take();
                must(found.length === 0, found.join("\n"));
        }
}

// Root needs --no-sandbox: it is for these tests alone, which open nothing but pages of this project. Scrollbars
// would take their width from the page, and not from its picture. `trusted`: the hash of a server's public key that is
// believed as if an authority vouched for it.
export async function openBrowser({ own = [], extension = null, language = "en", trusted = null, ...more } = {}) {
        const args = ["--headless=new", "--hide-scrollbars", "--disable-background-networking", "--disable-component-update", `--lang=${language}`];
        if (process.getuid() === 0)
                args.push("--no-sandbox");
        if (trusted)
                args.push(`--ignore-certificate-errors-spki-list=${trusted}`);
        if (extension)
                args.push(`--disable-extensions-except=${extension}`, `--load-extension=${extension}`);
        const context = await chromium.launchPersistentContext(folder(), {
                executablePath: process.env.MITOME_CHROMIUM,
                headless: false, // as Playwright has it: the old headless mode has no extensions
                ignoreDefaultArgs: extension ? ["--disable-extensions"] : [],
                args,
                locale: language,
                env: { ...process.env, LANGUAGE: language }, // of the browser itself, and so of its extensions
                ...more,
        });
        atEnd(() => context.close());
        context.setDefaultTimeout(PATIENCE_MS);
        const watch = new Watch(own);
        context.on("page", (page) => watch.see(page));
        for (const page of context.pages())
                watch.see(page);
        return { context, watch };
}

// A second one in the same process is cheaper, but shares cookies: a context of its own for each person.
export async function openPage(browser, address) {
        const page = await browser.context.newPage();
        if (address)
                await page.goto(address);
        return page;
}

// Chromium's own authenticator, by the developer tools' protocol.
export async function addAuthenticator(page, options = {}) {
        const tools = await page.context().newCDPSession(page);
        await tools.send("WebAuthn.enable");
        const { authenticatorId } = await tools.send("WebAuthn.addVirtualAuthenticator", {
                options: {
                        protocol: "ctap2",
                        ctap2Version: "ctap2_1",
                        transport: "usb",
                        hasResidentKey: true,
                        hasUserVerification: true,
                        isUserVerified: true,
                        automaticPresenceSimulation: true,
                        ...options,
                },
        });
        return {
                credentials: async () => (await tools.send("WebAuthn.getCredentials", { authenticatorId })).credentials,
                verified: (isUserVerified) => tools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified }),
                touched: (enabled) => tools.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled }),
                remove: () => tools.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId }),
        };
}

// ---- accessibility and pictures ----

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// Playwright's evaluate is not bound by the page's policy, so that the page stays as it is.
export async function accessible(page, what) {
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => globalThis.axe.run(document, {
                runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        }));
        const words = violations.map(({ id, help, nodes }) => `${what}: ${id}: ${help}\n${nodes.map((node) => `  ${node.target} ${node.html}`).join("\n")}`);
        must(violations.length === 0, words.join("\n"));
}

export const widths = [320, 1280];
export const languages = ["en", "ja"];

// The page at both widths, light and dark: nothing stands beyond its edge, nothing moves for whom that is too much, and
// axe finds nothing.
export async function examine(page, name, language) {
        for (const width of widths) {
                await page.setViewportSize({ width, height: width === 320 ? 640 : 800 });
                for (const colorScheme of ["dark", "light"]) {
                        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
                        await accessible(page, `${name} ${language} ${width} ${colorScheme}`);
                        const dark = colorScheme === "dark" ? "-dark" : "";
                        await page.screenshot({ path: join(shots, `${name}-${language}-${width}${dark}.png`), fullPage: true });
                }
                const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
                must(beyond <= 0, `${name} is ${beyond} px wider than ${width}`);
                same(await page.evaluate(() => document.getAnimations().length), 0, `${name}: what moves`);
        }
        same(await page.evaluate(() => document.documentElement.lang), language, `${name} language`);
}

// A picture for docs/pictures, from where it is copied.
export async function picture(page, name, height) {
        await page.setViewportSize({ width: 760, height });
        await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
        await page.screenshot({ path: join(shots, `docs-${name}.png`) });
}

// ---- without a mouse ----

const STOPS_MAX = 60;

// Goes on with Tab until what is wanted has the focus; each stop on the way must be seen.
export async function tabTo(page, selector) {
        for (let stop = 0; stop < STOPS_MAX; stop++) {
                await page.keyboard.press("Tab");
                const [found, seen] = await page.evaluate((wanted) => {
                        const { activeElement } = document;
                        const { outlineStyle, boxShadow } = getComputedStyle(activeElement);
                        return [activeElement.matches(wanted), activeElement === document.body || outlineStyle !== "none" || boxShadow !== "none"];
                }, selector);
                must(seen, `stop ${stop} on the way to ${selector} is not seen`);
                if (found)
                        return;
        }
        throw new Error(`no Tab leads to ${selector}`);
}
