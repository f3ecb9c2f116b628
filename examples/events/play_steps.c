/* SPDX-License-Identifier: Apache-2.0 */
#include "play_steps.h"

#include "counter_authority.h"
#include "counter_message.h"
#include "evidence_app.h"
#include "jpki_app.h"
#include "jpki_message.h"

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

/* ---- what the old phone can still do ---- */

/* Key 0017 of a phone signs no hash of a host's, but messages that begin so (PROTOCOL.md): P1 03, P2 97. */
static bool signs_login(const struct mitome_link *link)
{
        const struct apdu_command sign = { .cla = 0x80,
                .ins = 0x2A,
                .p1 = 0x03,
                .p2 = 0x97,
                .data = slice_text(JPKI_MESSAGE_PREFIX "\x02 and what the portal drew"),
                .expected = 256 };
        uint8_t bytes[128], response[JPKI_SIGNATURE_SIZE + 2];
        writer w = WRITER(bytes);
        size_t size;
        uint16_t sw = 0;
        slice signature = { 0 };
        apdu_write_command(&w, &sign);
        return !failed(link->transmit(
                       link->context, writer_view(&w), response, sizeof response, &size, NULL)) &&
               !failed(apdu_read_response(slice_of(response, size), &signature, &sw, NULL)) && sw == SW_OK &&
               signature.size == JPKI_SIGNATURE_SIZE;
}

mitome_status play_try_login(struct play *play, bool *ret_signed, bool *ret_accepted, mitome_error *error)
{
        struct mitome_enforcer *enforcer;
        struct ca_status status;
        uint16_t sw;
        MITOME_TRY(mitome_enforcer_new(&play->old->element.link, &play->world.app, &enforcer, error));
        struct mitome_link link = mitome_enforcer_link(enforcer);
        *ret_signed = !failed(jpki_app_select(enforcer, NULL)) &&
                      !failed(jpki_app_verify(&link, &jpki_user_verification, WORLD_PIN, &sw, NULL)) &&
                      signs_login(&link);
        mitome_enforcer_free(enforcer);
        MITOME_TRY(world_status(&play->world, REGISTER_USER_VERIFICATION,
                play_serial(play, REGISTER_USER_VERIFICATION), &status, error));
        *ret_accepted = *ret_signed && status.state == CA_GOOD;
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

/* What the list of devices says stands before everything: the model has no GP-SE. */
static mitome_status apply_on_unsupported(struct play *play, mitome_error *error)
{
        bool supported;
        MITOME_TRY(device_list_supports(party_store(play->world.parties[WORLD_SP_TSM]),
                slice_text(WORLD_UNSUPPORTED_MODEL), play->world.now, &supported, error));
        play->refused = !supported;
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

static mitome_status hold(struct play *play, mitome_error *error)
{
        bool signs, accepted;
        MITOME_TRY(telephone(play, "hold", error));
        MITOME_TRY(play_try_login(play, &signs, &accepted, error));
        play->login_while_held |= accepted;
        return ok();
}

static mitome_status release(struct play *play, mitome_error *error)
{
        return telephone(play, "release", error);
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
        [EVENT_CHANGE_SIM] = change_sim,
        [EVENT_FACTORY_RESET] = factory_reset,
        [EVENT_CHECK_AT_COUNTER] = check_at_counter,
};

mitome_status play_step(struct play *play, enum event_step step, mitome_error *error)
{
        return steps[step](play, error);
}

/* A person with both certificates in his phone, which is where every row begins. */
mitome_status play_begin(
        struct play *play, const struct mitome_random *random, int setting, mitome_error *error)
{
        const struct world_config config = { .random = *random, .now = began, .phone_release = setting };
        struct life_state state;
        struct counter_report report;
        bool signs, accepted;
        MITOME_TRY(world_open(&play->world, &config, error));
        MITOME_TRY(world_person_make(&play->world, 0, &play->person, error));
        MITOME_TRY(world_phone_make(&play->world, OLD, &play->old, error));
        MITOME_TRY(world_apply(&play->world, play->old, play->person, LIFE_ISSUE, LIFE_BOTH, &state, error));
        MITOME_TRY(play_look(play, play->old, &report, error));
        if (state.order != LIFE_ORDER_DONE || report.verdict != COUNTER_LIVE || report.person_count != 2)
                return fail(error, MITOME_E_VALUE, "first phone", NULL);
        for (size_t i = 0; i < report.person_count; i++) {
                const struct counter_person *person = &report.persons[i];
                MITOME_TRY(slice_copy(slice_of(person->serial, person->serial_size), "serial",
                        play->serials[person->kind].bytes, REGISTER_SERIAL_MAX, error));
                play->serials[person->kind].size = person->serial_size;
        }
        play->receipts_before = report.last;
        MITOME_TRY(play_try_login(play, &signs, &accepted, error)); /* else a refusal later says nothing */
        if (!accepted)
                return fail(error, MITOME_E_VALUE, "first login", NULL);
        return ok();
}
