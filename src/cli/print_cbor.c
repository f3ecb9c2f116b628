/* SPDX-License-Identifier: Apache-2.0 */
#include "print.h"

#include "cbor.h"

#include <inttypes.h>

enum { SHORT_BYTES = 8 };

void print_hex(FILE *out, slice bytes, size_t limit)
{
        for (size_t i = 0; i < bytes.size && i < limit; i++)
                fprintf(out, "%02x", bytes.data[i]);
        if (bytes.size > limit)
                fprintf(out, "\xE2\x80\xA6 (%zu bytes)", bytes.size);
}

void print_text(FILE *out, slice text)
{
        fputc('"', out);
        for (size_t i = 0; i < text.size; i++) {
                uint8_t c = text.data[i];
                /* C1 controls are U+0080..U+009F: C2 80..9F */
                bool c1 = c == 0xC2 && i + 1 < text.size && text.data[i + 1] < 0xA0;
                if (c < 0x20 || c == 0x7F || c1)
                        fprintf(out, "\\x%02x", c);
                else if (i && text.data[i - 1] == 0xC2 && c < 0xA0)
                        fprintf(out, "\\x%02x", c);
                else
                        fputc(c, out);
        }
        fputc('"', out);
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

static void print_key(FILE *out, const struct cbor_key *key, const struct print_names *names)
{
        bool named = !key->is_text && names && key->number >= 0 && (uint64_t)key->number < names->count &&
                     names->list[key->number];
        if (named)
                fputs(names->list[key->number], out);
        else if (key->is_text)
                print_text(out, key->text);
        else
                fprintf(out, "%" PRId64, key->number);
        fputs(": ", out);
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
                print_key(out, &key, names);
                MITOME_TRY(print_item(out, r, NULL, full));
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

/* Recurses at most CBOR_DEPTH deep. */
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
