/* SPDX-License-Identifier: Apache-2.0 */

/* What must not work, each refused by the party that must refuse it. */

#include "story.h"

#include <mitome/element.h>

/* What the relying party says, without its advice. */
const char *story_reason(const mitome_error *cause, char text[STAGE_TEXT_MAX])
{
        mitome_explain(cause, text, STAGE_TEXT_MAX);
        for (char *c = text; *c; c++)
                if (c[0] == ')' && c[1] == ':')
                        c[1] = '\0';
        return text;
}

/* ---- at the element and the matcher ---- */

/* A login that must fail with this status word of the element. */
static mitome_status refused_by_element(struct story *story, const char *what, const char *rp_id,
        enum phone_attack attack, uint16_t expected, mitome_error *error)
{
        static struct browser_answer answer;
        story->phone.attack = attack;
        story_phone_touch(&story->phone, STORY_OWNER, 1);
        mitome_status status = story_attempt(story, rp_id, PORTAL_ORIGIN, &answer, error);
        story->phone.attack = PHONE_HONEST;
        MITOME_TRY(status);
        bool right = answer.fido_error != FIDO_OK && story->phone.last_refusal == expected;
        stage_check(&story->stage, ELEMENT, right, what, "%04X %s (client: %s)", story->phone.last_refusal,
                sw_text(story->phone.last_refusal), fido_strerr(answer.fido_error));
        return ok();
}

static mitome_status another_finger(struct story *story, mitome_error *error)
{
        static struct browser_answer answer;
        char text[MITOME_GUIDANCE_MAX];
        story_phone_touch(&story->phone, PHONE_HAND_STRANGER, 1);
        MITOME_TRY(story_attempt(story, PORTAL_RP_ID, PORTAL_ORIGIN, &answer, error));
        bool right = answer.fido_error != FIDO_OK && story->phone.last_gate_end == MITOME_GATE_NO_MATCH &&
                     story->phone.said == MITOME_GUIDANCE_NOT_RECOGNISED;
        story_phone_screen(&story->phone, MITOME_ENGLISH, text);
        stage_note(&story->stage, "the phone says: %s", text);
        story_phone_screen(&story->phone, MITOME_JAPANESE, text);
        stage_note(&story->stage, "or, in Japanese: %s", text);
        story_page(MITOME_GUIDANCE_NOT_DONE, MITOME_ENGLISH, text);
        stage_note(&story->stage, "the portal's page, which is not told why: %s", text);
        stage_check(&story->stage, MATCHER, right, "Another person's finger is refused",
                "no match (client: %s)", fido_strerr(answer.fido_error));
        return ok();
}

/* The finger was asked for the portal, the login is for another site. */
static mitome_status other_rp_id(struct story *story, mitome_error *error)
{
        story->phone.shown_rp_id = PORTAL_RP_ID;
        MITOME_TRY(refused_by_element(story, "A finger given for one RP ID does not open a login at another",
                "evil.example", PHONE_CHANGES_RP_ID, SW_TOKEN_OPERATION, error));
        return refused_by_element(story, "An honest login at another RP ID finds no credential",
                "evil.example", PHONE_HONEST, SW_NO_REFERENCE, error);
}

/* A page of another origin passes the assertion on: the portal sees the origin that the browser wrote. */
static mitome_status other_origin(struct story *story, mitome_error *error)
{
        static struct browser_answer answer;
        struct ceremony_logged_in logged_in;
        mitome_error cause = { 0 };
        char text[STAGE_TEXT_MAX];
        story_phone_touch(&story->phone, STORY_OWNER, 1);
        MITOME_TRY(story_attempt(story, PORTAL_RP_ID, "https://evil.example", &answer, error));
        if (answer.fido_error != FIDO_OK)
                return fail(error, MITOME_E_CTAP_STATUS, fido_strerr(answer.fido_error), NULL);
        mitome_status status = story_portal_log_in(&story->portal, answer.json, &logged_in, &cause);
        stage_check(&story->stage, PORTAL, status.code == MITOME_E_ORIGIN_UNEXPECTED,
                "A login that another site passes on is refused", "%s", story_reason(&cause, text));
        return ok();
}

static void old_login(struct story *story)
{
        struct ceremony_logged_in logged_in;
        mitome_error cause = { 0 };
        char text[STAGE_TEXT_MAX];
        mitome_status status = story_portal_log_in(&story->portal, story->login.json, &logged_in, &cause);
        stage_check(&story->stage, PORTAL, status.code == MITOME_E_CHALLENGE_SPENT,
                "An old login, sent once more, is refused", "%s", story_reason(&cause, text));
}

/* ---- the signing key ---- */

/* Asks the FIDO applet to open "sign a document" by finger: that is no operation of the gate's. */
static mitome_status finger_for_document(struct story *story, uint16_t *ret_sw, mitome_error *error)
{
        /* BEGIN: command 41 (ours for documents, if there were one), built-in verification */
        static const uint8_t begin[] = { 0x80, 0x20, 0x00, 0x00, 0x06, 0x80, 0x01, 0x41, 0x83, 0x01, 0x03 };
        uint8_t response[MITOME_APDU_MAX];
        size_t size;
        slice data;
        struct mitome_enforcer *enforcer;
        MITOME_TRY(story_reach_fido(story, &enforcer, error));
        mitome_status status =
                mitome_enforcer_transmit(enforcer, SLICE(begin), response, sizeof response, &size, error);
        mitome_enforcer_free(enforcer);
        MITOME_TRY(status);
        return apdu_read_response(slice_of(response, size), &data, ret_sw, error);
}

/* A finger has just opened a login; the signing key does not care. */
static mitome_status finger_for_signature(struct story *story, mitome_error *error)
{
        static struct browser_answer answer;
        uint8_t signature[JPKI_SIGNATURE_SIZE];
        uint16_t sw = 0;
        story_phone_touch(&story->phone, STORY_OWNER, 1);
        MITOME_TRY(story_attempt(story, PORTAL_RP_ID, PORTAL_ORIGIN, &answer, error));
        const struct mitome_link link = mitome_enforcer_link(story->phone.jpki);
        MITOME_TRY(jpki_app_select(story->phone.jpki, error));
        mitome_status status = jpki_app_sign(&link, &jpki_signing, &story_document, 1, signature, &sw, NULL);
        story_check_signing(
                story, "The signing key does not open to a finger", status, sw, SW_SECURITY_STATUS);
        MITOME_TRY(finger_for_document(story, &sw, error));
        stage_check(&story->stage, ELEMENT, sw == SW_FUNCTION_UNSUPPORTED,
                "Signing a document is no operation of the gate", "%04X %s", sw, sw_text(sw));
        return ok();
}

mitome_status act_refusals(struct story *story, mitome_error *error)
{
        stage_step(&story->stage, "What must be refused is refused");
        MITOME_TRY(another_finger(story, error));
        MITOME_TRY(refused_by_element(story, "An unlock token is good once: replayed, it is refused",
                PORTAL_RP_ID, PHONE_REPLAYS_TOKEN, SW_TOKEN_CHALLENGE, error));
        MITOME_TRY(refused_by_element(story, "An unlock token with a wrong MAC is refused", PORTAL_RP_ID,
                PHONE_BREAKS_MAC, SW_TOKEN_MAC, error));
        MITOME_TRY(other_rp_id(story, error));
        MITOME_TRY(other_origin(story, error));
        old_login(story);
        MITOME_TRY(finger_for_signature(story, error));
        return story_refuse_apps(story, error);
}
