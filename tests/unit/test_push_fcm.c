/* SPDX-License-Identifier: Apache-2.0 */

/* Firebase Cloud Messaging, HTTP v1, against an endpoint on this machine that checks each byte: the assertion
 * (verified by OpenSSL), the headers, the JSON; and what is made of each thing that a service can answer. */

#include "fcm_endpoint.h"
#include "fcm_form.h"
#include "push_fcm.h"
#include "push_registry.h"
#include "tls_front.h"

#include <curl/curl.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOW = 1763700000 };

static const char token[] = "cXyZ:APA91bInventedTokenOfNobodysPhone_0123-45";
static const char body[] =
        "{\"message\":{\"token\":\"cXyZ:APA91bInventedTokenOfNobodysPhone_0123-45\","
        "\"data\":{\"kind\":\"wake\",\"id\":\"00112233445566778899aabbccddeeff\"},"
        "\"android\":{\"collapse_key\":\"wake\",\"priority\":\"HIGH\",\"ttl\":\"86400s\"}}}";
static const struct push_message message = { .kind = PUSH_WAKE,
        .id = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee,
                0xff } };

struct rig {
        EVP_PKEY *key;
        char pem[FCM_PEM_MAX];
        char folder[64], path[96];
        struct fcm_endpoint endpoint;
        struct push_fcm *fcm;
        struct push push;
        int64_t now;
};

static void must(mitome_status status)
{
        assert_int_equal(status.code, MITOME_OK);
}

static int64_t rig_now(void *context)
{
        const struct rig *rig = context;
        return rig->now;
}

static EVP_PKEY *make_key(char *pem, size_t capacity, unsigned bits)
{
        EVP_PKEY *key = EVP_RSA_gen(bits);
        BIO *bio = BIO_new(BIO_s_mem());
        assert_non_null(key);
        assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
        const int size = BIO_read(bio, pem, (int)capacity - 1);
        assert_true(size > 0);
        pem[size] = '\0';
        BIO_free(bio);
        return key;
}

static int make_rig(void **state)
{
        struct rig *rig = calloc(1, sizeof *rig);
        assert_non_null(rig);
        (void)signal(SIGPIPE, SIG_IGN); /* a client that turns away from the TLS front */
        assert_int_equal(curl_global_init(CURL_GLOBAL_DEFAULT), CURLE_OK);
        rig->key = make_key(rig->pem, sizeof rig->pem, 2048);
        (void)snprintf(rig->folder, sizeof rig->folder, "/tmp/test-fcm-XXXXXX");
        assert_non_null(mkdtemp(rig->folder));
        (void)snprintf(rig->path, sizeof rig->path, "%s/account.json", rig->folder);
        *state = rig;
        return 0;
}

static int free_rig(void **state)
{
        struct rig *rig = *state;
        (void)unlink(rig->path);
        assert_int_equal(rmdir(rig->folder), 0);
        EVP_PKEY_free(rig->key);
        curl_global_cleanup();
        free(rig);
        return 0;
}

static json_t *account_json(const struct rig *rig)
{
        return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "type", "service_account", "project_id",
                "mihon-1", "private_key_id", "0123456789abcdef", "private_key", rig->pem, "client_email",
                "push@mihon-1.example", "client_id", "123", "token_uri", rig->endpoint.token_uri);
}

static void write_text(const char *path, const char *text, mode_t mode)
{
        (void)unlink(path);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(chmod(path, mode), 0);
}

static void write_account(const struct rig *rig, mode_t mode)
{
        json_t *account = account_json(rig);
        char *text = json_dumps(account, JSON_INDENT(2));
        write_text(rig->path, text, mode);
        free(text);
        json_decref(account);
}

static struct push_fcm_config config_of(struct rig *rig)
{
        return (struct push_fcm_config){ .account_file = rig->path,
                .service = rig->endpoint.url,
                .timeout_ms = 1500,
                .clock = { .context = rig, .now = rig_now } };
}

static int start(void **state)
{
        struct rig *rig = *state;
        rig->now = NOW;
        rig->endpoint = (struct fcm_endpoint){ .key = rig->key,
                .project = "mihon-1",
                .email = "push@mihon-1.example",
                .key_id = "0123456789abcdef",
                .now = NOW,
                .wanted_body = body };
        fcm_endpoint_start(&rig->endpoint);
        write_account(rig, 0600);
        const struct push_fcm_config config = config_of(rig);
        must(push_fcm_open(&config, &rig->fcm, NULL));
        rig->push = push_fcm(rig->fcm);
        return 0;
}

static int stop(void **state)
{
        struct rig *rig = *state;
        push_fcm_close(rig->fcm);
        fcm_endpoint_stop(&rig->endpoint);
        assert_string_equal(rig->endpoint.complaint, "");
        return 0;
}

static enum push_outcome send_one(struct rig *rig, int64_t *ret_retry_after)
{
        enum push_outcome outcome = PUSH_REFUSED;
        int64_t retry_after = -1;
        must(rig->push.send(rig->push.context, slice_text(token), &message, &outcome, &retry_after, NULL));
        if (ret_retry_after)
                *ret_retry_after = retry_after;
        return outcome;
}

/* ---- what is sent ---- */

static void the_request_is_what_google_documents_to_the_byte(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(send_one(rig, NULL), PUSH_ACCEPTED);
        assert_int_equal(rig->endpoint.grant_count, 1);
        assert_int_equal(rig->endpoint.send_count, 1);
        assert_string_equal(rig->endpoint.complaint, "");
}

static void an_access_token_is_used_until_a_minute_before_its_end(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(send_one(rig, NULL), PUSH_ACCEPTED);
        rig->now = NOW + 3539;
        assert_int_equal(send_one(rig, NULL), PUSH_ACCEPTED);
        assert_int_equal(rig->endpoint.grant_count, 1);
        rig->now = rig->endpoint.now = NOW + 3540;
        assert_int_equal(send_one(rig, NULL), PUSH_ACCEPTED);
        assert_int_equal(rig->endpoint.grant_count, 2);
        rig->now = rig->endpoint.now = NOW - 200000; /* the clock was set back: not "good for two days" */
        assert_int_equal(send_one(rig, NULL), PUSH_ACCEPTED);
        assert_int_equal(rig->endpoint.grant_count, 3);
}

static void a_short_lived_access_token_serves_once(void **state)
{
        struct rig *rig = *state;
        rig->endpoint.grants[0] = PLAY_GRANT_SHORT;
        assert_int_equal(send_one(rig, NULL), PUSH_ACCEPTED);
        rig->now = rig->endpoint.now = NOW + 1;
        assert_int_equal(send_one(rig, NULL), PUSH_ACCEPTED);
        assert_int_equal(rig->endpoint.grant_count, 2);
}

static void an_access_token_that_was_revoked_is_renewed_once(void **state)
{
        struct rig *rig = *state;
        rig->endpoint.sends[1] = PLAY_401;
        assert_int_equal(send_one(rig, NULL), PUSH_ACCEPTED);
        assert_int_equal(send_one(rig, NULL), PUSH_ACCEPTED);
        assert_int_equal(rig->endpoint.grant_count, 2);
        assert_int_equal(rig->endpoint.send_count, 3);
        for (size_t i = 3; i < FCM_PLAYS; i++)
                rig->endpoint.sends[i] = PLAY_401;
        assert_int_equal(send_one(rig, NULL), PUSH_REFUSED); /* and no loop */
        assert_int_equal(rig->endpoint.send_count, 5);
        assert_int_equal(rig->endpoint.grant_count, 3);
}

/* ---- what is made of the answer ---- */

static void each_answer_has_its_outcome(void **state)
{
        struct rig *rig = *state;
        static const struct {
                enum fcm_play play;
                enum push_outcome outcome;
                int64_t retry_after;
        } rows[] = {
                { PLAY_OK_LATE, PUSH_ACCEPTED, 0 },
                { PLAY_OK_OTHER_PROJECT, PUSH_LATER, 0 },
                { PLAY_GARBAGE, PUSH_LATER, 0 },
                { PLAY_BROKEN_OFF, PUSH_LATER, 0 },
                { PLAY_ENDLESS, PUSH_LATER, 0 },
                { PLAY_REDIRECT, PUSH_LATER, 0 },
                { PLAY_400, PUSH_REFUSED, 0 },
                { PLAY_403, PUSH_REFUSED, 0 },
                { PLAY_404_UNREGISTERED, PUSH_TOKEN_GONE, 0 },
                { PLAY_404_OTHER, PUSH_REFUSED, 0 },
                { PLAY_404_HTML, PUSH_LATER, 0 },
                { PLAY_404_QUOTED, PUSH_REFUSED, 0 },
                { PLAY_429, PUSH_LATER, FCM_QUOTA_S },
                { PLAY_429_SECONDS, PUSH_LATER, 90 },
                { PLAY_500, PUSH_LATER, 0 },
                { PLAY_503_DATE, PUSH_LATER, 7200 },
        };
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                int64_t retry_after = -1;
                rig->endpoint.sends[i] = rows[i].play;
                assert_int_equal(send_one(rig, &retry_after), rows[i].outcome);
                assert_int_equal(retry_after, rows[i].retry_after);
                assert_int_equal(rig->endpoint.send_count, i + 1);
        }
        assert_int_equal(rig->endpoint.grant_count, 1);
}

static void a_token_endpoint_that_fails_is_no_acceptance(void **state)
{
        struct rig *rig = *state;
        static const struct {
                enum fcm_play play;
                enum push_outcome outcome;
                int64_t retry_after;
        } rows[] = {
                { PLAY_400, PUSH_REFUSED, 0 },
                { PLAY_401, PUSH_REFUSED, 0 },
                { PLAY_429_SECONDS, PUSH_LATER, 90 },
                { PLAY_500, PUSH_LATER, 0 },
                { PLAY_GARBAGE, PUSH_LATER, 0 },
                { PLAY_REDIRECT, PUSH_LATER, 0 },
                { PLAY_BROKEN_OFF, PUSH_LATER, 0 },
                { PLAY_GRANT_MAC, PUSH_LATER, 0 },
                { PLAY_GRANT_INJECTED, PUSH_LATER, 0 },
        };
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                int64_t retry_after = -1;
                rig->endpoint.grants[i] = rows[i].play;
                assert_int_equal(send_one(rig, &retry_after), rows[i].outcome);
                assert_int_equal(retry_after, rows[i].retry_after);
        }
        assert_int_equal(rig->endpoint.send_count, 0);
        assert_int_equal(send_one(rig, NULL), PUSH_ACCEPTED);
}

static void a_service_that_hangs_costs_the_timeout(void **state)
{
        struct rig *rig = *state;
        int64_t retry_after = -1;
        rig->endpoint.sends[0] = PLAY_HANG;
        assert_int_equal(send_one(rig, &retry_after), PUSH_LATER);
        assert_int_equal(retry_after, 0);
}

static void nobody_listens(void **state)
{
        struct rig *rig = *state;
        struct push_fcm_config config = config_of(rig);
        config.service = "http://127.0.0.1:1";
        struct push_fcm *fcm;
        enum push_outcome outcome = PUSH_REFUSED;
        int64_t retry_after = -1;
        must(push_fcm_open(&config, &fcm, NULL));
        const struct push push = push_fcm(fcm);
        must(push.send(push.context, slice_text(token), &message, &outcome, &retry_after, NULL));
        assert_int_equal(outcome, PUSH_LATER);
        push_fcm_close(fcm);
}

/* An access token does not travel in the clear: a name of another machine, or https that nobody vouches for.
 */
static void attack_having_the_access_token_sent_in_the_clear(void **state)
{
        struct rig *rig = *state;
        struct push_fcm_config config = config_of(rig);
        char https[80], other[80];
        (void)snprintf(https, sizeof https, "https%s", rig->endpoint.url + 4);
        /* An address that is none of 127.0.0.0/8, and that leads to the endpoint all the same. */
        (void)snprintf(other, sizeof other, "http://0.0.0.0%s", strrchr(rig->endpoint.url, ':'));
        const char *const services[] = { other, https };
        for (size_t i = 0; i < 2; i++) {
                struct push_fcm *fcm;
                enum push_outcome outcome = PUSH_REFUSED;
                int64_t retry_after = -1;
                config.service = services[i];
                must(push_fcm_open(&config, &fcm, NULL));
                const struct push push = push_fcm(fcm);
                must(push.send(push.context, slice_text(token), &message, &outcome, &retry_after, NULL));
                assert_int_equal(outcome, PUSH_LATER);
                push_fcm_close(fcm);
        }
        assert_int_equal(rig->endpoint.send_count, 0);
}

/* Opens a client of the endpoint behind TLS with a certificate for `names`, believed if `believed`, and
 * sends. */
static enum push_outcome send_over_tls(struct rig *rig, const char *names, bool believed)
{
        struct tls_front front;
        struct push_fcm_config config = config_of(rig);
        char pem[128], url[64], plain[80];
        struct push_fcm *fcm;
        enum push_outcome outcome = PUSH_REFUSED;
        int64_t retry_after = -1;
        (void)snprintf(pem, sizeof pem, "%s/tls.pem", rig->folder);
        (void)snprintf(plain, sizeof plain, "%s", rig->endpoint.token_uri);
        tls_front_start(&front, (uint16_t)strtoul(strrchr(rig->endpoint.url, ':') + 1, NULL, 10), names, pem);
        (void)snprintf(url, sizeof url, "https://127.0.0.1:%u", front.port);
        (void)snprintf(rig->endpoint.token_uri, sizeof rig->endpoint.token_uri, "%s/token", url);
        write_account(rig, 0600);
        config.service = url;
        config.ca_file = believed ? pem : NULL;
        must(push_fcm_open(&config, &fcm, NULL));
        const struct push push = push_fcm(fcm);
        must(push.send(push.context, slice_text(token), &message, &outcome, &retry_after, NULL));
        push_fcm_close(fcm);
        tls_front_stop(&front);
        (void)unlink(pem);
        (void)snprintf(rig->endpoint.token_uri, sizeof rig->endpoint.token_uri, "%s", plain);
        return outcome;
}

static void over_tls_it_is_the_same(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(send_over_tls(rig, "IP:127.0.0.1", true), PUSH_ACCEPTED);
        assert_int_equal(rig->endpoint.grant_count, 1);
        assert_int_equal(rig->endpoint.send_count, 1);
}

static void attack_a_machine_that_says_to_be_the_service(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(send_over_tls(rig, "IP:127.0.0.1", false), PUSH_LATER);   /* by nobody we believe */
        assert_int_equal(send_over_tls(rig, "DNS:fcm.example", true), PUSH_LATER); /* for another name */
        assert_int_equal(rig->endpoint.grant_count, 0);
        assert_int_equal(rig->endpoint.send_count, 0);
}

static void a_token_that_would_leave_its_string_is_not_sent(void **state)
{
        struct rig *rig = *state;
        enum push_outcome outcome = PUSH_ACCEPTED;
        int64_t retry_after = -1;
        assert_int_equal(rig->push
                                 .send(rig->push.context, slice_text("x\",\"topic\":\"all"), &message,
                                         &outcome, &retry_after, NULL)
                                 .code,
                MITOME_E_VALUE);
        struct push_message other = message;
        other.kind = "Wake up";
        assert_int_equal(
                rig->push.send(rig->push.context, slice_text(token), &other, &outcome, &retry_after, NULL)
                        .code,
                MITOME_E_VALUE);
        assert_int_equal(rig->endpoint.grant_count, 0);
}

/* With the registry: the service that says "gone" stops it, one that fails does not, twice is the same id. */
static int same_bytes(void *context, uint8_t *bytes, size_t size)
{
        (void)context;
        for (size_t i = 0; i < size; i++)
                bytes[i] = message.id[i % PUSH_ID_SIZE];
        return 0;
}

static void a_wake_goes_its_way_through_registry_and_service(void **state)
{
        struct rig *rig = *state;
        const slice phone = slice_text("MTM-0001");
        const struct mitome_random random = { .fill = same_bytes };
        struct sql_store *store;
        struct push_wake wake = { 0 };
        static const enum fcm_play plays[] = { PLAY_429_SECONDS, PLAY_OK, PLAY_404_HTML,
                PLAY_404_UNREGISTERED };
        static const enum push_phase phases[] = { PUSH_PHASE_DUE, PUSH_PHASE_ASKED, PUSH_PHASE_ASKED,
                PUSH_PHASE_NO_WAY };
        must(sql_open(NULL, SQL_SCHEMA(1, PUSH_REGISTRY_SCHEMA), &store, NULL));
        must(push_registry_name(store, phone, slice_text(token), rig->now, NULL));
        must(push_registry_wake(store, phone, rig->now, &random, NULL));
        for (size_t i = 0; i < 4; i++) {
                size_t sent = 0;
                rig->endpoint.sends[i] = plays[i];
                must(push_registry_round(store, &rig->push, rig->now, &random, 4, &sent, NULL));
                assert_int_equal(sent, 1);
                must(push_registry_look(store, phone, &wake, NULL));
                assert_int_equal(wake.plan.phase, phases[i]);
                rig->now = wake.plan.next_at > rig->now ? wake.plan.next_at : rig->now;
        }
        sql_close(store);
}

/* ---- the account ---- */

static mitome_code open_code(struct rig *rig)
{
        const struct push_fcm_config config = config_of(rig);
        struct push_fcm *fcm = NULL;
        const mitome_code code = push_fcm_open(&config, &fcm, NULL).code;
        push_fcm_close(fcm);
        return code;
}

static void an_account_that_others_can_read_is_refused(void **state)
{
        struct rig *rig = *state;
        write_account(rig, 0640);
        assert_int_equal(open_code(rig), MITOME_E_FILE_MODE);
        (void)unlink(rig->path);
        assert_int_equal(open_code(rig), MITOME_E_FILE_READ);
}

static mitome_code read_code(const struct rig *rig, const char *name, json_t *value)
{
        struct fcm_account account = { 0 };
        json_t *json = account_json(rig);
        if (value)
                json_object_set_new(json, name, value);
        else
                json_object_del(json, name);
        char *text = json_dumps(json, 0);
        const mitome_code code = fcm_account_read(slice_text(text), &account, NULL).code;
        fcm_account_free(&account);
        free(text);
        json_decref(json);
        return code;
}

static void an_account_that_is_none_is_refused(void **state)
{
        struct rig *rig = *state;
        static const char *const needed[] = { "type", "project_id", "private_key_id", "private_key",
                "client_email", "token_uri" };
        char weak[FCM_PEM_MAX], curve[FCM_PEM_MAX];
        for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
                assert_int_equal(read_code(rig, needed[i], NULL), MITOME_E_MISSING);
        assert_int_equal(read_code(rig, "type", json_string("authorized_user")), MITOME_E_VALUE);
        assert_int_equal(read_code(rig, "project_id", json_string("../../v1")), MITOME_E_VALUE);
        assert_int_equal(read_code(rig, "client_email", json_string("a\r\nb")), MITOME_E_VALUE);
        assert_int_equal(read_code(rig, "private_key", json_string("no key")), MITOME_E_KEY_TYPE);
        assert_int_equal(read_code(rig, "private_key", json_integer(1)), MITOME_E_JSON_TYPE);
        EVP_PKEY_free(make_key(weak, sizeof weak, 1024));
        assert_int_equal(read_code(rig, "private_key", json_string(weak)), MITOME_E_KEY_WEAK);
        EVP_PKEY *point = EVP_EC_gen("P-256");
        BIO *bio = BIO_new(BIO_s_mem());
        assert_int_equal(PEM_write_bio_PrivateKey(bio, point, NULL, NULL, 0, NULL, NULL), 1);
        curve[BIO_read(bio, curve, sizeof curve - 1)] = '\0';
        assert_int_equal(read_code(rig, "private_key", json_string(curve)), MITOME_E_KEY_TYPE);
        BIO_free(bio);
        EVP_PKEY_free(point);
        write_text(rig->path, "{\"type\":\"service_account\"", 0600);
        assert_int_equal(open_code(rig), MITOME_E_INPUT_ENDS);
        char *longer = calloc(1, FCM_ACCOUNT_MAX + 2);
        assert_non_null(longer);
        memset(longer, ' ', FCM_ACCOUNT_MAX + 1);
        write_text(rig->path, longer, 0600);
        assert_int_equal(open_code(rig), MITOME_E_TOO_LONG);
        free(longer);
        write_account(rig, 0600);
        struct push_fcm_config config = config_of(rig);
        struct push_fcm *fcm;
        config.service = "ftp://127.0.0.1";
        assert_int_equal(push_fcm_open(&config, &fcm, NULL).code, MITOME_E_VALUE);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, start, stop)
        const struct CMUnitTest tests[] = {
                WITH(the_request_is_what_google_documents_to_the_byte),
                WITH(an_access_token_is_used_until_a_minute_before_its_end),
                WITH(a_short_lived_access_token_serves_once),
                WITH(an_access_token_that_was_revoked_is_renewed_once),
                WITH(each_answer_has_its_outcome),
                WITH(a_token_endpoint_that_fails_is_no_acceptance),
                WITH(a_service_that_hangs_costs_the_timeout),
                WITH(nobody_listens),
                WITH(attack_having_the_access_token_sent_in_the_clear),
                WITH(over_tls_it_is_the_same),
                WITH(attack_a_machine_that_says_to_be_the_service),
                WITH(a_token_that_would_leave_its_string_is_not_sent),
                WITH(a_wake_goes_its_way_through_registry_and_service),
                WITH(an_account_that_others_can_read_is_refused),
                WITH(an_account_that_is_none_is_refused),
        };
        return cmocka_run_group_tests(tests, make_rig, free_rig);
}
