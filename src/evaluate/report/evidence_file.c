/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence_file.h"

#include "binomial.h"
#include "digest.h"
#include "evidence_document.h"
#include "hex_text.h"
#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char clause[] = "docs/evidence-files.md";

enum {
        ITEMS_MAX = 128,
        SPECIES_MAX = 64,
        PATH_MAX_HERE = 1024,
        WHY_MAX = 200,
        LABEL_MAX = 4 * EVIDENCE_TEXT_MAX
};

enum member {
        KIND,
        WHAT,
        BY,
        CERTIFICATE,
        DOCUMENT,
        DIGEST,
        EXPIRES,
        OBTAINED,
        PARTIAL,
        AVA_VAN,
        OVERALL,
        PHYSICAL,
        LEVEL,
        SPECIES,
        FACTS,
        MEMBERS
};

static const char *const member_names[MEMBERS] = { "kind", "what", "by", "certificate", "document", "sha256",
        "expires", "obtained", "partial", "ava_van", "overall", "physical", "level", "species", "facts" };

/* An item while it is read. */
struct item {
        const struct item_kind *kind;
        struct json_reader at[MEMBERS]; /* where each value begins */
        slice raw[MEMBERS];             /* each value as it stands; empty: it was not given */
        char label[LABEL_MAX];          /* holds what it is made of: it is never cut */
        enum level_obtained obtained;
        bool partial;
        size_t evidence;
        uint8_t *content_bytes;
        slice content;                      /* of the document, if there is one that can be used */
        char why[WHY_MAX], why_ja[WHY_MAX]; /* why it counts as not given; "" it does */
};

struct evidence_reading {
        slice json;
        const struct evidence_documents *documents;
        struct evaluation_record *record;
        size_t evidence; /* the file itself */
};

/* What an item of a kind says. */
typedef mitome_status take_item(struct evidence_reading *e, struct item *item, mitome_error *error);

struct item_kind {
        const char *name, *label;
        uint32_t members; /* beside those that each may have */
        bool wants_document;
        enum level_obtained obtained; /* unless it says otherwise */
        take_item *take;
};

#define BIT(member) (UINT32_C(1) << (member))

enum { EACH_MAY = 1 << KIND | 1 << WHAT | 1 << BY | 1 << DOCUMENT | 1 << DIGEST | 1 << EXPIRES };

/* ---- places ---- */

void evidence_file_place(slice json, size_t at, unsigned *ret_line, unsigned *ret_column)
{
        unsigned line = 1, column = 1;
        for (size_t i = 0; i < at && i < json.size; i++) {
                if (json.data[i] == '\n') {
                        line++;
                        column = 1;
                } else if ((json.data[i] & 0xC0) != 0x80) {
                        column++;
                }
        }
        *ret_line = line;
        *ret_column = column;
}

/* At the first character of a name or word, behind its quote. */
static mitome_status refuse(
        const struct evidence_reading *e, slice word, const char *field, mitome_error *error)
{
        return fail_at(error, MITOME_E_EVALUATE_EVIDENCE, (size_t)(word.data - e->json.data), field, clause);
}

/* ---- values ---- */

/* A value as jansson has it; one that it cannot hold (a number of too many digits) as its text. */
static json_t *value_of(slice raw)
{
        json_t *value =
                json_loadb((const char *)raw.data, raw.size, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
        return value ? value : json_stringn((const char *)raw.data, raw.size);
}

static mitome_status skip_value(struct json_reader *r, struct json_reader *ret_at, slice *ret_raw)
{
        enum json_kind kind;
        MITOME_TRY(json_peek(r, "evidence", &kind));
        *ret_at = *r;
        MITOME_TRY(json_skip(r, "evidence"));
        *ret_raw = slice_of(ret_at->bytes.rest.data, ret_at->bytes.rest.size - r->bytes.rest.size);
        return ok();
}

static mitome_status read_text(struct item *item, enum member member, char *text, size_t size)
{
        slice read;
        *text = '\0';
        if (item->raw[member].size == 0)
                return ok();
        MITOME_TRY(
                json_read_string(&item->at[member], member_names[member], (uint8_t *)text, size - 1, &read));
        text[read.size] = '\0';
        return ok();
}

/* A fact whose value is a member of the item; an item without it says nothing of the fact. */
static void give(struct evidence_reading *e, struct item *item, enum level_fact_id fact, const json_t *value)
{
        if (*item->why)
                evaluation_record_unusable(
                        e->record, fact, item->why, item->why_ja, item->label, item->evidence);
        else
                evaluation_record_given(
                        e->record, fact, item->obtained, item->partial, value, item->label, item->evidence);
}

static void give_member(
        struct evidence_reading *e, struct item *item, enum member member, enum level_fact_id fact)
{
        if (item->raw[member].size == 0)
                return;
        json_t *value = value_of(item->raw[member]);
        give(e, item, fact, value);
        json_decref(value);
}

static void unusable(struct evidence_reading *e, struct item *item, enum level_fact_id fact, const char *why,
        const char *why_ja)
{
        evaluation_record_unusable(e->record, fact, *item->why ? item->why : why,
                *item->why ? item->why_ja : why_ja, item->label, item->evidence);
}

/* ---- kinds ---- */

static mitome_status take_common_criteria(struct evidence_reading *e, struct item *item, mitome_error *error)
{
        (void)error;
        give_member(e, item, AVA_VAN, LEVEL_MODEL_AVA_VAN);
        return ok();
}

/* Such a certificate is always for a time: one without an end is none. */
static mitome_status take_emv(struct evidence_reading *e, struct item *item, mitome_error *error)
{
        (void)error;
        if (item->raw[EXPIRES].size == 0) {
                unusable(e, item, LEVEL_MODEL_EMV, "its end of validity is not given",
                        "有効期限が示されていない");
                return ok();
        }
        json_t *yes = json_true();
        give(e, item, LEVEL_MODEL_EMV, yes);
        return ok();
}

static mitome_status take_fips(struct evidence_reading *e, struct item *item, mitome_error *error)
{
        (void)error;
        give_member(e, item, OVERALL, LEVEL_MODEL_FIPS_OVERALL);
        give_member(e, item, PHYSICAL, LEVEL_MODEL_FIPS_PHYSICAL);
        return ok();
}

static mitome_status take_fido(struct evidence_reading *e, struct item *item, mitome_error *error)
{
        static const char *const levels[] = { "none", "L1", "L1+", "L2", "L2+", "L3", "L3+" };
        (void)error;
        if (item->raw[LEVEL].size == 0)
                return ok();
        json_t *value = value_of(item->raw[LEVEL]);
        const char *name = json_string_value(value);
        size_t level = 0;
        while (name && level < sizeof levels / sizeof levels[0] && strcmp(levels[level], name) != 0)
                level++;
        if (name && level < sizeof levels / sizeof levels[0]) {
                json_t *number = json_integer((json_int_t)level);
                give(e, item, LEVEL_MODEL_FIDO_LEVEL, number);
                json_decref(number);
        } else {
                unusable(e, item, LEVEL_MODEL_FIDO_LEVEL, "\"none\" or \"L1\" to \"L3+\" is wanted",
                        "\"none\"、\"L1\"から\"L3+\"のいずれかが必要");
        }
        json_decref(value);
        return ok();
}

static mitome_status take_fido_biometric(struct evidence_reading *e, struct item *item, mitome_error *error)
{
        (void)error;
        give_member(e, item, LEVEL, LEVEL_MODEL_FIDO_BIOMETRIC);
        return ok();
}

static mitome_status take_fact(
        struct evidence_reading *e, struct item *item, struct json_reader *r, slice name)
{
        struct json_reader at;
        slice raw;
        const enum level_fact_id fact = level_fact_find(name);
        if (fact == LEVEL_FACTS)
                return refuse(e, name, "facts", r->bytes.error);
        MITOME_TRY(skip_value(r, &at, &raw));
        json_t *value = value_of(raw);
        give(e, item, fact, value);
        json_decref(value);
        return ok();
}

static mitome_status take_facts(struct evidence_reading *e, struct item *item, mitome_error *error)
{
        struct json_reader *r = &item->at[FACTS];
        struct json_members object;
        slice name;
        (void)error;
        if (item->raw[FACTS].size == 0)
                return ok();
        MITOME_TRY(json_open_object(r, "facts", &object));
        for (bool more;;) {
                MITOME_TRY(json_next_member(r, &object, &name, &more));
                if (!more)
                        return ok();
                MITOME_TRY(take_fact(e, item, r, name));
        }
}

/* Each species is judged by itself, so what counts is the worst one. */
static bool worst_species(const json_t *list, const json_t **ret)
{
        enum { CONFIDENCE = 95 };
        size_t i;
        const json_t *species;
        double worst = -1;
        json_array_foreach(list, i, species)
        {
                const json_int_t errors = json_integer_value(json_object_get(species, "errors"));
                const json_int_t trials = json_integer_value(json_object_get(species, "trials"));
                const json_t *name = json_object_get(species, "name");
                if (!json_is_string(name) || json_string_length(name) >= EVIDENCE_TEXT_MAX ||
                        !json_is_integer(json_object_get(species, "errors")) ||
                        json_object_size(species) != 3 || errors < 0 || trials < 1 || errors > trials)
                        return false;
                double upper = binomial_upper((uint64_t)errors, (uint64_t)trials, CONFIDENCE / 100.0);
                if (upper > worst) {
                        worst = upper;
                        *ret = species;
                }
        }
        return json_array_size(list) > 0 && json_array_size(list) <= SPECIES_MAX;
}

static mitome_status take_species(struct evidence_reading *e, struct item *item, mitome_error *error)
{
        const json_t *worst = NULL;
        (void)error;
        if (item->raw[SPECIES].size == 0)
                return ok();
        json_t *list = value_of(item->raw[SPECIES]);
        if (!worst_species(list, &worst)) {
                unusable(e, item, LEVEL_UV_IAPAR,
                        "a list of {\"name\", \"errors\", \"trials\"} is wanted, no more errors than trials",
                        "{\"name\", \"errors\", \"trials\"}の一覧(誤りは試行以下)が必要");
        } else {
                json_t *rate = json_pack("{s:O, s:O}", "errors", json_object_get(worst, "errors"), "trials",
                        json_object_get(worst, "trials"));
                size_t length = strlen(item->label);
                (void)snprintf(item->label + length, sizeof item->label - length, ": %s",
                        json_string_value(json_object_get(worst, "name")));
                give(e, item, LEVEL_UV_IAPAR, rate);
                json_decref(rate);
        }
        json_decref(list);
        return ok();
}

static void note_unused(struct evidence_reading *e, const struct item *item)
{
        char text[sizeof item->label + WHY_MAX + 128], text_ja[sizeof item->label + WHY_MAX + 128];
        (void)snprintf(text, sizeof text, "%s counts as not given: %s.", item->label, item->why);
        (void)snprintf(text_ja, sizeof text_ja, "%sは提出されていないものとして扱う: %s。", item->label,
                item->why_ja);
        evaluation_record_caveat(e->record, "evidence_unused", text, text_ja);
        if (item->evidence != e->evidence)
                evaluation_record_unused(e->record, item->evidence, item->why, item->why_ja);
}

static void say_why(struct item *item, const char *why, const char *why_ja)
{
        if (*item->why)
                return;
        (void)snprintf(item->why, sizeof item->why, "%s", why);
        (void)snprintf(item->why_ja, sizeof item->why_ja, "%s", why_ja);
}

static mitome_status take_document(struct evidence_reading *e, struct item *item,
        const char *(*reads)(struct evaluation_record *, slice, const char *, size_t, const char **))
{
        const char *why_ja = "", *why = NULL;
        if (!*item->why)
                why = reads(e->record, item->content, item->label, item->evidence, &why_ja);
        if (why)
                say_why(item, why, why_ja);
        return ok();
}

static mitome_status take_metadata(struct evidence_reading *e, struct item *item, mitome_error *error)
{
        (void)error;
        return take_document(e, item, evidence_metadata);
}

static mitome_status take_measurement(struct evidence_reading *e, struct item *item, mitome_error *error)
{
        (void)error;
        MITOME_TRY(take_document(e, item, evidence_measurement));
        if (*item->why) {
                unusable(e, item, LEVEL_UV_FMR, "", "");
                unusable(e, item, LEVEL_UV_FNMR, "", "");
        }
        return ok();
}

static mitome_status take_logins(struct evidence_reading *e, struct item *item, mitome_error *error)
{
        (void)error;
        return take_document(e, item, evidence_logins);
}

/* A receipt, a journal, a letter: it is attached by its digest, and says nothing that a predicate could read.
 */
static mitome_status take_nothing(struct evidence_reading *e, struct item *item, mitome_error *error)
{
        (void)e;
        (void)item;
        (void)error;
        return ok();
}

static const struct item_kind kinds[] = {
        { "common-criteria", "Common Criteria certificate", BIT(CERTIFICATE) | BIT(AVA_VAN), false,
                LEVEL_DECLARED, take_common_criteria },
        { "emv", "EMV security certificate", BIT(CERTIFICATE), false, LEVEL_DECLARED, take_emv },
        { "fips-140", "FIPS 140 certificate", BIT(CERTIFICATE) | BIT(OVERALL) | BIT(PHYSICAL), false,
                LEVEL_DECLARED, take_fips },
        { "fido", "FIDO authenticator certificate", BIT(CERTIFICATE) | BIT(LEVEL), false, LEVEL_DECLARED,
                take_fido },
        { "fido-biometric", "FIDO biometric certificate", BIT(CERTIFICATE) | BIT(LEVEL), false,
                LEVEL_DECLARED, take_fido_biometric },
        { "metadata", "metadata statement", 0, true, LEVEL_DECLARED, take_metadata },
        { "measurement", "biometric measurement", 0, true, LEVEL_MEASURED, take_measurement },
        { "presentation-attacks", "presentation attacks", BIT(OBTAINED) | BIT(PARTIAL) | BIT(SPECIES), false,
                LEVEL_MEASURED, take_species },
        { "logins", "logins", 0, true, LEVEL_OBSERVED, take_logins },
        { "document", "document", 0, true, LEVEL_DECLARED, take_nothing },
        { "facts", "statement", BIT(OBTAINED) | BIT(PARTIAL) | BIT(FACTS), false, LEVEL_DECLARED,
                take_facts },
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

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
static void check_expiry(const struct evidence_reading *e, struct item *item)
{
        char why[WHY_MAX], why_ja[WHY_MAX];
        if (item->raw[EXPIRES].size == 0)
                return;
        json_t *value = value_of(item->raw[EXPIRES]);
        const char *day = json_string_value(value);
        if (!day || !is_day(day)) {
                say_why(item, "its `expires` is no day as \"2027-01-15\" is one",
                        "`expires`が\"2027-01-15\"のような日付でない");
        } else if (strcmp(day, e->record->day) < 0) {
                (void)snprintf(why, sizeof why, "it ended on %s", day);
                (void)snprintf(why_ja, sizeof why_ja, "%sに期限が切れている", day);
                say_why(item, why, why_ja);
        }
        json_decref(value);
}

static void check_digest(struct item *item)
{
        uint8_t digest[SHA256_SIZE], digits[2 * SHA256_SIZE];
        writer w = WRITER(digits);
        if (item->raw[DIGEST].size == 0)
                return;
        sha256(&item->content, 1, digest);
        hex_text_write(&w, SLICE(digest));
        json_t *value = value_of(item->raw[DIGEST]);
        if (!json_is_string(value) || !slice_is(writer_view(&w), json_string_value(value)))
                say_why(item, "its document has another SHA-256 than the one given",
                        "文書のSHA-256が示されたものと異なる");
        json_decref(value);
}

/* The name alone goes into the report: where it lay on somebody's machine does not concern its readers. */
static const char *name_of(const char *path)
{
        const char *slash = strrchr(path, '/');
        return slash && slash[1] ? slash + 1 : path;
}

static mitome_status attach(struct evidence_reading *e, struct item *item)
{
        char path[PATH_MAX_HERE], what[sizeof item->label + PATH_MAX_HERE + 4];
        MITOME_TRY(read_text(item, DOCUMENT, path, sizeof path));
        item->evidence = e->evidence;
        if (!*path) {
                if (item->kind->wants_document)
                        say_why(item, "its document is not named", "文書が示されていない");
                return ok();
        }
        if (!e->documents->read(e->documents->context, path, &item->content_bytes, &item->content)) {
                say_why(item, "its document cannot be read", "文書を読み取れない");
                return ok();
        }
        (void)snprintf(what, sizeof what, "%s: %s", item->label, name_of(path));
        item->evidence = evaluation_record_evidence(e->record, what, item->obtained, item->content, false);
        check_digest(item);
        return ok();
}

/* ---- one item ---- */

static mitome_status find_member(
        const struct evidence_reading *e, slice name, enum member *ret, mitome_error *error)
{
        for (size_t i = 0; i < MEMBERS; i++)
                if (json_name_is(name, member_names[i])) {
                        *ret = (enum member)i;
                        return ok();
                }
        return refuse(e, name, "member of an item", error);
}

static mitome_status find_kind(const struct evidence_reading *e, struct item *item, mitome_error *error)
{
        slice name;
        struct json_reader r = item->at[KIND];
        MITOME_TRY(json_read_raw(&r, "kind", &name));
        for (size_t i = 0; i < KINDS; i++)
                if (json_name_is(name, kinds[i].name)) {
                        item->kind = &kinds[i];
                        item->obtained = kinds[i].obtained;
                        return ok();
                }
        return refuse(e, name, "kind", error);
}

static mitome_status read_members(
        struct evidence_reading *e, struct json_reader *r, struct item *item, slice names[MEMBERS])
{
        struct json_members object;
        struct json_reader start = *r;
        enum member member = KIND;
        slice name;
        MITOME_TRY(json_open_object(r, "item", &object));
        for (bool more;;) {
                MITOME_TRY(json_next_member(r, &object, &name, &more));
                if (!more)
                        break;
                MITOME_TRY(find_member(e, name, &member, r->bytes.error));
                MITOME_TRY(skip_value(r, &item->at[member], &item->raw[member]));
                names[member] = name;
        }
        if (item->raw[KIND].size == 0)
                return reader_fail(&start.bytes, MITOME_E_MISSING, "kind of an item");
        MITOME_TRY(find_kind(e, item, r->bytes.error));
        for (size_t i = 0; i < MEMBERS; i++)
                if (item->raw[i].size && !((EACH_MAY | item->kind->members) & BIT(i)))
                        return refuse(e, names[i], "member of an item of this kind", r->bytes.error);
        return ok();
}

static mitome_status read_obtained(const struct evidence_reading *e, struct item *item, mitome_error *error)
{
        static const enum level_obtained known[] = { LEVEL_DECLARED, LEVEL_ATTESTED, LEVEL_MEASURED,
                LEVEL_OBSERVED };
        slice word;
        if (item->raw[PARTIAL].size)
                MITOME_TRY(json_read_bool(&item->at[PARTIAL], "partial", &item->partial));
        if (item->raw[OBTAINED].size == 0)
                return ok();
        MITOME_TRY(json_read_raw(&item->at[OBTAINED], "obtained", &word));
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
                if (json_name_is(word, level_obtained_name(known[i]))) {
                        item->obtained = known[i];
                        return ok();
                }
        return refuse(e, word, "obtained", error);
}

/* "Common Criteria certificate BSI-DSZ-CC-1234 (by the maker)" */
static mitome_status make_label(struct item *item)
{
        char what[EVIDENCE_TEXT_MAX], number[EVIDENCE_TEXT_MAX / 2], by[EVIDENCE_TEXT_MAX / 2];
        MITOME_TRY(read_text(item, WHAT, what, sizeof what));
        MITOME_TRY(read_text(item, CERTIFICATE, number, sizeof number));
        MITOME_TRY(read_text(item, BY, by, sizeof by));
        (void)snprintf(item->label, sizeof item->label, "%s%s%s%s%s%s", *what ? what : item->kind->label,
                *number ? " " : "", number, *by ? " (" : "", by, *by ? ")" : "");
        return ok();
}

static mitome_status read_item(struct evidence_reading *e, struct json_reader *r)
{
        struct item item = { .obtained = LEVEL_DECLARED };
        slice names[MEMBERS] = { 0 };
        MITOME_TRY(read_members(e, r, &item, names));
        MITOME_TRY(read_obtained(e, &item, r->bytes.error));
        MITOME_TRY(make_label(&item));
        check_expiry(e, &item);
        mitome_status status = attach(e, &item);
        if (!failed(status))
                status = item.kind->take(e, &item, r->bytes.error);
        if (!failed(status) && *item.why)
                note_unused(e, &item);
        free(item.content_bytes);
        return status;
}

static mitome_status read_items(struct evidence_reading *e, struct json_reader *r)
{
        struct json_members array;
        size_t count = 0;
        MITOME_TRY(json_open_array(r, "items", &array));
        for (bool more;;) {
                MITOME_TRY(json_next_element(r, &array, &more));
                if (!more)
                        return ok();
                if (count++ == ITEMS_MAX)
                        return reader_fail(&r->bytes, MITOME_E_TOO_MANY, "items");
                MITOME_TRY(read_item(e, r));
        }
}

/* ---- the file ---- */

static mitome_status read_version(struct json_reader *r)
{
        struct json_reader at = *r;
        enum json_kind kind;
        int64_t version;
        MITOME_TRY(json_peek(&at, "mitome_evidence", &kind));
        *r = at;
        MITOME_TRY(json_read_int(r, "mitome_evidence", &version));
        return version == 1 ? ok() : reader_fail(&at.bytes, MITOME_E_EVALUATE_EVIDENCE, "mitome_evidence");
}

mitome_status evidence_file_read(slice json, const char *name, const struct evidence_documents *documents,
        struct evaluation_record *record, mitome_error *error)
{
        struct evidence_reading e = { .json = json, .documents = documents, .record = record };
        struct json_reader r = json_over(json, clause, error);
        struct json_members object;
        slice member;
        bool versioned = false;
        char what[2 * EVIDENCE_TEXT_MAX];
        if (json.size > EVIDENCE_FILE_MAX)
                return fail(error, MITOME_E_TOO_LONG, "evidence", clause);
        (void)snprintf(what, sizeof what, "evidence file %s", name_of(name));
        e.evidence = evaluation_record_evidence(record, what, LEVEL_DECLARED, json, false);
        MITOME_TRY(json_open_object(&r, "evidence", &object));
        for (bool more;;) {
                MITOME_TRY(json_next_member(&r, &object, &member, &more));
                if (!more)
                        break;
                if (json_name_is(member, "mitome_evidence")) {
                        MITOME_TRY(read_version(&r));
                        versioned = true;
                } else if (json_name_is(member, "items")) {
                        MITOME_TRY(read_items(&e, &r));
                } else {
                        return refuse(&e, member, "member", error);
                }
        }
        MITOME_TRY(json_end(&r, "evidence"));
        return versioned ? ok() : fail_at(error, MITOME_E_MISSING, 0, "mitome_evidence", clause);
}
