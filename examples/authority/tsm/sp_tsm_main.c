/* SPDX-License-Identifier: Apache-2.0 */

/* The SP-TSM as a program: HTTP around its orders. */

#include "hex_text.h"
#include "maker_trust.h"
#include "push_aside.h"
#include "push_fcm.h"
#include "service_main.h"
#include "small_file.h"
#include "sp_orders.h"

#include <mitome/trust.h>

#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 16384, PATH_SIZE = 4096, HASH = 32 };
enum { OPTION_MAKER_CA, OPTION_APPS, OPTION_LEASE, OPTION_DEVICES, OPTION_FCM, OPTION_FCM_SERVICE, OPTIONS };

static const struct service_option options[OPTIONS] = {
        [OPTION_MAKER_CA] = { "maker-ca", "FILE", "the CA of phones' device keys (DER)" },
        [OPTION_APPS] = { "apps", "HEX[,HEX..]", "SHA-256 of certificates of apps that may use the applet" },
        [OPTION_LEASE] = { "lease", "N", "signatures between two looks at a certificate's status (100)" },
        [OPTION_DEVICES] = { "devices", "FILE", "the device list, a model a line; it is shown at /devices" },
        [OPTION_FCM] = { "fcm", "FILE", "a service account of Firebase; else apps poll a box here" },
        [OPTION_FCM_SERVICE] = { "fcm-service", "URL", "where that service is, when it is not Google's" },
};

/* All that lives as long as the service. */
struct program {
        struct party *party;
        struct mitome_trust *makers;
        struct push_queue queue;
        struct push_fcm *fcm;
        struct push_aside *aside; /* a service that hangs must not hold the party's lock */
        struct push push;
        struct sp_tsm *tsm;
};

/* ---- the command line ---- */

static mitome_status read_apps(const char *text, struct sp_tsm_config *config, mitome_error *error)
{
        for (const char *at = text; at && *at;) {
                if (config->app_count == SP_APPS_MAX)
                        return fail(error, MITOME_E_TOO_MANY, "--apps", NULL);
                uint8_t *hash = config->apps[config->app_count++];
                slice digits = slice_of(at, strcspn(at, ",")), decoded;
                MITOME_TRY(hex_text_decode(digits, "--apps", hash, HASH, &decoded, error));
                if (decoded.size != HASH)
                        return fail(error, MITOME_E_VALUE, "--apps", NULL);
                at += digits.size;
                at += *at == ',';
        }
        return ok();
}

static mitome_status read_lease(const char *text, uint16_t *ret, mitome_error *error)
{
        char *end = NULL;
        if (!text)
                return ok();
        long count = strtol(text, &end, 10);
        if (end == text || *end || count < 1 || count > 1000)
                return fail(error, MITOME_E_VALUE, "--lease", NULL);
        *ret = (uint16_t)count;
        return ok();
}

/* ---- what is behind the addresses ---- */

static int64_t now_of(void *context)
{
        return party_now(context);
}

static mitome_status open_push(
        struct program *program, const char *account, const char *service, mitome_error *error)
{
        const struct party_clock clock = { .context = program->party, .now = now_of };
        program->queue = (struct push_queue){
                .store = party_store(program->party), .clock = clock, .random = *party_random(program->party)
        };
        program->push = push_queue(&program->queue);
        if (!account)
                return ok();
        MITOME_TRY(push_fcm_open(
                &(struct push_fcm_config){ .account_file = account, .service = service, .clock = clock },
                &program->fcm, error));
        MITOME_TRY(push_aside_open(push_fcm(program->fcm), &program->aside, error));
        program->push = push_aside(program->aside);
        return ok();
}

static mitome_status serve(void *context, slice identity, const struct mitome_link *link, mitome_error *error)
{
        return sp_tsm_serve(context, identity, link, error);
}

static mitome_status tick(void *context, mitome_error *error)
{
        return sp_tsm_tick(context, error);
}

static mitome_status show_list(void *context, const struct service_asked *asked, uint8_t **ret_body,
        size_t *ret_size, mitome_error *error)
{
        enum { PAGE_MAX = 128 * 1024 };
        struct program *program = context;
        (void)asked;
        uint8_t *body = malloc(PAGE_MAX);
        if (!body)
                return fail(error, MITOME_E_NO_MEMORY, "page", NULL);
        writer w = writer_over(body, PAGE_MAX);
        slice page;
        mitome_status status =
                device_list_page(party_store(program->party), party_now(program->party), &w, error);
        if (!failed(status))
                status = writer_finish(&w, "page", &page, error);
        if (failed(status)) {
                free(body);
                return status;
        }
        *ret_body = body;
        *ret_size = page.size;
        return ok();
}

static const struct service_page pages[] = {
        { "/devices", SERVICE_GET, "text/html; charset=utf-8", show_list },
};

static void fill_parts(struct program *program, struct service_parts *parts)
{
        parts->desks = (struct party_desks){ program->tsm, sp_tsm_desks, SP_TSM_DESKS };
        parts->phone = (struct phone_desks){ program->tsm, sp_tsm_phone_desks, SP_TSM_PHONE_DESKS };
        parts->relay = (struct phone_relay){ program->tsm, serve };
        parts->pages = pages;
        parts->page_count = sizeof pages / sizeof *pages;
        parts->page_context = program;
        parts->tick = tick;
        parts->tick_context = program->tsm;
}

/* What the file says now; without one, the invented models, and what was there before. */
static mitome_status load_devices(struct program *program, const char *path, mitome_error *error)
{
        uint8_t buffer[FILE_MAX];
        slice text;
        if (!path)
                return device_list_fill(party_store(program->party), party_now(program->party), error);
        MITOME_TRY(small_file_read(path, "--devices", buffer, sizeof buffer, &text, error));
        return device_list_load(party_store(program->party), text, error);
}

static mitome_status open_parts(
        struct program *program, const char *folder, const char *const *values, mitome_error *error)
{
        char path[PATH_SIZE];
        struct sp_tsm_config config = { .push = &program->push };
        if (snprintf(path, sizeof path, "%s/wrapping.key", folder) >= (int)sizeof path)
                return fail(error, MITOME_E_TOO_LONG, "--folder", NULL);
        MITOME_TRY(read_apps(values[OPTION_APPS], &config, error));
        MITOME_TRY(read_lease(values[OPTION_LEASE], &config.lease, error));
        MITOME_TRY(maker_trust_read(values[OPTION_MAKER_CA], "--maker-ca", &program->makers, error));
        MITOME_TRY(open_push(program, values[OPTION_FCM], values[OPTION_FCM_SERVICE], error));
        MITOME_TRY(load_devices(program, values[OPTION_DEVICES], error));
        config.makers = program->makers;
        config.queue = program->fcm ? NULL : &program->queue;
        MITOME_TRY(sp_wrapping_load(path, party_random(program->party), config.wrapping_key, error));
        mitome_status status = sp_tsm_open(program->party, &config, &program->tsm, error);
        bytes_wipe(&config, sizeof config);
        return status;
}

static void close_program(void *context)
{
        struct program *program = context;
        if (!program)
                return;
        sp_tsm_close(program->tsm);
        push_aside_close(program->aside);
        push_fcm_close(program->fcm);
        mitome_trust_free(program->makers);
        free(program);
}

static mitome_status open_program(struct party *party, const char *folder, const char *const *values,
        struct service_parts *parts, void **ret_context, mitome_error *error)
{
        struct program *program = calloc(1, sizeof *program);
        if (!program)
                return fail(error, MITOME_E_NO_MEMORY, "SP-TSM", NULL);
        program->party = party;
        mitome_status status = open_parts(program, folder, values, error);
        if (failed(status)) {
                close_program(program);
                return status;
        }
        fill_parts(program, parts);
        *ret_context = program;
        return ok();
}

int main(int argc, char **argv)
{
        static const struct service_program program = { .party = PARTY_SP_TSM,
                .program = "sp-tsm",
                .about =
                        "The service provider's trusted service manager: takes applications that a My Number\n"
                        "Card has signed, personalises phones' elements through the phones themselves, and\n"
                        "erases them. The keys of the elements' domains are sealed by a key in a file of its\n"
                        "folder (wrapping.key): that is no HSM, and whoever has the folder has the phones.\n"
                        "What it speaks to parties is signed and to elements sealed, but to phones' apps it\n"
                        "speaks plain HTTP: put TLS in front of it.",
                .schema = SP_TSM_SCHEMA,
                .schema_version = SP_TSM_SCHEMA_VERSION,
                .options = options,
                .option_count = OPTIONS,
                .open = open_program,
                .close = close_program };
        (void)signal(SIGPIPE, SIG_IGN);
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
                return 2;
        int exit_code = service_main(&program, argc, argv);
        curl_global_cleanup();
        return exit_code;
}
