/* SPDX-License-Identifier: Apache-2.0 */
#ifndef P256_H
#define P256_H

/* P-256 key agreement: what pairing and the PIN protocol need of the curve, by OpenSSL. */

#include "bytes.h"

enum { P256_SCALAR_SIZE = 32, P256_POINT_SIZE = 65 /* uncompressed */ };

/* p256_generate makes a key pair from `random`: a scalar in 1..n-1, big-endian, and its point. */
MITOME_CHECKED mitome_status p256_generate(const struct mitome_random *random, struct secret *ret_scalar,
        uint8_t ret_point[P256_POINT_SIZE], mitome_error *error);

/* p256_agree computes the x coordinate of scalar * point, 32 bytes. A point off the curve or at infinity:
 * KEY_POINT. */
MITOME_CHECKED mitome_status p256_agree(slice scalar, slice point, struct secret *ret_x, mitome_error *error);

#endif
