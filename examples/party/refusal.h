/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFUSAL_H
#define REFUSAL_H

/* Why a party refuses, as it stands in the answer to a letter and to a phone: {1 code}. */

#include "bytes.h"

enum { REFUSAL_SIZE = 16 };

/* refusal_write writes one into `buffer`, and gives a view of it. */
slice refusal_write(mitome_code code, uint8_t buffer[REFUSAL_SIZE]);

/* refusal_read: LETTER_FORM for whatever gives no reason. */
MITOME_CHECKED mitome_status refusal_read(slice body, mitome_code *ret, mitome_error *error);

#endif
