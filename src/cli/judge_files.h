/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JUDGE_FILES_H
#define JUDGE_FILES_H

/* What `mitome judge` judges by: certificates, revocation lists and metadata, as people keep them. */

#include "bytes.h"

#include <mitome/metadata.h>
#include <mitome/trust.h>

typedef mitome_status judge_add(struct mitome_trust *trust, mitome_slice der, mitome_error *error);

/* judge_add_file adds each block of a file, DER or PEM of the given label ("CERTIFICATE", "X509 CRL"), to the
 * snapshot. FILE_READ with errno set when the file cannot be read; VALUE when it holds nothing of the kind,
 * or anything else beside: what cannot be used must not look as if it were. */
MITOME_CHECKED mitome_status judge_add_file(
        struct mitome_trust *trust, const char *path, const char *label, judge_add *add, mitome_error *error);

/* judge_read_metadata reads and verifies a BLOB; line ends behind it are passed over. The caller frees it
 * with mitome_metadata_free. */
MITOME_CHECKED mitome_status judge_read_metadata(const char *path, const struct mitome_trust *signers,
        int64_t now, bool allow_stale, struct mitome_metadata **ret, mitome_error *error);

/* judge_believe_roots makes the roots of all models anchors of the snapshot, so that the lists which makers'
 * CAs sign are believed. */
void judge_believe_roots(struct mitome_trust *trust, const struct mitome_metadata *metadata);

/* judge_is_record_file tells whether a file begins as JSON does, or cannot be looked into. */
bool judge_is_record_file(const char *path);

#endif
