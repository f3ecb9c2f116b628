/* SPDX-License-Identifier: Apache-2.0 */
#include "response_json.h"

#include "client_data.h"

static const char clause[] = "WebAuthn L3 5.1";

/* What both kinds have around their inner object. */
static mitome_status read_response(slice json, const struct json_object *inner, writer *arena,
        struct mitome_response *response, mitome_error *error)
{
        slice id = { 0 };
        const struct json_field fields[] = {
                { "id", "id", json_field_base64url, .required = true, .max = RESPONSE_CREDENTIAL_ID_MAX,
                        .bytes = &id },
                { "rawId", "rawId", json_field_base64url, .required = true, .max = RESPONSE_CREDENTIAL_ID_MAX,
                        .bytes = &response->credential_id },
                { "type", "type", json_field_literal, .required = true, .literal = "public-key" },
                { "response", "response", json_field_object, .required = true, .members = inner },
                { "clientExtensionResults", "clientExtensionResults", json_field_raw, .null_is_absent = true,
                        .bytes = &response->extension_results },
        };
        const struct json_object object = {
                .field = "response JSON", .fields = fields, .count = sizeof fields / sizeof fields[0]
        };
        struct json_reader r = json_over(json, clause, error);
        MITOME_TRY(json_object_read(&r, arena, &object));
        MITOME_TRY(json_end(&r, "response JSON"));
        /* 5.1: id is the base64url encoding of what rawId holds. */
        if (!slice_equal(id, response->credential_id))
                return fail(error, MITOME_E_CREDENTIAL_ID_MISMATCH, "id", clause);
        return ok();
}

mitome_status response_read_registration(
        slice json, writer *arena, struct mitome_response *ret, mitome_error *error)
{
        struct mitome_response response = { 0 };
        const struct json_field fields[] = {
                { "clientDataJSON", "response.clientDataJSON", json_field_base64url, .required = true,
                        .max = CLIENT_DATA_MAX, .bytes = &response.client_data },
                { "attestationObject", "response.attestationObject", json_field_base64url, .required = true,
                        .max = RESPONSE_ATTESTATION_MAX, .bytes = &response.attestation_object },
        };
        const struct json_object inner = {
                .field = "response", .fields = fields, .count = sizeof fields / sizeof fields[0]
        };
        MITOME_TRY(read_response(json, &inner, arena, &response, error));
        *ret = response;
        return ok();
}

mitome_status response_read_authentication(
        slice json, writer *arena, struct mitome_response *ret, mitome_error *error)
{
        struct mitome_response response = { 0 };
        const struct json_field fields[] = {
                { "clientDataJSON", "response.clientDataJSON", json_field_base64url, .required = true,
                        .max = CLIENT_DATA_MAX, .bytes = &response.client_data },
                { "authenticatorData", "response.authenticatorData", json_field_base64url, .required = true,
                        .max = RESPONSE_AUTH_DATA_MAX, .bytes = &response.auth_data },
                { "signature", "response.signature", json_field_base64url, .required = true,
                        .max = RESPONSE_SIGNATURE_MAX, .bytes = &response.signature },
                { "userHandle", "response.userHandle", json_field_base64url, .null_is_absent = true,
                        .max = RESPONSE_USER_HANDLE_MAX, .bytes = &response.user_handle,
                        .present = &response.has_user_handle },
        };
        const struct json_object inner = {
                .field = "response", .fields = fields, .count = sizeof fields / sizeof fields[0]
        };
        MITOME_TRY(read_response(json, &inner, arena, &response, error));
        /* 5.4.3: a user handle has 1 byte at least; some write "" where there is none. */
        response.has_user_handle = response.user_handle.size;
        *ret = response;
        return ok();
}

/* ---- what came as bytes ---- */

struct part {
        slice bytes;
        size_t max;
        const char *field;
};

static mitome_status check_parts(const struct part *parts, size_t count, mitome_error *error)
{
        for (size_t i = 0; i < count; i++) {
                if (parts[i].bytes.size == 0)
                        return fail(error, MITOME_E_MISSING, parts[i].field, clause);
                if (parts[i].bytes.size > parts[i].max)
                        return fail(error, MITOME_E_TOO_LONG, parts[i].field, clause);
        }
        return ok();
}

mitome_status response_check_registration(const struct mitome_response *response, mitome_error *error)
{
        const struct part parts[] = {
                { response->credential_id, RESPONSE_CREDENTIAL_ID_MAX, "rawId" },
                { response->client_data, CLIENT_DATA_MAX, "response.clientDataJSON" },
                { response->attestation_object, RESPONSE_ATTESTATION_MAX, "response.attestationObject" },
        };
        return check_parts(parts, sizeof parts / sizeof parts[0], error);
}

mitome_status response_check_authentication(const struct mitome_response *response, mitome_error *error)
{
        const struct part parts[] = {
                { response->credential_id, RESPONSE_CREDENTIAL_ID_MAX, "rawId" },
                { response->client_data, CLIENT_DATA_MAX, "response.clientDataJSON" },
                { response->auth_data, RESPONSE_AUTH_DATA_MAX, "response.authenticatorData" },
                { response->signature, RESPONSE_SIGNATURE_MAX, "response.signature" },
        };
        if (response->has_user_handle && response->user_handle.size > RESPONSE_USER_HANDLE_MAX)
                return fail(error, MITOME_E_TOO_LONG, "response.userHandle", clause);
        return check_parts(parts, sizeof parts / sizeof parts[0], error);
}
