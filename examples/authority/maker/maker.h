/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MAKER_H
#define MAKER_H

/* The phone's maker, played: an attestation CA, and the batch key that all phones of the model share. */

#include "maker_ca.h"
#include "matcher_certificate.h"

enum { MAKER_AAGUID_SIZE = 16, MAKER_KEY_SIZE = 32 };

/* The model of the examples; its AAGUID is that of maker_classes[0] (maker_statement.h). */
#define MAKER_MODEL "MT-1"

/* maker_device_leaf is what the certificate of a device's own key says, of a phone of this model
 * (device_model.h). VALUE. */
enum { MAKER_EXTENSIONS_MAX = 640 };
MITOME_CHECKED mitome_status maker_device_leaf(
        slice model, char extensions[MAKER_EXTENSIONS_MAX], struct maker_leaf *ret, mitome_error *error);

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

/* The certificate of one matcher's pairing key, and the CA that vouches for matchers. */
struct maker_matcher {
        struct authority_der ca, certificate;
};

/* maker_certify_matcher makes them for the point that the matcher gave: what it says of class (enum
 * matcher_class) and modality (enum unlock_modality) is in its extension (matcher_certificate.h). A
 * demonstration: this maker vouches for a class that nobody has tested. VALUE for one that there is not. */
MITOME_CHECKED mitome_status maker_certify_matcher(const struct mitome_random *random, int64_t now,
        const struct tsm_matcher *matcher, struct maker_matcher *ret, mitome_error *error);

#endif
