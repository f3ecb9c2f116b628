// SPDX-License-Identifier: Apache-2.0
// A portal over HTTPS with a certificate of its own making (docs/portal.md), used with the phone through the extension;
// and what another origin gets, whoever vouches for it.

import { createHash, X509Certificate } from "node:crypto";
import { createServer } from "node:http";
import { connect } from "node:tls";
import { check, atEnd, finish, must, openPage, same, until } from "./harness.mjs";
import { openWithExtension, pair } from "./pairing.mjs";
import { arrives, openHand, startPrototype } from "./prototype.mjs";

const prototype = await startPrototype({ secure: true });
const { origin, phoneOrigin, own } = prototype;
const { browser: hand, screen, logIn, touchUntil, rests } = await openHand(prototype);

// What "trust this certificate" is to a browser: the server's key, and no other one.
const trusted = await new Promise((resolve, reject) => {
        const socket = connect({ port: new URL(origin).port, host: "127.0.0.1", servername: "localhost", rejectUnauthorized: false }, () => {
                const { publicKey } = new X509Certificate(socket.getPeerCertificate().raw);
                socket.end();
                resolve(createHash("sha256").update(publicKey.export({ type: "spki", format: "der" })).digest("base64"));
        });
        socket.once("error", reject);
});

// Another server on this machine, which browsers call localhost, too.
const server = createServer((request, response) => {
        response.setHeader("Content-Type", "text/html; charset=utf-8");
        response.end('<!doctype html><html lang="en"><title>page</title>');
}).listen(0, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));
atEnd(() => server.close());
const strange = `http://localhost:${server.address().port}`;

const browser = await openWithExtension({ own: [...own, strange, strange.replace("localhost", "127.0.0.1")], trusted });
await (await pair(browser, phoneOrigin, await until(() => screen.textContent("#pairing")))).close();
const page = await openPage(browser);
const touched = () => screen.waitForSelector("#sensor:not([disabled])", { timeout: 30000 });

// In a page: a login's options become an answer.
const sign = (page, options) => page.evaluate(async (options) => {
        try {
                const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
                return (await navigator.credentials.get({ publicKey })).toJSON();
        } catch (error) {
                return { error: error.name };
        }
}, options);

const post = (path, body) => page.evaluate(async ([path, body]) => {
        const { csrf } = await (await fetch("/api/session")).json();
        const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json", "X-CSRF": csrf }, body: JSON.stringify(body) });
        return { status: answer.status, body: await answer.json() };
}, [path, body]);

await check("registration over HTTPS, by a finger on the phone, which shows the origin", async () => {
        await page.goto(`${origin}/register?language=en`);
        await page.fill("#name", "見本 花子");
        await page.click("#register button");
        await touched();
        must((await screen.textContent("#who")).includes(origin), await screen.textContent("#who"));
        await logIn(page);
        must(await page.isVisible('[aria-labelledby="certificate"] .badge.good'), "the certificate is valid");
});

await check("its cookie is for HTTPS and this host alone", async () => {
        const session = (await browser.context.cookies()).find(({ name }) => /^__Host-.*session/.test(name));
        must(session?.secure && session.httpOnly && session.path === "/", JSON.stringify(session));
});

await check("login over HTTPS, by a finger", async () => {
        await page.click('form[data-job="logout"] button');
        await arrives(page, "/");
        await page.goto(`${origin}/login`);
        await page.click("#login-button");
        await logIn(page);
        await page.click('form[data-job="logout"] button');
        await arrives(page, "/");
});

await check("attack: another port of this machine passes on the portal's challenge: the finger's answer names its origin, and is refused", async () => {
        const { status, body: options } = await post("/api/login/options", {});
        same(status, 200);
        const phisher = await openPage(browser, strange);
        const signed = sign(phisher, options);
        await touched();
        const who = await screen.textContent("#who");
        must(who.includes(strange) && !who.includes(origin), `the phone shows ${who}`);
        let answer = null;
        signed.then((one) => (answer = one));
        await touchUntil(() => answer, "a signature for the strange page");
        same(JSON.parse(Buffer.from(answer.response.clientDataJSON, "base64url")).origin, strange);
        browser.watch.expected.push("Failed to load resource");
        const refused = await post("/api/login", answer);
        must(refused.status >= 400 && refused.status < 500, `the portal answers ${refused.status}`);
        same((await post("/api/login", answer)).body.person, undefined);
        await page.goto(`${origin}/account`);
        same(new URL(page.url()).pathname, "/login");
        await phisher.close();
});

await check("attack: an origin that is not the RP ID's asks for its passkey, in the browser and past it", async () => {
        const { body: options } = await post("/api/login/options", {});
        const numeric = await openPage(browser, strange.replace("localhost", "127.0.0.1"));
        browser.watch.expected.push("webauthn");
        same((await sign(numeric, options)).error, "SecurityError");
        await numeric.close();
        const secret = await browser.worker.evaluate(() => chrome.storage.local.get(["address", "secret"]));
        // Who has the extension's secret may name any origin: the phone holds the RP ID against it by itself.
        for (const origin of ["https://bank.example", "https://localhost.bank.example", "http://127.0.0.1"]) {
                const end = await browser.worker.evaluate(async ([{ address, secret }, options, origin]) => {
                        const letter = async (path, body) => (await fetch(`${address}/extension/${path}`, {
                                method: "POST", headers: { "Content-Type": "application/json", "X-Mitome-Pairing": secret }, body: JSON.stringify(body),
                        })).json();
                        const remoteDesktopClientOverride = { origin, sameOriginWithAncestors: true };
                        const begun = await letter("begin", { kind: "get", options: { ...options, extensions: { remoteDesktopClientOverride } } });
                        for (;;) {
                                const now = await letter("poll", { request: begun.request });
                                if (now.state !== "works")
                                        return now;
                                await new Promise((resolve) => setTimeout(resolve, 50));
                        }
                }, [secret, options, origin]);
                same(end.name, "SecurityError", origin);
        }
        await rests();
});

await check("nothing was asked of others, nothing complained of", () => {
        hand.watch.clean();
        browser.watch.clean();
});

await finish();
