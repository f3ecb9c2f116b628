/* SPDX-License-Identifier: Apache-2.0 */
#include "card_server.h"

#include "frame.h"

#include <errno.h>
#include <poll.h>

enum { SEND_MS = 10000 }; /* a client that does not read is sent away */

static mitome_status answer_control(struct mitome_element *element, int fd, uint8_t code, mitome_error *error)
{
        if (code == FRAME_ATR)
                return frame_send(fd, mitome_element_atr(), SEND_MS, error);
        mitome_element_reset(
                element); /* power off, power on and reset: nothing volatile survives any of them */
        return ok();
}

static mitome_status answer(struct mitome_element *element, int fd, slice request, mitome_error *error)
{
        uint8_t response[MITOME_APDU_MAX];
        size_t size;
        if (request.size == 1)
                return answer_control(element, fd, request.data[0], error);
        mitome_error cause = { 0 };
        mitome_status state = mitome_element_transmit(element, request, response, &size, &cause);
        mitome_status sent = frame_send(fd, slice_of(response, size), SEND_MS, error);
        bytes_wipe(response, sizeof response);
        return failed(state) ? fail(error, MITOME_E_STORE_BROKEN, cause.field, cause.clause) : sent;
}

/* True when there is something of the client to read (or its end), false when it is time to stop. */
static bool await_client(int fd, int stop)
{
        struct pollfd wait[] = { { .fd = fd, .events = POLLIN }, { .fd = stop, .events = POLLIN } };
        while (poll(wait, 2, -1) < 0)
                if (errno != EINTR)
                        return false;
        return wait[1].revents == 0;
}

mitome_status card_server_serve(struct mitome_element *element, int fd, int stop, mitome_error *error)
{
        mitome_error cause = { 0 };
        mitome_status status = ok();
        mitome_element_reset(element);
        while (!failed(status) && await_client(fd, stop)) {
                uint8_t buffer[MITOME_APDU_MAX];
                slice request;
                status = frame_receive(fd, buffer, -1, &request, &cause);
                if (!failed(status))
                        status = answer(element, fd, request, &cause);
                bytes_wipe(buffer, sizeof buffer);
        }
        mitome_element_reset(element);
        if (status.code == MITOME_E_STORE_BROKEN)
                return fail(error, status.code, cause.field, cause.clause);
        return ok(); /* the client went, or spoke nonsense and is sent away */
}
