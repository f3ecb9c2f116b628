/* SPDX-License-Identifier: Apache-2.0 */

/* A finger for the phone: only the PIN lets one in. */

#include "story.h"

#include <fido/bio.h>

static mitome_status grow_hand(struct story_hand *hand, uint64_t seed, mitome_error *error)
{
        hand->seed = seed;
        hand->touched = 0;
        return finger_grow(seed, &hand->finger, error);
}

static const uint8_t *press(struct story_hand *hand)
{
        enum { TOUCHES_MAX = 100 };
        const struct finger_touch touch = finger_usual_touch(hand->seed * TOUCHES_MAX + hand->touched);
        uint8_t *image = hand->touches[hand->touched++ % STORY_TOUCHES];
        finger_press(&hand->finger, &touch, image);
        return image;
}

void story_touch(struct story *story, struct story_hand *hand)
{
        const uint8_t *const image = press(hand);
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
                images[i] = press(&story->owner);
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
