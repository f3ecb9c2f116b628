/* SPDX-License-Identifier: Apache-2.0 */

/* What a snapshot remembers of paths, and the last link that is verified without OpenSSL's path building,
 * against OpenSSL's own answer: a question without a snapshot remembers nothing. */

#include "der.h"
#include "trust_internal.h"
#include "trust_rig.h"

#include <malloc.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const root_name[] = { "C", "JP", "O", "Maker", "CN", "Root", NULL };
static const char *const middle_name[] = { "C", "JP", "O", "Maker", "CN", "Middle", NULL };
static const char *const leaf_name[] = { "C", "JP", "O", "Maker", "CN", "Leaf", NULL };
static const char *const good_name[] = { "C", "JP", "O", "Maker", "CN", "Good", NULL };

#define CA_BEGIN "[certificate]\nbasicConstraints = critical, CA:TRUE\nsubjectKeyIdentifier = hash\n"
#define LEAF_BEGIN "[certificate]\nbasicConstraints = critical, CA:FALSE\n"
#define UNKNOWN_CRITICAL "1.3.6.1.4.1.99999.7 = critical, DER:0500\n"

/* ---- questions, asked in every way ---- */

struct question {
        slice chain[4];
        size_t count;
        slice anchors[4];
        size_t anchor_count;
        slice good; /* a leaf of the same issuer, asked about before; empty: none */
        int64_t now;
};

struct answer {
        mitome_code code;
        bool anchored;
        bool quick; /* the last link alone was looked at */
};

static struct mitome_trust *snapshot_of(const struct question *q)
{
        struct mitome_trust *trust = rig_trust(NULL, NULL);
        for (size_t i = 0; i < q->anchor_count; i++)
                assert_int_equal(mitome_trust_add_anchor(trust, q->anchors[i], NULL).code, MITOME_OK);
        return trust;
}

/* `trust` NULL, or `foreign`: to these anchors; else to the snapshot's. */
static struct answer ask(const struct mitome_trust *trust, const struct question *q, bool foreign)
{
        struct answer answer = { 0 };
        mitome_error error = { 0 };
        answer.code = trust && !foreign ? trust_verify_attestation(
                                                  trust, q->chain, q->count, q->now, &answer.anchored, &error)
                                                  .code
                                        : trust_verify_attestation_to(trust, q->anchors, q->anchor_count,
                                                  q->chain, q->count, q->now, &answer.anchored, &error)
                                                  .code;
        assert_int_equal(error.code, answer.code);
        assert_int_equal(ERR_peek_error(), 0);
        assert_true(answer.code == MITOME_OK || !answer.anchored);
        STACK_OF(X509) *kept = NULL;
        if (trust && path_memory_recall(trust->memory, SHELF_KEYLESS, q->chain, 1, &kept, NULL)) {
                answer.quick = true;
                sk_X509_pop_free(kept, X509_free);
        }
        return answer;
}

static void print_hex(const char *what, slice bytes)
{
        fprintf(stderr, "%s ", what);
        for (size_t i = 0; i < bytes.size; i++)
                fprintf(stderr, "%02x", bytes.data[i]);
        fprintf(stderr, "\n");
}

static void print_question(const struct question *q)
{
        for (size_t i = 0; i < q->count; i++)
                print_hex("chain", q->chain[i]);
        for (size_t i = 0; i < q->anchor_count; i++)
                print_hex("anchor", q->anchors[i]);
}

static void same(
        const struct question *q, const struct answer *slow, const struct answer *other, const char *what)
{
        if (other->code == slow->code && other->anchored == slow->anchored)
                return;
        print_question(q);
        fprintf(stderr, "%s: %d, %s; OpenSSL alone: %d, %s\n", what, other->code,
                other->anchored ? "anchored" : "not anchored", slow->code,
                slow->anchored ? "anchored" : "not anchored");
        fail_msg("the answers differ");
}

/* OpenSSL's answer, once all others have turned out to be the same; `quick` is how the last one was found. */
static struct answer agreed(const struct question *q)
{
        struct answer slow = ask(NULL, q, false), answer = { 0 };
        struct question first = *q;
        first.chain[0] = q->good;
        for (int way = 0; way < 4; way++) {
                bool foreign = way & 1, warm = way & 2;
                struct mitome_trust *trust = foreign ? rig_trust(NULL, NULL) : snapshot_of(q);
                if (warm && q->good.size)
                        (void)ask(trust, &first, foreign);
                for (int round = 0; round < 2; round++) {
                        answer = ask(trust, q, foreign);
                        same(q, &slow, &answer,
                                warm ? (round ? "known twice" : "known") : (round ? "again" : "fresh"));
                }
                mitome_trust_free(trust);
        }
        slow.quick = answer.quick;
        return slow;
}

/* ---- one root, one CA below it, and two leaves of that ---- */

struct plan {
        const char *root, *middle, *leaf; /* extensions; NULL: the usual */
        EVP_PKEY *(*root_key)(void), *(*middle_key)(void), *(*leaf_key)(void); /* NULL: P-256 */
        const EVP_MD *middle_digest, *leaf_digest;
        const char *const *leaf_subject;
        int64_t root_not_after, middle_not_before, middle_not_after, leaf_not_before, leaf_not_after;
};

struct family {
        struct rig_certificate root, middle, good, leaf;
};

static EVP_PKEY *make_key(EVP_PKEY *(*make)(void))
{
        return make ? make() : NULL;
}

static void make_family(struct family *f, const struct plan *plan)
{
        rig_make(&f->root, &(struct rig_plan){ .subject = root_name,
                                   .key = make_key(plan->root_key),
                                   .extensions = plan->root ? plan->root : rig_ca_extensions,
                                   .not_after = plan->root_not_after });
        rig_make(&f->middle, &(struct rig_plan){ .subject = middle_name,
                                     .issuer = &f->root,
                                     .key = make_key(plan->middle_key),
                                     .extensions = plan->middle ? plan->middle : rig_ca_extensions,
                                     .not_before = plan->middle_not_before,
                                     .not_after = plan->middle_not_after,
                                     .digest = plan->middle_digest });
        rig_make(&f->good,
                &(struct rig_plan){ .subject = good_name, .issuer = &f->middle, .extensions = LEAF_BEGIN });
        rig_make(&f->leaf, &(struct rig_plan){ .subject = plan->leaf_subject ? plan->leaf_subject : leaf_name,
                                   .issuer = &f->middle,
                                   .key = make_key(plan->leaf_key),
                                   .extensions = plan->leaf ? plan->leaf : LEAF_BEGIN,
                                   .not_before = plan->leaf_not_before,
                                   .not_after = plan->leaf_not_after,
                                   .digest = plan->leaf_digest });
        ERR_clear_error(); /* what OpenSSL says of extensions that are made badly */
}

static void free_family(struct family *f)
{
        rig_free(&f->leaf);
        rig_free(&f->good);
        rig_free(&f->middle);
        rig_free(&f->root);
}

/* The leaf under the CA and the root, and under the CA as an anchor. */
enum { SHAPE_PATH, SHAPE_WHOLE, SHAPE_LINK, SHAPE_SHORT, SHAPES };

static struct question question_of(const struct family *f, slice leaf, int shape)
{
        static const size_t counts[SHAPES] = { 2, 3, 1, 2 };
        return (struct question){
                .chain = { leaf, rig_der(&f->middle), rig_der(&f->root) },
                .count = counts[shape],
                .anchors = { shape == SHAPE_PATH || shape == SHAPE_WHOLE ? rig_der(&f->root)
                                                                         : rig_der(&f->middle) },
                .anchor_count = 1,
                .good = rig_der(&f->good),
                .now = rig_now,
        };
}

static struct answer answer_about(const struct family *f, slice leaf, int shape)
{
        const struct question q = question_of(f, leaf, shape);
        return agreed(&q);
}

/* What is said of the leaf under the CA and the root, and of the leaf under the CA alone. */
struct expectation {
        mitome_code path;
        bool path_anchored, path_quick;
        mitome_code link;
        bool link_anchored, link_quick;
};

#define QUICK                                                \
        {                                                    \
                MITOME_OK, true, true, MITOME_OK, true, true \
        }
#define SLOW                                                   \
        {                                                      \
                MITOME_OK, true, false, MITOME_OK, true, false \
        }
#define NOBODY                                                   \
        {                                                        \
                MITOME_OK, false, false, MITOME_OK, false, false \
        }
/* No issuer of it, to the hand that looks at what no anchor vouches for. */
#define STRAY                                                                    \
        {                                                                        \
                MITOME_E_CERTIFICATE_PATH, false, false, MITOME_OK, false, false \
        }
#define REFUSED(code)                                  \
        {                                              \
                code, false, false, code, false, false \
        }

static void judge(const struct family *f, slice leaf, const struct expectation *expected)
{
        for (int shape = 0; shape < SHAPES; shape++) {
                struct answer answer = answer_about(f, leaf, shape);
                bool whole = shape == SHAPE_PATH || shape == SHAPE_WHOLE;
                if ((shape == SHAPE_WHOLE || shape == SHAPE_SHORT) && answer.code != MITOME_OK &&
                        !answer.anchored)
                        continue; /* what was sent beside is looked at, too */
                assert_int_equal(answer.code, whole ? expected->path : expected->link);
                assert_int_equal(answer.anchored, whole ? expected->path_anchored : expected->link_anchored);
                assert_int_equal(answer.quick, whole ? expected->path_quick : expected->link_quick);
        }
}

static void expect(const struct plan *plan, struct expectation expected)
{
        struct family f;
        make_family(&f, plan);
        judge(&f, rig_der(&f.leaf), &expected);
        free_family(&f);
}

/* ---- certificates by the byte ---- */

struct parts {
        slice tbs, algorithm;
        slice signature; /* content of the BIT STRING: the count of unused bits, then the bits */
};

static struct parts take_apart(slice der)
{
        struct parts parts;
        slice whole, content;
        reader r = reader_over(der, NULL, NULL);
        assert_false(failed(der_read(&r, NULL, DER_SEQUENCE, &whole, NULL)));
        reader in = reader_over(whole, NULL, NULL);
        assert_false(failed(der_read(&in, NULL, DER_SEQUENCE, &content, &parts.tbs)));
        assert_false(failed(der_read(&in, NULL, DER_SEQUENCE, &content, &parts.algorithm)));
        assert_false(failed(der_read(&in, NULL, DER_BIT_STRING, &parts.signature, NULL)));
        return parts;
}

static void write_header(writer *w, uint8_t tag, size_t size)
{
        write_u8(w, tag);
        if (size < 0x80) {
                write_u8(w, (uint8_t)size);
        } else {
                write_u8(w, 0x82); /* good enough for OpenSSL, which reads BER; not DER under 256 */
                write_u16(w, (uint16_t)size);
        }
}

static size_t short_header(writer *w, uint8_t tag, size_t size)
{
        if (size >= 0x80 && size < 0x100) {
                write_u8(w, tag);
                write_u8(w, 0x81);
                write_u8(w, (uint8_t)size);
        } else {
                write_header(w, tag, size);
        }
        return size;
}

static void put_together(const struct parts *parts, struct authority_der *ret)
{
        uint8_t bits[AUTHORITY_DER_MAX];
        writer signature = writer_over(bits, sizeof bits);
        short_header(&signature, DER_BIT_STRING, parts->signature.size);
        write_slice(&signature, parts->signature);
        slice tail = slice_of(bits, signature.used);
        writer w = writer_over(ret->bytes, sizeof ret->bytes);
        short_header(&w, DER_SEQUENCE, parts->tbs.size + parts->algorithm.size + tail.size);
        write_slice(&w, parts->tbs);
        write_slice(&w, parts->algorithm);
        write_slice(&w, tail);
        assert_false(w.overflowed || signature.overflowed);
        ret->size = w.used;
}

static slice der_of(const struct authority_der *der)
{
        return slice_of(der->bytes, der->size);
}

/* Signs whatever stands there. */
static void sign_again(slice tbs, slice algorithm, EVP_PKEY *key, struct authority_der *ret)
{
        uint8_t signature[600] = { 0 };
        size_t size = sizeof signature - 1;
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key), 1);
        assert_int_equal(EVP_DigestSign(context, signature + 1, &size, tbs.data, tbs.size), 1);
        EVP_MD_CTX_free(context);
        const struct parts parts = { tbs, algorithm, slice_of(signature, size + 1) };
        put_together(&parts, ret);
}

/* Signs a certificate of OpenSSL's again, after a change. */
static void renew(struct rig_certificate *certificate, EVP_PKEY *key, const EVP_MD *digest, int padding)
{
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        EVP_PKEY_CTX *inner = NULL;
        assert_int_equal(EVP_DigestSignInit(context, &inner, digest, NULL, key), 1);
        if (padding)
                assert_true(EVP_PKEY_CTX_set_rsa_padding(inner, padding) == 1);
        assert_true(X509_sign_ctx(certificate->x509, context) > 0);
        EVP_MD_CTX_free(context);
        unsigned char *end = certificate->der.bytes;
        assert_in_range(i2d_X509(certificate->x509, NULL), 1, AUTHORITY_DER_MAX);
        certificate->der.size = (size_t)i2d_X509(certificate->x509, &end);
}

/* ---- keys ---- */

static EVP_PKEY *rsa_of(unsigned bits)
{
        EVP_PKEY *key = EVP_RSA_gen(bits);
        assert_non_null(key);
        return key;
}

static EVP_PKEY *rsa_1024(void)
{
        return rsa_of(1024);
}

static EVP_PKEY *rsa_2040(void)
{
        return rsa_of(2040);
}

static EVP_PKEY *rsa_2047(void)
{
        return rsa_of(2047);
}

static EVP_PKEY *rsa_2048(void)
{
        return rsa_of(2048);
}

static EVP_PKEY *rsa_3072(void)
{
        return rsa_of(3072);
}

static EVP_PKEY *p192(void)
{
        return EVP_EC_gen("P-192");
}

static EVP_PKEY *p224(void)
{
        return EVP_EC_gen("P-224");
}

static EVP_PKEY *p384(void)
{
        return EVP_EC_gen("P-384");
}

static EVP_PKEY *p521(void)
{
        return EVP_EC_gen("P-521");
}

static EVP_PKEY *secp256k1(void)
{
        return EVP_EC_gen("secp256k1");
}

static EVP_PKEY *ed25519(void)
{
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

static EVP_PKEY *ed448(void)
{
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
}

static EVP_PKEY *x25519(void)
{
        return EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
}

static EVP_PKEY *ec_with(const char *encoding, const char *form)
{
        EVP_PKEY *key = NULL;
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
        assert_int_equal(EVP_PKEY_keygen_init(context), 1);
        assert_int_equal(EVP_PKEY_CTX_set_group_name(context, "P-256"), 1);
        assert_int_equal(
                EVP_PKEY_CTX_set_ec_param_enc(context,
                        !strcmp(encoding, "explicit") ? OPENSSL_EC_EXPLICIT_CURVE : OPENSSL_EC_NAMED_CURVE),
                1);
        assert_int_equal(EVP_PKEY_generate(context, &key), 1);
        EVP_PKEY_CTX_free(context);
        assert_int_equal(
                EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, form), 1);
        return key;
}

static EVP_PKEY *ec_explicit(void)
{
        return ec_with("explicit", "uncompressed");
}

static EVP_PKEY *ec_compressed(void)
{
        return ec_with("named_curve", "compressed");
}

static EVP_PKEY *ec_hybrid(void)
{
        return ec_with("named_curve", "hybrid");
}

static void keys_of_the_leaf_are_as_strong_as_OpenSSL_asks(void **state)
{
        (void)state;
        const struct {
                EVP_PKEY *(*make)(void);
                struct expectation expected;
        } cases[] = {
                { NULL, QUICK },
                { p384, QUICK },
                { p521, QUICK },
                { rsa_2048, QUICK },
                { rsa_3072, QUICK },
                { ed25519, QUICK },
                { ed448, QUICK },
                { secp256k1, QUICK },
                { p224, SLOW },
                { x25519, SLOW },
                { ec_compressed, SLOW },
                { ec_hybrid, SLOW },
                { rsa_1024, NOBODY },
                { rsa_2040, SLOW },
                { rsa_2047, SLOW },
                { p192, NOBODY },
                { ec_explicit, NOBODY },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
                expect(&(struct plan){ .leaf_key = cases[i].make }, cases[i].expected);
}

/* SubjectPublicKeyInfo as no key of OpenSSL's has it. */
struct odd_key {
        const char *algorithm;
        int parameters;    /* V_ASN1_.. */
        const char *curve; /* for V_ASN1_OBJECT */
        size_t size;       /* of the bits: `first`, and 0x55 over and over */
        uint8_t first;
        struct expectation expected;
};

static void set_key(struct rig_certificate *leaf, const struct odd_key *key)
{
        unsigned char *bits = OPENSSL_malloc(key->size + 1);
        void *value = NULL;
        for (size_t i = 0; i < key->size; i++)
                bits[i] = i ? 0x55 : key->first;
        if (key->parameters == V_ASN1_OBJECT) {
                value = OBJ_txt2obj(key->curve, 0);
        } else if (key->parameters == V_ASN1_OCTET_STRING) {
                value = ASN1_OCTET_STRING_new();
                assert_int_equal(ASN1_OCTET_STRING_set(value, (const unsigned char *)"x", 1), 1);
        }
        ASN1_OBJECT *algorithm = OBJ_txt2obj(key->algorithm, 0);
        assert_true(algorithm && (key->parameters != V_ASN1_OBJECT || value));
        assert_int_equal(X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(leaf->x509), algorithm, key->parameters,
                                 value, bits, (int)key->size),
                1);
}

/* What OpenSSL reads no key from vouches for nobody; and what it reads in another form than the usual one is
 * left to it. */
static void keys_in_odd_forms_are_left_to_OpenSSL(void **state)
{
        (void)state;
        static const struct odd_key keys[] = {
                { "id-ecPublicKey", V_ASN1_OBJECT, "prime256v1", 65, 4, NOBODY }, /* off the curve */
                { "id-ecPublicKey", V_ASN1_OBJECT, "secp384r1", 97, 4, NOBODY },
                { "id-ecPublicKey", V_ASN1_OBJECT, "secp521r1", 133, 4, NOBODY },
                { "id-ecPublicKey", V_ASN1_OBJECT, "secp256k1", 65, 4, NOBODY },
                { "id-ecPublicKey", V_ASN1_OBJECT, "prime256v1", 64, 4, NOBODY },
                { "id-ecPublicKey", V_ASN1_OBJECT, "prime256v1", 1, 4, NOBODY },
                { "id-ecPublicKey", V_ASN1_OBJECT, "secp384r1", 65, 4, NOBODY },
                { "id-ecPublicKey", V_ASN1_OBJECT, "1.2.3.4", 65, 4, NOBODY },
                { "id-ecPublicKey", V_ASN1_UNDEF, NULL, 65, 4, NOBODY },
                { "id-ecPublicKey", V_ASN1_NULL, NULL, 65, 4, NOBODY },
                { "id-ecPublicKey", V_ASN1_OCTET_STRING, NULL, 65, 4, NOBODY },
                { "id-ecPublicKey", V_ASN1_OBJECT, "prime256v1", 1, 0, SLOW }, /* infinity */
                { "ED25519", V_ASN1_UNDEF, NULL, 32, 1, QUICK },
                { "ED25519", V_ASN1_UNDEF, NULL, 31, 1, NOBODY },
                { "ED25519", V_ASN1_UNDEF, NULL, 33, 1, NOBODY },
                { "ED25519", V_ASN1_NULL, NULL, 32, 1, NOBODY },
                { "ED448", V_ASN1_UNDEF, NULL, 57, 1, QUICK },
                { "ED448", V_ASN1_UNDEF, NULL, 32, 1, NOBODY },
                { "ED448", V_ASN1_OBJECT, "prime256v1", 57, 1, NOBODY },
                { "X448", V_ASN1_UNDEF, NULL, 56, 1, SLOW },
                { "1.2.3.4", V_ASN1_UNDEF, NULL, 65, 4, NOBODY },
                { "1.2.3.4", V_ASN1_OBJECT, "prime256v1", 65, 4, NOBODY },
                { "dhKeyAgreement", V_ASN1_UNDEF, NULL, 65, 4, NOBODY },
                { "rsaEncryption", V_ASN1_NULL, NULL, 1, 0, NOBODY },
        };
        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
                struct family f;
                make_family(&f, &(struct plan){ 0 });
                set_key(&f.leaf, &keys[i]);
                renew(&f.leaf, f.middle.key, EVP_sha256(), 0);
                judge(&f, rig_der(&f.leaf), &keys[i].expected);
                free_family(&f);
        }
}

/* RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }, and what is none. */
static void RSA_keys_are_two_numbers(void **state)
{
        (void)state;
        enum { MODULUS = 256 };
        static const struct {
                size_t zeros, size; /* of the modulus: leading zeros, and bytes behind them */
                uint8_t first;      /* of these */
                bool exponent, trailing, inside;
                int parameters;
                struct expectation expected;
        } cases[] = {
                { 1, MODULUS, 0x80, true, false, false, V_ASN1_NULL, QUICK },
                { 0, MODULUS + 1, 0x01, true, false, false, V_ASN1_NULL, QUICK },
                { 0, MODULUS, 0x7F, true, false, false, V_ASN1_NULL, SLOW }, /* 2047 bits */
                { 1, MODULUS / 2, 0x80, true, false, false, V_ASN1_NULL, NOBODY },
                { 1, MODULUS - 16, 0x80, true, false, false, V_ASN1_NULL, NOBODY },
                { 0, MODULUS, 0x80, true, false, false, V_ASN1_NULL, SLOW }, /* negative */
                { 2, MODULUS, 0x80, true, false, false, V_ASN1_NULL, SLOW }, /* not the shortest */
                { 1, MODULUS, 0x80, false, false, false, V_ASN1_NULL, NOBODY },
                { 1, MODULUS, 0x80, true, true, false, V_ASN1_NULL, SLOW },
                { 1, MODULUS, 0x80, true, false, true, V_ASN1_NULL, NOBODY },
                { 1, MODULUS, 0x80, true, false, false, V_ASN1_UNDEF, SLOW },
                { 1, MODULUS, 0x80, true, false, false, V_ASN1_OBJECT, SLOW },
                { 1, 2200, 0x80, true, false, false, V_ASN1_NULL, QUICK },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                static const uint8_t exponent[] = { 2, 3, 1, 0, 1 }, zero[] = { 5, 0 };
                uint8_t numbers[2400], whole[2400];
                struct family f;
                writer in = WRITER(numbers), out = WRITER(whole);
                short_header(&in, 2, cases[i].zeros + cases[i].size);
                for (size_t at = 0; at < cases[i].zeros + cases[i].size; at++)
                        write_u8(&in, at < cases[i].zeros ? 0 : at == cases[i].zeros ? cases[i].first : 0x5B);
                if (cases[i].exponent)
                        write_slice(&in, SLICE(exponent));
                if (cases[i].inside)
                        write_slice(&in, SLICE(zero));
                short_header(&out, 0x30, in.used);
                write_slice(&out, slice_of(numbers, in.used));
                if (cases[i].trailing)
                        write_slice(&out, SLICE(zero));
                assert_false(in.overflowed || out.overflowed);
                make_family(&f, &(struct plan){ 0 });
                assert_int_equal(
                        X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(f.leaf.x509),
                                OBJ_nid2obj(NID_rsaEncryption), cases[i].parameters,
                                cases[i].parameters == V_ASN1_OBJECT ? OBJ_nid2obj(NID_X9_62_prime256v1)
                                                                     : NULL,
                                OPENSSL_memdup(whole, out.used), (int)out.used),
                        1);
                renew(&f.leaf, f.middle.key, EVP_sha256(), 0);
                judge(&f, rig_der(&f.leaf), &cases[i].expected);
                free_family(&f);
        }
}

/* ---- the signature, and what it is over ---- */

/* Each byte of the leaf changed, whether it says what is signed, how, or is the signature; the path it comes
 * on has just been known. */
static void no_byte_of_a_leaf_is_loose(void **state)
{
        (void)state;
        EVP_PKEY *(*const keys[])(void) = { NULL, rsa_2048 };
        for (size_t kind = 0; kind < 2; kind++) {
                struct family f;
                make_family(&f, &(struct plan){ .middle_key = keys[kind] });
                struct authority_der leaf = f.leaf.der;
                for (size_t at = 0; at < leaf.size; at++)
                        for (int shape = SHAPE_PATH; shape <= SHAPE_LINK; shape += SHAPE_LINK) {
                                leaf.bytes[at] ^= (uint8_t)(at % 2 ? 0x01 : 0x80);
                                assert_false(answer_about(&f, der_of(&leaf), shape).anchored);
                                leaf.bytes[at] = f.leaf.der.bytes[at];
                        }
                free_family(&f);
        }
}

/* Each bit of the signature, and each count of unused bits. */
static void no_bit_of_a_signature_is_loose(void **state)
{
        (void)state;
        struct family f;
        make_family(&f, &(struct plan){ 0 });
        struct authority_der leaf = f.leaf.der;
        const size_t begin = (size_t)(take_apart(der_of(&leaf)).signature.data - leaf.bytes);
        for (size_t at = begin; at < leaf.size; at++)
                for (int bit = 0; bit < 8; bit++) {
                        leaf.bytes[at] ^= (uint8_t)(1 << bit);
                        assert_false(answer_about(&f, der_of(&leaf), SHAPE_PATH).anchored);
                        leaf.bytes[at] = f.leaf.der.bytes[at];
                }
        for (uint8_t unused = 1; unused < 8; unused++) {
                leaf.bytes[begin] = unused;
                for (int zeros = 0; zeros < 2; zeros++) {
                        assert_false(answer_about(&f, der_of(&leaf), SHAPE_PATH).anchored);
                        assert_false(answer_about(&f, der_of(&leaf), SHAPE_LINK).anchored);
                        leaf.bytes[leaf.size - 1] &= (uint8_t)(0xFF << unused);
                }
                leaf.bytes[leaf.size - 1] = f.leaf.der.bytes[leaf.size - 1];
        }
        free_family(&f);
}

/* RFC 5280 4.1.1.2: "This field MUST contain the same algorithm identifier as the signature field in the
 * sequence tbsCertificate". ecdsa-with-SHA384 outside, with SHA256 inside, and the other way about; the
 * signature is right for one of the two. */
static void both_algorithms_of_a_certificate_are_one(void **state)
{
        (void)state;
        static const uint8_t sha256[] = { 0x30, 0x0a, 0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2 };
        static const uint8_t sha384[] = { 0x30, 0x0a, 0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3 };
        static const uint8_t null[] = { 0x30, 0x0c, 0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2, 5, 0 };
        struct family f;
        struct rig_certificate inner;
        struct authority_der leaf;
        make_family(&f, &(struct plan){ 0 });
        rig_make(&inner, &(struct rig_plan){ .subject = leaf_name,
                                 .issuer = &f.middle,
                                 .extensions = LEAF_BEGIN,
                                 .digest = EVP_sha384() });
        const slice tbs256 = take_apart(rig_der(&f.leaf)).tbs, tbs384 = take_apart(rig_der(&inner)).tbs;
        const struct {
                slice tbs, algorithm;
        } cases[] = { { tbs256, SLICE(sha384) }, { tbs384, SLICE(sha256) }, { tbs256, SLICE(null) },
                { tbs384, SLICE(sha384) } };
        static const struct expectation nobody = STRAY, quick = QUICK;
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                sign_again(cases[i].tbs, cases[i].algorithm, f.middle.key, &leaf);
                judge(&f, der_of(&leaf), &nobody);
        }
        sign_again(tbs256, SLICE(sha256), f.middle.key, &leaf);
        judge(&f, der_of(&leaf), &quick);
        rig_free(&inner);
        free_family(&f);
}

static void signatures_are_of_kinds_that_OpenSSL_believes(void **state)
{
        (void)state;
        const struct {
                EVP_PKEY *(*middle)(void);
                const EVP_MD *digest;
                int padding;
                struct expectation expected;
        } cases[] = {
                { NULL, EVP_sha1(), 0, NOBODY },
                { NULL, EVP_sha224(), 0, QUICK },
                { NULL, EVP_sha384(), 0, QUICK },
                { p384, EVP_sha512(), 0, QUICK },
                { p521, EVP_sha512(), 0, QUICK },
                { p224, EVP_sha224(), 0, QUICK },
                { secp256k1, EVP_sha256(), 0, QUICK },
                { rsa_2048, EVP_md5(), 0, NOBODY },
                { rsa_2048, EVP_sha1(), 0, NOBODY },
                { rsa_2048, EVP_ripemd160(), 0, NOBODY },
                { rsa_2048, EVP_sha256(), 0, QUICK },
                { rsa_3072, EVP_sha512(), 0, QUICK },
                { rsa_2048, EVP_sha3_256(), 0, QUICK },
                { rsa_2048, EVP_sha256(), RSA_PKCS1_PSS_PADDING, SLOW },
                { rsa_2048, EVP_sha1(), RSA_PKCS1_PSS_PADDING, NOBODY },
                { ed25519, NULL, 0, SLOW },
                { ed448, NULL, 0, SLOW },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct family f;
                make_family(&f, &(struct plan){ 0 });
                rig_free(&f.middle);
                rig_make(&f.middle, &(struct rig_plan){ .subject = middle_name,
                                            .issuer = &f.root,
                                            .key = make_key(cases[i].middle),
                                            .extensions = rig_ca_extensions });
                renew(&f.good, f.middle.key, cases[i].digest, cases[i].padding);
                renew(&f.leaf, f.middle.key, cases[i].digest, cases[i].padding);
                judge(&f, rig_der(&f.leaf), &cases[i].expected);
                free_family(&f);
        }
}

/* ---- who issues ---- */

/* RFC 5280 4.2.1.3, 4.2.1.9, 4.2, 6.1.4; the same as an intermediate and as an anchor. */
static void an_issuer_that_may_not_sign_signs_no_leaf(void **state)
{
        (void)state;
        static const char *const useless[] = {
                "[certificate]\nbasicConstraints = critical, CA:TRUE\nkeyUsage = critical, cRLSign\n",
                "[certificate]\nbasicConstraints = critical, CA:TRUE\nkeyUsage = digitalSignature\n",
                "[certificate]\nbasicConstraints = critical, CA:FALSE\nkeyUsage = critical, keyCertSign\n",
                "[certificate]\nbasicConstraints = critical, CA:FALSE\n",
                "[certificate]\n",
        };
        for (size_t i = 0; i < sizeof useless / sizeof useless[0]; i++)
                expect(&(struct plan){ .middle = useless[i] }, (struct expectation)STRAY);
        /* "keyCertSign" without basicConstraints: a CA to OpenSSL, if it is an anchor */
        expect(&(struct plan){ .middle = "[certificate]\nkeyUsage = critical, keyCertSign\n" },
                (struct expectation){ .path = MITOME_E_CERTIFICATE_PATH, .link_anchored = true });
        expect(&(struct plan){ .middle = CA_BEGIN UNKNOWN_CRITICAL },
                (struct expectation){ .path = MITOME_E_CERTIFICATE_CRITICAL });
        expect(&(struct plan){ .root = CA_BEGIN UNKNOWN_CRITICAL },
                (struct expectation){ .link_anchored = true, .link_quick = true });
        expect(&(struct plan){ .middle = CA_BEGIN "1.3.6.1.4.1.99999.7 = DER:0500\n" },
                (struct expectation)QUICK);
        expect(&(struct plan){ .middle = CA_BEGIN "keyUsage = DER:0500\n" }, (struct expectation)STRAY);
}

/* RFC 5280 4.2.1.9: "the maximum number of non-self-issued intermediate certificates that may follow this
 * certificate"; the last certificate is none of them, be it a CA's. */
static void the_length_of_a_path_is_of_the_CAs_above_the_leaf(void **state)
{
        (void)state;
        static const char none_below[] = "[certificate]\nbasicConstraints = critical, CA:TRUE, pathlen:0\n";
        expect(&(struct plan){ .middle = none_below }, (struct expectation)QUICK);
        expect(&(struct plan){ .middle = none_below, .leaf = CA_BEGIN }, (struct expectation)SLOW);
        expect(&(struct plan){ .root = none_below },
                (struct expectation){ .link_anchored = true, .link_quick = true });
        expect(&(struct plan){ .leaf = CA_BEGIN }, (struct expectation)SLOW);
        expect(&(struct plan){ .leaf = "[certificate]\nkeyUsage = critical, keyCertSign\n" },
                (struct expectation)SLOW);
}

/* RFC 5280 4.2.1.10; the leaf is C = JP, O = Maker, CN = Leaf. */
static void constraints_of_names_bind_each_leaf(void **state)
{
        (void)state;
        static const char others[] = CA_BEGIN "nameConstraints = critical, permitted;dirName:permitted\n"
                                              "[permitted]\nC = JP\nO = Somebody else\n";
        static const char not_the_leaf[] = CA_BEGIN "nameConstraints = excluded;dirName:excluded\n"
                                                    "[excluded]\nC = JP\nO = Maker\nCN = Leaf\n";
        static const char makers[] = CA_BEGIN "nameConstraints = critical, permitted;dirName:permitted\n"
                                              "[permitted]\nC = JP\nO = Maker\n";
        const struct expectation link_only = { .link_anchored = true, .link_quick = true };
        expect(&(struct plan){ .middle = others }, (struct expectation)NOBODY);
        expect(&(struct plan){ .middle = not_the_leaf }, (struct expectation)NOBODY);
        expect(&(struct plan){ .middle = makers }, (struct expectation)SLOW);
        expect(&(struct plan){ .root = others }, link_only);
        expect(&(struct plan){ .root = not_the_leaf }, link_only);
        expect(&(struct plan){ .root = makers },
                (struct expectation){ .path_anchored = true, .link_anchored = true, .link_quick = true });
        expect(&(struct plan){ .middle = CA_BEGIN "nameConstraints = DER:3000\n" }, (struct expectation)SLOW);
        expect(&(struct plan){ .middle = CA_BEGIN "nameConstraints = DER:0500\n" },
                (struct expectation)STRAY);
}

/* ---- what a leaf says ---- */

static void extensions_of_a_leaf_mean_what_OpenSSL_takes_them_for(void **state)
{
        (void)state;
        const struct {
                const char *text;
                struct expectation expected;
        } cases[] = {
                { "", QUICK },
                { UNKNOWN_CRITICAL, REFUSED(MITOME_E_CERTIFICATE_CRITICAL) },
                { "1.3.6.1.4.1.99999.7 = DER:0500\n", QUICK },
                { "keyUsage = critical, digitalSignature\n", QUICK },
                { "extendedKeyUsage = critical, 2.23.133.8.3\n", QUICK },
                { "nameConstraints = critical, permitted;dirName:x\n[x]\nC = US\n", QUICK },
                { "certificatePolicies = critical, 1.2.3.4\n", QUICK },
                { "policyConstraints = critical, requireExplicitPolicy:0\n", QUICK },
                { "inhibitAnyPolicy = critical, 0\n", QUICK },
                { "subjectAltName = critical, dirName:x\n[x]\nCN = x\n", QUICK },
                /* RFC 3820: OpenSSL lets no proxy end a path, unless it is told to */
                { "proxyCertInfo = critical, language:id-ppl-anyLanguage\n", STRAY },
                { "proxyCertInfo = language:id-ppl-anyLanguage\n", STRAY },
                /* RFC 3779 2.3, 3.3: addresses and numbers that the issuer does not have */
                { "sbgp-ipAddrBlock = critical, IPv4:10.0.0.0/8\n", NOBODY },
                { "sbgp-ipAddrBlock = IPv4:10.0.0.0/8\n", NOBODY },
                { "sbgp-autonomousSysNum = critical, AS:64500\n", NOBODY },
                { "sbgp-autonomousSysNum = AS:inherit\n", SLOW },
                { "keyUsage = DER:0500\n", STRAY },
                { "subjectAltName = DER:0500\n", STRAY },
                { "extendedKeyUsage = DER:0500\n", STRAY },
                { "authorityKeyIdentifier = DER:0500\n", STRAY },
                { "sbgp-ipAddrBlock = DER:0500\n", STRAY },
                { "crlDistributionPoints = DER:0500\n", STRAY },
                { "nameConstraints = DER:0500\n", STRAY },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                char text[300];
                (void)snprintf(text, sizeof text, "%s%s", LEAF_BEGIN, cases[i].text);
                expect(&(struct plan){ .leaf = text }, cases[i].expected);
        }
        /* RFC 3820 3.1: a proxy's issuer has digitalSignature, or no key usage */
        static const char *const issuers[] = { CA_BEGIN,
                CA_BEGIN "keyUsage = critical, keyCertSign, digitalSignature\n" };
        for (size_t i = 0; i < 2; i++)
                expect(&(struct plan){ .middle = issuers[i],
                               .leaf = LEAF_BEGIN "proxyCertInfo = critical, language:id-ppl-anyLanguage\n" },
                        (struct expectation)NOBODY);
}

/* RFC 5280 4.2: "A certificate MUST NOT include more than one instance of a particular extension". OpenSSL
 * refuses those which it reads itself; neither way does more than OpenSSL. */
static void extensions_that_stand_twice(void **state)
{
        (void)state;
        static const struct {
                const char *text;
                int nid;
                struct expectation expected;
        } cases[] = {
                { LEAF_BEGIN, NID_basic_constraints, STRAY },
                { LEAF_BEGIN "keyUsage = critical, digitalSignature\n", NID_key_usage, STRAY },
                { LEAF_BEGIN "extendedKeyUsage = 2.23.133.8.3\n", NID_ext_key_usage, STRAY },
                { LEAF_BEGIN "subjectAltName = DNS:x\n", NID_subject_alt_name, STRAY },
                { LEAF_BEGIN "authorityKeyIdentifier = keyid\n", NID_authority_key_identifier, STRAY },
                { LEAF_BEGIN "nsComment = x\n", NID_netscape_comment, QUICK },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct family f;
                make_family(&f, &(struct plan){ .leaf = cases[i].text });
                int at = X509_get_ext_by_NID(f.leaf.x509, cases[i].nid, -1);
                X509_EXTENSION *second = X509_EXTENSION_dup(X509_get_ext(f.leaf.x509, at));
                assert_int_equal(X509_add_ext(f.leaf.x509, second, -1), 1);
                X509_EXTENSION_free(second);
                renew(&f.leaf, f.middle.key, EVP_sha256(), 0);
                judge(&f, rig_der(&f.leaf), &cases[i].expected);
                free_family(&f);
        }
}

static void every_certificate_is_in_its_time(void **state)
{
        (void)state;
        const struct expectation link = { .path = MITOME_E_CERTIFICATE_EXPIRED };
        expect(&(struct plan){ .leaf_not_after = rig_now },
                (struct expectation)REFUSED(MITOME_E_CERTIFICATE_EXPIRED));
        expect(&(struct plan){ .leaf_not_after = rig_now + 1 }, (struct expectation)QUICK);
        expect(&(struct plan){ .leaf_not_before = rig_now }, (struct expectation)QUICK);
        expect(&(struct plan){ .leaf_not_before = rig_now + 1 },
                (struct expectation)REFUSED(MITOME_E_CERTIFICATE_NOT_YET_VALID));
        expect(&(struct plan){ .middle_not_after = rig_now }, link);
        expect(&(struct plan){ .middle_not_before = rig_now + 1 },
                (struct expectation){ .path = MITOME_E_CERTIFICATE_NOT_YET_VALID });
        struct family f;
        make_family(&f, &(struct plan){ .root_not_after = rig_now + 10 });
        struct question q = question_of(&f, rig_der(&f.leaf), SHAPE_PATH);
        assert_true(agreed(&q).anchored);
        q.now = rig_now + 10;
        assert_false(agreed(&q).anchored);
        struct mitome_trust *trust = snapshot_of(&q);
        q.now = rig_now; /* known while it was in its time, and asked afterwards */
        q.chain[0] = rig_der(&f.good);
        assert_true(ask(trust, &q, false).anchored);
        q.chain[0] = rig_der(&f.leaf);
        q.now = rig_now + 10;
        assert_false(ask(trust, &q, false).anchored);
        q.now = rig_now + 9;
        struct answer answer = ask(trust, &q, false);
        assert_true(answer.anchored && answer.quick);
        mitome_trust_free(trust);
        free_family(&f);
}

/* Of another issuer's name, or with another's key identifier, though this one's key has signed it. */
static void a_leaf_names_its_issuer(void **state)
{
        (void)state;
        static const struct expectation nobody = { .path = MITOME_E_CERTIFICATE_PATH, .link = MITOME_OK };
        struct family f, g;
        make_family(&f, &(struct plan){ 0 });
        make_family(&g, &(struct plan){ 0 });
        const struct {
                const X509 *x509;
                const char *extensions;
        } cases[] = { { g.root.x509, LEAF_BEGIN },
                { g.middle.x509, LEAF_BEGIN "authorityKeyIdentifier = keyid\n" },
                { g.middle.x509, LEAF_BEGIN "authorityKeyIdentifier = issuer:always\n" } };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct rig_certificate leaf;
                const struct rig_certificate posing = { .key = f.middle.key,
                        .x509 = X509_dup(cases[i].x509) };
                rig_make(&leaf,
                        &(struct rig_plan){
                                .subject = leaf_name, .issuer = &posing, .extensions = cases[i].extensions });
                judge(&f, rig_der(&leaf), &nobody);
                rig_free(&leaf);
                X509_free(posing.x509);
        }
        free_family(&g);
        free_family(&f);
}

/* ---- anchors ---- */

/* A leaf that signs itself; that is of its issuer's name; that is the anchor. */
static void a_leaf_of_its_own(void **state)
{
        (void)state;
        static const char *const bodies[] = { LEAF_BEGIN, "[certificate]\n", CA_BEGIN };
        struct family f;
        make_family(&f, &(struct plan){ 0 });
        for (size_t i = 0; i < 3; i++) {
                struct rig_certificate alone, namesake;
                rig_make(&alone, &(struct rig_plan){ .subject = middle_name, .extensions = bodies[i] });
                rig_make(&namesake,
                        &(struct rig_plan){
                                .subject = middle_name, .issuer = &f.middle, .extensions = bodies[i] });
                const slice chains[] = { rig_der(&alone), rig_der(&namesake) };
                for (int shape = 0; shape < SHAPES; shape++)
                        for (int which = 0; which < 2; which++) {
                                struct question q = question_of(&f, chains[which], shape);
                                struct answer answer = agreed(&q);
                                assert_false(answer.quick);
                                assert_false(which == 0 && answer.anchored);
                                q.anchors[0] = chains[which];
                                assert_false(agreed(&q).quick);
                                q.count = 1;
                                answer = agreed(&q);
                                assert_true(answer.anchored && !answer.quick);
                        }
                rig_free(&namesake);
                rig_free(&alone);
        }
        free_family(&f);
}

/* An intermediate that is known on its way to one anchor, and others are asked for; two anchors of one name;
 * what the same intermediate was certified by twice. */
static void a_path_is_known_to_its_own_anchor(void **state)
{
        (void)state;
        struct family f, g;
        make_family(&f, &(struct plan){ 0 });
        make_family(&g, &(struct plan){ 0 });
        struct question q = question_of(&f, rig_der(&f.leaf), SHAPE_PATH);
        struct mitome_trust *trust = rig_trust(NULL, NULL);
        assert_true(ask(trust, &q, true).anchored);
        q.anchors[0] = rig_der(&g.root);
        for (int i = 0; i < 2; i++) {
                struct answer answer = ask(trust, &q, true);
                assert_true(answer.code == MITOME_OK && !answer.anchored);
        }
        q.chain[0] = rig_der(&f.good);
        assert_false(ask(trust, &q, true).anchored);
        assert_false(agreed(&q).anchored);
        mitome_trust_free(trust);

        q.anchor_count = 2;
        for (int order = 0; order < 2; order++) {
                q.anchors[order] = rig_der(&f.root);
                q.anchors[!order] = rig_der(&g.root);
                q.chain[0] = rig_der(&f.leaf);
                assert_true(agreed(&q).anchored);
                q.chain[0] = rig_der(&g.leaf); /* of the other's key */
                assert_int_equal(agreed(&q).code, MITOME_E_CERTIFICATE_PATH);
                q.chain[1] = rig_der(&g.middle);
                q.good = rig_der(&g.good);
                assert_true(agreed(&q).anchored);
                q.chain[1] = rig_der(&f.middle);
                q.good = rig_der(&f.good);
        }
        struct question link = question_of(&f, rig_der(&f.leaf), SHAPE_LINK);
        link.anchor_count = 2;
        for (int order = 0; order < 2; order++) {
                link.anchors[order] = rig_der(&f.middle);
                link.anchors[!order] = rig_der(&g.middle);
                assert_true(agreed(&link).anchored);
        }
        link.anchors[0] = link.anchors[1] = rig_der(&g.middle);
        assert_false(agreed(&link).anchored);
        free_family(&g);
        free_family(&f);
}

/* An anchor whose curve is spelled out is none to OpenSSL. */
static void an_anchor_is_of_a_curve_that_has_a_name(void **state)
{
        (void)state;
        expect(&(struct plan){ .middle_key = ec_explicit }, (struct expectation)NOBODY);
        expect(&(struct plan){ .root_key = ec_explicit },
                (struct expectation){ .link_anchored = true, .link_quick = true });
        expect(&(struct plan){ .middle_key = rsa_1024 }, (struct expectation)NOBODY);
        expect(&(struct plan){ .root_key = rsa_1024 },
                (struct expectation){ .link_anchored = true, .link_quick = true });
        expect(&(struct plan){ .middle_key = p192 }, (struct expectation)NOBODY);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(keys_of_the_leaf_are_as_strong_as_OpenSSL_asks),
                cmocka_unit_test(keys_in_odd_forms_are_left_to_OpenSSL),
                cmocka_unit_test(RSA_keys_are_two_numbers),
                cmocka_unit_test(no_byte_of_a_leaf_is_loose),
                cmocka_unit_test(no_bit_of_a_signature_is_loose),
                cmocka_unit_test(both_algorithms_of_a_certificate_are_one),
                cmocka_unit_test(signatures_are_of_kinds_that_OpenSSL_believes),
                cmocka_unit_test(an_issuer_that_may_not_sign_signs_no_leaf),
                cmocka_unit_test(the_length_of_a_path_is_of_the_CAs_above_the_leaf),
                cmocka_unit_test(constraints_of_names_bind_each_leaf),
                cmocka_unit_test(extensions_of_a_leaf_mean_what_OpenSSL_takes_them_for),
                cmocka_unit_test(extensions_that_stand_twice),
                cmocka_unit_test(every_certificate_is_in_its_time),
                cmocka_unit_test(a_leaf_names_its_issuer),
                cmocka_unit_test(a_leaf_of_its_own),
                cmocka_unit_test(a_path_is_known_to_its_own_anchor),
                cmocka_unit_test(an_anchor_is_of_a_curve_that_has_a_name),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
