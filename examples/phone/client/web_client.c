/* SPDX-License-Identifier: Apache-2.0 */
/* The two ceremonies of WebAuthn L3 5.1.3 and 5.1.4, with one authenticator. */
#include "web_client_parts.h"

enum { NO_CREDENTIALS = 0x2E };

/* IDs that are too long for this authenticator are none of its own; too many it could not be sent. */
static mitome_status settle_list(struct client_ceremony *c, mitome_error *error)
{
        struct client_options *options = &c->options;
        const struct client_device *device = &c->talk.device;
        const size_t asked = options->id_count;
        options->id_count = 0;
        for (size_t i = 0; i < asked; i++)
                if (device->id_max == 0 || options->ids[i].size <= device->id_max)
                        options->ids[options->id_count++] = options->ids[i];
        if (device->list_max && options->id_count > device->list_max)
                return fail(error, MITOME_E_TOO_MANY, "credentials", "CTAP 2.1 6.4");
        if (!options->creates && asked && options->id_count == 0) {
                c->talk.status = NO_CREDENTIALS;
                return fail(error, MITOME_E_CTAP_STATUS, "request", NULL);
        }
        return ok();
}

/* WebAuthn L3 5.1.3: what was required must be there. CTAP 2.1 12.1: a credential that must be protected is
 * not made where it cannot be. */
static mitome_status check_device(struct client_ceremony *c, mitome_error *error)
{
        const struct client_device *device = &c->talk.device;
        bool no_verification = c->options.user_verification == CLIENT_REQUIRED && !device->uv && !device->pin;
        bool no_place = c->options.creates && c->options.resident_key == CLIENT_REQUIRED && !device->rk;
        bool no_protection =
                c->options.enforce_protection && c->options.protection > 1 && !device->protection;
        if (!no_verification && !no_place && !no_protection)
                return ok();
        c->talk.status = CLIENT_UNSUPPORTED_OPTION;
        return fail(error, MITOME_E_CTAP_STATUS, "request", NULL);
}

static mitome_status run(struct client_ceremony *c, struct client_answer *ret, mitome_error *error)
{
        struct client_options *options = &c->options;
        if (c->page->cross_origin)
                return fail(error, MITOME_E_CROSS_ORIGIN, "origin", "WebAuthn L3 5.1.3");
        MITOME_TRY(web_client_may_ask(
                c->page->origin, options->rp_id, c->talk.client->registrable, &options->rp_id, error));
        MITOME_TRY(client_write_data(c, error));
        MITOME_TRY(client_ask_info(&c->talk, error));
        MITOME_TRY(settle_list(c, error));
        MITOME_TRY(check_device(c, error));
        MITOME_TRY(client_verify(c, error));
        return options->creates ? client_read_created(c, ret, error) : client_read_assertion(c, ret, error);
}

static mitome_status finish(struct client_ceremony *c, uint8_t *buffer, size_t capacity,
        struct web_client_answer *ret, mitome_error *error)
{
        struct client_answer answer = { 0 };
        writer w = writer_over(buffer, capacity);
        mitome_status status = run(c, &answer, error);
        if (failed(status)) {
                ret->status = status.code == MITOME_E_CTAP_STATUS ? c->talk.status : 0;
                return status;
        }
        if (c->options.creates)
                client_write_created(&w, c, &answer);
        else
                client_write_got(&w, c, &answer);
        ret->status = 0;
        return writer_finish(&w, "response", &ret->json, error);
}

mitome_status web_client_create(const struct web_client *client, const struct web_client_page *page,
        slice options, uint8_t *buffer, size_t capacity, struct web_client_answer *ret, mitome_error *error)
{
        struct client_ceremony c = { .page = page, .talk.client = client };
        writer arena = WRITER(c.arena);
        ret->status = 0;
        MITOME_TRY(client_read_creation(options, &arena, &c.options, error));
        return finish(&c, buffer, capacity, ret, error);
}

mitome_status web_client_get(const struct web_client *client, const struct web_client_page *page,
        slice options, uint8_t *buffer, size_t capacity, struct web_client_answer *ret, mitome_error *error)
{
        struct client_ceremony c = { .page = page, .talk.client = client };
        writer arena = WRITER(c.arena);
        ret->status = 0;
        MITOME_TRY(client_read_request(options, &arena, &c.options, error));
        return finish(&c, buffer, capacity, ret, error);
}
