/* SPDX-License-Identifier: Apache-2.0 */

/* What the app keeps of receipts that a counter let the element forget: until the authority has them. */

#include "counter_message.h"
#include "counter_port.h"
#include "kept_receipts.h"
#include "life_rig.h"
#include "sei_tsm.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define assert_ok(status) assert_int_equal((status).code, MITOME_OK)

enum { PATH_SIZE = 128 };

static struct life_rig rig;
static char folder[PATH_SIZE], kept[PATH_SIZE + 8];

static int set_up(void **state)
{
        (void)state;
        snprintf(folder, sizeof folder, "/tmp/mitome-kept-XXXXXX");
        if (!mkdtemp(folder))
                return -1;
        snprintf(kept, sizeof kept, "%s/" LIFE_KEPT, folder);
        return 0;
}

static int remove_one(const char *path, const struct stat *facts, int kind, struct FTW *where)
{
        (void)facts, (void)kind, (void)where;
        return remove(path);
}

static int tear_down(void **state)
{
        (void)state;
        return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static int open_world(void **state)
{
        if (set_up(state) != 0)
                return -1;
        rig.folder = folder;
        life_rig_open(&rig);
        return 0;
}

static int close_world(void **state)
{
        life_rig_close(&rig);
        return tear_down(state);
}

/* ---- the folder ---- */

static void next_is(uint32_t from, uint32_t number, const char *text)
{
        uint8_t buffer[16];
        uint32_t found = 0;
        slice receipt;
        bool there = false;
        assert_ok(kept_receipts_next(folder, from, &found, buffer, sizeof buffer, &receipt, &there, NULL));
        assert_int_equal(there, text != NULL);
        if (!text)
                return;
        assert_int_equal(found, number);
        assert_true(slice_is(receipt, text));
}

static void receipts_are_kept_in_the_order_of_their_numbers(void **state)
{
        (void)state;
        next_is(0, 0, NULL);
        assert_ok(kept_receipts_put(folder, 10, slice_text("ten"), NULL));
        assert_ok(kept_receipts_put(folder, 9, slice_text("nine"), NULL));
        assert_ok(kept_receipts_put(folder, UINT32_MAX, slice_text("last"), NULL));
        assert_ok(kept_receipts_put(folder, 9, slice_text("again"), NULL));
        next_is(0, 9, "again");
        next_is(10, 10, "ten");
        next_is(11, UINT32_MAX, "last");
        assert_ok(kept_receipts_drop(folder, 9, NULL));
        assert_ok(kept_receipts_drop(folder, 9, NULL));
        next_is(0, 10, "ten");
}

static void what_is_no_receipts_file_is_passed_over(void **state)
{
        static const char *const names[] = { "receipt-1", "receipt-0000000001.bak", "receipt-9999999999",
                "receipt.new", "receipt--000000001", "notes" };
        char path[2 * PATH_SIZE];
        (void)state;
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
                snprintf(path, sizeof path, "%s/%s", folder, names[i]);
                FILE *file = fopen(path, "w");
                assert_non_null(file);
                assert_int_equal(fclose(file), 0);
        }
        next_is(0, 0, NULL);
}

static void what_cannot_be_kept_is_said(void **state)
{
        uint8_t small[2];
        uint32_t number;
        slice receipt;
        bool there;
        (void)state;
        assert_int_equal(
                kept_receipts_put("/nowhere/at/all", 1, slice_text("one"), NULL).code, MITOME_E_FILE_WRITE);
        assert_ok(kept_receipts_put(folder, 1, slice_text("one"), NULL));
        assert_int_equal(
                kept_receipts_next(folder, 0, &number, small, sizeof small, &receipt, &there, NULL).code,
                MITOME_E_FILE_READ);
        assert_int_equal(kept_receipts_drop("/nowhere/at/all", 1, NULL).code, MITOME_E_FILE_WRITE);
}

/* ---- the whole way ---- */

static void live(unsigned each)
{
        life_rig_flush(&rig);
        assert_int_equal(tsm_rig_live(&rig.tsm, 0, SP_SIGNING), each);
        assert_int_equal(tsm_rig_live(&rig.tsm, 0, SP_USER_VERIFICATION), each);
}

static void issue(void)
{
        struct life_state now;
        assert_ok(life_rig_apply(&rig, LIFE_ISSUE, LIFE_BOTH, NULL));
        assert_ok(life_cycle_run(rig.app, &now, NULL));
        assert_ok(life_cycle_choose(rig.app, LIFE_SIGNING, slice_text("HANAKO7"), NULL));
        assert_ok(life_cycle_choose(rig.app, LIFE_USER_VERIFICATION, slice_text("4711"), NULL));
        assert_ok(life_cycle_run(rig.app, &now, NULL));
        assert_int_equal(now.order, LIFE_ORDER_DONE);
        live(1);
}

static bool touch(void *context)
{
        (void)context;
        return true;
}

static mitome_status keep(void *context, uint32_t number, slice receipt, mitome_error *error)
{
        return kept_receipts_put(context, number, receipt, error);
}

static struct counter_answer say(struct counter_port *port, const struct counter_question *question)
{
        static uint8_t bytes[COUNTER_MESSAGE_MAX];
        uint8_t asked[256];
        writer w = WRITER(asked), answer = WRITER(bytes);
        struct counter_answer ret = { 0 };
        counter_write_question(&w, question);
        assert_ok(counter_port_answer(port, writer_view(&w), &answer, NULL));
        assert_ok(counter_read_answer(writer_view(&answer), &ret, NULL));
        return ret;
}

/* The clerk of a dishonest shop takes the receipt of what the owner has erased, lets the phone forget it, and
 * tells nobody. He needs no authority for the digest: the element itself told the app, and who is given the
 * receipt can compute it. */
static void cheat(struct counter_port *port)
{
        static const uint8_t nonce[32] = { 0x99 };
        static struct evidence_answer receipt;
        uint16_t sw;
        assert_int_equal(
                say(port, &(struct counter_question){ .kind = COUNTER_ASKS_RECEIPT, .nonce = SLICE(nonce) })
                        .kind,
                COUNTER_GIVEN);
        assert_ok(mitome_enforcer_select(port->enforcer, tsm_aid(TSM_FIDO), NULL));
        assert_ok(evidence_fetch(port->enforcer, EVIDENCE_RECEIPT, (slice){ 0 }, &receipt, &sw, NULL));
        mitome_enforcer_close(port->enforcer);
        const struct counter_question acknowledge = {
                .kind = COUNTER_ACKNOWLEDGES, .number = 1, .digest = receipt.digest
        };
        assert_int_equal(say(port, &acknowledge).kind, COUNTER_GIVEN);
        assert_int_equal(
                say(port, &(struct counter_question){ .kind = COUNTER_ASKS_RECEIPT, .nonce = SLICE(nonce) })
                        .kind,
                COUNTER_NONE);
}

static void attack_a_counter_that_acknowledges_and_tells_nobody(void **state)
{
        unsigned count;
        bool there;
        uint32_t number;
        uint8_t buffer[EVIDENCE_ANSWER_MAX];
        slice receipt;
        (void)state;
        issue();
        assert_ok(tsm_reset_fido(&rig.phone.link, NULL)); /* by the holder himself */
        struct mitome_enforcer *enforcer;
        assert_ok(mitome_enforcer_new(&rig.phone.link, &rig.software, &enforcer, NULL));
        struct counter_port port = { .enforcer = enforcer, .context = kept, .touch = touch, .keep = keep };
        cheat(&port);
        mitome_enforcer_free(enforcer);
        live(1); /* he told nobody */
        life_rig_kill(&rig);
        assert_ok(life_rig_start(&rig, NULL));
        assert_ok(life_cycle_deliver(rig.app, &count, NULL));
        assert_int_equal(count, 1);
        live(0);
        assert_ok(kept_receipts_next(kept, 0, &number, buffer, sizeof buffer, &receipt, &there, NULL));
        assert_false(there);
}

static void what_nobody_takes_is_kept_and_stops_nothing(void **state)
{
        unsigned count;
        (void)state;
        issue();
        assert_ok(kept_receipts_put(kept, 7, slice_text("no receipt"), NULL));
        assert_ok(tsm_reset_fido(&rig.phone.link, NULL));
        life_rig_cut(&rig, PHONE_WAY_DROP, 1, true);
        assert_int_equal(life_cycle_deliver(rig.app, &count, NULL).code, MITOME_E_UNREACHABLE);
        assert_int_equal(count, 0);
        assert_ok(life_cycle_deliver(rig.app, &count, NULL));
        assert_int_equal(count, 1); /* the element's own */
        live(0);
        uint8_t buffer[32];
        uint32_t number;
        slice receipt;
        bool there;
        assert_ok(kept_receipts_next(kept, 0, &number, buffer, sizeof buffer, &receipt, &there, NULL));
        assert_true(there && number == 7);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define WORLD(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)
                FOLDER(receipts_are_kept_in_the_order_of_their_numbers),
                FOLDER(what_is_no_receipts_file_is_passed_over),
                FOLDER(what_cannot_be_kept_is_said),
                WORLD(attack_a_counter_that_acknowledges_and_tells_nobody),
                WORLD(what_nobody_takes_is_kept_and_stops_nothing),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
