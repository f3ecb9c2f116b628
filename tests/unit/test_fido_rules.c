/* SPDX-License-Identifier: Apache-2.0 */
/* The state table of the FIDO applet: every command in every phase with every set of facts; that PROTOCOL.md
 * shows the same table; and that a real element, brought into every phase, keeps to it. */
#include "element_rig.h"
#include "fido_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BEGIN = 0x20 };

/* What a management station does, over the secure channel: 30 to 3F. */
static bool is_protected(const struct fido_rule *rule)
{
        return rule->ins >> 4 == 3;
}

/* ---- the table by itself ---- */

static const struct fido_rule *row_of(uint8_t ins, unsigned begins, unsigned phase)
{
        const struct fido_rule *found = NULL;
        for (size_t i = 0; i < fido_rule_count; i++) {
                const struct fido_rule *rule = &fido_rules[i];
                if (rule->ins != ins || (unsigned)rule->begins != begins || !(rule->phases & 1u << phase))
                        continue;
                assert_null(found); /* one row for one case: its order in the table does not matter */
                found = rule;
        }
        return found;
}

/* What is missing first, in the order of the bits. */
static uint16_t refusal_of(uint16_t wanted, uint16_t facts)
{
        for (uint16_t fact = 1; fact <= FACTS; fact = (uint16_t)(fact << 1))
                if (wanted & fact && !(facts & fact))
                        return fido_fact_refusal(fact);
        return SW_OK;
}

static void every_case_is_decided_by_its_row(void **state)
{
        (void)state;
        size_t allowed = 0;
        for (unsigned ins = 0; ins <= 0xFF; ins++)
                for (unsigned begins = 0; begins < FIDO_PHASES; begins++)
                        for (unsigned phase = 0; phase < FIDO_PHASES; phase++) {
                                const struct fido_rule *row = row_of((uint8_t)ins, begins, phase);
                                for (unsigned facts = 0; facts <= FACTS; facts++) {
                                        uint16_t wanted =
                                                row ? refusal_of(row->facts, (uint16_t)facts) : SW_CONDITIONS;
                                        uint16_t sw = fido_rules_ask((uint8_t)ins, (enum fido_phase)begins,
                                                (enum fido_phase)phase, (uint16_t)facts);
                                        if (sw != wanted)
                                                fail_msg("%02X %u %u %03X: %04X", ins, begins, phase, facts,
                                                        sw);
                                        allowed += sw == SW_OK;
                                }
                        }
        assert_true(allowed > 0);
}

/* What a blocked PIN, a matcher that is not paired and an operation that is not open each close. */
static void what_must_be_closed_is_closed(void **state)
{
        (void)state;
        static const struct {
                uint8_t ins;
                enum fido_phase begins;
                uint16_t facts;
        } cases[] = {
                { 0x14, FIDO_IDLE, FACT_PIN_TRIES },
                { 0x14, FIDO_IDLE, FACT_ROW },
                { 0x14, FIDO_IDLE, FACT_AGREEMENT },
                { 0x14, FIDO_IDLE, FACT_PIN },
                { 0x16, FIDO_IDLE, FACT_PIN_TRIES },
                { BEGIN, FIDO_MAKE_UV, FACT_PIN_TRIES },
                { BEGIN, FIDO_GET_UV, FACT_PIN_TRIES },
                { BEGIN, FIDO_TOKEN_UV, FACT_PIN_TRIES },
                { BEGIN, FIDO_MAKE_UV, FACT_PAIRED },
                { BEGIN, FIDO_GET_UV, FACT_PAIRED },
                { BEGIN, FIDO_TOKEN_UV, FACT_PAIRED },
                { BEGIN, FIDO_ENROL, FACT_PAIRED },
                { BEGIN, FIDO_MAKE_UV, FACT_SET },
                { BEGIN, FIDO_GET_UV, FACT_SET },
                { BEGIN, FIDO_TOKEN_UV, FACT_SET },
                { BEGIN, FIDO_MAKE_UV, FACT_UV_TRIES },
                { BEGIN, FIDO_GET_UV, FACT_UV_TRIES },
                { BEGIN, FIDO_TOKEN_UV, FACT_UV_TRIES },
                { 0x24, FIDO_IDLE, FACT_BATCH_KEY },
                { 0x30, FIDO_IDLE, FACT_NO_BATCH_KEY },
                { 0x3C, FIDO_IDLE, FACT_PENDING },
                { BEGIN, FIDO_ENROL, FACT_PIN_TRIES },
                { BEGIN, FIDO_MAKE_PIN, FACT_PIN_TRIES },
                { BEGIN, FIDO_GET_PIN, FACT_PIN_TRIES },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
                for (unsigned phase = 0; phase < FIDO_PHASES; phase++)
                        assert_int_not_equal(fido_rules_ask(cases[i].ins, cases[i].begins,
                                                     (enum fido_phase)phase, FACTS & ~cases[i].facts),
                                SW_OK);
        static const uint8_t within[] = { 0x16, 0x24, 0x26, 0x2A, 0x2C, 0x2E };
        for (size_t i = 0; i < sizeof within; i++)
                assert_int_equal(fido_rules_ask(within[i], FIDO_IDLE, FIDO_IDLE, FACTS), SW_CONDITIONS);
}

/* ---- PROTOCOL.md ---- */

enum { ALL_PHASES = (1 << FIDO_PHASES) - 1, EVERY_OPEN = ALL_PHASES & ~1 };

static void write_phases(FILE *row, uint16_t phases)
{
        const char *between = "";
        if (phases == ALL_PHASES || phases == EVERY_OPEN) {
                fprintf(row, phases == ALL_PHASES ? "any" : "any but nothing");
                return;
        }
        for (unsigned phase = 0; phase < FIDO_PHASES; phase++)
                if (phases & 1u << phase) {
                        fprintf(row, "%s%s", between, fido_phase_name((enum fido_phase)phase));
                        between = ", ";
                }
}

static void write_row(const struct fido_rule *rule, char *text, size_t size)
{
        const char *between = "";
        FILE *row = fmemopen(text, size, "w");
        assert_non_null(row);
        fprintf(row, "| %02X %s", rule->ins, rule->name);
        if (rule->ins == BEGIN)
                fprintf(row, ": %s", fido_phase_name(rule->begins));
        fprintf(row, " | ");
        write_phases(row, rule->phases);
        fprintf(row, " | ");
        for (uint16_t fact = 1; fact <= FACTS; fact = (uint16_t)(fact << 1))
                if (rule->facts & fact) {
                        fprintf(row, "%s%s (%04X)", between, fido_fact_name(fact), fido_fact_refusal(fact));
                        between = ", ";
                }
        fprintf(row, "%s|", rule->facts ? " " : "");
        assert_int_equal(fclose(row), 0);
}

static void the_page_shows_the_same_table(void **state)
{
        (void)state;
        static char page[1 << 18];
        size_t rows = 0;
        FILE *file = fopen(PROTOCOL_PAGE, "r");
        assert_non_null(file);
        size_t size = fread(page, 1, sizeof page - 1, file);
        assert_true(size < sizeof page - 1);
        assert_int_equal(fclose(file), 0);
        for (size_t i = 0; i < fido_rule_count; i++) {
                char row[512];
                write_row(&fido_rules[i], row, sizeof row);
                if (!strstr(page, row))
                        fail_msg("PROTOCOL.md has no row %s", row);
        }
        const char *at = strstr(page, "| Command | Phase | Asks for |");
        assert_non_null(at);
        for (const char *line = strchr(at, '\n') + 1; line[0] == '|'; line = strchr(line, '\n') + 1)
                rows++;
        assert_int_equal(rows, fido_rule_count + 1); /* and the line under the head */
}

/* ---- a real element ---- */

static struct element_rig stencil; /* personalised, paired, one finger */
static const char rp_id[] = "login.example.go.jp";

static int make_stencil(void **state)
{
        (void)state;
        element_rig_open(&stencil);
        element_rig_personalise(&stencil);
        element_rig_pair(&stencil, NULL);
        assert_int_equal(element_rig_enrol(&stencil, ELEMENT_RIG_PIN), SW_OK);
        return 0;
}

static int drop_stencil(void **state)
{
        (void)state;
        element_rig_close(&stencil);
        return 0;
}

static void enter(struct element_rig *rig, enum fido_phase phase)
{
        static const struct {
                uint8_t command, options;
                bool by_token;
        } ways[] = {
                [FIDO_MAKE] = { 0x01, 0x01, false },
                [FIDO_MAKE_PIN] = { 0x01, 0x01, true },
                [FIDO_MAKE_UV] = { 0x01, 0x03, false },
                [FIDO_GET] = { 0x02, 0x01, false },
                [FIDO_GET_PIN] = { 0x02, 0x01, true },
                [FIDO_GET_UV] = { 0x02, 0x03, false },
                [FIDO_TOKEN_UV] = { 0x06, 0x02, false },
                [FIDO_ENROL] = { 0x09, 0x00, true },
        };
        SECRET(token);
        if (phase == FIDO_IDLE)
                return;
        struct element_rig_operation operation = { .command = ways[phase].command,
                .rp_id = rp_id,
                .options = ways[phase].options,
                .permissions = 0x02 };
        if (ways[phase].by_token) {
                assert_int_equal(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_OK);
                operation.pin = &token;
        }
        assert_int_equal(element_rig_begin(rig, &operation), SW_OK);
}

/* Data that no command takes: what the table lets through is 6A80, whatever the command; what it does not is
 * what it says. GET STATE and KEY AGREEMENT take none, and no command takes this. */
static void an_element_keeps_to_the_table(void **state)
{
        (void)state;
        static const uint8_t nonsense[] = { 0x9F, 0x7E, 0x00 };
        for (size_t i = 0; i < fido_rule_count; i++) {
                const struct fido_rule *rule = &fido_rules[i];
                if (rule->ins == BEGIN || is_protected(rule))
                        continue; /* BEGIN reads first what is announced; the protected ones: below */
                for (unsigned phase = 0; phase < FIDO_PHASES; phase++) {
                        struct element_rig rig;
                        element_rig_clone(&stencil, &rig);
                        assert_int_equal(element_rig_select(&rig, element_rig_fido), SW_OK);
                        assert_int_equal(element_rig_command(&rig, 0x80120000, (slice){ 0 }), SW_OK);
                        enter(&rig, (enum fido_phase)phase);
                        /* all facts but: no batch key missing, no pairing pending */
                        const uint16_t facts = FACTS & ~(FACT_NO_BATCH_KEY | FACT_PENDING);
                        uint16_t wanted = fido_rules_ask(rule->ins, FIDO_IDLE, (enum fido_phase)phase, facts);
                        uint16_t sw = element_rig_command(
                                &rig, 0x80000000 | (uint32_t)rule->ins << 16, SLICE(nonsense));
                        if (sw != (wanted == SW_OK ? SW_WRONG_DATA : wanted))
                                fail_msg("%s in %s: %04X", rule->name,
                                        fido_phase_name((enum fido_phase)phase), sw);
                        element_rig_close(&rig);
                }
        }
}

/* The same over the secure channel, and without it: 6982 in every phase. */
static void protected_commands_want_the_channel(void **state)
{
        (void)state;
        static const uint8_t nonsense[] = { 0x9F, 0x7E, 0x00 };
        for (size_t i = 0; i < fido_rule_count; i++) {
                const struct fido_rule *rule = &fido_rules[i];
                uint32_t head = 0x80000000 | (uint32_t)rule->ins << 16;
                if (!is_protected(rule))
                        continue;
                struct element_rig rig;
                element_rig_clone(&stencil, &rig);
                assert_int_equal(element_rig_select(&rig, element_rig_fido), SW_OK);
                for (unsigned phase = 0; phase < FIDO_PHASES; phase++) {
                        enter(&rig, (enum fido_phase)phase);
                        assert_int_equal(
                                element_rig_command(&rig, head, SLICE(nonsense)), SW_SECURITY_STATUS);
                }
                assert_int_equal(element_rig_channel(&rig, element_rig_fido, &element_rig_keys), SW_OK);
                const uint16_t facts = FACTS & ~(FACT_NO_BATCH_KEY | FACT_PENDING);
                uint16_t wanted = fido_rules_ask(rule->ins, FIDO_IDLE, FIDO_IDLE, facts);
                assert_int_equal(element_rig_secured(&rig, head, SLICE(nonsense)),
                        wanted == SW_OK ? SW_WRONG_DATA : wanted);
                element_rig_close(&rig);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_case_is_decided_by_its_row),
                cmocka_unit_test(what_must_be_closed_is_closed),
                cmocka_unit_test(the_page_shows_the_same_table),
                cmocka_unit_test(an_element_keeps_to_the_table),
                cmocka_unit_test(protected_commands_want_the_channel),
        };
        return cmocka_run_group_tests(tests, make_stencil, drop_stencil);
}
