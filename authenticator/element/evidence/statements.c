/* SPDX-License-Identifier: Apache-2.0 */
#include "contents.h"
#include "data_fields.h"
#include "element_internal.h"

static void write_number(writer *w, enum evidence_member member, uint32_t value)
{
        cbor_write_int(w, member);
        cbor_write_uint(w, value);
}

static void write_payload(const struct mitome_element *element, slice nonce, writer *w)
{
        enum { MEMBERS = 8 + CONTENTS_MEMBERS };
        cbor_write_map(w, MEMBERS);
        write_number(w, EVIDENCE_AT_VERSION, EVIDENCE_VERSION);
        write_number(w, EVIDENCE_AT_SEQUENCE, receipts_last(element));
        cbor_write_int(w, EVIDENCE_AT_IDENTITY);
        cbor_write_text(w, device_identity(element));
        (void)contents_write(element, CONTENTS_ALL, EVIDENCE_OTHERS, w);
        write_number(w, EVIDENCE_AT_DROPPED, receipts_dropped(element));
        cbor_write_int(w, EVIDENCE_AT_NONCE);
        cbor_write_bytes(w, nonce);
        write_number(w, EVIDENCE_AT_PENDING, (uint32_t)receipts_pending(element));
        write_number(w, EVIDENCE_AT_LEASE, lease_left(element));
        write_number(w, EVIDENCE_AT_LIFE_CYCLE, card_life(element));
}

uint16_t evidence_get_statement(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        slice nonce, options;
        uint8_t bytes[EVIDENCE_PAYLOAD_MAX];
        writer payload = WRITER(bytes);
        const struct field fields[] = {
                { 0x80, FIELD_REQUIRED, EVIDENCE_NONCE_MIN, EVIDENCE_NONCE_MAX, &nonce },
                { 0x85, FIELD_REQUIRED, 1, 1, &options },
        };
        SW_TRY(fields_read(command->data, fields, sizeof fields / sizeof *fields));
        SW_TRY(evidence_permitted(element, options));
        write_payload(element, nonce, &payload);
        return payload.overflowed ? SW_UNKNOWN
                                  : evidence_seal(element, EVIDENCE_STATEMENT, writer_view(&payload), answer);
}
