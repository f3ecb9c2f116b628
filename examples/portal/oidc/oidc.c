/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc.h"

#include "cross_device.h"
#include "json.h"
#include "oidc_internal.h"
#include "small_file.h"

#include <stdlib.h>

/* ---- what the portal says of itself ---- */

static void write_list(struct json_writer *json, const char *name, const char *const *values)
{
        json_write_open_array(json, name);
        for (; *values; values++)
                json_write_string(json, NULL, *values);
        json_write_close_array(json);
}

static mitome_status write_address(
        struct json_writer *json, const char *name, const char *issuer, const char *path, mitome_error *error)
{
        uint8_t buffer[OIDC_ISSUER_MAX + 64];
        writer w = WRITER(buffer);
        slice address;
        oidc_write_text(&w, issuer);
        oidc_write_text(&w, path);
        MITOME_TRY(writer_finish(&w, name, &address, error));
        json_write_text(json, name, address);
        return ok();
}

static const struct {
        const char *name, *path;
} addresses[] = {
        { "issuer", "" },
        { "authorization_endpoint", "/oidc/authorize" },
        { "token_endpoint", "/oidc/token" },
        { "userinfo_endpoint", "/oidc/userinfo" },
        { "jwks_uri", "/oidc/jwks" },
        { "end_session_endpoint", "/oidc/logout" },
};

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })
static const struct {
        const char *name;
        const char *const *values;
} lists[] = {
        { "response_types_supported", LIST("code") },
        { "response_modes_supported", LIST("query") },
        { "grant_types_supported", LIST("authorization_code") },
        { "subject_types_supported", LIST("pairwise") },
        { "id_token_signing_alg_values_supported", LIST("ES256") },
        { "token_endpoint_auth_methods_supported", LIST("client_secret_basic", "none") },
        { "code_challenge_methods_supported", LIST("S256") },
        { "scopes_supported", LIST("openid") },
        { "claims_supported",
                LIST("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash") },
        { "prompt_values_supported", LIST("none", "login", "consent", "select_account") },
        { "ui_locales_supported", LIST("en", "ja") },
};

static const struct {
        const char *name;
        bool value;
} flags[] = {
        { "authorization_response_iss_parameter_supported", true }, /* RFC 9207 */
        { "claims_parameter_supported", false },
        { "request_parameter_supported", false },
        { "request_uri_parameter_supported", false },
};

/* OpenID Connect Discovery 3, RFC 8414 2. */
static mitome_status write_discovery(struct oidc *oidc, mitome_error *error)
{
        writer w = WRITER(oidc->discovery);
        struct json_writer json = json_into(&w);
        json_write_open_object(&json, NULL);
        for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
                MITOME_TRY(write_address(&json, addresses[i].name, oidc->issuer, addresses[i].path, error));
        for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
                write_list(&json, lists[i].name, lists[i].values);
        for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
                json_write_bool(&json, flags[i].name, flags[i].value);
        json_write_close_object(&json);
        return writer_finish(&w, "discovery", &oidc->discovery_text, error);
}

/* ---- opening ---- */

static mitome_status keep_issuer(struct oidc *oidc, const char *issuer, mitome_error *error)
{
        const slice text = slice_text(issuer);
        if (text.size == 0 || text.size > OIDC_ISSUER_MAX || !slice_equal(oidc_uri_origin(text), text))
                return fail(error, MITOME_E_ARGUMENT, "issuer", "OpenID Connect Discovery 3");
        writer w = writer_over((uint8_t *)oidc->issuer, sizeof oidc->issuer);
        const char *kept;
        write_slice(&w, text);
        return oidc_terminate(&w, "issuer", &kept, error);
}

static mitome_status read_clients_file(struct oidc *oidc, const char *path, mitome_error *error)
{
        slice text;
        if (!path)
                return ok();
        uint8_t *buffer = malloc(OIDC_CLIENTS_TEXT);
        if (!buffer)
                return fail(error, MITOME_E_NO_MEMORY, "clients file", NULL);
        mitome_status status = small_file_read(path, "clients file", buffer, OIDC_CLIENTS_TEXT, &text, error);
        if (!failed(status))
                status = oidc_clients_read(text, &oidc->clients, error);
        free(buffer);
        return status;
}

static mitome_status open_parts(struct oidc *oidc, const struct oidc_config *config, mitome_error *error)
{
        writer w = WRITER(oidc->key_set);
        MITOME_TRY(keep_issuer(oidc, config->issuer, error));
        MITOME_TRY(read_clients_file(oidc, config->clients, error));
        MITOME_TRY(oidc_keys_open(
                config->folder, party_random(portal_party(config->portal)), &oidc->keys, error));
        oidc_keys_publish(oidc->keys, &w);
        MITOME_TRY(writer_finish(&w, "keys", &oidc->key_set_text, error));
        return write_discovery(oidc, error);
}

mitome_status oidc_open(const struct oidc_config *config, struct oidc **ret, mitome_error *error)
{
        struct oidc *oidc = calloc(1, sizeof *oidc);
        if (!oidc)
                return fail(error, MITOME_E_NO_MEMORY, "oidc", NULL);
        oidc->portal = config->portal;
        oidc->pages = config->pages;
        const mitome_status status = open_parts(oidc, config, error);
        if (failed(status))
                oidc_close(oidc);
        else
                *ret = oidc;
        return status;
}

void oidc_close(struct oidc *oidc)
{
        if (oidc)
                oidc_keys_close(oidc->keys);
        free(oidc);
}

slice oidc_discovery(const struct oidc *oidc)
{
        return oidc->discovery_text;
}

slice oidc_key_set(const struct oidc *oidc)
{
        return oidc->key_set_text;
}

bool oidc_is_cross_device(slice acr)
{
        static const char mark[] = CROSS_DEVICE_ACR;
        reader r = reader_over(acr, NULL, NULL);
        slice before;
        return acr.size >= sizeof mark - 1 &&
               !failed(read_bytes(&r, "acr", acr.size - (sizeof mark - 1), &before)) &&
               slice_is(r.rest, mark);
}

mitome_status oidc_draw(const struct oidc *oidc, char ret_text[OIDC_TOKEN_TEXT + 1], mitome_error *error)
{
        uint8_t bytes[OIDC_TOKEN_SIZE];
        writer w = writer_over((uint8_t *)ret_text, OIDC_TOKEN_TEXT + 1);
        const char *text;
        MITOME_TRY(portal_draw(oidc->portal, bytes, sizeof bytes, error));
        oidc_write_base64url(&w, SLICE(bytes));
        bytes_wipe(bytes, sizeof bytes);
        return oidc_terminate(&w, "code", &text, error);
}
