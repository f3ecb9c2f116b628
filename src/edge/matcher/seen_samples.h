/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEEN_SAMPLES_H
#define SEEN_SAMPLES_H

/* The prints that a matcher has seen: those a finger was enrolled with, as long as it is in the set, and the
 * last SEEN_LAST presented. One image, sealed by XChaCha20-Poly1305, to which each further print is appended;
 * a counter beside it tells when an older one was put in its place.
 *
 * It closes rather than forgets: an image that is damaged, gone or older than its counter is not opened. The
 * matcher then forgets the fingers (their samples could be presented again, unnoticed) and begins anew. An
 * image put back together with its counter, and with all else the matcher remembers, is not noticed. */

#include "sample_check.h"

#include <mitome/element.h>
#include <mitome/gate.h>

enum {
        SEEN_LAST = 256,
        SEEN_FINGERS_MAX = MITOME_GATE_FINGERS_MAX,
        SEEN_OF_FINGER_MAX = 20, /* samples of one enrolment */
};

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
 * forgotten its fingers. Fails as seen_samples_open does. */
MITOME_CHECKED mitome_status seen_samples_renew(
        const struct seen_config *config, struct seen_samples **ret, mitome_error *error);

/* seen_samples_holds tells whether the image that `checker` looked at last is a copy of one seen. */
bool seen_samples_holds(const struct seen_samples *seen, struct sample_checker *checker);

/* seen_samples_add keeps a print that was presented, before anything is compared with it. It is durable when
 * this returns OK. Fails as storage and anchor do; then nothing may be compared, and every further change
 * fails with FILE_WRITE until it is opened again. */
MITOME_CHECKED mitome_status seen_samples_add(
        struct seen_samples *seen, const struct sample_sketch *sketch, mitome_error *error);

/* seen_samples_keep keeps those that a finger is being enrolled with, instead of any kept under that id
 * before; seen_samples_forget forgets a removed finger's (none: fine). seen_samples_has tells whether some
 * are kept: a finger without is not to be compared. Both fail as seen_samples_add does, keep also with
 * GATE_FULL and ARGUMENT (no sample, or over SEEN_OF_FINGER_MAX). */
MITOME_CHECKED mitome_status seen_samples_keep(struct seen_samples *seen, slice finger,
        const struct sample_sketch *sketches, size_t count, mitome_error *error);
MITOME_CHECKED mitome_status seen_samples_forget(
        struct seen_samples *seen, slice finger, mitome_error *error);
bool seen_samples_has(const struct seen_samples *seen, slice finger);

/* seen_samples_free wipes and releases; NULL is fine. */
void seen_samples_free(struct seen_samples *seen);

#endif
