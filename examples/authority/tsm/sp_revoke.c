/* SPDX-License-Identifier: Apache-2.0 */

/* An order of revocation: the authority is asked until it has answered; what is in phones is erased by orders
 * of its own, and this one is done when these are confirmed. */

#include "sp_within.h"

enum { CESSATION = 5 };

static mitome_status revoke_part(
        struct sp_tsm *tsm, const struct sp_order *order, const struct sp_part *part, mitome_error *error)
{
        const slice application = order->from_holder ? SLICE(order->application) : (slice){ 0 };
        MITOME_TRY(sp_ask_revoke(tsm, part->kind, part->serial, CESSATION, application, error));
        return sp_part_step(tsm->store, order, part->kind, part->step, SP_STEP_REVOKED, error);
}

static mitome_status settle(struct sp_tsm *tsm, const struct sp_order *order, mitome_error *error)
{
        MITOME_TRY(sp_order_move(tsm, order, SP_ORDER_RECEIPT, error));
        return sp_settle_revocation(tsm, order, error);
}

/* Silence is waited out; a refusal ends the order. */
static mitome_status refused(struct sp_tsm *tsm, const struct sp_order *order, mitome_status why,
        const mitome_error *cause, mitome_error *error)
{
        static const mitome_code waits[] = { MITOME_E_UNREACHABLE, MITOME_E_SQL_FAILED,
                MITOME_E_SQL_CONSTRAINT, MITOME_E_NO_MEMORY, MITOME_E_NO_RANDOMNESS };
        for (size_t i = 0; i < sizeof waits / sizeof *waits; i++)
                if (why.code == waits[i])
                        return sp_again(why, cause, error);
        MITOME_TRY(sql_begin(tsm->store, error));
        return sp_finish(tsm->store, sp_give_up(tsm, order, why.code, error), error);
}

mitome_status sp_do_revoke(struct sp_tsm *tsm, const struct sp_order *order, mitome_error *error)
{
        for (unsigned kind = SP_FIRST_KIND; kind <= SP_LAST_KIND; kind++) {
                struct sp_part part;
                mitome_error cause = { 0 };
                bool there;
                MITOME_TRY(sp_part_load(tsm->store, order, kind, &part, &there, error));
                if (!there || part.step == SP_STEP_REVOKED)
                        continue;
                mitome_status status = revoke_part(tsm, order, &part, &cause);
                if (failed(status))
                        return refused(tsm, order, status, &cause, error);
        }
        MITOME_TRY(sql_begin(tsm->store, error));
        return sp_finish(tsm->store, settle(tsm, order, error), error);
}
