/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QUICK_LINK_H
#define QUICK_LINK_H

/* The last link of a path whose rest is known. For a leaf that was never seen OpenSSL takes longer to look
 * for a decoder of its key than to verify its signature, and a path does not use that key. */

#include "bytes.h"

#include <openssl/x509.h>

/* A library context that certificates are decoded into without their keys; NULL: no memory. */
struct quick_context;
struct quick_context *quick_context_new(void);
void quick_context_free(struct quick_context *context);

/* quick_link_decode decodes exactly one certificate, without its key; NULL when it is none. `context` may be
 * NULL, and must outlive the certificate. */
X509 *quick_link_decode(struct quick_context *context, slice der);

/* quick_link_holds tells whether the leaf (decoded from `der`) is an end entity's, in its time, has a key
 * that is strong enough, no critical extension that OpenSSL does not know and none that others of its path
 * must bear out, and names and key of `issuer` say that it issued it: a CA that is in its time, may sign
 * certificates and constrains no names. Where it holds, OpenSSL would say so; false means nothing: then
 * OpenSSL is asked for the whole path. `context` may be NULL: then nothing holds. */
bool quick_link_holds(const struct quick_context *context, X509 *leaf, slice der, X509 *issuer, int64_t now);

/* certificate_has_resources tells of the extensions of RFC 3779, of which a certificate may have no more than
 * its issuer has, up to the anchor. */
bool certificate_has_resources(const X509 *certificate);

#endif
