/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OIDC_INTERNAL_H
#define OIDC_INTERNAL_H

#include "oidc.h"
#include "oidc_store.h"

enum { OIDC_ISSUER_MAX = 256, OIDC_DOCUMENT_MAX = 4096 };

struct oidc {
        struct portal *portal;
        const struct web_page_set *pages;
        struct oidc_keys *keys;
        char issuer[OIDC_ISSUER_MAX + 1];
        uint8_t discovery[OIDC_DOCUMENT_MAX], key_set[OIDC_DOCUMENT_MAX];
        slice discovery_text, key_set_text;
        struct oidc_clients clients;
};

static inline struct sql_store *oidc_store(const struct oidc *oidc)
{
        return party_store(portal_party(oidc->portal));
}

/* oidc_draw draws a code or a token, as its 43 characters. */
MITOME_CHECKED mitome_status oidc_draw(
        const struct oidc *oidc, char ret_text[OIDC_TOKEN_TEXT + 1], mitome_error *error);

/* oidc_is_cross_device tells whether an acr is that of a login with another device, which can be phished. */
bool oidc_is_cross_device(slice acr);

/* oidc_write_subject writes `sub`. */
static inline void oidc_write_subject(writer *w, const uint8_t subject[OIDC_SUBJECT_SIZE])
{
        oidc_write_base64url(w, slice_of(subject, OIDC_SUBJECT_SIZE));
}

#endif
