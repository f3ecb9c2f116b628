/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCP03_H
#define SCP03_H

/* GlobalPlatform Amendment D, SCP03: AES-128, 8-byte cryptograms (S8), i = 70 (pseudo-random card challenge,
 * R-MAC, R-ENC). Security level 33, all of it, is the only one the element opens: C-MAC, C-DECRYPTION, R-MAC,
 * R-ENCRYPTION. Both ends share the wrapping, each has its own half of the opening. */

#include "apdu.h"

enum {
        SCP03_KEY_SIZE = 16,
        SCP03_CHALLENGE_SIZE = 8,
        SCP03_MAC_SIZE = 8,
        SCP03_LEVEL = 0x33,
        SCP03_OVERHEAD = 40, /* what wrapping can add to a command's or response's data */
};

/* The static keys of a security domain. */
struct scp03_keys {
        uint8_t enc[SCP03_KEY_SIZE];
        uint8_t mac[SCP03_KEY_SIZE];
        uint8_t dek[SCP03_KEY_SIZE];
};

/* An open session, the same at both ends. Wipe it with scp03_close. */
struct scp03_session {
        bool began; /* card side: INITIALIZE UPDATE was answered */
        bool open;
        uint8_t s_enc[SCP03_KEY_SIZE], s_mac[SCP03_KEY_SIZE], s_rmac[SCP03_KEY_SIZE];
        uint8_t chain[16];
        uint64_t counter;
        uint8_t host_cryptogram[8]; /* card side, until EXTERNAL AUTHENTICATE */
};

void scp03_close(struct scp03_session *session);

/* Card: answers INITIALIZE UPDATE. `aid` is the selected security domain's, `sequence` the 3-byte counter
 * that the caller has already stored as spent. Writes the 32 bytes of the response data; the session is not
 * open yet. */
MITOME_CHECKED mitome_status scp03_card_initialize(struct scp03_session *session,
        const struct scp03_keys *keys, uint8_t key_version, slice aid, uint32_t sequence,
        slice host_challenge, writer *response, mitome_error *error);

/* Card: checks EXTERNAL AUTHENTICATE (CLA 84, INS 82). Fails with CHANNEL_CRYPTOGRAM (6300), CHANNEL_MAC
 * (6988) or CHANNEL_LEVEL; on any failure the session is closed and wiped. */
MITOME_CHECKED mitome_status scp03_card_authenticate(
        struct scp03_session *session, const struct apdu_command *command, mitome_error *error);

/* Card: checks and decrypts a command with CLA bit 04; *ret is the plain command whose data is in `buffer`.
 * Any failure closes the session. */
MITOME_CHECKED mitome_status scp03_card_unwrap(struct scp03_session *session,
        const struct apdu_command *command, uint8_t *buffer, size_t capacity, struct apdu_command *ret,
        mitome_error *error);

/* Card: encrypts and MACs a response (data, sw). Errors other than 62xx, 63xx go out bare. A response that
 * the writer has no room for fails (BUFFER_FULL) and closes the session. */
MITOME_CHECKED mitome_status scp03_card_wrap(
        struct scp03_session *session, slice data, uint16_t sw, writer *response, mitome_error *error);

/* Host: writes INITIALIZE UPDATE with an 8-byte challenge of the caller's. */
void scp03_host_initialize(uint8_t key_version, slice host_challenge, writer *command);

/* Host: checks the card's answer (CHANNEL_CRYPTOGRAM when the card does not know the keys, CHANNEL_LEVEL when
 * it offers less than i = 70) and writes EXTERNAL AUTHENTICATE; the session is open when that is answered
 * 9000. `aid` may be empty: the pseudo-random challenge is then not recomputed. */
MITOME_CHECKED mitome_status scp03_host_authenticate(struct scp03_session *session,
        const struct scp03_keys *keys, slice aid, slice host_challenge, slice card_answer, writer *command,
        mitome_error *error);

/* Host: wraps a plain command, unwraps a response. Any failure closes the session. */
MITOME_CHECKED mitome_status scp03_host_wrap(struct scp03_session *session, const struct apdu_command *plain,
        writer *command, mitome_error *error);
MITOME_CHECKED mitome_status scp03_host_unwrap(struct scp03_session *session, slice response, uint8_t *buffer,
        size_t capacity, slice *ret_data, uint16_t *ret_sw, mitome_error *error);

#endif
