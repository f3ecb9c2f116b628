/* SPDX-License-Identifier: Apache-2.0 */
#include "public_suffix.h"

#include "bytes.h"

#include <libpsl.h>
#include <string.h>

enum { HOST_MAX = 253 }; /* RFC 1035 2.3.4, as text */

/* Read anew each time, with what the system has brought up to date: it is asked once a ceremony, for which
 * somebody has to touch a sensor. */
static size_t find(void *context, mitome_slice host)
{
        char name[HOST_MAX + 1] = { 0 };
        (void)context;
        if (failed(slice_copy(host, "host", (uint8_t *)name, HOST_MAX, NULL)))
                return 0;
        psl_ctx_t *list = psl_latest(NULL);
        const char *registrable = list ? psl_registrable_domain(list, name) : NULL;
        const size_t size = registrable ? strlen(registrable) : 0;
        psl_free(list);
        return size;
}

const struct mitome_registrable public_suffix_list = { .find = find };
