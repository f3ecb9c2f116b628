/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_element.h"
#include "probe_rig.h"
#include "random_system.h"
#include "specimen.h"
#include "target_pcsc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* CTAP in a card reader: our own authenticator behind command APDUs, and cards that do not keep to it. */

enum { PATIENCE_MS = 60000, NEVER_MS = 100 };

/* ---- our own ---- */

static struct specimen specimen;

static mitome_status reader_transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        enum { WAIT_MS = 50, SHORT_ANSWER = 258 };
        const slice none = { 0 };
        (void)context;
        (void)error;
        (void)capacity;
        slice next = command;
        while (!mitome_authenticator_exchange(specimen.authenticator, next, true, WAIT_MS,
                specimen_now(&specimen), response, SHORT_ANSWER, ret_size))
                next = none;
        return ok();
}

static mitome_status reader_reset(void *context, mitome_error *error)
{
        (void)context;
        return mitome_authenticator_power_cycle(specimen.authenticator, specimen_now(&specimen), error);
}

static void open_card(const struct mitome_link *link, struct target *ret)
{
        const struct target_config config = { .name = "pcsc:test", .pin = "1234" };
        assert_false(failed(target_card_open(&config, link, ret, NULL)));
}

static enum target_trouble ask(const struct target *target, slice request, unsigned limit_ms, slice *ret)
{
        static uint8_t response[8192];
        size_t size = 0;
        enum target_trouble trouble =
                target->exchange(target->context, request, limit_ms, response, sizeof response, &size);
        *ret = slice_of(response, trouble == TARGET_ANSWERED ? size : 0);
        return trouble;
}

static void an_authenticator_in_a_reader_is_a_target(void **state)
{
        static const uint8_t get_info[] = { 0x04 };
        const struct mitome_link link = { .transmit = reader_transmit, .reset = reader_reset };
        uint8_t much[600] = { 0x02, 0xA0 }, answer[4096];
        static const uint8_t select_other[] = { 0x00, 0xA4, 0x04, 0x00, 0x05, 1, 2, 3, 4, 5, 0x00 };
        struct target target;
        slice said;
        size_t size;
        (void)state;
        open_card(&link, &target);
        assert_int_equal(target.abilities, TARGET_CTAP | TARGET_ELEMENT | TARGET_POWER);
        assert_int_equal(ask(&target, SLICE(get_info), PATIENCE_MS, &said), TARGET_ANSWERED);
        assert_true(said.size > 258); /* it came in parts */
        assert_int_equal(said.data[0], 0);
        assert_int_equal(ask(&target, SLICE(much), PATIENCE_MS, &said), TARGET_ANSWERED);
        assert_int_equal(said.size, 1); /* it went in parts, and was understood as what it is: nonsense */
        assert_int_not_equal(said.data[0], 0);
        assert_int_equal(ask(&target, SLICE(much), 0, &said), TARGET_SILENT); /* between two of its parts */
        assert_int_equal(target.apdu(target.context, SLICE(select_other), answer, sizeof answer, &size),
                TARGET_ANSWERED);
        assert_int_equal(size, 2);
        assert_int_equal(ask(&target, SLICE(get_info), PATIENCE_MS, &said), TARGET_ANSWERED);
        assert_true(target.power_cycle(target.context));
        assert_int_equal(ask(&target, SLICE(get_info), PATIENCE_MS, &said), TARGET_ANSWERED);
        target.close(target.context);
}

static int open_specimen(void **state)
{
        const struct specimen_config config = { .program = getenv("MITOME_PROGRAM"),
                .random = random_system() };
        (void)state;
        return config.program && !failed(specimen_open(&specimen, &config, NULL)) ? 0 : -1;
}

static int close_specimen(void **state)
{
        (void)state;
        specimen_close(&specimen);
        return 0;
}

/* ---- others ---- */

static const struct behaviour {
        const char *what;
        uint8_t answer[2]; /* to CTAP; the applet is there */
        bool fails, empty;
        enum target_trouble trouble;
        unsigned limit_ms;
} behaviours[] = {
        { "more without end", { 0x61, 0x00 }, false, false, TARGET_FLOODED, PATIENCE_MS },
        { "more, after its time", { 0x61, 0x00 }, false, false, TARGET_SILENT, 0 },
        { "not yet, for ever", { 0x91, 0x00 }, false, false, TARGET_SILENT, NEVER_MS },
        { "an error", { 0x6F, 0x00 }, false, false, TARGET_GARBLED, PATIENCE_MS },
        { "nothing", { 0 }, false, true, TARGET_GARBLED, PATIENCE_MS },
        { "gone", { 0 }, true, false, TARGET_DIED, PATIENCE_MS },
};

static mitome_status odd_transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        const struct behaviour *behaviour = context;
        const bool selects = command.data[1] == 0xA4;
        writer w = writer_over(response, capacity);
        (void)error;
        if (!selects && behaviour->fails)
                return (mitome_status){ MITOME_E_LINK };
        if (selects)
                write_u16(&w, 0x9000);
        else if (!behaviour->empty)
                write_slice(&w, SLICE(behaviour->answer));
        *ret_size = w.used;
        return ok();
}

static mitome_status odd_reset(void *context, mitome_error *error)
{
        (void)context;
        (void)error;
        return ok();
}

static void a_card_that_is_odd_is_told_so(void **state)
{
        static const uint8_t get_info[] = { 0x04 };
        (void)state;
        for (size_t i = 0; i < sizeof behaviours / sizeof *behaviours; i++) {
                struct behaviour behaviour = behaviours[i];
                const struct mitome_link link = {
                        .context = &behaviour, .transmit = odd_transmit, .reset = odd_reset
                };
                struct target target;
                slice said;
                open_card(&link, &target);
                print_message("%s\n", behaviour.what);
                assert_int_equal(ask(&target, SLICE(get_info), behaviour.limit_ms, &said), behaviour.trouble);
                target.close(target.context);
        }
}

static mitome_status bare_transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        writer w = writer_over(response, capacity);
        (void)context;
        (void)command;
        (void)error;
        write_u16(&w, 0x6A82);
        *ret_size = w.used;
        return ok();
}

static void a_card_without_the_applet_speaks_no_ctap(void **state)
{
        const struct mitome_link link = { .transmit = bare_transmit, .reset = odd_reset };
        struct target target;
        (void)state;
        open_card(&link, &target);
        assert_int_equal(target.abilities, TARGET_ELEMENT | TARGET_POWER);
        target.close(target.context);
}

/* ---- a card that has another PIN ---- */

static unsigned verified;
static uint8_t tries_left;

static mitome_status refusing_transmit(void *context, mitome_slice command, uint8_t *response,
        size_t capacity, size_t *ret_size, mitome_error *error)
{
        enum { VERIFY = 0x20, HEADER = 4 };
        writer w = writer_over(response, capacity);
        (void)context;
        (void)error;
        const bool verifies = command.data[1] == VERIFY, gives = verifies && command.size > HEADER;
        verified += gives;
        tries_left -= gives;
        write_u16(&w, verifies ? 0x63C0 | tries_left : 0x9000);
        *ret_size = w.used;
        return ok();
}

static void give_pin_twice(struct probe_run *run, struct target *target)
{
        struct platform platform = { .run = run, .target = target };
        const int first = element_verify_pin(&platform), again = element_verify_pin(&platform);
        probe_end(run, first == 0x63C2 && again == ELEMENT_PIN_UNKNOWN ? PROBE_HOLDS : PROBE_BROKEN,
                "%04x, %04x", (unsigned)first, (unsigned)again);
}

static void give_no_pin(struct probe_run *run, struct target *target)
{
        struct platform platform = { .run = run, .target = target };
        const int sw = element_verify_pin(&platform);
        probe_end(run, sw == ELEMENT_PIN_UNKNOWN ? PROBE_HOLDS : PROBE_BROKEN, "%04x", (unsigned)sw);
}

static void note_refusal(void *context, const struct probe *probe)
{
        unsigned *refusals = context;
        assert_string_equal(probe->id, "pin");
        ++*refusals;
}

/* Whoever attempts it next is another, and the card is the same. */
static void try_twice(const struct probe *giving, const struct probe *again, unsigned wanted)
{
        const struct mitome_link link = { .transmit = refusing_transmit, .reset = odd_reset };
        const struct probe *const probes[] = { giving, again };
        unsigned refusals = 0; /* whoever keeps a journal hears each at once */
        const struct probe_run_config config = { .refused = note_refusal, .context = &refusals };
        struct target target;
        open_card(&link, &target);
        verified = 0;
        for (size_t i = 0; i < sizeof probes / sizeof *probes; i++) {
                struct probe_run *run;
                assert_false(failed(probe_run_attempt(probes[i], &target, &config, &run, NULL)));
                assert_int_equal(probe_run_result(run), PROBE_HOLDS);
                probe_run_free(run);
        }
        assert_non_null(target.pin); /* the authenticator's may be another one */
        assert_int_equal(verified, wanted);
        assert_int_equal(refusals, wanted);
        target.close(target.context);
}

static void a_card_that_refuses_the_pin_is_given_it_once(void **state)
{
        const struct probe giving = { .id = "pin", .needs = TARGET_ELEMENT, .attempt = give_pin_twice };
        const struct probe again = { .id = "none", .needs = TARGET_ELEMENT, .attempt = give_no_pin };
        (void)state;
        tries_left = 3;
        try_twice(&giving, &again, 1);
}

static void the_last_try_of_a_card_is_not_spent(void **state)
{
        const struct probe giving = { .id = "none", .needs = TARGET_ELEMENT, .attempt = give_no_pin };
        (void)state;
        tries_left = 1;
        try_twice(&giving, &giving, 0);
}

/* Its applet is software's, wherever it is; another one's is not known to be. */
static void the_applet_of_this_project_is_simulated(void **state)
{
        const struct mitome_link ours = { .transmit = refusing_transmit, .reset = odd_reset };
        const struct mitome_link others = { .transmit = bare_transmit, .reset = odd_reset };
        struct target target;
        (void)state;
        open_card(&ours, &target);
        assert_true(target.simulated);
        target.close(target.context);
        open_card(&others, &target);
        assert_false(target.simulated);
        target.close(target.context);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        an_authenticator_in_a_reader_is_a_target, open_specimen, close_specimen),
                cmocka_unit_test(a_card_that_is_odd_is_told_so),
                cmocka_unit_test(a_card_without_the_applet_speaks_no_ctap),
                cmocka_unit_test(a_card_that_refuses_the_pin_is_given_it_once),
                cmocka_unit_test(the_last_try_of_a_card_is_not_spent),
                cmocka_unit_test(the_applet_of_this_project_is_simulated),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
