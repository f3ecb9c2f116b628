/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OIDC_TEXT_H
#define OIDC_TEXT_H

/* Text as OpenID Connect writes it: addresses, parameters, base64url. */

#include "bytes.h"

/* oidc_write_text writes a C string. */
void oidc_write_text(writer *w, const char *text);

/* oidc_write_escaped writes a value as it may stand in a query, behind a name: what could end it, and all
 * that is not ASCII, is percent-encoded. */
void oidc_write_escaped(writer *w, slice value);

/* oidc_write_parameter writes "?name=value", or "&name=value" when there is a '?' in `w` already. */
void oidc_write_parameter(writer *w, const char *name, slice value);

/* oidc_write_number writes a number that is not negative, in decimal digits. */
void oidc_write_number(writer *w, int64_t number);

/* oidc_read_number reads 1 to 12 decimal digits: VALUE. */
MITOME_CHECKED mitome_status oidc_read_number(
        slice text, const char *field, int64_t *ret, mitome_error *error);

/* oidc_write_base64url writes unpadded base64url (RFC 4648, 5). */
void oidc_write_base64url(writer *w, slice bytes);

/* oidc_read_token reads the 43 characters that 32 random bytes are: VALUE, BASE64URL. */
enum { OIDC_TOKEN_SIZE = 32, OIDC_TOKEN_TEXT = 43 };
MITOME_CHECKED mitome_status oidc_read_token(
        slice text, const char *field, uint8_t ret[OIDC_TOKEN_SIZE], mitome_error *error);

/* oidc_has_word tells whether `word` stands in a list that blanks divide (scope, acr_values, prompt). */
bool oidc_has_word(slice list, slice word);

/* oidc_next_word takes the next word off such a list; empty: there is none. */
slice oidc_next_word(reader *list);

/* oidc_terminate ends what was written as a C string, which *ret_text is; BUFFER_FULL, and then the buffer
 * holds an empty one. */
MITOME_CHECKED mitome_status oidc_terminate(
        writer *w, const char *field, const char **ret_text, mitome_error *error);

#endif
