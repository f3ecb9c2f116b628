/* SPDX-License-Identifier: Apache-2.0 */
#include "postgres_relay.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct postgres_relay {
        char folder[64];
        struct sockaddr_un here, there;
        int listener, stop[2];
        pthread_t thread;
        pthread_mutex_t mutex; /* of what follows */
        char text[64];
        bool for_good;
};

static void must(bool holds, const char *what)
{
        if (holds)
                return;
        fprintf(stderr, "postgres_relay: %s\n", what);
        abort();
}

/* lose tells whether this is what is waited for. */
static bool lose(struct postgres_relay *relay, const char *bytes, size_t size)
{
        pthread_mutex_lock(&relay->mutex);
        const size_t wanted = strlen(relay->text) + 1;
        const bool found =
                wanted > 1 && size >= wanted && memcmp(bytes + size - wanted, relay->text, wanted) == 0;
        if (found)
                relay->text[0] = '\0';
        pthread_mutex_unlock(&relay->mutex);
        return found;
}

/* One connection, until either end is through or it is lost. */
static void carry(struct postgres_relay *relay, int client, int server)
{
        char bytes[16384];
        for (;;) {
                struct pollfd ways[] = { { client, POLLIN, 0 }, { server, POLLIN, 0 },
                        { relay->stop[0], POLLIN, 0 } };
                must(poll(ways, 3, -1) > 0, "poll");
                if (ways[2].revents)
                        return;
                for (int i = 0; i < 2; i++) {
                        if (!ways[i].revents)
                                continue;
                        const ssize_t size = read(ways[i].fd, bytes, sizeof bytes);
                        if (size <= 0 || send(i ? client : server, bytes, (size_t)size, MSG_NOSIGNAL) != size)
                                return;
                        if (i == 0 && lose(relay, bytes, (size_t)size)) {
                                must(read(server, bytes, sizeof bytes) > 0, "no answer");
                                return;
                        }
                }
        }
}

static bool is_for_good(struct postgres_relay *relay)
{
        pthread_mutex_lock(&relay->mutex);
        const bool is = relay->for_good && relay->text[0] == '\0';
        pthread_mutex_unlock(&relay->mutex);
        return is;
}

/* One connection after another, as one store makes them. */
static void *run(void *context)
{
        struct postgres_relay *relay = context;
        while (!is_for_good(relay)) {
                struct pollfd ways[] = { { relay->listener, POLLIN, 0 }, { relay->stop[0], POLLIN, 0 } };
                must(poll(ways, 2, -1) > 0, "poll");
                if (ways[1].revents)
                        break;
                int client = accept(relay->listener, NULL, NULL);
                int server = socket(AF_UNIX, SOCK_STREAM, 0);
                must(client >= 0 && server >= 0, "socket");
                if (connect(server, (const struct sockaddr *)&relay->there, sizeof relay->there) == 0)
                        carry(relay, client, server);
                if (is_for_good(relay)) /* before the client sees that it is lost */
                        close(relay->listener);
                close(client);
                close(server);
        }
        return NULL;
}

static struct sockaddr_un socket_in(const char *folder)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int size = snprintf(address.sun_path, sizeof address.sun_path, "%s/.s.PGSQL.5432", folder);
        must(size > 0 && (size_t)size < sizeof address.sun_path, "a folder's name is too long");
        return address;
}

struct postgres_relay *postgres_relay_open(const char *server_folder)
{
        struct postgres_relay *relay = calloc(1, sizeof *relay);
        must(relay != NULL, "memory");
        snprintf(relay->folder, sizeof relay->folder, "/tmp/postgres_relay.XXXXXX");
        must(mkdtemp(relay->folder) != NULL, "folder");
        relay->here = socket_in(relay->folder);
        relay->there = socket_in(server_folder);
        relay->listener = socket(AF_UNIX, SOCK_STREAM, 0);
        must(relay->listener >= 0 && pipe(relay->stop) == 0, "socket");
        must(bind(relay->listener, (const struct sockaddr *)&relay->here, sizeof relay->here) == 0, "bind");
        must(listen(relay->listener, 4) == 0, "listen");
        pthread_mutex_init(&relay->mutex, NULL);
        must(pthread_create(&relay->thread, NULL, run, relay) == 0, "thread");
        return relay;
}

const char *postgres_relay_folder(const struct postgres_relay *relay)
{
        return relay->folder;
}

void postgres_relay_close(struct postgres_relay *relay)
{
        must(write(relay->stop[1], "", 1) == 1, "stop");
        pthread_join(relay->thread, NULL);
        if (!is_for_good(relay))
                close(relay->listener);
        close(relay->stop[0]);
        close(relay->stop[1]);
        unlink(relay->here.sun_path);
        rmdir(relay->folder);
        pthread_mutex_destroy(&relay->mutex);
        free(relay);
}

void postgres_relay_lose(struct postgres_relay *relay, const char *text, bool for_good)
{
        pthread_mutex_lock(&relay->mutex);
        snprintf(relay->text, sizeof relay->text, "%s", text);
        relay->for_good = for_good;
        pthread_mutex_unlock(&relay->mutex);
}
