/* SPDX-License-Identifier: Apache-2.0 */
#ifndef READ_EXTENSIONS_H
#define READ_EXTENSIONS_H

/* Extension outputs, WebAuthn L3 9 and 10, CTAP 2.1 12. "Client extension outputs and authenticator extension
 * outputs that were not asked for" are ignored (7.1 #28, 7.2 #23); so is one of a type that its extension
 * does not have: what depends on it then fails, nothing else. */

#include "json_object.h"

#include <mitome/rp.h>

/* extensions_read_results reads clientExtensionResults, a JSON object (empty: none). What is decoded goes
 * into `arena`. */
MITOME_CHECKED mitome_status extensions_read_results(
        slice json, writer *arena, struct mitome_extensions *extensions, mitome_error *error);

/* extensions_read_outputs reads the signed outputs, a CBOR map that authdata_read has found to be canonical;
 * empty: none. */
void extensions_read_outputs(slice map, struct mitome_extensions *extensions);

#endif
