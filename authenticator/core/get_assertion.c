/* SPDX-License-Identifier: Apache-2.0 */
#include "core_internal.h"

/* authenticatorGetAssertion and authenticatorGetNextAssertion (CTAP 2.1, 6.2 and 6.3). */

static const struct core_member get_members[] = {
        { .number = 1, .field = "rpId", .required = true, .read = core_read_rp_id },
        { .number = 2, .field = "clientDataHash", .required = true, .read = core_read_client_data_hash },
        { .number = 3, .field = "allowList", .read = core_read_list },
        { .number = 4, .field = "extensions", .read = core_read_get_extensions },
        { .number = 5, .field = "options", .read = core_read_options },
        { .number = 6, .field = "pinUvAuthParam", .read = core_read_pin_uv_param },
        { .number = 7, .field = "pinUvAuthProtocol", .read = core_read_protocol },
};

/* ---- the answer: the credential is chosen and signs in the element ---- */

struct assertion {
        slice id, authdata, signature;
        slice user_id, user_name, display_name; /* empty: not told */
        uint16_t count;                         /* 0: not told */
        slice blob_key;
};

static mitome_status read_count(slice data, uint16_t *ret)
{
        slice count;
        MITOME_TRY(tlv_find_optional(data, 0x86, "numberOfCredentials", &count, NULL));
        *ret = 0;
        if (!count.size)
                return ok();
        reader r = reader_over(count, NULL, NULL);
        MITOME_TRY(read_u16(&r, "numberOfCredentials", ret));
        return read_end(&r, "numberOfCredentials");
}

static mitome_status read_assertion(slice data, struct assertion *ret)
{
        MITOME_TRY(tlv_find(data, 0x80, "credential id", &ret->id, NULL));
        MITOME_TRY(tlv_find(data, 0x81, "authData", &ret->authdata, NULL));
        MITOME_TRY(tlv_find(data, 0x82, "signature", &ret->signature, NULL));
        MITOME_TRY(tlv_find_optional(data, 0x83, "user id", &ret->user_id, NULL));
        MITOME_TRY(tlv_find_optional(data, 0x84, "user name", &ret->user_name, NULL));
        MITOME_TRY(tlv_find_optional(data, 0x85, "display name", &ret->display_name, NULL));
        MITOME_TRY(tlv_find_optional(data, 0x87, "largeBlobKey", &ret->blob_key, NULL));
        return read_count(data, &ret->count);
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

/* {1: credential, 2: authData, 3: signature, 4: user, 5: numberOfCredentials, 7: largeBlobKey}. */
static void write_assertion(writer *w, const struct assertion *assertion)
{
        bool user = assertion->user_id.size > 0;
        cbor_write_map(w, 3 + (size_t)user + (assertion->count > 0) + (assertion->blob_key.size > 0));
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
        if (assertion->count) {
                cbor_write_uint(w, 5);
                cbor_write_uint(w, assertion->count);
        }
        if (assertion->blob_key.size) {
                cbor_write_uint(w, 7);
                cbor_write_bytes(w, assertion->blob_key);
        }
}

static void send_assertion(struct core *core, const struct assertion *assertion)
{
        writer w = core_body(core);
        write_assertion(&w, assertion);
        core_send(core, &w);
}

static void take_assertion(struct core *core, slice data, uint16_t sw)
{
        core->begun = false;
        struct assertion assertion;
        if (sw != SW_OK) {
                /* [6.2.2 7.6] no applicable credential: NO_CREDENTIALS. The element looks only now, after
                 * user verification and touch, so that nobody learns without the user what is here. */
                core_answer(core, ctap_status_of_sw(INS_GET_ASSERTION, sw));
                return;
        }
        core_operation_done(core);
        if (failed(read_assertion(data, &assertion))) {
                core_answer(core, CTAP1_ERR_OTHER);
                return;
        }
        if (assertion.count > 1)
                core_begin_sequence(
                        core, SEQUENCE_ASSERTIONS); /* [6.2.2 12.2.2] the time for the next begins */
        send_assertion(core, &assertion);
}

/* One command of the element, which sets "uv" and "up" itself: [6.2.2 7] it locates the credentials, and
 * one of them signs. */
static void perform(struct core *core)
{
        const struct core_operation *operation = &core->operation;
        writer *data = core_data(core);
        core_write_token(data, operation);
        tlv_write_u8(data, 0x85, operation->present ? DO_PRESENT : 0);
        core_write_ids(data, operation);
        core_write_extensions(data, operation);
        core_transmit(core, INS_GET_ASSERTION, take_assertion);
}

/* ---- what is checked before anybody is asked, in the order of 6.2.2 ---- */

static enum ctap_status check_options(struct core *core)
{
        const struct core_operation *operation = &core->operation;
        /* [6.2.2 4.3] "uv" true, and no such verification or none enabled: INVALID_OPTION */
        enum ctap_status refusal = core_check_built_in_uv(core);
        if (refusal != CTAP2_OK)
                return refusal;
        /* [6.2.2 4.4] "rk" is given: UNSUPPORTED_OPTION. [6.2.2 4.5] "up" absent counts as true */
        if (operation->rk != OPTION_ABSENT)
                return CTAP2_ERR_UNSUPPORTED_OPTION;
        /* [6.2.2 5] alwaysUv, but not for who only looks (up false) */
        return core->state.always_uv && operation->up != OPTION_FALSE ? core_require_uv(core) : CTAP2_OK;
}

static enum ctap_status check_request(struct core *core)
{
        const struct core_operation *operation = &core->operation;
        /* [6.2.2 2] pinUvAuthProtocol, when there is a pinUvAuthParam */
        enum ctap_status refusal = core_check_protocol(operation);
        if (refusal != CTAP2_OK)
                return refusal;
        /* [6.2.2 3] "uv" and "up" begin as false: the element's flags do */
        refusal = check_options(core);
        if (refusal != CTAP2_OK)
                return refusal;
        refusal = core_check_extensions(operation);
        if (refusal != CTAP2_OK)
                return refusal;
        /* [6.2.2 7.1] a list in which nothing can be this authenticator's. To the element an empty list would
         * mean "any discoverable credential". */
        return operation->has_list && operation->id_count == 0 ? CTAP2_ERR_NO_CREDENTIALS : CTAP2_OK;
}

static void check(struct core *core)
{
        enum ctap_status refusal = check_request(core);
        if (refusal != CTAP2_OK)
                core_answer(core, refusal);
        else
                core_authorise(core);
}

void core_get_assertion(struct core *core)
{
        if (core_read_request(
                    core, COMMAND_GET_ASSERTION, get_members, sizeof get_members / sizeof *get_members))
                core_begin_operation(core, check, perform);
}

/* ---- authenticatorGetNextAssertion, 6.3 ---- */

static void take_next(struct core *core, slice data, uint16_t sw)
{
        struct assertion assertion;
        if (sw == SW_CONDITIONS) {
                core_answer(core, CTAP2_ERR_NOT_ALLOWED); /* [6.3 2] all were given */
        } else if (sw != SW_OK) {
                core_answer(core, ctap_status_of_sw(INS_NEXT_ASSERTION, sw));
        } else if (failed(read_assertion(data, &assertion))) {
                core_answer(core, CTAP1_ERR_OTHER);
        } else {
                core_begin_sequence(core, SEQUENCE_ASSERTIONS); /* [6.3 7] the time begins anew */
                send_assertion(core, &assertion);
        }
}

void core_get_next_assertion(struct core *core)
{
        /* [6.3] the method takes no input */
        if (core->request_size != 1) {
                core_answer(core, CTAP1_ERR_INVALID_LENGTH);
        } else if (!core_continues(core, SEQUENCE_ASSERTIONS)) {
                /* [6.3 1] nothing is remembered, [6.3 3] what was remembered is forgotten after 30 s:
                 * NOT_ALLOWED */
                core_answer(core, CTAP2_ERR_NOT_ALLOWED);
        } else {
                (void)core_data(core); /* no data */
                core_transmit(core, INS_NEXT_ASSERTION, take_next);
        }
}
