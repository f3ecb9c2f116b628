/* SPDX-License-Identifier: Apache-2.0 */

/* A body that a page or a phone sends to the portal, of anybody's. What is taken is as it says of itself. */

#include "portal_body.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        uint8_t text[64], bytes[512];
        slice credential, name, certificate;
        const struct body_field fields[] = {
                { "credential", BODY_OBJECT, true, NULL, 0, &credential },
                { "name", BODY_TEXT, false, text, sizeof text, &name },
                { "certificate", BODY_BYTES, false, bytes, sizeof bytes, &certificate },
        };
        const slice body = slice_of(data, size);
        if (failed(body_read(body, fields, 3, NULL)))
                return 0;
        if (credential.size < 2 || !slice_contains(body, credential) || name.size > sizeof text ||
                certificate.size > sizeof bytes || !slice_is_utf8(name))
                abort();
        return 0;
}
