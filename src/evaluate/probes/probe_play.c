/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_play.h"

#include "teller.h"

#include <stdio.h>
#include <stdlib.h>

static int draw(void *context, uint8_t *bytes, size_t size)
{
        probe_random(context, bytes, size);
        return 0;
}

static const char control[] = "what is good is taken";

mitome_status probe_play_control(const char *what, mitome_error *error)
{
        *error = (mitome_error){ 0 }; /* of something on the way that was no failure of the story */
        return fail(error, MITOME_E_VALUE, what, control);
}

void probe_play(struct probe_run *run, int setting, probe_story *story)
{
        const struct mitome_random random = { .context = run, .fill = draw };
        struct play *play = calloc(1, sizeof *play);
        mitome_error error = { 0 };
        if (!play) {
                probe_end(run, PROBE_TARGET_FAILED, "there is no memory for a world of its own");
                return;
        }
        mitome_status status = play_begin(play, &random, setting, &error);
        if (!failed(status)) {
                probe_note(run, "a world is made: a person with a card, a phone with both certificates, a "
                                "portal that lets them in");
                error = (mitome_error){ 0 };
                status = story(run, play, &error);
        }
        if (failed(status) && error.clause == control)
                probe_end(run, PROBE_NOT_TESTABLE, "what is refused says nothing here, for this was, too: %s",
                        error.field);
        else if (failed(status))
                probe_end(run, PROBE_TARGET_FAILED, "the world came to a halt: E%d%s%s", status.code,
                        error.field ? ", " : "", error.field ? error.field : "");
        world_close(&play->world);
        free(play);
}

mitome_status probe_play_visit(struct probe_run *run, struct play *play, const char *what,
        struct world_phone *phone, const struct relying_party_news *news, mitome_code *ret,
        mitome_error *error)
{
        struct visit visit;
        MITOME_TRY(relying_party_visit_told(&play->world, phone, WORLD_PIN, news, &visit, error));
        probe_note(run, "login, %s: %s, E%d", what,
                !visit.answered             ? "the phone gives nothing"
                : visit.answer == MITOME_OK ? "the portal lets in"
                                            : "the portal refuses",
                visit.answer);
        *ret = visit.answer;
        return ok();
}

mitome_status probe_play_serial(struct play *play, enum register_place place, enum register_kind kind,
        uint8_t ret[REGISTER_SERIAL_MAX], slice *ret_serial, mitome_error *error)
{
        struct sql_query query = { 0 };
        slice serial = { 0 };
        mitome_status status;
        MITOME_TRY(sql_ask(party_store(play->world.parties[WORLD_AUTHORITY]),
                "SELECT c.serial FROM certificate c JOIN person p ON p.number = c.person WHERE p.id = ? AND "
                "c.place = ? AND c.kind = ? AND c.status < 2",
                SQL_VALUES(SQL_BYTES(SLICE(play->person->id)), SQL_INT(place), SQL_INT(kind)), &query,
                error));
        if (sql_next(&query)) {
                serial = sql_bytes(&query, 0);
                status = slice_copy(serial, "serial", ret, REGISTER_SERIAL_MAX, error);
        } else {
                status = fail(error, MITOME_E_MISSING, "certificate", NULL);
        }
        const size_t size = serial.size;
        mitome_status end = sql_end(&query);
        if (!failed(status))
                *ret_serial = slice_of(ret, size);
        return failed(status) ? status : end;
}

mitome_status probe_play_tell(struct probe_run *run, struct play *play, enum world_party who,
        const char *what, enum register_kind kind, slice serial, mitome_code *ret, mitome_error *error)
{
        enum { CEASED = 5 }; /* CRLReason cessationOfOperation */
        mitome_code refusal = MITOME_OK;
        mitome_error cause = { 0 };
        mitome_status status = teller_change(play->world.parties[who], what,
                who == WORLD_CALL_CENTRE ? "telephone" : "counter", (int)kind, serial, CEASED, &refusal,
                &cause);
        if (failed(status) && status.code != MITOME_E_REFUSED)
                return fail(error, status.code, cause.field, cause.clause);
        *ret = failed(status) ? refusal : MITOME_OK;
        probe_note(run, "%s, \"%s\" about the %s certificate: E%d",
                who == WORLD_CALL_CENTRE ? "the call centre" : "the municipality", what,
                kind == REGISTER_SIGNING ? "signing" : "user-verification", *ret);
        return ok();
}

void probe_score_add(struct probe_score *score, bool right, const char *what)
{
        score->tries++;
        if (right)
                return;
        if (score->wrong++ == 0)
                (void)snprintf(score->first, sizeof score->first, "%s", what);
}

bool probe_score_holds(const struct probe_score *score, unsigned tries)
{
        return score->tries == tries && score->wrong == 0;
}
