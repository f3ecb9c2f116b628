/* SPDX-License-Identifier: Apache-2.0 */
#include "sample_memory.h"

#include "anchor_file.h"
#include "storage_file.h"

#include <gio/gio.h>
#include <stdio.h>

struct sample_memory {
        struct storage_file *storage;
        struct anchor_file *anchor;
        struct seen_samples *seen;
        struct sample_checker *checker;
        GArray *set; /* struct sample_sketch: the enrolments of the fingers that are compared with */
};

static void clear_sketch(gpointer sketch)
{
        bytes_wipe(sketch, sizeof(struct sample_sketch));
}

/* ---- opening ---- */

/* What cannot be read is no reason to take copies for fingers: all that was enrolled becomes void. */
static mitome_status open_ring(
        const struct seen_config *config, struct seen_samples **ret, mitome_error *error)
{
        mitome_error cause = { 0 };
        char text[256];
        if (!failed(seen_samples_open(config, ret, &cause)))
                return ok();
        mitome_explain(&cause, text, sizeof text);
        fprintf(stderr, "mitome-matcher: the samples seen before cannot be told any more: %s\n", text);
        return seen_samples_renew(config, ret, error);
}

static mitome_status open_files(
        struct sample_memory *memory, const char *folder, slice key, mitome_error *error)
{
        g_autofree char *place = g_build_filename(folder, "seen", NULL);
        g_autofree char *counter = g_build_filename(folder, "seen.count", NULL);
        MITOME_TRY(storage_file_open(place, &memory->storage, error));
        MITOME_TRY(anchor_file_open(counter, &memory->anchor, error));
        MITOME_TRY(sample_checker_new(&memory->checker, error));
        const struct seen_config config = {
                .storage = storage_file(memory->storage), .anchor = anchor_file(memory->anchor), .key = key
        };
        return open_ring(&config, &memory->seen, error);
}

mitome_status sample_memory_open(
        const char *folder, slice key, struct sample_memory **ret, mitome_error *error)
{
        struct sample_memory *memory = g_new0(struct sample_memory, 1);
        memory->set = g_array_new(FALSE, TRUE, sizeof(struct sample_sketch));
        g_array_set_clear_func(memory->set, clear_sketch);
        mitome_status status = open_files(memory, folder, key, error);
        if (failed(status))
                sample_memory_free(memory);
        else
                *ret = memory;
        return status;
}

void sample_memory_free(struct sample_memory *memory)
{
        if (!memory)
                return;
        seen_samples_free(memory->seen);
        sample_checker_free(memory->checker);
        anchor_file_close(memory->anchor);
        storage_file_close(memory->storage);
        g_array_unref(memory->set);
        g_free(memory);
}

void sample_memory_identity(const struct sample_memory *memory, uint8_t ret[SEEN_IDENTITY_SIZE])
{
        seen_samples_identity(memory->seen, ret);
}

/* ---- the set ---- */

void sample_memory_begin(struct sample_memory *memory)
{
        g_array_set_size(memory->set, 0);
        sample_checker_forget(memory->checker);
}

void sample_memory_add_finger(struct sample_memory *memory, const struct finger_record *record)
{
        g_array_append_vals(memory->set, record->sketches, (guint)record->sketch_count);
}

/* ---- judging ---- */

static bool is_of_set(const struct sample_memory *memory)
{
        for (guint i = 0; i < memory->set->len; i++)
                if (sample_is_copy(memory->checker, &g_array_index(memory->set, struct sample_sketch, i)))
                        return true;
        return false;
}

enum sample_verdict sample_memory_judge(struct sample_memory *memory,
        const struct virtual_finger_image *image, struct sample_sketch *ret_sketch)
{
        const struct sample_image look = {
                .width = (size_t)image->width, .height = (size_t)image->height, .grey = image->grey
        };
        struct sample_sketch sketch;
        if (sample_look(memory->checker, &look, &sketch) != SAMPLE_GOOD)
                return SAMPLE_POOR;
        if (is_of_set(memory) || seen_samples_holds(memory->seen, memory->checker))
                return SAMPLE_COPY_OF_ONE;
        *ret_sketch = sketch;
        bytes_wipe(&sketch, sizeof sketch);
        return SAMPLE_FRESH;
}

mitome_status sample_memory_keep(
        struct sample_memory *memory, const struct sample_sketch *sketch, mitome_error *error)
{
        return seen_samples_add(memory->seen, sketch, error);
}
