/* SPDX-License-Identifier: Apache-2.0 */

/* Which phone somebody holds: the element's own word for it, by its device key, for one question. A card says
 * who applies, and a relay names any phone that it likes. */

#include "sp_within.h"
#include "statement_nonce.h"

/* The key that spoke first under this identity. *ret_known is false before. */
static mitome_status known_key(
        struct sp_tsm *tsm, slice identity, uint8_t ret[SP_DIGEST_SIZE], bool *ret_known, mitome_error *error)
{
        struct sql_query query;
        mitome_status status = ok();
        MITOME_TRY(sql_ask(tsm->store, "SELECT device_key FROM pinned WHERE identity = ?",
                SQL_VALUES(SQL_TEXT_OF(identity)), &query, error));
        *ret_known = sql_next(&query);
        if (*ret_known)
                status = slice_copy(sql_bytes(&query, 0), "device key", ret, SP_DIGEST_SIZE, error);
        mitome_status ended = sql_end(&query);
        return failed(status) ? status : ended;
}

static mitome_status check_key(
        struct sp_tsm *tsm, slice identity, const uint8_t key[SP_DIGEST_SIZE], mitome_error *error)
{
        uint8_t known[SP_DIGEST_SIZE];
        bool is_known;
        MITOME_TRY(known_key(tsm, identity, known, &is_known, error));
        return !is_known || slice_equal(SLICE(known), slice_of(key, SP_DIGEST_SIZE))
                       ? ok()
                       : fail(error, MITOME_E_ORDER_DEVICE, "evidence", NULL);
}

mitome_status sp_check_speaker(struct sp_tsm *tsm, const struct evidence *evidence, mitome_error *error)
{
        uint8_t key[SP_DIGEST_SIZE];
        MITOME_TRY(evidence_device_key(evidence, key, error));
        return check_key(tsm, evidence->identity, key, error);
}

static mitome_status believe(struct sp_tsm *tsm, slice statement, slice identity,
        const uint8_t nonce[STATEMENT_NONCE_SIZE], struct sp_presence *ret, mitome_error *error)
{
        const struct evidence_expected expected = { .kind = EVIDENCE_STATEMENT,
                .nonce = slice_of(nonce, STATEMENT_NONCE_SIZE),
                .identity = identity };
        MITOME_TRY(evidence_verify(statement, &expected, tsm->config.makers, party_now(tsm->party), NULL,
                &ret->statement, error));
        MITOME_TRY(evidence_device_key(&ret->statement, ret->key, error));
        return check_key(tsm, identity, ret->key, error);
}

mitome_status sp_see_applicant(struct sp_tsm *tsm, slice statement, slice identity, slice session, slice cms,
        struct sp_presence *ret, mitome_error *error)
{
        uint8_t nonce[STATEMENT_NONCE_SIZE];
        if (!statement.size)
                return fail(error, MITOME_E_ORDER_PRESENCE, "phone", NULL);
        application_nonce(session, cms, nonce);
        return believe(tsm, statement, identity, nonce, ret, error);
}

mitome_status sp_see_revoker(struct sp_tsm *tsm, slice statement, slice identity, slice session,
        struct sp_presence *ret, mitome_error *error)
{
        uint8_t nonce[STATEMENT_NONCE_SIZE];
        revocation_nonce(session, nonce);
        return believe(tsm, statement, identity, nonce, ret, error);
}

mitome_status sp_pin_device(
        struct sp_tsm *tsm, slice identity, const struct sp_presence *presence, mitome_error *error)
{
        MITOME_TRY(sql_do(tsm->store, "INSERT OR IGNORE INTO pinned (identity, device_key) VALUES (?, ?)",
                SQL_VALUES(SQL_TEXT_OF(identity), SQL_BYTES(SLICE(presence->key))), NULL, error));
        return check_key(tsm, identity, presence->key, error);
}
