/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BOOT_CLOCK_H
#define BOOT_CLOCK_H

/* How long this boot has lasted, sleep included, and which one it is. Nobody sets this clock. */

#include "bytes.h"

enum { BOOT_ID_SIZE = 16 };

/* boot_clock_id reads the system's number of this boot. Where there is none to read it makes one up: as if
 * the machine had just been started. Read it before files are out of reach. */
void boot_clock_id(uint8_t ret_id[BOOT_ID_SIZE]);

/* boot_clock_ms is the time since this boot. */
uint64_t boot_clock_ms(void);

#endif
