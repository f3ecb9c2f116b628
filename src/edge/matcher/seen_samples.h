/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEEN_SAMPLES_H
#define SEEN_SAMPLES_H

/* The last SEEN_LAST prints that a matcher has compared, whatever came of it. One image, sealed by
 * XChaCha20-Poly1305, to which each further print is appended; a counter beside it tells when an older one
 * was put in its place. The prints that a finger was enrolled with are kept with the finger.
 *
 * It closes rather than forgets: an image that is damaged, gone or older than its counter is not opened. One
 * that is begun anew has another identity, from which the matcher sees that what was presented may be
 * presented again. An image put back together with its counter is not noticed. */

#include "sample_check.h"

#include <mitome/element.h>

enum { SEEN_LAST = 256, SEEN_IDENTITY_SIZE = 32 };

struct seen_samples;

struct seen_config {
        struct mitome_storage storage;
        struct mitome_anchor anchor;
        slice key; /* 32 bytes; seals it */
};

/* seen_samples_open reads what there is, or begins where there is nothing and never was. Fails with
 * STORE_SEAL, STORE_FOREIGN, STORE_MISSING (the counter tells of one), STORE_ROLLED_BACK, STORE_ANCHOR,
 * NO_MEMORY, or as storage and anchor do; what is there is then left as it is. */
MITOME_CHECKED mitome_status seen_samples_open(
        const struct seen_config *config, struct seen_samples **ret, mitome_error *error);

/* seen_samples_renew begins with nothing, whatever is there; the counter goes on. For the matcher that has
 * closed its finger path. Fails as seen_samples_open does. */
MITOME_CHECKED mitome_status seen_samples_renew(
        const struct seen_config *config, struct seen_samples **ret, mitome_error *error);

/* seen_samples_holds tells whether the image that `checker` looked at last is a copy of one seen. */
bool seen_samples_holds(const struct seen_samples *seen, struct sample_checker *checker);

/* seen_samples_add keeps a print. It is durable when this returns OK. Fails as storage and anchor do; then
 * nothing may come of the print, and every further change fails with FILE_WRITE until it is opened again. */
MITOME_CHECKED mitome_status seen_samples_add(
        struct seen_samples *seen, const struct sample_sketch *sketch, mitome_error *error);

/* seen_samples_identity is random, made where it began, and never zeros. */
void seen_samples_identity(const struct seen_samples *seen, uint8_t ret[SEEN_IDENTITY_SIZE]);

/* seen_samples_free wipes and releases; NULL is fine. */
void seen_samples_free(struct seen_samples *seen);

#endif
