/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INSPECT_INPUT_H
#define INSPECT_INPUT_H

/* `mitome inspect` without the program around it: from an input of whatever form to text. */

#include "inspect_kinds.h"

/* inspect_input prints the structure in `input`: bytes, hexadecimal digits, base64, base64url, JSON, a JWS,
 * or PEM, of which every block is printed. `kind` NULL: it is recognised by how it begins.
 *
 * What it fails for is not printed (UNRECOGNISED, or as the kind's reader does; of PEM, the blocks before
 * are). When it does not, but error->code is set, something within is wrong, and was said where it stands.
 * `bold` prints titles in bold.
 */
MITOME_CHECKED mitome_status inspect_input(
        FILE *out, const struct inspect_kind *kind, slice input, bool bold, mitome_error *error);

#endif
