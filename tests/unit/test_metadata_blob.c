/* SPDX-License-Identifier: Apache-2.0 */

/* FIDO Metadata Service 3: BLOBs by a service of the test's own, and what is refused of everybody else's. */

#include "json.h"
#include "metadata_rig.h"
#include "metadata_signature.h"
#include "metadata_snapshot.h"
#include "trust_rig.h"

#include <mitome/metadata.h>

#include <openssl/x509v3.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const root_name[] = { "C", "US", "O", "Metadata", "CN", "Root", NULL };
static const char *const middle_name[] = { "C", "US", "O", "Metadata", "CN", "Middle", NULL };
static const char *const signer_name[] = { "C", "US", "O", "Metadata", "CN", "signer", NULL };
static const char signer_extensions[] = "[certificate]\nbasicConstraints = critical, CA:FALSE\n"
                                        "keyUsage = critical, digitalSignature\n"
                                        "subjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n"
                                        "subjectAltName = DNS:mds.example.org\n";

#define AAGUID_1 "6d69746f-6d65-4001-8000-000000000001"
#define AAGUID_2 "6D69746F-6D65-4001-8000-000000000002"
#define KEY_1 "00112233445566778899aabbccddeeff00112233"
#define STATEMENT                                                                            \
        "\"userVerificationDetails\":[[{\"userVerificationMethod\":\"passcode_external\"}]]" \
        ",\"keyProtection\":[\"hardware\",\"secure_element\"]"
#define REPORTS "\"statusReports\":[{\"status\":\"FIDO_CERTIFIED_L1\",\"effectiveDate\":\"2026-01-01\"}]"
#define HEAD "{\"legalHeader\":\"x\",\"no\":7,\"nextUpdate\":\"2027-01-15\",\"entries\":"
#define ENTRY_1                                                                              \
        "{\"aaguid\":\"" AAGUID_1 "\",\"metadataStatement\":{\"aaguid\":\"" AAGUID_1         \
        "\",\"description\":\"\\u8a8d\\u3081 \\\"A\\\"\"," STATEMENT                         \
        ",\"attestationRootCertificates\":[\"MAA=\",\"MAMC\\nAQE=\",\"\\/\\/8=\"]}," REPORTS \
        ",\"timeOfLastStatusChange\":\"2026-01-01\",\"rogueListURL\":null}"
#define ENTRY_U2F                                                                  \
        "{\"attestationCertificateKeyIdentifiers\":[\"" KEY_1                      \
        "\",\"ffffffffffffffffffffffffffffffffffffffff\"],\"metadataStatement\":{" \
        "\"description\":\"U2F\"," STATEMENT ",\"attestationRootCertificates\":[\"MAA=\"]}," REPORTS "}"
static const char whole[] = HEAD "[" ENTRY_1 "," ENTRY_U2F "]}";

enum key { P256, P384, P521, RSA2048, KEYS };

struct service {
        struct rig_certificate root, middle, signer, other_signers[KEYS];
        slice chain[2];
};

static int open_service(void **state)
{
        static struct service s;
        rig_make(&s.root, &(struct rig_plan){ .subject = root_name, .extensions = rig_ca_extensions });
        rig_make(&s.middle,
                &(struct rig_plan){
                        .subject = middle_name, .issuer = &s.root, .extensions = rig_ca_extensions });
        EVP_PKEY *const keys[KEYS] = { EVP_EC_gen("P-256"), EVP_EC_gen("P-384"), EVP_EC_gen("P-521"),
                EVP_RSA_gen(2048) };
        for (int i = 0; i < KEYS; i++)
                rig_make(&s.other_signers[i], &(struct rig_plan){ .subject = signer_name,
                                                      .issuer = &s.middle,
                                                      .key = keys[i],
                                                      .extensions = signer_extensions });
        rig_make(&s.signer,
                &(struct rig_plan){
                        .subject = signer_name, .issuer = &s.middle, .extensions = signer_extensions });
        s.chain[0] = rig_der(&s.signer);
        s.chain[1] = rig_der(&s.middle);
        *state = &s;
        return 0;
}

static int close_service(void **state)
{
        struct service *s = *state;
        for (int i = 0; i < KEYS; i++)
                rig_free(&s->other_signers[i]);
        rig_free(&s->signer);
        rig_free(&s->middle);
        rig_free(&s->root);
        return 0;
}

static struct rig_blob_plan plan_of(const struct service *s, const char *payload)
{
        return (struct rig_blob_plan){ .alg = "ES256",
                .typ = "JWT",
                .chain = s->chain,
                .chain_size = 2,
                .key = s->signer.key,
                .payload = payload };
}

/* What is asked of one BLOB; zeroed it is what is right. */
struct question {
        const struct mitome_trust *trust; /* NULL: one with the service's root */
        int64_t later;                    /* than rig_now */
        uint64_t least_number;
        bool allow_stale;
};

static mitome_code ask(const struct service *s, slice blob, const struct question *question,
        struct mitome_metadata **ret, mitome_error *ret_error)
{
        struct mitome_trust *trust = rig_trust(&s->root, NULL);
        mitome_error error = { 0 };
        struct mitome_metadata *metadata = NULL;
        mitome_status status = mitome_metadata_read(blob, question->trust ? question->trust : trust,
                rig_now + question->later, question->least_number, question->allow_stale, &metadata, &error);
        assert_int_equal(error.code, status.code);
        assert_true((status.code == MITOME_OK) == (metadata != NULL));
        mitome_trust_free(trust);
        if (ret_error)
                *ret_error = error;
        if (ret)
                *ret = metadata;
        else
                mitome_metadata_free(metadata);
        return status.code;
}

static mitome_code ask_plan(const struct service *s, const struct rig_blob_plan *plan)
{
        char *blob = rig_blob(plan);
        mitome_code code = ask(s, slice_text(blob), &(struct question){ 0 }, NULL, NULL);
        free(blob);
        return code;
}

/* A payload that is signed as it should be. */
static mitome_code ask_payload(const struct service *s, const char *payload, struct mitome_metadata **ret)
{
        struct rig_blob_plan plan = plan_of(s, payload);
        char *blob = rig_blob(&plan);
        mitome_code code = ask(s, slice_text(blob), &(struct question){ 0 }, ret, NULL);
        free(blob);
        return code;
}

static slice aaguid_1(void)
{
        static const uint8_t bytes[] = { 0x6d, 0x69, 0x74, 0x6f, 0x6d, 0x65, 0x40, 0x01, 0x80, 0, 0, 0, 0, 0,
                0, 1 };
        return SLICE(bytes);
}

static slice key_1(void)
{
        static const uint8_t bytes[] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa,
                0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x00, 0x11, 0x22, 0x33 };
        return SLICE(bytes);
}

/* ---- what is right ---- */

static void a_blob_is_read(void **state)
{
        const struct service *s = *state;
        struct mitome_metadata *metadata;
        assert_int_equal(ask_payload(s, whole, &metadata), MITOME_OK);
        struct mitome_metadata_info info = mitome_metadata_describe(metadata);
        assert_int_equal(info.number, 7);
        assert_int_equal(info.next_update, rig_now - rig_now % RIG_DAY);
        assert_int_equal(info.entry_count, 2);

        const struct mitome_metadata_entry *entry = mitome_metadata_find(metadata, aaguid_1());
        assert_non_null(entry);
        assert_ptr_equal(entry, mitome_metadata_at(metadata, 0));
        assert_true(slice_equal(entry->aaguid, aaguid_1()));
        assert_true(slice_is(entry->description, "\xE8\xAA\x8D\xE3\x82\x81 \"A\""));
        assert_int_equal(entry->root_count, 3);
        assert_true(slice_equal(entry->roots[0], slice_of("\x30\x00", 2)));
        assert_true(slice_equal(entry->roots[1], slice_of("\x30\x03\x02\x01\x01", 5)));
        assert_true(slice_equal(entry->roots[2], slice_of("\xff\xff", 2)));
        assert_false(entry->compromised);
        assert_int_equal(entry->status, MITOME_STATUS_FIDO_CERTIFIED_L1);
        assert_int_equal(entry->certification_level, 1);
        assert_non_null(entry->statement);
        assert_int_equal(entry->statement->key_protection, METADATA_HARDWARE | METADATA_SECURE_ELEMENT);
        assert_int_equal(entry->statement->weakest_path, METADATA_PATH_PASSCODE);

        entry = mitome_metadata_find_key(metadata, key_1());
        assert_non_null(entry);
        assert_ptr_equal(entry, mitome_metadata_at(metadata, 1));
        assert_int_equal(entry->aaguid.size, 0);
        assert_true(slice_is(entry->description, "U2F"));
        assert_int_equal(entry->root_count, 1);
        assert_non_null(entry->statement);
        assert_null(mitome_metadata_at(metadata, 2));
        assert_true(mitome_metadata_signed_for(metadata, "mds.example.org"));
        assert_false(mitome_metadata_signed_for(metadata, "mds.example.com"));
        assert_false(mitome_metadata_signed_for(metadata, "signer"));
        mitome_metadata_free(metadata);
        mitome_metadata_free(NULL);
}

static void who_is_not_in_it_is_not_found(void **state)
{
        const struct service *s = *state;
        static const uint8_t nothing[20];
        struct mitome_metadata *metadata;
        assert_int_equal(ask_payload(s, whole, &metadata), MITOME_OK);
        assert_null(mitome_metadata_find(metadata, slice_of(nothing, 16)));
        assert_null(mitome_metadata_find(metadata, slice_of(aaguid_1().data, 15)));
        assert_null(mitome_metadata_find(metadata, (slice){ 0 }));
        assert_null(mitome_metadata_find_key(metadata, slice_of(nothing, 20)));
        assert_null(mitome_metadata_find_key(metadata, slice_of(key_1().data, 19)));
        assert_null(mitome_metadata_find_key(metadata, (slice){ 0 }));
        mitome_metadata_free(metadata);

        assert_int_equal(ask_payload(s, HEAD "[]}", &metadata), MITOME_OK);
        assert_null(mitome_metadata_find(metadata, aaguid_1()));
        assert_null(mitome_metadata_find_key(metadata, key_1()));
        assert_null(mitome_metadata_at(metadata, 0));
        mitome_metadata_free(metadata);
}

/* RFC 7518 3.1 */
static const struct {
        const char *alg;
        enum key key;
} algorithms[] = {
        { "ES256", P256 },
        { "ES384", P384 },
        { "ES512", P521 },
        { "RS256", RSA2048 },
        { "RS384", RSA2048 },
        { "RS512", RSA2048 },
        { "PS256", RSA2048 },
        { "PS384", RSA2048 },
        { "PS512", RSA2048 },
};

enum { ALGORITHMS = sizeof algorithms / sizeof algorithms[0] };

static void each_algorithm_verifies_its_own_signatures_only(void **state)
{
        const struct service *s = *state;
        for (size_t told = 0; told < ALGORITHMS; told++)
                for (size_t made = 0; made < ALGORITHMS; made++) {
                        const struct rig_certificate *signer = &s->other_signers[algorithms[made].key];
                        const slice chain[] = { rig_der(signer), rig_der(&s->middle) };
                        struct rig_blob_plan plan = plan_of(s, whole);
                        plan.alg = algorithms[told].alg;
                        plan.signed_as = algorithms[made].alg;
                        plan.chain = chain;
                        plan.key = signer->key;
                        mitome_code expected = MITOME_OK;
                        if (algorithms[told].key != algorithms[made].key)
                                expected = MITOME_E_KEY_TYPE;
                        else if (told != made)
                                expected = MITOME_E_SIGNATURE_INVALID;
                        assert_int_equal(ask_plan(s, &plan), expected);
                }
}

/* ---- header: RFC 7515 4.1, 7518 3.1 ---- */

static void headers_that_sign_nothing_are_refused(void **state)
{
        const struct service *s = *state;
        static const struct {
                const char *alg, *signed_as, *typ, *more;
                mitome_code code;
        } cases[] = {
                { "none", NULL, "JWT", NULL, MITOME_E_METADATA_UNSIGNED },
                { "none", "ES256", "JWT", NULL, MITOME_E_METADATA_UNSIGNED },
                { "HS256", NULL, "JWT", NULL, MITOME_E_METADATA_SHARED_KEY },
                { "HS384", NULL, "JWT", NULL, MITOME_E_METADATA_SHARED_KEY },
                { "HS512", NULL, "JWT", NULL, MITOME_E_METADATA_SHARED_KEY },
                { "NONE", "none", "JWT", NULL, MITOME_E_ALGORITHM_UNSUPPORTED },
                { "es256", "ES256", "JWT", NULL, MITOME_E_ALGORITHM_UNSUPPORTED },
                { "RS1", "ES256", "JWT", NULL, MITOME_E_ALGORITHM_UNSUPPORTED },
                { NULL, NULL, "JWT", NULL, MITOME_E_MISSING },
                { "ES256", NULL, NULL, NULL, MITOME_E_MISSING },
                { "ES256", NULL, "JOSE", NULL, MITOME_E_VALUE },
                { "ES256", NULL, "JWT", ",\"x5u\":\"https://mds.example.org/x\"", MITOME_E_METADATA_X5U },
                { "ES256", NULL, "JWT", ",\"crit\":[\"b64\"],\"b64\":true", MITOME_E_VALUE },
                { "ES256", NULL, "JWT", ",\"alg\":\"none\"", MITOME_E_JSON_DUPLICATE_NAME },
                { "ES256", NULL, "JWT", ",\"\\u0061lg\":\"none\"", MITOME_E_JSON_DUPLICATE_NAME },
                { "ES256", NULL, "JWT", "}", MITOME_E_TRAILING_BYTES },
                { "ES256", NULL, "JWT", ",\"jwk\":{},\"jku\":\"https://x\"",
                        MITOME_OK }, /* never looked at */
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct rig_blob_plan plan = plan_of(s, whole);
                plan.alg = cases[i].alg;
                plan.signed_as = cases[i].signed_as;
                plan.typ = cases[i].typ;
                plan.more = cases[i].more;
                assert_int_equal(ask_plan(s, &plan), cases[i].code);
        }
}

/* RFC 7515 7.1 */
static void what_is_no_compact_serialisation_is_refused(void **state)
{
        const struct service *s = *state;
        struct rig_blob_plan plan = plan_of(s, whole);
        char *blob = rig_blob(&plan), *twice = NULL;
        static const struct {
                const char *text;
                mitome_code code;
        } cases[] = {
                { "", MITOME_E_METADATA_FORM },
                { "a", MITOME_E_METADATA_FORM },
                { "a.b", MITOME_E_METADATA_FORM },
                { "..", MITOME_E_METADATA_FORM },
                { ".b.c", MITOME_E_METADATA_FORM },
                { "a..c", MITOME_E_METADATA_FORM },
                { "a.b.c.d", MITOME_E_METADATA_FORM },
                { "a.b.c.d.e", MITOME_E_METADATA_FORM },
                { "a.b.c", MITOME_E_BASE64URL },
                { "e30=.e30.", MITOME_E_BASE64URL },
                { "e3\xC3\xA9.e30.", MITOME_E_BASE64URL },
                { "e30.e30.", MITOME_E_MISSING },
                { "W10.e30.", MITOME_E_JSON_TYPE },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
                assert_int_equal(ask(s, slice_text(cases[i].text), &(struct question){ 0 }, NULL, NULL),
                        cases[i].code);
        assert_true(asprintf(&twice, "%s\n", blob) > 0);
        assert_int_equal(ask(s, slice_text(twice), &(struct question){ 0 }, NULL, NULL), MITOME_E_BASE64URL);
        free(twice);
        assert_true(asprintf(&twice, "\xEF\xBB\xBF%s", blob) > 0);
        assert_int_equal(ask(s, slice_text(twice), &(struct question){ 0 }, NULL, NULL), MITOME_E_BASE64URL);
        free(twice);
        free(blob);

        mitome_error error = { 0 };
        struct mitome_metadata *metadata = NULL;
        assert_int_equal(
                mitome_metadata_read(slice_text("a.b.c"), NULL, rig_now, 0, false, &metadata, &error).code,
                MITOME_E_ARGUMENT);
        assert_int_equal(mitome_metadata_read(slice_of("", MITOME_METADATA_BLOB_MAX + 1), NULL, rig_now, 0,
                                 false, &metadata, NULL)
                                 .code,
                MITOME_E_TOO_LONG);
        assert_null(metadata);
}

/* ---- signature ---- */

static void a_blob_that_was_changed_is_refused(void **state)
{
        const struct service *s = *state;
        struct rig_blob_plan plan = plan_of(s, whole);
        char *blob = rig_blob(&plan);
        size_t size = strlen(blob);
        for (size_t i = 0; i < size; i += 1 + i % 7) {
                char was = blob[i];
                blob[i] = was == 'A' ? 'B' : 'A';
                assert_int_not_equal(
                        ask(s, slice_text(blob), &(struct question){ 0 }, NULL, NULL), MITOME_OK);
                blob[i] = was;
        }
        for (size_t cut = 0; cut < size; cut += 64)
                assert_int_not_equal(
                        ask(s, slice_of(blob, cut), &(struct question){ 0 }, NULL, NULL), MITOME_OK);
        assert_int_not_equal(
                ask(s, slice_of(blob, size - 1), &(struct question){ 0 }, NULL, NULL), MITOME_OK);
        assert_int_equal(ask(s, slice_text(blob), &(struct question){ 0 }, NULL, NULL), MITOME_OK);

        /* Another's payload under this signature */
        char *other = rig_base64url(slice_text(HEAD "[]}")), *mixed = NULL;
        char *dot = strchr(blob, '.');
        assert_true(asprintf(&mixed, "%.*s.%s%s", (int)(dot - blob), blob, other, strrchr(blob, '.')) > 0);
        assert_int_equal(
                ask(s, slice_text(mixed), &(struct question){ 0 }, NULL, NULL), MITOME_E_SIGNATURE_INVALID);
        free(mixed);
        free(other);
        free(blob);
}

/* RFC 7518 3.4: r and s of the curve's length, not the DER of X.509 */
static void ecdsa_signatures_are_two_numbers(void **state)
{
        const struct service *s = *state;
        struct rig_blob_plan plan = plan_of(s, whole);
        plan.der_signature = true;
        assert_int_equal(ask_plan(s, &plan), MITOME_E_SIGNATURE_FORM);
        static const uint8_t zeros[65];
        plan.der_signature = false;
        for (size_t size = 0; size <= sizeof zeros; size++) {
                char *blob = rig_blob(&plan), *forged = NULL, *numbers = rig_base64url(slice_of(zeros, size));
                assert_true(
                        asprintf(&forged, "%.*s.%s", (int)(strrchr(blob, '.') - blob), blob, numbers) > 0);
                assert_int_equal(ask(s, slice_text(forged), &(struct question){ 0 }, NULL, NULL),
                        size == 64 ? MITOME_E_SIGNATURE_INVALID : MITOME_E_SIGNATURE_FORM);
                free(numbers);
                free(forged);
                free(blob);
        }
}

/* ---- whose it is ---- */

static void a_foreign_x5c_is_refused(void **state)
{
        const struct service *s = *state;
        struct rig_certificate root, signer;
        rig_make(&root, &(struct rig_plan){ .subject = root_name, .extensions = rig_ca_extensions });
        rig_make(&signer, &(struct rig_plan){
                                  .subject = signer_name, .issuer = &root, .extensions = signer_extensions });

        /* A chain of one's own, to a root of the same name */
        const slice own[] = { rig_der(&signer), rig_der(&root) };
        struct rig_blob_plan plan = plan_of(s, whole);
        plan.chain = own;
        plan.key = signer.key;
        assert_int_equal(ask_plan(s, &plan), MITOME_E_METADATA_SIGNER);
        plan.chain_size = 1;
        assert_int_equal(ask_plan(s, &plan), MITOME_E_METADATA_SIGNER);

        /* The service's chain, somebody else's key */
        plan = plan_of(s, whole);
        plan.key = signer.key;
        assert_int_equal(ask_plan(s, &plan), MITOME_E_SIGNATURE_INVALID);

        /* One's own certificate before the service's chain */
        const slice grafted[] = { rig_der(&signer), rig_der(&s->signer), rig_der(&s->middle) };
        plan.chain = grafted;
        plan.chain_size = 3;
        assert_int_equal(ask_plan(s, &plan), MITOME_E_CERTIFICATE_PATH);

        /* The service's signer is no CA: whom it certifies signs nothing */
        struct rig_certificate child;
        rig_make(&child,
                &(struct rig_plan){
                        .subject = signer_name, .issuer = &s->signer, .extensions = signer_extensions });
        const slice below[] = { rig_der(&child), rig_der(&s->signer), rig_der(&s->middle) };
        plan.chain = below;
        plan.key = child.key;
        assert_int_equal(ask_plan(s, &plan), MITOME_E_CERTIFICATE_PATH);
        rig_free(&child);

        /* Nobody is believed */
        struct mitome_trust *nobody = rig_trust(NULL, NULL);
        plan = plan_of(s, whole);
        char *blob = rig_blob(&plan);
        assert_int_equal(ask(s, slice_text(blob), &(struct question){ .trust = nobody }, NULL, NULL),
                MITOME_E_METADATA_SIGNER);
        mitome_trust_free(nobody);
        free(blob);
        rig_free(&signer);
        rig_free(&root);
}

/* RFC 7515 4.1.6: the signer first, each certified by the next */
static void an_x5c_that_is_no_chain_is_refused(void **state)
{
        const struct service *s = *state;
        const slice swapped[] = { rig_der(&s->middle), rig_der(&s->signer) };
        slice many[9];
        for (int i = 0; i < 9; i++)
                many[i] = rig_der(&s->signer);
        const slice none = { 0 }, garbage = slice_of("\x30\x01\x00", 3);
        const struct {
                const slice *chain;
                size_t size;
                mitome_code code;
        } cases[] = {
                { swapped, 2, MITOME_E_CERTIFICATE_PATH },
                { many, 2, MITOME_E_CERTIFICATE_PATH },
                { many, 9, MITOME_E_TOO_MANY },
                { many, 0, MITOME_E_MISSING },
                { many, 1, MITOME_E_METADATA_SIGNER }, /* the middle is missing */
                { &none, 1, MITOME_E_VALUE },
                { &garbage, 1, MITOME_E_DER },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct rig_blob_plan plan = plan_of(s, whole);
                plan.chain = cases[i].chain;
                plan.chain_size = cases[i].size;
                assert_int_equal(ask_plan(s, &plan), cases[i].code);
        }
        struct rig_blob_plan plan = plan_of(s, whole);
        plan.no_x5c = true;
        assert_int_equal(ask_plan(s, &plan), MITOME_E_MISSING);
        plan.more = ",\"x5c\":\"MAA=\"";
        assert_int_equal(ask_plan(s, &plan), MITOME_E_JSON_TYPE);
        plan.more = ",\"x5c\":[\"MA\"]";
        assert_int_equal(ask_plan(s, &plan), MITOME_E_VALUE);
        plan.more = ",\"x5c\":[\"MAB=\"]"; /* bits that are not zero under the padding */
        assert_int_equal(ask_plan(s, &plan), MITOME_E_VALUE);
        plan.more = ",\"x5c\":[\"-_8=\"]"; /* base64url */
        assert_int_equal(ask_plan(s, &plan), MITOME_E_VALUE);
}

static void an_anchor_may_be_an_intermediate(void **state)
{
        const struct service *s = *state;
        struct mitome_trust *trust = rig_trust(&s->middle, NULL);
        struct rig_blob_plan plan = plan_of(s, whole);
        for (plan.chain_size = 1; plan.chain_size <= 2; plan.chain_size++) {
                char *blob = rig_blob(&plan);
                assert_int_equal(ask(s, slice_text(blob), &(struct question){ .trust = trust }, NULL, NULL),
                        MITOME_OK);
                free(blob);
        }
        mitome_trust_free(trust);
}

/* RFC 5280 4.1.2.5; and a key of under 112 bits of strength */
static void a_signer_out_of_its_time_or_too_weak_is_refused(void **state)
{
        const struct service *s = *state;
        const struct {
                int64_t not_before, not_after;
                EVP_PKEY *key;
                const char *alg;
                mitome_code code;
        } cases[] = {
                { rig_now - 9 * RIG_DAY, rig_now - 1, NULL, "ES256", MITOME_E_CERTIFICATE_EXPIRED },
                { rig_now + 1, 0, NULL, "ES256", MITOME_E_CERTIFICATE_NOT_YET_VALID },
                { 0, 0, EVP_RSA_gen(1024), "RS256", MITOME_E_METADATA_SIGNER },
                { 0, 0, NULL, "ES256", MITOME_OK },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct rig_certificate signer;
                rig_make(&signer, &(struct rig_plan){ .subject = signer_name,
                                          .issuer = &s->middle,
                                          .key = cases[i].key,
                                          .extensions = signer_extensions,
                                          .not_before = cases[i].not_before,
                                          .not_after = cases[i].not_after });
                const slice chain[] = { rig_der(&signer), rig_der(&s->middle) };
                struct rig_blob_plan plan = plan_of(s, whole);
                plan.alg = cases[i].alg;
                plan.chain = chain;
                plan.key = signer.key;
                assert_int_equal(ask_plan(s, &plan), cases[i].code);
                rig_free(&signer);
        }
}

/* "If at least one certificate in the chain is revoked ... the BLOB MUST be rejected" is what 3.2 comes to.
 */
static void a_revoked_signer_is_refused(void **state)
{
        const struct service *s = *state;
        struct rig_blob_plan plan = plan_of(s, whole);
        char *blob = rig_blob(&plan);
        const struct {
                const struct rig_certificate *issuer, *victim;
                mitome_code code;
        } cases[] = {
                { &s->middle, NULL, MITOME_OK },
                { &s->middle, &s->other_signers[P256], MITOME_OK },
                { &s->middle, &s->signer, MITOME_E_CERTIFICATE_REVOKED },
                { &s->root, &s->middle, MITOME_E_CERTIFICATE_REVOKED },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct mitome_trust *trust = rig_trust(&s->root, NULL);
                struct authority_der crl;
                uint8_t serial[20];
                slice named = { 0 };
                if (cases[i].victim) {
                        const ASN1_INTEGER *number = X509_get0_serialNumber(cases[i].victim->x509);
                        named = slice_of(ASN1_STRING_get0_data(number), (size_t)ASN1_STRING_length(number));
                        assert_true(named.size <= sizeof serial);
                }
                rig_crl(&crl, &(struct rig_crl_plan){ .issuer = cases[i].issuer,
                                      .issued = rig_now - 60,
                                      .next = rig_now + RIG_DAY,
                                      .serial = named });
                rig_add_crl(trust, &crl);
                assert_int_equal(ask(s, slice_text(blob), &(struct question){ .trust = trust }, NULL, NULL),
                        cases[i].code);
                mitome_trust_free(trust);
        }
        free(blob);
}

/* ---- how old it is ---- */

static void an_old_blob_is_refused(void **state)
{
        const struct service *s = *state;
        struct rig_blob_plan plan = plan_of(s, whole); /* number 7, next update on the day of rig_now */
        const int64_t left = RIG_DAY - rig_now % RIG_DAY;
        char *blob = rig_blob(&plan);
        const struct {
                struct question question;
                mitome_code code;
        } cases[] = {
                { { .later = left - 1 }, MITOME_OK },
                { { .later = left }, MITOME_E_METADATA_STALE },
                { { .later = left, .allow_stale = true }, MITOME_OK },
                { { .least_number = 7 }, MITOME_OK },
                { { .least_number = 8 }, MITOME_E_METADATA_ROLLBACK },
                { { .least_number = 8, .allow_stale = true }, MITOME_E_METADATA_ROLLBACK },
                { { .least_number = UINT64_MAX }, MITOME_E_METADATA_ROLLBACK },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
                assert_int_equal(ask(s, slice_text(blob), &cases[i].question, NULL, NULL), cases[i].code);
        free(blob);
}

/* ---- the payload: 3.1.6, 3.1.1 ---- */

static void a_payload_that_is_not_understood_is_refused(void **state)
{
        const struct service *s = *state;
        static const struct {
                const char *payload;
                mitome_code code;
        } cases[] = {
                { "[]", MITOME_E_JSON_TYPE },
                { "{}", MITOME_E_MISSING },
                { "{\"no\":7,\"nextUpdate\":\"2027-01-15\"}", MITOME_E_MISSING },
                { "{\"no\":7,\"entries\":[]}", MITOME_E_MISSING },
                { "{\"nextUpdate\":\"2027-01-15\",\"entries\":[]}", MITOME_E_MISSING },
                { "{\"no\":-1,\"nextUpdate\":\"2027-01-15\",\"entries\":[]}", MITOME_E_VALUE },
                { "{\"no\":1.5,\"nextUpdate\":\"2027-01-15\",\"entries\":[]}", MITOME_E_JSON_NUMBER },
                { "{\"no\":\"7\",\"nextUpdate\":\"2027-01-15\",\"entries\":[]}", MITOME_E_JSON_TYPE },
                { "{\"no\":7,\"nextUpdate\":\"2027-02-29\",\"entries\":[]}", MITOME_E_VALUE },
                { "{\"no\":7,\"nextUpdate\":\"2027-1-15\",\"entries\":[]}", MITOME_E_VALUE },
                { "{\"no\":7,\"nextUpdate\":\"2027-01-15T00:00:00Z\",\"entries\":[]}", MITOME_E_VALUE },
                { "{\"no\":7,\"nextUpdate\":\"2027-01-15\",\"entries\":{}}", MITOME_E_JSON_TYPE },
                { "{\"no\":7,\"no\":8,\"nextUpdate\":\"2027-01-15\",\"entries\":[]}",
                        MITOME_E_JSON_DUPLICATE_NAME },
                { HEAD "[]}x", MITOME_E_TRAILING_BYTES },
                { HEAD "[[]]}", MITOME_E_JSON_TYPE },
                /* 3.1.1: an entry names its model and says how it stands */
                { HEAD "[{" REPORTS "}]}", MITOME_E_MISSING },
                { HEAD "[{\"aaguid\":null," REPORTS "}]}", MITOME_E_MISSING },
                { HEAD "[{\"aaguid\":\"" AAGUID_1 "\"}]}", MITOME_E_MISSING },
                { HEAD "[{\"aaguid\":\"" AAGUID_1 "\",\"statusReports\":null}]}", MITOME_E_MISSING },
                { HEAD "[{\"aaguid\":\"6d69746f6d654001800000000000000\"," REPORTS "}]}", MITOME_E_VALUE },
                { HEAD "[{\"aaguid\":7," REPORTS "}]}", MITOME_E_JSON_TYPE },
                { HEAD "[{\"attestationCertificateKeyIdentifiers\":[\"001122\"]," REPORTS "}]}",
                        MITOME_E_VALUE },
                { HEAD "[{\"attestationCertificateKeyIdentifiers\":"
                       "[\"zz112233445566778899aabbccddeeff00112233\"]," REPORTS "}]}",
                        MITOME_E_VALUE },
                { HEAD "[{\"attestationCertificateKeyIdentifiers\":"
                       "[\"00112233445566778899aabbccddeeff0011223344\"]," REPORTS "}]}",
                        MITOME_E_VALUE },
                /* one model, two stories */
                { HEAD "[" ENTRY_1 "," ENTRY_1 "]}", MITOME_E_METADATA_TWICE },
                { HEAD "[" ENTRY_1 ",{\"aaguid\":\"6D69746F-6D65-4001-8000-000000000001\"," REPORTS "}]}",
                        MITOME_E_METADATA_TWICE },
                { HEAD "[{\"aaguid\":\"" AAGUID_1 "\",\"metadataStatement\":{\"aaguid\":\"" AAGUID_2
                       "\"}," REPORTS "}]}",
                        MITOME_E_VALUE },
                { HEAD "[{\"attestationCertificateKeyIdentifiers\":[\"" KEY_1
                       "\"],\"metadataStatement\":{\"aaguid\":\"" AAGUID_2 "\"}," REPORTS "}]}",
                        MITOME_E_VALUE },
                /* certificates */
                { HEAD "[{\"aaguid\":\"" AAGUID_1
                       "\",\"metadataStatement\":{\"attestationRootCertificates\":[\"\"]}," REPORTS "}]}",
                        MITOME_E_VALUE },
                { HEAD "[{\"aaguid\":\"" AAGUID_1
                       "\",\"metadataStatement\":{\"attestationRootCertificates\":[\"MAA\"]}," REPORTS "}]}",
                        MITOME_E_VALUE },
                { HEAD "[{\"aaguid\":\"" AAGUID_1
                       "\",\"metadataStatement\":{\"attestationRootCertificates\":[\"\\n\\n\\n\\n\"]}," REPORTS
                       "}]}",
                        MITOME_E_VALUE },
                { HEAD "[{\"aaguid\":\"" AAGUID_1
                       "\",\"metadataStatement\":{\"attestationRootCertificates\":[\"\xC3\xA9\xC3\xA9\"]}," REPORTS
                       "}]}",
                        MITOME_E_VALUE },
                { HEAD "[{\"aaguid\":\"" AAGUID_1
                       "\",\"metadataStatement\":{\"attestationRootCertificates\":\"MAA=\"}," REPORTS "}]}",
                        MITOME_E_JSON_TYPE },
                { HEAD "[{\"aaguid\":\"" AAGUID_1 "\",\"metadataStatement\":[]," REPORTS "}]}",
                        MITOME_E_JSON_TYPE },
                { HEAD "[{\"aaguid\":\"" AAGUID_1 "\",\"metadataStatement\":{\"description\":1}," REPORTS
                       "}]}",
                        MITOME_E_JSON_TYPE },
                { HEAD "[{\"aaguid\":\"" AAGUID_1
                       "\",\"metadataStatement\":{\"description\":\"\\ud800\"}," REPORTS "}]}",
                        MITOME_E_JSON_SURROGATE },
                /* status reports, 3.1.3 */
                { HEAD "[{\"aaguid\":\"" AAGUID_1 "\",\"statusReports\":{}}]}", MITOME_E_JSON_TYPE },
                { HEAD "[{\"aaguid\":\"" AAGUID_1 "\",\"statusReports\":[{}]}]}", MITOME_E_MISSING },
                { HEAD "[{\"aaguid\":\"" AAGUID_1 "\",\"statusReports\":[{\"status\":null}]}]}",
                        MITOME_E_MISSING },
                { HEAD "[{\"aaguid\":\"" AAGUID_1 "\",\"statusReports\":[{\"status\":7}]}]}",
                        MITOME_E_JSON_TYPE },
                { HEAD "[{\"aaguid\":\"" AAGUID_1
                       "\",\"statusReports\":[{\"status\":\"REVOKED\",\"effectiveDate\":\"soon\"}]}]}",
                        MITOME_E_VALUE },
                { HEAD "[{\"aaguid\":\"" AAGUID_1
                       "\",\"statusReports\":[{\"status\":\"REVOKED\",\"effectiveDate\":\"2026-13-01\"}]}]}",
                        MITOME_E_VALUE },
                { HEAD "[{\"aaguid\":\"" AAGUID_1
                       "\",\"statusReports\":[{\"status\":\"REVOKED\",\"effectiveDate\":\"2026/01/01\"}]}]}",
                        MITOME_E_VALUE },
                { HEAD "[{\"aaguid\":\"" AAGUID_1
                       "\",\"statusReports\":[{\"status\":\"REVOKED\",\"effectiveDate\":\"2026-01-0x\"}]}]}",
                        MITOME_E_VALUE },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
                assert_int_equal(ask_payload(s, cases[i].payload, NULL), cases[i].code);
}

/* What is not known of a statement costs levels, and nothing else. */
static void a_statement_that_is_not_understood_is_left_out(void **state)
{
        const struct service *s = *state;
        static const char *const statements[] = {
                "\"userVerificationDetails\":[[{\"userVerificationMethod\":\"telepathy\"}]],\"keyProtection\":[\"tee\"]",
                "\"userVerificationDetails\":[[]],\"keyProtection\":[\"magic\"]",
                "\"keyProtection\":[\"tee\"]",
                "\"keyProtection\":null",
        };
        for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
                char *payload = NULL;
                struct mitome_metadata *metadata;
                assert_true(asprintf(&payload,
                                    HEAD "[{\"aaguid\":\"" AAGUID_1 "\",\"metadataStatement\":{%s,"
                                         "\"attestationRootCertificates\":[\"MAA=\"]}," REPORTS "}," ENTRY_U2F
                                         "]}",
                                    statements[i]) > 0);
                assert_int_equal(ask_payload(s, payload, &metadata), MITOME_OK);
                const struct mitome_metadata_entry *entry = mitome_metadata_find(metadata, aaguid_1());
                assert_null(entry->statement);
                assert_int_equal(entry->root_count, 1);
                assert_int_equal(entry->certification_level, 1);
                assert_non_null(mitome_metadata_at(metadata, 1)->statement);
                mitome_metadata_free(metadata);
                free(payload);
        }
        struct mitome_metadata *metadata; /* 3.1.1: the statement may be absent */
        assert_int_equal(
                ask_payload(s, HEAD "[{\"aaguid\":\"" AAGUID_1 "\"," REPORTS "}]}", &metadata), MITOME_OK);
        assert_null(mitome_metadata_at(metadata, 0)->statement);
        assert_int_equal(mitome_metadata_at(metadata, 0)->root_count, 0);
        assert_int_equal(mitome_metadata_at(metadata, 0)->description.size, 0);
        mitome_metadata_free(metadata);
}

/* The AAGUID of all zeros is what an authenticator says that has none; UAF's models have names of another
 * kind. */
static void models_without_aaguid_are_not_found_by_one(void **state)
{
        const struct service *s = *state;
        static const uint8_t zeros[16];
        struct mitome_metadata *metadata;
        assert_int_equal(ask_payload(s,
                                 HEAD "[{\"aaguid\":\"00000000-0000-0000-0000-000000000000\"," REPORTS
                                      "},{\"aaguid\":\"00000000-0000-0000-0000-000000000000\"," REPORTS
                                      "},{\"aaid\":\"4e4e#4005\"," REPORTS "}]}",
                                 &metadata),
                MITOME_OK);
        assert_int_equal(mitome_metadata_describe(metadata).entry_count, 3);
        assert_null(mitome_metadata_find(metadata, SLICE(zeros)));
        assert_int_equal(mitome_metadata_at(metadata, 0)->aaguid.size, 0);
        mitome_metadata_free(metadata);
}

/* Two models with one attestation key cannot be told apart: the compromise of one is that of both. */
static void a_shared_key_leads_to_the_compromised_model(void **state)
{
        const struct service *s = *state;
#define SHARING(name, status)                                                                               \
        "{\"attestationCertificateKeyIdentifiers\":[\"" KEY_1 "\",\"" KEY_1                                 \
        "\"],\"metadataStatement\":{\"description\":\"" name "\"},\"statusReports\":[{\"status\":\"" status \
        "\"}]}"
        static const struct {
                const char *payload, *found;
        } cases[] = {
                { HEAD "[" SHARING("a", "FIDO_CERTIFIED") "," SHARING("b", "REVOKED") "]}", "b" },
                { HEAD "[" SHARING("a", "REVOKED") "," SHARING("b", "FIDO_CERTIFIED") "]}", "a" },
                { HEAD "[" SHARING("a", "FIDO_CERTIFIED") "," SHARING("b", "FIDO_CERTIFIED") "]}", "a" },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct mitome_metadata *metadata;
                assert_int_equal(ask_payload(s, cases[i].payload, &metadata), MITOME_OK);
                const struct mitome_metadata_entry *entry = mitome_metadata_find_key(metadata, key_1());
                assert_non_null(entry);
                assert_true(slice_is(entry->description, cases[i].found));
                mitome_metadata_free(metadata);
        }
}

/* ---- status reports: 3.1.3, 3.1.4 ---- */

static void status_reports_are_judged_as_of_now(void **state)
{
        const struct service *s = *state; /* now is 2027-01-15 */
#define SAYS(status, day) "{\"status\":\"" status "\",\"effectiveDate\":\"" day "\"}"
#define SAYS_UNDATED(status) "{\"status\":\"" status "\"}"
        static const struct {
                const char *reports;
                bool compromised;
                enum mitome_authenticator_status status;
                unsigned level;
        } cases[] = {
                { "", false, MITOME_STATUS_UNKNOWN, 0 },
                { SAYS("NOT_FIDO_CERTIFIED", "2026-01-01"), false, MITOME_STATUS_NOT_FIDO_CERTIFIED, 0 },
                { SAYS("SELF_ASSERTION_SUBMITTED", "2026-01-01"), false,
                        MITOME_STATUS_SELF_ASSERTION_SUBMITTED, 0 },
                { SAYS("FIDO_CERTIFIED", "2026-01-01"), false, MITOME_STATUS_FIDO_CERTIFIED, 0 },
                { SAYS("FIDO_CERTIFIED_L1", "2026-01-01"), false, MITOME_STATUS_FIDO_CERTIFIED_L1, 1 },
                { SAYS("FIDO_CERTIFIED_L1plus", "2026-01-01"), false, MITOME_STATUS_FIDO_CERTIFIED_L1PLUS,
                        2 },
                { SAYS("FIDO_CERTIFIED_L2", "2026-01-01"), false, MITOME_STATUS_FIDO_CERTIFIED_L2, 3 },
                { SAYS("FIDO_CERTIFIED_L2plus", "2026-01-01"), false, MITOME_STATUS_FIDO_CERTIFIED_L2PLUS,
                        4 },
                { SAYS("FIDO_CERTIFIED_L3", "2026-01-01"), false, MITOME_STATUS_FIDO_CERTIFIED_L3, 5 },
                { SAYS("FIDO_CERTIFIED_L3plus", "2026-01-01"), false, MITOME_STATUS_FIDO_CERTIFIED_L3PLUS,
                        6 },
                { SAYS("FIPS140_CERTIFIED_L3", "2026-01-01"), false, MITOME_STATUS_FIPS140_CERTIFIED_L3, 0 },
                { SAYS("RETIRED", "2026-01-01"), false, MITOME_STATUS_RETIRED, 0 },
                { SAYS("PROMOTED", "2026-01-01"), false, MITOME_STATUS_UNKNOWN, 0 },
                { SAYS("UNKNOWN", "2026-01-01"), false, MITOME_STATUS_UNKNOWN, 0 },
                /* the latest, in whatever order; the highest level */
                { SAYS("FIDO_CERTIFIED_L2", "2026-02-01") "," SAYS("FIDO_CERTIFIED_L1", "2026-01-01"), false,
                        MITOME_STATUS_FIDO_CERTIFIED_L2, 3 },
                { SAYS("FIDO_CERTIFIED_L2", "2026-01-01") "," SAYS("FIDO_CERTIFIED_L1", "2026-02-01"), false,
                        MITOME_STATUS_FIDO_CERTIFIED_L1, 3 },
                { SAYS("FIDO_CERTIFIED_L1", "2026-01-01") "," SAYS("UPDATE_AVAILABLE", "2026-01-01"), false,
                        MITOME_STATUS_UPDATE_AVAILABLE, 1 },
                { SAYS_UNDATED("FIDO_CERTIFIED_L1") "," SAYS("NOT_FIDO_CERTIFIED", "2020-01-01"), false,
                        MITOME_STATUS_NOT_FIDO_CERTIFIED, 0 },
                { SAYS("NOT_FIDO_CERTIFIED", "2020-01-01") "," SAYS_UNDATED("FIDO_CERTIFIED_L1"), false,
                        MITOME_STATUS_FIDO_CERTIFIED_L1, 1 },
                { SAYS("FIDO_CERTIFIED_L2", "2026-01-01") "," SAYS("NOT_FIDO_CERTIFIED", "2026-02-01"), false,
                        MITOME_STATUS_NOT_FIDO_CERTIFIED, 0 },
                /* each compromise, whatever came later */
                { SAYS("REVOKED", "2026-01-01"), true, MITOME_STATUS_REVOKED, 0 },
                { SAYS("USER_VERIFICATION_BYPASS", "2026-01-01"), true,
                        MITOME_STATUS_USER_VERIFICATION_BYPASS, 0 },
                { SAYS("ATTESTATION_KEY_COMPROMISE", "2026-01-01"), true,
                        MITOME_STATUS_ATTESTATION_KEY_COMPROMISE, 0 },
                { SAYS("USER_KEY_REMOTE_COMPROMISE", "2026-01-01"), true,
                        MITOME_STATUS_USER_KEY_REMOTE_COMPROMISE, 0 },
                { SAYS("USER_KEY_PHYSICAL_COMPROMISE", "2026-01-01"), true,
                        MITOME_STATUS_USER_KEY_PHYSICAL_COMPROMISE, 0 },
                { SAYS("USER_KEY_PHYSICAL_COMPROMISE", "2026-01-01") "," SAYS(
                          "FIDO_CERTIFIED_L2", "2026-02-01"),
                        true, MITOME_STATUS_USER_KEY_PHYSICAL_COMPROMISE, 3 },
                { SAYS("USER_VERIFICATION_BYPASS", "2026-01-01") "," SAYS("UPDATE_AVAILABLE", "2026-02-01"),
                        true, MITOME_STATUS_USER_VERIFICATION_BYPASS, 0 },
                { SAYS("REVOKED", "2026-01-01") "," SAYS("USER_VERIFICATION_BYPASS", "2026-02-01"), true,
                        MITOME_STATUS_REVOKED, 0 },
                /* from its day on, 2027-01-15 being today; without a day always */
                { SAYS("FIDO_CERTIFIED_L1", "2026-01-01") "," SAYS("REVOKED", "2027-01-15"), true,
                        MITOME_STATUS_REVOKED, 1 },
                { SAYS("FIDO_CERTIFIED_L1", "2026-01-01") "," SAYS("REVOKED", "2027-01-16"), false,
                        MITOME_STATUS_FIDO_CERTIFIED_L1, 1 },
                { SAYS("FIDO_CERTIFIED_L1", "2027-01-16"), false, MITOME_STATUS_UNKNOWN, 0 },
                { SAYS("FIDO_CERTIFIED_L1", "2027-01-16") "," SAYS_UNDATED("REVOKED"), true,
                        MITOME_STATUS_REVOKED, 0 },
                { "{\"status\":\"REVOKED\",\"effectiveDate\":null,\"url\":\"https://x\",\"certificate\":[1]}",
                        true, MITOME_STATUS_REVOKED, 0 },
                { "{\"st\\u0061tus\":\"REV\\u004fKED\"}", true, MITOME_STATUS_REVOKED, 0 },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                char *payload = NULL;
                struct mitome_metadata *metadata;
                assert_true(asprintf(&payload, HEAD "[{\"aaguid\":\"" AAGUID_1 "\",\"statusReports\":[%s]}]}",
                                    cases[i].reports) > 0);
                assert_int_equal(ask_payload(s, payload, &metadata), MITOME_OK);
                const struct mitome_metadata_entry *entry = mitome_metadata_at(metadata, 0);
                assert_int_equal(entry->compromised, cases[i].compromised);
                assert_int_equal(entry->status, cases[i].status);
                assert_int_equal(entry->certification_level, cases[i].level);
                mitome_metadata_free(metadata);
                free(payload);
        }
        assert_string_equal(
                mitome_metadata_status_name(MITOME_STATUS_FIDO_CERTIFIED_L1PLUS), "FIDO_CERTIFIED_L1plus");
        assert_string_equal(mitome_metadata_status_name((enum mitome_authenticator_status)999), "UNKNOWN");
}

/* A day begins with its first second, UTC. */
static void a_report_begins_with_its_day(void **state)
{
        const struct service *s = *state;
        struct rig_blob_plan plan = plan_of(s, HEAD
                "[{\"aaguid\":\"" AAGUID_1 "\",\"statusReports\":[" SAYS("REVOKED", "2027-01-16") "]}]}");
        const int64_t left = RIG_DAY - rig_now % RIG_DAY;
        char *blob = rig_blob(&plan);
        for (int64_t begun = 0; begun < 2; begun++) {
                struct mitome_metadata *metadata;
                const struct question question = { .later = left - 1 + begun, .allow_stale = true };
                assert_int_equal(ask(s, slice_text(blob), &question, &metadata, NULL), MITOME_OK);
                assert_int_equal(mitome_metadata_at(metadata, 0)->compromised, begun);
                mitome_metadata_free(metadata);
        }
        free(blob);
}

/* ---- limits and truncation ---- */

/* The text "before element,element.. after", to be freed. */
static char *repeat(const char *before, const char *element, size_t count, const char *after)
{
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);
        fputs(before, out);
        for (size_t i = 0; i < count; i++)
                fprintf(out, "%s%s", i ? "," : "", element);
        fputs(after, out);
        fclose(out);
        return text;
}

static void lists_are_bounded(void **state)
{
        const struct service *s = *state;
        static const struct {
                const char *before, *element, *after;
                size_t most;
        } cases[] = {
                { HEAD "[", "{\"aaid\":\"x\",\"statusReports\":[]}", "]}", MITOME_METADATA_ENTRIES_MAX },
                { HEAD "[{\"aaid\":\"x\",\"statusReports\":[", "{\"status\":\"REVOKED\"}", "]}]}", 128 },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
                for (size_t over = 0; over < 2; over++) {
                        char *payload = repeat(
                                cases[i].before, cases[i].element, cases[i].most + over, cases[i].after);
                        assert_int_equal(ask_payload(s, payload, NULL), over ? MITOME_E_TOO_MANY : MITOME_OK);
                        free(payload);
                }
        /* More certificates than a single statement may have */
        char *payload = repeat(HEAD "[{\"aaguid\":\"" AAGUID_1 "\",\"metadataStatement\":{" STATEMENT
                                    ",\"attestationRootCertificates\":[",
                "\"MAA=\"", 100, "]}," REPORTS "}]}");
        struct mitome_metadata *metadata;
        assert_int_equal(ask_payload(s, payload, &metadata), MITOME_OK);
        assert_int_equal(mitome_metadata_at(metadata, 0)->root_count, 100);
        assert_true(slice_equal(mitome_metadata_at(metadata, 0)->roots[99], slice_of("\x30\x00", 2)));
        assert_non_null(mitome_metadata_at(metadata, 0)->statement);
        mitome_metadata_free(metadata);
        free(payload);
}

static void a_payload_is_refused_at_each_truncation(void **state)
{
        (void)state;
        uint8_t space[sizeof whole];
        for (size_t size = 0; size < sizeof whole; size++) {
                struct mitome_metadata *metadata = NULL;
                writer scratch = WRITER(space);
                mitome_error error = { 0 };
                mitome_status status = metadata_snapshot_read(
                        slice_of(whole, size), (slice){ 0 }, rig_now, &scratch, &metadata, &error);
                assert_true((status.code == MITOME_OK) == (size == sizeof whole - 1));
                assert_int_equal(error.code, status.code);
                mitome_metadata_free(metadata);
        }
}

static void a_header_is_refused_at_each_truncation(void **state)
{
        const struct service *s = *state;
        struct rig_blob_plan plan = plan_of(s, whole);
        char *blob = rig_blob(&plan);
        struct metadata_jws jws;
        struct mitome_trust *trust = rig_trust(&s->root, NULL);
        static uint8_t space[16384], scratch_space[16384];
        assert_int_equal(metadata_jws_split(slice_text(blob), &jws, NULL).code, MITOME_OK);
        const slice header = jws.header;
        for (size_t size = 0; size <= header.size; size++) {
                writer w = WRITER(space), scratch = WRITER(scratch_space);
                slice signer;
                jws.header = slice_of(header.data, size);
                assert_true((metadata_jws_verify(&jws, trust, rig_now, &w, &scratch, &signer, NULL).code ==
                                    MITOME_OK) == (size == header.size));
        }
        mitome_trust_free(trust);
        free(blob);
}

/* Offsets are those of the BLOB's own bytes, whatever they decode to. */
static void an_error_says_where_in_the_blob(void **state)
{
        const struct service *s = *state;
        static const char before[] = HEAD "[{\"aaguid\":";
        struct rig_blob_plan plan = plan_of(s, HEAD "[{\"aaguid\":7," REPORTS "}]}");
        char *blob = rig_blob(&plan);
        mitome_error error;
        assert_int_equal(ask(s, slice_text(blob), &(struct question){ 0 }, NULL, &error), MITOME_E_JSON_TYPE);
        size_t payload = (size_t)(strchr(blob, '.') - blob) + 1, at = sizeof before - 1;
        assert_int_equal(error.at, payload + at + at / 3);
        assert_string_equal(error.field, "aaguid");
        assert_string_equal(error.clause, "FIDO Metadata Service 3.1.1");
        free(blob);
}

/* ---- many entries ---- */

static void five_hundred_models_are_found(void **state)
{
        const struct service *s = *state;
        enum { MODELS = 500 };
        char *payload = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&payload, &size);
        char *certificate = rig_base64(rig_der(&s->root));
        fputs(HEAD "[", out);
        for (unsigned i = 0; i < MODELS; i++) {
                unsigned mixed = i * 2654435761u; /* not in order */
                fprintf(out, "%s{\"aaguid\":\"%08x-0000-4000-8000-%012x\",", i ? "," : "", mixed, i);
                fprintf(out, "\"attestationCertificateKeyIdentifiers\":[\"%08x%032x\"],", mixed, i);
                fprintf(out, "\"metadataStatement\":{\"description\":\"Model %u\"," STATEMENT, i);
                fprintf(out, ",\"attestationRootCertificates\":[\"%s\",\"%s\"],\"icon\":\"%04000d\"},",
                        certificate, certificate, 0);
                fprintf(out, "\"statusReports\":[{\"status\":\"%s\"}]}",
                        i % 10 ? "FIDO_CERTIFIED_L1" : "REVOKED");
        }
        fputs("]}", out);
        fclose(out);
        struct mitome_metadata *metadata;
        assert_int_equal(ask_payload(s, payload, &metadata), MITOME_OK);
        assert_int_equal(mitome_metadata_describe(metadata).entry_count, MODELS);
        for (unsigned i = 0; i < MODELS; i++) {
                uint8_t aaguid[16], key[20];
                char name[16];
                writer a = WRITER(aaguid), k = WRITER(key);
                write_u32(&a, i * 2654435761u);
                write_u64(&a, 0x0000400080000000);
                write_u32(&a, i);
                write_u32(&k, i * 2654435761u);
                write_u64(&k, 0);
                write_u64(&k, i);
                const struct mitome_metadata_entry *entry = mitome_metadata_find(metadata, SLICE(aaguid));
                assert_non_null(entry);
                assert_ptr_equal(entry, mitome_metadata_at(metadata, i));
                assert_ptr_equal(entry, mitome_metadata_find_key(metadata, SLICE(key)));
                snprintf(name, sizeof name, "Model %u", i);
                assert_true(slice_is(entry->description, name));
                assert_int_equal(entry->compromised, i % 10 == 0);
                assert_int_equal(entry->root_count, 2);
                assert_true(slice_equal(entry->roots[1], rig_der(&s->root)));
                assert_non_null(entry->statement);
        }
        mitome_metadata_free(metadata);
        free(certificate);
        free(payload);
}

/* ---- the slot ---- */

static struct mitome_metadata *numbered(const struct service *s, unsigned number)
{
        char *payload = NULL;
        struct mitome_metadata *metadata;
        assert_true(asprintf(&payload, "{\"no\":%u,\"nextUpdate\":\"2027-01-15\",\"entries\":[" ENTRY_1 "]}",
                            number) > 0);
        assert_int_equal(ask_payload(s, payload, &metadata), MITOME_OK);
        free(payload);
        return metadata;
}

static void a_slot_keeps_what_its_readers_hold(void **state)
{
        const struct service *s = *state;
        struct mitome_metadata_slot *slot;
        assert_int_equal(mitome_metadata_slot_new(&slot, NULL).code, MITOME_OK);
        assert_null(mitome_metadata_slot_acquire(slot));
        mitome_metadata_slot_release(slot, NULL);
        assert_int_equal(mitome_metadata_slot_replace(slot, NULL, NULL).code, MITOME_E_ARGUMENT);

        assert_int_equal(mitome_metadata_slot_replace(slot, numbered(s, 5), NULL).code, MITOME_OK);
        const struct mitome_metadata *first = mitome_metadata_slot_acquire(slot);
        const struct mitome_metadata *again = mitome_metadata_slot_acquire(slot);
        assert_ptr_equal(first, again);
        assert_int_equal(mitome_metadata_slot_replace(slot, numbered(s, 6), NULL).code, MITOME_OK);
        const struct mitome_metadata *second = mitome_metadata_slot_acquire(slot);
        assert_int_equal(mitome_metadata_describe(first).number, 5);
        assert_non_null(mitome_metadata_find(first, aaguid_1()));
        assert_int_equal(mitome_metadata_describe(second).number, 6);
        mitome_metadata_slot_release(slot, first);
        assert_int_equal(mitome_metadata_describe(again).number, 5);
        mitome_metadata_slot_release(slot, again); /* the last: freed, says the leak checker */

        /* "refuse a lower `no`": also here */
        struct mitome_metadata *older = numbered(s, 5);
        mitome_error error = { 0 };
        assert_int_equal(mitome_metadata_slot_replace(slot, older, &error).code, MITOME_E_METADATA_ROLLBACK);
        assert_int_equal(error.code, MITOME_E_METADATA_ROLLBACK);
        assert_ptr_equal(mitome_metadata_slot_acquire(slot), second);
        mitome_metadata_slot_release(slot, second);
        mitome_metadata_free(older);
        mitome_metadata_slot_release(slot, second);

        struct mitome_metadata *same = numbered(s, 6);
        assert_int_equal(mitome_metadata_slot_replace(slot, same, NULL).code, MITOME_OK); /* read again */
        assert_int_equal(
                mitome_metadata_slot_replace(slot, same, NULL).code, MITOME_OK); /* is current already */
        assert_ptr_equal(mitome_metadata_slot_acquire(slot), same);
        mitome_metadata_slot_release(slot, same);
        mitome_metadata_slot_free(slot);
        mitome_metadata_slot_free(NULL);
}

enum { READERS = 3, READS = 4000, REPLACEMENTS = 200 };

static void *read_often(void *argument)
{
        struct mitome_metadata_slot *slot = argument;
        uint64_t last = 0;
        for (int i = 0; i < READS; i++) {
                const struct mitome_metadata *metadata = mitome_metadata_slot_acquire(slot);
                uint64_t number = mitome_metadata_describe(metadata).number;
                bool right = number >= last && mitome_metadata_find(metadata, aaguid_1());
                mitome_metadata_slot_release(slot, metadata);
                if (!right)
                        return argument;
                last = number;
        }
        return NULL;
}

static void a_slot_is_replaced_under_its_readers(void **state)
{
        const struct service *s = *state;
        struct mitome_metadata *snapshots[REPLACEMENTS];
        for (unsigned i = 0; i < REPLACEMENTS; i++)
                snapshots[i] = numbered(s, i + 1);
        struct mitome_metadata_slot *slot;
        pthread_t readers[READERS];
        assert_int_equal(mitome_metadata_slot_new(&slot, NULL).code, MITOME_OK);
        assert_int_equal(mitome_metadata_slot_replace(slot, snapshots[0], NULL).code, MITOME_OK);
        for (int i = 0; i < READERS; i++)
                assert_int_equal(pthread_create(&readers[i], NULL, read_often, slot), 0);
        for (int i = 1; i < REPLACEMENTS; i++)
                assert_int_equal(mitome_metadata_slot_replace(slot, snapshots[i], NULL).code, MITOME_OK);
        for (int i = 0; i < READERS; i++) {
                void *wrong = NULL;
                assert_int_equal(pthread_join(readers[i], &wrong), 0);
                assert_null(wrong);
        }
        mitome_metadata_slot_free(slot);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_blob_is_read),
                cmocka_unit_test(who_is_not_in_it_is_not_found),
                cmocka_unit_test(each_algorithm_verifies_its_own_signatures_only),
                cmocka_unit_test(headers_that_sign_nothing_are_refused),
                cmocka_unit_test(what_is_no_compact_serialisation_is_refused),
                cmocka_unit_test(a_blob_that_was_changed_is_refused),
                cmocka_unit_test(ecdsa_signatures_are_two_numbers),
                cmocka_unit_test(a_foreign_x5c_is_refused),
                cmocka_unit_test(an_x5c_that_is_no_chain_is_refused),
                cmocka_unit_test(an_anchor_may_be_an_intermediate),
                cmocka_unit_test(a_signer_out_of_its_time_or_too_weak_is_refused),
                cmocka_unit_test(a_revoked_signer_is_refused),
                cmocka_unit_test(an_old_blob_is_refused),
                cmocka_unit_test(a_payload_that_is_not_understood_is_refused),
                cmocka_unit_test(a_statement_that_is_not_understood_is_left_out),
                cmocka_unit_test(models_without_aaguid_are_not_found_by_one),
                cmocka_unit_test(a_shared_key_leads_to_the_compromised_model),
                cmocka_unit_test(status_reports_are_judged_as_of_now),
                cmocka_unit_test(a_report_begins_with_its_day),
                cmocka_unit_test(lists_are_bounded),
                cmocka_unit_test(a_payload_is_refused_at_each_truncation),
                cmocka_unit_test(a_header_is_refused_at_each_truncation),
                cmocka_unit_test(an_error_says_where_in_the_blob),
                cmocka_unit_test(five_hundred_models_are_found),
                cmocka_unit_test(a_slot_keeps_what_its_readers_hold),
                cmocka_unit_test(a_slot_is_replaced_under_its_readers),
        };
        return cmocka_run_group_tests(tests, open_service, close_service);
}
