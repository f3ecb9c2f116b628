/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MAKER_CA_H
#define MAKER_CA_H

/* A CA of the maker's, and what it certifies: the P-256 points that elements and matchers give. */

#include "authority.h"

enum { MAKER_CA_KEY_MAX = 256, MAKER_POINT_SIZE = 65 };

struct maker_ca {
        struct authority_der certificate;
        uint8_t key[MAKER_CA_KEY_MAX]; /* PKCS#8, DER; wipe it (maker_ca_wipe) */
        size_t key_size;
};

/* maker_ca_new makes a CA of this name, P-256, valid for twenty years from `now`. */
MITOME_CHECKED mitome_status maker_ca_new(const char *name, const struct mitome_random *random, int64_t now,
        struct maker_ca *ret, mitome_error *error);
void maker_ca_wipe(struct maker_ca *ca);

/* Whose certificate it is, and what it says (as x509_build reads it). */
struct maker_leaf {
        const char *unit, *common_name;
        const char *extensions;
};

/* maker_ca_certify certifies a point (uncompressed). VALUE when it is none. */
MITOME_CHECKED mitome_status maker_ca_certify(const struct maker_ca *ca, const struct maker_leaf *leaf,
        const struct mitome_random *random, int64_t now, const uint8_t point[MAKER_POINT_SIZE],
        struct authority_der *ret, mitome_error *error);

#endif
