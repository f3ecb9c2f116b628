/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CA_PROFILE_H
#define CA_PROFILE_H

/* What stands in the certificates of the CAs: names and extensions, as x509_build.h takes them. */

#include "ca.h"
#include "japan_date.h"

#include <openssl/x509.h>

enum { CA_COMMON_NAME_SIZE = 23, CA_EXTENSIONS_MAX = 2048 };

struct japan_date ca_birth(const struct authority_person *person);

/* Names. NULL when there is no memory. */
X509_NAME *ca_own_name(enum authority_kind kind);
X509_NAME *ca_subject(
        enum authority_kind kind, const struct authority_person *person, const char *common_name);
X509_NAME *ca_responder_name(enum authority_kind kind);

/* Extensions; TOO_LONG when they do not fit. */
MITOME_CHECKED mitome_status ca_own_extensions(
        enum authority_kind kind, char text[CA_EXTENSIONS_MAX], mitome_error *error);
MITOME_CHECKED mitome_status ca_person_extensions(enum authority_kind kind,
        const struct authority_person *person, char text[CA_EXTENSIONS_MAX], mitome_error *error);
extern const char ca_responder_extensions[];

/* The issuingDistributionPoint of the list of a place, in section [list]. */
MITOME_CHECKED mitome_status ca_list_extensions(
        const struct ca_place *place, char text[CA_EXTENSIONS_MAX], mitome_error *error);

/* ca_check_place: romanised, and no longer than a name of X.509 may be. */
MITOME_CHECKED mitome_status ca_check_place(const struct ca_place *place, mitome_error *error);

#endif
