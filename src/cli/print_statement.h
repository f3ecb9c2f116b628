/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRINT_STATEMENT_H
#define PRINT_STATEMENT_H

#include "print_place.h"

/* print_statement prints an attestation statement of whatever format, and holds it to the members of its
 * format. `statement` is over attStmt. */
void print_statement(const struct print_place *place, slice format, const struct cbor_reader *statement);

/* print_certificates prints an x5c, an array of byte strings that the reader takes. */
MITOME_CHECKED mitome_status print_certificates(const struct print_place *place, struct cbor_reader *r);

#endif
