/* SPDX-License-Identifier: Apache-2.0 */
/* CTAP from the platform's side: requests, answers read by tables, and what getInfo says. */
#include "json.h"
#include "web_client_parts.h"

enum { GET_INFO = 0x04, TEXT_MAX = 64, LIST_MAX = 64 };

static const char clause[] = "CTAP 2.1 6.4";

mitome_status client_exchange(struct client_talk *talk, const writer *request, mitome_error *error)
{
        slice message;
        size_t size = 0;
        MITOME_TRY(writer_finish(request, "request", &message, error));
        talk->wants_pin = false;
        MITOME_TRY(talk->client->exchange(talk->client->context, message, talk->response,
                sizeof talk->response, &size, &talk->wants_pin, error));
        if (size == 0 || size > sizeof talk->response)
                return fail(error, MITOME_E_CLIENT_ANSWER, "response", clause);
        talk->size = size;
        talk->status = talk->response[0];
        return ok();
}

mitome_status client_must(struct client_talk *talk, const writer *request, mitome_error *error)
{
        MITOME_TRY(client_exchange(talk, request, error));
        return talk->status == 0 ? ok() : fail(error, MITOME_E_CTAP_STATUS, "request", NULL);
}

struct cbor_reader client_body(const struct client_talk *talk, mitome_error *error)
{
        return cbor_over(slice_of(talk->response + 1, talk->size - 1), clause, error);
}

static mitome_status read_member(struct cbor_reader *r, const struct cbor_key *key,
        const struct client_member *members, size_t count, bool *seen, void *into)
{
        for (size_t i = 0; i < count; i++) {
                if (key->is_text || key->number != members[i].number)
                        continue;
                seen[i] = true;
                return members[i].read(r, members[i].field, into);
        }
        return cbor_skip(r, "member");
}

mitome_status client_read_map(struct cbor_reader *r, const char *field, const struct client_member *members,
        size_t count, void *into)
{
        bool seen[CLIENT_MEMBERS] = { 0 };
        struct cbor_members map;
        MITOME_TRY(cbor_open_map(r, field, CBOR_MEMBERS, &map));
        for (;;) {
                struct cbor_key key;
                bool more;
                MITOME_TRY(cbor_next_key(r, &map, &key, &more));
                if (!more)
                        break;
                MITOME_TRY(read_member(r, &key, members, count, seen, into));
        }
        for (size_t i = 0; i < count; i++)
                if (members[i].required && !seen[i])
                        return reader_fail(&r->bytes, MITOME_E_CLIENT_ANSWER, members[i].field);
        return ok();
}

/* ---- getInfo ---- */

struct named_flag {
        const char *name;
        size_t at; /* of the flag in struct client_device */
};

#define FLAG(text, member)                                     \
        {                                                      \
                (text), offsetof(struct client_device, member) \
        }

static void set_named(
        struct client_device *device, const struct named_flag *flags, size_t count, slice name, bool value)
{
        for (size_t i = 0; i < count; i++)
                if (slice_is(name, flags[i].name))
                        *(bool *)(void *)((char *)device + flags[i].at) = value;
}

static mitome_status read_options(struct cbor_reader *r, const char *field, void *into)
{
        static const struct named_flag flags[] = { FLAG("rk", rk), FLAG("uv", uv), FLAG("clientPin", pin),
                FLAG("alwaysUv", always_uv), FLAG("ep", enterprise),
                FLAG("makeCredUvNotRqd", uv_not_needed) };
        struct cbor_members map;
        MITOME_TRY(cbor_open_map(r, field, LIST_MAX, &map));
        for (;;) {
                struct cbor_key key;
                bool more, value;
                MITOME_TRY(cbor_next_key(r, &map, &key, &more));
                if (!more)
                        return ok();
                MITOME_TRY(cbor_read_bool(r, field, &value));
                set_named(into, flags, sizeof flags / sizeof *flags, key.text, value);
        }
}

static mitome_status read_extensions(struct cbor_reader *r, const char *field, void *into)
{
        static const struct named_flag flags[] = { FLAG("credBlob", credential_blob),
                FLAG("credProtect", protection), FLAG("minPinLength", min_pin_length),
                FLAG("mitome-jpki", jpki) };
        struct cbor_members list;
        MITOME_TRY(cbor_open_array(r, field, LIST_MAX, &list));
        while (cbor_next_element(r, &list)) {
                slice name;
                MITOME_TRY(cbor_read_text(r, field, TEXT_MAX, &name));
                set_named(into, flags, sizeof flags / sizeof *flags, name, true);
        }
        return ok();
}

static mitome_status read_protocols(struct cbor_reader *r, const char *field, void *into)
{
        struct client_device *device = into;
        struct cbor_members list;
        MITOME_TRY(cbor_open_array(r, field, LIST_MAX, &list));
        while (cbor_next_element(r, &list)) {
                uint64_t protocol;
                MITOME_TRY(cbor_read_uint(r, field, UINT32_MAX, &protocol));
                device->protocol_two = device->protocol_two || protocol == 2;
        }
        return ok();
}

/* Only transports that WebAuthn names are passed on (L3 5.8.4). */
static bool is_transport(slice name)
{
        static const char *const known[] = { "usb", "nfc", "ble", "smart-card", "hybrid", "internal" };
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
                if (slice_is(name, known[i]))
                        return true;
        return false;
}

static mitome_status read_transports(struct cbor_reader *r, const char *field, void *into)
{
        struct client_device *device = into;
        struct cbor_members list;
        writer w = WRITER(device->transports_text);
        struct json_writer json = json_into(&w);
        MITOME_TRY(cbor_open_array(r, field, LIST_MAX, &list));
        while (cbor_next_element(r, &list)) {
                slice name;
                MITOME_TRY(cbor_read_text(r, field, TEXT_MAX, &name));
                if (is_transport(name) && !w.overflowed)
                        json_write_text(&json, NULL, name);
                device->internal = device->internal || slice_is(name, "internal");
        }
        device->transports = w.overflowed ? (slice){ 0 } : writer_view(&w);
        return ok();
}

static mitome_status read_message_max(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_uint(r, field, UINT32_MAX, &((struct client_device *)into)->message_max);
}

static mitome_status read_list_max(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_uint(r, field, UINT32_MAX, &((struct client_device *)into)->list_max);
}

static mitome_status read_id_max(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_uint(r, field, UINT32_MAX, &((struct client_device *)into)->id_max);
}

mitome_status client_ask_info(struct client_talk *talk, mitome_error *error)
{
        static const struct client_member members[] = {
                { .number = 2, .field = "extensions", .read = read_extensions },
                { .number = 4, .field = "options", .read = read_options },
                { .number = 5, .field = "maxMsgSize", .read = read_message_max },
                { .number = 6, .field = "pinUvAuthProtocols", .read = read_protocols },
                { .number = 7, .field = "maxCredentialCountInList", .read = read_list_max },
                { .number = 8, .field = "maxCredentialIdLength", .read = read_id_max },
                { .number = 9, .field = "transports", .read = read_transports },
        };
        uint8_t bytes[1];
        writer w = WRITER(bytes);
        write_u8(&w, GET_INFO);
        MITOME_TRY(client_must(talk, &w, error));
        struct cbor_reader r = client_body(talk, error);
        MITOME_TRY(client_read_map(&r, "getInfo", members, sizeof members / sizeof *members, &talk->device));
        return cbor_end(&r, "getInfo");
}
