/* SPDX-License-Identifier: Apache-2.0 */
#include "sp_orders.h"

#include "sp_within.h"

#include <stdlib.h>

/* ---- beginning and end ---- */

mitome_status sp_tsm_open(
        struct party *party, const struct sp_tsm_config *config, struct sp_tsm **ret, mitome_error *error)
{
        if (config->app_count > SP_APPS_MAX || config->lease > 1000 || !config->makers)
                return fail(error, MITOME_E_ARGUMENT, "SP-TSM", NULL);
        struct sp_tsm *tsm = calloc(1, sizeof *tsm);
        if (!tsm)
                return fail(error, MITOME_E_NO_MEMORY, "SP-TSM", NULL);
        tsm->party = party;
        tsm->store = party_store(party);
        tsm->config = *config;
        *ret = tsm;
        return ok();
}

void sp_tsm_close(struct sp_tsm *tsm)
{
        if (!tsm)
                return;
        bytes_wipe(tsm, sizeof *tsm);
        free(tsm);
}

/* ---- desks ---- */

static const char *const from_sei_tsm[] = { PARTY_SEI_TSM, NULL };
static const char *const from_authority[] = { PARTY_AUTHORITY, NULL };

const struct party_desk sp_tsm_desks[SP_TSM_DESKS] = {
        { "hand-over", from_sei_tsm, sp_take_hand_over },
        { "revoked", from_authority, sp_hear_revoked },
        { "receipt-taken", from_authority, sp_hear_receipt },
};

/* The box that apps without a push service poll; its words have a context of their own. */
static mitome_status answer_register(void *context, slice body, writer *answer, mitome_error *error)
{
        struct sp_tsm *tsm = context;
        return tsm->config.queue ? push_queue_register(tsm->config.queue, body, answer, error)
                                 : fail(error, MITOME_E_LETTER_KIND, "push-register", NULL);
}

static mitome_status answer_poll(void *context, slice body, writer *answer, mitome_error *error)
{
        struct sp_tsm *tsm = context;
        return tsm->config.queue ? push_queue_poll(tsm->config.queue, body, answer, error)
                                 : fail(error, MITOME_E_LETTER_KIND, "push-poll", NULL);
}

const struct phone_desk sp_tsm_phone_desks[SP_TSM_PHONE_DESKS] = {
        { "begin", sp_phone_begin },
        { "apply", sp_phone_apply },
        { "secret", sp_phone_secret },
        { "state", sp_phone_state },
        { "receipt", sp_phone_receipt },
        { "revoke-here", sp_phone_revoke_here },
        { "push-register", answer_register },
        { "push-poll", answer_poll },
};

/* ---- the tick ---- */

enum { AT_ONCE = 32, WAKES = 8 };

/* Orders of a kind that something is to be done about, copied: what is done changes the table. */
static mitome_status list_orders(struct sp_tsm *tsm, const char *sql, int64_t value,
        uint8_t ids[AT_ONCE][SP_ID_SIZE], size_t *ret_count, mitome_error *error)
{
        struct sql_query query;
        mitome_status status = ok();
        size_t count = 0;
        MITOME_TRY(sql_ask(tsm->store, sql, SQL_VALUES(SQL_INT(value)), &query, error));
        while (!failed(status) && count < AT_ONCE && sql_next(&query))
                status = slice_copy(sql_bytes(&query, 0), "order", ids[count++], SP_ID_SIZE, error);
        mitome_status ended = sql_end(&query);
        MITOME_TRY(status);
        MITOME_TRY(ended);
        *ret_count = count;
        return ok();
}

/* The session is over, and the holder has not set his own secret (row 26). */
static mitome_status end_sessions(struct sp_tsm *tsm, mitome_error *error)
{
        uint8_t ids[AT_ONCE][SP_ID_SIZE];
        size_t count;
        MITOME_TRY(list_orders(tsm,
                "SELECT id FROM order_ WHERE state IN (1, 2) AND purpose <= 4 AND until <= ? LIMIT 32",
                party_now(tsm->party), ids, &count, error));
        for (size_t i = 0; i < count; i++) {
                struct sp_order order;
                MITOME_TRY(sp_order_load(tsm->store, SLICE(ids[i]), &order, error));
                MITOME_TRY(sql_begin(tsm->store, error));
                MITOME_TRY(sp_finish(
                        tsm->store, sp_give_up(tsm, &order, MITOME_E_ORDER_OUT_OF_TIME, error), error));
        }
        return ok();
}

/* That the authority does not answer ends the round: there is another tick. */
static mitome_status revoke_again(struct sp_tsm *tsm, mitome_error *error)
{
        uint8_t ids[AT_ONCE][SP_ID_SIZE];
        size_t count;
        MITOME_TRY(list_orders(tsm,
                "SELECT id FROM order_ WHERE state = 1 AND purpose = 5 AND made_at <= ? LIMIT 32",
                party_now(tsm->party), ids, &count, error));
        for (size_t i = 0; i < count; i++) {
                struct sp_order order;
                mitome_error cause = { 0 };
                MITOME_TRY(sp_order_load(tsm->store, SLICE(ids[i]), &order, error));
                mitome_status status = sp_do_revoke(tsm, &order, &cause);
                if (status.code == MITOME_E_UNREACHABLE)
                        return ok();
                if (failed(status))
                        return sp_again(status, &cause, error);
        }
        return ok();
}

mitome_status sp_tsm_tick(struct sp_tsm *tsm, mitome_error *error)
{
        MITOME_TRY(end_sessions(tsm, error));
        MITOME_TRY(sp_forget_sessions(tsm, error));
        MITOME_TRY(revoke_again(tsm, error));
        MITOME_TRY(sp_leave_round(tsm, error));
        if (!tsm->config.push)
                return ok();
        return push_registry_round(tsm->store, tsm->config.push, party_now(tsm->party),
                party_random(tsm->party), WAKES, NULL, error);
}
