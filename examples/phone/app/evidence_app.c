/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence_app.h"

#include "tlv.h"

enum { TOUCHED = 0x02, ACKNOWLEDGE = 0x42, FIELDS_MAX = 128 };

static const uint8_t instructions[] = { [EVIDENCE_RECEIPT] = 0x40, [EVIDENCE_STATEMENT] = 0x44 };

static mitome_status exchange(struct mitome_enforcer *enforcer, const struct apdu_command *command,
        uint8_t response[EVIDENCE_ANSWER_MAX], slice *ret_data, uint16_t *ret_sw, mitome_error *error)
{
        uint8_t bytes[FIELDS_MAX + 16];
        writer w = WRITER(bytes);
        slice request;
        size_t size;
        apdu_write_command(&w, command);
        MITOME_TRY(writer_finish(&w, "command", &request, error));
        MITOME_TRY(mitome_enforcer_transmit(enforcer, request, response, EVIDENCE_ANSWER_MAX, &size, error));
        MITOME_TRY(apdu_read_response(slice_of(response, size), ret_data, ret_sw, error));
        return *ret_sw == SW_OK ? ok() : fail(error, MITOME_E_APDU_STATUS, sw_text(*ret_sw), NULL);
}

mitome_status evidence_fetch(struct mitome_enforcer *enforcer, enum evidence_kind kind, slice nonce,
        struct evidence_answer *ret, uint16_t *ret_sw, mitome_error *error)
{
        uint8_t fields[FIELDS_MAX];
        writer w = WRITER(fields);
        slice data, answer;
        if (nonce.size)
                tlv_write(&w, 0x80, nonce);
        tlv_write_u8(&w, 0x85, TOUCHED);
        MITOME_TRY(writer_finish(&w, "nonce", &data, error));
        const struct apdu_command command = {
                .cla = 0x80, .ins = instructions[kind], .data = data, .expected = 65536
        };
        MITOME_TRY(exchange(enforcer, &command, ret->bytes, &answer, ret_sw, error));
        MITOME_TRY(tlv_find(answer, 0x80, "evidence", &ret->evidence, error));
        if (kind != EVIDENCE_RECEIPT)
                return ok();
        MITOME_TRY(tlv_find_fixed(answer, 0x81, "number", 4, &ret->number, error));
        return tlv_find_fixed(answer, 0x82, "digest", 32, &ret->digest, error);
}

mitome_status evidence_acknowledge(struct mitome_enforcer *enforcer, const struct evidence_answer *receipt,
        uint16_t *ret_sw, mitome_error *error)
{
        uint8_t fields[FIELDS_MAX], response[EVIDENCE_ANSWER_MAX];
        writer w = WRITER(fields);
        slice nothing;
        tlv_write(&w, 0x81, receipt->number);
        tlv_write(&w, 0x82, receipt->digest);
        return exchange(enforcer,
                &(struct apdu_command){ .cla = 0x80, .ins = ACKNOWLEDGE, .data = writer_view(&w) }, response,
                &nothing, ret_sw, error);
}
