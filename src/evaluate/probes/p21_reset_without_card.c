/* SPDX-License-Identifier: Apache-2.0 */

/* The PIN is reset, and certificates reach a phone, by the signature of a live card of that person: with any
 * other card it is tried here, and without one. */

#include "probe_play.h"
#include "probe_texts.h"

#include "digest.h"

enum { DAY = 86400, SESSION = 3600 };

struct reset_case {
        struct probe_run *run;
        struct play *play;
        struct probe_score reset, issue;
};

/* Applies with somebody's card. *ret_served: the order was taken, or even done. */
static mitome_status apply(struct reset_case *at, const char *what, const struct world_person *person,
        enum life_purpose purpose, bool *ret_served, mitome_error *error)
{
        struct play *play = at->play;
        struct life_state state = { 0 };
        mitome_error cause = { 0 };
        const unsigned kinds = purpose == LIFE_RESET_PIN ? LIFE_USER_VERIFICATION : LIFE_BOTH;
        mitome_status status = world_apply(&play->world, play->old, person, purpose, kinds, &state, &cause);
        const mitome_code code = status.code == MITOME_E_REFUSED ? phone_refusal(&cause) : status.code;
        *ret_served = !failed(status) && state.order == LIFE_ORDER_DONE;
        if (failed(status) && status.code != MITOME_E_REFUSED) /* nobody was asked */
                return fail(error, status.code, cause.field, cause.clause);
        probe_note(at->run, "%s with %s: %s, E%d",
                purpose == LIFE_RESET_PIN ? "a reset of the PIN" : "an application", what,
                *ret_served ? "done" : "refused", code);
        play->world.now += SESSION;
        return world_settle(&play->world, 2, error);
}

/* Refused, and all is as it was: the PIN opens what it opened. */
static mitome_status apply_in_vain(struct reset_case *at, const char *what, const struct world_person *person,
        enum life_purpose purpose, mitome_error *error)
{
        const bool is_reset = purpose == LIFE_RESET_PIN;
        struct visit visit = { .answered = true };
        bool served;
        MITOME_TRY(apply(at, what, person, purpose, &served, error));
        if (is_reset)
                MITOME_TRY(relying_party_visit(
                        &at->play->world, at->play->old, WORLD_PIN, (slice){ 0 }, &visit, error));
        if (!visit.answered)
                probe_note(at->run, "the PIN opens nothing any more");
        probe_score_add(is_reset ? &at->reset : &at->issue, !served && visit.answered, what);
        return ok();
}

/* ---- the cards ---- */

static mitome_status tell_of_card(struct reset_case *at, const char *what, mitome_error *error)
{
        uint8_t bytes[REGISTER_SERIAL_MAX];
        slice serial;
        mitome_code code;
        MITOME_TRY(probe_play_serial(at->play, REGISTER_CARD, REGISTER_SIGNING, bytes, &serial, error));
        MITOME_TRY(probe_play_tell(
                at->run, at->play, WORLD_MUNICIPALITY, what, REGISTER_SIGNING, serial, &code, error));
        return code == MITOME_OK ? world_settle(&at->play->world, 3, error) : fail(error, code, what, NULL);
}

/* Else a refusal says nothing. */
static mitome_status live_card(struct reset_case *at, mitome_error *error)
{
        static const char card[] = "the holder's own live card";
        bool served;
        MITOME_TRY(apply(at, card, at->play->person, LIFE_ISSUE, &served, error));
        if (served)
                MITOME_TRY(apply(at, card, at->play->person, LIFE_RESET_PIN, &served, error));
        return served ? ok() : probe_play_control("what is applied for with a live card", error);
}

/* On the day on which hers has expired somebody else's card is new, and is served, with his own phone; with
 * hers it is not. */
static mitome_status others_card(struct reset_case *at, mitome_error *error)
{
        enum { SOMEBODY = 1, HIS_PHONE = 2 };
        struct world *world = &at->play->world;
        struct world_person *somebody;
        struct world_phone *phone;
        struct life_state state = { 0 };
        MITOME_TRY(world_person_make(world, SOMEBODY, &somebody, error));
        MITOME_TRY(world_phone_make(world, HIS_PHONE, &phone, error));
        const bool served =
                !failed(world_apply(world, phone, somebody, LIFE_ISSUE, LIFE_BOTH, &state, NULL)) &&
                state.order == LIFE_ORDER_DONE;
        probe_note(at->run, "on that day, an application with somebody's new card: %s",
                served ? "done" : "refused");
        MITOME_TRY(world_settle(world, 2, error));
        return served ? apply_in_vain(at, "another person's card", somebody, LIFE_RESET_PIN, error)
                      : probe_play_control("a card that is new when others have expired", error);
}

static mitome_status held_card(struct reset_case *at, mitome_error *error)
{
        MITOME_TRY(tell_of_card(at, "hold", error));
        MITOME_TRY(apply_in_vain(at, "a card on hold", at->play->person, LIFE_RESET_PIN, error));
        MITOME_TRY(apply_in_vain(at, "a card on hold", at->play->person, LIFE_ISSUE, error));
        return tell_of_card(at, "release", error);
}

/* On the day after its end. */
static mitome_status expired_card(struct reset_case *at, mitome_error *error)
{
        struct world *world = &at->play->world;
        const int64_t now = world->now;
        struct sql_query query = { 0 };
        int64_t end = 0;
        MITOME_TRY(sql_ask(party_store(world->parties[WORLD_AUTHORITY]),
                "SELECT c.not_after FROM certificate c JOIN person p ON p.number = c.person WHERE p.id = ? AND "
                "c.place = 1 AND c.kind = 1 AND c.status = 0",
                SQL_VALUES(SQL_BYTES(SLICE(at->play->person->id))), &query, error));
        if (sql_next(&query))
                end = sql_integer(&query, 0);
        MITOME_TRY(sql_end(&query));
        if (!end)
                return fail(error, MITOME_E_MISSING, "card", NULL);
        world->now = end + DAY;
        MITOME_TRY(apply_in_vain(at, "an expired card", at->play->person, LIFE_RESET_PIN, error));
        MITOME_TRY(apply_in_vain(at, "an expired card", at->play->person, LIFE_ISSUE, error));
        MITOME_TRY(others_card(at, error));
        world->now = now;
        return ok();
}

static mitome_status revoked_card(struct reset_case *at, mitome_error *error)
{
        MITOME_TRY(tell_of_card(at, "revoke", error));
        MITOME_TRY(apply_in_vain(at, "a revoked card", at->play->person, LIFE_RESET_PIN, error));
        return apply_in_vain(at, "a revoked card", at->play->person, LIFE_ISSUE, error);
}

/* The service manager asks for a certificate upon an application that no card has signed. */
static mitome_status no_card(struct reset_case *at, mitome_error *error)
{
        static uint8_t answer_bytes[LETTER_MAX];
        uint8_t body[1024], modulus[REGISTER_MODULUS_SIZE], id[LETTER_ID_SIZE];
        static const uint8_t application[SHA256_SIZE] = { 0x4E };
        struct party *tsm = at->play->world.parties[WORLD_SP_TSM];
        mitome_error cause = { 0 };
        mitome_code refusal = MITOME_OK;
        writer w = WRITER(body);
        slice view, answer;
        probe_random(at->run, modulus, sizeof modulus);
        modulus[0] |= 0x80;
        modulus[sizeof modulus - 1] |= 1;
        cbor_write_map(&w, 5);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, SLICE(at->play->person->id));
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, REGISTER_USER_VERIFICATION);
        cbor_write_uint(&w, 3);
        cbor_write_bytes(&w, SLICE(modulus));
        cbor_write_uint(&w, 4);
        cbor_write_string(&w, at->play->old->identity);
        cbor_write_uint(&w, 5);
        cbor_write_bytes(&w, SLICE(application));
        MITOME_TRY(writer_finish(&w, "issue", &view, error));
        MITOME_TRY(party_make_id(tsm, id, error));
        mitome_status status =
                party_call(tsm, PARTY_AUTHORITY, "issue", id, view, answer_bytes, &answer, &refusal, &cause);
        probe_note(at->run, "the TSM asks for a certificate without an application: %s, E%d",
                failed(status) ? "refused" : "done", status.code == MITOME_E_REFUSED ? refusal : status.code);
        probe_score_add(&at->issue, failed(status), "no card at all");
        return ok();
}

/* ---- the whole ---- */

static void conclude(const struct reset_case *at)
{
        enum { RESETS = 4, ISSUES = 4 };
        const bool reset = probe_score_holds(&at->reset, RESETS),
                   issue = probe_score_holds(&at->issue, ISSUES);
        probe_fact_bool(at->run, LEVEL_LIFE_RESET_NEEDS_CARD, reset, false);
        probe_fact_bool(at->run, LEVEL_LIFE_BINDING_NEEDS_CARD, issue, false);
        if (!reset)
                probe_end(at->run, PROBE_BROKEN, "the PIN was reset with %s", at->reset.first);
        if (!issue)
                probe_end(at->run, PROBE_BROKEN, "certificates were issued with %s", at->issue.first);
        probe_end(at->run, PROBE_HOLDS,
                "the PIN is reset, and certificates are issued, with the holder's own live card only: %u attempts "
                "with others, or with none, were refused",
                at->reset.tries + at->issue.tries);
}

static mitome_status play_reset(struct probe_run *run, struct play *play, mitome_error *error)
{
        struct reset_case at = { .run = run, .play = play };
        static mitome_status (*const steps[])(struct reset_case *, mitome_error *) = { live_card, no_card,
                held_card, expired_card, revoked_card };
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
                MITOME_TRY(steps[i](&at, error));
        conclude(&at);
        return ok();
}

static void attempt(struct probe_run *run, struct target *target)
{
        (void)target;
        probe_play(run, REGISTER_RELEASE, play_reset);
}

const struct probe probe_p21 = { P21_TEXTS, .attempt = attempt };
