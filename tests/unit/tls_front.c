/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_front.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void must(bool good)
{
        if (!good)
                abort();
}

static X509 *make_certificate(EVP_PKEY *key, const char *names)
{
        X509 *certificate = X509_new();
        X509_NAME *name = X509_get_subject_name(certificate);
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
        must(extension && X509_set_version(certificate, 2) && X509_set_pubkey(certificate, key) &&
                ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) &&
                X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) &&
                X509_gmtime_adj(X509_getm_notAfter(certificate), 86400) &&
                X509_NAME_add_entry_by_txt(
                        name, "CN", MBSTRING_UTF8, (const unsigned char *)"invented", -1, -1, 0) &&
                X509_set_issuer_name(certificate, name) && X509_add_ext(certificate, extension, -1) &&
                X509_sign(certificate, key, EVP_sha256()));
        X509_EXTENSION_free(extension);
        return certificate;
}

static void write_certificate(X509 *certificate, const char *path)
{
        FILE *file = fopen(path, "w");
        must(file && PEM_write_X509(file, certificate) == 1);
        must(fclose(file) == 0);
}

static int connect_behind(const struct tls_front *front)
{
        const struct sockaddr_in address = { .sin_family = AF_INET,
                .sin_port = htons(front->behind),
                .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        const int behind = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        must(behind >= 0 && connect(behind, (const struct sockaddr *)&address, sizeof address) == 0);
        return behind;
}

/* Carries what comes from either side to the other, until one of them ends. */
static void carry(const struct tls_front *front, SSL *ssl, int client, int behind)
{
        char bytes[4096];
        for (;;) {
                struct pollfd polls[] = { { .fd = front->stop[0], .events = POLLIN },
                        { .fd = client, .events = POLLIN }, { .fd = behind, .events = POLLIN } };
                if (!SSL_pending(ssl) && (poll(polls, 3, -1) <= 0 || polls[0].revents))
                        return;
                if (SSL_pending(ssl) || polls[1].revents) {
                        const int got = SSL_read(ssl, bytes, sizeof bytes);
                        if (got <= 0 || send(behind, bytes, (size_t)got, MSG_NOSIGNAL) != got)
                                return;
                }
                if (polls[2].revents) {
                        const ssize_t got = recv(behind, bytes, sizeof bytes, 0);
                        if (got <= 0 || SSL_write(ssl, bytes, (int)got) <= 0)
                                return;
                }
        }
}

static void serve_one(const struct tls_front *front, int client)
{
        SSL *ssl = SSL_new(front->context);
        must(ssl && SSL_set_fd(ssl, client) == 1);
        if (SSL_accept(ssl) == 1) {
                const int behind = connect_behind(front);
                carry(front, ssl, client, behind);
                close(behind);
        }
        SSL_free(ssl);
        close(client);
}

static void *serve(void *context)
{
        const struct tls_front *front = context;
        for (;;) {
                struct pollfd polls[] = { { .fd = front->stop[0], .events = POLLIN },
                        { .fd = front->listener, .events = POLLIN } };
                if (poll(polls, 2, -1) <= 0 || polls[0].revents)
                        return NULL;
                const int client = accept(front->listener, NULL, NULL);
                if (client >= 0)
                        serve_one(front, client);
        }
}

static void listen_anywhere(struct tls_front *front)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof address;
        front->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        must(front->listener >= 0 && pipe(front->stop) == 0 &&
                bind(front->listener, (struct sockaddr *)&address, sizeof address) == 0 &&
                listen(front->listener, 8) == 0 &&
                getsockname(front->listener, (struct sockaddr *)&address, &size) == 0);
        front->port = ntohs(address.sin_port);
}

void tls_front_start(struct tls_front *front, uint16_t behind, const char *names, const char *pem)
{
        EVP_PKEY *key = EVP_EC_gen("P-256");
        X509 *certificate = make_certificate(key, names);
        *front = (struct tls_front){ .behind = behind, .context = SSL_CTX_new(TLS_server_method()) };
        must(front->context && SSL_CTX_use_certificate(front->context, certificate) == 1 &&
                SSL_CTX_use_PrivateKey(front->context, key) == 1);
        write_certificate(certificate, pem);
        X509_free(certificate);
        EVP_PKEY_free(key);
        listen_anywhere(front);
        must(pthread_create(&front->thread, NULL, serve, front) == 0);
}

void tls_front_stop(struct tls_front *front)
{
        must(write(front->stop[1], "", 1) == 1);
        (void)pthread_join(front->thread, NULL);
        close(front->listener);
        close(front->stop[0]);
        close(front->stop[1]);
        SSL_CTX_free(front->context);
}
