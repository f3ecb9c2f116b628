/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DOMAIN_NAME_H
#define DOMAIN_NAME_H

#include "bytes.h"

enum {
        DOMAIN_NAME_MAX = 253, /* RFC 1035, 2.3.4, as text without the closing dot */
        DOMAIN_LABEL_MAX = 63,
};

/* domain_name_is_valid tells whether the bytes are a domain name as it comes out of the URL standard's host
 * parser, and so as RP IDs and origins carry it: labels of lower case letters, digits and inner hyphens, the
 * last not a number (else it would be an IPv4 address), no closing dot. */
bool domain_name_is_valid(slice name);

#endif
