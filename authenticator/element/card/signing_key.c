/* SPDX-License-Identifier: Apache-2.0 */
#include "signing_key.h"

#include "digest.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/x509.h>
#include <sodium.h>

static mitome_status crypto_failed(mitome_error *error)
{
        return fail(error, MITOME_E_CRYPTO_FAILED, "signature", NULL);
}

void signing_ready_forget(struct signing_ready *ready)
{
        EVP_PKEY_CTX_free(ready->operation); /* OpenSSL clears the scalar with the last one who has the key */
        bytes_wipe(ready, sizeof *ready);
}

/* ---- ECDSA ---- */

struct curve {
        enum signing_algorithm algorithm;
        int64_t cose;
        int group;
        char name[sizeof "P-256"];
        size_t size; /* of a scalar, a coordinate and the digest */
};

static const struct curve curves[] = {
        { SIGNING_ES256, COSE_ES256, NID_X9_62_prime256v1, "P-256", 32 },
        { SIGNING_ES384, COSE_ES384, NID_secp384r1, "P-384", 48 },
};

static const struct curve *curve_of(enum signing_algorithm algorithm)
{
        for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
                if (curves[i].algorithm == algorithm)
                        return &curves[i];
        return &curves[0]; /* never: whoever calls has looked into the table of algorithms */
}

/* What making a point takes; released together. */
struct multiplication {
        EC_GROUP *group;
        EC_POINT *point;
        BIGNUM *scalar;
        BN_CTX *context;
};

static void multiplication_end(struct multiplication *work)
{
        BN_CTX_free(work->context);
        BN_clear_free(work->scalar);
        EC_POINT_free(work->point);
        EC_GROUP_free(work->group);
}

static bool multiplication_begin(const struct curve *curve, slice scalar, struct multiplication *ret)
{
        *ret = (struct multiplication){ .group = EC_GROUP_new_by_curve_name(curve->group) };
        if (!ret->group)
                return false;
        ret->point = EC_POINT_new(ret->group);
        ret->scalar = BN_secure_new();
        ret->context = BN_CTX_secure_new();
        if (!ret->point || !ret->scalar || !ret->context)
                return false;
        BN_set_flags(ret->scalar, BN_FLG_CONSTTIME);
        return BN_bin2bn(scalar.data, (int)scalar.size, ret->scalar) != NULL;
}

/* A private key is a number from 1 to the order less one (SEC 1, 3.2.1). */
static bool is_scalar(const struct multiplication *work)
{
        return !BN_is_zero(work->scalar) && BN_cmp(work->scalar, EC_GROUP_get0_order(work->group)) < 0;
}

static bool make_point(const struct curve *curve, slice scalar, uint8_t *point)
{
        struct multiplication work;
        size_t size = 1 + 2 * curve->size;
        bool made = multiplication_begin(curve, scalar, &work) && is_scalar(&work) &&
                    EC_POINT_mul(work.group, work.point, work.scalar, NULL, NULL, work.context) == 1 &&
                    EC_POINT_point2oct(work.group, work.point, POINT_CONVERSION_UNCOMPRESSED, point, size,
                            work.context) == size;
        multiplication_end(&work);
        return made;
}

static mitome_status read_point(const struct curve *curve, struct public_key *key, mitome_error *error)
{
        slice form;
        struct cose_key cose = { .algorithm = curve->cose };
        reader r = reader_over(slice_of(key->bytes, 1 + 2 * curve->size), NULL, error);
        MITOME_TRY(read_bytes(&r, "point", 1, &form));
        MITOME_TRY(read_bytes(&r, "x", curve->size, &cose.x));
        MITOME_TRY(read_bytes(&r, "y", curve->size, &cose.y));
        key->cose = cose;
        return ok();
}

static mitome_status ecdsa_generate(const struct mitome_random *random, enum signing_algorithm algorithm,
        struct secret *ret_private, struct public_key *ret_public, mitome_error *error)
{
        enum { ATTEMPTS = 8 }; /* one in 2^32 draws is out of range */
        const struct curve *curve = curve_of(algorithm);
        for (int i = 0; i < ATTEMPTS; i++) {
                SECRET(scalar);
                scalar.size = curve->size;
                if (random->fill(random->context, scalar.data, scalar.size) != 0)
                        return fail(error, MITOME_E_NO_RANDOMNESS, "credential key", NULL);
                if (!make_point(curve, secret_view(&scalar), ret_public->bytes))
                        continue;
                MITOME_TRY(read_point(curve, ret_public, error));
                return secret_set(ret_private, secret_view(&scalar), error);
        }
        return crypto_failed(error);
}

/* OpenSSL takes numbers in the order of the machine. */
static bool to_native(slice scalar, struct secret *ret_native)
{
        BIGNUM *number = BN_secure_new();
        bool done = number && BN_bin2bn(scalar.data, (int)scalar.size, number) &&
                    BN_bn2nativepad(number, ret_native->data, (int)scalar.size) == (int)scalar.size;
        ret_native->size = scalar.size;
        BN_clear_free(number);
        return done;
}

static EVP_PKEY *ecdsa_key(const struct curve *curve, slice scalar)
{
        struct curve own = *curve; /* OpenSSL wants a name that it could change */
        SECRET(native);
        if (scalar.size != curve->size || !to_native(scalar, &native))
                return NULL;
        OSSL_PARAM parameters[] = {
                OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, own.name, 0),
                OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native.data, native.size),
                OSSL_PARAM_construct_end(),
        };
        EVP_PKEY *key = NULL;
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
        if (context && EVP_PKEY_fromdata_init(context) == 1 &&
                EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, parameters) != 1)
                key = NULL;
        EVP_PKEY_CTX_free(context);
        return key;
}

static bool ecdsa_prepare(struct signing_ready *ready)
{
        EVP_PKEY *key = ecdsa_key(curve_of(ready->algorithm), secret_view(&ready->key));
        if (key)
                ready->operation = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
        EVP_PKEY_free(key); /* the operation has it */
        return ready->operation && EVP_PKEY_sign_init(ready->operation) == 1;
}

enum { DIGEST_MAX = 48 };

static bool sha384(const slice *parts, size_t count, uint8_t digest[DIGEST_MAX])
{
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        bool done = context && EVP_DigestInit_ex(context, EVP_sha384(), NULL) == 1;
        for (size_t i = 0; done && i < count; i++)
                done = EVP_DigestUpdate(context, parts[i].data, parts[i].size) == 1;
        done = done && EVP_DigestFinal_ex(context, digest, NULL) == 1;
        EVP_MD_CTX_free(context);
        return done;
}

static bool hash_parts(
        const struct curve *curve, const slice *parts, size_t count, uint8_t digest[DIGEST_MAX])
{
        if (curve->algorithm != SIGNING_ES256)
                return sha384(parts, count, digest);
        sha256(parts, count, digest);
        return true;
}

static bool ecdsa_sign(const struct signing_ready *ready, const slice *parts, size_t count, writer *signature)
{
        const struct curve *curve = curve_of(ready->algorithm);
        uint8_t digest[DIGEST_MAX], bytes[SIGNATURE_MAX];
        size_t size = sizeof bytes;
        if (!hash_parts(curve, parts, count, digest) ||
                EVP_PKEY_sign(ready->operation, bytes, &size, digest, curve->size) != 1)
                return false;
        write_slice(signature, slice_of(bytes, size));
        return true;
}

/* ---- EdDSA ---- */

static mitome_status eddsa_generate(const struct mitome_random *random, enum signing_algorithm algorithm,
        struct secret *ret_private, struct public_key *ret_public, mitome_error *error)
{
        (void)algorithm;
        SECRET(whole);
        SECRET(seed);
        seed.size = SIGNING_KEY_SIZE;
        if (random->fill(random->context, seed.data, seed.size) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, "credential key", NULL);
        if (crypto_sign_seed_keypair(ret_public->bytes, whole.data, seed.data) != 0)
                return crypto_failed(error);
        ret_public->cose = (struct cose_key){
                .algorithm = COSE_EDDSA,
                .x = slice_of(ret_public->bytes, crypto_sign_PUBLICKEYBYTES),
        };
        return secret_set(ret_private, secret_view(&seed), error);
}

static bool eddsa_prepare(struct signing_ready *ready)
{
        uint8_t point[crypto_sign_PUBLICKEYBYTES];
        return ready->key.size == crypto_sign_SEEDBYTES &&
               crypto_sign_seed_keypair(point, ready->expanded, ready->key.data) == 0;
}

/* libsodium wants the message in one piece. What this element signs has a few hundred bytes. */
static bool eddsa_sign(const struct signing_ready *ready, const slice *parts, size_t count, writer *signature)
{
        enum { MESSAGE_MAX = 1024 };
        uint8_t bytes[MESSAGE_MAX];
        slice message;
        writer w = WRITER(bytes);
        for (size_t i = 0; i < count; i++)
                write_slice(&w, parts[i]);
        uint8_t *space = write_space(signature, crypto_sign_BYTES);
        return space && !failed(writer_finish(&w, "message", &message, NULL)) &&
               crypto_sign_detached(space, NULL, message.data, message.size, ready->expanded) == 0;
}

/* ---- all ---- */

static const struct {
        enum signing_algorithm algorithm;
        mitome_status (*generate)(const struct mitome_random *random, enum signing_algorithm algorithm,
                struct secret *ret_private, struct public_key *ret_public, mitome_error *error);
        bool (*prepare)(struct signing_ready *ready);
        bool (*sign)(const struct signing_ready *ready, const slice *parts, size_t count, writer *signature);
} algorithms[] = {
        { SIGNING_ES256, ecdsa_generate, ecdsa_prepare, ecdsa_sign },
        { SIGNING_EDDSA, eddsa_generate, eddsa_prepare, eddsa_sign },
        { SIGNING_ES384, ecdsa_generate, ecdsa_prepare, ecdsa_sign },
};

enum { ALGORITHM_COUNT = sizeof algorithms / sizeof *algorithms };

static size_t find_algorithm(uint8_t algorithm)
{
        size_t i = 0;
        while (i < ALGORITHM_COUNT && (uint8_t)algorithms[i].algorithm != algorithm)
                i++;
        return i;
}

bool signing_algorithm_known(uint8_t algorithm)
{
        return find_algorithm(algorithm) < ALGORITHM_COUNT;
}

mitome_status signing_key_generate(const struct mitome_random *random, enum signing_algorithm algorithm,
        struct secret *ret_private, struct public_key *ret_public, mitome_error *error)
{
        size_t i = find_algorithm((uint8_t)algorithm);
        if (i == ALGORITHM_COUNT)
                return fail(error, MITOME_E_ALGORITHM_UNSUPPORTED, "algorithm", NULL);
        return algorithms[i].generate(random, algorithm, ret_private, ret_public, error);
}

static bool is_ready(const struct signing_ready *ready, enum signing_algorithm algorithm, slice private_key)
{
        return ready->key.size > 0 && ready->algorithm == algorithm &&
               secret_equal(secret_view(&ready->key), private_key);
}

static bool make_ready(
        struct signing_ready *ready, enum signing_algorithm algorithm, size_t i, slice private_key)
{
        if (is_ready(ready, algorithm, private_key))
                return true;
        signing_ready_forget(ready);
        ready->algorithm = algorithm;
        if (!failed(secret_set(&ready->key, private_key, NULL)) && algorithms[i].prepare(ready))
                return true;
        signing_ready_forget(ready);
        return false;
}

mitome_status signing_key_sign(struct signing_ready *ready, enum signing_algorithm algorithm,
        slice private_key, const slice *parts, size_t count, writer *signature, mitome_error *error)
{
        struct signing_ready once = { 0 };
        struct signing_ready *key = ready ? ready : &once;
        size_t i = find_algorithm((uint8_t)algorithm);
        if (i == ALGORITHM_COUNT)
                return fail(error, MITOME_E_ALGORITHM_UNSUPPORTED, "algorithm", NULL);
        bool done = make_ready(key, algorithm, i, private_key) &&
                    algorithms[i].sign(key, parts, count, signature);
        signing_ready_forget(&once);
        return done ? ok() : crypto_failed(error);
}

/* ---- the batch key and its certificate ---- */

static bool verifies(EVP_PKEY *key, slice message, slice signature)
{
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        bool good =
                context && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                EVP_DigestVerify(context, signature.data, signature.size, message.data, message.size) == 1;
        EVP_MD_CTX_free(context);
        return good;
}

/* A key out of range signs nothing that verifies, so that this one test is enough. */
bool signing_key_is_of(slice private_key, slice certificate)
{
        uint8_t bytes[SIGNATURE_MAX];
        writer signature = WRITER(bytes);
        slice message = slice_text("mitome batch key 1");
        const unsigned char *at = certificate.data;
        X509 *x509 = d2i_X509(NULL, &at, (long)certificate.size);
        bool whole = x509 && at == certificate.data + certificate.size;
        bool good =
                whole &&
                !failed(signing_key_sign(NULL, SIGNING_ES256, private_key, &message, 1, &signature, NULL)) &&
                verifies(X509_get0_pubkey(x509), message, writer_view(&signature));
        X509_free(x509);
        return good;
}
