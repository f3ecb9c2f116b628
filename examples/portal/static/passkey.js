// SPDX-License-Identifier: Apache-2.0
// WebAuthn in JSON. Browsers have the conversions since WebAuthn Level 3; older ones are given them here.

export const supported = typeof window.PublicKeyCredential === "function";

function bytes(text) {
        const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
        return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function text(buffer) {
        const plain = String.fromCharCode(...new Uint8Array(buffer));
        return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

const descriptors = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

function creation(options) {
        if (PublicKeyCredential.parseCreationOptionsFromJSON)
                return PublicKeyCredential.parseCreationOptionsFromJSON(options);
        return {
                ...options,
                challenge: bytes(options.challenge),
                user: { ...options.user, id: bytes(options.user.id) },
                excludeCredentials: descriptors(options.excludeCredentials),
        };
}

function request(options) {
        if (PublicKeyCredential.parseRequestOptionsFromJSON)
                return PublicKeyCredential.parseRequestOptionsFromJSON(options);
        return { ...options, challenge: bytes(options.challenge), allowCredentials: descriptors(options.allowCredentials) };
}

const members = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];

function json(credential) {
        if (credential.toJSON)
                return credential.toJSON();
        const response = {};
        for (const name of members)
                if (credential.response[name])
                        response[name] = text(credential.response[name]);
        if (credential.response.getTransports)
                response.transports = credential.response.getTransports();
        return {
                id: credential.id,
                rawId: text(credential.rawId),
                type: credential.type,
                response,
                clientExtensionResults: credential.getClientExtensionResults(),
                authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
        };
}

export async function create(options, signal) {
        return json(await navigator.credentials.create({ publicKey: creation(options), signal }));
}

export async function ask(options, { mediation, signal } = {}) {
        return json(await navigator.credentials.get({ publicKey: request(options), mediation, signal }));
}

// Whether passkeys can be offered in the field's own list.
export async function autofill() {
        return supported && ((await PublicKeyCredential.isConditionalMediationAvailable?.()) ?? false);
}
