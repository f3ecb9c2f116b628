/* SPDX-License-Identifier: Apache-2.0 */

/* How the phone's app carries statements and receipts: from a real element, behind a real enforcer. */

#include "element_rig.h"
#include "evidence_app.h"
#include "sei_tsm.h"
#include "sp_tsm.h"
#include "verify_evidence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct element_rig rig;
static struct mitome_enforcer *enforcer;
static struct evidence_answer answer;
static const slice nothing;
static const uint8_t nonce[32] = { 0x4E };

static mitome_status transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        (void)context;
        assert_true(capacity >= MITOME_APDU_MAX);
        return mitome_element_transmit(rig.element, command, response, ret_size, error);
}

static const struct mitome_link element = { .transmit = transmit };

/* A fixed sequence does for challenges of the host's here. */
static int fill(void *context, uint8_t *bytes, size_t size)
{
        (void)context;
        memset(bytes, 0x5C, size);
        return 0;
}

static const struct mitome_random random_bytes = { .fill = fill };

static struct tsm_channel open_channel(enum tsm_applet applet)
{
        struct tsm_channel channel;
        const struct scp03_keys keys = element_rig_host_keys(&element_rig_keys);
        assert_int_equal(tsm_open(&channel, &element, &keys, applet, &random_bytes, NULL).code, MITOME_OK);
        return channel;
}

static int set_up(void **state)
{
        (void)state;
        const struct mitome_app app = { .sha256 = { 0x01 } };
        element_rig_open(&rig);
        element_rig_make_device(&rig);
        struct tsm_channel channel = open_channel(TSM_ARA);
        assert_int_equal(tsm_allow_app(&channel, TSM_FIDO, SLICE(app.sha256), NULL).code, MITOME_OK);
        tsm_close(&channel);
        mitome_element_reset(rig.element);
        return mitome_enforcer_new(&element, &app, &enforcer, NULL).code == MITOME_OK ? 0 : -1;
}

static int tear_down(void **state)
{
        (void)state;
        mitome_enforcer_free(enforcer);
        element_rig_close(&rig);
        return 0;
}

static void select_fido(void)
{
        assert_int_equal(mitome_enforcer_select(enforcer, tsm_aid(TSM_FIDO), NULL).code, MITOME_OK);
}

static uint16_t fetch(enum evidence_kind kind, slice with)
{
        uint16_t sw = 0;
        mitome_status status = evidence_fetch(enforcer, kind, with, &answer, &sw, NULL);
        assert_int_equal(status.code, sw == SW_OK ? MITOME_OK : MITOME_E_APDU_STATUS);
        return sw;
}

static void a_statement_answers_its_nonce(void **state)
{
        (void)state;
        struct evidence read;
        select_fido();
        assert_int_equal(fetch(EVIDENCE_STATEMENT, SLICE(nonce)), SW_OK);
        assert_int_equal(evidence_read(answer.evidence, &read, NULL).code, MITOME_OK);
        assert_int_equal(read.kind, EVIDENCE_STATEMENT);
        assert_true(slice_equal(read.nonce, SLICE(nonce)));
        assert_int_equal(fetch(EVIDENCE_STATEMENT, nothing), SW_WRONG_DATA);
        assert_int_equal(fetch(EVIDENCE_STATEMENT, slice_of(nonce, 15)), SW_WRONG_DATA);
        static const uint8_t endless[300] = { 0 };
        uint16_t sw;
        assert_int_equal(
                evidence_fetch(enforcer, EVIDENCE_STATEMENT, SLICE(endless), &answer, &sw, NULL).code,
                MITOME_E_BUFFER_FULL);
}

static void a_receipt_is_there_until_it_is_acknowledged(void **state)
{
        (void)state;
        struct evidence read;
        struct tsm_public_key key;
        uint8_t first[32];
        uint16_t sw;
        select_fido();
        assert_int_equal(fetch(EVIDENCE_RECEIPT, nothing), SW_NO_REFERENCE); /* nothing was erased */
        struct tsm_channel channel = open_channel(TSM_JPKI);
        assert_int_equal(tsm_generate_key(&channel, AUTHORITY_SIGNING, &key, NULL).code, MITOME_OK);
        assert_int_equal(tsm_erase(&channel, NULL).code, MITOME_OK);
        tsm_close(&channel);

        assert_int_equal(fetch(EVIDENCE_RECEIPT, nothing), SW_OK);
        assert_int_equal(evidence_read(answer.evidence, &read, NULL).code, MITOME_OK);
        assert_int_equal(read.kind, EVIDENCE_RECEIPT);
        memcpy(first, answer.digest.data, sizeof first);
        assert_int_equal(fetch(EVIDENCE_RECEIPT, SLICE(nonce)), SW_OK); /* it is still there */

        struct evidence_answer wrong = { .number = answer.number, .digest = SLICE(first) };
        first[0] ^= 1;
        assert_int_equal(evidence_acknowledge(enforcer, &wrong, &sw, NULL).code, MITOME_E_APDU_STATUS);
        assert_int_equal(sw, SW_WRONG_DATA);
        assert_int_equal(evidence_acknowledge(enforcer, &answer, &sw, NULL).code, MITOME_OK);
        assert_int_equal(fetch(EVIDENCE_RECEIPT, nothing), SW_NO_REFERENCE);
        assert_int_equal(evidence_acknowledge(enforcer, &answer, &sw, NULL).code, MITOME_E_APDU_STATUS);
        assert_int_equal(sw, SW_NO_REFERENCE);
}

/* "never given contactless", and to no app that the rules do not let in. */
static void there_is_none_contactless_nor_unselected(void **state)
{
        (void)state;
        uint16_t sw = 0;
        assert_int_equal(evidence_fetch(enforcer, EVIDENCE_STATEMENT, SLICE(nonce), &answer, &sw, NULL).code,
                MITOME_E_ACCESS_DENIED);
        assert_int_equal(
                mitome_enforcer_select(enforcer, tsm_aid(TSM_JPKI), NULL).code, MITOME_E_ACCESS_DENIED);
        mitome_element_set_contactless(rig.element, 1);
        select_fido();
        assert_int_equal(fetch(EVIDENCE_STATEMENT, SLICE(nonce)), SW_CONDITIONS);
        assert_int_equal(fetch(EVIDENCE_RECEIPT, nothing), SW_CONDITIONS);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_statement_answers_its_nonce, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        a_receipt_is_there_until_it_is_acknowledged, set_up, tear_down),
                cmocka_unit_test_setup_teardown(there_is_none_contactless_nor_unselected, set_up, tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
