/* SPDX-License-Identifier: Apache-2.0 */
/* The authenticator with an element in a reader, and with a card that is none. Run by card_mitome.sh, which
 * puts the one or the other into a reader: `test_pcsc phone` or `test_pcsc card`. */
#include "pcsc.h"
#include "random_system.h"

#include <fido.h>
#include <fido/es256.h>
#include <mitome/authenticator.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char pin[] = "1234";
static const char rp_id[] = "login.example.go.jp";

struct table {
        struct pcsc_card *card;
        struct mitome_authenticator *authenticator;
        uint64_t now;
};

static struct table *opened;

/* ---- libfido2's transport ---- */

static void *io_open(const char *path)
{
        (void)path;
        return opened;
}

static void io_close(void *handle)
{
        (void)handle;
}

static int io_read(void *handle, unsigned char *buffer, size_t size, int ms)
{
        enum { STEP_MS = 20, PATIENCE_MS = 60000 };
        struct table *table = handle;
        assert_int_equal(size, MITOME_REPORT_SIZE);
        for (int waited = 0; waited < (ms < 0 ? PATIENCE_MS : ms); waited += STEP_MS) {
                table->now += STEP_MS;
                if (mitome_authenticator_send(table->authenticator, STEP_MS, table->now, buffer))
                        return (int)size;
        }
        return -1;
}

static int io_write(void *handle, const unsigned char *buffer, size_t size)
{
        struct table *table = handle;
        mitome_authenticator_receive(table->authenticator, buffer + 1, table->now);
        return (int)size;
}

static enum mitome_presence_answer give_touch(void *context, int wait_ms)
{
        (void)context;
        (void)wait_ms;
        return MITOME_PRESENCE_TOUCHED;
}

static int take_card(void **state)
{
        struct table *table = calloc(1, sizeof *table);
        mitome_error error = { 0 };
        if (!table || pcsc_open(NULL, &table->card, &error).code != MITOME_OK)
                return -1;
        opened = table;
        *state = table;
        return 0;
}

static int let_card_go(void **state)
{
        struct table *table = *state;
        mitome_authenticator_free(table->authenticator);
        pcsc_close(table->card);
        free(table);
        return 0;
}

static mitome_status start(struct table *table, mitome_error *error)
{
        const struct mitome_authenticator_config config = { .element = pcsc_link(table->card),
                .random = random_system(),
                .presence = { .poll = give_touch } };
        return mitome_authenticator_new(&config, &table->authenticator, error);
}

/* ---- an element ---- */

static void check_assertion(const fido_assert_t *assertion, const fido_cred_t *credential)
{
        es256_pk_t *key = es256_pk_new();
        assert_non_null(key);
        assert_int_equal(
                es256_pk_from_ptr(key, fido_cred_pubkey_ptr(credential), fido_cred_pubkey_len(credential)),
                FIDO_OK);
        assert_int_equal(fido_assert_verify(assertion, 0, COSE_ES256, key), FIDO_OK);
        es256_pk_free(&key);
}

static fido_cred_t *registered(fido_dev_t *device, const uint8_t *hash)
{
        static const uint8_t user_id[] = { 'u', 's', 'e', 'r' };
        fido_cred_t *credential = fido_cred_new();
        assert_int_equal(fido_cred_set_type(credential, COSE_ES256), FIDO_OK);
        assert_int_equal(fido_cred_set_rp(credential, rp_id, "Portal"), FIDO_OK);
        assert_int_equal(
                fido_cred_set_user(credential, user_id, sizeof user_id, "hanako", NULL, NULL), FIDO_OK);
        assert_int_equal(fido_cred_set_clientdata_hash(credential, hash, 32), FIDO_OK);
        assert_int_equal(fido_dev_make_cred(device, credential, pin), FIDO_OK);
        assert_int_equal(fido_cred_verify(credential), FIDO_OK);
        return credential;
}

/* A registration answers with certificates, more than a short APDU's 256 bytes: the whole comes at once. */
static void an_element_in_a_reader_registers_and_logs_in(void **state)
{
        struct table *table = *state;
        const fido_dev_io_t io = { io_open, io_close, io_read, io_write };
        uint8_t hash[32] = { 1 };
        mitome_error error = { 0 };
        if (start(table, &error).code != MITOME_OK)
                fail_msg("E%d %s", (int)error.code, error.field);
        fido_dev_t *device = fido_dev_new();
        assert_int_equal(fido_dev_set_io_functions(device, &io), FIDO_OK);
        assert_int_equal(fido_dev_open(device, "in a reader"), FIDO_OK);
        fido_cred_t *credential = registered(device, hash);
        assert_true(fido_cred_x5c_len(credential) > 256);

        fido_assert_t *assertion = fido_assert_new();
        hash[0] = 2;
        assert_int_equal(fido_assert_set_rp(assertion, rp_id), FIDO_OK);
        assert_int_equal(fido_assert_set_clientdata_hash(assertion, hash, sizeof hash), FIDO_OK);
        assert_int_equal(
                fido_assert_allow_cred(assertion, fido_cred_id_ptr(credential), fido_cred_id_len(credential)),
                FIDO_OK);
        assert_int_equal(fido_dev_get_assert(device, assertion, pin), FIDO_OK);
        assert_int_equal(fido_assert_flags(assertion, 0), 0x01 | 0x04); /* UP, UV */
        check_assertion(assertion, credential);
        assert_int_equal(fido_dev_get_assert(device, assertion, "9999"), FIDO_ERR_PIN_INVALID);
        assert_int_equal(fido_dev_get_assert(device, assertion, pin), FIDO_OK);
        fido_assert_free(&assertion);
        fido_cred_free(&credential);
        fido_dev_close(device);
        fido_dev_free(&device);
}

static uint16_t status_of(struct pcsc_card *card, const uint8_t *command, size_t size)
{
        static uint8_t response[MITOME_APDU_MAX];
        size_t got = 0;
        struct mitome_link link = pcsc_link(card);
        assert_int_equal(link.transmit(link.context, (mitome_slice){ command, size }, response,
                                     sizeof response, &got, NULL)
                                 .code,
                MITOME_OK);
        assert_true(got >= 2);
        return (uint16_t)(response[got - 2] << 8 | response[got - 1]);
}

static const uint8_t select_jpki[] = { 0x00, 0xA4, 0x04, 0x0C, 10, 0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00,
        0x00, 0x00, 0x01 };
static const uint8_t select_pin[] = { 0x00, 0xA4, 0x02, 0x0C, 0x02, 0x00, 0x18 };
static const uint8_t verify_pin[] = { 0x00, 0x20, 0x00, 0x80, 0x04, '1', '2', '3', '4' };
static const uint8_t select_user_certificate[] = { 0x00, 0xA4, 0x02, 0x0C, 0x02, 0x00, 0x0A };
static const uint8_t read_head[] = { 0x00, 0xB0, 0x00, 0x00, 0x04 };

/* Who takes the card after us finds no PIN verified and nothing selected. */
static void a_card_that_is_let_go_is_reset(void **state)
{
        struct table *table = *state;
        assert_int_equal(status_of(table->card, select_jpki, sizeof select_jpki), 0x9000);
        assert_int_equal(status_of(table->card, select_pin, sizeof select_pin), 0x9000);
        assert_int_equal(status_of(table->card, verify_pin, sizeof verify_pin), 0x9000);
        assert_int_equal(
                status_of(table->card, select_user_certificate, sizeof select_user_certificate), 0x9000);
        assert_int_equal(status_of(table->card, read_head, sizeof read_head), 0x9000);
        pcsc_close(table->card);
        assert_int_equal(pcsc_open(NULL, &table->card, NULL).code, MITOME_OK);
        assert_int_not_equal(status_of(table->card, read_head, sizeof read_head), 0x9000);
        assert_int_equal(status_of(table->card, select_jpki, sizeof select_jpki), 0x9000);
        assert_int_equal(
                status_of(table->card, select_user_certificate, sizeof select_user_certificate), 0x9000);
        assert_int_equal(status_of(table->card, read_head, sizeof read_head), 0x6982);
}

static void a_reset_is_one(void **state)
{
        struct table *table = *state;
        assert_int_equal(status_of(table->card, select_jpki, sizeof select_jpki), 0x9000);
        assert_int_equal(status_of(table->card, select_pin, sizeof select_pin), 0x9000);
        assert_int_equal(pcsc_reset(table->card, NULL).code, MITOME_OK);
        assert_int_not_equal(status_of(table->card, select_pin, sizeof select_pin), 0x9000);
}

/* Extended lengths both ways (ISO 7816-4 5.1), up to what the element takes. */
static void extended_lengths_pass(void **state)
{
        static uint8_t command[MITOME_APDU_MAX] = { 0x00, 0xA4, 0x04, 0x0C, 0x00 };
        struct table *table = *state;
        enum { HEAD = 7 };
        size_t data = sizeof command - HEAD;
        command[5] = (uint8_t)(data >> 8);
        command[6] = (uint8_t)data;
        uint16_t sw = status_of(table->card, command, sizeof command);
        assert_true(sw == 0x6700 || sw == 0x6A82 || sw == 0x6A80); /* understood, and no AID */
        static const uint8_t challenge[] = { 0x00, 0x84, 0x00, 0x00, 0x00, 0x01, 0x00 };
        assert_int_equal(status_of(table->card, select_jpki, sizeof select_jpki), 0x9000);
        assert_int_equal(status_of(table->card, challenge, sizeof challenge), 0x9000);
}

static void what_is_no_apdu_is_not_sent(void **state)
{
        static uint8_t large[MITOME_APDU_MAX + 1], response[MITOME_APDU_MAX];
        static const size_t sizes[] = { 0, 1, 3, sizeof large };
        struct table *table = *state;
        struct mitome_link link = pcsc_link(table->card);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
                size_t got = 99;
                assert_int_equal(link.transmit(link.context, (mitome_slice){ large, sizes[i] }, response,
                                             sizeof response, &got, NULL)
                                         .code,
                        MITOME_E_APDU_LENGTH);
                assert_int_equal(got, 99);
        }
        assert_int_equal(status_of(table->card, select_jpki, sizeof select_jpki), 0x9000);
}

/* An answer that does not fit is no answer, and nobody knows what the card has done: the link is over. */
static void a_broken_link_stays_broken(void **state)
{
        static const uint8_t challenge[] = { 0x00, 0x84, 0x00, 0x00, 0x00 };
        struct table *table = *state;
        struct mitome_link link = pcsc_link(table->card);
        uint8_t response[MITOME_APDU_MAX];
        size_t got = 99;
        assert_int_equal(status_of(table->card, select_jpki, sizeof select_jpki), 0x9000);
        for (int i = 0; i < 2; i++) {
                size_t capacity = i ? sizeof response : 16;
                assert_int_equal(link.transmit(link.context, (mitome_slice){ challenge, sizeof challenge },
                                             response, capacity, &got, NULL)
                                         .code,
                        MITOME_E_LINK);
                assert_int_equal(got, 99);
        }
        assert_int_equal(pcsc_reset(table->card, NULL).code, MITOME_OK); /* begins anew */
        assert_int_equal(status_of(table->card, select_jpki, sizeof select_jpki), 0x9000);
}

/* ---- a plain card ---- */

static void a_plain_card_is_not_an_authenticator(void **state)
{
        struct table *table = *state;
        mitome_error error = { 0 };
        assert_int_equal(status_of(table->card, select_jpki, sizeof select_jpki), 0x9000);
        assert_int_equal(start(table, &error).code, MITOME_E_NOT_AUTHENTICATOR);
        assert_int_equal(error.code, MITOME_E_NOT_AUTHENTICATOR);
        assert_null(table->authenticator);
}

#define WITH_CARD(test) cmocka_unit_test_setup_teardown(test, take_card, let_card_go)

int main(int argc, char **argv)
{
        const struct CMUnitTest phone[] = {
                WITH_CARD(an_element_in_a_reader_registers_and_logs_in),
                WITH_CARD(a_card_that_is_let_go_is_reset),
                WITH_CARD(a_reset_is_one),
                WITH_CARD(extended_lengths_pass),
                WITH_CARD(what_is_no_apdu_is_not_sent),
                WITH_CARD(a_broken_link_stays_broken),
        };
        const struct CMUnitTest card[] = { WITH_CARD(a_plain_card_is_not_an_authenticator) };
        alarm(120);
        if (argc > 1 && strcmp(argv[1], "phone") == 0)
                return cmocka_run_group_tests(phone, NULL, NULL);
        return cmocka_run_group_tests(card, NULL, NULL);
}
