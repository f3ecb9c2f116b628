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
        assert_string_equal(finger_sample_text(0x09), "too short");
        assert_string_equal(finger_sample_text(0xFF), "try again");
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(fingers_come_are_seen_and_go),
                TEST(what_is_refused_is_said_in_words),
                TEST(a_blurred_sample_is_asked_for_again),
                TEST(no_answer_is_believed_that_is_none),
        };
        return cmocka_run_group_tests_name("finger_client", tests, NULL, NULL);
}
