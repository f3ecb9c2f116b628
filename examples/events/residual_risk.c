/* SPDX-License-Identifier: Apache-2.0 */
#include "residual_risk.h"

#include "jpki_app.h"
#include "play_steps.h"

#include <stdlib.h>

const char *const residual_measure_names[RESIDUAL_MEASURES] = { "2-1", "2-2", "3", "1-1", "1-2", "counter" };

enum { SIGNATURES_MOST = 200 }; /* more than any lease that is given here */

/* ---- what is done against it ---- */

static mitome_status revoke_at_old(struct play *play, bool erase, mitome_error *error)
{
        if (erase)
                return play_step(play, EVENT_REVOKE_HERE, error);
        MITOME_TRY(life_cycle_revoke_here(play->old->app, error));
        play->old->silent = true; /* switched off before it relays anything */
        return world_settle(&play->world, 10, error);
}

static mitome_status visit_counter(struct play *play, mitome_error *error)
{
        MITOME_TRY(play_step(play, EVENT_CHECK_AT_COUNTER, error));
        if (counter_is_clear(play->report.verdict))
                return ok();
        if (play->report.verdict == COUNTER_LIVE)
                MITOME_TRY(play_step(play, EVENT_REVOKE_BY_CARD, error));
        MITOME_TRY(play_step(play, EVENT_OLD_PHONE_ONLINE, error)); /* the shop's network */
        return play_step(play, EVENT_CHECK_AT_COUNTER, error);
}

/* Before the phone changes hands, and after. */
static mitome_status act(struct play *play, unsigned measures, bool reachable, mitome_error *error)
{
        if (measures & RESIDUAL_OLD_REVOKE)
                MITOME_TRY(revoke_at_old(play, (measures & RESIDUAL_OLD_ERASE) != 0, error));
        play->old->silent = false;
        if (measures & RESIDUAL_RESET)
                MITOME_TRY(play_step(play, EVENT_FACTORY_RESET, error));
        play->old->silent = true;
        if (measures & RESIDUAL_NEW_PHONE)
                MITOME_TRY(play_step(play, EVENT_APPLY_ON_NEW_PHONE, error));
        if ((measures & RESIDUAL_REMOTE_ERASE) && reachable)
                MITOME_TRY(play_step(play, EVENT_OLD_PHONE_ONLINE, error));
        return measures & RESIDUAL_COUNTER ? visit_counter(play, error) : ok();
}

/* ---- what whoever has the phone can do ---- */

static mitome_status count_signatures(
        struct play *play, unsigned *ret_count, bool *ret_facts, mitome_error *error)
{
        struct mitome_enforcer *enforcer;
        uint8_t signature[JPKI_SIGNATURE_SIZE], certificate[JPKI_CERTIFICATE_MAX];
        const slice document[] = { slice_text("a contract") };
        slice der;
        uint16_t sw;
        *ret_count = 0;
        *ret_facts = false;
        MITOME_TRY(mitome_enforcer_new(&play->old->element.link, &play->world.app, &enforcer, error));
        struct mitome_link link = mitome_enforcer_link(enforcer);
        if (!failed(jpki_app_select(enforcer, NULL)) &&
                !failed(jpki_app_verify(&link, &jpki_signing, WORLD_PASSWORD, &sw, NULL))) {
                *ret_facts = !failed(jpki_app_read_certificate(
                        &link, &jpki_signing, certificate, sizeof certificate, &der, &sw, NULL));
                while (*ret_count < SIGNATURES_MOST &&
                        !failed(jpki_app_sign(&link, &jpki_signing, document, 1, signature, &sw, NULL)))
                        ++*ret_count;
        }
        mitome_enforcer_free(enforcer);
        return ok();
}

static mitome_status log_in(struct play *play, slice list, bool *ret, mitome_error *error)
{
        struct visit visit;
        MITOME_TRY(relying_party_visit(&play->world, play->old, WORLD_PIN, list, &visit, error));
        *ret = visit.answer == MITOME_OK;
        return ok();
}

/* The last minute of the list of before, and the first one after it. */
static mitome_status log_in_by_lists(struct play *play, struct residual_outcome *ret, mitome_error *error)
{
        enum { MINUTE = 60 };
        uint8_t bytes[RELYING_PARTY_LIST_MAX];
        slice list;
        play->world.now = play->list_until - MINUTE;
        MITOME_TRY(relying_party_fetch_list(&play->world, bytes, &list, error));
        MITOME_TRY(log_in(play, play->list, &ret->stale_login, error));
        MITOME_TRY(log_in(play, list, &ret->list_login, error));
        play->world.now = play->list_until + MINUTE;
        return log_in(play, play->list, &ret->expired_login, error);
}

static mitome_status take_stock(struct play *play, struct residual_outcome *ret, mitome_error *error)
{
        struct counter_report now;
        MITOME_TRY(play_look(play, play->old, &now, error));
        ret->keys = (unsigned)now.person_count;
        ret->verdict = now.verdict;
        for (size_t i = 0; i < now.person_count; i++)
                ret->live += now.persons[i].status == COUNTER_GOOD;
        MITOME_TRY(log_in(play, (slice){ 0 }, &ret->login, error));
        MITOME_TRY(count_signatures(play, &ret->signatures, &ret->facts, error));
        return log_in_by_lists(play, ret, error);
}

static mitome_status play_all(struct play *play, unsigned measures, bool reachable,
        const struct mitome_random *random, struct residual_outcome *ret, mitome_error *error)
{
        MITOME_TRY(play_begin(play, random, REGISTER_REISSUE, error));
        MITOME_TRY(act(play, measures, reachable, error));
        return take_stock(play, ret, error);
}

mitome_status residual_play(unsigned measures, bool reachable, const struct mitome_random *random,
        struct residual_outcome *ret, mitome_error *error)
{
        struct residual_outcome outcome = { 0 };
        if (measures >= 1u << RESIDUAL_MEASURES ||
                ((measures & RESIDUAL_OLD_ERASE) && !(measures & RESIDUAL_OLD_REVOKE)))
                return fail(error, MITOME_E_ARGUMENT, "measures", NULL);
        struct play *play = calloc(1, sizeof *play);
        if (!play)
                return fail(error, MITOME_E_NO_MEMORY, "residual risk", NULL);
        mitome_status status = play_all(play, measures, reachable, random, &outcome, error);
        world_close(&play->world);
        free(play);
        if (!failed(status))
                *ret = outcome;
        return status;
}

/* ---- guesses ---- */

struct residual_guess residual_guess_pin(void)
{
        return (struct residual_guess){ 3, 10000 };
}

/* Six letters and digits, the letters without case, at least one of each: 36^6 - 26^6 - 10^6 of the shortest.
 */
struct residual_guess residual_guess_password(void)
{
        return (struct residual_guess){ 5, 2176782336.0 - 308915776.0 - 1000000.0 };
}
