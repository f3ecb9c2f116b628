/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SAMPLE_MEMORY_H
#define SAMPLE_MEMORY_H

/* Whether a sample is a print, and none that was seen before: by the fingers of the set, by the samples
 * presented last, and by those of the enrolment that runs. */

#include "finger_record.h"
#include "seen_samples.h"
#include "virtual_finger.h"

enum sample_verdict {
        SAMPLE_FRESH, /* it may be compared */
        SAMPLE_POOR,  /* too little to see */
        SAMPLE_COPY_OF_ONE,
};

struct sample_memory;

/* sample_memory_open opens what is kept in `folder`, sealed with `key`. Where that is missing, damaged or
 * older than it was, it begins anew: under another identity, which the set of fingers does not survive
 * (sensor.h: list). Fails as storage_file_open, anchor_file_open and seen_samples_renew do. */
MITOME_CHECKED mitome_status sample_memory_open(
        const char *folder, slice key, struct sample_memory **ret, mitome_error *error);

/* sample_memory_identity is another one after each beginning. */
void sample_memory_identity(const struct sample_memory *memory, uint8_t ret[SEEN_IDENTITY_SIZE]);

/* sample_memory_begin forgets the set that was compared with, and the image; sample_memory_add_finger adds
 * one to it. */
void sample_memory_begin(struct sample_memory *memory);
void sample_memory_add_finger(struct sample_memory *memory, const struct finger_record *record);

/* sample_memory_judge looks at an image. *ret_sketch is set where it is fresh. */
enum sample_verdict sample_memory_judge(struct sample_memory *memory,
        const struct virtual_finger_image *image, struct sample_sketch *ret_sketch);

/* sample_memory_keep makes a sample durable as seen: each that could be compared, and before anybody hears
 * what came of it. One that could not costs no try, and would only drive others out. Fails as
 * seen_samples_add does. */
MITOME_CHECKED mitome_status sample_memory_keep(
        struct sample_memory *memory, const struct sample_sketch *sketch, mitome_error *error);

/* sample_memory_free wipes and releases; NULL is fine. */
void sample_memory_free(struct sample_memory *memory);

#endif
