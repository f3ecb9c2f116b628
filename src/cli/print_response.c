/* SPDX-License-Identifier: Apache-2.0 */
/* RegistrationResponseJSON and AuthenticationResponseJSON, WebAuthn L3 5.1.8. */
#include "client_data.h"
#include "digest.h"
#include "print_json.h"
#include "response_json.h"

#include <stdlib.h>

static const char clause[] = "WebAuthn L3 5.1.8";

typedef mitome_status read_response(
        slice json, writer *arena, struct mitome_response *ret, mitome_error *error);

/* ---- whose RP ID it is ---- */

/* The host of an origin: behind "://", before a port. */
static slice host_of(slice origin)
{
        reader r = reader_over(origin, NULL, NULL);
        slice passed, host;
        while (r.rest.size >= 3 && !slice_is(slice_of(r.rest.data, 3), "://"))
                if (failed(read_bytes(&r, NULL, 1, &passed)))
                        break;
        if (r.rest.size < 3 || failed(read_bytes(&r, NULL, 3, &passed)))
                return slice_of(NULL, 0);
        host = r.rest;
        for (size_t i = 0; i < host.size; i++)
                if (host.data[i] == ':' || host.data[i] == '/')
                        host.size = i;
        return host;
}

/* rpIdHash tells only whether an RP ID is the one: those that an origin may have are its host and the domains
 * above it (WebAuthn L3 5.1.3). */
static void print_rp_id(const struct print_place *place, slice origin, slice auth_data)
{
        uint8_t hash[SHA256_SIZE];
        reader r = reader_over(host_of(origin), NULL, NULL);
        slice passed;
        if (auth_data.size < sizeof hash)
                return;
        while (r.rest.size) {
                sha256(&r.rest, 1, hash);
                if (slice_equal(slice_of(auth_data.data, sizeof hash), SLICE(hash))) {
                        print_text_line(place, "RP ID", r.rest);
                        return;
                }
                bool dot = false;
                while (!dot && !failed(read_bytes(&r, NULL, 1, &passed)))
                        dot = slice_is(passed, ".");
        }
        print_line(place, "RP ID", "neither the origin's host nor a domain above it");
}

static void print_rp_id_of(const struct print_place *place, slice client_data, slice auth_data)
{
        struct client_data data;
        uint8_t *space = malloc(client_data.size + 1);
        writer arena = writer_over(space, space ? client_data.size : 0);
        if (!failed(client_data_read(client_data, clause, &arena, &data, NULL)))
                print_rp_id(place, data.origin, auth_data);
        free(space);
}

/* authData in an attestation object, wherever it stands there. */
static slice auth_data_in(slice object)
{
        struct cbor_reader r = cbor_over(object, NULL, NULL);
        struct cbor_members map;
        struct cbor_key key;
        slice data = { 0 };
        r.any_order = true;
        r.deeper = CBOR_DEPTH;
        if (failed(cbor_open_map(&r, NULL, 3, &map)))
                return data;
        for (bool more;;) {
                if (failed(cbor_next_key(&r, &map, &key, &more)) || !more)
                        return data;
                if (key.is_text && slice_is(key.text, "authData"))
                        return failed(cbor_read_bytes(&r, NULL, SIZE_MAX, &data)) ? slice_of(NULL, 0) : data;
                if (failed(cbor_skip(&r, NULL)))
                        return data;
        }
}

/* ---- clientExtensionResults, WebAuthn L3 9.4 ---- */

/* Whether one was made, and what there is: never what it is. */
static void print_prf(const struct print_place *place, slice results)
{
        slice prf, output;
        if (!print_json_find(results, "prf", &prf))
                return;
        print_line(place, "prf", "(WebAuthn L3 10.1.4)");
        struct print_place within = *place;
        within.indent += 2;
        print_json_line(&within, prf, "enabled");
        if (print_json_find(prf, "results", &output))
                print_line(&within, "results", "secret: not shown");
}

static void print_large_blob(const struct print_place *place, slice results)
{
        slice blob, content;
        if (!print_json_find(results, "largeBlob", &blob))
                return;
        print_line(place, "largeBlob", "(WebAuthn L3 10.1.5)");
        struct print_place within = *place;
        within.indent += 2;
        print_json_line(&within, blob, "supported");
        print_json_line(&within, blob, "written");
        if (print_json_find(blob, "blob", &content))
                print_line(&within, "blob", "%zu characters, not shown", content.size);
}

static void print_results(const struct print_place *place, slice results)
{
        static const char *const known[] = { "appid", "appidExclude", "credProps", "prf", "largeBlob", NULL };
        slice properties;
        if (results.size == 0)
                return;
        print_line(place, "clientExtensionResults", "%s", slice_is(results, "{}") ? "none" : "");
        struct print_place within = *place;
        within.indent += 2;
        print_json_line(&within, results, "appid");
        print_json_line(&within, results, "appidExclude");
        if (print_json_find(results, "credProps", &properties)) {
                struct print_place inner = within;
                inner.indent += 2;
                print_line(&within, "credProps", "(WebAuthn L3 10.1.3)");
                print_json_line(&inner, properties, "rk");
        }
        print_prf(&within, results);
        print_large_blob(&within, results);
        print_json_others(&within, results, known, PRINT_JSON_HIDDEN);
}

/* ---- both ---- */

/* Reads the response into memory of the caller's to free; *ret_space is NULL when that fails. */
static mitome_status read_whole(const struct print_place *place, slice json, read_response *read,
        struct mitome_response *ret, uint8_t **ret_space)
{
        uint8_t *space = malloc(json.size + 1);
        mitome_error inner = { 0 };
        *ret_space = NULL;
        if (!space)
                return fail(place->error, MITOME_E_NO_MEMORY, "response JSON", NULL);
        writer arena = writer_over(space, json.size);
        mitome_status status = read(json, &arena, ret, &inner);
        if (failed(status))
                free(space);
        else
                *ret_space = space;
        return print_relay(place, status, &inner);
}

/* Offsets of what is wrong in a part count in its decoded bytes. */
static void print_decoded(
        const struct print_place *place, const char *name, print_printer *printer, slice bytes)
{
        print_line(place, name, "%zu bytes", bytes.size);
        print_part(place, printer, bytes, 0);
}

static void print_outside(const struct print_place *place, slice json, const struct mitome_response *response)
{
        static const char *const known[] = { "id", "rawId", "type", "response", "clientExtensionResults",
                "authenticatorAttachment", NULL };
        print_bytes_line(place, "credential id", response->credential_id);
        print_json_line(place, json, "authenticatorAttachment");
        print_results(place, response->extension_results);
        print_json_others(place, json, known, PRINT_JSON_HIDDEN);
}

mitome_status print_registration(const struct print_place *place, slice json)
{
        static const char *const known[] = { "clientDataJSON", "attestationObject", "authenticatorData",
                "transports", "publicKey", "publicKeyAlgorithm", NULL };
        struct mitome_response response;
        uint8_t *space;
        slice inner;
        MITOME_TRY(read_whole(place, json, response_read_registration, &response, &space));
        print_outside(place, json, &response);
        print_decoded(place, "clientDataJSON", print_client_data, response.client_data);
        print_decoded(place, "attestationObject", print_attestation_object, response.attestation_object);
        print_rp_id_of(place, response.client_data, auth_data_in(response.attestation_object));
        if (print_json_find(json, "response", &inner)) {
                print_json_line(place, inner, "transports");
                print_json_line(place, inner, "publicKeyAlgorithm");
                print_json_others(place, inner, known, PRINT_JSON_HIDDEN);
        }
        free(space);
        return ok();
}

mitome_status print_authentication(const struct print_place *place, slice json)
{
        static const char *const known[] = { "clientDataJSON", "authenticatorData", "signature", "userHandle",
                NULL };
        struct mitome_response response;
        uint8_t *space;
        slice inner;
        MITOME_TRY(read_whole(place, json, response_read_authentication, &response, &space));
        print_outside(place, json, &response);
        print_decoded(place, "clientDataJSON", print_client_data, response.client_data);
        print_decoded(place, "authenticatorData", print_authdata, response.auth_data);
        print_rp_id_of(place, response.client_data, response.auth_data);
        print_bytes_line(place, "signature", response.signature);
        if (response.has_user_handle)
                print_bytes_line(place, "userHandle", response.user_handle);
        if (print_json_find(json, "response", &inner))
                print_json_others(place, inner, known, PRINT_JSON_HIDDEN);
        free(space);
        return ok();
}
