/* SPDX-License-Identifier: Apache-2.0 */

/* The program's platform for fingers before a whole authenticator in memory: its element, and a gate without
 * a sensor. */

#include "element_rig.h"
#include "finger_client.h"
#include "gate_double.h"

#include <mitome/authenticator.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t app_hash[32] = { 0x5A };

struct rig {
        struct element_rig element;
        struct gate_double gate;
        struct mitome_authenticator *authenticator;
        struct finger_client client;
        uint64_t now_ms;
        unsigned samples, bad_samples;
};

static mitome_status transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct rig *rig = context;
        assert_true(capacity >= MITOME_APDU_MAX);
        return mitome_element_transmit(rig->element.element, command, response, ret_size, error);
}

static mitome_status exchange(void *context, slice request, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct rig *rig = context;
        (void)error;
        for (int i = 0; i < 1000; i++) {
                rig->now_ms += 50;
                if (mitome_authenticator_call(
                            rig->authenticator, request, 0, rig->now_ms, response, capacity, ret_size))
                        return ok();
                request = (slice){ 0 };
        }
        fail_msg("no answer");
        return ok();
}

static int set_up(void **state)
{
        struct rig *rig = calloc(1, sizeof *rig);
        if (!rig)
                return -1;
        element_rig_open(&rig->element);
        element_rig_personalise(&rig->element);
        element_rig_pair(&rig->element, &rig->gate.pairing_key);
        element_rig_allow(&rig->element, element_rig_fido, slice_of(app_hash, sizeof app_hash));
        assert_int_equal(element_rig_select(&rig->element, element_rig_manager), 0x9000);
        const struct mitome_authenticator_config config = {
                .element = { .context = rig, .transmit = transmit },
                .app = { .sha256 = { 0x5A } },
                .gate = gate_double_gate(&rig->gate),
                .random = rig->element.random,
        };
        assert_int_equal(mitome_authenticator_new(&config, &rig->authenticator, NULL).code, MITOME_OK);
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        struct rig *rig = *state;
        finger_client_close(&rig->client);
        mitome_authenticator_free(rig->authenticator);
        element_rig_close(&rig->element);
        free(rig);
        return 0;
}

static mitome_code open_with(struct rig *rig, const char *pin, mitome_error *error)
{
        const struct finger_wire wire = { rig, exchange };
        return finger_client_open(&rig->client, &wire, &rig->element.random, slice_text(pin), error).code;
}

static void count(void *context, uint8_t status, unsigned remaining)
{
        struct rig *rig = context;
        (void)remaining;
        rig->samples++;
        rig->bad_samples += status != 0;
}

static struct mitome_gate_finger enrol(struct rig *rig, const char *name)
{
        const struct finger_watcher watcher = { rig, count };
        struct mitome_gate_finger finger = { 0 };
        mitome_error error = { 0 };
        if (failed(finger_client_enrol(&rig->client, slice_text(name), &watcher, &finger, &error)))
                fail_msg("%s", error.field);
        return finger;
}

static void fingers_come_are_seen_and_go(void **state)
{
        struct rig *rig = *state;
        struct mitome_gate_finger fingers[MITOME_GATE_FINGERS_MAX] = { 0 };
        size_t size = 99;
        rig->gate.finger = FINGER_OWN;
        assert_int_equal(open_with(rig, ELEMENT_RIG_PIN, NULL), MITOME_OK);
        assert_int_equal(finger_client_list(&rig->client, fingers, &size, NULL).code, MITOME_OK);
        assert_int_equal(size, 0);
        struct mitome_gate_finger thumb = enrol(rig, "left thumb"), other = enrol(rig, "");
        assert_int_equal(rig->samples, 2 * GATE_DOUBLE_SAMPLES);
        assert_int_equal(rig->bad_samples, 0);
        assert_int_equal(finger_client_list(&rig->client, fingers, &size, NULL).code, MITOME_OK);
        assert_int_equal(size, 2);
        assert_memory_equal(fingers[0].id, thumb.id, sizeof thumb.id);
        assert_int_equal(fingers[0].name_size, 10);
        assert_memory_equal(fingers[0].name, "left thumb", 10);
        assert_memory_equal(fingers[1].id, other.id, sizeof other.id);
        assert_int_equal(fingers[1].name_size, 0);
        assert_int_equal(finger_client_rename(&rig->client, SLICE(other.id), slice_text("right"), NULL).code,
                MITOME_OK);
        assert_int_equal(finger_client_remove(&rig->client, SLICE(thumb.id), NULL).code, MITOME_OK);
        assert_int_equal(finger_client_list(&rig->client, fingers, &size, NULL).code, MITOME_OK);
        assert_int_equal(size, 1);
        assert_int_equal(fingers[0].name_size, 5);
}

static void what_is_refused_is_said_in_words(void **state)
{
        struct rig *rig = *state;
        static const uint8_t nobody[16] = { 9 };
        mitome_error error = { 0 };
        assert_int_equal(open_with(rig, "9999", &error), MITOME_E_FINGER_REFUSED);
        assert_non_null(strstr(error.field, "PIN is wrong"));
        assert_int_equal(open_with(rig, ELEMENT_RIG_PIN, NULL), MITOME_OK);
        error = (mitome_error){ 0 };
        assert_int_equal(
                finger_client_remove(&rig->client, SLICE(nobody), &error).code, MITOME_E_FINGER_REFUSED);
        assert_non_null(strstr(error.field, "no such finger"));
        char name[MITOME_GATE_NAME_MAX + 2];
        memset(name, 'n', sizeof name);
        assert_int_equal(finger_client_rename(&rig->client, SLICE(nobody),
                                 slice_of((const uint8_t *)name, sizeof name), NULL)
                                 .code,
                MITOME_E_TOO_LONG);
        struct mitome_gate_finger finger;
        rig->gate.finger = FINGER_NONE;
        error = (mitome_error){ 0 };
        assert_int_equal(finger_client_enrol(&rig->client, slice_text(""), NULL, &finger, &error).code,
                MITOME_E_FINGER_REFUSED);
        assert_string_equal(error.field, "no finger came in time");
        rig->gate.broken = true;
        assert_int_equal(finger_client_enrol(&rig->client, slice_text(""), NULL, &finger, NULL).code,
                MITOME_E_FINGER_REFUSED);
}

/* A sample that is not usable is said and taken again. */
static void a_blurred_sample_is_asked_for_again(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(open_with(rig, ELEMENT_RIG_PIN, NULL), MITOME_OK);
        rig->gate.finger = FINGER_OWN;
        enrol(rig, "");
        assert_int_equal(rig->bad_samples, 0);
        rig->gate.finger = FINGER_BLURRED;
        enrol(rig, "");
        assert_int_equal(rig->bad_samples, 1);
        assert_int_equal(rig->samples, 2 * GATE_DOUBLE_SAMPLES + 1);
        assert_int_equal(finger_sample_guidance(0x09, 3), MITOME_GUIDANCE_AGAIN);
        assert_int_equal(finger_sample_guidance(0xFF, 3), MITOME_GUIDANCE_UNCLEAR);
        assert_int_equal(finger_sample_guidance(0x00, 3), MITOME_GUIDANCE_MORE);
        assert_int_equal(finger_sample_guidance(0x00, 0), MITOME_GUIDANCE_ENROLLED);
}

/* ---- one finger, tried ---- */

static enum mitome_guidance verify(struct rig *rig, struct finger_state *ret_state)
{
        const struct finger_wire wire = { rig, exchange };
        struct finger_client client;
        enum mitome_guidance said = MITOME_GUIDANCE_NONE;
        mitome_error error = { 0 };
        finger_client_begin(&client, &wire);
        if (failed(finger_client_verify(&client, &rig->element.random, &said, ret_state, &error)))
                fail_msg("%s", error.field);
        finger_client_close(&client);
        return said;
}

static struct finger_state state_of(struct rig *rig)
{
        const struct finger_wire wire = { rig, exchange };
        struct finger_client client;
        struct finger_state state = { 0 };
        finger_client_begin(&client, &wire);
        assert_int_equal(finger_client_state(&client, &state, NULL).code, MITOME_OK);
        finger_client_close(&client);
        return state;
}

static void enrol_one(struct rig *rig)
{
        rig->gate.finger = FINGER_OWN;
        assert_int_equal(open_with(rig, ELEMENT_RIG_PIN, NULL), MITOME_OK);
        enrol(rig, "");
}

static void a_finger_is_verified_misses_are_counted_and_the_pin_unlocks(void **state)
{
        struct rig *rig = *state;
        struct finger_state after = state_of(rig);
        assert_true(after.sensor && after.pin_set && !after.enrolled && !after.open);
        assert_int_equal(after.why, MITOME_GUIDANCE_NONE_ENROLLED);
        assert_int_equal(verify(rig, &after), MITOME_GUIDANCE_NONE_ENROLLED);
        enrol_one(rig);
        const unsigned full = state_of(rig).uv_tries;
        assert_true(full > 0);
        assert_int_equal(verify(rig, &after), MITOME_GUIDANCE_RECOGNISED);
        assert_true(after.open && after.enrolled);
        rig->gate.finger = FINGER_OTHER;
        for (unsigned left = full; left-- > 0;) {
                unsigned starts = rig->gate.starts;
                assert_int_equal(
                        verify(rig, &after), left ? MITOME_GUIDANCE_NOT_RECOGNISED : MITOME_GUIDANCE_CLOSED);
                assert_int_equal(after.uv_tries, left);
                assert_int_equal(rig->gate.starts, starts + 1); /* one capture for one try */
        }
        assert_int_equal(after.why, MITOME_GUIDANCE_CLOSED);
        rig->gate.finger = FINGER_OWN; /* now not even that one */
        unsigned starts = rig->gate.starts;
        assert_int_equal(verify(rig, &after), MITOME_GUIDANCE_CLOSED);
        assert_int_equal(rig->gate.starts, starts);
        assert_int_equal(open_with(rig, ELEMENT_RIG_PIN, NULL), MITOME_OK);
        assert_int_equal(state_of(rig).uv_tries, full);
        assert_int_equal(verify(rig, &after), MITOME_GUIDANCE_RECOGNISED);
}

static void what_costs_no_try_is_told_apart(void **state)
{
        struct rig *rig = *state;
        struct finger_state after;
        enrol_one(rig);
        const unsigned full = state_of(rig).uv_tries;
        rig->gate.finger = FINGER_NONE;
        assert_int_equal(verify(rig, &after), MITOME_GUIDANCE_ABSENT);
        assert_int_equal(after.uv_tries, full);
        rig->gate.finger = FINGER_WITHHELD;
        assert_int_equal(verify(rig, &after), MITOME_GUIDANCE_DECLINED);
        assert_int_equal(after.uv_tries, full);
        rig->gate.finger = FINGER_OWN;
        static const mitome_code closed[] = { MITOME_E_GATE_PIN_DUE, MITOME_E_GATE_WAIT };
        for (size_t i = 0; i < sizeof closed / sizeof *closed; i++) { /* the matcher wants the PIN, or time */
                rig->gate.declines = true;
                rig->gate.declines_for = closed[i];
                assert_int_equal(verify(rig, &after), MITOME_GUIDANCE_PIN_OR_WAIT);
                assert_int_equal(after.uv_tries, full);
                assert_true(after.open);
        }
        rig->gate.declines = false;
        rig->gate.forgery = FORGERY_SET; /* somebody else has changed the set */
        assert_int_equal(verify(rig, &after), MITOME_GUIDANCE_NEW_FINGER);
        assert_false(after.open);
        assert_int_equal(after.why, MITOME_GUIDANCE_NEW_FINGER);
        rig->gate.forgery = FORGERY_NONE;
        assert_int_equal(verify(rig, &after), MITOME_GUIDANCE_NEW_FINGER); /* and no try is taken for it */
        assert_int_equal(after.uv_tries, full - 1);
        assert_int_equal(open_with(rig, ELEMENT_RIG_PIN, NULL), MITOME_OK);
        rig->gate.broken = true;
        assert_int_equal(verify(rig, &after), MITOME_GUIDANCE_BROKEN);
}

static void wrong_pins_lock_the_fingers_too(void **state)
{
        struct rig *rig = *state;
        struct finger_state after;
        enrol_one(rig);
        while (state_of(rig).pin_tries) {
                assert_int_equal(open_with(rig, "0000", NULL), MITOME_E_FINGER_REFUSED);
                (void)mitome_authenticator_power_cycle(rig->authenticator, rig->now_ms, NULL).code;
        }
        assert_int_equal(verify(rig, &after), MITOME_GUIDANCE_PIN_LOCKED);
        assert_false(after.open);
}

/* It is in the set already, or nothing can be made of it: the user is told, and the sensor is not lit for
 * ever. */
static void an_enrolment_that_leads_nowhere_ends(void **state)
{
        struct rig *rig = *state;
        static const struct {
                enum finger finger;
                unsigned samples;
                const char *why;
        } cases[] = { { FINGER_KNOWN, 3, "enrolled already" }, { FINGER_SMUDGED, 20, "could be used" } };
        enrol_one(rig);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                const struct finger_watcher watcher = { rig, count };
                struct mitome_gate_finger finger = { 0 };
                mitome_error error = { 0 };
                rig->bad_samples = 0;
                rig->gate.finger = cases[i].finger;
                assert_int_equal(
                        open_with(rig, ELEMENT_RIG_PIN, NULL), MITOME_OK); /* a new token ends the last */
                assert_int_equal(
                        finger_client_enrol(&rig->client, slice_text(""), &watcher, &finger, &error).code,
                        MITOME_E_FINGER_REFUSED);
                assert_non_null(strstr(error.field, cases[i].why));
                assert_int_equal(rig->bad_samples, cases[i].samples);
                assert_false(rig->gate.runs); /* it was cancelled */
                rig->gate.finger = FINGER_OWN;
                struct finger_state after;
                assert_int_equal(verify(rig, &after), MITOME_GUIDANCE_RECOGNISED);
        }
}

/* ---- answers of something else ---- */

struct liar {
        const uint8_t *bytes;
        size_t size;
};

static mitome_status lie(void *context, slice request, uint8_t *response, size_t capacity, size_t *ret_size,
        mitome_error *error)
{
        const struct liar *liar = context;
        (void)request;
        (void)error;
        assert_true(liar->size <= capacity);
        memcpy(response, liar->bytes, liar->size);
        *ret_size = liar->size;
        return ok();
}

/* A key agreement, cut at every byte, and nonsense. */
static void no_answer_is_believed_that_is_none(void **state)
{
        struct rig *rig = *state;
        uint8_t answer[256];
        struct finger_client client;
        const struct mitome_random *random = &rig->element.random;
        uint8_t request[] = { 0x06, 0xA2, 0x01, 0x02, 0x02, 0x02 };
        size_t size = 0;
        assert_int_equal(exchange(rig, SLICE(request), answer, sizeof answer, &size, NULL).code, MITOME_OK);
        for (size_t cut = 0; cut <= size; cut++) { /* the whole one is no token */
                uint8_t *copy = malloc(cut + 1);
                memcpy(copy, answer, cut);
                struct liar liar = { copy, cut };
                const struct finger_wire wire = { &liar, lie };
                assert_int_not_equal(
                        finger_client_open(&client, &wire, random, slice_text("1234"), NULL).code, MITOME_OK);
                free(copy);
        }
        answer[size - 1] ^= 1; /* off the curve */
        struct liar liar = { answer, size };
        const struct finger_wire wire = { &liar, lie };
        assert_int_equal(finger_client_open(&client, &wire, random, slice_text("1234"), NULL).code,
                MITOME_E_KEY_POINT);
}

/* A finger that has no id cannot be renamed or removed: a list with one is no list. */
static void a_finger_without_an_id_is_no_finger(void **state)
{
        struct rig *rig = *state;
        static const uint8_t unnamed[] = { 0, 0xA1, 7, 0x81, 0xA1, 2, 0x61, 'a' },
                             empty[] = { 0, 0xA1, 7, 0x81, 0xA0 },
                             named[] = { 0, 0xA1, 7, 0x81, 0xA1, 1, 0x50, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
                                     12, 13, 14, 15, 16 };
        struct liar liars[] = { { unnamed, sizeof unnamed }, { empty, sizeof empty },
                { named, sizeof named } };
        struct mitome_gate_finger fingers[MITOME_GATE_FINGERS_MAX];
        size_t count = 99;
        assert_int_equal(open_with(rig, ELEMENT_RIG_PIN, NULL), MITOME_OK);
        for (size_t i = 0; i < 3; i++) {
                rig->client.wire = (struct finger_wire){ &liars[i], lie };
                assert_int_equal(finger_client_list(&rig->client, fingers, &count, NULL).code,
                        i == 2 ? MITOME_OK : MITOME_E_FINGER_ANSWER);
                assert_int_equal(count, i == 2 ? 1 : 99);
        }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(fingers_come_are_seen_and_go),
                TEST(what_is_refused_is_said_in_words),
                TEST(a_blurred_sample_is_asked_for_again),
                TEST(a_finger_is_verified_misses_are_counted_and_the_pin_unlocks),
                TEST(what_costs_no_try_is_told_apart),
                TEST(wrong_pins_lock_the_fingers_too),
                TEST(an_enrolment_that_leads_nowhere_ends),
                TEST(no_answer_is_believed_that_is_none),
                TEST(a_finger_without_an_id_is_no_finger),
        };
        return cmocka_run_group_tests_name("finger_client", tests, NULL, NULL);
}
