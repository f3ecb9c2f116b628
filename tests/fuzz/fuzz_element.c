/* SPDX-License-Identifier: Apache-2.0 */
/* Sequences of APDUs against a personalised element in memory. The first byte says where it starts, then each
 * command stands behind its length (two bytes); a length with the high bit set is an event instead: reset,
 * power cycle, a selection, a channel, or what platform and matcher do well. What may never happen is looked
 * at after each. */
#include "element_rig.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
        do {                      \
                if (!(condition)) \
                        abort();  \
        } while (0)

enum { COMMANDS_MAX = 64, HIDDEN_COUNT = 4, HIDDEN_SIZE = 32 };

static struct element_rig stencil;
static uint8_t hidden[HIDDEN_COUNT][HIDDEN_SIZE];

static void hide(uint32_t object, size_t from, uint8_t *ret)
{
        uint8_t buffer[2048];
        slice stored = element_rig_stored(&stencil, object, buffer, sizeof buffer);
        MUST(stored.size >= from + HIDDEN_SIZE);
        memcpy(ret, stored.data + from, HIDDEN_SIZE);
}

static void make_stencil(void)
{
        static uint8_t id[ELEMENT_RIG_ID_SIZE];
        element_rig_open(&stencil);
        element_rig_generate(&stencil, 0x97);
        element_rig_personalise(&stencil);
        element_rig_pair(&stencil, NULL);
        MUST(element_rig_enrol(&stencil, ELEMENT_RIG_PIN) == SW_OK);
        MUST(element_rig_register(&stencil, "rp.example", 0x01, id) == SW_OK);
        hide(0x0010, 16, hidden[0]);     /* the batch key */
        hide(0x0030, 0, hidden[1]);      /* the pairing key */
        hide(0x01000000, 67, hidden[2]); /* the credential's */
        hide(0x0117, 400, hidden[3]);    /* in the private exponent of key 0017 */
}

/* ---- what may never happen ---- */

struct watch {
        unsigned pin_tries, uv_tries; /* as the store had them after the last command */
        bool verified_pin;            /* the right PIN was given */
        bool pin_known;               /* the input may have changed it, and so knows it */
        bool finger_token;
};

static unsigned stored_number(struct element_rig *rig, uint32_t object)
{
        uint8_t buffer[8] = { 0 };
        slice stored = element_rig_stored(rig, object, buffer, sizeof buffer);
        return stored.size ? buffer[0] : 0;
}

static void look(struct element_rig *rig, struct watch *watch)
{
        slice answer = slice_of(rig->response, rig->data.size);
        for (size_t i = 0; i < HIDDEN_COUNT; i++)
                MUST(answer.size < HIDDEN_SIZE || !memmem(answer.data, answer.size, hidden[i], HIDDEN_SIZE));
        unsigned pin_tries = stored_number(rig, 0x0021), uv_tries = stored_number(rig, 0x0022);
        /* The input knows neither the PIN's hash nor the pairing key: tries come back by the rig alone. */
        bool pin = watch->verified_pin || watch->pin_known;
        MUST(pin_tries <= watch->pin_tries || pin);
        MUST(uv_tries <= watch->uv_tries || pin || watch->finger_token);
        *watch =
                (struct watch){ .pin_tries = pin_tries, .uv_tries = uv_tries, .pin_known = watch->pin_known };
}

/* ---- events ---- */

static void finger_login(struct element_rig *rig, struct watch *watch)
{
        watch->finger_token = true;
        (void)element_rig_log_in(rig, "rp.example", (slice){ 0 });
}

static void finger_registration(struct element_rig *rig, struct watch *watch)
{
        uint8_t id[ELEMENT_RIG_ID_SIZE];
        watch->finger_token = true;
        (void)element_rig_register(rig, "other.example", 0x00, id);
}

static void right_pin(struct element_rig *rig, struct watch *watch)
{
        SECRET(token);
        watch->verified_pin = true;
        (void)element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token);
}

static void enrolment(struct element_rig *rig, struct watch *watch)
{
        watch->verified_pin = true;
        (void)element_rig_enrol(rig, ELEMENT_RIG_PIN);
}

static void jpki_pin(struct element_rig *rig, struct watch *watch)
{
        watch->verified_pin = true;
        (void)element_rig_select(rig, element_rig_jpki);
        (void)element_rig_select_file(rig, 0x0018);
        (void)element_rig_command(rig, 0x00200080, slice_text(ELEMENT_RIG_PIN));
}

static void begun_by_finger(struct element_rig *rig, struct watch *watch)
{
        (void)watch;
        struct element_rig_operation operation = { .command = 0x02, .rp_id = "rp.example", .options = 0x03 };
        (void)element_rig_begin(rig, &operation);
}

static void channel(struct element_rig *rig, struct watch *watch)
{
        (void)watch;
        MUST(element_rig_channel(rig, element_rig_fido, &element_rig_keys) == SW_OK);
}

static void jpki_channel(struct element_rig *rig, struct watch *watch)
{
        (void)watch;
        MUST(element_rig_channel(rig, element_rig_jpki, &element_rig_keys) == SW_OK);
}

static void reset(struct element_rig *rig, struct watch *watch)
{
        (void)watch;
        mitome_element_reset(rig->element);
}

static void power_cycle(struct element_rig *rig, struct watch *watch)
{
        (void)watch;
        element_rig_cycle(rig);
}

static void select_jpki(struct element_rig *rig, struct watch *watch)
{
        (void)watch;
        MUST(element_rig_select(rig, element_rig_jpki) == SW_OK);
}

static void select_fido(struct element_rig *rig, struct watch *watch)
{
        (void)watch;
        MUST(element_rig_select(rig, element_rig_fido) == SW_OK);
}

static void (*const events[])(struct element_rig *rig, struct watch *watch) = {
        reset,
        power_cycle,
        select_jpki,
        select_fido,
        channel,
        right_pin,
        jpki_pin,
        enrolment,
        finger_login,
        finger_registration,
        begun_by_finger,
        jpki_channel,
};

enum { EVENT_COUNT = sizeof events / sizeof *events };

/* ---- commands ---- */

enum { INS_SELECT = 0xA4, INS_CHANGE = 0x24, INS_INITIALIZE_UPDATE = 0x50, INS_GENERATE = 0x46 };
enum { INS_SET_PIN = 0x34, INS_RESET = 0x2C, INS_ERASE = 0x0E };

/* Through the channel, when one is open: the input cannot make a MAC. Left out is what ends the channel, and
 * what takes long. */
static void secured(struct element_rig *rig, struct watch *watch, const struct apdu_command *command)
{
        enum { PLAIN_MAX = 2048 };
        if (!rig->host.open || command->data.size > PLAIN_MAX || command->ins == INS_SELECT ||
                command->ins == INS_INITIALIZE_UPDATE || command->ins == INS_GENERATE)
                return;
        watch->pin_known |=
                command->ins == INS_SET_PIN || command->ins == INS_RESET || command->ins == INS_ERASE;
        (void)element_rig_secured(rig,
                0x80000000 | (uint32_t)command->ins << 16 | (uint32_t)command->p1 << 8 | command->p2,
                command->data);
}

static void send(struct element_rig *rig, struct watch *watch, slice bytes, bool through_channel)
{
        struct apdu_command command = { 0 };
        bool whole = !failed(apdu_read_command(bytes, &command, NULL));
        watch->verified_pin = memmem(bytes.data, bytes.size, ELEMENT_RIG_PIN, 4) != NULL;
        watch->pin_known |= command.ins == INS_CHANGE;
        if (!through_channel)
                (void)element_rig_transmit(rig, bytes);
        else if (whole)
                secured(rig, watch, &command);
}

static void run(struct element_rig *rig, reader *input)
{
        uint16_t size;
        struct watch watch = { .pin_tries = stored_number(rig, 0x0021),
                .uv_tries = stored_number(rig, 0x0022) };
        for (int i = 0; i < COMMANDS_MAX && !failed(read_u16(input, "size", &size)); i++) {
                slice bytes;
                bool through_channel = size & 0x4000;
                if (size & 0x8000) {
                        events[(size & 0xFF) % EVENT_COUNT](rig, &watch);
                        look(rig, &watch);
                        continue;
                }
                size_t wanted = size & 0x3FFF;
                if (failed(read_bytes(input, "command", wanted, &bytes)))
                        bytes = read_rest(input);
                send(rig, &watch, bytes, through_channel);
                look(rig, &watch);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        if (!stencil.element)
                make_stencil();
        struct element_rig *rig = calloc(1, sizeof *rig);
        MUST(rig);
        element_rig_clone(&stencil, rig);
        reader input = reader_over(slice_of(data, size), NULL, NULL);
        uint8_t start;
        if (!failed(read_u8(&input, "start", &start)))
                (void)element_rig_select(rig, start & 1 ? element_rig_jpki : element_rig_fido);
        run(rig, &input);
        element_rig_close(rig);
        free(rig);
        return 0;
}
