/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ELEMENT_PROCESS_H
#define ELEMENT_PROCESS_H

/* An element in a folder, run by `mitome element` as a process of its own: a phone's, or a card's. */

#include "card_link.h"
#include "tsm_channel.h"

#include <sys/types.h>

struct element_process {
        pid_t process; /* 0: off */
        struct card_link *card;
};

/* element_process_exists tells whether the folder has one. */
bool element_process_exists(const char *folder);

/* element_process_write_keys writes the issuer's keys as `mitome element --scp03-keys` and the maker's
 * program read them: into a file of mode 0600, whoever called removes it. FILE_WRITE. */
MITOME_CHECKED mitome_status element_process_write_keys(
        const char *path, const struct scp03_keys *keys, mitome_error *error);

/* element_process_create makes a new element in the folder with the issuer's keys, which go to the program in
 * a file of mode 0600 that is gone afterwards. TOO_LONG, FILE_WRITE, PROCESS. */
MITOME_CHECKED mitome_status element_process_create(
        const char *program, const char *folder, const struct scp03_keys *keys, mitome_error *error);

/* element_process_start starts it, on a socket without a name, and powers it on. PROCESS, LINK. */
MITOME_CHECKED mitome_status element_process_start(
        const char *program, const char *folder, struct element_process *ret, mitome_error *error);
void element_process_stop(struct element_process *element);

#endif
