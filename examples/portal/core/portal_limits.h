/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PORTAL_LIMITS_H
#define PORTAL_LIMITS_H

/* Two brakes.
 *
 * Token buckets, for each network (IPv4 /24, IPv6 /56) and purpose: in memory, of each portal by itself.
 *
 * Lock-out, in the store: ten failed logins that claim the same account lock whoever claims it from there,
 * for a quarter of an hour. "There" is the browser, when it has a device cookie that this account's own login
 * gave it; for everybody else it is his network. So strangers' failures lock strangers of that network, and
 * never a browser in which the person has logged in before. */

#include "portal_core.h"

enum limits_purpose {
        LIMITS_OPTIONS,  /* challenges */
        LIMITS_REGISTER, /* ceremony_register takes it by itself, and ceremony_assert LIMITS_LOGIN */
        LIMITS_LOGIN,
        LIMITS_PHONE, /* a login with the phone is begun */
        LIMITS_CODE,  /* .. and its code typed in */
        LIMITS_DOCUMENT,
        LIMITS_TOKEN, /* OIDC */
        LIMITS_ADMIN,
        LIMITS_PURPOSES
};

/* limits_take takes one token of the network's bucket: RATE_LIMITED when it is empty. `network` is a numeric
 * address; what is none is a network of its own. */
MITOME_CHECKED mitome_status limits_take(
        struct portal *portal, enum limits_purpose purpose, slice network, mitome_error *error);

enum { LOCKOUT_FAILURES = 10, LOCKOUT_SECONDS = 900, LOCKOUT_KEY_SIZE = 32 };

#endif
