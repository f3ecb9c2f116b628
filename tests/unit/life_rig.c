/* SPDX-License-Identifier: Apache-2.0 */
#include "life_rig.h"

#include "random_system.h"
#include "sei_tsm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition)                                                               \
        do {                                                                          \
                if (!(condition)) {                                                   \
                        fprintf(stderr, "life_rig.c:%d: %s\n", __LINE__, #condition); \
                        abort();                                                      \
                }                                                                     \
        } while (0)

#define DONE(status) must_do((status), __LINE__)

static void must_do(mitome_status status, int line)
{
        if (failed(status)) {
                fprintf(stderr, "life_rig.c:%d: fails with %d\n", line, status.code);
                abort();
        }
}

static int64_t tell_time(void *context)
{
        const struct life_rig *rig = context;
        return rig->tsm.now;
}

/* ---- the maker ---- */

static void open_maker(struct life_rig *rig)
{
        const struct party_config config = { .name = PARTY_MAKER,
                .schema = reset_server_schema,
                .schema_version = RESET_SERVER_SCHEMA_VERSION,
                .directory = &rig->tsm.network.directory,
                .post = post_local(&rig->tsm.network),
                .clock = { .context = rig, .now = tell_time },
                .random = rig->tsm.random };
        DONE(party_open(&config, &rig->maker, NULL));
        DONE(post_local_join(&rig->tsm.network, rig->maker, NULL, NULL));
        DONE(reset_server_open(rig->maker, &rig->server, NULL));
        DONE(mitome_trust_add_anchor(rig->tsm.makers, reset_server_ca(rig->server), NULL));
}

static mitome_status certify(void *context, slice identity, const uint8_t point[MAKER_POINT_SIZE],
        struct authority_der *ret, mitome_error *error)
{
        struct life_rig *rig = context;
        return reset_server_certify(rig->server, identity, slice_text(MAKER_MODEL), point, ret, error);
}

static mitome_status hand_keys(
        void *context, slice identity, const struct tsm_key_set *issuer, mitome_error *error)
{
        struct life_rig *rig = context;
        uint8_t keys[3 * SCP03_KEY_MAX];
        writer w = WRITER(keys);
        write_slice(&w, slice_of(issuer->keys.enc, issuer->keys.size));
        write_slice(&w, slice_of(issuer->keys.mac, issuer->keys.size));
        write_slice(&w, slice_of(issuer->keys.dek, issuer->keys.size));
        return reset_server_hand_keys(rig->server, identity, issuer->version, writer_view(&w), error);
}

static void make_phone(struct life_rig *rig)
{
        struct phone_factory factory = { .random = rig->tsm.random,
                .platform = rig->software.sha256,
                .context = rig,
                .certify = certify,
                .keys = hand_keys };
        DONE(maker_make_batch(&rig->tsm.random, rig->tsm.now, &factory.batch, NULL));
        DONE(factory_element_make(&rig->phone, &rig->tsm.random, NULL, NULL));
        DONE(phone_factory_equip(&factory, &rig->phone.link, &rig->phone.issuer, LIFE_RIG_PHONE, NULL));
}

/* ---- the card ---- */

/* {1 person, 2 expiry, 3 {kind: modulus}} -> {1 {kind: certificate}, 2 {kind: CA}}; the kinds as in letters.
 */
static slice issue_card(
        struct life_rig *rig, uint8_t moduli[2][FACTORY_MODULUS_SIZE], uint8_t buffer[LETTER_MAX])
{
        enum { YEARS_9 = 9 * 365 };
        struct party *municipality = rig->tsm.parties[TSM_RIG_MUNICIPALITY];
        uint8_t body[1024], id[LETTER_ID_SIZE];
        writer w = WRITER(body);
        slice answer;
        cbor_write_map(&w, 3);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, SLICE(rig->tsm.people[0].id));
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, (uint64_t)rig->tsm.now + YEARS_9 * 86400ULL);
        cbor_write_uint(&w, 3);
        cbor_write_map(&w, 2);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, slice_of(moduli[AUTHORITY_SIGNING], FACTORY_MODULUS_SIZE));
        cbor_write_uint(&w, 2);
        cbor_write_bytes(&w, slice_of(moduli[AUTHORITY_USER_VERIFICATION], FACTORY_MODULUS_SIZE));
        DONE(party_make_id(municipality, id, NULL));
        DONE(party_call(municipality, PARTY_AUTHORITY, "issue-card", id, writer_view(&w), buffer, &answer,
                NULL, NULL));
        return answer;
}

static void read_pair(struct cbor_reader *r, slice ret[2])
{
        static const enum authority_kind kinds[] = { AUTHORITY_SIGNING, AUTHORITY_USER_VERIFICATION };
        struct cbor_members map;
        struct cbor_key key;
        bool more;
        DONE(cbor_open_map(r, "certificates", 2, &map));
        for (int i = 0; i < 2; i++) {
                DONE(cbor_next_key(r, &map, &key, &more));
                MUST(more && key.number == i + 1);
                DONE(cbor_read_bytes(r, "certificate", AUTHORITY_DER_MAX, &ret[kinds[i]]));
        }
        DONE(cbor_next_key(r, &map, &key, &more));
}

static void make_card(struct life_rig *rig)
{
        static uint8_t buffer[LETTER_MAX];
        uint8_t moduli[2][FACTORY_MODULUS_SIZE];
        struct card_content content = { .pin = "9999", .password = LIFE_RIG_CARD_PASSWORD };
        struct cbor_members map;
        struct cbor_key key;
        bool more;
        DONE(factory_element_make(&rig->card, &rig->tsm.random, NULL, NULL));
        DONE(card_factory_begin(&rig->card, "CARD-0001", &rig->tsm.random, moduli, NULL));
        struct cbor_reader r = cbor_over(issue_card(rig, moduli, buffer), NULL, NULL);
        DONE(cbor_open_map(&r, "answer", 2, &map));
        DONE(cbor_next_key(&r, &map, &key, &more));
        read_pair(&r, content.certificates);
        DONE(cbor_next_key(&r, &map, &key, &more));
        read_pair(&r, content.cas);
        DONE(card_factory_finish(&rig->card, &content, &rig->tsm.random, NULL));
}

/* ---- the ways ---- */

static enum phone_way_fate next_fate(void *context, const char *kind, unsigned number)
{
        struct life_rig *rig = context;
        (void)number;
        if (rig->calls_only && strcmp(kind, "relay") == 0)
                return PHONE_WAY_PASS;
        rig->messages++;
        if (rig->at == 0 || rig->messages != rig->at)
                return PHONE_WAY_PASS;
        rig->was_cut = true;
        return rig->fate;
}

static mitome_status serve_sei(
        void *context, slice identity, const struct mitome_link *link, mitome_error *error)
{
        struct life_rig *rig = context;
        return sei_tsm_serve(rig->tsm.sei, identity, link, error);
}

/* Between one relay and the next the managers' letters arrive, as their ticks have them do. */
static mitome_status serve_sp(
        void *context, slice identity, const struct mitome_link *link, mitome_error *error)
{
        struct life_rig *rig = context;
        life_rig_flush(rig);
        return sp_tsm_serve(rig->tsm.sp, identity, link, error);
}

static void lay_ways(struct life_rig *rig)
{
        rig->sei_way = (struct phone_way_local){
                .relay = { rig, serve_sei }, .fate = next_fate, .fate_context = rig
        };
        rig->sp_way =
                (struct phone_way_local){ .desks = { rig->tsm.sp, sp_tsm_phone_desks, SP_TSM_PHONE_DESKS },
                        .relay = { rig, serve_sp },
                        .fate = next_fate,
                        .fate_context = rig };
        rig->maker_way = (struct phone_way_local){ .desks = { rig->server, reset_server_phone_desks,
                                                           reset_server_phone_desk_count },
                .fate = next_fate,
                .fate_context = rig };
}

void life_rig_cut(struct life_rig *rig, enum phone_way_fate fate, unsigned at, bool calls_only)
{
        rig->fate = fate;
        rig->at = at;
        rig->messages = 0;
        rig->calls_only = calls_only;
        rig->was_cut = false;
}

void life_rig_flush(struct life_rig *rig)
{
        size_t left;
        rig->tsm.now++;
        tsm_rig_flush(&rig->tsm);
        DONE(party_flush(rig->maker, &left, NULL));
}

/* ---- beginning and end ---- */

mitome_status life_rig_start(struct life_rig *rig, mitome_error *error)
{
        const struct life_config config = { .folder = rig->folder,
                .identity = LIFE_RIG_PHONE,
                .platform = rig->phone.link,
                .app = rig->jpki_app,
                .software = rig->software,
                .sei_tsm = phone_way_local(&rig->sei_way),
                .sp_tsm = phone_way_local(&rig->sp_way),
                .clock = { .context = rig, .now = tell_time },
                .random = rig->tsm.random };
        return life_cycle_open(&config, &rig->app, error);
}

void life_rig_kill(struct life_rig *rig)
{
        life_cycle_close(rig->app);
        rig->app = NULL;
        DONE(factory_element_cycle(&rig->phone, NULL));
}

void life_rig_open(struct life_rig *rig)
{
        const char *folder = rig->folder;
        *rig = (struct life_rig){ .folder = folder };
        memset(rig->jpki_app.sha256, 0xA1, sizeof rig->jpki_app.sha256);
        memset(rig->software.sha256, 0xB1, sizeof rig->software.sha256);
        memcpy(rig->tsm.sp_config.apps[0], rig->jpki_app.sha256, sizeof rig->jpki_app.sha256);
        rig->tsm.sp_config.app_count = 1;
        rig->queue = (struct push_queue){ .clock = { .context = rig, .now = tell_time } };
        rig->push = push_queue(&rig->queue);
        rig->tsm.sp_config.queue = &rig->queue;
        rig->tsm.sp_config.push = &rig->push;
        tsm_rig_open(&rig->tsm);
        rig->queue.store = party_store(rig->tsm.parties[TSM_RIG_SP]);
        rig->queue.random = rig->tsm.random;
        open_maker(rig);
        make_phone(rig);
        make_card(rig);
        lay_ways(rig);
        DONE(life_rig_start(rig, NULL));
}

void life_rig_close(struct life_rig *rig)
{
        life_cycle_close(rig->app);
        factory_element_end(&rig->phone);
        factory_element_end(&rig->card);
        reset_server_close(rig->server);
        party_close(rig->maker);
        tsm_rig_close(&rig->tsm);
}

/* ---- what the holder does ---- */

mitome_status life_rig_apply(
        struct life_rig *rig, enum life_purpose purpose, unsigned kinds, mitome_error *error)
{
        const struct life_application application = { .purpose = purpose,
                .kinds = kinds,
                .card = &rig->card.link,
                .card_password = slice_text(LIFE_RIG_CARD_PASSWORD),
                .touched = true };
        return life_cycle_apply(rig->app, &application, error);
}

bool life_rig_opens(struct life_rig *rig, unsigned kind, const char *secret)
{
        const uint8_t file[] = { 0x00, kind == LIFE_SIGNING ? 0x1B : 0x18 };
        uint8_t response[TSM_WIRE_MAX];
        struct tsm_channel channel;
        slice data;
        DONE(tsm_open_plain(&channel, &rig->phone.link, TSM_JPKI, NULL));
        DONE(tsm_ask_plain(&channel,
                &(struct apdu_command){ .ins = 0xA4, .p1 = 0x02, .p2 = 0x0C, .data = SLICE(file) }, response,
                &data, NULL));
        MUST(channel.sw == SW_OK);
        DONE(tsm_ask_plain(&channel,
                &(struct apdu_command){ .ins = 0x20, .p2 = 0x80, .data = slice_text(secret) }, response,
                &data, NULL));
        const bool opens = channel.sw == SW_OK;
        tsm_close(&channel);
        return opens;
}
