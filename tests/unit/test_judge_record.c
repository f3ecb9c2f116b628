/* SPDX-License-Identifier: Apache-2.0 */
/* Judging credentials again: models by metadata, certificates by lists, from the record alone. */
#include "metadata_rig.h"
#include "trust.h"
#include "trust_rig.h"

#include <mitome/record.h>

#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const root_name[] = { "C", "JP", "O", "Maker", "CN", "Root", NULL };
static const char *const leaf_name[] = { "C", "JP", "O", "Maker", "CN", "leaf", NULL };
static const char *const jpki_name[] = { "C", "JP", "O", "JPKI-TEST", "CN", "CA", NULL };
static const char *const signer_name[] = { "C", "US", "O", "Metadata", "CN", "signer", NULL };
static const char signer_extensions[] = "[certificate]\nbasicConstraints = critical, CA:FALSE\n"
                                        "keyUsage = critical, digitalSignature\n";

static const uint8_t id[] = { 1, 2, 3, 4 }, key[] = { 0xA0 };
static const uint8_t good_model[16] = "good model 00001", bad_model[16] = "bad model 000001";
static const uint8_t low_model[16] = "low model 000001", lost_model[16] = "lost model 00001";
static const uint8_t bad_key[20] = "bad attestation key!", no_model[16] = { 0 };

#define STATEMENT                                                                                                \
        "\"userVerificationDetails\":[[{\"userVerificationMethod\":\"passcode_external\"}]],\"keyProtection\":[" \
        "\"hardware\"],\"attestationRootCertificates\":[]"
#define ENTRY(aaguid, reports)                                                   \
        "{\"aaguid\":\"" aaguid "\",\"metadataStatement\":{\"aaguid\":\"" aaguid \
        "\",\"description\":\"a model\"," STATEMENT "},\"statusReports\":[" reports "]}"
#define REPORT(status) "{\"status\":\"" status "\",\"effectiveDate\":\"2026-01-01\"}"
static const char payload[] = "{\"no\":7,\"nextUpdate\":\"2027-02-15\",\"entries\":["
        /* the models above, in hexadecimal digits */
        ENTRY("676f6f64-206d-6f64-656c-203030303031", REPORT("FIDO_CERTIFIED_L2")) "," ENTRY(
                "62616420-6d6f-6465-6c20-303030303031",
                REPORT("FIDO_CERTIFIED_L3") "," REPORT(
                        "USER_KEY_REMOTE_COMPROMISE")) "," ENTRY("6c6f7720-6d6f-6465-6c20-303030303031",
                REPORT("FIDO_CERTIFIED_L1")) ",{\"attestationCertificateKeyIdentifiers\":[\"626164206174746573746174696f6e206b657921\"],"
                                             "\"metadataStatement\":{\"description\":\"old\"," STATEMENT "},"
                                             "\"statusReports\":[" REPORT(
                                                     "ATTESTATION_KEY_COMPROMISE") "]}]}";

/* ---- the world ---- */

static struct rig_certificate root, other_root, leaf, jpki, person, signer;
static struct mitome_metadata *metadata;
static uint8_t root_issuer[512], jpki_issuer[512];
static slice root_der, jpki_der;

static slice name_of(const struct rig_certificate *certificate, uint8_t *buffer, size_t capacity)
{
        unsigned char *end = buffer;
        int size = i2d_X509_NAME(X509_get_subject_name(certificate->x509), NULL);
        assert_in_range(size, 1, capacity);
        assert_int_equal(i2d_X509_NAME(X509_get_subject_name(certificate->x509), &end), size);
        return slice_of(buffer, (size_t)size);
}

static slice serial_of(const struct rig_certificate *certificate)
{
        const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate->x509);
        return slice_of(ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial));
}

static int open_world(void **state)
{
        (void)state;
        rig_make(&root, &(struct rig_plan){ .subject = root_name, .extensions = rig_ca_extensions });
        rig_make(&other_root, &(struct rig_plan){ .subject = root_name, .extensions = rig_ca_extensions });
        rig_make(&jpki, &(struct rig_plan){ .subject = jpki_name, .extensions = rig_ca_extensions });
        rig_make(&leaf, &(struct rig_plan){
                                .subject = leaf_name, .issuer = &root, .extensions = rig_leaf_extensions });
        rig_make(&person, &(struct rig_plan){
                                  .subject = leaf_name, .issuer = &jpki, .extensions = rig_leaf_extensions });
        rig_make(&signer, &(struct rig_plan){
                                  .subject = signer_name, .issuer = &root, .extensions = signer_extensions });
        root_der = name_of(&root, root_issuer, sizeof root_issuer);
        jpki_der = name_of(&jpki, jpki_issuer, sizeof jpki_issuer);

        const slice chain[] = { rig_der(&signer) };
        const struct rig_blob_plan plan = { .alg = "ES256",
                .typ = "JWT",
                .chain = chain,
                .chain_size = 1,
                .key = signer.key,
                .payload = payload };
        char *blob = rig_blob(&plan);
        struct mitome_trust *trust = rig_trust(&root, NULL);
        mitome_error error = { 0 };
        mitome_status status =
                mitome_metadata_read(slice_text(blob), trust, rig_now, 0, false, &metadata, &error);
        if (status.code != MITOME_OK)
                print_error("metadata: %d %s at %zu\n", status.code, error.field, error.at);
        mitome_trust_free(trust);
        free(blob);
        return status.code == MITOME_OK ? 0 : -1;
}

static int close_world(void **state)
{
        (void)state;
        mitome_metadata_free(metadata);
        struct rig_certificate *const all[] = { &root, &other_root, &leaf, &jpki, &person, &signer };
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
                rig_free(all[i]);
        return 0;
}

static struct mitome_record record_of(const uint8_t *model)
{
        return (struct mitome_record){ .credential_id = SLICE(id),
                .public_key = SLICE(key),
                .rp_id = slice_text("example.org"),
                .aaguid = slice_of(model, model ? 16 : 0),
                .trust = MITOME_TRUST_VERIFIED,
                .created = rig_now };
}

static struct mitome_record bound(void)
{
        struct mitome_record record = record_of(good_model);
        record.certificate_serial = serial_of(&person);
        record.certificate_issuer = jpki_der;
        record.certificate_not_after = rig_now + 1;
        return record;
}

static struct mitome_record attested(void)
{
        struct mitome_record record = record_of(good_model);
        record.attestation_serial = serial_of(&leaf);
        record.attestation_issuer = root_der;
        return record;
}

static struct mitome_standing judge(const struct mitome_record *record, const struct mitome_trust *trust)
{
        struct mitome_standing standing;
        mitome_record_judge(record, NULL, trust, metadata, rig_now, &standing);
        return standing;
}

static void stands(const struct mitome_standing *standing, enum mitome_standing_kind kind, mitome_code code,
        const char *field)
{
        if (standing->kind != kind || standing->reason.code != code)
                print_error("kind %d, code %d, field %s\n", standing->kind, standing->reason.code,
                        standing->reason.field);
        assert_int_equal(standing->kind, kind);
        assert_int_equal(standing->reason.code, code);
        if (field)
                assert_string_equal(standing->reason.field, field);
        assert_true((code == MITOME_OK) == (standing->reason.clause == NULL));
        /* what is not good comes with what to do */
        assert_true((kind == MITOME_STANDING_GOOD) == (standing->what_to_do[0] == '\0'));
}

/* ---- models ---- */

/* FIDO Metadata Service 3.1.4: REVOKED and the compromises refuse by default; a level is asked for. */
static void models(void **state)
{
        (void)state;
        static const char by_aaguid[] = "record.aaguid_b64url", by_key[] = "record.attestation_key_id_b64url";
        const struct mitome_record_rules none = { 0 }, l2 = { .least_certification_level = 3 },
                                         known = { .require_model = true };
        static const struct {
                const uint8_t *model;
                bool has_key, was_known;
        } who[] = { { good_model }, { bad_model }, { low_model }, { lost_model },
                { lost_model, .was_known = true }, { NULL }, { NULL, .has_key = true },
                { no_model, .has_key = true } };
        const struct {
                size_t who;
                const struct mitome_record_rules *rules;
                enum mitome_standing_kind kind;
                mitome_code code;
                const char *field;
        } cases[] = {
                { 0, &none, MITOME_STANDING_GOOD, MITOME_OK, NULL },
                { 0, NULL, MITOME_STANDING_GOOD, MITOME_OK, NULL },
                { 0, &l2, MITOME_STANDING_GOOD, MITOME_OK, NULL },
                { 0, &known, MITOME_STANDING_GOOD, MITOME_OK, NULL },
                { 1, &none, MITOME_STANDING_REVOKED, MITOME_E_MODEL_COMPROMISED, by_aaguid },
                { 1, &l2, MITOME_STANDING_REVOKED, MITOME_E_MODEL_COMPROMISED, by_aaguid },
                { 2, &none, MITOME_STANDING_GOOD, MITOME_OK, NULL },
                { 2, &l2, MITOME_STANDING_ATTENTION, MITOME_E_MODEL_LEVEL, by_aaguid },
                { 3, &none, MITOME_STANDING_GOOD, MITOME_OK, NULL },
                { 3, &l2, MITOME_STANDING_ATTENTION, MITOME_E_MODEL_UNKNOWN, by_aaguid },
                { 3, &known, MITOME_STANDING_ATTENTION, MITOME_E_MODEL_UNKNOWN, by_aaguid },
                { 4, &none, MITOME_STANDING_ATTENTION, MITOME_E_MODEL_UNKNOWN, by_aaguid },
                { 5, &none, MITOME_STANDING_GOOD, MITOME_OK, NULL },
                { 5, &known, MITOME_STANDING_ATTENTION, MITOME_E_MODEL_UNKNOWN, by_key },
                { 6, &none, MITOME_STANDING_REVOKED, MITOME_E_MODEL_COMPROMISED, by_key },
                { 7, &none, MITOME_STANDING_REVOKED, MITOME_E_MODEL_COMPROMISED, NULL },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct mitome_record record = record_of(who[cases[i].who].model);
                struct mitome_standing standing;
                if (who[cases[i].who].has_key)
                        memcpy(record.attestation_key_id, bad_key, sizeof bad_key);
                if (who[cases[i].who].was_known)
                        record.model_status = slice_text("FIDO_CERTIFIED");
                mitome_record_judge(&record, cases[i].rules, NULL, metadata, rig_now, &standing);
                stands(&standing, cases[i].kind, cases[i].code, cases[i].field);
        }
}

/* What is asked of a model, an AAGUID alone does not answer: anybody may claim it. That a model is broken
 * counts whoever says so. */
static void claims_are_no_answers(void **state)
{
        (void)state;
        static const enum mitome_trust_result trusts[] = { MITOME_TRUST_NONE, MITOME_TRUST_SELF,
                MITOME_TRUST_UNVERIFIED };
        const struct mitome_record_rules none = { 0 }, l2 = { .least_certification_level = 3 },
                                         known = { .require_model = true };
        for (size_t i = 0; i < sizeof trusts / sizeof trusts[0]; i++) {
                struct mitome_record record = record_of(good_model);
                struct mitome_standing standing;
                record.trust = trusts[i];
                mitome_record_judge(&record, &none, NULL, metadata, rig_now, &standing);
                stands(&standing, MITOME_STANDING_GOOD, MITOME_OK, NULL);
                mitome_record_judge(&record, &l2, NULL, metadata, rig_now, &standing);
                stands(&standing, MITOME_STANDING_ATTENTION, MITOME_E_ATTESTATION_UNTRUSTED, "record.trust");
                mitome_record_judge(&record, &known, NULL, metadata, rig_now, &standing);
                stands(&standing, MITOME_STANDING_ATTENTION, MITOME_E_ATTESTATION_UNTRUSTED, "record.trust");
                record.aaguid = SLICE(bad_model);
                mitome_record_judge(&record, &none, NULL, metadata, rig_now, &standing);
                stands(&standing, MITOME_STANDING_REVOKED, MITOME_E_MODEL_COMPROMISED, NULL);
        }
}

/* WebAuthn L3 8.6: a fido-u2f statement signs no AAGUID. Its key tells the model; whatever the format, a key
 * that is known to be broken is. */
static void u2f_is_judged_by_its_key(void **state)
{
        (void)state;
        static const char *const formats[] = { "fido-u2f", "packed" };
        const struct mitome_record_rules known = { .require_model = true };
        for (size_t i = 0; i < 2; i++) {
                struct mitome_record record = record_of(good_model);
                struct mitome_standing standing;
                record.format = slice_text(formats[i]);
                mitome_record_judge(&record, &known, NULL, metadata, rig_now, &standing);
                stands(&standing, i ? MITOME_STANDING_GOOD : MITOME_STANDING_ATTENTION,
                        i ? MITOME_OK : MITOME_E_MODEL_UNKNOWN, NULL);
                memcpy(record.attestation_key_id, bad_key, sizeof bad_key);
                mitome_record_judge(&record, &known, NULL, metadata, rig_now, &standing);
                stands(&standing, MITOME_STANDING_REVOKED, MITOME_E_MODEL_COMPROMISED, NULL);
        }
}

static void metadata_of_the_snapshot_counts(void **state)
{
        (void)state;
        struct mitome_record record = record_of(bad_model);
        struct mitome_trust *trust = rig_trust(NULL, NULL);
        struct mitome_standing standing;
        mitome_record_judge(&record, NULL, trust, NULL, rig_now, &standing);
        stands(&standing, MITOME_STANDING_GOOD, MITOME_OK, NULL);
        assert_null(standing.model);
        mitome_trust_set_metadata(trust, metadata);
        mitome_record_judge(&record, NULL, trust, NULL, rig_now, &standing);
        stands(&standing, MITOME_STANDING_REVOKED, MITOME_E_MODEL_COMPROMISED, NULL);
        assert_ptr_equal(standing.model, mitome_metadata_find(metadata, SLICE(bad_model)));
        mitome_trust_free(trust);
}

/* ---- the person's certificate ---- */

enum list_kind {
        LIST_NONE,
        LIST_EMPTY,
        LIST_REVOKED,
        LIST_HOLD,
        LIST_STALE,
        LIST_OLD_REVOKED,
        LIST_FORGED,
        LIST_FORGED_EMPTY,
        LIST_DELTA
};

static void add_list(struct mitome_trust *trust, enum list_kind kind, const struct rig_certificate *issuer,
        const struct rig_certificate *listed)
{
        static struct authority_der crl;
        bool names =
                kind == LIST_REVOKED || kind == LIST_HOLD || kind == LIST_OLD_REVOKED || kind == LIST_FORGED;
        bool old = kind == LIST_STALE || kind == LIST_OLD_REVOKED;
        const struct rig_crl_plan plan = {
                .issuer = issuer,
                .signer = kind == LIST_FORGED || kind == LIST_FORGED_EMPTY ? other_root.key : NULL,
                .issued = rig_now - 2 * RIG_DAY,
                .next = old ? rig_now - RIG_DAY : rig_now + RIG_DAY,
                .serial = names ? serial_of(listed) : slice_of(NULL, 0),
                .reason = kind == LIST_HOLD ? CRL_REASON_CERTIFICATE_HOLD : 0,
                .critical = kind == LIST_DELTA,
        };
        if (kind == LIST_NONE)
                return;
        rig_crl(&crl, &plan);
        rig_add_crl(trust, &crl);
}

/* RFC 5280 5; and what is said of a login by test_verify_binding, is said here without one. */
static void persons(void **state)
{
        (void)state;
        static const char field[] = "record.certificate_serial_b64url";
        static const struct {
                enum list_kind list;
                enum mitome_standing_kind kind;
                mitome_code code;
                const char *field;
        } cases[] = {
                { LIST_EMPTY, MITOME_STANDING_GOOD, MITOME_OK, NULL },
                { LIST_REVOKED, MITOME_STANDING_REVOKED, MITOME_E_CERTIFICATE_REVOKED, field },
                { LIST_HOLD, MITOME_STANDING_REVOKED, MITOME_E_CERTIFICATE_ON_HOLD, field },
                { LIST_OLD_REVOKED, MITOME_STANDING_REVOKED, MITOME_E_CERTIFICATE_REVOKED, field },
                { LIST_NONE, MITOME_STANDING_ATTENTION, MITOME_E_CRL_MISSING, "CRL" },
                { LIST_STALE, MITOME_STANDING_ATTENTION, MITOME_E_CRL_STALE, "CRL" },
                { LIST_FORGED, MITOME_STANDING_ATTENTION, MITOME_E_CRL_SIGNATURE, "CRL" },
                { LIST_DELTA, MITOME_STANDING_ATTENTION, MITOME_E_CRL_FORM, "CRL" },
        };
        const struct mitome_record record = bound();
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct mitome_trust *trust = rig_trust(NULL, &jpki);
                add_list(trust, cases[i].list, &jpki, &person);
                const struct mitome_standing standing = judge(&record, trust);
                stands(&standing, cases[i].kind, cases[i].code, cases[i].field);
                mitome_trust_free(trust);
        }
}

/* RFC 5280 3.3: what has expired is on no list. */
static void a_certificate_ends(void **state)
{
        (void)state;
        struct mitome_record record = bound();
        struct mitome_standing standing = judge(&record, NULL);
        stands(&standing, MITOME_STANDING_GOOD, MITOME_OK, NULL);
        record.certificate_not_after = rig_now;
        standing = judge(&record, NULL);
        stands(&standing, MITOME_STANDING_REVOKED, MITOME_E_CERTIFICATE_EXPIRED,
                "record.certificate_not_after");
}

/* A snapshot that knows nothing of JPKI does not judge its certificates; one that knows other issuers asks
 * for this one. */
static void an_issuer_that_is_not_known(void **state)
{
        (void)state;
        const struct mitome_record record = bound();
        struct mitome_trust *trust = rig_trust(&root, NULL);
        struct mitome_standing standing = judge(&record, trust);
        stands(&standing, MITOME_STANDING_GOOD, MITOME_OK, NULL);
        mitome_trust_free(trust);
        trust = rig_trust(NULL, &root);
        standing = judge(&record, trust);
        stands(&standing, MITOME_STANDING_ATTENTION, MITOME_E_CERTIFICATE_ISSUER, "certificate");
        mitome_trust_free(trust);
}

/* ---- attestation certificates ---- */

/* A snapshot with every maker's root finds the right one, wherever it stands among them. */
static void one_root_among_many(void **state)
{
        (void)state;
        enum { MANY = 40 };
        static struct rig_certificate makers[MANY];
        const struct mitome_record record = attested();
        for (int i = 0; i < MANY; i++) {
                char name[16];
                snprintf(name, sizeof name, "Maker %d", i);
                const char *const subject[] = { "C", "JP", "O", name, "CN", "Root", NULL };
                rig_make(&makers[i],
                        &(struct rig_plan){ .subject = subject, .extensions = rig_ca_extensions });
        }
        for (int at = 0; at <= MANY; at += 8)
                for (int order = 0; order < 3; order++) { /* the list first, last, or not at all */
                        struct mitome_trust *trust = rig_trust(NULL, NULL);
                        if (order == 0)
                                add_list(trust, LIST_REVOKED, &root, &leaf);
                        for (int i = 0; i <= MANY; i++) {
                                const slice der = rig_der(i == at ? &root : &makers[i < at ? i : i - 1]);
                                assert_int_equal(mitome_trust_add_anchor(trust, der, NULL).code, MITOME_OK);
                        }
                        if (order == 1)
                                add_list(trust, LIST_REVOKED, &root, &leaf);
                        if (order == 2)
                                mitome_trust_require_revocation(trust);
                        const struct mitome_standing standing = judge(&record, trust);
                        stands(&standing, order == 2 ? MITOME_STANDING_ATTENTION : MITOME_STANDING_REVOKED,
                                order == 2 ? MITOME_E_CRL_MISSING : MITOME_E_ATTESTATION_REVOKED, NULL);
                        mitome_trust_free(trust);
                }
        for (int i = 0; i < MANY; i++)
                rig_free(&makers[i]);
}

static void attestations(void **state)
{
        (void)state;
        static const char field[] = "record.attestation_serial_b64url";
        static const struct {
                enum list_kind list;
                bool required, nobody;
                enum mitome_standing_kind kind;
                mitome_code code;
                const char *field;
        } cases[] = {
                { LIST_NONE, false, false, MITOME_STANDING_GOOD, MITOME_OK, NULL },
                { LIST_EMPTY, false, false, MITOME_STANDING_GOOD, MITOME_OK, NULL },
                { LIST_EMPTY, true, false, MITOME_STANDING_GOOD, MITOME_OK, NULL },
                { LIST_REVOKED, false, false, MITOME_STANDING_REVOKED, MITOME_E_ATTESTATION_REVOKED, field },
                { LIST_HOLD, false, false, MITOME_STANDING_REVOKED, MITOME_E_ATTESTATION_REVOKED, field },
                { LIST_OLD_REVOKED, false, false, MITOME_STANDING_REVOKED, MITOME_E_ATTESTATION_REVOKED,
                        field },
                { LIST_NONE, true, false, MITOME_STANDING_ATTENTION, MITOME_E_CRL_MISSING, "CRL" },
                { LIST_STALE, false, false, MITOME_STANDING_ATTENTION, MITOME_E_CRL_STALE, "CRL" },
                { LIST_FORGED, false, false, MITOME_STANDING_ATTENTION, MITOME_E_CRL_SIGNATURE, "CRL" },
                { LIST_DELTA, false, false, MITOME_STANDING_ATTENTION, MITOME_E_CRL_FORM, "CRL" },
                /* lists of an intermediate that is no anchor of the snapshot */
                { LIST_REVOKED, false, true, MITOME_STANDING_ATTENTION, MITOME_E_CRL_SIGNATURE, "CRL" },
                { LIST_EMPTY, false, true, MITOME_STANDING_GOOD, MITOME_OK, NULL },
        };
        const struct mitome_record record = attested();
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct mitome_trust *trust = rig_trust(cases[i].nobody ? &jpki : &root, NULL);
                add_list(trust, cases[i].list, &root, &leaf);
                if (cases[i].required)
                        mitome_trust_require_revocation(trust);
                const struct mitome_standing standing = judge(&record, trust);
                stands(&standing, cases[i].kind, cases[i].code, cases[i].field);
                mitome_trust_free(trust);
        }
}

/* Two CAs of one name: the list of one is enough, whichever was added first. */
static void generations_share_a_name(void **state)
{
        (void)state;
        const struct mitome_record record = attested();
        for (int order = 0; order < 2; order++) {
                struct mitome_trust *trust = rig_trust(order ? &root : &other_root, NULL);
                assert_int_equal(
                        mitome_trust_add_anchor(trust, rig_der(order ? &other_root : &root), NULL).code,
                        MITOME_OK);
                add_list(trust, LIST_EMPTY, &root, &leaf);
                struct mitome_standing standing = judge(&record, trust);
                stands(&standing, MITOME_STANDING_GOOD, MITOME_OK, NULL);
                add_list(trust, LIST_REVOKED, &root, &leaf);
                standing = judge(&record, trust);
                stands(&standing, MITOME_STANDING_REVOKED, MITOME_E_ATTESTATION_REVOKED, NULL);
                mitome_trust_free(trust);
        }
}

/* Another's serial is another's certificate, and another issuer's list is none of this one's. */
static void only_this_certificate(void **state)
{
        (void)state;
        struct mitome_record record = attested();
        struct mitome_trust *trust = rig_trust(&root, NULL);
        add_list(trust, LIST_REVOKED, &root, &leaf);
        record.attestation_serial = serial_of(&signer);
        struct mitome_standing standing = judge(&record, trust);
        stands(&standing, MITOME_STANDING_GOOD, MITOME_OK, NULL);
        record = attested();
        record.attestation_issuer = jpki_der;
        standing = judge(&record, trust);
        stands(&standing, MITOME_STANDING_GOOD, MITOME_OK, NULL);
        mitome_trust_free(trust);
}

/* RFC 5280 4.1.2.4: an issuer that is no Name, or more than one, names nobody. */
static void a_damaged_record_needs_attention(void **state)
{
        (void)state;
        static const uint8_t no_name[] = { 0x30, 0x03, 0x01 };
        static uint8_t longer[513];
        struct mitome_record record = attested();
        struct mitome_trust *trust = rig_trust(&root, NULL);
        add_list(trust, LIST_REVOKED, &root, &leaf);
        record.attestation_issuer = SLICE(no_name);
        struct mitome_standing standing = judge(&record, trust);
        stands(&standing, MITOME_STANDING_ATTENTION, MITOME_E_DER, "certificate issuer");
        memcpy(longer, root_der.data, root_der.size);
        record.attestation_issuer = slice_of(longer, root_der.size + 1);
        standing = judge(&record, trust);
        stands(&standing, MITOME_STANDING_ATTENTION, MITOME_E_DER, "certificate issuer");
        for (size_t size = 1; size < root_der.size; size++) {
                record.attestation_issuer = slice_of(root_der.data, size);
                standing = judge(&record, trust);
                stands(&standing, MITOME_STANDING_ATTENTION, MITOME_E_DER, "certificate issuer");
        }
        record.attestation_issuer = root_der;
        record.attestation_serial = slice_of(longer, 21);
        standing = judge(&record, trust);
        stands(&standing, MITOME_STANDING_ATTENTION, MITOME_E_ARGUMENT, "certificate serial");
        mitome_trust_free(trust);
}

/* ---- together ---- */

/* What revokes outweighs what needs attention, whichever is asked first. */
static void the_worst_counts(void **state)
{
        (void)state;
        struct mitome_record record = attested();
        record.certificate_serial = serial_of(&person);
        record.certificate_issuer = jpki_der;
        record.certificate_not_after = rig_now + 1;
        struct mitome_trust *trust = rig_trust(&root, &jpki);
        add_list(trust, LIST_REVOKED, &root, &leaf); /* and no list of JPKI */
        struct mitome_standing standing = judge(&record, trust);
        stands(&standing, MITOME_STANDING_REVOKED, MITOME_E_ATTESTATION_REVOKED, NULL);
        record.attestation_serial = serial_of(&signer);
        standing = judge(&record, trust);
        stands(&standing, MITOME_STANDING_ATTENTION, MITOME_E_CRL_MISSING, NULL);
        record.aaguid = SLICE(bad_model);
        standing = judge(&record, trust);
        stands(&standing, MITOME_STANDING_REVOKED, MITOME_E_MODEL_COMPROMISED, NULL);
        mitome_trust_free(trust);
}

static void tells_what_has_changed(void **state)
{
        (void)state;
        struct mitome_record record = record_of(good_model);
        struct mitome_standing standing = judge(&record, NULL);
        assert_false(standing.changed); /* never judged, and good */
        mitome_record_keep_standing(&record, &standing, rig_now);
        assert_int_equal(record.standing, MITOME_STANDING_GOOD);
        assert_int_equal(record.judged, rig_now);
        assert_true(slice_is(record.model_status, "FIDO_CERTIFIED_L2"));
        assert_false(judge(&record, NULL).changed);

        record.aaguid = SLICE(bad_model);
        standing = judge(&record, NULL);
        assert_true(standing.changed);
        mitome_record_keep_standing(&record, &standing, rig_now + 1);
        assert_int_equal(record.standing, MITOME_STANDING_REVOKED);
        assert_int_equal(record.standing_code, MITOME_E_MODEL_COMPROMISED);
        assert_true(slice_is(record.model_status, "USER_KEY_REMOTE_COMPROMISE"));
        assert_false(judge(&record, NULL).changed);

        record.standing_code = MITOME_E_CERTIFICATE_REVOKED; /* as bad, for another reason */
        assert_true(judge(&record, NULL).changed);
        record.aaguid = SLICE(good_model);
        standing = judge(&record, NULL);
        assert_true(standing.changed); /* and back */
        mitome_record_keep_standing(&record, &standing, rig_now + 2);
        assert_int_equal(record.standing_code, 0);

        /* gone from the metadata: the status that was seen stays */
        record.aaguid = SLICE(lost_model);
        standing = judge(&record, NULL);
        stands(&standing, MITOME_STANDING_ATTENTION, MITOME_E_MODEL_UNKNOWN, NULL);
        mitome_record_keep_standing(&record, &standing, rig_now + 3);
        assert_true(slice_is(record.model_status, "FIDO_CERTIFIED_L2"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(models),
                cmocka_unit_test(claims_are_no_answers),
                cmocka_unit_test(u2f_is_judged_by_its_key),
                cmocka_unit_test(metadata_of_the_snapshot_counts),
                cmocka_unit_test(persons),
                cmocka_unit_test(a_certificate_ends),
                cmocka_unit_test(an_issuer_that_is_not_known),
                cmocka_unit_test(attestations),
                cmocka_unit_test(one_root_among_many),
                cmocka_unit_test(generations_share_a_name),
                cmocka_unit_test(only_this_certificate),
                cmocka_unit_test(a_damaged_record_needs_attention),
                cmocka_unit_test(the_worst_counts),
                cmocka_unit_test(tells_what_has_changed),
        };
        return cmocka_run_group_tests(tests, open_world, close_world);
}
