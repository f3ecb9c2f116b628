/* SPDX-License-Identifier: Apache-2.0 */

/* COSE_Sign1 as three kinds of documents have it: two kinds with a chain, one with a key_id. */

#include "cose.h"
#include "cose_sign1.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { PAYLOAD_MAX = 100, CERTIFICATE_MAX = 50, NAME_MAX_HERE = 8 };

static const struct cose_sign1_kind kinds[] = { { COSE_ES256, "a/one", "one" },
        { COSE_ES256, "a/two", "two" } };
static const struct cose_sign1_kind named_kind = { COSE_EDDSA, "a/named", "named" };
static const struct cose_sign1_form chained = { kinds, 2, MITOME_E_EVIDENCE_FORM, MITOME_E_KEY_TYPE, 0,
        CERTIFICATE_MAX, PAYLOAD_MAX };
static const struct cose_sign1_form named = { &named_kind, 1, MITOME_E_EVIDENCE_FORM, MITOME_E_KEY_TYPE,
        NAME_MAX_HERE, 0, PAYLOAD_MAX };

static const uint8_t filler[200] = { 1, 2, 3 };

#define BYTES(text) slice_of((text), sizeof(text) - 1)

/* What stands there instead of what is right; as it is written, heads and all. */
struct plan {
        slice protected, unprotected, payload, signature;
        unsigned parts;
};

static const slice one_header = { (const uint8_t *)"\x4a\xa2\x01\x26\x03\x65"
                                                   "a/one",
        11 };
static const slice name_header = { (const uint8_t *)"\x51\xa3\x01\x27\x03\x67"
                                                    "a/named\x04\x43"
                                                    "bob",
        18 };
static const slice one_chain = { (const uint8_t *)"\xa1\x18\x21\x42\x30\x00", 6 };

static slice build(uint8_t *buffer, size_t room, const struct cose_sign1_form *form, const struct plan *plan)
{
        writer w = writer_over(buffer, room);
        cbor_write_array(&w, plan->parts ? plan->parts : 4);
        write_slice(&w, plan->protected.data ? plan->protected : form->key_id_max ? name_header : one_header);
        write_slice(&w, plan->unprotected.data ? plan->unprotected
                        : form->key_id_max     ? BYTES("\xa0")
                                               : one_chain);
        write_slice(&w, plan->payload.data ? plan->payload : BYTES("\x42ok"));
        if (plan->signature.data)
                write_slice(&w, plan->signature);
        else if (plan->parts != 3)
                cbor_write_bytes(&w, slice_of(filler, 64));
        if (plan->parts == 5)
                cbor_write_bytes(&w, slice_of(filler, 1));
        assert_false(w.overflowed);
        return writer_view(&w);
}

static void refused(const struct cose_sign1_form *form, struct plan plan, mitome_code code, const char *field)
{
        uint8_t bytes[512];
        struct cose_sign1 read, untouched;
        mitome_error error = { 0 };
        memset(&read, 0x5A, sizeof read);
        memset(&untouched, 0x5A, sizeof untouched);
        struct cbor_reader r = cbor_over(build(bytes, sizeof bytes, form, &plan), "a clause", &error);
        assert_int_equal(cose_sign1_read(&r, form, &read).code, code);
        assert_int_equal(error.code, code);
        assert_string_equal(error.field, field);
        assert_memory_equal(&read, &untouched, sizeof read);
}

static void what_is_written_is_read(void **state)
{
        const slice chain[] = { slice_of(filler, 10), slice_of(filler, 20), slice_of(filler, 30),
                slice_of(filler, CERTIFICATE_MAX) };
        (void)state;
        for (size_t kind = 0; kind < 2; kind++) {
                for (size_t count = 1; count <= COSE_SIGN1_CHAIN_MAX; count++) {
                        uint8_t bytes[512];
                        writer w = WRITER(bytes);
                        struct cose_sign1 read;
                        size_t seen = 9;
                        cose_sign1_write(&w, &kinds[kind], (slice){ 0 }, chain, count,
                                slice_of(filler, PAYLOAD_MAX), slice_of(filler, 64));
                        struct cbor_reader r = cbor_over(writer_view(&w), NULL, NULL);
                        assert_int_equal(cose_sign1_read(&r, &chained, &read).code, MITOME_OK);
                        assert_int_equal(cbor_end(&r, NULL).code, MITOME_OK);
                        assert_int_equal(read.kind, kind);
                        assert_int_equal(read.chain_count, count);
                        assert_int_equal(read.payload.size, PAYLOAD_MAX);
                        assert_int_equal(read.signature.size, 64);
                        assert_int_equal(read.key_id.size, 0);
                        for (size_t i = 0; i < count; i++) {
                                assert_true(slice_equal(read.chain[i], chain[i]));
                                assert_ptr_equal(read.chain[i].data, bytes + read.chain_at[i]);
                        }
                        assert_true(cose_sign1_recognise(writer_view(&w), &chained, &seen));
                        assert_int_equal(seen, kind);
                        assert_false(cose_sign1_recognise(writer_view(&w), &named, &seen));
                        for (size_t size = 0; size < w.used; size++) {
                                r = cbor_over(slice_of(bytes, size), NULL, NULL);
                                assert_int_equal(
                                        cose_sign1_read(&r, &chained, &read).code, MITOME_E_INPUT_ENDS);
                        }
                }
        }
}

static void a_key_id_is_read(void **state)
{
        uint8_t bytes[512];
        writer w = WRITER(bytes);
        struct cose_sign1 read;
        (void)state;
        cose_sign1_write(&w, &named_kind, BYTES("12345678"), NULL, 0, BYTES("ok"), slice_of(filler, 64));
        struct cbor_reader r = cbor_over(writer_view(&w), NULL, NULL);
        assert_int_equal(cose_sign1_read(&r, &named, &read).code, MITOME_OK);
        assert_true(slice_is(read.key_id, "12345678"));
        assert_int_equal(read.chain_count, 0);
        w.used = 0; /* one byte longer than the form takes */
        cose_sign1_write(&w, &named_kind, BYTES("123456789"), NULL, 0, BYTES("ok"), slice_of(filler, 64));
        r = cbor_over(writer_view(&w), NULL, NULL);
        assert_int_equal(cose_sign1_read(&r, &named, &read).code, MITOME_E_EVIDENCE_FORM);
        w.used = 0; /* and longer than any may be: not written short */
        cose_sign1_write(&w, &named_kind, SLICE(filler), NULL, 0, BYTES("ok"), slice_of(filler, 64));
        assert_true(w.overflowed);
}

static void another_protected_header_is_refused(void **state)
{
        static const struct {
                const struct cose_sign1_form *form;
                const char *header;
                size_t size;
        } table[] = {
#define HEADER(form, text) { form, text, sizeof(text) - 1 }
                HEADER(&chained, "\x40"),
                HEADER(&chained, "\x41\xa0"),
                HEADER(&chained, "\x4a\xa2\x01\x27\x03\x65\x61/one"), /* another algorithm */
                HEADER(&chained, "\x4a\xa2\x01\x26\x03\x65\x61/six"), /* another type */
                HEADER(&chained, "\x4a\xa2\x03\x65\x61/one\x01\x26"), /* not in order */
                HEADER(&chained, "\x4b\xa2\x01\x26\x03\x65\x61/one\x00"),
                HEADER(&chained, "\x4b\xa2\x01\x38\x06\x03\x65\x61/one"),         /* -7, not the shortest */
                HEADER(&chained, "\x4d\xa3\x01\x26\x02\x81\x01\x03\x65\x61/one"), /* crit */
                HEADER(&chained, "\x4d\xa3\x01\x26\x03\x65\x61/one\x04\x41\x62"), /* a key_id */
                HEADER(&named, "\x4c\xa2\x01\x27\x03\x67\x61/named"),             /* none */
                HEADER(&named, "\x4e\xa3\x01\x27\x03\x67\x61/named\x04\x40"),     /* an empty one */
                HEADER(&named, "\x51\xa3\x01\x26\x03\x67\x61/named\x04\x43\x62ob"),
                HEADER(&named, "\x51\xa3\x01\x27\x03\x67\x61/other\x04\x43\x62ob"),
                HEADER(&named, "\x51\xa3\x01\x27\x03\x67\x61/named\x04\x63\x62ob"), /* a text */
                HEADER(&named, "\x51\xa3\x01\x27\x03\x67\x61/named\x05\x43\x62ob"), /* IV */
                HEADER(&named, "\x52\xa3\x01\x27\x03\x67\x61/named\x04\x43\x62ob\x00"),
                HEADER(&named, "\x43\xa1\x04\x43"),
                HEADER(&named, "\x41\x80"),
#undef HEADER
        };
        (void)state;
        for (size_t i = 0; i < sizeof table / sizeof *table; i++)
                refused(table[i].form, (struct plan){ .protected = slice_of(table[i].header, table[i].size) },
                        MITOME_E_EVIDENCE_FORM, "protected");
        uint8_t bytes[128];
        for (unsigned more = 0; more < 2; more++) {
                writer w = WRITER(bytes);
                cbor_write_bytes(&w, slice_of(filler, COSE_SIGN1_PROTECTED_MAX + more));
                refused(&chained, (struct plan){ .protected = writer_view(&w) },
                        more ? MITOME_E_TOO_LONG : MITOME_E_EVIDENCE_FORM, "protected");
                w.used = 0;
                cbor_write_bytes(&w, slice_of(filler, COSE_SIGN1_PROTECTED_MAX + NAME_MAX_HERE + more));
                refused(&named, (struct plan){ .protected = writer_view(&w) },
                        more ? MITOME_E_TOO_LONG : MITOME_E_EVIDENCE_FORM, "protected");
        }
        refused(&chained, (struct plan){ .protected = BYTES("\xa0") }, MITOME_E_CBOR_TYPE, "protected");
}

static void another_unprotected_header_is_refused(void **state)
{
        static const uint8_t long_head[] = { 0xa1, 0x18, 0x21, 0x58, CERTIFICATE_MAX + 1, 1 };
        (void)state;
#define REFUSED(form, text, code, field) \
        refused(form, (struct plan){ .unprotected = BYTES(text) }, code, field)
        REFUSED(&chained, "\xa0", MITOME_E_MISSING, "x5chain");
        REFUSED(&chained, "\xa1\x04\x41\x01", MITOME_E_KEY_TYPE, "unprotected");
        REFUSED(&chained, "\xa1\x61x\x41\x01", MITOME_E_KEY_TYPE, "unprotected");
        REFUSED(&chained, "\xa2\x04\x41\x01\x18\x21\x41\x01", MITOME_E_TOO_MANY, "unprotected");
        REFUSED(&chained, "\x80", MITOME_E_CBOR_TYPE, "unprotected");
        REFUSED(&chained, "\xa1\x18\x21\x40", MITOME_E_KEY_TYPE, "x5chain");
        REFUSED(&chained, "\xa1\x18\x21\x80", MITOME_E_KEY_TYPE, "x5chain");
        REFUSED(&chained, "\xa1\x18\x21\x81\x41\x01", MITOME_E_KEY_TYPE, "x5chain");
        REFUSED(&chained, "\xa1\x18\x21\x82\x41\x01\x40", MITOME_E_KEY_TYPE, "x5chain");
        REFUSED(&chained, "\xa1\x18\x21\x85\x41\x01\x41\x01\x41\x01\x41\x01\x41\x01", MITOME_E_TOO_MANY,
                "x5chain");
        REFUSED(&chained, "\xa1\x18\x21\x01", MITOME_E_CBOR_TYPE, "x5chain");
        REFUSED(&named, "\xa1\x18\x21\x41\x01", MITOME_E_TOO_MANY, "unprotected");
#undef REFUSED
        refused(&chained, (struct plan){ .unprotected = SLICE(long_head) }, MITOME_E_TOO_LONG, "x5chain");
}

static void the_rest_has_its_sizes(void **state)
{
        uint8_t bytes[128];
        (void)state;
        refused(&chained, (struct plan){ .parts = 3 }, MITOME_E_EVIDENCE_FORM, "COSE_Sign1");
        refused(&chained, (struct plan){ .parts = 5 }, MITOME_E_TOO_MANY, "COSE_Sign1");
        refused(&chained, (struct plan){ .payload = BYTES("\xf6") }, MITOME_E_CBOR_TYPE, "payload");
        writer w = WRITER(bytes);
        cbor_write_bytes(&w, slice_of(filler, PAYLOAD_MAX + 1));
        refused(&chained, (struct plan){ .payload = writer_view(&w) }, MITOME_E_TOO_LONG, "payload");
        w.used = 0;
        cbor_write_bytes(&w, slice_of(filler, 63));
        refused(&chained, (struct plan){ .signature = writer_view(&w) }, MITOME_E_VALUE, "signature");
        struct cose_sign1 read;
        struct cbor_reader r = cbor_over(BYTES("\xd2\x84"), NULL, NULL); /* tagged */
        assert_true(failed(cose_sign1_read(&r, &chained, &read)));
}

/* RFC 9052 4.4: [ "Signature1", protected, external_aad, payload ]. */
static void what_is_signed_is_the_sig_structure(void **state)
{
        static const char expected[] = "\x84\x6aSignature1\x51\xa3\x01\x27\x03\x67\x61/named\x04\x43\x62ob"
                                       "\x45named\x42ok";
        uint8_t bytes[128];
        writer w = WRITER(bytes);
        (void)state;
        cose_sign1_write_to_sign(&w, &named_kind, BYTES("bob"), BYTES("ok"));
        assert_true(slice_equal(writer_view(&w), BYTES(expected)));
        w.used = 0;
        cose_sign1_write_to_sign(&w, &kinds[0], (slice){ 0 }, BYTES("ok"));
        assert_true(slice_equal(writer_view(&w), BYTES("\x84\x6aSignature1\x4a\xa2\x01\x26\x03\x65\x61/one"
                                                       "\x43one\x42ok")));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_written_is_read),
                cmocka_unit_test(a_key_id_is_read),
                cmocka_unit_test(another_protected_header_is_refused),
                cmocka_unit_test(another_unprotected_header_is_refused),
                cmocka_unit_test(the_rest_has_its_sizes),
                cmocka_unit_test(what_is_signed_is_the_sig_structure),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
