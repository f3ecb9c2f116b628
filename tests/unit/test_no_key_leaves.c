/* SPDX-License-Identifier: Apache-2.0 */
/* "No command, at any state, returns private key material." An element with every kind of key is put into
 * each state, and sent every instruction with many parameters, classes, data and lengths, bare and through
 * secure channels of every level. No response holds eight bytes in a row of any secret: neither of those that
 * the store keeps, old or new, nor of those in memory. */
#include "der.h"
#include "element_internal.h"
#include "element_rig.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WINDOW = 8, PLACES = 1 << 18, CERTIFICATE_LEASE = 1000 };

static const slice nothing = { 0 };
static const uint8_t card_locked[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00 };

/* ---- what must not leave ---- */

enum kind {
        KIND_RSA,
        KIND_BATCH,
        KIND_DEVICE,
        KIND_PAIRING,
        KIND_CREDENTIAL,
        KIND_CARD,
        KIND_VERIFIER,
        KIND_SESSION,
        KIND_TOKEN,
        KINDS
};

/* Every run of eight bytes of every secret: open addressing, 0 is free. */
struct secrets {
        uint64_t places[PLACES];
        size_t count;
        size_t of_kind[KINDS];
};

static struct secrets secrets;

static uint64_t window_at(const uint8_t *bytes)
{
        uint64_t value = 0;
        for (size_t i = 0; i < WINDOW; i++)
                value = value << 8 | bytes[i];
        return value;
}

static uint64_t *place_of(uint64_t window)
{
        size_t at = (size_t)(window * 0x9E3779B97F4A7C15u >> 40) % PLACES;
        while (secrets.places[at] && secrets.places[at] != window)
                at = (at + 1) % PLACES;
        return &secrets.places[at];
}

/* The rig's SCP03 keys count up; counting happens elsewhere, too. */
static bool is_counting(const uint8_t *bytes)
{
        for (size_t i = 1; i < WINDOW; i++)
                if (bytes[i] != (uint8_t)(bytes[i - 1] + 1))
                        return false;
        return true;
}

static void add_secret(enum kind kind, slice secret)
{
        for (size_t i = 0; i + WINDOW <= secret.size; i++) {
                uint64_t window = window_at(secret.data + i);
                if (!window || is_counting(secret.data + i))
                        continue;
                uint64_t *place = place_of(window);
                if (*place)
                        continue;
                *place = window;
                secrets.of_kind[kind]++;
                assert_true(++secrets.count < PLACES / 2);
        }
}

/* RFC 8017 A.1.2: version, n and e are public, all that follows is not. */
static void add_rsa(slice der)
{
        enum { PUBLIC = 3 };
        slice content, number;
        reader r = reader_over(der, NULL, NULL);
        if (der.size == 0)
                return;
        assert_false(failed(der_read(&r, "key", DER_SEQUENCE, &content, NULL)));
        r = reader_within(&r, content);
        for (int i = 0; r.rest.size; i++) {
                assert_false(failed(der_read(&r, "number", DER_INTEGER, &number, NULL)));
                if (i >= PUBLIC)
                        add_secret(KIND_RSA, number);
        }
}

static void add_stored(const struct mitome_element *element)
{
        uint32_t id;
        struct fido_credential credential;
        slice batch = element_object(element, OBJECT_BATCH_KEY);
        if (batch.size)
                add_secret(KIND_BATCH, slice_of(batch.data + 16, batch.size - 16));
        add_secret(KIND_DEVICE, element_object(element, OBJECT_DEVICE_KEY));
        add_secret(KIND_PAIRING, element_object(element, OBJECT_PAIRING_KEY));
        add_secret(KIND_VERIFIER, element_object(element, OBJECT_PIN));
        add_secret(KIND_VERIFIER, element_object(element, OBJECT_PASSWORD));
        add_rsa(element_object(element, jpki_object(JPKI_AUTH_KEY)));
        add_rsa(element_object(element, jpki_object(JPKI_SIGN_KEY)));
        for (uint32_t at = OBJECT_CREDENTIAL; store_next(element->store, at, OBJECT_CREDENTIAL_LAST, &id);
                at = id + 1) {
                assert_true(fido_read_credential(element, id, &credential));
                add_secret(KIND_CREDENTIAL, credential.key);
        }
        for (uint32_t at = OBJECT_KEY_SET; store_next(element->store, at, OBJECT_KEY_SET + 0xFFFFFF, &id);
                at = id + 1)
                add_secret(KIND_CARD, element_object(element, id));
}

static void add_volatile(const struct mitome_element *element)
{
        const struct scp03_session *session = &element->channels[0].session;
        if (session->began || session->open) {
                add_secret(KIND_SESSION, slice_of(session->s_enc, session->key_size));
                add_secret(KIND_SESSION, slice_of(session->s_mac, session->key_size));
                add_secret(KIND_SESSION, slice_of(session->s_rmac, session->key_size));
        }
        add_secret(KIND_TOKEN, secret_view(&element->fido.token.value));
        add_secret(KIND_TOKEN, secret_view(&element->fido.agreement));
        add_secret(KIND_TOKEN, secret_view(&element->fido.pairing.key));
}

static bool holds_secret(slice response)
{
        for (size_t i = 0; i + WINDOW <= response.size; i++)
                if (*place_of(window_at(response.data + i)))
                        return true;
        return false;
}

/* ---- states ---- */

static struct element_rig stencil, rig;

static bool select_applet(slice aid)
{
        return element_rig_select(&rig, aid) == SW_OK;
}

static void verify_both(void)
{
        assert_true(select_applet(element_rig_jpki));
        assert_int_equal(element_rig_select_file(&rig, 0x0018), SW_OK);
        assert_int_equal(element_rig_command(&rig, 0x00200080, slice_text(ELEMENT_RIG_PIN)), SW_OK);
        assert_int_equal(element_rig_select_file(&rig, 0x001B), SW_OK);
        assert_int_equal(element_rig_command(&rig, 0x00200080, slice_text(ELEMENT_RIG_PASSWORD)), SW_OK);
}

static void in_applet(slice aid, uint32_t argument)
{
        (void)argument;
        assert_true(select_applet(aid));
}

/* PIN and password are right, and this file is the current one. */
static void opened(slice aid, uint32_t file)
{
        (void)aid;
        verify_both();
        assert_int_equal(element_rig_select_file(&rig, (uint16_t)file), SW_OK);
}

/* A PIN token, and an operation that awaits a finger. */
static void begun(slice aid, uint32_t command)
{
        SECRET(token);
        struct element_rig_operation operation = {
                .command = (uint8_t)command, .rp_id = "rp.example", .options = 0x03
        };
        assert_true(select_applet(aid));
        assert_int_equal(element_rig_pin_token(&rig, ELEMENT_RIG_PIN, &token), SW_OK);
        assert_int_equal(element_rig_begin(&rig, &operation), SW_OK);
}

static void locked(slice aid, uint32_t argument)
{
        (void)argument;
        assert_true(select_applet(element_rig_jpki));
        assert_int_equal(element_rig_select_file(&rig, 0x0018), SW_OK);
        while (element_number(rig.element, OBJECT_PIN_TRIES))
                (void)element_rig_command(&rig, 0x00200080, slice_text("0000"));
        assert_true(select_applet(aid));
}

static void set_card(slice aid, uint32_t life)
{
        static const uint8_t steps[] = { 0x07, 0x0F, 0x7F, 0xFF };
        assert_int_equal(element_rig_channel(&rig, element_rig_manager, &element_rig_keys), SW_OK);
        for (size_t i = 0; i < sizeof steps && steps[i] <= life; i++)
                (void)element_rig_secured(&rig, 0x80F08000 | steps[i], SLICE(card_locked));
        assert_int_equal(card_life(rig.element), life);
        (void)element_rig_select(&rig, aid);
}

static void contactless(slice aid, uint32_t argument)
{
        (void)argument;
        mitome_element_set_contactless(rig.element, 1);
        assert_true(select_applet(aid));
}

/* The medium fails, and the element stands still. */
static void broken(slice aid, uint32_t argument)
{
        (void)argument;
        power_cut_arm(&rig.medium, 1, POWER_CUT_BEFORE);
        assert_int_equal(element_rig_channel(&rig, aid, &element_rig_keys), SW_MEMORY_FAILURE);
}

static void session(slice aid, uint32_t level)
{
        assert_int_equal(element_rig_channel_at(&rig, aid, &element_rig_keys, (uint8_t)level), SW_OK);
}

/* And what the holder opened: a session does not end it, since the applet stays selected. */
static void session_and_file(slice aid, uint32_t file)
{
        session(aid, SCP03_LEVEL_ALL);
        assert_int_equal(element_rig_select_file(&rig, (uint16_t)file), SW_OK);
}

/* The second logical channel, with the same opened there. */
static void on_channel(slice aid, uint32_t file)
{
        static const uint32_t verify = 0x01200080;
        assert_int_equal(element_rig_command(&rig, 0x00700000, nothing), SW_OK);
        assert_int_equal(element_rig_command(&rig, 0x01A4040C, aid), SW_OK);
        assert_int_equal(
                element_rig_command(&rig, 0x01A4020C, slice_of((const uint8_t[]){ 0, 0x18 }, 2)), SW_OK);
        assert_int_equal(element_rig_command(&rig, verify, slice_text(ELEMENT_RIG_PIN)), SW_OK);
        assert_int_equal(
                element_rig_command(&rig, 0x01A4020C, slice_of((const uint8_t[]){ 0, (uint8_t)file }, 2)),
                SW_OK);
}

static const uint8_t stand_in_aid[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x02 };

struct state {
        void (*enter)(slice aid, uint32_t argument);
        const slice *aid;
        uint32_t argument;
        bool secured; /* through the secure channel */
        uint8_t channel;
};

static const slice stand_in = { stand_in_aid, sizeof stand_in_aid };

static const struct state states[] = {
        { in_applet, &element_rig_manager, 0, false },
        { in_applet, &element_rig_jpki, 0, false },
        { in_applet, &element_rig_fido, 0, false },
        { in_applet, &element_rig_ara, 0, false },
        { in_applet, &stand_in, 0, false },
        { opened, &element_rig_jpki, 0x0001, false },
        { opened, &element_rig_jpki, 0x0006, false },
        { opened, &element_rig_jpki, 0x000A, false },
        { opened, &element_rig_jpki, 0x0017, false },
        { opened, &element_rig_jpki, 0x0018, false },
        { opened, &element_rig_jpki, 0x001A, false },
        { opened, &element_rig_jpki, 0x001B, false },
        { begun, &element_rig_fido, 0x01, false },
        { begun, &element_rig_fido, 0x02, false },
        { locked, &element_rig_jpki, 0, false },
        { locked, &element_rig_fido, 0, false },
        { set_card, &element_rig_manager, 0x7F, false },
        { set_card, &element_rig_manager, 0xFF, false },
        { contactless, &element_rig_fido, 0, false },
        { contactless, &element_rig_jpki, 0, false },
        { broken, &element_rig_jpki, 0, false },
        { on_channel, &element_rig_jpki, 0x0017, false, 1 },
        { on_channel, &element_rig_jpki, 0x000A, false, 1 },
        { session, &element_rig_manager, 0x01, true },
        { session, &element_rig_manager, 0x03, true },
        { session, &element_rig_manager, 0x11, true },
        { session, &element_rig_manager, 0x13, true },
        { session, &element_rig_manager, 0x33, true },
        { session, &element_rig_jpki, 0x01, true },
        { session, &element_rig_fido, 0x01, true },
        { session, &element_rig_fido, 0x33, true },
        { session_and_file, &element_rig_jpki, 0x0001, true },
        { session_and_file, &element_rig_jpki, 0x001A, true },
};

enum { STATES = sizeof states / sizeof *states };

/* What a command must not have changed, or the state is entered anew. */
struct print_of_state {
        unsigned writes;
        const struct applet *selected;
        enum jpki_ef current;
        bool pin_verified, password_verified, operation;
};

static struct print_of_state take_print(void)
{
        const struct mitome_element *element = rig.element;
        struct print_of_state print = { .writes = rig.medium.writes,
                .selected = element->channels[element->at].selected,
                .current = element->jpki.current,
                .pin_verified = element->jpki.pin_verified,
                .password_verified = element->jpki.password_verified,
                .operation = element->fido.operation.open };
        return print;
}

static bool is_same(const struct print_of_state *before, bool open)
{
        const struct print_of_state now = take_print();
        return before->writes == now.writes && before->selected == now.selected &&
               before->current == now.current && before->pin_verified == now.pin_verified &&
               before->password_verified == now.password_verified && before->operation == now.operation &&
               (!open || rig.element->channels[0].session.open);
}

static struct print_of_state entered;

static void enter(const struct state *state)
{
        /* A clone draws on where the last one ended, so that no challenge is what another's key was. */
        if (rig.element) {
                stencil.drawn = rig.drawn;
                element_rig_close(&rig);
        }
        element_rig_clone(&stencil, &rig);
        state->enter(*state->aid, state->argument);
        add_stored(rig.element);
        add_volatile(rig.element);
        entered = take_print();
}

/* ---- commands ---- */

/* Of files, keys, records, tags; of GET DATA, READ BINARY by short number, SIGN, SET STATUS. */
static const uint16_t parameters[] = { 0x0000, 0x0001, 0x0080, 0x0097, 0x009A, 0x00E0, 0x00FF, 0x0100, 0x0117,
        0x0197, 0x0297, 0x0397, 0x0497, 0x0597, 0x019A, 0x029A, 0x039A, 0x049A, 0x059A, 0x8000, 0x9700,
        0x9A00, 0x9F7F, 0xFF40, 0xFFFF };
static const uint8_t classes[] = { 0x00, 0x80, 0x84 };

/* Behind the header: nothing, short and long Le, data with either, lengths that disagree. */
struct tail {
        uint8_t size;
        uint8_t bytes[40];
};

static const struct tail tails[] = {
        { 0, { 0 } }, { 1, { 0x00 } },     /* Le 256 */
        { 1, { 0x01 } },                   /* Le 1 */
        { 3, { 0x00, 0x00, 0x00 } },       /* Le 65536 */
        { 4, { 0x02, 0x00, 0x17, 0x00 } }, /* the number of a key's file */
        { 10, { 0x08, 1, 2, 3, 4, 5, 6, 7, 8, 0x00 } },
        { 25, { 0x15, 0x80, 0x10, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0x85, 0x01, 0x02, 0x00 } },
        { 3, { 0x05, 0x80, 0x01 } }, /* the data ends early */
};

enum { TAILS = sizeof tails / sizeof *tails };

static char last[128]; /* the command that was sent */

static void remember(slice command)
{
        for (size_t i = 0; i < command.size && 2 * i + 2 < sizeof last; i++)
                snprintf(last + 2 * i, 3, "%02X", command.data[i]);
}

static void check_response(slice response)
{
        if (!holds_secret(response))
                return;
        fail_msg("a secret of the element is in a response of %zu bytes to %s", response.size, last);
}

/* A command that was carried out may have made new keys: of these, too, nothing is in its own response. */
static void check_and_restore(const struct state *state)
{
        slice response = slice_of(rig.response, rig.data.size + 2);
        if (response.size >= WINDOW) {
                add_volatile(rig.element);
                if (entered.writes != rig.medium.writes)
                        add_stored(rig.element);
                check_response(response);
        }
        if (!is_same(&entered, state->secured))
                enter(state);
}

static void write_head(writer *w, uint8_t cla, uint8_t ins, uint16_t p1p2)
{
        write_u8(w, cla);
        write_u8(w, ins);
        write_u16(w, p1p2);
}

static size_t send_bare(const struct state *state, uint8_t cla, uint16_t p1p2, const struct tail *tail)
{
        for (unsigned ins = 0; ins <= 0xFF; ins++) {
                uint8_t bytes[64];
                writer w = WRITER(bytes);
                write_head(&w, cla, (uint8_t)ins, p1p2);
                write_slice(&w, slice_of(tail->bytes, tail->size));
                remember(writer_view(&w));
                (void)element_rig_transmit(&rig, writer_view(&w));
                check_and_restore(state);
        }
        return 256;
}

/* The plain answer is looked at, as the management station sees it. */
static void unwrap(void)
{
        uint8_t plain[MITOME_APDU_MAX];
        slice data;
        uint16_t sw;
        if (!failed(scp03_host_unwrap(&rig.host, slice_of(rig.response, rig.data.size + 2), plain,
                    sizeof plain, &data, &sw, NULL)))
                check_response(data);
        bytes_wipe(plain, sizeof plain);
}

static size_t send_wrapped(const struct state *state, uint8_t cla, uint16_t p1p2, slice data)
{
        for (unsigned ins = 0; ins <= 0xFF; ins++) {
                uint8_t bytes[256];
                writer w = WRITER(bytes);
                const struct apdu_command command = { .cla = cla,
                        .ins = (uint8_t)ins,
                        .p1 = (uint8_t)(p1p2 >> 8),
                        .p2 = (uint8_t)p1p2,
                        .data = data,
                        .expected = 65536 };
                remember(slice_of((const uint8_t[]){ cla, (uint8_t)ins, command.p1, command.p2 }, 4));
                if (failed(scp03_host_wrap(&rig.host, &command, &w, NULL)))
                        enter(state);
                (void)element_rig_transmit(&rig, writer_view(&w));
                add_volatile(rig.element);
                if (entered.writes != rig.medium.writes)
                        add_stored(rig.element);
                unwrap();
                check_and_restore(state);
        }
        return 256;
}

static size_t sweep(const struct state *state)
{
        static const uint8_t asked[] = { 0x80, 0x10, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0x85,
                0x01, 0x02 };
        static const uint8_t file[] = { 0x00, 0x17 };
        const slice data[] = { nothing, SLICE(file), SLICE(asked) };
        size_t sent = 0;
        enter(state);
        for (size_t c = 0; c < sizeof classes; c++) {
                /* Sealed without a channel, or wrongly: what stands in it is never looked at. */
                size_t most = classes[c] & 0x04 ? 4 : sizeof parameters / sizeof *parameters;
                for (size_t p = 0; p < most; p++) {
                        for (size_t t = 0; t < TAILS && !state->secured; t++)
                                sent += send_bare(
                                        state, classes[c] | state->channel, parameters[p], &tails[t]);
                        for (size_t d = 0; d < 3 && state->secured && !(classes[c] & 0x04); d++)
                                sent += send_wrapped(state, classes[c], parameters[p], data[d]);
                }
        }
        return sent;
}

/* ---- the element ---- */

static int make_stencil(void **state)
{
        (void)state;
        uint8_t id[ELEMENT_RIG_ID_SIZE];
        element_rig_open(&stencil);
        element_rig_make_device(&stencil);
        element_rig_personalise(&stencil);
        element_rig_lease(&stencil, CERTIFICATE_LEASE);
        element_rig_pair(&stencil, NULL);
        assert_int_equal(element_rig_enrol(&stencil, ELEMENT_RIG_PIN), SW_OK);
        assert_int_equal(element_rig_register(&stencil, "rp.example", 0x01, id), SW_OK);
        assert_int_equal(element_rig_register(&stencil, "other.example", 0x01, id), SW_OK);
        return 0;
}

static int drop_stencil(void **state)
{
        (void)state;
        element_rig_close(&stencil);
        if (rig.element)
                element_rig_close(&rig);
        bytes_wipe(&secrets, sizeof secrets);
        return 0;
}

/* Whoever looks for leaks must see one. */
static void a_leak_would_be_seen(void **state)
{
        (void)state;
        uint8_t response[64] = { 0 };
        enter(&states[0]);
        slice key = element_object(rig.element, OBJECT_DEVICE_KEY);
        for (size_t at = 0; at + WINDOW <= key.size; at++) {
                memcpy(response + 20, key.data + at, WINDOW);
                assert_true(holds_secret(slice_of(response, 28)));
                assert_true(holds_secret(slice_of(response + 20, WINDOW)));
                assert_false(holds_secret(slice_of(response, 27)));
        }
        enter(&states[12]);
        enter(&states[STATES - 1]);
        for (size_t kind = 0; kind < KINDS; kind++)
                assert_true(secrets.of_kind[kind] >= (kind == KIND_CARD ? 3 : 25));
        assert_true(secrets.of_kind[KIND_RSA] > 2 * 800);
}

static void no_command_returns_a_key(void **state)
{
        (void)state;
        size_t sent = 0;
        for (size_t i = 0; i < STATES; i++)
                sent += sweep(&states[i]);
        print_message("%zu commands in %d states, %zu windows\n", sent, (int)STATES, secrets.count);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_leak_would_be_seen),
                cmocka_unit_test(no_command_returns_a_key),
        };
        return cmocka_run_group_tests(tests, make_stencil, drop_stencil);
}
