/* SPDX-License-Identifier: Apache-2.0 */

/* The phone is given away: keys and certificates are erased, and a receipt says so. */

#include "story.h"

static mitome_status erase(struct story *story, mitome_error *error)
{
        struct tsm_channel channel;
        MITOME_TRY(story_open_provider(story, TSM_JPKI, &channel, error));
        mitome_status status = tsm_erase(&channel, error);
        tsm_close(&channel);
        MITOME_TRY(status);
        stage_sent(&story->stage, SP_TSM, ELEMENT, "ERASE: both keys, their certificates, the password");
        return ok();
}

/* The authority revokes what a receipt that it believes names. */
static mitome_status take_receipt(struct story *story, slice cose, bool *ret_named, mitome_error *error)
{
        struct evidence evidence;
        MITOME_TRY(story_believe(story, EVIDENCE_RECEIPT, cose, (slice){ 0 }, &evidence, error));
        *ret_named = story_names_both(story, &evidence);
        stage_sent(&story->stage, ELEMENT, AUTHORITY, "receipt, %zu bytes: %s", cose.size,
                evidence_reason_name(evidence.numbers[EVIDENCE_AT_REASON]));
        return *ret_named ? authority_revoke(story->authority, AUTHORITY_SIGNING,
                                    &story->certificates[AUTHORITY_SIGNING], story->now, error)
                          : ok();
}

/* Fetched, believed, acknowledged: then the element forgets it. */
static mitome_status settle(struct story *story, struct mitome_enforcer *enforcer, mitome_error *error)
{
        static struct evidence_answer answer;
        const uint8_t *serial = story->certificates[AUTHORITY_SIGNING].serial;
        bool named = false;
        uint16_t sw;
        MITOME_TRY(evidence_fetch(enforcer, EVIDENCE_RECEIPT, (slice){ 0 }, &answer, &sw, error));
        MITOME_TRY(story_leave_file(story, "receipt.cbor", answer.evidence, error));
        MITOME_TRY(take_receipt(story, answer.evidence, &named, error));
        MITOME_TRY(evidence_acknowledge(enforcer, &answer, &sw, error));
        bool gone = failed(evidence_fetch(enforcer, EVIDENCE_RECEIPT, (slice){ 0 }, &answer, &sw, NULL)) &&
                    sw == SW_NO_REFERENCE;
        stage_check(&story->stage, AUTHORITY, named && gone,
                "The receipt of the erasure names the certificates' serials",
                "%02x%02x%02x%02x.. and the other: verified, revoked, acknowledged; next: %04X", serial[0],
                serial[1], serial[2], serial[3], sw);
        return ok();
}

mitome_status act_erase(struct story *story, mitome_error *error)
{
        struct mitome_enforcer *enforcer;
        unsigned before, after;
        stage_step(&story->stage, "The phone is given away: what is in the element is erased");
        story_phone_rest(&story->phone);
        MITOME_TRY(story_seize(story, &before, error));
        MITOME_TRY(erase(story, error));
        MITOME_TRY(story_seize(story, &after, error));
        MITOME_TRY(story_reach_fido(story, &enforcer, error));
        mitome_status status = settle(story, enforcer, error);
        mitome_enforcer_free(enforcer);
        MITOME_TRY(status);
        stage_check(&story->stage, "OpenSSL", before == 2 && after == 0,
                "The state file, opened with its own key, holds neither key",
                "RSA keys in it: %u before the erasure, %u after", before, after);
        return ok();
}
