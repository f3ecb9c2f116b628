/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MAKER_H
#define MAKER_H

/* The phone's maker, played: an attestation CA, and the batch key that all phones of the model share. */

#include "authority.h"

enum { MAKER_AAGUID_SIZE = 16, MAKER_KEY_SIZE = 32, MAKER_POINT_SIZE = 65 };

/* The model of the examples. */
extern const uint8_t maker_aaguid[MAKER_AAGUID_SIZE];

/* What one batch gets at manufacture. */
struct maker_batch {
        struct authority_der ca;          /* what relying parties take for an anchor */
        struct authority_der certificate; /* of the batch key */
        uint8_t key[MAKER_KEY_SIZE];      /* P-256, big-endian; wipe it once it is in the element */
};

MITOME_CHECKED mitome_status maker_make_batch(
        const struct mitome_random *random, int64_t now, struct maker_batch *ret, mitome_error *error);

/* The certificate of one device's own key, and the CA that vouches for devices. */
struct maker_device {
        struct authority_der ca, certificate;
};

/* maker_certify_device makes them for the point (uncompressed P-256) that the element gave. */
MITOME_CHECKED mitome_status maker_certify_device(const struct mitome_random *random, int64_t now,
        const uint8_t point[MAKER_POINT_SIZE], struct maker_device *ret, mitome_error *error);

/* maker_write_statement writes the model's FIDO metadata statement, JSON. It is honest: element and matcher
 * are software. */
MITOME_CHECKED mitome_status maker_write_statement(
        const struct maker_batch *batch, writer *out, mitome_error *error);

#endif
