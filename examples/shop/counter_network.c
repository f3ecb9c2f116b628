/* SPDX-License-Identifier: Apache-2.0 */
#include "counter_authority.h"
#include "post_http.h"

#include <stdlib.h>
#include <time.h>

struct counter_network {
        struct directory directory;
        struct post_http *http;
        struct party *shop;
};

static int64_t read_clock(void *context)
{
        (void)context;
        return (int64_t)time(NULL);
}

static mitome_status open_network(struct counter_network *network, const char *folder, const char *directory,
        const struct mitome_random *random, mitome_error *error)
{
        if (directory)
                MITOME_TRY(directory_read(directory, &network->directory, error));
        MITOME_TRY(post_http_open(0, &network->http, error));
        const struct party_config config = { .name = PARTY_SHOP,
                .folder = folder,
                .schema = "",
                .schema_version = 1,
                .directory = &network->directory,
                .post = post_http(network->http),
                .clock = { .now = read_clock },
                .random = *random };
        return party_open(&config, &network->shop, error);
}

mitome_status counter_network_open(const char *folder, const char *directory,
        const struct mitome_random *random, struct counter_network **ret, mitome_error *error)
{
        struct counter_network *network = calloc(1, sizeof *network);
        if (!network)
                return fail(error, MITOME_E_NO_MEMORY, "the shop", NULL);
        mitome_status status = open_network(network, folder, directory, random, error);
        if (failed(status))
                counter_network_close(network);
        else
                *ret = network;
        return status;
}

struct counter_authority counter_network_authority(struct counter_network *network)
{
        return counter_authority_of(network->shop);
}

mitome_status counter_network_note(struct counter_network *network, const struct counter_case *at,
        const struct counter_report *report, mitome_error *error)
{
        return counter_note(network->shop, at, report, error);
}

void counter_network_key(struct counter_network *network, uint8_t ret_key[COUNTER_SHOP_KEY_SIZE])
{
        party_key(network->shop, ret_key);
}

mitome_status counter_network_journal(struct counter_network *network, const char *path, mitome_error *error)
{
        return journal_export(party_store(network->shop), path, error);
}

void counter_network_close(struct counter_network *network)
{
        if (!network)
                return;
        if (network->shop)
                party_close(network->shop);
        if (network->http)
                post_http_close(network->http);
        free(network);
}
