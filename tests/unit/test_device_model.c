/* SPDX-License-Identifier: Apache-2.0 */

/* No certificate for a phone of a model that is not on the device list: by the phone's own word before a
 * session begins, and by its maker's when the application is handed in. */

#include "device_model.h"
#include "tsm_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

enum { HANAKO, SIGNING = 1U << SP_SIGNING, BOTH = 1U << SP_SIGNING | 1U << SP_USER_VERIFICATION };

static struct tsm_rig rig;

static int open_rig(void **state)
{
        (void)state;
        rig.model = NULL;
        tsm_rig_open(&rig);
        return 0;
}

static int close_rig(void **state)
{
        (void)state;
        tsm_rig_close(&rig);
        return 0;
}

static void put(const char *model, bool supported)
{
        const struct device_model entry = { model, "Mitome example maker", "A model", true, 1,
                supported ? 0 : 2 };
        assert_int_equal(device_list_put(party_store(rig.parties[TSM_RIG_SP]), &entry, NULL).code, MITOME_OK);
}

static int64_t count(const char *sql)
{
        return tsm_rig_number(&rig, TSM_RIG_SP, sql);
}

/* ---- the phone's word ---- */

static void an_unlisted_model_is_refused_before_a_session_begins(void **state)
{
        (void)state;
        static const char *const models[] = { "NE-1", "MT-0", "XX-9", "MT-1 ", "'--" };
        static const char *const purposes[] = { "issue", "renew" };
        struct tsm_rig_session session;
        for (size_t i = 0; i < sizeof models / sizeof models[0]; i++)
                for (size_t j = 0; j < sizeof purposes / sizeof purposes[0]; j++) {
                        rig.model = models[i];
                        assert_int_equal(
                                tsm_rig_begin(&rig, 0, purposes[j], BOTH, &session), MITOME_E_DEVICE_MODEL);
                }
        assert_int_equal(count("SELECT count(*) FROM session"), 0);
        assert_int_equal(count("SELECT count(*) FROM journal"), 0); /* strangers fill none by it */
        rig.model = "MT-2";
        assert_int_equal(tsm_rig_begin(&rig, 0, "issue", BOTH, &session), MITOME_OK);
}

/* Its owner still gets rid of what is in it. */
static void a_phone_that_is_no_longer_supported_is_revoked_and_erased(void **state)
{
        (void)state;
        struct tsm_rig_session session;
        uint8_t order[SP_ID_SIZE];
        tsm_rig_issue(&rig, 0, HANAKO, order);
        put(MAKER_MODEL, false);
        assert_int_equal(tsm_rig_begin(&rig, 0, "renew", SIGNING, &session), MITOME_E_DEVICE_MODEL);
        assert_int_equal(tsm_rig_begin(&rig, 0, "reset-password", SIGNING, &session), MITOME_OK);
        rig.now++;
        assert_int_equal(tsm_rig_order(&rig, 0, HANAKO, "revoke", BOTH, &session, order), MITOME_OK);
        assert_int_equal(tsm_rig_relay(&rig, 0), MITOME_OK);
        assert_int_equal(tsm_rig_state(&rig, order).state, SP_ORDER_DONE);
        assert_int_equal(tsm_rig_there(&rig, 0), 0);
}

/* ---- the maker's word ---- */

/* The phone's certificate says MT-1, which is not on the list any more; its app says another model. */
static void attack_a_phone_that_passes_itself_off_as_a_listed_model(void **state)
{
        (void)state;
        static uint8_t cms[TSM_RIG_DER_MAX * 2], statement[4096];
        struct tsm_rig_session session;
        uint8_t order[SP_ID_SIZE];
        rig.model = "MT-2";
        put("MT-2", true);
        assert_int_equal(tsm_rig_begin(&rig, 0, "issue", BOTH, &session), MITOME_OK);
        const slice signed_by_card = tsm_rig_sign(&rig, HANAKO, &session, cms);
        const slice stated = tsm_rig_statement(&rig, &session, signed_by_card, statement);
        put(MAKER_MODEL, false);
        assert_int_equal(tsm_rig_apply(&rig, &session, signed_by_card, stated, order), MITOME_E_DEVICE_MODEL);
        assert_int_equal(count("SELECT count(*) FROM order_"), 0);
        put(MAKER_MODEL, true);
        assert_int_equal(tsm_rig_apply(&rig, &session, signed_by_card, stated, order), MITOME_OK);
}

/* ---- what a certificate says ---- */

static void make_point(uint8_t point[MAKER_POINT_SIZE])
{
        size_t size = 0;
        EVP_PKEY *key = EVP_EC_gen("P-256");
        assert_non_null(key);
        assert_int_equal(EVP_PKEY_get_octet_string_param(key, "pub", point, MAKER_POINT_SIZE, &size), 1);
        EVP_PKEY_free(key);
}

static void a_certificate_says_its_phones_model(void **state)
{
        (void)state;
        static const char *const models[] = { "M", "MT-1", "abcdefghijABCDEFGHIJ0123456789-x" };
        uint8_t point[MAKER_POINT_SIZE];
        struct authority_der der;
        char model[DEVICE_MODEL_MAX + 1];
        make_point(point);
        for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
                assert_int_equal(maker_device_ca_certify(&rig.maker, slice_text(models[i]), &rig.random,
                                         rig.now, point, &der, NULL)
                                         .code,
                        MITOME_OK);
                device_model_read(slice_of(der.bytes, der.size), model);
                assert_string_equal(model, models[i]);
        }
        static const char *const odd[] = { "", "MT 1", "MT\n1", "モデル",
                "abcdefghijABCDEFGHIJ0123456789-xy" };
        for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
                assert_int_equal(maker_device_ca_certify(&rig.maker, slice_text(odd[i]), &rig.random, rig.now,
                                         point, &der, NULL)
                                         .code,
                        MITOME_E_VALUE);
}

static void read_leaf(const char *extensions, char model[DEVICE_MODEL_MAX + 1])
{
        char text[512];
        uint8_t point[MAKER_POINT_SIZE];
        struct authority_der der;
        snprintf(text, sizeof text, "[certificate]\nbasicConstraints = critical, CA:FALSE\n%s", extensions);
        const struct maker_leaf leaf = { "Authenticator Attestation", "A device", text };
        make_point(point);
        assert_int_equal(
                maker_ca_certify(&rig.maker, &leaf, &rig.random, rig.now, point, &der, NULL).code, MITOME_OK);
        device_model_read(slice_of(der.bytes, der.size), model);
}

static void a_certificate_that_says_it_in_another_way_says_nothing(void **state)
{
        (void)state;
        static const char *const odd[] = { "",              /* nothing */
                DEVICE_MODEL_OID " = DER:13044d542d31\n",   /* a PrintableString */
                DEVICE_MODEL_OID " = DER:0c044d542d3100\n", /* and more behind it */
                DEVICE_MODEL_OID " = DER:0c03004d54\n",     /* a zero in it */
                DEVICE_MODEL_OID " = DER:0c00\n",
                DEVICE_MODEL_OID " = DER:0c044d542d31\n2.5.29.99.1 = DER:0500\n" };
        char model[DEVICE_MODEL_MAX + 1];
        const size_t last = sizeof odd / sizeof odd[0] - 1;
        for (size_t i = 0; i < last; i++) {
                read_leaf(odd[i], model);
                assert_string_equal(model, "");
        }
        read_leaf(odd[last], model); /* another extension beside it does not matter */
        assert_string_equal(model, "MT-1");
        device_model_read((slice){ 0 }, model);
        assert_string_equal(model, "");
        device_model_read(slice_text("no certificate"), model);
        assert_string_equal(model, "");
}

int main(void)
{
#define WITH_RIG(test) cmocka_unit_test_setup_teardown(test, open_rig, close_rig)
        const struct CMUnitTest tests[] = {
                WITH_RIG(an_unlisted_model_is_refused_before_a_session_begins),
                WITH_RIG(a_phone_that_is_no_longer_supported_is_revoked_and_erased),
                WITH_RIG(attack_a_phone_that_passes_itself_off_as_a_listed_model),
                WITH_RIG(a_certificate_says_its_phones_model),
                WITH_RIG(a_certificate_that_says_it_in_another_way_says_nothing),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
