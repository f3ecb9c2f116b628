/* SPDX-License-Identifier: Apache-2.0 */
/* Which page may speak for which relying party: WebAuthn L3 5.1.3 steps 7 and 8, HTML "is a registrable
 * domain suffix of or is equal to". */
#include "domain_name.h"
#include "web_client_parts.h"

static const char clause[] = "WebAuthn L3 5.1.3";

static bool ends_with(slice view, const char *end)
{
        slice tail = slice_text(end);
        reader r = reader_over(view, NULL, NULL);
        slice before;
        return view.size >= tail.size && !failed(read_bytes(&r, "", view.size - tail.size, &before)) &&
               slice_equal(r.rest, tail);
}

/* W3C Secure Contexts 3.1: localhost is trustworthy without TLS. An address (127.0.0.1) is, too, but is no
 * domain and has no RP ID. */
static bool is_localhost(slice host)
{
        return slice_is(host, "localhost") || ends_with(host, ".localhost");
}

static bool take_scheme(reader *r, const char *scheme)
{
        slice start;
        return slice_begins_with(r->rest, slice_text(scheme)) &&
               !failed(read_bytes(r, "origin", slice_text(scheme).size, &start));
}

static mitome_status read_host(slice origin, slice *ret, mitome_error *error)
{
        reader r = reader_over(origin, clause, error);
        slice host;
        uint32_t port;
        bool secure = take_scheme(&r, "https://");
        if (!secure && !take_scheme(&r, "http://"))
                return reader_fail(&r, MITOME_E_CLIENT_ORIGIN, "origin");
        if (!domain_name_read_authority(r.rest, &host, &port) || (!secure && !is_localhost(host)))
                return reader_fail(&r, MITOME_E_CLIENT_ORIGIN, "origin");
        *ret = host;
        return ok();
}

/* Whether `name` is a whole number of labels at the end of `host`, and not all of it. */
static bool is_above(slice name, slice host)
{
        reader r = reader_over(host, NULL, NULL);
        slice before;
        return name.size + 1 < host.size && !failed(read_bytes(&r, "", host.size - name.size, &before)) &&
               before.data[before.size - 1] == '.' && slice_equal(r.rest, name);
}

/* HTML "is a registrable domain suffix of or is equal to". What nobody can tell apart from a public suffix,
 * under which strangers live side by side ("co.jp", "github.io"), is nobody's. */
static bool is_own(slice name, slice host, const struct mitome_registrable *registrable)
{
        if (slice_equal(name, host))
                return true;
        if (!registrable || !is_above(name, host))
                return false;
        const size_t own = registrable->find(registrable->context, host);
        return own != 0 && name.size >= own;
}

mitome_status web_client_may_ask(slice origin, slice rp_id, const struct mitome_registrable *registrable,
        slice *ret_rp_id, mitome_error *error)
{
        slice host;
        MITOME_TRY(read_host(origin, &host, error));
        if (rp_id.size == 0)
                rp_id = host;
        if (!domain_name_is_valid(rp_id) || !is_own(rp_id, host, registrable))
                return fail(error, MITOME_E_CLIENT_RP_ID, "rpId", clause);
        *ret_rp_id = rp_id;
        return ok();
}
