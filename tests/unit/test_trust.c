/* SPDX-License-Identifier: Apache-2.0 */

/* Certification paths (WebAuthn L3 7.1 #24, RFC 5280 6) and revocation lists (RFC 5280 5). */

#include "path_memory.h"
#include "trust.h"
#include "trust_rig.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/x509v3.h>
#include <pthread.h>
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
                assert_true(!strcmp(error.field, "x5c") || !strcmp(error.field, "CRL"));
        assert_true(status.code == MITOME_OK || !*ret_anchored);
        assert_int_equal(ERR_peek_error(), 0);
        /* Now the snapshot may remember some of it: the answer is the same. */
        bool again = false;
        assert_int_equal(trust_verify_attestation(trust, chain, count, now, &again, NULL).code, status.code);
        assert_int_equal(again, *ret_anchored);
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

/* ---- what a path may not have ---- */

#define CA_BEGIN "[certificate]\nbasicConstraints = critical, CA:TRUE\n"
#define LEAF_BEGIN "[certificate]\nbasicConstraints = critical, CA:FALSE\n"
#define UNKNOWN_CRITICAL "1.3.6.1.4.1.99999.7 = critical, DER:0500\n"

/* One root, one CA below it, one leaf; what differs from rig_ca_extensions and rig_leaf_extensions. */
struct chain_plan {
        const char *root, *middle, *leaf; /* extensions; NULL: the usual */
        const char *const *subject;       /* of the leaf; NULL: leaf_name */
        EVP_PKEY *(*root_key)(void), *(*middle_key)(void), *(*leaf_key)(void); /* NULL: P-256 */
        const EVP_MD *root_digest, *middle_digest, *leaf_digest;
        int64_t not_before, not_after; /* of the leaf */
};

struct chain {
        struct rig_certificate root, middle, leaf;
};

static void make_chain(struct chain *ret, const struct chain_plan *plan)
{
        rig_make(&ret->root, &(struct rig_plan){ .subject = root_name,
                                     .extensions = plan->root ? plan->root : rig_ca_extensions,
                                     .key = plan->root_key ? plan->root_key() : NULL,
                                     .digest = plan->root_digest });
        rig_make(&ret->middle, &(struct rig_plan){ .subject = middle_name,
                                       .issuer = &ret->root,
                                       .extensions = plan->middle ? plan->middle : rig_ca_extensions,
                                       .key = plan->middle_key ? plan->middle_key() : NULL,
                                       .digest = plan->middle_digest });
        rig_make(&ret->leaf, &(struct rig_plan){ .subject = plan->subject ? plan->subject : leaf_name,
                                     .issuer = &ret->middle,
                                     .extensions = plan->leaf     ? plan->leaf
                                                   : plan->middle ? LEAF_BEGIN
                                                                  : rig_leaf_extensions,
                                     .key = plan->leaf_key ? plan->leaf_key() : NULL,
                                     .digest = plan->leaf_digest,
                                     .not_before = plan->not_before,
                                     .not_after = plan->not_after });
}

static void free_chain(struct chain *chain)
{
        rig_free(&chain->leaf);
        rig_free(&chain->middle);
        rig_free(&chain->root);
}

/* Verifies leaf and CA against the root, in each of the three ways to ask; they must agree. */
static mitome_code verify_chain(const struct chain *chain, bool *ret_anchored)
{
        const slice given[] = { rig_der(&chain->leaf), rig_der(&chain->middle) };
        const slice anchor = rig_der(&chain->root);
        struct mitome_trust *trust = rig_trust(&chain->root, NULL);
        mitome_code code = verify(trust, given, 2, rig_now, ret_anchored);
        bool again = false;
        assert_int_equal(
                trust_verify_attestation_to(NULL, &anchor, 1, given, 2, rig_now, &again, NULL).code, code);
        assert_int_equal(again, *ret_anchored);
        again = false;
        assert_int_equal(
                trust_verify_attestation_any(NULL, &anchor, 1, given, 2, rig_now, &again, NULL).code, code);
        assert_int_equal(again, *ret_anchored);
        mitome_trust_free(trust);
        return code;
}

static void expect(const struct chain_plan *plan, mitome_code code, bool anchored)
{
        struct chain chain;
        bool found;
        make_chain(&chain, plan);
        assert_int_equal(verify_chain(&chain, &found), code);
        assert_int_equal(found, anchored);
        free_chain(&chain);
}

/* RFC 5280 4.2: "A certificate-using system MUST reject the certificate if it encounters a critical extension
 * it does not recognize": wherever it stands, and whether or not anybody vouches for the path. */
static void a_critical_extension_that_is_not_understood_is_refused(void **state)
{
        const struct family *f = *state;
        const struct chain_plan plans[] = {
                { .leaf = LEAF_BEGIN UNKNOWN_CRITICAL },
                { .middle = CA_BEGIN UNKNOWN_CRITICAL },
        };
        for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
                struct chain chain;
                bool anchored;
                expect(&plans[i], MITOME_E_CERTIFICATE_CRITICAL, false);
                make_chain(&chain, &plans[i]);
                const slice given[] = { rig_der(&chain.leaf), rig_der(&chain.middle) };
                struct mitome_trust *trust = rig_trust(&f->root, NULL); /* not this chain's */
                assert_int_equal(verify(trust, given, 2, rig_now, &anchored), MITOME_E_CERTIFICATE_CRITICAL);
                mitome_trust_free(trust);
                free_chain(&chain);
        }
        expect(&(struct chain_plan){ .root = CA_BEGIN UNKNOWN_CRITICAL }, MITOME_OK, false);
        expect(&(struct chain_plan){ .leaf = LEAF_BEGIN "1.3.6.1.4.1.99999.7 = DER:0500\n" }, MITOME_OK,
                true);
}

/* RFC 5280 4.2.1.10 and 4.2.1.9, at the anchor and below it. */
static void constraints_of_names_and_of_length_hold(void **state)
{
        (void)state;
        static const char permitted[] = CA_BEGIN "nameConstraints = critical, permitted;dirName:permitted\n"
                                                 "[permitted]\nC = JP\nO = Maker\n";
        static const char elsewhere[] = CA_BEGIN "nameConstraints = critical, permitted;dirName:permitted\n"
                                                 "[permitted]\nC = JP\nO = Somebody else\n";
        static const char excluded[] = CA_BEGIN "nameConstraints = critical, excluded;dirName:excluded\n"
                                                "[excluded]\nC = JP\nO = Maker\nCN = Leaf\n";
        static const char no_ca_below[] = "[certificate]\nbasicConstraints = critical, CA:TRUE, pathlen:0\n";
        expect(&(struct chain_plan){ .root = permitted, .middle = permitted }, MITOME_OK, true);
        expect(&(struct chain_plan){ .root = elsewhere }, MITOME_OK, false);
        expect(&(struct chain_plan){ .middle = elsewhere }, MITOME_OK, false);
        expect(&(struct chain_plan){ .middle = excluded }, MITOME_OK, false);
        expect(&(struct chain_plan){ .root = no_ca_below }, MITOME_OK, false);
        expect(&(struct chain_plan){ .middle = no_ca_below }, MITOME_OK, true);
}

/* RFC 5280 6.1.4 (k) and (n): who issues says that it is a CA; a key usage, if there is one, allows it. Other
 * extensions need not be there: attestation CAs in the field lack them. */
static void an_issuer_says_that_it_is_a_ca_and_may_say_no_more(void **state)
{
        (void)state;
        expect(&(struct chain_plan){ .middle = "[certificate]\nbasicConstraints = CA:TRUE\n",
                       .leaf = "[certificate]\n" },
                MITOME_OK, true);
        expect(&(struct chain_plan){ .middle = "[certificate]\nkeyUsage = critical, keyCertSign\n" },
                MITOME_E_CERTIFICATE_PATH, false);
        expect(&(struct chain_plan){ .middle = "[certificate]\n", .leaf = "[certificate]\n" },
                MITOME_E_CERTIFICATE_PATH, false);
        expect(&(struct chain_plan){ .middle = CA_BEGIN "keyUsage = critical, cRLSign\n" },
                MITOME_E_CERTIFICATE_PATH, false);
}

static EVP_PKEY *rsa_1024(void)
{
        return EVP_RSA_gen(1024);
}

static EVP_PKEY *rsa_2048(void)
{
        return EVP_RSA_gen(2048);
}

static EVP_PKEY *p384(void)
{
        return EVP_EC_gen("P-384");
}

static EVP_PKEY *ed25519(void)
{
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

/* NIST SP 800-57, 112 bits: no RSA under 2048 bits, no SHA-1 but in what an anchor says of itself. */
static void weak_keys_and_digests_carry_no_trust(void **state)
{
        (void)state;
        expect(&(struct chain_plan){ .root_key = rsa_1024 }, MITOME_OK, false);
        expect(&(struct chain_plan){ .middle_key = rsa_1024 }, MITOME_OK, false);
        expect(&(struct chain_plan){ .leaf_key = rsa_1024 }, MITOME_OK, false);
        expect(&(struct chain_plan){ .middle_digest = EVP_sha1() }, MITOME_OK, false);
        expect(&(struct chain_plan){ .leaf_digest = EVP_sha1() }, MITOME_OK, false);
        expect(&(struct chain_plan){ .leaf_digest = EVP_md5(), .middle_key = rsa_2048 }, MITOME_OK, false);
        expect(&(struct chain_plan){ .root_digest = EVP_sha1() }, MITOME_OK, true);
        expect(&(struct chain_plan){ .root_key = rsa_2048, .middle_key = rsa_2048, .leaf_key = rsa_2048 },
                MITOME_OK, true);
        expect(&(struct chain_plan){ .root_key = p384, .middle_key = p384, .middle_digest = EVP_sha384() },
                MITOME_OK, true);
}

/* A key of RSA whose public exponent is nearly as long as its modulus: right, and dear to ask. */
static EVP_PKEY *rsa_with_long_exponent(void)
{
        EVP_PKEY *usual = EVP_RSA_gen(3072), *key = NULL;
        BIGNUM *n = NULL, *p = NULL, *q = NULL, *e = BN_new(), *one = BN_new(), *phi = BN_new();
        BN_CTX *numbers = BN_CTX_new();
        assert_int_equal(EVP_PKEY_get_bn_param(usual, OSSL_PKEY_PARAM_RSA_N, &n), 1);
        assert_int_equal(EVP_PKEY_get_bn_param(usual, OSSL_PKEY_PARAM_RSA_FACTOR1, &p), 1);
        assert_int_equal(EVP_PKEY_get_bn_param(usual, OSSL_PKEY_PARAM_RSA_FACTOR2, &q), 1);
        BN_one(one);
        BN_sub_word(p, 1);
        BN_sub_word(q, 1);
        assert_int_equal(BN_mul(phi, p, q, numbers), 1);
        BN_set_bit(e, 3000);
        BN_add_word(e, 1);
        BIGNUM *d = NULL;
        while (!(d = BN_mod_inverse(NULL, e, phi, numbers)))
                BN_add_word(e, 2);
        OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n);
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e);
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_D, d);
        OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(build);
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
        assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
        assert_int_equal(EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, parameters), 1);
        EVP_PKEY_CTX_free(context);
        OSSL_PARAM_free(parameters);
        OSSL_PARAM_BLD_free(build);
        BN_CTX_free(numbers);
        BIGNUM *const all[] = { n, p, q, e, d, one, phi };
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
                BN_clear_free(all[i]);
        EVP_PKEY_free(usual);
        return key;
}

/* Whom nobody believes must not be dear to disbelieve. */
static void a_stranger_with_a_dear_key_is_not_asked(void **state)
{
        const struct family *f = *state;
        struct chain chain;
        bool anchored;
        make_chain(&chain, &(struct chain_plan){ .middle_key = rsa_with_long_exponent });
        const slice given[] = { rig_der(&chain.leaf), rig_der(&chain.middle) };
        struct mitome_trust *trust = rig_trust(&f->root, NULL); /* not this chain's */
        ERR_clear_error();
        assert_int_equal(verify(trust, given, 2, rig_now, &anchored), MITOME_E_CERTIFICATE_PATH);
        mitome_trust_free(trust);
        trust = rig_trust(&chain.root, NULL); /* who vouches for it has seen the key */
        assert_int_equal(verify(trust, given, 2, rig_now, &anchored), MITOME_OK);
        assert_true(anchored);
        mitome_trust_free(trust);
        free_chain(&chain);
}

/* WebAuthn L3 8.3.1: a TPM's certificate has an empty subject, a critical subjectAltName and the extended key
 * usage 2.23.133.8.3, which may be critical. */
static void the_certificates_of_tpms_pass(void **state)
{
        (void)state;
        static const char *const nobody[] = { NULL };
        static const char tpm[] = LEAF_BEGIN
                "extendedKeyUsage = critical, 2.23.133.8.3\nsubjectAltName = critical, dirName:tpm\n"
                "authorityKeyIdentifier = keyid\n[tpm]\na.2.23.133.2.1 = id:FFFFF1D0\n"
                "b.2.23.133.2.2 = model\nc.2.23.133.2.3 = id:13\n";
        static const char empty[] = LEAF_BEGIN "subjectAltName = critical, dirName:tpm\n[tpm]\nCN = x\n";
        expect(&(struct chain_plan){ .leaf = tpm, .subject = nobody }, MITOME_OK, true);
        expect(&(struct chain_plan){ .leaf = tpm,
                       .subject = nobody,
                       .leaf_key = rsa_2048,
                       .middle_key = rsa_2048,
                       .root_key = rsa_2048 },
                MITOME_OK, true);
        expect(&(struct chain_plan){ .leaf = empty, .subject = nobody }, MITOME_OK, true);
}

/* Android writes 1970 and 2106 for "always"; Apple's certificates live for days. */
static void odd_validities_pass_in_their_time(void **state)
{
        (void)state;
        const int64_t end_of_32_bits = 4294967295;
        expect(&(struct chain_plan){ .not_before = 1, .not_after = end_of_32_bits }, MITOME_OK, true);
        expect(&(struct chain_plan){ .not_before = 1, .not_after = 253402300799 }, MITOME_OK, true);
        expect(&(struct chain_plan){ .not_before = rig_now, .not_after = rig_now + 1 }, MITOME_OK, true);
        expect(&(struct chain_plan){ .not_before = rig_now - 60, .not_after = rig_now },
                MITOME_E_CERTIFICATE_EXPIRED, false);
        expect(&(struct chain_plan){ .not_before = rig_now + 1, .not_after = rig_now + 60 },
                MITOME_E_CERTIFICATE_NOT_YET_VALID, false);
        expect(&(struct chain_plan){ .not_before = rig_now + 60, .not_after = rig_now - 60 },
                MITOME_E_CERTIFICATE_NOT_YET_VALID, false);
        expect(&(struct chain_plan){ .leaf_key = ed25519, .middle_key = p384 }, MITOME_OK, true);
}

/* ---- who is an anchor ---- */

static slice serial_of(const struct rig_certificate *certificate)
{
        const ASN1_INTEGER *number = X509_get0_serialNumber(certificate->x509);
        return slice_of(ASN1_STRING_get0_data(number), (size_t)ASN1_STRING_length(number));
}

/* WebAuthn L3 7.1 #24: the certificate itself may be an anchor. It vouches for nobody else, not even for one
 * of its name. */
static void a_leaf_that_is_an_anchor_is_believed_by_itself(void **state)
{
        const struct family *f = *state;
        struct rig_certificate namesake, below, alone;
        rig_make(&namesake,
                &(struct rig_plan){
                        .subject = leaf_name, .issuer = &f->middle, .extensions = rig_leaf_extensions });
        rig_make(&below, &(struct rig_plan){
                                 .subject = root_name, .issuer = &f->leaf, .extensions = "[certificate]\n" });
        rig_make(&alone, &(struct rig_plan){ .subject = leaf_name, .extensions = "[certificate]\n" });
        const slice chain[] = { rig_der(&f->leaf), rig_der(&f->middle) };
        const slice others[] = { rig_der(&namesake), rig_der(&below), rig_der(&alone) };
        struct mitome_trust *trust = rig_trust(&f->leaf, NULL);
        bool anchored;
        for (size_t count = 1; count <= 2; count++) {
                assert_int_equal(verify(trust, chain, count, rig_now, &anchored), MITOME_OK);
                assert_true(anchored);
        }
        assert_int_equal(
                verify(trust, chain, 1, rig_now + 400 * RIG_DAY, &anchored), MITOME_E_CERTIFICATE_EXPIRED);
        assert_int_equal(verify(trust, chain, 1, rig_now - 2 * RIG_DAY, &anchored),
                MITOME_E_CERTIFICATE_NOT_YET_VALID);
        for (size_t i = 0; i < 3; i++) {
                assert_int_equal(verify(trust, &others[i], 1, rig_now, &anchored), MITOME_OK);
                assert_false(anchored);
        }
        /* Nobody but the anchor's owner says that it is no anchor any more: lists of its issuer do not. */
        struct authority_der crl;
        rig_crl(&crl, &(struct rig_crl_plan){ .issuer = &f->middle,
                              .issued = rig_now - 60,
                              .next = rig_now + RIG_DAY,
                              .serial = serial_of(&f->leaf) });
        rig_add_crl(trust, &crl);
        mitome_trust_require_revocation(trust);
        assert_int_equal(verify(trust, chain, 2, rig_now, &anchored), MITOME_OK);
        assert_true(anchored);
        const slice contradiction[] = { rig_der(&f->leaf), rig_der(&f->root) };
        assert_int_equal(verify(trust, contradiction, 2, rig_now, &anchored), MITOME_E_CERTIFICATE_PATH);
        mitome_trust_free(trust);

        trust = rig_trust(&alone, NULL);
        assert_int_equal(verify(trust, &others[2], 1, rig_now, &anchored), MITOME_OK);
        assert_true(anchored);
        mitome_trust_free(trust);
        rig_free(&alone);
        rig_free(&below);
        rig_free(&namesake);
}

/* What is beyond the anchor is still part of what was sent. */
static void certificates_beyond_the_anchor_are_looked_at(void **state)
{
        const struct family *f = *state;
        struct rig_certificate stranger, old, leaf;
        rig_make(&stranger, &(struct rig_plan){ .subject = root_name, .extensions = rig_ca_extensions });
        rig_make(&old, &(struct rig_plan){ .subject = root_name,
                               .key = f->root.key,
                               .extensions = rig_ca_extensions,
                               .not_after = rig_now - 1 });
        EVP_PKEY_up_ref(f->root.key);
        rig_make(&leaf,
                &(struct rig_plan){
                        .subject = leaf_name, .issuer = &f->middle, .extensions = rig_leaf_extensions });
        struct mitome_trust *trust = rig_trust(&f->middle, NULL);
        bool anchored;
        const slice forged[] = { rig_der(&leaf), rig_der(&f->middle), rig_der(&stranger) };
        assert_int_equal(verify(trust, forged, 3, rig_now, &anchored), MITOME_E_CERTIFICATE_PATH);
        const slice expired[] = { rig_der(&leaf), rig_der(&f->middle), rig_der(&old) };
        assert_int_equal(verify(trust, expired, 3, rig_now, &anchored), MITOME_E_CERTIFICATE_EXPIRED);
        const slice whole[] = { rig_der(&leaf), rig_der(&f->middle), rig_der(&f->root) };
        assert_int_equal(verify(trust, whole, 3, rig_now, &anchored), MITOME_OK);
        assert_true(anchored);
        assert_int_equal(verify(trust, forged, 3, rig_now, &anchored), MITOME_E_CERTIFICATE_PATH);
        assert_int_equal(verify(trust, expired, 3, rig_now, &anchored), MITOME_E_CERTIFICATE_EXPIRED);
        /* the expired root was good a minute ago, and is remembered: its time is asked again */
        assert_int_equal(verify(trust, expired, 3, rig_now - 60, &anchored), MITOME_OK);
        assert_true(anchored);
        assert_int_equal(verify(trust, expired, 3, rig_now, &anchored), MITOME_E_CERTIFICATE_EXPIRED);
        mitome_trust_free(trust);

        /* The anchor in place of its twin that was sent: the twin is looked at, too. */
        trust = rig_trust(&f->root, NULL);
        assert_int_equal(verify(trust, expired, 3, rig_now, &anchored), MITOME_E_CERTIFICATE_EXPIRED);
        mitome_trust_free(trust);
        rig_free(&leaf);
        rig_free(&old);
        rig_free(&stranger);
}

/* OpenSSL would sort them; WebAuthn L3 6.5.2 (x5c) has "the attestation certificate first", and "each
 * following certificate" certifies the one before it. */
static void a_chain_out_of_order_is_refused_though_a_path_is_in_it(void **state)
{
        const struct family *f = *state;
        const slice a = rig_der(&f->leaf), b = rig_der(&f->middle), c = rig_der(&f->root);
        const slice chains[][4] = { { a, c, b }, { a, c, b, c }, { a, b, a, b }, { a, b, b, c },
                { b, a, c, c }, { c, b, a, a }, { a, a, b, c }, { a, b, c, b } };
        const size_t counts[] = { 3, 4, 4, 4, 3, 3, 4, 4 };
        struct mitome_trust *trust = rig_trust(&f->root, NULL);
        bool anchored;
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
                assert_int_equal(
                        verify(trust, chains[i], counts[i], rig_now, &anchored), MITOME_E_CERTIFICATE_PATH);
        /* A root that is sent twice has issued itself twice: no contradiction, and the loop ends. */
        const slice twice[] = { a, b, c, c, c, c, c, c };
        assert_int_equal(verify(trust, twice, 8, rig_now, &anchored), MITOME_OK);
        assert_true(anchored);
        mitome_trust_free(trust);
}

/* Two that issued each other make a path without an end. */
static void a_path_loop_ends(void **state)
{
        const struct family *f = *state;
        struct rig_certificate other, middle, leaf;
        rig_make(&other, &(struct rig_plan){ .subject = root_name, .extensions = CA_BEGIN });
        struct rig_certificate crossed; /* the other's name and key, issued by the middle */
        rig_make(&middle,
                &(struct rig_plan){ .subject = middle_name, .issuer = &other, .extensions = CA_BEGIN });
        EVP_PKEY_up_ref(other.key);
        rig_make(&crossed,
                &(struct rig_plan){
                        .subject = root_name, .issuer = &middle, .key = other.key, .extensions = CA_BEGIN });
        rig_make(&leaf,
                &(struct rig_plan){ .subject = leaf_name, .issuer = &middle, .extensions = LEAF_BEGIN });
        const slice m = rig_der(&middle), c = rig_der(&crossed);
        const slice chain[] = { rig_der(&leaf), m, c, m, c, m, c, m };
        struct mitome_trust *trust = rig_trust(&f->root, NULL);
        bool anchored;
        for (size_t count = 1; count <= 8; count++) {
                assert_int_equal(verify(trust, chain, count, rig_now, &anchored), MITOME_OK);
                assert_false(anchored);
        }
        assert_int_equal(mitome_trust_add_anchor(trust, rig_der(&other), NULL).code, MITOME_OK);
        for (size_t count = 2; count <= 8; count++) {
                assert_int_equal(verify(trust, chain, count, rig_now, &anchored), MITOME_OK);
                assert_true(anchored);
        }
        mitome_trust_free(trust);
        rig_free(&leaf);
        rig_free(&crossed);
        rig_free(&middle);
        rig_free(&other);
}

/* Generations of one name, told apart by authorityKeyIdentifier where there is one, by signature where not;
 * in whatever order, and among intermediates, too. */
static void generations_of_one_name_are_all_tried(void **state)
{
        (void)state;
        static const char *const forms[] = { "[certificate]\nauthorityKeyIdentifier = keyid\n",
                "[certificate]\nbasicConstraints = CA:FALSE\n" };
        struct rig_certificate roots[3], middles[3];
        for (int i = 0; i < 3; i++) {
                rig_make(&roots[i],
                        &(struct rig_plan){ .subject = root_name, .extensions = rig_ca_extensions });
                rig_make(&middles[i], &(struct rig_plan){ .subject = middle_name,
                                              .issuer = &roots[i],
                                              .extensions = rig_ca_extensions });
        }
        struct mitome_trust *trust = rig_trust(&roots[0], NULL);
        assert_int_equal(mitome_trust_add_anchor(trust, rig_der(&roots[1]), NULL).code, MITOME_OK);
        for (int i = 0; i < 3; i++)
                for (int form = 0; form < 2; form++) {
                        struct rig_certificate leaf;
                        bool anchored;
                        rig_make(&leaf, &(struct rig_plan){ .subject = leaf_name,
                                                .issuer = &middles[i],
                                                .extensions = forms[form] });
                        const slice chain[] = { rig_der(&leaf), rig_der(&middles[i]) };
                        assert_int_equal(verify(trust, chain, 2, rig_now, &anchored), MITOME_OK);
                        assert_int_equal(anchored, i < 2);
                        const slice wrong[] = { rig_der(&leaf), rig_der(&middles[(i + 1) % 3]) };
                        assert_int_equal(
                                verify(trust, wrong, 2, rig_now, &anchored), MITOME_E_CERTIFICATE_PATH);
                        rig_free(&leaf);
                }
        mitome_trust_free(trust);
        for (int i = 0; i < 3; i++) {
                rig_free(&middles[i]);
                rig_free(&roots[i]);
        }
}

/* Anchors as metadata has them: any number, any quality. */
static void anchors_that_are_not_the_snapshots_are_asked_for(void **state)
{
        const struct family *f = *state;
        static const uint8_t garbage[] = { 0x30, 0x03, 0x02, 0x01 };
        const slice chain[] = { rig_der(&f->leaf), rig_der(&f->middle) };
        const slice anchors[] = { SLICE(garbage), { 0 }, rig_der(&f->leaf), rig_der(&f->root) };
        struct mitome_trust *trust = rig_trust(NULL, NULL), *snapshot = rig_trust(&f->root, NULL);
        bool anchored = true;
        assert_int_equal(trust_verify_attestation_to(trust, NULL, 0, chain, 2, rig_now, &anchored, NULL).code,
                MITOME_OK);
        assert_false(anchored);
        assert_int_equal(
                trust_verify_attestation_to(trust, anchors, 2, chain, 2, rig_now, &anchored, NULL).code,
                MITOME_OK);
        assert_false(anchored);
        assert_int_equal(
                trust_verify_attestation_to(trust, anchors, 4, chain, 2, rig_now, &anchored, NULL).code,
                MITOME_OK);
        assert_true(anchored);
        /* The snapshot's own are asked for by `any` only. */
        assert_int_equal(
                trust_verify_attestation_to(snapshot, anchors, 2, chain, 2, rig_now, &anchored, NULL).code,
                MITOME_OK);
        assert_false(anchored);
        assert_int_equal(
                trust_verify_attestation_any(snapshot, anchors, 2, chain, 2, rig_now, &anchored, NULL).code,
                MITOME_OK);
        assert_true(anchored);
        mitome_trust_free(snapshot);
        mitome_trust_free(trust);
}

static void metadata_is_kept_beside_the_snapshot(void **state)
{
        (void)state;
        struct mitome_trust *trust = rig_trust(NULL, NULL);
        assert_null(trust_metadata(trust));
        mitome_trust_set_metadata(trust, (const struct mitome_metadata *)(const void *)root_name);
        assert_ptr_equal(trust_metadata(trust), root_name);
        mitome_trust_set_metadata(trust, NULL);
        assert_null(trust_metadata(trust));
        mitome_trust_free(trust);
}

/* ---- what a snapshot remembers of paths ---- */

static void changed_leaves_of_a_known_issuer_are_not_anchored(void **state)
{
        const struct family *f = *state;
        struct mitome_trust *trust = rig_trust(&f->root, NULL);
        struct authority_der leaf = f->leaf.der;
        slice chain[] = { rig_der(&f->leaf), rig_der(&f->middle) };
        bool anchored;
        assert_int_equal(verify(trust, chain, 2, rig_now, &anchored), MITOME_OK);
        assert_true(anchored);
        chain[0] = slice_of(leaf.bytes, leaf.size);
        for (size_t at = 0; at < leaf.size; at++) {
                leaf.bytes[at] ^= 1;
                (void)verify(trust, chain, 2, rig_now, &anchored);
                assert_false(anchored);
                leaf.bytes[at] ^= 1;
        }
        mitome_trust_free(trust);
}

/* Times are asked of each certificate of a known path each time: here of the anchor alone, or of the issuer
 * alone; and a second leaf is held to the constraints that the first one met. */
static void a_known_path_is_held_to_its_times_and_names(void **state)
{
        (void)state;
        static const char constrained[] = CA_BEGIN "nameConstraints = critical, excluded;dirName:excluded\n"
                                                   "subjectKeyIdentifier = hash\n"
                                                   "[excluded]\nC = JP\nO = Maker\nCN = Leaf\n";
        const int64_t soon = rig_now + 10 * RIG_DAY, later = rig_now + 20 * RIG_DAY;
        for (int which = 0; which < 2; which++) {
                struct rig_certificate root, middle, leaf;
                rig_make(&root, &(struct rig_plan){ .subject = root_name,
                                        .extensions = rig_ca_extensions,
                                        .not_after = which == 0 ? soon : 0 });
                rig_make(&middle, &(struct rig_plan){ .subject = middle_name,
                                          .issuer = &root,
                                          .extensions = rig_ca_extensions,
                                          .not_after = which == 1 ? soon : 0 });
                rig_make(&leaf,
                        &(struct rig_plan){
                                .subject = leaf_name, .issuer = &middle, .extensions = rig_leaf_extensions });
                const slice chain[] = { rig_der(&leaf), rig_der(&middle) };
                struct mitome_trust *trust = rig_trust(&root, NULL);
                bool anchored;
                assert_int_equal(verify(trust, chain, 2, rig_now, &anchored), MITOME_OK);
                assert_true(anchored);
                assert_int_equal(verify(trust, chain, 2, later, &anchored),
                        which == 0 ? MITOME_OK : MITOME_E_CERTIFICATE_EXPIRED);
                assert_false(anchored);
                mitome_trust_free(trust);
                rig_free(&leaf);
                rig_free(&middle);
                rig_free(&root);
        }
        struct rig_certificate root, middle, good, bad;
        static const char *const other_name[] = { "C", "JP", "O", "Maker", "CN", "Other", NULL };
        rig_make(&root, &(struct rig_plan){ .subject = root_name, .extensions = constrained });
        rig_make(&middle, &(struct rig_plan){
                                  .subject = middle_name, .issuer = &root, .extensions = rig_ca_extensions });
        rig_make(
                &good, &(struct rig_plan){
                               .subject = other_name, .issuer = &middle, .extensions = rig_leaf_extensions });
        rig_make(&bad, &(struct rig_plan){
                               .subject = leaf_name, .issuer = &middle, .extensions = rig_leaf_extensions });
        struct mitome_trust *trust = rig_trust(&root, NULL);
        bool anchored;
        const slice chains[][2] = { { rig_der(&good), rig_der(&middle) },
                { rig_der(&bad), rig_der(&middle) } };
        for (int i = 0; i < 4; i++) {
                assert_int_equal(verify(trust, chains[i % 2], 2, rig_now, &anchored), MITOME_OK);
                assert_int_equal(anchored, i % 2 == 0);
        }
        mitome_trust_free(trust);
        rig_free(&bad);
        rig_free(&good);
        rig_free(&middle);
        rig_free(&root);
}

/* That a path ended in one anchor is no news about another. */
static void a_known_path_is_known_to_its_own_anchor_only(void **state)
{
        const struct family *f = *state;
        struct rig_certificate stranger;
        rig_make(&stranger, &(struct rig_plan){ .subject = root_name, .extensions = rig_ca_extensions });
        const slice chain[] = { rig_der(&f->leaf), rig_der(&f->middle), rig_der(&f->root) };
        const slice anchors[] = { rig_der(&stranger), rig_der(&f->root), rig_der(&f->middle) };
        struct mitome_trust *trust = rig_trust(&stranger, NULL);
        for (int round = 0; round < 3; round++)
                for (size_t from = 0; from < 3; from++)
                        for (size_t count = 0; from + count <= 3; count++) {
                                bool anchored = false, found = false;
                                assert_int_equal(trust_verify_attestation_to(trust, anchors + from, count,
                                                         chain, 2 + from % 2, rig_now, &anchored, NULL)
                                                         .code,
                                        MITOME_OK);
                                assert_int_equal(anchored, from + count > 1 && count > 0);
                                assert_int_equal(verify(trust, chain, 2, rig_now, &found), MITOME_OK);
                                assert_false(found);
                        }
        mitome_trust_free(trust);
        rig_free(&stranger);
}

static EVP_PKEY *p192(void)
{
        return EVP_EC_gen("prime192v1");
}

static EVP_PKEY *rsa_3072(void)
{
        return EVP_RSA_gen(3072);
}

static EVP_PKEY *ed448(void)
{
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
}

/* Leaves of a known issuer, or of an anchor itself, which are looked at by other means than others: right and
 * wrong in every way in which OpenSSL finds them to be, whom nothing is known to. */
static void a_known_issuer_vouches_for_no_more_than_an_unknown_one(void **state)
{
        const struct family *f = *state;
        static const char *const nobody[] = { NULL };
        const struct rig_plan plans[] = {
                { .extensions = rig_leaf_extensions },
                { .extensions = "[certificate]\n" },
                { .extensions = rig_ca_extensions },
                { .extensions = LEAF_BEGIN UNKNOWN_CRITICAL },
                { .extensions = LEAF_BEGIN "1.3.6.1.4.1.99999.7 = DER:0500\n" },
                { .extensions = LEAF_BEGIN "keyUsage = critical, keyCertSign\n" },
                { .extensions = "[certificate]\nkeyUsage = critical, keyCertSign\n" },
                { .extensions = "[certificate]\nbasicConstraints = critical, CA:FALSE, pathlen:0\n" },
                { .extensions = "[certificate]\nbasicConstraints = critical, DER:0500\n" },
                { .extensions = LEAF_BEGIN "keyUsage = DER:0500\n" },
                { .extensions = LEAF_BEGIN "proxyCertInfo = critical, language:id-ppl-anyLanguage\n" },
                { .extensions = LEAF_BEGIN "sbgp-ipAddrBlock = critical, IPv4:10.0.0.0/8\n" },
                { .extensions = LEAF_BEGIN "sbgp-autonomousSysNum = critical, AS:1\n" },
                { .extensions = LEAF_BEGIN "subjectAltName = critical, DER:0500\n" },
                { .extensions = LEAF_BEGIN "extendedKeyUsage = critical, serverAuth\n" },
                { .extensions = LEAF_BEGIN "policyConstraints = critical, requireExplicitPolicy:0\n" },
                { .extensions = LEAF_BEGIN "nameConstraints = critical, permitted;dirName:x\n[x]\nC = US\n" },
                { .extensions = LEAF_BEGIN "authorityKeyIdentifier = DER:301680140102030405060708090A0B0C0D0E"
                                           "0F1011121314\n" },
                { .extensions = LEAF_BEGIN, .subject = nobody },
                { .extensions = LEAF_BEGIN, .subject = middle_name },
                { .extensions = LEAF_BEGIN, .subject = root_name },
                { .extensions = LEAF_BEGIN, .not_after = rig_now },
                { .extensions = LEAF_BEGIN, .not_after = rig_now + 1 },
                { .extensions = LEAF_BEGIN, .not_before = rig_now },
                { .extensions = LEAF_BEGIN, .not_before = rig_now + 1 },
                { .extensions = LEAF_BEGIN, .digest = EVP_sha1() },
                { .extensions = LEAF_BEGIN, .digest = EVP_sha224() },
                { .extensions = LEAF_BEGIN, .digest = EVP_sha512() },
                { .extensions = LEAF_BEGIN, .key = rsa_1024() },
                { .extensions = LEAF_BEGIN, .key = rsa_2048() },
                { .extensions = LEAF_BEGIN, .key = rsa_3072() },
                { .extensions = LEAF_BEGIN, .key = p192() },
                { .extensions = LEAF_BEGIN, .key = p384() },
                { .extensions = LEAF_BEGIN, .key = ed25519() },
                { .extensions = LEAF_BEGIN, .key = ed448() },
        };
        const slice anchor = rig_der(&f->root);
        for (size_t i = 0; i < 2 * sizeof plans / sizeof plans[0]; i++) {
                bool direct = i % 2; /* the anchor has issued it itself */
                struct rig_plan plan = plans[i / 2];
                struct rig_certificate leaf;
                struct mitome_trust *trust = rig_trust(&f->root, NULL);
                bool wanted = false, found = false;
                plan.issuer = direct ? &f->root : &f->middle;
                plan.subject = plan.subject ? plan.subject : leaf_name;
                if (plan.key)
                        EVP_PKEY_up_ref(plan.key); /* for the certificate to give back */
                rig_make(&leaf, &plan);
                const slice given[] = { rig_der(&leaf), rig_der(&f->middle) };
                const slice known[] = { rig_der(&f->leaf), rig_der(&f->middle) };
                const size_t count = direct ? 1 : 2;
                mitome_code code =
                        trust_verify_attestation_to(NULL, &anchor, 1, given, count, rig_now, &wanted, NULL)
                                .code;
                assert_int_equal(verify(trust, known, 2, rig_now, &found), MITOME_OK);
                for (int again = 0; again < 2; again++) {
                        mitome_code got = verify(trust, given, count, rig_now, &found);
                        if (got != code || found != wanted)
                                print_error("plan %zu, %s: %d, %d in place of %d, %d\n", i / 2,
                                        direct ? "by the anchor" : "by a known issuer", got, found, code,
                                        wanted);
                        assert_int_equal(got, code);
                        assert_int_equal(found, wanted);
                }
                mitome_trust_free(trust);
                rig_free(&leaf);
        }
        for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++)
                EVP_PKEY_free(plans[i].key);
}

/* A leaf that stands as its own issuer contradicts itself, however well its path is known. */
static void a_known_issuer_is_not_its_own_leaf(void **state)
{
        const struct family *f = *state;
        const slice first[] = { rig_der(&f->leaf), rig_der(&f->middle) };
        const slice second[] = { rig_der(&f->middle), rig_der(&f->middle) };
        struct mitome_trust *trust = rig_trust(&f->root, NULL);
        bool anchored;
        assert_int_equal(verify(trust, first, 2, rig_now, &anchored), MITOME_OK);
        assert_true(anchored);
        assert_int_equal(verify(trust, second, 2, rig_now, &anchored), MITOME_E_CERTIFICATE_PATH);
        mitome_trust_free(trust);
}

/* More issuers and leaves than are remembered, twice around. */
static void what_is_forgotten_is_read_again(void **state)
{
        const struct family *f = *state;
        enum { MANY = ISSUERS_MAX + 3 };
        static struct rig_certificate middles[MANY], leaves[MANY];
        struct mitome_trust *trust = rig_trust(&f->root, NULL);
        for (int round = 0; round < 2; round++)
                for (int i = 0; i < MANY; i++) {
                        bool anchored;
                        if (round == 0) {
                                rig_make(&middles[i], &(struct rig_plan){ .subject = middle_name,
                                                              .issuer = &f->root,
                                                              .extensions = rig_ca_extensions });
                                rig_make(&leaves[i], &(struct rig_plan){ .subject = leaf_name,
                                                             .issuer = &middles[i],
                                                             .extensions = rig_leaf_extensions });
                        }
                        const slice chain[] = { rig_der(&leaves[i]), rig_der(&middles[i]) };
                        assert_int_equal(verify(trust, chain, 2, rig_now, &anchored), MITOME_OK);
                        assert_true(anchored);
                }
        mitome_trust_free(trust);
        for (int i = 0; i < MANY; i++) {
                rig_free(&leaves[i]);
                rig_free(&middles[i]);
        }
}

struct crowd {
        const struct mitome_trust *trust;
        const struct family *family;
        int wrong;
};

static void *verify_often(void *argument)
{
        struct crowd *crowd = argument;
        const struct family *f = crowd->family;
        const slice chain[] = { rig_der(&f->leaf), rig_der(&f->middle) };
        const slice anchor = rig_der(&f->root);
        for (int i = 0; i < 100; i++) {
                bool anchored = false;
                mitome_status status =
                        i % 2 ? trust_verify_attestation(crowd->trust, chain, 2, rig_now, &anchored, NULL)
                              : trust_verify_attestation_to(
                                        crowd->trust, &anchor, 1, chain, 2, rig_now, &anchored, NULL);
                crowd->wrong += status.code != MITOME_OK || !anchored;
        }
        return NULL;
}

static void threads_share_a_snapshot(void **state)
{
        const struct family *f = *state;
        enum { THREADS = 4 };
        struct mitome_trust *trust = rig_trust(&f->root, NULL);
        struct crowd crowds[THREADS];
        pthread_t threads[THREADS];
        for (int i = 0; i < THREADS; i++) {
                crowds[i] = (struct crowd){ .trust = trust, .family = f };
                assert_int_equal(pthread_create(&threads[i], NULL, verify_often, &crowds[i]), 0);
        }
        for (int i = 0; i < THREADS; i++) {
                assert_int_equal(pthread_join(threads[i], NULL), 0);
                assert_int_equal(crowds[i].wrong, 0);
        }
        mitome_trust_free(trust);
}

/* ---- lists on attestation paths ---- */

struct path_list {
        const struct rig_certificate *issuer, *signer, *listed; /* signer NULL: the issuer */
        int reason;
        bool stale, partial;
};

/* The chain of the family, the root believed, these lists; added before or after the anchor. */
static mitome_code verify_with_lists(const struct family *f, const struct path_list *lists, size_t count,
        bool required, bool lists_first, bool *ret_anchored)
{
        struct mitome_trust *trust = rig_trust(lists_first ? NULL : &f->root, NULL);
        for (size_t i = 0; i < count; i++) {
                struct authority_der crl;
                rig_crl(&crl, &(struct rig_crl_plan){ .issuer = lists[i].issuer,
                                      .signer = lists[i].signer ? lists[i].signer->key : NULL,
                                      .issued = rig_now - RIG_DAY,
                                      .next = lists[i].stale ? rig_now - 1 : rig_now + RIG_DAY,
                                      .serial = lists[i].listed ? serial_of(lists[i].listed) : (slice){ 0 },
                                      .reason = lists[i].reason,
                                      .critical = lists[i].partial });
                rig_add_crl(trust, &crl);
        }
        if (lists_first)
                assert_int_equal(mitome_trust_add_anchor(trust, rig_der(&f->root), NULL).code, MITOME_OK);
        if (required)
                mitome_trust_require_revocation(trust);
        const slice chain[] = { rig_der(&f->leaf), rig_der(&f->middle), rig_der(&f->root) };
        mitome_code code = verify(trust, chain, 2, rig_now, ret_anchored);
        bool anchored = false;
        const slice anchor = rig_der(&f->root);
        assert_int_equal(verify(trust, chain, 3, rig_now, &anchored), code);
        assert_int_equal(
                trust_verify_attestation_to(trust, &anchor, 1, chain, 2, rig_now, &anchored, NULL).code,
                code);
        mitome_trust_free(trust);
        return code;
}

static void lists_are_heard_on_attestation_paths(void **state)
{
        const struct family *f = *state;
        struct rig_certificate twin;
        rig_make(&twin, &(struct rig_plan){ .subject = root_name, .extensions = rig_ca_extensions });
        const struct {
                struct path_list lists[2];
                size_t count;
                mitome_code soft, required;
        } cases[] = {
                { { { 0 } }, 0, MITOME_OK, MITOME_E_CRL_MISSING },
                { { { .issuer = &f->root } }, 1, MITOME_OK, MITOME_E_CRL_MISSING },
                { { { .issuer = &f->middle } }, 1, MITOME_OK, MITOME_E_CRL_MISSING },
                { { { .issuer = &f->root }, { .issuer = &f->middle } }, 2, MITOME_OK, MITOME_OK },
                { { { .issuer = &f->root, .listed = &f->middle } }, 1, MITOME_E_CERTIFICATE_REVOKED,
                        MITOME_E_CRL_MISSING },
                { { { .issuer = &f->middle, .listed = &f->leaf } }, 1, MITOME_E_CERTIFICATE_REVOKED,
                        MITOME_E_CERTIFICATE_REVOKED },
                { { { .issuer = &f->middle, .listed = &f->leaf, .reason = CRL_REASON_CERTIFICATE_HOLD } }, 1,
                        MITOME_E_CERTIFICATE_ON_HOLD, MITOME_E_CERTIFICATE_ON_HOLD },
                { { { .issuer = &f->middle, .stale = true } }, 1, MITOME_E_CRL_STALE, MITOME_E_CRL_STALE },
                { { { .issuer = &f->middle, .stale = true, .listed = &f->leaf } }, 1,
                        MITOME_E_CERTIFICATE_REVOKED, MITOME_E_CERTIFICATE_REVOKED },
                { { { .issuer = &f->middle, .stale = true }, { .issuer = &f->middle } }, 2, MITOME_OK,
                        MITOME_E_CRL_MISSING },
                { { { .issuer = &f->middle, .partial = true } }, 1, MITOME_E_CRL_FORM, MITOME_E_CRL_FORM },
                /* a serial of another issuer's, and the root's own: its certificate is believed, not issued
                 */
                { { { .issuer = &f->root, .listed = &f->root } }, 1, MITOME_OK, MITOME_E_CRL_MISSING },
                /* names alone never decide */
                { { { .issuer = &f->root, .signer = &twin, .listed = &f->middle } }, 1,
                        MITOME_E_CRL_SIGNATURE, MITOME_E_CRL_MISSING },
                { { { .issuer = &f->root, .signer = &twin, .listed = &f->middle }, { .issuer = &f->root } },
                        2, MITOME_OK, MITOME_E_CRL_MISSING },
                { { { .issuer = &f->middle, .signer = &f->root, .listed = &f->leaf } }, 1,
                        MITOME_E_CRL_SIGNATURE, MITOME_E_CRL_SIGNATURE },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
                for (int mode = 0; mode < 4; mode++) {
                        bool anchored;
                        mitome_code expected = mode & 1 ? cases[i].required : cases[i].soft;
                        assert_int_equal(verify_with_lists(f, cases[i].lists, cases[i].count, mode & 1,
                                                 mode & 2, &anchored),
                                expected);
                        assert_int_equal(anchored, expected == MITOME_OK);
                }
        rig_free(&twin);
}

/* Nobody is believed, but the issuer in the chain has signed the list; and nobody requires an answer about a
 * path that leads nowhere. */
static void a_path_without_an_anchor_is_not_spared(void **state)
{
        const struct family *f = *state;
        const slice chain[] = { rig_der(&f->leaf), rig_der(&f->middle) };
        struct mitome_trust *trust = rig_trust(NULL, NULL);
        struct authority_der crl;
        bool anchored;
        mitome_trust_require_revocation(trust);
        assert_int_equal(verify(trust, chain, 2, rig_now, &anchored), MITOME_OK);
        assert_false(anchored);
        rig_crl(&crl, &(struct rig_crl_plan){ .issuer = &f->middle,
                              .issued = rig_now - 60,
                              .next = rig_now + RIG_DAY,
                              .serial = serial_of(&f->leaf) });
        rig_add_crl(trust, &crl);
        assert_int_equal(verify(trust, chain, 2, rig_now, &anchored), MITOME_E_CERTIFICATE_REVOKED);
        mitome_trust_free(trust);
}

/* A list is its signer's key's: of every certificate of that key, and of no other of that name. */
static void a_list_is_of_a_key(void **state)
{
        const struct family *f = *state;
        struct rig_certificate renewed, stranger, leaf, foreign;
        EVP_PKEY_up_ref(f->root.key);
        rig_make(&renewed, &(struct rig_plan){ .subject = root_name,
                                   .extensions = rig_ca_extensions,
                                   .key = f->root.key,
                                   .not_after = rig_now + 2 * RIG_DAY });
        rig_make(&stranger, &(struct rig_plan){ .subject = root_name, .extensions = rig_ca_extensions });
        rig_make(
                &leaf, &(struct rig_plan){
                               .subject = leaf_name, .issuer = &renewed, .extensions = rig_leaf_extensions });
        rig_make(&foreign,
                &(struct rig_plan){
                        .subject = leaf_name, .issuer = &stranger, .extensions = rig_leaf_extensions });
        const struct rig_certificate *const listed[] = { &leaf, &foreign };
        for (int i = 0; i < 2; i++) {
                struct mitome_trust *trust = rig_trust(&f->root, NULL);
                struct authority_der crl;
                rig_crl(&crl, &(struct rig_crl_plan){ .issuer = &f->root,
                                      .issued = rig_now - 60,
                                      .next = rig_now + RIG_DAY,
                                      .serial = serial_of(listed[i]) });
                rig_add_crl(trust, &crl);
                const slice anchor = rig_der(i ? &stranger : &renewed), chain = rig_der(listed[i]);
                bool anchored = false;
                assert_int_equal(
                        trust_verify_attestation_to(trust, &anchor, 1, &chain, 1, rig_now, &anchored, NULL)
                                .code,
                        i ? MITOME_E_CRL_SIGNATURE : MITOME_E_CERTIFICATE_REVOKED);
                assert_false(anchored);
                mitome_trust_free(trust);
        }
        rig_free(&foreign);
        rig_free(&leaf);
        rig_free(&stranger);
        rig_free(&renewed);
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

/* NIST SP 800-131A: SHA-1 signs nothing any more, lists neither. */
static void a_list_with_a_weak_signature_is_no_list(void **state)
{
        const struct family *f = *state;
        struct authority_der made;
        rig_crl(&made, &(struct rig_crl_plan){
                               .issuer = &f->root, .issued = rig_now - 60, .next = rig_now + RIG_DAY });
        for (int weak = 0; weak < 2; weak++) {
                const unsigned char *from = made.bytes;
                unsigned char *to = NULL;
                X509_CRL *crl = d2i_X509_CRL(NULL, &from, (long)made.size);
                assert_true(X509_CRL_sign(crl, f->root.key, weak ? EVP_sha1() : EVP_sha384()) > 0);
                int size = i2d_X509_CRL(crl, &to);
                struct mitome_trust *trust = rig_trust(NULL, &f->root);
                assert_int_equal(
                        mitome_trust_add_crl(trust, slice_of(to, (size_t)size), NULL).code, MITOME_OK);
                assert_int_equal(check(trust, &f->root, rig_now), weak ? MITOME_E_CRL_SIGNATURE : MITOME_OK);
                mitome_trust_free(trust);
                OPENSSL_free(to);
                X509_CRL_free(crl);
        }
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

/* A relying party that goes by REVOKED alone (a session that runs) must hear it whichever list is late. */
static void attack_a_late_list_of_one_generation_hides_what_another_revokes(void **state)
{
        const struct family *f = *state;
        for (int late = 0; late < 2; late++) { /* no list, an old one */
                struct rig_certificate older;
                struct authority_der crl, old_crl;
                rig_make(&older, &(struct rig_plan){ .subject = root_name, .extensions = rig_ca_extensions });
                rig_crl(&crl, &(struct rig_crl_plan){
                                      .issuer = &f->root, .issued = rig_now - 120, .next = rig_now - 60 });
                rig_crl(&old_crl, &(struct rig_crl_plan){ .issuer = &older,
                                          .issued = rig_now - 60,
                                          .next = rig_now + RIG_DAY,
                                          .serial = SLICE(serial) });
                struct mitome_trust *trust = rig_trust(NULL, &f->root);
                assert_int_equal(mitome_trust_add_jpki_anchor(trust, rig_der(&older), NULL).code, MITOME_OK);
                if (late)
                        rig_add_crl(trust, &crl);
                rig_add_crl(trust, &old_crl);
                assert_int_equal(check(trust, &f->root, rig_now), MITOME_E_CERTIFICATE_REVOKED);
                mitome_trust_free(trust);
                rig_free(&older);
        }
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
                cmocka_unit_test(a_critical_extension_that_is_not_understood_is_refused),
                cmocka_unit_test(constraints_of_names_and_of_length_hold),
                cmocka_unit_test(an_issuer_says_that_it_is_a_ca_and_may_say_no_more),
                cmocka_unit_test(weak_keys_and_digests_carry_no_trust),
                cmocka_unit_test(a_stranger_with_a_dear_key_is_not_asked),
                cmocka_unit_test(the_certificates_of_tpms_pass),
                cmocka_unit_test(odd_validities_pass_in_their_time),
                cmocka_unit_test(a_leaf_that_is_an_anchor_is_believed_by_itself),
                cmocka_unit_test(certificates_beyond_the_anchor_are_looked_at),
                cmocka_unit_test(a_chain_out_of_order_is_refused_though_a_path_is_in_it),
                cmocka_unit_test(a_path_loop_ends),
                cmocka_unit_test(generations_of_one_name_are_all_tried),
                cmocka_unit_test(anchors_that_are_not_the_snapshots_are_asked_for),
                cmocka_unit_test(metadata_is_kept_beside_the_snapshot),
                cmocka_unit_test(changed_leaves_of_a_known_issuer_are_not_anchored),
                cmocka_unit_test(a_known_path_is_held_to_its_times_and_names),
                cmocka_unit_test(a_known_path_is_known_to_its_own_anchor_only),
                cmocka_unit_test(a_known_issuer_vouches_for_no_more_than_an_unknown_one),
                cmocka_unit_test(a_known_issuer_is_not_its_own_leaf),
                cmocka_unit_test(what_is_forgotten_is_read_again),
                cmocka_unit_test(threads_share_a_snapshot),
                cmocka_unit_test(lists_are_heard_on_attestation_paths),
                cmocka_unit_test(a_path_without_an_anchor_is_not_spared),
                cmocka_unit_test(a_list_is_of_a_key),
                cmocka_unit_test(a_fresh_list_answers),
                cmocka_unit_test(a_list_is_parsed_to_the_last_byte),
                cmocka_unit_test(a_list_out_of_its_time_is_no_list),
                cmocka_unit_test(a_list_that_the_issuer_did_not_sign_is_no_list),
                cmocka_unit_test(a_list_with_a_weak_signature_is_no_list),
                cmocka_unit_test(a_list_that_is_not_whole_is_refused),
                cmocka_unit_test(an_entry_that_is_not_understood_spoils_its_list),
                cmocka_unit_test(a_ca_that_may_not_sign_lists_signs_none),
                cmocka_unit_test(every_generation_of_a_name_needs_its_list),
                cmocka_unit_test(attack_a_late_list_of_one_generation_hides_what_another_revokes),
                cmocka_unit_test(an_unknown_issuer_or_a_bad_question_is_refused),
        };
        return cmocka_run_group_tests(tests, make_family, free_family);
}
