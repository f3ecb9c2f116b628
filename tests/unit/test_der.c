/* SPDX-License-Identifier: Apache-2.0 */
/* Strict DER, one element at a time (X.690, 8.1.3, 10.1). */
#include "der.h"
#include "transcribe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct verdict {
        const char *hex;
        mitome_code code;
        size_t size; /* of what is read */
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

typedef mitome_status read_one(reader *r, slice *ret);

static mitome_status read_octets(reader *r, slice *ret)
{
        return der_read(r, "it", DER_OCTET_STRING, ret, NULL);
}

static mitome_status read_positive(reader *r, slice *ret)
{
        return der_read_positive(r, "it", ret);
}

static void check(const struct verdict *verdicts, size_t count, read_one *read)
{
        for (size_t i = 0; i < count; i++) {
                uint8_t buffer[64];
                mitome_error error = { 0 };
                slice input = exact_copy(hex_decode(verdicts[i].hex, buffer, sizeof buffer)), content;
                reader r = reader_over(input, "X.690", &error);
                mitome_status status = read(&r, &content);
                if (status.code != verdicts[i].code)
                        print_error("%s\n", verdicts[i].hex);
                assert_int_equal(status.code, verdicts[i].code);
                assert_int_equal(error.code, verdicts[i].code);
                if (!failed(status))
                        assert_int_equal(content.size, verdicts[i].size);
                else
                        assert_in_range(error.at, 0, input.size);
                exact_free(input);
        }
}

/* X.690, 10.1: "The definite form of length encoding shall be used, encoded in the minimum number of octets."
 */
static void takes_the_expected_tag_and_the_shortest_length(void **state)
{
        (void)state;
        static const struct verdict verdicts[] = {
                { "0400", MITOME_OK, 0 },
                { "0401aa", MITOME_OK, 1 },
                { "0401aabb", MITOME_OK, 1 }, /* what follows is left */
                { "0201aa", MITOME_E_DER },   /* another tag */
                { "2401aa", MITOME_E_DER },   /* constructed */
                { "8401aa", MITOME_E_DER },
                { "0480", MITOME_E_DER },     /* indefinite */
                { "04800000", MITOME_E_DER }, /* and with its end */
                { "048101aa", MITOME_E_DER },
                { "04817f", MITOME_E_DER },
                { "04820001aa", MITOME_E_DER },
                { "048200ff", MITOME_E_DER },
                { "0483000001aa", MITOME_E_DER },
                { "0483010000", MITOME_E_DER }, /* over 65535 */
                { "0484ffffffff", MITOME_E_DER },
                { "04ff", MITOME_E_DER },
                { "", MITOME_E_INPUT_ENDS },
                { "04", MITOME_E_INPUT_ENDS },
                { "0402aa", MITOME_E_INPUT_ENDS },
                { "0481", MITOME_E_INPUT_ENDS },
                { "048180", MITOME_E_INPUT_ENDS },
                { "0482", MITOME_E_INPUT_ENDS },
                { "048201", MITOME_E_INPUT_ENDS },
                { "0482ffff00", MITOME_E_INPUT_ENDS },
        };
        check(verdicts, COUNT(verdicts), read_octets);
}

/* X.690, 8.3.2: the first nine bits of an integer "shall not all be ones; and shall not all be zero". */
static void positive_integers_are_minimal(void **state)
{
        (void)state;
        static const struct verdict verdicts[] = {
                { "020101", MITOME_OK, 1 },
                { "02017f", MITOME_OK, 1 },
                { "02020080", MITOME_OK, 1 }, /* the sign is not part of the magnitude */
                { "020300ffff", MITOME_OK, 2 },
                { "02020100", MITOME_OK, 2 },
                { "0200", MITOME_E_DER },
                { "020100", MITOME_E_DER }, /* zero */
                { "020180", MITOME_E_DER }, /* negative */
                { "0202ffff", MITOME_E_DER },
                { "02020001", MITOME_E_DER }, /* padded */
                { "0202007f", MITOME_E_DER },
                { "02020000", MITOME_E_DER },
                { "0203000080", MITOME_E_DER },
                { "040101", MITOME_E_DER },
                { "0202 01", MITOME_E_INPUT_ENDS },
                { "", MITOME_E_INPUT_ENDS },
        };
        check(verdicts, COUNT(verdicts), read_positive);
}

static mitome_status read_number(reader *r, slice *ret)
{
        uint32_t number;
        MITOME_TRY(der_read_number(r, "it", DER_ENUMERATED, 0x80FF, &number));
        *ret = slice_of(NULL, number);
        return ok();
}

/* X.690, 8.3.2 and 8.4; what is written in the place of a size is the number. */
static void numbers_are_minimal_and_within_their_limit(void **state)
{
        (void)state;
        static const struct verdict verdicts[] = {
                { "0a0100", MITOME_OK, 0 },
                { "0a0101", MITOME_OK, 1 },
                { "0a017f", MITOME_OK, 0x7F },
                { "0a020080", MITOME_OK, 0x80 },
                { "0a02012c", MITOME_OK, 300 },
                { "0a030080ff", MITOME_OK, 0x80FF },
                { "0a03008100", MITOME_E_VALUE },
                { "0a0500ffffffff", MITOME_E_VALUE },
                { "0a06010000000000", MITOME_E_VALUE }, /* does not come round to 0 */
                { "0a090100000000000000 01", MITOME_E_VALUE },
                { "0a0a0100000000000000 0001", MITOME_E_VALUE },
                { "0a0180", MITOME_E_DER }, /* negative */
                { "0a0200", MITOME_E_INPUT_ENDS },
                { "0a020000", MITOME_E_DER }, /* padded */
                { "0a02007f", MITOME_E_DER },
                { "0a00", MITOME_E_DER },
                { "020100", MITOME_E_DER }, /* another tag */
                { "0a", MITOME_E_INPUT_ENDS },
                { "", MITOME_E_INPUT_ENDS },
        };
        check(verdicts, COUNT(verdicts), read_number);
        uint8_t widest[] = { 0x02, 5, 0, 0xFF, 0xFF, 0xFF, 0xFF };
        reader r = reader_over(SLICE(widest), NULL, NULL);
        uint32_t number = 0;
        assert_int_equal(der_read_number(&r, "it", DER_INTEGER, UINT32_MAX, &number).code, MITOME_OK);
        assert_int_equal(number, UINT32_MAX);
}

static mitome_status read_any(reader *r, slice *ret)
{
        struct der_tag tag;
        return der_read_any(r, "it", &tag, ret);
}

/* X.690, 8.1.2.2: "tags with a number ranging from zero to 30 (inclusive)" have one octet; 8.1.2.4.2: "bits 7
 * to 1 of the first subsequent octet shall not all be zero". */
static void tags_of_any_width_are_minimal(void **state)
{
        (void)state;
        static const struct verdict verdicts[] = {
                { "a100", MITOME_OK, 0 },
                { "be01aa", MITOME_OK, 1 },          /* [30] */
                { "bf1f01aa", MITOME_OK, 1 },        /* [31] */
                { "bf845800", MITOME_OK, 0 },        /* [600] */
                { "bf853e03020100", MITOME_OK, 3 },  /* [702] */
                { "bfffffff7f01aa", MITOME_OK, 1 },  /* [2^28 - 1] */
                { "bf8180808000 00", MITOME_E_DER }, /* [2^28] */
                { "bf8080808001 00", MITOME_E_DER }, /* padded */
                { "bf801f01aa", MITOME_E_DER },      /* padded */
                { "bf1e01aa", MITOME_E_DER },        /* [30] in the long form */
                { "bf0001aa", MITOME_E_DER },
                { "a180", MITOME_E_DER }, /* indefinite */
                { "bf84588101aa", MITOME_E_DER },
                { "bf8458", MITOME_E_INPUT_ENDS },
                { "bf84", MITOME_E_INPUT_ENDS },
                { "bf", MITOME_E_INPUT_ENDS },
                { "bf845802aa", MITOME_E_INPUT_ENDS },
                { "", MITOME_E_INPUT_ENDS },
        };
        check(verdicts, COUNT(verdicts), read_any);
}

static void a_tag_is_kind_and_number(void **state)
{
        (void)state;
        static const struct {
                const char *hex;
                uint8_t kind;
                uint32_t number;
        } tags[] = {
                { "0200", 0x00, 2 },
                { "3000", 0x20, 16 },
                { "8100", 0x80, 1 },
                { "a100", DER_EXPLICIT, 1 },
                { "bf845800", DER_EXPLICIT, 600 },
                { "bf853e00", DER_EXPLICIT, 702 },
                { "9f853e00", 0x80, 702 },
                { "ff853e00", 0xE0, 702 },
                { "bfffffff7f00", DER_EXPLICIT, (1U << 28) - 1 },
        };
        for (size_t i = 0; i < COUNT(tags); i++) {
                uint8_t buffer[16];
                struct der_tag tag;
                slice content;
                reader r = reader_over(hex_decode(tags[i].hex, buffer, sizeof buffer), NULL, NULL);
                assert_int_equal(der_read_any(&r, "it", &tag, &content).code, MITOME_OK);
                assert_int_equal(tag.kind, tags[i].kind);
                assert_int_equal(tag.number, tags[i].number);
                assert_int_equal(r.rest.size, 0);
        }
}

static void each_width_of_length_gives_content_and_whole(void **state)
{
        (void)state;
        static uint8_t bytes[65535 + 5];
        static const struct {
                size_t head, size;
                uint8_t start[4];
        } widths[] = {
                { 2, 0, { 0x30, 0 } },
                { 2, 127, { 0x30, 127 } },
                { 3, 128, { 0x30, 0x81, 128 } },
                { 3, 255, { 0x30, 0x81, 255 } },
                { 4, 256, { 0x30, 0x82, 1, 0 } },
                { 4, 65535, { 0x30, 0x82, 0xFF, 0xFF } },
        };
        for (size_t i = 0; i < COUNT(widths); i++) {
                slice content, whole;
                memcpy(bytes, widths[i].start, sizeof widths[i].start);
                reader r = reader_over(SLICE(bytes), NULL, NULL);
                assert_int_equal(der_read(&r, "it", DER_SEQUENCE, &content, &whole).code, MITOME_OK);
                assert_ptr_equal(content.data, bytes + widths[i].head);
                assert_int_equal(content.size, widths[i].size);
                assert_ptr_equal(whole.data, bytes);
                assert_int_equal(whole.size, widths[i].head + widths[i].size);
                assert_int_equal(r.offset, whole.size);
        }
}

static mitome_status read_nested(slice input, mitome_error *error)
{
        reader r = reader_over(input, "X.690", error);
        slice content, number;
        MITOME_TRY(der_read(&r, "outer", DER_SEQUENCE, &content, NULL));
        MITOME_TRY(read_end(&r, "outer"));
        reader inner = reader_within(&r, content);
        MITOME_TRY(der_read_positive(&inner, "first", &number));
        MITOME_TRY(der_read_positive(&inner, "second", &number));
        return read_end(&inner, "inner");
}

static void every_truncation_is_refused_and_offsets_are_outermost(void **state)
{
        (void)state;
        uint8_t buffer[32];
        slice input = hex_decode("3007 020101 02020080", buffer, sizeof buffer);
        assert_int_equal(read_nested(input, NULL).code, MITOME_OK);
        for (size_t size = 0; size < input.size; size++) {
                slice cut = exact_copy(slice_of(input.data, size));
                assert_int_equal(read_nested(cut, NULL).code, MITOME_E_INPUT_ENDS);
                exact_free(cut);
        }
        mitome_error error = { 0 };
        assert_int_equal(read_nested(hex_decode("3006 020101 020180", buffer, sizeof buffer), &error).code,
                MITOME_E_DER);
        assert_int_equal(error.at, 5);
        assert_string_equal(error.field, "second");
        assert_string_equal(error.clause, "X.690");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(takes_the_expected_tag_and_the_shortest_length),
                cmocka_unit_test(positive_integers_are_minimal),
                cmocka_unit_test(numbers_are_minimal_and_within_their_limit),
                cmocka_unit_test(tags_of_any_width_are_minimal),
                cmocka_unit_test(a_tag_is_kind_and_number),
                cmocka_unit_test(each_width_of_length_gives_content_and_whole),
                cmocka_unit_test(every_truncation_is_refused_and_offsets_are_outermost),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
