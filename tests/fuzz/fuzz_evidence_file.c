/* SPDX-License-Identifier: Apache-2.0 */

/* An evidence file of anybody's, with documents of anybody's: what stands behind the file's first NUL is what
 * each document of it holds. Whatever is read is a record that can be written down; what getInfo says,
 * likewise. */

#include "evidence_file.h"
#include "get_info_facts.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool read_document(void *context, const char *path, uint8_t **ret_bytes, slice *ret)
{
        const slice *content = context;
        uint8_t *bytes = malloc(content->size + 1);
        if (!bytes || !*path || slice_copy(*content, NULL, bytes, content->size + 1, NULL).code != MITOME_OK)
                abort();
        *ret_bytes = bytes;
        *ret = slice_of(bytes, content->size);
        return true;
}

static void must_be_text(const json_t *value)
{
        char *text = json_dumps(value, 0);
        if (!text)
                abort();
        free(text);
}

static void check(struct evaluation_record *record)
{
        struct level_facts facts;
        const struct fact_claim *chosen[LEVEL_FACTS];
        if (record->failed)
                abort();
        must_be_text(record->evidence);
        must_be_text(record->caveats);
        if (record->det)
                must_be_text(record->det);
        fact_claims_sort(&record->claims);
        fact_claims_settle(&record->claims, &facts, chosen);
        for (size_t i = 0; i < record->claims.count; i++) {
                const struct fact_claim *claim = &record->claims.claims[i];
                if (!chosen[claim->fact] || !slice_is_utf8(slice_text(claim->from)) ||
                        !slice_is_utf8(slice_text(claim->why)) || !slice_is_utf8(slice_text(claim->why_ja)))
                        abort();
                if (level_fact_kind(claim->fact)->type == LEVEL_RATE &&
                        claim->value.obtained != LEVEL_UNUSABLE &&
                        (claim->value.rate.trials == 0 ||
                                claim->value.rate.errors > claim->value.rate.trials))
                        abort();
        }
}

static void read_evidence(slice json, slice content)
{
        const struct evidence_documents documents = { .read = read_document, .context = &content };
        struct evaluation_record record;
        evaluation_record_begin(&record);
        memcpy(record.day, "2026-11-22", sizeof record.day);
        memcpy(record.aaguid, "00112233445566778899aabbccddeeff", sizeof record.aaguid);
        mitome_error error = { 0 };
        unsigned line, column;
        if (evidence_file_read(json, "e.json", &documents, &record, &error).code == MITOME_OK)
                check(&record);
        else
                evidence_file_place(json, error.at, &line, &column);
        evaluation_record_clear(&record);
}

static void read_info(slice info)
{
        struct evaluation_record record;
        json_t *target = json_object();
        evaluation_record_begin(&record);
        if (get_info_facts(info, &record, FACT_NO_EVIDENCE, target, NULL).code == MITOME_OK)
                check(&record);
        must_be_text(target);
        json_decref(target);
        evaluation_record_clear(&record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const uint8_t *end = size ? memchr(data, 0, size) : NULL;
        const size_t first = end ? (size_t)(end - data) : size;
        read_evidence(slice_of(data, first), end ? slice_of(end + 1, size - first - 1) : slice_of(data, 0));
        read_info(slice_of(data, size));
        return 0;
}
