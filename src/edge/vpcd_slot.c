/* SPDX-License-Identifier: Apache-2.0 */
#include "frame.h"
#include "steady_clock.h"
#include "vpcd.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

/* Others wait meanwhile: a reader of this machine has its frame together at once. */
enum { FRAME_MS = 1000 };

struct vpcd_slot {
        struct vpcd_address address;
        struct vpcd_watch watch;
        int fd; /* -1: no reader */
        bool told;
        uint64_t next_try_ms;
};

static void tell(struct vpcd_slot *slot, enum vpcd_event event)
{
        if (slot->watch.tell)
                slot->watch.tell(slot->watch.context, event);
}

mitome_status vpcd_slot_open(const struct vpcd_address *address, const struct vpcd_watch *watch,
        struct vpcd_slot **ret, mitome_error *error)
{
        struct vpcd_slot *slot = calloc(1, sizeof *slot);
        if (!slot)
                return fail(error, MITOME_E_NO_MEMORY, "reader", NULL);
        *slot = (struct vpcd_slot){ .address = *address, .watch = *watch, .fd = -1 };
        *ret = slot;
        return ok();
}

int vpcd_slot_watch(const struct vpcd_slot *slot)
{
        return slot->fd;
}

/* Several times a second, as long as there is none; more seldom where it takes long to find out. */
static void look_for_reader(struct vpcd_slot *slot)
{
        enum { SHARE = 10 }; /* of the time may go into it */
        const uint64_t begun_ms = steady_clock_ms();
        if (begun_ms < slot->next_try_ms)
                return;
        if (failed(vpcd_connect(&slot->address, -1, &slot->fd, NULL)))
                slot->fd = -1;
        const uint64_t now_ms = steady_clock_ms();
        slot->next_try_ms = now_ms + VPCD_RETRY_MS + SHARE * (now_ms - begun_ms);
        if (slot->fd >= 0)
                tell(slot, VPCD_INSERTED);
        else if (!slot->told)
                tell(slot, VPCD_WAITS);
        slot->told = slot->fd < 0;
}

static enum vpcd_slot_event lose(struct vpcd_slot *slot)
{
        if (slot->fd >= 0) {
                close(slot->fd);
                tell(slot, VPCD_REMOVED);
        }
        slot->fd = -1;
        return VPCD_SLOT_RESET;
}

static enum vpcd_slot_event control(struct vpcd_slot *slot, uint8_t code)
{
        if (code == FRAME_POWER_ON)
                return VPCD_SLOT_POWER_ON;
        if (code != FRAME_ATR)
                return VPCD_SLOT_RESET;
        return failed(frame_send(slot->fd, mitome_element_atr(), FRAME_MS, NULL)) ? lose(slot)
                                                                                  : VPCD_SLOT_NOTHING;
}

enum vpcd_slot_event vpcd_slot_receive(
        struct vpcd_slot *slot, uint8_t buffer[VPCD_COMMAND_MAX], slice *ret_command)
{
        struct pollfd ready = { .fd = slot->fd, .events = POLLIN };
        slice payload;
        if (slot->fd < 0)
                look_for_reader(slot);
        ready.fd = slot->fd;
        if (slot->fd < 0 || poll(&ready, 1, 0) != 1)
                return VPCD_SLOT_NOTHING;
        if (failed(frame_receive_long(slot->fd, buffer, VPCD_COMMAND_MAX, FRAME_MS, &payload, NULL)))
                return lose(slot);
        if (payload.size == 1)
                return control(slot, payload.data[0]);
        *ret_command = payload;
        return VPCD_SLOT_COMMAND;
}

void vpcd_slot_answer(struct vpcd_slot *slot, slice response)
{
        if (slot->fd >= 0 && failed(frame_send(slot->fd, response, FRAME_MS, NULL)))
                (void)lose(slot);
}

void vpcd_slot_close(struct vpcd_slot *slot)
{
        if (!slot)
                return;
        if (slot->fd >= 0)
                close(slot->fd);
        free(slot);
}
