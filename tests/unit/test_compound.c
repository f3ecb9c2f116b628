/* SPDX-License-Identifier: Apache-2.0 */
/* compound, WebAuthn L3 8.9: by itself, and through the whole of a registration. */
#include "statement_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct rig rig;
static struct rig_response built; /* registered with the chain below */
static uint8_t chain_bytes[4096], self_bytes[512], spoiled_bytes[512];
static slice chain, self, spoiled; /* packed statements over the same */
static const uint8_t empty_map[] = { 0xA0 };
static uint8_t compound_bytes[16384];

/* ---- statements ---- */

struct part {
        const char *format; /* NULL: no fmt */
        const slice *statement;
        bool no_statement, extra_member;
};

static slice keep(slice bytes, uint8_t *buffer, size_t capacity)
{
        assert_int_equal(slice_copy(bytes, "kept", buffer, capacity, NULL).code, MITOME_OK);
        return slice_of(buffer, bytes.size);
}

static void build_parts(void)
{
        struct rig_plan plan = rig_registration_plan();
        plan.attestation = RIG_SELF;
        rig_build(&rig, &plan, &built);
        self = keep(rig_statement(&built), self_bytes, sizeof self_bytes);
        plan.spoil_signature = true;
        rig_build(&rig, &plan, &built);
        spoiled = keep(rig_statement(&built), spoiled_bytes, sizeof spoiled_bytes);
        plan = rig_registration_plan();
        rig_build(&rig, &plan, &built);
        chain = keep(rig_statement(&built), chain_bytes, sizeof chain_bytes);
}

static void write_part(writer *w, const struct part *part)
{
        size_t members = (part->format != NULL) + !part->no_statement + part->extra_member;
        cbor_write_map(w, members);
        if (part->format) {
                cbor_write_string(w, "fmt");
                cbor_write_string(w, part->format);
        }
        if (part->extra_member) {
                cbor_write_string(w, "ver");
                cbor_write_int(w, 1);
        }
        if (!part->no_statement) {
                cbor_write_string(w, "attStmt");
                write_slice(w, *part->statement);
        }
}

static slice compose(const struct part *parts, size_t count)
{
        writer w = WRITER(compound_bytes);
        cbor_write_array(&w, count);
        for (size_t i = 0; i < count; i++)
                write_part(&w, &parts[i]);
        assert_false(w.overflowed);
        return writer_view(&w);
}

#define PACKED                   \
        {                        \
                "packed", &chain \
        }
#define SELF                    \
        {                       \
                "packed", &self \
        }
static const slice nothing = { empty_map, sizeof empty_map };
#define NONE                     \
        {                        \
                "none", &nothing \
        }

static mitome_status verify(
        const struct part *parts, size_t count, struct attestation_result *ret, mitome_error *error)
{
        return rig_verify(&built, compose(parts, count), &attestation_compound, ret, error);
}

/* ---- accepted ---- */

static void gives_each_part_in_its_place(void **state)
{
        (void)state;
        static const struct part parts[] = { PACKED, SELF, NONE, PACKED };
        static const enum attestation_type types[] = { ATTESTATION_X5C, ATTESTATION_SELF, ATTESTATION_NONE,
                ATTESTATION_X5C };
        for (size_t count = 2; count <= COUNT(parts); count++) {
                struct attestation_result result;
                mitome_error error;
                assert_int_equal(verify(parts, count, &result, &error).code, MITOME_OK);
                assert_int_equal(result.count, count);
                for (size_t i = 0; i < count; i++) {
                        assert_int_equal(result.parts[i].type, types[i]);
                        assert_string_equal(result.parts[i].format, parts[i].format);
                }
                assert_int_equal(result.parts[0].chain.count, 1);
        }
}

/* ---- refused ---- */

static const struct {
        const char *name;
        struct part parts[5];
        size_t count;
        mitome_code code;
        const char *field, *clause;
} refusals[] = {
        /* "attStmt: [2* nonCompoundAttStmt]" */
        { "none", { NONE }, 0, MITOME_E_COMPOUND_TOO_FEW, "attStmt", "WebAuthn L3 8.9" },
        { "one", { PACKED }, 1, MITOME_E_COMPOUND_TOO_FEW, "attStmt", "WebAuthn L3 8.9" },
        { "five", { NONE, NONE, NONE, NONE, NONE }, 5, MITOME_E_TOO_MANY, "attStmt", "WebAuthn L3 8.9" },
        /* "fmt: text .ne "compound"" */
        { "compound within", { PACKED, { "compound", &nothing } }, 2, MITOME_E_COMPOUND_NESTED,
                "attStmt[].fmt", "WebAuthn L3 8.9" },
        { "format unknown", { PACKED, { "pack", &chain } }, 2, MITOME_E_FORMAT_UNSUPPORTED,
                "fmt, a name that is not known", "WebAuthn L3 8.9" },
        { "format ended", { PACKED, { "android-safetynet", &nothing } }, 2, MITOME_E_FORMAT_ENDED,
                "fmt android-safetynet", "WebAuthn L3 8.9" },
        { "format name long", { PACKED, { "packed--------------------------x", &chain } }, 2,
                MITOME_E_TOO_LONG, "attStmt[].fmt", "WebAuthn L3 8.9" },
        { "no fmt", { PACKED, { NULL, &chain } }, 2, MITOME_E_MISSING, "attStmt[].fmt", "WebAuthn L3 8.9" },
        { "no attStmt", { PACKED, { "none", &nothing, .no_statement = true } }, 2, MITOME_E_MISSING,
                "attStmt[].attStmt", "WebAuthn L3 8.9" },
        { "extra member", { PACKED, { "none", &nothing, .extra_member = true } }, 2, MITOME_E_TOO_MANY,
                "attStmt[]", "WebAuthn L3 8.9" },
        { "extra member for attStmt",
                { PACKED, { "none", &nothing, .extra_member = true, .no_statement = true } }, 2,
                MITOME_E_VALUE, "attStmt[]", "WebAuthn L3 8.9" },
        /* "For each subStmt of attStmt, evaluate the verification procedure": all of them count */
        { "first one wrong", { { "packed", &spoiled }, PACKED }, 2, MITOME_E_SIGNATURE_INVALID, "attStmt.sig",
                "WebAuthn L3 8.2" },
        { "last one wrong", { PACKED, SELF, NONE, { "packed", &spoiled } }, 4, MITOME_E_SIGNATURE_INVALID,
                "attStmt.sig", "WebAuthn L3 8.2" },
        { "of another format", { PACKED, { "none", &self } }, 2, MITOME_E_STATEMENT_NOT_EMPTY, "attStmt",
                "WebAuthn L3 8.7" },
};

static void refuses_each_edit(void **state)
{
        (void)state;
        for (size_t i = 0; i < COUNT(refusals); i++) {
                struct attestation_result result;
                mitome_error error;
                mitome_status status = verify(refusals[i].parts, refusals[i].count, &result, &error);
                if (status.code != refusals[i].code)
                        print_error("%s: %d %s\n", refusals[i].name, status.code, error.field);
                assert_int_equal(status.code, refusals[i].code);
                assert_int_equal(error.code, refusals[i].code);
                assert_string_equal(error.field, refusals[i].field);
                assert_string_equal(error.clause, refusals[i].clause);
        }
}

#define CBOR(...)                                                                          \
        {                                                                                  \
                (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
        }

static void refuses_what_is_no_array_of_statements(void **state)
{
        (void)state;
        const struct {
                slice statement;
                mitome_code code;
        } cases[] = {
                { CBOR(0xA0), MITOME_E_CBOR_TYPE }, /* a map, as the other formats have it */
                { CBOR(0x82, 0x80, 0x80), MITOME_E_CBOR_TYPE },
                { CBOR(0x82, 0xA0, 0xA0), MITOME_E_MISSING },
                { CBOR(0x82, 0x64, 'n', 'o', 'n', 'e', 0xA0), MITOME_E_CBOR_TYPE },
                { CBOR(0x9F, 0xA0, 0xA0, 0xFF), MITOME_E_CBOR_UNSUPPORTED },
                { CBOR(0x82, 0xA1, 0x01, 0x01, 0xA0), MITOME_E_VALUE },
                { CBOR(0x82, 0xA1, 0x63, 'f', 'm', 't', 0x44, 'n', 'o', 'n', 'e'), MITOME_E_CBOR_TYPE },
                { CBOR(0x82, 0xA2, 0x63, 'f', 'm', 't', 0x64, 'n', 'o', 'n', 'e', 0x63, 'f', 'm', 't', 0x64,
                          'n', 'o', 'n', 'e'),
                        MITOME_E_CBOR_DUPLICATE_KEY },
        };
        for (size_t i = 0; i < COUNT(cases); i++) {
                struct attestation_result result;
                mitome_error error;
                mitome_status status =
                        rig_verify(&built, cases[i].statement, &attestation_compound, &result, &error);
                if (status.code != cases[i].code)
                        print_error("statement %zu: %d\n", i, status.code);
                assert_int_equal(status.code, cases[i].code);
                assert_string_equal(error.clause, "WebAuthn L3 8.9");
        }
}

static void refuses_what_follows(void **state)
{
        (void)state;
        static const struct part parts[] = { PACKED, NONE };
        struct attestation_result result;
        mitome_error error;
        slice statement = compose(parts, 2);
        compound_bytes[statement.size++] = 0;
        assert_int_equal(rig_verify(&built, statement, &attestation_compound, &result, &error).code,
                MITOME_E_TRAILING_BYTES);
}

static void refuses_every_truncation(void **state)
{
        (void)state;
        static const struct part parts[] = { PACKED, SELF };
        rig_check_truncations(&built, compose(parts, 2), &attestation_compound);
}

/* What a format found before it failed is not left in the result. */
static void a_failure_leaves_earlier_parts_alone(void **state)
{
        (void)state;
        static const struct part parts[] = { PACKED, { "packed", &spoiled } };
        struct authdata data;
        uint8_t hash[32];
        const slice auth_data = slice_of(built.auth_data, built.auth_data_size);
        assert_int_equal(authdata_read(auth_data, &data, NULL).code, MITOME_OK);
        rig_client_data_hash(&built, hash);
        const struct attestation_input input = {
                .statement = cbor_over(compose(parts, 2), NULL, NULL),
                .auth_data = auth_data,
                .data = &data,
                .client_data_hash = SLICE(hash),
        };
        struct attestation_result result = { .parts[0].format = "earlier", .count = 1 };
        assert_int_equal(attestation_compound.verify(&input, &result, NULL).code, MITOME_E_SIGNATURE_INVALID);
        assert_int_equal(result.count, 1);
        assert_string_equal(result.parts[0].format, "earlier");
}

/* ---- through a registration ---- */

static mitome_status registers(const struct part *parts, size_t count, const struct mitome_trust *trust,
        bool require_trust, struct mitome_verdict *ret, mitome_error *error)
{
        static uint8_t buffer[MITOME_RP_BUFFER_MAX];
        static struct rig_response response;
        struct rig_plan plan = rig_registration_plan();
        const struct mitome_policy policy = { .require_trust = require_trust };
        const struct mitome_expectation expected = rig_expectation(&rig);
        plan.format = "compound";
        plan.statement = compose(parts, count);
        rig_build(&rig, &plan, &response);
        *error = (mitome_error){ 0 };
        return mitome_verify_registration(NULL, &policy, &expected, rig_json(&response), trust, RIG_NOW,
                buffer, sizeof buffer, ret, error);
}

/* "the depth of nesting ... at most 4" is CTAP2's; compound with x5c needs 5. */
static void a_registration_is_as_good_as_its_weakest_part(void **state)
{
        (void)state;
        static const struct part two[] = { PACKED, PACKED }, with_self[] = { PACKED, SELF },
                                 with_none[] = { NONE, PACKED };
        const slice ca = slice_of(rig.ca_der, rig.ca_der_size);
        struct mitome_trust *trust;
        struct mitome_verdict verdict;
        mitome_error error;
        assert_int_equal(mitome_trust_new(&trust, NULL).code, MITOME_OK);
        assert_int_equal(registers(two, 2, NULL, false, &verdict, &error).code, MITOME_OK);
        assert_string_equal(verdict.format, "compound");
        assert_int_equal(verdict.trust, MITOME_TRUST_UNVERIFIED);
        assert_int_equal(
                registers(two, 2, trust, true, &verdict, &error).code, MITOME_E_ATTESTATION_UNTRUSTED);

        assert_int_equal(mitome_trust_add_anchor(trust, ca, NULL).code, MITOME_OK);
        assert_int_equal(registers(two, 2, trust, true, &verdict, &error).code, MITOME_OK);
        assert_int_equal(verdict.trust, MITOME_TRUST_VERIFIED);
        assert_int_equal(registers(with_self, 2, trust, false, &verdict, &error).code, MITOME_OK);
        assert_int_equal(verdict.trust, MITOME_TRUST_SELF);
        assert_int_equal(registers(with_none, 2, trust, false, &verdict, &error).code, MITOME_OK);
        assert_int_equal(verdict.trust, MITOME_TRUST_NONE);
        assert_int_equal(
                registers(with_self, 2, trust, true, &verdict, &error).code, MITOME_E_ATTESTATION_UNTRUSTED);
        mitome_trust_free(trust);
}

/* Two levels more, and not three. */
static void a_registration_goes_no_deeper(void **state)
{
        (void)state;
        static const uint8_t three[] = { 0x81, 0x81, 0x80 }, four[] = { 0x81, 0x81, 0x81, 0x80 };
        const slice deep = SLICE(three), deeper = SLICE(four);
        const struct part parts[] = { PACKED, { "none", &deep } },
                          too_deep[] = { PACKED, { "none", &deeper } };
        struct mitome_verdict verdict;
        mitome_error error;
        assert_int_equal(registers(parts, 2, NULL, false, &verdict, &error).code, MITOME_E_CBOR_TYPE);
        assert_string_equal(error.clause, "WebAuthn L3 8.7");
        assert_int_equal(registers(too_deep, 2, NULL, false, &verdict, &error).code, MITOME_E_DEPTH);
}

/* 8.5: the service has ended. */
static void names_a_format_whose_service_has_ended(void **state)
{
        (void)state;
        const struct attestation_format *format = NULL;
        const char *name = NULL;
        mitome_error error = { 0 };
        assert_int_equal(attestation_format_find(slice_text("android-safetynet"), "WebAuthn L3 7.1 #21",
                                 &name, &format, &error)
                                 .code,
                MITOME_E_FORMAT_ENDED);
        assert_null(format);
        assert_string_equal(name, "android-safetynet");
        assert_string_equal(error.clause, "WebAuthn L3 7.1 #21");
}

static int open_all(void **state)
{
        (void)state;
        rig_open(&rig);
        build_parts();
        return 0;
}

static int close_all(void **state)
{
        (void)state;
        rig_close(&rig);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(gives_each_part_in_its_place),
                cmocka_unit_test(refuses_each_edit),
                cmocka_unit_test(refuses_what_is_no_array_of_statements),
                cmocka_unit_test(refuses_what_follows),
                cmocka_unit_test(refuses_every_truncation),
                cmocka_unit_test(a_failure_leaves_earlier_parts_alone),
                cmocka_unit_test(a_registration_is_as_good_as_its_weakest_part),
                cmocka_unit_test(a_registration_goes_no_deeper),
                cmocka_unit_test(names_a_format_whose_service_has_ended),
        };
        return cmocka_run_group_tests(tests, open_all, close_all);
}
