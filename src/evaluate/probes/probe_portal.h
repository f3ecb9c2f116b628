/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PORTAL_H
#define PROBE_PORTAL_H

/* A portal of the probe's own (examples/portal/core) at which the target registers a passkey and logs in, by
 * a browser's part: what can be seen of a verifier. Where this program was built without it nothing is found
 * out, and the trace says so. */

#include "probe.h"

/* probe_portal_time leaves a session open, with use and without, and finds out when it ends. */
void probe_portal_time(struct probe_run *run, struct target *target);

/* probe_portal_look sends a recorded login again, and searches what the portal has stored for what would open
 * anything: cookie, form token, PIN. */
void probe_portal_look(struct probe_run *run, struct target *target);

#endif
