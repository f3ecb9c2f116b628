/* SPDX-License-Identifier: Apache-2.0 */
#include "attestation_format.h"

static const char clause[] = "WebAuthn L3 8.9";

enum { FORMAT_NAME_MAX = 32, STATEMENTS_MIN = 2 };

/* subStmt, as it stands. */
struct statement {
        slice format;
        struct cbor_reader statement;
        bool has_format, has_statement;
};

static mitome_status read_member(
        struct cbor_reader *r, const struct cbor_key *key, struct statement *statement)
{
        const struct cbor_reader start = *r;
        slice item;
        if (key->is_text && slice_is(key->text, "fmt")) {
                statement->has_format = true;
                MITOME_TRY(cbor_read_text(r, "attStmt[].fmt", FORMAT_NAME_MAX, &statement->format));
                return slice_is(statement->format, attestation_compound.name)
                               ? reader_fail(&start.bytes, MITOME_E_COMPOUND_NESTED, "attStmt[].fmt")
                               : ok();
        }
        if (key->is_text && slice_is(key->text, "attStmt")) {
                statement->has_statement = true;
                MITOME_TRY(cbor_read_item(r, "attStmt[].attStmt", &item));
                statement->statement = cbor_within(r, item);
                return ok();
        }
        return reader_fail(&r->bytes, MITOME_E_VALUE, "attStmt[]");
}

/* "nonCompoundAttStmt = { $$attStmtType } .within { fmt: text .ne "compound", * any => any }" */
static mitome_status read_statement(struct cbor_reader *r, struct statement *ret)
{
        const struct cbor_reader start = *r;
        struct statement statement = { 0 };
        struct cbor_members map;
        struct cbor_key key;
        MITOME_TRY(cbor_open_map(r, "attStmt[]", 2, &map));
        for (bool more;;) {
                MITOME_TRY(cbor_next_key(r, &map, &key, &more));
                if (!more)
                        break;
                MITOME_TRY(read_member(r, &key, &statement));
        }
        if (!statement.has_format)
                return reader_fail(&start.bytes, MITOME_E_MISSING, "attStmt[].fmt");
        if (!statement.has_statement)
                return reader_fail(&start.bytes, MITOME_E_MISSING, "attStmt[].attStmt");
        *ret = statement;
        return ok();
}

/* "For each subStmt of attStmt, evaluate the verification procedure corresponding to the attestation
 * statement format identifier subStmt.fmt with verification procedure inputs subStmt, authenticatorData and
 * clientDataHash." */
static mitome_status verify_next(struct cbor_reader *r, const struct attestation_input *input,
        struct attestation_result *found, mitome_error *error)
{
        struct attestation_input part = *input;
        const struct attestation_format *format;
        struct statement statement;
        const char *known;
        MITOME_TRY(read_statement(r, &statement));
        MITOME_TRY(attestation_format_find(statement.format, clause, &known, &format, error));
        part.statement = statement.statement;
        return format->verify(&part, found, error);
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
        r.bytes.clause = clause;
        const struct cbor_reader start = r;
        MITOME_TRY(cbor_open_array(&r, "attStmt", ATTESTATION_PARTS_MAX, &array));
        /* "attStmt: [2* nonCompoundAttStmt]" */
        if (array.left < STATEMENTS_MIN)
                return reader_fail(&start.bytes, MITOME_E_COMPOUND_TOO_FEW, "attStmt");
        while (cbor_next_element(&r, &array))
                MITOME_TRY(verify_next(&r, input, &found, error));
        MITOME_TRY(cbor_end(&r, "attStmt"));
        *result = found;
        return ok();
}

const struct attestation_format attestation_compound = {
        .name = "compound", .clause = clause, .verify = compound_verify
};
