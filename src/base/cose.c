/* SPDX-License-Identifier: Apache-2.0 */
#include "cose.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <sodium.h>

/* Labels of RFC 9052, 7.1 and RFC 9053, 7; RFC 8230, 4. */
enum { LABEL_KTY = 1, LABEL_ALG = 3, LABEL_CRV = -1, LABEL_N = -1, LABEL_X = -2, LABEL_E = -2, LABEL_Y = -3 };
enum { KTY_OKP = 1, KTY_EC2 = 2, KTY_RSA = 3 };
enum { CRV_P256 = 1, CRV_ED25519 = 6 };
enum { RSA_MODULUS_MIN = 256, RSA_MODULUS_MAX = 512, RSA_EXPONENT_MAX = 8, COORDINATE_SIZE = 32 };

typedef mitome_status read_parameters(
        struct cbor_reader *r, struct cbor_members *map, const char *field, struct cose_key *key);
typedef void write_parameters(writer *w, const struct cose_key *key);
typedef mitome_status verify_parts(const struct cose_key *key, const slice *parts, size_t count,
        slice signature, const char *field, const char *where, mitome_error *error);

struct algorithm {
        int64_t id;
        const char *name;
        int64_t key_type;
        size_t parameters; /* beside kty and alg: WebAuthn allows no optional ones */
        read_parameters *read;
        write_parameters *write;
        verify_parts *verify;
};

/* Takes the label that must come next. */
static mitome_status next_label(
        struct cbor_reader *r, struct cbor_members *map, const char *field, int64_t label)
{
        struct cbor_reader before = *r;
        struct cbor_key key;
        bool more;
        MITOME_TRY(cbor_next_key(r, map, &key, &more));
        if (!more || key.is_text || key.number != label)
                return reader_fail(&before.bytes, MITOME_E_KEY_TYPE, field);
        return ok();
}

/* Takes the label that must come next and the integer it has. */
static mitome_status next_int(
        struct cbor_reader *r, struct cbor_members *map, const char *field, int64_t label, int64_t *ret)
{
        MITOME_TRY(next_label(r, map, field, label));
        return cbor_read_int(r, field, ret);
}

/* ---- ES256 ---- */

static const uint8_t uncompressed = 0x04;

static EVP_PKEY *from_parameters(const char *type, OSSL_PARAM_BLD *build)
{
        EVP_PKEY *key = NULL;
        ERR_set_mark(); /* what is refused here must not look like a failure of the caller's own OpenSSL calls
                         */
        OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(build);
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
        if (!parameters || !context || EVP_PKEY_fromdata_init(context) != 1 ||
                EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
                key = NULL;
        EVP_PKEY_CTX_free(context);
        OSSL_PARAM_free(parameters);
        ERR_pop_to_mark();
        return key;
}

/* OpenSSL decodes the point and refuses one that is not on the curve; NULL then. The point at infinity has no
 * uncompressed form of this size. */
static EVP_PKEY *ec_public_key(const struct cose_key *key)
{
        uint8_t point[1 + 2 * COORDINATE_SIZE];
        writer w = WRITER(point);
        write_u8(&w, uncompressed);
        write_slice(&w, key->x);
        write_slice(&w, key->y);
        EVP_PKEY *public_key = NULL;
        OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
        if (build && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
                OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) == 1)
                public_key = from_parameters("EC", build);
        OSSL_PARAM_BLD_free(build);
        return public_key;
}

static mitome_status read_curve(
        struct cbor_reader *r, struct cbor_members *map, const char *field, int64_t expected)
{
        struct cbor_reader before = *r;
        int64_t curve;
        MITOME_TRY(next_int(r, map, field, LABEL_CRV, &curve));
        return curve == expected ? ok() : reader_fail(&before.bytes, MITOME_E_KEY_TYPE, field);
}

static mitome_status read_coordinate(
        struct cbor_reader *r, struct cbor_members *map, const char *field, int64_t label, slice *ret)
{
        struct cbor_reader before = *r;
        MITOME_TRY(next_label(r, map, field, label));
        MITOME_TRY(cbor_read_bytes(r, field, SIZE_MAX, ret));
        return ret->size == COORDINATE_SIZE ? ok() : reader_fail(&before.bytes, MITOME_E_KEY_POINT, field);
}

static mitome_status es256_read(
        struct cbor_reader *r, struct cbor_members *map, const char *field, struct cose_key *key)
{
        MITOME_TRY(read_curve(r, map, field, CRV_P256));
        struct cbor_reader before = *r;
        MITOME_TRY(read_coordinate(r, map, field, LABEL_X, &key->x));
        MITOME_TRY(read_coordinate(r, map, field, LABEL_Y, &key->y));
        EVP_PKEY *public_key = ec_public_key(key);
        if (!public_key)
                return reader_fail(&before.bytes, MITOME_E_KEY_POINT, field);
        EVP_PKEY_free(public_key);
        return ok();
}

static void es256_write(writer *w, const struct cose_key *key)
{
        cbor_write_int(w, LABEL_CRV);
        cbor_write_int(w, CRV_P256);
        cbor_write_int(w, LABEL_X);
        cbor_write_bytes(w, key->x);
        cbor_write_int(w, LABEL_Y);
        cbor_write_bytes(w, key->y);
}

/* One INTEGER of an ECDSA-Sig-Value: positive, minimal, at most one byte longer than the curve's order. */
static bool read_signature_integer(reader *r)
{
        uint8_t tag, size;
        slice value;
        if (failed(read_u8(r, "signature", &tag)) || tag != 0x02 || failed(read_u8(r, "signature", &size)) ||
                size == 0 || size > COORDINATE_SIZE + 1 || failed(read_bytes(r, "signature", size, &value)))
                return false;
        bool negative = value.data[0] & 0x80;
        bool padded = value.data[0] == 0 && (size == 1 || !(value.data[1] & 0x80));
        return !negative && !padded && (size <= COORDINATE_SIZE || value.data[0] == 0);
}

/* DER, and nothing else: SEC 1, C.5 with the encodings that X.690 leaves no choice about. */
static bool is_strict_signature(slice signature)
{
        reader r = reader_over(signature, NULL, NULL);
        uint8_t tag, size;
        return !failed(read_u8(&r, "signature", &tag)) && tag == 0x30 &&
               !failed(read_u8(&r, "signature", &size)) && size == r.rest.size &&
               read_signature_integer(&r) && read_signature_integer(&r) && r.rest.size == 0;
}

static mitome_status digest_verify(EVP_PKEY *key, const slice *parts, size_t count, slice signature,
        const char *field, const char *where, mitome_error *error)
{
        ERR_set_mark();
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        bool ready = context && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1;
        for (size_t i = 0; ready && i < count; i++)
                ready = EVP_DigestVerifyUpdate(context, parts[i].data, parts[i].size) == 1;
        bool valid = ready && EVP_DigestVerifyFinal(context, signature.data, signature.size) == 1;
        EVP_MD_CTX_free(context);
        ERR_pop_to_mark();
        if (!ready)
                return fail(error, MITOME_E_CRYPTO_FAILED, field, where);
        return valid ? ok() : fail(error, MITOME_E_SIGNATURE_INVALID, field, where);
}

static mitome_status es256_verify(const struct cose_key *key, const slice *parts, size_t count,
        slice signature, const char *field, const char *where, mitome_error *error)
{
        if (!is_strict_signature(signature))
                return fail(error, MITOME_E_SIGNATURE_FORM, field, where);
        EVP_PKEY *public_key = ec_public_key(key);
        if (!public_key)
                return fail(error, MITOME_E_KEY_POINT, field, where);
        mitome_status status = digest_verify(public_key, parts, count, signature, field, where, error);
        EVP_PKEY_free(public_key);
        return status;
}

/* ---- EdDSA, with Ed25519 only ---- */

static mitome_status eddsa_read(
        struct cbor_reader *r, struct cbor_members *map, const char *field, struct cose_key *key)
{
        MITOME_TRY(read_curve(r, map, field, CRV_ED25519));
        struct cbor_reader before = *r;
        MITOME_TRY(read_coordinate(r, map, field, LABEL_X, &key->x));
        /* On the curve, in its one spelling, and of the large order: what a secret key makes always is. */
        bool valid = crypto_core_ed25519_is_valid_point(key->x.data) == 1;
        return valid ? ok() : reader_fail(&before.bytes, MITOME_E_KEY_POINT, field);
}

static void eddsa_write(writer *w, const struct cose_key *key)
{
        cbor_write_int(w, LABEL_CRV);
        cbor_write_int(w, CRV_ED25519);
        cbor_write_int(w, LABEL_X);
        cbor_write_bytes(w, key->x);
}

static mitome_status eddsa_verify(const struct cose_key *key, const slice *parts, size_t count,
        slice signature, const char *field, const char *where, mitome_error *error)
{
        if (signature.size != crypto_sign_BYTES)
                return fail(error, MITOME_E_SIGNATURE_FORM, field, where);
        uint8_t message[COSE_EDDSA_MAX]; /* libsodium takes it in one piece */
        writer w = WRITER(message);
        slice whole;
        for (size_t i = 0; i < count; i++)
                write_slice(&w, parts[i]);
        if (failed(writer_finish(&w, field, &whole, NULL)))
                return fail(error, MITOME_E_TOO_LONG, field, where);
        if (crypto_sign_verify_detached(signature.data, whole.data, whole.size, key->x.data) != 0)
                return fail(error, MITOME_E_SIGNATURE_INVALID, field, where);
        return ok();
}

/* ---- RS256 ---- */

static mitome_status rs256_read(
        struct cbor_reader *r, struct cbor_members *map, const char *field, struct cose_key *key)
{
        struct cbor_reader before = *r;
        MITOME_TRY(next_label(r, map, field, LABEL_N));
        MITOME_TRY(cbor_read_bytes(r, field, SIZE_MAX, &key->n));
        MITOME_TRY(next_label(r, map, field, LABEL_E));
        MITOME_TRY(cbor_read_bytes(r, field, SIZE_MAX, &key->e));
        /* RFC 8230, 4: "the octet sequence MUST utilize the minimum number of octets"; so the size is the
         * strength (at the least size all of its bits; over it a modulus may begin with some zero bits), and
         * an odd exponent over 1 is the least that makes a key of it. */
        bool strong = key->n.size >= RSA_MODULUS_MIN && key->n.size <= RSA_MODULUS_MAX && key->n.data[0] &&
                      (key->n.size > RSA_MODULUS_MIN || key->n.data[0] >= 0x80) &&
                      (key->n.data[key->n.size - 1] & 1);
        bool exponent = key->e.size && key->e.size <= RSA_EXPONENT_MAX && key->e.data[0] &&
                        (key->e.data[key->e.size - 1] & 1) && (key->e.size > 1 || key->e.data[0] > 1);
        return strong && exponent ? ok() : reader_fail(&before.bytes, MITOME_E_KEY_WEAK, field);
}

static void rs256_write(writer *w, const struct cose_key *key)
{
        cbor_write_int(w, LABEL_N);
        cbor_write_bytes(w, key->n);
        cbor_write_int(w, LABEL_E);
        cbor_write_bytes(w, key->e);
}

static EVP_PKEY *rsa_public_key(const struct cose_key *key)
{
        EVP_PKEY *public_key = NULL;
        BIGNUM *n = BN_bin2bn(key->n.data, (int)key->n.size, NULL);
        BIGNUM *e = BN_bin2bn(key->e.data, (int)key->e.size, NULL);
        OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
        if (n && e && build && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
                OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
                public_key = from_parameters("RSA", build);
        OSSL_PARAM_BLD_free(build);
        BN_free(e);
        BN_free(n);
        return public_key;
}

static mitome_status rs256_verify(const struct cose_key *key, const slice *parts, size_t count,
        slice signature, const char *field, const char *where, mitome_error *error)
{
        if (signature.size != key->n.size)
                return fail(error, MITOME_E_SIGNATURE_FORM, field, where);
        EVP_PKEY *public_key = rsa_public_key(key);
        if (!public_key)
                return fail(error, MITOME_E_CRYPTO_FAILED, field, where);
        mitome_status status = digest_verify(public_key, parts, count, signature, field, where, error);
        EVP_PKEY_free(public_key);
        return status;
}

/* ---- the table ---- */

static const struct algorithm algorithms[] = {
        { COSE_ES256, "ES256", KTY_EC2, 3, es256_read, es256_write, es256_verify },
        { COSE_EDDSA, "EdDSA", KTY_OKP, 2, eddsa_read, eddsa_write, eddsa_verify },
        { COSE_RS256, "RS256", KTY_RSA, 2, rs256_read, rs256_write, rs256_verify },
};

static const struct algorithm *algorithm_find(int64_t id)
{
        for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++)
                if (algorithms[i].id == id)
                        return &algorithms[i];
        return NULL;
}

const char *cose_algorithm_name(int64_t id)
{
        const struct algorithm *algorithm = algorithm_find(id);
        return algorithm ? algorithm->name : NULL;
}

mitome_status cose_key_read(struct cbor_reader *r, const char *field, struct cose_key *ret)
{
        struct cose_key key = { 0 };
        struct cbor_members map;
        struct cbor_key label;
        int64_t key_type;
        bool more;
        struct cbor_reader before = *r;
        MITOME_TRY(cbor_open_map(r, field, 8, &map));
        MITOME_TRY(next_int(r, &map, field, LABEL_KTY, &key_type));
        struct cbor_reader before_algorithm = *r;
        MITOME_TRY(next_int(r, &map, field, LABEL_ALG, &key.algorithm));
        const struct algorithm *algorithm = algorithm_find(key.algorithm);
        if (!algorithm)
                return reader_fail(&before_algorithm.bytes, MITOME_E_ALGORITHM_UNSUPPORTED, field);
        if (algorithm->key_type != key_type || map.left != algorithm->parameters)
                return reader_fail(&before.bytes, MITOME_E_KEY_TYPE, field);
        MITOME_TRY(algorithm->read(r, &map, field, &key));
        MITOME_TRY(cbor_next_key(r, &map, &label, &more)); /* closes the map: its size is known to be right */
        *ret = key;
        return ok();
}

void cose_key_write(writer *w, const struct cose_key *key)
{
        const struct algorithm *algorithm = algorithm_find(key->algorithm);
        if (!algorithm) {
                w->overflowed = true;
                return;
        }
        cbor_write_map(w, 2 + algorithm->parameters);
        cbor_write_int(w, LABEL_KTY);
        cbor_write_int(w, algorithm->key_type);
        cbor_write_int(w, LABEL_ALG);
        cbor_write_int(w, key->algorithm);
        algorithm->write(w, key);
}

mitome_status cose_verify(const struct cose_key *key, const slice *parts, size_t count, slice signature,
        const char *field, const char *where, mitome_error *error)
{
        const struct algorithm *algorithm = algorithm_find(key->algorithm);
        if (!algorithm)
                return fail(error, MITOME_E_ALGORITHM_UNSUPPORTED, field, where);
        if (count > COSE_PARTS)
                return fail(error, MITOME_E_ARGUMENT, "parts", NULL);
        return algorithm->verify(key, parts, count, signature, field, where, error);
}
