// SPDX-License-Identifier: Apache-2.0
// Logging in with the phone: this page shows a code, the phone answers it, and the page asks every second
// whether it has.

import { get, post, session } from "./api.js";
import { draw, rest } from "./qr.js";
import { busy, complain, say, whereTo, word } from "./say.js";

const start = document.querySelector("#phone-start");
const pairing = document.querySelector("#pairing");
const PAUSE_MS = 1000;

function show(request) {
        const { code, number, url, qr } = request;
        document.querySelector("#code").textContent = `${code.slice(0, 4)}-${code.slice(4)}`;
        document.querySelector("#number").textContent = number;
        const link = document.querySelector("#link");
        link.href = url;
        link.textContent = url;
        if (qr)
                draw(document.querySelector("#qr"), qr);
        pairing.hidden = false;
        document.querySelector("#pairing-title").focus();
}

// "waiting", then "seen" (a phone has opened it), then "ready" (it is there to be taken) or "over".
async function follow(id) {
        for (let last = ""; ; await rest(PAUSE_MS)) {
                const { state } = await get(`/api/phone/${encodeURIComponent(id)}`);
                if (state === "ready" || state === "over")
                        return state === "ready";
                if (state !== last)
                        say(word(state === "seen" ? "phone-seen" : "phone-waiting"), "wait");
                last = state;
        }
}

async function logIn() {
        await session();
        const request = await post("/api/phone");
        show(request);
        if (await follow(request.id)) {
                await post(`/api/phone/${encodeURIComponent(request.id)}/take`);
                say(word("logged-in"), "good");
                location.assign(whereTo());
        } else {
                pairing.hidden = true;
                say(word("phone-over"), "bad");
                start.textContent = word("phone-again");
                start.focus();
        }
}

start?.addEventListener("click", () => busy(start, () => logIn().catch((error) => {
        pairing.hidden = true;
        complain(error);
})));
