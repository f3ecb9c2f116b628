/* SPDX-License-Identifier: Apache-2.0 */
#include "phone_browser.h"

#include <time.h>

enum { POLL_MS = 20 };

/* ---- the authenticator, as libfido2 reaches it ---- */

static enum mitome_presence_answer touch(void *context, int wait_ms)
{
        (void)context;
        (void)wait_ms;
        return MITOME_PRESENCE_TOUCHED; /* the holder has the phone in the hand */
}

static uint64_t now_ms(void)
{
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

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
        const uint64_t end = timeout_ms < 0 ? UINT64_MAX : now_ms() + (uint64_t)timeout_ms;
        if (size < MITOME_REPORT_SIZE)
                return -1;
        do
                if (mitome_authenticator_send(handle, POLL_MS, now_ms(), buffer))
                        return MITOME_REPORT_SIZE;
        while (now_ms() < end);
        return -1;
}

/* libfido2 writes the number of the report before it. */
static int transport_write(void *handle, const unsigned char *buffer, size_t size)
{
        if (size != MITOME_REPORT_SIZE + 1)
                return -1;
        mitome_authenticator_receive(handle, buffer + 1, now_ms());
        return (int)size;
}

typedef mitome_status browser_work(
        fido_dev_t *, const struct browser_request *, struct browser_answer *, mitome_error *);

static mitome_status at_device(browser_work *work, const struct browser_request *request,
        struct browser_answer *ret, mitome_error *error)
{
        static const fido_dev_io_t transport = { transport_open, transport_close, transport_read,
                transport_write };
        fido_dev_t *device = fido_dev_new();
        mitome_status status = ok();
        if (!device || fido_dev_set_io_functions(device, &transport) != FIDO_OK ||
                fido_dev_open(device, "mitome") != FIDO_OK)
                status = fail(error, MITOME_E_LINK, "phone", NULL);
        if (!failed(status))
                status = work(device, request, ret, error);
        if (device)
                fido_dev_close(device);
        fido_dev_free(&device);
        if (!failed(status) && ret->fido_error != FIDO_OK)
                return fail(error, MITOME_E_CTAP_STATUS, fido_strerr(ret->fido_error), NULL);
        return status;
}

static mitome_status with_browser(const struct phone_browser *phone, browser_work *work,
        const struct browser_request *request, struct browser_answer *ret, mitome_error *error)
{
        const struct mitome_authenticator_config config = { .element = phone->element,
                .app = phone->app,
                .random = phone->random,
                .presence = { .poll = touch },
                .transports = MITOME_TRANSPORT_INTERNAL };
        MITOME_TRY(mitome_authenticator_new(&config, &opened, error));
        mitome_status status = at_device(work, request, ret, error);
        mitome_authenticator_free(opened);
        opened = NULL;
        return status;
}

mitome_status phone_browser_create(const struct phone_browser *phone, const struct browser_request *request,
        struct browser_answer *ret, mitome_error *error)
{
        return with_browser(phone, browser_create, request, ret, error);
}

mitome_status phone_browser_get(const struct phone_browser *phone, const struct browser_request *request,
        struct browser_answer *ret, mitome_error *error)
{
        return with_browser(phone, browser_get, request, ret, error);
}
