/* SPDX-License-Identifier: Apache-2.0 */
#include "element_internal.h"
#include "reference_data.h"
#include "user_pin.h"

enum {
        P2_CURRENT = 0x80,
        PASSWORD_MIN = 6,
        PASSWORD_MAX = 16,
        RESET_TEMPORARY = 0x01, /* P1 */
};

/* A temporary password is the station's, until its holder has changed it. */
enum password_kind { PASSWORD_OF_HOLDER = 1, PASSWORD_TEMPORARY = 2 };

static const struct reference_data password_data = { OBJECT_PASSWORD, OBJECT_PASSWORD_TRIES };

/* ---- the signing password: 6 to 16 letters and digits, both kinds, upper case ---- */

static bool is_letter(uint8_t byte)
{
        return byte >= 'A' && byte <= 'Z';
}

static bool is_digit(uint8_t byte)
{
        return byte >= '0' && byte <= '9';
}

/* Clients send upper case; whoever does not means the same. */
static void read_password(slice text, struct secret *ret)
{
        writer w = WRITER(ret->data);
        for (size_t i = 0; i < text.size; i++) {
                uint8_t byte = text.data[i];
                write_u8(&w, byte >= 'a' && byte <= 'z' ? (uint8_t)(byte - 'a' + 'A') : byte);
        }
        ret->size = w.used;
}

static bool is_password(const struct secret *password)
{
        size_t letters = 0, digits = 0;
        for (size_t i = 0; i < password->size; i++) {
                letters += is_letter(password->data[i]);
                digits += is_digit(password->data[i]);
        }
        return password->size >= PASSWORD_MIN && password->size <= PASSWORD_MAX && letters && digits &&
               letters + digits == password->size;
}

static uint8_t password_tries(const struct mitome_element *element)
{
        return reference_is_set(element, &password_data) ? reference_tries(element, &password_data) : 0;
}

bool jpki_password_is_temporary(const struct mitome_element *element)
{
        return reference_kind(element, &password_data) == PASSWORD_TEMPORARY;
}

static uint16_t check_password(struct mitome_element *element, slice text)
{
        SECRET(password);
        uint8_t tries = password_tries(element);
        if (tries == 0)
                return SW_UNUSABLE;
        read_password(text, &password);
        SW_TRY(reference_check(element, &password_data, secret_view(&password), tries));
        SW_TRY(reference_put_tries(element, &password_data, JPKI_PASSWORD_TRIES));
        return element_commit(element);
}

uint16_t jpki_check_password(struct mitome_element *element, slice text)
{
        if (!reference_is_set(element, &password_data))
                return SW_NOT_FOUND;
        if (password_tries(element) == 0)
                return SW_BLOCKED;
        uint16_t sw = check_password(element, text);
        if (sw != SW_OK)
                jpki_close_secret(element, JPKI_SIGN_PASSWORD);
        return sw == SW_OK && jpki_password_is_temporary(element) ? SW_PIN_CHANGE_FIRST : sw;
}

static uint16_t put_password(struct mitome_element *element, slice text, enum password_kind kind)
{
        SECRET(password);
        if (text.size > PASSWORD_MAX)
                return SW_WRONG_DATA;
        read_password(text, &password);
        if (!is_password(&password))
                return SW_WRONG_DATA;
        SW_TRY(reference_put(
                element, &password_data, secret_view(&password), (uint8_t)kind, JPKI_PASSWORD_TRIES));
        return element_commit(element);
}

/* The same as a temporary one would leave the holder with what the station knows. */
static uint16_t change_password(struct mitome_element *element, slice text)
{
        SECRET(password);
        bool same = false;
        if (text.size > PASSWORD_MAX)
                return SW_WRONG_DATA;
        read_password(text, &password);
        if (jpki_password_is_temporary(element))
                SW_TRY(reference_equals(element, &password_data, secret_view(&password), &same));
        if (same)
                return SW_WRONG_DATA;
        return put_password(element, text, PASSWORD_OF_HOLDER);
}

static uint16_t reset_password(struct mitome_element *element, slice text, enum user_pin_lasts lasts)
{
        return put_password(
                element, text, lasts == USER_PIN_IS_TEMPORARY ? PASSWORD_TEMPORARY : PASSWORD_OF_HOLDER);
}

/* ---- the PIN, which the FIDO applet shares ---- */

static uint8_t pin_tries(const struct mitome_element *element)
{
        return user_pin_is_set(element) ? user_pin_tries(element) : 0;
}

static uint16_t check_pin(struct mitome_element *element, slice text)
{
        SECRET(hash);
        user_pin_hash(text, &hash);
        uint16_t sw = user_pin_check(element, secret_view(&hash));
        return sw == SW_BLOCKED ? SW_UNUSABLE : sw; /* as the plastic card says it */
}

/* What CTAP asks of a new PIN is asked here too: this is no way around it. */
static uint16_t change_pin(struct mitome_element *element, slice text)
{
        if (!user_pin_is_four_digits(text))
                return SW_WRONG_DATA;
        uint16_t sw = user_pin_change(element, text);
        if (sw != SW_OK)
                return sw == SW_PIN_POLICY ? SW_WRONG_DATA : sw;
        SW_TRY(element_commit(element));
        user_pin_close_fido(element);
        return SW_OK;
}

/* Who resets a PIN need not know the former one, and fingers were confirmed with that. */
static uint16_t reset_pin(struct mitome_element *element, slice text, enum user_pin_lasts lasts)
{
        if (!user_pin_is_four_digits(text))
                return SW_WRONG_DATA;
        SW_TRY(user_pin_reset(element, text, lasts));
        SW_TRY(element_commit(element));
        user_pin_close_fido(element);
        return SW_OK;
}

/* ---- the commands ---- */

struct secret_file {
        enum jpki_ef ef;
        size_t max; /* no secret of this kind is longer */
        uint8_t (*tries)(const struct mitome_element *element);
        uint16_t (*check)(struct mitome_element *element, slice text);
        uint16_t (*change)(struct mitome_element *element, slice text);
        uint16_t (*reset)(struct mitome_element *element, slice text, enum user_pin_lasts lasts);
};

/* A PIN that was set before personalisation may be longer than four digits. */
static const struct secret_file secrets[JPKI_KITS] = {
        { JPKI_AUTH_PIN, REFERENCE_SECRET_MAX, pin_tries, check_pin, change_pin, reset_pin },
        { JPKI_SIGN_PASSWORD, PASSWORD_MAX, password_tries, check_password, change_password, reset_password },
};

static uint16_t current_secret(const struct mitome_element *element, const struct secret_file **ret)
{
        SW_TRY(jpki_current_is(element, JPKI_KIND_SECRET));
        *ret = element->jpki.current == JPKI_AUTH_PIN ? &secrets[0] : &secrets[1];
        return SW_OK;
}

static void mark_verified(struct jpki *jpki, enum jpki_ef secret)
{
        if (secret == JPKI_AUTH_PIN)
                jpki->pin_verified = true;
        else
                jpki->password_verified = true;
}

uint16_t jpki_verify(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        (void)answer;
        const struct secret_file *file;
        if (command->p1 != 0 || command->p2 != P2_CURRENT)
                return SW_WRONG_P1P2;
        SW_TRY(current_secret(element, &file));
        /* A query, whatever was verified before. */
        if (command->data.size == 0)
                return SW_TRIES_LEFT | file->tries(element);
        if (command->data.size > file->max)
                return SW_WRONG_LENGTH;
        jpki_close_secret(element, file->ef);
        SW_TRY(file->check(element, command->data));
        mark_verified(&element->jpki, file->ef);
        return SW_OK;
}

/* Who has verified the former secret stays verified. */
uint16_t jpki_change(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        (void)answer;
        const struct secret_file *file;
        if (command->p1 != 0x01 || command->p2 != P2_CURRENT)
                return SW_WRONG_P1P2;
        SW_TRY(current_secret(element, &file));
        if (!jpki_is_opened(element, file->ef))
                return SW_SECURITY_STATUS;
        return file->change(element, command->data);
}

uint16_t jpki_set_reference_data(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        (void)answer;
        if (command->p1 > RESET_TEMPORARY)
                return SW_WRONG_P1P2;
        for (size_t i = 0; i < JPKI_KITS; i++) {
                if (jpki_kits[i].secret_reference != command->p2)
                        continue;
                jpki_close_secret(element, secrets[i].ef);
                return secrets[i].reset(element, command->data,
                        command->p1 == RESET_TEMPORARY ? USER_PIN_IS_TEMPORARY : USER_PIN_STAYS);
        }
        return SW_WRONG_P1P2;
}
