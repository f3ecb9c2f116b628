/* SPDX-License-Identifier: Apache-2.0 */

/* A whole phone at work: element and matcher as processes, the parties of its life beside it, the actor's
 * threads; this test is its holder, and whoever else has it in the hand. */

#include "cbor.h"
#include "hid_host.h"
#include "phone_within.h"
#include "random_system.h"
#include "small_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <mitome/trust.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
        INDEX = 0,
        STRANGER = 3,
        PATIENCE_MS = 60000,
        TURN_MS = 20,
        CTAP_OK = 0x00,
        OPERATION_DENIED = 0x27,
        KEEPALIVE_CANCEL = 0x2D,
        RESPONSE_MAX = 8192,
};

static const uint8_t hash[32] = { 1, 2, 3 };

struct rig {
        char folder[64], trust[80], hid[80];
        struct phone_actor *actor;
};

static int64_t read_clock(void *context)
{
        (void)context;
        return time(NULL);
}

static void open_phone(struct rig *rig)
{
        mitome_error error = { 0 };
        char text[300] = "";
        const struct phone_life_config config = {
                .folder = rig->folder,
                .trust_out = rig->trust,
                .program = getenv("MITOME_PROGRAM"),
                .matcher = getenv("MITOME_MATCHER"),
                .rp_ids = { "localhost" },
                .rp_id_count = 1,
                .clock = { .now = read_clock },
                .random = random_system(),
        };
        mitome_status status = phone_actor_open(&config, rig->hid, &rig->actor, &error);
        if (failed(status))
                mitome_explain(&error, text, sizeof text);
        assert_string_equal(text, "");
}

static int set_up(void **state)
{
        static struct rig rig;
        *state = &rig;
        snprintf(rig.folder, sizeof rig.folder, "/tmp/mitome-phone-XXXXXX");
        if (!mkdtemp(rig.folder))
                return -1;
        snprintf(rig.trust, sizeof rig.trust, "%s/trust", rig.folder);
        snprintf(rig.hid, sizeof rig.hid, "unix:%s/hid", rig.folder);
        open_phone(&rig);
        return 0;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
        (void)info;
        (void)kind;
        (void)place;
        return remove(path);
}

static int tear_down(void **state)
{
        struct rig *rig = *state;
        phone_actor_close(rig->actor);
        return nftw(rig->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- the holder's eyes ---- */

static void pause_a_moment(void)
{
        const struct timespec moment = { 0, TURN_MS * 1000000L };
        nanosleep(&moment, NULL);
}

static struct phone_screen await_prompt(struct rig *rig, enum phone_screen_state state, unsigned after_prompt)
{
        struct phone_screen screen = { 0 };
        for (int waited = 0; waited < PATIENCE_MS; waited += TURN_MS) {
                phone_actor_screen(rig->actor, &screen);
                if (screen.state == state && screen.prompt > after_prompt)
                        return screen;
                pause_a_moment();
        }
        fail_msg("the screen shows %d, not %d", (int)screen.state, (int)state);
        return screen;
}

static mitome_code await_end(struct rig *rig, uint64_t errand)
{
        struct phone_screen screen = { 0 };
        for (int waited = 0; waited < PATIENCE_MS; waited += TURN_MS) {
                phone_actor_screen(rig->actor, &screen);
                if (screen.last_errand >= errand)
                        return screen.last_code;
                pause_a_moment();
        }
        fail_msg("errand %d does not end", (int)errand);
        return MITOME_OK;
}

static void reply(struct rig *rig, const struct phone_screen *screen, const char *secret)
{
        mitome_error error = { 0 };
        assert_int_equal(phone_actor_reply(rig->actor, screen->prompt, true, slice_text(secret), &error).code,
                MITOME_OK);
}

/* For the prompt that is shown. */
static void touch(struct rig *rig, unsigned finger)
{
        mitome_error error = { 0 };
        struct phone_screen screen;
        phone_actor_screen(rig->actor, &screen);
        assert_int_equal(phone_actor_touch(rig->actor, screen.prompt, finger, &error).code, MITOME_OK);
}

/* ---- a browser ---- */

struct asked {
        uint8_t request[512], response[RESPONSE_MAX];
        size_t request_size, response_size;
        bool wants_pin;
};

static mitome_status exchange(void *context, struct phone_actor *actor, mitome_error *error)
{
        struct asked *asked = context;
        const struct phone_caller caller = { .origin = "https://localhost:8443" };
        return phone_actor_exchange(actor, &caller, slice_of(asked->request, asked->request_size),
                asked->response, sizeof asked->response, &asked->response_size, &asked->wants_pin, error);
}

static uint64_t begin(struct rig *rig, struct asked *asked)
{
        mitome_error error = { 0 };
        uint64_t number = 0;
        const struct phone_errand errand = { .name = "login", .context = asked, .run = exchange };
        assert_int_equal(phone_actor_begin(rig->actor, &errand, &number, &error).code, MITOME_OK);
        return number;
}

static void write_options(writer *w, uint64_t key, bool rk)
{
        cbor_write_uint(w, key);
        cbor_write_map(w, rk ? 2 : 1);
        if (rk) {
                cbor_write_string(w, "rk");
                cbor_write_bool(w, true);
        }
        cbor_write_string(w, "uv");
        cbor_write_bool(w, true);
}

static void ask_registration(struct asked *asked)
{
        writer w = WRITER(asked->request);
        write_u8(&w, 0x01);
        cbor_write_map(&w, 5);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, SLICE(hash));
        cbor_write_uint(&w, 2);
        cbor_write_map(&w, 1);
        cbor_write_string(&w, "id");
        cbor_write_string(&w, "localhost");
        cbor_write_uint(&w, 3);
        cbor_write_map(&w, 2);
        cbor_write_string(&w, "id");
        cbor_write_bytes(&w, slice_text("hanako"));
        cbor_write_string(&w, "name");
        cbor_write_string(&w, "見本 花子");
        cbor_write_uint(&w, 4);
        cbor_write_array(&w, 1);
        cbor_write_map(&w, 2);
        cbor_write_string(&w, "alg");
        cbor_write_int(&w, -7);
        cbor_write_string(&w, "type");
        cbor_write_string(&w, "public-key");
        write_options(&w, 7, true);
        asked->request_size = w.used;
}

static void ask_login(struct asked *asked)
{
        writer w = WRITER(asked->request);
        write_u8(&w, 0x02);
        cbor_write_map(&w, 3);
        cbor_write_uint(&w, 1);
        cbor_write_string(&w, "localhost");
        cbor_write_uint(&w, 2);
        cbor_write_bytes(&w, SLICE(hash));
        write_options(&w, 5, false);
        asked->request_size = w.used;
}

static uint8_t log_in_with(struct rig *rig, unsigned finger)
{
        static struct asked asked;
        asked = (struct asked){ 0 };
        ask_login(&asked);
        uint64_t errand = begin(rig, &asked);
        await_prompt(rig, PHONE_FINGER, 0);
        touch(rig, finger);
        assert_int_equal(await_end(rig, errand), MITOME_OK);
        return asked.response[0];
}

/* ---- tests, in the order of a phone's life ---- */

static void test_a_new_phone_has_certificates_and_two_fingers(void **state)
{
        struct rig *rig = *state;
        struct phone_model model;
        phone_actor_model(rig->actor, &model);
        for (int waited = 0; waited < PATIENCE_MS && !model.life_known; waited += TURN_MS) {
                pause_a_moment();
                phone_actor_model(rig->actor, &model);
        }
        assert_true(model.state.has_user_certificate && model.state.has_signing_certificate);
        assert_true(model.state.finger_open && model.state.enterprise);
        assert_int_equal(model.life.phase, LIFE_USE);
        for (unsigned kind = 1; kind <= REGISTER_KINDS; kind++) {
                assert_true(model.certificates[kind].there);
                assert_int_equal(model.certificates[kind].status, REGISTER_GOOD);
        }
}

static void test_the_right_finger_registers_and_logs_in(void **state)
{
        static struct asked asked;
        struct rig *rig = *state;
        ask_registration(&asked);
        uint64_t errand = begin(rig, &asked);
        const struct phone_screen screen = await_prompt(rig, PHONE_FINGER, 0);
        assert_string_equal(screen.rp_id, "localhost");
        assert_string_equal(screen.origin, "https://localhost:8443");
        touch(rig, INDEX);
        assert_int_equal(await_end(rig, errand), MITOME_OK);
        assert_int_equal(asked.response[0], CTAP_OK);
        assert_false(asked.wants_pin);
        assert_int_equal(log_in_with(rig, INDEX), CTAP_OK);
}

static void test_a_strangers_finger_is_not_recognised_and_the_holders_is(void **state)
{
        static struct asked asked;
        struct rig *rig = *state;
        ask_login(&asked);
        uint64_t errand = begin(rig, &asked);
        const struct phone_screen screen = await_prompt(rig, PHONE_FINGER, 0);
        touch(rig, STRANGER);
        await_prompt(rig, PHONE_FINGER, screen.prompt);
        touch(rig, INDEX);
        assert_int_equal(await_end(rig, errand), MITOME_OK);
        assert_int_equal(asked.response[0], CTAP_OK);
}

static void test_nobody_logs_in_with_a_strangers_finger(void **state)
{
        static struct asked asked;
        struct rig *rig = *state;
        struct phone_screen screen = { 0 };
        ask_login(&asked);
        uint64_t errand = begin(rig, &asked);
        for (int i = 0; i < 3; i++) {
                screen = await_prompt(rig, PHONE_FINGER, screen.prompt);
                touch(rig, STRANGER);
        }
        assert_int_equal(await_end(rig, errand), MITOME_OK);
        assert_int_not_equal(asked.response[0], CTAP_OK);
        assert_int_equal(asked.response_size, 1);
}

static void test_a_finger_that_nobody_asked_for_is_refused(void **state)
{
        struct rig *rig = *state;
        mitome_error error = { 0 };
        assert_int_equal(phone_actor_touch(rig->actor, 1, INDEX, &error).code, MITOME_E_GATE_IDLE);
        error = (mitome_error){ 0 };
        assert_int_equal(
                phone_actor_touch_image(rig->actor, 1, (slice){ 0 }, &error).code, MITOME_E_IMAGE_FILE);
}

static uint64_t wish(struct rig *rig, enum phone_wish kind, slice id, const char *text)
{
        mitome_error error = { 0 };
        uint64_t number = 0;
        assert_int_equal(phone_wish(rig->actor, kind, id, slice_text(text), &number, &error).code, MITOME_OK);
        return number;
}

static mitome_code do_wish(struct rig *rig, enum phone_wish kind, slice id, const char *text, const char *pin)
{
        uint64_t errand = wish(rig, kind, id, text);
        const struct phone_screen screen = await_prompt(rig, PHONE_QUESTION, 0);
        reply(rig, &screen, pin);
        return await_end(rig, errand);
}

static void test_a_wrong_pin_shows_no_finger_and_the_right_one_does(void **state)
{
        struct rig *rig = *state;
        struct phone_model model;
        assert_int_equal(do_wish(rig, PHONE_WISH_FINGERS, (slice){ 0 }, "", "9876"), MITOME_E_FINGER_REFUSED);
        phone_actor_model(rig->actor, &model);
        assert_false(model.fingers_known);
        assert_int_equal(model.state.pin_tries, 2);
        assert_int_equal(do_wish(rig, PHONE_WISH_FINGERS, (slice){ 0 }, "", PHONE_LIFE_PIN), MITOME_OK);
        phone_actor_model(rig->actor, &model);
        assert_true(model.fingers_known);
        assert_int_equal(model.finger_count, 2);
        assert_int_equal(model.state.pin_tries, 3);
}

static void test_a_finger_is_added_renamed_and_removed(void **state)
{
        enum { RING = 2 };
        struct rig *rig = *state;
        struct phone_model model;
        uint64_t errand = wish(rig, PHONE_WISH_ENROL, (slice){ 0 }, "薬指");
        struct phone_screen screen = await_prompt(rig, PHONE_QUESTION, 0);
        reply(rig, &screen, PHONE_LIFE_PIN);
        for (int waited = 0; waited < PATIENCE_MS && screen.last_errand < errand; waited += TURN_MS) {
                phone_actor_screen(rig->actor, &screen);
                if (screen.state == PHONE_FINGER) /* an impression that is of no use is asked for again */
                        (void)phone_actor_touch(rig->actor, screen.prompt, RING, NULL).code;
                pause_a_moment();
        }
        assert_int_equal(screen.last_code, MITOME_OK);
        phone_actor_model(rig->actor, &model);
        assert_int_equal(model.finger_count, 3);
        const slice id = SLICE(model.fingers[2].id);
        assert_int_equal(do_wish(rig, PHONE_WISH_RENAME, id, "ring", PHONE_LIFE_PIN), MITOME_OK);
        assert_int_equal(do_wish(rig, PHONE_WISH_REMOVE, id, "", PHONE_LIFE_PIN), MITOME_OK);
        phone_actor_model(rig->actor, &model);
        assert_int_equal(model.finger_count, 2);
        assert_int_equal(log_in_with(rig, INDEX), CTAP_OK);
}

static void test_an_answer_to_an_earlier_question_is_refused(void **state)
{
        struct rig *rig = *state;
        mitome_error error = { 0 };
        uint64_t other = 0;
        uint64_t errand = wish(rig, PHONE_WISH_HOLD, (slice){ 0 }, "");
        const struct phone_screen screen = await_prompt(rig, PHONE_QUESTION, 0);
        assert_int_equal(phone_actor_reply(rig->actor, screen.prompt - 1, true, (slice){ 0 }, &error).code,
                MITOME_E_PHONE_PROMPT_OVER);
        error = (mitome_error){ 0 };
        assert_int_equal(
                phone_wish(rig->actor, PHONE_WISH_ERASE, (slice){ 0 }, (slice){ 0 }, &other, &error).code,
                MITOME_E_GATE_BUSY);
        error = (mitome_error){ 0 };
        assert_int_equal(
                phone_actor_reply(rig->actor, screen.prompt, false, (slice){ 0 }, &error).code, MITOME_OK);
        assert_int_equal(await_end(rig, errand), MITOME_E_PHONE_DECLINED);
}

static void test_the_holder_declines_cancels_or_wants_the_pin(void **state)
{
        static struct asked asked;
        struct rig *rig = *state;
        mitome_error error = { 0 };
        ask_login(&asked);
        uint64_t errand = begin(rig, &asked);
        struct phone_screen screen = await_prompt(rig, PHONE_FINGER, 0);
        assert_int_equal(phone_actor_reply(rig->actor, screen.prompt, true, (slice){ 0 }, &error).code,
                MITOME_E_ARGUMENT);
        error = (mitome_error){ 0 };
        assert_int_equal(
                phone_actor_reply(rig->actor, screen.prompt, false, (slice){ 0 }, &error).code, MITOME_OK);
        assert_int_equal(await_end(rig, errand), MITOME_OK);
        assert_int_equal(asked.response[0], OPERATION_DENIED);

        errand = begin(rig, &asked);
        await_prompt(rig, PHONE_FINGER, screen.prompt);
        assert_false(phone_actor_cancel(rig->actor, errand + 1));
        assert_true(phone_actor_cancel(rig->actor, errand));
        assert_int_equal(await_end(rig, errand), MITOME_OK);
        assert_int_equal(asked.response[0], KEEPALIVE_CANCEL);
        assert_false(asked.wants_pin);

        errand = begin(rig, &asked);
        screen = await_prompt(rig, PHONE_FINGER, screen.prompt + 1);
        assert_int_equal(phone_actor_pin_instead(rig->actor, screen.prompt, &error).code, MITOME_OK);
        assert_int_equal(await_end(rig, errand), MITOME_OK);
        assert_int_equal(asked.response[0], KEEPALIVE_CANCEL);
        assert_true(asked.wants_pin);
        error = (mitome_error){ 0 };
        assert_int_equal(
                phone_actor_pin_instead(rig->actor, screen.prompt, &error).code, MITOME_E_PHONE_PROMPT_OVER);
}

/* ---- one prompt, one decision ---- */

/* Lays the finger on again where it was taken for a copy of an earlier touch, which one in thousands is: the
 * sensor then asks by another prompt than the one that it was `laid` for. */
static mitome_code await_end_laying(struct rig *rig, uint64_t errand, unsigned laid)
{
        struct phone_screen screen = { 0 };
        for (int waited = 0; waited < PATIENCE_MS && screen.last_errand < errand; waited += TURN_MS) {
                phone_actor_screen(rig->actor, &screen);
                if (screen.state == PHONE_FINGER && screen.prompt > laid) {
                        laid = screen.prompt;
                        (void)phone_actor_touch(rig->actor, laid, INDEX, NULL).code;
                }
                pause_a_moment();
        }
        return await_end(rig, errand);
}

static void test_a_finger_for_one_request_answers_no_other_that_came_meanwhile(void **state)
{
        static const uint8_t image[] = "P5\n1 1\n255\n";
        static struct asked asked;
        struct rig *rig = *state;
        mitome_error error = { 0 };
        ask_login(&asked);
        uint64_t errand = begin(rig, &asked);
        const struct phone_screen seen = await_prompt(rig, PHONE_FINGER, 0);
        assert_true(
                phone_actor_cancel(rig->actor, errand)); /* by who asked: he wants the touch for another */
        assert_int_equal(await_end(rig, errand), MITOME_OK);
        errand = begin(rig, &asked);
        const struct phone_screen other = await_prompt(rig, PHONE_FINGER, seen.prompt);
        assert_int_equal(
                phone_actor_touch(rig->actor, seen.prompt, INDEX, &error).code, MITOME_E_PHONE_PROMPT_OVER);
        assert_int_equal(phone_actor_touch(rig->actor, 0, INDEX, &error).code, MITOME_E_PHONE_PROMPT_OVER);
        assert_int_equal(phone_actor_touch_image(rig->actor, seen.prompt, SLICE(image), &error).code,
                MITOME_E_PHONE_PROMPT_OVER);
        assert_int_equal(
                phone_actor_pin_instead(rig->actor, seen.prompt, &error).code, MITOME_E_PHONE_PROMPT_OVER);
        assert_int_equal(phone_actor_reply(rig->actor, seen.prompt, false, (slice){ 0 }, &error).code,
                MITOME_E_PHONE_PROMPT_OVER);
        struct phone_screen screen;
        phone_actor_screen(rig->actor, &screen);
        assert_int_equal(screen.state, PHONE_FINGER); /* it waits as before, for a finger of its own */
        assert_int_equal(screen.prompt, other.prompt);
        touch(rig, INDEX);
        assert_int_equal(await_end_laying(rig, errand, other.prompt), MITOME_OK);
        assert_int_equal(asked.response[0], CTAP_OK);
}

/* clientPIN's getUVRetries: how many fingers may yet be laid. */
static uint8_t finger_tries(struct rig *rig)
{
        static struct asked asked;
        asked = (struct asked){ 0 };
        writer w = WRITER(asked.request);
        write_u8(&w, 0x06);
        cbor_write_map(&w, 1);
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, 7);
        asked.request_size = w.used;
        assert_int_equal(await_end(rig, begin(rig, &asked)), MITOME_OK);
        assert_int_equal(asked.response[0], CTAP_OK);
        assert_int_equal(asked.response_size, 4); /* { 5: tries } */
        assert_int_equal(asked.response[1], 0xA1);
        assert_int_equal(asked.response[2], 0x05);
        return asked.response[3];
}

static mitome_status look_at_hand(struct phone_actor *actor, void *context, mitome_error *error)
{
        (void)error;
        *(bool *)context = phone_hand_awaited(actor->life.body.hand);
        return ok();
}

static void await_sensor(struct rig *rig)
{
        bool awaited = false;
        for (int waited = 0; !awaited && waited < PATIENCE_MS; waited += TURN_MS) {
                struct phone_job job = { .run = look_at_hand, .context = &awaited, .anytime = true };
                assert_int_equal(phone_actor_do(rig->actor, &job, NULL).code, MITOME_OK);
                pause_a_moment();
        }
        assert_true(awaited);
}

static void test_a_finger_that_was_laid_decides_and_the_pin_is_not_asked_for_as_well(void **state)
{
        static struct asked asked;
        struct rig *rig = *state;
        mitome_error error = { 0 };
        ask_login(&asked);
        const uint8_t tries = finger_tries(rig);
        const uint64_t errand = begin(rig, &asked);
        const struct phone_screen screen = await_prompt(rig, PHONE_FINGER, 0);
        await_sensor(rig);
        touch(rig, INDEX);
        assert_int_equal(
                phone_actor_pin_instead(rig->actor, screen.prompt, &error).code, MITOME_E_PHONE_PROMPT_OVER);
        assert_int_equal(phone_actor_reply(rig->actor, screen.prompt, false, (slice){ 0 }, &error).code,
                MITOME_E_PHONE_PROMPT_OVER);
        assert_int_equal(await_end_laying(rig, errand, screen.prompt), MITOME_OK);
        assert_int_equal(asked.response[0], CTAP_OK);
        assert_false(asked.wants_pin);
        assert_int_equal(finger_tries(rig), tries);
}

static void test_who_wants_the_pin_lays_no_finger_and_loses_no_try(void **state)
{
        static struct asked asked;
        struct rig *rig = *state;
        mitome_error error = { 0 };
        ask_login(&asked);
        const uint8_t tries = finger_tries(rig);
        const uint64_t errand = begin(rig, &asked);
        const struct phone_screen screen = await_prompt(rig, PHONE_FINGER, 0);
        await_sensor(rig);
        assert_int_equal(phone_actor_pin_instead(rig->actor, screen.prompt, &error).code, MITOME_OK);
        assert_int_not_equal(phone_actor_touch(rig->actor, screen.prompt, STRANGER, &error).code, MITOME_OK);
        assert_int_not_equal(phone_actor_pin_instead(rig->actor, screen.prompt, &error).code, MITOME_OK);
        assert_int_equal(await_end(rig, errand), MITOME_OK);
        assert_int_equal(asked.response[0], KEEPALIVE_CANCEL);
        assert_true(asked.wants_pin);
        assert_int_equal(finger_tries(rig), tries);
}

struct presser {
        struct rig *rig;
        unsigned prompt;
        mitome_code code;
};

static void *press_pin_instead(void *context)
{
        struct presser *presser = context;
        presser->code = phone_actor_pin_instead(presser->rig->actor, presser->prompt, NULL).code;
        return NULL;
}

/* Both at once: which of them is first is nobody's to say, but it is one. */
static void test_a_finger_and_the_pin_at_the_same_moment_are_one_decision(void **state)
{
        enum { ROUNDS = 8 };
        static struct asked asked;
        struct rig *rig = *state;
        const uint8_t tries = finger_tries(rig);
        for (int i = 0; i < ROUNDS; i++) {
                pthread_t thread;
                asked = (struct asked){ 0 };
                ask_login(&asked);
                const uint64_t errand = begin(rig, &asked);
                struct presser presser = { .rig = rig, .prompt = await_prompt(rig, PHONE_FINGER, 0).prompt };
                await_sensor(rig);
                assert_int_equal(pthread_create(&thread, NULL, press_pin_instead, &presser), 0);
                const mitome_code laid = phone_actor_touch(rig->actor, presser.prompt, INDEX, NULL).code;
                assert_int_equal(pthread_join(thread, NULL), 0);
                assert_int_equal(await_end_laying(rig, errand, presser.prompt), MITOME_OK);
                assert_true((laid == MITOME_OK) != (presser.code == MITOME_OK));
                assert_int_equal(asked.wants_pin, presser.code == MITOME_OK);
                assert_int_equal(asked.response[0], laid == MITOME_OK ? CTAP_OK : KEEPALIVE_CANCEL);
                assert_int_equal(finger_tries(rig), tries);
        }
}

static void test_neither_a_cancel_nor_a_no_costs_a_finger_try(void **state)
{
        static struct asked asked;
        struct rig *rig = *state;
        ask_login(&asked);
        const uint8_t tries = finger_tries(rig);
        uint64_t errand = begin(rig, &asked);
        struct phone_screen screen = await_prompt(rig, PHONE_FINGER, 0);
        await_sensor(rig);
        assert_true(phone_actor_cancel(rig->actor, errand));
        assert_int_equal(await_end(rig, errand), MITOME_OK);
        assert_int_equal(asked.response[0], KEEPALIVE_CANCEL);
        assert_int_equal(finger_tries(rig), tries);
        errand = begin(rig, &asked);
        screen = await_prompt(rig, PHONE_FINGER, screen.prompt);
        await_sensor(rig);
        assert_int_equal(
                phone_actor_reply(rig->actor, screen.prompt, false, (slice){ 0 }, NULL).code, MITOME_OK);
        assert_int_equal(await_end(rig, errand), MITOME_OK);
        assert_int_equal(asked.response[0], OPERATION_DENIED);
        assert_int_equal(finger_tries(rig), tries);
}

/* ---- another program of this machine, over CTAPHID ---- */

struct host {
        const char *target;
        mitome_code code;
        uint8_t response[RESPONSE_MAX];
        size_t size;
};

/* authenticatorSelection: "is it this device?" A yes costs the holder nothing. */
static void *select_device(void *context)
{
        static const uint8_t selection[] = { 0x0B };
        struct host *host = context;
        struct hid_host *hid = NULL;
        const struct mitome_random random = random_system();
        host->code = hid_host_open(host->target, &random, &hid, NULL).code;
        if (host->code == MITOME_OK)
                host->code = hid_host_exchange(
                        hid, SLICE(selection), host->response, sizeof host->response, &host->size, NULL)
                                     .code;
        hid_host_close(hid);
        return NULL;
}

static pthread_t begin_selection(struct rig *rig, struct host *host)
{
        pthread_t thread;
        *host = (struct host){ .target = rig->hid };
        assert_int_equal(pthread_create(&thread, NULL, select_device, host), 0);
        return thread;
}

static uint8_t end_selection(pthread_t thread, const struct host *host)
{
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(host->code, MITOME_OK);
        assert_int_equal(host->size, 1);
        return host->response[0];
}

static void test_a_yes_to_another_programs_selection_is_none_to_the_apps_question(void **state)
{
        static struct host host;
        struct rig *rig = *state;
        struct phone_model model;
        const uint64_t errand = wish(rig, PHONE_WISH_HOLD, (slice){ 0 }, "");
        struct phone_screen screen = await_prompt(rig, PHONE_QUESTION, 0);
        const pthread_t thread = begin_selection(rig, &host);
        screen = await_prompt(rig, PHONE_TOUCH, screen.prompt);
        assert_int_equal(await_end(rig, errand), MITOME_E_PHONE_DECLINED);
        reply(rig, &screen, "");
        assert_int_equal(end_selection(thread, &host), CTAP_OK);
        phone_actor_model(rig->actor, &model);
        for (unsigned kind = 1; kind <= REGISTER_KINDS; kind++)
                assert_int_equal(model.certificates[kind].status, REGISTER_GOOD);
}

static void test_the_apps_question_does_not_hide_what_another_program_asks(void **state)
{
        static struct host host;
        struct rig *rig = *state;
        mitome_error error = { 0 };
        const pthread_t thread = begin_selection(rig, &host);
        const struct phone_screen asked = await_prompt(rig, PHONE_TOUCH, 0);
        const uint64_t errand = wish(rig, PHONE_WISH_HOLD, (slice){ 0 }, "");
        struct phone_screen screen = await_prompt(rig, PHONE_TOUCH, 0);
        assert_int_equal(screen.errand, errand);
        assert_int_equal(screen.prompt, asked.prompt);
        assert_int_equal(screen.reason, asked.reason);
        assert_int_equal(
                phone_actor_reply(rig->actor, asked.prompt, false, (slice){ 0 }, &error).code, MITOME_OK);
        assert_int_equal(end_selection(thread, &host), OPERATION_DENIED);
        screen = await_prompt(rig, PHONE_QUESTION, asked.prompt);
        assert_int_equal(
                phone_actor_reply(rig->actor, screen.prompt, false, (slice){ 0 }, &error).code, MITOME_OK);
        assert_int_equal(await_end(rig, errand), MITOME_E_PHONE_DECLINED);
}

/* ---- signing ---- */

struct signs {
        slice document;
        struct phone_signature made;
};

static mitome_status sign(void *context, struct phone_actor *actor, mitome_error *error)
{
        struct signs *signs = context;
        return phone_actor_sign(actor, "https://localhost:8443", signs->document, &signs->made, error);
}

static mitome_code sign_with(struct rig *rig, struct signs *signs, const char *password)
{
        mitome_error error = { 0 };
        uint64_t number = 0;
        const struct phone_errand errand = { .name = "sign", .context = signs, .run = sign };
        assert_int_equal(phone_actor_begin(rig->actor, &errand, &number, &error).code, MITOME_OK);
        const struct phone_screen screen = await_prompt(rig, PHONE_QUESTION, 0);
        assert_int_equal(screen.question, PHONE_ASKS_PASSWORD);
        assert_string_equal(screen.text, "I apply for a certificate of residence.");
        reply(rig, &screen, password);
        return await_end(rig, number);
}

static void test_the_password_signs_what_is_shown_and_a_wrong_one_nothing(void **state)
{
        static struct signs signs;
        struct rig *rig = *state;
        signs.document = slice_text("I apply for a certificate of residence.");
        assert_int_equal(sign_with(rig, &signs, "WRONG999"), MITOME_E_SECRET_WRONG);
        assert_int_equal(signs.made.certificate_size, 0);
        assert_int_equal(sign_with(rig, &signs, PHONE_LIFE_PASSWORD), MITOME_OK);
        const unsigned char *at = signs.made.certificate;
        X509 *certificate = d2i_X509(NULL, &at, (long)signs.made.certificate_size);
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        assert_non_null(certificate);
        assert_int_equal(
                EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, X509_get0_pubkey(certificate)), 1);
        assert_int_equal(EVP_DigestVerify(context, signs.made.signature, sizeof signs.made.signature,
                                 signs.document.data, signs.document.size),
                1);
        EVP_MD_CTX_free(context);
        X509_free(certificate);
}

static void test_what_is_not_shown_as_it_is_is_not_signed(void **state)
{
        struct rig *rig = *state;
        static const struct {
                slice document;
                mitome_code code;
        } hiding[] = {
                { { (const uint8_t *)"I pay 1 yen\0 and my house", 25 }, MITOME_E_VALUE },
                { { (const uint8_t *)"\x08", 1 }, MITOME_E_VALUE },
                { { (const uint8_t *)"I pay 1 yen\r\n", 13 }, MITOME_E_VALUE },
                { { (const uint8_t *)"\x1B[8m", 4 }, MITOME_E_VALUE },
                { { (const uint8_t *)"\x7F", 1 }, MITOME_E_VALUE },
                { { (const uint8_t *)"\xC2\x85", 2 }, MITOME_E_VALUE },           /* U+0085 */
                { { (const uint8_t *)"1\xE2\x80\x8B", 4 }, MITOME_E_VALUE },      /* U+200B */
                { { (const uint8_t *)"\xE2\x80\xAE:yap I", 9 }, MITOME_E_VALUE }, /* U+202E */
                { { (const uint8_t *)"\xE2\x81\xA7", 3 }, MITOME_E_VALUE },       /* U+2067 */
                { { (const uint8_t *)"\xEF\xBB\xBF", 3 }, MITOME_E_VALUE },       /* U+FEFF */
                { { (const uint8_t *)"\xF3\xA0\x81\x81", 4 }, MITOME_E_VALUE },   /* U+E0041 */
                { { (const uint8_t *)"I pay \xFF", 7 }, MITOME_E_UTF8 },
                { { (const uint8_t *)"", 0 }, MITOME_E_TOO_LONG },
        };
        for (size_t i = 0; i < sizeof hiding / sizeof *hiding; i++) {
                struct phone_signature made = { 0 };
                mitome_error error = { 0 };
                mitome_status status = phone_actor_sign(
                        rig->actor, "https://localhost:8443", hiding[i].document, &made, &error);
                assert_int_equal(status.code, hiding[i].code);
                assert_int_equal(made.certificate_size, 0);
        }
}

static void test_the_developers_pane_shows_no_pin_and_no_password(void **state)
{
        struct rig *rig = *state;
        json_t *lines = phone_log_read(rig->actor->log, 0);
        char *text = json_dumps(lines, JSON_COMPACT);
        assert_true(json_array_size(lines) > 10);
        assert_non_null(strstr(text, "authenticator"));
        assert_non_null(strstr(text, "apdu-command"));
        assert_null(strstr(text, PHONE_LIFE_PASSWORD));
        assert_null(strstr(text, "50415353574f524431")); /* the same, in hexadecimal */
        assert_null(strstr(text, "50415353574F524431"));
        free(text);
        json_decref(lines);
}

/* ---- the end of certificates ---- */

static bool is_listed(const struct rig *rig, const struct phone_life_certificate *certificate)
{
        static uint8_t buffer[65536];
        char path[160];
        slice crl;
        mitome_error error = { 0 };
        snprintf(path, sizeof path, "%s/crl/user-verification.crl", rig->trust);
        assert_int_equal(small_file_read(path, "crl", buffer, sizeof buffer, &crl, &error).code, MITOME_OK);
        for (size_t i = 0; i + certificate->serial_size <= crl.size; i++)
                if (slice_equal(slice_of(crl.data + i, certificate->serial_size),
                            slice_of(certificate->serial, certificate->serial_size)))
                        return true;
        return false;
}

static struct phone_life_certificate certificate_of(struct rig *rig)
{
        struct phone_model model;
        phone_actor_model(rig->actor, &model);
        return model.certificates[REGISTER_USER_VERIFICATION];
}

static void test_a_hold_is_on_the_list_that_the_portal_reads_and_its_release_takes_it_off(void **state)
{
        struct rig *rig = *state;
        const struct phone_life_certificate certificate = certificate_of(rig);
        assert_false(is_listed(rig, &certificate));
        assert_int_equal(do_wish(rig, PHONE_WISH_HOLD, (slice){ 0 }, "", ""), MITOME_OK);
        assert_int_equal(certificate_of(rig).status, REGISTER_HOLD);
        assert_true(is_listed(rig, &certificate));
        assert_int_equal(do_wish(rig, PHONE_WISH_RELEASE, (slice){ 0 }, "", ""), MITOME_OK);
        assert_int_equal(certificate_of(rig).status, REGISTER_GOOD);
        assert_false(is_listed(rig, &certificate));
}

static void test_a_phone_that_was_switched_off_comes_back_as_it_was(void **state)
{
        struct rig *rig = *state;
        const struct phone_life_certificate before = certificate_of(rig);
        phone_actor_close(rig->actor);
        rig->actor = NULL;
        open_phone(rig);
        assert_int_equal(log_in_with(rig, INDEX), CTAP_OK);
        const struct phone_life_certificate after = certificate_of(rig);
        assert_memory_equal(before.serial, after.serial, before.serial_size);
}

static void test_a_revocation_is_listed_and_leaves_nothing_in_the_phone(void **state)
{
        struct rig *rig = *state;
        struct phone_model model;
        const struct phone_life_certificate certificate = certificate_of(rig);
        assert_int_equal(do_wish(rig, PHONE_WISH_REVOKE, (slice){ 0 }, "", ""), MITOME_OK);
        phone_actor_model(rig->actor, &model);
        assert_false(model.state.has_user_certificate || model.state.has_signing_certificate);
        assert_true(is_listed(rig, &certificate));
}

static mitome_code issue(struct rig *rig, const char *card_password)
{
        uint64_t errand = wish(rig, PHONE_WISH_ISSUE, (slice){ 0 }, "");
        const char *const secrets[] = { card_password, PHONE_LIFE_PIN, PHONE_LIFE_PASSWORD };
        struct phone_screen screen = { 0 };
        for (size_t i = 0; i < sizeof secrets / sizeof *secrets && screen.last_errand < errand; i++) {
                screen = await_prompt(rig, PHONE_QUESTION, screen.prompt);
                reply(rig, &screen, secrets[i]);
                if (card_password != secrets[0] || strcmp(card_password, PHONE_LIFE_CARD_PASSWORD) != 0)
                        break;
        }
        return await_end(rig, errand);
}

static void test_new_certificates_need_the_cards_password(void **state)
{
        struct rig *rig = *state;
        struct phone_model model;
        assert_int_equal(issue(rig, "WRONG999"), MITOME_E_SECRET_WRONG);
        phone_actor_model(rig->actor, &model);
        assert_false(model.state.has_user_certificate);
        assert_int_equal(issue(rig, PHONE_LIFE_CARD_PASSWORD), MITOME_OK);
        phone_actor_model(rig->actor, &model);
        assert_true(model.state.has_user_certificate && model.state.has_matcher);
        assert_int_equal(model.certificates[REGISTER_USER_VERIFICATION].status, REGISTER_GOOD);
}

static void test_erasing_leaves_neither_passkeys_nor_fingers(void **state)
{
        static struct asked asked;
        struct rig *rig = *state;
        struct phone_model model;
        assert_int_equal(do_wish(rig, PHONE_WISH_ERASE, (slice){ 0 }, "", ""), MITOME_OK);
        phone_actor_model(rig->actor, &model);
        assert_false(model.state.has_user_certificate || model.state.has_pin || model.state.has_matcher);
        assert_int_equal(model.state.credentials, 0);
        asked = (struct asked){ 0 };
        ask_login(&asked);
        assert_int_equal(await_end(rig, begin(rig, &asked)), MITOME_OK);
        assert_int_not_equal(asked.response[0], CTAP_OK);
}

static void test_a_phone_that_was_never_finished_is_not_taken_for_one(void **state)
{
        struct rig *rig = *state;
        char ready[128];
        mitome_error error = { 0 };
        struct phone_actor *actor = NULL;
        const struct phone_life_config config = { .folder = rig->folder,
                .program = getenv("MITOME_PROGRAM"),
                .matcher = getenv("MITOME_MATCHER"),
                .clock = { .now = read_clock },
                .random = random_system() };
        phone_actor_close(rig->actor);
        rig->actor = NULL;
        snprintf(ready, sizeof ready, "%s/ready", rig->folder);
        assert_int_equal(remove(ready), 0);
        assert_int_equal(phone_actor_open(&config, NULL, &actor, &error).code, MITOME_E_PHONE_UNFINISHED);
        assert_null(actor);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_new_phone_has_certificates_and_two_fingers),
                cmocka_unit_test(test_the_right_finger_registers_and_logs_in),
                cmocka_unit_test(test_a_strangers_finger_is_not_recognised_and_the_holders_is),
                cmocka_unit_test(test_nobody_logs_in_with_a_strangers_finger),
                cmocka_unit_test(test_a_finger_that_nobody_asked_for_is_refused),
                cmocka_unit_test(test_a_wrong_pin_shows_no_finger_and_the_right_one_does),
                cmocka_unit_test(test_a_finger_is_added_renamed_and_removed),
                cmocka_unit_test(test_an_answer_to_an_earlier_question_is_refused),
                cmocka_unit_test(test_the_holder_declines_cancels_or_wants_the_pin),
                cmocka_unit_test(test_a_finger_for_one_request_answers_no_other_that_came_meanwhile),
                cmocka_unit_test(test_a_finger_that_was_laid_decides_and_the_pin_is_not_asked_for_as_well),
                cmocka_unit_test(test_who_wants_the_pin_lays_no_finger_and_loses_no_try),
                cmocka_unit_test(test_a_finger_and_the_pin_at_the_same_moment_are_one_decision),
                cmocka_unit_test(test_neither_a_cancel_nor_a_no_costs_a_finger_try),
                cmocka_unit_test(test_a_yes_to_another_programs_selection_is_none_to_the_apps_question),
                cmocka_unit_test(test_the_apps_question_does_not_hide_what_another_program_asks),
                cmocka_unit_test(test_the_password_signs_what_is_shown_and_a_wrong_one_nothing),
                cmocka_unit_test(test_what_is_not_shown_as_it_is_is_not_signed),
                cmocka_unit_test(test_the_developers_pane_shows_no_pin_and_no_password),
                cmocka_unit_test(
                        test_a_hold_is_on_the_list_that_the_portal_reads_and_its_release_takes_it_off),
                cmocka_unit_test(test_a_phone_that_was_switched_off_comes_back_as_it_was),
                cmocka_unit_test(test_a_revocation_is_listed_and_leaves_nothing_in_the_phone),
                cmocka_unit_test(test_new_certificates_need_the_cards_password),
                cmocka_unit_test(test_erasing_leaves_neither_passkeys_nor_fingers),
                cmocka_unit_test(test_a_phone_that_was_never_finished_is_not_taken_for_one),
        };
        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
