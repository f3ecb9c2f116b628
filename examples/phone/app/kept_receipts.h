/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEPT_RECEIPTS_H
#define KEPT_RECEIPTS_H

/* Receipts of erasures that the app has let the element forget because somebody else said that he had them: a
 * shop's counter. Kept, a file each, until the authority has taken them by the app's own way: a counter that
 * acknowledges and tells nobody hides nothing. */

#include "bytes.h"

enum { KEPT_NAME_MAX = 32 };

/* kept_receipts_put keeps one durably; the folder is made when there is none (mode 0700). The same number
 * again takes the place of the former: it is the same receipt, with another nonce. */
MITOME_CHECKED mitome_status kept_receipts_put(
        const char *folder, uint32_t number, slice receipt, mitome_error *error);

/* kept_receipts_next finds the one of the lowest number from `from` on, and copies it; *ret_there false:
 * there is none, or no folder. A file that is no receipt's is passed over. */
MITOME_CHECKED mitome_status kept_receipts_next(const char *folder, uint32_t from, uint32_t *ret_number,
        uint8_t *buffer, size_t capacity, slice *ret, bool *ret_there, mitome_error *error);

MITOME_CHECKED mitome_status kept_receipts_drop(const char *folder, uint32_t number, mitome_error *error);

#endif
