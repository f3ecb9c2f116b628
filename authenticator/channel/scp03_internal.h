/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCP03_INTERNAL_H
#define SCP03_INTERNAL_H

/* What both ends compute alike, Amendment D by its sections. */

#include "scp03.h"

enum { SCP03_BLOCK = 16, SCP03_SEQUENCE_SIZE = 3, SCP03_ID = 0x03 };

enum scp03_constant { /* 4.1.5, table 4-1 */
        SCP03_CARD_CRYPTOGRAM = 0x00,
        SCP03_HOST_CRYPTOGRAM = 0x01,
        SCP03_CARD_CHALLENGE = 0x02,
        SCP03_S_ENC = 0x04,
        SCP03_S_MAC = 0x06,
        SCP03_S_RMAC = 0x07,
};

/* scp03_kdf derives at most 32 bytes from an AES key, 4.1.5. */
MITOME_CHECKED mitome_status scp03_kdf(slice key, uint8_t constant, slice context, uint8_t *ret, size_t size);

/* scp03_cmac is AES-CMAC over the parts, all 16 bytes. */
MITOME_CHECKED mitome_status scp03_cmac(
        slice key, const slice *parts, size_t count, uint8_t ret[SCP03_BLOCK]);

/* The two challenges one after the other: what everything of a session is derived from. */
struct scp03_context {
        uint8_t bytes[2 * SCP03_S16];
        slice view;
};

MITOME_CHECKED mitome_status scp03_join(
        slice host_challenge, slice card_challenge, struct scp03_context *ret);

/* scp03_derive_session computes the session keys, 6.2.1. */
MITOME_CHECKED mitome_status scp03_derive_session(
        struct scp03_session *session, const struct scp03_keys *keys, const struct scp03_context *context);

/* scp03_cryptogram computes the card's or the host's, 6.2.2.2 and 6.2.2.3: scp03_size(session->i) bytes. */
MITOME_CHECKED mitome_status scp03_cryptogram(const struct scp03_session *session, enum scp03_constant whose,
        const struct scp03_context *context, uint8_t ret[SCP03_MAC_MAX]);

/* scp03_card_challenge computes the pseudo-random one of `size` bytes, 6.2.2.1: from the sequence counter and
 * the AID of the security domain. */
MITOME_CHECKED mitome_status scp03_card_challenge(
        const struct scp03_keys *keys, slice sequence, slice aid, uint8_t ret[SCP03_S16], size_t size);

/* scp03_command_mac moves the chaining value on by one command, 6.2.4: the header is that of the command with
 * its MAC, `data` is without it. */
MITOME_CHECKED mitome_status scp03_command_mac(
        struct scp03_session *session, const struct apdu_command *command, slice data);

/* scp03_command_mac_view is what of the chaining value goes with the command. */
slice scp03_command_mac_view(const struct scp03_session *session);

/* scp03_response_mac computes the R-MAC of a response, 6.2.5. */
MITOME_CHECKED mitome_status scp03_response_mac(
        const struct scp03_session *session, slice data, uint16_t sw, uint8_t ret[SCP03_BLOCK]);

/* scp03_part_mac parts protected data into its body and its MAC, or fails with CHANNEL_MAC. */
MITOME_CHECKED mitome_status scp03_part_mac(const struct scp03_session *session, slice data, slice *ret_body,
        slice *ret_mac, mitome_error *error);

/* scp03_count counts a command, also one without data (6.2.6). The counter never starts again: at its end the
 * session is over (CHANNEL_CLOSED). */
MITOME_CHECKED mitome_status scp03_count(struct scp03_session *session, mitome_error *error);

/* The two directions have different counter blocks, 6.2.6 and 6.2.7. */
enum scp03_direction { SCP03_COMMAND, SCP03_RESPONSE };

/* scp03_encrypt pads and encrypts `plain` into `out`; scp03_decrypt undoes it and views the plain bytes in
 * `buffer`. */
MITOME_CHECKED mitome_status scp03_encrypt(
        const struct scp03_session *session, enum scp03_direction direction, slice plain, writer *out);
MITOME_CHECKED mitome_status scp03_decrypt(const struct scp03_session *session,
        enum scp03_direction direction, slice cipher, uint8_t *buffer, size_t capacity, slice *ret,
        mitome_error *error);

/* scp03_carries_mac: only 9000 and warnings go out protected, 6.2.5. */
bool scp03_carries_mac(uint16_t sw);

#endif
