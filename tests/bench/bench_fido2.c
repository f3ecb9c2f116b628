/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_fido2.h"

#ifdef BENCH_FIDO2

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <stdlib.h>

struct fido2 {
        const struct bench_case *one;
        fido_assert_t *ready;
        int algorithm;
        es256_pk_t *es256;
        rs256_pk_t *rs256;
        eddsa_pk_t *eddsa;
        const void *key; /* one of the three */
};

static void must(bool right)
{
        if (!right)
                abort();
}

static fido_assert_t *build(const struct bench_case *one)
{
        const struct rig_response *response = &one->response;
        fido_assert_t *made = fido_assert_new();
        bool right = made && fido_assert_set_rp(made, "example.org") == FIDO_OK &&
                     fido_assert_set_clientdata(made, response->client_data, response->client_data_size) ==
                             FIDO_OK &&
                     fido_assert_set_count(made, 1) == FIDO_OK &&
                     fido_assert_set_authdata_raw(made, 0, response->auth_data, response->auth_data_size) ==
                             FIDO_OK &&
                     fido_assert_set_sig(made, 0, response->signature, response->signature_size) == FIDO_OK;
        if (!right)
                fido_assert_free(&made);
        return made;
}

static void take_key(struct fido2 *fido2, EVP_PKEY *key)
{
        switch (fido2->one->key) {
        case RIG_ES256:
                fido2->algorithm = COSE_ES256;
                fido2->es256 = es256_pk_new();
                must(es256_pk_from_EVP_PKEY(fido2->es256, key) == FIDO_OK);
                fido2->key = fido2->es256;
                return;
        case RIG_RS256:
                fido2->algorithm = COSE_RS256;
                fido2->rs256 = rs256_pk_new();
                must(rs256_pk_from_EVP_PKEY(fido2->rs256, key) == FIDO_OK);
                fido2->key = fido2->rs256;
                return;
        default:
                fido2->algorithm = COSE_EDDSA;
                fido2->eddsa = eddsa_pk_new();
                must(eddsa_pk_from_EVP_PKEY(fido2->eddsa, key) == FIDO_OK);
                fido2->key = fido2->eddsa;
        }
}

struct fido2 *fido2_new(const struct bench_case *one, EVP_PKEY *key)
{
        struct fido2 *fido2 = calloc(1, sizeof *fido2);
        must(fido2 != NULL);
        fido_init(0);
        fido2->one = one;
        take_key(fido2, key);
        fido2->ready = build(one);
        must(fido2->ready != NULL);
        return fido2;
}

void fido2_free(struct fido2 *fido2)
{
        if (!fido2)
                return;
        fido_assert_free(&fido2->ready);
        es256_pk_free(&fido2->es256);
        rs256_pk_free(&fido2->rs256);
        eddsa_pk_free(&fido2->eddsa);
        free(fido2);
}

bool fido2_verify(void *state)
{
        const struct fido2 *fido2 = state;
        return fido_assert_verify(fido2->ready, 0, fido2->algorithm, fido2->key) == FIDO_OK;
}

bool fido2_build(void *state)
{
        const struct fido2 *fido2 = state;
        fido_assert_t *made = build(fido2->one);
        bool valid = made && fido_assert_verify(made, 0, fido2->algorithm, fido2->key) == FIDO_OK;
        fido_assert_free(&made);
        return valid;
}

#else

struct fido2 *fido2_new(const struct bench_case *one, EVP_PKEY *key)
{
        (void)one;
        (void)key;
        return NULL;
}

void fido2_free(struct fido2 *fido2)
{
        (void)fido2;
}

bool fido2_verify(void *state)
{
        (void)state;
        return false;
}

bool fido2_build(void *state)
{
        (void)state;
        return false;
}

#endif
