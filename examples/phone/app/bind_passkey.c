/* SPDX-License-Identifier: Apache-2.0 */
#include "bind_passkey.h"

#include "authdata.h"
#include "client_data.h"
#include "digest.h"
#include "domain_name.h"
#include "jpki_message.h"

static bool ends_with(slice text, slice end)
{
        return text.size >= end.size &&
               slice_equal(slice_of(text.data + (text.size - end.size), end.size), end);
}

/* WebAuthn L3 5.1.3: an RP ID is the domain of the page, or one that the page's is under. */
static bool is_page_of(slice rp_id, slice origin)
{
        const slice scheme = slice_text("https://");
        reader r = reader_over(origin, NULL, NULL);
        slice host, before;
        uint32_t port;
        if (!slice_begins_with(origin, scheme) || failed(read_bytes(&r, NULL, scheme.size, &before)) ||
                !domain_name_read_authority(r.rest, &host, &port) || !ends_with(host, rp_id))
                return false;
        return host.size == rp_id.size || host.data[host.size - rp_id.size - 1] == '.';
}

static mitome_status check_client_data(slice rp_id, slice json, mitome_error *error)
{
        uint8_t texts[BINDING_MESSAGE_MAX];
        writer arena = WRITER(texts);
        struct client_data data;
        MITOME_TRY(client_data_read(json, "WebAuthn L3 5.8.1", &arena, &data, error));
        if (!slice_is(data.type, "webauthn.create"))
                return fail(error, MITOME_E_CLIENT_DATA_TYPE, "clientDataJSON.type", "WebAuthn L3 5.8.1");
        if (!is_page_of(rp_id, data.origin))
                return fail(error, MITOME_E_ORIGIN_UNEXPECTED, "clientDataJSON.origin", "WebAuthn L3 5.1.3");
        return data.cross_origin || data.has_top_origin
                       ? fail(error, MITOME_E_CROSS_ORIGIN, "clientDataJSON", "WebAuthn L3 5.8.1")
                       : ok();
}

static mitome_status check_auth_data(slice rp_id, slice auth_data, mitome_error *error)
{
        uint8_t hash[SHA256_SIZE];
        struct authdata data;
        sha256(&rp_id, 1, hash);
        MITOME_TRY(authdata_read(auth_data, &data, error));
        if (!slice_equal(data.rp_id_hash, SLICE(hash)))
                return fail(error, MITOME_E_RP_ID_HASH, "rpIdHash", "WebAuthn L3 6.1");
        return data.flags & AUTHDATA_AT
                       ? ok()
                       : fail(error, MITOME_E_NO_CREDENTIAL_DATA, "authData", "WebAuthn L3 6.1");
}

mitome_status binding_compose(const struct passkey_made *made, uint8_t buffer[BINDING_MESSAGE_MAX],
        slice *ret_message, mitome_error *error)
{
        const slice rp_id = slice_text(made->rp_id);
        uint8_t hash[SHA256_SIZE];
        writer w = writer_over(buffer, BINDING_MESSAGE_MAX);
        if (!domain_name_is_valid(rp_id))
                return fail(error, MITOME_E_RP_ID_FORM, "RP ID", NULL);
        MITOME_TRY(check_client_data(rp_id, made->client_data, error));
        MITOME_TRY(check_auth_data(rp_id, made->auth_data, error));
        sha256(&made->client_data, 1, hash);
        write_slice(&w, slice_text(JPKI_MESSAGE_PREFIX));
        write_u8(&w, JPKI_USE_BINDING);
        write_slice(&w, made->auth_data);
        write_slice(&w, SLICE(hash));
        return writer_finish(&w, "message", ret_message, error);
}
