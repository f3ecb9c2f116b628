/* SPDX-License-Identifier: Apache-2.0 */
#include "frame.h"

#include "steady_clock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LENGTH_SIZE = 2, FRAME_MS = 10000 };

static mitome_status broken(mitome_error *error)
{
        return fail(error, MITOME_E_LINK, "element", NULL);
}

static bool await(int fd, short events, int timeout_ms)
{
        struct pollfd wait = { .fd = fd, .events = events };
        int count;
        do
                count = poll(&wait, 1, timeout_ms);
        while (count < 0 && errno == EINTR);
        return count == 1;
}

static int left_ms(uint64_t end_ms)
{
        const uint64_t now = steady_clock_ms();
        return now < end_ms ? (int)(end_ms - now) : 0;
}

/* Over TCP each side sends a head and a payload in two segments, and waits for the first to be acknowledged:
 * delayed acknowledgements would make that 40 ms an APDU. The kernel forgets this wish, so it is said again
 * with every receive; on other sockets it is refused, and nothing is lost. */
static void acknowledge_at_once(int fd)
{
        const int yes = 1;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof yes);
}

static mitome_status receive_all(int fd, writer *into, uint64_t end_ms, mitome_error *error)
{
        while (into->used < into->capacity) {
                if (!await(fd, POLLIN, left_ms(end_ms)))
                        return broken(error);
                acknowledge_at_once(fd);
                ssize_t count = recv(fd, into->data + into->used, into->capacity - into->used, 0);
                if (count < 0 && (errno == EINTR || errno == EAGAIN))
                        continue;
                if (count <= 0)
                        return broken(error);
                into->used += (size_t)count;
                acknowledge_at_once(fd);
        }
        return ok();
}

mitome_status frame_receive_long(
        int fd, uint8_t *buffer, size_t capacity, int timeout_ms, slice *ret, mitome_error *error)
{
        uint8_t head[LENGTH_SIZE];
        uint16_t size;
        writer length = WRITER(head);
        if (!await(fd, POLLIN, timeout_ms))
                return broken(error);
        /* who has begun a frame ends it: a listener is not held up by half of one, nor byte by byte */
        const uint64_t end_ms = steady_clock_ms() + (uint64_t)(timeout_ms < 0 ? FRAME_MS : timeout_ms);
        MITOME_TRY(receive_all(fd, &length, end_ms, error));
        reader r = reader_over(SLICE(head), NULL, error);
        MITOME_TRY(read_u16(&r, "length", &size));
        if (size == 0 || size > capacity)
                return fail(error, MITOME_E_TOO_LONG, "frame", NULL);
        writer payload = writer_over(buffer, size);
        MITOME_TRY(receive_all(fd, &payload, end_ms, error));
        *ret = writer_view(&payload);
        return ok();
}

mitome_status frame_receive(
        int fd, uint8_t buffer[MITOME_APDU_MAX], int timeout_ms, slice *ret, mitome_error *error)
{
        return frame_receive_long(fd, buffer, MITOME_APDU_MAX, timeout_ms, ret, error);
}

mitome_status frame_send(int fd, slice payload, int timeout_ms, mitome_error *error)
{
        uint8_t bytes[LENGTH_SIZE + FRAME_MAX];
        slice rest;
        writer w = WRITER(bytes);
        write_u16(&w, (uint16_t)payload.size);
        write_slice(&w, payload);
        if (payload.size == 0 || payload.size > FRAME_MAX)
                return fail(error, MITOME_E_TOO_LONG, "frame", NULL);
        MITOME_TRY(writer_finish(&w, "frame", &rest, error));
        mitome_status status = ok();
        const uint64_t end_ms = steady_clock_ms() + (uint64_t)timeout_ms;
        while (rest.size && !failed(status)) {
                ssize_t count = await(fd, POLLOUT, left_ms(end_ms))
                                        ? send(fd, rest.data, rest.size, MSG_NOSIGNAL)
                                        : 0;
                if (count > 0)
                        rest = slice_of(rest.data + count, rest.size - (size_t)count);
                else if (count == 0 || (errno != EINTR && errno != EAGAIN))
                        status = broken(error);
        }
        bytes_wipe(bytes, sizeof bytes); /* an APDU may carry a PIN */
        return status;
}
