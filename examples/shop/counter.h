/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COUNTER_H
#define COUNTER_H

/* The check at a shop's counter (窓口における確認): is there still a certificate in the phone that somebody
 * hands in, or its key, and what shows that it is gone? The phone answers a question that the counter chose,
 * by its device key, after a touch and without a PIN; the clerk enters what is printed on it. docs/counter.md
 * tells it to people. */

#include "digest.h"
#include "verify_evidence.h"

#include <mitome/trust.h>

enum counter_verdict {
        COUNTER_NEVER,     /* no certificate was ever here */
        COUNTER_LIVE,      /* one is here: ask the owner to revoke it */
        COUNTER_UNDELETED, /* revoked, but its key is still here: erase now */
        COUNTER_ERASED,    /* nothing is here, and a receipt for every erasure */
        COUNTER_UNTOLD,    /* cannot be told: see reason */
        COUNTER_VERDICTS
};

enum {
        COUNTER_NONCE_SIZE = 32,
        COUNTER_RECEIPTS_MAX = 16, /* as many as an element keeps */
        COUNTER_FINDINGS_MAX = 24,
        COUNTER_NUMBERS_MAX = 256, /* a phone with more receipts is not judged */
};

/* As the letter "status" has them, and one that nobody was asked about. */
enum counter_status { COUNTER_GOOD, COUNTER_HOLD, COUNTER_REVOKED, COUNTER_UNKNOWN, COUNTER_NOT_ASKED };

/* The authority, where there is a line to it. Each fails with UNREACHABLE, or with the code by which it
 * refused. */
struct counter_authority {
        void *context;
        mitome_status (*status)(void *context, enum evidence_person_kind kind, slice serial,
                enum counter_status *ret, mitome_error *error);
        /* hands a receipt in; *ret_digest is what the phone may forget it by */
        mitome_status (*receipt)(
                void *context, slice receipt, uint8_t ret_digest[SHA256_SIZE], mitome_error *error);
        /* has it the receipt of this number of that phone? */
        mitome_status (*known)(
                void *context, slice identity, uint32_t number, bool *ret, mitome_error *error);
};

/* The phone on the counter. */
struct counter_phone {
        void *context;
        /* fetch asks for a statement, or for the oldest receipt that nobody acknowledged (*ret_size 0: there
         * is none). COUNTER_PHONE when it is refused there, LINK when nobody answers. */
        mitome_status (*fetch)(void *context, enum evidence_kind kind, slice nonce,
                uint8_t buffer[EVIDENCE_MAX], size_t *ret_size, mitome_error *error);
        mitome_status (*acknowledge)(
                void *context, uint32_t number, const uint8_t digest[SHA256_SIZE], mitome_error *error);
};

struct counter {
        slice identity;                            /* printed on the phone */
        const struct mitome_trust *makers;         /* anchors: the makers' CAs of devices */
        const struct counter_authority *authority; /* NULL: no line */
        int64_t now;
};

/* ---- what was found ---- */

/* Something that was shown and is not believed, or is not there. */
struct counter_finding {
        const char *what; /* "statement", "receipt", "phone", "authority" */
        uint32_t number;  /* of a receipt, where it is known */
        mitome_code code;
};

struct counter_person {
        enum evidence_person_kind kind;
        bool has_certificate; /* else a key alone */
        uint8_t serial[EVIDENCE_SERIAL_MAX];
        size_t serial_size;
        enum counter_status status;
};

struct counter_shown {
        uint32_t number, reason;
        size_t person_count;
        struct counter_person persons[EVIDENCE_PERSONS]; /* erased then */
        bool taken;                                      /* the authority has it */
};

struct counter_report {
        enum counter_verdict verdict;
        struct counter_finding reason; /* of COUNTER_UNTOLD; else code OK */
        bool has_statement, asked, unreachable;
        size_t person_count;
        struct counter_person persons[EVIDENCE_PERSONS]; /* in the phone now */
        uint32_t last, pending, dropped, derived, certificate_credentials, other;
        size_t shown_count;
        struct counter_shown shown[COUNTER_RECEIPTS_MAX];
        size_t known_count;   /* receipts that were not shown, and the authority has */
        size_t missing_count; /* receipts that nobody has shown */
        uint32_t missing;     /* the first of them */
        size_t finding_count;
        struct counter_finding findings[COUNTER_FINDINGS_MAX];
};

/* ---- the check ---- */

/* One piece of evidence as it was shown. */
struct counter_piece {
        uint8_t bytes[EVIDENCE_MAX];
        size_t size;
        struct evidence evidence; /* views into bytes */
        bool taken;
};

/* A phone on the counter: large, and not to be moved. Zeroed ({0}) but for `counter` and `nonce` it is one of
 * which nothing is known yet. */
struct counter_case {
        const struct counter *counter;
        uint8_t nonce[COUNTER_NONCE_SIZE];
        bool has_statement;
        struct counter_piece statement;
        size_t receipt_count;
        struct counter_piece receipts[COUNTER_RECEIPTS_MAX];
        size_t finding_count;
        struct counter_finding findings[COUNTER_FINDINGS_MAX];
};

/* counter_begin draws the question. */
MITOME_CHECKED mitome_status counter_begin(struct counter_case *at, const struct counter *counter,
        const struct mitome_random *random, mitome_error *error);

/* counter_show takes one piece of evidence that somebody brought: believed, or noted as what it is. A receipt
 * may be older than the question. */
void counter_show(struct counter_case *at, slice evidence);

/* counter_gather asks the phone itself: a statement; receipts, which answer the question too, the next one as
 * soon as the authority has the one before. What goes wrong is a finding. */
void counter_gather(struct counter_case *at, const struct counter_phone *phone);

/* counter_judge asks the authority what is left to ask, and decides. */
void counter_judge(struct counter_case *at, struct counter_report *ret);

/* ---- what the clerk is shown (counter_report.c) ---- */

enum counter_language { COUNTER_ENGLISH = 1, COUNTER_JAPANESE = 2, COUNTER_BOTH = 3 };

/* counter_write_screen writes at most 24 lines; counter_write_json one line of JSON. */
void counter_write_screen(
        const struct counter_report *report, slice identity, enum counter_language language, writer *w);
void counter_write_json(const struct counter_report *report, slice identity, writer *w);

/* counter_verdict_name is its name in JSON: "never-provisioned", "live", "revoked-not-erased", "erased",
 * "cannot-be-told". */
const char *counter_verdict_name(enum counter_verdict verdict);

/* counter_is_clear: there is nothing to do before the phone is sold. */
bool counter_is_clear(enum counter_verdict verdict);

#endif
