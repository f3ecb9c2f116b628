/* SPDX-License-Identifier: Apache-2.0 */

/* A remote erasure: asked, sent, answered, and confirmed when the authority has taken the element's receipt.
 * Words of refusal cross the secure channel unsigned (Amendment D), so that a relay can forge them: they
 * never end anything here. */

#include "sp_within.h"

static mitome_status begin_and_step(struct sp_visit *visit, const struct sp_order *order, unsigned kinds,
        enum sp_step to, mitome_error *error)
{
        for (unsigned kind = SP_FIRST_KIND; kind <= SP_LAST_KIND; kind++)
                if (kinds & 1U << kind)
                        MITOME_TRY(sql_do(visit->tsm->store,
                                "UPDATE part SET step = ? WHERE order_id = ? AND kind = ? AND step < ?",
                                SQL_VALUES(
                                        SQL_INT(to), SQL_BYTES(SLICE(order->id)), SQL_INT(kind), SQL_INT(to)),
                                NULL, error));
        if (to == SP_STEP_SENT)
                MITOME_TRY(sp_order_move(visit->tsm, order, SP_ORDER_RECEIPT, error));
        MITOME_TRY(sp_journal_device(visit->tsm, to == SP_STEP_SENT ? "send-erasure" : "erase", "done",
                visit->identity, NULL, NULL, error));
        return sp_confirm(visit->tsm, visit->identity, error); /* a receipt may have come before */
}

static mitome_status note(struct sp_visit *visit, const struct sp_order *order, unsigned kinds,
        enum sp_step to, mitome_error *error)
{
        if (!kinds)
                return ok();
        MITOME_TRY(sql_begin(visit->tsm->store, error));
        return sp_finish(visit->tsm->store, begin_and_step(visit, order, kinds, to, error), error);
}

/* Which of the order's kinds are not said to be gone yet, and whose key is not another's by now. */
static mitome_status wanted(
        struct sp_visit *visit, const struct sp_order *order, unsigned *ret, mitome_error *error)
{
        unsigned kinds = 0;
        for (unsigned kind = SP_FIRST_KIND; kind <= SP_LAST_KIND; kind++) {
                struct sp_part part;
                struct sp_held held;
                bool there;
                MITOME_TRY(sp_part_load(visit->tsm->store, order, kind, &part, &there, error));
                MITOME_TRY(sp_held_load(visit->tsm->store, visit->identity, kind, &held, error));
                bool others = held.there && held.lives && part.serial.size &&
                              !slice_equal(sp_held_serial(&held), part.serial);
                if (there && part.step < SP_STEP_GONE && !others)
                        kinds |= 1U << kind;
        }
        *ret = kinds;
        return ok();
}

static const unsigned bits_of[] = {
        [SP_SIGNING] = TSM_SIGNING_KEY | TSM_SIGNING_CERTIFICATE | TSM_PASSWORD_SET,
        [SP_USER_VERIFICATION] = TSM_USER_KEY | TSM_USER_CERTIFICATE,
};

static unsigned still_there(unsigned kinds, unsigned there)
{
        unsigned left = 0;
        for (unsigned kind = SP_FIRST_KIND; kind <= SP_LAST_KIND; kind++)
                if (kinds & 1U << kind && there & bits_of[kind])
                        left |= 1U << kind;
        return left;
}

/* Both at once, where both are wanted: one receipt. */
static mitome_status send(struct sp_visit *visit, unsigned kinds, mitome_error *error)
{
        const unsigned both = 1U << SP_SIGNING | 1U << SP_USER_VERIFICATION;
        return kinds == both
                       ? tsm_erase(&visit->channel, error)
                       : tsm_erase_kind(&visit->channel,
                                 kinds & 1U << SP_SIGNING ? AUTHORITY_SIGNING : AUTHORITY_USER_VERIFICATION,
                                 error);
}

static mitome_status erase(
        struct sp_visit *visit, const struct sp_order *order, unsigned kinds, mitome_error *error)
{
        unsigned there;
        MITOME_TRY(tsm_look(&visit->channel, &there, error));
        const unsigned left = still_there(kinds, there);
        MITOME_TRY(note(visit, order, kinds, SP_STEP_SENT, error));
        if (left)
                MITOME_TRY(send(visit, left, error));
        return note(visit, order, kinds, SP_STEP_GONE, error);
}

/* Gone by its own authenticated word, and no receipt has come: said, and not called done. */
static mitome_status note_unconfirmed(
        struct sp_visit *visit, const struct sp_order *order, mitome_error *error)
{
        return sql_do(visit->tsm->store,
                "UPDATE order_ SET code = ? WHERE id = ? AND state = 3 AND NOT EXISTS (SELECT 1 FROM part "
                "WHERE order_id = id AND step < 21)",
                SQL_VALUES(SQL_INT(MITOME_E_ORDER_UNCONFIRMED), SQL_BYTES(SLICE(order->id))), NULL, error);
}

mitome_status sp_do_erase(struct sp_visit *visit, const struct sp_order *order, mitome_error *error)
{
        mitome_error cause = { 0 };
        unsigned kinds;
        bool all;
        MITOME_TRY(wanted(visit, order, &kinds, error));
        if (kinds) {
                mitome_status status = sp_visit_open(visit, TSM_JPKI, &cause);
                if (failed(status) && !sp_visit_absent(visit, status))
                        return sp_again(status, &cause, error);
                if (!failed(status))
                        MITOME_TRY(erase(visit, order, kinds, error));
                else
                        MITOME_TRY(note(visit, order, kinds, SP_STEP_SENT, error));
        }
        MITOME_TRY(sp_collect_receipts(visit, &all, error));
        return all ? note_unconfirmed(visit, order, error) : ok();
}
