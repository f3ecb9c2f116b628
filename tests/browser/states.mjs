// SPDX-License-Identifier: Apache-2.0
// The phone's page in each of its states, in both languages, at both widths, light and dark: what axe finds, what stands
// beyond the edge, and how it looks.

import { check, examine, finish, languages, must, openBrowser, openPage, until } from "./harness.mjs";
import { openWithExtension, pair } from "./pairing.mjs";
import { openHand, PASSWORD, PIN, startPrototype } from "./prototype.mjs";

const prototype = await startPrototype();
const { origin, phoneOrigin, own } = prototype;
const { browser: hand, screen, open, agree, logIn, rests, answerQuestions, wish, follow } = await openHand(prototype);

// A question ends when nobody answers: what the phone's program has once said of it is said again while it is looked at.
async function look(name, prepare = () => {}) {
        let kept = null;
        const again = async (route) => {
                try {
                        kept ??= await (await route.fetch()).json();
                        await route.fulfill({ json: kept });
                } catch {
                        await route.abort().catch(() => {}); // a connection that lay idle has just ended: the page asks again
                }
        };
        await screen.route("**/api/screen", again);
        for (const language of languages) {
                await open(language);
                await prepare();
                must(!/\b(ask|reason)-/.test(await screen.textContent("#says")), `${name}: a word that the page does not have`);
                await examine(screen, `phone-${name}`, language);
        }
        await screen.unroute("**/api/screen", again);
        await open("en");
}

const shown = (selector) => screen.waitForSelector(`${selector}:not([hidden])`, { timeout: 30000 });
const touched = () => screen.waitForSelector("#sensor:not([disabled])", { timeout: 30000 });

async function letGo(page) {
        await page.goto(`${origin}/`);
        await rests();
}

await check("a page that is not open here, and one that is not there", async () => {
        for (const language of languages) {
                const stranger = await openBrowser({ own, language });
                stranger.watch.expected.push("401", "403", "404 (Not Found)");
                const page = await openPage(stranger, `${phoneOrigin}/?language=${language}`);
                await page.waitForSelector("#locked:not([hidden])");
                await examine(page, "phone-locked", language);
                await page.goto(`${phoneOrigin}/nothing`);
                await examine(page, "phone-problem", language);
                stranger.watch.clean();
                await stranger.context.close();
        }
});

await check("at rest, with certificates, and what the element was asked", () => look("rests", () => screen.evaluate(() => (document.querySelector("#developer").open = true))));

const browser = await openWithExtension({ own });
await (await pair(browser, phoneOrigin, await until(() => screen.textContent("#pairing")))).close();
const page = await openPage(browser);

await check("a finger is asked for, to register", async () => {
        await page.goto(`${origin}/register?language=en`);
        await page.fill("#name", "見本 花子");
        await page.click("#register button");
        await touched();
        await look("register");
        await letGo(page);
        await page.goto(`${origin}/register`);
        await page.fill("#name", "見本 花子");
        await page.click("#register button");
        await logIn(page);
});

async function ask() {
        await page.goto(`${origin}/login`);
        await page.click("#login-button");
}

await check("a finger is asked for, to log in; one that is not known", async () => {
        await page.context().clearCookies();
        await ask();
        await touched();
        await look("finger");
        await letGo(page);
        await ask();
        await touched();
        await screen.locator("#hand button").last().click();
        await until(async () => /not recognised/.test(await screen.textContent("#told")), 20000, "what became of the stranger's finger");
        await look("stranger");
        await letGo(page);
});

await check("the PIN pad, and the question after it", async () => {
        await ask();
        await shown("#finger-actions");
        await screen.click("#pin-instead");
        await shown("#pad");
        await look("pin");
        await screen.click("#no").catch(() => {});
        await letGo(page);
        await ask();
        await shown("#finger-actions");
        await screen.click("#pin-instead");
        await shown("#pad");
        await screen.fill("#secret", PIN);
        await screen.click("#yes");
        await until(async () => (await screen.isVisible("#answer")) && !(await screen.isVisible("#secret-row")), 20000, "the question");
        await look("touch");
        await until(async () => {
                await answerQuestions();
                return new URL(page.url()).pathname === "/account";
        }, 60000, "the login").catch(() => {});
        await letGo(page);
});

await check("the developer's pane: CTAP and APDUs, decoded, and no PIN", async () => {
        await screen.click("#developer summary");
        await until(() => screen.locator("#log .ctap-response").count(), 10000, "CTAP");
        const log = await screen.textContent("#log");
        for (const word of ["CTAP > authenticatorGetAssertion", "CTAP < CTAP2_OK", "APDU > ", "APDU < 9000"])
                must(log.includes(word), `no ${word} in ${log.slice(-2000)}`);
        must(!log.includes(Buffer.from(PIN).toString("hex")) && !log.includes(PASSWORD), "a secret in the log");
        await look("developer", async () => {
                await screen.evaluate(() => (document.querySelector("#developer").open = true));
                await until(() => screen.locator("#log .ctap-response").count(), 10000, "CTAP");
        });
});

const other = await openBrowser({ own });
const far = await openPage(other);

await check("a login for another screen: its number", async () => {
        await far.goto(`${origin}/phone`);
        await far.click("#phone-start");
        await far.waitForSelector("#pairing:not([hidden])");
        await follow(await far.getAttribute("#link", "href"));
        await shown("#digits");
        await look("number");
        if (await screen.isVisible("#no"))
                await screen.click("#no");
        await rests();
});

await check("a code that nobody shows", async () => {
        await follow(`${origin}/phone/ZZZZ9999`);
        await until(async () => /.+/.test(await screen.textContent("#told")), 30000, "the phone to say so");
        await examine(screen, "phone-failed", "en");
        await rests();
});

await check("a document and the password that signs it", async () => {
        await ask();
        await logIn(page);
        await page.goto(`${origin}/document?language=en`);
        await page.fill("#text", "見本町へ転入します。\nI move to Mihon.");
        await page.click("#document button");
        await page.waitForSelector("#pairing:not([hidden])");
        await follow(await page.getAttribute("#link", "href"));
        await shown("#text");
        await look("sign");
        if (await screen.isVisible("#no"))
                await screen.click("#no");
        await rests();
});

await check("the fingers, after the PIN", async () => {
        await screen.click('button[data-wish="fingers"]');
        await until(async () => {
                await answerQuestions();
                return (await screen.locator("#fingers li").count()) >= 2;
        }, 30000, "the fingers");
        await rests();
        await look("fingers", () => until(async () => (await screen.locator("#fingers li").count()) >= 2));
});

await check("certificates that are held, released, revoked, erased", async () => {
        await wish("hold", /^hold$/);
        await look("held");
        await wish("release", /^good$/);
        await wish("revoke", /^(revoked|absent)$/);
        await look("revoked");
        await screen.click('button[data-wish="erase"]');
        await agree(null, /Set the whole phone back/);
        await until(async () => (await screen.locator("#fingers li").count()) === 0, 60000, "the fingers to be gone");
        await rests();
        await look("erased");
});

await check("nothing was asked of others, nothing complained of", () => {
        for (const { watch } of [hand, browser, other]) {
                watch.expected.push("Failed to load resource");
                const found = watch.take().filter((text) => !watch.expected.some((one) => text.includes(one)));
                must(found.length === 0, found.join("\n"));
        }
});

await finish();
