/* SPDX-License-Identifier: Apache-2.0 */

/* What the provider's manager puts into the element, and keeps the issuer's from. */

#include "matcher_class.h"
#include "story.h"

static const struct authority_person person = {
        .name = "見本 花子",
        .address = "東京都見本区見本町一丁目1番1号",
        .prefecture = "Tokyo-to",
        .city = "Mihon-ku",
        .gender = "2",
        .birth_year = 1990,
        .birth_month = 4,
        .birth_day = 1,
};

/* ---- the domain ---- */

static mitome_status take_over(struct story *story, mitome_error *error)
{
        MITOME_TRY(tsm_make_keys(&story->own, TSM_KEYS_OWN, &story->random, error));
        MITOME_TRY(tsm_take_over(&story->phone.body.link, &story->first, &story->own, &story->random, error));
        stage_sent(&story->stage, SP_TSM, ELEMENT, "keys of its own in the place of the first ones");
        return ok();
}

mitome_status story_open_provider(
        struct story *story, enum tsm_applet applet, struct tsm_channel *ret, mitome_error *error)
{
        return tsm_open_set(ret, &story->phone.body.link, &story->own, applet, &story->random, error);
}

/* ---- the FIDO applet ---- */

/* A maker that nobody has heard of has certified the same key. */
static void refuse_other_maker(struct story *story, const struct tsm_matcher *matcher, slice maker_ca)
{
        struct maker_matcher other = { 0 };
        struct tsm_matcher read;
        mitome_error cause = { 0 };
        char text[STAGE_TEXT_MAX];
        mitome_status status = maker_certify_matcher(&story->random, story->now, matcher, &other, &cause);
        if (!failed(status))
                status =
                        tsm_check_matcher(maker_ca, slice_of(other.certificate.bytes, other.certificate.size),
                                SLICE(matcher->point), story->now, &read, &cause);
        stage_check(&story->stage, SP_TSM, status.code == MITOME_E_MATCHER_ISSUER,
                "A matcher that another maker has certified is not paired", "%s", story_reason(&cause, text));
}

/* How far the matcher is trusted is read in its certificate, before anything is paired. */
static mitome_status know_matcher(struct story *story, struct tsm_matcher *ret, mitome_error *error)
{
        uint8_t point[PAIRING_POINT_SIZE], certificate[GATE_CERTIFICATE_MAX];
        const slice maker_ca = slice_of(story->matcher.ca.bytes, story->matcher.ca.size);
        size_t size;
        MITOME_TRY(matcher_gate_point(story->phone.body.matcher, point, error));
        MITOME_TRY(matcher_gate_certificate(story->phone.body.matcher, certificate, &size, error));
        MITOME_TRY(tsm_check_matcher(
                maker_ca, slice_of(certificate, size), SLICE(point), story->now, ret, error));
        stage_sent(&story->stage, MATCHER, SP_TSM, "its maker's certificate: class %s",
                ret->class == MATCHER_STRONG ? "strong" : "below strong");
        refuse_other_maker(story, ret, maker_ca);
        return ok();
}

static mitome_status pair_matcher(struct story *story, mitome_error *error)
{
        struct tsm_channel channel;
        struct tsm_matcher matcher;
        uint8_t element_point[PAIRING_POINT_SIZE], confirmation[SHA256_SIZE];
        MITOME_TRY(know_matcher(story, &matcher, error));
        MITOME_TRY(story_open_provider(story, TSM_FIDO, &channel, error));
        mitome_status status = tsm_pair(&channel, &matcher, element_point, error);
        if (!failed(status))
                status = matcher_gate_pair(
                        story->phone.body.matcher, SLICE(element_point), confirmation, error);
        if (!failed(status))
                status = tsm_confirm_pairing(&channel, confirmation, error);
        tsm_close(&channel);
        MITOME_TRY(status);
        stage_sent(&story->stage, SP_TSM, "both",
                "P-256 points of element and matcher: they share a pairing key");
        return ok();
}

static mitome_status make_device(struct story *story, struct tsm_channel *channel, mitome_error *error)
{
        uint8_t point[MAKER_POINT_SIZE];
        struct maker_device *device = &story->device;
        MITOME_TRY(tsm_make_device_key(channel, point, error));
        MITOME_TRY(maker_certify_device(&story->random, story->now, point, device, error));
        return tsm_store_device_certificate(channel, PHONE_IDENTITY,
                slice_of(device->certificate.bytes, device->certificate.size), error);
}

static mitome_status certify_device(struct story *story, mitome_error *error)
{
        struct tsm_channel channel;
        MITOME_TRY(story_open_provider(story, TSM_FIDO, &channel, error));
        mitome_status status = make_device(story, &channel, error);
        tsm_close(&channel);
        MITOME_TRY(status);
        stage_sent(&story->stage, SP_TSM, ELEMENT,
                "the maker's certificate of its device key, for the phone \"" PHONE_IDENTITY "\"");
        return ok();
}

/* ---- the certificates ---- */

/* How many documents may be signed before the SP-TSM looks at the certificate again. */
enum { SIGNATURES = 1 };

static mitome_status issue_one(struct story *story, struct tsm_channel *channel, enum authority_kind kind,
        const char *secret, mitome_error *error)
{
        struct tsm_public_key key;
        struct authority_certificate *certificate = &story->certificates[kind];
        const char *name =
                kind == AUTHORITY_SIGNING ? "signing (署名用)" : "user-verification (利用者証明用)";
        MITOME_TRY(tsm_generate_key(channel, kind, &key, error));
        stage_sent(&story->stage, ELEMENT, SP_TSM,
                "new RSA-2048 public key %02x%02x%02x%02x.., its private key stays", key.modulus[0],
                key.modulus[1], key.modulus[2], key.modulus[3]);
        MITOME_TRY(authority_issue(story->authority, kind, &person, SLICE(key.modulus), SLICE(key.exponent),
                story->now, certificate, error));
        stage_sent(&story->stage, AUTHORITY, SP_TSM, "%s certificate, serial %02x%02x%02x%02x.., %zu bytes",
                name, certificate->serial[0], certificate->serial[1], certificate->serial[2],
                certificate->serial[3], certificate->der.size);
        MITOME_TRY(tsm_write_certificate(
                channel, kind, slice_of(certificate->der.bytes, certificate->der.size), error));
        MITOME_TRY(tsm_write_ca_certificate(channel, kind, authority_ca(story->authority, kind), error));
        if (kind == AUTHORITY_SIGNING)
                MITOME_TRY(tsm_set_lease(channel, SLICE(certificate->serial), SIGNATURES, error));
        MITOME_TRY(tsm_set_secret(channel, kind, secret, error));
        stage_sent(&story->stage, SP_TSM, ELEMENT,
                "certificate, CA certificate and first %s, sealed by SCP03",
                kind == AUTHORITY_SIGNING ? "password" : "PIN");
        return ok();
}

static mitome_status issue_both(struct story *story, mitome_error *error)
{
        struct tsm_channel channel;
        MITOME_TRY(story_open_provider(story, TSM_JPKI, &channel, error));
        mitome_status status = issue_one(story, &channel, AUTHORITY_USER_VERIFICATION, USER_PIN, error);
        if (!failed(status))
                status = issue_one(story, &channel, AUTHORITY_SIGNING, SIGNING_PASSWORD, error);
        tsm_close(&channel);
        return status;
}

mitome_status act_issue(struct story *story, mitome_error *error)
{
        stage_step(&story->stage, "The authority issues two certificates into the element");
        MITOME_TRY(take_over(story, error));
        MITOME_TRY(pair_matcher(story, error));
        MITOME_TRY(certify_device(story, error));
        MITOME_TRY(authority_new(&story->random, story->now, &story->authority, error));
        stage_sent(&story->stage, AUTHORITY, "everybody",
                "CA certificates for user verification and for signing (O=JPKI-TEST)");
        MITOME_TRY(issue_both(story, error));
        stage_check(&story->stage, ELEMENT, true, "A certificate is issued into the element, and another",
                "both keys generated inside, certificates written by APDU");
        return ok();
}
