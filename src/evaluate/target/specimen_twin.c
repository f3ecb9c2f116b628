/* SPDX-License-Identifier: Apache-2.0 */
#include "specimen_twin.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static bool read_key(const char *folder, uint8_t key[MITOME_STORAGE_KEY_SIZE])
{
        char path[SPECIMEN_PATH_MAX + 8];
        snprintf(path, sizeof path, "%s/key", folder);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return false;
        const bool whole = read(fd, key, MITOME_STORAGE_KEY_SIZE) == MITOME_STORAGE_KEY_SIZE;
        close(fd);
        return whole;
}

static bool write_key(const char *folder, const uint8_t key[MITOME_STORAGE_KEY_SIZE])
{
        char path[SPECIMEN_PATH_MAX + 8];
        snprintf(path, sizeof path, "%s/key", folder);
        int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
        if (fd < 0)
                return false;
        const bool whole = write(fd, key, MITOME_STORAGE_KEY_SIZE) == MITOME_STORAGE_KEY_SIZE;
        return close(fd) == 0 && whole;
}

static mitome_status copy_key(
        const struct specimen *first, const struct specimen *second, mitome_error *error)
{
        uint8_t key[MITOME_STORAGE_KEY_SIZE];
        const bool copied = read_key(first->folder, key) && write_key(second->folder, key);
        bytes_wipe(key, sizeof key);
        return copied ? ok() : fail(error, MITOME_E_FILE_WRITE, "key", NULL);
}

static mitome_status put_in(const struct specimen *first, unsigned slot, bool anchor, struct specimen *second,
        mitome_error *error)
{
        const struct specimen_image *image = &first->slots[slot];
        specimen_power_off(second);
        MITOME_TRY(copy_key(first, second, error));
        MITOME_TRY(cut_medium_put(second->medium, slice_of(image->bytes, image->size), error));
        if (anchor)
                cut_medium_set_count(second->medium, first->slot_counts[slot]);
        return ok();
}

mitome_status specimen_twin_open(const struct specimen *first, unsigned slot, bool anchor,
        struct specimen *ret, bool *ret_runs, mitome_error *error)
{
        struct specimen_config config = first->config;
        config.matcher = NULL;
        if (slot >= SPECIMEN_SLOTS || !first->slots[slot].bytes)
                return fail(error, MITOME_E_MISSING, "slot", NULL);
        MITOME_TRY(specimen_open(ret, &config, error));
        mitome_status status = put_in(first, slot, anchor, ret, error);
        const bool runs = !failed(status) && !failed(specimen_power_on(ret, NULL));
        if (!runs)
                specimen_close(ret);
        if (!failed(status))
                *ret_runs = runs;
        return status;
}
