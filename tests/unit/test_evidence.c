/* SPDX-License-Identifier: Apache-2.0 */
/* What the element says of itself, held to PROTOCOL.md ("Evidence", "Status lease") and EVIDENCE.md: the
 * element on one side, whoever verifies on the other. */
#include "card_rig.h"
#include "element_certificate.h"
#include "tlv.h"
#include "verify_evidence.h"

#include <mitome/trust.h>

#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const slice nothing = { 0 };
static const uint8_t nonce_bytes[] = "sixteen bytes are the least there are";
static const int64_t now = 1800000000; /* 2027 */

#define NONCE slice_of(nonce_bytes, 24)
#define assert_sw(actual, expected) assert_int_equal(actual, expected)
#define assert_ok(status) assert_int_equal((status).code, MITOME_OK)

enum { LEASE = 5 };

/* CLA INS P1 P2 */
static const uint32_t get_receipt = 0x80400000, acknowledge_receipt = 0x80420000, get_statement = 0x80440000,
                      make_device_key = 0x80360000, store_device_certificate = 0x80380000,
                      set_lease_head = 0x804A0000, get_lease = 0x804C0000, erase_all = 0x800E0000,
                      erase_user = 0x800E0097, erase_signing = 0x800E009A, sign = 0x802A009A,
                      personalise = 0x80DA0000;

static struct element_rig stencil; /* personalised, with a device key and a lease */
static struct mitome_trust *trust;
static struct cose_verifier *verifier;

static int make_stencil(void **state)
{
        (void)state;
        element_rig_open(&stencil);
        element_rig_make_device(&stencil);
        element_rig_personalise(&stencil);
        element_rig_lease(&stencil, LEASE);
        assert_ok(mitome_trust_new(&trust, NULL));
        assert_ok(mitome_trust_add_anchor(
                trust, (mitome_slice){ stencil.device_ca, stencil.device_ca_size }, NULL));
        assert_ok(cose_verifier_new(&verifier, NULL));
        return 0;
}

static int drop_stencil(void **state)
{
        (void)state;
        element_rig_close(&stencil);
        mitome_trust_free(trust);
        cose_verifier_free(verifier);
        return 0;
}

static int set_up(void **state)
{
        static struct element_rig rig;
        element_rig_clone(&stencil, &rig);
        *state = &rig;
        return 0;
}

static int tear_down(void **state)
{
        element_rig_close(*state);
        return 0;
}

/* ---- what is asked of the element ---- */

static uint16_t ask(struct element_rig *rig, uint32_t head, slice nonce, int options)
{
        uint8_t bytes[128];
        writer w = WRITER(bytes);
        if (nonce.data)
                tlv_write(&w, 0x80, nonce);
        if (options >= 0)
                tlv_write_u8(&w, 0x85, (uint8_t)options);
        return element_rig_command(rig, head, writer_view(&w));
}

static uint16_t acknowledge(struct element_rig *rig, slice number, slice digest)
{
        uint8_t bytes[128];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x81, number);
        tlv_write(&w, 0x82, digest);
        return element_rig_command(rig, acknowledge_receipt, writer_view(&w));
}

static mitome_status verify(slice cose, enum evidence_kind kind, slice nonce, struct evidence *ret)
{
        const struct evidence_expected expected = { kind, nonce, slice_text(ELEMENT_RIG_IDENTITY) };
        return evidence_verify(cose, &expected, trust, now, verifier, ret, NULL);
}

static struct evidence statement(struct element_rig *rig)
{
        struct evidence evidence;
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(ask(rig, get_statement, NONCE, 0x02), SW_OK);
        assert_ok(verify(element_rig_value(rig, 0x80), EVIDENCE_STATEMENT, NONCE, &evidence));
        return evidence;
}

static struct evidence receipt(struct element_rig *rig)
{
        struct evidence evidence;
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(ask(rig, get_receipt, nothing, 0x02), SW_OK);
        assert_ok(verify(element_rig_value(rig, 0x80), EVIDENCE_RECEIPT, nothing, &evidence));
        return evidence;
}

static void erase(struct element_rig *rig, uint32_t head)
{
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, head, nothing), SW_OK);
}

/* ---- the device key ---- */

static uint16_t store_device(struct element_rig *rig, const char *identity, slice certificate, int times)
{
        uint8_t bytes[3072];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, slice_text(identity));
        for (int i = 0; i < times; i++)
                tlv_write(&w, 0x82, certificate);
        return element_rig_secured(rig, store_device_certificate, writer_view(&w));
}

/* "Until a certificate is stored a further one replaces it; then 6985, for life." */
static void a_device_has_one_key(void **state)
{
        (void)state;
        static struct element_rig rig;
        uint8_t first[PAIRING_POINT_SIZE], second[PAIRING_POINT_SIZE], buffer[ELEMENT_RIG_CERTIFICATE_MAX];
        rig = (struct element_rig){ 0 };
        element_rig_open(&rig);
        assert_sw(element_rig_channel(&rig, element_rig_fido, &element_rig_keys), SW_OK);
        assert_sw(element_rig_command(&rig, make_device_key, nothing), SW_SECURITY_STATUS);
        assert_sw(element_rig_command(&rig, store_device_certificate, nothing), SW_SECURITY_STATUS);
        slice early = element_rig_certify_device(&rig, SLICE(stencil.device_point), buffer);
        assert_sw(store_device(&rig, "A1", early, 1), SW_CONDITIONS); /* no key */
        assert_sw(element_rig_secured(&rig, make_device_key, slice_text("x")), SW_WRONG_DATA);
        assert_sw(element_rig_secured(&rig, make_device_key, nothing), SW_OK);
        assert_ok(slice_copy(element_rig_value(&rig, 0x80), "point", first, sizeof first, NULL));
        assert_sw(element_rig_secured(&rig, make_device_key, nothing), SW_OK);
        assert_ok(slice_copy(element_rig_value(&rig, 0x80), "point", second, sizeof second, NULL));
        assert_memory_not_equal(first, second, sizeof first);
        /* "6A80 the first certificate is not of this key." */
        assert_sw(store_device(&rig, "A1", element_rig_certify_device(&rig, SLICE(first), buffer), 1),
                SW_WRONG_DATA);
        slice certificate = element_rig_certify_device(&rig, SLICE(second), buffer);
        assert_sw(store_device(&rig, "", certificate, 1), SW_WRONG_DATA);
        assert_sw(store_device(&rig, "A1\n", certificate, 1), SW_WRONG_DATA);
        assert_sw(store_device(&rig, "A1\x7F", certificate, 1), SW_WRONG_DATA);
        assert_sw(store_device(&rig, "A1\xFF", certificate, 1), SW_WRONG_DATA);
        assert_sw(store_device(&rig, "A1", certificate, 0), SW_WRONG_DATA);
        assert_sw(store_device(&rig, "A1", certificate, 5), SW_FULL);
        assert_sw(element_rig_select(&rig, element_rig_fido), SW_OK);
        assert_sw(ask(&rig, get_statement, NONCE, 0x02), SW_CONDITIONS); /* nobody has certified it */
        assert_sw(element_rig_channel(&rig, element_rig_fido, &element_rig_keys), SW_OK);
        assert_sw(store_device(&rig, "A1", certificate, 2), SW_OK);
        assert_sw(element_rig_secured(&rig, make_device_key, nothing), SW_CONDITIONS);
        /* "Again to renew the path. 6985 another identity than before" */
        assert_sw(store_device(&rig, "A2", certificate, 1), SW_CONDITIONS);
        assert_sw(store_device(&rig, "A1", certificate, 1), SW_OK);
        element_rig_close(&rig);
}

static bool no_randomness;

static int fill_or_fail(void *context, uint8_t *bytes, size_t size)
{
        const struct mitome_random *random = context;
        return no_randomness ? -1 : random->fill(random->context, bytes, size);
}

/* A key that could not be drawn is none; and neither is a signature. */
static void without_randomness_no_device_key(void **state)
{
        (void)state;
        static struct element_rig rig;
        struct mitome_random random;
        uint8_t buffer[64];
        rig = (struct element_rig){ 0 };
        no_randomness = false;
        element_rig_configure(&rig);
        random = rig.random;
        rig.config.random = (struct mitome_random){ .context = &random, .fill = fill_or_fail };
        assert_ok(mitome_element_create(&rig.config, &element_rig_keys, NULL));
        assert_ok(mitome_element_open(&rig.config, &rig.element, NULL));
        assert_sw(element_rig_channel(&rig, element_rig_fido, &element_rig_keys), SW_OK);
        no_randomness = true;
        assert_sw(element_rig_secured(&rig, make_device_key, nothing), SW_UNKNOWN);
        assert_int_equal(element_rig_stored(&rig, 0x0050, buffer, sizeof buffer).size, 0);
        no_randomness = false;
        assert_sw(element_rig_channel(&rig, element_rig_fido, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(&rig, make_device_key, nothing), SW_OK);
        assert_int_equal(element_rig_stored(&rig, 0x0050, buffer, sizeof buffer).size, 32);
        element_rig_close(&rig);
}

/* ---- statements ---- */

static slice certificate_of(struct element_rig *rig, uint16_t file, uint8_t *buffer)
{
        return element_rig_stored(rig, 0x0100u + file, buffer, ELEMENT_CERTIFICATE_MAX);
}

/* A person's member against what OpenSSL reads in the certificate. */
static void check_person(
        const struct evidence_person *person, enum evidence_person_kind kind, slice certificate)
{
        uint8_t serial[20], digest[SHA256_SIZE];
        unsigned char *der = NULL;
        const unsigned char *at = certificate.data;
        X509 *x509 = d2i_X509(NULL, &at, (long)certificate.size);
        assert_non_null(x509);
        BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509), NULL);
        size_t size = (size_t)BN_bn2bin(number, serial);
        assert_int_equal(person->kind, kind);
        assert_true(slice_equal(person->serial, slice_of(serial, size)));
        sha256(&certificate, 1, digest);
        assert_true(slice_equal(person->certificate, SLICE(digest)));
        int length = i2d_X509_NAME(X509_get_issuer_name(x509), &der);
        slice part = slice_of(der, (size_t)length);
        sha256(&part, 1, digest);
        assert_true(slice_equal(person->issuer, SLICE(digest)));
        OPENSSL_free(der);
        der = NULL;
        length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &der);
        part = slice_of(der, (size_t)length);
        sha256(&part, 1, digest);
        assert_true(slice_equal(person->key, SLICE(digest)));
        OPENSSL_free(der);
        BN_free(number);
        X509_free(x509);
}

static void a_statement_tells_what_is_there(void **state)
{
        struct element_rig *rig = *state;
        uint8_t user[ELEMENT_CERTIFICATE_MAX], signing[ELEMENT_CERTIFICATE_MAX];
        struct evidence found = statement(rig);
        assert_int_equal(found.person_count, 2);
        check_person(&found.persons[0], EVIDENCE_SIGNING, certificate_of(rig, 0x0001, signing));
        check_person(&found.persons[1], EVIDENCE_USER_VERIFICATION, certificate_of(rig, 0x000A, user));
        assert_int_equal(found.numbers[EVIDENCE_AT_LEASE], LEASE);
        assert_int_equal(found.numbers[EVIDENCE_AT_DERIVED], 0);
        assert_int_equal(found.numbers[EVIDENCE_AT_CERTIFICATE_CREDENTIALS], 0);
        assert_int_equal(
                found.numbers[EVIDENCE_AT_OTHER], EVIDENCE_PIN | EVIDENCE_PASSWORD | EVIDENCE_BATCH_KEY);
        assert_int_equal(found.numbers[EVIDENCE_AT_PENDING], 0);
        assert_int_equal(found.numbers[EVIDENCE_AT_SEQUENCE], 0);
        assert_int_equal(found.numbers[EVIDENCE_AT_DROPPED], 0);
        assert_int_equal(found.numbers[EVIDENCE_AT_LIFE_CYCLE], 0x01); /* OP_READY */
        assert_int_equal(found.sign1.chain_count, 1);
        /* A finger and a credential more. */
        uint8_t id[ELEMENT_RIG_ID_SIZE];
        element_rig_pair(rig, NULL);
        assert_sw(element_rig_enrol(rig, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_register(rig, "rp.example", 0x01, id), SW_OK);
        found = statement(rig);
        assert_int_equal(found.numbers[EVIDENCE_AT_DERIVED], 1);
        assert_int_equal(found.numbers[EVIDENCE_AT_OTHER], EVIDENCE_OTHERS);
}

/* "without it 6985. Over a contactless interface these two and ACKNOWLEDGE RECEIPT are 6985" */
static void evidence_needs_a_touch_and_a_contact(void **state)
{
        struct element_rig *rig = *state;
        static const uint32_t heads[] = { get_statement, get_receipt };
        erase(rig, erase_signing);
        for (size_t i = 0; i < 2; i++) {
                assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
                assert_sw(ask(rig, heads[i], NONCE, -1), SW_WRONG_DATA);
                assert_sw(ask(rig, heads[i], NONCE, 0x00), SW_CONDITIONS);
                assert_sw(ask(rig, heads[i], NONCE, 0x01), SW_CONDITIONS);
                assert_sw(ask(rig, heads[i], NONCE, 0x03), SW_CONDITIONS);
                assert_sw(ask(rig, heads[i], NONCE, 0x02), SW_OK);
                assert_sw(element_rig_command(rig, heads[i] | 1, nothing), SW_WRONG_P1P2);
                mitome_element_set_contactless(rig->element, 1);
                assert_sw(ask(rig, heads[i], NONCE, 0x02), SW_WRONG_INS); /* it was a reset, too */
                assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
                assert_sw(ask(rig, heads[i], NONCE, 0x02), SW_CONDITIONS);
                assert_sw(ask(rig, heads[i], NONCE, 0x00), SW_CONDITIONS);
                assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
                uint8_t bytes[64];
                writer w = WRITER(bytes);
                tlv_write(&w, 0x80, NONCE);
                tlv_write_u8(&w, 0x85, 0x02);
                assert_sw(element_rig_secured(rig, heads[i], writer_view(&w)), SW_CONDITIONS);
                for (uint8_t number = 0; number < 3; number++) {
                        const uint8_t sequence[] = { 0, 0, 0, number }, digest[SHA256_SIZE] = { 0 };
                        assert_sw(acknowledge(rig, SLICE(sequence), SLICE(digest)), SW_CONDITIONS);
                }
                mitome_element_reset(rig->element); /* a reset is not another reader */
                assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
                assert_sw(ask(rig, heads[i], NONCE, 0x02), SW_CONDITIONS);
                mitome_element_set_contactless(rig->element, 0);
                assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
                assert_sw(ask(rig, heads[i], NONCE, 0x02), SW_OK);
        }
}

/* "Inside a session of level 33 no touch is asked for": what is erased from afar says so to who erased it. */
static void a_sealed_receipt_comes_home_without_a_touch(void **state)
{
        struct element_rig *rig = *state;
        struct evidence found;
        uint8_t number[4], digest[SHA256_SIZE];
        erase(rig, erase_all);
        assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, get_receipt, nothing), SW_OK);
        assert_ok(verify(element_rig_value(rig, 0x80), EVIDENCE_RECEIPT, nothing, &found));
        assert_int_equal(found.numbers[EVIDENCE_AT_REASON], 5);
        assert_ok(slice_copy(element_rig_value(rig, 0x81), "number", number, sizeof number, NULL));
        assert_ok(slice_copy(element_rig_value(rig, 0x82), "digest", digest, sizeof digest, NULL));
        /* beside the session, in clear, it is as it ever was; and so are statements within */
        assert_sw(ask(rig, get_receipt, nothing, -1), SW_WRONG_DATA);
        assert_sw(ask(rig, get_receipt, nothing, 0x00), SW_CONDITIONS);
        assert_sw(element_rig_secured(rig, get_statement, nothing), SW_WRONG_DATA);
        mitome_element_set_contactless(rig->element, 1);
        assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, get_receipt, nothing), SW_CONDITIONS);
        mitome_element_set_contactless(rig->element, 0);
        assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x81, SLICE(number));
        tlv_write(&w, 0x82, SLICE(digest));
        assert_sw(element_rig_secured(rig, acknowledge_receipt, writer_view(&w)), SW_OK);
        assert_sw(element_rig_secured(rig, get_receipt, nothing), SW_NO_REFERENCE);
}

/* A session that does not encrypt its answers would show the receipt to the app that carries it. */
static void a_session_without_encryption_gets_no_receipt(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t levels[] = { 0x01, 0x03, 0x11, 0x13 }, no_touch[] = { 0x85, 0x01, 0x00 },
                             touch[] = { 0x85, 0x01, 0x02 };
        erase(rig, erase_all);
        for (size_t i = 0; i < sizeof levels; i++) {
                assert_sw(element_rig_channel_at(rig, element_rig_fido, &element_rig_keys, levels[i]), SW_OK);
                assert_sw(element_rig_secured(rig, get_receipt, nothing), SW_WRONG_DATA);
                assert_sw(element_rig_secured(rig, get_receipt, SLICE(no_touch)), SW_CONDITIONS);
                assert_sw(element_rig_secured(rig, get_receipt, SLICE(touch)), SW_OK);
        }
}

/* Keys that were the FIDO applet's domain's when the session began, and are no more, get nothing without a
 * touch: whoever sold the domain does not follow the phone. */
static void a_session_of_former_keys_gets_no_receipt(void **state)
{
        struct card_rig *card = calloc(1, sizeof *card);
        const struct scp03_keys factory = card_rig_factory();
        const struct scp03_keys own = card_rig_keys(32, 0x77);
        (void)state;
        element_rig_clone(&stencil, &card->rig);
        erase(&card->rig, erase_all);
        card_rig_issuer_session(card, 0);
        assert_sw(card_rig_make_domain(card, 0, card_rig_provider, 0x800000, nothing), SW_OK);
        assert_sw(card_rig_extradite(card, 0, element_rig_fido, card_rig_provider), SW_OK);
        card_rig_manage(card, 1);
        assert_sw(card_rig_open(card, 1, element_rig_fido, &factory), SW_OK);
        assert_sw(card_rig_secured(card, 1, get_receipt, nothing), SW_OK);
        assert_sw(card_rig_open(card, 0, card_rig_provider, &factory), SW_OK);
        assert_sw(card_rig_put_key(card, 0, 0, 0x30, &own, &factory), SW_OK);
        assert_sw(card_rig_secured(card, 1, get_receipt, nothing), SW_WRONG_DATA);
        assert_sw(card_rig_open(card, 1, element_rig_fido, &own), SW_OK);
        assert_sw(card_rig_secured(card, 1, get_receipt, nothing), SW_OK);
        element_rig_close(&card->rig);
        free(card);
}

static void a_nonce_has_16_to_64_bytes(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t bytes[65] = { 1 };
        struct evidence found;
        erase(rig, erase_signing);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(ask(rig, get_statement, nothing, 0x02), SW_WRONG_DATA);
        for (size_t size = 0; size <= sizeof bytes; size++) {
                uint16_t expected = size >= 16 && size <= 64 ? SW_OK : SW_WRONG_DATA;
                assert_sw(ask(rig, get_statement, slice_of(bytes, size), 0x02), expected);
                assert_sw(ask(rig, get_receipt, slice_of(bytes, size), 0x02), expected);
                if (expected == SW_OK)
                        assert_ok(verify(element_rig_value(rig, 0x80), EVIDENCE_RECEIPT,
                                slice_of(bytes, size), &found));
        }
}

/* ---- receipts ---- */

static void a_receipt_lists_what_was_erased(void **state)
{
        struct element_rig *rig = *state;
        uint8_t user[ELEMENT_CERTIFICATE_MAX], signing[ELEMENT_CERTIFICATE_MAX];
        slice user_certificate = certificate_of(rig, 0x000A, user);
        slice signing_certificate = certificate_of(rig, 0x0001, signing);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(ask(rig, get_receipt, nothing, 0x02), SW_NO_REFERENCE);
        erase(rig, erase_signing);
        element_rig_cycle(rig);
        struct evidence found = receipt(rig);
        assert_int_equal(found.person_count, 1);
        check_person(&found.persons[0], EVIDENCE_SIGNING, signing_certificate);
        assert_int_equal(found.numbers[EVIDENCE_AT_SEQUENCE], 1);
        assert_string_equal(evidence_reason_name(found.numbers[EVIDENCE_AT_REASON]),
                "signing key erased by the authority");
        assert_int_equal(found.numbers[EVIDENCE_AT_OTHER], EVIDENCE_PASSWORD);
        assert_int_equal(found.nonce.size, 0);
        erase(rig, erase_all);
        assert_int_equal(receipt(rig).numbers[EVIDENCE_AT_SEQUENCE], 1); /* the oldest first */
        found = statement(rig);
        assert_int_equal(found.person_count, 0);
        assert_int_equal(found.numbers[EVIDENCE_AT_PENDING], 2);
        assert_int_equal(found.numbers[EVIDENCE_AT_SEQUENCE], 2);
        assert_int_equal(found.numbers[EVIDENCE_AT_LEASE], 0);
        receipt(rig);
        uint8_t number[4], digest[SHA256_SIZE];
        assert_int_equal(element_rig_value(rig, 0x83).data[0], 2);
        assert_ok(slice_copy(element_rig_value(rig, 0x81), "number", number, sizeof number, NULL));
        assert_ok(slice_copy(element_rig_value(rig, 0x82), "digest", digest, sizeof digest, NULL));
        assert_sw(acknowledge(rig, SLICE(number), SLICE(digest)), SW_OK);
        found = receipt(rig);
        assert_int_equal(found.numbers[EVIDENCE_AT_SEQUENCE], 2);
        assert_int_equal(found.person_count, 1);
        check_person(&found.persons[0], EVIDENCE_USER_VERIFICATION, user_certificate);
        /* No credential asks for the PIN: it went, too. */
        assert_int_equal(found.numbers[EVIDENCE_AT_OTHER], EVIDENCE_PIN);
}

/* "6A88 no such number, 6A80 another digest": and what was refused is still there. */
static void only_what_was_seen_is_acknowledged(void **state)
{
        struct element_rig *rig = *state;
        uint8_t number[4], digest[SHA256_SIZE];
        erase(rig, erase_all);
        receipt(rig);
        assert_ok(slice_copy(element_rig_value(rig, 0x81), "number", number, sizeof number, NULL));
        assert_ok(slice_copy(element_rig_value(rig, 0x82), "digest", digest, sizeof digest, NULL));
        for (size_t i = 0; i < sizeof digest; i++) {
                digest[i] ^= 0x40;
                assert_sw(acknowledge(rig, SLICE(number), SLICE(digest)), SW_WRONG_DATA);
                digest[i] ^= 0x40;
        }
        for (unsigned i = 0; i < 4; i++) {
                number[i] ^= 0x80;
                assert_sw(acknowledge(rig, SLICE(number), SLICE(digest)), SW_NO_REFERENCE);
                number[i] ^= 0x80;
        }
        static const uint8_t none[4], two[4] = { [3] = 2 };
        assert_sw(acknowledge(rig, SLICE(none), SLICE(digest)), SW_NO_REFERENCE);
        assert_sw(acknowledge(rig, SLICE(two), SLICE(digest)), SW_NO_REFERENCE);
        assert_sw(acknowledge(rig, slice_of(number, 3), SLICE(digest)), SW_WRONG_DATA);
        assert_sw(acknowledge(rig, SLICE(number), slice_of(digest, 31)), SW_WRONG_DATA);
        assert_int_equal(statement(rig).numbers[EVIDENCE_AT_PENDING], 1);
        assert_sw(acknowledge(rig, SLICE(number), SLICE(digest)), SW_OK);
        assert_sw(acknowledge(rig, SLICE(number), SLICE(digest)), SW_NO_REFERENCE);
        element_rig_cycle(rig);
        assert_int_equal(statement(rig).numbers[EVIDENCE_AT_PENDING], 0);
        assert_int_equal(statement(rig).numbers[EVIDENCE_AT_SEQUENCE], 1); /* the gap is seen */
}

/* Puts a signing key back, behind the element's back: making one takes long. */
static void bring_key(struct element_rig *rig)
{
        element_rig_off(rig);
        element_rig_store(rig, 0x011A, element_certificate_key(1));
        element_rig_open(rig);
}

static void bring_password(struct element_rig *rig)
{
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, 0x802C009B, slice_text(ELEMENT_RIG_PASSWORD)), SW_OK);
}

/* "The oldest that lists no keys of a person gives way, then (only to one that lists some) the oldest." */
static void a_full_list_keeps_what_ends_certificates(void **state)
{
        struct element_rig *rig = *state;
        enum { KEPT = 16 };
        erase(rig, erase_signing); /* 1: a person's */
        for (int i = 2; i <= KEPT; i++) {
                bring_password(rig);
                erase(rig, erase_signing); /* a password alone */
        }
        struct evidence found = statement(rig);
        assert_int_equal(found.numbers[EVIDENCE_AT_PENDING], KEPT);
        assert_int_equal(found.numbers[EVIDENCE_AT_DROPPED], 0);
        for (int i = 1; i <= 3; i++) {
                bring_password(rig);
                erase(rig, erase_signing);
                found = statement(rig);
                assert_int_equal(found.numbers[EVIDENCE_AT_PENDING], KEPT);
                assert_int_equal(found.numbers[EVIDENCE_AT_DROPPED], i);
                found = receipt(rig);
                assert_int_equal(found.numbers[EVIDENCE_AT_SEQUENCE], 1);
                assert_int_equal(found.person_count, 1);
                assert_int_equal(found.numbers[EVIDENCE_AT_DROPPED], i);
        }
        /* 19 so far, 15 of which list no person's key; 15 that do push them out, */
        for (int i = 1; i < KEPT; i++) {
                bring_key(rig);
                erase(rig, erase_signing);
                assert_int_equal(receipt(rig).numbers[EVIDENCE_AT_SEQUENCE], 1);
        }
        found = statement(rig);
        assert_int_equal(found.numbers[EVIDENCE_AT_DROPPED], 3 + KEPT - 1);
        assert_int_equal(found.numbers[EVIDENCE_AT_SEQUENCE], 19 + KEPT - 1);
        /* a further one that lists none has no place, but its number, */
        bring_password(rig);
        erase(rig, erase_signing);
        found = statement(rig);
        assert_int_equal(found.numbers[EVIDENCE_AT_PENDING], KEPT);
        assert_int_equal(found.numbers[EVIDENCE_AT_SEQUENCE], 19 + KEPT);
        assert_int_equal(found.numbers[EVIDENCE_AT_DROPPED], 3 + KEPT);
        assert_int_equal(receipt(rig).numbers[EVIDENCE_AT_SEQUENCE], 1);
        /* and one more that does ends the oldest. No erasure was refused. */
        bring_key(rig);
        erase(rig, erase_signing);
        assert_int_equal(receipt(rig).numbers[EVIDENCE_AT_SEQUENCE], 20);
        assert_int_equal(statement(rig).numbers[EVIDENCE_AT_PENDING], KEPT);
}

/* Without a device key there is nobody to sign: the erasure goes on, and leaves nothing. */
static void without_a_device_key_no_receipt(void **state)
{
        (void)state;
        static struct element_rig rig;
        uint8_t buffer[64];
        rig = (struct element_rig){ 0 };
        element_rig_open(&rig);
        element_rig_personalise(&rig);
        erase(&rig, erase_all);
        assert_sw(element_rig_select(&rig, element_rig_fido), SW_OK);
        assert_sw(ask(&rig, get_receipt, nothing, 0x02), SW_NO_REFERENCE);
        assert_int_equal(element_rig_stored(&rig, 0x0053, buffer, sizeof buffer).size, 0);
        element_rig_close(&rig);
}

/* ---- receipts of deletions ---- */

static void delete_instance(struct element_rig *rig, slice aid)
{
        uint8_t bytes[32];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x4F, aid);
        assert_sw(element_rig_channel(rig, element_rig_manager, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, 0x80E40000, writer_view(&w)), SW_OK);
}

static void write_with_length(writer *w, slice value)
{
        write_u8(w, (uint8_t)value.size);
        write_slice(w, value);
}

/* Load file, module, instance, no privileges, no parameters, no token. */
static void install_fido(struct element_rig *rig)
{
        static const uint8_t file[] = { 0xF0, 'M', 'I', 'T', 'O', 'M', 'E', 0x80, 0x03 };
        static const uint8_t privileges[] = { 0 }, parameters[] = { 0xC9, 0x00 };
        const slice parts[] = { SLICE(file), element_rig_fido, element_rig_fido, SLICE(privileges),
                SLICE(parameters), nothing };
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
                write_with_length(&w, parts[i]);
        assert_sw(element_rig_channel(rig, element_rig_manager, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, 0x80E60C00, writer_view(&w)), SW_OK);
}

static void acknowledge_oldest(struct element_rig *rig)
{
        uint8_t number[4], digest[SHA256_SIZE];
        receipt(rig);
        assert_ok(slice_copy(element_rig_value(rig, 0x81), "number", number, sizeof number, NULL));
        assert_ok(slice_copy(element_rig_value(rig, 0x82), "digest", digest, sizeof digest, NULL));
        assert_sw(acknowledge(rig, SLICE(number), SLICE(digest)), SW_OK);
}

/* "It stays until it is acknowledged, whatever is erased or deleted meanwhile." */
static void a_receipt_outlives_both_applets(void **state)
{
        struct element_rig *rig = *state;
        uint8_t id[ELEMENT_RIG_ID_SIZE];
        element_rig_pair(rig, NULL);
        assert_sw(element_rig_enrol(rig, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_register(rig, "rp.example", 0x01, id), SW_OK);
        delete_instance(rig, element_rig_jpki);
        struct evidence found = receipt(rig);
        assert_int_equal(found.numbers[EVIDENCE_AT_REASON], 6);
        assert_int_equal(found.person_count, 2);
        assert_int_equal(found.numbers[EVIDENCE_AT_DERIVED], 0); /* it is still there, and its PIN with it */
        assert_int_equal(found.numbers[EVIDENCE_AT_OTHER], EVIDENCE_PASSWORD);
        found = statement(rig);
        assert_int_equal(found.numbers[EVIDENCE_AT_DERIVED], 1);
        assert_true(found.numbers[EVIDENCE_AT_OTHER] & EVIDENCE_PIN);
        delete_instance(rig, element_rig_fido);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_NOT_FOUND);
        install_fido(rig);
        assert_int_equal(receipt(rig).numbers[EVIDENCE_AT_REASON], 6);
        acknowledge_oldest(rig);
        found = receipt(rig);
        assert_int_equal(found.numbers[EVIDENCE_AT_REASON], 7);
        assert_int_equal(found.person_count, 0);
        assert_int_equal(found.numbers[EVIDENCE_AT_DERIVED], 1);
        assert_int_equal(found.numbers[EVIDENCE_AT_OTHER],
                EVIDENCE_PIN | EVIDENCE_PAIRING | EVIDENCE_FINGER | EVIDENCE_BATCH_KEY);
        found = statement(rig); /* an empty phone, whose device key still says so */
        assert_int_equal(found.person_count, 0);
        assert_int_equal(found.numbers[EVIDENCE_AT_DERIVED], 0);
        assert_int_equal(found.numbers[EVIDENCE_AT_OTHER], 0);
        assert_int_equal(found.numbers[EVIDENCE_AT_PENDING], 1);
}

/* A certificate credential at a listed relying party: of key 0017, which signs no hash of the host's. */
static void make_certificate_credential(struct element_rig *rig)
{
        static const uint8_t no_host_hashes[] = { 0x80, 1, 0x00, 0x81, 1, 0x01 };
        enum { DISCOVERABLE_AND_ENTERPRISE = 0x05, RS256 = 0x09 };
        uint8_t bytes[64], token[UNLOCK_TOKEN_SIZE];
        writer w = WRITER(bytes);
        struct element_rig_operation operation = {
                .command = 0x01, .rp_id = "listed.example", .options = 0x02
        };
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, personalise, SLICE(no_host_hashes)), SW_OK);
        tlv_write_u8(&w, 0x80, 1);
        tlv_write(&w, 0x81, slice_text(operation.rp_id));
        assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, 0x803A0000, writer_view(&w)), SW_OK);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        element_rig_seal(rig, &operation, UNLOCK_VERIFIED, token);
        assert_sw(element_rig_make(rig, &operation, SLICE(token), DISCOVERABLE_AND_ENTERPRISE, RS256,
                          slice_text("user-1"), nothing),
                SW_OK);
}

/* "7: certificate credentials": they end with the certificate, and the receipt of that one counts them. */
static void certificate_credentials_are_counted(void **state)
{
        struct element_rig *rig = *state;
        uint8_t id[ELEMENT_RIG_ID_SIZE];
        element_rig_pair(rig, NULL);
        assert_sw(element_rig_enrol(rig, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_register(rig, "rp.example", 0x01, id), SW_OK);
        make_certificate_credential(rig);
        struct evidence found = statement(rig);
        assert_int_equal(found.numbers[EVIDENCE_AT_DERIVED], 1);
        assert_int_equal(found.numbers[EVIDENCE_AT_CERTIFICATE_CREDENTIALS], 1);
        erase(rig, erase_user);
        found = receipt(rig);
        assert_int_equal(found.numbers[EVIDENCE_AT_REASON], 3);
        assert_int_equal(found.person_count, 1);
        assert_int_equal(found.persons[0].kind, EVIDENCE_USER_VERIFICATION);
        assert_int_equal(found.numbers[EVIDENCE_AT_DERIVED], 0);
        assert_int_equal(found.numbers[EVIDENCE_AT_CERTIFICATE_CREDENTIALS], 1);
        assert_int_equal(found.numbers[EVIDENCE_AT_OTHER], 0); /* the derived one still asks for the PIN */
        found = statement(rig);
        assert_int_equal(found.numbers[EVIDENCE_AT_DERIVED], 1);
        assert_int_equal(found.numbers[EVIDENCE_AT_CERTIFICATE_CREDENTIALS], 0);
        assert_true(found.numbers[EVIDENCE_AT_OTHER] & EVIDENCE_PIN);
        assert_int_equal(found.numbers[EVIDENCE_AT_LEASE], LEASE); /* the other key's */
}

static void reset(struct element_rig *rig)
{
        static const uint8_t touched[] = { 0x85, 0x01, 0x02 };
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(element_rig_command(rig, 0x80180000, SLICE(touched)), SW_OK);
}

/* Reasons 1 and 2: the holder's own. */
static void a_reset_leaves_a_receipt(void **state)
{
        struct element_rig *rig = *state;
        enum { HOLDERS = EVIDENCE_PIN | EVIDENCE_PAIRING | EVIDENCE_FINGER };
        uint8_t id[ELEMENT_RIG_ID_SIZE], user[ELEMENT_CERTIFICATE_MAX], signing[ELEMENT_CERTIFICATE_MAX];
        slice user_certificate = certificate_of(rig, 0x000A, user);
        slice signing_certificate = certificate_of(rig, 0x0001, signing);
        element_rig_pair(rig, NULL);
        assert_sw(element_rig_enrol(rig, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_register(rig, "rp.example", 0x01, id), SW_OK);
        assert_sw(element_rig_register(rig, "other.example", 0x01, id), SW_OK);
        reset(rig);
        struct evidence found = receipt(rig);
        assert_int_equal(found.numbers[EVIDENCE_AT_REASON], 2);
        assert_int_equal(found.person_count, 2);
        check_person(&found.persons[0], EVIDENCE_SIGNING, signing_certificate);
        check_person(&found.persons[1], EVIDENCE_USER_VERIFICATION, user_certificate);
        assert_int_equal(found.numbers[EVIDENCE_AT_DERIVED], 2);
        assert_int_equal(found.numbers[EVIDENCE_AT_OTHER], HOLDERS | EVIDENCE_PASSWORD);
        found = statement(rig);
        assert_int_equal(found.person_count, 0);
        assert_int_equal(found.numbers[EVIDENCE_AT_DERIVED], 0);
        assert_int_equal(found.numbers[EVIDENCE_AT_LEASE], 0);
        assert_int_equal(found.numbers[EVIDENCE_AT_OTHER], EVIDENCE_BATCH_KEY);
        acknowledge_oldest(rig);
        /* One without anything to list leaves none. */
        reset(rig);
        assert_sw(ask(rig, get_receipt, nothing, 0x02), SW_NO_REFERENCE);
        element_rig_pair(rig, NULL);
        reset(rig);
        found = receipt(rig);
        assert_int_equal(found.numbers[EVIDENCE_AT_REASON], 1);
        assert_int_equal(found.numbers[EVIDENCE_AT_SEQUENCE], 2);
        assert_int_equal(found.person_count, 0);
        assert_int_equal(found.numbers[EVIDENCE_AT_OTHER], EVIDENCE_PAIRING);
}

/* ---- whoever verifies ---- */

static mitome_code judge(
        slice cose, const struct evidence_expected *expected, const struct mitome_trust *whom, int64_t when)
{
        struct evidence found;
        mitome_error error = { 0 };
        mitome_code code = evidence_verify(cose, expected, whom, when, verifier, &found, &error).code;
        assert_int_equal(code, error.code);
        return code;
}

/* Keeps the answer's 80, which the next command overwrites. */
static slice keep(struct element_rig *rig, uint8_t buffer[EVIDENCE_MAX])
{
        slice cose = element_rig_value(rig, 0x80);
        assert_ok(slice_copy(cose, "evidence", buffer, EVIDENCE_MAX, NULL));
        return slice_of(buffer, cose.size);
}

static void evidence_is_for_who_asked(void **state)
{
        struct element_rig *rig = *state;
        uint8_t buffer[EVIDENCE_MAX];
        static const uint8_t other[24] = { 7 };
        struct mitome_trust *nobody;
        assert_ok(mitome_trust_new(&nobody, NULL));
        statement(rig);
        slice cose = keep(rig, buffer);
        const slice phone = slice_text(ELEMENT_RIG_IDENTITY);
        struct evidence_expected expected = { EVIDENCE_STATEMENT, NONCE, nothing };
        assert_int_equal(judge(cose, &expected, trust, now), MITOME_OK);
        expected.identity = phone;
        assert_int_equal(judge(cose, &expected, trust, now), MITOME_OK);
        expected.identity = slice_text("MT-1 0002");
        assert_int_equal(judge(cose, &expected, trust, now), MITOME_E_EVIDENCE_IDENTITY);
        expected = (struct evidence_expected){ EVIDENCE_STATEMENT, SLICE(other), phone };
        assert_int_equal(judge(cose, &expected, trust, now), MITOME_E_EVIDENCE_NONCE);
        expected.nonce = nothing; /* a statement without a question proves no time */
        assert_int_equal(judge(cose, &expected, trust, now), MITOME_E_EVIDENCE_NONCE);
        expected = (struct evidence_expected){ EVIDENCE_RECEIPT, NONCE, phone };
        assert_int_equal(judge(cose, &expected, trust, now), MITOME_E_EVIDENCE_KIND);
        expected.kind = EVIDENCE_STATEMENT;
        assert_int_equal(judge(cose, &expected, nobody, now), MITOME_E_CERTIFICATE_ISSUER);
        assert_int_equal(judge(cose, &expected, trust, 0), MITOME_E_CERTIFICATE_NOT_YET_VALID);
        assert_int_equal(judge(cose, &expected, trust, 4000000000), MITOME_E_CERTIFICATE_EXPIRED);
        mitome_trust_free(nobody);
}

/* Every beginning is refused, and no byte can be another: not even in what is not signed. */
static void no_byte_can_be_changed(void **state)
{
        struct element_rig *rig = *state;
        uint8_t buffer[EVIDENCE_MAX];
        struct evidence found;
        const struct evidence_expected expected = { EVIDENCE_RECEIPT, NONCE, nothing };
        erase(rig, erase_all);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(ask(rig, get_receipt, NONCE, 0x02), SW_OK);
        slice cose = keep(rig, buffer);
        for (size_t size = 0; size < cose.size; size++) {
                mitome_error error = { 0 };
                assert_int_equal(
                        evidence_read(slice_of(buffer, size), &found, &error).code, MITOME_E_INPUT_ENDS);
                assert_true(error.at <= size && error.clause);
        }
        for (size_t i = 0; i < cose.size; i++) {
                buffer[i] ^= (uint8_t)(1u << i % 8);
                assert_int_not_equal(judge(cose, &expected, trust, now), MITOME_OK);
                buffer[i] ^= (uint8_t)(1u << i % 8);
        }
        assert_int_equal(judge(cose, &expected, trust, now), MITOME_OK);
        buffer[cose.size] = 0;
        assert_int_equal(
                evidence_read(slice_of(buffer, cose.size + 1), &found, NULL).code, MITOME_E_TRAILING_BYTES);
}

/* ---- one purpose's signature for another's ---- */

static EVP_PKEY *device_key(slice der)
{
        const unsigned char *at = der.data;
        X509 *x509 = d2i_X509(NULL, &at, (long)der.size);
        EVP_PKEY *key = X509_get_pubkey(x509);
        X509_free(x509);
        return key;
}

/* Whether the raw signature is one over these bytes. */
static bool signs(slice certificate, slice raw, slice message)
{
        unsigned char *der = NULL;
        EVP_PKEY *key = device_key(certificate);
        ECDSA_SIG *signature = ECDSA_SIG_new();
        assert_int_equal(
                ECDSA_SIG_set0(signature, BN_bin2bn(raw.data, 32, NULL), BN_bin2bn(raw.data + 32, 32, NULL)),
                1);
        int size = i2d_ECDSA_SIG(signature, &der);
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        assert_int_equal(EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key), 1);
        bool good = EVP_DigestVerify(context, der, (size_t)size, message.data, message.size) == 1;
        EVP_MD_CTX_free(context);
        OPENSSL_free(der);
        ECDSA_SIG_free(signature);
        EVP_PKEY_free(key);
        return good;
}

static void write_head(writer *w, uint8_t type, size_t size)
{
        if (size < 24) {
                write_u8(w, (uint8_t)(type | size));
        } else if (size < 256) {
                write_u8(w, type | 24);
                write_u8(w, (uint8_t)size);
        } else {
                write_u8(w, type | 25);
                write_u16(w, (uint16_t)size);
        }
}

static void write_string(writer *w, uint8_t type, slice bytes)
{
        write_head(w, type, bytes.size);
        write_slice(w, bytes);
}

/* RFC 9052 4.4, written down once more: Sig_structure = [ "Signature1", body_protected, external_aad, payload
 * ].
 */
static slice sig_structure(
        const char *content_type, const char *aad, slice payload, uint8_t *buffer, size_t size)
{
        uint8_t bytes[64];
        writer protected = WRITER(bytes), w = writer_over(buffer, size);
        static const uint8_t head[] = { 0xA2, 0x01, 0x26, 0x03 };
        write_slice(&protected, SLICE(head));
        write_string(&protected, 0x60, slice_text(content_type));
        write_u8(&w, 0x84);
        write_string(&w, 0x60, slice_text("Signature1"));
        write_string(&w, 0x40, writer_view(&protected));
        write_string(&w, 0x40, slice_text(aad));
        write_string(&w, 0x40, payload);
        assert_false(w.overflowed);
        return writer_view(&w);
}

static void a_signature_serves_one_purpose(void **state)
{
        struct element_rig *rig = *state;
        static const struct {
                enum evidence_kind kind;
                const char *content_type, *aad;
        } forms[] = {
                { EVIDENCE_RECEIPT, "application/x.mitome.receipt+cbor", "mitome receipt 1" },
                { EVIDENCE_STATEMENT, "application/x.mitome.statement+cbor", "mitome statement 1" },
        };
        uint8_t buffers[2][EVIDENCE_MAX], message[2048], forged[EVIDENCE_MAX];
        struct evidence found[2];
        erase(rig, erase_signing);
        receipt(rig);
        slice receipt_cose = keep(rig, buffers[0]);
        statement(rig);
        slice statement_cose = keep(rig, buffers[1]);
        assert_ok(evidence_read(receipt_cose, &found[0], NULL));
        assert_ok(evidence_read(statement_cose, &found[1], NULL));
        for (size_t i = 0; i < 2; i++) {
                for (size_t form = 0; form < 4; form++) { /* each content type with each aad */
                        slice expected = sig_structure(forms[form & 1].content_type, forms[form >> 1].aad,
                                found[i].sign1.payload, message, sizeof message);
                        assert_int_equal(signs(found[i].sign1.chain[0], found[i].sign1.signature, expected),
                                form == (i == 0 ? 0 : 3));
                }
                assert_false(
                        signs(found[i].sign1.chain[0], found[i].sign1.signature, found[i].sign1.payload));
        }
        /* A statement in the clothes of a receipt, its payload and signature as they are. */
        writer w = WRITER(forged);
        cbor_write_array(&w, 4);
        uint8_t header[64];
        writer protected = WRITER(header);
        cose_sign1_write_protected(&protected, &evidence_kinds[EVIDENCE_RECEIPT], nothing);
        cbor_write_bytes(&w, writer_view(&protected));
        cbor_write_map(&w, 1);
        cbor_write_int(&w, COSE_X5CHAIN);
        cbor_write_bytes(&w, found[0].sign1.chain[0]);
        size_t head = w.used;
        cbor_write_bytes(&w, found[1].sign1.payload);
        cbor_write_bytes(&w, found[1].sign1.signature);
        const struct evidence_expected expected = { EVIDENCE_RECEIPT, nothing, nothing };
        assert_int_equal(judge(writer_view(&w), &expected, trust, now), MITOME_E_VALUE);
        w.used = head; /* nor a receipt's payload with the statement's signature */
        cbor_write_bytes(&w, found[0].sign1.payload);
        cbor_write_bytes(&w, found[1].sign1.signature);
        assert_int_equal(judge(writer_view(&w), &expected, trust, now), MITOME_E_SIGNATURE_INVALID);
        w.used = head;
        cbor_write_bytes(&w, found[0].sign1.payload);
        cbor_write_bytes(&w, found[0].sign1.signature);
        assert_int_equal(judge(writer_view(&w), &expected, trust, now), MITOME_OK);
}

/* An attestation begins with the SHA-256 of an RP ID. For one to be evidence, or the other way round, that
 * hash would have to be these 32 bytes, each of which is fixed. */
static void the_first_32_bytes_are_fixed(void **state)
{
        (void)state;
        static const uint8_t payloads[2][4] = { { 1 }, { 2, 3 } };
        uint8_t first[128], second[128];
        for (enum evidence_kind kind = 0; kind < EVIDENCE_KINDS; kind++) {
                writer a = WRITER(first), b = WRITER(second);
                cose_sign1_write_to_sign(&a, &evidence_kinds[kind], nothing, SLICE(payloads[0]));
                cose_sign1_write_to_sign(&b, &evidence_kinds[kind], nothing, slice_of(payloads[1], 2));
                assert_memory_equal(first, second, 64);
                assert_memory_equal(first, "\x84\x6ASignature1\x58", 13);
        }
}

/* ---- the lease ---- */

static uint16_t set_lease(struct element_rig *rig, slice serial, uint16_t count)
{
        const uint8_t number[] = { (uint8_t)(count >> 8), (uint8_t)count };
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, serial);
        tlv_write(&w, 0x81, SLICE(number));
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        return element_rig_secured(rig, set_lease_head, writer_view(&w));
}

static unsigned left(struct element_rig *rig)
{
        if (element_rig_command(rig, get_lease, nothing) != SW_OK) {
                assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
                assert_sw(element_rig_command(rig, get_lease, nothing), SW_OK);
        }
        slice value = element_rig_value(rig, 0x81);
        assert_int_equal(value.size, 2);
        return (unsigned)value.data[0] << 8 | value.data[1];
}

static void open_key(struct element_rig *rig)
{
        assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
        assert_sw(element_rig_select_file(rig, 0x001B), SW_OK);
        assert_sw(element_rig_command(rig, 0x00200080, slice_text(ELEMENT_RIG_PASSWORD)), SW_OK);
}

static const uint8_t serial[] = { ELEMENT_RIG_SERIAL, 0x01 };

/* "takes one off, durably, before it signs; none left: 6985" */
static void a_lease_is_spent(void **state)
{
        struct element_rig *rig = *state;
        for (unsigned i = LEASE; i > 0; i--) {
                assert_int_equal(left(rig), i);
                open_key(rig);
                assert_sw(element_rig_command(rig, sign, slice_text("x")), SW_OK);
                element_rig_cycle(rig); /* the count survives power loss */
        }
        assert_int_equal(left(rig), 0);
        open_key(rig);
        assert_sw(element_rig_command(rig, sign, slice_text("x")), SW_CONDITIONS);
        element_rig_cycle(rig);
        open_key(rig);
        assert_sw(element_rig_command(rig, sign, slice_text("x")), SW_CONDITIONS);
        /* The user-verification key needs none. */
        assert_sw(element_rig_select_file(rig, 0x0018), SW_OK);
        assert_sw(element_rig_command(rig, 0x00200080, slice_text(ELEMENT_RIG_PIN)), SW_OK);
        assert_sw(element_rig_command(rig, 0x802A0097, slice_text("x")), SW_OK);
        assert_sw(set_lease(rig, SLICE(serial), 2), SW_OK);
        open_key(rig);
        assert_sw(element_rig_command(rig, sign, slice_text("x")), SW_OK);
        assert_int_equal(left(rig), 1);
}

/* A signature costs one appended record, however large the element's state is. */
static void a_lease_is_counted_by_a_record(void **state)
{
        struct element_rig *rig = *state;
        open_key(rig);
        const unsigned writes = rig->medium.writes, replaces = rig->medium.replaces;
        assert_sw(element_rig_command(rig, sign, slice_text("x")), SW_OK);
        assert_int_equal(rig->medium.writes, writes + 1);
        assert_int_equal(rig->medium.replaces, replaces);
}

/* "all other conditions met": what is refused for another reason costs nothing. */
static void a_refusal_costs_no_lease(void **state)
{
        struct element_rig *rig = *state;
        uint8_t input[300] = { 1 };
        assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
        assert_sw(element_rig_command(rig, sign, slice_text("x")), SW_SECURITY_STATUS);
        open_key(rig);
        assert_sw(element_rig_command(rig, sign, nothing), SW_WRONG_LENGTH);
        assert_sw(element_rig_command(rig, sign, SLICE(input)), SW_WRONG_LENGTH);
        assert_sw(element_rig_command(rig, 0x802A069A, slice_text("x")), SW_WRONG_P1P2);
        assert_int_equal(left(rig), LEASE);
}

/* "absolute ... 6A88 EF 0001 has no certificate with this serial number, 6A80 over 1000" */
static void a_lease_is_set_for_one_certificate(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t user[] = { ELEMENT_RIG_SERIAL, 0x0A }, padded[] = { 0, ELEMENT_RIG_SERIAL, 1 };
        static const uint8_t longest[21] = { 1 };
        assert_sw(set_lease(rig, SLICE(user), 9), SW_NO_REFERENCE);
        assert_sw(set_lease(rig, SLICE(padded), 9), SW_NO_REFERENCE);
        assert_sw(set_lease(rig, SLICE(longest), 9), SW_WRONG_DATA);
        assert_sw(set_lease(rig, nothing, 9), SW_WRONG_DATA);
        assert_sw(set_lease(rig, SLICE(serial), 1001), SW_WRONG_DATA);
        assert_sw(set_lease(rig, SLICE(serial), 0xFFFF), SW_WRONG_DATA);
        assert_int_equal(left(rig), LEASE);
        assert_sw(set_lease(rig, SLICE(serial), 1000), SW_OK);
        assert_sw(set_lease(rig, SLICE(serial), 3), SW_OK); /* absolute */
        assert_sw(set_lease(rig, SLICE(serial), 3), SW_OK);
        assert_int_equal(left(rig), 3);
        assert_sw(set_lease(rig, SLICE(serial), 0), SW_OK);
        assert_int_equal(left(rig), 0);
        open_key(rig);
        assert_sw(element_rig_command(rig, sign, slice_text("x")), SW_CONDITIONS);
        assert_sw(element_rig_command(rig, set_lease_head, nothing), SW_SECURITY_STATUS);
        assert_sw(element_rig_command(rig, set_lease_head | 1, nothing), SW_SECURITY_STATUS);
        assert_sw(element_rig_command(rig, get_lease | 1, nothing), SW_WRONG_P1P2);
        assert_sw(element_rig_command(rig, get_lease, slice_text("x")), SW_WRONG_LENGTH);
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, set_lease_head | 1, nothing), SW_WRONG_P1P2);
        assert_sw(element_rig_secured(rig, set_lease_head, nothing), SW_WRONG_DATA);
}

/* "after GENERATE KEY PAIR, or with another certificate in EF 0001, it is 0" */
static void a_lease_ends_with_its_certificate(void **state)
{
        struct element_rig *rig = *state;
        uint8_t former[ELEMENT_CERTIFICATE_MAX], other[ELEMENT_CERTIFICATE_MAX];
        slice certificate = certificate_of(rig, 0x0001, former);
        /* The same certificate once more is the same certificate. */
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        element_rig_write(rig, 0x0001, certificate);
        assert_int_equal(left(rig), LEASE);
        slice next = element_certificate(element_certificate_key(1), 0x5102, 1500, other);
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        element_rig_write(rig, 0x0001, next);
        assert_int_equal(left(rig), 0);
        open_key(rig);
        assert_sw(element_rig_command(rig, sign, slice_text("x")), SW_CONDITIONS);
        static const uint8_t next_serial[] = { 0x51, 0x02 };
        assert_sw(set_lease(rig, SLICE(serial), 9), SW_NO_REFERENCE);
        assert_sw(set_lease(rig, SLICE(next_serial), 9), SW_OK);
        assert_int_equal(left(rig), 9);
        /* A new key, and a certificate of it with the same serial number. */
        element_rig_generate(rig, 0x9A);
        assert_int_equal(left(rig), 0);
        assert_sw(set_lease(rig, SLICE(next_serial), 9), SW_NO_REFERENCE);
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        element_rig_certify(rig, 0x0001, 1500);
        assert_int_equal(left(rig), 0);
        assert_sw(set_lease(rig, SLICE(serial), 9), SW_OK);
        erase(rig, erase_signing);
        uint8_t buffer[64];
        assert_int_equal(element_rig_stored(rig, 0x0054, buffer, sizeof buffer).size, 0);
        assert_int_equal(left(rig), 0);
}

/* "writing the former certificate back revives none", nor does anything else: some hundred steps in no order,
 * and the count is never more than the last one that was set, less what was signed since. */
static void a_lease_never_grows(void **state)
{
        struct element_rig *rig = *state;
        uint8_t buffers[2][ELEMENT_CERTIFICATE_MAX];
        const slice certificates[] = {
                element_certificate(element_certificate_key(1), 0x5101, 1500, buffers[0]),
                element_certificate(element_certificate_key(1), 0x5102, 1500, buffers[1]),
        };
        unsigned count = 0, current = 2; /* the rig's own, at first */
        uint32_t dice = 1;
        assert_sw(set_lease(rig, SLICE(serial), 0), SW_OK);
        for (int step = 0; step < 300; step++) {
                dice = dice * 1664525 + 1013904223;
                unsigned which = dice >> 8 & 1;
                switch (dice >> 16 & 7) {
                case 0:
                        element_rig_cycle(rig);
                        break;
                case 1: /* another certificate, or the same once more */
                        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
                        element_rig_write(rig, 0x0001, certificates[which]);
                        count = which == current ? count : 0;
                        current = which;
                        break;
                case 2:
                        if (current == 2)
                                break;
                        const uint8_t named[] = { 0x51, (uint8_t)(1 + which) };
                        bool right = which == current;
                        assert_sw(set_lease(rig, SLICE(named), 3), right ? SW_OK : SW_NO_REFERENCE);
                        count = right ? 3 : count;
                        break;
                case 3: /* without the password */
                        assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
                        assert_sw(element_rig_command(rig, sign, slice_text("x")), SW_SECURITY_STATUS);
                        break;
                default:
                        open_key(rig);
                        assert_sw(element_rig_command(rig, sign, slice_text("x")),
                                count ? SW_OK : SW_CONDITIONS);
                        count -= count > 0;
                }
                assert_int_equal(left(rig), count);
        }
}

/* "a recorded command does not pass the secure channel twice" */
static void a_recorded_lease_is_none(void **state)
{
        struct element_rig *rig = *state;
        uint8_t bytes[256], data[16];
        static const uint8_t number[] = { 0, 50 };
        writer w = WRITER(data), wrapped = WRITER(bytes);
        tlv_write(&w, 0x80, SLICE(serial));
        tlv_write(&w, 0x81, SLICE(number));
        const struct apdu_command command = { .cla = 0x80, .ins = 0x4A, .data = writer_view(&w) };
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_ok(scp03_host_wrap(&rig->host, &command, &wrapped, NULL));
        assert_sw(element_rig_transmit(rig, writer_view(&wrapped)), SW_OK);
        assert_int_equal(left(rig), 50);
        assert_sw(element_rig_transmit(rig, writer_view(&wrapped)), SW_SECURE_MESSAGING);
        open_key(rig);
        assert_sw(element_rig_command(rig, sign, slice_text("x")), SW_OK);
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_sw(element_rig_transmit(rig, writer_view(&wrapped)), SW_SECURE_MESSAGING);
        assert_int_equal(left(rig), 49);
}

/* The plastic card has no lease: its key signs to its password, as it always did. */
static void a_card_has_no_lease(void **state)
{
        (void)state;
        static struct element_rig rig;
        rig = (struct element_rig){ 0 };
        static const uint8_t card[] = { 0x80, 0x01, 0x01, 0x81, 0x01, 0x00 };
        element_rig_open(&rig);
        assert_sw(element_rig_channel(&rig, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(&rig, personalise, SLICE(card)), SW_OK);
        element_rig_personalise(&rig);
        assert_sw(set_lease(&rig, SLICE(serial), 9), SW_CONDITIONS);
        assert_int_equal(left(&rig), 0);
        open_key(&rig);
        assert_sw(element_rig_command(&rig, sign, slice_text("x")), SW_OK);
        element_rig_close(&rig);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(a_device_has_one_key),
                TEST(without_randomness_no_device_key),
                TEST(a_statement_tells_what_is_there),
                TEST(evidence_needs_a_touch_and_a_contact),
                TEST(a_sealed_receipt_comes_home_without_a_touch),
                TEST(a_session_without_encryption_gets_no_receipt),
                TEST(a_session_of_former_keys_gets_no_receipt),
                TEST(a_nonce_has_16_to_64_bytes),
                TEST(a_receipt_lists_what_was_erased),
                TEST(only_what_was_seen_is_acknowledged),
                TEST(a_full_list_keeps_what_ends_certificates),
                TEST(without_a_device_key_no_receipt),
                TEST(a_receipt_outlives_both_applets),
                TEST(certificate_credentials_are_counted),
                TEST(a_reset_leaves_a_receipt),
                TEST(evidence_is_for_who_asked),
                TEST(no_byte_can_be_changed),
                TEST(a_signature_serves_one_purpose),
                TEST(the_first_32_bytes_are_fixed),
                TEST(a_lease_is_spent),
                TEST(a_lease_is_counted_by_a_record),
                TEST(a_refusal_costs_no_lease),
                TEST(a_lease_is_set_for_one_certificate),
                TEST(a_lease_ends_with_its_certificate),
                TEST(a_lease_never_grows),
                TEST(a_recorded_lease_is_none),
                TEST(a_card_has_no_lease),
        };
        return cmocka_run_group_tests(tests, make_stencil, drop_stencil);
}
