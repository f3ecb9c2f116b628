/* SPDX-License-Identifier: Apache-2.0 */
#include "data_fields.h"
#include "element_internal.h"
#include "tlv.h"

/* Pairing in two steps over SCP03. PAIR agrees on a key and changes nothing that lasts. The management
 * station verifies the matcher's certificate and brings its confirmation: a MAC that only the holder of the
 * same key can make. Only then the former pairing ends, and with it the confirmed set: no finger opens
 * anything until a PIN has confirmed one. */

uint16_t fido_pair(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        slice matcher_point;
        struct fido_pairing *pairing = &element->fido.pairing;
        SECRET(scalar);
        const struct field fields[] = {
                { 0x80, FIELD_REQUIRED, PAIRING_POINT_SIZE, PAIRING_POINT_SIZE, &matcher_point },
        };
        bytes_wipe(pairing, sizeof *pairing);
        SW_TRY(fields_read(command->data, fields, sizeof fields / sizeof *fields));
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
        SW_TRY(element_put(element, OBJECT_PAIRING_KEY, secret_view(&pairing->key)));
        SW_TRY(element_delete(element, OBJECT_ENROLMENT_SET));
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
        SW_TRY(keep_pairing(element, pairing));
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
