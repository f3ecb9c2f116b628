/* SPDX-License-Identifier: Apache-2.0 */

/* What the JPKI app makes of a passkey before it has the certificate's key sign, and what it makes nothing
 * of. The element that signs, and who believes it: tests/interop/test_binding.c. */
#include "authdata.h"
#include "bind_passkey.h"
#include "ceremony_rig.h"
#include "jpki_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct rig rig;
static struct rig_response response;
static uint8_t buffer[BINDING_MESSAGE_MAX];

static mitome_status compose(const char *rp_id, const struct rig_plan *plan, slice *ret, mitome_error *error)
{
        rig_build(&rig, plan, &response);
        const struct passkey_made made = { .rp_id = rp_id,
                .auth_data = slice_of(response.auth_data, response.auth_data_size),
                .client_data = slice_of(response.client_data, response.client_data_size) };
        *error = (mitome_error){ 0 };
        return binding_compose(&made, buffer, ret, error);
}

static mitome_code code_of(const char *rp_id, const struct rig_plan *plan)
{
        slice message = slice_text("left alone");
        mitome_error error;
        mitome_status status = compose(rp_id, plan, &message, &error);
        if (status.code != MITOME_OK) {
                assert_true(slice_is(message, "left alone"));
                assert_int_equal(error.code, status.code);
        }
        return status.code;
}

static void the_message_is_prefix_use_and_what_was_made(void **state)
{
        (void)state;
        const struct rig_plan plan = rig_registration_plan();
        uint8_t hash[SHA256_SIZE];
        slice message, part;
        mitome_error error;
        uint8_t use;
        assert_int_equal(compose("example.org", &plan, &message, &error).code, MITOME_OK);
        reader r = reader_over(message, NULL, NULL);
        assert_int_equal(read_bytes(&r, NULL, 32, &part).code, MITOME_OK);
        assert_true(slice_is(part, JPKI_MESSAGE_PREFIX));
        assert_int_equal(read_u8(&r, NULL, &use).code, MITOME_OK);
        assert_int_equal(use, JPKI_USE_BINDING);
        assert_int_equal(read_bytes(&r, NULL, response.auth_data_size, &part).code, MITOME_OK);
        assert_true(slice_equal(part, slice_of(response.auth_data, response.auth_data_size)));
        const slice client_data = slice_of(response.client_data, response.client_data_size);
        sha256(&client_data, 1, hash);
        assert_true(slice_equal(read_rest(&r), SLICE(hash)));
}

static void a_page_is_of_an_rp_id_or_under_it(void **state)
{
        (void)state;
        static const struct {
                const char *origin;
                mitome_code code;
        } pages[] = {
                { "https://example.org", MITOME_OK },
                { "https://login.example.org", MITOME_OK },
                { "https://a.b.example.org:8443", MITOME_OK },
                { "http://example.org", MITOME_E_ORIGIN_UNEXPECTED },
                { "https://example.com", MITOME_E_ORIGIN_UNEXPECTED },
                { "https://org", MITOME_E_ORIGIN_UNEXPECTED },
                { "https://anexample.org", MITOME_E_ORIGIN_UNEXPECTED },
                { "https://example.org.evil.example", MITOME_E_ORIGIN_UNEXPECTED },
                { "https://evil.example/example.org", MITOME_E_ORIGIN_UNEXPECTED },
                { "https://evil.example?.example.org", MITOME_E_ORIGIN_UNEXPECTED },
                { "https://evil.example#.example.org", MITOME_E_ORIGIN_UNEXPECTED },
                { "https://evil.example:1.example.org", MITOME_E_ORIGIN_UNEXPECTED },
                { "https://user@example.org", MITOME_E_ORIGIN_UNEXPECTED },
                { "https://.example.org", MITOME_E_ORIGIN_UNEXPECTED },
                { "https://example.org.", MITOME_E_ORIGIN_UNEXPECTED },
                { "https://example.org/", MITOME_E_ORIGIN_UNEXPECTED },
                { "https://example.org:", MITOME_E_ORIGIN_UNEXPECTED },
                { "https://example.org:80a", MITOME_E_ORIGIN_UNEXPECTED },
                { "https://example.org:123456", MITOME_E_ORIGIN_UNEXPECTED },
                { "https://example.org:65535", MITOME_OK },
                { "https://example.org:65536", MITOME_E_ORIGIN_UNEXPECTED },
                { "https://example.org:0", MITOME_E_ORIGIN_UNEXPECTED },
                { "https://example.org:0443", MITOME_E_ORIGIN_UNEXPECTED },
                { "https://EXAMPLE.org", MITOME_E_ORIGIN_UNEXPECTED },
                { "https://", MITOME_E_ORIGIN_UNEXPECTED },
                { "", MITOME_E_ORIGIN_UNEXPECTED },
        };
        for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
                struct rig_plan plan = rig_registration_plan();
                plan.origin = pages[i].origin;
                const mitome_code code = code_of("example.org", &plan);
                if (code != pages[i].code)
                        print_message("%s: %d\n", pages[i].origin, (int)code);
                assert_int_equal(code, pages[i].code);
        }
}

static void attack_a_page_that_names_another_site(void **state)
{
        (void)state;
        struct rig_plan plan = rig_registration_plan();
        plan.origin =
                "https://bank.example"; /* its page, the RP ID that is shown, and the passkey of another */
        assert_int_equal(code_of("bank.example", &plan), MITOME_E_RP_ID_HASH);
        plan = rig_registration_plan();
        plan.rp_id = "bank.example";
        assert_int_equal(code_of("example.org", &plan), MITOME_E_RP_ID_HASH);
        static const char *const forms[] = { "", "Example.org", "example.org.", "https://example.org",
                "example org", "10.0.0.1" };
        plan = rig_registration_plan();
        for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
                assert_int_equal(code_of(forms[i], &plan), MITOME_E_RP_ID_FORM);
}

static void attack_a_page_in_the_frame_of_another(void **state)
{
        (void)state;
        struct rig_plan plan = rig_registration_plan();
        plan.client_members = ",\"crossOrigin\":false";
        assert_int_equal(code_of("example.org", &plan), MITOME_OK);
        plan.client_members = ",\"crossOrigin\":true";
        assert_int_equal(code_of("example.org", &plan), MITOME_E_CROSS_ORIGIN);
        plan.client_members = ",\"topOrigin\":\"https://evil.example\"";
        assert_int_equal(code_of("example.org", &plan), MITOME_E_CROSS_ORIGIN);
}

/* A login binds nothing, whichever half of it is shown as a registration's. */
static void attack_a_login_in_place_of_a_registration(void **state)
{
        (void)state;
        struct rig_plan plan = rig_authentication_plan();
        assert_int_equal(code_of("example.org", &plan), MITOME_E_CLIENT_DATA_TYPE);
        plan.type = "webauthn.create";
        assert_int_equal(code_of("example.org", &plan), MITOME_E_NO_CREDENTIAL_DATA);
        plan = rig_registration_plan();
        plan.type = "webauthn.get";
        assert_int_equal(code_of("example.org", &plan), MITOME_E_CLIENT_DATA_TYPE);
        plan.type = "payment.get";
        assert_int_equal(code_of("example.org", &plan), MITOME_E_CLIENT_DATA_TYPE);
}

static void what_cannot_be_read_is_not_signed(void **state)
{
        (void)state;
        struct rig_plan plan = rig_registration_plan();
        plan.trailing_auth_data = true;
        assert_int_equal(code_of("example.org", &plan), MITOME_E_TRAILING_BYTES);
        plan = rig_registration_plan();
        plan.after_client_data = "x";
        assert_int_not_equal(code_of("example.org", &plan), MITOME_OK);
        plan.after_client_data = NULL;
        plan.client_json = "{\"type\":\"webauthn.create\",\"type\":\"webauthn.get\"}";
        assert_int_not_equal(code_of("example.org", &plan), MITOME_OK);
        plan = rig_registration_plan();
        rig_build(&rig, &plan, &response);
        for (size_t size = 0; size < response.auth_data_size; size++) {
                const struct passkey_made cut = { .rp_id = "example.org",
                        .auth_data = slice_of(response.auth_data, size),
                        .client_data = slice_of(response.client_data, response.client_data_size) };
                slice message;
                assert_int_not_equal(binding_compose(&cut, buffer, &message, NULL).code, MITOME_OK);
        }
        /* Longer than an element takes in one command. */
        static uint8_t padding[BINDING_MESSAGE_MAX];
        static uint8_t extensions[BINDING_MESSAGE_MAX + 16];
        writer w = WRITER(extensions);
        write_slice(&w, slice_of("\xA1\x61x\x59\x08\x00", 6)); /* {"x": 2048 bytes} */
        write_slice(&w, SLICE(padding));
        plan.extensions = writer_view(&w);
        plan.flags |= AUTHDATA_ED;
        assert_int_equal(code_of("example.org", &plan), MITOME_E_BUFFER_FULL);
}

static int open_rig(void **state)
{
        (void)state;
        rig_open(&rig);
        return 0;
}

static int close_rig(void **state)
{
        (void)state;
        rig_close(&rig);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_message_is_prefix_use_and_what_was_made),
                cmocka_unit_test(a_page_is_of_an_rp_id_or_under_it),
                cmocka_unit_test(attack_a_page_that_names_another_site),
                cmocka_unit_test(attack_a_page_in_the_frame_of_another),
                cmocka_unit_test(attack_a_login_in_place_of_a_registration),
                cmocka_unit_test(what_cannot_be_read_is_not_signed),
        };
        return cmocka_run_group_tests(tests, open_rig, close_rig);
}
