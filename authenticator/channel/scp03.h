/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCP03_H
#define SCP03_H

/* GlobalPlatform Amendment D 1.2, SCP03, with AES-128, AES-192 and AES-256. Both ends share the wrapping,
 * each has its own half of the opening.
 *
 * What a card offers is its parameter i, what a host asks of it is the security level of EXTERNAL
 * AUTHENTICATE. In S8 mode challenges, cryptograms and MACs have 8 bytes, in S16 mode (1.2) all have 16. */

#include "apdu.h"

enum {
        SCP03_KEY_MAX = 32,
        SCP03_S8 = 8,
        SCP03_S16 = 16,
        SCP03_MAC_MAX = 16,
        SCP03_ANSWER_MAX = 48, /* the response data of INITIALIZE UPDATE */
        SCP03_OVERHEAD = 40,   /* what wrapping can add to a command's or response's data */
};

enum scp03_options { /* i, 5.1 */
        SCP03_I_S16 = 0x01,
        SCP03_I_PSEUDO_RANDOM = 0x10, /* the card's challenge can be recomputed */
        SCP03_I_R_MAC = 0x20,
        SCP03_I_R_MAC_R_ENC = 0x60,
};

enum scp03_level { /* bits of P1 of EXTERNAL AUTHENTICATE, 7.1.2.1 */
        SCP03_C_MAC = 0x01,
        SCP03_C_DEC = 0x02,
        SCP03_R_MAC = 0x10,
        SCP03_R_ENC = 0x20,
        SCP03_LEVEL_ALL = 0x33,
};

/* The static keys of a security domain. */
struct scp03_keys {
        uint8_t size; /* of each: 16, 24 or 32 */
        uint8_t enc[SCP03_KEY_MAX];
        uint8_t mac[SCP03_KEY_MAX];
        uint8_t dek[SCP03_KEY_MAX];
};

/* An open session, the same at both ends. Wipe it with scp03_close. */
struct scp03_session {
        bool began; /* card side: INITIALIZE UPDATE was answered */
        bool open;
        uint8_t i;
        uint8_t level; /* of the open session: bits of enum scp03_level */
        uint8_t key_size;
        uint8_t s_enc[SCP03_KEY_MAX], s_mac[SCP03_KEY_MAX], s_rmac[SCP03_KEY_MAX];
        uint8_t chain[16];
        uint64_t counter;
        uint8_t host_cryptogram[SCP03_MAC_MAX]; /* card side, until EXTERNAL AUTHENTICATE */
};

void scp03_close(struct scp03_session *session);

/* scp03_size is how long a challenge, a cryptogram and a MAC are under `i`: SCP03_S8 or SCP03_S16. */
size_t scp03_size(uint8_t i);

/* scp03_knows tells whether `i` is a parameter of Amendment D: 00, 10, 20, 30, 60, 70, and each with 01. */
bool scp03_knows(uint8_t i);

/* scp03_offers tells whether a session of `level` (01, 03, 11, 13, 33) can be opened under `i`. */
bool scp03_offers(uint8_t i, uint8_t level);

/* scp03_keys_fit tells whether the size is one of AES. */
bool scp03_keys_fit(const struct scp03_keys *keys);

/* What a card answers INITIALIZE UPDATE from. */
struct scp03_offer {
        uint8_t key_version, i;
        slice aid;         /* of the selected security domain; with a pseudo-random challenge */
        uint32_t sequence; /* likewise: three bytes, and the caller has already stored it as spent */
        slice challenge;   /* without it: scp03_size(i) random bytes */
};

/* Card: answers INITIALIZE UPDATE. Writes at most SCP03_ANSWER_MAX bytes of response data; the session is not
 * open yet. A host challenge of another length than i says is refused (VALUE), as is an offer that cannot
 * be (ARGUMENT). */
MITOME_CHECKED mitome_status scp03_card_initialize(struct scp03_session *session,
        const struct scp03_keys *keys, const struct scp03_offer *offer, slice host_challenge,
        writer *response, mitome_error *error);

/* Card: checks EXTERNAL AUTHENTICATE (CLA 84, INS 82); session->level is then what was asked for. Fails with
 * CHANNEL_CRYPTOGRAM (6300), CHANNEL_MAC (6988) or CHANNEL_LEVEL (not under this i); on any failure the
 * session is closed and wiped. */
MITOME_CHECKED mitome_status scp03_card_authenticate(
        struct scp03_session *session, const struct apdu_command *command, mitome_error *error);

/* Card: checks and, as the level says, decrypts a command with CLA bit 04. The data of *ret is in `buffer`,
 * or, where nothing is encrypted, the command's own. Any failure closes the session. */
MITOME_CHECKED mitome_status scp03_card_unwrap(struct scp03_session *session,
        const struct apdu_command *command, uint8_t *buffer, size_t capacity, struct apdu_command *ret,
        mitome_error *error);

/* Card: encrypts and MACs a response (data, sw) as the level says. With R-MAC, errors other than 62xx, 63xx
 * go out bare. A response that the writer has no room for fails (BUFFER_FULL) and closes the session. */
MITOME_CHECKED mitome_status scp03_card_wrap(
        struct scp03_session *session, slice data, uint16_t sw, writer *response, mitome_error *error);

/* Host: writes INITIALIZE UPDATE with a challenge of the caller's, 8 bytes (S8) or 16 (S16). */
void scp03_host_initialize(uint8_t key_version, slice host_challenge, writer *command);

/* Host: checks the card's answer (CHANNEL_CRYPTOGRAM when the card does not know the keys, CHANNEL_LEVEL when
 * it does not offer `level`, or another mode than the challenge was made for) and writes EXTERNAL
 * AUTHENTICATE; the session is open when that is answered 9000. `aid` may be empty: a pseudo-random challenge
 * is then not recomputed. */
MITOME_CHECKED mitome_status scp03_host_authenticate(struct scp03_session *session,
        const struct scp03_keys *keys, uint8_t level, slice aid, slice host_challenge, slice card_answer,
        writer *command, mitome_error *error);

/* Host: wraps a plain command, unwraps a response. Any failure closes the session. */
MITOME_CHECKED mitome_status scp03_host_wrap(struct scp03_session *session, const struct apdu_command *plain,
        writer *command, mitome_error *error);
MITOME_CHECKED mitome_status scp03_host_unwrap(struct scp03_session *session, slice response, uint8_t *buffer,
        size_t capacity, slice *ret_data, uint16_t *ret_sw, mitome_error *error);

#endif
