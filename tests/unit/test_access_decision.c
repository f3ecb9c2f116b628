/* SPDX-License-Identifier: Apache-2.0 */

/* What rules mean: each step of the search, each conflict, each merge (GPD_SPE_013 3.2). */

#include "access_decision.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { RULES_MAX = 6 };

/* ---- a language for rules: who, which applet, what ---- */

enum who { ANYONE, ME_256, ME_1, OTHER_256, OTHER_1, MY_NAME, MY_CERTIFICATE_AND_NAME, OTHER_NAME };
enum which { EVERY, JPKI, FIDO, SHORT, LONGER, IMPLICIT };
enum what { NEVER = 1, ALWAYS, READS, SIGNS, NFC_ONLY, NFC_NEVER, CARRIER };

static const uint8_t my_256[32] = { 0xA2 }, my_1[20] = { 0xA1 }, other_256[32] = { 0xB2 },
                     other_1[20] = { 0xB1 };
static const uint8_t jpki[] = { 0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01 };
static const uint8_t longer[] = { 0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01, 0x02 };
static const uint8_t fido[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x01 };
static const uint8_t never[] = { 0 }, always[] = { 1 }, carrier[8] = { 0, 0, 0, 0, 0, 0, 0, 1 };
/* READ BINARY with any parameters; COMPUTE DIGITAL SIGNATURE 80 2A 00 80 exactly */
static const uint8_t reads[] = { 0x00, 0xB0, 0x00, 0x00, 0xFF, 0xFF, 0x00, 0x00 };
static const uint8_t signs[] = { 0x80, 0x2A, 0x00, 0x80, 0xFF, 0xFF, 0xFF, 0xFF };
static const uint32_t read_binary = 0x00B08100, sign = 0x802A0080, verify = 0x00200080;

static const struct access_app me = { { my_256, sizeof my_256 }, { my_1, sizeof my_1 },
        { (const uint8_t *)"app", 3 } };

struct row {
        enum who who;
        enum which which;
        enum what what; /* 0: no more rules */
};

static struct access_reference reference_of(const struct row *row)
{
        const struct access_reference whos[] = {
                [ANYONE] = { 0 },
                [ME_256] = { .hash = SLICE(my_256) },
                [ME_1] = { .hash = SLICE(my_1) },
                [OTHER_256] = { .hash = SLICE(other_256) },
                [OTHER_1] = { .hash = SLICE(other_1) },
                [MY_NAME] = { .package = slice_text("app") },
                [MY_CERTIFICATE_AND_NAME] = { .hash = SLICE(my_256), .package = slice_text("app") },
                [OTHER_NAME] = { .hash = SLICE(my_256), .package = slice_text("other") },
        };
        const slice whiches[] = { [EVERY] = { 0 },
                [JPKI] = SLICE(jpki),
                [FIDO] = SLICE(fido),
                [SHORT] = slice_of(jpki, 5),
                [LONGER] = SLICE(longer),
                [IMPLICIT] = { 0 } };
        struct access_reference reference = whos[row->who];
        reference.aid = whiches[row->which];
        reference.implicit = row->which == IMPLICIT;
        return reference;
}

static struct access_rule rule_of(const struct row *row)
{
        const struct access_rule whats[] = {
                [NEVER] = { .apdu = SLICE(never) },
                [ALWAYS] = { .apdu = SLICE(always) },
                [READS] = { .apdu = SLICE(reads) },
                [SIGNS] = { .apdu = SLICE(signs) },
                [NFC_ONLY] = { .nfc = SLICE(always) },
                [NFC_NEVER] = { .apdu = SLICE(always), .nfc = SLICE(never) },
                [CARRIER] = { .permissions = SLICE(carrier) },
        };
        struct access_rule rule = whats[row->what];
        rule.reference = reference_of(row);
        return rule;
}

static slice list_of(const struct row *rows, uint8_t *buffer, size_t capacity)
{
        writer w = writer_over(buffer, capacity);
        for (size_t i = 0; i < RULES_MAX && rows[i].what; i++) {
                const struct access_rule rule = rule_of(&rows[i]);
                access_rule_write(&w, &rule);
        }
        assert_false(w.overflowed);
        assert_int_equal(access_rules_check(writer_view(&w), NULL).code, MITOME_OK);
        return writer_view(&w);
}

/* ---- the cases ---- */

static const struct {
        const char *name;
        struct row rules[RULES_MAX];
        char expected; /* n denied, a all, r reads only, s signs only, b both of these */
} cases[] = {
        { "no rules: denied", { { 0 } }, 'n' },
        /* (AID, hash) */
        { "my certificate by SHA-256", { { ME_256, JPKI, ALWAYS } }, 'a' },
        { "my certificate by SHA-1", { { ME_1, JPKI, ALWAYS } }, 'a' },
        { "my certificate, never", { { ME_256, JPKI, NEVER } }, 'n' },
        { "my certificate, filter", { { ME_256, JPKI, READS } }, 'r' },
        { "another applet's rule is none", { { ME_256, FIDO, ALWAYS } }, 'n' },
        { "a rule for the RID is not the applet's", { { ME_256, SHORT, ALWAYS } }, 'n' },
        { "the specific one decides, not the general: never",
                { { ME_256, JPKI, NEVER }, { ANYONE, JPKI, ALWAYS }, { ANYONE, EVERY, ALWAYS } }, 'n' },
        { "the specific one decides, not the general: always",
                { { ANYONE, EVERY, NEVER }, { ANYONE, JPKI, NEVER }, { ME_256, JPKI, ALWAYS } }, 'a' },
        /* conflict A: another app has a rule for this applet */
        { "conflict A: another app's rule shuts me out", { { OTHER_256, JPKI, ALWAYS } }, 'n' },
        { "conflict A: also by SHA-1", { { OTHER_1, JPKI, ALWAYS }, { ANYONE, JPKI, ALWAYS } }, 'n' },
        { "conflict A: before the rule for everyone",
                { { ANYONE, JPKI, ALWAYS }, { OTHER_256, JPKI, ALWAYS } }, 'n' },
        { "conflict A: before my rule for every applet",
                { { OTHER_256, JPKI, ALWAYS }, { ME_256, EVERY, ALWAYS } }, 'n' },
        { "conflict A: also when the other is never let in",
                { { OTHER_256, JPKI, NEVER }, { ANYONE, EVERY, ALWAYS } }, 'n' },
        { "conflict A: not when I have one, too", { { OTHER_256, JPKI, NEVER }, { ME_1, JPKI, ALWAYS } },
                'a' },
        { "conflict A: not for another applet", { { OTHER_256, FIDO, ALWAYS }, { ANYONE, JPKI, ALWAYS } },
                'a' },
        /* (AID, everyone) */
        { "everyone may", { { ANYONE, JPKI, ALWAYS } }, 'a' },
        { "everyone may not, though every applet is mine",
                { { ANYONE, JPKI, NEVER }, { ME_256, EVERY, ALWAYS } }, 'n' },
        /* (every applet, hash) */
        { "every applet is mine", { { ME_256, EVERY, ALWAYS } }, 'a' },
        { "every applet is mine, by SHA-1", { { ME_1, EVERY, SIGNS } }, 's' },
        { "none is mine, though every one is everyone's",
                { { ME_256, EVERY, NEVER }, { ANYONE, EVERY, ALWAYS } }, 'n' },
        /* conflict C */
        { "conflict C: every applet is another's",
                { { OTHER_256, EVERY, ALWAYS }, { ANYONE, EVERY, ALWAYS } }, 'n' },
        { "conflict C: also by SHA-1", { { OTHER_1, EVERY, ALWAYS }, { ANYONE, EVERY, ALWAYS } }, 'n' },
        { "conflict C: not before the applet's rule for everyone",
                { { OTHER_256, EVERY, ALWAYS }, { ANYONE, JPKI, ALWAYS } }, 'a' },
        /* (every applet, everyone) */
        { "everything is everyone's", { { ANYONE, EVERY, ALWAYS } }, 'a' },
        { "nothing is anyone's", { { ANYONE, EVERY, NEVER } }, 'n' },
        /* merging what stands side by side */
        { "merge: never before always", { { ME_256, JPKI, ALWAYS }, { ME_256, JPKI, NEVER } }, 'n' },
        { "merge: never before filters", { { ME_256, JPKI, READS }, { ME_256, JPKI, NEVER } }, 'n' },
        { "merge: filters before always", { { ME_256, JPKI, ALWAYS }, { ME_256, JPKI, READS } }, 'r' },
        { "merge: filters together", { { ME_256, JPKI, READS }, { ME_256, JPKI, SIGNS } }, 'b' },
        { "merge: always before nothing said", { { ME_256, JPKI, NFC_ONLY }, { ME_256, JPKI, ALWAYS } },
                'a' },
        { "merge: both hashes are me, never first", { { ME_256, JPKI, ALWAYS }, { ME_1, JPKI, NEVER } },
                'n' },
        { "merge: both hashes are me, filters together", { { ME_256, JPKI, READS }, { ME_1, JPKI, SIGNS } },
                'b' },
        { "merge: everyone's rules, too", { { ANYONE, JPKI, ALWAYS }, { ANYONE, JPKI, SIGNS } }, 's' },
        { "merge: three", { { ME_1, EVERY, READS }, { ME_256, EVERY, ALWAYS }, { ME_256, EVERY, NEVER } },
                'n' },
        /* what is not about APDUs */
        { "a rule about NFC alone lets no APDU pass", { { ME_256, JPKI, NFC_ONLY } }, 'n' },
        { "and ends the search", { { ME_256, JPKI, NFC_ONLY }, { ANYONE, JPKI, ALWAYS } }, 'n' },
        { "NFC never, APDUs always", { { ME_256, JPKI, NFC_NEVER } }, 'a' },
        { "a carrier's permissions are no rule", { { OTHER_256, JPKI, CARRIER }, { ANYONE, JPKI, ALWAYS } },
                'a' },
        { "a carrier's permissions let nobody in", { { ME_256, JPKI, CARRIER } }, 'n' },
        /* Android's names of apps */
        { "my name alone", { { MY_NAME, JPKI, ALWAYS } }, 'a' },
        { "my certificate and my name", { { MY_CERTIFICATE_AND_NAME, JPKI, READS } }, 'r' },
        { "my certificate, another name", { { OTHER_NAME, JPKI, ALWAYS } }, 'n' },
        { "another name is another app: conflict", { { OTHER_NAME, JPKI, ALWAYS }, { ANYONE, JPKI, ALWAYS } },
                'n' },
        /* names of applets */
        { "the implicitly selected applet's rule is not mine", { { ME_256, IMPLICIT, ALWAYS } }, 'n' },
        { "nor a conflict", { { OTHER_256, IMPLICIT, ALWAYS }, { ANYONE, EVERY, ALWAYS } }, 'a' },
        { "a name that may mean a longer one is refused",
                { { ANYONE, EVERY, ALWAYS }, { OTHER_256, LONGER, ALWAYS } }, 'n' },
        { "even when the longer one is mine", { { ME_256, JPKI, ALWAYS }, { ME_256, LONGER, ALWAYS } }, 'n' },
};

static void every_case(void **state)
{
        (void)state;
        uint8_t bytes[1024];
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct access_decision decision;
                const char expected = cases[i].expected;
                access_decide(list_of(cases[i].rules, bytes, sizeof bytes), &me, SLICE(jpki), &decision);
                const bool may_read = expected == 'a' || expected == 'r' || expected == 'b';
                const bool may_sign = expected == 'a' || expected == 's' || expected == 'b';
                if (access_allows(&decision, read_binary) != may_read ||
                        access_allows(&decision, sign) != may_sign ||
                        access_allows(&decision, verify) != (expected == 'a') ||
                        (decision.kind == ACCESS_KIND_DENIED) != (expected == 'n'))
                        fail_msg("%s", cases[i].name);
        }
}

/* The order in which rules were stored means nothing: each case backwards. */
static void order_means_nothing(void **state)
{
        (void)state;
        uint8_t bytes[1024], backwards[1024];
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct row rows[RULES_MAX] = { 0 };
                struct access_decision one, other;
                size_t count = 0;
                while (count < RULES_MAX && cases[i].rules[count].what)
                        count++;
                for (size_t k = 0; k < count; k++)
                        rows[k] = cases[i].rules[count - 1 - k];
                access_decide(list_of(cases[i].rules, bytes, sizeof bytes), &me, SLICE(jpki), &one);
                access_decide(list_of(rows, backwards, sizeof backwards), &me, SLICE(jpki), &other);
                assert_int_equal(one.kind, other.kind);
                assert_int_equal(access_allows(&one, sign), access_allows(&other, sign));
                assert_int_equal(access_allows(&one, read_binary), access_allows(&other, read_binary));
        }
}

/* An app without a name is not the one with an empty name, nor is an empty hash anybody's. */
static void an_app_without_a_name(void **state)
{
        (void)state;
        struct access_app nameless = me;
        nameless.package = (slice){ 0 };
        uint8_t bytes[256];
        struct access_decision decision;
        const struct row named[RULES_MAX] = { { MY_NAME, JPKI, ALWAYS } };
        access_decide(list_of(named, bytes, sizeof bytes), &nameless, SLICE(jpki), &decision);
        assert_int_equal(decision.kind, ACCESS_KIND_DENIED);
}

/* (header & mask) == filter, at every byte and every bit of the header. */
static void filters_at_every_bit(void **state)
{
        (void)state;
        for (unsigned bit = 0; bit < 32; bit++) {
                const uint32_t one = 1u << bit;
                const struct access_decision exact = { .kind = ACCESS_KIND_FILTERED,
                        .filter_count = 1,
                        .filters = { { 0x802A0080, 0xFFFFFFFF } } };
                const struct access_decision loose = { .kind = ACCESS_KIND_FILTERED,
                        .filter_count = 1,
                        .filters = { { 0x802A0080 & ~one, ~one } } };
                /* a filter that asks for a bit which its mask hides lets nothing pass */
                const struct access_decision void_one = { .kind = ACCESS_KIND_FILTERED,
                        .filter_count = 1,
                        .filters = { { 0x802A0080 | one, ~one } } };
                assert_true(access_allows(&exact, 0x802A0080));
                assert_false(access_allows(&exact, 0x802A0080 ^ one));
                assert_true(access_allows(&loose, 0x802A0080));
                assert_true(access_allows(&loose, 0x802A0080 ^ one));
                assert_false(access_allows(&void_one, 0x802A0080));
                assert_false(access_allows(&void_one, 0x802A0080 ^ one));
        }
        for (unsigned byte = 0; byte < 4; byte++) {
                const uint32_t mask = 0xFFu << (8 * byte);
                const struct access_decision only = { .kind = ACCESS_KIND_FILTERED,
                        .filter_count = 1,
                        .filters = { { 0x11223344 & mask, mask } } };
                assert_true(access_allows(&only, 0x11223344));
                assert_true(access_allows(&only, (0x11223344 & mask) | (0x55667788 & ~mask)));
                assert_false(access_allows(&only, (0x55667788 & mask) | (0x11223344 & ~mask)));
        }
        assert_false(access_allows(&(struct access_decision){ .kind = ACCESS_KIND_FILTERED }, 0));
        assert_false(access_allows(&(struct access_decision){ 0 }, 0));
        assert_true(access_allows(&(struct access_decision){ .kind = ACCESS_KIND_GRANTED }, 0xFFFFFFFF));
}

/* More filters than there is room for: none of them counts. */
static void too_many_filters_deny(void **state)
{
        (void)state;
        static uint8_t filters[8 * 300], bytes[8192];
        for (size_t count = 255; count <= 257; count++) {
                writer w = WRITER(bytes);
                const struct access_rule rule = { .reference = { .aid = SLICE(jpki), .hash = SLICE(my_256) },
                        .apdu = slice_of(filters, 8 * count) };
                struct access_decision decision;
                access_rule_write(&w, &rule);
                access_decide(writer_view(&w), &me, SLICE(jpki), &decision);
                assert_int_equal(decision.kind,
                        count <= ACCESS_FILTERS_MAX ? ACCESS_KIND_FILTERED : ACCESS_KIND_DENIED);
                assert_int_equal(access_allows(&decision, 0), count <= ACCESS_FILTERS_MAX);
        }
}

/* A list is taken whole or not at all; cut anywhere, it is taken at the ends of rules only, and a list that
 * was cut lets nobody in whom the whole one shuts out by a rule about him. */
static void lists_are_whole(void **state)
{
        (void)state;
        uint8_t bytes[512];
        const struct row rows[RULES_MAX] = { { ME_256, JPKI, READS }, { OTHER_1, FIDO, ALWAYS },
                { ANYONE, EVERY, NEVER } };
        const slice whole = list_of(rows, bytes, sizeof bytes);
        size_t taken = 0;
        for (size_t size = 0; size <= whole.size; size++)
                taken += !failed(access_rules_check(slice_of(whole.data, size), NULL));
        assert_int_equal(taken, 4); /* none, and after each rule */
        uint8_t foreign[512];
        for (size_t at = 0; at < whole.size; at++) {
                writer w = WRITER(foreign);
                write_slice(&w, whole);
                foreign[at] ^= 0x20; /* tags and lengths among them */
                struct access_decision decision;
                mitome_error error = { 0 };
                if (!failed(access_rules_check(writer_view(&w), &error)))
                        access_decide(writer_view(&w), &me, SLICE(jpki), &decision);
                else
                        assert_int_not_equal(error.code, MITOME_OK);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_case),
                cmocka_unit_test(order_means_nothing),
                cmocka_unit_test(an_app_without_a_name),
                cmocka_unit_test(filters_at_every_bit),
                cmocka_unit_test(too_many_filters_deny),
                cmocka_unit_test(lists_are_whole),
        };
        return cmocka_run_group_tests_name("access_decision", tests, NULL, NULL);
}
