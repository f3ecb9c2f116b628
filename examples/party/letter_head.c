/* SPDX-License-Identifier: Apache-2.0 */
#include "letter_head.h"

enum { AT_NUMBER = 1, AT_DIGEST = 2 };

bool letter_head_has_form(const struct letter_head *head)
{
        static const uint8_t none[LETTER_DIGEST_SIZE] = { 0 };
        return (head->number == 0) == slice_equal(SLICE(head->digest), SLICE(none)) &&
               head->number <= INT64_MAX;
}

void letter_head_write(writer *w, const struct letter_head *head)
{
        cbor_write_map(w, 2);
        cbor_write_int(w, AT_NUMBER);
        cbor_write_uint(w, head->number);
        cbor_write_int(w, AT_DIGEST);
        cbor_write_bytes(w, SLICE(head->digest));
}

static mitome_status read_key(struct cbor_reader *r, struct cbor_members *map, const char *field,
        mitome_code form, int64_t expected)
{
        struct cbor_key key;
        bool more;
        MITOME_TRY(cbor_next_key(r, map, &key, &more));
        bool right = expected ? more && !key.is_text && key.number == expected : !more;
        return right ? ok() : reader_fail(&r->bytes, form, field);
}

mitome_status letter_head_read(
        struct cbor_reader *r, const char *field, mitome_code form, struct letter_head *ret)
{
        const struct cbor_reader start = *r;
        struct letter_head head = { 0 };
        struct cbor_members map;
        MITOME_TRY(cbor_open_map(r, field, 2, &map));
        MITOME_TRY(read_key(r, &map, field, form, AT_NUMBER));
        MITOME_TRY(cbor_read_uint(r, field, INT64_MAX, &head.number));
        MITOME_TRY(read_key(r, &map, field, form, AT_DIGEST));
        MITOME_TRY(letter_read_fixed(r, field, head.digest, sizeof head.digest));
        MITOME_TRY(read_key(r, &map, field, form, 0));
        if (!letter_head_has_form(&head))
                return reader_fail(&start.bytes, form, field);
        *ret = head;
        return ok();
}

mitome_status letter_read_fixed(struct cbor_reader *r, const char *field, uint8_t *ret, size_t size)
{
        slice bytes;
        MITOME_TRY(cbor_read_fixed(r, field, size, &bytes));
        return slice_copy(bytes, field, ret, size, r->bytes.error);
}
