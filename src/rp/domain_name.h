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

/* domain_name_read_authority takes apart what stands behind the scheme of an origin as it is serialised: a
 * domain name, and perhaps ':' and a port, 1 to 65535 without leading zeros (*ret_port is 0 without one). */
bool domain_name_read_authority(slice authority, slice *ret_host, uint32_t *ret_port);

#endif
