/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE64_TEXT_H
#define BASE64_TEXT_H

#include "bytes.h"

/* base64_text_decode decodes base64 (RFC 4648, 4) or base64url (5), with or without padding, broken into
 * lines or not. Refused: characters of both alphabets or of none, blanks within, bits that are left over
 * (BASE64URL when it has no '+', '/' or '=', else VALUE), BUFFER_FULL, and MISSING when there is nothing. */
MITOME_CHECKED mitome_status base64_text_decode(
        slice text, const char *field, uint8_t *buffer, size_t capacity, slice *ret, mitome_error *error);

#endif
