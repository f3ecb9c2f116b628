/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of receipts and statements, held to EVIDENCE.md 1 and 2: the right ones, and each way to be
 * wrong.
 */
#include "read_evidence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define TEXT(literal) slice_of((literal), sizeof(literal) - 1)

static const uint8_t filler[4096] = { 0xF1 };

/* What a piece of evidence is made of; each test changes one thing. */
struct plan {
        enum evidence_kind kind;
        slice header;  /* instead of the kind's */
        slice chain;   /* instead of one certificate */
        slice payload; /* instead of what the members make */
        int left_out;  /* a member */
        int changed;   /* a member whose value is `value` instead */
        slice value;   /* CBOR */
        int added;     /* a member of the value 0 behind the last */
        size_t parts;  /* of the COSE_Sign1 */
        size_t signature;
};

static const struct plan right_receipt = { .kind = EVIDENCE_RECEIPT, .parts = 4, .signature = 64 };
static const struct plan right_statement = { .kind = EVIDENCE_STATEMENT, .parts = 4, .signature = 64 };

/* A person with certificate and key. */
static void write_person(writer *w, unsigned kind)
{
        cbor_write_map(w, 5);
        cbor_write_uint(w, 1);
        cbor_write_uint(w, kind);
        cbor_write_uint(w, 2);
        cbor_write_bytes(w, slice_of(filler, 20));
        for (unsigned member = 3; member <= 5; member++) {
                cbor_write_uint(w, member);
                cbor_write_bytes(w, slice_of(filler, 32));
        }
}

static void write_value(writer *w, int member)
{
        switch (member) {
        case EVIDENCE_AT_IDENTITY:
                cbor_write_string(w, "MT-1 0001");
                return;
        case EVIDENCE_AT_PERSONS:
                cbor_write_array(w, 2);
                write_person(w, 1);
                write_person(w, 2);
                return;
        case EVIDENCE_AT_NONCE:
                cbor_write_bytes(w, slice_of(filler, 16));
                return;
        case EVIDENCE_AT_VERSION:
                cbor_write_uint(w, 1);
                return;
        default:
                cbor_write_uint(w, (unsigned)member + 10);
        }
}

static bool stands_in(const struct plan *plan, int member)
{
        bool in = plan->kind == EVIDENCE_RECEIPT ? member <= EVIDENCE_AT_NONCE : member != EVIDENCE_AT_REASON;
        return (in && member < EVIDENCE_MEMBERS && member != plan->left_out) || member == plan->added;
}

static void write_payload(writer *w, const struct plan *plan)
{
        enum { HIGHEST = 40 };
        size_t count = 0;
        for (int member = 1; member < HIGHEST; member++)
                count += stands_in(plan, member);
        cbor_write_map(w, count);
        for (int member = 1; member < HIGHEST; member++) {
                if (!stands_in(plan, member))
                        continue;
                cbor_write_int(w, member);
                if (member == plan->changed)
                        write_slice(w, plan->value);
                else
                        write_value(w, member);
        }
}

static slice build(const struct plan *plan)
{
        static uint8_t bytes[8192];
        uint8_t header[64], payload[4096];
        writer w = WRITER(bytes), h = WRITER(header), p = WRITER(payload);
        cose_sign1_write_protected(&h, &evidence_kinds[plan->kind], slice_of(NULL, 0));
        write_payload(&p, plan);
        cbor_write_array(&w, plan->parts);
        cbor_write_bytes(&w, plan->header.data ? plan->header : writer_view(&h));
        if (plan->chain.data) {
                write_slice(&w, plan->chain);
        } else {
                cbor_write_map(&w, 1);
                cbor_write_uint(&w, COSE_X5CHAIN);
                cbor_write_bytes(&w, slice_of(filler, 300));
        }
        cbor_write_bytes(&w, plan->payload.data ? plan->payload : writer_view(&p));
        for (size_t part = 3; part < plan->parts; part++)
                cbor_write_bytes(&w, slice_of(filler, plan->signature));
        assert_false(w.overflowed || h.overflowed || p.overflowed);
        return writer_view(&w);
}

/* The code it is refused with, and that says where. */
static mitome_code read_plan(const struct plan *plan)
{
        struct evidence found, untouched;
        memset(&found, 0x5A, sizeof found);
        memset(&untouched, 0x5A, sizeof untouched);
        mitome_error error = { 0 };
        slice cose = build(plan);
        mitome_code code = evidence_read(cose, &found, &error).code;
        assert_int_equal(code, error.code);
        if (code != MITOME_OK) {
                assert_true(error.field && error.clause && error.at <= cose.size);
                assert_memory_equal(&found, &untouched, sizeof found);
        }
        return code;
}

static void the_right_ones_are_read(void **state)
{
        (void)state;
        struct evidence found;
        enum evidence_kind kind;
        assert_int_equal(evidence_read(build(&right_receipt), &found, NULL).code, MITOME_OK);
        assert_int_equal(found.kind, EVIDENCE_RECEIPT);
        assert_true(slice_is(found.identity, "MT-1 0001"));
        assert_int_equal(found.person_count, 2);
        assert_int_equal(found.persons[0].kind, EVIDENCE_SIGNING);
        assert_int_equal(found.persons[1].kind, EVIDENCE_USER_VERIFICATION);
        assert_int_equal(found.persons[1].serial.size, 20);
        assert_int_equal(found.numbers[EVIDENCE_AT_REASON], 13);
        assert_int_equal(found.numbers[EVIDENCE_AT_DROPPED], 19);
        assert_int_equal(found.numbers[EVIDENCE_AT_LEASE], 0);
        assert_int_equal(found.sign1.chain_count, 1);
        assert_int_equal(found.sign1.chain[0].size, 300);
        assert_int_equal(evidence_read(build(&right_statement), &found, NULL).code, MITOME_OK);
        assert_int_equal(found.kind, EVIDENCE_STATEMENT);
        assert_int_equal(found.numbers[EVIDENCE_AT_LEASE], 22);
        assert_int_equal(found.numbers[EVIDENCE_AT_LIFE_CYCLE], 23);
        assert_int_equal(found.numbers[EVIDENCE_AT_REASON], 0);
        assert_true(evidence_recognise(build(&right_statement), &kind));
        assert_int_equal(kind, EVIDENCE_STATEMENT);
        assert_false(evidence_recognise(slice_of(filler, 64), &kind));
        struct plan plan = right_receipt;
        plan.left_out = EVIDENCE_AT_NONCE; /* "? 10" */
        assert_int_equal(read_plan(&plan), MITOME_OK);
        assert_non_null(evidence_reason_name(7));
        assert_null(evidence_reason_name(0));
        assert_null(evidence_reason_name(8));
}

/* ---- the envelope ---- */

static void the_header_is_one_of_two(void **state)
{
        (void)state;
        const slice headers[] = {
                TEXT("\xA1\x01\x26"),
                TEXT("\xA2\x01\x26\x03\x78\x20"
                     "application/x.mitome.receipt+xml"),
                TEXT("\xA2\x01\x27\x03\x78\x21"
                     "application/x.mitome.receipt+cbor"), /* EdDSA */
                TEXT("\xA2\x03\x78\x21"
                     "application/x.mitome.receipt+cbor"
                     "\x01\x26"),
                TEXT("\xA3\x01\x26\x02\x80\x03\x78\x21"
                     "application/x.mitome.receipt+cbor"), /* crit */
        };
        for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
                struct plan plan = right_receipt;
                plan.header = headers[i];
                assert_int_equal(read_plan(&plan), MITOME_E_EVIDENCE_FORM);
        }
        struct plan plan = right_receipt;
        plan.header = slice_of(filler, 65);
        assert_int_equal(read_plan(&plan), MITOME_E_TOO_LONG);
        plan.header = slice_of(filler, 0);
        assert_int_equal(read_plan(&plan), MITOME_E_EVIDENCE_FORM);
}

static void a_sign1_has_four_parts(void **state)
{
        (void)state;
        struct plan plan = right_receipt;
        plan.parts = 3;
        assert_int_equal(read_plan(&plan), MITOME_E_EVIDENCE_FORM);
        plan.parts = 5;
        assert_int_equal(read_plan(&plan), MITOME_E_TOO_MANY);
        plan.parts = 4;
        for (size_t size = 0; size <= 130; size++) {
                plan.signature = size;
                mitome_code code = read_plan(&plan);
                if (size == 64)
                        assert_int_equal(code, MITOME_OK);
                else
                        assert_true(code == MITOME_E_VALUE || code == MITOME_E_TOO_LONG);
        }
}

static slice chain_of(uint8_t *buffer, size_t room, int key, bool array, size_t count, size_t size)
{
        writer w = writer_over(buffer, room);
        cbor_write_map(&w, 1);
        cbor_write_int(&w, key);
        if (array)
                cbor_write_array(&w, count);
        for (size_t i = 0; i < count; i++)
                cbor_write_bytes(&w, slice_of(filler, size));
        assert_false(w.overflowed);
        return writer_view(&w);
}

/* RFC 9360 2, and "2*4". */
static void a_chain_is_one_or_two_to_four(void **state)
{
        (void)state;
        uint8_t buffer[6000];
        struct plan plan = right_receipt;
        struct evidence found;
        for (size_t count = 0; count <= 5; count++) {
                plan.chain = chain_of(buffer, sizeof buffer, 33, true, count, 100);
                mitome_code code = read_plan(&plan);
                assert_int_equal(code, count < 2   ? MITOME_E_VALUE
                                       : count > 4 ? MITOME_E_TOO_MANY
                                                   : MITOME_OK);
                if (code != MITOME_OK)
                        continue;
                slice cose = build(&plan);
                assert_int_equal(evidence_read(cose, &found, NULL).code, MITOME_OK);
                assert_int_equal(found.sign1.chain_count, count);
                for (size_t i = 0; i < count; i++)
                        assert_ptr_equal(found.sign1.chain[i].data, cose.data + found.sign1.chain_at[i]);
        }
        plan.chain = chain_of(buffer, sizeof buffer, 33, false, 1, 0);
        assert_int_equal(read_plan(&plan), MITOME_E_VALUE);
        plan.chain = chain_of(buffer, sizeof buffer, 33, false, 1, 2049);
        assert_int_equal(read_plan(&plan), MITOME_E_TOO_LONG);
        plan.chain = chain_of(buffer, sizeof buffer, 4, false, 1, 100); /* kid */
        assert_int_equal(read_plan(&plan), MITOME_E_VALUE);
        plan.chain = TEXT("\xA0");
        assert_int_equal(read_plan(&plan), MITOME_E_MISSING);
        plan.chain = TEXT("\xA2\x04\x41\x01\x18\x21\x41\x01");
        assert_int_equal(read_plan(&plan), MITOME_E_TOO_MANY);
        plan.chain = TEXT("\xA1\x18\x21\x01");
        assert_int_equal(read_plan(&plan), MITOME_E_CBOR_TYPE);
}

/* ---- the payload ---- */

static void every_member_is_needed(void **state)
{
        (void)state;
        for (enum evidence_kind kind = 0; kind < EVIDENCE_KINDS; kind++) {
                for (int member = 1; member < EVIDENCE_MEMBERS; member++) {
                        struct plan plan = kind == EVIDENCE_RECEIPT ? right_receipt : right_statement;
                        if (!stands_in(&plan, member) ||
                                (kind == EVIDENCE_RECEIPT && member == EVIDENCE_AT_NONCE))
                                continue;
                        plan.left_out = member;
                        assert_int_equal(read_plan(&plan), MITOME_E_MISSING);
                }
        }
}

static void no_other_member_is_taken(void **state)
{
        (void)state;
        static const int of_statements[] = { EVIDENCE_AT_PENDING, EVIDENCE_AT_LEASE, EVIDENCE_AT_LIFE_CYCLE };
        for (int member = EVIDENCE_MEMBERS; member < 40; member++) {
                struct plan plan = right_receipt;
                plan.added = member;
                assert_int_equal(read_plan(&plan), MITOME_E_VALUE);
        }
        for (size_t i = 0; i < 3; i++) {
                struct plan plan = right_receipt;
                plan.added = of_statements[i];
                assert_int_equal(read_plan(&plan), MITOME_E_VALUE);
        }
        struct plan plan = right_statement;
        plan.added = EVIDENCE_AT_REASON;
        assert_int_equal(read_plan(&plan), MITOME_E_VALUE);
        plan = right_receipt;
        plan.payload = TEXT("\xA1\x61x\x00");
        assert_int_equal(read_plan(&plan), MITOME_E_VALUE);
        plan.payload = TEXT("\xA1\x20\x00"); /* -1 */
        assert_int_equal(read_plan(&plan), MITOME_E_VALUE);
        plan.payload = TEXT("\xA1\x00\x00"); /* 0 */
        assert_int_equal(read_plan(&plan), MITOME_E_VALUE);
        plan.payload = TEXT("\xA2\x01\x01\x01\x01");
        assert_int_equal(read_plan(&plan), MITOME_E_CBOR_DUPLICATE_KEY);
        plan.payload = slice_of(filler, 1025);
        assert_int_equal(read_plan(&plan), MITOME_E_TOO_LONG);
}

static const struct {
        int member;
        slice value;
        mitome_code code;
} values[] = {
        { EVIDENCE_AT_VERSION, { (const uint8_t *)"\x00", 1 }, MITOME_E_VALUE },
        { EVIDENCE_AT_VERSION, { (const uint8_t *)"\x02", 1 }, MITOME_E_VALUE },
        { EVIDENCE_AT_SEQUENCE, { (const uint8_t *)"\x1A\x00\xFF\xFF\xFF", 5 }, MITOME_OK },
        { EVIDENCE_AT_SEQUENCE, { (const uint8_t *)"\x1A\x01\x00\x00\x00", 5 }, MITOME_E_VALUE },
        { EVIDENCE_AT_SEQUENCE, { (const uint8_t *)"\x20", 1 }, MITOME_E_CBOR_TYPE },
        { EVIDENCE_AT_REASON, { (const uint8_t *)"\x19\x01\x00", 3 }, MITOME_E_VALUE },
        { EVIDENCE_AT_IDENTITY, { (const uint8_t *)"\x60", 1 }, MITOME_E_VALUE },
        { EVIDENCE_AT_IDENTITY, { (const uint8_t *)"\x61\xFF", 2 }, MITOME_E_UTF8 },
        { EVIDENCE_AT_IDENTITY, { (const uint8_t *)"\x41x", 2 }, MITOME_E_CBOR_TYPE },
        { EVIDENCE_AT_PERSONS, { (const uint8_t *)"\x80", 1 }, MITOME_OK },
        { EVIDENCE_AT_PERSONS, { (const uint8_t *)"\x81\xA0", 2 }, MITOME_E_MISSING },
        { EVIDENCE_AT_PERSONS, { (const uint8_t *)"\x81\xA1\x01\x01", 4 }, MITOME_E_MISSING },
        { EVIDENCE_AT_PERSONS, { (const uint8_t *)"\x81\xA1\x01\x00", 4 }, MITOME_E_VALUE },
        { EVIDENCE_AT_PERSONS, { (const uint8_t *)"\x81\xA1\x01\x03", 4 }, MITOME_E_VALUE },
        { EVIDENCE_AT_PERSONS, { (const uint8_t *)"\x81\xA1\x06\x01", 4 }, MITOME_E_VALUE },
        { EVIDENCE_AT_PERSONS, { (const uint8_t *)"\x81\xA2\x01\x01\x02\x40", 6 }, MITOME_E_VALUE },
        { EVIDENCE_AT_PERSONS, { (const uint8_t *)"\x81\xA2\x01\x01\x02\x41\x00", 7 }, MITOME_E_VALUE },
        { EVIDENCE_AT_PERSONS, { (const uint8_t *)"\x83", 1 }, MITOME_E_TOO_MANY },
        { EVIDENCE_AT_DERIVED, { (const uint8_t *)"\x1A\x00\x01\x00\x00", 5 }, MITOME_E_VALUE },
        { EVIDENCE_AT_NONCE, { (const uint8_t *)"\x4F...............", 16 }, MITOME_E_VALUE },
        { EVIDENCE_AT_NONCE, { (const uint8_t *)"\x50................", 17 }, MITOME_OK },
        { EVIDENCE_AT_DROPPED, { (const uint8_t *)"\xF5", 1 }, MITOME_E_CBOR_TYPE },
        { EVIDENCE_AT_DROPPED, { (const uint8_t *)"\x18\x01", 2 }, MITOME_E_CBOR_NOT_CANONICAL },
};

static void every_value_has_its_form(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
                struct plan plan = right_receipt;
                plan.changed = values[i].member;
                plan.value = values[i].value;
                mitome_code code = read_plan(&plan);
                if (code != values[i].code)
                        fail_msg("value %zu: E%d", i, code);
        }
}

/* ---- a person ---- */

/* Members by their bits, in `kinds` persons of these kinds. */
static slice persons_of(uint8_t *buffer, size_t room, unsigned members, unsigned first, unsigned second)
{
        writer w = writer_over(buffer, room);
        const unsigned kinds[] = { first, second };
        size_t count = 0;
        for (int i = 1; i <= 5; i++)
                count += members >> i & 1;
        cbor_write_array(&w, second ? 2 : 1);
        for (int person = 0; person < (second ? 2 : 1); person++) {
                cbor_write_map(&w, count);
                for (int i = 1; i <= 5; i++) {
                        if (!(members >> i & 1))
                                continue;
                        cbor_write_int(&w, i);
                        if (i == 1)
                                cbor_write_uint(&w, kinds[person]);
                        else
                                cbor_write_bytes(&w, slice_of(filler, i == 2 ? 1 : 32));
                }
        }
        assert_false(w.overflowed);
        return writer_view(&w);
}

/* "? 3: with 2 · ? 4: with 2, and for one that could not be read · 4 or 5 is there" */
static void a_persons_members_go_together(void **state)
{
        (void)state;
        uint8_t buffer[512];
        for (unsigned members = 0; members < 0x40; members += 2) {
                bool kind = members & 0x02, serial = members & 0x04, issuer = members & 0x08,
                     certificate = members & 0x10, key = members & 0x20;
                bool right = kind && (certificate || key) && serial == issuer && (!serial || certificate);
                struct plan plan = right_receipt;
                plan.changed = EVIDENCE_AT_PERSONS;
                plan.value = persons_of(buffer, sizeof buffer, members, 1, 0);
                mitome_code code = read_plan(&plan);
                if (right)
                        assert_int_equal(code, MITOME_OK);
                else
                        assert_true(code == MITOME_E_MISSING || code == MITOME_E_VALUE);
        }
        struct plan plan = right_receipt;
        plan.changed = EVIDENCE_AT_PERSONS;
        plan.value = persons_of(buffer, sizeof buffer, 0x3E, 1, 2);
        assert_int_equal(read_plan(&plan), MITOME_OK);
        plan.value = persons_of(buffer, sizeof buffer, 0x3E, 2, 1);
        assert_int_equal(read_plan(&plan), MITOME_E_VALUE);
        plan.value = persons_of(buffer, sizeof buffer, 0x3E, 2, 2);
        assert_int_equal(read_plan(&plan), MITOME_E_VALUE);
}

static void every_truncation_ends_too_early(void **state)
{
        (void)state;
        const struct plan *const plans[] = { &right_receipt, &right_statement };
        for (size_t i = 0; i < 2; i++) {
                slice cose = build(plans[i]);
                for (size_t size = 0; size < cose.size; size++) {
                        struct evidence found;
                        mitome_error error = { 0 };
                        assert_int_equal(evidence_read(slice_of(cose.data, size), &found, &error).code,
                                MITOME_E_INPUT_ENDS);
                        assert_true(error.at <= size);
                }
                /* and of the payload inside an envelope that is whole */
                struct plan plan = *plans[i];
                uint8_t payload[1024];
                writer w = WRITER(payload);
                write_payload(&w, &plan);
                for (size_t size = 1; size < w.used; size++) {
                        plan.payload = slice_of(payload, size);
                        assert_int_equal(read_plan(&plan), MITOME_E_INPUT_ENDS);
                }
                write_u8(&w, 0);
                plan.payload = writer_view(&w);
                assert_int_equal(read_plan(&plan), MITOME_E_TRAILING_BYTES);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_right_ones_are_read),
                cmocka_unit_test(the_header_is_one_of_two),
                cmocka_unit_test(a_sign1_has_four_parts),
                cmocka_unit_test(a_chain_is_one_or_two_to_four),
                cmocka_unit_test(every_member_is_needed),
                cmocka_unit_test(no_other_member_is_taken),
                cmocka_unit_test(every_value_has_its_form),
                cmocka_unit_test(a_persons_members_go_together),
                cmocka_unit_test(every_truncation_ends_too_early),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
