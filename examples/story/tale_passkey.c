/* SPDX-License-Identifier: Apache-2.0 */

/* The phone's part of a login: a browser on the phone has its authenticator make and use a passkey in the
 * element, after the PIN, and the app has the certificate's key sign. */

#include "tale.h"

#include "apdu.h"
#include "jpki_app.h"

#include <mitome/authenticator.h>

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

static mitome_status with_browser(struct tale *tale, struct tale_phone *phone, browser_work *work,
        const struct browser_request *request, struct browser_answer *ret, mitome_error *error)
{
        const struct mitome_authenticator_config config = { .element = phone->link,
                .app = tale->app,
                .random = tale->random,
                .presence = { .poll = touch },
                .transports = MITOME_TRANSPORT_INTERNAL };
        MITOME_TRY(mitome_authenticator_new(&config, &opened, error));
        mitome_status status = at_device(work, request, ret, error);
        mitome_authenticator_free(opened);
        opened = NULL;
        return status;
}

mitome_status tale_make_passkey(struct tale *tale, struct tale_phone *phone, slice challenge,
        struct browser_answer *ret, mitome_error *error)
{
        const struct browser_request request = { .origin = TALE_ORIGIN,
                .rp_id = TALE_RP_ID,
                .challenge = challenge,
                .user_id = slice_text(phone->identity),
                .user_name = "holder",
                .pin = phone->pin };
        MITOME_TRY(with_browser(tale, phone, browser_create, &request, ret, error));
        MITOME_TRY(slice_copy(
                ret->credential_id, "credential id", phone->credential, sizeof phone->credential, error));
        phone->credential_size = ret->credential_id.size;
        return ok();
}

mitome_status tale_use_passkey(struct tale *tale, struct tale_phone *phone, slice challenge,
        struct browser_answer *ret, mitome_error *error)
{
        const struct browser_request request = { .origin = TALE_ORIGIN,
                .rp_id = TALE_RP_ID,
                .challenge = challenge,
                .credential_id = slice_of(phone->credential, phone->credential_size),
                .pin = phone->pin };
        return with_browser(tale, phone, browser_get, &request, ret, error);
}

/* ---- the certificate ---- */

/* Key 0017 of a phone signs no hash of a host's, but messages that begin as this project's do. */
static mitome_status sign_message(
        const struct mitome_link *link, slice message, uint8_t ret[TALE_SIGNATURE_SIZE], mitome_error *error)
{
        const struct apdu_command sign = {
                .cla = 0x80, .ins = 0x2A, .p1 = 0x03, .p2 = 0x97, .data = message, .expected = 256
        };
        uint8_t bytes[256], answer[TALE_SIGNATURE_SIZE + 2];
        writer w = WRITER(bytes);
        slice data;
        size_t size;
        uint16_t sw;
        apdu_write_command(&w, &sign);
        MITOME_TRY(link->transmit(link->context, writer_view(&w), answer, sizeof answer, &size, error));
        MITOME_TRY(apdu_read_response(slice_of(answer, size), &data, &sw, error));
        if (sw != SW_OK)
                return fail(error, MITOME_E_APDU_STATUS, sw_text(sw), NULL);
        return slice_copy(data, "signature", ret, TALE_SIGNATURE_SIZE, error);
}

static mitome_status sign_behind(struct mitome_enforcer *enforcer, const char *pin, slice message,
        struct tale_proof *ret, mitome_error *error)
{
        const struct mitome_link link = mitome_enforcer_link(enforcer);
        slice certificate;
        uint16_t sw;
        MITOME_TRY(jpki_app_select(enforcer, error));
        MITOME_TRY(jpki_app_verify(&link, &jpki_user_verification, pin, &sw, error));
        MITOME_TRY(jpki_app_read_certificate(&link, &jpki_user_verification, ret->certificate,
                sizeof ret->certificate, &certificate, &sw, error));
        ret->certificate_size = certificate.size;
        return sign_message(&link, message, ret->signature, error);
}

mitome_status tale_sign(struct tale *tale, struct tale_phone *phone, slice message, struct tale_proof *ret,
        mitome_error *error)
{
        struct mitome_enforcer *enforcer;
        MITOME_TRY(mitome_enforcer_new(&phone->link, &tale->app, &enforcer, error));
        mitome_status status = sign_behind(enforcer, phone->pin, message, ret, error);
        mitome_enforcer_free(enforcer);
        return status;
}
