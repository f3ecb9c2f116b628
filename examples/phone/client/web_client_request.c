/* SPDX-License-Identifier: Apache-2.0 */
/* The command that the authenticator gets: CTAP 2.1 6.1 and 6.2. */
#include "web_client_parts.h"

enum { MAKE_CREDENTIAL = 0x01, GET_ASSERTION = 0x02, VENDOR_FACILITATED = 1 };

static void write_descriptors(writer *w, const struct client_options *options)
{
        cbor_write_array(w, options->id_count);
        for (size_t i = 0; i < options->id_count; i++) {
                cbor_write_map(w, 2);
                cbor_write_string(w, "id");
                cbor_write_bytes(w, options->ids[i]);
                cbor_write_string(w, "type");
                cbor_write_string(w, "public-key");
        }
}

static void write_entity(writer *w, const struct client_options *options)
{
        cbor_write_uint(w, 2);
        cbor_write_map(w, 2);
        cbor_write_string(w, "id");
        cbor_write_text(w, options->rp_id);
        cbor_write_string(w, "name");
        cbor_write_text(w, options->rp_name.size ? options->rp_name : options->rp_id);
        cbor_write_uint(w, 3);
        cbor_write_map(w, 3);
        cbor_write_string(w, "id");
        cbor_write_bytes(w, options->user_id);
        cbor_write_string(w, "name");
        cbor_write_text(w, options->user_name);
        cbor_write_string(w, "displayName");
        cbor_write_text(w, options->user_display_name);
}

static void write_algorithms(writer *w, const struct client_options *options)
{
        cbor_write_uint(w, 4);
        cbor_write_array(w, options->algorithm_count);
        for (size_t i = 0; i < options->algorithm_count; i++) {
                cbor_write_map(w, 2);
                cbor_write_string(w, "alg");
                cbor_write_int(w, options->algorithms[i]);
                cbor_write_string(w, "type");
                cbor_write_string(w, "public-key");
        }
}

bool client_wants_discoverable(const struct client_ceremony *c)
{
        return c->options.creates && c->talk.device.rk && c->options.resident_key != CLIENT_DISCOURAGED;
}

bool client_wants_enterprise(const struct client_ceremony *c)
{
        return c->options.enterprise && c->talk.device.enterprise;
}

static void write_options(
        writer *w, const struct client_ceremony *c, enum client_verification by, unsigned key)
{
        bool rk = client_wants_discoverable(c), uv = by == CLIENT_VERIFY_FINGER;
        if (!rk && !uv)
                return;
        cbor_write_uint(w, key);
        cbor_write_map(w, (size_t)rk + uv);
        if (rk) {
                cbor_write_string(w, "rk");
                cbor_write_bool(w, true);
        }
        if (uv) {
                cbor_write_string(w, "uv");
                cbor_write_bool(w, true);
        }
}

static void write_param(writer *w, const uint8_t *param, unsigned key)
{
        if (!param)
                return;
        cbor_write_uint(w, key);
        cbor_write_bytes(w, slice_of(param, CLIENT_PIN_PARAM_SIZE));
        cbor_write_uint(w, key + 1);
        cbor_write_uint(w, 2);
}

/* Members that are there or not: extensions, options, parameter and protocol. */
static size_t optional_members(const struct client_ceremony *c, enum client_verification by)
{
        return (size_t)(client_extensions_of(c).count > 0) +
               (client_wants_discoverable(c) || by == CLIENT_VERIFY_FINGER) +
               2 * (size_t)(by == CLIENT_VERIFY_PIN);
}

static void write_creation(
        writer *w, const struct client_ceremony *c, enum client_verification by, const uint8_t *param)
{
        const struct client_options *options = &c->options;
        write_u8(w, MAKE_CREDENTIAL);
        cbor_write_map(w,
                4 + (options->id_count > 0) + optional_members(c, by) + (size_t)client_wants_enterprise(c));
        cbor_write_uint(w, 1);
        cbor_write_bytes(w, SLICE(c->talk.client_data_hash));
        write_entity(w, options);
        write_algorithms(w, options);
        if (options->id_count) {
                cbor_write_uint(w, 5);
                write_descriptors(w, options);
        }
        client_write_extensions(w, c, 6);
        write_options(w, c, by, 7);
        write_param(w, param, 8);
        if (client_wants_enterprise(c)) {
                cbor_write_uint(w, 10);
                cbor_write_uint(w, VENDOR_FACILITATED);
        }
}

static void write_request(
        writer *w, const struct client_ceremony *c, enum client_verification by, const uint8_t *param)
{
        const struct client_options *options = &c->options;
        write_u8(w, GET_ASSERTION);
        cbor_write_map(w, 2 + (options->id_count > 0) + optional_members(c, by));
        cbor_write_uint(w, 1);
        cbor_write_text(w, options->rp_id);
        cbor_write_uint(w, 2);
        cbor_write_bytes(w, SLICE(c->talk.client_data_hash));
        if (options->id_count) {
                cbor_write_uint(w, 3);
                write_descriptors(w, options);
        }
        client_write_extensions(w, c, 4);
        write_options(w, c, by, 5);
        write_param(w, param, 6);
}

mitome_status client_send(
        struct client_ceremony *c, enum client_verification by, const uint8_t *param, mitome_error *error)
{
        writer w = WRITER(c->request);
        if (c->options.creates)
                write_creation(&w, c, by, param);
        else
                write_request(&w, c, by, param);
        /* What the authenticator does not read whole it may not be sent: CTAP 2.1 6.4 maxMsgSize. */
        const uint64_t most = c->talk.device.message_max;
        if (w.overflowed || (most && w.used > most))
                return fail(error, MITOME_E_TOO_LONG, "options", "CTAP 2.1 6.4");
        return client_exchange(&c->talk, &w, error);
}
