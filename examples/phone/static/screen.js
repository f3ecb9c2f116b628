// SPDX-License-Identifier: Apache-2.0
// The phone's screen: asks what is shown, shows it, and tells what is touched and typed. All texts are put in as
// texts, never as markup.

const TURN_MS = 300;
const LOG_MAX = 500;
const at = (id) => document.getElementById(id);
const words = new Map([...at("words").children].map((item) => [item.dataset.word, item.textContent]));
const word = (name) => words.get(name) ?? name;

let csrf = "";
let shown = { number: 0, prompt: 0 };
let last_errand = null;
let log_after = 0;

// ---- asking the program ----

async function ask(path, body, type = "application/json") {
        const options = body === undefined ? { headers: { "X-CSRF": csrf } } : {
                method: "POST",
                headers: { "Content-Type": type, "X-CSRF": csrf },
                body: type === "application/json" ? JSON.stringify(body) : body,
        };
        const answer = await fetch(path, options);
        const said = await answer.json();
        if (!answer.ok) throw new Error(said.detail ?? said.title ?? String(answer.status));
        return said;
}

function complain(what) {
        at("trouble").textContent = what;
        at("trouble").hidden = !what;
}

async function tell(path, body, type) {
        complain("");
        try {
                return await ask(path, body, type);
        } catch (trouble) {
                complain(word("failed") + trouble.message);
                return null;
        }
}

// ---- the screen ----

function put(id, text) {
        at(id).textContent = text;
        at(id).hidden = !text;
}

function sentence(screen) {
        if (screen.state === "question") return word(`ask-${screen.word}`);
        const reason = screen.reason ? word(`reason-${screen.reason}`) : "";
        if (screen.state === "finger") return reason ? `${reason}: ${word("finger")}` : word("finger");
        if (screen.state === "touch") return `${reason}. ${word("touch")}`;
        return word(screen.state);
}

function show_question(screen) {
        const secret = screen.state === "question" && screen.question !== "consent";
        at("answer").hidden = !(screen.state === "question" || screen.state === "touch");
        at("secret-row").hidden = !secret;
        at("pad").hidden = screen.question !== "pin";
        at("secret").value = "";
        at("secret").required = secret;
        at("secret").inputMode = screen.question === "pin" ? "numeric" : "text";
        at("secret-label").textContent = word(screen.question === "pin" ? "pin" : "password") +
                (screen.tries ? ` (${word("tries")}${screen.tries})` : "");
        if (secret) at("secret").focus();
        else if (!at("answer").hidden) at("no").focus();
}

function show_end(screen) {
        if (last_errand !== null && screen.last_errand > last_errand)
                put("told", screen.last_code ? word("failed") + screen.last_text : word("done"));
        last_errand = screen.last_errand;
}

function add_fact(list, name, value) {
        const label = document.createElement("dt");
        const place = document.createElement("dd");
        label.textContent = name;
        place.append(value);
        list.append(label, place);
}

// Texts that a website chooses: each has a line of its own, and its letters order those of no other one, whatever
// their direction.
function show_who(screen) {
        at("who").replaceChildren();
        for (const [name, text] of [["site", screen.rp_id], ["origin", screen.origin], ["user", screen.user_name]]) {
                if (!text) continue;
                const isolated = document.createElement("bdi");
                isolated.textContent = text;
                add_fact(at("who"), word(name), isolated);
        }
        at("who").hidden = at("who").children.length === 0;
}

function show(screen) {
        const other = screen.prompt !== shown.prompt;
        put("says", sentence(screen));
        show_who(screen);
        put("digits", screen.two_digits);
        put("text", screen.text);
        if (screen.told_text || screen.state === "finger" || screen.state === "question") put("told", screen.told_text);
        show_end(screen);
        at("sensor").disabled = screen.state !== "finger";
        at("finger-actions").hidden = screen.state !== "finger";
        if (other) show_question(screen);
        shown = screen;
}

// ---- how it stands ----

function show_certificate(list, certificate) {
        const name = document.createElement("dt");
        const status = document.createElement("dd");
        const badge = document.createElement("span");
        const serial = document.createElement("code");
        status.dataset.status = certificate.there ? certificate.status : "absent";
        name.textContent = word(certificate.kind);
        badge.textContent = word(`status-${status.dataset.status}`);
        badge.className = "badge";
        status.append(badge);
        serial.textContent = certificate.serial;
        if (certificate.there) status.append(" ", serial);
        list.append(name, status);
}

function button(text, act) {
        const made = document.createElement("button");
        made.type = "button";
        made.className = "plain";
        made.textContent = text;
        made.addEventListener("click", act);
        return made;
}

function show_finger(list, finger) {
        const item = document.createElement("li");
        const name = document.createElement("span");
        const field = document.createElement("input");
        name.textContent = finger.name || "–";
        field.maxLength = 20;
        const rename = button(word("rename"), () => tell("/api/wish", { wish: "rename-finger", id: finger.id, name: field.value }));
        const remove = button(word("remove"), () => tell("/api/wish", { wish: "remove-finger", id: finger.id }));
        remove.className = "danger";
        for (const [control, text] of [[field, word("new-name")], [rename, rename.textContent], [remove, remove.textContent]])
                control.setAttribute("aria-label", `${text}: ${finger.name}`);
        item.append(name, field, rename, remove);
        list.append(item);
}

function show_hand(hand) {
        if (at("hand").children.length) return;
        hand.forEach((finger, number) => at("hand").append(
                button(word(finger.word), () => tell("/api/touch", { prompt: shown.prompt, finger: number }))));
}

function show_state(state) {
        at("certificates").replaceChildren();
        for (const certificate of state.certificates) show_certificate(at("certificates"), certificate);
        at("counters").replaceChildren();
        if (state.has_pin) add_fact(at("counters"), word("pin-tries"), state.pin_tries);
        if (state.password_tries >= 0) add_fact(at("counters"), word("password-tries"), state.password_tries);
        if (state.lease) add_fact(at("counters"), word("lease"), state.lease);
        at("fingers").replaceChildren();
        for (const finger of state.fingers) show_finger(at("fingers"), finger);
        at("fingers-hidden").hidden = state.fingers_known;
        at("pairing").textContent = state.pairing_secret ?? "";
        show_hand(state.hand);
}

async function show_log() {
        if (!at("developer").open) return;
        const { lines } = await ask(`/api/log?after=${log_after}`);
        for (const line of lines) {
                const item = document.createElement("li");
                item.className = line.way;
                item.textContent = line.text;
                at("log").append(item);
                log_after = line.number;
        }
        while (at("log").children.length > LOG_MAX) at("log").firstChild.remove();
        if (lines.length) at("log").scrollTop = at("log").scrollHeight;
}

// ---- the turn ----

async function turn() {
        try {
                const screen = await ask("/api/screen");
                if (screen.number !== shown.number) {
                        show(screen);
                        show_state(await ask("/api/state"));
                }
                await show_log();
                if (at("trouble").textContent === word("gone")) complain("");
        } catch {
                complain(word("gone"));
        }
        setTimeout(turn, TURN_MS);
}

// ---- what is touched and typed ----

async function lay_image(file) {
        if (file) await tell(`/api/touch-image?prompt=${shown.prompt}`, await file.arrayBuffer(), "image/x-portable-graymap");
}

// A file that is dropped beside the sensor would otherwise be opened in place of the phone.
function listen_to_drops() {
        const with_files = (event) => event.dataTransfer?.types.includes("Files");
        document.addEventListener("dragover", (event) => {
                if (with_files(event)) event.preventDefault();
        });
        document.addEventListener("drop", (event) => {
                if (!with_files(event)) return;
                event.preventDefault();
                lay_image(event.dataTransfer.files[0]);
        });
}

async function reply(yes) {
        const secret = at("secret-row").hidden || !yes ? "" : at("secret").value;
        at("secret").value = "";
        await tell("/api/reply", { prompt: shown.prompt, yes, secret });
}

function listen() {
        at("answer").addEventListener("submit", (event) => {
                event.preventDefault();
                reply(true);
        });
        at("no").addEventListener("click", () => reply(false));
        at("decline").addEventListener("click", () => reply(false));
        at("pin-instead").addEventListener("click", () => tell("/api/pin-instead", { prompt: shown.prompt }));
        at("pad").addEventListener("click", (event) => {
                const digit = event.target.dataset.digit;
                const field = at("secret");
                if (digit) field.value = digit === "back" ? field.value.slice(0, -1) : field.value + digit;
        });
        at("image").addEventListener("change", async () => {
                await lay_image(at("image").files[0]);
                at("image").value = "";
        });
        listen_to_drops();
        at("link-form").addEventListener("submit", async (event) => {
                event.preventDefault();
                if (await tell("/api/link", { link: at("link").value.trim() })) at("link").value = "";
        });
        at("enrol-form").addEventListener("submit", async (event) => {
                event.preventDefault();
                if (await tell("/api/wish", { wish: "enrol", name: at("enrol-name").value })) at("enrol-name").value = "";
        });
        for (const wish of document.querySelectorAll("button[data-wish]"))
                wish.addEventListener("click", () => tell("/api/wish", { wish: wish.dataset.wish }));
}

// ---- the beginning ----

// The secret leaves the address at once. The token stays with this tab and this address, port included: a cookie alone
// would be sent to whoever else listens on this machine.
async function open() {
        const secret = location.hash.slice(1);
        csrf = sessionStorage.getItem("token") ?? "";
        if (secret) {
                history.replaceState(null, "", location.pathname + location.search);
                csrf = (await ask("/api/open", { secret })).csrf;
                sessionStorage.setItem("token", csrf);
        }
        await ask("/api/screen");
}

try {
        await open();
        at("opened").hidden = false;
        listen();
        turn();
} catch {
        at("locked").hidden = false;
}
