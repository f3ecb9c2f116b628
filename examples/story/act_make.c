/* SPDX-License-Identifier: Apache-2.0 */

/* How a phone is made, and what the issuer's manager does before it leaves the element to the provider's. */

#include "maker_statement.h"
#include "matcher_class.h"
#include "story.h"

/* ---- the maker's factory ---- */

static mitome_status inject_batch_key(struct story *story, mitome_error *error)
{
        struct tsm_channel channel;
        struct maker_batch *batch = &story->batch;
        MITOME_TRY(tsm_open(
                &channel, &story->phone.body.link, &story->issuer.keys, TSM_FIDO, &story->random, error));
        mitome_status status = tsm_store_batch_key(&channel, SLICE(maker_classes[0].aaguid),
                SLICE(batch->key), slice_of(batch->certificate.bytes, batch->certificate.size), error);
        tsm_close(&channel);
        bytes_wipe(batch->key, sizeof batch->key);
        MITOME_TRY(status);
        stage_sent(&story->stage, MAKER, ELEMENT, "batch attestation key (ES256), sealed by SCP03");
        return ok();
}

/* At manufacture, once. What the class is worth is said: this maker has tested nothing. */
static mitome_status certify_matcher(struct story *story, mitome_error *error)
{
        struct maker_matcher *made = &story->matcher;
        struct tsm_matcher matcher = { .class = MATCHER_STRONG, .modality = UNLOCK_FINGER };
        MITOME_TRY(matcher_gate_point(story->phone.body.matcher, matcher.point, error));
        MITOME_TRY(maker_certify_matcher(&story->random, story->now, &matcher, made, error));
        MITOME_TRY(matcher_gate_certify(
                story->phone.body.matcher, slice_of(made->certificate.bytes, made->certificate.size), error));
        stage_sent(&story->stage, MAKER, MATCHER,
                "a certificate of its key: class strong, reads fingers (a demonstration: nobody has tested it)");
        return ok();
}

static mitome_status assemble(struct story *story, const struct phone_body_config *phone, mitome_error *error)
{
        struct phone_body_config config = *phone;
        MITOME_TRY(maker_make_batch(&story->random, story->now, &story->batch, error));
        MITOME_TRY(story_sign_app(story, "Mitome example app", &config.software, error));
        config.issuer = &story->issuer;
        MITOME_TRY(story_phone_make(&story->phone, &config, error));
        stage_sent(&story->stage, MAKER, "phone",
                "element: process %d, SCP03 keys; matcher: process %d, libfprint",
                (int)story->phone.body.element.process, (int)matcher_gate_process(story->phone.body.matcher));
        MITOME_TRY(certify_matcher(story, error));
        return inject_batch_key(story, error);
}

/* ---- the SEI-TSM ---- */

static mitome_status hand_over(struct story *story, mitome_error *error)
{
        MITOME_TRY(tsm_make_keys(&story->first, TSM_KEYS_FIRST, &story->random, error));
        MITOME_TRY(tsm_hand_over(
                &story->phone.body.link, &story->issuer.keys, &story->first, &story->random, error));
        stage_sent(&story->stage, SEI_TSM, ELEMENT,
                "the provider's domain, first keys, both applets in it; card SECURED");
        stage_sent(&story->stage, SEI_TSM, SP_TSM, "the first keys of the provider's domain");
        return ok();
}

mitome_status act_manufacture(struct story *story, const struct phone_body_config *phone, mitome_error *error)
{
        stage_step(&story->stage, "A phone is made");
        MITOME_TRY(tsm_make_keys(&story->issuer, TSM_KEYS_ISSUER, &story->random, error));
        MITOME_TRY(assemble(story, phone, error));
        MITOME_TRY(act_allow(story, error));
        return hand_over(story, error);
}
