/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRINT_H
#define PRINT_H

/* Messages and structures for a person to read. What is cut is marked by an ellipsis and its size; PINs,
 * passwords and keys of the user (largeBlobKey, PRF results) are never printed. Nothing is verified here:
 * structures are shown as they stand. */

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

/* Where a structure is printed. */
struct print_place {
        FILE *out;
        int indent;          /* spaces before each line */
        size_t at;           /* where the structure begins in the input that offsets count in */
        mitome_error *error; /* the first thing that is wrong; may be NULL */
};

/* These print several lines. They fail, and say so in place->error, when the bytes are not such a structure.
 * What is wrong further inside is printed where it stands, on a line that begins with "!", and recorded, too;
 * then the call does not fail. */
MITOME_CHECKED mitome_status print_authdata(const struct print_place *place, slice bytes);
MITOME_CHECKED mitome_status print_cose_key(const struct print_place *place, slice bytes);
MITOME_CHECKED mitome_status print_attestation_object(const struct print_place *place, slice bytes);
MITOME_CHECKED mitome_status print_certificate(const struct print_place *place, slice der);
MITOME_CHECKED mitome_status print_revocation_list(const struct print_place *place, slice der);
MITOME_CHECKED mitome_status print_ocsp_response(const struct print_place *place, slice der);
MITOME_CHECKED mitome_status print_key_description(const struct print_place *place, slice der);
MITOME_CHECKED mitome_status print_tpm_public(const struct print_place *place, slice bytes);
MITOME_CHECKED mitome_status print_tpm_attest(const struct print_place *place, slice bytes);
MITOME_CHECKED mitome_status print_metadata_blob(const struct print_place *place, slice jws);
MITOME_CHECKED mitome_status print_client_data(const struct print_place *place, slice json);
MITOME_CHECKED mitome_status print_registration(const struct print_place *place, slice json);
MITOME_CHECKED mitome_status print_authentication(const struct print_place *place, slice json);
MITOME_CHECKED mitome_status print_record_json(const struct print_place *place, slice json);
MITOME_CHECKED mitome_status print_record_cbor(const struct print_place *place, slice cbor);
MITOME_CHECKED mitome_status print_receipt(const struct print_place *place, slice cose);
MITOME_CHECKED mitome_status print_element_statement(const struct print_place *place, slice cose);
MITOME_CHECKED mitome_status print_evaluation_statement(const struct print_place *place, slice cose);
MITOME_CHECKED mitome_status print_unlock_token(const struct print_place *place, slice bytes);
MITOME_CHECKED mitome_status print_gate_request(const struct print_place *place, slice cbor);
MITOME_CHECKED mitome_status print_gate_report(const struct print_place *place, slice cbor);

/* print_ctap_response is for a response whose command is not known: its members tell, and what is inside is
 * printed, too. `message` is a status byte, and CBOR or nothing. */
MITOME_CHECKED mitome_status print_ctap_response(const struct print_place *place, slice message);

/* print_hex prints up to `limit` bytes as hexadecimal digits, then an ellipsis and the size if there are
 * more. */
void print_hex(FILE *out, slice bytes, size_t limit);

/* print_text prints text between quotation marks; what could steer a terminal, or is no UTF-8, is printed as
 * \xNN. */
void print_text(FILE *out, slice text);

#endif
