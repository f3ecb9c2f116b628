/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROSS_DEVICE_H
#define CROSS_DEVICE_H

/* Logging in to a browser with a phone that is not the browser's: a QR code, or a code that is typed into the
 * phone.
 *
 *      browser                              portal                               phone
 *        | --- cross_device_begin -----------> |                                   |
 *        | <-- id, code, number -------------- |                                   |
 *        |     (the QR code on the screen: ORIGIN/phone/CODE)                      |
 *        |                                     | <--- cross_device_look(code) ---- |
 *        |     (the same number on both)       | ---- number, challenge ---------> |
 *        |                                     | <--- the assertion -------------- |
 *        |                                     | cross_device_claim, ceremony,     |
 *        | --- cross_device_poll(id) --------> | cross_device_grant                |
 *        | <-- it is there: cross_device_take  |                                   |
 *
 * What it cannot do: tell whose browser it is. Who shows his own code to somebody else, on a page that looks
 * like the portal's or in a mail, is let in when that one touches the sensor; the number that both must show
 * only helps who compares it. A login that was made so is therefore marked, in the session and in what others
 * are told (CROSS_DEVICE_ACR), as not phishing-resistant, and asks for the phone anew each time.
 *
 * What it does: a request belongs to the session that began it and serves no other; it has one code (40 bits,
 * three minutes), is answered once and taken once; the number is drawn apart from the code; an answer that
 * was refused counts, and after CROSS_DEVICE_TRIES of them the request is over; wrong codes are counted by
 * the network that they come from, before anything is compared. All of it is in the store, in the transaction
 * that the caller has open, so that several portals share it; codes lie there hashed. */

#include "party.h"

enum {
        CROSS_DEVICE_ID_SIZE = 16,
        CROSS_DEVICE_CODE_SIZE = 8,     /* of CROSS_DEVICE_ALPHABET */
        CROSS_DEVICE_CONTEXT_SIZE = 32, /* what the phone's challenge is sealed for */
        CROSS_DEVICE_SECONDS = 180,
        CROSS_DEVICE_TRIES = 3,   /* answers to one request that may be refused */
        CROSS_DEVICE_MISSES = 10, /* wrong codes of one network in CROSS_DEVICE_SECONDS */
        CROSS_DEVICE_OPEN = 3,    /* requests of one session; a further one ends the oldest */
        CROSS_DEVICE_LEVEL_MAX = 32,
};

/* Digits and capitals that are not taken for each other: no 0 O, 1 I L, U V. */
#define CROSS_DEVICE_ALPHABET "23456789ABCDEFGHJKMNPQRSTWXYZ"

/* What `acr` ends with after such a login. */
#define CROSS_DEVICE_ACR ":cross-device"

/* The party's tables. */
extern const char cross_device_schema[];

struct cross_device_request {
        uint8_t id[CROSS_DEVICE_ID_SIZE];      /* for the browser, and for no one else */
        char code[CROSS_DEVICE_CODE_SIZE + 1]; /* for the phone */
        char number[3];                        /* "07": on both screens */
        int64_t expires;
};

/* cross_device_begin begins one for a session (its row in the store). In a transaction. ARGUMENT for no
 * session, NO_RANDOMNESS, SQL_*. */
MITOME_CHECKED mitome_status cross_device_begin(
        struct party *portal, int64_t session, struct cross_device_request *ret, mitome_error *error);

/* cross_device_read_code brings a typed code into its form: small letters become capitals, blanks and '-'
 * fall away. PHONE_CODE when it is none. */
MITOME_CHECKED mitome_status cross_device_read_code(
        slice text, char ret[CROSS_DEVICE_CODE_SIZE + 1], mitome_error *error);

/* What a phone that has the code is told. */
struct cross_device_sight {
        uint8_t context[CROSS_DEVICE_CONTEXT_SIZE]; /* seal the challenge of the assertion for it */
        char number[3];
        int64_t expires;
};

/* cross_device_look finds an open request by its code. `network` is where the phone is (the key of its token
 * bucket, not empty). PHONE_CODE: there is none (never was, is over, was answered: all the same);
 * PHONE_CODE_TRIES: too many wrong ones of this network, and this one was not looked at.
 *
 * A miss is a row: commit what was done when it fails with PHONE_CODE. */
MITOME_CHECKED mitome_status cross_device_look(
        struct party *portal, slice code, slice network, struct cross_device_sight *ret, mitome_error *error);

/* cross_device_claim is look, for an answer: it counts a try of the request, before the answer is verified.
 * PHONE_CODE after CROSS_DEVICE_TRIES of them. *ret_id is for cross_device_grant. Commit it whatever becomes
 * of the answer. */
MITOME_CHECKED mitome_status cross_device_claim(struct party *portal, slice code, slice network,
        struct cross_device_sight *ret, uint8_t ret_id[CROSS_DEVICE_ID_SIZE], mitome_error *error);

/* Whom the phone's assertion has shown. */
struct cross_device_grant {
        int64_t account, credential;
        int64_t authenticated;
        int64_t amr;                        /* the methods, and above them what was shown: not negative */
        char level[CROSS_DEVICE_LEVEL_MAX]; /* text without '\0' inside; "" where none is reached */
};

/* cross_device_grant notes that the answer was right: once. PHONE_ANSWERED when the request was answered
 * meanwhile, or is over: then nobody is let in. */
MITOME_CHECKED mitome_status cross_device_grant(struct party *portal, const uint8_t id[CROSS_DEVICE_ID_SIZE],
        const struct cross_device_grant *grant, mitome_error *error);

enum cross_device_state {
        CROSS_DEVICE_WAITS, /* nobody has looked */
        CROSS_DEVICE_SEEN,  /* a phone has the code */
        CROSS_DEVICE_READY, /* take it */
        CROSS_DEVICE_OVER,  /* expired, taken, refused too often */
};

/* cross_device_poll: PHONE_REQUEST when the session has no such request: it is another one's, or nobody's. */
MITOME_CHECKED mitome_status cross_device_poll(
        struct party *portal, int64_t session, slice id, enum cross_device_state *ret, mitome_error *error);

/* cross_device_take gives what was granted to the session that began the request, once: log it in, with a new
 * session id. PHONE_REQUEST as above, and when there is nothing to take. */
MITOME_CHECKED mitome_status cross_device_take(
        struct party *portal, int64_t session, slice id, struct cross_device_grant *ret, mitome_error *error);

/* cross_device_withdraw takes back what was granted in an account's name and not taken yet: when it is logged
 * out everywhere. */
MITOME_CHECKED mitome_status cross_device_withdraw(
        struct party *portal, int64_t account, mitome_error *error);

/* cross_device_sweep forgets what has been over for a while; call it now and then. */
MITOME_CHECKED mitome_status cross_device_sweep(struct party *portal, mitome_error *error);

#endif
