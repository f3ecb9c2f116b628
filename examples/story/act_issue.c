/* SPDX-License-Identifier: Apache-2.0 */

/* How a phone comes to a person: its maker, the certificates, the finger. */

#include "story.h"

#include <fido/bio.h>

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

/* ---- the maker's factory ---- */

static mitome_status inject_batch_key(struct story *story, mitome_error *error)
{
        struct tsm_channel channel;
        struct maker_batch *batch = &story->batch;
        MITOME_TRY(tsm_open(&channel, &story->phone.link, &story->keys, TSM_FIDO, &story->random, error));
        mitome_status status = tsm_store_batch_key(&channel, SLICE(maker_aaguid), SLICE(batch->key),
                slice_of(batch->certificate.bytes, batch->certificate.size), error);
        tsm_close(&channel);
        bytes_wipe(batch->key, sizeof batch->key);
        MITOME_TRY(status);
        stage_sent(&story->stage, MAKER, ELEMENT, "batch attestation key (ES256), sealed by SCP03");
        return ok();
}

static mitome_status pair_matcher(struct story *story, mitome_error *error)
{
        struct tsm_channel channel;
        uint8_t matcher_point[PAIRING_POINT_SIZE], element_point[PAIRING_POINT_SIZE];
        uint8_t confirmation[SHA256_SIZE];
        MITOME_TRY(matcher_gate_point(story->phone.matcher, matcher_point, error));
        MITOME_TRY(tsm_open(&channel, &story->phone.link, &story->keys, TSM_FIDO, &story->random, error));
        mitome_status status = tsm_pair(&channel, SLICE(matcher_point), element_point, error);
        if (!failed(status))
                status = matcher_gate_pair(story->phone.matcher, SLICE(element_point), confirmation, error);
        if (!failed(status))
                status = tsm_confirm_pairing(&channel, confirmation, error);
        tsm_close(&channel);
        MITOME_TRY(status);
        stage_sent(
                &story->stage, TSM, "both", "P-256 points of element and matcher: they share a pairing key");
        return ok();
}

mitome_status act_manufacture(struct story *story, const struct phone_config *phone, mitome_error *error)
{
        stage_step(&story->stage, "A phone is made");
        if (story->random.fill(story->random.context, (uint8_t *)&story->keys, sizeof story->keys) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, NULL, NULL);
        story->keys.size = SCP03_KEY_MAX;
        MITOME_TRY(maker_make_batch(&story->random, story->now, &story->batch, error));
        struct phone_config config = *phone;
        MITOME_TRY(story_sign_app(story, "Mitome example app", &config.app, error));
        MITOME_TRY(phone_make(&story->phone, &config, &story->keys, error));
        stage_sent(&story->stage, MAKER, "phone",
                "element: process %d, SCP03 keys; matcher: process %d, libfprint",
                (int)story->phone.element_process, (int)matcher_gate_process(story->phone.matcher));
        MITOME_TRY(inject_batch_key(story, error));
        MITOME_TRY(pair_matcher(story, error));
        return act_allow(story, error);
}

/* ---- the certificates ---- */

/* How many documents may be signed before the TSM looks at the certificate again. */
enum { SIGNATURES = 10 };

static mitome_status issue_one(struct story *story, struct tsm_channel *channel, enum authority_kind kind,
        const char *secret, mitome_error *error)
{
        struct tsm_public_key key;
        struct authority_certificate *certificate = &story->certificates[kind];
        const char *name =
                kind == AUTHORITY_SIGNING ? "signing (署名用)" : "user-verification (利用者証明用)";
        MITOME_TRY(tsm_generate_key(channel, kind, &key, error));
        stage_sent(&story->stage, ELEMENT, TSM,
                "new RSA-2048 public key %02x%02x%02x%02x.., its private key stays", key.modulus[0],
                key.modulus[1], key.modulus[2], key.modulus[3]);
        MITOME_TRY(authority_issue(story->authority, kind, &person, SLICE(key.modulus), SLICE(key.exponent),
                story->now, certificate, error));
        stage_sent(&story->stage, AUTHORITY, TSM, "%s certificate, serial %02x%02x%02x%02x.., %zu bytes",
                name, certificate->serial[0], certificate->serial[1], certificate->serial[2],
                certificate->serial[3], certificate->der.size);
        MITOME_TRY(tsm_write_certificate(
                channel, kind, slice_of(certificate->der.bytes, certificate->der.size), error));
        MITOME_TRY(tsm_write_ca_certificate(channel, kind, authority_ca(story->authority, kind), error));
        if (kind == AUTHORITY_SIGNING)
                MITOME_TRY(tsm_set_lease(channel, SLICE(certificate->serial), SIGNATURES, error));
        MITOME_TRY(tsm_set_secret(channel, kind, secret, error));
        stage_sent(&story->stage, TSM, ELEMENT, "certificate, CA certificate and first %s, sealed by SCP03",
                kind == AUTHORITY_SIGNING ? "password" : "PIN");
        return ok();
}

mitome_status act_issue(struct story *story, mitome_error *error)
{
        struct tsm_channel channel;
        stage_step(&story->stage, "The authority issues two certificates into the element");
        MITOME_TRY(authority_new(&story->random, story->now, &story->authority, error));
        stage_sent(&story->stage, AUTHORITY, "everybody",
                "CA certificates for user verification and for signing (O=JPKI-TEST)");
        MITOME_TRY(tsm_open(&channel, &story->phone.link, &story->keys, TSM_JPKI, &story->random, error));
        mitome_status status = issue_one(story, &channel, AUTHORITY_USER_VERIFICATION, USER_PIN, error);
        if (!failed(status))
                status = issue_one(story, &channel, AUTHORITY_SIGNING, SIGNING_PASSWORD, error);
        tsm_close(&channel);
        MITOME_TRY(status);
        stage_check(&story->stage, ELEMENT, true, "A certificate is issued into the element, and another",
                "both keys generated inside, certificates written by APDU");
        return ok();
}

/* ---- the finger ---- */

static mitome_status grow_hand(struct story_hand *hand, uint64_t seed, mitome_error *error)
{
        MITOME_TRY(finger_grow(seed, &hand->finger, error));
        for (unsigned i = 0; i < STORY_TOUCHES; i++) {
                const struct finger_touch touch = finger_usual_touch(seed * 100 + i);
                finger_press(&hand->finger, &touch, hand->touches[i]);
        }
        return ok();
}

void story_touch(struct story *story, const struct story_hand *hand, unsigned touch)
{
        const uint8_t *const image = hand->touches[touch % STORY_TOUCHES];
        phone_finger(&story->phone, &image, 1);
}

/* Enrolment by PIN through libfido2: begin, then as many samples as the sensor wants. */
static int enrol(
        fido_dev_t *device, struct stage *stage, fido_bio_template_t *template, fido_bio_enroll_t *run)
{
        int answer = fido_bio_dev_enroll_begin(device, template, run, 10000, USER_PIN);
        while (answer == FIDO_OK) {
                stage_sent(stage, HAND, MATCHER, "an impression, 256 x 360; %u more wanted",
                        fido_bio_enroll_remaining_samples(run));
                if (fido_bio_enroll_remaining_samples(run) == 0)
                        break;
                answer = fido_bio_dev_enroll_continue(device, template, run, 10000);
        }
        return answer;
}

mitome_status act_enrol(struct story *story, mitome_error *error)
{
        stage_step(&story->stage, "A finger is enrolled; only the PIN allows it");
        MITOME_TRY(grow_hand(&story->owner, 20261121, error));
        MITOME_TRY(grow_hand(&story->stranger, 4711, error));
        stage_note(&story->stage, "Two fingers were grown from noise: no person stands behind them.");
        const uint8_t *images[STORY_ENROLMENT];
        for (unsigned i = 0; i < STORY_ENROLMENT; i++)
                images[i] = story->owner.touches[i];
        phone_finger(&story->phone, images, STORY_ENROLMENT);
        stage_note(&story->stage, "libfido2 asks for a PIN token, then for bioEnrollment.");

        fido_dev_t *device = phone_open(&story->phone);
        fido_bio_template_t *template = fido_bio_template_new();
        fido_bio_enroll_t *run = fido_bio_enroll_new();
        int answer =
                device && template && run ? enrol(device, &story->stage, template, run) : FIDO_ERR_INTERNAL;
        fido_bio_enroll_free(&run);
        fido_bio_template_free(&template);
        if (device)
                phone_close(device);
        stage_check(&story->stage, ELEMENT, answer == FIDO_OK,
                "A finger is enrolled by PIN, its set confirmed", "%s",
                answer == FIDO_OK ? "the new enrolment set is the confirmed one" : fido_strerr(answer));
        return answer == FIDO_OK ? ok() : fail(error, MITOME_E_CTAP_STATUS, "bioEnrollment", NULL);
}
