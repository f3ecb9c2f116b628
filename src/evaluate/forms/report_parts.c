/* SPDX-License-Identifier: Apache-2.0 */
#include "report_parts.h"

#include "digest.h"
#include "hex_text.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- words as numbers ---- */

static const char *const outcomes[REPORT_OUTCOMES] = {
        [REPORT_SATISFIED] = "satisfied",
        [REPORT_PARTIAL] = "partially observed",
        [REPORT_DECLARED] = "declared only",
        [REPORT_NOT_SATISFIED] = "not satisfied",
        [REPORT_UNCONFIRMED] = "not satisfied",
        [REPORT_NOT_TESTABLE] = "not testable here",
};

static const char *const results[REPORT_RESULTS] = {
        [REPORT_HOLDS] = "holds",
        [REPORT_PARTLY] = "partly",
        [REPORT_BROKEN] = "broken",
        [REPORT_UNTESTED] = "not testable here",
        [REPORT_TARGET_FAILED] = "target failed",
};

static size_t find_word(const char *const *words, size_t count, const char *word)
{
        size_t i = 0;
        while (i < count && strcmp(words[i], word) != 0)
                i++;
        return i;
}

enum report_outcome report_outcome(struct report_text *out, const json_t *requirement)
{
        const char *word = report_string(out, requirement, "outcome");
        size_t found = find_word(outcomes, REPORT_OUTCOMES, word);
        if (found == REPORT_NOT_SATISFIED && !report_flag(out, requirement, "verified"))
                return REPORT_UNCONFIRMED;
        if (found < REPORT_OUTCOMES)
                return (enum report_outcome)found;
        report_unlike(out, "outcome");
        return REPORT_NOT_TESTABLE;
}

enum report_result report_result(struct report_text *out, const json_t *probe)
{
        const char *word = report_string(out, probe, "result");
        size_t found = find_word(results, REPORT_RESULTS, word);
        if (found < REPORT_RESULTS)
                return (enum report_result)found;
        report_unlike(out, "result");
        return REPORT_UNTESTED;
}

const char *report_outcome_name(enum report_outcome outcome)
{
        return outcomes[outcome];
}

bool report_is_shall(struct report_text *out, const json_t *requirement)
{
        const char *word = report_string(out, requirement, "keyword");
        bool shall = strcmp(word, "SHALL") == 0;
        if (!shall && strcmp(word, "SHOULD") != 0)
                report_unlike(out, "keyword");
        return shall;
}

size_t report_level_index(struct report_text *out, const json_t *policy, const char *level)
{
        const json_t *levels = report_array(out, policy, "levels");
        for (size_t i = 0; i < json_array_size(levels); i++)
                if (strcmp(report_item(out, levels, i, "levels"), level) == 0)
                        return i;
        report_unlike(out, "level");
        return 0;
}

const char *report_time(struct report_text *out, const json_t *report)
{
        static const char form[] = "0000-00-00T00:00:00Z";
        const char *at = report_string(out, report, "at");
        bool good = strlen(at) == sizeof form - 1;
        for (size_t i = 0; good && form[i]; i++)
                good = form[i] == '0' ? at[i] >= '0' && at[i] <= '9' : at[i] == form[i];
        if (!good)
                report_unlike(out, "at");
        return at;
}

/* ---- what is said of each ---- */

const json_t *report_find(const json_t *array, const char *name, const char *text, size_t *ret_index)
{
        for (size_t i = 0; text && i < json_array_size(array); i++) {
                const char *here = json_string_value(json_object_get(json_array_get(array, i), name));
                if (!here || strcmp(here, text) != 0)
                        continue;
                if (ret_index)
                        *ret_index = i;
                return json_array_get(array, i);
        }
        return NULL;
}

/* A requirement that a side of a disagreement names. */
static const json_t *requirement_of(struct report_text *out, const json_t *report, const json_t *side)
{
        const json_t *policy = report_find(
                report_array(out, report, "policies"), "id", report_string(out, side, "policy"), NULL);
        return report_find(
                json_object_get(policy, "requirements"), "id", report_string(out, side, "requirement"), NULL);
}

static bool facts_have_bound(struct report_text *out, const json_t *report, const json_t *names)
{
        const json_t *facts = report_array(out, report, "facts");
        for (size_t i = 0; i < json_array_size(names); i++) {
                const json_t *fact = report_find(facts, "name", report_item(out, names, i, "facts"), NULL);
                if (json_is_object(json_object_get(fact, "value")))
                        return true;
        }
        return false;
}

bool report_has_bound(struct report_text *out, const json_t *report, const json_t *of)
{
        const json_t *sides = report_array_if(out, of, "sides");
        if (!sides)
                return facts_have_bound(out, report, report_array(out, of, "facts"));
        for (size_t i = 0; i < json_array_size(sides); i++) {
                const json_t *requirement = requirement_of(out, report, json_array_get(sides, i));
                if (requirement && facts_have_bound(out, report, report_array(out, requirement, "facts")))
                        return true;
        }
        return false;
}

void report_add_caveat(struct report_text *out, const json_t *report, struct report_text *to)
{
        const json_t *caveat = report_find(report_array(out, report, "caveats"), "id", "independence", NULL);
        if (!caveat) {
                report_unlike(out, "caveats");
                return;
        }
        report_text_add(to, " Caveat: ");
        report_text_add(to, report_string(out, caveat, "text"));
}

static bool has_item(struct report_text *out, const json_t *array, const char *name, const char *text)
{
        for (size_t i = 0; i < json_array_size(array); i++)
                if (strcmp(report_item(out, array, i, name), text) == 0)
                        return true;
        return false;
}

const char *report_left(struct report_text *out, const json_t *policy, const json_t *requirement,
        enum report_language language)
{
        static const char *const login[] = { "left to each login", "個々のログインで判定" },
                                 *const service[] = { "the parties were not judged", "関係者は判定の範囲外" };
        const json_t *judged = report_array(out, policy, "scopes");
        const json_t *scopes = report_array(out, requirement, "scope");
        if (json_array_size(scopes) == 0 ||
                strcmp(report_string(out, requirement, "outcome"), outcomes[REPORT_NOT_TESTABLE]) != 0)
                return NULL;
        for (size_t i = 0; i < json_array_size(scopes); i++)
                if (has_item(out, judged, "scopes", report_item(out, scopes, i, "scope")))
                        return NULL;
        return has_item(out, scopes, "scope", "login") ? login[language] : service[language];
}

static void add_left(struct report_text *out, const json_t *policy, const json_t *requirement,
        enum report_language language, struct report_text *to)
{
        const char *left = report_left(out, policy, requirement, language);
        if (!left)
                return;
        report_text_add(to, " (");
        report_text_add(to, left);
        report_text_add(to, ")");
}

const char *report_verdict(struct report_text *out, const json_t *report, const json_t *policy,
        const json_t *of, struct report_text *ret)
{
        report_text_add(ret, report_string(out, of, policy ? "outcome" : "result"));
        if (policy)
                add_left(out, policy, of, REPORT_ENGLISH, ret);
        if (policy && !report_flag(out, of, "verified"))
                report_text_add(ret, " (by wording that was not confirmed)");
        report_text_add(ret, ": ");
        report_text_add(ret, report_string(out, of, "why"));
        if (report_has_bound(out, report, of))
                report_add_caveat(out, report, ret);
        return report_end(out, ret);
}

/* A scope ("device") as a language calls it; anything else is a name, and stays. */
static const char *scope_word(const char *scope, enum report_language language)
{
        static const struct {
                const char *scope, *ja;
        } scopes[] = { { "device", "認証器" }, { "service", "周囲の関係者" }, { "login", "個々のログイン" } };
        for (size_t i = 0; language == REPORT_JAPANESE && i < sizeof scopes / sizeof *scopes; i++)
                if (strcmp(scopes[i].scope, scope) == 0)
                        return scopes[i].ja;
        return scope;
}

void report_each_beside(struct report_text *out, const json_t *policy, enum report_language language,
        report_beside *each, void *context)
{
        static const struct {
                const char *member, *name, *labels[REPORT_LANGUAGES];
        } besides[] = {
                { "scopes", "scopes-judged", { "Judged", "判定の範囲" } },
                { "untested", "not-tested",
                        { "Demanded by this level, but not tested",
                                "このレベルが求めるが試験していない点" } },
                { "declared", "declared-only", { "Resting on a declaration alone", "申告のみによる点" } },
                { "partial", "partially-observed", { "Seen in part", "一部のみ確認した点" } },
        };
        static const char *const reached[] = { "Level reached", "到達したレベル" },
                                 *const unconfirmed[] = { "A verdict by wording that was not confirmed",
                                         "原文未確認の要求による判定" },
                                 *const none[] = { "none", "なし" }, *const yes[] = { "yes", "はい" },
                                 *const no[] = { "no", "いいえ" };
        const char *level = report_string_if(out, policy, "level");
        each(context, "level-reached", reached[language], level ? level : none[language]);
        each(context, "by-unconfirmed-wording", unconfirmed[language],
                report_flag(out, policy, "unconfirmed") ? yes[language] : no[language]);
        for (size_t i = 0; i < sizeof besides / sizeof *besides; i++) {
                REPORT_TEXT(text);
                const json_t *list = report_array(out, policy, besides[i].member);
                const json_t *requirements = report_array(out, policy, "requirements");
                for (size_t j = 0; j < json_array_size(list); j++) {
                        const char *item = report_item(out, list, j, besides[i].member);
                        report_text_add(&text, j ? ", " : "");
                        report_text_add(&text, i ? item : scope_word(item, language));
                        const json_t *requirement = i ? report_find(requirements, "id", item, NULL) : NULL;
                        if (requirement)
                                add_left(out, policy, requirement, language, &text);
                }
                report_text_add(&text, json_array_size(list) ? "" : none[language]);
                each(context, besides[i].name, besides[i].labels[language], report_end(out, &text));
        }
}

const char *report_whose(struct report_text *out, const json_t *report, const json_t *of)
{
        static const char *const others[] = { "relying party", "TSM", "CA", "shop" };
        const char *responsible = report_string(out, of, "responsible");
        if (find_word(others, sizeof others / sizeof *others, responsible) < sizeof others / sizeof *others)
                return responsible;
        return report_string(out, report_object(out, report, "target"), "name");
}

/* ---- names ---- */

static bool is_plain(uint8_t c)
{
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
               c == '-';
}

void report_name(const char *text, char ret[REPORT_NAME_SIZE])
{
        enum { TAIL = 1 + 16, ROOM = REPORT_NAME_SIZE - TAIL - 1 };
        uint8_t bytes[REPORT_NAME_SIZE], digest[SHA256_SIZE];
        writer w = writer_over(bytes, ROOM);
        reader r = reader_over(slice_text(text), NULL, NULL);
        uint8_t c;
        while (!failed(read_u8(&r, NULL, &c))) {
                const slice one = slice_of(&c, 1);
                if (!is_plain(c)) {
                        write_u8(&w, '_');
                        hex_text_write(&w, one);
                } else {
                        write_u8(&w, c);
                }
        }
        bool cut = w.overflowed;
        writer whole = WRITER(bytes);
        whole.used = w.used;
        if (cut) {
                const slice all = slice_text(text);
                sha256(&all, 1, digest);
                write_u8(&whole, '_');
                hex_text_write(&whole, slice_of(digest, 8));
        }
        snprintf(ret, REPORT_NAME_SIZE, "%.*s", (int)whole.used, (const char *)bytes);
}

/* Drawn once for this project. */
static const uint8_t namespace[16] = { 0x6f, 0x3b, 0x0c, 0x58, 0x1d, 0x92, 0x4e, 0x67, 0xa4, 0x0b, 0x83, 0x5e,
        0x21, 0xc7, 0x9a, 0xd4 };

static void note_memory(struct report_text *out, bool good)
{
        if (good || out->code != MITOME_OK)
                return;
        out->code = MITOME_E_NO_MEMORY;
        out->missing = "report";
}

void report_uuid(struct report_text *out, const char *const *parts, size_t count, char ret[REPORT_UUID_SIZE])
{
        enum { VERSION_AT = 6, VARIANT_AT = 8 };
        uint8_t digest[EVP_MAX_MD_SIZE] = { 0 };
        EVP_MD_CTX *hash = EVP_MD_CTX_new();
        bool good = hash && EVP_DigestInit_ex(hash, EVP_sha1(), NULL) == 1 &&
                    EVP_DigestUpdate(hash, namespace, sizeof namespace) == 1;
        for (size_t i = 0; good && i < count; i++) /* the NUL, too: it keeps parts apart */
                good = EVP_DigestUpdate(hash, parts[i], strlen(parts[i]) + 1) == 1;
        good = good && EVP_DigestFinal_ex(hash, digest, NULL) == 1;
        EVP_MD_CTX_free(hash);
        note_memory(out, good); /* SHA-1 is in every OpenSSL: only memory can be lacking */
        digest[VERSION_AT] = (uint8_t)((digest[VERSION_AT] & 0x0f) | 0x50);
        digest[VARIANT_AT] = (uint8_t)((digest[VARIANT_AT] & 0x3f) | 0x80);
        const uint8_t *d = digest;
        snprintf(ret, REPORT_UUID_SIZE,
                "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", d[0], d[1], d[2],
                d[3], d[4], d[5], d[6], d[7], d[8], d[9], d[10], d[11], d[12], d[13], d[14], d[15]);
}

void report_digest(struct report_text *out, const json_t *report, char ret[REPORT_DIGEST_SIZE])
{
        uint8_t digest[SHA256_SIZE], digits[REPORT_DIGEST_SIZE];
        char *text = json_dumps(report, JSON_COMPACT | JSON_ENCODE_ANY);
        if (!text && out->code == MITOME_OK)
                report_unlike(out, "report");
        const slice whole = slice_text(text ? text : "");
        sha256(&whole, 1, digest);
        free(text);
        writer w = WRITER(digits);
        hex_text_write(&w, SLICE(digest));
        snprintf(ret, REPORT_DIGEST_SIZE, "%.*s", (int)w.used, (const char *)digits);
}

/* ---- JSON ---- */

void report_put(struct report_text *out, json_t *object, const char *name, json_t *value)
{
        note_memory(out, json_object_set_new(object, name, value) == 0);
}

void report_append(struct report_text *out, json_t *array, json_t *value)
{
        note_memory(out, json_array_append_new(array, value) == 0);
}

/* What a regular expression takes for white space or for the end of a line, and controls. */
static bool is_blank(slice character)
{
        static const char *const wide[] = { "\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\xa8", "\xe2\x80\xa9",
                "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80", "\xef\xbb\xbf" };
        const uint8_t *c = character.data;
        if (character.size == 1)
                return c[0] <= 0x20 || c[0] == 0x7f;
        if (character.size == 2 && c[0] == 0xc2 && c[1] < 0xa0)
                return true; /* controls U+0080 to U+009F */
        if (character.size == 3 && c[0] == 0xe2 && c[1] == 0x80 && c[2] <= 0x8a)
                return true; /* U+2000 to U+200A */
        for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
                if (slice_is(character, wide[i]))
                        return true;
        return false;
}

const char *report_end(struct report_text *out, struct report_text *part)
{
        slice whole;
        if (!failed(report_text_finish(part, &whole, NULL)))
                return (const char *)whole.data;
        if (out->code == MITOME_OK) {
                out->code = part->code;
                out->missing = part->missing;
        }
        return "";
}

/* White space and controls become one blank, none at the ends, and of nothing "-". */
static const char *one_line(struct report_text *out, const char *text, struct report_text *line)
{
        reader r = reader_over(slice_text(text), NULL, NULL);
        slice character;
        bool blank = false;
        while (r.rest.size) {
                size_t size = slice_utf8_first(r.rest);
                if (failed(read_bytes(&r, NULL, size ? size : 1, &character)))
                        break;
                if (is_blank(character)) {
                        blank = true;
                        continue;
                }
                if (blank && line->size)
                        report_text_add(line, " ");
                blank = false;
                report_text_shown(line, size ? character : (slice){ 0 });
        }
        if (line->size == 0)
                report_text_add(line, "-");
        return report_end(out, line);
}

void report_put_line(struct report_text *out, json_t *object, const char *name, const char *text)
{
        REPORT_TEXT(line);
        report_put(out, object, name, json_string(one_line(out, text, &line)));
}

void report_put_markdown(struct report_text *out, json_t *object, const char *name, const char *text)
{
        static const char anywhere[] = "\\*_`[]<>&^~{}|!", first[] = "#+-";
        REPORT_TEXT(line);
        REPORT_TEXT(marked);
        const char *plain = one_line(out, text, &line);
        const size_t number = strspn(plain, "0123456789"); /* "1." begins a list */
        for (size_t i = 0; plain[i]; i++) {
                if (strchr(anywhere, plain[i]) || (i == 0 && strchr(first, plain[i])) ||
                        (i && i == number && (plain[i] == '.' || plain[i] == ')')))
                        report_text_add(&marked, "\\");
                report_text_add_slice(&marked, slice_of(plain + i, 1));
        }
        report_put(out, object, name, json_string(report_end(out, &marked)));
}

void report_put_message(struct report_text *out, json_t *object, const char *name, const char *text)
{
        REPORT_TEXT(line);
        REPORT_TEXT(message);
        const char *plain = one_line(out, text, &line);
        for (size_t i = 0; plain[i]; i++) {
                if (plain[i] == '{' || plain[i] == '}')
                        report_text_add_slice(&message, slice_of(plain + i, 1));
                if (i && plain[i] == '(' && plain[i - 1] == ']')
                        report_text_add(&message, " ");
                report_text_add_slice(&message, slice_of(plain + i, 1));
        }
        report_put(out, object, name, json_string(report_end(out, &message)));
}
