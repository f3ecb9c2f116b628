// SPDX-License-Identifier: Apache-2.0
// The extension between a page and a phone: registration and login with the project's own authenticator, giving
// up, and what pages and strangers try. The page is a bare one of this test's.

import { createServer } from "node:http";
import { atEnd, check, examine, finish, folder, must, openPage, pause, same, start, tabTo, until } from "./harness.mjs";
import { openWithExtension, pair, type } from "./pairing.mjs";

const phone = await start("tests/browser/rig_phone", [folder()], /phone on (\S+) with (\S+)/);
const [, address, secret] = phone.match;

const server = createServer((request, response) => {
        response.setHeader("Content-Type", "text/html; charset=utf-8");
        response.end('<!doctype html><html lang="en"><title>page</title><iframe id="frame"></iframe>');
}).listen(0, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));
atEnd(() => server.close());
const origin = `http://localhost:${server.address().port}`;

const browser = await openWithExtension({ own: [origin, address, origin.replace("localhost", "127.0.0.1"), "http://localhost:9"] });
const say = (line) => phone.child.stdin.write(`${line}\n`);

async function whom() {
        const before = phone.said().length;
        say("who");
        return until(() => phone.said().slice(before).match(/shown (\S*)\n/)?.[1]);
}

// In the page: a ceremony, and what became of it.
function ceremony(page, kind, options = {}, giveUpAfter = 0) {
        return page.evaluate(async ([kind, options, giveUpAfter]) => {
                const challenge = new Uint8Array(32).fill(7);
                const publicKey = kind === "get" ? { challenge, rpId: "localhost", userVerification: "required", ...options } : {
                        challenge,
                        rp: { id: "localhost", name: "page" },
                        user: { id: new Uint8Array([1, 2, 3]), name: "hanako", displayName: "見本 花子" },
                        pubKeyCredParams: [{ type: "public-key", alg: -7 }, { type: "public-key", alg: -257 }],
                        authenticatorSelection: { residentKey: "required", userVerification: "required" },
                        attestation: "direct",
                        extensions: { credProps: true },
                        ...options,
                };
                const control = new AbortController();
                if (giveUpAfter)
                        setTimeout(() => control.abort(), giveUpAfter);
                try {
                        const credential = await navigator.credentials[kind]({ publicKey, signal: control.signal });
                        const json = credential.toJSON();
                        return {
                                ...json,
                                clientData: JSON.parse(new TextDecoder().decode(credential.response.clientDataJSON)),
                                discoverable: credential.getClientExtensionResults().credProps?.rk,
                                key: credential.response.getPublicKey?.()?.byteLength,
                        };
                } catch (error) {
                        return { error: error.name };
                }
        }, [kind, options, giveUpAfter]);
}

const page = await openPage(browser, origin);

await check("before pairing pages ask the browser, not the phone", async () => {
        same(await page.evaluate(() => PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable()), false);
});

await check("a wrong secret, a wrong address: the extension's page says so, and keeps nothing", async () => {
        const options = await openPage(browser, browser.options);
        browser.watch.expected.push("401 (Unauthorized)", "net::ERR_");
        must(/secret/.test(await type(options, address, "0".repeat(32))), "secret");
        must(/secret/.test(await type(options, address, "abc")), "short secret");
        must(/address of this machine/.test(await type(options, "https://phone.example", secret)), "address");
        must(/does not answer/.test(await type(options, "http://localhost:9", secret)), "nobody");
        same(await options.evaluate(() => chrome.storage.local.get("secret").then(({ secret }) => secret)), undefined);
        await options.close();
});

await check("the extension's page: accessible, and it pairs", async () => {
        const options = await openPage(browser, browser.options);
        await examine(options, "extension", "en");
        await options.close();
        const paired = await pair(browser, `${address}/#secret-of-the-page`, secret);
        must(/Paired/.test(await paired.textContent("#state")), "paired");
        same(await paired.inputValue("#address"), address, "the page's own secret is not kept before people's eyes");
        await examine(paired, "extension-paired", "en");
        await paired.close();
});

await check("the extension's page in Japanese, by keyboard alone", async () => {
        const other = await openWithExtension({ own: [address], language: "ja" });
        const options = await openPage(other, other.options);
        await examine(options, "extension", "ja");
        await tabTo(options, "#address");
        await options.keyboard.type(address);
        await tabTo(options, "#secret");
        await options.keyboard.type(secret);
        await tabTo(options, "button[type=submit]");
        await options.keyboard.press("Enter");
        await until(async () => /^ペアリングしました/.test(await options.textContent("#state")), 10000, "the pairing");
        await tabTo(options, "#on");
        await options.keyboard.press("Space");
        same(await options.isChecked("#on"), false, "switched off");
        await options.keyboard.press("Space");
        await examine(options, "extension-paired", "ja");
        other.watch.clean();
        await other.context.close();
});

await check("a passkey is made by a finger at the phone", async () => {
        const made = await ceremony(page, "create");
        same(made.clientData?.origin, origin, made.error);
        same(made.clientData.type, "webauthn.create");
        same(made.discoverable, true);
        same(made.key, 91, "SubjectPublicKeyInfo");
        same(made.response.publicKeyAlgorithm, -7);
        same(await whom(), origin, "the phone shows");
});

await check("and logs in", async () => {
        const got = await ceremony(page, "get");
        same(got.clientData?.type, "webauthn.get", got.error);
        same(got.response.userHandle, "AQID");
});

await check("the same authenticator is not registered twice", async () => {
        const { id } = await ceremony(page, "get");
        const error = await page.evaluate(async (id) => {
                const bytes = Uint8Array.from(atob(id.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
                try {
                        await navigator.credentials.create({ publicKey: {
                                challenge: new Uint8Array(16), rp: { name: "page" }, user: { id: bytes, name: "a", displayName: "a" },
                                pubKeyCredParams: [{ type: "public-key", alg: -7 }, { type: "public-key", alg: -257 }],
                                excludeCredentials: [{ type: "public-key", id: bytes }],
                        } });
                } catch (error) {
                        return error.name;
                }
        }, id);
        same(error, "InvalidStateError");
});

await check("a page that gives up is let go, and the next request is served", async () => {
        say("away");
        same((await ceremony(page, "get", {}, 700)).error, "AbortError");
        const next = ceremony(page, "get");
        await pause(500);
        say("back");
        same((await next).clientData?.type, "webauthn.get");
});

await check("attack: a page asks for another website's passkey", async () => {
        browser.watch.expected.push("webauthn");
        same((await ceremony(page, "get", { rpId: "bank.example" })).error, "SecurityError");
});

await check("attack: a page says that it is another one", async () => {
        const got = await ceremony(page, "get", {
                extensions: { remoteDesktopClientOverride: { origin: "https://bank.example", sameOriginWithAncestors: true } },
        });
        if (!got.error)
                same(got.clientData.origin, origin);
        same(await whom(), origin, "the phone shows");
});

await check("attack: a page speaks to the phone itself, past the extension", async () => {
        browser.watch.expected.push("CORS", "Failed to load resource", "Access to fetch");
        const answers = await page.evaluate(async ([address, secret]) => {
                const tried = [];
                for (const headers of [{ "Content-Type": "application/json", "X-Mitome-Pairing": secret }, { "Content-Type": "text/plain" }])
                        tried.push(await fetch(`${address}/extension/pair`, { method: "POST", headers, body: "{}" }).then((answer) => answer.status, () => "refused"));
                return tried;
        }, [address, secret]);
        same(answers.join(), "refused,refused");
});

await check("attack: a frame of another origin asks", async () => {
        const other = origin.replace("localhost", "127.0.0.1");
        const outer = await openPage(browser, other);
        await outer.evaluate((inner) => new Promise((resolve) => {
                const frame = document.querySelector("#frame");
                frame.allow = "publickey-credentials-get *";
                frame.onload = resolve;
                frame.src = inner;
        }), origin);
        const frame = outer.frames().find((one) => one.url().startsWith(origin));
        same((await ceremony(frame, "get")).error, "NotAllowedError");
        await outer.close();
});

await check("switched off, pages ask the browser again", async () => {
        const options = await openPage(browser, browser.options);
        await options.click("#on");
        await until(() => page.evaluate(() => PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable().then((there) => !there)));
        await options.click("#on");
        await until(() => page.evaluate(() => PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable()));
        await options.close();
});

await check("a phone that is gone: the page is told no, and the extension says why", async () => {
        browser.watch.expected.push("net::ERR_");
        await phone.stop();
        same((await ceremony(page, "get")).error, "NotAllowedError");
        same(await browser.worker.evaluate(() => chrome.action.getBadgeText({})), "!");
});

await check("nothing else was asked for or complained of", () => browser.watch.clean());

await finish();
