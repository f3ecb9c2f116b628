// SPDX-License-Identifier: Apache-2.0
// Letters to the portal: JSON both ways, with the session's token. A refusal is a Problem.

export class Problem extends Error {
        constructor(status, body) {
                super(body.title || `HTTP ${status}`);
                this.status = status;
                this.code = body.code || "";
        }
}

let known = null;

// The session, asked for once a page: whoever has none gets a visitor's.
export function session() {
        known ??= get("/api/session").catch((trouble) => {
                known = null;
                throw trouble;
        });
        return known;
}

async function read(answer) {
        let body = {};
        try {
                body = await answer.json();
        } catch {
                // an answer without JSON is judged by its status alone
        }
        if (!answer.ok)
                throw new Problem(answer.status, body);
        return body;
}

export async function get(path, signal) {
        return read(await fetch(path, { headers: { Accept: "application/json" }, cache: "no-store", signal }));
}

export async function post(path, body = {}) {
        const { csrf } = await session();
        const answer = await fetch(path, {
                method: "POST",
                headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF": csrf },
                body: JSON.stringify(body),
        });
        // Another tab has logged in or out, or the session has ended: this page's token is the old session's.
        if (answer.status === 401 || answer.status === 403)
                known = null;
        return read(answer);
}
