/* SPDX-License-Identifier: Apache-2.0 */
#include "client_data.h"

/* WebAuthn L3 7.1 #5, 7.2 #8: UTF-8 decode drops a byte order mark. The strict JSON reader checks that the
 * rest is UTF-8. */
static mitome_status skip_byte_order_mark(reader *r)
{
        static const uint8_t mark[] = { 0xEF, 0xBB, 0xBF };
        slice start;
        if (r->rest.size < sizeof mark || !slice_equal(slice_of(r->rest.data, sizeof mark), SLICE(mark)))
                return ok();
        return read_bytes(r, "clientDataJSON", sizeof mark, &start);
}

mitome_status client_data_read(
        slice json, const char *clause, writer *arena, struct client_data *ret, mitome_error *error)
{
        struct client_data data = { 0 };
        const struct json_field fields[] = {
                { "type", "clientDataJSON.type", json_field_text, .required = true, .max = CLIENT_DATA_MAX,
                        .bytes = &data.type },
                { "challenge", "clientDataJSON.challenge", json_field_base64url, .required = true,
                        .max = CLIENT_DATA_MAX, .bytes = &data.challenge },
                { "origin", "clientDataJSON.origin", json_field_text, .required = true,
                        .max = CLIENT_DATA_MAX, .bytes = &data.origin },
                { "crossOrigin", "clientDataJSON.crossOrigin", json_field_bool, .flag = &data.cross_origin },
                { "topOrigin", "clientDataJSON.topOrigin", json_field_text, .max = CLIENT_DATA_MAX,
                        .bytes = &data.top_origin, .present = &data.has_top_origin },
        };
        const struct json_object object = {
                .field = "clientDataJSON", .fields = fields, .count = sizeof fields / sizeof fields[0]
        };
        struct json_reader r = json_over(json, clause, error);
        MITOME_TRY(skip_byte_order_mark(&r.bytes));
        MITOME_TRY(json_object_read(&r, arena, &object));
        MITOME_TRY(json_end(&r, "clientDataJSON"));
        *ret = data;
        return ok();
}
