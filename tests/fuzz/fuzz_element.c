/* SPDX-License-Identifier: Apache-2.0 */
/* Sequences of APDUs against a personalised element in memory. The first byte says where it starts, then each
 * command stands behind its length (two bytes); a length with the high bit set is an event instead: reset,
 * power cycle, a selection, a channel, or what platform and matcher do well. What may never happen is looked
 * at after each. */
#include "pin_rig.h"
#include "tlv.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
        do {                      \
                if (!(condition)) \
                        abort();  \
        } while (0)

enum { COMMANDS_MAX = 64, HIDDEN_COUNT = 6, HIDDEN_SIZE = 32 };

static struct element_rig stencil;
static uint8_t known_id[ELEMENT_RIG_ID_SIZE]; /* of the credential that the stencil has */
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
        element_rig_open(&stencil);
        element_rig_generate(&stencil, 0x97);
        element_rig_make_device(&stencil);
        element_rig_personalise(&stencil);
        element_rig_lease(&stencil, 3);
        element_rig_pair(&stencil, NULL);
        MUST(element_rig_enrol(&stencil, ELEMENT_RIG_PIN) == SW_OK);
        MUST(element_rig_register(&stencil, "rp.example", 0x01, known_id) == SW_OK);
        hide(0x0010, 16, hidden[0]);     /* the batch key */
        hide(0x0030, 0, hidden[1]);      /* the pairing key */
        hide(0x01000000, 69, hidden[2]); /* the credential's */
        hide(0x0117, 400, hidden[3]);    /* in the private exponent of key 0017 */
        hide(0x04000100, 1, hidden[4]);  /* the issuer's keys */
        hide(0x0050, 0, hidden[5]);      /* the device key */
}

/* ---- what may never happen ---- */

struct watch {
        unsigned pin_tries, uv_tries; /* as the store had them after the last command */
        bool verified_pin;            /* the right PIN was given */
        bool pin_known;               /* the input may have changed it, and so knows it */
        bool finger_token;
        unsigned card_life, key_tries;
        bool session; /* the rig opened one: key tries may come back */
};

enum { LIFE_AT = 2, TERMINATED = 0xFF };
enum { ISSUER = 0x03000000, ISSUER_TRIES = 0x04000102 };

static bool is_step(unsigned from, unsigned to)
{
        return from == to || (from == 0x01 && to == 0x07) || (from == 0x07 && to == 0x0F) ||
               (from == 0x0F && to == 0x7F) || (from == 0x7F && to == 0x0F) ||
               (from != TERMINATED && to == TERMINATED);
}

static unsigned stored_number(struct element_rig *rig, uint32_t object)
{
        uint8_t buffer[8] = { 0 };
        slice stored = element_rig_stored(rig, object, buffer, sizeof buffer);
        return stored.size ? buffer[0] : 0;
}

static unsigned stored_life(struct element_rig *rig)
{
        uint8_t buffer[64];
        slice stored = element_rig_stored(rig, ISSUER, buffer, sizeof buffer);
        MUST(stored.size > LIFE_AT); /* nothing deletes the issuer's domain */
        return stored.data[LIFE_AT];
}

/* Lives go their steps only, and tries of the issuer's keys come back by who knows the keys. The input cannot
 * put keys of its own: it has no DEK. */
static void look_at_card(struct element_rig *rig, struct watch *watch)
{
        unsigned life = stored_life(rig), tries = stored_number(rig, ISSUER_TRIES);
        MUST(is_step(watch->card_life, life));
        MUST(watch->card_life != TERMINATED || rig->sw != SW_OK || rig->data.size > 0); /* GET DATA alone */
        MUST(tries <= watch->key_tries || watch->session);
        watch->card_life = life;
        watch->key_tries = tries;
        watch->session = false;
}

static bool has_pin(struct element_rig *rig)
{
        uint8_t buffer[256];
        return element_rig_stored(rig, 0x0020, buffer, sizeof buffer).size > 0;
}

static void look(struct element_rig *rig, struct watch *watch)
{
        look_at_card(rig, watch);
        slice answer = slice_of(rig->response, rig->data.size);
        for (size_t i = 0; i < HIDDEN_COUNT; i++)
                MUST(answer.size < HIDDEN_SIZE || !memmem(answer.data, answer.size, hidden[i], HIDDEN_SIZE));
        unsigned pin_tries = stored_number(rig, 0x0021), uv_tries = stored_number(rig, 0x0022);
        /* The input knows neither the PIN's hash nor the pairing key: tries come back by the rig alone. */
        bool pin = watch->verified_pin || watch->pin_known || !has_pin(rig); /* RESET leaves none to guess */
        MUST(pin_tries <= watch->pin_tries || pin);
        MUST(uv_tries <= watch->uv_tries || pin || watch->finger_token);
        watch->pin_tries = pin_tries;
        watch->uv_tries = uv_tries;
        watch->verified_pin = watch->finger_token = false;
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

static void wrong_pin(struct element_rig *rig, struct watch *watch)
{
        (void)watch;
        (void)pin_rig_change(rig, 1, "0000", "5678");
}

static void persistent_token(struct element_rig *rig, struct watch *watch)
{
        enum { PCMR = 0x40 };
        SECRET(token);
        watch->verified_pin = true;
        if (pin_rig_token(rig, 2, ELEMENT_RIG_PIN, PCMR, NULL, &token) == SW_OK)
                MUST(element_rig_command(rig, 0x80100100, (slice){ 0 }) == SW_OK);
}

static void begun_by_finger(struct element_rig *rig, struct watch *watch)
{
        (void)watch;
        struct element_rig_operation operation = { .command = 0x02, .rp_id = "rp.example", .options = 0x03 };
        (void)element_rig_begin(rig, &operation);
}

/* Selects and opens a session on the basic channel; what is deleted or locked has none. */
static void open_session(struct element_rig *rig, struct watch *watch, slice aid)
{
        static const uint8_t challenge[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
        const struct scp03_keys keys = element_rig_host_keys(&element_rig_keys);
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        uint16_t sw = element_rig_select(rig, aid);
        if ((sw != SW_OK && sw != SW_CARD_LOCKED) ||
                element_rig_command(rig, 0x80500000, SLICE(challenge)) != SW_OK ||
                failed(scp03_host_authenticate(
                        &rig->host, &keys, SCP03_LEVEL_ALL, aid, SLICE(challenge), rig->data, &w, NULL)))
                return;
        watch->session = true;
        if (element_rig_transmit(rig, writer_view(&w)) != SW_OK)
                scp03_close(&rig->host);
}

static void channel(struct element_rig *rig, struct watch *watch)
{
        open_session(rig, watch, element_rig_fido);
}

static void jpki_channel(struct element_rig *rig, struct watch *watch)
{
        open_session(rig, watch, element_rig_jpki);
}

static void issuer_channel(struct element_rig *rig, struct watch *watch)
{
        open_session(rig, watch, element_rig_manager);
}

static void more_channels(struct element_rig *rig, struct watch *watch)
{
        (void)watch;
        (void)element_rig_send(rig, &(struct apdu_command){ .ins = 0x70, .expected = 1 });
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
        (void)element_rig_select(rig, element_rig_jpki);
}

static void select_fido(struct element_rig *rig, struct watch *watch)
{
        (void)watch;
        (void)element_rig_select(rig, element_rig_fido);
}

static void u2f(struct element_rig *rig, struct watch *watch)
{
        static const uint8_t challenge[SHA256_SIZE] = { 1 }, application[SHA256_SIZE] = { 2 }, touched = 0x02;
        uint8_t bytes[512], handle[ELEMENT_RIG_ID_SIZE];
        writer w = WRITER(bytes);
        (void)watch;
        tlv_write(&w, 0x80, SLICE(challenge));
        tlv_write(&w, 0x81, SLICE(application));
        tlv_write(&w, 0x85, slice_of(&touched, 1));
        if (element_rig_command(rig, 0x80520000, writer_view(&w)) != SW_OK)
                return;
        slice message = element_rig_value(rig, 0x80); /* 05, point, length, handle .. */
        MUST(message.size > 67 + sizeof handle);
        memcpy(handle, message.data + 67, sizeof handle);
        tlv_write(&w, 0x82, SLICE(handle));
        MUST(element_rig_command(rig, 0x80540000, writer_view(&w)) == SW_OK);
}

static void platform_reset(struct element_rig *rig, struct watch *watch)
{
        static const uint8_t touched[] = { 0x85, 1, 0x02 };
        watch->pin_known = true;
        (void)element_rig_command(rig, 0x80180000, SLICE(touched));
}

/* SIGN DOCUMENT, and READ CERTIFICATE of what the password guards. */
static void use_password(struct element_rig *rig, const char *password, uint8_t protocol, bool signs)
{
        static const uint8_t use[] = { 0x00, 0x01, 0x00, 0x00 }, hash[SHA256_SIZE] = { 3 };
        enum { PADDED_SIZE = 64 };
        const uint8_t ins = signs ? 0x56 : 0x58;
        struct pin_rig pin;
        uint8_t bytes[512], padded[PADDED_SIZE] = { 0 }, sealed[PADDED_SIZE + 16], message[256],
                            param[SHA256_SIZE];
        writer w = WRITER(bytes), s = WRITER(sealed), m = WRITER(message);
        if (pin_rig_agree(rig, protocol, &pin) != SW_OK)
                return;
        memcpy(padded, password, strlen(password));
        pin_rig_encrypt(&pin, SLICE(padded), &s);
        write_u8(&m, ins);
        write_slice(&m, writer_view(&s));
        write_slice(&m, signs ? SLICE(hash) : SLICE(use));
        pin_rig_write_agreement(&w, &pin);
        tlv_write(&w, 0x82, writer_view(&s));
        tlv_write(&w, signs ? 0x83 : 0x85, signs ? SLICE(hash) : SLICE(use));
        tlv_write(&w, 0x84, pin_rig_param(protocol, &pin.hmac, writer_view(&m), param));
        (void)element_rig_command(rig, 0x80000000 | (uint32_t)ins << 16, writer_view(&w));
}

static void sign_document(struct element_rig *rig, struct watch *watch)
{
        (void)watch;
        use_password(rig, ELEMENT_RIG_PASSWORD, 2, true);
}

static void read_certificate(struct element_rig *rig, struct watch *watch)
{
        (void)watch;
        use_password(rig, ELEMENT_RIG_PASSWORD, 1, false);
}

static void wrong_password(struct element_rig *rig, struct watch *watch)
{
        (void)watch;
        use_password(rig, "PASSWORD2", 1, true);
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
        issuer_channel,
        more_channels,
        wrong_pin,
        persistent_token,
        u2f,
        platform_reset,
        sign_document,
        read_certificate,
        wrong_password,
};

enum { EVENT_COUNT = sizeof events / sizeof *events };

/* ---- commands ---- */

enum { INS_SELECT = 0xA4, INS_CHANGE = 0x24, INS_INITIALIZE_UPDATE = 0x50, INS_GENERATE = 0x46 };
enum { INS_CHANGE_PIN = 0x1C, INS_CONFIGURE = 0x1E, INS_MANAGE = 0x46 };
enum { INS_SET_PIN = 0x34, INS_RESET = 0x2C, INS_ERASE = 0x0E, INS_DELETE = 0xE4 };

/* Through the channel, when one is open: the input cannot make a MAC. Left out is what ends the channel, and
 * what takes long. */
static void secured(struct element_rig *rig, struct watch *watch, const struct apdu_command *command)
{
        enum { PLAIN_MAX = 2048 };
        if (!rig->host.open || command->data.size > PLAIN_MAX || command->ins == INS_SELECT ||
                command->ins == INS_INITIALIZE_UPDATE || command->ins == INS_GENERATE)
                return;
        watch->pin_known |= command->ins == INS_SET_PIN || command->ins == INS_RESET ||
                            command->ins == INS_ERASE ||
                            command->ins == INS_DELETE; /* with it goes the PIN */
        (void)element_rig_secured(rig,
                0x80000000 | (uint32_t)command->ins << 16 | (uint32_t)command->p1 << 8 | command->p2,
                command->data);
}

/* credentialManagement: the input's message, or (P2) one that names the credential that there is. */
static void manage(struct element_rig *rig, const struct apdu_command *command, uint8_t protocol)
{
        enum { CM = 0x04, MESSAGE_MAX = 600, NAMES = 0x0F };
        static const uint8_t head[] = { 0x02, 0xA2, 0x62, 'i', 'd', 0x58, 0x20 }, type[] = { 0x64, 't', 'y',
                'p', 'e', 0x6A, 'p', 'u', 'b', 'l', 'i', 'c', '-', 'k', 'e', 'y' };
        uint8_t bytes[MESSAGE_MAX + 200], message[MESSAGE_MAX + 100], param[SHA256_SIZE];
        writer w = WRITER(bytes), m = WRITER(message);
        SECRET(token);
        if (command->p2) {
                write_u8(&m, command->p2 & NAMES);
                write_u8(&m, command->data.size ? 0xA2 : 0xA1);
                write_slice(&m, SLICE(head));
                write_slice(&m, SLICE(known_id));
                write_slice(&m, SLICE(type));
        }
        write_slice(&m, command->data);
        if (pin_rig_token(rig, protocol, ELEMENT_RIG_PIN, CM, NULL, &token) == SW_OK)
                tlv_write(&w, 0x84, pin_rig_param(protocol, &token, writer_view(&m), param));
        tlv_write(&w, 0x85, writer_view(&m));
        if (!w.overflowed)
                (void)element_rig_command(rig, 0x80460000, writer_view(&w));
}

/* What only a platform that knows the PIN can say: the input chooses the new PIN, or the subcommand. */
static bool by_platform(struct element_rig *rig, struct watch *watch, const struct apdu_command *command)
{
        enum { PADDED_SIZE = 64, ACFG = 0x20, MESSAGE_MAX = 2048, MANAGED_MAX = 512 };
        uint8_t protocol = 1 + (command->p1 & 1);
        SECRET(token);
        if (command->ins == INS_CHANGE_PIN && command->data.size <= PADDED_SIZE) {
                watch->pin_known = true;
                (void)pin_rig_change_to(rig, protocol, command->p2 ? NULL : ELEMENT_RIG_PIN, command->data);
                return true;
        }
        if (command->ins == INS_MANAGE && command->data.size <= MANAGED_MAX) {
                watch->verified_pin = true;
                manage(rig, command, protocol);
                return true;
        }
        if (command->ins != INS_CONFIGURE || command->data.size > MESSAGE_MAX)
                return false;
        watch->verified_pin = true;
        if (pin_rig_token(rig, protocol, ELEMENT_RIG_PIN, ACFG, NULL, &token) == SW_OK)
                (void)pin_rig_configure(rig, protocol, &token, command->data);
        return true;
}

static void send(struct element_rig *rig, struct watch *watch, slice bytes, bool through_channel)
{
        struct apdu_command command = { 0 };
        bool whole = !failed(apdu_read_command(bytes, &command, NULL));
        watch->verified_pin = memmem(bytes.data, bytes.size, ELEMENT_RIG_PIN, 4) != NULL;
        watch->pin_known |= command.ins == INS_CHANGE;
        if (!through_channel)
                (void)element_rig_transmit(rig, bytes);
        else if (whole && !by_platform(rig, watch, &command))
                secured(rig, watch, &command);
}

static void run(struct element_rig *rig, reader *input)
{
        uint16_t size;
        struct watch watch = { .pin_tries = stored_number(rig, 0x0021),
                .uv_tries = stored_number(rig, 0x0022),
                .card_life = stored_life(rig),
                .key_tries = stored_number(rig, ISSUER_TRIES) };
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
