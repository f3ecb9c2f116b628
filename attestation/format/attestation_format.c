/* SPDX-License-Identifier: Apache-2.0 */
#include "attestation_format.h"

static const struct attestation_format *const formats[] = {
        &attestation_android_key,
        &attestation_apple,
        &attestation_compound,
        &attestation_fido_u2f,
        &attestation_mitome_jpki,
        &attestation_none,
        &attestation_packed,
        &attestation_tpm,
};

/* Formats that exist, so that a refusal can name them: errors carry no bytes of the input. */
static const struct {
        const char *name;
        const char *field;
        mitome_code code;
} known[] = {
        { "android-safetynet", "fmt android-safetynet", MITOME_E_FORMAT_ENDED },
};

mitome_status attestation_format_find(slice name, const char *clause, const char **ret_name,
        const struct attestation_format **ret, mitome_error *error)
{
        *ret_name = NULL;
        for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
                if (slice_is(name, formats[i]->name)) {
                        *ret_name = formats[i]->name;
                        *ret = formats[i];
                        return ok();
                }
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
                if (slice_is(name, known[i].name)) {
                        *ret_name = known[i].name;
                        return fail(error, known[i].code, known[i].field, clause);
                }
        return fail(error, MITOME_E_FORMAT_UNSUPPORTED, "fmt, a name that is not known", clause);
}

mitome_status attestation_add(
        struct attestation_result *result, const struct attestation_part *part, mitome_error *error)
{
        if (result->count == ATTESTATION_PARTS_MAX)
                return fail(error, MITOME_E_TOO_MANY, "attStmt", "WebAuthn L3 8.9"); /* only there */
        result->parts[result->count++] = *part;
        return ok();
}

mitome_status attestation_read_chain(struct cbor_reader *r, const char *field, struct attestation_chain *ret)
{
        const struct cbor_reader start = *r;
        struct attestation_chain chain = { 0 };
        struct cbor_members array;
        MITOME_TRY(cbor_open_array(r, field, ATTESTATION_CHAIN_MAX, &array));
        if (array.left == 0)
                return reader_fail(&start.bytes, MITOME_E_CHAIN_EMPTY, field);
        while (cbor_next_element(r, &array))
                MITOME_TRY(cbor_read_bytes(
                        r, field, ATTESTATION_CERTIFICATE_MAX, &chain.certificates[chain.count++]));
        *ret = chain;
        return ok();
}
