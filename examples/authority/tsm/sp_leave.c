/* SPDX-License-Identifier: Apache-2.0 */

/* An applet that nothing is left in, and that nobody waits for, goes (row 33). It is the SEI-TSM's to delete,
 * which the phone has to come for once more: until that has said that it is absent, the phone stays one that
 * may be woken. */

#include "sp_map.h"
#include "sp_within.h"

enum { TRY_AGAIN_S = 60 };

static mitome_status is_used(struct sp_tsm *tsm, slice identity, bool *ret, mitome_error *error)
{
        struct sql_query query;
        MITOME_TRY(sql_ask(tsm->store,
                "SELECT 1 FROM held WHERE identity = ?1 UNION SELECT 1 FROM order_ WHERE identity = ?1 AND "
                "state <= 3 AND purpose <> 5",
                SQL_VALUES(SQL_TEXT_OF(identity)), &query, error));
        *ret = sql_next(&query);
        return sql_end(&query);
}

/* ---- it is to go ---- */

/* Somebody has something here, or has applied meanwhile: it stays. What is left to be erased may still have
 * the phone woken. */
static mitome_status stay(struct sp_tsm *tsm, slice identity, mitome_error *error)
{
        MITOME_TRY(sql_do(tsm->store, "DELETE FROM leaving WHERE identity = ?",
                SQL_VALUES(SQL_TEXT_OF(identity)), NULL, error));
        return sql_do(tsm->store,
                "DELETE FROM push_wake WHERE identity = ?1 AND NOT EXISTS (SELECT 1 FROM order_ WHERE "
                "identity = ?1 AND purpose = 6 AND state <= 3)",
                SQL_VALUES(SQL_TEXT_OF(identity)), NULL, error);
}

static mitome_status keep_awake(struct sp_tsm *tsm, slice identity, mitome_error *error)
{
        struct push_wake wake;
        MITOME_TRY(push_registry_look(tsm->store, identity, &wake, error));
        return wake.exists ? ok()
                           : push_registry_wake(tsm->store, identity, party_now(tsm->party),
                                     party_random(tsm->party), error);
}

mitome_status sp_leave(struct sp_tsm *tsm, slice identity, mitome_error *error)
{
        bool used, begun;
        MITOME_TRY(is_used(tsm, identity, &used, error));
        if (used)
                return stay(tsm, identity, error);
        MITOME_TRY(sp_change(tsm->store,
                "INSERT INTO leaving (identity, asked, next_at) VALUES (?, 0, 0) ON CONFLICT DO NOTHING",
                SQL_VALUES(SQL_TEXT_OF(identity)), &begun, error));
        if (!begun)
                return ok();
        MITOME_TRY(keep_awake(tsm, identity, error));
        return sp_journal_device(tsm, "delete-applet", "asked", identity, NULL, NULL, error);
}

/* ---- what the SEI-TSM is asked ---- */

/* A row of the table. The letter's id is kept before it is sent: said twice, it is one wish. */
struct leaving {
        bool there, asked;
        uint8_t letter[LETTER_ID_SIZE];
};

static mitome_status load(struct sp_tsm *tsm, slice identity, struct leaving *ret, mitome_error *error)
{
        struct sql_query query;
        mitome_status status = ok();
        *ret = (struct leaving){ 0 };
        MITOME_TRY(sql_ask(tsm->store, "SELECT asked, letter FROM leaving WHERE identity = ?",
                SQL_VALUES(SQL_TEXT_OF(identity)), &query, error));
        if (sql_next(&query)) {
                ret->there = true;
                ret->asked = sql_integer(&query, 0) != 0;
                status = slice_copy(sql_bytes(&query, 1), "letter", ret->letter, sizeof ret->letter, error);
        }
        mitome_status ended = sql_end(&query);
        return failed(status) ? status : ended;
}

/* Before anything is sent: by then this try counts, and the letter has its id. */
static mitome_status begin_try(struct sp_tsm *tsm, slice identity, struct leaving *ret, mitome_error *error)
{
        uint8_t id[LETTER_ID_SIZE];
        MITOME_TRY(party_make_id(tsm->party, id, error));
        MITOME_TRY(sql_do(tsm->store,
                "UPDATE leaving SET letter = COALESCE(letter, ?), next_at = ? WHERE identity = ?",
                SQL_VALUES(SQL_BYTES(SLICE(id)), SQL_INT(party_now(tsm->party) + TRY_AGAIN_S),
                        SQL_TEXT_OF(identity)),
                NULL, error));
        return load(tsm, identity, ret, error);
}

/* The phone has nothing of anybody's any more, and nobody has a reason to wake it. */
static mitome_status note_gone(struct sp_tsm *tsm, slice identity, mitome_error *error)
{
        const struct sp_evidence why = { .call = true };
        bool used, gone;
        MITOME_TRY(is_used(tsm, identity, &used, error));
        if (used)
                return stay(tsm, identity, error);
        MITOME_TRY(sp_change(tsm->store, "DELETE FROM leaving WHERE identity = ?",
                SQL_VALUES(SQL_TEXT_OF(identity)), &gone, error));
        if (!gone)
                return ok();
        MITOME_TRY(push_registry_forget(tsm->store, identity, error));
        return sp_journal_device(tsm, "delete-applet", "confirmed", identity, &why, NULL, error);
}

static mitome_status note_answer(
        struct sp_tsm *tsm, slice identity, enum sp_applet state, mitome_error *error)
{
        if (state == SP_APPLET_ABSENT)
                return note_gone(tsm, identity, error);
        /* there, though its deletion was asked for: another wish came between, and it is asked anew */
        return sql_do(tsm->store,
                "UPDATE leaving SET asked = ?1, letter = CASE ?1 WHEN 0 THEN NULL ELSE letter END "
                "WHERE identity = ?2",
                SQL_VALUES(SQL_INT(state == SP_APPLET_ASKED), SQL_TEXT_OF(identity)), NULL, error);
}

static mitome_status end_unless_unused(
        struct sp_tsm *tsm, slice identity, bool *ret_used, mitome_error *error)
{
        MITOME_TRY(is_used(tsm, identity, ret_used, error));
        return *ret_used ? stay(tsm, identity, error) : ok();
}

mitome_status sp_ask_gone(struct sp_tsm *tsm, slice identity, mitome_error *error)
{
        struct leaving leaving;
        enum sp_applet state;
        bool used = false;
        MITOME_TRY(load(tsm, identity, &leaving, error));
        if (!leaving.there)
                return ok();
        MITOME_TRY(sql_begin(tsm->store, error));
        MITOME_TRY(sp_finish(tsm->store, end_unless_unused(tsm, identity, &used, error), error));
        if (used)
                return ok();
        MITOME_TRY(begin_try(tsm, identity, &leaving, error));
        MITOME_TRY(leaving.asked ? sp_ask_applet(tsm, identity, &state, error)
                                 : sp_ask_deleted(tsm, identity, leaving.letter, &state, error));
        MITOME_TRY(sql_begin(tsm->store, error));
        return sp_finish(tsm->store, note_answer(tsm, identity, state, error), error);
}

/* ---- those whose phones have not come ---- */

/* A receipt that a shop or the maker brought leaves no visit to ask in. */
mitome_status sp_leave_round(struct sp_tsm *tsm, mitome_error *error)
{
        uint8_t bytes[SP_IDENTITY_MAX];
        for (unsigned i = 0; i < SP_LEAVE_AT_ONCE; i++) {
                struct sql_query query;
                mitome_error cause = { 0 };
                mitome_status status = ok();
                size_t size = 0;
                MITOME_TRY(sql_ask(tsm->store,
                        "SELECT identity FROM leaving WHERE asked = 0 AND next_at <= ? LIMIT 1",
                        SQL_VALUES(SQL_INT(party_now(tsm->party))), &query, error));
                if (sql_next(&query)) {
                        size = sql_bytes(&query, 0).size;
                        status = slice_copy(sql_bytes(&query, 0), "identity", bytes, sizeof bytes, error);
                }
                mitome_status ended = sql_end(&query);
                MITOME_TRY(status);
                MITOME_TRY(ended);
                if (!size)
                        return ok();
                status = sp_ask_gone(tsm, slice_of(bytes, size), &cause);
                if (status.code == MITOME_E_SQL_FAILED)
                        return sp_again(status, &cause, error);
                if (failed(status))
                        return ok(); /* nobody answers: there is another round */
        }
        return ok();
}
