/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PORTAL_ROWS_H
#define PORTAL_ROWS_H

/* Very many accounts in a portal's store, of which each has a passkey. All passkeys share one key, so that
 * the driver can log any of them in; their ids and user handles are digests of their numbers. */

#include "soft_passkey.h"

/* portal_rows_fill makes accounts 0 to `count` - 1 in the store of a portal that does not run, after the
 * account that `passkey` opened. False: it could not; said on standard error. */
bool portal_rows_fill(const char *folder, const struct soft_passkey *passkey, uint64_t count);

/* portal_rows_be has the passkey be the one of a number. */
void portal_rows_be(struct soft_passkey *passkey, uint64_t number);

#endif
