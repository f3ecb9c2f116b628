/* SPDX-License-Identifier: Apache-2.0 */
#include "sei_rig.h"

#include "random_system.h"

#include <stdio.h>
#include <stdlib.h>

static void must(bool good, const char *what)
{
        if (good)
                return;
        fprintf(stderr, "sei_rig: %s failed\n", what);
        abort();
}

static void must_do(mitome_status status, const mitome_error *error, const char *what)
{
        if (failed(status))
                fprintf(stderr, "sei_rig: %d %s\n", (int)status.code, error->field ? error->field : "");
        must(!failed(status), what);
}

static int64_t tell_time(void *context)
{
        const struct sei_rig *rig = context;
        return rig->now;
}

/* ---- parties ---- */

static struct party *open_one(struct sei_rig *rig, const char *name, const char *schema, int version,
        const char *folder, mitome_status *ret, mitome_error *error)
{
        struct party *party = NULL;
        const struct party_config config = { .name = name,
                .folder = folder,
                .schema = schema,
                .schema_version = version,
                .directory = &rig->network.directory,
                .post = post_local(&rig->network),
                .clock = { .context = rig, .now = tell_time },
                .random = rig->random };
        *ret = party_open(&config, &party, error);
        return party;
}

/* {1 identity, 2 version, 3 sealed}: opened by the key of this very party. */
static mitome_status take_hand_over(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        struct sei_rig *rig = context;
        uint8_t plain[KEY_VAULT_PLAIN_MAX];
        struct cbor_reader r = cbor_over(request->body, NULL, error);
        struct cbor_members map;
        struct cbor_key key;
        bool more;
        slice identity, sealed, keys;
        uint64_t version;
        (void)answer;
        MITOME_TRY(cbor_open_map(&r, "hand-over", 3, &map));
        MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        MITOME_TRY(cbor_read_text(&r, "identity", 64, &identity));
        MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        MITOME_TRY(cbor_read_uint(&r, "version", 0x7F, &version));
        MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        MITOME_TRY(cbor_read_bytes(&r, "keys", 256, &sealed));
        MITOME_TRY(party_unseal(rig->provider, sealed, plain, sizeof plain, &keys, error));
        MITOME_TRY(key_vault_read_set(version, keys, &rig->first, error));
        rig->handed++;
        return ok();
}

static const char *const from_sei[] = { PARTY_SEI_TSM, NULL };
static const struct party_desk provider_desk[] = { { "hand-over", from_sei, take_hand_over } };

mitome_status sei_rig_start(struct sei_rig *rig, mitome_error *error)
{
        const struct sei_tsm_config config = { .key_file = NULL };
        char path[256];
        struct sei_tsm_config kept = config;
        mitome_status status;
        if (rig->folder) {
                snprintf(path, sizeof path, "%s.vault", rig->folder);
                kept.key_file = path;
        }
        rig->sei_party = open_one(
                rig, PARTY_SEI_TSM, sei_tsm_schema, SEI_TSM_SCHEMA_VERSION, rig->folder, &status, error);
        MITOME_TRY(status);
        status = sei_tsm_open(rig->sei_party, &kept, &rig->sei, error);
        rig->sei_desks = (struct party_desks){ rig->sei, sei_tsm_desks, sei_tsm_desk_count };
        if (!failed(status))
                status = post_local_join(&rig->network, rig->sei_party, &rig->sei_desks, error);
        if (failed(status))
                sei_rig_stop(rig);
        return status;
}

void sei_rig_stop(struct sei_rig *rig)
{
        post_local_leave(&rig->network, PARTY_SEI_TSM);
        sei_tsm_close(rig->sei);
        party_close(rig->sei_party);
        rig->sei = NULL;
        rig->sei_party = NULL;
}

void sei_rig_open(struct sei_rig *rig)
{
        mitome_error error = { 0 };
        mitome_status status;
        const char *folder = rig->folder;
        *rig = (struct sei_rig){ .folder = folder, .now = 1800000000, .random = random_system() };
        rig->provider = open_one(rig, PARTY_SP_TSM, "", 1, NULL, &status, &error);
        must_do(status, &error, "the provider");
        rig->provider_desks = (struct party_desks){ rig, provider_desk, 1 };
        must_do(post_local_join(&rig->network, rig->provider, &rig->provider_desks, &error), &error,
                "joining");
        rig->maker = open_one(
                rig, PARTY_MAKER, reset_server_schema, RESET_SERVER_SCHEMA_VERSION, NULL, &status, &error);
        must_do(status, &error, "the maker");
        must_do(post_local_join(&rig->network, rig->maker, NULL, &error), &error, "joining");
        must_do(reset_server_open(rig->maker, &rig->server, &error), &error, "the reset server");
        must_do(sei_rig_start(rig, &error), &error, "the SEI-TSM");
}

void sei_rig_close(struct sei_rig *rig)
{
        sei_rig_end_phone(rig);
        if (rig->sei_party)
                sei_rig_stop(rig);
        reset_server_close(rig->server);
        party_close(rig->maker);
        party_close(rig->provider);
        post_local_free(&rig->network);
        bytes_wipe(rig, sizeof *rig);
}

/* ---- the phone ---- */

static mitome_status transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct sei_rig *rig = context;
        rig->commands++;
        if (rig->at_command)
                rig->at_command(rig, rig->commands);
        const bool now = rig->cut != SEI_RIG_WHOLE && rig->left && --rig->left == 0;
        if (rig->gone || (now && rig->cut == SEI_RIG_LOSES_COMMAND)) {
                rig->gone = true;
                return fail(error, MITOME_E_LINK, "the phone", NULL);
        }
        MITOME_TRY(rig->phone.link.transmit(
                rig->phone.link.context, command, response, capacity, ret_size, error));
        rig->gone = now;
        return now ? fail(error, MITOME_E_LINK, "the phone", NULL) : ok();
}

static mitome_status certify(void *context, slice identity, const uint8_t point[MAKER_POINT_SIZE],
        struct authority_der *ret, mitome_error *error)
{
        struct sei_rig *rig = context;
        return reset_server_certify(rig->server, identity, slice_text(MAKER_MODEL), point, ret, error);
}

static mitome_status hand_keys(
        void *context, slice identity, const struct tsm_key_set *issuer, mitome_error *error)
{
        struct sei_rig *rig = context;
        uint8_t keys[KEY_VAULT_PLAIN_MAX];
        writer w = WRITER(keys);
        key_vault_write_set(issuer, &w);
        return reset_server_hand_keys(rig->server, identity, issuer->version, writer_view(&w), error);
}

void sei_rig_phone(struct sei_rig *rig, const char *identity)
{
        static struct maker_batch batch;
        mitome_error error = { 0 };
        if (batch.ca.size == 0)
                must_do(maker_make_batch(&rig->random, rig->now, &batch, &error), &error, "the batch");
        struct phone_factory factory = {
                .batch = batch, .random = rig->random, .context = rig, .certify = certify, .keys = hand_keys
        };
        must_do(factory_element_make(&rig->phone, &rig->random, NULL, &error), &error, "the element");
        must_do(phone_factory_equip(&factory, &rig->phone.link, &rig->phone.issuer, identity, &error), &error,
                "the phone");
        rig->link = (struct mitome_link){ .context = rig, .transmit = transmit };
}

void sei_rig_end_phone(struct sei_rig *rig)
{
        if (rig->phone.element)
                factory_element_end(&rig->phone);
}

void sei_rig_cut(struct sei_rig *rig, enum sei_rig_cut cut, unsigned at)
{
        rig->cut = cut;
        rig->left = at;
        rig->commands = 0;
        rig->gone = false;
}

/* A phone that was cut off is switched on again. */
mitome_status sei_rig_serve(struct sei_rig *rig, mitome_error *error)
{
        mitome_status status = sei_tsm_serve(rig->sei, slice_text(SEI_RIG_PHONE), &rig->link, error);
        if (rig->gone)
                mitome_element_reset(rig->phone.element);
        rig->cut = SEI_RIG_WHOLE;
        rig->gone = false;
        return status;
}

enum sei_tsm_state sei_rig_state(struct sei_rig *rig)
{
        mitome_error error = { 0 };
        enum sei_tsm_state state = SEI_TSM_ABSENT;
        must_do(sei_tsm_look(rig->sei, slice_text(SEI_RIG_PHONE), &state, &error), &error, "looking");
        return state;
}

void sei_rig_settle(struct sei_rig *rig)
{
        mitome_error error = { 0 };
        rig->now += 300;
        must_do(sei_tsm_tick(rig->sei, &error), &error, "sending");
        must_do(reset_server_tick(rig->server, &error), &error, "sending");
}

/* ---- letters ---- */

mitome_status sei_rig_ask(struct party *from, const char *kind, slice body, mitome_code *ret_refusal)
{
        static uint8_t buffer[LETTER_MAX];
        uint8_t id[LETTER_ID_SIZE];
        slice answer;
        mitome_error error = { 0 };
        must_do(party_make_id(from, id, &error), &error, "an id");
        *ret_refusal = MITOME_OK;
        return party_call(from, PARTY_SEI_TSM, kind, id, body, buffer, &answer, ret_refusal, NULL);
}

slice sei_rig_identity(const char *identity, uint8_t buffer[80])
{
        writer w = writer_over(buffer, 80);
        cbor_write_map(&w, 1);
        cbor_write_uint(&w, 1);
        cbor_write_string(&w, identity);
        return writer_view(&w);
}

mitome_code sei_rig_prepare(struct sei_rig *rig, uint64_t wanted, slice app)
{
        return sei_rig_prepare_for(rig, wanted, app, wanted ? SEI_TSM_WISH_S : 0);
}

mitome_code sei_rig_prepare_for(struct sei_rig *rig, uint64_t wanted, slice app, int64_t seconds)
{
        uint8_t bytes[128];
        writer w = WRITER(bytes);
        mitome_code refusal;
        cbor_write_map(&w, 3 + (seconds != 0));
        cbor_write_uint(&w, 1);
        cbor_write_string(&w, SEI_RIG_PHONE);
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, wanted);
        cbor_write_uint(&w, 3);
        cbor_write_array(&w, app.size > 0);
        if (app.size)
                cbor_write_bytes(&w, app);
        if (seconds) {
                cbor_write_uint(&w, 4);
                cbor_write_int(&w, seconds);
        }
        mitome_status status = sei_rig_ask(rig->provider, "prepare", writer_view(&w), &refusal);
        return status.code == MITOME_E_REFUSED ? refusal : status.code;
}

/* ---- the card ---- */

mitome_status sei_rig_own(struct sei_rig *rig, enum tsm_applet applet, struct tsm_channel *ret)
{
        return tsm_open_set(ret, &rig->phone.link, &rig->first, applet, &rig->random, NULL);
}

struct tsm_entry sei_rig_look(struct sei_rig *rig, enum tsm_applet applet)
{
        struct tsm_channel channel;
        struct tsm_entry entry = { 0 };
        mitome_error error = { 0 };
        must_do(tsm_open_set(&channel, &rig->phone.link, &rig->phone.issuer, TSM_CARD_MANAGER, &rig->random,
                        &error),
                &error, "the issuer's session");
        must_do(tsm_look_up(&channel, applet, &entry, &error), &error, "GET STATUS");
        tsm_close(&channel);
        return entry;
}

uint16_t sei_rig_plain(struct sei_rig *rig, enum tsm_applet applet, const struct apdu_command *command,
        uint8_t buffer[TSM_WIRE_MAX], slice *ret)
{
        struct tsm_channel channel;
        mitome_error error = { 0 };
        *ret = (slice){ 0 };
        if (failed(tsm_open_plain(&channel, &rig->phone.link, applet, NULL)))
                return 0;
        must_do(tsm_ask_plain(&channel, command, buffer, ret, &error), &error, "a command");
        const uint16_t sw = channel.sw;
        tsm_close(&channel);
        return sw;
}
