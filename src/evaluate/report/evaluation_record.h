/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVALUATION_RECORD_H
#define EVALUATION_RECORD_H

/* What an evaluation gathers before it judges: claims about facts, evidence by its digest, and what has to be
 * said beside the result. */

#include "fact_claims.h"

#include <jansson.h>

enum { EVALUATION_DAY_SIZE = 11, EVALUATION_AAGUID_SIZE = 33, EVALUATION_PRODUCT_SIZE = 201 };

struct evaluation_record {
        struct fact_claims claims;
        json_t *evidence; /* array: the objects of REPORT.md without id; claims name them by index */
        json_t *caveats;  /* array: the objects of REPORT.md */
        json_t *det;      /* as in REPORT.md, or NULL */
        char day[EVALUATION_DAY_SIZE];       /* of the evaluation, "2026-11-22" */
        int64_t now;                         /* the same, in seconds since 1970 */
        char aaguid[EVALUATION_AAGUID_SIZE]; /* of the model, 32 small hexadecimal digits; "" is not known */
        char product[EVALUATION_PRODUCT_SIZE]; /* what a metadata statement calls that model; "" is not known
                                                */
        bool failed;                           /* there was no memory */
};

void evaluation_record_begin(struct evaluation_record *record);
void evaluation_record_clear(struct evaluation_record *record);

/* evaluation_record_evidence attaches content by its SHA-256 (and its bytes, with `keep`) and gives its
 * index. */
size_t evaluation_record_evidence(struct evaluation_record *record, const char *what,
        enum level_obtained obtained, slice content, bool keep);

/* evaluation_record_unused notes why a piece of evidence counts for nothing. */
void evaluation_record_unused(
        struct evaluation_record *record, size_t evidence, const char *why, const char *why_ja);

/* evaluation_record_model gives NULL when an AAGUID, in groups or not (NULL: none), is the device's, or why
 * nothing that is said of that model counts here (static, with the Japanese). A device that has told none, or
 * zeros, may be any model. */
const char *evaluation_record_model(
        const struct evaluation_record *record, const char *aaguid, const char **ret_ja);

/* evaluation_record_product notes what a statement about the model calls it; of several names the first in
 * the alphabet, and none that is empty or longer than a statement's may be. */
void evaluation_record_product(struct evaluation_record *record, const char *name);

/* evaluation_record_caveat says something beside the result, once. */
void evaluation_record_caveat(
        struct evaluation_record *record, const char *id, const char *text, const char *text_ja);

/* What evidence says, one fact a call. */
void evaluation_record_bool(struct evaluation_record *record, enum level_fact_id fact,
        enum level_obtained obtained, bool yes, const char *from, size_t evidence);
void evaluation_record_count(struct evaluation_record *record, enum level_fact_id fact,
        enum level_obtained obtained, uint64_t count, const char *from, size_t evidence);
void evaluation_record_word(struct evaluation_record *record, enum level_fact_id fact,
        enum level_obtained obtained, const char *word, const char *from, size_t evidence);
void evaluation_record_rate(struct evaluation_record *record, enum level_fact_id fact,
        enum level_obtained obtained, uint64_t errors, uint64_t trials, const char *from, size_t evidence);
void evaluation_record_unusable(struct evaluation_record *record, enum level_fact_id fact, const char *why,
        const char *why_ja, const char *from, size_t evidence);

/* evaluation_record_given adds what a value of JSON says: of another type than the fact has, or out of
 * bounds, it is unusable, with the reason. */
void evaluation_record_given(struct evaluation_record *record, enum level_fact_id fact,
        enum level_obtained obtained, bool partial, const json_t *value, const char *from, size_t evidence);

#endif
