// SPDX-License-Identifier: Apache-2.0
// A phone's own browser answers a code that another screen shows: with any passkey of this portal. What carries
// the right to answer is the code; there is no session here.

import { Problem } from "./api.js";
import { ask, supported } from "./passkey.js";
import { busy, complain, say, word } from "./say.js";

const { code } = document.querySelector("[data-code]").dataset;
const button = document.querySelector("#code-answer");
const path = `/api/phone/code/${encodeURIComponent(code)}`;

async function letter(options) {
        const answer = await fetch(path, { cache: "no-store", credentials: "omit", ...options });
        const body = await answer.json().catch(() => ({}));
        if (!answer.ok)
                throw new Problem(answer.status, body);
        return body;
}

let request = null;

async function look() {
        request = await letter();
        document.querySelector("#number").textContent = request.number;
}

async function answer() {
        say(word("touch"), "wait");
        const assertion = await ask(request.options);
        say(word("checking"), "wait");
        await letter({ method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(assertion) });
        button.hidden = true;
        say(word("phone-answered"), "good");
}

button.addEventListener("click", () => {
        if (!supported)
                say(word("unsupported"), "bad");
        else if (request)
                busy(button, answer);
});

await look().catch(complain);
