/* SPDX-License-Identifier: Apache-2.0 */

/* OCSP responses (RFC 6960) in a trust snapshot: who may answer, for whom, when, and what lists have to say
 * beside them. */

#include "trust.h"
#include "trust_rig.h"

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char *const root_name[] = { "C", "JP", "O", "Maker", "CN", "Root", NULL };
static const char *const other_name[] = { "C", "JP", "O", "Maker", "CN", "Other", NULL };
static const char *const responder_name[] = { "C", "JP", "O", "Maker", "CN", "Responder", NULL };
static const char *const leaf_name[] = { "C", "JP", "O", "Maker", "CN", "Leaf", NULL };

static const char delegate_extensions[] = "[certificate]\nbasicConstraints = critical, CA:FALSE\n"
                                          "keyUsage = critical, digitalSignature\n"
                                          "extendedKeyUsage = OCSPSigning\n";

struct family {
        struct rig_certificate root, leaf;
        struct rig_certificate twin;     /* of the root's name, with a key of its own */
        struct rig_certificate delegate; /* may answer for the root */
};

static int make_family(void **state)
{
        static struct family family;
        const struct rig_plan root = { .subject = root_name, .extensions = rig_ca_extensions };
        rig_make(&family.root, &root);
        rig_make(&family.twin, &root);
        rig_make(&family.leaf,
                &(struct rig_plan){
                        .subject = leaf_name, .issuer = &family.root, .extensions = rig_leaf_extensions });
        rig_make(&family.delegate, &(struct rig_plan){ .subject = responder_name,
                                           .issuer = &family.root,
                                           .extensions = delegate_extensions });
        *state = &family;
        return 0;
}

static int free_family(void **state)
{
        struct family *family = *state;
        rig_free(&family->delegate);
        rig_free(&family->leaf);
        rig_free(&family->twin);
        rig_free(&family->root);
        return 0;
}

/* ---- responses of every make ---- */

struct answer_plan {
        const struct rig_certificate *issuer, *subject; /* whom it is about */
        const struct rig_certificate *signer;           /* NULL: the issuer */
        int status;                                     /* V_OCSP_CERTSTATUS_.. */
        int reason;                                     /* of a revocation; 0: unspecified */
        int64_t begin, end;               /* 0: a minute before and a day after rig_now; end -1: none */
        const EVP_MD *id_digest, *digest; /* NULL: SHA-1 for the ID, SHA-256 for the signature */
        unsigned long flags;              /* of OCSP_basic_sign */
        bool critical, critical_single;
};

static ASN1_GENERALIZEDTIME *time_of(int64_t at)
{
        ASN1_GENERALIZEDTIME *time = ASN1_GENERALIZEDTIME_set(NULL, (time_t)at);
        assert_non_null(time);
        return time;
}

/* An extension that no profile knows; it may stand anywhere. */
static X509_EXTENSION *critical_extension(void)
{
        ASN1_OBJECT *object = OBJ_txt2obj("1.3.6.1.4.1.99999.7", 1);
        ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
        assert_int_equal(ASN1_OCTET_STRING_set(value, (const unsigned char *)"\x05", 2), 1);
        X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, object, 1, value);
        assert_non_null(extension);
        ASN1_OCTET_STRING_free(value);
        ASN1_OBJECT_free(object);
        return extension;
}

static void add_status(OCSP_BASICRESP *answer, const struct answer_plan *plan)
{
        OCSP_CERTID *id = OCSP_cert_id_new(plan->id_digest ? plan->id_digest : EVP_sha1(),
                X509_get_subject_name(plan->issuer->x509), X509_get0_pubkey_bitstr(plan->issuer->x509),
                X509_get0_serialNumber(plan->subject->x509));
        ASN1_GENERALIZEDTIME *begin = time_of(plan->begin ? plan->begin : rig_now - 60);
        ASN1_GENERALIZEDTIME *end = plan->end < 0 ? NULL : time_of(plan->end ? plan->end : rig_now + RIG_DAY);
        ASN1_GENERALIZEDTIME *revoked = time_of(rig_now - 3600);
        bool is_revoked = plan->status == V_OCSP_CERTSTATUS_REVOKED;
        OCSP_SINGLERESP *single = OCSP_basic_add1_status(
                answer, id, plan->status, plan->reason, is_revoked ? revoked : NULL, begin, end);
        assert_non_null(single);
        if (plan->critical_single) {
                X509_EXTENSION *extension = critical_extension();
                assert_int_equal(OCSP_SINGLERESP_add_ext(single, extension, -1), 1);
                X509_EXTENSION_free(extension);
        }
        ASN1_GENERALIZEDTIME_free(revoked);
        ASN1_GENERALIZEDTIME_free(end);
        ASN1_GENERALIZEDTIME_free(begin);
        OCSP_CERTID_free(id);
}

static void encode(OCSP_RESPONSE *response, struct authority_der *ret)
{
        unsigned char *end = ret->bytes;
        assert_in_range(i2d_OCSP_RESPONSE(response, NULL), 1, sizeof ret->bytes);
        ret->size = (size_t)i2d_OCSP_RESPONSE(response, &end);
}

static void make_answer(struct authority_der *ret, const struct answer_plan *plan)
{
        const struct rig_certificate *signer = plan->signer ? plan->signer : plan->issuer;
        OCSP_BASICRESP *answer = OCSP_BASICRESP_new();
        add_status(answer, plan);
        if (plan->critical) {
                X509_EXTENSION *extension = critical_extension();
                assert_int_equal(OCSP_BASICRESP_add_ext(answer, extension, -1), 1);
                X509_EXTENSION_free(extension);
        }
        assert_int_equal(OCSP_basic_sign(answer, signer->x509, signer->key,
                                 plan->digest ? plan->digest : EVP_sha256(), NULL, plan->flags),
                1);
        OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, answer);
        encode(response, ret);
        OCSP_RESPONSE_free(response);
        OCSP_BASICRESP_free(answer);
}

static void add_answer(struct mitome_trust *trust, const struct answer_plan *plan)
{
        struct authority_der der;
        make_answer(&der, plan);
        assert_int_equal(mitome_trust_add_ocsp(trust, slice_of(der.bytes, der.size), NULL).code, MITOME_OK);
}

static void add_list(struct mitome_trust *trust, const struct rig_certificate *issuer,
        const struct rig_certificate *revoked, int64_t next)
{
        struct authority_der crl;
        slice listed = { 0 };
        if (revoked) {
                const ASN1_INTEGER *number = X509_get0_serialNumber(revoked->x509);
                listed = slice_of(ASN1_STRING_get0_data(number), (size_t)ASN1_STRING_length(number));
        }
        rig_crl(&crl, &(struct rig_crl_plan){
                              .issuer = issuer, .issued = rig_now - 60, .next = next, .serial = listed });
        rig_add_crl(trust, &crl);
}

/* ---- questions ---- */

static mitome_code ask(const struct mitome_trust *trust, const struct rig_certificate *subject, int64_t now)
{
        uint8_t name[512];
        unsigned char *end = name;
        mitome_error error = { 0 };
        int size = i2d_X509_NAME(X509_get_issuer_name(subject->x509), &end);
        const ASN1_INTEGER *number = X509_get0_serialNumber(subject->x509);
        mitome_status status = trust_check_serial(trust, slice_of(name, (size_t)size),
                slice_of(ASN1_STRING_get0_data(number), (size_t)ASN1_STRING_length(number)), now, &error);
        assert_int_equal(error.code, status.code);
        return status.code;
}

/* One response, one answer. */
static mitome_code ask_with(const struct family *f, const struct answer_plan *plan)
{
        struct mitome_trust *trust = rig_trust(NULL, &f->root);
        add_answer(trust, plan);
        mitome_code code = ask(trust, &f->leaf, rig_now);
        mitome_trust_free(trust);
        return code;
}

/* RFC 6960 2.2: good, revoked, unknown; CertID by SHA-1 or SHA-256 (4.1.1), the responder by name or by key
 * (4.2.1), its certificate in the response or not. */
static void the_issuer_answers(void **state)
{
        const struct family *f = *state;
        const struct {
                int status, reason;
                mitome_code code;
        } cases[] = {
                { V_OCSP_CERTSTATUS_GOOD, 0, MITOME_OK },
                { V_OCSP_CERTSTATUS_REVOKED, 0, MITOME_E_CERTIFICATE_REVOKED },
                { V_OCSP_CERTSTATUS_REVOKED, OCSP_REVOKED_STATUS_KEYCOMPROMISE,
                        MITOME_E_CERTIFICATE_REVOKED },
                { V_OCSP_CERTSTATUS_REVOKED, OCSP_REVOKED_STATUS_CERTIFICATEHOLD,
                        MITOME_E_CERTIFICATE_ON_HOLD },
                { V_OCSP_CERTSTATUS_UNKNOWN, 0, MITOME_E_CERTIFICATE_UNKNOWN },
        };
        const EVP_MD *const digests[] = { EVP_sha1(), EVP_sha256() };
        const unsigned long flags[] = { 0, OCSP_NOCERTS, OCSP_RESPID_KEY, OCSP_RESPID_KEY | OCSP_NOCERTS };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
                for (size_t variant = 0; variant < 8; variant++)
                        assert_int_equal(ask_with(f, &(struct answer_plan){ .issuer = &f->root,
                                                             .subject = &f->leaf,
                                                             .status = cases[i].status,
                                                             .reason = cases[i].reason,
                                                             .id_digest = digests[variant / 4],
                                                             .flags = flags[variant % 4] }),
                                cases[i].code);
}

/* RFC 6960 4.2.2.2: "a certificate issued directly by the CA" with id-kp-OCSPSigning. */
static void a_delegate_answers_for_who_made_it_one(void **state)
{
        const struct family *f = *state;
        struct answer_plan plan = { .issuer = &f->root, .subject = &f->leaf, .signer = &f->delegate };
        assert_int_equal(ask_with(f, &plan), MITOME_OK);
        plan.flags = OCSP_RESPID_KEY;
        assert_int_equal(ask_with(f, &plan), MITOME_OK);
        plan.status = V_OCSP_CERTSTATUS_REVOKED;
        assert_int_equal(ask_with(f, &plan), MITOME_E_CERTIFICATE_REVOKED);
        plan = (struct answer_plan){
                .issuer = &f->root, .subject = &f->leaf, .signer = &f->delegate, .flags = OCSP_NOCERTS
        };
        assert_int_equal(ask_with(f, &plan), MITOME_E_OCSP_SIGNATURE); /* whose certificate nobody has */
}

static void nobody_else_answers(void **state)
{
        const struct family *f = *state;
        static const char timeless[] = "[certificate]\nbasicConstraints = critical, CA:FALSE\n"
                                       "extendedKeyUsage = OCSPSigning\n";
        const struct {
                const struct rig_certificate *issuer;
                const char *extensions;
                int64_t not_before, not_after;
        } cases[] = {
                { &f->root, rig_leaf_extensions, 0, 0 }, /* no OCSPSigning */
                { &f->root,
                        "[certificate]\nbasicConstraints = critical, CA:FALSE\n"
                        "extendedKeyUsage = serverAuth, anyExtendedKeyUsage\n",
                        0, 0 },
                { &f->root,
                        "[certificate]\nbasicConstraints = critical, CA:FALSE\n"
                        "keyUsage = critical, keyEncipherment\nextendedKeyUsage = OCSPSigning\n",
                        0, 0 },
                { &f->root,
                        "[certificate]\nbasicConstraints = critical, CA:FALSE\n"
                        "extendedKeyUsage = OCSPSigning\n1.3.6.1.4.1.99999.7 = critical, DER:0500\n",
                        0, 0 },                               /* RFC 5280 4.2 */
                { &f->root, timeless, 0, rig_now - 1 },       /* expired */
                { &f->root, timeless, rig_now + RIG_DAY, 0 }, /* to come */
                { &f->twin, delegate_extensions, 0, 0 },      /* of the issuer's name only */
                { &f->leaf, delegate_extensions, 0, 0 },      /* not directly */
                { NULL, delegate_extensions, 0, 0 },          /* of its own making */
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct rig_certificate signer;
                rig_make(&signer, &(struct rig_plan){ .subject = responder_name,
                                          .issuer = cases[i].issuer,
                                          .extensions = cases[i].extensions,
                                          .not_before = cases[i].not_before,
                                          .not_after = cases[i].not_after });
                assert_int_equal(ask_with(f, &(struct answer_plan){ .issuer = &f->root,
                                                     .subject = &f->leaf,
                                                     .signer = &signer }),
                        MITOME_E_OCSP_SIGNATURE);
                rig_free(&signer);
        }
        /* A delegate of an intermediate does not answer for the root: "directly". */
        struct rig_certificate middle, below;
        rig_make(&middle,
                &(struct rig_plan){
                        .subject = other_name, .issuer = &f->root, .extensions = rig_ca_extensions });
        rig_make(&below,
                &(struct rig_plan){
                        .subject = responder_name, .issuer = &middle, .extensions = delegate_extensions });
        const struct rig_certificate *const signers[] = { &below, &middle, &f->twin };
        for (size_t i = 0; i < sizeof signers / sizeof signers[0]; i++)
                assert_int_equal(ask_with(f, &(struct answer_plan){ .issuer = &f->root,
                                                     .subject = &f->leaf,
                                                     .signer = signers[i] }),
                        MITOME_E_OCSP_SIGNATURE);
        rig_free(&below);
        rig_free(&middle);
}

/* RFC 6960 4.2.2.2.1: the delegate's own certificate may be on the issuer's list. */
static void a_delegate_that_is_revoked_answers_nothing(void **state)
{
        const struct family *f = *state;
        const struct answer_plan plan = { .issuer = &f->root, .subject = &f->leaf, .signer = &f->delegate };
        struct mitome_trust *trust = rig_trust(NULL, &f->root);
        add_answer(trust, &plan);
        add_list(trust, &f->root, &f->delegate, rig_now - 1);
        assert_int_equal(ask(trust, &f->leaf, rig_now), MITOME_E_CRL_STALE);
        mitome_trust_free(trust);
        trust = rig_trust(NULL, &f->root);
        add_answer(trust, &plan);
        add_list(trust, &f->twin, &f->delegate, rig_now + RIG_DAY); /* somebody else's list */
        assert_int_equal(ask(trust, &f->leaf, rig_now), MITOME_OK);
        mitome_trust_free(trust);
}

/* Not even a right key's: SHA-1 proves nothing any more. */
static void a_weak_signature_is_none(void **state)
{
        const struct family *f = *state;
        assert_int_equal(ask_with(f,
                                 &(struct answer_plan){
                                         .issuer = &f->root, .subject = &f->leaf, .digest = EVP_sha1() }),
                MITOME_E_OCSP_SIGNATURE);
}

/* RFC 6960 3.2 #5, #6: thisUpdate is recent, nextUpdate is later than now. */
static void an_answer_out_of_its_time_is_none(void **state)
{
        const struct family *f = *state;
        const struct {
                int64_t begin, end;
        } cases[] = { { rig_now - 2 * RIG_DAY, rig_now }, { rig_now + 1, rig_now + RIG_DAY },
                { rig_now - 60, -1 } };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct answer_plan plan = {
                        .issuer = &f->root, .subject = &f->leaf, .begin = cases[i].begin, .end = cases[i].end
                };
                assert_int_equal(ask_with(f, &plan), MITOME_E_OCSP_STALE);
                plan.status = V_OCSP_CERTSTATUS_UNKNOWN;
                assert_int_equal(ask_with(f, &plan), MITOME_E_OCSP_STALE);
                plan.status = V_OCSP_CERTSTATUS_REVOKED; /* what was said stays said */
                assert_int_equal(ask_with(f, &plan), MITOME_E_CERTIFICATE_REVOKED);
        }
}

/* RFC 6960 3.2 #1: the certificate is that of the request: name, key and serial, by a digest that is known.
 */
static void an_answer_about_another_is_none(void **state)
{
        const struct family *f = *state;
        struct rig_certificate other;
        rig_make(
                &other, &(struct rig_plan){
                                .subject = other_name, .issuer = &f->root, .extensions = rig_ca_extensions });
        const struct answer_plan plans[] = {
                { .issuer = &f->root, .subject = &f->delegate },
                { .issuer = &f->twin, .subject = &f->leaf, .signer = &f->root },
                { .issuer = &other, .subject = &f->leaf, .signer = &f->root },
                { .issuer = &f->root, .subject = &f->leaf, .id_digest = EVP_sha512() },
        };
        for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++)
                assert_int_equal(ask_with(f, &plans[i]), MITOME_E_CRL_MISSING);
        rig_free(&other);
}

/* ---- beside lists ---- */

static void a_list_or_an_answer_is_enough_and_neither_hides_a_revocation(void **state)
{
        const struct family *f = *state;
        enum { NO_LIST, FRESH, OLD, LISTED, OLD_LISTED };
        enum { GOOD = V_OCSP_CERTSTATUS_GOOD, REVOKED, UNKNOWN, STALE, FOREIGN, NO_ANSWER };
        const struct {
                int list, answer;
                mitome_code code;
        } cases[] = {
                { NO_LIST, NO_ANSWER, MITOME_E_CRL_MISSING },
                { FRESH, NO_ANSWER, MITOME_OK },
                { OLD, NO_ANSWER, MITOME_E_CRL_STALE },
                { NO_LIST, GOOD, MITOME_OK },
                { OLD, GOOD, MITOME_OK },
                { FRESH, GOOD, MITOME_OK },
                { FRESH, STALE, MITOME_OK },
                { FRESH, FOREIGN, MITOME_OK },
                { FRESH, REVOKED, MITOME_E_CERTIFICATE_REVOKED },
                { FRESH, UNKNOWN, MITOME_E_CERTIFICATE_UNKNOWN },
                { LISTED, GOOD, MITOME_E_CERTIFICATE_REVOKED },
                { OLD_LISTED, GOOD, MITOME_E_CERTIFICATE_REVOKED },
                { OLD, STALE, MITOME_E_CRL_STALE },
                { OLD, FOREIGN, MITOME_E_CRL_STALE },
                { NO_LIST, STALE, MITOME_E_OCSP_STALE },
                { NO_LIST, FOREIGN, MITOME_E_OCSP_SIGNATURE },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct mitome_trust *trust = rig_trust(NULL, &f->root);
                int list = cases[i].list, answer = cases[i].answer;
                if (list != NO_LIST)
                        add_list(trust, &f->root, list == LISTED || list == OLD_LISTED ? &f->leaf : NULL,
                                list == OLD || list == OLD_LISTED ? rig_now - 1 : rig_now + RIG_DAY);
                if (answer != NO_ANSWER)
                        add_answer(trust, &(struct answer_plan){ .issuer = &f->root,
                                                  .subject = &f->leaf,
                                                  .status = answer <= UNKNOWN ? answer : GOOD,
                                                  .end = answer == STALE ? rig_now - 1 : 0,
                                                  .begin = answer == STALE ? rig_now - RIG_DAY : 0,
                                                  .signer = answer == FOREIGN ? &f->twin : NULL });
                assert_int_equal(ask(trust, &f->leaf, rig_now), cases[i].code);
                mitome_trust_free(trust);
        }
}

/* A record knows its issuer's name only: every generation must speak, and one may say that it is not its. */
static void generations_may_disown_but_one_must_own(void **state)
{
        const struct family *f = *state;
        const struct answer_plan good = { .issuer = &f->root, .subject = &f->leaf };
        const struct answer_plan unknown = {
                .issuer = &f->root, .subject = &f->leaf, .status = V_OCSP_CERTSTATUS_UNKNOWN
        };
        const struct answer_plan disowned = {
                .issuer = &f->twin, .subject = &f->leaf, .status = V_OCSP_CERTSTATUS_UNKNOWN
        };
        struct mitome_trust *trust = rig_trust(NULL, &f->root);
        assert_int_equal(mitome_trust_add_jpki_anchor(trust, rig_der(&f->twin), NULL).code, MITOME_OK);
        add_answer(trust, &good);
        assert_int_equal(ask(trust, &f->leaf, rig_now), MITOME_E_CRL_MISSING);
        add_answer(trust, &disowned);
        assert_int_equal(ask(trust, &f->leaf, rig_now), MITOME_OK);
        mitome_trust_free(trust);

        trust = rig_trust(NULL, &f->root);
        assert_int_equal(mitome_trust_add_jpki_anchor(trust, rig_der(&f->twin), NULL).code, MITOME_OK);
        add_answer(trust, &unknown);
        add_answer(trust, &disowned);
        assert_int_equal(ask(trust, &f->leaf, rig_now), MITOME_E_CERTIFICATE_UNKNOWN);
        mitome_trust_free(trust);
}

/* ---- on attestation paths ---- */

static mitome_code verify(struct mitome_trust *trust, const struct family *f, bool *ret_anchored)
{
        const slice chain[] = { rig_der(&f->leaf) };
        mitome_error error = { 0 };
        *ret_anchored = false;
        mitome_status status = trust_verify_attestation(trust, chain, 1, rig_now, ret_anchored, &error);
        assert_int_equal(error.code, status.code);
        assert_true(status.code == MITOME_OK || !*ret_anchored);
        return status.code;
}

static void an_attestation_certificate_may_be_revoked_by_an_answer(void **state)
{
        const struct family *f = *state;
        const struct {
                struct answer_plan plan;
                mitome_code code;
        } cases[] = {
                { { .status = V_OCSP_CERTSTATUS_GOOD }, MITOME_OK },
                { { .status = V_OCSP_CERTSTATUS_REVOKED }, MITOME_E_CERTIFICATE_REVOKED },
                { { .status = V_OCSP_CERTSTATUS_REVOKED, .reason = OCSP_REVOKED_STATUS_CERTIFICATEHOLD },
                        MITOME_E_CERTIFICATE_ON_HOLD },
                { { .status = V_OCSP_CERTSTATUS_UNKNOWN }, MITOME_E_CERTIFICATE_UNKNOWN },
                { { .begin = rig_now - RIG_DAY, .end = rig_now - 1 }, MITOME_E_OCSP_STALE },
                { { .signer = &f->twin }, MITOME_E_OCSP_SIGNATURE },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
                for (int required = 0; required < 2; required++) {
                        struct answer_plan plan = cases[i].plan;
                        struct mitome_trust *trust = rig_trust(&f->root, NULL);
                        bool anchored;
                        if (required)
                                mitome_trust_require_revocation(trust);
                        assert_int_equal(
                                verify(trust, f, &anchored), required ? MITOME_E_CRL_MISSING : MITOME_OK);
                        plan.issuer = &f->root;
                        plan.subject = &f->leaf;
                        add_answer(trust, &plan);
                        assert_int_equal(verify(trust, f, &anchored), cases[i].code);
                        assert_int_equal(anchored, cases[i].code == MITOME_OK);
                        mitome_trust_free(trust);
                }
}

/* ---- bytes ---- */

static void a_response_is_parsed_to_the_last_byte(void **state)
{
        const struct family *f = *state;
        struct authority_der der;
        struct mitome_trust *trust = rig_trust(NULL, &f->root);
        make_answer(&der, &(struct answer_plan){ .issuer = &f->root, .subject = &f->leaf });
        assert_true(der.size < sizeof der.bytes);
        der.bytes[der.size] = 0;
        assert_int_equal(mitome_trust_add_ocsp(trust, slice_of(der.bytes, der.size + 1), NULL).code,
                MITOME_E_TRAILING_BYTES);
        for (size_t size = 0; size < der.size; size++)
                assert_int_equal(
                        mitome_trust_add_ocsp(trust, slice_of(der.bytes, size), NULL).code, MITOME_E_DER);
        assert_int_equal(ask(trust, &f->leaf, rig_now), MITOME_E_CRL_MISSING);
        mitome_trust_free(trust);
}

/* Without certificates in it, every byte of a response is signed or decides how it is read. */
static void no_changed_byte_makes_a_good_answer(void **state)
{
        const struct family *f = *state;
        struct authority_der der;
        make_answer(&der,
                &(struct answer_plan){ .issuer = &f->root, .subject = &f->leaf, .flags = OCSP_NOCERTS });
        for (size_t at = 0; at < der.size; at++)
                for (unsigned int bit = 1; bit < 256; bit <<= 1) {
                        struct mitome_trust *trust = rig_trust(NULL, &f->root);
                        der.bytes[at] ^= (uint8_t)bit;
                        if (mitome_trust_add_ocsp(trust, slice_of(der.bytes, der.size), NULL).code ==
                                MITOME_OK)
                                assert_int_not_equal(ask(trust, &f->leaf, rig_now), MITOME_OK);
                        der.bytes[at] ^= (uint8_t)bit;
                        mitome_trust_free(trust);
                }
}

/* RFC 6960 2.3: what is not successful has no answer in it. */
static void a_response_without_an_answer_is_refused(void **state)
{
        (void)state;
        const int statuses[] = { OCSP_RESPONSE_STATUS_MALFORMEDREQUEST, OCSP_RESPONSE_STATUS_INTERNALERROR,
                OCSP_RESPONSE_STATUS_TRYLATER, OCSP_RESPONSE_STATUS_SIGREQUIRED,
                OCSP_RESPONSE_STATUS_UNAUTHORIZED };
        struct mitome_trust *trust = rig_trust(NULL, NULL);
        for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
                struct authority_der der;
                OCSP_RESPONSE *response = OCSP_response_create(statuses[i], NULL);
                encode(response, &der);
                OCSP_RESPONSE_free(response);
                assert_int_equal(mitome_trust_add_ocsp(trust, slice_of(der.bytes, der.size), NULL).code,
                        MITOME_E_OCSP_STATUS);
        }
        mitome_trust_free(trust);
}

/* RFC 6960 4.2.1: a basic response is the only kind; one that is "successful" without, or is about nobody, or
 * holds a critical extension (RFC 5280 4.2), is refused when it is added. */
static void a_response_that_is_not_understood_is_refused(void **state)
{
        const struct family *f = *state;
        static const uint8_t empty[] = { 0x30, 0x03, 0x0a, 0x01, 0x00 };
        static const uint8_t foreign[] = { 0x30, 0x0f, 0x0a, 0x01, 0x00, 0xa0, 0x0a, 0x30, 0x08, 0x06, 0x02,
                0x2a, 0x03, 0x04, 0x02, 0x30, 0x00 };
        struct authority_der critical, critical_single;
        make_answer(&critical,
                &(struct answer_plan){ .issuer = &f->root, .subject = &f->leaf, .critical = true });
        make_answer(&critical_single,
                &(struct answer_plan){ .issuer = &f->root, .subject = &f->leaf, .critical_single = true });
        const slice cases[] = { SLICE(empty), SLICE(foreign), slice_of(critical.bytes, critical.size),
                slice_of(critical_single.bytes, critical_single.size) };
        struct mitome_trust *trust = rig_trust(NULL, &f->root);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
                assert_int_equal(mitome_trust_add_ocsp(trust, cases[i], NULL).code, MITOME_E_OCSP_FORM);

        OCSP_BASICRESP *nobody = OCSP_BASICRESP_new();
        struct authority_der der;
        assert_int_equal(OCSP_basic_sign(nobody, f->root.x509, f->root.key, EVP_sha256(), NULL, 0), 1);
        OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, nobody);
        encode(response, &der);
        assert_int_equal(
                mitome_trust_add_ocsp(trust, slice_of(der.bytes, der.size), NULL).code, MITOME_E_OCSP_FORM);
        OCSP_RESPONSE_free(response);
        OCSP_BASICRESP_free(nobody);
        mitome_trust_free(trust);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_issuer_answers),
                cmocka_unit_test(a_delegate_answers_for_who_made_it_one),
                cmocka_unit_test(nobody_else_answers),
                cmocka_unit_test(a_delegate_that_is_revoked_answers_nothing),
                cmocka_unit_test(a_weak_signature_is_none),
                cmocka_unit_test(an_answer_out_of_its_time_is_none),
                cmocka_unit_test(an_answer_about_another_is_none),
                cmocka_unit_test(a_list_or_an_answer_is_enough_and_neither_hides_a_revocation),
                cmocka_unit_test(generations_may_disown_but_one_must_own),
                cmocka_unit_test(an_attestation_certificate_may_be_revoked_by_an_answer),
                cmocka_unit_test(a_response_is_parsed_to_the_last_byte),
                cmocka_unit_test(no_changed_byte_makes_a_good_answer),
                cmocka_unit_test(a_response_without_an_answer_is_refused),
                cmocka_unit_test(a_response_that_is_not_understood_is_refused),
        };
        return cmocka_run_group_tests(tests, make_family, free_family);
}
