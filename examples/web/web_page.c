/* SPDX-License-Identifier: Apache-2.0 */
#include "web_page.h"

#include "web_answer.h"
#include "web_cut.h"
#include "web_template.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_OUT_MAX = 4 << 20, SCOPES = WEB_NESTING * 2, PARTS_DEEP = 8 };

bool web_page_find(const struct web_page_set *set, const char *page, size_t *ret)
{
        for (size_t i = 0; i < set->page_count; i++)
                if (strcmp(set->pages[i].name, page) == 0) {
                        *ret = i;
                        return true;
                }
        return false;
}

/* ---- a buffer that grows ---- */

struct page_out {
        uint8_t *bytes;
        size_t size, capacity;
        bool failed;
};

static bool grow(struct page_out *out, size_t more)
{
        size_t wanted = out->capacity ? out->capacity : 4096;
        if (more > PAGE_OUT_MAX - out->size)
                return false;
        while (wanted - out->size < more)
                wanted *= 2;
        if (wanted == out->capacity)
                return true;
        uint8_t *grown = realloc(out->bytes, wanted);
        if (!grown)
                return false;
        out->bytes = grown;
        out->capacity = wanted;
        return true;
}

static void put(struct page_out *out, slice text)
{
        if (out->failed || text.size == 0)
                return;
        if (!grow(out, text.size)) {
                out->failed = true;
                return;
        }
        writer w = { .data = out->bytes, .capacity = out->capacity, .used = out->size };
        write_slice(&w, text);
        out->size = w.used;
}

static const char *escape_of(uint8_t c)
{
        return c == '&'    ? "&amp;"
               : c == '<'  ? "&lt;"
               : c == '>'  ? "&gt;"
               : c == '"'  ? "&quot;"
               : c == '\'' ? "&#39;"
                           : NULL;
}

static void put_escaped(struct page_out *out, slice text)
{
        while (text.size) {
                size_t plain = 0;
                while (plain < text.size && !escape_of(text.data[plain]))
                        plain++;
                put(out, slice_of(text.data, plain));
                text = web_after(text, plain);
                if (text.size) {
                        put(out, slice_text(escape_of(text.data[0])));
                        text = web_after(text, 1);
                }
        }
}

/* ---- data ---- */

struct page_writer {
        const struct web_page_set *set;
        const struct web_request *request;
        json_t *scopes[SCOPES]; /* borrowed; the innermost last */
        size_t depth;
        unsigned deep; /* parts in parts */
        struct page_out out;
};

static json_t *member(json_t *object, slice name)
{
        char key[64];
        if (!json_is_object(object) || name.size == 0 || name.size >= sizeof key ||
                failed(slice_copy(name, "name", (uint8_t *)key, sizeof key - 1, NULL)))
                return NULL;
        key[name.size] = '\0';
        return json_object_get(object, key);
}

static json_t *find_value(const struct page_writer *p, slice name)
{
        if (slice_is(name, "."))
                return p->depth ? p->scopes[p->depth - 1] : NULL;
        slice rest = name, first = web_cut(&rest, '.');
        json_t *found = NULL;
        for (size_t i = p->depth; i > 0 && !found; i--)
                found = member(p->scopes[i - 1], first);
        while (found && rest.size)
                found = member(found, web_cut(&rest, '.'));
        return found;
}

static bool is_true(const json_t *value)
{
        return json_is_string(value)    ? json_string_length(value) > 0
               : json_is_integer(value) ? json_integer_value(value) != 0
               : json_is_array(value)   ? json_array_size(value) > 0
               : json_is_object(value)  ? json_object_size(value) > 0
                                        : json_is_true(value);
}

/* What every page knows. */
static slice own_value(const struct page_writer *p, slice name)
{
        static const char *const tags[WEB_LANGUAGES] = { [WEB_EN] = "en", [WEB_JA] = "ja" };
        if (slice_is(name, "language"))
                return slice_text(tags[p->request->language]);
        if (slice_is(name, "other_language"))
                return slice_text(tags[p->request->language == WEB_EN ? WEB_JA : WEB_EN]);
        return slice_is(name, "path") ? p->request->path : (slice){ 0 };
}

/* The text of a value; numbers into `digits`. */
static slice text_of(const struct page_writer *p, slice name, char digits[32])
{
        const json_t *value = find_value(p, name);
        if (!value)
                return own_value(p, name);
        if (json_is_string(value))
                return slice_of(json_string_value(value), json_string_length(value));
        if (json_is_boolean(value))
                return slice_text(json_is_true(value) ? "true" : "false");
        if (!json_is_integer(value))
                return (slice){ 0 };
        snprintf(digits, 32, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return slice_text(digits);
}

/* ---- nodes ---- */

static void put_value(struct page_writer *p, slice name)
{
        char digits[32];
        put_escaped(&p->out, text_of(p, name, digits));
}

/* An address that a browser would run as a script is none. */
static void put_address(struct page_writer *p, slice name)
{
        static const char *const harmless[] = { "https://", "http://", "#", "?", "data:image/png;base64," };
        char digits[32];
        slice text = text_of(p, name, digits);
        bool fine = text.size > 0 && text.data[0] == '/' &&
                    !(text.size > 1 && (text.data[1] == '/' || text.data[1] == '\\'));
        for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
                fine = fine || slice_begins_with(text, slice_text(harmless[i]));
        put_escaped(&p->out, fine ? text : slice_text("#"));
}

static void put_word(struct page_writer *p, size_t index)
{
        slice rest = slice_text(p->set->words[index].texts[p->request->language]);
        while (rest.size) {
                bool has_value = web_has(rest, '{');
                put_escaped(&p->out, web_cut(&rest, '{'));
                if (has_value)
                        put_value(p, web_cut(&rest, '}'));
        }
}

static void put_named_word(struct page_writer *p, slice name)
{
        char digits[32];
        size_t index = 0;
        if (web_word_find(p->set, text_of(p, name, digits), &index))
                put_word(p, index);
}

static void put_nodes(struct page_writer *p, const struct web_page_one *page, size_t from, size_t to);

static void put_part(struct page_writer *p, size_t index)
{
        const struct web_page_one *page = &p->set->pages[index];
        if (p->deep == PARTS_DEEP) {
                p->out.failed = true;
                return;
        }
        p->deep++;
        put_nodes(p, page, 0, page->count);
        p->deep--;
}

static void put_each(struct page_writer *p, const struct web_page_one *page, size_t at)
{
        json_t *list = find_value(p, page->nodes[at].text);
        if (p->depth == SCOPES) {
                p->out.failed = true;
                return;
        }
        for (size_t i = 0; json_is_array(list) && i < json_array_size(list) && !p->out.failed; i++) {
                p->scopes[p->depth++] = json_array_get(list, i);
                put_nodes(p, page, at + 1, page->nodes[at].index - 1);
                p->depth--;
        }
}

static bool holds(const struct page_writer *p, slice name)
{
        const json_t *value = find_value(p, name);
        return value ? is_true(value) : own_value(p, name).size > 0;
}

static void put_node(struct page_writer *p, const struct web_node *node)
{
        switch (node->kind) {
        case WEB_NODE_TEXT:
                put(&p->out, node->text);
                break;
        case WEB_NODE_VALUE:
                put_value(p, node->text);
                break;
        case WEB_NODE_ADDRESS:
                put_address(p, node->text);
                break;
        case WEB_NODE_WORD:
                put_word(p, node->index);
                break;
        case WEB_NODE_NAMED_WORD:
                put_named_word(p, node->text);
                break;
        case WEB_NODE_PART:
                put_part(p, node->index);
                break;
        default: /* an end */
                break;
        }
}

static void put_nodes(struct page_writer *p, const struct web_page_one *page, size_t from, size_t to)
{
        size_t at = from;
        while (at < to && !p->out.failed) {
                const struct web_node *node = &page->nodes[at];
                if (node->kind == WEB_NODE_EACH)
                        put_each(p, page, at);
                else
                        put_node(p, node);
                bool jumps = node->kind == WEB_NODE_EACH || node->kind == WEB_NODE_ELSE ||
                             (node->kind == WEB_NODE_IF && !holds(p, node->text));
                at = jumps ? node->index : at + 1;
        }
}

bool web_page_write(const struct web_page_set *set, size_t page, const struct web_request *request,
        json_t *data, uint8_t **ret_bytes, size_t *ret_size)
{
        struct page_writer p = { .set = set, .request = request };
        if (data)
                p.scopes[p.depth++] = data;
        put_nodes(&p, &set->pages[page], 0, set->pages[page].count);
        if (p.out.failed) {
                free(p.out.bytes);
                return false;
        }
        *ret_bytes = p.out.bytes;
        *ret_size = p.out.size;
        return true;
}

void web_page(struct web_answer *answer, const struct web_page_set *set, const struct web_request *request,
        const char *page, json_t *stolen_data)
{
        static const char *const tags[WEB_LANGUAGES] = { [WEB_EN] = "en", [WEB_JA] = "ja" };
        static const struct web_cookie_rule kept = { .name = "language", .seconds = 365 * 24 * 3600 };
        size_t index = 0;
        unsigned status = answer->status;
        web_text(answer, "text/html; charset=utf-8", (slice){ 0 });
        if (!web_page_find(set, page, &index)) {
                json_decref(stolen_data);
                web_json(answer, 500, NULL); /* which breaks it */
                return;
        }
        web_status(answer, status);
        web_set_header(answer, "Content-Language", tags[request->language]);
        if (request->language_asked)
                web_set_cookie(answer, request, &kept, slice_text(tags[request->language]));
        if (answer->broken) {
                json_decref(stolen_data);
                return;
        }
        answer->kind = WEB_PAGE;
        answer->pages = set;
        answer->page = index;
        answer->data = stolen_data;
}
