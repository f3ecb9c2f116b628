/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARDEN_H
#define HARDEN_H

/* What the matcher's process may do. It reads images from a device with much code of others, so it is trusted
 * with its own folder and its sensors, and with nothing else: no network, no other program, no other process.
 *
 * What is forbidden falls into three kinds, and each is answered in its way:
 *   - what no part of a matcher ever wants, but an intruder does first (to run a program, to look into
 * another process, to leave its namespaces, to load code into the kernel): the kernel ends the process, at
 * once and whole. Whoever started it hears of it, and nothing that was computed until then gets out;
 *   - what a library may try and do without (a socket of the internet, a child, raising a limit, memory that
 *     is written and run): fails with EACCES or EPERM, and the library goes on;
 *   - what is simply not known here: fails with ENOSYS, as in an older kernel. Libraries are written for that
 *     and fall back to calls that are known; ending the process instead would turn each update of the C
 *     library into a phone without fingers. */

#include "status.h"

/* harden_begin comes first: limits (memory, files, size of a file, no core dump), no new privileges, not
 * traceable, umask 0077, SIGPIPE ignored, memory that is given back overwritten. Fails with PROCESS. */
MITOME_CHECKED mitome_status harden_begin(mitome_error *error);

/* harden_seal comes when all is open that needs more than later work does, a sensor's program above all, and
 * before anything is read from a client or a sensor: from here on the kernel holds every thread of the
 * process to the list. Fails with PROCESS; a matcher that could not be sealed must not serve. */
MITOME_CHECKED mitome_status harden_seal(mitome_error *error);

/* harden_allow gives the process `seconds` of the processor from now on; one that computes longer is ended
 * (SIGXCPU). At the begin of each request. */
enum { HARDEN_IDLE_CPU_S = 30 };
void harden_allow(unsigned seconds);

#endif
