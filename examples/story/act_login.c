/* SPDX-License-Identifier: Apache-2.0 */

/* The main job: a finger opens a key, a relying party verifies the login. */

#include "authdata.h"
#include "bind_passkey.h"
#include "story.h"

static const char *const trust_words[] = { "none", "self", "unverified", "verified" };

/* The person stands behind the new credential: after the PIN, the certificate's key signs what the app has
 * made of it. */
static mitome_status bind_certificate(struct story *story, uint8_t *buffer, size_t capacity,
        slice *ret_certificate, uint8_t ret_signature[JPKI_SIGNATURE_SIZE], mitome_error *error)
{
        const struct mitome_link enforced = mitome_enforcer_link(story->phone.jpki), *link = &enforced;
        const struct passkey_made made = { .rp_id = PORTAL_RP_ID,
                .auth_data = story->registration.auth_data,
                .client_data = story->registration.client_data };
        uint8_t message_bytes[BINDING_MESSAGE_MAX];
        slice message;
        uint16_t sw;
        MITOME_TRY(binding_compose(&made, message_bytes, &message, error));
        stage_note(&story->stage, "the JPKI app asks for the PIN, to bind a passkey of %s", made.rp_id);
        MITOME_TRY(jpki_app_select(story->phone.jpki, error));
        MITOME_TRY(jpki_app_verify(link, &jpki_user_verification, USER_PIN, &sw, error));
        MITOME_TRY(jpki_app_read_certificate(
                link, &jpki_user_verification, buffer, capacity, ret_certificate, &sw, error));
        MITOME_TRY(jpki_app_sign_message(link, message, ret_signature, &sw, error));
        stage_sent(&story->stage, ELEMENT, APP,
                "certificate; its key binds the passkey for " PORTAL_RP_ID ", after the PIN");
        return ok();
}

static mitome_status create_credential(struct story *story, slice challenge, mitome_error *error)
{
        static const uint8_t user[] = "user-0001";
        const struct browser_request request = { .origin = PORTAL_ORIGIN,
                .rp_id = PORTAL_RP_ID,
                .challenge = challenge,
                .user_id = { user, sizeof user - 1 },
                .user_name = "hanako" };
        fido_dev_t *device = phone_open(&story->phone);
        if (!device)
                return fail(error, MITOME_E_LINK, "phone", NULL);
        story_touch(story, &story->owner);
        mitome_status status = browser_create(device, &request, &story->registration, error);
        phone_close(device);
        MITOME_TRY(status);
        if (story->registration.fido_error != FIDO_OK)
                return fail(error, MITOME_E_CTAP_STATUS, fido_strerr(story->registration.fido_error), NULL);
        stage_sent(&story->stage, ELEMENT, BROWSER,
                "new ES256 key, packed attestation by the batch key, %zu bytes",
                story->registration.attestation_object.size);
        return ok();
}

static mitome_status register_at_portal(struct story *story, mitome_error *error)
{
        uint8_t certificate_bytes[JPKI_CERTIFICATE_MAX], signature[JPKI_SIGNATURE_SIZE];
        struct mitome_binding binding = { 0 };
        slice certificate;
        MITOME_TRY(bind_certificate(
                story, certificate_bytes, sizeof certificate_bytes, &certificate, signature, error));
        stage_sent(&story->stage, BROWSER, PORTAL,
                "RegistrationResponseJSON, %zu bytes, and the certificate's signature",
                story->registration.json.size);
        MITOME_TRY(portal_register(&story->portal, story->registration.json, certificate, SLICE(signature),
                story->now, story->verdict_buffer, sizeof story->verdict_buffer, &story->verdict, &binding,
                error));
        stage_sent(&story->stage, PORTAL, BROWSER,
                "accepted: format %s, trust %s, UV %d, phone certificate %s", story->verdict.format,
                trust_words[story->verdict.trust], !!(story->verdict.flags & AUTHDATA_UV),
                binding.phone ? "yes" : "no");
        return ok();
}

/* The portal trusts the maker of the authenticator and the authority, and has the authority's list of today.
 */
static mitome_status open_portal(struct story *story, mitome_error *error)
{
        struct authority_der crl;
        const struct portal_anchors anchors = {
                .attestation = slice_of(story->batch.ca.bytes, story->batch.ca.size),
                .jpki = authority_ca(story->authority, AUTHORITY_USER_VERIFICATION),
        };
        MITOME_TRY(portal_open(&story->portal, PORTAL_RP_ID, PORTAL_ORIGIN, &anchors, &story->random, error));
        MITOME_TRY(authority_crl(story->authority, AUTHORITY_USER_VERIFICATION, story->now, &crl, error));
        MITOME_TRY(portal_take_crl(&story->portal, slice_of(crl.bytes, crl.size), error));
        stage_sent(&story->stage, AUTHORITY, PORTAL, "CRL, %zu bytes, nobody on it", crl.size);
        return ok();
}

mitome_status act_register(struct story *story, mitome_error *error)
{
        slice challenge;
        stage_step(&story->stage, "The person registers at the relying party, by finger");
        MITOME_TRY(open_portal(story, error));
        MITOME_TRY(portal_challenge(&story->portal, &challenge, error));
        stage_sent(
                &story->stage, PORTAL, BROWSER, "challenge of %zu bytes for " PORTAL_RP_ID, challenge.size);
        MITOME_TRY(create_credential(story, challenge, error));
        MITOME_TRY(register_at_portal(story, error));
        MITOME_TRY(slice_copy(story->registration.credential_id, "credential id", story->credential_id,
                sizeof story->credential_id, error));
        story->credential_id_size = story->registration.credential_id.size;
        bool right = story->verdict.trust == MITOME_TRUST_VERIFIED && story->verdict.flags & AUTHDATA_UV;
        stage_check(&story->stage, PORTAL, right, "A registration by finger is verified, with its trust path",
                "trust %s, user verified, certificate alive", trust_words[story->verdict.trust]);
        return ok();
}

mitome_status story_attempt(struct story *story, const char *rp_id, const char *origin,
        struct browser_answer *ret, mitome_error *error)
{
        slice challenge;
        MITOME_TRY(portal_challenge(&story->portal, &challenge, error));
        const struct browser_request request = { .origin = origin,
                .rp_id = rp_id,
                .challenge = challenge,
                .credential_id = { story->credential_id, story->credential_id_size } };
        story->phone.last_refusal = 0;
        fido_dev_t *device = phone_open(&story->phone);
        if (!device)
                return fail(error, MITOME_E_LINK, "phone", NULL);
        mitome_status status = browser_get(device, &request, ret, error);
        phone_close(device);
        return status;
}

mitome_status act_log_in(struct story *story, mitome_error *error)
{
        char text[MITOME_GUIDANCE_MAX];
        stage_step(&story->stage, "The person logs in, by finger");
        portal_page(PORTAL_PAGE_ASKS, MITOME_JAPANESE, text);
        stage_note(&story->stage, "the portal's page says: %s", text);
        story_touch(story, &story->owner);
        MITOME_TRY(story_attempt(story, PORTAL_RP_ID, PORTAL_ORIGIN, &story->login, error));
        if (story->login.fido_error != FIDO_OK)
                return fail(error, MITOME_E_CTAP_STATUS, fido_strerr(story->login.fido_error), NULL);
        stage_sent(&story->stage, ELEMENT, BROWSER,
                "authData (UP UV) and ES256 signature, opened by one unlock token");
        stage_sent(&story->stage, BROWSER, PORTAL, "AuthenticationResponseJSON, %zu bytes",
                story->login.json.size);
        MITOME_TRY(portal_login(&story->portal, story->login.json, story->now, story->verdict_buffer,
                sizeof story->verdict_buffer, &story->verdict, error));
        stage_sent(&story->stage, PORTAL, BROWSER, "welcome: counter %u, UV %d, certificate not on the CRL",
                story->verdict.sign_count, !!(story->verdict.flags & AUTHDATA_UV));
        stage_check(&story->stage, PORTAL, story->verdict.flags & AUTHDATA_UV,
                "A login by finger is verified",
                "signature, counter, challenge, origin and certificate status are right");
        return ok();
}
