/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MATCHER_SERVICE_H
#define MATCHER_SERVICE_H

/* What the matcher does with requests: it runs one operation at a time, shows what the finger is for, and
 * seals what came of it. On the main loop. */

#include "boot_clock.h"
#include "entry_book.h"
#include "matcher_state.h"
#include "sensor.h"

struct matcher_service;

struct matcher_service_config {
        struct matcher_state *state; /* borrowed */
        struct sensor sensor;        /* borrowed: it outlives the service */
        struct entry_book *entries;  /* borrowed */
        uint8_t boot[BOOT_ID_SIZE];
        void *context;
        void (*gone)(void *context); /* the client has hung up, and nothing runs any more */
};

/* matcher_service_new fails with NO_MEMORY alone. */
MITOME_CHECKED mitome_status matcher_service_new(
        const struct matcher_service_config *config, struct matcher_service **ret, mitome_error *error);

/* matcher_service_attach serves the client on `fd`, which is the service's from then on. One at a time. */
void matcher_service_attach(struct matcher_service *service, int fd);

void matcher_service_free(struct matcher_service *service);

#endif
