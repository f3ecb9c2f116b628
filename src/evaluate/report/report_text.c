/* SPDX-License-Identifier: Apache-2.0 */
#include "report_text.h"

#include "digest.h"
#include "unseen_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void report_text_clear(struct report_text *out)
{
        free(out->bytes);
        *out = (struct report_text){ 0 };
}

/* ---- writing ---- */

static bool grow(struct report_text *out, size_t more)
{
        size_t wanted = out->capacity ? out->capacity : 4096;
        if (more > REPORT_TEXT_MAX - out->size)
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

static void note(struct report_text *out, mitome_code code, const char *missing)
{
        if (out->code != MITOME_OK)
                return;
        out->code = code;
        out->missing = missing;
}

void report_text_add_slice(struct report_text *out, slice text)
{
        if (out->code != MITOME_OK || text.size == 0)
                return;
        if (!grow(out, text.size)) {
                note(out, MITOME_E_NO_MEMORY, "report");
                return;
        }
        writer w = { .data = out->bytes, .capacity = out->capacity, .used = out->size };
        write_slice(&w, text);
        out->size = w.used;
}

void report_text_add(struct report_text *out, const char *text)
{
        report_text_add_slice(out, slice_text(text));
}

void report_text_printf(struct report_text *out, const char *format, ...)
{
        char line[REPORT_LINE_MAX + 1];
        va_list list;
        va_start(list, format);
        /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it was started above */
        int size = vsnprintf(line, sizeof line, format, list);
        va_end(list);
        if (size < 0 || size > REPORT_LINE_MAX)
                note(out, MITOME_E_NO_MEMORY, "line of a report");
        else
                report_text_add_slice(out, slice_of(line, (size_t)size));
}

/* What is written for a character; NULL: itself, as it is shown. U+FFFE and U+FFFF are EF BF BE and EF BF BF.
 */
static const char *instead_of(slice character)
{
        static const char unknown[] = "\xef\xbf\xbd";
        const uint8_t *c = character.data;
        if (character.size == 3 && c[0] == 0xef && c[1] == 0xbf && c[2] >= 0xbe)
                return unknown;
        if (character.size != 1)
                return NULL;
        switch (c[0]) {
        case '&':
                return "&amp;";
        case '<':
                return "&lt;";
        case '>':
                return "&gt;";
        case '"':
                return "&quot;";
        case '\'':
                return "&#39;";
        case '\t':
                return "\t";
        case '\n':
                return "\n";
        default:
                return c[0] < 0x20 || c[0] >= 0x7f ? unknown : NULL;
        }
}

void report_text_shown(struct report_text *out, slice character)
{
        if (character.size == 0)
                report_text_add(out, "\xef\xbf\xbd");
        else if (is_unseen(character))
                report_text_printf(out, "[U+%04X]", (unsigned)utf8_code(character));
        else
                report_text_add_slice(out, character);
}

void report_text_escaped(struct report_text *out, const char *text)
{
        reader r = reader_over(text ? slice_text(text) : (slice){ 0 }, NULL, NULL);
        slice character;
        while (r.rest.size) {
                size_t size = slice_utf8_first(r.rest);
                if (failed(read_bytes(&r, "character", size ? size : 1, &character)))
                        return;
                const char *instead = instead_of(character);
                if (instead)
                        report_text_add(out, instead);
                else
                        report_text_shown(out, character);
        }
}

void report_text_json(struct report_text *out, const json_t *value)
{
        char *text = json_dumps(value, JSON_INDENT(2) | JSON_ENCODE_ANY);
        if (text)
                report_text_add(out, text);
        else
                note(out, MITOME_E_NO_MEMORY, "report");
        free(text);
}

void report_text_file(struct report_text *out, const json_t *report)
{
        report_text_json(out, report);
        report_text_add(out, "\n");
}

bool report_file_digest(const json_t *report, uint8_t ret_digest[REPORT_FILE_DIGEST_SIZE])
{
        REPORT_TEXT(out);
        slice file;
        report_text_file(&out, report);
        if (failed(report_text_finish(&out, &file, NULL)))
                return false;
        sha256(&file, 1, ret_digest);
        return true;
}

mitome_status report_text_finish(struct report_text *out, slice *ret, mitome_error *error)
{
        report_text_add_slice(out, slice_of("", 1));
        if (out->code != MITOME_OK)
                return fail(error, out->code, out->missing, NULL);
        out->size--;
        *ret = slice_of(out->bytes, out->size);
        return ok();
}

/* ---- reading ---- */

void report_unlike(struct report_text *out, const char *name)
{
        note(out, MITOME_E_EVALUATE_REPORT, name);
}

static const char *text_of(struct report_text *out, const json_t *value, const char *name)
{
        if (json_is_string(value))
                return json_string_value(value);
        report_unlike(out, name);
        return "";
}

const char *report_string(struct report_text *out, const json_t *of, const char *name)
{
        return text_of(out, json_object_get(of, name), name);
}

const char *report_item(struct report_text *out, const json_t *array, size_t index, const char *name)
{
        return text_of(out, json_array_get(array, index), name);
}

bool report_flag(struct report_text *out, const json_t *of, const char *name)
{
        const json_t *value = json_object_get(of, name);
        if (!json_is_boolean(value))
                report_unlike(out, name);
        return json_is_true(value);
}

json_int_t report_count(struct report_text *out, const json_t *of, const char *name)
{
        const json_t *value = json_object_get(of, name);
        if (json_is_integer(value) && json_integer_value(value) >= 0)
                return json_integer_value(value);
        report_unlike(out, name);
        return 0;
}

static const json_t *member_of(
        struct report_text *out, const json_t *of, const char *name, json_type type, bool may_lack)
{
        const json_t *value = json_object_get(of, name);
        if (value && json_typeof(value) == type)
                return value;
        if (!may_lack || (value && !json_is_null(value)))
                report_unlike(out, name);
        return NULL;
}

const json_t *report_array(struct report_text *out, const json_t *of, const char *name)
{
        return member_of(out, of, name, JSON_ARRAY, false);
}

const json_t *report_object(struct report_text *out, const json_t *of, const char *name)
{
        return member_of(out, of, name, JSON_OBJECT, false);
}

const json_t *report_array_if(struct report_text *out, const json_t *of, const char *name)
{
        return member_of(out, of, name, JSON_ARRAY, true);
}

const json_t *report_object_if(struct report_text *out, const json_t *of, const char *name)
{
        return member_of(out, of, name, JSON_OBJECT, true);
}

const char *report_string_if(struct report_text *out, const json_t *of, const char *name)
{
        return json_string_value(member_of(out, of, name, JSON_STRING, true));
}

const char *report_sentence(
        struct report_text *out, const json_t *of, const char *name, enum report_language language)
{
        char japanese[64];
        int size = snprintf(japanese, sizeof japanese, "%s_ja", name);
        if (language == REPORT_ENGLISH || size < 0 || (size_t)size >= sizeof japanese)
                return report_string(out, of, name);
        return text_of(out, json_object_get(of, japanese), name);
}
