/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARTY_INTERNAL_H
#define PARTY_INTERNAL_H

/* What party.c, party_inbox.c and party_outbox.c share. */

#include "party.h"

/* A head of somebody's journal that this party has seen and not yet noted in its own. */
struct party_sight {
        char name[LETTER_NAME_MAX + 1];
        struct letter_head head;
};

struct party {
        char name[LETTER_NAME_MAX + 1];
        uint8_t key[LETTER_KEY_SIZE];
        struct secret secret; /* LETTER_SECRET_SIZE bytes */
        const struct directory *directory;
        struct post post;
        struct party_clock clock;
        struct mitome_random random;
        struct sql_store *store;
        size_t sight_count;
        struct party_sight sights[DIRECTORY_MAX];
        unsigned decisions; /* written since it was opened */
        bool flushing;
        uint8_t asked[LETTER_DIGEST_SIZE], answered[LETTER_DIGEST_SIZE]; /* by the last call */
};

/* Kinds of answers. */
extern const char party_answer_kind[], party_refusal_kind[];

/* party_saw remembers a head that a letter told, for the next decision to note. */
void party_saw(struct party *party, slice from, const struct letter_head *head);

/* party_note writes an entry about a letter: `verb` and the letter's kind are what was done. */
struct party_notice {
        const char *verb; /* "ask", "take" */
        slice kind;
        const char *outcome;
        const uint8_t *id, *letter, *answer; /* answer may be NULL */
        mitome_code refusal;                 /* or MITOME_OK */
};
MITOME_CHECKED mitome_status party_note(
        struct party *party, const struct party_notice *notice, mitome_error *error);

/* party_seal_letter fills in sender, time and head of the journal, and signs. */
MITOME_CHECKED mitome_status party_seal_letter(
        struct party *party, struct letter *letter, writer *out, mitome_error *error);

#endif
