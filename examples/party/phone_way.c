/* SPDX-License-Identifier: Apache-2.0 */
#include "phone_way.h"

mitome_status phone_desks_answer(
        const struct phone_desks *desks, slice kind, slice body, writer *answer, mitome_error *error)
{
        slice whole;
        if (kind.size > PHONE_KIND_MAX || body.size > PHONE_BODY_MAX)
                return fail(error, MITOME_E_TOO_LONG, "what the phone says", NULL);
        for (size_t i = 0; i < desks->count; i++) {
                if (!slice_is(kind, desks->desks[i].kind))
                        continue;
                MITOME_TRY(desks->desks[i].handle(desks->context, body, answer, error));
                return writer_finish(answer, "answer", &whole, error);
        }
        return fail(error, MITOME_E_LETTER_KIND, "what the phone says", NULL);
}

static bool is_plain(uint8_t c)
{
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
               c == '_' || c == '.';
}

bool phone_identity_is_plain(slice identity)
{
        size_t at = 0;
        while (at < identity.size && is_plain(identity.data[at]))
                at++;
        return identity.size > 0 && identity.size <= PHONE_IDENTITY_MAX && at == identity.size &&
               identity.data[0] != '.';
}

mitome_status phone_refuse(mitome_code code, const char *field, mitome_error *error)
{
        return fail_at(error, MITOME_E_REFUSED, (size_t)code, field, NULL);
}

mitome_code phone_refusal(const mitome_error *error)
{
        return error->code == MITOME_E_REFUSED && error->at != MITOME_NOWHERE ? (mitome_code)error->at
                                                                              : MITOME_OK;
}
