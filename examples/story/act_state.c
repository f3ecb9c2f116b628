/* SPDX-License-Identifier: Apache-2.0 */

/* The element says what it holds, and its device key signs that. */

#include "story.h"

mitome_status story_reach_fido(struct story *story, struct mitome_enforcer **ret, mitome_error *error)
{
        story_phone_rest(&story->phone);
        MITOME_TRY(
                mitome_enforcer_new(&story->phone.body.link, &story->phone.body.config.software, ret, error));
        mitome_status status = mitome_enforcer_select(*ret, tsm_aid(TSM_FIDO), error);
        if (failed(status))
                mitome_enforcer_free(*ret);
        return status;
}

/* The authority believes the maker of the phone, and it knows which phone it asked. */
mitome_status story_believe(const struct story *story, enum evidence_kind kind, slice cose, slice nonce,
        struct evidence *ret, mitome_error *error)
{
        const struct evidence_expected expected = { kind, nonce, slice_text(PHONE_IDENTITY) };
        const struct authority_der *root = &story->device.ca;
        struct mitome_trust *trust;
        MITOME_TRY(mitome_trust_new(&trust, error));
        mitome_status status = mitome_trust_add_anchor(trust, slice_of(root->bytes, root->size), error);
        if (!failed(status))
                status = evidence_verify(cose, &expected, trust, story->now, NULL, ret, error);
        mitome_trust_free(trust);
        return status;
}

/* Both certificates of the person, by their serial numbers. */
bool story_names_both(const struct story *story, const struct evidence *evidence)
{
        unsigned found = 0;
        for (size_t i = 0; i < evidence->person_count; i++) {
                bool signing = evidence->persons[i].kind == EVIDENCE_SIGNING;
                const struct authority_certificate *certificate =
                        &story->certificates[signing ? AUTHORITY_SIGNING : AUTHORITY_USER_VERIFICATION];
                found += slice_equal(evidence->persons[i].serial, SLICE(certificate->serial));
        }
        return found == 2 && evidence->person_count == 2;
}

static mitome_status fetch(struct story *story, slice nonce, struct evidence_answer *ret, mitome_error *error)
{
        struct mitome_enforcer *enforcer;
        uint16_t sw;
        MITOME_TRY(story_reach_fido(story, &enforcer, error));
        mitome_status status = evidence_fetch(enforcer, EVIDENCE_STATEMENT, nonce, ret, &sw, error);
        mitome_enforcer_free(enforcer);
        return status;
}

mitome_status act_state(struct story *story, mitome_error *error)
{
        static struct evidence_answer answer;
        struct evidence evidence = { 0 };
        mitome_error cause = { 0 };
        uint8_t nonce[32], other[32] = { 0 };
        char text[STAGE_TEXT_MAX];
        stage_step(&story->stage, "The authority asks the element what it holds");
        if (story->random.fill(story->random.context, nonce, sizeof nonce) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, NULL, NULL);
        stage_sent(&story->stage, AUTHORITY, APP, "nonce of %zu bytes; the holder touches the phone",
                sizeof nonce);
        MITOME_TRY(fetch(story, SLICE(nonce), &answer, error));
        MITOME_TRY(story_leave_file(story, "statement.cbor", answer.evidence, error));
        stage_sent(&story->stage, ELEMENT, AUTHORITY, "statement signed by the device key, %zu bytes",
                answer.evidence.size);
        bool old = failed(
                story_believe(story, EVIDENCE_STATEMENT, answer.evidence, SLICE(other), &evidence, NULL));
        mitome_status status =
                story_believe(story, EVIDENCE_STATEMENT, answer.evidence, SLICE(nonce), &evidence, &cause);
        bool right = !failed(status) && old && story_names_both(story, &evidence) &&
                     evidence.numbers[EVIDENCE_AT_LEASE] == 0;
        stage_check(&story->stage, AUTHORITY, right,
                "A statement by the device key is believed by the maker's root", "%s",
                right ? PHONE_IDENTITY ": both serials, no lease left; not for another nonce"
                      : story_reason(&cause, text));
        return ok();
}
