// SPDX-License-Identifier: Apache-2.0
// The account's forms are HTML; this file sends what they say, and loads the page again.

import { post, session } from "./api.js";
import { create, supported } from "./passkey.js";
import { busy, say, word } from "./say.js";

const again = () => location.assign("/account");
const path = (form, verb) => `/api/credentials/${encodeURIComponent(form.closest("[data-credential]").dataset.credential)}/${verb}`;

async function rename(form) {
        const field = form.querySelector("input");
        await post(path(form, "rename"), { name: field.value.trim() });
        say(word("renamed"), "good");
        again();
}

async function remove(form) {
        await post(path(form, "remove"));
        say(word("removed"), "good");
        again();
}

// A session that has ended meanwhile is left already.
async function leave(where) {
        try {
                await post(where);
        } catch (problem) {
                if ((await session()).person)
                        throw problem;
        }
        location.assign("/");
}

async function add() {
        say(word("asking"), "wait");
        const options = await post("/api/register/options");
        say(word("touch"), "wait");
        const answer = await create(options);
        say(word("checking"), "wait");
        await post("/api/register", { credential: answer });
        again();
}

const jobs = {
        rename,
        remove,
        logout: () => leave("/api/logout"),
        "logout-everywhere": () => leave("/api/logout-everywhere"),
        add,
};

for (const form of document.querySelectorAll("form[data-job]"))
        form.addEventListener("submit", (event) => {
                event.preventDefault();
                const button = form.querySelector("button");
                if (form.dataset.job === "add" && !supported)
                        say(word("unsupported"), "bad");
                else
                        busy(button, () => jobs[form.dataset.job](form));
        });

// Times stand in the page in UTC; here they are told in the browser's zone.
for (const time of document.querySelectorAll("time[datetime]")) {
        const at = new Date(time.dateTime);
        if (!Number.isNaN(at.valueOf()))
                time.textContent = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" }).format(at);
}

session().catch(() => {}); // early; who sends a form asks again
