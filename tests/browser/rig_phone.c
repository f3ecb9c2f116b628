/* SPDX-License-Identifier: Apache-2.0 */
/* The phone's end of the browser extension with a real core and element, and a person who is there or not:
 * for the extension alone, without the phone's program. Prints its address and pairing secret; a line "away"
 * sends the person away, "back" brings him back, "who" prints the last origin that was shown. */
#include "phone_actor_rig.h"
#include "phone_extension.h"
#include "random_system.h"

#include <stdio.h>
#include <string.h>

static void serve(struct phone_actor *actor)
{
        char line[16];
        while (fgets(line, sizeof line, stdin)) {
                if (strcmp(line, "who\n") == 0)
                        printf("shown %s\n", actor->origin);
                else
                        phone_actor_rig_set_away(actor, strcmp(line, "away\n") == 0);
                fflush(stdout);
        }
}

int main(int argc, char **argv)
{
        struct phone_extension *extension = NULL;
        struct web *web = NULL;
        mitome_error error = { 0 };
        if (argc != 2)
                return 2;
        struct phone_actor *actor = phone_actor_rig_open();
        const struct phone_extension_config config = {
                .actor = actor, .folder = argv[1], .random = random_system()
        };
        if (failed(phone_extension_open(&config, &extension, &error)))
                return 1;
        const struct web_route_set routes = phone_extension_routes(extension);
        if (failed(web_open(&(struct web_config){ .sets = &routes, .set_count = 1 }, &web, &error)))
                return 1;
        printf("phone on http://localhost:%u with %s\n", web_port(web), phone_extension_secret(extension));
        fflush(stdout);
        serve(actor);
        web_close(web);
        phone_actor_rig_set_away(actor, false);
        phone_actor_rig_close(actor);
        phone_extension_close(extension);
        return 0;
}
