/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer_internal.h"

#include "apdu.h"

#include <openssl/evp.h>
#include <stdlib.h>

static const char clause[] = "GPD_SPE_013 3.2";

enum {
        CLA_PROPRIETARY = 0x80,
        CLA_CHAINING = 0x10,
        CLA_SECURE_MESSAGING = 0x0C,
        INS_SELECT = 0xA4,
        INS_MANAGE_CHANNEL = 0x70,
        BY_NAME = 0x04,
        CHANNEL_LAST = 0x03, /* that the first interindustry class can name */
};

/* ---- who the app is ---- */

mitome_status mitome_enforcer_app(mitome_slice certificate, struct mitome_app *ret, mitome_error *error)
{
        struct mitome_app app = { 0 };
        if (!certificate.size)
                return fail(error, MITOME_E_ARGUMENT, "certificate", NULL);
        if (EVP_Digest(certificate.data, certificate.size, app.sha256, NULL, EVP_sha256(), NULL) != 1 ||
                EVP_Digest(certificate.data, certificate.size, app.sha1, NULL, EVP_sha1(), NULL) != 1)
                return fail(error, MITOME_E_CRYPTO_FAILED, "certificate", NULL);
        *ret = app;
        return ok();
}

/* ---- the channel ---- */

static mitome_status exchange(struct mitome_enforcer *enforcer, slice command, uint8_t *response,
        size_t capacity, size_t *ret_size, mitome_error *error)
{
        const struct mitome_link *link = &enforcer->element;
        size_t size = 0;
        MITOME_TRY(link->transmit(link->context, command, response, capacity, &size, error));
        if (size < 2 || size > capacity)
                return fail(error, MITOME_E_LINK, "response", NULL);
        *ret_size = size;
        return ok();
}

mitome_status enforcer_ask(struct mitome_enforcer *enforcer, const struct apdu_command *command,
        uint8_t response[ENFORCER_RESPONSE_MAX], slice *ret_data, uint16_t *ret_sw, mitome_error *error)
{
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        slice apdu;
        size_t size;
        apdu_write_command(&w, command);
        MITOME_TRY(writer_finish(&w, "command", &apdu, error));
        MITOME_TRY(exchange(enforcer, apdu, response, ENFORCER_RESPONSE_MAX, &size, error));
        return apdu_read_response(slice_of(response, size), ret_data, ret_sw, error);
}

/* An element that knows no MANAGE CHANNEL has the basic channel alone. */
static bool has_no_channels(uint16_t sw)
{
        static const uint16_t known[] = { SW_WRONG_INS, SW_WRONG_CLA, SW_CHANNEL_UNSUPPORTED };
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
                if (known[i] == sw)
                        return true;
        return false;
}

static mitome_status open_channel(struct mitome_enforcer *enforcer, mitome_error *error)
{
        const struct apdu_command open = { .ins = INS_MANAGE_CHANNEL, .expected = 1 };
        uint8_t response[ENFORCER_RESPONSE_MAX];
        slice data;
        uint16_t sw;
        if (enforcer->opened)
                return ok();
        MITOME_TRY(enforcer_ask(enforcer, &open, response, &data, &sw, error));
        if (sw == SW_OK) {
                if (data.size != 1 || data.data[0] == 0 || data.data[0] > CHANNEL_LAST)
                        return fail(error, MITOME_E_VALUE, "MANAGE CHANNEL", NULL);
                enforcer->channel = data.data[0];
        } else if (!has_no_channels(sw)) {
                return fail(error, MITOME_E_APDU_STATUS, "MANAGE CHANNEL", NULL);
        }
        enforcer->opened = true;
        return ok();
}

static mitome_status select_name(
        struct mitome_enforcer *enforcer, slice aid, uint16_t *ret_sw, mitome_error *error)
{
        const struct apdu_command select = {
                .cla = enforcer->channel, .ins = INS_SELECT, .p1 = BY_NAME, .data = aid, .expected = 256
        };
        uint8_t response[ENFORCER_RESPONSE_MAX];
        slice data;
        return enforcer_ask(enforcer, &select, response, &data, ret_sw, error);
}

void mitome_enforcer_close(struct mitome_enforcer *enforcer)
{
        const struct apdu_command close = { .ins = INS_MANAGE_CHANNEL, .p1 = 0x80, .p2 = enforcer->channel };
        uint8_t response[ENFORCER_RESPONSE_MAX];
        slice data;
        uint16_t sw;
        enforcer->decision.kind = ACCESS_KIND_DENIED;
        if (enforcer->channel) /* nobody is left to be told of a failure */
                (void)failed(enforcer_ask(enforcer, &close, response, &data, &sw, NULL));
        enforcer->channel = 0;
        enforcer->opened = false;
}

/* ---- selecting ---- */

static struct access_app who(const struct mitome_enforcer *enforcer)
{
        const struct mitome_app *app = &enforcer->app;
        return (struct access_app){ SLICE(app->sha256), SLICE(app->sha1),
                slice_of(enforcer->package, enforcer->package_size) };
}

/* A reset of the element ends its logical channels, all but the basic one: then there is a new one to open.
 */
static mitome_status select_rules(struct mitome_enforcer *enforcer, uint16_t *ret_sw, mitome_error *error)
{
        static const uint8_t ara_aid[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x41, 0x43, 0x4C, 0x00 };
        MITOME_TRY(open_channel(enforcer, error));
        MITOME_TRY(select_name(enforcer, SLICE(ara_aid), ret_sw, error));
        if (*ret_sw != SW_CHANNEL_UNSUPPORTED || !enforcer->channel)
                return ok();
        enforcer->channel = 0;
        enforcer->opened = false;
        MITOME_TRY(open_channel(enforcer, error));
        return select_name(enforcer, SLICE(ara_aid), ret_sw, error);
}

/* No ARA-M, no rules: nobody has one that lets him in. Any other trouble with it denies as well, by another
 * name. */
static mitome_status read_rules(struct mitome_enforcer *enforcer, mitome_error *error)
{
        uint16_t sw;
        MITOME_TRY(select_rules(enforcer, &sw, error));
        if (sw == SW_OK)
                return enforcer_refresh_rules(enforcer, error);
        enforcer->known = false;
        return sw == SW_NOT_FOUND ? fail(error, MITOME_E_ACCESS_DENIED, "everything: there are none", clause)
                                  : fail(error, MITOME_E_ACCESS_RULES, "ARA-M", clause);
}

static mitome_status decide(
        struct mitome_enforcer *enforcer, slice aid, struct access_decision *ret, mitome_error *error)
{
        const struct access_app app = who(enforcer);
        MITOME_TRY(read_rules(enforcer, error));
        access_decide(slice_of(enforcer->rules, enforcer->rules_size), &app, aid, ret);
        return ret->kind != ACCESS_KIND_DENIED ? ok()
                                               : fail(error, MITOME_E_ACCESS_DENIED, "the applet", clause);
}

static mitome_status select_allowed(struct mitome_enforcer *enforcer, slice aid, mitome_error *error)
{
        struct access_decision decision;
        uint16_t sw;
        MITOME_TRY(decide(enforcer, aid, &decision, error));
        MITOME_TRY(select_name(enforcer, aid, &sw, error));
        if (sw != SW_OK)
                return fail(error, MITOME_E_APDU_STATUS, "SELECT of the applet", NULL);
        enforcer->decision = decision;
        return ok();
}

mitome_status mitome_enforcer_select(struct mitome_enforcer *enforcer, mitome_slice aid, mitome_error *error)
{
        enforcer->decision.kind = ACCESS_KIND_DENIED;
        if (aid.size < ACCESS_AID_MIN || aid.size > ACCESS_AID_MAX)
                return fail(error, MITOME_E_ARGUMENT, "AID", NULL);
        mitome_status status = select_allowed(enforcer, aid, error);
        if (failed(status)) /* there are few channels: whoever is refused keeps none */
                mitome_enforcer_close(enforcer);
        return status;
}

/* ---- every command ---- */

/* What could reach another applet is never the app's: the channel is the enforcer's, and so is what is
 * selected on it. Classes: ISO 7816-4 5.4.1, the first interindustry values and their proprietary twins,
 * channel 0. */
static bool stays_in_applet(const struct apdu_command *command)
{
        if (command->cla & ~(CLA_PROPRIETARY | CLA_CHAINING | CLA_SECURE_MESSAGING))
                return false;
        if (command->ins == INS_SELECT && command->p1 == BY_NAME)
                return false;
        return command->ins != INS_MANAGE_CHANNEL || (command->cla & CLA_PROPRIETARY);
}

static mitome_status check(const struct mitome_enforcer *enforcer, slice bytes, mitome_error *error)
{
        struct apdu_command command;
        MITOME_TRY(apdu_read_command(bytes, &command, error));
        uint32_t header = (uint32_t)command.cla << 24 | (uint32_t)command.ins << 16 |
                          (uint32_t)command.p1 << 8 | command.p2;
        if (!stays_in_applet(&command))
                return fail(error, MITOME_E_ACCESS_DENIED, "a command that leaves its applet", clause);
        return access_allows(&enforcer->decision, header)
                       ? ok()
                       : fail(error, MITOME_E_ACCESS_DENIED, "this command", clause);
}

mitome_status mitome_enforcer_transmit(struct mitome_enforcer *enforcer, mitome_slice command,
        uint8_t *response, size_t capacity, size_t *ret_size, mitome_error *error)
{
        uint8_t bytes[MITOME_APDU_MAX], cla;
        slice on_channel;
        reader r = reader_over(command, NULL, error);
        writer w = WRITER(bytes);
        MITOME_TRY(check(enforcer, command, error));
        MITOME_TRY(read_u8(&r, "command", &cla));
        write_u8(&w, cla | enforcer->channel);
        write_slice(&w, read_rest(&r));
        mitome_status status = writer_finish(&w, "command", &on_channel, error);
        if (!failed(status))
                status = exchange(enforcer, on_channel, response, capacity, ret_size, error);
        bytes_wipe(bytes, w.used); /* it may have carried a PIN */
        return status;
}

static mitome_status transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        return mitome_enforcer_transmit(context, command, response, capacity, ret_size, error);
}

struct mitome_link mitome_enforcer_link(struct mitome_enforcer *enforcer)
{
        return (struct mitome_link){ .context = enforcer, .transmit = transmit };
}

/* ---- life ---- */

mitome_status mitome_enforcer_new(const struct mitome_link *element, const struct mitome_app *app,
        struct mitome_enforcer **ret, mitome_error *error)
{
        const slice package = app->package ? slice_text(app->package) : (slice){ 0 };
        if (!element->transmit || package.size > ACCESS_PACKAGE_MAX)
                return fail(error, MITOME_E_ARGUMENT, "enforcer", NULL);
        struct mitome_enforcer *enforcer = calloc(1, sizeof *enforcer);
        if (!enforcer)
                return fail(error, MITOME_E_NO_MEMORY, "enforcer", NULL);
        enforcer->element = *element;
        enforcer->app = *app;
        enforcer->app.package = NULL;
        enforcer->package_size = package.size;
        mitome_status status =
                slice_copy(package, "package", enforcer->package, sizeof enforcer->package, error);
        if (failed(status)) {
                free(enforcer);
                return status;
        }
        *ret = enforcer;
        return ok();
}

void mitome_enforcer_free(struct mitome_enforcer *enforcer)
{
        if (!enforcer)
                return;
        mitome_enforcer_close(enforcer);
        free(enforcer->rules);
        free(enforcer);
}
