/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

#include <stdbool.h>

/* process_report makes an element in `folder`/process, runs it as `program` does, has it work (PIN,
 * signature, secure channel), and prints what of its memory is resident, and whose it is. False: it could
 * not. */
bool process_report(const char *program, const char *folder);

#endif
