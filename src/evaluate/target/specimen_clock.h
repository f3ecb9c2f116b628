/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SPECIMEN_CLOCK_H
#define SPECIMEN_CLOCK_H

/* The clock and the boot of processes that are started from now on: a time namespace moves CLOCK_BOOTTIME for
 * them, and another file is mounted over the kernel's boot_id where only they (and this process) see it. No
 * program is told anything else than what the kernel tells it: the shipped matcher knows nothing of this. It
 * takes CAP_SYS_ADMIN. */

#include "status.h"

#include <stdbool.h>
#include <stdint.h>

struct specimen_clock {
        bool moves, reboots; /* what has been found possible here */
        uint64_t seconds;    /* that have been added */
};

/* specimen_clock_try finds out what is possible, without moving anything. */
void specimen_clock_try(struct specimen_clock *clock);

/* specimen_clock_pass has them find a clock that has gone on so long. False: it cannot be moved here. */
bool specimen_clock_pass(struct specimen_clock *clock, uint64_t seconds);

/* specimen_clock_reboot has them find another boot; `file` is made for it. False: not here. */
bool specimen_clock_reboot(struct specimen_clock *clock, const char *file, const uint8_t id[16]);

#endif
