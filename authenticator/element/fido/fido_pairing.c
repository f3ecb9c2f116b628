/* SPDX-License-Identifier: Apache-2.0 */
#include "data_fields.h"
#include "element_internal.h"
#include "tlv.h"
#include "user_pin.h"

/* Pairing in two steps over SCP03. PAIR agrees on a key and changes nothing that lasts. The management
 * station verifies the matcher's certificate and brings its confirmation: a MAC that only the holder of the
 * same key can make. Only then the former pairing ends, and with it the confirmed set: no finger opens
 * anything until a PIN has confirmed one.
 *
 * How far the matcher is trusted is said once, by the station, which has read it in that certificate. Nothing
 * that the matcher sends later changes it. */

/* ---- the one that is paired ---- */

static bool is_matcher(uint8_t class, uint8_t modality)
{
        return class <= MATCHER_STRONG && modality >= UNLOCK_FINGER && modality <= UNLOCK_IRIS;
}

bool fido_matcher(const struct mitome_element *element, struct fido_matcher *ret)
{
        struct fido_matcher matcher;
        reader r = reader_over(element_object(element, OBJECT_PAIRING_FACTS), NULL, NULL);
        if (!element_has(element, OBJECT_PAIRING_KEY) ||
                failed(read_u8(&r, "pairing.class", &matcher.class)) ||
                failed(read_u8(&r, "pairing.modality", &matcher.modality)) || r.rest.size ||
                !is_matcher(matcher.class, matcher.modality))
                return false;
        *ret = matcher;
        return true;
}

uint16_t fido_delete_pairing(struct mitome_element *element)
{
        static const uint32_t objects[] = { OBJECT_PAIRING_KEY, OBJECT_PAIRING_FACTS, OBJECT_CHALLENGES };
        for (size_t i = 0; i < sizeof objects / sizeof *objects; i++)
                SW_TRY(element_delete(element, objects[i]));
        return SW_OK;
}

/* What nobody has tested, or what compares nothing, is for trying things out: not for a person's keys. */
static bool may_serve_person(uint8_t class)
{
        return class >= MATCHER_WEAK;
}

uint16_t fido_pairing_personalise(struct mitome_element *element)
{
        struct fido_matcher matcher;
        if (!element_has(element, OBJECT_PAIRING_KEY))
                return SW_OK;
        if (fido_matcher(element, &matcher) && may_serve_person(matcher.class))
                return SW_OK;
        SW_TRY(user_fingers_forget(element));
        return fido_delete_pairing(element);
}

bool fido_opens_person(const struct mitome_element *element, uint8_t modality)
{
        struct fido_matcher matcher;
        if (modality == FIDO_BY_PIN)
                return true;
        return modality != FIDO_UNVERIFIED && fido_matcher(element, &matcher) &&
               matcher.class == MATCHER_STRONG;
}

/* ---- pairing ---- */

static uint16_t check_class(struct mitome_element *element, uint8_t class, uint8_t modality)
{
        if (!is_matcher(class, modality))
                return SW_WRONG_DATA;
        return may_serve_person(class) || !user_pin_is_of_person(element) ? SW_OK : SW_CONDITIONS;
}

uint16_t fido_pair(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        slice matcher_point, class, modality;
        struct fido_pairing *pairing = &element->fido.pairing;
        SECRET(scalar);
        const struct field fields[] = {
                { 0x80, FIELD_REQUIRED, PAIRING_POINT_SIZE, PAIRING_POINT_SIZE, &matcher_point },
                { 0x81, FIELD_REQUIRED, 1, 1, &class },
                { 0x82, FIELD_REQUIRED, 1, 1, &modality },
        };
        bytes_wipe(pairing, sizeof *pairing);
        SW_TRY(fields_read(command->data, fields, sizeof fields / sizeof *fields));
        SW_TRY(check_class(element, class.data[0], modality.data[0]));
        pairing->class = class.data[0];
        pairing->modality = modality.data[0];
        SW_TRY(element_sw(p256_generate(&element->random, &scalar, pairing->element_point, NULL)));
        SW_TRY(element_sw(slice_copy(
                matcher_point, "point", pairing->matcher_point, sizeof pairing->matcher_point, NULL)));
        SW_TRY(element_sw(pairing_derive(secret_view(&scalar), matcher_point, SLICE(pairing->element_point),
                matcher_point, &pairing->key, NULL)));
        tlv_write(answer, 0x80, SLICE(pairing->element_point));
        return SW_OK;
}

static uint16_t keep_pairing(struct mitome_element *element, const struct fido_pairing *pairing)
{
        const uint8_t facts[] = { pairing->class, pairing->modality };
        SW_TRY(fido_delete_pairing(element));
        SW_TRY(element_put(element, OBJECT_PAIRING_KEY, secret_view(&pairing->key)));
        SW_TRY(element_put(element, OBJECT_PAIRING_FACTS, SLICE(facts)));
        SW_TRY(user_fingers_forget(element));
        return element_commit(element);
}

static uint16_t check_confirmation(const struct fido_pairing *pairing, slice mac)
{
        uint8_t expected[SHA256_SIZE];
        pairing_confirmation(secret_view(&pairing->key), PAIRING_MATCHER, SLICE(pairing->element_point),
                SLICE(pairing->matcher_point), expected);
        bool genuine = secret_equal(SLICE(expected), mac);
        bytes_wipe(expected, sizeof expected);
        return genuine ? SW_OK : SW_TOKEN_MAC;
}

static uint16_t confirm_with(
        struct mitome_element *element, const struct fido_pairing *pairing, slice mac, writer *answer)
{
        uint8_t own[SHA256_SIZE];
        SW_TRY(check_confirmation(pairing, mac));
        /* Meanwhile it may have become a person's, by another logical channel. */
        SW_TRY(check_class(element, pairing->class, pairing->modality));
        SW_TRY(keep_pairing(element, pairing));
        fido_end_token(&element->fido);     /* the former matcher may have been asked for it */
        fido_end_operation(&element->fido); /* its challenge was the former matcher's */
        pairing_confirmation(secret_view(&pairing->key), PAIRING_ELEMENT, SLICE(pairing->element_point),
                SLICE(pairing->matcher_point), own);
        tlv_write(answer, 0x80, SLICE(own));
        return SW_OK;
}

uint16_t fido_confirm_pairing(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        slice mac;
        const struct field fields[] = { { 0x80, FIELD_REQUIRED, SHA256_SIZE, SHA256_SIZE, &mac } };
        SW_TRY(fields_read(command->data, fields, sizeof fields / sizeof *fields));
        struct fido_pairing pairing = element->fido.pairing;
        bytes_wipe(&element->fido.pairing, sizeof element->fido.pairing); /* one attempt */
        uint16_t sw = confirm_with(element, &pairing, mac, answer);
        bytes_wipe(&pairing, sizeof pairing);
        return sw;
}
