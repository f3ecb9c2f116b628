/* SPDX-License-Identifier: Apache-2.0 */
#include "element_internal.h"

static const struct {
        enum jpki_ef ef;
        enum jpki_kind kind;
} files[] = {
        { JPKI_SIGN_CERTIFICATE, JPKI_KIND_CERTIFICATE },
        { JPKI_SIGN_CA, JPKI_KIND_CERTIFICATE },
        { JPKI_TOKEN_INFO, JPKI_KIND_INFO },
        { JPKI_AUTH_CERTIFICATE, JPKI_KIND_CERTIFICATE },
        { JPKI_AUTH_CA, JPKI_KIND_CERTIFICATE },
        { JPKI_AUTH_KEY, JPKI_KIND_KEY },
        { JPKI_AUTH_PIN, JPKI_KIND_SECRET },
        { JPKI_SIGN_KEY, JPKI_KIND_KEY },
        { JPKI_SIGN_PASSWORD, JPKI_KIND_SECRET },
};

enum { FILE_COUNT = sizeof files / sizeof *files };

static void forget(struct mitome_element *element)
{
        element->jpki = (struct jpki){ 0 };
}

/* The PIN is the FIDO applet's too, and stays. */
static uint16_t erase(struct mitome_element *element)
{
        SW_TRY(element_delete(element, OBJECT_PASSWORD));
        return element_erase(element, OBJECT_JPKI_FILE, OBJECT_JPKI_FILE + 0xFF);
}

uint16_t jpki_current_is(const struct mitome_element *element, enum jpki_kind kind)
{
        for (size_t i = 0; i < FILE_COUNT; i++)
                if (files[i].ef == element->jpki.current)
                        return files[i].kind == kind ? SW_OK : SW_WRONG_FILE_TYPE;
        return SW_NO_CURRENT_FILE;
}

/* Who opens what. On a phone the user-verification certificate is read after the PIN only; on the plastic
 * card it is free. */
bool jpki_is_opened(const struct jpki *jpki, enum jpki_ef ef)
{
        switch (ef) {
        case JPKI_SIGN_CERTIFICATE:
        case JPKI_SIGN_KEY:
        case JPKI_SIGN_PASSWORD:
                return jpki->password_verified;
        case JPKI_AUTH_CERTIFICATE:
        case JPKI_AUTH_KEY:
        case JPKI_AUTH_PIN:
                return jpki->pin_verified;
        case JPKI_SIGN_CA:
        case JPKI_AUTH_CA:
        case JPKI_TOKEN_INFO:
                return true;
        case JPKI_NO_EF:
        default:
                return false;
        }
}

/* SELECT EF: 00 A4 02 0C 02 <number>. */
static uint16_t select_file(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        (void)answer;
        uint16_t number;
        reader r = reader_over(command->data, NULL, NULL);
        if (command->p1 != 0x02 || command->p2 != 0x0C)
                return SW_WRONG_P1P2;
        if (failed(read_u16(&r, "file", &number)) || failed(read_end(&r, "file")))
                return SW_WRONG_LENGTH;
        for (size_t i = 0; i < FILE_COUNT; i++) {
                if ((uint16_t)files[i].ef == number) {
                        element->jpki.current = files[i].ef;
                        return SW_OK;
                }
        }
        return SW_NOT_FOUND;
}

static uint16_t get_challenge(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        enum { CHALLENGE_MAX = 256 };
        if (command->p1 || command->p2)
                return SW_WRONG_P1P2;
        if (command->data.size || command->expected == 0 || command->expected > CHALLENGE_MAX)
                return SW_WRONG_LENGTH;
        uint8_t *space = write_space(answer, command->expected);
        return space ? element_random(element, space, command->expected) : SW_UNKNOWN;
}

static const struct command commands[] = {
        { 0x00, 0xA4, COMMAND_OPEN, select_file },
        { 0x00, 0xB0, COMMAND_OPEN, jpki_read_binary },
        { 0x00, 0x20, COMMAND_OPEN, jpki_verify },
        { 0x00, 0x24, COMMAND_OPEN, jpki_change },
        { 0x00, 0x84, COMMAND_OPEN, get_challenge },
        { 0x80, 0x2A, COMMAND_OPEN, jpki_sign },
        { 0x80, 0x46, COMMAND_PROTECTED, jpki_generate_key_pair },
        { 0x80, 0xD6, COMMAND_PROTECTED, jpki_update_binary },
        { 0x80, 0x2C, COMMAND_PROTECTED, jpki_set_reference_data },
        { 0x80, 0x4A, COMMAND_PROTECTED, evidence_set_lease },
        { 0x80, 0x4C, COMMAND_OPEN, evidence_get_lease },
};

static const uint8_t aid[] = { 0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01 };

const struct applet jpki_applet = {
        .name = "JPKI",
        .aid = { aid, sizeof aid },
        .commands = commands,
        .count = sizeof commands / sizeof *commands,
        .forget = forget,
        .erase = erase,
};
