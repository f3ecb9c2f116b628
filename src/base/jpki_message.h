/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JPKI_MESSAGE_H
#define JPKI_MESSAGE_H

/* How every message begins that this project has the user-verification key (0017) sign, but for the
 * attestation format's: words that no hash of an RP ID is, and behind them a byte that says what for. A
 * signature that was given for one use is none for another (PROTOCOL.md, SIGN). The last character has the
 * string's end behind it, which is no part of the message. */
#define JPKI_MESSAGE_PREFIX "mitome JPKI user verification v1"

enum jpki_message_use {
        JPKI_USE_BINDING = 0x01,   /* 01 || authData || clientDataHash: a passkey is the holder's */
        JPKI_USE_CHALLENGE = 0x02, /* 02 || random bytes: whoever has the thing in hand knows its PIN */
};

#endif
