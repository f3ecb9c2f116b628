// SPDX-License-Identifier: Apache-2.0
// The portal's pages as a visitor sees them: in both languages, at both widths, light and dark; by keyboard; without
// JavaScript; and with a browser that was given a bad link.

import { check, examine, finish, languages, must, openBrowser, openPage, same, startPortal, until } from "./harness.mjs";

const { origin } = await startPortal();

for (const language of languages) {
        const browser = await openBrowser({ own: [origin], language });
        const page = await openPage(browser, origin);
        for (const [name, path] of [["start", "/"], ["register", "/register"], ["login", "/login"], ["phone", "/phone"]])
                await check(`${name} in ${language}: both widths, light and dark, nothing for axe`, async () => {
                        await page.goto(origin + path);
                        await examine(page, name, language);
                });
        await check(`the QR code in ${language}`, async () => {
                await page.goto(`${origin}/phone`);
                await page.click("#phone-start");
                await page.waitForSelector("#pairing:not([hidden])");
                must(/^\d\d$/.test(await page.textContent("#number")), "two digits");
                must((await page.getAttribute("#link", "href")).startsWith(`${origin}/phone/`), "link");
                must(await page.evaluate(() => document.querySelector("#qr path")?.getAttribute("d")?.length > 100), "QR code");
                await examine(page, "phone-qr", language);
        });
        await check(`a page that is not there, in ${language}`, async () => {
                browser.watch.expected.push("404 (Not Found)");
                same((await page.goto(`${origin}/nothing`)).status(), 404);
                await examine(page, "problem", language);
        });
        await check(`nothing was asked of others, nothing complained of, in ${language}`, () => browser.watch.clean());
}

const browser = await openBrowser({ own: [origin] });
const page = await openPage(browser, origin);

await check("by keyboard: the first stop leads past the header, and each stop is seen", async () => {
        await page.goto(`${origin}/login`);
        await page.keyboard.press("Tab");
        same(await page.evaluate(() => document.activeElement.getAttribute("href")), "#main");
        for (let stop = 0; stop < 12; stop++) {
                await page.keyboard.press("Tab");
                const seen = await page.evaluate(() => {
                        const element = document.activeElement;
                        if (element === document.body)
                                return true;
                        const { outlineStyle, boxShadow } = getComputedStyle(element);
                        return outlineStyle !== "none" || boxShadow !== "none";
                });
                must(seen, `stop ${stop} is not seen`);
        }
});

await check("the language that was chosen stays", async () => {
        await page.goto(`${origin}/?language=ja`);
        await page.goto(`${origin}/login`);
        same(await page.evaluate(() => document.documentElement.lang), "ja");
        await page.goto(`${origin}/login?language=en`);
        same(await page.evaluate(() => document.documentElement.lang), "en");
});

await check("an empty name is told at the field, before anything is asked", async () => {
        await page.goto(`${origin}/register`);
        await page.click("#register button");
        same(await page.getAttribute("#name", "aria-invalid"), "true");
        same(await page.evaluate(() => document.activeElement.id), "name");
        must((await page.textContent("#say")).length > 0, "said");
});

await check("attack: a link that leads elsewhere after the login is dropped", async () => {
        for (const next of ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/api/logout"]) {
                await page.goto(`${origin}/login?next=${encodeURIComponent(next)}`);
                same(await page.getAttribute("body", "data-next"), "", next);
        }
});

await check("attack: a page of another site frames the login", async () => {
        const { createServer } = await import("node:http");
        const server = createServer((request, response) => {
                response.setHeader("Content-Type", "text/html");
                response.end(`<!doctype html><iframe src="${origin}/login"></iframe>`);
        }).listen(0, "127.0.0.1");
        await new Promise((resolve) => server.once("listening", resolve));
        const other = await openBrowser({ own: [origin, `http://127.0.0.1:${server.address().port}`] });
        const outer = await openPage(other, `http://127.0.0.1:${server.address().port}/`);
        await until(() => other.watch.found.some((text) => /frame-ancestors/.test(text)), 5000, "the browser's refusal");
        const inner = outer.frames()[1];
        same(await inner.$("#login-button"), null, "the button within");
        server.close();
});

await check("without JavaScript the pages stand, and say what is missing", async () => {
        const bare = await openBrowser({ own: [origin], javaScriptEnabled: false });
        const still = await openPage(bare, `${origin}/login`);
        must(await still.isVisible("noscript p, .notice"), "noscript");
        must(await still.isVisible("h1"), "heading");
});

await finish();
