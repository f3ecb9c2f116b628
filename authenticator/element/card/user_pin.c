/* SPDX-License-Identifier: Apache-2.0 */
#include "user_pin.h"

#include "digest.h"
#include "element_internal.h"
#include "reference_data.h"

enum pin_kind { PIN_TEXT = 1, PIN_FOUR_DIGITS = 2 };

static const struct reference_data pin = { OBJECT_PIN, OBJECT_PIN_TRIES };

/* While a certificate is renewed its key is there without one, and as much in need of its PIN. */
static uint8_t full_tries(const struct mitome_element *element)
{
        bool key = element_has(element, jpki_object(JPKI_AUTH_KEY));
        return key || element_is_personalised(element) ? USER_PIN_TRIES_PERSONALISED : USER_PIN_TRIES;
}

bool user_pin_is_set(const struct mitome_element *element)
{
        return reference_is_set(element, &pin);
}

/* Personalisation lowers the limit: what was left above it is gone. */
uint8_t user_pin_tries(const struct mitome_element *element)
{
        uint8_t stored = reference_tries(element, &pin), full = full_tries(element);
        return stored < full ? stored : full;
}

bool user_pin_is_blocked(const struct mitome_element *element)
{
        return user_pin_is_set(element) && user_pin_tries(element) == 0;
}

bool user_pin_is_four_digits(slice text)
{
        for (size_t i = 0; i < text.size; i++)
                if (text.data[i] < '0' || text.data[i] > '9')
                        return false;
        return text.size == USER_PIN_MIN;
}

/* CTAP 2.1, 6.5.1: UTF-8, at least four code points, at most 63 bytes, not ending in 00. */
static bool is_ctap_pin(slice text)
{
        size_t points = 0;
        for (size_t i = 0; i < text.size; i++) {
                points += (text.data[i] & 0xC0) != 0x80;
                if (text.data[i] == 0)
                        return false;
        }
        return slice_is_utf8(text) && points >= USER_PIN_MIN && text.size <= REFERENCE_SECRET_MAX;
}

bool user_pin_is_allowed(const struct mitome_element *element, slice text)
{
        return element_is_personalised(element) ? user_pin_is_four_digits(text) : is_ctap_pin(text);
}

void user_pin_hash(slice text, struct secret *ret_hash)
{
        sha256(&text, 1, ret_hash->data);
        ret_hash->size = USER_PIN_HASH_SIZE;
}

uint16_t user_pin_put(struct mitome_element *element, slice text)
{
        SECRET(hash);
        user_pin_hash(text, &hash);
        enum pin_kind kind = user_pin_is_four_digits(text) ? PIN_FOUR_DIGITS : PIN_TEXT;
        return reference_put(element, &pin, secret_view(&hash), (uint8_t)kind, full_tries(element));
}

uint16_t user_pin_reset(struct mitome_element *element, slice text)
{
        SW_TRY(element_delete(element, OBJECT_ENROLMENT_SET));
        return user_pin_put(element, text);
}

uint16_t user_pin_release(struct mitome_element *element)
{
        if (fido_count(element) > fido_count_certificate(element))
                return SW_OK;
        SW_TRY(element_delete(element, OBJECT_PIN));
        SW_TRY(element_delete(element, OBJECT_ENROLMENT_SET));
        return reference_put_tries(element, &pin, USER_PIN_TRIES);
}

void user_pin_close_fido(struct mitome_element *element)
{
        fido_end_operation(&element->fido);
        fido_token_wipe(&element->fido.token);
}

uint16_t user_pin_personalise(struct mitome_element *element)
{
        if (reference_kind(element, &pin) == PIN_TEXT) {
                SW_TRY(element_delete(element, OBJECT_PIN));
                SW_TRY(element_delete(element, OBJECT_ENROLMENT_SET));
        }
        uint8_t tries = reference_tries(element, &pin);
        if (tries > USER_PIN_TRIES_PERSONALISED)
                tries = USER_PIN_TRIES_PERSONALISED;
        return reference_put_tries(element, &pin, tries);
}

/* The last try is gone, by whichever path: nothing that the PIN authorised goes on. */
static void end_tokens(struct fido *fido)
{
        if (fido->operation.by_pin)
                fido_end_operation(fido);
        fido_token_wipe(&fido->token);
}

uint16_t user_pin_check(struct mitome_element *element, slice hash)
{
        if (!user_pin_is_set(element))
                return SW_UNUSABLE;
        uint8_t tries = user_pin_tries(element);
        if (tries == 0)
                return SW_BLOCKED;
        uint16_t sw = reference_check(element, &pin, hash, tries);
        if (tries == 1 && sw != SW_OK)
                end_tokens(&element->fido);
        SW_TRY(sw);
        SW_TRY(reference_put_tries(element, &pin, full_tries(element)));
        SW_TRY(user_uv_put(element, USER_UV_TRIES));
        return element_commit(element);
}

uint8_t user_uv_tries(const struct mitome_element *element)
{
        return (uint8_t)element_number(element, OBJECT_UV_TRIES);
}

uint16_t user_uv_put(struct mitome_element *element, uint8_t tries)
{
        return element_put(element, OBJECT_UV_TRIES, slice_of(&tries, 1));
}
