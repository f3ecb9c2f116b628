/* SPDX-License-Identifier: Apache-2.0 */
#include "play_steps.h"

#include "counter_authority.h"
#include "counter_message.h"
#include "evidence_app.h"
#include "journal.h"

#include <stdlib.h>

static const int64_t began = 1800000000; /* 2027-01-15 08:00:00Z */

enum { OLD, NEW, ANOTHER };

slice play_serial(const struct play *play, enum register_kind kind)
{
        return slice_of(play->serials[kind].bytes, play->serials[kind].size);
}

/* ---- the counter ---- */

static mitome_status fetch(void *context, enum evidence_kind kind, slice nonce, uint8_t buffer[EVIDENCE_MAX],
        size_t *ret_size, mitome_error *error)
{
        struct evidence_answer answer;
        uint8_t to_sign[COUNTER_SIGNED_SIZE];
        uint16_t sw;
        *ret_size = 0;
        counter_nonce(nonce, to_sign);
        mitome_error cause = { 0 };
        if (failed(evidence_fetch(context, kind, SLICE(to_sign), &answer, &sw, &cause)))
                return kind == EVIDENCE_RECEIPT && sw == SW_NO_REFERENCE
                               ? ok()
                               : fail(error, cause.code, cause.field, cause.clause);
        *ret_size = answer.evidence.size;
        return slice_copy(answer.evidence, "evidence", buffer, EVIDENCE_MAX, error);
}

static mitome_status forget(
        void *context, uint32_t number, const uint8_t digest[SHA256_SIZE], mitome_error *error)
{
        struct evidence_answer receipt = { 0 };
        uint16_t sw;
        writer w = WRITER(receipt.bytes);
        write_u32(&w, number);
        receipt.number = writer_view(&w);
        receipt.digest = slice_of(digest, SHA256_SIZE);
        return evidence_acknowledge(context, &receipt, &sw, error);
}

/* What a counter finds in the phone; asked of the element itself, by the phone's own software. */
mitome_status play_look(
        struct play *play, struct world_phone *phone, struct counter_report *ret, mitome_error *error)
{
        static const uint8_t fido[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x01 };
        struct mitome_enforcer *enforcer;
        struct counter_authority line = counter_authority_of(play->world.parties[WORLD_SHOP]);
        const struct counter counter = { .identity = slice_text(phone->identity),
                .makers = play->world.devices,
                .authority = &line,
                .now = play->world.now };
        struct counter_case *at = calloc(1, sizeof *at);
        if (!at)
                return fail(error, MITOME_E_NO_MEMORY, "counter", NULL);
        mitome_status status = counter_begin(at, &counter, &play->world.config.random, error);
        if (!failed(status))
                status = mitome_enforcer_new(&phone->element.link, &play->world.platform, &enforcer, error);
        if (!failed(status)) {
                status = mitome_enforcer_select(enforcer, SLICE(fido), error);
                const struct counter_phone hand = { enforcer, fetch, forget };
                if (!failed(status)) {
                        counter_gather(at, &hand);
                        counter_judge(at, ret);
                }
                mitome_enforcer_free(enforcer);
        }
        free(at);
        return status;
}

/* ---- what everybody knows ---- */

static const struct known {
        enum world_party who;
        const char *sql; /* one text */
} known[] = {
        { WORLD_AUTHORITY,
                "SELECT group_concat(number || ':' || status || ':' || coalesce(reason, '-'), ' ') "
                "FROM (SELECT * FROM certificate ORDER BY number)" },
        { WORLD_AUTHORITY, "SELECT group_concat(identity || ':' || number, ' ') FROM "
                           "(SELECT * FROM receipt ORDER BY identity, number)" },
        { WORLD_SP_TSM, "SELECT group_concat(row || ':' || identity || ':' || purpose || ':' || state, ' ') "
                        "FROM (SELECT * FROM order_ ORDER BY row)" },
        { WORLD_SP_TSM, "SELECT group_concat(identity || ':' || kind || ':' || hex(serial) || ':' || lives, "
                        "' ') FROM (SELECT * FROM held ORDER BY identity, kind)" },
        { WORLD_SEI_TSM, "SELECT group_concat(id || ':' || wanted || ':' || place, ' ') "
                         "FROM (SELECT * FROM sei_order ORDER BY id)" },
        { WORLD_SEI_TSM, "SELECT group_concat(identity || ':' || state, ' ') "
                         "FROM (SELECT * FROM element ORDER BY identity)" },
};

static mitome_status write_known(struct play *play, const struct known *what, writer *w, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(party_store(play->world.parties[what->who]), what->sql, NULL, 0, &query, error));
        if (sql_next(&query))
                write_slice(w, sql_bytes(&query, 0));
        write_u8(w, '\n');
        return sql_end(&query);
}

mitome_status play_trace(struct play *play, uint8_t ret[SHA256_SIZE], mitome_error *error)
{
        enum { TRACE_MAX = 8192 };
        uint8_t bytes[TRACE_MAX];
        writer w = WRITER(bytes);
        slice all;
        for (unsigned who = 0; who < WORLD_PARTIES; who++) {
                struct letter_head head;
                MITOME_TRY(journal_head(party_store(play->world.parties[who]), &head, error));
                write_u64(&w, head.number);
                write_slice(&w, SLICE(head.digest));
        }
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
                MITOME_TRY(write_known(play, &known[i], &w, error));
        MITOME_TRY(writer_finish(&w, "what everybody knows", &all, error));
        sha256(&all, 1, ret);
        return ok();
}

/* ---- steps ---- */

static mitome_status apply_on_new(struct play *play, mitome_error *error)
{
        struct life_state state;
        MITOME_TRY(world_phone_make(&play->world, NEW, &play->new, error));
        MITOME_TRY(world_apply(&play->world, play->new, play->person, LIFE_ISSUE, LIFE_BOTH, &state, error));
        return state.order == LIFE_ORDER_DONE ? ok() : fail(error, MITOME_E_VALUE, "new phone", NULL);
}

/* Its holder applies as with any phone; the SP-TSM's list says that its model has no GP-SE. */
static mitome_status apply_on_unsupported(struct play *play, mitome_error *error)
{
        struct world_phone *phone;
        struct life_state state = { 0 };
        mitome_error cause = { 0 };
        MITOME_TRY(world_phone_make_of(&play->world, NEW, WORLD_UNSUPPORTED_MODEL, &phone, error));
        mitome_status status =
                world_apply(&play->world, phone, play->person, LIFE_ISSUE, LIFE_BOTH, &state, &cause);
        const bool refused =
                status.code == MITOME_E_REFUSED && phone_refusal(&cause) == MITOME_E_DEVICE_MODEL;
        if (failed(status) && !refused)
                return fail(error, status.code, cause.field, cause.clause);
        MITOME_TRY(world_go_on(&play->world, phone, &state, error));
        play->refused = refused && state.order == LIFE_ORDER_NONE && !state.present;
        return ok();
}

static mitome_status old_online(struct play *play, mitome_error *error)
{
        bool woken;
        unsigned count;
        struct life_state state;
        play->old->silent = false;
        MITOME_TRY(world_settle(&play->world, 20, error));
        MITOME_TRY(life_cycle_poll(play->old->app, &woken, error));
        MITOME_TRY(life_cycle_run(play->old->app, &state, error));
        MITOME_TRY(life_cycle_deliver(play->old->app, &count, error));
        return world_settle(&play->world, 5, error);
}

static mitome_status silent(struct play *play, mitome_error *error)
{
        (void)error;
        play->old->silent = true;
        return ok();
}

static mitome_status back(struct play *play, mitome_error *error)
{
        bool woken;
        play->old->silent = false;
        return life_cycle_poll(play->old->app, &woken, error);
}

static mitome_status revoke_by_card(struct play *play, mitome_error *error)
{
        struct life_state state;
        MITOME_TRY(world_phone_make(&play->world, ANOTHER, &play->another, error));
        return world_apply(&play->world, play->another, play->person, LIFE_REVOKE, LIFE_BOTH, &state, error);
}

static mitome_status revoke_here(struct play *play, mitome_error *error)
{
        struct life_state state;
        MITOME_TRY(life_cycle_revoke_here(play->old->app, error));
        return world_go_on(&play->world, play->old, &state, error);
}

/* What the call centre says to the authority of both certificates. */
static mitome_status telephone(struct play *play, const char *kind_of_letter, mitome_error *error)
{
        for (unsigned kind = 1; kind <= REGISTER_KINDS; kind++)
                MITOME_TRY(world_tell_authority(&play->world, WORLD_CALL_CENTRE, kind_of_letter,
                        (enum register_kind)kind, play_serial(play, (enum register_kind)kind), error));
        return world_settle(&play->world, 3, error);
}

/* The phone is lost: whoever found it, and knows the PIN, tries it. */
static mitome_status hold(struct play *play, mitome_error *error)
{
        struct visit visit;
        struct contract contract;
        MITOME_TRY(telephone(play, "hold", error));
        MITOME_TRY(relying_party_visit(&play->world, play->old, WORLD_PIN, (slice){ 0 }, &visit, error));
        MITOME_TRY(relying_party_contract(&play->world, play->old, WORLD_PASSWORD, &contract, error));
        play->tried_while_held = visit.answered && contract.valid; /* else a refusal says nothing */
        play->login_while_held |= visit.answer == MITOME_OK || contract.status == CA_GOOD;
        return ok();
}

static mitome_status release(struct play *play, mitome_error *error)
{
        return telephone(play, "release", error);
}

/* The plan's rule: the caller may be whoever found the phone. */
static mitome_status release_refused(struct play *play, mitome_error *error)
{
        mitome_error refusal = { 0 };
        mitome_status status = telephone(play, "release", &refusal);
        if (!failed(status))
                return fail(error, MITOME_E_VALUE, "a hold was taken back", NULL);
        return play->world.refusal == MITOME_E_AUTHORITY_REISSUE
                       ? ok()
                       : fail(error, refusal.code, refusal.field, refusal.clause);
}

static mitome_status apply_again(struct play *play, mitome_error *error)
{
        struct life_state state;
        unsigned count;
        MITOME_TRY(world_apply(&play->world, play->old, play->person, LIFE_ISSUE, LIFE_BOTH, &state, error));
        MITOME_TRY(life_cycle_deliver(play->old->app, &count, error));
        MITOME_TRY(world_settle(&play->world, 5, error));
        return state.order == LIFE_ORDER_DONE ? ok() : fail(error, MITOME_E_VALUE, "same phone", NULL);
}

/* The SIM is no part of the element: what is left of such an event is that the phone is asked something. */
static mitome_status change_sim(struct play *play, mitome_error *error)
{
        bool woken;
        play->old->silent = true;
        MITOME_TRY(world_settle(&play->world, 3, error));
        MITOME_TRY(world_phone_restart(play->old, error));
        play->old->silent = false;
        return life_cycle_poll(play->old->app, &woken, error);
}

static mitome_status factory_reset(struct play *play, mitome_error *error)
{
        bool confirmed;
        const struct life_reset reset = {
                .identity = play->old->identity,
                .platform = play->old->element.link,
                .software = play->world.platform,
                .maker = phone_way_local(&play->old->maker),
                .sei_tsm = phone_way_local(&play->old->sei_tsm),
        };
        for (unsigned i = 0; i < 3; i++) {
                MITOME_TRY(life_cycle_reset(&reset, &confirmed, error));
                MITOME_TRY(world_settle(&play->world, 3, error));
                if (confirmed)
                        break;
        }
        return ok();
}

static mitome_status check_at_counter(struct play *play, mitome_error *error)
{
        play->checked = true;
        return play_look(play, play->old, &play->report, error);
}

static mitome_status (*const steps[EVENT_STEPS])(struct play *, mitome_error *) = {
        [EVENT_APPLY_ON_NEW_PHONE] = apply_on_new,
        [EVENT_APPLY_ON_UNSUPPORTED_PHONE] = apply_on_unsupported,
        [EVENT_OLD_PHONE_ONLINE] = old_online,
        [EVENT_PHONE_IS_SILENT] = silent,
        [EVENT_PHONE_IS_BACK] = back,
        [EVENT_REVOKE_BY_CARD] = revoke_by_card,
        [EVENT_REVOKE_HERE] = revoke_here,
        [EVENT_HOLD_BY_TELEPHONE] = hold,
        [EVENT_RELEASE_BY_TELEPHONE] = release,
        [EVENT_RELEASE_IS_REFUSED] = release_refused,
        [EVENT_APPLY_AGAIN] = apply_again,
        [EVENT_CHANGE_SIM] = change_sim,
        [EVENT_FACTORY_RESET] = factory_reset,
        [EVENT_CHECK_AT_COUNTER] = check_at_counter,
};

mitome_status play_step(struct play *play, enum event_step step, mitome_error *error)
{
        return steps[step](play, error);
}

/* ---- where every row begins ---- */

static mitome_status keep_serials(struct play *play, const struct counter_report *report, mitome_error *error)
{
        for (size_t i = 0; i < report->person_count; i++) {
                const struct counter_person *person = &report->persons[i];
                MITOME_TRY(slice_copy(slice_of(person->serial, person->serial_size), "serial",
                        play->serials[person->kind].bytes, REGISTER_SERIAL_MAX, error));
                play->serials[person->kind].size = person->serial_size;
        }
        return ok();
}

/* He can log in, whether the portal asks or has a list: else a refusal later says nothing. */
static mitome_status log_in_first(struct play *play, mitome_error *error)
{
        const slice looks[] = { { 0 }, play->list };
        for (size_t i = 0; i < 2; i++) {
                struct visit visit;
                MITOME_TRY(relying_party_visit(&play->world, play->old, WORLD_PIN, looks[i], &visit, error));
                if (visit.answer != MITOME_OK)
                        return fail(error, visit.answer, "first login", NULL);
        }
        return ok();
}

static mitome_status fill_phone(struct play *play, mitome_error *error)
{
        struct life_state state;
        struct counter_report report;
        MITOME_TRY(world_person_make(&play->world, 0, &play->person, error));
        MITOME_TRY(world_phone_make(&play->world, OLD, &play->old, error));
        MITOME_TRY(world_apply(&play->world, play->old, play->person, LIFE_ISSUE, LIFE_BOTH, &state, error));
        MITOME_TRY(play_look(play, play->old, &report, error));
        if (state.order != LIFE_ORDER_DONE || report.verdict != COUNTER_LIVE || report.person_count != 2)
                return fail(error, MITOME_E_VALUE, "first phone", NULL);
        play->receipts_before = report.last;
        return keep_serials(play, &report, error);
}

/* A person with both certificates in his phone. */
mitome_status play_begin(
        struct play *play, const struct mitome_random *random, int setting, mitome_error *error)
{
        enum { DAY = 86400 }; /* how long a list is good (publish.h) */
        const struct world_config config = { .random = *random, .now = began, .phone_release = setting };
        MITOME_TRY(world_open(&play->world, &config, error));
        MITOME_TRY(fill_phone(play, error));
        play->list_until = play->world.now + DAY;
        MITOME_TRY(relying_party_fetch_list(&play->world, play->list_bytes, &play->list, error));
        MITOME_TRY(log_in_first(play, error));
        MITOME_TRY(world_settle(&play->world, 3, error));
        return play_trace(play, play->trace, error);
}
