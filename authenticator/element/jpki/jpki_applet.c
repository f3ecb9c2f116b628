/* SPDX-License-Identifier: Apache-2.0 */
#include "element_internal.h"
#include "user_pin.h"

static const struct {
        enum jpki_ef ef;
        enum jpki_kind kind;
        bool card_only;
        enum jpki_ef guard;    /* what has to be verified before it is read, used or changed */
        bool free_on_the_card; /* although a phone guards it */
} files[] = {
        { JPKI_SIGN_CERTIFICATE, JPKI_KIND_CERTIFICATE, false, JPKI_SIGN_PASSWORD, false },
        { JPKI_SIGN_CA, JPKI_KIND_CERTIFICATE, false, JPKI_NO_EF, false },
        { JPKI_TOKEN_INFO, JPKI_KIND_INFO, false, JPKI_NO_EF, false },
        { JPKI_AVAILABILITY, JPKI_KIND_INFO, true, JPKI_NO_EF, false },
        { JPKI_AUTH_CERTIFICATE, JPKI_KIND_CERTIFICATE, false, JPKI_AUTH_PIN, true },
        { JPKI_AUTH_CA, JPKI_KIND_CERTIFICATE, false, JPKI_NO_EF, false },
        { JPKI_AUTH_KEY, JPKI_KIND_KEY, false, JPKI_AUTH_PIN, false },
        { JPKI_AUTH_PIN, JPKI_KIND_SECRET, false, JPKI_AUTH_PIN, false },
        { JPKI_SIGN_KEY, JPKI_KIND_KEY, false, JPKI_SIGN_PASSWORD, false },
        { JPKI_SIGN_PASSWORD, JPKI_KIND_SECRET, false, JPKI_SIGN_PASSWORD, false },
};

enum { FILE_COUNT = sizeof files / sizeof *files };

const struct jpki_kit jpki_kits[JPKI_KITS] = {
        { 0x97, 0x98, JPKI_AUTH_KEY, JPKI_AUTH_PIN, JPKI_AUTH_CERTIFICATE, JPKI_AUTH_CA },
        { 0x9A, 0x9B, JPKI_SIGN_KEY, JPKI_SIGN_PASSWORD, JPKI_SIGN_CERTIFICATE, JPKI_SIGN_CA },
};

const struct jpki_kit *jpki_find_kit(uint8_t key_reference)
{
        for (size_t i = 0; i < JPKI_KITS; i++)
                if (jpki_kits[i].key_reference == key_reference)
                        return &jpki_kits[i];
        return NULL;
}

uint32_t jpki_object(enum jpki_ef ef)
{
        return OBJECT_JPKI_FILE + (uint32_t)ef;
}

static void forget(struct mitome_element *element)
{
        jpki_drop_keys(element);
        bytes_wipe(&element->jpki, sizeof element->jpki);
}

/* The place of a file in the table, FILE_COUNT when this personality has none. */
static size_t find_file(const struct mitome_element *element, uint16_t number)
{
        bool card = jpki_settings(element).personality == JPKI_CARD;
        for (size_t i = 0; i < FILE_COUNT; i++)
                if ((uint16_t)files[i].ef == number && (card || !files[i].card_only))
                        return i;
        return FILE_COUNT;
}

uint16_t jpki_current_is(const struct mitome_element *element, enum jpki_kind kind)
{
        size_t i = find_file(element, (uint16_t)element->jpki.current);
        if (i == FILE_COUNT)
                return SW_NO_CURRENT_FILE;
        return files[i].kind == kind ? SW_OK : SW_WRONG_FILE_TYPE;
}

/* Locked means locked: a PIN that was verified here and is blocked since, by another path to the same
 * counter, or gone, opens nothing any more. */
static bool is_verified(const struct mitome_element *element, enum jpki_ef secret)
{
        if (secret == JPKI_AUTH_PIN)
                return element->jpki.pin_verified && user_pin_is_set(element) &&
                       !user_pin_is_blocked(element);
        return element->jpki.password_verified;
}

/* A secret that has to be changed first, as CTAP says of PINs too, opens nothing but its own change. */
static bool must_change(const struct mitome_element *element, enum jpki_ef secret)
{
        return secret == JPKI_AUTH_PIN ? user_pin_must_change(element) : jpki_password_is_temporary(element);
}

bool jpki_is_opened(const struct mitome_element *element, enum jpki_ef ef)
{
        size_t i = find_file(element, (uint16_t)ef);
        if (i == FILE_COUNT)
                return false;
        if (files[i].guard == JPKI_NO_EF)
                return true;
        if (files[i].free_on_the_card && jpki_settings(element).personality == JPKI_CARD)
                return true;
        if (files[i].kind != JPKI_KIND_SECRET && must_change(element, files[i].guard))
                return false;
        return is_verified(element, files[i].guard);
}

bool jpki_find_certificate(const struct mitome_element *element, enum jpki_ef file, enum jpki_ef *ret_guard)
{
        size_t i = find_file(element, (uint16_t)file);
        if (i == FILE_COUNT || files[i].kind != JPKI_KIND_CERTIFICATE)
                return false;
        bool is_free = files[i].free_on_the_card && jpki_settings(element).personality == JPKI_CARD;
        *ret_guard = is_free ? JPKI_NO_EF : files[i].guard;
        return true;
}

void jpki_close_secret(struct mitome_element *element, enum jpki_ef secret)
{
        if (secret == JPKI_AUTH_PIN)
                element->jpki.pin_verified = false;
        else
                element->jpki.password_verified = false;
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
        size_t i = find_file(element, number);
        if (i == FILE_COUNT)
                return SW_NOT_FOUND;
        element->jpki.current = files[i].ef;
        return SW_OK;
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
        { 0x80, 0xCA, COMMAND_OPEN, jpki_get_data },
        { 0x80, 0xDA, COMMAND_PROTECTED, jpki_personalise },
        { 0x80, 0x46, COMMAND_PROTECTED, jpki_generate_key_pair },
        { 0x80, 0xD6, COMMAND_PROTECTED, jpki_update_binary },
        { 0x80, 0x2C, COMMAND_PROTECTED, jpki_set_reference_data },
        { 0x80, 0x0E, COMMAND_PROTECTED, jpki_erase },
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
        .erase = jpki_erase_applet,
};
