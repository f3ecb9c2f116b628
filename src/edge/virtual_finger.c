/* SPDX-License-Identifier: Apache-2.0 */
#include "virtual_finger.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static bool limit_time(int fd, unsigned timeout_ms)
{
        struct timeval limit = { .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000 };
        return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0 &&
               setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0;
}

static bool send_all(int fd, slice bytes)
{
        reader r = reader_over(bytes, NULL, NULL);
        while (r.rest.size) {
                slice sent;
                ssize_t count = send(fd, r.rest.data, r.rest.size, MSG_NOSIGNAL);
                if (count < 0 && errno == EINTR)
                        continue;
                if (count <= 0 || failed(read_bytes(&r, "image", (size_t)count, &sent)))
                        return false;
        }
        return true;
}

/* A refused image may be refused before it was sent to its end: the answer is there all the same. */
static mitome_status hear_answer(int fd, mitome_error *error)
{
        uint8_t answer = 0;
        ssize_t count;
        do
                count = recv(fd, &answer, 1, 0);
        while (count < 0 && errno == EINTR);
        switch (count == 1 ? answer : 0) {
        case VIRTUAL_FINGER_TAKEN:
                return ok();
        case VIRTUAL_FINGER_REFUSED:
                return fail(error, MITOME_E_GATE_IMAGE, "image", NULL);
        case VIRTUAL_FINGER_SEEN:
                return fail(error, MITOME_E_GATE_SAME, "image", NULL);
        case VIRTUAL_FINGER_NOT_NOW:
                return fail(error, MITOME_E_GATE_IDLE, "image", NULL);
        default:
                return fail(error, MITOME_E_GATE_BROKEN, "virtual sensor", NULL);
        }
}

static mitome_status present(int fd, const struct sockaddr_un *address,
        const struct virtual_finger_image *image, mitome_error *error)
{
        const int32_t header[] = { image->width, image->height };
        if (connect(fd, (const struct sockaddr *)address, sizeof *address) != 0)
                return fail(error, MITOME_E_SOCKET, "virtual sensor", NULL);
        if (send_all(fd, SLICE(header)))
                (void)send_all(fd, image->grey);
        shutdown(fd, SHUT_WR); /* an image that is too short is seen at once */
        return hear_answer(fd, error);
}

mitome_status virtual_finger_present(const char *socket_path, const struct virtual_finger_image *image,
        unsigned timeout_ms, mitome_error *error)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        slice path = slice_text(socket_path);
        if (failed(slice_copy(
                    path, "virtual sensor", (uint8_t *)address.sun_path, sizeof address.sun_path - 1, NULL)))
                return fail(error, MITOME_E_SOCKET, "virtual sensor", NULL);
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return fail(error, MITOME_E_SOCKET, "virtual sensor", NULL);
        mitome_status status = limit_time(fd, timeout_ms)
                                       ? present(fd, &address, image, error)
                                       : fail(error, MITOME_E_SOCKET, "virtual sensor", NULL);
        close(fd);
        return status;
}
