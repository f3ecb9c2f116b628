/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of an attestation certificate's bytes: the device's serial, and signatures that miscount their
 * bits. */
#include "der.h"
#include "format_rig.h"
#include "leaf_bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define SERIAL_OID "1.3.6.1.4.1.45724.1.1.2"

static struct format_rig formats;
static struct rig_response built;
static uint8_t buffer[MITOME_RP_BUFFER_MAX];

/* ---- certificates ---- */

struct extension {
        const char *oid; /* NULL: none */
        bool critical;
        slice value;
};

static void add(X509 *certificate, const struct extension *plan)
{
        ASN1_OBJECT *oid = OBJ_txt2obj(plan->oid, 1);
        ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
        assert_int_equal(ASN1_OCTET_STRING_set(value, plan->value.data, (int)plan->value.size), 1);
        X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, oid, plan->critical, value);
        assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
        X509_EXTENSION_free(extension);
        ASN1_OCTET_STRING_free(value);
        ASN1_OBJECT_free(oid);
}

static slice certify(const struct extension *extensions, size_t count, struct rig_der *ret)
{
        X509 *certificate = X509_new();
        assert_int_equal(X509_set_version(certificate, count ? X509_VERSION_3 : X509_VERSION_1), 1);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), 78);
        ASN1_TIME_set(X509_getm_notBefore(certificate), RIG_NOW - 86400);
        ASN1_TIME_set(X509_getm_notAfter(certificate), RIG_NOW + 86400);
        X509_set_issuer_name(certificate, X509_get_subject_name(formats.rig.ca));
        assert_int_equal(X509_set_pubkey(certificate, formats.aik), 1);
        for (size_t i = 0; i < count && extensions[i].oid; i++)
                add(certificate, &extensions[i]);
        assert_true(X509_sign(certificate, formats.rig.ca_key, EVP_sha256()) > 0);
        uint8_t *end = ret->bytes;
        int size = i2d_X509(certificate, NULL);
        assert_in_range(size, 1, sizeof ret->bytes);
        ret->size = (size_t)i2d_X509(certificate, &end);
        X509_free(certificate);
        return rig_der_view(ret);
}

/* ---- the device's serial, 8.2.2 ---- */

#define TEXT(literal)                                           \
        {                                                       \
                (const uint8_t *)(literal), sizeof(literal) - 1 \
        }

static const struct {
        const char *name;
        struct extension extensions[4];
        slice serial;
} serials[] = {
        { "wrapped twice", { { SERIAL_OID, false, TEXT("\x04\x04SN01") } }, TEXT("SN01") },
        { "critical", { { SERIAL_OID, true, TEXT("\x04\x04SN01") } }, TEXT("SN01") },
        { "one byte", { { SERIAL_OID, false, TEXT("\x04\x01\x00") } }, TEXT("\x00") },
        { "behind others",
                { { "2.5.29.19", true, TEXT("\x30\x00") },
                        { "1.3.6.1.4.1.45724.1.1.4", false, TEXT("\x04\x02ID") },
                        { SERIAL_OID, false, TEXT("\x04\x04SN01") } },
                TEXT("SN01") },
        { "twice",
                { { SERIAL_OID, false, TEXT("\x04\x04SN01") }, { SERIAL_OID, false, TEXT("\x04\x04SN02") } },
                TEXT("SN01") },
        /* it tells the device however it is written */
        { "wrapped once", { { SERIAL_OID, false, TEXT("SN01") } }, TEXT("SN01") },
        { "another type", { { SERIAL_OID, false, TEXT("\x0C\x04SN01") } }, TEXT("\x0C\x04SN01") },
        { "cut", { { SERIAL_OID, false, TEXT("\x04\x05SN01") } }, TEXT("\x04\x05SN01") },
        { "empty", { { SERIAL_OID, false, TEXT("\x04\x00") } }, { 0 } },
        { "nothing", { { SERIAL_OID, false, TEXT("") } }, { 0 } },
        { "the AAGUID's OID", { { "1.3.6.1.4.1.45724.1.1.4", false, TEXT("\x04\x04SN01") } }, { 0 } },
        { "a longer OID", { { SERIAL_OID ".1", false, TEXT("\x04\x04SN01") } }, { 0 } },
        { "a shorter OID", { { "1.3.6.1.4.1.45724.1.1", false, TEXT("\x04\x04SN01") } }, { 0 } },
        { "another number", { { "1.3.6.1.4.1.45724.1.1.3", false, TEXT("\x04\x04SN01") } }, { 0 } },
        { "the serial within another's value",
                { { "1.2.3", false,
                        TEXT("\x06\x0B\x2B\x06\x01\x04\x01\x82\xE5\x1C\x01\x01\x02\x04\x04SN01") } },
                { 0 } },
};

static void finds_the_serial(void **state)
{
        (void)state;
        for (size_t i = 0; i < COUNT(serials); i++) {
                struct rig_der der;
                const slice leaf = certify(serials[i].extensions, COUNT(serials[i].extensions), &der);
                const slice found = leaf_device_serial(leaf);
                if (!slice_equal(found, serials[i].serial))
                        print_error("%s: %zu bytes\n", serials[i].name, found.size);
                assert_true(slice_equal(found, serials[i].serial));
                assert_true(!found.size || slice_contains(leaf, found));
        }
}

static void finds_long_serials(void **state)
{
        (void)state;
        static const size_t sizes[] = { 127, 128, 255, 256, 1000 };
        for (size_t i = 0; i < COUNT(sizes); i++) {
                static const uint8_t octet_string[] = { 0x04 };
                uint8_t serial[1000], value[1010];
                struct rig_der der;
                memset(serial, 0xA5, sizeof serial);
                writer w = WRITER(value);
                rig_der_write(&w, SLICE(octet_string), slice_of(serial, sizes[i]));
                const struct extension extension = { SERIAL_OID, false, writer_view(&w) };
                const slice found = leaf_device_serial(certify(&extension, 1, &der));
                assert_true(slice_equal(found, slice_of(serial, sizes[i])));
        }
}

static void a_certificate_without_extensions_tells_nothing(void **state)
{
        (void)state;
        struct rig_der der;
        const struct extension none = { 0 };
        assert_int_equal(leaf_device_serial(certify(NULL, 0, &der)).size, 0); /* version 1 */
        assert_int_equal(leaf_device_serial(certify(&none, 1, &der)).size, 0);
        assert_int_equal(leaf_device_serial((slice){ 0 }).size, 0);
}

/* Memory of just this size, so that sanitizers see one byte too many. */
static uint8_t *exactly(slice bytes)
{
        uint8_t *copy = malloc(bytes.size ? bytes.size : 1);
        assert_non_null(copy);
        assert_int_equal(slice_copy(bytes, NULL, copy, bytes.size, NULL).code, MITOME_OK);
        return copy;
}

static void what_is_cut_or_changed_is_not_read_beyond(void **state)
{
        (void)state;
        struct rig_der der;
        const slice leaf = certify(serials[3].extensions, 4, &der);
        for (size_t size = 0; size < leaf.size; size++) {
                uint8_t *cut = exactly(slice_of(leaf.data, size));
                assert_int_equal(leaf_device_serial(slice_of(cut, size)).size, 0);
                free(cut);
        }
        for (size_t i = 0; i < leaf.size; i++)
                for (unsigned bit = 0; bit < 8; bit++) {
                        uint8_t *changed = exactly(leaf);
                        changed[i] ^= (uint8_t)(1 << bit);
                        const slice whole = slice_of(changed, leaf.size);
                        const slice found = leaf_device_serial(whole);
                        assert_true(!found.size || slice_contains(whole, found));
                        free(changed);
                }
}

/* ---- unused bits ---- */

/* Where the count of unused bits stands. */
static size_t unused_at(slice leaf)
{
        slice whole, part;
        reader r = reader_over(leaf, NULL, NULL);
        assert_int_equal(der_read(&r, NULL, DER_SEQUENCE, &whole, NULL).code, MITOME_OK);
        reader in = reader_within(&r, whole);
        assert_int_equal(der_read(&in, NULL, DER_SEQUENCE, &part, NULL).code, MITOME_OK);
        assert_int_equal(der_read(&in, NULL, DER_SEQUENCE, &part, NULL).code, MITOME_OK);
        assert_int_equal(der_read(&in, NULL, DER_BIT_STRING, &part, NULL).code, MITOME_OK);
        return leaf.size - part.size;
}

static void mends_counts_of_one_to_seven(void **state)
{
        (void)state;
        struct rig_der der, right;
        const slice leaf = certify(serials[0].extensions, 1, &der);
        right = der;
        uint8_t *unused = der.bytes + unused_at(leaf);
        assert_int_equal(*unused, 0);
        for (unsigned count = 0; count < 256; count++) {
                uint8_t space[4096];
                writer w = WRITER(space);
                *unused = (uint8_t)count;
                const slice mended = leaf_mend_unused_bits(leaf, &w);
                if (count >= 1 && count <= 7) {
                        assert_true(slice_equal(mended, rig_der_view(&right)));
                        assert_ptr_equal(mended.data, space);
                        assert_int_equal(w.used, leaf.size);
                        assert_int_equal(*unused, count); /* the input stays as it was */
                } else {
                        assert_ptr_equal(mended.data, leaf.data);
                        assert_int_equal(mended.size, leaf.size);
                        assert_int_equal(w.used, 0);
                }
        }
}

static void mends_only_whole_certificates(void **state)
{
        (void)state;
        struct rig_der der;
        uint8_t space[4096];
        const slice leaf = certify(serials[0].extensions, 1, &der);
        der.bytes[unused_at(leaf)] = 2;
        for (size_t size = 0; size <= leaf.size + 1; size++) {
                uint8_t *cut = exactly(slice_of(der.bytes, size));
                writer w = WRITER(space);
                const slice mended = leaf_mend_unused_bits(slice_of(cut, size), &w);
                assert_int_equal(mended.size, size);
                assert_int_equal(w.used, size == leaf.size ? size : 0);
                assert_int_equal(mended.data == cut, size != leaf.size);
                free(cut);
        }
}

static void needs_room_to_mend(void **state)
{
        (void)state;
        struct rig_der der;
        const slice leaf = certify(serials[0].extensions, 1, &der);
        der.bytes[unused_at(leaf)] = 2;
        for (size_t room = 0; room < leaf.size; room += 7) {
                uint8_t *space = malloc(room + 1);
                space[room] = 0xEE;
                writer w = writer_over(space, room);
                assert_ptr_equal(leaf_mend_unused_bits(leaf, &w).data, leaf.data);
                assert_int_equal(space[room], 0xEE);
                free(space);
        }
}

/* Whatever the bytes are: nothing but the one count is another afterwards. */
static void mends_nothing_else(void **state)
{
        (void)state;
        struct rig_der der;
        const slice leaf = certify(serials[0].extensions, 1, &der);
        const size_t at = unused_at(leaf);
        for (size_t i = 0; i < leaf.size; i++)
                for (unsigned bit = 0; bit < 8; bit++) {
                        uint8_t space[4096];
                        writer w = WRITER(space);
                        uint8_t *changed = exactly(leaf);
                        changed[at] = 2;
                        changed[i] ^= (uint8_t)(1 << bit);
                        const slice mended = leaf_mend_unused_bits(slice_of(changed, leaf.size), &w);
                        assert_int_equal(mended.size, leaf.size);
                        size_t others = 0;
                        for (size_t k = 0; k < leaf.size; k++)
                                others += mended.data[k] != changed[k];
                        assert_in_range(others, 0, 1);
                        free(changed);
                }
}

/* ---- a whole registration ---- */

struct run {
        unsigned switches;
        bool require_trust;
        struct mitome_trust *trust;
        struct mitome_verdict verdict;
        mitome_error error;
};

static mitome_code verify(struct run *run)
{
        const struct mitome_policy policy = { .require_trust = run->require_trust,
                .switches = run->switches };
        const struct mitome_expectation expected = rig_expectation(&formats.rig);
        run->error = (mitome_error){ 0 };
        return mitome_verify_registration(NULL, &policy, &expected, rig_json(&built), run->trust, RIG_NOW,
                buffer, sizeof buffer, &run->verdict, &run->error)
                .code;
}

static struct mitome_trust *trust_in_ca(void)
{
        struct mitome_trust *trust = NULL;
        assert_int_equal(mitome_trust_new(&trust, NULL).code, MITOME_OK);
        assert_int_equal(
                mitome_trust_add_anchor(trust, slice_of(formats.rig.ca_der, formats.rig.ca_der_size), NULL)
                        .code,
                MITOME_OK);
        return trust;
}

/* Builds a registration whose leaf's signature ends in bits that are set, and gives the leaf's place. */
static uint8_t *build_with_last_bits(enum rig_format format, uint8_t bits, size_t *ret_size)
{
        struct rig_plan plan = rig_registration_plan();
        for (int tries = 0; tries < 1000; tries++) {
                struct run run = { 0 };
                format_rig_build(&formats, format, &plan, &built);
                assert_int_equal(verify(&run), MITOME_OK);
                const slice leaf = run.verdict.attestation_leaf;
                if (leaf.data[leaf.size - 1] & bits) {
                        *ret_size = leaf.size;
                        return memmem(built.object, built.object_size, leaf.data, leaf.size);
                }
        }
        fail();
        return NULL;
}

/* docs/switches.md: "an attestation certificate may count bits of its signature as unused that it uses". The
 * statement's signature does not cover the certificate. */
static void a_path_needs_the_switch(void **state)
{
        (void)state;
        static const enum rig_format by_leaf[] = { RIG_FORMAT_U2F, RIG_FORMAT_PACKED };
        const struct rig_plan plan = rig_registration_plan();
        for (size_t i = 0; i < 7 * COUNT(by_leaf); i++) {
                const unsigned count = (unsigned)(1 + i / COUNT(by_leaf));
                const enum rig_format format = by_leaf[i % COUNT(by_leaf)];
                struct run run = { .trust = trust_in_ca() };
                struct rig_plan wrap = plan;
                size_t size;
                uint8_t *leaf = build_with_last_bits(format, (uint8_t)((1 << count) - 1), &size);
                assert_non_null(leaf);
                leaf[unused_at(slice_of(leaf, size))] = (uint8_t)count;
                rig_wrap(&formats.rig, &wrap, &built);

                assert_int_equal(verify(&run), MITOME_OK);
                assert_int_equal(run.verdict.trust, MITOME_TRUST_UNVERIFIED);
                run.require_trust = true;
                assert_int_equal(verify(&run), MITOME_E_ATTESTATION_UNTRUSTED);
                assert_string_equal(run.error.field, "attStmt.x5c");
                assert_string_equal(run.error.clause, "WebAuthn L3 7.1 #24");
                run.switches = ~(unsigned)MITOME_SWITCH_LEAF_UNUSED_BITS & 0x78; /* every other laxer one */
                assert_int_equal(verify(&run), MITOME_E_ATTESTATION_UNTRUSTED);
                run.switches = MITOME_SWITCH_LEAF_UNUSED_BITS;
                assert_int_equal(verify(&run), MITOME_OK);
                assert_int_equal(run.verdict.trust, MITOME_TRUST_VERIFIED);
                /* what the verdict shows is what was sent */
                assert_true(slice_equal(run.verdict.attestation_leaf, slice_of(leaf, size)));

                leaf[size - 1] ^= 0x80; /* a wrong signature is wrong with it, too */
                rig_wrap(&formats.rig, &wrap, &built);
                assert_int_equal(verify(&run), MITOME_E_ATTESTATION_UNTRUSTED);
                mitome_trust_free(run.trust);
        }
}

static void more_than_seven_is_no_certificate(void **state)
{
        (void)state;
        static const uint8_t counts[] = { 8, 255 };
        const struct rig_plan plan = rig_registration_plan();
        for (size_t i = 0; i < COUNT(counts); i++) {
                struct run run = { .trust = trust_in_ca(), .switches = MITOME_SWITCH_LEAF_UNUSED_BITS };
                size_t size;
                uint8_t *leaf = build_with_last_bits(RIG_FORMAT_U2F, 0xFF, &size);
                leaf[unused_at(slice_of(leaf, size))] = counts[i];
                rig_wrap(&formats.rig, &plan, &built);
                assert_int_equal(verify(&run), MITOME_E_DER);
                assert_string_equal(run.error.clause, "WebAuthn L3 8.6");
                mitome_trust_free(run.trust);
        }
}

static int open_all(void **state)
{
        (void)state;
        format_rig_open(&formats);
        return 0;
}

static int close_all(void **state)
{
        (void)state;
        format_rig_close(&formats);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(finds_the_serial),
                cmocka_unit_test(finds_long_serials),
                cmocka_unit_test(a_certificate_without_extensions_tells_nothing),
                cmocka_unit_test(what_is_cut_or_changed_is_not_read_beyond),
                cmocka_unit_test(mends_counts_of_one_to_seven),
                cmocka_unit_test(mends_only_whole_certificates),
                cmocka_unit_test(needs_room_to_mend),
                cmocka_unit_test(mends_nothing_else),
                cmocka_unit_test(a_path_needs_the_switch),
                cmocka_unit_test(more_than_seven_is_no_certificate),
        };
        return cmocka_run_group_tests(tests, open_all, close_all);
}
