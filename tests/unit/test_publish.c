/* SPDX-License-Identifier: Apache-2.0 */

/* What the authority publishes: its pages, how often a list is made, and, over HTTP, that `openssl ocsp` and
 * the relying party hear of a revocation at their next question. */

#include "ca_rig.h"
#include "publish_pages.h"
#include "trust.h"

#include <arpa/inet.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct ca_rig rig;
static struct publication *publication;

static int64_t rig_clock(void *context)
{
        const struct ca_rig *clock = context;
        return clock->now;
}

static int open_rig(void **state)
{
        (void)state;
        ca_rig_open(&rig, time(NULL)); /* the programs of others know only this machine's clock */
        const struct publish_config config = {
                .cas = { rig.cas[0], rig.cas[1] },
                .source = ca_rig_source(&rig),
                .random = rig.random,
                .clock_context = &rig,
                .now = rig_clock,
        };
        return publish_open(&config, &publication, NULL).code == MITOME_OK ? 0 : -1;
}

static int close_rig(void **state)
{
        (void)state;
        publish_close(publication);
        ca_rig_close(&rig);
        return 0;
}

static mitome_code list_at(const char *path, slice *ret)
{
        return publish_list(publication, slice_text(path), ret, NULL).code;
}

/* ---- pages ---- */

static void there_is_a_list_for_each_ca_and_each_place(void **state)
{
        (void)state;
        static const char *const good[] = { "user-verification.crl", "signing.crl",
                "signing/Tokyo-to/Mihon-ku.crl" };
        for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
                slice list = { 0 };
                assert_int_equal(list_at(good[i], &list), MITOME_OK);
                const unsigned char *end = list.data;
                X509_CRL *crl = d2i_X509_CRL(NULL, &end, (long)list.size);
                assert_non_null(crl);
                assert_ptr_equal(end, list.data + list.size);
                X509_CRL_free(crl);
        }
}

static void other_paths_lead_nowhere(void **state)
{
        (void)state;
        static const char *const bad[] = { "", "signing", "signing.crl2", "signing/", "signing/Tokyo-to",
                "signing/Tokyo-to/", "signing/Tokyo-to/.crl", "signing//Mihon-ku.crl",
                "signing/Tokyo-to/Mihon-ku.crl?x", "signing/Tokyo-to/Mihon-ku.crl/x.crl", "../signing.crl",
                "user-verification/Tokyo-to/Mihon-ku.crl", "signing/Tokyo-to/Mihon\nCN.crl",
                "signing/\xE6\x9D\xB1/Mihon-ku.crl" };
        slice page = { 0 };
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
                assert_int_equal(list_at(bad[i], &page), MITOME_E_VALUE);
        char endless[PUBLISH_PATH_MAX + 64];
        snprintf(endless, sizeof endless, "signing/Tokyo-to/%0*d.crl", PUBLISH_PATH_MAX, 0);
        assert_int_equal(list_at(endless, &page), MITOME_E_VALUE);
        snprintf(endless, sizeof endless, "signing/Tokyo-to/%070d.crl", 0);
        assert_int_equal(list_at(endless, &page), MITOME_E_VALUE);
        assert_int_equal(publish_ca(publication, slice_text("other.cer"), &page, NULL).code, MITOME_E_VALUE);
        assert_int_equal(publish_ca(publication, slice_text("signing.cer"), &page, NULL).code, MITOME_OK);
        assert_true(slice_equal(page, ca_certificate(rig.cas[AUTHORITY_SIGNING])));
}

/* Whoever asks again and again gets what there is: a signature a list and interval, no more. */
static void asking_often_makes_no_list(void **state)
{
        (void)state;
        slice list = { 0 };
        uint64_t before;
        rig.now += 10000;
        assert_int_equal(list_at("signing.crl", &list), MITOME_OK);
        before = rig.numbers[AUTHORITY_SIGNING];
        for (int i = 0; i < 100; i++)
                assert_int_equal(list_at("signing.crl", &list), MITOME_OK);
        rig.now += 599;
        assert_int_equal(list_at("signing.crl", &list), MITOME_OK);
        assert_int_equal(rig.numbers[AUTHORITY_SIGNING], before);
        rig.now += 1;
        assert_int_equal(list_at("signing.crl", &list), MITOME_OK);
        assert_int_equal(rig.numbers[AUTHORITY_SIGNING], before + 1);
        rig.now -= 10600;
}

/* More places than are kept: the eldest goes, and what is kept is not mixed up. */
static void a_thousand_places_have_each_their_own_list(void **state)
{
        (void)state;
        for (int i = 0; i < 3 * PUBLISH_LISTS_MAX; i++) {
                char path[64], expected[32];
                slice list = { 0 };
                snprintf(path, sizeof path, "signing/Tokyo-to/Town-%03d.crl", i % (PUBLISH_LISTS_MAX + 5));
                snprintf(expected, sizeof expected, "Town-%03d CRLDP", i % (PUBLISH_LISTS_MAX + 5));
                assert_int_equal(list_at(path, &list), MITOME_OK);
                assert_non_null(memmem(list.data, list.size, expected, strlen(expected)));
        }
}

/* A register that fails: the list that was there stays until it is too old, then there is none. */
static void a_register_that_fails_gives_no_new_list(void **state)
{
        (void)state;
        slice list = { 0 };
        assert_int_equal(list_at("user-verification.crl", &list), MITOME_OK);
        rig.broken = MITOME_E_SQL_FAILED;
        assert_int_equal(list_at("user-verification.crl", &list), MITOME_OK);
        rig.now += 601;
        assert_int_equal(list_at("user-verification.crl", &list), MITOME_E_SQL_FAILED);
        rig.now -= 601;
        rig.broken = MITOME_OK;
        assert_int_equal(list_at("user-verification.crl", &list), MITOME_OK);
}

/* ---- over HTTP ---- */

static struct service *serve(struct service_lock *lock)
{
        const struct post nowhere = { 0 };
        const struct service_parts parts = {
                .pages = publish_pages,
                .page_count = PUBLISH_PAGE_COUNT,
                .page_context = publication,
        };
        struct service *service = NULL;
        assert_int_equal(service_lock_init(lock, nowhere, NULL).code, MITOME_OK);
        assert_int_equal(service_open(&parts, lock, NULL, 0, &service, NULL).code, MITOME_OK);
        return service;
}

/* GET: the status, and what came. */
static int get(uint16_t port, const char *path, const char *media_type, uint8_t *body, size_t capacity,
        size_t *ret_size)
{
        char wire[8192];
        size_t used = 0;
        struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), status = 0;
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
        dprintf(fd, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
        for (ssize_t count; (count = read(fd, wire + used, sizeof wire - 1 - used)) > 0;)
                used += (size_t)count;
        close(fd);
        wire[used] = '\0';
        assert_int_equal(strncmp(wire, "HTTP/1.1 ", 9), 0);
        status = (int)strtol(wire + 9, NULL, 10);
        const char *end = strstr(wire, "\r\n\r\n");
        assert_non_null(end);
        if (status != 200)
                return status;
        assert_non_null(strstr(wire, media_type));
        *ret_size = used - (size_t)(end + 4 - wire);
        assert_in_range(*ret_size, 1, capacity);
        memcpy(body, end + 4, *ret_size);
        return status;
}

static void request_in_path(size_t row, char path[512])
{
        unsigned char *der = NULL;
        const slice issuer_der = ca_certificate(rig.cas[AUTHORITY_SIGNING]), leaf = ca_rig_der(&rig, row);
        const unsigned char *a = issuer_der.data, *b = leaf.data;
        X509 *issuer = d2i_X509(NULL, &a, (long)issuer_der.size),
             *subject = d2i_X509(NULL, &b, (long)leaf.size);
        OCSP_REQUEST *request = OCSP_REQUEST_new();
        assert_non_null(OCSP_request_add0_id(request, OCSP_cert_to_id(EVP_sha256(), subject, issuer)));
        int size = i2d_OCSP_REQUEST(request, &der);
        int begin = snprintf(path, 512, "/ocsp/");
        assert_in_range(size, 1, 300);
        assert_true(EVP_EncodeBlock((unsigned char *)path + begin, der, size) > 0);
        OPENSSL_free(der);
        OCSP_REQUEST_free(request);
        X509_free(subject);
        X509_free(issuer);
}

static void the_pages_are_served(void **state)
{
        (void)state;
        static struct service_lock lock;
        uint8_t body[8192];
        char path[512];
        size_t size = 0;
        struct service *service = serve(&lock);
        uint16_t port = service_port(service);
        size_t row = ca_rig_issue(&rig, AUTHORITY_SIGNING, &people_hanako);
        assert_int_equal(
                get(port, "/ca/signing.cer", "application/pkix-cert", body, sizeof body, &size), 200);
        assert_true(slice_equal(slice_of(body, size), ca_certificate(rig.cas[AUTHORITY_SIGNING])));
        assert_int_equal(get(port, "/crl/signing/Tokyo-to/Mihon-ku.crl", "application/pkix-crl", body,
                                 sizeof body, &size),
                200);
        slice list = { 0 };
        assert_int_equal(list_at("signing/Tokyo-to/Mihon-ku.crl", &list), MITOME_OK);
        assert_true(slice_equal(slice_of(body, size), list));
        request_in_path(row, path);
        assert_int_equal(get(port, path, "application/ocsp-response", body, sizeof body, &size), 200);
        const unsigned char *end = body;
        OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &end, (long)size);
        assert_non_null(response);
        assert_int_equal(OCSP_response_status(response), OCSP_RESPONSE_STATUS_SUCCESSFUL);
        OCSP_RESPONSE_free(response);
        static const char *const none[] = { "/crl/other.crl", "/crl/", "/ca/key.pem", "/" };
        for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
                assert_int_equal(get(port, none[i], "", body, sizeof body, &size), 404);
        service_close(service);
        service_lock_end(&lock);
}

static void says(const char *const *arguments, const char *expected)
{
        char output[4096];
        if (ca_rig_run(arguments, output, sizeof output) != 0)
                fail_msg("%s", output);
        assert_non_null(strstr(output, "Response verify OK"));
        assert_non_null(strstr(output, expected));
}

/* The relying party fetches an answer with a program of others, and judges by it. */
static mitome_code judged(const char *const *ask, const char *answer, size_t row)
{
        uint8_t bytes[OCSP_RESPONSE_MAX];
        struct mitome_trust *trust = NULL;
        struct jpki_certificate read = { 0 };
        assert_int_equal(ca_rig_run(ask, NULL, 0), 0);
        FILE *file = fopen(answer, "re");
        assert_non_null(file);
        size_t size = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        assert_int_equal(mitome_trust_new(&trust, NULL).code, MITOME_OK);
        assert_int_equal(mitome_trust_add_jpki_anchor(
                                 trust, ca_certificate(rig.cas[AUTHORITY_USER_VERIFICATION]), NULL)
                                 .code,
                MITOME_OK);
        assert_int_equal(mitome_trust_add_ocsp(trust, slice_of(bytes, size), NULL).code, MITOME_OK);
        mitome_code code = trust_verify_jpki(trust, ca_rig_der(&rig, row), rig.now, &read, NULL).code;
        mitome_trust_free(trust);
        return code;
}

/* "A revocation to refusal at the relying party with OCSP: under 2 s." */
static void a_revocation_is_heard_by_the_next_question_over_http(void **state)
{
        (void)state;
        static const char *const version[] = { "openssl", "version", NULL };
        char ca[96], leaf[96], answer[96], url[64];
        static struct service_lock lock;
        struct timespec begin, end;
        if (ca_rig_run(version, NULL, 0) != 0)
                skip();
        struct service *service = serve(&lock);
        size_t row = ca_rig_issue(&rig, AUTHORITY_USER_VERIFICATION, &people_hanako);
        ca_rig_file(&rig, "ca.pem", "CERTIFICATE", ca_certificate(rig.cas[AUTHORITY_USER_VERIFICATION]), ca);
        ca_rig_file(&rig, "leaf.pem", "CERTIFICATE", ca_rig_der(&rig, row), leaf);
        snprintf(answer, sizeof answer, "%s/answer.der", rig.folder);
        snprintf(url, sizeof url, "http://127.0.0.1:%u/ocsp", service_port(service));
        const char *const ask[] = { "openssl", "ocsp", "-issuer", ca, "-cert", leaf, "-CAfile", ca, "-url",
                url, "-respout", answer, NULL };
        says(ask, "leaf.pem: good");
        assert_int_equal(judged(ask, answer, row), MITOME_OK);
        clock_gettime(CLOCK_MONOTONIC, &begin);
        ca_rig_set(&rig, row, CA_REVOKED, 1);
        assert_int_equal(judged(ask, answer, row), MITOME_E_CERTIFICATE_REVOKED);
        clock_gettime(CLOCK_MONOTONIC, &end);
        print_message("refused after %.0f ms\n",
                (double)(end.tv_sec - begin.tv_sec) * 1e3 + (double)(end.tv_nsec - begin.tv_nsec) / 1e6);
        says(ask, "leaf.pem: revoked");
        service_close(service);
        service_lock_end(&lock);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(there_is_a_list_for_each_ca_and_each_place),
                cmocka_unit_test(other_paths_lead_nowhere),
                cmocka_unit_test(asking_often_makes_no_list),
                cmocka_unit_test(a_thousand_places_have_each_their_own_list),
                cmocka_unit_test(a_register_that_fails_gives_no_new_list),
                cmocka_unit_test(the_pages_are_served),
                cmocka_unit_test(a_revocation_is_heard_by_the_next_question_over_http),
        };
        return cmocka_run_group_tests(tests, open_rig, close_rig);
}
