/* SPDX-License-Identifier: Apache-2.0 */

/* The phone's part of a login: a browser on the phone has its authenticator make and use a passkey in the
 * element, after the PIN, and the app has the certificate's key sign. */

#include "tale.h"

#include "jpki_app.h"
#include "phone_browser.h"

static struct phone_browser browser_of(const struct tale *tale, const struct tale_phone *phone)
{
        return (struct phone_browser){ .element = phone->link, .app = tale->app, .random = tale->random };
}

mitome_status tale_make_passkey(struct tale *tale, struct tale_phone *phone, slice challenge,
        struct browser_answer *ret, mitome_error *error)
{
        const struct browser_request request = { .origin = TALE_ORIGIN,
                .rp_id = TALE_RP_ID,
                .challenge = challenge,
                .user_id = slice_text(phone->identity),
                .user_name = "holder",
                .pin = phone->pin };
        const struct phone_browser browser = browser_of(tale, phone);
        MITOME_TRY(phone_browser_create(&browser, &request, ret, error));
        MITOME_TRY(slice_copy(
                ret->credential_id, "credential id", phone->credential, sizeof phone->credential, error));
        phone->credential_size = ret->credential_id.size;
        return ok();
}

mitome_status tale_use_passkey(struct tale *tale, struct tale_phone *phone, slice challenge,
        struct browser_answer *ret, mitome_error *error)
{
        const struct browser_request request = { .origin = TALE_ORIGIN,
                .rp_id = TALE_RP_ID,
                .challenge = challenge,
                .credential_id = slice_of(phone->credential, phone->credential_size),
                .pin = phone->pin };
        const struct phone_browser browser = browser_of(tale, phone);
        return phone_browser_get(&browser, &request, ret, error);
}

/* ---- the certificate ---- */

static mitome_status sign_behind(struct mitome_enforcer *enforcer, const char *pin, slice message,
        struct tale_proof *ret, mitome_error *error)
{
        const struct mitome_link link = mitome_enforcer_link(enforcer);
        slice certificate;
        uint16_t sw;
        MITOME_TRY(jpki_app_select(enforcer, error));
        MITOME_TRY(jpki_app_verify(&link, &jpki_user_verification, pin, &sw, error));
        MITOME_TRY(jpki_app_read_certificate(&link, &jpki_user_verification, ret->certificate,
                sizeof ret->certificate, &certificate, &sw, error));
        ret->certificate_size = certificate.size;
        return jpki_app_sign_message(&link, message, ret->signature, &sw, error);
}

mitome_status tale_sign(struct tale *tale, struct tale_phone *phone, slice message, struct tale_proof *ret,
        mitome_error *error)
{
        struct mitome_enforcer *enforcer;
        MITOME_TRY(mitome_enforcer_new(&phone->link, &tale->app, &enforcer, error));
        mitome_status status = sign_behind(enforcer, phone->pin, message, ret, error);
        mitome_enforcer_free(enforcer);
        return status;
}
