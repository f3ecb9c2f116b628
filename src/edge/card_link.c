/* SPDX-License-Identifier: Apache-2.0 */
#include "card_link.h"

#include "frame.h"
#include "unix_socket.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { SEND_MS = 10000, ANSWER_MS = 60000, WAIT_MS = 50 };

struct card_link {
        int fd;
        void (*waits)(void *context);
        void *waits_context;
        bool broken; /* a late answer would be taken for the next command's: nothing more is sent */
};

static void tell_of_waiting(struct card_link *link)
{
        struct pollfd answer = { .fd = link->fd, .events = POLLIN };
        for (int waited = 0; link->waits && waited < ANSWER_MS; waited += WAIT_MS) {
                if (poll(&answer, 1, WAIT_MS) != 0)
                        return; /* it is there, or receiving says why not */
                link->waits(link->waits_context);
        }
}

static mitome_status exchange(struct card_link *link, slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        uint8_t buffer[MITOME_APDU_MAX];
        slice answer = { 0 };
        MITOME_TRY(frame_send(link->fd, command, SEND_MS, error));
        tell_of_waiting(link);
        /* RSA key generation has no bound but a likely time. */
        MITOME_TRY(frame_receive(link->fd, buffer, ANSWER_MS, &answer, error));
        if (answer.size < 2)
                return fail(error, MITOME_E_LINK, "element", NULL);
        mitome_status status = slice_copy(answer, "response", response, capacity, error);
        if (!failed(status))
                *ret_size = answer.size;
        bytes_wipe(buffer, answer.size);
        return status;
}

static mitome_status transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct card_link *link = context;
        /* A frame of one byte would be a control. */
        if (command.size < 2 || command.size > MITOME_APDU_MAX)
                return fail(error, MITOME_E_APDU_LENGTH, "command APDU", NULL);
        if (link->broken)
                return fail(error, MITOME_E_LINK, "element", NULL);
        mitome_status status = exchange(link, command, response, capacity, ret_size, error);
        link->broken = failed(status);
        return status;
}

static mitome_status control(struct card_link *link, enum frame_control code, mitome_error *error)
{
        const uint8_t byte = (uint8_t)code;
        if (link->broken)
                return fail(error, MITOME_E_LINK, "element", NULL);
        mitome_status status = frame_send(link->fd, slice_of(&byte, 1), SEND_MS, error);
        link->broken = failed(status);
        return status;
}

mitome_status card_link_open(const char *path, int timeout_ms, struct card_link **ret, mitome_error *error)
{
        int fd;
        MITOME_TRY(unix_socket_connect(path, timeout_ms, &fd, error));
        return card_link_adopt(fd, ret, error);
}

mitome_status card_link_adopt(int fd, struct card_link **ret, mitome_error *error)
{
        struct card_link *link = calloc(1, sizeof *link);
        if (!link) {
                close(fd);
                return fail(error, MITOME_E_NO_MEMORY, "link", NULL);
        }
        link->fd = fd;
        mitome_status status = control(link, FRAME_POWER_ON, error);
        if (failed(status))
                card_link_close(link);
        else
                *ret = link;
        return status;
}

mitome_status card_link_reset(struct card_link *link, mitome_error *error)
{
        return control(link, FRAME_RESET, error);
}

static mitome_status reset(void *context, mitome_error *error)
{
        return card_link_reset(context, error);
}

struct mitome_link card_link(struct card_link *link)
{
        return (struct mitome_link){ .context = link, .transmit = transmit, .reset = reset };
}

void card_link_on_wait(struct card_link *link, void (*waits)(void *context), void *context)
{
        link->waits = waits;
        link->waits_context = context;
}

bool card_link_is_gone(const struct card_link *link)
{
        struct pollfd hang_up = { .fd = link->fd };
        return link->broken || poll(&hang_up, 1, 0) == 1;
}

void card_link_close(struct card_link *link)
{
        if (!link)
                return;
        close(link->fd);
        free(link);
}
