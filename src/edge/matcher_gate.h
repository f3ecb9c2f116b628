/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MATCHER_GATE_H
#define MATCHER_GATE_H

/* The core's end of the way to a matcher: a process of its own behind a socket, seen as a struct
 * mitome_gate. */

#include "gate_message.h"
#include "matcher_process.h"

struct matcher_gate;

struct matcher_status {
        bool paired;
        uint8_t fingers;
        uint8_t set[UNLOCK_SET_SIZE];
        /* What the matcher says of itself, for people: the element goes by the pairing. */
        char sensor[GATE_SENSOR_NAME_MAX + 1];
        uint8_t class, modality; /* enum matcher_class, enum unlock_modality */
};

/* How it went with the matcher's processes. */
struct matcher_health {
        unsigned starts, deaths, recycled;
        bool rests;           /* it died several times in a row: none is started for some seconds */
        bool lost;            /* .. too often: none is started any more */
        const char *last_end; /* what the last one that died died of; NULL: none has; the gate's own */
};

/* matcher_gate_start starts the matcher's process and waits until it answers. Fails with PROCESS, with the
 * matcher's own reason (a damaged state, a folder in use), GATE_BROKEN or NO_MEMORY. */
MITOME_CHECKED mitome_status matcher_gate_start(
        const struct matcher_gate_config *config, struct matcher_gate **ret, mitome_error *error);

/* matcher_gate_connect goes to a matcher that listens on a socket (`--socket PATH`). */
MITOME_CHECKED mitome_status matcher_gate_connect(
        const char *path, struct matcher_gate **ret, mitome_error *error);

/* matcher_gate_adopt speaks on a connected SOCK_SEQPACKET socket, which is the gate's from then on, also when
 * the call fails. */
MITOME_CHECKED mitome_status matcher_gate_adopt(int fd, struct matcher_gate **ret, mitome_error *error);

/* matcher_gate is the gate for a struct mitome_authenticator_config; it lives as long as `gate`. Its start
 * fails with GATE_BUSY, ARGUMENT or GATE_BROKEN; what the matcher refuses ends with REFUSED and its reason
 * (GATE_UNPAIRED, GATE_NO_FINGER, GATE_FULL, GATE_NO_SENSOR, GATE_UNKNOWN_FINGER ..). A matcher that dies,
 * says nonsense or misses its time limit is ended. One that has not asked for a finger yet is replaced within
 * the request; else the request ends with BROKEN, and the next one finds a new matcher, unless they
 * died again and again: then it fails with GATE_BROKEN, and the gate's health says more. A gate that was
 * adopted or connected stays broken, its process being somebody else's. Between two requests a matcher is
 * also replaced when it has worked long enough (struct matcher_gate_config). */
struct mitome_gate matcher_gate(struct matcher_gate *gate);

/* These ask the matcher something, while no request runs (else GATE_BUSY). Pairing with another element
 * makes the matcher forget its fingers; it answers with its pairing_confirmation, for the element. */
MITOME_CHECKED mitome_status matcher_gate_status(
        struct matcher_gate *gate, struct matcher_status *ret, mitome_error *error);
MITOME_CHECKED mitome_status matcher_gate_point(
        struct matcher_gate *gate, uint8_t ret_point[PAIRING_POINT_SIZE], mitome_error *error);
MITOME_CHECKED mitome_status matcher_gate_pair(struct matcher_gate *gate, slice element_point,
        uint8_t ret_confirmation[SHA256_SIZE], mitome_error *error);

/* matcher_gate_certificate asks for the maker's certificate on the matcher's key: DER of *ret_size bytes, 0
 * when it has none. matcher_gate_certify gives it one, at manufacture: GATE_CERTIFIED when it has another. */
MITOME_CHECKED mitome_status matcher_gate_certificate(struct matcher_gate *gate,
        uint8_t ret_certificate[GATE_CERTIFICATE_MAX], size_t *ret_size, mitome_error *error);
MITOME_CHECKED mitome_status matcher_gate_certify(
        struct matcher_gate *gate, slice certificate, mitome_error *error);

/* matcher_gate_process is the process that runs for a gate of matcher_gate_start, else 0. */
pid_t matcher_gate_process(const struct matcher_gate *gate);

/* matcher_gate_watch is readable when poll has something to tell, for whoever also waits for others: its
 * descriptor while a request runs, else -1. */
int matcher_gate_watch(const struct matcher_gate *gate);

struct matcher_health matcher_gate_health(const struct matcher_gate *gate);

/* matcher_gate_close ends the process that was started and waits for its end; NULL is fine. */
void matcher_gate_close(struct matcher_gate *gate);

#endif
