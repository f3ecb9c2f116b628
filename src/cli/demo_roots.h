/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DEMO_ROOTS_H
#define DEMO_ROOTS_H

/* What a relying party needs to believe a demonstration: public certificates and a revocation list, as files
 * beside the state. */

#include "authority.h"

#define DEMO_ROOTS_MAKER "maker-ca.pem"
#define DEMO_ROOTS_MATCHER "matcher-ca.pem"
#define DEMO_ROOTS_JPKI "jpki-ca.pem"
#define DEMO_ROOTS_CRL "jpki-crl.pem"

/* demo_roots_write writes `count` of them, PEM, under `label`. Fails with FILE_WRITE. */
MITOME_CHECKED mitome_status demo_roots_write(const char *folder, const char *name, const char *label,
        const slice *ders, size_t count, mitome_error *error);

#endif
