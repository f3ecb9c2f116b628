/* SPDX-License-Identifier: Apache-2.0 */

/* What other parties tell the SP-TSM; each inside the transaction of its answer. */

#include "sp_map.h"
#include "sp_within.h"

/* ---- hand-over ---- */

enum { KEY_SIZE_MIN = 16 };

static mitome_status read_keys(slice plain, struct tsm_key_set *ret, mitome_error *error)
{
        reader r = reader_over(plain, NULL, error);
        const size_t each = plain.size / 3;
        ret->keys.size = (uint8_t)each;
        if (plain.size % 3 || each < KEY_SIZE_MIN || each > SCP03_KEY_MAX || !scp03_keys_fit(&ret->keys))
                return fail(error, MITOME_E_VALUE, "keys", NULL);
        MITOME_TRY(read_into(&r, "ENC", ret->keys.enc, each));
        MITOME_TRY(read_into(&r, "MAC", ret->keys.mac, each));
        return read_into(&r, "DEK", ret->keys.dek, each);
}

static mitome_status open_keys(struct sp_tsm *tsm, slice sealed, struct tsm_key_set *ret, mitome_error *error)
{
        uint8_t plain[3 * SCP03_KEY_MAX];
        slice view;
        MITOME_TRY(party_unseal(tsm->party, sealed, plain, sizeof plain, &view, error));
        mitome_status status = read_keys(view, ret, error);
        bytes_wipe(plain, sizeof plain);
        return status;
}

mitome_status sp_take_hand_over(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        enum { VERSION_MAX = 0x7F };
        struct sp_tsm *tsm = context;
        struct tsm_key_set first = { 0 };
        struct sp_map map;
        slice identity, sealed;
        uint64_t version;
        MITOME_TRY(sp_map_begin(request->body, &map, error));
        MITOME_TRY(sp_map_text(&map, 1, "identity", SP_IDENTITY_MAX, &identity));
        MITOME_TRY(sp_map_uint(&map, 2, "key version", VERSION_MAX, &version));
        MITOME_TRY(sp_map_bytes(&map, 3, "keys", 3 * SCP03_KEY_MAX + PARTY_SEAL_EXTRA, &sealed));
        MITOME_TRY(sp_map_end(&map));
        if (!version || !phone_identity_is_plain(identity))
                return fail(error, MITOME_E_VALUE, version ? "identity" : "key version", NULL);
        first.version = (uint8_t)version;
        mitome_status status = open_keys(tsm, sealed, &first, error);
        if (!failed(status))
                status = sp_device_first(tsm, identity, &first, error);
        bytes_wipe(&first, sizeof first);
        MITOME_TRY(status);
        cbor_write_map(answer, 0);
        const struct sp_evidence why = { "letter", SLICE(request->digest), false };
        return sp_journal_device(tsm, "receive-first-keys", "done", identity, &why, NULL, error);
}

/* ---- revoked ---- */

mitome_status sp_hear_revoked(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        struct sp_tsm *tsm = context;
        struct sp_map map;
        struct sp_revoked revoked[SP_REVOKED_MAX];
        size_t count;
        MITOME_TRY(sp_map_begin(request->body, &map, error));
        MITOME_TRY(sp_map_at(&map, 1, "revoked"));
        MITOME_TRY(sp_read_revoked(&map.r, revoked, &count));
        MITOME_TRY(sp_map_end(&map));
        const struct sp_evidence why = { "letter", SLICE(request->digest), false };
        MITOME_TRY(sp_take_revoked(tsm, revoked, count, &why, error));
        cbor_write_map(answer, 0);
        for (size_t i = 0; i < count; i++)
                MITOME_TRY(sp_journal_serial(
                        tsm, "hear-revocation", "done", revoked[i].serial, &why, NULL, error));
        return ok();
}
