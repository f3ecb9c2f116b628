/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GET_INFO_FACTS_H
#define GET_INFO_FACTS_H

/* What an authenticator says of itself (authenticatorGetInfo, CTAP 2.1 6.4): declared, all of it. */

#include "evaluation_record.h"

/* get_info_facts reads the answer's CBOR, with or without the status byte before it. Members of any order are
 * taken, for it may be anybody's; unknown ones are passed over. What it says becomes claims of `record`, and
 * aaguid, versions, transports members of `target` where it has none yet. Fails as the CBOR reader does, then
 * with nothing added. */
MITOME_CHECKED mitome_status get_info_facts(slice get_info, struct evaluation_record *record, size_t evidence,
        json_t *target, mitome_error *error);

#endif
