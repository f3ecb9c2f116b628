/* SPDX-License-Identifier: Apache-2.0 */
#include "people.h"

#include <openssl/core_names.h>
#include <stdlib.h>

const struct authority_person people_hanako = {
        .name = "見本 花子",
        .address = "東京都見本区見本町一丁目1番1号",
        .prefecture = "Tokyo-to",
        .city = "Mihon-ku",
        .gender = "2",
        .birth_year = 1990,
        .birth_month = 4,
        .birth_day = 1,
};

const struct authority_person people_taro = {
        .name = "見本 太郎",
        .address = "東京都見本区見本町一丁目1番1号",
        .prefecture = "Tokyo-to",
        .city = "Mihon-ku",
        .gender = "1",
        .birth_year = 1990,
        .birth_month = 4,
        .birth_day = 1,
};

static void must(bool right)
{
        if (!right)
                abort();
}

void people_modulus(const EVP_PKEY *key, uint8_t ret[PEOPLE_MODULUS])
{
        BIGNUM *n = NULL;
        must(key && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) == 1);
        must(BN_bn2binpad(n, ret, PEOPLE_MODULUS) == PEOPLE_MODULUS);
        BN_free(n);
}

void people_certify(struct authority *authority, enum authority_kind kind, const EVP_PKEY *key,
        const struct authority_person *person, int64_t now, struct authority_certificate *ret)
{
        static const uint8_t exponent[] = { 1, 0, 1 };
        uint8_t modulus[PEOPLE_MODULUS];
        people_modulus(key, modulus);
        must(authority_issue(authority, kind, person, SLICE(modulus), SLICE(exponent), now, ret, NULL).code ==
                MITOME_OK);
}
