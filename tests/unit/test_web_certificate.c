/* SPDX-License-Identifier: Apache-2.0 */
/* The certificate of this machine's own, and the server behind it. */
#include "web.h"
#include "web_certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *const files[] = { "web-ca.pem", "web-certificate.pem", "web-key.pem" };
enum { CA, CERTIFICATE, KEY, FILES };

struct folder {
        char path[32], files[FILES][64];
};

static int begin(void **state)
{
        struct folder *folder = calloc(1, sizeof *folder);
        assert_non_null(folder);
        snprintf(folder->path, sizeof folder->path, "/tmp/web-cert-XXXXXX");
        assert_non_null(mkdtemp(folder->path));
        for (int i = 0; i < FILES; i++)
                snprintf(folder->files[i], sizeof folder->files[i], "%s/%s", folder->path, files[i]);
        *state = folder;
        return 0;
}

static int end(void **state)
{
        struct folder *folder = *state;
        for (int i = 0; i < FILES; i++)
                (void)unlink(folder->files[i]);
        assert_int_equal(rmdir(folder->path), 0);
        free(folder);
        return 0;
}

static struct web_certificate local(const struct folder *folder, int64_t now)
{
        struct web_certificate pair = { 0 };
        mitome_error error = { 0 };
        if (web_certificate_local(folder->path, now, &pair, &error).code != MITOME_OK)
                fail_msg("code %d of %s", error.code, error.field);
        return pair;
}

static void it_is_made_once_and_kept(void **state)
{
        const struct folder *folder = *state;
        struct stat about;
        int64_t now = time(NULL);
        struct web_certificate first = local(folder, now), second = local(folder, now);
        assert_true(first.made);
        assert_false(second.made);
        assert_string_equal(first.certificate_pem, second.certificate_pem);
        assert_string_equal(first.key_pem, second.key_pem);
        assert_int_equal(stat(folder->files[KEY], &about), 0);
        assert_int_equal(about.st_mode & 0777, 0600);
        web_certificate_free(&first);
        web_certificate_free(&second);
}

static void one_that_ends_soon_is_followed_by_another(void **state)
{
        const struct folder *folder = *state;
        int64_t now = time(NULL), day = 24 * 3600;
        struct web_certificate first = local(folder, now);
        struct web_certificate kept =
                local(folder, now + (WEB_CERTIFICATE_DAYS - WEB_CERTIFICATE_LEFT - 1) * day);
        struct web_certificate next =
                local(folder, now + (WEB_CERTIFICATE_DAYS - WEB_CERTIFICATE_LEFT + 1) * day);
        assert_false(kept.made);
        assert_true(next.made);
        assert_string_not_equal(first.certificate_pem, next.certificate_pem);
        web_certificate_free(&first);
        web_certificate_free(&kept);
        web_certificate_free(&next);
}

static void a_start_that_was_cut_short_is_made_good(void **state)
{
        const struct folder *folder = *state;
        struct web_certificate pair = local(folder, time(NULL));
        web_certificate_free(&pair);
        /* As after a crash between the key and the certificate. */
        EVP_PKEY *other = EVP_EC_gen("P-256");
        FILE *file = fopen(folder->files[KEY], "w");
        assert_non_null(file);
        assert_int_equal(PEM_write_PrivateKey(file, other, NULL, NULL, 0, NULL, NULL), 1);
        assert_int_equal(fclose(file), 0);
        EVP_PKEY_free(other);
        mitome_error error = { 0 };
        assert_int_equal(
                web_certificate_read(folder->files[CERTIFICATE], folder->files[KEY], &pair, &error).code,
                MITOME_E_WEB_CERTIFICATE);
        pair = local(folder, time(NULL));
        assert_true(pair.made);
        web_certificate_free(&pair);
}

static void a_key_that_others_can_read_is_refused(void **state)
{
        const struct folder *folder = *state;
        struct web_certificate pair = local(folder, time(NULL)), none = { 0 };
        web_certificate_free(&pair);
        assert_int_equal(chmod(folder->files[KEY], 0640), 0);
        assert_int_equal(
                web_certificate_local(folder->path, time(NULL), &none, NULL).code, MITOME_E_FILE_MODE);
        assert_int_equal(
                web_certificate_read(folder->files[CERTIFICATE], folder->files[KEY], &none, NULL).code,
                MITOME_E_FILE_MODE);
        assert_null(none.key_pem);
}

static void files_that_are_none_are_refused(void **state)
{
        const struct folder *folder = *state;
        struct web_certificate pair = local(folder, time(NULL)), none = { 0 };
        web_certificate_free(&pair);
        assert_int_equal(
                web_certificate_read("/none", folder->files[KEY], &none, NULL).code, MITOME_E_FILE_READ);
        assert_int_equal(web_certificate_read(folder->files[CERTIFICATE], "/none", &none, NULL).code,
                MITOME_E_FILE_READ);
        assert_int_equal(web_certificate_read(folder->files[KEY], folder->files[KEY], &none, NULL).code,
                MITOME_E_WEB_CERTIFICATE);
        assert_int_equal(web_certificate_local("/none", time(NULL), &none, NULL).code, MITOME_E_FILE_WRITE);
        assert_null(none.key_pem);
}

static void its_ca_is_for_this_machine_alone(void **state)
{
        const struct folder *folder = *state;
        struct web_certificate pair = local(folder, time(NULL));
        FILE *file = fopen(folder->files[CA], "r");
        assert_non_null(file);
        X509 *ca = PEM_read_X509(file, NULL, NULL, NULL);
        assert_int_equal(fclose(file), 0);
        assert_non_null(ca);
        assert_true(X509_get_ext_by_NID(ca, NID_name_constraints, -1) >= 0);
        assert_int_equal(X509_get_pathlen(ca), 0);
        assert_int_equal(X509_get_key_usage(ca), KU_KEY_CERT_SIGN);
        /* The only key in the folder is the server's: with it nothing can be signed that the CA is believed
         * for. */
        BIO *bio = BIO_new_mem_buf(pair.key_pem, -1);
        EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
        assert_int_equal(X509_verify(ca, key), 0);
        EVP_PKEY_free(key);
        BIO_free(bio);
        X509_free(ca);
        web_certificate_free(&pair);
}

/* ---- the server behind it ---- */

static void on_cookie(void *context, const struct web_request *request, struct web_answer *answer)
{
        static const struct web_cookie_rule rule = { .name = "session" };
        (void)context;
        web_set_cookie(answer, request, &rule, slice_text("a"));
        web_text(answer, "text/plain", request->secure ? slice_text("secure") : slice_text("plain"));
}

static const struct web_route route = { WEB_GET, "/", WEB_HERE, on_cookie, NULL, 0 };
static const struct web_route_set set = { &route, 1, NULL };

static int connect_to(uint16_t port)
{
        struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
        int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        assert_true(s >= 0);
        assert_int_equal(connect(s, (const struct sockaddr *)&to, sizeof to), 0);
        return s;
}

/* What a browser does that trusts the CA; 0: no TLS came about. */
static size_t ask(
        const struct folder *folder, uint16_t port, const char *name, int version, char *answer, size_t size)
{
        static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        size_t heard = 0;
        int s = connect_to(port), got = 0;
        SSL_CTX *context = SSL_CTX_new(TLS_client_method());
        assert_non_null(context);
        SSL_CTX_set_security_level(context, version < TLS1_2_VERSION ? 0 : 1);
        assert_int_equal(SSL_CTX_load_verify_locations(context, folder->files[CA], NULL), 1);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
        SSL_CTX_set_max_proto_version(context, version);
        SSL *ssl = SSL_new(context);
        SSL_set_fd(ssl, s);
        SSL_set1_host(ssl, name);
        if (SSL_connect(ssl) == 1 && SSL_write(ssl, request, sizeof request - 1) > 0)
                while (heard + 1 < size && (got = SSL_read(ssl, answer + heard, (int)(size - heard - 1))) > 0)
                        heard += (size_t)got;
        answer[heard] = '\0';
        SSL_free(ssl);
        SSL_CTX_free(context);
        close(s);
        return heard;
}

static void tls_is_served_and_no_old_one(void **state)
{
        const struct folder *folder = *state;
        struct web_certificate pair = local(folder, time(NULL));
        const struct web_config config = { .sets = &set,
                .set_count = 1,
                .certificate_pem = pair.certificate_pem,
                .key_pem = pair.key_pem,
                .public_origin = "https://login.example" };
        struct web *web = NULL;
        char answer[8192];
        assert_int_equal(web_open(&config, &web, NULL).code, MITOME_OK);
        assert_true(ask(folder, web_port(web), "localhost", TLS1_3_VERSION, answer, sizeof answer) > 0);
        assert_non_null(strstr(answer, "\r\n\r\nsecure"));
        assert_non_null(
                strstr(answer, "Set-Cookie: __Host-session=a; Path=/; HttpOnly; Secure; SameSite=Lax\r\n"));
        assert_non_null(strstr(answer, "Strict-Transport-Security: max-age=31536000\r\n"));
        assert_true(ask(folder, web_port(web), "localhost", TLS1_2_VERSION, answer, sizeof answer) > 0);
        assert_int_equal(ask(folder, web_port(web), "localhost", TLS1_1_VERSION, answer, sizeof answer), 0);
        assert_int_equal(
                ask(folder, web_port(web), "login.example", TLS1_3_VERSION, answer, sizeof answer), 0);
        web_close(web);
        web_certificate_free(&pair);
}

static void plain_http_to_a_tls_port_gets_nothing(void **state)
{
        const struct folder *folder = *state;
        struct web_certificate pair = local(folder, time(NULL));
        const struct web_config config = { .host = "::",
                .sets = &set,
                .set_count = 1,
                .certificate_pem = pair.certificate_pem,
                .key_pem = pair.key_pem };
        static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
        struct web *web = NULL;
        char answer[64] = "";
        const struct web_config here = {
                .sets = &set, .set_count = 1, .certificate_pem = pair.certificate_pem, .key_pem = pair.key_pem
        };
        /* With a certificate it may listen elsewhere, where there is IPv6. */
        if (web_open(&config, &web, NULL).code == MITOME_OK)
                web_close(web);
        assert_int_equal(web_open(&here, &web, NULL).code, MITOME_OK);
        int s = connect_to(web_port(web));
        assert_int_equal(send(s, request, sizeof request - 1, MSG_NOSIGNAL), sizeof request - 1);
        while (recv(s, answer, 4, MSG_WAITALL) > 0)
                assert_memory_not_equal(answer, "HTTP", 4);
        close(s);
        web_close(web);
        web_certificate_free(&pair);
}

static void who_is_slow_with_his_handshake_is_ended_while_others_are_served(void **state)
{
        const struct folder *folder = *state;
        struct web_certificate pair = local(folder, time(NULL));
        const struct web_config config = { .sets = &set,
                .set_count = 1,
                .certificate_pem = pair.certificate_pem,
                .key_pem = pair.key_pem,
                .patience = { .first = 1 } };
        /* The head of a record, whose rest never comes. */
        static const uint8_t begun[] = { 0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3 };
        struct web *web = NULL;
        char answer[8192];
        assert_int_equal(web_open(&config, &web, NULL).code, MITOME_OK);
        int silent = connect_to(web_port(web)), slow = connect_to(web_port(web));
        assert_int_equal(send(slow, begun, sizeof begun, MSG_NOSIGNAL), sizeof begun);
        assert_true(ask(folder, web_port(web), "localhost", TLS1_3_VERSION, answer, sizeof answer) > 0);
        while (recv(silent, answer, sizeof answer, 0) > 0)
                ;
        while (recv(slow, answer, sizeof answer, 0) > 0)
                ;
        assert_true(ask(folder, web_port(web), "localhost", TLS1_3_VERSION, answer, sizeof answer) > 0);
        close(silent);
        close(slow);
        web_close(web);
        web_certificate_free(&pair);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(it_is_made_once_and_kept),
                TEST(one_that_ends_soon_is_followed_by_another),
                TEST(a_start_that_was_cut_short_is_made_good),
                TEST(a_key_that_others_can_read_is_refused),
                TEST(files_that_are_none_are_refused),
                TEST(its_ca_is_for_this_machine_alone),
                TEST(tls_is_served_and_no_old_one),
                TEST(plain_http_to_a_tls_port_gets_nothing),
                TEST(who_is_slow_with_his_handshake_is_ended_while_others_are_served),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
