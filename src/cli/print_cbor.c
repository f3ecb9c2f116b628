/* SPDX-License-Identifier: Apache-2.0 */
#include "print_place.h"

#include "unseen_text.h"

#include <inttypes.h>

enum { SHORT_BYTES = 8 };

void print_hex(FILE *out, slice bytes, size_t limit)
{
        for (size_t i = 0; i < bytes.size && i < limit; i++)
                fprintf(out, "%02x", bytes.data[i]);
        if (bytes.size > limit)
                fprintf(out, "\xE2\x80\xA6 (%zu bytes)", bytes.size);
}

void print_bare(FILE *out, slice text)
{
        reader r = reader_over(text, NULL, NULL);
        slice character;
        while (r.rest.size) {
                size_t size = slice_utf8_first(r.rest);
                if (failed(read_bytes(&r, NULL, size ? size : 1, &character)))
                        break;
                if (size && !is_unseen(character)) {
                        fwrite(character.data, 1, size, out);
                        continue;
                }
                for (size_t i = 0; i < character.size; i++)
                        fprintf(out, "\\x%02x", character.data[i]);
        }
}

void print_text(FILE *out, slice text)
{
        fputc('"', out);
        print_bare(out, text);
        fputc('"', out);
}

/* What only the user's devices and the relying party's page may know: CTAP 2.1 12.3, WebAuthn L3 10.1.4. */
static bool is_secret(slice name)
{
        return slice_is(name, "largeBlobKey") || slice_is(name, "prf");
}

static mitome_status print_item(FILE *out, struct cbor_reader *r, const struct print_names *names, bool full);

static mitome_status print_array(FILE *out, struct cbor_reader *r, bool full)
{
        struct cbor_members array;
        const char *separator = "";
        MITOME_TRY(cbor_open_array(r, "array", CBOR_MEMBERS, &array));
        fputc('[', out);
        while (cbor_next_element(r, &array)) {
                fputs(separator, out);
                MITOME_TRY(print_item(out, r, NULL, full));
                separator = ", ";
        }
        fputc(']', out);
        return ok();
}

/* The name of an integer key, or an empty view. */
static slice name_of(const struct cbor_key *key, const struct print_names *names)
{
        bool named = !key->is_text && names && key->number >= 0 && (uint64_t)key->number < names->count &&
                     names->list[key->number];
        return named ? slice_text(names->list[key->number]) : slice_of(NULL, 0);
}

static void print_key(FILE *out, const struct cbor_key *key, slice name)
{
        if (name.size)
                fwrite(name.data, 1, name.size, out);
        else if (key->is_text)
                print_text(out, key->text);
        else
                fprintf(out, "%" PRId64, key->number);
        fputs(": ", out);
}

/* The value behind a key. */
static mitome_status print_value(FILE *out, struct cbor_reader *r, slice name, bool full)
{
        slice hidden;
        if (!is_secret(name))
                return print_item(out, r, NULL, full);
        MITOME_TRY(cbor_read_item(r, "item", &hidden));
        fputs("(secret: not shown)", out);
        return ok();
}

static mitome_status print_map(FILE *out, struct cbor_reader *r, const struct print_names *names, bool full)
{
        struct cbor_members map;
        struct cbor_key key;
        const char *separator = "";
        MITOME_TRY(cbor_open_map(r, "map", CBOR_MEMBERS, &map));
        fputc('{', out);
        for (bool more;;) {
                MITOME_TRY(cbor_next_key(r, &map, &key, &more));
                if (!more)
                        break;
                fputs(separator, out);
                slice name = name_of(&key, names);
                print_key(out, &key, name);
                MITOME_TRY(print_value(out, r, key.is_text ? key.text : name, full));
                separator = ", ";
        }
        fputc('}', out);
        return ok();
}

static mitome_status print_scalar(FILE *out, struct cbor_reader *r, enum cbor_kind kind, bool full)
{
        slice string;
        int64_t number;
        bool truth;
        switch (kind) {
        case CBOR_KIND_BYTES:
                MITOME_TRY(cbor_read_bytes(r, "bytes", SIZE_MAX, &string));
                fputs("h'", out);
                print_hex(out, string, full ? SIZE_MAX : SHORT_BYTES);
                fputc('\'', out);
                return ok();
        case CBOR_KIND_TEXT:
                MITOME_TRY(cbor_read_text(r, "text", SIZE_MAX, &string));
                print_text(out, string);
                return ok();
        case CBOR_KIND_BOOL:
                MITOME_TRY(cbor_read_bool(r, "bool", &truth));
                fputs(truth ? "true" : "false", out);
                return ok();
        case CBOR_KIND_NULL:
                MITOME_TRY(cbor_skip(r, "null"));
                fputs("null", out);
                return ok();
        default:
                MITOME_TRY(cbor_read_int(r, "integer", &number));
                fprintf(out, "%" PRId64, number);
                return ok();
        }
}

/* Recurses as deep as the reader goes: CBOR_DEPTH and its `deeper`. */
static mitome_status print_item(FILE *out, struct cbor_reader *r, const struct print_names *names, bool full)
{
        enum cbor_kind kind;
        MITOME_TRY(cbor_peek(r, "item", &kind));
        if (kind == CBOR_KIND_ARRAY)
                return print_array(out, r, full);
        if (kind == CBOR_KIND_MAP)
                return print_map(out, r, names, full);
        return print_scalar(out, r, kind, full);
}

mitome_status print_cbor(
        FILE *out, slice item, const struct print_names *names, bool full, mitome_error *error)
{
        struct cbor_reader check = cbor_over(item, "CTAP 2.1 8", error);
        MITOME_TRY(cbor_skip(&check, "CBOR item"));
        MITOME_TRY(cbor_end(&check, "CBOR item"));
        struct cbor_reader r = cbor_over(item, "CTAP 2.1 8", error);
        return print_item(out, &r, names, full);
}

mitome_status print_cbor_item(const struct print_place *place, struct cbor_reader *r)
{
        return print_item(place->out, r, NULL, true);
}
