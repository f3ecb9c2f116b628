/* SPDX-License-Identifier: Apache-2.0 */
#include "signed_statement.h"

enum { SIGNATURE_MAX = 1024, VER_MAX = 8, TPM_STRUCTURE_MAX = 1024 };

static mitome_status read_alg(struct cbor_reader *r, struct signed_statement *statement)
{
        return cbor_read_int(r, "attStmt.alg", &statement->algorithm);
}

static mitome_status read_sig(struct cbor_reader *r, struct signed_statement *statement)
{
        return cbor_read_bytes(r, "attStmt.sig", SIGNATURE_MAX, &statement->signature);
}

static mitome_status read_x5c(struct cbor_reader *r, struct signed_statement *statement)
{
        return attestation_read_chain(r, "attStmt.x5c", &statement->chain);
}

static mitome_status read_device(struct cbor_reader *r, struct signed_statement *statement)
{
        slice item;
        MITOME_TRY(cbor_read_item(r, "attStmt.device", &item));
        statement->device = cbor_within(r, item);
        return ok();
}

static mitome_status read_ver(struct cbor_reader *r, struct signed_statement *statement)
{
        const struct cbor_reader start = *r;
        slice ver;
        (void)statement;
        MITOME_TRY(cbor_read_text(r, "attStmt.ver", VER_MAX, &ver));
        return slice_is(ver, "2.0") ? ok() : reader_fail(&start.bytes, MITOME_E_VALUE, "attStmt.ver");
}

static mitome_status read_structure(struct cbor_reader *r, const char *field, reader *ret)
{
        slice structure;
        MITOME_TRY(cbor_read_bytes(r, field, TPM_STRUCTURE_MAX, &structure));
        *ret = reader_within(&r->bytes, structure);
        return ok();
}

static mitome_status read_pub_area(struct cbor_reader *r, struct signed_statement *statement)
{
        return read_structure(r, "attStmt.pubArea", &statement->pub_area);
}

static mitome_status read_cert_info(struct cbor_reader *r, struct signed_statement *statement)
{
        return read_structure(r, "attStmt.certInfo", &statement->cert_info);
}

static const struct {
        enum statement_member member;
        const char *name, *field;
        mitome_status (*read)(struct cbor_reader *r, struct signed_statement *statement);
} members[] = {
        { STATEMENT_ALG, "alg", "attStmt.alg", read_alg },
        { STATEMENT_SIG, "sig", "attStmt.sig", read_sig },
        { STATEMENT_X5C, "x5c", "attStmt.x5c", read_x5c },
        { STATEMENT_DEVICE, "device", "attStmt.device", read_device },
        { STATEMENT_VER, "ver", "attStmt.ver", read_ver },
        { STATEMENT_PUB_AREA, "pubArea", "attStmt.pubArea", read_pub_area },
        { STATEMENT_CERT_INFO, "certInfo", "attStmt.certInfo", read_cert_info },
};

enum { MEMBERS = sizeof members / sizeof members[0] };

static mitome_status read_member(struct cbor_reader *r, const struct cbor_key *key, unsigned allowed,
        struct signed_statement *statement)
{
        for (size_t i = 0; i < MEMBERS; i++) {
                if (!(members[i].member & allowed) || !key->is_text || !slice_is(key->text, members[i].name))
                        continue;
                statement->members |= members[i].member;
                return members[i].read(r, statement);
        }
        return reader_fail(&r->bytes, MITOME_E_VALUE, "attStmt");
}

mitome_status signed_statement_read(
        struct cbor_reader *r, unsigned required, unsigned optional, struct signed_statement *ret)
{
        struct signed_statement statement = { 0 };
        struct cbor_members map;
        struct cbor_key key;
        MITOME_TRY(cbor_open_map(r, "attStmt", CBOR_MEMBERS, &map));
        for (bool more;;) {
                MITOME_TRY(cbor_next_key(r, &map, &key, &more));
                if (!more)
                        break;
                MITOME_TRY(read_member(r, &key, required | optional, &statement));
        }
        MITOME_TRY(cbor_end(r, "attStmt"));
        for (size_t i = 0; i < MEMBERS; i++)
                if (required & ~statement.members & members[i].member)
                        return reader_fail(&r->bytes, MITOME_E_MISSING, members[i].field);
        *ret = statement;
        return ok();
}

mitome_status signed_statement_verify(const struct signed_statement *statement,
        const struct attestation_input *input, const struct cose_key *key, const char *clause,
        mitome_error *error)
{
        const slice parts[] = { input->auth_data, input->client_data_hash };
        return cose_verify(
                input->verifier, key, parts, 2, statement->signature, "attStmt.sig", clause, error);
}
