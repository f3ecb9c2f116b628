/* SPDX-License-Identifier: Apache-2.0 */
/* A life of an element (made, personalised, paired, a finger enrolled, registered, logged in, with wrong
 * tries in between), and the power cut before and after each write of it. After each cut the element opens,
 * no try is won, no counter has gone back, and what was answered 9000 is there. */
#include "authdata.h"
#include "element_certificate.h"
#include "power_sweep.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char rp_id[] = "login.example.go.jp";
static const slice nothing = { 0 };

enum { PIN_FULL = 3, UV_FULL = 5, PASSWORD_FULL = 5, CERTIFICATE_SIZE = 1100 };

/* What the world outside knows by its answers. Bounds hold for whatever the element says after a cut. */
struct known {
        bool created, batch_key, key, certificate, pin_set, password_set, paired, enrolled, registered;
        uint32_t sequence;                            /* the last one that was answered */
        uint32_t sign_count;                          /* the last one that was answered */
        unsigned pin_tries, uv_tries, password_tries; /* no more than this may be left */
        uint8_t id[ELEMENT_RIG_ID_SIZE];
        uint8_t first_bytes[256]; /* of the certificate */
        struct element_rig_operation operation;
};

struct life {
        struct element_rig rig;
        struct known known;
};

/* A step raises the bounds to what it may leave at most, then acts, then notes what was answered. A guess
 * whose outcome was told has cost a try; one that was cut off before any answer told nothing. */
typedef void step(struct life *life);

static bool went_well(const struct life *life)
{
        return !life->rig.medium.off && life->rig.sw == SW_OK;
}

static bool told(const struct life *life)
{
        return (life->rig.sw & 0xFFF0) == SW_TRIES_LEFT;
}

static void create(struct life *life)
{
        struct element_rig *rig = &life->rig;
        element_rig_configure(rig);
        if (mitome_element_create(&rig->config, &element_rig_keys, NULL).code != MITOME_OK)
                return;
        life->known.created = true;
        assert_int_equal(mitome_element_open(&rig->config, &rig->element, NULL).code, MITOME_OK);
}

static bool open_channel(struct life *life, slice aid)
{
        struct element_rig *rig = &life->rig;
        (void)element_rig_channel(rig, aid, &element_rig_keys);
        if (went_well(life))
                life->known.sequence++;
        return went_well(life);
}

static void store_batch_key(struct life *life)
{
        static uint8_t data[1400]; /* made once: an element of its own gives it */
        static size_t size;
        if (size == 0) {
                struct element_rig maker = { 0 };
                uint8_t list[1200], key[64];
                element_rig_open(&maker);
                element_rig_store_batch_key(&maker);
                slice certificates = element_rig_stored(&maker, 0x0011, list, sizeof list);
                slice stored = element_rig_stored(&maker, 0x0010, key, sizeof key);
                writer w = WRITER(data);
                tlv_write(&w, 0x80, slice_of(stored.data, 16));
                tlv_write(&w, 0x81, slice_of(stored.data + 16, 32));
                write_slice(&w, certificates);
                size = w.used;
                element_rig_close(&maker);
        }
        if (open_channel(life, element_rig_fido) &&
                element_rig_secured(&life->rig, 0x80300000, slice_of(data, size)) == SW_OK)
                life->known.batch_key = true;
}

static void generate(struct life *life)
{
        if (open_channel(life, element_rig_jpki) &&
                element_rig_secured(&life->rig, 0x80460097, nothing) == SW_OK)
                life->known.key = true;
}

static void write_certificate(struct life *life)
{
        enum { FIRST_PART = 1000 };
        struct element_rig *rig = &life->rig;
        uint8_t key[2048], buffer[ELEMENT_CERTIFICATE_MAX];
        slice stored = element_rig_stored(rig, 0x0117, key, sizeof key);
        if (stored.size == 0)
                return;
        slice whole = element_certificate(stored, 1, CERTIFICATE_SIZE, buffer);
        memcpy(life->known.first_bytes, whole.data, sizeof life->known.first_bytes);
        if (open_channel(life, element_rig_jpki) && element_rig_select_file(rig, 0x000A) == SW_OK &&
                element_rig_secured(rig, 0x80D60000, slice_of(buffer, FIRST_PART)) == SW_OK &&
                element_rig_secured(rig, 0x80D60000 | FIRST_PART,
                        slice_of(buffer + FIRST_PART, CERTIFICATE_SIZE - FIRST_PART)) == SW_OK)
                life->known.certificate = true;
}

static void set_secrets(struct life *life)
{
        struct element_rig *rig = &life->rig;
        if (!open_channel(life, element_rig_jpki))
                return;
        life->known.pin_tries = PIN_FULL;
        if (element_rig_secured(rig, 0x802C0098, slice_text(ELEMENT_RIG_PIN)) != SW_OK)
                return;
        life->known.pin_set = true;
        life->known.password_tries = PASSWORD_FULL;
        if (element_rig_secured(rig, 0x802C009B, slice_text(ELEMENT_RIG_PASSWORD)) == SW_OK)
                life->known.password_set = true;
}

static void pair(struct life *life)
{
        static const uint8_t scalar[32] = { [31] = 1 }; /* the matcher's point is the base point */
        static const char point_hex[] = "046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
                                        "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5";
        uint8_t point[65], bytes[80];
        for (size_t i = 0; i < sizeof point; i++) {
                const char digits[] = { point_hex[2 * i], point_hex[2 * i + 1], 0 };
                point[i] = (uint8_t)strtoul(digits, NULL, 16);
        }
        writer w = WRITER(bytes);
        element_rig_write_matcher(&life->rig, SLICE(point), &w);
        if (!open_channel(life, element_rig_fido) ||
                element_rig_secured(&life->rig, 0x80320000, writer_view(&w)) != SW_OK)
                return;
        slice element_point = element_rig_value(&life->rig, 0x80);
        assert_int_equal(pairing_derive(SLICE(scalar), element_point, element_point, SLICE(point),
                                 &life->rig.pairing_key, NULL)
                                 .code,
                MITOME_OK);
        uint8_t mac[SHA256_SIZE];
        pairing_confirmation(
                secret_view(&life->rig.pairing_key), PAIRING_MATCHER, element_point, SLICE(point), mac);
        w = WRITER(bytes);
        tlv_write(&w, 0x80, SLICE(mac));
        life->known.paired = element_rig_secured(&life->rig, 0x803C0000, writer_view(&w)) == SW_OK;
}

static void select_fido(struct life *life)
{
        (void)element_rig_select(&life->rig, element_rig_fido);
}

static void wrong_pin(struct life *life)
{
        SECRET(token);
        (void)element_rig_pin_token(&life->rig, "0000", &token);
        if (told(life))
                life->known.pin_tries--;
        if (!life->rig.medium.off)
                assert_int_equal(life->rig.sw, SW_TRIES_LEFT | life->known.pin_tries);
}

static void enrol(struct life *life)
{
        life->known.pin_tries = PIN_FULL;
        life->known.uv_tries = UV_FULL;
        (void)element_rig_enrol(&life->rig, ELEMENT_RIG_PIN);
        life->known.enrolled |= went_well(life);
}

static void wrong_finger(struct life *life)
{
        struct element_rig_operation operation = { .command = 0x02, .rp_id = rp_id, .options = 0x02 };
        (void)element_rig_begin(&life->rig, &operation);
        if (went_well(life))
                life->known.uv_tries--; /* the challenge is out */
}

static void absent_finger(struct life *life)
{
        uint8_t token[UNLOCK_TOKEN_SIZE], bytes[UNLOCK_TOKEN_SIZE + 2];
        unsigned before = life->known.uv_tries;
        struct element_rig_operation operation = { .command = 0x02, .rp_id = rp_id, .options = 0x02 };
        if (element_rig_begin(&life->rig, &operation) != SW_OK)
                return;
        element_rig_seal(&life->rig, &operation, UNLOCK_ABSENT, token);
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, SLICE(token));
        life->known.uv_tries = before;
        (void)element_rig_command(&life->rig, 0x802E0000, writer_view(&w));
}

static void register_credential(struct life *life)
{
        life->known.uv_tries = UV_FULL;
        (void)element_rig_register(&life->rig, rp_id, 0x01, life->known.id);
        life->known.registered |= went_well(life);
}

static void log_in(struct life *life)
{
        struct authdata data;
        life->known.uv_tries = UV_FULL;
        (void)element_rig_log_in(&life->rig, rp_id, SLICE(life->known.id));
        if (!went_well(life))
                return;
        assert_int_equal(authdata_read(element_rig_value(&life->rig, 0x81), &data, NULL).code, MITOME_OK);
        assert_true(data.sign_count > life->known.sign_count);
        life->known.sign_count = data.sign_count;
}

static void wrong_password(struct life *life)
{
        struct element_rig *rig = &life->rig;
        if (element_rig_select(rig, element_rig_jpki) != SW_OK ||
                element_rig_select_file(rig, 0x001B) != SW_OK)
                return;
        (void)element_rig_command(rig, 0x00200080, slice_text("WRONG123"));
        if (told(life))
                life->known.password_tries--;
}

static void right_pin(struct life *life)
{
        struct element_rig *rig = &life->rig;
        if (element_rig_select(rig, element_rig_jpki) != SW_OK ||
                element_rig_select_file(rig, 0x0018) != SW_OK)
                return;
        life->known.pin_tries = PIN_FULL;
        life->known.uv_tries = UV_FULL;
        (void)element_rig_command(rig, 0x00200080, slice_text(ELEMENT_RIG_PIN));
}

static step *const story[] = {
        create,
        store_batch_key,
        generate,
        write_certificate,
        set_secrets,
        pair,
        select_fido,
        wrong_pin,
        wrong_pin,
        enrol,
        wrong_finger,
        absent_finger,
        register_credential,
        log_in,
        wrong_finger,
        wrong_finger,
        log_in,
        wrong_pin,
        wrong_password,
        wrong_password,
        right_pin,
};

enum { STEPS = sizeof story / sizeof *story };

/* ---- what must hold after a cut ---- */

static uint32_t next_sequence(struct element_rig *rig)
{
        static const uint8_t challenge[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
        assert_int_equal(element_rig_select(rig, element_rig_manager), SW_OK);
        assert_int_equal(element_rig_command(rig, 0x80500000, SLICE(challenge)), SW_OK);
        const uint8_t *last = rig->data.data + 29;
        return (uint32_t)last[0] << 16 | (uint32_t)last[1] << 8 | last[2];
}

static void check_counters(struct life *life, bool cut)
{
        struct element_rig *rig = &life->rig;
        const struct known *known = &life->known;
        assert_true(next_sequence(rig) > known->sequence);
        assert_int_equal(element_rig_select(rig, element_rig_fido), SW_OK);
        struct element_rig_state state = element_rig_state(rig);
        assert_true(state.uv_tries <= known->uv_tries);
        if (known->pin_set)
                assert_true(state.pin_tries <= known->pin_tries);
        assert_true(state.pin_tries <= (state.flags & 0x10 ? PIN_FULL : 8));
        if (known->password_set) {
                assert_int_equal(element_rig_select(rig, element_rig_jpki), SW_OK);
                assert_int_equal(element_rig_select_file(rig, 0x001B), SW_OK);
                (void)element_rig_command(rig, 0x00200080, nothing);
                assert_true((rig->sw & 0x0F) <= known->password_tries);
                if (!cut)
                        assert_int_equal(rig->sw & 0x0F, known->password_tries);
        }
}

static void check_objects(struct life *life)
{
        struct element_rig *rig = &life->rig;
        const struct known *known = &life->known;
        assert_int_equal(element_rig_select(rig, element_rig_fido), SW_OK);
        uint8_t flags = element_rig_state(rig).flags;
        assert_true(!known->batch_key || flags & 0x01);
        assert_true(!known->pin_set || flags & 0x02);
        assert_true(!known->paired || flags & 0x04);
        assert_true(!known->certificate || flags & 0x10);
        if (known->enrolled) {
                uint8_t stored[16];
                assert_true(
                        slice_equal(element_rig_stored(rig, 0x0031, stored, sizeof stored), SLICE(rig->set)));
        }
        if (known->registered)
                log_in(life); /* and its counter is above the last */
        if (known->registered)
                assert_true(went_well(life) || life->rig.sw == SW_BLOCKED);
}

/* The certificate reads back whole, and the key signs: both after the PIN, if that has tries left. */
static void check_jpki(struct life *life)
{
        struct element_rig *rig = &life->rig;
        const struct known *known = &life->known;
        assert_int_equal(element_rig_select(rig, element_rig_jpki), SW_OK);
        if (!known->pin_set || element_rig_select_file(rig, 0x0018) != SW_OK)
                return;
        (void)element_rig_command(rig, 0x00200080, slice_text(ELEMENT_RIG_PIN));
        if (rig->sw == SW_UNUSABLE)
                return;
        assert_int_equal(rig->sw, SW_OK);
        if (known->certificate) {
                assert_int_equal(element_rig_select_file(rig, 0x000A), SW_OK);
                assert_int_equal(element_rig_command(rig, 0x00B00000, nothing), SW_OK);
                assert_int_equal(rig->data.size, CERTIFICATE_SIZE);
                assert_memory_equal(rig->data.data, known->first_bytes, sizeof known->first_bytes);
        }
        if (known->key)
                assert_int_equal(element_rig_command(rig, 0x802A0397, slice_text("x")), SW_OK);
}

static void check_life(struct life *life, bool cut)
{
        if (!life->known.created && !life->rig.medium.image) {
                assert_int_equal(mitome_element_open(&life->rig.config, &life->rig.element, NULL).code,
                        MITOME_E_STORE_MISSING);
                create(life); /* and it can be made now */
                assert_true(life->known.created);
                return;
        }
        element_rig_cycle(&life->rig); /* opens, or aborts */
        check_counters(life, cut);
        check_objects(life);
        check_jpki(life);
}

/* ---- the lives ---- */

/* Lives until the power is gone or the story ends; gives the number of writes. */
static unsigned live(struct life *life)
{
        for (size_t i = 0; i < STEPS && !life->rig.medium.off; i++)
                story[i](life);
        return life->rig.medium.writes;
}

static struct life *new_life(void)
{
        struct life *life = calloc(1, sizeof *life);
        life->known.uv_tries = UV_FULL;
        return life;
}

static void end_life(struct life *life)
{
        element_rig_close(&life->rig);
        free(life);
}

static unsigned whole_story(void)
{
        struct life *life = new_life();
        unsigned writes = live(life);
        assert_false(life->rig.medium.off);
        assert_true(life->known.created && life->known.batch_key && life->known.key &&
                    life->known.certificate && life->known.pin_set && life->known.password_set &&
                    life->known.paired && life->known.enrolled && life->known.registered);
        assert_int_equal(life->rig.sw, SW_OK);
        assert_int_equal(life->known.sequence, 5);
        assert_int_equal(life->known.sign_count, 2);
        check_life(life, false);
        end_life(life);
        return writes;
}

static void no_cut_wins_anything(void **state)
{
        (void)state;
        unsigned writes = whole_story();
        assert_true(writes > 30);
        for (unsigned at = 1; at <= writes; at++) {
                for (int moment = POWER_CUT_BEFORE; moment <= POWER_CUT_AFTER; moment++) {
                        struct life *life = new_life();
                        power_cut_arm(&life->rig.medium, at, (enum power_cut_moment)moment);
                        assert_int_equal(live(life), at);
                        assert_true(life->rig.medium.off);
                        if (life->rig.element) { /* stopped until it is opened again */
                                assert_int_equal(
                                        element_rig_select(&life->rig, element_rig_fido), SW_MEMORY_FAILURE);
                                element_rig_off(&life->rig);
                        }
                        power_cut_on(&life->rig.medium);
                        check_life(life, true);
                        end_life(life);
                }
        }
        print_message("%u writes, cut before and after each\n", writes);
}

/* ---- one operation: no sequence counter is answered twice, whenever the power goes ---- */

static void open_channels(struct element_rig *rig, void *context)
{
        static const uint8_t challenge[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
        uint32_t *answered = context;
        for (int i = 0; i < 3 && element_rig_command(rig, 0x80500000, SLICE(challenge)) == SW_OK; i++)
                ++*answered;
}

static void check_sequence(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const uint32_t *answered = context;
        assert_int_equal(*answered, cut->at ? cut->at - 1 : 3);
        assert_int_equal(next_sequence(rig), *answered + 1 + (cut->moment == POWER_CUT_AFTER));
}

static void no_sequence_counter_comes_twice(void **state)
{
        (void)state;
        struct element_rig rig = { 0 };
        const uint32_t answered = 0;
        element_rig_open(&rig);
        assert_int_equal(power_sweep(&rig, &(struct power_sweep){ open_channels, check_sequence, &answered,
                                                   sizeof answered }),
                3);
        element_rig_close(&rig);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(no_cut_wins_anything),
                cmocka_unit_test(no_sequence_counter_comes_twice),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
