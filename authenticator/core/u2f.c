/* SPDX-License-Identifier: Apache-2.0 */
#include "core_internal.h"

/* CTAP1: the three commands of U2F (FIDO U2F Raw Message Formats 1.2; CTAP 2.1, 10). The request is an
 * APDU, and so is the answer. */

enum {
        U2F_REGISTER = 0x01,
        U2F_AUTHENTICATE = 0x02,
        U2F_VERSION = 0x03,
        PARAMETERS_SIZE = 2 * SHA256_SIZE, /* challenge, application */
        KEY_HANDLE_MAX = 255,
};

enum control { CONTROL_SIGN = 0x03, CONTROL_CHECK = 0x07, CONTROL_SIGN_UNTOUCHED = 0x08 };

/* What the element is told, beside DO_PRESENT. */
enum { DO_UNTOUCHED = 0x01 };

/* ISO 7816-4 has two names for it. */
enum { COMMAND_NOT_ALLOWED = SW_NO_CURRENT_FILE };

/* A host asks again as long as it is answered 6985: it is not kept waiting, and a touch in between is seen.
 */
enum { TOUCH_MS = 750 };

static void refuse(struct core *core, uint16_t sw)
{
        core_send_apdu(core, (slice){ 0 }, sw);
}

/* ---- the request ---- */

/* Hosts of U2F write no data as Lc 0000, with or without Le behind it, which ISO 7816-4 does not have: 00 03
 * 00 00 | 00 00 00 | 00 00. */
static bool is_empty_extended(slice request)
{
        enum { HEAD = 4, WITH_LC = 7, WITH_LE = 9 };
        static const uint8_t none[] = { 0x00, 0x00, 0x00 };
        reader r = reader_over(request, NULL, NULL);
        slice head, lc;
        return (request.size == WITH_LC || request.size == WITH_LE) &&
               !failed(read_bytes(&r, "head", HEAD, &head)) &&
               !failed(read_bytes(&r, "Lc", sizeof none, &lc)) && slice_equal(lc, SLICE(none));
}

static bool read_command(slice request, struct apdu_command *ret)
{
        reader r = reader_over(request, NULL, NULL);
        if (!failed(apdu_read_command(request, ret, NULL)))
                return true;
        *ret = (struct apdu_command){ 0 };
        return is_empty_extended(request) && !failed(read_u8(&r, "CLA", &ret->cla)) &&
               !failed(read_u8(&r, "INS", &ret->ins)) && !failed(read_u8(&r, "P1", &ret->p1)) &&
               !failed(read_u8(&r, "P2", &ret->p2));
}

struct parameters {
        uint8_t ins, control;
        slice challenge, application, key_handle;
};

/* Register's P1 may be anything: hosts write 00, 03 and 83. */
static uint16_t read_parameters(const struct apdu_command *command, struct parameters *ret)
{
        struct parameters parameters = { .ins = command->ins, .control = command->p1 };
        uint8_t size = 0;
        reader r = reader_over(command->data, NULL, NULL);
        if (failed(read_bytes(&r, "challenge", SHA256_SIZE, &parameters.challenge)) ||
                failed(read_bytes(&r, "application", SHA256_SIZE, &parameters.application)))
                return SW_WRONG_LENGTH;
        if (command->ins == U2F_AUTHENTICATE &&
                (failed(read_u8(&r, "key handle", &size)) ||
                        failed(read_bytes(&r, "key handle", size, &parameters.key_handle))))
                return SW_WRONG_LENGTH;
        if (failed(read_end(&r, "request")))
                return SW_WRONG_LENGTH;
        *ret = parameters;
        return SW_OK;
}

/* What was read at first is read again after each step: views into the request last, a structure need not. */
static struct parameters parameters_of(const struct core *core)
{
        struct apdu_command command;
        struct parameters parameters = { 0 };
        if (read_command(slice_of(core->request, core->request_size), &command))
                (void)read_parameters(&command, &parameters);
        return parameters;
}

/* ---- asking the element ---- */

/* A word of the element's that U2F does not have is 6F00; that no credential fits the application is wrong
 * data there. */
static uint16_t sw_of_element(uint16_t sw)
{
        static const struct {
                uint16_t element, u2f;
        } words[] = {
                { SW_OK, SW_OK },
                { SW_CONDITIONS, SW_CONDITIONS },
                { SW_NO_REFERENCE, SW_WRONG_DATA },
                { SW_WRONG_DATA, SW_WRONG_DATA },
                { SW_FULL, SW_FULL },
                { SW_SECURITY_STATUS, COMMAND_NOT_ALLOWED },
        };
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
                if (words[i].element == sw)
                        return words[i].u2f;
        return SW_UNKNOWN;
}

static void take_message(struct core *core, slice data, uint16_t sw)
{
        slice message;
        if (sw != SW_OK)
                refuse(core, sw_of_element(sw));
        else if (failed(tlv_find(data, 0x80, "message", &message, NULL)))
                refuse(core, SW_UNKNOWN);
        else
                core_send_apdu(core, message, SW_OK);
}

static void ask_element(struct core *core, uint8_t options, core_on_answer *on_answer)
{
        const struct parameters parameters = parameters_of(core);
        bool registers = parameters.ins == U2F_REGISTER;
        writer *data = core_data(core);
        tlv_write(data, 0x80, parameters.challenge);
        tlv_write(data, 0x81, parameters.application);
        if (!registers)
                tlv_write(data, 0x82, parameters.key_handle);
        tlv_write_u8(data, 0x85, options);
        core_transmit(core, registers ? INS_U2F_REGISTER : INS_U2F_AUTHENTICATE, on_answer);
}

/* ---- the touch: hosts ask again and again until it has come ---- */

static void take_touch(struct core *core, enum core_presence presence)
{
        if (presence == PRESENCE_GIVEN)
                ask_element(core, DO_PRESENT, take_message);
        else
                refuse(core, SW_CONDITIONS); /* test-of-user-presence required */
}

static void take_found(struct core *core, slice data, uint16_t sw)
{
        (void)data;
        if (sw == SW_CONDITIONS) /* it is there */
                core_ask_touch_for(core, CORE_PROMPT_U2F_LOGIN, TOUCH_MS, take_touch);
        else
                refuse(core, sw == SW_OK ? SW_UNKNOWN : sw_of_element(sw));
}

static void take_checked(struct core *core, slice data, uint16_t sw)
{
        (void)data;
        refuse(core, sw == SW_OK ? SW_UNKNOWN : sw_of_element(sw));
}

/* ---- the commands: [10.1] register, authenticate and version ---- */

static void do_register(struct core *core)
{
        core_ask_touch_for(core, CORE_PROMPT_U2F_REGISTER, TOUCH_MS, take_touch);
}

static void find_first(struct core *core)
{
        ask_element(core, 0, take_found);
}

static void only_check(struct core *core)
{
        ask_element(core, 0, take_checked);
}

static void sign_untouched(struct core *core)
{
        ask_element(core, DO_UNTOUCHED, take_message);
}

static void begin_register(struct core *core)
{
        core_wind_down(core, (slice){ 0 }, do_register);
}

static void begin_authenticate(struct core *core)
{
        static const struct {
                uint8_t control;
                core_next *next;
        } ways[] = {
                { CONTROL_SIGN, find_first },
                { CONTROL_CHECK, only_check },
                { CONTROL_SIGN_UNTOUCHED, sign_untouched },
        };
        const struct parameters parameters = parameters_of(core);
        if (parameters.key_handle.size == 0) {
                refuse(core, SW_WRONG_DATA); /* nobody's */
                return;
        }
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
                if (ways[i].control == parameters.control) {
                        core_wind_down(core, (slice){ 0 }, ways[i].next);
                        return;
                }
        }
        refuse(core, SW_WRONG_P1P2);
}

static void tell_version(struct core *core)
{
        core_send_apdu(core, slice_text("U2F_V2"), SW_OK);
}

static const struct {
        uint8_t ins;
        core_next *begin;
} u2f_commands[] = {
        { U2F_REGISTER, begin_register },
        { U2F_AUTHENTICATE, begin_authenticate },
        { U2F_VERSION, tell_version },
};

/* [7.2.4] while users are always verified, CTAP1 is switched off: no command of it is allowed */
static void with_state(struct core *core)
{
        struct apdu_command command;
        if (core->state.always_uv || !read_command(slice_of(core->request, core->request_size), &command)) {
                refuse(core, COMMAND_NOT_ALLOWED);
                return;
        }
        for (size_t i = 0; i < sizeof u2f_commands / sizeof *u2f_commands; i++) {
                if (u2f_commands[i].ins == command.ins) {
                        u2f_commands[i].begin(core);
                        return;
                }
        }
        refuse(core, SW_WRONG_INS);
}

static uint16_t check(const struct apdu_command *command)
{
        struct parameters parameters;
        switch (command->ins) {
        case U2F_VERSION:
                return command->data.size ? SW_WRONG_LENGTH : SW_OK;
        case U2F_REGISTER:
        case U2F_AUTHENTICATE:
                return read_parameters(command, &parameters);
        default:
                return SW_WRONG_INS;
        }
}

void core_u2f(struct core *core)
{
        enum { U2F_CLASS = 0x00 };
        struct apdu_command command;
        slice request = slice_of(core->request, core->request_size);
        if (request.size > 0 && request.data[0] != U2F_CLASS) {
                refuse(core, SW_WRONG_CLA);
                return;
        }
        uint16_t sw = read_command(request, &command) ? check(&command) : SW_WRONG_LENGTH;
        if (sw != SW_OK)
                refuse(core, sw);
        else
                core_fetch_state(core, with_state);
}
