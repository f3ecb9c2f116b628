/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu.h"
#include "print.h"

#include <string.h>

enum { SHOWN = 16 };

/* What the element's commands are called. */
static const struct {
        uint8_t cla, ins;
        const char *name;
} names[] = {
        { 0x00, 0xA4, "SELECT" },
        { 0x00, 0x20, "VERIFY" },
        { 0x00, 0x24, "CHANGE REFERENCE DATA" },
        { 0x00, 0xB0, "READ BINARY" },
        { 0x00, 0x84, "GET CHALLENGE" },
        { 0x80, 0x2A, "COMPUTE DIGITAL SIGNATURE" },
        { 0x80, 0x50, "INITIALIZE UPDATE" },
        { 0x84, 0x82, "EXTERNAL AUTHENTICATE" },
        { 0x80, 0x10, "GET STATE" },
        { 0x80, 0x12, "KEY AGREEMENT" },
        { 0x80, 0x14, "GET PIN TOKEN" },
        { 0x80, 0x16, "GET UV TOKEN" },
        { 0x80, 0x18, "RESET" },
        { 0x80, 0x1A, "FORGET TOKEN" },
        { 0x80, 0x1C, "CHANGE PIN" },
        { 0x80, 0x1E, "CONFIGURE" },
        { 0x80, 0x20, "BEGIN" },
        { 0x80, 0x22, "NEXT ASSERTION" },
        { 0x80, 0x24, "MAKE CREDENTIAL" },
        { 0x80, 0x26, "GET ASSERTION" },
        { 0x80, 0x28, "AUTHORISE" },
        { 0x80, 0x2E, "ABANDON" },
        { 0x80, 0x2C, "CHECK" },
        { 0x80, 0x40, "GET RECEIPT" },
        { 0x80, 0x42, "ACKNOWLEDGE RECEIPT" },
        { 0x80, 0x44, "GET STATEMENT" },
        { 0x80, 0x46, "MANAGE CREDENTIALS" },
        { 0x80, 0x4C, "GET LEASE" },
        { 0x80, 0x52, "U2F REGISTER" },
        { 0x80, 0x54, "U2F AUTHENTICATE" },
        { 0x80, 0x56, "SIGN DOCUMENT" },
        { 0x80, 0x58, "READ CERTIFICATE" },
        { 0x04, 0xA4, "SELECT (sealed)" },
        { 0x84, 0x30, "STORE BATCH KEY (sealed)" },
        { 0x84, 0x32, "PAIR (sealed)" },
        { 0x84, 0x34, "SET PIN (sealed)" },
        { 0x84, 0x36, "MAKE DEVICE KEY (sealed)" },
        { 0x84, 0x38, "STORE DEVICE CERTIFICATE (sealed)" },
        { 0x84, 0x3A, "SET ENTERPRISE LIST (sealed)" },
        { 0x84, 0x3C, "CONFIRM PAIRING (sealed)" },
        { 0x84, 0x4A, "SET LEASE (sealed)" },
        { 0x84, 0x46, "GENERATE KEY PAIR (sealed)" },
        { 0x84, 0xD6, "UPDATE BINARY (sealed)" },
        { 0x84, 0x2C, "SET REFERENCE DATA (sealed)" },
};

static const char *name_of(const struct apdu_command *command)
{
        if (command->cla == 0x80 && command->ins == 0x2A && command->p1 == 0 && command->p2 == 0)
                return "CONFIRM ENROLMENT"; /* the FIDO applet's; the JPKI applet's has P2 80 */
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
                if (names[i].cla == command->cla && names[i].ins == command->ins)
                        return names[i].name;
        return NULL;
}

/* VERIFY, CHANGE REFERENCE DATA and RESET RETRY COUNTER (ISO 7816-4, 11.5.6 to 11.5.10), in every
 * interindustry class and on every logical channel. In a proprietary class, the FIDO applet gives these
 * numbers another meaning, always with P2 00; with another P2 it is a VERIFY sent wrongly. */
static bool carries_secret(const struct apdu_command *command)
{
        bool instruction =
                command->ins == 0x20 || command->ins == 0x21 || command->ins == 0x24 || command->ins == 0x2C;
        return instruction && ((command->cla & 0x80) == 0 || command->p2 != 0);
}

static void print_command(FILE *out, const struct apdu_command *command)
{
        const char *name = name_of(command);
        fprintf(out, "APDU > %02X %02X %02X %02X %s", command->cla, command->ins, command->p1, command->p2,
                name ? name : "command");
        if (command->data.size) {
                fprintf(out, ", %zu bytes", command->data.size);
                if (!carries_secret(command)) {
                        fputs(": ", out);
                        print_hex(out, command->data, SHOWN);
                }
        }
        if (command->expected)
                fprintf(out, ", Ne %zu", command->expected);
        fputc('\n', out);
}

bool print_apdu_knows(bool command, slice apdu)
{
        struct apdu_command parsed = { 0 };
        slice data;
        uint16_t sw;
        if (!command)
                return !failed(apdu_read_response(apdu, &data, &sw, NULL)) &&
                       strcmp(sw_text(sw), sw_text(0)) != 0;
        reader r = reader_over(apdu, NULL, NULL); /* the header alone: the lengths may be what is wrong */
        return !failed(read_u8(&r, "CLA", &parsed.cla)) && !failed(read_u8(&r, "INS", &parsed.ins)) &&
               !failed(read_u8(&r, "P1", &parsed.p1)) && !failed(read_u8(&r, "P2", &parsed.p2)) &&
               name_of(&parsed) != NULL;
}

void print_apdu(FILE *out, bool command, slice apdu)
{
        struct apdu_command parsed;
        slice data;
        uint16_t sw;
        if (command && !failed(apdu_read_command(apdu, &parsed, NULL))) {
                print_command(out, &parsed);
        } else if (!command && !failed(apdu_read_response(apdu, &data, &sw, NULL))) {
                fprintf(out, "APDU < %04X %s", sw, sw_text(sw));
                if (data.size) {
                        fprintf(out, ", %zu bytes: ", data.size);
                        print_hex(out, data, SHOWN);
                }
                fputc('\n', out);
        } else {
                fprintf(out, "APDU %s malformed, %zu bytes\n", command ? ">" : "<", apdu.size);
        }
}
