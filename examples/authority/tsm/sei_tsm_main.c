/* SPDX-License-Identifier: Apache-2.0 */

/* The SEI-TSM as a program: HTTP around its orders. */

#include "sei_orders.h"
#include "service_main.h"

#include <stdio.h>

enum { PATH_SIZE = 4096 };

static mitome_status serve(void *context, slice identity, const struct mitome_link *link, mitome_error *error)
{
        return sei_tsm_serve(context, identity, link, error);
}

static mitome_status tick(void *context, mitome_error *error)
{
        return sei_tsm_tick(context, error);
}

static mitome_status open_parts(struct party *party, const char *folder, const char *const *values,
        struct service_parts *parts, void **ret_context, mitome_error *error)
{
        char path[PATH_SIZE];
        struct sei_tsm *tsm;
        const struct sei_tsm_config config = { .key_file = path };
        (void)values;
        if (snprintf(path, sizeof path, "%s/vault.key", folder) >= (int)sizeof path)
                return fail(error, MITOME_E_TOO_LONG, "--folder", NULL);
        MITOME_TRY(sei_tsm_open(party, &config, &tsm, error));
        parts->desks = (struct party_desks){ tsm, sei_tsm_desks, sei_tsm_desk_count };
        parts->relay = (struct phone_relay){ tsm, serve };
        parts->tick = tick;
        parts->tick_context = tsm;
        *ret_context = tsm;
        return ok();
}

static void close_parts(void *context)
{
        sei_tsm_close(context);
}

int main(int argc, char **argv)
{
        const struct service_program program = {
                .party = PARTY_SEI_TSM,
                .program = "sei-tsm",
                .about =
                        "Plays the service manager of the elements' issuer: installs, cleans and deletes applets, and\n"
                        "writes the rules of who may use them. The keys of the elements' issuer lie in its store,\n"
                        "sealed by the key in FOLDER/vault.key: a file is no HSM, and whoever has both has the keys.",
                .schema = sei_tsm_schema,
                .schema_version = SEI_TSM_SCHEMA_VERSION,
                .open = open_parts,
                .close = close_parts,
        };
        return service_main(&program, argc, argv);
}
