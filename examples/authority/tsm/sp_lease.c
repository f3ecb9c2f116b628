/* SPDX-License-Identifier: Apache-2.0 */

/* The status lease of the signing key: new signatures only for a certificate that the authority has just
 * called good; none for one that is on hold, revoked or not known. */

#include "sp_within.h"

enum { LEASE_USUAL = 100 };

static uint16_t full(const struct sp_tsm *tsm)
{
        return tsm->config.lease ? tsm->config.lease : LEASE_USUAL;
}

static mitome_status set(struct sp_visit *visit, slice serial, uint16_t count, const struct sp_evidence *why,
        mitome_error *error)
{
        struct sp_tsm *tsm = visit->tsm;
        mitome_error cause = { 0 };
        mitome_status status = tsm_set_lease(&visit->channel, serial, count, &cause);
        if (status.code == MITOME_E_APDU_STATUS)
                return ok(); /* the certificate is not there (yet, or any more) */
        if (failed(status))
                return sp_again(status, &cause, error);
        MITOME_TRY(sql_begin(tsm->store, error));
        return sp_finish(tsm->store,
                sp_journal_serial(tsm, count ? "renew-lease" : "end-lease", "done", serial, why, NULL, error),
                error);
}

static mitome_status note_revoked(
        struct sp_tsm *tsm, slice serial, const struct sp_evidence *why, mitome_error *error)
{
        const struct sp_revoked revoked = { .kind = SP_SIGNING, .serial = serial };
        MITOME_TRY(sql_begin(tsm->store, error));
        return sp_finish(tsm->store, sp_take_revoked(tsm, &revoked, 1, why, error), error);
}

static mitome_status renew(struct sp_visit *visit, slice serial, bool lives, mitome_error *error)
{
        struct sp_tsm *tsm = visit->tsm;
        uint8_t digest[SP_DIGEST_SIZE];
        enum sp_status state = SP_REVOKED;
        uint16_t left;
        MITOME_TRY(tsm_lease_left(&visit->channel, &left, error));
        mitome_status status = sp_ask_status(tsm, SP_SIGNING, serial, &state, digest, NULL);
        if (failed(status) && lives)
                return ok(); /* nobody says that it is good: it lasts as long as it lasts */
        const struct sp_evidence why = { "answer", SLICE(digest), false };
        const struct sp_evidence *evidence = failed(status) ? NULL : &why;
        if (state == SP_GOOD && lives)
                return left > full(tsm) / 4 ? ok() : set(visit, serial, full(tsm), evidence, error);
        if (left)
                MITOME_TRY(set(visit, serial, 0, evidence, error));
        return state == SP_REVOKED ? note_revoked(tsm, serial, evidence, error) : ok();
}

mitome_status sp_renew_lease(struct sp_visit *visit, mitome_error *error)
{
        struct sp_held held;
        mitome_error cause = { 0 };
        MITOME_TRY(sp_held_load(visit->tsm->store, visit->identity, SP_SIGNING, &held, error));
        if (!held.there)
                return ok();
        mitome_status status = sp_visit_open(visit, TSM_JPKI, &cause);
        if (sp_visit_absent(visit, status))
                return ok();
        if (failed(status))
                return sp_again(status, &cause, error);
        return renew(visit, sp_held_serial(&held), held.lives, error);
}
