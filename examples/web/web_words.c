/* SPDX-License-Identifier: Apache-2.0 */
#include "web_template.h"

#include "web_cut.h"

#include <stdlib.h>
#include <string.h>

static const char *const members[WEB_LANGUAGES] = { [WEB_EN] = "en", [WEB_JA] = "ja" };

void web_place_name(struct web_place *place, slice name)
{
        writer w = writer_over((uint8_t *)place->name, sizeof place->name - 1);
        write_slice(&w, name.size < sizeof place->name ? name : slice_of(name.data, sizeof place->name - 1));
        place->name[w.used] = '\0';
}

static int by_name(const void *a, const void *b)
{
        const struct web_word *left = a, *right = b;
        return strcmp(left->name, right->name);
}

bool web_word_find(const struct web_page_set *set, slice name, size_t *ret)
{
        char text[64];
        if (name.size == 0 || name.size >= sizeof text ||
                failed(slice_copy(name, "word", (uint8_t *)text, sizeof text - 1, NULL)))
                return false;
        text[name.size] = '\0';
        const struct web_word wanted = { .name = text };
        const struct web_word *found =
                bsearch(&wanted, set->words, set->word_count, sizeof *set->words, by_name);
        if (!found)
                return false;
        *ret = (size_t)(found - set->words);
        return true;
}

const char *web_word(const struct web_page_set *set, enum web_language language, const char *word)
{
        size_t index = 0;
        return web_word_find(set, slice_text(word), &index) ? set->words[index].texts[language] : "";
}

MITOME_CHECKED static mitome_status complain(struct web_place *place, const char *name, mitome_error *error)
{
        web_place_name(place, slice_text(name));
        return fail(error, MITOME_E_WEB_WORD, "word", NULL);
}

/* A word that programs alone use says so itself, by "code": true: no page can. */
static mitome_status take_word(struct web_page_set *set, const char *name, json_t *value,
        struct web_place *place, mitome_error *error)
{
        struct web_word *word = &set->words[set->word_count];
        json_t *code = json_object_get(value, "code");
        if (set->word_count == WEB_WORDS)
                return fail(error, MITOME_E_TOO_MANY, "list of words", NULL);
        if (!json_is_object(value) || json_object_size(value) != WEB_LANGUAGES + (code ? 1 : 0) ||
                (code && !json_is_true(code)) || strlen(name) >= sizeof place->name)
                return complain(place, name, error);
        *word = (struct web_word){ .name = strdup(name), .used = code != NULL };
        set->word_count++;
        for (unsigned i = 0; i < WEB_LANGUAGES; i++) {
                const char *text = json_string_value(json_object_get(value, members[i]));
                if (!text || !*text)
                        return complain(place, name, error);
                word->texts[i] = strdup(text);
                if (!word->texts[i])
                        return fail(error, MITOME_E_NO_MEMORY, "words", NULL);
        }
        return word->name ? ok() : fail(error, MITOME_E_NO_MEMORY, "words", NULL);
}

static mitome_status take_words(
        struct web_page_set *set, json_t *root, struct web_place *place, mitome_error *error)
{
        const char *name = NULL;
        json_t *value = NULL;
        if (!json_is_object(root))
                return fail(error, MITOME_E_JSON_TYPE, "words", NULL);
        json_object_foreach(root, name, value) MITOME_TRY(take_word(set, name, value, place, error));
        qsort(set->words, set->word_count, sizeof *set->words, by_name);
        return ok();
}

mitome_status web_words_parse(
        struct web_page_set *set, slice text, struct web_place *place, mitome_error *error)
{
        json_error_t trouble;
        json_t *root = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, &trouble);
        if (!root) {
                place->line = trouble.line > 0 ? (unsigned)trouble.line : 0;
                return fail(error, MITOME_E_JSON_SYNTAX, "words", NULL);
        }
        mitome_status status = take_words(set, root, place, error);
        json_decref(root);
        return status;
}
