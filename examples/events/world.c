/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "account.h"
#include "batch_store.h"
#include "cbor.h"
#include "digest.h"
#include "key_vault.h"
#include "register_body.h"
#include "teller.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { BODY_SIZE = 8192 };

/* Who may ask the authority whose certificate took the place of another (利用者証明検証者). */
static const char *const verifiers[] = { PARTY_PORTAL, NULL };

static int64_t tell_time(void *context)
{
        const struct world *world = context;
        const struct party_clock *clock = &world->config.clock;
        return clock->now ? clock->now(clock->context) : world->now;
}

static struct party_clock clock_of(struct world *world)
{
        return (struct party_clock){ .context = world, .now = tell_time };
}

/* ---- the parties ---- */

static const struct cast {
        const char *name;
        const char *schema; /* NULL: it keeps nothing but its journal */
        int version;
} cast[WORLD_PARTIES] = {
        [WORLD_MAKER] = { PARTY_MAKER, reset_server_schema, RESET_SERVER_SCHEMA_VERSION },
        [WORLD_AUTHORITY] = { PARTY_AUTHORITY, register_schema, REGISTER_SCHEMA_VERSION },
        [WORLD_SEI_TSM] = { PARTY_SEI_TSM, sei_tsm_schema, SEI_TSM_SCHEMA_VERSION },
        [WORLD_SP_TSM] = { PARTY_SP_TSM, SP_TSM_SCHEMA, SP_TSM_SCHEMA_VERSION },
        [WORLD_CALL_CENTRE] = { PARTY_CALL_CENTRE, teller_schema, TELLER_SCHEMA_VERSION },
        [WORLD_MUNICIPALITY] = { PARTY_MUNICIPALITY, teller_schema, TELLER_SCHEMA_VERSION },
        [WORLD_SHOP] = { PARTY_SHOP, "", 1 },
        [WORLD_PORTAL] = { PARTY_PORTAL, account_schema, ACCOUNT_SCHEMA_VERSION },
};

/* folder/name, made when it is not there; NULL where all is in memory. */
static mitome_status folder_of(const struct world *world, const char *name, char path[WORLD_PATH_SIZE],
        const char **ret, mitome_error *error)
{
        *ret = NULL;
        if (!world->config.folder)
                return ok();
        int length = snprintf(path, WORLD_PATH_SIZE, "%s/%s", world->config.folder, name);
        if (length < 0 || length >= WORLD_PATH_SIZE)
                return fail(error, MITOME_E_TOO_LONG, "folder", NULL);
        mkdir(path, 0700);
        *ret = path;
        return ok();
}

static mitome_status open_party(struct world *world, enum world_party who, mitome_error *error)
{
        char path[WORLD_PATH_SIZE];
        struct party_config config = {
                .name = cast[who].name,
                .schema = cast[who].schema,
                .schema_version = cast[who].version,
                .directory = &world->network.directory,
                .post = world->config.post ? world->config.post(world->config.post_context, who)
                                           : post_local(&world->network),
                .clock = clock_of(world),
                .random = world->config.random,
        };
        MITOME_TRY(folder_of(world, cast[who].name, path, &config.folder, error));
        return party_open(&config, &world->parties[who], error);
}

/* Where a party keeps a key of its own beside its store. */
static mitome_status key_file(const struct world *world, enum world_party who, const char *name,
        char path[WORLD_PATH_SIZE], const char **ret, mitome_error *error)
{
        *ret = NULL;
        if (!world->config.folder)
                return ok();
        int length = snprintf(path, WORLD_PATH_SIZE, "%s/%s/%s", world->config.folder, cast[who].name, name);
        if (length < 0 || length >= WORLD_PATH_SIZE)
                return fail(error, MITOME_E_TOO_LONG, "folder", NULL);
        *ret = path;
        return ok();
}

static mitome_status start_maker(struct world *world, mitome_error *error)
{
        MITOME_TRY(reset_server_open(world->parties[WORLD_MAKER], &world->reset_server, error));
        MITOME_TRY(batch_store_take(world->parties[WORLD_MAKER], &world->batch, error));
        if (world->devices)
                return ok();
        MITOME_TRY(mitome_trust_new(&world->devices, error));
        return mitome_trust_add_anchor(world->devices, reset_server_ca(world->reset_server), error);
}

static mitome_status open_ca(
        struct world *world, enum authority_kind kind, struct ca **ret, mitome_error *error)
{
        char path[WORLD_PATH_SIZE];
        const char *folder;
        if (*ret)
                return ok();
        MITOME_TRY(folder_of(world, PARTY_AUTHORITY, path, &folder, error));
        return folder ? ca_open(folder, kind, &world->config.random, world->now, ret, error)
                      : ca_make(kind, &world->config.random, world->now, ret, error);
}

static mitome_status start_authority(struct world *world, mitome_error *error)
{
        MITOME_TRY(open_ca(world, AUTHORITY_SIGNING, &world->signing, error));
        MITOME_TRY(open_ca(world, AUTHORITY_USER_VERIFICATION, &world->user_verification, error));
        world->register_config = (struct register_config){
                .signing = world->signing,
                .user_verification = world->user_verification,
                .devices = world->devices,
                .verifiers = verifiers,
                .phone_release = world->config.phone_release,
        };
        MITOME_TRY(
                register_open(world->parties[WORLD_AUTHORITY], &world->register_config, &world->book, error));
        world->desks[WORLD_AUTHORITY] =
                (struct party_desks){ world->book, register_desks, register_desk_count };
        const struct publish_config pages = {
                .cas = { [AUTHORITY_USER_VERIFICATION] = world->user_verification,
                        [AUTHORITY_SIGNING] = world->signing },
                .source = register_source(world->book),
                .random = world->config.random,
                .clock_context = world,
                .now = tell_time,
        };
        return publish_open(&pages, &world->publication, error);
}

static mitome_status start_sei_tsm(struct world *world, mitome_error *error)
{
        char path[WORLD_PATH_SIZE];
        struct sei_tsm_config config = { 0 };
        MITOME_TRY(key_file(world, WORLD_SEI_TSM, "vault.key", path, &config.key_file, error));
        MITOME_TRY(sei_tsm_open(world->parties[WORLD_SEI_TSM], &config, &world->sei_tsm, error));
        world->desks[WORLD_SEI_TSM] =
                (struct party_desks){ world->sei_tsm, sei_tsm_desks, sei_tsm_desk_count };
        return ok();
}

static mitome_status start_sp_tsm(struct world *world, mitome_error *error)
{
        char path[WORLD_PATH_SIZE];
        const char *file;
        struct sp_tsm_config config = {
                .makers = world->devices, .push = &world->push, .queue = &world->queue, .app_count = 1
        };
        world->queue = (struct push_queue){ .store = party_store(world->parties[WORLD_SP_TSM]),
                .clock = clock_of(world),
                .random = world->config.random };
        world->push = push_queue(&world->queue);
        MITOME_TRY(slice_copy(SLICE(world->app.sha256), "app", config.apps[0], sizeof config.apps[0], error));
        MITOME_TRY(key_file(world, WORLD_SP_TSM, "wrapping.key", path, &file, error));
        if (file)
                MITOME_TRY(sp_wrapping_load(file, &world->config.random, config.wrapping_key, error));
        else if (world->config.random.fill(
                         world->config.random.context, config.wrapping_key, sizeof config.wrapping_key) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, NULL, NULL);
        mitome_status status = sp_tsm_open(world->parties[WORLD_SP_TSM], &config, &world->sp_tsm, error);
        bytes_wipe(config.wrapping_key, sizeof config.wrapping_key);
        if (!failed(status))
                status = device_list_fill(party_store(world->parties[WORLD_SP_TSM]), world->now, error);
        world->desks[WORLD_SP_TSM] = (struct party_desks){ world->sp_tsm, sp_tsm_desks, SP_TSM_DESKS };
        return status;
}

static mitome_status start_nothing(struct world *world, mitome_error *error)
{
        (void)world;
        (void)error;
        return ok();
}

static mitome_status (*const starts[WORLD_PARTIES])(struct world *, mitome_error *) = {
        [WORLD_MAKER] = start_maker,
        [WORLD_AUTHORITY] = start_authority,
        [WORLD_SEI_TSM] = start_sei_tsm,
        [WORLD_SP_TSM] = start_sp_tsm,
        [WORLD_CALL_CENTRE] = start_nothing,
        [WORLD_MUNICIPALITY] = start_nothing,
        [WORLD_SHOP] = start_nothing,
        [WORLD_PORTAL] = start_nothing,
};

/* The phones' ways lead to what is open now. */
static void point_phones(struct world *world)
{
        for (size_t i = 0; i < WORLD_PHONES; i++) {
                struct world_phone *phone = &world->phones[i];
                phone->sp_tsm.desks = (struct phone_desks){ world->sp_tsm, sp_tsm_phone_desks,
                        world->sp_tsm ? SP_TSM_PHONE_DESKS : 0 };
                phone->maker.desks = (struct phone_desks){ world->reset_server, reset_server_phone_desks,
                        world->reset_server ? reset_server_phone_desk_count : 0 };
        }
}

mitome_status world_start(struct world *world, enum world_party who, mitome_error *error)
{
        MITOME_TRY(open_party(world, who, error));
        mitome_status status = starts[who](world, error);
        if (!failed(status))
                status = post_local_join(&world->network, world->parties[who], &world->desks[who], error);
        if (failed(status))
                world_stop(world, who);
        point_phones(world);
        return status;
}

void world_stop(struct world *world, enum world_party who)
{
        if (!world->parties[who])
                return;
        post_local_leave(&world->network, cast[who].name);
        switch (who) {
        case WORLD_MAKER:
                reset_server_close(world->reset_server);
                world->reset_server = NULL;
                break;
        case WORLD_AUTHORITY:
                publish_close(world->publication);
                world->publication = NULL;
                register_close(world->book);
                world->book = NULL;
                break;
        case WORLD_SEI_TSM:
                sei_tsm_close(world->sei_tsm);
                world->sei_tsm = NULL;
                break;
        case WORLD_SP_TSM:
                sp_tsm_close(world->sp_tsm);
                world->sp_tsm = NULL;
                break;
        default:
                break;
        }
        party_close(world->parties[who]);
        world->parties[who] = NULL;
        world->desks[who] = (struct party_desks){ 0 };
        point_phones(world);
}

mitome_status world_open(struct world *world, const struct world_config *config, mitome_error *error)
{
        *world = (struct world){ .config = *config, .now = config->now };
        const slice app[] = { slice_text("the certificate of an app that stands for the JPKI app") };
        sha256(app, 1, world->app.sha256);
        const slice platform[] = { slice_text("the certificate of the phone's own software") };
        sha256(platform, 1, world->platform.sha256);
        mitome_status status = ok();
        for (unsigned who = 0; !failed(status) && who < WORLD_PARTIES; who++)
                status = world_start(world, who, error);
        if (failed(status))
                world_close(world);
        return status;
}

void world_close(struct world *world)
{
        for (size_t i = 0; i < WORLD_PHONES; i++) {
                life_cycle_close(world->phones[i].app);
                factory_element_end(&world->phones[i].element);
        }
        for (size_t i = 0; i < WORLD_PEOPLE; i++)
                factory_element_end(&world->people[i].card);
        for (unsigned who = WORLD_PARTIES; who-- > 0;)
                world_stop(world, who);
        ca_close(world->signing);
        ca_close(world->user_verification);
        mitome_trust_free(world->devices);
        post_local_free(&world->network);
        bytes_wipe(&world->batch, sizeof world->batch);
        *world = (struct world){ 0 };
}

/* ---- people ---- */

static const struct facts {
        const char *name, *address, *prefecture, *city, *gender, *code, *card_serial;
        unsigned born[3];
} facts[WORLD_PEOPLE] = {
        { "見本 花子", "見本県見本市見本町一丁目1番1号", "Mihon", "Mihon-shi", "2", "990001", "CARD0001",
                { 1990, 4, 1 } },
        { "見本 太郎", "見本県見本市見本町二丁目2番2号", "Mihon", "Mihon-shi", "1", "990001", "CARD0002",
                { 1985, 12, 24 } },
};

static void write_facts(writer *w, const struct facts *of)
{
        const char *const texts[] = { of->name, of->address, of->prefecture, of->city, of->gender };
        cbor_write_map(w, 7);
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
                cbor_write_uint(w, i + 1);
                cbor_write_string(w, texts[i]);
        }
        cbor_write_uint(w, 6);
        cbor_write_array(w, 3);
        for (size_t i = 0; i < 3; i++)
                cbor_write_uint(w, of->born[i]);
        cbor_write_uint(w, 7);
        cbor_write_string(w, of->code);
}

/* What the municipality asks of the authority. */
static mitome_status ask_authority(struct world *world, enum world_party who, const char *kind, slice body,
        uint8_t buffer[LETTER_MAX], slice *ret, mitome_error *error)
{
        uint8_t id[LETTER_ID_SIZE];
        world->refusal = MITOME_OK;
        MITOME_TRY(party_make_id(world->parties[who], id, error));
        return party_call(
                world->parties[who], PARTY_AUTHORITY, kind, id, body, buffer, ret, &world->refusal, error);
}

static mitome_status register_person(
        struct world *world, const struct facts *of, uint8_t ret[REGISTER_PERSON_SIZE], mitome_error *error)
{
        static uint8_t answer_bytes[LETTER_MAX];
        uint8_t body[BODY_SIZE];
        writer w = WRITER(body);
        slice view, answer, person;
        write_facts(&w, of);
        MITOME_TRY(writer_finish(&w, "register-person", &view, error));
        MITOME_TRY(ask_authority(
                world, WORLD_MUNICIPALITY, "register-person", view, answer_bytes, &answer, error));
        const struct body_field fields[] = {
                BODY_FIELD_BYTES(1, "person", REGISTER_PERSON_SIZE, REGISTER_PERSON_SIZE, &person),
        };
        MITOME_TRY(body_read(answer, fields, 1, error));
        return slice_copy(person, "person", ret, REGISTER_PERSON_SIZE, error);
}

/* As the register's kinds and the CA's are numbered. */
static const enum authority_kind kind_of[] = {
        [REGISTER_SIGNING] = AUTHORITY_SIGNING,
        [REGISTER_USER_VERIFICATION] = AUTHORITY_USER_VERIFICATION,
};

/* {1: certificate, 2: certificate}, by kind */
static mitome_status read_certificates(slice item, slice ret[2], mitome_error *error)
{
        const struct body_field fields[] = {
                BODY_FIELD_BYTES(REGISTER_SIGNING, "signing", 1, AUTHORITY_DER_MAX, &ret[AUTHORITY_SIGNING]),
                BODY_FIELD_BYTES(REGISTER_USER_VERIFICATION, "user verification", 1, AUTHORITY_DER_MAX,
                        &ret[AUTHORITY_USER_VERIFICATION]),
        };
        return body_read(item, fields, 2, error);
}

static mitome_status ask_for_card(struct world *world, const struct world_person *person,
        uint8_t moduli[2][FACTORY_MODULUS_SIZE], uint8_t buffer[LETTER_MAX], slice *ret, mitome_error *error)
{
        enum { CARD_YEARS = 10, YEAR_S = 365 * 86400 };
        uint8_t body[BODY_SIZE];
        writer w = WRITER(body);
        slice view;
        cbor_write_map(&w, 3);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, SLICE(person->id));
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, (uint64_t)(world->now + (int64_t)CARD_YEARS * YEAR_S));
        cbor_write_uint(&w, 3);
        cbor_write_map(&w, REGISTER_KINDS);
        for (unsigned kind = 1; kind <= REGISTER_KINDS; kind++) {
                cbor_write_uint(&w, kind);
                cbor_write_bytes(&w, slice_of(moduli[kind_of[kind]], FACTORY_MODULUS_SIZE));
        }
        MITOME_TRY(writer_finish(&w, "issue-card", &view, error));
        return ask_authority(world, WORLD_MUNICIPALITY, "issue-card", view, buffer, ret, error);
}

static mitome_status write_card(
        struct world *world, struct world_person *person, slice answer, mitome_error *error)
{
        struct card_content content = { .pin = WORLD_CARD_PIN, .password = WORLD_CARD_PASSWORD };
        slice certificates, cas;
        const struct body_field fields[] = {
                BODY_FIELD_ITEM(1, "certificates", &certificates),
                BODY_FIELD_ITEM(2, "CA certificates", &cas),
        };
        MITOME_TRY(body_read(answer, fields, 2, error));
        MITOME_TRY(read_certificates(certificates, content.certificates, error));
        MITOME_TRY(read_certificates(cas, content.cas, error));
        return card_factory_finish(&person->card, &content, &world->config.random, error);
}

/* As it is, or with an element of its own in this process. */
static mitome_status make_element(struct world *world, struct factory_element *element,
        const struct world_element *from, mitome_error *error)
{
        if (!from)
                return factory_element_make(element, &world->config.random, NULL, error);
        *element = (struct factory_element){ .link = *from->link };
        if (from->issuer)
                element->issuer = *from->issuer;
        return ok();
}

mitome_status world_person_make(
        struct world *world, unsigned number, struct world_person **ret, mitome_error *error)
{
        return world_person_make_of(world, number, NULL, ret, error);
}

mitome_status world_person_make_of(struct world *world, unsigned number, const struct world_element *card,
        struct world_person **ret, mitome_error *error)
{
        static uint8_t answer_bytes[LETTER_MAX];
        uint8_t moduli[2][FACTORY_MODULUS_SIZE];
        slice answer;
        if (number >= WORLD_PEOPLE || world->people[number].exists)
                return fail(error, MITOME_E_ARGUMENT, "person", NULL);
        struct world_person *person = &world->people[number];
        MITOME_TRY(register_person(world, &facts[number], person->id, error));
        MITOME_TRY(make_element(world, &person->card, card, error));
        person->exists = true;
        MITOME_TRY(card_factory_begin(
                &person->card, facts[number].card_serial, &world->config.random, moduli, error));
        MITOME_TRY(ask_for_card(world, person, moduli, answer_bytes, &answer, error));
        MITOME_TRY(write_card(world, person, answer, error));
        *ret = person;
        return ok();
}

/* ---- phones ---- */

static enum phone_way_fate fate_of(void *context, const char *kind, unsigned number)
{
        const struct world_phone *phone = context;
        const struct world *world = phone->world;
        if (phone->silent)
                return PHONE_WAY_DROP;
        return world->config.fate ? world->config.fate(world->config.fate_context, kind, number)
                                  : PHONE_WAY_PASS;
}

static mitome_status certify_phone(void *context, slice identity, const uint8_t point[MAKER_POINT_SIZE],
        struct authority_der *ret, mitome_error *error)
{
        struct world_phone *phone = context;
        return reset_server_certify(
                phone->world->reset_server, identity, slice_text(phone->model), point, ret, error);
}

static mitome_status hand_keys(
        void *context, slice identity, const struct tsm_key_set *issuer, mitome_error *error)
{
        struct world *world = ((struct world_phone *)context)->world;
        uint8_t keys[KEY_VAULT_PLAIN_MAX];
        writer w = WRITER(keys);
        slice view;
        key_vault_write_set(issuer, &w);
        mitome_status status = writer_finish(&w, "keys", &view, error);
        if (!failed(status))
                status = reset_server_hand_keys(world->reset_server, identity, issuer->version, view, error);
        bytes_wipe(keys, sizeof keys);
        return status;
}

static void prepare_way(struct world_phone *phone, struct phone_way_local *way,
        mitome_status (*serve)(void *, slice, const struct mitome_link *, mitome_error *), void *context)
{
        *way = (struct phone_way_local){ .fate = fate_of, .fate_context = phone };
        way->relay.serve = serve;
        way->relay.context = context;
}

static mitome_status serve_sei(
        void *context, slice identity, const struct mitome_link *link, mitome_error *error)
{
        struct world *world = context;
        return world->sei_tsm ? sei_tsm_serve(world->sei_tsm, identity, link, error)
                              : fail(error, MITOME_E_UNREACHABLE, PARTY_SEI_TSM, NULL);
}

static mitome_status serve_sp(
        void *context, slice identity, const struct mitome_link *link, mitome_error *error)
{
        struct world *world = context;
        return world->sp_tsm ? sp_tsm_serve(world->sp_tsm, identity, link, error)
                             : fail(error, MITOME_E_UNREACHABLE, PARTY_SP_TSM, NULL);
}

static mitome_status open_app(struct world_phone *phone, mitome_error *error)
{
        struct world *world = phone->world;
        struct life_config config = {
                .identity = phone->identity,
                .model = phone->model,
                .platform = phone->element.link,
                .app = world->app,
                .software = world->platform,
                .sei_tsm = phone_way_local(&phone->sei_tsm),
                .sp_tsm = phone_way_local(&phone->sp_tsm),
                .clock = clock_of(world),
                .random = world->config.random,
        };
        MITOME_TRY(folder_of(world, phone->identity, phone->folder, &config.folder, error));
        return life_cycle_open(&config, &phone->app, error);
}

mitome_status world_phone_restart(struct world_phone *phone, mitome_error *error)
{
        life_cycle_close(phone->app);
        phone->app = NULL;
        MITOME_TRY(factory_element_cycle(&phone->element, error));
        return open_app(phone, error);
}

mitome_status world_phone_make(
        struct world *world, unsigned number, struct world_phone **ret, mitome_error *error)
{
        return world_phone_make_of(world, number, MAKER_MODEL, ret, error);
}

static mitome_status equip(struct world_phone *phone, mitome_error *error)
{
        const struct world *world = phone->world;
        const struct phone_factory factory = {
                .batch = world->batch,
                .random = world->config.random,
                .platform = world->platform.sha256,
                .context = phone,
                .certify = certify_phone,
                .keys = hand_keys,
        };
        return phone_factory_equip(
                &factory, &phone->element.link, &phone->element.issuer, phone->identity, error);
}

static mitome_status make_phone(struct world *world, unsigned number, const char *model,
        const struct world_element *from, struct world_phone **ret, mitome_error *error)
{
        if (number >= WORLD_PHONES || world->phones[number].exists)
                return fail(error, MITOME_E_ARGUMENT, "phone", NULL);
        struct world_phone *phone = &world->phones[number];
        phone->world = world;
        phone->model = model;
        snprintf(phone->identity, sizeof phone->identity, "MIHON-%04u", number + 1);
        prepare_way(phone, &phone->sei_tsm, serve_sei, world);
        prepare_way(phone, &phone->sp_tsm, serve_sp, world);
        prepare_way(phone, &phone->maker, NULL, NULL);
        point_phones(world);
        MITOME_TRY(make_element(world, &phone->element, from, error));
        phone->exists = true;
        if (!from || from->issuer)
                MITOME_TRY(equip(phone, error));
        MITOME_TRY(open_app(phone, error));
        *ret = phone;
        return world_settle(world, 1, error);
}

mitome_status world_phone_make_of(struct world *world, unsigned number, const char *model,
        struct world_phone **ret, mitome_error *error)
{
        return make_phone(world, number, model, NULL, ret, error);
}

mitome_status world_phone_adopt(struct world *world, unsigned number, const struct world_element *element,
        struct world_phone **ret, mitome_error *error)
{
        return make_phone(world, number, MAKER_MODEL, element, ret, error);
}

/* ---- what goes on ---- */

/* Clerks say again what the authority has not answered. */
static mitome_status flush_clerks(struct world *world, size_t *left, mitome_error *error)
{
        static const enum world_party clerks[] = { WORLD_CALL_CENTRE, WORLD_MUNICIPALITY };
        for (size_t i = 0; i < sizeof clerks / sizeof *clerks; i++) {
                size_t waiting = 0;
                if (world->parties[clerks[i]])
                        MITOME_TRY(teller_flush(world->parties[clerks[i]], &waiting, error));
                *left += waiting;
        }
        return ok();
}

/* One second: everybody sends what waits and does what is due. */
static mitome_status tick(struct world *world, size_t *ret_left, mitome_error *error)
{
        *ret_left = 0;
        for (unsigned who = 0; who < WORLD_PARTIES; who++) {
                size_t left = 0;
                if (world->parties[who])
                        MITOME_TRY(party_flush(world->parties[who], &left, error));
                *ret_left += left;
        }
        MITOME_TRY(flush_clerks(world, ret_left, error));
        if (world->sei_tsm)
                MITOME_TRY(sei_tsm_tick(world->sei_tsm, error));
        if (world->sp_tsm)
                MITOME_TRY(sp_tsm_tick(world->sp_tsm, error));
        return world->reset_server ? reset_server_tick(world->reset_server, error) : ok();
}

mitome_status world_settle(struct world *world, unsigned rounds, mitome_error *error)
{
        size_t left = 1;
        for (unsigned i = 0; i < rounds && left; i++) {
                world->now = world->config.clock.now ? tell_time(world) : world->now + 1;
                MITOME_TRY(tick(world, &left, error));
        }
        return ok();
}

/* Where chance drew this very PIN as the temporary one, by way of another. */
static mitome_status choose_pin(struct life_app *app, mitome_error *error)
{
        const slice pin = slice_text(WORLD_PIN), other = slice_text("9071");
        mitome_status status = life_cycle_choose(app, LIFE_USER_VERIFICATION, pin, error);
        if (status.code != MITOME_E_SECRET_SAME)
                return status;
        MITOME_TRY(life_cycle_choose(app, LIFE_USER_VERIFICATION, other, error));
        return life_cycle_change(app, LIFE_USER_VERIFICATION, other, pin, error);
}

static mitome_status choose(struct life_app *app, const struct life_state *state, mitome_error *error)
{
        if (state->to_choose & LIFE_USER_VERIFICATION)
                MITOME_TRY(choose_pin(app, error));
        if (state->to_choose & LIFE_SIGNING)
                MITOME_TRY(life_cycle_choose(app, LIFE_SIGNING, slice_text(WORLD_PASSWORD), error));
        return ok();
}

mitome_status world_go_on(
        struct world *world, struct world_phone *phone, struct life_state *ret, mitome_error *error)
{
        enum { TURNS = 8 }; /* applet, keys, certificates, the holder's choice, lease, receipt */
        for (unsigned i = 0; i < TURNS; i++) {
                MITOME_TRY(life_cycle_run(phone->app, ret, error));
                MITOME_TRY(choose(phone->app, ret, error));
                MITOME_TRY(world_settle(world, 2, error));
                if (ret->order == LIFE_ORDER_DONE || ret->order == LIFE_ORDER_GIVEN_UP)
                        break;
        }
        return life_cycle_look(phone->app, ret, error);
}

mitome_status world_apply(struct world *world, struct world_phone *phone, const struct world_person *person,
        enum life_purpose purpose, unsigned kinds, struct life_state *ret, mitome_error *error)
{
        const struct life_application application = {
                .purpose = purpose,
                .kinds = kinds,
                .card = &person->card.link,
                .card_password = slice_text(WORLD_CARD_PASSWORD),
                .touched = true,
        };
        MITOME_TRY(life_cycle_apply(phone->app, &application, error));
        return world_go_on(world, phone, ret, error);
}

mitome_status world_status(struct world *world, enum register_kind kind, slice serial, struct ca_status *ret,
        mitome_error *error)
{
        struct ca_source source = register_source(world->book);
        return source.status(source.context, kind_of[kind], serial, ret, error);
}

mitome_status world_tell_authority(struct world *world, enum world_party who, const char *kind_of_letter,
        enum register_kind kind, slice serial, mitome_error *error)
{
        static uint8_t answer_bytes[LETTER_MAX];
        uint8_t body[REGISTER_SERIAL_MAX + 16];
        writer w = WRITER(body);
        slice view, answer;
        cbor_write_map(&w, 2);
        cbor_write_uint(&w, 1);
        cbor_write_uint(&w, kind);
        cbor_write_uint(&w, 2);
        cbor_write_bytes(&w, serial);
        MITOME_TRY(writer_finish(&w, kind_of_letter, &view, error));
        return ask_authority(world, who, kind_of_letter, view, answer_bytes, &answer, error);
}
