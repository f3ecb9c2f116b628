/* SPDX-License-Identifier: Apache-2.0 */
/* A CTAP response on its own: which command it answers is told by its members, and what is inside is printed,
 * too. */
#include "attestation_format.h"
#include "print_statement.h"

enum { MAKE_CREDENTIAL = 0x01, GET_ASSERTION = 0x02, GET_INFO = 0x04, CREDENTIAL_MANAGEMENT = 0x0A };

/* What a response's first member tells (CTAP 2.1 6). */
static const struct shape {
        uint8_t command;
        int64_t key;
        enum cbor_kind kind;
        size_t least; /* members */
} shapes[] = {
        { MAKE_CREDENTIAL, 1, CBOR_KIND_TEXT, 3 },
        { GET_ASSERTION, 1, CBOR_KIND_MAP, 3 },
        { GET_ASSERTION, 2, CBOR_KIND_BYTES, 2 },
        { GET_INFO, 1, CBOR_KIND_ARRAY, 2 },
        { CREDENTIAL_MANAGEMENT, 6, CBOR_KIND_MAP, 3 },
};

/* The command, or 0. */
static uint8_t guess(struct cbor_reader r)
{
        struct cbor_members map;
        struct cbor_key key;
        enum cbor_kind kind;
        bool more;
        r.bytes.error = NULL;
        if (failed(cbor_open_map(&r, NULL, CBOR_MEMBERS, &map)))
                return 0;
        const size_t count = map.left;
        if (failed(cbor_next_key(&r, &map, &key, &more)) || !more || key.is_text ||
                failed(cbor_peek(&r, NULL, &kind)))
                return 0;
        for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
                if (shapes[i].key == key.number && shapes[i].kind == kind && count >= shapes[i].least)
                        return shapes[i].command;
        return 0;
}

static void print_data(const struct print_place *place, struct cbor_reader *r)
{
        slice bytes;
        if (failed(cbor_read_bytes(r, NULL, SIZE_MAX, &bytes)))
                return;
        fprintf(place->out, "%*sauthenticator data, %zu bytes\n", place->indent, "", bytes.size);
        print_part(place, print_authdata, bytes, r->bytes.offset - bytes.size);
}

/* Members that hold structures: 2 authData of both; 1 fmt and 3 attStmt of makeCredential. */
static void print_inside(const struct print_place *place, uint8_t command, struct cbor_reader r)
{
        struct cbor_members map;
        struct cbor_key key;
        slice format = { 0 }, item;
        r.bytes.error = NULL;
        if (failed(cbor_open_map(&r, NULL, CBOR_MEMBERS, &map)))
                return;
        for (bool more;;) {
                if (failed(cbor_next_key(&r, &map, &key, &more)) || !more ||
                        failed(cbor_read_item(&r, NULL, &item)))
                        return;
                struct cbor_reader value = cbor_within(&r, item);
                if (key.number == 1 && command == MAKE_CREDENTIAL)
                        (void)!failed(cbor_read_text(&value, NULL, SIZE_MAX, &format));
                else if (key.number == 2)
                        print_data(place, &value);
                else if (key.number == 3 && command == MAKE_CREDENTIAL)
                        print_statement(place, format, &value);
        }
}

mitome_status print_ctap_response(const struct print_place *place, slice message)
{
        struct cbor_reader r = print_cbor_reader(place, message, "CTAP 2.1 8");
        uint8_t status, command = 0;
        MITOME_TRY(read_u8(&r.bytes, "CTAP message", &status));
        if (r.bytes.rest.size)
                command = guess(r);
        fprintf(place->out, "%*s", place->indent, "");
        print_ctap(place->out, false, command, message);
        if (command == MAKE_CREDENTIAL || command == GET_ASSERTION)
                print_inside(place, command, r);
        return ok();
}
