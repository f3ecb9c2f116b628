/* SPDX-License-Identifier: Apache-2.0 */
#include "tale.h"

#include "child_process.h"
#include "element_process.h"
#include "phone_way_http.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { START_MS = 10000, SAID_MAX = 8192, HASH_TEXT = 65 };

/* ---- the factory ---- */

static mitome_status start_element(
        struct tale *tale, struct tale_phone *phone, const char *keys, mitome_error *error)
{
        char state[TALE_PATH_MAX + 16], log[TALE_PATH_MAX + 16];
        struct card_link *card;
        int code;
        snprintf(state, sizeof state, "%s/element", phone->folder);
        snprintf(log, sizeof log, "%s/element.log", phone->folder);
        const char *const create[] = { "mitome", "element", "--state", state, "--create", "--scp03-keys",
                keys, NULL };
        const char *const serve[] = { "mitome", "element", "--state", state, "--unix", phone->socket, NULL };
        MITOME_TRY(tale_run(tale, log, create, &code, error));
        if (code != 0)
                return fail(error, MITOME_E_PROCESS, "mitome element --create", NULL);
        MITOME_TRY(tale_start(tale, log, serve, &phone->element, error));
        MITOME_TRY(card_link_open(phone->socket, START_MS, &card, error));
        card_link_close(card);
        return ok();
}

/* The keys that the element was made with go to the maker's program in a file, which is gone afterwards. */
static mitome_status equip(struct tale *tale, struct tale_phone *phone, const char *keys, mitome_error *error)
{
        char platform[HASH_TEXT], log[TALE_PATH_MAX], made[TALE_PATH_MAX];
        sodium_bin2hex(platform, sizeof platform, tale->software.sha256, sizeof tale->software.sha256);
        const char *const options[] = { "--make", phone->identity, "--element", phone->socket,
                "--element-keys", keys, "--platform", platform, NULL };
        MITOME_TRY(tale_path(tale, log, error, "%s.log", PARTY_MAKER));
        MITOME_TRY(tale_serve(tale, TALE_MAKER, options, error));
        snprintf(made, sizeof made, "maker made the phone %s", phone->identity);
        return tale_await(log, made, error);
}

mitome_status tale_phone_make(struct tale *tale, struct tale_phone *phone, mitome_error *error)
{
        char keys[TALE_PATH_MAX + 16];
        struct tsm_key_set issuer;
        MITOME_TRY(tale_path(tale, phone->folder, error, "%s", phone->identity));
        MITOME_TRY(tale_path(tale, phone->socket, error, "%s/element.sock", phone->identity));
        mkdir(phone->folder, 0700);
        snprintf(keys, sizeof keys, "%s/scp03-keys", phone->folder);
        MITOME_TRY(tsm_make_keys(&issuer, TSM_KEYS_ISSUER, &tale->random, error));
        mitome_status status = element_process_write_keys(keys, &issuer.keys, error);
        bytes_wipe(&issuer, sizeof issuer);
        if (!failed(status))
                status = start_element(tale, phone, keys, error);
        if (!failed(status))
                status = equip(tale, phone, keys, error);
        unlink(keys);
        MITOME_TRY(status);
        stage_sent(&tale->stage, MAKER, ELEMENT,
                "phone %s: device key certified, keys of the issuer to the SEI-TSM (process %d)",
                phone->identity, (int)phone->element);
        return ok();
}

/* ---- on and off ---- */

static int64_t read_clock(void *context)
{
        (void)context;
        return (int64_t)time(NULL);
}

mitome_status tale_phone_on(struct tale *tale, struct tale_phone *phone, mitome_error *error)
{
        if (phone->card)
                return ok();
        MITOME_TRY(card_link_open(phone->socket, START_MS, &phone->card, error));
        phone->link = card_link(phone->card);
        const struct life_config config = { .folder = phone->folder,
                .identity = phone->identity,
                .platform = phone->link,
                .app = tale->app,
                .software = tale->software,
                .sei_tsm = phone_way_http(tale->sei_way),
                .sp_tsm = phone_way_http(tale->sp_way),
                .clock = { .now = read_clock },
                .random = tale->random };
        return life_cycle_open(&config, &phone->app, error);
}

void tale_phone_off(struct tale_phone *phone)
{
        life_cycle_close(phone->app);
        card_link_close(phone->card);
        phone->app = NULL;
        phone->card = NULL;
}

void tale_phone_end(struct tale_phone *phone)
{
        tale_phone_off(phone);
        child_process_stop(phone->element);
        phone->element = 0;
}

/* ---- an application ---- */

static mitome_status choose(struct tale_phone *phone, const struct life_state *state, mitome_error *error)
{
        if (state->to_choose & LIFE_USER_VERIFICATION)
                MITOME_TRY(
                        life_cycle_choose(phone->app, LIFE_USER_VERIFICATION, slice_text(phone->pin), error));
        if (state->to_choose & LIFE_SIGNING)
                MITOME_TRY(life_cycle_choose(phone->app, LIFE_SIGNING, slice_text(phone->password), error));
        return ok();
}

mitome_status tale_go_on(
        struct tale *tale, struct tale_phone *phone, struct life_state *ret, mitome_error *error)
{
        enum { TURN_MS = 200 };
        for (unsigned waited = 0; waited < TALE_WAIT_S * 1000; waited += TURN_MS) {
                MITOME_TRY(life_cycle_run(phone->app, ret, error));
                MITOME_TRY(choose(phone, ret, error));
                MITOME_TRY(life_cycle_look(phone->app, ret, error));
                if (ret->order == LIFE_ORDER_DONE || ret->order == LIFE_ORDER_GIVEN_UP)
                        return ok();
                tale_pause(TURN_MS);
        }
        stage_note(&tale->stage, "%s: phase %d, order %d, %s", phone->identity, (int)ret->phase,
                (int)ret->order, "which does not end");
        return fail(error, MITOME_E_UNREACHABLE, "the order", NULL);
}

static const char *const purposes[] = { [LIFE_ISSUE] = "issue",
        [LIFE_RENEW] = "renew",
        [LIFE_RESET_PIN] = "reset-pin",
        [LIFE_RESET_PASSWORD] = "reset-password",
        [LIFE_REVOKE] = "revoke" };

mitome_status tale_apply(struct tale *tale, struct tale_phone *phone, const struct tale_person *person,
        enum life_purpose purpose, unsigned kinds, struct life_state *ret, mitome_error *error)
{
        MITOME_TRY(tale_phone_on(tale, phone, error));
        const struct life_application application = {
                .purpose = purpose,
                .kinds = kinds,
                .card = &person->card.link,
                .card_password = slice_text(TALE_CARD_PASSWORD),
                .touched = true,
        };
        MITOME_TRY(life_cycle_apply(phone->app, &application, error));
        stage_sent(&tale->stage, CARD, SP_TSM,
                "application: %s for %s, signed by the card after its password", purposes[purpose],
                phone->identity);
        return tale_go_on(tale, phone, ret, error);
}

void tale_check_order(struct tale *tale, const char *what, const struct life_state *state, unsigned present)
{
        static const char *const orders[] = { "none", "open", "with the holder", "without its receipt",
                "done", "given up" };
        const bool right =
                state->order == LIFE_ORDER_DONE && state->present == present && state->to_choose == 0;
        stage_check(&tale->stage, SP_TSM, right, what, "order %s, certificates in the phone: %u%s",
                orders[state->order], (state->present & LIFE_SIGNING) + (state->present >> 1),
                state->to_choose ? ", a temporary secret" : "");
}

/* ---- what the call centre finds: KIND SERIAL PLACE STATUS [in DEVICE] ---- */

void tale_hex(const struct tale_serial *serial, char text[2 * TALE_SERIAL_MAX + 1])
{
        sodium_bin2hex(text, 2 * TALE_SERIAL_MAX + 1, serial->bytes, serial->size);
}

static bool take_line(struct tale_phone *phone, const char *line)
{
        char kind[32], serial[2 * TALE_SERIAL_MAX + 2], place[16], rest[128];
        if (sscanf(line, "%31s %41s %15s %127[^\n]", kind, serial, place, rest) != 4 ||
                strcmp(place, "phone") != 0 || !strstr(rest, phone->identity))
                return false;
        struct tale_serial *to = &phone->serials[strcmp(kind, "signing") == 0 ? 1 : 2];
        return sodium_hex2bin(to->bytes, sizeof to->bytes, serial, strlen(serial), NULL, &to->size, NULL) ==
               0;
}

mitome_status tale_learn_serials(
        struct tale *tale, struct tale_phone *phone, const struct tale_person *person, mitome_error *error)
{
        char said[SAID_MAX], *rest = NULL;
        int code, found = 0;
        const char *const words[] = { "find", person->name, person->born, person->address, NULL };
        MITOME_TRY(tale_teller(tale, PARTY_CALL_CENTRE, words, said, sizeof said, &code, error));
        for (char *line = strtok_r(said, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
                found += take_line(phone, line);
        return code == 0 && found == 2 ? ok() : fail(error, MITOME_E_VALUE, "call centre", NULL);
}
