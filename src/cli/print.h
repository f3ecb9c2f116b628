/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRINT_H
#define PRINT_H

/* Messages for a person to read. What is cut is marked by an ellipsis and its size; PINs and passwords are
 * never printed. */

#include "bytes.h"

#include <stdio.h>

/* print_cbor prints one canonical item on one line, byte strings cut; the whole of them with `full`. `names`
 * translates the outermost map's integer keys and may be NULL: names[k] is key k's, up to `name_count`. Fails
 * as the reader of CBOR does. */
struct print_names {
        const char *const *list;
        size_t count;
};
MITOME_CHECKED mitome_status print_cbor(
        FILE *out, slice item, const struct print_names *names, bool full, mitome_error *error);

/* print_ctap prints a request (command byte and parameters) or a response (status byte and members) on one
 * line; `command` tells what a response answers, 0 when that is not known. */
void print_ctap(FILE *out, bool request, uint8_t command, slice message);

/* print_ctap_knows tells whether a command byte (of a request) or a status byte has a name. */
bool print_ctap_knows(bool request, uint8_t code);

/* print_apdu prints a command or a response APDU on one line. Of a command that carries a PIN or a password,
 * whatever its class, only the length of the data is printed; of one that is malformed only its own. */
void print_apdu(FILE *out, bool command, slice apdu);

/* print_apdu_knows tells whether a command's class and instruction, or a response's status word, have a name.
 */
bool print_apdu_knows(bool command, slice apdu);

/* These print several lines, each behind `indent` spaces. They fail as the structure's reader does, before
 * they print. */
MITOME_CHECKED mitome_status print_authdata(FILE *out, int indent, slice bytes, mitome_error *error);
MITOME_CHECKED mitome_status print_attestation_object(
        FILE *out, int indent, slice bytes, mitome_error *error);
MITOME_CHECKED mitome_status print_cose_key(FILE *out, int indent, slice bytes, mitome_error *error);

/* print_hex prints up to `limit` bytes as hexadecimal digits, then an ellipsis and the size if there are
 * more. */
void print_hex(FILE *out, slice bytes, size_t limit);

/* print_text prints text between quotation marks; what could steer a terminal is printed as \xNN. */
void print_text(FILE *out, slice text);

#endif
