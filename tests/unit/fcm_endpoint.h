/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FCM_ENDPOINT_H
#define FCM_ENDPOINT_H

/* Stands in for Google on this machine: a token endpoint and messages:send at one port of 127.0.0.1, one
 * connection after the other, in a thread. It checks what comes to the byte (`complaint` says what was wrong)
 * and plays what it is told. */

#include "bytes.h"

#include <openssl/types.h>
#include <pthread.h>

enum fcm_play {
        PLAY_OK,
        PLAY_OK_LATE,          /* after 300 ms */
        PLAY_OK_OTHER_PROJECT, /* names a message of another project */
        PLAY_GARBAGE,          /* 200, and no JSON */
        PLAY_BROKEN_OFF,       /* fewer bytes than it said */
        PLAY_ENDLESS,          /* more than anybody wants */
        PLAY_HANG,             /* no answer at all */
        PLAY_REDIRECT,
        PLAY_400,
        PLAY_401,
        PLAY_403,
        PLAY_404_UNREGISTERED,
        PLAY_404_OTHER,  /* in Google's form, of something else */
        PLAY_404_HTML,   /* of a machine in between */
        PLAY_404_QUOTED, /* says UNREGISTERED in a place that means nothing */
        PLAY_429,
        PLAY_429_SECONDS, /* Retry-After: 90 */
        PLAY_500,
        PLAY_503_DATE, /* Retry-After: a date, a day ahead of `now` */
        /* of the token endpoint */
        PLAY_GRANT_MAC,      /* a token of another type */
        PLAY_GRANT_INJECTED, /* a token with a line end in it */
        PLAY_GRANT_SHORT,    /* good for 30 s */
};

enum { FCM_PLAYS = 16 };

struct fcm_endpoint {
        EVP_PKEY *key; /* the account's, to verify by */
        const char *project, *email, *key_id;
        int64_t now;             /* the client's clock, for `iat` and dates */
        const char *wanted_body; /* of messages:send */
        enum fcm_play sends[FCM_PLAYS], grants[FCM_PLAYS];
        /* What happened, to be read after fcm_endpoint_stop or between requests. */
        size_t send_count, grant_count;
        char complaint[256];
        char url[64], token_uri[80];
        int listener, stop[2];
        unsigned tokens; /* number of the access token that is in force */
        pthread_t thread;
};

void fcm_endpoint_start(struct fcm_endpoint *endpoint);
void fcm_endpoint_stop(struct fcm_endpoint *endpoint);

#endif
