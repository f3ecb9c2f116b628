/* SPDX-License-Identifier: Apache-2.0 */

/* Certification paths (WebAuthn L3 7.1 #24, RFC 5280 6) and revocation lists (RFC 5280 5). */

#include "trust.h"
#include "trust_rig.h"

#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char *const root_name[] = { "C", "JP", "O", "Maker", "CN", "Root", NULL };
static const char *const middle_name[] = { "C", "JP", "O", "Maker", "CN", "Middle", NULL };
static const char *const leaf_name[] = { "C", "JP", "O", "Maker", "CN", "Leaf", NULL };

struct family {
        struct rig_certificate root, middle, leaf;
};

static int make_family(void **state)
{
        static struct family family;
        rig_make(&family.root, &(struct rig_plan){ .subject = root_name, .extensions = rig_ca_extensions });
        rig_make(&family.middle,
                &(struct rig_plan){
                        .subject = middle_name, .issuer = &family.root, .extensions = rig_ca_extensions });
        rig_make(&family.leaf,
                &(struct rig_plan){
                        .subject = leaf_name, .issuer = &family.middle, .extensions = rig_leaf_extensions });
        *state = &family;
        return 0;
}

static int free_family(void **state)
{
        struct family *family = *state;
        rig_free(&family->leaf);
        rig_free(&family->middle);
        rig_free(&family->root);
        return 0;
}

static mitome_code verify(
        const struct mitome_trust *trust, const slice *chain, size_t count, int64_t now, bool *ret_anchored)
{
        mitome_error error = { 0 };
        *ret_anchored = false;
        mitome_status status = trust_verify_attestation(trust, chain, count, now, ret_anchored, &error);
        assert_int_equal(error.code, status.code);
        if (status.code != MITOME_OK)
                assert_string_equal(error.field, "x5c");
        return status.code;
}

static void a_path_may_end_in_a_root_or_in_an_intermediate(void **state)
{
        const struct family *f = *state;
        const slice chain[] = { rig_der(&f->leaf), rig_der(&f->middle), rig_der(&f->root) };
        const struct rig_certificate *const anchors[] = { &f->root, &f->middle };
        for (int i = 0; i < 2; i++) {
                struct mitome_trust *trust = rig_trust(anchors[i], NULL);
                bool anchored;
                for (size_t count = (size_t)(2 - i); count <= 3; count++) {
                        assert_int_equal(verify(trust, chain, count, rig_now, &anchored), MITOME_OK);
                        assert_true(anchored);
                }
                mitome_trust_free(trust);
        }
}

static void a_path_to_nobody_we_believe_is_an_answer_and_no_error(void **state)
{
        const struct family *f = *state;
        struct rig_certificate stranger;
        rig_make(&stranger, &(struct rig_plan){ .subject = root_name, .extensions = rig_ca_extensions });
        const slice chain[] = { rig_der(&f->leaf), rig_der(&f->middle), rig_der(&f->root) };
        struct mitome_trust *trust = rig_trust(&stranger, NULL);
        bool anchored = true;
        assert_int_equal(verify(trust, chain, 3, rig_now, &anchored), MITOME_OK);
        assert_false(anchored);
        mitome_trust_free(trust);

        trust = rig_trust(NULL, NULL);
        assert_int_equal(verify(trust, chain, 3, rig_now, &anchored), MITOME_OK);
        assert_false(anchored);
        mitome_trust_free(trust);
        rig_free(&stranger);
}

/* CA generations may share one name: the one whose key signed counts, in whatever order they were added. */
static void anchors_of_one_name_are_told_apart_by_their_keys(void **state)
{
        const struct family *f = *state;
        struct rig_certificate other, bare;
        rig_make(&other, &(struct rig_plan){ .subject = root_name, .extensions = rig_ca_extensions });
        rig_make(&bare, &(struct rig_plan){ .subject = leaf_name,
                                .issuer = &f->root,
                                .extensions = "[certificate]\nbasicConstraints = CA:FALSE\n" });
        const slice chain[] = { rig_der(&bare) };
        for (int first = 0; first < 2; first++) {
                struct mitome_trust *trust = rig_trust(first ? &f->root : &other, NULL);
                assert_int_equal(
                        mitome_trust_add_anchor(trust, rig_der(first ? &other : &f->root), NULL).code,
                        MITOME_OK);
                bool anchored;
                assert_int_equal(verify(trust, chain, 1, rig_now, &anchored), MITOME_OK);
                assert_true(anchored);
                mitome_trust_free(trust);
        }
        rig_free(&bare);
        rig_free(&other);
}

static void certificates_are_valid_in_their_time_only(void **state)
{
        const struct family *f = *state;
        const slice chain[] = { rig_der(&f->leaf), rig_der(&f->middle) };
        struct mitome_trust *trust = rig_trust(&f->root, NULL);
        bool anchored;
        assert_int_equal(verify(trust, chain, 2, rig_now - 2 * RIG_DAY, &anchored),
                MITOME_E_CERTIFICATE_NOT_YET_VALID);
        assert_int_equal(
                verify(trust, chain, 2, rig_now + 400 * RIG_DAY, &anchored), MITOME_E_CERTIFICATE_EXPIRED);
        mitome_trust_free(trust);
}

/* A leaf in its time does not make up for an issuer that is out of its own. */
static void an_issuer_out_of_its_time_is_refused(void **state)
{
        const struct family *f = *state;
        const struct {
                int64_t not_before, not_after;
                mitome_code code;
        } cases[] = {
                { 0, rig_now - 1, MITOME_E_CERTIFICATE_EXPIRED },
                { rig_now + RIG_DAY, 0, MITOME_E_CERTIFICATE_NOT_YET_VALID },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct rig_certificate untimely, leaf;
                rig_make(&untimely, &(struct rig_plan){ .subject = middle_name,
                                            .issuer = &f->root,
                                            .extensions = rig_ca_extensions,
                                            .not_before = cases[i].not_before,
                                            .not_after = cases[i].not_after });
                rig_make(&leaf, &(struct rig_plan){ .subject = leaf_name,
                                        .issuer = &untimely,
                                        .extensions = rig_leaf_extensions });
                const slice chain[] = { rig_der(&leaf), rig_der(&untimely) };
                struct mitome_trust *trust = rig_trust(&f->root, NULL);
                bool anchored;
                assert_int_equal(verify(trust, chain, 2, rig_now, &anchored), cases[i].code);
                mitome_trust_free(trust);
                rig_free(&leaf);
                rig_free(&untimely);
        }
}

/* RFC 5280 4.2.1.9: a root that allows no CA below it does not vouch for what such a CA issued. */
static void a_path_longer_than_its_root_allows_is_not_anchored(void **state)
{
        (void)state;
        struct rig_certificate root, middle, leaf;
        rig_make(&root, &(struct rig_plan){ .subject = root_name,
                                .extensions = "[certificate]\nkeyUsage = critical, keyCertSign\n"
                                              "basicConstraints = critical, CA:TRUE, pathlen:0\n"
                                              "subjectKeyIdentifier = hash\n" });
        rig_make(&middle, &(struct rig_plan){
                                  .subject = middle_name, .issuer = &root, .extensions = rig_ca_extensions });
        rig_make(&leaf, &(struct rig_plan){
                                .subject = leaf_name, .issuer = &middle, .extensions = rig_leaf_extensions });
        const slice chain[] = { rig_der(&leaf), rig_der(&middle) };
        struct mitome_trust *trust = rig_trust(&root, NULL);
        bool anchored;
        assert_int_equal(verify(trust, chain, 2, rig_now, &anchored), MITOME_OK);
        assert_false(anchored);
        mitome_trust_free(trust);
        rig_free(&leaf);
        rig_free(&middle);
        rig_free(&root);
}

static void a_chain_that_contradicts_itself_is_refused(void **state)
{
        const struct family *f = *state;
        struct rig_certificate no_ca, under_no_ca;
        rig_make(&no_ca,
                &(struct rig_plan){
                        .subject = middle_name, .issuer = &f->root, .extensions = rig_leaf_extensions });
        rig_make(&under_no_ca, &(struct rig_plan){ .subject = leaf_name,
                                       .issuer = &no_ca,
                                       .extensions = "[certificate]\nbasicConstraints = CA:FALSE\n" });
        const slice chains[][2] = {
                { rig_der(&f->middle), rig_der(&f->leaf) }, /* wrong order */
                { rig_der(&f->leaf), rig_der(&f->root) },   /* one left out */
                { rig_der(&f->leaf), rig_der(&f->leaf) },   /* a loop */
                { rig_der(&under_no_ca), rig_der(&no_ca) }, /* issued by an end entity */
        };
        struct mitome_trust *trust = rig_trust(&f->root, NULL);
        bool anchored;
        for (size_t i = 0; i < sizeof chains / sizeof chains[0]; i++) {
                assert_int_equal(verify(trust, chains[i], 2, rig_now, &anchored), MITOME_E_CERTIFICATE_PATH);
                assert_false(anchored);
        }
        mitome_trust_free(trust);
        rig_free(&under_no_ca);
        rig_free(&no_ca);
}

static void chains_are_bounded_and_parsed_to_the_last_byte(void **state)
{
        const struct family *f = *state;
        struct mitome_trust *trust = rig_trust(&f->root, NULL);
        slice chain[TRUST_CHAIN_MAX + 1];
        bool anchored;
        for (size_t i = 0; i <= TRUST_CHAIN_MAX; i++)
                chain[i] = rig_der(&f->leaf);
        assert_int_equal(verify(trust, chain, TRUST_CHAIN_MAX + 1, rig_now, &anchored), MITOME_E_TOO_MANY);
        assert_int_equal(verify(trust, chain, 0, rig_now, &anchored), MITOME_E_TOO_MANY);
        uint8_t longer[AUTHORITY_DER_MAX + 1];
        memcpy(longer, f->leaf.der.bytes, f->leaf.der.size);
        longer[f->leaf.der.size] = 0;
        chain[0] = slice_of(longer, f->leaf.der.size + 1);
        assert_int_equal(verify(trust, chain, 1, rig_now, &anchored), MITOME_E_TRAILING_BYTES);
        for (size_t size = 0; size < f->leaf.der.size; size++) {
                chain[0] = slice_of(longer, size);
                assert_int_equal(verify(trust, chain, 1, rig_now, &anchored), MITOME_E_DER);
        }
        mitome_trust_free(trust);
}

/* RFC 5280 4.2.1.9: who is no CA issues nothing. */
static void a_jpki_anchor_is_a_ca(void **state)
{
        const struct family *f = *state;
        struct mitome_trust *trust = rig_trust(NULL, NULL);
        assert_int_equal(
                mitome_trust_add_jpki_anchor(trust, rig_der(&f->leaf), NULL).code, MITOME_E_ANCHOR_NO_CA);
        assert_int_equal(mitome_trust_add_crl(trust, rig_der(&f->leaf), NULL).code, MITOME_E_DER);
        assert_int_equal(mitome_trust_add_crl(trust, slice_of(NULL, 0), NULL).code, MITOME_E_DER);
        mitome_trust_free(trust);
        mitome_trust_free(NULL);
}

/* ---- revocation ---- */

static const uint8_t serial[] = { 0x4d, 0x10, 0x20 };

static slice name_of(const struct rig_certificate *certificate, uint8_t buffer[512])
{
        unsigned char *end = buffer;
        int size = i2d_X509_NAME(X509_get_subject_name(certificate->x509), &end);
        return slice_of(buffer, (size_t)size);
}

static mitome_code check(const struct mitome_trust *trust, const struct rig_certificate *issuer, int64_t now)
{
        uint8_t name[512];
        mitome_error error = { 0 };
        mitome_status status = trust_check_serial(trust, name_of(issuer, name), SLICE(serial), now, &error);
        assert_int_equal(error.code, status.code);
        return status.code;
}

/* One list, one answer. */
static mitome_code check_with(const struct family *f, const struct rig_crl_plan *plan, int64_t now)
{
        struct authority_der crl;
        struct mitome_trust *trust = rig_trust(NULL, &f->root);
        rig_crl(&crl, plan);
        rig_add_crl(trust, &crl);
        mitome_code code = check(trust, &f->root, now);
        mitome_trust_free(trust);
        return code;
}

static void a_fresh_list_answers(void **state)
{
        const struct family *f = *state;
        struct rig_crl_plan plan = { .issuer = &f->root, .issued = rig_now - 60, .next = rig_now + RIG_DAY };
        assert_int_equal(check_with(f, &plan, rig_now), MITOME_OK);
        static const uint8_t other[] = { 0x4d, 0x10, 0x21 };
        plan.serial = SLICE(other);
        assert_int_equal(check_with(f, &plan, rig_now), MITOME_OK);
        plan.serial = SLICE(serial);
        assert_int_equal(check_with(f, &plan, rig_now), MITOME_E_CERTIFICATE_REVOKED);
        plan.reason = CRL_REASON_KEY_COMPROMISE;
        assert_int_equal(check_with(f, &plan, rig_now), MITOME_E_CERTIFICATE_REVOKED);
        plan.reason = CRL_REASON_CERTIFICATE_HOLD;
        assert_int_equal(check_with(f, &plan, rig_now), MITOME_E_CERTIFICATE_ON_HOLD);
}

static void a_list_is_parsed_to_the_last_byte(void **state)
{
        const struct family *f = *state;
        struct authority_der crl;
        uint8_t bytes[AUTHORITY_DER_MAX + 1];
        rig_crl(&crl, &(struct rig_crl_plan){
                              .issuer = &f->root, .issued = rig_now - 60, .next = rig_now + RIG_DAY });
        memcpy(bytes, crl.bytes, crl.size);
        bytes[crl.size] = 0;
        struct mitome_trust *trust = rig_trust(NULL, &f->root);
        assert_int_equal(mitome_trust_add_crl(trust, slice_of(bytes, crl.size + 1), NULL).code,
                MITOME_E_TRAILING_BYTES);
        for (size_t size = 0; size < crl.size; size++)
                assert_int_equal(mitome_trust_add_crl(trust, slice_of(bytes, size), NULL).code, MITOME_E_DER);
        assert_int_equal(check(trust, &f->root, rig_now), MITOME_E_CRL_MISSING);
        mitome_trust_free(trust);
}

static void a_list_out_of_its_time_is_no_list(void **state)
{
        const struct family *f = *state;
        struct rig_crl_plan plan = { .issuer = &f->root, .issued = rig_now - 60, .next = rig_now + RIG_DAY };
        assert_int_equal(check_with(f, &plan, rig_now + 2 * RIG_DAY), MITOME_E_CRL_STALE);
        assert_int_equal(check_with(f, &plan, rig_now - 3600), MITOME_E_CRL_STALE);
        plan.next = 0; /* RFC 5280 5.1.2.5: conforming CRLs say when the next one comes */
        assert_int_equal(check_with(f, &plan, rig_now), MITOME_E_CRL_STALE);
        /* What a stale list says of a certificate stays said. */
        plan.next = rig_now + RIG_DAY;
        plan.serial = SLICE(serial);
        assert_int_equal(check_with(f, &plan, rig_now + 2 * RIG_DAY), MITOME_E_CERTIFICATE_REVOKED);
}

static void a_list_that_the_issuer_did_not_sign_is_no_list(void **state)
{
        const struct family *f = *state;
        struct rig_certificate twin;
        rig_make(&twin, &(struct rig_plan){ .subject = root_name, .extensions = rig_ca_extensions });
        struct rig_crl_plan plan = {
                .issuer = &f->root, .signer = twin.key, .issued = rig_now - 60, .next = rig_now + RIG_DAY
        };
        assert_int_equal(check_with(f, &plan, rig_now), MITOME_E_CRL_SIGNATURE);
        plan = (struct rig_crl_plan){
                .issuer = &f->middle, .issued = rig_now - 60, .next = rig_now + RIG_DAY
        };
        assert_int_equal(check_with(f, &plan, rig_now), MITOME_E_CRL_MISSING);
        rig_free(&twin);
}

/* RFC 5280 5.2.4: a delta CRL's indicator is critical. */
static void a_list_that_is_not_whole_is_refused(void **state)
{
        const struct family *f = *state;
        const struct rig_crl_plan plan = {
                .issuer = &f->root, .issued = rig_now - 60, .next = rig_now + RIG_DAY, .critical = true
        };
        assert_int_equal(check_with(f, &plan, rig_now), MITOME_E_CRL_FORM);
}

/* RFC 5280 5.3: a list with a critical entry extension that is not understood says nothing, of no serial; and
 * 5.3.1: only a delta removes from a list. */
static void an_entry_that_is_not_understood_spoils_its_list(void **state)
{
        const struct family *f = *state;
        static const uint8_t other[] = { 0x4d, 0x10, 0x21 };
        struct rig_crl_plan plan = { .issuer = &f->root,
                .issued = rig_now - 60,
                .next = rig_now + RIG_DAY,
                .serial = SLICE(other),
                .critical_entry = true };
        assert_int_equal(check_with(f, &plan, rig_now), MITOME_E_CRL_FORM);
        plan.critical_entry = false;
        assert_int_equal(check_with(f, &plan, rig_now), MITOME_OK);
        plan.serial = SLICE(serial);
        plan.reason = CRL_REASON_REMOVE_FROM_CRL;
        assert_int_equal(check_with(f, &plan, rig_now), MITOME_E_CRL_FORM);
}

/* RFC 5280 6.3.3 (f): a CA whose key usage leaves out cRLSign signs no list. */
static void a_ca_that_may_not_sign_lists_signs_none(void **state)
{
        (void)state;
        struct rig_certificate mute;
        struct authority_der crl;
        rig_make(&mute, &(struct rig_plan){ .subject = root_name,
                                .extensions = "[certificate]\nkeyUsage = critical, keyCertSign\n"
                                              "basicConstraints = critical, CA:TRUE\n" });
        struct mitome_trust *trust = rig_trust(NULL, &mute);
        rig_crl(&crl,
                &(struct rig_crl_plan){ .issuer = &mute, .issued = rig_now - 60, .next = rig_now + RIG_DAY });
        rig_add_crl(trust, &crl);
        assert_int_equal(check(trust, &mute, rig_now), MITOME_E_CRL_SIGNATURE);
        mitome_trust_free(trust);
        rig_free(&mute);
}

/* Generations of one name: each must have its list, since a record knows the name only. */
static void every_generation_of_a_name_needs_its_list(void **state)
{
        const struct family *f = *state;
        struct rig_certificate older;
        struct authority_der crl, old_crl;
        rig_make(&older, &(struct rig_plan){ .subject = root_name, .extensions = rig_ca_extensions });
        rig_crl(&crl, &(struct rig_crl_plan){
                              .issuer = &f->root, .issued = rig_now - 60, .next = rig_now + RIG_DAY });
        rig_crl(&old_crl, &(struct rig_crl_plan){ .issuer = &older,
                                  .issued = rig_now - 60,
                                  .next = rig_now + RIG_DAY,
                                  .serial = SLICE(serial) });
        struct mitome_trust *trust = rig_trust(NULL, &f->root);
        assert_int_equal(mitome_trust_add_jpki_anchor(trust, rig_der(&older), NULL).code, MITOME_OK);
        rig_add_crl(trust, &crl);
        assert_int_equal(check(trust, &f->root, rig_now), MITOME_E_CRL_SIGNATURE);
        rig_add_crl(trust, &old_crl);
        assert_int_equal(check(trust, &f->root, rig_now), MITOME_E_CERTIFICATE_REVOKED);
        mitome_trust_free(trust);
        rig_free(&older);
}

static void an_unknown_issuer_or_a_bad_question_is_refused(void **state)
{
        const struct family *f = *state;
        uint8_t name[512];
        struct mitome_trust *trust = rig_trust(NULL, &f->root);
        assert_int_equal(check(trust, &f->middle, rig_now), MITOME_E_CERTIFICATE_ISSUER);
        assert_int_equal(check(trust, &f->root, rig_now), MITOME_E_CRL_MISSING);
        slice issuer = name_of(&f->root, name);
        static const uint8_t long_serial[21] = { 1 };
        assert_int_equal(
                trust_check_serial(trust, issuer, slice_of(NULL, 0), rig_now, NULL).code, MITOME_E_ARGUMENT);
        assert_int_equal(
                trust_check_serial(trust, issuer, SLICE(long_serial), rig_now, NULL).code, MITOME_E_ARGUMENT);
        assert_int_equal(trust_check_serial(trust, slice_of(NULL, 0), SLICE(serial), rig_now, NULL).code,
                MITOME_E_ARGUMENT);
        for (size_t size = 1; size < issuer.size; size++)
                assert_int_equal(
                        trust_check_serial(trust, slice_of(name, size), SLICE(serial), rig_now, NULL).code,
                        MITOME_E_DER);
        name[issuer.size] = 0;
        assert_int_equal(
                trust_check_serial(trust, slice_of(name, issuer.size + 1), SLICE(serial), rig_now, NULL).code,
                MITOME_E_DER);
        mitome_trust_free(trust);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_path_may_end_in_a_root_or_in_an_intermediate),
                cmocka_unit_test(a_path_to_nobody_we_believe_is_an_answer_and_no_error),
                cmocka_unit_test(anchors_of_one_name_are_told_apart_by_their_keys),
                cmocka_unit_test(certificates_are_valid_in_their_time_only),
                cmocka_unit_test(an_issuer_out_of_its_time_is_refused),
                cmocka_unit_test(a_path_longer_than_its_root_allows_is_not_anchored),
                cmocka_unit_test(a_chain_that_contradicts_itself_is_refused),
                cmocka_unit_test(chains_are_bounded_and_parsed_to_the_last_byte),
                cmocka_unit_test(a_jpki_anchor_is_a_ca),
                cmocka_unit_test(a_fresh_list_answers),
                cmocka_unit_test(a_list_is_parsed_to_the_last_byte),
                cmocka_unit_test(a_list_out_of_its_time_is_no_list),
                cmocka_unit_test(a_list_that_the_issuer_did_not_sign_is_no_list),
                cmocka_unit_test(a_list_that_is_not_whole_is_refused),
                cmocka_unit_test(an_entry_that_is_not_understood_spoils_its_list),
                cmocka_unit_test(a_ca_that_may_not_sign_lists_signs_none),
                cmocka_unit_test(every_generation_of_a_name_needs_its_list),
                cmocka_unit_test(an_unknown_issuer_or_a_bad_question_is_refused),
        };
        return cmocka_run_group_tests(tests, make_family, free_family);
}
