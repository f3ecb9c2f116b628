/* SPDX-License-Identifier: Apache-2.0 */

/* The main job: a finger opens a key, a relying party verifies the login. */

#include "bind_passkey.h"
#include "maker_statement.h"
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

static mitome_status create_credential(struct story *story, mitome_error *error)
{
        struct browser_request request = { .origin = PORTAL_ORIGIN, .rp_id = PORTAL_RP_ID };
        fido_dev_t *device;
        MITOME_TRY(story_portal_ask(&story->portal, "hanako", &request, error));
        stage_sent(&story->stage, PORTAL, BROWSER, "challenge of %zu bytes for " PORTAL_RP_ID,
                request.challenge.size);
        MITOME_TRY(story_phone_open(&story->phone, &device, error));
        story_phone_touch(&story->phone, STORY_OWNER, 1);
        mitome_status status = browser_create(device, &request, &story->registration, error);
        browser_device_close(device);
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
        struct ceremony_answer answer = { .json = story->registration.json,
                .signature = SLICE(signature),
                .network = slice_text("127.0.0.1") };
        struct credential_list passkeys;
        MITOME_TRY(bind_certificate(
                story, certificate_bytes, sizeof certificate_bytes, &answer.certificate, signature, error));
        stage_sent(&story->stage, BROWSER, PORTAL,
                "RegistrationResponseJSON, %zu bytes, and the certificate's signature",
                story->registration.json.size);
        struct portal *core = story->portal.core;
        MITOME_TRY(ceremony_register(core, &story->portal.visitor, &answer, &story->registered, error));
        MITOME_TRY(credential_list_read(core, story->registered.account, &passkeys, error));
        stage_sent(&story->stage, PORTAL, BROWSER,
                "accepted: format %s, trust %s, UV %d, person's certificate %s",
                passkeys.credentials[0].format, trust_words[story->registered.trust],
                !!(story->registered.login.amr & SESSION_AMR_MFA),
                story->registered.certificate ? "yes" : "no");
        return ok();
}

/* ---- the portal ---- */

static int64_t today(void *context)
{
        const struct story *story = context;
        return story->now;
}

/* It trusts the maker of the authenticator, who tells what its model is, and the authority. */
static mitome_status open_portal(
        struct story *story, const struct portal_trust_parts *trust, mitome_error *error)
{
        static const char *const origins[] = { PORTAL_ORIGIN };
        const struct story_portal_config config = { .rp_id = PORTAL_RP_ID,
                .origins = origins,
                .policies = story->policies,
                .trust = trust,
                .clock = { .context = story, .now = today },
                .random = story->random };
        return story_portal_open(&story->portal, &config, error);
}

mitome_status story_list(struct story *story, size_t *ret_size, mitome_error *error)
{
        enum { STATEMENT_MAX = 16384 };
        static uint8_t json[STATEMENT_MAX];
        struct authority_der crl;
        writer w = WRITER(json);
        MITOME_TRY(authority_crl(story->authority, AUTHORITY_USER_VERIFICATION, story->now, &crl, error));
        MITOME_TRY(maker_write_statement(&maker_classes[0],
                slice_of(story->batch.ca.bytes, story->batch.ca.size), (slice){ 0 }, &w, error));
        const slice maker = slice_of(story->batch.ca.bytes, story->batch.ca.size), model = writer_view(&w),
                    jpki = authority_ca(story->authority, AUTHORITY_USER_VERIFICATION),
                    list = slice_of(crl.bytes, crl.size);
        const struct portal_trust_parts trust = { .attestation = &maker,
                .attestation_count = 1,
                .jpki = &jpki,
                .jpki_count = 1,
                .lists = &list,
                .list_count = 1,
                .statements = &model,
                .statement_count = 1 };
        *ret_size = crl.size;
        return story->portal.core ? portal_trust_replace(story->portal.trust, &trust, error)
                                  : open_portal(story, &trust, error);
}

mitome_status story_account(const struct story *story, struct account_login *ret, mitome_error *error)
{
        return account_find(story->portal.party, story->registration.credential_id, ret, error);
}

void story_page(enum mitome_guidance state, enum mitome_language language, char text[MITOME_GUIDANCE_MAX])
{
        if (failed(mitome_guidance_write(state, language, 0, text, MITOME_GUIDANCE_MAX, NULL)))
                text[0] = '\0';
}

/* ---- the acts ---- */

mitome_status act_register(struct story *story, mitome_error *error)
{
        size_t size;
        stage_step(&story->stage, "The person registers at the relying party, by finger");
        MITOME_TRY(story_list(story, &size, error));
        stage_sent(&story->stage, AUTHORITY, PORTAL, "CRL, %zu bytes, nobody on it", size);
        MITOME_TRY(create_credential(story, error));
        MITOME_TRY(register_at_portal(story, error));
        const struct ceremony_registered *registered = &story->registered;
        bool right = registered->trust == MITOME_TRUST_VERIFIED && registered->certificate &&
                     registered->login.amr & SESSION_AMR_MFA;
        stage_check(&story->stage, PORTAL, right, "A registration by finger is verified, with its trust path",
                "trust %s, user verified, certificate alive", trust_words[registered->trust]);
        return ok();
}

mitome_status story_attempt(struct story *story, const char *rp_id, const char *origin,
        struct browser_answer *ret, mitome_error *error)
{
        struct browser_request request = { .origin = origin, .rp_id = rp_id };
        fido_dev_t *device;
        MITOME_TRY(story_portal_ask(&story->portal, NULL, &request, error));
        story->phone.last_refusal = 0;
        MITOME_TRY(story_phone_open(&story->phone, &device, error));
        mitome_status status = browser_get(device, &request, ret, error);
        browser_device_close(device);
        return status;
}

mitome_status act_log_in(struct story *story, mitome_error *error)
{
        char text[MITOME_GUIDANCE_MAX];
        struct account_login account;
        const struct session *session = &story->logged_in.session;
        stage_step(&story->stage, "The person logs in, by finger");
        story_page(MITOME_GUIDANCE_TOUCH, MITOME_JAPANESE, text);
        stage_note(&story->stage, "the portal's page says: %s", text);
        story_phone_touch(&story->phone, STORY_OWNER, 1);
        MITOME_TRY(story_attempt(story, PORTAL_RP_ID, PORTAL_ORIGIN, &story->login, error));
        if (story->login.fido_error != FIDO_OK)
                return fail(error, MITOME_E_CTAP_STATUS, fido_strerr(story->login.fido_error), NULL);
        stage_sent(&story->stage, ELEMENT, BROWSER,
                "authData (UP UV) and ES256 signature, opened by one unlock token");
        stage_sent(&story->stage, BROWSER, PORTAL, "AuthenticationResponseJSON, %zu bytes",
                story->login.json.size);
        MITOME_TRY(story_portal_log_in(&story->portal, story->login.json, &story->logged_in, error));
        MITOME_TRY(story_account(story, &account, error));
        bool verified = session->amr & SESSION_AMR_MFA;
        stage_sent(&story->stage, PORTAL, BROWSER, "welcome: counter %u, UV %d, certificate not on the CRL",
                account.credential.sign_count, verified);
        stage_check(&story->stage, PORTAL, verified && session->account == story->registered.account,
                "A login by finger is verified",
                "signature, counter, challenge, origin and certificate status are right");
        return ok();
}
