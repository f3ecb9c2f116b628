/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVICE_MAIN_H
#define SERVICE_MAIN_H

/* The main function of a party's program:
 *
 *   NAME --folder FOLDER --directory FILE [--listen HOST:PORT] [options of its own]
 *   NAME --folder FOLDER --identity          prints the party's entry for a directory, and leaves
 *   NAME --folder FOLDER --journal FILE      exports its journal, and leaves
 *
 * It prints "NAME listens on http://HOST:PORT" when it does, and serves until SIGINT or SIGTERM. */

#include "service.h"

enum { SERVICE_OPTIONS_MAX = 12 };

/* An option of the program's own: --name VALUE. */
struct service_option {
        const char *name;        /* "push-folder" */
        const char *placeholder; /* "FOLDER" */
        const char *help;
};

struct service_program {
        const char *party;   /* PARTY_AUTHORITY .. */
        const char *program; /* as it is called */
        const char *about;   /* for --help: what it stands for, and what of it is not real */
        const char *schema;
        int schema_version;
        const struct service_option *options;
        size_t option_count;
        /* open fills in what is behind the addresses (party is set); `values` are the options' (NULL: not
         * given), in their order; `folder` is the party's. *ret_context is close's. */
        mitome_status (*open)(struct party *party, const char *folder, const char *const *values,
                struct service_parts *parts, void **ret_context, mitome_error *error);
        void (*close)(void *context);
};

int service_main(const struct service_program *program, int argc, char **argv);

#endif
