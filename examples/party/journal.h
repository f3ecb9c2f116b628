/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JOURNAL_H
#define JOURNAL_H

/* The journal of a party (責任分界点): who decided what on which evidence. A chain: each entry is a
 * COSE_Sign1 by the party's key over its number, the digest of the one before, and the decision; an exported
 * journal is a CBOR sequence (RFC 8742) of them. It holds no secret, and none of the four basic facts
 * (基本4情報): subjects are serial numbers, identities of devices, and digests. docs/journal.md has the form.
 */

#include "letter.h"
#include "sql_store.h"

enum { JOURNAL_EVIDENCE_MAX = 4, JOURNAL_SUBJECT_MAX = 96, JOURNAL_TEXT_MAX = 96, JOURNAL_ENTRY_MAX = 2048 };

/* Evidence of one digest joins the entries of different parties. Two kinds have a meaning of their own:
 * "letter" is the letter that asked, at the party that wrote it ("ask-..", outcome "asked") and at the one
 * that took it; "answer" is what was answered. */
struct journal_evidence {
        const char *kind; /* "letter", "answer", "application", "receipt", "statement", "status", "telephone",
                             "clerk" ..: lower-case letters, digits, '-' */
        uint8_t digest[LETTER_DIGEST_SIZE];
};

struct journal_decision {
        const char *what;    /* a verb and its object, lower case with '-': "issue-certificate",
                                "hold-certificate", "erase" .. */
        const char *outcome; /* "done", "refused", "asked", "confirmed" */
        slice subject;       /* of what: "serial:<hex>", "device:<identity>", "order:<hex>", "person:<hex>": a
                                word, ':' and printable ASCII without spaces, so that neither a name nor an
                                address fits in; see journal_subject_hex. May be empty */
        struct journal_evidence evidence[JOURNAL_EVIDENCE_MAX];
        size_t evidence_count;
        const char *reason; /* may be NULL; of a refusal its code and name; printable ASCII */
};

/* What somebody else's journal said of itself in a letter: noted, so that he cannot shorten or rewrite it
 * unnoticed. */
struct journal_witness {
        slice party;
        struct letter_head head;
};

/* journal_subject_hex writes "<kind>:<hex>" into `buffer`; journal_subject_text "<kind>:<text>", whose bytes
 * that may not stand there are written as %XX. What does not fit becomes "<kind>-sha256:<hex>" of it. */
enum { JOURNAL_SUBJECT_BUFFER = JOURNAL_SUBJECT_MAX + 1 };
slice journal_subject_hex(char buffer[JOURNAL_SUBJECT_BUFFER], const char *kind, slice bytes);
slice journal_subject_text(char buffer[JOURNAL_SUBJECT_BUFFER], const char *kind, slice text);

/* journal_append adds an entry in the store's open transaction; JOURNAL_FORM when the decision is not as
 * above. The table is journal_schema's. `witness` may be NULL. */
extern const char journal_schema[];
MITOME_CHECKED mitome_status journal_append(struct sql_store *store, slice party,
        const uint8_t secret[LETTER_SECRET_SIZE], int64_t at, const struct journal_decision *decision,
        const struct journal_witness *witness, mitome_error *error);

/* journal_head is where it stands. */
MITOME_CHECKED mitome_status journal_head(
        struct sql_store *store, struct letter_head *ret, mitome_error *error);

/* journal_export writes all entries, oldest first, to a file (mode 0644), whole or not at all. */
MITOME_CHECKED mitome_status journal_export(struct sql_store *store, const char *path, mitome_error *error);

#endif
