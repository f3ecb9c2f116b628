/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DEVICE_H
#define DEVICE_H

/* What stands behind the program's authenticator: its folder; the element and the matcher, processes of their
 * own. */

#include "card_link.h"
#include "matcher_gate.h"

#include <mitome/enforcer.h>

#include <sys/types.h>

enum { DEVICE_PATH_MAX = 4096 };

struct device_config {
        const char *state;   /* the folder: the element's, as of `mitome element --state`, and more */
        const char *matcher; /* path of mitome-matcher; NULL: beside this program */
        const char *sensor;  /* KIND[:ARGUMENT] of what the matcher reads with; NULL: a fingerprint reader */
        bool provision;      /* a new one is personalised for an invented person */
        bool quiet;          /* what a demonstration's matcher was certified as is not said */
        bool virtual_sensor; /* the matcher reads images from device.sensor, not a fingerprint reader */
        struct mitome_app app; /* who asks the element, for its access rules; zeros: nobody in particular */
        bool needs_matcher;    /* else one that is missing only means that there is no finger */
};

struct device {
        struct device_config config;
        bool is_new;                 /* made by this device_start */
        char self[DEVICE_PATH_MAX];  /* this program */
        char blobs[DEVICE_PATH_MAX]; /* the file of the large blobs */
        char sensor[DEVICE_PATH_MAX];
        pid_t element_process;
        int element_ending; /* readable when it has ended; -1: nobody can tell */
        struct card_link *card;
        struct matcher_gate *matcher; /* NULL: no finger */
};

/* device_path names a file of the folder. Fails with TOO_LONG. */
#define DEVICE_STATUS_SOCKET "status.sock"
MITOME_CHECKED mitome_status device_path(
        const char *folder, const char *name, char path[DEVICE_PATH_MAX], mitome_error *error);

/* device_is_demo tells whether the folder was personalised for an invented person. */
bool device_is_demo(const char *folder);

/* device_start makes the element if the folder has none, starts its process and the matcher's, and pairs the
 * two where the element has no matcher yet. Close it with device_stop, also after a failure. Fails as the
 * folder does, with PROCESS, LINK, NO_MATCHER, or as the element and the matcher do. */
MITOME_CHECKED mitome_status device_start(
        struct device *device, const struct device_config *config, mitome_error *error);

/* device_start_element does so with the element alone, and makes none: STORE_MISSING. */
MITOME_CHECKED mitome_status device_start_element(
        struct device *device, const char *state, mitome_error *error);

/* device_note_reset is to be told when authenticatorReset begins and when it was answered: one that was cut
 * short between is finished by the next device_start. */
void device_note_reset(const struct device *device, bool begins);

/* device_pair_if_alone pairs element and matcher again where authenticatorReset has ended their pairing; both
 * applets must be free. */
MITOME_CHECKED mitome_status device_pair_if_alone(struct device *device, mitome_error *error);

void device_stop(struct device *device);

#endif
