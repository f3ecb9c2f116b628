/* SPDX-License-Identifier: Apache-2.0 */

/* A finger for the phone: only the PIN lets one in. */

#include "story.h"

#include <fido/bio.h>

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
        stage_note(&story->stage, "Two fingers were grown from noise: no person stands behind them.");
        story_phone_touch(&story->phone, STORY_OWNER, STORY_ENROLMENT);
        stage_note(&story->stage, "libfido2 asks for a PIN token, then for bioEnrollment.");

        fido_dev_t *device;
        MITOME_TRY(story_phone_open(&story->phone, &device, error));
        fido_bio_template_t *template = fido_bio_template_new();
        fido_bio_enroll_t *run = fido_bio_enroll_new();
        int answer = template && run ? enrol(device, &story->stage, template, run) : FIDO_ERR_INTERNAL;
        fido_bio_enroll_free(&run);
        fido_bio_template_free(&template);
        browser_device_close(device);
        stage_check(&story->stage, ELEMENT, answer == FIDO_OK,
                "A finger is enrolled by PIN, its set confirmed", "%s",
                answer == FIDO_OK ? "the new enrolment set is the confirmed one" : fido_strerr(answer));
        return answer == FIDO_OK ? ok() : fail(error, MITOME_E_CTAP_STATUS, "bioEnrollment", NULL);
}
