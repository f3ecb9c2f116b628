/* SPDX-License-Identifier: Apache-2.0 */
#include "web.h"

#include "web_cut.h"

#include <string.h>

enum { FORM_FIELDS = 64, NAME_MAX_SIZE = 64, COOKIE_NAME_MAX = 80 };

slice web_header(const struct web_request *request, const char *name)
{
        const struct web_pair *found = NULL;
        for (size_t i = 0; i < request->header_count; i++) {
                if (!web_same(request->headers[i].name, name))
                        continue;
                if (found)
                        return (slice){ 0 };
                found = &request->headers[i];
        }
        return found ? web_trim(found->value) : (slice){ 0 };
}

/* ---- cookies (RFC 6265, 4.2.1) ---- */

static bool is_cookie(slice name, const char *prefix, const char *wanted)
{
        slice before = slice_text(prefix);
        return slice_begins_with(name, before) && slice_is(web_after(name, before.size), wanted);
}

static slice cookie_named(slice cookies, const char *prefix, const char *wanted)
{
        slice found = { 0 };
        bool seen = false;
        while (cookies.size) {
                slice value = web_trim(web_cut(&cookies, ';'));
                slice name = web_cut(&value, '=');
                if (!is_cookie(name, prefix, wanted))
                        continue;
                if (seen)
                        return (slice){ 0 };
                seen = true;
                found = value;
        }
        return found;
}

slice web_cookie(const struct web_request *request, const char *name)
{
        slice cookies = web_header(request, "cookie");
        if (cookies.size == 0)
                return cookies;
        /* With that prefix nobody but this host, over https, can have set one. (With "__Secure-" any host of
         * the same domain can.) */
        return cookie_named(cookies, request->secure ? "__Host-" : "", name);
}

/* ---- forms ---- */

struct form_names {
        slice raw[FORM_FIELDS];
        size_t count;
};

/* Letters, digits and "-_." need no escape in a name, and names here are of nothing else: so two of them are
 * equal when they are so as sent. */
static bool is_name(slice name)
{
        for (size_t i = 0; i < name.size; i++) {
                uint8_t c = name.data[i], small = c | 0x20;
                if (!((small >= 'a' && small <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                            c == '.'))
                        return false;
        }
        return name.size > 0 && name.size <= NAME_MAX_SIZE;
}

static bool is_new(struct form_names *names, slice name)
{
        for (size_t i = 0; i < names->count; i++)
                if (slice_equal(names->raw[i], name))
                        return false;
        if (names->count == FORM_FIELDS)
                return false;
        names->raw[names->count++] = name;
        return true;
}

static bool is_escape_of_control(slice value, size_t at)
{
        uint8_t byte[1];
        writer w = WRITER(byte);
        slice escape = web_after(value, at);
        escape.size = escape.size < 3 ? escape.size : 3;
        if (!web_unescape(escape, false, &w))
                return true;
        return (byte[0] < 0x20 && byte[0] != '\t' && byte[0] != '\r' && byte[0] != '\n') || byte[0] == 0x7f;
}

/* Whether a value can be decoded at all; what it is in UTF-8 is seen when it is. */
static bool is_value(slice value)
{
        for (size_t i = 0; i < value.size; i++) {
                if (value.data[i] <= 0x20 || value.data[i] > 0x7e)
                        return false;
                if (value.data[i] == '%' && is_escape_of_control(value, i))
                        return false;
        }
        return true;
}

MITOME_CHECKED static mitome_status take_value(slice value, writer *w, slice *ret, mitome_error *error)
{
        size_t before = w->used;
        if (!web_unescape(value, true, w))
                return fail(error, MITOME_E_WEB_FORM, "field", NULL);
        if (w->overflowed)
                return fail(error, MITOME_E_BUFFER_FULL, "field", NULL);
        *ret = web_after(writer_view(w), before);
        return slice_is_utf8(*ret) ? ok() : fail(error, MITOME_E_UTF8, "field", NULL);
}

mitome_status web_field(slice form, const char *name, writer *w, slice *ret, mitome_error *error)
{
        struct form_names names;
        slice found = { 0 }, value = { 0 };
        names.count = 0;
        if (form.size && form.data[form.size - 1] == '&')
                return fail(error, MITOME_E_WEB_FORM, "field", NULL);
        while (form.size) {
                slice rest = web_cut(&form, '&');
                if (rest.size == 0 || !web_has(rest, '='))
                        return fail(error, MITOME_E_WEB_FORM, "field", NULL);
                slice its_name = web_cut(&rest, '=');
                if (!is_name(its_name) || !is_new(&names, its_name) || !is_value(rest))
                        return fail(error, MITOME_E_WEB_FORM, "field", NULL);
                if (slice_is(its_name, name))
                        found = rest.data ? rest : slice_text("");
        }
        if (found.data)
                MITOME_TRY(take_value(found, w, &value, error));
        if (found.data && !value.data)
                value = slice_text("");
        *ret = value;
        return ok();
}
