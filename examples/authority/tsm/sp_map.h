/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SP_MAP_H
#define SP_MAP_H

/* The bodies that an SP-TSM reads: maps with integer keys in rising order, in which members may be optional
 * but never unknown. */

#include "cbor.h"

struct sp_map {
        struct cbor_reader r;
        struct cbor_members members;
        bool ahead; /* a key was taken that is not read yet */
        int64_t key;
};

MITOME_CHECKED mitome_status sp_map_begin(slice body, struct sp_map *ret, mitome_error *error);

/* sp_map_here begins with a map that another map's reader stands at; `map->r` goes on behind it. */
MITOME_CHECKED mitome_status sp_map_here(struct sp_map *map, struct cbor_reader *r);

/* sp_map_has tells whether the next member has this key, and stands at its value then. sp_map_at asks for it:
 * MISSING. Then read the value from map->r. */
MITOME_CHECKED mitome_status sp_map_has(struct sp_map *map, int64_t key, bool *ret);
MITOME_CHECKED mitome_status sp_map_at(struct sp_map *map, int64_t key, const char *field);

/* sp_map_close: no member is left (VALUE); sp_map_end: and nothing behind it. */
MITOME_CHECKED mitome_status sp_map_close(struct sp_map *map);
MITOME_CHECKED mitome_status sp_map_end(struct sp_map *map);

/* Members of one kind, at their key. */
MITOME_CHECKED mitome_status sp_map_fixed(
        struct sp_map *map, int64_t key, const char *field, size_t size, uint8_t *ret);
MITOME_CHECKED mitome_status sp_map_bytes(
        struct sp_map *map, int64_t key, const char *field, size_t max, slice *ret);
MITOME_CHECKED mitome_status sp_map_text(
        struct sp_map *map, int64_t key, const char *field, size_t max, slice *ret);
MITOME_CHECKED mitome_status sp_map_uint(
        struct sp_map *map, int64_t key, const char *field, uint64_t max, uint64_t *ret);

/* A set of kinds of certificates, as an array: bits 1 << kind. At least one, none twice. */
MITOME_CHECKED mitome_status sp_map_kinds(struct sp_map *map, int64_t key, unsigned *ret);
void sp_write_kinds(writer *w, unsigned kinds);

#endif
