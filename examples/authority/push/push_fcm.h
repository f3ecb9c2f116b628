/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUSH_FCM_H
#define PUSH_FCM_H

/* Push by Firebase Cloud Messaging, HTTP v1: POST {service}/v1/projects/PROJECT/messages:send with an access
 * token that the account's signed assertion was exchanged for. https, verified by the machine's CAs or
 * `ca_file`; plain http is spoken with this machine alone. No redirect is followed. */

#include "party.h"
#include "push.h"

#define PUSH_FCM_SERVICE "https://fcm.googleapis.com"

struct push_fcm_config {
        const char *account_file; /* the service account, JSON; mode 0600 */
        const char *service;      /* NULL: PUSH_FCM_SERVICE */
        const char *ca_file;      /* NULL: the machine's */
        long timeout_ms;          /* of one request; 0: 8000 */
        struct party_clock clock;
};

struct push_fcm;

/* push_fcm_open reads the account: FILE_READ, FILE_MODE, and as fcm_account_read; VALUE for an address that
 * is neither https nor http. Texts of `config` must outlive it. The program calls
 * curl_global_init and ignores SIGPIPE. */
MITOME_CHECKED mitome_status push_fcm_open(
        const struct push_fcm_config *config, struct push_fcm **ret, mitome_error *error);
void push_fcm_close(struct push_fcm *fcm);

/* push_fcm is the `struct push` of it. One thread at a time. */
struct push push_fcm(struct push_fcm *fcm);

#endif
