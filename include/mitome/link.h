/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MITOME_LINK_H
#define MITOME_LINK_H

#include <mitome/bytes.h>
#include <mitome/error.h>

/* The way to an element: one command APDU in, one response APDU out (at least two bytes). */
struct mitome_link {
        void *context;
        mitome_status (*transmit)(void *context, mitome_slice command, uint8_t *response, size_t capacity,
                size_t *ret_size, mitome_error *error);
        /* reset is a power cycle of the element: selections, verified PINs and begun operations are gone.
         * NULL: whoever has the link cannot have it reset. */
        mitome_status (*reset)(void *context, mitome_error *error);
};

#endif
