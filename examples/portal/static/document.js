// SPDX-License-Identifier: Apache-2.0
// A text is drawn up here and signed in the phone; this page asks every second whether it was.

import { get, post } from "./api.js";
import { draw, rest } from "./qr.js";
import { busy, say, word } from "./say.js";

const form = document.querySelector("#document");
const text = document.querySelector("#text");
const pairing = document.querySelector("#pairing");
const receipt = document.querySelector("#receipt");
const PAUSE_MS = 1000;

const put = (id, content) => (document.querySelector(id).textContent = content);

function show(paper) {
        put("#digest", paper.digest);
        put("#form", paper.form);
        const link = document.querySelector("#link");
        link.href = paper.url;
        link.textContent = paper.url;
        if (paper.qr)
                draw(document.querySelector("#qr"), paper.qr);
        receipt.hidden = true;
        pairing.hidden = false;
        document.querySelector("#pairing-title").focus();
}

function showReceipt(paper) {
        const at = new Date(paper.signed_at * 1000);
        put("#receipt-signer", paper.signer);
        put("#receipt-digest", paper.digest);
        put("#receipt-at", new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long", timeStyle: "medium" }).format(at));
        document.querySelector("#receipt-at").dateTime = at.toISOString();
        pairing.hidden = true;
        receipt.hidden = false;
        document.querySelector("#receipt-title").focus();
}

async function sign() {
        say(word("asking"), "wait");
        const paper = await post("/api/document", { text: text.value });
        show(paper);
        say(word("document-waiting"), "wait");
        for (;;) {
                await rest(PAUSE_MS);
                const now = await get(`/api/document/${encodeURIComponent(paper.id)}`);
                if (now.state === "signed") {
                        say(word("document-done"), "good");
                        showReceipt(now);
                        return;
                }
                if (now.state === "over") {
                        pairing.hidden = true;
                        say(word("document-over"), "bad");
                        text.focus();
                        return;
                }
        }
}

form.addEventListener("submit", (event) => {
        event.preventDefault();
        const there = text.value.trim() !== "";
        text.setAttribute("aria-invalid", String(!there));
        if (there) {
                busy(form.querySelector("button"), sign);
        } else {
                say(word("text-missing"), "bad");
                text.focus();
        }
});
