// SPDX-License-Identifier: Apache-2.0
// The extension (examples/phone/extension) in Chromium, as its owner installs and pairs it.

import { join } from "node:path";
import { openBrowser, openPage, source, until } from "./harness.mjs";

export const extension = join(source, "examples", "phone", "extension");

export async function openWithExtension(options) {
        const browser = await openBrowser({ ...options, extension });
        const worker = browser.context.serviceWorkers()[0] ?? (await browser.context.waitForEvent("serviceworker"));
        const page = `chrome-extension://${new URL(worker.url()).host}/options.html`;
        // It opens its own page when it is installed.
        await until(() => browser.context.pages().some((one) => one.url() === page), 10000, "the extension's page");
        return { ...browser, worker, options: page };
}

export async function type(page, address, secret) {
        await page.fill("#address", address);
        await page.fill("#secret", secret);
        const before = page.locator("#state");
        await page.click("button[type=submit]");
        return until(async () => {
                const text = await before.textContent();
                return /\.\.|…/.test(text) ? null : text;
        });
}

export async function pair(browser, address, secret) {
        const page = await openPage(browser, browser.options);
        await type(page, address, secret);
        await until(() => page.evaluate(() => chrome.storage.local.get("on").then(({ on }) => on)));
        // From then on the browser hands requests over.
        await until(() => browser.worker.evaluate(() => chrome.action.getTitle({})
                .then((title) => title === chrome.i18n.getMessage("title_on"))), 10000, "the extension to be attached");
        return page;
}
