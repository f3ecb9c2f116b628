/* SPDX-License-Identifier: Apache-2.0 */

/* What is kept of an enrolled finger: sketches, and a template as libfprint writes it. What is taken is
 * written again as the same, and a template is taken apart into prints that libfprint takes. */

#include "finger_record.h"
#include "finger_template.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RECORD_MAX = 1 << 16 };

static void must(bool right)
{
        if (!right)
                abort();
}

static void take_apart(slice template)
{
        GPtrArray *prints = g_ptr_array_new_with_free_func(g_object_unref);
        if (!failed(finger_template_split(template, prints, NULL)))
                must(prints->len > 0 && prints->len <= FINGER_TEMPLATE_IMPRESSIONS_MAX);
        else
                must(prints->len == 0);
        g_ptr_array_unref(prints);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static uint8_t again[RECORD_MAX];
        struct finger_record record;
        slice written;
        writer w = WRITER(again);
        take_apart(slice_of(data, size));
        if (size > RECORD_MAX || failed(finger_record_read(slice_of(data, size), &record, NULL)))
                return 0;
        finger_record_write(&w, &record);
        must(!failed(writer_finish(&w, "record", &written, NULL)));
        must(slice_equal(written, slice_of(data, size)));
        take_apart(record.template);
        return 0;
}
