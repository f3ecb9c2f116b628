/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRINT_JSON_H
#define PRINT_JSON_H

#include "json.h"
#include "print_place.h"

/* print_json_object finds where an object's braces open: `json` with a byte order mark and white space before
 * it passed over. */
slice print_json_object(slice json);

/* print_json_find finds a member of an object and views its value as it stands. What comes behind it need not
 * be JSON. */
bool print_json_find(slice object, const char *name, slice *ret);

/* print_json_line prints the value of a member, if it is there, as it stands. */
void print_json_line(const struct print_place *place, slice object, const char *name);

/* print_json_others names the members that are not among `known`, which ends with NULL. What they hold is
 * shown only where it cannot be a secret. */
enum print_json_values { PRINT_JSON_HIDDEN, PRINT_JSON_SHOWN };
void print_json_others(const struct print_place *place, slice object, const char *const *known,
        enum print_json_values values);

#endif
