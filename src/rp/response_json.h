/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RESPONSE_JSON_H
#define RESPONSE_JSON_H

/* RegistrationResponseJSON and AuthenticationResponseJSON, WebAuthn L3 5.1.8. */

#include "json_object.h"

#include <mitome/rp.h>

enum {
        RESPONSE_CREDENTIAL_ID_MAX = 1023,
        RESPONSE_ATTESTATION_MAX = 32768,
        RESPONSE_AUTH_DATA_MAX = 8192,
        RESPONSE_SIGNATURE_MAX = 8192, /* ML-DSA-87's has 4627 bytes */
        RESPONSE_USER_HANDLE_MAX = 64, /* WebAuthn L3 5.4.3 */
};

/* What a browser sends, decoded into an arena; `id` and `rawId` have been found to be the same. Members that
 * are not needed (transports, publicKey) are checked to be JSON and ignored: what they say stands in the
 * signed bytes. */
MITOME_CHECKED mitome_status response_read_registration(
        slice json, writer *arena, struct mitome_response *ret, mitome_error *error);
MITOME_CHECKED mitome_status response_read_authentication(
        slice json, writer *arena, struct mitome_response *ret, mitome_error *error);

/* response_check_* hold a response that came as bytes to the same limits (TOO_LONG, MISSING). */
MITOME_CHECKED mitome_status response_check_registration(
        const struct mitome_response *response, mitome_error *error);
MITOME_CHECKED mitome_status response_check_authentication(
        const struct mitome_response *response, mitome_error *error);

#endif
