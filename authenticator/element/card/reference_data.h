/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFERENCE_DATA_H
#define REFERENCE_DATA_H

/* A PIN or password that the element compares: never itself, but a salted and stretched verifier of it, and
 * the tries that are left. */

#include "bytes.h"

struct mitome_element;

struct reference_data {
        uint32_t verifier, tries; /* objects of the store */
};

enum { REFERENCE_SECRET_MAX = 63 };

bool reference_is_set(const struct mitome_element *element, const struct reference_data *reference);

uint8_t reference_tries(const struct mitome_element *element, const struct reference_data *reference);

/* reference_kind is the number that reference_put was given, 0 when nothing is set. */
uint8_t reference_kind(const struct mitome_element *element, const struct reference_data *reference);

/* reference_put and reference_put_tries prepare; the caller commits. */
uint16_t reference_put(struct mitome_element *element, const struct reference_data *reference, slice secret,
        uint8_t kind, uint8_t tries);
uint16_t reference_put_tries(
        struct mitome_element *element, const struct reference_data *reference, uint8_t tries);

/* reference_check spends one of `tries` (at least 1) durably and then compares: 9000, or 63Cx with what is
 * left. Giving tries back is the caller's, and its commit is also that of a verifier of a former version
 * that was renewed. */
uint16_t reference_check(
        struct mitome_element *element, const struct reference_data *reference, slice secret, uint8_t tries);

/* reference_equals compares and takes no try: for whoever has shown the secret already. */
uint16_t reference_equals(struct mitome_element *element, const struct reference_data *reference,
        slice secret, bool *ret_equal);

#endif
