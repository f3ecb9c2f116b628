/* SPDX-License-Identifier: Apache-2.0 */
#include "finger_record.h"

/* 'f', version, how many sketches, the sketches, the template to the end. */
enum { KIND = 'f', VERSION = 1 };

void finger_record_write(writer *w, const struct finger_record *record)
{
        write_u8(w, KIND);
        write_u8(w, VERSION);
        write_u8(w, (uint8_t)record->sketch_count);
        for (size_t i = 0; i < record->sketch_count; i++)
                sample_sketch_write(w, &record->sketches[i]);
        write_slice(w, record->template);
}

static mitome_status read_head(reader *r, uint8_t *ret_count)
{
        uint8_t kind, version, count;
        MITOME_TRY(read_u8(r, "finger", &kind));
        MITOME_TRY(read_u8(r, "finger", &version));
        MITOME_TRY(read_u8(r, "finger", &count));
        if (kind != KIND || version != VERSION || count == 0 || count > FINGER_RECORD_SKETCHES_MAX)
                return reader_fail(r, MITOME_E_VALUE, "finger");
        *ret_count = count;
        return ok();
}

static mitome_status read_sketches(reader *r, struct finger_record *record)
{
        uint8_t count;
        MITOME_TRY(read_head(r, &count));
        for (; record->sketch_count < count; record->sketch_count++)
                MITOME_TRY(sample_sketch_read(r, &record->sketches[record->sketch_count]));
        return ok();
}

mitome_status finger_record_read(slice kept, struct finger_record *ret, mitome_error *error)
{
        struct finger_record record = { 0 };
        reader r = reader_over(kept, NULL, NULL);
        if (failed(read_sketches(&r, &record)))
                return fail(error, MITOME_E_VALUE, "finger", NULL);
        record.template = read_rest(&r);
        *ret = record;
        return ok();
}
