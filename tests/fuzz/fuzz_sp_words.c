/* SPDX-License-Identifier: Apache-2.0 */

/* What phones say to the SP-TSM, and the bodies that other parties send it, of anybody's. The first byte
 * chooses. Nobody else answers here: no order comes of it, and no key of a phone. */

#include "sp_within.h"

#include <mitome/trust.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t fixed_now(void *context)
{
        (void)context;
        return 1800000000;
}

static int counted_bytes(void *context, uint8_t *bytes, size_t size)
{
        unsigned *drawn = context;
        ++*drawn;
        memset(bytes, 0, size);
        memcpy(bytes, drawn, size < sizeof *drawn ? size : sizeof *drawn);
        return 0;
}

static mitome_status nobody(void *context, const struct directory_entry *to, slice letter, uint8_t *answer,
        size_t capacity, size_t *ret_size, mitome_error *error)
{
        (void)context;
        (void)to;
        (void)letter;
        (void)answer;
        (void)capacity;
        (void)ret_size;
        return fail(error, MITOME_E_UNREACHABLE, "party", NULL);
}

struct station {
        unsigned drawn;
        struct directory directory;
        struct party *party;
        struct mitome_trust *makers;
        struct sp_tsm *tsm;
};

static void must(mitome_status status)
{
        if (failed(status))
                abort();
}

static void open_station(struct station *station)
{
        const struct party_config config = { .name = PARTY_SP_TSM,
                .schema = SP_TSM_SCHEMA,
                .schema_version = SP_TSM_SCHEMA_VERSION,
                .directory = &station->directory,
                .post = { .deliver = nobody },
                .clock = { .now = fixed_now },
                .random = { .context = &station->drawn, .fill = counted_bytes } };
        must(party_open(&config, &station->party, NULL));
        must(mitome_trust_new(&station->makers, NULL));
        const struct sp_tsm_config tsm = { .makers = station->makers };
        must(sp_tsm_open(station->party, &tsm, &station->tsm, NULL));
}

static int64_t count_of(struct station *station, const char *sql)
{
        struct sql_query query;
        must(sql_ask(party_store(station->party), sql, NULL, 0, &query, NULL));
        int64_t count = sql_next(&query) ? sql_integer(&query, 0) : -1;
        must(sql_end(&query));
        return count;
}

static void say(struct station *station, size_t which, slice body)
{
        uint8_t buffer[4096];
        writer answer = WRITER(buffer);
        if (which < SP_TSM_PHONE_DESKS) {
                (void)failed(sp_tsm_phone_desks[which].handle(station->tsm, body, &answer, NULL));
                return;
        }
        const struct party_request request = { .body = body };
        which = (which - SP_TSM_PHONE_DESKS) % SP_TSM_DESKS;
        must(sql_begin(party_store(station->party), NULL));
        mitome_status status = sp_tsm_desks[which].handle(station->tsm, &request, &answer, NULL);
        if (failed(status))
                sql_rollback(party_store(station->party));
        else
                must(sql_commit(party_store(station->party), NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct station station;
        if (size == 0)
                return 0;
        if (!station.party)
                open_station(&station);
        say(&station, data[0] % (SP_TSM_PHONE_DESKS + SP_TSM_DESKS), slice_of(data + 1, size - 1));
        if (count_of(&station, "SELECT COUNT(*) FROM order_") != 0 ||
                count_of(&station, "SELECT COUNT(*) FROM device") != 0)
                abort();
        must(sql_do(party_store(station.party), "DELETE FROM session", NULL, 0, NULL, NULL));
        return 0;
}
