/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_RIG_H
#define PROBE_RIG_H

/* A target on the bench and probes that are tried on it. Whatever must not fail and does fails the test. The
 * programs are those of the build: MITOME_PROGRAM and MITOME_MATCHER. */

#include "probe_run.h"

struct probe_rig {
        struct target target;
        struct probe_run *run; /* the last one */
};

/* probe_rig_open opens target self. False: it could not be, because no matcher with a virtual sensor was
 * built, and `needs` asks for a finger: the test is skipped. */
bool probe_rig_open(struct probe_rig *rig, unsigned needs);

/* probe_rig_open_with is another target, or another program in place of mitome or the matcher (NULL: the
 * build's): a defective one. */
void probe_rig_open_with(struct probe_rig *rig, const char *target, const char *program, const char *matcher);

/* probe_rig_try attempts one probe and gives its result; prints its trace when PROBE_RIG_TRACE is set. */
enum probe_result probe_rig_try(struct probe_rig *rig, const struct probe *probe);

/* probe_rig_expect fails, and prints why with the trace, unless the result is that one. */
void probe_rig_expect(struct probe_rig *rig, const struct probe *probe, enum probe_result result);

/* Facts of the last run, which must have been found. */
bool probe_rig_bool(const struct probe_rig *rig, enum level_fact_id fact);
/* probe_rig_partial: only a part of it was seen. probe_rig_told: it was found at all. */
bool probe_rig_partial(const struct probe_rig *rig, enum level_fact_id fact);
bool probe_rig_told(const struct probe_rig *rig, enum level_fact_id fact);
uint64_t probe_rig_count(const struct probe_rig *rig, enum level_fact_id fact);

/* probe_rig_find is the probe of that id, which there is. */
const struct probe *probe_rig_find(const char *id);

/* For a test that stands between the probe and the target. probe_rig_pin_subcommand: that of an
 * authenticatorClientPIN request, which has the protocol first (06 An 01 pp 02 ss); 0: it is another command.
 * probe_rig_say puts a status in place of the response. */
unsigned probe_rig_pin_subcommand(slice request);
void probe_rig_say(uint8_t *response, size_t *ret_size, uint8_t status);

void probe_rig_close(struct probe_rig *rig);

#endif
