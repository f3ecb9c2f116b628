/* SPDX-License-Identifier: Apache-2.0 */
/* `mitome inspect`: every kind of structure is recognised, printed, refused at every truncation and as
 * another kind; what is wrong within is said there, with its offset and clause; no secret is ever printed. */
#include "base64_text.h"
#include "cose.h"
#include "inspect_input.h"
#include "inspect_rig.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct inspect_rig rig;

static int open_rig(void **state)
{
        (void)state;
        inspect_rig_open(&rig);
        return 0;
}

static int close_rig(void **state)
{
        (void)state;
        inspect_rig_close(&rig);
        return 0;
}

/* ---- one inspection ---- */

struct printed {
        char *text;
        size_t size;
        mitome_status status;
        mitome_error error;
};

static void inspect(const char *kind, slice input, struct printed *ret)
{
        *ret = (struct printed){ 0 };
        FILE *out = open_memstream(&ret->text, &ret->size);
        assert_non_null(out);
        ret->status = inspect_input(out, kind ? inspect_kind_named(kind) : NULL, input, false, &ret->error);
        assert_int_equal(fclose(out), 0);
        if (failed(ret->status))
                assert_int_equal(ret->error.code, ret->status.code);
        for (size_t i = 0; i < ret->size; i++)
                assert_true(
                        ret->text[i] == '\n' || ((unsigned char)ret->text[i] >= ' ' && ret->text[i] != 0x7F));
}

static void expect_text(const struct printed *printed, const char *wanted)
{
        if (!strstr(printed->text, wanted))
                fail_msg("%s\nlacks: %s", printed->text, wanted);
}

static void expect_no_text(const struct printed *printed, const char *unwanted)
{
        if (strstr(printed->text, unwanted))
                fail_msg("%s\nholds: %s", printed->text, unwanted);
}

/* Printed, of this kind, and nothing is wrong with it. */
static void expect_sample(const struct printed *printed, const struct inspect_sample *sample)
{
        const char *title = inspect_kind_named(sample->kind)->title;
        if (failed(printed->status) || printed->error.code != MITOME_OK)
                fail_msg("%s: E%d %s\n%s", sample->kind, printed->error.code, printed->error.field,
                        printed->text);
        if (strncmp(printed->text, title, strlen(title)) != 0)
                fail_msg("%s is taken for: %s", sample->kind, printed->text);
        for (size_t p = 0; p < INSPECT_PARTS_MAX && sample->parts[p]; p++)
                expect_text(printed, sample->parts[p]);
}

/* Refused, with nothing printed. */
static void expect_refused(const struct printed *printed, const char *what)
{
        if (!failed(printed->status) || printed->size != 0 || printed->error.code == MITOME_OK)
                fail_msg("%s is printed: %s", what, printed->text);
}

/* ---- every kind ---- */

static void every_kind_has_a_sample(void **state)
{
        const struct inspect_kind *kind;
        (void)state;
        for (size_t i = 0; (kind = inspect_kind_at(i)); i++)
                assert_non_null(inspect_rig_find(&rig, kind->name, NULL));
        assert_null(inspect_kind_named("frobnication"));
}

static void every_kind_is_recognised_and_printed(void **state)
{
        (void)state;
        for (size_t i = 0; i < rig.count; i++) {
                struct printed printed;
                inspect(NULL, rig.samples[i].bytes, &printed);
                expect_sample(&printed, &rig.samples[i]);
                free(printed.text);
        }
}

static void every_kind_is_printed_by_its_name(void **state)
{
        (void)state;
        for (size_t i = 0; i < rig.count; i++) {
                struct printed printed;
                inspect(rig.samples[i].kind, rig.samples[i].bytes, &printed);
                expect_sample(&printed, &rig.samples[i]);
                free(printed.text);
        }
}

/* ---- forms of text ---- */

static slice hex_of(slice bytes, char *text)
{
        for (size_t i = 0; i < bytes.size; i++)
                sprintf(text + 2 * i, "%02X", bytes.data[i]);
        return slice_of(text, 2 * bytes.size);
}

static slice base64_of(slice bytes, char *text)
{
        return slice_of(text, (size_t)EVP_EncodeBlock((unsigned char *)text, bytes.data, (int)bytes.size));
}

static slice base64url_of(slice bytes, char *text)
{
        slice padded = base64_of(bytes, text);
        for (size_t i = 0; i < padded.size; i++)
                text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
        while (padded.size && text[padded.size - 1] == '=')
                padded.size--;
        return padded;
}

/* As mail and PEM have it: 64 characters a line. */
static slice base64_lines_of(slice bytes, char *text)
{
        slice flat = base64_of(bytes, text);
        char *lines = malloc(2 * flat.size + 2);
        size_t used = 0;
        assert_non_null(lines);
        for (size_t i = 0; i < flat.size; i++) {
                lines[used++] = text[i];
                if (i % 64 == 63)
                        lines[used++] = '\n';
        }
        lines[used++] = '\n';
        for (size_t i = 0; i < used; i++)
                text[i] = lines[i];
        free(lines);
        return slice_of(text, used);
}

static void text_of_every_alphabet_means_the_bytes(void **state)
{
        static slice (*const forms[])(slice, char *) = { hex_of, base64_of, base64url_of, base64_lines_of };
        (void)state;
        for (size_t i = 0; i < rig.count; i++) {
                /* Two digits of "63c2" are base64, too; a few bytes may be text of either kind. */
                if (rig.samples[i].bytes.size < 20)
                        continue;
                char *text = malloc(3 * rig.samples[i].bytes.size + 64);
                assert_non_null(text);
                for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
                        struct printed printed;
                        inspect(NULL, forms[f](rig.samples[i].bytes, text), &printed);
                        expect_sample(&printed, &rig.samples[i]);
                        free(printed.text);
                }
                free(text);
        }
}

static void base64_is_refused_where_it_is_wrong(void **state)
{
        static const struct {
                const char *text;
                mitome_code code;
                size_t at;
        } cases[] = {
                { "TWFu", MITOME_OK, 0 },
                { "\n TWFu\r\nTQ==\n", MITOME_OK, 0 },
                { "TWFuTQ", MITOME_OK, 0 },
                { "-_-_", MITOME_OK, 0 },
                { "+/+/", MITOME_OK, 0 },
                { "", MITOME_E_MISSING, MITOME_NOWHERE },
                { " \n", MITOME_E_MISSING, MITOME_NOWHERE },
                { "TWFu!", MITOME_E_BASE64URL, 4 },
                { "TW Fu", MITOME_E_BASE64URL, 2 },
                { "+/-_", MITOME_E_VALUE, 2 },
                { "TWE", MITOME_OK, 0 },
                { "TWF", MITOME_E_BASE64URL, 3 }, /* bits are left over */
                { "TR==", MITOME_E_VALUE, 4 },
                { "T", MITOME_E_BASE64URL, 1 },
                { "T===", MITOME_E_VALUE, 1 },
                { "TWE==", MITOME_E_VALUE, 4 },
                { "TQ=", MITOME_E_VALUE, 3 },
                { "TQ==TQ", MITOME_E_VALUE, 4 },
                { "TWFuTWFuTWFuTWFu", MITOME_E_BUFFER_FULL, MITOME_NOWHERE },
        };
        (void)state;
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                uint8_t buffer[8];
                slice bytes = { 0 };
                mitome_error error = { 0 };
                mitome_status status = base64_text_decode(
                        slice_text(cases[i].text), "text", buffer, sizeof buffer, &bytes, &error);
                if (status.code != cases[i].code || error.code != cases[i].code ||
                        (failed(status) && error.at != cases[i].at))
                        fail_msg("\"%s\": E%d at %zu", cases[i].text, status.code, error.at);
        }
}

/* ---- PEM ---- */

static slice pem_of(const char *label, slice der, const char *before, uint8_t *buffer, size_t capacity)
{
        BIO *out = BIO_new(BIO_s_mem());
        char *text;
        slice whole = { 0 };
        assert_true(BIO_puts(out, before) >= 0);
        assert_true(PEM_write_bio(out, label, "", der.data, (long)der.size) > 0);
        long size = BIO_get_mem_data(out, &text);
        assert_int_equal(slice_copy(slice_of(text, (size_t)size), "PEM", buffer, capacity, NULL).code, 0);
        whole = slice_of(buffer, (size_t)size);
        BIO_free(out);
        return whole;
}

static void every_block_of_pem_is_printed(void **state)
{
        static uint8_t first[8192], both[16384];
        struct printed printed;
        (void)state;
        slice certificate = inspect_rig_find(&rig, "certificate", NULL)->bytes;
        slice list = inspect_rig_find(&rig, "crl", NULL)->bytes;
        slice text = pem_of("CERTIFICATE", certificate, "A certificate of mine, \xE8\xAA\x8D:\n", first,
                sizeof first - 1);
        first[text.size] = '\0';
        text = pem_of("X509 CRL", list, (const char *)first, both, sizeof both);
        inspect(NULL, text, &printed);
        assert_int_equal(printed.status.code, 0);
        assert_int_equal(printed.error.code, 0);
        expect_text(&printed, "X.509 certificate");
        expect_text(&printed, "certificate revocation list");
        free(printed.text);
        /* cut within the second block: RFC 7468 */
        inspect(NULL, slice_of(text.data, text.size - 40), &printed);
        assert_int_equal(printed.status.code, MITOME_E_VALUE);
        assert_string_equal(printed.error.clause, "RFC 7468");
        free(printed.text);
        for (size_t size = 0; size < text.size; size += 7) {
                inspect(NULL, slice_of(text.data, size), &printed);
                free(printed.text);
        }
}

static void private_keys_are_not_printed(void **state)
{
        static const char *const labels[] = { "PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY" };
        static const uint8_t key[] = { 0x30, 0x03, 0x02, 0x01, 0x5A };
        (void)state;
        for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
                uint8_t text[512];
                struct printed printed;
                slice pem = pem_of(labels[i], SLICE(key), "", text, sizeof text);
                inspect(NULL, pem, &printed);
                expect_refused(&printed, labels[i]);
                free(printed.text);
                inspect("cbor", pem, &printed);
                expect_refused(&printed, labels[i]);
                free(printed.text);
        }
}

/* ---- truncations ---- */

/* A header alone is a command; a byte a CTAP message; a signature, which nobody verifies, has any size. */
static bool may_be_shorter(const struct inspect_sample *sample, size_t size)
{
        const uint8_t *dot = memrchr(sample->bytes.data, '.', sample->bytes.size);
        return strcmp(sample->kind, "apdu-command") == 0 || strcmp(sample->kind, "ctap-request") == 0 ||
               strcmp(sample->kind, "ctap-response") == 0 ||
               (strcmp(sample->kind, "metadata-blob") == 0 && size > (size_t)(dot - sample->bytes.data));
}

/* One byte of an attestation object less may still be another structure only where nothing certain begins so.
 * APDUs and generic CBOR have their own tests. */
static void every_truncation_is_refused(void **state)
{
        (void)state;
        for (size_t i = 0; i < rig.count; i++) {
                const struct inspect_sample *sample = &rig.samples[i];
                const struct inspect_kind *kind = inspect_kind_named(sample->kind);
                const size_t step = sample->bytes.size > 4000 ? 5 : 1;
                for (size_t size = 0; size < sample->bytes.size; size += step) {
                        /* in memory of just its size, for a sanitizer to watch */
                        uint8_t *cut = malloc(size + !size);
                        struct printed printed;
                        assert_non_null(cut);
                        slice bytes = slice_of(cut, size);
                        assert_int_equal(
                                slice_copy(slice_of(sample->bytes.data, size), "cut", cut, size, NULL).code,
                                0);
                        inspect(NULL, bytes, &printed);
                        const bool shorter = may_be_shorter(sample, size);
                        if (kind->certain && size > 64 && !shorter)
                                expect_refused(&printed, sample->kind);
                        free(printed.text);
                        inspect(sample->kind, bytes, &printed);
                        if (!shorter)
                                expect_refused(&printed, sample->kind);
                        free(printed.text);
                        free(cut);
                }
        }
}

static void every_byte_may_be_anything(void **state)
{
        (void)state;
        for (size_t i = 0; i < rig.count; i++) {
                const slice whole = rig.samples[i].bytes;
                uint8_t *copy = malloc(whole.size);
                assert_non_null(copy);
                assert_int_equal(slice_copy(whole, "copy", copy, whole.size, NULL).code, 0);
                for (size_t at = 0; at < whole.size; at += 1 + whole.size / 200) {
                        struct printed printed;
                        copy[at] ^= (uint8_t)(1 + at % 255);
                        inspect(rig.samples[i].kind, slice_of(copy, whole.size), &printed);
                        free(printed.text);
                        inspect(NULL, slice_of(copy, whole.size), &printed);
                        free(printed.text);
                        copy[at] = whole.data[at];
                }
                free(copy);
        }
}

/* ---- as another kind ---- */

/* What is two kinds at once: a map is CBOR, the same messages go either way, a hash may be anything. */
static bool may_be_both(const struct inspect_sample *sample, const char *other)
{
        static const char *const pairs[][2] = {
                { "attestation-object", "cbor" }, { "cose-key", "cbor" }, { "record-cbor", "cbor" },
                { "gate-request", "cbor" }, { "gate-report", "cbor" }, { "receipt", "cbor" },
                { "element-statement", "cbor" }, { "evaluation-statement", "cbor" },
                { "ctap-request", "ctap-response" }, /* a byte and a map; 06 and 00 are numbers of both */
                { "ctap-response", "ctap-request" },
                { "ocsp-response", "apdu-command" }, /* the five bytes of tryLater: Le 3 */
        };
        const uint8_t sw1 = sample->bytes.data[sample->bytes.size - 2];
        if (strcmp(other, "apdu-response") == 0)
                return sw1 >> 4 == 6 || sw1 >> 4 == 9; /* any data may stand before it */
        for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
                if (strcmp(pairs[i][0], sample->kind) == 0 && strcmp(pairs[i][1], other) == 0)
                        return true;
        return false;
}

static void every_kind_is_refused_as_another(void **state)
{
        const struct inspect_kind *kind;
        (void)state;
        for (size_t i = 0; i < rig.count; i++)
                for (size_t k = 0; (kind = inspect_kind_at(k)); k++) {
                        struct printed printed;
                        if (strcmp(kind->name, rig.samples[i].kind) == 0)
                                continue;
                        inspect(kind->name, rig.samples[i].bytes, &printed);
                        if (!may_be_both(&rig.samples[i], kind->name) && !failed(printed.status))
                                fail_msg("%s as %s: %s", rig.samples[i].kind, kind->name, printed.text);
                        if (failed(printed.status))
                                expect_refused(&printed, kind->name);
                        free(printed.text);
                }
}

static void what_is_of_no_kind_is_told(void **state)
{
        static const char *const inputs[] = { "{\"id\": 1}", "{}", "eyJ", "\xFF\x01\xFF", "{\"type\": 1" };
        (void)state;
        for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
                struct printed printed;
                inspect(NULL, slice_text(inputs[i]), &printed);
                expect_refused(&printed, inputs[i]);
                free(printed.text);
        }
        struct printed printed;
        inspect(NULL, slice_of(NULL, 0), &printed);
        assert_int_equal(printed.status.code, MITOME_E_MISSING);
        free(printed.text);
}

/* ---- what is wrong within ---- */

/* A copy of a sample with other bytes at the place where `mark` stands. */
static slice edited(const char *kind, const char *part, slice mark, size_t behind, uint8_t value,
        uint8_t *buffer, size_t capacity, size_t *ret_at)
{
        slice whole = inspect_rig_find(&rig, kind, part)->bytes;
        assert_int_equal(slice_copy(whole, "copy", buffer, capacity, NULL).code, 0);
        uint8_t *place = memmem(buffer, whole.size, mark.data, mark.size);
        assert_non_null(place);
        place[behind] =
                place[behind] == value ? value ^ 1 : value; /* keys of the samples are new each time */
        *ret_at = (size_t)(place - buffer);
        return slice_of(buffer, whole.size);
}

static void what_is_wrong_within_is_said_there(void **state)
{
        static const struct {
                const char *kind, *part; /* which sample */
                const char *mark;        /* where in it */
                size_t mark_size, behind;
                uint8_t value;
                mitome_code code;
                size_t at; /* behind the mark; MITOME_NOWHERE: not asked */
                const char *clause, *still;
        } cases[] = {
                /* WebAuthn L3 8.3: "Verify that magic is set to TPM_GENERATED_VALUE." */
                { "attestation-object", "tcg-kp-AIKCertificate", "\xFFTCG", 4, 0, 0xFE, MITOME_E_TPM_MAGIC, 0,
                        "WebAuthn L3 8.3", "signCount" },
                /* "... a TPMT_PUBLIC": an algorithm that is none. */
                { "attestation-object", "tcg-kp-AIKCertificate", "\x00\x23\x00\x0B", 4, 1, 0x77,
                        MITOME_E_TPM_ALGORITHM, 0, "WebAuthn L3 8.3", "certInfo" },
                /* 8.2: a member that packed does not have */
                { "attestation-object", "alg            ES256 (-7)", "csig", 4, 3, 'x', MITOME_E_VALUE,
                        MITOME_NOWHERE, "WebAuthn L3 8.2", "signCount" },
                /* CTAP 2.1 12.1: levels are 1 to 3 */
                { "auth-data", NULL, "credProtect\x02", 12, 11, 0x04, MITOME_E_VALUE, 11, "WebAuthn L3 9.5",
                        "minPinLength" },
                { "auth-data", NULL, "credProtect\x02", 12, 11, 0x00, MITOME_E_VALUE, 11, "WebAuthn L3 9.5",
                        "minPinLength" },
                { "auth-data", NULL, "minPinLength\x04", 13, 12, 0xF5, MITOME_E_CBOR_TYPE, 12,
                        "WebAuthn L3 9.5", "minPinLength" },
                /* 6.5.1.1: an algorithm that is not known */
                { "auth-data", NULL, "\xA5\x01\x02\x03\x26", 5, 4, 0x37, MITOME_E_ALGORITHM_UNSUPPORTED, 3,
                        "WebAuthn L3 6.5.1.1", "public key     {1: 2, 3: -24, " },
                /* a point off its curve */
                { "auth-data", NULL, "\x21\x58\x20", 3, 5, 0x01, MITOME_E_KEY_POINT, MITOME_NOWHERE,
                        "WebAuthn L3 6.5.1.1", "public key     {1: 2, 3: -7, " },
        };
        (void)state;
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                static uint8_t buffer[32768];
                struct printed printed;
                size_t at;
                slice input =
                        edited(cases[i].kind, cases[i].part, slice_of(cases[i].mark, cases[i].mark_size),
                                cases[i].behind, cases[i].value, buffer, sizeof buffer, &at);
                inspect(NULL, input, &printed);
                if (failed(printed.status) || printed.error.code != cases[i].code)
                        fail_msg("case %zu: E%d in place of E%d\n%s", i, printed.error.code, cases[i].code,
                                printed.text);
                expect_text(&printed, cases[i].still);
                char line[32];
                snprintf(line, sizeof line, "! E%d ", cases[i].code);
                expect_text(&printed, line);
                assert_string_equal(printed.error.clause, cases[i].clause);
                if (cases[i].at != MITOME_NOWHERE)
                        assert_int_equal(printed.error.at, at + cases[i].at);
                free(printed.text);
        }
}

/* WebAuthn L3 8.2 to 8.9: the members of each format, all of them and no others. `at` counts in attStmt. */
static void statements_are_held_to_their_formats(void **state)
{
        static const struct {
                const char *format, *statement;
                size_t size;
                mitome_code code;
                size_t at; /* MITOME_NOWHERE: not asked */
                const char *clause;
        } cases[] = {
#define STATEMENT(text) text, sizeof(text) - 1
                { "none",
                        STATEMENT("\xA1\x61"
                                  "a\x01"),
                        MITOME_E_STATEMENT_NOT_EMPTY, 0, "WebAuthn L3 8.7" },
                { "packed", STATEMENT("\xA0"), MITOME_E_MISSING, MITOME_NOWHERE, "WebAuthn L3 8.2" },
                { "packed",
                        STATEMENT("\xA2\x63"
                                  "alg\x26\x63"
                                  "sig\x40"),
                        MITOME_OK, 0, NULL },
                { "packed",
                        STATEMENT("\xA2\x63"
                                  "alg\x61"
                                  "x\x63"
                                  "sig\x40"),
                        MITOME_E_CBOR_TYPE, 5, "WebAuthn L3 8.2" },
                { "fido-u2f",
                        STATEMENT("\xA1\x63"
                                  "sig\x40"),
                        MITOME_E_MISSING, MITOME_NOWHERE, "WebAuthn L3 8.6" },
                { "tpm",
                        STATEMENT("\xA1\x63"
                                  "ver\x63"
                                  "1.2"),
                        MITOME_E_VALUE, 5, "WebAuthn L3 8.3" },
                { "tpm",
                        STATEMENT("\xA1\x67"
                                  "pubArea\x41\x00"),
                        MITOME_E_INPUT_ENDS, 10, "WebAuthn L3 8.3" },
                { "android-key",
                        STATEMENT("\xA1\x63"
                                  "x5c\x81\x41\x00"),
                        MITOME_E_DER, 7, "RFC 5280 4.1" },
                { "apple",
                        STATEMENT("\xA1\x63"
                                  "x5c\x80"),
                        MITOME_E_CHAIN_EMPTY, 5, "WebAuthn L3 8.8" },
                { "mitome-jpki",
                        STATEMENT("\xA1\x66"
                                  "device\x01"),
                        MITOME_E_CBOR_TYPE, 8, "mitome-jpki 3" },
                { "compound", STATEMENT("\xA0"), MITOME_E_CBOR_TYPE, 0, "WebAuthn L3 8.9" },
                { "compound", STATEMENT("\x80"), MITOME_E_COMPOUND_TOO_FEW, 0, "WebAuthn L3 8.9" },
                { "compound",
                        STATEMENT("\x81\xA2\x63"
                                  "fmt\x64none\x67"
                                  "attStmt\xA0"),
                        MITOME_E_COMPOUND_TOO_FEW, 0, "WebAuthn L3 8.9" },
                { "compound",
                        STATEMENT("\x81\xA1\x63"
                                  "fmt\x64none"),
                        MITOME_E_MISSING, 1, "WebAuthn L3 8.9" },
                { "compound",
                        STATEMENT("\x81\xA1\x67"
                                  "attStmt\xA0"),
                        MITOME_E_MISSING, 1, "WebAuthn L3 8.9" },
                { "compound",
                        STATEMENT("\x81\xA2\x63"
                                  "fmt\x68"
                                  "compound\x67"
                                  "attStmt\x80"),
                        MITOME_E_COMPOUND_NESTED, MITOME_NOWHERE, "WebAuthn L3 8.9" },
#undef STATEMENT
        };
        (void)state;
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                static const uint8_t data[37] = { 0 };
                uint8_t bytes[256];
                struct printed printed;
                writer w = WRITER(bytes);
                cbor_write_map(&w, 3);
                cbor_write_string(&w, "fmt");
                cbor_write_string(&w, cases[i].format);
                cbor_write_string(&w, "attStmt");
                const size_t start = w.used;
                write_slice(&w, slice_of(cases[i].statement, cases[i].size));
                cbor_write_string(&w, "authData");
                cbor_write_bytes(&w, SLICE(data));
                inspect(NULL, writer_view(&w), &printed);
                if (failed(printed.status) || printed.error.code != cases[i].code)
                        fail_msg("case %zu: E%d in place of E%d\n%s", i, printed.error.code, cases[i].code,
                                printed.text);
                if (cases[i].clause)
                        assert_string_equal(printed.error.clause, cases[i].clause);
                if (cases[i].clause && cases[i].at != MITOME_NOWHERE &&
                        printed.error.at != start + cases[i].at)
                        fail_msg(
                                "case %zu: at %zu in place of %zu", i, printed.error.at - start, cases[i].at);
                expect_text(&printed, "rpIdHash");
                free(printed.text);
        }
}

/* Offsets in a certificate of x5c count in the whole attestation object. */
static void a_broken_certificate_is_told_by_its_place_in_the_object(void **state)
{
        static uint8_t buffer[32768];
        static const uint8_t mark[] = { 0xA0, 0x03, 0x02, 0x01, 0x02 }; /* version 3, in tbsCertificate */
        struct printed printed;
        size_t at;
        (void)state;
        slice input = edited("attestation-object", "subject        CN=\"", SLICE(mark), 1, 0x7F, buffer,
                sizeof buffer, &at);
        inspect(NULL, input, &printed);
        assert_int_equal(printed.status.code, 0);
        assert_true(printed.error.code == MITOME_E_INPUT_ENDS || printed.error.code == MITOME_E_DER);
        assert_true(printed.error.at >= at && printed.error.at < input.size);
        assert_string_equal(printed.error.clause, "RFC 5280 4.1");
        expect_text(&printed, "! E");
        expect_text(&printed, "signCount");
        free(printed.text);
}

/* ---- secrets ---- */

static void secrets_are_not_shown(void **state)
{
        struct printed printed;
        (void)state;
        inspect(NULL, inspect_rig_find(&rig, "registration-response", NULL)->bytes, &printed);
        expect_no_text(&printed, "SECRET");
        free(printed.text);
        inspect(NULL, inspect_rig_find(&rig, "authentication-response", NULL)->bytes, &printed);
        expect_no_text(&printed, "5a5a5a5a");
        expect_no_text(&printed, "ZZZZ");
        free(printed.text);
        inspect(NULL, inspect_rig_find(&rig, "unlock-token", NULL)->bytes, &printed);
        expect_text(&printed, "not checked");
        free(printed.text);
}

/* CTAP 2.1 12.3: what the key encrypts is the user's. Key 5 of makeCredential's answer, 7 of getAssertion's.
 */
static void a_large_blob_key_is_not_shown(void **state)
{
        static const uint8_t made[] = { 0x00, 0xA1, 0x05, 0x44, 0x5A, 0x5A, 0x5A, 0x5A };
        static const uint8_t got[] = { 0x00, 0xA1, 0x07, 0x44, 0x5A, 0x5A, 0x5A, 0x5A };
        static const uint8_t named[] = { 0xA1, 0x6C, 'l', 'a', 'r', 'g', 'e', 'B', 'l', 'o', 'b', 'K', 'e',
                'y', 0x44, 0x5A, 0x5A, 0x5A, 0x5A };
        char *text = NULL;
        size_t size = 0;
        (void)state;
        FILE *out = open_memstream(&text, &size);
        print_ctap(out, false, 0x01, SLICE(made));
        print_ctap(out, false, 0x02, SLICE(got));
        assert_int_equal(print_cbor(out, SLICE(named), NULL, true, NULL).code, 0);
        assert_int_equal(fclose(out), 0);
        assert_non_null(strstr(text, "largeBlobKey: (secret: not shown)"));
        assert_null(strstr(text, "5a5a"));
        free(text);
}

/* Which command a response answers is told by its members, and then what is secret in it. */
static void a_response_on_its_own_is_known_by_its_members(void **state)
{
        static const uint8_t secret[32] = "ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ";
        const slice data = inspect_rig_find(&rig, "auth-data", NULL)->bytes;
        uint8_t bytes[2048];
        (void)state;
        for (unsigned made = 0; made < 2; made++) {
                struct printed printed;
                writer w = WRITER(bytes);
                write_u8(&w, 0);
                cbor_write_map(&w, 4);
                cbor_write_uint(&w, 1);
                if (made)
                        cbor_write_string(&w, "none");
                else
                        cbor_write_map(&w, 0);
                cbor_write_uint(&w, 2);
                cbor_write_bytes(&w, data);
                cbor_write_uint(&w, 3);
                if (made)
                        cbor_write_map(&w, 0);
                else
                        cbor_write_bytes(&w, SLICE(secret));
                cbor_write_uint(&w, made ? 5 : 7);
                cbor_write_bytes(&w, SLICE(secret));
                inspect(NULL, writer_view(&w), &printed);
                assert_int_equal(printed.status.code, 0);
                assert_int_equal(printed.error.code, 0);
                expect_text(&printed, made ? "fmt: \"none\"" : "credential: {}");
                expect_text(&printed, "largeBlobKey: (secret: not shown)");
                expect_text(&printed, "\"credProtect\": 2 userVerificationOptionalWithCredentialIDList");
                if (made)
                        expect_text(&printed, "(WebAuthn L3 8.7)");
                free(printed.text);
        }
        /* credential management, CTAP 2.1 6.8.4: user, ID, key, .., largeBlobKey */
        struct printed printed;
        writer w = WRITER(bytes);
        write_u8(&w, 0);
        cbor_write_map(&w, 3);
        cbor_write_uint(&w, 6);
        cbor_write_map(&w, 0);
        cbor_write_uint(&w, 9);
        cbor_write_uint(&w, 1);
        cbor_write_uint(&w, 11);
        cbor_write_bytes(&w, SLICE(secret));
        inspect(NULL, writer_view(&w), &printed);
        assert_int_equal(printed.status.code, 0);
        expect_text(&printed, "{user: {}, totalCredentials: 1, largeBlobKey: (secret: not shown)}");
        free(printed.text);
}

/* A response that is cut is still told as one, with the place. */
static void a_response_that_is_cut_is_told_as_one(void **state)
{
        struct printed printed;
        (void)state;
        const slice whole = inspect_rig_find(&rig, "registration-response", NULL)->bytes;
        const uint8_t *object = memmem(whole.data, whole.size, "attestationObject", 17);
        assert_non_null(object);
        const size_t size = (size_t)(object - whole.data) + 100;
        inspect(NULL, slice_of(whole.data, size), &printed);
        assert_int_equal(printed.status.code, MITOME_E_INPUT_ENDS);
        assert_true(printed.error.at <= size && printed.error.at + 100 >= size);
        free(printed.text);
}

/* ---- keys of all algorithms ---- */

static void check_key(int64_t algorithm, slice x, slice y, slice n, const char *wanted)
{
        static uint8_t bytes[4096];
        static const uint8_t exponent[] = { 1, 0, 1 };
        struct printed printed;
        const struct cose_key key = {
                .algorithm = algorithm, .x = x, .y = y, .n = n, .e = n.size ? SLICE(exponent) : n
        };
        writer w = WRITER(bytes);
        cose_key_write(&w, &key);
        inspect(NULL, writer_view(&w), &printed);
        if (failed(printed.status) || printed.error.code != MITOME_OK)
                fail_msg("%s: E%d", wanted, printed.error.code);
        expect_text(&printed, wanted);
        free(printed.text);
}

static void check_point(int64_t algorithm, const char *group, const char *wanted)
{
        uint8_t point[256];
        size_t size = 0;
        EVP_PKEY *key = EVP_EC_gen(group);
        assert_int_equal(EVP_PKEY_get_octet_string_param(key, "pub", point, sizeof point, &size), 1);
        size_t half = (size - 1) / 2;
        check_key(algorithm, slice_of(point + 1, half), slice_of(point + 1 + half, half), slice_of(NULL, 0),
                wanted);
        EVP_PKEY_free(key);
}

static void check_raw(int64_t algorithm, const char *type, const char *wanted)
{
        uint8_t raw[64];
        size_t size = sizeof raw;
        EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, type);
        assert_int_equal(EVP_PKEY_get_raw_public_key(key, raw, &size), 1);
        check_key(algorithm, slice_of(raw, size), slice_of(NULL, 0), slice_of(NULL, 0), wanted);
        EVP_PKEY_free(key);
}

static void keys_of_all_algorithms_are_named(void **state)
{
        static uint8_t lattice[2592] = { 1 }, modulus[384];
        const slice none = { 0 };
        (void)state;
        modulus[0] = 0x80;
        modulus[383] = 1;
        check_point(COSE_ES256, "P-256", "ES256 (-7), P-256");
        check_point(COSE_ESP256, "P-256", "ESP256 (-9), P-256");
        check_point(COSE_ES384, "P-384", "ES384 (-35), P-384");
        check_point(COSE_ES512, "P-521", "ES512 (-36), P-521");
        check_point(COSE_ES256K, "secp256k1", "ES256K (-47), secp256k1");
        check_raw(COSE_EDDSA, "ED25519", "EdDSA (-8), Ed25519");
        check_raw(COSE_ED448, "ED448", "Ed448 (-53), Ed448");
        check_key(COSE_RS256, none, none, SLICE(modulus), "RS256 (-257), RSA of 3072 bits");
        check_key(COSE_PS512, none, none, SLICE(modulus), "PS512 (-39), RSA of 3072 bits");
        check_key(COSE_ML_DSA_44, slice_of(lattice, 1312), none, none, "ML-DSA-44 (-48), ML-DSA-44");
        check_key(COSE_ML_DSA_65, slice_of(lattice, 1952), none, none, "ML-DSA-65 (-49), ML-DSA-65");
        check_key(COSE_ML_DSA_87, slice_of(lattice, 2592), none, none, "ML-DSA-87 (-50), ML-DSA-87");
}

/* ---- formats as others send them ---- */

static void formats_that_are_not_known_are_printed(void **state)
{
        uint8_t bytes[256];
        static const struct {
                const char *format, *wanted;
        } cases[] = {
                { "android-safetynet", "its service has ended" },
                { "frobnication", "not a format that is known here" },
        };
        (void)state;
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                static const uint8_t data[37] = { 0 }, jws[] = "a.b.c";
                struct printed printed;
                writer w = WRITER(bytes);
                cbor_write_map(&w, 3);
                cbor_write_string(&w, "fmt");
                cbor_write_string(&w, cases[i].format);
                cbor_write_string(&w, "attStmt");
                cbor_write_map(&w, 2);
                cbor_write_string(&w, "ver");
                cbor_write_string(&w, "14");
                cbor_write_string(&w, "response");
                cbor_write_bytes(&w, SLICE(jws));
                cbor_write_string(&w, "authData");
                cbor_write_bytes(&w, SLICE(data));
                inspect(NULL, writer_view(&w), &printed);
                assert_int_equal(printed.status.code, 0);
                assert_int_equal(printed.error.code, 0);
                expect_text(&printed, cases[i].wanted);
                expect_text(&printed, "response       6 bytes");
                free(printed.text);
        }
}

/* Windows and old Firefox do not sort the keys; nothing of that is signed. */
static void keys_of_an_object_come_in_any_order(void **state)
{
        static const uint8_t data[37] = { 0 };
        uint8_t bytes[256];
        struct printed printed;
        (void)state;
        writer w = WRITER(bytes);
        cbor_write_map(&w, 3);
        cbor_write_string(&w, "authData");
        cbor_write_bytes(&w, SLICE(data));
        cbor_write_string(&w, "fmt");
        cbor_write_string(&w, "none");
        cbor_write_string(&w, "attStmt");
        cbor_write_map(&w, 0);
        inspect(NULL, writer_view(&w), &printed);
        assert_int_equal(printed.status.code, 0);
        expect_text(&printed, "attestation object");
        expect_text(&printed, "says nothing of the authenticator");
        free(printed.text);
}

/* WebAuthn L3 5.1.3: an RP ID is the origin's host or a domain above it. */
static void an_rp_id_of_nobody_is_told(void **state)
{
        static uint8_t buffer[32768];
        struct printed printed;
        (void)state;
        slice whole = inspect_rig_find(&rig, "authentication-response", NULL)->bytes;
        assert_int_equal(slice_copy(whole, "copy", buffer, sizeof buffer, NULL).code, 0);
        uint8_t *data = memmem(buffer, whole.size, "\"authenticatorData\":\"", 21);
        assert_non_null(data);
        data[21] = data[21] == 'A' ? 'B' : 'A';
        inspect(NULL, slice_of(buffer, whole.size), &printed);
        assert_int_equal(printed.status.code, 0);
        expect_text(&printed, "RP ID          neither the origin's host nor a domain above it");
        free(printed.text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_kind_has_a_sample),
                cmocka_unit_test(every_kind_is_recognised_and_printed),
                cmocka_unit_test(every_kind_is_printed_by_its_name),
                cmocka_unit_test(text_of_every_alphabet_means_the_bytes),
                cmocka_unit_test(base64_is_refused_where_it_is_wrong),
                cmocka_unit_test(every_block_of_pem_is_printed),
                cmocka_unit_test(private_keys_are_not_printed),
                cmocka_unit_test(every_truncation_is_refused),
                cmocka_unit_test(every_byte_may_be_anything),
                cmocka_unit_test(every_kind_is_refused_as_another),
                cmocka_unit_test(what_is_of_no_kind_is_told),
                cmocka_unit_test(what_is_wrong_within_is_said_there),
                cmocka_unit_test(statements_are_held_to_their_formats),
                cmocka_unit_test(a_broken_certificate_is_told_by_its_place_in_the_object),
                cmocka_unit_test(secrets_are_not_shown),
                cmocka_unit_test(a_large_blob_key_is_not_shown),
                cmocka_unit_test(a_response_on_its_own_is_known_by_its_members),
                cmocka_unit_test(a_response_that_is_cut_is_told_as_one),
                cmocka_unit_test(keys_of_all_algorithms_are_named),
                cmocka_unit_test(formats_that_are_not_known_are_printed),
                cmocka_unit_test(keys_of_an_object_come_in_any_order),
                cmocka_unit_test(an_rp_id_of_nobody_is_told),
        };
        return cmocka_run_group_tests(tests, open_rig, close_rig);
}
