/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APDU_H
#define APDU_H

/* Command and response APDUs (ISO 7816-4, 5.1 to 5.3), short and extended, shared by both sides of the link.
 */

#include "bytes.h"

/* Status words, by the names of ISO 7816-4 table 5 and 6 and of GlobalPlatform. */
enum apdu_status {
        SW_OK = 0x9000,
        SW_ALREADY_CLOSED = 0x6200,        /* a warning: the logical channel was not open */
        SW_CARD_LOCKED = 0x6283,           /* a warning: selected, but the card is locked */
        SW_AUTHENTICATION_FAILED = 0x6300, /* of the other side */
        SW_MORE_DATA = 0x6310,             /* a warning: the next command gives what follows */
        SW_RULE_EXISTS = 0x6381, /* a warning: stored, beside another rule about the same app and applet */
        SW_TRIES_LEFT = 0x63C0,  /* low nibble: tries */
        SW_MEMORY_FAILURE = 0x6581,
        SW_TOKEN_MAC = 0x6601,        /* 66xx, "security-related issues": why an unlock token was refused */
        SW_TOKEN_CHALLENGE = 0x6602,  /* no such challenge is open: replayed, or never issued */
        SW_TOKEN_OPERATION = 0x6603,  /* made for another command, RP ID or client data */
        SW_TOKEN_SET = 0x6604,        /* the enrolment set changed and no PIN has confirmed it */
        SW_TOKEN_FORM = 0x6605,       /* version, purpose or modality */
        SW_PIN_CHANGE_FIRST = 0x6606, /* the PIN is right, and has to be changed before it opens anything */
        SW_PIN_POLICY = 0x6607,       /* a new PIN, or minimum length, that is not allowed here */
        SW_MATCHER_WEAK =
                0x6608, /* the user is verified, by a matcher that does not open this: the PIN does */
        SW_WRONG_LENGTH = 0x6700,
        SW_CHANNEL_UNSUPPORTED = 0x6881,
        SW_WRONG_FILE_TYPE = 0x6981,
        SW_SECURITY_STATUS = 0x6982,
        SW_BLOCKED = 0x6983,
        SW_UNUSABLE = 0x6984, /* reference data not usable */
        SW_CONDITIONS = 0x6985,
        SW_NO_CURRENT_FILE = 0x6986,
        SW_SECURE_MESSAGING = 0x6988,
        SW_WRONG_DATA = 0x6A80,
        SW_FUNCTION_UNSUPPORTED = 0x6A81,
        SW_NOT_FOUND = 0x6A82,
        SW_FULL = 0x6A84,
        SW_WRONG_P1P2 = 0x6A86,
        SW_NO_REFERENCE = 0x6A88,
        SW_EXISTS = 0x6A89,
        SW_OFFSET = 0x6B00,
        SW_WRONG_INS = 0x6D00,
        SW_WRONG_CLA = 0x6E00,
        SW_UNKNOWN = 0x6F00,
};

/* sw_text names a status word for a person ("security status not satisfied"); unknown ones are "status word".
 */
const char *sw_text(uint16_t sw);

struct apdu_command {
        uint8_t cla, ins, p1, p2;
        slice data;
        size_t expected; /* Ne: 0 for no data back, 1..65536 */
        bool extended;   /* lengths are (or must be) coded on two bytes */
};

/* apdu_read_command takes exactly one command: cases 1 to 4, short or extended. Lengths that disagree with
 * the input, and mixtures of the two codings, are refused (APDU_LENGTH). */
MITOME_CHECKED mitome_status apdu_read_command(slice input, struct apdu_command *ret, mitome_error *error);

/* apdu_write_command codes it, extended when `extended` is set or a length needs it. */
void apdu_write_command(writer *w, const struct apdu_command *command);

/* apdu_read_response parts a response into its data and its status word. */
MITOME_CHECKED mitome_status apdu_read_response(
        slice input, slice *ret_data, uint16_t *ret_sw, mitome_error *error);

#endif
