/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MAKER_TRUST_H
#define MAKER_TRUST_H

/* Whom a party believes about phones: the CA for device keys of a maker, from a file. */

#include "bytes.h"

#include <mitome/trust.h>

/* maker_trust_read reads the certificate, DER; `option` is what named the file (MISSING when it did not). */
MITOME_CHECKED mitome_status maker_trust_read(
        const char *path, const char *option, struct mitome_trust **ret, mitome_error *error);

#endif
