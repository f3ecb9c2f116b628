/* SPDX-License-Identifier: Apache-2.0 */
#include "digest.h"
#include "element_internal.h"
#include "tlv.h"

#include <openssl/evp.h>

/* PIN/UV auth protocol 2 (CTAP 2.1, 6.5.7): what platform and element have between them. */

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
        if (failed(read_bytes(&r, "point", 1, &form)) ||
                failed(read_bytes(&r, "x", FIDO_COORDINATE_SIZE, &x)) ||
                failed(read_bytes(&r, "y", FIDO_COORDINATE_SIZE, &y)))
                return SW_UNKNOWN;
        tlv_write(answer, 0x80, x);
        tlv_write(answer, 0x81, y);
        return SW_OK;
}

/* kdf(Z): two keys, of which tokens need the one for AES. */
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

uint16_t fido_agree(const struct fido *fido, slice x, slice y, struct secret *ret_key)
{
        return element_sw(agree(fido, x, y, ret_key));
}

/* AES-256-CBC without padding, 6.5.7. */
static uint16_t aes(const struct secret *key, const uint8_t *iv, int encrypt, slice in, uint8_t *out)
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

uint16_t fido_seal(struct mitome_element *element, const struct secret *key, slice plain, writer *sealed)
{
        uint8_t *iv = write_space(sealed, FIDO_IV_SIZE), *cipher = write_space(sealed, plain.size);
        if (!iv || !cipher)
                return SW_UNKNOWN;
        SW_TRY(element_random(element, iv, FIDO_IV_SIZE));
        return aes(key, iv, 1, plain, cipher);
}

uint16_t fido_unseal(const struct secret *key, slice sealed, struct secret *ret_plain)
{
        slice iv;
        reader r = reader_over(sealed, NULL, NULL);
        if (failed(read_bytes(&r, "IV", FIDO_IV_SIZE, &iv)) || r.rest.size > SECRET_MAX)
                return SW_WRONG_DATA;
        ret_plain->size = r.rest.size;
        return aes(key, iv.data, 0, r.rest, ret_plain->data);
}
