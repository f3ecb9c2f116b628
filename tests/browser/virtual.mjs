// SPDX-License-Identifier: Apache-2.0
// The portal with Chromium's own authenticator (CTAP 2.1), which nobody vouches for: registration, both ways to
// log in, the account, other passkeys, signing out, and what is refused.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { addAuthenticator, check, examine, finish, folder, languages, must, openBrowser, openPage, same, startPortal, tabTo, until } from "./harness.mjs";

const tokenFile = join(folder(), "token");
const { origin } = await startPortal(["--admin-token", tokenFile]);

const arrives = (page, path) => page.waitForURL((url) => url.pathname === path);

async function register(page, name) {
        await page.goto(`${origin}/register`);
        await page.fill("#name", name);
        await page.click("#register button");
        await arrives(page, "/account");
}

// The field's own list may be quicker than the button: a virtual authenticator chooses from it by itself.
async function logIn(page) {
        await page.goto(`${origin}/login`);
        const arrived = arrives(page, "/account");
        await page.click("#login-button", { timeout: 2000 }).catch(() => {});
        await arrived;
}

async function told(page) {
        await until(() => page.evaluate(() => document.querySelector("#say")?.dataset.mood === "bad"));
        return page.textContent("#say");
}

const submit = (page, job) => page.click(`form[data-job="${job}"] button`);

const browser = await openBrowser({ own: [origin] });
const page = await openPage(browser);
const authenticator = await addAuthenticator(page);

await check("a passkey that verifies its user registers", async () => {
        await register(page, "見本 花子");
        same(await page.textContent("h1"), "見本 花子");
        const [credential] = await authenticator.credentials();
        same(credential.isResidentCredential, true);
        same(credential.rpId, "localhost");
});

for (const language of languages)
        await check(`the account in ${language}: both widths, light and dark, nothing for axe`, async () => {
                await page.goto(`${origin}/account?language=${language}`);
                await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
                await examine(page, "account", language);
                await page.goto(`${origin}/document`);
                await examine(page, "document", language);
        });
await page.goto(`${origin}/account?language=en`);

await check("log out, and in again by the button", async () => {
        await page.goto(`${origin}/account`);
        const before = await browser.context.cookies();
        await submit(page, "logout");
        await arrives(page, "/");
        must(/\/login$/.test((await page.goto(`${origin}/account`)).url().split("?")[0]), "the account is closed");
        await logIn(page);
        same(await page.textContent("h1"), "見本 花子");
        const session = (list) => list.find(({ name }) => /session/.test(name));
        must(session(before).value !== session(await browser.context.cookies()).value, "the session is a new one");
});

await check("cookies: not for scripts, not for other sites", async () => {
        for (const { name, httpOnly, sameSite } of await browser.context.cookies()) {
                must(httpOnly, `${name} is for scripts`);
                must(["Lax", "Strict"].includes(sameSite), `${name} is for other sites`);
        }
});

await check("logging in from the field's own list (conditional mediation)", async () => {
        const list = await openBrowser({ own: [origin] });
        const own = await openPage(list);
        const keys = await addAuthenticator(own, { transport: "internal" });
        await register(own, "見本 次郎");
        await submit(own, "logout");
        await arrives(own, "/");
        await own.goto(`${origin}/login`);
        // The list has one passkey, which a virtual authenticator chooses by itself.
        await arrives(own, "/account");
        same(await own.textContent("h1"), "見本 次郎");
        await keys.remove();
        await list.context.close();
});

await check("a second passkey, its name, and the end of the first", async () => {
        const second = await addAuthenticator(page, { transport: "internal" });
        await authenticator.touched(false);
        await submit(page, "add");
        await until(async () => (await page.locator("article.credential").count()) === 2);
        const other = page.locator("article.credential").filter({ hasNot: page.locator(".badge.good") }).first();
        await other.locator("summary").click();
        await other.locator('form[data-job="rename"] input').fill("鍵 <b>2</b>");
        await other.locator('form[data-job="rename"] button').click();
        await page.waitForSelector("text=鍵 <b>2</b>");
        same(await page.locator("article.credential h3 b").count(), 0, "markup from a name");
        const renamed = page.locator("article.credential").filter({ hasText: "鍵 <b>2</b>" });
        await renamed.locator("summary").click();
        await renamed.locator('form[data-job="remove"] button').click();
        await until(async () => (await page.locator("article.credential").count()) === 1);
        same(await page.locator('form[data-job="remove"]').count(), 0, "the last one stays");
        await second.remove();
        await authenticator.touched(true);
});

await check("the same authenticator does not register twice", async () => {
        browser.watch.expected.push("already", "InvalidStateError");
        await page.goto(`${origin}/account`);
        await submit(page, "add");
        must((await told(page)).length > 0, "said");
        same(await page.locator("article.credential").count(), 1);
});

await check("log out everywhere ends the other browser's session", async () => {
        const other = await openBrowser({ own: [origin] });
        const there = await openPage(other, origin);
        await other.context.addCookies(await browser.context.cookies());
        await there.goto(`${origin}/account`);
        same(await there.textContent("h1"), "見本 花子");
        await page.goto(`${origin}/account`);
        await submit(page, "logout-everywhere");
        await arrives(page, "/");
        await there.goto(`${origin}/account`);
        same(new URL(there.url()).pathname, "/login");
        await other.context.close();
});

await check("a passkey that cannot verify its user is refused", async () => {
        const bare = await openBrowser({ own: [origin] });
        const own = await openPage(bare);
        await addAuthenticator(own, { hasUserVerification: false, isUserVerified: false });
        await own.goto(`${origin}/register`);
        await own.fill("#name", "見本 三郎");
        await own.click("#register button");
        must((await told(own)).length > 0, "said");
        same(new URL(own.url()).pathname, "/register");
        await bare.context.close();
});

await check("a user who is not verified does not log in", async () => {
        await authenticator.verified(false);
        await page.goto(`${origin}/login`);
        await page.click("#login-button");
        must((await told(page)).length > 0, "said");
        await authenticator.verified(true);
        await logIn(page);
});

await check("another screen is logged in by a code, with the phone's own browser; it stays marked", async () => {
        const screen = await openBrowser({ own: [origin] });
        const other = await openPage(screen, `${origin}/phone`);
        await other.click("#phone-start");
        await other.waitForSelector("#pairing:not([hidden])");
        const number = await other.textContent("#number");
        await page.goto(await other.getAttribute("#link", "href"));
        await until(async () => (await page.textContent("#number")) === number, 5000, "the same number");
        for (const language of languages) {
                await page.goto(`${page.url().split("?")[0]}?language=${language}`);
                await until(async () => (await page.textContent("#number")) === number);
                await examine(page, "phone-code", language);
        }
        await page.click("#code-answer");
        await arrives(other, "/account");
        same(await other.textContent("h1"), "見本 花子");
        must((await other.textContent("main")).includes(":cross-device"), "acr");
        screen.watch.clean();
        await page.goto(`${origin}/?language=en`);
        await screen.context.close();
});

await check("attack: a code is answered twice, or after another one", async () => {
        const screen = await openBrowser({ own: [origin] });
        const other = await openPage(screen, `${origin}/phone`);
        await other.click("#phone-start");
        await other.waitForSelector("#pairing:not([hidden])");
        const link = await other.getAttribute("#link", "href");
        await page.goto(link);
        await page.click("#code-answer");
        await arrives(other, "/account");
        browser.watch.expected.push("404 (Not Found)", "409 (Conflict)", "410 (Gone)");
        await page.goto(link);
        must((await told(page)).length > 0, "said");
        await screen.context.close();
});

await check("attack: a passkey from another portal's account looks like any stranger's", async () => {
        browser.watch.expected.push("401 (Unauthorized)", "403 (Forbidden)");
        const stranger = await openBrowser({ own: [origin] });
        stranger.watch.expected.push("401 (Unauthorized)", "403 (Forbidden)");
        const own = await openPage(stranger);
        const keys = await addAuthenticator(own);
        await own.goto(`${origin}/login`);
        await own.evaluate(() => navigator.credentials.create({ publicKey: {
                challenge: new Uint8Array(32), rp: { id: "localhost", name: "x" }, user: { id: new Uint8Array(32), name: "x", displayName: "x" },
                pubKeyCredParams: [{ type: "public-key", alg: -7 }, { type: "public-key", alg: -257 }],
                authenticatorSelection: { residentKey: "required", userVerification: "required" },
        } }));
        await own.click("#login-button");
        must((await told(own)).length > 0, "said");
        same(new URL(own.url()).pathname, "/login");
        await keys.remove();
        await stranger.context.close();
});

await check("attack: a request without the session's token, or from another origin", async () => {
        browser.watch.expected.push("Failed to load resource");
        const tries = await page.evaluate(async () => {
                const json = { "Content-Type": "application/json" };
                const ask = (headers, body = "{}") => fetch("/api/logout", { method: "POST", headers, body }).then(({ status }) => status);
                return [await ask(json), await ask({ ...json, "X-CSRF": "0" }), await ask({ "Content-Type": "text/plain" })];
        });
        must(tries.every((status) => status >= 400), tries.join());
        const answer = await page.request.post(`${origin}/api/logout`, { headers: { Origin: "https://evil.example", "Content-Type": "application/json" }, data: "{}" });
        must(answer.status() >= 400, `another origin: ${answer.status()}`);
        same((await page.goto(`${origin}/account`)).status(), 200, "still logged in");
});

await check("the administrator's door in both languages: both widths, light and dark, nothing for axe; a guess stays outside", async () => {
        for (const language of languages) {
                await page.goto(`${origin}/admin?language=${language}`);
                await examine(page, "admin-door", language);
                await page.fill("#token", "a guess");
                await page.click("#admin button");
                must((await told(page)).length > 0, "said");
                await examine(page, "admin-refused", language);
        }
});

await check("the administrator enters by keyboard alone, and sees figures and refusals in both languages", async () => {
        await page.goto(`${origin}/admin?language=en`);
        await tabTo(page, "#token");
        await page.keyboard.type(readFileSync(tokenFile, "utf8").trim());
        await tabTo(page, "#admin button");
        await page.keyboard.press("Enter");
        for (const language of languages) {
                await page.waitForSelector("#reasons");
                await page.goto(`${origin}/admin?language=${language}`);
                await until(async () => (await page.locator("#reasons tr").count()) > 0, 10000, "the refusals of this test");
                must(Number(await page.textContent('[data-figure="accounts"]')) >= 2, "accounts");
                await examine(page, "admin", language);
        }
        must(!(await page.textContent("main")).includes("見本"), "a person's name");
        await page.goto(`${origin}/?language=en`);
});

await check("nothing was asked of others, nothing complained of", () => browser.watch.clean());

await finish();
