/* SPDX-License-Identifier: Apache-2.0 */

/* A phone has come: what is open for it is done through its relay, as far as it goes. */

#include "sp_within.h"

#include <string.h>

/* ---- the channel ---- */

void sp_visit_close(struct sp_visit *visit)
{
        if (visit->open != TSM_CARD_MANAGER)
                tsm_close(&visit->channel);
        visit->open = TSM_CARD_MANAGER;
}

mitome_status sp_visit_open(struct sp_visit *visit, enum tsm_applet applet, mitome_error *error)
{
        if (visit->open == applet)
                return ok();
        sp_visit_close(visit);
        MITOME_TRY(tsm_open_set(&visit->channel, visit->link, &visit->device.own, applet,
                party_random(visit->tsm->party), error));
        visit->open = applet;
        return ok();
}

bool sp_visit_absent(const struct sp_visit *visit, mitome_status status)
{
        return status.code == MITOME_E_APDU_STATUS && visit->channel.sw == SW_NOT_FOUND;
}

/* ---- receipts ---- */

static mitome_status acknowledge(
        struct sp_visit *visit, const struct tsm_receipt *receipt, int64_t number, mitome_error *error)
{
        MITOME_TRY(tsm_acknowledge(&visit->channel, receipt, error));
        return sql_do(visit->tsm->store,
                "UPDATE receipt SET acknowledged = 1 WHERE identity = ? AND number = ?",
                SQL_VALUES({ .type = SQL_TEXT, .bytes = visit->identity }, SQL_INT(number)), NULL, error);
}

/* The oldest one. The element forgets it when the authority has it, and not before. */
static mitome_status collect_one(struct sp_visit *visit, bool *ret_more, mitome_error *error)
{
        struct tsm_receipt receipt;
        struct sp_taken shown;
        struct sp_tsm *tsm = visit->tsm;
        mitome_error cause = { 0 };
        int64_t number;
        bool taken;
        mitome_status status = tsm_fetch_receipt(&visit->channel, &receipt, &cause);
        *ret_more = false;
        if (status.code == MITOME_E_APDU_STATUS &&
                (visit->channel.sw == SW_NO_REFERENCE || visit->channel.sw == SW_CONDITIONS))
                return ok(); /* none; or no device key, and then there never is one */
        if (failed(status))
                return sp_again(status, &cause, error);
        MITOME_TRY(sp_receipt_keep(tsm, visit->identity, receipt.evidence, &number, error));
        MITOME_TRY(sp_receipt_taken(tsm, visit->identity, number, &taken, error));
        if (!taken)
                MITOME_TRY(sp_receipt_show(tsm, receipt.evidence, &shown, error));
        MITOME_TRY(acknowledge(visit, &receipt, number, error));
        *ret_more = true;
        return ok();
}

/* The store's own failures, and the phone's going, end a visit; that the authority does not answer, or does
 * not believe a receipt, leaves the rest of the work to be done. */
static bool is_authoritys(mitome_status status)
{
        return status.code != MITOME_E_LINK && status.code != MITOME_E_SQL_FAILED &&
               status.code != MITOME_E_NO_MEMORY && status.code != MITOME_E_SQL_CONSTRAINT;
}

mitome_status sp_collect_receipts(struct sp_visit *visit, bool *ret_all, mitome_error *error)
{
        enum { MOST = 20 };
        mitome_error cause = { 0 };
        mitome_status status = sp_visit_open(visit, TSM_FIDO, &cause);
        *ret_all = true;
        if (sp_visit_absent(visit, status))
                return ok();
        bool more = !failed(status);
        for (unsigned i = 0; more && i < MOST; i++)
                status = collect_one(visit, &more, &cause);
        if (!failed(status))
                return ok();
        *ret_all = false;
        return is_authoritys(status) && visit->open == TSM_FIDO && visit->channel.session.open
                       ? ok()
                       : sp_again(status, &cause, error);
}

/* ---- the phone's keys ---- */

/* The element proves itself by opening a channel with keys that only it and this TSM have. */
static mitome_status meet(struct sp_visit *visit, mitome_error *error)
{
        return visit->device.own_stands
                       ? sp_visit_open(visit, TSM_PROVIDER, error)
                       : sp_take_over(visit->tsm, visit->identity, visit->link, &visit->device, error);
}

/* ---- orders ---- */

static mitome_status do_order(struct sp_visit *visit, const struct sp_order *order, mitome_error *error)
{
        return order->purpose == SP_ERASE ? sp_do_erase(visit, order, error)
                                          : sp_do_issue(visit, order, error);
}

/* One time through all that is open. */
static mitome_status do_orders(struct sp_visit *visit, mitome_error *error)
{
        struct sp_order order;
        int64_t place = 0;
        for (;;) {
                bool there;
                MITOME_TRY(sp_order_next(visit->tsm->store, visit->identity, &place, &order, &there, error));
                if (!there)
                        return ok();
                MITOME_TRY(do_order(visit, &order, error));
        }
}

/* An order that was given up on the way has left an erasure. */
static mitome_status has_erasure(struct sp_visit *visit, bool *ret, mitome_error *error)
{
        struct sql_query query;
        MITOME_TRY(sql_ask(visit->tsm->store,
                "SELECT 1 FROM order_ WHERE identity = ? AND purpose = 6 AND state = 1",
                SQL_VALUES({ .type = SQL_TEXT, .bytes = visit->identity }), &query, error));
        *ret = sql_next(&query);
        return sql_end(&query);
}

/* Has the SEI-TSM put the applet there for whoever waits for it. */
static mitome_status prepare(struct sp_tsm *tsm, slice identity, bool *ret_orders, mitome_error *error)
{
        struct sp_order order;
        int64_t place = 0;
        *ret_orders = false;
        for (;;) {
                bool there, prepared;
                MITOME_TRY(sp_order_next(tsm->store, identity, &place, &order, &there, error));
                if (!there)
                        return ok();
                *ret_orders = true;
                if (order.purpose == SP_ISSUE || order.purpose == SP_RENEW)
                        MITOME_TRY(sp_ask_prepared(tsm, &order, &prepared, error));
        }
}

/* A phone that got its certificates before orders began with it. One that refuses keeps what it has: its
 * lease still ends, and so do its certificates. */
static mitome_status tighten_former(struct sp_visit *visit, mitome_error *error)
{
        struct sp_held held = { 0 };
        mitome_error cause = { 0 };
        for (unsigned kind = SP_FIRST_KIND; !held.there && kind <= SP_LAST_KIND; kind++)
                MITOME_TRY(sp_held_load(visit->tsm->store, visit->identity, kind, &held, error));
        if (!held.there)
                return ok();
        mitome_status status = sp_visit_open(visit, TSM_JPKI, &cause);
        if (!failed(status))
                status = sp_tighten(visit, &cause);
        if (status.code != MITOME_E_APDU_STATUS)
                return failed(status) ? sp_again(status, &cause, error) : ok();
        sp_visit_close(visit);
        return ok();
}

static mitome_status work(struct sp_visit *visit, mitome_error *error)
{
        enum { ROUNDS = 3 };
        bool again = true, all;
        MITOME_TRY(meet(visit, error));
        MITOME_TRY(sp_collect_receipts(visit, &all, error));
        for (unsigned i = 0; i < ROUNDS && again; i++) {
                MITOME_TRY(do_orders(visit, error));
                MITOME_TRY(has_erasure(visit, &again, error));
        }
        MITOME_TRY(tighten_former(visit, error));
        return sp_renew_lease(visit, error);
}

/* That the SEI-TSM does not answer now is no failure of the visit's. */
static mitome_status leave(struct sp_visit *visit, mitome_error *error)
{
        mitome_error cause = { 0 };
        mitome_status status = sp_ask_gone(visit->tsm, visit->identity, &cause);
        return failed(status) && !is_authoritys(status) ? sp_again(status, &cause, error) : ok();
}

static mitome_status receive_phone(struct sp_visit *visit, mitome_error *error)
{
        struct sp_tsm *tsm = visit->tsm;
        bool wanted = false;
        mitome_error cause = { 0 };
        mitome_status prepared = prepare(tsm, visit->identity, &wanted, &cause);
        MITOME_TRY(sp_device_load(tsm, visit->identity, &visit->device, error));
        if (!visit->device.there && failed(prepared))
                return sp_again(prepared, &cause, error);
        if (!visit->device.there)
                return wanted ? ok() : fail(error, MITOME_E_DEVICE_UNKNOWN, "phone", NULL);
        MITOME_TRY(work(visit, error));
        sp_visit_close(visit);
        MITOME_TRY(leave(visit, error));
        return failed(prepared) ? sp_again(prepared, &cause, error) : ok();
}

/* ---- one at a time ---- */

static char *serve_place(struct sp_tsm *tsm, slice identity, mitome_error *error)
{
        char *empty = NULL;
        for (size_t i = 0; i < SP_SERVED_MAX; i++) {
                if (slice_is(identity, tsm->served[i])) {
                        error_record(error, MITOME_E_ORDER_BUSY, MITOME_NOWHERE, "phone", NULL);
                        return NULL;
                }
                if (!tsm->served[i][0])
                        empty = tsm->served[i];
        }
        if (!empty)
                error_record(error, MITOME_E_ORDER_BUSY, MITOME_NOWHERE, "TSM", NULL);
        return empty;
}

mitome_status sp_tsm_serve(
        struct sp_tsm *tsm, slice identity, const struct mitome_link *link, mitome_error *error)
{
        struct sp_visit visit = { .tsm = tsm, .identity = identity, .link = link, .open = TSM_CARD_MANAGER };
        if (identity.size == 0 || identity.size > SP_IDENTITY_MAX || !phone_identity_is_plain(identity))
                return fail(error, MITOME_E_VALUE, "identity", NULL);
        char *place = serve_place(tsm, identity, error);
        if (!place)
                return (mitome_status){ MITOME_E_ORDER_BUSY };
        mitome_status status = slice_copy(identity, "identity", (uint8_t *)place, SP_IDENTITY_MAX, error);
        if (!failed(status))
                status = receive_phone(&visit, error);
        sp_visit_close(&visit);
        bytes_wipe(&visit, sizeof visit);
        memset(place, 0, SP_IDENTITY_MAX + 1);
        return status;
}
