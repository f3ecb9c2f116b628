/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FIDO_INDEX_H
#define FIDO_INDEX_H

/* Where the credentials of a relying party stand, and their signature counters: in memory only, 32 bytes a
 * credential, made anew from the store when it is first needed. It narrows a search down to few records;
 * whether one fits is read in the record itself. */

#include "bytes.h"

enum fido_index_flag {
        INDEX_DISCOVERABLE = 0x01,
        INDEX_CERTIFICATE = 0x02,
        INDEX_DOOMED = 0x80, /* its deletion is staged */
};

struct fido_index_entry {
        uint64_t rp;    /* the first bytes of rpIdHash: so many that nobody finds an RP ID with the same */
        uint32_t id;    /* the first bytes of the id */
        uint32_t user;  /* the first bytes of the user id's hash */
        uint32_t place; /* in the store; rises with age */
        uint32_t used;  /* of the signature counter: the value given out last */
        uint8_t left;   /* how many more are reserved in the store */
        uint8_t flags;
        uint8_t protection; /* credProtect */
};

/* Zeroed ({0}) it is one that is still to be made. */
struct fido_index {
        bool built;
        size_t count, capacity;
        size_t discoverable;              /* of these */
        struct fido_index_entry *entries; /* by rp, then by place; owned */
        uint32_t next_place;              /* above all that are or were there */
        bool has_added;
        struct fido_index_entry added; /* its record is staged */
};

/* fido_index_tag is what stands for an id or a user, fido_index_party for a relying party. */
uint32_t fido_index_tag(slice bytes);
uint64_t fido_index_party(slice rp_id_hash);

/* fido_index_reserve makes room for one more. */
MITOME_CHECKED mitome_status fido_index_reserve(struct fido_index *index, mitome_error *error);

/* fido_index_append puts one behind the others, where there is room; fido_index_sort is due after the last.
 */
void fido_index_append(struct fido_index *index, const struct fido_index_entry *entry);
void fido_index_sort(struct fido_index *index);

/* fido_index_settle makes what was staged true, or forgets it, as the commit came out. */
void fido_index_settle(struct fido_index *index, bool committed);

/* fido_index_range gives the entries of one relying party: from *ret_first up to before *ret_end. */
void fido_index_range(const struct fido_index *index, uint64_t rp, size_t *ret_first, size_t *ret_end);

struct fido_index_entry *fido_index_at(const struct fido_index *index, uint64_t rp, uint32_t place);

/* fido_index_forget gives the memory back: the next one who needs it makes it anew. */
void fido_index_forget(struct fido_index *index);

#endif
