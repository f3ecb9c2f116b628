/* SPDX-License-Identifier: Apache-2.0 */
/* The test vectors of WebAuthn Level 3, section 16 (webauthn-l3.jsonl in the folder that MITOME_VECTORS
 * names), through the library. */
#include "cose.h"
#include "json.h"

#include <mitome/rp.h>

#include <jansson.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static uint8_t buffer[MITOME_RP_BUFFER_MAX];

struct bytes {
        uint8_t data[2048];
        size_t size;
};

static const char *text_of(const json_t *object, const char *name)
{
        return json_string_value(json_object_get(object, name));
}

static slice bytes_of(const json_t *object, const char *name, struct bytes *bytes)
{
        slice view = { 0 };
        const char *text = text_of(object, name);
        if (text)
                assert_int_equal(
                        base64url_decode(slice_text(text), name, bytes->data, sizeof bytes->data, &view, NULL)
                                .code,
                        MITOME_OK);
        return view;
}

static int64_t time_of(const char *text)
{
        struct tm tm = { 0 };
        if (!text)
                return 1790812800; /* 2026-10-01: nothing in such a case depends on the time */
        assert_non_null(strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm));
        return timegm(&tm);
}

static struct mitome_trust *trust_of(const char *pem)
{
        if (!pem)
                return NULL;
        struct mitome_trust *trust = NULL;
        BIO *bio = BIO_new_mem_buf(pem, -1);
        X509 *root = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        uint8_t *der = NULL;
        int size = i2d_X509(root, &der);
        assert_in_range(size, 1, 65536);
        assert_int_equal(mitome_trust_new(&trust, NULL).code, MITOME_OK);
        assert_int_equal(mitome_trust_add_anchor(trust, slice_of(der, (size_t)size), NULL).code, MITOME_OK);
        OPENSSL_free(der);
        X509_free(root);
        BIO_free(bio);
        return trust;
}

struct outcome {
        mitome_status status;
        struct mitome_verdict verdict;
        mitome_error error;
};

static struct outcome run_case(const json_t *vector)
{
        static struct bytes challenge, key, id;
        struct outcome outcome = { .status = { MITOME_OK } };
        const json_t *rules = json_object_get(vector, "policy");
        const json_t *tops = json_object_get(rules, "allowed_top_origins");
        const char *root = text_of(vector, "root_pem");
        const slice origin = slice_text(text_of(vector, "origin"));
        slice top = { 0 };
        if (tops)
                top = slice_text(json_string_value(json_array_get(tops, 0)));
        const struct mitome_policy policy = {
                .allow_cross_origin = json_is_true(json_object_get(rules, "allow_cross_origin")),
                .top_origins = tops ? &top : NULL,
                .top_origin_count = json_array_size(tops),
                .require_trust = root != NULL,
        };
        const struct mitome_expectation expected = {
                .rp_id = slice_text(text_of(vector, "rp_id")),
                .origins = &origin,
                .origin_count = 1,
                .challenge = bytes_of(vector, "challenge_b64url", &challenge),
        };
        const json_t *response = json_object_get(vector, "response");
        char *response_text = json_dumps(response, JSON_COMPACT);
        const slice response_json = slice_text(response_text);
        const int64_t now = time_of(text_of(vector, "at_time"));
        struct mitome_trust *trust = trust_of(root);
        if (strcmp(text_of(vector, "kind"), "registration") == 0) {
                outcome.status = mitome_verify_registration(NULL, &policy, &expected, response_json, trust,
                        now, buffer, sizeof buffer, &outcome.verdict, &outcome.error);
        } else {
                const struct mitome_credential record = {
                        .id = bytes_of(response, "rawId", &id),
                        .public_key = bytes_of(vector, "credential_public_key_b64url", &key),
                        .backup_eligible_unknown = true,
                };
                outcome.status = mitome_verify_authentication(NULL, &policy, &expected, response_json,
                        &record, trust, now, buffer, sizeof buffer, &outcome.verdict, &outcome.error);
        }
        mitome_trust_free(trust);
        free(response_text);
        return outcome;
}

static void check_accepted(const json_t *vector, const struct outcome *outcome)
{
        const bool registration = strcmp(text_of(vector, "kind"), "registration") == 0;
        const char *type = text_of(vector, "att_type");
        assert_int_equal(outcome->verdict.flags, json_integer_value(json_object_get(vector, "flags")));
        assert_string_equal(cose_algorithm_name(outcome->verdict.algorithm), text_of(vector, "alg"));
        if (!registration) {
                assert_int_equal(outcome->verdict.sign_count,
                        json_integer_value(json_object_get(vector, "sign_count")));
                return;
        }
        struct bytes key;
        assert_string_equal(outcome->verdict.format, text_of(vector, "fmt"));
        assert_true(slice_equal(
                outcome->verdict.public_key, bytes_of(vector, "credential_public_key_b64url", &key)));
        enum mitome_trust_result trust = text_of(vector, "root_pem") ? MITOME_TRUST_VERIFIED
                                         : strcmp(type, "self") == 0 ? MITOME_TRUST_SELF
                                                                     : MITOME_TRUST_NONE;
        assert_int_equal(outcome->verdict.trust, trust);
}

static void every_vector_comes_out_as_it_must(void **state)
{
        (void)state;
        const char *folder = getenv("MITOME_VECTORS");
        char path[4096];
        static char line[65536];
        size_t accepted = 0, refused = 0;
        snprintf(path, sizeof path, "%s/webauthn-l3.jsonl", folder ? folder : ".");
        FILE *file = fopen(path, "r");
        if (!file) {
                print_message("no vectors: MITOME_VECTORS names no folder with webauthn-l3.jsonl\n");
                skip();
        }
        while (fgets(line, sizeof line, file)) {
                json_t *vector = json_loads(line, 0, NULL);
                assert_non_null(vector);
                struct outcome outcome = run_case(vector);
                bool expected = strcmp(text_of(vector, "expect"), "ok") == 0;
                char said[512];
                mitome_explain(&outcome.error, said, sizeof said);
                print_message("%s: %s\n", text_of(vector, "name"), said);
                assert_int_equal(outcome.status.code == MITOME_OK, expected);
                if (expected)
                        check_accepted(vector, &outcome);
                accepted += expected;
                refused += !expected;
                json_decref(vector);
        }
        fclose(file);
        print_message("%zu accepted, %zu refused, all as expected\n", accepted, refused);
        assert_true(accepted > 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(every_vector_comes_out_as_it_must) };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
