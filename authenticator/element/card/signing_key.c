/* SPDX-License-Identifier: Apache-2.0 */
#include "signing_key.h"

#include "p256.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <sodium.h>

static mitome_status crypto_failed(mitome_error *error)
{
        return fail(error, MITOME_E_CRYPTO_FAILED, "signature", NULL);
}

/* ---- ES256 ---- */

static mitome_status es256_generate(const struct mitome_random *random, struct secret *ret_private,
        struct public_key *ret_public, mitome_error *error)
{
        enum { COORDINATE_SIZE = (P256_POINT_SIZE - 1) / 2 };
        slice form;
        struct cose_key cose = { .algorithm = COSE_ES256 };
        MITOME_TRY(p256_generate(random, ret_private, ret_public->bytes, error));
        reader r = reader_over(slice_of(ret_public->bytes, P256_POINT_SIZE), NULL, error);
        MITOME_TRY(read_bytes(&r, "point", 1, &form));
        MITOME_TRY(read_bytes(&r, "x", COORDINATE_SIZE, &cose.x));
        MITOME_TRY(read_bytes(&r, "y", COORDINATE_SIZE, &cose.y));
        ret_public->cose = cose;
        return ok();
}

/* OpenSSL takes numbers in the order of the machine. */
static bool to_native(slice scalar, uint8_t native[SIGNING_KEY_SIZE])
{
        BIGNUM *number = BN_secure_new();
        bool done = number && BN_bin2bn(scalar.data, (int)scalar.size, number) &&
                    BN_bn2nativepad(number, native, SIGNING_KEY_SIZE) == SIGNING_KEY_SIZE;
        BN_clear_free(number);
        return done;
}

static EVP_PKEY *es256_key(slice scalar)
{
        char curve[] = "P-256";
        SECRET(native);
        if (scalar.size != SIGNING_KEY_SIZE || !to_native(scalar, native.data))
                return NULL;
        OSSL_PARAM parameters[] = {
                OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
                OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native.data, SIGNING_KEY_SIZE),
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

static bool sign_sha256(EVP_PKEY *key, const slice *parts, size_t count, uint8_t *signature, size_t *size)
{
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        bool done = context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1;
        for (size_t i = 0; done && i < count; i++)
                done = EVP_DigestSignUpdate(context, parts[i].data, parts[i].size) == 1;
        *size = SIGNATURE_MAX;
        done = done && EVP_DigestSignFinal(context, signature, size) == 1;
        EVP_MD_CTX_free(context);
        return done;
}

static mitome_status es256_sign(
        slice private_key, const slice *parts, size_t count, writer *signature, mitome_error *error)
{
        uint8_t bytes[SIGNATURE_MAX];
        size_t size;
        EVP_PKEY *key = es256_key(private_key);
        bool done = key && sign_sha256(key, parts, count, bytes, &size);
        EVP_PKEY_free(key);
        if (!done)
                return crypto_failed(error);
        write_slice(signature, slice_of(bytes, size));
        return ok();
}

/* ---- EdDSA ---- */

static mitome_status eddsa_generate(const struct mitome_random *random, struct secret *ret_private,
        struct public_key *ret_public, mitome_error *error)
{
        SECRET(whole);
        ret_private->size = SIGNING_KEY_SIZE;
        if (random->fill(random->context, ret_private->data, SIGNING_KEY_SIZE) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, "credential key", NULL);
        if (crypto_sign_seed_keypair(ret_public->bytes, whole.data, ret_private->data) != 0)
                return crypto_failed(error);
        ret_public->cose = (struct cose_key){
                .algorithm = COSE_EDDSA,
                .x = slice_of(ret_public->bytes, crypto_sign_PUBLICKEYBYTES),
        };
        return ok();
}

/* libsodium wants the message in one piece: an assertion's is 69 bytes. */
static mitome_status eddsa_sign(
        slice private_key, const slice *parts, size_t count, writer *signature, mitome_error *error)
{
        enum { MESSAGE_MAX = 1024 };
        uint8_t bytes[MESSAGE_MAX], public[crypto_sign_PUBLICKEYBYTES];
        slice message;
        SECRET(whole);
        writer w = WRITER(bytes);
        for (size_t i = 0; i < count; i++)
                write_slice(&w, parts[i]);
        MITOME_TRY(writer_finish(&w, "message", &message, error));
        uint8_t *space = write_space(signature, crypto_sign_BYTES);
        if (private_key.size != crypto_sign_SEEDBYTES || !space ||
                crypto_sign_seed_keypair(public, whole.data, private_key.data) != 0 ||
                crypto_sign_detached(space, NULL, message.data, message.size, whole.data) != 0)
                return crypto_failed(error);
        return ok();
}

/* ---- both ---- */

static const struct {
        enum signing_algorithm algorithm;
        mitome_status (*generate)(const struct mitome_random *random, struct secret *ret_private,
                struct public_key *ret_public, mitome_error *error);
        mitome_status (*sign)(
                slice private_key, const slice *parts, size_t count, writer *signature, mitome_error *error);
} algorithms[] = {
        { SIGNING_ES256, es256_generate, es256_sign },
        { SIGNING_EDDSA, eddsa_generate, eddsa_sign },
};

enum { ALGORITHM_COUNT = sizeof algorithms / sizeof *algorithms };

bool signing_algorithm_known(uint8_t algorithm)
{
        for (size_t i = 0; i < ALGORITHM_COUNT; i++)
                if ((uint8_t)algorithms[i].algorithm == algorithm)
                        return true;
        return false;
}

mitome_status signing_key_generate(const struct mitome_random *random, enum signing_algorithm algorithm,
        struct secret *ret_private, struct public_key *ret_public, mitome_error *error)
{
        for (size_t i = 0; i < ALGORITHM_COUNT; i++)
                if (algorithms[i].algorithm == algorithm)
                        return algorithms[i].generate(random, ret_private, ret_public, error);
        return fail(error, MITOME_E_ALGORITHM_UNSUPPORTED, "algorithm", NULL);
}

mitome_status signing_key_sign(enum signing_algorithm algorithm, slice private_key, const slice *parts,
        size_t count, writer *signature, mitome_error *error)
{
        for (size_t i = 0; i < ALGORITHM_COUNT; i++)
                if (algorithms[i].algorithm == algorithm)
                        return algorithms[i].sign(private_key, parts, count, signature, error);
        return fail(error, MITOME_E_ALGORITHM_UNSUPPORTED, "algorithm", NULL);
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
        bool good = whole && !failed(es256_sign(private_key, &message, 1, &signature, NULL)) &&
                    verifies(X509_get0_pubkey(x509), message, writer_view(&signature));
        X509_free(x509);
        return good;
}
