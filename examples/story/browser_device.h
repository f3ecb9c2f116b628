/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BROWSER_DEVICE_H
#define BROWSER_DEVICE_H

/* An authenticator of this process as a device that libfido2 opens: CTAPHID reports, in and out. */

#include <mitome/authenticator.h>

#include <fido.h>

/* browser_device_open: NULL when it does not open. One at a time: libfido2 hands a path to its transport, and
 * nothing else. The authenticator outlives it; browser_device_close leaves it as it is. */
fido_dev_t *browser_device_open(struct mitome_authenticator *authenticator);
void browser_device_close(fido_dev_t *device); /* NULL: nothing */

#endif
