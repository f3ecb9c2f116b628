/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPLICATION_CMS_H
#define APPLICATION_CMS_H

/* The application as it comes: a CMS SignedData (RFC 5652) with its content and its one signer's certificate
 * inside. */

#include "bytes.h"

enum { APPLICATION_CMS_MAX = 8192, APPLICATION_CONTENT_MAX = 1024, APPLICATION_SERIAL_MAX = 20 };

struct application_cms {
        uint8_t content[APPLICATION_CONTENT_MAX];
        size_t content_size;
        uint8_t serial[APPLICATION_SERIAL_MAX]; /* of the signer's certificate, magnitude */
        size_t serial_size;
        uint8_t certificate[32]; /* SHA-256 of it */
};

/* application_open verifies one: signed-data over data, one signer (SHA-256, RSA), one certificate, no lists,
 * content inside, nothing behind it (AUTHORITY_CMS); signed by that certificate, which the signed attributes
 * name (RFC 5035) (SIGNATURE_INVALID); issued by this CA and valid now, and for non-repudiation
 * (AUTHORITY_SIGNER). Whether it is revoked is not asked. */
MITOME_CHECKED mitome_status application_open(
        slice cms, slice ca, int64_t now, struct application_cms *ret, mitome_error *error);

#endif
