/* SPDX-License-Identifier: Apache-2.0 */
#include "web_template.h"

#include "small_file.h"
#include "web_cut.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void web_pages_free(struct web_page_set *set)
{
        if (!set)
                return;
        for (size_t i = 0; i < set->page_count; i++) {
                free(set->pages[i].html);
                free(set->pages[i].nodes);
        }
        for (size_t i = 0; i < set->word_count; i++) {
                free(set->words[i].name);
                for (unsigned j = 0; j < WEB_LANGUAGES; j++)
                        free(set->words[i].texts[j]);
        }
        free(set);
}

static void name_file(struct web_place *place, const char *name, const char *ending)
{
        *place = (struct web_place){ 0 };
        snprintf(place->file, sizeof place->file, "%s%s", name, ending);
}

/* ---- one text after the other ---- */

static mitome_status add_page(struct web_page_set *set, const struct web_page_text *text,
        struct web_place *place, mitome_error *error)
{
        name_file(place, text->name, ".html");
        if (set->page_count == WEB_PAGES)
                return fail(error, MITOME_E_TOO_MANY, "list of pages", NULL);
        struct web_page_one *one = &set->pages[set->page_count];
        int size = snprintf(one->name, sizeof one->name, "%s", text->name);
        if (size < 0 || (size_t)size >= sizeof one->name || text->html.size > WEB_PAGE_MAX)
                return fail(error, MITOME_E_TOO_LONG, "page", NULL);
        one->html = malloc(text->html.size ? text->html.size : 1);
        if (!one->html)
                return fail(error, MITOME_E_NO_MEMORY, "page", NULL);
        set->page_count++;
        one->size = text->html.size;
        return slice_copy(text->html, "page", one->html, one->size, error);
}

/* Whether a page comes to itself by its parts; `left` is how deep it may go. */
static bool comes_round(const struct web_page_set *set, size_t page, unsigned left)
{
        const struct web_page_one *one = &set->pages[page];
        if (left == 0)
                return true;
        for (size_t i = 0; i < one->count; i++)
                if (one->nodes[i].kind == WEB_NODE_PART && comes_round(set, one->nodes[i].index, left - 1))
                        return true;
        return false;
}

static mitome_status check_use(const struct web_page_set *set, struct web_place *place, mitome_error *error)
{
        name_file(place, "words", ".json");
        for (size_t i = 0; i < set->word_count; i++)
                if (!set->words[i].used) {
                        web_place_name(place, slice_text(set->words[i].name));
                        return fail(error, MITOME_E_WEB_WORD, "word", NULL);
                }
        *place = (struct web_place){ 0 };
        return ok();
}

static mitome_status finish(
        struct web_page_set *set, slice words, struct web_place *place, mitome_error *error)
{
        name_file(place, "words", ".json");
        MITOME_TRY(web_words_parse(set, words, place, error));
        for (size_t i = 0; i < set->page_count; i++) {
                name_file(place, set->pages[i].name, ".html");
                MITOME_TRY(web_template_parse(set, i, place, error));
        }
        for (size_t i = 0; i < set->page_count; i++) {
                name_file(place, set->pages[i].name, ".html");
                if (comes_round(set, i, 5))
                        return fail(error, MITOME_E_WEB_TEMPLATE, "part that holds itself", NULL);
        }
        return check_use(set, place, error);
}

static mitome_status publish(struct web_page_set *set, mitome_status status, const struct web_place *place,
        struct web_page_set **ret, struct web_place *ret_place)
{
        if (ret_place)
                *ret_place = *place;
        if (failed(status))
                web_pages_free(set);
        else
                *ret = set;
        return status;
}

mitome_status web_pages_parse(const struct web_page_text *texts, size_t count, slice words,
        struct web_page_set **ret, struct web_place *ret_place, mitome_error *error)
{
        struct web_place place = { 0 };
        struct web_page_set *set = calloc(1, sizeof *set);
        if (!set)
                return fail(error, MITOME_E_NO_MEMORY, "pages", NULL);
        mitome_status status = ok();
        for (size_t i = 0; i < count && !failed(status); i++)
                status = add_page(set, &texts[i], &place, error);
        if (!failed(status))
                status = finish(set, words, &place, error);
        return publish(set, status, &place, ret, ret_place);
}

/* ---- files ---- */

static int is_page(const struct dirent *entry)
{
        const char *dot = strrchr(entry->d_name, '.');
        return dot && dot != entry->d_name && strcmp(dot, ".html") == 0;
}

static mitome_status read_page(struct web_page_set *set, const char *folder, const char *file,
        uint8_t *buffer, struct web_place *place, mitome_error *error)
{
        char path[4096], name[64];
        struct web_page_text text = { .name = name };
        slice rest = slice_text(file);
        name_file(place, file, "");
        int size = snprintf(path, sizeof path, "%s/%s", folder, file);
        if (size < 0 || (size_t)size >= sizeof path || strlen(file) >= sizeof name)
                return fail(error, MITOME_E_TOO_LONG, "page's name", NULL);
        slice stem = web_cut(&rest, '.');
        snprintf(name, sizeof name, "%.*s", (int)stem.size, (const char *)stem.data);
        MITOME_TRY(small_file_read(path, "page", buffer, WEB_PAGE_MAX, &text.html, error));
        return add_page(set, &text, place, error);
}

static mitome_status read_words(struct web_page_set *set, const char *folder, uint8_t *buffer,
        struct web_place *place, mitome_error *error)
{
        char path[4096];
        slice words;
        name_file(place, "words", ".json");
        int size = snprintf(path, sizeof path, "%s/words.json", folder);
        if (size < 0 || (size_t)size >= sizeof path)
                return fail(error, MITOME_E_TOO_LONG, "pages' folder", NULL);
        MITOME_TRY(small_file_read(path, "words", buffer, WEB_PAGE_MAX, &words, error));
        return finish(set, words, place, error);
}

static mitome_status read_folder(struct web_page_set *set, const char *folder, uint8_t *buffer,
        struct web_place *place, mitome_error *error)
{
        struct dirent **entries = NULL;
        int count = scandir(folder, &entries, is_page, alphasort);
        mitome_status status = count < 0 ? fail(error, MITOME_E_FILE_READ, "pages' folder", NULL) : ok();
        for (int i = 0; i < count; i++) {
                if (!failed(status))
                        status = read_page(set, folder, entries[i]->d_name, buffer, place, error);
                free(entries[i]);
        }
        free(entries);
        return failed(status) ? status : read_words(set, folder, buffer, place, error);
}

mitome_status web_pages_open(
        const char *folder, struct web_page_set **ret, struct web_place *ret_place, mitome_error *error)
{
        struct web_place place = { 0 };
        struct web_page_set *set = calloc(1, sizeof *set);
        uint8_t *buffer = malloc(WEB_PAGE_MAX);
        mitome_status status = set && buffer ? read_folder(set, folder, buffer, &place, error)
                                             : fail(error, MITOME_E_NO_MEMORY, "pages", NULL);
        free(buffer);
        return publish(set, status, &place, ret, ret_place);
}
