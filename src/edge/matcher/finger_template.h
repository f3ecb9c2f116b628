/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FINGER_TEMPLATE_H
#define FINGER_TEMPLATE_H

/* What libfprint found in the impressions of a finger, as it serialises it ("FP3" and a GVariant): a print
 * holds the minutiae of one impression or of several. They are taken apart, because libfprint says one score
 * an impression and stops at the first that reaches its own threshold: a print of one impression has a score
 * of its own. */

#include "bytes.h"

#include <fprint.h>

enum { FINGER_TEMPLATE_IMPRESSIONS_MAX = 16 };

/* finger_template_split appends a print for each impression of `kept` to `prints`, which has g_object_unref
 * as its free function. Fails with VALUE, having appended nothing, for what is not a template of minutiae. */
MITOME_CHECKED mitome_status finger_template_split(slice kept, GPtrArray *prints, mitome_error *error);

/* finger_template_join gives one template of all impressions of `prints`; the caller frees it (it is a
 * secret: bytes_wipe). Fails with VALUE or NO_MEMORY. */
MITOME_CHECKED mitome_status finger_template_join(GPtrArray *prints, GByteArray **ret, mitome_error *error);

struct finger_minutia {
        int16_t x, y, angle; /* as libfprint counts them */
};

/* finger_template_print makes a print of one impression out of its minutiae. NULL: libfprint does not take
 * it. */
FpPrint *finger_template_print(const struct finger_minutia *minutiae, size_t count);

/* finger_template_minutiae gives the minutiae of the first impression of a print, at most `capacity`, and
 * returns how many it has. */
size_t finger_template_minutiae(FpPrint *print, struct finger_minutia *ret, size_t capacity);

#endif
