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

static mitome_status replace(void *context, mitome_slice image, mitome_error *error)
{
        struct power_cut *medium = context;
        if (medium->off)
                return answer(MITOME_E_FILE_WRITE, error);
        medium->off = ++medium->writes == medium->cut_at;
        if (!medium->off || medium->moment == POWER_CUT_AFTER) {
                free(medium->image);
                medium->image = copy_of(image.data, image.size);
                medium->size = image.size;
        }
        return medium->off ? answer(MITOME_E_FILE_WRITE, error) : (mitome_status){ MITOME_OK };
}

struct mitome_storage power_cut_storage(struct power_cut *medium)
{
        return (struct mitome_storage){ .context = medium, .load = load, .replace = replace };
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
        medium->loads = 0;
}

void power_cut_free(struct power_cut *medium)
{
        free(medium->image);
        *medium = (struct power_cut){ 0 };
}
