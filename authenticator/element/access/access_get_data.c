/* SPDX-License-Identifier: Apache-2.0 */
#include "access_internal.h"

#include "tlv.h"

/* What the enforcer reads (GPD_SPE_013 4.1): the refresh tag, all rules or those about one app and applet,
 * in chunks as long as it asks for. */

/* A chunk: of a list that is written piece by piece, what stands before it is left out, and what follows. */
struct window {
        size_t before, room;
        writer *answer;
};

static void emit(struct window *window, slice piece)
{
        reader r = reader_over(piece, NULL, NULL);
        slice part;
        size_t before = window->before < piece.size ? window->before : piece.size;
        window->before -= before;
        if (failed(read_bytes(&r, "piece", before, &part)))
                return;
        size_t size = r.rest.size < window->room ? r.rest.size : window->room;
        window->room -= size;
        if (!failed(read_bytes(&r, "piece", size, &part)))
                write_slice(window->answer, part);
}

/* The part of a rule that the list holds: all of it, or its AR-DO where the reader named the REF-DO. */
static bool listed(
        const struct access_reading *reading, slice bytes, const struct access_rule *rule, slice *ret)
{
        reader r = reader_over(bytes, NULL, NULL);
        struct access_reference reference;
        struct tlv whole, ref;
        *ret = bytes;
        if (reading->all)
                return true;
        slice asked = slice_of(reading->reference, reading->reference_size);
        if (failed(access_reference_read(asked, &reference, NULL)) ||
                !access_reference_equal(&reference, &rule->reference) || failed(tlv_read(&r, "rule", &whole)))
                return false;
        r = reader_over(whole.value, NULL, NULL);
        if (failed(tlv_read(&r, "REF-DO", &ref)))
                return false;
        *ret = read_rest(&r);
        return true;
}

/* Gives the list's size, and writes what of it is in the window (none: NULL). */
static size_t walk(struct mitome_element *element, struct window *window)
{
        size_t size = 0;
        uint32_t id = OBJECT_ACCESS_RULE;
        slice bytes, piece;
        struct access_rule rule;
        while (access_next(element, &id, &bytes, &rule)) {
                if (!listed(access_reading(element), bytes, &rule, &piece))
                        continue;
                size += piece.size;
                if (window)
                        emit(window, piece);
        }
        return size;
}

static uint16_t next_chunk(struct mitome_element *element, size_t expected, writer *answer)
{
        struct access_reading *reading = access_reading(element);
        uint8_t head_bytes[8];
        writer head = WRITER(head_bytes);
        size_t size = walk(element, NULL);
        tlv_write_head(&head, reading->all ? ACCESS_ALL : ACCESS_ONE, size);
        if (!size || reading->offset >= head.used + size)
                return SW_NO_REFERENCE;
        struct window window = { reading->offset, expected < ACCESS_CHUNK_MAX ? expected : ACCESS_CHUNK_MAX,
                answer };
        size_t room = window.room;
        emit(&window, writer_view(&head));
        (void)walk(element, &window);
        reading->offset += room - window.room;
        return SW_OK;
}

static void begin(struct mitome_element *element)
{
        struct access_reading *reading = access_reading(element);
        *reading = (struct access_reading){ .begun = true };
        access_refresh(element, reading->refresh);
}

static uint16_t get_all(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        if (command->data.size)
                return SW_WRONG_DATA;
        begin(element);
        access_reading(element)->all = true;
        return next_chunk(element, command->expected, answer);
}

static uint16_t get_one(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        reader r = reader_over(command->data, NULL, NULL);
        struct access_reference reference;
        struct tlv tlv;
        if (failed(tlv_read(&r, "REF-DO", &tlv)) || tlv.tag != ACCESS_REF || failed(read_end(&r, "data")) ||
                failed(access_reference_read(tlv.value, &reference, NULL)))
                return SW_WRONG_DATA;
        begin(element);
        struct access_reading *reading = access_reading(element);
        SW_TRY(element_sw(
                slice_copy(tlv.value, "REF-DO", reading->reference, sizeof reading->reference, NULL)));
        reading->reference_size = tlv.value.size;
        return next_chunk(element, command->expected, answer);
}

/* A list whose rules have changed since cannot be put together any more (6984: read it again). */
static uint16_t get_next(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        struct access_reading *reading = access_reading(element);
        uint8_t refresh[ACCESS_REFRESH_SIZE];
        if (command->data.size)
                return SW_WRONG_DATA;
        if (!reading->begun)
                return SW_CONDITIONS;
        access_refresh(element, refresh);
        if (!slice_equal(SLICE(refresh), SLICE(reading->refresh))) {
                reading->begun = false;
                return SW_UNUSABLE;
        }
        return next_chunk(element, command->expected, answer);
}

static uint16_t get_refresh(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        uint8_t refresh[ACCESS_REFRESH_SIZE];
        if (command->data.size)
                return SW_WRONG_DATA;
        access_refresh(element, refresh);
        tlv_write(answer, ACCESS_REFRESH, SLICE(refresh));
        return SW_OK;
}

uint16_t access_get_data(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        static const struct {
                uint16_t tag;
                uint16_t (*get)(
                        struct mitome_element *element, const struct apdu_command *command, writer *answer);
        } objects[] = {
                { ACCESS_REFRESH, get_refresh },
                { ACCESS_ALL, get_all },
                { ACCESS_ONE, get_one },
                { ACCESS_NEXT, get_next },
        };
        const uint16_t tag = (uint16_t)(command->p1 << 8 | command->p2);
        for (size_t i = 0; i < sizeof objects / sizeof *objects; i++)
                if (objects[i].tag == tag)
                        return command->expected ? objects[i].get(element, command, answer) : SW_WRONG_LENGTH;
        return SW_WRONG_P1P2;
}
