/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RANDOM_SYSTEM_H
#define RANDOM_SYSTEM_H

#include <mitome/bytes.h>

/* random_system takes its bytes from the kernel. */
struct mitome_random random_system(void);

#endif
