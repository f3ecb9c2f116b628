/* SPDX-License-Identifier: Apache-2.0 */
#include "core_model.h"
#include "digest.h"
#include "tlv.h"

#include <stdio.h>
#include <stdlib.h>

#define MUST(condition)                                                                 \
        do {                                                                            \
                if (!(condition)) {                                                     \
                        fprintf(stderr, "core_model.c:%d: %s\n", __LINE__, #condition); \
                        abort();                                                        \
                }                                                                       \
        } while (0)

enum { GET_STATE = 0x10, KEY_AGREEMENT = 0x12, GET_PIN_TOKEN = 0x14, GET_UV_TOKEN = 0x16, RESET = 0x18 };
enum { FORGET_TOKEN = 0x1A, CHANGE_PIN = 0x1C, CONFIGURE = 0x1E, BEGIN = 0x20, MAKE = 0x24, GET = 0x26 };
enum { NEXT = 0x22, AUTHORISE = 0x28, CONFIRM = 0x2A, CHECK = 0x2C, ABANDON = 0x2E, MANAGE = 0x46 };
enum { GET_RECEIPT = 0x40, ACKNOWLEDGE_RECEIPT = 0x42, GET_STATEMENT = 0x44 };
enum { SIGN_DOCUMENT = 0x56, READ_CERTIFICATE = 0x58 };
enum { U2F_REGISTER = 0x52, U2F_AUTHENTICATE = 0x54 };

/* A token begins, is used, or ends. */
static void note_token(struct core_model *model, uint16_t sw)
{
        uint8_t ins = model->pending_ins;
        if (sw != SW_OK)
                return;
        if ((ins == GET_PIN_TOKEN || ins == GET_UV_TOKEN) && !model->persistent) {
                model->token = true;
                model->token_used = false;
                model->token_present = ins == GET_UV_TOKEN;
                model->token_ms = model->now_ms;
                model->token_first_ms = model->nfc ? 19800 : 30000;
        }
        model->token_used |= model->pending_param;
        if ((ins == MAKE || ins == GET) && model->with_pin)
                model->token_present = false;
        if (ins == FORGET_TOKEN || ins == RESET || ins == CHANGE_PIN)
                model->token = false;
}

/* CTAP 2.1, 6.5.2.1: 30 s until its first use (19.8 over NFC), 10 minutes in all; measured when the request
 * comes. */
static bool token_is_old(const struct core_model *model)
{
        uint64_t age = model->request_ms - model->token_ms;
        return model->token && (age > 600000 || (age > model->token_first_ms && !model->token_used));
}

/* What the core is told of who has to be verified. A broken answer ends the request. */
static void note_state(struct core_model *model, slice data)
{
        slice flags, more;
        if (failed(tlv_find_fixed(data, 0x81, "flags", 1, &flags, NULL)) ||
                failed(tlv_find_optional(data, 0x86, "flags", &more, NULL)))
                return;
        uint8_t second = more.size == 1 ? more.data[0] : 0;
        model->has_pin = flags.data[0] & 0x02;
        model->finger_open = flags.data[0] & 0x08;
        model->always_uv = second & 0x01;
        model->enrolled = second & 0x08;
}

static void note_entry(struct core_model *model, slice data)
{
        slice entry;
        model->has_entry = !failed(tlv_find_fixed(data, 0x81, "entry", sizeof model->entry, &entry, NULL)) &&
                           !failed(slice_copy(entry, "entry", model->entry, sizeof model->entry, NULL));
}

static void answered(struct core_model *model, slice data, uint16_t sw)
{
        uint8_t ins = model->pending_ins;
        if (ins == GET_STATE && sw == SW_OK)
                note_state(model, data);
        if (ins == BEGIN) {
                note_entry(model, data);
                model->begun = sw == SW_OK;
                model->command = model->pending_command;
                model->built_in = model->pending_built_in;
                model->with_pin = model->pending_with_pin;
                model->touched = model->evidence = model->refused = model->captured = false;
        }
        bool open_still = ins == MAKE && model->refused; /* the element has made nothing, and says why */
        if (!open_still && (ins == MAKE || ins == GET || ins == CONFIRM || ins == GET_UV_TOKEN))
                model->begun = false;
        note_token(model, sw);
        if ((ins == GET || ins == NEXT) && sw == SW_OK) {
                model->chain = true;
                model->chain_ms = model->now_ms;
                model->chain_client = model->client;
        }
        model->erased |= ins == RESET && sw == SW_OK;
        if (ins == MANAGE && sw == SW_OK && model->pending_listing) {
                model->listing = true;
                model->listing_ms = model->now_ms;
                model->listing_client = model->client;
        }
        model->may_manage |= ins == AUTHORISE && sw == SW_OK && model->pending_fingers;
        model->may_write |= ins == AUTHORISE && sw == SW_OK && model->pending_writes;
        model->made += ins == MAKE && sw == SW_OK && !open_still;
        model->got += ins == GET && sw == SW_OK;
        model->confirmed += ins == CONFIRM && sw == SW_OK;
}

void core_model_event(struct core_model *model, const struct core_event *event)
{
        model->now_ms = event->now_ms;
        if (event->kind == CORE_RESPONSE && model->pending_ins && event->bytes.size >= 2) {
                const uint8_t *end = event->bytes.data + event->bytes.size;
                answered(model, slice_of(event->bytes.data, event->bytes.size - 2),
                        (uint16_t)(end[-2] << 8 | end[-1]));
        } else if (model->pending_ins && (event->kind == CORE_RESPONSE || event->kind == CORE_LINK_BROKEN)) {
                model->begun = false; /* nobody knows: the core must not go on with it */
        }
        if (event->kind == CORE_GATE && event->gate) {
                if (MITOME_GATE_IS_FINAL(event->gate->kind))
                        model->gate_runs = false;
                model->evidence |= event->gate->kind == MITOME_GATE_EVIDENCE;
        }
        if (event->kind == CORE_REQUEST || event->kind == CORE_U2F) {
                model->u2f = event->kind == CORE_U2F;
                model->client = (uint64_t)event->caller << 32 | event->channel;
                model->contactless = event->contactless;
                model->app = event->caller == CORE_CALLER_APP;
                model->nfc = event->caller == CORE_CALLER_NFC;
                model->pressed = model->may_manage = model->may_write = model->erased = false;
                model->request_ms = event->now_ms;
                model->asked = event->bytes.size > 0 && !model->u2f ? event->bytes.data[0] : 0;
                model->captures = 0;
                model->made_before = model->made;
                model->got_before = model->got;
                model->listing &= !model->u2f && event->bytes.size > 0 &&
                                  (event->bytes.data[0] == 0x0A || event->bytes.data[0] == 0x41);
                model->chain &= !model->u2f && event->bytes.size == 1 && event->bytes.data[0] == 0x08;
        }
        if (event->kind == CORE_POWER_ON) {
                model->begun = model->token = model->chain = model->listing = false;
                model->power_on_ms = event->now_ms;
        }
        model->pressed |= event->kind == CORE_TOUCHED && model->touch_awaited;
        model->touched |= event->kind == CORE_TOUCHED && model->touch_awaited;
        model->refused |= (event->kind == CORE_NOT_TOUCHED || event->kind == CORE_TOUCH_TIMEOUT) &&
                          model->touch_awaited;
        model->pending_ins = 0;
        model->touch_awaited = false;
}

static bool has_tag(slice data, uint32_t tag)
{
        slice value;
        MUST(!failed(tlv_find_optional(data, tag, "tag", &value, NULL)));
        return value.data != NULL;
}

static uint8_t value_u8(slice data, uint32_t tag)
{
        slice value;
        MUST(!failed(tlv_find_fixed(data, tag, "tag", 1, &value, NULL)));
        return value.data[0];
}

/* With alwaysUv nobody logs in or registers unverified, but for who only looks; and where there is a PIN or a
 * finger nobody registers so: makeCredUvNotRqd is not offered. */
static void check_verification(const struct core_model *model, uint8_t command, bool present)
{
        bool verifies = model->pending_built_in || model->pending_with_pin;
        bool registers = command == 0x01;
        MUST(verifies || !model->always_uv || !(registers || present));
        MUST(verifies || !registers || !(model->has_pin || model->finger_open));
}

static void check_begin(struct core_model *model, slice data)
{
        slice value;
        uint8_t command = value_u8(data, 0x80);
        model->pending_command = command;
        model->pending_built_in = value_u8(data, 0x83) & 0x02;
        model->pending_with_pin = has_tag(data, 0x84);
        MUST(!model->gate_runs); /* one finger at a time */
        MUST(command == 0x01 || command == 0x02 || command == 0x06 || command == 0x09);
        MUST(!(model->pending_built_in && model->pending_with_pin));
        if (command == 0x06) {
                uint8_t permissions = value_u8(data, 0x86);
                MUST(value_u8(data, 0x83) == 0x02 && permissions && !(permissions & 0xA8));
                model->persistent = permissions == 0x40;
                MUST(model->persistent || !(permissions & 0x40));
                return;
        }
        if (command == 0x09) {
                MUST(model->pending_with_pin && has_tag(data, 0x85));
                return;
        }
        MUST(!failed(tlv_find_fixed(data, 0x81, "rpIdHash", 32, &value, NULL)));
        MUST(!failed(tlv_find_fixed(data, 0x82, "clientDataHash", 32, &value, NULL)));
        check_verification(model, command, value_u8(data, 0x83) & 0x01);
}

/* The user has touched, or was there for the token, not long ago, and that was not counted before. */
static bool is_there(const struct core_model *model)
{
        bool by_token = model->with_pin && model->token_present &&
                        model->now_ms - model->token_ms <= model->token_first_ms;
        return model->touched || by_token;
}

/* UP and UV are claimed only of users who did something. */
static void check_operation(const struct core_model *model, slice data, uint8_t command)
{
        MUST(model->begun && model->command == command);
        /* the token is there exactly when BEGIN asked for it, and the gate gave one since */
        bool token = false, claimed = false, ids = false;
        reader r = reader_over(data, NULL, NULL);
        while (r.rest.size) {
                struct tlv item;
                MUST(!failed(tlv_read(&r, "data", &item)));
                token |= item.tag == 0x80;
                MUST(item.tag != 0x87 || item.value.size == 32);
                ids |= item.tag == 0x87;
                claimed |= item.tag == 0x85 && item.value.data[0] & 0x02;
        }
        MUST(!claimed || is_there(model));
        MUST(token == model->built_in);
        MUST(!token || model->evidence);
        /* no registration without a person: who refused is only told of a credential that is here */
        MUST(command != 0x01 || token || claimed || (model->refused && ids));
}

/* Changes and first of a list with a pinUvAuthParam, the next of a list without. */
static void check_management(struct core_model *model, slice data)
{
        slice message;
        MUST(!failed(tlv_find(data, 0x85, "message", &message, NULL)) && message.size > 0);
        uint8_t subcommand = message.data[0];
        MUST(subcommand >= 1 && subcommand <= 7);
        MUST(has_tag(data, 0x84) == (subcommand != 3 && subcommand != 5));
        bool next = subcommand == 3 || subcommand == 5;
        MUST(!next || (model->listing && model->listing_client == model->client &&
                              model->request_ms - model->listing_ms <= 30000));
        model->pending_listing = subcommand >= 2 && subcommand <= 5;
}

static void check_u2f(const struct core_model *model, slice data, bool registers)
{
        slice value;
        uint8_t options = value_u8(data, 0x85);
        MUST(model->u2f && !model->begun && !model->gate_runs);
        MUST(!model->always_uv); /* U2F verifies nobody */
        MUST(!failed(tlv_find_fixed(data, 0x80, "challenge", 32, &value, NULL)));
        MUST(!failed(tlv_find_fixed(data, 0x81, "application", 32, &value, NULL)));
        MUST(has_tag(data, 0x82) == !registers);
        MUST(!(options & 0x02) || model->pressed);
        MUST(!registers || options == 0x02);
}

static void check_pin_token(struct core_model *model, slice data)
{
        MUST(!model->gate_runs && !model->begun);
        uint8_t permissions = has_tag(data, 0x83) ? value_u8(data, 0x83) : 0;
        model->persistent = permissions == 0x40;
        MUST(!has_tag(data, 0x83) || (permissions && !(permissions & 0x80)));
        MUST(model->persistent || !(permissions & 0x40));
}

/* Everything is erased: only at the beginning, by somebody who is there. */
static void check_reset(const struct core_model *model, slice data)
{
        MUST(!model->gate_runs && !model->begun);
        MUST(model->pressed && value_u8(data, 0x85) == 0x02);
        MUST(!model->contactless && model->request_ms - model->power_on_ms <= 10000);
}

/* What a token authorises: never with one that is too old. */
static bool check_param(const struct core_model *model, uint8_t ins, slice data)
{
        slice param;
        bool elsewhere = ins == GET_PIN_TOKEN || ins == CHANGE_PIN || ins == MAKE || ins == SIGN_DOCUMENT ||
                         ins == READ_CERTIFICATE;
        MUST(!failed(tlv_find_optional(data, 0x84, "param", &param, NULL)));
        if (elsewhere || !param.data)
                return false;
        MUST(param.size == 16 || param.size == 32);
        MUST(!token_is_old(model));
        return true;
}

/* A list of fingers, or another name, after the element has said that this host may. */
static void check_authorise(struct core_model *model, slice data)
{
        slice message;
        MUST(model->pending_param && !failed(tlv_find(data, 0x85, "message", &message, NULL)));
        model->pending_fingers = value_u8(data, 0x83) == 0x08;
        model->pending_writes = value_u8(data, 0x83) == 0x10;
        if (model->pending_fingers)
                MUST(message.size >= 2 && message.data[0] == 0x01 &&
                        (message.data[1] == 0x04 || message.data[1] == 0x05));
}

static void check_apdu(struct core_model *model, slice apdu)
{
        struct apdu_command command;
        MUST(!failed(apdu_read_command(apdu, &command, NULL)));
        MUST(command.cla == 0x80 && command.p2 == 0);
        MUST(command.p1 == 0 || (command.p1 == 1 && command.ins == GET_STATE));
        model->pending_ins = command.ins;
        model->pending_param = check_param(model, command.ins, command.data);
        switch (command.ins) {
        case GET_STATE:
        case KEY_AGREEMENT:
                MUST(command.data.size == 0);
                break;
        case FORGET_TOKEN:
                MUST(command.data.size == 0 && token_is_old(model) && !model->gate_runs && !model->begun);
                break;
        case GET_PIN_TOKEN:
                check_pin_token(model, command.data);
                break;
        case GET_UV_TOKEN:
                MUST(model->begun && model->command == 0x06 && model->evidence);
                break;
        case CONFIGURE:
                MUST(model->pending_param || (!model->has_pin && !model->enrolled));
                MUST(!model->gate_runs && !model->begun);
                break;
        case CHANGE_PIN:
                MUST(!model->gate_runs && !model->begun);
                break;
        case RESET:
                check_reset(model, command.data);
                break;
        case BEGIN:
                check_begin(model, command.data);
                break;
        case MAKE:
                check_operation(model, command.data, 0x01);
                break;
        case GET:
                check_operation(model, command.data, 0x02);
                break;
        case AUTHORISE:
                check_authorise(model, command.data);
                break;
        case MANAGE:
                check_management(model, command.data);
                break;
        case U2F_REGISTER:
        case U2F_AUTHENTICATE:
                check_u2f(model, command.data, command.ins == U2F_REGISTER);
                break;
        case SIGN_DOCUMENT:
        case READ_CERTIFICATE:
        case ACKNOWLEDGE_RECEIPT:
                MUST(model->app && !model->begun && !model->gate_runs);
                break;
        case GET_RECEIPT:
        case GET_STATEMENT:
                MUST(model->app && !model->begun && !model->gate_runs);
                MUST(model->pressed && value_u8(command.data, 0x85) == 0x02);
                break;
        case CONFIRM:
                MUST(model->begun && model->command == 0x09 && model->evidence &&
                        has_tag(command.data, 0x80));
                break;
        case CHECK:
                MUST(model->begun && model->command == 0x09 && model->gate_runs);
                break;
        case ABANDON:
                MUST(model->begun && !model->gate_runs);
                model->begun = false; /* whatever is answered */
                break;
        case NEXT:
                MUST(model->chain && model->request_ms - model->chain_ms <= 30000);
                MUST(model->chain_client == model->client);
                break;
        default:
                MUST(command.ins == GET_STATE); /* a command that PROTOCOL.md does not have */
        }
}

/* Each capture has a BEGIN, and so a try, of its own; and a platform's request has three at most, for a token
 * one. */
static void check_capture(struct core_model *model)
{
        MUST(!model->captured);
        model->captured = true;
        MUST(++model->captures <= (model->command == 0x06 ? 1 : 3));
}

/* Of this challenge and of no other, and only where a finger is read. */
static void check_entry(const struct core_model *model, const struct mitome_gate_request *request)
{
        bool reads = request->purpose == MITOME_GATE_VERIFY || request->purpose == MITOME_GATE_ENROL;
        slice wanted = reads && model->has_entry ? SLICE(model->entry) : (slice){ 0 };
        MUST(slice_equal(request->entry, wanted));
}

static void check_gate_request(struct core_model *model, const struct mitome_gate_request *request)
{
        MUST(!model->gate_runs);
        check_entry(model, request);
        if (request->purpose == MITOME_GATE_FORGET) {
                MUST(model->erased && !model->begun); /* nothing else makes fingers go */
                return;
        }
        if (request->purpose == MITOME_GATE_LIST || request->purpose == MITOME_GATE_RENAME) {
                MUST(model->may_manage && !model->begun);
                MUST(request->name.size <= MITOME_GATE_NAME_MAX);
                return;
        }
        MUST(model->begun && request->challenge.size == 32);
        MUST(request->command == model->command);
        if (request->purpose == MITOME_GATE_ENROL)
                MUST(request->finger_id.size == MITOME_GATE_FINGER_ID_SIZE);
        if (request->purpose == MITOME_GATE_ENROL || request->purpose == MITOME_GATE_REMOVE) {
                MUST(model->command == 0x09 && request->rp_id.size == 0);
        } else {
                MUST(request->purpose == MITOME_GATE_VERIFY && model->built_in);
                MUST(request->rp_id.size > 0 || model->command == 0x06); /* a token may be for none */
                MUST(request->client_data_hash.size == 32);
                check_capture(model);
        }
}

/* Nothing is saved that does not end with the beginning of its hash. */
static void check_blobs(const struct core_model *model, slice array)
{
        uint8_t hash[SHA256_SIZE];
        MUST(array.size > 16 && array.size <= 8192);
        slice content = slice_of(array.data, array.size - 16);
        sha256(&content, 1, hash);
        MUST(slice_equal(slice_of(array.data + content.size, 16), slice_of(hash, 16)));
        bool guarded = model->has_pin || model->enrolled || model->always_uv;
        MUST(model->erased || model->may_write || !guarded);
}

static void check_touch(const struct core_touch *touch)
{
        bool of_relying_party = touch->why == CORE_PROMPT_REGISTER || touch->why == CORE_PROMPT_LOGIN;
        MUST(touch->why >= CORE_PROMPT_REGISTER && touch->why <= CORE_PROMPT_VENDOR);
        MUST(touch->timeout_ms > 0);
        MUST(!of_relying_party || touch->rp_id.size > 0);
}

/* Nothing is told as done that the element has not done for this request. */
static void check_success(const struct core_model *model)
{
        MUST(model->asked != 0x01 || model->made > model->made_before);
        MUST(model->asked != 0x02 || model->got > model->got_before);
        MUST(model->asked != 0x07 || model->erased);
        MUST(model->asked != 0x0B || model->pressed);
}

void core_model_action(struct core_model *model, const struct core_action *action)
{
        MUST((unsigned)action->guidance.state < MITOME_GUIDANCE_COUNT);
        switch (action->kind) {
        case CORE_REPLY:
                MUST(action->bytes.size >= 1);
                if (model->u2f)
                        MUST(action->bytes.size >= 2);
                else
                        MUST(action->bytes.data[0] == 0 || action->bytes.size == 1);
                if (!model->u2f && action->bytes.data[0] == 0)
                        check_success(model);
                /* Between requests only an enrolment is open, and then its gate runs. */
                MUST(model->begun == model->gate_runs);
                MUST(!model->begun || model->command == 0x09);
                break;
        case CORE_TRANSMIT:
                check_apdu(model, action->bytes);
                break;
        case CORE_GATE_START:
                check_gate_request(model, &action->request);
                model->gate_runs = true;
                break;
        case CORE_GATE_POLL:
        case CORE_GATE_CANCEL:
                MUST(model->gate_runs);
                break;
        case CORE_TOUCH:
                check_touch(&action->touch);
                model->touch_awaited = true;
                break;
        case CORE_LOAD_BLOBS:
                break;
        case CORE_SAVE_BLOBS:
                check_blobs(model, action->bytes);
                break;
        default:
                MUST(action->kind == CORE_REPLY); /* no action of core.h */
        }
}
