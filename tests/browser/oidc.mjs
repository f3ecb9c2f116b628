// SPDX-License-Identifier: Apache-2.0
// docs/oidc.md and docs/nginx.md, typed: a site with openid-client (a certified library) and a site of files
// behind nginx, both with the portal as their login, walked through by a browser. What the portal refuses is
// asked for by the library as well.

// Node.js 18 has it, but not where the library looks.
import { webcrypto } from "node:crypto";
globalThis.crypto ??= webcrypto;

import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { addAuthenticator, atEnd, check, examine, finish, folder, languages, must, openBrowser, openPage, pause, same, source, startPortal, until } from "./harness.mjs";

const oidc = await import("openid-client");
const here = dirname(fileURLToPath(import.meta.url));
const secret = "a secret for trying this page out";

// ---- the pages ----

// The blocks of a page that have a file's name behind their language.
function blocks(path) {
        const page = readFileSync(join(source, path), "utf8");
        return Object.fromEntries([...page.matchAll(/^```\w+ (\S+)\n([^]*?)^```$/gm)].map(([, name, text]) => [name, text]));
}

async function freePort() {
        const server = createServer();
        await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
        const { port } = server.address();
        await new Promise((resolve) => server.close(resolve));
        return port;
}

function exchange(text, changes) {
        for (const [from, to] of Object.entries(changes)) {
                must(text.includes(from), `the page does not have ${from} any more`);
                text = text.replaceAll(from, to);
        }
        return text;
}

function startNode(path, env) {
        const old = Number(process.versions.node.split(".")[0]) < 20 ? ["--experimental-global-webcrypto"] : [];
        const child = spawn(process.execPath, [...old, path], { env: { ...process.env, ...env }, stdio: ["ignore", "inherit", "inherit"] });
        atEnd(() => child.kill());
        return child;
}

const answers = (address) => fetch(address, { redirect: "manual" }).then((answer) => answer, () => null);

// ---- the portal, the site ----

const work = folder();
const sitePort = await freePort();
const site = `http://localhost:${sitePort}`;
const english = blocks("docs/oidc.md");
writeFileSync(join(work, "clients.json"), exchange(english["clients.json"], { "http://localhost:9090": site }));
const portal = await startPortal(["--clients", join(work, "clients.json")]);

const place = join(here, `oidc-site-${process.pid}.mjs`); // beside node_modules
writeFileSync(place, english["site.mjs"]);
atEnd(() => import("node:fs").then(({ rmSync }) => rmSync(place, { force: true })));
startNode(place, { PORTAL: portal.origin, SITE: site, SECRET: secret });
await until(() => answers(`${site}/`), 20000, "the site of the page");

const browser = await openBrowser({ own: [portal.origin, site] });
const page = await openPage(browser);
let authenticator = await addAuthenticator(page);

// Waits until the browser is at an address, whatever its query.
async function arrive(address) {
        const is = (url) => url.origin + url.pathname === address;
        await page.waitForURL(is).catch((error) => {
                throw new Error(`at ${page.url()}, not ${address}: ${error.message}`);
        });
}

async function register(origin, name) {
        await page.goto(`${origin}/register`);
        await page.fill("#name", name);
        await page.click("#register button");
        await arrive(`${origin}/account`);
}

const whoAtSite = () => page.textContent("#sub");

// ---- openid-client at the site ----

await check("the page in Japanese has the same files", () => {
        for (const name of ["oidc.md", "nginx.md"])
                same(JSON.stringify(blocks(`docs/ja/${name}`)), JSON.stringify(blocks(`docs/${name}`)), name);
});

await register(portal.origin, "見本 花子");
let pseudonym = null;

await check("a person who is logged in is asked once, and is then at the site", async () => {
        await page.goto(`${site}/`);
        await page.click("a");
        await arrive(`${portal.origin}/oidc/consent`);
        must((await page.textContent("main")).includes("The Wiki"), "the client's name");
        await page.click("button[value=yes]");
        await arrive(`${site}/`);
        pseudonym = await whoAtSite();
        must(/^[\w-]{22}$/.test(pseudonym), pseudonym);
        browser.watch.clean();
});

await check("the second time nothing is asked, and the pseudonym is the same", async () => {
        await page.context().clearCookies({ name: "site" });
        await page.goto(`${site}/login`);
        await arrive(`${site}/`);
        same(await whoAtSite(), pseudonym);
});

await check("the site logs out at the portal, too, without a question", async () => {
        await page.goto(`${site}/logout`);
        await arrive(`${site}/`);
        must((await page.textContent("body")).includes("Nobody yet"), "nobody at the site");
        const session = await page.goto(`${portal.origin}/account`);
        must(new URL(page.url()).pathname === "/login", `${session.status()} ${page.url()}`);
});

await check("who is not logged in goes over the login, and comes back to the site", async () => {
        await page.goto(`${site}/login`);
        await arrive(`${portal.origin}/login`);
        await page.click("#login-button");
        await arrive(`${site}/`);
        same(await whoAtSite(), pseudonym);
});

await check("a link that logs out asks first, and the person may stay", async () => {
        await page.goto(`${portal.origin}/oidc/logout`);
        await arrive(`${portal.origin}/oidc/leave`);
        for (const language of languages) {
                await page.goto(`${portal.origin}/oidc/leave?next=/oidc/logout&language=${language}`);
                await examine(page, "leave", language);
        }
        await page.goto(`${portal.origin}/account?language=en`);
        same(new URL(page.url()).pathname, "/account");
});

// ---- openid-client at the endpoints ----

const plain = { execute: [oidc.allowInsecureRequests] };
const config = await oidc.discovery(new URL(portal.origin), "wiki", undefined, oidc.ClientSecretBasic(secret), plain);
const callback = `${site}/callback`;

// Where an authorization request ends: the address that the site would get. The site itself is not asked.
async function authorize(more = {}, as = config) {
        const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
        const checks = { pkceCodeVerifier, expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce() };
        const address = oidc.buildAuthorizationUrl(as, {
                redirect_uri: callback,
                scope: "openid",
                code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
                code_challenge_method: "S256",
                state: checks.expectedState,
                nonce: checks.expectedNonce,
                ...more,
        });
        const cookies = await page.context().cookies(portal.origin);
        const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
        const answer = await fetch(address, { redirect: "manual", headers: { cookie } });
        return { checks, status: answer.status, location: answer.headers.get("location") };
}

async function refused(work, error) {
        try {
                await work();
        } catch (failure) {
                same(failure.error ?? failure.code, error);
                return;
        }
        throw new Error(`not refused with ${error}`);
}

await check("the library takes tokens, verifies them, and asks for the person's data", async () => {
        const { checks, location } = await authorize({ max_age: "3600" });
        const tokens = await oidc.authorizationCodeGrant(config, new URL(location), { ...checks, maxAge: 3600, idTokenExpected: true });
        const claims = tokens.claims();
        same(claims.iss, portal.origin);
        same(claims.aud, "wiki");
        same(claims.sub, pseudonym);
        must(claims.acr.startsWith("urn:mitome:nist-800-63b-4:"), claims.acr);
        must(claims.amr.includes("pop") && claims.amr.includes("user"), String(claims.amr));
        const person = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
        same(person.sub, claims.sub);
        same(Object.keys(person).sort().join(), "acr,amr,auth_time,sub");
});

await check("a code that is used twice is refused, and what it gave has ended", async () => {
        const { checks, location } = await authorize();
        const tokens = await oidc.authorizationCodeGrant(config, new URL(location), checks);
        await refused(() => oidc.authorizationCodeGrant(config, new URL(location), checks), "invalid_grant");
        const again = await fetch(`${portal.origin}/oidc/userinfo`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
        same(again.status, 401);
        must(again.headers.get("www-authenticate").includes("invalid_token"), "WWW-Authenticate");
});

await check("a code without its verifier is refused", async () => {
        const { checks, location } = await authorize();
        const wrong = { ...checks, pkceCodeVerifier: oidc.randomPKCECodeVerifier() };
        await refused(() => oidc.authorizationCodeGrant(config, new URL(location), wrong), "invalid_grant");
});

await check("a client with another secret is refused", async () => {
        const { checks, location } = await authorize();
        const impostor = await oidc.discovery(new URL(portal.origin), "wiki", undefined, oidc.ClientSecretBasic("guessed"), plain);
        await refused(() => oidc.authorizationCodeGrant(impostor, new URL(location), checks), "OAUTH_WWW_AUTHENTICATE_CHALLENGE");
});

await check("prompt=none of a browser where nobody is logged in is answered with login_required", async () => {
        const address = oidc.buildAuthorizationUrl(config, {
                redirect_uri: callback, scope: "openid", prompt: "none", state: "s",
                code_challenge: "A".repeat(43), code_challenge_method: "S256",
        });
        const answer = await fetch(address, { redirect: "manual" });
        const location = new URL(answer.headers.get("location"));
        await refused(() => oidc.authorizationCodeGrant(config, location, { expectedState: "s" }), "login_required");
});

await check("open redirect: another address gets a page that says no, and no redirect", async () => {
        for (const redirect_uri of ["https://evil.example/", `${callback}/`, `${callback}?x=y`, `http://localhost:${sitePort}@evil.example/callback`]) {
                const { status, location } = await authorize({ redirect_uri });
                same(status, 400);
                same(location, null);
        }
});

await check("PKCE downgrade: a challenge in plain text is refused", async () => {
        const { location } = await authorize({ code_challenge_method: "plain" });
        same(new URL(location).searchParams.get("error"), "invalid_request");
});

await check("a form of another site brings no consent", async () => {
        const { location } = await authorize({ prompt: "consent" });
        const next = new URL(location, portal.origin).searchParams.get("next");
        const cookies = await page.context().cookies(portal.origin);
        const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
        for (const headers of [{ origin: "https://evil.example" }, { "sec-fetch-site": "cross-site" }, {}]) {
                const answer = await fetch(`${portal.origin}/oidc/consent`, {
                        method: "POST", redirect: "manual",
                        headers: { cookie, "content-type": "application/x-www-form-urlencoded", ...headers },
                        body: new URLSearchParams({ next, answer: "yes", csrf: "A".repeat(43) }),
                });
                must(answer.status === 400 || answer.status === 403, `${answer.status}`);
        }
});

await check("a no goes back to the site, which logs nobody in", async () => {
        await page.context().clearCookies({ name: "site" });
        const { location } = await authorize({ prompt: "consent" });
        for (const language of languages) {
                await page.goto(`${new URL(location, portal.origin)}&language=${language}`);
                await examine(page, "consent", language);
        }
        await page.goto(`${site}/`);
        await page.goto(String(new URL(location, portal.origin)));
        browser.watch.expected.push("403");
        await page.click("button[value=no]");
        await arrive(`${site}/callback`);
        same(new URL(page.url()).searchParams.get("error"), "access_denied");
        browser.watch.clean();
});

await check("prompt=login asks who is logged in for a new login, and then says when it was", async () => {
        const before = await authorize();
        const first = await oidc.authorizationCodeGrant(config, new URL(before.location), before.checks);
        await pause(1100); // auth_time counts seconds
        const { checks, location } = await authorize({ prompt: "login", ui_locales: "ja" });
        must(location.startsWith("/login?next="), location);
        await page.goto(String(new URL(location, portal.origin)));
        same(await page.evaluate(() => document.documentElement.lang), "ja");
        await page.click("#login-button");
        await arrive(`${site}/callback`); // of a login that the site has not begun: it does not touch the code
        const tokens = await oidc.authorizationCodeGrant(config, new URL(page.url()), checks);
        must(tokens.claims().auth_time > first.claims().auth_time, "a newer login");
        await page.goto(`${portal.origin}/account?language=en`);
});

await check("a page sends the authorization request as a form, too", async () => {
        const answer = await fetch(`${portal.origin}/oidc/authorize`, {
                method: "POST", redirect: "manual", headers: { "content-type": "application/x-www-form-urlencoded" },
                body: new URLSearchParams({ client_id: "wiki", redirect_uri: callback }),
        });
        same(answer.status, 303);
        must(answer.headers.get("location").startsWith("/oidc/authorize?client_id=wiki&redirect_uri="), "sent again as a navigation");
});

// ---- nginx ----

const nginx = ["/usr/sbin/nginx", "nginx"].find((path) => spawnSync(path, ["-v"]).status === 0);

async function startNginx(port, behind) {
        const root = join(work, "site");
        mkdirSync(join(root, "private", "strong"), { recursive: true });
        writeFileSync(join(root, "private", "index.html"), "<p>for people who have logged in</p>\n");
        writeFileSync(join(root, "private", "strong", "index.html"), "<p>for AAL3</p>\n");
        const server = exchange(blocks("docs/nginx.md")["nginx.conf"], {
                "127.0.0.1:8000": `127.0.0.1:${port}`, "127.0.0.1:8080": new URL(behind).host.replace("localhost", "127.0.0.1"), "/srv/site": root,
        });
        writeFileSync(join(work, "nginx.conf"), `daemon off; worker_processes 1; pid ${work}/nginx.pid; error_log ${work}/error.log;
${process.getuid() === 0 ? "user root;" : ""}
events { }
http { access_log off; client_body_temp_path ${work}/b; proxy_temp_path ${work}/p; fastcgi_temp_path ${work}/f; uwsgi_temp_path ${work}/u; scgi_temp_path ${work}/s;
${server} }
`);
        const child = spawn(nginx, ["-p", work, "-c", join(work, "nginx.conf")], { stdio: ["ignore", "inherit", "inherit"] });
        atEnd(() => child.kill("SIGTERM"));
        await until(() => answers(`http://localhost:${port}/`), 20000, "nginx");
}

// Node's fetch does not let a test say Cookie of another, or an odd path.
function get(port, path, headers = {}) {
        return new Promise((resolve, reject) => {
                http.get({ host: "127.0.0.1", port, path, headers: { host: `localhost:${port}`, ...headers } }, (answer) => {
                        answer.resume();
                        answer.on("end", () => resolve(answer));
                }).on("error", reject);
        });
}

async function walkNginx() {
        const port = await freePort();
        const front = `http://localhost:${port}`;
        const behind = await startPortal(["--origin", front, "--proxy", "127.0.0.1"]);
        const [, inner] = /listens on (\S+)/.exec(behind.said());
        const address = inner === front ? `http://127.0.0.1:${await portOf(behind.child.pid)}` : inner;
        await startNginx(port, address);
        browser.watch.own.push(front);
        browser.watch.expected.push("401");

        await check("nginx: who is not logged in is sent to the login", async () => {
                const asked = await get(port, "/private/?a=b&c=d");
                same(asked.statusCode, 303);
                const login = await get(port, new URL(asked.headers.location, front).href.slice(front.length));
                same(login.statusCode, 303);
                same(new URL(login.headers.location, front).searchParams.get("next"), "/auth/return?to=/private/?a=b&c=d");
        });

        await check("nginx: a line end in the path adds no header", async () => {
                const asked = await get(port, "/private/%0d%0aset-cookie:%20session=planted");
                same(asked.statusCode, 303);
                same(asked.headers["set-cookie"], undefined);
        });

        await check("nginx: after the login the page is there, and who it is for is said", async () => {
                // Passkeys are of a host: one of the other portal's would be offered here, too.
                await authenticator.remove();
                authenticator = await addAuthenticator(page);
                await register(front, "見本 太郎");
                await page.context().clearCookies();
                await page.goto(`${front}/private/?a=b&c=d`);
                must(new URL(page.url()).pathname === "/login", page.url());
                await page.click("#login-button");
                await arrive(`${front}/private/`);
                must((await page.textContent("body")).includes("for people who have logged in"), "the page");
                const answer = await page.reload();
                must(/^[\w-]{22}$/.test(answer.headers()["x-who"]), "X-Who");
                must(["AAL1", "AAL2", "AAL3", "none"].includes(answer.headers()["x-level"]), answer.headers()["x-level"]);
        });

        await check("nginx: a level that was not reached is 403", async () => {
                const answer = await page.goto(`${front}/private/strong/`);
                same(answer.status(), 403);
        });

        await check("nginx: nobody else asks who is there, and nobody says it himself", async () => {
                same((await get(port, "/auth/check")).statusCode, 404);
                same((await get(port, "/private/", { "x-mitome-subject": "somebody", "x-who": "somebody" })).statusCode, 303);
                same((await get(port, "/private/", { cookie: "session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" })).statusCode, 303);
        });

        await check("nginx: who logs out is out", async () => {
                await page.goto(`${front}/oidc/logout`);
                await page.click("form button");
                await arrive(`${front}/`);
                await page.goto(`${front}/private/`);
                same(new URL(page.url()).pathname, "/login");
        });
}

// The port that a program listens on which says another address than its own.
async function portOf(pid) {
        const inodes = new Set(spawnSync("ls", ["-l", `/proc/${pid}/fd`], { encoding: "utf8" }).stdout.match(/(?<=socket:\[)\d+/g));
        for (const line of readFileSync(`/proc/${pid}/net/tcp`, "utf8").split("\n").slice(1)) {
                const parts = line.trim().split(/\s+/);
                if (parts[3] === "0A" && inodes.has(parts[9]))
                        return parseInt(parts[1].split(":")[1], 16);
        }
        throw new Error("the portal listens nowhere");
}

if (nginx)
        await walkNginx();
else
        await check("nginx # SKIP it is not installed", () => {});
await finish();
