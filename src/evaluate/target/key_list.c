/* SPDX-License-Identifier: Apache-2.0 */
#include "key_list.h"

#include <fido.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool take_key(const fido_dev_info_t *found, struct plugged_key *ret)
{
        const char *path = fido_dev_info_path(found), *maker = fido_dev_info_manufacturer_string(found);
        const char *product = fido_dev_info_product_string(found);
        if (!path || path[0] != '/' || strlen(path) >= sizeof ret->path) /* other ways than HID have names */
                return false;
        snprintf(ret->path, sizeof ret->path, "%s", path);
        snprintf(ret->name, sizeof ret->name, "%s%s%s", maker ? maker : "", maker && product ? " " : "",
                product ? product : "");
        ret->vendor = (uint16_t)fido_dev_info_vendor(found);
        ret->product = (uint16_t)fido_dev_info_product(found);
        return true;
}

mitome_status key_list(struct plugged_key keys[KEY_LIST_MAX], size_t *ret_count, mitome_error *error)
{
        size_t found = 0, count = 0;
        fido_init(0);
        fido_dev_info_t *list = fido_dev_info_new(KEY_LIST_MAX);
        if (!list)
                return fail(error, MITOME_E_NO_MEMORY, "keys", NULL);
        const bool looked = fido_dev_info_manifest(list, KEY_LIST_MAX, &found) == FIDO_OK;
        for (size_t i = 0; looked && i < found; i++)
                count += take_key(fido_dev_info_ptr(list, i), &keys[count]);
        fido_dev_info_free(&list, KEY_LIST_MAX);
        if (!looked)
                return fail(error, MITOME_E_FILE_READ, "the list of HID devices", NULL);
        *ret_count = count;
        return ok();
}
