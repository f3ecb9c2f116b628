/* SPDX-License-Identifier: Apache-2.0 */
#include "power_cut.h"

#include <stdlib.h>
#include <string.h>

static mitome_status answer(mitome_code code, mitome_error *error)
{
        if (error && error->code == MITOME_OK)
                *error = (mitome_error){ .code = code, .at = MITOME_NOWHERE, .field = "state" };
        return (mitome_status){ code };
}

static uint8_t *copy_of(const void *bytes, size_t size)
{
        uint8_t *copy = malloc(size ? size : 1);
        if (!copy)
                abort();
        if (size)
                memcpy(copy, bytes, size);
        return copy;
}

static mitome_status load(void *context, uint8_t **ret_image, size_t *ret_size, mitome_error *error)
{
        struct power_cut *medium = context;
        if (medium->off)
                return answer(MITOME_E_FILE_READ, error);
        medium->loads++;
        *ret_image = medium->image ? copy_of(medium->image, medium->size) : NULL;
        *ret_size = medium->image ? medium->size : 0;
        return (mitome_status){ MITOME_OK };
}

/* Counts a write, and tells whether it is to be carried out. */
static bool begin_write(struct power_cut *medium)
{
        medium->off = medium->off || ++medium->writes == medium->cut_at;
        return !medium->off || medium->moment == POWER_CUT_AFTER;
}

static mitome_status end_write(const struct power_cut *medium, mitome_error *error)
{
        return medium->off ? answer(MITOME_E_FILE_WRITE, error) : (mitome_status){ MITOME_OK };
}

static void set_image(struct power_cut *medium, const void *bytes, size_t size)
{
        uint8_t *copy = copy_of(bytes, size);
        free(medium->image);
        medium->image = copy;
        medium->size = size;
}

static mitome_status replace(void *context, mitome_slice image, mitome_error *error)
{
        struct power_cut *medium = context;
        if (medium->off)
                return answer(MITOME_E_FILE_WRITE, error);
        if (begin_write(medium)) {
                set_image(medium, image.data, image.size);
                medium->replaces++;
        }
        return end_write(medium, error);
}

static void extend(struct power_cut *medium, mitome_slice record)
{
        uint8_t *longer = calloc(1, medium->size + record.size);
        if (!longer)
                abort();
        memcpy(longer, medium->image, medium->size);
        memcpy(longer + medium->size, record.data, record.size);
        free(medium->image);
        medium->image = longer;
        medium->size += record.size;
}

/* By turns the first half of a record, and all of it with zeros where its first half should be. */
static void extend_torn(struct power_cut *medium, mitome_slice record)
{
        size_t half = record.size / 2, before = medium->size;
        extend(medium, record);
        if (medium->cut_at % 2)
                medium->size = before + half;
        else
                memset(medium->image + before, 0, half);
}

static mitome_status append(void *context, size_t at, mitome_slice record, mitome_error *error)
{
        struct power_cut *medium = context;
        if (medium->off || !medium->image)
                return answer(MITOME_E_FILE_WRITE, error);
        if (at != medium->size)
                return answer(MITOME_E_STORE_APPEND, error);
        if (begin_write(medium))
                extend(medium, record);
        else if (medium->moment == POWER_CUT_TORN)
                extend_torn(medium, record);
        return end_write(medium, error);
}

struct mitome_storage power_cut_storage(struct power_cut *medium)
{
        return (struct mitome_storage){
                .context = medium, .load = load, .append = append, .replace = replace
        };
}

static mitome_status read_anchor(void *context, uint64_t *ret_value, mitome_error *error)
{
        const struct power_cut *medium = context;
        if (medium->off)
                return answer(MITOME_E_FILE_READ, error);
        *ret_value = medium->anchor;
        return (mitome_status){ MITOME_OK };
}

static mitome_status advance_anchor(void *context, uint64_t value, mitome_error *error)
{
        struct power_cut *medium = context;
        if (medium->off)
                return answer(MITOME_E_FILE_WRITE, error);
        if (value != medium->anchor + 1)
                abort();
        if (begin_write(medium))
                medium->anchor = value;
        return end_write(medium, error);
}

struct mitome_anchor power_cut_anchor(struct power_cut *medium)
{
        return (struct mitome_anchor){ .context = medium, .read = read_anchor, .advance = advance_anchor };
}

void power_cut_arm(struct power_cut *medium, unsigned n, enum power_cut_moment moment)
{
        medium->cut_at = n ? medium->writes + n : 0;
        medium->moment = moment;
}

void power_cut_on(struct power_cut *medium)
{
        medium->off = false;
        medium->cut_at = 0;
        medium->writes = 0;
        medium->replaces = 0;
        medium->loads = 0;
}

void power_cut_free(struct power_cut *medium)
{
        free(medium->image);
        *medium = (struct power_cut){ 0 };
}
