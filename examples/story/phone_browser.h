/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PHONE_BROWSER_H
#define PHONE_BROWSER_H

/* A browser on the phone, with the platform's authenticator in the same process, over the element: by the
 * PIN; the holder, who has the phone in the hand, touches whenever a touch is wanted. One at a time: libfido2
 * knows a device by its path alone. */

#include "browser.h"

#include <mitome/authenticator.h>

struct phone_browser {
        struct mitome_link element;
        struct mitome_app app; /* by whose right the FIDO applet is reached */
        struct mitome_random random;
};

/* phone_browser_create and phone_browser_get are browser_create and browser_get; CTAP_STATUS: the
 * authenticator refused. */
MITOME_CHECKED mitome_status phone_browser_create(const struct phone_browser *phone,
        const struct browser_request *request, struct browser_answer *ret, mitome_error *error);
MITOME_CHECKED mitome_status phone_browser_get(const struct phone_browser *phone,
        const struct browser_request *request, struct browser_answer *ret, mitome_error *error);

#endif
