/* SPDX-License-Identifier: Apache-2.0 */

/* The real mitome-matcher with libfprint's virtual image sensor, and fingers that were grown here. This side
 * is both the core (the gate) and the element (the pairing key, the token). */

#include "grow_finger.h"
#include "matcher_gate.h"
#include "p256.h"
#include "random_system.h"
#include "virtual_finger.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { STAGES = 5, STEP_MS = 200, PATIENCE_MS = 20000 };

static const char rp_id[] = "portal.example.jp";
static const uint8_t client_data_hash[SHA256_SIZE] = { 0xC1, 0x1E };

struct rig {
        char folder[64], state[96], sensor[96], sensor_variable[128];
        char wrapper[96]; /* runs instead of the matcher itself, if set */
        struct matcher_gate *matcher;
        struct mitome_gate gate;
        struct secret element_scalar, key;
        uint8_t element_point[PAIRING_POINT_SIZE], matcher_point[PAIRING_POINT_SIZE];
        struct finger finger[2];
        uint8_t challenge_count;
        unsigned enrolments;                    /* no touch is given twice */
        uint32_t entered;                       /* how often the PIN was, since */
        uint64_t first_touch;                   /* of the first finger, at its last enrolment */
        uint8_t entry[UNLOCK_ENTRY_SIZE];       /* of the last request: the PIN was entered once */
        uint8_t finger_id[GATE_FINGER_ID_SIZE]; /* of the next finger */
};

static mitome_status start_matcher(struct rig *rig, mitome_error *error)
{
        const char *const environment[] = { rig->sensor_variable, "ASAN_OPTIONS=detect_leaks=0", NULL };
        const struct matcher_gate_config config = {
                .program = rig->wrapper[0] ? rig->wrapper : getenv("MITOME_MATCHER"),
                .state = rig->state,
                .environment = environment,
        };
        mitome_status status = matcher_gate_start(&config, &rig->matcher, error);
        if (!failed(status))
                rig->gate = matcher_gate(rig->matcher);
        return status;
}

static void pair(struct rig *rig)
{
        const struct mitome_random random = random_system();
        assert_int_equal(
                p256_generate(&random, &rig->element_scalar, rig->element_point, NULL).code, MITOME_OK);
        assert_int_equal(matcher_gate_point(rig->matcher, rig->matcher_point, NULL).code, MITOME_OK);
        uint8_t confirmation[SHA256_SIZE], expected[SHA256_SIZE];
        assert_int_equal(matcher_gate_pair(rig->matcher, SLICE(rig->element_point), confirmation, NULL).code,
                MITOME_OK);
        assert_int_equal(pairing_derive(secret_view(&rig->element_scalar), SLICE(rig->matcher_point),
                                 SLICE(rig->element_point), SLICE(rig->matcher_point), &rig->key, NULL)
                                 .code,
                MITOME_OK);
        pairing_confirmation(secret_view(&rig->key), PAIRING_MATCHER, SLICE(rig->element_point),
                SLICE(rig->matcher_point), expected);
        assert_memory_equal(confirmation, expected, sizeof expected);
}

static int set_up(void **state)
{
        struct rig *rig = calloc(1, sizeof *rig);
        if (!rig)
                return -1;
        strcpy(rig->folder, "/tmp/mitome-matcher-XXXXXX");
        if (!mkdtemp(rig->folder))
                return -1;
        snprintf(rig->state, sizeof rig->state, "%s/state", rig->folder);
        snprintf(rig->sensor, sizeof rig->sensor, "%s/image", rig->folder);
        snprintf(rig->sensor_variable, sizeof rig->sensor_variable, "FP_VIRTUAL_IMAGE=%s", rig->sensor);
        if (failed(start_matcher(rig, NULL)))
                return -1;
        for (unsigned i = 0; i < 2; i++)
                if (failed(finger_grow(100 + i, &rig->finger[i], NULL)))
                        return -1;
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        struct rig *rig = *state;
        char command[128];
        if (!rig)
                return 0; /* it was not set up */
        matcher_gate_close(rig->matcher);
        snprintf(command, sizeof command, "rm -r '%s'", rig->folder);
        int removed = system(command);
        free(rig);
        return removed;
}

/* ---- steps ---- */

static struct mitome_gate_request request_of(
        struct rig *rig, enum mitome_gate_purpose purpose, uint8_t challenge[UNLOCK_CHALLENGE_SIZE])
{
        memset(challenge, ++rig->challenge_count, UNLOCK_CHALLENGE_SIZE);
        unlock_entry_seal(
                &(struct unlock_entry){ .entered = 1 + rig->entered, .number = rig->challenge_count },
                purpose == MITOME_GATE_ENROL ? UNLOCK_ENROLLED : UNLOCK_VERIFIED,
                slice_of(challenge, UNLOCK_CHALLENGE_SIZE), secret_view(&rig->key), rig->entry);
        struct mitome_gate_request request = {
                .purpose = purpose,
                .entry = SLICE(rig->entry),
                .command = purpose == MITOME_GATE_ENROL ? 0x09 : 0x02,
                .challenge = slice_of(challenge, UNLOCK_CHALLENGE_SIZE),
                .timeout_ms = PATIENCE_MS,
        };
        if (purpose == MITOME_GATE_ENROL) {
                rig->finger_id[0] = rig->challenge_count;
                request.finger_id = SLICE(rig->finger_id);
        }
        if (purpose == MITOME_GATE_VERIFY) {
                request.rp_id = slice_text(rp_id);
                request.client_data_hash = SLICE(client_data_hash);
        }
        return request;
}

/* The next thing that happens. */
static struct mitome_gate_event happening(struct rig *rig)
{
        struct mitome_gate_event event = { .kind = MITOME_GATE_NOTHING };
        for (int waited = 0; event.kind == MITOME_GATE_NOTHING && waited < 3 * PATIENCE_MS; waited += STEP_MS)
                assert_int_equal(rig->gate.poll(rig->gate.context, STEP_MS, &event, NULL).code, MITOME_OK);
        return event;
}

static struct mitome_gate_event expect(struct rig *rig, enum mitome_gate_event_kind kind)
{
        struct mitome_gate_event event = happening(rig);
        assert_int_equal(event.kind, kind);
        return event;
}

static mitome_status present_size(struct rig *rig, int32_t width, int32_t height, slice grey)
{
        const struct virtual_finger_image image = { .width = width, .height = height, .grey = grey };
        return virtual_finger_present(rig->sensor, &image, 15000, NULL);
}

static mitome_status present(struct rig *rig, unsigned finger, uint64_t touch_seed)
{
        static uint8_t image[FINGER_SIZE];
        struct finger_touch touch = finger_usual_touch(touch_seed);
        finger_press(&rig->finger[finger], &touch, image);
        return present_size(rig, FINGER_WIDTH, FINGER_HEIGHT, SLICE(image));
}

static struct mitome_gate_event enrol_from(
        struct rig *rig, unsigned finger, uint64_t first_touch, uint8_t challenge[UNLOCK_CHALLENGE_SIZE])
{
        struct mitome_gate_request request = request_of(rig, MITOME_GATE_ENROL, challenge);
        assert_int_equal(rig->gate.start(rig->gate.context, &request, NULL).code, MITOME_OK);
        for (unsigned i = 0; i < STAGES; i++) {
                expect(rig, MITOME_GATE_AWAITS);
                assert_int_equal(present(rig, finger, first_touch + i).code, MITOME_OK);
                assert_int_equal(expect(rig, MITOME_GATE_SAMPLE).remaining, STAGES - 1 - i);
        }
        return expect(rig, MITOME_GATE_EVIDENCE);
}

static struct mitome_gate_event enrol(
        struct rig *rig, unsigned finger, uint8_t challenge[UNLOCK_CHALLENGE_SIZE])
{
        enum { FIRST = 100, EACH = 10 };
        const uint64_t first = FIRST + EACH * rig->enrolments++;
        if (finger == 0)
                rig->first_touch = first;
        return enrol_from(rig, finger, first, challenge);
}

static void begin_verify(struct rig *rig, uint8_t challenge[UNLOCK_CHALLENGE_SIZE])
{
        struct mitome_gate_request request = request_of(rig, MITOME_GATE_VERIFY, challenge);
        assert_int_equal(rig->gate.start(rig->gate.context, &request, NULL).code, MITOME_OK);
        expect(rig, MITOME_GATE_AWAITS);
}

static struct mitome_gate_event verify(
        struct rig *rig, unsigned finger, uint64_t touch, uint8_t challenge[UNLOCK_CHALLENGE_SIZE])
{
        begin_verify(rig, challenge);
        assert_int_equal(present(rig, finger, touch).code, MITOME_OK);
        return happening(rig);
}

/* What the element checks. */
static struct unlock_token check_token(struct rig *rig, const struct mitome_gate_event *event,
        enum unlock_purpose purpose, const uint8_t challenge[UNLOCK_CHALLENGE_SIZE], bool enrols)
{
        struct unlock_token token = { 0 };
        struct matcher_status status;
        uint8_t digest[SHA256_SIZE], hash[SHA256_SIZE];
        const slice text = slice_text(rp_id);
        assert_true(event->has_evidence);
        assert_int_equal(unlock_token_open(SLICE(event->evidence), secret_view(&rig->key), &token, NULL).code,
                MITOME_OK);
        sha256(&text, 1, hash);
        unlock_digest(enrols ? 0x09 : 0x02, enrols ? slice_of(NULL, 0) : SLICE(hash),
                enrols ? slice_of(NULL, 0) : SLICE(client_data_hash), digest);
        assert_int_equal(token.purpose, purpose);
        assert_int_equal(token.modality, UNLOCK_FINGER);
        assert_memory_equal(token.challenge, challenge, sizeof token.challenge);
        assert_memory_equal(token.digest, digest, sizeof digest);
        assert_int_equal(matcher_gate_status(rig->matcher, &status, NULL).code, MITOME_OK);
        assert_memory_equal(token.set, status.set, sizeof token.set);
        return token;
}

static void restart(struct rig *rig)
{
        matcher_gate_close(rig->matcher);
        rig->matcher = NULL;
        assert_int_equal(start_matcher(rig, NULL).code, MITOME_OK);
}

/* ---- the tests; the later ones go on with what the earlier ones left ---- */

static struct mitome_gate_event refusal_of(struct rig *rig, const struct mitome_gate_request *request)
{
        assert_int_equal(rig->gate.start(rig->gate.context, request, NULL).code, MITOME_OK);
        return expect(rig, MITOME_GATE_REFUSED);
}

static void an_unpaired_matcher_reads_no_finger(void **state)
{
        struct rig *rig = *state;
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
        struct mitome_gate_request request = request_of(rig, MITOME_GATE_ENROL, challenge);
        struct mitome_gate_event refused = refusal_of(rig, &request);
        assert_int_equal(refused.code, MITOME_E_GATE_UNPAIRED);
        assert_false(refused.has_evidence); /* there is nobody who would believe it */
        request.purpose = MITOME_GATE_REMOVE;
        assert_int_equal(refusal_of(rig, &request).code, MITOME_E_GATE_UNPAIRED);
        static const uint8_t nowhere[PAIRING_POINT_SIZE] = { 0x04, 1 };
        uint8_t confirmation[SHA256_SIZE];
        assert_int_equal(
                matcher_gate_pair(rig->matcher, SLICE(nowhere), confirmation, NULL).code, MITOME_E_KEY_POINT);
        struct matcher_status status;
        assert_int_equal(matcher_gate_status(rig->matcher, &status, NULL).code, MITOME_OK);
        assert_false(status.paired);
        pair(rig);
        /* A finger that was never presented costs no try: the element is told under seal. */
        request = request_of(rig, MITOME_GATE_VERIFY, challenge);
        refused = refusal_of(rig, &request);
        assert_int_equal(refused.code, MITOME_E_GATE_NO_FINGER);
        check_token(rig, &refused, UNLOCK_ABSENT, challenge, false);
}

static void a_finger_is_enrolled_with_five_impressions(void **state)
{
        struct rig *rig = *state;
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
        struct matcher_status before, after;
        assert_int_equal(matcher_gate_status(rig->matcher, &before, NULL).code, MITOME_OK);
        struct mitome_gate_event event = enrol(rig, 0, challenge);
        check_token(rig, &event, UNLOCK_ENROLLED, challenge, true);
        assert_int_equal(matcher_gate_status(rig->matcher, &after, NULL).code, MITOME_OK);
        assert_int_equal(after.fingers, 1);
        assert_memory_not_equal(before.set, after.set, sizeof before.set);
}

static void the_enrolled_finger_opens(void **state)
{
        struct rig *rig = *state;
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
        struct mitome_gate_event event = verify(rig, 0, 1001, challenge);
        assert_int_equal(event.kind, MITOME_GATE_EVIDENCE);
        check_token(rig, &event, UNLOCK_VERIFIED, challenge, false);
}

static void another_finger_does_not(void **state)
{
        struct rig *rig = *state;
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
        struct mitome_gate_event event = verify(rig, 1, 1001, challenge);
        assert_int_equal(event.kind, MITOME_GATE_NO_MATCH);
        assert_false(event.has_evidence);
}

static void no_finger_in_time_is_said_and_sealed(void **state)
{
        struct rig *rig = *state;
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
        struct mitome_gate_request request = request_of(rig, MITOME_GATE_VERIFY, challenge);
        request.timeout_ms = 700;
        assert_int_equal(rig->gate.start(rig->gate.context, &request, NULL).code, MITOME_OK);
        expect(rig, MITOME_GATE_AWAITS);
        struct mitome_gate_event event = expect(rig, MITOME_GATE_ABSENT);
        check_token(rig, &event, UNLOCK_ABSENT, challenge, false);
}

static void a_cancelled_request_ends_absent(void **state)
{
        struct rig *rig = *state;
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
        begin_verify(rig, challenge);
        struct mitome_gate_request second = request_of(rig, MITOME_GATE_VERIFY, challenge);
        assert_int_equal(rig->gate.start(rig->gate.context, &second, NULL).code, MITOME_E_GATE_BUSY);
        rig->challenge_count--;
        memset(challenge, rig->challenge_count, sizeof challenge);
        rig->gate.cancel(rig->gate.context);
        struct mitome_gate_event event = expect(rig, MITOME_GATE_ABSENT);
        check_token(rig, &event, UNLOCK_ABSENT, challenge, false);

        /* Also in the middle of an enrolment, which then has changed nothing. */
        struct matcher_status before, after;
        assert_int_equal(matcher_gate_status(rig->matcher, &before, NULL).code, MITOME_OK);
        struct mitome_gate_request request = request_of(rig, MITOME_GATE_ENROL, challenge);
        assert_int_equal(rig->gate.start(rig->gate.context, &request, NULL).code, MITOME_OK);
        expect(rig, MITOME_GATE_AWAITS);
        assert_int_equal(present(rig, 1, 10).code, MITOME_OK);
        expect(rig, MITOME_GATE_SAMPLE);
        expect(rig, MITOME_GATE_AWAITS);
        rig->gate.cancel(rig->gate.context);
        event = expect(rig, MITOME_GATE_ABSENT);
        check_token(rig, &event, UNLOCK_ABSENT, challenge, true);
        assert_int_equal(matcher_gate_status(rig->matcher, &after, NULL).code, MITOME_OK);
        assert_int_equal(after.fingers, before.fingers);
        assert_memory_equal(before.set, after.set, sizeof before.set);
}

/* The caller went away after cancelling, without a poll; the next one starts anew. */
static void a_request_follows_one_that_was_abandoned(void **state)
{
        struct rig *rig = *state;
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
        begin_verify(rig, challenge);
        rig->gate.cancel(rig->gate.context);
        struct mitome_gate_event event = verify(rig, 0, 1002, challenge);
        assert_int_equal(event.kind, MITOME_GATE_EVIDENCE);
        check_token(rig, &event, UNLOCK_VERIFIED, challenge, false);
}

static void images_of_no_sensor_are_refused(void **state)
{
        struct rig *rig = *state;
        static const uint8_t grey[1001 * 64];
        static const struct {
                int32_t width, height;
        } sizes[] = { { 8, 8 }, { 47, 100 }, { 100, 47 }, { 1001, 64 }, { 64, 1001 }, { 0, 0 }, { -1, 0 },
                { -2, 1 }, { -3, 0 }, { INT32_MIN, INT32_MAX }, { 50000, 50000 } };
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
        assert_int_equal(present(rig, 0, 1).code, MITOME_E_GATE_IDLE); /* nobody asked */
        begin_verify(rig, challenge);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
                assert_int_equal(present_size(rig, sizes[i].width, sizes[i].height, SLICE(grey)).code,
                        MITOME_E_GATE_IMAGE);
                expect(rig, MITOME_GATE_RETRY);
        }
        assert_int_equal(present_size(rig, 256, 360, SLICE(grey)).code, MITOME_E_GATE_IMAGE); /* cut short */
        expect(rig, MITOME_GATE_RETRY);
        /* The same request still takes a finger. */
        assert_int_equal(present(rig, 0, 1003).code, MITOME_OK);
        struct mitome_gate_event event = expect(rig, MITOME_GATE_EVIDENCE);
        check_token(rig, &event, UNLOCK_VERIFIED, challenge, false);
}

/* An image without minutiae is no capture: the same challenge goes on. */
static void an_empty_image_is_asked_for_again(void **state)
{
        struct rig *rig = *state;
        static uint8_t white[FINGER_SIZE];
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
        memset(white, 250, sizeof white);
        begin_verify(rig, challenge);
        assert_int_equal(present_size(rig, FINGER_WIDTH, FINGER_HEIGHT, SLICE(white)).code, MITOME_OK);
        expect(rig, MITOME_GATE_RETRY);
        expect(rig, MITOME_GATE_AWAITS);
        assert_int_equal(present(rig, 0, 1004).code, MITOME_OK);
        struct mitome_gate_event event = expect(rig, MITOME_GATE_EVIDENCE);
        check_token(rig, &event, UNLOCK_VERIFIED, challenge, false);
}

static void an_enrolment_goes_on_after_an_empty_image(void **state)
{
        struct rig *rig = *state;
        static uint8_t white[FINGER_SIZE];
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
        memset(white, 250, sizeof white);
        struct mitome_gate_request request = request_of(rig, MITOME_GATE_ENROL, challenge);
        assert_int_equal(rig->gate.start(rig->gate.context, &request, NULL).code, MITOME_OK);
        expect(rig, MITOME_GATE_AWAITS);
        assert_int_equal(present(rig, 1, 12).code, MITOME_OK);
        expect(rig, MITOME_GATE_SAMPLE);
        expect(rig, MITOME_GATE_AWAITS);
        assert_int_equal(present_size(rig, FINGER_WIDTH, FINGER_HEIGHT, SLICE(white)).code, MITOME_OK);
        assert_int_equal(expect(rig, MITOME_GATE_RETRY).remaining, STAGES - 1);
        expect(rig, MITOME_GATE_AWAITS);
        assert_int_equal(present(rig, 1, 13).code, MITOME_OK);
        assert_int_equal(expect(rig, MITOME_GATE_SAMPLE).remaining, STAGES - 2);
        expect(rig, MITOME_GATE_AWAITS);
        rig->gate.cancel(rig->gate.context);
        struct mitome_gate_event event = expect(rig, MITOME_GATE_ABSENT);
        check_token(rig, &event, UNLOCK_ABSENT, challenge, true);
}

/* Before the sensor is even open. */
static void a_request_may_be_cancelled_at_once(void **state)
{
        struct rig *rig = *state;
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
        struct mitome_gate_request request = request_of(rig, MITOME_GATE_VERIFY, challenge);
        assert_int_equal(rig->gate.start(rig->gate.context, &request, NULL).code, MITOME_OK);
        rig->gate.cancel(rig->gate.context);
        struct mitome_gate_event event = happening(rig);
        if (event.kind == MITOME_GATE_AWAITS)
                event = happening(rig);
        assert_int_equal(event.kind, MITOME_GATE_ABSENT);
        check_token(rig, &event, UNLOCK_ABSENT, challenge, false);
}

/* The matcher closes its sensor and goes when nobody listens any more; it need not be killed. */
static void a_matcher_ends_with_its_client(void **state)
{
        struct rig *rig = *state;
        struct timespec before, after;
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
        begin_verify(rig, challenge);
        clock_gettime(CLOCK_MONOTONIC, &before);
        matcher_gate_close(rig->matcher);
        clock_gettime(CLOCK_MONOTONIC, &after);
        rig->matcher = NULL;
        assert_true(after.tv_sec - before.tv_sec < 3); /* after which it would be */
        assert_int_not_equal(access(rig->sensor, F_OK), 0);
        assert_int_equal(start_matcher(rig, NULL).code, MITOME_OK);
}

static void the_state_survives_a_restart(void **state)
{
        struct rig *rig = *state;
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE], point[PAIRING_POINT_SIZE];
        struct matcher_status before, after;
        assert_int_equal(matcher_gate_status(rig->matcher, &before, NULL).code, MITOME_OK);
        restart(rig);
        assert_int_equal(matcher_gate_status(rig->matcher, &after, NULL).code, MITOME_OK);
        assert_true(after.paired);
        assert_int_equal(after.fingers, before.fingers);
        assert_memory_equal(before.set, after.set, sizeof before.set);
        assert_int_equal(matcher_gate_point(rig->matcher, point, NULL).code, MITOME_OK);
        assert_memory_equal(point, rig->matcher_point, sizeof point);
        struct mitome_gate_event event = verify(rig, 0, 1005, challenge);
        assert_int_equal(event.kind, MITOME_GATE_EVIDENCE);
        check_token(rig, &event, UNLOCK_VERIFIED, challenge, false);
}

static void a_second_finger_changes_the_set(void **state)
{
        struct rig *rig = *state;
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
        struct matcher_status before;
        assert_int_equal(matcher_gate_status(rig->matcher, &before, NULL).code, MITOME_OK);
        struct mitome_gate_event event = enrol(rig, 1, challenge);
        struct unlock_token token = check_token(rig, &event, UNLOCK_ENROLLED, challenge, true);
        assert_memory_not_equal(token.set, before.set, sizeof before.set);
        for (unsigned finger = 0; finger < 2; finger++) {
                event = verify(rig, finger, 1006, challenge);
                assert_int_equal(event.kind, MITOME_GATE_EVIDENCE);
                check_token(rig, &event, UNLOCK_VERIFIED, challenge, false);
        }
}

/* ---- the set: names, list, removal ---- */

static struct mitome_gate_event manage(struct rig *rig, enum mitome_gate_purpose purpose, uint8_t first,
        const char *name, uint8_t challenge[UNLOCK_CHALLENGE_SIZE])
{
        const uint8_t id[GATE_FINGER_ID_SIZE] = { first };
        struct mitome_gate_request request = request_of(rig, purpose, challenge);
        request.command = 0x09;
        request.finger_id = SLICE(id);
        request.name = slice_text(name);
        assert_int_equal(rig->gate.start(rig->gate.context, &request, NULL).code, MITOME_OK);
        return happening(rig);
}

static struct mitome_gate_event list(struct rig *rig)
{
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
        struct mitome_gate_event event = manage(rig, MITOME_GATE_LIST, 0, "", challenge);
        assert_int_equal(event.kind, MITOME_GATE_DONE);
        return event;
}

static void fingers_have_numbers_and_names(void **state)
{
        struct rig *rig = *state;
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
        struct matcher_status before, after;
        struct mitome_gate_event event = list(rig);
        assert_int_equal(event.finger_count, 2);
        const uint8_t first = event.fingers[0].id[0], second = event.fingers[1].id[0];
        assert_int_equal(second, rig->finger_id[0]); /* as the core called it */
        assert_int_equal(event.fingers[0].name_size, 0);

        assert_int_equal(matcher_gate_status(rig->matcher, &before, NULL).code, MITOME_OK);
        assert_int_equal(
                manage(rig, MITOME_GATE_RENAME, second, "left thumb", challenge).kind, MITOME_GATE_DONE);
        assert_int_equal(matcher_gate_status(rig->matcher, &after, NULL).code, MITOME_OK);
        assert_memory_equal(before.set, after.set, sizeof before.set); /* no finger came, none went */
        restart(rig);
        event = list(rig);
        assert_int_equal(event.finger_count, 2);
        assert_int_equal(event.fingers[0].id[0], first);
        assert_int_equal(event.fingers[0].name_size, 0);
        assert_int_equal(event.fingers[1].name_size, 10);
        assert_memory_equal(event.fingers[1].name, "left thumb", 10);
        assert_int_equal(manage(rig, MITOME_GATE_RENAME, second, "", challenge).kind, MITOME_GATE_DONE);
        assert_int_equal(list(rig).fingers[1].name_size, 0);
        event = manage(rig, MITOME_GATE_RENAME, 0xEE, "nobody's", challenge);
        assert_int_equal(event.kind, MITOME_GATE_REFUSED);
        assert_int_equal(event.code, MITOME_E_GATE_UNKNOWN_FINGER);
        event = manage(rig, MITOME_GATE_ENROL, second, "", challenge); /* its number is taken */
        assert_int_equal(event.kind, MITOME_GATE_REFUSED);
        assert_int_equal(event.code, MITOME_E_GATE_KNOWN_FINGER);
}

static void check_removal(struct rig *rig, const struct mitome_gate_event *event, uint8_t first,
        const uint8_t challenge[UNLOCK_CHALLENGE_SIZE], uint8_t ret_set[UNLOCK_SET_SIZE])
{
        const uint8_t id[GATE_FINGER_ID_SIZE] = { first };
        struct unlock_token token = { 0 };
        uint8_t removal[SHA256_SIZE], digest[SHA256_SIZE];
        assert_int_equal(event->kind, MITOME_GATE_EVIDENCE);
        assert_int_equal(unlock_token_open(SLICE(event->evidence), secret_view(&rig->key), &token, NULL).code,
                MITOME_OK);
        unlock_removal(SLICE(id), removal);
        unlock_digest(0x09, slice_of(NULL, 0), SLICE(removal), digest);
        assert_int_equal(token.purpose, UNLOCK_REMOVED);
        assert_memory_equal(token.challenge, challenge, sizeof token.challenge);
        assert_memory_equal(token.digest, digest, sizeof digest);
        memcpy(ret_set, token.set, UNLOCK_SET_SIZE);
}

/* The other finger stays and opens; the last one leaves a set that is none. */
static void a_removed_finger_opens_nothing(void **state)
{
        struct rig *rig = *state;
        static const uint8_t none[UNLOCK_SET_SIZE];
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE], set[UNLOCK_SET_SIZE];
        struct matcher_status before, after;
        const struct mitome_gate_event fingers = list(rig);
        const uint8_t first = fingers.fingers[0].id[0], second = fingers.fingers[1].id[0];
        assert_int_equal(matcher_gate_status(rig->matcher, &before, NULL).code, MITOME_OK);
        struct mitome_gate_event event = manage(rig, MITOME_GATE_REMOVE, first, "", challenge);
        check_removal(rig, &event, first, challenge, set);
        assert_int_equal(matcher_gate_status(rig->matcher, &after, NULL).code, MITOME_OK);
        assert_memory_not_equal(before.set, after.set, sizeof before.set);
        assert_memory_equal(set, after.set, sizeof set);
        assert_int_equal(list(rig).finger_count, 1);
        assert_int_equal(list(rig).fingers[0].id[0], second);
        assert_int_equal(verify(rig, 0, 1007, challenge).kind, MITOME_GATE_NO_MATCH);
        assert_int_equal(verify(rig, 1, 1008, challenge).kind, MITOME_GATE_EVIDENCE);
        event = manage(rig, MITOME_GATE_REMOVE, first, "", challenge);
        assert_int_equal(event.code, MITOME_E_GATE_UNKNOWN_FINGER);

        event = manage(rig, MITOME_GATE_REMOVE, second, "", challenge);
        check_removal(rig, &event, second, challenge, set);
        assert_memory_equal(set, none, sizeof set);
        restart(rig);
        assert_int_equal(list(rig).finger_count, 0);
        struct mitome_gate_request request = request_of(rig, MITOME_GATE_VERIFY, challenge);
        assert_int_equal(refusal_of(rig, &request).code, MITOME_E_GATE_NO_FINGER);
        for (unsigned finger = 0; finger < 2; finger++) /* for the tests that follow */
                enrol(rig, finger, challenge);
}

static void a_folder_is_one_matchers_at_a_time(void **state)
{
        struct rig *rig = *state;
        struct rig second = *rig;
        assert_int_equal(start_matcher(&second, NULL).code, MITOME_E_FILE_LOCKED);
}

/* Once a finger was asked for, the challenge is spent: the request breaks. The next one finds another
 * matcher, and its sockets lie where the dead one left them. */
static void a_matcher_that_was_killed_is_followed_by_another(void **state)
{
        struct rig *rig = *state;
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
        pid_t process = matcher_gate_process(rig->matcher);
        begin_verify(rig, challenge);
        assert_int_equal(kill(process, SIGKILL), 0);
        expect(rig, MITOME_GATE_BROKEN);
        struct mitome_gate_event event;
        assert_int_equal(rig->gate.poll(rig->gate.context, 0, &event, NULL).code, MITOME_OK);
        assert_int_equal(event.kind, MITOME_GATE_NOTHING);
        event = verify(rig, 0, 1009, challenge);
        assert_int_equal(event.kind, MITOME_GATE_EVIDENCE);
        check_token(rig, &event, UNLOCK_VERIFIED, challenge, false);
        assert_int_not_equal(matcher_gate_process(rig->matcher), process);
        assert_string_equal(matcher_gate_health(rig->matcher).last_end, "was ended by signal 9 (Killed)");
}

/* ---- copies ---- */

/* Lays a touch that the matcher has seen: it is a miss, and both sides hear why. */
static void expect_copy(struct rig *rig, unsigned finger, uint64_t touch)
{
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
        rig->entered++; /* else the misses make it wait */
        begin_verify(rig, challenge);
        assert_int_equal(present(rig, finger, touch).code, MITOME_E_GATE_SAME);
        struct mitome_gate_event event = expect(rig, MITOME_GATE_NO_MATCH);
        assert_int_equal(event.hint, MITOME_GATE_HINT_SAME);
        assert_false(event.has_evidence);
}

static void a_copy_opens_nothing_also_after_a_kill_and_a_restart(void **state)
{
        struct rig *rig = *state;
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
        assert_int_equal(verify(rig, 0, 1010, challenge).kind, MITOME_GATE_EVIDENCE);
        expect_copy(rig, 0, 1010);
        restart(rig);
        expect_copy(rig, 0, 1010);
        assert_int_equal(verify(rig, 0, 1011, challenge).kind, MITOME_GATE_EVIDENCE);
        assert_int_equal(kill(matcher_gate_process(rig->matcher), SIGKILL), 0);
        restart(rig);
        expect_copy(rig, 0, 1011);
        expect_copy(rig, 0, rig->first_touch);
}

static void a_sample_of_another_finger_opens_nothing_when_it_comes_again(void **state)
{
        struct rig *rig = *state;
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
        assert_int_equal(finger_grow(103, &rig->finger[1], NULL).code, MITOME_OK);
        assert_int_equal(verify(rig, 1, 1012, challenge).kind, MITOME_GATE_NO_MATCH);
        expect_copy(rig, 1, 1012);
        assert_int_equal(finger_grow(101, &rig->finger[1], NULL).code, MITOME_OK);
}

/* Whoever deletes what was seen could lay it again: the set is another one then, and the element asks for its
 * PIN.
 */
static void seen_samples_that_are_deleted_or_put_back_change_the_set(void **state)
{
        static const char *const attacks[] = { "rm '%s/seen/state'", "rm '%s/seen.count'",
                "rm -r '%s/seen' '%s/seen.count'", "cp '%s/../seen.then' '%s/seen/state'",
                "truncate -s -1 '%s/seen/state'" };
        struct rig *rig = *state;
        char command[256];
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
        snprintf(command, sizeof command, "cp '%s/seen/state' '%s/seen.then'", rig->state, rig->folder);
        assert_int_equal(system(command), 0);
        for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
                struct matcher_status before, after;
                assert_int_equal(matcher_gate_status(rig->matcher, &before, NULL).code, MITOME_OK);
                matcher_gate_close(rig->matcher);
                rig->matcher = NULL;
                snprintf(command, sizeof command, attacks[i], rig->state, rig->state);
                assert_int_equal(system(command), 0);
                assert_int_equal(start_matcher(rig, NULL).code, MITOME_OK);
                assert_int_equal(verify(rig, 0, 1020 + i, challenge).kind, MITOME_GATE_EVIDENCE);
                assert_int_equal(matcher_gate_status(rig->matcher, &after, NULL).code, MITOME_OK);
                assert_int_equal(after.fingers, before.fingers);
                assert_memory_not_equal(before.set, after.set, sizeof before.set);
                expect_copy(rig, 0, 1020 + i);
                expect_copy(rig, 0, rig->first_touch); /* it lives with the finger */
        }
}

/* ---- what the user sees, and what the process has ---- */

static void read_display(int display, char *text, size_t capacity)
{
        ssize_t size = pread(display, text, capacity - 1, 0);
        assert_true(size >= 0);
        text[size] = '\0';
}

/* Starts the matcher anew with a file for its standard error. */
static int restart_with_display(struct rig *rig)
{
        char path[128];
        snprintf(path, sizeof path, "%s/display", rig->folder);
        int display = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), terminal = dup(STDERR_FILENO);
        assert_true(display >= 0 && terminal >= 0);
        matcher_gate_close(rig->matcher);
        rig->matcher = NULL;
        assert_int_equal(dup2(display, STDERR_FILENO), STDERR_FILENO);
        mitome_status started = start_matcher(rig, NULL);
        assert_int_equal(dup2(terminal, STDERR_FILENO), STDERR_FILENO);
        close(terminal);
        assert_int_equal(started.code, MITOME_OK);
        return display;
}

/* DESIGN 2, 3: the digest is of the text that is displayed; and the text cannot draw on the display. */
static void the_display_says_whom_the_finger_is_for(void **state)
{
        struct rig *rig = *state;
        static const char hostile[] = "evil\x1B[2J\r.example\xC3\xA9";
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE], digest[SHA256_SIZE], hash[SHA256_SIZE];
        char text[512];
        int display = restart_with_display(rig);
        struct mitome_gate_request request = request_of(rig, MITOME_GATE_VERIFY, challenge);
        request.command = 0x01;
        request.rp_id = slice_text(hostile);
        assert_int_equal(rig->gate.start(rig->gate.context, &request, NULL).code, MITOME_OK);
        expect(rig, MITOME_GATE_AWAITS);
        rig->gate.cancel(rig->gate.context);
        struct mitome_gate_event event = expect(rig, MITOME_GATE_ABSENT);
        struct unlock_token token;
        assert_int_equal(unlock_token_open(SLICE(event.evidence), secret_view(&rig->key), &token, NULL).code,
                MITOME_OK);
        sha256(&request.rp_id, 1, hash);
        unlock_digest(0x01, SLICE(hash), SLICE(client_data_hash), digest);
        assert_memory_equal(token.digest, digest, sizeof digest);

        read_display(display, text, sizeof text);
        assert_non_null(strstr(text, "to register at evil\\x1B[2J\\x0D.example\\xC3\\xA9\n"));
        close(display);
        restart(rig);
}

/* What is open here, and was not marked, stays here: the pipe ends when its only writer closes it. */
static void the_process_inherits_nothing(void **state)
{
        struct rig *rig = *state;
        int ends[2];
        char byte;
        assert_int_equal(pipe(ends), 0);
        restart(rig);
        close(ends[1]);
        assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
        assert_int_equal(read(ends[0], &byte, 1), 0); /* its end; EAGAIN if the matcher held it open */
        close(ends[0]);
}

static pid_t start_listening(struct rig *rig, const char *socket)
{
        const char *program = getenv("MITOME_MATCHER");
        pid_t process = fork();
        if (process == 0) {
                execl(program, program, "--state", rig->state, "--socket", socket, (char *)NULL);
                _exit(127);
        }
        assert_true(process > 0);
        return process;
}

static void a_matcher_may_listen_and_serves_one_after_another(void **state)
{
        struct rig *rig = *state;
        char socket[128];
        struct matcher_status status;
        int ended;
        matcher_gate_close(rig->matcher);
        rig->matcher = NULL;
        snprintf(socket, sizeof socket, "%s/matcher", rig->folder);
        pid_t process = start_listening(rig, socket);
        for (int client = 0; client < 2; client++) {
                struct matcher_gate *gate = NULL;
                for (int i = 0; i < 200 && failed(matcher_gate_connect(socket, &gate, NULL)); i++)
                        nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
                assert_non_null(gate);
                assert_int_equal(matcher_gate_process(gate), 0);
                assert_int_equal(matcher_gate_status(gate, &status, NULL).code, MITOME_OK);
                assert_true(status.paired);
                matcher_gate_close(gate);
        }
        assert_int_equal(kill(process, SIGTERM), 0);
        assert_int_equal(waitpid(process, &ended, 0), process);
        assert_true(WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
        assert_int_not_equal(access(socket, F_OK), 0);
        assert_int_equal(start_matcher(rig, NULL).code, MITOME_OK);
}

/* A matcher that hangs is not waited for for ever, and does not stay; who asked hears of the next one. */
static void a_matcher_that_hangs_is_ended(void **state)
{
        struct rig *rig = *state;
        struct matcher_status status;
        pid_t process = matcher_gate_process(rig->matcher);
        assert_int_equal(kill(process, SIGSTOP), 0);
        assert_int_equal(matcher_gate_status(rig->matcher, &status, NULL).code, MITOME_OK);
        assert_int_equal(kill(process, 0), -1); /* reaped */
        assert_string_equal(matcher_gate_health(rig->matcher).last_end, "did not answer, and was ended");
}

static void another_element_is_another_owner(void **state)
{
        struct rig *rig = *state;
        struct matcher_status before, after;
        assert_int_equal(matcher_gate_status(rig->matcher, &before, NULL).code, MITOME_OK);
        assert_int_equal(before.fingers, 2);
        uint8_t confirmation[SHA256_SIZE];
        assert_int_equal(matcher_gate_pair(rig->matcher, SLICE(rig->element_point), confirmation, NULL).code,
                MITOME_OK);
        assert_int_equal(matcher_gate_status(rig->matcher, &after, NULL).code, MITOME_OK);
        assert_int_equal(after.fingers, 2); /* the same element again: nothing changed */
        assert_memory_equal(before.set, after.set, sizeof before.set);
        pair(rig);
        assert_int_equal(matcher_gate_status(rig->matcher, &after, NULL).code, MITOME_OK);
        assert_int_equal(after.fingers, 0);
        assert_memory_not_equal(before.set, after.set, sizeof before.set);
}

static void write_wrapper(struct rig *rig)
{
        snprintf(rig->wrapper, sizeof rig->wrapper, "%s/wrapper", rig->folder);
        FILE *file = fopen(rig->wrapper, "w");
        assert_non_null(file);
        fprintf(file, "#!/bin/sh\nexec '%s' --scores 9 \"$@\" 9>'%s/scores'\n", getenv("MITOME_MATCHER"),
                rig->folder);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(chmod(rig->wrapper, 0700), 0);
}

static void read_scores(const struct rig *rig, char *text, size_t capacity)
{
        char path[96];
        snprintf(path, sizeof path, "%s/scores", rig->folder);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        text[fread(text, 1, capacity - 1, file)] = '\0';
        fclose(file);
}

/* Two fingers of two people between which libfprint sees a likeness of 49, more than its own 40. The
 * comparison goes on behind it, and the score is the highest of the finger's impressions. */
static void what_libfprint_accepts_is_not_enough(void **state)
{
        struct rig *rig = *state;
        char text[64];
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
        int score = -1, size = 0;
        assert_int_equal(finger_grow(1019, &rig->finger[0], NULL).code, MITOME_OK);
        assert_int_equal(finger_grow(1149, &rig->finger[1], NULL).code, MITOME_OK);
        write_wrapper(rig);
        restart(rig);
        enrol_from(rig, 0, 19000, challenge);
        struct mitome_gate_event event = verify(rig, 1, 519900, challenge);
        assert_int_equal(event.kind, MITOME_GATE_NO_MATCH);
        read_scores(rig, text, sizeof text);
        assert_int_equal(sscanf(text, "comparison 0 %d\nlibfprint %*d %*d\nattempt\n%n", &score, &size), 1);
        assert_int_equal(strlen(text), size);
        assert_in_range(score, 40, 59);
        rig->wrapper[0] = '\0';
        restart(rig);
}

static size_t read_state(struct rig *rig, uint8_t *bytes, size_t capacity)
{
        char path[128];
        snprintf(path, sizeof path, "%s/state", rig->state);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        size_t size = fread(bytes, 1, capacity, file);
        fclose(file);
        assert_true(size > 0 && size < capacity);
        return size;
}

static void write_state(struct rig *rig, const uint8_t *bytes, size_t size)
{
        char path[128];
        snprintf(path, sizeof path, "%s/state", rig->state);
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(bytes, 1, size, file), size);
        fclose(file);
}

static void expect_refusal(struct rig *rig, const uint8_t *bytes, size_t size, mitome_code code)
{
        static uint8_t after[1 << 16];
        write_state(rig, bytes, size);
        assert_int_equal(start_matcher(rig, NULL).code, code);
        assert_int_equal(read_state(rig, after, sizeof after), size); /* never overwritten */
        assert_memory_equal(after, bytes, size);
}

static void a_damaged_or_foreign_state_is_refused(void **state)
{
        struct rig *rig = *state;
        static uint8_t good[1 << 16], bad[1 << 16];
        char path[128];
        matcher_gate_close(rig->matcher);
        rig->matcher = NULL;
        size_t size = read_state(rig, good, sizeof good);
        const size_t places[] = { 20, 40, size / 2, size - 1 }; /* nonce, sealed, tag */
        for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
                memcpy(bad, good, size);
                bad[places[i]] ^= 1;
                expect_refusal(rig, bad, size, MITOME_E_STORE_SEAL);
        }
        expect_refusal(rig, good, size - 1, MITOME_E_STORE_SEAL);
        expect_refusal(rig, good, 20, MITOME_E_STORE_SEAL);
        memcpy(bad, good, size);
        bad[0] ^= 1;
        expect_refusal(rig, bad, size, MITOME_E_STORE_FOREIGN);

        write_state(rig, good, size);
        snprintf(path, sizeof path, "%s/state", rig->state);
        assert_int_equal(chmod(path, 0640), 0);
        assert_int_equal(start_matcher(rig, NULL).code, MITOME_E_FILE_MODE);
        assert_int_equal(chmod(path, 0600), 0);
        assert_int_equal(chmod(rig->state, 0750), 0);
        assert_int_equal(start_matcher(rig, NULL).code, MITOME_E_FILE_MODE);
        assert_int_equal(chmod(rig->state, 0700), 0);
        assert_int_equal(start_matcher(rig, NULL).code, MITOME_OK);
}

int main(void)
{
        if (!getenv("MITOME_MATCHER")) {
                fputs("skipped: MITOME_MATCHER does not name the matcher\n", stderr);
                return 77;
        }
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_unpaired_matcher_reads_no_finger),
                cmocka_unit_test(a_finger_is_enrolled_with_five_impressions),
                cmocka_unit_test(the_enrolled_finger_opens),
                cmocka_unit_test(another_finger_does_not),
                cmocka_unit_test(no_finger_in_time_is_said_and_sealed),
                cmocka_unit_test(a_cancelled_request_ends_absent),
                cmocka_unit_test(a_request_follows_one_that_was_abandoned),
                cmocka_unit_test(images_of_no_sensor_are_refused),
                cmocka_unit_test(an_empty_image_is_asked_for_again),
                cmocka_unit_test(an_enrolment_goes_on_after_an_empty_image),
                cmocka_unit_test(a_request_may_be_cancelled_at_once),
                cmocka_unit_test(a_matcher_ends_with_its_client),
                cmocka_unit_test(the_state_survives_a_restart),
                cmocka_unit_test(a_second_finger_changes_the_set),
                cmocka_unit_test(fingers_have_numbers_and_names),
                cmocka_unit_test(a_removed_finger_opens_nothing),
                cmocka_unit_test(a_folder_is_one_matchers_at_a_time),
                cmocka_unit_test(a_matcher_that_was_killed_is_followed_by_another),
                cmocka_unit_test(a_copy_opens_nothing_also_after_a_kill_and_a_restart),
                cmocka_unit_test(a_sample_of_another_finger_opens_nothing_when_it_comes_again),
                cmocka_unit_test(seen_samples_that_are_deleted_or_put_back_change_the_set),
                cmocka_unit_test(the_display_says_whom_the_finger_is_for),
                cmocka_unit_test(the_process_inherits_nothing),
                cmocka_unit_test(a_matcher_may_listen_and_serves_one_after_another),
                cmocka_unit_test(a_matcher_that_hangs_is_ended),
                cmocka_unit_test(another_element_is_another_owner),
                cmocka_unit_test(what_libfprint_accepts_is_not_enough),
                cmocka_unit_test(a_damaged_or_foreign_state_is_refused),
        };
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
