/* SPDX-License-Identifier: Apache-2.0 */
#include "phone_guard.h"

#include <sodium.h>

#define COOKIE "phone"

static mitome_status draw(const struct mitome_random *random, size_t size, char *text, mitome_error *error)
{
        SECRET(bytes);
        bytes.size = size;
        if (random->fill(random->context, bytes.data, size) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, "the page's secret", NULL);
        sodium_bin2hex(text, 2 * size + 1, bytes.data, size);
        return ok();
}

mitome_status phone_guard_draw(
        const struct mitome_random *random, struct phone_guard *ret, mitome_error *error)
{
        struct phone_guard guard;
        MITOME_TRY(draw(random, PHONE_GUARD_SECRET, guard.secret, error));
        MITOME_TRY(draw(random, PHONE_GUARD_TOKEN, guard.cookie, error));
        MITOME_TRY(draw(random, PHONE_GUARD_TOKEN, guard.csrf, error));
        *ret = guard;
        bytes_wipe(&guard, sizeof guard);
        return ok();
}

/* "http://127.0.0.1:8090" of a page that was asked for at "127.0.0.1:8090". */
static bool is_own_origin(const struct web_request *request)
{
        const slice scheme = slice_text(request->secure ? "https://" : "http://"), origin = request->origin;
        return origin.size == scheme.size + request->host.size && slice_begins_with(origin, scheme) &&
               slice_equal(slice_of(origin.data + scheme.size, request->host.size), request->host);
}

mitome_status phone_guard_admit(const struct phone_guard *guard, const struct web_request *request,
        slice secret, struct web_answer *answer, mitome_error *error)
{
        const struct web_cookie_rule rule = { .name = COOKIE, .strict = true };
        if (!is_own_origin(request) || !request->fetch_same_origin)
                return fail(error, MITOME_E_PHONE_PAGE_ORIGIN, "Origin", NULL);
        if (!secret_equal(secret, slice_text(guard->secret)))
                return fail(error, MITOME_E_PHONE_PAGE_SECRET, "the address's secret", NULL);
        web_set_cookie(answer, request, &rule, slice_text(guard->cookie));
        return ok();
}

mitome_status phone_guard_check(
        const struct phone_guard *guard, const struct web_request *request, mitome_error *error)
{
        if (!secret_equal(web_cookie(request, COOKIE), slice_text(guard->cookie)))
                return fail(error, MITOME_E_PHONE_PAGE_SECRET, "the page's cookie", NULL);
        if (!request->fetch_same_origin)
                return fail(error, MITOME_E_PHONE_PAGE_ORIGIN, "Sec-Fetch-Site", NULL);
        if (request->method == WEB_POST && !is_own_origin(request))
                return fail(error, MITOME_E_PHONE_PAGE_ORIGIN, "Origin", NULL);
        return secret_equal(web_header(request, "X-CSRF"), slice_text(guard->csrf))
                       ? ok()
                       : fail(error, MITOME_E_PHONE_PAGE_SECRET, "X-CSRF", NULL);
}
