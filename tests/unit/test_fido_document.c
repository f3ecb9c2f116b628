/* SPDX-License-Identifier: Apache-2.0 */
/* SIGN DOCUMENT and READ CERTIFICATE: what opens the signing key and the certificates to an app that speaks
 * CTAP, what does not, and what each try costs. */
#include "element_internal.h"
#include "pin_rig.h"
#include "tlv.h"

#include <malloc.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIGN = 0x56, READ = 0x58, PADDED = 64, TRIES = 5, PIN_TRIES = 3 };
enum { SIGN_CERTIFICATE = 0x0001, SIGN_CA = 0x0002, AUTH_CERTIFICATE = 0x000A, AUTH_CA = 0x000B };

static const uint32_t sign_document = 0x80560000, read_certificate = 0x80580000;
static const slice nothing = { 0 };
static const char document[] = "I sell this field.";
static struct element_rig stencil; /* personalised as a phone, a finger, five leases */

static int make_stencil(void **state)
{
        (void)state;
        element_rig_open(&stencil);
        element_rig_personalise(&stencil);
        element_rig_pair(&stencil, NULL);
        assert_int_equal(element_rig_enrol(&stencil, ELEMENT_RIG_PIN), SW_OK);
        element_rig_lease(&stencil, 5);
        return 0;
}

static int drop_stencil(void **state)
{
        (void)state;
        element_rig_close(&stencil);
        return 0;
}

static int setup(void **state)
{
        struct element_rig *rig = calloc(1, sizeof *rig);
        assert_non_null(rig);
        element_rig_clone(&stencil, rig);
        assert_int_equal(element_rig_select(rig, element_rig_fido), SW_OK);
        *state = rig;
        return 0;
}

static int teardown(void **state)
{
        element_rig_close(*state);
        free(*state);
        return 0;
}

/* ---- requests ---- */

static void hash_of(const char *text, uint8_t hash[SHA256_SIZE])
{
        const slice part = slice_text(text);
        sha256(&part, 1, hash);
}

/* What an app sends; `use` is the hash, or file and offset. */
struct app_request {
        uint8_t ins, protocol;
        slice secret; /* of whole blocks, before it is encrypted */
        uint8_t use[SHA256_SIZE];
        size_t use_size;
        struct pin_rig pin;
        uint8_t bytes[512];
        writer w;
};

static slice param_of(const struct app_request *request, slice sealed, uint8_t buffer[SHA256_SIZE])
{
        uint8_t message[256];
        writer m = WRITER(message);
        write_u8(&m, request->ins);
        write_slice(&m, sealed);
        write_slice(&m, slice_of(request->use, request->use_size));
        return pin_rig_param(request->protocol, &request->pin.hmac, writer_view(&m), buffer);
}

static void write_request(struct element_rig *rig, struct app_request *request)
{
        uint8_t sealed_bytes[96], param[SHA256_SIZE];
        writer sealed = WRITER(sealed_bytes);
        request->w = WRITER(request->bytes);
        assert_int_equal(pin_rig_agree(rig, request->protocol, &request->pin), SW_OK);
        pin_rig_write_agreement(&request->w, &request->pin);
        pin_rig_encrypt(&request->pin, request->secret, &sealed);
        tlv_write(&request->w, 0x82, writer_view(&sealed));
        tlv_write(&request->w, 0x84, param_of(request, writer_view(&sealed), param));
        tlv_write(&request->w, request->ins == SIGN ? 0x83 : 0x85, slice_of(request->use, request->use_size));
        assert_false(request->w.overflowed);
}

static slice padded(const char *password, uint8_t buffer[PADDED])
{
        writer w = writer_over(buffer, PADDED);
        write_slice(&w, slice_text(password));
        while (w.used < PADDED)
                write_u8(&w, 0);
        return writer_view(&w);
}

static uint16_t sign_by(struct element_rig *rig, uint8_t protocol, slice secret)
{
        struct app_request request = {
                .ins = SIGN, .protocol = protocol, .secret = secret, .use_size = SHA256_SIZE
        };
        hash_of(document, request.use);
        write_request(rig, &request);
        return element_rig_command(rig, sign_document, writer_view(&request.w));
}

static uint16_t sign(struct element_rig *rig, const char *password)
{
        uint8_t buffer[PADDED];
        return sign_by(rig, 2, padded(password, buffer));
}

static void set_use(struct app_request *request, uint16_t file, uint16_t offset)
{
        writer w = WRITER(request->use);
        write_u16(&w, file);
        write_u16(&w, offset);
        request->use_size = w.used;
}

static uint16_t read_guarded(
        struct element_rig *rig, uint8_t protocol, uint16_t file, uint16_t offset, slice secret)
{
        struct app_request request = { .ins = READ, .protocol = protocol, .secret = secret };
        set_use(&request, file, offset);
        write_request(rig, &request);
        return element_rig_command(rig, read_certificate, writer_view(&request.w));
}

static uint16_t read_by_pin(struct element_rig *rig, uint8_t protocol, const char *pin)
{
        uint8_t hash[SHA256_SIZE];
        hash_of(pin, hash);
        return read_guarded(rig, protocol, AUTH_CERTIFICATE, 0, slice_of(hash, 16));
}

static uint16_t read_free(struct element_rig *rig, uint16_t file, uint16_t offset)
{
        uint8_t bytes[16];
        struct app_request request = { 0 };
        writer w = WRITER(bytes);
        set_use(&request, file, offset);
        tlv_write(&w, 0x85, slice_of(request.use, request.use_size));
        return element_rig_command(rig, read_certificate, writer_view(&w));
}

/* ---- what the JPKI applet says of it ---- */

static unsigned password_tries(struct element_rig *rig)
{
        assert_int_equal(element_rig_select(rig, element_rig_jpki), SW_OK);
        assert_int_equal(element_rig_select_file(rig, 0x001B), SW_OK);
        uint16_t sw = element_rig_command(rig, 0x00200080, nothing);
        assert_int_equal(sw & 0xFFF0, SW_TRIES_LEFT);
        assert_int_equal(element_rig_select(rig, element_rig_fido), SW_OK);
        return sw & 0x0F;
}

static unsigned leases(struct element_rig *rig)
{
        assert_int_equal(element_rig_select(rig, element_rig_jpki), SW_OK);
        assert_int_equal(element_rig_command(rig, 0x804C0000, nothing), SW_OK);
        slice left = element_rig_value(rig, 0x81);
        unsigned count = (unsigned)(left.data[0] << 8 | left.data[1]);
        assert_int_equal(element_rig_select(rig, element_rig_fido), SW_OK);
        return count;
}

static slice stored(struct element_rig *rig, uint16_t file, uint8_t buffer[4096])
{
        return element_rig_stored(rig, 0x0100u + file, buffer, 4096);
}

static void expect_signature(struct element_rig *rig)
{
        uint8_t certificate[4096];
        slice der = stored(rig, SIGN_CERTIFICATE, certificate), signature = element_rig_value(rig, 0x80);
        const unsigned char *at = der.data;
        X509 *x509 = d2i_X509(NULL, &at, (long)der.size);
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        assert_non_null(x509);
        assert_int_equal(signature.size, 256);
        assert_int_equal(EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, X509_get0_pubkey(x509)), 1);
        assert_int_equal(EVP_DigestVerify(context, signature.data, signature.size,
                                 (const unsigned char *)document, strlen(document)),
                1);
        EVP_MD_CTX_free(context);
        X509_free(x509);
}

/* ---- SIGN DOCUMENT ---- */

static void a_password_signs(void **state)
{
        struct element_rig *rig = *state;
        uint8_t buffer[PADDED];
        for (uint8_t protocol = 1; protocol <= 2; protocol++) {
                assert_int_equal(sign_by(rig, protocol, padded(ELEMENT_RIG_PASSWORD, buffer)), SW_OK);
                assert_int_equal(element_rig_value(rig, 0x81).data[1], 5 - protocol);
                expect_signature(rig);
                assert_int_equal(leases(rig), 5u - protocol);
        }
        assert_int_equal(sign(rig, "password1"), SW_OK); /* case does not matter, as there */
        assert_int_equal(password_tries(rig), TRIES);
}

/* The try is the JPKI applet's own, and the last one is the last. */
static void wrong_passwords_are_counted(void **state)
{
        struct element_rig *rig = *state;
        for (unsigned left = TRIES; left-- > 2;)
                assert_int_equal(sign(rig, "WRONG1"), SW_TRIES_LEFT | left);
        assert_int_equal(password_tries(rig), 2);
        assert_int_equal(sign(rig, ELEMENT_RIG_PASSWORD), SW_OK); /* gives them back */
        assert_int_equal(password_tries(rig), TRIES);
        for (unsigned left = TRIES; left-- > 0;)
                assert_int_equal(sign(rig, "WRONG1"), SW_TRIES_LEFT | left);
        assert_int_equal(sign(rig, ELEMENT_RIG_PASSWORD), SW_BLOCKED);
        element_rig_cycle(rig);
        assert_int_equal(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_int_equal(sign(rig, ELEMENT_RIG_PASSWORD), SW_BLOCKED);
        assert_int_equal(leases(rig), 4);
        assert_int_equal(element_rig_state(rig).pin_tries, PIN_TRIES); /* another counter */
}

/* Without a lease the password costs nothing, right or wrong. */
static void no_lease_no_signature(void **state)
{
        struct element_rig *rig = *state;
        for (int i = 0; i < 5; i++)
                assert_int_equal(sign(rig, ELEMENT_RIG_PASSWORD), SW_OK);
        assert_int_equal(sign(rig, ELEMENT_RIG_PASSWORD), SW_CONDITIONS);
        assert_int_equal(sign(rig, "WRONG1"), SW_CONDITIONS);
        assert_int_equal(password_tries(rig), TRIES);
        element_rig_lease(rig, 1);
        assert_int_equal(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_int_equal(sign(rig, "WRONG1"), SW_TRIES_LEFT | (TRIES - 1));
        assert_int_equal(leases(rig), 1);
        assert_int_equal(sign(rig, ELEMENT_RIG_PASSWORD), SW_OK);
        assert_int_equal(leases(rig), 0);
}

/* The HMAC binds the password to the document: whoever carries it signs nothing else with it, nor twice. */
static void a_password_is_for_one_document_once(void **state)
{
        struct element_rig *rig = *state;
        uint8_t buffer[PADDED];
        struct app_request request = { .ins = SIGN,
                .protocol = 2,
                .secret = padded(ELEMENT_RIG_PASSWORD, buffer),
                .use_size = SHA256_SIZE };
        hash_of(document, request.use);
        write_request(rig, &request);
        request.bytes[request.w.used - 1] ^= 1; /* of the hash, which stands last */
        assert_int_equal(
                element_rig_command(rig, sign_document, writer_view(&request.w)), SW_SECURITY_STATUS);
        request.bytes[request.w.used - 1] ^= 1;
        assert_int_equal(element_rig_command(rig, sign_document, writer_view(&request.w)), SW_NO_REFERENCE);
        assert_int_equal(password_tries(rig), TRIES);
        write_request(rig, &request);
        assert_int_equal(element_rig_command(rig, sign_document, writer_view(&request.w)), SW_OK);
        assert_int_equal(element_rig_command(rig, sign_document, writer_view(&request.w)), SW_NO_REFERENCE);
        assert_int_equal(leases(rig), 4);
        /* what was sealed for reading signs nothing */
        request.ins = READ;
        write_request(rig, &request);
        request.w = WRITER(request.bytes);
        uint8_t sealed_bytes[96], param[SHA256_SIZE];
        writer sealed = WRITER(sealed_bytes);
        pin_rig_write_agreement(&request.w, &request.pin);
        pin_rig_encrypt(&request.pin, request.secret, &sealed);
        tlv_write(&request.w, 0x82, writer_view(&sealed));
        tlv_write(&request.w, 0x83, slice_of(request.use, SHA256_SIZE));
        tlv_write(&request.w, 0x84, param_of(&request, writer_view(&sealed), param));
        assert_int_equal(
                element_rig_command(rig, sign_document, writer_view(&request.w)), SW_SECURITY_STATUS);
}

/* Neither evidence of a finger nor a token has a place in it, and nothing of theirs may be open. */
static void no_finger_and_no_token_signs(void **state)
{
        struct element_rig *rig = *state;
        uint8_t buffer[PADDED], token[UNLOCK_TOKEN_SIZE];
        static const uint8_t commands[] = { 0x01, 0x02 };
        SECRET(pin_token);
        struct app_request request = { .ins = SIGN,
                .protocol = 2,
                .secret = padded(ELEMENT_RIG_PASSWORD, buffer),
                .use_size = SHA256_SIZE };
        for (size_t i = 0; i < sizeof commands; i++) {
                struct element_rig_operation operation = {
                        .command = commands[i], .rp_id = "a.example", .options = 0x03
                };
                assert_int_equal(element_rig_begin(rig, &operation), SW_OK);
                element_rig_seal(rig, &operation, UNLOCK_VERIFIED, token);
                assert_int_equal(sign(rig, ELEMENT_RIG_PASSWORD), SW_CONDITIONS);
                assert_int_equal(element_rig_command(rig, 0x802E0000, nothing), SW_OK);
        }
        assert_int_equal(pin_rig_token(rig, 2, ELEMENT_RIG_PIN, 0x01, "a.example", &pin_token), SW_OK);
        struct element_rig_operation operation = {
                .command = 0x01, .rp_id = "a.example", .options = 0x01, .pin = &pin_token
        };
        assert_int_equal(element_rig_begin(rig, &operation), SW_OK);
        assert_int_equal(sign(rig, ELEMENT_RIG_PASSWORD), SW_CONDITIONS);
        assert_int_equal(element_rig_command(rig, 0x802E0000, nothing), SW_OK);
        for (uint32_t tag = 0x85; tag <= 0x8F; tag++) {
                if (tag == 0x88)
                        continue;
                write_request(rig, &request);
                tlv_write(&request.w, tag, SLICE(token));
                assert_int_equal(
                        element_rig_command(rig, sign_document, writer_view(&request.w)), SW_WRONG_DATA);
        }
        assert_int_equal(password_tries(rig), TRIES);
        assert_int_equal(leases(rig), 5);
}

static void what_is_no_password_is_no_try(void **state)
{
        struct element_rig *rig = *state;
        uint8_t bytes[PADDED] = "PASSWORD1";
        bytes[20] = 'X'; /* behind the end */
        assert_int_equal(sign_by(rig, 2, SLICE(bytes)), SW_WRONG_DATA);
        assert_int_equal(sign(rig, "PASSWORD1PASSWORD"), SW_WRONG_DATA); /* 17 */
        assert_int_equal(sign(rig, ""), SW_WRONG_DATA);
        memset(bytes, 'A', sizeof bytes);
        assert_int_equal(sign_by(rig, 1, SLICE(bytes)), SW_WRONG_DATA);
        assert_int_equal(sign_by(rig, 2, slice_of(bytes, 48)), SW_WRONG_DATA); /* 64 with the IV */
        assert_int_equal(sign_by(rig, 1, slice_of(bytes, 48)), SW_WRONG_DATA);
        assert_int_equal(password_tries(rig), TRIES);
        assert_int_equal(leases(rig), 5);
}

static void no_part_of_the_data_is_taken(void **state)
{
        struct element_rig *rig = *state;
        uint8_t buffer[PADDED];
        struct app_request request = { .ins = SIGN,
                .protocol = 2,
                .secret = padded(ELEMENT_RIG_PASSWORD, buffer),
                .use_size = SHA256_SIZE };
        write_request(rig, &request);
        for (size_t size = 0; size < request.w.used; size++)
                assert_int_equal(element_rig_command(rig, sign_document, slice_of(request.bytes, size)),
                        SW_WRONG_DATA);
        request.bytes[2] ^= 1; /* a point off the curve */
        assert_int_equal(element_rig_command(rig, sign_document, writer_view(&request.w)), SW_WRONG_DATA);
        request.bytes[2] ^= 1;
        assert_int_equal(element_rig_command(rig, sign_document, writer_view(&request.w)), SW_OK);
}

static void contactless_readers_get_nothing(void **state)
{
        struct element_rig *rig = *state;
        mitome_element_set_contactless(rig->element, 1);
        assert_int_equal(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_int_equal(sign(rig, ELEMENT_RIG_PASSWORD), SW_CONDITIONS);
        assert_int_equal(read_free(rig, AUTH_CA, 0), SW_CONDITIONS);
        mitome_element_set_contactless(rig->element, 0);
        assert_int_equal(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_int_equal(password_tries(rig), TRIES);
        assert_int_equal(sign(rig, ELEMENT_RIG_PASSWORD), SW_OK);
        assert_int_equal(read_free(rig, AUTH_CA, 0), SW_OK);
}

/* A locked applet's key is used by nobody, nor its certificates shown. */
static void a_locked_applet_signs_nothing(void **state)
{
        struct element_rig *rig = *state;
        assert_int_equal(element_rig_channel(rig, element_rig_manager, &element_rig_keys), SW_OK);
        assert_int_equal(element_rig_secured(rig, 0x80F04083, element_rig_jpki), SW_OK);
        assert_int_equal(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_int_equal(sign(rig, ELEMENT_RIG_PASSWORD), SW_NOT_FOUND);
        assert_int_equal(read_free(rig, AUTH_CA, 0), SW_NOT_FOUND);
        assert_int_equal(read_by_pin(rig, 2, ELEMENT_RIG_PIN), SW_NOT_FOUND);
}

static void a_plain_authenticator_has_neither(void **state)
{
        (void)state;
        struct element_rig rig = { 0 };
        element_rig_open(&rig);
        assert_int_equal(element_rig_select(&rig, element_rig_fido), SW_OK);
        assert_int_equal(sign(&rig, ELEMENT_RIG_PASSWORD), SW_NOT_FOUND);
        static const uint16_t files[] = { SIGN_CERTIFICATE, SIGN_CA, AUTH_CERTIFICATE, AUTH_CA };
        for (size_t i = 0; i < sizeof files / sizeof *files; i++)
                assert_int_equal(read_free(&rig, files[i], 0), SW_NOT_FOUND);
        element_rig_close(&rig);
}

/* What the right password had opened in the JPKI applet, on another channel, a wrong one closes. */
static void a_wrong_password_closes_the_other_applet(void **state)
{
        struct element_rig *rig = *state;
        const uint8_t password_file[] = { 0x00, 0x1B };
        const uint32_t verify = 0x01200080, query = 0x012A029A;
        uint8_t hash[SHA256_SIZE];
        hash_of(document, hash);
        assert_int_equal(element_rig_command(rig, 0x00700000, nothing), SW_OK);
        assert_int_equal(rig->data.data[0], 1);
        for (int wrong = 0; wrong < 2; wrong++) {
                assert_int_equal(element_rig_send(rig, &(struct apdu_command){ .cla = 0x01,
                                                               .ins = 0xA4,
                                                               .p1 = 0x04,
                                                               .p2 = 0x0C,
                                                               .data = element_rig_jpki }),
                        SW_OK);
                assert_int_equal(element_rig_send(rig, &(struct apdu_command){ .cla = 0x01,
                                                               .ins = 0xA4,
                                                               .p1 = 0x02,
                                                               .p2 = 0x0C,
                                                               .data = slice_of(password_file, 2) }),
                        SW_OK);
                assert_int_equal(element_rig_command(rig, verify, slice_text(ELEMENT_RIG_PASSWORD)), SW_OK);
                assert_int_equal(sign(rig, wrong ? "WRONG1" : ELEMENT_RIG_PASSWORD),
                        wrong ? SW_TRIES_LEFT | (TRIES - 1) : SW_OK);
                assert_int_equal(element_rig_command(rig, 0x80000000 | query, SLICE(hash)),
                        wrong ? SW_SECURITY_STATUS : SW_OK);
        }
}

/* 6606: the station knows a temporary password, and must not sign with it before its holder has changed it.
 */
static void a_temporary_password_signs_no_document(void **state)
{
        struct element_rig *rig = *state;
        const uint32_t temporary = 0x802C019B;
        assert_int_equal(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_int_equal(element_rig_secured(rig, temporary, slice_text("TEMPOR1")), SW_OK);
        assert_int_equal(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_int_equal(sign(rig, ELEMENT_RIG_PASSWORD), SW_TRIES_LEFT | (TRIES - 1));
        assert_int_equal(sign(rig, "TEMPOR1"), SW_PIN_CHANGE_FIRST);
        assert_int_equal(rig->data.size, 0);
        assert_int_equal(element_rig_select(rig, element_rig_jpki), SW_OK);
        assert_int_equal(element_rig_select_file(rig, 0x001B), SW_OK);
        assert_int_equal(element_rig_command(rig, 0x00200080, slice_text("TEMPOR1")), SW_OK);
        assert_int_equal(element_rig_command(rig, 0x00240180, slice_text("MYOWN22")), SW_OK);
        assert_int_equal(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_int_equal(sign(rig, "MYOWN22"), SW_OK);
}

static bool remembers(const struct element_rig *rig, slice secret)
{
        return memmem(rig->element, malloc_usable_size(rig->element), secret.data, secret.size) != NULL;
}

/* Right, wrong or refused: neither the secret nor the keys that it came under stay in the element's memory.
 */
static void nothing_of_the_exchange_is_kept(void **state)
{
        struct element_rig *rig = *state;
        static const char *const passwords[] = { ELEMENT_RIG_PASSWORD, "WRONGPASSWORD1",
                "PASSWORD1PASSWORD" };
        uint8_t buffer[PADDED];
        for (size_t i = 0; i < 3; i++)
                for (uint8_t protocol = 1; protocol <= 2; protocol++) {
                        struct app_request request = { .ins = SIGN,
                                .protocol = protocol,
                                .secret = padded(passwords[i], buffer),
                                .use_size = SHA256_SIZE };
                        hash_of(document, request.use);
                        write_request(rig, &request);
                        element_rig_command(rig, sign_document, writer_view(&request.w));
                        assert_false(remembers(rig, slice_text(passwords[i])));
                        assert_false(remembers(rig, secret_view(&request.pin.aes)));
                        assert_false(remembers(rig, secret_view(&request.pin.hmac)));
                        assert_int_equal(element_rig_command(rig, sign_document, writer_view(&request.w)),
                                SW_NO_REFERENCE); /* the agreement itself is gone */
                }
        /* The search finds what is there: the point that KEY AGREEMENT answers with. */
        assert_int_equal(element_rig_command(rig, 0x80120000, nothing), SW_OK);
        assert_true(remembers(rig, element_rig_value(rig, 0x80)));
}

/* It opens nothing there that was closed. */
static void a_right_password_opens_nothing_else(void **state)
{
        struct element_rig *rig = *state;
        uint8_t hash[SHA256_SIZE];
        hash_of(document, hash);
        assert_int_equal(element_rig_command(rig, 0x00700000, nothing), SW_OK);
        assert_int_equal(
                element_rig_send(rig,
                        &(struct apdu_command){
                                .cla = 0x01, .ins = 0xA4, .p1 = 0x04, .p2 = 0x0C, .data = element_rig_jpki }),
                SW_OK);
        assert_int_equal(sign(rig, ELEMENT_RIG_PASSWORD), SW_OK);
        assert_int_equal(element_rig_command(rig, 0x812A029A, SLICE(hash)), SW_SECURITY_STATUS);
}

/* ---- READ CERTIFICATE ---- */

static void expect_part(struct element_rig *rig, slice whole, size_t offset, size_t size)
{
        slice part = element_rig_value(rig, 0x80), total = element_rig_value(rig, 0x81);
        assert_int_equal(total.data[0] << 8 | total.data[1], whole.size);
        assert_int_equal(part.size, size);
        assert_memory_equal(part.data, whole.data + offset, size);
}

static void free_certificates_are_read(void **state)
{
        struct element_rig *rig = *state;
        uint8_t buffer[4096];
        slice ca = stored(rig, AUTH_CA, buffer);
        assert_int_equal(read_free(rig, AUTH_CA, 0), SW_OK);
        expect_part(rig, ca, 0, ca.size);
        assert_int_equal(read_free(rig, AUTH_CA, 1000), SW_OK);
        expect_part(rig, ca, 1000, ca.size - 1000);
        assert_int_equal(read_free(rig, AUTH_CA, (uint16_t)(ca.size - 1)), SW_OK);
        assert_int_equal(read_free(rig, AUTH_CA, (uint16_t)ca.size), SW_OFFSET);
        assert_int_equal(read_free(rig, AUTH_CA, 0xFFFF), SW_OFFSET);
        assert_int_equal(read_free(rig, SIGN_CA, 0), SW_NOT_FOUND); /* none is there */
        uint8_t password[PADDED];                                   /* a secret where none is wanted */
        assert_int_equal(
                read_guarded(rig, 2, AUTH_CA, 0, padded(ELEMENT_RIG_PASSWORD, password)), SW_WRONG_DATA);
        assert_int_equal(password_tries(rig), TRIES);
}

/* No other file, whatever it holds. */
static void only_certificates_are_read(void **state)
{
        struct element_rig *rig = *state;
        uint8_t password[PADDED];
        for (unsigned file = 0; file < 0x0140; file++) {
                if (file == SIGN_CERTIFICATE || file == SIGN_CA || file == AUTH_CERTIFICATE ||
                        file == AUTH_CA)
                        continue;
                assert_int_equal(read_free(rig, (uint16_t)file, 0), SW_NOT_FOUND);
        }
        assert_int_equal(
                read_guarded(rig, 2, 0x001A, 0, padded(ELEMENT_RIG_PASSWORD, password)), SW_NOT_FOUND);
        assert_int_equal(
                read_guarded(rig, 2, 0x0017, 0, padded(ELEMENT_RIG_PASSWORD, password)), SW_NOT_FOUND);
}

static void a_long_certificate_comes_in_parts(void **state)
{
        struct element_rig *rig = *state;
        enum { LONG = 4096, PART = 3584 };
        uint8_t buffer[LONG];
        assert_int_equal(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        element_rig_certify(rig, AUTH_CA, LONG);
        assert_int_equal(element_rig_select(rig, element_rig_fido), SW_OK);
        slice ca = stored(rig, AUTH_CA, buffer);
        assert_int_equal(read_free(rig, AUTH_CA, 0), SW_OK);
        expect_part(rig, ca, 0, PART);
        assert_int_equal(read_free(rig, AUTH_CA, PART), SW_OK);
        expect_part(rig, ca, PART, LONG - PART);
}

static void the_password_opens_the_signing_certificate(void **state)
{
        struct element_rig *rig = *state;
        uint8_t buffer[4096], password[PADDED], hash[SHA256_SIZE];
        slice certificate = stored(rig, SIGN_CERTIFICATE, buffer);
        assert_int_equal(read_free(rig, SIGN_CERTIFICATE, 0), SW_SECURITY_STATUS);
        for (uint8_t protocol = 1; protocol <= 2; protocol++) {
                assert_int_equal(read_guarded(rig, protocol, SIGN_CERTIFICATE, 0,
                                         padded(ELEMENT_RIG_PASSWORD, password)),
                        SW_OK);
                expect_part(rig, certificate, 0, certificate.size);
        }
        assert_int_equal(leases(rig), 5); /* which is for signatures */
        assert_int_equal(read_guarded(rig, 2, SIGN_CERTIFICATE, 0, padded("WRONG1", password)),
                SW_TRIES_LEFT | (TRIES - 1));
        hash_of(ELEMENT_RIG_PIN, hash);
        assert_int_equal(read_guarded(rig, 2, SIGN_CERTIFICATE, 0, slice_of(hash, 16)), SW_WRONG_DATA);
        assert_int_equal(password_tries(rig), TRIES - 1);
        assert_int_equal(
                read_guarded(rig, 2, SIGN_CERTIFICATE, 0xFFFF, padded(ELEMENT_RIG_PASSWORD, password)),
                SW_OFFSET);
        assert_int_equal(password_tries(rig), TRIES);
}

/* One counter for the PIN, whichever path; three wrong ones in a row want a power cycle on this one too. */
static void the_pin_opens_the_certificate_of_user_verification(void **state)
{
        struct element_rig *rig = *state;
        uint8_t buffer[4096], password[PADDED];
        slice certificate = stored(rig, AUTH_CERTIFICATE, buffer);
        assert_int_equal(read_free(rig, AUTH_CERTIFICATE, 0), SW_SECURITY_STATUS);
        for (uint8_t protocol = 1; protocol <= 2; protocol++) {
                assert_int_equal(read_by_pin(rig, protocol, ELEMENT_RIG_PIN), SW_OK);
                expect_part(rig, certificate, 0, certificate.size);
        }
        assert_int_equal(read_guarded(rig, 2, AUTH_CERTIFICATE, 0, padded(ELEMENT_RIG_PASSWORD, password)),
                SW_WRONG_DATA);
        assert_int_equal(element_rig_state(rig).pin_tries, PIN_TRIES);
        assert_int_equal(read_by_pin(rig, 2, "9999"), SW_TRIES_LEFT | 2);
        assert_int_equal(element_rig_state(rig).pin_tries, 2);
        assert_int_equal(read_by_pin(rig, 2, "9999"), SW_TRIES_LEFT | 1);
        assert_int_equal(read_by_pin(rig, 2, ELEMENT_RIG_PIN), SW_OK);
        assert_int_equal(element_rig_state(rig).pin_tries, PIN_TRIES);
        for (unsigned left = PIN_TRIES; left-- > 0;)
                assert_int_equal(read_by_pin(rig, 2, "9999"), SW_TRIES_LEFT | left);
        assert_int_equal(read_by_pin(rig, 2, ELEMENT_RIG_PIN), SW_BLOCKED);
}

/* The third wrong one in a row closes this path until a power cycle, though JPKI's VERIFY gave the tries
 * back. */
static void three_wrong_pins_want_a_power_cycle(void **state)
{
        struct element_rig *rig = *state;
        rig->element->fido.wrong_in_a_row = 2; /* when it was no person's yet, and there were eight tries */
        assert_int_equal(read_by_pin(rig, 2, "9999"), SW_CONDITIONS);
        assert_int_equal(element_rig_state(rig).pin_tries, 2);
        assert_int_equal(read_by_pin(rig, 2, ELEMENT_RIG_PIN), SW_CONDITIONS);
        assert_int_equal(read_by_pin(rig, 2, "9999"), SW_CONDITIONS);
        assert_int_equal(element_rig_state(rig).pin_tries, 2); /* nothing is burnt meanwhile */
        element_rig_cycle(rig);
        assert_int_equal(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_int_equal(read_by_pin(rig, 2, ELEMENT_RIG_PIN), SW_OK);
}

/* The HMAC binds the secret to file and place. */
static void a_secret_is_for_one_file(void **state)
{
        struct element_rig *rig = *state;
        uint8_t password[PADDED];
        struct app_request request = {
                .ins = READ, .protocol = 2, .secret = padded(ELEMENT_RIG_PASSWORD, password)
        };
        set_use(&request, SIGN_CERTIFICATE, 0);
        write_request(rig, &request);
        request.bytes[request.w.used - 1] = 1; /* another offset */
        assert_int_equal(
                element_rig_command(rig, read_certificate, writer_view(&request.w)), SW_SECURITY_STATUS);
        request.bytes[request.w.used - 1] = 0;
        assert_int_equal(
                element_rig_command(rig, read_certificate, writer_view(&request.w)), SW_NO_REFERENCE);
        write_request(rig, &request);
        for (size_t size = 0; size < request.w.used; size++) {
                uint16_t sw = element_rig_command(rig, read_certificate, slice_of(request.bytes, size));
                assert_int_equal(sw, SW_WRONG_DATA);
        }
        assert_int_equal(element_rig_command(rig, read_certificate, writer_view(&request.w)), SW_OK);
        assert_int_equal(password_tries(rig), TRIES);
}

/* ---- the plastic card ---- */

static void a_card_needs_no_lease_and_shows_its_certificate(void **state)
{
        (void)state;
        struct element_rig rig = { 0 };
        const uint8_t card[] = { 0x80, 1, 1, 0x81, 1, 0 };
        uint8_t buffer[4096];
        element_rig_open(&rig);
        assert_int_equal(element_rig_channel(&rig, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_int_equal(element_rig_secured(&rig, 0x80DA0000, SLICE(card)), SW_OK);
        element_rig_personalise(&rig);
        assert_int_equal(sign(&rig, ELEMENT_RIG_PASSWORD), SW_OK);
        expect_signature(&rig);
        assert_int_equal(element_rig_value(&rig, 0x81).data[1], 0);
        slice certificate = stored(&rig, AUTH_CERTIFICATE, buffer);
        assert_int_equal(read_free(&rig, AUTH_CERTIFICATE, 0), SW_OK);
        expect_part(&rig, certificate, 0, certificate.size);
        element_rig_close(&rig);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(a_password_signs),
                TEST(wrong_passwords_are_counted),
                TEST(no_lease_no_signature),
                TEST(a_password_is_for_one_document_once),
                TEST(a_temporary_password_signs_no_document),
                TEST(no_finger_and_no_token_signs),
                TEST(what_is_no_password_is_no_try),
                TEST(no_part_of_the_data_is_taken),
                TEST(contactless_readers_get_nothing),
                TEST(a_locked_applet_signs_nothing),
                cmocka_unit_test(a_plain_authenticator_has_neither),
                TEST(a_wrong_password_closes_the_other_applet),
                TEST(nothing_of_the_exchange_is_kept),
                TEST(a_right_password_opens_nothing_else),
                TEST(free_certificates_are_read),
                TEST(only_certificates_are_read),
                TEST(a_long_certificate_comes_in_parts),
                TEST(the_password_opens_the_signing_certificate),
                TEST(the_pin_opens_the_certificate_of_user_verification),
                TEST(three_wrong_pins_want_a_power_cycle),
                TEST(a_secret_is_for_one_file),
                cmocka_unit_test(a_card_needs_no_lease_and_shows_its_certificate),
        };
        return cmocka_run_group_tests(tests, make_stencil, drop_stencil);
}
