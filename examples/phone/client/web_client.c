/* SPDX-License-Identifier: Apache-2.0 */
/* The two ceremonies of WebAuthn L3 5.1.3 and 5.1.4, with one authenticator. */
#include "web_client.h"

#include "authdata.h"
#include "json.h"
#include "web_client_parts.h"

enum { MAKE_CREDENTIAL = 0x01, GET_ASSERTION = 0x02, GET_NEXT_ASSERTION = 0x08 };
enum { PERMISSION_MAKE = 0x01, PERMISSION_GET = 0x02, VENDOR_FACILITATED = 1 };
enum {
        NO_CREDENTIALS = 0x2E,
        UNSUPPORTED_OPTION = 0x2B,
        PUAT_REQUIRED = 0x36,
        UV_BLOCKED = 0x3C,
        UV_INVALID = 0x3F
};
enum { CLIENT_DATA_MAX = 4096, EXTENSIONS_MAX = 4, TEXT_MAX = 64, USER_ID_MAX = 64, ID_MAX = 1023 };

/* How the user is verified in one request. */
enum verification { VERIFY_NOT, VERIFY_FINGER, VERIFY_PIN };

/* What a ceremony is about. */
struct ceremony {
        const struct web_client_page *page;
        struct client_options options;
        slice client_data;
        struct client_talk talk;
        uint8_t client_data_bytes[CLIENT_DATA_MAX];
        uint8_t request[CLIENT_MESSAGE_MAX];
        uint8_t arena[WEB_CLIENT_OPTIONS_MAX];
};

/* ---- client data ---- */

/* WebAuthn L3 5.8.1.1: these members in this order; readers that are no JSON parsers go by it. */
static mitome_status write_client_data(struct ceremony *c, mitome_error *error)
{
        writer w = WRITER(c->client_data_bytes);
        struct json_writer json = json_into(&w);
        json_write_open_object(&json, NULL);
        json_write_string(&json, "type", c->options.creates ? "webauthn.create" : "webauthn.get");
        json_write_base64url(&json, "challenge", c->options.challenge);
        json_write_text(&json, "origin", c->page->origin);
        json_write_bool(&json, "crossOrigin", false);
        json_write_close_object(&json);
        MITOME_TRY(writer_finish(&w, "clientDataJSON", &c->client_data, error));
        sha256(&c->client_data, 1, c->talk.client_data_hash);
        return ok();
}

/* ---- requests ---- */

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

/* Extensions that are asked for, in canonical order. */
struct asked {
        bool blob, protection, jpki, min_pin_length;
        size_t count;
};

static struct asked extensions_of(const struct ceremony *c)
{
        const struct client_options *options = &c->options;
        const struct client_device *device = &c->talk.device;
        struct asked asked = {
                .blob = device->credential_blob && (options->get_blob || options->has_blob),
                .protection = device->protection && options->protection != 0,
                .jpki = device->jpki && c->talk.client->native,
                .min_pin_length = device->min_pin_length && options->min_pin_length,
        };
        asked.count = (size_t)asked.blob + asked.protection + asked.jpki + asked.min_pin_length;
        return asked;
}

static void write_extensions(writer *w, const struct ceremony *c, unsigned key)
{
        const struct asked asked = extensions_of(c);
        if (asked.count == 0)
                return;
        cbor_write_uint(w, key);
        cbor_write_map(w, asked.count);
        if (asked.blob) {
                cbor_write_string(w, "credBlob");
                if (c->options.creates)
                        cbor_write_bytes(w, c->options.blob);
                else
                        cbor_write_bool(w, true);
        }
        if (asked.protection) {
                cbor_write_string(w, "credProtect");
                cbor_write_uint(w, c->options.protection);
        }
        if (asked.jpki) {
                cbor_write_string(w, "mitome-jpki");
                cbor_write_bool(w, true);
        }
        if (asked.min_pin_length) {
                cbor_write_string(w, "minPinLength");
                cbor_write_bool(w, true);
        }
}

static bool wants_discoverable(const struct ceremony *c)
{
        return c->options.creates && c->talk.device.rk && c->options.resident_key != CLIENT_DISCOURAGED;
}

static bool wants_enterprise(const struct ceremony *c)
{
        return c->options.enterprise && c->talk.device.enterprise;
}

static void write_options(writer *w, const struct ceremony *c, enum verification by, unsigned key)
{
        bool rk = wants_discoverable(c), uv = by == VERIFY_FINGER;
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
static size_t optional_members(const struct ceremony *c, enum verification by)
{
        return (size_t)(extensions_of(c).count > 0) + (wants_discoverable(c) || by == VERIFY_FINGER) +
               2 * (size_t)(by == VERIFY_PIN);
}

static void write_creation(writer *w, const struct ceremony *c, enum verification by, const uint8_t *param)
{
        const struct client_options *options = &c->options;
        write_u8(w, MAKE_CREDENTIAL);
        cbor_write_map(
                w, 4 + (options->id_count > 0) + optional_members(c, by) + (size_t)wants_enterprise(c));
        cbor_write_uint(w, 1);
        cbor_write_bytes(w, SLICE(c->talk.client_data_hash));
        write_entity(w, options);
        write_algorithms(w, options);
        if (options->id_count) {
                cbor_write_uint(w, 5);
                write_descriptors(w, options);
        }
        write_extensions(w, c, 6);
        write_options(w, c, by, 7);
        write_param(w, param, 8);
        if (wants_enterprise(c)) {
                cbor_write_uint(w, 10);
                cbor_write_uint(w, VENDOR_FACILITATED);
        }
}

static void write_request(writer *w, const struct ceremony *c, enum verification by, const uint8_t *param)
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
        write_extensions(w, c, 4);
        write_options(w, c, by, 5);
        write_param(w, param, 6);
}

static mitome_status send(struct ceremony *c, enum verification by, const uint8_t *param, mitome_error *error)
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

/* ---- verification: the finger first, then the PIN ---- */

/* Whoever has a PIN or a finger is verified whenever the page does not mind: a new credential is not made
 * without, and a login is worth more with it. */
static bool is_verified(const struct ceremony *c)
{
        const struct client_device *device = &c->talk.device;
        bool can = device->uv || device->pin;
        if (c->options.user_verification == CLIENT_REQUIRED || device->always_uv)
                return true;
        if (c->options.creates && !device->uv_not_needed)
                return can;
        return can && c->options.user_verification == CLIENT_PREFERRED;
}

static mitome_status by_pin(struct ceremony *c, mitome_error *error)
{
        uint8_t param[CLIENT_PIN_PARAM_SIZE];
        const uint8_t permission = c->options.creates ? PERMISSION_MAKE : PERMISSION_GET;
        MITOME_TRY(client_pin_param(&c->talk, permission, c->options.rp_id, param, error));
        mitome_status status = send(c, VERIFY_PIN, param, error);
        bytes_wipe(param, sizeof param);
        return status;
}

/* Whether the PIN is the way on, after what the finger came to. */
static bool pin_is_next(const struct client_talk *talk)
{
        return talk->wants_pin || talk->status == UV_BLOCKED || talk->status == UV_INVALID ||
               talk->status == PUAT_REQUIRED || talk->status == UNSUPPORTED_OPTION;
}

static mitome_status by_finger_or_pin(struct ceremony *c, mitome_error *error)
{
        struct client_talk *talk = &c->talk;
        if (!talk->device.uv)
                return by_pin(c, error);
        for (unsigned fingers = 0; fingers < WEB_CLIENT_FINGERS; fingers++) {
                MITOME_TRY(send(c, VERIFY_FINGER, NULL, error));
                if (talk->wants_pin || talk->status != UV_INVALID)
                        break;
        }
        return pin_is_next(talk) && talk->device.pin ? by_pin(c, error) : ok();
}

static mitome_status ask(struct ceremony *c, mitome_error *error)
{
        if (is_verified(c))
                MITOME_TRY(by_finger_or_pin(c, error));
        else
                MITOME_TRY(send(c, VERIFY_NOT, NULL, error));
        if (c->talk.status != 0)
                return fail(error, MITOME_E_CTAP_STATUS, "request", NULL);
        return ok();
}

/* ---- what the authenticator answers ---- */

/* Of both commands. */
struct result {
        slice format, statement;
        slice auth_data_bytes;
        struct authdata auth_data;
        slice credential_id, signature, user_id;
        bool enterprise;
};

static mitome_status read_format(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_text(r, field, TEXT_MAX, &((struct result *)into)->format);
}

static mitome_status read_auth_data(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_bytes(r, field, CLIENT_MESSAGE_MAX, &((struct result *)into)->auth_data_bytes);
}

static mitome_status read_statement(struct cbor_reader *r, const char *field, void *into)
{
        enum cbor_kind kind;
        MITOME_TRY(cbor_peek(r, field, &kind));
        if (kind != CBOR_KIND_MAP)
                return reader_fail(&r->bytes, MITOME_E_CLIENT_ANSWER, field);
        return cbor_read_item(r, field, &((struct result *)into)->statement);
}

static mitome_status read_enterprise(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_bool(r, field, &((struct result *)into)->enterprise);
}

static mitome_status read_signature(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_bytes(r, field, CLIENT_MESSAGE_MAX, &((struct result *)into)->signature);
}

/* The member "id" of a map with names, and nothing else of it. */
static mitome_status read_named_id(struct cbor_reader *r, const char *field, size_t max, slice *ret)
{
        struct cbor_members map;
        MITOME_TRY(cbor_open_map(r, field, CLIENT_MEMBERS, &map));
        for (;;) {
                struct cbor_key key;
                bool more;
                MITOME_TRY(cbor_next_key(r, &map, &key, &more));
                if (!more)
                        return ret->size ? ok() : reader_fail(&r->bytes, MITOME_E_CLIENT_ANSWER, field);
                if (slice_is(key.text, "id"))
                        MITOME_TRY(cbor_read_bytes(r, field, max, ret));
                else
                        MITOME_TRY(cbor_skip(r, field));
        }
}

static mitome_status read_credential(struct cbor_reader *r, const char *field, void *into)
{
        return read_named_id(r, field, ID_MAX, &((struct result *)into)->credential_id);
}

static mitome_status read_user(struct cbor_reader *r, const char *field, void *into)
{
        return read_named_id(r, field, USER_ID_MAX, &((struct result *)into)->user_id);
}

/* The answer must be for the relying party that was asked for. */
static mitome_status check_auth_data(const struct ceremony *c, struct result *result, mitome_error *error)
{
        uint8_t hash[SHA256_SIZE];
        sha256(&c->options.rp_id, 1, hash);
        MITOME_TRY(authdata_read(result->auth_data_bytes, &result->auth_data, error));
        if (!slice_equal(result->auth_data.rp_id_hash, SLICE(hash)))
                return fail(error, MITOME_E_CLIENT_ANSWER, "authData.rpIdHash", "WebAuthn L3 6.1");
        if (!(result->auth_data.flags & AUTHDATA_UP))
                return fail(error, MITOME_E_CLIENT_ANSWER, "authData.flags", "WebAuthn L3 6.1");
        if (c->options.user_verification == CLIENT_REQUIRED && !(result->auth_data.flags & AUTHDATA_UV))
                return fail(error, MITOME_E_CLIENT_ANSWER, "authData.flags", "WebAuthn L3 6.1");
        return ok();
}

static mitome_status read_created(const struct ceremony *c, struct result *ret, mitome_error *error)
{
        static const struct client_member members[] = {
                { .number = 1, .field = "fmt", .read = read_format, .required = true },
                { .number = 2, .field = "authData", .read = read_auth_data, .required = true },
                { .number = 3, .field = "attStmt", .read = read_statement, .required = true },
                { .number = 4, .field = "epAtt", .read = read_enterprise },
        };
        struct result result = { 0 };
        struct cbor_reader r = client_body(&c->talk, error);
        MITOME_TRY(client_read_map(&r, "makeCredential", members, sizeof members / sizeof *members, &result));
        MITOME_TRY(cbor_end(&r, "makeCredential"));
        MITOME_TRY(check_auth_data(c, &result, error));
        if (!(result.auth_data.flags & AUTHDATA_AT))
                return fail(error, MITOME_E_CLIENT_ANSWER, "authData.flags", "WebAuthn L3 6.1");
        /* What tells whose it is must have been asked for. */
        if (result.enterprise && !wants_enterprise(c))
                return fail(error, MITOME_E_CLIENT_ANSWER, "epAtt", "CTAP 2.1 6.1.2");
        result.credential_id = result.auth_data.credential_id;
        *ret = result;
        return ok();
}

static bool is_allowed(const struct client_options *options, slice id)
{
        for (size_t i = 0; i < options->id_count; i++)
                if (slice_equal(options->ids[i], id))
                        return true;
        return options->id_count == 0;
}

static mitome_status read_assertion(const struct ceremony *c, struct result *ret, mitome_error *error)
{
        static const struct client_member members[] = {
                { .number = 1, .field = "credential", .read = read_credential },
                { .number = 2, .field = "authData", .read = read_auth_data, .required = true },
                { .number = 3, .field = "signature", .read = read_signature, .required = true },
                { .number = 4, .field = "user", .read = read_user },
        };
        struct result result = { 0 };
        struct cbor_reader r = client_body(&c->talk, error);
        MITOME_TRY(client_read_map(&r, "getAssertion", members, sizeof members / sizeof *members, &result));
        MITOME_TRY(cbor_end(&r, "getAssertion"));
        MITOME_TRY(check_auth_data(c, &result, error));
        /* CTAP 2.1 6.2.2: it may be left out when only one was allowed. */
        if (result.credential_id.size == 0 && c->options.id_count == 1)
                result.credential_id = c->options.ids[0];
        if (result.credential_id.size == 0 || !is_allowed(&c->options, result.credential_id))
                return fail(error, MITOME_E_CLIENT_ANSWER, "credential", "CTAP 2.1 6.2.2");
        *ret = result;
        return ok();
}

/* ---- the page's JSON ---- */

static void open_credential(struct json_writer *json, const struct ceremony *c, const struct result *result)
{
        json_write_open_object(json, NULL);
        json_write_base64url(json, "id", result->credential_id);
        json_write_base64url(json, "rawId", result->credential_id);
        json_write_string(json, "type", "public-key");
        json_write_string(
                json, "authenticatorAttachment", c->talk.device.internal ? "platform" : "cross-platform");
        json_write_open_object(json, "response");
        json_write_base64url(json, "clientDataJSON", c->client_data);
        json_write_base64url(json, "authenticatorData", result->auth_data_bytes);
}

/* WebAuthn L3 5.1.3: without a wish for attestation its statement is replaced by none. Keys in canonical
 * order: fmt, attStmt, authData. */
static void write_attestation_object(writer *w, const struct ceremony *c, const struct result *result)
{
        cbor_write_map(w, 3);
        cbor_write_string(w, "fmt");
        cbor_write_text(w, c->options.attestation ? result->format : slice_text("none"));
        cbor_write_string(w, "attStmt");
        if (c->options.attestation)
                write_slice(w, result->statement);
        else
                cbor_write_map(w, 0);
        cbor_write_string(w, "authData");
        cbor_write_bytes(w, result->auth_data_bytes);
}

static void write_key(struct json_writer *json, slice cose_key)
{
        uint8_t bytes[1200];
        writer spki = WRITER(bytes);
        int64_t algorithm;
        if (!client_write_spki(&spki, cose_key, &algorithm) || spki.overflowed)
                return;
        json_write_int(json, "publicKeyAlgorithm", algorithm);
        json_write_base64url(json, "publicKey", writer_view(&spki));
}

/* The authenticator's word for what was kept, in the extensions that it signed. */
static bool find_extension(const struct result *result, const char *name, slice *ret)
{
        struct cbor_reader r = cbor_over(result->auth_data.extensions, NULL, NULL);
        struct cbor_members map;
        struct cbor_key key;
        bool more = true;
        if (failed(cbor_open_map(&r, NULL, CBOR_MEMBERS, &map)))
                return false;
        while (!failed(cbor_next_key(&r, &map, &key, &more)) && more) {
                slice item;
                if (failed(cbor_read_item(&r, NULL, &item)))
                        return false;
                if (slice_is(key.text, name)) {
                        *ret = item;
                        return true;
                }
        }
        return false;
}

static void write_blob_result(struct json_writer *json, const struct ceremony *c, const struct result *result)
{
        slice item, blob;
        bool kept;
        if (!extensions_of(c).blob || !find_extension(result, "credBlob", &item))
                return;
        struct cbor_reader r = cbor_over(item, NULL, NULL);
        if (c->options.creates && !failed(cbor_read_bool(&r, NULL, &kept)))
                json_write_bool(json, "credBlob", kept);
        else if (!c->options.creates && !failed(cbor_read_bytes(&r, NULL, CLIENT_MESSAGE_MAX, &blob)))
                json_write_base64url(json, "getCredBlob", blob);
}

static void close_credential(struct json_writer *json, const struct ceremony *c, const struct result *result)
{
        json_write_close_object(json);
        json_write_open_object(json, "clientExtensionResults");
        if (c->options.creates && c->options.cred_props) {
                json_write_open_object(json, "credProps");
                json_write_bool(json, "rk", wants_discoverable(c));
                json_write_close_object(json);
        }
        write_blob_result(json, c, result);
        json_write_close_object(json);
        json_write_close_object(json);
}

static void write_created(writer *w, struct ceremony *c, const struct result *result)
{
        uint8_t bytes[CLIENT_MESSAGE_MAX + 64];
        writer object = WRITER(bytes);
        struct json_writer json = json_into(w);
        write_attestation_object(&object, c, result);
        w->overflowed = w->overflowed || object.overflowed;
        open_credential(&json, c, result);
        json_write_base64url(&json, "attestationObject", writer_view(&object));
        json_write_open_array(&json, "transports");
        if (c->talk.device.transports.size)
                json_write_raw(&json, NULL, c->talk.device.transports);
        json_write_close_array(&json);
        write_key(&json, result->auth_data.public_key_bytes);
        close_credential(&json, c, result);
}

static void write_got(writer *w, struct ceremony *c, const struct result *result)
{
        struct json_writer json = json_into(w);
        open_credential(&json, c, result);
        json_write_base64url(&json, "signature", result->signature);
        if (result->user_id.size)
                json_write_base64url(&json, "userHandle", result->user_id);
        close_credential(&json, c, result);
}

/* ---- the ceremonies ---- */

/* IDs that are too long for this authenticator are none of its own; too many it could not be sent. */
static mitome_status settle_list(struct ceremony *c, mitome_error *error)
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
static mitome_status check_device(struct ceremony *c, mitome_error *error)
{
        const struct client_device *device = &c->talk.device;
        bool no_verification = c->options.user_verification == CLIENT_REQUIRED && !device->uv && !device->pin;
        bool no_place = c->options.creates && c->options.resident_key == CLIENT_REQUIRED && !device->rk;
        bool no_protection =
                c->options.enforce_protection && c->options.protection > 1 && !device->protection;
        if (!no_verification && !no_place && !no_protection)
                return ok();
        c->talk.status = UNSUPPORTED_OPTION;
        return fail(error, MITOME_E_CTAP_STATUS, "request", NULL);
}

static mitome_status run(struct ceremony *c, struct result *ret, mitome_error *error)
{
        struct client_options *options = &c->options;
        if (c->page->cross_origin)
                return fail(error, MITOME_E_CROSS_ORIGIN, "origin", "WebAuthn L3 5.1.3");
        MITOME_TRY(web_client_may_ask(c->page->origin, options->rp_id, &options->rp_id, error));
        MITOME_TRY(write_client_data(c, error));
        MITOME_TRY(client_ask_info(&c->talk, error));
        MITOME_TRY(settle_list(c, error));
        MITOME_TRY(check_device(c, error));
        MITOME_TRY(ask(c, error));
        return options->creates ? read_created(c, ret, error) : read_assertion(c, ret, error);
}

static mitome_status finish(struct ceremony *c, uint8_t *buffer, size_t capacity,
        struct web_client_answer *ret, mitome_error *error)
{
        struct result result = { 0 };
        writer w = writer_over(buffer, capacity);
        mitome_status status = run(c, &result, error);
        if (failed(status)) {
                ret->status = status.code == MITOME_E_CTAP_STATUS ? c->talk.status : 0;
                return status;
        }
        if (c->options.creates)
                write_created(&w, c, &result);
        else
                write_got(&w, c, &result);
        ret->status = 0;
        return writer_finish(&w, "response", &ret->json, error);
}

mitome_status web_client_create(const struct web_client *client, const struct web_client_page *page,
        slice options, uint8_t *buffer, size_t capacity, struct web_client_answer *ret, mitome_error *error)
{
        struct ceremony c = { .page = page, .talk.client = client };
        writer arena = WRITER(c.arena);
        ret->status = 0;
        MITOME_TRY(client_read_creation(options, &arena, &c.options, error));
        return finish(&c, buffer, capacity, ret, error);
}

mitome_status web_client_get(const struct web_client *client, const struct web_client_page *page,
        slice options, uint8_t *buffer, size_t capacity, struct web_client_answer *ret, mitome_error *error)
{
        struct ceremony c = { .page = page, .talk.client = client };
        writer arena = WRITER(c.arena);
        ret->status = 0;
        MITOME_TRY(client_read_request(options, &arena, &c.options, error));
        return finish(&c, buffer, capacity, ret, error);
}

/* ---- exceptions ---- */

static const struct {
        mitome_code code;
        const char *name;
} of_codes[] = {
        { MITOME_E_CLIENT_ORIGIN, "SecurityError" },
        { MITOME_E_CLIENT_RP_ID, "SecurityError" },
        { MITOME_E_CROSS_ORIGIN, "NotAllowedError" },
        { MITOME_E_ALGORITHM_UNSUPPORTED, "NotSupportedError" },
        { MITOME_E_CLIENT_ANSWER, "UnknownError" },
        { MITOME_E_GATE_BUSY, "NotAllowedError" },
        { MITOME_E_GATE_BROKEN, "NotReadableError" },
};

/* Those that a page may know: WebAuthn L3 6.3.2. All others look alike. */
static const struct {
        uint8_t status;
        const char *name;
} of_statuses[] = {
        { 0x19, "InvalidStateError" }, /* CREDENTIAL_EXCLUDED, after the holder has touched */
        { 0x26, "NotSupportedError" }, /* UNSUPPORTED_ALGORITHM */
        { 0x2B, "ConstraintError" },   /* UNSUPPORTED_OPTION */
};

const char *web_client_exception(mitome_status status, uint8_t ctap_status)
{
        if (status.code == MITOME_E_CTAP_STATUS) {
                for (size_t i = 0; i < sizeof of_statuses / sizeof *of_statuses; i++)
                        if (of_statuses[i].status == ctap_status)
                                return of_statuses[i].name;
                return "NotAllowedError";
        }
        for (size_t i = 0; i < sizeof of_codes / sizeof *of_codes; i++)
                if (of_codes[i].code == status.code)
                        return of_codes[i].name;
        return "DataError";
}
