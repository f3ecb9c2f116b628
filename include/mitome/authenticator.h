/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MITOME_AUTHENTICATOR_H
#define MITOME_AUTHENTICATOR_H

/* The authenticator without its machine: CTAPHID reports in and out, an element behind a link, a gate beside
 * it. No sockets, no threads, no clock: the caller passes the time and asks for the next report. */

#include <mitome/enforcer.h>
#include <mitome/gate.h>
#include <mitome/link.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

enum { MITOME_REPORT_SIZE = 64 };

/* Where a caller watches what goes by (`--verbose`); every member may be NULL. Views are good during the
 * call. */
struct mitome_trace {
        void *context;
        void (*ctap)(
                void *context, bool request, mitome_slice message); /* command or status byte, then CBOR */
        void (*apdu)(void *context, bool command, mitome_slice apdu);
};

struct mitome_authenticator_config {
        struct mitome_link element;
        struct mitome_app app;   /* whom the element's access rules have to let in: the program that this is
                                    part   of, by the certificate that it is signed with */
        struct mitome_gate gate; /* version 0: no gate, no finger path */
        struct mitome_random random;
        struct mitome_trace trace;
        /* asks the user for a touch where no finger is read and answers whether it was given; NULL: none is
         * given. */
        bool (*touch)(void *context, mitome_slice rp_id);
        void *touch_context;
};

struct mitome_authenticator;

/* mitome_authenticator_new selects the FIDO applet of the element, through the access control enforcer
 * (enforcer.h), which every later command goes through as well, and reads its state. Fails with ACCESS_DENIED
 * when no access rule lets `app` reach that applet (one that is taken away later shuts out the next
 * authenticator, not this one: GPD_SPE_013 asks when a channel is opened), NOT_AUTHENTICATOR when there is no
 * such applet, ACCESS_RULES, LINK, APDU_STATUS or NO_MEMORY. The config is copied; its contexts must outlive
 * the authenticator. */
MITOME_CHECKED mitome_status mitome_authenticator_new(const struct mitome_authenticator_config *config,
        struct mitome_authenticator **ret, mitome_error *error);

/* mitome_authenticator_receive takes one report from the host. `now_ms` is any clock that only goes forward.
 */
void mitome_authenticator_receive(struct mitome_authenticator *authenticator,
        const uint8_t report[MITOME_REPORT_SIZE], uint64_t now_ms);

/* mitome_authenticator_send gives the next report for the host, if there is one now. While a finger is
 * awaited it polls the gate for at most `wait_ms` and gives the keepalives that are due. */
bool mitome_authenticator_send(struct mitome_authenticator *authenticator, int wait_ms, uint64_t now_ms,
        uint8_t ret_report[MITOME_REPORT_SIZE]);

void mitome_authenticator_free(struct mitome_authenticator *authenticator);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
