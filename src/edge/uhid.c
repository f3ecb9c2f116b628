/* SPDX-License-Identifier: Apache-2.0 */
#include "hid_port.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/uhid.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* [11.2.8.2] the report descriptor by which clients find the device: usage page F1D0, 64 bytes each way. */
static const uint8_t descriptor[] = {
        0x06, 0xD0, 0xF1,                                     /* usage page: FIDO alliance */
        0x09, 0x01,                                           /* usage: CTAPHID */
        0xA1, 0x01,                                           /* collection: application */
        0x09, 0x20,                                           /*   usage: data in */
        0x15, 0x00,                                           /*   logical minimum: 0 */
        0x26, 0xFF, 0x00,                                     /*   logical maximum: 255 */
        0x75, 0x08,                                           /*   report size: 8 bits */
        0x95, 0x40,                                           /*   report count: 64 */
        0x81, 0x02,                                           /*   input: data, variable, absolute */
        0x09, 0x21,                                           /*   usage: data out */
        0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08, 0x95, 0x40, /* the same sizes */
        0x91, 0x02,                                           /*   output: data, variable, absolute */
        0xC0,                                                 /* end of collection */
};

/* A vendor and a product number that nobody was given: the project has none. */
enum { BUS = BUS_USB, VENDOR = 0xF1D0, PRODUCT = 0x4D49 };

struct uhid {
        int fd;
        struct uhid_event event; /* 4 kB */
};

static bool put(struct uhid *uhid)
{
        ssize_t count;
        do
                count = write(uhid->fd, &uhid->event, sizeof uhid->event);
        while (count < 0 && errno == EINTR);
        return count == (ssize_t)sizeof uhid->event;
}

static size_t watch(void *context, struct pollfd fds[HID_PORT_WATCH_MAX])
{
        const struct uhid *uhid = context;
        fds[0] = (struct pollfd){ .fd = uhid->fd, .events = POLLIN };
        return 1;
}

/* hidraw hands on what its host wrote: the report number 0, then the report. */
static bool take_output(const struct uhid *uhid, uint8_t ret_report[HID_PORT_REPORT_SIZE])
{
        const struct uhid_output_req *output = &uhid->event.u.output;
        uint8_t number = 0;
        if (output->rtype != UHID_OUTPUT_REPORT || output->size > sizeof output->data)
                return false;
        reader r = reader_over(slice_of(output->data, output->size), NULL, NULL);
        if (output->size == HID_PORT_REPORT_SIZE + 1 && failed(read_u8(&r, "report number", &number)))
                return false;
        return number == 0 && r.rest.size == HID_PORT_REPORT_SIZE &&
               !failed(read_into(&r, "report", ret_report, HID_PORT_REPORT_SIZE));
}

/* There are no feature reports, and none are set: the kernel waits for an answer all the same. */
static void refuse_get(struct uhid *uhid)
{
        const uint32_t id = uhid->event.u.get_report.id;
        uhid->event = (struct uhid_event){ .type = UHID_GET_REPORT_REPLY };
        uhid->event.u.get_report_reply.id = id;
        uhid->event.u.get_report_reply.err = EIO;
        (void)put(uhid);
}

static void refuse_set(struct uhid *uhid)
{
        const uint32_t id = uhid->event.u.set_report.id;
        uhid->event = (struct uhid_event){ .type = UHID_SET_REPORT_REPLY };
        uhid->event.u.set_report_reply.id = id;
        uhid->event.u.set_report_reply.err = EIO;
        (void)put(uhid);
}

static enum hid_port_event receive(void *context, uint8_t ret_report[HID_PORT_REPORT_SIZE])
{
        struct uhid *uhid = context;
        for (int tries = 0; tries < HID_PORT_TURN; tries++) {
                ssize_t count = read(uhid->fd, &uhid->event, sizeof uhid->event);
                if (count < 0 && errno == EINTR)
                        continue;
                if (count <= 0)
                        return count < 0 && errno == EAGAIN ? HID_PORT_NOTHING : HID_PORT_GONE;
                if (uhid->event.type == UHID_OUTPUT && take_output(uhid, ret_report))
                        return HID_PORT_REPORT;
                if (uhid->event.type == UHID_GET_REPORT)
                        refuse_get(uhid);
                else if (uhid->event.type == UHID_SET_REPORT)
                        refuse_set(uhid);
        }
        return HID_PORT_NOTHING;
}

/* The kernel keeps it for each program that has the device open, and drops it where nobody reads. */
static void send_report(void *context, const uint8_t report[HID_PORT_REPORT_SIZE])
{
        struct uhid *uhid = context;
        uhid->event = (struct uhid_event){ .type = UHID_INPUT2 };
        struct uhid_input2_req *input = &uhid->event.u.input2;
        input->size = HID_PORT_REPORT_SIZE;
        if (!failed(slice_copy(
                    slice_of(report, HID_PORT_REPORT_SIZE), "report", input->data, sizeof input->data, NULL)))
                (void)put(uhid);
}

static void close_port(void *context)
{
        struct uhid *uhid = context;
        uhid->event = (struct uhid_event){ .type = UHID_DESTROY };
        (void)put(uhid);
        close(uhid->fd);
        bytes_wipe(uhid, sizeof *uhid);
        free(uhid);
}

static bool create(struct uhid *uhid)
{
        struct uhid_create2_req *create = &uhid->event.u.create2;
        uhid->event = (struct uhid_event){ .type = UHID_CREATE2 };
        snprintf((char *)create->name, sizeof create->name, "Mitome Authenticator");
        snprintf((char *)create->phys, sizeof create->phys, "mitome");
        create->bus = BUS;
        create->vendor = VENDOR;
        create->product = PRODUCT;
        create->rd_size = sizeof descriptor;
        return !failed(slice_copy(
                       SLICE(descriptor), "descriptor", create->rd_data, sizeof create->rd_data, NULL)) &&
               put(uhid);
}

mitome_status hid_port_uhid(struct hid_port *ret, mitome_error *error)
{
        struct uhid *uhid = calloc(1, sizeof *uhid);
        if (!uhid)
                return fail(error, MITOME_E_NO_MEMORY, "port", NULL);
        uhid->fd = open("/dev/uhid", O_RDWR | O_CLOEXEC | O_NONBLOCK);
        if (uhid->fd < 0 || !create(uhid)) {
                if (uhid->fd >= 0)
                        close(uhid->fd);
                free(uhid);
                return fail(error, MITOME_E_HID_UHID, NULL, NULL);
        }
        *ret = (struct hid_port){ uhid, watch, receive, send_report, close_port };
        return ok();
}
