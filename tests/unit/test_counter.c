/* SPDX-License-Identifier: Apache-2.0 */

/* The check at a shop's counter: a real element behind a real enforcer and the app's port on one side, the
 * counter on the other, and between them whoever wants to be taken for an empty phone. */

#include "counter_rig.h"
#include "evidence_app.h"
#include "json.h"
#include "tsm_channel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const int64_t now = 1800000000; /* 2027 */
static const slice nothing = { 0 };
enum { ALL = 0x00, USER = 0x97, SIGNING = 0x9A }; /* of ERASE */

static struct counter_rig stencil, phone;
static struct mitome_trust *makers;

#define assert_ok(status) assert_int_equal((status).code, MITOME_OK)

static mitome_status refuse(mitome_error *error, mitome_code code)
{
        if (error)
                *error = (mitome_error){ .code = code };
        return (mitome_status){ code };
}

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

static int set_up(void **state)
{
        (void)state;
        counter_rig_clone(&stencil, &phone);
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        counter_rig_close(&phone);
        return 0;
}

/* ---- the authority, as the letters of its register answer ---- */

struct authority {
        bool is_away;
        mitome_code refuses_receipt;
        enum counter_status status;
        uint32_t known[8];
        size_t known_count;
        unsigned asked, taken;
};

static struct authority registered;

/* It takes the digest off the element itself: what the real one computes from the receipt. */
static mitome_status hand_in(
        void *context, slice receipt, uint8_t ret_digest[SHA256_SIZE], mitome_error *error)
{
        (void)context;
        struct evidence evidence;
        struct evidence_answer again;
        uint16_t sw;
        registered.asked++;
        if (registered.is_away)
                return refuse(error, MITOME_E_UNREACHABLE);
        if (registered.refuses_receipt)
                return refuse(error, registered.refuses_receipt);
        assert_ok(evidence_read(receipt, &evidence, NULL));
        assert_ok(mitome_enforcer_select(phone.enforcer, tsm_aid(TSM_FIDO), NULL));
        assert_ok(evidence_fetch(phone.enforcer, EVIDENCE_RECEIPT, nothing, &again, &sw, NULL));
        assert_ok(slice_copy(again.digest, "digest", ret_digest, SHA256_SIZE, NULL));
        registered.taken++;
        return ok();
}

static mitome_status ask_status(void *context, enum evidence_person_kind kind, slice serial,
        enum counter_status *ret, mitome_error *error)
{
        (void)context;
        (void)kind;
        assert_true(serial.size > 0);
        registered.asked++;
        *ret = registered.status;
        return registered.is_away ? refuse(error, MITOME_E_UNREACHABLE) : ok();
}

static mitome_status ask_known(void *context, slice identity, uint32_t number, bool *ret, mitome_error *error)
{
        (void)context;
        assert_true(slice_equal(identity, slice_text(ELEMENT_RIG_IDENTITY)));
        registered.asked++;
        *ret = false;
        for (size_t i = 0; i < registered.known_count; i++)
                *ret |= registered.known[i] == number;
        return registered.is_away ? refuse(error, MITOME_E_UNREACHABLE) : ok();
}

static const struct counter_authority authority = {
        .status = ask_status, .receipt = hand_in, .known = ask_known
};

/* ---- the counter ---- */

static struct counter counter;
static struct counter_case at;
static struct counter_report report;

static void begin(const char *identity, const struct counter_authority *line)
{
        counter = (struct counter){
                .identity = slice_text(identity), .makers = makers, .authority = line, .now = now
        };
        assert_ok(counter_begin(&at, &counter, &counter_rig_random, NULL));
}

static void gather(void)
{
        const struct counter_phone seen = counter_rig_phone(&phone);
        phone.port.touched = phone.port.declined = false;
        counter_gather(&at, &seen);
}

static enum counter_verdict judge(void)
{
        counter_judge(&at, &report);
        return report.verdict;
}

static enum counter_verdict check(const struct counter_authority *line)
{
        begin(ELEMENT_RIG_IDENTITY, line);
        gather();
        return judge();
}

static void assert_found(const char *what, mitome_code code)
{
        for (size_t i = 0; i < report.finding_count; i++)
                if (strcmp(report.findings[i].what, what) == 0 && report.findings[i].code == code)
                        return;
        fail_msg("%s %d is not among the findings", what, (int)code);
}

static void assert_untold(mitome_code code)
{
        assert_int_equal(report.verdict, COUNTER_UNTOLD);
        assert_int_equal(report.reason.code, code);
}

/* ---- the five verdicts ---- */

static void a_new_phone_was_never_provisioned(void **state)
{
        (void)state;
        assert_int_equal(check(NULL), COUNTER_NEVER);
        assert_int_equal(phone.touches, 1); /* once a line */
        assert_true(counter_is_clear(report.verdict));
        assert_int_equal(report.finding_count, 0);
}

static void a_certificate_in_the_phone_is_told(void **state)
{
        static const struct {
                enum counter_status status;
                enum counter_verdict verdict;
        } cases[] = { { COUNTER_GOOD, COUNTER_LIVE }, { COUNTER_HOLD, COUNTER_LIVE },
                { COUNTER_REVOKED, COUNTER_UNDELETED }, { COUNTER_UNKNOWN, COUNTER_UNTOLD } };
        (void)state;
        counter_rig_provision(&phone);
        assert_int_equal(check(NULL), COUNTER_LIVE);
        assert_int_equal(report.person_count, 2);
        assert_int_equal(report.persons[0].status, COUNTER_NOT_ASKED);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                registered = (struct authority){ .status = cases[i].status };
                assert_int_equal(check(&authority), cases[i].verdict);
                assert_int_equal(report.persons[0].status, cases[i].status);
                assert_int_equal(registered.asked, 2);
                assert_false(counter_is_clear(report.verdict));
        }
        assert_int_equal(report.reason.code, MITOME_E_COUNTER_UNKNOWN);
}

/* 課題2: revoked, and its key is still there; also where the certificate alone was taken away. */
static void a_key_without_a_certificate_is_not_erased(void **state)
{
        (void)state;
        counter_rig_provision(&phone);
        counter_rig_erase(&phone, ALL);
        assert_int_equal(element_rig_channel(&phone.rig, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_int_equal(element_rig_secured(&phone.rig, 0x80460097, nothing), SW_OK);
        mitome_element_reset(phone.rig.element);
        assert_int_equal(check(NULL), COUNTER_UNDELETED);
        assert_false(report.persons[0].has_certificate);
}

static void an_erased_phone_is_clear_by_its_receipt(void **state)
{
        (void)state;
        counter_rig_provision(&phone);
        counter_rig_erase(&phone, ALL);
        assert_int_equal(check(NULL), COUNTER_ERASED);
        assert_int_equal(report.shown_count, 1);
        assert_int_equal(report.shown[0].person_count, 2);
        assert_false(report.shown[0].taken);
        assert_int_equal(phone.acknowledged, 0); /* nobody has it but the counter */
        registered = (struct authority){ 0 };
        assert_int_equal(check(&authority), COUNTER_ERASED);
        assert_true(report.shown[0].taken);
        assert_int_equal(registered.taken, 1);
        assert_int_equal(phone.acknowledged, 1);
}

static void receipts_come_one_after_the_other(void **state)
{
        (void)state;
        counter_rig_provision(&phone);
        counter_rig_erase(&phone, SIGNING);
        counter_rig_erase(&phone, USER);
        /* without a line the second one cannot be had, and the phone is not taken for empty */
        assert_int_equal(check(NULL), COUNTER_UNTOLD);
        assert_untold(MITOME_E_COUNTER_MISSING);
        assert_int_equal(report.missing, 2);
        registered = (struct authority){ 0 };
        assert_int_equal(check(&authority), COUNTER_ERASED);
        assert_int_equal(report.shown_count, 2);
        assert_int_equal(phone.acknowledged, 2);
        /* the next counter sees none, and asks the authority */
        registered = (struct authority){ .known = { 1, 2 }, .known_count = 2 };
        assert_int_equal(check(&authority), COUNTER_ERASED);
        assert_int_equal(report.known_count, 2);
}

static void a_new_certificate_is_not_covered_by_an_old_receipt(void **state)
{
        (void)state;
        counter_rig_provision(&phone);
        counter_rig_erase(&phone, ALL);
        counter_rig_again(&phone);
        assert_int_equal(check(NULL), COUNTER_LIVE);
        assert_int_equal(report.shown_count, 1);
}

/* ---- attacks, and what goes wrong ---- */

static void a_forged_statement(void **state)
{
        (void)state;
        counter_rig_provision(&phone);
        phone.forges_statement = true;
        assert_int_equal(check(NULL), COUNTER_UNTOLD);
        assert_untold(MITOME_E_SIGNATURE_INVALID);
        assert_int_equal(report.shown_count, 0);
}

static void a_forged_receipt(void **state)
{
        (void)state;
        counter_rig_provision(&phone);
        counter_rig_erase(&phone, ALL);
        phone.forges_receipt = true;
        registered = (struct authority){ 0 };
        assert_int_equal(check(&authority), COUNTER_UNTOLD);
        assert_untold(MITOME_E_SIGNATURE_INVALID);
        assert_int_equal(registered.taken, 0); /* it is not handed on */
        assert_int_equal(phone.acknowledged, 0);
}

/* Fetches evidence for another question, as an app would have kept it. */
static void keep_old(enum evidence_kind kind)
{
        uint8_t nonce[COUNTER_NONCE_SIZE] = { 0x99 };
        const struct counter_phone seen = counter_rig_phone(&phone);
        assert_ok(seen.fetch(&phone, kind, SLICE(nonce), phone.old.bytes, &phone.old.size, NULL));
}

static void a_statement_from_before_the_question(void **state)
{
        (void)state;
        keep_old(EVIDENCE_STATEMENT); /* when the phone was new */
        counter_rig_provision(&phone);
        begin(ELEMENT_RIG_IDENTITY, NULL);
        counter_show(&at, slice_of(phone.old.bytes, phone.old.size));
        judge();
        assert_untold(MITOME_E_EVIDENCE_NONCE);
}

/* The SP-TSM's and the reset server's questions are answered by a statement, too: it has the certificates
 * revoked, or the phone set back. */
static void a_clerk_who_asks_with_anothers_nonce_gets_nothing_that_serves_there(void **state)
{
        (void)state;
        static const char stolen[] = "00112233445566778899aabbccddeeff";
        const slice nonces[] = { slice_text(stolen), slice_of(stolen, 16) };
        const struct counter_phone seen = counter_rig_phone(&phone);
        counter_rig_provision(&phone);
        begin(ELEMENT_RIG_IDENTITY, NULL);
        for (size_t i = 0; i < sizeof nonces / sizeof *nonces; i++) {
                uint8_t bytes[EVIDENCE_MAX];
                size_t size = 0;
                struct evidence evidence;
                const struct evidence_expected expected = { EVIDENCE_STATEMENT, nonces[i],
                        slice_text(ELEMENT_RIG_IDENTITY) };
                assert_ok(seen.fetch(&phone, EVIDENCE_STATEMENT, nonces[i], bytes, &size, NULL));
                assert_int_equal(evidence_verify(slice_of(bytes, size), &expected, makers, at.counter->now,
                                         NULL, &evidence, NULL)
                                         .code,
                        MITOME_E_EVIDENCE_NONCE);
        }
}

static void a_replayed_receipt(void **state)
{
        (void)state;
        counter_rig_provision(&phone);
        counter_rig_erase(&phone, ALL);
        keep_old(EVIDENCE_RECEIPT);
        phone.replays = true;
        assert_int_equal(check(NULL), COUNTER_UNTOLD);
        assert_untold(MITOME_E_EVIDENCE_NONCE);
}

static void another_phones_statement(void **state)
{
        (void)state;
        begin("MT-1 0002", NULL);
        gather();
        judge();
        assert_untold(MITOME_E_EVIDENCE_IDENTITY);
        assert_false(report.has_statement);
}

static void another_phones_receipt(void **state)
{
        (void)state;
        counter_rig_provision(&phone);
        counter_rig_erase(&phone, ALL);
        keep_old(EVIDENCE_RECEIPT);
        begin("MT-1 0002", NULL);
        counter_show(&at, slice_of(phone.old.bytes, phone.old.size));
        judge();
        assert_found("receipt", MITOME_E_EVIDENCE_IDENTITY);
        assert_untold(MITOME_E_COUNTER_STATEMENT);
}

/* A phone that was set back to before its erasure, or two under one name: the receipt is of a number that the
 * phone itself does not know. */
static void a_receipt_that_the_phone_does_not_know_of(void **state)
{
        (void)state;
        uint8_t bytes[EVIDENCE_MAX];
        size_t size = 0;
        const struct counter_phone seen = counter_rig_phone(&phone);
        begin(ELEMENT_RIG_IDENTITY, NULL);
        assert_ok(seen.fetch(&phone, EVIDENCE_STATEMENT, SLICE(at.nonce), bytes, &size, NULL));
        counter_rig_provision(&phone);
        counter_rig_erase(&phone, ALL);
        keep_old(EVIDENCE_RECEIPT);
        counter_show(&at, slice_of(bytes, size));
        counter_show(&at, slice_of(phone.old.bytes, phone.old.size));
        judge();
        assert_untold(MITOME_E_COUNTER_CONTRADICTION);
}

/* Files that are nothing come first, more than there is room to tell of. */
static void attack_a_contradiction_behind_a_heap_of_garbage(void **state)
{
        (void)state;
        uint8_t bytes[EVIDENCE_MAX];
        size_t size = 0;
        const struct counter_phone seen = counter_rig_phone(&phone);
        begin(ELEMENT_RIG_IDENTITY, NULL);
        assert_ok(seen.fetch(&phone, EVIDENCE_STATEMENT, SLICE(at.nonce), bytes, &size, NULL));
        counter_rig_provision(&phone);
        counter_rig_erase(&phone, ALL);
        keep_old(EVIDENCE_RECEIPT);
        for (size_t i = 0; i < (size_t)2 * COUNTER_FINDINGS_MAX; i++)
                counter_show(&at, slice_text("nothing"));
        counter_show(&at, slice_of(bytes, size));
        counter_show(&at, slice_of(phone.old.bytes, phone.old.size));
        judge();
        assert_untold(MITOME_E_COUNTER_CONTRADICTION);
        assert_found("contradiction", MITOME_E_COUNTER_CONTRADICTION);
        assert_found("evidence", MITOME_E_EVIDENCE_FORM);
}

static void an_app_that_hides_a_receipt(void **state)
{
        (void)state;
        counter_rig_provision(&phone);
        counter_rig_erase(&phone, ALL);
        phone.hides = true;
        assert_int_equal(check(NULL), COUNTER_UNTOLD);
        assert_untold(MITOME_E_COUNTER_MISSING);
        assert_int_equal(report.pending, 1);
}

static void an_app_that_acknowledged_before_the_authority_had_it(void **state)
{
        uint8_t digest[SHA256_SIZE];
        const struct counter_phone seen = counter_rig_phone(&phone);
        (void)state;
        counter_rig_provision(&phone);
        counter_rig_erase(&phone, ALL);
        registered = (struct authority){ 0 };
        keep_old(EVIDENCE_RECEIPT);
        assert_ok(hand_in(NULL, slice_of(phone.old.bytes, phone.old.size), digest, NULL));
        assert_ok(seen.acknowledge(&phone, 1, digest, NULL));
        registered = (struct authority){ 0 }; /* that was somebody else's */
        assert_int_equal(check(&authority), COUNTER_UNTOLD);
        assert_untold(MITOME_E_COUNTER_MISSING);
        assert_int_equal(report.missing, 1);
        assert_int_equal(report.pending, 0);
}

/* The element forgets no receipt that the app could not keep, or of which it is told more than it has. */
static void an_app_that_can_keep_nothing_lets_the_element_forget_nothing(void **state)
{
        uint8_t digest[SHA256_SIZE];
        const struct counter_phone seen = counter_rig_phone(&phone);
        (void)state;
        counter_rig_provision(&phone);
        counter_rig_erase(&phone, ALL);
        registered = (struct authority){ 0 };
        keep_old(EVIDENCE_RECEIPT);
        assert_ok(hand_in(NULL, slice_of(phone.old.bytes, phone.old.size), digest, NULL));
        phone.full = true;
        assert_int_equal(seen.acknowledge(&phone, 1, digest, NULL).code, MITOME_E_COUNTER_PHONE);
        phone.full = false;
        assert_int_equal(seen.acknowledge(&phone, 2, digest, NULL).code, MITOME_E_COUNTER_PHONE);
        digest[0] ^= 1;
        assert_int_equal(seen.acknowledge(&phone, 1, digest, NULL).code, MITOME_E_COUNTER_PHONE);
        digest[0] ^= 1;
        phone.declines = true;
        phone.port.touched = phone.port.declined = false;
        assert_int_equal(seen.acknowledge(&phone, 1, digest, NULL).code, MITOME_E_COUNTER_PHONE);
        phone.declines = false;
        assert_int_equal(phone.kept_count, 0);
        phone.port.keep = NULL;
        assert_int_equal(seen.acknowledge(&phone, 1, digest, NULL).code, MITOME_E_COUNTER_PHONE);
        assert_int_equal(check(NULL), COUNTER_ERASED);
        assert_int_equal(report.pending, 1);
}

/* What the app kept is the receipt itself: another counter, and the authority, believe it. */
static void attack_a_counter_that_acknowledges_and_tells_nobody(void **state)
{
        uint8_t digest[SHA256_SIZE];
        const struct counter_phone seen = counter_rig_phone(&phone);
        (void)state;
        counter_rig_provision(&phone);
        counter_rig_erase(&phone, ALL);
        keep_old(EVIDENCE_RECEIPT);
        assert_ok(hand_in(NULL, slice_of(phone.old.bytes, phone.old.size), digest, NULL));
        assert_ok(seen.acknowledge(&phone, 1, digest, NULL));
        assert_int_equal(phone.kept_count, 1);
        registered = (struct authority){ 0 }; /* to which nobody told */
        assert_int_equal(check(&authority), COUNTER_UNTOLD);
        begin(ELEMENT_RIG_IDENTITY, NULL);
        gather();
        counter_show(&at, slice_of(phone.kept[0].bytes, phone.kept[0].size));
        judge();
        assert_int_equal(report.verdict, COUNTER_ERASED);
        assert_int_equal(report.shown[0].person_count, 2);
}

/* Whoever erases again and again pushes receipts out; it is counted, and told apart from one that is hidden.
 */
static void dropped_receipts(void **state)
{
        (void)state;
        for (unsigned i = 0; i < COUNTER_RECEIPTS_MAX + 1; i++) {
                assert_int_equal(element_rig_channel(&phone.rig, element_rig_jpki, &element_rig_keys), SW_OK);
                assert_int_equal(
                        element_rig_secured(&phone.rig, 0x802C009B, slice_text(ELEMENT_RIG_PASSWORD)), SW_OK);
                counter_rig_erase(&phone, SIGNING);
        }
        registered = (struct authority){ 0 };
        assert_int_equal(check(&authority), COUNTER_UNTOLD);
        assert_untold(MITOME_E_COUNTER_DROPPED);
        assert_int_equal(report.dropped, 1);
        assert_int_equal(report.missing, 1);
        assert_int_equal(report.shown_count, COUNTER_RECEIPTS_MAX);
}

static void a_maker_whom_nobody_knows(void **state)
{
        (void)state;
        struct mitome_trust *nobody;
        assert_ok(mitome_trust_new(&nobody, NULL));
        begin(ELEMENT_RIG_IDENTITY, NULL);
        counter.makers = nobody;
        gather();
        judge();
        mitome_trust_free(nobody);
        assert_untold(MITOME_E_CERTIFICATE_ISSUER);
}

static void a_holder_who_does_not_touch(void **state)
{
        (void)state;
        phone.declines = true;
        assert_int_equal(check(NULL), COUNTER_UNTOLD);
        assert_untold(MITOME_E_COUNTER_PHONE);
}

/* Not even when he would give in: the line ends first. */
static void attack_a_counter_that_asks_again_after_the_holder_declined(void **state)
{
        (void)state;
        uint8_t bytes[EVIDENCE_MAX];
        size_t size = 0;
        const struct counter_phone seen = counter_rig_phone(&phone);
        begin(ELEMENT_RIG_IDENTITY, NULL);
        phone.declines = true;
        assert_true(failed(seen.fetch(&phone, EVIDENCE_STATEMENT, SLICE(at.nonce), bytes, &size, NULL)));
        phone.declines = false;
        assert_true(failed(seen.fetch(&phone, EVIDENCE_STATEMENT, SLICE(at.nonce), bytes, &size, NULL)));
        assert_true(failed(seen.acknowledge(&phone, 1, at.nonce, NULL)));
        assert_int_equal(phone.touches, 1);
        assert_int_equal(check(NULL), COUNTER_NEVER); /* on another line */
}

static void a_reader_in_passing_gets_nothing(void **state)
{
        (void)state;
        mitome_element_set_contactless(phone.rig.element, 1);
        assert_int_equal(check(NULL), COUNTER_UNTOLD);
        assert_untold(MITOME_E_COUNTER_PHONE);
        mitome_element_set_contactless(phone.rig.element, 0);
        assert_int_equal(check(NULL), COUNTER_NEVER);
}

static void an_authority_that_is_away(void **state)
{
        (void)state;
        counter_rig_provision(&phone);
        registered = (struct authority){ .is_away = true };
        assert_int_equal(check(&authority), COUNTER_LIVE); /* not "revoked" for want of an answer */
        assert_int_equal(registered.asked, 1);             /* and not asked again */
        assert_found("authority", MITOME_E_UNREACHABLE);
        counter_rig_erase(&phone, ALL);
        registered = (struct authority){ .is_away = true };
        assert_int_equal(check(&authority), COUNTER_ERASED);
        assert_int_equal(phone.acknowledged, 0);
        assert_false(report.shown[0].taken);
}

static void a_receipt_that_the_authority_refuses(void **state)
{
        (void)state;
        counter_rig_provision(&phone);
        counter_rig_erase(&phone, ALL);
        registered = (struct authority){ .refuses_receipt = MITOME_E_AUTHORITY_RECEIPT };
        assert_int_equal(check(&authority), COUNTER_UNTOLD);
        assert_untold(MITOME_E_AUTHORITY_RECEIPT);
        assert_int_equal(phone.acknowledged, 0);
}

/* Of two answers to one question the first counts, and the second is told. */
static void a_second_statement(void **state)
{
        (void)state;
        const struct counter_phone seen = counter_rig_phone(&phone);
        uint8_t bytes[EVIDENCE_MAX];
        size_t size = 0;
        counter_rig_provision(&phone);
        begin(ELEMENT_RIG_IDENTITY, NULL);
        gather();
        counter_rig_erase(&phone, ALL);
        assert_ok(seen.fetch(&phone, EVIDENCE_STATEMENT, SLICE(at.nonce), bytes, &size, NULL));
        counter_show(&at, slice_of(bytes, size));
        assert_int_equal(judge(), COUNTER_LIVE);
        assert_found("statement", MITOME_E_COUNTER_TWICE);
}

static void nothing_is_made_of_nothing(void **state)
{
        (void)state;
        begin(ELEMENT_RIG_IDENTITY, NULL);
        counter_show(&at, slice_text("an empty phone, I swear"));
        judge();
        assert_untold(MITOME_E_COUNTER_STATEMENT);
        assert_found("evidence", MITOME_E_EVIDENCE_FORM);
}

/* ---- the messages ---- */

static void messages_are_read_strictly(void **state)
{
        static const uint8_t kind_0[] = { 0xA2, 1, 0, 2, 0x50, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                0 },
                             short_nonce[] = { 0xA2, 1, 1, 2, 0x41, 0 }, no_digest[] = { 0xA2, 1, 3, 3, 1 },
                             more[] = { 0xA1, 1, 0, 0 }, other_key[] = { 0xA1, 2, 0 },
                             kind_4[] = { 0xA1, 1, 4 }, declined[] = { 0xA2, 1, 2, 2, 0x41, 7 },
                             empty[] = { 0xA2, 1, 0, 2, 0x40 };
        const slice questions[] = { SLICE(kind_0), SLICE(short_nonce), SLICE(no_digest), SLICE(more),
                nothing };
        const slice answers[] = { SLICE(more), SLICE(other_key), SLICE(kind_4), SLICE(declined), SLICE(empty),
                nothing };
        struct counter_question question;
        struct counter_answer answer;
        uint8_t bytes[64];
        (void)state;
        for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
                writer w = WRITER(bytes);
                assert_true(failed(counter_read_question(questions[i], &question, NULL)));
                assert_true(failed(counter_port_answer(&phone.port, questions[i], &w, NULL)));
                assert_int_equal(w.used, 0);
        }
        for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
                assert_true(failed(counter_read_answer(answers[i], &answer, NULL)));
        assert_int_equal(phone.touches, 0);
}

/* ---- what the clerk sees ---- */

static size_t count_lines(slice text)
{
        size_t lines = 0;
        for (size_t i = 0; i < text.size; i++)
                lines += text.data[i] == '\n';
        return lines;
}

static void assert_screen(const char *english, const char *japanese)
{
        static char text[16384];
        writer w = writer_over((uint8_t *)text, sizeof text - 1);
        counter_write_screen(&report, counter.identity, COUNTER_BOTH, &w);
        assert_false(w.overflowed);
        text[w.used] = '\0';
        assert_non_null(strstr(text, english));
        assert_non_null(strstr(text, japanese));
        assert_true(count_lines(writer_view(&w)) <= 24);
        w.used = 0;
        counter_write_screen(&report, counter.identity, COUNTER_ENGLISH, &w);
        text[w.used] = '\0';
        assert_null(strstr(text, japanese));
}

static void assert_json(const char *verdict)
{
        static uint8_t text[16384];
        writer w = WRITER(text);
        struct json_members members;
        slice name, value;
        bool more, found = false;
        counter_write_json(&report, counter.identity, &w);
        assert_false(w.overflowed);
        assert_int_equal(count_lines(writer_view(&w)), 1);
        struct json_reader r = json_over(slice_of(text, w.used - 1), NULL, NULL);
        assert_ok(json_open_object(&r, "report", &members));
        for (;;) {
                assert_ok(json_next_member(&r, &members, &name, &more));
                if (!more)
                        break;
                if (!json_name_is(name, "verdict")) {
                        assert_ok(json_skip(&r, "member"));
                        continue;
                }
                assert_ok(json_read_raw(&r, "verdict", &value));
                found = json_name_is(value, verdict);
        }
        assert_true(found);
        assert_ok(json_end(&r, "report"));
}

static void one_screen_says_it_in_two_languages(void **state)
{
        (void)state;
        (void)check(NULL);
        assert_screen("NEVER PROVISIONED", "搭載されたことはありません");
        assert_json("never-provisioned");
        counter_rig_provision(&phone);
        (void)check(NULL);
        assert_screen("Ask the owner to revoke", "残っています");
        assert_json("live");
        registered = (struct authority){ .status = COUNTER_REVOKED };
        (void)check(&authority);
        assert_screen("erase it now", "未削除");
        assert_json("revoked-not-erased");
        counter_rig_erase(&phone, ALL);
        (void)check(NULL);
        assert_screen("ERASED, RECEIPT VERIFIED", "受領証を確認");
        assert_json("erased");
        phone.forges_receipt = true;
        (void)check(NULL);
        assert_screen("CANNOT BE TOLD", "確認できません");
        assert_json("cannot-be-told");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(a_new_phone_was_never_provisioned),
                TEST(a_certificate_in_the_phone_is_told),
                TEST(a_key_without_a_certificate_is_not_erased),
                TEST(an_erased_phone_is_clear_by_its_receipt),
                TEST(receipts_come_one_after_the_other),
                TEST(a_new_certificate_is_not_covered_by_an_old_receipt),
                TEST(a_forged_statement),
                TEST(a_forged_receipt),
                TEST(a_statement_from_before_the_question),
                TEST(a_clerk_who_asks_with_anothers_nonce_gets_nothing_that_serves_there),
                TEST(a_replayed_receipt),
                TEST(another_phones_statement),
                TEST(another_phones_receipt),
                TEST(a_receipt_that_the_phone_does_not_know_of),
                TEST(attack_a_contradiction_behind_a_heap_of_garbage),
                TEST(an_app_that_hides_a_receipt),
                TEST(an_app_that_acknowledged_before_the_authority_had_it),
                TEST(an_app_that_can_keep_nothing_lets_the_element_forget_nothing),
                TEST(attack_a_counter_that_acknowledges_and_tells_nobody),
                TEST(dropped_receipts),
                TEST(a_maker_whom_nobody_knows),
                TEST(a_holder_who_does_not_touch),
                TEST(attack_a_counter_that_asks_again_after_the_holder_declined),
                TEST(a_reader_in_passing_gets_nothing),
                TEST(an_authority_that_is_away),
                TEST(a_receipt_that_the_authority_refuses),
                TEST(a_second_statement),
                TEST(nothing_is_made_of_nothing),
                TEST(messages_are_read_strictly),
                TEST(one_screen_says_it_in_two_languages),
        };
        return cmocka_run_group_tests(tests, make_stencil, drop_stencil);
}
