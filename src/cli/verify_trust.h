/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VERIFY_TRUST_H
#define VERIFY_TRUST_H

/* Whom `mitome verify` believes: what its options name, and what a case adds. */

#include "bytes.h"

#include <mitome/metadata.h>
#include <mitome/trust.h>

enum verify_trust_kind { VERIFY_ANCHOR, VERIFY_JPKI_ANCHOR, VERIFY_CRL, VERIFY_OCSP, VERIFY_KINDS };

struct verify_trust;

MITOME_CHECKED mitome_status verify_trust_new(struct verify_trust **ret, mitome_error *error);
void verify_trust_free(struct verify_trust *trust);

/* verify_trust_add_file adds what a file holds, PEM or DER. */
MITOME_CHECKED mitome_status verify_trust_add_file(
        struct verify_trust *trust, enum verify_trust_kind kind, const char *path, mitome_error *error);

/* verify_trust_set_metadata owns `metadata` from then on. */
void verify_trust_set_metadata(struct verify_trust *trust, struct mitome_metadata *metadata);

/* verify_trust_metadata is what was set, or NULL. */
const struct mitome_metadata *verify_trust_metadata(const struct verify_trust *trust);

/* verify_trust_believe_models makes the roots of all models anchors, so that the lists which makers' CAs sign
 * are believed. */
void verify_trust_believe_models(struct verify_trust *trust);

/* verify_trust_add_lists adds the lists and responses that the options named, and no anchor, to another
 * snapshot: each counts only for those whose issuer has signed it. */
MITOME_CHECKED mitome_status verify_trust_add_lists(
        const struct verify_trust *trust, struct mitome_trust *into, mitome_error *error);

/* verify_trust_snapshot is what the options made. */
const struct mitome_trust *verify_trust_snapshot(const struct verify_trust *trust);

/* verify_trust_for_case makes the snapshot of a case that brings its own: with `root_pem` its certificates
 * are the only anchors, for makers and persons alike; `crls` (DER) are added to the lists of the options. The
 * caller frees it. */
MITOME_CHECKED mitome_status verify_trust_for_case(const struct verify_trust *trust, const slice *root_pem,
        const slice *crls, size_t crl_count, struct mitome_trust **ret, mitome_error *error);

#endif
