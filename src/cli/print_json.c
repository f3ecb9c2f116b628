/* SPDX-License-Identifier: Apache-2.0 */
#include "print_json.h"

#include <string.h>

enum { SHOWN = 160 };

slice print_json_object(slice json)
{
        static const uint8_t mark[] = { 0xEF, 0xBB, 0xBF };
        reader r = reader_over(json, NULL, NULL);
        slice passed;
        if (json.size >= sizeof mark && slice_equal(slice_of(json.data, sizeof mark), SLICE(mark)) &&
                failed(read_bytes(&r, NULL, sizeof mark, &passed)))
                return json;
        while (r.rest.size && strchr(" \t\r\n", r.rest.data[0]) && r.rest.data[0])
                if (failed(read_bytes(&r, NULL, 1, &passed)))
                        break;
        return r.rest;
}

/* Takes a value as it stands. */
static bool take_value(struct json_reader *r, slice *ret)
{
        enum json_kind kind;
        if (failed(json_peek(r, NULL, &kind))) /* it passes white space over */
                return false;
        const struct json_reader start = *r;
        if (failed(json_skip(r, NULL)))
                return false;
        *ret = slice_of(start.bytes.rest.data, r->bytes.offset - start.bytes.offset);
        return true;
}

bool print_json_find(slice object, const char *name, slice *ret)
{
        struct json_reader r = json_over(print_json_object(object), NULL, NULL);
        struct json_members members;
        slice found, value;
        if (failed(json_open_object(&r, NULL, &members)))
                return false;
        for (bool more;;) {
                if (failed(json_next_member(&r, &members, &found, &more)) || !more)
                        return false;
                const struct json_reader before = r;
                if (json_name_is(found, name)) {
                        if (!take_value(&r, &value)) /* it is there, and broken */
                                value = before.bytes.rest;
                        *ret = value;
                        return true;
                }
                if (!take_value(&r, &value))
                        return false;
        }
}

static void print_cut(FILE *out, slice value)
{
        print_bare(out, slice_of(value.data, value.size < SHOWN ? value.size : SHOWN));
        if (value.size > SHOWN)
                fprintf(out, "\xE2\x80\xA6 (%zu characters)", value.size);
}

void print_json_line(const struct print_place *place, slice object, const char *name)
{
        slice value;
        if (!print_json_find(object, name, &value))
                return;
        print_name(place, name);
        print_cut(place->out, value);
        fputc('\n', place->out);
}

static bool is_among(slice name, const char *const *known)
{
        for (; *known; known++)
                if (json_name_is(name, *known))
                        return true;
        return false;
}

void print_json_others(const struct print_place *place, slice object, const char *const *known,
        enum print_json_values values)
{
        struct json_reader r = json_over(print_json_object(object), NULL, NULL);
        struct json_members members;
        slice name, value;
        if (failed(json_open_object(&r, NULL, &members)))
                return;
        for (bool more;;) {
                if (failed(json_next_member(&r, &members, &name, &more)) || !more || !take_value(&r, &value))
                        return;
                if (is_among(name, known))
                        continue;
                print_name(place, "also");
                print_text(place->out, name);
                if (values == PRINT_JSON_SHOWN) {
                        fputs(": ", place->out);
                        print_cut(place->out, value);
                        fputc('\n', place->out);
                } else {
                        fprintf(place->out, ", %zu characters, not shown\n", value.size);
                }
        }
}
