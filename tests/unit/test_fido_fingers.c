/* SPDX-License-Identifier: Apache-2.0 */

/* Changes of the set of fingers in the element (PROTOCOL.md, "BEGIN" 09, "CONFIRM ENROLMENT", "Unlock
 * tokens"). */

#include "cbor.h"
#include "element_internal.h"
#include "element_rig.h"
#include "pin_rig.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define assert_sw(call, wanted) assert_int_equal((call), (wanted))

enum { BIO = 0x09, BE = 0x08 };
static const uint32_t begin = 0x80200000, confirm = 0x802A0000, authorise = 0x80280000;
static const uint8_t thumb[16] = { 0x71 }, index_finger[16] = { 0x1D };
static const char rp_id[] = "portal.example.jp";

static struct element_rig stencil;

/* An element with a PIN, a matcher, and a set that the PIN has confirmed. */
static int set_up_group(void **state)
{
        (void)state;
        element_rig_open(&stencil);
        element_rig_store_batch_key(&stencil);
        assert_sw(element_rig_channel(&stencil, element_rig_fido, &element_rig_keys), SW_OK);
        uint8_t bytes[16];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, slice_text(ELEMENT_RIG_PIN));
        assert_sw(element_rig_secured(&stencil, 0x84340000, writer_view(&w)), SW_OK);
        element_rig_pair(&stencil, NULL);
        assert_sw(element_rig_select(&stencil, element_rig_fido), SW_OK);
        assert_sw(element_rig_enrol(&stencil, ELEMENT_RIG_PIN), SW_OK);
        return 0;
}

static int tear_down_group(void **state)
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
        struct element_rig *rig = *state;
        element_rig_close(rig);
        free(rig);
        return 0;
}

static struct element_rig_operation removal_of(const uint8_t id[16], const struct secret *token)
{
        return (struct element_rig_operation){ .command = BIO, .pin = token, .removes = slice_of(id, 16) };
}

static uint16_t confirm_with(struct element_rig *rig, const uint8_t token[UNLOCK_TOKEN_SIZE])
{
        uint8_t bytes[UNLOCK_TOKEN_SIZE + 2];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, slice_of(token, UNLOCK_TOKEN_SIZE));
        return element_rig_command(rig, confirm, writer_view(&w));
}

static slice confirmed_set(struct element_rig *rig, uint8_t buffer[16])
{
        return element_rig_stored(rig, OBJECT_ENROLMENT_SET, buffer, 16);
}

/* [6.7.8] "The token's set becomes the confirmed one" */
static void a_finger_is_removed_by_pin(void **state)
{
        struct element_rig *rig = *state;
        uint8_t bytes[UNLOCK_TOKEN_SIZE], stored[16];
        SECRET(token);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_OK);
        struct element_rig_operation operation = removal_of(thumb, &token);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        rig->set[0]++;
        element_rig_seal(rig, &operation, UNLOCK_REMOVED, bytes);
        assert_sw(confirm_with(rig, bytes), SW_OK);
        assert_true(slice_equal(confirmed_set(rig, stored), SLICE(rig->set)));
        assert_sw(confirm_with(rig, bytes), SW_CONDITIONS);                       /* once */
        assert_sw(element_rig_log_in(rig, rp_id, (slice){ 0 }), SW_NO_REFERENCE); /* the others open */

        /* one token enrols, names and removes */
        operation = removal_of(index_finger, &token);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        rig->set[0]++;
        element_rig_seal(rig, &operation, UNLOCK_REMOVED, bytes);
        assert_sw(confirm_with(rig, bytes), SW_OK);
}

/* "A removal's set of zeros has no finger any more: then none is confirmed" */
static void without_the_last_finger_the_path_is_closed(void **state)
{
        struct element_rig *rig = *state;
        enum { FINGER_OPEN = 0x08 };
        uint8_t bytes[UNLOCK_TOKEN_SIZE], stored[16];
        SECRET(token);
        assert_true(element_rig_state(rig).flags & FINGER_OPEN);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_OK);
        struct element_rig_operation operation = removal_of(thumb, &token);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        memset(rig->set, 0, sizeof rig->set);
        element_rig_seal(rig, &operation, UNLOCK_REMOVED, bytes);
        assert_sw(confirm_with(rig, bytes), SW_OK);
        assert_int_equal(confirmed_set(rig, stored).size, 0);
        assert_false(element_rig_state(rig).flags & FINGER_OPEN);
        assert_sw(element_rig_log_in(rig, rp_id, (slice){ 0 }), SW_UNUSABLE);
        element_rig_cycle(rig); /* durably */
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(element_rig_log_in(rig, rp_id, (slice){ 0 }), SW_UNUSABLE);
        assert_sw(element_rig_enrol(rig, ELEMENT_RIG_PIN), SW_OK);
        assert_true(element_rig_state(rig).flags & FINGER_OPEN);
}

/* An enrolment cannot end without a finger. */
static void an_enrolled_set_is_not_empty(void **state)
{
        struct element_rig *rig = *state;
        uint8_t bytes[UNLOCK_TOKEN_SIZE], before[16], stored[16];
        SECRET(token);
        slice former = confirmed_set(rig, before);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_OK);
        struct element_rig_operation operation = { .command = BIO, .pin = &token };
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        memset(rig->set, 0, sizeof rig->set);
        element_rig_seal(rig, &operation, UNLOCK_ENROLLED, bytes);
        assert_sw(confirm_with(rig, bytes), SW_TOKEN_FORM);
        assert_true(slice_equal(confirmed_set(rig, stored), former));
}

/* A taken-over host with the holder's word for a removal adds no finger of its own, and removes no other; nor
 * does the word for an enrolment remove one. */
static void a_removal_is_of_one_finger(void **state)
{
        struct element_rig *rig = *state;
        uint8_t bytes[UNLOCK_TOKEN_SIZE], before[16], stored[16];
        SECRET(token);
        slice former = confirmed_set(rig, before);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_OK);
        rig->set[0]++;

        struct element_rig_operation operation = removal_of(thumb, &token), other;
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        other = operation;
        other.removes = (slice){ 0 };
        element_rig_seal(rig, &other, UNLOCK_ENROLLED, bytes); /* the matcher enrolled one */
        assert_sw(confirm_with(rig, bytes), SW_TOKEN_FORM);

        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        other = operation;
        other.removes = SLICE(index_finger);
        element_rig_seal(rig, &other, UNLOCK_REMOVED, bytes);
        assert_sw(confirm_with(rig, bytes), SW_TOKEN_OPERATION);

        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        element_rig_seal(rig, &operation, UNLOCK_REMOVED, bytes);
        bytes[4] ^= 1; /* and a MAC that is wrong now */
        assert_sw(confirm_with(rig, bytes), SW_TOKEN_MAC);

        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        element_rig_seal(rig, &operation, UNLOCK_VERIFIED, bytes);
        assert_sw(confirm_with(rig, bytes), SW_TOKEN_FORM);

        struct element_rig_operation enrolment = { .command = BIO, .pin = &token };
        assert_sw(element_rig_begin(rig, &enrolment), SW_OK);
        other = enrolment;
        other.removes = SLICE(thumb);
        element_rig_seal(rig, &other, UNLOCK_REMOVED, bytes);
        assert_sw(confirm_with(rig, bytes), SW_TOKEN_FORM);
        assert_true(slice_equal(confirmed_set(rig, stored), former));
}

/* What a challenge of before was sealed for. */
static void a_removal_is_not_replayed(void **state)
{
        struct element_rig *rig = *state;
        uint8_t bytes[UNLOCK_TOKEN_SIZE];
        SECRET(token);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_OK);
        struct element_rig_operation operation = removal_of(thumb, &token);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        element_rig_seal(rig, &operation, UNLOCK_REMOVED, bytes);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_sw(confirm_with(rig, bytes), SW_TOKEN_CHALLENGE);
}

/* ---- what BEGIN takes ---- */

static uint16_t begin_with(struct element_rig *rig, const struct secret *token, slice message)
{
        uint8_t param[SHA256_SIZE], bytes[1200];
        writer w = WRITER(bytes);
        hmac_sha256(secret_view(token), &message, 1, param);
        tlv_write_u8(&w, 0x80, BIO);
        tlv_write_u8(&w, 0x83, 0);
        tlv_write(&w, 0x84, SLICE(param));
        tlv_write(&w, 0x85, message);
        return element_rig_command(rig, begin, writer_view(&w));
}

/* [6.7.8 4] */
static void messages_of_removals_are_read_strictly(void **state)
{
        struct element_rig *rig = *state;
        static const struct {
                uint8_t bytes[40];
                size_t size;
                uint16_t wanted;
        } messages[] = {
                { { 0x01, 0x06, 0xA1, 0x01, 0x41, 0x71 }, 6, SW_OK },
                { { 0x01, 0x06, 0xA2, 0x01, 0x41, 0x71, 0x03, 0x18, 0x64 }, 9, SW_OK }, /* skipped */
                { { 0x01, 0x06 }, 2, SW_WRONG_DATA }, /* [6.7.8] no templateId */
                { { 0x01, 0x06, 0xA0 }, 3, SW_WRONG_DATA },
                { { 0x01, 0x06, 0xA1, 0x02, 0x41, 0x71 }, 6, SW_WRONG_DATA },
                { { 0x01, 0x06, 0xA1, 0x01, 0x40 }, 5, SW_WRONG_DATA },       /* an empty one */
                { { 0x01, 0x06, 0xA1, 0x01, 0x61, 0x71 }, 6, SW_WRONG_DATA }, /* a text */
                { { 0x01, 0x06, 0xA1, 0x01, 0x41, 0x71, 0x00 }, 7, SW_WRONG_DATA },
                { { 0x01, 0x06, 0xA2, 0x01, 0x41, 0x71, 0x01, 0x41, 0x1D }, 9, SW_WRONG_DATA },
                { { 0x01, 0x06, 0xBF, 0x01, 0x41, 0x71, 0xFF }, 7, SW_WRONG_DATA },
                { { 0x02, 0x06, 0xA1, 0x01, 0x41, 0x71 }, 6, SW_WRONG_DATA },
                { { 0x01, 0x02, 0xA1, 0x01, 0x41, 0x71 }, 6, SW_WRONG_DATA }, /* no change of the set */
                { { 0x01, 0x04 }, 2, SW_WRONG_DATA },
                { { 0x01, 0x05, 0xA1, 0x01, 0x41, 0x71 }, 6, SW_WRONG_DATA },
                { { 0x01 }, 1, SW_WRONG_DATA },
                /* as long as a clientDataHash */
                { { 0x01, 0x06, 0xA1, 0x01, 0x58, 0x1A }, 32, SW_WRONG_DATA },
        };
        SECRET(token);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_OK);
        for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
                assert_sw(begin_with(rig, &token, slice_of(messages[i].bytes, messages[i].size)),
                        messages[i].wanted);
        /* every truncation */
        static const uint8_t whole[] = { 0x01, 0x06, 0xA2, 0x01, 0x44, 1, 2, 3, 4, 0x02, 0x61, 'a' };
        for (size_t size = 1; size <= sizeof whole; size++)
                assert_sw(begin_with(rig, &token, slice_of(whole, size)),
                        size == sizeof whole ? SW_OK : SW_WRONG_DATA);
        SECRET(forged);
        forged.size = 32;
        assert_sw(begin_with(rig, &forged, SLICE(whole)), SW_SECURITY_STATUS); /* [6.7.4 4] */
}

static uint16_t authorise_with(struct element_rig *rig, const struct secret *token, slice message)
{
        uint8_t param[SHA256_SIZE], bytes[256];
        writer w = WRITER(bytes);
        hmac_sha256(secret_view(token), &message, 1, param);
        tlv_write_u8(&w, 0x83, BE);
        tlv_write(&w, 0x84, SLICE(param));
        tlv_write(&w, 0x85, message);
        return element_rig_command(rig, authorise, writer_view(&w));
}

/* [6.7.6] and [6.7.7]: who may see fingers, and call them otherwise; a name of nine bytes makes the message
 * as long as a clientDataHash */
static void names_are_given_by_token(void **state)
{
        struct element_rig *rig = *state;
        uint8_t bytes[128];
        SECRET(token);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_OK);
        assert_sw(authorise_with(rig, &token, slice_of((const uint8_t[]){ 1, 4 }, 2)), SW_OK);
        for (size_t length = 0; length <= 64; length++) {
                char name[65] = { 0 };
                memset(name, 'n', length);
                writer w = WRITER(bytes);
                write_u16(&w, 0x0105);
                cbor_write_map(&w, 2);
                cbor_write_uint(&w, 1);
                cbor_write_bytes(&w, SLICE(thumb));
                cbor_write_uint(&w, 2);
                cbor_write_string(&w, name);
                assert_sw(authorise_with(rig, &token, writer_view(&w)), SW_OK);
        }
        SECRET(forged);
        forged.size = 32;
        assert_sw(authorise_with(rig, &forged, slice_of((const uint8_t[]){ 1, 4 }, 2)), SW_SECURITY_STATUS);
        assert_sw(authorise_with(rig, &token, slice_of((const uint8_t[]){ 1, 6 }, 2)), SW_WRONG_DATA);
}

/* [6.7.8 5] [6.7.4 5] [6.7.6 5] a token without be, by either protocol; what the other protocol's form
 * authenticates is nothing
 */
static void other_permissions_do_not_do(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t removal[] = { 0x01, 0x06, 0xA1, 0x01, 0x41, 0x71 }, list[] = { 0x01, 0x04 };
        for (uint8_t protocol = 1; protocol <= 2; protocol++)
                for (int permissions = 1; permissions <= 0x3F; permissions++) {
                        const uint16_t wanted = permissions & BE ? SW_OK : SW_SECURITY_STATUS;
                        SECRET(token);
                        assert_sw(pin_rig_token(rig, protocol, ELEMENT_RIG_PIN, permissions, rp_id, &token),
                                SW_OK);
                        if (protocol == 1) { /* 32 bytes where 16 belong */
                                assert_sw(begin_with(rig, &token, SLICE(removal)), SW_SECURITY_STATUS);
                                continue;
                        }
                        assert_sw(authorise_with(rig, &token, SLICE(list)), wanted);
                        assert_sw(begin_with(rig, &token, SLICE(removal)), wanted);
                }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(a_finger_is_removed_by_pin),
                TEST(without_the_last_finger_the_path_is_closed),
                TEST(an_enrolled_set_is_not_empty),
                TEST(a_removal_is_of_one_finger),
                TEST(a_removal_is_not_replayed),
                TEST(messages_of_removals_are_read_strictly),
                TEST(names_are_given_by_token),
                TEST(other_permissions_do_not_do),
        };
        return cmocka_run_group_tests_name("fido_fingers", tests, set_up_group, tear_down_group);
}
