/* SPDX-License-Identifier: Apache-2.0 */

/* What clients, their operators and browsers write, of anybody's. The first byte chooses. Nobody is sent to
 * an address that is not listed, no request changes by being written again, no token is given to who has no
 * secret, and no signature is made up. */

#include "oidc_authorize.h"
#include "oidc_exchange.h"
#include "oidc_internal.h"
#include "oidc_leave.h"
#include "random_system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The secret of the one client is not known: its digest is not that of anything that was tried. */
static const char clients_text[] =
        "{\"clients\":[{\"id\":\"wiki\",\"name\":{\"en\":\"W\",\"ja\":\"W\"},\"secret_sha256\":"
        "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\","
        "\"redirect_uris\":[\"https://wiki.example/a\"],\"post_logout_redirect_uris\":[\"https://wiki.example/b\"]}]}";

static struct oidc *make_oidc(void)
{
        char folder[] = "/tmp/fuzz-oidc-XXXXXX", path[64];
        static const char *const files[] = { "/oidc.key", "/oidc-next.key", "" };
        const struct mitome_random random = random_system();
        struct oidc *oidc = calloc(1, sizeof *oidc);
        if (!oidc || !mkdtemp(folder) ||
                failed(oidc_clients_read(slice_text(clients_text), &oidc->clients, NULL)) ||
                failed(oidc_keys_open(folder, &random, &oidc->keys, NULL)))
                abort();
        for (size_t i = 0; i < 3; i++) {
                writer w = writer_over((uint8_t *)path, sizeof path);
                const char *text;
                oidc_write_text(&w, folder);
                oidc_write_text(&w, files[i]);
                if (failed(oidc_terminate(&w, "path", &text, NULL)) || remove(text) != 0)
                        abort();
        }
        memcpy(oidc->issuer, "https://login.example", sizeof "https://login.example");
        return oidc;
}

static void try_clients(struct oidc *oidc, slice text)
{
        (void)oidc;
        struct oidc_clients *clients = malloc(sizeof *clients);
        if (!clients)
                abort();
        if (!failed(oidc_clients_read(text, clients, NULL)))
                for (size_t i = 0; i < clients->count; i++)
                        if (!clients->list[i].sector.size || !clients->list[i].redirects.count ||
                                !oidc_uri_host(clients->list[i].redirects.list[0]).size)
                                abort();
        free(clients);
}

static void try_request(struct oidc *oidc, slice query)
{
        struct oidc_request request, again;
        const char *refusal;
        uint8_t buffer[2 * OIDC_LOCATION_MAX];
        static const char path[] = "/oidc/authorize?";
        if (failed(oidc_request_begin(&oidc->clients, query, &request, NULL)))
                return;
        if (!slice_is(request.said[OIDC_REDIRECT_URI], "https://wiki.example/a"))
                abort();
        if (failed(oidc_request_read(query, &request, &refusal, NULL)))
                return;
        writer w = WRITER(buffer);
        oidc_request_write(&request, request.prompt, request.after, &w);
        reader r = reader_over(writer_view(&w), NULL, NULL);
        slice taken;
        if (w.overflowed || r.rest.size >= OIDC_LOCATION_MAX ||
                failed(read_bytes(&r, "path", sizeof path - 1, &taken)))
                return;
        if (failed(oidc_request_begin(&oidc->clients, r.rest, &again, NULL)) ||
                failed(oidc_request_read(r.rest, &again, &refusal, NULL)) || again.prompt != request.prompt ||
                again.max_age != request.max_age ||
                !slice_equal(again.said[OIDC_STATE], request.said[OIDC_STATE]))
                abort();
}

static void try_exchange(struct oidc *oidc, slice text)
{
        struct oidc_reply reply = { 0 };
        size_t size = 0;
        while (size < text.size && text.data[size] != '\n')
                size++;
        reader r = reader_over(text, NULL, NULL);
        slice authorization;
        if (failed(read_bytes(&r, "authorization", size, &authorization)))
                abort();
        if (!failed(oidc_exchange(oidc, authorization, r.rest, &reply, NULL)) && reply.status < 400)
                abort();
}

static void try_leave(struct oidc *oidc, slice query)
{
        struct oidc_leaving leaving = { 0 };
        if (failed(oidc_leave(oidc, query, NULL, &leaving, NULL)))
                return;
        const slice to = slice_text(leaving.location);
        if (leaving.sure ||
                (!slice_is(to, "/") && !slice_begins_with(to, slice_text("https://wiki.example/b"))))
                abort();
}

static void try_return(struct oidc *oidc, slice query)
{
        static const struct oidc_login login;
        char location[OIDC_LOCATION_MAX];
        (void)oidc;
        if (failed(oidc_return(query, &login, location, NULL)))
                return;
        if (location[0] != '/' || location[1] == '/' || strpbrk(location, "\\\r\n\t "))
                abort();
}

static void try_signature(struct oidc *oidc, slice jws)
{
        uint8_t claims[OIDC_JWS_MAX];
        slice view;
        if (!failed(oidc_keys_verify(oidc->keys, jws, claims, sizeof claims, &view, NULL)))
                abort(); /* nobody has signed anything */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct oidc *oidc;
        static void (*const tries[])(struct oidc * oidc, slice text) = {
                try_clients,
                try_request,
                try_exchange,
                try_leave,
                try_return,
                try_signature,
        };
        if (!oidc)
                oidc = make_oidc();
        if (size > 0)
                tries[data[0] % (sizeof tries / sizeof tries[0])](oidc, slice_of(data + 1, size - 1));
        return 0;
}
