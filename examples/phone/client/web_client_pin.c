/* SPDX-License-Identifier: Apache-2.0 */
/* PIN/UV auth protocol 2 from the platform's side (CTAP 2.1, 6.5.5, 6.5.7): a token by PIN, for one
 * permission at one relying party, used once. */
#include "p256.h"
#include "web_client_parts.h"

#include <openssl/evp.h>

enum { CLIENT_PIN = 0x06, PROTOCOL_TWO = 2 };
enum { GET_RETRIES = 0x01, GET_KEY_AGREEMENT = 0x02, GET_TOKEN_BY_PIN = 0x09 };
enum { OPERATION_DENIED = 0x27, PIN_INVALID = 0x31, PIN_NOT_SET = 0x35 };
enum { PIN_TRIES_MAX = 8 }; /* CTAP 2.1, 6.5.2.3: no authenticator gives more */
enum { COORDINATE_SIZE = 32, IV_SIZE = 16, PIN_HASH_SIZE = 16, TOKEN_SIZE = 32, REQUEST_MAX = 768 };

struct agreement {
        uint8_t point[P256_POINT_SIZE]; /* ours */
        struct secret aes;
};

static void drop_agreement(struct agreement *agreement)
{
        bytes_wipe(agreement, sizeof *agreement);
}

#define AGREEMENT(name) __attribute__((cleanup(drop_agreement))) struct agreement name = { 0 }

static void begin(writer *w, size_t members, unsigned subcommand)
{
        write_u8(w, CLIENT_PIN);
        cbor_write_map(w, members);
        cbor_write_uint(w, 1);
        cbor_write_uint(w, PROTOCOL_TWO);
        cbor_write_uint(w, 2);
        cbor_write_uint(w, subcommand);
}

/* ---- key agreement ---- */

struct point {
        slice x, y;
};

static mitome_status read_x(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_fixed(r, field, COORDINATE_SIZE, &((struct point *)into)->x);
}

static mitome_status read_y(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_fixed(r, field, COORDINATE_SIZE, &((struct point *)into)->y);
}

static mitome_status read_key(struct cbor_reader *r, const char *field, void *into)
{
        static const struct client_member members[] = {
                { .number = -2, .field = "keyAgreement.x", .read = read_x, .required = true },
                { .number = -3, .field = "keyAgreement.y", .read = read_y, .required = true },
        };
        return client_read_map(r, field, members, sizeof members / sizeof *members, into);
}

static mitome_status agree(struct client_talk *talk, struct agreement *ret, mitome_error *error)
{
        static const struct client_member members[] = {
                { .number = 1, .field = "keyAgreement", .read = read_key, .required = true },
        };
        uint8_t bytes[REQUEST_MAX], point_bytes[P256_POINT_SIZE];
        struct point point = { 0 };
        SECRET(scalar);
        SECRET(shared);
        writer w = WRITER(bytes), p = WRITER(point_bytes);
        begin(&w, 2, GET_KEY_AGREEMENT);
        MITOME_TRY(client_must(talk, &w, error));
        struct cbor_reader r = client_body(talk, error);
        MITOME_TRY(client_read_map(&r, "keyAgreement", members, 1, &point));
        MITOME_TRY(cbor_end(&r, "keyAgreement"));
        write_u8(&p, 0x04);
        write_slice(&p, point.x);
        write_slice(&p, point.y);
        MITOME_TRY(p256_generate(&talk->client->random, &scalar, ret->point, error));
        MITOME_TRY(p256_agree(secret_view(&scalar), SLICE(point_bytes), &shared, error));
        hkdf_sha256((slice){ 0 }, secret_view(&shared), slice_text("CTAP2 AES key"), &ret->aes);
        return ok();
}

/* AES-256-CBC without padding; `in` is whole blocks, `out` as many bytes. */
static mitome_status run_cipher(
        const struct secret *key, slice iv, slice in, uint8_t *out, bool encrypts, mitome_error *error)
{
        EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
        int size = 0;
        bool done = cipher &&
                    EVP_CipherInit_ex2(cipher, EVP_aes_256_cbc(), key->data, iv.data, encrypts, NULL) == 1 &&
                    EVP_CIPHER_CTX_set_padding(cipher, 0) == 1 &&
                    EVP_CipherUpdate(cipher, out, &size, in.data, (int)in.size) == 1 && size == (int)in.size;
        EVP_CIPHER_CTX_free(cipher);
        return done ? ok() : fail(error, MITOME_E_CRYPTO_FAILED, "PIN protocol", NULL);
}

static mitome_status encrypt_pin(const struct client_talk *talk, const struct agreement *agreement,
        const struct secret *pin, uint8_t ret[IV_SIZE + PIN_HASH_SIZE], mitome_error *error)
{
        SECRET(hash);
        slice view = secret_view(pin);
        writer w = writer_over(ret, IV_SIZE + PIN_HASH_SIZE);
        uint8_t *iv = write_space(&w, IV_SIZE), *sealed = write_space(&w, PIN_HASH_SIZE);
        const struct mitome_random *random = &talk->client->random;
        hash.size = SHA256_SIZE;
        sha256(&view, 1, hash.data);
        if (random->fill(random->context, iv, IV_SIZE) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, "PIN protocol", NULL);
        return run_cipher(&agreement->aes, slice_of(iv, IV_SIZE), slice_of(hash.data, PIN_HASH_SIZE), sealed,
                true, error);
}

/* ---- the token ---- */

static void write_key(writer *w, const uint8_t point[P256_POINT_SIZE])
{
        enum { EC2 = 2, ECDH_ES_HKDF_256 = -25, P_256 = 1 };
        reader r = reader_over(slice_of(point, P256_POINT_SIZE), NULL, NULL);
        uint8_t form;
        slice x = { 0 }, y = { 0 };
        if (failed(read_u8(&r, "", &form)) || failed(read_bytes(&r, "", COORDINATE_SIZE, &x)) ||
                failed(read_bytes(&r, "", COORDINATE_SIZE, &y)))
                return; /* it is as long as that */
        cbor_write_map(w, 5);
        cbor_write_int(w, 1);
        cbor_write_int(w, EC2);
        cbor_write_int(w, 3);
        cbor_write_int(w, ECDH_ES_HKDF_256);
        cbor_write_int(w, -1);
        cbor_write_int(w, P_256);
        cbor_write_int(w, -2);
        cbor_write_bytes(w, x);
        cbor_write_int(w, -3);
        cbor_write_bytes(w, y);
}

static mitome_status read_token(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_fixed(r, field, IV_SIZE + TOKEN_SIZE, into);
}

static mitome_status open_token(struct client_talk *talk, const struct agreement *agreement,
        struct secret *ret_token, mitome_error *error)
{
        static const struct client_member members[] = {
                { .number = 2, .field = "pinUvAuthToken", .read = read_token, .required = true },
        };
        slice sealed = { 0 }, iv;
        struct cbor_reader body = client_body(talk, error);
        MITOME_TRY(client_read_map(&body, "clientPIN", members, 1, &sealed));
        MITOME_TRY(cbor_end(&body, "clientPIN"));
        reader r = reader_over(sealed, NULL, error);
        MITOME_TRY(read_bytes(&r, "pinUvAuthToken", IV_SIZE, &iv));
        ret_token->size = TOKEN_SIZE;
        return run_cipher(&agreement->aes, iv, read_rest(&r), ret_token->data, false, error);
}

/* One try. *ret_right false: the PIN is wrong, and may be asked for again. */
static mitome_status try_pin(struct client_talk *talk, uint8_t permission, slice rp_id,
        const struct secret *pin, struct secret *ret_token, bool *ret_right, mitome_error *error)
{
        uint8_t bytes[REQUEST_MAX], sealed[IV_SIZE + PIN_HASH_SIZE];
        AGREEMENT(agreement);
        writer w = WRITER(bytes);
        MITOME_TRY(agree(talk, &agreement, error));
        MITOME_TRY(encrypt_pin(talk, &agreement, pin, sealed, error));
        begin(&w, 6, GET_TOKEN_BY_PIN);
        cbor_write_uint(&w, 3);
        write_key(&w, agreement.point);
        cbor_write_uint(&w, 6);
        cbor_write_bytes(&w, SLICE(sealed));
        cbor_write_uint(&w, 9);
        cbor_write_uint(&w, permission);
        cbor_write_uint(&w, 10);
        cbor_write_text(&w, rp_id);
        MITOME_TRY(client_exchange(talk, &w, error));
        *ret_right = talk->status != PIN_INVALID;
        if (!*ret_right)
                return ok();
        if (talk->status != 0)
                return fail(error, MITOME_E_CTAP_STATUS, "PIN", NULL);
        return open_token(talk, &agreement, ret_token, error);
}

/* ---- tries ---- */

static mitome_status read_tries(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_uint(r, field, UINT8_MAX, into);
}

static mitome_status ask_tries(struct client_talk *talk, uint64_t *ret, mitome_error *error)
{
        static const struct client_member members[] = {
                { .number = 3, .field = "pinRetries", .read = read_tries, .required = true },
        };
        uint8_t bytes[REQUEST_MAX];
        writer w = WRITER(bytes);
        begin(&w, 2, GET_RETRIES);
        MITOME_TRY(client_must(talk, &w, error));
        struct cbor_reader r = client_body(talk, error);
        MITOME_TRY(client_read_map(&r, "clientPIN", members, 1, ret));
        return cbor_end(&r, "clientPIN");
}

/* The holder is asked until the PIN is right, or no try is left, or there is no answer. An authenticator that
 * does not count is not asked for ever. */
static mitome_status get_token(struct client_talk *talk, uint8_t permission, slice rp_id,
        struct secret *ret_token, mitome_error *error)
{
        const struct web_client *client = talk->client;
        bool right = false;
        for (unsigned asked = 0; !right; asked++) {
                SECRET(pin);
                uint64_t tries = 0;
                MITOME_TRY(ask_tries(talk, &tries, error));
                if (client->ask_pin && tries > 0 && asked < PIN_TRIES_MAX)
                        MITOME_TRY(client->ask_pin(client->context, (unsigned)tries, &pin, error));
                if (pin.size == 0) {
                        talk->status = OPERATION_DENIED;
                        return fail(error, MITOME_E_CTAP_STATUS, "PIN", NULL);
                }
                MITOME_TRY(try_pin(talk, permission, rp_id, &pin, ret_token, &right, error));
        }
        return ok();
}

mitome_status client_pin_param(struct client_talk *talk, uint8_t permission, slice rp_id,
        uint8_t ret_param[CLIENT_PIN_PARAM_SIZE], mitome_error *error)
{
        SECRET(token);
        const slice message = SLICE(talk->client_data_hash);
        if (!talk->device.pin || !talk->device.protocol_two) {
                talk->status = PIN_NOT_SET;
                return fail(error, MITOME_E_CTAP_STATUS, "PIN", NULL);
        }
        MITOME_TRY(get_token(talk, permission, rp_id, &token, error));
        hmac_sha256(secret_view(&token), &message, 1, ret_param);
        return ok();
}
