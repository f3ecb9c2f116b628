/* SPDX-License-Identifier: Apache-2.0 */
#include "element_internal.h"
#include "tlv.h"
#include "user_pin.h"

enum state_flag {
        STATE_BATCH_KEY = 0x01,
        STATE_PIN_SET = 0x02,
        STATE_PAIRED = 0x04,
        STATE_FINGER_OPEN = 0x08,
        STATE_PERSONALISED = 0x10,
};

static void forget(struct mitome_element *element)
{
        struct fido *fido = &element->fido;
        fido_end_operation(fido);
        fido->has_agreement = false;
        secret_wipe(&fido->agreement);
        secret_wipe(&fido->pin_token);
}

static uint16_t erase(struct mitome_element *element)
{
        static const uint32_t objects[] = { OBJECT_BATCH_KEY, OBJECT_BATCH_CERTIFICATES, OBJECT_PIN,
                OBJECT_PAIRING_KEY, OBJECT_ENROLMENT_SET };
        for (size_t i = 0; i < sizeof objects / sizeof *objects; i++)
                SW_TRY(element_delete(element, objects[i]));
        return element_erase(element, OBJECT_CREDENTIAL, OBJECT_COUNTER + 0xFFFFFF);
}

static bool is_finger_open(const struct mitome_element *element)
{
        return element_has(element, OBJECT_PAIRING_KEY) && element_has(element, OBJECT_ENROLMENT_SET) &&
               user_uv_tries(element) > 0 && !user_pin_is_blocked(element);
}

static uint8_t state_flags(const struct mitome_element *element)
{
        int flags = (element_has(element, OBJECT_BATCH_KEY) ? STATE_BATCH_KEY : 0) |
                    (user_pin_is_set(element) ? STATE_PIN_SET : 0) |
                    (element_has(element, OBJECT_PAIRING_KEY) ? STATE_PAIRED : 0) |
                    (is_finger_open(element) ? STATE_FINGER_OPEN : 0) |
                    (element_is_personalised(element) ? STATE_PERSONALISED : 0);
        return (uint8_t)flags;
}

static slice aaguid(const struct mitome_element *element)
{
        static const uint8_t none[FIDO_AAGUID_SIZE];
        slice value;
        reader r = reader_over(element_object(element, OBJECT_BATCH_KEY), NULL, NULL);
        return failed(read_bytes(&r, "AAGUID", FIDO_AAGUID_SIZE, &value)) ? SLICE(none) : value;
}

uint16_t fido_get_state(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        if (command->data.size)
                return SW_WRONG_DATA;
        size_t room = FIDO_CREDENTIALS_MAX - fido_count(element);
        const uint8_t room_bytes[] = { (uint8_t)(room >> 8), (uint8_t)room };
        tlv_write(answer, 0x80, aaguid(element));
        tlv_write_u8(answer, 0x81, state_flags(element));
        tlv_write_u8(answer, 0x82, user_pin_tries(element));
        tlv_write_u8(answer, 0x83, user_uv_tries(element));
        tlv_write_u8(answer, 0x84, USER_PIN_MIN);
        tlv_write(answer, 0x85, SLICE(room_bytes));
        return SW_OK;
}

static const struct command commands[] = {
        { 0x80, 0x10, COMMAND_OPEN, fido_get_state },
        { 0x80, 0x12, COMMAND_OPEN, fido_key_agreement },
        { 0x80, 0x14, COMMAND_OPEN, fido_get_pin_token },
        { 0x80, 0x20, COMMAND_OPEN, fido_begin },
        { 0x80, 0x24, COMMAND_OPEN, fido_make_credential },
        { 0x80, 0x26, COMMAND_OPEN, fido_get_assertion },
        { 0x80, 0x2A, COMMAND_OPEN, fido_confirm },
        { 0x80, 0x2C, COMMAND_OPEN, fido_check },
        { 0x80, 0x2E, COMMAND_OPEN, fido_abandon },
        { 0x80, 0x30, COMMAND_PROTECTED, fido_store_batch_key },
        { 0x80, 0x32, COMMAND_PROTECTED, fido_pair },
        { 0x80, 0x34, COMMAND_PROTECTED, fido_set_pin },
        { 0x80, 0x36, COMMAND_PROTECTED, evidence_make_device_key },
        { 0x80, 0x38, COMMAND_PROTECTED, evidence_store_device_certificate },
        { 0x80, 0x40, COMMAND_OPEN, evidence_get_receipt },
        { 0x80, 0x42, COMMAND_OPEN, evidence_acknowledge_receipt },
        { 0x80, 0x44, COMMAND_OPEN, evidence_get_statement },
};

static const uint8_t aid[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x01 };

const struct applet fido_applet = {
        .name = "FIDO",
        .aid = { aid, sizeof aid },
        .commands = commands,
        .count = sizeof commands / sizeof *commands,
        .zero_parameters = true,
        .forget = forget,
        .erase = erase,
};
