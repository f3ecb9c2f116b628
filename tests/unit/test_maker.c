/* SPDX-License-Identifier: Apache-2.0 */

/* What the example's maker declares about its model is a metadata statement, true of the batch that it makes,
 * and claims no chip. */

#include "maker.h"
#include "metadata_statement.h"
#include "random_system.h"
#include "trust.h"

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

static int make_model(void **state)
{
        static struct model model;
        const struct mitome_random random = random_system();
        writer w = WRITER(model.json);
        assert_int_equal(maker_make_batch(&random, NOW, &model.batch, NULL).code, MITOME_OK);
        assert_int_equal(maker_write_statement(&model.batch, &w, NULL).code, MITOME_OK);
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
        assert_memory_equal(statement->aaguid, maker_aaguid, MAKER_AAGUID_SIZE);
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
        assert_int_equal(maker_write_statement(&model->batch, &w, &error).code, MITOME_E_BUFFER_FULL);
        w = writer_over(small, model->written.size);
        assert_int_equal(maker_write_statement(&model->batch, &w, NULL).code, MITOME_OK);
        assert_true(slice_equal(writer_view(&w), model->written));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_statement_says_what_the_model_is),
                cmocka_unit_test(the_statement_names_the_root_of_the_batch),
                cmocka_unit_test(a_statement_that_does_not_fit_is_not_written),
        };
        return cmocka_run_group_tests(tests, make_model, NULL);
}
