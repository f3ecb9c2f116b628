/* SPDX-License-Identifier: Apache-2.0 */
#include "user_pin.h"

#include "digest.h"
#include "element_internal.h"
#include "reference_data.h"

enum pin_kind { PIN_TEXT = 1, PIN_FOUR_DIGITS = 2 };

enum { MUST_CHANGE = 0x01 };

static const struct reference_data pin = { OBJECT_PIN, OBJECT_PIN_TRIES };

/* While a certificate is renewed its key is there without one, and as much in need of its PIN. */
bool user_pin_is_of_person(const struct mitome_element *element)
{
        return element_is_personalised(element) || element_has(element, jpki_object(JPKI_AUTH_KEY));
}

static uint8_t full_tries(const struct mitome_element *element)
{
        return user_pin_is_of_person(element) ? USER_PIN_TRIES_PERSONALISED : USER_PIN_TRIES;
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

/* ---- policy ---- */

static size_t count_points(slice text)
{
        size_t points = 0;
        for (size_t i = 0; i < text.size; i++)
                points += (text.data[i] & 0xC0) != 0x80;
        return points;
}

static bool has_zero(slice text)
{
        for (size_t i = 0; i < text.size; i++)
                if (text.data[i] == 0)
                        return true;
        return false;
}

/* The first character of what is left, which is UTF-8. */
static uint32_t next_point(slice *text)
{
        size_t size = slice_utf8_first(*text);
        reader r = reader_over(*text, NULL, NULL);
        uint32_t point = 0;
        uint8_t byte;
        for (size_t i = 0; i < size && !failed(read_u8(&r, "PIN", &byte)); i++)
                point = point << 6 | (byte & (i ? 0x3F : size == 1 ? 0x7F : 0x7F >> size));
        *text = size ? read_rest(&r) : (slice){ 0 };
        return point;
}

/* Whether each character is as far from the one before as the second is from the first, and that is at most
 * one. */
static bool is_run(slice text)
{
        uint32_t former = next_point(&text), point = text.size ? next_point(&text) : former;
        uint32_t step = point - former;
        if (step != 0 && step != 1 && step != UINT32_MAX)
                return false;
        while (text.size) {
                former = point;
                point = next_point(&text);
                if (point - former != step)
                        return false;
        }
        return true;
}

/* [6.5.1] UTF-8 of at least as many code points as the minimum is, at most 63 bytes, not ending in 00 */
static bool is_ctap_pin(const struct mitome_element *element, slice text)
{
        return slice_is_utf8(text) && !has_zero(text) && count_points(text) >= user_pin_min(element) &&
               text.size <= REFERENCE_SECRET_MAX && !(user_pin_is_complex(element) && is_run(text));
}

bool user_pin_is_allowed(const struct mitome_element *element, slice text)
{
        return user_pin_is_of_person(element) ? user_pin_is_four_digits(text) : is_ctap_pin(element, text);
}

uint8_t user_pin_min(const struct mitome_element *element)
{
        uint8_t raised = (uint8_t)element_number(element, OBJECT_PIN_MIN);
        return user_pin_is_of_person(element) || raised < USER_PIN_MIN ? USER_PIN_MIN : raised;
}

/* [2.2 6.4 0x1B] runs of characters are refused, where setMinPINLength asked for it */
bool user_pin_is_complex(const struct mitome_element *element)
{
        return !user_pin_is_of_person(element) &&
               element_number(element, OBJECT_FIDO_SETTINGS) & USER_PIN_COMPLEX;
}

uint16_t user_pin_put_min(struct mitome_element *element, uint8_t points)
{
        return element_put(element, OBJECT_PIN_MIN, slice_of(&points, 1));
}

/* ---- what is known of the PIN besides ---- */

static void read_facts(const struct mitome_element *element, uint8_t *ret_length, uint8_t *ret_flags)
{
        uint8_t length = USER_PIN_MIN, flags = 0;
        reader r = reader_over(element_object(element, OBJECT_PIN_FACTS), NULL, NULL);
        *ret_flags = 0;
        *ret_length = USER_PIN_MIN;
        if (!failed(read_u8(&r, "pin.length", &length)) && !failed(read_u8(&r, "pin.flags", &flags))) {
                *ret_length = length;
                *ret_flags = flags;
        }
}

static uint16_t put_facts(struct mitome_element *element, size_t length, uint8_t flags)
{
        const uint8_t facts[] = { (uint8_t)length, flags };
        return element_put(element, OBJECT_PIN_FACTS, SLICE(facts));
}

uint8_t user_pin_length(const struct mitome_element *element)
{
        uint8_t length, flags;
        read_facts(element, &length, &flags);
        return length;
}

bool user_pin_must_change(const struct mitome_element *element)
{
        uint8_t length, flags;
        read_facts(element, &length, &flags);
        return user_pin_is_set(element) && (flags & MUST_CHANGE || length < user_pin_min(element));
}

uint16_t user_pin_force_change(struct mitome_element *element)
{
        SW_TRY(element_delete(element, OBJECT_PERSISTENT_TOKEN));
        return put_facts(element, user_pin_length(element), MUST_CHANGE);
}

/* ---- changes ---- */

void user_pin_hash(slice text, struct secret *ret_hash)
{
        sha256(&text, 1, ret_hash->data);
        ret_hash->size = USER_PIN_HASH_SIZE;
}

static uint16_t put_pin(struct mitome_element *element, slice text, uint8_t flags)
{
        SECRET(hash);
        user_pin_hash(text, &hash);
        enum pin_kind kind = user_pin_is_four_digits(text) ? PIN_FOUR_DIGITS : PIN_TEXT;
        SW_TRY(put_facts(element, count_points(text), flags));
        /* [2.2 6.5.5.6 20] the persistent token ends with the PIN that gave it */
        SW_TRY(element_delete(element, OBJECT_PERSISTENT_TOKEN));
        return reference_put(element, &pin, secret_view(&hash), (uint8_t)kind, full_tries(element));
}

uint16_t user_pin_put(struct mitome_element *element, slice text)
{
        return put_pin(element, text, 0);
}

/* What is the same as before changes nothing, where a change is forced. */
static uint16_t check_new(struct mitome_element *element, slice text)
{
        SECRET(hash);
        bool same = false;
        if (!user_pin_is_allowed(element, text))
                return SW_PIN_POLICY;
        if (!user_pin_must_change(element))
                return SW_OK;
        user_pin_hash(text, &hash);
        SW_TRY(reference_equals(element, &pin, secret_view(&hash), &same));
        return same ? SW_PIN_POLICY : SW_OK;
}

uint16_t user_pin_change(struct mitome_element *element, slice text)
{
        SW_TRY(check_new(element, text));
        return user_pin_put(element, text);
}

uint16_t user_fingers_forget(struct mitome_element *element)
{
        SW_TRY(element_delete(element, OBJECT_OTHER_SET));
        return element_delete(element, OBJECT_ENROLMENT_SET);
}

uint16_t user_pin_reset(struct mitome_element *element, slice text, enum user_pin_lasts lasts)
{
        bool must_change = lasts == USER_PIN_IS_TEMPORARY || user_pin_is_set(element);
        SW_TRY(user_fingers_forget(element));
        return put_pin(element, text, must_change ? MUST_CHANGE : 0);
}

uint16_t user_pin_delete(struct mitome_element *element)
{
        static const uint32_t objects[] = { OBJECT_PIN, OBJECT_PIN_FACTS, OBJECT_ENROLMENT_SET,
                OBJECT_OTHER_SET, OBJECT_PERSISTENT_TOKEN };
        for (size_t i = 0; i < sizeof objects / sizeof *objects; i++)
                SW_TRY(element_delete(element, objects[i]));
        return SW_OK;
}

uint16_t user_pin_release(struct mitome_element *element)
{
        if (fido_count(element) > fido_count_certificate(element))
                return SW_OK;
        SW_TRY(user_pin_delete(element));
        return reference_put_tries(element, &pin, USER_PIN_TRIES);
}

void user_pin_close_fido(struct mitome_element *element)
{
        fido_end_operation(&element->fido);
        fido_token_wipe(&element->fido.token);
        element->fido.wrong_in_a_row = 0; /* they were guesses at another one */
}

uint16_t user_pin_personalise(struct mitome_element *element)
{
        if (reference_kind(element, &pin) == PIN_TEXT)
                SW_TRY(user_pin_delete(element));
        SW_TRY(fido_pairing_personalise(element));
        uint8_t tries = reference_tries(element, &pin);
        if (tries > USER_PIN_TRIES_PERSONALISED)
                tries = USER_PIN_TRIES_PERSONALISED;
        return reference_put_tries(element, &pin, tries);
}

/* ---- entering it ---- */

static uint16_t put_count(struct mitome_element *element, uint32_t object, uint32_t count)
{
        uint8_t bytes[4];
        writer w = WRITER(bytes);
        if (count == element_number(element, object))
                return SW_OK;
        write_u32(&w, count);
        return element_put(element, object, SLICE(bytes));
}

static uint16_t put_uv_count(struct mitome_element *element, uint32_t count)
{
        return put_count(element, OBJECT_UV_COUNT, count);
}

static uint16_t count_entry(struct mitome_element *element)
{
        uint32_t entries = user_pin_entries(element);
        return put_count(element, OBJECT_PIN_ENTRIES, entries < UINT32_MAX ? entries + 1 : entries);
}

/* [6.5.2.2] the try is written down and compared; a wrong one is one more in a row. */
static uint16_t spend_try(struct mitome_element *element, slice hash, uint8_t tries)
{
        uint16_t sw = reference_check(element, &pin, hash, tries);
        if (tries == 1 && sw != SW_OK)
                fido_end_token(&element->fido); /* by whichever path: nothing that it authorised goes on */
        if ((sw & 0xFFF0) == SW_TRIES_LEFT)
                element->fido.wrong_in_a_row++;
        return sw;
}

/* Fingers that were changed by another way than the PIN's count again once it was entered. */
static uint16_t confirm_other_set(struct mitome_element *element)
{
        uint8_t set[UNLOCK_SET_SIZE];
        slice other = element_object(element, OBJECT_OTHER_SET);
        if (!other.size)
                return SW_OK;
        SW_TRY(element_sw(slice_copy(other, "set", set, sizeof set, NULL))); /* putting may move it */
        SW_TRY(element_put(element, OBJECT_ENROLMENT_SET, SLICE(set)));
        return element_delete(element, OBJECT_OTHER_SET);
}

/* [6.5.2.2] at most 8 tries (3 of a person's PIN), three in a row before a power cycle; the right PIN gives
 * back those of PIN and finger */
uint16_t user_pin_check(struct mitome_element *element, slice hash)
{
        if (!user_pin_is_set(element))
                return SW_UNUSABLE;
        uint8_t tries = user_pin_tries(element);
        if (tries == 0)
                return SW_BLOCKED;
        if (element->fido.wrong_in_a_row >= FIDO_WRONG_IN_A_ROW_MAX)
                return SW_CONDITIONS; /* no try is taken, or a host could burn them all */
        SW_TRY(spend_try(element, hash, tries));
        element->fido.wrong_in_a_row = 0;
        SW_TRY(reference_put_tries(element, &pin, full_tries(element)));
        SW_TRY(user_uv_fill(element));
        SW_TRY(put_uv_count(element, 0));
        SW_TRY(count_entry(element));
        SW_TRY(confirm_other_set(element));
        return element_commit(element);
}

uint32_t user_pin_entries(const struct mitome_element *element)
{
        return element_number(element, OBJECT_PIN_ENTRIES);
}

/* ---- the finger ---- */

uint8_t user_uv_full(const struct mitome_element *element)
{
        struct fido_matcher matcher;
        bool weak = fido_matcher(element, &matcher) && matcher.class < MATCHER_STRONG;
        return weak ? USER_UV_TRIES_WEAK : USER_UV_TRIES;
}

/* A pairing with a lesser matcher lowers the limit: what was left above it is gone. */
uint8_t user_uv_tries(const struct mitome_element *element)
{
        uint8_t stored = (uint8_t)element_number(element, OBJECT_UV_TRIES), full = user_uv_full(element);
        return stored < full ? stored : full;
}

uint16_t user_uv_fill(struct mitome_element *element)
{
        return user_uv_put(element, user_uv_full(element));
}

uint16_t user_uv_put(struct mitome_element *element, uint8_t tries)
{
        return element_put(element, OBJECT_UV_TRIES, slice_of(&tries, 1));
}

uint32_t user_uv_count(const struct mitome_element *element)
{
        return element_number(element, OBJECT_UV_COUNT);
}

uint32_t user_challenges(const struct mitome_element *element)
{
        return element_number(element, OBJECT_CHALLENGES);
}

uint16_t user_challenges_count(struct mitome_element *element)
{
        uint32_t given = user_challenges(element);
        return given < UINT32_MAX ? put_count(element, OBJECT_CHALLENGES, given + 1) : SW_CONDITIONS;
}

uint16_t user_uv_debit(struct mitome_element *element)
{
        uint32_t count = user_uv_count(element);
        SW_TRY(put_uv_count(element, count < UINT32_MAX ? count + 1 : count));
        return user_uv_put(element, (uint8_t)(user_uv_tries(element) - 1));
}

uint16_t user_uv_refund(struct mitome_element *element)
{
        uint32_t count = user_uv_count(element);
        SW_TRY(put_uv_count(element, count ? count - 1 : 0));
        return user_uv_put(element, (uint8_t)(user_uv_tries(element) + 1));
}
