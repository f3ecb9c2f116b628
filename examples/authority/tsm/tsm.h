/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TSM_H
#define TSM_H

/* Both trusted service managers, for whoever plays both. */

#include "sei_tsm.h"
#include "sp_tsm.h"

#endif
