/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BIOMETRIC_GATE_H
#define BIOMETRIC_GATE_H

/* The gate that is measured: mitome-matcher, a process, with the virtual sensor. This side is the core and
 * the element: it pairs, gives challenges, lays impressions, and believes nothing but sealed tokens. */

#include "biometric_source.h"
#include "biometric_tally.h"

struct biometric_gate;

struct biometric_gate_config {
        const char *program; /* path of mitome-matcher */
        const char *folder;  /* of its state, its sensor's socket and its log: empty, and private */
        struct biometric_source *source;
        bool scores; /* the matcher says its scores */
};

/* biometric_gate_open starts a matcher and pairs it. Fails as matcher_gate_adopt does, with PROCESS, SOCKET,
 * NO_RANDOMNESS or NO_MEMORY. */
MITOME_CHECKED mitome_status biometric_gate_open(
        const struct biometric_gate_config *config, struct biometric_gate **ret, mitome_error *error);

/* biometric_gate_renew ends the matcher's process and starts another one on the same state: libfprint does
 * not let a sensor work for long. */
MITOME_CHECKED mitome_status biometric_gate_renew(struct biometric_gate *gate, mitome_error *error);

/* biometric_gate_step does one step. A sensor that breaks in the middle is begun anew, up to three times.
 * Fails with GATE_BROKEN, TOKEN_MAC or TOKEN_FORM, MEASURE_SCORES, or as biometric_source_lay does. */
MITOME_CHECKED mitome_status biometric_gate_step(struct biometric_gate *gate, unsigned set, size_t index,
        const struct biometric_step *step, struct biometric_record *ret, mitome_error *error);

/* biometric_gate_close ends the process; NULL is fine. */
void biometric_gate_close(struct biometric_gate *gate);

#endif
