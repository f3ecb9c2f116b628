/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIBFPRINT_CONTEXT_H
#define LIBFPRINT_CONTEXT_H

/* libfprint is told by the environment which devices it has. These set it, on the main loop's thread, and
 * make a context, which owns its devices. The scripted virtual devices compare nothing and are never there.
 */

#include <fprint.h>

/* libfprint_virtual makes a context with nothing but a virtual image device that listens at `path`. */
FpContext *libfprint_virtual(const char *path);

/* libfprint_readers makes a context with the readers of this machine. */
FpContext *libfprint_readers(void);

/* libfprint_imager is the first device of a context that gives images and compares nothing itself, or NULL;
 * it is the context's. */
FpDevice *libfprint_imager(FpContext *context);

#endif
