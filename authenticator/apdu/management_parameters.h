/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MANAGEMENT_PARAMETERS_H
#define MANAGEMENT_PARAMETERS_H

/* authenticatorCredentialManagement (CTAP 2.1, 6.8): its subcommands, and what their parameters say. The core
 * reads them to tell a platform what is wrong, the element once more, since what the token signed is what it
 * does. */

#include "bytes.h"

enum management_subcommand {
        MANAGEMENT_METADATA = 0x01,
        MANAGEMENT_FIRST_RP = 0x02,
        MANAGEMENT_NEXT_RP = 0x03,
        MANAGEMENT_FIRST_CREDENTIAL = 0x04,
        MANAGEMENT_NEXT_CREDENTIAL = 0x05,
        MANAGEMENT_DELETE = 0x06,
        MANAGEMENT_UPDATE_USER = 0x07,
};

enum {
        MANAGEMENT_HASH_SIZE = 32,
        MANAGEMENT_NAME_MAX = 64,     /* what is kept of a name, CTAP 2.1 6.8.6 */
        MANAGEMENT_MESSAGE_MAX = 3072 /* subcommand and parameters */
};

struct management_parameters {
        slice rp_id_hash;
        slice credential_id;               /* with MANAGEMENT_DELETE, MANAGEMENT_UPDATE_USER; of any length */
        slice user_id, name, display_name; /* names are cut; empty when they are not there */
};

/* management_needs tells what a subcommand is: whether it takes parameters, whether a pinUvAuthToken has to
 * authorise it, and whether one that may only read will do. False for one that is not known. */
struct management_needs {
        bool parameters, token, reads;
};
bool management_needs(uint64_t subcommand, struct management_needs *ret);

/* management_parameters_read takes the encoded map of a subcommand that has parameters (those that it does
 * not need are skipped). MISSING when one is not there, VALUE for a hash of another size, an empty id, or a
 * descriptor that is not "public-key", and what the CBOR reader says. Views into the input. */
MITOME_CHECKED mitome_status management_parameters_read(enum management_subcommand subcommand, slice encoded,
        struct management_parameters *ret, mitome_error *error);

#endif
