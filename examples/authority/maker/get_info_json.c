/* SPDX-License-Identifier: Apache-2.0 */
#include "get_info_json.h"

#include "cbor.h"
#include "hex_text.h"

#include <stdio.h>

enum { INFO_MEMBERS = 64, NAME_MAX_SIZE = 64, TEXT_MAX_SIZE = 256, AAGUID_KEY = 3 };

static const char clause[] = "CTAP 2.1, 6.4";

/* The members by number; NULL: not the model's, or not known. */
static const char *const names[] = {
        [0x01] = "versions",
        [0x02] = "extensions",
        [0x03] = "aaguid",
        [0x04] = "options",
        [0x05] = "maxMsgSize",
        [0x06] = "pinUvAuthProtocols",
        [0x07] = "maxCredentialCountInList",
        [0x08] = "maxCredentialIdLength",
        [0x09] = "transports",
        [0x0A] = "algorithms",
        [0x0B] = "maxSerializedLargeBlobArray",
        [0x0D] = "minPINLength",
        [0x0E] = "firmwareVersion",
        [0x0F] = "maxCredBlobLength",
        [0x10] = "maxRPIDsForSetMinPINLength",
        [0x11] = "preferredPlatformUvAttempts",
        [0x12] = "uvModality",
        [0x16] = "attestationFormats",
        [0x18] = "longTouchForReset",
        [0x1A] = "transportsForReset",
        [0x1B] = "pinComplexityPolicy",
        [0x1D] = "maxPINLength",
        [0x1F] = "authenticatorConfigCommands",
};

void get_info_aaguid_text(const uint8_t aaguid[GET_INFO_AAGUID_SIZE], char ret[GET_INFO_AAGUID_TEXT])
{
        char *end = ret;
        for (size_t i = 0; i < GET_INFO_AAGUID_SIZE; i++)
                end += snprintf(end, (size_t)(ret + GET_INFO_AAGUID_TEXT - end), "%s%02x",
                        i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", aaguid[i]);
}

/* The name of a member as C text. */
static mitome_status take_name(const struct cbor_reader *r, slice text, char ret[NAME_MAX_SIZE])
{
        writer w = writer_over((uint8_t *)ret, NAME_MAX_SIZE - 1);
        write_slice(&w, text);
        if (w.overflowed)
                return reader_fail(&r->bytes, MITOME_E_TOO_LONG, "name");
        ret[w.used] = '\0';
        return ok();
}

static mitome_status write_value(struct cbor_reader *r, struct json_writer *json, const char *name);

static mitome_status write_array(struct cbor_reader *r, struct json_writer *json, const char *name)
{
        struct cbor_members array;
        MITOME_TRY(cbor_open_array(r, "value", INFO_MEMBERS, &array));
        json_write_open_array(json, name);
        while (cbor_next_element(r, &array))
                MITOME_TRY(write_value(r, json, NULL));
        json_write_close_array(json);
        return ok();
}

/* "options" and the like; where numbers are the keys, they are written as text. */
static mitome_status write_map(struct cbor_reader *r, struct json_writer *json, const char *name)
{
        struct cbor_members map;
        struct cbor_key key;
        char member[NAME_MAX_SIZE];
        MITOME_TRY(cbor_open_map(r, "value", INFO_MEMBERS, &map));
        json_write_open_object(json, name);
        for (bool more;;) {
                MITOME_TRY(cbor_next_key(r, &map, &key, &more));
                if (!more)
                        break;
                if (key.is_text)
                        MITOME_TRY(take_name(r, key.text, member));
                else
                        snprintf(member, sizeof member, "%lld", (long long)key.number);
                MITOME_TRY(write_value(r, json, member));
        }
        json_write_close_object(json);
        return ok();
}

static mitome_status write_bytes(struct cbor_reader *r, struct json_writer *json, const char *name)
{
        uint8_t text[2 * TEXT_MAX_SIZE];
        writer w = WRITER(text);
        slice bytes;
        MITOME_TRY(cbor_read_bytes(r, "value", TEXT_MAX_SIZE, &bytes));
        hex_text_write(&w, bytes);
        json_write_text(json, name, writer_view(&w));
        return ok();
}

static mitome_status write_text_value(struct cbor_reader *r, struct json_writer *json, const char *name)
{
        slice text;
        MITOME_TRY(cbor_read_text(r, "value", TEXT_MAX_SIZE, &text));
        json_write_text(json, name, text);
        return ok();
}

static mitome_status write_number(struct cbor_reader *r, struct json_writer *json, const char *name)
{
        int64_t number;
        MITOME_TRY(cbor_read_int(r, "value", &number));
        json_write_int(json, name, number);
        return ok();
}

static mitome_status write_bool(struct cbor_reader *r, struct json_writer *json, const char *name)
{
        bool value;
        MITOME_TRY(cbor_read_bool(r, "value", &value));
        json_write_bool(json, name, value);
        return ok();
}

static mitome_status write_null(struct cbor_reader *r, struct json_writer *json, const char *name)
{
        json_write_null(json, name);
        return cbor_skip(r, "value");
}

static mitome_status write_value(struct cbor_reader *r, struct json_writer *json, const char *name)
{
        static mitome_status (*const writers[])(struct cbor_reader *, struct json_writer *, const char *) = {
                [CBOR_KIND_UINT] = write_number,
                [CBOR_KIND_NEGATIVE] = write_number,
                [CBOR_KIND_BYTES] = write_bytes,
                [CBOR_KIND_TEXT] = write_text_value,
                [CBOR_KIND_ARRAY] = write_array,
                [CBOR_KIND_MAP] = write_map,
                [CBOR_KIND_BOOL] = write_bool,
                [CBOR_KIND_NULL] = write_null,
        };
        enum cbor_kind kind;
        MITOME_TRY(cbor_peek(r, "value", &kind));
        return writers[kind](r, json, name);
}

static mitome_status write_member(struct cbor_reader *r, int64_t key,
        const uint8_t aaguid[GET_INFO_AAGUID_SIZE], struct json_writer *json)
{
        const char *name = key > 0 && (size_t)key < sizeof names / sizeof names[0] ? names[key] : NULL;
        if (!name)
                return cbor_skip(r, "getInfo");
        if (key == AAGUID_KEY) {
                struct cbor_reader ahead = *r;
                slice value;
                MITOME_TRY(cbor_read_fixed(&ahead, "aaguid", GET_INFO_AAGUID_SIZE, &value));
                if (!slice_equal(value, slice_of(aaguid, GET_INFO_AAGUID_SIZE)))
                        return reader_fail(&r->bytes, MITOME_E_VALUE, "aaguid");
        }
        return write_value(r, json, name);
}

mitome_status get_info_json(slice get_info, const uint8_t aaguid[GET_INFO_AAGUID_SIZE],
        struct json_writer *json, mitome_error *error)
{
        struct cbor_reader r = cbor_over(get_info, clause, error);
        struct cbor_members map;
        struct cbor_key key;
        bool named = false;
        MITOME_TRY(cbor_open_map(&r, "getInfo", INFO_MEMBERS, &map));
        json_write_open_object(json, "authenticatorGetInfo");
        for (bool more;;) {
                MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
                if (!more)
                        break;
                if (key.is_text)
                        MITOME_TRY(cbor_skip(&r, "getInfo"));
                else
                        MITOME_TRY(write_member(&r, key.number, aaguid, json));
                named = named || key.number == AAGUID_KEY;
        }
        json_write_close_object(json);
        MITOME_TRY(cbor_end(&r, "getInfo"));
        return named ? ok() : fail(error, MITOME_E_MISSING, "aaguid", clause);
}
