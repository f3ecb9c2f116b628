/* SPDX-License-Identifier: Apache-2.0 */
#include "signing_key.h"

#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <sodium.h>

/* The public half of a credential's private key. It is not stored: it is asked for so seldom that 65 bytes a
 * credential would be wasted. */

static mitome_status crypto_failed(mitome_error *error)
{
        return fail(error, MITOME_E_CRYPTO_FAILED, "public key", NULL);
}

/* What one multiplication on a curve holds; released together. */
struct multiplication {
        EC_GROUP *group;
        EC_POINT *point;
        BIGNUM *scalar;
        BN_CTX *context;
};

static bool multiply(struct multiplication *m, int curve, slice scalar, uint8_t *point, size_t size)
{
        m->group = EC_GROUP_new_by_curve_name(curve);
        m->point = m->group ? EC_POINT_new(m->group) : NULL;
        m->scalar = BN_secure_new();
        m->context = BN_CTX_secure_new();
        if (!m->point || !m->scalar || !m->context || !BN_bin2bn(scalar.data, (int)scalar.size, m->scalar))
                return false;
        BN_set_flags(m->scalar, BN_FLG_CONSTTIME);
        return EC_POINT_mul(m->group, m->point, m->scalar, NULL, NULL, m->context) == 1 &&
               EC_POINT_point2oct(
                       m->group, m->point, POINT_CONVERSION_UNCOMPRESSED, point, size, m->context) == size;
}

static bool base_multiple(int curve, slice scalar, uint8_t *point, size_t size)
{
        struct multiplication m = { 0 };
        bool done = multiply(&m, curve, scalar, point, size);
        BN_CTX_free(m.context);
        BN_clear_free(m.scalar);
        EC_POINT_free(m.point);
        EC_GROUP_free(m.group);
        return done;
}

static mitome_status curve_public(int curve, slice private_key, enum cose_algorithm algorithm,
        struct public_key *ret, mitome_error *error)
{
        size_t coordinate = private_key.size, size = 1 + 2 * coordinate;
        struct cose_key cose = { .algorithm = algorithm };
        slice form;
        if (size > sizeof ret->bytes || !base_multiple(curve, private_key, ret->bytes, size))
                return crypto_failed(error);
        reader r = reader_over(slice_of(ret->bytes, size), NULL, error);
        MITOME_TRY(read_bytes(&r, "point", 1, &form));
        MITOME_TRY(read_bytes(&r, "x", coordinate, &cose.x));
        MITOME_TRY(read_bytes(&r, "y", coordinate, &cose.y));
        ret->cose = cose;
        return ok();
}

static mitome_status es256_public(slice private_key, struct public_key *ret, mitome_error *error)
{
        return curve_public(NID_X9_62_prime256v1, private_key, COSE_ES256, ret, error);
}

static mitome_status es384_public(slice private_key, struct public_key *ret, mitome_error *error)
{
        return curve_public(NID_secp384r1, private_key, COSE_ES384, ret, error);
}

static mitome_status eddsa_public(slice private_key, struct public_key *ret, mitome_error *error)
{
        SECRET(whole);
        if (private_key.size != crypto_sign_SEEDBYTES ||
                crypto_sign_seed_keypair(ret->bytes, whole.data, private_key.data) != 0)
                return crypto_failed(error);
        ret->cose = (struct cose_key){
                .algorithm = COSE_EDDSA,
                .x = slice_of(ret->bytes, crypto_sign_PUBLICKEYBYTES),
        };
        return ok();
}

mitome_status signing_key_public(
        enum signing_algorithm algorithm, slice private_key, struct public_key *ret, mitome_error *error)
{
        static const struct {
                enum signing_algorithm algorithm;
                mitome_status (*derive)(slice private_key, struct public_key *ret, mitome_error *error);
        } known[] = {
                { SIGNING_ES256, es256_public },
                { SIGNING_ES384, es384_public },
                { SIGNING_EDDSA, eddsa_public },
        };
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
                if (known[i].algorithm == algorithm)
                        return known[i].derive(private_key, ret, error);
        return fail(error, MITOME_E_ALGORITHM_UNSUPPORTED, "algorithm", NULL);
}
