/* SPDX-License-Identifier: Apache-2.0 */
/* Gives an authenticator of somebody else's its first PIN, over CTAPHID: it has no other client that speaks
 * udp. usage: set_pin TARGET PIN; exit status 0 set, 1 refused. */
#include "ctap_host.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
        struct ctap_host host = { 0 };
        if (argc != 3 || !ctap_host_open(&host, argv[1]))
                return EXIT_FAILURE;
        int status = ctap_host_change_pin(&host, NULL, argv[2]);
        ctap_host_close(&host);
        return status == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
