/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEY_LIST_H
#define KEY_LIST_H

/* The keys that are plugged in, as libfido2 finds them. It has no call that sends a message as it is, which
 * is what a probe does; so the messages go by hid_host.h. */

#include "status.h"

#include <stddef.h>
#include <stdint.h>

enum { KEY_LIST_MAX = 64, KEY_PATH_MAX = 200, KEY_NAME_MAX = 200 };

struct plugged_key {
        char path[KEY_PATH_MAX]; /* "/dev/hidraw3" */
        char name[KEY_NAME_MAX]; /* of maker and product, as the device says them */
        uint16_t vendor, product;
};

/* key_list gives those at device files, perhaps none. Fails with NOT_BUILT without libfido2, FILE_READ where
 * it cannot look. */
MITOME_CHECKED mitome_status key_list(
        struct plugged_key keys[KEY_LIST_MAX], size_t *ret_count, mitome_error *error);

#endif
