/* SPDX-License-Identifier: Apache-2.0 */
/* Several sources of one fact: which counts, and which contradict each other. What getInfo says is one of
 * them. */
#include "fact_claims.h"
#include "get_info_facts.h"

#include "cbor.h"
#include "hex_text.h"
#include "seeded_draw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct fact_claim claim(
        enum level_fact_id fact, enum level_obtained obtained, uint64_t value, const char *from)
{
        struct fact_claim one = {
                .fact = fact, .value = { .obtained = obtained }, .evidence = FACT_NO_EVIDENCE
        };
        if (level_fact_kind(fact)->type == LEVEL_BOOL)
                one.value.yes = value != 0;
        else
                one.value.count = value;
        snprintf(one.from, sizeof one.from, "%s", from);
        return one;
}

static void settle(
        struct fact_claims *claims, struct level_facts *facts, const struct fact_claim *chosen[LEVEL_FACTS])
{
        fact_claims_sort(claims);
        fact_claims_settle(claims, facts, chosen);
}

/* Each way of knowing wins over those before it; what cannot be used only over nothing. */
static void the_surest_source_counts(void **state)
{
        static const enum level_obtained ways[] = { LEVEL_UNUSABLE, LEVEL_DECLARED, LEVEL_ATTESTED,
                LEVEL_MEASURED, LEVEL_OBSERVED };
        const struct fact_claim *chosen[LEVEL_FACTS];
        struct level_facts facts;
        (void)state;
        for (size_t i = 0; i < 5; i++)
                for (size_t j = 0; j < 5; j++) {
                        struct fact_claims claims = { 0 };
                        const struct fact_claim one = claim(LEVEL_PIN_LENGTH_LEAST, ways[i], 4, "one");
                        const struct fact_claim two = claim(LEVEL_PIN_LENGTH_LEAST, ways[j], 6, "two");
                        /* Of two of whom neither has seen it the worse one is believed, who is `one`. */
                        const bool said = i && j && i <= 2 && j <= 2;
                        fact_claims_add(&claims, &one);
                        fact_claims_add(&claims, &two);
                        settle(&claims, &facts, chosen);
                        assert_int_equal(facts.facts[LEVEL_PIN_LENGTH_LEAST].obtained,
                                said ? ways[i] : ways[i > j ? i : j]);
                        if (i != j)
                                assert_string_equal(
                                        chosen[LEVEL_PIN_LENGTH_LEAST]->from, said || i > j ? "one" : "two");
                        assert_null(chosen[LEVEL_PIN_TRIES]);
                        assert_int_equal(facts.facts[LEVEL_PIN_TRIES].obtained, LEVEL_UNKNOWN);
                        fact_claims_clear(&claims);
                }
}

/* Of what two sources say of one device the worse word counts: a face has more to prove than a finger. */
static void of_two_words_the_worse_counts(void **state)
{
        static const struct {
                enum level_fact_id fact;
                const char *better, *worse;
        } table[] = { { LEVEL_UV_MODALITY, "finger", "face" }, { LEVEL_UV_MODALITY, "face", "voice" },
                { LEVEL_UV_MODALITY, "iris", "finger" },
                { LEVEL_MODEL_KEY_PROTECTION, "secure_element", "tee" },
                { LEVEL_MODEL_KEY_PROTECTION, "hardware", "software" },
                { LEVEL_MODEL_MATCHER_PROTECTION, "on_chip", "tee" } };
        const struct fact_claim *chosen[LEVEL_FACTS];
        struct level_facts facts;
        (void)state;
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
                for (size_t turned = 0; turned < 2; turned++) {
                        struct fact_claims claims = { 0 };
                        for (size_t j = 0; j < 2; j++) {
                                struct fact_claim said = claim(table[i].fact, LEVEL_DECLARED, 0, "a maker");
                                snprintf(said.word, sizeof said.word, "%s",
                                        (j == turned) ? table[i].better : table[i].worse);
                                fact_claims_add(&claims, &said);
                        }
                        settle(&claims, &facts, chosen);
                        assert_string_equal(chosen[table[i].fact]->word, table[i].worse);
                        fact_claims_clear(&claims);
                }
}

/* A policy that asks for a PIN and one that asks for a finger call different words the worse one: of two that
 * differ none counts. */
static void of_two_words_without_order_none_counts(void **state)
{
        static const struct {
                const char *one, *other;
                enum level_obtained obtained, counts;
        } table[] = { { "pin", "finger", LEVEL_OBSERVED, LEVEL_UNUSABLE },
                { "finger", "pin", LEVEL_OBSERVED, LEVEL_UNUSABLE },
                { "pin", "password", LEVEL_DECLARED, LEVEL_UNUSABLE },
                { "pin", "pin", LEVEL_DECLARED, LEVEL_OBSERVED },
                { "pin", "finger", LEVEL_UNUSABLE, LEVEL_OBSERVED } };
        const struct fact_claim *chosen[LEVEL_FACTS];
        struct level_facts facts;
        (void)state;
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
                struct fact_claims claims = { 0 };
                struct fact_claim one = claim(LEVEL_LOGIN_VERIFIED_BY, LEVEL_OBSERVED, 0, "one"),
                                  other = claim(LEVEL_LOGIN_VERIFIED_BY, table[i].obtained, 0, "other");
                const struct fact_claim tries = claim(LEVEL_PIN_TRIES, LEVEL_OBSERVED, 3, "one");
                snprintf(one.word, sizeof one.word, "%s", table[i].one);
                snprintf(other.word, sizeof other.word, "%s", table[i].other);
                fact_claims_add(&claims, &one);
                fact_claims_add(&claims, &other);
                fact_claims_add(&claims, &tries);
                fact_claims_drop_disputed(&claims);
                settle(&claims, &facts, chosen);
                assert_int_equal(facts.facts[LEVEL_LOGIN_VERIFIED_BY].obtained, table[i].counts);
                assert_int_equal(facts.facts[LEVEL_PIN_TRIES].obtained, LEVEL_OBSERVED);
                if (table[i].counts == LEVEL_OBSERVED)
                        assert_true(slice_is(facts.facts[LEVEL_LOGIN_VERIFIED_BY].word, "pin"));
                else if (table[i].obtained == LEVEL_OBSERVED)
                        assert_true(chosen[LEVEL_LOGIN_VERIFIED_BY]->why[0] != '\0');
                fact_claims_clear(&claims);
        }
}

/* A worse statement is never hidden by a better one that is itself only said, or was seen in part; nor, where
 * one case is enough, by tries that did not find it. What was looked at whole, and could be, counts. */
static void what_is_worse_is_not_hidden(void **state)
{
        static const struct {
                enum level_fact_id fact;
                enum level_obtained obtained; /* of the better one */
                bool partial;
                uint64_t better, worse;
                bool hidden;
        } table[] = { { LEVEL_PIN_TRIES, LEVEL_ATTESTED, false, 3, 8, false },
                { LEVEL_PIN_TRIES, LEVEL_OBSERVED, true, 3, 0, false },
                { LEVEL_PIN_TRIES, LEVEL_OBSERVED, false, 3, 8, true },
                { LEVEL_LIFE_HOLD_SECONDS, LEVEL_MEASURED, true, 0, 60, false },
                { LEVEL_KEY_EXPORTABLE, LEVEL_OBSERVED, false, 0, 1, false },
                { LEVEL_OP_FRESH_VERIFICATION, LEVEL_OBSERVED, false, 1, 0, false },
                { LEVEL_UV_OFFERED, LEVEL_OBSERVED, false, 0, 1, true } };
        const struct fact_claim *chosen[LEVEL_FACTS];
        struct level_facts facts;
        (void)state;
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
                for (size_t turned = 0; turned < 2; turned++) {
                        struct fact_claims claims = { 0 };
                        struct fact_claim better =
                                claim(table[i].fact, table[i].obtained, table[i].better, "better");
                        const struct fact_claim worse =
                                claim(table[i].fact, LEVEL_DECLARED, table[i].worse, "worse");
                        better.value.partial = table[i].partial;
                        fact_claims_add(&claims, turned ? &better : &worse);
                        fact_claims_add(&claims, turned ? &worse : &better);
                        settle(&claims, &facts, chosen);
                        assert_string_equal(
                                chosen[table[i].fact]->from, table[i].hidden ? "better" : "worse");
                        fact_claims_clear(&claims);
                }
        /* Whatever lies between: a whole measurement is behind a partial sight, and before a worse word. */
        struct fact_claims claims = { 0 };
        struct fact_claim sight = claim(LEVEL_PIN_TRIES, LEVEL_OBSERVED, 3, "sight");
        const struct fact_claim count = claim(LEVEL_PIN_TRIES, LEVEL_MEASURED, 5, "count");
        const struct fact_claim word = claim(LEVEL_PIN_TRIES, LEVEL_DECLARED, 8, "word");
        sight.value.partial = true;
        fact_claims_add(&claims, &sight);
        fact_claims_add(&claims, &count);
        fact_claims_add(&claims, &word);
        settle(&claims, &facts, chosen);
        assert_string_equal(chosen[LEVEL_PIN_TRIES]->from, "count");
        fact_claims_clear(&claims);
}

static void of_equals_the_worse_one_counts(void **state)
{
        static const struct {
                enum level_fact_id fact;
                uint64_t worse, better;
        } table[] = { { LEVEL_PIN_LENGTH_LEAST, 4, 6 }, { LEVEL_PIN_TRIES, 8, 3 }, { LEVEL_PIN_TRIES, 0, 8 },
                { LEVEL_UV_TRIES_TOTAL, 0, 50 }, { LEVEL_LIFE_HOLD_SECONDS, 9, 0 },
                { LEVEL_KEY_EXPORTABLE, 1, 0 }, { LEVEL_OP_INTENT, 0, 1 }, { LEVEL_MODEL_AVA_VAN, 3, 5 } };
        const struct fact_claim *chosen[LEVEL_FACTS];
        struct level_facts facts;
        (void)state;
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
                struct fact_claims claims = { 0 };
                const struct fact_claim better = claim(table[i].fact, LEVEL_OBSERVED, table[i].better, "a");
                const struct fact_claim worse = claim(table[i].fact, LEVEL_OBSERVED, table[i].worse, "b");
                fact_claims_add(&claims, &better);
                fact_claims_add(&claims, &worse);
                settle(&claims, &facts, chosen);
                assert_string_equal(chosen[table[i].fact]->from, "b");
                fact_claims_clear(&claims);
        }
        /* Of words the weaker place. */
        struct fact_claims claims = { 0 };
        struct fact_claim element = { .fact = LEVEL_MODEL_KEY_PROTECTION,
                .value = { .obtained = LEVEL_DECLARED },
                .word = "secure_element" };
        struct fact_claim software = { .fact = LEVEL_MODEL_KEY_PROTECTION,
                .value = { .obtained = LEVEL_DECLARED },
                .word = "software" };
        fact_claims_add(&claims, &element);
        fact_claims_add(&claims, &software);
        settle(&claims, &facts, chosen);
        assert_true(slice_is(facts.facts[LEVEL_MODEL_KEY_PROTECTION].word, "software"));
        fact_claims_clear(&claims);
}

/* A few trials of a probe do not outweigh a measurement that they bear out; where they do not, they do. Of
 * species of artefacts the worst bound counts: each is another rate. */
static void of_measurements_that_agree_the_longer_one_counts(void **state)
{
        static const struct {
                enum level_fact_id fact;
                uint64_t errors, trials, more_errors, more_trials;
                bool longer;
        } table[] = { { LEVEL_UV_FMR, 0, 10, 1, 100000, true }, { LEVEL_UV_FMR, 5, 10, 1, 100000, false },
                { LEVEL_UV_FNMR, 0, 10, 30, 100, true }, { LEVEL_UV_IAPAR, 0, 4, 0, 42, false },
                { LEVEL_UV_IAPAR, 0, 42, 30, 100, true } };
        const struct fact_claim *chosen[LEVEL_FACTS];
        struct level_facts facts;
        (void)state;
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
                for (size_t turned = 0; turned < 2; turned++) {
                        struct fact_claims claims = { 0 };
                        const struct fact_claim few = { .fact = table[i].fact,
                                .value = { .obtained = LEVEL_MEASURED,
                                        .rate = { table[i].errors, table[i].trials } } };
                        const struct fact_claim many = { .fact = table[i].fact,
                                .value = { .obtained = LEVEL_MEASURED,
                                        .rate = { table[i].more_errors, table[i].more_trials } } };
                        fact_claims_add(&claims, turned ? &few : &many);
                        fact_claims_add(&claims, turned ? &many : &few);
                        settle(&claims, &facts, chosen);
                        assert_int_equal(facts.facts[table[i].fact].rate.trials,
                                table[i].longer ? table[i].more_trials : table[i].trials);
                        fact_claims_clear(&claims);
                }
}

static void the_order_in_which_they_come_does_not_matter(void **state)
{
        enum { CLAIMS = 24 };
        (void)state;
        for (uint64_t seed = 1; seed <= 50; seed++) {
                uint64_t number = seed;
                struct fact_claim list[CLAIMS];
                struct fact_claims first = { 0 }, second = { 0 };
                for (size_t i = 0; i < CLAIMS; i++) {
                        char from[8];
                        snprintf(from, sizeof from, "%u", (unsigned)(draw_number(&number) % 4));
                        list[i] = claim(draw_number(&number) % 2 ? LEVEL_PIN_TRIES : LEVEL_UV_LOCAL,
                                (enum level_obtained)(LEVEL_DECLARED + draw_number(&number) % 4),
                                draw_number(&number) % 3, from);
                }
                for (size_t i = 0; i < CLAIMS; i++) {
                        fact_claims_add(&first, &list[i]);
                        fact_claims_add(&second, &list[(i * 7 + 5) % CLAIMS]);
                }
                fact_claims_sort(&first);
                fact_claims_sort(&second);
                assert_int_equal(first.count, second.count); /* some are drawn twice */
                for (size_t i = 0; i < first.count; i++) {
                        assert_int_equal(first.claims[i].fact, second.claims[i].fact);
                        assert_int_equal(first.claims[i].value.obtained, second.claims[i].value.obtained);
                        assert_true(fact_claims_agree(&first.claims[i], &second.claims[i]));
                        assert_string_equal(first.claims[i].from, second.claims[i].from);
                }
                fact_claims_clear(&first);
                fact_claims_clear(&second);
        }
}

static void a_declaration_and_an_observation_contradict_each_other(void **state)
{
        const struct fact_claim seen = claim(LEVEL_PIN_TRIES, LEVEL_OBSERVED, 3, "P07");
        const struct fact_claim said = claim(LEVEL_PIN_TRIES, LEVEL_DECLARED, 8, "maker");
        const struct fact_claim same = claim(LEVEL_PIN_TRIES, LEVEL_DECLARED, 3, "maker");
        const struct fact_claim other = claim(LEVEL_UV_TRIES, LEVEL_DECLARED, 8, "maker");
        (void)state;
        assert_true(fact_claims_contradict(&seen, &said));
        assert_false(fact_claims_contradict(&said, &seen));
        assert_false(fact_claims_contradict(&seen, &same));
        assert_false(fact_claims_contradict(&seen, &other));
        /* A wide measurement contradicts nothing; a narrow one does. */
        struct fact_claim measured = { .fact = LEVEL_UV_FMR,
                .value = { .obtained = LEVEL_MEASURED, .rate = { 1, 100 } } };
        const struct fact_claim declared = { .fact = LEVEL_UV_FMR,
                .value = { .obtained = LEVEL_DECLARED, .rate = { 2, 100000 } } };
        assert_true(fact_claims_contradict(&measured, &declared));
        measured.value.rate.errors = 0;
        assert_false(fact_claims_contradict(&measured, &declared));
}

static void too_many_are_refused(void **state)
{
        struct fact_claims claims = { 0 };
        struct fact_claim one = claim(LEVEL_PIN_TRIES, LEVEL_OBSERVED, 3, "P07");
        (void)state;
        for (one.value.count = 0; one.value.count < FACT_CLAIMS_MAX; one.value.count++)
                for (size_t twice = 0; twice < 2; twice++)
                        fact_claims_add(&claims, &one);
        assert_int_equal(claims.code, MITOME_OK);
        assert_int_equal(claims.count, FACT_CLAIMS_MAX);
        fact_claims_add(&claims, &one);
        assert_int_equal(claims.code, MITOME_E_TOO_MANY);
        assert_int_equal(claims.count, FACT_CLAIMS_MAX);
        fact_claims_clear(&claims);
}

/* ---- getInfo ---- */

static mitome_code read_info(const writer *w, struct evaluation_record *record, json_t **ret_target)
{
        *ret_target = json_object();
        evaluation_record_begin(record);
        return get_info_facts(writer_view(w), record, FACT_NO_EVIDENCE, *ret_target, NULL).code;
}

static const struct fact_claim *claimed(const struct evaluation_record *record, enum level_fact_id fact)
{
        for (size_t i = 0; i < record->claims.count; i++)
                if (record->claims.claims[i].fact == fact)
                        return &record->claims.claims[i];
        return NULL;
}

static const uint8_t aaguid[16] = { 1, 2, 3 };

/* A key with a PIN of 6 and more, a finger, and certifications. */
static void write_info(writer *w, uint64_t modality)
{
        cbor_write_map(w, 8);
        cbor_write_uint(w, 1);
        cbor_write_array(w, 2);
        cbor_write_string(w, "U2F_V2");
        cbor_write_string(w, "FIDO_2_1");
        cbor_write_uint(w, 3);
        cbor_write_bytes(w, SLICE(aaguid));
        cbor_write_uint(w, 4);
        cbor_write_map(w, 2);
        cbor_write_string(w, "uv");
        cbor_write_bool(w, true);
        cbor_write_string(w, "clientPin");
        cbor_write_bool(w, false);
        cbor_write_uint(w, 9);
        cbor_write_array(w, 1);
        cbor_write_string(w, "nfc");
        cbor_write_uint(w, 0x0D);
        cbor_write_uint(w, 6);
        cbor_write_uint(w, 0x12);
        cbor_write_uint(w, modality);
        cbor_write_uint(w, 0x13);
        cbor_write_map(w, 3);
        cbor_write_string(w, "FIDO");
        cbor_write_uint(w, 5);
        cbor_write_string(w, "FIPS-CMVP-2");
        cbor_write_uint(w, 1);
        cbor_write_string(w, "FIPS-CMVP-3-PHY");
        cbor_write_uint(w, 3);
        cbor_write_uint(w, 0x1B);
        cbor_write_bool(w, true);
}

static void what_a_device_says_of_itself_is_declared(void **state)
{
        static const struct {
                enum level_fact_id fact;
                uint64_t value;
        } table[] = { { LEVEL_PIN_LENGTH_LEAST, 6 }, { LEVEL_MODEL_FIDO_LEVEL, 5 },
                { LEVEL_MODEL_FIPS_OVERALL, 1 }, { LEVEL_MODEL_FIPS_PHYSICAL, 3 } };
        struct evaluation_record record;
        uint8_t bytes[256];
        writer w = WRITER(bytes);
        json_t *target;
        (void)state;
        write_u8(&w, 0); /* the status byte may stand before it */
        write_info(&w, 0x02);
        assert_int_equal(read_info(&w, &record, &target), MITOME_OK);
        for (size_t i = 0; i < 4; i++) {
                const struct fact_claim *one = claimed(&record, table[i].fact);
                assert_non_null(one);
                assert_int_equal(one->value.obtained, LEVEL_DECLARED);
                assert_int_equal(one->value.count, table[i].value);
                assert_string_equal(one->from, "getInfo");
        }
        assert_true(
                claimed(&record, LEVEL_PIN_OFFERED)->value.yes); /* there can be one, if none is set yet */
        assert_true(claimed(&record, LEVEL_UV_OFFERED)->value.yes);
        assert_null(claimed(&record, LEVEL_PIN_BLOCKLIST)); /* more than a length is asked: who knows what */
        json_decref(target);
        evaluation_record_clear(&record);
        bytes[w.used - 1] = 0xF4; /* the last member is pinComplexityPolicy: now there is none */
        assert_int_equal(read_info(&w, &record, &target), MITOME_OK);
        assert_false(claimed(&record, LEVEL_PIN_BLOCKLIST)->value.yes);
        assert_string_equal(claimed(&record, LEVEL_UV_MODALITY)->word, "finger");
        assert_string_equal(
                json_string_value(json_object_get(target, "aaguid")), "01020300000000000000000000000000");
        assert_int_equal(json_array_size(json_object_get(target, "versions")), 2);
        assert_string_equal(
                json_string_value(json_array_get(json_object_get(target, "transports"), 0)), "nfc");
        json_decref(target);
        evaluation_record_clear(&record);
}

/* Several methods in one are no modality; a PIN at the device is no biometric path. */
/* In order there are as many members as a device has to tell: this project's own says 26. */
static void a_device_may_say_much(void **state)
{
        static const uint8_t keys[] = { 4, 5, 6, 7, 8, 10, 11, 12, 14, 15, 16, 17, 0x12, 20, 21, 22, 23, 24,
                25, 26, 28 };
        uint8_t buffer[256];
        writer w = WRITER(buffer);
        struct evaluation_record record;
        json_t *target;
        (void)state;
        cbor_write_map(&w, sizeof keys);
        for (size_t i = 0; i < sizeof keys; i++) {
                cbor_write_uint(&w, keys[i]);
                if (keys[i] == 4) {
                        cbor_write_map(&w, 1);
                        cbor_write_string(&w, "uv");
                        cbor_write_bool(&w, true);
                } else {
                        cbor_write_uint(&w, 2);
                }
        }
        assert_int_equal(read_info(&w, &record, &target), MITOME_OK);
        assert_non_null(claimed(&record, LEVEL_UV_MODALITY));
        evaluation_record_clear(&record);
        json_decref(target);
}

static void of_several_modalities_the_worst_is_taken(void **state)
{
        static const struct {
                uint64_t bits;
                bool offered;
                const char *word;
        } table[] = { { 0x10, true, "face" }, { 0x40, true, "iris" }, { 0x08, true, "voice" },
                { 0x12, true, "face" }, { 0x42, true, "finger" }, { 0x1A, true, "voice" },
                { 0x04, false, NULL }, { 0x06, true, "finger" }, { 0, false, NULL },
                /* a palm, and what nobody knows, have no word, and are no finger */
                { 0x100, true, NULL }, { 0x102, true, NULL }, { 0x108, true, "voice" },
                { 0x2000, true, NULL }, { 0x2002, true, NULL } };
        (void)state;
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
                struct evaluation_record record;
                uint8_t bytes[256];
                writer w = WRITER(bytes);
                json_t *target;
                write_info(&w, table[i].bits);
                assert_int_equal(read_info(&w, &record, &target), MITOME_OK);
                const struct fact_claim *word = claimed(&record, LEVEL_UV_MODALITY);
                assert_int_equal(claimed(&record, LEVEL_UV_OFFERED)->value.yes, table[i].offered);
                assert_int_equal(word != NULL, table[i].word != NULL);
                if (word)
                        assert_string_equal(word->word, table[i].word);
                json_decref(target);
                evaluation_record_clear(&record);
        }
}

static void a_device_that_says_nothing_has_no_paths(void **state)
{
        struct evaluation_record record;
        uint8_t bytes[8];
        writer w = WRITER(bytes);
        json_t *target;
        (void)state;
        cbor_write_map(&w, 0);
        assert_int_equal(read_info(&w, &record, &target), MITOME_OK);
        assert_false(claimed(&record, LEVEL_PIN_OFFERED)->value.yes);
        assert_false(claimed(&record, LEVEL_UV_OFFERED)->value.yes);
        assert_null(claimed(&record, LEVEL_PIN_LENGTH_LEAST));
        assert_int_equal(json_object_size(target), 0);
        json_decref(target);
        evaluation_record_clear(&record);
}

/* Some devices sort otherwise; a long answer must be sorted. */
static void members_in_any_order_are_taken_and_many_in_order(void **state)
{
        struct evaluation_record record;
        uint8_t bytes[256];
        json_t *target;
        (void)state;
        for (size_t turned = 0; turned < 2; turned++) {
                writer w = WRITER(bytes);
                cbor_write_map(&w, turned ? 2 : 40);
                if (turned) {
                        cbor_write_uint(&w, 0x12);
                        cbor_write_uint(&w, 2);
                }
                for (unsigned key = 0x0D; key < 0x0D + (turned ? 1 : 40); key++) {
                        cbor_write_uint(&w, key);
                        if (key == 0x13)
                                cbor_write_map(&w, 0);
                        else if (key == 0x1B)
                                cbor_write_bool(&w, true);
                        else
                                cbor_write_uint(&w, 2);
                }
                assert_int_equal(read_info(&w, &record, &target), MITOME_OK);
                assert_string_equal(claimed(&record, LEVEL_UV_MODALITY)->word, "finger");
                json_decref(target);
                evaluation_record_clear(&record);
        }
}

/* Cut anywhere, or with a byte of another kind, it gives nothing at all or reads whole. */
static void half_an_answer_gives_nothing(void **state)
{
        uint8_t bytes[256];
        writer w = WRITER(bytes);
        (void)state;
        write_info(&w, 0x02);
        const size_t size = w.used;
        for (size_t cut = 0; cut < size; cut++) {
                struct evaluation_record record;
                json_t *target;
                w.used = cut;
                assert_int_not_equal(read_info(&w, &record, &target), MITOME_OK);
                assert_int_equal(record.claims.count, 0);
                assert_int_equal(json_object_size(target), 0);
                json_decref(target);
                evaluation_record_clear(&record);
        }
        static const char *const wrong[] = { "80", "a1018101", "a1034101", "a104a16275760a",
                "a113a1644649444f07", "a10101", "a000", "f6" };
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
                struct evaluation_record record;
                slice read;
                json_t *target;
                assert_int_equal(
                        hex_text_decode(slice_text(wrong[i]), NULL, bytes, sizeof bytes, &read, NULL).code,
                        MITOME_OK);
                writer whole = writer_over(bytes, sizeof bytes);
                whole.used = read.size;
                assert_int_not_equal(read_info(&whole, &record, &target), MITOME_OK);
                assert_int_equal(record.claims.count, 0);
                json_decref(target);
                evaluation_record_clear(&record);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_surest_source_counts),
                cmocka_unit_test(of_two_words_the_worse_counts),
                cmocka_unit_test(of_two_words_without_order_none_counts),
                cmocka_unit_test(what_is_worse_is_not_hidden),
                cmocka_unit_test(of_equals_the_worse_one_counts),
                cmocka_unit_test(of_measurements_that_agree_the_longer_one_counts),
                cmocka_unit_test(members_in_any_order_are_taken_and_many_in_order),
                cmocka_unit_test(the_order_in_which_they_come_does_not_matter),
                cmocka_unit_test(a_declaration_and_an_observation_contradict_each_other),
                cmocka_unit_test(too_many_are_refused),
                cmocka_unit_test(what_a_device_says_of_itself_is_declared),
                cmocka_unit_test(a_device_may_say_much),
                cmocka_unit_test(of_several_modalities_the_worst_is_taken),
                cmocka_unit_test(a_device_that_says_nothing_has_no_paths),
                cmocka_unit_test(half_an_answer_gives_nothing),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
