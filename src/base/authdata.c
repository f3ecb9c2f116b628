/* SPDX-License-Identifier: Apache-2.0 */
#include "authdata.h"

static const char clause[] = "WebAuthn L3 6.1";

/* WebAuthn L3 6.5.1, attested credential data. */
static mitome_status read_attested(reader *r, struct cose_verifier *verifier, struct authdata *data)
{
        static const char length[] = "attestedCredentialData.credentialIdLength";
        uint16_t id_size;
        MITOME_TRY(read_bytes(r, "attestedCredentialData.aaguid", AUTHDATA_AAGUID_SIZE, &data->aaguid));
        reader before = *r;
        MITOME_TRY(read_u16(r, length, &id_size));
        /* "Value MUST be <= 1023." No bytes at all name no credential. */
        if (id_size == 0 || id_size > AUTHDATA_CREDENTIAL_ID_MAX)
                return reader_fail(&before, MITOME_E_TOO_LONG, length);
        MITOME_TRY(read_bytes(r, "attestedCredentialData.credentialId", id_size, &data->credential_id));

        struct cbor_reader key = { .bytes = *r };
        MITOME_TRY(cose_key_read(
                &key, "attestedCredentialData.credentialPublicKey", verifier, &data->public_key));
        return read_bytes(r, "attestedCredentialData.credentialPublicKey", key.bytes.offset - r->offset,
                &data->public_key_bytes);
}

static mitome_status read_extensions(reader *r, bool any_order, struct authdata *data)
{
        struct cbor_reader map = { .bytes = *r, .any_order = any_order };
        enum cbor_kind kind;
        slice item;
        MITOME_TRY(cbor_peek(&map, "extensions", &kind));
        if (kind != CBOR_KIND_MAP)
                return reader_fail(r, MITOME_E_CBOR_TYPE, "extensions");
        MITOME_TRY(cbor_read_item(&map, "extensions", &item));
        return read_bytes(r, "extensions", item.size, &data->extensions);
}

mitome_status authdata_read_by(
        slice input, const struct authdata_rules *rules, struct authdata *ret, mitome_error *error)
{
        struct authdata data = { 0 };
        reader r = reader_over(input, clause, error);
        MITOME_TRY(read_bytes(&r, "rpIdHash", 32, &data.rp_id_hash));
        MITOME_TRY(read_u8(&r, "flags", &data.flags));
        /* "If the BE bit ... is not set, the BS bit MUST NOT be set" (6.1.3) */
        if ((data.flags & AUTHDATA_BS) && !(data.flags & AUTHDATA_BE))
                return fail_at(error, MITOME_E_VALUE, 32, "flags.BS", "WebAuthn L3 6.1.3");
        MITOME_TRY(read_u32(&r, "signCount", &data.sign_count));
        if (data.flags & AUTHDATA_AT)
                MITOME_TRY(read_attested(&r, rules->verifier, &data));
        if (data.flags & AUTHDATA_ED)
                MITOME_TRY(read_extensions(&r, rules->any_order, &data));
        if (!rules->left_over)
                MITOME_TRY(read_end(&r, "authData"));
        *ret = data;
        return ok();
}

mitome_status authdata_read(slice input, struct authdata *ret, mitome_error *error)
{
        const struct authdata_rules strict = { 0 };
        return authdata_read_by(input, &strict, ret, error);
}

void authdata_write(writer *w, const struct authdata *data)
{
        write_slice(w, data->rp_id_hash);
        write_u8(w, data->flags);
        write_u32(w, data->sign_count);
        if (data->flags & AUTHDATA_AT) {
                if (data->credential_id.size > UINT16_MAX)
                        w->overflowed = true; /* its length has no place in the structure */
                write_slice(w, data->aaguid);
                write_u16(w, (uint16_t)data->credential_id.size);
                write_slice(w, data->credential_id);
                if (data->public_key_bytes.size)
                        write_slice(w, data->public_key_bytes);
                else
                        cose_key_write(w, &data->public_key);
        }
        if (data->flags & AUTHDATA_ED)
                write_slice(w, data->extensions);
}
