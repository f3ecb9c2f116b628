/* SPDX-License-Identifier: Apache-2.0 */
#include "sign1.h"

#include "cose.h"
#include "cose_sign1.h"

#include <sodium.h>

enum { TO_SIGN_MAX = SIGN1_PAYLOAD_MAX + 256 };

bool sign1_is_name(slice text, size_t max)
{
        for (size_t i = 0; i < text.size; i++) {
                uint8_t c = text.data[i];
                if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
                        return false;
        }
        return text.size > 0 && text.size <= max;
}

static struct cose_sign1_kind cose_kind(const struct sign1_kind *kind)
{
        return (struct cose_sign1_kind){ COSE_EDDSA, kind->content_type, kind->aad };
}

mitome_status sign1_seal(const struct sign1_kind *kind, slice name, slice payload,
        const uint8_t secret[LETTER_SECRET_SIZE], writer *out, mitome_error *error)
{
        const struct cose_sign1_kind cose = cose_kind(kind);
        uint8_t signature[COSE_SIGN1_SIGNATURE_SIZE], bytes[TO_SIGN_MAX];
        writer w = WRITER(bytes);
        slice to_sign, whole;
        if (!sign1_is_name(name, LETTER_NAME_MAX) || payload.size > kind->payload_max)
                return fail(error, MITOME_E_ARGUMENT, "name or payload", kind->clause);
        cose_sign1_write_to_sign(&w, &cose, name, payload);
        MITOME_TRY(writer_finish(&w, "Sig_structure", &to_sign, error));
        if (crypto_sign_detached(signature, NULL, to_sign.data, to_sign.size, secret) != 0)
                return fail(error, MITOME_E_CRYPTO_FAILED, "signature", kind->clause);
        cose_sign1_write(out, &cose, name, NULL, 0, payload, SLICE(signature));
        return writer_finish(out, "COSE_Sign1", &whole, error);
}

mitome_status sign1_read(const struct sign1_kind *kind, struct cbor_reader *r, struct sign1 *ret)
{
        const struct cbor_reader start = *r;
        const struct cose_sign1_kind cose = cose_kind(kind);
        const struct cose_sign1_form form = { &cose, 1, kind->form, kind->form, LETTER_NAME_MAX, 0,
                kind->payload_max };
        struct cose_sign1 note;
        MITOME_TRY(cose_sign1_read(r, &form, &note));
        if (!sign1_is_name(note.key_id, LETTER_NAME_MAX))
                return reader_fail(&start.bytes, kind->form, "protected");
        *ret = (struct sign1){ note.key_id, note.payload, note.signature };
        return ok();
}

mitome_status sign1_verify(const struct sign1_kind *kind, const struct sign1 *note,
        const uint8_t key[LETTER_KEY_SIZE], mitome_error *error)
{
        const struct cose_sign1_kind cose = cose_kind(kind);
        uint8_t bytes[TO_SIGN_MAX];
        writer w = WRITER(bytes);
        slice to_sign;
        cose_sign1_write_to_sign(&w, &cose, note->name, note->payload);
        MITOME_TRY(writer_finish(&w, "Sig_structure", &to_sign, error));
        if (crypto_sign_verify_detached(note->signature.data, to_sign.data, to_sign.size, key) != 0)
                return fail(error, MITOME_E_SIGNATURE_INVALID, "signature", kind->clause);
        return ok();
}
