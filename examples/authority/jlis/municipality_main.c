/* SPDX-License-Identifier: Apache-2.0 */

/* A municipality's desk, played: tells the authority of people, and has certificates issued for their cards.
 */

#include "teller_main.h"

#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MODULUS_SIZE = 256, PATH_LENGTH = 4096 };

static mitome_status read_facts(char **arguments, struct teller_facts *ret, mitome_error *error)
{
        *ret = (struct teller_facts){
                .name = arguments[0],
                .address = arguments[1],
                .prefecture = arguments[2],
                .city = arguments[3],
                .gender = arguments[4],
                .municipality = arguments[6],
        };
        return teller_read_date(arguments[5], ret->birth, error);
}

static mitome_status read_person(const char *text, uint8_t ret[16], mitome_error *error)
{
        size_t size;
        MITOME_TRY(teller_read_hex(text, "the person", ret, 16, &size, error));
        return size == 16 ? ok() : fail(error, MITOME_E_VALUE, "the person", NULL);
}

static mitome_status run_register(
        struct party *party, char **arguments, mitome_code *ret_refusal, mitome_error *error)
{
        struct teller_facts facts;
        uint8_t person[16];
        MITOME_TRY(read_facts(arguments, &facts, error));
        MITOME_TRY(teller_register(party, &facts, person, ret_refusal, error));
        teller_print_hex(person, sizeof person);
        printf("\n");
        return ok();
}

static mitome_status run_move(
        struct party *party, char **arguments, mitome_code *ret_refusal, mitome_error *error)
{
        struct teller_facts facts;
        uint8_t person[16];
        MITOME_TRY(read_person(arguments[0], person, error));
        MITOME_TRY(read_facts(arguments + 1, &facts, error));
        MITOME_TRY(teller_move(party, person, &facts, ret_refusal, error));
        printf("changed\n");
        return ok();
}

/* ---- cards ---- */

static const char *const names[3] = { NULL, "signing", "user-verification" };

/* FOLDER/KIND.pem, a card's public key; no file: no certificate of that kind. */
static mitome_status read_modulus(
        const char *folder, int kind, uint8_t buffer[MODULUS_SIZE], slice *ret, mitome_error *error)
{
        char path[PATH_LENGTH];
        BIGNUM *n = NULL;
        snprintf(path, sizeof path, "%s/%s.pem", folder, names[kind]);
        FILE *file = fopen(path, "r");
        *ret = (slice){ 0 };
        if (!file)
                return ok();
        EVP_PKEY *key = PEM_read_PUBKEY(file, NULL, NULL, NULL);
        fclose(file);
        bool good = key && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
                    BN_bn2binpad(n, buffer, MODULUS_SIZE) == MODULUS_SIZE;
        BN_free(n);
        EVP_PKEY_free(key);
        *ret = slice_of(buffer, MODULUS_SIZE);
        return good ? ok() : fail(error, MITOME_E_KEY_WEAK, "the card's key", NULL);
}

static mitome_status write_der(
        const char *folder, const char *name, const char *ending, slice der, mitome_error *error)
{
        char path[PATH_LENGTH];
        snprintf(path, sizeof path, "%s/%s%s", folder, name, ending);
        FILE *file = fopen(path, "wb");
        if (!file)
                return fail(error, MITOME_E_FILE_WRITE, "the certificate", NULL);
        bool good = fwrite(der.data, 1, der.size, file) == der.size;
        good &= fclose(file) == 0;
        return good ? ok() : fail(error, MITOME_E_FILE_WRITE, "the certificate", NULL);
}

/* The end of a day in Japan. */
static int64_t end_of(const int date[3])
{
        struct tm tm = { .tm_year = date[0] - 1900,
                .tm_mon = date[1] - 1,
                .tm_mday = date[2],
                .tm_hour = 14,
                .tm_min = 59,
                .tm_sec = 59 };
        return (int64_t)timegm(&tm);
}

static mitome_status run_card(
        struct party *party, char **arguments, mitome_code *ret_refusal, mitome_error *error)
{
        uint8_t person[16], keys[3][MODULUS_SIZE], buffer[LETTER_MAX];
        slice moduli[3] = { 0 }, certificates[3] = { 0 }, cas[3] = { 0 };
        int date[3];
        MITOME_TRY(read_person(arguments[0], person, error));
        MITOME_TRY(teller_read_date(arguments[1], date, error));
        for (int kind = 1; kind <= 2; kind++)
                MITOME_TRY(read_modulus(arguments[2], kind, keys[kind], &moduli[kind], error));
        if (!moduli[1].size && !moduli[2].size)
                return fail(error, MITOME_E_FILE_READ, "the card's keys", NULL);
        MITOME_TRY(teller_card(
                party, person, end_of(date), moduli, buffer, certificates, cas, ret_refusal, error));
        for (int kind = 1; kind <= 2; kind++)
                if (certificates[kind].size) {
                        MITOME_TRY(write_der(arguments[2], names[kind], ".cer", certificates[kind], error));
                        MITOME_TRY(write_der(arguments[2], names[kind], "-ca.cer", cas[kind], error));
                        printf("%s/%s.cer\n", arguments[2], names[kind]);
                }
        return ok();
}

int main(int argc, char **argv)
{
        static const struct teller_command commands[] = {
                { "register", "NAME ADDRESS PREFECTURE CITY GENDER YYYY-MM-DD CODE",
                        "tells of a person (prefecture and city romanised), and prints his opaque number", 7,
                        run_register },
                { "move", "PERSON NAME ADDRESS PREFECTURE CITY GENDER YYYY-MM-DD CODE",
                        "tells of his new facts: his signing certificates end", 8, run_move },
                { "card", "PERSON YYYY-MM-DD FOLDER",
                        "has certificates issued for a card that ends then: FOLDER/signing.pem and FOLDER/user-verification.pem\n"
                        "        are its public keys, and certificates are written beside them",
                        3, run_card },
                { "hold", "KIND SERIAL", "puts a certificate on hold", .count = 2 },
                { "release", "KIND SERIAL", "takes a hold back", .count = 2 },
                /* cessationOfOperation: given back */
                { "revoke", "KIND SERIAL", "revokes one, and what hangs from it in a phone", .count = 2,
                        .reason = 5 },
        };
        static const struct teller_program program = {
                .party = PARTY_MUNICIPALITY,
                .program = "municipality",
                .asked = "counter",
                .about =
                        "A municipality's desk, played: who comes is believed by the clerk. The people are invented.",
                .commands = commands,
                .command_count = sizeof commands / sizeof commands[0],
        };
        return teller_main(&program, argc, argv);
}
