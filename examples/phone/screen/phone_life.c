/* SPDX-License-Identifier: Apache-2.0 */
#include "phone_life.h"

#include "finger_client.h"
#include "folder_make.h"
#include "phone_pairing.h"
#include "phone_trust.h"
#include "whole_file.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = PHONE_FOLDER_MAX + 64, FRESH_SECONDS = 600, ROUNDS = 3 };

static const struct register_names {
        enum register_kind kind;
        unsigned life;
} kinds[] = { { REGISTER_SIGNING, LIFE_SIGNING }, { REGISTER_USER_VERIFICATION, LIFE_USER_VERIFICATION } };

static int64_t now_of(const struct phone_life *life)
{
        return life->config.clock.now(life->config.clock.context);
}

static void tell(const struct phone_life *life, const char *what)
{
        if (life->config.tell)
                life->config.tell(life->config.tell_context, what);
}

static mitome_status path_in(
        const struct phone_life *life, const char *name, char path[PATH_SIZE], mitome_error *error)
{
        int size = snprintf(path, PATH_SIZE, "%s/%s", life->config.folder, name);
        return size > 0 && size < PATH_SIZE ? ok() : fail(error, MITOME_E_TOO_LONG, "--folder", NULL);
}

/* ---- the lists ---- */

static mitome_status write_lists(struct phone_life *life, mitome_error *error)
{
        const int64_t now = now_of(life);
        if (!life->config.trust_out)
                return ok();
        MITOME_TRY(phone_trust_lists(&life->world, life->config.trust_out, now, error));
        life->listed_at = now;
        return ok();
}

/* What was done may have changed them, however it came out. */
static mitome_status settle(struct phone_life *life, mitome_status status, mitome_error *error)
{
        if (failed(status)) {
                (void)failed(world_settle(&life->world, ROUNDS, NULL));
                (void)failed(write_lists(life, NULL));
                return status;
        }
        MITOME_TRY(world_settle(&life->world, ROUNDS, error));
        return write_lists(life, error);
}

mitome_status phone_life_tick(struct phone_life *life, mitome_error *error)
{
        MITOME_TRY(world_settle(&life->world, 1, error));
        return now_of(life) - life->listed_at >= FRESH_SECONDS ? write_lists(life, error) : ok();
}

/* ---- what is in the phone ---- */

mitome_status phone_life_look(struct phone_life *life, struct device_state *ret, mitome_error *error)
{
        const struct device_apps apps = { .fido = life->world.platform, .jpki = life->world.app };
        return device_state_read_as(
                &life->body.link, life->body.authenticator ? life->body.fido_channel : -1, &apps, ret, error);
}

static mitome_status find_serial(struct phone_life *life, enum register_kind kind,
        struct phone_life_certificate *ret, mitome_error *error)
{
        struct sql_query row;
        mitome_status status = ok();
        struct sql_store *store = party_store(life->world.parties[WORLD_SP_TSM]);
        MITOME_TRY(sql_ask(store, "SELECT serial FROM held WHERE identity = ? AND kind = ?",
                SQL_VALUES(SQL_STR(life->phone->identity), SQL_INT(kind)), &row, error));
        ret->there = sql_next(&row);
        if (ret->there) {
                const slice serial = sql_bytes(&row, 0);
                ret->serial_size = serial.size;
                status = slice_copy(serial, "serial", ret->serial, sizeof ret->serial, error);
        }
        mitome_status ended = sql_end(&row);
        return failed(status) ? status : ended;
}

/* As the CA says it of a serial number. */
static const enum register_status status_of[] = {
        [CA_GOOD] = REGISTER_GOOD,
        [CA_HOLD] = REGISTER_HOLD,
        [CA_REVOKED] = REGISTER_REVOKED,
        [CA_UNKNOWN] = REGISTER_UNKNOWN,
};

mitome_status phone_life_certificate(struct phone_life *life, enum register_kind kind,
        struct phone_life_certificate *ret, mitome_error *error)
{
        struct phone_life_certificate found = { 0 };
        struct ca_status known = { 0 };
        MITOME_TRY(find_serial(life, kind, &found, error));
        if (found.there)
                MITOME_TRY(world_status(
                        &life->world, kind, slice_of(found.serial, found.serial_size), &known, error));
        found.status = found.there ? status_of[known.state] : REGISTER_UNKNOWN;
        *ret = found;
        return ok();
}

/* ---- what its holder wants ---- */

static mitome_status run(struct phone_life *life, struct life_state *ret, mitome_error *error)
{
        enum { TURNS = 8 }; /* applet, keys, certificates, the holder's choice, lease, receipt */
        for (unsigned i = 0; i < TURNS; i++) {
                MITOME_TRY(life_cycle_run(life->phone->app, ret, error));
                MITOME_TRY(world_settle(&life->world, 2, error));
                if (ret->to_choose || ret->order == LIFE_ORDER_DONE || ret->order == LIFE_ORDER_GIVEN_UP)
                        break;
        }
        return life_cycle_look(life->phone->app, ret, error);
}

/* Which certificates an application is about. */
static unsigned kinds_of(enum life_purpose purpose)
{
        return purpose == LIFE_RESET_PIN        ? LIFE_USER_VERIFICATION
               : purpose == LIFE_RESET_PASSWORD ? LIFE_SIGNING
                                                : LIFE_BOTH;
}

static mitome_status apply(struct phone_life *life, enum life_purpose purpose, slice card_password,
        struct life_state *ret, mitome_error *error)
{
        const struct life_application application = {
                .purpose = purpose,
                .kinds = kinds_of(purpose),
                .card = &life->card_way,
                .card_password = card_password,
                .touched = true,
        };
        MITOME_TRY(life_cycle_apply(life->phone->app, &application, error));
        return run(life, ret, error);
}

mitome_status phone_life_apply(struct phone_life *life, enum life_purpose purpose, slice card_password,
        struct life_state *ret, mitome_error *error)
{
        phone_body_rest(&life->body);
        return settle(life, apply(life, purpose, card_password, ret, error), error);
}

mitome_status phone_life_choose(
        struct phone_life *life, unsigned kind, slice secret, struct life_state *ret, mitome_error *error)
{
        phone_body_rest(&life->body);
        mitome_status status = life_cycle_choose(life->phone->app, kind, secret, error);
        if (!failed(status))
                status = run(life, ret, error);
        MITOME_TRY(settle(life, status, error));
        return phone_life_fit(life, error);
}

mitome_status phone_life_hold(struct phone_life *life, bool hold, mitome_error *error)
{
        mitome_status status = ok();
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !failed(status); i++) {
                struct phone_life_certificate known;
                MITOME_TRY(phone_life_certificate(life, kinds[i].kind, &known, error));
                if (known.there && known.status == (hold ? REGISTER_GOOD : REGISTER_HOLD))
                        status = world_tell_authority(&life->world, WORLD_CALL_CENTRE,
                                hold ? "hold" : "release", kinds[i].kind,
                                slice_of(known.serial, known.serial_size), error);
        }
        return settle(life, status, error);
}

mitome_status phone_life_revoke(struct phone_life *life, struct life_state *ret, mitome_error *error)
{
        phone_body_rest(&life->body);
        mitome_status status = life_cycle_revoke_here(life->phone->app, error);
        if (!failed(status))
                status = run(life, ret, error);
        return settle(life, status, error);
}

mitome_status phone_life_erase(struct phone_life *life, mitome_error *error)
{
        bool confirmed = false;
        const struct life_reset reset = {
                .identity = life->phone->identity,
                .platform = life->body.link,
                .software = life->world.platform,
                .maker = phone_way_local(&life->phone->maker),
                .sei_tsm = phone_way_local(&life->phone->sei_tsm),
        };
        phone_body_rest(&life->body);
        mitome_status status = life_cycle_reset(&reset, &confirmed, error);
        for (unsigned i = 0; i < ROUNDS && !failed(status) && !confirmed; i++) {
                MITOME_TRY(world_settle(&life->world, ROUNDS, error));
                status = life_cycle_reset(&reset, &confirmed, error);
        }
        return settle(life, status, error);
}

/* ---- fingers ---- */

mitome_status phone_life_fit(struct phone_life *life, mitome_error *error)
{
        struct device_state state = { 0 };
        struct sp_matcher matcher;
        MITOME_TRY(phone_life_look(life, &state, error));
        if (!state.has_user_certificate || (state.has_matcher && state.enterprise))
                return ok();
        phone_body_rest(&life->body);
        MITOME_TRY(phone_pairing_know(&life->body, now_of(life), &matcher, error));
        return sp_tsm_fit(life->world.sp_tsm, slice_text(life->phone->identity), &life->body.link,
                state.has_matcher ? NULL : &matcher, life->config.rp_ids, life->config.rp_id_count, error);
}

static mitome_status enrol(struct phone_life *life, unsigned finger, const char *name, mitome_error *error)
{
        static struct finger_client client;
        const struct finger_wire wire = { .context = &life->body, .exchange = phone_body_call };
        struct mitome_gate_finger enrolled;
        phone_hand_steady(life->body.hand, (int)finger);
        mitome_status status =
                finger_client_open(&client, &wire, &life->config.random, slice_text(PHONE_LIFE_PIN), error);
        if (!failed(status))
                status = finger_client_enrol(&client, slice_text(name), NULL, &enrolled, error);
        finger_client_close(&client);
        phone_hand_steady(life->body.hand, -1);
        return status;
}

/* ---- the beginning ---- */

static mitome_status open_world(struct phone_life *life, mitome_error *error)
{
        MITOME_TRY(path_in(life, "parties", life->parties, error));
        mkdir(life->parties, 0700);
        const struct world_config config = {
                .folder = life->parties,
                .random = life->config.random,
                .now = now_of(life),
                .clock = life->config.clock,
                .phone_release = REGISTER_RELEASE,
        };
        return world_open(&life->world, &config, error);
}

static mitome_status start_body(
        struct phone_life *life, const struct tsm_key_set *issuer, mitome_error *error)
{
        const struct phone_body_config config = {
                .folder = life->config.folder,
                .program = life->config.program,
                .matcher = life->config.matcher,
                .software = life->world.platform,
                .issuer = issuer,
                .random = life->config.random,
                .presence = life->config.presence,
                .trace = life->config.trace,
                .transports = life->config.transports,
        };
        return phone_body_start(&life->body, &config, error);
}

static mitome_status start_card(
        struct phone_life *life, const struct tsm_key_set *issuer, mitome_error *error)
{
        char folder[PATH_SIZE];
        MITOME_TRY(path_in(life, "card", folder, error));
        if (issuer)
                MITOME_TRY(element_process_create(life->config.program, folder, &issuer->keys, error));
        MITOME_TRY(element_process_start(life->config.program, folder, &life->card, error));
        life->card_way = card_link(life->card.card);
        return ok();
}

static mitome_status make_card(struct phone_life *life, mitome_error *error)
{
        struct tsm_key_set issuer;
        struct world_person *person;
        tell(life, "her My Number Card, with both certificates");
        MITOME_TRY(tsm_make_keys(&issuer, TSM_KEYS_ISSUER, &life->config.random, error));
        mitome_status status = start_card(life, &issuer, error);
        const struct world_element card = { &life->card_way, &issuer };
        if (!failed(status))
                status = world_person_make_of(&life->world, 0, &card, &person, error);
        bytes_wipe(&issuer, sizeof issuer);
        return status;
}

static mitome_status make_phone(struct phone_life *life, mitome_error *error)
{
        struct tsm_key_set issuer;
        tell(life, "a phone: its element and its matcher");
        MITOME_TRY(tsm_make_keys(&issuer, TSM_KEYS_ISSUER, &life->config.random, error));
        mitome_status status = start_body(life, &issuer, error);
        const struct world_element element = { &life->body.link, &issuer };
        if (!failed(status))
                status = world_phone_adopt(&life->world, 0, &element, &life->phone, error);
        bytes_wipe(&issuer, sizeof issuer);
        return status;
}

static mitome_status issue(struct phone_life *life, mitome_error *error)
{
        struct life_state state;
        tell(life, "her application: the card signs, the certificates come into the phone");
        MITOME_TRY(phone_life_apply(life, LIFE_ISSUE, slice_text(PHONE_LIFE_CARD_PASSWORD), &state, error));
        MITOME_TRY(
                phone_life_choose(life, LIFE_USER_VERIFICATION, slice_text(PHONE_LIFE_PIN), &state, error));
        MITOME_TRY(phone_life_choose(life, LIFE_SIGNING, slice_text(PHONE_LIFE_PASSWORD), &state, error));
        return state.order == LIFE_ORDER_DONE ? ok() : fail(error, MITOME_E_PHONE_UNFINISHED, "order", NULL);
}

static mitome_status enrol_two(struct phone_life *life, mitome_error *error)
{
        tell(life, "two fingers, which belong to nobody");
        MITOME_TRY(phone_body_wake(&life->body, error));
        MITOME_TRY(enrol(life, 0, "人差し指 / index finger", error));
        return enrol(life, 1, "中指 / middle finger", error);
}

static mitome_status make(struct phone_life *life, const char *ready, mitome_error *error)
{
        MITOME_TRY(make_card(life, error));
        MITOME_TRY(make_phone(life, error));
        MITOME_TRY(issue(life, error));
        MITOME_TRY(enrol_two(life, error));
        life->is_new = true;
        return whole_file_write(ready, slice_text("a demonstration: nobody is behind it\n"), error);
}

static mitome_status find(struct phone_life *life, mitome_error *error)
{
        const struct world_element element = { &life->body.link, NULL };
        MITOME_TRY(start_card(life, NULL, error));
        MITOME_TRY(start_body(life, NULL, error));
        MITOME_TRY(world_phone_adopt(&life->world, 0, &element, &life->phone, error));
        MITOME_TRY(phone_life_fit(life, error));
        return phone_body_wake(&life->body, error);
}

static mitome_status open_all(struct phone_life *life, mitome_error *error)
{
        char ready[PATH_SIZE], element[PATH_SIZE];
        MITOME_TRY(path_in(life, "ready", ready, error));
        MITOME_TRY(path_in(life, "element", element, error));
        const bool is_ready = access(ready, F_OK) == 0;
        if (!is_ready && access(element, F_OK) == 0)
                return fail(error, MITOME_E_PHONE_UNFINISHED, "--folder", NULL);
        MITOME_TRY(open_world(life, error));
        MITOME_TRY(is_ready ? find(life, error) : make(life, ready, error));
        if (!life->config.trust_out)
                return ok();
        life->listed_at = now_of(life);
        return phone_trust_write(&life->world, life->config.trust_out, life->listed_at, error);
}

mitome_status phone_life_open(
        struct phone_life *life, const struct phone_life_config *config, mitome_error *error)
{
        *life = (struct phone_life){ .config = *config };
        MITOME_TRY(folder_make(config->folder, 0700, "--folder", "the folder above --folder", error));
        if (config->trust_out)
                MITOME_TRY(folder_make(
                        config->trust_out, 0755, "--trust-out", "the folder above --trust-out", error));
        mitome_status status = open_all(life, error);
        if (failed(status))
                phone_life_close(life);
        return status;
}

void phone_life_close(struct phone_life *life)
{
        phone_body_rest(&life->body);
        world_close(&life->world);
        phone_body_stop(&life->body);
        element_process_stop(&life->card);
}
