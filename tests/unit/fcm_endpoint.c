/* SPDX-License-Identifier: Apache-2.0 */
#include "fcm_endpoint.h"

#include <openssl/evp.h>

#include <sodium.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST_MAX = 16384 };

struct request {
        char bytes[REQUEST_MAX + 1];
        size_t size;
        const char *body; /* behind the head */
};

static void complain(struct fcm_endpoint *endpoint, const char *what, const char *detail)
{
        if (!endpoint->complaint[0])
                (void)snprintf(endpoint->complaint, sizeof endpoint->complaint, "%s: %.180s", what, detail);
}

/* ---- reading ---- */

/* wait_for tells whether something can be read; false when the test has ended. */
static bool wait_for(const struct fcm_endpoint *endpoint, int socket)
{
        struct pollfd polls[] = { { .fd = endpoint->stop[0], .events = POLLIN },
                { .fd = socket, .events = POLLIN } };
        return poll(polls, 2, -1) > 0 && !polls[0].revents && polls[1].revents;
}

static size_t content_length(const char *head)
{
        const char *line = strstr(head, "\r\nContent-Length: ");
        return line ? (size_t)strtoul(line + 18, NULL, 10) : 0;
}

static bool is_whole(struct request *request)
{
        const char *end = strstr(request->bytes, "\r\n\r\n");
        if (!end)
                return false;
        request->body = end + 4;
        return request->size - (size_t)(request->body - request->bytes) >= content_length(request->bytes);
}

static bool read_request(const struct fcm_endpoint *endpoint, int socket, struct request *request)
{
        *request = (struct request){ 0 };
        while (!is_whole(request)) {
                if (request->size == REQUEST_MAX || !wait_for(endpoint, socket))
                        return false;
                const ssize_t got =
                        recv(socket, request->bytes + request->size, REQUEST_MAX - request->size, 0);
                if (got <= 0)
                        return false;
                request->size += (size_t)got;
                request->bytes[request->size] = '\0';
        }
        return true;
}

static bool has_line(const struct request *request, const char *line)
{
        char text[512];
        (void)snprintf(text, sizeof text, "\r\n%s\r\n", line);
        return strstr(request->bytes, text) != NULL;
}

/* ---- checking ---- */

static bool decode(const char *from, size_t size, char *to, size_t capacity, size_t *ret)
{
        return sodium_base642bin((unsigned char *)to, capacity - 1, from, size, NULL, ret, NULL,
                       sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
               (to[*ret] = '\0', true);
}

static bool verifies(
        EVP_PKEY *key, const char *text, size_t size, const char *signature, size_t signature_size)
{
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        const bool good = EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                          EVP_DigestVerify(context, (const unsigned char *)signature, signature_size,
                                  (const unsigned char *)text, size) == 1;
        EVP_MD_CTX_free(context);
        return good;
}

static void check_jwt(struct fcm_endpoint *endpoint, const char *jwt)
{
        char header[512], claims[1024], signature[1024], wanted[1024];
        size_t header_size, claims_size, signature_size;
        const char *first = strchr(jwt, '.'), *second = first ? strchr(first + 1, '.') : NULL;
        if (!second || !decode(jwt, (size_t)(first - jwt), header, sizeof header, &header_size) ||
                !decode(first + 1, (size_t)(second - first - 1), claims, sizeof claims, &claims_size) ||
                !decode(second + 1, strlen(second + 1), signature, sizeof signature, &signature_size)) {
                complain(endpoint, "no JWT", jwt);
                return;
        }
        (void)snprintf(wanted, sizeof wanted, "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"%s\"}",
                endpoint->key_id);
        if (strcmp(header, wanted) != 0)
                complain(endpoint, "header", header);
        (void)snprintf(wanted, sizeof wanted,
                "{\"iss\":\"%s\",\"scope\":\"https://www.googleapis.com/auth/firebase.messaging\",\"aud\":\"%s\","
                "\"iat\":%lld,\"exp\":%lld}",
                endpoint->email, endpoint->token_uri, (long long)endpoint->now,
                (long long)endpoint->now + 3600);
        if (strcmp(claims, wanted) != 0)
                complain(endpoint, "claims", claims);
        if (!verifies(endpoint->key, jwt, (size_t)(second - jwt), signature, signature_size))
                complain(endpoint, "signature", jwt);
}

static void check_grant(struct fcm_endpoint *endpoint, const struct request *request)
{
        static const char form[] =
                "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
        if (!has_line(request, "Content-Type: application/x-www-form-urlencoded"))
                complain(endpoint, "Content-Type of the grant", request->bytes);
        if (strncmp(request->body, form, sizeof form - 1) != 0)
                complain(endpoint, "form", request->body);
        else
                check_jwt(endpoint, request->body + sizeof form - 1);
}

static void check_send(struct fcm_endpoint *endpoint, const struct request *request)
{
        char line[128];
        (void)snprintf(line, sizeof line, "Authorization: Bearer ya29.invented-%u", endpoint->tokens);
        if (!has_line(request, "Content-Type: application/json; charset=UTF-8"))
                complain(endpoint, "Content-Type of the message", request->bytes);
        if (!has_line(request, line))
                complain(endpoint, "Authorization", request->bytes);
        if (strcmp(request->body, endpoint->wanted_body) != 0)
                complain(endpoint, "message", request->body);
}

/* ---- answering ---- */

static void say(int socket, const char *text)
{
        for (size_t size = strlen(text); size;) {
                const ssize_t sent = send(socket, text, size, MSG_NOSIGNAL);
                if (sent <= 0)
                        return;
                text += sent;
                size -= (size_t)sent;
        }
}

static void answer(int socket, const char *status, const char *headers, const char *body)
{
        char text[2048];
        (void)snprintf(text, sizeof text,
                "HTTP/1.1 %s\r\nContent-Type: application/json; charset=UTF-8\r\n%sContent-Length: %zu\r\n\r\n%s",
                status, headers, strlen(body), body);
        say(socket, text);
}

static void google_error(
        int socket, const char *status, const char *headers, int code, const char *name, const char *detail)
{
        char body[1024];
        (void)snprintf(body, sizeof body,
                "{\n  \"error\": {\n    \"code\": %d,\n    \"message\": \"Invented.\",\n    \"status\": \"%s\",\n"
                "    \"details\": [\n      {\n        \"@type\": "
                "\"type.googleapis.com/google.firebase.fcm.v1.FcmError\",\n        \"errorCode\": \"%s\"\n      }\n"
                "    ]\n  }\n}\n",
                code, name, detail);
        answer(socket, status, headers, body);
}

static void endless(int socket)
{
        char block[1025];
        memset(block, ' ', sizeof block - 1);
        block[1024] = '\0';
        say(socket, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        for (int i = 0; i < 64; i++)
                say(socket, block);
}

static void answer_date(const struct fcm_endpoint *endpoint, int socket)
{
        char headers[128];
        const time_t later = (time_t)endpoint->now + 7200;
        struct tm parts;
        gmtime_r(&later, &parts);
        strftime(headers, sizeof headers, "Retry-After: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
        google_error(socket, "503 Service Unavailable", headers, 503, "UNAVAILABLE", "UNAVAILABLE");
}

static void answer_message(const struct fcm_endpoint *endpoint, int socket, const char *project)
{
        char body[256];
        (void)snprintf(body, sizeof body, "{\n  \"name\": \"projects/%s/messages/0:17637%zu\"\n}\n", project,
                endpoint->send_count);
        answer(socket, "200 OK", "", body);
}

static void answer_grant(struct fcm_endpoint *endpoint, int socket, int expires)
{
        char body[256];
        endpoint->tokens++;
        (void)snprintf(body, sizeof body,
                "{\"access_token\":\"ya29.invented-%u\",\"expires_in\":%d,\"token_type\":\"Bearer\"}",
                endpoint->tokens, expires);
        answer(socket, "200 OK", "", body);
}

static void play(struct fcm_endpoint *endpoint, int socket, enum fcm_play what, bool is_grant)
{
        static const struct {
                const char *status, *headers;
                int code;
                const char *name, *detail;
        } errors[] = {
                [PLAY_400] = { "400 Bad Request", "", 400, "INVALID_ARGUMENT", "INVALID_ARGUMENT" },
                [PLAY_401] = { "401 Unauthorized", "", 401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR" },
                [PLAY_403] = { "403 Forbidden", "", 403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH" },
                [PLAY_404_UNREGISTERED] = { "404 Not Found", "", 404, "NOT_FOUND", "UNREGISTERED" },
                [PLAY_404_OTHER] = { "404 Not Found", "", 404, "NOT_FOUND", "INVALID_ARGUMENT" },
                [PLAY_429] = { "429 Too Many Requests", "", 429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED" },
                [PLAY_429_SECONDS] = { "429 Too Many Requests", "retry-after: 90\r\n", 429,
                        "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED" },
                [PLAY_500] = { "500 Internal Server Error", "", 500, "INTERNAL", "INTERNAL" },
        };
        if (what < sizeof errors / sizeof errors[0] && errors[what].status)
                google_error(socket, errors[what].status, errors[what].headers, errors[what].code,
                        errors[what].name, errors[what].detail);
        else if (what == PLAY_GARBAGE)
                answer(socket, "200 OK", "", "<html>welcome to the hotel's network</html>");
        else if (what == PLAY_404_HTML)
                answer(socket, "404 Not Found", "", "<html>UNREGISTERED</html>");
        else if (what == PLAY_404_QUOTED)
                answer(socket, "404 Not Found", "",
                        "{\"error\":{\"message\":\"UNREGISTERED\",\"errorCode\":\"UNREGISTERED\",\"details\":[{\"@type\":\"other\",\"errorCode\":\"UNREGISTERED\"}]}}");
        else if (what == PLAY_BROKEN_OFF)
                say(socket, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"name\":\"projects/");
        else if (what == PLAY_ENDLESS)
                endless(socket);
        else if (what == PLAY_REDIRECT)
                answer(socket, "302 Found", "Location: http://127.0.0.1:1/\r\n", "");
        else if (what == PLAY_503_DATE)
                answer_date(endpoint, socket);
        else if (what == PLAY_GRANT_MAC)
                answer(socket, "200 OK", "",
                        "{\"access_token\":\"x\",\"expires_in\":3600,\"token_type\":\"mac\"}");
        else if (what == PLAY_GRANT_INJECTED)
                answer(socket, "200 OK", "",
                        "{\"access_token\":\"x\\r\\nX-Evil: 1\",\"expires_in\":3600,\"token_type\":\"Bearer\"}");
        else if (is_grant)
                answer_grant(endpoint, socket, what == PLAY_GRANT_SHORT ? 30 : 3600);
        else
                answer_message(endpoint, socket,
                        what == PLAY_OK_OTHER_PROJECT ? "someone-elses" : endpoint->project);
}

/* ---- serving ---- */

static bool begins(const struct request *request, const char *line)
{
        return strncmp(request->bytes, line, strlen(line)) == 0;
}

static enum fcm_play next_play(const enum fcm_play *plays, size_t count)
{
        return plays[count - 1 < FCM_PLAYS ? count - 1 : FCM_PLAYS - 1];
}

/* Answers one request; false when the connection is to be closed. */
static bool serve_one(struct fcm_endpoint *endpoint, int socket, const struct request *request)
{
        char path[160];
        enum fcm_play what = PLAY_GARBAGE;
        const bool is_grant = begins(request, "POST /token HTTP/1.1\r\n");
        (void)snprintf(
                path, sizeof path, "POST /v1/projects/%s/messages:send HTTP/1.1\r\n", endpoint->project);
        if (is_grant) {
                what = next_play(endpoint->grants, ++endpoint->grant_count);
                check_grant(endpoint, request);
        } else if (begins(request, path)) {
                what = next_play(endpoint->sends, ++endpoint->send_count);
                check_send(endpoint, request);
        } else {
                complain(endpoint, "request", request->bytes);
        }
        if (what == PLAY_HANG)
                return wait_for(endpoint, socket); /* until the client or the test gives up */
        if (what == PLAY_OK_LATE)
                (void)poll(NULL, 0, 300);
        play(endpoint, socket, what, is_grant);
        return what != PLAY_BROKEN_OFF && what != PLAY_ENDLESS;
}

static void *serve(void *context)
{
        struct fcm_endpoint *endpoint = context;
        static struct request request;
        while (wait_for(endpoint, endpoint->listener)) {
                const int socket = accept(endpoint->listener, NULL, NULL);
                while (socket >= 0 && read_request(endpoint, socket, &request) &&
                        serve_one(endpoint, socket, &request))
                        ;
                if (socket >= 0)
                        close(socket);
        }
        return NULL;
}

void fcm_endpoint_start(struct fcm_endpoint *endpoint)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof address;
        endpoint->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (endpoint->listener < 0 || pipe(endpoint->stop) != 0 ||
                bind(endpoint->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
                listen(endpoint->listener, 8) != 0 ||
                getsockname(endpoint->listener, (struct sockaddr *)&address, &size) != 0)
                abort();
        (void)snprintf(endpoint->url, sizeof endpoint->url, "http://127.0.0.1:%u", ntohs(address.sin_port));
        (void)snprintf(endpoint->token_uri, sizeof endpoint->token_uri, "%s/token", endpoint->url);
        if (pthread_create(&endpoint->thread, NULL, serve, endpoint) != 0)
                abort();
}

void fcm_endpoint_stop(struct fcm_endpoint *endpoint)
{
        if (write(endpoint->stop[1], "", 1) != 1)
                abort();
        (void)pthread_join(endpoint->thread, NULL);
        close(endpoint->listener);
        close(endpoint->stop[0]);
        close(endpoint->stop[1]);
}
