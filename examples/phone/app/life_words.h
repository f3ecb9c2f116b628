/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFE_WORDS_H
#define LIFE_WORDS_H

/* What the phone's app says to the managers, and what it is told: CBOR maps with integer keys (sp_orders.h,
 * sei_orders.h, reset_server.h and push_queue.h have the words). */

#include "evidence_app.h"
#include "phone_way.h"

enum {
        LIFE_ID_SIZE = 16,
        LIFE_NONCE_MAX = 64,
        LIFE_FACT_MAX = 1024, /* a push token is the longest thing that the app keeps */
        LIFE_CMS_MAX = 8192,
        LIFE_RESPONSE_MAX = 4096, /* of the element */
        LIFE_WAKES_MAX = 16,
};

/* enum sei_tsm_state, as the SEI-TSM tells it. */

/* An answer, which views its own bytes; wipe it where it held a secret. */
struct life_answer {
        slice body;
        uint8_t bytes[PHONE_ANSWER_MAX];
};

MITOME_CHECKED mitome_status life_call(const struct phone_way *way, const char *kind, slice body,
        struct life_answer *ret, mitome_error *error);
MITOME_CHECKED mitome_status life_ask_identity(const struct phone_way *way, const char *kind, slice identity,
        struct life_answer *ret, mitome_error *error);

/* life_begin: `kinds` are bits, 1 signing, 2 user verification; `model` is the phone's own word. */
struct life_session {
        uint8_t id[LIFE_ID_SIZE];
        char nonce[LIFE_NONCE_MAX + 1];
};
MITOME_CHECKED mitome_status life_begin(const struct phone_way *way, slice identity, const char *purpose,
        unsigned kinds, const char *model, struct life_session *ret, mitome_error *error);

/* Empty views are left out. */
void life_write_application(writer *w, slice session, slice cms, slice token, slice statement);
void life_write_statement(writer *w, slice identity, slice statement, slice session);
void life_write_for_session(writer *w, slice session, slice evidence);

/* life_read_id reads the map {number: id}; life_read_pair {1: id, 2: bytes}. */
MITOME_CHECKED mitome_status life_read_id(
        const struct life_answer *answer, int64_t number, slice *ret, mitome_error *error);
MITOME_CHECKED mitome_status life_read_pair(
        const struct life_answer *answer, slice *ret_id, slice *ret_bytes, mitome_error *error);

MITOME_CHECKED mitome_status life_ask_order(
        const struct phone_way *way, slice order, struct life_answer *ret, mitome_error *error);
MITOME_CHECKED mitome_status life_read_state(
        const struct life_answer *answer, uint64_t *ret_state, uint64_t *ret_code, mitome_error *error);

MITOME_CHECKED mitome_status life_ask_secret(
        const struct phone_way *way, slice session, uint64_t which, struct secret *ret, mitome_error *error);

MITOME_CHECKED mitome_status life_ask_token(
        const struct phone_way *way, struct life_answer *ret, mitome_error *error);
MITOME_CHECKED mitome_status life_read_token(
        const struct life_answer *answer, slice *ret, mitome_error *error);

/* life_poll asks the box, and says which wakes of `wakes` were seen; then it holds the new ones. */
struct life_wakes {
        size_t count;
        uint8_t ids[LIFE_WAKES_MAX][LIFE_ID_SIZE];
};
MITOME_CHECKED mitome_status life_poll(
        const struct phone_way *way, slice token, struct life_wakes *wakes, mitome_error *error);

/* Who takes receipts: {1 COSE}, or, in a session, {1 session, 2 COSE} -> {1 number, 2 digest}. */
struct life_taker {
        const struct phone_way *way;
        const char *kind;
        slice session;
};
/* life_deliver hands in what the selected FIDO applet has, one after the other, and acknowledges only what
 * was taken as it is: LIFE_EVIDENCE when the answer tells of another one. *ret_count is set in any case. */
MITOME_CHECKED mitome_status life_deliver(struct mitome_enforcer *enforcer, const struct life_taker *taker,
        unsigned *ret_count, mitome_error *error);

/* life_deliver_kept hands in what a counter let the element forget (kept_receipts.h), and lets go of what was
 * taken. What is refused stays, and stops nothing. Adds to *count. */
MITOME_CHECKED mitome_status life_deliver_kept(
        const char *folder, const struct life_taker *taker, unsigned *count, mitome_error *error);

#endif
