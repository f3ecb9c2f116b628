/* SPDX-License-Identifier: Apache-2.0 */

/* What the example's maker declares about its model is a metadata statement, true of the batch that it makes,
 * and claims no chip. */

#include "cbor.h"
#include "maker_statement.h"
#include "metadata_statement.h"
#include "random_system.h"
#include "trust.h"
#include "user_pin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 1800000000 };

struct model {
        struct maker_batch batch;
        uint8_t json[16384], space[AUTHORITY_DER_MAX];
        slice written;
        struct metadata_statement statement;
};

static slice root(const struct model *model)
{
        return slice_of(model->batch.ca.bytes, model->batch.ca.size);
}

static mitome_status write(const struct model *model, slice get_info, writer *w)
{
        return maker_write_statement(&maker_classes[0], root(model), get_info, w, NULL);
}

static int make_model(void **state)
{
        static struct model model;
        const struct mitome_random random = random_system();
        writer w = WRITER(model.json);
        assert_int_equal(maker_make_batch(&random, NOW, &model.batch, NULL).code, MITOME_OK);
        assert_int_equal(write(&model, (slice){ 0 }, &w).code, MITOME_OK);
        model.written = writer_view(&w);
        assert_int_equal(metadata_statement_read(
                                 model.written, model.space, sizeof model.space, &model.statement, NULL)
                                 .code,
                MITOME_OK);
        *state = &model;
        return 0;
}

static void the_statement_says_what_the_model_is(void **state)
{
        const struct model *model = *state;
        const struct metadata_statement *statement = &model->statement;
        assert_memory_equal(statement->aaguid, maker_classes[0].aaguid, MAKER_AAGUID_SIZE);
        assert_int_equal(statement->key_protection, METADATA_SOFTWARE);
        assert_int_equal(statement->matcher_protection, METADATA_SOFTWARE);
        /* finger or PIN: the PIN is the weaker of the two */
        assert_int_equal(statement->weakest_path, METADATA_PATH_PASSCODE);
        assert_true(statement->description.size > 0);
}

/* The batch certificate ends in the very root that the statement names. */
static void the_statement_names_the_root_of_the_batch(void **state)
{
        const struct model *model = *state;
        struct mitome_trust *trust;
        const slice leaf = slice_of(model->batch.certificate.bytes, model->batch.certificate.size);
        bool anchored = false;
        assert_int_equal(model->statement.root_count, 1);
        assert_int_equal(mitome_trust_new(&trust, NULL).code, MITOME_OK);
        assert_int_equal(mitome_trust_add_anchor(trust, model->statement.roots[0], NULL).code, MITOME_OK);
        assert_int_equal(trust_verify_attestation(trust, &leaf, 1, NOW, &anchored, NULL).code, MITOME_OK);
        assert_true(anchored);
        mitome_trust_free(trust);
}

static void a_statement_that_does_not_fit_is_not_written(void **state)
{
        const struct model *model = *state;
        uint8_t small[sizeof model->json];
        writer w = writer_over(small, model->written.size - 1);
        mitome_error error = { 0 };
        assert_int_equal(maker_write_statement(&maker_classes[0], root(model), (slice){ 0 }, &w, &error).code,
                MITOME_E_BUFFER_FULL);
        w = writer_over(small, model->written.size);
        assert_int_equal(write(model, (slice){ 0 }, &w).code, MITOME_OK);
        assert_true(slice_equal(writer_view(&w), model->written));
}

/* A model for each assurance class, told apart by the AAGUID; what is not built claims no root. */
static void each_class_has_a_model_of_its_own(void **state)
{
        static const unsigned keys[MAKER_CLASSES] = { METADATA_SOFTWARE, METADATA_SECURE_ELEMENT,
                METADATA_SECURE_ELEMENT, METADATA_SECURE_ELEMENT };
        static const unsigned matchers[MAKER_CLASSES] = { METADATA_SOFTWARE, METADATA_SOFTWARE, METADATA_TEE,
                METADATA_TEE };
        static const uint8_t stranger[MAKER_AAGUID_SIZE] = { 1 };
        (void)state;
        for (size_t i = 0; i < MAKER_CLASSES; i++) {
                uint8_t json[8192], space[64];
                struct metadata_statement statement;
                writer w = WRITER(json);
                assert_int_equal(
                        maker_write_statement(&maker_classes[i], (slice){ 0 }, (slice){ 0 }, &w, NULL).code,
                        MITOME_OK);
                assert_int_equal(
                        metadata_statement_read(writer_view(&w), space, sizeof space, &statement, NULL).code,
                        MITOME_OK);
                assert_int_equal(statement.key_protection, keys[i]);
                assert_int_equal(statement.matcher_protection, matchers[i]);
                assert_int_equal(statement.root_count, 0);
                /* a statement is of every element of the model: the one without certificates, too */
                assert_true(statement.methods.code_tries.said && statement.methods.length_least.said);
                assert_int_equal(statement.methods.code_tries.value, USER_PIN_TRIES);
                assert_true(USER_PIN_TRIES > USER_PIN_TRIES_PERSONALISED);
                assert_int_equal(statement.methods.length_least.value, USER_PIN_MIN);
                assert_int_equal(maker_classes[i].built, i == 0);
                assert_ptr_equal(maker_class_find(statement.aaguid), &maker_classes[i]);
        }
        assert_null(maker_class_find(stranger));
}

/* {1: ["FIDO_2_1"], 3: aaguid, 4: {"rk": true, "uv": false}, 10: [{"alg": -7, "type": "public-key"}], 20: 7}
 */
static slice write_info(uint8_t buffer[128], const uint8_t aaguid[MAKER_AAGUID_SIZE])
{
        writer w = writer_over(buffer, 128);
        cbor_write_map(&w, 5);
        cbor_write_uint(&w, 1);
        cbor_write_array(&w, 1);
        cbor_write_string(&w, "FIDO_2_1");
        cbor_write_uint(&w, 3);
        cbor_write_bytes(&w, slice_of(aaguid, MAKER_AAGUID_SIZE));
        cbor_write_uint(&w, 4);
        cbor_write_map(&w, 2);
        cbor_write_string(&w, "rk");
        cbor_write_bool(&w, true);
        cbor_write_string(&w, "uv");
        cbor_write_bool(&w, false);
        cbor_write_uint(&w, 10);
        cbor_write_array(&w, 1);
        cbor_write_map(&w, 2);
        cbor_write_string(&w, "alg");
        cbor_write_int(&w, -7);
        cbor_write_string(&w, "type");
        cbor_write_string(&w, "public-key");
        cbor_write_uint(&w, 20);
        cbor_write_uint(&w, 7);
        return writer_view(&w);
}

static bool contains(slice text, const char *part)
{
        for (reader r = reader_over(text, NULL, NULL); r.rest.size;) {
                uint8_t passed;
                if (slice_begins_with(r.rest, slice_text(part)))
                        return true;
                if (failed(read_u8(&r, "text", &passed)))
                        break;
        }
        return false;
}

/* Metadata Statements 3.1, authenticatorGetInfo: the members by name; what is one device's is not the
 * model's. */
static void the_statement_has_what_the_device_answers(void **state)
{
        const struct model *model = *state;
        uint8_t json[16384], info[128], space[AUTHORITY_DER_MAX];
        struct metadata_statement statement;
        writer w = WRITER(json);
        assert_int_equal(write(model, write_info(info, maker_classes[0].aaguid), &w).code, MITOME_OK);
        assert_true(contains(writer_view(&w),
                "\"authenticatorGetInfo\":{\"versions\":[\"FIDO_2_1\"],\"aaguid\":\"6d69746f6d6540018000736f66740001\","
                "\"options\":{\"rk\":true,\"uv\":false},\"algorithms\":[{\"alg\":-7,\"type\":\"public-key\"}]}}"));
        assert_int_equal(metadata_statement_read(writer_view(&w), space, sizeof space, &statement, NULL).code,
                MITOME_OK);
}

static void another_models_answer_is_not_taken(void **state)
{
        const struct model *model = *state;
        uint8_t json[16384], info[128];
        writer w = WRITER(json);
        assert_int_equal(write(model, write_info(info, maker_classes[1].aaguid), &w).code, MITOME_E_VALUE);
        slice cut = write_info(info, maker_classes[0].aaguid);
        for (size_t size = 1; size < cut.size; size++) {
                w = WRITER(json);
                assert_int_not_equal(write(model, slice_of(cut.data, size), &w).code, MITOME_OK);
        }
}

static void an_answer_that_names_no_model_is_not_taken(void **state)
{
        static const uint8_t nothing[] = { 0xA0 },
                             versions[] = { 0xA1, 1, 0x81, 0x68, 'F', 'I', 'D', 'O', '_', '2', '_', '1' };
        const slice answers[] = { SLICE(nothing), SLICE(versions) };
        for (size_t i = 0; i < 2; i++) {
                uint8_t json[16384];
                writer w = WRITER(json);
                assert_int_equal(write(*state, answers[i], &w).code, MITOME_E_MISSING);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_statement_says_what_the_model_is),
                cmocka_unit_test(the_statement_names_the_root_of_the_batch),
                cmocka_unit_test(a_statement_that_does_not_fit_is_not_written),
                cmocka_unit_test(each_class_has_a_model_of_its_own),
                cmocka_unit_test(the_statement_has_what_the_device_answers),
                cmocka_unit_test(another_models_answer_is_not_taken),
                cmocka_unit_test(an_answer_that_names_no_model_is_not_taken),
        };
        return cmocka_run_group_tests(tests, make_model, NULL);
}
