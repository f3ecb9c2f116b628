/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_FILE_H
#define EVIDENCE_FILE_H

/* What an evaluator has beside the device itself (docs/evidence-files.md): certifications, metadata
 * statements, measurements, logins. */

#include "evaluation_record.h"

enum { EVIDENCE_FILE_MAX = 1 << 20, EVIDENCE_DOCUMENT_MAX = 64 << 20, EVIDENCE_TEXT_MAX = 96 };

/* How documents are read that the file names, as it names them: beside it. */
struct evidence_documents {
        /* false: it cannot be read. *ret_bytes is by malloc. */
        bool (*read)(void *context, const char *path, uint8_t **ret_bytes, slice *ret);
        void *context;
};

/* evidence_file_read adds what a file says to `record`, which has the day and, if it is known, the model
 * already. What is expired, cannot be read, has another digest or is about another model counts as not given:
 * its facts are unusable, with the reason; so is a fact whose value is of another type than the fact's. A
 * file that is not as the form has it is refused at its byte: by the JSON reader, and with EVALUATE_EVIDENCE
 * for members, kinds and facts that there are not. */
MITOME_CHECKED mitome_status evidence_file_read(slice json, const char *name,
        const struct evidence_documents *documents, struct evaluation_record *record, mitome_error *error);

/* evidence_file_place tells line and column, from 1, of a byte; columns are characters. */
void evidence_file_place(slice json, size_t at, unsigned *ret_line, unsigned *ret_column);

#endif
