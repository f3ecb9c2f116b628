// SPDX-License-Identifier: Apache-2.0
// The administrator's page: live figures, asked for every five seconds.

import { get, post } from "./api.js";
import { rest } from "./qr.js";
import { busy, complain, say, word } from "./say.js";

const form = document.querySelector("#admin");
const token = document.querySelector("#token");
const reasons = document.querySelector("#reasons");
const PAUSE_MS = 5000;

function cell(name, content, kind = "") {
        const made = document.createElement(name);
        made.textContent = content;
        made.className = kind;
        return made;
}

function show(figures) {
        for (const place of document.querySelectorAll("[data-figure]"))
                place.textContent = place.dataset.figure.split(".").reduce((inner, name) => inner[name], figures);
        reasons.replaceChildren(
                ...figures.refused.map(({ what, code, reason, count }) => {
                        const row = document.createElement("tr");
                        const head = cell("th", code);
                        head.scope = "row";
                        row.append(head, cell("td", `${what}: ${reason}`), cell("td", count, "count"));
                        return row;
                }),
        );
}

async function watch() {
        for (;; await rest(PAUSE_MS))
                show(await get("/api/admin/figures"));
}

async function enter() {
        say(word("asking"), "wait");
        try {
                await post("/api/admin/login", { token: token.value.trim() });
        } catch (error) {
                if (error.status !== 401)
                        throw error;
                say(word("token-wrong"), "bad");
                token.focus();
                return;
        }
        location.assign("/admin");
}

form?.addEventListener("submit", (event) => {
        event.preventDefault();
        busy(form.querySelector("button"), enter);
});

if (reasons)
        watch().catch(complain);
