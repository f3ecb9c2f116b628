/* SPDX-License-Identifier: Apache-2.0 */

/* What somebody tries who sits between matcher and element, or who is the matcher: each test is named after
 * the attack. The matcher is played by whoever knows the pairing key, so that what is refused here is refused
 * for its own reason and not for a wrong MAC. */

#include "element_internal.h"
#include "element_rig.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define assert_sw(call, wanted) assert_int_equal((call), (wanted))

enum { MAKE = 0x01, GET = 0x02, TOKEN = 0x06, BIO = 0x09, BUILT_IN = 0x03, ES256 = 0x07 };
enum { PAIRED = 0x04, FINGER_OPEN = 0x08, DISCOVERABLE = 0x01, BE = 0x08, GA = 0x02 };
static const uint32_t confirm = 0x802A0000, abandon = 0x802E0000, get_state = 0x80100000, reset = 0x80180000,
                      pair = 0x80320000, set_pin = 0x80340000;
static const char rp_id[] = "portal.example.jp", other_rp_id[] = "shop.example";
static const slice nothing = { 0 };
static const uint8_t thumb[16] = { 0x71 };

static struct element_rig stencil;

static void give_pin(struct element_rig *rig)
{
        uint8_t bytes[16];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, slice_text(ELEMENT_RIG_PIN));
        assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, set_pin, writer_view(&w)), SW_OK);
}

/* A plain authenticator with a PIN, a strong matcher, one finger, and a credential. */
static int make_stencil(void **state)
{
        (void)state;
        uint8_t id[ELEMENT_RIG_ID_SIZE];
        element_rig_open(&stencil);
        element_rig_store_batch_key(&stencil);
        give_pin(&stencil);
        element_rig_pair(&stencil, NULL);
        assert_sw(element_rig_enrol(&stencil, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_register(&stencil, rp_id, DISCOVERABLE, id), SW_OK);
        return 0;
}

static int drop_stencil(void **state)
{
        (void)state;
        element_rig_close(&stencil);
        return 0;
}

static int set_up(void **state)
{
        struct element_rig *rig = calloc(1, sizeof *rig);
        if (!rig)
                return -1;
        element_rig_clone(&stencil, rig);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        element_rig_close(*state);
        free(*state);
        return 0;
}

/* ---- what both sides do ---- */

static struct element_rig_operation login(void)
{
        return (struct element_rig_operation){
                .command = GET, .rp_id = rp_id, .client_data_hash = { 0xCD }, .options = BUILT_IN
        };
}

static void begin_sealed(
        struct element_rig *rig, struct element_rig_operation *operation, uint8_t ret[UNLOCK_TOKEN_SIZE])
{
        assert_sw(element_rig_begin(rig, operation), SW_OK);
        element_rig_seal(rig, operation, UNLOCK_VERIFIED, ret);
}

/* What the holder of the pairing key can: a MAC over whatever it likes. */
static void seal_anew(const struct element_rig *rig, uint8_t token[UNLOCK_TOKEN_SIZE])
{
        const slice part = slice_of(token, UNLOCK_TOKEN_SIZE - SHA256_SIZE);
        hmac_sha256(secret_view(&rig->pairing_key), &part, 1, token + UNLOCK_TOKEN_SIZE - SHA256_SIZE);
}

static uint16_t log_in_with(struct element_rig *rig, const uint8_t token[UNLOCK_TOKEN_SIZE])
{
        return element_rig_get(rig, slice_of(token, UNLOCK_TOKEN_SIZE), 0, nothing);
}

static uint16_t send_token(struct element_rig *rig, uint32_t head, const uint8_t token[UNLOCK_TOKEN_SIZE])
{
        uint8_t bytes[UNLOCK_TOKEN_SIZE + 2];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, slice_of(token, UNLOCK_TOKEN_SIZE));
        return element_rig_command(rig, head, writer_view(&w));
}

static void enter_pin(struct element_rig *rig)
{
        SECRET(token);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_OK);
}

static void pair_as(struct element_rig *rig, uint8_t class, uint8_t modality)
{
        rig->matcher_chosen = true;
        rig->matcher_class = class;
        rig->matcher_modality = modality;
        element_rig_pair(rig, NULL);
}

/* GET STATE's 8D; empty: no matcher. */
static slice matcher_of(struct element_rig *rig)
{
        slice value;
        assert_sw(element_rig_command(rig, get_state, nothing), SW_OK);
        assert_false(failed(tlv_find_optional(rig->data, 0x8D, "matcher", &value, NULL)));
        return value;
}

static void expect_matcher(struct element_rig *rig, uint8_t class, uint8_t modality)
{
        const uint8_t wanted[] = { class, modality };
        assert_true(slice_equal(matcher_of(rig), SLICE(wanted)));
}

/* ---- tokens ---- */

static void replay_of_a_token(void **state)
{
        struct element_rig *rig = *state;
        uint8_t token[UNLOCK_TOKEN_SIZE];
        struct element_rig_operation operation = login();
        begin_sealed(rig, &operation, token);
        assert_sw(log_in_with(rig, token), SW_OK);
        assert_sw(log_in_with(rig, token), SW_CONDITIONS); /* nothing is open */
        for (int i = 0; i < 3; i++) {                      /* nor is it good for what is open now */
                struct element_rig_operation next = login();
                if (i == 2) {
                        element_rig_cycle(rig);
                        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
                }
                assert_sw(element_rig_begin(rig, &next), SW_OK);
                assert_sw(log_in_with(rig, token), SW_TOKEN_CHALLENGE);
        }
        assert_int_equal(element_rig_state(rig).uv_tries, 2); /* each cost a try */
}

static void each_bit_of_a_token_flipped(void **state)
{
        struct element_rig *rig = *state;
        uint8_t token[UNLOCK_TOKEN_SIZE];
        for (size_t bit = 0; bit < 8 * UNLOCK_TOKEN_SIZE; bit++) {
                struct element_rig_operation operation = login();
                if (bit % 4 == 0)
                        enter_pin(rig); /* the tries are full again */
                begin_sealed(rig, &operation, token);
                token[bit / 8] ^= (uint8_t)(1 << bit % 8);
                assert_sw(log_in_with(rig, token), SW_TOKEN_MAC);
                assert_int_equal(rig->data.size, 0);
        }
}

/* By the matcher itself: with a right MAC only the right bits open. What stands in version, purpose, modality
 * and the reserved byte is its form, then come challenge, digest and set. */
static void each_bit_of_a_token_flipped_by_the_helper(void **state)
{
        struct element_rig *rig = *state;
        uint8_t token[UNLOCK_TOKEN_SIZE];
        for (size_t bit = 0; bit < 8 * (UNLOCK_TOKEN_SIZE - SHA256_SIZE); bit++) {
                struct element_rig_operation operation = login();
                size_t at = bit / 8;
                if (bit % 4 == 0 || at >= 4 + 64) /* another set closes the path at once */
                        enter_pin(rig);
                begin_sealed(rig, &operation, token);
                token[at] ^= (uint8_t)(1 << bit % 8);
                seal_anew(rig, token);
                assert_sw(log_in_with(rig, token), at < 4        ? SW_TOKEN_FORM
                                                   : at < 4 + 32 ? SW_TOKEN_CHALLENGE
                                                   : at < 4 + 64 ? SW_TOKEN_OPERATION
                                                                 : SW_TOKEN_SET);
        }
}

static void wrong_purpose(void **state)
{
        struct element_rig *rig = *state;
        static const enum unlock_purpose others[] = { UNLOCK_ENROLLED, UNLOCK_ABSENT, UNLOCK_REMOVED };
        uint8_t token[UNLOCK_TOKEN_SIZE];
        for (size_t i = 0; i < 3; i++) {
                struct element_rig_operation operation = login();
                assert_sw(element_rig_begin(rig, &operation), SW_OK);
                element_rig_seal(rig, &operation, others[i], token);
                assert_sw(log_in_with(rig, token), SW_TOKEN_FORM);
        }
        assert_int_equal(element_rig_state(rig).uv_tries, 2);
        struct element_rig_operation operation = login();
        begin_sealed(rig, &operation, token); /* a finger was there: nothing is given back */
        assert_sw(send_token(rig, abandon, token), SW_TOKEN_FORM);
        assert_int_equal(element_rig_state(rig).uv_tries, 1);
}

/* The matcher took a finger out, and its word for that is shown as if the finger had opened something. */
static void token_of_a_removal_as_verified(void **state)
{
        struct element_rig *rig = *state;
        uint8_t token[UNLOCK_TOKEN_SIZE];
        SECRET(pin_token);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &pin_token), SW_OK);
        struct element_rig_operation removal = { .command = BIO, .pin = &pin_token, .removes = SLICE(thumb) };
        assert_sw(element_rig_begin(rig, &removal), SW_OK);
        element_rig_seal(rig, &removal, UNLOCK_REMOVED, token);
        assert_sw(log_in_with(rig, token), SW_CONDITIONS); /* what is open is the removal */
        struct element_rig_operation operation = login();
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_sw(log_in_with(rig, token), SW_TOKEN_FORM);
        /* the other way round: what verified a login removes nothing */
        begin_sealed(rig, &operation, token);
        assert_sw(send_token(rig, confirm, token), SW_CONDITIONS);
        assert_sw(element_rig_begin(rig, &removal), SW_OK);
        element_rig_seal(rig, &removal, UNLOCK_VERIFIED, token);
        assert_sw(send_token(rig, confirm, token), SW_TOKEN_FORM);
        assert_int_equal(element_rig_state(rig).flags & FINGER_OPEN, FINGER_OPEN);
}

static void wrong_challenge(void **state)
{
        struct element_rig *rig = *state;
        uint8_t token[UNLOCK_TOKEN_SIZE];
        struct element_rig_operation operation = login(), guessed = login();
        begin_sealed(rig, &guessed, token); /* given up */
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_sw(log_in_with(rig, token), SW_TOKEN_CHALLENGE);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        memset(guessed.challenge, 0, sizeof guessed.challenge);
        element_rig_seal(rig, &guessed, UNLOCK_VERIFIED, token);
        assert_sw(log_in_with(rig, token), SW_TOKEN_CHALLENGE);
}

static void token_for_another_element(void **state)
{
        struct element_rig *rig = *state, *other = calloc(1, sizeof *other), *twin = calloc(1, sizeof *twin);
        uint8_t token[UNLOCK_TOKEN_SIZE];
        assert_non_null(other);
        assert_non_null(twin);
        element_rig_clone(&stencil, other);
        element_rig_pair(other, NULL); /* with another matcher, or the same: the key is another one */
        assert_sw(element_rig_enrol(other, ELEMENT_RIG_PIN), SW_OK);
        struct element_rig_operation operation = login();
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        element_rig_seal(other, &operation, UNLOCK_VERIFIED, token);
        assert_sw(log_in_with(rig, token), SW_TOKEN_MAC);
        /* even a copy of the whole element asks another thing */
        element_rig_clone(rig, twin);
        assert_sw(element_rig_select(twin, element_rig_fido), SW_OK);
        twin->drawn = rig->drawn + 1000; /* its random numbers are its own */
        struct element_rig_operation there = login();
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        begin_sealed(twin, &there, token);
        assert_sw(log_in_with(rig, token), SW_TOKEN_CHALLENGE);
        element_rig_close(other);
        element_rig_close(twin);
        free(other);
        free(twin);
}

/* The matcher's state of before is put back: its fingers were those of another set. */
static void token_after_re_enrolment(void **state)
{
        struct element_rig *rig = *state;
        uint8_t token[UNLOCK_TOKEN_SIZE], former[UNLOCK_SET_SIZE];
        memcpy(former, rig->set, sizeof former);
        assert_sw(element_rig_enrol(rig, ELEMENT_RIG_PIN), SW_OK);
        assert_memory_not_equal(former, rig->set, sizeof former);
        struct element_rig_operation operation = login();
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        memcpy(rig->set, former, sizeof former);
        element_rig_seal(rig, &operation, UNLOCK_VERIFIED, token);
        assert_sw(log_in_with(rig, token), SW_TOKEN_SET);
}

static void two_signatures_from_one_token(void **state)
{
        struct element_rig *rig = *state;
        uint8_t token[UNLOCK_TOKEN_SIZE];
        struct element_rig_operation operation = login();
        begin_sealed(rig, &operation, token);
        assert_sw(log_in_with(rig, token), SW_OK);
        assert_sw(log_in_with(rig, token), SW_CONDITIONS);
        assert_sw(element_rig_command(rig, 0x80220000, nothing), SW_CONDITIONS); /* NEXT ASSERTION: of one */
        struct element_rig_operation registration = login();
        registration.command = MAKE;
        begin_sealed(rig, &registration, token);
        assert_sw(element_rig_make(
                          rig, &registration, SLICE(token), DISCOVERABLE, ES256, slice_text("one"), nothing),
                SW_OK);
        assert_sw(element_rig_make(
                          rig, &registration, SLICE(token), DISCOVERABLE, ES256, slice_text("two"), nothing),
                SW_CONDITIONS);
}

static void order_of_tokens_swapped_between_two_requests(void **state)
{
        struct element_rig *rig = *state;
        uint8_t first[UNLOCK_TOKEN_SIZE], second[UNLOCK_TOKEN_SIZE];
        struct element_rig_operation one = login(), two = login();
        two.rp_id = other_rp_id;
        begin_sealed(rig, &one, first);
        begin_sealed(rig, &two, second);
        assert_sw(log_in_with(rig, first), SW_TOKEN_CHALLENGE); /* the finger was for the other website */
        begin_sealed(rig, &two, second);
        begin_sealed(rig, &one, first);
        assert_sw(log_in_with(rig, second), SW_TOKEN_CHALLENGE);
        /* and with the matcher's help: its digest is of what it was shown */
        assert_sw(element_rig_begin(rig, &two), SW_OK);
        memcpy(one.challenge, two.challenge, sizeof one.challenge);
        element_rig_seal(rig, &one, UNLOCK_VERIFIED, first);
        assert_sw(log_in_with(rig, first), SW_TOKEN_OPERATION);
}

/* The process ends after the finger matched, and another one is asked with what is left of the request. */
static void helper_killed_between_match_and_token(void **state)
{
        struct element_rig *rig = *state;
        uint8_t token[UNLOCK_TOKEN_SIZE];
        struct element_rig_operation operation = login();
        begin_sealed(rig, &operation, token); /* it matched, and was ended before it could say so */
        assert_sw(element_rig_command(rig, abandon, nothing), SW_OK);
        assert_int_equal(element_rig_state(rig).uv_tries, 4); /* nobody vouches that nothing was compared */
        assert_sw(log_in_with(rig, token), SW_CONDITIONS);    /* and the token comes too late */
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_sw(log_in_with(rig, token), SW_TOKEN_CHALLENGE);
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_OK);
}

/* ---- the tries ---- */

static void a_sixth_try_by_restart(void **state)
{
        struct element_rig *rig = *state;
        struct element_rig_operation operation = login();
        enter_pin(rig);
        for (uint8_t left = 5; left-- > 0;) {
                assert_sw(element_rig_begin(rig, &operation), SW_OK);
                element_rig_cycle(rig);
                assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
                assert_int_equal(element_rig_state(rig).uv_tries, left);
        }
        for (int i = 0; i < 3; i++) {
                assert_sw(element_rig_begin(rig, &operation), SW_BLOCKED);
                element_rig_cycle(rig);
                assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        }
        assert_int_equal(element_rig_state(rig).flags & FINGER_OPEN, 0);
        enter_pin(rig);
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_OK);
}

static void a_fourth_try_of_a_weak_matcher(void **state)
{
        struct element_rig *rig = *state;
        uint8_t token[UNLOCK_TOKEN_SIZE];
        struct element_rig_operation operation = login();
        for (int class = MATCHER_SCRIPTED; class <= MATCHER_WEAK; class ++) {
                pair_as(rig, (uint8_t) class, UNLOCK_FINGER);
                assert_int_equal(element_rig_state(rig).uv_tries, 3); /* five were left */
                assert_sw(element_rig_enrol(rig, ELEMENT_RIG_PIN), SW_OK);
                assert_int_equal(element_rig_state(rig).uv_tries, 3);
                begin_sealed(rig, &operation, token);
                assert_int_equal(element_rig_state(rig).uv_tries, 2);
                assert_sw(log_in_with(rig, token), SW_OK);
                assert_int_equal(element_rig_state(rig).uv_tries, 3); /* full by a match */
                assert_sw(element_rig_begin(rig, &operation), SW_OK);
                element_rig_seal(rig, &operation, UNLOCK_ABSENT, token);
                assert_sw(send_token(rig, abandon, token), SW_OK);
                assert_int_equal(element_rig_state(rig).uv_tries, 3); /* refunded, and no more */
                for (int i = 0; i < 3; i++)
                        assert_sw(element_rig_begin(rig, &operation), SW_OK);
                assert_sw(element_rig_begin(rig, &operation), SW_BLOCKED);
                enter_pin(rig);
                assert_int_equal(element_rig_state(rig).uv_tries, 3);
        }
        pair_as(rig, MATCHER_STRONG, UNLOCK_FINGER);
        assert_int_equal(element_rig_state(rig).uv_tries, 3); /* a better matcher wins no try */
        enter_pin(rig);
        assert_int_equal(element_rig_state(rig).uv_tries, 5);
}

/* ---- what a matcher says of itself ---- */

static void helper_that_lies_about_its_modality(void **state)
{
        struct element_rig *rig = *state;
        uint8_t token[UNLOCK_TOKEN_SIZE];
        for (int paired = UNLOCK_FINGER; paired <= UNLOCK_IRIS; paired++) {
                pair_as(rig, MATCHER_STRONG, (uint8_t)paired);
                assert_sw(element_rig_enrol(rig, ELEMENT_RIG_PIN), SW_OK);
                for (int said = UNLOCK_FINGER; said <= UNLOCK_IRIS; said++) {
                        struct element_rig_operation operation = login();
                        rig->matcher_modality = (uint8_t)said;
                        begin_sealed(rig, &operation, token);
                        assert_sw(log_in_with(rig, token), said == paired ? SW_OK : SW_TOKEN_FORM);
                        assert_sw(element_rig_begin(rig, &operation), SW_OK);
                        element_rig_seal(rig, &operation, UNLOCK_ABSENT, token);
                        assert_sw(send_token(rig, abandon, token), said == paired ? SW_OK : SW_TOKEN_FORM);
                        expect_matcher(rig, MATCHER_STRONG, (uint8_t)paired);
                        enter_pin(rig);
                }
                rig->matcher_modality = paired == UNLOCK_FACE ? UNLOCK_FINGER : UNLOCK_FACE;
                assert_sw(element_rig_enrol(rig, ELEMENT_RIG_PIN), SW_TOKEN_FORM);
        }
}

/* There is no place in a token for a class. Whatever it puts into the byte that is reserved, or into another
 * version, changes neither its tries nor what the element thinks of it. */
static void helper_that_lies_about_its_class(void **state)
{
        struct element_rig *rig = *state;
        uint8_t token[UNLOCK_TOKEN_SIZE];
        pair_as(rig, MATCHER_WEAK, UNLOCK_FINGER);
        assert_sw(element_rig_enrol(rig, ELEMENT_RIG_PIN), SW_OK);
        for (int class = MATCHER_CONVENIENCE; class <= MATCHER_STRONG; class ++) {
                struct element_rig_operation operation = login();
                begin_sealed(rig, &operation, token);
                token[3] = (uint8_t) class;
                seal_anew(rig, token);
                assert_sw(log_in_with(rig, token), SW_TOKEN_FORM);
        }
        assert_int_equal(element_rig_state(rig).uv_tries, 0);
        expect_matcher(rig, MATCHER_WEAK, UNLOCK_FINGER);
        enter_pin(rig);
        assert_int_equal(element_rig_state(rig).uv_tries, 3);
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_OK);
        expect_matcher(rig, MATCHER_WEAK, UNLOCK_FINGER);
}

/* ---- the set ---- */

static void enrolment_without_pin(void **state)
{
        struct element_rig *rig = *state;
        uint8_t token[UNLOCK_TOKEN_SIZE], former[UNLOCK_SET_SIZE];
        memcpy(former, rig->set, sizeof former);
        struct element_rig_operation enrolment = { .command = BIO };
        assert_sw(element_rig_begin(rig, &enrolment), SW_SECURITY_STATUS);
        element_rig_seal(rig, &enrolment, UNLOCK_ENROLLED, token); /* without being asked */
        assert_sw(send_token(rig, confirm, token), SW_CONDITIONS);
        struct secret forged = { .size = 32 }; /* a token that the element never gave */
        enrolment.pin = &forged;
        assert_sw(element_rig_begin(rig, &enrolment), SW_SECURITY_STATUS);
        /* nor by a finger: it gives no token for enrolments */
        struct element_rig_operation by_finger = {
                .command = TOKEN, .rp_id = rp_id, .options = 0x02, .permissions = BE | GA
        };
        assert_sw(element_rig_begin(rig, &by_finger), SW_FUNCTION_UNSUPPORTED);
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_OK);
        /* and what the matcher has added by itself opens nothing, nor do the fingers of before from then on
         */
        rig->set[0]++;
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_TOKEN_SET);
        memcpy(rig->set, former, sizeof former);
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_UNUSABLE);
}

static void removal_of_all_fingers(void **state)
{
        struct element_rig *rig = *state;
        uint8_t token[UNLOCK_TOKEN_SIZE], former[UNLOCK_SET_SIZE];
        memcpy(former, rig->set, sizeof former);
        struct element_rig_operation removal = { .command = BIO, .removes = SLICE(thumb) };
        assert_sw(element_rig_begin(rig, &removal), SW_SECURITY_STATUS); /* nobody asked for it */
        memset(rig->set, 0, sizeof rig->set);
        element_rig_seal(rig, &removal, UNLOCK_REMOVED, token);
        assert_sw(send_token(rig, confirm, token), SW_CONDITIONS);
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_TOKEN_SET); /* a set of none opens nothing */
        /* by PIN it is done, and then no set is confirmed, neither that of zeros nor the former one */
        SECRET(pin_token);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &pin_token), SW_OK);
        removal.pin = &pin_token;
        assert_sw(element_rig_begin(rig, &removal), SW_OK);
        element_rig_seal(rig, &removal, UNLOCK_REMOVED, token);
        assert_sw(send_token(rig, confirm, token), SW_OK);
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_UNUSABLE);
        memcpy(rig->set, former, sizeof former);
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_UNUSABLE);
}

/* "a new, removed or replaced finger changes the enrolment-set id; the element then refuses the finger path
 * until its PIN has been given": it says so, takes no further try, and knows it after a restart. */
static void set_changed_from_elsewhere(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        uint8_t former[UNLOCK_SET_SIZE];
        memcpy(former, rig->set, sizeof former);
        rig->set[7] ^= 0x20;
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_TOKEN_SET);
        for (int i = 0; i < 10; i++)
                assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_UNUSABLE);
        element_rig_cycle(rig);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_false(element_rig_state(rig).flags & FINGER_OPEN);
        assert_int_equal(element_rig_state(rig).uv_tries, 4);
        assert_true((element_rig_pin_token(rig, "0000", &token) & 0xFFF0) == SW_TRIES_LEFT);
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_UNUSABLE);
        enter_pin(rig);
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_OK);
        /* the fingers of before are another set now */
        memcpy(rig->set, former, sizeof former);
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_TOKEN_SET);
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_UNUSABLE);
        assert_sw(element_rig_enrol(rig, ELEMENT_RIG_PIN), SW_OK); /* by PIN as well */
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_OK);
}

/* No PIN makes a set of none one that opens. */
static void set_of_zeros_is_never_confirmed(void **state)
{
        struct element_rig *rig = *state;
        memset(rig->set, 0, sizeof rig->set);
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_TOKEN_SET);
        enter_pin(rig);
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_TOKEN_SET);
}

/* ---- pairing ---- */

static uint16_t send_pair(struct element_rig *rig, slice point, int class, int modality)
{
        uint8_t bytes[80];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, point);
        if (class >= 0)
                tlv_write_u8(&w, 0x81, (uint8_t) class);
        if (modality >= 0)
                tlv_write_u8(&w, 0x82, (uint8_t)modality);
        return element_rig_secured(rig, pair, writer_view(&w));
}

static void pairing_without_a_class(void **state)
{
        struct element_rig *rig = *state;
        static const struct {
                int class, modality;
                uint16_t sw;
        } cases[] = { { -1, -1, SW_WRONG_DATA }, { 3, -1, SW_WRONG_DATA }, { -1, 1, SW_WRONG_DATA },
                { 4, 1, SW_WRONG_DATA }, { 255, 1, SW_WRONG_DATA }, { 3, 0, SW_WRONG_DATA },
                { 3, 4, SW_WRONG_DATA }, { 3, 255, SW_WRONG_DATA }, { 3, 1, SW_OK }, { 0, 3, SW_OK } };
        const slice point = SLICE(rig->batch_point);
        assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
                assert_sw(send_pair(rig, point, cases[i].class, cases[i].modality), cases[i].sw);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        expect_matcher(rig, MATCHER_STRONG, UNLOCK_FINGER); /* nothing was confirmed */
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_OK);
}

/* A state of before there were classes: nobody has said what its matcher is. */
static void pairing_of_before_there_were_classes(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t bad[][3] = { { 0 }, { 3 }, { 4, 1 }, { 3, 0 }, { 3, 4 }, { 3, 1, 0 } };
        static const size_t sizes[] = { 0, 1, 2, 2, 2, 3 };
        struct element_rig_operation operation = login();
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
                element_rig_off(rig);
                element_rig_store(rig, OBJECT_PAIRING_FACTS, slice_of(bad[i], sizes[i]));
                element_rig_open(rig);
                assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
                assert_int_equal(element_rig_state(rig).flags & (PAIRED | FINGER_OPEN), 0);
                assert_int_equal(matcher_of(rig).size, 0);
                assert_sw(element_rig_begin(rig, &operation), SW_UNUSABLE);
                assert_sw(element_rig_enrol(rig, ELEMENT_RIG_PIN), SW_UNUSABLE);
        }
        element_rig_pair(rig, NULL);
        expect_matcher(rig, MATCHER_STRONG, UNLOCK_FINGER);
        assert_sw(element_rig_begin(rig, &operation), SW_UNUSABLE); /* no finger of it is confirmed */
        assert_sw(element_rig_enrol(rig, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_OK);
}

/* "Only where no person's certificate is" */
static void untested_matcher_before_a_persons_certificate(void **state)
{
        struct element_rig *rig = *state;
        for (int class = MATCHER_SCRIPTED; class <= MATCHER_CONVENIENCE; class ++) {
                pair_as(rig, (uint8_t) class, UNLOCK_FINGER);
                assert_sw(element_rig_enrol(rig, ELEMENT_RIG_PIN), SW_OK);
                assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_OK);
        }
        element_rig_generate(rig, 0x97);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        expect_matcher(rig, MATCHER_CONVENIENCE, UNLOCK_FINGER); /* no certificate yet */
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        element_rig_certify(rig, 0x000A, 1300);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_int_equal(matcher_of(rig).size, 0);
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_UNUSABLE);
        assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
        for (int class = MATCHER_SCRIPTED; class <= MATCHER_STRONG; class ++)
                assert_sw(send_pair(rig, SLICE(rig->batch_point), class, UNLOCK_FINGER),
                        class < MATCHER_WEAK ? SW_CONDITIONS : SW_OK);
        pair_as(rig, MATCHER_WEAK, UNLOCK_FINGER);
        assert_sw(element_rig_enrol(rig, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_OK);
        /* renewed, the certificate leaves a tested matcher alone */
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        element_rig_certify(rig, 0x000A, 1301);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        expect_matcher(rig, MATCHER_WEAK, UNLOCK_FINGER);
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_OK);
}

/* ---- the element's word on its PIN ---- */

static struct unlock_entry said_with(
        struct element_rig *rig, const struct element_rig_operation *operation, enum unlock_purpose purpose)
{
        struct unlock_entry said = { 0 };
        mitome_status status = unlock_entry_open(SLICE(operation->entry), purpose,
                SLICE(operation->challenge), secret_view(&rig->pairing_key), &said, NULL);
        assert_int_equal(status.code, MITOME_OK);
        return said;
}

static uint32_t entries_of(struct element_rig *rig, const struct element_rig_operation *operation)
{
        return said_with(rig, operation, operation->command == BIO ? UNLOCK_ENROLLED : UNLOCK_VERIFIED)
                .entered;
}

static uint32_t entries(struct element_rig *rig)
{
        struct element_rig_operation operation = login();
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        uint32_t count = entries_of(rig, &operation);
        assert_sw(element_rig_command(rig, abandon, nothing), SW_OK);
        return count;
}

static void pin_entries_are_counted(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        uint32_t before = entries(rig);
        assert_true(before > 0); /* the set was confirmed by it */
        assert_sw(element_rig_pin_token(rig, "9999", &token), SW_TRIES_LEFT | 7);
        assert_int_equal(entries(rig), before);
        enter_pin(rig);
        assert_int_equal(entries(rig), before + 1);
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_OK); /* a finger is no PIN */
        assert_int_equal(entries(rig), before + 1);
        element_rig_cycle(rig);
        assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
        assert_sw(element_rig_select_file(rig, 0x0018), SW_OK);
        assert_sw(element_rig_command(rig, 0x00200080, slice_text(ELEMENT_RIG_PIN)), SW_OK);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_int_equal(entries(rig), before + 2); /* by whichever path */
        struct element_rig_operation enrolment = { .command = BIO, .pin = &token };
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_OK);
        assert_sw(element_rig_begin(rig, &enrolment), SW_OK);
        assert_int_equal(entries_of(rig, &enrolment), before + 3);
        struct element_rig_operation by_touch = login();
        by_touch.options = 0x01;
        assert_sw(element_rig_begin(rig, &by_touch), SW_OK);
        assert_int_equal(rig->data.size, 0); /* no challenge, no word */
}

/* Whoever erases the element does not turn its matcher's clock back. */
static void a_reset_takes_no_entry_back(void **state)
{
        struct element_rig *rig = *state;
        uint32_t before = entries(rig);
        assert_sw(element_rig_command(rig, reset, slice_text("\x85\x01\x02")), SW_OK);
        assert_int_equal(matcher_of(rig).size, 0);
        give_pin(rig);
        element_rig_pair(rig, NULL);
        assert_sw(element_rig_enrol(rig, ELEMENT_RIG_PIN), SW_OK);
        assert_int_equal(entries(rig), before + 1);
}

static mitome_code hear(struct element_rig *rig, slice entry, enum unlock_purpose purpose,
        const struct element_rig_operation *operation)
{
        struct unlock_entry said;
        return unlock_entry_open(
                entry, purpose, SLICE(operation->challenge), secret_view(&rig->pairing_key), &said, NULL)
                .code;
}

/* The core would like the PIN to have been entered: an older word, another element's, a higher count. */
static void forged_word_of_a_pin(void **state)
{
        struct element_rig *rig = *state;
        struct element_rig_operation former = login(), now = login();
        enter_pin(rig);
        assert_sw(element_rig_begin(rig, &former), SW_OK);
        assert_sw(element_rig_begin(rig, &now), SW_OK);
        assert_int_equal(hear(rig, SLICE(former.entry), UNLOCK_VERIFIED, &now), MITOME_E_GATE_ENTRY);
        for (size_t bit = 0; bit < 8 * sizeof now.entry; bit++) {
                now.entry[bit / 8] ^= (uint8_t)(1 << bit % 8);
                assert_int_equal(hear(rig, SLICE(now.entry), UNLOCK_VERIFIED, &now), MITOME_E_GATE_ENTRY);
                now.entry[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        assert_int_equal(hear(rig, SLICE(now.entry), UNLOCK_VERIFIED, &now), MITOME_OK);
}

/* What was given for a login enrols nothing: whoever could begin an enrolment without the PIN would hear from
 * it whether a finger is one of the set, and nobody would count. */
static void challenge_of_a_login_for_an_enrolment(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        struct element_rig_operation operation = login(), enrolment = { .command = BIO, .pin = &token };
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_int_equal(hear(rig, SLICE(operation.entry), UNLOCK_ENROLLED, &operation), MITOME_E_GATE_ENTRY);
        assert_int_equal(hear(rig, SLICE(operation.entry), UNLOCK_REMOVED, &operation), MITOME_E_GATE_ENTRY);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_OK);
        assert_sw(element_rig_begin(rig, &enrolment), SW_OK);
        assert_int_equal(hear(rig, SLICE(enrolment.entry), UNLOCK_VERIFIED, &enrolment), MITOME_E_GATE_ENTRY);
        assert_int_equal(hear(rig, SLICE(enrolment.entry), UNLOCK_ENROLLED, &enrolment), MITOME_OK);
}

/* Whoever cuts the power to have a former number again gets a higher one. */
static void number_of_a_challenge_put_back_by_a_restart(void **state)
{
        struct element_rig *rig = *state;
        uint32_t last = 0;
        for (unsigned i = 0; i < 4; i++) {
                struct element_rig_operation operation = login();
                assert_sw(element_rig_begin(rig, &operation), SW_OK);
                const struct unlock_entry said = said_with(rig, &operation, UNLOCK_VERIFIED);
                assert_true(said.number > last);
                last = said.number;
                element_rig_cycle(rig);
                assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(replay_of_a_token),
                TEST(each_bit_of_a_token_flipped),
                TEST(each_bit_of_a_token_flipped_by_the_helper),
                TEST(wrong_purpose),
                TEST(token_of_a_removal_as_verified),
                TEST(wrong_challenge),
                TEST(token_for_another_element),
                TEST(token_after_re_enrolment),
                TEST(two_signatures_from_one_token),
                TEST(order_of_tokens_swapped_between_two_requests),
                TEST(helper_killed_between_match_and_token),
                TEST(a_sixth_try_by_restart),
                TEST(a_fourth_try_of_a_weak_matcher),
                TEST(helper_that_lies_about_its_modality),
                TEST(helper_that_lies_about_its_class),
                TEST(enrolment_without_pin),
                TEST(removal_of_all_fingers),
                TEST(set_changed_from_elsewhere),
                TEST(set_of_zeros_is_never_confirmed),
                TEST(pairing_without_a_class),
                TEST(pairing_of_before_there_were_classes),
                TEST(untested_matcher_before_a_persons_certificate),
                TEST(pin_entries_are_counted),
                TEST(a_reset_takes_no_entry_back),
                TEST(forged_word_of_a_pin),
                TEST(challenge_of_a_login_for_an_enrolment),
                TEST(number_of_a_challenge_put_back_by_a_restart),
        };
        return cmocka_run_group_tests_name("gate_attacks", tests, make_stencil, drop_stencil);
}
