/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_DOCUMENT_H
#define EVIDENCE_DOCUMENT_H

/* Documents that say more than that they are there: each becomes claims. */

#include "evaluation_record.h"

/* Each gives NULL, or why the document cannot be used (static, with the Japanese in *ret_ja); then nothing
 * was added. `from` is what the claims name, `evidence` its index. */

/* A FIDO metadata statement: what its maker declares. */
const char *evidence_metadata(struct evaluation_record *record, slice content, const char *from,
        size_t evidence, const char **ret_ja);

/* report.json of `mitome biometric measure`. */
const char *evidence_measurement(struct evaluation_record *record, slice content, const char *from,
        size_t evidence, const char **ret_ja);

/* Lines of `mitome verify`: what each login showed. */
const char *evidence_logins(struct evaluation_record *record, slice content, const char *from,
        size_t evidence, const char **ret_ja);

#endif
