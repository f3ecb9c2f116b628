/* SPDX-License-Identifier: Apache-2.0 */

/* A phone that is sold with certificates in it. They are revoked, but the order to erase does not arrive;
 * then it does, and the power goes at each write; then somebody brings the authority proofs of an erasure
 * that are none; and at last its buyer has certificates of his own put in. */

#include "probe_play.h"
#include "probe_texts.h"

#include "evidence_app.h"
#include "jpki_app.h"

#include <stdlib.h>

enum { CUTS_LIMIT = 200, FORGERIES = 8 };

/* The phone's medium, with a hand at the plug. */
struct plug {
        struct mitome_storage below;
        unsigned at, writes;
        bool off;
};

struct sale {
        struct probe_run *run;
        struct play *play;
        struct plug plug;
        struct probe_score reach, proof; /* what nobody may reach; what nobody may claim */
        unsigned reaches, proofs;        /* how many were tried */
        unsigned cuts;
        uint8_t genuine[EVIDENCE_MAX], statement[EVIDENCE_MAX], forged[EVIDENCE_MAX];
        slice receipt;
};

static void reach(struct sale *at, bool right, const char *what)
{
        at->reaches++;
        probe_note(at->run, "%s: %s", what, right ? "no" : "yes");
        probe_score_add(&at->reach, right, what);
}

static void prove(struct sale *at, bool right, const char *what)
{
        at->proofs++;
        probe_score_add(&at->proof, right, what);
}

/* ---- the phone, as who has it finds it ---- */

/* Which of the former owner's certificates the element itself says that it holds. */
static mitome_status look(
        struct sale *at, struct counter_report *ret, unsigned *ret_hers, mitome_error *error)
{
        MITOME_TRY(play_look(at->play, at->play->old, ret, error));
        *ret_hers = 0;
        for (size_t i = 0; i < ret->person_count; i++) {
                const struct counter_person *person = &ret->persons[i];
                if (!person->has_certificate ||
                        slice_equal(slice_of(person->serial, person->serial_size),
                                play_serial(at->play, (enum register_kind)person->kind)))
                        ++*ret_hers;
        }
        return ok();
}

/* Without a PIN, with wrong ones until none is taken any more, and with the password's place empty. */
static mitome_status try_pins(struct sale *at, mitome_error *error)
{
        enum { GUESSES = 12 };
        static const char *const guesses[] = { "0000", "1111", "1234" };
        struct mitome_enforcer *enforcer;
        const slice document = slice_text("something to sign");
        uint8_t signature[JPKI_SIGNATURE_SIZE];
        unsigned taken = 0;
        bool opened = false, reached;
        uint16_t sw = 0;
        MITOME_TRY(mitome_enforcer_new(&at->play->old->element.link, &at->play->world.app, &enforcer, error));
        const struct mitome_link link = mitome_enforcer_link(enforcer);
        reached = !failed(jpki_app_select(enforcer, NULL));
        if (reached) {
                for (unsigned kind = 0; kind < 2; kind++)
                        opened |= !failed(jpki_app_sign(&link, kind ? &jpki_signing : &jpki_user_verification,
                                &document, 1, signature, &sw, NULL));
                for (; taken < GUESSES; taken++) {
                        opened |= !failed(jpki_app_verify(
                                &link, &jpki_user_verification, guesses[taken % 3], &sw, NULL));
                        if (sw == 0x6983 || sw == 0x6984)
                                break;
                }
        }
        mitome_enforcer_free(enforcer);
        if (!reached) /* her keys are there, as the element itself says */
                return probe_play_control("the applet that holds her keys is selected", error);
        probe_note(at->run, "without the PIN, and with %u guesses: status word %04X at last", taken, sw);
        reach(at, !opened && taken < GUESSES, "her keys open without her PIN");
        return ok();
}

/* ---- the order does not arrive ---- */

static mitome_status sell(struct sale *at, mitome_error *error)
{
        struct play *play = at->play;
        mitome_code code;
        play->old->silent = true;
        for (unsigned kind = 1; kind <= REGISTER_KINDS; kind++) {
                MITOME_TRY(probe_play_tell(at->run, play, WORLD_MUNICIPALITY, "revoke",
                        (enum register_kind)kind, play_serial(play, (enum register_kind)kind), &code, error));
                if (code != MITOME_OK)
                        return fail(error, code, "revoke", NULL);
        }
        return world_settle(&play->world, 5, error);
}

static mitome_status claims(struct sale *at, bool *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(party_store(at->play->world.parties[WORLD_SP_TSM]),
                "SELECT count(*) FROM order_ WHERE identity = ? AND purpose >= 5 AND state = 4",
                SQL_VALUES(SQL_STR(at->play->old->identity)), &query, error));
        *ret = sql_next(&query) && sql_integer(&query, 0) != 0;
        return sql_end(&query);
}

static mitome_status receipts(struct sale *at, int64_t *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(party_store(at->play->world.parties[WORLD_AUTHORITY]),
                "SELECT count(*) FROM receipt WHERE identity = ?",
                SQL_VALUES(SQL_STR(at->play->old->identity)), &query, error));
        *ret = sql_next(&query) ? sql_integer(&query, 0) : 0;
        return sql_end(&query);
}

static mitome_status use_unerased(struct sale *at, mitome_error *error)
{
        const struct relying_party_news asks = { { 0 }, { 0 } };
        struct counter_report report;
        unsigned hers;
        mitome_code code;
        bool claimed;
        MITOME_TRY(look(at, &report, &hers, error));
        MITOME_TRY(claims(at, &claimed, error));
        probe_note(at->run,
                "sold, and the order has not arrived: the element holds %u of her keys, a counter says \"%s\"",
                hers, counter_verdict_name(report.verdict));
        if (hers == 0)
                return probe_play_control("her keys are in a phone that nothing was erased from", error);
        prove(at, !claimed && !counter_is_clear(report.verdict),
                "an erasure that was only asked for is called done");
        MITOME_TRY(probe_play_visit(
                at->run, at->play, "with her phone and her PIN", at->play->old, &asks, &code, error));
        reach(at, code != MITOME_OK, "the portal lets in who has her phone and knows her PIN");
        return try_pins(at, error);
}

/* ---- the order arrives, and the power goes ---- */

static bool pulls(struct plug *plug)
{
        plug->writes++;
        if (plug->at && plug->writes == plug->at)
                plug->off = true;
        return plug->off;
}

static mitome_status plug_load(void *context, uint8_t **ret_image, size_t *ret_size, mitome_error *error)
{
        struct plug *plug = context;
        return plug->off ? fail(error, MITOME_E_FILE_READ, "medium", NULL)
                         : plug->below.load(plug->below.context, ret_image, ret_size, error);
}

/* Half of the record is there. */
static mitome_status plug_append(void *context, size_t at, slice record, mitome_error *error)
{
        struct plug *plug = context;
        if (plug->off)
                return fail(error, MITOME_E_FILE_WRITE, "medium", NULL);
        if (!pulls(plug))
                return plug->below.append(plug->below.context, at, record, error);
        MITOME_TRY(
                plug->below.append(plug->below.context, at, slice_of(record.data, record.size / 2), error));
        return fail(error, MITOME_E_FILE_WRITE, "medium", NULL);
}

static mitome_status plug_replace(void *context, slice image, mitome_error *error)
{
        struct plug *plug = context;
        if (plug->off || pulls(plug))
                return fail(error, MITOME_E_FILE_WRITE, "medium", NULL);
        return plug->below.replace(plug->below.context, image, error);
}

static mitome_status plug_in(struct sale *at, mitome_error *error)
{
        struct factory_element *element = &at->play->old->element;
        at->plug.below = element->config.storage;
        element->config.storage = (struct mitome_storage){ .context = &at->plug,
                .load = plug_load,
                .append = at->plug.below.append ? plug_append : NULL,
                .replace = plug_replace };
        return world_phone_restart(at->play->old, error);
}

/* What can be said of it at any moment: erased is what is empty and has a receipt, and no half of a key is
 * left that a portal or a reader of contracts would take. */
static mitome_status check_between(struct sale *at, unsigned *ret_hers, mitome_error *error)
{
        struct counter_report report;
        bool claimed;
        MITOME_TRY(look(at, &report, ret_hers, error));
        MITOME_TRY(claims(at, &claimed, error));
        prove(at, !(*ret_hers && (claimed || report.verdict == COUNTER_ERASED)),
                "what a power loss left unerased is called erased");
        return ok();
}

/* The nth time the power goes at the nth write, until the erasure gets through. */
static mitome_status erase_with_cuts(struct sale *at, mitome_error *error)
{
        struct play *play = at->play;
        unsigned hers = 0;
        play->old->silent = false;
        for (unsigned n = 1; n <= CUTS_LIMIT; n++) {
                struct life_state state;
                bool woken;
                at->plug.writes = 0;
                at->plug.at = n;
                (void)failed(life_cycle_poll(play->old->app, &woken, NULL)); /* may end anywhere */
                (void)failed(life_cycle_run(play->old->app, &state, NULL));
                const bool was_cut = at->plug.off;
                at->cuts += was_cut;
                at->plug.off = false;
                at->plug.at = 0;
                MITOME_TRY(world_phone_restart(play->old, error));
                MITOME_TRY(world_settle(&play->world, 2, error));
                MITOME_TRY(check_between(at, &hers, error));
                if (!was_cut)
                        break;
        }
        probe_note(at->run,
                "the order arrives; the power went at %u of its writes, one after the other; the element holds %u "
                "of her keys",
                at->cuts, hers);
        reach(at, hers == 0, "her keys are left by an erasure that the power interrupted");
        return at->cuts ? ok() : probe_play_control("an erasure writes, so that its power can be cut", error);
}

/* ---- proofs ---- */

/* The authority hears nothing: else it would have the receipt before anybody can change it. */
static enum post_fate lose(void *context, const struct directory_entry *to, slice letter, unsigned number)
{
        (void)context;
        (void)letter;
        (void)number;
        return slice_is(slice_text(to->name), PARTY_AUTHORITY) ? POST_DROP : POST_PASS;
}

static mitome_status fetch(struct sale *at, enum evidence_kind kind, uint8_t buffer[EVIDENCE_MAX], slice *ret,
        mitome_error *error)
{
        static const uint8_t fido[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x01 };
        static const uint8_t nonce[32] = { 0x20 };
        struct mitome_enforcer *enforcer;
        struct evidence_answer answer;
        uint16_t sw;
        MITOME_TRY(mitome_enforcer_new(
                &at->play->old->element.link, &at->play->world.platform, &enforcer, error));
        mitome_status status = mitome_enforcer_select(enforcer, SLICE(fido), error);
        if (!failed(status))
                status = evidence_fetch(enforcer, kind, SLICE(nonce), &answer, &sw, error);
        if (!failed(status))
                status = slice_copy(answer.evidence, "evidence", buffer, EVIDENCE_MAX, error);
        if (!failed(status))
                *ret = slice_of(buffer, answer.evidence.size);
        mitome_enforcer_free(enforcer);
        return status;
}

/* A shop brings it, as shops do. */
static mitome_status bring(
        struct sale *at, slice cose, const char *what, mitome_code *ret, mitome_error *error)
{
        static uint8_t answer_bytes[LETTER_MAX];
        uint8_t body[EVIDENCE_MAX + 16], id[LETTER_ID_SIZE];
        struct party *shop = at->play->world.parties[WORLD_SHOP];
        mitome_error cause = { 0 };
        mitome_code refusal = MITOME_OK;
        writer w = WRITER(body);
        slice view, answer;
        cbor_write_map(&w, 1);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, cose);
        MITOME_TRY(writer_finish(&w, "receipt", &view, error));
        MITOME_TRY(party_make_id(shop, id, error));
        mitome_status status = party_call(
                shop, PARTY_AUTHORITY, "receipt", id, view, answer_bytes, &answer, &refusal, &cause);
        *ret = status.code == MITOME_E_REFUSED ? refusal : status.code;
        probe_note(at->run, "somebody brings %s: E%d", what, *ret);
        return failed(status) && status.code != MITOME_E_REFUSED /* it did not get there */
                       ? fail(error, status.code, cause.field, cause.clause)
                       : ok();
}

static mitome_status bring_forged(struct sale *at, slice cose, const char *what, mitome_error *error)
{
        int64_t before, after;
        mitome_code code;
        MITOME_TRY(receipts(at, &before, error));
        MITOME_TRY(bring(at, cose, what, &code, error));
        MITOME_TRY(receipts(at, &after, error));
        prove(at, code != MITOME_OK && after == before, what);
        return ok();
}

/* The genuine one with one bit changed, in its signature and all over what is signed. */
static mitome_status forge(struct sale *at, mitome_error *error)
{
        slice statement;
        for (unsigned i = 0; i < FORGERIES; i++) {
                const size_t where = at->receipt.size - 1 - i * (at->receipt.size / FORGERIES);
                MITOME_TRY(slice_copy(at->receipt, "receipt", at->forged, sizeof at->forged, error));
                at->forged[where] ^= 0x01;
                MITOME_TRY(bring_forged(
                        at, slice_of(at->forged, at->receipt.size), "a receipt that was changed", error));
        }
        MITOME_TRY(fetch(at, EVIDENCE_STATEMENT, at->statement, &statement, error));
        MITOME_TRY(bring_forged(at, statement, "a statement in the place of a receipt", error));
        return bring_forged(
                at, slice_of(at->receipt.data, at->receipt.size - 1), "a receipt that is cut off", error);
}

static mitome_status bring_genuine(struct sale *at, mitome_error *error)
{
        struct counter_report report;
        unsigned count, hers;
        mitome_code code;
        MITOME_TRY(bring(at, at->receipt, "the element's own receipt", &code, error));
        if (code != MITOME_OK)
                return probe_play_control("the element's own receipt", error);
        MITOME_TRY(life_cycle_deliver(at->play->old->app, &count, error));
        MITOME_TRY(world_settle(&at->play->world, 5, error));
        MITOME_TRY(look(at, &report, &hers, error));
        probe_note(at->run, "a counter says \"%s\"", counter_verdict_name(report.verdict));
        prove(at, counter_is_clear(report.verdict) && !hers,
                "an erasure that the element has proved is not believed");
        return ok();
}

/* ---- the buyer ---- */

static mitome_status move_in(struct sale *at, mitome_error *error)
{
        struct play *play = at->play;
        struct world_person *buyer;
        struct counter_report report;
        struct life_state state;
        unsigned hers;
        MITOME_TRY(world_person_make(&play->world, 1, &buyer, error));
        MITOME_TRY(world_apply(&play->world, play->old, buyer, LIFE_ISSUE, LIFE_BOTH, &state, error));
        MITOME_TRY(look(at, &report, &hers, error));
        probe_note(at->run, "the buyer's own certificates are put in: the element holds %u certificates",
                (unsigned)report.person_count);
        if (state.order != LIFE_ORDER_DONE || report.person_count != REGISTER_KINDS)
                return probe_play_control("the buyer's own certificates are put in", error);
        reach(at, hers == 0, "the buyer has one of her keys");
        return ok();
}

/* ---- the whole ---- */

static void conclude(const struct sale *at)
{
        const bool clean = probe_score_holds(&at->reach, at->reaches),
                   proved = probe_score_holds(&at->proof, at->proofs);
        probe_fact_bool(at->run, LEVEL_LIFE_NEW_OWNER_CLEAN, clean, false);
        probe_fact_bool(at->run, LEVEL_LIFE_ERASURE_PROVED, proved, false);
        if (!clean)
                probe_end(at->run, PROBE_BROKEN, "%s", at->reach.first);
        if (!proved)
                probe_end(at->run, PROBE_BROKEN, "taken for an erasure: %s", at->proof.first);
        probe_end(at->run, PROBE_HOLDS,
                "who bought the phone reached nothing, with and without the order to erase and with the power cut at %u of "
                "its writes; no forged proof of erasure was taken",
                at->cuts);
}

static mitome_status play_sale(struct probe_run *run, struct play *play, mitome_error *error)
{
        static mitome_status (*const steps[])(
                struct sale *, mitome_error *) = { sell, use_unerased, plug_in, erase_with_cuts };
        struct sale *at = calloc(1, sizeof *at);
        mitome_status status = ok();
        if (!at)
                return fail(error, MITOME_E_NO_MEMORY, "sale", NULL);
        at->run = run;
        at->play = play;
        for (size_t i = 0; !failed(status) && i < sizeof steps / sizeof *steps; i++) {
                if (steps[i] == plug_in)
                        play->world.network.fate = lose;
                status = steps[i](at, error);
        }
        if (!failed(status))
                status = fetch(at, EVIDENCE_RECEIPT, at->genuine, &at->receipt, error);
        play->world.network.fate = NULL;
        if (!failed(status))
                status = forge(at, error);
        if (!failed(status))
                status = bring_genuine(at, error);
        if (!failed(status))
                status = move_in(at, error);
        if (!failed(status))
                conclude(at);
        world_close(&play->world); /* before the plug that its element writes through */
        free(at);
        return status;
}

static void attempt(struct probe_run *run, struct target *target)
{
        (void)target;
        probe_play(run, REGISTER_REISSUE, play_sale);
}

const struct probe probe_p20 = { P20_TEXTS, .attempt = attempt };
