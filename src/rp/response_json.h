/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RESPONSE_JSON_H
#define RESPONSE_JSON_H

/* RegistrationResponseJSON and AuthenticationResponseJSON, WebAuthn L3 5.1.8. */

#include "json_object.h"

enum {
        RESPONSE_CREDENTIAL_ID_MAX = 1023,
        RESPONSE_ATTESTATION_MAX = 16384,
        RESPONSE_AUTH_DATA_MAX = 8192,
        RESPONSE_SIGNATURE_MAX = 1024,
        RESPONSE_USER_HANDLE_MAX = 64, /* WebAuthn L3 5.4.3 */
};

/* What a browser sends, decoded into an arena. `id` and `rawId` have been found to be the same. */
struct response {
        slice credential_id;
        slice client_data;
        slice attestation_object; /* registration */
        slice auth_data;          /* authentication */
        slice signature;          /* authentication */
        bool has_user_handle;     /* authentication */
        slice user_handle;
};

/* Members that are not needed (transports, publicKey, the extension results beyond being an object) are
 * checked to be JSON and ignored: what they say again stands in the signed bytes. */
MITOME_CHECKED mitome_status response_read_registration(
        slice json, writer *arena, struct response *ret, mitome_error *error);
MITOME_CHECKED mitome_status response_read_authentication(
        slice json, writer *arena, struct response *ret, mitome_error *error);

#endif
