/* SPDX-License-Identifier: Apache-2.0 */

/* The JPKI app before an element, or what stands in its place, that answers as it likes. */

#include "apdu.h"
#include "jpki_app.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { ANSWERS_MAX = 5000 };

/* What it answers to READ BINARY, again and again. */
struct liar {
        const uint8_t *bytes;
        size_t size;
        unsigned reads;
};

static mitome_status answer(void *context, slice request, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct liar *liar = context;
        writer w = writer_over(response, capacity);
        slice whole;
        if (request.data[1] == 0xB0) {
                assert_true(++liar->reads < ANSWERS_MAX); /* it would go on for ever */
                write_slice(&w, slice_of(liar->bytes, liar->size));
        }
        write_u16(&w, SW_OK);
        MITOME_TRY(writer_finish(&w, "answer", &whole, error));
        *ret_size = whole.size;
        return ok();
}

static mitome_code read_from(struct liar *liar, size_t capacity)
{
        static uint8_t buffer[JPKI_CERTIFICATE_MAX];
        const struct mitome_link link = { .context = liar, .transmit = answer };
        slice certificate;
        uint16_t sw;
        return jpki_app_read_certificate(
                &link, &jpki_user_verification, buffer, capacity, &certificate, &sw, NULL)
                .code;
}

static void attack_a_certificate_without_end(void **state)
{
        (void)state;
        static const uint8_t head[] = { 0x30, 0x82, 0xFF, 0xFF }, much[256] = { 0x30, 0x82, 0xFF, 0xFF };
        struct liar liars[] = { { head, sizeof head, 0 }, { much, sizeof much, 0 } };
        for (size_t i = 0; i < sizeof liars / sizeof *liars; i++) {
                assert_int_equal(read_from(&liars[i], JPKI_CERTIFICATE_MAX), MITOME_E_BUFFER_FULL);
                liars[i].reads = 0;
                assert_int_equal(read_from(&liars[i], 8), MITOME_E_BUFFER_FULL);
        }
}

static void a_certificate_that_is_none(void **state)
{
        (void)state;
        static const uint8_t form[] = { 0x30, 0x84, 0x00, 0x01 };
        struct liar nothing = { form, 0, 0 }, odd = { form, sizeof form, 0 };
        assert_int_equal(read_from(&nothing, JPKI_CERTIFICATE_MAX), MITOME_E_INPUT_ENDS);
        assert_int_equal(read_from(&odd, JPKI_CERTIFICATE_MAX), MITOME_E_DER);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(attack_a_certificate_without_end),
                cmocka_unit_test(a_certificate_that_is_none),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
