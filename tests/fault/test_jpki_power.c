/* SPDX-License-Identifier: Apache-2.0 */
/* The JPKI applet's commands that change something, with the power cut before, during and after each write.
 * What was answered 9000 is there afterwards; what was not is there whole or not at all; no try is won, and
 * no secret that should be gone can be read. */
#include "element_certificate.h"
#include "power_sweep.h"
#include "store.h"
#include "tlv.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { AUTH_PIN = 0x0018, SIGN_PASSWORD = 0x001B, CERTIFICATE_SIZE = 1400, HIDDEN_SIZE = 24 };
static const uint32_t verify_secret = 0x00200080, change = 0x00240180;
static const slice nothing = { 0 };

static struct element_rig whole; /* personalised, its device key made, a finger enrolled; never changed */
static unsigned channel_writes;  /* what opening a secure channel costs */

static int make_whole(void **state)
{
        (void)state;
        element_rig_open(&whole);
        element_rig_personalise(&whole);
        element_rig_make_device(&whole);
        element_rig_pair(&whole, NULL);
        assert_int_equal(element_rig_select(&whole, element_rig_fido), SW_OK);
        assert_int_equal(element_rig_enrol(&whole, ELEMENT_RIG_PIN), SW_OK);
        channel_writes = whole.medium.writes;
        assert_int_equal(element_rig_channel(&whole, element_rig_jpki, &element_rig_keys), SW_OK);
        channel_writes = whole.medium.writes - channel_writes;
        element_rig_off(&whole);
        return 0;
}

static int drop_whole(void **state)
{
        (void)state;
        element_rig_close(&whole);
        return 0;
}

/* ---- what operations and checks have in common ---- */

static uint16_t try_secret(struct element_rig *rig, uint16_t file, const char *secret)
{
        if (element_rig_select(rig, element_rig_jpki) == SW_OK && element_rig_select_file(rig, file) == SW_OK)
                (void)element_rig_command(rig, verify_secret, slice_text(secret));
        return rig->sw;
}

static unsigned tries(struct element_rig *rig, uint16_t file)
{
        uint16_t sw = try_secret(rig, file, "");
        assert_int_equal(sw & 0xFFF0, SW_TRIES_LEFT);
        return sw & 0x0F;
}

/* What EFs 0017, 000A, 001A, 0001 are there, and of PIN and password. */
static uint8_t present(struct element_rig *rig)
{
        assert_int_equal(element_rig_select(rig, element_rig_jpki), SW_OK);
        assert_int_equal(element_rig_command(rig, 0x80CA0001, nothing), SW_OK);
        return element_rig_value(rig, 0x83).data[0];
}

static uint32_t stored_number(struct element_rig *rig, uint32_t object)
{
        uint8_t bytes[4];
        uint32_t number = 0;
        slice stored = element_rig_stored(rig, object, bytes, sizeof bytes);
        for (size_t i = 0; i < stored.size; i++)
                number = number << 8 | bytes[i];
        return number;
}

static size_t stored_size(struct element_rig *rig, uint32_t object)
{
        uint8_t bytes[4096];
        return element_rig_stored(rig, object, bytes, sizeof bytes).size;
}

/* Whether any object of the opened state holds what `object` held in the whole element. */
static bool is_hidden_somewhere(struct element_rig *rig, uint32_t object, size_t offset)
{
        uint8_t bytes[4096];
        struct element_rig *former = calloc(1, sizeof *former);
        element_rig_clone(&whole, former);
        slice stored = element_rig_stored(former, object, bytes, sizeof bytes);
        assert_true(stored.size >= offset + HIDDEN_SIZE);
        element_rig_close(former);
        free(former);

        struct store *store;
        uint32_t id;
        bool found = memmem(rig->medium.image, rig->medium.size, bytes + offset, HIDDEN_SIZE), is_there;
        assert_int_equal(store_open(&rig->config, &store, NULL).code, MITOME_OK);
        for (uint32_t from = 0; store_next(store, from, UINT32_MAX, &id); from = id + 1) {
                slice content = store_get(store, id, &is_there);
                found |= memmem(content.data, content.size, bytes + offset, HIDDEN_SIZE) != NULL;
        }
        store_close(store);
        return found;
}

/* What is asked of the whole element has its writes, and the sweep found them all. */
static void sweep(const struct element_rig *before, void (*operate)(struct element_rig *, void *),
        void (*check)(struct element_rig *, const struct power_sweep_cut *, void *), const void *known,
        size_t known_size, unsigned writes)
{
        const struct power_sweep power = { operate, check, known, known_size };
        assert_int_equal(power_sweep(before, &power), writes);
}

/* ---- VERIFY ---- */

struct guess {
        uint16_t file;
        const char *secret;
        unsigned full, before;
        uint16_t answer; /* 0: none came */
};

static void guess(struct element_rig *rig, void *context)
{
        struct guess *known = context;
        (void)try_secret(rig, known->file, known->secret);
        known->answer = rig->medium.off ? 0 : rig->sw;
}

static void check_wrong_guess(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct guess *known = context;
        unsigned left = tries(rig, known->file);
        bool written = cut->at == 0 || cut->moment == POWER_CUT_AFTER;
        assert_int_equal(left, written ? known->before - 1 : known->before);
        if (known->answer)
                assert_int_equal(known->answer, SW_TRIES_LEFT | left);
}

static void check_right_guess(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct guess *known = context;
        unsigned left = tries(rig, known->file);
        assert_true(left == known->before || left == known->before - 1 || left == known->full);
        if (known->answer == SW_OK || (cut->at == 2 && cut->moment == POWER_CUT_AFTER))
                assert_int_equal(left, known->full);
        else if (cut->at == 2) /* the try is written down, its return is not */
                assert_int_equal(left, known->before - 1);
        /* And what was verified before the cut opens nothing after it. */
        assert_int_equal(element_rig_command(rig, 0x802A0397, slice_text("x")), SW_SECURITY_STATUS);
        assert_int_equal(element_rig_command(rig, 0x802A039A, slice_text("x")), SW_SECURITY_STATUS);
}

static void after_wrong(struct element_rig *ret, uint16_t file, unsigned wrong)
{
        element_rig_clone(&whole, ret);
        for (unsigned i = 0; i < wrong; i++)
                assert_int_equal(try_secret(ret, file, "WRONG1") & 0xFFF0, SW_TRIES_LEFT);
        element_rig_off(ret);
}

static void no_guess_is_won(void **state)
{
        (void)state;
        static const struct {
                uint16_t file;
                unsigned full;
                const char *right;
        } secrets[] = { { AUTH_PIN, 3, ELEMENT_RIG_PIN }, { SIGN_PASSWORD, 5, ELEMENT_RIG_PASSWORD } };
        for (size_t i = 0; i < 2; i++)
                for (unsigned before = 1; before <= secrets[i].full; before++) {
                        struct element_rig rig = { 0 };
                        after_wrong(&rig, secrets[i].file, secrets[i].full - before);
                        struct guess known = { secrets[i].file, "WRONG1", secrets[i].full, before, 0 };
                        sweep(&rig, guess, check_wrong_guess, &known, sizeof known, 1);
                        known.secret = secrets[i].right;
                        sweep(&rig, guess, check_right_guess, &known, sizeof known, 2);
                        element_rig_close(&rig);
                }
}

/* ---- CHANGE ---- */

struct new_secret {
        uint16_t file;
        const char *former, *next;
        bool done, temporary;
};

static void change_secret(struct element_rig *rig, void *context)
{
        struct new_secret *known = context;
        if (try_secret(rig, known->file, known->former) == SW_OK)
                known->done = element_rig_command(rig, change, slice_text(known->next)) == SW_OK;
}

/* Exactly one of the two is the secret. */
static void check_changed(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct new_secret *known = context;
        bool next = try_secret(rig, known->file, known->next) == SW_OK;
        assert_int_not_equal(rig->sw, SW_UNUSABLE);
        assert_int_equal(try_secret(rig, known->file, known->former) == SW_OK, !next);
        if (known->done || cut->at == 0)
                assert_true(known->done && next);
        else if (cut->at < 3 || cut->moment != POWER_CUT_AFTER)
                assert_false(next);
}

static void a_change_is_whole(void **state)
{
        (void)state;
        const struct new_secret pin = { AUTH_PIN, ELEMENT_RIG_PIN, "8765" };
        const struct new_secret password = { SIGN_PASSWORD, ELEMENT_RIG_PASSWORD, "OTHER123" };
        sweep(&whole, change_secret, check_changed, &pin, sizeof pin, 3);
        sweep(&whole, change_secret, check_changed, &password, sizeof password, 3);
}

/* ---- RESET ---- */

static void reset_secret(struct element_rig *rig, void *context)
{
        struct new_secret *known = context;
        uint32_t head =
                0x802C0000 | (known->file == AUTH_PIN ? 0x98u : 0x9Bu) | (known->temporary ? 0x0100u : 0);
        if (element_rig_channel(rig, element_rig_jpki, &element_rig_keys) == SW_OK)
                known->done = element_rig_secured(rig, head, slice_text(known->next)) == SW_OK;
}

/* Locked, and the fingers as they were; or the new one, and the fingers closed. */
static void check_reset(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct new_secret *known = context;
        bool is_pin = known->file == AUTH_PIN, reset = tries(rig, known->file) > 0;
        if (known->done || cut->at == 0)
                assert_true(known->done && reset);
        if (is_pin)
                assert_int_equal(stored_size(rig, 0x0031) == 0, reset);
        if (reset)
                assert_int_equal(tries(rig, known->file), is_pin ? 3 : 5);
        /* never one that the station knows and that opens the key */
        if (known->temporary)
                assert_int_equal(present(rig) & (is_pin ? 0x10 : 0x20), reset ? is_pin ? 0x10 : 0x20 : 0);
        assert_int_equal(try_secret(rig, known->file, known->next), reset ? SW_OK : SW_UNUSABLE);
        assert_int_not_equal(try_secret(rig, known->file, known->former), SW_OK);
}

static void a_reset_is_whole(void **state)
{
        (void)state;
        struct element_rig locked = { 0 };
        const struct new_secret pin = { AUTH_PIN, ELEMENT_RIG_PIN, "8765", .temporary = true };
        const struct new_secret password = { SIGN_PASSWORD, ELEMENT_RIG_PASSWORD, "OTHER123",
                .temporary = true };
        after_wrong(&locked, AUTH_PIN, 3);
        sweep(&locked, reset_secret, check_reset, &pin, sizeof pin, channel_writes + 1);
        element_rig_close(&locked);
        after_wrong(&locked, SIGN_PASSWORD, 5);
        sweep(&locked, reset_secret, check_reset, &password, sizeof password, channel_writes + 1);
        element_rig_close(&locked);
}

/* ---- keys ---- */

struct outcome {
        bool done;
        uint32_t generation;
        uint8_t former[256]; /* the modulus that was */
};

static slice modulus_of(slice der, uint8_t buffer[256])
{
        const unsigned char *at = der.data;
        EVP_PKEY *key = d2i_PrivateKey(EVP_PKEY_RSA, NULL, &at, (long)der.size);
        BIGNUM *n = NULL;
        assert_non_null(key);
        assert_int_equal(EVP_PKEY_get_bn_param(key, "n", &n), 1);
        assert_int_equal(BN_bn2bin(n, buffer), 256);
        BN_free(n);
        EVP_PKEY_free(key);
        return slice_of(buffer, 256);
}

static void generate(struct element_rig *rig, void *context)
{
        struct outcome *known = context;
        if (element_rig_channel(rig, element_rig_jpki, &element_rig_keys) == SW_OK)
                known->done = element_rig_secured(rig, 0x80460097, nothing) == SW_OK;
}

/* The former key with its certificate, or a new one without; and of the former then nothing is left. */
static void check_generated(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct outcome *known = context;
        uint8_t der[2048], modulus[256];
        slice now = modulus_of(element_rig_stored(rig, 0x0117, der, sizeof der), modulus);
        bool is_new = !slice_equal(now, SLICE(known->former));
        assert_int_equal(present(rig), is_new ? 0xCD : 0xCF);
        assert_int_equal(stored_number(rig, 0x0200), known->generation + is_new);
        assert_int_equal(is_hidden_somewhere(rig, 0x0117, 700), !is_new);
        assert_int_equal(is_hidden_somewhere(rig, 0x010A, 400), !is_new);
        if (known->done || cut->at == 0)
                assert_true(known->done && is_new);
        assert_int_equal(try_secret(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_int_equal(element_rig_command(rig, 0x802A0397, slice_text("x")), SW_OK);
}

static void a_key_is_exchanged_whole(void **state)
{
        (void)state;
        struct outcome known = { .generation = stored_number(&whole, 0x0200) };
        uint8_t der[2048];
        (void)modulus_of(element_rig_stored(&whole, 0x0117, der, sizeof der), known.former);
        sweep(&whole, generate, check_generated, &known, sizeof known, channel_writes + 1);
}

/* ---- certificates ---- */

static slice next_certificate(uint8_t buffer[ELEMENT_CERTIFICATE_MAX])
{
        return element_certificate(element_certificate_key(0), 2, CERTIFICATE_SIZE, buffer);
}

static void write_certificate(struct element_rig *rig, void *context)
{
        enum { PART = 500 };
        struct outcome *known = context;
        uint8_t buffer[ELEMENT_CERTIFICATE_MAX];
        slice certificate = next_certificate(buffer);
        if (element_rig_channel(rig, element_rig_jpki, &element_rig_keys) != SW_OK ||
                element_rig_select_file(rig, 0x000A) != SW_OK)
                return;
        for (size_t at = 0; at < certificate.size; at += PART) {
                size_t size = certificate.size - at < PART ? certificate.size - at : PART;
                if (element_rig_secured(rig, 0x80D60000 | (uint32_t)at, slice_of(buffer + at, size)) != SW_OK)
                        return;
        }
        known->done = true;
}

/* One whole certificate or the other. */
static void check_certificate(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct outcome *known = context;
        uint8_t content[4096], buffer[ELEMENT_CERTIFICATE_MAX];
        slice now = element_rig_stored(rig, 0x010A, content, sizeof content);
        bool is_new = slice_equal(now, next_certificate(buffer));
        assert_true(is_new || now.size == 1300);
        assert_int_equal(is_hidden_somewhere(rig, 0x010A, 400), !is_new);
        assert_int_equal(stored_number(rig, 0x0200), known->generation + is_new);
        if (known->done || cut->at == 0)
                assert_true(known->done && is_new);
}

static void a_certificate_is_written_whole(void **state)
{
        (void)state;
        const struct outcome known = { .generation = stored_number(&whole, 0x0200) };
        sweep(&whole, write_certificate, check_certificate, &known, sizeof known, channel_writes + 1);
}

/* The first certificate personalises: a PIN that is no four digits goes by the same write, tries that are too
 * many too. */
static void check_personalised(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct outcome *known = context;
        bool personalised = present(rig) & 0x02;
        assert_int_equal(stored_size(rig, 0x0020) == 0, personalised);
        assert_int_equal(stored_number(rig, 0x0021), personalised ? 3 : 8);
        if (known->done || cut->at == 0)
                assert_true(known->done && personalised);
}

static void personalisation_is_whole(void **state)
{
        (void)state;
        struct element_rig rig = { 0 };
        const struct outcome known = { 0 };
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        element_rig_open(&rig);
        tlv_write(&w, 0x80, slice_text("a long passphrase"));
        assert_int_equal(element_rig_channel(&rig, element_rig_fido, &element_rig_keys), SW_OK);
        assert_int_equal(element_rig_secured(&rig, 0x80340000, writer_view(&w)), SW_OK);
        element_rig_off(&rig);
        element_rig_store(&rig, 0x0117, element_certificate_key(0));
        sweep(&rig, write_certificate, check_personalised, &known, sizeof known, channel_writes + 1);
        element_rig_close(&rig);
}

/* ---- ERASE ---- */

static void erase_all(struct element_rig *rig, void *context)
{
        struct outcome *known = context;
        if (element_rig_channel(rig, element_rig_jpki, &element_rig_keys) == SW_OK)
                known->done = element_rig_secured(rig, 0x800E0000, nothing) == SW_OK;
}

/* All of it or nothing, and a receipt exactly of what is gone. */
static void check_erased(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        static const struct {
                uint32_t object;
                size_t offset;
        } parts[] = { { 0x0117, 300 }, { 0x0117, 700 }, { 0x011A, 300 }, { 0x011A, 700 }, { 0x010A, 400 },
                { 0x0101, 400 }, { 0x010B, 400 }, { 0x0020, 20 }, { 0x0023, 20 } };
        const struct outcome *known = context;
        bool erased = present(rig) == 0;
        if (!erased)
                assert_int_equal(present(rig), 0xCF);
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
                assert_int_equal(is_hidden_somewhere(rig, parts[i].object, parts[i].offset), !erased);
        assert_int_equal(stored_size(rig, 0x06000001) > 0, erased);
        assert_int_equal(stored_size(rig, 0x0031) == 0, erased);
        assert_int_equal(stored_number(rig, 0x0200), known->generation + erased);
        assert_true(stored_size(rig, 0x0010) > 0); /* the batch key is not this applet's */
        if (known->done || cut->at == 0)
                assert_true(known->done && erased);
        assert_int_equal(try_secret(rig, AUTH_PIN, ELEMENT_RIG_PIN), erased ? SW_UNUSABLE : SW_OK);
        assert_int_equal(try_secret(rig, SIGN_PASSWORD, ELEMENT_RIG_PASSWORD), erased ? SW_UNUSABLE : SW_OK);
}

static void an_erasure_is_whole(void **state)
{
        (void)state;
        const struct outcome known = { .generation = stored_number(&whole, 0x0200) };
        sweep(&whole, erase_all, check_erased, &known, sizeof known, channel_writes + 1);
}

/* ---- PERSONALISE ---- */

static void set_switch(struct element_rig *rig, void *context)
{
        struct outcome *known = context;
        if (element_rig_channel(rig, element_rig_jpki, &element_rig_keys) == SW_OK)
                known->done = element_rig_secured(rig, 0x80DA0000, slice_of("\x80\x01\x00\x81\x01\x01", 6)) ==
                              SW_OK;
}

/* An answered switch is set whatever happened since. */
static void check_switch(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct outcome *known = context;
        assert_int_equal(present(rig), 0xCF);
        bool set = element_rig_value(rig, 0x81).data[0] == 0x01;
        if (known->done || cut->at == 0)
                assert_true(known->done && set);
        assert_int_equal(try_secret(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_int_equal(element_rig_command(rig, 0x802A0397, slice_text("x")), set ? SW_CONDITIONS : SW_OK);
}

static void a_switch_stays_set(void **state)
{
        (void)state;
        const struct outcome known = { 0 };
        sweep(&whole, set_switch, check_switch, &known, sizeof known, channel_writes + 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(no_guess_is_won),
                cmocka_unit_test(a_change_is_whole),
                cmocka_unit_test(a_reset_is_whole),
                cmocka_unit_test(a_key_is_exchanged_whole),
                cmocka_unit_test(a_certificate_is_written_whole),
                cmocka_unit_test(personalisation_is_whole),
                cmocka_unit_test(an_erasure_is_whole),
                cmocka_unit_test(a_switch_stays_set),
        };
        return cmocka_run_group_tests(tests, make_whole, drop_whole);
}
