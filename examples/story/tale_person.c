/* SPDX-License-Identifier: Apache-2.0 */
#include "tale.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { SAID_MAX = 8192, DER_MAX = 4096, CARD_YEARS = 8 };

static const char *const kind_names[] = {
        [AUTHORITY_USER_VERIFICATION] = "user-verification", [AUTHORITY_SIGNING] = "signing"
};

static mitome_status register_person(struct tale *tale, struct tale_person *person, mitome_error *error)
{
        char said[SAID_MAX];
        int code;
        const char *const words[] = { "register", person->name, person->address, "Mihon", "Mihon-shi",
                person->gender, person->born, "990001", NULL };
        MITOME_TRY(tale_teller(tale, PARTY_MUNICIPALITY, words, said, sizeof said, &code, error));
        if (code != 0 || strspn(said, "0123456789abcdef") != TALE_PERSON_HEX - 1)
                return fail(error, MITOME_E_VALUE, "municipality", said);
        snprintf(person->id, sizeof person->id, "%.*s", TALE_PERSON_HEX - 1, said);
        return ok();
}

/* ---- the card's keys, for the municipality ---- */

static EVP_PKEY *make_public_key(const uint8_t modulus[FACTORY_MODULUS_SIZE])
{
        enum { EXPONENT = 65537 };
        BIGNUM *n = BN_bin2bn(modulus, FACTORY_MODULUS_SIZE, NULL);
        OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
        OSSL_PARAM *parameters = NULL;
        EVP_PKEY *key = NULL;
        if (n && build && context && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
                OSSL_PARAM_BLD_push_ulong(build, OSSL_PKEY_PARAM_RSA_E, EXPONENT) == 1)
                parameters = OSSL_PARAM_BLD_to_param(build);
        if (!parameters || EVP_PKEY_fromdata_init(context) != 1 ||
                EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
                key = NULL;
        OSSL_PARAM_free(parameters);
        EVP_PKEY_CTX_free(context);
        OSSL_PARAM_BLD_free(build);
        BN_free(n);
        return key;
}

static mitome_status write_key(const char *folder, enum authority_kind kind,
        const uint8_t modulus[FACTORY_MODULUS_SIZE], mitome_error *error)
{
        char path[TALE_PATH_MAX + 32];
        EVP_PKEY *key = make_public_key(modulus);
        snprintf(path, sizeof path, "%s/%s.pem", folder, kind_names[kind]);
        FILE *file = key ? fopen(path, "w") : NULL;
        bool good = file && PEM_write_PUBKEY(file, key) == 1;
        if (file)
                good &= fclose(file) == 0;
        EVP_PKEY_free(key);
        return good ? ok() : fail(error, MITOME_E_FILE_WRITE, "the card's key", NULL);
}

/* ---- the card ---- */

struct certificates {
        char certificate[2][DER_MAX], ca[2][DER_MAX];
};

static mitome_status read_certificate(const char *folder, enum authority_kind kind, const char *ending,
        char buffer[DER_MAX], slice *ret, mitome_error *error)
{
        char path[TALE_PATH_MAX + 32];
        size_t size;
        snprintf(path, sizeof path, "%s/%s%s", folder, kind_names[kind], ending);
        MITOME_TRY(tale_read(path, buffer, DER_MAX, &size, error));
        *ret = slice_of((const uint8_t *)buffer, size);
        return ok();
}

static mitome_status ask_municipality(
        struct tale *tale, const struct tale_person *person, const char *folder, mitome_error *error)
{
        char said[SAID_MAX], until[32];
        const time_t now = time(NULL);
        struct tm tm;
        int code;
        gmtime_r(&now, &tm);
        snprintf(until, sizeof until, "%d-%s", tm.tm_year + 1900 + CARD_YEARS, person->born + 5);
        const char *const words[] = { "card", person->id, until, folder, NULL };
        MITOME_TRY(tale_teller(tale, PARTY_MUNICIPALITY, words, said, sizeof said, &code, error));
        return code == 0 ? ok() : fail(error, MITOME_E_VALUE, "municipality", NULL);
}

static mitome_status fill_card(
        struct tale *tale, struct tale_person *person, const char *folder, mitome_error *error)
{
        struct certificates files;
        struct card_content content = { .pin = TALE_CARD_PIN, .password = TALE_CARD_PASSWORD };
        for (int i = 0; i < 2; i++) {
                enum authority_kind kind = (enum authority_kind)i;
                MITOME_TRY(read_certificate(
                        folder, kind, ".cer", files.certificate[i], &content.certificates[i], error));
                MITOME_TRY(read_certificate(folder, kind, "-ca.cer", files.ca[i], &content.cas[i], error));
        }
        return card_factory_finish(&person->card, &content, &tale->random, error);
}

mitome_status tale_person_make(struct tale *tale, struct tale_person *person, mitome_error *error)
{
        char folder[TALE_PATH_MAX];
        uint8_t moduli[2][FACTORY_MODULUS_SIZE];
        MITOME_TRY(register_person(tale, person, error));
        stage_sent(
                &tale->stage, MUNICIPALITY, AUTHORITY, "a new person, whom letters call %.8s..", person->id);
        MITOME_TRY(tale_path(tale, folder, error, "%s", person->card_serial));
        mkdir(folder, 0700);
        MITOME_TRY(factory_element_make(&person->card, &tale->random, NULL, error));
        MITOME_TRY(card_factory_begin(&person->card, person->card_serial, &tale->random, moduli, error));
        for (int i = 0; i < 2; i++)
                MITOME_TRY(write_key(folder, (enum authority_kind)i, moduli[i], error));
        MITOME_TRY(ask_municipality(tale, person, folder, error));
        MITOME_TRY(fill_card(tale, person, folder, error));
        stage_sent(&tale->stage, AUTHORITY, CARD, "both certificates, by the municipality's desk");
        return ok();
}
