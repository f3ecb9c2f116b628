/* SPDX-License-Identifier: Apache-2.0 */
#include "sei_tsm.h"

#include "access_rule.h"
#include "tlv.h"

/* ---- content and life of the card ---- */

/* The fields of INSTALL, each behind its length (GPC_SPE_034 11.5.2.3). */
struct fields {
        slice at[6];
};

static mitome_status install(
        struct tsm_channel *channel, uint8_t p1, const struct fields *fields, mitome_error *error)
{
        uint8_t bytes[128];
        writer w = WRITER(bytes);
        slice data;
        for (size_t i = 0; i < sizeof fields->at / sizeof *fields->at; i++) {
                write_u8(&w, (uint8_t)fields->at[i].size);
                write_slice(&w, fields->at[i]);
        }
        MITOME_TRY(writer_finish(&w, "INSTALL", &data, error));
        return tsm_order(channel,
                &(struct apdu_command){ .cla = 0x80, .ins = 0xE6, .p1 = p1, .data = data, .expected = 256 },
                error);
}

static const uint8_t no_parameters[] = { 0xC9, 0x00 };

mitome_status tsm_install_domain(struct tsm_channel *channel, slice aid, mitome_error *error)
{
        static const uint8_t file[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x53, 0x50 },
                             module[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x53, 0x50, 0x41 },
                             is_domain[] = { 0x80, 0x00, 0x00 };
        return install(channel, 0x0C,
                &(struct fields){
                        { SLICE(file), SLICE(module), aid, SLICE(is_domain), SLICE(no_parameters) } },
                error);
}

mitome_status tsm_extradite(struct tsm_channel *channel, enum tsm_applet applet, mitome_error *error)
{
        return install(channel, 0x10,
                &(struct fields){ { [0] = tsm_aid(TSM_PROVIDER), [2] = tsm_aid(applet) } }, error);
}

mitome_status tsm_pass_on(struct tsm_channel *channel, enum tsm_applet applet, mitome_error *error)
{
        return install(channel, 0x20, &(struct fields){ { [2] = tsm_aid(applet) } }, error);
}

mitome_status tsm_delete(struct tsm_channel *channel, enum tsm_applet applet, mitome_error *error)
{
        uint8_t bytes[32];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x4F, tsm_aid(applet));
        return tsm_order(channel,
                &(struct apdu_command){ .cla = 0x80, .ins = 0xE4, .data = writer_view(&w), .expected = 256 },
                error);
}

mitome_status tsm_delete_fido(struct tsm_channel *channel, mitome_error *error)
{
        return tsm_delete(channel, TSM_FIDO, error);
}

mitome_status tsm_secure_card(struct tsm_channel *channel, mitome_error *error)
{
        static const uint8_t steps[] = { 0x07, 0x0F }; /* INITIALIZED, SECURED */
        for (size_t i = 0; i < sizeof steps; i++)
                MITOME_TRY(tsm_order(channel,
                        &(struct apdu_command){ .cla = 0x80, .ins = 0xF0, .p1 = 0x80, .p2 = steps[i] },
                        error));
        return ok();
}

/* ---- the service provider's domain ---- */

static mitome_status put_first_keys(const struct mitome_link *link, const struct scp03_keys *issuer,
        const struct tsm_key_set *first, const struct mitome_random *random, mitome_error *error)
{
        struct tsm_channel channel;
        MITOME_TRY(tsm_open(&channel, link, issuer, TSM_PROVIDER, random, error));
        mitome_status status = tsm_put_keys(&channel, 0, first, error);
        tsm_close(&channel);
        return status;
}

static mitome_status with_issuer(const struct mitome_link *link, const struct scp03_keys *issuer,
        mitome_status (*order)(struct tsm_channel *, mitome_error *), const struct mitome_random *random,
        mitome_error *error)
{
        struct tsm_channel channel;
        MITOME_TRY(tsm_open(&channel, link, issuer, TSM_CARD_MANAGER, random, error));
        mitome_status status = order(&channel, error);
        tsm_close(&channel);
        return status;
}

static mitome_status install_provider(struct tsm_channel *channel, mitome_error *error)
{
        return tsm_install_domain(channel, tsm_aid(TSM_PROVIDER), error);
}

static mitome_status give_away(struct tsm_channel *channel, mitome_error *error)
{
        MITOME_TRY(tsm_extradite(channel, TSM_JPKI, error));
        MITOME_TRY(tsm_extradite(channel, TSM_FIDO, error));
        return tsm_secure_card(channel, error);
}

mitome_status tsm_hand_over(const struct mitome_link *link, const struct scp03_keys *issuer,
        const struct tsm_key_set *first, const struct mitome_random *random, mitome_error *error)
{
        MITOME_TRY(with_issuer(link, issuer, install_provider, random, error));
        MITOME_TRY(put_first_keys(link, issuer, first, random, error));
        return with_issuer(link, issuer, give_away, random, error);
}

/* ---- access rules ---- */

/* `harmless` is the status word that is as good as 9000: it was so already. */
static mitome_status store_data(
        struct tsm_channel *channel, uint32_t tag, slice value, uint16_t harmless, mitome_error *error)
{
        uint8_t object[128];
        writer w = WRITER(object);
        slice data;
        tlv_write(&w, tag, value);
        MITOME_TRY(writer_finish(&w, "access rule", &data, error));
        const struct apdu_command command = { .cla = 0x80, .ins = 0xE2, .p1 = 0x90, .data = data };
        mitome_error cause = { 0 };
        mitome_status status = tsm_order(channel, &command, &cause);
        if (status.code == MITOME_E_APDU_STATUS && channel->sw == harmless)
                return ok();
        return failed(status) ? fail(error, cause.code, cause.field, cause.clause) : ok();
}

mitome_status tsm_allow_app(
        struct tsm_channel *channel, enum tsm_applet applet, slice hash, mitome_error *error)
{
        static const uint8_t always[] = { 0x01 };
        const struct access_rule rule = { .reference = { .aid = tsm_aid(applet), .hash = hash },
                .apdu = SLICE(always) };
        uint8_t bytes[96];
        writer w = WRITER(bytes);
        access_rule_write(&w, &rule);
        return store_data(channel, ACCESS_STORE, writer_view(&w), SW_RULE_EXISTS, error);
}

mitome_status tsm_forbid_apps(struct tsm_channel *channel, enum tsm_applet applet, mitome_error *error)
{
        uint8_t bytes[32];
        writer w = WRITER(bytes);
        tlv_write(&w, ACCESS_AID, tsm_aid(applet));
        return store_data(channel, ACCESS_DELETE, writer_view(&w), SW_NO_REFERENCE, error);
}
