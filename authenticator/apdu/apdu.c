/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu.h"

enum { SHORT_DATA_MAX = 255, SHORT_EXPECTED_MAX = 256, EXTENDED_EXPECTED_MAX = 65536, HEADER_SIZE = 4 };

static const char clause[] = "ISO 7816-4 5.2";

static mitome_status wrong_length(const reader *r)
{
        return reader_fail(r, MITOME_E_APDU_LENGTH, "command APDU");
}

/* An Le field: zero stands for the largest value. */
static size_t expected_from(size_t coded, size_t largest)
{
        return coded ? coded : largest;
}

/* Cases 2S, 3S, 4S: what follows the header begins with a length that is not zero, or is a single byte. */
static mitome_status read_short(reader *r, struct apdu_command *command)
{
        uint8_t length;
        MITOME_TRY(read_u8(r, "Lc or Le", &length));
        if (r->rest.size == 0) {
                command->expected = expected_from(length, SHORT_EXPECTED_MAX);
                return ok();
        }
        if (r->rest.size < length || r->rest.size > (size_t)length + 1)
                return wrong_length(r);
        MITOME_TRY(read_bytes(r, "data", length, &command->data));
        if (r->rest.size) {
                uint8_t expected;
                MITOME_TRY(read_u8(r, "Le", &expected));
                command->expected = expected_from(expected, SHORT_EXPECTED_MAX);
        }
        return ok();
}

/* Cases 2E, 3E, 4E: a zero byte, then lengths of two bytes each. */
static mitome_status read_extended(reader *r, struct apdu_command *command)
{
        uint8_t zero;
        uint16_t length;
        command->extended = true;
        MITOME_TRY(read_u8(r, "Lc or Le", &zero));
        MITOME_TRY(read_u16(r, "Lc or Le", &length));
        if (r->rest.size == 0) {
                command->expected = expected_from(length, EXTENDED_EXPECTED_MAX);
                return ok();
        }
        if (length == 0 || (r->rest.size != length && r->rest.size != (size_t)length + 2))
                return wrong_length(r);
        MITOME_TRY(read_bytes(r, "data", length, &command->data));
        if (r->rest.size) {
                uint16_t expected;
                MITOME_TRY(read_u16(r, "Le", &expected));
                command->expected = expected_from(expected, EXTENDED_EXPECTED_MAX);
        }
        return ok();
}

mitome_status apdu_read_command(slice input, struct apdu_command *ret, mitome_error *error)
{
        struct apdu_command command = { 0 };
        reader r = reader_over(input, clause, error);
        MITOME_TRY(read_u8(&r, "CLA", &command.cla));
        MITOME_TRY(read_u8(&r, "INS", &command.ins));
        MITOME_TRY(read_u8(&r, "P1", &command.p1));
        MITOME_TRY(read_u8(&r, "P2", &command.p2));
        if (r.rest.size > 1 && r.rest.data[0] == 0) {
                if (r.rest.size < 3)
                        return wrong_length(&r);
                MITOME_TRY(read_extended(&r, &command));
        } else if (r.rest.size) {
                MITOME_TRY(read_short(&r, &command));
        }
        MITOME_TRY(read_end(&r, "command APDU"));
        *ret = command;
        return ok();
}

static void write_extended_lengths(writer *w, const struct apdu_command *command)
{
        if (command->data.size == 0 && command->expected == 0)
                return;
        write_u8(w, 0);
        if (command->data.size) {
                write_u16(w, (uint16_t)command->data.size);
                write_slice(w, command->data);
        }
        if (command->expected)
                write_u16(w, (uint16_t)command->expected); /* 65536 is coded 0000 */
}

static void write_short_lengths(writer *w, const struct apdu_command *command)
{
        if (command->data.size) {
                write_u8(w, (uint8_t)command->data.size);
                write_slice(w, command->data);
        }
        if (command->expected)
                write_u8(w, (uint8_t)command->expected); /* 256 is coded 00 */
}

void apdu_write_command(writer *w, const struct apdu_command *command)
{
        if (command->data.size > UINT16_MAX || command->expected > EXTENDED_EXPECTED_MAX) {
                w->overflowed = true;
                return;
        }
        write_u8(w, command->cla);
        write_u8(w, command->ins);
        write_u8(w, command->p1);
        write_u8(w, command->p2);
        if (command->extended || command->data.size > SHORT_DATA_MAX ||
                command->expected > SHORT_EXPECTED_MAX)
                write_extended_lengths(w, command);
        else
                write_short_lengths(w, command);
}

mitome_status apdu_read_response(slice input, slice *ret_data, uint16_t *ret_sw, mitome_error *error)
{
        if (input.size < 2)
                return fail_at(error, MITOME_E_APDU_LENGTH, input.size, "response APDU", "ISO 7816-4 5.3.2");
        reader r = reader_over(input, "ISO 7816-4 5.3.2", error);
        slice data;
        MITOME_TRY(read_bytes(&r, "data", input.size - 2, &data));
        MITOME_TRY(read_u16(&r, "SW", ret_sw));
        *ret_data = data;
        return ok();
}
