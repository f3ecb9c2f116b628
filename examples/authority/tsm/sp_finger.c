/* SPDX-License-Identifier: Apache-2.0 */
#include "sp_finger.h"

#include "sp_within.h"

static mitome_status check_holder(const struct sp_visit *visit, mitome_error *error)
{
        struct sp_held held = { 0 };
        MITOME_TRY(sp_held_load(visit->tsm->store, visit->identity, SP_USER_VERIFICATION, &held, error));
        return held.there && held.lives ? ok() : fail(error, MITOME_E_ORDER_HELD, "phone", NULL);
}

static mitome_status pair(struct sp_visit *visit, const struct sp_matcher *matcher, mitome_error *error)
{
        uint8_t point[65], confirmation[SP_DIGEST_SIZE];
        MITOME_TRY(tsm_pair(&visit->channel, &matcher->known, point, error));
        MITOME_TRY(matcher->pair(matcher->context, point, confirmation, error));
        return tsm_confirm_pairing(&visit->channel, confirmation, error);
}

static mitome_status note(struct sp_visit *visit, const char *what, mitome_error *error)
{
        MITOME_TRY(sql_begin(visit->tsm->store, error));
        return sql_settle(visit->tsm->store,
                sp_journal_device(visit->tsm, what, "done", visit->identity, NULL, NULL, error), error);
}

static mitome_status fit(struct sp_visit *visit, const struct sp_matcher *matcher, const char *const *rp_ids,
        size_t count, mitome_error *error)
{
        MITOME_TRY(check_holder(visit, error));
        MITOME_TRY(sp_device_load(visit->tsm, visit->identity, &visit->device, error));
        if (!visit->device.there || !visit->device.own_stands)
                return fail(error, MITOME_E_DEVICE_UNKNOWN, "phone", NULL);
        MITOME_TRY(sp_visit_open(visit, TSM_FIDO, error));
        MITOME_TRY(tsm_set_enterprise_list(&visit->channel, rp_ids, count, error));
        if (matcher)
                MITOME_TRY(pair(visit, matcher, error));
        return note(visit, matcher ? "pair-matcher" : "list-relying-parties", error);
}

mitome_status sp_tsm_fit(struct sp_tsm *tsm, slice identity, const struct mitome_link *link,
        const struct sp_matcher *matcher, const char *const *rp_ids, size_t count, mitome_error *error)
{
        struct sp_visit visit = { .tsm = tsm, .identity = identity, .link = link, .open = TSM_CARD_MANAGER };
        mitome_status status = fit(&visit, matcher, rp_ids, count, error);
        sp_visit_close(&visit);
        bytes_wipe(&visit, sizeof visit);
        return status;
}
