/* SPDX-License-Identifier: Apache-2.0 */

/* What a service manager hands the authority as a card's application: text, and the signed data around it.
 * What is taken is within its bounds. */

#include "application_cms.h"
#include "application_text.h"
#include "register_body.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
        if (!good)
                abort();
}

static void read_body(slice input)
{
        uint64_t kind = 0;
        slice serial = { 0 }, device = { 0 }, item = { 0 };
        struct body_field fields[] = {
                BODY_FIELD_NUMBER(1, "kind", 2, &kind),
                BODY_FIELD_BYTES(2, "serial", 1, 20, &serial),
                BODY_FIELD_TEXT(3, "device", 64, &device),
                BODY_FIELD_ITEM(4, "date", &item),
        };
        struct body_date date;
        fields[2].optional = true;
        if (body_read(input, fields, 4, NULL).code != MITOME_OK)
                return;
        check(kind <= 2 && serial.size >= 1 && serial.size <= 20 && device.size <= 64 && item.size > 0);
        if (body_read_date(item, &date, NULL).code == MITOME_OK)
                check(date.year <= 9999 && date.month <= 9999 && date.day <= 9999);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct application_text text;
        static struct application_cms cms;
        const slice input = slice_of(data, size), nobody = { 0 };
        if (application_read(input, &text, NULL).code == MITOME_OK)
                check(text.kinds != 0 && (text.kinds & ~6u) == 0 && text.purpose.size && text.nonce.size &&
                        text.device.size);
        check(application_open(input, nobody, 0, &cms, NULL).code != MITOME_OK);
        read_body(input);
        return 0;
}
