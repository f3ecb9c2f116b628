/* SPDX-License-Identifier: Apache-2.0 */
#include "bytes.h"

#include <sodium.h>
#include <string.h>

slice slice_text(const char *text)
{
        return slice_of(text, strlen(text));
}

bool slice_equal(slice a, slice b)
{
        return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool slice_begins_with(slice view, slice prefix)
{
        return view.size >= prefix.size && slice_equal(slice_of(view.data, prefix.size), prefix);
}

bool slice_is(slice view, const char *text)
{
        return slice_equal(view, slice_text(text));
}

bool slice_is_ascii(slice view)
{
        for (size_t i = 0; i < view.size; i++)
                if (view.data[i] >= 0x80)
                        return false;
        return true;
}

/* The sequences of RFC 3629, 4, by their first byte: how many bytes follow, and what the second may be. */
struct utf8_form {
        uint8_t first, last;
        uint8_t following;
        uint8_t second_first, second_last;
};

static const struct utf8_form utf8_forms[] = {
        { 0x00, 0x7F, 0, 0, 0 },
        { 0xC2, 0xDF, 1, 0x80, 0xBF },
        { 0xE0, 0xE0, 2, 0xA0, 0xBF },
        { 0xE1, 0xEC, 2, 0x80, 0xBF },
        { 0xED, 0xED, 2, 0x80, 0x9F },
        { 0xEE, 0xEF, 2, 0x80, 0xBF },
        { 0xF0, 0xF0, 3, 0x90, 0xBF },
        { 0xF1, 0xF3, 3, 0x80, 0xBF },
        { 0xF4, 0xF4, 3, 0x80, 0x8F },
};

static const struct utf8_form *utf8_form_of(uint8_t first)
{
        for (size_t i = 0; i < sizeof utf8_forms / sizeof utf8_forms[0]; i++)
                if (first >= utf8_forms[i].first && first <= utf8_forms[i].last)
                        return &utf8_forms[i];
        return NULL;
}

size_t slice_utf8_first(slice view)
{
        const struct utf8_form *form = view.size ? utf8_form_of(view.data[0]) : NULL;
        if (!form || form->following >= view.size)
                return 0;
        for (uint8_t n = 1; n <= form->following; n++) {
                uint8_t low = n == 1 ? form->second_first : 0x80;
                uint8_t high = n == 1 ? form->second_last : 0xBF;
                if (view.data[n] < low || view.data[n] > high)
                        return 0;
        }
        return 1u + form->following;
}

bool slice_is_utf8(slice view)
{
        while (view.size) {
                size_t size = slice_utf8_first(view);
                if (size == 0)
                        return false;
                view = slice_of(view.data + size, view.size - size);
        }
        return true;
}

bool slice_contains(slice outer, slice inner)
{
        uintptr_t start = (uintptr_t)outer.data;
        uintptr_t at = (uintptr_t)inner.data;
        return at >= start && at - start <= outer.size && inner.size <= outer.size - (at - start);
}

mitome_status slice_copy(slice from, const char *field, uint8_t *to, size_t capacity, mitome_error *error)
{
        if (from.size > capacity)
                return fail(error, MITOME_E_BUFFER_FULL, field, NULL);
        if (from.size)
                memcpy(to, from.data, from.size);
        return ok();
}

reader reader_over(slice input, const char *clause, mitome_error *error)
{
        return (reader){ .rest = input, .clause = clause, .error = error };
}

reader reader_within(const reader *outer, slice part)
{
        size_t behind = part.data ? (size_t)(outer->rest.data - part.data) : 0;
        return (reader){ part, outer->offset - behind, outer->clause, outer->error };
}

/* The one bounds check of all readers. */
mitome_status read_bytes(reader *r, const char *field, size_t size, slice *ret)
{
        if (size > r->rest.size)
                return reader_fail(r, MITOME_E_INPUT_ENDS, field);
        *ret = slice_of(r->rest.data, size);
        if (size)
                r->rest.data += size;
        r->rest.size -= size;
        r->offset += size;
        return ok();
}

static mitome_status read_number(reader *r, const char *field, size_t size, uint64_t *ret)
{
        slice bytes;
        MITOME_TRY(read_bytes(r, field, size, &bytes));
        uint64_t value = 0;
        for (size_t i = 0; i < size; i++)
                value = value << 8 | bytes.data[i];
        *ret = value;
        return ok();
}

mitome_status read_u8(reader *r, const char *field, uint8_t *ret)
{
        uint64_t value;
        MITOME_TRY(read_number(r, field, 1, &value));
        *ret = (uint8_t)value;
        return ok();
}

mitome_status read_u16(reader *r, const char *field, uint16_t *ret)
{
        uint64_t value;
        MITOME_TRY(read_number(r, field, 2, &value));
        *ret = (uint16_t)value;
        return ok();
}

mitome_status read_u32(reader *r, const char *field, uint32_t *ret)
{
        uint64_t value;
        MITOME_TRY(read_number(r, field, 4, &value));
        *ret = (uint32_t)value;
        return ok();
}

mitome_status read_u64(reader *r, const char *field, uint64_t *ret)
{
        return read_number(r, field, 8, ret);
}

mitome_status read_into(reader *r, const char *field, uint8_t *ret, size_t size)
{
        slice bytes;
        MITOME_TRY(read_bytes(r, field, size, &bytes));
        if (size)
                memcpy(ret, bytes.data, size);
        return ok();
}

slice read_rest(reader *r)
{
        slice rest = r->rest;
        r->offset += rest.size;
        r->rest = slice_of(rest.data ? rest.data + rest.size : NULL, 0);
        return rest;
}

mitome_status read_end(const reader *r, const char *field)
{
        return r->rest.size ? reader_fail(r, MITOME_E_TRAILING_BYTES, field) : ok();
}

writer writer_over(uint8_t *buffer, size_t capacity)
{
        return (writer){ .data = buffer, .capacity = capacity };
}

/* The one bounds check of all writers. */
uint8_t *write_space(writer *w, size_t size)
{
        if (w->overflowed || size > w->capacity - w->used) {
                w->overflowed = true;
                return NULL;
        }
        uint8_t *space = w->data + w->used;
        w->used += size;
        return space;
}

static void write_number(writer *w, uint64_t value, size_t size)
{
        uint8_t *space = write_space(w, size);
        for (size_t i = 0; space && i < size; i++)
                space[i] = (uint8_t)(value >> 8 * (size - 1 - i));
}

void write_u8(writer *w, uint8_t value)
{
        write_number(w, value, 1);
}

void write_u16(writer *w, uint16_t value)
{
        write_number(w, value, 2);
}

void write_u32(writer *w, uint32_t value)
{
        write_number(w, value, 4);
}

void write_u64(writer *w, uint64_t value)
{
        write_number(w, value, 8);
}

void write_slice(writer *w, slice bytes)
{
        uint8_t *space = write_space(w, bytes.size);
        if (space && bytes.size)
                memcpy(space, bytes.data, bytes.size);
}

slice writer_view(const writer *w)
{
        return slice_of(w->data, w->used);
}

mitome_status writer_finish(const writer *w, const char *field, slice *ret, mitome_error *error)
{
        if (w->overflowed)
                return fail(error, MITOME_E_BUFFER_FULL, field, NULL);
        *ret = writer_view(w);
        return ok();
}

void bytes_wipe(void *bytes, size_t size)
{
        sodium_memzero(bytes, size);
}

void secret_wipe(struct secret *secret)
{
        bytes_wipe(secret, sizeof *secret);
}

slice secret_view(const struct secret *secret)
{
        return slice_of(secret->data, secret->size);
}

mitome_status secret_set(struct secret *secret, slice bytes, mitome_error *error)
{
        if (bytes.size == 0 || bytes.size > SECRET_MAX)
                return fail(error, MITOME_E_ARGUMENT, "secret", NULL);
        secret_wipe(secret);
        memcpy(secret->data, bytes.data, bytes.size);
        secret->size = bytes.size;
        return ok();
}

bool secret_equal(slice a, slice b)
{
        return a.size == b.size && (a.size == 0 || sodium_memcmp(a.data, b.data, a.size) == 0);
}
