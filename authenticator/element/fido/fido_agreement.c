/* SPDX-License-Identifier: Apache-2.0 */
#include "digest.h"
#include "element_internal.h"
#include "tlv.h"

#include <openssl/evp.h>

/* PIN/UV auth protocols 1 and 2 (CTAP 2.1, 6.5.6 and 6.5.7): what platform and element have between them.
 * Both agree with the same key of the element: what they derive from it differs. */

void fido_shared_wipe(struct fido_shared *shared)
{
        bytes_wipe(shared, sizeof *shared);
}

/* [6.5.6 initialize] a new key, when one is asked for and there is none */
static uint16_t make_agreement(struct mitome_element *element)
{
        struct fido *fido = &element->fido;
        SW_TRY(element_sw(p256_generate(&element->random, &fido->agreement, fido->agreement_point, NULL)));
        fido->has_agreement = true;
        return SW_OK;
}

/* [6.5.6 getPublicKey] the point, which the core puts into a COSE key */
uint16_t fido_key_agreement(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        slice form, x, y;
        if (command->data.size)
                return SW_WRONG_DATA;
        if (!element->fido.has_agreement)
                SW_TRY(make_agreement(element));
        reader r = reader_over(SLICE(element->fido.agreement_point), NULL, NULL);
        if (failed(read_bytes(&r, "point", 1, &form)) ||
                failed(read_bytes(&r, "x", FIDO_COORDINATE_SIZE, &x)) ||
                failed(read_bytes(&r, "y", FIDO_COORDINATE_SIZE, &y)))
                return SW_UNKNOWN;
        tlv_write(answer, 0x80, x);
        tlv_write(answer, 0x81, y);
        return SW_OK;
}

/* ---- the shared secret ---- */

static uint16_t read_protocol(slice field, enum fido_protocol *ret)
{
        uint8_t number = field.data ? field.data[0] : FIDO_PROTOCOL_TWO;
        if (number != FIDO_PROTOCOL_ONE && number != FIDO_PROTOCOL_TWO)
                return SW_WRONG_DATA;
        *ret = (enum fido_protocol)number;
        return SW_OK;
}

static void derive(slice z, struct fido_shared *shared)
{
        if (shared->protocol == FIDO_PROTOCOL_ONE) {
                /* [6.5.6 kdf] SHA-256(Z), for both uses */
                sha256(&z, 1, shared->aes.data);
                shared->aes.size = SHA256_SIZE;
                shared->hmac = shared->aes;
                return;
        }
        /* [6.5.7 kdf] two keys by HKDF-SHA-256, each with its own info */
        hkdf_sha256((slice){ 0 }, z, slice_text("CTAP2 HMAC key"), &shared->hmac);
        hkdf_sha256((slice){ 0 }, z, slice_text("CTAP2 AES key"), &shared->aes);
}

/* [6.5.6 ecdh] a point off the curve is an error */
uint16_t fido_agree(const struct fido *fido, slice protocol, slice x, slice y, struct fido_shared *ret_shared)
{
        uint8_t point[P256_POINT_SIZE];
        SECRET(z);
        writer w = WRITER(point);
        SW_TRY(read_protocol(protocol, &ret_shared->protocol));
        if (!fido->has_agreement)
                return SW_NO_REFERENCE;
        write_u8(&w, 0x04);
        write_slice(&w, x);
        write_slice(&w, y);
        if (w.overflowed || w.used != sizeof point)
                return SW_WRONG_DATA;
        SW_TRY(element_sw(p256_agree(secret_view(&fido->agreement), SLICE(point), &z, NULL)));
        derive(secret_view(&z), ret_shared);
        return SW_OK;
}

/* ---- encrypting ---- */

static const uint8_t zero_iv[FIDO_IV_SIZE];

uint16_t fido_cbc(const struct secret *key, const uint8_t *iv, int encrypt, slice in, uint8_t *out)
{
        enum { AES_128_KEY = 16 };
        int size = 0;
        const EVP_CIPHER *cipher = key->size == AES_128_KEY ? EVP_aes_128_cbc() : EVP_aes_256_cbc();
        EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
        bool done = context && EVP_CipherInit_ex(context, cipher, NULL, key->data, iv, encrypt) == 1 &&
                    EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
                    EVP_CipherUpdate(context, out, &size, in.data, (int)in.size) == 1 &&
                    (size_t)size == in.size;
        EVP_CIPHER_CTX_free(context);
        return done ? SW_OK : SW_UNKNOWN;
}

/* [6.5.6 encrypt] protocol 1 has an IV of zeros, [6.5.7 encrypt] protocol 2 a new one before the blocks */
uint16_t fido_seal(
        struct mitome_element *element, const struct fido_shared *shared, slice plain, writer *sealed)
{
        const uint8_t *iv = zero_iv;
        if (shared->protocol != FIDO_PROTOCOL_ONE) {
                uint8_t *fresh = write_space(sealed, FIDO_IV_SIZE);
                if (!fresh)
                        return SW_UNKNOWN;
                SW_TRY(element_random(element, fresh, FIDO_IV_SIZE));
                iv = fresh;
        }
        uint8_t *cipher = write_space(sealed, plain.size);
        return cipher ? fido_cbc(&shared->aes, iv, 1, plain, cipher) : SW_UNKNOWN;
}

/* [6.5.6 decrypt] whole blocks, [6.5.7 decrypt] behind an IV: else an error */
uint16_t fido_unseal(const struct fido_shared *shared, slice sealed, struct secret *ret_plain)
{
        slice iv = SLICE(zero_iv);
        reader r = reader_over(sealed, NULL, NULL);
        if (shared->protocol != FIDO_PROTOCOL_ONE && failed(read_bytes(&r, "IV", FIDO_IV_SIZE, &iv)))
                return SW_WRONG_DATA;
        if (r.rest.size == 0 || r.rest.size % FIDO_BLOCK_SIZE || r.rest.size > SECRET_MAX)
                return SW_WRONG_DATA;
        ret_plain->size = r.rest.size;
        return fido_cbc(&shared->aes, iv.data, 0, r.rest, ret_plain->data);
}

/* ---- authenticating ---- */

/* [6.5.6 verify] the first 16 bytes of the HMAC, [6.5.7 verify] all 32, compared in constant time */
bool fido_param_is(
        enum fido_protocol protocol, const struct secret *key, const slice *parts, size_t count, slice param)
{
        uint8_t expected[SHA256_SIZE];
        if (key->size == 0)
                return false;
        hmac_sha256(secret_view(key), parts, count, expected);
        size_t size = protocol == FIDO_PROTOCOL_ONE ? FIDO_PARAM_ONE_SIZE : FIDO_PARAM_SIZE;
        bool equal = secret_equal(slice_of(expected, size), param);
        bytes_wipe(expected, sizeof expected);
        return equal;
}
