/* SPDX-License-Identifier: Apache-2.0 */
#include "sp_map.h"

enum { MEMBERS_MAX = 16, KIND_LOWEST = 1, KIND_HIGHEST = 2 };

mitome_status sp_map_begin(slice body, struct sp_map *ret, mitome_error *error)
{
        *ret = (struct sp_map){ .r = cbor_over(body, NULL, error) };
        return cbor_open_map(&ret->r, "body", MEMBERS_MAX, &ret->members);
}

mitome_status sp_map_here(struct sp_map *map, struct cbor_reader *r)
{
        slice item;
        MITOME_TRY(cbor_read_item(r, "member", &item));
        *map = (struct sp_map){ .r = cbor_within(r, item) };
        return cbor_open_map(&map->r, "member", MEMBERS_MAX, &map->members);
}

/* Takes the next key, if there is one and it is not taken already. */
static mitome_status look_ahead(struct sp_map *map)
{
        struct cbor_key key;
        bool more = false;
        if (map->ahead || map->members.left == 0)
                return ok();
        MITOME_TRY(cbor_next_key(&map->r, &map->members, &key, &more));
        if (!more)
                return ok();
        if (key.is_text)
                return reader_fail(&map->r.bytes, MITOME_E_VALUE, "key");
        map->ahead = true;
        map->key = key.number;
        return ok();
}

mitome_status sp_map_has(struct sp_map *map, int64_t key, bool *ret)
{
        MITOME_TRY(look_ahead(map));
        *ret = map->ahead && map->key == key;
        if (*ret)
                map->ahead = false;
        return ok();
}

mitome_status sp_map_at(struct sp_map *map, int64_t key, const char *field)
{
        bool here;
        MITOME_TRY(sp_map_has(map, key, &here));
        return here ? ok() : reader_fail(&map->r.bytes, MITOME_E_MISSING, field);
}

mitome_status sp_map_close(struct sp_map *map)
{
        struct cbor_key key;
        bool more = map->ahead || map->members.left > 0;
        if (!more)
                MITOME_TRY(cbor_next_key(&map->r, &map->members, &key, &more));
        return more ? reader_fail(&map->r.bytes, MITOME_E_VALUE, "a member more") : ok();
}

mitome_status sp_map_end(struct sp_map *map)
{
        MITOME_TRY(sp_map_close(map));
        return cbor_end(&map->r, "body");
}

mitome_status sp_map_fixed(struct sp_map *map, int64_t key, const char *field, size_t size, uint8_t *ret)
{
        slice view;
        MITOME_TRY(sp_map_at(map, key, field));
        MITOME_TRY(cbor_read_fixed(&map->r, field, size, &view));
        return slice_copy(view, field, ret, size, map->r.bytes.error);
}

mitome_status sp_map_bytes(struct sp_map *map, int64_t key, const char *field, size_t max, slice *ret)
{
        MITOME_TRY(sp_map_at(map, key, field));
        return cbor_read_bytes(&map->r, field, max, ret);
}

mitome_status sp_map_text(struct sp_map *map, int64_t key, const char *field, size_t max, slice *ret)
{
        MITOME_TRY(sp_map_at(map, key, field));
        return cbor_read_text(&map->r, field, max, ret);
}

mitome_status sp_map_uint(struct sp_map *map, int64_t key, const char *field, uint64_t max, uint64_t *ret)
{
        MITOME_TRY(sp_map_at(map, key, field));
        return cbor_read_uint(&map->r, field, max, ret);
}

mitome_status sp_map_kinds(struct sp_map *map, int64_t key, unsigned *ret)
{
        struct cbor_members array;
        uint64_t kind;
        unsigned kinds = 0;
        MITOME_TRY(sp_map_at(map, key, "kinds"));
        MITOME_TRY(cbor_open_array(&map->r, "kinds", KIND_HIGHEST, &array));
        while (cbor_next_element(&map->r, &array)) {
                MITOME_TRY(cbor_read_uint(&map->r, "kind", KIND_HIGHEST, &kind));
                if (kind < KIND_LOWEST || kinds & 1U << kind)
                        return reader_fail(&map->r.bytes, MITOME_E_VALUE, "kind");
                kinds |= 1U << kind;
        }
        if (!kinds)
                return reader_fail(&map->r.bytes, MITOME_E_MISSING, "kind");
        *ret = kinds;
        return ok();
}

void sp_write_kinds(writer *w, unsigned kinds)
{
        size_t count = 0;
        for (unsigned kind = KIND_LOWEST; kind <= KIND_HIGHEST; kind++)
                count += (kinds >> kind) & 1;
        cbor_write_array(w, count);
        for (unsigned kind = KIND_LOWEST; kind <= KIND_HIGHEST; kind++)
                if (kinds & 1U << kind)
                        cbor_write_uint(w, kind);
}
