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
                cmocka_unit_test(each_width_of_length_gives_content_and_whole),
                cmocka_unit_test(every_truncation_is_refused_and_offsets_are_outermost),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
