/* SPDX-License-Identifier: Apache-2.0 */
#include "sign1.h"

#include <sodium.h>

enum { HEADER_ALG = 1, HEADER_CONTENT_TYPE = 3, HEADER_KEY_ID = 4, ALG_EDDSA = -8 };
enum { PROTECTED_MAX = 96, TO_SIGN_MAX = SIGN1_PAYLOAD_MAX + 256 };

bool sign1_is_name(slice text, size_t max)
{
        for (size_t i = 0; i < text.size; i++) {
                uint8_t c = text.data[i];
                if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
                        return false;
        }
        return text.size > 0 && text.size <= max;
}

static void write_protected(writer *w, const struct sign1_kind *kind, slice name)
{
        cbor_write_map(w, 3);
        cbor_write_int(w, HEADER_ALG);
        cbor_write_int(w, ALG_EDDSA);
        cbor_write_int(w, HEADER_CONTENT_TYPE);
        cbor_write_string(w, kind->content_type);
        cbor_write_int(w, HEADER_KEY_ID);
        cbor_write_bytes(w, name);
}

/* The Sig_structure, RFC 9052 4.4. */
static mitome_status write_to_sign(
        writer *w, const struct sign1_kind *kind, slice name, slice payload, slice *ret, mitome_error *error)
{
        uint8_t bytes[PROTECTED_MAX];
        writer protected = WRITER(bytes);
        write_protected(&protected, kind, name);
        cbor_write_array(w, 4);
        cbor_write_string(w, "Signature1");
        cbor_write_bytes(w, writer_view(&protected));
        cbor_write_bytes(w, slice_text(kind->aad));
        cbor_write_bytes(w, payload);
        return protected.overflowed ? fail(error, MITOME_E_BUFFER_FULL, "protected", kind->clause)
                                    : writer_finish(w, "Sig_structure", ret, error);
}

mitome_status sign1_seal(const struct sign1_kind *kind, slice name, slice payload,
        const uint8_t secret[LETTER_SECRET_SIZE], writer *out, mitome_error *error)
{
        uint8_t header[PROTECTED_MAX], signature[SIGN1_SIGNATURE_SIZE], bytes[TO_SIGN_MAX];
        writer protected = WRITER(header), w = WRITER(bytes);
        slice to_sign, whole;
        if (!sign1_is_name(name, LETTER_NAME_MAX) || payload.size > kind->payload_max)
                return fail(error, MITOME_E_ARGUMENT, "name or payload", kind->clause);
        MITOME_TRY(write_to_sign(&w, kind, name, payload, &to_sign, error));
        if (crypto_sign_detached(signature, NULL, to_sign.data, to_sign.size, secret) != 0)
                return fail(error, MITOME_E_CRYPTO_FAILED, "signature", kind->clause);
        write_protected(&protected, kind, name);
        cbor_write_array(out, 4);
        cbor_write_bytes(out, writer_view(&protected));
        cbor_write_map(out, 0);
        cbor_write_bytes(out, payload);
        cbor_write_bytes(out, SLICE(signature));
        return writer_finish(out, "COSE_Sign1", &whole, error);
}

/* The header is one byte string but for the name, so that nothing else in it is left to interpret: what is
 * read is written again and compared. */
static mitome_status read_protected(const struct sign1_kind *kind, struct cbor_reader *r, slice *ret_name)
{
        const struct cbor_reader start = *r;
        uint8_t bytes[PROTECTED_MAX];
        writer w = WRITER(bytes);
        slice header;
        MITOME_TRY(cbor_read_bytes(r, "protected", PROTECTED_MAX, &header));
        write_protected(&w, kind, slice_of(NULL, 0));
        /* Before the name stands what an empty one would have, but for the head of the name itself. */
        size_t before = writer_view(&w).size - 1;
        reader inner = reader_within(&r->bytes, header);
        slice fixed, key_id;
        struct cbor_reader name = *r;
        if (header.size <= before)
                return reader_fail(&start.bytes, kind->form, "protected");
        MITOME_TRY(read_bytes(&inner, "protected", before, &fixed));
        if (!slice_equal(fixed, slice_of(bytes, before)))
                return reader_fail(&start.bytes, kind->form, "protected");
        name.bytes = inner;
        MITOME_TRY(cbor_read_bytes(&name, "kid", LETTER_NAME_MAX, &key_id));
        MITOME_TRY(cbor_end(&name, "protected"));
        if (!sign1_is_name(key_id, LETTER_NAME_MAX))
                return reader_fail(&start.bytes, kind->form, "protected");
        *ret_name = key_id;
        return ok();
}

static mitome_status read_unprotected(struct cbor_reader *r)
{
        struct cbor_members map;
        struct cbor_key key;
        bool more;
        MITOME_TRY(cbor_open_map(r, "unprotected", 0, &map));
        return cbor_next_key(r, &map, &key, &more);
}

mitome_status sign1_read(const struct sign1_kind *kind, struct cbor_reader *r, struct sign1 *ret)
{
        enum { PARTS = 4 };
        const struct cbor_reader start = *r;
        struct cbor_members array;
        struct sign1 note = { 0 };
        MITOME_TRY(cbor_open_array(r, "COSE_Sign1", PARTS, &array));
        if (array.left != PARTS)
                return reader_fail(&start.bytes, kind->form, "COSE_Sign1");
        for (size_t part = 0; cbor_next_element(r, &array); part++) {
                mitome_status status =
                        part == 0   ? read_protected(kind, r, &note.name)
                        : part == 1 ? read_unprotected(r)
                        : part == 2 ? cbor_read_bytes(r, "payload", kind->payload_max, &note.payload)
                                    : cbor_read_fixed(r, "signature", SIGN1_SIGNATURE_SIZE, &note.signature);
                MITOME_TRY(status);
        }
        *ret = note;
        return ok();
}

mitome_status sign1_verify(const struct sign1_kind *kind, const struct sign1 *note,
        const uint8_t key[LETTER_KEY_SIZE], mitome_error *error)
{
        uint8_t bytes[TO_SIGN_MAX];
        writer w = WRITER(bytes);
        slice to_sign;
        MITOME_TRY(write_to_sign(&w, kind, note->name, note->payload, &to_sign, error));
        if (crypto_sign_verify_detached(note->signature.data, to_sign.data, to_sign.size, key) != 0)
                return fail(error, MITOME_E_SIGNATURE_INVALID, "signature", kind->clause);
        return ok();
}
