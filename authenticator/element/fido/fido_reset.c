/* SPDX-License-Identifier: Apache-2.0 */
#include "data_fields.h"
#include "element_internal.h"
#include "evidence.h"
#include "tlv.h"
#include "user_pin.h"

/* RESET, authenticatorReset's part of the element: credentials, PIN, confirmed fingers and pairing go, and on
 * a personalised element both certificates with their keys, or a new PIN would open what the former holder
 * left. The model's batch key and the phone's device key stay; what went is in a receipt. */

enum { OPTION_PRESENT = 0x02 };

static uint16_t stage_tries(struct mitome_element *element)
{
        static const uint8_t pin_tries[] = { USER_PIN_TRIES };
        SW_TRY(element_put(element, OBJECT_PIN_TRIES, SLICE(pin_tries)));
        return user_uv_put(element, USER_UV_TRIES);
}

static bool holds_jpki(const struct mitome_element *element)
{
        uint32_t id;
        return element_has(element, OBJECT_PASSWORD) ||
               store_next(element->store, OBJECT_JPKI_FILE, OBJECT_JPKI_FILE + 0xFF, &id);
}

/* The keys go; what the applet plays stays: a reset makes no phone of a card. */
static uint16_t stage_jpki(struct mitome_element *element)
{
        uint8_t bytes[2 + JPKI_SERIAL_MAX];
        slice settings = element_object(element, OBJECT_JPKI_SETTINGS);
        writer kept = WRITER(bytes);
        write_slice(&kept, settings);
        SW_TRY(jpki_erase_applet(element));
        return settings.size && !kept.overflowed
                       ? element_put(element, OBJECT_JPKI_SETTINGS, writer_view(&kept))
                       : SW_OK;
}

/* [6.6] credentials, PIN, fingers and settings are as they were at first: the core has its part besides */
static uint16_t stage_reset(struct mitome_element *element)
{
        bool all = holds_jpki(element);
        SW_TRY(receipt_record(element, all ? RECEIPT_RESET_ALL : RECEIPT_RESET));
        if (all)
                SW_TRY(stage_jpki(element));
        SW_TRY(user_pin_delete(element));
        SW_TRY(fido_delete_settings(element));
        SW_TRY(fido_delete_pairing(element));
        SW_TRY(element_erase(element, OBJECT_CREDENTIAL, OBJECT_COUNTER_LAST));
        SW_TRY(fido_disable_enterprise(element));
        return stage_tries(element);
}

uint16_t fido_reset(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        (void)answer;
        slice options;
        const struct field fields[] = { { 0x85, FIELD_REQUIRED, 1, 1, &options } };
        SW_TRY(fields_read(command->data, fields, sizeof fields / sizeof *fields));
        if (options.data[0] & ~OPTION_PRESENT)
                return SW_WRONG_DATA;
        /* [6.6] evidence of user interaction. The word of a reader that somebody walks past is none.
         */
        if (!options.data[0] || element->contactless)
                return SW_CONDITIONS;
        SW_TRY(stage_reset(element));
        fido_index_forget(&element->fido.index);
        SW_TRY(element_commit(element));
        fido_forget(element);
        element->fido.wrong_in_a_row = 0;
        jpki_close_secret(
                element, JPKI_AUTH_PIN); /* a PIN may have been all there was of the JPKI applet's */
        return SW_OK;
}
