/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MITOME_RELATED_ORIGINS_H
#define MITOME_RELATED_ORIGINS_H

/* Related origins, WebAuthn L3 5.11: a relying party lists in https://RP-ID/.well-known/webauthn on which
 * other sites its credentials may be used:
 *
 *      { "origins": [ "https://example.co.jp", "https://example.jp" ] }
 *
 * The browser decides by that document whether a page may name the RP ID. The relying party must expect the
 * same origins; read from the very document that it publishes, both lists are one:
 *
 *      mitome_slice origins[1 + 16] = { { (const uint8_t *)"https://example.org", 19 } };    // its own first
 *      size_t count;
 *      status = mitome_related_origins_read(document, space, sizeof space, origins + 1, 16, &count, &error);
 *      ...
 *      expectation.origins = origins;
 *      expectation.origin_count = 1 + count;
 *
 * Only ever read a document of one's own configuration, never one fetched from whoever asks. */

#include <mitome/bytes.h>
#include <mitome/error.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

enum {
        MITOME_RELATED_DOCUMENT_MAX = 65536, /* bytes */
        MITOME_RELATED_ORIGINS_MAX = 256,
        MITOME_RELATED_LABELS = 5, /* what every client supports, and most allow no more: WebAuthn L3 5.11 */
};

/* mitome_related_origins_read reads the document into `origins`, which holds `capacity`, in its order; the
 * texts are decoded into `space`, as large as the document, and live as long. Other members are passed over.
 *
 * Refused: what is no JSON object with an array of one or more texts (JSON_*, MISSING, UTF8, ..), a document,
 * or list, over its limit or `capacity` (TOO_LONG, TOO_MANY, BUFFER_FULL), and each text that is not an
 * origin as a browser writes it (ORIGIN_FORM): "https://", a domain name in lower case and A-labels, and the
 * port, if it is not 443. A browser would make do with "https://example.jp/"; a comparison by bytes would
 * not. */
MITOME_CHECKED mitome_status mitome_related_origins_read(mitome_slice document, uint8_t *space, size_t size,
        mitome_slice *origins, size_t capacity, size_t *ret_count, mitome_error *error);

/* mitome_related_origins_allow tells whether the document lists `origin`. All of it is read, and refused for
 * the same reasons, wherever the origin stands. It is the list alone: which entries a browser passes over,
 * because they have too many labels, mitome_related_origins_labels helps to find. */
MITOME_CHECKED mitome_status mitome_related_origins_allow(
        mitome_slice document, mitome_slice origin, bool *ret_allowed, mitome_error *error);

/* Who knows the public suffix list, which is not part of this library. `find` answers how many bytes at the
 * end of `host` are its registrable domain, "example.co.jp" (13) for "login.example.co.jp"; 0 when it has
 * none. */
struct mitome_registrable {
        void *context;
        size_t (*find)(void *context, mitome_slice host);
};

/* mitome_related_origins_labels counts the labels that clients count, WebAuthn L3 5.11.1: the different first
 * labels of registrable domains ("example" of both example.org and example.co.jp). Origins without one count
 * nothing, and no client accepts them. Beyond MITOME_RELATED_LABELS clients pass over what comes later with a
 * new label. `origins` are as mitome_related_origins_read gives them. ARGUMENT when `find` answers what is
 * not an end of whole labels; ORIGIN_FORM; TOO_MANY. */
MITOME_CHECKED mitome_status mitome_related_origins_labels(const mitome_slice *origins, size_t count,
        const struct mitome_registrable *registrable, size_t *ret_labels, mitome_error *error);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
