/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMS_WRITE_H
#define CMS_WRITE_H

/* A CMS SignedData (RFC 5652) with one signer, whose key is elsewhere: first what is to be signed, then the
 * whole. SHA-256 and RSASSA-PKCS1-v1_5; the content and the signer's certificate are inside. */

#include "bytes.h"

enum { CMS_ATTRIBUTES_MAX = 512, CMS_DIGEST_SIZE = 32, CMS_OVERHEAD = 1024 };

struct cms_plan {
        slice content;     /* at most 1 MiB */
        slice certificate; /* the signer's, DER */
        int64_t now;       /* seconds since 1970; a year from 1950 to 2049 */

        /* what cms_prepare adds */
        uint8_t attributes[CMS_ATTRIBUTES_MAX]; /* the signed ones, without their tag */
        size_t attributes_size;
        uint8_t digest[CMS_DIGEST_SIZE]; /* to be signed */
};

/* cms_prepare works out the signed attributes (content type, time, digest of the content, digest of the
 * certificate: RFC 5035) and their digest. */
MITOME_CHECKED mitome_status cms_prepare(struct cms_plan *plan, mitome_error *error);

/* cms_write writes the ContentInfo; it needs the room of content and certificate, and CMS_OVERHEAD. Fails
 * with DER when the certificate is none. */
MITOME_CHECKED mitome_status cms_write(
        const struct cms_plan *plan, slice signature, writer *out, mitome_error *error);

#endif
