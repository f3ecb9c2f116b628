/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence_form.h"

#include "cose.h"

enum { HEADER_ALG = 1, HEADER_CONTENT_TYPE = 3 };

/* Both the header and the aad tell the kinds apart: whoever takes a signature of one for the other has left
 * out both. */
static const struct {
        const char *content_type, *aad;
} kinds[EVIDENCE_KINDS] = {
        [EVIDENCE_RECEIPT] = { "application/x.mitome.receipt+cbor", "mitome receipt 1" },
        [EVIDENCE_STATEMENT] = { "application/x.mitome.statement+cbor", "mitome statement 1" },
};

void evidence_write_protected(writer *w, enum evidence_kind kind)
{
        cbor_write_map(w, 2);
        cbor_write_int(w, HEADER_ALG);
        cbor_write_int(w, COSE_ES256);
        cbor_write_int(w, HEADER_CONTENT_TYPE);
        cbor_write_string(w, kinds[kind].content_type);
}

void evidence_write_to_sign(writer *w, enum evidence_kind kind, slice payload)
{
        enum { PROTECTED_MAX = 64 };
        uint8_t bytes[PROTECTED_MAX];
        writer protected = WRITER(bytes);
        evidence_write_protected(&protected, kind);
        cbor_write_array(w, 4);
        cbor_write_string(w, "Signature1");
        cbor_write_bytes(w, writer_view(&protected));
        cbor_write_bytes(w, slice_text(kinds[kind].aad));
        cbor_write_bytes(w, payload);
}
