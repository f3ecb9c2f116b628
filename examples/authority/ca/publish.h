/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_H
#define PUBLISH_H

/* What the authority shows to everybody: the certificates of its CAs, their revocation lists, in full and of
 * each municipality, and the responder's answers.
 *
 *   /ca/user-verification.cer   /ca/signing.cer
 *   /crl/user-verification.crl  /crl/signing.crl  /crl/signing/PREFECTURE/CITY.crl
 *   /ocsp (POST)                /ocsp/BASE64 (GET)
 *
 * A list is made when it is asked for and the last one is older than `interval`, so that asking often costs
 * nobody a signature: who needs to know at once asks the responder. */

#include "ca.h"
#include "ocsp_responder.h"

enum { PUBLISH_LISTS_MAX = 64 /* kept; the one that was made first goes */, PUBLISH_PATH_MAX = 160 };

struct publish_config {
        const struct ca *cas[2]; /* by kind */
        struct ca_source source;
        struct mitome_random random;
        void *clock_context;
        int64_t (*now)(void *context); /* seconds since 1970 */
        uint32_t interval;             /* of lists, in seconds; 0: 600 */
        uint32_t lifetime;             /* of lists: nextUpdate; 0: a day */
        uint32_t ocsp_seconds;         /* of the responder's answers; 0: a minute */
};

struct publication;

/* What is in `config` must outlive it. */
MITOME_CHECKED mitome_status publish_open(
        const struct publish_config *config, struct publication **ret, mitome_error *error);
void publish_close(struct publication *publication);

/* publish_list gives the list at `path` below /crl/: VALUE when there is none. The view is good until the
 * next call. */
MITOME_CHECKED mitome_status publish_list(
        struct publication *publication, slice path, slice *ret, mitome_error *error);

/* publish_ca gives the certificate at `path` below /ca/. */
MITOME_CHECKED mitome_status publish_ca(
        const struct publication *publication, slice path, slice *ret, mitome_error *error);

/* publish_answer and publish_answer_get: ocsp_responder_answer and ocsp_responder_get, now. */
MITOME_CHECKED mitome_status publish_answer(
        struct publication *publication, slice request, writer *out, mitome_error *error);
MITOME_CHECKED mitome_status publish_answer_get(
        struct publication *publication, slice path, writer *out, mitome_error *error);

#endif
