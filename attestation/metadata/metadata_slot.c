/* SPDX-License-Identifier: Apache-2.0 */
#include "metadata_snapshot.h"

#include <pthread.h>
#include <stdlib.h>

/* A mutex and no atomics: loading the pointer and counting the reader must be one step, and a reader keeps a
 * snapshot for many verifications. */
struct mitome_metadata_slot {
        pthread_mutex_t lock;
        struct mitome_metadata *current;
};

mitome_status mitome_metadata_slot_new(struct mitome_metadata_slot **ret, mitome_error *error)
{
        struct mitome_metadata_slot *slot = calloc(1, sizeof *slot);
        if (!slot || pthread_mutex_init(&slot->lock, NULL) != 0) {
                free(slot);
                return fail(error, MITOME_E_NO_MEMORY, "metadata slot", NULL);
        }
        *ret = slot;
        return ok();
}

void mitome_metadata_slot_free(struct mitome_metadata_slot *slot)
{
        if (!slot)
                return;
        mitome_metadata_free(slot->current);
        pthread_mutex_destroy(&slot->lock);
        free(slot);
}

const struct mitome_metadata *mitome_metadata_slot_acquire(struct mitome_metadata_slot *slot)
{
        pthread_mutex_lock(&slot->lock);
        const struct mitome_metadata *metadata = slot->current;
        if (metadata)
                metadata->holding->readers++;
        pthread_mutex_unlock(&slot->lock);
        return metadata;
}

void mitome_metadata_slot_release(struct mitome_metadata_slot *slot, const struct mitome_metadata *metadata)
{
        if (!metadata)
                return;
        struct metadata_holding *holding = metadata->holding;
        pthread_mutex_lock(&slot->lock);
        bool last = --holding->readers == 0 && holding->replaced;
        pthread_mutex_unlock(&slot->lock);
        if (last)
                free(holding); /* where the block begins */
}

mitome_status mitome_metadata_slot_replace(
        struct mitome_metadata_slot *slot, struct mitome_metadata *metadata, mitome_error *error)
{
        bool unread = false;
        mitome_status status = ok();
        if (!metadata)
                return fail(error, MITOME_E_ARGUMENT, "metadata", NULL);
        pthread_mutex_lock(&slot->lock);
        struct mitome_metadata *before = slot->current;
        if (before && metadata->number < before->number) {
                status = fail(error, MITOME_E_METADATA_ROLLBACK, "no", "FIDO Metadata Service 3.2");
        } else if (before != metadata) {
                slot->current = metadata;
                if (before) {
                        before->holding->replaced = true;
                        unread = before->holding->readers == 0;
                }
        }
        pthread_mutex_unlock(&slot->lock);
        if (unread)
                mitome_metadata_free(before);
        return status;
}
