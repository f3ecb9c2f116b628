/* SPDX-License-Identifier: Apache-2.0 */
/* CollectedClientData, WebAuthn L3 5.8.1. */
#include "client_data.h"
#include "digest.h"
#include "print_json.h"

#include <stdlib.h>

static const char clause[] = "WebAuthn L3 5.8.1";

static void print_members(const struct print_place *place, slice json, const struct client_data *data)
{
        uint8_t hash[SHA256_SIZE];
        sha256(&json, 1, hash);
        print_text_line(place, "type", data->type);
        print_bytes_line(place, "challenge", data->challenge);
        print_text_line(place, "origin", data->origin);
        print_line(place, "crossOrigin", "%s", data->cross_origin ? "true" : "false, or not there");
        if (data->has_top_origin)
                print_text_line(place, "topOrigin", data->top_origin);
        print_hex_line(place, "SHA-256", SLICE(hash));
}

mitome_status print_client_data(const struct print_place *place, slice json)
{
        static const char *const known[] = { "type", "challenge", "origin", "crossOrigin", "topOrigin",
                NULL };
        mitome_error inner = { 0 };
        struct client_data data;
        uint8_t *space = malloc(json.size + 1);
        if (!space)
                return fail(place->error, MITOME_E_NO_MEMORY, "clientDataJSON", NULL);
        writer arena = writer_over(space, json.size);
        mitome_status status = client_data_read(json, clause, &arena, &data, &inner);
        if (!failed(status)) {
                print_members(place, json, &data);
                print_json_others(place, json, known, PRINT_JSON_SHOWN);
        }
        free(space);
        return print_relay(place, status, &inner);
}
