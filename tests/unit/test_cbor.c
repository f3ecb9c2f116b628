/* SPDX-License-Identifier: Apache-2.0 */
/* CTAP 2.1, 8: the "CTAP2 canonical CBOR encoding form", read and written. */
#include "transcribe.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct cbor_reader over(slice input, mitome_error *error)
{
        *error = (mitome_error){ 0 };
        return cbor_over(input, "CTAP 2.1 8", error);
}

/* Takes the whole input as one item. */
static mitome_code judge(slice input, mitome_error *error)
{
        struct cbor_reader r = over(input, error);
        mitome_status status = cbor_skip(&r, "item");
        if (!failed(status))
                status = cbor_end(&r, "item");
        return status.code;
}

/* Whatever is taken is written again as the same bytes. */
static void assert_transcribed(slice input)
{
        uint8_t buffer[4096];
        writer w = WRITER(buffer);
        slice again;
        struct cbor_reader r = cbor_over(input, NULL, NULL);
        assert_int_equal(cbor_transcribe(&r, &w).code, MITOME_OK);
        assert_int_equal(cbor_end(&r, "item").code, MITOME_OK);
        assert_int_equal(r.depth, 0);
        assert_int_equal(writer_finish(&w, "item", &again, NULL).code, MITOME_OK);
        assert_true(slice_equal(again, input));
}

struct verdict {
        const char *hex;
        mitome_code code;
        size_t at; /* where the error is, when there is one */
};

static void check(const struct verdict *verdicts, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                uint8_t buffer[256];
                mitome_error error;
                slice input = exact_copy(hex_decode(verdicts[i].hex, buffer, sizeof buffer));
                mitome_code code = judge(input, &error);
                if (code != verdicts[i].code || (code && error.at != verdicts[i].at))
                        print_error("%s: %d at %zu\n", verdicts[i].hex, code, error.at);
                assert_int_equal(code, verdicts[i].code);
                assert_int_equal(error.code, code);
                if (code) {
                        assert_int_equal(error.at, verdicts[i].at);
                        assert_string_equal(error.field, "item");
                        assert_string_equal(error.clause, "CTAP 2.1 8");
                } else {
                        assert_transcribed(input);
                }
                exact_free(input);
        }
}

/* RFC 8949, appendix A, in its order. CTAP 2.1, 8, of numbers: "The representations of any floating-point
 * values are not changed"; no message of CTAP or WebAuthn has one, and none is taken here. "Tags as defined
 * in [RFC8949] section 3.4 MUST NOT be present"; "definite lengths". */
static const struct verdict appendix_a[] = {
        { "00", MITOME_OK },
        { "01", MITOME_OK },
        { "0a", MITOME_OK },
        { "17", MITOME_OK },
        { "1818", MITOME_OK },
        { "1819", MITOME_OK },
        { "1864", MITOME_OK },
        { "1903e8", MITOME_OK },
        { "1a000f4240", MITOME_OK },
        { "1b000000e8d4a51000", MITOME_OK },
        { "1bffffffffffffffff", MITOME_OK },
        { "c249010000000000000000", MITOME_E_CBOR_UNSUPPORTED }, /* bignum */
        { "3bffffffffffffffff", MITOME_OK },
        { "c349010000000000000000", MITOME_E_CBOR_UNSUPPORTED },
        { "20", MITOME_OK },
        { "29", MITOME_OK },
        { "3863", MITOME_OK },
        { "3903e7", MITOME_OK },
        { "f90000", MITOME_E_CBOR_UNSUPPORTED }, /* floats */
        { "f98000", MITOME_E_CBOR_UNSUPPORTED },
        { "f93c00", MITOME_E_CBOR_UNSUPPORTED },
        { "fb3ff199999999999a", MITOME_E_CBOR_UNSUPPORTED },
        { "fa47c35000", MITOME_E_CBOR_UNSUPPORTED },
        { "f97c00", MITOME_E_CBOR_UNSUPPORTED },
        { "f97e00", MITOME_E_CBOR_UNSUPPORTED },
        { "fa7f800000", MITOME_E_CBOR_UNSUPPORTED },
        { "fb7ff8000000000000", MITOME_E_CBOR_UNSUPPORTED },
        { "f4", MITOME_OK },
        { "f5", MITOME_OK },
        { "f6", MITOME_OK },
        { "f7", MITOME_E_CBOR_UNSUPPORTED },                                           /* undefined */
        { "f0", MITOME_E_CBOR_UNSUPPORTED },                                           /* simple(16) */
        { "f8ff", MITOME_E_CBOR_UNSUPPORTED },                                         /* simple(255) */
        { "c074323031332d30332d32315432303a30343a30305a", MITOME_E_CBOR_UNSUPPORTED }, /* tags */
        { "c11a514b67b0", MITOME_E_CBOR_UNSUPPORTED },
        { "c1fb41d452d9ec200000", MITOME_E_CBOR_UNSUPPORTED },
        { "d74401020304", MITOME_E_CBOR_UNSUPPORTED },
        { "d818456449455446", MITOME_E_CBOR_UNSUPPORTED },
        { "d82076687474703a2f2f7777772e6578616d706c652e636f6d", MITOME_E_CBOR_UNSUPPORTED },
        { "40", MITOME_OK },
        { "4401020304", MITOME_OK },
        { "60", MITOME_OK },
        { "6161", MITOME_OK },
        { "6449455446", MITOME_OK },
        { "62225c", MITOME_OK },
        { "62c3bc", MITOME_OK },
        { "63e6b0b4", MITOME_OK },
        { "64f0908591", MITOME_OK },
        { "80", MITOME_OK },
        { "83010203", MITOME_OK },
        { "8301820203820405", MITOME_OK },
        { "98190102030405060708090a0b0c0d0e0f101112131415161718181819", MITOME_OK },
        { "a0", MITOME_OK },
        { "a201020304", MITOME_OK },
        { "a26161016162820203", MITOME_OK },
        { "826161a161626163", MITOME_OK },
        { "a56161614161626142616361436164614461656145", MITOME_OK },
        { "5f42010243030405ff", MITOME_E_CBOR_UNSUPPORTED }, /* indefinite lengths */
        { "7f657374726561646d696e67ff", MITOME_E_CBOR_UNSUPPORTED },
        { "9fff", MITOME_E_CBOR_UNSUPPORTED },
        { "9f018202039f0405ffff", MITOME_E_CBOR_UNSUPPORTED },
        { "9f01820203820405ff", MITOME_E_CBOR_UNSUPPORTED },
        { "83018202039f0405ff", MITOME_E_CBOR_UNSUPPORTED, 5 },
        { "83019f0203ff820405", MITOME_E_CBOR_UNSUPPORTED, 2 },
        { "bf61610161629f0203ffff", MITOME_E_CBOR_UNSUPPORTED },
        { "826161bf61626163ff", MITOME_E_CBOR_UNSUPPORTED, 3 },
        { "bf6346756ef563416d7421ff", MITOME_E_CBOR_UNSUPPORTED },
};

static void judges_the_examples_of_rfc_8949(void **state)
{
        (void)state;
        check(appendix_a, COUNT(appendix_a));
}

/* "Integers MUST be encoded as small as possible"; "the representations of lengths in major types 2 through 5
 * MUST be as short as possible". */
static const struct verdict longer_than_need_be[] = {
        { "1800", MITOME_E_CBOR_NOT_CANONICAL },
        { "1817", MITOME_E_CBOR_NOT_CANONICAL },
        { "190018", MITOME_E_CBOR_NOT_CANONICAL },
        { "1900ff", MITOME_E_CBOR_NOT_CANONICAL },
        { "1a0000ffff", MITOME_E_CBOR_NOT_CANONICAL },
        { "1b00000000ffffffff", MITOME_E_CBOR_NOT_CANONICAL },
        { "3817", MITOME_E_CBOR_NOT_CANONICAL },
        { "3900ff", MITOME_E_CBOR_NOT_CANONICAL },
        { "3a0000ffff", MITOME_E_CBOR_NOT_CANONICAL },
        { "3b00000000ffffffff", MITOME_E_CBOR_NOT_CANONICAL },
        { "580161", MITOME_E_CBOR_NOT_CANONICAL },
        { "59000161", MITOME_E_CBOR_NOT_CANONICAL },
        { "5a0000000161", MITOME_E_CBOR_NOT_CANONICAL },
        { "5b000000000000000161", MITOME_E_CBOR_NOT_CANONICAL },
        { "780161", MITOME_E_CBOR_NOT_CANONICAL },
        { "7b0000000000000000", MITOME_E_CBOR_NOT_CANONICAL },
        { "980101", MITOME_E_CBOR_NOT_CANONICAL },
        { "99000101", MITOME_E_CBOR_NOT_CANONICAL },
        { "9b000000000000000101", MITOME_E_CBOR_NOT_CANONICAL },
        { "b8010101", MITOME_E_CBOR_NOT_CANONICAL },
        { "ba000000010101", MITOME_E_CBOR_NOT_CANONICAL },
        { "a1 1801 01", MITOME_E_CBOR_NOT_CANONICAL, 1 }, /* a key */
        { "a1 01 1801", MITOME_E_CBOR_NOT_CANONICAL, 2 }, /* a value */
        { "1818", MITOME_OK },
        { "18ff", MITOME_OK },
        { "190100", MITOME_OK },
        { "19ffff", MITOME_OK },
        { "1a00010000", MITOME_OK },
        { "1affffffff", MITOME_OK },
        { "1b0000000100000000", MITOME_OK },
        { "3818", MITOME_OK },
        { "390100", MITOME_OK },
        { "3a00010000", MITOME_OK },
        { "3b0000000100000000", MITOME_OK },
};

/* [8 canonical] */
static void takes_the_shortest_form_only(void **state)
{
        (void)state;
        check(longer_than_need_be, COUNT(longer_than_need_be));
}

/* [8 definite] RFC 8949, 3: 28 to 30 are reserved, 31 says nothing for integers and tags. */
static void refuses_every_head_that_ctap_does_not_have(void **state)
{
        (void)state;
        for (unsigned first = 0; first <= 0xFF; first++) {
                const uint8_t input[] = { (uint8_t)first, 0, 0, 0, 0, 0, 0, 0, 0 };
                unsigned major = first >> 5, low = first & 0x1F;
                struct cbor_reader r = cbor_over(SLICE(input), NULL, NULL);
                enum cbor_kind kind;
                mitome_code code = cbor_peek(&r, "item", &kind).code;
                bool indefinite = low == 31 && major >= 2 && major != 6;
                if (low >= 28 && !indefinite)
                        assert_int_equal(code, MITOME_E_CBOR_MALFORMED);
                else if (indefinite || major == 6)
                        assert_int_equal(code, MITOME_E_CBOR_UNSUPPORTED);
                else if (major == 7)
                        assert_int_equal(
                                code, low >= 20 && low <= 22 ? MITOME_OK : MITOME_E_CBOR_UNSUPPORTED);
                else if (low >= 24)
                        assert_int_equal(code, MITOME_E_CBOR_NOT_CANONICAL);
                else if (major == 2 || major == 3)
                        assert_int_equal(code, low < sizeof input ? MITOME_OK : MITOME_E_INPUT_ENDS);
                else
                        assert_int_equal(code, MITOME_OK);
                assert_int_equal(r.bytes.offset, 0);
        }
}

/* "The keys in every map MUST be sorted lowest value to highest": major type, then length, then bytes; and no
 * key twice. */
static const struct verdict key_orders[] = {
        { "a2 01 00 02 00", MITOME_OK },
        { "a2 02 00 01 00", MITOME_E_CBOR_KEY_ORDER, 3 },
        { "a2 01 00 01 00", MITOME_E_CBOR_DUPLICATE_KEY, 3 },
        { "a2 17 00 1818 00", MITOME_OK },
        { "a2 1818 00 17 00", MITOME_E_CBOR_KEY_ORDER, 4 },
        { "a2 18ff 00 190100 00", MITOME_OK },
        { "a2 190100 00 18ff 00", MITOME_E_CBOR_KEY_ORDER, 5 },
        { "a2 01 00 20 00", MITOME_OK },
        { "a2 20 00 01 00", MITOME_E_CBOR_KEY_ORDER, 3 }, /* -1 comes after every positive key */
        { "a3 20 00 21 00 22 00", MITOME_OK },            /* -1, -2, -3: the order of a COSE key */
        { "a2 21 00 20 00", MITOME_E_CBOR_KEY_ORDER, 3 },
        { "a2 20 00 20 00", MITOME_E_CBOR_DUPLICATE_KEY, 3 },
        { "a2 20 00 6161 00", MITOME_OK },
        { "a2 6161 00 20 00", MITOME_E_CBOR_KEY_ORDER, 4 },
        { "a2 3903e7 00 60 00", MITOME_OK }, /* major type before length */
        { "a2 60 00 6161 00", MITOME_OK },
        { "a2 6162 00 626161 00", MITOME_OK }, /* "b" before "aa": length before bytes */
        { "a2 626161 00 6162 00", MITOME_E_CBOR_KEY_ORDER, 5 },
        { "a2 6161 00 6162 00", MITOME_OK },
        { "a2 6162 00 6161 00", MITOME_E_CBOR_KEY_ORDER, 4 },
        { "a2 6161 00 6161 00", MITOME_E_CBOR_DUPLICATE_KEY, 4 },
        { "a3 01 00 02 00 01 00", MITOME_E_CBOR_KEY_ORDER, 5 },
        { "a1 01 a2 02 00 01 00", MITOME_E_CBOR_KEY_ORDER, 5 }, /* inside too */
        { "a1 40 00", MITOME_E_CBOR_TYPE, 1 },
        { "a1 80 00", MITOME_E_CBOR_TYPE, 1 },
        { "a1 a0 00", MITOME_E_CBOR_TYPE, 1 },
        { "a1 f4 00", MITOME_E_CBOR_TYPE, 1 },
        { "a1 f6 00", MITOME_E_CBOR_TYPE, 1 },
        { "a1 61ff 00", MITOME_E_UTF8, 1 },
        { "a1 1b7fffffffffffffff 00", MITOME_OK },
        { "a1 1b8000000000000000 00", MITOME_E_VALUE, 1 },
};

/* [8 order] [8 keys] */
static void takes_sorted_unique_keys_only(void **state)
{
        (void)state;
        check(key_orders, COUNT(key_orders));
}

/* "All CBOR maps and arrays ... MUST NOT exceed four levels of nesting"; the counts and lengths of an input
 * are held against its bytes before anything is made of them. */
static const struct verdict bounds[] = {
        { "81818180", MITOME_OK },
        { "8181818180", MITOME_E_DEPTH, 4 },
        { "a101a101a101a0", MITOME_OK },
        { "a101a101a101a101a0", MITOME_E_DEPTH, 6 + 1 + 1 },
        { "a10181a10180", MITOME_OK },
        { "82 818180 818180", MITOME_OK }, /* closing gives the level back */
        { "82 818180 81818180", MITOME_E_DEPTH, 7 },
        { "82 a101a101a0 a101a101a0", MITOME_OK },
        { "9b ffffffffffffffff", MITOME_E_TOO_MANY },
        { "bb ffffffffffffffff", MITOME_E_TOO_MANY },
        { "bb 8000000000000001 00 00", MITOME_E_TOO_MANY }, /* twice that is 2 */
        { "9a 00010000", MITOME_E_TOO_MANY },
        { "99 0401", MITOME_E_TOO_MANY },
        { "99 0400", MITOME_E_INPUT_ENDS, 3 },
        { "83 01 02", MITOME_E_INPUT_ENDS, 1 },
        { "a2 01 01 02", MITOME_E_INPUT_ENDS, 1 },
        { "5b 7fffffffffffffff", MITOME_E_INPUT_ENDS },
        { "7b ffffffffffffffff", MITOME_E_INPUT_ENDS },
        { "5a ffffffff 00", MITOME_E_INPUT_ENDS },
        { "44 010203", MITOME_E_INPUT_ENDS },
        { "", MITOME_E_INPUT_ENDS },
        { "00 00", MITOME_E_TRAILING_BYTES, 1 },
        { "80 ff", MITOME_E_TRAILING_BYTES, 1 },
        { "a0 f6", MITOME_E_TRAILING_BYTES, 1 },
};

/* [8 depth] */
static void holds_depth_counts_and_lengths_to_their_bounds(void **state)
{
        (void)state;
        check(bounds, COUNT(bounds));
}

static void an_array_has_at_most_its_limit_of_members(void **state)
{
        (void)state;
        static uint8_t input[3 + CBOR_MEMBERS + 1];
        mitome_error error;
        struct cbor_members array;
        writer w = WRITER(input);
        cbor_write_array(&w, CBOR_MEMBERS);
        for (size_t i = 0; i < CBOR_MEMBERS; i++)
                cbor_write_uint(&w, 0);
        assert_int_equal(judge(writer_view(&w), &error), MITOME_OK);
        w = WRITER(input);
        cbor_write_array(&w, CBOR_MEMBERS + 1); /* with as many bytes behind it */
        assert_int_equal(judge(SLICE(input), &error), MITOME_E_TOO_MANY);
        struct cbor_reader unlimited = over(SLICE(input), &error); /* whatever a caller's own limit */
        assert_int_equal(cbor_open_array(&unlimited, "list", SIZE_MAX, &array).code, MITOME_E_TOO_MANY);

        static const uint8_t three[] = { 0x83, 1, 2, 3 };
        struct cbor_reader r = over(SLICE(three), &error);
        assert_int_equal(cbor_open_array(&r, "list", 2, &array).code, MITOME_E_TOO_MANY);
        assert_string_equal(error.field, "list");
        assert_int_equal(r.depth, 0);
        r = over(SLICE(three), &error);
        assert_int_equal(cbor_open_array(&r, "list", 3, &array).code, MITOME_OK);
        assert_int_equal(array.left, 3);

        static const uint8_t two[] = { 0xA2, 1, 1, 2, 2 };
        r = over(SLICE(two), &error);
        assert_int_equal(cbor_open_map(&r, "map", 1, &array).code, MITOME_E_TOO_MANY);
}

/* WebAuthn's compound attestation nests deeper than any CTAP2 message: one reader may be told so, and what it
 * gives out is read as deep; the others stay as they are. */
static void a_reader_that_may_go_deeper_goes_no_further(void **state)
{
        (void)state;
        static const struct verdict verdicts[] = {
                { "818181818180", MITOME_OK },
                { "81818181818180", MITOME_E_DEPTH, 6 },
                { "a101a101a101a101a101a0", MITOME_OK },
                { "a101a101a101a101a101a101a0", MITOME_E_DEPTH, 12 },
        };
        for (size_t i = 0; i < COUNT(verdicts); i++) {
                uint8_t buffer[32];
                mitome_error error = { 0 };
                slice item;
                struct cbor_reader r = over(hex_decode(verdicts[i].hex, buffer, sizeof buffer), &error);
                r.deeper = 2;
                assert_int_equal(cbor_read_item(&r, "item", &item).code, verdicts[i].code);
                if (verdicts[i].code) {
                        assert_int_equal(error.at, verdicts[i].at);
                        continue;
                }
                struct cbor_reader inner = cbor_within(&r, item);
                assert_int_equal(cbor_skip(&inner, "item").code, MITOME_OK);
        }
}

/* RFC 3629, 3 and 4; Unicode 3.9, table 3-7. */
static const struct verdict texts[] = {
        { "61 00", MITOME_OK }, { "61 7f", MITOME_OK }, { "61 80", MITOME_E_UTF8 },
        { "61 bf", MITOME_E_UTF8 }, { "62 c080", MITOME_E_UTF8 }, /* overlong */
        { "62 c1bf", MITOME_E_UTF8 }, { "62 c280", MITOME_OK }, { "62 dfbf", MITOME_OK },
        { "62 c27f", MITOME_E_UTF8 }, { "62 c2c0", MITOME_E_UTF8 }, { "61 c2", MITOME_E_UTF8 },
        { "63 e09fbf", MITOME_E_UTF8 },                                                         /* overlong */
        { "63 e0a080", MITOME_OK }, { "63 ed9fbf", MITOME_OK }, { "63 eda080", MITOME_E_UTF8 }, /* U+D800 */
        { "63 edbfbf", MITOME_E_UTF8 },                                                         /* U+DFFF */
        { "63 ee8080", MITOME_OK }, { "63 efbfbf", MITOME_OK }, { "62 e381", MITOME_E_UTF8 },
        { "63 e38141", MITOME_E_UTF8 }, { "64 f08fbfbf", MITOME_E_UTF8 }, /* overlong */
        { "64 f0908080", MITOME_OK }, { "64 f48fbfbf", MITOME_OK },
        { "64 f4908080", MITOME_E_UTF8 }, /* U+110000 */
        { "64 f5808080", MITOME_E_UTF8 }, { "65 f888808080", MITOME_E_UTF8 }, { "63 f09080", MITOME_E_UTF8 },
        { "61 fe", MITOME_E_UTF8 }, { "61 ff", MITOME_E_UTF8 }, { "66 61c3a9e38182", MITOME_OK },
        { "67 61c3a9e38182ff", MITOME_E_UTF8 }, { "82 00 61ff", MITOME_E_UTF8, 2 },
        { "41 ff", MITOME_OK }, /* bytes may be anything */
};

static void texts_are_utf8(void **state)
{
        (void)state;
        check(texts, COUNT(texts));
}

static void reads_integers_in_their_ranges(void **state)
{
        (void)state;
        static const struct {
                const char *hex;
                mitome_code code;
                int64_t value;
        } integers[] = {
                { "00", MITOME_OK, 0 },
                { "1903e8", MITOME_OK, 1000 },
                { "20", MITOME_OK, -1 },
                { "390100", MITOME_OK, -257 },
                { "1b7fffffffffffffff", MITOME_OK, INT64_MAX },
                { "3b7fffffffffffffff", MITOME_OK, INT64_MIN },
                { "1b8000000000000000", MITOME_E_VALUE },
                { "3b8000000000000000", MITOME_E_VALUE },
                { "3bffffffffffffffff", MITOME_E_VALUE },
        };
        for (size_t i = 0; i < COUNT(integers); i++) {
                uint8_t buffer[16];
                mitome_error error;
                int64_t value = 4711;
                struct cbor_reader r = over(hex_decode(integers[i].hex, buffer, sizeof buffer), &error);
                assert_int_equal(cbor_read_int(&r, "n", &value).code, integers[i].code);
                assert_true(value == (integers[i].code ? 4711 : integers[i].value));
        }
        static const uint8_t five[] = { 0x05 };
        mitome_error error;
        uint64_t number = 4711;
        struct cbor_reader r = over(SLICE(five), &error);
        assert_int_equal(cbor_read_uint(&r, "n", 4, &number).code, MITOME_E_VALUE);
        assert_int_equal(number, 4711);
        assert_int_equal(error.at, 0);
        r = over(SLICE(five), &error);
        assert_int_equal(cbor_read_uint(&r, "n", 5, &number).code, MITOME_OK);
        assert_int_equal(number, 5);
        uint8_t largest[9];
        r = over(hex_decode("1bffffffffffffffff", largest, sizeof largest), &error);
        assert_int_equal(cbor_read_uint(&r, "n", UINT64_MAX, &number).code, MITOME_OK);
        assert_true(number == UINT64_MAX);
}

static void strings_have_at_most_the_callers_limit(void **state)
{
        (void)state;
        static const uint8_t input[] = { 0x43, 1, 2, 3, 0x63, 'a', 'b', 'c' };
        mitome_error error;
        slice view = { 0 };
        struct cbor_reader r = over(SLICE(input), &error);
        assert_int_equal(cbor_read_bytes(&r, "bytes", 2, &view).code, MITOME_E_TOO_LONG);
        assert_null(view.data);
        r = over(SLICE(input), &error);
        assert_int_equal(cbor_read_fixed(&r, "bytes", 2, &view).code, MITOME_E_VALUE);
        assert_int_equal(error.at, 0);
        r = over(SLICE(input), &error);
        assert_int_equal(cbor_read_fixed(&r, "bytes", 4, &view).code, MITOME_E_VALUE);
        r = over(SLICE(input), &error);
        assert_int_equal(cbor_read_fixed(&r, "bytes", 3, &view).code, MITOME_OK);
        assert_ptr_equal(view.data, input + 1);
        assert_int_equal(cbor_read_text(&r, "text", 2, &view).code, MITOME_E_TOO_LONG);
        assert_int_equal(error.at, 4);
        assert_string_equal(error.field, "text");
        r = over(SLICE(input), &error);
        assert_int_equal(cbor_read_bytes(&r, "bytes", 3, &view).code, MITOME_OK);
        assert_int_equal(cbor_read_text(&r, "text", 3, &view).code, MITOME_OK);
        assert_true(slice_is(view, "abc"));
        assert_int_equal(cbor_end(&r, "input").code, MITOME_OK);
}

/* One item of each kind, in the order of enum cbor_kind, and what reads it. */
static const char *const one_of_each[] = { "05", "24", "4105", "6161", "80", "a0", "f5", "f6" };

static mitome_code read_as(struct cbor_reader *r, enum cbor_kind kind)
{
        uint64_t number;
        int64_t integer;
        slice view;
        bool value;
        struct cbor_members members;
        switch (kind) {
        case CBOR_KIND_UINT:
                return cbor_read_uint(r, "x", UINT64_MAX, &number).code;
        case CBOR_KIND_NEGATIVE:
                return cbor_read_int(r, "x", &integer).code;
        case CBOR_KIND_BYTES:
                return cbor_read_bytes(r, "x", 9, &view).code;
        case CBOR_KIND_TEXT:
                return cbor_read_text(r, "x", 9, &view).code;
        case CBOR_KIND_ARRAY:
                return cbor_open_array(r, "x", 9, &members).code;
        case CBOR_KIND_MAP:
                return cbor_open_map(r, "x", 9, &members).code;
        case CBOR_KIND_BOOL:
                return cbor_read_bool(r, "x", &value).code;
        case CBOR_KIND_NULL:
                return cbor_skip(r, "x").code;
        }
        return MITOME_E_ARGUMENT;
}

static void each_read_refuses_the_other_types(void **state)
{
        (void)state;
        for (enum cbor_kind kind = 0; kind <= CBOR_KIND_NULL; kind++) {
                for (enum cbor_kind as = 0; as < CBOR_KIND_NULL; as++) {
                        uint8_t buffer[4];
                        mitome_error error;
                        slice input = hex_decode(one_of_each[kind], buffer, sizeof buffer);
                        struct cbor_reader r = over(input, &error);
                        enum cbor_kind peeked;
                        assert_int_equal(cbor_peek(&r, "x", &peeked).code, MITOME_OK);
                        assert_int_equal(peeked, kind);
                        /* cbor_read_int takes both kinds of integer */
                        bool fits = kind == as || (as == CBOR_KIND_NEGATIVE && kind == CBOR_KIND_UINT);
                        assert_int_equal(read_as(&r, as), fits ? MITOME_OK : MITOME_E_CBOR_TYPE);
                        assert_int_equal(r.bytes.offset, fits ? input.size : 0);
                }
        }
}

static void tells_true_from_false(void **state)
{
        (void)state;
        static const uint8_t input[] = { 0xF5, 0xF4 };
        struct cbor_reader r = cbor_over(SLICE(input), NULL, NULL);
        bool value = false;
        assert_int_equal(cbor_read_bool(&r, "first", &value).code, MITOME_OK);
        assert_true(value);
        assert_int_equal(cbor_read_bool(&r, "second", &value).code, MITOME_OK);
        assert_false(value);
}

static void walks_through_members(void **state)
{
        (void)state;
        uint8_t buffer[16];
        mitome_error error;
        struct cbor_reader r = over(hex_decode("a3 01 820506 20 40 6161 f5", buffer, sizeof buffer), &error);
        struct cbor_members map, array;
        struct cbor_key key;
        bool more;
        uint64_t number, sum = 0;
        assert_int_equal(cbor_open_map(&r, "map", 9, &map).code, MITOME_OK);
        assert_int_equal(r.depth, 1);
        assert_int_equal(cbor_next_key(&r, &map, &key, &more).code, MITOME_OK);
        assert_true(more && !key.is_text && key.number == 1);
        assert_int_equal(cbor_open_array(&r, "array", 9, &array).code, MITOME_OK);
        assert_int_equal(r.depth, 2);
        while (cbor_next_element(&r, &array)) {
                assert_int_equal(cbor_read_uint(&r, "element", 9, &number).code, MITOME_OK);
                sum += number;
        }
        assert_int_equal(sum, 11);
        assert_int_equal(r.depth, 1);
        assert_int_equal(cbor_next_key(&r, &map, &key, &more).code, MITOME_OK);
        assert_true(more && !key.is_text && key.number == -1);
        assert_int_equal(cbor_skip(&r, "bytes").code, MITOME_OK);
        assert_int_equal(cbor_next_key(&r, &map, &key, &more).code, MITOME_OK);
        assert_true(more && key.is_text && slice_is(key.text, "a"));
        assert_int_equal(cbor_skip(&r, "flag").code, MITOME_OK);
        assert_int_equal(cbor_next_key(&r, &map, &key, &more).code, MITOME_OK);
        assert_false(more);
        assert_int_equal(r.depth, 0);
        assert_int_equal(cbor_end(&r, "map").code, MITOME_OK);
}

/* An item that was given out whole is read again at its own depth and place. */
static void an_item_read_again_keeps_depth_and_offsets(void **state)
{
        (void)state;
        uint8_t buffer[16];
        mitome_error error;
        struct cbor_reader r = over(hex_decode("82 00 81 81 80", buffer, sizeof buffer), &error);
        struct cbor_members array;
        slice item;
        assert_int_equal(cbor_open_array(&r, "outer", 2, &array).code, MITOME_OK);
        assert_true(cbor_next_element(&r, &array));
        assert_int_equal(cbor_skip(&r, "first").code, MITOME_OK);
        assert_true(cbor_next_element(&r, &array));
        assert_int_equal(cbor_read_item(&r, "second", &item).code, MITOME_OK);
        assert_ptr_equal(item.data, buffer + 2);
        assert_int_equal(item.size, 3);
        struct cbor_reader inner = cbor_within(&r, item);
        assert_int_equal(inner.bytes.offset, 2);
        assert_int_equal(inner.depth, 1);
        uint64_t number;
        assert_int_equal(cbor_read_uint(&inner, "number", 9, &number).code, MITOME_E_CBOR_TYPE);
        assert_int_equal(error.at, 2);
        inner = cbor_within(&r, item);
        inner.depth += 2; /* as if further in: three levels more are too many there */
        assert_int_equal(cbor_skip(&inner, "deep").code, MITOME_E_DEPTH);
        inner = cbor_within(&r, item);
        assert_int_equal(cbor_skip(&inner, "item").code, MITOME_OK);
        assert_int_equal(inner.depth, 1);
        assert_false(cbor_next_element(&r, &array));
        assert_int_equal(cbor_end(&r, "outer").code, MITOME_OK);
}

/* Every kind, three levels deep; the shape of a makeCredential request. */
static const char nested[] = "a5 01 58200001020304050607080900010203040506070809000102030405060708090102"
                             "02 a2 6269646b6578616d706c652e636f6d 646e616d6563e38182"
                             "03 82 a2 63616c6726 64747970656a7075626c69632d6b6579"
                             "      a2 63616c67390100 64747970656a7075626c69632d6b6579"
                             "04 f6 6175 a2 627570f5 627576f4";

static void every_truncation_is_an_end(void **state)
{
        (void)state;
        uint8_t buffer[256];
        mitome_error error;
        slice input = hex_decode(nested, buffer, sizeof buffer);
        assert_int_equal(judge(input, &error), MITOME_OK);
        assert_transcribed(input);
        for (size_t size = 0; size < input.size; size++) {
                slice cut = exact_copy(slice_of(input.data, size));
                assert_int_equal(judge(cut, &error), MITOME_E_INPUT_ENDS);
                assert_true(error.at <= size);
                exact_free(cut);
        }
}

/* Each byte in turn takes each other value: what is still accepted is still canonical. */
static void every_change_is_refused_or_canonical(void **state)
{
        (void)state;
        uint8_t buffer[256];
        slice input = hex_decode(nested, buffer, sizeof buffer);
        size_t refused = 0, accepted = 0;
        for (size_t at = 0; at < input.size; at++) {
                uint8_t original = buffer[at];
                for (unsigned value = 0; value <= 0xFF; value++) {
                        mitome_error error;
                        buffer[at] = (uint8_t)value;
                        mitome_code code = judge(input, &error);
                        assert_int_equal(error.code, code);
                        if (code) {
                                assert_true(error.at <= input.size);
                                refused++;
                        } else {
                                assert_transcribed(input);
                                accepted++;
                        }
                }
                buffer[at] = original;
        }
        assert_true(refused > 0 && accepted > input.size);
}

static void writes_the_shortest_form(void **state)
{
        (void)state;
        uint8_t buffer[128], expected[128];
        writer w = WRITER(buffer);
        cbor_write_map(&w, 2);
        cbor_write_int(&w, 24);
        cbor_write_array(&w, 7);
        cbor_write_uint(&w, 23);
        cbor_write_uint(&w, 256);
        cbor_write_uint(&w, 65536);
        cbor_write_uint(&w, UINT64_C(0x100000000));
        cbor_write_uint(&w, UINT64_MAX);
        cbor_write_int(&w, INT64_MAX);
        cbor_write_int(&w, INT64_MIN);
        cbor_write_int(&w, -257);
        cbor_write_map(&w, 3);
        cbor_write_text(&w, slice_of(NULL, 0));
        cbor_write_bytes(&w, slice_of(NULL, 0));
        cbor_write_string(&w, "a");
        cbor_write_bool(&w, false);
        cbor_write_string(&w, "b");
        cbor_write_bool(&w, true);
        slice written;
        assert_int_equal(writer_finish(&w, "map", &written, NULL).code, MITOME_OK);
        assert_true(slice_equal(
                written, hex_decode("a2 1818 87 17 190100 1a00010000 1b0000000100000000 1bffffffffffffffff"
                                    "1b7fffffffffffffff 3b7fffffffffffffff 390100 a3 60 40 6161 f4 6162 f5",
                                 expected, sizeof expected)));
        assert_transcribed(written);
}

static void writing_stops_where_the_buffer_ends(void **state)
{
        (void)state;
        uint8_t buffer[8];
        slice text = slice_text("1234567"), written;
        writer w = WRITER(buffer);
        cbor_write_text(&w, text);
        assert_int_equal(writer_finish(&w, "text", &written, NULL).code, MITOME_OK);
        for (size_t capacity = 0; capacity < sizeof buffer; capacity++) {
                w = writer_over(buffer, capacity);
                cbor_write_text(&w, text);
                assert_int_equal(writer_finish(&w, "text", &written, NULL).code, MITOME_E_BUFFER_FULL);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(judges_the_examples_of_rfc_8949),
                cmocka_unit_test(takes_the_shortest_form_only),
                cmocka_unit_test(refuses_every_head_that_ctap_does_not_have),
                cmocka_unit_test(takes_sorted_unique_keys_only),
                cmocka_unit_test(holds_depth_counts_and_lengths_to_their_bounds),
                cmocka_unit_test(a_reader_that_may_go_deeper_goes_no_further),
                cmocka_unit_test(an_array_has_at_most_its_limit_of_members),
                cmocka_unit_test(texts_are_utf8),
                cmocka_unit_test(reads_integers_in_their_ranges),
                cmocka_unit_test(strings_have_at_most_the_callers_limit),
                cmocka_unit_test(each_read_refuses_the_other_types),
                cmocka_unit_test(tells_true_from_false),
                cmocka_unit_test(walks_through_members),
                cmocka_unit_test(an_item_read_again_keeps_depth_and_offsets),
                cmocka_unit_test(every_truncation_is_an_end),
                cmocka_unit_test(every_change_is_refused_or_canonical),
                cmocka_unit_test(writes_the_shortest_form),
                cmocka_unit_test(writing_stops_where_the_buffer_ends),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
