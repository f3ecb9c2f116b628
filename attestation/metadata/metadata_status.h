/* SPDX-License-Identifier: Apache-2.0 */
#ifndef METADATA_STATUS_H
#define METADATA_STATUS_H

/* Status reports of an entry: where a model stands. */

#include "json.h"

#include <mitome/metadata.h>

enum { METADATA_REPORTS_MAX = 128 };

struct metadata_standing {
        bool compromised;
        enum mitome_authenticator_status status;
        unsigned certification_level;
};

/* metadata_read_reports takes an array of StatusReport and judges it as of `now`. */
MITOME_CHECKED mitome_status metadata_read_reports(
        struct json_reader *r, int64_t now, struct metadata_standing *ret);

#endif
