/* SPDX-License-Identifier: Apache-2.0 */
/* An authenticator as part of a program of yours: the element is a process of its own behind a socket
 * (`mitome element --state DIR --provision-demo --unix PATH`), no finger, the app as its only mouth.
 * usage: embed PATH; prints its answers to getInfo and to authenticatorSelection (docs/authenticator.md). */
#include <mitome/authenticator.h>

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* The way to the element: two bytes of length, then the APDU. */
static mitome_status transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        const int element = *(int *)context;
        const mitome_status broken = { MITOME_E_LINK };
        (void)error; /* may be NULL; the code says all there is to say */
        uint8_t length[2] = { (uint8_t)(command.size >> 8), (uint8_t)command.size };
        if (send(element, length, 2, MSG_NOSIGNAL) != 2 ||
                send(element, command.data, command.size, MSG_NOSIGNAL) != (ssize_t)command.size ||
                recv(element, length, 2, MSG_WAITALL) != 2)
                return broken;
        const size_t size = (size_t)length[0] << 8 | length[1];
        if (size > capacity || recv(element, response, size, MSG_WAITALL) != (ssize_t)size)
                return broken;
        *ret_size = size;
        return (mitome_status){ MITOME_OK };
}

static int fill(void *context, uint8_t *bytes, size_t size)
{
        (void)context;
        return getrandom(bytes, size, 0) == (ssize_t)size ? 0 : -1;
}

static void ask(void *context, const struct mitome_prompt *prompt)
{
        (void)context;
        printf("touch wanted, reason %d: Return is yes\n", (int)prompt->why);
}

/* Your screen's button stands here; it does not wait longer than `wait_ms`. */
static enum mitome_presence_answer poll_answer(void *context, int wait_ms)
{
        (void)context, (void)wait_ms;
        const int typed = getchar();
        return typed == '\n' ? MITOME_PRESENCE_TOUCHED : MITOME_PRESENCE_DECLINED;
}

static uint64_t now_ms(void)
{
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void call(struct mitome_authenticator *authenticator, uint8_t command)
{
        static uint8_t response[MITOME_MESSAGE_MAX];
        mitome_slice request = { &command, 1 };
        size_t size;
        while (!mitome_authenticator_call(
                authenticator, request, 100, now_ms(), response, sizeof response, &size))
                request = (mitome_slice){ 0 }; /* the user is awaited */
        printf("command %02X: status %02X and %zu bytes\n", command, response[0], size - 1);
}

int main(int argc, char **argv)
{
        struct sockaddr_un path = { .sun_family = AF_UNIX };
        int element = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (argc != 2 || strlen(argv[1]) >= sizeof path.sun_path)
                return 2;
        snprintf(path.sun_path, sizeof path.sun_path, "%s", argv[1]);
        if (element < 0 || connect(element, (struct sockaddr *)&path, sizeof path) != 0) {
                perror(argv[1]);
                return 2;
        }
        const struct mitome_authenticator_config config = {
                .element = { .context = &element, .transmit = transmit },
                .random = { .fill = fill },
                .presence = { .ask = ask, .poll = poll_answer },
                .transports = MITOME_TRANSPORT_INTERNAL,
        };
        struct mitome_authenticator *authenticator;
        mitome_error error = { 0 };
        if (mitome_authenticator_new(&config, &authenticator, &error).code != MITOME_OK) {
                fprintf(stderr, "E%d: see `mitome explain %d`\n", (int)error.code, (int)error.code);
                return 1;
        }
        call(authenticator, 0x04); /* getInfo */
        call(authenticator, 0x0B); /* authenticatorSelection */
        mitome_authenticator_free(authenticator);
        close(element);
        return 0;
}
