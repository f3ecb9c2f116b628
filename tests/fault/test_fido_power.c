/* SPDX-License-Identifier: Apache-2.0 */
/* The power is cut at every write of what the FIDO applet remembers: enrolment binding, UV tries, counters,
 * credentials, pairing, enterprise list, reset. What was answered 9000 holds, what was not is either as it
 * was or whole. */
#include "authdata.h"
#include "p256.h"
#include "power_sweep.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FINGER_OPEN = 0x08, LISTED = 0x20, DISCOVERABLE = 0x01, UV_TRIES = 5, PIN_TRIES = 3 };
enum { SET = 0x0031, LIST = 0x0040 };

static const slice nothing = { 0 };
static const char rp_id[] = "login.example.go.jp";
static struct element_rig stencil; /* personalised, paired, one finger, one discoverable credential */
static uint8_t first_id[ELEMENT_RIG_ID_SIZE];

static int make_stencil(void **state)
{
        (void)state;
        element_rig_open(&stencil);
        element_rig_personalise(&stencil);
        element_rig_make_device(&stencil);
        element_rig_pair(&stencil, NULL);
        assert_int_equal(element_rig_enrol(&stencil, ELEMENT_RIG_PIN), SW_OK);
        assert_int_equal(element_rig_register(&stencil, rp_id, DISCOVERABLE, first_id), SW_OK);
        return 0;
}

static int drop_stencil(void **state)
{
        (void)state;
        element_rig_close(&stencil);
        return 0;
}

static bool open_applet(struct element_rig *rig)
{
        return element_rig_select(rig, element_rig_fido) == SW_OK;
}

/* As element_rig_channel, but the power may be off. */
static bool open_channel(struct element_rig *rig)
{
        return open_applet(rig) && element_rig_channel(rig, element_rig_fido, &element_rig_keys) == SW_OK;
}

static uint16_t state_flags(struct element_rig *rig)
{
        assert_true(open_applet(rig));
        return element_rig_state(rig).flags;
}

/* ---- enrolment binding ---- */

struct enrolled {
        bool confirmed;
        uint8_t before[UNLOCK_SET_SIZE], after[UNLOCK_SET_SIZE];
};

static void enrol(struct element_rig *rig, void *context)
{
        struct enrolled *known = context;
        memcpy(known->before, rig->set, sizeof known->before);
        if (open_applet(rig))
                known->confirmed = element_rig_enrol(rig, ELEMENT_RIG_PIN) == SW_OK;
        memcpy(known->after, rig->set, sizeof known->after);
}

static uint16_t log_in_with(struct element_rig *rig, const uint8_t set[UNLOCK_SET_SIZE])
{
        memcpy(rig->set, set, sizeof rig->set);
        assert_true(open_applet(rig));
        return element_rig_log_in(rig, rp_id, nothing);
}

static void check_enrolled(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct enrolled *known = context;
        uint8_t stored[UNLOCK_SET_SIZE];
        assert_int_equal(element_rig_stored(rig, SET, stored, sizeof stored).size, sizeof stored);
        bool is_new = memcmp(stored, known->before, sizeof stored) != 0;
        assert_true(is_new || !known->confirmed);
        assert_true(known->confirmed || cut->at > 0);
        if (is_new)
                assert_memory_equal(stored, known->after, sizeof stored);
        assert_true(open_applet(rig));
        assert_in_range(element_rig_state(rig).pin_tries, PIN_TRIES - 1, PIN_TRIES);
        assert_int_equal(log_in_with(rig, stored), SW_OK);
        if (is_new)
                assert_int_equal(log_in_with(rig, known->before), SW_TOKEN_SET);
}

static void the_confirmed_set_is_the_old_or_the_new(void **state)
{
        (void)state;
        static const struct enrolled known = { 0 };
        assert_true(power_sweep(&stencil,
                            &(struct power_sweep){ enrol, check_enrolled, &known, sizeof known }) >= 3);
}

/* ---- removal: [6.7.8] of the last finger ---- */

static void remove_last(struct element_rig *rig, void *context)
{
        bool *told = context;
        static const uint8_t thumb[16] = { 0x71 };
        uint8_t token[UNLOCK_TOKEN_SIZE], bytes[128];
        SECRET(pin_token);
        struct element_rig_operation operation = {
                .command = 0x09, .pin = &pin_token, .removes = SLICE(thumb)
        };
        if (!open_applet(rig) || element_rig_pin_token(rig, ELEMENT_RIG_PIN, &pin_token) != SW_OK ||
                element_rig_begin(rig, &operation) != SW_OK)
                return;
        uint8_t kept[UNLOCK_SET_SIZE];
        memcpy(kept, rig->set, sizeof kept);
        memset(rig->set, 0, sizeof rig->set);
        element_rig_seal(rig, &operation, UNLOCK_REMOVED, token);
        memcpy(rig->set, kept, sizeof kept);
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, SLICE(token));
        *told = element_rig_command(rig, 0x802A0000, writer_view(&w)) == SW_OK;
}

/* Either the finger still opens (its matcher has forgotten it, so nobody has it), or the path is closed. */
static void check_removed(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const bool *told = context;
        uint8_t stored[UNLOCK_SET_SIZE];
        bool there = element_rig_stored(rig, SET, stored, sizeof stored).size != 0;
        assert_true(!there || !*told);
        assert_true(*told || cut->at > 0);
        assert_int_equal(state_flags(rig) & FINGER_OPEN, there ? FINGER_OPEN : 0);
        assert_int_equal(element_rig_log_in(rig, rp_id, nothing), there ? SW_OK : SW_UNUSABLE);
        assert_true(open_applet(rig));
        assert_int_equal(element_rig_enrol(rig, ELEMENT_RIG_PIN), SW_OK);
}

static void a_removal_is_whole(void **state)
{
        (void)state;
        static const bool told = false;
        assert_true(power_sweep(&stencil,
                            &(struct power_sweep){ remove_last, check_removed, &told, sizeof told }) >= 3);
}

/* ---- UV tries ---- */

struct tried {
        int challenges, refunds;
};

/* Three fingers that do not match, then one that was never there. */
static void try_fingers(struct element_rig *rig, void *context)
{
        struct tried *known = context;
        uint8_t token[UNLOCK_TOKEN_SIZE], bytes[128];
        for (int i = 0; i < 4 && open_applet(rig); i++) {
                struct element_rig_operation operation = { .command = 0x02, .rp_id = rp_id, .options = 0x02 };
                known->challenges += element_rig_begin(rig, &operation) == SW_OK;
                if (i < 3)
                        continue;
                element_rig_seal(rig, &operation, UNLOCK_ABSENT, token);
                writer w = WRITER(bytes);
                tlv_write(&w, 0x80, SLICE(token));
                known->refunds += !rig->medium.off; /* asked for: it may have come about */
                (void)element_rig_command(rig, 0x802E0000, writer_view(&w));
        }
}

static void check_tries(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct tried *known = context;
        assert_true(open_applet(rig));
        int left = element_rig_state(rig).uv_tries;
        assert_true(left <= UV_TRIES - known->challenges + known->refunds);
        if (cut->at == 0)
                assert_int_equal(left, UV_TRIES - 3);
}

/* ---- a set that was changed from elsewhere, and the PIN that confirms it ---- */

static void lay_a_finger_of_another_set(struct element_rig *rig, void *context)
{
        bool *confirmed = context;
        SECRET(pin_token);
        rig->set[3] ^= 0x11;
        if (!open_applet(rig) || element_rig_log_in(rig, rp_id, nothing) != SW_TOKEN_SET || rig->medium.off)
                return;
        *confirmed = element_rig_pin_token(rig, ELEMENT_RIG_PIN, &pin_token) == SW_OK && !rig->medium.off;
}

static void check_other_set(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const bool *confirmed = context;
        SECRET(pin_token);
        assert_true(*confirmed || cut->at > 0);
        assert_true(open_applet(rig));
        uint16_t sw = element_rig_log_in(rig, rp_id, nothing);
        assert_true(sw == SW_OK || sw == SW_TOKEN_SET || sw == SW_UNUSABLE);
        assert_true(sw == SW_OK || !*confirmed);
        assert_int_equal(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &pin_token), SW_OK);
        assert_int_equal(element_rig_log_in(rig, rp_id, nothing), SW_OK);
}

static void a_changed_set_is_the_old_the_noted_or_the_confirmed(void **state)
{
        (void)state;
        static const bool confirmed = false;
        assert_true(power_sweep(&stencil, &(struct power_sweep){ lay_a_finger_of_another_set, check_other_set,
                                                  &confirmed, sizeof confirmed }) >= 3);
}

static void no_finger_is_won(void **state)
{
        (void)state;
        static const struct tried known = { 0 };
        assert_int_equal(power_sweep(&stencil,
                                 &(struct power_sweep){ try_fingers, check_tries, &known, sizeof known }),
                5);
}

/* ---- signature counters ---- */

struct counted {
        uint32_t last; /* that anybody has seen */
};

static uint32_t sign_count(struct element_rig *rig)
{
        struct authdata data;
        assert_int_equal(authdata_read(element_rig_value(rig, 0x81), &data, NULL).code, MITOME_OK);
        return data.sign_count;
}

/* Presence only: no write but the counter's. */
static bool log_in_by_touch(struct element_rig *rig)
{
        struct element_rig_operation operation = { .command = 0x02, .rp_id = rp_id, .options = 0x01 };
        return element_rig_begin(rig, &operation) == SW_OK &&
               element_rig_get(rig, nothing, 0x02, SLICE(first_id)) == SW_OK;
}

static void count(struct element_rig *rig, void *context)
{
        struct counted *known = context;
        if (!open_applet(rig))
                return;
        for (int i = 0; i < 130 && log_in_by_touch(rig); i++) {
                assert_true(sign_count(rig) > known->last);
                known->last = sign_count(rig);
        }
}

static void check_count(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct counted *known = context;
        assert_true(open_applet(rig));
        assert_true(log_in_by_touch(rig));
        assert_true(sign_count(rig) > known->last);
        if (cut->at == 0)
                assert_int_equal(known->last, 130);
}

/* One durable write for 64 signatures, and no number twice. */
static void counters_only_rise(void **state)
{
        (void)state;
        static const struct counted known = { 0 };
        assert_int_equal(
                power_sweep(&stencil, &(struct power_sweep){ count, check_count, &known, sizeof known }), 3);
}

/* ---- credentials ---- */

struct replaced {
        bool made;
        uint16_t room;
        uint8_t id[ELEMENT_RIG_ID_SIZE];
};

static void replace(struct element_rig *rig, void *context)
{
        struct replaced *known = context;
        if (open_applet(rig))
                known->made = element_rig_register(rig, rp_id, DISCOVERABLE, known->id) == SW_OK;
}

static void check_replaced(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct replaced *known = context;
        assert_true(open_applet(rig));
        assert_int_equal(element_rig_state(rig).room, known->room); /* one for one */
        assert_int_equal(element_rig_log_in(rig, rp_id, nothing), SW_OK);
        bool is_old = slice_equal(element_rig_value(rig, 0x80), SLICE(first_id));
        if (known->made) {
                assert_false(is_old);
                assert_int_equal(element_rig_log_in(rig, rp_id, SLICE(known->id)), SW_OK);
        }
        assert_true(known->made || cut->at > 0);
        assert_int_equal(element_rig_log_in(rig, rp_id, SLICE(first_id)), is_old ? SW_OK : SW_NO_REFERENCE);
}

static void a_credential_is_replaced_in_one_piece(void **state)
{
        (void)state;
        struct element_rig rig;
        struct replaced known = { 0 };
        element_rig_clone(&stencil, &rig);
        assert_true(open_applet(&rig));
        known.room = element_rig_state(&rig).room;
        element_rig_close(&rig);
        assert_true(power_sweep(&stencil,
                            &(struct power_sweep){ replace, check_replaced, &known, sizeof known }) >= 3);
}

/* ---- pairing ---- */

struct paired {
        bool confirmed;
        struct secret key;
};

static void pair(struct element_rig *rig, void *context)
{
        struct paired *known = context;
        uint8_t point[65], own[65], mac[SHA256_SIZE], bytes[80];
        SECRET(scalar);
        assert_int_equal(p256_generate(&rig->random, &scalar, point, NULL).code, MITOME_OK);
        writer w = WRITER(bytes);
        element_rig_write_matcher(rig, SLICE(point), &w);
        if (!open_channel(rig) || element_rig_secured(rig, 0x80320000, writer_view(&w)) != SW_OK)
                return;
        memcpy(own, element_rig_value(rig, 0x80).data, sizeof own);
        assert_int_equal(
                pairing_derive(secret_view(&scalar), SLICE(own), SLICE(own), SLICE(point), &known->key, NULL)
                        .code,
                MITOME_OK);
        pairing_confirmation(secret_view(&known->key), PAIRING_MATCHER, SLICE(own), SLICE(point), mac);
        w = WRITER(bytes);
        tlv_write(&w, 0x80, SLICE(mac));
        known->confirmed = element_rig_secured(rig, 0x803C0000, writer_view(&w)) == SW_OK;
}

/* Either the former matcher with its finger, or the new one with none. */
static void check_paired(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct paired *known = context;
        bool open = state_flags(rig) & FINGER_OPEN;
        assert_true(!open || !known->confirmed);
        assert_true(known->confirmed || cut->at > 0);
        if (open) {
                assert_int_equal(element_rig_log_in(rig, rp_id, nothing), SW_OK);
                return;
        }
        rig->pairing_key = known->key;
        assert_true(open_applet(rig));
        assert_int_equal(element_rig_enrol(rig, ELEMENT_RIG_PIN), SW_OK);
        assert_int_equal(element_rig_log_in(rig, rp_id, nothing), SW_OK);
}

static void a_pairing_is_the_old_or_the_new(void **state)
{
        (void)state;
        static const struct paired known = { 0 };
        assert_true(power_sweep(&stencil,
                            &(struct power_sweep){ pair, check_paired, &known, sizeof known }) >= 2);
}

/* ---- the enterprise list ---- */

static const uint8_t list_data[] = { 0x80, 1, 1, 0x81, 1, 'a', 0x81, 1, 'b' };
enum { LIST_SIZE = 1 + 2 * 32 };

static void set_list(struct element_rig *rig, void *context)
{
        bool *told = context;
        if (open_channel(rig))
                *told = element_rig_secured(rig, 0x803A0000, SLICE(list_data)) == SW_OK;
}

static void check_list(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const bool *told = context;
        uint8_t list[LIST_SIZE + 1];
        size_t size = element_rig_stored(rig, LIST, list, sizeof list).size;
        assert_true(size == LIST_SIZE || (size == 0 && !*told));
        assert_true(*told || cut->at > 0);
        assert_int_equal(state_flags(rig) & LISTED, size ? LISTED : 0);
}

static void the_list_is_whole(void **state)
{
        (void)state;
        static const bool told = false;
        assert_true(power_sweep(&stencil,
                            &(struct power_sweep){ set_list, check_list, &told, sizeof told }) >= 2);
}

/* ---- reset ---- */

static void reset(struct element_rig *rig, void *context)
{
        static const uint8_t touched[] = { 0x85, 1, 0x02 };
        bool *told = context;
        if (open_applet(rig))
                *told = element_rig_command(rig, 0x80180000, SLICE(touched)) == SW_OK;
}

static void check_reset(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        static const uint32_t objects[] = { 0x0020, 0x0023, 0x0030, 0x0031, 0x010A, 0x0117, 0x011A,
                0x01000000 };
        enum { COUNT = sizeof objects / sizeof *objects };
        const bool *told = context;
        uint8_t bytes[4096];
        unsigned there = 0;
        for (size_t i = 0; i < COUNT; i++)
                there += element_rig_stored(rig, objects[i], bytes, sizeof bytes).size > 0;
        assert_true(there == 0 || (there == COUNT && !*told));
        assert_true(*told || cut->at > 0);
        assert_int_equal(state_flags(rig), there ? 0x1F : 0x01);
        static const uint8_t touched[] = { 0x85, 1, 0x02 };
        assert_int_equal(element_rig_command(rig, 0x80400000, SLICE(touched)),
                there ? SW_NO_REFERENCE : SW_OK); /* a receipt exactly when it is gone */
}

static void a_reset_is_all_or_nothing(void **state)
{
        (void)state;
        static const bool told = false;
        assert_true(
                power_sweep(&stencil, &(struct power_sweep){ reset, check_reset, &told, sizeof told }) >= 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_confirmed_set_is_the_old_or_the_new),
                cmocka_unit_test(a_removal_is_whole),
                cmocka_unit_test(no_finger_is_won),
                cmocka_unit_test(a_changed_set_is_the_old_the_noted_or_the_confirmed),
                cmocka_unit_test(counters_only_rise),
                cmocka_unit_test(a_credential_is_replaced_in_one_piece),
                cmocka_unit_test(a_pairing_is_the_old_or_the_new),
                cmocka_unit_test(the_list_is_whole),
                cmocka_unit_test(a_reset_is_all_or_nothing),
        };
        return cmocka_run_group_tests(tests, make_stencil, drop_stencil);
}
