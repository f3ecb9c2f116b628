/* SPDX-License-Identifier: Apache-2.0 */
/* Command APDUs, and BER-TLV in their data: what is read and written again is what was read. */
#include "apdu.h"
#include "tlv.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
        if (!holds)
                abort();
}

/* Also that no value lies outside the list. */
static void read_list(slice list)
{
        mitome_error error = { 0 };
        reader r = reader_over(list, NULL, &error);
        uint8_t *buffer = malloc(list.size + 1);
        writer w = writer_over(buffer, list.size);
        bool good = true;
        struct tlv first = { 0 };
        while (good && r.rest.size) {
                struct tlv tlv;
                good = !failed(tlv_read(&r, "object", &tlv));
                if (!good)
                        break;
                must(tlv.value.size == 0 || slice_contains(list, tlv.value));
                tlv_write(&w, tlv.tag, tlv.value);
                if (!first.tag)
                        first = tlv;
        }
        must(good ? slice_equal(writer_view(&w), list) : error.code != MITOME_OK && error.at <= list.size);
        slice found;
        if (first.tag) {
                mitome_status status = tlv_find(list, first.tag, "object", &found, NULL);
                must(good ? status.code == MITOME_E_TLV_TWICE || slice_equal(found, first.value)
                          : failed(status));
        }
        free(buffer);
}

static void read_command(slice input)
{
        struct apdu_command command;
        mitome_error error = { 0 };
        if (failed(apdu_read_command(input, &command, &error))) {
                must(error.code != MITOME_OK && error.at <= input.size);
                return;
        }
        must(command.data.size == 0 || slice_contains(input, command.data));
        uint8_t *buffer = malloc(input.size + 1);
        writer w = writer_over(buffer, input.size);
        apdu_write_command(&w, &command);
        must(!w.overflowed && slice_equal(writer_view(&w), input));
        free(buffer);
        read_list(command.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        slice input = slice_of(data, size), body;
        uint16_t sw;
        read_command(input);
        read_list(input);
        must(failed(apdu_read_response(input, &body, &sw, NULL)) == (size < 2));
        return 0;
}
