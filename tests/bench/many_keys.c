/* SPDX-License-Identifier: Apache-2.0 */
#include "many_keys.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <stdlib.h>

enum { PRIMES = 24, PRIME_BITS = 1024 };

struct many_keys {
        EVP_PKEY *list[MANY_KEYS];
};

static void must(bool right)
{
        if (!right)
                abort();
}

static EVP_PKEY *rsa_key(const BIGNUM *p, const BIGNUM *q, const BIGNUM *e, BN_CTX *scratch)
{
        BIGNUM *n = BN_new(), *phi = BN_new(), *p1 = BN_dup(p), *q1 = BN_dup(q), *d = BN_new();
        must(n && phi && p1 && q1 && d && BN_sub_word(p1, 1) == 1 && BN_sub_word(q1, 1) == 1);
        must(BN_mul(n, p, q, scratch) == 1 && BN_mul(phi, p1, q1, scratch) == 1);
        must(BN_mod_inverse(d, e, phi, scratch) != NULL);
        EVP_PKEY *key = NULL;
        OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
        must(build && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
                OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1 &&
                OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_D, d) == 1);
        OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(build);
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
        must(parameters && context && EVP_PKEY_fromdata_init(context) == 1 &&
                EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, parameters) == 1);
        EVP_PKEY_CTX_free(context);
        OSSL_PARAM_free(parameters);
        OSSL_PARAM_BLD_free(build);
        BN_free(n);
        BN_free(phi);
        BN_free(p1);
        BN_free(q1);
        BN_free(d);
        return key;
}

/* A prime that goes with the exponent 65537. */
static BIGNUM *new_prime(void)
{
        BIGNUM *prime = BN_new();
        must(prime != NULL);
        do
                must(BN_generate_prime_ex(prime, PRIME_BITS, 0, NULL, NULL, NULL) == 1);
        while (BN_mod_word(prime, RSA_F4) == 1);
        return prime;
}

static void make_rsa_keys(struct many_keys *keys)
{
        BIGNUM *primes[PRIMES], *e = BN_new();
        BN_CTX *scratch = BN_CTX_new();
        must(e && scratch && BN_set_word(e, RSA_F4) == 1);
        size_t count = 0;
        for (int i = 0; i < PRIMES; i++) {
                primes[i] = new_prime();
                for (int j = 0; j < i && count < MANY_KEYS; j++)
                        keys->list[count++] = rsa_key(primes[i], primes[j], e, scratch);
        }
        must(count == MANY_KEYS);
        for (int i = 0; i < PRIMES; i++)
                BN_free(primes[i]);
        BN_free(e);
        BN_CTX_free(scratch);
}

struct many_keys *many_keys_new(enum rig_key kind)
{
        struct many_keys *keys = calloc(1, sizeof *keys);
        must(keys != NULL);
        if (kind == RIG_RS256)
                make_rsa_keys(keys);
        for (int i = 0; kind != RIG_RS256 && i < MANY_KEYS; i++) {
                keys->list[i] =
                        kind == RIG_EDDSA ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") : EVP_EC_gen("P-256");
                must(keys->list[i] != NULL);
        }
        return keys;
}

void many_keys_free(struct many_keys *keys)
{
        for (int i = 0; keys && i < MANY_KEYS; i++)
                EVP_PKEY_free(keys->list[i]);
        free(keys);
}

EVP_PKEY *many_keys_get(const struct many_keys *keys, size_t index)
{
        return keys->list[index % MANY_KEYS];
}
