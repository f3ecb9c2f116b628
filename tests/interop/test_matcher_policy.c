/* SPDX-License-Identifier: Apache-2.0 */

/* The matcher's middle as a process: when it asks for the PIN, what it counts over kills and restarts, what
 * it does when somebody else changes the fingers. The sensor is scripted; this side is core and element. */

#include "grow_finger.h"
#include "matcher_gate.h"
#include "matcher_state.h"
#include "p256.h"
#include "random_system.h"
#include "storage_file.h"
#include "virtual_finger.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { STEP_MS = 100, PATIENCE_MS = 20000, TRIALS = 3 /* of a sensor of the lowest class */ };

static const char rp_id[] = "portal.example.jp";
static const uint8_t client_data_hash[SHA256_SIZE] = { 0xC1, 0x1E };

struct rig {
        char folder[64], state[96], script[96], sensor[128], wrapper[96];
        struct matcher_gate *matcher;
        struct mitome_gate gate;
        struct secret scalar, key;
        uint8_t element_point[PAIRING_POINT_SIZE], matcher_point[PAIRING_POINT_SIZE];
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE], entry[UNLOCK_ENTRY_SIZE];
        uint8_t finger_id[GATE_FINGER_ID_SIZE];
        uint32_t challenges;
        uint32_t pins; /* how often the element's PIN was entered */
};

static mitome_status start_matcher(struct rig *rig, mitome_error *error)
{
        static const char *const environment[] = { "ASAN_OPTIONS=detect_leaks=0", "PATH=/usr/bin:/bin",
                NULL };
        const struct matcher_gate_config config = {
                .program = rig->wrapper[0] ? rig->wrapper : getenv("MITOME_MATCHER"),
                .state = rig->state,
                .environment = environment,
                .sensor = rig->sensor,
        };
        mitome_status status = matcher_gate_start(&config, &rig->matcher, error);
        if (!failed(status))
                rig->gate = matcher_gate(rig->matcher);
        return status;
}

static void stop(struct rig *rig)
{
        matcher_gate_close(rig->matcher);
        rig->matcher = NULL;
}

/* Another script, from its first line. */
static void play(struct rig *rig, const char *script)
{
        char position[128];
        stop(rig);
        FILE *file = fopen(rig->script, "w");
        assert_non_null(file);
        assert_true(fputs(script, file) >= 0);
        assert_int_equal(fclose(file), 0);
        snprintf(position, sizeof position, "%s/script-position", rig->state);
        unlink(position);
        assert_int_equal(start_matcher(rig, NULL).code, MITOME_OK);
}

static void pair(struct rig *rig)
{
        const struct mitome_random random = random_system();
        uint8_t confirmation[SHA256_SIZE];
        assert_int_equal(p256_generate(&random, &rig->scalar, rig->element_point, NULL).code, MITOME_OK);
        assert_int_equal(matcher_gate_point(rig->matcher, rig->matcher_point, NULL).code, MITOME_OK);
        assert_int_equal(matcher_gate_pair(rig->matcher, SLICE(rig->element_point), confirmation, NULL).code,
                MITOME_OK);
        assert_int_equal(pairing_derive(secret_view(&rig->scalar), SLICE(rig->matcher_point),
                                 SLICE(rig->element_point), SLICE(rig->matcher_point), &rig->key, NULL)
                                 .code,
                MITOME_OK);
}

static struct mitome_gate_request request_of(struct rig *rig, enum mitome_gate_purpose purpose)
{
        const struct mitome_random random = random_system();
        assert_int_equal(random.fill(random.context, rig->challenge, sizeof rig->challenge), 0);
        unlock_entry_seal(&(struct unlock_entry){ .entered = rig->pins, .number = ++rig->challenges },
                purpose == MITOME_GATE_ENROL ? UNLOCK_ENROLLED : UNLOCK_VERIFIED, SLICE(rig->challenge),
                secret_view(&rig->key), rig->entry);
        struct mitome_gate_request request = {
                .purpose = purpose,
                .command = purpose == MITOME_GATE_VERIFY ? 0x02 : 0x09,
                .challenge = SLICE(rig->challenge),
                .entry = SLICE(rig->entry),
                .timeout_ms = PATIENCE_MS,
        };
        if (purpose == MITOME_GATE_VERIFY) {
                request.rp_id = slice_text(rp_id);
                request.client_data_hash = SLICE(client_data_hash);
        } else {
                request.finger_id = SLICE(rig->finger_id);
        }
        return request;
}

/* The event that ends the request. */
static struct mitome_gate_event outcome_of(struct rig *rig)
{
        struct mitome_gate_event event = { .kind = MITOME_GATE_NOTHING };
        for (int waited = 0; !MITOME_GATE_IS_FINAL(event.kind) && waited < 3 * PATIENCE_MS; waited += STEP_MS)
                assert_int_equal(rig->gate.poll(rig->gate.context, STEP_MS, &event, NULL).code, MITOME_OK);
        return event;
}

static struct mitome_gate_event ask(struct rig *rig, const struct mitome_gate_request *request)
{
        assert_int_equal(rig->gate.start(rig->gate.context, request, NULL).code, MITOME_OK);
        return outcome_of(rig);
}

static struct mitome_gate_event verify(struct rig *rig)
{
        const struct mitome_gate_request request = request_of(rig, MITOME_GATE_VERIFY);
        return ask(rig, &request);
}

/* What the element checks of a token; its set. */
static struct unlock_token open_token(struct rig *rig, const struct mitome_gate_event *event, uint8_t purpose)
{
        struct unlock_token token = { 0 };
        assert_true(event->has_evidence);
        assert_int_equal(unlock_token_open(SLICE(event->evidence), secret_view(&rig->key), &token, NULL).code,
                MITOME_OK);
        assert_int_equal(token.purpose, purpose);
        assert_memory_equal(token.challenge, rig->challenge, sizeof token.challenge);
        return token;
}

/* Refused, and the element is told under seal that nothing was presented, so that it gives its try back. */
static void expect_declined(struct rig *rig, const struct mitome_gate_event *event, mitome_code code)
{
        assert_int_equal(event->kind, MITOME_GATE_REFUSED);
        assert_int_equal(event->code, code);
        open_token(rig, event, UNLOCK_ABSENT);
}

/* Refused, and nothing is said under seal: the element keeps the try. */
static void expect_no_word(const struct mitome_gate_event *event)
{
        assert_int_equal(event->kind, MITOME_GATE_REFUSED);
        assert_int_equal(event->code, MITOME_E_GATE_ENTRY);
        assert_false(event->has_evidence);
}

static void expect_refusal(struct rig *rig, mitome_code code)
{
        struct mitome_gate_event event = verify(rig);
        expect_declined(rig, &event, code);
}

static void expect_opened(struct rig *rig)
{
        struct mitome_gate_event event = verify(rig);
        assert_int_equal(event.kind, MITOME_GATE_EVIDENCE);
        open_token(rig, &event, UNLOCK_VERIFIED);
}

static void enrol(struct rig *rig)
{
        rig->finger_id[0]++;
        const struct mitome_gate_request request = request_of(rig, MITOME_GATE_ENROL);
        struct mitome_gate_event event = ask(rig, &request);
        assert_int_equal(event.kind, MITOME_GATE_EVIDENCE);
        open_token(rig, &event, UNLOCK_ENROLLED);
}

static struct rig *new_rig(void)
{
        struct rig *rig = calloc(1, sizeof *rig);
        assert_non_null(rig);
        strcpy(rig->folder, "/tmp/mitome-policy-XXXXXX");
        assert_non_null(mkdtemp(rig->folder));
        snprintf(rig->state, sizeof rig->state, "%s/state", rig->folder);
        snprintf(rig->script, sizeof rig->script, "%s/script", rig->folder);
        return rig;
}

static int set_up(void **state)
{
        struct rig *rig = new_rig();
        snprintf(rig->sensor, sizeof rig->sensor, "scripted:%s", rig->script);
        play(rig, "MATCH\n");
        pair(rig);
        rig->pins = 1;
        enrol(rig);
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        struct rig *rig = *state;
        char command[128];
        stop(rig);
        snprintf(command, sizeof command, "rm -r '%s'", rig->folder);
        int removed = system(command);
        free(rig);
        return removed;
}

/* ---- the PIN ---- */

static void a_finger_opens_once_the_pin_was_entered(void **state)
{
        struct rig *rig = *state;
        expect_opened(rig);
        expect_opened(rig);
        pair(rig); /* another element: what was entered at the last one is forgotten */
        rig->pins = 0;
        const struct mitome_gate_request request = request_of(rig, MITOME_GATE_ENROL);
        assert_int_equal(ask(rig, &request).kind, MITOME_GATE_EVIDENCE);
        expect_refusal(rig, MITOME_E_GATE_PIN_DUE);
        rig->pins = 1;
        expect_opened(rig);
}

static void misses_ask_for_the_pin_and_the_pin_clears_them(void **state)
{
        struct rig *rig = *state;
        play(rig, "MISS\nSAME\nMISS\nMATCH\n");
        assert_int_equal(verify(rig).hint, MITOME_GATE_HINT_NONE);
        struct mitome_gate_event event = verify(rig);
        assert_int_equal(event.kind, MITOME_GATE_NO_MATCH);
        assert_int_equal(event.hint, MITOME_GATE_HINT_SAME); /* a replayed sample is a false trial as well */
        assert_int_equal(verify(rig).kind, MITOME_GATE_NO_MATCH);
        for (unsigned i = 0; i < 3; i++)
                expect_refusal(rig, MITOME_E_GATE_PIN_DUE);
        rig->pins++;
        expect_opened(rig);
}

static void nothing_presented_costs_nothing(void **state)
{
        struct rig *rig = *state;
        play(rig, "ABSENT\n");
        for (unsigned i = 0; i < 2 * TRIALS; i++) {
                struct mitome_gate_request request = request_of(rig, MITOME_GATE_VERIFY);
                request.timeout_ms = 50;
                struct mitome_gate_event event = ask(rig, &request);
                assert_int_equal(event.kind, MITOME_GATE_ABSENT);
                open_token(rig, &event, UNLOCK_ABSENT);
        }
        play(rig, "MATCH\n");
        expect_opened(rig);
}

/* ---- attacks ---- */

static void await_finger(struct rig *rig)
{
        struct mitome_gate_event event = { .kind = MITOME_GATE_NOTHING };
        while (event.kind != MITOME_GATE_AWAITS)
                assert_int_equal(rig->gate.poll(rig->gate.context, STEP_MS, &event, NULL).code, MITOME_OK);
}

/* Whoever kills the matcher before it can say no has had his try. */
static void a_further_try_by_killing_the_matcher_is_refused(void **state)
{
        struct rig *rig = *state;
        play(rig, "ABSENT\n");
        for (unsigned i = 0; i < TRIALS; i++) {
                const struct mitome_gate_request request = request_of(rig, MITOME_GATE_VERIFY);
                assert_int_equal(rig->gate.start(rig->gate.context, &request, NULL).code, MITOME_OK);
                await_finger(rig);
                assert_int_equal(kill(matcher_gate_process(rig->matcher), SIGKILL), 0);
                stop(rig);
                assert_int_equal(start_matcher(rig, NULL).code, MITOME_OK);
        }
        play(rig, "MATCH\n");
        expect_refusal(rig, MITOME_E_GATE_PIN_DUE);
        rig->pins++;
        expect_opened(rig);
}

static void an_old_word_on_the_pin_replayed_is_refused(void **state)
{
        struct rig *rig = *state;
        uint8_t old[UNLOCK_ENTRY_SIZE];
        struct mitome_gate_request request = request_of(rig, MITOME_GATE_VERIFY);
        memcpy(old, rig->entry, sizeof old);
        assert_int_equal(ask(rig, &request).kind, MITOME_GATE_EVIDENCE);
        request = request_of(rig, MITOME_GATE_VERIFY);
        request.entry = SLICE(old);
        struct mitome_gate_event event = ask(rig, &request);
        expect_no_word(&event);
        request = request_of(rig, MITOME_GATE_ENROL); /* nor is a finger enrolled by it */
        request.entry = SLICE(old);
        rig->finger_id[0]++;
        event = ask(rig, &request);
        expect_no_word(&event);
        expect_opened(rig);
}

/* The core sends a challenge again, which the element counted as one try: no other capture, and no word under
 * seal that none was made, which would bring the try back. Nor after a restart. */
static void a_second_capture_from_one_challenge_is_refused(void **state)
{
        struct rig *rig = *state;
        play(rig, "MISS\nMATCH\n");
        const struct mitome_gate_request request = request_of(rig, MITOME_GATE_VERIFY);
        assert_int_equal(ask(rig, &request).kind, MITOME_GATE_NO_MATCH);
        for (unsigned i = 0; i < 2; i++) {
                struct mitome_gate_event event = ask(rig, &request);
                expect_no_word(&event);
                stop(rig);
                assert_int_equal(start_matcher(rig, NULL).code, MITOME_OK);
        }
        play(rig, "MATCH\n");
        expect_opened(rig);
}

/* As above, with a word that is wrong, or of another purpose, in the hope of a sealed "not presented". */
static void a_try_brought_back_by_a_request_that_is_declined_is_refused(void **state)
{
        struct rig *rig = *state;
        play(rig, "MISS\n");
        struct mitome_gate_request request = request_of(rig, MITOME_GATE_VERIFY);
        assert_int_equal(ask(rig, &request).kind, MITOME_GATE_NO_MATCH);
        rig->entry[7]++;
        struct mitome_gate_event event = ask(rig, &request);
        expect_no_word(&event);
        rig->entry[7]--;
        request.purpose = MITOME_GATE_ENROL;
        request.finger_id = SLICE(rig->finger_id); /* that is there already: GATE_KNOWN_FINGER */
        event = ask(rig, &request);
        expect_no_word(&event);
}

/* The core gathers challenges, and asks for fingers with them later, when they are none of the element's any
 * more: it would hear whose finger it is, and no try would be lost. */
static void challenges_kept_for_later_are_refused(void **state)
{
        struct rig *rig = *state;
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE], entry[UNLOCK_ENTRY_SIZE];
        struct mitome_gate_request kept = request_of(rig, MITOME_GATE_VERIFY);
        memcpy(challenge, rig->challenge, sizeof challenge);
        memcpy(entry, rig->entry, sizeof entry);
        kept.challenge = SLICE(challenge);
        kept.entry = SLICE(entry);
        expect_opened(rig);
        struct mitome_gate_event event = ask(rig, &kept);
        expect_no_word(&event);
}

/* One that was answered "nothing was presented" brought its try back already. */
static void a_capture_after_the_try_was_given_back_is_refused(void **state)
{
        struct rig *rig = *state;
        play(rig, "ABSENT\nMATCH\n");
        struct mitome_gate_request request = request_of(rig, MITOME_GATE_VERIFY);
        request.timeout_ms = 50;
        assert_int_equal(ask(rig, &request).kind, MITOME_GATE_ABSENT);
        struct mitome_gate_event event = ask(rig, &request);
        expect_no_word(&event);
        play(rig, "MISS\nMISS\nMISS\nMATCH\n");
        for (unsigned i = 0; i < TRIALS; i++)
                assert_int_equal(verify(rig).kind, MITOME_GATE_NO_MATCH);
        request = request_of(rig, MITOME_GATE_VERIFY); /* so do those that are declined */
        event = ask(rig, &request);
        expect_declined(rig, &event, MITOME_E_GATE_PIN_DUE);
        event = ask(rig, &request);
        expect_no_word(&event);
}

/* An enrolment tells of a finger that it is one of the set, and counts nothing: it is for who has the PIN. */
static void an_enrolment_with_the_challenge_of_a_login_is_refused(void **state)
{
        struct rig *rig = *state;
        struct mitome_gate_request request = request_of(rig, MITOME_GATE_VERIFY);
        request = (struct mitome_gate_request){ .purpose = MITOME_GATE_ENROL,
                .command = 0x09,
                .challenge = request.challenge,
                .entry = request.entry,
                .finger_id = SLICE(rig->finger_id),
                .timeout_ms = PATIENCE_MS };
        rig->finger_id[0]++;
        struct mitome_gate_event event = ask(rig, &request);
        expect_no_word(&event);
}

/* The challenge of an enrolment is good for once, and until the PIN is entered again: it tells as much. */
static void the_challenge_of_a_former_enrolment_is_refused(void **state)
{
        struct rig *rig = *state;
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE], entry[UNLOCK_ENTRY_SIZE];
        rig->finger_id[0]++;
        struct mitome_gate_request former = request_of(rig, MITOME_GATE_ENROL);
        memcpy(challenge, rig->challenge, sizeof challenge);
        memcpy(entry, rig->entry, sizeof entry);
        former.challenge = SLICE(challenge);
        former.entry = SLICE(entry);
        rig->pins++;
        expect_opened(rig);
        for (unsigned i = 0; i < 2; i++) {
                struct mitome_gate_event event = ask(rig, &former);
                expect_no_word(&event);
        }
        expect_opened(rig);
}

static void a_higher_count_that_the_element_never_said_is_refused(void **state)
{
        struct rig *rig = *state;
        play(rig, "MISS\n");
        for (unsigned i = 0; i < TRIALS; i++)
                assert_int_equal(verify(rig).kind, MITOME_GATE_NO_MATCH);
        struct mitome_gate_request request = request_of(rig, MITOME_GATE_VERIFY);
        rig->entry[3]++;
        struct mitome_gate_event event = ask(rig, &request);
        expect_no_word(&event);
        expect_refusal(rig, MITOME_E_GATE_PIN_DUE);
}

static void an_element_put_back_to_an_earlier_state_asks_for_the_pin(void **state)
{
        struct rig *rig = *state;
        rig->pins = 5;
        expect_opened(rig);
        rig->pins = 4;
        expect_refusal(rig, MITOME_E_GATE_PIN_DUE);
        expect_refusal(rig, MITOME_E_GATE_PIN_DUE);
        rig->pins = 5;
        expect_refusal(rig, MITOME_E_GATE_PIN_DUE);
        rig->pins = 6;
        expect_opened(rig);
}

static void remove_file(struct rig *rig, const char *name)
{
        char path[160];
        snprintf(path, sizeof path, "%s/%s", rig->state, name);
        assert_int_equal(unlink(path), 0);
}

static void a_deleted_record_asks_for_the_pin(void **state)
{
        struct rig *rig = *state;
        play(rig, "MISS\n");
        for (unsigned i = 0; i < TRIALS; i++)
                assert_int_equal(verify(rig).kind, MITOME_GATE_NO_MATCH);
        stop(rig);
        remove_file(rig, "entries");
        play(rig, "MATCH\n");
        expect_refusal(rig, MITOME_E_GATE_PIN_DUE);
        expect_refusal(rig, MITOME_E_GATE_PIN_DUE);
        rig->pins++;
        expect_opened(rig);
}

/* ---- the clock ---- */

/* The matcher in a time namespace, where this boot lasts `seconds` longer. */
static bool shift_clock(struct rig *rig, const char *seconds)
{
        snprintf(rig->wrapper, sizeof rig->wrapper, "%s/wrapper", rig->folder);
        stop(rig);
        FILE *file = fopen(rig->wrapper, "w");
        assert_non_null(file);
        fprintf(file, "#!/bin/sh\nexec unshare --time --boottime %s '%s' \"$@\"\n", seconds,
                getenv("MITOME_MATCHER"));
        assert_int_equal(fclose(file), 0);
        assert_int_equal(chmod(rig->wrapper, 0700), 0);
        return system("unshare --time --boottime 1 true 2>/dev/null") == 0;
}

static void a_day_later_the_pin_is_asked_for(void **state)
{
        struct rig *rig = *state;
        expect_opened(rig);
        if (!shift_clock(rig, "86400")) {
                print_message("skipped: no time namespaces for this user\n");
                skip();
        }
        assert_int_equal(start_matcher(rig, NULL).code, MITOME_OK);
        expect_refusal(rig, MITOME_E_GATE_PIN_DUE);
        rig->pins++;
        expect_opened(rig);
        stop(rig);
        rig->wrapper[0] = '\0'; /* and back: that PIN is entered in the future */
        assert_int_equal(start_matcher(rig, NULL).code, MITOME_OK);
        expect_refusal(rig, MITOME_E_GATE_PIN_DUE);
}

/* ---- the set ---- */

static void set_of(struct rig *rig, uint8_t ret_set[UNLOCK_SET_SIZE])
{
        struct matcher_status status;
        assert_int_equal(matcher_gate_status(rig->matcher, &status, NULL).code, MITOME_OK);
        memcpy(ret_set, status.set, UNLOCK_SET_SIZE);
}

static void a_set_changed_from_elsewhere_gets_another_number(void **state)
{
        struct rig *rig = *state;
        uint8_t before[UNLOCK_SET_SIZE], after[UNLOCK_SET_SIZE];
        set_of(rig, before);
        play(rig, "MATCH\nSURVEY 7\nMATCH\nMATCH\nMATCH\n");
        struct mitome_gate_event event = verify(rig);
        struct unlock_token token = open_token(rig, &event, UNLOCK_VERIFIED);
        assert_memory_equal(token.set, before, sizeof before);
        event = verify(rig); /* somewhere around it the other one comes in */
        assert_int_equal(event.kind, MITOME_GATE_EVIDENCE);
        event = verify(rig);
        token = open_token(rig, &event, UNLOCK_VERIFIED);
        assert_memory_not_equal(token.set, before, sizeof before);
        set_of(rig, after);
        assert_memory_equal(token.set, after, sizeof after);
        event = verify(rig); /* and it is told once */
        token = open_token(rig, &event, UNLOCK_VERIFIED);
        assert_memory_equal(token.set, after, sizeof after);
}

/* ---- what it says of itself ---- */

static void it_says_that_it_is_scripted(void **state)
{
        struct rig *rig = *state;
        struct matcher_status status;
        assert_int_equal(matcher_gate_status(rig->matcher, &status, NULL).code, MITOME_OK);
        assert_non_null(strstr(status.sensor, "scripted"));
        assert_int_equal(status.class, MATCHER_SCRIPTED);
        assert_int_equal(status.modality, UNLOCK_FINGER);
}

static void its_maker_certifies_it_once(void **state)
{
        struct rig *rig = *state;
        static const uint8_t first[GATE_CERTIFICATE_MAX] = { 0x30, 0x82 }, second[30] = { 0x30 };
        uint8_t kept[GATE_CERTIFICATE_MAX];
        size_t size = 1;
        assert_int_equal(matcher_gate_certificate(rig->matcher, kept, &size, NULL).code, MITOME_OK);
        assert_int_equal(size, 0);
        assert_int_equal(matcher_gate_certify(rig->matcher, slice_of(NULL, 0), NULL).code, MITOME_E_ARGUMENT);
        assert_int_equal(matcher_gate_certify(rig->matcher, SLICE(first), NULL).code, MITOME_OK);
        assert_int_equal(matcher_gate_certify(rig->matcher, SLICE(first), NULL).code, MITOME_OK);
        assert_int_equal(
                matcher_gate_certify(rig->matcher, SLICE(second), NULL).code, MITOME_E_GATE_CERTIFIED);
        stop(rig);
        assert_int_equal(start_matcher(rig, NULL).code, MITOME_OK);
        assert_int_equal(matcher_gate_certificate(rig->matcher, kept, &size, NULL).code, MITOME_OK);
        assert_true(slice_equal(slice_of(kept, size), SLICE(first)));
        assert_int_equal(
                matcher_gate_certify(rig->matcher, SLICE(second), NULL).code, MITOME_E_GATE_CERTIFIED);
}

static void a_sensor_of_no_known_kind_is_refused(void **state)
{
        struct rig *rig = *state;
        stop(rig);
        strcpy(rig->sensor, "nose:long");
        assert_int_equal(start_matcher(rig, NULL).code, MITOME_E_GATE_SENSOR_KIND);
        strcpy(rig->sensor, "scripte");
        assert_int_equal(start_matcher(rig, NULL).code, MITOME_E_GATE_SENSOR_KIND);
}

/* The state of a matcher that was paired with a reader, started with a sensor that always says yes. */
static void a_paired_state_under_another_sensor_is_refused(void **state)
{
        struct rig *rig = *state;
        stop(rig);
        snprintf(rig->sensor, sizeof rig->sensor, "fingerprint:%s/image", rig->folder);
        assert_int_equal(start_matcher(rig, NULL).code, MITOME_E_GATE_SENSOR_KIND);
        snprintf(rig->sensor, sizeof rig->sensor, "scripted:%s", rig->script);
        FILE *file = fopen(rig->script, "w");
        assert_non_null(file);
        assert_true(fputs("MODALITY face\nMATCH\n", file) >= 0);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(start_matcher(rig, NULL).code, MITOME_E_GATE_SENSOR_KIND);
        play(rig, "MATCH\n");
        expect_opened(rig);
}

/* ---- a sensor of the highest class: the virtual reader ---- */

static void lay(struct rig *rig, const struct finger *finger, uint64_t touch_seed)
{
        static uint8_t grey[FINGER_SIZE];
        const struct finger_touch touch = finger_usual_touch(touch_seed);
        finger_press(finger, &touch, grey);
        const struct virtual_finger_image image = { FINGER_WIDTH, FINGER_HEIGHT, SLICE(grey) };
        assert_int_equal(virtual_finger_present(rig->script, &image, 15000, NULL).code, MITOME_OK);
}

/* Lays the finger each time that it is asked for. */
static struct mitome_gate_event touch(
        struct rig *rig, enum mitome_gate_purpose purpose, const struct finger *finger, uint64_t *touch_seed)
{
        const struct mitome_gate_request request = request_of(rig, purpose);
        struct mitome_gate_event event = { .kind = MITOME_GATE_NOTHING };
        assert_int_equal(rig->gate.start(rig->gate.context, &request, NULL).code, MITOME_OK);
        for (int waited = 0; !MITOME_GATE_IS_FINAL(event.kind) && waited < 600; waited++) {
                assert_int_equal(rig->gate.poll(rig->gate.context, STEP_MS, &event, NULL).code, MITOME_OK);
                if (event.kind == MITOME_GATE_AWAITS)
                        lay(rig, finger, (*touch_seed)++);
        }
        return event;
}

static void restart(struct rig *rig)
{
        stop(rig);
        assert_int_equal(start_matcher(rig, NULL).code, MITOME_OK);
}

/* Whether 16 bytes of a secret stand anywhere in a file. */
static void expect_without(const char *path, slice secret)
{
        static uint8_t bytes[1 << 22];
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        const size_t size = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        assert_true(size < sizeof bytes);
        for (size_t at = 0; at + 16 <= secret.size; at += 16)
                assert_null(memmem(bytes, size, secret.data + at, 16));
}

static size_t search_folder(struct rig *rig, slice secret)
{
        size_t files = 0;
        DIR *folder = opendir(rig->state);
        assert_non_null(folder);
        for (const struct dirent *each; (each = readdir(folder));) {
                char path[400];
                struct stat status;
                snprintf(path, sizeof path, "%s/%s", rig->state, each->d_name);
                assert_int_equal(lstat(path, &status), 0);
                if (!S_ISREG(status.st_mode))
                        continue;
                assert_int_equal(status.st_mode & 0777, 0600);
                expect_without(path, secret);
                files++;
        }
        closedir(folder);
        return files;
}

/* What is kept of a finger, and of the pairing, is nowhere in the folder but under its seal. */
static void expect_sealed(struct rig *rig)
{
        struct storage_file *file = NULL;
        struct matcher_state *state = NULL;
        uint8_t key[MITOME_STORAGE_KEY_SIZE];
        assert_int_equal(storage_file_open(rig->state, &file, NULL).code, MITOME_OK);
        assert_int_equal(storage_file_key(file, key, NULL).code, MITOME_OK);
        const struct mitome_storage storage = storage_file(file);
        assert_int_equal(matcher_state_open(&storage, SLICE(key), &state, NULL).code, MITOME_OK);
        assert_int_equal(state->finger_count, 1);
        assert_true(state->fingers[0].size > 1000);
        assert_string_equal(state->sensor, "fingerprint");
        assert_int_equal(state->class, MATCHER_STRONG);
        const size_t files = search_folder(rig, slice_of(state->fingers[0].data, state->fingers[0].size));
        assert_true(files >= 3); /* key, state, entries */
        search_folder(rig, secret_view(&state->scalar));
        search_folder(rig, secret_view(&rig->key));
        matcher_state_free(state);
        storage_file_close(file);
}

/* Also one that calls itself strong waits; by the element's own count of five it has closed long before. */
static void a_sixth_try_of_another_finger_waits_also_after_a_restart(void **state)
{
        (void)state;
        struct rig *rig = new_rig();
        struct finger own, other;
        uint64_t touch_seed = 0x5EED0000;
        void *held = rig;
        snprintf(rig->sensor, sizeof rig->sensor, "fingerprint:%s", rig->script);
        assert_int_equal(start_matcher(rig, NULL).code, MITOME_OK);
        assert_int_equal(finger_grow(100, &own, NULL).code, MITOME_OK);
        assert_int_equal(finger_grow(101, &other, NULL).code, MITOME_OK);
        pair(rig);
        rig->pins = 1;
        assert_int_equal(touch(rig, MITOME_GATE_ENROL, &own, &touch_seed).kind, MITOME_GATE_EVIDENCE);
        for (unsigned i = 0; i < 5; i++)
                assert_int_equal(
                        touch(rig, MITOME_GATE_VERIFY, &other, &touch_seed).kind, MITOME_GATE_NO_MATCH);
        expect_refusal(rig, MITOME_E_GATE_WAIT);
        restart(rig);
        expect_refusal(rig, MITOME_E_GATE_WAIT);
        rig->pins++;
        assert_int_equal(touch(rig, MITOME_GATE_VERIFY, &own, &touch_seed).kind, MITOME_GATE_EVIDENCE);
        stop(rig);
        expect_sealed(rig);
        assert_int_equal(tear_down(&held), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
        if (!getenv("MITOME_MATCHER")) {
                fputs("skipped: MITOME_MATCHER does not name the matcher\n", stderr);
                return 77;
        }
        const struct CMUnitTest tests[] = {
                TEST(a_finger_opens_once_the_pin_was_entered),
                TEST(misses_ask_for_the_pin_and_the_pin_clears_them),
                TEST(nothing_presented_costs_nothing),
                TEST(a_further_try_by_killing_the_matcher_is_refused),
                TEST(an_old_word_on_the_pin_replayed_is_refused),
                TEST(a_second_capture_from_one_challenge_is_refused),
                TEST(a_try_brought_back_by_a_request_that_is_declined_is_refused),
                TEST(challenges_kept_for_later_are_refused),
                TEST(a_capture_after_the_try_was_given_back_is_refused),
                TEST(an_enrolment_with_the_challenge_of_a_login_is_refused),
                TEST(the_challenge_of_a_former_enrolment_is_refused),
                TEST(a_higher_count_that_the_element_never_said_is_refused),
                TEST(an_element_put_back_to_an_earlier_state_asks_for_the_pin),
                TEST(a_deleted_record_asks_for_the_pin),
                TEST(a_day_later_the_pin_is_asked_for),
                TEST(a_set_changed_from_elsewhere_gets_another_number),
                TEST(it_says_that_it_is_scripted),
                TEST(its_maker_certifies_it_once),
                TEST(a_sensor_of_no_known_kind_is_refused),
                TEST(a_paired_state_under_another_sensor_is_refused),
                cmocka_unit_test(a_sixth_try_of_another_finger_waits_also_after_a_restart),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
