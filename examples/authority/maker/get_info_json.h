/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GET_INFO_JSON_H
#define GET_INFO_JSON_H

/* What a device answers to authenticatorGetInfo, as a metadata statement has it (Metadata Statements 3.1,
 * "authenticatorGetInfo"): the members by their names, the AAGUID without hyphens. What is one device's and
 * not the model's (room that is left, identifiers, counts) is left out. */

#include "json.h"

enum { GET_INFO_AAGUID_SIZE = 16, GET_INFO_AAGUID_TEXT = 37 };

/* get_info_aaguid_text writes an AAGUID with hyphens. */
void get_info_aaguid_text(const uint8_t aaguid[GET_INFO_AAGUID_SIZE], char ret[GET_INFO_AAGUID_TEXT]);

/* get_info_json writes the member "authenticatorGetInfo". Fails with CBOR's codes for bytes that are no such
 * answer, VALUE when its AAGUID is another one, MISSING when it has none, TOO_LONG for a name that no
 * authenticator has. */
MITOME_CHECKED mitome_status get_info_json(slice get_info, const uint8_t aaguid[GET_INFO_AAGUID_SIZE],
        struct json_writer *json, mitome_error *error);

#endif
