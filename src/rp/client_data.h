/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_DATA_H
#define CLIENT_DATA_H

/* CollectedClientData, WebAuthn L3 5.8.1. */

#include "json_object.h"

enum { CLIENT_DATA_MAX = 16384 }; /* bytes of clientDataJSON */

struct client_data {
        slice type;
        slice challenge; /* decoded */
        slice origin;
        bool cross_origin; /* false when absent */
        bool has_top_origin;
        slice top_origin;
};

/* client_data_read reads clientDataJSON; a byte order mark before it is passed over, members that are not
 * known are ignored, duplicate names and anything behind the object are refused. `clause` is the step of the
 * ceremony. The texts are views into `arena`. */
MITOME_CHECKED mitome_status client_data_read(
        slice json, const char *clause, writer *arena, struct client_data *ret, mitome_error *error);

#endif
