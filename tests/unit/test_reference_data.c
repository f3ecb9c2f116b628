/* SPDX-License-Identifier: Apache-2.0 */
/* Verifiers of PIN and password: of this version and of the first, and what is no verifier. */
#include "digest.h"
#include "element_rig.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
        PIN = 0x0020,
        PIN_TRIES = 0x0021,
        PASSWORD = 0x0023,
        SALT_SIZE = 16,
        FIRST_SIZE = 49, /* kind, salt, hash */
        NOW_SIZE = 50,   /* mark and version before it */
};

static const slice nothing = { 0 };

#define assert_sw(call, wanted) assert_int_equal((call), (wanted))

static int set_up(void **state)
{
        struct element_rig *rig = calloc(1, sizeof *rig);
        element_rig_open(rig);
        element_rig_personalise(rig);
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        element_rig_close(*state);
        free(*state);
        return 0;
}

static uint16_t verify(struct element_rig *rig, uint16_t file, const char *secret)
{
        assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
        assert_sw(element_rig_select_file(rig, file), SW_OK);
        return element_rig_command(rig, 0x00200080, slice_text(secret));
}

static void put(struct element_rig *rig, uint32_t object, slice bytes)
{
        element_rig_off(rig);
        element_rig_store(rig, object, bytes);
        element_rig_open(rig);
}

/* As the first version wrote it: Argon2id, 2 passes over 4 MiB. */
static void put_first(struct element_rig *rig, uint32_t object, uint8_t kind, slice secret)
{
        uint8_t verifier[FIRST_SIZE] = { kind, 's', 'a', 'l', 't' };
        assert_int_equal(
                crypto_pwhash_argon2id(verifier + 1 + SALT_SIZE, 32, (const char *)secret.data, secret.size,
                        verifier + 1, 2, 4 * 1024 * 1024, crypto_pwhash_argon2id_ALG_ARGON2ID13),
                0);
        put(rig, object, SLICE(verifier));
}

static size_t stored_size(struct element_rig *rig, uint32_t object)
{
        uint8_t bytes[64];
        return element_rig_stored(rig, object, bytes, sizeof bytes).size;
}

static void a_verifier_says_its_version(void **state)
{
        struct element_rig *rig = *state;
        uint8_t bytes[64];
        slice verifier = element_rig_stored(rig, PIN, bytes, sizeof bytes);
        assert_int_equal(verifier.size, NOW_SIZE);
        assert_int_equal(bytes[0], 0x82);
        assert_int_equal(bytes[1], 2); /* four digits */
        assert_int_equal(stored_size(rig, PASSWORD), NOW_SIZE);
}

/* It is checked as it was made, and made anew once the secret is known. */
static void the_first_version_is_checked_and_renewed(void **state)
{
        struct element_rig *rig = *state;
        uint8_t hash[SHA256_SIZE], bytes[64];
        const slice pin = slice_text(ELEMENT_RIG_PIN);
        sha256(&pin, 1, hash);
        put_first(rig, PIN, 2, slice_of(hash, 16));
        put_first(rig, PASSWORD, 1, slice_text(ELEMENT_RIG_PASSWORD));
        assert_sw(verify(rig, 0x0018, "0000"), 0x63C2);
        assert_int_equal(stored_size(rig, PIN), FIRST_SIZE); /* by the right one only */
        unsigned writes = rig->medium.writes;
        assert_sw(verify(rig, 0x0018, ELEMENT_RIG_PIN), SW_OK);
        assert_int_equal(rig->medium.writes, writes + 2); /* the try, and all that it gives back */
        assert_int_equal(stored_size(rig, PIN), NOW_SIZE);
        assert_sw(verify(rig, 0x001B, "WRONG123"), 0x63C4);
        assert_sw(verify(rig, 0x001B, ELEMENT_RIG_PASSWORD), SW_OK);
        assert_int_equal(stored_size(rig, PASSWORD), NOW_SIZE);
        element_rig_stored(rig, PIN, bytes, sizeof bytes);
        assert_memory_not_equal(bytes + 2, "salt", 4); /* a new one */
        assert_int_equal(bytes[1], 2);
        element_rig_cycle(rig);
        assert_sw(verify(rig, 0x0018, "0000"), 0x63C2);
        assert_sw(verify(rig, 0x0018, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(verify(rig, 0x001B, ELEMENT_RIG_PASSWORD), SW_OK);
}

/* The plug is pulled between the two writes: the try is spent, the former verifier is still good. */
static void a_renewal_that_is_cut_off_costs_a_try_only(void **state)
{
        struct element_rig *rig = *state;
        uint8_t hash[SHA256_SIZE];
        const slice pin = slice_text(ELEMENT_RIG_PIN);
        sha256(&pin, 1, hash);
        put_first(rig, PIN, 2, slice_of(hash, 16));
        assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
        assert_sw(element_rig_select_file(rig, 0x0018), SW_OK);
        power_cut_arm(&rig->medium, 2, POWER_CUT_BEFORE);
        assert_sw(element_rig_command(rig, 0x00200080, pin), SW_MEMORY_FAILURE);
        power_cut_on(&rig->medium);
        element_rig_cycle(rig);
        assert_int_equal(stored_size(rig, PIN), FIRST_SIZE);
        assert_sw(verify(rig, 0x0018, ""), 0x63C2);
        assert_sw(verify(rig, 0x0018, ELEMENT_RIG_PIN), SW_OK);
        assert_int_equal(stored_size(rig, PIN), NOW_SIZE);
}

/* A verifier that is none lets nobody in, whatever is tried. */
static void what_is_no_verifier_opens_nothing(void **state)
{
        struct element_rig *rig = *state;
        uint8_t whole[64], changed[64] = { 0 };
        slice verifier = element_rig_stored(rig, PIN, whole, sizeof whole);
        for (size_t size = 0; size <= NOW_SIZE + 1; size += size == 0 || size > 46 ? 1 : 9) {
                if (size == NOW_SIZE)
                        continue;
                memcpy(changed, whole, NOW_SIZE);
                put(rig, PIN, slice_of(changed, size));
                put(rig, PIN_TRIES, slice_of("\x03", 1));
                uint16_t sw = verify(rig, 0x0018, ELEMENT_RIG_PIN);
                assert_true(sw == SW_UNUSABLE || sw == 0x63C2);
                assert_sw(element_rig_command(rig, 0x802A0397, slice_text("x")), SW_SECURITY_STATUS);
        }
        static const uint8_t versions[] = { 0x80, 0x81, 0x83, 0xFF, 0x02 };
        for (size_t i = 0; i < sizeof versions; i++) {
                memcpy(changed, whole, NOW_SIZE);
                changed[0] = versions[i];
                put(rig, PIN, slice_of(changed, verifier.size));
                put(rig, PIN_TRIES, slice_of("\x03", 1));
                assert_sw(verify(rig, 0x0018, ELEMENT_RIG_PIN), SW_UNUSABLE);
        }
        put(rig, PIN, slice_of(whole, NOW_SIZE));
        put(rig, PIN_TRIES, slice_of("\x03", 1));
        assert_sw(verify(rig, 0x0018, ELEMENT_RIG_PIN), SW_OK);
}

/* Gives no salt; the store's own needs have other sizes. */
static int give_no_salt(void *context, uint8_t *bytes, size_t size)
{
        const struct mitome_random *random = context;
        return size == SALT_SIZE ? -1 : random->fill(random->context, bytes, size);
}

/* Without randomness there is no salt, and no new secret: the former one stays as it was. */
static void no_salt_no_verifier(void **state)
{
        struct element_rig *rig = *state;
        uint8_t before[64], after[64];
        slice verifier = element_rig_stored(rig, PIN, before, sizeof before);
        element_rig_off(rig);
        struct mitome_element_config config = rig->config;
        config.random = (struct mitome_random){ &rig->random, give_no_salt };
        assert_int_equal(mitome_element_open(&config, &rig->element, NULL).code, MITOME_OK);
        assert_sw(verify(rig, 0x0018, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_command(rig, 0x00240180, slice_text("5678")), SW_UNKNOWN);
        assert_sw(element_rig_send(rig, &(struct apdu_command){ .ins = 0x84, .expected = SALT_SIZE }),
                SW_UNKNOWN);
        assert_true(slice_equal(element_rig_stored(rig, PIN, after, sizeof after), verifier));
        element_rig_cycle(rig);
        assert_sw(verify(rig, 0x0018, "5678"), 0x63C2);
        assert_sw(verify(rig, 0x0018, ELEMENT_RIG_PIN), SW_OK);
}

/* The same PIN, twice: nothing of the two verifiers is the same. */
static void verifiers_are_salted(void **state)
{
        struct element_rig *rig = *state;
        uint8_t first[64], second[64];
        (void)element_rig_stored(rig, PIN, first, sizeof first);
        assert_sw(verify(rig, 0x0018, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_command(rig, 0x00240180, slice_text(ELEMENT_RIG_PIN)), SW_OK);
        (void)element_rig_stored(rig, PIN, second, sizeof second);
        assert_memory_not_equal(first + 2, second + 2, SALT_SIZE);
        assert_memory_not_equal(first + 2 + SALT_SIZE, second + 2 + SALT_SIZE, 32);
        assert_sw(element_rig_command(rig, 0x00200080, nothing), 0x63C3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(a_verifier_says_its_version),
                TEST(the_first_version_is_checked_and_renewed),
                TEST(a_renewal_that_is_cut_off_costs_a_try_only),
                TEST(what_is_no_verifier_opens_nothing),
                TEST(verifiers_are_salted),
                TEST(no_salt_no_verifier),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
