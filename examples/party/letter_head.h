/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LETTER_HEAD_H
#define LETTER_HEAD_H

/* The head of a journal as it stands in letters and in entries: { 1: number, 2: SHA-256 }. */

#include "letter.h"

/* letter_head_has_form tells whether an empty journal's head has no digest. */
bool letter_head_has_form(const struct letter_head *head);

void letter_head_write(writer *w, const struct letter_head *head);

/* letter_head_read takes one; `form` is the code for one that is none. */
MITOME_CHECKED mitome_status letter_head_read(
        struct cbor_reader *r, const char *field, mitome_code form, struct letter_head *ret);

/* letter_read_fixed takes a byte string of exactly `size` bytes as a copy. */
MITOME_CHECKED mitome_status letter_read_fixed(
        struct cbor_reader *r, const char *field, uint8_t *ret, size_t size);

#endif
