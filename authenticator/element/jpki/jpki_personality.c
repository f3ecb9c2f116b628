/* SPDX-License-Identifier: Apache-2.0 */
#include "data_fields.h"
#include "element_internal.h"
#include "user_pin.h"

/* What the applet plays, and for how long that is settled: while there is a key or a certificate, nothing
 * that was promised when they came is loosened. */

/* OBJECT_JPKI_SETTINGS: personality (1), flags (1), serial number (0..16). None: a phone without any. */
struct jpki_settings jpki_settings(const struct mitome_element *element)
{
        uint8_t personality, flags;
        reader r = reader_over(element_object(element, OBJECT_JPKI_SETTINGS), NULL, NULL);
        if (failed(read_u8(&r, "personality", &personality)) || failed(read_u8(&r, "flags", &flags)))
                return (struct jpki_settings){ 0 };
        return (struct jpki_settings){
                .personality = personality == JPKI_CARD ? JPKI_CARD : JPKI_PHONE,
                .flags = flags,
                .serial = read_rest(&r),
        };
}

bool jpki_signs_no_host_hash(const struct mitome_element *element)
{
        return jpki_settings(element).flags & JPKI_NO_HOST_HASHES;
}

uint32_t jpki_generation(const struct mitome_element *element)
{
        return element_number(element, OBJECT_JPKI_GENERATION);
}

uint16_t jpki_next_generation(struct mitome_element *element)
{
        uint8_t bytes[4];
        writer w = WRITER(bytes);
        SW_TRY(fido_end_certificate_credentials(element));
        write_u32(&w, jpki_generation(element) + 1);
        return element_put(element, OBJECT_JPKI_GENERATION, SLICE(bytes));
}

/* A key without its certificate counts too: what it can sign must not change under its holder. */
static bool is_in_use(const struct mitome_element *element)
{
        for (size_t i = 0; i < JPKI_KITS; i++)
                if (element_has(element, jpki_object(jpki_kits[i].key)) ||
                        element_has(element, jpki_object(jpki_kits[i].certificate)))
                        return true;
        return false;
}

/* Setting the switch is always allowed: what was signed before holds no challenge of a later ceremony. */
static bool only_tightens(const struct jpki_settings *now, const struct jpki_settings *next)
{
        return now->personality == next->personality && slice_equal(now->serial, next->serial) &&
               (now->flags & ~next->flags) == 0;
}

static uint16_t put_settings(struct mitome_element *element, const struct jpki_settings *settings)
{
        uint8_t bytes[2 + JPKI_SERIAL_MAX];
        writer w = WRITER(bytes);
        write_u8(&w, (uint8_t)settings->personality);
        write_u8(&w, settings->flags);
        write_slice(&w, settings->serial);
        SW_TRY(element_put(element, OBJECT_JPKI_SETTINGS, writer_view(&w)));
        return element_commit(element);
}

static bool is_printable(slice text)
{
        for (size_t i = 0; i < text.size; i++)
                if (text.data[i] < 0x20 || text.data[i] > 0x7E)
                        return false;
        return true;
}

uint16_t jpki_personalise(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        (void)answer;
        slice personality, flags, serial;
        const struct field fields[] = {
                { 0x80, FIELD_REQUIRED, 1, 1, &personality },
                { 0x81, FIELD_REQUIRED, 1, 1, &flags },
                { 0x82, FIELD_OPTIONAL, 1, JPKI_SERIAL_MAX, &serial },
        };
        if (command->p1 || command->p2)
                return SW_WRONG_P1P2;
        SW_TRY(fields_read(command->data, fields, sizeof fields / sizeof *fields));
        if (personality.data[0] > JPKI_CARD || flags.data[0] & ~JPKI_NO_HOST_HASHES || !is_printable(serial))
                return SW_WRONG_DATA;
        const struct jpki_settings now = jpki_settings(element), next = {
                .personality = personality.data[0] == JPKI_CARD ? JPKI_CARD : JPKI_PHONE,
                .flags = flags.data[0],
                .serial = serial,
        };
        if (is_in_use(element) && !only_tightens(&now, &next))
                return SW_CONDITIONS;
        return put_settings(element, &next);
}

/* What stands here, a bit each. */
static uint8_t read_present(const struct mitome_element *element)
{
        const struct {
                bool is_there;
                uint8_t bit;
        } parts[] = {
                { element_has(element, jpki_object(JPKI_AUTH_KEY)), 0x01 },
                { element_has(element, jpki_object(JPKI_AUTH_CERTIFICATE)), 0x02 },
                { element_has(element, jpki_object(JPKI_SIGN_KEY)), 0x04 },
                { element_has(element, jpki_object(JPKI_SIGN_CERTIFICATE)), 0x08 },
                { user_pin_must_change(element), 0x10 },
                { jpki_password_is_temporary(element), 0x20 },
                { user_pin_is_set(element), 0x40 },
                { element_has(element, OBJECT_PASSWORD), 0x80 },
        };
        uint8_t present = 0;
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
                if (parts[i].is_there)
                        present |= parts[i].bit;
        return present;
}

/* GET DATA 0001: what stands here, for whoever asks: no number, no name, nothing that tells one element from
 * another. */
uint16_t jpki_get_data(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        if (command->p1 != 0x00 || command->p2 != 0x01)
                return SW_NO_REFERENCE;
        if (command->data.size || command->expected == 0)
                return SW_WRONG_LENGTH;
        const struct jpki_settings settings = jpki_settings(element);
        tlv_write_u8(answer, 0x80, (uint8_t)settings.personality);
        tlv_write_u8(answer, 0x81, settings.flags);
        tlv_write_u8(answer, 0x83, read_present(element));
        return SW_OK;
}
