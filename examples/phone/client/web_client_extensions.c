/* SPDX-License-Identifier: Apache-2.0 */
/* Extensions: which are asked for, and what came of credBlob. */
#include "web_client_parts.h"

struct client_extensions client_extensions_of(const struct client_ceremony *c)
{
        const struct client_options *options = &c->options;
        const struct client_device *device = &c->talk.device;
        struct client_extensions asked = {
                .blob = device->credential_blob && (options->get_blob || options->has_blob),
                .protection = device->protection && options->protection != 0,
                .jpki = device->jpki && c->talk.client->native,
                .min_pin_length = device->min_pin_length && options->min_pin_length,
        };
        asked.count = (size_t)asked.blob + asked.protection + asked.jpki + asked.min_pin_length;
        return asked;
}

void client_write_extensions(writer *w, const struct client_ceremony *c, unsigned key)
{
        const struct client_extensions asked = client_extensions_of(c);
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

/* The authenticator's word for what was kept, in the extensions that it signed. */
static bool find_extension(const struct client_answer *answer, const char *name, slice *ret)
{
        struct cbor_reader r = cbor_over(answer->auth_data.extensions, NULL, NULL);
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

void client_write_blob_result(
        struct json_writer *json, const struct client_ceremony *c, const struct client_answer *answer)
{
        slice item, blob;
        bool kept;
        if (!client_extensions_of(c).blob || !find_extension(answer, "credBlob", &item))
                return;
        struct cbor_reader r = cbor_over(item, NULL, NULL);
        if (c->options.creates && !failed(cbor_read_bool(&r, NULL, &kept)))
                json_write_bool(json, "credBlob", kept);
        else if (!c->options.creates && !failed(cbor_read_bytes(&r, NULL, CLIENT_MESSAGE_MAX, &blob)))
                json_write_base64url(json, "getCredBlob", blob);
}
