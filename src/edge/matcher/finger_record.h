/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FINGER_RECORD_H
#define FINGER_RECORD_H

/* What the matcher keeps of an enrolled finger: the minutiae of its impressions (finger_template.h), and the
 * sketches of the very images they were found in (sample_check.h), so that those images open nothing. Both
 * live and die with the finger. */

#include "sample_check.h"

enum { FINGER_RECORD_SKETCHES_MAX = 16 };

struct finger_record {
        size_t sketch_count;
        struct sample_sketch sketches[FINGER_RECORD_SKETCHES_MAX];
        slice template;
};

/* finger_record_write writes it; what is too large makes the writer overflow. */
void finger_record_write(writer *w, const struct finger_record *record);

/* finger_record_read reads it; the template is a view. Fails with VALUE for what is none, or for a record of
 * another version. */
MITOME_CHECKED mitome_status finger_record_read(slice kept, struct finger_record *ret, mitome_error *error);

#endif
