/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ELEMENT_CERTIFICATE_H
#define ELEMENT_CERTIFICATE_H

/* RSA keys that are made once a process, since they take long to make, and certificates of any key, for
 * elements that are to be personalised in tests. */

#include "bytes.h"

#include <openssl/evp.h>

enum { ELEMENT_CERTIFICATE_MAX = 4097 };

/* element_certificate_key gives the DER of one of the process's two keys (0, 1) for as long as it runs. */
slice element_certificate_key(unsigned which);

/* element_certificate writes a certificate of `key` (a private one, DER) with exactly `size` bytes into
 * `buffer`, which holds ELEMENT_CERTIFICATE_MAX. The smallest size is about 700. */
slice element_certificate(slice key, uint32_t serial, size_t size, uint8_t *buffer);

#endif
