/* SPDX-License-Identifier: Apache-2.0 */
/* What the page gets: the client data, and the JSON for its server. */
#include "web_client_parts.h"

/* WebAuthn L3 5.8.1.1: these members in this order; readers that are no JSON parsers go by it. */
mitome_status client_write_data(struct client_ceremony *c, mitome_error *error)
{
        writer w = WRITER(c->client_data_bytes);
        struct json_writer json = json_into(&w);
        json_write_open_object(&json, NULL);
        json_write_string(&json, "type", c->options.creates ? "webauthn.create" : "webauthn.get");
        json_write_base64url(&json, "challenge", c->options.challenge);
        json_write_text(&json, "origin", c->page->origin);
        json_write_bool(&json, "crossOrigin", false);
        json_write_close_object(&json);
        MITOME_TRY(writer_finish(&w, "clientDataJSON", &c->client_data, error));
        sha256(&c->client_data, 1, c->talk.client_data_hash);
        return ok();
}

static void open_credential(
        struct json_writer *json, const struct client_ceremony *c, const struct client_answer *answer)
{
        json_write_open_object(json, NULL);
        json_write_base64url(json, "id", answer->credential_id);
        json_write_base64url(json, "rawId", answer->credential_id);
        json_write_string(json, "type", "public-key");
        json_write_string(
                json, "authenticatorAttachment", c->talk.device.internal ? "platform" : "cross-platform");
        json_write_open_object(json, "response");
        json_write_base64url(json, "clientDataJSON", c->client_data);
        json_write_base64url(json, "authenticatorData", answer->auth_data_bytes);
}

/* WebAuthn L3 5.1.3: without a wish for attestation its statement is replaced by none. Keys in canonical
 * order: fmt, attStmt, authData. */
static void write_attestation_object(
        writer *w, const struct client_ceremony *c, const struct client_answer *answer)
{
        cbor_write_map(w, 3);
        cbor_write_string(w, "fmt");
        cbor_write_text(w, c->options.attestation ? answer->format : slice_text("none"));
        cbor_write_string(w, "attStmt");
        if (c->options.attestation)
                write_slice(w, answer->statement);
        else
                cbor_write_map(w, 0);
        cbor_write_string(w, "authData");
        cbor_write_bytes(w, answer->auth_data_bytes);
}

static void write_key(struct json_writer *json, slice cose_key)
{
        uint8_t bytes[1200];
        writer spki = WRITER(bytes);
        int64_t algorithm;
        if (!client_write_spki(&spki, cose_key, &algorithm) || spki.overflowed)
                return;
        json_write_int(json, "publicKeyAlgorithm", algorithm);
        json_write_base64url(json, "publicKey", writer_view(&spki));
}

static void close_credential(
        struct json_writer *json, const struct client_ceremony *c, const struct client_answer *answer)
{
        json_write_close_object(json);
        json_write_open_object(json, "clientExtensionResults");
        if (c->options.creates && c->options.cred_props) {
                json_write_open_object(json, "credProps");
                json_write_bool(json, "rk", client_wants_discoverable(c));
                json_write_close_object(json);
        }
        client_write_blob_result(json, c, answer);
        json_write_close_object(json);
        json_write_close_object(json);
}

void client_write_created(writer *w, const struct client_ceremony *c, const struct client_answer *answer)
{
        uint8_t bytes[CLIENT_MESSAGE_MAX + 64];
        writer object = WRITER(bytes);
        struct json_writer json = json_into(w);
        write_attestation_object(&object, c, answer);
        w->overflowed = w->overflowed || object.overflowed;
        open_credential(&json, c, answer);
        json_write_base64url(&json, "attestationObject", writer_view(&object));
        json_write_open_array(&json, "transports");
        if (c->talk.device.transports.size)
                json_write_raw(&json, NULL, c->talk.device.transports);
        json_write_close_array(&json);
        write_key(&json, answer->auth_data.public_key_bytes);
        close_credential(&json, c, answer);
}

void client_write_got(writer *w, const struct client_ceremony *c, const struct client_answer *answer)
{
        struct json_writer json = json_into(w);
        open_credential(&json, c, answer);
        json_write_base64url(&json, "signature", answer->signature);
        if (answer->user_id.size)
                json_write_base64url(&json, "userHandle", answer->user_id);
        close_credential(&json, c, answer);
}
