/* SPDX-License-Identifier: Apache-2.0 */

/* Two service managers, and what neither may do: the issuer's personalises nothing, the provider's installs
 * and deletes nothing. */

#include "story.h"

/* A channel that must not open: there is no set of this version in the provider's domain. */
static uint16_t refused_set(struct story *story, const struct tsm_key_set *set)
{
        struct tsm_channel channel;
        mitome_error cause = { 0 };
        mitome_status status =
                tsm_open_set(&channel, &story->phone.body.link, set, TSM_JPKI, &story->random, &cause);
        tsm_close(&channel);
        return status.code == MITOME_E_APDU_STATUS ? channel.sw : 0;
}

/* By its keys the applet is not opened; from its own domain nothing is passed on to it. */
static mitome_status issuer_personalises(struct story *story, mitome_error *error)
{
        struct tsm_channel channel;
        uint16_t opened = refused_set(story, &story->issuer);
        MITOME_TRY(tsm_open_set(
                &channel, &story->phone.body.link, &story->issuer, TSM_CARD_MANAGER, &story->random, error));
        mitome_status status = tsm_pass_on(&channel, TSM_JPKI, NULL);
        tsm_close(&channel);
        bool right = opened == SW_NO_REFERENCE && failed(status) && channel.sw == SW_CONDITIONS;
        stage_check(&story->stage, ELEMENT, right, "The issuer's keys personalise the applets no more",
                "%04X no such key set; by its domain: %04X %s", opened, channel.sw, sw_text(channel.sw));
        return ok();
}

static void former_keys(struct story *story)
{
        uint16_t sw = refused_set(story, &story->first);
        stage_check(&story->stage, ELEMENT, sw == SW_NO_REFERENCE,
                "The first keys, which the SEI-TSM knew, open nothing", "%04X no such key set", sw);
}

static mitome_status provider_manages(struct story *story, mitome_error *error)
{
        static const uint8_t another[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x11 };
        struct tsm_channel channel;
        MITOME_TRY(story_open_provider(story, TSM_PROVIDER, &channel, error));
        bool installed = !failed(tsm_install_domain(&channel, SLICE(another), NULL));
        uint16_t install = channel.sw;
        bool deleted = !failed(tsm_delete(&channel, TSM_JPKI, NULL));
        uint16_t delete = channel.sw;
        tsm_close(&channel);
        bool right = !installed && !deleted && install == SW_CONDITIONS && delete == SW_CONDITIONS;
        stage_check(&story->stage, ELEMENT, right, "The SP-TSM can neither install nor delete",
                "INSTALL %04X, DELETE %04X %s", install, delete, sw_text(delete));
        return ok();
}

mitome_status act_roles(struct story *story, mitome_error *error)
{
        stage_step(&story->stage, "Each service manager does what is his, and nothing else");
        MITOME_TRY(issuer_personalises(story, error));
        former_keys(story);
        return provider_manages(story, error);
}
