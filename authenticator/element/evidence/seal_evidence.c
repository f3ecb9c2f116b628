/* SPDX-License-Identifier: Apache-2.0 */
#include "data_fields.h"
#include "der.h"
#include "element_internal.h"
#include "signing_key.h"
#include "tlv.h"

enum { OPTION_PRESENT = 0x02, TAG_CERTIFICATE = 0x82, COORDINATE = COSE_SIGN1_SIGNATURE_SIZE / 2 };

/* Given to whoever reads the phone in passing, evidence would be a beacon to follow it by; and without a
 * touch a program could show the evidence of a phone that its holder does not have in hand. */
uint16_t evidence_permitted(const struct mitome_element *element, slice options)
{
        bool present = options.size && options.data[0] == OPTION_PRESENT;
        return present && !element->contactless ? SW_OK : SW_CONDITIONS;
}

/* COSE has r and s side by side (RFC 9053 2.1), OpenSSL in DER. */
static mitome_status write_raw(slice der, writer *w)
{
        slice content, number;
        reader r = reader_over(der, NULL, NULL);
        MITOME_TRY(der_read(&r, NULL, DER_SEQUENCE, &content, NULL));
        r = reader_within(&r, content);
        for (int i = 0; i < 2; i++) {
                MITOME_TRY(der_read_positive(&r, NULL, &number));
                if (number.size > COORDINATE)
                        return fail(NULL, MITOME_E_CRYPTO_FAILED, NULL, NULL);
                for (size_t pad = number.size; pad < COORDINATE; pad++)
                        write_u8(w, 0);
                write_slice(w, number);
        }
        return ok();
}

static uint16_t sign_payload(const struct mitome_element *element, enum evidence_kind kind, slice payload,
        uint8_t ret_signature[COSE_SIGN1_SIGNATURE_SIZE])
{
        uint8_t to_sign[EVIDENCE_PAYLOAD_MAX + 128], der[SIGNATURE_MAX];
        writer w = WRITER(to_sign), signature = WRITER(der),
               raw = writer_over(ret_signature, COSE_SIGN1_SIGNATURE_SIZE);
        cose_sign1_write_to_sign(&w, &evidence_kinds[kind], (slice){ 0 }, payload);
        if (w.overflowed)
                return SW_UNKNOWN;
        const slice part = writer_view(&w);
        SW_TRY(device_key_sign(element, &part, 1, &signature));
        return element_sw(write_raw(writer_view(&signature), &raw));
}

uint16_t evidence_seal(
        const struct mitome_element *element, enum evidence_kind kind, slice payload, writer *answer)
{
        uint8_t bytes[EVIDENCE_MAX], signature[COSE_SIGN1_SIGNATURE_SIZE];
        writer w = WRITER(bytes);
        slice chain[COSE_SIGN1_CHAIN_MAX];
        size_t count = 0;
        reader r = reader_over(device_certificates(element), NULL, NULL);
        SW_TRY(sign_payload(element, kind, payload, signature));
        while (count < COSE_SIGN1_CHAIN_MAX && fields_next(&r, TAG_CERTIFICATE, &chain[count]))
                count++;
        cose_sign1_write(&w, &evidence_kinds[kind], (slice){ 0 }, chain, count, payload, SLICE(signature));
        if (w.overflowed)
                return SW_UNKNOWN;
        tlv_write(answer, 0x80, writer_view(&w));
        return SW_OK;
}
