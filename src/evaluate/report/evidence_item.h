/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_ITEM_H
#define EVIDENCE_ITEM_H

/* One item of an evidence file: its members, its documents, and what it comes to. evidence_kinds.c has the
 * kinds. */

#include "evidence_file.h"

#include "json.h"

enum { EVIDENCE_WHY_MAX = 200, EVIDENCE_LABEL_MAX = 4 * EVIDENCE_TEXT_MAX, EVIDENCE_PATH_MAX = 1024 };

enum evidence_item_member {
        ITEM_KIND,
        ITEM_WHAT,
        ITEM_BY,
        ITEM_CERTIFICATE,
        ITEM_DOCUMENT,
        ITEM_DIGEST,
        ITEM_EXPIRES,
        ITEM_AAGUID,
        ITEM_OBTAINED,
        ITEM_PARTIAL,
        ITEM_AVA_VAN,
        ITEM_OVERALL,
        ITEM_PHYSICAL,
        ITEM_LEVEL,
        ITEM_SPECIES,
        ITEM_FACTS,
        ITEM_ANCHORS,
        ITEM_STATUS,
        ITEM_IDENTITY,
        ITEM_DIRECTORY,
        ITEM_JOURNALS,
        ITEM_MEMBERS
};

#define ITEM_BIT(member) (UINT32_C(1) << (member))

/* A file while it is read. */
struct evidence_reading {
        slice json;
        const struct evidence_documents *documents;
        struct evaluation_record *record;
        size_t evidence; /* the file itself */
};

/* An item while it is read. */
struct evidence_item {
        const struct evidence_item_kind *kind;
        struct json_reader at[ITEM_MEMBERS]; /* where each value begins */
        slice raw[ITEM_MEMBERS];             /* each value as it stands; empty: it was not given */
        char label[EVIDENCE_LABEL_MAX];      /* holds what it is made of: it is never cut */
        enum level_obtained obtained;
        bool partial;
        size_t evidence;
        uint8_t *content_bytes;
        slice content; /* of the document, if there is one that can be used */
        char why[EVIDENCE_WHY_MAX], why_ja[EVIDENCE_WHY_MAX]; /* why it counts as not given; "" it does */
};

/* What an item of a kind says. */
typedef mitome_status evidence_take(struct evidence_reading *e, struct evidence_item *item);

struct evidence_item_kind {
        const char *name, *label;
        uint32_t members; /* beside those that each may have */
        bool wants_document;
        enum level_obtained obtained; /* unless it says otherwise */
        evidence_take *take;
};

/* evidence_kind_find gives the kind of a name (raw, as it stands), or NULL. */
const struct evidence_item_kind *evidence_kind_find(slice name);

/* evidence_item_read reads an item and adds what it says to the record. */
MITOME_CHECKED mitome_status evidence_item_read(struct evidence_reading *e, struct json_reader *r);

/* ---- for kinds ---- */

/* evidence_item_refuse: EVALUATE_EVIDENCE at the first character of a name or word, behind its quote. */
mitome_status evidence_item_refuse(
        const struct evidence_reading *e, slice word, const char *field, mitome_error *error);

/* evidence_item_value is a value as jansson has it; one that it cannot hold (a number of too many digits) as
 * its text. */
json_t *evidence_item_value(slice raw);

/* evidence_item_skip passes over a value and tells where it stands. */
MITOME_CHECKED mitome_status evidence_item_skip(
        struct json_reader *r, struct json_reader *ret_at, slice *ret_raw);

/* evidence_item_give: a fact is so, by this item; unusable, with the reason, when the item counts as not
 * given. evidence_item_unusable: it is unusable in any case. */
void evidence_item_give(struct evidence_reading *e, const struct evidence_item *item, enum level_fact_id fact,
        const json_t *value);
void evidence_item_unusable(struct evidence_reading *e, const struct evidence_item *item,
        enum level_fact_id fact, const char *why, const char *why_ja);

/* evidence_item_string reads a string as text; EVALUATE_EVIDENCE for one with a NUL in it. */
MITOME_CHECKED mitome_status evidence_item_string(
        struct json_reader *r, const char *field, char *text, size_t size);

/* evidence_item_text reads a member that is a text ("": it was not given). */
MITOME_CHECKED mitome_status evidence_item_text(
        struct evidence_item *item, enum evidence_item_member member, char *text, size_t size);

/* evidence_item_open attaches a further document by its digest, which the caller frees; false: it is not
 * named, or cannot be read, and the item counts as not given. */
bool evidence_item_open(struct evidence_reading *e, struct evidence_item *item, const char *path,
        uint8_t **ret_bytes, slice *ret);

/* evidence_item_disbelieve: the item counts as not given, because what it should be is not to be believed. */
void evidence_item_disbelieve(struct evidence_item *item, mitome_code code);

/* Kinds of files of their own: an erasure receipt, a person's certificate with its status, a journal. */
evidence_take evidence_take_receipt, evidence_take_certificate, evidence_take_journal;

/* evidence_name_of cuts the folders off a path: the name alone goes into the report; where it lay on
 * somebody's machine does not concern its readers. */
const char *evidence_name_of(const char *path);

/* evidence_item_reject: the item counts as not given; the first reason stays. */
void evidence_item_reject(struct evidence_item *item, const char *why, const char *why_ja);

#endif
