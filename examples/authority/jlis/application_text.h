/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPLICATION_TEXT_H
#define APPLICATION_TEXT_H

/* What a holder's card signs: JSON with exactly these members, in any order:
 *
 *   {"application": "issue" | "renew" | "reset-pin" | "reset-password" | "revoke", "version": 1,
 *    "kinds": ["user-verification", "signing"], "device": identity printed on the phone,
 *    "applied_at": "2027-01-15T08:00:00Z", "nonce": what the service manager's session gave}
 */

#include "bytes.h"

enum { APPLICATION_PURPOSE_MAX = 32, APPLICATION_DEVICE_MAX = 64, APPLICATION_NONCE_MAX = 128 };

struct application_text {
        uint8_t purpose_bytes[APPLICATION_PURPOSE_MAX], device_bytes[APPLICATION_DEVICE_MAX],
                nonce_bytes[APPLICATION_NONCE_MAX];
        slice purpose, device, nonce; /* views of them: do not copy the structure */
        unsigned kinds;               /* 1 << enum register_kind; at least one */
        int64_t applied_at;           /* seconds since 1970, UTC */
};

/* application_read reads one: AUTHORITY_CMS with the member's name, JSON_*, TRAILING_BYTES. */
MITOME_CHECKED mitome_status application_read(slice json, struct application_text *ret, mitome_error *error);

#endif
