/* SPDX-License-Identifier: Apache-2.0 */
#include "play_event.h"

#include "play_steps.h"

#include <stdlib.h>

/* ---- what came of it ---- */

static mitome_status count_rows(
        struct play *play, enum world_party who, const char *sql, int64_t *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(party_store(play->world.parties[who]), sql, NULL, 0, &query, error));
        *ret = sql_next(&query) ? sql_integer(&query, 0) : 0;
        return sql_end(&query);
}

static mitome_status judge_certificate(
        struct play *play, enum register_kind kind, enum event_certificate *ret, mitome_error *error)
{
        struct ca_status old;
        int64_t good;
        MITOME_TRY(world_status(&play->world, kind, play_serial(play, kind), &old, error));
        MITOME_TRY(count_rows(play, WORLD_AUTHORITY,
                kind == REGISTER_SIGNING
                        ? "SELECT count(*) FROM certificate WHERE place = 2 AND status = 0 AND kind = 1"
                        : "SELECT count(*) FROM certificate WHERE place = 2 AND status = 0 AND kind = 2",
                &good, error));
        *ret = old.state == CA_GOOD                   ? EVENT_UNCHANGED
               : old.state == CA_REVOKED && good == 1 ? EVENT_REPLACED
               : old.state == CA_REVOKED && good == 0 ? EVENT_REVOKED
                                                      : EVENT_CERTIFICATES;
        return ok();
}

static enum event_element judge_element(const struct play *play, const struct counter_report *now)
{
        if (now->verdict == COUNTER_ERASED)
                return EVENT_ERASED;
        if (now->verdict == COUNTER_UNDELETED)
                return play->checked && play->report.verdict == COUNTER_UNDELETED ? EVENT_CAUGHT
                                                                                  : EVENT_ASKED;
        return now->verdict == COUNTER_LIVE ? EVENT_ELEMENT_UNCHANGED : EVENT_ELEMENTS;
}

static mitome_status judge_forbidden(struct play *play, const struct phone_event *event,
        const struct counter_report *now, struct event_outcome *ret, mitome_error *error)
{
        int64_t two, live, confirmed;
        bool signs, accepted;
        MITOME_TRY(count_rows(play, WORLD_AUTHORITY,
                "SELECT count(*) FROM (SELECT 1 FROM certificate WHERE status < 2 GROUP BY person, kind, place "
                "HAVING count(*) > 1)",
                &two, error));
        MITOME_TRY(count_rows(play, WORLD_AUTHORITY,
                "SELECT count(*) FROM certificate WHERE place = 2 AND status < 2", &live, error));
        MITOME_TRY(count_rows(play, WORLD_SP_TSM,
                "SELECT count(*) FROM order_ WHERE purpose >= 5 AND state = 4", &confirmed, error));
        MITOME_TRY(play_try_login(play, &signs, &accepted, error));
        const bool broken[EVENT_FORBIDDEN] = {
                [EVENT_TWO_LIVE] = two != 0,
                [EVENT_LOGIN_BY_OLD] = accepted,
                [EVENT_UNSUPPORTED_PHONE] = !play->refused || live != 0,
                [EVENT_ANY_CHANGE] = now->verdict != COUNTER_LIVE || now->last != play->receipts_before,
                [EVENT_CLAIM_OF_ERASURE] = confirmed != 0 || now->verdict == COUNTER_ERASED ||
                                           (play->checked && play->report.verdict == COUNTER_ERASED),
                [EVENT_LOGIN_WHILE_HELD] = play->login_while_held,
                [EVENT_KEY_LEFT] = now->person_count != 0,
        };
        for (size_t i = 0; i < event->forbidden_count; i++)
                ret->broken[event->forbidden[i]] = broken[event->forbidden[i]];
        return ok();
}

/* ---- a row ---- */

static mitome_status run(struct play *play, const struct phone_event *event,
        const struct mitome_random *random, int setting, struct event_outcome *ret, mitome_error *error)
{
        struct counter_report now;
        MITOME_TRY(play_begin(play, random, setting, error));
        for (size_t i = 0; i < event->step_count; i++)
                MITOME_TRY(play_step(play, event->steps[i], error));
        MITOME_TRY(judge_certificate(play, REGISTER_USER_VERIFICATION, &ret->user_verification, error));
        MITOME_TRY(judge_certificate(play, REGISTER_SIGNING, &ret->signing, error));
        MITOME_TRY(play_look(play, play->old, &now, error));
        ret->element = judge_element(play, &now);
        ret->verdict = play->report.verdict;
        return judge_forbidden(play, event, &now, ret, error);
}

mitome_status play_event(const struct phone_event *event, const struct mitome_random *random, int setting,
        struct event_outcome *ret, mitome_error *error)
{
        struct event_outcome outcome = { 0 };
        struct play *play = calloc(1, sizeof *play);
        if (!play)
                return fail(error, MITOME_E_NO_MEMORY, "event", NULL);
        mitome_status status = run(play, event, random, setting, &outcome, error);
        world_close(&play->world);
        free(play);
        if (!failed(status))
                *ret = outcome;
        return status;
}
