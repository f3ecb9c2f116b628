/* SPDX-License-Identifier: Apache-2.0 */
#include "access_internal.h"

#include "tlv.h"

struct access_reading *access_reading(struct mitome_element *element)
{
        return &element->access[element->at];
}

static void forget(struct mitome_element *element)
{
        bytes_wipe(access_reading(element), sizeof *access_reading(element));
}

static uint16_t erase(struct mitome_element *element)
{
        return element_erase(element, OBJECT_ACCESS_REFRESH, OBJECT_ACCESS_LAST);
}

bool access_next(
        const struct mitome_element *element, uint32_t *id, slice *ret_bytes, struct access_rule *ret)
{
        uint32_t found;
        if (!store_next(element->store, *id, OBJECT_ACCESS_LAST, &found))
                return false;
        slice bytes = element_object(element, found);
        reader r = reader_over(bytes, NULL, NULL);
        struct tlv tlv;
        /* It was read before it was stored; a list that ends early opens nothing. */
        if (failed(tlv_read(&r, "rule", &tlv)) || failed(access_rule_read(tlv.value, ret, NULL)))
                return false;
        *id = found + 1;
        *ret_bytes = bytes;
        return true;
}

void access_refresh(const struct mitome_element *element, uint8_t ret[ACCESS_REFRESH_SIZE])
{
        slice stored = element_object(element, OBJECT_ACCESS_REFRESH);
        bytes_wipe(ret, ACCESS_REFRESH_SIZE); /* zeros until the first change */
        (void)!failed(slice_copy(stored, "refresh tag", ret, ACCESS_REFRESH_SIZE, NULL));
}

static const uint8_t aid[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x41, 0x43, 0x4C, 0x00 };

static const struct command commands[] = {
        { 0x80, 0xCA, COMMAND_OPEN, access_get_data },
        { 0x80, 0xE2, COMMAND_PROTECTED, access_store_data },
};

const struct applet ara_applet = {
        .name = "ARA-M",
        .aid = { aid, sizeof aid },
        .commands = commands,
        .count = sizeof commands / sizeof *commands,
        .multi_selectable = true,
        .forget = forget,
        .erase = erase,
};
