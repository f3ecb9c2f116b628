/* SPDX-License-Identifier: Apache-2.0 */
#include "p256.h"

#include <openssl/ec.h>
#include <openssl/obj_mac.h>

/* What one computation on the curve holds; released together. */
struct work {
        EC_GROUP *group;
        EC_POINT *in, *out;
        BIGNUM *scalar;
        BN_CTX *context;
};

static void work_end(struct work *work)
{
        BN_CTX_free(work->context);
        BN_clear_free(work->scalar);
        EC_POINT_clear_free(work->out);
        EC_POINT_free(work->in);
        EC_GROUP_free(work->group);
}

static bool work_begin(struct work *work, slice scalar)
{
        *work = (struct work){ .group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1) };
        if (!work->group)
                return false;
        work->in = EC_POINT_new(work->group);
        work->out = EC_POINT_new(work->group);
        work->scalar = BN_secure_new();
        work->context = BN_CTX_secure_new();
        if (!work->in || !work->out || !work->scalar || !work->context)
                return false;
        BN_set_flags(work->scalar, BN_FLG_CONSTTIME);
        return BN_bin2bn(scalar.data, (int)scalar.size, work->scalar) != NULL;
}

/* A private key is a number from 1 to the order less one (SEC 1, 3.2.1). */
static bool in_range(const struct work *work)
{
        return !BN_is_zero(work->scalar) && BN_cmp(work->scalar, EC_GROUP_get0_order(work->group)) < 0;
}

static bool base_multiple(const struct work *work, uint8_t point[P256_POINT_SIZE])
{
        return EC_POINT_mul(work->group, work->out, work->scalar, NULL, NULL, work->context) == 1 &&
               EC_POINT_point2oct(work->group, work->out, POINT_CONVERSION_UNCOMPRESSED, point,
                       P256_POINT_SIZE, work->context) == P256_POINT_SIZE;
}

mitome_status p256_generate(const struct mitome_random *random, struct secret *ret_scalar,
        uint8_t ret_point[P256_POINT_SIZE], mitome_error *error)
{
        enum { ATTEMPTS = 8 }; /* one in 2^32 draws is out of range */
        for (int i = 0; i < ATTEMPTS; i++) {
                SECRET(scalar);
                struct work work;
                scalar.size = P256_SCALAR_SIZE;
                if (random->fill(random->context, scalar.data, scalar.size) != 0)
                        return fail(error, MITOME_E_NO_RANDOMNESS, "P-256 key", NULL);
                bool made = work_begin(&work, secret_view(&scalar)) && in_range(&work) &&
                            base_multiple(&work, ret_point);
                work_end(&work);
                if (made)
                        return secret_set(ret_scalar, secret_view(&scalar), error);
        }
        return fail(error, MITOME_E_CRYPTO_FAILED, "P-256 key", NULL);
}

/* EC_POINT_oct2point refuses points off the curve; the point at infinity has another size. */
static bool decode_point(const struct work *work, slice point)
{
        return point.size == P256_POINT_SIZE && point.data[0] == 0x04 &&
               EC_POINT_oct2point(work->group, work->in, point.data, point.size, work->context) == 1;
}

static bool multiply(const struct work *work, struct secret *ret_x)
{
        uint8_t product[P256_POINT_SIZE];
        bool done = EC_POINT_mul(work->group, work->out, NULL, work->in, work->scalar, work->context) == 1 &&
                    EC_POINT_point2oct(work->group, work->out, POINT_CONVERSION_UNCOMPRESSED, product,
                            sizeof product, work->context) == sizeof product &&
                    !failed(secret_set(ret_x, slice_of(product + 1, P256_SCALAR_SIZE), NULL));
        bytes_wipe(product, sizeof product);
        return done;
}

mitome_status p256_agree(slice scalar, slice point, struct secret *ret_x, mitome_error *error)
{
        struct work work;
        mitome_status status = ok();
        if (!work_begin(&work, scalar) || !in_range(&work))
                status = fail(error, MITOME_E_CRYPTO_FAILED, "P-256 key agreement", NULL);
        else if (!decode_point(&work, point))
                status = fail(error, MITOME_E_KEY_POINT, "P-256 point", NULL);
        else if (!multiply(&work, ret_x))
                status = fail(error, MITOME_E_CRYPTO_FAILED, "P-256 key agreement", NULL);
        work_end(&work);
        return status;
}
