/* SPDX-License-Identifier: Apache-2.0 */

/* The keys of the phones' domains, at rest and in the element. What seals them lies in a file beside the
 * store: an operator has a hardware security module there, and this has none. */

#include "key_file.h"
#include "key_vault.h"
#include "seal_box.h"
#include "sp_within.h"

/* ---- at rest ---- */

_Static_assert((int)SP_SEAL_EXTRA == (int)SEAL_BOX_EXTRA, "");
_Static_assert((int)SP_WRAPPING_SIZE == (int)SEAL_BOX_KEY_SIZE, "");

mitome_status sp_seal(struct sp_tsm *tsm, slice name, slice bytes, writer *out, mitome_error *error)
{
        return seal_box_close(tsm->config.wrapping_key, party_random(tsm->party), name, bytes, out, error);
}

mitome_status sp_unseal(struct sp_tsm *tsm, slice name, slice sealed, uint8_t *buffer, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        return seal_box_open(tsm->config.wrapping_key, name, sealed, buffer, capacity, ret_size)
                       ? ok()
                       : fail(error, MITOME_E_WRAPPING, "what is sealed in the store", NULL);
}

/* What a sealed set is bound to: the phone, and which of its sets it is. */
static slice set_name(writer *w, slice identity, const char *which)
{
        write_slice(w, slice_text(which));
        write_u8(w, ':');
        write_slice(w, identity);
        return writer_view(w);
}

static mitome_status seal_set(struct sp_tsm *tsm, slice identity, const char *which,
        const struct tsm_key_set *set, writer *out, mitome_error *error)
{
        uint8_t name[SP_IDENTITY_MAX + 8], plain[KEY_VAULT_PLAIN_MAX];
        writer n = WRITER(name), p = WRITER(plain);
        key_vault_write_set(set, &p);
        mitome_status status = sp_seal(tsm, set_name(&n, identity, which), writer_view(&p), out, error);
        bytes_wipe(plain, sizeof plain);
        return status;
}

static mitome_status unseal_set(struct sp_tsm *tsm, slice identity, const char *which, int64_t version,
        slice sealed, struct tsm_key_set *ret, mitome_error *error)
{
        uint8_t name[SP_IDENTITY_MAX + 8], plain[KEY_VAULT_PLAIN_MAX];
        writer n = WRITER(name);
        size_t size;
        MITOME_TRY(sp_unseal(tsm, set_name(&n, identity, which), sealed, plain, sizeof plain, &size, error));
        mitome_status status = key_vault_read_set((uint64_t)version, slice_of(plain, size), ret, error);
        bytes_wipe(plain, sizeof plain);
        return status;
}

/* ---- the table ---- */

static mitome_status read_device(struct sp_tsm *tsm, slice identity, const struct sql_query *query,
        struct sp_device *ret, mitome_error *error)
{
        ret->there = true;
        ret->own_stands = sql_integer(query, 4) != 0;
        ret->has_first = !sql_is_null(query, 1);
        ret->has_own = !sql_is_null(query, 3);
        if (ret->has_first)
                MITOME_TRY(unseal_set(tsm, identity, "first", sql_integer(query, 0), sql_bytes(query, 1),
                        &ret->first, error));
        if (ret->has_own)
                MITOME_TRY(unseal_set(
                        tsm, identity, "own", sql_integer(query, 2), sql_bytes(query, 3), &ret->own, error));
        return ok();
}

mitome_status sp_device_load(struct sp_tsm *tsm, slice identity, struct sp_device *ret, mitome_error *error)
{
        struct sql_query query;
        mitome_status status = ok();
        *ret = (struct sp_device){ 0 };
        MITOME_TRY(sql_ask(tsm->store,
                "SELECT first_version, first, own_version, own, own_stands FROM device WHERE identity = ?",
                SQL_VALUES(SQL_TEXT_OF(identity)), &query, error));
        if (sql_next(&query))
                status = read_device(tsm, identity, &query, ret, error);
        mitome_status ended = sql_end(&query);
        if (!failed(status))
                status = ended;
        if (failed(status))
                bytes_wipe(ret, sizeof *ret);
        return status;
}

mitome_status sp_device_knows(struct sp_tsm *tsm, slice identity, bool *ret, mitome_error *error)
{
        struct sql_query query;
        MITOME_TRY(sql_ask(tsm->store, "SELECT 1 FROM device WHERE identity = ?",
                SQL_VALUES(SQL_TEXT_OF(identity)), &query, error));
        *ret = sql_next(&query);
        return sql_end(&query);
}

mitome_status sp_device_first(
        struct sp_tsm *tsm, slice identity, const struct tsm_key_set *first, mitome_error *error)
{
        uint8_t sealed[SP_SEALED_MAX];
        writer w = WRITER(sealed);
        bool taken;
        MITOME_TRY(seal_set(tsm, identity, "first", first, &w, error));
        MITOME_TRY(sp_change(tsm->store,
                "INSERT INTO device (identity, first_version, first) VALUES (?, ?, ?) ON CONFLICT DO UPDATE "
                "SET first_version = excluded.first_version, first = excluded.first WHERE own_stands = 0",
                SQL_VALUES(SQL_TEXT_OF(identity), SQL_INT(first->version), SQL_BYTES(writer_view(&w))),
                &taken, error));
        return taken ? ok() : fail(error, MITOME_E_SEI_KNOWN, "the identity", NULL);
}

static mitome_status store_own(
        struct sp_tsm *tsm, slice identity, const struct tsm_key_set *own, mitome_error *error)
{
        uint8_t sealed[SP_SEALED_MAX];
        writer w = WRITER(sealed);
        MITOME_TRY(seal_set(tsm, identity, "own", own, &w, error));
        return sql_do(tsm->store,
                "UPDATE device SET own_version = ?, own = ?, own_stands = 0 WHERE identity = ?",
                SQL_VALUES(SQL_INT(own->version), SQL_BYTES(writer_view(&w)), SQL_TEXT_OF(identity)), NULL,
                error);
}

static mitome_status note_taken_over(struct sp_tsm *tsm, slice identity, mitome_error *error)
{
        MITOME_TRY(sql_do(tsm->store,
                "UPDATE device SET own_stands = 1, first = NULL, first_version = NULL WHERE identity = ?",
                SQL_VALUES(SQL_TEXT_OF(identity)), NULL, error));
        return sp_journal_device(tsm, "take-over-keys", "done", identity, NULL, NULL, error);
}

/* ---- in the element ---- */

/* The answer to a former PUT KEY may have been lost. Only an element that has no such set is taken over anew:
 * silence, or whatever else, must not cost the keys that stand. */
static mitome_status opens_already(struct sp_tsm *tsm, const struct mitome_link *link,
        const struct sp_device *device, bool *ret, mitome_error *error)
{
        struct tsm_channel channel;
        mitome_error cause = { 0 };
        *ret = false;
        if (!device->has_own)
                return ok();
        mitome_status status =
                tsm_open_set(&channel, link, &device->own, TSM_PROVIDER, party_random(tsm->party), &cause);
        if (status.code == MITOME_E_APDU_STATUS && channel.sw == SW_NO_REFERENCE)
                return ok();
        if (failed(status))
                return sp_again(status, &cause, error);
        tsm_close(&channel);
        *ret = true;
        return ok();
}

static mitome_status draw_own(
        struct sp_tsm *tsm, slice identity, struct sp_device *device, mitome_error *error)
{
        if (device->has_own && !device->own_stands)
                return ok(); /* drawn in a former attempt */
        MITOME_TRY(tsm_make_keys(&device->own, TSM_KEYS_OWN, party_random(tsm->party), error));
        device->has_own = true;
        device->own_stands = false;
        return store_own(tsm, identity, &device->own, error);
}

mitome_status sp_take_over(struct sp_tsm *tsm, slice identity, const struct mitome_link *link,
        struct sp_device *device, mitome_error *error)
{
        bool stands;
        MITOME_TRY(opens_already(tsm, link, device, &stands, error));
        if (!stands) {
                if (!device->has_first)
                        return fail(error, MITOME_E_DEVICE_UNKNOWN, "phone", NULL);
                MITOME_TRY(draw_own(tsm, identity, device, error));
                MITOME_TRY(
                        tsm_take_over(link, &device->first, &device->own, party_random(tsm->party), error));
        }
        MITOME_TRY(sql_begin(tsm->store, error));
        MITOME_TRY(sp_finish(tsm->store, note_taken_over(tsm, identity, error), error));
        device->own_stands = true;
        return ok();
}

/* ---- the file ---- */

mitome_status sp_wrapping_load(const char *path, const struct mitome_random *random,
        uint8_t ret_key[SP_WRAPPING_SIZE], mitome_error *error)
{
        return key_file_keep(path, SP_WRAPPING_SIZE, random, ret_key, error);
}
