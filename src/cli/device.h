/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DEVICE_H
#define DEVICE_H

/* What stands behind the program's authenticator: its folder, and the element, a process of its own. */

#include "card_link.h"

#include <sys/types.h>

enum { DEVICE_PATH_MAX = 4096 };

struct device_config {
        const char *program; /* whose name its complaints carry */
        const char *state;   /* the folder: the element's, as of `mitome element --state` */
        bool provision;      /* a new one is personalised for an invented person */
};

struct device {
        struct device_config config;
        pid_t element_process;
        struct card_link *card;
};

/* device_start makes the element if the folder has none, and starts its process. Close it with device_stop,
 * also after a failure. */
MITOME_CHECKED mitome_status device_start(
        struct device *device, const struct device_config *config, mitome_error *error);

void device_stop(struct device *device);

#endif
