/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence_item.h"

#include "digest.h"
#include "hex_text.h"
#include "unseen_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
        EACH_MAY = 1 << ITEM_KIND | 1 << ITEM_WHAT | 1 << ITEM_BY | 1 << ITEM_DOCUMENT | 1 << ITEM_DIGEST |
                   1 << ITEM_EXPIRES | 1 << ITEM_AAGUID
};

static const char clause[] = "docs/evidence-files.md";

static const char *const member_names[ITEM_MEMBERS] = { "kind", "what", "by", "certificate", "document",
        "sha256", "expires", "aaguid", "obtained", "partial", "ava_van", "overall", "physical", "level",
        "species", "facts", "anchors", "status", "identity", "directory", "journals" };

mitome_status evidence_item_refuse(
        const struct evidence_reading *e, slice word, const char *field, mitome_error *error)
{
        return fail_at(error, MITOME_E_EVALUATE_EVIDENCE, (size_t)(word.data - e->json.data), field, clause);
}

/* ---- values ---- */

json_t *evidence_item_value(slice raw)
{
        json_t *value =
                json_loadb((const char *)raw.data, raw.size, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
        return value ? value : json_stringn((const char *)raw.data, raw.size);
}

mitome_status evidence_item_skip(struct json_reader *r, struct json_reader *ret_at, slice *ret_raw)
{
        enum json_kind kind;
        MITOME_TRY(json_peek(r, "evidence", &kind));
        *ret_at = *r;
        MITOME_TRY(json_skip(r, "evidence"));
        *ret_raw = slice_of(ret_at->bytes.rest.data, ret_at->bytes.rest.size - r->bytes.rest.size);
        return ok();
}

/* Neither a name nor a path goes on behind a NUL: who reads the file would see another than this program. */
mitome_status evidence_item_string(struct json_reader *r, const char *field, char *text, size_t size)
{
        enum json_kind kind;
        slice read;
        MITOME_TRY(json_peek(r, field, &kind)); /* goes to where it begins */
        const struct json_reader start = *r;
        MITOME_TRY(json_read_string(r, field, (uint8_t *)text, size - 1, &read));
        text[read.size] = '\0';
        return strlen(text) == read.size ? ok()
                                         : reader_fail(&start.bytes, MITOME_E_EVALUATE_EVIDENCE, field);
}

mitome_status evidence_item_text(
        struct evidence_item *item, enum evidence_item_member member, char *text, size_t size)
{
        *text = '\0';
        return item->raw[member].size
                       ? evidence_item_string(&item->at[member], member_names[member], text, size)
                       : ok();
}

void evidence_item_give(struct evidence_reading *e, const struct evidence_item *item, enum level_fact_id fact,
        const json_t *value)
{
        if (*item->why)
                evaluation_record_unusable(
                        e->record, fact, item->why, item->why_ja, item->label, item->evidence);
        else
                evaluation_record_given(
                        e->record, fact, item->obtained, item->partial, value, item->label, item->evidence);
}

void evidence_item_unusable(struct evidence_reading *e, const struct evidence_item *item,
        enum level_fact_id fact, const char *why, const char *why_ja)
{
        evaluation_record_unusable(e->record, fact, *item->why ? item->why : why,
                *item->why ? item->why_ja : why_ja, item->label, item->evidence);
}

static void note_unused(struct evidence_reading *e, const struct evidence_item *item)
{
        char text[sizeof item->label + EVIDENCE_WHY_MAX + 128],
                text_ja[sizeof item->label + EVIDENCE_WHY_MAX + 128];
        (void)snprintf(text, sizeof text, "%s counts as not given: %s.", item->label, item->why);
        (void)snprintf(text_ja, sizeof text_ja, "%sは提出されていないものとして扱う: %s。", item->label,
                item->why_ja);
        evaluation_record_caveat(e->record, "evidence_unused", text, text_ja);
        if (item->evidence != e->evidence)
                evaluation_record_unused(e->record, item->evidence, item->why, item->why_ja);
}

void evidence_item_reject(struct evidence_item *item, const char *why, const char *why_ja)
{
        if (*item->why)
                return;
        (void)snprintf(item->why, sizeof item->why, "%s", why);
        (void)snprintf(item->why_ja, sizeof item->why_ja, "%s", why_ja);
}

/* ---- documents ---- */

static bool is_day(const char *text)
{
        static const char shape[] = "dddd-dd-dd";
        for (size_t i = 0; i < sizeof shape; i++)
                if (shape[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i])
                        return false;
        const int month = 10 * (text[5] - '0') + text[6] - '0', day = 10 * (text[8] - '0') + text[9] - '0';
        return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/* A certificate is good on its last day. */
static void check_expiry(const struct evidence_reading *e, struct evidence_item *item)
{
        char why[EVIDENCE_WHY_MAX], why_ja[EVIDENCE_WHY_MAX];
        if (item->raw[ITEM_EXPIRES].size == 0)
                return;
        json_t *value = evidence_item_value(item->raw[ITEM_EXPIRES]);
        const char *day = json_string_value(value);
        if (!day || !is_day(day)) {
                evidence_item_reject(item, "its `expires` is no day as \"2027-01-15\" is one",
                        "`expires`が\"2027-01-15\"のような日付でない");
        } else if (strcmp(day, e->record->day) < 0) {
                (void)snprintf(why, sizeof why, "it ended on %s", day);
                (void)snprintf(why_ja, sizeof why_ja, "%sに期限が切れている", day);
                evidence_item_reject(item, why, why_ja);
        }
        json_decref(value);
}

/* What is said of a model is said of this device when it is this model, which it has to have told. */
static void check_model(const struct evidence_reading *e, struct evidence_item *item)
{
        if (item->raw[ITEM_AAGUID].size == 0)
                return;
        json_t *value = evidence_item_value(item->raw[ITEM_AAGUID]);
        const char *why_ja, *why = evaluation_record_model(e->record, json_string_value(value), &why_ja);
        if (why)
                evidence_item_reject(item, why, why_ja);
        json_decref(value);
}

static void check_digest(struct evidence_item *item)
{
        uint8_t digest[SHA256_SIZE], digits[2 * SHA256_SIZE];
        writer w = WRITER(digits);
        if (item->raw[ITEM_DIGEST].size == 0)
                return;
        sha256(&item->content, 1, digest);
        hex_text_write(&w, SLICE(digest));
        json_t *value = evidence_item_value(item->raw[ITEM_DIGEST]);
        if (!json_is_string(value) || !slice_is(writer_view(&w), json_string_value(value)))
                evidence_item_reject(item, "its document has another SHA-256 than the one given",
                        "文書のSHA-256が示されたものと異なる");
        json_decref(value);
}

const char *evidence_name_of(const char *path)
{
        const char *slash = strrchr(path, '/');
        return slash && slash[1] ? slash + 1 : path;
}

static mitome_status attach(struct evidence_reading *e, struct evidence_item *item)
{
        char path[EVIDENCE_PATH_MAX], what[sizeof item->label + EVIDENCE_PATH_MAX + 4];
        MITOME_TRY(evidence_item_text(item, ITEM_DOCUMENT, path, sizeof path));
        item->evidence = e->evidence;
        if (!*path) {
                if (item->kind->wants_document)
                        evidence_item_reject(item, "its document is not named", "文書が示されていない");
                return ok();
        }
        if (!e->documents->read(e->documents->context, path, &item->content_bytes, &item->content)) {
                evidence_item_reject(item, "its document cannot be read", "文書を読み取れない");
                return ok();
        }
        (void)snprintf(what, sizeof what, "%s: %s", item->label, evidence_name_of(path));
        item->evidence = evaluation_record_evidence(e->record, what, item->obtained, item->content, false);
        check_digest(item);
        return ok();
}

bool evidence_item_open(struct evidence_reading *e, struct evidence_item *item, const char *path,
        uint8_t **ret_bytes, slice *ret)
{
        char what[sizeof item->label + EVIDENCE_PATH_MAX + 4];
        if (!*path) {
                evidence_item_reject(
                        item, "a file that it needs is not named", "必要なファイルが示されていない");
                return false;
        }
        if (!e->documents->read(e->documents->context, path, ret_bytes, ret)) {
                evidence_item_reject(
                        item, "a file that it needs cannot be read", "必要なファイルを読み取れない");
                return false;
        }
        (void)snprintf(what, sizeof what, "%s: %s", item->label, evidence_name_of(path));
        (void)evaluation_record_evidence(e->record, what, LEVEL_DECLARED, *ret, false);
        return true;
}

void evidence_item_disbelieve(struct evidence_item *item, mitome_code code)
{
        const mitome_error error = { .code = code, .at = MITOME_NOWHERE, .field = "it" };
        char line[EVIDENCE_WHY_MAX - 40], why[EVIDENCE_WHY_MAX], why_ja[EVIDENCE_WHY_MAX];
        mitome_explain(&error, line, sizeof line);
        (void)snprintf(why, sizeof why, "it is not to be believed: %s", line);
        (void)snprintf(why_ja, sizeof why_ja, "検証できず信頼できない: %s", line);
        evidence_item_reject(item, why, why_ja);
}

/* ---- one item ---- */

static mitome_status find_member(
        const struct evidence_reading *e, slice name, enum evidence_item_member *ret, mitome_error *error)
{
        for (size_t i = 0; i < ITEM_MEMBERS; i++)
                if (json_name_is(name, member_names[i])) {
                        *ret = (enum evidence_item_member)i;
                        return ok();
                }
        return evidence_item_refuse(e, name, "member of an item", error);
}

static mitome_status find_kind(
        const struct evidence_reading *e, struct evidence_item *item, mitome_error *error)
{
        slice name;
        struct json_reader r = item->at[ITEM_KIND];
        MITOME_TRY(json_read_raw(&r, "kind", &name));
        item->kind = evidence_kind_find(name);
        if (!item->kind)
                return evidence_item_refuse(e, name, "kind", error);
        item->obtained = item->kind->obtained;
        return ok();
}

static mitome_status read_members(struct evidence_reading *e, struct json_reader *r,
        struct evidence_item *item, slice names[ITEM_MEMBERS])
{
        struct json_members object;
        struct json_reader start = *r;
        enum evidence_item_member member = ITEM_KIND;
        slice name;
        MITOME_TRY(json_open_object(r, "item", &object));
        for (bool more;;) {
                MITOME_TRY(json_next_member(r, &object, &name, &more));
                if (!more)
                        break;
                MITOME_TRY(find_member(e, name, &member, r->bytes.error));
                MITOME_TRY(evidence_item_skip(r, &item->at[member], &item->raw[member]));
                names[member] = name;
        }
        if (item->raw[ITEM_KIND].size == 0)
                return reader_fail(&start.bytes, MITOME_E_MISSING, "kind of an item");
        MITOME_TRY(find_kind(e, item, r->bytes.error));
        for (size_t i = 0; i < ITEM_MEMBERS; i++)
                if (item->raw[i].size && !((EACH_MAY | item->kind->members) & ITEM_BIT(i)))
                        return evidence_item_refuse(
                                e, names[i], "member of an item of this kind", r->bytes.error);
        return ok();
}

static mitome_status read_obtained(
        const struct evidence_reading *e, struct evidence_item *item, mitome_error *error)
{
        static const enum level_obtained known[] = { LEVEL_DECLARED, LEVEL_ATTESTED, LEVEL_MEASURED,
                LEVEL_OBSERVED };
        slice word;
        if (item->raw[ITEM_PARTIAL].size)
                MITOME_TRY(json_read_bool(&item->at[ITEM_PARTIAL], "partial", &item->partial));
        if (item->raw[ITEM_OBTAINED].size == 0)
                return ok();
        MITOME_TRY(json_read_raw(&item->at[ITEM_OBTAINED], "obtained", &word));
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
                if (json_name_is(word, level_obtained_name(known[i]))) {
                        item->obtained = known[i];
                        return ok();
                }
        return evidence_item_refuse(e, word, "obtained", error);
}

/* A string with something in it that can be seen: a blank is nobody's name. */
static bool is_text(slice raw)
{
        json_t *value = raw.size ? evidence_item_value(raw) : NULL;
        const char *text = json_string_value(value);
        const bool seen = text && can_be_seen(slice_text(text));
        json_decref(value);
        return seen;
}

/* What was seen or counted was so by somebody, and is written down somewhere: without either it is what an
 * evidence file says, and no more. A report of a program is both by itself. */
static void check_witness(struct evidence_reading *e, struct evidence_item *item)
{
        char text[sizeof item->label + 128], text_ja[sizeof item->label + 128];
        const bool by_hand = item->kind->members & ITEM_BIT(ITEM_OBTAINED);
        if (!by_hand || item->obtained == LEVEL_DECLARED ||
                (is_text(item->raw[ITEM_BY]) && is_text(item->raw[ITEM_DOCUMENT])))
                return;
        (void)snprintf(text, sizeof text,
                "%s says \"%s\" and not who did so (`by`) and where it is written (`document`): it counts as declared.",
                item->label, level_obtained_name(item->obtained));
        (void)snprintf(text_ja, sizeof text_ja,
                "%sは「%s」とするが、誰によるか(`by`)と記録(`document`)を示していないため、申告として扱う。",
                item->label, level_obtained_name(item->obtained));
        evaluation_record_caveat(e->record, "evidence_declared", text, text_ja);
        item->obtained = LEVEL_DECLARED;
}

/* The report calls what it saw itself by these names; nobody else's word is to look like it. */
static bool is_name_of_ours(const char *what)
{
        return strcmp(what, "getInfo") == 0 || strncmp(what, "trace of ", strlen("trace of ")) == 0 ||
               (what[0] == 'P' && what[1] >= '0' && what[1] <= '9');
}

/* "Common Criteria certificate BSI-DSZ-CC-1234 (by the maker)" */
static mitome_status make_label(
        const struct evidence_reading *e, struct evidence_item *item, mitome_error *error)
{
        char what[EVIDENCE_TEXT_MAX], number[EVIDENCE_TEXT_MAX / 2], by[EVIDENCE_TEXT_MAX / 2];
        MITOME_TRY(evidence_item_text(item, ITEM_WHAT, what, sizeof what));
        if (is_name_of_ours(what))
                return evidence_item_refuse(e, item->raw[ITEM_WHAT], "what", error);
        MITOME_TRY(evidence_item_text(item, ITEM_CERTIFICATE, number, sizeof number));
        MITOME_TRY(evidence_item_text(item, ITEM_BY, by, sizeof by));
        (void)snprintf(item->label, sizeof item->label, "%s%s%s%s%s%s", *what ? what : item->kind->label,
                *number ? " " : "", number, *by ? " (" : "", by, *by ? ")" : "");
        return ok();
}

mitome_status evidence_item_read(struct evidence_reading *e, struct json_reader *r)
{
        struct evidence_item item = { .obtained = LEVEL_DECLARED };
        slice names[ITEM_MEMBERS] = { 0 };
        MITOME_TRY(read_members(e, r, &item, names));
        MITOME_TRY(read_obtained(e, &item, r->bytes.error));
        MITOME_TRY(make_label(e, &item, r->bytes.error));
        check_expiry(e, &item);
        check_model(e, &item);
        check_witness(e, &item);
        mitome_status status = attach(e, &item);
        if (!failed(status))
                status = item.kind->take(e, &item);
        if (!failed(status) && *item.why)
                note_unused(e, &item);
        free(item.content_bytes);
        return status;
}
