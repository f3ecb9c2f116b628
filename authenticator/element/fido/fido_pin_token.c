/* SPDX-License-Identifier: Apache-2.0 */
#include "data_fields.h"
#include "digest.h"
#include "element_internal.h"
#include "tlv.h"
#include "user_pin.h"

#include <openssl/evp.h>

/* PIN/UV auth protocol 2 (CTAP 2.1, 6.5.7) and getPinToken (6.5.5.7.1). */

enum { COORDINATE_SIZE = 32, IV_SIZE = 16, WRONG_IN_A_ROW_MAX = 3 };

/* ---- key agreement ---- */

static uint16_t make_agreement(struct mitome_element *element)
{
        struct fido *fido = &element->fido;
        SW_TRY(element_sw(p256_generate(&element->random, &fido->agreement, fido->agreement_point, NULL)));
        fido->has_agreement = true;
        return SW_OK;
}

uint16_t fido_key_agreement(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        slice form, x, y;
        if (command->data.size)
                return SW_WRONG_DATA;
        if (!element->fido.has_agreement)
                SW_TRY(make_agreement(element));
        reader r = reader_over(SLICE(element->fido.agreement_point), NULL, NULL);
        if (failed(read_bytes(&r, "point", 1, &form)) || failed(read_bytes(&r, "x", COORDINATE_SIZE, &x)) ||
                failed(read_bytes(&r, "y", COORDINATE_SIZE, &y)))
                return SW_UNKNOWN;
        tlv_write(answer, 0x80, x);
        tlv_write(answer, 0x81, y);
        return SW_OK;
}

/* 6.5.7, kdf(Z): two keys, of which getPinToken uses the one for AES. */
static mitome_status agree(const struct fido *fido, slice x, slice y, struct secret *ret_key)
{
        uint8_t point[P256_POINT_SIZE];
        SECRET(z);
        writer w = WRITER(point);
        write_u8(&w, 0x04);
        write_slice(&w, x);
        write_slice(&w, y);
        MITOME_TRY(p256_agree(secret_view(&fido->agreement), SLICE(point), &z, NULL));
        hkdf_sha256((slice){ 0 }, secret_view(&z), slice_text("CTAP2 AES key"), ret_key);
        return ok();
}

/* AES-256-CBC without padding, 6.5.7. */
static uint16_t aes(const struct secret *key, const uint8_t iv[IV_SIZE], int encrypt, slice in, uint8_t *out)
{
        int size = 0;
        EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
        bool done =
                context && EVP_CipherInit_ex(context, EVP_aes_256_cbc(), NULL, key->data, iv, encrypt) == 1 &&
                EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
                EVP_CipherUpdate(context, out, &size, in.data, (int)in.size) == 1 && (size_t)size == in.size;
        EVP_CIPHER_CTX_free(context);
        return done ? SW_OK : SW_UNKNOWN;
}

static uint16_t decrypt_hash(const struct secret *key, slice encrypted, struct secret *ret_hash)
{
        slice iv, cipher;
        reader r = reader_over(encrypted, NULL, NULL);
        if (failed(read_bytes(&r, "IV", IV_SIZE, &iv)) ||
                failed(read_bytes(&r, "pinHashEnc", USER_PIN_HASH_SIZE, &cipher)))
                return SW_WRONG_DATA;
        ret_hash->size = USER_PIN_HASH_SIZE;
        return aes(key, iv.data, 0, cipher, ret_hash->data);
}

/* ---- the token ---- */

static uint16_t issue_token(struct mitome_element *element, const struct secret *key, writer *answer)
{
        struct fido *fido = &element->fido;
        uint8_t encrypted[IV_SIZE + FIDO_PIN_TOKEN_SIZE];
        SECRET(token);
        token.size = FIDO_PIN_TOKEN_SIZE;
        SW_TRY(element_random(element, token.data, token.size));
        SW_TRY(element_random(element, encrypted, IV_SIZE));
        SW_TRY(aes(key, encrypted, 1, secret_view(&token), encrypted + IV_SIZE));
        /* 6.5.5.7.1: all other tokens end; what one of them began ends with it. */
        if (fido->operation.by_pin)
                fido_end_operation(fido);
        SW_TRY(element_sw(secret_set(&fido->pin_token, secret_view(&token), NULL)));
        tlv_write(answer, 0x80, SLICE(encrypted));
        return SW_OK;
}

/* 6.5.5.7.1: after a wrong PIN the key agreement is renewed, so that a guess needs an exchange; the third in
 * a row needs the user to power the authenticator off and on. */
static uint16_t count_wrong(struct fido *fido, uint16_t sw)
{
        bool out_of_tries = sw == SW_TRIES_LEFT;
        fido->has_agreement = false;
        secret_wipe(&fido->agreement);
        return ++fido->wrong_in_a_row < WRONG_IN_A_ROW_MAX || out_of_tries ? sw : SW_CONDITIONS;
}

static uint16_t check_may_try(const struct mitome_element *element)
{
        if (!user_pin_is_set(element))
                return SW_UNUSABLE;
        if (user_pin_is_blocked(element))
                return SW_BLOCKED;
        if (element->fido.wrong_in_a_row >= WRONG_IN_A_ROW_MAX || !element->fido.has_agreement)
                return SW_CONDITIONS;
        return SW_OK;
}

uint16_t fido_get_pin_token(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        slice x, y, encrypted;
        const struct field fields[] = {
                { 0x80, FIELD_REQUIRED, COORDINATE_SIZE, COORDINATE_SIZE, &x },
                { 0x81, FIELD_REQUIRED, COORDINATE_SIZE, COORDINATE_SIZE, &y },
                { 0x82, FIELD_REQUIRED, IV_SIZE + USER_PIN_HASH_SIZE, IV_SIZE + USER_PIN_HASH_SIZE,
                        &encrypted },
        };
        SECRET(key);
        SECRET(hash);
        SW_TRY(fields_read(command->data, fields, sizeof fields / sizeof *fields));
        SW_TRY(check_may_try(element));
        SW_TRY(element_sw(agree(&element->fido, x, y, &key)));
        SW_TRY(decrypt_hash(&key, encrypted, &hash));
        uint16_t sw = user_pin_check(element, secret_view(&hash));
        if ((sw & 0xFFF0) == SW_TRIES_LEFT)
                return count_wrong(&element->fido, sw);
        SW_TRY(sw);
        element->fido.wrong_in_a_row = 0;
        return issue_token(element, &key, answer);
}

bool fido_token_authorises(const struct fido *fido, slice message, slice param)
{
        uint8_t expected[SHA256_SIZE];
        if (fido->pin_token.size == 0)
                return false;
        hmac_sha256(secret_view(&fido->pin_token), &message, 1, expected);
        bool equal = secret_equal(SLICE(expected), param);
        bytes_wipe(expected, sizeof expected);
        return equal;
}
