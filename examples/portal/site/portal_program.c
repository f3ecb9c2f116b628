/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_program.h"

#include "account.h"
#include "document.h"
#include "folder_make.h"
#include "oidc.h"
#include "oidc_store.h"
#include "portal_clock.h"
#include "portal_routes.h"
#include "portal_steps.h"
#include "post_http.h"
#include "random_system.h"
#include "small_file.h"
#include "sql_store.h"
#include "web_certificate.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PATH_SIZE = 1024, POLICY_MAX = 64 * 1024, SETS = 2 };

/* The first policy says level and acr. */
static const char *const policy_names[] = { "nist-800-63b-4.json", "first-summary.json" };
enum { POLICIES = 2 };

/* Everything, in the order in which it is opened; NULL: not yet. */
struct portal_program {
        const struct portal_options *options;
        struct mitome_random random;
        uint8_t policies[POLICIES][POLICY_MAX];
        struct web_certificate certificate; /* no texts: plain HTTP */
        const char *origins[1];
        struct portal_config config;
        struct directory directory;
        struct post_http *http;
        struct service_lock lock;
        bool locked; /* the lock was made */
        struct party *party;
        struct portal_trust *trust;
        struct portal *portal;
        struct secret document_key;
        struct document_desk desk;
        struct web_page_set *pages;
        struct admin_desk *admin;
        struct oidc *oidc;
        struct portal_site site;
        struct web_route_set sets[SETS];
        struct work_line *line;
        struct portal_clock *clock;
        struct web *web;
};

/* ---- files ---- */

static mitome_status join(const char *folder, const char *name, char ret[PATH_SIZE], mitome_error *error)
{
        const int length = snprintf(ret, PATH_SIZE, "%s/%s", folder, name);
        return length > 0 && length < PATH_SIZE ? ok() : fail(error, MITOME_E_TOO_LONG, "folder", NULL);
}

/* ---- the store ---- */

static int64_t read_clock(void *context)
{
        (void)context;
        return (int64_t)time(NULL);
}

static mitome_status open_party(struct portal_program *program, mitome_error *error)
{
        const struct portal_options *options = program->options;
        if (options->directory)
                MITOME_TRY(directory_read(options->directory, &program->directory, error));
        MITOME_TRY(post_http_open(0, &program->http, error));
        MITOME_TRY(service_lock_init(&program->lock, post_http(program->http), error));
        program->locked = true;
        const struct party_config config = { .name = PARTY_PORTAL,
                .folder = options->folder,
                .store = options->store,
                .steps = portal_steps,
                .directory = &program->directory,
                .post = service_lock_post(&program->lock),
                .clock = { NULL, read_clock },
                .random = program->random };
        return party_open(&config, &program->party, error);
}

/* ---- the portal ---- */

static mitome_status read_policies(struct portal_program *program, mitome_error *error)
{
        char path[PATH_SIZE];
        const char *folder = program->options->policies ? program->options->policies : PORTAL_POLICIES_FOLDER;
        for (size_t i = 0; i < POLICIES; i++) {
                MITOME_TRY(join(folder, policy_names[i], path, error));
                MITOME_TRY(small_file_read(path, "policy", program->policies[i], POLICY_MAX,
                        &program->config.policies[i], error));
        }
        program->config.policy_count = POLICIES;
        return ok();
}

static mitome_status open_portal(struct portal_program *program, mitome_error *error)
{
        char path[PATH_SIZE];
        const struct portal_options *options = program->options;
        program->origins[0] = options->origin_text;
        if (options->trust)
                MITOME_TRY(portal_trust_open(options->trust, &program->trust, error));
        program->config = (struct portal_config){ .party = program->party,
                .rp_id = options->rp_id_text,
                .rp_name = "Mitome Portal",
                .origins = program->origins,
                .origin_count = 1,
                .attestation = options->attested ? PORTAL_ATTESTED : PORTAL_UNATTESTED,
                .trust = program->trust,
                .demand_evaluated = options->evaluated,
                .accept_simulated = options->accept_simulation,
                .unlimited = options->unlimited };
        MITOME_TRY(read_policies(program, error));
        MITOME_TRY(join(options->folder, "portal.key", path, error));
        MITOME_TRY(portal_master_keep(path, &program->random, &program->config.masters, error));
        MITOME_TRY(portal_core_open(&program->config, &program->portal, error));
        portal_derive(program->portal, "document", &program->document_key);
        program->desk = (struct document_desk){
                .portal = program->party, .origin = options->origin_text, .key = program->document_key.data
        };
        return ok();
}

/* ---- what it shows ---- */

static mitome_status open_pages(struct portal_program *program, mitome_error *error)
{
        char path[PATH_SIZE];
        struct web_place place = { 0 };
        const char *folder = program->options->pages ? program->options->pages : PORTAL_PAGES_FOLDER;
        MITOME_TRY(join(folder, "pages", path, error));
        const mitome_status status = web_pages_open(path, &program->pages, &place, error);
        if (failed(status) && place.file[0])
                fprintf(stderr, "portal: %s:%u: %s\n", place.file, place.line, place.name);
        return status;
}

static mitome_status open_site(struct portal_program *program, mitome_error *error)
{
        const struct portal_options *options = program->options;
        MITOME_TRY(open_pages(program, error));
        if (options->admin_token)
                MITOME_TRY(admin_open(options->admin_token, &program->random, &program->admin, error));
        const struct oidc_config config = { .portal = program->portal,
                .issuer = options->origin_text,
                .folder = options->folder,
                .clients = options->clients,
                .pages = program->pages };
        MITOME_TRY(oidc_open(&config, &program->oidc, error));
        program->site = (struct portal_site){ .portal = program->portal,
                .pages = program->pages,
                .desk = &program->desk,
                .admin = program->admin };
        program->sets[0] = portal_routes(&program->site);
        oidc_routes(program->oidc, &program->sets[1]);
        return ok();
}

/* ---- the server ---- */

static mitome_status read_tls(struct portal_program *program, mitome_error *error)
{
        const struct portal_options *options = program->options;
        if (options->tls)
                return web_certificate_local(
                        options->folder, (int64_t)time(NULL), &program->certificate, error);
        return options->certificate ? web_certificate_read(options->certificate, options->key,
                                              &program->certificate, error)
                                    : ok();
}

static void log_line(void *context, unsigned status, mitome_code code, const char *route)
{
        (void)context;
        fprintf(stderr, "{\"at\": %lld, \"status\": %u, \"code\": %d, \"route\": \"%s\"}\n",
                (long long)time(NULL), status, (int)code, route ? route : "");
}

static mitome_status listen_now(struct portal_program *program, mitome_error *error)
{
        char path[PATH_SIZE];
        const struct portal_options *options = program->options;
        MITOME_TRY(read_tls(program, error));
        MITOME_TRY(join(options->pages ? options->pages : PORTAL_PAGES_FOLDER, "static", path, error));
        const struct web_config config = { .host = options->host,
                .port = options->port,
                .certificate_pem = program->certificate.certificate_pem,
                .key_pem = program->certificate.key_pem,
                .public_origin = options->origin_text,
                .trusted_proxy = options->proxy,
                .sets = program->sets,
                .set_count = SETS,
                .static_folder = path,
                .pages = program->pages,
                .line = program->line,
                .log = options->json_log ? log_line : NULL };
        return web_open(&config, &program->web, error);
}

/* An operator hears of it before a list is stale. */
static void tell_trust(const mitome_error *error)
{
        char line[512] = "it is read again";
        if (error->code != MITOME_OK)
                (void)mitome_explain(error, line, sizeof line);
        fprintf(stderr, "portal: --trust: %s\n", line);
}

static mitome_status open_all(struct portal_program *program, mitome_error *error)
{
        MITOME_TRY(
                folder_make(program->options->folder, 0700, "--folder", "the folder above --folder", error));
        MITOME_TRY(open_party(program, error));
        MITOME_TRY(open_portal(program, error));
        MITOME_TRY(open_site(program, error));
        MITOME_TRY(work_line_open(program->party, &program->lock, &program->line, error));
        const struct portal_clock_config clock = { .portal = program->portal,
                .desk = &program->desk,
                .trust = program->trust,
                .line = program->line,
                .tell = tell_trust };
        MITOME_TRY(portal_clock_open(&clock, &program->clock, error));
        return listen_now(program, error);
}

mitome_status portal_program_open(
        const struct portal_options *options, struct portal_program **ret, mitome_error *error)
{
        struct portal_program *program = calloc(1, sizeof *program);
        if (!program)
                return fail(error, MITOME_E_NO_MEMORY, "program", NULL);
        program->options = options;
        program->random = random_system();
        const mitome_status status = open_all(program, error);
        if (failed(status)) {
                portal_program_close(program);
                return status;
        }
        *ret = program;
        return ok();
}

void portal_program_close(struct portal_program *program)
{
        if (!program)
                return;
        if (program->web)
                web_close(program->web);
        portal_clock_close(program->clock);
        if (program->line)
                work_line_close(program->line);
        if (program->oidc)
                oidc_close(program->oidc);
        admin_close(program->admin);
        if (program->pages)
                web_pages_free(program->pages);
        if (program->portal)
                portal_core_close(program->portal);
        if (program->trust)
                portal_trust_close(program->trust);
        party_close(program->party);
        if (program->locked)
                service_lock_end(&program->lock);
        if (program->http)
                post_http_close(program->http);
        web_certificate_free(&program->certificate);
        bytes_wipe(program, sizeof *program);
        free(program);
}
