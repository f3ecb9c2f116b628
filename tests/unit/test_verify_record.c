/* SPDX-License-Identifier: Apache-2.0 */
/* Attestations that records keep, verified again: by the same policy as before, by a later one, with other
 * anchors, lists and metadata, at another time. */
#include "authdata.h"
#include "format_rig.h"
#include "metadata_rig.h"

#include <mitome/metadata.h>
#include <mitome/record.h>

#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define STEP(number) "WebAuthn L3 7.1 #" number

static struct format_rig formats;
static struct rig other;
static struct mitome_context *context;

/* ---- a registration, and what is kept of it ---- */

struct kept {
        struct rig_response built;
        uint8_t buffer[MITOME_RP_BUFFER_MAX];
        struct mitome_verdict verdict;
        struct mitome_record record;
        uint8_t json[MITOME_RECORD_MAX], cbor[MITOME_RECORD_MAX], decoded[MITOME_RECORD_MAX];
        struct mitome_record from_json, from_cbor;
};

static void keep(enum rig_format format, const struct rig_plan *plan, struct kept *ret)
{
        static const struct mitome_policy policy = { 0 };
        static const struct mitome_record_facts facts = { .keep_attestation = true };
        const struct mitome_expectation expected = rig_expectation(&formats.rig);
        slice form;
        format_rig_build(&formats, format, plan, &ret->built);
        assert_int_equal(mitome_verify_registration(NULL, &policy, &expected, rig_json(&ret->built), NULL,
                                 RIG_NOW, ret->buffer, sizeof ret->buffer, &ret->verdict, NULL)
                                 .code,
                MITOME_OK);
        assert_int_equal(
                mitome_record_from_registration(&ret->verdict, &expected, &facts, RIG_NOW, &ret->record, NULL)
                        .code,
                MITOME_OK);
        assert_int_equal(
                mitome_record_write_json(&ret->record, ret->json, sizeof ret->json, &form, NULL).code,
                MITOME_OK);
        assert_int_equal(
                mitome_record_read_json(form, ret->decoded, sizeof ret->decoded, &ret->from_json, NULL).code,
                MITOME_OK);
        assert_int_equal(
                mitome_record_write_cbor(&ret->record, ret->cbor, sizeof ret->cbor, &form, NULL).code,
                MITOME_OK);
        assert_int_equal(mitome_record_read_cbor(form, &ret->from_cbor, NULL).code, MITOME_OK);
}

/* A plan whose leaf says nothing of a model, so that the AAGUID may be any. */
static struct rig_plan plan_of(void)
{
        struct rig_plan plan = rig_registration_plan();
        plan.leaf.aaguid_extension = RIG_ABSENT;
        return plan;
}

/* ---- one verification ---- */

struct run {
        struct mitome_policy policy;
        const struct mitome_trust *trust;
        int64_t now; /* 0: RIG_NOW */
        struct mitome_verdict verdict;
        mitome_error error;
};

static mitome_code again(struct run *run, const struct mitome_record *record)
{
        static uint8_t buffer[MITOME_RP_BUFFER_MAX];
        run->error = (mitome_error){ 0 };
        mitome_status status = mitome_verify_record(context, &run->policy, record, run->trust,
                run->now ? run->now : RIG_NOW, buffer, sizeof buffer, &run->verdict, &run->error);
        assert_int_equal(status.code, run->error.code);
        return status.code;
}

static void refused(struct run *run, const struct mitome_record *record, mitome_code code, const char *field,
        const char *clause)
{
        mitome_code found = again(run, record);
        if (found != code)
                print_error("%d %s (%s)\n", found, run->error.field, run->error.clause);
        assert_int_equal(found, code);
        assert_string_equal(run->error.field, field);
        if (clause)
                assert_string_equal(run->error.clause, clause);
        else
                assert_null(run->error.clause);
}

static struct mitome_trust *trust_in(const struct rig *rig)
{
        struct mitome_trust *trust = NULL;
        assert_int_equal(mitome_trust_new(&trust, NULL).code, MITOME_OK);
        if (rig)
                assert_int_equal(
                        mitome_trust_add_anchor(trust, slice_of(rig->ca_der, rig->ca_der_size), NULL).code,
                        MITOME_OK);
        return trust;
}

/* ---- the same as before ---- */

/* All that a verdict tells of the authenticator. */
static void assert_same(const struct mitome_verdict *a, const struct mitome_verdict *b)
{
        assert_int_equal(a->flags, b->flags);
        assert_int_equal(a->sign_count, b->sign_count);
        assert_int_equal(a->algorithm, b->algorithm);
        assert_int_equal(a->trust, b->trust);
        assert_ptr_equal(a->format, b->format);
        assert_ptr_equal(a->metadata, b->metadata);
        assert_true(slice_equal(a->aaguid, b->aaguid));
        assert_true(slice_equal(a->credential_id, b->credential_id));
        assert_true(slice_equal(a->public_key, b->public_key));
        assert_true(slice_equal(a->auth_data, b->auth_data));
        assert_true(slice_equal(a->attestation_object, b->attestation_object));
        assert_true(slice_equal(a->attestation_leaf, b->attestation_leaf));
        assert_true(slice_equal(a->device_serial, b->device_serial));
        assert_true(slice_equal(a->certificate.serial, b->certificate.serial));
        assert_int_equal(a->extensions.cred_protect, b->extensions.cred_protect);
        assert_memory_equal(a->client_data_hash, b->client_data_hash, 32);
}

/* Whatever the policy says, the forms in which a record was kept say the same. */
static void every_form_leads_to_one_verdict(void **state)
{
        (void)state;
        static struct kept kept;
        static const int64_t rs256[] = { COSE_RS256 };
        static const struct mitome_policy policies[] = {
                { 0 },
                { .require_attestation = true },
                { .require_trust = true },
                { .require_user_verification = true },
                { .enterprise = MITOME_ENTERPRISE_REFUSED },
                { .algorithms = rs256, .algorithm_count = 1 },
                { .require_metadata = true },
        };
        struct mitome_trust *trust = trust_in(&formats.rig);
        for (size_t i = 0; i < RIG_FORMATS; i++) {
                const struct rig_plan plan = plan_of();
                keep((enum rig_format)i, &plan, &kept);
                struct run first = { 0 };
                assert_int_equal(again(&first, &kept.record), MITOME_OK);
                assert_same(&first.verdict, &kept.verdict);
                for (size_t k = 0; k < COUNT(policies); k++) {
                        struct run runs[] = { { .policy = policies[k], .trust = trust },
                                { .policy = policies[k], .trust = trust },
                                { .policy = policies[k], .trust = trust } };
                        const mitome_code code = again(&runs[0], &kept.record);
                        assert_int_equal(again(&runs[1], &kept.from_json), code);
                        assert_int_equal(again(&runs[2], &kept.from_cbor), code);
                        for (size_t form = 1; form < 3; form++) {
                                assert_same(&runs[0].verdict, &runs[form].verdict);
                                assert_ptr_equal(runs[0].error.field, runs[form].error.field);
                                assert_ptr_equal(runs[0].error.clause, runs[form].error.clause);
                                assert_int_equal(runs[0].error.at, runs[form].error.at);
                        }
                }
        }
        mitome_trust_free(trust);
}

/* Presence is not asked for again: a conditional registration had none. */
static void presence_is_not_asked_for(void **state)
{
        (void)state;
        static struct kept kept;
        struct rig_plan plan = plan_of();
        struct run run = { 0 };
        keep(RIG_FORMAT_SELF, &plan, &kept);
        plan.flags &= (uint8_t)~AUTHDATA_UP;
        plan.attestation = RIG_SELF;
        rig_build(&formats.rig, &plan, &kept.built);
        kept.record.attestation_object = slice_of(kept.built.object, kept.built.object_size);
        assert_int_equal(again(&run, &kept.record), MITOME_OK);
        run.policy.require_user_verification = true; /* which was there */
        assert_int_equal(again(&run, &kept.record), MITOME_OK);
}

/* ---- later policies ---- */

static struct mitome_metadata *metadata_of(const uint8_t aaguid[16], const char *status)
{
        static const struct rig_extension_plan none = { 0 };
        static char payload[4096];
        char name[40], *end = name, *root = rig_base64(slice_of(formats.rig.ca_der, formats.rig.ca_der_size));
        for (size_t i = 0; i < 16; i++)
                end += sprintf(end, "%02x%s", aaguid[i], i == 3 || i == 5 || i == 7 || i == 9 ? "-" : "");
        snprintf(payload, sizeof payload,
                "{\"no\":1,\"nextUpdate\":\"2030-02-15\",\"entries\":[{\"aaguid\":\"%s\",\"metadataStatement\":{"
                "\"description\":\"a model\",\"attestationRootCertificates\":[\"%s\"]},\"statusReports\":[{"
                "\"status\":\"%s\"}]}]}",
                name, root, status);
        free(root);
        struct rig_der leaf;
        struct mitome_metadata *metadata = NULL;
        struct mitome_trust *signers = trust_in(&formats.rig);
        rig_certify(&formats.rig, formats.aik, &none, &leaf);
        const slice chain[] = { rig_der_view(&leaf) };
        const struct rig_blob_plan plan = { .alg = "ES256",
                .typ = "JWT",
                .chain = chain,
                .chain_size = 1,
                .key = formats.aik,
                .payload = payload };
        char *blob = rig_blob(&plan);
        assert_int_equal(
                mitome_metadata_read(slice_text(blob), signers, RIG_NOW, 0, false, &metadata, NULL).code,
                MITOME_OK);
        mitome_trust_free(signers);
        free(blob);
        return metadata;
}

/* A list of the rig's CA, valid for a day from `issued`. */
static void add_list(struct mitome_trust *trust, slice serial, int reason, int64_t issued)
{
        X509_CRL *crl = X509_CRL_new();
        ASN1_TIME *begin = ASN1_TIME_set(NULL, issued), *end = ASN1_TIME_set(NULL, issued + 86400);
        unsigned char *der = NULL;
        X509_CRL_set_version(crl, X509_CRL_VERSION_2);
        X509_CRL_set_issuer_name(crl, X509_get_subject_name(formats.rig.ca));
        X509_CRL_set1_lastUpdate(crl, begin);
        X509_CRL_set1_nextUpdate(crl, end);
        if (serial.size) {
                X509_REVOKED *entry = X509_REVOKED_new();
                BIGNUM *number = BN_bin2bn(serial.data, (int)serial.size, NULL);
                ASN1_INTEGER *integer = BN_to_ASN1_INTEGER(number, NULL);
                ASN1_ENUMERATED *why = ASN1_ENUMERATED_new();
                ASN1_ENUMERATED_set(why, reason);
                X509_REVOKED_set_serialNumber(entry, integer);
                X509_REVOKED_set_revocationDate(entry, begin);
                assert_int_equal(X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, why, 0, 0), 1);
                assert_int_equal(X509_CRL_add0_revoked(crl, entry), 1);
                ASN1_ENUMERATED_free(why);
                ASN1_INTEGER_free(integer);
                BN_free(number);
        }
        assert_true(X509_CRL_sign(crl, formats.rig.ca_key, EVP_sha256()) > 0);
        int size = i2d_X509_CRL(crl, &der);
        assert_true(size > 0);
        assert_int_equal(mitome_trust_add_crl(trust, slice_of(der, (size_t)size), NULL).code, MITOME_OK);
        OPENSSL_free(der);
        ASN1_TIME_free(begin);
        ASN1_TIME_free(end);
        X509_CRL_free(crl);
}

static void anchors_come_and_go(void **state)
{
        (void)state;
        static struct kept kept;
        const struct rig_plan plan = plan_of();
        struct mitome_trust *ours = trust_in(&formats.rig), *theirs = trust_in(&other);
        keep(RIG_FORMAT_PACKED, &plan, &kept);
        struct run run = { .trust = ours, .policy.require_trust = true };
        assert_int_equal(again(&run, &kept.record), MITOME_OK);
        assert_int_equal(run.verdict.trust, MITOME_TRUST_VERIFIED);
        run.trust = theirs;
        refused(&run, &kept.record, MITOME_E_ATTESTATION_UNTRUSTED, "attStmt.x5c", STEP("24"));
        run.trust = NULL;
        refused(&run, &kept.record, MITOME_E_ATTESTATION_UNTRUSTED, "attStmt.x5c", STEP("24"));
        run.policy.require_trust = false;
        assert_int_equal(again(&run, &kept.record), MITOME_OK);
        assert_int_equal(run.verdict.trust, MITOME_TRUST_UNVERIFIED);
        mitome_trust_free(ours);
        mitome_trust_free(theirs);
}

static void lists_name_the_leaf(void **state)
{
        (void)state;
        static struct kept kept;
        static const uint8_t nobody[] = { 0x7F, 0x01 };
        const struct rig_plan plan = plan_of();
        keep(RIG_FORMAT_PACKED, &plan, &kept);
        const slice serial = kept.record.attestation_serial;
        assert_true(serial.size > 0);
        const struct {
                slice serial;
                int reason;
                int64_t issued;
                mitome_code code;
        } lists[] = {
                { SLICE(nobody), CRL_REASON_KEY_COMPROMISE, RIG_NOW - 1, MITOME_OK },
                { { 0 }, 0, RIG_NOW - 1, MITOME_OK },
                { serial, CRL_REASON_KEY_COMPROMISE, RIG_NOW - 1, MITOME_E_CERTIFICATE_REVOKED },
                { serial, CRL_REASON_CERTIFICATE_HOLD, RIG_NOW - 1, MITOME_E_CERTIFICATE_ON_HOLD },
                { { 0 }, 0, RIG_NOW - 86401, MITOME_E_CRL_STALE },
                { { 0 }, 0, RIG_NOW + 1, MITOME_E_CRL_STALE },
        };
        for (size_t i = 0; i < 2 * COUNT(lists); i++) {
                struct mitome_trust *trust = trust_in(&formats.rig);
                /* what was revoked is refused whether trust is asked for or not */
                struct run run = { .trust = trust, .policy.require_trust = i % 2 };
                add_list(trust, lists[i / 2].serial, lists[i / 2].reason, lists[i / 2].issued);
                mitome_code code = again(&run, &kept.record);
                assert_int_equal(code, lists[i / 2].code);
                if (code != MITOME_OK) {
                        assert_non_null(run.error.field);
                        assert_non_null(run.error.clause);
                }
                assert_int_equal(again(&run, &kept.from_json), code);
                assert_int_equal(again(&run, &kept.from_cbor), code);
                mitome_trust_free(trust);
        }
        struct mitome_trust *trust = trust_in(&formats.rig);
        struct run run = { .trust = trust };
        assert_int_equal(again(&run, &kept.record), MITOME_OK);
        mitome_trust_require_revocation(trust); /* later the relying party wants an answer */
        assert_int_equal(again(&run, &kept.record), MITOME_E_CRL_MISSING);
        mitome_trust_free(trust);
}

static void metadata_moves_on(void **state)
{
        (void)state;
        static struct kept kept;
        static const char mds[] = "FIDO Metadata Service 3.1.4";
        const struct rig_plan plan = plan_of();
        keep(RIG_FORMAT_PACKED, &plan, &kept);
        struct mitome_metadata *fine = metadata_of(plan.aaguid, "FIDO_CERTIFIED_L1");
        struct mitome_metadata *broken = metadata_of(plan.aaguid, "REVOKED");
        struct mitome_trust *trust = trust_in(NULL);
        struct run run = { .trust = trust, .policy.minimum_certification = 1 };
        refused(&run, &kept.record, MITOME_E_AUTHENTICATOR_UNKNOWN, "authData.aaguid", mds);
        mitome_trust_set_metadata(trust, fine);
        assert_int_equal(again(&run, &kept.record), MITOME_OK);
        assert_int_equal(run.verdict.trust, MITOME_TRUST_VERIFIED);
        assert_non_null(run.verdict.metadata);
        run.policy.minimum_certification = 2;
        refused(&run, &kept.record, MITOME_E_CERTIFICATION_LEVEL, "authData.aaguid", mds);
        run.policy = (struct mitome_policy){ 0 };
        mitome_trust_set_metadata(trust, broken);
        refused(&run, &kept.record, MITOME_E_AUTHENTICATOR_COMPROMISED, "authData.aaguid", mds);
        refused(&run, &kept.from_json, MITOME_E_AUTHENTICATOR_COMPROMISED, "authData.aaguid", mds);
        refused(&run, &kept.from_cbor, MITOME_E_AUTHENTICATOR_COMPROMISED, "authData.aaguid", mds);
        run.policy.allow_compromised = true;
        assert_int_equal(again(&run, &kept.record), MITOME_OK);
        mitome_trust_free(trust);
        mitome_metadata_free(fine);
        mitome_metadata_free(broken);
}

static void policies_grow_stricter(void **state)
{
        (void)state;
        static struct kept kept;
        static const int64_t rs256[] = { COSE_RS256 };
        static const char *const tpm[] = { "tpm" };
        struct rig_plan plan = plan_of();
        const slice denied[] = { SLICE(plan.aaguid) };
        plan.flags &= (uint8_t)~AUTHDATA_UV;
        keep(RIG_FORMAT_PACKED, &plan, &kept);
        const struct {
                struct mitome_policy policy;
                mitome_code code;
                const char *field, *clause;
        } cases[] = {
                { { .require_user_verification = true }, MITOME_E_USER_NOT_VERIFIED, "authData.flags.UV",
                        STEP("16") },
                { { .algorithms = rs256, .algorithm_count = 1 }, MITOME_E_ALGORITHM_NOT_ALLOWED,
                        "authData.credentialPublicKey", STEP("20") },
                { { .formats = tpm, .format_count = 1 }, MITOME_E_FORMAT_NOT_ALLOWED, "fmt", STEP("24") },
                { { .denied_aaguids = denied, .denied_aaguid_count = 1 }, MITOME_E_AAGUID_NOT_ALLOWED,
                        "authData.aaguid", STEP("24") },
                { { .enterprise = MITOME_ENTERPRISE_REQUIRED }, MITOME_E_ENTERPRISE_MISSING, "attStmt",
                        "WebAuthn L3 8.2.2" },
                { { .require_trust = true }, MITOME_E_ATTESTATION_UNTRUSTED, "attStmt.x5c", STEP("24") },
        };
        for (size_t i = 0; i < COUNT(cases); i++) {
                struct run run = { .policy = cases[i].policy };
                refused(&run, &kept.record, cases[i].code, cases[i].field, cases[i].clause);
                refused(&run, &kept.from_json, cases[i].code, cases[i].field, cases[i].clause);
                refused(&run, &kept.from_cbor, cases[i].code, cases[i].field, cases[i].clause);
        }
        /* what was asked of extensions was asked then: 7.1 #28 is not taken again */
        struct run run = { .policy.require_discoverable = true, .policy.minimum_cred_protect = 3 };
        assert_int_equal(again(&run, &kept.record), MITOME_OK);
        keep(RIG_FORMAT_NONE, &plan, &kept);
        run = (struct run){ .policy.require_attestation = true };
        refused(&run, &kept.record, MITOME_E_ATTESTATION_MISSING, "fmt", STEP("24"));
}

static void time_passes(void **state)
{
        (void)state;
        static struct kept kept;
        const struct rig_plan plan = plan_of();
        struct mitome_trust *trust = trust_in(&formats.rig);
        keep(RIG_FORMAT_PACKED, &plan, &kept);
        struct run run = { .trust = trust, .now = plan.leaf.not_after - 1 };
        assert_int_equal(again(&run, &kept.record), MITOME_OK);
        assert_int_equal(run.verdict.trust, MITOME_TRUST_VERIFIED);
        run.now = plan.leaf.not_after;
        assert_int_equal(again(&run, &kept.record), MITOME_OK); /* proves nothing any more */
        assert_int_equal(run.verdict.trust, MITOME_TRUST_UNVERIFIED);
        run.policy.require_trust = true;
        assert_int_equal(again(&run, &kept.record), MITOME_E_CERTIFICATE_EXPIRED);
        assert_string_equal(run.error.clause, "RFC 5280 4.1.2.5");
        run.now = plan.leaf.not_before - 1;
        assert_int_equal(again(&run, &kept.record), MITOME_E_CERTIFICATE_NOT_YET_VALID);
        mitome_trust_free(trust);
}

/* ---- what was kept is not what was attested ---- */

static void a_changed_object_is_refused(void **state)
{
        (void)state;
        static struct kept kept;
        static const enum rig_format signing[] = { RIG_FORMAT_PACKED, RIG_FORMAT_TPM, RIG_FORMAT_ANDROID,
                RIG_FORMAT_APPLE, RIG_FORMAT_SELF };
        struct mitome_trust *trust = trust_in(&formats.rig);
        for (size_t i = 0; i < COUNT(signing); i++) {
                const struct rig_plan plan = plan_of();
                keep(signing[i], &plan, &kept);
                static uint8_t object[16384];
                const slice whole = kept.record.attestation_object;
                struct run run = { .trust = trust, .policy.require_trust = signing[i] != RIG_FORMAT_SELF };
                assert_int_equal(again(&run, &kept.record), MITOME_OK);
                assert_int_equal(slice_copy(whole, NULL, object, sizeof object, NULL).code, MITOME_OK);
                for (size_t at = i; at < whole.size; at += 16) {
                        kept.record.attestation_object = slice_of(object, whole.size);
                        object[at] ^= 0x10;
                        if (again(&run, &kept.record) == MITOME_OK)
                                fail_msg("%s: byte %zu of %zu", format_rig_name(signing[i]), at, whole.size);
                        assert_non_null(run.error.field);
                        object[at] ^= 0x10;
                        kept.record.attestation_object.size = at; /* and cut there */
                        mitome_code code = again(&run, &kept.record);
                        assert_int_equal(code, at ? MITOME_E_INPUT_ENDS : MITOME_E_MISSING);
                }
        }
        mitome_trust_free(trust);
}

static void a_changed_hash_is_refused(void **state)
{
        (void)state;
        static struct kept kept;
        for (size_t i = 0; i < RIG_FORMATS; i++) {
                const struct rig_plan plan = plan_of();
                uint8_t hash[32];
                struct run run = { 0 };
                keep((enum rig_format)i, &plan, &kept);
                memcpy(hash, kept.record.client_data_hash.data, 32);
                kept.record.client_data_hash = SLICE(hash);
                for (size_t at = 0; at < 32; at++) {
                        hash[at] ^= 1;
                        mitome_code code = again(&run, &kept.record);
                        if (i == RIG_FORMAT_NONE) /* nothing is signed */
                                assert_int_equal(code, MITOME_OK);
                        else
                                assert_int_not_equal(code, MITOME_OK);
                        hash[at] ^= 1;
                }
                assert_int_equal(again(&run, &kept.record), MITOME_OK);
        }
}

static void members_of_another_are_refused(void **state)
{
        (void)state;
        static struct kept kept;
        static const uint8_t id[] = { 1, 2, 3 }, aaguid[16] = "another model ..";
        const struct rig_plan plan = plan_of();
        struct rig_plan other_plan = rig_registration_plan();
        static struct rig_response foreign;
        struct run run = { 0 };
        other_plan.attestation = RIG_SELF;
        rig_build(&other, &other_plan, &foreign); /* of another key */
        for (size_t i = 0; i < RIG_FORMATS; i++) {
                keep((enum rig_format)i, &plan, &kept);
                struct mitome_record record = kept.record;
                record.public_key = slice_of(foreign.public_key, foreign.public_key_size);
                refused(&run, &record, MITOME_E_RECORD_CONTRADICTION, "record.public_key_b64url", NULL);
                record = kept.record;
                record.aaguid = SLICE(aaguid);
                refused(&run, &record, MITOME_E_RECORD_CONTRADICTION, "record.aaguid_b64url", NULL);
                record.aaguid.size = 0; /* not known */
                assert_int_equal(again(&run, &record), MITOME_OK);
                record.format = slice_text("fido");
                refused(&run, &record, MITOME_E_RECORD_CONTRADICTION, "record.format", NULL);
                record = kept.record;
                record.credential_id = SLICE(id);
                refused(&run, &record, MITOME_E_CREDENTIAL_ID_MISMATCH, "rawId", "WebAuthn L3 5.1");
                record = kept.record;
                record.rp_id = slice_text("example.com");
                refused(&run, &record, MITOME_E_RP_ID_HASH, "authData.rpIdHash", STEP("14"));
                record = kept.record;
                record.public_key.size--;
                refused(&run, &record, MITOME_E_RECORD_CONTRADICTION, "record.public_key_b64url", NULL);
        }
}

static void what_was_not_kept_is_missing(void **state)
{
        (void)state;
        static struct kept kept;
        const struct rig_plan plan = plan_of();
        struct run run = { 0 };
        keep(RIG_FORMAT_PACKED, &plan, &kept);
        struct mitome_record record = kept.record;
        record.attestation_object = (slice){ 0 };
        run.verdict.step_count = 3;
        refused(&run, &record, MITOME_E_MISSING, "record.attestation_object_b64url", NULL);
        assert_int_equal(run.verdict.step_count, 0);
        record = kept.record;
        record.client_data_hash = (slice){ 0 };
        refused(&run, &record, MITOME_E_MISSING, "record.client_data_hash_b64url", NULL);
        record.client_data_hash = slice_of(kept.record.client_data_hash.data, 31);
        refused(&run, &record, MITOME_E_VALUE, "record.client_data_hash_b64url", NULL);
        record = kept.record;
        record.rp_id = (slice){ 0 };
        refused(&run, &record, MITOME_E_ARGUMENT, "expectation.rp_id", NULL);
}

static int open_all(void **state)
{
        (void)state;
        format_rig_open(&formats);
        rig_open(&other);
        return failed(mitome_context_new(&context, NULL));
}

static int close_all(void **state)
{
        (void)state;
        mitome_context_free(context);
        rig_close(&other);
        format_rig_close(&formats);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_form_leads_to_one_verdict),
                cmocka_unit_test(presence_is_not_asked_for),
                cmocka_unit_test(anchors_come_and_go),
                cmocka_unit_test(lists_name_the_leaf),
                cmocka_unit_test(metadata_moves_on),
                cmocka_unit_test(policies_grow_stricter),
                cmocka_unit_test(time_passes),
                cmocka_unit_test(a_changed_object_is_refused),
                cmocka_unit_test(a_changed_hash_is_refused),
                cmocka_unit_test(members_of_another_are_refused),
                cmocka_unit_test(what_was_not_kept_is_missing),
        };
        return cmocka_run_group_tests(tests, open_all, close_all);
}
