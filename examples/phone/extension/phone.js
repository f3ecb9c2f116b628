// SPDX-License-Identifier: Apache-2.0
// Letters to the phone, on this machine alone (docs/extension.md). What is kept: where it is, the pairing secret,
// and whether passkey requests go to it.

const loopback = ["127.0.0.1", "localhost"];

// An address as it is typed: that of this machine, or nothing. What follows the port is dropped: the phone's page
// has its own secret there, which is not this one.
export function readAddress(text) {
        let url;
        try {
                url = new URL(text.trim());
        } catch {
                return "";
        }
        const local = loopback.includes(url.hostname) && (url.protocol === "http:" || url.protocol === "https:");
        return local ? url.origin : "";
}

// 32 hexadecimal digits, however they are grouped.
export function readSecret(text) {
        const digits = text.toLowerCase().replace(/[\s-]/g, "");
        return /^[0-9a-f]{32}$/.test(digits) ? digits : "";
}

export async function settings() {
        const { address = "", secret = "", on = false } = await chrome.storage.local.get(["address", "secret", "on"]);
        return { address, secret, on };
}

export class Refusal extends Error {
        constructor(status, code) {
                super(`HTTP ${status} ${code}`);
                this.status = status;
        }
}

export async function letter(path, body, { address, secret }) {
        const answer = await fetch(`${address}/extension/${path}`, {
                method: "POST",
                headers: { "Content-Type": "application/json", "X-Mitome-Pairing": secret },
                body: JSON.stringify(body),
                cache: "no-store",
                credentials: "omit",
                redirect: "error",
        });
        const heard = await answer.json().catch(() => ({}));
        if (!answer.ok)
                throw new Refusal(answer.status, heard.code ?? "");
        return heard;
}
