/* SPDX-License-Identifier: Apache-2.0 */
#include "data_fields.h"
#include "element_internal.h"
#include "key_sets.h"
#include "reference_data.h"
#include "registry.h"
#include "signing_key.h"
#include "tlv.h"
#include "user_pin.h"

/* What a management station does over SCP03. */

/* The certificates of the batch key, as the list of TLVs that MAKE CREDENTIAL answers with. */
static uint16_t put_certificates(struct mitome_element *element, slice data)
{
        uint8_t bytes[FIDO_CERTIFICATES_MAX];
        writer w = WRITER(bytes);
        slice certificate;
        reader list = reader_over(data, NULL, NULL);
        while (fields_next(&list, 0x82, &certificate))
                tlv_write(&w, 0x82, certificate);
        return w.overflowed ? SW_FULL : element_put(element, OBJECT_BATCH_CERTIFICATES, writer_view(&w));
}

uint16_t fido_store_batch_key(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        (void)answer;
        slice aaguid, key, certificate;
        const struct field fields[] = {
                { 0x80, FIELD_REQUIRED, FIDO_AAGUID_SIZE, FIDO_AAGUID_SIZE, &aaguid },
                { 0x81, FIELD_REQUIRED, SIGNING_KEY_SIZE, SIGNING_KEY_SIZE, &key },
                { 0x82, FIELD_LIST, 1, FIDO_CERTIFICATES_MAX, &certificate },
        };
        SW_TRY(fields_read(command->data, fields, sizeof fields / sizeof *fields));
        if (!certificate.data || !signing_key_is_of(key, certificate))
                return SW_WRONG_DATA;
        SECRET(object);
        writer w = WRITER(object.data);
        write_slice(&w, aaguid);
        write_slice(&w, key);
        SW_TRY(element_put(element, OBJECT_BATCH_KEY, writer_view(&w)));
        SW_TRY(put_certificates(element, command->data));
        return element_commit(element);
}

/* Once it is the user-verification PIN, it is reset by the keys that manage the JPKI applet: who only has
 * those of this one could open key 0017 with a PIN of his own. */
static bool manages_pin(const struct mitome_element *element)
{
        struct registry_entry fido, jpki;
        return !element_is_personalised(element) || !registry_instance(element, NATIVE_JPKI, &jpki) ||
               (registry_instance(element, NATIVE_FIDO, &fido) &&
                       key_set_owner(element, registry_domain_behind(&fido)) ==
                               key_set_owner(element, registry_domain_behind(&jpki)));
}

uint16_t fido_set_pin(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        (void)answer;
        slice pin;
        const struct field fields[] = { { 0x80, FIELD_REQUIRED, 1, REFERENCE_SECRET_MAX, &pin } };
        SW_TRY(fields_read(command->data, fields, sizeof fields / sizeof *fields));
        if (!manages_pin(element))
                return SW_CONDITIONS;
        if (!user_pin_is_allowed(element, pin))
                return SW_WRONG_DATA;
        SW_TRY(user_pin_reset(element, pin, USER_PIN_STAYS));
        SW_TRY(element_commit(element));
        /* What the former PIN opened is closed, in either applet. */
        jpki_close_secret(element, JPKI_AUTH_PIN);
        user_pin_close_fido(element);
        return SW_OK;
}
