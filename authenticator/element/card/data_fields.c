/* SPDX-License-Identifier: Apache-2.0 */
#include "data_fields.h"

static const struct field *find_field(const struct field *fields, size_t count, uint32_t tag)
{
        for (size_t i = 0; i < count; i++)
                if (fields[i].tag == tag)
                        return &fields[i];
        return NULL;
}

static uint16_t take(const struct field *field, const struct tlv *tlv)
{
        bool first = field->ret->data == NULL;
        if (!first && field->presence != FIELD_LIST)
                return SW_WRONG_DATA;
        if (tlv->value.size < field->min || tlv->value.size > field->max)
                return SW_WRONG_DATA;
        if (first)
                *field->ret = tlv->value;
        return SW_OK;
}

uint16_t fields_read(slice data, const struct field *fields, size_t count)
{
        for (size_t i = 0; i < count; i++)
                *fields[i].ret = (slice){ 0 };
        reader r = reader_over(data, NULL, NULL);
        while (r.rest.size) {
                struct tlv tlv;
                if (failed(tlv_read(&r, "data", &tlv)))
                        return SW_WRONG_DATA;
                const struct field *field = find_field(fields, count, tlv.tag);
                uint16_t sw = field ? take(field, &tlv) : SW_WRONG_DATA;
                if (sw != SW_OK)
                        return sw;
        }
        for (size_t i = 0; i < count; i++)
                if (fields[i].presence == FIELD_REQUIRED && !fields[i].ret->data)
                        return SW_WRONG_DATA;
        return SW_OK;
}

bool fields_next(reader *list, uint32_t tag, slice *ret)
{
        while (list->rest.size) {
                struct tlv tlv;
                if (failed(tlv_read(list, "data", &tlv)))
                        return false;
                if (tlv.tag == tag) {
                        *ret = tlv.value;
                        return true;
                }
        }
        return false;
}
