/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

/* What a form of the report is written with: a text that grows, and reading the report (REPORT.md) beside it.
 * Both fail once and for good: write and read on without looking, and look at the end with
 * report_text_finish. */

#include "bytes.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum { REPORT_TEXT_MAX = 64 << 20, REPORT_LINE_MAX = 4096, REPORT_FILE_DIGEST_SIZE = 32 };

struct report_text {
        uint8_t *bytes; /* by malloc, ended by a NUL beyond size once report_text_finish has succeeded */
        size_t size, capacity;
        mitome_code code;    /* MITOME_OK, or what it failed with first */
        const char *missing; /* the member that was not in the report as it must be; static */
};

/* REPORT_TEXT(name) declares one that is released on every way out of its scope. */
#define REPORT_TEXT(name) __attribute__((cleanup(report_text_clear))) struct report_text name = { 0 }

void report_text_clear(struct report_text *out);

void report_text_add(struct report_text *out, const char *text);
void report_text_add_slice(struct report_text *out, slice text);

/* report_text_printf adds at most REPORT_LINE_MAX bytes; what is longer fails. */
__attribute__((format(printf, 2, 3))) void report_text_printf(
        struct report_text *out, const char *format, ...);

/* report_text_shown adds one character: one that nobody sees or that turns the direction of what follows
 * (is_unseen) as its code, "[U+202E]"; an empty view, for what is no UTF-8, as U+FFFD. */
void report_text_shown(struct report_text *out, slice character);

/* report_text_escaped adds what may stand in XML 1.0 and HTML, in text as in an attribute of either quotes:
 * the five characters are escaped, what XML cannot hold (controls, U+FFFE, U+FFFF, malformed UTF-8) becomes
 * U+FFFD, and what else nobody sees its code. NULL adds nothing. */
void report_text_escaped(struct report_text *out, const char *text);

/* report_text_json adds a value as the report itself is written: two spaces of indentation, members in their
 * order. */
void report_text_json(struct report_text *out, const json_t *value);

/* report_text_file adds the report as report.json has it: that, and the end of its line. report_file_digest
 * gives the file's SHA-256, by which every form and statement calls the report; false: no memory. */
void report_text_file(struct report_text *out, const json_t *report);
MITOME_CHECKED bool report_file_digest(const json_t *report, uint8_t ret_digest[REPORT_FILE_DIGEST_SIZE]);

/* report_text_finish fails with NO_MEMORY (or over 64 MiB), and with EVALUATE_REPORT for a member that was
 * not as it must be. *ret views the text, which `out` keeps. */
MITOME_CHECKED mitome_status report_text_finish(struct report_text *out, slice *ret, mitome_error *error);

/* ---- reading; `name` is a literal ---- */

enum report_language { REPORT_ENGLISH, REPORT_JAPANESE, REPORT_LANGUAGES };

/* report_unlike notes that a member is not as it must be. */
void report_unlike(struct report_text *out, const char *name);

/* Each gives a member of `of`, or notes that it is not there (or of another type): then the text is "", the
 * number 0, the array or object NULL, which jansson takes for an empty one. */
const char *report_string(struct report_text *out, const json_t *of, const char *name);
bool report_flag(struct report_text *out, const json_t *of, const char *name);
json_int_t report_count(struct report_text *out, const json_t *of, const char *name); /* 0 or more */
const json_t *report_array(struct report_text *out, const json_t *of, const char *name);
const json_t *report_object(struct report_text *out, const json_t *of, const char *name);

/* Those that may be null or absent: NULL then, and nothing is noted. */
const char *report_string_if(struct report_text *out, const json_t *of, const char *name);
const json_t *report_array_if(struct report_text *out, const json_t *of, const char *name);
const json_t *report_object_if(struct report_text *out, const json_t *of, const char *name);

/* report_sentence gives `name`, or `name`_ja. */
const char *report_sentence(
        struct report_text *out, const json_t *of, const char *name, enum report_language language);

/* report_item gives the text of an array's element. */
const char *report_item(struct report_text *out, const json_t *array, size_t index, const char *name);

#endif
