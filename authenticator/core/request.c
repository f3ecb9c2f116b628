/* SPDX-License-Identifier: Apache-2.0 */
#include "core_internal.h"

enum {
        MAP_MAX = 32, /* pairs of one map of a request */
        NAME_READ_MAX = 1024,
        LIST_ID_MAX = 1023, /* WebAuthn L3: no credential id is longer */
        PARAM_READ_MAX = 64,
        COORDINATE_SIZE = 32,
};

static const struct core_member *find_member(
        const struct core_member *members, size_t count, const struct cbor_key *key)
{
        for (size_t i = 0; i < count; i++) {
                bool same = members[i].name ? key->is_text && slice_is(key->text, members[i].name)
                                            : !key->is_text && key->number == members[i].number;
                if (same)
                        return &members[i];
        }
        return NULL;
}

mitome_status core_read_map(
        struct cbor_reader *r, const char *field, const struct core_member *members, size_t count, void *into)
{
        uint32_t seen = 0; /* a bit a member; the reader refuses doubled keys */
        struct cbor_members map;
        MITOME_TRY(cbor_open_map(r, field, MAP_MAX, &map));
        for (;;) {
                struct cbor_key key;
                bool more;
                MITOME_TRY(cbor_next_key(r, &map, &key, &more));
                if (!more)
                        break;
                const struct core_member *member = find_member(members, count, &key);
                if (!member) { /* [8 unknown] keys that nobody here knows are ignored */
                        MITOME_TRY(cbor_skip(r, field));
                        continue;
                }
                seen |= UINT32_C(1) << (member - members);
                MITOME_TRY(member->read(r, member->field, into));
        }
        for (size_t i = 0; i < count; i++) {
                if (members[i].required && !(seen >> i & 1))
                        return reader_fail(&r->bytes, MITOME_E_MISSING, members[i].field);
        }
        return ok();
}

mitome_status core_read_client_data_hash(struct cbor_reader *r, const char *field, void *into)
{
        struct core_operation *operation = into;
        return cbor_read_fixed(r, field, SHA256_SIZE, &operation->client_data_hash);
}

mitome_status core_read_rp_id(struct cbor_reader *r, const char *field, void *into)
{
        struct core_operation *operation = into;
        slice rp_id;
        MITOME_TRY(cbor_read_text(r, field, CORE_RP_ID_MAX, &rp_id));
        if (rp_id.size == 0)
                return reader_fail(&r->bytes, MITOME_E_VALUE, field);
        operation->rp_id = rp_id;
        return ok();
}

struct descriptor {
        slice id;
        bool is_public_key;
};

static mitome_status read_descriptor_id(struct cbor_reader *r, const char *field, void *into)
{
        struct descriptor *descriptor = into;
        return cbor_read_bytes(r, field, LIST_ID_MAX, &descriptor->id);
}

static mitome_status read_descriptor_type(struct cbor_reader *r, const char *field, void *into)
{
        struct descriptor *descriptor = into;
        slice type;
        MITOME_TRY(cbor_read_text(r, field, NAME_READ_MAX, &type));
        descriptor->is_public_key = slice_is(type, "public-key");
        return ok();
}

/* A list of PublicKeyCredentialDescriptors. Ids of another length, or of another type, are another's. A list
 * that is longer than maxCredentialCountInList: LIMIT_EXCEEDED. */
mitome_status core_read_list(struct cbor_reader *r, const char *field, void *into)
{
        static const struct core_member members[] = {
                { .name = "id", .field = "id", .required = true, .read = read_descriptor_id },
                { .name = "type", .field = "type", .required = true, .read = read_descriptor_type },
        };
        struct core_operation *operation = into;
        struct cbor_members list;
        MITOME_TRY(cbor_open_array(r, field, CORE_LIST_MAX, &list));
        while (cbor_next_element(r, &list)) {
                struct descriptor descriptor = { 0 };
                MITOME_TRY(core_read_map(r, field, members, sizeof members / sizeof *members, &descriptor));
                operation->has_list = true;
                if (descriptor.is_public_key && descriptor.id.size == CORE_CREDENTIAL_ID_SIZE)
                        operation->ids[operation->id_count++] = descriptor.id;
        }
        return ok();
}

static mitome_status read_option(struct cbor_reader *r, const char *field, enum core_option *ret)
{
        bool value;
        MITOME_TRY(cbor_read_bool(r, field, &value));
        *ret = value ? OPTION_TRUE : OPTION_FALSE;
        return ok();
}

static mitome_status read_rk(struct cbor_reader *r, const char *field, void *into)
{
        return read_option(r, field, &((struct core_operation *)into)->rk);
}

static mitome_status read_up(struct cbor_reader *r, const char *field, void *into)
{
        return read_option(r, field, &((struct core_operation *)into)->up);
}

static mitome_status read_uv(struct cbor_reader *r, const char *field, void *into)
{
        return read_option(r, field, &((struct core_operation *)into)->uv);
}

mitome_status core_read_options(struct cbor_reader *r, const char *field, void *into)
{
        static const struct core_member members[] = {
                { .name = "rk", .field = "options.rk", .read = read_rk },
                { .name = "up", .field = "options.up", .read = read_up },
                { .name = "uv", .field = "options.uv", .read = read_uv },
        };
        return core_read_map(r, field, members, sizeof members / sizeof *members, into);
}

mitome_status core_read_pin_uv_param(struct cbor_reader *r, const char *field, void *into)
{
        struct core_operation *operation = into;
        operation->has_pin_uv_param = true;
        return cbor_read_bytes(r, field, PARAM_READ_MAX, &operation->pin_uv_param);
}

mitome_status core_read_protocol(struct cbor_reader *r, const char *field, void *into)
{
        struct core_operation *operation = into;
        operation->has_protocol = true;
        return cbor_read_uint(r, field, UINT32_MAX, &operation->protocol);
}

bool core_read_request(
        struct core *core, enum core_command command, const struct core_member *members, size_t count)
{
        struct cbor_reader r = core_cbor(core, "CTAP 2.1 6");
        core->operation = (struct core_operation){ .command = command };
        mitome_status status = core_read_map(&r, "request", members, count, &core->operation);
        if (!failed(status))
                status = cbor_end(&r, "request");
        if (failed(status))
                core_answer(core, ctap_status_of_code(status.code));
        return !failed(status);
}

/* ---- a platform's point ---- */

static mitome_status read_constant(struct cbor_reader *r, const char *field, int64_t wanted)
{
        int64_t value;
        MITOME_TRY(cbor_read_int(r, field, &value));
        return value == wanted ? ok() : reader_fail(&r->bytes, MITOME_E_VALUE, field);
}

static mitome_status read_kty(struct cbor_reader *r, const char *field, void *into)
{
        enum { EC2 = 2 };
        (void)into;
        return read_constant(r, field, EC2);
}

/* [6.5.6] "alg" is -25 although that is not the algorithm that is used */
static mitome_status read_alg(struct cbor_reader *r, const char *field, void *into)
{
        enum { ECDH_ES_HKDF_256 = -25 };
        (void)into;
        return read_constant(r, field, ECDH_ES_HKDF_256);
}

static mitome_status read_crv(struct cbor_reader *r, const char *field, void *into)
{
        enum { P_256 = 1 };
        (void)into;
        return read_constant(r, field, P_256);
}

static mitome_status read_x(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_fixed(r, field, COORDINATE_SIZE, &((struct core_point *)into)->x);
}

static mitome_status read_y(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_fixed(r, field, COORDINATE_SIZE, &((struct core_point *)into)->y);
}

mitome_status core_read_key_agreement(struct cbor_reader *r, const char *field, void *into)
{
        static const struct core_member members[] = {
                { .number = 1, .field = "keyAgreement.kty", .required = true, .read = read_kty },
                { .number = 3, .field = "keyAgreement.alg", .required = true, .read = read_alg },
                { .number = -1, .field = "keyAgreement.crv", .required = true, .read = read_crv },
                { .number = -2, .field = "keyAgreement.x", .required = true, .read = read_x },
                { .number = -3, .field = "keyAgreement.y", .required = true, .read = read_y },
        };
        return core_read_map(r, field, members, sizeof members / sizeof *members, into);
}
