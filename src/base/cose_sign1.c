/* SPDX-License-Identifier: Apache-2.0 */
#include "cose_sign1.h"

enum { HEADER_ALG = 1, HEADER_CONTENT_TYPE = 3, HEADER_KEY_ID = 4, PARTS = 4 };
enum { PROTECTED_ROOM = COSE_SIGN1_PROTECTED_MAX + COSE_SIGN1_KEY_ID_MAX };

/* ---- reading ---- */

/* The key_id of what may be a header; nothing when it is none. */
static slice find_key_id(slice header, size_t max)
{
        struct cbor_reader r = cbor_over(header, NULL, NULL);
        const slice nothing = { 0 };
        struct cbor_members map;
        struct cbor_key key;
        slice key_id;
        if (failed(cbor_open_map(&r, NULL, 3, &map)))
                return nothing;
        for (bool more; !failed(cbor_next_key(&r, &map, &key, &more)) && more;) {
                if (!key.is_text && key.number == HEADER_KEY_ID)
                        return failed(cbor_read_bytes(&r, NULL, max, &key_id)) ? nothing : key_id;
                if (failed(cbor_skip(&r, NULL)))
                        return nothing;
        }
        return nothing;
}

/* What is read is written again and compared, so that nothing else in a header is left to interpret. */
static mitome_status read_protected(
        struct cbor_reader *r, const struct cose_sign1_form *form, struct cose_sign1 *sign1)
{
        const struct cbor_reader start = *r;
        slice header;
        MITOME_TRY(cbor_read_bytes(r, "protected", COSE_SIGN1_PROTECTED_MAX + form->key_id_max, &header));
        if (form->key_id_max)
                sign1->key_id = find_key_id(header, form->key_id_max);
        for (size_t kind = 0; kind < form->kind_count; kind++) {
                uint8_t bytes[PROTECTED_ROOM];
                writer w = WRITER(bytes);
                cose_sign1_write_protected(&w, &form->kinds[kind], sign1->key_id);
                if (slice_equal(header, writer_view(&w)) && !sign1->key_id.size == !form->key_id_max) {
                        sign1->kind = kind;
                        return ok();
                }
        }
        return reader_fail(&start.bytes, form->protected_code, "protected");
}

static mitome_status read_certificate(
        struct cbor_reader *r, const struct cose_sign1_form *form, struct cose_sign1 *sign1)
{
        const struct cbor_reader start = *r;
        slice *certificate = &sign1->chain[sign1->chain_count];
        MITOME_TRY(cbor_read_bytes(r, "x5chain", form->certificate_max, certificate));
        if (certificate->size == 0)
                return reader_fail(&start.bytes, form->unprotected_code, "x5chain");
        sign1->chain_at[sign1->chain_count++] = r->bytes.offset - certificate->size;
        return ok();
}

/* RFC 9360 2: "If there is more than one certificate": an array of two or more, else a byte string. */
static mitome_status read_chain(
        struct cbor_reader *r, const struct cose_sign1_form *form, struct cose_sign1 *sign1)
{
        const struct cbor_reader start = *r;
        enum cbor_kind kind;
        struct cbor_members array;
        MITOME_TRY(cbor_peek(r, "x5chain", &kind));
        if (kind == CBOR_KIND_BYTES)
                return read_certificate(r, form, sign1);
        MITOME_TRY(cbor_open_array(r, "x5chain", COSE_SIGN1_CHAIN_MAX, &array));
        if (array.left < 2)
                return reader_fail(&start.bytes, form->unprotected_code, "x5chain");
        while (cbor_next_element(r, &array))
                MITOME_TRY(read_certificate(r, form, sign1));
        return ok();
}

static mitome_status read_unprotected(
        struct cbor_reader *r, const struct cose_sign1_form *form, struct cose_sign1 *sign1)
{
        const struct cbor_reader start = *r;
        struct cbor_members map;
        struct cbor_key key;
        bool more;
        MITOME_TRY(cbor_open_map(r, "unprotected", form->certificate_max ? 1 : 0, &map));
        MITOME_TRY(cbor_next_key(r, &map, &key, &more));
        if (!form->certificate_max)
                return ok();
        if (!more)
                return reader_fail(&start.bytes, MITOME_E_MISSING, "x5chain");
        if (key.is_text || key.number != COSE_X5CHAIN)
                return reader_fail(&start.bytes, form->unprotected_code, "unprotected");
        MITOME_TRY(read_chain(r, form, sign1));
        return cbor_next_key(r, &map, &key, &more);
}

mitome_status cose_sign1_read(
        struct cbor_reader *r, const struct cose_sign1_form *form, struct cose_sign1 *ret)
{
        const struct cbor_reader start = *r;
        struct cbor_members array;
        struct cose_sign1 sign1 = { 0 };
        MITOME_TRY(cbor_open_array(r, "COSE_Sign1", PARTS, &array));
        if (array.left != PARTS)
                return reader_fail(&start.bytes, form->protected_code, "COSE_Sign1");
        for (size_t part = 0; cbor_next_element(r, &array); part++) {
                mitome_status status =
                        part == 0   ? read_protected(r, form, &sign1)
                        : part == 1 ? read_unprotected(r, form, &sign1)
                        : part == 2 ? cbor_read_bytes(r, "payload", form->payload_max, &sign1.payload)
                                    : cbor_read_fixed(
                                              r, "signature", COSE_SIGN1_SIGNATURE_SIZE, &sign1.signature);
                MITOME_TRY(status);
        }
        *ret = sign1;
        return ok();
}

bool cose_sign1_recognise(slice cose, const struct cose_sign1_form *form, size_t *ret_kind)
{
        struct cbor_reader r = cbor_over(cose, NULL, NULL);
        struct cbor_members array;
        struct cose_sign1 sign1 = { 0 };
        if (failed(cbor_open_array(&r, NULL, PARTS, &array)) || !cbor_next_element(&r, &array) ||
                failed(read_protected(&r, form, &sign1)))
                return false;
        *ret_kind = sign1.kind;
        return true;
}

/* ---- writing ---- */

void cose_sign1_write_protected(writer *w, const struct cose_sign1_kind *kind, slice key_id)
{
        cbor_write_map(w, key_id.size ? 3 : 2);
        cbor_write_int(w, HEADER_ALG);
        cbor_write_int(w, kind->algorithm);
        cbor_write_int(w, HEADER_CONTENT_TYPE);
        cbor_write_string(w, kind->content_type);
        if (key_id.size) {
                cbor_write_int(w, HEADER_KEY_ID);
                cbor_write_bytes(w, key_id);
        }
}

static void write_wrapped(writer *w, const struct cose_sign1_kind *kind, slice key_id)
{
        uint8_t bytes[PROTECTED_ROOM];
        writer protected = WRITER(bytes);
        cose_sign1_write_protected(&protected, kind, key_id);
        cbor_write_bytes(w, writer_view(&protected));
        w->overflowed |= protected.overflowed;
}

void cose_sign1_write_to_sign(writer *w, const struct cose_sign1_kind *kind, slice key_id, slice payload)
{
        cbor_write_array(w, PARTS);
        cbor_write_string(w, "Signature1");
        write_wrapped(w, kind, key_id);
        cbor_write_bytes(w, slice_text(kind->aad));
        cbor_write_bytes(w, payload);
}

void cose_sign1_write(writer *w, const struct cose_sign1_kind *kind, slice key_id, const slice *chain,
        size_t chain_count, slice payload, slice signature)
{
        cbor_write_array(w, PARTS);
        write_wrapped(w, kind, key_id);
        cbor_write_map(w, chain_count ? 1 : 0);
        if (chain_count)
                cbor_write_int(w, COSE_X5CHAIN);
        if (chain_count > 1)
                cbor_write_array(w, chain_count);
        for (size_t i = 0; i < chain_count; i++)
                cbor_write_bytes(w, chain[i]);
        cbor_write_bytes(w, payload);
        cbor_write_bytes(w, signature);
}
