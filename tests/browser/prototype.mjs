// SPDX-License-Identifier: Apache-2.0
// The whole prototype as its tests use it: the phone on the screen with a person's certificates and fingers, the
// portal that believes it, and the person's hand.

import { createServer } from "node:net";
import { join } from "node:path";
import { folder, openBrowser, openPage, same, start, startPortal, until } from "./harness.mjs";

export const PIN = "1234";
export const PASSWORD = "PASSWORD1";

async function freePort() {
        const server = createServer().listen(0, "127.0.0.1");
        await new Promise((resolve) => server.once("listening", resolve));
        const { port } = server.address();
        await new Promise((resolve) => server.close(resolve));
        return port;
}

// `secure`: the portal has a certificate of its own making, which the phone is told of.
export async function startPrototype({ secure = false } = {}) {
        const port = await freePort();
        const place = folder();
        const origin = `${secure ? "https" : "http"}://localhost:${port}`;
        const asked = ["--folder", join(place, "phone"), "--trust-out", join(place, "trust"), "--listen", "127.0.0.1:0", "--portal", origin];
        const phone = await start("examples/phone", asked, /phone is at (http:\/\/[^/\s]+)\/#(\S+)/);
        const [, phoneOrigin, pageSecret] = phone.match;
        const portal = await startPortal(["--listen", `127.0.0.1:${port}`, "--trust", join(place, "trust"), ...(secure ? ["--tls"] : [])]);
        same(portal.origin, origin);
        return { phone, origin, phoneOrigin, pageSecret, own: [origin, phoneOrigin], place };
}

export const arrives = (page, path) => page.waitForURL((url) => url.pathname === path, { timeout: 30000 });

// The person at the phone, whose page is open before him.
export async function openHand({ own, phoneOrigin, pageSecret }) {
        const browser = await openBrowser({ own });
        const screen = await openPage(browser, `${phoneOrigin}/#${pageSecret}`);
        const fingers = { mine: 0, strange: -1 };

        // The page in a language, open and with its hand.
        async function open(language = "en") {
                await screen.goto(`${phoneOrigin}/?language=${language}`);
                await screen.waitForSelector("#opened:not([hidden])");
                await until(async () => (await screen.locator("#hand button").count()) >= 3);
        }

        async function touch(which = "mine") {
                await screen.waitForSelector("#sensor:not([disabled])", { timeout: 10000 });
                await screen.locator("#hand button").nth(fingers[which]).click();
        }

        // Lays the finger on again when nothing came of it: as people do.
        async function touchUntil(done, what, lay = touch) {
                for (let tries = 0; tries < 4; tries++) {
                        await lay().catch(() => {});
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

        await screen.waitForSelector("#opened:not([hidden])");
        await open();
        fingers.strange = await screen.evaluate(() => [...document.querySelectorAll("#hand button")].findIndex((one) => /stranger/i.test(one.textContent)));
        return { browser, screen, open, touch, touchUntil, logIn, agree, rests, answerQuestions, wish, follow };
}
