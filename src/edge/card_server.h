/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARD_SERVER_H
#define CARD_SERVER_H

/* An element behind a socket: vpcd's frames in, frames out. */

#include "bytes.h"

#include <mitome/element.h>

/* card_server_serve answers one client until it goes, or until the descriptor `stop` (-1: none) has something
 * to read; then the call succeeds. It resets the element before and after. Fails with STORE_BROKEN when the
 * element's state could not be written: it must be opened again. */
MITOME_CHECKED mitome_status card_server_serve(
        struct mitome_element *element, int fd, int stop, mitome_error *error);

#endif
