/* SPDX-License-Identifier: Apache-2.0 */
#include "relay_message.h"

enum relay_member { AT_SESSION = 1, AT_NUMBER = 2, AT_APDU = 3, AT_CODE = 4 };

static const char clause[] = "relay_message.h";

void relay_message_write(writer *w, const struct relay_message *message)
{
        cbor_write_map(w, message->begins ? 0 : 3);
        if (message->begins)
                return;
        cbor_write_int(w, AT_SESSION);
        cbor_write_bytes(w, SLICE(message->session));
        cbor_write_int(w, AT_NUMBER);
        cbor_write_uint(w, message->number);
        cbor_write_int(w, message->ends ? AT_CODE : AT_APDU);
        if (message->ends)
                cbor_write_uint(w, (uint64_t)message->code);
        else
                cbor_write_bytes(w, message->apdu);
}

static mitome_status read_member(
        struct cbor_reader *r, int64_t number, struct relay_message *message, mitome_error *error)
{
        slice session;
        uint64_t value = 0;
        switch (number) {
        case AT_SESSION:
                MITOME_TRY(cbor_read_fixed(r, "relay.session", RELAY_SESSION_SIZE, &session));
                return slice_copy(session, "relay.session", message->session, sizeof message->session, error);
        case AT_NUMBER:
                MITOME_TRY(cbor_read_uint(r, "relay.number", RELAY_NUMBER_MAX, &value));
                message->number = (uint32_t)value;
                return ok();
        case AT_APDU:
                return cbor_read_bytes(r, "relay.apdu", MITOME_APDU_MAX, &message->apdu);
        case AT_CODE:
                MITOME_TRY(cbor_read_uint(r, "relay.code", INT16_MAX, &value));
                message->ends = true;
                message->code = (mitome_code)value;
                return ok();
        default:
                return fail(error, MITOME_E_VALUE, "relay", clause);
        }
}

mitome_status relay_message_read(slice bytes, struct relay_message *ret, mitome_error *error)
{
        struct cbor_reader r = cbor_over(bytes, clause, error);
        struct relay_message message = { 0 };
        struct cbor_members map;
        struct cbor_key key;
        unsigned seen = 0;
        MITOME_TRY(cbor_open_map(&r, "relay", 3, &map));
        for (bool more;;) {
                MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
                if (!more)
                        break;
                if (key.is_text || key.number < AT_SESSION || key.number > AT_CODE)
                        return fail(error, MITOME_E_VALUE, "relay", clause);
                MITOME_TRY(read_member(&r, key.number, &message, error));
                seen |= 1u << key.number;
        }
        MITOME_TRY(cbor_end(&r, "relay"));
        message.begins = seen == 0;
        const unsigned both = 1u << AT_SESSION | 1u << AT_NUMBER;
        if (seen != 0 && seen != (both | 1u << AT_APDU) && seen != (both | 1u << AT_CODE))
                return fail(error, MITOME_E_MISSING, "relay", clause);
        *ret = message;
        return ok();
}
