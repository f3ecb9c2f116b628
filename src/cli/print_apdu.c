/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu.h"
#include "print.h"

enum { SHOWN = 16 };

/* What the element's commands are called; P1 decides where one INS has several meanings (0 is any). */
static const struct {
        uint8_t cla, ins;
        const char *name;
        bool secret; /* the data is a PIN or a password */
} names[] = {
        { 0x00, 0xA4, "SELECT", false },
        { 0x00, 0x20, "VERIFY", true },
        { 0x00, 0x24, "CHANGE REFERENCE DATA", true },
        { 0x00, 0xB0, "READ BINARY", false },
        { 0x00, 0x84, "GET CHALLENGE", false },
        { 0x80, 0x2A, "COMPUTE DIGITAL SIGNATURE", false },
        { 0x80, 0x50, "INITIALIZE UPDATE", false },
        { 0x84, 0x82, "EXTERNAL AUTHENTICATE", false },
        { 0x80, 0x10, "GET STATE", false },
        { 0x80, 0x12, "KEY AGREEMENT", false },
        { 0x80, 0x14, "GET PIN TOKEN", false },
        { 0x80, 0x20, "BEGIN", false },
        { 0x80, 0x24, "MAKE CREDENTIAL", false },
        { 0x80, 0x26, "GET ASSERTION", false },
        { 0x80, 0x2E, "ABANDON", false },
        { 0x80, 0x2C, "CHECK", false },
        { 0x84, 0x30, "STORE BATCH KEY (sealed)", false },
        { 0x84, 0x32, "PAIR (sealed)", false },
        { 0x84, 0x34, "SET PIN (sealed)", false },
        { 0x84, 0x46, "GENERATE KEY PAIR (sealed)", false },
        { 0x84, 0xD6, "UPDATE BINARY (sealed)", false },
        { 0x84, 0x2C, "SET REFERENCE DATA (sealed)", false },
};

static void print_command(FILE *out, const struct apdu_command *command)
{
        const char *name = "command";
        bool secret = false;
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
                if (names[i].cla == command->cla && names[i].ins == command->ins) {
                        name = names[i].name;
                        secret = names[i].secret;
                }
        if (command->cla == 0x80 && command->ins == 0x2A && command->p1 == 0 && command->p2 == 0)
                name = "CONFIRM ENROLMENT"; /* the FIDO applet's; the JPKI applet's has P2 80 */
        fprintf(out, "APDU > %02X %02X %02X %02X %s", command->cla, command->ins, command->p1, command->p2,
                name);
        if (command->data.size) {
                fprintf(out, ", %zu bytes", command->data.size);
                if (!secret) {
                        fputs(": ", out);
                        print_hex(out, command->data, SHOWN);
                }
        }
        if (command->expected)
                fprintf(out, ", Ne %zu", command->expected);
        fputc('\n', out);
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
