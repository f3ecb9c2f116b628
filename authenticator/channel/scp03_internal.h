/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCP03_INTERNAL_H
#define SCP03_INTERNAL_H

/* What both ends compute alike, Amendment D by its sections. */

#include "scp03.h"

enum { SCP03_BLOCK = 16, SCP03_CRYPTOGRAM_SIZE = 8, SCP03_CONTEXT_SIZE = 16 };

enum scp03_constant { /* 4.1.5, table 4-1 */
        SCP03_CARD_CRYPTOGRAM = 0x00,
        SCP03_HOST_CRYPTOGRAM = 0x01,
        SCP03_CARD_CHALLENGE = 0x02,
        SCP03_S_ENC = 0x04,
        SCP03_S_MAC = 0x06,
        SCP03_S_RMAC = 0x07,
};

/* scp03_kdf derives 8 or 16 bytes, 4.1.5. */
MITOME_CHECKED mitome_status scp03_kdf(
        const uint8_t key[SCP03_KEY_SIZE], uint8_t constant, slice context, uint8_t *ret, size_t size);

/* scp03_cmac is AES-CMAC over the parts, all 16 bytes. */
MITOME_CHECKED mitome_status scp03_cmac(
        const uint8_t key[SCP03_KEY_SIZE], const slice *parts, size_t count, uint8_t ret[SCP03_BLOCK]);

/* scp03_derive_session computes the session keys from host challenge || card challenge, 6.2.1. */
MITOME_CHECKED mitome_status scp03_derive_session(
        struct scp03_session *session, const struct scp03_keys *keys, slice context);

/* scp03_command_mac moves the chaining value on by one command, 6.2.4: the header and length are those of the
 * command with its MAC, `data` is without it. */
MITOME_CHECKED mitome_status scp03_command_mac(
        struct scp03_session *session, const struct apdu_command *command, slice data);

/* scp03_response_mac computes the R-MAC of a response, 6.2.5. */
MITOME_CHECKED mitome_status scp03_response_mac(
        const struct scp03_session *session, slice data, uint16_t sw, uint8_t ret[SCP03_BLOCK]);

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
