/* SPDX-License-Identifier: Apache-2.0 */
#include "portal.h"

static const struct mitome_policy portal_policy = {
        .require_user_verification = true,
        .require_trust = true,
};

static slice field_view(const struct portal_field *field)
{
        return slice_of(field->bytes, field->size);
}

static mitome_status field_set(struct portal_field *field, slice bytes, const char *name, mitome_error *error)
{
        MITOME_TRY(slice_copy(bytes, name, field->bytes, sizeof field->bytes, error));
        field->size = bytes.size;
        return ok();
}

static mitome_status trust_fill(
        struct mitome_trust *trust, const struct portal_anchors *anchors, slice crl, mitome_error *error)
{
        MITOME_TRY(mitome_trust_add_anchor(trust, anchors->attestation, error));
        MITOME_TRY(mitome_trust_add_jpki_anchor(trust, anchors->jpki, error));
        return crl.size ? mitome_trust_add_crl(trust, crl, error) : ok();
}

/* A snapshot is never changed: a new one takes its place when it is complete. */
mitome_status portal_take_crl(struct portal *portal, slice crl, mitome_error *error)
{
        struct mitome_trust *trust;
        MITOME_TRY(mitome_trust_new(&trust, error));
        mitome_status status = trust_fill(trust, &portal->anchors, crl, error);
        if (failed(status)) {
                mitome_trust_free(trust);
                return status;
        }
        mitome_trust_free(portal->trust);
        portal->trust = trust;
        return ok();
}

mitome_status portal_open(struct portal *portal, const char *rp_id, const char *origin,
        const struct portal_anchors *anchors, const struct mitome_random *random, mitome_error *error)
{
        *portal = (struct portal){ .rp_id = rp_id, .origin = origin, .anchors = *anchors, .random = *random };
        MITOME_TRY(mitome_context_new(&portal->context, error));
        return portal_take_crl(portal, slice_of(NULL, 0), error);
}

void portal_close(struct portal *portal)
{
        mitome_context_free(portal->context);
        mitome_trust_free(portal->trust);
        *portal = (struct portal){ 0 };
}

mitome_status portal_challenge(struct portal *portal, slice *ret, mitome_error *error)
{
        if (portal->random.fill(portal->random.context, portal->challenge, sizeof portal->challenge) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, NULL, NULL);
        portal->challenge_open = true;
        *ret = SLICE(portal->challenge);
        return ok();
}

/* Spends the open challenge, before anything is looked at: an answer that is refused has used it up, too. */
static mitome_status spend_challenge(struct portal *portal, mitome_error *error)
{
        if (!portal->challenge_open)
                return fail(error, MITOME_E_MISSING, "challenge", "WebAuthn L3 13.4.3");
        portal->challenge_open = false;
        return ok();
}

static struct mitome_expectation expectation(const struct portal *portal, const slice *origin)
{
        return (struct mitome_expectation){
                .rp_id = slice_text(portal->rp_id),
                .origins = origin,
                .origin_count = 1,
                .challenge = SLICE(portal->challenge),
        };
}

static mitome_status remember(struct portal *portal, const struct mitome_verdict *registration,
        const struct mitome_binding *binding, mitome_error *error)
{
        MITOME_TRY(field_set(&portal->credential_id, registration->credential_id, "credential id", error));
        MITOME_TRY(field_set(&portal->public_key, registration->public_key, "public key", error));
        MITOME_TRY(field_set(&portal->certificate_serial, binding->serial, "serial", error));
        MITOME_TRY(field_set(&portal->certificate_issuer, binding->issuer, "issuer", error));
        portal->certificate_not_after = binding->not_after;
        portal->sign_count = registration->sign_count;
        portal->registered = true;
        return ok();
}

mitome_status portal_register(struct portal *portal, slice response_json, slice certificate, slice signature,
        int64_t now, uint8_t *buffer, size_t capacity, struct mitome_verdict *ret,
        struct mitome_binding *ret_binding, mitome_error *error)
{
        MITOME_TRY(spend_challenge(portal, error));
        const slice origin = slice_text(portal->origin);
        const struct mitome_expectation expected = expectation(portal, &origin);
        struct mitome_verdict verdict = { 0 };
        MITOME_TRY(mitome_verify_registration(portal->context, &portal_policy, &expected, response_json,
                portal->trust, now, buffer, capacity, &verdict, error));
        struct mitome_binding binding = { 0 };
        MITOME_TRY(
                mitome_verify_binding(&verdict, certificate, signature, portal->trust, now, &binding, error));
        MITOME_TRY(remember(portal, &verdict, &binding, error));
        *ret = verdict;
        *ret_binding = binding;
        return ok();
}

mitome_status portal_login(struct portal *portal, slice response_json, int64_t now, uint8_t *buffer,
        size_t capacity, struct mitome_verdict *ret, mitome_error *error)
{
        MITOME_TRY(spend_challenge(portal, error));
        const slice origin = slice_text(portal->origin);
        const struct mitome_expectation expected = expectation(portal, &origin);
        const struct mitome_credential credential = {
                .id = field_view(&portal->credential_id),
                .public_key = field_view(&portal->public_key),
                .sign_count = portal->sign_count,
                .certificate_serial = field_view(&portal->certificate_serial),
                .certificate_issuer = field_view(&portal->certificate_issuer),
                .certificate_not_after = portal->certificate_not_after,
        };
        struct mitome_verdict verdict = { 0 };
        MITOME_TRY(mitome_verify_authentication(portal->context, &portal_policy, &expected, response_json,
                &credential, portal->trust, now, buffer, capacity, &verdict, error));
        portal->sign_count = verdict.sign_count;
        *ret = verdict;
        return ok();
}

/* ---- the page ---- */

void portal_page(enum portal_page page, enum mitome_language language, char text[MITOME_GUIDANCE_MAX])
{
        static const enum mitome_guidance says[] = {
                [PORTAL_PAGE_ASKS] = MITOME_GUIDANCE_TOUCH,
                [PORTAL_PAGE_REFUSED] = MITOME_GUIDANCE_NOT_DONE,
        };
        if (failed(mitome_guidance_write(says[page], language, 0, text, MITOME_GUIDANCE_MAX, NULL)))
                text[0] = '\0';
}
