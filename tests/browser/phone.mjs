// SPDX-License-Identifier: Apache-2.0
// The whole prototype: the phone on the screen with a person's certificates and fingers, its browser extension, and
// the portal. Registration and login by finger in the page, by PIN, with another screen by link and by code, a signed
// document, the account, holding and revoking, signing out.

import { createServer } from "node:net";
import { join } from "node:path";
import { check, examine, finish, folder, languages, must, openBrowser, openPage, pause, same, start, startPortal, until } from "./harness.mjs";
import { openWithExtension, pair } from "./pairing.mjs";

const PIN = "1234";
const PASSWORD = "PASSWORD1";

async function freePort() {
        const server = createServer().listen(0, "127.0.0.1");
        await new Promise((resolve) => server.once("listening", resolve));
        const { port } = server.address();
        await new Promise((resolve) => server.close(resolve));
        return port;
}

const port = await freePort();
const place = folder();
const phone = await start("examples/phone",
        ["--folder", join(place, "phone"), "--trust-out", join(place, "trust"), "--listen", "127.0.0.1:0", "--portal", `http://localhost:${port}`],
        /phone is at (http:\/\/[^/\s]+)\/#(\S+)/);
const [, phoneOrigin, pageSecret] = phone.match;
const { origin } = await startPortal(["--listen", `127.0.0.1:${port}`, "--trust", join(place, "trust")]);
same(origin, `http://localhost:${port}`);

const arrives = (page, path) => page.waitForURL((url) => url.pathname === path, { timeout: 30000 });
const submit = (page, job) => page.click(`form[data-job="${job}"] button`);

// ---- the person at the phone ----

const own = [origin, phoneOrigin];
const hand = await openBrowser({ own });
const screen = await openPage(hand, `${phoneOrigin}/#${pageSecret}`);
await screen.waitForSelector("#opened:not([hidden])");

const fingers = { mine: 0, strange: -1 };

async function touch(which = "mine") {
        await screen.waitForSelector("#sensor:not([disabled])", { timeout: 10000 });
        await screen.locator("#hand button").nth(fingers[which]).click();
}

// Lays the finger on again when nothing came of it: as people do.
async function touchUntil(done, what) {
        for (let tries = 0; tries < 4; tries++) {
                await touch().catch(() => {});
                const end = await until(done, 10000).catch(() => null);
                if (end)
                        return end;
        }
        throw new Error(`the finger was in vain: ${what}`);
}

const logIn = (page) => touchUntil(() => new URL(page.url()).pathname === "/account", "a login");

async function agree(secret = null, words = /./) {
        await screen.waitForSelector("#answer:not([hidden])", { timeout: 30000 });
        await until(async () => words.test(await screen.textContent("#says")), 10000, `the question ${words}`);
        if (secret !== null)
                await screen.fill("#secret", secret);
        await screen.click("#yes");
}

async function rests() {
        await until(() => screen.evaluate(() => document.querySelector("#sensor").disabled && document.querySelector("#answer").hidden), 60000, "the phone to rest");
}

// Whatever the phone asks for until it is done.
async function answerQuestions() {
        if (!(await screen.isVisible("#answer")))
                return;
        if (await screen.isVisible("#secret-row"))
                await screen.fill("#secret", (await screen.isVisible("#pad")) ? PIN : PASSWORD);
        const shown = await screen.textContent("#says");
        await screen.click("#yes");
        await until(async () => !(await screen.isVisible("#answer")) || (await screen.textContent("#says")) !== shown, 10000, "the next question");
}

async function wish(name, end) {
        await rests();
        await screen.click(`button[data-wish="${name}"]`);
        await until(async () => {
                await answerQuestions();
                return end.test(await screen.locator("#certificates dd").first().getAttribute("data-status"));
        }, 60000, `the certificate to be ${end}`);
        await rests();
}

async function follow(link) {
        await rests();
        await screen.fill("#link", link);
        await screen.click("#link-form button");
}

// ---- the phone's page ----

for (const language of languages)
        await check(`the phone's page in ${language}: both widths, light and dark, nothing for axe`, async () => {
                await screen.goto(`${phoneOrigin}/?language=${language}`);
                await screen.waitForSelector("#opened:not([hidden])");
                await until(async () => (await screen.locator("#hand button").count()) >= 3);
                await screen.evaluate(() => (document.querySelector("#developer").open = true));
                await examine(screen, "phone-screen", language);
        });
await screen.goto(`${phoneOrigin}/?language=en`);
await screen.waitForSelector("#opened:not([hidden])");
await until(async () => (await screen.locator("#hand button").count()) >= 3);
fingers.strange = await screen.evaluate(() => [...document.querySelectorAll("#hand button")].findIndex((one) => /stranger/i.test(one.textContent)));

await check("the phone's secret leaves the address; without it the page stays locked", async () => {
        must(!screen.url().includes(pageSecret), screen.url());
        const stranger = await openBrowser({ own });
        stranger.watch.expected.push("401", "403");
        const page = await openPage(stranger, phoneOrigin);
        await page.waitForSelector("#locked:not([hidden])");
        await page.goto(`${phoneOrigin}/#${"0".repeat(pageSecret.length)}`);
        await page.reload();
        await page.waitForSelector("#locked:not([hidden])");
        same(await page.isVisible("#opened"), false);
        await stranger.context.close();
});

// ---- the browser with the extension ----

const browser = await openWithExtension({ own });
const secret = await until(() => screen.textContent("#pairing"));
const page = await openPage(browser);

await check("the extension is paired with what the phone's page shows", async () => {
        must(/^[0-9a-f-]{39}$/.test(secret), secret);
        await (await pair(browser, phoneOrigin, secret)).close();
});

await check("registration in the page, by a finger on the phone; a certificate stands behind it", async () => {
        await page.goto(`${origin}/register?language=en`);
        await page.fill("#name", "見本 花子");
        await page.click("#register button");
        await screen.waitForSelector("#sensor:not([disabled])", { timeout: 30000 });
        must((await screen.textContent("#who")).includes(origin), "the phone shows who asks");
        await logIn(page);
        await until(async () => (await page.textContent("h1")) === "見本 花子", 10000, "the account");
        must(await page.isVisible('[aria-labelledby="certificate"] .badge.good'), "the certificate is valid");
});

for (const language of languages)
        await check(`the account with a certificate, in ${language}`, async () => {
                await page.goto(`${origin}/account?language=${language}`);
                await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
                await examine(page, "account-certificate", language);
        });

async function leave() {
        await page.goto(`${origin}/account?language=en`);
        if (new URL(page.url()).pathname === "/login")
                return;
        await submit(page, "logout");
        await arrives(page, "/");
}

async function ask() {
        await page.goto(`${origin}/login`);
        await page.click("#login-button");
}

async function told() {
        const refused = () => page.evaluate(() => document.querySelector("#say")?.dataset.mood === "bad").catch(() => false);
        await until(refused, 30000, "a refusal on the page");
        return page.textContent("#say");
}

await check("sign-out, and login in the page by a finger", async () => {
        await leave();
        await ask();
        await logIn(page);
        await until(async () => (await page.textContent("h1")) === "見本 花子", 10000, "the account");
});

await check("attack: a stranger's finger does not log in, the owner's does", async () => {
        await leave();
        await ask();
        await touch("strange");
        await pause(2000);
        same(new URL(page.url()).pathname, "/login");
        await logIn(page);
});

await check("login by PIN instead of a finger", async () => {
        await leave();
        await ask();
        await screen.waitForSelector("#finger-actions:not([hidden])", { timeout: 30000 });
        await screen.click("#pin-instead");
        // The PIN, then whatever else is asked: presence.
        await until(async () => {
                await answerQuestions();
                return new URL(page.url()).pathname === "/account";
        }, 30000, "the login by PIN");
});

await check("who says no at the phone is not logged in", async () => {
        await leave();
        await ask();
        await screen.waitForSelector("#finger-actions:not([hidden])", { timeout: 30000 });
        await screen.click("#decline");
        must((await told()).length > 0, "said");
        same(new URL(page.url()).pathname, "/login");
        await rests();
});

await check("a page that is left behind lets the phone go", async () => {
        await ask();
        await screen.waitForSelector("#sensor:not([disabled])", { timeout: 30000 });
        await page.goto(`${origin}/`);
        await rests();
});

// ---- another screen ----

const other = await openBrowser({ own });
const far = await openPage(other);

async function showCode() {
        await far.goto(`${origin}/phone`);
        await far.click("#phone-start");
        await far.waitForSelector("#pairing:not([hidden])");
        return { link: await far.getAttribute("#link", "href"), code: await far.textContent("#code"), number: await far.textContent("#number") };
}

async function leaveFar() {
        await submit(far, "logout");
        await arrives(far, "/");
}

await check("another screen is logged in by its QR code's link: the same number on both, and a finger", async () => {
        const { link, number } = await showCode();
        await follow(link);
        await screen.waitForSelector("#digits:not([hidden])", { timeout: 30000 });
        same(await screen.textContent("#digits"), number, "the phone's number");
        must((await screen.textContent("#who")).includes(origin), "the phone shows whose");
        await agree();
        await logIn(far);
        await until(async () => (await far.textContent("h1")) === "見本 花子", 10000, "the account");
        must((await far.textContent("main")).includes(":cross-device"), "the login is marked");
});

await check("and by its code, typed in small letters", async () => {
        await leaveFar();
        const { code, number } = await showCode();
        await follow(`${code.slice(0, 4).toLowerCase()}-${code.slice(4).toLowerCase()}`);
        await screen.waitForSelector("#digits:not([hidden])", { timeout: 30000 });
        same(await screen.textContent("#digits"), number);
        await agree();
        await logIn(far);
});

await check("who sees another number says no, and nobody is let in", async () => {
        await leaveFar();
        const { link } = await showCode();
        await follow(link);
        await screen.waitForSelector("#digits:not([hidden])", { timeout: 30000 });
        await screen.click("#no");
        await rests();
        same(new URL(far.url()).pathname, "/phone");
});

await check("a code that nobody shows is told as such", async () => {
        await follow(`${origin}/phone/ZZZZ9999`);
        await until(async () => /.+/.test(await screen.textContent("#told")) || /.+/.test(await screen.textContent("#trouble")), 30000, "the phone to say so");
        await rests();
});

// ---- a document ----

await check("a document is signed with the signing password, and its receipt shown", async () => {
        await ask();
        await logIn(page);
        await page.goto(`${origin}/document?language=en`);
        await page.fill("#text", "見本町へ転入します。\nI move to Mihon.");
        await page.click("#document button");
        await page.waitForSelector("#pairing:not([hidden])");
        const form = await page.textContent("#form");
        await follow(await page.getAttribute("#link", "href"));
        await screen.waitForSelector("#answer:not([hidden])", { timeout: 30000 });
        must((await screen.textContent("#text")).includes("見本町へ転入します。"), "the phone shows what is signed");
        must(form.startsWith(`Document for ${origin}`), form);
        await agree(PASSWORD);
        await page.waitForSelector("#receipt:not([hidden])", { timeout: 30000 });
        must(/見本/.test(await page.textContent("#receipt-signer")), await page.textContent("#receipt-signer"));
        for (const language of languages) {
                if (language === "en")
                        await examine(page, "document-signed", language);
        }
        await rests();
});

// ---- the certificate's life ----

// One login, however it ends: "in", or what the page says; a session that ends at once is sent to the login.
async function tryLogin() {
        await leave();
        await ask();
        return touchUntil(async () => {
                const { pathname, searchParams } = new URL(page.url());
                if (pathname === "/account")
                        return "in";
                if (searchParams.get("next") === "/account")
                        return "out again";
                return page.evaluate(() => document.querySelector("#say")?.dataset.mood === "bad" && document.querySelector("#say").textContent).catch(() => false);
        }, "the end of a login");
}

await check("held for a while: the certificate lets nobody in, and again when it is released", async () => {
        await leave();
        await ask();
        await logIn(page);
        await wish("hold", /^hold$/);
        await until(async () => {
                await page.goto(`${origin}/account`);
                return new URL(page.url()).pathname === "/login";
        }, 60000, "the session to end with the certificate");
        await until(async () => (await tryLogin()) !== "in", 60000, "the portal to know it");
        await wish("release", /^good$/);
        await until(async () => (await tryLogin()) === "in", 60000, "the portal to know it");
});

await check("revoked at the phone: within seconds nobody logs in with it", async () => {
        await wish("revoke", /^(revoked|absent)$/); // what is revoked from here is deleted here
        const begun = Date.now();
        await until(async () => (await tryLogin()) !== "in", 60000, "the portal to know it");
        console.log(`# ${((Date.now() - begun) / 1000).toFixed(1)} s`);
        same(new URL(page.url()).pathname, "/login");
});

await check("nothing was asked of others, nothing complained of", () => {
        for (const { watch } of [hand, browser, other]) {
                watch.expected.push("Failed to load resource");
                const found = watch.take().filter((text) => !watch.expected.some((one) => text.includes(one)));
                must(found.length === 0, found.join("\n"));
        }
});

await finish();
