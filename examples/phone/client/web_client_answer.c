/* SPDX-License-Identifier: Apache-2.0 */
/* What the authenticator answers, which is not believed before it fits what was asked. */
#include "web_client_parts.h"

enum { TEXT_MAX = 64, USER_ID_MAX = 64, ID_MAX = 1023 };

static mitome_status read_format(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_text(r, field, TEXT_MAX, &((struct client_answer *)into)->format);
}

static mitome_status read_auth_data(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_bytes(
                r, field, CLIENT_MESSAGE_MAX, &((struct client_answer *)into)->auth_data_bytes);
}

static mitome_status read_statement(struct cbor_reader *r, const char *field, void *into)
{
        enum cbor_kind kind;
        MITOME_TRY(cbor_peek(r, field, &kind));
        if (kind != CBOR_KIND_MAP)
                return reader_fail(&r->bytes, MITOME_E_CLIENT_ANSWER, field);
        return cbor_read_item(r, field, &((struct client_answer *)into)->statement);
}

static mitome_status read_enterprise(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_bool(r, field, &((struct client_answer *)into)->enterprise);
}

static mitome_status read_signature(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_bytes(r, field, CLIENT_MESSAGE_MAX, &((struct client_answer *)into)->signature);
}

/* The member "id" of a map with names, and nothing else of it. */
static mitome_status read_named_id(struct cbor_reader *r, const char *field, size_t max, slice *ret)
{
        struct cbor_members map;
        MITOME_TRY(cbor_open_map(r, field, CLIENT_MEMBERS, &map));
        for (;;) {
                struct cbor_key key;
                bool more;
                MITOME_TRY(cbor_next_key(r, &map, &key, &more));
                if (!more)
                        return ret->size ? ok() : reader_fail(&r->bytes, MITOME_E_CLIENT_ANSWER, field);
                if (slice_is(key.text, "id"))
                        MITOME_TRY(cbor_read_bytes(r, field, max, ret));
                else
                        MITOME_TRY(cbor_skip(r, field));
        }
}

static mitome_status read_credential(struct cbor_reader *r, const char *field, void *into)
{
        return read_named_id(r, field, ID_MAX, &((struct client_answer *)into)->credential_id);
}

static mitome_status read_user(struct cbor_reader *r, const char *field, void *into)
{
        return read_named_id(r, field, USER_ID_MAX, &((struct client_answer *)into)->user_id);
}

/* The answer must be for the relying party that was asked for. */
static mitome_status check_auth_data(
        const struct client_ceremony *c, struct client_answer *answer, mitome_error *error)
{
        uint8_t hash[SHA256_SIZE];
        sha256(&c->options.rp_id, 1, hash);
        MITOME_TRY(authdata_read(answer->auth_data_bytes, &answer->auth_data, error));
        if (!slice_equal(answer->auth_data.rp_id_hash, SLICE(hash)))
                return fail(error, MITOME_E_CLIENT_ANSWER, "authData.rpIdHash", "WebAuthn L3 6.1");
        if (!(answer->auth_data.flags & AUTHDATA_UP))
                return fail(error, MITOME_E_CLIENT_ANSWER, "authData.flags", "WebAuthn L3 6.1");
        if (c->options.user_verification == CLIENT_REQUIRED && !(answer->auth_data.flags & AUTHDATA_UV))
                return fail(error, MITOME_E_CLIENT_ANSWER, "authData.flags", "WebAuthn L3 6.1");
        return ok();
}

mitome_status client_read_created(
        const struct client_ceremony *c, struct client_answer *ret, mitome_error *error)
{
        static const struct client_member members[] = {
                { .number = 1, .field = "fmt", .read = read_format, .required = true },
                { .number = 2, .field = "authData", .read = read_auth_data, .required = true },
                { .number = 3, .field = "attStmt", .read = read_statement, .required = true },
                { .number = 4, .field = "epAtt", .read = read_enterprise },
        };
        struct client_answer answer = { 0 };
        struct cbor_reader r = client_body(&c->talk, error);
        MITOME_TRY(client_read_map(&r, "makeCredential", members, sizeof members / sizeof *members, &answer));
        MITOME_TRY(cbor_end(&r, "makeCredential"));
        MITOME_TRY(check_auth_data(c, &answer, error));
        if (!(answer.auth_data.flags & AUTHDATA_AT))
                return fail(error, MITOME_E_CLIENT_ANSWER, "authData.flags", "WebAuthn L3 6.1");
        /* What tells whose it is must have been asked for. */
        if (answer.enterprise && !client_wants_enterprise(c))
                return fail(error, MITOME_E_CLIENT_ANSWER, "epAtt", "CTAP 2.1 6.1.2");
        answer.credential_id = answer.auth_data.credential_id;
        *ret = answer;
        return ok();
}

static bool is_allowed(const struct client_options *options, slice id)
{
        for (size_t i = 0; i < options->id_count; i++)
                if (slice_equal(options->ids[i], id))
                        return true;
        return options->id_count == 0;
}

mitome_status client_read_assertion(
        const struct client_ceremony *c, struct client_answer *ret, mitome_error *error)
{
        static const struct client_member members[] = {
                { .number = 1, .field = "credential", .read = read_credential },
                { .number = 2, .field = "authData", .read = read_auth_data, .required = true },
                { .number = 3, .field = "signature", .read = read_signature, .required = true },
                { .number = 4, .field = "user", .read = read_user },
        };
        struct client_answer answer = { 0 };
        struct cbor_reader r = client_body(&c->talk, error);
        MITOME_TRY(client_read_map(&r, "getAssertion", members, sizeof members / sizeof *members, &answer));
        MITOME_TRY(cbor_end(&r, "getAssertion"));
        MITOME_TRY(check_auth_data(c, &answer, error));
        /* CTAP 2.1 6.2.2: it may be left out when only one was allowed. */
        if (answer.credential_id.size == 0 && c->options.id_count == 1)
                answer.credential_id = c->options.ids[0];
        if (answer.credential_id.size == 0 || !is_allowed(&c->options, answer.credential_id))
                return fail(error, MITOME_E_CLIENT_ANSWER, "credential", "CTAP 2.1 6.2.2");
        *ret = answer;
        return ok();
}
