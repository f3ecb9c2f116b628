/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FCM_FORM_H
#define FCM_FORM_H

/* What Firebase Cloud Messaging (HTTP v1) and its token endpoint (OAuth 2.0, RFC 7523) are sent and answer,
 * as bytes; nothing here touches a network or a clock. */

#include "push.h"

#include <openssl/types.h>

enum {
        FCM_PROJECT_MAX = 64,
        FCM_EMAIL_MAX = 256,
        FCM_KEY_ID_MAX = 64,
        FCM_URL_MAX = 256,
        FCM_BEARER_MAX = 2048,
        FCM_PEM_MAX = 8192,
        FCM_ACCOUNT_MAX = 16384, /* bytes of a service account's file */
        FCM_ANSWER_MAX = 16384,  /* what is read of an answer; a longer one is none */
        FCM_ASSERTION_MAX = 2048,
        FCM_BODY_MAX = 1536, /* of a message that is sent */
        FCM_ASSERTION_S = 3600,
        FCM_TTL_S =
                86400,    /* how long the service keeps it for a phone that is off; the schedule asks again */
        FCM_QUOTA_S = 60, /* what to wait after 429 that names no time */
};

/* A service account: who asks. `key` is freed by fcm_account_free. */
struct fcm_account {
        char project[FCM_PROJECT_MAX + 1], email[FCM_EMAIL_MAX + 1], key_id[FCM_KEY_ID_MAX + 1];
        char token_uri[FCM_URL_MAX + 1];
        EVP_PKEY *key; /* RSA, at least 2048 bits */
};

/* fcm_account_read reads the JSON file that Google gives out: JSON_*, MISSING, VALUE, TOO_LONG, KEY_TYPE,
 * KEY_WEAK. What it says of its key is wiped. */
MITOME_CHECKED mitome_status fcm_account_read(slice json, struct fcm_account *ret, mitome_error *error);
void fcm_account_free(struct fcm_account *account);

/* fcm_assertion_write signs the JWT by which the account asks for an access token (RS256, valid from `now`
 * for an hour), as the form that is posted. */
MITOME_CHECKED mitome_status fcm_assertion_write(
        const struct fcm_account *account, int64_t now, writer *out, mitome_error *error);

/* fcm_message_write writes the JSON of messages:send. */
MITOME_CHECKED mitome_status fcm_message_write(
        slice token, const struct push_message *message, writer *out, mitome_error *error);

/* An access token, which is a secret: wipe it. */
struct fcm_bearer {
        char text[FCM_BEARER_MAX + 1];
        int64_t until; /* not used from this second on; 0: there is none */
};

/* What was answered. */
struct fcm_answer {
        long status;         /* HTTP; 0: none came */
        int64_t retry_after; /* seconds, 0: not named */
        slice body;
};

enum fcm_verdict {
        FCM_DONE,         /* *ret_bearer is good, the message was taken */
        FCM_LATER,        /* nobody can say */
        FCM_GONE,         /* of a message: the token is dead */
        FCM_UNAUTHORIZED, /* of a message: another access token is needed */
        FCM_REFUSED,
};

/* fcm_read_bearer judges the token endpoint's answer. A token ends a minute before the service says. */
enum fcm_verdict fcm_read_bearer(const struct fcm_answer *answer, int64_t now, struct fcm_bearer *ret);

/* fcm_read_send judges the answer to a message. A phone's token is given up only on FCM's own word
 * (404 with errorCode UNREGISTERED): a 404 of anybody else would cut off phones that can be reached. That a
 * message was taken is believed only of an answer that names it. */
enum fcm_verdict fcm_read_send(const struct fcm_account *account, const struct fcm_answer *answer);

#endif
