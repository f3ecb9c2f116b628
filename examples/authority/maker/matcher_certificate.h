/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MATCHER_CERTIFICATE_H
#define MATCHER_CERTIFICATE_H

/* The certificate that a matcher's maker gives its pairing key: X.509 v3 on the matcher's point, with one
 * extension of ours, not critical, that says how far the matcher is to be trusted and what it compares:
 *
 *   2.25.266746630121631752785469875097178904567 (the UUID c8ad8841-a373-419f-bd13-d1ca8eca97f7)
 *   SEQUENCE { class INTEGER, modality INTEGER }    enum matcher_class, enum unlock_modality
 *
 * It is given once, at manufacture. The management station reads it before it pairs; the element keeps what
 * the station read and asks the matcher nothing of the kind. */

#include "bytes.h"

#define MATCHER_CERTIFICATE_OID "2.25.266746630121631752785469875097178904567"

enum { MATCHER_CERTIFICATE_MAX = 900 };

/* A matcher as its certificate describes it. */
struct tsm_matcher {
        uint8_t point[65];       /* of its pairing key, uncompressed P-256 */
        uint8_t class, modality; /* enum matcher_class, enum unlock_modality */
};

/* matcher_certificate_fits: there are such a class and such a modality. */
bool matcher_certificate_fits(uint8_t class, uint8_t modality);

/* tsm_check_matcher verifies the certificate of the matcher that says this point is its own, at `now`
 * (seconds since 1970): one certificate under the maker's CA, both valid. Fails with MATCHER_UNCERTIFIED when
 * it is empty, MATCHER_ISSUER when it is no certificate, not this maker's, or not valid now, MATCHER_POINT
 * when it is of another key, MATCHER_CLASS when it does not say what class and modality it is of. */
MITOME_CHECKED mitome_status tsm_check_matcher(slice maker_ca, slice certificate, slice point, int64_t now,
        struct tsm_matcher *ret, mitome_error *error);

#endif
