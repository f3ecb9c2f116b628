// SPDX-License-Identifier: Apache-2.0
import { post } from "./api.js";
import { create, supported } from "./passkey.js";
import { busy, say, whereTo, word } from "./say.js";

// A new passkey, by what the portal asks for; `more` is sent along with it.
async function make(where, wish, more) {
        say(word("asking"), "wait");
        const options = await post("/api/register/options", wish);
        say(word("touch"), "wait");
        const credential = await create(options);
        say(word("checking"), "wait");
        await post(where, { credential, ...more });
        say(word("registered"), "good");
        location.assign(whereTo());
}

// Each form has one field that must be filled in.
function serve(form, field, missing, job) {
        form?.addEventListener("submit", (event) => {
                event.preventDefault();
                const text = field.value.trim();
                field.setAttribute("aria-invalid", String(text === ""));
                if (text === "") {
                        say(word(missing), "bad");
                        field.focus();
                } else if (supported) {
                        busy(form.querySelector("button"), () => job(text));
                } else {
                        say(word("unsupported"), "bad");
                }
        });
}

serve(document.querySelector("#register"), document.querySelector("#name"), "name-missing", (name) =>
        make("/api/register", { name }, { name }),
);
serve(document.querySelector("#move"), document.querySelector("#number"), "number-missing", (account) =>
        make("/api/register/move", {}, { account }),
);
