/* SPDX-License-Identifier: Apache-2.0 */
/* libfido2 as the client of a reader: its CTAP messages go as command APDUs (CTAP 2.1, 11.3) to the shipped
 * authenticator and the real element, once in short parts and once in extended ones; and CTAPHID beside it.
 */
#include "element_rig.h"

#include <fido.h>
#include <fido/credman.h>
#include <fido/es256.h>
#include <mitome/authenticator.h>
#include <mitome/element.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char pin[] = ELEMENT_RIG_PIN;
static const char rp_id[] = "login.example.go.jp";
static const uint8_t user_id[] = { 'u', 's', 'e', 'r', '-', '1' };
static const uint8_t app_hash[32] = { 0x5A };

enum { CMD_MSG = 0x03, CMD_INIT = 0x06, CMD_CBOR = 0x10, CAPABILITY_CBOR = 0x04, INIT_SIZE = 17 };

struct table {
        struct element_rig element;
        struct mitome_authenticator *authenticator;
        fido_dev_t *device;
        uint64_t now;
        bool extended;   /* how the reader codes lengths */
        bool keepalives; /* it understands 9100 */
        unsigned delays; /* so often the user does nothing before he touches */
        unsigned delayed, told, apdus;
        uint8_t nonce[8];
        uint8_t answer[MITOME_MESSAGE_MAX + 2];
        size_t answer_size;
        uint16_t sw;
};

static struct table *opened;

/* ---- the reader ---- */

/* One command and its response, which is added to the answer. */
static void exchange(struct table *table, const uint8_t *apdu, size_t size)
{
        uint8_t response[MITOME_MESSAGE_MAX];
        size_t got = 0;
        bool there = false;
        table->apdus++;
        for (int i = 0; i < 1000 && !there; i++) {
                table->now += 100;
                there = mitome_authenticator_exchange(table->authenticator,
                        i ? (mitome_slice){ 0 } : slice_of(apdu, size), true, 100, table->now, response,
                        table->extended ? sizeof response : 258, &got);
        }
        assert_true(there && got >= 2);
        assert_true(table->answer_size + got - 2 <= sizeof table->answer);
        memcpy(table->answer + table->answer_size, response, got - 2);
        table->answer_size += got - 2;
        table->sw = (uint16_t)(response[got - 2] << 8 | response[got - 1]);
}

static void fetch_rest(struct table *table)
{
        while (table->sw >> 8 == 0x61)
                exchange(table, (const uint8_t[]){ 0, 0xC0, 0, 0, (uint8_t)table->sw }, 5);
}

/* [11.3.6] */
static void send_in_parts(struct table *table, const uint8_t *message, size_t size, uint8_t p1)
{
        enum { PART = 250 };
        uint8_t apdu[5 + PART + 1] = { 0x90, 0x10, p1, 0, PART };
        for (; size > PART; message += PART, size -= PART) {
                memcpy(apdu + 5, message, PART);
                exchange(table, apdu, 5 + PART);
                assert_int_equal(table->sw, 0x9000);
        }
        apdu[0] = 0x80;
        apdu[4] = (uint8_t)size;
        memcpy(apdu + 5, message, size);
        apdu[5 + size] = 0;
        exchange(table, apdu, 5 + size + 1);
}

static void send_extended(struct table *table, const uint8_t *message, size_t size, uint8_t p1)
{
        uint8_t *apdu = malloc(size + 9);
        const uint8_t head[] = { 0x80, 0x10, p1, 0, 0, (uint8_t)(size >> 8), (uint8_t)size };
        memcpy(apdu, head, sizeof head);
        memcpy(apdu + sizeof head, message, size);
        memset(apdu + sizeof head + size, 0, 2);
        exchange(table, apdu, sizeof head + size + 2);
        free(apdu);
}

static void send_message(struct table *table, const uint8_t *message, size_t size)
{
        uint8_t p1 = table->keepalives ? 0x80 : 0;
        table->answer_size = 0;
        (table->extended ? send_extended : send_in_parts)(table, message, size, p1);
        while (table->sw == 0x9100) { /* [11.3.7.2] */
                assert_in_range(table->answer[table->answer_size - 1], 1, 2);
                table->told++;
                table->answer_size = 0;
                exchange(table, (const uint8_t[]){ 0x80, 0x11, 0, 0, 0 }, 5);
        }
        fetch_rest(table);
        assert_int_equal(table->sw, 0x9000);
}

static void select_fido(struct table *table)
{
        static const uint8_t apdu[] = { 0, 0xA4, 4, 0, 8, 0xA0, 0, 0, 6, 0x47, 0x2F, 0, 1, 0 };
        table->answer_size = 0;
        exchange(table, apdu, sizeof apdu);
        assert_int_equal(table->sw, 0x9000);
        assert_int_equal(table->answer_size, 6);
        assert_memory_equal(table->answer, "U2F_V2", 6);
}

/* ---- libfido2's side ---- */

static void *io_open(const char *path)
{
        assert_string_equal(path, "a reader");
        return opened;
}

static void io_close(void *handle)
{
        assert_ptr_equal(handle, opened);
}

static int io_unused(void *handle, unsigned char *buffer, size_t size, int ms)
{
        (void)handle, (void)buffer, (void)size, (void)ms;
        fail_msg("a report was read");
        return -1;
}

static int io_unused_too(void *handle, const unsigned char *buffer, size_t size)
{
        (void)handle, (void)buffer, (void)size;
        fail_msg("a report was written");
        return -1;
}

static int transport_tx(fido_dev_t *device, uint8_t cmd, const unsigned char *bytes, size_t size)
{
        struct table *table = fido_dev_io_handle(device);
        if (cmd == CMD_INIT) {
                assert_int_equal(size, sizeof table->nonce);
                memcpy(table->nonce, bytes, size);
                select_fido(table);
        } else if (cmd == CMD_CBOR) {
                send_message(table, bytes, size);
        } else {
                return -1;
        }
        return 0;
}

static int transport_rx(fido_dev_t *device, uint8_t cmd, unsigned char *bytes, size_t size, int ms)
{
        struct table *table = fido_dev_io_handle(device);
        (void)ms;
        if (cmd == CMD_INIT) {
                assert_true(size >= INIT_SIZE);
                memset(bytes, 0, INIT_SIZE);
                memcpy(bytes, table->nonce, sizeof table->nonce);
                bytes[INIT_SIZE - 1] = CAPABILITY_CBOR;
                return INIT_SIZE;
        }
        assert_true(size >= table->answer_size);
        memcpy(bytes, table->answer, table->answer_size);
        return (int)table->answer_size;
}

static void open_device(struct table *table)
{
        const fido_dev_io_t io = { io_open, io_close, io_unused, io_unused_too };
        const fido_dev_transport_t transport = { transport_rx, transport_tx };
        table->device = fido_dev_new();
        assert_non_null(table->device);
        assert_int_equal(fido_dev_set_io_functions(table->device, &io), FIDO_OK);
        assert_int_equal(fido_dev_set_transport_functions(table->device, &transport), FIDO_OK);
        assert_int_equal(fido_dev_open(table->device, "a reader"), FIDO_OK);
}

/* ---- the authenticator ---- */

static mitome_status transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct table *table = context;
        assert_true(capacity >= MITOME_APDU_MAX);
        return mitome_element_transmit(table->element.element, command, response, ret_size, error);
}

static enum mitome_presence_answer touch_at_last(void *context, int wait_ms)
{
        struct table *table = context;
        (void)wait_ms;
        if (table->delayed++ < table->delays)
                return MITOME_PRESENCE_NOTHING;
        table->delayed = 0;
        return MITOME_PRESENCE_TOUCHED;
}

static int set_up(void **state)
{
        struct table *table = calloc(1, sizeof *table);
        opened = table;
        table->keepalives = true;
        element_rig_open(&table->element);
        element_rig_personalise(&table->element);
        element_rig_allow(&table->element, element_rig_fido, slice_of(app_hash, sizeof app_hash));
        assert_int_equal(element_rig_select(&table->element, element_rig_manager), SW_OK);
        const struct mitome_authenticator_config config = {
                .element = { .context = table, .transmit = transmit },
                .app = { .sha256 = { 0x5A } },
                .random = table->element.random,
                .presence = { .context = table, .poll = touch_at_last },
                .transports = MITOME_TRANSPORT_NFC,
        };
        assert_int_equal(mitome_authenticator_new(&config, &table->authenticator, NULL).code, MITOME_OK);
        *state = table;
        return 0;
}

static int tear_down(void **state)
{
        struct table *table = *state;
        if (table->device)
                fido_dev_close(table->device);
        fido_dev_free(&table->device);
        mitome_authenticator_free(table->authenticator);
        element_rig_close(&table->element);
        free(table);
        return 0;
}

/* ---- register, log in ---- */

static fido_cred_t *register_here(struct table *table)
{
        fido_cred_t *credential = fido_cred_new();
        const uint8_t hash[32] = { 1 };
        assert_int_equal(fido_cred_set_type(credential, COSE_ES256), FIDO_OK);
        assert_int_equal(fido_cred_set_clientdata_hash(credential, hash, 32), FIDO_OK);
        assert_int_equal(fido_cred_set_rp(credential, rp_id, "Login"), FIDO_OK);
        assert_int_equal(
                fido_cred_set_user(credential, user_id, sizeof user_id, "hanako", "Hanako Demo", NULL),
                FIDO_OK);
        assert_int_equal(fido_cred_set_rk(credential, FIDO_OPT_TRUE), FIDO_OK);
        assert_int_equal(fido_dev_make_cred(table->device, credential, pin), FIDO_OK);
        assert_int_equal(fido_cred_verify(credential), FIDO_OK);
        return credential;
}

static void log_in_here(struct table *table, const fido_cred_t *credential)
{
        fido_assert_t *assertion = fido_assert_new();
        es256_pk_t *key = es256_pk_new();
        const uint8_t hash[32] = { 2 };
        assert_int_equal(fido_assert_set_rp(assertion, rp_id), FIDO_OK);
        assert_int_equal(fido_assert_set_clientdata_hash(assertion, hash, 32), FIDO_OK);
        assert_int_equal(fido_dev_get_assert(table->device, assertion, pin), FIDO_OK);
        assert_int_equal(
                es256_pk_from_ptr(key, fido_cred_pubkey_ptr(credential), fido_cred_pubkey_len(credential)),
                FIDO_OK);
        assert_int_equal(fido_assert_verify(assertion, 0, COSE_ES256, key), FIDO_OK);
        es256_pk_free(&key);
        fido_assert_free(&assertion);
}

static void register_and_log_in_at_a_reader(void **state)
{
        struct table *table = *state;
        for (int way = 0; way < 4; way++) {
                table->extended = way & 1;
                table->keepalives = !(way & 2);
                table->delays = 3;
                open_device(table);
                assert_true(fido_dev_has_pin(table->device));
                table->told = table->apdus = 0;
                fido_cred_t *credential = register_here(table);
                log_in_here(table, credential);
                fido_cred_free(&credential);
                assert_true(table->keepalives ? table->told >= 4 : table->told == 0);
                assert_true(table->extended || table->apdus > 6); /* as many as an extended one needs */
                fido_dev_close(table->device);
                fido_dev_free(&table->device);
        }
}

static void credentials_are_managed_at_a_reader(void **state)
{
        struct table *table = *state;
        open_device(table);
        fido_cred_t *credential = register_here(table);
        fido_credman_metadata_t *metadata = fido_credman_metadata_new();
        assert_int_equal(fido_credman_get_dev_metadata(table->device, metadata, pin), FIDO_OK);
        assert_int_equal(fido_credman_rk_existing(metadata), 1);
        fido_credman_metadata_free(&metadata);
        assert_int_equal(fido_credman_del_dev_rk(table->device, fido_cred_id_ptr(credential),
                                 fido_cred_id_len(credential), pin),
                FIDO_OK);
        fido_cred_free(&credential);
}

/* ---- beside CTAPHID ---- */

static void put_hid(struct table *table, uint32_t channel, uint8_t command, const void *payload, size_t size)
{
        uint8_t report[MITOME_REPORT_SIZE] = { 0 };
        for (size_t i = 0; i < 4; i++)
                report[i] = (uint8_t)(channel >> (24 - 8 * i));
        report[4] = command | 0x80;
        report[6] = (uint8_t)size;
        memcpy(report + 7, payload, size);
        mitome_authenticator_receive(table->authenticator, report, table->now);
}

static void expect_hid(struct table *table, uint8_t command, uint8_t first)
{
        uint8_t report[MITOME_REPORT_SIZE];
        assert_true(mitome_authenticator_send(table->authenticator, 0, table->now, report));
        assert_int_equal(report[4], command | 0x80);
        assert_int_equal(report[7], first);
}

/* While a reader's user is awaited a host on CTAPHID hears that the device is busy; then it is served, with
 * the very credentials that were made at the reader. */
static void both_mouths_speak_for_one_element(void **state)
{
        struct table *table = *state;
        static const uint8_t selection = 0x0B, info = 0x04;
        const uint32_t channel = 0x10203040;
        open_device(table);
        fido_cred_t *credential = register_here(table);
        put_hid(table, channel, CMD_INIT, "12345678", 8);
        expect_hid(table, CMD_INIT, '1');
        table->delays = 1000;
        table->answer_size = 0;
        send_in_parts(table, &selection, 1, 0x80);
        assert_int_equal(table->sw, 0x9100);
        put_hid(table, channel, CMD_CBOR, &info, 1);
        expect_hid(table, 0x3F, 0x06);
        table->delays = 0;
        exchange(table, (const uint8_t[]){ 0x80, 0x11, 0, 0, 0 }, 5);
        assert_int_equal(table->sw, 0x9000);
        put_hid(table, channel, CMD_CBOR, &info, 1);
        expect_hid(table, CMD_CBOR, 0x00);
        log_in_here(table, credential);
        fido_cred_free(&credential);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(register_and_log_in_at_a_reader),
                TEST(credentials_are_managed_at_a_reader),
                TEST(both_mouths_speak_for_one_element),
        };
        fido_init(0);
        return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
