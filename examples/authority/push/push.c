/* SPDX-License-Identifier: Apache-2.0 */
#include "push.h"

static bool is_token_character(uint8_t byte)
{
        return byte > ' ' && byte < 0x7f && byte != '"' && byte != '\\';
}

static bool is_kind_character(uint8_t byte)
{
        return (byte >= 'a' && byte <= 'z') || byte == '-';
}

static mitome_status check(
        slice text, size_t most, const char *field, bool (*allowed)(uint8_t), mitome_error *error)
{
        if (text.size > most)
                return fail(error, MITOME_E_TOO_LONG, field, NULL);
        if (text.size == 0)
                return fail(error, MITOME_E_VALUE, field, NULL);
        for (size_t i = 0; i < text.size; i++)
                if (!allowed(text.data[i]))
                        return fail_at(error, MITOME_E_VALUE, i, field, NULL);
        return ok();
}

mitome_status push_token_check(slice token, mitome_error *error)
{
        return check(token, PUSH_TOKEN_MAX, "push token", is_token_character, error);
}

mitome_status push_message_check(const struct push_message *message, mitome_error *error)
{
        return check(slice_text(message->kind), PUSH_KIND_MAX, "kind of push", is_kind_character, error);
}
