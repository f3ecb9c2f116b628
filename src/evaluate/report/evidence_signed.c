/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence_item.h"

#include "trust_files.h"
#include "verify_evidence.h"

#include <mitome/trust.h>

#include <stdlib.h>
#include <string.h>

/* What somebody has signed, verified as whoever relies on it does: by anchors that the evaluator gives, at
 * the time of the evaluation. */

/* ---- whom to believe ---- */

static mitome_status add_status(struct mitome_trust *trust, slice content, mitome_error *error)
{
        if (!failed(trust_add_content(trust, content, "X509 CRL", mitome_trust_add_crl, NULL)))
                return ok();
        return mitome_trust_add_ocsp(trust, content, error);
}

/* One file that a member names, into the snapshot; whatever is wrong is the item's. */
static mitome_status add_file(struct evidence_reading *e, struct evidence_item *item,
        enum evidence_item_member member, struct mitome_trust *trust, trust_add *anchor)
{
        char path[EVIDENCE_PATH_MAX];
        uint8_t *bytes = NULL;
        slice content;
        MITOME_TRY(evidence_item_text(item, member, path, sizeof path));
        if (!evidence_item_open(e, item, path, &bytes, &content))
                return ok();
        mitome_status added = anchor ? trust_add_content(trust, content, "CERTIFICATE", anchor, NULL)
                                     : add_status(trust, content, NULL);
        if (failed(added))
                evidence_item_disbelieve(item, added.code);
        free(bytes);
        return ok();
}

static void give_yes(
        struct evidence_reading *e, const struct evidence_item *item, enum level_fact_id fact, bool yes)
{
        json_t *value = json_boolean(yes);
        evidence_item_give(e, item, fact, value);
        json_decref(value);
}

/* ---- receipts ---- */

/* It proves that this element has erased, and not that a forged proof would be refused: a part of the fact.
 */
static mitome_status check_receipt(
        struct evidence_reading *e, struct evidence_item *item, const struct mitome_trust *trust)
{
        char identity[EVIDENCE_IDENTITY_MAX + 1];
        struct evidence evidence;
        struct evidence_expected expected = { .kind = EVIDENCE_RECEIPT };
        MITOME_TRY(evidence_item_text(item, ITEM_IDENTITY, identity, sizeof identity));
        expected.identity = slice_text(identity);
        if (*item->why)
                return ok();
        mitome_status believed =
                evidence_verify(item->content, &expected, trust, e->record->now, NULL, &evidence, NULL);
        if (failed(believed))
                evidence_item_disbelieve(item, believed.code);
        return ok();
}

mitome_status evidence_take_receipt(struct evidence_reading *e, struct evidence_item *item)
{
        struct mitome_trust *trust;
        MITOME_TRY(mitome_trust_new(&trust, NULL));
        mitome_status status = add_file(e, item, ITEM_ANCHORS, trust, mitome_trust_add_anchor);
        if (!failed(status))
                status = check_receipt(e, item, trust);
        mitome_trust_free(trust);
        MITOME_TRY(status);
        item->partial = true;
        give_yes(e, item, LEVEL_LIFE_ERASURE_PROVED, true);
        return ok();
}

/* ---- a person's certificate and what is said of it ---- */

/* That it has ended, is on hold or was revoked is an answer; that nothing can be believed of it is none. */
static bool is_answer(mitome_status status, const mitome_error *error)
{
        return !failed(status) || status.code == MITOME_E_CERTIFICATE_REVOKED ||
               status.code == MITOME_E_CERTIFICATE_ON_HOLD ||
               (status.code == MITOME_E_CERTIFICATE_EXPIRED && error->field &&
                       strcmp(error->field, "certificate") == 0);
}

mitome_status evidence_take_certificate(struct evidence_reading *e, struct evidence_item *item)
{
        struct mitome_trust *trust;
        struct jpki_certificate certificate;
        mitome_error error = { 0 };
        bool alive = false;
        MITOME_TRY(mitome_trust_new(&trust, NULL));
        mitome_status status = add_file(e, item, ITEM_ANCHORS, trust, mitome_trust_add_jpki_anchor);
        if (!failed(status))
                status = add_file(e, item, ITEM_STATUS, trust, NULL);
        if (!failed(status) && !*item->why) {
                mitome_status verified =
                        trust_verify_jpki(trust, item->content, e->record->now, &certificate, &error);
                alive = !failed(verified);
                if (!is_answer(verified, &error))
                        evidence_item_disbelieve(item, verified.code);
        }
        mitome_trust_free(trust);
        MITOME_TRY(status);
        give_yes(e, item, LEVEL_LOGIN_CERTIFICATE_ALIVE, alive);
        return ok();
}
