/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_PARTS_H
#define REPORT_PARTS_H

/* What the forms for machines (XCCDF, OSCAL, SARIF, JUnit) share: outcomes as numbers for their tables, names
 * that every one of them takes, UUIDs that depend on the report alone, and putting JSON together. */

#include "report_text.h"

enum report_outcome {
        REPORT_SATISFIED,
        REPORT_PARTIAL,
        REPORT_DECLARED,
        REPORT_NOT_SATISFIED,
        REPORT_UNCONFIRMED, /* not satisfied, by wording that nobody confirmed: no failure of any norm */
        REPORT_NOT_TESTABLE,
        REPORT_OUTCOMES,
};

enum report_result {
        REPORT_HOLDS,
        REPORT_PARTLY,
        REPORT_BROKEN,
        REPORT_UNTESTED,
        REPORT_TARGET_FAILED,
        REPORT_RESULTS,
};

/* Of a requirement, of a probe; another word than REPORT.md's is noted. */
enum report_outcome report_outcome(struct report_text *out, const json_t *requirement);
enum report_result report_result(struct report_text *out, const json_t *probe);
const char *report_outcome_name(enum report_outcome outcome); /* "satisfied" .. */

/* report_left gives who decides a requirement that could not be tested because none of its scopes was judged
 * ("left to each login"); NULL: it is no such one. What is decided elsewhere is no oversight. */
const char *report_left(struct report_text *out, const json_t *policy, const json_t *requirement,
        enum report_language language);

/* report_verdict writes what came of a policy's requirement or (NULL) of a probe as each form says it: its
 * outcome or result, who decides it otherwise, whether it goes by wording that was not confirmed, why, and
 * beside a bound of a rate what that rests on. The text is in `ret`; "" when it failed, which `out` then
 * does. */
const char *report_verdict(struct report_text *out, const json_t *report, const json_t *policy,
        const json_t *of, struct report_text *ret);

/* report_has_bound tells whether a requirement or probe (by its `facts`) or a disagreement (by its `sides`)
 * speaks of a measured rate. report_add_caveat adds to such a text what the bound rests on (the report's
 * caveat "independence"); a report without that is noted. */
bool report_has_bound(struct report_text *out, const json_t *report, const json_t *of);
void report_add_caveat(struct report_text *out, const json_t *report, struct report_text *to);

/* report_each_beside gives a policy's level and all that must be read with it, as a name for programs, a
 * label for people and a text ("none" where there is none): level, whether that rests on wording nobody
 * confirmed, scopes that were judged, and of what the level demands that which was not tested (and to whom it
 * is left), which is only declared, which was seen in part. Labels and texts are in one language, names are
 * not. No form shows one of them without the others. */
typedef void report_beside(void *context, const char *name, const char *label, const char *text);
void report_each_beside(struct report_text *out, const json_t *policy, enum report_language language,
        report_beside *each, void *context);

/* report_whose gives who answers for a requirement or probe: the target's name, or "relying party", "TSM",
 * "CA", "shop" for what is no matter of the authenticator, of which a report of somebody's key then says
 * nothing. */
const char *report_whose(struct report_text *out, const json_t *report, const json_t *of);

/* report_find gives the element of an array whose member `name` is `text`, and where it stands; NULL: none.
 */
const json_t *report_find(const json_t *array, const char *name, const char *text, size_t *ret_index);

/* report_is_shall tells SHALL from SHOULD; another word is noted. */
bool report_is_shall(struct report_text *out, const json_t *requirement);

/* report_level_index tells where a level stands in its policy's list; one that is not there is noted. */
size_t report_level_index(struct report_text *out, const json_t *policy, const char *level);

/* report_time gives the report's `at`; what is not as "2026-11-22T10:00:00Z" is noted. */
const char *report_time(struct report_text *out, const json_t *report);

/* report_name makes of any text a name of ASCII letters, digits, '.', '-' and '_': what may stand in an XML
 * NCName and in an OSCAL token. Other bytes become _HH, and '_' itself _5f, so that two texts have two names;
 * what is too long ends in a part of its SHA-256. It begins as the text does, so a caller puts a letter
 * before. */
enum { REPORT_NAME_SIZE = 128 };
void report_name(const char *text, char ret[REPORT_NAME_SIZE]);

/* report_uuid makes a UUIDv5 (RFC 9562 5.5) of the parts, in this project's namespace. */
enum { REPORT_UUID_SIZE = 37 };
void report_uuid(struct report_text *out, const char *const *parts, size_t count, char ret[REPORT_UUID_SIZE]);

/* report_digest is the SHA-256 of the report as compact JSON, in hexadecimal digits: what UUIDs of this one
 * report begin with. */
enum { REPORT_DIGEST_SIZE = 65 };
void report_digest(struct report_text *out, const json_t *report, char ret[REPORT_DIGEST_SIZE]);

/* ---- putting JSON together; the value is taken over; what fails is noted as NO_MEMORY ---- */

void report_put(struct report_text *out, json_t *object, const char *name, json_t *value);
void report_append(struct report_text *out, json_t *array, json_t *value);

/* report_put_line puts a text as one line that is not empty: white space and controls become one blank, none
 * at the ends, and of nothing "-". */
void report_put_line(struct report_text *out, json_t *object, const char *name, const char *text);

/* report_put_markdown puts such a line where a format has Markdown (OSCAL's markup-line and markup-multiline:
 * title, description, remarks): what marks up is behind a backslash, so that the text stays text. */
void report_put_markdown(struct report_text *out, json_t *object, const char *name, const char *text);

/* report_put_message puts such a line as the text of a SARIF message: braces, which stand around
 * placeholders, are doubled (3.11.5), and a blank parts "](", which would make a link (3.11.6). */
void report_put_message(struct report_text *out, json_t *object, const char *name, const char *text);

/* report_end finishes a part that was written aside and gives its text; "" where it failed, which is noted.
 */
const char *report_end(struct report_text *out, struct report_text *part);

#endif
