/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRINT_X509_H
#define PRINT_X509_H

/* What certificates, revocation lists and OCSP responses are made of. */

#include "print_place.h"

#include <openssl/x509v3.h>

/* print_der_check finds the place where `der` is not one DER element of the kind SEQUENCE, and all of it:
 * lengths that lead out of what they stand in (INPUT_ENDS), bytes behind (TRAILING_BYTES), lengths that are
 * none (DER), elements nested too deep (DEPTH). */
MITOME_CHECKED mitome_status print_der_check(
        const struct print_place *place, slice der, const char *field, const char *clause);

/* print_x509_decode decodes one value of an ASN.1 type, all of `der`, or answers NULL. The caller frees it
 * with ASN1_item_free. */
void *print_x509_decode(slice der, const ASN1_ITEM *type);

/* These print a whole line. */
void print_x509_name(const struct print_place *place, const char *name, const X509_NAME *value);
void print_x509_time(const struct print_place *place, const char *name, const ASN1_TIME *value);
void print_x509_number(const struct print_place *place, const char *name, const ASN1_INTEGER *value);
void print_x509_algorithm(const struct print_place *place, const char *name, const X509_ALGOR *value);
void print_x509_key(const struct print_place *place, const char *name, X509_PUBKEY *value);
void print_x509_general_name(const struct print_place *place, const char *name, const GENERAL_NAME *value);

/* print_x509_object prints what an OID is called, and the OID, on the line that was begun. */
void print_x509_object(FILE *out, const ASN1_OBJECT *object);

/* print_x509_string views a string's bytes. */
slice print_x509_string(const ASN1_STRING *string);

/* print_certificate_extension prints one extension; `value` is the content of its OCTET STRING. */
void print_certificate_extension(
        const struct print_place *place, const ASN1_OBJECT *type, bool critical, slice value);

#endif
