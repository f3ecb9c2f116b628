/* SPDX-License-Identifier: Apache-2.0 */
#include "core_internal.h"

/* authenticatorClientPIN (CTAP 2.1, 6.5.5), with PIN/UV auth protocols 1 and 2. The core carries: the element
 * agrees on keys, decrypts, compares and counts, and what it answers says at which step the operation ended.
 */

enum { COORDINATE_SIZE = 32, FIELD_MAX = 1024, PIN_HASH_SIZE = 16, IV_SIZE = 16, TOKEN_SIZE = 32 };

/* 6.5.5.7, permissions */
enum permission {
        PERMISSION_MC = 0x01,
        PERMISSION_GA = 0x02,
        PERMISSION_CM = 0x04,
        PERMISSION_BE = 0x08,
        PERMISSION_LBW = 0x10,
        PERMISSION_ACFG = 0x20,
        PERMISSION_PCMR = 0x40,
        PERMISSIONS_DEFINED = 0x7F,
};

/* ---- the request ---- */

static mitome_status read_key_agreement(struct cbor_reader *r, const char *field, void *into)
{
        struct core_pin_request *pin = into;
        pin->given |= PIN_KEY_AGREEMENT;
        return core_read_key_agreement(r, field, &pin->key_agreement);
}

static mitome_status read_protocol(struct cbor_reader *r, const char *field, void *into)
{
        struct core_pin_request *pin = into;
        pin->given |= PIN_PROTOCOL;
        return cbor_read_uint(r, field, UINT32_MAX, &pin->protocol);
}

static mitome_status read_subcommand(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_uint(r, field, UINT32_MAX, &((struct core_pin_request *)into)->subcommand);
}

static mitome_status read_param(struct cbor_reader *r, const char *field, void *into)
{
        struct core_pin_request *pin = into;
        pin->given |= PIN_PARAM;
        return cbor_read_bytes(r, field, FIELD_MAX, &pin->param);
}

static mitome_status read_new_pin(struct cbor_reader *r, const char *field, void *into)
{
        struct core_pin_request *pin = into;
        pin->given |= PIN_NEW;
        return cbor_read_bytes(r, field, FIELD_MAX, &pin->new_pin);
}

static mitome_status read_hash(struct cbor_reader *r, const char *field, void *into)
{
        struct core_pin_request *pin = into;
        pin->given |= PIN_HASH;
        return cbor_read_bytes(r, field, FIELD_MAX, &pin->hash);
}

static mitome_status read_permissions(struct cbor_reader *r, const char *field, void *into)
{
        struct core_pin_request *pin = into;
        pin->given |= PIN_PERMISSIONS;
        return cbor_read_uint(r, field, UINT32_MAX, &pin->permissions);
}

static mitome_status read_rp_id(struct cbor_reader *r, const char *field, void *into)
{
        struct core_pin_request *pin = into;
        pin->given |= PIN_RP_ID;
        MITOME_TRY(cbor_read_text(r, field, CORE_RP_ID_MAX, &pin->rp_id));
        return pin->rp_id.size ? ok() : reader_fail(&r->bytes, MITOME_E_VALUE, field);
}

static mitome_status read_request(const struct core *core, struct core_pin_request *ret)
{
        static const struct core_member members[] = {
                { .number = 1, .field = "pinUvAuthProtocol", .read = read_protocol },
                { .number = 2, .field = "subCommand", .required = true, .read = read_subcommand },
                { .number = 3, .field = "keyAgreement", .read = read_key_agreement },
                { .number = 4, .field = "pinUvAuthParam", .read = read_param },
                { .number = 5, .field = "newPinEnc", .read = read_new_pin },
                { .number = 6, .field = "pinHashEnc", .read = read_hash },
                { .number = 9, .field = "permissions", .read = read_permissions },
                { .number = 10, .field = "rpId", .read = read_rp_id },
        };
        struct cbor_reader r = core_cbor(core, "CTAP 2.1 6.5.5");
        struct core_pin_request pin = { 0 };
        MITOME_TRY(core_read_map(&r, "request", members, sizeof members / sizeof *members, &pin));
        MITOME_TRY(cbor_end(&r, "request"));
        *ret = pin;
        return ok();
}

/* ---- getPINRetries, 6.5.5.2, and getUVRetries, 6.5.5.3 ---- */

/* [6.5.5.2] pinRetries, and powerCycleState where no try is taken before the next power-up. Without a PIN
 * there is nothing to count. */
static void tell_retries(struct core *core)
{
        const struct core_state *state = &core->state;
        if (!state->pin_set) {
                core_answer(core, CTAP2_ERR_PIN_NOT_SET);
                return;
        }
        writer w = core_body(core);
        cbor_write_map(&w, state->power_cycle_owed ? 2 : 1);
        cbor_write_uint(&w, 3);
        cbor_write_uint(&w, state->pin_tries);
        if (state->power_cycle_owed) {
                cbor_write_uint(&w, 4);
                cbor_write_bool(&w, true);
        }
        core_send(core, &w);
}

static void get_retries(struct core *core)
{
        core_fetch_state(core, tell_retries);
}

/* The finger path is closed with the PIN: whatever tries are left, none can be made. */
static uint8_t uv_retries(const struct core_state *state)
{
        bool blocked = state->pin_set && state->pin_tries == 0;
        return blocked ? 0 : state->uv_tries;
}

/* [6.5.5.3] uvRetries; where there is no built-in user verification, the subcommand is none */
static void tell_uv_retries(struct core *core)
{
        if (!core->state.paired) {
                core_answer(core, CTAP2_ERR_INVALID_SUBCOMMAND);
                return;
        }
        writer w = core_body(core);
        cbor_write_map(&w, 1);
        cbor_write_uint(&w, 5);
        cbor_write_uint(&w, uv_retries(&core->state));
        core_send(core, &w);
}

static void get_uv_retries(struct core *core)
{
        core_fetch_state(core, tell_uv_retries);
}

/* ---- getKeyAgreement, 6.5.5.4 ---- */

static mitome_status write_key_agreement(writer *w, slice data)
{
        slice x, y;
        MITOME_TRY(tlv_find_fixed(data, 0x80, "x", COORDINATE_SIZE, &x, NULL));
        MITOME_TRY(tlv_find_fixed(data, 0x81, "y", COORDINATE_SIZE, &y, NULL));
        cbor_write_map(w, 1);
        cbor_write_uint(w, 1);
        cbor_write_map(w, 5);
        cbor_write_int(w, 1); /* kty: EC2 */
        cbor_write_int(w, 2);
        cbor_write_int(w, 3); /* alg: -25, 6.5.6 */
        cbor_write_int(w, -25);
        cbor_write_int(w, -1); /* crv: P-256 */
        cbor_write_int(w, 1);
        cbor_write_int(w, -2);
        cbor_write_bytes(w, x);
        cbor_write_int(w, -3);
        cbor_write_bytes(w, y);
        return ok();
}

/* [6.5.5.4 5] the public key; the element has one for both protocols */
static void take_key_agreement(struct core *core, slice data, uint16_t sw)
{
        writer w = core_body(core);
        if (sw != SW_OK)
                core_answer(core, ctap_status_of_sw(INS_KEY_AGREEMENT, sw));
        else if (failed(write_key_agreement(&w, data)))
                core_answer(core, CTAP1_ERR_OTHER);
        else
                core_send(core, &w);
}

static void get_key_agreement(struct core *core)
{
        (void)core_data(core); /* no data */
        core_transmit(core, INS_KEY_AGREEMENT, take_key_agreement);
}

/* ---- what goes to the element ---- */

static void write_point(writer *data, const struct core_pin_request *pin)
{
        tlv_write(data, 0x80, pin->key_agreement.x);
        tlv_write(data, 0x81, pin->key_agreement.y);
}

/* The element takes protocol 2 where none is said. */
static void write_protocol(writer *data, const struct core_pin_request *pin)
{
        if (pin->protocol != CORE_PROTOCOL_TWO)
                tlv_write_u8(data, 0x88, (uint8_t)pin->protocol);
}

/* Sizes of what is encrypted: protocol 2 puts an IV in front. */
static size_t encrypted_size(const struct core_pin_request *pin, size_t size)
{
        return pin->protocol == CORE_PROTOCOL_TWO ? IV_SIZE + size : size;
}

/* ---- setPIN, 6.5.5.5, and changePIN, 6.5.5.6 ---- */

enum { SUBCOMMAND_SET_PIN = 0x03, SUBCOMMAND_PIN_TOKEN = 0x05, SUBCOMMAND_UV_TOKEN = 0x06 };

static enum ctap_status changed_status(const struct core_pin_request *pin, uint16_t sw)
{
        /* [6.5.5.5 3] a PIN is set already: PIN_AUTH_INVALID. Of changePIN the same words mean that a power
         * cycle is needed. */
        if (pin->subcommand == SUBCOMMAND_SET_PIN && sw == SW_CONDITIONS)
                return CTAP2_ERR_PIN_AUTH_INVALID;
        return ctap_status_of_sw(INS_CHANGE_PIN, sw);
}

static void take_changed(struct core *core, slice data, uint16_t sw)
{
        (void)data;
        if (sw == SW_OK)
                core_forget_time(core); /* [6.5.5.6 19] all tokens have ended */
        core_answer(core, changed_status(&core->pin, sw));
}

/* One command of the element, which answers where it ended.
 * [6.5.5.5 4] the shared secret; a point off the curve: INVALID_PARAMETER
 * [6.5.5.5 5] pinUvAuthParam over newPinEnc
 * [6.5.5.5 6] newPinEnc decrypted; cannot be: PIN_AUTH_INVALID
 * [6.5.5.5 7] not 64 bytes: INVALID_PARAMETER
 * [6.5.5.5 8] without the zeros behind it
 * [6.5.5.5 9] shorter than the minimum: PIN_POLICY_VIOLATION
 * [6.5.5.5 10] against another rule of this authenticator: PIN_POLICY_VIOLATION
 * [6.5.5.5 11] its length in code points is kept
 * [6.5.5.5 12] its hash is kept, tries are full
 * [6.5.5.6 3] no tries left: PIN_BLOCKED
 * [6.5.5.6 4] the shared secret; a point off the curve: INVALID_PARAMETER
 * [6.5.5.6 5] pinUvAuthParam over newPinEnc and pinHashEnc
 * [6.5.5.6 6] the try is written down before the comparison
 * [6.5.5.6 7.1] another PIN than the one that is kept
 * [6.5.5.6 7.1.1] a new key agreement key
 * [6.5.5.6 7.1.2] PIN_BLOCKED, PIN_AUTH_BLOCKED at the third in a row, else PIN_INVALID
 * [6.5.5.6 8] tries are full
 * [6.5.5.6 9] newPinEnc decrypted; cannot be: PIN_AUTH_INVALID
 * [6.5.5.6 10] not 64 bytes: INVALID_PARAMETER
 * [6.5.5.6 11] without the zeros behind it
 * [6.5.5.6 12] shorter than the minimum: PIN_POLICY_VIOLATION
 * [6.5.5.6 13] a change is forced and it is the same: PIN_POLICY_VIOLATION
 * [6.5.5.6 14] against another rule of this authenticator: PIN_POLICY_VIOLATION
 * [6.5.5.6 15] its length in code points is kept
 * [6.5.5.6 16] no change is forced any more
 * [6.5.5.6 17] its hash is kept
 * [6.5.5.6 18] tries are full
 * [2.2 6.5.5.6 20] the persistent token has ended
 * [6.5.5.6 21] in one transaction, before it is answered */
static void change_pin(struct core *core)
{
        const struct core_pin_request *pin = &core->pin;
        writer *data = core_data(core);
        write_point(data, pin);
        if (pin->subcommand != SUBCOMMAND_SET_PIN)
                tlv_write(data, 0x82, pin->hash);
        tlv_write(data, 0x83, pin->new_pin);
        tlv_write(data, 0x84, pin->param);
        write_protocol(data, pin);
        core_transmit(core, INS_CHANGE_PIN, take_changed);
}

static void begin_change(struct core *core)
{
        const struct core_pin_request *pin = &core->pin;
        /* [6.5.5.5 5.1] a parameter of another size cannot verify: PIN_AUTH_INVALID */
        /* [6.5.5.6 5.1] a parameter of another size is another one: PIN_AUTH_INVALID */
        enum ctap_status refusal = core_check_param(true, pin->protocol, pin->param);
        /* [6.5.5.6 7] what does not decrypt to 16 bytes is refused before it can cost a try */
        if (refusal == CTAP2_OK && pin->subcommand != SUBCOMMAND_SET_PIN &&
                pin->hash.size != encrypted_size(pin, PIN_HASH_SIZE))
                refusal = CTAP1_ERR_INVALID_PARAMETER;
        if (refusal != CTAP2_OK)
                core_answer(core, refusal);
        else
                core_wind_down(core, (slice){ 0 }, change_pin); /* an enrolment ends with its token */
}

/* ---- tokens by PIN, 6.5.5.7.1 and 6.5.5.7.2 ---- */

/* A pinUvAuthToken came: `present` when the user was there for it. The persistent one has no time. */
static void keep_time(struct core *core, bool present)
{
        if (core->pin.permissions != PERMISSION_PCMR)
                core_token_begins(core, present);
}

static void send_token(struct core *core, slice data)
{
        slice token;
        size_t size = encrypted_size(&core->pin, TOKEN_SIZE);
        if (failed(tlv_find_fixed(data, 0x80, "pinUvAuthToken", size, &token, NULL))) {
                core_answer(core, CTAP1_ERR_OTHER);
                return;
        }
        writer w = core_body(core);
        cbor_write_map(&w, 1);
        cbor_write_uint(&w, 2);
        cbor_write_bytes(&w, token);
        core_send(core, &w);
}

static enum ctap_status pin_token_status(const struct core_pin_request *pin, uint16_t sw)
{
        /* [6.5.5.7.1 11] a change is forced: PIN_INVALID */
        /* [6.5.5.7.2 11] a change is forced: PIN_POLICY_VIOLATION */
        if (sw == SW_PIN_CHANGE_FIRST)
                return pin->subcommand == SUBCOMMAND_PIN_TOKEN ? CTAP2_ERR_PIN_INVALID
                                                               : CTAP2_ERR_PIN_POLICY_VIOLATION;
        return ctap_status_of_sw(INS_GET_PIN_TOKEN, sw);
}

static void take_token(struct core *core, slice data, uint16_t sw)
{
        if (sw != SW_OK) {
                core_answer(core, pin_token_status(&core->pin, sw));
                return;
        }
        /* [6.5.5.7.1 13] a PIN is no presence: userIsPresent is false */
        /* [6.5.5.7.2 14] nor is it one for a token with permissions: userIsPresent is false */
        keep_time(core, false);
        send_token(core, data);
}

/* One command of the element, which answers where it ended.
 * [6.5.5.7.1 5] no tries left: PIN_BLOCKED
 * [6.5.5.7.1 6] the shared secret; a point off the curve: INVALID_PARAMETER
 * [6.5.5.7.1 8] the try is written down before the comparison
 * [6.5.5.7.1 9.1] another PIN than the one that is kept
 * [6.5.5.7.1 9.1.1] a new key agreement key
 * [6.5.5.7.1 9.1.2] PIN_BLOCKED, PIN_AUTH_BLOCKED at the third in a row, else PIN_INVALID
 * [6.5.5.7.1 10] tries are full
 * [6.5.5.7.1 12] the former token has ended
 * [6.5.5.7.1 14] the default permissions
 * [6.5.5.7.1 15] the token, encrypted
 * [6.5.5.7.2 5] no tries left: PIN_BLOCKED
 * [6.5.5.7.2 6] the shared secret; a point off the curve: INVALID_PARAMETER
 * [6.5.5.7.2 8] the try is written down before the comparison
 * [6.5.5.7.2 9.1] another PIN than the one that is kept
 * [6.5.5.7.2 9.1.1] a new key agreement key
 * [6.5.5.7.2 9.1.2] PIN_BLOCKED, PIN_AUTH_BLOCKED at the third in a row, else PIN_INVALID
 * [6.5.5.7.2 10] tries are full
 * [6.5.5.7.2 12] pcmr: the persistent token in the place of the other
 * [6.5.5.7.2 13] the former token has ended
 * [6.5.5.7.2 16] the RP ID stays with the token
 * [6.5.5.7.2 17] the token, encrypted */
static void ask_token(struct core *core)
{
        const struct core_pin_request *pin = &core->pin;
        writer *data = core_data(core);
        write_point(data, pin);
        tlv_write(data, 0x82, pin->hash);
        if (pin->given & PIN_PERMISSIONS)
                tlv_write_u8(data, 0x83, (uint8_t)pin->permissions);
        if (pin->rp_id.size)
                tlv_write(data, 0x84, pin->rp_id);
        write_protocol(data, pin);
        core_transmit(core, INS_GET_PIN_TOKEN, take_token);
}

static void begin_token(struct core *core)
{
        /* [6.5.5.7.1 9] what does not decrypt to 16 bytes is refused before it can cost a try */
        /* [6.5.5.7.2 9] what has another size is no hash: no try is lost */
        if (core->pin.hash.size != encrypted_size(&core->pin, PIN_HASH_SIZE))
                core_answer(core, CTAP1_ERR_INVALID_PARAMETER);
        else
                core_wind_down(core, (slice){ 0 }, ask_token); /* a new token ends the old one's enrolment */
}

static void get_pin_token(struct core *core)
{
        /* [6.5.5.7.1 3] with permissions: INVALID_PARAMETER */
        /* [6.5.5.7.1 4] with an RP ID: INVALID_PARAMETER */
        if (core->pin.given & (PIN_PERMISSIONS | PIN_RP_ID))
                core_answer(core, CTAP1_ERR_INVALID_PARAMETER);
        else
                begin_token(core);
}

/* ---- permissions ---- */

/* [6.5.5.7.2 4] a permission for what is not there, or pcmr together with another: UNAUTHORIZED_PERMISSION.
 * [6.5.5.7.3 4] by finger none for enrolment and configuration: there is no uvBioEnroll and no uvAcfg. */
static enum ctap_status check_permissions(const struct core *core)
{
        const struct core_pin_request *pin = &core->pin;
        uint64_t refused = core->config.blobs ? 0 : PERMISSION_LBW;
        if (pin->subcommand == SUBCOMMAND_UV_TOKEN)
                refused |= PERMISSION_BE | PERMISSION_ACFG;
        else if (!core->state.paired)
                refused |= PERMISSION_BE;
        bool mixed = pin->permissions & PERMISSION_PCMR && pin->permissions != PERMISSION_PCMR;
        return pin->permissions & refused || mixed ? CTAP2_ERR_UNAUTHORIZED_PERMISSION : CTAP2_OK;
}

/* [6.5.5.7.2 3] permissions 0: INVALID_PARAMETER
 * [6.5.5.7.3 3] permissions 0 by finger: INVALID_PARAMETER
 * [6.5.5.7.2 15] bits without a meaning are ignored: where no others are, nothing is asked for either
 * [6.5.5.7.3 14] bits without a meaning are ignored by finger, too */
static bool takes_permissions(struct core *core)
{
        struct core_pin_request *pin = &core->pin;
        pin->permissions &= PERMISSIONS_DEFINED;
        if (pin->permissions == PERMISSION_PCMR)
                pin->rp_id = (slice){ 0 }; /* the persistent token is for no relying party */
        return pin->permissions != 0;
}

static void pin_token_with_state(struct core *core)
{
        enum ctap_status refusal = check_permissions(core);
        if (refusal != CTAP2_OK)
                core_answer(core, refusal);
        else
                begin_token(core);
}

static void get_pin_token_with_permissions(struct core *core)
{
        if (takes_permissions(core))
                core_fetch_state(core, pin_token_with_state);
        else
                core_answer(core, CTAP1_ERR_INVALID_PARAMETER);
}

/* ---- a token by finger, 6.5.5.7.3 ---- */

static void take_uv_token(struct core *core, slice data, uint16_t sw)
{
        core->begun = false;
        if (sw != SW_OK) {
                core_answer(core, ctap_status_of_sw(INS_GET_UV_TOKEN, sw));
                return;
        }
        keep_time(core, true); /* [6.5.5.7.3 13] a finger on the sensor is evidence of user interaction */
        send_token(core, data);
}

/* One command of the element, which answers where it ended.
 * [6.5.5.7.3 11] pcmr: the persistent token in the place of the other
 * [6.5.5.7.3 12] the former token has ended
 * [6.5.5.7.3 15] the RP ID stays with the token
 * [6.5.5.7.3 16] the token, encrypted */
static void ask_uv_token(struct core *core, const struct mitome_gate_event *event)
{
        const struct core_pin_request *pin = &core->pin;
        if (!event->has_evidence) {
                core_close(core, CTAP1_ERR_OTHER);
                return;
        }
        writer *data = core_data(core);
        write_point(data, pin);
        tlv_write(data, 0x82, SLICE(event->evidence));
        write_protocol(data, pin);
        core_transmit(core, INS_GET_UV_TOKEN, take_uv_token);
}

/* [6.5.5.7.3 10.2] no tries left: UV_BLOCKED
 * [6.5.5.7.3 10.3] else UV_INVALID */
static void tell_mismatch(struct core *core)
{
        core_tell_mismatch(core);
        core_answer(core, uv_retries(&core->state) == 0 ? CTAP2_ERR_UV_BLOCKED : CTAP2_ERR_UV_INVALID);
}

static void count_mismatch(struct core *core)
{
        core_fetch_state(core, tell_mismatch);
}

/* [6.5.5.7.3 5] no finger is enrolled: nothing is configured. Until the PIN is entered again the finger is
 * as closed as when its tries are over. */
static enum ctap_status refusal_of(const struct mitome_gate_event *event)
{
        if (event->code == MITOME_E_GATE_NO_FINGER)
                return CTAP2_ERR_NOT_ALLOWED;
        return core_is_pin_due(event) ? CTAP2_ERR_UV_BLOCKED : CTAP1_ERR_OTHER;
}

static void take_capture(struct core *core, const struct mitome_gate_event *event)
{
        switch (event->kind) {
        case MITOME_GATE_EVIDENCE:
                ask_uv_token(core, event);
                break;
        case MITOME_GATE_NO_MATCH:
                core_wind_down(core, (slice){ 0 }, count_mismatch);
                break;
        case MITOME_GATE_ABSENT:
        case MITOME_GATE_DISMISSED:
                /* [6.5.5.7.3 10.1] nothing was presented: USER_ACTION_TIMEOUT, and no try is lost.
                 * [6.5.5.7.3 8] the user would not: OPERATION_DENIED */
                core_close_with(core, core_status_of_absence(event),
                        event->has_evidence ? SLICE(event->evidence) : (slice){ 0 });
                break;
        case MITOME_GATE_REFUSED:
                /* Nothing was compared: no try is lost. */
                core_close_with(
                        core, refusal_of(event), event->has_evidence ? SLICE(event->evidence) : (slice){ 0 });
                break;
        case MITOME_GATE_NOTHING:
        case MITOME_GATE_AWAITS:
        case MITOME_GATE_SAMPLE:
        case MITOME_GATE_RETRY:
                core_poll_gate(core, take_capture);
                break;
        case MITOME_GATE_BROKEN:
        default:
                core_close(core, CTAP1_ERR_OTHER);
                break;
        }
}

/* [6.5.5.7.3 6] preferredPlatformUvAttempts is more than 1: internalRetry is false, each request is one
 * attempt [6.5.5.7.3 9] performBuiltInUv: one capture; the platform asks again, as
 * preferredPlatformUvAttempts says. What the matcher signs has the permissions where a clientDataHash would
 * be. */
static void take_begun(struct core *core, slice data, uint16_t sw)
{
        if (sw != SW_OK) {
                core_answer(core, ctap_status_of_sw(INS_BEGIN, sw));
                return;
        }
        core->begun = true;
        if (failed(core_keep_challenge(core, data))) {
                core_close(core, CTAP1_ERR_OTHER);
                return;
        }
        uint8_t stands_for[SHA256_SIZE] = { 0 };
        stands_for[sizeof stands_for - 1] = (uint8_t)core->pin.permissions;
        if (failed(slice_copy(
                    SLICE(stands_for), "permissions", core->permissions, sizeof core->permissions, NULL))) {
                core_close(core, CTAP1_ERR_OTHER);
                return;
        }
        struct mitome_gate_request request = {
                .purpose = MITOME_GATE_VERIFY,
                .command = COMMAND_CLIENT_PIN,
                .rp_id = core->pin.rp_id,
                .client_data_hash = SLICE(core->permissions),
                .challenge = SLICE(core->challenge),
                .entry = core_entry(core),
                .timeout_ms = CORE_UV_TIMEOUT_MS,
        };
        core_start_gate(core, &request, take_capture);
}

static void announce(struct core *core)
{
        const struct core_pin_request *pin = &core->pin;
        writer *data = core_data(core);
        tlv_write_u8(data, 0x80, COMMAND_CLIENT_PIN);
        tlv_write_u8(data, 0x83, BEGIN_BUILT_IN_UV);
        tlv_write_u8(data, 0x86, (uint8_t)pin->permissions);
        if (pin->rp_id.size)
                tlv_write(data, 0x87, pin->rp_id);
        core_transmit(core, INS_BEGIN, take_begun);
}

/* [6.5.5.7.3 1] a token by finger names its relying party where one is needed: the user is shown it. */
static bool lacks_rp_id(const struct core_pin_request *pin)
{
        return pin->permissions & (PERMISSION_MC | PERMISSION_GA) && !pin->rp_id.size;
}

static enum ctap_status check_uv(const struct core *core)
{
        const struct core_state *state = &core->state;
        if (state->paired && lacks_rp_id(&core->pin))
                return CTAP2_ERR_MISSING_PARAMETER;
        if (!state->paired)
                return CTAP2_ERR_INVALID_SUBCOMMAND;
        enum ctap_status refusal = check_permissions(core); /* 4 */
        if (refusal != CTAP2_OK)
                return refusal;
        /* [6.5.5.7.3 7] no tries left: UV_BLOCKED */
        if (uv_retries(state) == 0)
                return CTAP2_ERR_UV_BLOCKED;
        /* A set of fingers that was changed opens nothing until the PIN, as if its tries were over. */
        if (state->enrolled && !state->finger_open)
                return CTAP2_ERR_UV_BLOCKED;
        /* [6.5.5.7.3 5] supported and not configured: NOT_ALLOWED */
        return state->finger_open ? CTAP2_OK : CTAP2_ERR_NOT_ALLOWED;
}

static void uv_token_with_state(struct core *core)
{
        enum ctap_status refusal = check_uv(core);
        if (refusal != CTAP2_OK)
                core_answer(core, refusal);
        else
                core_wind_down(core, (slice){ 0 }, announce);
}

static void get_uv_token(struct core *core)
{
        if (takes_permissions(core))
                core_fetch_state(core, uv_token_with_state);
        else
                core_answer(core, CTAP1_ERR_INVALID_PARAMETER);
}

/* ---- which subcommand ---- */

enum {
        FOR_SET = PIN_PROTOCOL | PIN_KEY_AGREEMENT | PIN_NEW | PIN_PARAM,
        FOR_TOKEN = PIN_PROTOCOL | PIN_KEY_AGREEMENT | PIN_HASH,
        FOR_UV_TOKEN = PIN_PROTOCOL | PIN_KEY_AGREEMENT | PIN_PERMISSIONS,
};

static const struct {
        uint64_t number;
        unsigned mandatory;
        core_next *begin;
} subcommands[] = {
        { 0x01, 0, get_retries },
        { 0x02, PIN_PROTOCOL, get_key_agreement },
        { SUBCOMMAND_SET_PIN, FOR_SET, begin_change },
        { 0x04, FOR_SET | PIN_HASH, begin_change },
        { SUBCOMMAND_PIN_TOKEN, FOR_TOKEN, get_pin_token },
        { SUBCOMMAND_UV_TOKEN, FOR_UV_TOKEN, get_uv_token },
        { 0x07, 0, get_uv_retries },
        { 0x09, FOR_TOKEN | PIN_PERMISSIONS, get_pin_token_with_permissions },
};

/* For all subcommands alike:
 * [6.5.5.4 3] a mandatory parameter is not there: MISSING_PARAMETER
 * [6.5.5.5 1] setPIN lacks one: MISSING_PARAMETER
 * [6.5.5.6 1] changePIN lacks one: MISSING_PARAMETER
 * [6.5.5.7.1 1] getPinToken lacks one: MISSING_PARAMETER
 * [6.5.5.7.2 1] a token by PIN with permissions lacks one: MISSING_PARAMETER
 * [6.5.5.7.3 1] a token by finger lacks one: MISSING_PARAMETER
 * [6.5.5.4 4] a protocol that is not supported: INVALID_PARAMETER
 * [6.5.5.5 2] setPIN by another protocol: INVALID_PARAMETER
 * [6.5.5.6 2] changePIN by another protocol: INVALID_PARAMETER
 * [6.5.5.7.1 2] getPinToken by another protocol: INVALID_PARAMETER
 * [6.5.5.7.2 2] a token by PIN with permissions, by another protocol: INVALID_PARAMETER
 * [6.5.5.7.3 2] a token by finger, by another protocol: INVALID_PARAMETER */
static enum ctap_status check_parameters(const struct core_pin_request *pin, unsigned mandatory)
{
        if ((pin->given & mandatory) != mandatory)
                return CTAP2_ERR_MISSING_PARAMETER;
        if (mandatory & PIN_PROTOCOL && !core_knows_protocol(pin->protocol))
                return CTAP1_ERR_INVALID_PARAMETER;
        return CTAP2_OK;
}

static void begin_pin_subcommand(struct core *core)
{
        for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands; i++) {
                if (subcommands[i].number != core->pin.subcommand)
                        continue;
                enum ctap_status refusal = check_parameters(&core->pin, subcommands[i].mandatory);
                if (refusal != CTAP2_OK)
                        core_answer(core, refusal);
                else
                        subcommands[i].begin(core);
                return;
        }
        core_answer(core, CTAP2_ERR_INVALID_SUBCOMMAND);
}

void core_client_pin(struct core *core)
{
        mitome_status status = read_request(core, &core->pin);
        if (failed(status))
                core_answer(core, ctap_status_of_code(status.code));
        else
                begin_pin_subcommand(core);
}
