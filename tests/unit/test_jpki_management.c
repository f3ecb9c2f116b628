/* SPDX-License-Identifier: Apache-2.0 */
/* What a management station makes of the JPKI applet: what it plays, which hashes it signs, and its end.
 * Quotations are of PROTOCOL.md. */
#include "element_certificate.h"
#include "element_rig.h"
#include "jpki_message.h"
#include "pin_rig.h"
#include "store.h"
#include "tlv.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { AUTH_KEY = 0x0017, AUTH_PIN = 0x0018, SIGN_KEY = 0x001A, SIGN_PASSWORD = 0x001B };
enum { PHONE = 0x00, CARD = 0x01, NO_HOST_HASHES = 0x01 };
static const uint32_t verify_secret = 0x00200080, change = 0x00240180, personalise = 0x80DA0000,
                      reset_pin = 0x802C0098, reset_password = 0x802C009B, erase = 0x800E0000;

static const slice nothing = { 0 };
static struct element_rig stencil;

#define assert_sw(call, wanted) assert_int_equal((call), (wanted))

static int make_stencil(void **state)
{
        (void)state;
        element_rig_open(&stencil);
        element_rig_personalise(&stencil);
        element_rig_pair(&stencil, NULL);
        element_rig_lease(&stencil, 100);
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
        element_rig_clone(&stencil, rig);
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        *state = rig;
        return 0;
}

/* An element that nobody personalised. */
static int set_up_new(void **state)
{
        struct element_rig *rig = calloc(1, sizeof *rig);
        element_rig_open(rig);
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
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
        return verify(rig, file, "");
}

static uint16_t read_file(struct element_rig *rig, uint16_t file)
{
        assert_sw(element_rig_select_file(rig, file), SW_OK);
        return element_rig_command(rig, 0x00B00000, nothing);
}

static uint16_t play(struct element_rig *rig, uint8_t personality, uint8_t flags, const char *serial)
{
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        tlv_write_u8(&w, 0x80, personality);
        tlv_write_u8(&w, 0x81, flags);
        if (serial)
                tlv_write(&w, 0x82, slice_text(serial));
        return element_rig_secured(rig, personalise, writer_view(&w));
}

static void assert_state(struct element_rig *rig, uint8_t personality, uint8_t flags, uint8_t present)
{
        const uint8_t wanted[] = { 0x80, 1, personality, 0x81, 1, flags, 0x83, 1, present };
        assert_sw(element_rig_command(rig, 0x80CA0001, nothing), SW_OK);
        assert_int_equal(rig->data.size, sizeof wanted);
        assert_memory_equal(rig->data.data, wanted, sizeof wanted);
}

static void bring_keys_and_certificates(struct element_rig *rig)
{
        element_rig_personalise(rig);
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
}

/* ---- personality ---- */

static void a_new_applet_is_a_phones(void **state)
{
        struct element_rig *rig = *state;
        assert_state(rig, PHONE, 0, 0);
        assert_sw(read_file(rig, 0x0006), SW_OK);
        assert_int_equal(rig->data.size, 160);
        assert_memory_equal(rig->data.data, "JPKIAPGPSETOKEN                 ", 32);
        assert_memory_equal(rig->data.data + 80, "                ", 16);
        assert_sw(element_rig_select_file(rig, 0x0008), SW_NOT_FOUND); /* "card only" */
        bring_keys_and_certificates(rig);
        assert_state(rig, PHONE, 0, 0xCF);
}

/* "EF 0008 card only: 8F where the signing certificate is, 8F where that of user verification is, 00"; "EF
 * 000A card: anybody" */
static void a_card_says_so_and_shows_its_certificate(void **state)
{
        struct element_rig *rig = *state;
        assert_sw(play(rig, CARD, 0, "1234567890ABCDEF"), SW_OK);
        assert_sw(read_file(rig, 0x0006), SW_OK);
        assert_memory_equal(rig->data.data, "JPKIAPICCTOKEN2                 ", 32);
        assert_memory_equal(rig->data.data + 80, "1234567890ABCDEF", 16);
        assert_sw(read_file(rig, 0x0008), SW_OK);
        assert_memory_equal(rig->data.data, "\x00\x00\x00", 3);
        bring_keys_and_certificates(rig);
        assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
        assert_sw(read_file(rig, 0x0008), SW_OK);
        assert_int_equal(rig->data.size, 3);
        assert_memory_equal(rig->data.data, "\x8F\x8F\x00", 3);
        assert_sw(read_file(rig, 0x000A), SW_OK);
        assert_int_equal(rig->data.size, 1300);
        assert_sw(read_file(rig, 0x0001), SW_SECURITY_STATUS); /* that stays behind its password */
        assert_sw(element_rig_command(rig, 0x802A0397, slice_text("x")), SW_SECURITY_STATUS);
        assert_sw(element_rig_command(rig, change, slice_text("5678")), SW_WRONG_FILE_TYPE);
        assert_sw(element_rig_select_file(rig, AUTH_PIN), SW_OK);
        assert_sw(element_rig_command(rig, change, slice_text("5678")), SW_SECURITY_STATUS);
        element_rig_cycle(rig); /* it is remembered */
        assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
        assert_state(rig, CARD, 0, 0xCF);
}

/* A plastic card knows no lease: its owner's certificate is revoked, and its signature is checked. */
static void a_card_signs_without_a_lease(void **state)
{
        struct element_rig *rig = *state;
        assert_sw(play(rig, CARD, 0, NULL), SW_OK);
        bring_keys_and_certificates(rig);
        assert_sw(verify(rig, SIGN_PASSWORD, ELEMENT_RIG_PASSWORD), SW_OK);
        assert_sw(element_rig_command(rig, 0x802A039A, slice_text("x")), SW_OK);
}

/* "6985 a key or certificate is there, unless all that changes is that a flag is set" */
static void what_was_promised_with_a_key_is_kept(void **state)
{
        struct element_rig *rig = *state;
        assert_state(rig, PHONE, 0, 0xCF);
        assert_sw(play(rig, CARD, 0, NULL), SW_CONDITIONS);
        assert_sw(play(rig, CARD, NO_HOST_HASHES, NULL), SW_CONDITIONS);
        assert_sw(play(rig, PHONE, 0, "1"), SW_CONDITIONS);
        assert_sw(play(rig, PHONE, 0, NULL), SW_OK);
        assert_sw(play(rig, PHONE, NO_HOST_HASHES, NULL), SW_OK);
        assert_sw(play(rig, PHONE, 0, NULL), SW_CONDITIONS);
        assert_state(rig, PHONE, NO_HOST_HASHES, 0xCF);
        assert_sw(element_rig_secured(rig, erase | 0x97, nothing), SW_OK);
        assert_sw(play(rig, PHONE, 0, NULL), SW_CONDITIONS); /* the other key is there */
        assert_sw(element_rig_secured(rig, erase | 0x9A, nothing), SW_OK);
        assert_sw(play(rig, CARD, 0, "1"), SW_OK);
        element_rig_generate(rig, 0x97); /* a key alone is enough */
        assert_sw(play(rig, PHONE, 0, NULL), SW_CONDITIONS);
}

static void personalise_takes_nothing_else(void **state)
{
        struct element_rig *rig = *state;
        static const struct {
                const char *data;
                size_t size;
        } wrong[] = {
                { "", 0 }, { "\x80\x01\x00", 3 }, { "\x81\x01\x00", 3 },
                { "\x80\x01\x02\x81\x01\x00", 6 },             /* no such personality */
                { "\x80\x01\x00\x81\x01\x02", 6 },             /* no such flag */
                { "\x80\x01\x00\x81\x01\x80", 6 },             /* no such flag */
                { "\x80\x01\x00\x80\x01\x00\x81\x01\x00", 9 }, /* twice */
                { "\x80\x01\x00\x81\x01\x00\x82\x00", 8 },     /* an empty serial number */
                { "\x80\x01\x00\x81\x01\x00\x82\x01\x1F", 9 }, /* not printable */
                { "\x80\x01\x00\x81\x01\x00\x82\x01\x7F", 9 }, /* not printable */
                { "\x80\x01\x00\x81\x01\x00\x82\x01\x80", 9 }, /* not ASCII */
                { "\x80\x01\x00\x81\x01\x00\x82\x11"
                  "12345678901234567",
                        25 },                                  /* too long */
                { "\x80\x01\x00\x81\x01\x00\x83\x01\x00", 9 }, /* no such member */
        };
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
                assert_sw(element_rig_secured(rig, personalise, slice_of(wrong[i].data, wrong[i].size)),
                        SW_WRONG_DATA);
        static const char whole[] = "\x80\x01\x01\x81\x01\x01\x82\x03"
                                    "123";
        for (size_t size = 0; size < sizeof whole - 1; size++)
                if (size != 6)
                        assert_sw(
                                element_rig_secured(rig, personalise, slice_of(whole, size)), SW_WRONG_DATA);
        assert_sw(element_rig_secured(rig, personalise | 0x0100, slice_of(whole, 6)), SW_WRONG_P1P2);
        assert_sw(element_rig_secured(rig, personalise | 0x0001, slice_of(whole, 6)), SW_WRONG_P1P2);
        assert_state(rig, PHONE, 0, 0);
        assert_sw(element_rig_secured(rig, personalise, slice_of(whole, sizeof whole - 1)), SW_OK);
        assert_state(rig, CARD, NO_HOST_HASHES, 0);
}

static void state_is_told_to_a_right_question(void **state)
{
        struct element_rig *rig = *state;
        static const uint16_t others[] = { 0x0000, 0x0002, 0x0101, 0xFF01, 0x00E0, 0x9F7F };
        for (size_t i = 0; i < sizeof others / sizeof *others; i++)
                assert_sw(element_rig_command(rig, 0x80CA0000u | others[i], nothing), SW_NO_REFERENCE);
        assert_sw(element_rig_command(rig, 0x80CA0001, slice_text("x")), SW_WRONG_LENGTH);
        assert_sw(element_rig_send(rig, &(struct apdu_command){ .cla = 0x80, .ins = 0xCA, .p2 = 0x01 }),
                SW_WRONG_LENGTH);
        assert_sw(element_rig_command(rig, 0x00CA0001, nothing), SW_WRONG_CLA);
}

/* ---- key 0017 and the host's hashes ---- */

static const char tls[] = "                                                                "
                          "TLS 1.3, client CertificateVerify";
static const char own[] = JPKI_MESSAGE_PREFIX;

static EVP_PKEY *auth_public(void)
{
        slice der = element_certificate_key(0);
        const unsigned char *at = der.data;
        EVP_PKEY *key = d2i_PrivateKey(EVP_PKEY_RSA, NULL, &at, (long)der.size);
        assert_non_null(key);
        return key;
}

static void assert_signature(int padding, slice message, slice signature)
{
        uint8_t hash[SHA256_SIZE];
        EVP_PKEY *key = auth_public();
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
        sha256(&message, 1, hash);
        assert_int_equal(EVP_PKEY_verify_init(context), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(context, padding), 1);
        assert_int_equal(EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()), 1);
        assert_int_equal(EVP_PKEY_verify(context, signature.data, signature.size, hash, sizeof hash), 1);
        EVP_PKEY_CTX_free(context);
        EVP_PKEY_free(key);
}

/* "Key 0017 with flag 01 of PERSONALISE signs no hash of the host's: P1 00, 02 and 04 are 6985. ... P1 01, 03
 * and 05 sign only what begins with one of two prefixes, with at least a byte behind" */
static void the_switch_ends_the_hosts_hashes(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t hashed[] = { 0x00, 0x02, 0x04 };
        uint8_t hash[SHA256_SIZE] = { 1 };
        assert_sw(play(rig, PHONE, NO_HOST_HASHES, NULL), SW_OK);
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_select_file(rig, AUTH_KEY), SW_OK);
        for (size_t i = 0; i < 3; i++) {
                uint32_t p1 = (uint32_t)hashed[i] << 8;
                assert_sw(element_rig_command(rig, 0x802A0097 | p1, SLICE(hash)), SW_CONDITIONS);
                assert_sw(element_rig_command(rig, 0x802A0080 | p1, SLICE(hash)), SW_CONDITIONS);
        }
        /* Not even the prefix itself, as the input of a mode that pads only. */
        assert_sw(element_rig_command(rig, 0x802A0097, slice_of(tls, sizeof tls)), SW_CONDITIONS);
        static const uint8_t hashing[] = { 0x01, 0x03, 0x05 };
        for (size_t i = 0; i < 3; i++) {
                uint32_t head = 0x802A0097 | (uint32_t)hashing[i] << 8;
                assert_sw(element_rig_command(rig, head, slice_text("x")), SW_CONDITIONS);
                assert_sw(element_rig_command(rig, head, SLICE(hash)), SW_CONDITIONS);
                assert_sw(element_rig_command(rig, head, slice_text(own)), SW_CONDITIONS); /* no use */
                assert_sw(element_rig_command(rig, head, slice_text(JPKI_MESSAGE_PREFIX "\x01")),
                        SW_CONDITIONS); /* nothing behind */
                assert_sw(element_rig_command(rig, head, slice_text(JPKI_MESSAGE_PREFIX "\x02")),
                        SW_CONDITIONS);
                assert_sw(element_rig_command(rig, head, slice_of(tls, sizeof tls)), SW_CONDITIONS);
        }
        /* The other key is not concerned. */
        assert_sw(verify(rig, SIGN_PASSWORD, ELEMENT_RIG_PASSWORD), SW_OK);
        assert_sw(element_rig_command(rig, 0x802A029A, SLICE(hash)), SW_OK);
}

static void the_switch_leaves_two_kinds_of_messages(void **state)
{
        struct element_rig *rig = *state;
        uint8_t verify_content[sizeof tls + SHA256_SIZE] = { 0 }, challenge[33 + 15] = { 0 };
        memcpy(verify_content, tls, sizeof tls);
        memcpy(challenge, own, 32);
        challenge[32] = JPKI_USE_CHALLENGE;
        assert_int_equal(sizeof tls, 98); /* RFC 8446 4.4.3: 64 + 33 + 1 */
        assert_sw(play(rig, PHONE, NO_HOST_HASHES, NULL), SW_OK);
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_command(rig, 0x802A0597, SLICE(verify_content)), SW_OK);
        assert_signature(RSA_PKCS1_PSS_PADDING, SLICE(verify_content), rig->data);
        assert_sw(element_rig_command(rig, 0x802A0397, SLICE(challenge)), SW_OK);
        assert_signature(RSA_PKCS1_PADDING, SLICE(challenge), rig->data);
        assert_sw(element_rig_command(rig, 0x802A0197, SLICE(challenge)), SW_OK);
        for (size_t i = 0; i < 98; i++) { /* each byte of the prefix counts */
                verify_content[i] ^= 0x01;
                assert_sw(element_rig_command(rig, 0x802A0597, SLICE(verify_content)), SW_CONDITIONS);
                verify_content[i] ^= 0x01;
        }
        for (size_t i = 0; i < 32; i++) {
                challenge[i] ^= 0x20;
                assert_sw(element_rig_command(rig, 0x802A0397, SLICE(challenge)), SW_CONDITIONS);
                challenge[i] ^= 0x20;
        }
}

/* "the byte behind it is the use: 01 .. 02 ..; with another one 6985" */
static void a_message_says_what_it_is_signed_for(void **state)
{
        struct element_rig *rig = *state;
        uint8_t message[33 + 100] = { 0 };
        memcpy(message, own, 32);
        assert_sw(play(rig, PHONE, NO_HOST_HASHES, NULL), SW_OK);
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        for (unsigned use = 0; use < 256; use++) {
                const bool known = use == JPKI_USE_BINDING || use == JPKI_USE_CHALLENGE;
                message[32] = (uint8_t)use;
                assert_sw(
                        element_rig_command(rig, 0x802A0397, SLICE(message)), known ? SW_OK : SW_CONDITIONS);
                if (known)
                        assert_signature(RSA_PKCS1_PADDING, SLICE(message), rig->data);
        }
        /* A binding is as long as its authenticator data. */
        uint8_t long_one[1500] = { 0 };
        memcpy(long_one, JPKI_MESSAGE_PREFIX "\x01", 33);
        assert_sw(element_rig_command(rig, 0x802A0397, SLICE(long_one)), SW_OK);
        assert_signature(RSA_PKCS1_PADDING, SLICE(long_one), rig->data);
}

/* A terminal has the PIN, since its customer has typed it there. What it could do with that while the phone
 * lies on its reader is to answer its own question, and no more: it draws up a binding for a passkey of its
 * own, and a TLS handshake with a website of its choice. */
static void attack_a_terminal_that_binds_a_passkey_of_its_own(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t hashing[] = { 0x01, 0x03, 0x05 };
        uint8_t handshake[sizeof tls + SHA256_SIZE] = { 0 }, message[33 + 37 + SHA256_SIZE] = { 0 };
        memcpy(handshake, tls, sizeof tls);
        memcpy(message, own, 32);
        assert_sw(play(rig, PHONE, NO_HOST_HASHES, NULL), SW_OK);
        mitome_element_set_contactless(rig->element, 1);
        assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        for (size_t i = 0; i < sizeof hashing; i++) {
                uint32_t head = 0x802A0097 | (uint32_t)hashing[i] << 8;
                message[32] = JPKI_USE_BINDING;
                assert_sw(element_rig_command(rig, head, SLICE(message)), SW_CONDITIONS);
                assert_sw(element_rig_command(rig, head, SLICE(handshake)), SW_CONDITIONS);
                message[32] = 0x03;
                assert_sw(element_rig_command(rig, head, SLICE(message)), SW_CONDITIONS);
                message[32] = JPKI_USE_CHALLENGE;
                assert_sw(element_rig_command(rig, head, SLICE(message)), SW_OK);
        }
        mitome_element_set_contactless(rig->element, 0);
        assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
        assert_sw(element_rig_command(rig, 0x802A0397, SLICE(message)),
                SW_SECURITY_STATUS); /* not over there */
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        message[32] = JPKI_USE_BINDING;
        assert_sw(element_rig_command(rig, 0x802A0397, SLICE(message)), SW_OK);
        assert_sw(element_rig_command(rig, 0x802A0597, SLICE(handshake)), SW_OK);
}

/* The attack that the switch is for: the PIN's owner, or whoever has learnt it, writes authenticator data
 * himself and has it signed as a login. */
static void no_login_is_forged_through_sign(void **state)
{
        struct element_rig *rig = *state;
        uint8_t forged[37 + SHA256_SIZE] = { 0 }, hash[SHA256_SIZE], info[19 + SHA256_SIZE];
        static const uint8_t prefix[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
                0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 };
        const slice rp_id = slice_text("login.example.go.jp"), message = SLICE(forged);
        sha256(&rp_id, 1, forged);
        forged[32] = 0x05; /* UP and UV, by nobody's word */
        sha256(&message, 1, hash);
        memcpy(info, prefix, sizeof prefix);
        memcpy(info + sizeof prefix, hash, sizeof hash);
        const struct {
                uint32_t p1;
                slice input;
        } ways[] = {
                { 0x0000, SLICE(info) },
                { 0x0100, message },
                { 0x0200, SLICE(hash) },
                { 0x0300, message },
                { 0x0400, SLICE(hash) },
                { 0x0500, message },
        };
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_command(rig, 0x802A0397, message), SW_OK); /* without the switch it works */
        assert_signature(RSA_PKCS1_PADDING, message, rig->data);
        assert_sw(play(rig, PHONE, NO_HOST_HASHES, NULL), SW_OK);
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
                assert_sw(element_rig_command(rig, 0x802A0097 | ways[i].p1, ways[i].input), SW_CONDITIONS);
        element_rig_cycle(rig);
        assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
                assert_sw(element_rig_command(rig, 0x802A0097 | ways[i].p1, ways[i].input), SW_CONDITIONS);
}

/* ---- reset of PIN and password ---- */

/* "With a PIN the finger path closes until that PIN has confirmed the fingers" */
static void a_reset_unlocks_and_closes_the_finger(void **state)
{
        struct element_rig *rig = *state;
        enum { FINGER_OPEN = 0x08 };
        uint8_t id[ELEMENT_RIG_ID_SIZE];
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(element_rig_enrol(rig, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_register(rig, "rp.example", 0x01, id), SW_OK);
        assert_true(element_rig_state(rig).flags & FINGER_OPEN);
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        for (unsigned left = 2; left + 1 > 0; left--)
                assert_sw(verify(rig, AUTH_PIN, "0000"), SW_TRIES_LEFT | left);
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_UNUSABLE);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_false(element_rig_state(rig).flags & FINGER_OPEN); /* locked: the finger too */
        assert_sw(element_rig_log_in(rig, "rp.example", nothing), SW_BLOCKED);
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, reset_pin, slice_text("5678")), SW_OK);
        assert_sw(tries(rig, AUTH_PIN), 0x63C3);
        assert_sw(element_rig_command(rig, 0x802A0397, slice_text("x")), SW_SECURITY_STATUS);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_false(element_rig_state(rig).flags & FINGER_OPEN); /* whose finger it was, nobody knows */
        assert_sw(element_rig_log_in(rig, "rp.example", nothing), SW_UNUSABLE);
        /* the new PIN is the station's until its holder has changed it, by CTAP or here */
        assert_sw(element_rig_enrol(rig, "5678"), SW_PIN_CHANGE_FIRST);
        assert_sw(pin_rig_change(rig, 2, "5678", "2468"), SW_OK);
        assert_sw(element_rig_enrol(rig, "2468"), SW_OK);
        assert_sw(element_rig_log_in(rig, "rp.example", nothing), SW_OK);
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, reset_pin, slice_text("5678")), SW_OK);
        assert_sw(verify(rig, AUTH_PIN, "5678"), SW_OK);
        assert_sw(element_rig_command(rig, 0x00240180, slice_text("8642")), SW_OK);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(element_rig_enrol(rig, "8642"), SW_OK);
}

/* "P1 01: the secret is temporary: it opens nothing but CHANGE until its holder has changed it, also the
 * first one ever"; GET DATA's 10 and 20 */
static void a_temporary_pin_opens_nothing_but_its_change(void **state)
{
        struct element_rig *rig = *state;
        const uint32_t temporary = reset_pin | 0x0100;
        struct secret token = { 0 };
        assert_sw(element_rig_secured(rig, temporary, slice_text("567")), SW_WRONG_DATA);
        assert_state(rig, PHONE, 0, 0xCF);
        assert_sw(element_rig_secured(rig, temporary, slice_text("5678")), SW_OK);
        assert_state(rig, PHONE, 0, 0xDF);
        assert_sw(verify(rig, AUTH_PIN, "5678"), SW_OK);
        assert_sw(element_rig_command(rig, 0x802A0397, slice_text("x")), SW_SECURITY_STATUS);
        assert_sw(read_file(rig, 0x000A), SW_SECURITY_STATUS);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(element_rig_pin_token(rig, "5678", &token), SW_PIN_CHANGE_FIRST);
        element_rig_cycle(rig); /* it is remembered */
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_state(rig, PHONE, 0, 0xDF);
        assert_sw(verify(rig, AUTH_PIN, "5678"), SW_OK);
        assert_sw(element_rig_command(rig, change, slice_text("5678")), SW_WRONG_DATA); /* "the same" */
        assert_state(rig, PHONE, 0, 0xDF);
        assert_sw(element_rig_command(rig, change, slice_text("8642")), SW_OK);
        assert_state(rig, PHONE, 0, 0xCF);
        assert_sw(element_rig_command(rig, 0x802A0397, slice_text("x")), SW_OK);
}

static void a_first_pin_may_be_temporary_too(void **state)
{
        struct element_rig *rig = *state;
        assert_sw(element_rig_secured(rig, reset_pin | 0x0100, slice_text("5678")), SW_OK);
        assert_sw(element_rig_secured(rig, reset_password | 0x0100, slice_text("TEMPOR1")), SW_OK);
        assert_state(rig, PHONE, 0, 0xF0);
        assert_sw(verify(rig, AUTH_PIN, "5678"), SW_OK);
        assert_sw(element_rig_command(rig, change, slice_text("8642")), SW_OK);
        assert_sw(element_rig_secured(rig, 0x80460097, nothing), SW_OK);
        element_rig_certify(rig, 0x000A, 1250);
        assert_state(rig, PHONE, 0, 0xE3);
        assert_sw(verify(rig, AUTH_PIN, "8642"), SW_OK); /* what the holder chose survives the certificate */
}

static void a_temporary_password_opens_nothing_but_its_change(void **state)
{
        struct element_rig *rig = *state;
        const uint32_t temporary = reset_password | 0x0100;
        assert_sw(verify(rig, SIGN_PASSWORD, ELEMENT_RIG_PASSWORD), SW_OK);
        assert_sw(element_rig_secured(rig, temporary, slice_text("ABCDEF")), SW_WRONG_DATA);
        assert_state(rig, PHONE, 0, 0xCF);
        assert_sw(element_rig_secured(rig, temporary, slice_text("TEMPOR1")), SW_OK);
        assert_state(rig, PHONE, 0, 0xEF);
        assert_sw(verify(rig, SIGN_PASSWORD, ELEMENT_RIG_PASSWORD), 0x63C4);
        assert_sw(verify(rig, SIGN_PASSWORD, "TEMPOR1"), SW_OK);
        assert_sw(element_rig_command(rig, 0x802A039A, slice_text("x")), SW_SECURITY_STATUS);
        assert_sw(read_file(rig, 0x0001), SW_SECURITY_STATUS);
        element_rig_cycle(rig);
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_sw(verify(rig, SIGN_PASSWORD, "TEMPOR1"), SW_OK);
        assert_sw(element_rig_command(rig, 0x802A039A, slice_text("x")), SW_SECURITY_STATUS);
        assert_sw(element_rig_select_file(rig, SIGN_PASSWORD), SW_OK);
        assert_sw(element_rig_command(rig, change, slice_text("tempor1")), SW_WRONG_DATA); /* the same */
        assert_sw(element_rig_command(rig, change, slice_text("SEVENTEEN12345678")), SW_WRONG_DATA);
        assert_state(rig, PHONE, 0, 0xEF);
        assert_sw(element_rig_command(rig, change, slice_text("MYOWN22")), SW_OK);
        assert_state(rig, PHONE, 0, 0xCF);
        assert_sw(element_rig_command(rig, 0x802A039A, slice_text("x")), SW_OK);
        assert_sw(read_file(rig, 0x0001), SW_OK);
}

/* A reset by P1 00 makes a password that lasts, also of a temporary one; and there is no third kind. */
static void a_lasting_reset_ends_a_temporary_password(void **state)
{
        struct element_rig *rig = *state;
        assert_sw(element_rig_secured(rig, reset_password | 0x0100, slice_text("TEMPOR1")), SW_OK);
        assert_sw(element_rig_secured(rig, reset_password, slice_text("TEMPOR1")), SW_OK);
        assert_state(rig, PHONE, 0, 0xCF);
        assert_sw(verify(rig, SIGN_PASSWORD, "TEMPOR1"), SW_OK);
        assert_sw(element_rig_command(rig, 0x802A039A, slice_text("x")), SW_OK);
        assert_sw(element_rig_secured(rig, reset_password | 0x0200, slice_text("OTHER12")), SW_WRONG_P1P2);
        assert_sw(element_rig_secured(rig, reset_pin | 0x0200, slice_text("2222")), SW_WRONG_P1P2);
        assert_sw(element_rig_secured(rig, reset_password | 0x0100, slice_text("TEMPOR1")), SW_OK);
        assert_sw(element_rig_secured(rig, erase | 0x9A, nothing), SW_OK); /* it goes as any other */
        assert_state(rig, PHONE, 0, 0x43);
}

/* What was verified before a reset opens nothing after it. */
static void a_reset_closes_what_the_former_secret_opened(void **state)
{
        struct element_rig *rig = *state;
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(verify(rig, SIGN_PASSWORD, ELEMENT_RIG_PASSWORD), SW_OK);
        assert_sw(element_rig_secured(rig, reset_pin, slice_text("5678")), SW_OK);
        assert_sw(element_rig_command(rig, 0x802A0397, slice_text("x")), SW_SECURITY_STATUS);
        assert_sw(element_rig_command(rig, 0x802A039A, slice_text("x")), SW_OK); /* another secret */
        assert_sw(element_rig_secured(rig, reset_password, slice_text("NEWPASS1")), SW_OK);
        assert_sw(element_rig_command(rig, 0x802A039A, slice_text("x")), SW_SECURITY_STATUS);
        assert_sw(read_file(rig, 0x0001), SW_SECURITY_STATUS);
        assert_sw(verify(rig, AUTH_PIN, "5678"), SW_OK);
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), 0x63C2);
        /* One that is refused closes it as well, and changes nothing else. */
        assert_sw(verify(rig, AUTH_PIN, "5678"), SW_OK);
        assert_sw(element_rig_secured(rig, reset_pin, slice_text("567")), SW_WRONG_DATA);
        assert_sw(element_rig_command(rig, 0x802A0397, slice_text("x")), SW_SECURITY_STATUS);
        assert_sw(verify(rig, AUTH_PIN, "5678"), SW_OK);
}

/* Verify, then have the key or the certificate exchanged: what was consented to was the former one. */
static void a_new_key_wants_a_new_verification(void **state)
{
        struct element_rig *rig = *state;
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(verify(rig, SIGN_PASSWORD, ELEMENT_RIG_PASSWORD), SW_OK);
        assert_sw(element_rig_command(rig, 0x802A0397, slice_text("x")), SW_OK);
        assert_sw(element_rig_secured(rig, 0x80460097, nothing), SW_OK);
        assert_sw(element_rig_command(rig, 0x802A0397, slice_text("x")), SW_SECURITY_STATUS);
        assert_sw(element_rig_command(rig, 0x802A039A, slice_text("x")), SW_OK);
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_command(rig, 0x802A0397, slice_text("x")), SW_OK);
        slice signature = slice_of(rig->data.data, rig->data.size);
        uint8_t hash[SHA256_SIZE];
        const slice x = slice_text("x");
        sha256(&x, 1, hash);
        EVP_PKEY *former = auth_public();
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(former, NULL);
        assert_int_equal(EVP_PKEY_verify_init(context), 1);
        assert_int_equal(EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()), 1);
        assert_int_equal(EVP_PKEY_verify(context, signature.data, signature.size, hash, sizeof hash), 0);
        EVP_PKEY_CTX_free(context);
        EVP_PKEY_free(former);
}

/* ---- generations ---- */

static uint32_t generation(struct element_rig *rig)
{
        uint8_t bytes[4] = { 0 };
        slice stored = element_rig_stored(rig, 0x0200, bytes, sizeof bytes);
        assert_int_equal(stored.size, 4);
        return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* "the number rises with each that is written, replaced or erased, and with each new key" */
static void certificates_of_user_verification_are_counted(void **state)
{
        struct element_rig *rig = *state;
        uint32_t first = generation(rig);
        assert_true(first > 0);
        element_rig_certify(rig, 0x000A, 1300); /* the same again */
        assert_int_equal(generation(rig), first);
        element_rig_certify(rig, 0x0001, 1200); /* the other kind */
        assert_sw(element_rig_secured(rig, erase | 0x9A, nothing), SW_OK);
        assert_int_equal(generation(rig), first);
        element_rig_certify(rig, 0x000A, 1200);
        assert_int_equal(generation(rig), first + 1);
        assert_sw(element_rig_secured(rig, 0x80460097, nothing), SW_OK);
        assert_int_equal(generation(rig), first + 2);
        element_rig_certify(rig, 0x000A, 1200);
        assert_int_equal(generation(rig), first + 3);
        assert_sw(element_rig_secured(rig, erase, nothing), SW_OK);
        assert_int_equal(generation(rig), first + 4);
}

/* ---- erasure ---- */

enum { HIDDEN_MAX = 12, HIDDEN_SIZE = 24 };

/* What must be gone, as it stands in the opened store: pieces of keys, certificates and verifiers. */
struct hidden {
        size_t count;
        uint8_t bytes[HIDDEN_MAX][HIDDEN_SIZE];
};

static void hide(struct element_rig *rig, uint32_t object, size_t offset, struct hidden *hidden)
{
        uint8_t bytes[4096];
        slice stored = element_rig_stored(rig, object, bytes, sizeof bytes);
        assert_true(stored.size >= offset + HIDDEN_SIZE && hidden->count < HIDDEN_MAX);
        memcpy(hidden->bytes[hidden->count++], bytes + offset, HIDDEN_SIZE);
}

static bool holds(slice haystack, const uint8_t needle[HIDDEN_SIZE])
{
        return memmem(haystack.data, haystack.size, needle, HIDDEN_SIZE) != NULL;
}

/* Whether any object of the opened store holds one of them. */
static size_t found_in_store(struct element_rig *rig, const struct hidden *hidden)
{
        struct store *store;
        uint32_t id;
        size_t found = 0;
        bool is_there;
        assert_int_equal(store_open(&rig->config, &store, NULL).code, MITOME_OK);
        for (uint32_t from = 0; store_next(store, from, UINT32_MAX, &id); from = id + 1)
                for (size_t i = 0; i < hidden->count; i++)
                        found += holds(store_get(store, id, &is_there), hidden->bytes[i]);
        store_close(store);
        return found;
}

/* Whether the medium still has a piece of what it had: what is sealed there could be opened again by whoever
 * kept its key. Behind the first bytes, which name the format. */
static bool keeps_former_bytes(slice now, slice former)
{
        enum { PIECE = 32, HEAD = 128 };
        for (size_t at = HEAD; at + PIECE <= former.size; at += PIECE)
                if (memmem(now.data, now.size, former.data + at, PIECE))
                        return true;
        return false;
}

struct medium_copy {
        uint8_t *bytes;
        size_t size;
};

static struct medium_copy copy_medium(const struct element_rig *rig)
{
        struct medium_copy copy = { malloc(rig->medium.size), rig->medium.size };
        assert_non_null(copy.bytes);
        memcpy(copy.bytes, rig->medium.image, copy.size);
        return copy;
}

static void hide_kind(struct element_rig *rig, bool user, struct hidden *hidden)
{
        hide(rig, user ? 0x0117 : 0x011A, 300, hidden);
        hide(rig, user ? 0x0117 : 0x011A, 700, hidden);
        hide(rig, user ? 0x010A : 0x0101, 400, hidden);
        hide(rig, user ? 0x0020 : 0x0023, 20, hidden);
        if (user)
                hide(rig, 0x010B, 400, hidden);
}

/* "key, certificate, CA certificate, password; and the PIN": neither the opened state nor the medium has any
 * of it, and the other applets' things are there. */
static void what_is_erased_is_nowhere(void **state)
{
        struct element_rig *rig = *state;
        struct hidden hidden = { 0 };
        uint8_t before[4096], after[4096];
        hide_kind(rig, true, &hidden);
        hide_kind(rig, false, &hidden);
        assert_true(found_in_store(rig, &hidden) >= hidden.count);
        struct medium_copy former = copy_medium(rig);
        slice batch = element_rig_stored(rig, 0x0010, before, sizeof before);
        assert_sw(element_rig_secured(rig, erase, nothing), SW_OK);
        assert_int_equal(found_in_store(rig, &hidden), 0);
        slice medium = slice_of(rig->medium.image, rig->medium.size);
        assert_false(keeps_former_bytes(medium, slice_of(former.bytes, former.size)));
        for (size_t i = 0; i < hidden.count; i++)
                assert_false(holds(medium, hidden.bytes[i]));
        assert_true(slice_equal(element_rig_stored(rig, 0x0010, after, sizeof after), batch));
        free(former.bytes);
        assert_state(rig, PHONE, 0, 0);
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_UNUSABLE);
        assert_sw(verify(rig, SIGN_PASSWORD, ELEMENT_RIG_PASSWORD), SW_UNUSABLE);
        assert_sw(element_rig_secured(rig, erase, nothing), SW_NO_REFERENCE);
}

static void one_kind_is_erased_and_the_other_stands(void **state)
{
        struct element_rig *rig = *state;
        struct hidden user = { 0 }, signing = { 0 };
        hide_kind(rig, true, &user);
        hide_kind(rig, false, &signing);
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(verify(rig, SIGN_PASSWORD, ELEMENT_RIG_PASSWORD), SW_OK);
        assert_sw(element_rig_secured(rig, erase | 0x9A, nothing), SW_OK);
        assert_int_equal(found_in_store(rig, &signing), 0);
        assert_true(found_in_store(rig, &user) >= user.count);
        assert_state(rig, PHONE, 0, 0x43);
        assert_sw(element_rig_secured(rig, erase | 0x9A, nothing), SW_NO_REFERENCE);
        assert_sw(element_rig_command(rig, 0x802A0397, slice_text("x")),
                SW_SECURITY_STATUS); /* again, please */
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_command(rig, 0x802A0397, slice_text("x")), SW_OK);
        assert_sw(element_rig_secured(rig, erase | 0x97, nothing), SW_OK);
        assert_int_equal(found_in_store(rig, &user), 0);
        assert_state(rig, PHONE, 0, 0);
}

/* "unless there are FIDO credentials: these stay behind it, with the tries that are left" */
static void credentials_keep_their_pin(void **state)
{
        struct element_rig *rig = *state;
        enum { HAS_PIN = 0x02, IS_PERSONALISED = 0x10 };
        uint8_t id[ELEMENT_RIG_ID_SIZE];
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(element_rig_enrol(rig, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_register(rig, "rp.example", 0x01, id), SW_OK);
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_sw(verify(rig, AUTH_PIN, "0000"), 0x63C2);
        assert_sw(element_rig_secured(rig, erase, nothing), SW_OK);
        assert_sw(tries(rig, AUTH_PIN), 0x63C2); /* no try is won */
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        struct element_rig_state s = element_rig_state(rig);
        assert_int_equal(s.flags & (HAS_PIN | IS_PERSONALISED), HAS_PIN);
        assert_int_equal(s.pin_tries, 2);
        assert_sw(element_rig_log_in(rig, "rp.example", nothing), SW_OK);
}

static void erase_is_refused_where_it_is_not_meant(void **state)
{
        struct element_rig *rig = *state;
        assert_sw(element_rig_secured(rig, erase | 0x98, nothing), SW_WRONG_P1P2);
        assert_sw(element_rig_secured(rig, erase | 0x80, nothing), SW_WRONG_P1P2);
        assert_sw(element_rig_secured(rig, erase | 0x0100, nothing), SW_WRONG_P1P2);
        assert_sw(element_rig_secured(rig, erase, slice_text("x")), SW_WRONG_LENGTH);
        assert_state(rig, PHONE, 0, 0xCF);
        static const uint32_t protected[] = { 0x80DA0000, 0x80460097, 0x80D60000, 0x802C0098, 0x800E0000 };
        for (size_t i = 0; i < sizeof protected / sizeof *protected; i++)
                assert_sw(element_rig_command(rig, protected[i], nothing), SW_SECURITY_STATUS);
        assert_state(rig, PHONE, 0, 0xCF);
}

/* An element whose PIN was never the JPKI applet's keeps it: there is nothing to erase. */
static void a_pin_alone_is_no_jpki(void **state)
{
        struct element_rig *rig = *state;
        assert_sw(element_rig_secured(rig, reset_pin, slice_text("1234")), SW_OK);
        assert_sw(element_rig_secured(rig, erase, nothing), SW_NO_REFERENCE);
        assert_sw(verify(rig, AUTH_PIN, "1234"), SW_OK);
}

/* A receipt is there with the erasure, by the same write. */
static void an_erasure_leaves_its_receipt(void **state)
{
        struct element_rig *rig = *state;
        uint8_t bytes[1024];
        element_rig_make_device(rig);
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        unsigned writes = rig->medium.writes;
        assert_sw(element_rig_secured(rig, erase | 0x97, nothing), SW_OK);
        assert_int_equal(rig->medium.writes, writes + 1);
        assert_true(element_rig_stored(rig, 0x06000001, bytes, sizeof bytes).size > 0);
        assert_sw(element_rig_secured(rig, erase | 0x97, nothing), SW_NO_REFERENCE); /* and no second one */
        assert_int_equal(element_rig_stored(rig, 0x06000002, bytes, sizeof bytes).size, 0);
}

/* A phone that was erased can be issued to again, whoever had it. */
static void an_erased_applet_is_personalised_again(void **state)
{
        struct element_rig *rig = *state;
        assert_sw(element_rig_secured(rig, erase, nothing), SW_OK);
        assert_sw(element_rig_secured(rig, 0x80460097, nothing), SW_OK);
        element_rig_certify(rig, 0x000A, 1250);
        assert_sw(element_rig_secured(rig, reset_pin, slice_text("8642")), SW_OK);
        assert_state(rig, PHONE, 0, 0x43);
        assert_sw(verify(rig, AUTH_PIN, ELEMENT_RIG_PIN), 0x63C2);
        assert_sw(verify(rig, AUTH_PIN, "8642"), SW_OK);
        assert_sw(element_rig_command(rig, 0x802A0397, slice_text("x")), SW_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_NEW(name) cmocka_unit_test_setup_teardown(name, set_up_new, tear_down)
        const struct CMUnitTest tests[] = {
                TEST_NEW(a_new_applet_is_a_phones),
                TEST_NEW(a_card_says_so_and_shows_its_certificate),
                TEST_NEW(a_card_signs_without_a_lease),
                TEST(what_was_promised_with_a_key_is_kept),
                TEST_NEW(personalise_takes_nothing_else),
                TEST(state_is_told_to_a_right_question),
                TEST(the_switch_ends_the_hosts_hashes),
                TEST(the_switch_leaves_two_kinds_of_messages),
                TEST(a_message_says_what_it_is_signed_for),
                TEST(attack_a_terminal_that_binds_a_passkey_of_its_own),
                TEST(no_login_is_forged_through_sign),
                TEST(a_reset_unlocks_and_closes_the_finger),
                TEST(a_temporary_pin_opens_nothing_but_its_change),
                TEST_NEW(a_first_pin_may_be_temporary_too),
                TEST(a_temporary_password_opens_nothing_but_its_change),
                TEST(a_lasting_reset_ends_a_temporary_password),
                TEST(a_reset_closes_what_the_former_secret_opened),
                TEST(a_new_key_wants_a_new_verification),
                TEST(certificates_of_user_verification_are_counted),
                TEST(what_is_erased_is_nowhere),
                TEST(one_kind_is_erased_and_the_other_stands),
                TEST(credentials_keep_their_pin),
                TEST(erase_is_refused_where_it_is_not_meant),
                TEST_NEW(a_pin_alone_is_no_jpki),
                TEST(an_erasure_leaves_its_receipt),
                TEST(an_erased_applet_is_personalised_again),
        };
        return cmocka_run_group_tests(tests, make_stencil, drop_stencil);
}
