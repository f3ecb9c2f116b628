/* SPDX-License-Identifier: Apache-2.0 */
#include "web_read.h"

#include "web_cut.h"

#include <string.h>

enum header {
        HOST,
        CONTENT_LENGTH,
        CONTENT_TYPE,
        TRANSFER_ENCODING,
        ORIGIN,
        COOKIE,
        EXPECT,
        ACCEPT,
        ACCEPT_LANGUAGE,
        SEC_FETCH_SITE,
        SEC_FETCH_MODE,
        X_FORWARDED_FOR,
        KNOWN_HEADERS
};

/* Those that may stand twice are lists, of which only the first line counts here; but of a proxy's, the last.
 */
static const struct {
        const char *name;
        size_t size;
        bool list;
} known[KNOWN_HEADERS] = {
        [HOST] = { "host", sizeof "host" - 1, false },
        [CONTENT_LENGTH] = { "content-length", sizeof "content-length" - 1, false },
        [CONTENT_TYPE] = { "content-type", sizeof "content-type" - 1, false },
        [TRANSFER_ENCODING] = { "transfer-encoding", sizeof "transfer-encoding" - 1, false },
        [ORIGIN] = { "origin", sizeof "origin" - 1, false },
        [COOKIE] = { "cookie", sizeof "cookie" - 1, false },
        [EXPECT] = { "expect", sizeof "expect" - 1, false },
        [ACCEPT] = { "accept", sizeof "accept" - 1, true },
        [ACCEPT_LANGUAGE] = { "accept-language", sizeof "accept-language" - 1, true },
        [SEC_FETCH_SITE] = { "sec-fetch-site", sizeof "sec-fetch-site" - 1, false },
        [SEC_FETCH_MODE] = { "sec-fetch-mode", sizeof "sec-fetch-mode" - 1, false },
        [X_FORWARDED_FOR] = { "x-forwarded-for", sizeof "x-forwarded-for" - 1, true },
};

struct reading {
        const struct web_head *head;
        const struct web_rules *rules;
        writer *store;
        slice values[KNOWN_HEADERS];
        bool there[KNOWN_HEADERS];
        struct web_request request;
        uint64_t length;
        unsigned status;
        mitome_error *error;
};

MITOME_CHECKED static mitome_status refuse(
        struct reading *r, unsigned status, mitome_code code, const char *field, const char *clause)
{
        r->status = status;
        return fail(r->error, code, field, clause);
}

/* ---- headers ---- */

static bool is_printable(slice value)
{
        for (size_t i = 0; i < value.size; i++)
                if ((value.data[i] < 0x20 && value.data[i] != '\t') || value.data[i] > 0x7e)
                        return false;
        return true;
}

static size_t known_header(slice name)
{
        size_t i = 0;
        while (i < KNOWN_HEADERS && !(name.size == known[i].size && web_same(name, known[i].name)))
                i++;
        return i;
}

/* libmicrohttpd (0.9.75) puts what stands on a folded line behind the header's name: of "Transfer-Encoding:",
 * line end, " chunked" it makes a header that nobody knows, where a proxy may see how the body is framed. */
static bool is_folded_framing(slice name)
{
        static const enum header framing[] = { CONTENT_LENGTH, TRANSFER_ENCODING };
        for (size_t i = 0; i < sizeof framing / sizeof *framing; i++)
                if (name.size > known[framing[i]].size &&
                        web_same(slice_of(name.data, known[framing[i]].size), known[framing[i]].name))
                        return true;
        return false;
}

static mitome_status take_header(struct reading *r, const struct web_pair *header)
{
        if (!web_is_token(header->name))
                return refuse(r, 400, MITOME_E_WEB_REQUEST, "name of a header", "RFC 9112 5.1");
        if (!is_printable(header->value))
                return refuse(r, 400, MITOME_E_WEB_REQUEST, "value of a header", "RFC 9110 5.5");
        size_t i = known_header(header->name);
        if (i == KNOWN_HEADERS)
                return is_folded_framing(header->name)
                               ? refuse(r, 400, MITOME_E_WEB_REQUEST, "name of a header", "RFC 9112 5.2")
                               : ok();
        if (r->there[i] && !known[i].list)
                return refuse(r, 400, MITOME_E_WEB_REQUEST, known[i].name, "RFC 9110 5.3");
        if (!r->there[i] || i == X_FORWARDED_FOR)
                r->values[i] = web_trim(header->value);
        r->there[i] = true;
        return ok();
}

static mitome_status take_headers(struct reading *r)
{
        if (r->head->too_many)
                return refuse(r, 431, MITOME_E_TOO_LONG, "list of headers", NULL);
        for (size_t i = 0; i < r->head->header_count; i++)
                MITOME_TRY(take_header(r, &r->head->headers[i]));
        r->request.headers = r->head->headers;
        r->request.header_count = r->head->header_count;
        return ok();
}

/* ---- where to ---- */

static bool is_loopback_name(slice host)
{
        static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
                slice name = slice_of(host.data, strlen(names[i]));
                if (host.size < name.size || !web_same(name, names[i]))
                        continue;
                slice rest = web_after(host, name.size);
                if (rest.size == 0 || (rest.data[0] == ':' && web_is_digits(web_after(rest, 1))))
                        return true;
        }
        return false;
}

static bool same_any_case(slice a, slice b)
{
        char text[256];
        if (a.size != b.size || a.size >= sizeof text ||
                failed(slice_copy(b, "text", (uint8_t *)text, sizeof text - 1, NULL)))
                return false;
        text[b.size] = '\0';
        return web_same(a, text);
}

/* A page of elsewhere whose name was made to mean this machine ends here: DNS rebinding. */
static mitome_status take_host(struct reading *r)
{
        slice host = r->values[HOST];
        if (!r->there[HOST] || host.size == 0)
                return refuse(r, 400, MITOME_E_WEB_REQUEST, "host", "RFC 9112 3.2");
        if (!(r->rules->authority.size && same_any_case(host, r->rules->authority)) &&
                !(r->rules->loopback && is_loopback_name(host)))
                return refuse(r, 421, MITOME_E_WEB_REQUEST, "host", "RFC 9110 7.4");
        r->request.host = host;
        return ok();
}

static mitome_status take_method(struct reading *r)
{
        static const struct {
                const char *text;
                enum web_method method;
        } methods[] = { { "GET", WEB_GET }, { "HEAD", WEB_GET }, { "POST", WEB_POST } };
        if (!web_is_token(r->head->method))
                return refuse(r, 400, MITOME_E_WEB_REQUEST, "method", "RFC 9112 3.1");
        for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
                if (slice_is(r->head->method, methods[i].text))
                        r->request.method = methods[i].method;
        return ok();
}

/* RFC 3986, 3.3: pchar and '/'. */
static bool is_path_byte(uint8_t c)
{
        uint8_t small = c | 0x20;
        return (small >= 'a' && small <= 'z') || c == '/' || c == '-' || (c >= '0' && c <= '9') ||
               (c && strchr("._~!$&'()*+,;=:@%", c));
}

static bool is_path(slice text)
{
        for (size_t i = 0; i < text.size; i++)
                if (!is_path_byte(text.data[i]))
                        return false;
        return text.size > 0 && text.data[0] == '/';
}

/* An escaped '/' would be one segment to some and two to others; so it is none at all. */
static bool hides_a_slash(slice text)
{
        for (size_t i = 0; i + 2 < text.size; i++)
                if (text.data[i] == '%' &&
                        ((text.data[i + 1] == '2' && (text.data[i + 2] | 0x20) == 'f') ||
                                (text.data[i + 1] == '5' && (text.data[i + 2] | 0x20) == 'c')))
                        return true;
        return false;
}

/* A '/' at the end is no more than a page that is not here. */
static bool has_plain_segments(slice path)
{
        slice rest = web_after(path, 1);
        if (rest.size == 0)
                return true;
        bool last = false;
        while (!last) {
                last = !web_has(rest, '/');
                slice segment = web_cut(&rest, '/');
                if ((segment.size == 0 && !last) || slice_is(segment, ".") || slice_is(segment, ".."))
                        return false;
        }
        return true;
}

static bool has_controls(slice text)
{
        for (size_t i = 0; i < text.size; i++)
                if (text.data[i] < 0x20 || text.data[i] == 0x7f)
                        return true;
        return false;
}

static mitome_status take_path(struct reading *r, slice raw)
{
        if (!is_path(raw) || hides_a_slash(raw))
                return refuse(r, 400, MITOME_E_WEB_REQUEST, "path", "RFC 3986 3.3");
        r->request.path = raw;
        if (web_has(raw, '%')) {
                size_t before = r->store->used;
                if (!web_unescape(raw, false, r->store) || r->store->overflowed)
                        return refuse(r, 400, MITOME_E_WEB_REQUEST, "path", "RFC 3986 2.1");
                r->request.path = web_after(writer_view(r->store), before);
        }
        if (!has_plain_segments(r->request.path) || has_controls(r->request.path) ||
                !slice_is_utf8(r->request.path))
                return refuse(r, 400, MITOME_E_WEB_REQUEST, "path", NULL);
        return ok();
}

static mitome_status take_target(struct reading *r)
{
        slice rest = r->head->target;
        if (rest.size > WEB_TARGET_MAX)
                return refuse(r, 414, MITOME_E_TOO_LONG, "path and query", NULL);
        for (size_t i = 0; i < rest.size; i++)
                if (rest.data[i] <= 0x20 || rest.data[i] > 0x7e || rest.data[i] == '#')
                        return refuse(r, 400, MITOME_E_WEB_REQUEST, "path and query", "RFC 9112 3.2");
        slice path = web_cut(&rest, '?');
        r->request.query = rest;
        return take_path(r, path);
}

/* ---- the body to come ---- */

static mitome_status take_length(struct reading *r)
{
        slice value = r->values[CONTENT_LENGTH];
        /* Chunks are what a proxy and a server most often read in two ways. No browser sends any here. */
        if (r->there[TRANSFER_ENCODING])
                return refuse(r, r->there[CONTENT_LENGTH] ? 400 : 411, MITOME_E_WEB_REQUEST,
                        "transfer-encoding", "RFC 9112 6.3");
        if (!r->there[CONTENT_LENGTH])
                return r->request.method == WEB_POST
                               ? refuse(r, 411, MITOME_E_WEB_REQUEST, "content-length", "RFC 9110 15.5.12")
                               : ok();
        if (!web_is_digits(value) || value.size > 15)
                return refuse(r, 400, MITOME_E_WEB_REQUEST, "content-length", "RFC 9112 6.2");
        for (size_t i = 0; i < value.size; i++)
                r->length = r->length * 10 + (uint64_t)(value.data[i] - '0');
        if (r->length > 0 && r->request.method != WEB_POST)
                return refuse(r, 400, MITOME_E_WEB_REQUEST, "body", "RFC 9110 9.3.1");
        return ok();
}

/* Texts are UTF-8; who says so may. */
static bool are_parameters_known(slice parameters)
{
        slice rest = web_trim(parameters);
        if (rest.size == 0)
                return true;
        slice name = web_trim(web_cut(&rest, '='));
        return web_same(name, "charset") && (web_same(rest, "utf-8") || web_same(rest, "\"utf-8\""));
}

static mitome_status take_type(struct reading *r)
{
        slice rest = r->values[CONTENT_TYPE];
        if (!r->there[CONTENT_TYPE])
                return ok();
        slice type = web_trim(web_cut(&rest, ';'));
        if (type.size == 0 || type.size > 128 || !are_parameters_known(rest))
                return refuse(r, 415, MITOME_E_WEB_BODY_TYPE, "body", "RFC 9110 8.3");
        size_t before = r->store->used;
        for (size_t i = 0; i < type.size; i++) {
                uint8_t c = type.data[i];
                write_u8(r->store, c >= 'A' && c <= 'Z' ? c | 0x20 : c);
        }
        r->request.body_type = web_after(writer_view(r->store), before);
        return ok();
}

static mitome_status take_expect(struct reading *r)
{
        return r->there[EXPECT] && !web_same(r->values[EXPECT], "100-continue")
                       ? refuse(r, 417, MITOME_E_WEB_REQUEST, "expect", "RFC 9110 10.1.1")
                       : ok();
}

/* ---- who asks, and how ---- */

static bool is_numeric_address(slice text)
{
        for (size_t i = 0; i < text.size; i++) {
                uint8_t c = text.data[i], small = c | 0x20;
                if (!((c >= '0' && c <= '9') || (small >= 'a' && small <= 'f') || c == '.' || c == ':'))
                        return false;
        }
        return text.size > 0 && text.size < 48;
}

static void take_peer(struct reading *r)
{
        slice list = r->values[X_FORWARDED_FOR], last = { 0 };
        r->request.peer = r->head->peer;
        if (!r->there[X_FORWARDED_FOR] || r->rules->trusted_proxy.size == 0 ||
                !slice_equal(r->head->peer, r->rules->trusted_proxy))
                return;
        while (list.size)
                last = web_trim(web_cut(&list, ','));
        if (is_numeric_address(last))
                r->request.peer = last;
}

static void take_browser(struct reading *r)
{
        slice site = r->values[SEC_FETCH_SITE], mode = r->values[SEC_FETCH_MODE], accept = r->values[ACCEPT];
        r->request.origin = r->values[ORIGIN];
        r->request.secure = r->head->tls || r->rules->secure;
        r->request.fetch_same_origin =
                !r->there[SEC_FETCH_SITE] || slice_is(site, "same-origin") || slice_is(site, "none");
        bool wants_page = false;
        while (accept.size && !wants_page) {
                slice range = web_cut(&accept, ',');
                wants_page = web_same(web_trim(web_cut(&range, ';')), "text/html");
        }
        r->request.navigation = wants_page && (!r->there[SEC_FETCH_MODE] || slice_is(mode, "navigate"));
}

/* ---- language ---- */

static const char *const language_tags[WEB_LANGUAGES] = { [WEB_EN] = "en", [WEB_JA] = "ja" };

static bool take_language(slice tag, enum web_language *ret)
{
        slice rest = tag, primary = web_cut(&rest, '-');
        for (unsigned i = 0; i < WEB_LANGUAGES; i++)
                if (web_same(primary, language_tags[i])) {
                        *ret = (enum web_language)i;
                        return true;
                }
        return false;
}

/* A weight in thousandths (RFC 9110, 12.4.2); one that cannot be read is 0. */
static unsigned weight(slice parameters)
{
        slice rest = web_trim(parameters), name = web_trim(web_cut(&rest, '='));
        if (name.size == 0)
                return 1000;
        if (!web_same(name, "q") || rest.size == 0 || rest.size > 5)
                return 0;
        slice whole = web_cut(&rest, '.');
        unsigned value = slice_is(whole, "1") ? 1000 : 0, step = 100;
        for (size_t i = 0; i < rest.size && rest.data[i] >= '0' && rest.data[i] <= '9'; i++, step /= 10)
                value += step * (unsigned)(rest.data[i] - '0');
        return value > 1000 ? 1000 : value;
}

static void language_of_list(slice list, enum web_language *ret)
{
        unsigned best = 0;
        while (list.size) {
                slice range = web_cut(&list, ',');
                slice tag = web_trim(web_cut(&range, ';'));
                unsigned weighs = weight(range);
                if (weighs > best && take_language(tag, ret))
                        best = weighs;
        }
}

static void find_language(struct reading *r)
{
        uint8_t bytes[8];
        writer w = WRITER(bytes);
        slice asked = { 0 };
        language_of_list(r->values[ACCEPT_LANGUAGE], &r->request.language);
        (void)take_language(web_cookie(&r->request, "language"), &r->request.language);
        if (r->request.query.size && !failed(web_field(r->request.query, "language", &w, &asked, NULL)) &&
                asked.size)
                r->request.language_asked = take_language(asked, &r->request.language);
}

static mitome_status read_all(struct reading *r)
{
        MITOME_TRY(take_target(r));
        MITOME_TRY(take_headers(r));
        MITOME_TRY(take_method(r));
        MITOME_TRY(take_host(r));
        MITOME_TRY(take_length(r));
        MITOME_TRY(take_type(r));
        MITOME_TRY(take_expect(r));
        take_peer(r);
        take_browser(r);
        find_language(r);
        return ok();
}

mitome_status web_read_head(const struct web_head *head, const struct web_rules *rules, writer *store,
        struct web_request *ret, uint64_t *ret_length, unsigned *ret_status, mitome_error *error)
{
        struct reading r = { .head = head, .rules = rules, .store = store, .status = 400, .error = error };
        mitome_status status = read_all(&r);
        if (failed(status)) {
                *ret_status = r.status;
                return status;
        }
        *ret = r.request;
        *ret_length = r.length;
        return ok();
}
