/* SPDX-License-Identifier: Apache-2.0 */
#include "attestation_format.h"

static const char clause[] = "WebAuthn L3 8.9";

enum { FORMAT_NAME_MAX = 32, STATEMENTS_MIN = 2 };

/* The next key of a subStmt, which must be `name`: canonical CBOR leaves no choice of order. */
static mitome_status next_name(struct cbor_reader *r, struct cbor_members *map, const char *name)
{
        const struct cbor_reader start = *r;
        struct cbor_key key;
        bool more;
        MITOME_TRY(cbor_next_key(r, map, &key, &more));
        if (!more)
                return reader_fail(&start.bytes, MITOME_E_MISSING, name);
        if (!key.is_text || !slice_is(key.text, name))
                return reader_fail(&start.bytes, MITOME_E_VALUE, "attStmt[]");
        return ok();
}

/* "nonCompoundAttStmt = { $$attStmtType } .within { fmt: text .ne "compound", * any => any }" */
static mitome_status read_statement(struct cbor_reader *r, slice *ret_format, struct cbor_reader *ret)
{
        struct cbor_members map;
        struct cbor_key key;
        slice item;
        bool more;
        MITOME_TRY(cbor_open_map(r, "attStmt[]", 2, &map));
        MITOME_TRY(next_name(r, &map, "fmt"));
        const struct cbor_reader start = *r;
        MITOME_TRY(cbor_read_text(r, "fmt", FORMAT_NAME_MAX, ret_format));
        if (slice_is(*ret_format, attestation_compound.name))
                return reader_fail(&start.bytes, MITOME_E_COMPOUND_NESTED, "fmt");
        MITOME_TRY(next_name(r, &map, "attStmt"));
        MITOME_TRY(cbor_read_item(r, "attStmt", &item));
        *ret = cbor_within(r, item);
        return cbor_next_key(r, &map, &key, &more); /* closes the map: it has two members at most */
}

/* "For each subStmt of attStmt, evaluate the verification procedure corresponding to the attestation
 * statement format identifier subStmt.fmt with verification procedure inputs subStmt, authenticatorData and
 * clientDataHash." */
static mitome_status verify_next(struct cbor_reader *r, const struct attestation_input *input,
        struct attestation_result *found, mitome_error *error)
{
        struct attestation_input part = *input;
        const struct attestation_format *format;
        const char *known;
        slice name;
        MITOME_TRY(read_statement(r, &name, &part.statement));
        MITOME_TRY(attestation_format_find(name, clause, &known, &format, error));
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

const struct attestation_format attestation_compound = { .name = "compound", .verify = compound_verify };
