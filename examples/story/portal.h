/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PORTAL_H
#define PORTAL_H

/* The relying party of the story: it remembers one account, asks with fresh challenges and believes only what
 * libmitome-rp has verified. Time and random bytes are passed in. */

#include "bytes.h"

#include <mitome/guidance.h>
#include <mitome/rp.h>

enum { PORTAL_CHALLENGE_SIZE = 32, PORTAL_FIELD_MAX = 1024 };

/* Whom the portal believes. Views; they outlive the portal. */
struct portal_anchors {
        slice attestation; /* CA of the authenticator's maker, DER */
        slice jpki;        /* CA of the user-verification certificates, DER */
};

/* A value of the account that the portal keeps for itself. */
struct portal_field {
        uint8_t bytes[PORTAL_FIELD_MAX];
        size_t size;
};

struct portal {
        const char *rp_id;
        const char *origin;
        struct portal_anchors anchors;
        struct mitome_random random;
        struct mitome_trust *trust;     /* the snapshot in use; replaced whole */
        struct mitome_context *context; /* of the portal's one thread */
        uint8_t challenge[PORTAL_CHALLENGE_SIZE];
        bool challenge_open; /* a challenge is good for one answer */
        bool registered;
        uint32_t sign_count;
        struct portal_field credential_id, public_key, certificate_serial, certificate_issuer;
        int64_t certificate_not_after;
};

MITOME_CHECKED mitome_status portal_open(struct portal *portal, const char *rp_id, const char *origin,
        const struct portal_anchors *anchors, const struct mitome_random *random, mitome_error *error);
void portal_close(struct portal *portal);

/* portal_take_crl replaces the trust snapshot by one with this revocation list (DER). */
MITOME_CHECKED mitome_status portal_take_crl(struct portal *portal, slice crl, mitome_error *error);

/* portal_challenge makes a new challenge; the former one is void. */
MITOME_CHECKED mitome_status portal_challenge(struct portal *portal, slice *ret, mitome_error *error);

/* portal_register opens the account: a registration, and the person's certificate with its signature over it.
 * `buffer` keeps what *ret views. Nothing is remembered unless everything is right. */
MITOME_CHECKED mitome_status portal_register(struct portal *portal, slice response_json, slice certificate,
        slice signature, int64_t now, uint8_t *buffer, size_t capacity, struct mitome_verdict *ret,
        struct mitome_binding *ret_binding, mitome_error *error);

/* What the page says to who sits before it: the authenticator's own words, as far as a page can know. A
 * browser tells it one error for a finger that was not recognised, one that never came and a user who would
 * not (or any website could try who is there), so that there is one sentence for all of
 * them. */
enum portal_page { PORTAL_PAGE_ASKS, PORTAL_PAGE_REFUSED };
void portal_page(enum portal_page page, enum mitome_language language, char text[MITOME_GUIDANCE_MAX]);

/* portal_login lets the person in, or says why not. */
MITOME_CHECKED mitome_status portal_login(struct portal *portal, slice response_json, int64_t now,
        uint8_t *buffer, size_t capacity, struct mitome_verdict *ret, mitome_error *error);

#endif
