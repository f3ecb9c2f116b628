/* SPDX-License-Identifier: Apache-2.0 */
#include "browser.h"
#include "cbor.h"
#include "json.h"

static void write_client_data(writer *w, const char *type, const struct browser_request *request)
{
        struct json_writer json = json_into(w);
        json_write_open_object(&json, NULL);
        json_write_string(&json, "type", type);
        json_write_base64url(&json, "challenge", request->challenge);
        json_write_string(&json, "origin", request->origin);
        json_write_bool(&json, "crossOrigin", false);
        json_write_close_object(&json);
}

/* The members that both kinds of PublicKeyCredential JSON begin with; leaves "response" open. */
static void open_credential(struct json_writer *json, const struct browser_answer *answer)
{
        json_write_open_object(json, NULL);
        json_write_base64url(json, "id", answer->credential_id);
        json_write_base64url(json, "rawId", answer->credential_id);
        json_write_string(json, "type", "public-key");
        json_write_string(json, "authenticatorAttachment", "cross-platform");
        json_write_open_object(json, "response");
        json_write_base64url(json, "clientDataJSON", answer->client_data);
}

static void close_credential(struct json_writer *json)
{
        json_write_close_object(json);
        json_write_open_object(json, "clientExtensionResults");
        json_write_close_object(json);
        json_write_close_object(json);
}

/* Writes a part of the answer behind what the buffer already holds. */
static mitome_status keep(writer *w, size_t before, const char *what, slice *ret, mitome_error *error)
{
        slice all;
        MITOME_TRY(writer_finish(w, what, &all, error));
        *ret = slice_of(all.data + before, all.size - before);
        return ok();
}

static mitome_status keep_copy(
        writer *w, const void *bytes, size_t size, const char *what, slice *ret, mitome_error *error)
{
        size_t before = w->used;
        write_slice(w, slice_of(bytes, size));
        return keep(w, before, what, ret, error);
}

/* The attestation object is not CTAP's answer but its rewriting with text keys (WebAuthn L3 6.5.4). */
static void write_attestation_object(writer *w, const fido_cred_t *credential)
{
        cbor_write_map(w, 3);
        cbor_write_string(w, "fmt");
        cbor_write_string(w, fido_cred_fmt(credential));
        cbor_write_string(w, "attStmt");
        write_slice(w, slice_of(fido_cred_attstmt_ptr(credential), fido_cred_attstmt_len(credential)));
        cbor_write_string(w, "authData");
        write_slice(w, slice_of(fido_cred_authdata_ptr(credential), fido_cred_authdata_len(credential)));
}

static mitome_status created(
        writer *w, const fido_cred_t *credential, struct browser_answer *ret, mitome_error *error)
{
        size_t before = w->used;
        write_attestation_object(w, credential);
        MITOME_TRY(keep(w, before, "attestation object", &ret->attestation_object, error));
        MITOME_TRY(keep_copy(w, fido_cred_authdata_raw_ptr(credential),
                fido_cred_authdata_raw_len(credential), "authData", &ret->auth_data, error));
        MITOME_TRY(keep_copy(w, fido_cred_id_ptr(credential), fido_cred_id_len(credential), "credential id",
                &ret->credential_id, error));

        before = w->used;
        struct json_writer json = json_into(w);
        open_credential(&json, ret);
        json_write_base64url(&json, "attestationObject", ret->attestation_object);
        json_write_open_array(&json, "transports");
        json_write_string(&json, NULL, "usb");
        json_write_close_array(&json);
        close_credential(&json);
        return keep(w, before, "RegistrationResponseJSON", &ret->json, error);
}

static int ask_to_create(
        fido_dev_t *device, fido_cred_t *credential, const struct browser_request *request, slice client_data)
{
        int answer = fido_cred_set_type(credential, COSE_ES256);
        if (answer == FIDO_OK)
                answer = fido_cred_set_clientdata(credential, client_data.data, client_data.size);
        if (answer == FIDO_OK)
                answer = fido_cred_set_rp(credential, request->rp_id, request->rp_id);
        if (answer == FIDO_OK)
                answer = fido_cred_set_user(credential, request->user_id.data, request->user_id.size,
                        request->user_name, request->user_name, NULL);
        if (answer == FIDO_OK && request->discoverable)
                answer = fido_cred_set_rk(credential, FIDO_OPT_TRUE);
        if (answer == FIDO_OK && !request->pin)
                answer = fido_cred_set_uv(credential, FIDO_OPT_TRUE);
        if (answer == FIDO_OK)
                answer = fido_dev_make_cred(device, credential, request->pin);
        /* libfido2 checks the statement's signature itself: a second opinion, before the relying party's. */
        return answer == FIDO_OK ? fido_cred_verify(credential) : answer;
}

mitome_status browser_create(fido_dev_t *device, const struct browser_request *request,
        struct browser_answer *ret, mitome_error *error)
{
        fido_cred_t *credential = fido_cred_new();
        if (!credential)
                return fail(error, MITOME_E_NO_MEMORY, "credential", NULL);
        writer w = writer_over(ret->buffer, sizeof ret->buffer);
        write_client_data(&w, "webauthn.create", request);
        mitome_status status = keep(&w, 0, "client data", &ret->client_data, error);
        if (!failed(status)) {
                ret->fido_error = ask_to_create(device, credential, request, ret->client_data);
                if (ret->fido_error == FIDO_OK)
                        status = created(&w, credential, ret, error);
        }
        fido_cred_free(&credential);
        return status;
}

static mitome_status got(
        writer *w, const fido_assert_t *assertion, struct browser_answer *ret, mitome_error *error)
{
        slice signature, user;
        /* libfido2 hands out authData as the CBOR byte string it came in. */
        slice wrapped =
                slice_of(fido_assert_authdata_ptr(assertion, 0), fido_assert_authdata_len(assertion, 0));
        struct cbor_reader r = cbor_over(wrapped, "CTAP 2.1 6.2.2", error);
        slice auth_data;
        MITOME_TRY(cbor_read_bytes(&r, "authData", 1024, &auth_data));
        MITOME_TRY(keep_copy(w, auth_data.data, auth_data.size, "authData", &ret->auth_data, error));
        MITOME_TRY(keep_copy(w, fido_assert_id_ptr(assertion, 0), fido_assert_id_len(assertion, 0),
                "credential id", &ret->credential_id, error));
        signature = slice_of(fido_assert_sig_ptr(assertion, 0), fido_assert_sig_len(assertion, 0));
        user = slice_of(fido_assert_user_id_ptr(assertion, 0), fido_assert_user_id_len(assertion, 0));

        size_t before = w->used;
        struct json_writer json = json_into(w);
        open_credential(&json, ret);
        json_write_base64url(&json, "authenticatorData", ret->auth_data);
        json_write_base64url(&json, "signature", signature);
        if (user.size)
                json_write_base64url(&json, "userHandle", user);
        close_credential(&json);
        return keep(w, before, "AuthenticationResponseJSON", &ret->json, error);
}

static int ask_to_get(fido_dev_t *device, fido_assert_t *assertion, const struct browser_request *request,
        slice client_data)
{
        int answer = fido_assert_set_rp(assertion, request->rp_id);
        if (answer == FIDO_OK)
                answer = fido_assert_set_clientdata(assertion, client_data.data, client_data.size);
        if (answer == FIDO_OK && request->credential_id.size)
                answer = fido_assert_allow_cred(
                        assertion, request->credential_id.data, request->credential_id.size);
        if (answer == FIDO_OK)
                answer = fido_assert_set_up(assertion, FIDO_OPT_TRUE);
        if (answer == FIDO_OK && !request->pin)
                answer = fido_assert_set_uv(assertion, FIDO_OPT_TRUE);
        return answer == FIDO_OK ? fido_dev_get_assert(device, assertion, request->pin) : answer;
}

mitome_status browser_get(fido_dev_t *device, const struct browser_request *request,
        struct browser_answer *ret, mitome_error *error)
{
        fido_assert_t *assertion = fido_assert_new();
        if (!assertion)
                return fail(error, MITOME_E_NO_MEMORY, "assertion", NULL);
        writer w = writer_over(ret->buffer, sizeof ret->buffer);
        write_client_data(&w, "webauthn.get", request);
        mitome_status status = keep(&w, 0, "client data", &ret->client_data, error);
        if (!failed(status)) {
                ret->fido_error = ask_to_get(device, assertion, request, ret->client_data);
                if (ret->fido_error == FIDO_OK)
                        status = got(&w, assertion, ret, error);
        }
        fido_assert_free(&assertion);
        return status;
}
