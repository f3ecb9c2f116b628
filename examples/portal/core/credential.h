/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CREDENTIAL_H
#define CREDENTIAL_H

/* The passkeys of an account, for its page. */

#include "account.h"
#include "portal_core.h"

enum { CREDENTIAL_LIST_MAX = 20, CREDENTIAL_NAME_MAX = 64 /* UTF-8 */ };

struct credential {
        int64_t row; /* what sessions and pages call it */
        char name[CREDENTIAL_NAME_MAX + 1];
        uint8_t aaguid[16];
        char format[24];                /* "packed" */
        enum mitome_trust_result trust; /* of its attestation, at registration */
        bool backup_eligible, backed_up;
        unsigned transports;        /* enum mitome_transport */
        int64_t created, last_used; /* last_used 0: never */
        bool certificate;           /* bound to a person's certificate */
        bool ended;                 /* that certificate was followed by another: it opens nothing any more */
};

struct credential_list {
        struct credential credentials[CREDENTIAL_LIST_MAX];
        size_t count;
};

MITOME_CHECKED mitome_status credential_list_read(
        struct portal *portal, int64_t account, struct credential_list *ret, mitome_error *error);

/* credential_rename, credential_remove: of this account, or CREDENTIAL_UNKNOWN. The last one that opens the
 * account is not removed (CREDENTIAL_LAST). Sessions that were opened with a removed one are over. */
MITOME_CHECKED mitome_status credential_rename(
        struct portal *portal, int64_t account, int64_t row, slice name, mitome_error *error);
MITOME_CHECKED mitome_status credential_remove(
        struct portal *portal, int64_t account, int64_t row, mitome_error *error);

/* What the account's page shows of the account. */
struct credential_account {
        char number[ACCOUNT_NAME_MAX +
                    1]; /* unlike any other: named when a new phone takes the account over */
        char display[ACCOUNT_NAME_MAX + 1];
        int64_t opened;
        bool certificate; /* a live one is bound */
        int64_t certificate_not_after;
        mitome_code certificate_status; /* MITOME_OK: good now; CERTIFICATE_REVOKED, CRL_STALE .. */
};
MITOME_CHECKED mitome_status credential_account_read(
        struct portal *portal, int64_t account, struct credential_account *ret, mitome_error *error);

#endif
