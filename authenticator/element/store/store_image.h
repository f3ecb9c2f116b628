/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_IMAGE_H
#define STORE_IMAGE_H

/* The sealed forms of a store: an image, and behind it a journal of records.
 *
 *      image   magic "MITOMESE", u16 version 2, u64 anchor, u32 size         22 bytes
 *              nonce, the image's own key sealed by the storage key          24 + 48
 *              nonce, the list of all objects sealed by the image's key      24 + size
 *      record  mark, u32 size                                                16 + 4
 *              nonce, the list of changed objects sealed by the image's key  24 + size
 *
 * Seals are XChaCha20-Poly1305 with random nonces; `size` counts a seal's tag. What is written before a seal
 * in its image is associated data; a record's are u64 its place in the journal (from 1), the tag of the
 * image or record before it, its mark and its size. So a record opens behind what it was appended to and
 * nowhere else. Records hold objects that are new or take the place of counters, never a deletion: whatever
 * takes a secret away makes a new image with a new key, and the old key is destroyed with the old image.
 *
 * The mark is drawn from the image's key, the same for all records of an image. It tells a record that the
 * power cut off, behind which there is nothing, from one that was damaged later. The last record can be taken
 * away, or damaged, without a trace here: that is what an anchor is for.
 *
 * Version 1 was an image without key and journal: magic, u16 1, nonce, the list sealed by the storage key. */

#include "store_objects.h"

#include <mitome/element.h>

enum {
        STORE_KEY = 32,
        STORE_NONCE = 24,
        STORE_TAG = 16,
        STORE_MARK = 16,
        STORE_IMAGE_HEAD = 22 + STORE_NONCE + STORE_KEY + STORE_TAG + STORE_NONCE,
        STORE_RECORD_HEAD = STORE_MARK + 4 + STORE_NONCE,
        STORE_RECORD_MAX = 64 * 1024, /* bytes of a record: more goes into an image */
        /* Bytes of a journal: as many as its image has, but at least and at most these. So a rewriting is
         * paid by as much as was appended since the last one, and what has to be read stays bounded. */
        STORE_JOURNAL_LEAST = 64 * 1024,
        STORE_JOURNAL_MOST = 4 * 1024 * 1024,
};

/* What the next record goes behind. */
struct store_journal {
        uint8_t key[STORE_KEY]; /* the image's own */
        uint8_t mark[STORE_MARK];
        uint8_t last[STORE_TAG]; /* tag of the image or the last record */
        uint64_t records;
        uint64_t anchor; /* the image's; 0: it has none */
        size_t image_size;
        size_t size; /* of image and records */
        bool closed; /* no record can follow: there is a torn one, or the image is a former one */
        bool former; /* version 1 */
};

/* store_image_seal makes an image of `size` bytes: the list stands at STORE_IMAGE_HEAD already, STORE_TAG
 * bytes are free behind it. It is encrypted in place. Errors: NO_RANDOMNESS. */
MITOME_CHECKED mitome_status store_image_seal(const struct mitome_element_config *config, uint64_t anchor,
        uint8_t *image, size_t size, struct store_journal *ret, mitome_error *error);

/* store_record_seal makes a record in the same way, its list standing at STORE_RECORD_HEAD, and gives the
 * journal as it is with the record appended. */
MITOME_CHECKED mitome_status store_record_seal(const struct mitome_element_config *config,
        const struct store_journal *journal, uint8_t *record, size_t size, struct store_journal *ret,
        mitome_error *error);

/* store_image_open reads image and journal, which it decrypts in place. Errors: STORE_FOREIGN, STORE_SEAL,
 * NO_MEMORY, and those of store_objects_read for what was sealed and is not a store's. A record that was not
 * written to its end is left out when nothing stands behind it. */
MITOME_CHECKED mitome_status store_image_open(const struct mitome_element_config *config, uint8_t *image,
        size_t size, struct store_journal *ret_journal, struct store_objects *ret_objects,
        mitome_error *error);

/* store_journal_takes tells whether a record of this size may follow. */
bool store_journal_takes(const struct store_journal *journal, size_t record_size);

#endif
