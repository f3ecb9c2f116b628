/* SPDX-License-Identifier: Apache-2.0 */
/* What key_list.h is where the program was built without libfido2. */
#include "key_list.h"

mitome_status key_list(struct plugged_key keys[KEY_LIST_MAX], size_t *ret_count, mitome_error *error)
{
        (void)keys;
        (void)ret_count;
        return fail(error, MITOME_E_NOT_BUILT, "libfido2", NULL);
}
