/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCHEMA_RIG_H
#define SCHEMA_RIG_H

/* An OpenAPI file, and what is held against it: enough of JSON Schema 2020-12 for
 * examples/portal/openapi.json. A keyword that is not known here fits nothing, so that no part of a schema is
 * passed over in silence. */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* schema_fits tells whether a value is as a schema says; `why` says where not. $ref is looked up in
 * `document`. */
bool schema_fits(json_t *document, json_t *schema, json_t *value, char *why, size_t capacity);

/* schema_known tells whether all of a schema is understood, wherever it leads. */
bool schema_known(json_t *document, json_t *schema, char *why, size_t capacity);

/* schema_operation finds the operation of a method ("get") and a path as it is asked for
 * ("/api/credentials/7/rename"); a fixed path wins over {name}. *ret_path (may be NULL) is as it stands in
 * the file. NULL: none. */
json_t *schema_operation(json_t *document, const char *method, const char *path, const char **ret_path);

/* schema_of_answer and schema_of_body: NULL when there is none. */
json_t *schema_of_answer(json_t *document, json_t *operation, long status);
json_t *schema_of_body(json_t *operation);

#endif
