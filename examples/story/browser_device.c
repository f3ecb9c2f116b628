/* SPDX-License-Identifier: Apache-2.0 */
#include "browser_device.h"

#include "steady_clock.h"

enum { POLL_MS = 20 };

/* libfido2 opens a device by its path alone: this is the authenticator that the path means. */
static struct mitome_authenticator *opened;

static void *transport_open(const char *path)
{
        (void)path;
        return opened;
}

static void transport_close(void *handle)
{
        (void)handle;
}

static int transport_read(void *handle, unsigned char *buffer, size_t size, int timeout_ms)
{
        const uint64_t end = timeout_ms < 0 ? UINT64_MAX : steady_clock_ms() + (uint64_t)timeout_ms;
        if (size < MITOME_REPORT_SIZE)
                return -1;
        do
                if (mitome_authenticator_send(handle, POLL_MS, steady_clock_ms(), buffer))
                        return MITOME_REPORT_SIZE;
        while (steady_clock_ms() < end);
        return -1;
}

/* libfido2 writes the number of the report before it. */
static int transport_write(void *handle, const unsigned char *buffer, size_t size)
{
        if (size != MITOME_REPORT_SIZE + 1)
                return -1;
        mitome_authenticator_receive(handle, buffer + 1, steady_clock_ms());
        return (int)size;
}

fido_dev_t *browser_device_open(struct mitome_authenticator *authenticator)
{
        static const fido_dev_io_t transport = { transport_open, transport_close, transport_read,
                transport_write };
        fido_dev_t *device = fido_dev_new();
        opened = authenticator;
        if (!device || fido_dev_set_io_functions(device, &transport) != FIDO_OK ||
                fido_dev_open(device, "mitome") != FIDO_OK)
                fido_dev_free(&device);
        return device;
}

void browser_device_close(fido_dev_t *device)
{
        if (!device)
                return;
        fido_dev_close(device);
        fido_dev_free(&device);
}
