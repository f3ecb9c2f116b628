/* SPDX-License-Identifier: Apache-2.0 */
/* Judging a credential again, from its record alone. */
#include "record_fields.h"

const struct mitome_metadata_entry *record_find_model(
        const struct mitome_record *record, const struct mitome_metadata *metadata)
{
        const struct mitome_metadata_entry *entry = NULL;
        static const uint8_t none[MITOME_RECORD_KEY_ID_SIZE] = { 0 };
        if (record->aaguid.size)
                entry = mitome_metadata_find(metadata, record->aaguid);
        if (!entry && !slice_equal(SLICE(record->attestation_key_id), SLICE(none)))
                entry = mitome_metadata_find_key(metadata, SLICE(record->attestation_key_id));
        return entry;
}
