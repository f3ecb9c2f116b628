/* SPDX-License-Identifier: Apache-2.0 */
#include "core_internal.h"

/* authenticatorConfig (CTAP 2.1, 6.11). The element reads the subcommand's parameters itself, from the very
 * bytes that the token authorised: what was signed is what is done. */

enum {
        PARAM_READ_MAX = 64,
        PREFIX_SIZE = 32,
        ENABLE_ENTERPRISE = 0x01,
        TOGGLE_ALWAYS_UV = 0x02,
        SET_MIN_PIN = 0x03
};

/* ---- the request ---- */

static mitome_status read_subcommand(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_uint(r, field, UINT8_MAX, &((struct core_config_request *)into)->subcommand);
}

static mitome_status read_params(struct cbor_reader *r, const char *field, void *into)
{
        enum cbor_kind kind;
        MITOME_TRY(cbor_peek(r, field, &kind));
        if (kind != CBOR_KIND_MAP)
                return reader_fail(&r->bytes, MITOME_E_CBOR_TYPE, field);
        return cbor_read_item(r, field, &((struct core_config_request *)into)->params);
}

static mitome_status read_protocol(struct cbor_reader *r, const char *field, void *into)
{
        struct core_config_request *config = into;
        config->has_protocol = true;
        return cbor_read_uint(r, field, UINT32_MAX, &config->protocol);
}

static mitome_status read_param(struct cbor_reader *r, const char *field, void *into)
{
        struct core_config_request *config = into;
        config->has_param = true;
        return cbor_read_bytes(r, field, PARAM_READ_MAX, &config->param);
}

static mitome_status read_request(const struct core *core, struct core_config_request *ret)
{
        static const struct core_member members[] = {
                /* [6.11 1] no subCommand: MISSING_PARAMETER */
                { .number = 1, .field = "subCommand", .required = true, .read = read_subcommand },
                { .number = 2, .field = "subCommandParams", .read = read_params },
                { .number = 3, .field = "pinUvAuthProtocol", .read = read_protocol },
                { .number = 4, .field = "pinUvAuthParam", .read = read_param },
        };
        struct cbor_reader r = core_cbor(core, "CTAP 2.1 6.11");
        struct core_config_request config = { 0 };
        MITOME_TRY(core_read_map(&r, "request", members, sizeof members / sizeof *members, &config));
        MITOME_TRY(cbor_end(&r, "request"));
        *ret = config;
        return ok();
}

/* ---- what is done ---- */

static void take_configured(struct core *core, slice data, uint16_t sw)
{
        (void)data;
        core_answer(core, ctap_status_of_sw(INS_CONFIGURE, sw));
}

/* [6.11 4] the subcommand is done, as it was signed: 32 bytes FF || 0D || subCommand || subCommandParams */
static void write_message(writer *data, const struct core_config_request *config)
{
        tlv_write_head(data, 0x85, PREFIX_SIZE + 2 + config->params.size);
        for (size_t i = 0; i < PREFIX_SIZE; i++)
                write_u8(data, 0xFF);
        write_u8(data, COMMAND_CONFIG);
        write_u8(data, (uint8_t)config->subcommand);
        write_slice(data, config->params);
}

static void configure(struct core *core)
{
        const struct core_config_request *config = &core->configuration;
        writer *data = core_data(core);
        if (config->authorised)
                tlv_write(data, 0x84, config->param);
        write_message(data, config);
        core_transmit(core, INS_CONFIGURE, take_configured);
}

/* [6.11 3] whether somebody must have been verified: where there is a PIN or a finger; and with alwaysUv,
 * except for switching that itself off, which nobody could do any more without either */
static bool needs_param(const struct core *core)
{
        const struct core_state *state = &core->state;
        if (state->pin_set || state->enrolled)
                return true;
        return state->always_uv && core->configuration.subcommand != TOGGLE_ALWAYS_UV;
}

/* [6.11 3.1] no pinUvAuthParam: PUAT_REQUIRED
 * [6.11 3.2] no protocol: MISSING_PARAMETER
 * [6.11 3.3] one that is not supported: INVALID_PARAMETER
 * [6.11 3.4] the element verifies: PIN_AUTH_INVALID
 * [6.11 3.5] and asks for the permission acfg: PIN_AUTH_INVALID */
static enum ctap_status check_authorisation(const struct core *core)
{
        const struct core_config_request *config = &core->configuration;
        if (!needs_param(core))
                return CTAP2_OK;
        if (!config->has_param)
                return CTAP2_ERR_PUAT_REQUIRED;
        return core_check_param(config->has_protocol, config->protocol, config->param);
}

static void with_state(struct core *core)
{
        enum ctap_status refusal = check_authorisation(core);
        if (refusal != CTAP2_OK) {
                core_answer(core, refusal);
                return;
        }
        core->configuration.authorised = needs_param(core);
        core_wind_down(core, (slice){ 0 }, configure);
}

void core_configure(struct core *core)
{
        mitome_status status = read_request(core, &core->configuration);
        uint64_t subcommand = core->configuration.subcommand;
        if (failed(status))
                core_answer(core, ctap_status_of_code(status.code));
        /* [6.11 2] a subcommand that is not supported: INVALID_PARAMETER; [6.11.3] so is
         * vendorPrototype, which is none here */
        else if (subcommand < ENABLE_ENTERPRISE || subcommand > SET_MIN_PIN)
                core_answer(core, CTAP1_ERR_INVALID_PARAMETER);
        else
                core_fetch_state(core, with_state);
}
