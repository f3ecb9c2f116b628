/* SPDX-License-Identifier: Apache-2.0 */

/* The status of the certificate behind a login: what the portal is told of it, truly and falsely, and what
 * the authority makes of a card that is revoked. */

#include "probe_play.h"
#include "probe_texts.h"

#include "publish.h"

#include <stdlib.h>

enum { DAY = 86400, HOLD_LIMIT = 300, LIST_INTERVAL = 600 /* publish.h */ };

struct status_case {
        struct probe_run *run;
        struct play *play;
        struct probe_score expired, revoked, bad;
        bool linked;
        uint8_t list[RELYING_PARTY_LIST_MAX], answer[OCSP_RESPONSE_MAX], forged[OCSP_RESPONSE_MAX];
        struct relying_party_news news; /* views of them */
};

/* What is said of the certificate now. */
static mitome_status fetch(struct status_case *at, mitome_error *error)
{
        MITOME_TRY(relying_party_fetch_list(&at->play->world, at->list, &at->news.list, error));
        return relying_party_fetch_answer(&at->play->world, REGISTER_USER_VERIFICATION,
                play_serial(at->play, REGISTER_USER_VERIFICATION), at->answer, &at->news.answer, error);
}

static mitome_status try_login(struct status_case *at, const char *what,
        const struct relying_party_news *news, bool lets_in, struct probe_score *score, mitome_error *error)
{
        mitome_code code;
        MITOME_TRY(probe_play_visit(at->run, at->play, what, at->play->old, news, &code, error));
        if (code == MITOME_E_CARD_SIGNATURE)
                return probe_play_control("the phone shows its certificate", error);
        if (score)
                probe_score_add(score, (code == MITOME_OK) == lets_in, what);
        return !score && (code == MITOME_OK) != lets_in ? probe_play_control(what, error) : ok();
}

/* The list alone, then the answer alone. */
static mitome_status refuse_both(struct status_case *at, const char *list, const char *answer,
        struct probe_score *score, mitome_error *error)
{
        const struct relying_party_news by_list = { .list = at->news.list },
                                        by_answer = { .answer = at->news.answer };
        MITOME_TRY(try_login(at, list, &by_list, false, score, error));
        return try_login(at, answer, &by_answer, false, score, error);
}

/* By what is said of it now, and is good: each of them is taken before and after it is refused, so that a
 * refusal is of what was changed, and of nothing else. */
static mitome_status accept_both(
        struct status_case *at, const char *list, const char *answer, mitome_error *error)
{
        MITOME_TRY(fetch(at, error));
        const struct relying_party_news by_list = { .list = at->news.list },
                                        by_answer = { .answer = at->news.answer };
        MITOME_TRY(try_login(at, list, &by_list, true, NULL, error));
        return try_login(at, answer, &by_answer, true, NULL, error);
}

/* ---- expired ---- */

static mitome_status find_end(struct play *play, int64_t *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(party_store(play->world.parties[WORLD_AUTHORITY]),
                "SELECT not_after FROM certificate WHERE kind = 2 AND place = 2 AND serial = ?",
                SQL_VALUES(SQL_BYTES(play_serial(play, REGISTER_USER_VERIFICATION))), &query, error));
        const int64_t end = sql_next(&query) ? sql_integer(&query, 0) : 0;
        MITOME_TRY(sql_end(&query));
        if (!end)
                return fail(error, MITOME_E_MISSING, "certificate", NULL);
        *ret = end;
        return ok();
}

/* With a list of that very moment, so that nothing but the certificate's own end speaks against it. */
static mitome_status log_in_at(struct status_case *at, int64_t when, const char *what, bool lets_in,
        struct probe_score *score, mitome_error *error)
{
        struct world *world = &at->play->world;
        const struct ca_source source = register_source(world->book);
        const int64_t now = world->now;
        struct ca_list list = { 0 };
        MITOME_TRY(ca_crl(world->user_verification, &source, NULL, when - 60, when + DAY, &list, error));
        const struct relying_party_news news = { .list = ca_list_view(&list) };
        world->now = when;
        mitome_status status = try_login(at, what, &news, lets_in, score, error);
        world->now = now;
        ca_list_free(&list);
        return status;
}

static mitome_status expire(struct status_case *at, mitome_error *error)
{
        int64_t end;
        MITOME_TRY(find_end(at->play, &end, error));
        MITOME_TRY(log_in_at(at, end - 60, "a minute before the certificate's end", true, NULL, error));
        MITOME_TRY(log_in_at(at, end + 60, "a minute after its end", false, &at->expired, error));
        return log_in_at(at, end + 30 * DAY, "a month after its end", false, &at->expired, error);
}

/* ---- what is false ---- */

/* Moves the nth time in a structure (GeneralizedTime, or UTCTime) ten years on: as long as before. */
static bool move_time(uint8_t *der, size_t size, unsigned number)
{
        for (size_t i = 0; i + 2 < size; i++) {
                const bool long_form = der[i] == 0x18 && der[i + 1] == 15,
                           utc = der[i] == 0x17 && der[i + 1] == 13;
                const size_t last = i + 1 + (long_form ? 15 : 13);
                if (!(long_form || utc) || last >= size || der[last] != 'Z' || number-- > 1)
                        continue;
                der[i + (long_form ? 4 : 2)] += 1; /* tens of the year */
                return true;
        }
        return false;
}

/* What was said while all was well, made to last: the signature is over another time. */
static mitome_status forge(struct status_case *at, slice of, unsigned time, slice *ret, mitome_error *error)
{
        MITOME_TRY(slice_copy(of, "forged", at->forged, sizeof at->forged, error));
        *ret = slice_of(at->forged, of.size);
        return move_time(at->forged, of.size, time) ? ok() : fail(error, MITOME_E_DER, "nextUpdate", NULL);
}

static mitome_status show_forged(struct status_case *at, mitome_error *error)
{
        struct relying_party_news list = { 0 }, answer = { 0 };
        MITOME_TRY(forge(at, at->news.list, 2, &list.list, error));
        MITOME_TRY(try_login(at, "by an old list whose nextUpdate was moved", &list, false, &at->bad, error));
        MITOME_TRY(forge(at, at->news.answer, 3, &answer.answer, error));
        return try_login(at, "by an old answer whose nextUpdate was moved", &answer, false, &at->bad, error);
}

/* Both are the authority's own, and speak of something else. */
static mitome_status show_others(struct status_case *at, mitome_error *error)
{
        struct world *world = &at->play->world;
        uint8_t serial[REGISTER_SERIAL_MAX];
        struct relying_party_news list = { 0 }, answer = { 0 };
        slice view;
        MITOME_TRY(publish_list(world->publication, slice_text("signing.crl"), &list.list, error));
        MITOME_TRY(try_login(at, "by the list of the other CA", &list, false, &at->bad, error));
        MITOME_TRY(
                probe_play_serial(at->play, REGISTER_CARD, REGISTER_USER_VERIFICATION, serial, &view, error));
        MITOME_TRY(relying_party_fetch_answer(
                world, REGISTER_USER_VERIFICATION, view, at->forged, &answer.answer, error));
        return try_login(at, "by an answer about another certificate", &answer, false, &at->bad, error);
}

static mitome_status deceive(struct status_case *at, mitome_error *error)
{
        MITOME_TRY(accept_both(at, "by a fresh list", "by a fresh answer", error));
        at->play->world.now += 2 * DAY;
        MITOME_TRY(refuse_both(at, "by a list of the day before yesterday",
                "by an answer of the day before yesterday", &at->bad, error));
        MITOME_TRY(show_forged(at, error));
        MITOME_TRY(show_others(at, error));
        return accept_both(at, "by the list of that day", "by an answer of that day", error);
}

/* ---- held, revoked ---- */

/* Who calls hears "done"; from when on is nobody let in? */
static mitome_status hold(struct status_case *at, int64_t *ret_seconds, mitome_error *error)
{
        struct play *play = at->play;
        const slice serial = play_serial(play, REGISTER_USER_VERIFICATION);
        const struct relying_party_news asks = { { 0 }, { 0 } };
        const int64_t called = play->world.now;
        mitome_code code;
        MITOME_TRY(probe_play_tell(
                at->run, play, WORLD_CALL_CENTRE, "hold", REGISTER_USER_VERIFICATION, serial, &code, error));
        if (code != MITOME_OK)
                return fail(error, code, "hold", NULL);
        for (;;) {
                MITOME_TRY(probe_play_visit(at->run, play,
                        "while it is on hold, the portal asking the responder", play->old, &asks, &code,
                        error));
                *ret_seconds = play->world.now - called;
                if (code != MITOME_OK || *ret_seconds >= HOLD_LIMIT)
                        break;
                play->world.now += 30;
        }
        probe_score_add(&at->revoked, code != MITOME_OK, "while it is on hold");
        play->world.now += LIST_INTERVAL + 1;
        MITOME_TRY(fetch(at, error));
        MITOME_TRY(refuse_both(at, "while it is on hold, by the list", "while it is on hold, by an answer",
                &at->revoked, error));
        MITOME_TRY(probe_play_tell(at->run, play, WORLD_CALL_CENTRE, "release", REGISTER_USER_VERIFICATION,
                serial, &code, error));
        return code == MITOME_OK ? ok() : fail(error, code, "release", NULL);
}

/* The phone hears nothing of it: what counts is what the authority says. */
static mitome_status revoke_card(struct status_case *at, mitome_error *error)
{
        struct play *play = at->play;
        uint8_t bytes[REGISTER_SERIAL_MAX];
        const struct relying_party_news asks = { { 0 }, { 0 } };
        struct ca_status status;
        mitome_code code;
        slice serial;
        MITOME_TRY(try_login(at, "after the hold was taken back", &asks, true, NULL, error));
        play->world.now += LIST_INTERVAL + 1;
        MITOME_TRY(accept_both(at, "after the hold was taken back, by the list",
                "after the hold was taken back, by an answer", error));
        play->old->silent = true;
        MITOME_TRY(probe_play_serial(play, REGISTER_CARD, REGISTER_USER_VERIFICATION, bytes, &serial, error));
        MITOME_TRY(probe_play_tell(at->run, play, WORLD_MUNICIPALITY, "revoke", REGISTER_USER_VERIFICATION,
                serial, &code, error));
        if (code != MITOME_OK)
                return fail(error, code, "revoke", NULL);
        MITOME_TRY(world_status(&play->world, REGISTER_USER_VERIFICATION,
                play_serial(play, REGISTER_USER_VERIFICATION), &status, error));
        at->linked = status.state == CA_REVOKED;
        probe_note(at->run, "the card's certificate is revoked; the phone's one is %s",
                at->linked ? "revoked with it" : "not revoked");
        return ok();
}

/* By itself, so that it is known whatever became of the link. */
static mitome_status revoke_phone(struct status_case *at, mitome_error *error)
{
        struct play *play = at->play;
        mitome_code code = MITOME_OK;
        if (!at->linked)
                MITOME_TRY(probe_play_tell(at->run, play, WORLD_MUNICIPALITY, "revoke",
                        REGISTER_USER_VERIFICATION, play_serial(play, REGISTER_USER_VERIFICATION), &code,
                        error));
        if (code != MITOME_OK)
                return fail(error, code, "revoke", NULL);
        play->world.now += LIST_INTERVAL + 1;
        MITOME_TRY(fetch(at, error));
        return refuse_both(at, "after it was revoked, by the list", "after it was revoked, by an answer",
                &at->revoked, error);
}

/* ---- the whole ---- */

static void conclude(struct status_case *at, int64_t seconds)
{
        struct probe_run *run = at->run;
        enum { EXPIRED = 2, REVOKED = 5, BAD = 6 };
        const struct {
                const struct probe_score *score;
                unsigned tries;
                enum level_fact_id fact;
        } facts[] = { { &at->expired, EXPIRED, LEVEL_LIFE_EXPIRED_REFUSED },
                { &at->revoked, REVOKED, LEVEL_LIFE_REVOKED_REFUSED },
                { &at->bad, BAD, LEVEL_LIFE_BAD_STATUS_REFUSED } };
        for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
                const bool holds = probe_score_holds(facts[i].score, facts[i].tries);
                probe_fact_bool(run, facts[i].fact, holds, false);
                if (!holds)
                        probe_end(run, PROBE_BROKEN, "the portal lets in %s", facts[i].score->first);
        }
        probe_fact_bool(run, LEVEL_LIFE_LINKED, at->linked, false);
        if (!at->linked)
                probe_end(run, PROBE_BROKEN,
                        "the card's certificate was revoked, and the phone's one lives on");
        if (seconds < HOLD_LIMIT)
                probe_fact_count(run, LEVEL_LIFE_HOLD_SECONDS, (uint64_t)seconds, false);
        probe_end(run, PROBE_HOLDS,
                "all logins with an expired, held or revoked certificate were refused, and so was what was stale or "
                "forged; %lld s from the call to the first refusal",
                (long long)seconds);
}

static mitome_status play_status(struct probe_run *run, struct play *play, mitome_error *error)
{
        struct status_case *at = calloc(1, sizeof *at);
        int64_t seconds = 0;
        if (!at)
                return fail(error, MITOME_E_NO_MEMORY, "status", NULL);
        at->run = run;
        at->play = play;
        mitome_status status = expire(at, error);
        if (!failed(status))
                status = deceive(at, error);
        if (!failed(status))
                status = hold(at, &seconds, error);
        if (!failed(status))
                status = revoke_card(at, error);
        if (!failed(status))
                status = revoke_phone(at, error);
        if (!failed(status))
                conclude(at, seconds);
        free(at);
        return status;
}

static void attempt(struct probe_run *run, struct target *target)
{
        (void)target; /* its abilities say that the world is its own */
        probe_play(run, REGISTER_RELEASE, play_status);
}

const struct probe probe_p18 = { P18_TEXTS, .attempt = attempt };
