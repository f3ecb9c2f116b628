/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRUST_FILES_H
#define TRUST_FILES_H

/* Certificates, revocation lists and metadata as people keep them: files, DER or PEM. */

#include "bytes.h"

#include <mitome/metadata.h>
#include <mitome/trust.h>

typedef mitome_status trust_add(struct mitome_trust *trust, mitome_slice der, mitome_error *error);

/* trust_read_file reads the whole of a file; the caller frees *ret_bytes. FILE_READ with errno set. */
MITOME_CHECKED mitome_status trust_read_file(
        const char *path, uint8_t **ret_bytes, slice *ret, mitome_error *error);

/* trust_add_content adds each block of `content`, DER or PEM of the given label ("CERTIFICATE", "X509 CRL"),
 * to the snapshot. VALUE when it holds nothing of the kind, or anything else beside: what cannot be used must
 * not look as if it were. */
MITOME_CHECKED mitome_status trust_add_content(
        struct mitome_trust *trust, slice content, const char *label, trust_add *add, mitome_error *error);

/* trust_add_file is both. */
MITOME_CHECKED mitome_status trust_add_file(
        struct mitome_trust *trust, const char *path, const char *label, trust_add *add, mitome_error *error);

/* trust_read_metadata reads and verifies a BLOB; line ends behind it are passed over. The caller frees it
 * with mitome_metadata_free. */
MITOME_CHECKED mitome_status trust_read_metadata(const char *path, const struct mitome_trust *signers,
        int64_t now, bool allow_stale, struct mitome_metadata **ret, mitome_error *error);

/* trust_is_trust_file tells whether a file begins as certificates and lists do, DER or PEM. */
bool trust_is_trust_file(const char *path);

#endif
