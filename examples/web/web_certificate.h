/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_CERTIFICATE_H
#define WEB_CERTIFICATE_H

/* The server's certificate: its operator's, or one for this machine alone.
 *
 * The latter is signed by a CA that is made for it and whose key is not kept: whoever trusts web-ca.pem in a
 * browser trusts this one certificate, and the CA's own constraints (localhost, 127.0.0.1, ::1) say so as
 * well. */

#include "bytes.h"

struct web_certificate {
        char *certificate_pem, *key_pem; /* by malloc */
        bool made; /* anew, just now: whoever trusted the one before has to do so again */
};

enum {
        WEB_CERTIFICATE_DAYS = 397,
        WEB_CERTIFICATE_LEFT = 30 /* days before its end, when another is made */
};

/* web_certificate_local reads FOLDER/web-certificate.pem and FOLDER/web-key.pem, or makes them and
 * FOLDER/web-ca.pem when they are not there, do not go together, or end soon; `now` in seconds since 1970.
 * FILE_READ, FILE_WRITE, FILE_MODE (the key can be read by others), CRYPTO_FAILED. */
MITOME_CHECKED mitome_status web_certificate_local(
        const char *folder, int64_t now, struct web_certificate *ret, mitome_error *error);

/* web_certificate_read reads a certificate (with what leads to its root behind it) and its key: FILE_READ,
 * TOO_LONG, FILE_MODE, WEB_CERTIFICATE (they do not go together, or one cannot be read). */
MITOME_CHECKED mitome_status web_certificate_read(
        const char *certificate, const char *key, struct web_certificate *ret, mitome_error *error);

/* web_certificate_free wipes the key. */
void web_certificate_free(struct web_certificate *certificate);

#endif
