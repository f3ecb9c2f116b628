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
};

#endif
