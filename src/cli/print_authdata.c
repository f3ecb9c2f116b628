/* SPDX-License-Identifier: Apache-2.0 */
/* Authenticator data, WebAuthn L3 6.1. */
#include "authdata.h"
#include "print_extensions.h"
#include "print_key.h"

static const char clause[] = "WebAuthn L3 6.1";

static const struct {
        uint8_t bit;
        const char *name;
} flag_names[] = {
        { AUTHDATA_UP, "UP user present" },
        { 0x02, "RFU1 reserved" },
        { AUTHDATA_UV, "UV user verified" },
        { AUTHDATA_BE, "BE backup eligible" },
        { AUTHDATA_BS, "BS backed up" },
        { 0x20, "RFU2 reserved" },
        { AUTHDATA_AT, "AT attested credential data" },
        { AUTHDATA_ED, "ED extension data" },
};

/* Its parts, whatever is in them. */
struct outline {
        slice rp_id_hash, aaguid, credential_id, public_key, extensions;
        uint8_t flags;
        uint32_t sign_count;
        size_t public_key_at, extensions_at; /* where these begin in the input */
};

static mitome_status read_item(reader *r, const char *field, slice *ret, size_t *ret_at)
{
        struct cbor_reader item = { .bytes = *r, .any_order = true };
        MITOME_TRY(cbor_read_item(&item, field, ret));
        *ret_at = r->offset;
        *r = item.bytes;
        return ok();
}

static mitome_status read_outline(reader *r, struct outline *ret)
{
        struct outline data = { 0 };
        uint16_t id_size;
        MITOME_TRY(read_bytes(r, "authData.rpIdHash", 32, &data.rp_id_hash));
        MITOME_TRY(read_u8(r, "authData.flags", &data.flags));
        MITOME_TRY(read_u32(r, "authData.signCount", &data.sign_count));
        if (data.flags & AUTHDATA_AT) {
                MITOME_TRY(read_bytes(r, "authData.aaguid", AUTHDATA_AAGUID_SIZE, &data.aaguid));
                MITOME_TRY(read_u16(r, "authData.credentialIdLength", &id_size));
                MITOME_TRY(read_bytes(r, "authData.credentialId", id_size, &data.credential_id));
                MITOME_TRY(
                        read_item(r, "authData.credentialPublicKey", &data.public_key, &data.public_key_at));
        }
        if (data.flags & AUTHDATA_ED)
                MITOME_TRY(read_item(r, "authData.extensions", &data.extensions, &data.extensions_at));
        MITOME_TRY(read_end(r, "authData"));
        *ret = data;
        return ok();
}

static void print_flags(const struct print_place *place, uint8_t flags)
{
        const char *separator = " ";
        print_name(place, "flags");
        fprintf(place->out, "0x%02x:", flags);
        for (size_t i = 0; i < sizeof flag_names / sizeof flag_names[0]; i++)
                if (flags & flag_names[i].bit) {
                        fprintf(place->out, "%s%s", separator, flag_names[i].name);
                        separator = ", ";
                }
        fputs(flags ? "\n" : " none\n", place->out);
}

static void print_outline(const struct print_place *place, const struct outline *data)
{
        print_hex_line(place, "rpIdHash", data->rp_id_hash);
        print_flags(place, data->flags);
        print_line(place, "signCount", data->sign_count ? "%u" : "%u (does not count)", data->sign_count);
        if (data->flags & AUTHDATA_AT) {
                struct print_place key = *place;
                key.at = data->public_key_at;
                print_aaguid_line(place, "AAGUID", data->aaguid);
                print_bytes_line(place, "credential id", data->credential_id);
                print_key_bytes(&key, data->public_key);
        }
        if (data->flags & AUTHDATA_ED) {
                print_line(place, "extensions", "%zu bytes", data->extensions.size);
                print_part(place, print_extensions, data->extensions, data->extensions_at);
        }
}

mitome_status print_authdata(const struct print_place *place, slice bytes)
{
        mitome_error whole = { 0 }, wrong = { 0 };
        struct outline outline;
        struct authdata data;
        reader r = print_reader(place, bytes, clause);
        mitome_status status = authdata_read(bytes, &data, &whole);
        r.error = NULL;
        /* What is no authenticator data is told as its reader tells it. */
        if (failed(read_outline(&r, &outline)))
                return failed(status) ? print_relay(place, status, &whole)
                                      : fail(place->error, MITOME_E_VALUE, "authData", clause);
        struct print_place quiet = *place;
        quiet.error = &wrong;
        print_outline(&quiet, &outline);
        if (wrong.code != MITOME_OK)
                error_record(place->error, wrong.code, wrong.at, wrong.field, wrong.clause);
        /* And what the parts have not said already. */
        mitome_error told = { status.code, MITOME_NOWHERE, whole.field, whole.clause };
        if (whole.at != MITOME_NOWHERE)
                told.at = place->at + whole.at;
        if (failed(status) && (wrong.code != told.code || wrong.at != told.at))
                print_wrong(place, &told);
        return ok();
}
