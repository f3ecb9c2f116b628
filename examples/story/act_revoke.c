/* SPDX-License-Identifier: Apache-2.0 */

/* The end of a certificate: the finger still opens the key, and nobody believes what it signs. */

#include "story.h"

mitome_status act_revoke(struct story *story, mitome_error *error)
{
        static struct browser_answer answer;
        struct ceremony_logged_in logged_in;
        size_t size;
        mitome_error cause = { 0 };
        char text[STAGE_TEXT_MAX];
        stage_step(&story->stage,
                "The certificate is revoked; the finger still opens the key, the relying party does not let in");
        MITOME_TRY(authority_revoke(story->authority, AUTHORITY_USER_VERIFICATION,
                &story->certificates[AUTHORITY_USER_VERIFICATION], story->now, error));
        MITOME_TRY(story_list(story, &size, error));
        stage_sent(&story->stage, AUTHORITY, PORTAL, "CRL, %zu bytes, with the serial on it", size);
        story_phone_touch(&story->phone, STORY_OWNER, 1);
        MITOME_TRY(story_attempt(story, PORTAL_RP_ID, PORTAL_ORIGIN, &answer, error));
        if (answer.fido_error != FIDO_OK)
                return fail(error, MITOME_E_CTAP_STATUS, fido_strerr(answer.fido_error), NULL);
        stage_sent(&story->stage, BROWSER, PORTAL, "AuthenticationResponseJSON, %zu bytes", answer.json.size);
        mitome_status status = story_portal_log_in(&story->portal, answer.json, &logged_in, &cause);
        stage_check(&story->stage, PORTAL, status.code == MITOME_E_CERTIFICATE_REVOKED,
                "A login after the certificate was revoked is refused", "%s", story_reason(&cause, text));
        return ok();
}
