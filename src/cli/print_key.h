/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRINT_KEY_H
#define PRINT_KEY_H

#include "print_place.h"

/* print_algorithm prints a COSE algorithm, "ES256 (-7)", on the line that was begun. */
void print_algorithm(FILE *out, int64_t algorithm);

/* print_key_bytes prints one COSE_Key; one that is none, or of an algorithm that is not known here, as the
 * CBOR that it is, with what is wrong. */
void print_key_bytes(const struct print_place *place, slice bytes);

#endif
