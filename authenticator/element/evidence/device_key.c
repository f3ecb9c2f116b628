/* SPDX-License-Identifier: Apache-2.0 */
#include "data_fields.h"
#include "element_internal.h"
#include "p256.h"
#include "signing_key.h"
#include "tlv.h"

enum { TAG_IDENTITY = 0x80, TAG_CERTIFICATE = 0x82 };

static bool has_device_key(const struct mitome_element *element)
{
        return element_has(element, OBJECT_DEVICE_KEY) && element_has(element, OBJECT_DEVICE_CERTIFICATES);
}

uint16_t device_key_sign(
        const struct mitome_element *element, const slice *parts, size_t count, writer *signature)
{
        if (!has_device_key(element))
                return SW_CONDITIONS;
        return element_sw(signing_key_sign(NULL, SIGNING_ES256, element_object(element, OBJECT_DEVICE_KEY),
                parts, count, signature, NULL));
}

slice device_certificates(const struct mitome_element *element)
{
        return element_object(element, OBJECT_DEVICE_CERTIFICATES);
}

slice device_identity(const struct mitome_element *element)
{
        return element_object(element, OBJECT_DEVICE_IDENTITY);
}

/* A new key until somebody has certified one: an answer that was lost strands nothing. Afterwards the key is
 * the device's for life. */
uint16_t evidence_make_device_key(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        SECRET(scalar);
        uint8_t point[P256_POINT_SIZE];
        if (command->data.size)
                return SW_WRONG_DATA;
        if (element_has(element, OBJECT_DEVICE_CERTIFICATES))
                return SW_CONDITIONS;
        SW_TRY(element_sw(p256_generate(&element->random, &scalar, point, NULL)));
        SW_TRY(element_put(element, OBJECT_DEVICE_KEY, secret_view(&scalar)));
        SW_TRY(element_commit(element));
        tlv_write(answer, 0x80, SLICE(point));
        return SW_OK;
}

/* A text without control characters: it is compared with what is printed. */
static bool is_printable(slice text)
{
        for (size_t i = 0; i < text.size; i++)
                if (text.data[i] < ' ' || text.data[i] == 0x7F)
                        return false;
        return slice_is_utf8(text);
}

static uint16_t put_device_certificates(struct mitome_element *element, slice data)
{
        uint8_t bytes[DEVICE_CERTIFICATES_MAX];
        writer w = WRITER(bytes);
        slice certificate;
        reader list = reader_over(data, NULL, NULL);
        size_t count = 0;
        for (; fields_next(&list, TAG_CERTIFICATE, &certificate); count++)
                tlv_write(&w, TAG_CERTIFICATE, certificate);
        return w.overflowed || count > COSE_SIGN1_CHAIN_MAX
                       ? SW_FULL
                       : element_put(element, OBJECT_DEVICE_CERTIFICATES, writer_view(&w));
}

/* Certificates are renewed; the identity stays, as the print on the phone does. */
uint16_t evidence_store_device_certificate(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        (void)answer;
        slice identity, certificate;
        const struct field fields[] = {
                { TAG_IDENTITY, FIELD_REQUIRED, 1, EVIDENCE_IDENTITY_MAX, &identity },
                { TAG_CERTIFICATE, FIELD_LIST, 1, DEVICE_CERTIFICATES_MAX, &certificate },
        };
        slice key = element_object(element, OBJECT_DEVICE_KEY);
        if (!key.size)
                return SW_CONDITIONS;
        SW_TRY(fields_read(command->data, fields, sizeof fields / sizeof *fields));
        if (!certificate.data || !is_printable(identity) || !signing_key_is_of(key, certificate))
                return SW_WRONG_DATA;
        slice former = device_identity(element);
        if (former.size && !slice_equal(former, identity))
                return SW_CONDITIONS;
        SW_TRY(element_put(element, OBJECT_DEVICE_IDENTITY, identity));
        SW_TRY(put_device_certificates(element, command->data));
        return element_commit(element);
}
