/* SPDX-License-Identifier: Apache-2.0 */
#include "party_rig.h"
#include "store_rig.h"

#include "digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char schema[] =
        "CREATE TABLE sum (one INTEGER PRIMARY KEY CHECK (one = 1), value INTEGER NOT NULL);"
        "INSERT INTO sum VALUES (1, 0);";

static void must(bool holds)
{
        if (!holds)
                abort();
}

/* ---- the desks ---- */

static mitome_status read_amount(slice body, uint64_t *ret, mitome_error *error)
{
        struct cbor_reader r = cbor_over(body, "rig", error);
        struct cbor_members map;
        struct cbor_key key;
        bool more;
        MITOME_TRY(cbor_open_map(&r, "body", 1, &map));
        MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        if (!more)
                return fail(error, MITOME_E_MISSING, "amount", NULL);
        MITOME_TRY(cbor_read_uint(&r, "amount", INT32_MAX, ret));
        MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        return cbor_end(&r, "body");
}

static mitome_status write_sum(struct party *party, writer *answer)
{
        cbor_write_map(answer, 1);
        cbor_write_int(answer, 1);
        cbor_write_uint(answer, (uint64_t)party_rig_sum(party));
        return ok();
}

static mitome_status add(struct party_rig *rig, const struct party_request *request, mitome_error *error)
{
        struct party *party = rig->parties[RIG_ASKED];
        uint64_t amount;
        rig->handled++;
        MITOME_TRY(read_amount(request->body, &amount, error));
        MITOME_TRY(sql_do(party_store(party), "UPDATE sum SET value = value + ?",
                SQL_VALUES(SQL_INT((int64_t)amount)), NULL, error));
        struct journal_decision decision = {
                .what = "add", .outcome = "done", .subject = slice_text("order:sum"), .evidence_count = 1
        };
        decision.evidence[0].kind = "letter";
        MITOME_TRY(slice_copy(
                SLICE(request->digest), "digest", decision.evidence[0].digest, LETTER_DIGEST_SIZE, error));
        return party_decide(party, &decision, error);
}

static mitome_status on_add(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        struct party_rig *rig = context;
        MITOME_TRY(add(rig, request, error));
        return write_sum(rig->parties[RIG_ASKED], answer);
}

static mitome_status on_look(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        struct party_rig *rig = context;
        (void)request;
        (void)error;
        return write_sum(rig->parties[RIG_ASKED], answer);
}

static mitome_status on_refuse(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        MITOME_TRY(add(context, request, error));
        write_u8(answer, 0);
        return fail(error, MITOME_E_CERTIFICATE_ON_HOLD, "certificate", NULL);
}

static mitome_status on_break(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        struct party_rig *rig = context;
        MITOME_TRY(on_add(context, request, answer, error));
        if (rig->breaks == 0)
                return ok();
        rig->breaks--;
        return fail(error, MITOME_E_SQL_FAILED, "disk", NULL);
}

static const char *const sp_tsm_only[] = { PARTY_SP_TSM, NULL };
static const char *const shop_only[] = { PARTY_SHOP, NULL };
static const struct party_desk desks[] = {
        { "add", sp_tsm_only, on_add },
        { "look", sp_tsm_only, on_look },
        { "refuse", sp_tsm_only, on_refuse },
        { "break", sp_tsm_only, on_break },
        { "only-shop", shop_only, on_add },
};

/* ---- the rig ---- */

static int fill(void *context, uint8_t *bytes, size_t size)
{
        struct party_rig *rig = context;
        uint8_t digest[SHA256_SIZE], counter[4];
        for (size_t at = 0; at < size; at++) {
                if (at % SHA256_SIZE == 0) {
                        writer w = WRITER(counter);
                        write_u32(&w, rig->random++);
                        slice view = writer_view(&w);
                        sha256(&view, 1, digest);
                }
                bytes[at] = digest[at % SHA256_SIZE];
        }
        return 0;
}

static int64_t now(void *context)
{
        const int64_t *clock = context;
        return *clock;
}

void party_rig_begin(struct party_rig *rig)
{
        rig->desks = (struct party_desks){ rig, desks, sizeof desks / sizeof *desks };
        for (int i = 0; i < RIG_PARTIES; i++) {
                rig->now[i] = 1763733600;
                rig->stores[i] = store_rig_fresh();
                must(party_rig_open(rig, i, NULL).code == MITOME_OK);
        }
}

mitome_status party_rig_open(struct party_rig *rig, int which, mitome_error *error)
{
        const struct party_config config = {
                .name = which == RIG_ASKER ? PARTY_SP_TSM : PARTY_AUTHORITY,
                .folder = rig->folders[which],
                .store = rig->stores[which],
                .schema = schema,
                .schema_version = 1,
                .directory = &rig->network.directory,
                .post = rig->post.deliver ? rig->post : post_local(&rig->network),
                .clock = { &rig->now[which], now },
                .random = { rig, fill },
        };
        MITOME_TRY(party_open(&config, &rig->parties[which], error));
        return post_local_join(
                &rig->network, rig->parties[which], which == RIG_ASKED ? &rig->desks : NULL, error);
}

void party_rig_shut(struct party_rig *rig, int which)
{
        if (!rig->parties[which])
                return;
        post_local_leave(&rig->network, party_name(rig->parties[which]));
        party_close(rig->parties[which]);
        rig->parties[which] = NULL;
}

void party_rig_end(struct party_rig *rig)
{
        for (int i = 0; i < RIG_PARTIES; i++)
                party_rig_shut(rig, i);
        post_local_free(&rig->network);
}

slice party_rig_add(uint8_t buffer[16], uint64_t amount)
{
        writer w = writer_over(buffer, 16);
        cbor_write_map(&w, 1);
        cbor_write_int(&w, 1);
        cbor_write_uint(&w, amount);
        return writer_view(&w);
}

int64_t party_rig_count(struct party *party, const char *sql)
{
        struct sql_query query;
        must(sql_ask(party_store(party), sql, NULL, 0, &query, NULL).code == MITOME_OK);
        must(sql_next(&query));
        int64_t count = sql_integer(&query, 0);
        must(sql_end(&query).code == MITOME_OK);
        return count;
}

int64_t party_rig_sum(struct party *party)
{
        return party_rig_count(party, "SELECT value FROM sum");
}

mitome_status party_rig_call(struct party_rig *rig, const char *kind, const uint8_t id[LETTER_ID_SIZE],
        uint64_t amount, uint64_t *ret_sum, mitome_code *ret_refusal)
{
        uint8_t body[16], buffer[LETTER_MAX];
        slice answer;
        MITOME_TRY(party_call(rig->parties[RIG_ASKER], PARTY_AUTHORITY, kind, id, party_rig_add(body, amount),
                buffer, &answer, ret_refusal, NULL));
        return read_amount(answer, ret_sum, NULL);
}

mitome_status party_rig_send(struct party_rig *rig, const char *kind, uint64_t amount)
{
        uint8_t body[16];
        struct party *party = rig->parties[RIG_ASKER];
        MITOME_TRY(sql_begin(party_store(party), NULL));
        return sql_settle(party_store(party),
                party_send(party, PARTY_AUTHORITY, kind, party_rig_add(body, amount), NULL), NULL);
}
