/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence_item.h"

#include <stdio.h>
#include <string.h>

static const char clause[] = "docs/evidence-files.md";

enum { ITEMS_MAX = 128 };

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
                MITOME_TRY(evidence_item_read(e, r));
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
        bool versioned = false, listed = false;
        char what[2 * EVIDENCE_TEXT_MAX];
        if (json.size > EVIDENCE_FILE_MAX)
                return fail(error, MITOME_E_TOO_LONG, "evidence", clause);
        (void)snprintf(what, sizeof what, "evidence file %s", evidence_name_of(name));
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
                        listed = true;
                } else {
                        return evidence_item_refuse(&e, member, "member", error);
                }
        }
        MITOME_TRY(json_end(&r, "evidence"));
        return versioned && listed
                       ? ok()
                       : fail_at(error, MITOME_E_MISSING, 0, versioned ? "items" : "mitome_evidence", clause);
}
