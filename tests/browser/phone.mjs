// SPDX-License-Identifier: Apache-2.0
// The whole prototype: the phone on the screen with a person's certificates and fingers, its browser extension, and
// the portal. Registration and login by finger in the page, by PIN, with another screen by link and by code, a signed
// document, the account, holding and revoking, signing out.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build, check, examine, finish, folder, languages, must, openBrowser, openPage, pause, picture, same, source, tabTo, until } from "./harness.mjs";
import { openWithExtension, pair } from "./pairing.mjs";
import { arrives, openHand, PASSWORD, PIN, startPrototype } from "./prototype.mjs";

const prototype = await startPrototype();
const { origin, phoneOrigin, pageSecret, own } = prototype;
const hand = await openHand(prototype);
const { screen, touch, touchUntil, logIn, agree, rests, answerQuestions, wish, follow } = hand;
const submit = (page, job) => page.click(`form[data-job="${job}"] button`);

// ---- the phone's page ----

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
        await picture(screen, "phone-screen", 830);
        await logIn(page);
        await until(async () => (await page.textContent("h1")) === "見本 花子", 10000, "the account");
        must(await page.isVisible('[aria-labelledby="certificate"] .badge.good'), "the certificate is valid");
});

for (const language of languages)
        await check(`the account with a certificate, in ${language}`, async () => {
                await page.goto(`${origin}/account?language=${language}`);
                await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
                await examine(page, "account-certificate", language);
                await picture(page, language === "en" ? "portal-account" : `portal-account-${language}`, 1360);
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

await check("by keyboard alone: asked for with Tab and Enter in the page, and touched with them on the phone", async () => {
        await leave();
        await page.goto(`${origin}/login`);
        await tabTo(page, "#login-button");
        await page.keyboard.press("Enter");
        await touchUntil(() => new URL(page.url()).pathname === "/account", "a login by keyboard", async () => {
                await screen.waitForSelector("#sensor:not([disabled])", { timeout: 30000 });
                await tabTo(screen, "#hand button:first-child");
                await screen.keyboard.press("Enter");
        });
});

await check("by keyboard alone: the PIN, on the pad and typed", async () => {
        await leave();
        await page.goto(`${origin}/login`);
        await tabTo(page, "#login-button");
        await page.keyboard.press("Enter");
        await screen.waitForSelector("#finger-actions:not([hidden])", { timeout: 30000 });
        await tabTo(screen, "#pin-instead");
        await screen.keyboard.press("Enter");
        await screen.waitForSelector("#pad:not([hidden])", { timeout: 30000 });
        await until(() => screen.evaluate(() => document.activeElement.id === "secret"), 10000, "the field to have the focus");
        await screen.keyboard.type(PIN.slice(0, 2));
        for (const digit of PIN.slice(2)) {
                await tabTo(screen, `[data-digit="${digit}"]`);
                await screen.keyboard.press("Enter");
        }
        same(await screen.inputValue("#secret"), PIN);
        await tabTo(screen, "#yes");
        await screen.keyboard.press("Enter");
        await until(async () => {
                if (await screen.isVisible("#answer") && !(await screen.isVisible("#secret-row")))
                        await tabTo(screen, "#yes").then(() => screen.keyboard.press("Enter"), () => {});
                return new URL(page.url()).pathname === "/account";
        }, 60000, "the login by PIN");
});

await check("a picture of a finger is dropped on the phone's page; what is no picture is said to be none", async () => {
        const laid = folder();
        const [, seed] = readFileSync(join(source, "examples/phone/body/phone_hand.c"), "utf8").match(/\{ (\d+), "finger-index"/);
        must(spawnSync(join(build, "tests/interop/lay_images"), [laid, "1", "4", seed]).status === 0, "the pictures");
        const dropped = (bytes) => screen.evaluate((base64) => {
                const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
                const dataTransfer = new DataTransfer();
                dataTransfer.items.add(new File([bytes], "finger.pgm"));
                const at = document.querySelector("#sensor");
                const taken = (type) => !at.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }));
                return taken("dragover") && taken("drop");
        }, bytes.toString("base64"));
        hand.browser.watch.expected.push("400 (Bad Request)");
        await leave();
        await ask();
        await screen.waitForSelector("#sensor:not([disabled])", { timeout: 30000 });
        must(await dropped(Buffer.from("no picture")), "the browser would open what was dropped");
        await screen.waitForSelector("#trouble:not([hidden])");
        let next = 0;
        await touchUntil(() => new URL(page.url()).pathname === "/account", "a picture", async () => {
                await screen.waitForSelector("#sensor:not([disabled])", { timeout: 10000 });
                await dropped(readFileSync(join(laid, `F1_${++next}.pgm`)));
        });
});

await check("attack: a website's user name that would turn round, or continue, the line of the website", async () => {
        const name = "\u202Eknab.elpmaxe//:sptth\u2067 \u05D0\u05D1 \u00B7 https://bank.example";
        await leave();
        await ask();
        await screen.waitForSelector("#sensor:not([disabled])", { timeout: 30000 });
        let kept = null;
        await screen.route("**/api/screen", async (route) => {
                try {
                        kept ??= { ...(await (await route.fetch()).json()), user_name: name };
                        await route.fulfill({ json: kept });
                } catch {
                        await route.abort().catch(() => {}); // a connection that lay idle has just ended: the page asks again
                }
        });
        await hand.open();
        await until(async () => (await screen.locator("#who dd").count()) === 3, 10000, "all three");
        // Where each letter is seen, from left to right and line by line.
        const facts = await screen.evaluate(() => [...document.querySelectorAll("#who dd")].map((place) => {
                const text = place.firstElementChild.firstChild;
                const range = document.createRange();
                const letters = [...text.data].map((letter, at) => {
                        range.setStart(text, at);
                        range.setEnd(text, at + 1);
                        return { letter, box: range.getBoundingClientRect() };
                });
                const { top, bottom } = place.getBoundingClientRect();
                const seen = letters.toSorted((a, b) => a.box.top - b.box.top || a.box.left - b.box.left).map(({ letter }) => letter).join("");
                return { tag: place.firstElementChild.tagName, top, bottom, text: text.data, seen, label: place.previousElementSibling.textContent };
        }));
        same(facts.map(({ label }) => label).join(), "Website,Address,Account");
        same(facts.map(({ text }) => text).join(), ["localhost", origin, name].join());
        same(facts[0].seen, "localhost");
        same(facts[1].seen, origin);
        must(facts[2].seen !== name, "the name is not turned round: the test shows nothing");
        for (const { tag } of facts)
                same(tag, "BDI");
        must(facts[0].bottom <= facts[1].top && facts[1].bottom <= facts[2].top, "each has its own line");
        await examine(screen, "phone-attack", "en");
        await screen.unroute("**/api/screen");
        await hand.open();
        await page.goto(`${origin}/`);
        await rests();
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
        await picture(far, "portal-phone", 910);
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

await check("a document is signed with the signing password, and its receipt shown, in both languages", async () => {
        await ask();
        await logIn(page);
        for (const language of languages) {
                await page.goto(`${origin}/document?language=${language}`);
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
                await rests();
                await examine(page, "document-signed", language);
        }
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
        for (const { watch } of [hand.browser, browser, other]) {
                watch.expected.push("Failed to load resource");
                const found = watch.take().filter((text) => !watch.expected.some((one) => text.includes(one)));
                must(found.length === 0, found.join("\n"));
        }
});

await finish();
