/* SPDX-License-Identifier: Apache-2.0 */
#include "attestation_format.h"

static const char clause[] = "WebAuthn L3 8.9";

enum { FORMAT_NAME_MAX = 32, STATEMENTS_MIN = 2 };

/* nonCompoundAttStmt = { fmt, attStmt }, in the order of canonical CBOR, and "fmt: text .ne "compound"". */
static mitome_status read_statement(
        struct cbor_reader *r, const struct attestation_format **ret_format, struct cbor_reader *ret_statement)
{
        const struct cbor_reader start = *r;
        struct cbor_members map;
        struct cbor_key key;
        slice name = { 0 }, item = { 0 };
        const char *known;
        MITOME_TRY(cbor_open_map(r, "attStmt[]", 2, &map));
        for (bool more;;) {
                MITOME_TRY(cbor_next_key(r, &map, &key, &more));
                if (!more)
                        break;
                if (key.is_text && slice_is(key.text, "fmt"))
                        MITOME_TRY(cbor_read_text(r, "attStmt[].fmt", FORMAT_NAME_MAX, &name));
                else if (key.is_text && slice_is(key.text, "attStmt"))
                        MITOME_TRY(cbor_read_item(r, "attStmt[].attStmt", &item));
                else
                        return reader_fail(&r->bytes, MITOME_E_VALUE, "attStmt[]");
                if (item.size)
                        *ret_statement = cbor_within(r, item);
        }
        if (!name.data || !item.size)
                return reader_fail(
                        &start.bytes, MITOME_E_MISSING, name.data ? "attStmt[].attStmt" : "attStmt[].fmt");
        if (slice_is(name, attestation_compound.name))
                return reader_fail(&start.bytes, MITOME_E_COMPOUND_NESTED, "attStmt[].fmt");
        return attestation_format_find(name, clause, &known, ret_format, r->bytes.error);
}

/* "For each subStmt of attStmt, evaluate the verification procedure corresponding to the attestation
 * statement format identifier subStmt.fmt with verification procedure inputs subStmt, authenticatorData and
 * clientDataHash." */
static mitome_status verify_next(
        struct cbor_reader *r, const struct attestation_input *input, struct attestation_result *found)
{
        struct attestation_input part = *input;
        const struct attestation_format *format;
        MITOME_TRY(read_statement(r, &format, &part.statement));
        return format->verify(&part, found, r->bytes.error);
}

/* "If validation fails for one or more subStmt, decide the appropriate result based on Relying Party policy."
 * The policy is that all must be right: a statement that is not is one that somebody has tampered with, or
 * one that this library cannot read, and neither is for a relying party to overlook. */
static mitome_status compound_verify(
        const struct attestation_input *input, struct attestation_result *result, mitome_error *error)
{
        struct cbor_reader r = input->statement;
        struct attestation_result found = *result;
        struct cbor_members array;
        (void)error; /* the reader's own */
        r.bytes.clause = clause;
        const struct cbor_reader start = r;
        MITOME_TRY(cbor_open_array(&r, "attStmt", ATTESTATION_PARTS_MAX, &array));
        /* "attStmt: [2* nonCompoundAttStmt]" */
        if (array.left < STATEMENTS_MIN)
                return reader_fail(&start.bytes, MITOME_E_COMPOUND_TOO_FEW, "attStmt");
        while (cbor_next_element(&r, &array))
                MITOME_TRY(verify_next(&r, input, &found));
        MITOME_TRY(cbor_end(&r, "attStmt"));
        *result = found;
        return ok();
}

const struct attestation_format attestation_compound = { .name = "compound", .verify = compound_verify };
