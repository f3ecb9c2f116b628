/* SPDX-License-Identifier: Apache-2.0 */

/* The counter with a line: a shop's letters to the authority's real register, which is asked, takes receipts
 * and knows them again. */

#include "ca.h"
#include "counter_authority.h"
#include "counter_rig.h"
#include "post_local.h"
#include "register.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { ERASE_ALL = 0x00, SIGNING = 0x9A, USER = 0x97 };

#define assert_ok(status) assert_int_equal((status).code, MITOME_OK)

static const int64_t now = 1800000000; /* 2027 */

/* Counts, so that no two letters have one id. */
static int fill(void *context, uint8_t *bytes, size_t size)
{
        (void)context;
        static uint64_t drawn;
        for (size_t i = 0; i < size; i++) {
                uint64_t x = ++drawn * 0x9E3779B97F4A7C15u;
                bytes[i] = (uint8_t)((x ^ x >> 29) >> 32);
        }
        return 0;
}

static const struct mitome_random drawing = { .fill = fill };

static int64_t read_clock(void *context)
{
        (void)context;
        return now;
}

static struct counter_rig stencil, phone;
static struct mitome_trust *makers;

/* A shop, and the authority. */
static struct line {
        struct post_local network;
        struct party *shop, *authority;
        struct ca *cas[2];
        struct register_config config;
        struct authority_register *book;
        struct party_desks desks;
        struct counter_authority asked;
} town;

static struct counter counter;
static struct counter_case at;
static struct counter_report report;

static int make_stencil(void **state)
{
        (void)state;
        counter_rig_make(&stencil, &makers);
        return 0;
}

static int drop_stencil(void **state)
{
        (void)state;
        counter_rig_close(&stencil);
        mitome_trust_free(makers);
        return 0;
}

static struct party *open_party(const char *name, const char *schema, int version)
{
        struct party *party;
        const struct party_config config = { .name = name,
                .schema = schema,
                .schema_version = version,
                .directory = &town.network.directory,
                .post = post_local(&town.network),
                .clock = { .now = read_clock },
                .random = drawing };
        assert_ok(party_open(&config, &party, NULL));
        return party;
}

static int set_up(void **state)
{
        (void)state;
        counter_rig_clone(&stencil, &phone);
        town = (struct line){ 0 };
        town.shop = open_party(PARTY_SHOP, "", 1);
        town.authority = open_party(PARTY_AUTHORITY, register_schema, REGISTER_SCHEMA_VERSION);
        for (int kind = 0; kind < 2; kind++)
                assert_ok(ca_make((enum authority_kind)kind, &drawing, now, &town.cas[kind], NULL));
        town.config = (struct register_config){ .signing = town.cas[AUTHORITY_SIGNING],
                .user_verification = town.cas[AUTHORITY_USER_VERIFICATION],
                .devices = makers };
        assert_ok(register_open(town.authority, &town.config, &town.book, NULL));
        town.desks = (struct party_desks){ town.book, register_desks, register_desk_count };
        assert_ok(post_local_join(&town.network, town.authority, &town.desks, NULL));
        assert_ok(post_local_join(&town.network, town.shop, NULL, NULL));
        town.asked = counter_authority_of(town.shop);
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        register_close(town.book);
        party_close(town.authority);
        party_close(town.shop);
        post_local_free(&town.network);
        ca_close(town.cas[0]);
        ca_close(town.cas[1]);
        counter_rig_close(&phone);
        return 0;
}

static enum counter_verdict check(void)
{
        const struct counter_phone seen = counter_rig_phone(&phone);
        counter = (struct counter){ .identity = slice_text(ELEMENT_RIG_IDENTITY),
                .makers = makers,
                .authority = &town.asked,
                .now = now };
        assert_ok(counter_begin(&at, &counter, &drawing, NULL));
        phone.port.touched = phone.port.declined = false;
        counter_gather(&at, &seen);
        counter_judge(&at, &report);
        return report.verdict;
}

/* The verdict is one more line of the shop's journal. */
static void assert_noted(void)
{
        struct letter_head before, after;
        assert_ok(journal_head(party_store(town.shop), &before, NULL));
        assert_ok(counter_note(town.shop, &at, &report, NULL));
        assert_ok(journal_head(party_store(town.shop), &after, NULL));
        assert_int_equal(after.number, before.number + 1);
}

static int64_t count_about_phone(struct party *party)
{
        struct sql_query query;
        int64_t count = 0;
        assert_ok(sql_ask(party_store(party),
                "SELECT count(*) FROM journal WHERE instr(entry, CAST('device:MT-1%200001' AS BLOB)) > 0",
                NULL, 0, &query, NULL));
        if (sql_next(&query))
                count = sql_integer(&query, 0);
        assert_ok(sql_end(&query));
        return count;
}

/* There is a space in what is printed on it. */
static void the_phone_has_one_name_in_all_journals(void **state)
{
        (void)state;
        counter_rig_provision(&phone);
        counter_rig_erase(&phone, ERASE_ALL);
        assert_int_equal(check(), COUNTER_ERASED);
        assert_noted();
        assert_int_equal(count_about_phone(town.shop), 1);
        assert_int_equal(count_about_phone(town.authority), 1);
}

static void the_authority_takes_receipts_and_knows_them_again(void **state)
{
        (void)state;
        counter_rig_provision(&phone);
        counter_rig_erase(&phone, ERASE_ALL);
        assert_int_equal(check(), COUNTER_ERASED);
        assert_true(report.shown[0].taken);
        assert_int_equal(phone.acknowledged, 1); /* by the register's own digest of it */
        assert_noted();
        assert_int_equal(check(), COUNTER_ERASED);
        assert_int_equal(report.shown_count, 0);
        assert_int_equal(report.known_count, 1);
}

static void several_receipts_one_after_the_other(void **state)
{
        (void)state;
        counter_rig_provision(&phone);
        counter_rig_erase(&phone, SIGNING);
        counter_rig_erase(&phone, USER);
        assert_int_equal(check(), COUNTER_ERASED);
        assert_int_equal(report.shown_count, 2);
        assert_int_equal(phone.acknowledged, 2);
}

/* The rig's certificates are of a CA that is not this authority's. */
static void a_certificate_of_nobody_cannot_be_told(void **state)
{
        (void)state;
        counter_rig_provision(&phone);
        assert_int_equal(check(), COUNTER_UNTOLD);
        assert_int_equal(report.reason.code, MITOME_E_COUNTER_UNKNOWN);
}

/* Its answer is lost: the receipt stays in the phone, and the next visit brings it once more. */
static enum post_fate lose_answers(
        void *context, const struct directory_entry *to, slice letter, unsigned number)
{
        (void)context;
        (void)to;
        (void)letter;
        (void)number;
        return POST_LOSE_ANSWER;
}

static void an_answer_is_lost_and_nothing_is_forgotten(void **state)
{
        (void)state;
        counter_rig_provision(&phone);
        counter_rig_erase(&phone, ERASE_ALL);
        town.network.fate = lose_answers;
        assert_int_equal(check(), COUNTER_ERASED);
        assert_false(report.shown[0].taken);
        assert_true(report.unreachable);
        assert_int_equal(phone.acknowledged, 0);
        town.network.fate = NULL;
        assert_int_equal(check(), COUNTER_ERASED);
        assert_true(report.shown[0].taken);
        assert_int_equal(phone.acknowledged, 1);
}

/* One letter of a visit meets its fate; the others pass. */
struct trouble {
        enum post_fate fate;
        unsigned at;
};

static enum post_fate befall(void *context, const struct directory_entry *to, slice letter, unsigned number)
{
        const struct trouble *trouble = context;
        (void)to;
        (void)letter;
        return number == trouble->at ? trouble->fate : POST_PASS;
}

static void every_letter_lost_doubled_or_late(void **state)
{
        enum { LETTERS = 3 }; /* two receipts, and what is asked when one of them does not get through */
        static const enum post_fate fates[] = { POST_DROP, POST_LOSE_ANSWER, POST_TWICE, POST_HOLD };
        for (size_t i = 0; i < sizeof fates / sizeof *fates; i++)
                for (unsigned number = 1; number <= LETTERS; number++) {
                        struct trouble trouble = { fates[i], number };
                        assert_int_equal(tear_down(state) + set_up(state), 0);
                        counter_rig_provision(&phone);
                        counter_rig_erase(&phone, SIGNING);
                        counter_rig_erase(&phone, USER);
                        town.network.fate = befall;
                        town.network.fate_context = &trouble;
                        (void)check(); /* whatever it says: it is asked again */
                        post_local_release(&town.network);
                        town.network.fate = NULL;
                        assert_int_equal(check(), COUNTER_ERASED);
                        assert_int_equal(report.shown_count + report.known_count, 2);
                        assert_int_equal(phone.acknowledged, 2);
                        assert_int_equal(check(), COUNTER_ERASED);
                        assert_int_equal(report.pending, 0);
                        assert_int_equal(report.known_count, 2);
                }
}

static void an_authority_that_is_away(void **state)
{
        (void)state;
        counter_rig_provision(&phone);
        post_local_leave(&town.network, PARTY_AUTHORITY);
        assert_int_equal(check(), COUNTER_LIVE);
        assert_true(report.unreachable);
}

static mitome_status say_so(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        const slice *said = context;
        (void)request;
        (void)error;
        write_slice(answer, *said);
        return ok();
}

/* What stands behind an answer, or in it and is none of it, spoils it. */
static void an_answer_is_read_to_its_end(void **state)
{
        static const char *const from[] = { PARTY_SHOP, NULL };
        static const struct party_desk desks[] = { { "status", from, say_so }, { "receipt", from, say_so },
                { "receipt-known", from, say_so } };
        static const uint8_t status[] = { 0xA2, 1, 0, 4, 0, 0xF6 }, known[] = { 0xA1, 1, 0xF5, 0xF6 },
                             torn[] = { 0xA2, 1, 0, 1, 0 }, torn_known[] = { 0xA2, 1, 0xF5, 1, 0 };
        uint8_t receipt[37] = { 0xA1, 3, 0x58, 32, [36] = 0xF6 }, digest[SHA256_SIZE];
        const slice serial = slice_text("serial");
        enum counter_status found;
        slice said;
        bool has;
        (void)state;
        town.desks = (struct party_desks){ &said, desks, 3 };
#define ASK_STATUS() town.asked.status(town.asked.context, EVIDENCE_SIGNING, serial, &found, NULL).code
#define ASK_KNOWN() town.asked.known(town.asked.context, serial, 1, &has, NULL).code
#define ASK_RECEIPT() town.asked.receipt(town.asked.context, serial, digest, NULL).code
        said = slice_of(status, 5);
        assert_int_equal(ASK_STATUS(), MITOME_OK);
        said = SLICE(status);
        assert_int_equal(ASK_STATUS(), MITOME_E_TRAILING_BYTES);
        said = SLICE(torn);
        assert_int_equal(ASK_STATUS(), MITOME_E_CBOR_DUPLICATE_KEY);
        said = slice_of(known, 3);
        assert_int_equal(ASK_KNOWN(), MITOME_OK);
        said = SLICE(known);
        assert_int_equal(ASK_KNOWN(), MITOME_E_TRAILING_BYTES);
        said = SLICE(torn_known);
        assert_int_equal(ASK_KNOWN(), MITOME_E_CBOR_DUPLICATE_KEY);
        said = slice_of(receipt, 36);
        assert_int_equal(ASK_RECEIPT(), MITOME_OK);
        said = slice_of(receipt, 37);
        assert_int_equal(ASK_RECEIPT(), MITOME_E_TRAILING_BYTES);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(the_authority_takes_receipts_and_knows_them_again),
                TEST(the_phone_has_one_name_in_all_journals),
                TEST(several_receipts_one_after_the_other),
                TEST(a_certificate_of_nobody_cannot_be_told),
                TEST(an_answer_is_lost_and_nothing_is_forgotten),
                TEST(every_letter_lost_doubled_or_late),
                TEST(an_authority_that_is_away),
                TEST(an_answer_is_read_to_its_end),
        };
        return cmocka_run_group_tests(tests, make_stencil, drop_stencil);
}
