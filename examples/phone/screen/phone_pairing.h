/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PHONE_PAIRING_H
#define PHONE_PAIRING_H

/* A phone's matcher as its maker and the SP-TSM know it. */

#include "phone_body.h"
#include "sp_finger.h"

/* phone_pairing_know certifies a new matcher's key (the maker's part: the CA is left in the folder, so that
 * the certificate can be verified later) and verifies the certificate of every one. *ret points to `body`.
 * MATCHER_*, and as the matcher and the folder fail. */
MITOME_CHECKED mitome_status phone_pairing_know(
        struct phone_body *body, int64_t now, struct sp_matcher *ret, mitome_error *error);

#endif
