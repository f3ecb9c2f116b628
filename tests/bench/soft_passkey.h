/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOFT_PASSKEY_H
#define SOFT_PASSKEY_H

/* A passkey of a program's own, for measuring and breaking portals: a P-256 key that really signs, and the
 * JSON that a browser would send. What cannot fail but for want of memory ends the program when it does. */

#include "bytes.h"

#include <openssl/evp.h>

enum {
        SOFT_ID_SIZE = 32,
        SOFT_USER_MAX = 64,
        SOFT_POINT_SIZE = 64,
        SOFT_JSON_MAX = 4096,
        SOFT_SIGNED_MAX = 256
};

struct soft_passkey {
        EVP_PKEY *key;
        uint8_t id[SOFT_ID_SIZE], point[SOFT_POINT_SIZE];
        uint8_t user[SOFT_USER_MAX];
        size_t user_size;
};

/* Where the passkey is used. */
struct soft_site {
        const char *rp_id, *origin;
};

void soft_passkey_make(struct soft_passkey *ret);
void soft_passkey_free(struct soft_passkey *passkey);

/* soft_passkey_register answers creation options (their JSON): RegistrationResponseJSON, attestation "none".
 * The user handle is taken from them. False when the options have no challenge or no user. */
bool soft_passkey_register(
        struct soft_passkey *passkey, const struct soft_site *site, slice options, writer *ret_json);

/* soft_passkey_assert answers request options: AuthenticationResponseJSON, with user verification and this
 * counter. */
bool soft_passkey_assert(const struct soft_passkey *passkey, const struct soft_site *site, slice options,
        uint32_t count, writer *ret_json);

/* soft_passkey_sample gives something that the key signed, and the signature (DER): for measuring what the
 * bare verification costs. */
struct soft_sample {
        uint8_t message[SOFT_SIGNED_MAX], signature[SOFT_SIGNED_MAX];
        size_t message_size, signature_size;
};
void soft_passkey_sample(const struct soft_passkey *passkey, struct soft_sample *ret);

/* soft_member finds the text of a string member by its name, at any depth, as it stands; empty: none. */
slice soft_member(slice json, const char *name);

#endif
