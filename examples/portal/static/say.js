// SPDX-License-Identifier: Apache-2.0
// What the page tells the person. The words come with the page, in its language: <span data-word="..">.

import { Problem } from "./api.js";

export function word(name) {
        return document.querySelector(`#words [data-word="${name}"]`)?.textContent.trim() ?? "";
}

// A live region: screen readers say what is put into it. Moods: wait, good, bad.
export function say(text, mood = "", place = document.querySelector("#say")) {
        if (mood)
                place.dataset.mood = mood;
        else
                delete place.dataset.mood;
        place.textContent = text;
}

// One sentence for a finger that was not recognised, one that never came and a user who would not: the browser
// does not tell them apart, or any website could try who is there.
const byName = { NotAllowedError: "not-done", InvalidStateError: "already-here", SecurityError: "wrong-origin" };
const byStatus = { 400: "not-taken", 401: "not-recognised", 403: "refused", 404: "gone", 409: "exists", 410: "gone", 429: "too-many", 503: "busy" };
const byCode = { E1350: "session-over", E1351: "session-over", E1352: "session-over" };

export function explain(error) {
        if (error instanceof Problem) {
                const text = word(byCode[error.code] ?? byStatus[error.status] ?? "failed");
                return error.code ? `${text} (${error.code})` : text;
        }
        return word(byName[error.name] ?? (error instanceof TypeError ? "unreachable" : "failed"));
}

// What needs a fresh login sends to it, and comes back.
export function complain(error, place) {
        if (error instanceof Problem && error.code === "E1353") {
                location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
                return;
        }
        if (error.name !== "AbortError")
                say(explain(error), "bad", place);
}

// While a job runs its button says so, and a second press does nothing; the button keeps the focus.
export async function busy(button, job) {
        if (button.getAttribute("aria-disabled") === "true")
                return;
        button.setAttribute("aria-disabled", "true");
        try {
                await job();
        } catch (error) {
                complain(error);
        } finally {
                button.removeAttribute("aria-disabled");
        }
}

// A path of this origin and nothing else, whatever the address bar was given.
export function whereTo() {
        return document.body.dataset.next || "/account";
}
