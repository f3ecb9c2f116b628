/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RESIDUAL_RISK_H
#define RESIDUAL_RISK_H

/* The plan's two residual issues, played with and without each of its measures: a phone that was given away
 * with a live certificate in it (課題1), and one whose certificates are revoked and still there (課題2). What
 * whoever has the phone then can do is tried with the right PIN and password, as if he had guessed them; how
 * likely a guess is, is arithmetic. */

#include "counter.h"

#include <mitome/bytes.h>

/* What was done against it (対策). */
enum residual_measure {
        RESIDUAL_OLD_REVOKE = 1 << 0,   /* 2-1: revoked at the old phone, before it is given away */
        RESIDUAL_OLD_ERASE = 1 << 1,    /* 2-2: and erased there; without 2-1 there is none */
        RESIDUAL_RESET = 1 << 2,        /* 3: the factory reset erases */
        RESIDUAL_NEW_PHONE = 1 << 3,    /* 1-1: the new phone's certificates revoke the old one's */
        RESIDUAL_REMOTE_ERASE = 1 << 4, /* 1-2: the old phone is told by push to erase itself */
        RESIDUAL_COUNTER = 1 << 5,      /* a shop looks, and has the owner revoke, and erases */
        RESIDUAL_MEASURES = 6,
};
extern const char *const residual_measure_names[RESIDUAL_MEASURES]; /* "2-1" .. */

struct residual_outcome {
        unsigned keys;       /* of the person, in the phone */
        unsigned live;       /* certificates of it that are not revoked */
        bool login;          /* let in by a portal that asks the authority (OCSP), PIN known */
        bool stale_login;    /* a day later, by one that still has the list of before, in its last minute */
        bool list_login;     /* by one that has the list of that day */
        bool expired_login;  /* by one whose list has run out: never, or nothing here is right */
        unsigned signatures; /* by the signing key, password known, before the lease ends */
        bool facts;          /* 基本4情報 can be read, password known */
        enum counter_verdict verdict;
};

/* residual_play plays one combination (enum residual_measure, added up). `reachable`: the old phone has a
 * network after it changed hands. */
MITOME_CHECKED mitome_status residual_play(unsigned measures, bool reachable,
        const struct mitome_random *random, struct residual_outcome *ret, mitome_error *error);

/* How likely a guess is: tries and of how many, for PIN and password. */
struct residual_guess {
        unsigned tries;
        double of;
};
struct residual_guess residual_guess_pin(void);
struct residual_guess residual_guess_password(void);

#endif
