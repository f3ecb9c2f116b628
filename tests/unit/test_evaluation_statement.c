/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluation statements, held to EVALUATION-STATEMENT.md: the right ones are believed, and each way to be
 * wrong is refused. */
#include "cose.h"
#include "digest.h"
#include "evaluator_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { DAY = 86400 };

static const uint8_t model[] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc,
        0xdd, 0xee, 0xff };

/* An evaluator, whom the relying party believes, and what he signed. */
struct world {
        char *report;
        struct evaluator root, evaluator, stranger;
        struct mitome_trust *trust;
        uint8_t buffer[MITOME_EVALUATION_MAX];
        slice statement;
};

static struct mitome_trust *trust_in(const struct evaluator *anchor)
{
        struct mitome_trust *trust;
        assert_int_equal(mitome_trust_new(&trust, NULL).code, MITOME_OK);
        assert_int_equal(mitome_trust_add_anchor(trust, anchor->certificate_der, NULL).code, MITOME_OK);
        return trust;
}

static slice sign(const struct evaluation_order *order, uint8_t buffer[MITOME_EVALUATION_MAX])
{
        slice statement;
        mitome_error error = { 0 };
        assert_int_equal(evaluation_sign(order, buffer, &statement, &error).code, MITOME_OK);
        return statement;
}

static void open_world(struct world *world, const char *kind)
{
        world->report = evaluator_sample();
        evaluator_make(&(struct evaluator_plan){ .kind = "P-256", .is_ca = true }, &world->root);
        evaluator_make(&(struct evaluator_plan){ .kind = kind, .issuer = &world->root }, &world->evaluator);
        evaluator_make(&(struct evaluator_plan){ .kind = kind }, &world->stranger);
        world->trust = trust_in(&world->root);
        const struct evaluation_order order = evaluator_order(&world->evaluator, slice_text(world->report));
        world->statement = sign(&order, world->buffer);
}

static void close_world(struct world *world)
{
        evaluator_drop(&world->root);
        evaluator_drop(&world->evaluator);
        evaluator_drop(&world->stranger);
        mitome_trust_free(world->trust);
        free(world->report);
}

static mitome_code verify(const struct world *world, slice statement,
        const struct mitome_evaluation_expectation *expected, int64_t now, struct mitome_evaluation *ret)
{
        static const struct mitome_evaluation_expectation any = { .aaguid = { model, sizeof model },
                .accept_simulated = true };
        struct mitome_evaluation untouched;
        mitome_error error = { 0 };
        memset(ret, 0xA5, sizeof *ret);
        memset(&untouched, 0xA5, sizeof untouched);
        mitome_status status = mitome_verify_evaluation(
                NULL, statement, expected ? expected : &any, world->trust, now, ret, &error);
        assert_int_equal(status.code, error.code);
        if (status.code != MITOME_OK) {
                assert_memory_equal(ret, &untouched, sizeof untouched);
                assert_non_null(error.field);
        }
        return status.code;
}

static mitome_code verify_as(const struct world *world, const struct mitome_evaluation_expectation *expected)
{
        struct mitome_evaluation found;
        return verify(world, world->statement, expected, EVALUATOR_AT + DAY, &found);
}

static slice digest_of(const char *text, uint8_t ret[SHA256_SIZE])
{
        const slice whole = slice_text(text);
        sha256(&whole, 1, ret);
        return slice_of(ret, SHA256_SIZE);
}

static void what_was_signed_is_believed(void **state)
{
        static const char *const kinds[] = { "P-256", "ED25519" };
        (void)state;
        for (size_t k = 0; k < 2; k++) {
                struct world world;
                struct mitome_evaluation found;
                uint8_t digest[SHA256_SIZE];
                open_world(&world, kinds[k]);
                const struct mitome_evaluation_expectation expected = { .aaguid = SLICE(model),
                        .report = digest_of(world.report, digest),
                        .accept_simulated = true };
                assert_int_equal(verify(&world, world.statement, &expected, EVALUATOR_AT, &found), MITOME_OK);
                assert_true(slice_is(found.build, "mitome 0.1.0, element in software"));
                assert_true(slice_equal(found.aaguid, SLICE(model)));
                assert_true(slice_equal(found.evaluator, world.evaluator.certificate_der));
                assert_int_equal(found.at, EVALUATOR_AT);
                assert_int_equal(found.expires, EVALUATOR_AT + 90 * DAY);
                assert_true(found.simulated);
                assert_int_equal(found.policy_count, 3);
                uint8_t policy[SHA256_SIZE];
                const struct mitome_evaluation_policy *rev4 =
                        mitome_evaluation_find(&found, digest_of("policy4", policy));
                assert_non_null(rev4);
                assert_true(slice_is(rev4->id, "nist-800-63b-4") && slice_is(rev4->level, "AAL1"));
                const struct mitome_evaluation_policy *rev3 =
                        mitome_evaluation_find(&found, digest_of("policy3", policy));
                assert_non_null(rev3);
                assert_int_equal(rev3->level.size, 0); /* none was reached */
                assert_null(mitome_evaluation_find(&found, digest_of("policy 4", policy)));
                close_world(&world);
        }
}

static void same_report_same_payload(void **state)
{
        struct world world;
        uint8_t again[MITOME_EVALUATION_MAX];
        struct evaluation_statement first, second;
        (void)state;
        open_world(&world, "P-256");
        const struct evaluation_order order = evaluator_order(&world.evaluator, slice_text(world.report));
        const slice other = sign(&order, again);
        assert_int_equal(evaluation_statement_read(world.statement, &first, NULL).code, MITOME_OK);
        assert_int_equal(evaluation_statement_read(other, &second, NULL).code, MITOME_OK);
        assert_true(slice_equal(first.sign1.payload, second.sign1.payload));
        close_world(&world);
}

/* ---- refusals of the relying party ---- */

static void a_statement_counts_for_its_time(void **state)
{
        static const struct {
                int64_t now;
                mitome_code code;
        } table[] = {
                { EVALUATOR_AT - 1, MITOME_E_EVALUATION_STATEMENT }, /* from the future */
                { EVALUATOR_AT, MITOME_OK },
                { EVALUATOR_AT + 90 * (int64_t)DAY - 1, MITOME_OK },
                { EVALUATOR_AT + 90 * (int64_t)DAY, MITOME_E_EVALUATION_EXPIRED },
                { EVALUATOR_AT + 400 * (int64_t)DAY, MITOME_E_EVALUATION_EXPIRED },
        };
        struct world world;
        struct mitome_evaluation found;
        (void)state;
        open_world(&world, "P-256");
        for (size_t i = 0; i < sizeof table / sizeof *table; i++)
                assert_int_equal(verify(&world, world.statement, NULL, table[i].now, &found), table[i].code);
        close_world(&world);
}

/* Whoever asks for another model learns that, and not that this one's time is over. */
static void another_model_is_told_before_the_time(void **state)
{
        static const uint8_t other_model[sizeof model] = { 1 };
        const struct mitome_evaluation_expectation other = { .aaguid = SLICE(other_model),
                .accept_simulated = true };
        struct world world;
        struct mitome_evaluation found;
        (void)state;
        open_world(&world, "P-256");
        assert_int_equal(verify(&world, world.statement, &other, EVALUATOR_AT + 400 * (int64_t)DAY, &found),
                MITOME_E_EVALUATION_OTHER);
        close_world(&world);
}

static void another_model_report_or_policy_is_refused(void **state)
{
        static const uint8_t other_model[sizeof model] = { 1 };
        struct world world;
        uint8_t other_report[SHA256_SIZE], other_policy[SHA256_SIZE], policy[SHA256_SIZE];
        (void)state;
        const struct {
                struct mitome_evaluation_expectation expected;
                mitome_code code;
        } rows[] = {
                { { .accept_simulated = true, .aaguid = SLICE(other_model) }, MITOME_E_EVALUATION_OTHER },
                { { .accept_simulated = true, .report = digest_of("another report", other_report) },
                        MITOME_E_EVALUATION_OTHER },
                { { .accept_simulated = true, .policy_sha256 = digest_of("a later version", other_policy) },
                        MITOME_E_EVALUATION_OTHER },
                { { .accept_simulated = true, .policy_sha256 = digest_of("policy4", policy) }, MITOME_OK },
                { { .accept_simulated = true }, MITOME_OK },
                { { .aaguid = SLICE(model) }, MITOME_E_EVALUATION_OTHER }, /* it is simulated: nobody asked */
                { { 0 }, MITOME_E_EVALUATION_OTHER },
        };
        open_world(&world, "P-256");
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
                assert_int_equal(verify_as(&world, &rows[i].expected), rows[i].code);
        close_world(&world);
}

/* The sample, signed by another, for the same relying party. */
static mitome_code code_signed_by(struct world *world, const struct evaluator *signer)
{
        uint8_t buffer[MITOME_EVALUATION_MAX];
        struct mitome_evaluation found;
        const struct evaluation_order order = evaluator_order(signer, slice_text(world->report));
        return verify(world, sign(&order, buffer), NULL, EVALUATOR_AT, &found);
}

static void another_signer_is_refused(void **state)
{
        struct world world;
        struct mitome_evaluation found;
        struct evaluator expired;
        (void)state;
        open_world(&world, "P-256");
        assert_int_equal(code_signed_by(&world, &world.stranger), MITOME_E_EVALUATION_SIGNATURE);
        evaluator_make(&(struct evaluator_plan){ .kind = "P-256",
                               .issuer = &world.root,
                               .not_before = EVALUATOR_AT - 9 * DAY,
                               .not_after = EVALUATOR_AT - DAY },
                &expired);
        assert_int_equal(code_signed_by(&world, &expired), MITOME_E_CERTIFICATE_EXPIRED);
        evaluator_drop(&expired);

        /* The evaluator's certificate itself may be the anchor; nobody else's is then believed. */
        mitome_trust_free(world.trust);
        world.trust = trust_in(&world.stranger);
        assert_int_equal(code_signed_by(&world, &world.stranger), MITOME_OK);
        assert_int_equal(
                verify(&world, world.statement, NULL, EVALUATOR_AT, &found), MITOME_E_EVALUATION_SIGNATURE);

        /* The right certificate beside a stranger's signature. */
        uint8_t buffer[MITOME_EVALUATION_MAX];
        struct evaluation_statement read;
        writer w = WRITER(buffer);
        assert_int_equal(evaluation_statement_read(world.statement, &read, NULL).code, MITOME_OK);
        evaluation_statement_write(&w, read.algorithm, &world.stranger.certificate_der, 1, read.sign1.payload,
                read.sign1.signature);
        assert_int_equal(
                verify(&world, writer_view(&w), NULL, EVALUATOR_AT, &found), MITOME_E_EVALUATION_SIGNATURE);
        close_world(&world);
}

static void a_ca_signs_no_statement(void **state)
{
        struct world world;
        struct evaluation_statement read;
        struct mitome_evaluation found;
        uint8_t buffer[MITOME_EVALUATION_MAX];
        slice unused;
        writer w = WRITER(buffer);
        (void)state;
        open_world(&world, "P-256");
        const struct evaluation_order order = evaluator_order(&world.root, slice_text(world.report));
        assert_int_equal(evaluation_sign(&order, buffer, &unused, NULL).code, MITOME_E_LEAF_CONSTRAINTS);
        assert_int_equal(evaluation_statement_read(world.statement, &read, NULL).code, MITOME_OK);
        evaluation_statement_write(
                &w, read.algorithm, &world.root.certificate_der, 1, read.sign1.payload, read.sign1.signature);
        assert_int_equal(
                verify(&world, writer_view(&w), NULL, EVALUATOR_AT, &found), MITOME_E_LEAF_CONSTRAINTS);
        close_world(&world);
}

/* A certificate that says what it is for, and does not say documents, signs no statement: one of a server,
 * by a CA that certifies both, vouches for no evaluation. */
static void a_certificate_for_something_else_signs_no_statement(void **state)
{
        static const struct {
                const char *key_usage, *extended;
                mitome_code code;
        } table[] = {
                { NULL, NULL, MITOME_OK },
                { "critical,digitalSignature", NULL, MITOME_OK },
                { "digitalSignature,nonRepudiation", "1.3.6.1.5.5.7.3.36", MITOME_OK },
                { NULL, "serverAuth,anyExtendedKeyUsage", MITOME_OK },
                { "critical,keyAgreement", NULL, MITOME_E_LEAF_CONSTRAINTS },
                { "nonRepudiation", NULL, MITOME_E_LEAF_CONSTRAINTS },
                { "digitalSignature", "serverAuth,clientAuth", MITOME_E_LEAF_CONSTRAINTS },
                { NULL, "emailProtection", MITOME_E_LEAF_CONSTRAINTS },
        };
        struct world world;
        (void)state;
        open_world(&world, "P-256");
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
                struct evaluator evaluator;
                struct evaluation_statement read;
                struct mitome_evaluation found;
                uint8_t buffer[MITOME_EVALUATION_MAX];
                slice statement;
                writer w = WRITER(buffer);
                evaluator_make(&(struct evaluator_plan){ .kind = "P-256",
                                       .issuer = &world.root,
                                       .key_usage = table[i].key_usage,
                                       .extended_key_usage = table[i].extended },
                        &evaluator);
                const struct evaluation_order order = evaluator_order(&evaluator, slice_text(world.report));
                assert_int_equal(evaluation_sign(&order, buffer, &statement, NULL).code, table[i].code);
                if (table[i].code != MITOME_OK) { /* and where somebody's program signs all the same */
                        assert_int_equal(
                                evaluation_statement_read(world.statement, &read, NULL).code, MITOME_OK);
                        evaluation_statement_write(&w, read.algorithm, &evaluator.certificate_der, 1,
                                read.sign1.payload, read.sign1.signature);
                        statement = writer_view(&w);
                }
                assert_int_equal(verify(&world, statement, NULL, EVALUATOR_AT, &found), table[i].code);
                evaluator_drop(&evaluator);
        }
        close_world(&world);
}

static void a_revoked_evaluator_is_believed_no_more(void **state)
{
        struct world world;
        struct mitome_evaluation found;
        uint8_t der[EVALUATOR_LIST_MAX];
        (void)state;
        open_world(&world, "P-256");
        assert_int_equal(verify(&world, world.statement, NULL, EVALUATOR_AT, &found), MITOME_OK);
        const slice list = evaluator_list(&world.root, &world.evaluator, EVALUATOR_AT, der);
        assert_int_equal(mitome_trust_add_crl(world.trust, list, NULL).code, MITOME_OK);
        assert_int_equal(
                verify(&world, world.statement, NULL, EVALUATOR_AT, &found), MITOME_E_CERTIFICATE_REVOKED);
        close_world(&world);
}

static void no_changed_byte_is_believed(void **state)
{
        struct world world;
        struct mitome_evaluation found;
        (void)state;
        open_world(&world, "ED25519");
        /* Without the anchor in it: of that a changed copy would harm nobody, for it is not what is believed.
         */
        char *second = strstr(world.evaluator.certificate_pem + 1, "-----BEGIN");
        assert_non_null(second);
        *second = 0;
        const struct evaluation_order order = evaluator_order(&world.evaluator, slice_text(world.report));
        world.statement = sign(&order, world.buffer);
        for (size_t i = 0; i < world.statement.size; i++) {
                world.buffer[i] ^= 0x01;
                assert_int_not_equal(verify(&world, world.statement, NULL, EVALUATOR_AT, &found), MITOME_OK);
                world.buffer[i] ^= 0x01;
        }
        for (size_t size = 0; size < world.statement.size; size++)
                assert_int_not_equal(
                        verify(&world, slice_of(world.buffer, size), NULL, EVALUATOR_AT, &found), MITOME_OK);
        assert_int_equal(
                verify(&world, slice_of(world.buffer, world.statement.size + 1), NULL, EVALUATOR_AT, &found),
                MITOME_E_TRAILING_BYTES);
        assert_int_equal(verify(&world, world.statement, NULL, EVALUATOR_AT, &found), MITOME_OK);
        close_world(&world);
}

/* ---- the form ---- */

/* A payload by hand; each test changes one member. */
struct plan {
        int changed, left_out;
        slice value;      /* CBOR, of the member that is changed */
        slice behind;     /* CBOR behind the last member: one more pair */
        const char *type; /* of the content */
};

#define CBOR(bytes)                                         \
        {                                                   \
                (const uint8_t *)(bytes), sizeof(bytes) - 1 \
        }

static void write_member(writer *w, int member)
{
        static const uint8_t digest[32] = { 7 };
        switch (member) {
        case EVALUATION_AT_REPORT:
                cbor_write_bytes(w, SLICE(digest));
                return;
        case EVALUATION_AT_AAGUID:
                cbor_write_bytes(w, SLICE(model));
                return;
        case EVALUATION_AT_BUILD:
                cbor_write_string(w, "one");
                return;
        case EVALUATION_AT_POLICIES:
                cbor_write_array(w, 1);
                cbor_write_array(w, 3);
                cbor_write_string(w, "policy");
                cbor_write_bytes(w, SLICE(digest));
                cbor_write_string(w, "");
                return;
        case EVALUATION_AT_TIME:
                cbor_write_uint(w, 1000);
                return;
        case EVALUATION_AT_EXPIRES:
                cbor_write_uint(w, 2000);
                return;
        case EVALUATION_AT_SIMULATED:
                cbor_write_bool(w, false);
                return;
        case EVALUATION_AT_FACTS:
                cbor_write_map(w, 0);
                return;
        default:
                cbor_write_uint(w, 1);
        }
}

static mitome_code read_plan(const struct plan *plan, struct evaluation_statement *ret)
{
        uint8_t bytes[4096], payload[2048];
        static const uint8_t filler[300] = { 0x30 }, signature[64] = { 9 };
        static uint8_t kept[4096];
        writer p = WRITER(payload), w = WRITER(bytes);
        mitome_error error = { 0 };
        cbor_write_map(&p, (size_t)(9 - (plan->left_out != 0) + (plan->behind.size != 0)));
        for (int member = 1; member < EVALUATION_MEMBERS; member++) {
                if (member == plan->left_out)
                        continue;
                cbor_write_int(&p, member);
                if (member == plan->changed)
                        write_slice(&p, plan->value);
                else
                        write_member(&p, member);
        }
        write_slice(&p, plan->behind);
        const slice certificate = SLICE(filler);
        evaluation_statement_write(&w, COSE_ES256, &certificate, 1, writer_view(&p), SLICE(signature));
        assert_false(p.overflowed || w.overflowed);
        memcpy(kept, bytes, w.used);
        mitome_status status = evaluation_statement_read(slice_of(kept, w.used), ret, &error);
        assert_int_equal(status.code, error.code);
        if (status.code != MITOME_OK)
                assert_true(error.field && error.clause && error.at <= w.used);
        return status.code;
}

static void each_wrong_member_is_refused(void **state)
{
        static const struct {
                int member;
                slice value;
                mitome_code code;
        } table[] = {
                { EVALUATION_AT_VERSION, CBOR("\x02"), MITOME_E_EVALUATION_STATEMENT },
                { EVALUATION_AT_VERSION, CBOR("\x61\x31"), MITOME_E_CBOR_TYPE },
                { EVALUATION_AT_REPORT, CBOR("\x41\x31"), MITOME_E_VALUE },
                { EVALUATION_AT_AAGUID, CBOR("\x50\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
                        MITOME_E_EVALUATION_STATEMENT },
                { EVALUATION_AT_BUILD, CBOR("\x60"), MITOME_E_EVALUATION_STATEMENT },
                { EVALUATION_AT_BUILD, CBOR("\x61\xff"), MITOME_E_UTF8 },
                { EVALUATION_AT_POLICIES, CBOR("\x81\x80"), MITOME_E_EVALUATION_STATEMENT },
                { EVALUATION_AT_POLICIES, CBOR("\x81\x83\x60\x40\x60"), MITOME_E_EVALUATION_STATEMENT },
                { EVALUATION_AT_EXPIRES, CBOR("\x19\x03\xe8"), MITOME_E_EVALUATION_STATEMENT }, /* at once */
                { EVALUATION_AT_EXPIRES, CBOR("\x1a\x7f\xff\xff\xff"), MITOME_E_EVALUATION_STATEMENT },
                { EVALUATION_AT_TIME, CBOR("\x20"), MITOME_E_CBOR_TYPE },
                { EVALUATION_AT_SIMULATED, CBOR("\x01"), MITOME_E_CBOR_TYPE },
                { EVALUATION_AT_FACTS, CBOR("\x80"), MITOME_E_CBOR_TYPE },
                /* {1: ..}; "": ..; "login.user_verified": true: no evaluation says what a login was */
                { EVALUATION_AT_FACTS, CBOR("\xa1\x01\x82\x00\x01"), MITOME_E_EVALUATION_STATEMENT },
                { EVALUATION_AT_FACTS, CBOR("\xa1\x60\x82\x00\x01"), MITOME_E_EVALUATION_STATEMENT },
                { EVALUATION_AT_FACTS, CBOR("\xa1\x73login.user_verified\x82\x00\xf5"),
                        MITOME_E_EVALUATION_STATEMENT },
                { EVALUATION_AT_FACTS, CBOR("\xa1\x72verifier.binds_nam\x82\x00\xf5"),
                        MITOME_E_EVALUATION_STATEMENT },
                { EVALUATION_AT_FACTS, CBOR("\xa1\x6blife.linked\x82\x00\xf5"),
                        MITOME_E_EVALUATION_STATEMENT },
                { EVALUATION_AT_FACTS, CBOR("\xa1\x69pin.tries\x82\x04\x01"), MITOME_E_VALUE },
                { EVALUATION_AT_FACTS, CBOR("\xa1\x69pin.tries\x82\x00\xf5"), MITOME_E_CBOR_TYPE },
                { EVALUATION_AT_FACTS, CBOR("\xa1\x69pin.tries\x81\x00"), MITOME_E_EVALUATION_STATEMENT },
                { EVALUATION_AT_FACTS, CBOR("\xa1\x69pin.tries\x83\x00\x01\x01"), MITOME_E_TOO_MANY },
                { EVALUATION_AT_FACTS, CBOR("\xa2\x69pin.tries\x82\x00\x01\x69pin.tries\x82\x00\x02"),
                        MITOME_E_CBOR_DUPLICATE_KEY },
                { EVALUATION_AT_FACTS, CBOR("\xa1\x6buv.modality\x82\x00\x64toes"),
                        MITOME_E_EVALUATION_STATEMENT },
                { EVALUATION_AT_FACTS, CBOR("\xa1\x66uv.fmr\x82\x00\x82\x02\x01"),
                        MITOME_E_EVALUATION_STATEMENT },
                { EVALUATION_AT_FACTS, CBOR("\xa1\x66uv.fmr\x82\x00\x82\x00\x00"),
                        MITOME_E_EVALUATION_STATEMENT },
                { EVALUATION_AT_FACTS, CBOR("\xa1\x66uv.fmr\x82\x00\x81\x00"),
                        MITOME_E_EVALUATION_STATEMENT },
        };
        struct evaluation_statement read;
        (void)state;
        assert_int_equal(read_plan(&(struct plan){ 0 }, &read), MITOME_OK);
        for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
                const struct plan plan = { .changed = table[i].member, .value = table[i].value };
                mitome_code code = read_plan(&plan, &read);
                if (code != table[i].code)
                        print_message("row %zu\n", i);
                assert_int_equal(code, table[i].code);
        }
}

static void each_member_is_needed_and_no_other_taken(void **state)
{
        struct evaluation_statement read;
        (void)state;
        for (int member = 1; member < EVALUATION_MEMBERS; member++) {
                mitome_code code = read_plan(&(struct plan){ .left_out = member }, &read);
                assert_int_equal(code,
                        member == EVALUATION_MEMBERS - 1 ? MITOME_E_MISSING : MITOME_E_EVALUATION_STATEMENT);
        }
        assert_int_equal(read_plan(&(struct plan){ .behind = CBOR("\x0a\x00") }, &read), MITOME_E_TOO_MANY);
        assert_int_equal(read_plan(&(struct plan){ .left_out = 9, .behind = CBOR("\x0a\x00") }, &read),
                MITOME_E_EVALUATION_STATEMENT);
}

static void two_policies_rise(void **state)
{
        /* 81 x: one policy of the digest x in 32 bytes. */
        static const char one[] = "\x83\x61p\x58\x20", rest[] = "\x60";
        uint8_t value[512];
        struct evaluation_statement read;
        (void)state;
        for (unsigned first = 1; first <= 3; first++) {
                writer w = WRITER(value);
                write_u8(&w, 0x82);
                for (unsigned i = 0; i < 2; i++) {
                        write_slice(&w, slice_text(one));
                        for (unsigned byte = 0; byte < 32; byte++)
                                write_u8(&w, (uint8_t)(i ? 2 : first));
                        write_slice(&w, slice_text(rest));
                }
                const struct plan plan = { .changed = EVALUATION_AT_POLICIES, .value = writer_view(&w) };
                assert_int_equal(
                        read_plan(&plan, &read), first < 2 ? MITOME_OK : MITOME_E_EVALUATION_STATEMENT);
        }
}

/* ---- facts ---- */

static void facts_are_attested_and_override_nothing_that_was_seen(void **state)
{
        struct world world;
        struct mitome_evaluation found;
        struct level_facts facts = { 0 };
        (void)state;
        open_world(&world, "P-256");
        assert_int_equal(verify(&world, world.statement, NULL, EVALUATOR_AT, &found), MITOME_OK);
        facts.facts[LEVEL_MODEL_AVA_VAN] = (struct level_fact){ .obtained = LEVEL_DECLARED, .count = 3 };
        facts.facts[LEVEL_PIN_LENGTH_LEAST] = (struct level_fact){ .obtained = LEVEL_DECLARED, .count = 8 };
        facts.facts[LEVEL_OP_EVIDENCE_ONCE] = (struct level_fact){ .obtained = LEVEL_OBSERVED, .yes = false };
        evaluation_add_facts(&found, &facts);
        assert_int_equal(facts.facts[LEVEL_PIN_TRIES].obtained, LEVEL_ATTESTED);
        assert_int_equal(facts.facts[LEVEL_PIN_TRIES].count, 3);
        assert_int_equal(facts.facts[LEVEL_UV_FMR].rate.trials, 30135);
        assert_true(facts.facts[LEVEL_UV_TRIES_HOLD].partial);
        assert_int_equal(facts.facts[LEVEL_UV_TRIES].obtained, LEVEL_UNKNOWN); /* was unusable */
        /* What the evaluator had only declared stays what it was; what he saw replaces a declaration. */
        assert_int_equal(facts.facts[LEVEL_MODEL_AVA_VAN].count, 3);
        assert_int_equal(facts.facts[LEVEL_PIN_LENGTH_LEAST].count, 4);
        assert_int_equal(facts.facts[LEVEL_OP_EVIDENCE_ONCE].obtained, LEVEL_OBSERVED);
        assert_false(facts.facts[LEVEL_OP_EVIDENCE_ONCE].yes);
        close_world(&world);
}

static void a_fact_of_a_later_version_is_passed_over(void **state)
{
        struct evaluation_statement read;
        struct level_facts facts = { 0 };
        const struct plan plan = { .changed = EVALUATION_AT_FACTS,
                .value = CBOR("\xa2\x67uv.soul\x82\x00\x65plain\x69pin.tries\x82\x00\x07") };
        (void)state;
        assert_int_equal(read_plan(&plan, &read), MITOME_OK);
        evaluation_add_facts(&read.said, &facts);
        assert_int_equal(facts.facts[LEVEL_PIN_TRIES].count, 7);
}

static const char policy_json[] =
        "{\"id\": \"p\", \"title\": \"t\", \"levels\": [\"low\", \"high\"], \"requirements\": ["
        "{\"id\": \"UP\", \"level\": \"low\", \"source\": \"s\", \"section\": \"1\", \"scope\": [\"login\"],"
        " \"keyword\": \"SHALL\", \"text\": \"x\", \"predicate\": \"login.user_present\", \"responsible\": \"app\","
        " \"remedy\": \"y\", \"verified\": true},"
        "{\"id\": \"TRIES\", \"level\": \"high\", \"source\": \"s\", \"section\": \"2\", \"scope\": [\"device\"],"
        " \"keyword\": \"SHALL\", \"text\": \"x\", \"predicate\": \"pin.tries >= 1 and pin.tries <= 3\","
        " \"responsible\": \"element\", \"remedy\": \"y\", \"verified\": true}]}";

/* A login whose registration was attested, of the model that the sample is about. */
static struct mitome_level_evidence login_of_the_model(void)
{
        struct mitome_level_evidence login = { .user_present = true, .attestation_trusted = true };
        memcpy(login.aaguid, model, sizeof login.aaguid);
        return login;
}

static struct mitome_level_policy *policy_of(const char *json)
{
        struct mitome_level_policy *policy;
        assert_int_equal(mitome_level_policy_read(slice_text(json), &policy, NULL).code, MITOME_OK);
        return policy;
}

static void a_login_is_judged_with_what_was_evaluated(void **state)
{
        struct world world;
        struct mitome_evaluation found;
        struct mitome_level_policy *policy = policy_of(policy_json);
        struct mitome_level_judgement judged;
        struct mitome_level_evidence login = login_of_the_model();
        (void)state;
        open_world(&world, "P-256");
        assert_int_equal(verify(&world, world.statement, NULL, EVALUATOR_AT, &found), MITOME_OK);

        mitome_level_judge(policy, &login, &judged); /* alone: what it cannot see is named */
        assert_true(judged.reached && judged.level == 1);
        assert_int_equal(judged.untested_count, 1);
        assert_int_equal(judged.scopes, MITOME_LEVEL_SCOPE_LOGIN);
        mitome_level_judge_evaluated(policy, &login, &found, EVALUATOR_AT, &judged);
        assert_true(judged.reached && judged.level == 1);
        assert_int_equal(judged.untested_count, 0);
        assert_int_equal(judged.scopes, MITOME_LEVEL_SCOPE_LOGIN | MITOME_LEVEL_SCOPE_DEVICE);
        assert_int_equal(judged.reasons[1].outcome, MITOME_LEVEL_SATISFIED);
        assert_int_equal(
                mitome_level_demand_evaluated(policy, &login, &found, EVALUATOR_AT, "high", &judged, NULL)
                        .code,
                MITOME_OK);

        /* It cannot put in for the login. */
        login.user_present = false;
        mitome_level_judge_evaluated(policy, &login, &found, EVALUATOR_AT, &judged);
        assert_false(judged.reached);
        mitome_level_policy_free(policy);
        close_world(&world);
}

/* A statement that was believed once is believed for its time, of its model: whatever it is that makes it say
 * nothing, the login is not judged more kindly than with one that found a fault. */
static void a_statement_that_says_nothing_is_no_better_than_a_bad_one(void **state)
{
        enum { OVER = 90 * DAY };
        struct world world;
        struct mitome_evaluation found, other;
        struct mitome_level_policy *policy = policy_of(policy_json);
        struct mitome_level_evidence login = login_of_the_model(), claimed = login, nameless = login;
        static const uint8_t other_model[sizeof model] = { 1 };
        (void)state;
        open_world(&world, "P-256");
        assert_int_equal(verify(&world, world.statement, NULL, EVALUATOR_AT, &found), MITOME_OK);
        other = found;
        other.aaguid = SLICE(other_model);
        claimed.attestation_trusted = false;
        memset(nameless.aaguid, 0, sizeof nameless.aaguid);
        const struct {
                const struct mitome_level_evidence *login;
                const struct mitome_evaluation *evaluation;
                int64_t now;
                mitome_code code;
        } rows[] = {
                { &login, NULL, EVALUATOR_AT, MITOME_E_MISSING },
                { &login, &other, EVALUATOR_AT, MITOME_E_EVALUATION_OTHER },
                { &nameless, &found, EVALUATOR_AT, MITOME_E_EVALUATION_OTHER },
                { &claimed, &found, EVALUATOR_AT, MITOME_E_ATTESTATION_UNTRUSTED },
                { &claimed, NULL, EVALUATOR_AT, MITOME_E_ATTESTATION_UNTRUSTED },
                { &login, &found, EVALUATOR_AT + OVER, MITOME_E_EVALUATION_EXPIRED },
                { &login, &found, EVALUATOR_AT - 1, MITOME_E_EVALUATION_STATEMENT },
                { &login, &other, EVALUATOR_AT + OVER, MITOME_E_EVALUATION_OTHER },
        };
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
                for (int high = 0; high < 2; high++) {
                        struct mitome_level_judgement judged;
                        mitome_error error = { 0 };
                        mitome_level_judge_evaluated(
                                policy, rows[i].login, rows[i].evaluation, rows[i].now, &judged);
                        assert_true(judged.reached && judged.level == 0);
                        assert_int_equal(judged.reasons[1].outcome, MITOME_LEVEL_NOT_TESTABLE);
                        assert_int_equal(judged.blocker_count, 1);
                        memset(&judged, 0, sizeof judged);
                        assert_int_equal(
                                mitome_level_demand_evaluated(policy, rows[i].login, rows[i].evaluation,
                                        rows[i].now, high ? "high" : "low", &judged, &error)
                                        .code,
                                rows[i].code);
                        assert_non_null(error.field);
                        assert_true(judged.reached && judged.level == 0); /* in either case */
                }
        mitome_level_policy_free(policy);
        close_world(&world);
}

static void an_evaluation_that_found_a_fault_keeps_from_the_level(void **state)
{
        struct evaluation_statement read;
        struct mitome_level_policy *policy = policy_of(policy_json);
        struct mitome_level_judgement judged;
        struct mitome_level_evidence login = login_of_the_model();
        const struct plan plan = { .changed = EVALUATION_AT_FACTS,
                .value = CBOR("\xa1\x69pin.tries\x82\x00\x18\x64") };
        (void)state;
        assert_int_equal(read_plan(&plan, &read), MITOME_OK);
        memcpy(login.aaguid, read.said.aaguid.data, sizeof login.aaguid);
        mitome_level_judge_evaluated(policy, &login, &read.said, read.said.at, &judged);
        assert_true(judged.reached && judged.level == 0);
        assert_int_equal(judged.reasons[1].outcome, MITOME_LEVEL_NOT_SATISFIED);
        assert_int_equal(
                mitome_level_demand_evaluated(policy, &login, &read.said, read.said.at, "high", &judged, NULL)
                        .code,
                MITOME_E_LEVEL_NOT_REACHED);
        mitome_level_policy_free(policy);
}

/* Of two that say so, or where one saw a part, the worse counts. */
static void the_worse_of_two_declarations_counts(void **state)
{
        /* pin.tries: [flags, 3]; flags 0 seen, 1 in part, 2 declared, 3 both */
        static const struct {
                uint8_t flags, said;
                uint64_t declared, counts;
                enum level_obtained obtained;
        } table[] = {
                { 0, 3, 8, 3, LEVEL_ATTESTED },
                { 0, 8, 3, 8, LEVEL_ATTESTED },
                { 1, 3, 8, 8, LEVEL_DECLARED }, /* better, but only in part */
                { 1, 8, 3, 8, LEVEL_ATTESTED },
                { 1, 3, 3, 3, LEVEL_ATTESTED },
                { 2, 3, 8, 8, LEVEL_DECLARED },
                { 2, 8, 3, 8, LEVEL_DECLARED },
                { 2, 8, 0, 0, LEVEL_DECLARED }, /* without end: the worst */
                { 3, 0, 8, 0, LEVEL_DECLARED },
        };
        (void)state;
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
                uint8_t value[] = { 0xa1, 0x69, 'p', 'i', 'n', '.', 't', 'r', 'i', 'e', 's', 0x82,
                        table[i].flags, table[i].said };
                const struct plan plan = { .changed = EVALUATION_AT_FACTS, .value = SLICE(value) };
                struct evaluation_statement read;
                struct level_facts facts = { 0 };
                assert_int_equal(read_plan(&plan, &read), MITOME_OK);
                facts.facts[LEVEL_PIN_TRIES] =
                        (struct level_fact){ .obtained = LEVEL_DECLARED, .count = table[i].declared };
                evaluation_add_facts(&read.said, &facts);
                assert_int_equal(facts.facts[LEVEL_PIN_TRIES].count, table[i].counts);
                assert_int_equal(facts.facts[LEVEL_PIN_TRIES].obtained, table[i].obtained);
        }
}

/* An element in software proves nothing of hardware, whatever somebody signs; against it it may speak. */
static void a_simulation_never_speaks_for_hardware(void **state)
{
        static const struct {
                slice value;
                enum level_fact_id fact;
                bool simulated, taken;
        } table[] = {
                { CBOR("\xa1\x74model.key_protection\x82\x00\x6esecure_element"), LEVEL_MODEL_KEY_PROTECTION,
                        true, false },
                { CBOR("\xa1\x74model.key_protection\x82\x00\x6esecure_element"), LEVEL_MODEL_KEY_PROTECTION,
                        false, true },
                { CBOR("\xa1\x74model.key_protection\x82\x00\x68software"), LEVEL_MODEL_KEY_PROTECTION, true,
                        true },
                { CBOR("\xa1\x6fpin.in_hardware\x82\x00\xf5"), LEVEL_PIN_IN_HARDWARE, true, false },
                { CBOR("\xa1\x6fpin.in_hardware\x82\x00\xf4"), LEVEL_PIN_IN_HARDWARE, true, true },
                { CBOR("\xa1\x6dmodel.ava_van\x82\x00\x05"), LEVEL_MODEL_AVA_VAN, true, false },
                { CBOR("\xa1\x70model.fido_level\x82\x00\x06"), LEVEL_MODEL_FIDO_LEVEL, true, false },
                { CBOR("\xa1\x70model.fido_level\x82\x00\x00"), LEVEL_MODEL_FIDO_LEVEL, true, true },
                { CBOR("\xa1\x74model.fido_biometric\x82\x00\x01"), LEVEL_MODEL_FIDO_BIOMETRIC, true, false },
                { CBOR("\xa1\x72model.sensor_known\x82\x00\xf5"), LEVEL_MODEL_SENSOR_KNOWN, true, false },
                { CBOR("\xa1\x72model.sensor_known\x82\x00\xf5"), LEVEL_MODEL_SENSOR_KNOWN, false, true },
                { CBOR("\xa1\x69pin.tries\x82\x00\x03"), LEVEL_PIN_TRIES, true, true },
        };
        (void)state;
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
                const struct plan plan = { .changed = EVALUATION_AT_FACTS, .value = table[i].value };
                struct evaluation_statement read;
                struct level_facts facts = { 0 }, stands;
                assert_int_equal(read_plan(&plan, &read), MITOME_OK);
                read.said.simulated = table[i].simulated;
                evaluation_add_facts(&read.said, &facts);
                assert_int_equal(facts.facts[table[i].fact].obtained != LEVEL_UNKNOWN, table[i].taken);
                evaluation_facts(&read.said, &stands); /* what it says is told all the same */
                assert_int_equal(stands.facts[table[i].fact].obtained, LEVEL_ATTESTED);
        }
}

/* ---- signing ---- */

static mitome_code code_of(const struct evaluation_order *order)
{
        uint8_t buffer[MITOME_EVALUATION_MAX];
        slice statement;
        mitome_error error = { 0 };
        mitome_status status = evaluation_sign(order, buffer, &statement, &error);
        assert_int_equal(status.code, error.code);
        return status.code;
}

static void what_cannot_be_signed_is_refused(void **state)
{
        struct world world;
        struct evaluator rsa, wide;
        (void)state;
        open_world(&world, "P-256");
        evaluator_make(&(struct evaluator_plan){ .kind = "RSA" }, &rsa);
        evaluator_make(&(struct evaluator_plan){ .kind = "P-384" }, &wide);
        const struct evaluation_order right = evaluator_order(&world.evaluator, slice_text(world.report));
        const slice nothing = slice_text("nothing");
        struct evaluation_order order;
        assert_int_equal(code_of(&right), MITOME_OK);
        order = evaluator_order(&rsa, right.report);
        assert_int_equal(code_of(&order), MITOME_E_KEY_TYPE);
        order = evaluator_order(&wide, right.report);
        assert_int_equal(code_of(&order), MITOME_E_KEY_TYPE);
        order = right;
        order.key = slice_text(world.stranger.key_pem);
        assert_int_equal(code_of(&order), MITOME_E_KEY_MISMATCH);
        order = right;
        order.key = nothing;
        assert_int_equal(code_of(&order), MITOME_E_VALUE);
        order = right;
        order.certificates = nothing;
        assert_int_equal(code_of(&order), MITOME_E_MISSING);
        order = right;
        order.valid_days = 0;
        assert_int_equal(code_of(&order), MITOME_E_VALUE);
        order = right;
        order.valid_days = 1097;
        assert_int_equal(code_of(&order), MITOME_E_VALUE);
        order = right;
        order.valid_days = 1096;
        assert_int_equal(code_of(&order), MITOME_OK);
        order = right;
        order.build = "";
        assert_int_equal(code_of(&order), MITOME_E_VALUE);
        order = right;
        order.report = nothing;
        assert_int_equal(code_of(&order), MITOME_E_EVALUATE_REPORT);
        evaluator_drop(&rsa);
        evaluator_drop(&wide);
        close_world(&world);
}

static void an_aaguid_is_read_as_people_write_it(void **state)
{
        static const struct {
                const char *text;
                bool good;
        } table[] = {
                { "00112233445566778899aabbccddeeff", true },
                { "00112233-4455-6677-8899-AABBCCDDEEFF", true },
                { "00112233-44556677-8899-aabbccddeeff-", false },
                { "0011223-34455-6677-8899-aabbccddeeff", false },
                { "00112233-4455-6677-8899-aabbccddeefg", false },
                { "00112233445566778899aabbccddeef-", false },
                { "00112233445566778899aabbccddeef ", false },
                { "00112233445566778899aabbccddee", false },
                { "", false },
        };
        (void)state;
        for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
                uint8_t aaguid[EVALUATION_AAGUID_SIZE];
                assert_int_equal(evaluation_aaguid(table[i].text, aaguid), table[i].good);
                if (table[i].good)
                        assert_memory_equal(aaguid, model, sizeof aaguid);
        }
}

static void a_report_that_is_not_one_is_not_signed(void **state)
{
        /* What stands in the sample, and what instead. */
        static const struct {
                const char *was, *is;
                mitome_code code;
        } table[] = {
                { "\"mitome_report\": 1,", "\"mitome_report\": 2,", MITOME_E_EVALUATE_REPORT },
                { "\"00112233445566778899aabbccddeeff\"", "null                              ",
                        MITOME_E_EVALUATE_REPORT },
                { "00112233445566778899aabbccddeeff", "00000000000000000000000000000000",
                        MITOME_E_EVALUATION_STATEMENT },
                { "2026-11-22T10:00:00Z", "2026-13-22T10:00:00Z", MITOME_E_EVALUATE_REPORT },
                { "\"pin.tries\"", "\"pin.tires\"", MITOME_E_EVALUATE_REPORT },
                { "\"pin.tries\"", "\"uv.tries\" ", MITOME_E_EVALUATE_REPORT }, /* which is there already */
                { "\"measured\",\n      \"partial\"", "\"imagined\",\n      \"partial\"",
                        MITOME_E_EVALUATE_REPORT },
        };
        struct world world;
        (void)state;
        open_world(&world, "P-256");
        for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
                char *changed = strdup(world.report);
                assert_non_null(changed);
                char *at = strstr(changed, table[i].was);
                assert_non_null(at);
                assert_int_equal(strlen(table[i].was), strlen(table[i].is));
                memcpy(at, table[i].is, strlen(table[i].is));
                const struct evaluation_order order = evaluator_order(&world.evaluator, slice_text(changed));
                assert_int_equal(code_of(&order), table[i].code);
                free(changed);
        }
        close_world(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_was_signed_is_believed),
                cmocka_unit_test(same_report_same_payload),
                cmocka_unit_test(a_statement_counts_for_its_time),
                cmocka_unit_test(another_model_is_told_before_the_time),
                cmocka_unit_test(another_model_report_or_policy_is_refused),
                cmocka_unit_test(another_signer_is_refused),
                cmocka_unit_test(a_ca_signs_no_statement),
                cmocka_unit_test(a_certificate_for_something_else_signs_no_statement),
                cmocka_unit_test(a_revoked_evaluator_is_believed_no_more),
                cmocka_unit_test(no_changed_byte_is_believed),
                cmocka_unit_test(each_wrong_member_is_refused),
                cmocka_unit_test(each_member_is_needed_and_no_other_taken),
                cmocka_unit_test(two_policies_rise),
                cmocka_unit_test(facts_are_attested_and_override_nothing_that_was_seen),
                cmocka_unit_test(a_fact_of_a_later_version_is_passed_over),
                cmocka_unit_test(a_login_is_judged_with_what_was_evaluated),
                cmocka_unit_test(a_statement_that_says_nothing_is_no_better_than_a_bad_one),
                cmocka_unit_test(an_evaluation_that_found_a_fault_keeps_from_the_level),
                cmocka_unit_test(the_worse_of_two_declarations_counts),
                cmocka_unit_test(a_simulation_never_speaks_for_hardware),
                cmocka_unit_test(what_cannot_be_signed_is_refused),
                cmocka_unit_test(an_aaguid_is_read_as_people_write_it),
                cmocka_unit_test(a_report_that_is_not_one_is_not_signed),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
