/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_portal.h"

#include "portal_ceremony.h"
#include "web_client.h"

#include <dirent.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RP_ID "portal.mitome.invalid"
#define ORIGIN "https://portal.mitome.invalid"
#define NETWORK "127.0.0.1"

enum { PATH_MAX_HERE = 256, MINUTE = 60, LIMIT_MINUTES = 31 * 24 * 60 };

/* The session is of the highest level that there is a limit for. */
static const char policy[] =
        "{\"id\":\"probe\",\"title\":\"A portal of a probe's\",\"title_ja\":\"検査用ポータル\",\"levels\":[\"AAL3\"],"
        "\"requirements\":[{\"id\":\"UV\",\"level\":\"AAL3\",\"source\":\"this probe\",\"section\":\"1\","
        "\"keyword\":\"SHALL\",\"text\":\"The user was verified.\",\"text_ja\":\"利用者が検証された。\","
        "\"predicate\":\"login.user_verified\",\"responsible\":\"relying party\",\"remedy\":\"Verify the user.\","
        "\"remedy_ja\":\"利用者を検証する。\",\"verified\":true}]}";

struct probe_portal {
        struct probe_run *run;
        struct target *target;
        char folder[PATH_MAX_HERE];
        struct directory nobody;
        struct party *party;
        struct portal *portal;
        int64_t now;
        struct session session; /* of who asks */
        char cookie[SESSION_COOKIE_SIZE];
        struct ceremony_logged_in in;
        uint8_t options[CEREMONY_OPTIONS_MAX], answer[WEB_CLIENT_ANSWER_MAX];
        slice login; /* as the browser sent it: in `answer` */
        bool target_failed;
};

static int64_t tell_time(void *context)
{
        return ((struct probe_portal *)context)->now;
}

static int draw(void *context, uint8_t *bytes, size_t size)
{
        probe_random(((struct probe_portal *)context)->run, bytes, size);
        return 0;
}

/* ---- the portal ---- */

static mitome_status open_portal(struct probe_portal *at, mitome_error *error)
{
        static const char *const origins[] = { ORIGIN };
        const struct mitome_random random = { .context = at, .fill = draw };
        const struct party_config party = { .name = PARTY_PORTAL,
                .folder = at->folder,
                .schema = portal_schema,
                .schema_version = PORTAL_SCHEMA_VERSION,
                .directory = &at->nobody,
                .clock = { .context = at, .now = tell_time },
                .random = random };
        MITOME_TRY(party_open(&party, &at->party, error));
        struct portal_config config = { .party = at->party,
                .rp_id = RP_ID,
                .rp_name = "A portal of a probe's",
                .origins = origins,
                .origin_count = 1,
                .masters = { .bytes = { { 0x24 } }, .count = 1 },
                .attestation = PORTAL_UNATTESTED,
                .policies = { slice_text(policy) },
                .policy_count = 1 };
        MITOME_TRY(portal_core_open(&config, &at->portal, error));
        return session_begin(at->portal, &at->session, at->cookie, error);
}

static bool make_folder(struct probe_portal *at)
{
        const char *above = getenv("TMPDIR");
        int size = snprintf(at->folder, sizeof at->folder, "%s/mitome-portal-XXXXXX", above ? above : "/tmp");
        return size > 0 && (size_t)size < sizeof at->folder && mkdtemp(at->folder) != NULL;
}

/* *ret_path names the next file of the folder; NULL ends it. */
static bool next_file(const struct probe_portal *at, DIR *folder, char path[2 * PATH_MAX_HERE])
{
        const struct dirent *entry;
        while ((entry = readdir(folder)) != NULL)
                if (entry->d_name[0] != '.') {
                        int size = snprintf(path, 2 * PATH_MAX_HERE, "%s/%s", at->folder, entry->d_name);
                        return size > 0 && size < 2 * PATH_MAX_HERE;
                }
        return false;
}

static void close_portal(struct probe_portal *at)
{
        char path[2 * PATH_MAX_HERE];
        portal_core_close(at->portal);
        party_close(at->party);
        DIR *folder = at->folder[0] ? opendir(at->folder) : NULL;
        while (folder && next_file(at, folder, path))
                (void)unlink(path);
        if (folder)
                closedir(folder);
        if (at->folder[0])
                (void)rmdir(at->folder);
        bytes_wipe(at, sizeof *at);
        free(at);
}

/* ---- the browser ---- */

static mitome_status exchange(void *context, slice request, uint8_t *response, size_t capacity,
        size_t *ret_size, bool *ret_wants_pin, mitome_error *error)
{
        struct probe_portal *at = context;
        writer w = writer_over(response, capacity);
        slice body;
        int status = probe_ctap(at->run, request, &body);
        *ret_wants_pin = false;
        if (status < 0) {
                at->target_failed = true;
                return fail(error, MITOME_E_LINK, "target", NULL);
        }
        write_u8(&w, (uint8_t)status);
        write_slice(&w, body);
        *ret_size = w.used;
        return w.overflowed ? fail(error, MITOME_E_BUFFER_FULL, "target", NULL) : ok();
}

static mitome_status ask_pin(void *context, unsigned tries, struct secret *ret_pin, mitome_error *error)
{
        const struct probe_portal *at = context;
        const slice pin = slice_text(at->target->pin ? at->target->pin : "");
        (void)tries;
        ret_pin->size = pin.size;
        return slice_copy(pin, "PIN", ret_pin->data, sizeof ret_pin->data, error);
}

static struct web_client browser_of(struct probe_portal *at)
{
        return (struct web_client){ .context = at,
                .exchange = exchange,
                .ask_pin = ask_pin,
                .random = { .context = at, .fill = draw } };
}

static mitome_status register_passkey(struct probe_portal *at, mitome_error *error)
{
        const struct web_client browser = browser_of(at);
        const struct web_client_page page = { .origin = slice_text(ORIGIN) };
        struct web_client_answer answer;
        struct ceremony_registered registered;
        slice json;
        MITOME_TRY(ceremony_creation_options(at->portal, &at->session, slice_text("probe"), at->options,
                sizeof at->options, &json, error));
        MITOME_TRY(web_client_create(&browser, &page, json, at->answer, sizeof at->answer, &answer, error));
        const struct ceremony_answer handed = {
                .json = answer.json, .display = slice_text("probe"), .network = slice_text(NETWORK)
        };
        return ceremony_register(at->portal, &at->session, &handed, &registered, error);
}

static mitome_status hand_in(struct probe_portal *at, struct ceremony_logged_in *ret, mitome_error *error)
{
        const struct ceremony_attempt attempt = { .json = at->login, .network = slice_text(NETWORK) };
        return ceremony_login(at->portal, &at->session, &attempt, ret, error);
}

static mitome_status log_in(struct probe_portal *at, mitome_error *error)
{
        const struct web_client browser = browser_of(at);
        const struct web_client_page page = { .origin = slice_text(ORIGIN) };
        struct web_client_answer answer;
        slice json;
        MITOME_TRY(ceremony_request_options(
                at->portal, &at->session, at->options, sizeof at->options, &json, error));
        MITOME_TRY(web_client_get(&browser, &page, json, at->answer, sizeof at->answer, &answer, error));
        at->login = answer.json;
        return hand_in(at, &at->in, error);
}

/* A portal with somebody logged in, or NULL: the trace says why not. */
static struct probe_portal *visit(struct probe_run *run, struct target *target)
{
        struct probe_portal *at = calloc(1, sizeof *at);
        mitome_error error = { 0 };
        if (!at || sodium_init() < 0 || !make_folder(at)) {
                free(at);
                probe_note(run, "there is no room for a portal");
                return NULL;
        }
        at->run = run;
        at->target = target;
        at->now = 1800000000;
        mitome_status status = open_portal(at, &error);
        if (!failed(status))
                status = register_passkey(at, &error);
        if (!failed(status))
                status = log_in(at, &error);
        if (!failed(status)) {
                probe_note(run, "it has registered and logged in at a portal: a session of level \"%s\"",
                        at->in.session.level);
                return at;
        }
        probe_note(run, "it cannot register or log in at a portal: E%d %s", status.code,
                error.field ? error.field : "");
        if (!at->target_failed)
                probe_end(run, PROBE_PARTLY, "It cannot log in at a portal, of which nothing is seen then.");
        close_portal(at);
        return NULL;
}

/* ---- time ---- */

static bool lives(struct probe_portal *at, const char *cookie)
{
        struct session session;
        return !failed(session_find(at->portal, slice_text(cookie), &session, NULL)) && session.account != 0;
}

/* Looks at it every `step` minutes; the minutes until it has ended, 0: it does not. */
static uint64_t use(struct probe_portal *at, const char *cookie, unsigned step)
{
        const int64_t began = at->now;
        while (at->now - began < (int64_t)LIMIT_MINUTES * MINUTE) {
                at->now += (int64_t)step * MINUTE;
                if (!lives(at, cookie))
                        return (uint64_t)(at->now - began) / MINUTE;
        }
        return 0;
}

/* What has ended must have been there: else nothing was seen to end. */
static mitome_status must_live(struct probe_portal *at, const char *cookie, mitome_error *error)
{
        return lives(at, cookie) ? ok() : fail(error, MITOME_E_MISSING, "session", NULL);
}

/* Left for so long and no longer, each time in a session of its own: the first at which it has ended. */
static mitome_status leave(struct probe_portal *at, uint64_t *ret, mitome_error *error)
{
        static const unsigned waits[] = { 15, 30, 60, 12 * 60, 24 * 60 };
        *ret = 0;
        for (size_t i = 0; i < sizeof waits / sizeof *waits && !*ret; i++) {
                MITOME_TRY(session_begin(at->portal, &at->session, at->cookie, error));
                MITOME_TRY(log_in(at, error));
                MITOME_TRY(must_live(at, at->in.cookie, error));
                at->now += (int64_t)waits[i] * MINUTE + 1;
                if (!lives(at, at->in.cookie))
                        *ret = waits[i];
        }
        return ok();
}

static mitome_status time_sessions(struct probe_portal *at, mitome_error *error)
{
        uint64_t idle, absolute;
        MITOME_TRY(must_live(at, at->in.cookie, error));
        absolute = use(at, at->in.cookie, 1);
        MITOME_TRY(leave(at, &idle, error));
        probe_note(at->run, "used each minute the session ended after %llu minutes, left alone after %llu",
                (unsigned long long)absolute, (unsigned long long)idle);
        probe_fact_count(at->run, LEVEL_VERIFIER_SESSION_MINUTES, absolute, false);
        probe_fact_count(at->run, LEVEL_VERIFIER_IDLE_MINUTES, idle, false);
        if (!absolute || !idle)
                probe_end(at->run, PROBE_BROKEN, "A session at the portal does not end.");
        return ok();
}

/* What went wrong at the portal is said: what was not seen there was not tried. */
static void leave_portal(struct probe_portal *at, mitome_status status, const mitome_error *error)
{
        if (failed(status)) {
                probe_note(at->run, "the portal goes on no further: E%d %s", status.code,
                        error->field ? error->field : "");
                if (!at->target_failed)
                        probe_end(at->run, PROBE_PARTLY, "Not all could be tried at the portal.");
        }
        close_portal(at);
}

void probe_portal_time(struct probe_run *run, struct target *target)
{
        struct probe_portal *at = visit(run, target);
        mitome_error error = { 0 };
        if (at)
                leave_portal(at, time_sessions(at, &error), &error);
}

/* ---- what is stored ---- */

static bool file_holds(const char *path, slice pattern)
{
        struct stat about;
        bool holds = false;
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        uint8_t *bytes = fd >= 0 && fstat(fd, &about) == 0 ? malloc((size_t)about.st_size + 1) : NULL;
        if (bytes) {
                ssize_t size = read(fd, bytes, (size_t)about.st_size);
                for (size_t i = 0; size > 0 && !holds && i + pattern.size <= (size_t)size; i++)
                        holds = slice_equal(slice_of(&bytes[i], pattern.size), pattern);
        }
        free(bytes);
        if (fd >= 0)
                close(fd);
        return holds;
}

static bool is_stored(const struct probe_portal *at, slice pattern)
{
        char path[2 * PATH_MAX_HERE];
        bool found = false;
        DIR *folder = opendir(at->folder);
        while (folder && !found && next_file(at, folder, path))
                found = file_holds(path, pattern);
        if (folder)
                closedir(folder);
        return found;
}

static void search_store(struct probe_portal *at)
{
        uint8_t token[SESSION_COOKIE_SIZE];
        slice raw = { 0 };
        size_t size = 0;
        const char *cookie = at->in.cookie;
        if (sodium_base642bin(token, sizeof token, cookie, strlen(cookie), NULL, &size, NULL,
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
                size >= 32)
                raw = slice_of(&token[size - 32], 32); /* behind the place */
        const struct {
                const char *what;
                slice pattern;
        } secrets[] = {
                { "the session's cookie", slice_text(cookie) },
                { "the cookie's secret bits", raw },
                { "the token of its forms", slice_text(at->in.session.csrf) },
                { "the cookie of its device", slice_text(at->in.device) },
        };
        const bool sees = is_stored(at, SLICE(at->in.session.hash)), whole = sees && raw.size > 0;
        const char *found = NULL;
        for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
                if (secrets[i].pattern.size && is_stored(at, secrets[i].pattern) && !found)
                        found = secrets[i].what;
        probe_note(at->run, "what the portal has stored holds %s, and %s the session's hash, which is there",
                found ? found : "none of cookie, its bits, form token, device cookie",
                sees ? "this search finds" : "this search does not find");
        if (found)
                probe_end(at->run, PROBE_BROKEN, "The portal stores %s as it is.", found);
        else if (!whole)
                probe_end(at->run, PROBE_PARTLY, "The search sees little of what the portal stores.");
        if (found || sees)
                probe_fact_bool(at->run, LEVEL_VERIFIER_KEEPS_NO_SECRET, !found, !found && !whole);
}

/* The same browser sends it again, and another one; and this other one logs in as it should: what was refused
 * was not refused because nothing is let in any more. */
static mitome_status replay_login(struct probe_portal *at, mitome_error *error)
{
        struct ceremony_logged_in again;
        const mitome_status same = hand_in(at, &again, NULL);
        MITOME_TRY(session_begin(at->portal, &at->session, at->cookie, error));
        const mitome_status other = hand_in(at, &again, NULL);
        const bool taken = !failed(same) || !failed(other);
        probe_note(at->run, "the recorded login is sent again: E%d by the same browser, E%d by another",
                same.code, other.code);
        if (taken) {
                probe_fact_bool(at->run, LEVEL_VERIFIER_REPLAY_REFUSED, false, false);
                probe_end(at->run, PROBE_BROKEN, "The portal takes a recorded login again.");
                return ok();
        }
        MITOME_TRY(session_begin(at->portal, &at->session, at->cookie, error));
        MITOME_TRY(log_in(at, error));
        probe_fact_bool(at->run, LEVEL_VERIFIER_REPLAY_REFUSED, true, false);
        return ok();
}

void probe_portal_look(struct probe_run *run, struct target *target)
{
        struct probe_portal *at = visit(run, target);
        mitome_error error = { 0 };
        if (!at)
                return;
        search_store(at);
        leave_portal(at, replay_login(at, &error), &error);
}
