/* SPDX-License-Identifier: Apache-2.0 */
#include "batch_store.h"

static mitome_status take_der(slice der, struct authority_der *ret, mitome_error *error)
{
        ret->size = der.size;
        return slice_copy(der, "the batch's certificate", ret->bytes, sizeof ret->bytes, error);
}

static mitome_status take_row(const struct sql_query *row, struct maker_batch *ret, mitome_error *error)
{
        const slice key = sql_bytes(row, 2);
        MITOME_TRY(take_der(sql_bytes(row, 0), &ret->ca, error));
        MITOME_TRY(take_der(sql_bytes(row, 1), &ret->certificate, error));
        if (key.size != sizeof ret->key)
                return fail(error, MITOME_E_VALUE, "the batch's key", NULL);
        return slice_copy(key, "the batch's key", ret->key, sizeof ret->key, error);
}

static mitome_status load(
        struct sql_store *store, struct maker_batch *ret, bool *ret_found, mitome_error *error)
{
        struct sql_query row;
        mitome_status status = ok();
        MITOME_TRY(sql_ask(store, "SELECT ca, certificate, key FROM batch", NULL, 0, &row, error));
        *ret_found = sql_next(&row);
        if (*ret_found)
                status = take_row(&row, ret, error);
        mitome_status ended = sql_end(&row);
        return failed(status) ? status : ended;
}

mitome_status batch_store_take(struct party *party, struct maker_batch *ret, mitome_error *error)
{
        struct sql_store *store = party_store(party);
        struct maker_batch made = { 0 };
        bool found;
        mitome_status status = load(store, &made, &found, error);
        if (!failed(status) && !found)
                status = maker_make_batch(party_random(party), party_now(party), &made, error);
        if (!failed(status) && !found)
                status = sql_do(store, "INSERT INTO batch (one, ca, certificate, key) VALUES (1, ?, ?, ?)",
                        SQL_VALUES(SQL_BYTES(slice_of(made.ca.bytes, made.ca.size)),
                                SQL_BYTES(slice_of(made.certificate.bytes, made.certificate.size)),
                                SQL_BYTES(SLICE(made.key))),
                        NULL, error);
        if (!failed(status))
                *ret = made;
        bytes_wipe(&made, sizeof made);
        return status;
}
