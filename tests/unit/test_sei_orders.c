/* SPDX-License-Identifier: Apache-2.0 */

/* The SEI-TSM as a party, with a real element behind a phone that relays: what it prepares, what it cleans,
 * what it leaves alone, and what becomes of it when the phone is cut off anywhere. */

#include "sei_rig.h"

#include "sp_tsm.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct sei_rig rig;
static const uint8_t app[32] = { 0xA1 }, other_app[32] = { 0xA2 };
static uint8_t wire[TSM_WIRE_MAX];

static int open_rig(void **state)
{
        (void)state;
        rig.folder = NULL;
        sei_rig_open(&rig);
        sei_rig_phone(&rig, SEI_RIG_PHONE);
        return 0;
}

static int close_rig(void **state)
{
        (void)state;
        sei_rig_close(&rig);
        return 0;
}

static void prepare(uint64_t wanted)
{
        rig.now++;
        assert_int_equal(sei_rig_prepare(&rig, wanted, wanted ? SLICE(app) : (slice){ 0 }), MITOME_OK);
}

static void serve(void)
{
        mitome_error error = { 0 };
        mitome_status status = sei_rig_serve(&rig, &error);
        if (failed(status))
                print_message("%d %s\n", (int)status.code, error.field);
        assert_int_equal(status.code, MITOME_OK);
        sei_rig_settle(&rig);
}

static void prepared(void)
{
        prepare(1);
        serve();
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_INSTALLED);
}

/* What is there, as GET DATA 0001 of the JPKI applet says; 0xFFFF: there is no applet. */
static unsigned what_is_there(void)
{
        slice data, there;
        const uint16_t sw = sei_rig_plain(&rig, TSM_JPKI,
                &(struct apdu_command){ .cla = 0x80, .ins = 0xCA, .p2 = 1, .expected = 256 }, wire, &data);
        if (sw == 0)
                return 0xFFFF;
        assert_int_equal(sw, SW_OK);
        assert_int_equal(tlv_find_fixed(data, 0x83, "there", 1, &there, NULL).code, MITOME_OK);
        return there.data[0];
}

static void the_stand_in_is_as_it_was(void)
{
        slice data;
        assert_int_equal(sei_rig_plain(&rig, TSM_STAND_IN,
                                 &(struct apdu_command){ .ins = 0xB0, .expected = 256 }, wire, &data),
                SW_OK);
        assert_true(slice_is(data, "FeliCa stand-in: 1,000 yen"));
}

/* Is there a rule that lets this app use the applet? */
static bool is_allowed(enum tsm_applet applet, slice hash)
{
        uint8_t reference[80];
        writer inner = WRITER(wire), w = WRITER(reference);
        slice data;
        tlv_write(&inner, 0x4F, tsm_aid(applet));
        tlv_write(&inner, 0xC1, hash);
        tlv_write(&w, 0xE1, writer_view(&inner));
        const uint16_t sw = sei_rig_plain(&rig, TSM_ARA,
                &(struct apdu_command){ .cla = 0x80,
                        .ins = 0xCA,
                        .p1 = 0xFF,
                        .p2 = 0x50,
                        .data = writer_view(&w),
                        .expected = 256 },
                wire, &data);
        assert_true(sw == SW_OK || sw == SW_NO_REFERENCE);
        return sw == SW_OK;
}

/* The first keys open the provider's domain and both applets; the issuer's open none of them. */
static void the_provider_has_what_is_his(void)
{
        static const enum tsm_applet his[] = { TSM_PROVIDER, TSM_JPKI, TSM_FIDO };
        struct tsm_channel channel;
        for (size_t i = 0; i < sizeof his / sizeof his[0]; i++) {
                assert_int_equal(sei_rig_own(&rig, his[i], &channel).code, MITOME_OK);
                tsm_close(&channel);
                assert_int_equal(
                        tsm_open_set(&channel, &rig.phone.link, &rig.phone.issuer, his[i], &rig.random, NULL)
                                .code,
                        MITOME_E_APDU_STATUS);
        }
}

static void a_new_phone_is_prepared_and_its_domain_handed_over(void **state)
{
        (void)state;
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ABSENT);
        prepare(1);
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ASKED);
        assert_int_equal(rig.handed, 0);
        serve();
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_INSTALLED);
        assert_int_equal(rig.handed, 1);
        the_provider_has_what_is_his();
        assert_int_equal(what_is_there(), 0);
        assert_true(is_allowed(TSM_JPKI, SLICE(app)) && is_allowed(TSM_FIDO, SLICE(app)));
        assert_false(is_allowed(TSM_JPKI, SLICE(other_app)));
        the_stand_in_is_as_it_was();
        serve(); /* nothing is open: nothing is done */
        assert_int_equal(rig.handed, 1);
}

/* ---- the former owner ---- */

static void leave_something(void)
{
        struct tsm_channel channel;
        struct tsm_public_key key;
        assert_int_equal(sei_rig_own(&rig, TSM_JPKI, &channel).code, MITOME_OK);
        assert_int_equal(tsm_generate_key(&channel, AUTHORITY_USER_VERIFICATION, &key, NULL).code, MITOME_OK);
        assert_int_equal(tsm_set_secret(&channel, AUTHORITY_USER_VERIFICATION, "1234", NULL).code, MITOME_OK);
        tsm_close(&channel);
        assert_int_equal(what_is_there() & 0x01, 0x01);
}

static unsigned pending_receipts(void)
{
        static const uint8_t touched[] = { 0x85, 0x01, 0x02 };
        slice data, pending;
        const uint16_t sw = sei_rig_plain(&rig, TSM_FIDO,
                &(struct apdu_command){ .cla = 0x80, .ins = 0x40, .data = SLICE(touched), .expected = 65536 },
                wire, &data);
        if (sw == SW_NO_REFERENCE)
                return 0;
        assert_int_equal(sw, SW_OK);
        assert_int_equal(tlv_find_fixed(data, 0x83, "pending", 1, &pending, NULL).code, MITOME_OK);
        return pending.data[0];
}

static void leftovers_of_a_former_owner_are_gone_before_anything_is_installed(void **state)
{
        (void)state;
        prepared();
        leave_something();
        assert_int_equal(pending_receipts(), 0);
        prepared();
        assert_int_equal(what_is_there(), 0);
        assert_true(pending_receipts() >= 1); /* and the element says so */
        assert_int_equal(rig.handed, 1);      /* the domain stays the provider's */
        the_provider_has_what_is_his();
        the_stand_in_is_as_it_was();
}

static void what_was_prepared_is_not_cleaned_by_a_visit(void **state)
{
        (void)state;
        prepared();
        leave_something();
        serve();
        assert_int_equal(what_is_there() & 0x01, 0x01);
}

static void a_deletion_takes_the_applet_and_nothing_else(void **state)
{
        (void)state;
        prepared();
        leave_something();
        prepare(0);
        serve();
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ABSENT);
        assert_int_equal(what_is_there(), 0xFFFF);
        assert_int_equal(pending_receipts(), 1);
        assert_false(is_allowed(TSM_JPKI, SLICE(app)));
        assert_true(is_allowed(TSM_FIDO, SLICE(app))); /* where the receipt is fetched */
        the_stand_in_is_as_it_was();
        prepare(0); /* again: it is so already, and is said at once */
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ABSENT);
        serve();
        assert_int_equal(pending_receipts(), 1);
        prepared(); /* and back */
        assert_int_equal(what_is_there(), 0);
}

/* What was asked for and came to no end may have left an applet: that is looked at. */
static void only_a_deletion_that_was_done_is_called_done(void **state)
{
        (void)state;
        prepare(0); /* there never was one */
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ABSENT);
        prepare(1);
        prepare(0);
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ASKED);
        serve();
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ABSENT);
        prepare(1);
        for (unsigned at = 1; sei_rig_state(&rig) == SEI_TSM_ASKED && what_is_there() == 0xFFFF; at++) {
                sei_rig_cut(&rig, SEI_RIG_LOSES_COMMAND, at);
                (void)failed(sei_rig_serve(&rig, NULL));
        }
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ASKED); /* it is there by halves */
        prepare(0);
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ASKED);
        serve();
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ABSENT);
        assert_int_equal(what_is_there(), 0xFFFF);
}

static void an_app_that_is_no_longer_named_is_let_in_no_more(void **state)
{
        (void)state;
        prepared();
        assert_int_equal(sei_rig_prepare(&rig, 1, SLICE(other_app)), MITOME_OK);
        serve();
        assert_true(is_allowed(TSM_JPKI, SLICE(other_app)) && is_allowed(TSM_FIDO, SLICE(other_app)));
        assert_false(is_allowed(TSM_JPKI, SLICE(app)) || is_allowed(TSM_FIDO, SLICE(app)));
}

/* ---- cut off ---- */

static void cut_everywhere(enum sei_rig_cut how)
{
        unsigned at = 1;
        for (bool whole = false; !whole; at++) {
                mitome_error error = { 0 };
                open_rig(NULL);
                prepare(1);
                sei_rig_cut(&rig, how, at);
                mitome_status status = sei_rig_serve(&rig, &error);
                whole = !failed(status);
                if (!whole && how == SEI_RIG_LOSES_COMMAND)
                        assert_true(sei_rig_state(&rig) == SEI_TSM_ASKED ||
                                    sei_rig_state(&rig) == SEI_TSM_INSTALLED);
                sei_rig_settle(&rig);
                serve();
                assert_int_equal(sei_rig_state(&rig), SEI_TSM_INSTALLED);
                assert_int_equal(rig.handed, 1);
                the_provider_has_what_is_his();
                assert_true(is_allowed(TSM_JPKI, SLICE(app)));
                the_stand_in_is_as_it_was();
                close_rig(NULL);
        }
        assert_true(at > 30); /* it was cut somewhere */
}

static void a_phone_that_is_cut_off_before_any_command_is_prepared_by_the_next_visit(void **state)
{
        (void)state;
        cut_everywhere(SEI_RIG_LOSES_COMMAND);
}

static void a_phone_whose_answers_are_lost_is_prepared_by_the_next_visit(void **state)
{
        (void)state;
        cut_everywhere(SEI_RIG_LOSES_ANSWER);
}

static void change_the_wish(struct sei_rig *self, unsigned number)
{
        if (number != 20)
                return;
        self->at_command = NULL;
        self->now++;
        assert_int_equal(sei_rig_prepare(self, 0, (slice){ 0 }), MITOME_OK);
}

static void a_wish_that_changes_during_the_relay_is_what_counts(void **state)
{
        (void)state;
        prepare(1);
        rig.commands = 0;
        rig.at_command = change_the_wish;
        serve();
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ABSENT);
        assert_int_equal(what_is_there(), 0xFFFF);
}

/* The deletion waited in the outbox while somebody applied anew. */
static void a_deletion_that_comes_late_does_not_take_what_was_wanted_after_it(void **state)
{
        (void)state;
        uint8_t bytes[128];
        writer w = WRITER(bytes);
        struct sql_store *store = party_store(rig.provider);
        size_t left;
        prepared();
        rig.now += 10;
        cbor_write_map(&w, 3);
        cbor_write_uint(&w, 1);
        cbor_write_string(&w, SEI_RIG_PHONE);
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, 0);
        cbor_write_uint(&w, 3);
        cbor_write_array(&w, 0);
        assert_int_equal(sql_begin(store, NULL).code, MITOME_OK);
        assert_int_equal(
                party_send(rig.provider, PARTY_SEI_TSM, "prepare", writer_view(&w), NULL).code, MITOME_OK);
        assert_int_equal(sql_commit(store, NULL).code, MITOME_OK);
        rig.now += 1;
        prepare(1);
        assert_int_equal(party_flush(rig.provider, &left, NULL).code, MITOME_OK);
        assert_int_equal(left, 0);
        serve();
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_INSTALLED);
        assert_int_equal(what_is_there(), 0);
        rig.now += 1; /* and one that is written afterwards counts */
        prepare(0);
        serve();
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ABSENT);
}

/* ---- how long a wish stands ---- */

static void prepare_for(int64_t seconds)
{
        rig.now++;
        assert_int_equal(sei_rig_prepare_for(&rig, 1, SLICE(app), seconds), MITOME_OK);
}

/* Somebody applied, and did not come: what the phone's owner has in it stays. */
static void a_wish_that_ran_out_cleans_nothing(void **state)
{
        (void)state;
        prepared();
        leave_something();
        prepare_for(60);
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ASKED);
        rig.now += 59;
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ASKED);
        rig.now += 1;
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_INSTALLED);
        serve();
        assert_int_equal(what_is_there() & 0x01, 0x01);
        assert_int_equal(pending_receipts(), 0);
        prepared(); /* the next one is done */
        assert_int_equal(what_is_there(), 0);
}

static void let_it_run_out(struct sei_rig *self, unsigned number)
{
        if (number != 2)
                return;
        self->at_command = NULL;
        self->now += SEI_TSM_WISH_S;
}

static int64_t open_wishes(void)
{
        struct sql_query query;
        assert_int_equal(sql_ask(party_store(rig.sei_party), "SELECT COUNT(*) FROM sei_order WHERE place = 0",
                                 NULL, 0, &query, NULL)
                                 .code,
                MITOME_OK);
        assert_true(sql_next(&query));
        const int64_t count = sql_integer(&query, 0);
        assert_int_equal(sql_end(&query).code, MITOME_OK);
        return count;
}

/* Nobody comes, and no other wish: it ends all the same, and an erasure does not. */
static void the_row_of_a_wish_that_ran_out_ends(void **state)
{
        (void)state;
        prepared();
        prepare(0);
        prepare_for(60);
        assert_int_equal(open_wishes(), 2);
        rig.now += 60;
        assert_int_equal(sei_tsm_tick(rig.sei, NULL).code, MITOME_OK);
        assert_int_equal(open_wishes(), 2);
        rig.now += 600;
        assert_int_equal(sei_tsm_tick(rig.sei, NULL).code, MITOME_OK);
        assert_int_equal(open_wishes(), 1);
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ASKED);
}

/* The phone relays slowly: when it comes to the cleaning, the wish is over. */
static void a_wish_that_runs_out_during_the_relay_cleans_nothing(void **state)
{
        (void)state;
        prepared();
        leave_something();
        prepare(1);
        rig.commands = 0;
        rig.at_command = let_it_run_out;
        serve();
        assert_null(rig.at_command); /* it has */
        assert_int_equal(what_is_there() & 0x01, 0x01);
        assert_int_equal(pending_receipts(), 0);
        prepared();
        assert_int_equal(what_is_there(), 0);
}

static void a_wish_that_ran_out_leaves_an_erasure_standing(void **state)
{
        (void)state;
        prepared();
        leave_something();
        prepare(0);
        prepare_for(60);
        rig.now += 60;
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ASKED); /* the erasure */
        serve();
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ABSENT);
        assert_int_equal(what_is_there(), 0xFFFF);
        /* one that was done takes it along */
        prepare(0);
        prepare_for(60);
        serve();
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_INSTALLED);
        serve();
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_INSTALLED);
}

/* The maker's too, whatever is wished behind it. */
static void a_wish_that_ran_out_leaves_a_setting_back_standing(void **state)
{
        (void)state;
        uint8_t bytes[80];
        mitome_code refusal;
        prepared();
        leave_something();
        assert_int_equal(
                sei_rig_ask(rig.maker, "reset", sei_rig_identity(SEI_RIG_PHONE, bytes), &refusal).code,
                MITOME_OK);
        prepare_for(60);
        prepare(0); /* a deletion does not replace it */
        serve();
        assert_int_equal(what_is_there(), 0xFFFF);
        assert_false(is_allowed(TSM_FIDO, SLICE(app))); /* as a setting back has it, and no deletion */
}

/* The deletion was written before the wish, comes behind it, and the wish runs out: it counts after all. */
static void a_late_deletion_waits_behind_a_wish_that_may_run_out(void **state)
{
        (void)state;
        uint8_t bytes[128];
        writer w = WRITER(bytes);
        struct sql_store *store = party_store(rig.provider);
        size_t left;
        prepared();
        rig.now += 10;
        cbor_write_map(&w, 3);
        cbor_write_uint(&w, 1);
        cbor_write_string(&w, SEI_RIG_PHONE);
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, 0);
        cbor_write_uint(&w, 3);
        cbor_write_array(&w, 0);
        assert_int_equal(sql_begin(store, NULL).code, MITOME_OK);
        assert_int_equal(
                party_send(rig.provider, PARTY_SEI_TSM, "prepare", writer_view(&w), NULL).code, MITOME_OK);
        assert_int_equal(sql_commit(store, NULL).code, MITOME_OK);
        prepare_for(60);
        assert_int_equal(party_flush(rig.provider, &left, NULL).code, MITOME_OK);
        rig.now += 60;
        serve();
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ABSENT);
}

static void a_second_wish_prolongs_the_first(void **state)
{
        (void)state;
        prepare_for(60);
        rig.now += 30;
        prepare_for(10); /* no shorter */
        rig.now += 28;
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ASKED);
        prepare_for(60);
        rig.now += 50;
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ASKED);
        serve();
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_INSTALLED);
}

static void how_long_a_wish_stands_is_said_and_bounded(void **state)
{
        (void)state;
        assert_int_equal(sei_rig_prepare_for(&rig, 1, SLICE(app), 0), MITOME_E_MISSING);
        assert_int_equal(sei_rig_prepare_for(&rig, 1, SLICE(app), SEI_TSM_WISH_S + 1), MITOME_E_VALUE);
        assert_int_equal(sei_rig_prepare_for(&rig, 1, SLICE(app), -1), MITOME_E_CBOR_TYPE);
        assert_int_equal(sei_rig_prepare_for(&rig, 0, (slice){ 0 }, 60), MITOME_E_VALUE);
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ABSENT);
}

/* ---- attacks ---- */

/* Another phone says that it is this one: what is open for this one is not done to it, nor to the other. */
static void a_phone_that_says_anothers_identity_is_not_served(void **state)
{
        (void)state;
        static struct factory_element stranger;
        mitome_error error = { 0 };
        prepare(1);
        assert_int_equal(factory_element_make(&stranger, &rig.random, NULL, NULL).code, MITOME_OK);
        assert_int_equal(sei_tsm_serve(rig.sei, slice_text(SEI_RIG_PHONE), &stranger.link, &error).code,
                MITOME_E_CHANNEL_CRYPTOGRAM);
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ASKED);
        assert_int_equal(rig.handed, 0);
        factory_element_end(&stranger);
        serve();
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_INSTALLED);
}

static void a_domain_with_a_strangers_keys_is_not_handed_over(void **state)
{
        (void)state;
        struct tsm_key_set foreign;
        mitome_error error = { 0 };
        assert_int_equal(tsm_make_keys(&foreign, 0x22, &rig.random, NULL).code, MITOME_OK);
        assert_int_equal(
                tsm_hand_over(&rig.phone.link, &rig.phone.issuer.keys, &foreign, &rig.random, NULL).code,
                MITOME_OK);
        prepare(1);
        assert_int_equal(sei_rig_serve(&rig, &error).code, MITOME_E_SEI_DOMAIN);
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ASKED);
        assert_int_equal(rig.handed, 0);
}

static void who_may_not_ask_is_refused(void **state)
{
        (void)state;
        uint8_t bytes[80];
        mitome_code refusal;
        const slice body = sei_rig_identity(SEI_RIG_PHONE, bytes);
        /* the provider may not set a phone back, the maker not ask for the applet */
        assert_true(failed(sei_rig_ask(rig.provider, "reset", body, &refusal)));
        assert_true(failed(sei_rig_ask(rig.maker, "applet-state", body, &refusal)));
        assert_true(failed(sei_rig_ask(rig.maker, "prepare", body, &refusal)));
        assert_true(failed(sei_rig_ask(rig.provider, "register-element", body, &refusal)));
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ABSENT);
}

/* ---- a phone that lies ---- */

/* The reset of the FIDO applet goes in the open: this phone answers it itself. */
static mitome_status answer_reset(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        enum { SESSION = 0x04, RESET = 0x18 };
        const struct mitome_link *honest = context;
        if (command.size < 2 || command.data[0] & SESSION || command.data[1] != RESET)
                return honest->transmit(honest->context, command, response, capacity, ret_size, error);
        assert_true(capacity >= 2);
        response[0] = 0x90;
        response[1] = 0x00;
        *ret_size = 2;
        return ok();
}

static void set_pin(void)
{
        struct tsm_channel channel;
        uint8_t bytes[16];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, slice_text("135790"));
        assert_int_equal(sei_rig_own(&rig, TSM_FIDO, &channel).code, MITOME_OK);
        assert_int_equal(
                tsm_order(&channel,
                        &(struct apdu_command){ .cla = 0x80, .ins = 0x34, .data = writer_view(&w) }, NULL)
                        .code,
                MITOME_OK);
        tsm_close(&channel);
}

static void attack_a_phone_that_only_says_that_its_fido_applet_was_reset(void **state)
{
        struct mitome_link honest;
        (void)state;
        prepared();
        set_pin();
        prepare(0);
        serve();
        prepare(1);
        honest = rig.link;
        rig.link = (struct mitome_link){ .context = &honest, .transmit = answer_reset };
        assert_int_equal(sei_rig_serve(&rig, NULL).code, MITOME_E_SEI_NOT_RESET);
        sei_rig_settle(&rig);
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ASKED);
        assert_false(is_allowed(TSM_JPKI, SLICE(app)));
        rig.link = honest;
        serve();
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_INSTALLED);
        assert_true(is_allowed(TSM_JPKI, SLICE(app)));
}

static void what_is_no_body_is_refused(void **state)
{
        (void)state;
        static const struct {
                const char *bytes;
                size_t size;
                mitome_code code;
        } bodies[] = {
                { "", 0, MITOME_E_INPUT_ENDS },
                { "\xA0", 1, MITOME_E_MISSING },
                { "\xA1\x01\x01", 3, MITOME_E_CBOR_TYPE },
                { "\xA1\x02\x61\x41", 4, MITOME_E_VALUE },
                { "\xA1\x01\x61\x41\x00", 5, MITOME_E_TRAILING_BYTES },
                { "\xA2\x01\x61\x41\x02\x00", 6, MITOME_E_VALUE },
                { "\xA1\x01\x63"
                  "A B",
                        6, MITOME_E_SEI_UNKNOWN },
                { "\xA1\x01\x63"
                  "MT9",
                        6, MITOME_E_SEI_UNKNOWN },
        };
        for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
                mitome_code refusal;
                assert_int_equal(sei_rig_ask(rig.provider, "applet-state",
                                         slice_of(bodies[i].bytes, bodies[i].size), &refusal)
                                         .code,
                        MITOME_E_REFUSED);
                assert_int_equal(refusal, bodies[i].code);
        }
        assert_int_equal(sei_rig_prepare(&rig, 2, (slice){ 0 }), MITOME_E_VALUE);
        const uint8_t odd[31] = { 1 };
        assert_int_equal(sei_rig_prepare(&rig, 1, SLICE(odd)), MITOME_E_VALUE);
}

static void a_phone_is_registered_once_and_with_one_set_of_keys(void **state)
{
        (void)state;
        struct tsm_key_set other;
        assert_int_equal(tsm_make_keys(&other, TSM_KEYS_ISSUER, &rig.random, NULL).code, MITOME_OK);
        assert_int_equal(sei_tsm_register(rig.sei, slice_text(SEI_RIG_PHONE), &rig.phone.issuer, NULL).code,
                MITOME_OK);
        assert_int_equal(
                sei_tsm_register(rig.sei, slice_text(SEI_RIG_PHONE), &other, NULL).code, MITOME_E_SEI_KNOWN);
        assert_int_equal(
                sei_tsm_register(rig.sei, slice_text("no phone"), &other, NULL).code, MITOME_E_SEI_UNKNOWN);
        prepared();
}

/* Whoever can write the store, but has not the vault's key, moves one phone's keys to another's row. */
static void rows_that_were_exchanged_open_nothing(void **state)
{
        (void)state;
        struct tsm_key_set other;
        enum sei_tsm_state seen;
        struct sql_store *store = party_store(rig.sei_party);
        assert_int_equal(tsm_make_keys(&other, TSM_KEYS_ISSUER, &rig.random, NULL).code, MITOME_OK);
        assert_int_equal(sei_tsm_register(rig.sei, slice_text("MT-1-0002"), &other, NULL).code, MITOME_OK);
        assert_int_equal(sql_do(store,
                                 "UPDATE element SET keys = (SELECT keys FROM element WHERE identity ="
                                 " 'MT-1-0002') WHERE identity = 'MT-1-0001'",
                                 NULL, 0, NULL, NULL)
                                 .code,
                MITOME_OK);
        assert_int_equal(
                sei_tsm_look(rig.sei, slice_text("MT-1-0001"), &seen, NULL).code, MITOME_E_STORE_SEAL);
        assert_int_equal(sei_tsm_look(rig.sei, slice_text("MT-1-0002"), &seen, NULL).code, MITOME_OK);
        assert_int_equal(
                sql_do(store, "UPDATE element SET keys = substr(keys, 1, 40)", NULL, 0, NULL, NULL).code,
                MITOME_OK);
        assert_int_equal(
                sei_tsm_look(rig.sei, slice_text("MT-1-0002"), &seen, NULL).code, MITOME_E_STORE_SEAL);
}

#define WITH_RIG(test) cmocka_unit_test_setup_teardown(test, open_rig, close_rig)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WITH_RIG(a_new_phone_is_prepared_and_its_domain_handed_over),
                WITH_RIG(leftovers_of_a_former_owner_are_gone_before_anything_is_installed),
                WITH_RIG(what_was_prepared_is_not_cleaned_by_a_visit),
                WITH_RIG(only_a_deletion_that_was_done_is_called_done),
                WITH_RIG(a_deletion_takes_the_applet_and_nothing_else),
                WITH_RIG(an_app_that_is_no_longer_named_is_let_in_no_more),
                cmocka_unit_test(a_phone_that_is_cut_off_before_any_command_is_prepared_by_the_next_visit),
                cmocka_unit_test(a_phone_whose_answers_are_lost_is_prepared_by_the_next_visit),
                WITH_RIG(a_wish_that_changes_during_the_relay_is_what_counts),
                WITH_RIG(a_deletion_that_comes_late_does_not_take_what_was_wanted_after_it),
                WITH_RIG(a_phone_that_says_anothers_identity_is_not_served),
                WITH_RIG(a_domain_with_a_strangers_keys_is_not_handed_over),
                WITH_RIG(who_may_not_ask_is_refused),
                WITH_RIG(attack_a_phone_that_only_says_that_its_fido_applet_was_reset),
                WITH_RIG(a_wish_that_ran_out_cleans_nothing),
                WITH_RIG(the_row_of_a_wish_that_ran_out_ends),
                WITH_RIG(a_wish_that_runs_out_during_the_relay_cleans_nothing),
                WITH_RIG(a_wish_that_ran_out_leaves_an_erasure_standing),
                WITH_RIG(a_wish_that_ran_out_leaves_a_setting_back_standing),
                WITH_RIG(a_late_deletion_waits_behind_a_wish_that_may_run_out),
                WITH_RIG(a_second_wish_prolongs_the_first),
                WITH_RIG(how_long_a_wish_stands_is_said_and_bounded),
                WITH_RIG(what_is_no_body_is_refused),
                WITH_RIG(a_phone_is_registered_once_and_with_one_set_of_keys),
                WITH_RIG(rows_that_were_exchanged_open_nothing),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
