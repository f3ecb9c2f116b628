/* SPDX-License-Identifier: Apache-2.0 */
#include "web_markup.h"

#include <string.h>

struct web_markup web_markup_begin(void)
{
        return (struct web_markup){ .place = WEB_IN_TEXT };
}

static uint8_t small(uint8_t c)
{
        return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool is_space(uint8_t c)
{
        return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* The last characters, the newest at the end. */
static void remember(struct web_markup *m, uint8_t c)
{
        for (size_t i = 0; i + 1 < sizeof m->last; i++)
                m->last[i] = m->last[i + 1];
        m->last[sizeof m->last - 1] = small(c);
}

static bool ends_with(const struct web_markup *m, const char *text)
{
        size_t size = strlen(text);
        return size <= sizeof m->last && memcmp(&m->last[sizeof m->last - size], text, size) == 0;
}

static void forget(struct web_markup *m)
{
        for (size_t i = 0; i < sizeof m->last; i++)
                m->last[i] = 0;
}

static bool tag_is(const struct web_markup *m, const char *name)
{
        return slice_is(slice_of(m->tag, m->tag_size), name);
}

static void open_tag(struct web_markup *m)
{
        m->place = WEB_IN_TAG;
        m->tag_size = m->name_size = 0;
        m->in_tag_name = true;
        m->name_ended = false;
}

static void walk_text(struct web_markup *m, uint8_t c)
{
        if (c == '<')
                open_tag(m);
}

static void close_tag(struct web_markup *m)
{
        m->place = WEB_IN_TEXT;
        if (tag_is(m, "script") || tag_is(m, "style")) {
                m->place = WEB_IN_OTHER;
                m->other = WEB_OTHER_RAW;
                forget(m);
        }
}

static bool attribute_is(const struct web_markup *m, const char *const *names, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (slice_is(slice_of(m->name, m->name_size), names[i]))
                        return true;
        return false;
}

static enum web_markup_place place_in(const struct web_markup *m)
{
        static const char *const codes[] = { "style", "srcdoc", "srcset", "ping", "http-equiv" },
                                 *const addresses[] = { "href", "src", "action", "formaction", "data",
                                         "poster", "cite", "xlink:href", "background" };
        if ((m->name_size >= 2 && m->name[0] == 'o' && m->name[1] == 'n') ||
                attribute_is(m, codes, sizeof codes / sizeof *codes))
                return WEB_IN_CODE_VALUE;
        return attribute_is(m, addresses, sizeof addresses / sizeof *addresses) ? WEB_IN_URL_VALUE
                                                                                : WEB_IN_VALUE;
}

static void open_quote(struct web_markup *m, uint8_t c)
{
        if (c == '"') {
                m->place = place_in(m);
                m->begins = true;
        } else {
                m->place = WEB_IN_OTHER;
                m->other = WEB_OTHER_QUOTE;
        }
}

static void walk_name(struct web_markup *m, uint8_t c)
{
        if (is_space(c)) {
                m->name_ended = true;
                return;
        }
        if (c == '=')
                return;
        if (m->name_ended)
                m->name_size = 0;
        m->name_ended = false;
        if (m->name_size < sizeof m->name)
                m->name[m->name_size++] = small(c);
}

static void walk_tag(struct web_markup *m, uint8_t c)
{
        if (c == '>') {
                close_tag(m);
        } else if (c == '"' || c == '\'') {
                open_quote(m, c);
                m->name_ended = true;
        } else if (!m->in_tag_name) {
                walk_name(m, c);
        } else if (c == '!' && m->tag_size == 0) {
                m->place = WEB_IN_OTHER;
                m->other = WEB_OTHER_BANG;
                forget(m);
        } else if (is_space(c) || (c == '/' && m->tag_size > 0)) {
                m->in_tag_name = false;
        } else if (m->tag_size < sizeof m->tag) {
                m->tag[m->tag_size++] = small(c);
        }
}

static void walk_value(struct web_markup *m, uint8_t c)
{
        m->begins = false;
        if (c == '"')
                m->place = WEB_IN_TAG;
}

/* "<!" is a comment when "--" follows, else it goes to the next ">". */
static void walk_other(struct web_markup *m, uint8_t c)
{
        remember(m, c);
        if (m->other == WEB_OTHER_QUOTE && c == '\'')
                m->place = WEB_IN_TAG;
        else if (m->other == WEB_OTHER_BANG && ends_with(m, "--"))
                m->other = WEB_OTHER_COMMENT;
        else if ((m->other == WEB_OTHER_BANG && c == '>') ||
                 (m->other == WEB_OTHER_COMMENT && ends_with(m, "-->")))
                m->place = WEB_IN_TEXT;
        else if (m->other == WEB_OTHER_RAW && (ends_with(m, "</script") || ends_with(m, "</style"))) {
                open_tag(m);
                m->in_tag_name = false; /* of an end tag: what is between is no code */
        }
}

void web_markup_walk(struct web_markup *markup, slice text)
{
        static void (*const walks[])(struct web_markup *, uint8_t) = { [WEB_IN_TEXT] = walk_text,
                [WEB_IN_TAG] = walk_tag,
                [WEB_IN_VALUE] = walk_value,
                [WEB_IN_CODE_VALUE] = walk_value,
                [WEB_IN_URL_VALUE] = walk_value,
                [WEB_IN_OTHER] = walk_other };
        for (size_t i = 0; i < text.size; i++)
                walks[markup->place](markup, text.data[i]);
}

bool web_markup_same(const struct web_markup *a, const struct web_markup *b)
{
        return a->place == b->place && (a->place != WEB_IN_OTHER || a->other == b->other) &&
               (a->place != WEB_IN_TAG || a->in_tag_name == b->in_tag_name) &&
               (a->place != WEB_IN_URL_VALUE || a->begins == b->begins);
}
