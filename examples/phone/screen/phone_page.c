/* SPDX-License-Identifier: Apache-2.0 */
#include "phone_page.h"

#include "hex_text.h"
#include "phone_guard.h"
#include "phone_view.h"

#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 4096, IMAGE_MAX = 1024 * 1024, LINK_MAX = 1024 };

struct phone_page {
        struct phone_page_config config;
        struct phone_guard guard;
};

/* ---- answers ---- */

static unsigned http_of(mitome_code code)
{
        enum { BAD_REQUEST = 400, FORBIDDEN = 403, CONFLICT = 409 };
        switch (code) {
        case MITOME_E_PHONE_PAGE_SECRET:
        case MITOME_E_PHONE_PAGE_ORIGIN:
                return FORBIDDEN;
        case MITOME_E_PHONE_PROMPT_OVER:
        case MITOME_E_GATE_BUSY:
        case MITOME_E_GATE_IDLE:
                return CONFLICT;
        default:
                return BAD_REQUEST;
        }
}

static void answer_with(struct web_answer *answer, const struct web_request *request, mitome_status status,
        const mitome_error *error, json_t *stolen)
{
        enum { HTTP_OK = 200 };
        if (!failed(status)) {
                web_json(answer, HTTP_OK, stolen ? stolen : json_object());
                return;
        }
        json_decref(stolen);
        web_problem(answer, request, http_of(status.code), status.code, error->field);
}

/* ---- what is read: GET ---- */

/* 0: there is none. */
static uint64_t number_of(const struct web_request *request, const char *name)
{
        enum { DIGITS = 18 };
        uint8_t bytes[32];
        writer w = WRITER(bytes);
        slice text;
        uint64_t number = 0;
        if (failed(web_field(request->query, name, &w, &text, NULL)) || text.size > DIGITS)
                return 0;
        for (size_t i = 0; i < text.size; i++) {
                if (text.data[i] < '0' || text.data[i] > '9')
                        return 0;
                number = number * 10 + (uint64_t)(text.data[i] - '0');
        }
        return number;
}

static json_t *see_screen(struct phone_page *page, const struct web_request *request)
{
        return phone_view_screen(
                page->config.actor, request->language == WEB_JA ? MITOME_JAPANESE : MITOME_ENGLISH);
}

static json_t *see_state(struct phone_page *page, const struct web_request *request)
{
        (void)request;
        return phone_view_state(page->config.actor, page->config.pairing_secret);
}

static json_t *see_log(struct phone_page *page, const struct web_request *request)
{
        return phone_view_log(page->config.actor, number_of(request, "after"));
}

static void see(struct phone_page *page, const struct web_request *request, struct web_answer *answer,
        json_t *(*look)(struct phone_page *, const struct web_request *))
{
        mitome_error error = { 0 };
        mitome_status status = phone_guard_check(&page->guard, request, &error);
        answer_with(answer, request, status, &error, failed(status) ? NULL : look(page, request));
}

static void get_screen(void *context, const struct web_request *request, struct web_answer *answer)
{
        see(context, request, answer, see_screen);
}

static void get_state(void *context, const struct web_request *request, struct web_answer *answer)
{
        see(context, request, answer, see_state);
}

static void get_log(void *context, const struct web_request *request, struct web_answer *answer)
{
        see(context, request, answer, see_log);
}

static void get_page(void *context, const struct web_request *request, struct web_answer *answer)
{
        const struct phone_page *page = context;
        web_page(answer, page->config.pages, request, "screen", NULL);
}

/* ---- what is done: POST ---- */

static mitome_status read_object(const struct web_request *request, json_t **ret, mitome_error *error)
{
        json_t *object = json_loadb(
                (const char *)request->body.data, request->body.size, JSON_REJECT_DUPLICATES, NULL);
        if (!json_is_object(object)) {
                json_decref(object);
                return fail(error, MITOME_E_VALUE, "the body", NULL);
        }
        *ret = object;
        return ok();
}

static mitome_status take_number(json_t *object, const char *name, uint64_t *ret, mitome_error *error)
{
        const json_t *value = json_object_get(object, name);
        if (!json_is_integer(value) || json_integer_value(value) < 0)
                return fail(error, MITOME_E_VALUE, "a number of the body", NULL);
        *ret = (uint64_t)json_integer_value(value);
        return ok();
}

/* No prompt has the number 0, which stands for all that cannot be one's. */
static unsigned prompt_of(uint64_t number)
{
        return number <= UINT_MAX ? (unsigned)number : 0;
}

static mitome_status take_prompt(json_t *object, unsigned *ret, mitome_error *error)
{
        uint64_t number;
        MITOME_TRY(take_number(object, "prompt", &number, error));
        *ret = prompt_of(number);
        return ok();
}

/* Missing is empty. */
static slice take_text(json_t *object, const char *name)
{
        const json_t *value = json_object_get(object, name);
        return json_is_string(value) ? slice_of(json_string_value(value), json_string_length(value))
                                     : (slice){ 0 };
}

static mitome_status do_reply(struct phone_page *page, json_t *object, json_t **ret, mitome_error *error)
{
        unsigned prompt;
        (void)ret;
        MITOME_TRY(take_prompt(object, &prompt, error));
        return phone_actor_reply(page->config.actor, prompt, json_is_true(json_object_get(object, "yes")),
                take_text(object, "secret"), error);
}

static mitome_status do_pin_instead(
        struct phone_page *page, json_t *object, json_t **ret, mitome_error *error)
{
        unsigned prompt;
        (void)ret;
        MITOME_TRY(take_prompt(object, &prompt, error));
        return phone_actor_pin_instead(page->config.actor, prompt, error);
}

static mitome_status do_touch(struct phone_page *page, json_t *object, json_t **ret, mitome_error *error)
{
        unsigned prompt;
        uint64_t finger;
        (void)ret;
        MITOME_TRY(take_prompt(object, &prompt, error));
        MITOME_TRY(take_number(object, "finger", &finger, error));
        return phone_actor_touch(
                page->config.actor, prompt, finger < UINT_MAX ? (unsigned)finger : UINT_MAX, error);
}

static mitome_status do_cancel(struct phone_page *page, json_t *object, json_t **ret, mitome_error *error)
{
        uint64_t errand;
        (void)ret;
        MITOME_TRY(take_number(object, "errand", &errand, error));
        return phone_actor_cancel(page->config.actor, errand)
                       ? ok()
                       : fail(error, MITOME_E_PHONE_PROMPT_OVER, "the errand", NULL);
}

static mitome_status do_wish(struct phone_page *page, json_t *object, json_t **ret, mitome_error *error)
{
        uint8_t bytes[MITOME_GATE_FINGER_ID_SIZE];
        uint64_t number;
        slice id = { 0 };
        const slice hex = take_text(object, "id");
        if (hex.size)
                MITOME_TRY(hex_text_decode(hex, "id", bytes, sizeof bytes, &id, error));
        MITOME_TRY(phone_view_wish(page->config.actor, take_text(object, "wish"), id,
                take_text(object, "name"), &number, error));
        *ret = json_pack("{s:I}", "errand", (json_int_t)number);
        return ok();
}

/* ---- a link ---- */

struct follow {
        struct phone_login_config login;
        char link[LINK_MAX + 1];
};

static mitome_status follow_link(void *context, struct phone_actor *actor, mitome_error *error)
{
        const struct follow *follow = context;
        return phone_login_run(actor, &follow->login, follow->link, error);
}

static void forget_link(void *context, mitome_status status, const mitome_error *error)
{
        (void)status;
        (void)error;
        free(context);
}

static mitome_status do_link(struct phone_page *page, json_t *object, json_t **ret, mitome_error *error)
{
        const slice link = take_text(object, "link");
        uint64_t number;
        struct follow *follow = calloc(1, sizeof *follow);
        if (!follow)
                return fail(error, MITOME_E_NO_MEMORY, "link", NULL);
        follow->login = page->config.login;
        const struct phone_errand errand = {
                .name = "login", .context = follow, .run = follow_link, .done = forget_link
        };
        mitome_status status = slice_copy(link, "link", (uint8_t *)follow->link, LINK_MAX, error);
        if (!failed(status))
                status = phone_actor_begin(page->config.actor, &errand, &number, error);
        if (failed(status))
                free(follow);
        else
                *ret = json_pack("{s:I}", "errand", (json_int_t)number);
        return status;
}

/* ---- their beginning ---- */

static void act(struct phone_page *page, const struct web_request *request, struct web_answer *answer,
        mitome_status (*work)(struct phone_page *, json_t *, json_t **, mitome_error *))
{
        mitome_error error = { 0 };
        json_t *object = NULL, *said = NULL;
        mitome_status status = phone_guard_check(&page->guard, request, &error);
        if (!failed(status))
                status = read_object(request, &object, &error);
        if (!failed(status))
                status = work(page, object, &said, &error);
        json_decref(object);
        answer_with(answer, request, status, &error, said);
}

static void post_reply(void *context, const struct web_request *request, struct web_answer *answer)
{
        act(context, request, answer, do_reply);
}

static void post_pin_instead(void *context, const struct web_request *request, struct web_answer *answer)
{
        act(context, request, answer, do_pin_instead);
}

static void post_touch(void *context, const struct web_request *request, struct web_answer *answer)
{
        act(context, request, answer, do_touch);
}

static void post_cancel(void *context, const struct web_request *request, struct web_answer *answer)
{
        act(context, request, answer, do_cancel);
}

static void post_wish(void *context, const struct web_request *request, struct web_answer *answer)
{
        act(context, request, answer, do_wish);
}

static void post_link(void *context, const struct web_request *request, struct web_answer *answer)
{
        act(context, request, answer, do_link);
}

static void post_image(void *context, const struct web_request *request, struct web_answer *answer)
{
        struct phone_page *page = context;
        mitome_error error = { 0 };
        mitome_status status = phone_guard_check(&page->guard, request, &error);
        if (!failed(status))
                status = phone_actor_touch_image(
                        page->config.actor, prompt_of(number_of(request, "prompt")), request->body, &error);
        answer_with(answer, request, status, &error, NULL);
}

static void post_open(void *context, const struct web_request *request, struct web_answer *answer)
{
        struct phone_page *page = context;
        mitome_error error = { 0 };
        json_t *object = NULL;
        mitome_status status = read_object(request, &object, &error);
        if (!failed(status))
                status =
                        phone_guard_admit(&page->guard, request, take_text(object, "secret"), answer, &error);
        json_decref(object);
        answer_with(answer, request, status, &error,
                failed(status) ? NULL : json_pack("{s:s}", "csrf", page->guard.csrf));
}

#define JSON "application/json"

static const struct web_route routes[] = {
        { WEB_GET, "/", WEB_HERE, get_page, NULL, 0 },
        { WEB_POST, "/api/open", WEB_HERE, post_open, JSON, BODY_MAX },
        { WEB_GET, "/api/screen", WEB_HERE, get_screen, NULL, 0 },
        { WEB_GET, "/api/state", WEB_HERE, get_state, NULL, 0 },
        { WEB_GET, "/api/log", WEB_HERE, get_log, NULL, 0 },
        { WEB_POST, "/api/reply", WEB_HERE, post_reply, JSON, BODY_MAX },
        { WEB_POST, "/api/pin-instead", WEB_HERE, post_pin_instead, JSON, BODY_MAX },
        { WEB_POST, "/api/touch", WEB_HERE, post_touch, JSON, BODY_MAX },
        { WEB_POST, "/api/touch-image", WEB_HERE, post_image, "image/x-portable-graymap", IMAGE_MAX },
        { WEB_POST, "/api/wish", WEB_HERE, post_wish, JSON, BODY_MAX },
        { WEB_POST, "/api/cancel", WEB_HERE, post_cancel, JSON, BODY_MAX },
        { WEB_POST, "/api/link", WEB_HERE, post_link, JSON, BODY_MAX },
};

/* ---- its life ---- */

struct web_route_set phone_page_routes(struct phone_page *page)
{
        return (struct web_route_set){ routes, sizeof routes / sizeof *routes, page };
}

const char *phone_page_secret(const struct phone_page *page)
{
        return page->guard.secret;
}

mitome_status phone_page_open(
        const struct phone_page_config *config, struct phone_page **ret, mitome_error *error)
{
        struct phone_page *page = calloc(1, sizeof *page);
        if (!page)
                return fail(error, MITOME_E_NO_MEMORY, "page", NULL);
        page->config = *config;
        mitome_status status = phone_guard_draw(&config->random, &page->guard, error);
        if (failed(status))
                phone_page_close(page);
        else
                *ret = page;
        return status;
}

void phone_page_close(struct phone_page *page)
{
        if (!page)
                return;
        bytes_wipe(page, sizeof *page);
        free(page);
}
