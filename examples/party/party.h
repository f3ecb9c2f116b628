/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARTY_H
#define PARTY_H

/* A party of the life cycle: a name, a key, a store with a journal, and the ways to the others. One caller at
 * a time; nothing of the store is held while a call to somebody else is under way. */

#include "journal.h"
#include "sql_store.h"

#include <mitome/bytes.h>

/* The parties, as the examples name them. */
#define PARTY_AUTHORITY "authority"
#define PARTY_SEI_TSM "sei-tsm"
#define PARTY_SP_TSM "sp-tsm"
#define PARTY_MAKER "maker"
#define PARTY_CALL_CENTRE "call-centre"
#define PARTY_MUNICIPALITY "municipality"
#define PARTY_SHOP "shop"
#define PARTY_PORTAL "portal"

/* Who is who: names and public keys; where they listen. */
enum { DIRECTORY_MAX = 16, DIRECTORY_URL_MAX = 128 };
struct directory_entry {
        char name[LETTER_NAME_MAX + 1];
        uint8_t key[LETTER_KEY_SIZE];
        char url[DIRECTORY_URL_MAX + 1]; /* "http://127.0.0.1:8700", or "" */
};
struct directory {
        size_t count;
        struct directory_entry entries[DIRECTORY_MAX];
};
const struct directory_entry *directory_find(const struct directory *directory, slice name);
/* directory_parse reads {"parties": [{"name", "key_hex", "url"?}]}, directory_read such a file;
 * directory_write writes one. */
MITOME_CHECKED mitome_status directory_parse(slice text, struct directory *ret, mitome_error *error);
MITOME_CHECKED mitome_status directory_read(const char *path, struct directory *ret, mitome_error *error);
MITOME_CHECKED mitome_status directory_write(
        const char *path, const struct directory *directory, mitome_error *error);

/* The way to the others: hands a letter to a party and gives its answer. UNREACHABLE when none came: whether
 * it arrived is then not known. post_http.h and post_local.h are two. */
struct post {
        void *context;
        mitome_status (*deliver)(void *context, const struct directory_entry *to, slice letter,
                uint8_t *answer, size_t capacity, size_t *ret_size, mitome_error *error);
};

/* The clock, in seconds since 1970. */
struct party_clock {
        void *context;
        int64_t (*now)(void *context);
};

struct party;

struct party_config {
        const char *name;
        const char
                *folder; /* its store and key (party.db, party.key; mode 0600); NULL: in memory, a new key */
        const char *schema; /* its own tables (CREATE TABLE ..); the party's own names begin with none of
                               journal, inbox, outbox */
        int schema_version;
        const char *store; /* another address than party.db (sql_store.h: "postgres://.."); the key stays in
                              `folder`, and every program beside this one has the same */
        const struct sql_step *steps;      /* instead of schema and its version: how its tables came to be */
        const struct directory *directory; /* must outlive the party; may grow */
        struct post post;
        struct party_clock clock;
        struct mitome_random random;
};

MITOME_CHECKED mitome_status party_open(
        const struct party_config *config, struct party **ret, mitome_error *error);
void party_close(struct party *party);

const char *party_name(const struct party *party);
void party_key(const struct party *party, uint8_t ret_key[LETTER_KEY_SIZE]);
int64_t party_now(const struct party *party);
const struct mitome_random *party_random(const struct party *party);
struct sql_store *party_store(struct party *party);
const struct directory *party_directory(const struct party *party);

/* party_decide writes a decision into the journal, in the open transaction. */
MITOME_CHECKED mitome_status party_decide(
        struct party *party, const struct journal_decision *decision, mitome_error *error);

/* ---- what others ask of it ---- */

struct party_request {
        slice from, kind, body; /* from: who signed it */
        uint8_t id[LETTER_ID_SIZE];
        uint8_t digest[LETTER_DIGEST_SIZE]; /* of the letter, for the journal */
        int64_t at;
};

/* One kind of letter: who may send it (names, ended by NULL), and what is done, inside a transaction that is
 * committed with the answer. A handler that fails with a refusal (any code but SQL_*, NO_MEMORY, STORE_*) has
 * changed nothing: its transaction is rolled back, and the refusal is the answer, which is kept as well. */
struct party_desk {
        const char *kind;
        const char *const *from;
        mitome_status (*handle)(
                void *context, const struct party_request *request, writer *answer, mitome_error *error);
};
struct party_desks {
        void *context;
        const struct party_desk *desks;
        size_t count;
};

/* How long a letter's id and answer are remembered. The letter's bytes, which may speak of people, are kept
 * for twice LETTER_SKEW: by then nobody can bring it again. */
enum { PARTY_REMEMBERS = 30 * 86400 };

/* party_receive answers one letter. The same letter again (sender, id, kind and body; time and journal's head
 * may be others) within PARTY_REMEMBERS gets the same answer and does nothing; another letter with an id that
 * was used is refused with LETTER_TWICE, what nobody does with LETTER_KIND, what the sender may not ask with
 * LETTER_SENDER: such refusals are answers, too. Fails, with nothing written and no answer, when it is no
 * letter, of nobody in the directory or not signed by him, not to this party, or more than LETTER_SKEW off
 * (LETTER_FORM, LETTER_SENDER, SIGNATURE_INVALID, LETTER_ADDRESSEE, LETTER_TIME), or when the store fails.
 *
 * Every letter that is taken has an entry in the journal, at least "take-KIND"; it notes the head of the
 * sender's journal. */
MITOME_CHECKED mitome_status party_receive(struct party *party, const struct party_desks *desks, slice letter,
        writer *answer, mitome_error *error);

/* ---- what it asks of others ---- */

/* On paper, an answer is a letter of kind "answer" with what the desk wrote, or of kind "refused" with
 * { 1: code }; both name the letter that they answer. */

/* party_call asks and waits; outside a transaction. The journal notes "ask-KIND", asked, and what was
 * answered. *ret_answer views `buffer`. UNREACHABLE: ask again with
 * the same id, which does it at most once. REFUSED when the other one refused: *ret_refusal (may be NULL) is
 * its code. The answer is verified: by him, to this. */
MITOME_CHECKED mitome_status party_call(struct party *party, const char *to, const char *kind,
        const uint8_t id[LETTER_ID_SIZE], slice body, uint8_t buffer[LETTER_MAX], slice *ret_answer,
        mitome_code *ret_refusal, mitome_error *error);

/* party_call_evidence gives what a decision after a call rests on: "letter" and "answer" of the last
 * party_call that was answered or refused. Ask before anything else is called. */
void party_call_evidence(const struct party *party, struct journal_evidence ret[2]);

/* party_send puts a letter on the way out, in the open transaction; it is sent by party_flush until it is
 * answered, with pauses that grow (1 s, doubling, at most an hour), in the order of sending for each
 * addressee. A refusal ends it as well, and is in the journal. */
MITOME_CHECKED mitome_status party_send(
        struct party *party, const char *to, const char *kind, slice body, mitome_error *error);

/* party_flush sends what is due; *ret_left is how many letters are still not answered. Only a failing store
 * is a failure. */
MITOME_CHECKED mitome_status party_flush(struct party *party, size_t *ret_left, mitome_error *error);

/* ---- what is sealed to it ---- */

/* party_seal seals bytes so that only the owner of `key` (an Ed25519 key, as the directory has it) can read
 * them: crypto_box_seal to the X25519 key made of it. party_unseal opens what was sealed to this party:
 * SIGNATURE_INVALID when it was sealed to another or changed. Wipe `buffer`. */
enum { PARTY_SEAL_EXTRA = 48 /* how many bytes longer the sealed form is */ };
MITOME_CHECKED mitome_status party_seal(
        const uint8_t key[LETTER_KEY_SIZE], slice bytes, writer *sealed, mitome_error *error);
MITOME_CHECKED mitome_status party_unseal(const struct party *party, slice sealed, uint8_t *buffer,
        size_t capacity, slice *ret, mitome_error *error);

/* party_make_id draws an id for a call that is remembered before it is made. */
MITOME_CHECKED mitome_status party_make_id(
        struct party *party, uint8_t ret_id[LETTER_ID_SIZE], mitome_error *error);

/* party_code_name names an error for the journal ("ORDER_PERSON"). */
const char *party_code_name(mitome_code code);

#endif
