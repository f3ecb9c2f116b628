/* SPDX-License-Identifier: Apache-2.0 */
#include "web_template.h"

#include "web_cut.h"
#include "web_markup.h"

#include <stdlib.h>
#include <string.h>

struct block {
        size_t node;
        struct web_markup before;
};

struct template_parser {
        struct web_page_set *set;
        struct web_page_one *page;
        struct web_markup markup;
        struct block blocks[WEB_NESTING];
        size_t depth, capacity;
        slice rest;
        struct web_place *place;
        mitome_error *error;
};

MITOME_CHECKED static mitome_status complain(struct template_parser *p, const char *field, slice name)
{
        web_place_name(p->place, name);
        return fail(p->error, MITOME_E_WEB_TEMPLATE, field, NULL);
}

MITOME_CHECKED static mitome_status add(
        struct template_parser *p, enum web_node_kind kind, slice text, size_t index)
{
        if (p->page->count == WEB_NODES)
                return fail(p->error, MITOME_E_TOO_MANY, "list of a page's parts", NULL);
        if (p->page->count == p->capacity) {
                size_t wanted = p->capacity ? p->capacity * 2 : 64;
                struct web_node *grown = realloc(p->page->nodes, wanted * sizeof *grown);
                if (!grown)
                        return fail(p->error, MITOME_E_NO_MEMORY, "page", NULL);
                p->page->nodes = grown;
                p->capacity = wanted;
        }
        p->page->nodes[p->page->count++] = (struct web_node){ .kind = kind, .text = text, .index = index };
        return ok();
}

static bool is_name(slice name)
{
        if (slice_is(name, "."))
                return true;
        for (size_t i = 0; i < name.size; i++) {
                uint8_t c = name.data[i];
                bool letter = (c >= 'a' && c <= 'z') || c == '_', digit = c >= '0' && c <= '9';
                bool dot = c == '.' && i > 0 && i + 1 < name.size && name.data[i - 1] != '.';
                if (!letter && !(i > 0 && (digit || dot)))
                        return false;
        }
        return name.size > 0 && name.size < 64;
}

/* ---- what writes something ---- */

static bool may_stand(const struct template_parser *p)
{
        enum web_markup_place place = p->markup.place;
        return place == WEB_IN_TEXT || place == WEB_IN_VALUE || place == WEB_IN_URL_VALUE;
}

static mitome_status take_value(struct template_parser *p, slice name)
{
        if (!is_name(name))
                return complain(p, "name of a value", name);
        if (!may_stand(p))
                return complain(p, "value at this place", name);
        bool address = p->markup.place == WEB_IN_URL_VALUE && p->markup.begins;
        p->markup.begins = false;
        return add(p, address ? WEB_NODE_ADDRESS : WEB_NODE_VALUE, name, 0);
}

static mitome_status take_word(struct template_parser *p, slice name)
{
        size_t index = 0;
        if (p->markup.place != WEB_IN_TEXT && p->markup.place != WEB_IN_VALUE)
                return complain(p, "word at this place", name);
        if (!web_word_find(p->set, name, &index)) {
                web_place_name(p->place, name);
                return fail(p->error, MITOME_E_WEB_WORD, "word", NULL);
        }
        p->set->words[index].used = true;
        return add(p, WEB_NODE_WORD, name, index);
}

static mitome_status take_named_word(struct template_parser *p, slice name)
{
        if (!is_name(name) || (p->markup.place != WEB_IN_TEXT && p->markup.place != WEB_IN_VALUE))
                return complain(p, "word at this place", name);
        return add(p, WEB_NODE_NAMED_WORD, name, 0);
}

static mitome_status take_part(struct template_parser *p, slice name)
{
        if (p->markup.place != WEB_IN_TEXT)
                return complain(p, "part at this place", name);
        for (size_t i = 0; i < p->set->page_count; i++)
                if (slice_is(name, p->set->pages[i].name))
                        return add(p, WEB_NODE_PART, name, i);
        return complain(p, "part that is no page", name);
}

/* ---- blocks ---- */

static mitome_status open_block(struct template_parser *p, enum web_node_kind kind, slice name)
{
        if (!is_name(name) || p->depth == WEB_NESTING)
                return complain(p, "block", name);
        p->blocks[p->depth++] = (struct block){ .node = p->page->count, .before = p->markup };
        return add(p, kind, name, 0);
}

/* Whichever way was gone, the same place in the HTML is come to; so what follows can be judged. */
static mitome_status end_way(struct template_parser *p, const struct block *block)
{
        return web_markup_same(&p->markup, &block->before)
                       ? ok()
                       : complain(p, "block that ends at another place of the page than it began",
                                 (slice){ 0 });
}

static mitome_status take_else(struct template_parser *p)
{
        struct block *block = p->depth ? &p->blocks[p->depth - 1] : NULL;
        if (!block || p->page->nodes[block->node].kind != WEB_NODE_IF)
                return complain(p, "{{#else}} without its {{#if}}", (slice){ 0 });
        MITOME_TRY(end_way(p, block));
        MITOME_TRY(add(p, WEB_NODE_ELSE, (slice){ 0 }, 0));
        p->page->nodes[block->node].index = p->page->count;
        block->node = p->page->count - 1;
        p->markup = block->before;
        return ok();
}

static mitome_status close_block(struct template_parser *p, bool each)
{
        const struct block *block = p->depth ? &p->blocks[p->depth - 1] : NULL;
        if (!block || (p->page->nodes[block->node].kind == WEB_NODE_EACH) != each)
                return complain(p, "end of a block that was not begun", (slice){ 0 });
        MITOME_TRY(end_way(p, block));
        MITOME_TRY(add(p, WEB_NODE_END, (slice){ 0 }, 0));
        p->page->nodes[block->node].index = p->page->count;
        p->depth--;
        return ok();
}

/* ---- reading ---- */

static bool begins(slice *inner, const char *mark)
{
        slice before = slice_text(mark);
        if (!slice_begins_with(*inner, before))
                return false;
        *inner = web_after(*inner, before.size);
        return true;
}

static mitome_status take_braces(struct template_parser *p, slice inner)
{
        if (slice_is(inner, "#else"))
                return take_else(p);
        if (slice_is(inner, "/if"))
                return close_block(p, false);
        if (slice_is(inner, "/each"))
                return close_block(p, true);
        if (begins(&inner, "#if "))
                return open_block(p, WEB_NODE_IF, inner);
        if (begins(&inner, "#each "))
                return open_block(p, WEB_NODE_EACH, inner);
        if (begins(&inner, ":"))
                return take_word(p, inner);
        if (begins(&inner, "="))
                return take_named_word(p, inner);
        if (begins(&inner, ">"))
                return take_part(p, inner);
        return take_value(p, inner);
}

static mitome_status take_text(struct template_parser *p, size_t size)
{
        if (size == 0)
                return ok();
        slice text = slice_of(p->rest.data, size);
        p->rest = web_after(p->rest, size);
        web_markup_walk(&p->markup, text);
        return add(p, WEB_NODE_TEXT, text, 0);
}

/* Where `mark`, two characters, stands next; the whole size when nowhere. */
static size_t next_mark(slice text, uint8_t mark)
{
        for (size_t i = 0; i + 1 < text.size; i++)
                if (text.data[i] == mark && text.data[i + 1] == mark)
                        return i;
        return text.size;
}

static void count_lines(struct template_parser *p)
{
        size_t read = p->page->size - p->rest.size;
        p->place->line = 1;
        for (size_t i = 0; i < read; i++)
                p->place->line += p->page->html[i] == '\n';
}

static mitome_status parse_on(struct template_parser *p)
{
        while (p->rest.size) {
                MITOME_TRY(take_text(p, next_mark(p->rest, '{')));
                if (p->rest.size == 0)
                        break;
                slice inner = web_after(p->rest, 2);
                size_t end = next_mark(inner, '}');
                if (end == inner.size)
                        return complain(p, "{{ without its }}", (slice){ 0 });
                MITOME_TRY(take_braces(p, slice_of(inner.data, end)));
                p->rest = web_after(inner, end + 2);
        }
        if (p->depth)
                return complain(p, "block without its end", (slice){ 0 });
        return p->markup.place == WEB_IN_TEXT ? ok()
                                              : complain(p, "page that ends within a tag", (slice){ 0 });
}

mitome_status web_template_parse(
        struct web_page_set *set, size_t page, struct web_place *place, mitome_error *error)
{
        struct web_page_one *one = &set->pages[page];
        struct template_parser p = { .set = set,
                .page = one,
                .markup = web_markup_begin(),
                .rest = slice_of(one->html, one->size),
                .place = place,
                .error = error };
        if (!slice_is_utf8(p.rest))
                return complain(&p, "page that is not UTF-8", (slice){ 0 });
        mitome_status status = parse_on(&p);
        if (failed(status))
                count_lines(&p);
        return status;
}
