/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_LIST_H
#define PROBE_LIST_H

/* The probes, a file each (pNN_*.c); probe_catalogue.c has them in this order. */

#include "probe.h"

extern const struct probe probe_p18, probe_p19, probe_p20, probe_p21;

#endif
