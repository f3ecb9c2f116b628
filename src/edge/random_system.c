/* SPDX-License-Identifier: Apache-2.0 */
#include "random_system.h"

#include <errno.h>
#include <sys/random.h>
#include <sys/types.h>

static int fill(void *context, uint8_t *bytes, size_t size)
{
        (void)context;
        for (size_t done = 0; done < size;) {
                ssize_t count = getrandom(bytes + done, size - done, 0);
                if (count < 0 && errno != EINTR)
                        return -1;
                if (count > 0)
                        done += (size_t)count;
        }
        return 0;
}

struct mitome_random random_system(void)
{
        return (struct mitome_random){ .fill = fill };
}
