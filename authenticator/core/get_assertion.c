/* SPDX-License-Identifier: Apache-2.0 */
#include "core_internal.h"

/* authenticatorGetAssertion (CTAP 2.1, 6.2). The numbers are those of 6.2.2. */

static mitome_status read_request(const struct core *core, struct core_operation *ret)
{
        static const struct core_member members[] = {
                { .number = 1, .field = "rpId", .required = true, .read = core_read_rp_id },
                { .number = 2,
                        .field = "clientDataHash",
                        .required = true,
                        .read = core_read_client_data_hash },
                { .number = 3, .field = "allowList", .read = core_read_list },
                { .number = 4, .field = "extensions", .read = core_read_extensions },
                { .number = 5, .field = "options", .read = core_read_options },
                { .number = 6, .field = "pinUvAuthParam", .read = core_read_pin_uv_param },
                { .number = 7, .field = "pinUvAuthProtocol", .read = core_read_protocol },
        };
        struct cbor_reader r = core_cbor(core, "CTAP 2.1 6.2");
        struct core_operation operation = { .command = COMMAND_GET_ASSERTION };
        MITOME_TRY(core_read_map(&r, "request", members, sizeof members / sizeof *members, &operation));
        MITOME_TRY(cbor_end(&r, "request"));
        *ret = operation;
        return ok();
}

/* ---- 7, 11 to 13: the credential is chosen and signs in the element ---- */

struct assertion {
        slice id, authdata, signature;
        slice user_id, user_name, display_name; /* empty: not told */
};

static mitome_status read_assertion(slice data, struct assertion *ret)
{
        MITOME_TRY(tlv_find(data, 0x80, "credential id", &ret->id, NULL));
        MITOME_TRY(tlv_find(data, 0x81, "authData", &ret->authdata, NULL));
        MITOME_TRY(tlv_find(data, 0x82, "signature", &ret->signature, NULL));
        MITOME_TRY(tlv_find_optional(data, 0x83, "user id", &ret->user_id, NULL));
        MITOME_TRY(tlv_find_optional(data, 0x84, "user name", &ret->user_name, NULL));
        return tlv_find_optional(data, 0x85, "display name", &ret->display_name, NULL);
}

static void write_user(writer *w, const struct assertion *assertion)
{
        size_t count = 1 + (assertion->user_name.size > 0) + (assertion->display_name.size > 0);
        cbor_write_map(w, count);
        cbor_write_string(w, "id");
        cbor_write_bytes(w, assertion->user_id);
        if (assertion->user_name.size) {
                cbor_write_string(w, "name");
                cbor_write_text(w, assertion->user_name);
        }
        if (assertion->display_name.size) {
                cbor_write_string(w, "displayName");
                cbor_write_text(w, assertion->display_name);
        }
}

/* {1: credential, 2: authData, 3: signature, 4: user}. */
static void write_assertion(writer *w, const struct assertion *assertion)
{
        bool user = assertion->user_id.size > 0;
        cbor_write_map(w, user ? 4 : 3);
        cbor_write_uint(w, 1);
        cbor_write_map(w, 2);
        cbor_write_string(w, "id");
        cbor_write_bytes(w, assertion->id);
        cbor_write_string(w, "type");
        cbor_write_string(w, "public-key");
        cbor_write_uint(w, 2);
        cbor_write_bytes(w, assertion->authdata);
        cbor_write_uint(w, 3);
        cbor_write_bytes(w, assertion->signature);
        if (user) {
                cbor_write_uint(w, 4);
                write_user(w, assertion);
        }
}

static void take_assertion(struct core *core, slice data, uint16_t sw)
{
        core->begun = false;
        struct assertion assertion;
        if (sw != SW_OK) {
                /* 7: no applicable credential: NO_CREDENTIALS. The element looks only now, after user
                 * verification and touch, so that nobody learns without the user what is here. */
                core_answer(core, ctap_status_of_sw(INS_GET_ASSERTION, sw));
        } else if (failed(read_assertion(data, &assertion))) {
                core_answer(core, CTAP1_ERR_OTHER);
        } else {
                writer w = core_body(core);
                write_assertion(&w, &assertion);
                core_send(core, &w);
        }
}

static void perform(struct core *core)
{
        const struct core_operation *operation = &core->operation;
        writer *data = core_data(core);
        core_write_token(data, operation);
        tlv_write_u8(data, 0x85, operation->present ? DO_PRESENT : 0);
        core_write_ids(data, operation);
        core_transmit(core, INS_GET_ASSERTION, take_assertion);
}

/* ---- 1 to 9 ---- */

static enum ctap_status check(const struct core *core)
{
        const struct core_operation *operation = &core->operation;
        /* 2: pinUvAuthProtocol, when there is a pinUvAuthParam. */
        enum ctap_status refusal = core_check_protocol(operation);
        if (refusal != CTAP2_OK)
                return refusal;
        /* 3: "uv" and "up" begin as false: the element's flags do. */
        /* 4.3: "uv" true, and no such verification or none enabled: INVALID_OPTION. */
        refusal = core_check_built_in_uv(core);
        if (refusal != CTAP2_OK)
                return refusal;
        /* 4.4: "rk" is given: UNSUPPORTED_OPTION. 4.5: "up" absent counts as true. */
        if (operation->rk != OPTION_ABSENT)
                return CTAP2_ERR_UNSUPPORTED_OPTION;
        /* 5: alwaysUv is not among the options of getInfo. */
        /* 7.1: a list in which nothing can be this authenticator's. To the element an empty list would mean
         * "any discoverable credential". */
        return operation->has_list && operation->id_count == 0 ? CTAP2_ERR_NO_CREDENTIALS : CTAP2_OK;
}

static void with_state(struct core *core)
{
        const struct core_operation *operation = &core->operation;
        /* 1: a zero-length pinUvAuthParam only asks which device is meant. */
        if (operation->has_pin_uv_param && operation->pin_uv_param.size == 0) {
                core_select_device(core);
                return;
        }
        enum ctap_status refusal = check(core);
        if (refusal != CTAP2_OK)
                core_answer(core, refusal);
        else
                core_authorise(core); /* 6, 8, 9, then perform */
}

void core_get_assertion(struct core *core)
{
        struct core_operation operation;
        mitome_status status = read_request(core, &operation);
        if (failed(status)) {
                core_answer(core, ctap_status_of_code(status.code));
                return;
        }
        operation.perform = perform;
        core->operation = operation;
        core_fetch_state(core, with_state);
}
