/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc_clients.h"

#include "hex_text.h"
#include "json.h"

#include <string.h>

static const char clause[] = "docs/oidc.md";

static mitome_status malformed(const struct json_reader *r, const char *field)
{
        return reader_fail(&r->bytes, MITOME_E_OIDC_CLIENT_FORM, field);
}

/* ---- addresses ---- */

/* past_scheme reads over "https://", or over "http://" when loopback follows. */
static bool past_scheme(reader *r)
{
        static const char *const prefixes[] = { "https://", "http://localhost", "http://127.0.0.1",
                "http://[::1]" };
        for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
                const slice prefix = slice_text(prefixes[i]);
                slice taken;
                if (!slice_begins_with(r->rest, prefix))
                        continue;
                if (failed(read_bytes(r, "scheme", i ? strlen("http://") : prefix.size, &taken)))
                        return false;
                return true;
        }
        return false;
}

static bool is_host_end(uint8_t c)
{
        return c == '/' || c == '?' || c == ':';
}

static slice host_of(reader *r)
{
        const bool bracketed = r->rest.size && r->rest.data[0] == '[';
        size_t size = 0;
        slice host = { 0 };
        while (size < r->rest.size &&
                (bracketed ? size == 0 || r->rest.data[size - 1] != ']' : !is_host_end(r->rest.data[size])))
                size++;
        return failed(read_bytes(r, "host", size, &host)) ? (slice){ 0 } : host;
}

slice oidc_uri_host(slice uri)
{
        reader r = reader_over(uri, NULL, NULL);
        return past_scheme(&r) ? host_of(&r) : (slice){ 0 };
}

slice oidc_uri_origin(slice uri)
{
        reader r = reader_over(uri, NULL, NULL), again = reader_over(uri, NULL, NULL);
        slice origin = { 0 };
        if (!past_scheme(&r) || host_of(&r).size == 0)
                return origin;
        size_t port = 0;
        while (port < r.rest.size && r.rest.data[port] != '/' && r.rest.data[port] != '?')
                port++;
        return failed(read_bytes(&again, "origin", uri.size - r.rest.size + port, &origin)) ? (slice){ 0 }
                                                                                            : origin;
}

static bool is_host(slice host)
{
        static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
        const bool loopback = slice_is(host, "[::1]");
        for (size_t i = 0; i < host.size && !loopback; i++)
                if (!host.data[i] || !strchr(plain, host.data[i]))
                        return false;
        return host.size > 0;
}

/* http is for loopback itself, and for no name that only begins like it. */
static bool is_loopback(slice host)
{
        return slice_is(host, "localhost") || slice_is(host, "127.0.0.1") || slice_is(host, "[::1]");
}

/* ":8080", then nothing, a path or a query; no '#', '\\', '@' or blank anywhere. */
static bool is_rest(slice rest)
{
        static const char plain[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/?:=&%+,;!$*()'";
        size_t at = 0;
        if (rest.size && rest.data[0] == ':') {
                at = 1;
                while (at < rest.size && rest.data[at] >= '0' && rest.data[at] <= '9')
                        at++;
                if (at == 1 || at > 6)
                        return false;
        }
        if (at < rest.size && rest.data[at] != '/' && rest.data[at] != '?')
                return false;
        for (; at < rest.size; at++)
                if (!rest.data[at] || !strchr(plain, rest.data[at]))
                        return false;
        return true;
}

static bool is_uri(slice uri)
{
        reader r = reader_over(uri, NULL, NULL);
        if (!past_scheme(&r))
                return false;
        const slice host = host_of(&r);
        if (!slice_begins_with(uri, slice_text("https://")) && !is_loopback(host))
                return false;
        return is_host(host) && is_rest(r.rest);
}

bool oidc_uri_listed(const struct oidc_uris *uris, slice uri)
{
        for (size_t i = 0; i < uris->count; i++)
                if (slice_equal(uris->list[i], uri))
                        return true;
        return false;
}

/* ---- members ---- */

/* What reads one client: strings go to the end of the text that the list keeps. */
struct reading {
        struct json_reader *r;
        struct oidc_clients *into;
};

static mitome_status keep_string(struct reading *reading, const char *field, size_t most, slice *ret)
{
        struct oidc_clients *into = reading->into;
        writer w = WRITER(into->text);
        if (!write_space(&w, into->used) || w.capacity - w.used < most)
                return malformed(reading->r, field);
        uint8_t *place = write_space(&w, most);
        slice text;
        if (!place)
                return malformed(reading->r, field);
        MITOME_TRY(json_read_string(reading->r, field, place, most, &text));
        if (text.size == 0)
                return malformed(reading->r, field);
        into->used += text.size;
        *ret = text;
        return ok();
}

/* What can stand in a log, a header and a query as it is. */
static mitome_status read_id(struct reading *reading, struct oidc_client *client)
{
        static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";
        MITOME_TRY(keep_string(reading, "id", OIDC_ID_MAX, &client->id));
        for (size_t i = 0; i < client->id.size; i++)
                if (!client->id.data[i] || !strchr(plain, client->id.data[i]))
                        return malformed(reading->r, "id");
        return ok();
}

static mitome_status read_client_name(struct reading *reading, struct oidc_client *client)
{
        static const char *const languages[OIDC_LANGUAGES] = { "en", "ja" };
        struct json_members object;
        slice name;
        MITOME_TRY(json_open_object(reading->r, "name", &object));
        for (bool more;;) {
                size_t i = 0;
                MITOME_TRY(json_next_member(reading->r, &object, &name, &more));
                if (!more)
                        break;
                while (i < OIDC_LANGUAGES && !json_name_is(name, languages[i]))
                        i++;
                if (i == OIDC_LANGUAGES)
                        return malformed(reading->r, "name");
                MITOME_TRY(keep_string(reading, "name", OIDC_NAME_MAX, &client->name[i]));
        }
        return client->name[OIDC_EN].size && client->name[OIDC_JA].size ? ok()
                                                                        : malformed(reading->r, "name");
}

static mitome_status read_secret(struct reading *reading, struct oidc_client *client)
{
        uint8_t text[2 * SHA256_SIZE];
        slice hex, digest;
        MITOME_TRY(json_read_string(reading->r, "secret_sha256", text, sizeof text, &hex));
        MITOME_TRY(hex_text_decode(hex, "secret_sha256", client->secret, sizeof client->secret, &digest,
                reading->r->bytes.error));
        client->has_secret = true;
        return digest.size == SHA256_SIZE ? ok() : malformed(reading->r, "secret_sha256");
}

static mitome_status read_uris(struct reading *reading, const char *field, struct oidc_uris *ret)
{
        struct json_members array;
        MITOME_TRY(json_open_array(reading->r, field, &array));
        for (bool more;;) {
                MITOME_TRY(json_next_element(reading->r, &array, &more));
                if (!more)
                        return ret->count ? ok() : malformed(reading->r, field);
                if (ret->count == OIDC_URIS_MAX)
                        return malformed(reading->r, field);
                MITOME_TRY(keep_string(reading, field, OIDC_URI_MAX, &ret->list[ret->count]));
                if (!is_uri(ret->list[ret->count++]))
                        return reader_fail(&reading->r->bytes, MITOME_E_OIDC_REDIRECT_FORM, field);
        }
}

static mitome_status read_redirects(struct reading *reading, struct oidc_client *client)
{
        return read_uris(reading, "redirect_uris", &client->redirects);
}

static mitome_status read_after_logout(struct reading *reading, struct oidc_client *client)
{
        return read_uris(reading, "post_logout_redirect_uris", &client->after_logout);
}

static mitome_status read_sector(struct reading *reading, struct oidc_client *client)
{
        MITOME_TRY(keep_string(reading, "sector", OIDC_SECTOR_MAX, &client->sector));
        return is_host(client->sector) ? ok() : malformed(reading->r, "sector");
}

static mitome_status read_cross_device(struct reading *reading, struct oidc_client *client)
{
        bool taken;
        MITOME_TRY(json_read_bool(reading->r, "cross_device", &taken));
        client->no_cross_device = !taken;
        return ok();
}

static const struct {
        const char *name;
        mitome_status (*read)(struct reading *reading, struct oidc_client *client);
} members[] = {
        { "id", read_id },
        { "name", read_client_name },
        { "secret_sha256", read_secret },
        { "redirect_uris", read_redirects },
        { "post_logout_redirect_uris", read_after_logout },
        { "sector", read_sector },
        { "cross_device", read_cross_device },
};
enum { MEMBERS = sizeof members / sizeof members[0] };

/* OpenID Connect Core 8.1: URIs of several hosts need a sector that says which belong together. */
static mitome_status settle_sector(const struct json_reader *r, struct oidc_client *client)
{
        if (client->sector.size)
                return ok();
        const slice host = oidc_uri_host(client->redirects.list[0]);
        for (size_t i = 1; i < client->redirects.count; i++)
                if (!slice_equal(oidc_uri_host(client->redirects.list[i]), host))
                        return reader_fail(&r->bytes, MITOME_E_OIDC_SECTOR, "redirect_uris");
        if (host.size > OIDC_SECTOR_MAX)
                return malformed(r, "redirect_uris");
        client->sector = host;
        return ok();
}

static mitome_status read_client(struct reading *reading, struct oidc_client *client)
{
        struct json_members object;
        slice name;
        MITOME_TRY(json_open_object(reading->r, "client", &object));
        for (bool more;;) {
                size_t i = 0;
                MITOME_TRY(json_next_member(reading->r, &object, &name, &more));
                if (!more)
                        break;
                while (i < MEMBERS && !json_name_is(name, members[i].name))
                        i++;
                if (i == MEMBERS)
                        return malformed(reading->r, "client");
                MITOME_TRY(members[i].read(reading, client));
        }
        if (!client->id.size || !client->name[OIDC_EN].size || !client->redirects.count)
                return malformed(reading->r, "client");
        return settle_sector(reading->r, client);
}

static mitome_status read_clients(struct json_reader *r, struct oidc_clients *into)
{
        struct reading reading = { .r = r, .into = into };
        struct json_members array;
        MITOME_TRY(json_open_array(r, "clients", &array));
        for (bool more;;) {
                MITOME_TRY(json_next_element(r, &array, &more));
                if (!more)
                        return ok();
                if (into->count == OIDC_CLIENTS_MAX)
                        return malformed(r, "clients");
                struct oidc_client *client = &into->list[into->count];
                *client = (struct oidc_client){ 0 };
                MITOME_TRY(read_client(&reading, client));
                if (oidc_client_find(into, client->id))
                        return malformed(r, "id");
                into->count++;
        }
}

mitome_status oidc_clients_read(slice json, struct oidc_clients *ret, mitome_error *error)
{
        struct json_reader r = json_over(json, clause, error);
        struct json_members object;
        slice name;
        bool more;
        ret->used = ret->count = 0;
        MITOME_TRY(json_open_object(&r, "clients file", &object));
        MITOME_TRY(json_next_member(&r, &object, &name, &more));
        if (!more || !json_name_is(name, "clients"))
                return malformed(&r, "clients file");
        MITOME_TRY(read_clients(&r, ret));
        MITOME_TRY(json_next_member(&r, &object, &name, &more));
        if (more)
                return malformed(&r, "clients file");
        return json_end(&r, "clients file");
}

const struct oidc_client *oidc_client_find(const struct oidc_clients *clients, slice id)
{
        for (size_t i = 0; i < clients->count; i++)
                if (slice_equal(clients->list[i].id, id))
                        return &clients->list[i];
        return NULL;
}
