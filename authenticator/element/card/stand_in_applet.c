/* SPDX-License-Identifier: Apache-2.0 */
#include "element_internal.h"

/* A stand-in for the FeliCa applet that phones come with: one file, written by whoever has the keys of its
 * domain and read by anybody. It is here to be left alone: by whatever erases the others. */

enum { FILE_MAX = 1024 };

static uint16_t store_file(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        enum { ONE_AND_LAST = 0x80 };
        (void)answer;
        if (command->p1 != ONE_AND_LAST || command->p2 != 0)
                return SW_WRONG_P1P2;
        if (command->data.size > FILE_MAX)
                return SW_FULL;
        SW_TRY(element_put(element, OBJECT_STAND_IN, command->data));
        return element_commit(element);
}

static uint16_t read_file(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        if (command->p1 || command->p2)
                return SW_WRONG_P1P2;
        if (command->data.size)
                return SW_WRONG_LENGTH;
        write_slice(answer, element_object(element, OBJECT_STAND_IN));
        return SW_OK;
}

static uint16_t erase(struct mitome_element *element)
{
        return element_delete(element, OBJECT_STAND_IN);
}

static const struct command commands[] = {
        { 0x00, 0xB0, COMMAND_OPEN, read_file },
        { 0x80, 0xE2, COMMAND_PROTECTED, store_file },
};

const struct applet stand_in_applet = {
        .name = "stand-in for FeliCa",
        .commands = commands,
        .count = sizeof commands / sizeof *commands,
        .multi_selectable = true,
        .erase = erase,
};
