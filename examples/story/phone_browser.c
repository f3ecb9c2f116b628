/* SPDX-License-Identifier: Apache-2.0 */
#include "phone_browser.h"

#include "browser_device.h"

static enum mitome_presence_answer touch(void *context, int wait_ms)
{
        (void)context;
        (void)wait_ms;
        return MITOME_PRESENCE_TOUCHED; /* the holder has the phone in the hand */
}

typedef mitome_status browser_work(
        fido_dev_t *, const struct browser_request *, struct browser_answer *, mitome_error *);

static mitome_status at_device(struct mitome_authenticator *authenticator, browser_work *work,
        const struct browser_request *request, struct browser_answer *ret, mitome_error *error)
{
        fido_dev_t *device = browser_device_open(authenticator);
        mitome_status status =
                device ? work(device, request, ret, error) : fail(error, MITOME_E_LINK, "phone", NULL);
        browser_device_close(device);
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
        struct mitome_authenticator *authenticator;
        MITOME_TRY(mitome_authenticator_new(&config, &authenticator, error));
        mitome_status status = at_device(authenticator, work, request, ret, error);
        mitome_authenticator_free(authenticator);
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
