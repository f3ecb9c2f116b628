/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_FRONT_H
#define TLS_FRONT_H

/* TLS before a port of this machine that speaks in the clear, one connection after the other, with a
 * certificate of its own making. */

#include <openssl/types.h>
#include <pthread.h>
#include <stdint.h>

struct tls_front {
        SSL_CTX *context;
        int listener, stop[2];
        uint16_t port, behind;
        pthread_t thread;
};

/* tls_front_start listens before port `behind`, with a self-signed certificate for `names` (subjectAltName,
 * as "IP:127.0.0.1"), and writes that certificate to the file `pem`. */
void tls_front_start(struct tls_front *front, uint16_t behind, const char *names, const char *pem);
void tls_front_stop(struct tls_front *front);

#endif
