/* SPDX-License-Identifier: Apache-2.0 */
/* Attestation objects, WebAuthn L3 6.5.4. */
#include "attestation_format.h"
#include "print_statement.h"

static const char clause[] = "WebAuthn L3 6.5.4";

enum { FORMAT_NAME_MAX = 32 }; /* WebAuthn L3 8.1 */

struct object {
        slice format, auth_data;
        struct cbor_reader statement;
        size_t auth_data_at;
};

static mitome_status read_member(struct cbor_reader *r, const struct cbor_key *key, struct object *object)
{
        slice item;
        if (key->is_text && slice_is(key->text, "fmt"))
                return cbor_read_text(r, "fmt", FORMAT_NAME_MAX, &object->format);
        if (key->is_text && slice_is(key->text, "authData")) {
                MITOME_TRY(cbor_read_bytes(r, "authData", SIZE_MAX, &object->auth_data));
                object->auth_data_at = r->bytes.offset - object->auth_data.size;
                return ok();
        }
        if (!key->is_text || !slice_is(key->text, "attStmt"))
                return reader_fail(&r->bytes, MITOME_E_VALUE, "attestationObject");
        MITOME_TRY(cbor_read_item(r, "attStmt", &item));
        object->statement = cbor_within(r, item);
        return ok();
}

/* As deep, and in whatever order, as a relying party reads it. */
static mitome_status read_object(const struct print_place *place, slice bytes, struct object *ret)
{
        struct cbor_reader r = print_cbor_reader(place, bytes, clause);
        struct object object = { 0 };
        struct cbor_members map;
        struct cbor_key key;
        r.any_order = true;
        r.deeper = ATTESTATION_DEEPER;
        MITOME_TRY(cbor_open_map(&r, "attestationObject", 3, &map));
        for (bool more;;) {
                MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
                if (!more)
                        break;
                MITOME_TRY(read_member(&r, &key, &object));
        }
        MITOME_TRY(cbor_end(&r, "attestationObject"));
        if (!object.format.data)
                return reader_fail(&r.bytes, MITOME_E_MISSING, "fmt");
        if (!object.statement.bytes.rest.data)
                return reader_fail(&r.bytes, MITOME_E_MISSING, "attStmt");
        if (!object.auth_data.data)
                return reader_fail(&r.bytes, MITOME_E_MISSING, "authData");
        *ret = object;
        return ok();
}

mitome_status print_attestation_object(const struct print_place *place, slice bytes)
{
        struct object object;
        MITOME_TRY(read_object(place, bytes, &object));
        print_statement(place, object.format, &object.statement);
        fprintf(place->out, "%*sauthenticator data, %zu bytes\n", place->indent, "", object.auth_data.size);
        print_part(place, print_authdata, object.auth_data, object.auth_data_at);
        return ok();
}
