/* SPDX-License-Identifier: Apache-2.0 */
#include "hid_port.h"

#include <errno.h>
#include <string.h>

bool hid_port_await(int fd)
{
        struct pollfd wait = { .fd = fd, .events = POLLOUT };
        int count;
        do
                count = poll(&wait, 1, HID_PORT_SEND_MS);
        while (count < 0 && errno == EINTR);
        return count == 1 && !(wait.revents & (POLLERR | POLLNVAL));
}

static mitome_status open_uhid(const char *rest, struct hid_port *ret, mitome_error *error)
{
        (void)rest;
        return hid_port_uhid(ret, error);
}

mitome_status hid_port_open(const char *text, struct hid_port *ret, mitome_error *error)
{
        static const struct {
                const char *name;
                bool has_more;
                mitome_status (*open)(const char *rest, struct hid_port *ret, mitome_error *error);
        } kinds[] = {
                { "uhid", false, open_uhid },
                { "pty:", true, hid_port_pty },
                { "unix:", true, hid_port_unix },
                { "udp:", true, hid_port_udp },
        };
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
                size_t size = strlen(kinds[i].name);
                if (strncmp(text, kinds[i].name, size) == 0 && (text[size] != '\0') == kinds[i].has_more)
                        return kinds[i].open(text + size, ret, error);
        }
        return fail(error, MITOME_E_HID_PORT, "--hid", NULL);
}
