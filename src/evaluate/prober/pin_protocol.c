/* SPDX-License-Identifier: Apache-2.0 */
#include "pin_protocol.h"

#include <openssl/evp.h>

enum { ONE = 1, PARAM_ONE = 16 };

static const uint8_t zero_iv[PIN_PROTOCOL_IV];

static void derive(slice z, struct pin_protocol *ret)
{
        if (ret->version == ONE) {
                ret->aes.size = SHA256_SIZE;
                sha256(&z, 1, ret->aes.data);
                ret->hmac = ret->aes;
                return;
        }
        hkdf_sha256((slice){ 0 }, z, slice_text("CTAP2 HMAC key"), &ret->hmac);
        hkdf_sha256((slice){ 0 }, z, slice_text("CTAP2 AES key"), &ret->aes);
}

mitome_status pin_protocol_agree(const struct mitome_random *random, uint8_t version, slice point,
        struct pin_protocol *ret, mitome_error *error)
{
        SECRET(scalar);
        SECRET(z);
        struct pin_protocol agreed = { .version = version };
        MITOME_TRY(p256_generate(random, &scalar, agreed.point, error));
        MITOME_TRY(p256_agree(secret_view(&scalar), point, &z, error));
        derive(secret_view(&z), &agreed);
        *ret = agreed;
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
                    EVP_CipherUpdate(cipher, out, &size, in.data, (int)in.size) == 1 &&
                    (size_t)size == in.size;
        EVP_CIPHER_CTX_free(cipher);
        return done ? ok() : fail(error, MITOME_E_CRYPTO_FAILED, "PIN protocol", NULL);
}

mitome_status pin_protocol_encrypt(const struct pin_protocol *protocol, const struct mitome_random *random,
        slice plain, writer *w, mitome_error *error)
{
        slice iv = SLICE(zero_iv);
        if (protocol->version != ONE) {
                uint8_t *drawn = write_space(w, PIN_PROTOCOL_IV);
                if (!drawn || random->fill(random->context, drawn, PIN_PROTOCOL_IV) != 0)
                        return fail(error, MITOME_E_NO_RANDOMNESS, "PIN protocol", NULL);
                iv = slice_of(drawn, PIN_PROTOCOL_IV);
        }
        uint8_t *sealed = write_space(w, plain.size);
        if (!sealed)
                return fail(error, MITOME_E_BUFFER_FULL, "PIN protocol", NULL);
        return run_cipher(&protocol->aes, iv, plain, sealed, true, error);
}

mitome_status pin_protocol_decrypt(
        const struct pin_protocol *protocol, slice sealed, struct secret *ret_plain, mitome_error *error)
{
        slice iv = SLICE(zero_iv);
        reader r = reader_over(sealed, NULL, error);
        SECRET(plain);
        if (protocol->version != ONE)
                MITOME_TRY(read_bytes(&r, "IV", PIN_PROTOCOL_IV, &iv));
        if (r.rest.size == 0 || r.rest.size > sizeof plain.data || r.rest.size % PIN_PROTOCOL_IV != 0)
                return reader_fail(&r, MITOME_E_VALUE, "PIN protocol");
        plain.size = r.rest.size;
        MITOME_TRY(run_cipher(&protocol->aes, iv, r.rest, plain.data, false, error));
        *ret_plain = plain;
        return ok();
}

slice pin_protocol_param(
        uint8_t version, const struct secret *key, slice message, uint8_t buffer[SHA256_SIZE])
{
        hmac_sha256(secret_view(key), &message, 1, buffer);
        return slice_of(buffer, version == ONE ? PARAM_ONE : SHA256_SIZE);
}

void pin_protocol_hash(slice pin, uint8_t ret[PIN_PROTOCOL_HASH])
{
        SECRET(digest);
        digest.size = SHA256_SIZE;
        sha256(&pin, 1, digest.data);
        writer w = writer_over(ret, PIN_PROTOCOL_HASH);
        write_slice(&w, slice_of(digest.data, PIN_PROTOCOL_HASH));
}
