/* SPDX-License-Identifier: Apache-2.0 */
#include "management_parameters.h"

#include "cbor.h"

enum {
        MAP_MAX = 32,
        TEXT_MAX = 1024, /* of a name as it comes */
        TYPE_MAX = 64,
        ID_MAX = 1023, /* WebAuthn L3: no credential id is longer */
        USER_ID_MAX = 64,
};

bool management_needs(uint64_t subcommand, struct management_needs *ret)
{
        static const struct {
                enum management_subcommand subcommand;
                struct management_needs needs;
        } known[] = {
                { MANAGEMENT_METADATA, { .token = true, .reads = true } },
                { MANAGEMENT_FIRST_RP, { .token = true, .reads = true } },
                { MANAGEMENT_NEXT_RP, { .reads = true } },
                { MANAGEMENT_FIRST_CREDENTIAL, { .parameters = true, .token = true, .reads = true } },
                { MANAGEMENT_NEXT_CREDENTIAL, { .reads = true } },
                { MANAGEMENT_DELETE, { .parameters = true, .token = true } },
                { MANAGEMENT_UPDATE_USER, { .parameters = true, .token = true } },
        };
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
                if (known[i].subcommand != subcommand)
                        continue;
                *ret = known[i].needs;
                return true;
        }
        return false;
}

/* A member of a map; its key is `name`, or `number` when that is NULL. */
struct member {
        int64_t number;
        const char *name, *field;
        bool required;
        mitome_status (*read)(struct cbor_reader *r, const char *field, struct management_parameters *ret);
};

static const struct member *find_member(
        const struct member *members, size_t count, const struct cbor_key *key)
{
        for (size_t i = 0; i < count; i++) {
                bool same = members[i].name ? key->is_text && slice_is(key->text, members[i].name)
                                            : !key->is_text && key->number == members[i].number;
                if (same)
                        return &members[i];
        }
        return NULL;
}

/* CTAP 2.1 8: keys that are not known are ignored. */
static mitome_status read_map(struct cbor_reader *r, const char *field, const struct member *members,
        size_t count, struct management_parameters *ret)
{
        unsigned seen = 0; /* a bit a member; the reader refuses doubled keys */
        struct cbor_members map;
        MITOME_TRY(cbor_open_map(r, field, MAP_MAX, &map));
        for (;;) {
                struct cbor_key key;
                bool more;
                MITOME_TRY(cbor_next_key(r, &map, &key, &more));
                if (!more)
                        break;
                const struct member *member = find_member(members, count, &key);
                if (!member) {
                        MITOME_TRY(cbor_skip(r, field));
                        continue;
                }
                seen |= 1U << (member - members);
                MITOME_TRY(member->read(r, member->field, ret));
        }
        for (size_t i = 0; i < count; i++)
                if (members[i].required && !(seen >> i & 1))
                        return reader_fail(&r->bytes, MITOME_E_MISSING, members[i].field);
        return ok();
}

static mitome_status read_rp_id_hash(
        struct cbor_reader *r, const char *field, struct management_parameters *ret)
{
        return cbor_read_fixed(r, field, MANAGEMENT_HASH_SIZE, &ret->rp_id_hash);
}

/* ---- PublicKeyCredentialDescriptor ---- */

static mitome_status read_id(struct cbor_reader *r, const char *field, struct management_parameters *ret)
{
        return cbor_read_bytes(r, field, ID_MAX, &ret->credential_id);
}

static mitome_status read_type(struct cbor_reader *r, const char *field, struct management_parameters *ret)
{
        slice type;
        (void)ret;
        MITOME_TRY(cbor_read_text(r, field, TYPE_MAX, &type));
        return slice_is(type, "public-key") ? ok() : reader_fail(&r->bytes, MITOME_E_VALUE, field);
}

static mitome_status read_descriptor(
        struct cbor_reader *r, const char *field, struct management_parameters *ret)
{
        static const struct member members[] = {
                { .name = "id", .field = "credentialID.id", .required = true, .read = read_id },
                { .name = "type", .field = "credentialID.type", .required = true, .read = read_type },
        };
        return read_map(r, field, members, sizeof members / sizeof *members, ret);
}

/* ---- PublicKeyCredentialUserEntity ---- */

/* [6.8.6 names] they may be cut to 64 bytes, at the end of a character */
static slice cut_name(slice name)
{
        size_t size = name.size < MANAGEMENT_NAME_MAX ? name.size : MANAGEMENT_NAME_MAX;
        while (size < name.size && size > 0 && (name.data[size] & 0xC0) == 0x80)
                size--;
        return slice_of(name.data, size);
}

static mitome_status read_user_id(struct cbor_reader *r, const char *field, struct management_parameters *ret)
{
        MITOME_TRY(cbor_read_bytes(r, field, USER_ID_MAX, &ret->user_id));
        return ret->user_id.size ? ok() : reader_fail(&r->bytes, MITOME_E_VALUE, field);
}

static mitome_status read_name(struct cbor_reader *r, const char *field, struct management_parameters *ret)
{
        MITOME_TRY(cbor_read_text(r, field, TEXT_MAX, &ret->name));
        ret->name = cut_name(ret->name);
        return ok();
}

static mitome_status read_display_name(
        struct cbor_reader *r, const char *field, struct management_parameters *ret)
{
        MITOME_TRY(cbor_read_text(r, field, TEXT_MAX, &ret->display_name));
        ret->display_name = cut_name(ret->display_name);
        return ok();
}

static mitome_status read_user(struct cbor_reader *r, const char *field, struct management_parameters *ret)
{
        static const struct member members[] = {
                { .name = "id", .field = "user.id", .required = true, .read = read_user_id },
                { .name = "name", .field = "user.name", .read = read_name },
                { .name = "displayName", .field = "user.displayName", .read = read_display_name },
        };
        return read_map(r, field, members, sizeof members / sizeof *members, ret);
}

/* ---- subCommandParams ---- */

mitome_status management_parameters_read(enum management_subcommand subcommand, slice encoded,
        struct management_parameters *ret, mitome_error *error)
{
        const struct member first_credential[] = {
                { .number = 1, .field = "rpIDHash", .required = true, .read = read_rp_id_hash },
        };
        const struct member others[] = {
                { .number = 2, .field = "credentialID", .required = true, .read = read_descriptor },
                { .number = 3,
                        .field = "user",
                        .required = subcommand == MANAGEMENT_UPDATE_USER,
                        .read = read_user },
        };
        bool first = subcommand == MANAGEMENT_FIRST_CREDENTIAL;
        struct management_parameters parameters = { 0 };
        struct cbor_reader r = cbor_over(encoded, "CTAP 2.1 6.8", error);
        MITOME_TRY(read_map(&r, "subCommandParams", first ? first_credential : others,
                first ? sizeof first_credential / sizeof *first_credential : sizeof others / sizeof *others,
                &parameters));
        MITOME_TRY(cbor_end(&r, "subCommandParams"));
        *ret = parameters;
        return ok();
}
