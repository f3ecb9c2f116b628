/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_CTAP_CLIENT_H
#define BENCH_CTAP_CLIENT_H

/* libfido2 as the client of the whole authenticator, CTAPHID included, in one process: what a login costs its
 * platform, beside what it costs us. */

#include "bench_round.h"

struct ctap_client;

/* ctap_client_open makes an authenticator with one credential (ES256); NULL where libfido2 was not there when
 * this was built. Whatever cannot be made ends the program. */
struct ctap_client *ctap_client_open(void);
void ctap_client_close(struct ctap_client *client);

bench_operation ctap_client_get_assertion; /* struct ctap_client */

#endif
