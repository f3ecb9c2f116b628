/* SPDX-License-Identifier: Apache-2.0 */
#include "life_cycle_card.h"

#include <openssl/cms.h>
#include <openssl/core_names.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void must(bool good, const char *what)
{
        if (good)
                return;
        fprintf(stderr, "bench_life_cycle: %s\n", what);
        exit(1);
}

void life_cycle_card_make(struct card *ret)
{
        BIGNUM *n = NULL;
        *ret = (struct card){ .key = EVP_RSA_gen(2048) };
        must(ret->key && EVP_PKEY_get_bn_param(ret->key, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
                        BN_bn2binpad(n, ret->modulus, sizeof ret->modulus) == sizeof ret->modulus,
                "no key");
        BN_free(n);
}

void life_cycle_card_free(struct card *card)
{
        X509_free(card->certificate);
        EVP_PKEY_free(card->key);
}

static slice sign(const struct card *card, slice text, uint8_t buffer[CARD_CMS_MAX])
{
        BIO *content = BIO_new_mem_buf(text.data, (int)text.size);
        CMS_ContentInfo *cms = CMS_sign(
                card->certificate, card->key, NULL, content, CMS_BINARY | CMS_CADES | CMS_NOSMIMECAP);
        int size = cms ? i2d_CMS_ContentInfo(cms, NULL) : -1;
        must(size > 0 && size <= CARD_CMS_MAX, "no CMS");
        unsigned char *end = buffer;
        size = i2d_CMS_ContentInfo(cms, &end);
        CMS_ContentInfo_free(cms);
        BIO_free(content);
        return slice_of(buffer, (size_t)size);
}

slice life_cycle_card_sign(
        const struct card *card, const char *device, const char *nonce, uint8_t buffer[CARD_CMS_MAX])
{
        char text[512], when[32];
        time_t now = time(NULL);
        struct tm tm;
        must(gmtime_r(&now, &tm) && strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0, "no time");
        int length = snprintf(text, sizeof text,
                "{\"application\": \"issue\", \"version\": 1, \"kinds\": [\"user-verification\"], "
                "\"device\": \"%s\", \"applied_at\": \"%s\", \"nonce\": \"%s\"}\n",
                device, when, nonce);
        return sign(card, slice_of(text, (size_t)length), buffer);
}
