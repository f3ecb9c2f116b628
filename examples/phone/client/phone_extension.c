/* SPDX-License-Identifier: Apache-2.0 */
#include "phone_extension.h"

#include "hex_text.h"
#include "json_object.h"
#include "key_file.h"
#include "phone_client.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { ID_SIZE = 16, ID_TEXT = 2 * ID_SIZE, PATH_SIZE = 4096, KIND_MAX = 16 };
enum { BODY_MAX = WEB_CLIENT_OPTIONS_MAX + 1024, SHORT_BODY_MAX = 256, MESSAGE_MAX = 16 };
enum { OUT_MAX = WEB_CLIENT_ANSWER_MAX + 256 };

static const char clause[] = "docs/extension.md";

enum work_state { NOTHING, WORKS, DONE };

/* The one request that there is. What the errand reads is not changed while the state is WORKS; what it
 * writes is not read before it is DONE. */
struct proxied {
        enum work_state state;
        bool creates;
        uint64_t errand;
        char id[ID_TEXT + 1];
        char origin[PHONE_TEXT_MAX];
        bool cross_origin;
        size_t options_size;
        uint8_t options[WEB_CLIENT_OPTIONS_MAX];
        mitome_status status;
        struct web_client_answer answer;
        uint8_t buffer[WEB_CLIENT_ANSWER_MAX];
};

struct phone_extension {
        struct phone_extension_config config;
        uint8_t secret[PHONE_EXTENSION_SECRET_SIZE];
        char secret_text[PHONE_EXTENSION_SECRET_TEXT];
        pthread_mutex_t mutex; /* of all that follows */
        struct proxied proxied;
};

/* ---- opening ---- */

static void write_secret(struct phone_extension *extension)
{
        enum { GROUP = 2 };
        writer w = writer_over((uint8_t *)extension->secret_text, sizeof extension->secret_text - 1);
        reader r = reader_over(SLICE(extension->secret), NULL, NULL);
        slice group;
        while (r.rest.size && !failed(read_bytes(&r, "secret", GROUP, &group))) {
                if (w.used)
                        write_slice(&w, slice_text("-"));
                hex_text_write(&w, group);
        }
}

mitome_status phone_extension_open(
        const struct phone_extension_config *config, struct phone_extension **ret, mitome_error *error)
{
        char path[PATH_SIZE];
        int length = snprintf(path, sizeof path, "%s/extension-secret", config->folder);
        if (length < 0 || (size_t)length >= sizeof path)
                return fail(error, MITOME_E_TOO_LONG, "folder", NULL);
        struct phone_extension *extension = calloc(1, sizeof *extension);
        if (!extension)
                return fail(error, MITOME_E_NO_MEMORY, "extension", NULL);
        mitome_status status =
                key_file_keep(path, sizeof extension->secret, &config->random, extension->secret, error);
        if (failed(status)) {
                free(extension);
                return status;
        }
        extension->config = *config;
        pthread_mutex_init(&extension->mutex, NULL);
        write_secret(extension);
        *ret = extension;
        return ok();
}

void phone_extension_close(struct phone_extension *extension)
{
        if (!extension)
                return;
        pthread_mutex_destroy(&extension->mutex);
        bytes_wipe(extension, sizeof *extension);
        free(extension);
}

const char *phone_extension_secret(const struct phone_extension *extension)
{
        return extension->secret_text;
}

/* ---- who asks ---- */

/* "chrome-extension://" and 32 letters from a to p. No page has such an origin, and a browser lets nobody set
 * the header. */
static bool is_extension(slice origin)
{
        enum { ID_LETTERS = 32 };
        static const char scheme[] = "chrome-extension://";
        if (!slice_begins_with(origin, slice_text(scheme)) || origin.size != sizeof scheme - 1 + ID_LETTERS)
                return false;
        bool letters = true;
        for (size_t i = sizeof scheme - 1; i < origin.size; i++)
                letters = letters && origin.data[i] >= 'a' && origin.data[i] <= 'p';
        return letters;
}

/* A secret as it was typed: dashes and blanks fall away. */
static mitome_status read_secret(slice text, struct secret *ret)
{
        uint8_t digits[2 * PHONE_EXTENSION_SECRET_SIZE];
        writer w = WRITER(digits);
        slice bytes;
        for (size_t i = 0; i < text.size; i++)
                if (text.data[i] != '-' && text.data[i] != ' ')
                        write_u8(&w, text.data[i]);
        ret->size = PHONE_EXTENSION_SECRET_SIZE;
        mitome_status status =
                w.overflowed ? (mitome_status){ MITOME_E_TOO_LONG }
                             : hex_text_decode(writer_view(&w), "secret", ret->data, ret->size, &bytes, NULL);
        bytes_wipe(digits, sizeof digits);
        return failed(status) || bytes.size == ret->size ? status : (mitome_status){ MITOME_E_INPUT_ENDS };
}

/* Wrong ones are not counted: nobody guesses 128 bits, and a count would let any program of this machine shut
 * the paired extension out. */
static mitome_status check_asker(
        const struct phone_extension *extension, const struct web_request *request, mitome_error *error)
{
        SECRET(said);
        if (!is_extension(request->origin))
                return fail(error, MITOME_E_EXTENSION_ORIGIN, "Origin", clause);
        bool readable = !failed(read_secret(web_header(request, "X-Mitome-Pairing"), &said));
        return readable && secret_equal(secret_view(&said), SLICE(extension->secret))
                       ? ok()
                       : fail(error, MITOME_E_EXTENSION_SECRET, "X-Mitome-Pairing", clause);
}

/* ---- what is asked ---- */

struct letter {
        slice kind, id, options;
};

static mitome_status read_letter(slice body, writer *arena, struct letter *ret, mitome_error *error)
{
        struct letter letter = { 0 };
        const struct json_field fields[] = {
                { "kind", "kind", json_field_text, .max = KIND_MAX, .bytes = &letter.kind },
                { "request", "request", json_field_text, .max = ID_TEXT, .bytes = &letter.id },
                { "options", "options", json_field_raw, .bytes = &letter.options },
        };
        const struct json_object object = {
                .field = "letter", .fields = fields, .count = sizeof fields / sizeof *fields, .closed = true
        };
        struct json_reader r = json_over(body, clause, error);
        MITOME_TRY(json_object_read(&r, arena, &object));
        MITOME_TRY(json_end(&r, "letter"));
        *ret = letter;
        return ok();
}

/* For which page: Chromium puts that into the options that it hands to the extension. */
struct page_words {
        slice origin;
        bool same_origin;
};

static mitome_status read_page(slice options, writer *arena, struct page_words *ret, mitome_error *error)
{
        struct page_words words = { 0 };
        const struct json_field page[] = {
                { "origin", "remoteDesktopClientOverride.origin", json_field_text, .required = true,
                        .max = PHONE_TEXT_MAX - 1, .bytes = &words.origin },
                { "sameOriginWithAncestors", "remoteDesktopClientOverride.sameOriginWithAncestors",
                        json_field_bool, .required = true, .flag = &words.same_origin },
        };
        const struct json_object page_object = {
                .field = "remoteDesktopClientOverride", .fields = page, .count = sizeof page / sizeof *page
        };
        const struct json_field extensions[] = {
                { "remoteDesktopClientOverride", "remoteDesktopClientOverride", json_field_object,
                        .required = true, .members = &page_object },
        };
        const struct json_object extensions_object = {
                .field = "extensions", .fields = extensions, .count = 1
        };
        const struct json_field fields[] = {
                { "extensions", "extensions", json_field_object, .required = true,
                        .members = &extensions_object },
        };
        const struct json_object object = { .field = "options", .fields = fields, .count = 1 };
        struct json_reader r = json_over(options, clause, error);
        MITOME_TRY(json_object_read(&r, arena, &object));
        *ret = words;
        return ok();
}

/* ---- the errand ---- */

static mitome_status run_ceremony(void *context, struct phone_actor *actor, mitome_error *error)
{
        struct phone_extension *extension = context;
        struct proxied *proxied = &extension->proxied;
        const struct web_client_page page = { .origin = slice_text(proxied->origin),
                .cross_origin = proxied->cross_origin };
        const slice options = slice_of(proxied->options, proxied->options_size);
        struct phone_client phone;
        phone_client_open(&phone, actor, proxied->origin, false);
        return (proxied->creates ? web_client_create : web_client_get)(&phone.client, &page, options,
                proxied->buffer, sizeof proxied->buffer, &proxied->answer, error);
}

static void note_end(void *context, mitome_status status, const mitome_error *error)
{
        struct phone_extension *extension = context;
        (void)error;
        pthread_mutex_lock(&extension->mutex);
        extension->proxied.status = status;
        extension->proxied.state = DONE;
        pthread_mutex_unlock(&extension->mutex);
}

static mitome_status draw_id(
        const struct phone_extension *extension, char ret[ID_TEXT + 1], mitome_error *error)
{
        uint8_t bytes[ID_SIZE];
        const struct mitome_random *random = &extension->config.random;
        writer w = writer_over((uint8_t *)ret, ID_TEXT);
        if (random->fill(random->context, bytes, sizeof bytes) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, "request", NULL);
        hex_text_write(&w, SLICE(bytes));
        ret[ID_TEXT] = '\0';
        return ok();
}

/* The mutex is held, and nothing is being done: the errand sees what is written here. */
static mitome_status fill_in(struct phone_extension *extension, const struct letter *letter,
        const struct page_words *page, mitome_error *error)
{
        struct proxied *proxied = &extension->proxied;
        bytes_wipe(proxied, sizeof *proxied);
        proxied->creates = slice_is(letter->kind, "create");
        proxied->cross_origin = !page->same_origin;
        MITOME_TRY(slice_copy(
                page->origin, "origin", (uint8_t *)proxied->origin, sizeof proxied->origin - 1, error));
        MITOME_TRY(slice_copy(letter->options, "options", proxied->options, sizeof proxied->options, error));
        proxied->options_size = letter->options.size;
        return draw_id(extension, proxied->id, error);
}

static mitome_status begin(struct phone_extension *extension, const struct letter *letter,
        const struct page_words *page, mitome_error *error)
{
        struct proxied *proxied = &extension->proxied;
        const struct phone_errand errand = { .name = slice_is(letter->kind, "create") ? "register" : "login",
                .context = extension,
                .run = run_ceremony,
                .done = note_end };
        if (proxied->state == WORKS)
                return fail(error, MITOME_E_GATE_BUSY, "request", NULL);
        MITOME_TRY(fill_in(extension, letter, page, error));
        proxied->state = WORKS;
        mitome_status status = phone_actor_begin(extension->config.actor, &errand, &proxied->errand, error);
        if (failed(status))
                proxied->state = NOTHING;
        return status;
}

/* ---- answers ---- */

static const struct {
        mitome_code code;
        unsigned status;
} http_statuses[] = {
        { MITOME_E_EXTENSION_ORIGIN, 403 },
        { MITOME_E_EXTENSION_SECRET, 401 },
        { MITOME_E_EXTENSION_REQUEST, 404 },
        { MITOME_E_GATE_BUSY, 409 },
        { MITOME_E_GATE_BROKEN, 503 },
};

static void answer_failure(const struct web_request *request, mitome_status status, const mitome_error *error,
        struct web_answer *answer)
{
        unsigned number = 400;
        for (size_t i = 0; i < sizeof http_statuses / sizeof *http_statuses; i++)
                if (http_statuses[i].code == status.code)
                        number = http_statuses[i].status;
        web_problem(answer, request, number, status.code, error->field);
}

/* What a page is told is the exception's name; words are for people who write pages. */
static void write_outcome(struct json_writer *json, const struct proxied *proxied)
{
        char words[MESSAGE_MAX];
        if (!failed(proxied->status)) {
                json_write_string(json, "state", "done");
                json_write_raw(json, "response", proxied->answer.json);
                return;
        }
        snprintf(words, sizeof words, "E%d", (int)proxied->status.code);
        json_write_string(json, "state", "failed");
        json_write_string(json, "name", web_client_exception(proxied->status, proxied->answer.status));
        json_write_string(json, "message", words);
}

static bool is_current(const struct proxied *proxied, slice id)
{
        return proxied->state != NOTHING && id.size == ID_TEXT &&
               secret_equal(id, slice_of(proxied->id, ID_TEXT));
}

/* ---- routes ---- */

/* What is done with the mutex held; `out` is the answer's body. */
typedef mitome_status act_on(
        struct phone_extension *extension, const struct letter *letter, writer *out, mitome_error *error);

static mitome_status act_begin(
        struct phone_extension *extension, const struct letter *letter, writer *out, mitome_error *error)
{
        uint8_t space[2 * PHONE_TEXT_MAX];
        writer arena = WRITER(space);
        struct page_words page;
        struct json_writer json = json_into(out);
        if (!slice_is(letter->kind, "create") && !slice_is(letter->kind, "get"))
                return fail(error, MITOME_E_VALUE, "kind", clause);
        MITOME_TRY(read_page(letter->options, &arena, &page, error));
        MITOME_TRY(begin(extension, letter, &page, error));
        json_write_open_object(&json, NULL);
        json_write_string(&json, "request", extension->proxied.id);
        json_write_close_object(&json);
        return ok();
}

static mitome_status act_poll(
        struct phone_extension *extension, const struct letter *letter, writer *out, mitome_error *error)
{
        const struct proxied *proxied = &extension->proxied;
        struct json_writer json = json_into(out);
        if (!is_current(proxied, letter->id))
                return fail(error, MITOME_E_EXTENSION_REQUEST, "request", clause);
        json_write_open_object(&json, NULL);
        if (proxied->state == WORKS)
                json_write_string(&json, "state", "works");
        else
                write_outcome(&json, proxied);
        json_write_close_object(&json);
        return ok();
}

/* The page has gone, or has thought better of it: the finger is waited for no more. */
static mitome_status act_cancel(
        struct phone_extension *extension, const struct letter *letter, writer *out, mitome_error *error)
{
        const struct proxied *proxied = &extension->proxied;
        if (!is_current(proxied, letter->id))
                return fail(error, MITOME_E_EXTENSION_REQUEST, "request", clause);
        if (proxied->state == WORKS) /* one that has just ended needs none */
                (void)phone_actor_cancel(extension->config.actor, proxied->errand);
        write_slice(out, slice_text("{}"));
        return ok();
}

/* That the secret is right is all that there is to know. */
static mitome_status act_pair(
        struct phone_extension *extension, const struct letter *letter, writer *out, mitome_error *error)
{
        (void)extension;
        (void)letter;
        (void)error;
        write_slice(out, slice_text("{\"paired\":true}"));
        return ok();
}

static mitome_status act(struct phone_extension *extension, slice body, act_on *what,
        struct web_answer *answer, mitome_error *error)
{
        uint8_t space[2 * ID_TEXT + KIND_MAX], *bytes = malloc(OUT_MAX);
        writer arena = WRITER(space), out = writer_over(bytes, bytes ? OUT_MAX : 0);
        struct letter letter = { 0 };
        mitome_status status = bytes ? ok() : fail(error, MITOME_E_NO_MEMORY, "request", NULL);
        if (!failed(status))
                status = read_letter(body, &arena, &letter, error);
        if (!failed(status)) {
                pthread_mutex_lock(&extension->mutex);
                status = what(extension, &letter, &out, error);
                pthread_mutex_unlock(&extension->mutex);
        }
        slice text;
        if (!failed(status))
                status = writer_finish(&out, "answer", &text, error);
        if (!failed(status))
                web_text(answer, "application/json", text);
        free(bytes);
        return status;
}

/* Every route: who asks, then what. */
static void handle(void *context, const struct web_request *request, act_on *what, struct web_answer *answer)
{
        struct phone_extension *extension = context;
        mitome_error error = { 0 };
        mitome_status status = check_asker(extension, request, &error);
        if (!failed(status))
                status = act(extension, request->body, what, answer, &error);
        if (failed(status))
                answer_failure(request, status, &error, answer);
}

static void handle_begin(void *context, const struct web_request *request, struct web_answer *answer)
{
        handle(context, request, act_begin, answer);
}

static void handle_poll(void *context, const struct web_request *request, struct web_answer *answer)
{
        handle(context, request, act_poll, answer);
}

static void handle_cancel(void *context, const struct web_request *request, struct web_answer *answer)
{
        handle(context, request, act_cancel, answer);
}

static void handle_pair(void *context, const struct web_request *request, struct web_answer *answer)
{
        handle(context, request, act_pair, answer);
}

struct web_route_set phone_extension_routes(struct phone_extension *extension)
{
        static const struct web_route routes[] = {
                { WEB_POST, "/extension/pair", WEB_HERE, handle_pair, "application/json", SHORT_BODY_MAX },
                { WEB_POST, "/extension/begin", WEB_HERE, handle_begin, "application/json", BODY_MAX },
                { WEB_POST, "/extension/poll", WEB_HERE, handle_poll, "application/json", SHORT_BODY_MAX },
                { WEB_POST, "/extension/cancel", WEB_HERE, handle_cancel, "application/json",
                        SHORT_BODY_MAX },
        };
        return (struct web_route_set){
                .routes = routes, .count = sizeof routes / sizeof *routes, .context = extension
        };
}
