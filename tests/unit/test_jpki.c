/* SPDX-License-Identifier: Apache-2.0 */
/* The JPKI applet by its APDUs. Quotations are of PROTOCOL.md; what it leaves to the plastic card is said in
 * our own words. */
#include "element_certificate.h"
#include "element_rig.h"
#include "tlv.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { AUTH_KEY = 0x0017, AUTH_PIN = 0x0018, SIGN_KEY = 0x001A, SIGN_PASSWORD = 0x001B };
static const uint32_t select_ef = 0x00A4020C, verify_secret = 0x00200080, change = 0x00240180,
                      sign = 0x802A0080;

static const slice nothing = { 0 };
static struct element_rig stencil; /* personalised, with both keys: they take long to make */
static EVP_PKEY *auth_key, *sign_key;

#define assert_sw(call, wanted) assert_int_equal((call), (wanted))

/* ---- set-up ---- */

/* `7F49 { 81 modulus, 82 exponent }` of the last answer. */
static EVP_PKEY *public_key(struct element_rig *rig)
{
        uint8_t n[256], e[4];
        slice key = element_rig_value(rig, 0x7F49), modulus, exponent;
        assert_int_equal(tlv_find_fixed(key, 0x81, "modulus", 256, &modulus, NULL).code, MITOME_OK);
        assert_int_equal(tlv_find_fixed(key, 0x82, "exponent", 3, &exponent, NULL).code, MITOME_OK);
        assert_memory_equal(exponent.data, "\x01\x00\x01", 3);
        for (size_t i = 0; i < sizeof n; i++) /* little-endian, as this machine */
                n[i] = modulus.data[sizeof n - 1 - i];
        memcpy(e, "\x01\x00\x01\x00", sizeof e);
        OSSL_PARAM parameters[] = {
                OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, n, sizeof n),
                OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, e, sizeof e),
                OSSL_PARAM_construct_end(),
        };
        EVP_PKEY *public = NULL;
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
        assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
        assert_int_equal(EVP_PKEY_fromdata(context, &public, EVP_PKEY_PUBLIC_KEY, parameters), 1);
        EVP_PKEY_CTX_free(context);
        return public;
}

static int make_stencil(void **state)
{
        (void)state;
        element_rig_open(&stencil);
        element_rig_generate(&stencil, 0x97);
        auth_key = public_key(&stencil);
        element_rig_generate(&stencil, 0x9A);
        sign_key = public_key(&stencil);
        element_rig_personalise(&stencil);
        element_rig_lease(&stencil, 100);
        element_rig_pair(&stencil, NULL);
        return 0;
}

static int drop_stencil(void **state)
{
        (void)state;
        element_rig_close(&stencil);
        EVP_PKEY_free(auth_key);
        EVP_PKEY_free(sign_key);
        return 0;
}

static int set_up(void **state)
{
        struct element_rig *rig = calloc(1, sizeof *rig);
        element_rig_clone(&stencil, rig);
        assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
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
        assert_sw(element_rig_select_file(rig, file), SW_OK);
        return element_rig_command(rig, verify_secret, slice_text(secret));
}

static uint16_t tries(struct element_rig *rig, uint16_t file)
{
        assert_sw(element_rig_select_file(rig, file), SW_OK);
        return element_rig_command(rig, verify_secret, nothing);
}

static void assert_verified(EVP_PKEY *key, int padding, const EVP_MD *md, slice hash, slice signature)
{
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
        assert_int_equal(EVP_PKEY_verify_init(context), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(context, padding), 1);
        if (md)
                assert_int_equal(EVP_PKEY_CTX_set_signature_md(context, md), 1);
        assert_int_equal(EVP_PKEY_verify(context, signature.data, signature.size, hash.data, hash.size), 1);
        EVP_PKEY_CTX_free(context);
}

/* ---- files ---- */

static uint16_t read_part(struct element_rig *rig, size_t offset, size_t expected)
{
        return element_rig_send(rig, &(struct apdu_command){ .ins = 0xB0,
                                             .p1 = (uint8_t)(offset >> 8),
                                             .p2 = (uint8_t)offset,
                                             .expected = expected });
}

static void files_are_selected_by_number(void **state)
{
        struct element_rig *rig = *state;
        static const uint16_t here[] = { 0x0001, 0x0002, 0x0006, 0x000A, 0x000B, 0x0017, 0x0018, 0x001A,
                0x001B };
        static const uint8_t three[] = { 0x00, 0x06, 0x00 };
        for (unsigned file = 0; file <= 0x0120; file++) {
                bool known = false;
                for (size_t i = 0; i < sizeof here / sizeof *here; i++)
                        known |= here[i] == file;
                assert_sw(element_rig_select_file(rig, (uint16_t)file), known ? SW_OK : SW_NOT_FOUND);
        }
        assert_sw(element_rig_command(rig, select_ef, SLICE(three)), SW_WRONG_LENGTH);
        assert_sw(element_rig_command(rig, select_ef, nothing), SW_WRONG_LENGTH);
        assert_sw(element_rig_command(rig, 0x00A40200, slice_of(three, 2)), SW_WRONG_P1P2);
        assert_sw(element_rig_command(rig, 0x00A4000C, slice_of(three, 2)), SW_WRONG_P1P2);
}

/* EF 0006 says by its label that this is a GP-SE in a phone. */
static void token_information_is_free(void **state)
{
        struct element_rig *rig = *state;
        assert_sw(element_rig_select_file(rig, 0x0006), SW_OK);
        assert_sw(read_part(rig, 0, 256), SW_OK);
        assert_int_equal(rig->data.size, 160);
        assert_memory_equal(rig->data.data, "JPKIAPGPSETOKEN                 ", 32);
        static const uint8_t numbers[] = { 0x00, 0x00, 0x04, 0x0D, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0,
                0, 0, 0, 0, 0, 16, 0, 0, 0, 6, 0xFF };
        assert_memory_equal(rig->data.data + 96, numbers, sizeof numbers);
        assert_memory_equal(rig->data.data + 139,
                "\xFF"
                "03"
                "01"
                "9999999999999999",
                21);
        assert_sw(read_part(rig, 150, 256), SW_OK);
        assert_int_equal(rig->data.size, 10);
        assert_sw(read_part(rig, 0, 4), SW_OK);
        assert_int_equal(rig->data.size, 4);
}

static size_t read_whole(struct element_rig *rig, uint8_t *buffer, size_t capacity)
{
        writer w = writer_over(buffer, capacity);
        while (read_part(rig, w.used, 256) == SW_OK)
                write_slice(&w, rig->data);
        assert_sw(rig->sw, SW_OFFSET); /* past the end */
        assert_false(w.overflowed);
        return w.used;
}

/* "with the phone's rule on EF 000A": after the PIN only; 0001 after the password only; CA certificates are
 * free. */
static void certificates_open_to_their_own_secret(void **state)
{
        struct element_rig *rig = *state;
        uint8_t content[4096];
        assert_sw(element_rig_select_file(rig, 0x000B), SW_OK);
        assert_int_equal(read_whole(rig, content, sizeof content), 1100);
        assert_memory_equal(content, "\x30\x82\x04\x48", 4);
        assert_sw(element_rig_select_file(rig, 0x000A), SW_OK);
        assert_sw(read_part(rig, 0, 256), SW_SECURITY_STATUS);
        assert_sw(verify(rig, SIGN_PASSWORD, ELEMENT_RIG_PASSWORD), SW_OK);
        assert_sw(element_rig_select_file(rig, 0x000A), SW_OK);
        assert_sw(read_part(rig, 0, 256), SW_SECURITY_STATUS);
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_select_file(rig, 0x000A), SW_OK);
        assert_int_equal(read_whole(rig, content, sizeof content), 1300);
        assert_sw(element_rig_select_file(rig, 0x0001), SW_OK);
        assert_int_equal(read_whole(rig, content, sizeof content), 1500);
        assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_select_file(rig, 0x0001), SW_OK);
        assert_sw(read_part(rig, 0, 256), SW_SECURITY_STATUS);
}

static void reading_is_refused_where_there_is_nothing_to_read(void **state)
{
        struct element_rig *rig = *state;
        assert_sw(read_part(rig, 0, 256), SW_NO_CURRENT_FILE);
        static const uint16_t unreadable[] = { AUTH_KEY, AUTH_PIN, SIGN_KEY, SIGN_PASSWORD };
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(verify(rig, SIGN_PASSWORD, ELEMENT_RIG_PASSWORD), SW_OK);
        for (size_t i = 0; i < 4; i++) {
                assert_sw(element_rig_select_file(rig, unreadable[i]), SW_OK);
                assert_sw(read_part(rig, 0, 256), SW_WRONG_FILE_TYPE);
        }
        assert_sw(element_rig_select_file(rig, 0x0002), SW_OK); /* nobody wrote it */
        assert_sw(read_part(rig, 0, 256), SW_OFFSET);
        assert_sw(element_rig_select_file(rig, 0x0006), SW_OK);
        assert_sw(read_part(rig, 160, 256), SW_OFFSET);
        assert_sw(read_part(rig, 0x7FFF, 256), SW_OFFSET);
        assert_sw(read_part(rig, 0x8600, 256), SW_WRONG_P1P2); /* a short file number */
        assert_sw(read_part(rig, 0, 0), SW_WRONG_LENGTH);
        assert_sw(element_rig_command(rig, 0x00B00000, slice_text("x")), SW_WRONG_LENGTH);
}

/* What is written: a part at an offset of the current file. */
static uint16_t write_part(struct element_rig *rig, size_t offset, slice part)
{
        return element_rig_secured(rig, 0x80D60000 | (uint32_t)offset, part);
}

static slice certificate_of(struct element_rig *rig, uint16_t key_file, size_t size, uint8_t *buffer)
{
        uint8_t key[2048];
        return element_certificate(
                element_rig_stored(rig, 0x0100u + key_file, key, sizeof key), 77, size, buffer);
}

/* "A certificate becomes the file with its last part" */
static void a_certificate_is_written_whole_or_not_at_all(void **state)
{
        struct element_rig *rig = *state;
        uint8_t buffer[ELEMENT_CERTIFICATE_MAX], content[4096];
        slice whole = certificate_of(rig, AUTH_KEY, 1400, buffer);
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_select_file(rig, 0x000A), SW_OK);
        unsigned replaces = rig->medium.writes;
        for (size_t at = 0; at < 1400; at += 1) { /* byte by byte, the hardest way */
                if (at == 1399) {
                        assert_int_equal(read_whole(rig, content, sizeof content), 1300); /* the former */
                        assert_int_equal(rig->medium.writes, replaces);
                }
                assert_sw(write_part(rig, at, slice_of(whole.data + at, 1)), SW_OK);
        }
        assert_int_equal(read_whole(rig, content, sizeof content), 1400);
        assert_memory_equal(content, whole.data, 1400);
        replaces = rig->medium.writes;
        assert_sw(write_part(rig, 0, whole), SW_OK); /* the same again: nothing is new */
        assert_int_equal(rig->medium.writes, replaces);
        /* What was begun ends with the selection. */
        assert_sw(write_part(rig, 0, slice_of(whole.data, 1000)), SW_OK);
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_sw(element_rig_select_file(rig, 0x000A), SW_OK);
        assert_sw(write_part(rig, 1000, slice_of(whole.data + 1000, 400)), SW_OFFSET);
}

/* "6A80 no certificate, or of another key" */
static void a_certificate_is_of_the_key_that_is_there(void **state)
{
        struct element_rig *rig = *state;
        uint8_t buffer[ELEMENT_CERTIFICATE_MAX], content[4096];
        slice of_other_key = certificate_of(rig, SIGN_KEY, 1400, buffer);
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_select_file(rig, 0x000A), SW_OK);
        assert_sw(write_part(rig, 0, of_other_key), SW_WRONG_DATA);
        assert_int_equal(read_whole(rig, content, sizeof content), 1300);
        assert_sw(element_rig_select_file(rig, 0x000B), SW_OK); /* a CA has a key of its own */
        assert_sw(write_part(rig, 0, of_other_key), SW_OK);
        assert_sw(element_rig_select_file(rig, 0x0001), SW_OK);
        assert_sw(write_part(rig, 0, of_other_key), SW_OK);
        buffer[300] ^= 1; /* in the modulus, or what leads to it */
        assert_sw(write_part(rig, 0, of_other_key), SW_WRONG_DATA);
}

/* Every length of the outermost element, and its contents, are looked at before anything is a file. */
static void what_is_no_certificate_is_not_written(void **state)
{
        struct element_rig *rig = *state;
        uint8_t buffer[ELEMENT_CERTIFICATE_MAX + 1] = { 0 }, filler[4000] = { 0x30, 0x82, 0x0F, 0x9C };
        slice whole = certificate_of(rig, AUTH_KEY, 1400, buffer);
        static const char *const heads[] = { "1", "\x31\x82", "0\x81\x80", "0\x10", "0\x83\x01", "0\x80" };
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_sw(element_rig_select_file(rig, 0x0002), SW_OK);
        for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
                assert_sw(write_part(rig, 0, slice_text(heads[i])), SW_WRONG_DATA);
        assert_sw(write_part(rig, 0, slice_of(buffer, whole.size + 1)), SW_WRONG_DATA); /* a byte behind it */
        assert_sw(write_part(rig, 0, SLICE(filler)), SW_WRONG_DATA);                    /* no certificate */
        assert_sw(write_part(rig, 0, slice_text("0\x82\x0F\xFD")), SW_FULL);            /* 4097 bytes */
        assert_sw(write_part(rig, 0, slice_of("\x30\x82\x0F\xFC", 4)), SW_OK);
        assert_sw(write_part(rig, 4, slice_of(filler + 4, 3900)), SW_OK);
        assert_sw(write_part(rig, 3904, slice_of(filler + 4, 193)), SW_FULL);
        assert_sw(write_part(rig, 3904, slice_of(filler + 4, 192)), SW_WRONG_DATA); /* whole, but nothing */
        assert_sw(write_part(rig, 4096, slice_of(filler + 4, 1)), SW_OFFSET);
        for (size_t cut = 1; cut < whole.size; cut += 97) { /* lengths inside that lead outside */
                uint8_t copy[ELEMENT_CERTIFICATE_MAX];
                memcpy(copy, whole.data, cut);
                copy[2] = (uint8_t)(cut >> 8);
                copy[3] = (uint8_t)(cut - 4);
                if (cut > 4 && (size_t)(copy[2] << 8 | copy[3]) + 4 == cut)
                        assert_sw(write_part(rig, 0, slice_of(copy, cut)), SW_WRONG_DATA);
        }
        static const uint8_t rsa[] = { 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01 };
        uint8_t *algorithm = memmem(buffer, whole.size, rsa, sizeof rsa);
        assert_non_null(algorithm);
        algorithm[sizeof rsa - 1] = 0x7F; /* a key of a kind that nobody knows */
        assert_sw(write_part(rig, 0, whole), SW_WRONG_DATA);
        assert_sw(read_part(rig, 0, 256), SW_OFFSET); /* nothing of it is there */
}

static void parts_follow_each_other_in_one_file(void **state)
{
        struct element_rig *rig = *state;
        uint8_t buffer[ELEMENT_CERTIFICATE_MAX];
        slice whole = certificate_of(rig, AUTH_KEY, 1400, buffer);
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_sw(write_part(rig, 0, slice_text("x")), SW_NO_CURRENT_FILE);
        static const uint16_t unwritable[] = { 0x0006, AUTH_KEY, AUTH_PIN, SIGN_KEY, SIGN_PASSWORD };
        for (size_t i = 0; i < 5; i++) {
                assert_sw(element_rig_select_file(rig, unwritable[i]), SW_OK);
                assert_sw(write_part(rig, 0, slice_text("x")), SW_WRONG_FILE_TYPE);
        }
        assert_sw(element_rig_select_file(rig, 0x000A), SW_OK);
        assert_sw(write_part(rig, 0, nothing), SW_WRONG_LENGTH);
        assert_sw(write_part(rig, 0x8000, slice_text("x")), SW_WRONG_P1P2);
        assert_sw(write_part(rig, 1, slice_text("x")), SW_OFFSET);
        assert_sw(write_part(rig, 0, slice_of(whole.data, 700)), SW_OK);
        assert_sw(write_part(rig, 699, slice_of(whole.data + 699, 701)), SW_OFFSET);
        assert_sw(write_part(rig, 701, slice_of(whole.data + 701, 699)), SW_OFFSET);
        assert_sw(element_rig_select_file(rig, 0x000B), SW_OK); /* another file */
        assert_sw(write_part(rig, 700, slice_of(whole.data + 700, 700)), SW_OFFSET);
        assert_sw(element_rig_select_file(rig, 0x000A), SW_OK); /* and back */
        assert_sw(write_part(rig, 700, slice_of(whole.data + 700, 700)), SW_OK);
        assert_sw(write_part(rig, 1400, slice_text("x")), SW_OFFSET); /* it was whole */
}

/* ---- secrets ---- */

/* The empty VERIFY tells the tries whatever happened before, and spends none. */
static void a_query_spends_nothing(void **state)
{
        struct element_rig *rig = *state;
        unsigned replaces = rig->medium.writes;
        for (int i = 0; i < 3; i++) {
                assert_sw(tries(rig, AUTH_PIN), 0x63C3);
                assert_sw(tries(rig, SIGN_PASSWORD), 0x63C5);
        }
        assert_int_equal(rig->medium.writes, replaces);
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(tries(rig, AUTH_PIN), 0x63C3); /* not 9000 */
        assert_sw(verify(rig, AUTH_PIN, "0000"), 0x63C2);
        assert_sw(verify(rig, AUTH_PIN, "0000"), 0x63C1);
        assert_sw(verify(rig, AUTH_PIN, "0000"), 0x63C0);
        assert_sw(tries(rig, AUTH_PIN), 0x63C0); /* not 6984 */
}

/* 63Cx, 63C0 on the exhausting try, 6984 later, also for the right PIN. */
static void the_pin_is_locked_after_three(void **state)
{
        struct element_rig *rig = *state;
        assert_sw(verify(rig, AUTH_PIN, "0000"), 0x63C2);
        assert_sw(verify(rig, AUTH_PIN, "00000"), 0x63C1); /* of another length: a try too */
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(tries(rig, AUTH_PIN), 0x63C3); /* given back */
        assert_sw(verify(rig, AUTH_PIN, "0000"), 0x63C2);
        assert_sw(verify(rig, AUTH_PIN, "0000"), 0x63C1);
        assert_sw(verify(rig, AUTH_PIN, "0000"), 0x63C0);
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_UNUSABLE);
        element_rig_cycle(rig);
        assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_UNUSABLE);
        assert_sw(tries(rig, SIGN_PASSWORD), 0x63C5); /* the other secret is not touched */
}

static void the_password_is_locked_after_five(void **state)
{
        struct element_rig *rig = *state;
        for (unsigned left = 4; left + 1 > 0; left--)
                assert_sw(verify(rig, SIGN_PASSWORD, "PASSWORD2"), SW_TRIES_LEFT | left);
        assert_sw(verify(rig, SIGN_PASSWORD, ELEMENT_RIG_PASSWORD), SW_UNUSABLE);
        assert_sw(tries(rig, SIGN_PASSWORD), 0x63C0);
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
}

static void the_password_has_no_case(void **state)
{
        struct element_rig *rig = *state;
        assert_sw(verify(rig, SIGN_PASSWORD, "password1"), SW_OK);
        assert_sw(verify(rig, SIGN_PASSWORD, "PASSWORD1"), SW_OK);
}

/* Pulling the plug after the try is written down and before the answer wins nothing. */
static void power_cycling_wins_no_try(void **state)
{
        struct element_rig *rig = *state;
        for (unsigned left = 2; left + 1 > 0; left--) {
                assert_sw(verify(rig, AUTH_PIN, "0000"), SW_TRIES_LEFT | left);
                element_rig_cycle(rig);
                assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
        }
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_UNUSABLE);
}

static void a_try_is_written_before_it_is_compared(void **state)
{
        struct element_rig *rig = *state;
        /* The right PIN, and the medium keeps the first write only: the debit. */
        assert_sw(element_rig_select_file(rig, AUTH_PIN), SW_OK);
        power_cut_arm(&rig->medium, 2, POWER_CUT_BEFORE);
        assert_sw(element_rig_command(rig, verify_secret, slice_text(ELEMENT_RIG_PIN)), SW_MEMORY_FAILURE);
        power_cut_on(&rig->medium);
        element_rig_cycle(rig);
        assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
        assert_sw(tries(rig, AUTH_PIN), 0x63C2);
        /* Nothing could be written: nothing was compared either. */
        assert_sw(element_rig_select_file(rig, AUTH_PIN), SW_OK);
        power_cut_arm(&rig->medium, 1, POWER_CUT_BEFORE);
        assert_sw(element_rig_command(rig, verify_secret, slice_text(ELEMENT_RIG_PIN)), SW_MEMORY_FAILURE);
        assert_int_equal(rig->medium.writes, 1);
}

static void verify_is_refused_elsewhere(void **state)
{
        struct element_rig *rig = *state;
        char long_text[65] = { 0 };
        memset(long_text, '0', sizeof long_text - 1);
        assert_sw(element_rig_command(rig, verify_secret, slice_text("1234")), SW_NO_CURRENT_FILE);
        static const uint16_t others[] = { 0x0001, 0x0006, 0x000A, AUTH_KEY, SIGN_KEY };
        for (size_t i = 0; i < 5; i++) {
                assert_sw(element_rig_select_file(rig, others[i]), SW_OK);
                assert_sw(element_rig_command(rig, verify_secret, slice_text("1234")), SW_WRONG_FILE_TYPE);
                assert_sw(element_rig_command(rig, change, slice_text("1234")), SW_WRONG_FILE_TYPE);
        }
        assert_sw(element_rig_select_file(rig, AUTH_PIN), SW_OK);
        assert_sw(element_rig_command(rig, 0x00200081, slice_text("1234")), SW_WRONG_P1P2);
        assert_sw(element_rig_command(rig, 0x00200180, slice_text("1234")), SW_WRONG_P1P2);
        assert_sw(element_rig_command(rig, verify_secret, slice_text(long_text)), SW_WRONG_LENGTH);
        assert_sw(tries(rig, AUTH_PIN), 0x63C3); /* none of that was a try */
        assert_sw(verify(rig, SIGN_PASSWORD, "PASSWORD123456789"), SW_WRONG_LENGTH);
        assert_sw(tries(rig, SIGN_PASSWORD), 0x63C5);
}

/* A selection drops every verified secret and the current EF. */
static void a_selection_closes_everything(void **state)
{
        struct element_rig *rig = *state;
        for (int reset = 0; reset < 2; reset++) {
                assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
                assert_sw(verify(rig, SIGN_PASSWORD, ELEMENT_RIG_PASSWORD), SW_OK);
                assert_sw(element_rig_command(rig, 0x802A0097, slice_text("x")), SW_OK);
                if (reset)
                        mitome_element_reset(rig->element);
                assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
                assert_sw(element_rig_command(rig, sign, slice_text("x")), SW_NO_CURRENT_FILE);
                assert_sw(element_rig_command(rig, 0x802A0097, slice_text("x")), SW_SECURITY_STATUS);
                assert_sw(element_rig_command(rig, 0x802A009A, slice_text("x")), SW_SECURITY_STATUS);
        }
        /* A wrong PIN closes what the right one opened. */
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(verify(rig, AUTH_PIN, "0000"), 0x63C2);
        assert_sw(element_rig_command(rig, 0x802A0097, slice_text("x")), SW_SECURITY_STATUS);
}

static void secrets_are_changed_by_who_knows_them(void **state)
{
        struct element_rig *rig = *state;
        static const char *const bad_pins[] = { "", "123", "12345", "12a4", "12 4" };
        static const char *const bad_passwords[] = { "", "ABC12", "ABCDEF", "123456", "PASSWORD-1",
                "ABCDEFGH123456789" };
        assert_sw(element_rig_command(rig, change, slice_text("5678")), SW_NO_CURRENT_FILE);
        assert_sw(element_rig_select_file(rig, AUTH_PIN), SW_OK);
        assert_sw(element_rig_command(rig, change, slice_text("5678")), SW_SECURITY_STATUS);
        assert_sw(verify(rig, SIGN_PASSWORD, ELEMENT_RIG_PASSWORD), SW_OK);
        assert_sw(element_rig_select_file(rig, AUTH_PIN), SW_OK);
        assert_sw(element_rig_command(rig, change, slice_text("5678")), SW_SECURITY_STATUS);
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_command(rig, 0x00240080, slice_text("5678")), SW_WRONG_P1P2);
        for (size_t i = 0; i < sizeof bad_pins / sizeof *bad_pins; i++)
                assert_sw(element_rig_command(rig, change, slice_text(bad_pins[i])), SW_WRONG_DATA);
        assert_sw(element_rig_command(rig, change, slice_text("5678")), SW_OK);
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), 0x63C2);
        assert_sw(verify(rig, AUTH_PIN, "5678"), SW_OK);
        assert_sw(element_rig_select_file(rig, SIGN_PASSWORD), SW_OK);
        for (size_t i = 0; i < sizeof bad_passwords / sizeof *bad_passwords; i++)
                assert_sw(element_rig_command(rig, change, slice_text(bad_passwords[i])), SW_WRONG_DATA);
        assert_sw(element_rig_command(rig, change, slice_text("secret9")), SW_OK);
        element_rig_cycle(rig);
        assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
        assert_sw(verify(rig, SIGN_PASSWORD, "SECRET9"), SW_OK);
        assert_sw(verify(rig, AUTH_PIN, "5678"), SW_OK);
}

/* "P2 98 (PIN 0018: 4 digits) or 9B (password 001B: 6 to 16 letters and digits, both kinds, stored upper
 * case). Full tries." */
static void a_management_station_sets_secrets(void **state)
{
        struct element_rig *rig = *state;
        for (int i = 0; i < 3; i++)
                (void)verify(rig, AUTH_PIN, "0000");
        for (int i = 0; i < 5; i++)
                (void)verify(rig, SIGN_PASSWORD, "WRONG1");
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, 0x802C0097, slice_text("5678")), SW_WRONG_P1P2);
        assert_sw(element_rig_secured(rig, 0x802C0298, slice_text("5678")), SW_WRONG_P1P2);
        assert_sw(element_rig_secured(rig, 0x802C0098, slice_text("56789")), SW_WRONG_DATA);
        assert_sw(element_rig_secured(rig, 0x802C009B, slice_text("5678")), SW_WRONG_DATA);
        assert_sw(tries(rig, AUTH_PIN), 0x63C0);
        assert_sw(element_rig_secured(rig, 0x802C0098, slice_text("5678")), SW_OK);
        assert_sw(element_rig_secured(rig, 0x802C009B, slice_text("newpass1")), SW_OK);
        assert_sw(tries(rig, AUTH_PIN), 0x63C3);
        assert_sw(tries(rig, SIGN_PASSWORD), 0x63C5);
        assert_sw(verify(rig, AUTH_PIN, "5678"), SW_OK);
        assert_sw(verify(rig, SIGN_PASSWORD, "NEWPASS1"), SW_OK);
}

static void nothing_is_set_in_a_new_element(void **state)
{
        (void)state;
        struct element_rig rig = { 0 };
        element_rig_open(&rig);
        assert_sw(element_rig_select(&rig, element_rig_jpki), SW_OK);
        assert_sw(tries(&rig, AUTH_PIN), 0x63C0);
        assert_sw(tries(&rig, SIGN_PASSWORD), 0x63C0);
        assert_sw(verify(&rig, AUTH_PIN, "1234"), SW_UNUSABLE);
        assert_sw(verify(&rig, SIGN_PASSWORD, "PASSWORD1"), SW_UNUSABLE);
        assert_sw(element_rig_command(&rig, 0x802A0097, slice_text("x")), SW_SECURITY_STATUS);
        element_rig_close(&rig);
}

/* ---- signatures ---- */

/* What P1 asks for, and how OpenSSL checks it. */
static void signatures_verify_in_every_mode(void **state)
{
        struct element_rig *rig = *state;
        static const struct {
                uint8_t p1;
                bool hash_in, named;
                int padding;
        } modes[] = {
                { 0x00, true, false, RSA_PKCS1_PADDING },
                { 0x01, false, false, RSA_PKCS1_PADDING },
                { 0x02, true, true, RSA_PKCS1_PADDING },
                { 0x03, false, true, RSA_PKCS1_PADDING },
                { 0x04, true, true, RSA_PKCS1_PSS_PADDING },
                { 0x05, false, true, RSA_PKCS1_PSS_PADDING },
        };
        uint8_t hash[SHA256_SIZE];
        const slice document = slice_text("a document");
        sha256(&document, 1, hash);
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
                assert_sw(element_rig_select_file(rig, AUTH_KEY), SW_OK);
                slice input = modes[i].hash_in ? SLICE(hash) : document;
                assert_sw(element_rig_command(rig, sign | (uint32_t)modes[i].p1 << 8, input), SW_OK);
                assert_int_equal(rig->data.size, 256);
                assert_verified(auth_key, modes[i].padding, modes[i].named ? EVP_sha256() : NULL, SLICE(hash),
                        rig->data);
        }
        assert_sw(element_rig_command(rig, sign | 0x0600, SLICE(hash)), SW_WRONG_P1P2);
        assert_sw(element_rig_command(rig, sign | 0xFF00, SLICE(hash)), SW_WRONG_P1P2);
}

/* What OpenSC sends: a DigestInfo, padded as it is. */
static void a_digest_info_is_signed_as_it_is(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t prefix[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
                0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 };
        uint8_t info[sizeof prefix + SHA256_SIZE], hash[SHA256_SIZE];
        const slice document = slice_text("a document");
        sha256(&document, 1, hash);
        memcpy(info, prefix, sizeof prefix);
        memcpy(info + sizeof prefix, hash, sizeof hash);
        assert_sw(verify(rig, SIGN_PASSWORD, ELEMENT_RIG_PASSWORD), SW_OK);
        assert_sw(element_rig_select_file(rig, SIGN_KEY), SW_OK);
        assert_sw(element_rig_command(rig, sign, SLICE(info)), SW_OK);
        assert_verified(sign_key, RSA_PKCS1_PADDING, EVP_sha256(), SLICE(hash), rig->data);
}

static void input_of_the_wrong_size_is_not_signed(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t input[246];
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_command(rig, 0x802A0097, nothing), SW_WRONG_LENGTH);
        assert_sw(element_rig_command(rig, 0x802A0097, slice_of(input, 1)), SW_OK);
        assert_sw(element_rig_command(rig, 0x802A0097, slice_of(input, 245)), SW_OK);
        assert_sw(element_rig_command(rig, 0x802A0097, slice_of(input, 246)), SW_WRONG_LENGTH);
        static const uint8_t hashed[] = { 0x02, 0x04 };
        for (size_t i = 0; i < 2; i++) {
                uint32_t head = 0x802A0097 | (uint32_t)hashed[i] << 8;
                assert_sw(element_rig_command(rig, head, slice_of(input, 31)), SW_WRONG_LENGTH);
                assert_sw(element_rig_command(rig, head, slice_of(input, 33)), SW_WRONG_LENGTH);
        }
        static const uint8_t hashing[] = { 0x01, 0x03, 0x05 };
        for (size_t i = 0; i < 3; i++)
                assert_sw(element_rig_command(rig, 0x802A0097 | (uint32_t)hashing[i] << 8, nothing),
                        SW_WRONG_LENGTH);
}

static void each_key_opens_to_its_own_secret(void **state)
{
        struct element_rig *rig = *state;
        static const uint16_t other[] = { 0x0001, 0x0006, AUTH_PIN, SIGN_PASSWORD };
        assert_sw(element_rig_command(rig, sign, slice_text("x")), SW_NO_CURRENT_FILE);
        for (size_t i = 0; i < 4; i++) {
                assert_sw(element_rig_select_file(rig, other[i]), SW_OK);
                assert_sw(element_rig_command(rig, sign, slice_text("x")), SW_WRONG_FILE_TYPE);
        }
        assert_sw(element_rig_command(rig, 0x802A0081, slice_text("x")), SW_WRONG_P1P2);
        assert_sw(element_rig_command(rig, 0x802A0097, slice_text("x")), SW_SECURITY_STATUS);
        assert_sw(element_rig_command(rig, 0x802A009A, slice_text("x")), SW_SECURITY_STATUS);
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_command(rig, 0x802A0097, slice_text("x")), SW_OK);
        assert_sw(element_rig_command(rig, 0x802A009A, slice_text("x")), SW_SECURITY_STATUS);
        assert_sw(element_rig_select_file(rig, SIGN_KEY), SW_OK);
        assert_sw(element_rig_command(rig, sign, slice_text("x")), SW_SECURITY_STATUS);
        assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
        assert_sw(verify(rig, SIGN_PASSWORD, ELEMENT_RIG_PASSWORD), SW_OK);
        assert_sw(element_rig_command(rig, 0x802A009A, slice_text("x")), SW_OK);
        assert_sw(element_rig_command(rig, 0x802A0097, slice_text("x")), SW_SECURITY_STATUS);
}

/* "No finger opens any of its keys." A finger has just been verified in the FIDO applet. */
static void a_finger_opens_neither_key(void **state)
{
        struct element_rig *rig = *state;
        uint8_t id[ELEMENT_RIG_ID_SIZE], token[UNLOCK_TOKEN_SIZE], data[128];
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(element_rig_enrol(rig, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_register(rig, "rp.example", 0x01, id), SW_OK);
        assert_sw(element_rig_log_in(rig, "rp.example", nothing), SW_OK);
        struct element_rig_operation operation = { .command = 0x02, .rp_id = "rp.example", .options = 0x02 };
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        element_rig_seal(rig, &operation, UNLOCK_VERIFIED, token);
        assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
        assert_sw(element_rig_command(rig, 0x802A0097, slice_text("x")), SW_SECURITY_STATUS);
        assert_sw(element_rig_command(rig, 0x802A009A, slice_text("x")), SW_SECURITY_STATUS);
        /* The token in the place of PIN and password: too long to be either, and no try. */
        writer w = WRITER(data);
        tlv_write(&w, 0x80, SLICE(token));
        static const uint16_t secrets[] = { AUTH_PIN, SIGN_PASSWORD };
        for (size_t i = 0; i < 2; i++) {
                assert_sw(element_rig_select_file(rig, secrets[i]), SW_OK);
                assert_sw(element_rig_command(rig, verify_secret, SLICE(token)), SW_WRONG_LENGTH);
                assert_sw(element_rig_command(rig, verify_secret, writer_view(&w)), SW_WRONG_LENGTH);
        }
        assert_sw(element_rig_command(rig, 0x802A0097, slice_text("x")), SW_SECURITY_STATUS);
        assert_sw(element_rig_command(rig, 0x802A009A, slice_text("x")), SW_SECURITY_STATUS);
        assert_sw(tries(rig, AUTH_PIN), 0x63C3);
        assert_sw(tries(rig, SIGN_PASSWORD), 0x63C5);
}

/* ---- keys ---- */

/* "A new RSA-2048 key, e = 65537. ... The certificate of the former key is erased in the same transaction."
 */
static void a_new_key_ends_the_certificate(void **state)
{
        struct element_rig *rig = *state;
        unsigned replaces = rig->medium.writes;
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, 0x80460098, nothing), SW_WRONG_P1P2);
        assert_sw(element_rig_secured(rig, 0x80460197, nothing), SW_WRONG_P1P2);
        assert_sw(element_rig_secured(rig, 0x80460097, slice_text("x")), SW_WRONG_LENGTH);
        assert_int_equal(
                rig->medium.writes, replaces + 3); /* the channel's own: its number, a try and back */
        assert_sw(element_rig_secured(rig, 0x80460097, nothing), SW_OK);
        assert_int_equal(rig->medium.writes, replaces + 4);
        EVP_PKEY *key = public_key(rig);
        assert_int_equal(EVP_PKEY_eq(key, auth_key), 0);
        assert_int_equal(EVP_PKEY_get_bits(key), 2048);
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_select_file(rig, 0x000A), SW_OK);
        assert_sw(read_part(rig, 0, 256), SW_OFFSET);
        assert_sw(element_rig_command(rig, 0x802A0197, slice_text("x")), SW_OK);
        uint8_t hash[SHA256_SIZE];
        const slice x = slice_text("x");
        sha256(&x, 1, hash);
        assert_verified(key, RSA_PKCS1_PADDING, NULL, SLICE(hash), rig->data);
        EVP_PKEY_free(key);
        assert_sw(verify(rig, SIGN_PASSWORD, ELEMENT_RIG_PASSWORD), SW_OK);
        assert_sw(element_rig_select_file(rig, 0x0001), SW_OK);
        assert_sw(read_part(rig, 0, 256), SW_OK); /* the other one stands */
}

static void a_key_that_is_not_there_does_not_sign(void **state)
{
        (void)state;
        struct element_rig rig = { 0 };
        element_rig_open(&rig);
        assert_sw(element_rig_channel(&rig, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(&rig, 0x802C0098, slice_text(ELEMENT_RIG_PIN)), SW_OK);
        assert_sw(element_rig_select_file(&rig, 0x000A), SW_OK);
        uint8_t buffer[ELEMENT_CERTIFICATE_MAX];
        slice whole = element_certificate(element_certificate_key(0), 1, 1200, buffer);
        assert_sw(write_part(&rig, 0, whole), SW_NO_REFERENCE); /* nor has it a certificate */
        assert_sw(verify(&rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_command(&rig, 0x802A0097, slice_text("x")), SW_NO_REFERENCE);
        element_rig_close(&rig);
}

static void challenges_are_random(void **state)
{
        struct element_rig *rig = *state;
        uint8_t first[8];
        struct apdu_command command = { .ins = 0x84, .expected = 8 };
        assert_sw(element_rig_send(rig, &command), SW_OK);
        assert_int_equal(rig->data.size, 8);
        memcpy(first, rig->data.data, sizeof first);
        assert_sw(element_rig_send(rig, &command), SW_OK);
        assert_memory_not_equal(rig->data.data, first, sizeof first);
        command.expected = 256;
        assert_sw(element_rig_send(rig, &command), SW_OK);
        assert_int_equal(rig->data.size, 256);
        command.expected = 257;
        assert_sw(element_rig_send(rig, &command), SW_WRONG_LENGTH);
        command.expected = 0;
        assert_sw(element_rig_send(rig, &command), SW_WRONG_LENGTH);
        assert_sw(element_rig_command(rig, 0x00840001, nothing), SW_WRONG_P1P2);
}

/* ---- no key material in any answer ---- */

enum { DER_MAX = 2048 };

static bool holds(slice haystack, slice needle)
{
        return needle.size && memmem(haystack.data, haystack.size, needle.data, needle.size) != NULL;
}

/* The secret numbers of a stored RSA key: 24 bytes from the middle of each. */
static size_t needles(struct element_rig *rig, uint16_t file, uint8_t (*ret)[24])
{
        static const char *const names[] = { OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_FACTOR1,
                OSSL_PKEY_PARAM_RSA_FACTOR2, OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2,
                OSSL_PKEY_PARAM_RSA_COEFFICIENT1 };
        uint8_t der[DER_MAX], bytes[256];
        slice stored = element_rig_stored(rig, 0x0100u + file, der, sizeof der);
        const unsigned char *at = stored.data;
        EVP_PKEY *key = d2i_PrivateKey(EVP_PKEY_RSA, NULL, &at, (long)stored.size);
        assert_non_null(key);
        for (size_t i = 0; i < 6; i++) {
                BIGNUM *number = NULL;
                assert_int_equal(EVP_PKEY_get_bn_param(key, names[i], &number), 1);
                assert_true(BN_bn2bin(number, bytes) >= 120);
                memcpy(ret[i], bytes + 40, 24);
                BN_clear_free(number);
        }
        EVP_PKEY_free(key);
        return 6;
}

static void search_all_commands(struct element_rig *rig, uint8_t (*hidden)[24], size_t count)
{
        static const uint16_t parameters[] = { 0x0000, 0x0080, 0x0097, 0x009A, 0x0180, 0x0280, 0x0397, 0x0400,
                0xFFFF };
        static const uint8_t classes[] = { 0x00, 0x80 };
        static const uint8_t data[] = { 0x00, 0x17 };
        for (unsigned i = 0; i < 2 * 256 * sizeof parameters / sizeof *parameters * 2; i++) {
                uint8_t ins = (uint8_t)(i >> 2);
                uint16_t p1p2 = parameters[i >> 10];
                uint32_t head = (uint32_t)classes[i & 1] << 24 | (uint32_t)ins << 16 | p1p2;
                if ((ins == 0xA4 && p1p2 >> 8 == 0x04) || (i & 2 && (ins == 0x20 || ins == 0x24)))
                        continue; /* would leave the state that is looked at */
                element_rig_command(rig, head, i & 2 ? SLICE(data) : nothing);
                slice answer = slice_of(rig->response, rig->data.size + 2);
                for (size_t n = 0; n < count; n++)
                        assert_false(holds(answer, slice_of(hidden[n], 24)));
        }
}

static void no_key_is_in_any_answer(void **state)
{
        struct element_rig *rig = *state;
        uint8_t hidden[12][24];
        size_t count = needles(rig, AUTH_KEY, hidden);
        count += needles(rig, SIGN_KEY, hidden + count);
        static const uint16_t files[] = { 0, AUTH_KEY, SIGN_KEY, 0x0001 };
        for (int opened = 0; opened < 2; opened++) {
                for (size_t i = 0; i < 4; i++) {
                        assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
                        if (opened) {
                                assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
                                assert_sw(verify(rig, SIGN_PASSWORD, ELEMENT_RIG_PASSWORD), SW_OK);
                        }
                        if (files[i])
                                assert_sw(element_rig_select_file(rig, files[i]), SW_OK);
                        search_all_commands(rig, hidden, count);
                }
        }
        /* The needles are right: the image, opened, holds them. */
        uint8_t der[DER_MAX];
        assert_true(
                holds(element_rig_stored(rig, 0x0100 + AUTH_KEY, der, sizeof der), slice_of(hidden[0], 24)));
        assert_false(holds(slice_of(rig->medium.image, rig->medium.size), slice_of(hidden[0], 24)));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(files_are_selected_by_number),
                TEST(token_information_is_free),
                TEST(certificates_open_to_their_own_secret),
                TEST(reading_is_refused_where_there_is_nothing_to_read),
                TEST(a_certificate_is_written_whole_or_not_at_all),
                TEST(a_certificate_is_of_the_key_that_is_there),
                TEST(what_is_no_certificate_is_not_written),
                TEST(parts_follow_each_other_in_one_file),
                TEST(a_query_spends_nothing),
                TEST(the_pin_is_locked_after_three),
                TEST(the_password_is_locked_after_five),
                TEST(the_password_has_no_case),
                TEST(power_cycling_wins_no_try),
                TEST(a_try_is_written_before_it_is_compared),
                TEST(verify_is_refused_elsewhere),
                TEST(a_selection_closes_everything),
                TEST(secrets_are_changed_by_who_knows_them),
                TEST(a_management_station_sets_secrets),
                TEST(nothing_is_set_in_a_new_element),
                TEST(signatures_verify_in_every_mode),
                TEST(a_digest_info_is_signed_as_it_is),
                TEST(input_of_the_wrong_size_is_not_signed),
                TEST(each_key_opens_to_its_own_secret),
                TEST(a_finger_opens_neither_key),
                TEST(a_new_key_ends_the_certificate),
                TEST(a_key_that_is_not_there_does_not_sign),
                TEST(challenges_are_random),
                TEST(no_key_is_in_any_answer),
        };
        return cmocka_run_group_tests(tests, make_stencil, drop_stencil);
}
