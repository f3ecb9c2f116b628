/* SPDX-License-Identifier: Apache-2.0 */
#include "element_internal.h"
#include "user_pin.h"

/* The end of what the applet holds, of one kind of certificate or of both. The store writes its medium anew
 * when keys go, so that what is erased here is nowhere any more. */

static uint16_t release_secret(struct mitome_element *element, const struct jpki_kit *kit)
{
        if (kit->secret == JPKI_AUTH_PIN)
                return user_pin_release(element);
        SW_TRY(element_delete(element, OBJECT_PASSWORD));
        return element_delete(element, OBJECT_PASSWORD_TRIES);
}

/* A PIN alone is the FIDO applet's. */
static bool holds_any(const struct mitome_element *element, const struct jpki_kit *kit)
{
        const enum jpki_ef files[] = { kit->key, kit->certificate, kit->ca };
        for (size_t i = 0; i < sizeof files / sizeof *files; i++)
                if (element_has(element, jpki_object(files[i])))
                        return true;
        return kit->secret == JPKI_SIGN_PASSWORD && element_has(element, OBJECT_PASSWORD);
}

static uint16_t stage_kit(struct mitome_element *element, const struct jpki_kit *kit)
{
        SW_TRY(element_delete(element, jpki_object(kit->key)));
        SW_TRY(element_delete(element, jpki_object(kit->certificate)));
        SW_TRY(element_delete(element, jpki_object(kit->ca)));
        if (kit->key == JPKI_AUTH_KEY)
                SW_TRY(jpki_next_generation(element));
        return release_secret(element, kit);
}

/* What the former holder opened is closed, on whatever channel. */
static void forget_holder(struct mitome_element *element)
{
        jpki_drop_keys(element);
        bytes_wipe(&element->jpki.draft, sizeof element->jpki.draft);
        for (size_t i = 0; i < JPKI_KITS; i++)
                jpki_close_secret(element, jpki_kits[i].secret);
        user_pin_close_fido(element);
}

static const struct {
        uint8_t p2;
        bool kits[JPKI_KITS];
        enum receipt_reason reason;
} choices[] = {
        { 0x00, { true, true }, RECEIPT_ERASE_JPKI },
        { 0x97, { true, false }, RECEIPT_ERASE_USER },
        { 0x9A, { false, true }, RECEIPT_ERASE_SIGNING },
};

enum { CHOICES = sizeof choices / sizeof *choices };

static uint16_t stage_choice(struct mitome_element *element, size_t choice)
{
        bool any = false;
        SW_TRY(receipt_record(element, choices[choice].reason));
        for (size_t i = 0; i < JPKI_KITS; i++) {
                if (!choices[choice].kits[i] || !holds_any(element, &jpki_kits[i]))
                        continue;
                any = true;
                SW_TRY(stage_kit(element, &jpki_kits[i]));
        }
        return any ? SW_OK : SW_NO_REFERENCE;
}

/* ERASE: keys and certificates, the applet stays. P2: 00 both kinds, 97 user verification, 9A signing. */
uint16_t jpki_erase(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        (void)answer;
        size_t choice = 0;
        while (choice < CHOICES && choices[choice].p2 != command->p2)
                choice++;
        if (command->p1 || choice == CHOICES)
                return SW_WRONG_P1P2;
        if (command->data.size)
                return SW_WRONG_LENGTH;
        SW_TRY(stage_choice(element, choice));
        SW_TRY(element_commit(element));
        forget_holder(element);
        return SW_OK;
}

/* The generation stays: an applet that is installed again must not count the same numbers once more, or a
 * credential of a certificate that is gone would be taken for one of the next. */
uint16_t jpki_erase_applet(struct mitome_element *element)
{
        for (size_t i = 0; i < JPKI_KITS; i++)
                if (holds_any(element, &jpki_kits[i]))
                        SW_TRY(stage_kit(element, &jpki_kits[i]));
        SW_TRY(element_erase(element, OBJECT_JPKI_FILE, OBJECT_JPKI_FILE + 0xFF));
        SW_TRY(element_delete(element, OBJECT_JPKI_SETTINGS));
        forget_holder(element);
        return SW_OK;
}
