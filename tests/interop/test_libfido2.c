/* SPDX-License-Identifier: Apache-2.0 */
/* libfido2 as the client, the shipped authenticator and the real element in one process, and a gate double
 * that seals real unlock tokens. */
#include "element_rig.h"
#include "gate_double.h"

#include <fido.h>
#include <fido/bio.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <mitome/authenticator.h>
#include <mitome/element.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char pin[] = ELEMENT_RIG_PIN;
static const char wrong_pin[] = "9999";
static const char rp_id[] = "login.example.go.jp";
static const uint8_t user_id[] = { 'u', 's', 'e', 'r', '-', '1' };

struct table {
        struct element_rig element;
        struct gate_double gate;
        struct mitome_authenticator *authenticator;
        fido_dev_t *device;
        uint64_t now;
        bool touch;
        unsigned touches;
        bool cancel_when_asked; /* the host cancels at the first keepalive that wants the user */
        unsigned keepalives;
        uint8_t client_data_hash[32]; /* of the last request */
};

/* libfido2's handlers are given no context but the handle that `open` returns. */
static struct table *opened;

static void *io_open(const char *path)
{
        assert_string_equal(path, "in memory");
        return opened;
}

static void io_close(void *handle)
{
        assert_ptr_equal(handle, opened);
}

/* Time passes by a step for each question; the patience of a host that waits without end is a minute. */
static int io_read(void *handle, unsigned char *buffer, size_t size, int ms)
{
        enum { STEP_MS = 20, PATIENCE_MS = 60000 };
        struct table *table = handle;
        assert_int_equal(size, MITOME_REPORT_SIZE);
        for (int waited = 0; waited < (ms < 0 ? PATIENCE_MS : ms); waited += STEP_MS) {
                table->now += STEP_MS;
                if (!mitome_authenticator_send(table->authenticator, STEP_MS, table->now, buffer))
                        continue;
                bool keepalive = buffer[4] == (0x3B | 0x80);
                table->keepalives += keepalive;
                if (keepalive && buffer[7] == 0x02 && table->cancel_when_asked) {
                        table->cancel_when_asked = false;
                        assert_int_equal(fido_dev_cancel(table->device), FIDO_OK);
                }
                return (int)size;
        }
        return -1;
}

/* The first byte is the report's number. */
static int io_write(void *handle, const unsigned char *buffer, size_t size)
{
        struct table *table = handle;
        assert_int_equal(size, MITOME_REPORT_SIZE + 1);
        mitome_authenticator_receive(table->authenticator, buffer + 1, table->now);
        return (int)size;
}

static mitome_status transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct table *table = context;
        assert_true(capacity >= MITOME_APDU_MAX);
        return mitome_element_transmit(table->element.element, command, response, ret_size, error);
}

static enum mitome_presence_answer give_touch(void *context, int wait_ms)
{
        struct table *table = context;
        (void)wait_ms;
        table->touches++;
        return table->touch ? MITOME_PRESENCE_TOUCHED : MITOME_PRESENCE_DECLINED;
}

/* The one app that the element's access rules let in. */
static const uint8_t app_hash[32] = { 0x5A };

static void start_authenticator(struct table *table)
{
        struct mitome_authenticator_config config = {
                .element = { .context = table, .transmit = transmit },
                .app = { .sha256 = { 0x5A } },
                .gate = gate_double_gate(&table->gate),
                .random = table->element.random,
                .presence = { .context = table, .poll = give_touch },
        };
        mitome_error error = { 0 };
        if (mitome_authenticator_new(&config, &table->authenticator, &error).code != MITOME_OK)
                fail_msg("authenticator: E%d %s", (int)error.code, error.field);
}

/* Each opening reads getInfo anew. */
static void open_device(struct table *table)
{
        const fido_dev_io_t io = { io_open, io_close, io_read, io_write };
        table->device = fido_dev_new();
        assert_non_null(table->device);
        assert_int_equal(fido_dev_set_io_functions(table->device, &io), FIDO_OK);
        assert_int_equal(fido_dev_open(table->device, "in memory"), FIDO_OK);
}

static void close_device(struct table *table)
{
        fido_dev_close(table->device);
        fido_dev_free(&table->device);
}

static void reopen_device(struct table *table)
{
        close_device(table);
        open_device(table);
}

static int set_up(void **state)
{
        struct table *table = calloc(1, sizeof *table);
        opened = table;
        table->touch = true;
        element_rig_open(&table->element);
        element_rig_personalise(&table->element);
        element_rig_pair(&table->element, &table->gate.pairing_key);
        element_rig_allow(&table->element, element_rig_fido, slice_of(app_hash, sizeof app_hash));
        /* The applet is selected on one channel at a time: the station leaves it. */
        assert_int_equal(element_rig_select(&table->element, element_rig_manager), SW_OK);
        memset(table->gate.set, 0x5E, sizeof table->gate.set);
        start_authenticator(table);
        open_device(table);
        *state = table;
        return 0;
}

static int tear_down(void **state)
{
        struct table *table = *state;
        close_device(table);
        mitome_authenticator_free(table->authenticator);
        element_rig_close(&table->element);
        free(table);
        opened = NULL;
        return 0;
}

static int retries(struct table *table)
{
        int count;
        assert_int_equal(fido_dev_get_retry_count(table->device, &count), FIDO_OK);
        return count;
}

/* ---- enrolment ---- */

/* fido2-token's own timeout: an integer that libfido2 does not write in its shortest form. */
enum { SAMPLE_TIMEOUT_MS = 10000 };

struct enrolment {
        fido_bio_template_t *template;
        fido_bio_enroll_t *enroll;
};

static struct enrolment enrolment_new(void)
{
        struct enrolment e = { fido_bio_template_new(), fido_bio_enroll_new() };
        assert_true(e.template && e.enroll);
        return e;
}

static void enrolment_free(struct enrolment *e)
{
        fido_bio_template_free(&e->template);
        fido_bio_enroll_free(&e->enroll);
}

static int enrol_begin(struct table *table, const struct enrolment *e, const char *with_pin)
{
        return fido_bio_dev_enroll_begin(table->device, e->template, e->enroll, SAMPLE_TIMEOUT_MS, with_pin);
}

static int enrol_next(struct table *table, const struct enrolment *e)
{
        return fido_bio_dev_enroll_continue(table->device, e->template, e->enroll, SAMPLE_TIMEOUT_MS);
}

static void enrol(struct table *table)
{
        struct enrolment e = enrolment_new();
        table->gate.finger = FINGER_OWN;
        assert_int_equal(enrol_begin(table, &e, pin), FIDO_OK);
        for (int remaining = GATE_DOUBLE_SAMPLES - 1; remaining > 0; remaining--) {
                assert_int_equal(fido_bio_enroll_last_status(e.enroll), FIDO_BIO_ENROLL_FP_GOOD);
                assert_int_equal(fido_bio_enroll_remaining_samples(e.enroll), remaining);
                assert_int_equal(enrol_next(table, &e), FIDO_OK);
        }
        assert_int_equal(fido_bio_enroll_remaining_samples(e.enroll), 0);
        assert_int_equal(fido_bio_template_id_len(e.template), 16);
        enrolment_free(&e);
        reopen_device(table);
}

/* ---- registration and login ---- */

static fido_cred_t *new_credential(struct table *table, int algorithm, fido_opt_t uv)
{
        fido_cred_t *credential = fido_cred_new();
        assert_non_null(credential);
        table->client_data_hash[0]++;
        assert_int_equal(fido_cred_set_type(credential, algorithm), FIDO_OK);
        assert_int_equal(fido_cred_set_clientdata_hash(credential, table->client_data_hash, 32), FIDO_OK);
        assert_int_equal(fido_cred_set_rp(credential, rp_id, "Login"), FIDO_OK);
        assert_int_equal(
                fido_cred_set_user(credential, user_id, sizeof user_id, "hanako", "Hanako Demo", NULL),
                FIDO_OK);
        assert_int_equal(fido_cred_set_uv(credential, uv), FIDO_OK);
        return credential;
}

static fido_cred_t *registered(struct table *table, int algorithm, fido_opt_t rk)
{
        fido_cred_t *credential = new_credential(table, algorithm, FIDO_OPT_TRUE);
        assert_int_equal(fido_cred_set_rk(credential, rk), FIDO_OK);
        assert_int_equal(fido_dev_make_cred(table->device, credential, NULL), FIDO_OK);
        assert_int_equal(fido_cred_verify(credential), FIDO_OK);
        return credential;
}

static fido_assert_t *new_assertion(struct table *table, const fido_cred_t *credential, fido_opt_t uv)
{
        fido_assert_t *assertion = fido_assert_new();
        assert_non_null(assertion);
        table->client_data_hash[0]++;
        assert_int_equal(fido_assert_set_rp(assertion, rp_id), FIDO_OK);
        assert_int_equal(fido_assert_set_clientdata_hash(assertion, table->client_data_hash, 32), FIDO_OK);
        assert_int_equal(fido_assert_set_uv(assertion, uv), FIDO_OK);
        if (credential)
                assert_int_equal(fido_assert_allow_cred(assertion, fido_cred_id_ptr(credential),
                                         fido_cred_id_len(credential)),
                        FIDO_OK);
        return assertion;
}

static int log_in(struct table *table, const fido_cred_t *credential)
{
        fido_assert_t *assertion = new_assertion(table, credential, FIDO_OPT_TRUE);
        int result = fido_dev_get_assert(table->device, assertion, NULL);
        fido_assert_free(&assertion);
        return result;
}

static void verify_es256(const fido_assert_t *assertion, const fido_cred_t *credential, int wanted)
{
        es256_pk_t *key = es256_pk_new();
        assert_int_equal(
                es256_pk_from_ptr(key, fido_cred_pubkey_ptr(credential), fido_cred_pubkey_len(credential)),
                FIDO_OK);
        assert_int_equal(fido_assert_verify(assertion, 0, COSE_ES256, key), wanted);
        es256_pk_free(&key);
}

/* ---- tests ---- */

static bool has_text(char *const *texts, size_t count, const char *wanted)
{
        for (size_t i = 0; i < count; i++)
                if (strcmp(texts[i], wanted) == 0)
                        return true;
        return false;
}

static void info_is_read(void **state)
{
        struct table *table = *state;
        fido_cbor_info_t *info = fido_cbor_info_new();
        assert_int_equal(fido_dev_get_cbor_info(table->device, info), FIDO_OK);
        static const char *const versions[] = { "U2F_V2", "FIDO_2_0", "FIDO_2_1_PRE", "FIDO_2_1", "FIDO_2_2",
                "FIDO_2_3" };
        static const char *const extensions[] = { "credBlob", "credProtect", "hmac-secret", "hmac-secret-mc",
                "minPinLength", "thirdPartyPayment", "mitome-jpki" };
        enum { VERSIONS = sizeof versions / sizeof *versions };
        assert_int_equal(fido_cbor_info_versions_len(info), VERSIONS);
        for (size_t i = 0; i < VERSIONS; i++)
                assert_true(has_text(fido_cbor_info_versions_ptr(info), VERSIONS, versions[i]));
        assert_int_equal(fido_cbor_info_maxmsgsiz(info), 7609);
        assert_int_equal(fido_cbor_info_aaguid_len(info), 16);
        for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++)
                assert_true(has_text(fido_cbor_info_extensions_ptr(info), fido_cbor_info_extensions_len(info),
                        extensions[i]));
        assert_int_equal(fido_cbor_info_maxcredidlen(info), 32);
        assert_int_equal(fido_cbor_info_maxcredcntlst(info), 64);
        assert_int_equal(fido_cbor_info_algorithm_count(info), 3);
        assert_int_equal(fido_cbor_info_algorithm_cose(info, 0), COSE_ES256);
        assert_int_equal(fido_cbor_info_algorithm_cose(info, 1), COSE_EDDSA);
        assert_int_equal(fido_cbor_info_algorithm_cose(info, 2), COSE_ES384);
        assert_int_equal(fido_cbor_info_protocols_len(info), 2);
        assert_int_equal(fido_cbor_info_protocols_ptr(info)[0], 2);
        assert_int_equal(fido_cbor_info_protocols_ptr(info)[1], 1);
        assert_int_equal(fido_cbor_info_minpinlen(info), 4);
        assert_int_equal(fido_cbor_info_fwversion(info), 1);
        assert_true(fido_cbor_info_rk_remaining(info) > 0);
        assert_int_equal(fido_cbor_info_uv_modality(info), FIDO_UV_MODE_FP);
        fido_cbor_info_free(&info);
        assert_true(fido_dev_is_fido2(table->device));
        assert_true(fido_dev_has_pin(table->device));
        assert_true(fido_dev_supports_uv(table->device));
        assert_false(fido_dev_has_uv(table->device)); /* no finger yet */
        assert_true(fido_dev_supports_permissions(table->device));
}

static void the_sensor_is_described(void **state)
{
        struct table *table = *state;
        fido_bio_info_t *info = fido_bio_info_new();
        assert_int_equal(fido_bio_dev_get_info(table->device, info), FIDO_OK);
        assert_int_equal(fido_bio_info_type(info), 1);
        assert_true(fido_bio_info_max_samples(info) >= GATE_DOUBLE_SAMPLES); /* [6.7.3] */
        fido_bio_info_free(&info);
}

static void a_finger_is_enrolled_by_pin(void **state)
{
        struct table *table = *state;
        enrol(table);
        assert_true(fido_dev_has_uv(table->device));
        enrol(table); /* another one */
        assert_true(fido_dev_has_uv(table->device));
}

static void a_wrong_pin_counts(void **state)
{
        struct table *table = *state;
        struct enrolment e = enrolment_new();
        int full = retries(table);
        assert_int_equal(enrol_begin(table, &e, wrong_pin), FIDO_ERR_PIN_INVALID);
        assert_int_equal(retries(table), full - 1);
        assert_int_equal(enrol_begin(table, &e, wrong_pin), FIDO_ERR_PIN_INVALID);
        assert_int_equal(retries(table), full - 2);
        assert_int_equal(table->gate.starts, 0);
        assert_int_equal(enrol_begin(table, &e, pin), FIDO_OK); /* the right one gives the tries back */
        assert_int_equal(retries(table), full);
        assert_int_equal(fido_bio_dev_enroll_cancel(table->device), FIDO_OK);
        enrolment_free(&e);
        reopen_device(table);
        assert_false(fido_dev_has_uv(table->device));
}

static void three_wrong_pins_block(void **state)
{
        struct table *table = *state;
        struct enrolment e = enrolment_new();
        enrol(table);
        fido_cred_t *credential = registered(table, COSE_ES256, FIDO_OPT_OMIT);
        assert_int_equal(retries(table), 3); /* personalised: the JPKI PIN's three */
        assert_int_equal(enrol_begin(table, &e, wrong_pin), FIDO_ERR_PIN_INVALID);
        assert_int_equal(enrol_begin(table, &e, wrong_pin), FIDO_ERR_PIN_INVALID);
        assert_int_equal(enrol_begin(table, &e, wrong_pin), FIDO_ERR_PIN_BLOCKED);
        assert_int_equal(retries(table), 0);
        assert_int_equal(log_in(table, credential), FIDO_ERR_UV_BLOCKED); /* the finger is closed too */
        fido_cred_free(&credential);
        enrolment_free(&e);
}

static void enrolment_can_end_early(void **state)
{
        struct table *table = *state;
        struct enrolment e = enrolment_new();
        table->gate.finger = FINGER_NONE;
        assert_int_equal(enrol_begin(table, &e, pin), FIDO_ERR_USER_ACTION_TIMEOUT);
        enrolment_free(&e);
        e = enrolment_new();
        table->gate.finger = FINGER_WAITED;
        table->cancel_when_asked = true;
        assert_int_equal(enrol_begin(table, &e, pin), FIDO_ERR_KEEPALIVE_CANCEL);
        enrolment_free(&e);
        e = enrolment_new();
        table->gate.finger = FINGER_OWN;
        assert_int_equal(enrol_begin(table, &e, pin), FIDO_OK);
        table->gate.finger = FINGER_BLURRED;
        assert_int_equal(enrol_next(table, &e), FIDO_OK);
        assert_int_equal(fido_bio_enroll_last_status(e.enroll), FIDO_BIO_ENROLL_FP_TOO_SHORT);
        assert_int_equal(fido_bio_dev_enroll_cancel(table->device), FIDO_OK);
        assert_int_equal(enrol_next(table, &e), FIDO_ERR_INVALID_OPTION);
        enrolment_free(&e);
        reopen_device(table);
        assert_false(fido_dev_has_uv(table->device));
        enrol(table);
}

/* ---- the fingers that are there ---- */

static fido_bio_template_array_t *list(struct table *table, int expected)
{
        fido_bio_template_array_t *fingers = fido_bio_template_array_new();
        assert_non_null(fingers);
        assert_int_equal(fido_bio_dev_get_template_array(table->device, fingers, pin), expected);
        return fingers;
}

static int call(
        struct table *table, const fido_bio_template_t *finger, const char *name, const char *with_pin)
{
        fido_bio_template_t *named = fido_bio_template_new();
        assert_int_equal(fido_bio_template_set_id(
                                 named, fido_bio_template_id_ptr(finger), fido_bio_template_id_len(finger)),
                FIDO_OK);
        assert_int_equal(fido_bio_template_set_name(named, name), FIDO_OK);
        int result = fido_bio_dev_set_template_name(table->device, named, with_pin);
        fido_bio_template_free(&named);
        return result;
}

/* [6.7.6] [6.7.7] [6.7.8] */
static void fingers_are_listed_named_and_removed(void **state)
{
        struct table *table = *state;
        static const char longest[] = "0123456789012345678901234567890123456789012345678901234567890123";
        fido_bio_template_array_t *fingers = list(table, FIDO_ERR_INVALID_OPTION); /* there are none */
        fido_bio_template_array_free(&fingers);
        enrol(table);
        enrol(table);
        fido_cred_t *credential = registered(table, COSE_ES256, FIDO_OPT_OMIT);
        fingers = list(table, FIDO_OK);
        assert_int_equal(fido_bio_template_array_count(fingers), 2);
        const fido_bio_template_t *first = fido_bio_template(fingers, 0),
                                  *second = fido_bio_template(fingers, 1);
        assert_string_equal(fido_bio_template_name(first), "");
        assert_int_equal(call(table, first, "nobody's", wrong_pin), FIDO_ERR_PIN_INVALID);
        assert_int_equal(call(table, first, longest, pin), FIDO_OK);
        assert_int_equal(call(table, second, "left thumb", pin), FIDO_OK);
        assert_int_equal(log_in(table, credential), FIDO_OK); /* a name changes no set */
        fido_bio_template_array_t *named = list(table, FIDO_OK);
        assert_string_equal(fido_bio_template_name(fido_bio_template(named, 0)), longest);
        assert_string_equal(fido_bio_template_name(fido_bio_template(named, 1)), "left thumb");
        fido_bio_template_array_free(&named);

        assert_int_equal(fido_bio_dev_enroll_remove(table->device, first, wrong_pin), FIDO_ERR_PIN_INVALID);
        assert_int_equal(fido_bio_dev_enroll_remove(table->device, first, pin), FIDO_OK);
        assert_int_equal(fido_bio_dev_enroll_remove(table->device, first, pin), FIDO_ERR_INVALID_OPTION);
        assert_int_equal(call(table, first, "gone", pin), FIDO_ERR_INVALID_OPTION);
        assert_int_equal(log_in(table, credential), FIDO_OK); /* by the one that stayed */
        assert_int_equal(fido_bio_dev_enroll_remove(table->device, second, pin), FIDO_OK);
        fido_bio_template_array_free(&fingers);
        reopen_device(table);
        assert_false(fido_dev_has_uv(table->device)); /* there, and without a finger */
        assert_true(fido_dev_supports_uv(table->device));
        assert_int_not_equal(log_in(table, credential), FIDO_OK);
        fido_cred_free(&credential);
        enrol(table);
        assert_true(fido_dev_has_uv(table->device));
}

/* [6.7.4 7] */
static void a_full_set_takes_no_more(void **state)
{
        struct table *table = *state;
        struct enrolment e = enrolment_new();
        for (int i = 0; i < MITOME_GATE_FINGERS_MAX; i++)
                enrol(table);
        assert_int_equal(enrol_begin(table, &e, pin), FIDO_ERR_FP_DATABASE_FULL);
        enrolment_free(&e);
        fido_bio_template_array_t *fingers = list(table, FIDO_OK);
        assert_int_equal(fido_bio_template_array_count(fingers), MITOME_GATE_FINGERS_MAX);
        assert_int_equal(
                fido_bio_dev_enroll_remove(table->device, fido_bio_template(fingers, 3), pin), FIDO_OK);
        fido_bio_template_array_free(&fingers);
        enrol(table);
}

/* A sensor that is unplugged costs no try, however often: the matcher vouches that no finger was there. */
static void a_missing_sensor_costs_no_try(void **state)
{
        struct table *table = *state;
        enrol(table);
        fido_cred_t *credential = registered(table, COSE_ES256, FIDO_OPT_OMIT);
        table->gate.declines = true;
        for (int i = 0; i < 12; i++)
                assert_int_equal(log_in(table, credential), FIDO_ERR_ERR_OTHER);
        table->gate.declines = false;
        assert_int_equal(log_in(table, credential), FIDO_OK);
        fido_cred_free(&credential);
}

/* A set that somebody else changed opens nothing, until a PIN has confirmed one. */
static void a_finger_removed_elsewhere_closes_the_path(void **state)
{
        struct table *table = *state;
        enrol(table);
        enrol(table);
        fido_cred_t *credential = registered(table, COSE_ES256, FIDO_OPT_OMIT);
        table->gate.finger_count--;
        table->gate.set[0]++;
        assert_int_equal(log_in(table, credential), FIDO_ERR_PIN_REQUIRED);
        enrol(table);
        assert_int_equal(log_in(table, credential), FIDO_OK);
        fido_cred_free(&credential);
}

static void register_and_log_in_with_es256(void **state)
{
        struct table *table = *state;
        enrol(table);
        fido_cred_t *credential = registered(table, COSE_ES256, FIDO_OPT_OMIT);
        assert_string_equal(fido_cred_fmt(credential), "packed");
        assert_true(fido_cred_x5c_len(credential) > 0);
        assert_int_equal(fido_cred_flags(credential), 0x01 | 0x04 | 0x40); /* UP, UV, AT */
        assert_int_equal(fido_cred_id_len(credential), 32);
        assert_true(table->keepalives > 0);
        assert_int_equal(table->touches, 0); /* the finger is the touch */

        uint32_t count = 0;
        for (int i = 0; i < 3; i++) {
                fido_assert_t *assertion = new_assertion(table, credential, FIDO_OPT_TRUE);
                assert_int_equal(fido_dev_get_assert(table->device, assertion, NULL), FIDO_OK);
                assert_int_equal(fido_assert_count(assertion), 1);
                assert_int_equal(fido_assert_flags(assertion, 0), 0x01 | 0x04);
                verify_es256(assertion, credential, FIDO_OK);
                assert_true(fido_assert_sigcount(assertion, 0) > count);
                count = fido_assert_sigcount(assertion, 0);
                /* over another request's hash it does not verify */
                uint8_t other[32] = { 0 };
                assert_int_equal(fido_assert_set_clientdata_hash(assertion, other, 32), FIDO_OK);
                verify_es256(assertion, credential, FIDO_ERR_INVALID_SIG);
                fido_assert_free(&assertion);
        }
        fido_cred_free(&credential);
}

static void register_and_log_in_with_eddsa(void **state)
{
        struct table *table = *state;
        enrol(table);
        fido_cred_t *credential = registered(table, COSE_EDDSA, FIDO_OPT_OMIT);
        fido_assert_t *assertion = new_assertion(table, credential, FIDO_OPT_TRUE);
        assert_int_equal(fido_dev_get_assert(table->device, assertion, NULL), FIDO_OK);
        eddsa_pk_t *key = eddsa_pk_new();
        assert_int_equal(
                eddsa_pk_from_ptr(key, fido_cred_pubkey_ptr(credential), fido_cred_pubkey_len(credential)),
                FIDO_OK);
        assert_int_equal(fido_assert_verify(assertion, 0, COSE_EDDSA, key), FIDO_OK);
        eddsa_pk_free(&key);
        fido_assert_free(&assertion);
        fido_cred_free(&credential);
}

static void a_discoverable_credential_names_its_user(void **state)
{
        struct table *table = *state;
        enrol(table);
        fido_cred_t *credential = registered(table, COSE_ES256, FIDO_OPT_TRUE);
        fido_assert_t *assertion = new_assertion(table, NULL, FIDO_OPT_TRUE);
        assert_int_equal(fido_dev_get_assert(table->device, assertion, NULL), FIDO_OK);
        verify_es256(assertion, credential, FIDO_OK);
        assert_int_equal(fido_assert_user_id_len(assertion, 0), sizeof user_id);
        assert_memory_equal(fido_assert_user_id_ptr(assertion, 0), user_id, sizeof user_id);
        assert_string_equal(fido_assert_user_name(assertion, 0), "hanako");
        assert_string_equal(fido_assert_user_display_name(assertion, 0), "Hanako Demo");
        fido_assert_free(&assertion);
        fido_cred_free(&credential);
}

static void register_and_log_in_by_pin(void **state)
{
        struct table *table = *state;
        fido_cred_t *credential = new_credential(table, COSE_ES256, FIDO_OPT_OMIT);
        assert_int_equal(fido_dev_make_cred(table->device, credential, pin), FIDO_OK);
        assert_int_equal(fido_cred_verify(credential), FIDO_OK);
        assert_int_equal(fido_cred_flags(credential), 0x01 | 0x04 | 0x40);
        assert_int_equal(table->touches, 1);
        assert_int_equal(table->gate.starts, 0);
        fido_assert_t *assertion = new_assertion(table, credential, FIDO_OPT_OMIT);
        assert_int_equal(fido_dev_get_assert(table->device, assertion, pin), FIDO_OK);
        assert_int_equal(fido_assert_flags(assertion, 0), 0x01 | 0x04);
        verify_es256(assertion, credential, FIDO_OK);
        assert_int_equal(table->touches, 2);
        fido_assert_free(&assertion);

        assertion = new_assertion(table, credential, FIDO_OPT_OMIT); /* a touch alone: UP, not UV */
        assert_int_equal(fido_dev_get_assert(table->device, assertion, NULL), FIDO_OK);
        assert_int_equal(fido_assert_flags(assertion, 0), 0x01);
        verify_es256(assertion, credential, FIDO_OK);
        fido_assert_free(&assertion);

        assertion = new_assertion(table, credential, FIDO_OPT_OMIT); /* neither */
        assert_int_equal(fido_assert_set_up(assertion, FIDO_OPT_FALSE), FIDO_OK);
        unsigned touches = table->touches;
        assert_int_equal(fido_dev_get_assert(table->device, assertion, NULL), FIDO_OK);
        assert_int_equal(fido_assert_flags(assertion, 0), 0);
        assert_int_equal(table->touches, touches);
        fido_assert_free(&assertion);

        table->touch = false;
        assertion = new_assertion(table, credential, FIDO_OPT_OMIT);
        assert_int_equal(fido_dev_get_assert(table->device, assertion, pin), FIDO_ERR_OPERATION_DENIED);
        fido_assert_free(&assertion);
        fido_cred_free(&credential);
}

static void registration_without_verification_is_refused(void **state)
{
        struct table *table = *state;
        fido_cred_t *credential = new_credential(table, COSE_ES256, FIDO_OPT_OMIT);
        assert_int_equal(fido_cred_set_rk(credential, FIDO_OPT_TRUE), FIDO_OK);
        assert_int_equal(fido_dev_make_cred(table->device, credential, NULL), FIDO_ERR_PIN_REQUIRED);
        assert_int_equal(fido_dev_make_cred(table->device, credential, wrong_pin), FIDO_ERR_PIN_INVALID);
        fido_cred_free(&credential);
        credential =
                new_credential(table, COSE_ES256, FIDO_OPT_TRUE); /* no finger: libfido2 asks for the PIN */
        assert_int_equal(fido_dev_make_cred(table->device, credential, NULL), FIDO_ERR_PIN_REQUIRED);
        fido_cred_free(&credential);
        credential = new_credential(table, COSE_RS256, FIDO_OPT_OMIT);
        assert_int_equal(fido_dev_make_cred(table->device, credential, pin), FIDO_ERR_UNSUPPORTED_ALGORITHM);
        fido_cred_free(&credential);
        assert_int_equal(table->touches, 0);
}

/* By the option "uv" the PIN is asked for instead (6.2.2 6.2.3.2), by a token of the finger's it is said why.
 */
static bool is_finger_refusal(int result)
{
        return result == FIDO_ERR_PIN_REQUIRED || result == FIDO_ERR_UV_INVALID ||
               result == FIDO_ERR_UV_BLOCKED;
}

static void another_finger_is_refused_and_counted(void **state)
{
        struct table *table = *state;
        enrol(table);
        fido_cred_t *credential = registered(table, COSE_ES256, FIDO_OPT_OMIT);
        table->gate.finger = FINGER_OTHER;
        assert_true(is_finger_refusal(log_in(table, credential)));
        table->gate.finger = FINGER_OWN;
        assert_int_equal(log_in(table, credential), FIDO_OK); /* gives all tries back */
        table->gate.finger = FINGER_OTHER;
        unsigned tries = 0, before;
        do {
                before = table->gate.starts;
                assert_true(is_finger_refusal(log_in(table, credential)));
                tries += table->gate.starts > before;
        } while (table->gate.starts > before && tries < 100);
        assert_in_range(tries, 2, 25); /* maxUvRetries */
        unsigned starts = table->gate.starts;
        table->gate.finger = FINGER_OWN;
        assert_true(is_finger_refusal(log_in(table, credential)));
        assert_int_equal(table->gate.starts, starts); /* nobody is asked for a finger any more */

        /* The PIN opens the finger path again. */
        fido_assert_t *assertion = new_assertion(table, credential, FIDO_OPT_OMIT);
        assert_int_equal(fido_dev_get_assert(table->device, assertion, pin), FIDO_OK);
        fido_assert_free(&assertion);
        assert_int_equal(log_in(table, credential), FIDO_OK);
        fido_cred_free(&credential);
}

/* A finger that was never presented must not cost a try: more times than there are tries. */
static void absence_and_cancels_cost_nothing(void **state)
{
        struct table *table = *state;
        enrol(table);
        fido_cred_t *credential = registered(table, COSE_ES256, FIDO_OPT_OMIT);
        for (int i = 0; i < 30; i++) {
                table->gate.finger = i % 2 ? FINGER_NONE : FINGER_WAITED;
                table->cancel_when_asked = i % 2 == 0;
                assert_int_equal(log_in(table, credential),
                        i % 2 ? FIDO_ERR_USER_ACTION_TIMEOUT : FIDO_ERR_KEEPALIVE_CANCEL);
        }
        table->gate.finger = FINGER_OWN;
        assert_int_equal(log_in(table, credential), FIDO_OK);
        fido_cred_free(&credential);
}

/* The PIN confirms the set that was seen; the one of before is then another one, and confirmed likewise. */
static void confirm_by_pin(struct table *table, const fido_cred_t *credential)
{
        for (int i = 0; i < 2; i++) {
                assert_true(is_finger_refusal(log_in(table, credential)));
                fido_assert_t *assertion = new_assertion(table, credential, FIDO_OPT_OMIT);
                assert_int_equal(fido_dev_get_assert(table->device, assertion, pin), FIDO_OK);
                fido_assert_free(&assertion);
        }
}

static void forged_tokens_are_refused(void **state)
{
        struct table *table = *state;
        static const struct {
                enum forgery forgery;
                int wanted;
        } cases[] = {
                { FORGERY_REPLAY, FIDO_ERR_UV_INVALID }, { FORGERY_MAC, FIDO_ERR_UV_INVALID },
                { FORGERY_RP_ID, FIDO_ERR_UV_INVALID }, { FORGERY_COMMAND, FIDO_ERR_UV_INVALID },
                { FORGERY_PURPOSE, FIDO_ERR_UV_INVALID },
                { FORGERY_SET, FIDO_ERR_PIN_REQUIRED }, /* the PIN must confirm the changed set */
        };
        enrol(table);
        fido_cred_t *credential = registered(table, COSE_ES256, FIDO_OPT_OMIT);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                table->gate.forgery = cases[i].forgery;
                if (log_in(table, credential) != cases[i].wanted)
                        fail_msg("login with forgery %d", (int)cases[i].forgery);
                fido_cred_t *second = new_credential(table, COSE_ES256, FIDO_OPT_TRUE);
                int registered_as = fido_dev_make_cred(table->device, second, NULL);
                bool closed = cases[i].forgery == FORGERY_SET; /* by the login before */
                if (registered_as != (closed ? FIDO_ERR_UV_BLOCKED : cases[i].wanted))
                        fail_msg("registration with forgery %d: %d", (int)cases[i].forgery, registered_as);
                fido_cred_free(&second);
                table->gate.forgery = FORGERY_NONE;
                if (cases[i].forgery == FORGERY_SET)
                        confirm_by_pin(table, credential);
                assert_int_equal(log_in(table, credential), FIDO_OK);
        }
        fido_cred_free(&credential);
}

static void lists_are_respected(void **state)
{
        struct table *table = *state;
        enrol(table);
        fido_cred_t *credential = registered(table, COSE_ES256, FIDO_OPT_OMIT);
        fido_cred_t *second = new_credential(table, COSE_ES256, FIDO_OPT_TRUE);
        assert_int_equal(
                fido_cred_exclude(second, fido_cred_id_ptr(credential), fido_cred_id_len(credential)),
                FIDO_OK);
        assert_int_equal(fido_dev_make_cred(table->device, second, NULL), FIDO_ERR_CREDENTIAL_EXCLUDED);
        fido_cred_free(&second);

        static const uint8_t foreign[33] = { 1 };
        for (size_t size = 32; size <= 33; size++) {
                fido_assert_t *assertion = new_assertion(table, NULL, FIDO_OPT_TRUE);
                assert_int_equal(fido_assert_allow_cred(assertion, foreign, size), FIDO_OK);
                assert_int_equal(
                        fido_dev_get_assert(table->device, assertion, NULL), FIDO_ERR_NO_CREDENTIALS);
                fido_assert_free(&assertion);
        }
        /* Another relying party's credential is no credential here. */
        fido_assert_t *assertion = new_assertion(table, credential, FIDO_OPT_TRUE);
        assert_int_equal(fido_assert_set_rp(assertion, "elsewhere.example"), FIDO_OK);
        assert_int_equal(fido_dev_get_assert(table->device, assertion, NULL), FIDO_ERR_NO_CREDENTIALS);
        fido_assert_free(&assertion);
        fido_cred_free(&credential);
}

static void a_broken_gate_leaves_the_pin(void **state)
{
        struct table *table = *state;
        enrol(table);
        fido_cred_t *credential = registered(table, COSE_ES256, FIDO_OPT_OMIT);
        table->gate.broken = true;
        assert_int_equal(log_in(table, credential), FIDO_ERR_ERR_OTHER);
        fido_assert_t *assertion = new_assertion(table, credential, FIDO_OPT_OMIT);
        assert_int_equal(fido_dev_get_assert(table->device, assertion, pin), FIDO_OK);
        verify_es256(assertion, credential, FIDO_OK);
        fido_assert_free(&assertion);
        fido_cred_free(&credential);
}

static void the_device_is_selected_by_touch(void **state)
{
        struct table *table = *state;
        int touched = 0;
        assert_int_equal(fido_dev_get_touch_begin(table->device), FIDO_OK);
        assert_int_equal(fido_dev_get_touch_status(table->device, &touched, 1000), FIDO_OK);
        assert_int_equal(touched, 1);
        assert_int_equal(table->touches, 1);
}

/* What the element was told survives: a new authenticator in front of it, a reset element behind it. */
static void credentials_outlive_the_session(void **state)
{
        struct table *table = *state;
        enrol(table);
        fido_cred_t *credential = registered(table, COSE_ES256, FIDO_OPT_OMIT);
        close_device(table);
        mitome_authenticator_free(table->authenticator);
        mitome_element_reset(table->element.element);
        start_authenticator(table);
        open_device(table);
        assert_true(fido_dev_has_uv(table->device));
        assert_int_equal(log_in(table, credential), FIDO_OK);
        fido_cred_free(&credential);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(info_is_read),
                TEST(the_sensor_is_described),
                TEST(a_finger_is_enrolled_by_pin),
                TEST(a_wrong_pin_counts),
                TEST(three_wrong_pins_block),
                TEST(enrolment_can_end_early),
                TEST(fingers_are_listed_named_and_removed),
                TEST(a_full_set_takes_no_more),
                TEST(a_missing_sensor_costs_no_try),
                TEST(a_finger_removed_elsewhere_closes_the_path),
                TEST(register_and_log_in_with_es256),
                TEST(register_and_log_in_with_eddsa),
                TEST(a_discoverable_credential_names_its_user),
                TEST(register_and_log_in_by_pin),
                TEST(registration_without_verification_is_refused),
                TEST(another_finger_is_refused_and_counted),
                TEST(absence_and_cancels_cost_nothing),
                TEST(forged_tokens_are_refused),
                TEST(lists_are_respected),
                TEST(a_broken_gate_leaves_the_pin),
                TEST(the_device_is_selected_by_touch),
                TEST(credentials_outlive_the_session),
        };
        fido_init(0);
        return cmocka_run_group_tests_name("libfido2", tests, NULL, NULL);
}
