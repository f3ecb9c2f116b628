// SPDX-License-Identifier: Apache-2.0
// Logging in: by the button, and by the field's own list where the browser has one (conditional mediation).
// A browser has one request at a time, so that the button takes the list's place, and gives it back.

import { post } from "./api.js";
import { ask, autofill, supported } from "./passkey.js";
import { busy, complain, say, whereTo, word } from "./say.js";

const button = document.querySelector("#login-button");
const field = document.querySelector("#login-field");
const REST_MS = 5000;
let waiting = null; // ends the list's request
let renewal = 0;

async function finish(answer) {
        say(word("checking"), "wait");
        await post("/api/login", answer);
        say(word("logged-in"), "good");
        location.assign(whereTo());
}

function stopOffering() {
        clearTimeout(renewal);
        waiting?.abort();
        waiting = null;
}

// The list stays as long as the page is open, its challenge does not: it is asked anew in good time.
async function offer() {
        stopOffering();
        const mine = new AbortController();
        waiting = mine;
        try {
                const options = await post("/api/login/options");
                if (mine.signal.aborted)
                        return;
                renewal = setTimeout(offer, Math.max((options.timeout ?? 300000) - 30000, 30000));
                await finish(await ask(options, { mediation: "conditional", signal: mine.signal }));
        } catch (error) {
                complain(error);
                if (error.name !== "AbortError" && waiting === mine)
                        renewal = setTimeout(offer, REST_MS);
        }
}

async function byButton() {
        stopOffering();
        try {
                say(word("asking"), "wait");
                const options = await post("/api/login/options");
                say(word("touch"), "wait");
                await finish(await ask(options));
        } catch (error) {
                if (await autofill())
                        renewal = setTimeout(offer, REST_MS);
                throw error;
        }
}

button?.addEventListener("click", () => {
        if (supported)
                busy(button, byButton);
        else
                say(word("unsupported"), "bad");
});

if (field && (await autofill())) {
        field.hidden = false;
        offer();
}
