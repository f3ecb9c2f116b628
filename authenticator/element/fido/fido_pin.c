/* SPDX-License-Identifier: Apache-2.0 */
#include "data_fields.h"
#include "element_internal.h"
#include "tlv.h"
#include "user_pin.h"

/* CHANGE PIN: setPIN and changePIN of authenticatorClientPIN (CTAP 2.1, 6.5.5.5 and 6.5.5.6). The PIN comes
 * padded with zeros and encrypted to the element: nobody between sees it, nor how long it is. */

enum { PADDED_SIZE = 64, PADDED_MAX = FIDO_IV_SIZE + PADDED_SIZE };

struct change {
        slice x, y, protocol, new_pin, param, former;
};

static uint16_t read_change(slice data, struct change *ret)
{
        const struct field fields[] = {
                { 0x80, FIELD_REQUIRED, FIDO_COORDINATE_SIZE, FIDO_COORDINATE_SIZE, &ret->x },
                { 0x81, FIELD_REQUIRED, FIDO_COORDINATE_SIZE, FIDO_COORDINATE_SIZE, &ret->y },
                { 0x82, FIELD_OPTIONAL, USER_PIN_HASH_SIZE, FIDO_IV_SIZE + USER_PIN_HASH_SIZE, &ret->former },
                { 0x83, FIELD_REQUIRED, PADDED_SIZE, PADDED_MAX, &ret->new_pin },
                { 0x84, FIELD_REQUIRED, FIDO_PARAM_ONE_SIZE, FIDO_PARAM_SIZE, &ret->param },
                { 0x88, FIELD_OPTIONAL, 1, 1, &ret->protocol },
        };
        return fields_read(data, fields, sizeof fields / sizeof *fields);
}

/* [6.5.5.5 5] over newPinEnc, [6.5.5.6 5] over newPinEnc and pinHashEnc: a wrong one is no try */
static bool is_genuine(const struct fido_shared *shared, const struct change *change)
{
        const slice parts[] = { change->new_pin, change->former };
        return fido_param_is(
                shared->protocol, &shared->hmac, parts, change->former.data ? 2 : 1, change->param);
}

/* The zeros behind the PIN are padding: how many there are is compared for all of them alike. */
static slice without_padding(const struct secret *padded)
{
        size_t size = 0;
        for (size_t i = 0; i < padded->size; i++)
                size = padded->data[i] ? i + 1 : size;
        return slice_of(padded->data, size);
}

/* [6.5.5.5 7] [6.5.5.6 10] 64 bytes */
static uint16_t read_new_pin(const struct fido_shared *shared, slice encrypted, struct secret *ret_padded)
{
        SW_TRY(fido_unseal(shared, encrypted, ret_padded));
        return ret_padded->size == PADDED_SIZE ? SW_OK : SW_WRONG_DATA;
}

/* A new PIN ends what the former one opened, in either applet. */
static uint16_t keep_pin(struct mitome_element *element)
{
        SW_TRY(element_commit(element));
        jpki_close_secret(element, JPKI_AUTH_PIN);
        user_pin_close_fido(element);
        return SW_OK;
}

/* ---- setPIN ---- */

/* The PIN of key 0017 is set by whoever manages the key, and by nobody who happens upon an element that has
 * none yet. */
static uint16_t set_pin(
        struct mitome_element *element, const struct fido_shared *shared, const struct change *change)
{
        SECRET(padded);
        /* [6.5.5.5 3] where a PIN is, it takes that PIN to change it */
        if (user_pin_is_set(element) || user_pin_is_of_person(element))
                return SW_CONDITIONS;
        if (!is_genuine(shared, change))
                return SW_SECURITY_STATUS;
        SW_TRY(read_new_pin(shared, change->new_pin, &padded));
        slice pin = without_padding(&padded);
        /* [6.5.5.5 9] */
        if (!user_pin_is_allowed(element, pin))
                return SW_PIN_POLICY;
        SW_TRY(user_pin_reset(element, pin, USER_PIN_STAYS));
        return keep_pin(element);
}

/* ---- changePIN ---- */

/* The confirmed fingers stay: who knew the former PIN is who confirmed them. */
static uint16_t change_pin(
        struct mitome_element *element, const struct fido_shared *shared, const struct change *change)
{
        SECRET(former);
        SECRET(padded);
        if (!user_pin_is_set(element)) /* [6.5.5.6] there is none to be changed: PIN_NOT_SET */
                return SW_UNUSABLE;
        if (!is_genuine(shared, change))
                return SW_SECURITY_STATUS;
        SW_TRY(read_new_pin(shared, change->new_pin, &padded)); /* what cannot be a PIN costs no try */
        /* [6.5.5.6 6] [6.5.5.6 7.1] counted before it is compared, given back when it is right
         */
        SW_TRY(fido_check_pin(element, shared, change->former, &former));
        /* [6.5.5.6 12] long enough, and [6.5.5.6 13] another one than before */
        SW_TRY(user_pin_change(element, without_padding(&padded)));
        return keep_pin(element);
}

uint16_t fido_change_pin(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        (void)answer;
        struct change change;
        FIDO_SHARED(shared);
        SW_TRY(read_change(command->data, &change));
        SW_TRY(fido_agree(&element->fido, change.protocol, change.x, change.y, &shared));
        return change.former.data ? change_pin(element, &shared, &change)
                                  : set_pin(element, &shared, &change);
}
