/* SPDX-License-Identifier: Apache-2.0 */
#include "counter_authority.h"

/* Where SQLite, libcurl or libmicrohttpd was not there at build time: the counter works without a line. */

mitome_status counter_network_open(const char *folder, const char *directory,
        const struct mitome_random *random, struct counter_network **ret, mitome_error *error)
{
        (void)folder;
        (void)directory;
        (void)random;
        (void)ret;
        return fail(error, MITOME_E_UNREACHABLE, "the authority (built without a network)", NULL);
}

struct counter_authority counter_network_authority(struct counter_network *network)
{
        (void)network;
        return (struct counter_authority){ 0 };
}

mitome_status counter_network_note(struct counter_network *network, const struct counter_case *at,
        const struct counter_report *report, mitome_error *error)
{
        (void)network;
        (void)at;
        (void)report;
        return fail(error, MITOME_E_UNREACHABLE, "the authority (built without a network)", NULL);
}

void counter_network_key(struct counter_network *network, uint8_t ret_key[COUNTER_SHOP_KEY_SIZE])
{
        (void)network;
        (void)ret_key;
}

mitome_status counter_network_journal(struct counter_network *network, const char *path, mitome_error *error)
{
        (void)network;
        (void)path;
        return fail(error, MITOME_E_UNREACHABLE, "the journal (built without a network)", NULL);
}

void counter_network_close(struct counter_network *network)
{
        (void)network;
}
