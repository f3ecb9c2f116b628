/* SPDX-License-Identifier: Apache-2.0 */

/* The enforcer between an app and an element: one that answers by a table, honest or forged, and the real
 * one. */

#include "access_rule.h"
#include "element_rig.h"
#include "tlv.h"

#include <mitome/enforcer.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static const struct mitome_app me = { .sha256 = { 0xA2 }, .sha1 = { 0xA1 } };
static const struct mitome_app other = { .sha256 = { 0xB2 }, .sha1 = { 0xB1 } };
static const uint8_t always[] = { 1 }, never[] = { 0 };

/* ---- an element by a table ---- */

enum { LOG_MAX = 4096 };

struct fake {
        uint16_t channel_sw; /* of MANAGE CHANNEL; 9000 with `channel` */
        slice channel;
        uint16_t ara_sw, select_sw, refresh_sw, list_sw, next_sw;
        slice refresh; /* the whole answer */
        uint8_t list[4096];
        size_t list_size, chunk; /* what FF40 and FF60 give of it; chunk 0: nothing, for ever */
        size_t given;
        bool restarts; /* a reset has closed the channels but the basic one: the next command says so */

        bool at_rules; /* the ARA-M is selected */
        unsigned exchanges, fail_at, lists, refreshes;
        size_t size_lie;                /* when not 0: one more than the size that the link tells */
        uint8_t applet_log[LOG_MAX][4]; /* headers of what reached the applet */
        size_t applet_count;
        uint8_t last[32], last_select[32];
        size_t last_size, last_select_size;
};

static size_t give(uint8_t *response, slice data, uint16_t sw)
{
        writer w = writer_over(response, MITOME_APDU_MAX);
        if (sw == SW_OK)
                write_slice(&w, data);
        write_u16(&w, sw);
        assert_false(w.overflowed);
        return w.used;
}

static size_t give_chunk(struct fake *fake, uint8_t *response)
{
        size_t left = fake->list_size - fake->given;
        slice part = slice_of(fake->list + fake->given, left < fake->chunk ? left : fake->chunk);
        fake->given += part.size;
        return give(response, part, SW_OK);
}

static size_t answer_rules(struct fake *fake, const struct apdu_command *command, uint8_t *response)
{
        assert_int_equal(command->ins, 0xCA);
        assert_int_equal(command->cla & 0xFC, 0x80);
        switch (command->p1 << 8 | command->p2) {
        case ACCESS_REFRESH:
                fake->refreshes++;
                return give(response, fake->refresh, fake->refresh_sw);
        case ACCESS_ALL:
                fake->lists++;
                fake->given = 0;
                return fake->list_sw == SW_OK ? give_chunk(fake, response)
                                              : give(response, fake->refresh, fake->list_sw);
        default:
                assert_int_equal(command->p1 << 8 | command->p2, ACCESS_NEXT);
                return fake->next_sw == SW_OK ? give_chunk(fake, response)
                                              : give(response, fake->refresh, fake->next_sw);
        }
}

static void remember(struct fake *fake, slice command)
{
        fake->last_size = command.size < sizeof fake->last ? command.size : sizeof fake->last;
        memcpy(fake->last, command.data, fake->last_size);
        if (fake->applet_count < LOG_MAX)
                memcpy(fake->applet_log[fake->applet_count++], command.data, 4);
}

static size_t answer(struct fake *fake, slice bytes, uint8_t *response)
{
        struct apdu_command command;
        const slice nothing = { 0 };
        assert_false(failed(apdu_read_command(bytes, &command, NULL)));
        if (fake->restarts && (command.cla & 3)) {
                fake->restarts = false;
                return give(response, nothing, SW_CHANNEL_UNSUPPORTED);
        }
        if (command.ins == 0x70 && !(command.cla & 0x80))
                return give(response, command.p1 ? nothing : fake->channel, fake->channel_sw);
        if (command.ins == 0xA4 && command.p1 == 0x04) {
                fake->last_select_size = command.data.size;
                memcpy(fake->last_select, command.data.data, command.data.size);
                fake->at_rules = slice_equal(command.data, element_rig_ara);
                if (!fake->at_rules)
                        remember(fake, bytes);
                return give(response, nothing, fake->at_rules ? fake->ara_sw : fake->select_sw);
        }
        if (fake->at_rules)
                return answer_rules(fake, &command, response);
        remember(fake, bytes);
        return give(response, slice_text("fine"), SW_OK);
}

static mitome_status fake_transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct fake *fake = context;
        (void)error;
        assert_true(capacity >= MITOME_APDU_MAX);
        if (++fake->exchanges == fake->fail_at)
                return (mitome_status){ MITOME_E_LINK };
        *ret_size = answer(fake, command, response);
        if (fake->size_lie)
                *ret_size = fake->size_lie - 1;
        return ok();
}

static void add_rule(struct fake *fake, slice aid, slice hash, slice apdu)
{
        static uint8_t rules[4096];
        struct tlv former = { 0 };
        writer w = WRITER(rules), list = WRITER(fake->list);
        const struct access_rule rule = { .reference = { .aid = aid, .hash = hash }, .apdu = apdu };
        reader r = reader_over(slice_of(fake->list, fake->list_size), NULL, NULL);
        if (fake->list_size)
                assert_false(failed(tlv_read(&r, "list", &former)));
        write_slice(&w, former.value);
        access_rule_write(&w, &rule);
        tlv_write(&list, ACCESS_ALL, writer_view(&w));
        assert_false(list.overflowed);
        fake->list_size = list.used;
}

static const char refresh_one[] = "\xDF\x20\x08-one-one", refresh_two[] = "\xDF\x20\x08-two-two";

struct setting {
        struct fake fake;
        struct mitome_link link;
        struct mitome_enforcer *enforcer;
};

static int set_up(void **state)
{
        static const uint8_t two[] = { 2 };
        struct setting *setting = calloc(1, sizeof *setting);
        struct fake *fake = &setting->fake;
        fake->channel_sw = fake->ara_sw = fake->select_sw = fake->refresh_sw = fake->list_sw = fake->next_sw =
                SW_OK;
        fake->channel = SLICE(two);
        fake->refresh = slice_of(refresh_one, 11);
        fake->chunk = 256;
        add_rule(fake, element_rig_jpki, SLICE(me.sha256), SLICE(always));
        setting->link = (struct mitome_link){ .context = fake, .transmit = fake_transmit };
        assert_int_equal(mitome_enforcer_new(&setting->link, &me, &setting->enforcer, NULL).code, MITOME_OK);
        *state = setting;
        return 0;
}

static int tear_down(void **state)
{
        struct setting *setting = *state;
        mitome_enforcer_free(setting->enforcer);
        free(setting);
        return 0;
}

static mitome_code select_applet(struct mitome_enforcer *enforcer)
{
        mitome_error error = { 0 };
        mitome_code code = mitome_enforcer_select(enforcer, element_rig_jpki, &error).code;
        assert_int_equal(error.code, code);
        return code;
}

static mitome_code transmit(struct mitome_enforcer *enforcer, const char *bytes, size_t size)
{
        uint8_t response[MITOME_APDU_MAX];
        size_t received = 0;
        mitome_error error = { 0 };
        mitome_code code = mitome_enforcer_transmit(
                enforcer, slice_of(bytes, size), response, sizeof response, &received, &error)
                                   .code;
        assert_int_equal(error.code, code);
        assert_int_equal(received != 0, code == MITOME_OK);
        return code;
}

#define SEND(enforcer, text) transmit(enforcer, text, sizeof text - 1)

static void expect_refused(struct setting *setting, mitome_code code)
{
        const size_t reached = setting->fake.applet_count;
        assert_int_equal(select_applet(setting->enforcer), code);
        assert_int_equal(SEND(setting->enforcer, "\x00\xB0\x00\x00\x00"), MITOME_E_ACCESS_DENIED);
        assert_int_equal(setting->fake.applet_count, reached);
}

/* ---- channels ---- */

static void it_uses_a_channel_of_its_own(void **state)
{
        struct setting *setting = *state;
        struct fake *fake = &setting->fake;
        assert_int_equal(SEND(setting->enforcer, "\x00\xB0\x00\x00\x00"),
                MITOME_E_ACCESS_DENIED); /* nothing selected */
        assert_int_equal(fake->exchanges, 0);
        assert_int_equal(select_applet(setting->enforcer), MITOME_OK);
        assert_int_equal(fake->last[0], 0x02);
        assert_int_equal(SEND(setting->enforcer, "\x00\xB0\x81\x00\x00"), MITOME_OK);
        assert_memory_equal(fake->last, "\x02\xB0\x81\x00\x00", 5);
        assert_int_equal(SEND(setting->enforcer, "\x84\x2A\x00\x80\x01\x55"), MITOME_OK);
        assert_memory_equal(fake->last, "\x86\x2A\x00\x80\x01\x55", 6);
        const unsigned before = fake->exchanges;
        mitome_enforcer_free(setting->enforcer); /* gives it back */
        assert_int_equal(fake->exchanges, before + 1);
        setting->enforcer = NULL;
}

static void an_element_without_channels_has_the_basic_one(void **state)
{
        struct setting *setting = *state;
        static const uint16_t none[] = { SW_WRONG_INS, SW_WRONG_CLA, SW_CHANNEL_UNSUPPORTED };
        for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
                struct mitome_enforcer *enforcer;
                setting->fake.channel_sw = none[i];
                assert_int_equal(mitome_enforcer_new(&setting->link, &me, &enforcer, NULL).code, MITOME_OK);
                assert_int_equal(select_applet(enforcer), MITOME_OK);
                assert_int_equal(SEND(enforcer, "\x80\x2A\x00\x80\x01\x55"), MITOME_OK);
                assert_memory_equal(setting->fake.last, "\x80\x2A\x00\x80\x01\x55", 6);
                mitome_enforcer_free(enforcer);
        }
        setting->fake.channel_sw = SW_FUNCTION_UNSUPPORTED; /* GPC_SPE_034 11.7.3: all of them are in use */
        expect_refused(setting, MITOME_E_APDU_STATUS);
}

static void only_real_channels_are_believed(void **state)
{
        struct setting *setting = *state;
        static const slice bad[] = { { (const uint8_t *)"", 0 }, { (const uint8_t *)"\x00", 1 },
                { (const uint8_t *)"\x04", 1 }, { (const uint8_t *)"\xFF", 1 },
                { (const uint8_t *)"\x01\x01", 2 } };
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
                setting->fake.channel = bad[i];
                expect_refused(setting, MITOME_E_VALUE);
        }
        setting->fake.channel = slice_of("\x03", 1);
        assert_int_equal(select_applet(setting->enforcer), MITOME_OK);
}

/* The element was reset: its channels are closed, and a command on one reaches nobody. */
static void a_reset_opens_a_new_channel(void **state)
{
        struct setting *setting = *state;
        assert_int_equal(select_applet(setting->enforcer), MITOME_OK);
        setting->fake.restarts = true;
        setting->fake.channel = slice_of("\x01", 1);
        assert_int_equal(select_applet(setting->enforcer), MITOME_OK);
        assert_int_equal(SEND(setting->enforcer, "\x00\xB0\x00\x00\x00"), MITOME_OK);
        assert_int_equal(setting->fake.last[0], 0x01);
        setting->fake.ara_sw = SW_CHANNEL_UNSUPPORTED; /* for ever */
        expect_refused(setting, MITOME_E_ACCESS_RULES);
}

/* ---- rules ---- */

static void no_rules_and_broken_rules_differ(void **state)
{
        struct setting *setting = *state;
        struct fake *fake = &setting->fake;
        static const uint16_t broken[] = { 0x6283, 0x6985, 0x6999, 0x6F00, 0x6D00, 0x6100 };
        fake->ara_sw = SW_NOT_FOUND; /* no ARA-M: no rules */
        expect_refused(setting, MITOME_E_ACCESS_DENIED);
        for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
                uint16_t *const places[] = { &fake->ara_sw, &fake->refresh_sw, &fake->list_sw };
                for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
                        fake->ara_sw = fake->refresh_sw = fake->list_sw = SW_OK;
                        *places[k] = broken[i];
                        expect_refused(setting, MITOME_E_ACCESS_RULES);
                }
        }
        fake->ara_sw = fake->refresh_sw = SW_OK;
        fake->list_sw = SW_NO_REFERENCE; /* an ARA-M without a rule */
        expect_refused(setting, MITOME_E_ACCESS_DENIED);
        assert_int_equal(fake->applet_count, 0);
}

static void rules_are_read_when_the_tag_changes(void **state)
{
        struct setting *setting = *state;
        struct fake *fake = &setting->fake;
        for (unsigned i = 0; i < 3; i++)
                assert_int_equal(select_applet(setting->enforcer), MITOME_OK);
        assert_int_equal(fake->refreshes, 3);
        assert_int_equal(fake->lists, 1);
        fake->refresh = slice_of(refresh_two, 11);
        fake->list_size = 0;
        add_rule(fake, element_rig_jpki, SLICE(me.sha1), SLICE(never));
        expect_refused(setting, MITOME_E_ACCESS_DENIED);
        assert_int_equal(fake->lists, 2);
        /* what could not be read is not known, whatever the tag */
        fake->refresh = slice_of(refresh_one, 11);
        fake->list_sw = SW_UNKNOWN;
        expect_refused(setting, MITOME_E_ACCESS_RULES);
        fake->refresh = slice_of(refresh_two, 11);
        expect_refused(setting, MITOME_E_ACCESS_RULES);
}

/* GPD_SPE_013 3.3: the rules hold as they were when the channel was opened, here: the applet selected. */
static void a_rule_taken_away_ends_no_selection(void **state)
{
        struct setting *setting = *state;
        assert_int_equal(select_applet(setting->enforcer), MITOME_OK);
        setting->fake.refresh = slice_of(refresh_two, 11);
        setting->fake.list_sw = SW_NO_REFERENCE;
        assert_int_equal(SEND(setting->enforcer, "\x00\xB0\x00\x00\x00"), MITOME_OK);
        expect_refused(setting, MITOME_E_ACCESS_DENIED);
}

static void a_refused_selection_ends_the_former(void **state)
{
        struct setting *setting = *state;
        assert_int_equal(select_applet(setting->enforcer), MITOME_OK);
        assert_int_equal(mitome_enforcer_select(setting->enforcer, element_rig_fido, NULL).code,
                MITOME_E_ACCESS_DENIED);
        assert_int_equal(SEND(setting->enforcer, "\x00\xB0\x00\x00\x00"), MITOME_E_ACCESS_DENIED);
        assert_int_equal(select_applet(setting->enforcer), MITOME_OK);
        setting->fake.select_sw = SW_NOT_FOUND; /* allowed, but not there */
        assert_int_equal(select_applet(setting->enforcer), MITOME_E_APDU_STATUS);
        assert_int_equal(SEND(setting->enforcer, "\x00\xB0\x00\x00\x00"), MITOME_E_ACCESS_DENIED);
        assert_int_equal(select_applet(setting->enforcer), MITOME_E_APDU_STATUS);
        setting->fake.select_sw = SW_OK;
        assert_int_equal(select_applet(setting->enforcer), MITOME_OK);
        for (size_t size = 0; size < 40; size++)
                if (size < 5 || size > 16) {
                        uint8_t aid[40] = { 0xD3 };
                        assert_int_equal(
                                mitome_enforcer_select(setting->enforcer, slice_of(aid, size), NULL).code,
                                MITOME_E_ARGUMENT);
                }
        assert_int_equal(SEND(setting->enforcer, "\x00\xB0\x00\x00\x00"), MITOME_E_ACCESS_DENIED);
}

/* ---- commands ---- */

/* Whatever could reach another applet, or another channel, stays here. */
static void an_app_stays_in_its_applet(void **state)
{
        struct setting *setting = *state;
        static const struct {
                const char *bytes;
                size_t size;
                mitome_code code;
        } commands[] = {
#define ROW(text, code) { text, sizeof text - 1, code }
                ROW("\x00\xA4\x04\x00\x05\xA0\x00\x00\x01\x51", MITOME_E_ACCESS_DENIED), /* SELECT by name */
                ROW("\x00\xA4\x04\x0C\x05\xA0\x00\x00\x01\x51", MITOME_E_ACCESS_DENIED),
                ROW("\x00\xA4\x04\x02\x05\xA0\x00\x00\x01\x51", MITOME_E_ACCESS_DENIED), /* the next one */
                ROW("\x00\xA4\x04\x00", MITOME_E_ACCESS_DENIED),
                ROW("\x10\xA4\x04\x00\x05\xA0\x00\x00\x01\x51", MITOME_E_ACCESS_DENIED), /* chained */
                ROW("\x0C\xA4\x04\x00\x05\xA0\x00\x00\x01\x51", MITOME_E_ACCESS_DENIED), /* secured */
                ROW("\x80\xA4\x04\x00\x05\xA0\x00\x00\x01\x51", MITOME_E_ACCESS_DENIED),
                ROW("\x01\xA4\x04\x00\x05\xA0\x00\x00\x01\x51", MITOME_E_ACCESS_DENIED),
                ROW("\x00\x70\x00\x00\x01", MITOME_E_ACCESS_DENIED), /* MANAGE CHANNEL */
                ROW("\x00\x70\x80\x01", MITOME_E_ACCESS_DENIED),
                ROW("\x04\x70\x00\x00\x01", MITOME_E_ACCESS_DENIED),
                ROW("\x01\xB0\x00\x00\x00", MITOME_E_ACCESS_DENIED), /* another channel, by each class */
                ROW("\x02\xB0\x00\x00\x00", MITOME_E_ACCESS_DENIED),
                ROW("\x03\xB0\x00\x00\x00", MITOME_E_ACCESS_DENIED),
                ROW("\x83\x2A\x00\x80\x00", MITOME_E_ACCESS_DENIED),
                ROW("\x40\xB0\x00\x00\x00", MITOME_E_ACCESS_DENIED),
                ROW("\xC0\x2A\x00\x80\x00", MITOME_E_ACCESS_DENIED),
                ROW("\x20\xB0\x00\x00\x00", MITOME_E_ACCESS_DENIED), /* reserved */
                ROW("\xA0\xB0\x00\x00\x00", MITOME_E_ACCESS_DENIED),
                ROW("\xFF\x00\x00\x00\x00", MITOME_E_ACCESS_DENIED), /* a reader's own */
                ROW("\x00\xB0\x00", MITOME_E_INPUT_ENDS),
                ROW("", MITOME_E_INPUT_ENDS),
                ROW("\x00\xB0\x00\x00\x05\x01", MITOME_E_APDU_LENGTH),
                ROW("\x00\xA4\x02\x0C\x02\x00\x0A", MITOME_OK), /* a file of the applet's */
                ROW("\x00\xA4\x00\x0C\x02\x00\x0A", MITOME_OK),
                ROW("\x80\x70\x00\x00", MITOME_OK), /* a command of the applet's */
                ROW("\x00\x20\x00\x80\x04\x31\x32\x33\x34", MITOME_OK),
#undef ROW
        };
        assert_int_equal(select_applet(setting->enforcer), MITOME_OK);
        for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
                const size_t reached = setting->fake.applet_count;
                const unsigned exchanges = setting->fake.exchanges;
                if (transmit(setting->enforcer, commands[i].bytes, commands[i].size) != commands[i].code)
                        fail_msg("row %zu", i);
                assert_int_equal(setting->fake.applet_count - reached, commands[i].code == MITOME_OK);
                assert_int_equal(setting->fake.exchanges - exchanges, commands[i].code == MITOME_OK);
        }
        for (size_t i = 0; i < setting->fake.applet_count; i++)
                assert_int_equal(setting->fake.applet_log[i][0] & 0x03, 0x02);
}

static void filters_hold_every_command(void **state)
{
        struct setting *setting = *state;
        static const uint8_t filters[] = { 0x00, 0xB0, 0x00, 0x00, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0xA4, 0x02,
                0x0C, 0xFF, 0xFF, 0xFF, 0xFF };
        setting->fake.list_size = 0;
        add_rule(&setting->fake, element_rig_jpki, SLICE(me.sha256), SLICE(filters));
        assert_int_equal(select_applet(setting->enforcer), MITOME_OK);
        assert_int_equal(SEND(setting->enforcer, "\x00\xB0\x12\x34\x00"), MITOME_OK);
        assert_int_equal(SEND(setting->enforcer, "\x00\xA4\x02\x0C\x02\x00\x0A"), MITOME_OK);
        const size_t reached = setting->fake.applet_count;
        assert_int_equal(SEND(setting->enforcer, "\x80\xB0\x12\x34\x00"), MITOME_E_ACCESS_DENIED);
        assert_int_equal(SEND(setting->enforcer, "\x00\xB1\x12\x34\x00"), MITOME_E_ACCESS_DENIED);
        assert_int_equal(SEND(setting->enforcer, "\x00\xA4\x02\x00\x02\x00\x0A"), MITOME_E_ACCESS_DENIED);
        assert_int_equal(
                SEND(setting->enforcer, "\x00\x20\x00\x80\x04\x31\x32\x33\x34"), MITOME_E_ACCESS_DENIED);
        assert_int_equal(setting->fake.applet_count, reached);
}

/* ---- forged lists ---- */

/* A fresh enforcer over a list of these bytes; how many exchanges it took. */
static mitome_code read_forged(struct setting *setting, unsigned *ret_exchanges)
{
        struct mitome_enforcer *enforcer;
        const unsigned before = setting->fake.exchanges;
        assert_int_equal(mitome_enforcer_new(&setting->link, &me, &enforcer, NULL).code, MITOME_OK);
        mitome_code code = select_applet(enforcer);
        *ret_exchanges = setting->fake.exchanges - before;
        mitome_enforcer_free(enforcer);
        return code;
}

static void set_list(struct fake *fake, const char *bytes, size_t size)
{
        memset(fake->list, 0, sizeof fake->list);
        memcpy(fake->list, bytes, size);
        fake->list_size = size;
}

#define LIST(fake, text) set_list(fake, text, sizeof text - 1)

static void forged_lists_let_nobody_in(void **state)
{
        struct setting *setting = *state;
        struct fake *fake = &setting->fake;
        unsigned count;
        static const struct {
                const char *bytes;
                size_t size;
        } bad[] = {
#define BAD(text) { text, sizeof text - 1 }
                BAD(""),
                BAD("\xFF"),
                BAD("\xFF\x40"),
                BAD("\xFF\x40\x80"),
                BAD("\xFF\x40\x83\x00\x00\x01\x00"),
                BAD("\xFF\x50\x00"),     /* another object */
                BAD("\xE2\x00"),         /* none at all */
                BAD("\xFF\x40\x00\x00"), /* more than it says */
                BAD("\xFF\x40\x01\x00\x00"),
                BAD("\xFF\x40\x02\xE2\x00"),     /* an empty rule */
                BAD("\xFF\x40\x02\xE3\x00"),     /* no rule */
                BAD("\xFF\x40\x81\x02\xE2\x00"), /* a longer length than needed */
                BAD("\xFF\x40\x82\xFF\xFF\x00"), /* longer than any element has */
                BAD("\xFF\x40\x0D\xE2\x0B\xE1\x04\x4F\x00\xC1\x00\xE3\x03\xD0\x01\x02"),
                BAD("\xFF\x40\x0E\xE2\x0B\xE1\x04\x4F\x00\xC1\x00\xE3\x03\xD0\x01\x01\x00"),
#undef BAD
        };
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
                set_list(fake, bad[i].bytes, bad[i].size);
                mitome_code code = read_forged(setting, &count);
                if (code != MITOME_E_ACCESS_RULES)
                        fail_msg("row %zu: %d", i, (int)code);
                assert_true(count < 10);
        }
        LIST(fake, "\xFF\x40\x00"); /* well-formed, and empty */
        assert_int_equal(read_forged(setting, &count), MITOME_E_ACCESS_DENIED);
        assert_int_equal(fake->applet_count, 0);
}

static void a_list_cut_anywhere_lets_nobody_in(void **state)
{
        struct setting *setting = *state;
        unsigned count;
        const size_t whole = setting->fake.list_size;
        for (size_t size = 0; size < whole; size++) {
                setting->fake.list_size = size; /* and then nothing for ever */
                assert_int_equal(read_forged(setting, &count), MITOME_E_ACCESS_RULES);
                assert_true(count < 10);
        }
        for (size_t chunk = 3; chunk <= whole; chunk++) { /* in any pieces, it is the same list */
                setting->fake.list_size = whole;
                setting->fake.chunk = chunk;
                assert_int_equal(read_forged(setting, &count), MITOME_OK);
        }
        setting->fake.chunk = 2; /* a first piece that does not even tell the length */
        assert_int_equal(read_forged(setting, &count), MITOME_E_ACCESS_RULES);
}

static void an_endless_list_ends(void **state)
{
        struct setting *setting = *state;
        struct fake *fake = &setting->fake;
        unsigned count;
        LIST(fake, "\xFF\x40\x82\xC0\x00"); /* 49152 bytes announced, the most that is believed */
        fake->chunk = 0;
        assert_int_equal(read_forged(setting, &count), MITOME_E_ACCESS_RULES);
        fake->list_size = sizeof fake->list; /* byte for byte */
        fake->chunk = 5;
        assert_int_equal(read_forged(setting, &count), MITOME_E_ACCESS_RULES);
        assert_true(count <= 1100);
        LIST(fake, "\xFF\x40\x05\xE2");
        fake->chunk = 256;
        fake->next_sw = SW_UNUSABLE; /* changed, again and again */
        assert_int_equal(read_forged(setting, &count), MITOME_E_ACCESS_RULES);
        assert_true(count < 20);
        fake->next_sw = SW_UNKNOWN;
        assert_int_equal(read_forged(setting, &count), MITOME_E_ACCESS_RULES);
}

static void forged_tags_let_nobody_in(void **state)
{
        struct setting *setting = *state;
        static const struct {
                const char *bytes;
                size_t size;
        } bad[] = { { "", 0 }, { "\xDF\x20", 2 }, { "\xDF\x20\x07-------", 10 },
                { "\xDF\x20\x09---------", 12 }, { "\xDF\x21\x08--------", 11 },
                { "\xDF\x20\x08--------\x00", 12 }, { "\xDF\x20\x08--------\xDF\x20\x08--------", 22 } };
        unsigned count;
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
                setting->fake.refresh = slice_of(bad[i].bytes, bad[i].size);
                assert_int_equal(read_forged(setting, &count), MITOME_E_ACCESS_RULES);
        }
}

static void a_link_that_fails_selects_nothing(void **state)
{
        struct setting *setting = *state;
        for (unsigned at = 1; at <= 6; at++) {
                struct mitome_enforcer *enforcer;
                assert_int_equal(mitome_enforcer_new(&setting->link, &me, &enforcer, NULL).code, MITOME_OK);
                setting->fake.fail_at = setting->fake.exchanges + at;
                mitome_code code = mitome_enforcer_select(enforcer, element_rig_jpki, NULL).code;
                assert_int_equal(code, at <= 5 ? MITOME_E_LINK : MITOME_OK);
                setting->fake.fail_at = 0;
                assert_int_equal(
                        SEND(enforcer, "\x00\xB0\x00\x00\x00"), at <= 5 ? MITOME_E_ACCESS_DENIED : MITOME_OK);
                mitome_enforcer_free(enforcer);
        }
        assert_int_equal(select_applet(setting->enforcer), MITOME_OK);
        const size_t lies[] = { 0, 1, MITOME_APDU_MAX + 1, 1000000 };
        for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
                setting->fake.size_lie = lies[i] + 1;
                assert_int_equal(SEND(setting->enforcer, "\x00\xB0\x00\x00\x00"), MITOME_E_LINK);
        }
        for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
                setting->fake.size_lie = lies[i] + 1;
                assert_int_equal(mitome_enforcer_select(setting->enforcer, element_rig_jpki, NULL).code,
                        MITOME_E_LINK);
        }
}

/* ---- who the app is ---- */

static void an_app_is_its_certificate(void **state)
{
        (void)state;
        /* FIPS 180-4's own examples */
        static const uint8_t sha256_abc[] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41,
                0x40, 0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4,
                0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad };
        static const uint8_t sha1_abc[] = { 0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e, 0x25,
                0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d };
        struct mitome_app app;
        assert_int_equal(mitome_enforcer_app(slice_text("abc"), &app, NULL).code, MITOME_OK);
        assert_memory_equal(app.sha256, sha256_abc, 32);
        assert_memory_equal(app.sha1, sha1_abc, 20);
        assert_null(app.package);
        assert_int_equal(mitome_enforcer_app((slice){ 0 }, &app, NULL).code, MITOME_E_ARGUMENT);
}

static void bad_arguments(void **state)
{
        struct setting *setting = *state;
        struct mitome_enforcer *enforcer = NULL;
        struct mitome_app named = me;
        char name[129];
        memset(name, 'a', sizeof name);
        name[128] = '\0';
        named.package = name;
        assert_int_equal(
                mitome_enforcer_new(&setting->link, &named, &enforcer, NULL).code, MITOME_E_ARGUMENT);
        name[127] = '\0';
        assert_int_equal(mitome_enforcer_new(&setting->link, &named, &enforcer, NULL).code, MITOME_OK);
        mitome_enforcer_free(enforcer);
        enforcer = NULL;
        assert_int_equal(mitome_enforcer_new(&(struct mitome_link){ 0 }, &me, &enforcer, NULL).code,
                MITOME_E_ARGUMENT);
        assert_null(enforcer);
        mitome_enforcer_free(NULL);
}

/* ---- the real element ---- */

static mitome_status real_transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct element_rig *rig = context;
        assert_true(capacity >= MITOME_APDU_MAX);
        return mitome_element_transmit(rig->element, command, response, ret_size, error);
}

static void the_real_element_lets_in_by_its_rules(void **state)
{
        (void)state;
        static struct element_rig rig;
        const struct mitome_link link = { .context = &rig, .transmit = real_transmit };
        struct mitome_enforcer *mine, *others;
        element_rig_open(&rig);
        assert_int_equal(mitome_enforcer_new(&link, &me, &mine, NULL).code, MITOME_OK);
        assert_int_equal(mitome_enforcer_new(&link, &other, &others, NULL).code, MITOME_OK);
        assert_int_equal(select_applet(mine), MITOME_E_ACCESS_DENIED); /* no rule yet */

        element_rig_allow(&rig, element_rig_jpki, SLICE(me.sha256));
        assert_int_equal(select_applet(mine), MITOME_OK);
        assert_int_equal(SEND(mine, "\x00\xA4\x02\x0C\x02\x00\x18"), MITOME_OK);
        assert_int_equal(select_applet(others), MITOME_E_ACCESS_DENIED);
        assert_int_equal(mitome_enforcer_select(mine, element_rig_fido, NULL).code, MITOME_E_ACCESS_DENIED);
        assert_int_equal(
                mitome_enforcer_select(mine, element_rig_manager, NULL).code, MITOME_E_ACCESS_DENIED);

        /* many rules, so that they come in chunks; mine by SHA-1 for the other applet */
        for (uint8_t i = 0; i < 40; i++) {
                const uint8_t hash[32] = { 0xC0, i };
                element_rig_allow(&rig, element_rig_jpki, SLICE(hash));
        }
        element_rig_allow(&rig, element_rig_fido, SLICE(me.sha1));
        assert_int_equal(mitome_enforcer_select(mine, element_rig_fido, NULL).code, MITOME_OK);
        assert_int_equal(mitome_enforcer_select(others, element_rig_fido, NULL).code, MITOME_E_ACCESS_DENIED);
        assert_int_equal(select_applet(mine), MITOME_OK);
        assert_int_equal(select_applet(others), MITOME_E_ACCESS_DENIED);

        /* a reset ends every selection, and none of the rules */
        mitome_element_reset(rig.element);
        assert_int_equal(select_applet(mine), MITOME_OK);
        mitome_enforcer_free(mine);
        mitome_enforcer_free(others);
        element_rig_close(&rig);
}

/* Two applets side by side, and the channels of those who are refused. */
static void two_applets_at_once(void **state)
{
        (void)state;
        static struct element_rig rig;
        const struct mitome_link link = { .context = &rig, .transmit = real_transmit };
        struct mitome_enforcer *jpki, *fido, *others;
        element_rig_open(&rig);
        element_rig_allow(&rig, element_rig_jpki, SLICE(me.sha256));
        element_rig_allow(&rig, element_rig_fido, SLICE(me.sha256));
        assert_int_equal(mitome_enforcer_new(&link, &me, &jpki, NULL).code, MITOME_OK);
        assert_int_equal(mitome_enforcer_new(&link, &me, &fido, NULL).code, MITOME_OK);
        assert_int_equal(mitome_enforcer_new(&link, &other, &others, NULL).code, MITOME_OK);
        assert_int_equal(select_applet(jpki), MITOME_OK);
        assert_int_equal(mitome_enforcer_select(fido, element_rig_fido, NULL).code, MITOME_OK);
        for (int i = 0; i < 3; i++) { /* each keeps its selection, and its current file */
                assert_int_equal(SEND(jpki, "\x00\xA4\x02\x0C\x02\x00\x18"), MITOME_OK);
                assert_int_equal(SEND(fido, "\x80\x10\x00\x00\x00"), MITOME_OK);
                assert_int_equal(SEND(jpki, "\x00\x20\x00\x80"), MITOME_OK);
        }
        for (int i = 0; i < 10; i++) /* whoever is refused takes no channel with him */
                assert_int_equal(select_applet(others), MITOME_E_ACCESS_DENIED);
        assert_int_equal(SEND(jpki, "\x00\x20\x00\x80"), MITOME_OK);
        assert_int_equal(SEND(fido, "\x80\x10\x00\x00\x00"), MITOME_OK);

        /* the third channel is taken, and then there is none; the JPKI applet is one selection's */
        struct mitome_enforcer *third;
        assert_int_equal(mitome_enforcer_new(&link, &me, &third, NULL).code, MITOME_OK);
        assert_int_equal(select_applet(third), MITOME_E_APDU_STATUS);
        mitome_enforcer_close(jpki);
        assert_int_equal(SEND(jpki, "\x00\x20\x00\x80"), MITOME_E_ACCESS_DENIED);
        assert_int_equal(select_applet(third), MITOME_OK);
        assert_int_equal(element_rig_command(&rig, 0x00700000, (slice){ 0 }), SW_OK); /* somebody else's */
        assert_int_equal(select_applet(others), MITOME_E_APDU_STATUS);
        assert_int_equal(SEND(third, "\x00\x20\x00\x80"), MITOME_OK);

        /* a reset closes the channels: nothing goes astray, and a selection begins anew */
        mitome_element_reset(rig.element);
        assert_int_equal(SEND(third, "\x00\x20\x00\x80"), MITOME_OK); /* 6881, which the app sees */
        assert_int_equal(select_applet(third), MITOME_OK);
        assert_int_equal(mitome_enforcer_select(fido, element_rig_fido, NULL).code, MITOME_OK);
        mitome_enforcer_free(third);
        mitome_enforcer_free(others);
        mitome_enforcer_free(jpki);
        mitome_enforcer_free(fido);
        element_rig_close(&rig);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(it_uses_a_channel_of_its_own),
                TEST(an_element_without_channels_has_the_basic_one),
                TEST(only_real_channels_are_believed),
                TEST(a_reset_opens_a_new_channel),
                TEST(no_rules_and_broken_rules_differ),
                TEST(rules_are_read_when_the_tag_changes),
                TEST(a_rule_taken_away_ends_no_selection),
                TEST(a_refused_selection_ends_the_former),
                TEST(an_app_stays_in_its_applet),
                TEST(filters_hold_every_command),
                TEST(forged_lists_let_nobody_in),
                TEST(a_list_cut_anywhere_lets_nobody_in),
                TEST(an_endless_list_ends),
                TEST(forged_tags_let_nobody_in),
                TEST(a_link_that_fails_selects_nothing),
                TEST(an_app_is_its_certificate),
                TEST(bad_arguments),
                cmocka_unit_test(the_real_element_lets_in_by_its_rules),
                cmocka_unit_test(two_applets_at_once),
        };
        return cmocka_run_group_tests_name("enforcer", tests, NULL, NULL);
}
