/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PATH_MEMORY_H
#define PATH_MEMORY_H

/* Certificates that a snapshot has met on paths to its anchors. OpenSSL takes longer to read one than to
 * verify its signature, and makers send the same intermediates, and for a batch the same leaf, again and
 * again. What is remembered is only what does not change: bytes, what they were read as, and that the
 * signatures above them lead to an anchor; times, lists and the leaf are looked at each time. Answers are the
 * same without.
 *
 * Any number of threads: nobody waits, who finds it in use does without. */

#include "quick_link.h"
#include "trust.h"

#include <openssl/x509.h>

enum path_shelf {
        SHELF_LEAVES,
        SHELF_ISSUERS, /* all that stands behind the leaf in an x5c */
        SHELF_ANCHORS, /* of metadata */
        SHELF_KEYLESS, /* leaves that quick_link_decode has read */
        SHELVES,
};

/* How many are remembered, the oldest forgotten first; and how many bytes of certificates each may have. */
enum { LEAVES_MAX = 16, ISSUERS_MAX = 64, ANCHORS_MAX = 128, REMEMBERED_MAX = 16384 };

struct path_memory;

struct path_memory *path_memory_new(void); /* NULL: no memory */
void path_memory_free(struct path_memory *memory);

/* path_memory_quick is for quick_link_read, or NULL. */
struct quick_context *path_memory_quick(const struct path_memory *memory);

/* path_memory_recall gives what was kept of exactly these certificates, as references of the caller's own, or
 * false. ret_above may be NULL, and *ret_above is NULL when nothing was kept there. `memory` may be NULL. */
bool path_memory_recall(struct path_memory *memory, enum path_shelf shelf, const slice *der, size_t count,
        STACK_OF(X509) * *ret_certificates, STACK_OF(X509) * *ret_above);

/* path_memory_keep remembers `certificates`, which were read from `der`, and `above`: the verified path from
 * the first of them to its anchor (may be NULL). Both stay the caller's. */
void path_memory_keep(struct path_memory *memory, enum path_shelf shelf, const slice *der, size_t count,
        STACK_OF(X509) * certificates, STACK_OF(X509) * above);

#endif
