/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy asks of an authenticator, against those who claim to be what they are not. */
#include "authdata.h"
#include "format_rig.h"
#include "metadata_rig.h"
#include "record_leaf.h"

#include <mitome/metadata.h>
#include <mitome/record.h>

#include <openssl/core_names.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The rig's CA is a root of the first three models and of the key; the fourth has a root of its own. */
static const uint8_t low_model[16] = "policy model L1.", high_model[16] = "policy model L3.",
                     broken_model[16] = "policy model bad", foreign_model[16] = "policy model far",
                     unknown_model[16] = "policy model ???", no_model[16];

static struct format_rig formats;
static struct rig other; /* another CA */
static struct rig_response built;
static uint8_t buffer[MITOME_RP_BUFFER_MAX];
static uint8_t key_id[20]; /* of the attestation key */
static struct mitome_metadata *plain, *keyed, *key_broken;

/* ---- metadata ---- */

static void write_hex(char *to, slice bytes, const char *dashes)
{
        for (size_t i = 0; i < bytes.size; i++)
                to += sprintf(to, "%02x%s", bytes.data[i], i < 16 && dashes && dashes[i] == '-' ? "-" : "");
}

/* The key of the attestation certificate has an entry with `key_status`, if any. */
static struct mitome_metadata *read_metadata(const char *key_status)
{
        static const struct rig_extension_plan none = { 0 };
        static const struct {
                const uint8_t *model;
                const char *status;
                bool foreign;
        } models[] = { { low_model, "FIDO_CERTIFIED_L1" }, { high_model, "FIDO_CERTIFIED_L3" },
                { broken_model, "USER_KEY_REMOTE_COMPROMISE" },
                { foreign_model, "FIDO_CERTIFIED_L3", true } };
        static char payload[16384];
        char *own = rig_base64(slice_of(formats.rig.ca_der, formats.rig.ca_der_size));
        char *foreign = rig_base64(slice_of(other.ca_der, other.ca_der_size));
        size_t used = (size_t)sprintf(payload, "{\"no\":1,\"nextUpdate\":\"2030-02-15\",\"entries\":[");
        for (size_t i = 0; i < COUNT(models); i++) {
                char aaguid[40];
                write_hex(aaguid, slice_of(models[i].model, 16), "   - - - -      ");
                used += (size_t)sprintf(payload + used,
                        "%s{\"aaguid\":\"%s\",\"metadataStatement\":{\"description\":\"a\","
                        "\"attestationRootCertificates\":[\"%s\"]},\"statusReports\":[{\"status\":\"%s\"}]}",
                        i ? "," : "", aaguid, models[i].foreign ? foreign : own, models[i].status);
        }
        if (key_status) {
                char id[41];
                write_hex(id, SLICE(key_id), NULL);
                used += (size_t)sprintf(payload + used,
                        ",{\"attestationCertificateKeyIdentifiers\":[\"%s\"],\"metadataStatement\":{"
                        "\"description\":\"key\",\"attestationRootCertificates\":[\"%s\"]},"
                        "\"statusReports\":[{\"status\":\"%s\"}]}",
                        id, own, key_status);
        }
        sprintf(payload + used, "]}");
        free(own);
        free(foreign);

        struct rig_der leaf;
        rig_certify(&formats.rig, formats.aik, &none, &leaf);
        const slice chain[] = { rig_der_view(&leaf) };
        const struct rig_blob_plan plan = { .alg = "ES256",
                .typ = "JWT",
                .chain = chain,
                .chain_size = 1,
                .key = formats.aik,
                .payload = payload };
        char *blob = rig_blob(&plan);
        struct mitome_trust *signers = NULL;
        struct mitome_metadata *metadata = NULL;
        mitome_error error = { 0 };
        assert_int_equal(mitome_trust_new(&signers, NULL).code, MITOME_OK);
        assert_int_equal(
                mitome_trust_add_anchor(signers, slice_of(formats.rig.ca_der, formats.rig.ca_der_size), NULL)
                        .code,
                MITOME_OK);
        mitome_status status =
                mitome_metadata_read(slice_text(blob), signers, RIG_NOW, 0, false, &metadata, &error);
        if (status.code != MITOME_OK)
                print_error("metadata: %d %s at %zu\n", status.code, error.field, error.at);
        assert_int_equal(status.code, MITOME_OK);
        mitome_trust_free(signers);
        free(blob);
        return metadata;
}

static int open_world(void **state)
{
        (void)state;
        static const struct rig_extension_plan none = { 0 };
        struct rig_der certificate;
        struct record_leaf leaf;
        format_rig_open(&formats);
        rig_open(&other);
        struct rig_plan plan = rig_registration_plan();
        format_rig_build(&formats, RIG_FORMAT_PACKED, &plan, &built); /* makes the attestation key */
        rig_certify(&formats.rig, formats.rig.attestation[RIG_ES256], &none, &certificate);
        record_leaf_read(rig_der_view(&certificate), &leaf);
        memcpy(key_id, leaf.key_id, sizeof key_id);
        plain = read_metadata(NULL);
        keyed = read_metadata("FIDO_CERTIFIED_L1");
        key_broken = read_metadata("ATTESTATION_KEY_COMPROMISE");
        return leaf.has_key_id ? 0 : -1;
}

static int close_world(void **state)
{
        (void)state;
        struct mitome_metadata *const all[] = { plain, keyed, key_broken };
        for (size_t i = 0; i < COUNT(all); i++)
                mitome_metadata_free(all[i]);
        rig_close(&other);
        format_rig_close(&formats);
        return 0;
}

/* ---- one registration ---- */

struct run {
        enum rig_format format;
        const uint8_t *model; /* what authData claims */
        const struct mitome_metadata *metadata;
        bool anchored; /* the rig's CA is an anchor of the snapshot */
        struct mitome_policy policy;
        struct mitome_verdict verdict;
        mitome_error error;
};

static mitome_code verify_built(struct run *run)
{
        struct mitome_trust *trust = NULL;
        const struct mitome_expectation expected = rig_expectation(&formats.rig);
        assert_int_equal(mitome_trust_new(&trust, NULL).code, MITOME_OK);
        if (run->anchored)
                assert_int_equal(mitome_trust_add_anchor(
                                         trust, slice_of(formats.rig.ca_der, formats.rig.ca_der_size), NULL)
                                         .code,
                        MITOME_OK);
        mitome_trust_set_metadata(trust, run->metadata);
        run->error = (mitome_error){ 0 };
        mitome_status status = mitome_verify_registration(NULL, &run->policy, &expected, rig_json(&built),
                trust, RIG_NOW, buffer, sizeof buffer, &run->verdict, &run->error);
        assert_int_equal(status.code, run->error.code);
        mitome_trust_free(trust);
        return status.code;
}

static mitome_code verify(struct run *run)
{
        struct rig_plan plan = rig_registration_plan();
        memcpy(plan.aaguid, run->model, 16);
        plan.leaf.aaguid_extension = RIG_ABSENT; /* it contradicts nothing */
        format_rig_build(&formats, run->format, &plan, &built);
        return verify_built(run);
}

/* ---- what is asked of a model ---- */

static const enum rig_format unvouched[] = { RIG_FORMAT_NONE, RIG_FORMAT_SELF, RIG_FORMAT_COMPOUND };
static const enum rig_format attested[] = { RIG_FORMAT_PACKED, RIG_FORMAT_TPM, RIG_FORMAT_APPLE,
        RIG_FORMAT_ANDROID };

static void ask_level(struct mitome_policy *policy)
{
        policy->minimum_certification = 3;
}

static void ask_metadata(struct mitome_policy *policy)
{
        policy->require_metadata = true;
}

static void (*const asking[])(struct mitome_policy *) = { ask_level, ask_metadata };

/* FIDO Metadata Service 3.2: the entry's roots are there "to verify the attestation". Whoever has no such
 * path may claim the AAGUID of any model. */
static void a_claim_is_no_certification(void **state)
{
        (void)state;
        for (size_t i = 0; i < COUNT(unvouched) * COUNT(asking); i++) {
                struct run run = { .format = unvouched[i / COUNT(asking)],
                        .model = high_model,
                        .metadata = plain,
                        .anchored = true };
                assert_int_equal(verify(&run), MITOME_OK); /* where nothing is asked */
                assert_int_equal(run.verdict.metadata->certification_level, 5);
                asking[i % COUNT(asking)](&run.policy);
                assert_int_equal(verify(&run), MITOME_E_ATTESTATION_UNTRUSTED);
                assert_string_equal(run.error.clause, "WebAuthn L3 7.1 #24");
        }
}

static void a_path_of_another_maker_is_none(void **state)
{
        (void)state;
        for (size_t i = 0; i < COUNT(attested) * COUNT(asking); i++) {
                struct run run = {
                        .format = attested[i / COUNT(asking)], .model = foreign_model, .metadata = plain
                };
                assert_int_equal(verify(&run), MITOME_OK);
                assert_int_equal(run.verdict.trust, MITOME_TRUST_UNVERIFIED);
                asking[i % COUNT(asking)](&run.policy);
                assert_int_equal(verify(&run), MITOME_E_ATTESTATION_UNTRUSTED);
                assert_string_equal(run.error.field, "attStmt.x5c");
                run.anchored = true; /* who says so has an anchor vouch for the model */
                assert_int_equal(verify(&run), MITOME_OK);
        }
}

static void the_models_own_roots_vouch(void **state)
{
        (void)state;
        for (size_t i = 0; i < COUNT(attested) * COUNT(asking); i++) {
                struct run run = {
                        .format = attested[i / COUNT(asking)], .model = high_model, .metadata = plain
                };
                asking[i % COUNT(asking)](&run.policy);
                assert_int_equal(verify(&run), MITOME_OK);
                assert_int_equal(run.verdict.trust, MITOME_TRUST_VERIFIED);
                run.policy.ignore_metadata_roots = true;
                assert_int_equal(verify(&run), MITOME_E_ATTESTATION_UNTRUSTED);
                run.policy.ignore_metadata_roots = false;
                run.model = low_model;
                assert_int_equal(verify(&run), i % COUNT(asking) ? MITOME_OK : MITOME_E_CERTIFICATION_LEVEL);
                run.model = unknown_model;
                assert_int_equal(verify(&run), MITOME_E_AUTHENTICATOR_UNKNOWN);
                run.model = no_model;
                assert_int_equal(verify(&run), MITOME_E_AUTHENTICATOR_UNKNOWN);
        }
}

/* An expired path is none, and is told as what it is where somebody asks for one. */
static void why_a_path_is_none_is_told(void **state)
{
        (void)state;
        struct rig_plan plan = rig_registration_plan();
        struct run run = { .metadata = plain };
        memcpy(plan.aaguid, high_model, 16);
        plan.leaf.aaguid_extension = RIG_ABSENT;
        plan.leaf.not_after = RIG_NOW - 1;
        format_rig_build(&formats, RIG_FORMAT_PACKED, &plan, &built);
        assert_int_equal(verify_built(&run), MITOME_OK);
        assert_int_equal(run.verdict.trust, MITOME_TRUST_UNVERIFIED);
        ask_level(&run.policy);
        assert_int_equal(verify_built(&run), MITOME_E_CERTIFICATE_EXPIRED);
}

/* What is known to be broken is refused whoever says that it is it. */
static void a_claim_to_be_broken_is_believed(void **state)
{
        (void)state;
        for (size_t i = 0; i < RIG_FORMATS; i++) {
                struct run run = { .format = (enum rig_format)i, .model = broken_model, .metadata = plain };
                assert_int_equal(verify(&run), MITOME_E_AUTHENTICATOR_COMPROMISED);
                assert_string_equal(run.error.field, "authData.aaguid");
                assert_true(run.verdict.metadata->compromised);
                run.policy.allow_compromised = true;
                assert_int_equal(verify(&run), MITOME_OK);
        }
}

/* ---- U2F, whose statement signs no AAGUID ---- */

/* WebAuthn L3 8.6: verificationData is "0x00 || rpIdHash || clientDataHash || credentialId || publicKeyU2F".
 */
static void the_aaguid_of_u2f_earns_nothing(void **state)
{
        (void)state;
        const slice high[] = { SLICE(high_model) }, zeros[] = { SLICE(no_model) };
        struct run run = { .format = RIG_FORMAT_U2F, .model = high_model, .metadata = keyed };
        assert_int_equal(verify(&run), MITOME_OK);
        assert_int_equal(run.verdict.trust, MITOME_TRUST_VERIFIED); /* by the key's entry */
        assert_int_equal(run.verdict.metadata->certification_level, 1);
        ask_level(&run.policy);
        assert_int_equal(verify(&run), MITOME_E_CERTIFICATION_LEVEL);
        run.policy.minimum_certification = 1;
        assert_int_equal(verify(&run), MITOME_OK);

        run.metadata = plain; /* which does not know the key */
        assert_int_equal(verify(&run), MITOME_E_AUTHENTICATOR_UNKNOWN);
        run.policy = (struct mitome_policy){ 0 };
        assert_int_equal(verify(&run), MITOME_OK);
        assert_null(run.verdict.metadata);
        assert_int_equal(run.verdict.trust, MITOME_TRUST_UNVERIFIED); /* no root of a model not signed for */

        run.policy.aaguids = high;
        run.policy.aaguid_count = 1;
        assert_int_equal(verify(&run), MITOME_E_AAGUID_NOT_ALLOWED);
        run.policy.aaguids = zeros;
        assert_int_equal(verify(&run), MITOME_OK);
        run.policy = (struct mitome_policy){ .denied_aaguids = high, .denied_aaguid_count = 1 };
        assert_int_equal(verify(&run), MITOME_E_AAGUID_NOT_ALLOWED);
}

static void an_aaguid_hides_no_broken_key(void **state)
{
        (void)state;
        static const enum rig_format by_that_key[] = { RIG_FORMAT_U2F, RIG_FORMAT_PACKED, RIG_FORMAT_COMPOUND,
                RIG_FORMAT_JPKI };
        static const uint8_t *const claims[] = { high_model, unknown_model, no_model };
        for (size_t i = 0; i < COUNT(by_that_key) * COUNT(claims); i++) {
                struct run run = { .format = by_that_key[i / COUNT(claims)],
                        .model = claims[i % COUNT(claims)],
                        .metadata = key_broken };
                assert_int_equal(verify(&run), MITOME_E_AUTHENTICATOR_COMPROMISED);
                assert_string_equal(run.error.field, "attStmt.x5c");
                run.metadata = keyed;
                assert_int_equal(verify(&run), MITOME_OK);
        }
}

/* ---- lists ---- */

static void lists_of_models(void **state)
{
        (void)state;
        const slice high[] = { SLICE(low_model), SLICE(high_model) };
        const slice cut[] = { SLICE(low_model), slice_of(high_model, 15) }, none[1] = { { 0 } };
        struct run run = { .format = RIG_FORMAT_SELF, .model = high_model };
        run.policy.aaguids = high;
        run.policy.aaguid_count = 2;
        assert_int_equal(verify(&run), MITOME_OK);
        run.policy.aaguid_count = 1;
        assert_int_equal(verify(&run), MITOME_E_AAGUID_NOT_ALLOWED);
        run.policy.aaguid_count = 0; /* a list, and nobody on it */
        assert_int_equal(verify(&run), MITOME_E_AAGUID_NOT_ALLOWED);
        run.policy = (struct mitome_policy){ .denied_aaguids = high, .denied_aaguid_count = 2 };
        assert_int_equal(verify(&run), MITOME_E_AAGUID_NOT_ALLOWED);
        run.policy.denied_aaguid_count = 1;
        assert_int_equal(verify(&run), MITOME_OK);
        /* what would deny nobody, or let in anybody, is a fault */
        const struct mitome_policy faults[] = {
                { .denied_aaguids = cut, .denied_aaguid_count = 2 },
                { .denied_aaguids = none, .denied_aaguid_count = 1 },
                { .denied_aaguid_count = 1 },
                { .aaguids = cut, .aaguid_count = 2 },
                { .aaguid_count = 2 },
                { .algorithm_count = 1 },
                { .format_count = 1 },
                { .top_origin_count = 1 },
                { .top_origins = none, .top_origin_count = 1 },
        };
        for (size_t i = 0; i < COUNT(faults); i++) {
                run.policy = faults[i];
                assert_int_equal(verify(&run), MITOME_E_ARGUMENT);
                assert_memory_equal(run.error.field, "policy.", 7);
        }
}

/* 8.9: "subStmt.fmt" is an identifier of a format like any other. */
static void lists_of_formats(void **state)
{
        (void)state;
        static const char *const compound[] = { "compound", "packed" }, *const jpki[] = { "mitome-jpki" };
        struct run run = { .format = RIG_FORMAT_COMPOUND, .model = high_model };
        run.policy.formats = compound;
        run.policy.format_count = 2;
        assert_int_equal(verify(&run), MITOME_OK);
        run.policy.format_count = 1;
        assert_int_equal(verify(&run), MITOME_E_FORMAT_NOT_ALLOWED);
        run.policy.formats = compound + 1;
        assert_int_equal(verify(&run), MITOME_E_FORMAT_NOT_ALLOWED);
        run.format = RIG_FORMAT_PACKED;
        assert_int_equal(verify(&run), MITOME_OK);
        run.format = RIG_FORMAT_JPKI; /* its device is part of it */
        run.policy.formats = jpki;
        assert_int_equal(verify(&run), MITOME_OK);
}

static mitome_code expect(const struct mitome_expectation *expected, mitome_error *error)
{
        static const struct mitome_policy policy = { .switches = MITOME_SWITCH_ORIGIN_SLASH };
        struct mitome_verdict verdict;
        *error = (mitome_error){ 0 };
        return mitome_verify_registration(NULL, &policy, expected, rig_json(&built), NULL, RIG_NOW, buffer,
                sizeof buffer, &verdict, error)
                .code;
}

/* An origin that was lost on the way must not make an origin of nothing, or of a slash, a right one. */
static void empty_origins_match_nothing(void **state)
{
        (void)state;
        static const char *const origins[] = { "", "/" };
        struct mitome_expectation expected = rig_expectation(&formats.rig);
        const slice empty[] = { expected.origins[0], { 0 } };
        mitome_error error;
        for (size_t i = 0; i < COUNT(origins); i++) {
                struct rig_plan plan = rig_registration_plan();
                plan.origin = origins[i];
                rig_build(&formats.rig, &plan, &built);
                expected = rig_expectation(&formats.rig);
                assert_int_equal(expect(&expected, &error), MITOME_E_ORIGIN_UNEXPECTED);
                expected.origins = empty;
                expected.origin_count = 2;
                assert_int_equal(expect(&expected, &error), MITOME_E_ARGUMENT);
                assert_string_equal(error.field, "expectation.origins");
        }
        expected = rig_expectation(&formats.rig);
        expected.allowed_credential_count = 1;
        assert_int_equal(expect(&expected, &error), MITOME_E_ARGUMENT);
        assert_string_equal(error.field, "expectation.allowed_credentials");
}

/* ---- enterprise attestation ---- */

/* A fido-u2f statement whose certificate tells the device, as anybody can make one. */
static void build_telling(slice *ret_statement, const struct rig_plan *plan)
{
        static const uint8_t serial[] = { 0x04, 0x04, 'S', 'N', '0', '1' };
        static const struct rig_extension_plan telling = { "1.3.6.1.4.1.45724.1.1.2",
                { serial, sizeof serial }, 1 };
        static uint8_t statement[4096];
        struct rig_der leaf;
        uint8_t old[2048];
        writer w = WRITER(statement);
        format_rig_build(&formats, RIG_FORMAT_U2F, plan, &built);
        const slice made = rig_statement(&built);
        struct cbor_reader r = cbor_over(made, NULL, NULL);
        struct cbor_members map;
        struct cbor_key key;
        bool more;
        slice signature;
        assert_int_equal(slice_copy(made, NULL, old, sizeof old, NULL).code, MITOME_OK);
        assert_int_equal(cbor_open_map(&r, NULL, 2, &map).code, MITOME_OK);
        assert_int_equal(cbor_next_key(&r, &map, &key, &more).code, MITOME_OK);
        assert_int_equal(cbor_read_bytes(&r, NULL, 128, &signature).code, MITOME_OK);
        rig_certify(&formats.rig, formats.rig.attestation[RIG_ES256], &telling, &leaf);
        cbor_write_map(&w, 2);
        cbor_write_string(&w, "sig");
        cbor_write_bytes(&w, signature);
        cbor_write_string(&w, "x5c");
        cbor_write_array(&w, 1);
        cbor_write_bytes(&w, rig_der_view(&leaf));
        *ret_statement = writer_view(&w);
}

static void seal_telling(bool compound)
{
        static uint8_t statement[8192];
        struct rig_plan plan = rig_registration_plan();
        slice telling;
        writer w = WRITER(statement);
        plan.leaf.aaguid_extension = RIG_ABSENT;
        build_telling(&telling, &plan);
        if (compound) {
                cbor_write_array(&w, 2);
                cbor_write_map(&w, 2);
                cbor_write_string(&w, "fmt");
                cbor_write_string(&w, "fido-u2f");
                cbor_write_string(&w, "attStmt");
                write_slice(&w, telling);
                cbor_write_map(&w, 2);
                cbor_write_string(&w, "fmt");
                cbor_write_string(&w, "packed");
                cbor_write_string(&w, "attStmt");
                format_rig_state(&formats, RIG_FORMAT_PACKED, &built, &w);
        } else {
                write_slice(&w, telling);
        }
        assert_false(w.overflowed);
        plan.format = compound ? "compound" : "fido-u2f";
        plan.statement = writer_view(&w);
        rig_seal(&formats.rig, &plan, &built);
}

/* 8.2.2: the serial is the maker's word, or it is nobody's. */
static void enterprise_attestation(void **state)
{
        (void)state;
        for (int compound = 0; compound < 2; compound++) {
                struct run run = { .policy.enterprise = MITOME_ENTERPRISE_REQUIRED };
                seal_telling(compound);
                assert_int_equal(verify_built(&run), MITOME_E_ATTESTATION_UNTRUSTED);
                run.anchored = true;
                assert_int_equal(verify_built(&run), MITOME_OK);
                assert_true(slice_is(run.verdict.device_serial, "SN01"));
                run.policy.enterprise = MITOME_ENTERPRISE_REFUSED;
                assert_int_equal(verify_built(&run), MITOME_E_ENTERPRISE_REFUSED);
                run.anchored = false; /* it tells all the same */
                assert_int_equal(verify_built(&run), MITOME_E_ENTERPRISE_REFUSED);
        }
        struct run run = { .format = RIG_FORMAT_PACKED,
                .model = high_model,
                .anchored = true,
                .policy.enterprise = MITOME_ENTERPRISE_REQUIRED };
        assert_int_equal(verify(&run), MITOME_E_ENTERPRISE_MISSING);
        run.policy.enterprise = MITOME_ENTERPRISE_REFUSED;
        assert_int_equal(verify(&run), MITOME_OK);
        run.format = RIG_FORMAT_JPKI;
        assert_int_equal(verify(&run), MITOME_E_ENTERPRISE_REFUSED);
        run.policy.enterprise = MITOME_ENTERPRISE_REQUIRED; /* no JPKI anchor knows the person */
        assert_int_equal(verify(&run), MITOME_E_ATTESTATION_UNTRUSTED);
}

/* WebAuthn L3 8.6: no flag is among what it signs. Twice the same within a compound statement is no more. */
static void the_flags_of_u2f_are_nobodys_word(void **state)
{
        (void)state;
        static const struct {
                enum rig_format parts[2];
                bool nobodys;
        } rows[] = {
                { { RIG_FORMAT_U2F, RIG_FORMAT_U2F }, true },
                { { RIG_FORMAT_U2F, RIG_FORMAT_PACKED }, false },
                { { RIG_FORMAT_PACKED, RIG_FORMAT_U2F }, false },
        };
        for (size_t i = 0; i < RIG_FORMATS; i++) {
                struct run run = { .format = (enum rig_format)i, .model = no_model };
                assert_int_equal(verify(&run), MITOME_OK);
                assert_int_equal(run.verdict.flags_unsigned, i == RIG_FORMAT_U2F);
        }
        for (size_t i = 0; i < COUNT(rows); i++) {
                static uint8_t statement[8192];
                struct rig_plan plan = rig_registration_plan();
                struct run run = { .anchored = true };
                writer w = WRITER(statement);
                plan.leaf.aaguid_extension = RIG_ABSENT;
                format_rig_build(&formats, RIG_FORMAT_U2F, &plan, &built);
                cbor_write_array(&w, 2);
                for (size_t part = 0; part < 2; part++) {
                        cbor_write_map(&w, 2);
                        cbor_write_string(&w, "fmt");
                        cbor_write_string(&w, format_rig_name(rows[i].parts[part]));
                        cbor_write_string(&w, "attStmt");
                        format_rig_state(&formats, rows[i].parts[part], &built, &w);
                }
                plan.format = "compound";
                plan.statement = writer_view(&w);
                rig_seal(&formats.rig, &plan, &built);
                assert_int_equal(verify_built(&run), MITOME_OK);
                assert_int_equal(run.verdict.trust, MITOME_TRUST_VERIFIED);
                assert_int_equal(run.verdict.flags_unsigned, rows[i].nobodys);
        }
}

/* ---- records that were kept ---- */

static void a_kept_hash_is_one(void **state)
{
        (void)state;
        struct run run = { .format = RIG_FORMAT_NONE, .model = high_model };
        const struct mitome_expectation expected = rig_expectation(&formats.rig);
        const struct mitome_record_facts facts = { .keep_attestation = true };
        static uint8_t space[MITOME_RP_BUFFER_MAX];
        struct mitome_record record;
        struct mitome_verdict again;
        mitome_error error = { 0 };
        assert_int_equal(verify(&run), MITOME_OK);
        assert_int_equal(
                mitome_record_from_registration(&run.verdict, &expected, &facts, RIG_NOW, &record, NULL).code,
                MITOME_OK);
        assert_int_equal(mitome_verify_record(
                                 NULL, &run.policy, &record, NULL, RIG_NOW, space, sizeof space, &again, NULL)
                                 .code,
                MITOME_OK);
        for (size_t size = 0; size < 32; size++) {
                error = (mitome_error){ 0 };
                record.client_data_hash.size = size;
                assert_int_equal(mitome_verify_record(NULL, &run.policy, &record, NULL, RIG_NOW, space,
                                         sizeof space, &again, &error)
                                         .code,
                        size ? MITOME_E_VALUE : MITOME_E_MISSING);
                assert_string_equal(error.field, "record.client_data_hash_b64url");
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_claim_is_no_certification),
                cmocka_unit_test(a_path_of_another_maker_is_none),
                cmocka_unit_test(the_models_own_roots_vouch),
                cmocka_unit_test(why_a_path_is_none_is_told),
                cmocka_unit_test(a_claim_to_be_broken_is_believed),
                cmocka_unit_test(the_aaguid_of_u2f_earns_nothing),
                cmocka_unit_test(an_aaguid_hides_no_broken_key),
                cmocka_unit_test(lists_of_models),
                cmocka_unit_test(lists_of_formats),
                cmocka_unit_test(empty_origins_match_nothing),
                cmocka_unit_test(enterprise_attestation),
                cmocka_unit_test(the_flags_of_u2f_are_nobodys_word),
                cmocka_unit_test(a_kept_hash_is_one),
        };
        return cmocka_run_group_tests(tests, open_world, close_world);
}
