/* SPDX-License-Identifier: Apache-2.0 */
#include "core_internal.h"

/* authenticatorLargeBlobs (CTAP 2.1, 6.10). The array is the core's: every blob in it is sealed by a
 * platform, with a key that the element gives out. */

/* [6.10.1] the initial serialized large-blob array: an empty CBOR array and the beginning of its hash */
static void make_initial(struct core_blobs *blobs)
{
        const uint8_t empty_array = 0x80;
        slice array = slice_of(&empty_array, 1);
        uint8_t hash[SHA256_SIZE];
        sha256(&array, 1, hash);
        writer w = WRITER(blobs->bytes);
        write_slice(&w, array);
        write_slice(&w, slice_of(hash, CORE_BLOBS_HASH_SIZE));
        blobs->size = w.used;
        blobs->loaded = true;
}

/* [6.10.1] the array ends with LEFT(SHA-256(what is before), 16) */
static bool ends_with_its_hash(slice array)
{
        if (array.size <= CORE_BLOBS_HASH_SIZE)
                return false;
        slice before = slice_of(array.data, array.size - CORE_BLOBS_HASH_SIZE);
        uint8_t hash[SHA256_SIZE];
        sha256(&before, 1, hash);
        return slice_equal(slice_of(before.data + before.size, CORE_BLOBS_HASH_SIZE),
                slice_of(hash, CORE_BLOBS_HASH_SIZE));
}

static void take_loaded(struct core_blobs *blobs, slice array)
{
        /* [6.10.1] never written, or broken: the initial one */
        if (!ends_with_its_hash(array) ||
                failed(slice_copy(array, "array", blobs->bytes, sizeof blobs->bytes, NULL))) {
                make_initial(blobs);
                return;
        }
        blobs->size = array.size;
        blobs->loaded = true;
}

void core_keep_blobs(struct core *core, const struct core_event *event)
{
        if (event->kind == CORE_BLOBS)
                take_loaded(&core->blobs, event->bytes);
        else if (event->kind == CORE_BLOBS_FAILED)
                core_forget_blobs(core);
}

void core_forget_blobs(struct core *core)
{
        core->blobs.loaded = false;
        core->blobs.expected = core->blobs.written = 0;
}

void core_erase_blobs(struct core *core, core_on_blobs *on_blobs)
{
        core_forget_blobs(core);
        make_initial(&core->blobs);
        core_save_blobs(core, slice_of(core->blobs.bytes, core->blobs.size), on_blobs);
}
