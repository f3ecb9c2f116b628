// SPDX-License-Identifier: Apache-2.0
// Pairing: where the phone is, and its secret; both are tried before they are kept.

import { Refusal, letter, readAddress, readSecret, settings } from "./phone.js";

const word = (name) => chrome.i18n.getMessage(name);
const address = document.querySelector("#address");
const secret = document.querySelector("#secret");
const on = document.querySelector("#on");
const state = document.querySelector("#state");

document.documentElement.lang = word("language");
for (const element of document.querySelectorAll("[data-word]"))
        element.textContent = word(element.dataset.word);

const refusals = { 401: "wrong_secret", 403: "wrong_origin" };

async function pair() {
        const phone = { address: readAddress(address.value), secret: readSecret(secret.value) };
        if (!phone.address)
                return "wrong_address";
        if (!phone.secret)
                return "wrong_secret";
        try {
                await letter("pair", {}, phone);
        } catch (error) {
                return error instanceof Refusal ? (refusals[error.status] ?? "lost") : "lost";
        }
        await chrome.storage.local.set({ ...phone, on: true });
        on.checked = true;
        address.value = phone.address; // what followed the port may have been the page's own secret
        secret.value = "";
        return "paired";
}

document.querySelector("#pairing").addEventListener("submit", async (event) => {
        event.preventDefault();
        state.textContent = word("pairing");
        state.textContent = word(await pair());
});

on.addEventListener("change", async () => {
        const kept = await settings();
        if (on.checked && !kept.secret) {
                on.checked = false;
                state.textContent = word("pair_first");
                return;
        }
        await chrome.storage.local.set({ on: on.checked });
        state.textContent = word(on.checked ? "title_on" : "title_off");
});

const kept = await settings();
address.value = kept.address;
on.checked = kept.on;
state.textContent = word(kept.secret ? (kept.on ? "title_on" : "title_off") : "pair_first");
