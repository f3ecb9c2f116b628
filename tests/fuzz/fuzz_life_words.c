/* SPDX-License-Identifier: Apache-2.0 */

/* What the parties of a phone's life say to one another, from the mouth of somebody else: the first byte says
 * who hears it: the phone's app (as an answer), the maker's reset server, the SEI-TSM's desks, the list of
 * models. */

#include "device_list.h"
#include "life_words.h"
#include "post_local.h"
#include "reset_server.h"
#include "sei_orders.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool right)
{
        if (!right)
                abort();
}

/* ---- the app ---- */

static mitome_status answer_so(void *context, const char *kind, slice body, uint8_t *buffer, size_t capacity,
        slice *ret_answer, mitome_error *error)
{
        const slice *said = context;
        (void)kind;
        must(body.size > 0);
        MITOME_TRY(slice_copy(*said, "answer", buffer, capacity, error));
        *ret_answer = slice_of(buffer, said->size);
        return ok();
}

static void hear_as_app(slice said)
{
        static struct life_answer answer;
        const struct phone_way way = { .context = &said, .call = answer_so };
        struct life_session session;
        struct life_wakes wakes = { 0 };
        SECRET(secret);
        uint64_t state, code;
        slice first, second;
        const slice id = slice_text("0123456789abcdef");
        mitome_error error = { 0 };
        if (!failed(life_begin(&way, slice_text("MT-1"), "issue", 3, "MT-1", &session, &error)))
                must(slice_text(session.nonce).size <= LIFE_NONCE_MAX);
        if (failed(life_ask_order(&way, id, &answer, &error)))
                return;
        if (!failed(life_read_state(&answer, &state, &code, NULL)))
                must(state <= 255 && code <= 65535);
        if (!failed(life_read_id(&answer, 1, &first, NULL)))
                must(first.size == LIFE_ID_SIZE);
        if (!failed(life_read_pair(&answer, &first, &second, NULL)))
                must(first.size == LIFE_ID_SIZE && second.size <= LIFE_NONCE_MAX);
        if (!failed(life_read_token(&answer, &first, NULL)))
                must(first.size <= LIFE_FACT_MAX);
        if (!failed(life_ask_secret(&way, id, 1, &secret, NULL)))
                must(secret.size > 0);
        if (!failed(life_poll(&way, slice_text("token"), &wakes, NULL)))
                must(wakes.count <= LIFE_WAKES_MAX);
}

/* ---- the parties, made once ---- */

static int fill(void *context, uint8_t *bytes, size_t size)
{
        uint8_t *next = context;
        for (size_t i = 0; i < size; i++)
                bytes[i] = (*next)++;
        return 0;
}

static int64_t tell_time(void *context)
{
        (void)context;
        return 1800000000;
}

struct world {
        struct post_local network;
        struct party *maker, *sei_party;
        struct reset_server *server;
        struct sei_tsm *sei;
        uint8_t next;
};

static struct party *open_one(struct world *world, const char *name, const char *schema)
{
        struct party *party = NULL;
        const struct party_config config = { .name = name,
                .schema = schema,
                .schema_version = 1,
                .directory = &world->network.directory,
                .post = post_local(&world->network),
                .clock = { .now = tell_time },
                .random = { .context = &world->next, .fill = fill } };
        must(!failed(party_open(&config, &party, NULL)));
        must(!failed(post_local_join(&world->network, party, NULL, NULL)));
        return party;
}

static struct world *the_world(void)
{
        static struct world world;
        static const struct sei_tsm_config config = { 0 };
        static struct tsm_key_set keys = { .version = 1, .keys = { .size = 16 } };
        static const uint8_t no_point[MAKER_POINT_SIZE] = { 4 };
        struct authority_der der;
        if (world.maker)
                return &world;
        world.maker = open_one(&world, PARTY_MAKER, reset_server_schema);
        world.sei_party = open_one(&world, PARTY_SEI_TSM, sei_tsm_schema);
        must(!failed(reset_server_open(world.maker, &world.server, NULL)));
        must(!failed(sei_tsm_open(world.sei_party, &config, &world.sei, NULL)));
        must(!failed(sei_tsm_register(world.sei, slice_text("MT-1"), &keys, NULL)));
        must(failed(reset_server_certify(
                world.server, slice_text("MT-1"), slice_text(MAKER_MODEL), no_point, &der, NULL)));
        return &world;
}

static void hear_as_maker(uint8_t which, slice said)
{
        static uint8_t bytes[PHONE_ANSWER_MAX];
        struct world *world = the_world();
        writer answer = WRITER(bytes);
        const struct phone_desk *desk = &reset_server_phone_desks[which % reset_server_phone_desk_count];
        /* Nobody here proves anything; who begins has nothing to prove yet, and hears the same of any name.
         */
        bool heard = !failed(desk->handle(world->server, said, &answer, NULL));
        must(!heard || slice_is(slice_text(desk->kind), "begin-reset"));
}

/* As party_receive has it: in a transaction, which a refusal takes back. */
static void hear_as_sei(uint8_t which, slice said)
{
        static uint8_t bytes[LETTER_BODY_MAX];
        struct world *world = the_world();
        writer answer = WRITER(bytes);
        const struct party_desk *desk = &sei_tsm_desks[which % sei_tsm_desk_count];
        struct party_request request = { .from = slice_text(desk->from[0]),
                .kind = slice_text(desk->kind),
                .body = said,
                .at = 1800000000 };
        must(!failed(sql_begin(party_store(world->sei_party), NULL)));
        (void)failed(desk->handle(world->sei, &request, &answer, NULL));
        sql_rollback(party_store(world->sei_party));
}

static void hear_as_list(slice said)
{
        static struct sql_store *store;
        bool supported;
        if (!store) {
                must(!failed(sql_open(NULL, SQL_SCHEMA(1, DEVICE_LIST_SCHEMA), &store, NULL)));
                must(!failed(device_list_fill(store, 1800000000, NULL)));
        }
        (void)failed(device_list_load(store, said, NULL));
        must(!failed(device_list_supports(store, said, 1800000000, &supported, NULL)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        if (size < 2 || size > 4096)
                return 0;
        const slice said = slice_of(data + 2, size - 2);
        switch (data[0] & 3) {
        case 0:
                hear_as_app(said);
                break;
        case 1:
                hear_as_maker(data[1], said);
                break;
        case 2:
                hear_as_sei(data[1], said);
                break;
        default:
                hear_as_list(said);
        }
        return 0;
}
