/* SPDX-License-Identifier: Apache-2.0 */
#include "contents.h"
#include "data_fields.h"
#include "element_internal.h"
#include "tlv.h"

/* A lease is what it is bound to, and apart from that, so that counting costs an appended record and not a
 * new image, the signatures that are left. Whoever replaces the certificate or the key ends it; and it is
 * bound to the bytes of the one and to the other, so that with another of either it is worth nothing even
 * where somebody forgot. */
enum { COUNT_SIZE = 2 };

/* The binding to what is there now; false without key or readable certificate. */
static bool bind_now(const struct mitome_element *element, slice *ret_serial, uint8_t ret[SHA256_SIZE])
{
        struct contents_person person;
        contents_read_person(element, EVIDENCE_SIGNING, &person);
        const slice parts[] = { SLICE(person.certificate), SLICE(person.key) };
        sha256(parts, 2, ret);
        *ret_serial = person.serial;
        return person.serial.size && person.has_key;
}

static uint16_t put_left(struct mitome_element *element, uint16_t left)
{
        uint8_t bytes[COUNT_SIZE];
        writer w = WRITER(bytes);
        write_u16(&w, left);
        return element_put(element, OBJECT_LEASE_LEFT, SLICE(bytes));
}

/* How many are left for this binding. */
static uint16_t left_of(const struct mitome_element *element, const uint8_t binding[SHA256_SIZE])
{
        if (!slice_equal(element_object(element, OBJECT_LEASE), slice_of(binding, SHA256_SIZE)))
                return 0;
        return (uint16_t)element_number(element, OBJECT_LEASE_LEFT);
}

uint16_t lease_left(const struct mitome_element *element)
{
        slice serial;
        uint8_t binding[SHA256_SIZE];
        return bind_now(element, &serial, binding) ? left_of(element, binding) : 0;
}

uint16_t lease_end(struct mitome_element *element)
{
        SW_TRY(element_delete(element, OBJECT_LEASE));
        return element_delete(element, OBJECT_LEASE_LEFT);
}

uint16_t lease_spend(struct mitome_element *element)
{
        slice serial;
        uint8_t binding[SHA256_SIZE];
        if (!bind_now(element, &serial, binding))
                return SW_CONDITIONS;
        uint16_t left = left_of(element, binding);
        if (left == 0)
                return SW_CONDITIONS;
        SW_TRY(put_left(element, (uint16_t)(left - 1)));
        return element_commit(element);
}

/* The number is absolute: a station that lost the answer sends the same again and has granted no more. */
uint16_t evidence_set_lease(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        (void)answer;
        slice serial, count, present;
        uint16_t left;
        uint8_t binding[SHA256_SIZE];
        const struct field fields[] = {
                { 0x80, FIELD_REQUIRED, 1, EVIDENCE_SERIAL_MAX, &serial },
                { 0x81, FIELD_REQUIRED, COUNT_SIZE, COUNT_SIZE, &count },
        };
        if (command->p1 || command->p2)
                return SW_WRONG_P1P2;
        SW_TRY(fields_read(command->data, fields, sizeof fields / sizeof *fields));
        if (jpki_settings(element).personality != JPKI_PHONE)
                return SW_CONDITIONS;
        reader r = reader_over(count, NULL, NULL);
        if (failed(read_u16(&r, "count", &left)) || left > LEASE_MAX)
                return SW_WRONG_DATA;
        if (!bind_now(element, &present, binding) || !slice_equal(present, serial))
                return SW_NO_REFERENCE;
        SW_TRY(element_put(element, OBJECT_LEASE, SLICE(binding)));
        SW_TRY(put_left(element, left));
        return element_commit(element);
}

uint16_t evidence_get_lease(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        uint8_t bytes[COUNT_SIZE];
        writer w = WRITER(bytes);
        if (command->p1 || command->p2)
                return SW_WRONG_P1P2;
        if (command->data.size)
                return SW_WRONG_LENGTH;
        write_u16(&w, lease_left(element));
        tlv_write(answer, 0x81, SLICE(bytes));
        return SW_OK;
}
