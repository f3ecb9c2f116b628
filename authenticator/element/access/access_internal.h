/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACCESS_INTERNAL_H
#define ACCESS_INTERNAL_H

/* What the files of the ARA-M share: the stored rules. */

#include "element_internal.h"

/* access_next gives the next stored rule from *id on, raw (an E2 with its tag) and read; *id is then one
 * behind it. False when there is none. */
bool access_next(
        const struct mitome_element *element, uint32_t *id, slice *ret_bytes, struct access_rule *ret);

/* access_reading is what is read on the channel of the command that is being carried out. */
struct access_reading *access_reading(struct mitome_element *element);

/* access_refresh copies the refresh tag. */
void access_refresh(const struct mitome_element *element, uint8_t ret[ACCESS_REFRESH_SIZE]);

uint16_t access_get_data(struct mitome_element *element, const struct apdu_command *command, writer *answer);
uint16_t access_store_data(
        struct mitome_element *element, const struct apdu_command *command, writer *answer);

#endif
