/* SPDX-License-Identifier: Apache-2.0 */
#include "pin_rig.h"

#include "tlv.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition)                                                              \
        do {                                                                         \
                if (!(condition)) {                                                  \
                        fprintf(stderr, "pin_rig.c:%d: %s\n", __LINE__, #condition); \
                        abort();                                                     \
                }                                                                    \
        } while (0)

enum { ONE = 1, IV_SIZE = 16, PADDED_SIZE = 64, PIN_HASH_SIZE = 16 };

static const uint8_t zero_iv[IV_SIZE], some_iv[IV_SIZE] = { 0x17, 0x2A };

/* ---- the protocols ---- */

static void derive(slice z, struct pin_rig *ret)
{
        if (ret->protocol == ONE) {
                ret->aes.size = SHA256_SIZE;
                sha256(&z, 1, ret->aes.data);
                ret->hmac = ret->aes;
                return;
        }
        hkdf_sha256((slice){ 0 }, z, slice_text("CTAP2 HMAC key"), &ret->hmac);
        hkdf_sha256((slice){ 0 }, z, slice_text("CTAP2 AES key"), &ret->aes);
}

void pin_rig_agree_with(
        const struct mitome_random *random, uint8_t protocol, slice element_point, struct pin_rig *ret)
{
        SECRET(scalar);
        SECRET(z);
        ret->protocol = protocol;
        MUST(!failed(p256_generate(random, &scalar, ret->point, NULL)));
        MUST(!failed(p256_agree(secret_view(&scalar), element_point, &z, NULL)));
        derive(secret_view(&z), ret);
}

uint16_t pin_rig_agree(struct element_rig *rig, uint8_t protocol, struct pin_rig *ret)
{
        uint8_t element_point[P256_POINT_SIZE];
        writer w = WRITER(element_point);
        if (element_rig_command(rig, 0x80120000, (slice){ 0 }) != SW_OK)
                return rig->sw;
        write_u8(&w, 0x04);
        write_slice(&w, element_rig_value(rig, 0x80));
        write_slice(&w, element_rig_value(rig, 0x81));
        pin_rig_agree_with(&rig->random, protocol, SLICE(element_point), ret);
        return SW_OK;
}

void pin_rig_write_agreement(writer *w, const struct pin_rig *pin)
{
        tlv_write(w, 0x80, slice_of(pin->point + 1, 32));
        tlv_write(w, 0x81, slice_of(pin->point + 33, 32));
        tlv_write_u8(w, 0x88, pin->protocol);
}

static void cbc(const struct secret *key, const uint8_t *iv, int encrypt, slice in, uint8_t *out)
{
        int size = 0;
        EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
        MUST(context && EVP_CipherInit_ex(context, EVP_aes_256_cbc(), NULL, key->data, iv, encrypt) == 1 &&
                EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
                EVP_CipherUpdate(context, out, &size, in.data, (int)in.size) == 1 && (size_t)size == in.size);
        EVP_CIPHER_CTX_free(context);
}

void pin_rig_encrypt(const struct pin_rig *pin, slice plain, writer *w)
{
        const uint8_t *iv = pin->protocol == ONE ? zero_iv : some_iv;
        if (pin->protocol != ONE)
                write_slice(w, SLICE(some_iv));
        uint8_t *cipher = write_space(w, plain.size);
        MUST(cipher);
        cbc(&pin->aes, iv, 1, plain, cipher);
}

void pin_rig_decrypt(const struct pin_rig *pin, slice sealed, struct secret *ret_plain)
{
        slice iv = SLICE(zero_iv);
        reader r = reader_over(sealed, NULL, NULL);
        if (pin->protocol != ONE)
                MUST(!failed(read_bytes(&r, "IV", IV_SIZE, &iv)));
        MUST(r.rest.size <= sizeof ret_plain->data);
        ret_plain->size = r.rest.size;
        cbc(&pin->aes, iv.data, 0, r.rest, ret_plain->data);
}

slice pin_rig_param(uint8_t protocol, const struct secret *key, slice message, uint8_t buffer[SHA256_SIZE])
{
        hmac_sha256(secret_view(key), &message, 1, buffer);
        return slice_of(buffer, protocol == ONE ? 16 : SHA256_SIZE);
}

/* ---- commands ---- */

static void write_hash(writer *w, uint32_t tag, const struct pin_rig *pin, const char *text)
{
        uint8_t hash[SHA256_SIZE], bytes[IV_SIZE + PIN_HASH_SIZE];
        writer encrypted = WRITER(bytes);
        const slice view = slice_text(text);
        sha256(&view, 1, hash);
        pin_rig_encrypt(pin, slice_of(hash, PIN_HASH_SIZE), &encrypted);
        tlv_write(w, tag, writer_view(&encrypted));
}

uint16_t pin_rig_token(struct element_rig *rig, uint8_t protocol, const char *pin, int permissions,
        const char *rp_id, struct secret *ret_token)
{
        struct pin_rig exchange;
        uint8_t bytes[512];
        writer w = WRITER(bytes);
        if (pin_rig_agree(rig, protocol, &exchange) != SW_OK)
                return rig->sw;
        pin_rig_write_agreement(&w, &exchange);
        write_hash(&w, 0x82, &exchange, pin);
        if (permissions >= 0)
                tlv_write_u8(&w, 0x83, (uint8_t)permissions);
        if (rp_id)
                tlv_write(&w, 0x84, slice_text(rp_id));
        if (element_rig_command(rig, 0x80140000, writer_view(&w)) == SW_OK)
                pin_rig_decrypt(&exchange, element_rig_value(rig, 0x80), ret_token);
        return rig->sw;
}

void pin_rig_compose(const struct pin_rig *pin, const char *former, slice padded, writer *w)
{
        uint8_t new_bytes[IV_SIZE + 2 * PADDED_SIZE], hash_bytes[2 + IV_SIZE + PIN_HASH_SIZE],
                param[SHA256_SIZE];
        uint8_t message[sizeof new_bytes + sizeof hash_bytes];
        writer new_pin = WRITER(new_bytes), hash = WRITER(hash_bytes), signed_bytes = WRITER(message);
        pin_rig_encrypt(pin, padded, &new_pin);
        write_slice(&signed_bytes, writer_view(&new_pin));
        if (former) {
                write_hash(&hash, 0x82, pin, former);
                slice whole = writer_view(&hash);
                write_slice(&signed_bytes, slice_of(whole.data + 2, whole.size - 2));
        }
        pin_rig_write_agreement(w, pin);
        tlv_write(w, 0x83, writer_view(&new_pin));
        tlv_write(w, 0x84, pin_rig_param(pin->protocol, &pin->hmac, writer_view(&signed_bytes), param));
        write_slice(w, writer_view(&hash));
        MUST(!w->overflowed);
}

uint16_t pin_rig_change_to(struct element_rig *rig, uint8_t protocol, const char *former, slice next)
{
        struct pin_rig exchange;
        uint8_t bytes[512], padded[PADDED_SIZE] = { 0 };
        writer w = WRITER(bytes);
        if (pin_rig_agree(rig, protocol, &exchange) != SW_OK)
                return rig->sw;
        MUST(!failed(slice_copy(next, "PIN", padded, sizeof padded, NULL)));
        pin_rig_compose(&exchange, former, SLICE(padded), &w);
        return element_rig_command(rig, 0x801C0000, writer_view(&w));
}

uint16_t pin_rig_change(struct element_rig *rig, uint8_t protocol, const char *former, const char *next)
{
        return pin_rig_change_to(rig, protocol, former, slice_text(next));
}

uint16_t pin_rig_configure(
        struct element_rig *rig, uint8_t protocol, const struct secret *token, slice subcommand)
{
        enum { FILL = 32, CONFIG = 0x0D, MESSAGE_MAX = 3100 };
        uint8_t message[MESSAGE_MAX], bytes[MESSAGE_MAX + 64], param[SHA256_SIZE];
        writer m = WRITER(message), w = WRITER(bytes);
        for (int i = 0; i < FILL; i++)
                write_u8(&m, 0xFF);
        write_u8(&m, CONFIG);
        write_slice(&m, subcommand);
        MUST(!m.overflowed);
        if (token)
                tlv_write(&w, 0x84, pin_rig_param(protocol, token, writer_view(&m), param));
        tlv_write(&w, 0x85, writer_view(&m));
        MUST(!w.overflowed);
        return element_rig_command(rig, 0x801E0000, writer_view(&w));
}
