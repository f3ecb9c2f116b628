/* SPDX-License-Identifier: Apache-2.0 */
#include "attestation_format.h"

static const char clause[] = "WebAuthn L3 8.7";

/* WebAuthn L3 8.7: attStmt is the empty map, and there is nothing to verify. */
static mitome_status none_verify(
        const struct attestation_input *input, struct attestation_result *result, mitome_error *error)
{
        struct cbor_reader statement = input->statement;
        statement.bytes.clause = clause;
        const struct cbor_reader start = statement;
        struct cbor_members map;
        struct cbor_key key;
        bool more;
        MITOME_TRY(cbor_open_map(&statement, "attStmt", CBOR_MEMBERS, &map));
        if (map.left)
                return reader_fail(&start.bytes, MITOME_E_STATEMENT_NOT_EMPTY, "attStmt");
        MITOME_TRY(cbor_next_key(&statement, &map, &key, &more));
        MITOME_TRY(cbor_end(&statement, "attStmt"));
        const struct attestation_part part = { .format = "none", .type = ATTESTATION_NONE };
        return attestation_add(result, &part, error);
}

const struct attestation_format attestation_none = {
        .name = "none", .clause = clause, .verify = none_verify
};
