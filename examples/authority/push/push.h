/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUSH_H
#define PUSH_H

/* Waking a phone that nobody is speaking with. A push carries nothing: no personal data, no order, only a
 * number; the phone then asks the TSM itself. That the service took one says nothing about the phone: it may
 * come late, twice or never, and what was to be done there is done when the element's receipt says so.
 *
 * Two ways: push_fcm.h (Firebase Cloud Messaging, HTTP v1) and push_queue.h (a table that the phone's app
 * polls; the default). Where tokens are kept and when is tried again: push_registry.h, push_schedule.h. */

#include "bytes.h"

enum {
        PUSH_ID_SIZE = 16,
        PUSH_KIND_MAX = 16,    /* characters: lower-case letters and '-' */
        PUSH_TOKEN_MAX = 1024, /* printable ASCII without space, quote and backslash; a service's is opaque */
};

#define PUSH_WAKE "wake"

struct push_message {
        const char *kind;         /* PUSH_WAKE */
        uint8_t id[PUSH_ID_SIZE]; /* drawn for the wake: the same in every attempt, so that twice is once */
};

enum push_outcome {
        PUSH_ACCEPTED,   /* the service will try; not: the phone has it */
        PUSH_LATER,      /* it could not say, or asked to wait */
        PUSH_TOKEN_GONE, /* the app that had this token is gone: it never works again */
        PUSH_REFUSED,    /* the service does not take it from us as it is: settings, or a token of others */
};

/* send tries once, and takes at most some seconds. What a network or a service can do to it is an outcome;
 * a failure is only what ails the caller's side (NO_MEMORY, SQL_*, CRYPTO_FAILED, VALUE for a token or kind
 * that is none). *ret_retry_after: seconds that the service asked to wait with PUSH_LATER, 0 when it named
 * none. */
struct push {
        void *context;
        mitome_status (*send)(void *context, slice token, const struct push_message *message,
                enum push_outcome *ret, int64_t *ret_retry_after, mitome_error *error);
};

/* push_token_check and push_message_check fail with VALUE or TOO_LONG. */
MITOME_CHECKED mitome_status push_token_check(slice token, mitome_error *error);
MITOME_CHECKED mitome_status push_message_check(const struct push_message *message, mitome_error *error);

#endif
