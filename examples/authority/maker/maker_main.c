/* SPDX-License-Identifier: Apache-2.0 */

/* The maker as a program: HTTP around its reset server. */

#include "reset_server.h"
#include "service_main.h"

#include <stdlib.h>

static mitome_status tick(void *context, mitome_error *error)
{
        return reset_server_tick(context, error);
}

/* Whoever believes this maker's phones begins here. */
static mitome_status show_ca(void *context, const struct service_asked *asked, uint8_t **ret_body,
        size_t *ret_size, mitome_error *error)
{
        const slice ca = reset_server_ca(context);
        (void)asked;
        uint8_t *body = malloc(ca.size);
        if (!body)
                return fail(error, MITOME_E_NO_MEMORY, "page", NULL);
        mitome_status status = slice_copy(ca, "page", body, ca.size, error);
        if (failed(status)) {
                free(body);
                return status;
        }
        *ret_body = body;
        *ret_size = ca.size;
        return ok();
}

static const struct service_page pages[] = {
        { "/device-ca", SERVICE_GET, "application/pkix-cert", show_ca },
};

static mitome_status open_parts(struct party *party, const char *folder, const char *const *values,
        struct service_parts *parts, void **ret_context, mitome_error *error)
{
        struct reset_server *server;
        (void)folder;
        (void)values;
        MITOME_TRY(reset_server_open(party, &server, error));
        parts->phone =
                (struct phone_desks){ server, reset_server_phone_desks, reset_server_phone_desk_count };
        parts->pages = pages;
        parts->page_count = sizeof pages / sizeof pages[0];
        parts->page_context = server;
        parts->tick = tick;
        parts->tick_context = server;
        *ret_context = server;
        return ok();
}

static void close_parts(void *context)
{
        reset_server_close(context);
}

int main(int argc, char **argv)
{
        const struct service_program program = {
                .party = PARTY_MAKER,
                .program = "maker",
                .about =
                        "Plays the maker of phones: vouches for their device keys, and has an element erased when its\n"
                        "phone is set back, if the phone itself asks. The CA of the device keys is at /device-ca; its\n"
                        "key lies in the store, where a real one would be in an HSM.",
                .schema = reset_server_schema,
                .schema_version = RESET_SERVER_SCHEMA_VERSION,
                .open = open_parts,
                .close = close_parts,
        };
        return service_main(&program, argc, argv);
}
