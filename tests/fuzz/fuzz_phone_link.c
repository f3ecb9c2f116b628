/* SPDX-License-Identifier: Apache-2.0 */
/* A link that somebody types or scans: what is taken is an origin that passkeys are for, and nothing in it
 * can lead a letter elsewhere. */
#include "phone_link.h"
#include "web_client.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct phone_link link;
        slice domain;
        if (failed(phone_link_read(slice_of(data, size), "https://portal.example", &link, NULL)))
                return 0;
        if (failed(web_client_may_ask(slice_text(link.origin), (slice){ 0 }, NULL, &domain, NULL)))
                abort();
        const slice code = slice_text(link.code);
        if (code.size != (link.kind == PHONE_LINK_LOGIN ? PHONE_LINK_CODE_SIZE : PHONE_LINK_ID_SIZE))
                abort();
        for (size_t i = 0; i < code.size; i++)
                if (code.data[i] == '/' || code.data[i] == '.' || code.data[i] == '?' || code.data[i] <= ' ')
                        abort();
        return 0;
}
