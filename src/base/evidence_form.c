/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence_form.h"

#include "cose.h"

const struct cose_sign1_kind evidence_kinds[EVIDENCE_KINDS] = {
        [EVIDENCE_RECEIPT] = { COSE_ES256, "application/x.mitome.receipt+cbor", "mitome receipt 1" },
        [EVIDENCE_STATEMENT] = { COSE_ES256, "application/x.mitome.statement+cbor", "mitome statement 1" },
};
