/* SPDX-License-Identifier: Apache-2.0 */
#include "life_cycle_http.h"

#include "publish_pages.h"
#include "service.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CLIENTS = 8, WIRE_MAX = 16384, RESPONSE_HEAD = 4 /* of its SEQUENCE, with two bytes of length */ };

struct client {
        pthread_t thread;
        uint16_t port;
        slice request;
        int64_t count, answered;
};

static void give_up(const char *what)
{
        fprintf(stderr, "bench_life_cycle: %s\n", what);
        exit(1);
}

static int dial(uint16_t port)
{
        struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof to) != 0)
                give_up("no connection to the service");
        return fd;
}

/* One answer, whole: 200, and an OCSPResponse that is successful. */
static bool hear(int fd, char text[WIRE_MAX])
{
        size_t used = 0, head = 0, length = 0;
        while (!head || used < head + length) {
                ssize_t count = read(fd, text + used, WIRE_MAX - 1 - used);
                if (count <= 0)
                        return false;
                used += (size_t)count;
                text[used] = '\0';
                const char *end = head ? NULL : strstr(text, "\r\n\r\n");
                if (!end)
                        continue;
                const char *field = strcasestr(text, "\r\nContent-Length: ");
                head = (size_t)(end - text) + 4;
                length = field && field < end ? strtoul(field + 18, NULL, 10) : 0;
        }
        static const char good[] = { 0x0A, 0x01, 0x00 };
        return strncmp(text, "HTTP/1.1 200 ", 13) == 0 && length > RESPONSE_HEAD + sizeof good &&
               memcmp(text + head + RESPONSE_HEAD, good, sizeof good) == 0;
}

static void *ask(void *context)
{
        struct client *client = context;
        char message[1024], text[WIRE_MAX];
        int head = snprintf(message, sizeof message,
                "POST /ocsp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/ocsp-request\r\n"
                "Content-Length: %zu\r\n\r\n",
                client->request.size);
        writer w = writer_over((uint8_t *)message + head, sizeof message - (size_t)head);
        write_slice(&w, client->request);
        size_t size = (size_t)head + w.used;
        int fd = dial(client->port);
        for (int64_t i = 0; i < client->count; i++) {
                if (write(fd, message, size) != (ssize_t)size || !hear(fd, text))
                        break;
                client->answered++;
        }
        close(fd);
        return NULL;
}

static double measure(uint16_t port, slice request, int64_t count)
{
        struct client clients[CLIENTS] = { 0 };
        struct timespec begin, end;
        int64_t answered = 0;
        clock_gettime(CLOCK_MONOTONIC, &begin);
        for (size_t i = 0; i < CLIENTS; i++) {
                clients[i] = (struct client){ .port = port, .request = request, .count = count / CLIENTS };
                if (pthread_create(&clients[i].thread, NULL, ask, &clients[i]) != 0)
                        give_up("no thread");
        }
        for (size_t i = 0; i < CLIENTS; i++) {
                pthread_join(clients[i].thread, NULL);
                answered += clients[i].answered;
        }
        clock_gettime(CLOCK_MONOTONIC, &end);
        if (answered != count / CLIENTS * CLIENTS)
                give_up("the service did not answer all");
        return (double)answered /
               ((double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
}

double life_cycle_http(struct party *authority, const struct party_desks *desks,
        struct publication *publication, slice request, int64_t count)
{
        static struct service_lock lock;
        const struct service_parts parts = {
                .party = authority,
                .desks = *desks,
                .pages = publish_pages,
                .page_count = PUBLISH_PAGE_COUNT,
                .page_context = publication,
        };
        struct service *service = NULL;
        mitome_error error = { 0 };
        const struct post nowhere = { 0 };
        if (failed(service_lock_init(&lock, nowhere, &error)) ||
                failed(service_open(&parts, &lock, NULL, 0, &service, &error)))
                give_up("the service does not open");
        double each = measure(service_port(service), request, count);
        service_close(service);
        service_lock_end(&lock);
        return each;
}
