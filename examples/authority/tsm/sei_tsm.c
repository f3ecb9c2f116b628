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

static const uint8_t jpki_file[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x80, 0x02 };
static const uint8_t fido_file[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x80, 0x03 };
static const uint8_t no_privileges[] = { 0x00 };

/* Module and instance have the applet's name. */
mitome_status tsm_install_applet(struct tsm_channel *channel, enum tsm_applet applet, mitome_error *error)
{
        const slice name = tsm_aid(applet), file = applet == TSM_JPKI ? SLICE(jpki_file) : SLICE(fido_file);
        return install(channel, 0x0C,
                &(struct fields){ { file, name, name, SLICE(no_privileges), SLICE(no_parameters) } }, error);
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

/* ---- what the card says of itself ---- */

enum { APPLICATIONS = 0x40, ISSUER = 0x80, LIFE_INITIALIZED = 0x07, LIFE_SECURED = 0x0F };

mitome_status tsm_what_is_left(struct tsm_channel *channel, uint8_t *ret, mitome_error *error)
{
        static const struct apdu_command command = {
                .cla = 0x80, .ins = 0xCA, .p1 = 0xDF, .p2 = 0x4D, .expected = 256
        };
        uint8_t plain[TSM_WIRE_MAX];
        slice answer, left;
        MITOME_TRY(tsm_exchange(channel, &command, plain, &answer, error));
        MITOME_TRY(tlv_find_fixed(answer, 0xDF4D, "what is left", 1, &left, error));
        *ret = left.data[0];
        return ok();
}

/* GET STATUS for one name; *ret_entry views `plain`, and is empty when there is none. */
static mitome_status get_status(struct tsm_channel *channel, uint8_t what, slice aid,
        uint8_t plain[TSM_WIRE_MAX], slice *ret_entry, mitome_error *error)
{
        uint8_t bytes[32];
        writer w = WRITER(bytes);
        slice answer = { 0 };
        mitome_error cause = { 0 };
        tlv_write(&w, 0x4F, aid);
        const struct apdu_command command = {
                .cla = 0x80, .ins = 0xF2, .p1 = what, .p2 = 0x02, .data = writer_view(&w), .expected = 256
        };
        mitome_status status = tsm_exchange(channel, &command, plain, &answer, &cause);
        if (status.code == MITOME_E_APDU_STATUS && channel->sw == SW_NO_REFERENCE) {
                *ret_entry = (slice){ 0 };
                return ok();
        }
        if (failed(status))
                return fail(error, status.code, cause.field, cause.clause);
        return tlv_find(answer, 0xE3, "GET STATUS", ret_entry, error);
}

mitome_status tsm_look_up(
        struct tsm_channel *channel, enum tsm_applet applet, struct tsm_entry *ret, mitome_error *error)
{
        uint8_t plain[TSM_WIRE_MAX];
        slice entry = { 0 }, life = { 0 }, domain = { 0 };
        MITOME_TRY(get_status(channel, APPLICATIONS, tsm_aid(applet), plain, &entry, error));
        if (entry.size == 0) {
                *ret = (struct tsm_entry){ 0 };
                return ok();
        }
        MITOME_TRY(tlv_find_fixed(entry, 0x9F70, "life cycle", 1, &life, error));
        MITOME_TRY(tlv_find_optional(entry, 0xCC, "its domain", &domain, error));
        *ret = (struct tsm_entry){ .exists = true,
                .life = life.data[0],
                .at_provider = slice_equal(domain, tsm_aid(TSM_PROVIDER)) };
        return ok();
}

mitome_status tsm_lead_card(struct tsm_channel *channel, mitome_error *error)
{
        static const uint8_t steps[] = { LIFE_INITIALIZED, LIFE_SECURED };
        uint8_t plain[TSM_WIRE_MAX];
        slice entry = { 0 }, life = { 0 };
        MITOME_TRY(get_status(channel, ISSUER, tsm_aid(TSM_CARD_MANAGER), plain, &entry, error));
        MITOME_TRY(tlv_find_fixed(entry, 0x9F70, "life cycle", 1, &life, error));
        const uint8_t now = life.data[0];
        for (size_t i = 0; i < sizeof steps; i++)
                if (now < steps[i])
                        MITOME_TRY(tsm_order(channel,
                                &(struct apdu_command){
                                        .cla = 0x80, .ins = 0xF0, .p1 = 0x80, .p2 = steps[i] },
                                error));
        return ok();
}

mitome_status tsm_reset_fido(const struct mitome_link *link, mitome_error *error)
{
        static const uint8_t touched[] = { 0x85, 0x01, 0x02 };
        uint8_t response[TSM_WIRE_MAX];
        struct tsm_channel channel;
        slice nothing;
        MITOME_TRY(tsm_open_plain(&channel, link, TSM_FIDO, error));
        mitome_status status = tsm_ask_plain(&channel,
                &(struct apdu_command){ .cla = 0x80, .ins = 0x18, .data = SLICE(touched) }, response,
                &nothing, error);
        if (!failed(status) && channel.sw != SW_OK)
                status = fail(error, MITOME_E_APDU_STATUS, sw_text(channel.sw), NULL);
        tsm_close(&channel);
        return status;
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
        return failed(status) ? fail(error, status.code, cause.field, cause.clause) : ok();
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

/* F1 { E1 { 4F, C1 } }: this app and this applet. */
mitome_status tsm_forbid_app(
        struct tsm_channel *channel, enum tsm_applet applet, slice hash, mitome_error *error)
{
        uint8_t inner[64], bytes[80];
        writer reference = WRITER(inner), w = WRITER(bytes);
        tlv_write(&reference, ACCESS_AID, tsm_aid(applet));
        tlv_write(&reference, ACCESS_HASH, hash);
        tlv_write(&w, ACCESS_REF, writer_view(&reference));
        return store_data(channel, ACCESS_DELETE, writer_view(&w), SW_NO_REFERENCE, error);
}
